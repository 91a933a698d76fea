package exhibits

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/bundle/bundletest"
	"triward/internal/blob"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

type scene struct {
	*testing.T
	db     *store.DB
	office Office
	ctx    context.Context
	inc    string
}

func each(t *testing.T, tlp incident.Marking, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, ctx: sign.As(sign.Person(t, "anna", "Anna Security"), "incident.*", "custody.*", "claim.*", "detection.*")}
		blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
		s.must(err)
		keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "keys"))
		s.must(err)
		s.office = Office{Vault: custody.Vault{DB: db, Blobs: blobs, Keys: keys}, Ledger: ledger.Ledger{DB: db, Key: bundletest.Key(t)}}
		s.inc, err = incident.Cases{DB: db, Runs: procedure.Runs{DB: db}}.Declare(s.ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies leave", Cyber: 2, Clinical: 1, TLP: tlp, PAP: incident.Green,
			Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: c.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
		s.must(err)
		fn(s)
	})
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err, problem.FaultsOf(err))
	}
}

func (s *scene) item(kind custody.Kind, patients custody.Patients, content string) string {
	s.Helper()
	i, err := s.office.Vault.Register(s.ctx, custody.Item{Incident: s.inc, Kind: kind, Description: "log of the archive", Source: "archive", Authority: "head of security", Method: "export", Began: s.db.Now(), Patients: patients, File: "../Archive.LOG", Seal: "S-1", Place: "safe",
		PAP: incident.Red, Details: custody.Details{Model: "PACS 9", Serial: "SN-4", UDI: "(01)04012345678901", Location: "room 1", LegalBasis: "plan 4.2", Tool: "export tool"}})
	s.must(err)
	if content != "" {
		sum := sha256.Sum256([]byte(content))
		s.must(s.office.Vault.Announce(s.ctx, i, custody.Coming{SHA256: hex.EncodeToString(sum[:])}))
		_, err = s.office.Vault.Append(s.ctx, i, 0, strings.NewReader(content))
		s.must(err)
		s.must(s.office.Vault.Seal(s.ctx, i, custody.Sealing{}))
	}
	return i
}

func order(as incident.Audience) custody.Order {
	return custody.Order{As: as, To: "Northmere Medical", Reason: "analysis", Authority: "head of security", Content: true}
}

func TestExport(t *testing.T) {
	each(t, incident.Green, func(s *scene) {
		_, err := s.office.Export(s.ctx, s.inc, order(incident.Organisation))
		if problem.KindOf(err) != problem.Conflict {
			s.Fatal("nothing is exported", err)
		}
		s.item(custody.LogExtract, custody.NoPatients, "plain line one")
		s.item(custody.LogExtract, custody.HasPatients, "a name of a patient")
		s.item(custody.Thing, custody.NoPatients, "")
		for as, want := range map[incident.Audience]string{incident.Organisation: "both", incident.Community: "one", incident.ByLaw: "both", incident.Everyone: "refused"} {
			built, err := s.office.Export(s.ctx, s.inc, order(as))
			if want == "refused" {
				if problem.KindOf(err) != problem.Forbidden {
					s.Errorf("%s: %v", as, err)
				}
				continue
			}
			s.must(err)
			if !bytes.Contains(built.Archive, []byte("plain line one")) || bytes.Contains(built.Archive, []byte("a name of a patient")) != (want == "both") {
				s.Errorf("%s has other content than %s", as, want)
			}
			r := bundle.Verify(s.ctx, built.Archive, s.office.Ledger.Key.Verifier())
			if !r.OK() || r.Proofs == 0 {
				s.Errorf("%s: %+v", as, r.Faults)
			}
			counts := fmt.Sprint(built.Manifest.Counts)
			for _, n := range []string{"{evidence 3}", fmt.Sprintf("{custody %d}", r.Proofs), "{who 1}", "{case 1}", "{stix 1}"} {
				if !strings.Contains(counts, n) {
					s.Errorf("counts %s lack %s", counts, n)
				}
			}
		}
		built, err := s.office.Export(s.ctx, s.inc, order(incident.Community))
		s.must(err)
		s.Run("the chain in it holds, and says that it was exported", func(t *testing.T) {
			_, text, err := bundle.Extract(built.Archive, "evidence/2/custody.json")
			s.must(err)
			var chain []link
			s.must(json.Unmarshal(text, &chain))
			var entries []custody.Entry
			for _, l := range chain {
				l.Entry.Hash = l.Hash
				entries = append(entries, l.Entry)
			}
			s.must(custody.CheckChain(entries))
			last := entries[len(entries)-1]
			if last.Action != custody.Exported || last.To != "Northmere Medical" || !strings.Contains(last.Reason, "data of patients") {
				t.Errorf("last entry %+v", last)
			}
			found := false
			for _, f := range built.Manifest.Files {
				if f.Kind == bundle.KindProof {
					_, proof, err := bundle.Extract(built.Archive, f.Path)
					s.must(err)
					p, err := ledger.ParseProof(proof)
					s.must(err)
					found = found || bytes.Contains(p.Body, []byte(last.Hash))
				}
			}
			if !found {
				t.Error("no proof holds the hash of the last entry")
			}
		})
		s.Run("an item says what it came from", func(t *testing.T) {
			_, text, err := bundle.Extract(built.Archive, "evidence/1/item.json")
			s.must(err)
			var got map[string]any
			s.must(json.Unmarshal(text, &got))
			for name, want := range map[string]any{"model": "PACS 9", "serial": "SN-4", "udi": "(01)04012345678901", "location": "room 1", "legal_basis": "plan 4.2", "tool": "export tool", "tlp": "green", "pap": "red"} {
				if got[name] != want {
					t.Errorf("%s is %v, want %v", name, got[name], want)
				}
			}
			if keys, _ := got["encrypted_for"].([]any); len(keys) != 1 {
				t.Errorf("encrypted for %v", got["encrypted_for"])
			}
		})
		s.Run("other programs read its custody (CASE) and its indicators (STIX)", func(t *testing.T) {
			for name, part := range map[string]string{"case.jsonld": `"case-investigation:exhibitNumber": "INC-`, "stix.json": `"tlp_2_0": "green"`} {
				_, text, err := bundle.Extract(built.Archive, name)
				s.must(err)
				if !json.Valid(text) || !bytes.Contains(text, []byte(part)) {
					t.Errorf("%s lacks %s:\n%s", name, part, text)
				}
			}
		})
		s.Run("one changed byte is found", func(t *testing.T) {
			changed := bytes.Replace(built.Archive, []byte("plain line one"), []byte("plain line 0ne"), 1)
			if r := bundle.Verify(s.ctx, changed, s.office.Ledger.Key.Verifier()); r.OK() {
				t.Error("it verifies")
			}
		})
		s.Run("the same state gives the same bytes", func(t *testing.T) {
			st := state{as: incident.Organisation}
			var err error
			st.file, st.given, err = s.office.Vault.Export(s.ctx, s.inc, order(incident.Organisation))
			s.must(err)
			s.must(s.office.read(s.ctx, &st))
			a, err := s.office.write(s.ctx, st)
			s.must(err)
			b, err := s.office.write(s.ctx, st)
			s.must(err)
			if !bytes.Equal(a.Archive, b.Archive) {
				t.Error("they differ")
			}
		})
	})
}

func TestExportIsRefused(t *testing.T) {
	each(t, incident.Red, func(s *scene) {
		s.item(custody.LogExtract, custody.NoPatients, "plain line")
		for _, as := range []incident.Audience{incident.Organisation, incident.Clients, incident.Everyone} {
			if _, err := s.office.Export(s.ctx, s.inc, order(as)); problem.KindOf(err) != problem.Forbidden || !strings.Contains(err.Error(), "TLP:RED") {
				s.Errorf("%s: %v", as, err)
			}
		}
		bad := order("friends")
		bad.Authority = ""
		if _, err := s.office.Export(s.ctx, s.inc, bad); len(problem.FaultsOf(err)) != 2 {
			s.Errorf("faults %v", problem.FaultsOf(err))
		}
		_, err := s.office.Export(s.ctx, s.inc, order(incident.Recipients))
		s.must(err)
	})
}

// What an exercise gives out says so by itself: in its manifest, and in its title.
func TestEvidenceOfAnExerciseIsMarked(t *testing.T) {
	each(t, incident.Green, func(s *scene) {
		for _, exercise := range []bool{true, false} {
			var err error
			s.inc, err = incident.Cases{DB: s.db}.Declare(s.ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies leave", Exercise: exercise, Cyber: 2, TLP: incident.Green, PAP: incident.Green,
				Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.db.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
			s.must(err)
			s.item(custody.Original, custody.NoPatients, "log")
			built, err := s.office.Export(s.ctx, s.inc, custody.Order{As: incident.Community, To: "CERT", Reason: "they asked", Authority: "head of security"})
			s.must(err)
			if m := built.Manifest; m.Exercise != exercise || strings.HasPrefix(m.Title, incident.ExerciseMark) != exercise {
				t.Errorf("exercise %v: the manifest says %v, %q", exercise, m.Exercise, m.Title)
			}
		}
	})
}
