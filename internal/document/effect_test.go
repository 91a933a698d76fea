package document_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func (h *house) ranges(code string) []document.Range {
	h.t.Helper()
	return read(h.t, h.db, func(ctx context.Context, r store.Reader) ([]document.Range, error) {
		d, err := document.ByCode(ctx, r, code)
		if err != nil {
			return nil, err
		}
		return document.Ranges(ctx, r, d.ID)
	})
}

func (h *house) effectiveAt(code string, at time.Time) (document.Revision, error) {
	var v document.Revision
	err := h.db.View(context.Background(), func(r store.Reader) (err error) {
		v, err = document.EffectiveAt(testdb.System(), r, code, at)
		return err
	})
	return v, err
}

// chained checks that the ranges of a document never overlap, and that its open range is that of its one effective
// revision.
func (h *house) chained(code string) {
	h.t.Helper()
	open := 0
	all := h.ranges(code)
	for i, x := range all {
		if x.Until.IsZero() {
			open++
			if i != len(all)-1 {
				h.t.Errorf("range %d of %d is open", i, len(all))
			}
		} else if !x.Until.After(x.Since) {
			h.t.Errorf("range %+v is empty", x)
		}
		if i > 0 && all[i-1].Until.After(x.Since) {
			h.t.Errorf("ranges %+v and %+v overlap", all[i-1], x)
		}
	}
	inForce := 0
	for _, v := range read(h.t, h.db, func(ctx context.Context, r store.Reader) ([]document.Revision, error) {
		return document.Revisions(ctx, r, byCode(h.t, h.db, code).ID)
	}) {
		if v.State == document.InForce {
			inForce++
		}
	}
	if open > 1 || inForce != open {
		h.t.Errorf("%d open ranges, %d effective revisions", open, inForce)
	}
}

func TestScheduledEffectivity(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		first := h.effective(h.create("ann", sop("SOP-14", "Event response")))
		planned := h.db.Now().Add(48 * time.Hour)
		next := h.open("ann", document.Opening{Code: "SOP-14", Reason: "lessons"})
		h.save("ann", next, sop("SOP-14", "Event and incident response"))
		h.approve(next, planned)
		t.Run("PRD-02 DT-04 the old revision stays until the planned instant", func(t *testing.T) {
			h.clock.Advance(planned.Sub(h.db.Now()) - time.Second)
			h.must(h.Tick(testdb.System()))
			if d := byCode(t, h.db, "SOP-14"); d.Effective != first.ID || d.Title != "Event response" {
				t.Errorf("document = %+v", d)
			}
			h.clock.Advance(time.Second)
			h.must(h.Tick(testdb.System()))
			if d := byCode(t, h.db, "SOP-14"); d.Effective != next || d.Title != "Event and incident response" || d.Working != "" {
				t.Errorf("document = %+v", d)
			}
		})
		t.Run("PRD-02 the old range closes at the instant at which the new one opens", func(t *testing.T) {
			all := h.ranges("SOP-14")
			if len(all) != 2 || !all[0].Until.Equal(all[1].Since) || all[0].Ended != string(document.Superseded) || !all[1].Since.Equal(planned) {
				t.Fatalf("ranges = %+v", all)
			}
			for at, want := range map[time.Time]document.RevisionID{all[0].Since: first.ID, all[1].Since.Add(-time.Microsecond): first.ID, all[1].Since: next} {
				if v, err := h.effectiveAt("SOP-14", at); err != nil || v.ID != want {
					t.Errorf("at %s: %s, %v", at, v.ID, err)
				}
			}
			if _, err := h.effectiveAt("SOP-14", all[0].Since.Add(-time.Microsecond)); problem.KindOf(err) != problem.NotFound {
				t.Errorf("before the first: %v", err)
			}
			h.chained("SOP-14")
		})
		t.Run("AC-04 the database refuses a second effective revision", func(t *testing.T) {
			err := h.db.Update(testdb.System(), func(tx *store.Tx) error {
				_, err := tx.Exec(testdb.System(), `INSERT INTO effective_range (document, since, until, revision, ended) VALUES ($1, $2, 0, $3, '')`,
					string(first.Document), store.Micros(tx.Now)+1, string(first.ID))
				return err
			})
			h.refused(t, err, problem.Conflict)
		})
		t.Run("DC-03 RC-01 UR-05 what was in force stays readable as it was", func(t *testing.T) {
			v := revisionOf(t, h.db, first.ID)
			if v.State != document.Superseded || v.Source != first.Source || v.ContentHash != first.ContentHash || v.Rendition != first.Rendition {
				t.Errorf("revision = %+v", v)
			}
			shown, err := h.Display(testdb.System(), first.ID)
			if err != nil || shown.Digest != string(first.Rendition) || document.HexSum(shown.HTML) != shown.Digest {
				t.Errorf("display: %v", err)
			}
		})
		t.Run("PRD-16 rollback is a new revision with the old content", func(t *testing.T) {
			back := h.open("ann", document.Opening{Code: "SOP-14", Base: first.ID, Reason: "2.0 was wrong"})
			v := revisionOf(t, h.db, back)
			if v.Label != "3.0" || v.Source != first.Source || v.Base != first.ID {
				t.Errorf("revision = %+v", v)
			}
			if got := h.effective(back); got.ContentHash != first.ContentHash || got.ID == first.ID {
				t.Errorf("effective = %+v", got)
			}
			h.chained("SOP-14")
		})
	})
}

// Many workers tick at once while revisions and temporary instructions of one document come and go: at no instant are two
// of them effective.
func TestEffectivityUnderConcurrency(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		t.Run("AC-04 PRD-02 two effective revisions are impossible", func(t *testing.T) {
			random := rand.New(rand.NewPCG(14, 26))
			h.effective(h.create("ann", sop("SOP-14", "Event response")))
			h.assign("eve", "psirt_lead")
			for n := range 4 {
				if random.IntN(3) > 0 {
					next := h.open("ann", document.Opening{Code: "SOP-14", Reason: "again"})
					h.save("ann", next, sop("SOP-14", fmt.Sprintf("Event response %d", n)))
					h.approve(next, time.Time{})
				}
				for range random.IntN(3) {
					temp, err := h.PrepareTemporary(h.as("ann"), document.Temporary{Code: "SOP-14", Reason: "at once", Expires: h.db.Now().Add(time.Duration(1+random.IntN(5)) * time.Hour)})
					h.must(err)
					h.must(h.IssueTemporary(h.as("eve"), temp, h.signing("eve", temp, "needed")))
				}
				var wg sync.WaitGroup
				for range 8 {
					wg.Go(func() {
						if err := h.Tick(testdb.System()); err != nil {
							t.Errorf("tick: %v", err)
						}
					})
				}
				wg.Wait()
				h.chained("SOP-14")
				h.clock.Advance(time.Duration(random.IntN(6)) * time.Hour)
			}
			h.clock.Advance(24 * time.Hour)
			h.must(h.Tick(testdb.System()))
			h.chained("SOP-14")
			if v, err := h.effectiveAt("SOP-14", h.db.Now()); err != nil || v.Temporary {
				t.Errorf("at the end %s is in force, %v", v.Label, err)
			}
		})
	})
}

func TestTrainingGate(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		gated := func(code string) string {
			return sop(code, "Event response", "effective: {gate: training, threshold: 90}", "training: {audience: [psirt_lead], kind: read, due_days: 14}")
		}
		done, total := 0, 10
		h.TrainingReady = func(context.Context, store.Reader, document.RevisionID) (int, int, error) { return done, total, nil }
		state := func(rid document.RevisionID) document.State {
			h.must(h.Tick(testdb.System()))
			return revisionOf(t, h.db, rid).State
		}
		first := h.create("ann", gated("SOP-14"))
		h.approve(first, time.Time{})
		t.Run("PRD-11 approved and in training until the threshold", func(t *testing.T) {
			if done = 8; state(first) != document.InTraining {
				t.Error("80 of 90 per cent were enough")
			}
			why := read(t, h.db, func(ctx context.Context, r store.Reader) (string, error) { return h.Waits(ctx, r, first) })
			if done = 9; why != "training" || state(first) != document.InForce {
				t.Errorf("it waits for %q", why)
			}
		})
		t.Run("PRD-11 training that is not assigned yet is not done", func(t *testing.T) {
			nobody := h.create("ann", gated("SOP-17"))
			done, total = 0, 0
			h.approve(nobody, time.Time{})
			if s := state(nobody); s != document.InTraining {
				t.Errorf("state = %s", s)
			}
			h.clock.Advance(2 * time.Minute)
			if s := state(nobody); s != document.InForce {
				t.Errorf("state = %s", s)
			}
			total = 10
		})
		done = 0
		second := h.create("ann", gated("SOP-15"))
		h.approve(second, time.Time{})
		t.Run("PRD-11 or until the due date", func(t *testing.T) {
			h.clock.Advance(13 * 24 * time.Hour)
			if s := state(second); s != document.InTraining {
				t.Errorf("state = %s", s)
			}
			h.clock.Advance(25 * time.Hour)
			if s := state(second); s != document.InForce {
				t.Errorf("state = %s", s)
			}
		})
		third := h.create("ann", gated("SOP-16"))
		h.approve(third, time.Time{})
		t.Run("PRD-11 early release needs a signed reason of another person", func(t *testing.T) {
			h.refused(t, h.ReleaseEarly(h.as("cyn"), third, h.signing("cyn", third, " ")), problem.Invalid)
			h.assign("ann", "quality")
			h.refused(t, h.ReleaseEarly(h.as("ann"), third, h.signing("ann", third, "urgent")), problem.Forbidden)
			h.refused(t, h.ReleaseEarly(h.as("bob"), third, h.signing("bob", third, "urgent")), problem.Forbidden)
			h.must(h.ReleaseEarly(h.as("cyn"), third, h.signing("cyn", third, "attacks are under way")))
			if s := state(third); s != document.InForce {
				t.Errorf("state = %s", s)
			}
		})
	})
}

func impact() document.Impact {
	return document.Impact{Documents: "SOP-15 follows", Devices: "none", Training: "read again", Submissions: "none", Validation: "none"}
}

func TestChangeRequests(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.effective(h.create("ann", sop("SOP-14", "Event response")))
		h.effective(h.create("ann", sop("SOP-15", "Reporting")))
		c := document.Change{Title: "Faster reports", Reason: "a new rule", Class: document.MajorChange, Impact: impact(), Items: []document.Item{{Code: "SOP-14"}, {Code: "SOP-15"}}}
		t.Run("IM-01 PRD-16 a change request says every impact", func(t *testing.T) {
			empty := c
			empty.Impact = document.Impact{}
			_, err := h.OpenChange(h.as("ann"), empty)
			if len(problem.FaultsOf(err)) != 5 {
				t.Errorf("faults: %v", err)
			}
			minor := c
			minor.NotifyOnly = true
			_, err = h.OpenChange(h.as("ann"), minor)
			h.refused(t, err, problem.Invalid)
		})
		cid, err := h.OpenChange(h.as("ann"), c)
		h.must(err)
		one := h.open("ann", document.Opening{Code: "SOP-14", Change: cid, Reason: "a new rule"})
		two := h.open("ann", document.Opening{Code: "SOP-15", Change: cid, Reason: "a new rule"})
		h.save("ann", one, sop("SOP-14", "Event response, faster"))
		h.save("ann", two, sop("SOP-15", "Reporting, faster"))
		t.Run("PRD-06 editing the change request voids decisions about its revisions", func(t *testing.T) {
			h.must(h.Submit(h.as("ann"), one, ""))
			h.must(h.decide("bob", one, "security_architect"))
			c.ID, c.Impact.Training = cid, "a quiz"
			h.must(h.EditChange(h.as("ann"), c))
			h.refused(t, h.Freeze(h.as("ann"), one), problem.Conflict)
			h.must(h.decide("bob", one, "security_architect"))
			h.must(h.Freeze(h.as("ann"), one))
			h.must(h.OpenApproval(h.as("ann"), one, time.Time{}, h.signing("ann", one, "mine")))
			h.must(h.decide("dan", one, "psirt_lead"))
			h.must(h.decide("cyn", one, "quality"))
			h.refused(t, h.EditChange(h.as("ann"), c), problem.Conflict)
		})
		t.Run("PRD-16 its documents become effective at one instant, or none does", func(t *testing.T) {
			h.must(h.Tick(testdb.System()))
			if v := revisionOf(t, h.db, one); v.State != document.InTraining {
				t.Errorf("SOP-14 went alone: %s", v.State)
			}
			waits := read(t, h.db, func(ctx context.Context, r store.Reader) (map[string]string, error) {
				return h.AwaitingRelease(ctx, r, cid)
			})
			if len(waits) != 1 || waits["SOP-15"] != "approval" {
				t.Errorf("waits = %v", waits)
			}
			h.approve(two, time.Time{})
			h.must(h.Tick(testdb.System()))
			a, b := revisionOf(t, h.db, one), revisionOf(t, h.db, two)
			if a.State != document.InForce || b.State != document.InForce || !a.Since.Equal(b.Since) {
				t.Errorf("%s since %s, %s since %s", a.State, a.Since, b.State, b.Since)
			}
			got := read(t, h.db, func(ctx context.Context, r store.Reader) (document.Change, error) {
				return document.ChangeOf(ctx, r, cid)
			})
			if got.State != document.ChangeReleased {
				t.Errorf("change request is %s", got.State)
			}
		})
		t.Run("a revision needs an open change request that names it", func(t *testing.T) {
			_, err := h.Open(h.as("ann"), document.Opening{Code: "SOP-14", Change: cid, Reason: "late"})
			h.refused(t, err, problem.Invalid)
			other, err := h.OpenChange(h.as("ann"), document.Change{Title: "Other", Reason: "x", Class: document.MinorChange, Impact: impact(), Items: []document.Item{{Code: "SOP-15"}}})
			h.must(err)
			_, err = h.Open(h.as("ann"), document.Opening{Code: "SOP-14", Change: other, Reason: "not named"})
			h.refused(t, err, problem.Invalid)
			rid := h.open("ann", document.Opening{Code: "SOP-15", Change: other, Reason: "named"})
			h.refused(t, h.CancelChange(h.as("ann"), other, "not needed"), problem.Conflict)
			h.must(h.Reject(h.as("ann"), rid, "not needed"))
			h.must(h.CancelChange(h.as("ann"), other, "not needed"))
		})
	})
}

func TestWithdrawal(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.effective(h.create("ann", sop("SOP-14", "Event response")))
		withdraw := func(login string) (bool, error) {
			return h.Withdraw(h.as(login), v.ID, h.signing(login, v.ID, "it hurts people"))
		}
		t.Run("8.3 a withdrawal takes the signatures of two people", func(t *testing.T) {
			_, err := withdraw("ann")
			h.refused(t, err, problem.Forbidden)
			done, err := withdraw("cyn")
			if err != nil || done {
				t.Fatalf("first signature: %v, %v", done, err)
			}
			_, err = withdraw("cyn")
			h.refused(t, err, problem.Forbidden)
			if d := byCode(t, h.db, "SOP-14"); d.Effective != v.ID {
				t.Error("one signature took it out")
			}
			done, err = withdraw("eve")
			if err != nil || !done {
				t.Fatalf("second signature: %v, %v", done, err)
			}
			if d := byCode(t, h.db, "SOP-14"); d.Effective != "" || d.State != document.Withdrawn {
				t.Errorf("document = %+v", d)
			}
			h.chained("SOP-14")
		})
	})
}

func TestRetirement(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		old := h.effective(h.create("ann", sop("SOP-14", "Event response")))
		h.effective(h.create("ann", sop("SOP-15", "Reporting", "refs: [SOP-14]")))
		retire := func(login string, o document.Retirement) error {
			o.Code, o.Signing = "SOP-14", h.signing(login, old.ID, "merged into SOP-15")
			return h.Retire(h.as(login), o)
		}
		t.Run("PRD-20 not while something relies on it", func(t *testing.T) {
			h.refused(t, retire("cyn", document.Retirement{Successor: "SOP-15"}), problem.Conflict)
			rid := h.open("ann", document.Opening{Code: "SOP-15", Reason: "stands alone"})
			h.save("ann", rid, sop("SOP-15", "Reporting"))
			h.refused(t, retire("cyn", document.Retirement{Successor: "SOP-15"}), problem.Conflict)
			h.effective(rid)
		})
		t.Run("PRD-20 with a reason and a successor that is effective", func(t *testing.T) {
			h.refused(t, retire("cyn", document.Retirement{Successor: "SOP-14"}), problem.Invalid)
			h.refused(t, retire("bob", document.Retirement{Successor: "SOP-15"}), problem.Forbidden)
			h.must(retire("cyn", document.Retirement{Successor: "SOP-15"}))
			d := byCode(t, h.db, "SOP-14")
			if d.State != document.Retired || d.Effective != "" || d.Successor != "SOP-15" || d.RetireReason == "" {
				t.Errorf("document = %+v", d)
			}
			h.chained("SOP-14")
		})
		t.Run("PRD-24 DT-03 DC-10 nothing is deleted, and the code is not used again", func(t *testing.T) {
			_, err := h.Create(h.as("ann"), document.New{Content: document.Authored, Text: text(sop("SOP-14", "New"), "again")})
			h.refused(t, err, problem.Conflict)
			_, err = h.Open(h.as("ann"), document.Opening{Code: "SOP-14", Reason: "again"})
			h.refused(t, err, problem.Conflict)
			if v := revisionOf(t, h.db, old.ID); v.Source != old.Source || v.State != document.Retired {
				t.Errorf("revision = %+v", v)
			}
		})
		t.Run("DC-08 lists leave it out unless they ask for it", func(t *testing.T) {
			for state, want := range map[document.State]string{"": "SOP-15", document.Retired: "SOP-14"} {
				p := read(t, h.db, func(ctx context.Context, r store.Reader) (document.Page, error) {
					return document.Documents(ctx, r, document.Query{State: state})
				})
				if len(p.Items) != 1 || p.Items[0].Code != want {
					t.Errorf("state %q: %+v", state, p.Items)
				}
			}
		})
	})
}

func TestTemporaryInstruction(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		v := h.effective(h.create("ann", sop("SOP-14", "Event response")))
		h.assign("eve", "psirt_lead")
		prepare := func(o document.Temporary) (document.RevisionID, error) {
			o.Code, o.Reason = "SOP-14", "the telephone is down"
			return h.PrepareTemporary(h.as("ann"), o)
		}
		t.Run("PRD-18 it expires within 14 days", func(t *testing.T) {
			_, err := prepare(document.Temporary{Expires: h.db.Now().Add(15 * 24 * time.Hour)})
			h.refused(t, err, problem.Invalid)
		})
		temp, err := prepare(document.Temporary{Source: strings.Replace(sop("SOP-14", "Event response"), "We answer", "We answer by radio", 1)})
		h.must(err)
		t.Run("PRD-18 another person issues it, and it is effective at once", func(t *testing.T) {
			h.assign("ann", "quality")
			h.refused(t, h.IssueTemporary(h.as("ann"), temp, h.signing("ann", temp, "needed")), problem.Forbidden)
			h.refused(t, h.Submit(h.as("ann"), temp, ""), problem.Conflict)
			h.must(h.IssueTemporary(h.as("eve"), temp, h.signing("eve", temp, "needed")))
			h.must(h.Tick(testdb.System()))
			d := byCode(t, h.db, "SOP-14")
			if got := revisionOf(t, h.db, temp); d.Effective != temp || got.Label != "1.0-T1" || !got.Expires.Equal(got.At.AddDate(0, 0, 14)) {
				t.Errorf("revision = %+v", got)
			}
			h.chained("SOP-14")
		})
		t.Run("PRD-18 a revision begins with the rule, not with what stands in for it", func(t *testing.T) {
			next := h.open("ann", document.Opening{Code: "SOP-14", Reason: "something else"})
			if got := revisionOf(t, h.db, next); got.Source != v.Source || got.Base != v.ID {
				t.Errorf("revision = %+v", got)
			}
			h.must(h.Reject(h.as("ann"), next, "not needed"))
		})
		t.Run("PRD-18 a full review follows, by a third person", func(t *testing.T) {
			_, err := h.ReviewTemporary(h.as("eve"), temp, document.Adopt, h.signing("eve", temp, "good"))
			h.refused(t, err, problem.Forbidden)
			next, err := h.ReviewTemporary(h.as("cyn"), temp, document.Adopt, h.signing("cyn", temp, "good"))
			h.must(err)
			if got := revisionOf(t, h.db, next); got.State != document.Draft || !strings.Contains(got.Source, "by radio") || got.Label != "3.0" {
				t.Errorf("revision = %+v", got)
			}
			_, err = h.ReviewTemporary(h.as("cyn"), temp, document.Drop, h.signing("cyn", temp, "again"))
			h.refused(t, err, problem.Conflict)
		})
		t.Run("PRD-18 at its end what it replaced is in force again", func(t *testing.T) {
			h.clock.Advance(15 * 24 * time.Hour)
			h.must(h.Tick(testdb.System()))
			if d := byCode(t, h.db, "SOP-14"); d.Effective != v.ID || revisionOf(t, h.db, temp).State != document.Superseded {
				t.Errorf("document = %+v", d)
			}
			h.chained("SOP-14")
		})
	})
}
