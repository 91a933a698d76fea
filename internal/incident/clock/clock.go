package clock

import (
	"slices"
	"strings"
	"time"

	"triward/internal/content"
)

// Truth is what is known of a fact.
type Truth string

// What can be known. The zero value is unknown.
const (
	Unknown Truth = ""
	Yes     Truth = "yes"
	No      Truth = "no"
)

// Entity is a legal entity in an incident: what it is to authorities, and what it knows.
type Entity struct {
	Theirs        bool                 // its duties are its own: they are shown, and nobody here answers for them
	Jurisdictions []string             // ids of content.Jurisdictions
	Roles         []string             // content.DutyRoles
	Observes      []string             // ids of duties that are not in force but are kept all the same
	Holidays      map[string][]string  // by calendar: further days without work, YYYY-MM-DD
	Facts         map[string]Truth     // content.DutyFacts; a missing one is unknown
	Instants      map[string]time.Time // content.DutyStarts: when this entity became aware, and so on
	Zones         map[string]string    // by instant: the IANA zone in which it was told; a missing one is UTC
	Ruled         map[string]string    // duty id: why a person ruled that it does not apply
	Discharged    map[string]time.Time // "duty/stage": when the report was sent
	Answers       map[string][]Answer  // "duty/stage": all that was recorded about sending it, oldest first
	Delays        []Delay              // law enforcement asked to wait (45 CFR 164.412)
}

// In is an instant of the entity in the zone in which it was told.
func (e Entity) In(name string) time.Time {
	at := e.Instants[name]
	if zone, err := time.LoadLocation(e.Zones[name]); err == nil && !at.IsZero() {
		return at.In(zone)
	}
	return at
}

// Delay is a span during which a duty that allows it stands still.
type Delay struct {
	From, To time.Time
	Oral     bool   // the official only said it: at most OralDelay
	Evidence string // agency, official, and the statement
}

// Equal says whether two delays say the same.
func (d Delay) Equal(x Delay) bool {
	return d.From.Equal(x.From) && d.To.Equal(x.To) && d.Oral == x.Oral && d.Evidence == x.Evidence
}

// Words writes delays down, for the journal.
func Words(all []Delay) string {
	var out []string
	for _, d := range all {
		how := "in writing"
		if d.Oral {
			how = "spoken"
		}
		out = append(out, d.From.UTC().Format(time.RFC3339)+" to "+d.To.UTC().Format(time.RFC3339)+", "+how+": "+d.Evidence)
	}
	return strings.Join(out, "; ")
}

// OralDelay is how long a spoken statement of law enforcement delays a notice at most (45 CFR 164.412(b)).
const OralDelay = 30 * 24 * time.Hour

// Answer is a record that a report was sent.
type Answer struct {
	At       time.Time
	Evidence string // the authority's reference, or the file that shows it
	Reason   string // why it was recorded again
	ByName   string
	Recorded time.Time
}

// State is how a stage stands.
type State string

// The states of a stage.
const (
	NotApplicable State = "not_applicable" // its condition is no, or a person ruled so
	NotInForce    State = "not_in_force"   // proposed, unconfirmed or not yet applicable law, and not observed
	Waiting       State = "waiting"        // it applies; the instant from which it runs has not come
	MayRun        State = "may_run"        // facts are unknown: counted as if it applied
	Running       State = "running"
	Overdue       State = "overdue"
	Discharged    State = "discharged"
)

// Clock is one stage of a duty for one entity.
type Clock struct {
	Duty    content.Duty
	Stage   content.Stage
	State   State
	Reason  string        // of NotApplicable and NotInForce
	Missing []string      // facts that would decide a clock that may run
	Start   time.Time     // in the authority's zone; zero when it has not come
	Latest  time.Time     // the last lawful instant; zero: without delay
	Target  time.Time     // half of the time: our own aim
	Slack   time.Duration // what is left until Latest (when discharged: was left); negative is too late
	Late    bool          // Slack is negative
	Answers []Answer      // what was recorded about sending it, oldest first
}

// Key names a stage in Entity.Discharged.
func Key(duty, stage string) string { return duty + "/" + stage }

// Evaluate gives every stage of every duty that concerns the entity, in the order of the duties.
func Evaluate(duties []content.Duty, e Entity, now time.Time) ([]Clock, error) {
	var out []Clock
	for n, d := range duties {
		if slices.ContainsFunc(duties[:n], func(x content.Duty) bool { return x.ID == d.ID }) {
			continue
		}
		d = versionOf(duties[n:], e, now)
		here := slices.ContainsFunc(e.Jurisdictions, func(j string) bool { return strings.EqualFold(j, d.Jurisdiction) })
		if !here || !slices.ContainsFunc(d.Roles, func(r string) bool { return slices.Contains(e.Roles, r) }) {
			continue
		}
		zone, err := time.LoadLocation(d.Zone)
		if err != nil {
			return nil, err
		}
		for i := range d.Stages {
			out = append(out, stage(d, i, e, now.In(zone)))
		}
	}
	return out, nil
}

func stage(d content.Duty, i int, e Entity, now time.Time) Clock {
	c := Clock{Duty: d, Stage: d.Stages[i], Answers: e.Answers[Key(d.ID, d.Stages[i].ID)]}
	answer := holds(d.When, e.Facts)
	switch reason := e.Ruled[d.ID]; {
	case reason != "":
		c.State, c.Reason = NotApplicable, reason
		return c
	case answer == No:
		c.State, c.Reason = NotApplicable, "its condition is not met"
		return c
	}
	if reason := outOfForce(d, begun(d, e, now)); reason != "" && !slices.Contains(e.Observes, d.ID) {
		c.State, c.Reason = NotInForce, reason
		return c
	}
	if answer == Unknown {
		c.Missing = deciding(d.When, e.Facts)
	}
	start, ok := startOf(d, i, e)
	if !ok {
		c.State = Waiting
		return c
	}
	start = start.In(now.Location())
	c.Start = start
	c.Latest = latest(c.Stage, start, calendar(d, e))
	if d.Delay != "" && !c.Latest.IsZero() {
		c.Latest = delayed(e.Delays, start, c.Latest)
	}
	return c.at(now, answer, e.Discharged[Key(d.ID, c.Stage.ID)])
}

// at sets what depends on the present instant and on the discharge.
func (c Clock) at(now time.Time, answer Truth, done time.Time) Clock {
	until := now
	if !done.IsZero() {
		until = done
	}
	if !c.Latest.IsZero() {
		c.Target = c.Start.Add(c.Latest.Sub(c.Start) / 2)
		c.Slack = c.Latest.Sub(until)
		c.Late = c.Slack < 0
	}
	switch {
	case !done.IsZero():
		c.State = Discharged
	case c.Late:
		c.State = Overdue
	case answer == Unknown:
		c.State = MayRun
	default:
		c.State = Running
	}
	return c
}

// versionOf is the version of the first of the duties that was in force when it began to run, or the first one.
func versionOf(duties []content.Duty, e Entity, now time.Time) content.Duty {
	out := duties[0]
	for _, d := range duties[1:] {
		if d.ID == out.ID && d.From <= begun(d, e, now) {
			out = d
		}
	}
	return out
}

// begun is the day, in the authority's zone, by which it is decided whether a duty is in force and in which version: that of its
// first stage. Later stages stay under the law under which it began.
func begun(d content.Duty, e Entity, now time.Time) string {
	start, ok := startOf(d, 0, e)
	if !ok {
		start = now
	}
	if zone, err := time.LoadLocation(d.Zone); err == nil {
		start = start.In(zone)
	}
	return start.Format(time.DateOnly)
}

// startOf is the instant from which a stage runs. Belief and discovery that nobody dated are counted from awareness, the
// earliest of them.
func startOf(d content.Duty, i int, e Entity) (time.Time, bool) {
	at := func(names ...string) (time.Time, bool) {
		for _, n := range names {
			if t, ok := e.Instants[n]; ok && !t.IsZero() {
				return t, true
			}
		}
		return time.Time{}, false
	}
	switch s := d.Stages[i].Start; s {
	case "previous_submitted":
		t, ok := e.Discharged[Key(d.ID, d.Stages[i-1].ID)]
		return t, ok
	case "discovery", "reasonably_believes":
		return at(s, "became_aware")
	case "discovery_year_end":
		t, ok := at("discovery", "became_aware")
		return yearEnd(t, d.Zone), ok
	case "report_year_end":
		t, ok := at("report_sent")
		return yearEnd(t, d.Zone), ok
	default:
		return at(s)
	}
}

// yearEnd is noon of the last day of the year of t in a zone.
func yearEnd(t time.Time, name string) time.Time {
	zone, err := time.LoadLocation(name)
	if err != nil {
		return t
	}
	return time.Date(t.In(zone).Year(), time.December, 31, 12, 0, 0, 0, zone)
}

func outOfForce(d content.Duty, day string) string {
	switch {
	case d.Status == "repealed" && (d.To == "" || day > d.To):
		return "repealed"
	case d.Status != "in_force" && d.Status != "repealed":
		return "the law is " + d.Status
	case d.From != "" && day < d.From:
		return "applies from " + d.From
	case d.To != "" && day > d.To:
		return "applied until " + d.To
	}
	return ""
}

func calendar(d content.Duty, e Entity) Calendar {
	c := Calendar{Name: d.Calendar, Holidays: map[string]bool{}}
	for _, day := range e.Holidays[d.Calendar] {
		c.Holidays[day] = true
	}
	return c
}

// delayed moves the latest instant by the time during which the duty stood still after its start. Spans that overlap count
// once; one that begins when the time had run out already moves nothing.
func delayed(spans []Delay, start, latest time.Time) time.Time {
	spans = slices.Clone(spans)
	slices.SortFunc(spans, func(a, b Delay) int { return a.From.Compare(b.From) })
	done := start
	for _, s := range spans {
		from := s.From
		if from.Before(done) {
			from = done
		}
		if s.To.After(from) && !from.After(latest) {
			latest = latest.Add(s.To.Sub(from))
			done = s.To
		}
	}
	return latest
}

// Holds decides a condition over facts.
func Holds(c content.Condition, facts map[string]Truth) Truth { return holds(c, facts) }

// holds decides a condition in the logic of three values (Kleene).
func holds(c content.Condition, facts map[string]Truth) Truth {
	switch {
	case c.Not != nil:
		return map[Truth]Truth{Yes: No, No: Yes}[holds(*c.Not, facts)]
	case c.Fact != "":
		return facts[c.Fact]
	case len(c.All) > 0:
		return join(c.All, facts, No, Yes)
	default:
		return join(c.Any, facts, Yes, No)
	}
}

// join is strong when one part is, weak when all parts are the other, and unknown otherwise.
func join(parts []content.Condition, facts map[string]Truth, strong, weak Truth) Truth {
	out := weak
	for _, p := range parts {
		switch holds(p, facts) {
		case strong:
			return strong
		case Unknown:
			out = Unknown
		}
	}
	return out
}

// deciding lists the unknown facts inside the parts that are undecided, each once.
func deciding(c content.Condition, facts map[string]Truth) []string {
	var out []string
	var walk func(content.Condition)
	walk = func(c content.Condition) {
		if holds(c, facts) != Unknown {
			return
		}
		if c.Fact != "" {
			out = append(out, c.Fact)
		}
		if c.Not != nil {
			walk(*c.Not)
		}
		for _, part := range append(slices.Clone(c.All), c.Any...) {
			walk(part)
		}
	}
	walk(c)
	slices.Sort(out)
	return slices.Compact(out)
}
