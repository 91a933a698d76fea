package incident

import (
	"context"
	"encoding/json"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/incident/clock"
	"triward/internal/store"
)

// ClockOf is a clock with the incident and the legal entity that it runs for.
type ClockOf struct {
	clock.Clock
	Of     Incident
	Entity Entity
	Known  time.Time // when what starts it was recorded; zero when it is not to be found
}

// knownWithin is how long after its start a clock may become known without counting as one that started in the past.
const knownWithin = time.Hour

// Retroactive says whether a clock had been running for a while when what starts it became known: a late fact.
func (c ClockOf) Retroactive() bool { return c.Known.Sub(c.Start) > knownWithin }

// Ticking reads the clocks that run or may run, of incidents that were chosen within the reader's scope.
func Ticking(ctx context.Context, r store.Reader, all []Incident, now time.Time) ([]ClockOf, error) {
	var out []ClockOf
	for _, i := range all {
		who, err := entities(ctx, r, i.ID)
		if err != nil || len(who) == 0 {
			if err != nil {
				return nil, err
			}
			continue
		}
		clocks, err := clocksOf(ctx, r, who, now)
		if err != nil {
			return nil, err
		}
		said, err := saidOf(ctx, r, i)
		if err != nil {
			return nil, err
		}
		for _, e := range Ours(clocks) {
			for _, c := range e.Clocks {
				if c.State == clock.Running || c.State == clock.MayRun || c.State == clock.Overdue {
					out = append(out, ClockOf{c, i, e.Entity, said.known(e.ID, c)})
				}
			}
		}
	}
	return out, nil
}

// sayings are what was recorded about the legal entities of an incident, the newest first.
type sayings []saying

type saying struct {
	at   time.Time
	body Body
}

func saidOf(ctx context.Context, r store.Reader, i Incident) (sayings, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Subject: i.ID, Kinds: []string{KindEntitySet}, Order: store.NewestFirst, Limit: 1000})
	var out sayings
	for _, e := range all {
		s := saying{at: e.At}
		if json.Unmarshal(e.Body, &s.body) == nil {
			out = append(out, s)
		}
	}
	return out, err
}

// known is when what a clock of a legal entity depends on was recorded last.
func (all sayings) known(entity string, c clock.Clock) time.Time {
	on := append([]string{"aware", "roles", "jurisdictions", c.Stage.Start}, facts(c.Duty.When)...)
	if c.Stage.Start == "discovery" || c.Stage.Start == "reasonably_believes" || c.Stage.Start == "discovery_year_end" {
		on = append(on, "became_aware", "discovery") // what an undated start is counted from
	}
	for _, s := range all {
		if s.body.Of == entity && slices.ContainsFunc(s.body.Changes, func(x Change) bool { return slices.Contains(on, x.Field) }) {
			return s.at
		}
	}
	return time.Time{}
}

// facts are the names of the facts of a condition.
func facts(c content.Condition) []string {
	var out []string
	if c.Fact != "" {
		out = append(out, c.Fact)
	}
	for _, x := range slices.Concat(c.All, c.Any) {
		out = append(out, facts(x)...)
	}
	if c.Not != nil {
		out = append(out, facts(*c.Not)...)
	}
	return out
}

// harmFacts are the facts about people that a duty to report harm by a device is decided by.
var harmFacts = []string{"death", "serious_injury", "serious_deterioration"}

// HarmOccurred is the clinical level at which a person came to harm (reference incidents.md 4.4).
const HarmOccurred = 5

// ConcernsCare is the clinical level from which those who answer for clinical safety are told at once.
const ConcernsCare = 3

// harmed opens anew what was answered with no about harm, because harm occurred since: duties of vigilance and of device
// reports may run from now on, until somebody answers again.
func (i Incident) harmed(ctx context.Context, tx *store.Tx) error {
	all, err := entities(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	for _, e := range all {
		b := Body{Of: e.ID, Note: e.Name, Reason: "harm occurred: what was answered before is open again"}
		for _, name := range append([]string{"device_involved", "device_link_possible"}, harmFacts...) {
			if e.Facts[name] == clock.No {
				b.Changes = append(b.Changes, Change{name, string(clock.No), string(clock.Unknown)})
				delete(e.Facts, name)
			}
		}
		if len(b.Changes) == 0 {
			continue
		}
		if err := putEntity(ctx, tx, i.ID, e); err != nil {
			return err
		}
		// It follows from the severity, so it needs no permission beside that of changing it.
		if err := i.record(ctx, tx, KindChanged, b); err != nil {
			return err
		}
	}
	return nil
}

// RoseTo is when an incident came to the clinical level that it has, and the number of the entry that says so.
func RoseTo(ctx context.Context, r store.Reader, i Incident) (time.Time, int64, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Subject: i.ID, Kinds: []string{KindChanged, KindDeclared}, Order: store.NewestFirst, Limit: 1000})
	for _, e := range all {
		var b Body
		if json.Unmarshal(e.Body, &b) != nil {
			continue
		}
		if slices.ContainsFunc(b.Changes, func(x Change) bool { return x.Field == "clinical" && x.After == strconv.Itoa(i.Clinical) }) {
			return e.At, e.Seq, err
		}
	}
	return i.Declared, 0, err
}

// Lifted is an action that somebody lifted at the bedside.
type Lifted struct {
	Standing
	By, Reason string
	At         time.Time
	Seq        int64
}

// LiftedSince reads what was lifted since an instant, the newest first, as far as the actor may see it.
func LiftedSince(ctx context.Context, r store.Reader, since time.Time) ([]Lifted, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Kinds: []string{KindLifted}, Order: store.NewestFirst, Limit: 50})
	if err != nil {
		return nil, err
	}
	var out []Lifted
	for _, e := range all {
		var b Body
		if e.At.Before(since) || json.Unmarshal(e.Body, &b) != nil {
			continue
		}
		a, err := actionOf(ctx, r, b.Of)
		if err != nil {
			return nil, err
		}
		x := Lifted{By: e.ActorName, Reason: strings.TrimSpace(b.Reason), At: e.At, Seq: e.Seq, Standing: Standing{Action: a}}
		var ok bool
		if x.Of, x.Site, ok, err = seesAction(ctx, r, a); err != nil {
			return nil, err
		}
		if ok {
			out = append(out, x)
		}
	}
	return out, nil
}
