package document_test

import (
	"context"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// house is a library with people: ann writes, bob is the architect, cyn quality, dan owns the process, eve is the executive.
type house struct {
	document.Library
	t      *testing.T
	db     *store.DB
	clock  *testdb.Clock
	signer *signaturetest.Signer
	who    map[string]string // account by login
}

func newHouse(t *testing.T, db *store.DB, c *testdb.Clock) *house {
	t.Helper()
	blobs, err := blob.Open(context.Background(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := signaturetest.New(t, db)
	h := &house{Library: document.Library{DB: db, Signer: s.Signer, Blobs: blobs, URL: "https://triward.example"}, t: t, db: db, clock: c, signer: s, who: map[string]string{}}
	for login, f := range map[string]source.Function{"ann": "", "bob": "security_architect", "cyn": "quality", "dan": "psirt_lead", "eve": "executive"} {
		h.who[login] = s.Person(t, login, "P. "+login)
		if f != "" {
			h.assign(login, f)
		}
	}
	return h
}

func (h *house) assign(login string, f source.Function) {
	h.t.Helper()
	if _, err := h.Assign(testdb.System(), f, h.who[login], "by the organisation chart"); err != nil {
		h.t.Fatal(err)
	}
}

func (h *house) as(login string) context.Context { return h.signer.As(h.who[login], "document.*") }

func (h *house) must(err error) {
	h.t.Helper()
	if err != nil {
		h.t.Fatal(err)
	}
}

// refused checks the kind of an error.
func (h *house) refused(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if problem.KindOf(err) != kind {
		t.Errorf("error = %v, want one of kind %s", err, kind)
	}
}

func (h *house) create(login, text string) document.RevisionID {
	h.t.Helper()
	rid, err := h.Create(h.as(login), document.New{Content: document.Authored, Text: document.Text{Source: text, Reason: "first version"}})
	h.must(err)
	return rid
}

func (h *house) open(login string, o document.Opening) document.RevisionID {
	h.t.Helper()
	rid, err := h.Open(h.as(login), o)
	h.must(err)
	return rid
}

func (h *house) save(login string, rid document.RevisionID, text string) {
	h.t.Helper()
	v := revisionOf(h.t, h.db, rid)
	_, err := h.Save(h.as(login), document.Edit{Revision: rid, Version: v.Version, Text: document.Text{Source: text, File: v.File, External: v.External, Reason: "edit"}})
	h.must(err)
}

// signing is what somebody shows and says who looks at a revision now. Each takes half a minute, as reading does.
func (h *house) signing(login string, rid document.RevisionID, reason string) document.Signing {
	h.t.Helper()
	h.clock.Advance(30 * time.Second)
	shown, err := h.Display(h.as(login), rid)
	h.must(err)
	return document.Signing{Factors: h.factors(login), Displayed: shown.Digest, Reason: reason}
}

func (h *house) factors(login string) signature.Factors { return h.signer.Factors(h.t, h.who[login]) }

func (h *house) decide(login string, rid document.RevisionID, f source.Function) error {
	h.t.Helper()
	return h.Decide(h.as(login), rid, f, h.signing(login, rid, "read and found right"))
}

// toApproval takes a draft of ann's to its approval.
func (h *house) toApproval(rid document.RevisionID, planned time.Time) {
	h.t.Helper()
	h.must(h.Submit(h.as("ann"), rid, "please review"))
	h.must(h.decide("bob", rid, "security_architect"))
	h.must(h.Freeze(h.as("ann"), rid))
	h.must(h.OpenApproval(h.as("ann"), rid, planned, h.signing("ann", rid, "mine")))
}

// approve takes a draft of ann's to its approval, and lets owner and quality approve it.
func (h *house) approve(rid document.RevisionID, planned time.Time) {
	h.t.Helper()
	h.toApproval(rid, planned)
	h.must(h.decide("dan", rid, "psirt_lead"))
	h.must(h.decide("cyn", rid, "quality"))
}

func (h *house) effective(rid document.RevisionID) document.Revision {
	h.t.Helper()
	h.approve(rid, time.Time{})
	h.must(h.Tick(testdb.System()))
	v := revisionOf(h.t, h.db, rid)
	if v.State != document.InForce {
		h.t.Fatalf("state = %s", v.State)
	}
	return v
}

func each(t *testing.T, fn func(t *testing.T, h *house)) {
	t.Helper()
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) { fn(t, newHouse(t, db, c)) })
}

func TestLifeOfADocument(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		rid := h.create("ann", sop("SOP-14", "Event response"))
		t.Run("DC-01 no way to effective without all signatures", func(t *testing.T) {
			h.refused(t, h.Freeze(h.as("ann"), rid), problem.Conflict)
			h.refused(t, h.decide("cyn", rid, "quality"), problem.Conflict)
			h.must(h.Submit(h.as("ann"), rid, "please review"))
			h.refused(t, h.Freeze(h.as("ann"), rid), problem.Conflict)
			h.must(h.decide("bob", rid, "security_architect"))
			h.must(h.Freeze(h.as("ann"), rid))
			h.refused(t, h.decide("cyn", rid, "quality"), problem.Conflict)
			h.must(h.OpenApproval(h.as("ann"), rid, time.Time{}, h.signing("ann", rid, "mine")))
			h.must(h.decide("dan", rid, "psirt_lead"))
			h.must(h.Tick(testdb.System()))
			if v := revisionOf(t, h.db, rid); v.State != document.InApproval {
				t.Errorf("state = %s", v.State)
			}
		})
		t.Run("AC-03 DT-10 PRD-05 the author alone cannot approve", func(t *testing.T) {
			h.assign("ann", "quality")
			h.refused(t, h.decide("ann", rid, "quality"), problem.Forbidden)
		})
		t.Run("P11-07 a signature needs the function", func(t *testing.T) {
			h.refused(t, h.decide("bob", rid, "quality"), problem.Forbidden)
		})
		t.Run("PRD-09 DT-06 what was displayed is what is signed", func(t *testing.T) {
			s := h.signing("cyn", rid, "read")
			s.Displayed = document.HexSum([]byte("something else"))
			h.refused(t, h.Decide(h.as("cyn"), rid, "quality", s), problem.Conflict)
		})
		h.must(h.decide("cyn", rid, "quality"))
		t.Run("RC-05 approved means signed and dated", func(t *testing.T) {
			all := read(t, h.db, func(ctx context.Context, r store.Reader) ([]signature.Signature, error) {
				return signature.Of(ctx, r, string(rid))
			})
			v := revisionOf(t, h.db, rid)
			var meanings []signature.Meaning
			for _, s := range all {
				meanings = append(meanings, s.Act.Meaning)
				if s.At.IsZero() || s.Record.Content != v.ContentHash {
					t.Errorf("signature %+v", s)
				}
			}
			if len(all) != 4 || meanings[3] != signature.Approval || all[3].Record.Rendition != string(v.Rendition) || all[3].Record.Displayed != string(v.Rendition) {
				t.Errorf("signatures = %v", meanings)
			}
		})
		h.must(h.Tick(testdb.System()))
		v := revisionOf(t, h.db, rid)
		if v.State != document.InForce || v.Since.IsZero() || !v.Until.IsZero() {
			t.Fatalf("revision = %+v", v)
		}
		t.Run("PRD-03 DC-04 a draft does not touch the effective revision", func(t *testing.T) {
			next := h.open("ann", document.Opening{Code: "SOP-14", Reason: "lessons"})
			h.save("ann", next, sop("SOP-14", "A new title", "level: instruction"))
			d := byCode(t, h.db, "SOP-14")
			if d.Title != "Event response" || d.Level != source.Procedure || d.Effective != rid || d.Working != next || d.State != document.InForce {
				t.Errorf("document = %+v", d)
			}
			now := read(t, h.db, func(ctx context.Context, r store.Reader) (document.Revision, error) {
				return document.Effective(ctx, r, "SOP-14")
			})
			if now.ID != rid || now.Source != v.Source {
				t.Errorf("effective = %s", now.ID)
			}
		})
	})
}
