package assurance_test

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance"
	"triward/internal/assurance/bundle"
	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/upkeep"
	"triward/internal/incident"
	"triward/internal/ledger"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

// room is an inquiry with documents, signatures and records that answer it.
type room struct {
	t       *testing.T
	db      *store.DB
	clock   *testdb.Clock
	signer  *signaturetest.Signer
	s       assurance.Inquiries
	ctx     context.Context // of who runs the inquiry
	quality string
	inquiry string
	first   document.Revision // superseded by the second
	second  document.Revision
}

func newRoom(t *testing.T, db *store.DB, clock *testdb.Clock) *room {
	t.Helper()
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "ledger.key"), "maker.example/triward")
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	r := &room{t: t, db: db, clock: clock, signer: signaturetest.New(t, db)}
	r.signer.Key = key
	r.s = assurance.Inquiries{DB: db, Library: document.Library{DB: db, Blobs: blobs}, Builder: assurance.Builder{Ledger: ledger.Ledger{DB: db, Key: key}, Blobs: blobs}}
	authority, ok := r.signer.Stamp.(*signature.Authority)
	if !ok {
		t.Fatal("the signer of tests has no authority of its own")
	}
	r.s.Builder.Stamps = []string{authority.Certificate()}
	r.quality = r.signer.Person(t, "quinn", "Quinn Quality")
	r.ctx = r.signer.As(r.quality, "inquiry.*", assurance.KindRead, assurance.KindEvaluated, "people.*", "document.read")
	r.first = r.sign(documenttest.Effective(t, db, satisfying("Read the document")))
	clock.Advance(24 * time.Hour)
	r.second = r.sign(documenttest.Effective(t, db, satisfying("Read the document twice")))
	clock.Advance(time.Hour)
	record(t, db, store.Event{Kind: vuln.KindVerdictRecorded, Subject: "CVE-2026-1", Product: "mod_1", Body: vuln.Verdict{ID: "vrd_1", Vulnerability: "CVE-2026-1", Model: "mod_1", Status: vuln.StatusFixed, Source: "analyst", Reason: "fixed"}},
		store.Event{Kind: "device.registered", Subject: "dev_1", Body: map[string]any{"changes": []map[string]string{{"field": "state", "after": "active"}, {"field": "asset_tag", "after": "PUMP-7"}}}},
		store.Event{Kind: "device.changed", Subject: "dev_1", Body: map[string]any{"reason": "moved", "note": "bed of Eve Example", "changes": []map[string]string{}}})
	clock.Advance(time.Hour)
	if _, err := (assurance.Evidence{DB: db}).Evaluate(testdb.System(), "ev-documents-reviewed"); err != nil {
		t.Fatal(err)
	}
	clock.Advance(time.Hour)
	r.inquiry = r.open(assurance.Inquiry{Title: "Answer to letter 12/26", Authority: "Authority of Examples", Reference: "12/26", Due: clock.Now().AddDate(0, 1, 0)},
		"1. Show the procedure for documents\n2) The record of device PUMP-7\n\n- Proof that documents are reviewed\nEvery verdict")
	return r
}

func (r *room) open(in assurance.Inquiry, requests string) string {
	r.t.Helper()
	made, err := r.s.Open(r.ctx, in, requests)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

// sign signs a revision as it is displayed.
func (r *room) sign(v document.Revision) document.Revision {
	r.t.Helper()
	ctx := r.signer.As(r.quality, "document.*")
	shown, err := r.s.Library.Display(ctx, v.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	p, err := r.signer.Verify(ctx, r.signer.Factors(r.t, r.quality))
	if err != nil {
		r.t.Fatal(err)
	}
	rec := v.Record(shown.Digest)
	rec.Rendition = shown.Digest
	err = r.db.Update(ctx, func(tx *store.Tx) error {
		_, err := r.signer.SignTx(ctx, tx, p, rec, signature.Act{Meaning: signature.Approval, Reason: "read and agreed"})
		return err
	})
	if err != nil {
		r.t.Fatal(err)
	}
	return v
}

func (r *room) bind(b assurance.Binding) string {
	r.t.Helper()
	made, err := r.s.Bind(r.ctx, r.inquiry, b)
	if err != nil {
		r.t.Fatal(err)
	}
	return made
}

func (r *room) bindAll() {
	r.t.Helper()
	r.bind(assurance.Binding{Line: 1, Kind: assurance.BoundDocument, Target: "SOP-01"})
	r.bind(assurance.Binding{Line: 2, Kind: assurance.BoundRecord, Target: "devices/dev_1"})
	r.bind(assurance.Binding{Line: 3, Kind: assurance.BoundEvidence, Target: "ev-documents-reviewed"})
	r.bind(assurance.Binding{Line: 4, Kind: assurance.BoundList, Target: "verdicts"})
	r.bind(assurance.Binding{Line: 4, Kind: assurance.BoundReview})
}

// build builds the bundle and reads it back.
func (r *room) build() (assurance.Bundle, []byte, bundle.Report) {
	r.t.Helper()
	b, err := r.s.Build(r.ctx, r.inquiry)
	if err != nil {
		r.t.Fatal(err)
	}
	_, archive, err := r.s.Take(r.ctx, r.inquiry, b.ID)
	if err != nil {
		r.t.Fatal(err)
	}
	return b, archive, bundle.Verify(r.t.Context(), archive, r.signer.Key.Verifier())
}

func eachRoom(t *testing.T, fn func(t *testing.T, r *room)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) { fn(t, newRoom(t, db, clock)) })
}

func TestParseRequests(t *testing.T) {
	got, err := assurance.ParseRequests("1. First\n\n 2) Second\r\n- Third\n21 CFR 820 records\n")
	if err != nil {
		t.Fatal(err)
	}
	want := []assurance.Line{{Number: 1, Text: "First"}, {Number: 2, Text: "Second"}, {Number: 3, Text: "Third"}, {Number: 4, Text: "21 CFR 820 records"}}
	if d := cmp.Diff(want, got); d != "" {
		t.Error(d)
	}
	for _, text := range []string{"", " \n", strings.Repeat("x\n", 1001), strings.Repeat("x", 4001)} {
		if _, err := assurance.ParseRequests(text); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%.20q: %v", text, err)
		}
	}
}

func TestBundleOfInquiry(t *testing.T) {
	eachRoom(t, func(t *testing.T, r *room) {
		r.bindAll()
		b, archive, report := r.build()
		if !report.OK() || report.Signatures != 1 || report.Stamps != 1 || report.Proofs == 0 {
			t.Fatalf("got %+v", report)
		}
		counts := map[string]int{}
		for _, c := range report.Manifest.Counts {
			counts[c.Kind] = c.Records
		}
		want := map[string]int{"inquiry": 1, "document": 1, "signature": 1, "timestamp": 1, "record": 1, "evidence": 1, "verdicts": 1, "review": 1, "proof": report.Proofs}
		if d := cmp.Diff(want, counts); d != "" {
			t.Error(d)
		}
		t.Run("DT-08 P11-02 the revision in force then, readable and for programs", func(t *testing.T) {
			for _, path := range []string{"document.md", "rendition.html", "record.json"} {
				f, body, err := bundle.Extract(archive, "documents/SOP-01/2.0/"+path)
				if err != nil || f.Revision != string(r.second.ID) || len(body) == 0 {
					t.Errorf("%s: %v of %s", path, err, f.Revision)
				}
			}
			_, body, err := bundle.Extract(archive, "documents/SOP-01/2.0/document.md")
			if err != nil || string(body) != r.second.Source {
				t.Errorf("another text: %v", err)
			}
			_, page, err := bundle.Extract(archive, "answer.html")
			if err != nil || !bytes.Contains(page, []byte("Show the procedure for documents")) || !bytes.Contains(page, []byte("documents/SOP-01/2.0/document.md")) {
				t.Errorf("UR-16 the answer does not lead to the document: %v", err)
			}
		})
		t.Run("P11-14 signatures are shown", func(t *testing.T) {
			_, body, err := bundle.Extract(archive, "documents/SOP-01/2.0/record.json")
			if err != nil || !bytes.Contains(body, []byte("Quinn Quality")) || !bytes.Contains(body, []byte(`"meaning": "approval"`)) {
				t.Errorf("%v: %s", err, body)
			}
		})
		t.Run("PRD-22 made again it is the same", func(t *testing.T) {
			r.clock.Advance(48 * time.Hour)
			documenttest.Effective(t, r.db, satisfying("Read the document three times"))
			again, err := r.s.Again(r.ctx, b)
			if err != nil {
				t.Fatal(err)
			}
			if again.SHA256 != b.Digest {
				t.Error("it is another one")
				for i, f := range again.Manifest.Files {
					if f != report.Manifest.Files[i] {
						t.Errorf("%s differs", f.Path)
					}
				}
			}
		})
		t.Run("PRD-21 the journal says who built and who took it", func(t *testing.T) {
			all := sees(t, r.db, func(ctx context.Context, rd store.Reader) ([]store.Entry, error) {
				return store.Journal(ctx, rd, store.JournalQuery{Subject: r.inquiry, Kinds: []string{assurance.KindBuilt, assurance.KindTaken}})
			})
			if len(all) != 2 || !bytes.Contains(all[0].Body, []byte(b.Digest)) || all[1].Actor != r.quality {
				t.Errorf("got %d entries", len(all))
			}
		})
	})
}

func TestInquiryAsOf(t *testing.T) {
	eachRoom(t, func(t *testing.T, r *room) {
		then := testdb.Start.Add(12 * time.Hour)
		r.inquiry = r.open(assurance.Inquiry{Title: "The state of then", Authority: "Auditor", AsOf: then}, "The procedure\nVerdicts\nReviews")
		r.bind(assurance.Binding{Line: 1, Kind: assurance.BoundDocument, Target: "SOP-01"})
		r.bind(assurance.Binding{Line: 2, Kind: assurance.BoundList, Target: "verdicts"})
		r.bind(assurance.Binding{Line: 3, Kind: assurance.BoundEvidence, Target: "ev-documents-reviewed"})
		_, archive, report := r.build()
		if !report.OK() {
			t.Fatal(report.Faults)
		}
		if f, _, err := bundle.Extract(archive, "documents/SOP-01/1.0/document.md"); err != nil || f.Revision != string(r.first.ID) {
			t.Errorf("the revision of then is not in it: %v", err)
		}
		if _, _, err := bundle.Extract(archive, "lists/verdicts.json"); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a verdict of later is in it: %v", err)
		}
		if _, err := r.s.Bind(r.ctx, r.inquiry, assurance.Binding{Line: 1, Kind: assurance.BoundRecord, Target: "devices/dev_1"}); problem.KindOf(err) != problem.NotFound {
			t.Errorf("a device of later can be bound: %v", err)
		}
		if _, err := r.s.Open(r.ctx, assurance.Inquiry{Title: "x", Authority: "y", AsOf: r.clock.Now().Add(time.Hour)}, "z"); problem.KindOf(err) != problem.Invalid {
			t.Errorf("as of the future: %v", err)
		}
	})
}

// A collection that stops too early must not become a bundle.
func TestBundleIsComplete(t *testing.T) {
	eachRoom(t, func(t *testing.T, r *room) {
		t.Run("DT-09", func(t *testing.T) {
			r.bindAll()
			var events []store.Event
			for n := range 150 {
				v := vuln.Verdict{ID: fmt.Sprintf("vrd_x%03d", n), Vulnerability: fmt.Sprintf("CVE-2026-%d", 1000+n), Model: "mod_1", Status: vuln.StatusFixed, Source: "analyst", Reason: "fixed"}
				events = append(events, store.Event{Kind: vuln.KindVerdictRecorded, Subject: v.Vulnerability, Product: v.Model, Body: v})
			}
			record(t, r.db, events...)
			r.clock.Advance(time.Hour)
			_, archive, report := r.build()
			if !report.OK() {
				t.Fatal(report.Faults)
			}
			_, body, err := bundle.Extract(archive, "lists/verdicts.json")
			var rows []json.RawMessage
			if err != nil || json.Unmarshal(body, &rows) != nil || len(rows) != 151 {
				t.Errorf("%d verdicts are in it (%v)", len(rows), err)
			}
			// A verdict whose body was erased can be counted and not shown: the bundle says so by not being built.
			var seq int64
			err = r.db.Update(testdb.System(), func(tx *store.Tx) error {
				if err := tx.QueryRow(testdb.System(), `SELECT max(seq) FROM journal WHERE kind = $1`, vuln.KindVerdictRecorded).Scan(&seq); err != nil {
					return err
				}
				return tx.EraseBody(testdb.System(), seq, "test")
			})
			if err != nil {
				t.Fatal(err)
			}
			r.clock.Advance(time.Hour)
			if _, err := r.s.Build(r.ctx, r.inquiry); problem.KindOf(err) != problem.Conflict || !strings.Contains(err.Error(), "150") || !strings.Contains(err.Error(), "151") {
				t.Errorf("an incomplete bundle is built: %v", err)
			}
		})
	})
}

func TestMarksAndRedaction(t *testing.T) {
	eachRoom(t, func(t *testing.T, r *room) {
		if err := (upkeep.Desk{Library: document.Library{DB: r.db}}).Classify(testdb.System(), "SOP-01", document.Classes{Inspectable: true}, "audit report"); err != nil {
			t.Fatal(err)
		}
		r.clock.Advance(time.Hour)
		r.bindAll()
		t.Run("RC-06 what authorities may ask for is marked", func(t *testing.T) {
			_, archive, _ := r.build()
			for path, want := range map[string]string{"documents/SOP-01/2.0/document.md": bundle.Inspectable, "reviews/management-review.json": bundle.Inspectable, "evidence/ev-documents-reviewed.json": ""} {
				if f, _, err := bundle.Extract(archive, path); err != nil || f.Mark != want {
					t.Errorf("%s is marked %q (%v)", path, f.Mark, err)
				}
			}
		})
		t.Run("RC-02 free text about patients stays at home", func(t *testing.T) {
			b, archive, report := r.build()
			if !report.OK() || bytes.Contains(archive, []byte("Eve Example")) || len(report.Manifest.Redactions) != 1 {
				t.Fatalf("redactions %v, faults %v", report.Manifest.Redactions, report.Faults)
			}
			c := report.Manifest.Redactions[0]
			text, err := r.s.Reveal(r.ctx, assurance.Revealing{Inquiry: r.inquiry, Bundle: b.ID, Path: c.Path, At: c.At, Reason: "asked for by phone"})
			if err != nil {
				t.Fatal(err)
			}
			reveal, err := bundle.ParseReveal(text)
			if err != nil || string(reveal.Content) != `"bed of Eve Example"` || bundle.CheckReveal(report.Manifest, reveal) != nil {
				t.Errorf("revealed is %s (%v)", reveal.Content, err)
			}
			if bundle.CheckReveal(report.Manifest, bundle.Reveal{Path: c.Path, At: c.At, Salt: reveal.Salt, Content: []byte(`"bed of nobody"`)}) == nil {
				t.Error("another text is accepted")
			}
		})
		t.Run("RC-04 confidential records are marked, and whole", func(t *testing.T) {
			_, err := r.s.Bind(r.ctx, r.inquiry, assurance.Binding{Line: 3, Kind: assurance.BoundRecord, Target: "devices/dev_1", Mark: bundle.Confidential})
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("a mark without a reason: %v", err)
			}
			lines := sees(t, r.db, func(ctx context.Context, rd store.Reader) ([]assurance.Line, error) {
				return assurance.Lines(ctx, rd, r.inquiry)
			})
			if err := r.s.Unbind(r.ctx, r.inquiry, lines[1].Bindings[0].ID); err != nil {
				t.Fatal(err)
			}
			r.bind(assurance.Binding{Line: 2, Kind: assurance.BoundRecord, Target: "devices/dev_1", Mark: bundle.Confidential, MarkReason: "health information, agreed with the authority"})
			_, archive, report := r.build()
			f, body, err := bundle.Extract(archive, "records/devices/dev_1.json")
			if err != nil || f.Mark != bundle.Confidential || !bytes.Contains(body, []byte("Eve Example")) || !report.OK() {
				t.Errorf("%q %v", f.Mark, err)
			}
			_, index, err := bundle.Extract(archive, bundle.IndexName)
			if err != nil || !bytes.Contains(index, []byte("confidential,records/devices/dev_1.json")) {
				t.Errorf("the index does not say so: %v", err)
			}
		})
		t.Run("removed lines take along what gives them away", func(t *testing.T) {
			if _, err := r.s.Redact(r.ctx, r.inquiry, assurance.Removed{Path: "documents/SOP-01/2.0/document.md", At: "lines 1-2", Reason: "trade secret"}); err != nil {
				t.Fatal(err)
			}
			_, archive, report := r.build()
			if !report.OK() || report.Signatures != 0 {
				t.Errorf("%d signatures, faults %v", report.Signatures, report.Faults)
			}
			if bytes.Contains(archive, []byte(r.second.ContentHash)) && !bytes.Contains(archive, []byte("x")) {
				t.Error("the digest of the text is in it")
			}
			for _, path := range []string{"documents/SOP-01/2.0/rendition.html", "documents/SOP-01/2.0/record.json"} {
				if _, _, err := bundle.Extract(archive, path); problem.KindOf(err) != problem.NotFound {
					t.Errorf("%s is in it: %v", path, err)
				}
			}
		})
	})
}

func TestVisitor(t *testing.T) {
	eachRoom(t, func(t *testing.T, r *room) {
		r.bindAll()
		b, _, _ := r.build()
		if err := r.signer.People.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		other := r.open(assurance.Inquiry{Title: "Of somebody else", Authority: "Another"}, "x")
		eve, err := r.signer.People.CreateAccount(testdb.System(), people.NewAccount{Login: "eve", Name: "Eve Auditor", Password: "nine blue kettles whistle"})
		if err != nil {
			t.Fatal(err)
		}
		guest := store.WithActor(t.Context(), store.Actor{ID: eve, Name: "Eve Auditor", Grants: []store.Grant{{Kinds: []string{"inquiry.read", "inquiry.viewed", "inquiry.bundle_taken"}, Inquiries: []string{r.inquiry}}}})
		look := func() error { _, _, err := r.s.File(guest, r.inquiry, b.ID, "answer.html"); return err }
		if err := look(); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("who holds a role but is not admitted looks: %v", err)
		}
		if err := r.s.Admit(r.ctx, assurance.Visitor{Inquiry: r.inquiry, Account: eve, Organisation: "Auditors"}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("without an end: %v", err)
		}
		if _, err := r.signer.People.Grant(testdb.System(), people.Grant{Account: r.quality, Role: people.RoleQuality, All: true}); err != nil {
			t.Fatal(err)
		}
		if err := r.s.Admit(r.ctx, assurance.Visitor{Inquiry: r.inquiry, Account: r.quality, Organisation: "Us", Until: r.clock.Now().Add(time.Hour)}); problem.KindOf(err) != problem.Conflict {
			t.Errorf("a colleague is admitted as a visitor: %v", err)
		}
		if err := r.s.Admit(r.ctx, assurance.Visitor{Inquiry: r.inquiry, Account: eve, Organisation: "Auditors", Until: r.clock.Now().AddDate(0, 0, 7)}); err != nil {
			t.Fatal(err)
		}
		if err := look(); err != nil {
			t.Errorf("an admitted person cannot look: %v", err)
		}
		t.Run("only their inquiry", func(t *testing.T) {
			err := r.db.View(guest, func(rd store.Reader) error {
				all, err := assurance.ListInquiries(guest, rd)
				if err != nil {
					return err
				}
				if len(all) != 1 || all[0].ID != r.inquiry {
					t.Errorf("they see %d inquiries", len(all))
				}
				if _, err := assurance.GetInquiry(guest, rd, other); problem.KindOf(err) != problem.NotFound {
					t.Errorf("another inquiry: %v", err)
				}
				for name, err := range map[string]error{"visitors": second(assurance.Visitors(guest, rd, r.inquiry)), "log": second(assurance.Looks(guest, rd, r.inquiry)), "redactions": second(assurance.Redactions(guest, rd, r.inquiry))} {
					if problem.KindOf(err) != problem.Forbidden {
						t.Errorf("%s: %v", name, err)
					}
				}
				if _, err := assurance.Mappings(guest, rd); problem.KindOf(err) != problem.Forbidden {
					t.Errorf("clauses: %v", err)
				}
				if _, err := document.ByCode(guest, rd, "SOP-01"); problem.KindOf(err) != problem.Forbidden {
					t.Errorf("documents: %v", err)
				}
				return nil
			})
			if err != nil {
				t.Error(err)
			}
			for name, err := range map[string]error{
				"build": second(r.s.Build(guest, r.inquiry)), "bind": second(r.s.Bind(guest, r.inquiry, assurance.Binding{Line: 1, Kind: assurance.BoundReview})),
				"answer": r.s.Answer(guest, r.inquiry, 1, "x"), "close": r.s.Close(guest, r.inquiry, "x"), "other": r.s.Visit(guest, other, "x"),
				"admit": r.s.Admit(guest, assurance.Visitor{Inquiry: r.inquiry, Account: eve, Organisation: "x", Until: r.clock.Now().Add(time.Hour)}),
			} {
				if k := problem.KindOf(err); k != problem.Forbidden && k != problem.NotFound {
					t.Errorf("%s: %v", name, err)
				}
			}
		})
		t.Run("every look is recorded", func(t *testing.T) {
			if _, _, err := r.s.Take(guest, r.inquiry, b.ID); err != nil {
				t.Fatal(err)
			}
			var got []string
			for _, l := range sees(t, r.db, func(ctx context.Context, rd store.Reader) ([]assurance.Look, error) {
				return assurance.Looks(ctx, rd, r.inquiry)
			}) {
				if l.Actor == eve {
					got = append(got, l.Kind+" "+l.What)
				}
			}
			slices.Reverse(got)
			want := []string{"inquiry.viewed file answer.html", "inquiry.viewed bundle " + b.ID, "inquiry.bundle_taken " + b.ID}
			if d := cmp.Diff(want, got); d != "" {
				t.Error(d)
			}
		})
		t.Run("until they are dismissed", func(t *testing.T) {
			if err := r.s.Dismiss(r.ctx, r.inquiry, eve, "the audit is over"); err != nil {
				t.Fatal(err)
			}
			if err := look(); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("they still look: %v", err)
			}
		})
		t.Run("or their time is over", func(t *testing.T) {
			r.clock.Advance(time.Minute)
			if err := r.s.Admit(r.ctx, assurance.Visitor{Inquiry: r.inquiry, Account: eve, Organisation: "Auditors", Until: r.clock.Now().Add(time.Hour)}); err != nil {
				t.Fatal(err)
			}
			if err := look(); err != nil {
				t.Error(err)
			}
			r.clock.Advance(2 * time.Hour)
			if err := look(); problem.KindOf(err) != problem.Forbidden {
				t.Errorf("they still look: %v", err)
			}
		})
	})
}

func second[T any](_ T, err error) error { return err }

func TestManagementReview(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		t.Run("MR-01", func(t *testing.T) {
			review := func() assurance.Review {
				return sees(t, db, func(ctx context.Context, r store.Reader) (assurance.Review, error) {
					return assurance.ManagementReview(ctx, r, clock.Now())
				})
			}
			for _, in := range review().Inputs {
				if in.Title == "" || len(in.Lines) == 0 {
					t.Errorf("no evidence speaks about %s", in.Input)
				}
				if in.Counts[assurance.Unknown] != len(in.Lines) {
					t.Errorf("BR-02 %s: %v before anything was evaluated", in.Input, in.Counts)
				}
			}
			documenttest.Effective(t, db, policy(t, "SOP-14"))
			clock.Advance(time.Hour)
			if _, err := (assurance.Evidence{DB: db}).Tick(testdb.System()); err != nil {
				t.Fatal(err)
			}
			found := false
			for _, in := range review().Inputs {
				for _, l := range in.Lines {
					if l.State != assurance.Unknown && l.At.IsZero() {
						t.Errorf("BR-01 %s has no date", l.Query)
					}
					found = found || l.Query == "ev-documents-reviewed" && l.State == assurance.Passing && l.Before == assurance.Unknown
				}
			}
			if !found {
				t.Error("it is not fed by live records")
			}
		})
	})
}

// Who reads a bundle is named in no incident: entries about one that is marked TLP:RED are proved and not shown.
func TestBundlesWithholdRedIncidents(t *testing.T) {
	eachRoom(t, func(t *testing.T, r *room) {
		cases := incident.Cases{DB: r.db}
		declare := func(title string, m incident.Marking) string {
			i, err := cases.Declare(testdb.System(), incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: title, TLP: m, PAP: incident.Green, Care: incident.Normal, Legal: incident.NoLegal,
				Disclosure: incident.Undisclosed, Aware: r.clock.Now(), AwareWho: "Ann", AwareHow: "a call"}})
			if err != nil {
				t.Fatal(err)
			}
			return i
		}
		red, amber := declare("a", incident.Red), declare("b", incident.Amber)
		for of, text := range map[string]string{red: "the informer stood here", amber: "the guard stood here"} {
			record(t, r.db, store.Event{Kind: "device.changed", Subject: "dev_1", Body: map[string]any{"incident": of, "reason": text}})
		}
		r.bind(assurance.Binding{Line: 2, Kind: assurance.BoundRecord, Target: "devices/dev_1"})
		b, archive, report := r.build()
		if !report.OK() {
			t.Fatalf("got %+v", report)
		}
		says := func(archive []byte, text string) bool {
			z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range z.File {
				in, err := f.Open()
				if err != nil {
					t.Fatal(err)
				}
				body, err := io.ReadAll(in)
				if err != nil {
					t.Fatal(err)
				}
				encoded := base64.StdEncoding.EncodeToString([]byte(text))
				if bytes.Contains(body, []byte(text)) || bytes.Contains(body, []byte(encoded[:len(encoded)-4])) {
					return true
				}
			}
			return false
		}
		if says(archive, "informer") || !says(archive, "the guard") || !says(archive, "withheld") {
			t.Errorf("informer %t, guard %t", says(archive, "informer"), says(archive, "the guard"))
		}
		var i incident.Incident
		if err := r.db.View(testdb.System(), func(rd store.Reader) (err error) { i, err = incident.Brief(testdb.System(), rd, amber); return err }); err != nil {
			t.Fatal(err)
		}
		i.TLP = incident.Red
		r.clock.Advance(time.Hour)
		if err := cases.Change(testdb.System(), amber, i, "the informer is in it"); err != nil {
			t.Fatal(err)
		}
		again, err := r.s.Again(r.ctx, b)
		if err != nil || again.SHA256 != b.Digest {
			t.Errorf("PRD-22 made again after it was marked red it is another one: %v", err)
		}
		if _, archive, _ = r.build(); says(archive, "the guard") {
			t.Error("a new bundle shows what is red now")
		}
	})
}
