package signature_test

import (
	"bytes"
	"context"
	"encoding/base64"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// signed is a signature of Ann on the record.
func signed(t *testing.T, s *signaturetest.Signer) signature.Signature {
	t.Helper()
	ann := s.Person(t, "ann", "Ann Author")
	sig, err := sign(t, s, ann, s.Factors(t, ann))
	if err != nil {
		t.Fatal(err)
	}
	return sig
}

func TestP11_15SignatureIsBoundToItsRecord(t *testing.T) {
	s := signaturetest.New(t, testdb.SQLite(t))
	sig := signed(t, s)
	if err := signature.Check(sig, record, s.Keys()); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(r *signature.Record){
		"another record":         func(r *signature.Record) { r.ID = "rev_2" },
		"another kind":           func(r *signature.Record) { r.Kind = "change" },
		"another document":       func(r *signature.Record) { r.Document = "SOP-15" },
		"another revision":       func(r *signature.Record) { r.Revision = "2.0" },
		"DT-11 changed content":  func(r *signature.Record) { r.Content = sum("changed") },
		"another rendition":      func(r *signature.Record) { r.Rendition = sum("changed") },
		"DT-06 other bytes seen": func(r *signature.Record) { r.Displayed = sum("changed") },
		"DT-05 no rendition yet": func(r *signature.Record) { r.Rendition = "" },
	} {
		t.Run(name, func(t *testing.T) {
			r := record
			change(&r)
			wantKind(t, signature.Check(sig, r, s.Keys()), problem.Invalid)
		})
	}
	t.Run("nothing is signed that could be exchanged", func(t *testing.T) {
		ann := sig.Signer
		p, err := s.Verify(s.As(ann), s.Factors(t, ann))
		if err != nil {
			t.Fatal(err)
		}
		r := record
		r.Content = ""
		_, err = use(s.As(ann), s, p, r)
		wantFault(t, err, "content")
	})
	t.Run("a signature of another on the same record", func(t *testing.T) {
		bob := s.Person(t, "bob", "Bob Boss")
		other, err := sign(t, s, bob, s.Factors(t, bob))
		if err != nil {
			t.Fatal(err)
		}
		mixed := sig
		mixed.Statement, mixed.Digest = other.Statement, other.Digest
		wantKind(t, signature.Check(mixed, record, s.Keys()), problem.Invalid)
		mixed = sig
		mixed.Token = other.Token
		wantKind(t, signature.Check(mixed, record, s.Keys()), problem.Invalid)
	})
}

// Every bit of what is exported counts.
func TestP11_01AC10OneBitChangedIsFound(t *testing.T) {
	s := signaturetest.New(t, testdb.SQLite(t))
	file, err := s.Export(testdb.System(), signed(t, s).ID)
	if err != nil {
		t.Fatal(err)
	}
	for i := range file {
		bad := bytes.Clone(file)
		bad[i] ^= 1 << (i % 8)
		e, err := signature.ReadExport(bad)
		if err == nil {
			_, err = e.Check(s.Keys())
		}
		if problem.KindOf(err) != problem.Invalid {
			t.Errorf("bit %d of byte %d changed (…%s…): %v", i%8, i, bad[max(0, i-20):min(len(bad), i+20)], err)
		}
	}
}

func TestKeysOfOthersAreRefused(t *testing.T) {
	s := signaturetest.New(t, testdb.SQLite(t))
	sig := signed(t, s)
	other := signaturetest.New(t, testdb.SQLite(t))
	for name, keys := range map[string]signature.Keys{
		"another server":    {Servers: other.Keys().Servers, Authorities: s.Keys().Authorities},
		"another authority": {Servers: s.Keys().Servers, Authorities: other.Keys().Authorities},
		"no authority":      {Servers: s.Keys().Servers},
		"no server":         {Authorities: s.Keys().Authorities},
		"no key":            {Servers: []string{"key"}, Authorities: s.Keys().Authorities},
	} {
		t.Run(name, func(t *testing.T) { wantKind(t, signature.Check(sig, record, keys), problem.Invalid) })
	}
	both := signature.Keys{Servers: append(other.Keys().Servers, s.Keys().Servers...), Authorities: append(other.Keys().Authorities, s.Keys().Authorities...)}
	if err := signature.Check(sig, record, both); err != nil {
		t.Errorf("with keys of two servers: %v", err)
	}
}

func TestPRD21AC12StoredForEver(t *testing.T) {
	each(t, func(t *testing.T, s *signaturetest.Signer, c *testdb.Clock) {
		sig := signed(t, s)
		ctx := testdb.System()
		t.Run("P11-05 P11-16 not changed, not deleted", func(t *testing.T) {
			for _, statement := range []string{`UPDATE signature SET account = account`, `DELETE FROM signature`, `UPDATE signature_identity SET name = 'x'`, `DELETE FROM signature_identity`} {
				if err := s.DB.Update(ctx, func(tx *store.Tx) error { _, err := tx.Exec(ctx, statement); return err }); err == nil || !strings.Contains(err.Error(), "append-only") {
					t.Errorf("%s: %v", statement, err)
				}
			}
		})
		t.Run("AC-12 P11-16 renamed, then disabled", func(t *testing.T) {
			if err := s.People.ChangeAccount(ctx, people.Account{ID: sig.Signer, Login: "ann", Name: "Ann Married"}); err != nil {
				t.Fatal(err)
			}
			if err := s.People.Disable(ctx, sig.Signer, "left"); err != nil {
				t.Fatal(err)
			}
			view(t, s, func(ctx context.Context, r store.Reader) error {
				all, err := signature.Of(ctx, r, record.ID)
				if len(all) != 1 || all[0].Name != "Ann Author" || !bytes.Equal(all[0].Statement, sig.Statement) {
					t.Errorf("signatures %+v", all)
				}
				if err := signature.Check(all[0], record, s.Keys()); err != nil {
					t.Error(err)
				}
				return err
			})
		})
		t.Run("P11-12 an export proves itself, and its place in the journal", func(t *testing.T) {
			file, err := s.Export(ctx, sig.ID)
			if err != nil {
				t.Fatal(err)
			}
			e, err := signature.ReadExport(file)
			if err != nil {
				t.Fatal(err)
			}
			got, err := e.Check(s.Keys())
			if err != nil || got.Digest != sig.Digest || got.Seq != sig.Seq {
				t.Errorf("checked %+v, %v", got, err)
			}
			for i := range file {
				if _, err := signature.ReadExport(file[:i]); problem.KindOf(err) != problem.Invalid {
					t.Fatalf("cut at %d: %v", i, err)
				}
			}
			other, err := ledger.Ledger{DB: s.DB, Key: s.Key}.Prove(ctx, sig.Seq-1)
			if err != nil {
				t.Fatal(err)
			}
			e.Proof = other
			_, err = e.Check(s.Keys())
			wantKind(t, err, problem.Invalid)
		})
	})
}

func TestDT12TimeStampsNeedNoNetwork(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "stamp.pem")
	a, err := signature.OpenAuthority(path, "hospital.example")
	if err != nil {
		t.Fatal(err)
	}
	if info, err := os.Stat(path); err != nil || info.Mode().Perm() != 0o600 {
		t.Fatalf("mode of the key: %v, %v", info.Mode(), err)
	}
	at := testdb.Start.Add(123456789 * time.Nanosecond)
	token, err := a.Stamp([]byte("data"), at)
	if err != nil {
		t.Fatal(err)
	}
	again, err := signature.OpenAuthority(path, "another name")
	if err != nil || again.Certificate() != a.Certificate() {
		t.Fatalf("the key is not kept: %v", err)
	}
	if got, err := signature.CheckToken(token, []byte("data"), again.Certificate()); err != nil || !got.Equal(testdb.Start) {
		t.Errorf("stamped at %v, %v", got, err)
	}
	if _, err := signature.CheckToken(token, []byte("date"), a.Certificate()); problem.KindOf(err) != problem.Invalid {
		t.Errorf("of something else: %v", err)
	}
	for i := range token {
		if _, err := signature.CheckToken(token[:i], []byte("data"), a.Certificate()); problem.KindOf(err) != problem.Invalid {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	_, err = signature.OpenAuthority(path, "")
	wantKind(t, err, problem.Forbidden)
}

func TestA11_03TimeWithZone(t *testing.T) {
	s := signaturetest.New(t, testdb.SQLite(t))
	ann := s.Person(t, "ann", "Ann Author")
	for zone, want := range map[string]string{"": "UTC +00:00", "Europe/Berlin": "Europe/Berlin +01:00", "-03:30": "-03:30 -03:30", "America/St_Johns": "America/St_Johns -03:30"} {
		f := s.Factors(t, ann)
		f.Zone = zone
		sig, err := sign(t, s, ann, f)
		if err != nil {
			t.Fatal(err)
		}
		if got := sig.Zone + " " + sig.Offset; got != want || !strings.Contains(string(sig.Statement), `"utc":"2026-11-23T09:00:00.000000Z"`) {
			t.Errorf("zone %q is stated as %q in %s", zone, got, sig.Statement)
		}
	}
	for _, zone := range []string{"Local", "Mars/Olympus", "../etc/passwd", "+25:00"} {
		f := s.Factors(t, ann)
		f.Zone = zone
		_, err := sign(t, s, ann, f)
		wantKind(t, err, problem.Invalid)
	}
}

func TestStatementIsCanonical(t *testing.T) {
	s := signaturetest.New(t, testdb.SQLite(t))
	sig := signed(t, s)
	text := string(sig.Statement)
	for _, want := range []string{`"act":{"meaning":"approval","reason":"it is complete"}`, `"printed_name":"Ann Author"`, `"function":"quality"`, `"content_sha256":"` + record.Content, `"displayed_sha256":"`, `"ordinal":2`, `"methods":["password"]`, `"client_address":"192.0.2.7"`, `"type":"triward-signature"`, `"version":1`} {
		if !strings.Contains(text, want) {
			t.Errorf("the statement lacks %s:\n%s", want, text)
		}
	}
	// A statement that says the same in other bytes is none: its digest would not be that of the journal.
	resealed, err := s.Key.Seal(t.Context(), signature.MediaType, []byte(strings.Replace(text, `{"act"`, `{ "act"`, 1)))
	if err != nil {
		t.Fatal(err)
	}
	bad := sig
	bad.Envelope = resealed
	wantKind(t, signature.Check(bad, record, s.Keys()), problem.Invalid)
}

func FuzzReadExport(f *testing.F) {
	f.Add([]byte(`{"format":"triward-signature/1","envelope":{"payloadType":"x","payload":"e30=","signatures":[{"keyid":"k","sig":"` + base64.StdEncoding.EncodeToString(make([]byte, 64)) + `"}]},"time_stamp":"MAA=","proof":{"format":"triward-journal-proof/1","entry":1,"leaf":"","path":[],"checkpoint":""}}`))
	f.Add([]byte(`{}`))
	keys := signature.Keys{Servers: []string{"a+00000000+AQ=="}}
	f.Fuzz(func(t *testing.T, text []byte) {
		e, err := signature.ReadExport(text)
		if err != nil {
			return
		}
		if _, err := e.Check(keys); err == nil {
			t.Error("a file holds without a key that signed it")
		}
	})
}

func FuzzCheckToken(f *testing.F) {
	f.Add([]byte{0x30, 0x00}, []byte("data"))
	f.Fuzz(func(t *testing.T, token, data []byte) {
		if _, err := signature.CheckToken(token, data); err == nil {
			t.Error("a token holds without an authority")
		}
	})
}
