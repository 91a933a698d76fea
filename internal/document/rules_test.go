package document_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestRouteOfADocument(t *testing.T) {
	ask := func(l source.Level, i source.Interface, review, approve []source.Function) document.Route {
		return document.RouteOf(source.Document{Level: l, OwnerRole: "risk_manager", Interface: i, Approvals: source.Approvals{Review: review, Approve: approve}})
	}
	type fs = []source.Function
	for _, c := range []struct {
		name string
		got  document.Route
		want document.Route
	}{
		{"PRD-04 a policy needs the executive", ask(source.Policy, "", nil, fs{"cpso"}), document.Route{Approve: fs{"cpso", "executive"}}},
		{"PRD-04 a procedure needs its process owner and quality", ask(source.Procedure, "", fs{"tester"}, fs{"cpso"}),
			document.Route{Review: fs{"tester"}, Approve: fs{"cpso", "risk_manager", "quality"}}},
		{"PRD-04 with the interface both sides sign", ask(source.Standard, source.ProductIT, nil, fs{"quality"}), document.Route{Approve: fs{"quality", "cpso", "it_security"}}},
		{"PRD-04 a side that signs already is not asked twice", ask(source.Standard, source.ProductIT, fs{"security_architect"}, fs{"ciso"}),
			document.Route{Review: fs{"security_architect"}, Approve: fs{"ciso"}}},
		{"UR-13 a document may name functions of its own", ask(source.Template, "", fs{"legal"}, fs{"privacy", "board"}), document.Route{Review: fs{"legal"}, Approve: fs{"privacy", "board"}}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, c.got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestEditsVoidDecisions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		rid := h.create("ann", sop("SOP-14", "Event response"))
		h.toApproval(rid, time.Time{})
		h.must(h.decide("dan", rid, "psirt_lead"))
		t.Run("AC-02 PRD-06 DT-11 UR-12 an edit voids what was decided, visibly", func(t *testing.T) {
			h.save("ann", rid, sop("SOP-14", "Event response, changed"))
			v := revisionOf(t, h.db, rid)
			if v.State != document.ChangesRequested || v.Rendition != "" {
				t.Errorf("revision is %s", v.State)
			}
			all := read(t, h.db, func(ctx context.Context, r store.Reader) ([]document.Decision, error) {
				return document.Decisions(ctx, r, rid)
			})
			if len(all) != 3 {
				t.Fatalf("%d decisions, want 3", len(all))
			}
			for _, d := range all {
				if d.Voided.IsZero() || d.VoidReason != "the text was edited" || d.ContentHash == v.ContentHash {
					t.Errorf("decision %+v", d)
				}
			}
		})
		t.Run("PRD-06 metadata is content", func(t *testing.T) {
			h.toApproval(rid, time.Time{})
			h.must(h.decide("dan", rid, "psirt_lead"))
			h.save("ann", rid, sop("SOP-14", "Event response, changed", "review_months: 6"))
			h.refused(t, h.decide("cyn", rid, "quality"), problem.Conflict)
		})
		t.Run("rounds keep what each was about", func(t *testing.T) {
			all := read(t, h.db, func(ctx context.Context, r store.Reader) ([]document.Round, error) {
				return document.Rounds(ctx, r, rid)
			})
			if len(all) != 2 || all[0].Version != 1 || all[1].Version != 2 {
				t.Fatalf("rounds = %+v", all)
			}
			changed := 0
			for _, l := range source.Lines(all[0].Source, all[1].Source) {
				if l.Change != source.Same {
					changed++
				}
			}
			if changed != 2 {
				t.Errorf("%d lines differ between the rounds, want 2", changed)
			}
		})
		t.Run("an approver sends it back", func(t *testing.T) {
			h.toApproval(rid, time.Time{})
			h.must(h.SendBack(h.as("cyn"), rid, "say who is on call"))
			if v := revisionOf(t, h.db, rid); v.State != document.ChangesRequested {
				t.Errorf("state = %s", v.State)
			}
			h.refused(t, h.SendBack(h.as("cyn"), rid, "again"), problem.Conflict)
		})
		t.Run("P11-05 every move is in the journal, in order, with who and what", func(t *testing.T) {
			var kinds []string
			for _, e := range read(t, h.db, func(ctx context.Context, r store.Reader) ([]store.Entry, error) {
				return store.Journal(ctx, r, store.JournalQuery{Subject: string(revisionOf(t, h.db, rid).Document), Limit: 100})
			}) {
				if e.Actor == "" || !strings.Contains(string(e.Body), `"SOP-14"`) {
					t.Errorf("entry %+v", e)
				}
				kinds = append(kinds, strings.TrimPrefix(e.Kind, "document."))
			}
			round := []string{"submitted", "reviewed", "frozen", "approval_opened", "approved", "edited"}
			if d := cmp.Diff(slices.Concat([]string{"created"}, round, round, round[:4], []string{"changes_requested"}), kinds); d != "" {
				t.Error(d)
			}
		})
	})
}

func TestCommentsAndSuggestions(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		text := sop("SOP-14", "Event response")
		rid := h.create("ann", text)
		line := slices.Index(strings.Split(text, "\n"), "We answer every report.") + 1
		remark, err := h.Comment(h.as("bob"), document.Comment{Revision: rid, Line: line, Text: "who is we?"})
		h.must(err)
		suggestion, err := h.Comment(h.as("bob"), document.Comment{Revision: rid, Line: line, Text: "name the team", Suggests: true, Suggestion: "The product security team answers every report."})
		h.must(err)
		h.must(h.Submit(h.as("ann"), rid, ""))
		h.must(h.decide("bob", rid, "security_architect"))
		t.Run("PRD-07 open comments block approval", func(t *testing.T) {
			h.refused(t, h.Freeze(h.as("ann"), rid), problem.Conflict)
		})
		t.Run("an accepted suggestion edits the text and voids the review", func(t *testing.T) {
			h.must(h.Settle(h.as("ann"), suggestion, document.Accepted, ""))
			v := revisionOf(t, h.db, rid)
			if !strings.Contains(v.Source, "The product security team answers") || strings.Contains(v.Source, "We answer") || v.State != document.ChangesRequested {
				t.Errorf("state %s, text %s", v.State, v.Source)
			}
			h.refused(t, h.Settle(h.as("ann"), suggestion, document.Done, ""), problem.Conflict)
		})
		t.Run("a suggestion on a line that is gone is not applied", func(t *testing.T) {
			late, err := h.Comment(h.as("bob"), document.Comment{Revision: rid, Line: line, Text: "shorter", Suggests: true, Suggestion: "Short."})
			h.must(err)
			h.save("ann", rid, strings.Replace(revisionOf(t, h.db, rid).Source, "every report", "each report", 1))
			h.refused(t, h.Settle(h.as("ann"), late, document.Accepted, ""), problem.Conflict)
			h.refused(t, h.Settle(h.as("ann"), late, document.Declined, ""), problem.Invalid)
			h.must(h.Settle(h.as("ann"), late, document.Declined, "done otherwise"))
		})
		h.must(h.Settle(h.as("ann"), remark, document.Done, "named"))
		h.approve(rid, time.Time{})
		h.refused(t, func() error {
			_, err := h.Comment(h.as("bob"), document.Comment{Revision: rid, Line: 1, Text: "late"})
			return err
		}(), problem.Conflict)
	})
}

func TestDelegation(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		rid := h.create("ann", sop("SOP-14", "Event response"))
		h.toApproval(rid, time.Time{})
		h.must(h.decide("dan", rid, "psirt_lead"))
		fay := h.signer.Person(t, "fay", "P. fay")
		h.who["fay"] = fay
		until := h.db.Now().Add(time.Hour)
		t.Run("PRD-05 DC-09 a delegation is explicit, dated, and by who holds the function", func(t *testing.T) {
			_, err := h.Delegate(h.as("cyn"), document.Holder{Function: "quality", DelegateOf: h.who["cyn"], Account: fay, Reason: "holiday"})
			h.refused(t, err, problem.Invalid)
			_, err = h.Delegate(h.as("dan"), document.Holder{Function: "quality", DelegateOf: h.who["dan"], Account: fay, Until: until, Reason: "holiday"})
			h.refused(t, err, problem.Invalid)
			h.refused(t, h.decide("fay", rid, "quality"), problem.Forbidden)
			_, err = h.Delegate(h.as("cyn"), document.Holder{Function: "quality", DelegateOf: h.who["cyn"], Account: fay, Until: until, Reason: "holiday"})
			h.must(err)
			h.must(h.decide("fay", rid, "quality"))
			all := read(t, h.db, func(ctx context.Context, r store.Reader) ([]document.Decision, error) {
				return document.Decisions(ctx, r, rid)
			})
			if last := all[len(all)-1]; last.DelegateOf != h.who["cyn"] || last.Account != fay {
				t.Errorf("decision = %+v", last)
			}
		})
		t.Run("it ends by itself, and with the function it comes from", func(t *testing.T) {
			held := func(at time.Time) int {
				return len(read(t, h.db, func(ctx context.Context, r store.Reader) ([]document.Holder, error) {
					return document.HoldersOf(ctx, r, "quality", at)
				}))
			}
			if held(h.db.Now()) != 2 || held(until) != 1 {
				t.Errorf("holders now %d, later %d", held(h.db.Now()), held(until))
			}
			for _, x := range read(t, h.db, document.Holdings) {
				if x.Account == h.who["cyn"] {
					h.must(h.Release(testdb.System(), x.ID, "left"))
				}
			}
			if held(h.db.Now()) != 0 {
				t.Error("a delegation outlived its function")
			}
		})
		t.Run("PRD-05 who acts for the author does not decide", func(t *testing.T) {
			h.assign("ann", "quality")
			_, err := h.Delegate(h.as("ann"), document.Holder{Function: "quality", DelegateOf: h.who["ann"], Account: h.who["eve"], Until: h.db.Now().Add(time.Hour), Reason: "busy"})
			h.must(err)
			next := h.create("ann", sop("SOP-15", "Another"))
			h.toApproval(next, time.Time{})
			h.refused(t, h.decide("eve", next, "quality"), problem.Forbidden)
		})
	})
}

func TestLenientAuthorship(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.must(h.Set(testdb.System(), document.Setting{Name: document.SettingAuthorship, Value: string(document.Lenient), Reason: "we are three"}))
		h.assign("ann", "psirt_lead")
		rid := h.create("ann", sop("SOP-14", "Event response"))
		h.toApproval(rid, time.Time{})
		t.Run("PRD-05 an author may approve, but never alone", func(t *testing.T) {
			h.must(h.decide("ann", rid, "psirt_lead"))
			h.assign("ann", "quality")
			h.refused(t, h.decide("ann", rid, "quality"), problem.Forbidden)
			h.must(h.decide("cyn", rid, "quality"))
		})
		only := h.create("ann", sop("STD-02", "A standard", "level: standard", "approvals: {review: [security_architect], approve: [psirt_lead]}"))
		h.toApproval(only, time.Time{})
		h.refused(t, h.decide("ann", only, "psirt_lead"), problem.Forbidden)
	})
}

func TestBothSidesOfTheInterface(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.assign("bob", "it_security")
		h.assign("eve", "it_security")
		h.assign("eve", "cpso")
		rid := h.create("ann", sop("SOP-23", "Joint operations", "interface: product_it"))
		t.Run("PRD-04 product security and IT security are two people", func(t *testing.T) {
			h.toApproval(rid, time.Time{}) // bob signs for the product side
			h.refused(t, h.decide("bob", rid, "it_security"), problem.Forbidden)
			h.must(h.decide("eve", rid, "it_security"))
			h.must(h.decide("dan", rid, "psirt_lead"))
			h.must(h.decide("cyn", rid, "quality"))
		})
	})
}

func TestMissingTrainingBlocks(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		rid := h.create("ann", sop("SOP-14", "Event response"))
		h.toApproval(rid, time.Time{})
		h.MaySign = func(_ context.Context, _ store.Reader, account string, m signature.Meaning) error {
			if account == h.who["cyn"] && m == signature.Approval {
				return problem.New(problem.Forbidden, "training is missing")
			}
			return nil
		}
		h.MayHold = func(_ context.Context, _ store.Reader, _ string, f source.Function) error {
			if f == "tester" {
				return problem.New(problem.Forbidden, "training is missing")
			}
			return nil
		}
		t.Run("P11-09 who is not trained does not sign", func(t *testing.T) { h.refused(t, h.decide("cyn", rid, "quality"), problem.Forbidden) })
		t.Run("P11-09 who is not trained is not given a function", func(t *testing.T) {
			_, err := h.Assign(testdb.System(), "tester", h.who["cyn"], "new")
			h.refused(t, err, problem.Forbidden)
		})
		h.MaySign = nil
		h.must(h.decide("cyn", rid, "quality"))
	})
}
