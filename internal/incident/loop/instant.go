package loop

import (
	"context"
	"encoding/json"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Instant is a moment of an incident that metrics are counted between.
type Instant string

// The instants (reference incidents.md 4.7).
const (
	T0 Instant = "t0" // first malicious act
	T1 Instant = "t1" // first evidence in our data
	T2 Instant = "t2" // first alert
	T3 Instant = "t3" // triage began
	T4 Instant = "t4" // declared
	T5 Instant = "t5" // containment verified on the last device that was hit
	T6 Instant = "t6" // eradicated on the last device that was hit
	T7 Instant = "t7" // the last device that was hit is back in use, or retired
	T8 Instant = "t8" // closed
)

// Instants lists them in the order of an incident.
func Instants() []Instant { return []Instant{T0, T1, T2, T3, T4, T5, T6, T7, T8} }

// Words say what an instant is.
func (i Instant) Words() string {
	return map[Instant]string{T0: "first malicious act", T1: "first evidence in our data", T2: "first alert", T3: "triage began", T4: "declared", T5: "containment seen on the last device",
		T6: "eradicated on the last device", T7: "the last device is back in use", T8: "closed"}[i]
}

// Moment is when an instant was, and how that is known.
type Moment struct {
	Name     Instant
	At       time.Time // zero: unknown
	Earliest time.Time // of an estimate; zero for a record
	Latest   time.Time
	Basis    string // what it rests on
	Who      string // who estimated it; "" for a record
	Missing  string // why it is unknown
}

// Known says whether there is an instant.
func (m Moment) Known() bool { return !m.At.IsZero() }

// Estimate keeps what people estimate of an instant: the best guess within an interval, and what it rests on. For t0 and t1
// it stands before records; the others it fills where records say nothing. A later estimate takes the place of an earlier
// one, which stays in the journal.
func (d Desk) Estimate(ctx context.Context, of string, m Moment) error {
	return d.write(ctx, of, func(tx *store.Tx, i incident.Incident) error {
		var l problem.List
		if !slices.Contains(Instants(), m.Name) || m.Name == T4 || m.Name == T8 {
			l.Add("instant", "must be t0, t1, t2, t3, t5, t6 or t7: the others are records")
		}
		if m.Earliest.IsZero() || m.At.Before(m.Earliest) || m.Latest.Before(m.At) {
			l.Add("at", "must lie within the interval, which is required")
		}
		if m.Latest.After(tx.Now) {
			l.Add("latest", "lies in the future")
		}
		if m.Basis = strings.TrimSpace(m.Basis); m.Basis == "" || len(m.Basis) > maxText {
			l.Add("basis", "must have 1 to %d characters: what the estimate rests on", maxText)
		}
		if err := l.Err("the estimate is not valid"); err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO loop_instant (incident, name, at, earliest, latest, basis, actor_name, said) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (incident, name) DO UPDATE SET at = excluded.at, earliest = excluded.earliest, latest = excluded.latest, basis = excluded.basis, actor_name = excluded.actor_name, said = excluded.said`,
			i.ID, string(m.Name), store.Micros(m.At), store.Micros(m.Earliest), store.Micros(m.Latest), m.Basis, me.Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		day := func(t time.Time) string { return t.UTC().Format(time.RFC3339) }
		return record(ctx, tx, i, KindEstimated, Body{Instant: string(m.Name), At: day(m.At), Earliest: day(m.Earliest), Latest: day(m.Latest), Basis: m.Basis})
	})
}

func estimates(ctx context.Context, r store.Reader, of string) (map[Instant]Moment, error) {
	all, err := store.All(ctx, r, func(s store.Scanner) (Moment, error) {
		var m Moment
		var at, earliest, latest int64
		err := s.Scan(&m.Name, &at, &earliest, &latest, &m.Basis, &m.Who)
		m.At, m.Earliest, m.Latest = store.Time(at), store.Time(earliest), store.Time(latest)
		return m, err
	}, `SELECT name, at, earliest, latest, basis, actor_name FROM loop_instant WHERE incident = $1`, of)
	out := map[Instant]Moment{}
	for _, m := range all {
		out[m.Name] = m
	}
	return out, err
}

// past is what the journal says of an incident: when devices came into states, and how clinical work went on.
type past struct {
	devices map[string]map[incident.DeviceState]time.Time // the last time each
	stood   map[string][]standing                         // how each device stood, in order; the first is when it came in
	care    []careChange
}

// standing is how a device stands from an instant on.
type standing struct {
	at time.Time
	as incident.DeviceState
}

type careChange struct {
	at time.Time
	to incident.Care
}

// pastOf reads the journal of an incident. The first care is what it was declared with.
func pastOf(ctx context.Context, r store.Reader, i incident.Incident) (past, error) {
	p := past{devices: map[string]map[incident.DeviceState]time.Time{}, stood: map[string][]standing{}}
	var after int64
	for {
		part, err := store.Journal(ctx, r, store.JournalQuery{Subject: i.ID, Kinds: []string{incident.KindDeviceInvolved, incident.KindDeviceMoved, incident.KindChanged}, After: after, Limit: 1000})
		if err != nil {
			return p, err
		}
		for _, e := range part {
			after = e.Seq
			var b incident.Body
			if len(e.Body) == 0 || json.Unmarshal(e.Body, &b) != nil {
				continue // erased by law
			}
			if e.Kind == incident.KindDeviceInvolved {
				p.stood[b.Of] = append(p.stood[b.Of], standing{e.At, incident.DeviceUnknown})
			}
			p.take(e.At, b)
		}
		if len(part) < 1000 {
			break
		}
	}
	if len(p.care) == 0 { // it never changed
		p.care = []careChange{{i.Declared, i.Care}}
	}
	return p, nil
}

func (p *past) take(at time.Time, b incident.Body) {
	for _, c := range b.Changes {
		switch {
		case c.Field == "care":
			if len(p.care) == 0 {
				p.care = append(p.care, careChange{time.Time{}, incident.Care(c.Before)})
			}
			p.care = append(p.care, careChange{at, incident.Care(c.After)})
		case c.Field == "state" && b.Of != "":
			if p.devices[b.Of] == nil {
				p.devices[b.Of] = map[incident.DeviceState]time.Time{}
			}
			p.devices[b.Of][incident.DeviceState(c.After)] = at
			p.stood[b.Of] = append(p.stood[b.Of], standing{at, incident.DeviceState(c.After)})
		}
	}
}

// moments gathers every instant of an incident, from records and from what people estimate.
func moments(ctx context.Context, r store.Reader, f incident.File, p past) ([]Moment, error) {
	said, err := estimates(ctx, r, f.ID)
	if err != nil {
		return nil, err
	}
	found := map[Instant]Moment{T0: {Missing: "nobody has estimated it"}, T4: {At: f.Declared, Basis: "the incident was declared"}, T8: {At: f.Closed, Basis: "the incident was closed", Missing: "it is not closed"}}
	if err := alerted(ctx, r, f, found); err != nil {
		return nil, err
	}
	contained(f, p, found)
	found[T6] = last(f, p, "eradicated", incident.Eradicated, incident.DeviceRetired)
	found[T7] = last(f, p, "back in use or retired", incident.BackInUse, incident.DeviceRetired)
	var out []Moment
	for _, name := range Instants() {
		m := found[name]
		if e, ok := said[name]; ok && (!m.Known() || name == T0 || name == T1) {
			m = e
		}
		if m.Name = name; m.Known() {
			m.Missing = ""
		} else {
			m.Basis = ""
		}
		out = append(out, m)
	}
	return out, nil
}

// alerted finds t1 to t3 in the alerts that the incident came from.
func alerted(ctx context.Context, r store.Reader, f incident.File, found map[Instant]Moment) error {
	none := Moment{Missing: "no alert is linked with it"}
	found[T1], found[T2], found[T3] = none, none, none
	if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
		for _, t := range []Instant{T1, T2, T3} {
			found[t] = Moment{Missing: "you may not read alerts"}
		}
		return nil // who may not read alerts is told so
	}
	earlier := func(name Instant, at time.Time, basis string) {
		if m := found[name]; !at.IsZero() && (!m.Known() || at.Before(m.At)) {
			found[name] = Moment{At: at, Basis: basis}
		}
	}
	for _, l := range f.Links {
		if l.Kind != incident.FromAlert {
			continue
		}
		id, err := detection.Resolve(ctx, r, l.Target)
		if problem.KindOf(err) == problem.NotFound {
			continue // a number of another system
		}
		if err != nil {
			return err
		}
		a, err := detection.GetAlert(ctx, r, id)
		if err != nil {
			return err
		}
		earlier(T1, a.First, "first event of the alert "+a.Title)
		earlier(T2, a.Opened, "the alert "+a.Title)
		earlier(T3, a.Acked, a.AckedBy+" took the alert "+a.Title)
		if !found[T3].Known() {
			found[T3] = Moment{Missing: "nobody has taken the alert"}
		}
	}
	return nil
}

// contained finds t5: the last of the instants at which the containment of each device that was hit was first seen.
func contained(f incident.File, p past, found map[Instant]Moment) {
	m := Moment{Missing: "no device was found compromised"}
	for _, d := range f.Devices {
		if !d.State.Hit() {
			continue
		}
		var first time.Time
		for _, a := range f.Actions {
			if a.Device == d.ID && !a.Held.IsZero() && (first.IsZero() || a.Held.Before(first)) {
				first = a.Held
			}
		}
		if first.IsZero() {
			found[T5] = Moment{Missing: "no effect of a containment was seen on " + d.Name}
			return
		}
		if first.After(m.At) {
			m = Moment{At: first, Basis: "the effect was seen on " + d.Name}
		}
	}
	found[T5] = m
}

// last is the last instant at which every device that was hit had come into one of some states.
func last(f incident.File, p past, words string, states ...incident.DeviceState) Moment {
	m := Moment{Missing: "no device was found compromised"}
	for _, d := range f.Devices {
		if !d.State.Hit() {
			continue
		}
		var at time.Time
		for _, s := range states {
			if x := p.devices[d.ID][s]; x.After(at) {
				at = x
			}
		}
		if at.IsZero() {
			return Moment{Missing: d.Name + " is not " + words}
		}
		if at.After(m.At) {
			m = Moment{At: at, Basis: d.Name + " became " + words}
		}
	}
	return m
}
