package exercise

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/store"
)

// Standing is how something that is expected stands.
type Standing string

// The standings.
const (
	NotYet     Standing = "not_yet" // the inject from which its time runs has not happened
	InTime     Standing = "in_time"
	Late       Standing = "late" // done after its time
	Missed     Standing = "missed"
	Expected   Standing = "expected"    // there is time left
	Overdue    Standing = "overdue"     // its time is over, and it may still be done
	NotReached Standing = "not_reached" // the exercise ended before its inject
)

// Act is an entry of the journal that belongs to an exercise.
type Act struct {
	Kind      string
	At        time.Time
	Actor     string
	ActorName string
	Changes   []incident.Change
}

// Mark is something expected, and what became of it.
type Mark struct {
	ID, Title, Role string
	Target          time.Duration
	Due             time.Time     // zero: not yet
	Done            time.Time     // zero: not done
	Took            time.Duration // since the time ran
	By, ByName      string
	Standing        Standing
}

// Tally counts the marks of a role; Role "" is all.
type Tally struct {
	Role                         string
	InTime, Late, Missed, Others int
}

// Participant is a person who did something.
type Participant struct {
	Account, Name string
	Acts          int
	InTime, Late  int // of what was expected, done by this person
}

// ClockTally counts the reports that clocks run for or may run for, as they stand at the end.
type ClockTally struct {
	InTime, Late int // recorded as sent
	Unanswered   int // neither sent, nor shown to be needless
	Overdue      int // of those: their time is over
}

// Report is what came out of an exercise.
type Report struct {
	Marks   []Mark
	Tallies []Tally // the roles in the order of the marks, then all
	People  []Participant
	Clocks  ClockTally
}

// Score computes the report of an exercise as it stands at an instant: what was expected with what people did, acts in the
// order of time. The clocks are counted by [Report.count].
func Score(x Exercise, given []Given, acts []Act, now time.Time) Report {
	var r Report
	at := map[string]time.Time{"": x.Started}
	for _, g := range given {
		at[g.ID] = g.At
	}
	for _, e := range x.Scenario.Expects {
		m := Mark{ID: e.ID, Title: e.Title, Role: e.Role, Target: e.Within}
		since := at[e.After]
		if n := slices.IndexFunc(acts, func(a Act) bool { return a.fits(e.Kind, e.Field, e.Value) }); n >= 0 {
			m.Done, m.By, m.ByName = acts[n].At, acts[n].Actor, acts[n].ActorName
		}
		x.settle(&m, since, now)
		r.Marks = append(r.Marks, m)
	}
	for _, g := range given {
		if g.Kind != Question {
			continue
		}
		m := Mark{ID: g.ID, Title: "Answer to " + strings.TrimSpace(g.From) + ": " + g.Text, Role: g.To, Target: g.Within, Done: g.Answered, By: g.By, ByName: g.ByName}
		x.settle(&m, g.At, now)
		r.Marks = append(r.Marks, m)
	}
	r.tally()
	r.takePart(x, acts)
	return r
}

// fits says whether an act is what is expected. What the exercise itself told is nobody's doing.
func (a Act) fits(kind, field, value string) bool {
	if a.Actor == store.System(player).ID {
		return false
	}
	if a.Kind != kind || field == "" {
		return a.Kind == kind
	}
	return slices.ContainsFunc(a.Changes, func(c incident.Change) bool { return c.Field == field && (value == "" || c.After == value) })
}

// settle says how a mark stands now whose time runs from an instant. When the exercise is over, so is its time.
func (x Exercise) settle(m *Mark, since, now time.Time) {
	over := !x.Stopped.IsZero()
	if !since.IsZero() {
		m.Due = since.Add(m.Target)
	}
	switch {
	case !m.Done.IsZero() && (since.IsZero() || !m.Done.After(m.Due)):
		m.Standing = InTime // also what was done before it was called for
		m.Took = max(m.Done.Sub(since), 0)
		if since.IsZero() {
			m.Took = 0
		}
	case !m.Done.IsZero():
		m.Standing, m.Took = Late, m.Done.Sub(since)
	case since.IsZero() && over:
		m.Standing = NotReached
	case since.IsZero():
		m.Standing = NotYet
	case over:
		m.Standing = Missed
	case now.After(m.Due):
		m.Standing = Overdue
	default:
		m.Standing = Expected
	}
}

func (r *Report) tally() {
	all := Tally{}
	for _, m := range r.Marks {
		n := slices.IndexFunc(r.Tallies, func(t Tally) bool { return t.Role == m.Role })
		if n < 0 {
			n, r.Tallies = len(r.Tallies), append(r.Tallies, Tally{Role: m.Role})
		}
		for _, t := range []*Tally{&r.Tallies[n], &all} {
			switch m.Standing {
			case InTime:
				t.InTime++
			case Late:
				t.Late++
			case Missed, Overdue:
				t.Missed++
			default:
				t.Others++
			}
		}
	}
	r.Tallies = append(r.Tallies, all)
}

// count counts clocks that concern the entities, at the end of the exercise: what was sent after it does not count. A clock
// that waits for its start has nothing to answer yet.
func (r *Report) count(all []incident.EntityClocks, end time.Time) {
	t := &r.Clocks
	for _, e := range all {
		for _, c := range e.Clocks {
			sent := e.Discharged[clock.Key(c.Duty.ID, c.Stage.ID)]
			switch {
			case c.State == clock.Waiting:
			case sent.IsZero() || sent.After(end):
				t.Unanswered++
				if !c.Latest.IsZero() && end.After(c.Latest) {
					t.Overdue++
				}
			case c.Late:
				t.Late++
			default:
				t.InTime++
			}
		}
	}
}

// words tell the tally.
func (t ClockTally) words() string {
	return fmt.Sprintf("Of %d reports to authorities and people, %d were sent in time, %d late, %d not.", t.InTime+t.Late+t.Unanswered, t.InTime, t.Late, t.Unanswered)
}

// takePart lists who did something; the program itself is nobody.
func (r *Report) takePart(x Exercise, acts []Act) {
	of := func(account, name string) *Participant {
		n := slices.IndexFunc(r.People, func(p Participant) bool { return p.Account == account })
		if n < 0 {
			n, r.People = len(r.People), append(r.People, Participant{Account: account, Name: name})
		}
		return &r.People[n]
	}
	of(x.Leader, x.LeaderName)
	for _, a := range acts {
		if strings.HasPrefix(a.Actor, "usr_") {
			of(a.Actor, a.ActorName).Acts++
		}
	}
	for _, m := range r.Marks {
		if !strings.HasPrefix(m.By, "usr_") {
			continue
		}
		if p := of(m.By, m.ByName); m.Standing == Late {
			p.Late++
		} else {
			p.InTime++
		}
	}
	slices.SortStableFunc(r.People, func(a, b Participant) int { return strings.Compare(a.Name, b.Name) })
}

// resultOf is what a person did, in words, for the record of training.
func (r Report) resultOf(account string) string {
	all := r.Tallies[len(r.Tallies)-1]
	team := fmt.Sprintf("Of %d things expected of all, %d came in time, %d late, %d not.", len(r.Marks), all.InTime, all.Late, len(r.Marks)-all.InTime-all.Late)
	if r.Clocks != (ClockTally{}) {
		team += " " + r.Clocks.words()
	}
	n := slices.IndexFunc(r.People, func(p Participant) bool { return p.Account == account })
	if n < 0 {
		return "Took part without an entry of their own. " + team
	}
	p := r.People[n]
	return fmt.Sprintf("%d entries of their own; did %d of what was expected in time and %d late. %s", p.Acts, p.InTime, p.Late, team)
}
