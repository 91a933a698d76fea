package document_test

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// model is what ought to be true of one revision; each action says whether it is allowed, and changes it.
type model struct {
	state                     document.State
	reviewed, owned, assured  bool
	open                      []string // comments
	withdrawnBy               string
	edits                     int
	rid                       document.RevisionID
	moves                     [][2]document.State
	refusals, done, revisions int
}

func (m *model) to(s document.State) {
	m.moves = append(m.moves, [2]document.State{m.state, s})
	m.state = s
	if s == document.ChangesRequested || s == document.InReview {
		m.reviewed, m.owned, m.assured = false, false, false
	}
}

func (m *model) in(all ...document.State) bool { return slices.Contains(all, m.state) }

type action struct {
	name string
	may  func() bool
	do   func() error
	then func()
}

func (m *model) approvedBy(which *bool) {
	*which = true
	if m.owned && m.assured {
		m.to(document.InTraining)
	}
}

func (m *model) withdrawal(h *house, login string) action {
	return action{"withdraw " + login, func() bool { return m.in(document.InTraining, document.InForce) && m.withdrawnBy != login },
		func() error { _, err := h.Withdraw(h.as(login), m.rid, h.signing(login, m.rid, "danger")); return err },
		func() {
			if m.withdrawnBy == "" {
				m.withdrawnBy = login
				return
			}
			m.to(document.Withdrawn)
		}}
}

func (m *model) actions(h *house) []action {
	open := func() bool {
		return m.in(document.Draft, document.InReview, document.ChangesRequested, document.Frozen, document.InApproval)
	}
	decide := func(login string, f source.Function) func() error {
		return func() error { return h.decide(login, m.rid, f) }
	}
	never := func() bool { return false }
	clear := func() bool { return len(m.open) == 0 }
	return []action{
		{"submit", func() bool { return m.in(document.Draft, document.ChangesRequested) }, func() error { return h.Submit(h.as("ann"), m.rid, "") }, func() { m.to(document.InReview) }},
		{"review", func() bool { return m.in(document.InReview) && !m.reviewed }, decide("bob", "security_architect"), func() { m.reviewed = true }},
		{"freeze", func() bool { return m.in(document.InReview) && m.reviewed && clear() }, func() error { return h.Freeze(h.as("ann"), m.rid) }, func() { m.to(document.Frozen) }},
		{"open approval", func() bool { return m.in(document.Frozen) && clear() },
			func() error { return h.OpenApproval(h.as("ann"), m.rid, time.Time{}, h.signing("ann", m.rid, "mine")) }, func() { m.to(document.InApproval) }},
		{"approve as owner", func() bool { return m.in(document.InApproval) && !m.owned && clear() }, decide("dan", "psirt_lead"), func() { m.approvedBy(&m.owned) }},
		{"approve for quality", func() bool { return m.in(document.InApproval) && !m.assured && clear() }, decide("cyn", "quality"), func() { m.approvedBy(&m.assured) }},
		{"approve without the function", never, decide("bob", "quality"), nil},
		{"approve as author", never, decide("ann", "quality"), nil},
		{"send back", func() bool { return m.in(document.InReview, document.Frozen, document.InApproval) }, func() error { return h.SendBack(h.as("cyn"), m.rid, "not yet") },
			func() { m.to(document.ChangesRequested) }},
		{"reject", open, func() error { return h.Reject(h.as("cyn"), m.rid, "never") }, func() { m.to(document.Rejected) }},
		{"save", open, func() error {
			m.edits++
			v := revisionOf(h.t, h.db, m.rid)
			_, err := h.Save(h.as("ann"), document.Edit{Revision: m.rid, Version: v.Version, Text: text(sop("SOP-14", fmt.Sprintf("Version %d", m.edits)), "edit")})
			return err
		}, func() {
			if !m.in(document.Draft, document.ChangesRequested) {
				m.to(document.ChangesRequested)
			}
		}},
		{"comment", open, func() error {
			c, err := h.Comment(h.as("bob"), document.Comment{Revision: m.rid, Text: "why?"})
			if err == nil {
				m.open = append(m.open, c)
			}
			return err
		}, func() {}},
		{"settle", func() bool { return len(m.open) > 0 }, func() error {
			id := "cmt_none"
			if len(m.open) > 0 {
				id = m.open[0]
			}
			return h.Settle(h.as("ann"), id, document.Done, "")
		}, func() { m.open = m.open[1:] }},
		m.withdrawal(h, "cyn"),
		m.withdrawal(h, "eve"),
	}
}

// next begins another revision when the one before is at an end or in force.
func (m *model) next(h *house) {
	if m.state != "" && m.state.Working() {
		return
	}
	o := document.Opening{Code: "SOP-14", Reason: "next"}
	if m.state == "" {
		m.rid = h.create("ann", sop("SOP-14", "Version 0"))
	} else {
		m.rid = h.open("ann", o)
	}
	m.state, m.open, m.withdrawnBy = document.Draft, nil, ""
	m.reviewed, m.owned, m.assured = false, false, false
	m.revisions++
}

func TestStateMachine(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		t.Run("P11-06 random allowed and forbidden moves", func(t *testing.T) {
			h, m := newHouse(t, db, c), &model{}
			random := rand.New(rand.NewPCG(11, 10))
			for step := range 260 {
				if m.state == "" || !m.state.Working() && (m.state != document.InForce || random.IntN(4) == 0) {
					m.next(h)
				}
				all := m.actions(h)
				a := all[random.IntN(len(all))]
				if random.IntN(2) == 0 { // half of the steps go forward, so that every state is reached
					if forward := slices.IndexFunc(all[:6], func(x action) bool { return x.may() }); forward >= 0 {
						a = all[forward]
					} else if len(m.open) > 0 {
						a = all[slices.IndexFunc(all, func(x action) bool { return x.name == "settle" })]
					} else if random.IntN(2) == 0 {
						a = all[len(all)-1-random.IntN(2)] // one of the two who withdraw
					}
				}
				may, before := a.may(), m.state
				err := a.do()
				switch kind := problem.KindOf(err); {
				case may && err != nil:
					t.Fatalf("step %d: %s in state %s: %v", step, a.name, before, err)
				case !may && err == nil:
					t.Fatalf("step %d: %s in state %s was allowed", step, a.name, before)
				case !may && kind != problem.Conflict && kind != problem.Forbidden && kind != problem.Invalid && kind != problem.NotFound:
					t.Fatalf("step %d: %s in state %s: %v", step, a.name, before, err)
				case may:
					a.then()
					m.done++
				default:
					m.refusals++
				}
				if got := revisionOf(t, db, m.rid).State; got != m.state {
					t.Fatalf("step %d: after %s in state %s the revision is %s, want %s", step, a.name, before, got, m.state)
				}
				if m.state == document.InTraining && random.IntN(3) > 0 {
					h.must(h.Tick(testdb.System()))
					m.to(document.InForce)
				}
				h.chained("SOP-14")
			}
			seen := map[document.State]bool{}
			for _, mv := range m.moves {
				seen[mv[1]] = true
				if !slices.Contains(document.Moves()[mv[0]], mv[1]) {
					t.Errorf("%s to %s is not in the table", mv[0], mv[1])
				}
			}
			for _, s := range []document.State{document.InReview, document.ChangesRequested, document.Frozen, document.InApproval, document.InTraining, document.InForce, document.Rejected, document.Withdrawn} {
				if !seen[s] {
					t.Errorf("no step reached %s", s)
				}
			}
			if m.refusals < 40 || m.done < 60 {
				t.Errorf("%d moves, %d refusals: the test tries too little", m.done, m.refusals)
			}
		})
	})
}

func TestMovesAreClosed(t *testing.T) {
	for from, all := range document.Moves() {
		for _, to := range append(all, from) {
			if !slices.Contains(document.States(), to) {
				t.Errorf("%q is no state", to)
			}
		}
	}
	for _, end := range []document.State{document.Retired, document.Rejected, document.Withdrawn} {
		if len(document.Moves()[end]) > 0 {
			t.Errorf("%s is an end", end)
		}
	}
}
