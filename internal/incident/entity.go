package incident

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/id"
	"triward/internal/incident/clock"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Entity is a legal entity that an incident concerns, with what it knows.
type Entity struct {
	ID   string // "ent_…"
	Name string
	clock.Entity
}

// EntityFacts is what is said about a legal entity; what is left out stays as it is.
type EntityFacts struct {
	Facts    map[string]clock.Truth
	Instants map[string]time.Time // by content.DutyStarts; a zero instant takes it back
	Zones    map[string]string    // by content.DutyStarts: the IANA zone in which the instant was told
	Observes []string             // ids of duties that are not in force and are kept all the same; nil leaves them
	Delays   []clock.Delay        // law enforcement asked to wait: all of them; nil leaves them
	Reason   string               // needed to change an instant or a delay that was set
}

// AddEntity says that a legal entity is concerned: what it is to authorities and since when it is aware (its own awareness,
// which may be later than ours).
func (c Cases) AddEntity(ctx context.Context, incident string, e Entity) (string, error) {
	err := c.open(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) (err error) {
		e.ID, err = i.addEntity(ctx, tx, e)
		return err
	})
	return e.ID, err
}

// AddEntityTx is [Cases.AddEntity] within a transaction, and of a closed incident too.
func AddEntityTx(ctx context.Context, tx *store.Tx, incident string, e Entity) (string, error) {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return "", err
	}
	return i.addEntity(ctx, tx, e)
}

func (i Incident) addEntity(ctx context.Context, tx *store.Tx, e Entity) (string, error) {
	if err := e.complete(tx.Now); err != nil {
		return "", err
	}
	var err error
	if e.ID, err = id.New("ent"); err != nil {
		return "", err
	}
	e.Ruled, e.Discharged, e.Answers, e.Delays = map[string]string{}, map[string]time.Time{}, map[string][]clock.Answer{}, nil
	if e.Facts == nil {
		e.Facts = map[string]clock.Truth{}
	}
	if err := putEntity(ctx, tx, i.ID, e); err != nil {
		return "", err
	}
	return e.ID, i.record(ctx, tx, KindEntitySet, Body{Of: e.ID, Note: e.Name, Changes: []Change{{"aware", "", instant(e.Instants["became_aware"])}, {"roles", "", strings.Join(e.Roles, ", ")},
		{"jurisdictions", "", strings.Join(e.Jurisdictions, ", ")}}})
}

// AwareTx records, inside the transaction that keeps the message, when a legal entity that was told became aware: it is added,
// or its awareness becomes the earlier of both instants (reference incidents.md 4.6: awareness is per legal entity). An entity
// that is added so has duties of its own ([clock.Entity.Theirs]).
func AwareTx(ctx context.Context, tx *store.Tx, incident string, e Entity, reason string) (string, error) {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return "", err
	}
	all, err := entities(ctx, tx, i.ID)
	if err != nil {
		return "", err
	}
	n := slices.IndexFunc(all, func(x Entity) bool { return strings.EqualFold(x.Name, strings.TrimSpace(e.Name)) })
	if n < 0 {
		e.Theirs = true
		return i.addEntity(ctx, tx, e)
	}
	have, aware := all[n], e.Instants["became_aware"]
	before := have.Instants["became_aware"]
	if !aware.Before(before) {
		return have.ID, nil
	}
	have.Instants["became_aware"] = aware
	if err := putEntity(ctx, tx, i.ID, have); err != nil {
		return "", err
	}
	return have.ID, i.record(ctx, tx, KindEntitySet, Body{Of: have.ID, Note: have.Name, Reason: reason, Changes: []Change{{"became_aware", instant(before), instant(aware)}}})
}

// complete brings the entity into the form in which it is kept, and tells what is missing or unknown.
func (e *Entity) complete(now time.Time) error {
	var l problem.List
	if strings.TrimSpace(e.Name) == "" {
		l.Add("name", "is required")
	}
	within(&l, "name", e.Name, maxTitle)
	if len(e.Jurisdictions) == 0 {
		l.Add("jurisdictions", "at least one is needed")
	}
	places := make([]string, 0, len(e.Jurisdictions))
	for _, j := range e.Jurisdictions {
		id, ok := content.JurisdictionOf(j)
		if !ok {
			l.Add("jurisdictions", "no duty is known for %q; known are %s, and the countries of the eu by their names", j, strings.Join(content.JurisdictionIDs(), ", "))
		}
		places = append(places, id)
	}
	slices.Sort(places)
	e.Jurisdictions = slices.Compact(places)
	if len(e.Roles) == 0 {
		l.Add("roles", "at least one is needed")
	}
	for _, r := range e.Roles {
		oneOf(&l, "roles", r, content.DutyRoles())
	}
	if e.Instants["became_aware"].IsZero() {
		l.Add("aware", "is required: reporting clocks run from it")
	}
	if err := checkFacts(&l, EntityFacts{Facts: e.Facts, Instants: e.Instants, Zones: e.Zones, Observes: e.Observes}, now); err != nil {
		return err
	}
	return l.Err("the legal entity is not complete")
}

func checkFacts(l *problem.List, f EntityFacts, now time.Time) error {
	known := content.DutyFacts()
	for name, v := range f.Facts {
		if !slices.ContainsFunc(known, func(x content.Fact) bool { return x.Name == name }) {
			l.Add("facts", "%q is not a fact that duties are decided by", name)
		}
		oneOf(l, "facts."+name, v, []clock.Truth{clock.Unknown, clock.Yes, clock.No})
	}
	for name, at := range f.Instants {
		oneOf(l, "instants", name, content.DutyStarts())
		if at.After(now) {
			l.Add("instants."+name, "lies in the future")
		}
	}
	for name, zone := range f.Zones {
		oneOf(l, "zones", name, content.DutyStarts())
		if _, err := time.LoadLocation(zone); err != nil || zone == "Local" {
			l.Add("zones."+name, "%q is no time zone, as Europe/Berlin", zone)
		}
	}
	if err := checkObserved(l, f.Observes); err != nil {
		return err
	}
	checkDelays(l, f.Delays)
	return nil
}

// checkObserved refuses ids that no duty has, and duties that are in force without anybody's choice.
func checkObserved(l *problem.List, ids []string) error {
	if len(ids) == 0 {
		return nil
	}
	optional, err := content.OptionalDuties()
	if err != nil {
		return err
	}
	for _, id := range ids {
		if !slices.ContainsFunc(optional, func(d content.Duty) bool { return d.ID == id }) {
			l.Add("observes", "%q is not a duty that can be kept before it is in force", id)
		}
	}
	return nil
}

const maxDelays = 20

func checkDelays(l *problem.List, all []clock.Delay) {
	if len(all) > maxDelays {
		l.Add("delays", "are %d, at most %d", len(all), maxDelays)
	}
	for _, d := range all {
		switch {
		case d.From.IsZero() || !d.To.After(d.From):
			l.Add("delays.to", "must be after the beginning of the delay")
		case d.Oral && d.To.Sub(d.From) > clock.OralDelay:
			l.Add("delays.to", "is more than 30 days after the statement, which needs it in writing (45 CFR 164.412)")
		}
		if strings.TrimSpace(d.Evidence) == "" {
			l.Add("delays.evidence", "is required: agency, official, and where the statement is")
		}
		within(l, "delays.evidence", d.Evidence, maxText)
	}
}

// ofEntity lets somebody change an entity of an incident, closed ones too: a report may be due after the end.
func (c Cases) ofEntity(ctx context.Context, incident, entity, kind string, fn func(tx *store.Tx, e *Entity) (Body, error)) error {
	return c.change(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) error {
		return i.setEntity(ctx, tx, entity, kind, fn)
	})
}

func (i Incident) setEntity(ctx context.Context, tx *store.Tx, entity, kind string, fn func(tx *store.Tx, e *Entity) (Body, error)) error {
	all, err := entities(ctx, tx, i.ID)
	if err != nil {
		return err
	}
	n := slices.IndexFunc(all, func(e Entity) bool { return e.ID == entity })
	if n < 0 {
		return problem.New(problem.NotFound, "there is no such legal entity in %s", i.Number)
	}
	e := all[n]
	b, err := fn(tx, &e)
	if err != nil {
		return err
	}
	if err := putEntity(ctx, tx, i.ID, e); err != nil {
		return err
	}
	b.Of, b.Note = e.ID, e.Name
	return i.record(ctx, tx, kind, b)
}

// SetFacts says what is known. Clocks follow from it at once, also with effect for the past.
func (c Cases) SetFacts(ctx context.Context, incident, entity string, f EntityFacts) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error { return SetFactsTx(ctx, tx, incident, entity, f) })
}

// SetFactsTx is [Cases.SetFacts] within a transaction.
func SetFactsTx(ctx context.Context, tx *store.Tx, incident, entity string, f EntityFacts) error {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return err
	}
	return i.setEntity(ctx, tx, entity, KindEntitySet, func(tx *store.Tx, e *Entity) (Body, error) { return i.setFacts(tx, e, f) })
}

func (i Incident) setFacts(tx *store.Tx, e *Entity, f EntityFacts) (Body, error) {
	var l problem.List
	if err := checkFacts(&l, f, tx.Now); err != nil {
		return Body{}, err
	}
	b := Body{Reason: strings.TrimSpace(f.Reason)}
	for _, name := range slices.Sorted(maps.Keys(f.Facts)) {
		if e.Facts[name] != f.Facts[name] {
			if i.Clinical >= HarmOccurred && f.Facts[name] == clock.No && slices.Contains(harmFacts, name) && b.Reason == "" {
				l.Add("reason", "is required: harm occurred; say why it is no %s", word(name))
			}
			b.Changes = append(b.Changes, Change{name, string(e.Facts[name]), string(f.Facts[name])})
			e.Facts[name] = f.Facts[name]
		}
	}
	b.Changes = append(b.Changes, e.setInstants(&l, f, b.Reason)...)
	if f.Observes != nil && !slices.Equal(f.Observes, e.Observes) {
		b.Changes = append(b.Changes, Change{"observes", strings.Join(e.Observes, ", "), strings.Join(f.Observes, ", ")})
		e.Observes = f.Observes
	}
	b.Changes = append(b.Changes, e.setDelays(&l, f.Delays, b.Reason)...)
	return b, l.Err("the facts cannot be kept")
}

// setInstants sets the instants and the zones in which they were told.
func (e *Entity) setInstants(l *problem.List, f EntityFacts, reason string) []Change {
	var out []Change
	for _, name := range slices.Sorted(maps.Keys(f.Instants)) {
		before, after := e.Instants[name], f.Instants[name]
		if before.Equal(after) {
			continue
		}
		if !before.IsZero() && reason == "" {
			l.Add("reason", "is required: a clock runs from %s", word(name))
		}
		out = append(out, Change{name, instant(before), instant(after)})
		if e.Instants[name] = after; after.IsZero() {
			delete(e.Instants, name)
			delete(e.Zones, name)
		}
	}
	if e.Instants["became_aware"].IsZero() {
		l.Add("instants.became_aware", "cannot be taken back")
	}
	for _, name := range slices.Sorted(maps.Keys(f.Zones)) {
		if zone := f.Zones[name]; e.Zones[name] != zone && !e.Instants[name].IsZero() {
			out = append(out, Change{name + "_zone", e.Zones[name], zone})
			if e.Zones == nil {
				e.Zones = map[string]string{}
			}
			e.Zones[name] = zone
		}
	}
	return out
}

// setDelays sets the spans in which law enforcement asked to wait.
func (e *Entity) setDelays(l *problem.List, all []clock.Delay, reason string) []Change {
	if all == nil {
		return nil
	}
	c := Change{"law_enforcement_delay", clock.Words(e.Delays), clock.Words(all)}
	if c.Before == c.After {
		return nil
	}
	taken := slices.ContainsFunc(e.Delays, func(d clock.Delay) bool { return !slices.ContainsFunc(all, d.Equal) })
	if taken && reason == "" {
		l.Add("reason", "is required: a delay that law enforcement asked for is changed")
	}
	e.Delays = all
	return []Change{c}
}

// Rule says that a duty does not apply to an entity, and why. "" takes it back.
func (c Cases) Rule(ctx context.Context, incident, entity, duty, reason string) error {
	return c.ofEntity(ctx, incident, entity, KindClockRuled, func(_ *store.Tx, e *Entity) (Body, error) {
		if err := stageOf(duty, ""); err != nil {
			return Body{}, err
		}
		reason = strings.TrimSpace(reason)
		if reason == "" && e.Ruled[duty] == "" {
			return Body{}, problem.New(problem.Invalid, "say why the duty does not apply")
		}
		b := Body{Reason: reason, Changes: []Change{{duty, e.Ruled[duty], reason}}}
		if e.Ruled == nil {
			e.Ruled = map[string]string{}
		}
		if e.Ruled[duty] = reason; reason == "" {
			delete(e.Ruled, duty)
		}
		return b, nil
	})
}

// EntityClocks are the clocks of one legal entity.
type EntityClocks struct {
	Entity
	Clocks []clock.Clock
}

// Ours are those whose duties somebody here answers for.
func Ours(all []EntityClocks) []EntityClocks {
	return slices.DeleteFunc(slices.Clone(all), func(e EntityClocks) bool { return e.Theirs })
}

// Clocks computes the clocks of an incident as they stand at an instant.
func Clocks(ctx context.Context, r store.Reader, incident string, now time.Time) ([]EntityClocks, error) {
	i, err := one(ctx, r, incident)
	if err != nil {
		return nil, err
	}
	who, err := entities(ctx, r, i.ID)
	if err != nil {
		return nil, err
	}
	return clocksOf(ctx, r, who, now)
}

func clocksOf(ctx context.Context, r store.Reader, who []Entity, now time.Time) ([]EntityClocks, error) {
	duties, err := content.Duties()
	if err != nil || len(who) == 0 {
		return nil, err
	}
	if who, err = withHolidays(ctx, r, who); err != nil {
		return nil, err
	}
	out := make([]EntityClocks, len(who))
	for n, e := range who {
		out[n].Entity = e
		if out[n].Clocks, err = clock.Evaluate(duties, e.Entity, now); err != nil {
			return nil, fmt.Errorf("clocks of %s: %w", e.Name, err)
		}
	}
	return out, nil
}
