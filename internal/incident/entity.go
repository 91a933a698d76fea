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
	Observes []string             // nil leaves it
	Reason   string               // needed to change an instant that was set
}

// AddEntity says that a legal entity is concerned: what it is to authorities and since when it is aware (its own awareness,
// which may be later than ours).
func (c Cases) AddEntity(ctx context.Context, incident string, e Entity) (string, error) {
	var err error
	if e.ID, err = id.New("ent"); err != nil {
		return "", err
	}
	return e.ID, c.open(ctx, incident, func(tx *store.Tx, i *Incident, _ people.Name) error { return i.addEntity(ctx, tx, e) })
}

func (i Incident) addEntity(ctx context.Context, tx *store.Tx, e Entity) error {
	if err := e.validate(tx.Now); err != nil {
		return err
	}
	e.Ruled, e.Discharged = map[string]string{}, map[string]time.Time{}
	if e.Facts == nil {
		e.Facts = map[string]clock.Truth{}
	}
	if err := putEntity(ctx, tx, i.ID, e); err != nil {
		return err
	}
	return i.record(ctx, tx, KindEntitySet, Body{Of: e.ID, Note: e.Name, Changes: []Change{{"aware", "", instant(e.Instants["became_aware"])}, {"roles", "", strings.Join(e.Roles, ", ")},
		{"jurisdictions", "", strings.Join(e.Jurisdictions, ", ")}}})
}

// AwareTx records, inside the transaction that keeps the message, when a legal entity that was told became aware: it is added,
// or its awareness becomes the earlier of both instants (reference incidents.md 4.6: awareness is per legal entity).
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
		if e.ID, err = id.New("ent"); err != nil {
			return "", err
		}
		return e.ID, i.addEntity(ctx, tx, e)
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

func (e Entity) validate(now time.Time) error {
	var l problem.List
	if strings.TrimSpace(e.Name) == "" {
		l.Add("name", "is required")
	}
	within(&l, "name", e.Name, maxTitle)
	if len(e.Jurisdictions) == 0 {
		l.Add("jurisdictions", "at least one is needed")
	}
	if len(e.Roles) == 0 {
		l.Add("roles", "at least one is needed")
	}
	for _, r := range e.Roles {
		oneOf(&l, "roles", r, content.DutyRoles())
	}
	if e.Instants["became_aware"].IsZero() {
		l.Add("aware", "is required: reporting clocks run from it")
	}
	checkFacts(&l, EntityFacts{Facts: e.Facts, Instants: e.Instants}, now)
	return l.Err("the legal entity is not complete")
}

func checkFacts(l *problem.List, f EntityFacts, now time.Time) {
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
	return c.ofEntity(ctx, incident, entity, KindEntitySet, func(tx *store.Tx, e *Entity) (Body, error) {
		var l problem.List
		checkFacts(&l, f, tx.Now)
		b := Body{Reason: strings.TrimSpace(f.Reason)}
		for _, name := range slices.Sorted(maps.Keys(f.Facts)) {
			if e.Facts[name] != f.Facts[name] {
				b.Changes = append(b.Changes, Change{name, string(e.Facts[name]), string(f.Facts[name])})
				e.Facts[name] = f.Facts[name]
			}
		}
		for _, name := range slices.Sorted(maps.Keys(f.Instants)) {
			before, after := e.Instants[name], f.Instants[name]
			if before.Equal(after) {
				continue
			}
			if !before.IsZero() && b.Reason == "" {
				l.Add("reason", "is required: a clock runs from %s", word(name))
			}
			b.Changes = append(b.Changes, Change{name, instant(before), instant(after)})
			if e.Instants[name] = after; after.IsZero() {
				delete(e.Instants, name)
			}
		}
		if e.Instants["became_aware"].IsZero() {
			l.Add("instants.became_aware", "cannot be taken back")
		}
		if f.Observes != nil && !slices.Equal(f.Observes, e.Observes) {
			b.Changes = append(b.Changes, Change{"observes", strings.Join(e.Observes, ", "), strings.Join(f.Observes, ", ")})
			e.Observes = f.Observes
		}
		return b, l.Err("the facts cannot be kept")
	})
}

// Rule says that a duty does not apply to an entity, and why. "" takes it back.
func (c Cases) Rule(ctx context.Context, incident, entity, duty, reason string) error {
	return c.ofEntity(ctx, incident, entity, KindClockRuled, func(_ *store.Tx, e *Entity) (Body, error) {
		if _, err := stageOf(duty, ""); err != nil {
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

// Discharge records that a report was sent, when, and the evidence of it: the reference of the authority or a file.
func (c Cases) Discharge(ctx context.Context, incident, entity string, d Sent) error {
	return c.ofEntity(ctx, incident, entity, KindDischarged, d.apply)
}

// DischargeTx is Discharge inside the transaction that sends the report.
func DischargeTx(ctx context.Context, tx *store.Tx, incident, entity string, d Sent) error {
	i, err := one(ctx, tx, incident)
	if err != nil {
		return err
	}
	return i.setEntity(ctx, tx, entity, KindDischarged, d.apply)
}

func (d Sent) apply(tx *store.Tx, e *Entity) (Body, error) {
	var l problem.List
	if _, err := stageOf(d.Duty, d.Stage); err != nil {
		return Body{}, err
	}
	if d.At.IsZero() || d.At.After(tx.Now) {
		l.Add("at", "must be an instant in the past")
	}
	if strings.TrimSpace(d.Evidence) == "" {
		l.Add("evidence", "is required: the authority's reference, or the file that shows it was sent")
	}
	within(&l, "evidence", d.Evidence, maxText)
	if err := l.Err("the report cannot be recorded"); err != nil {
		return Body{}, err
	}
	key := clock.Key(d.Duty, d.Stage)
	b := Body{Reason: strings.TrimSpace(d.Evidence), Changes: []Change{{key, instant(e.Discharged[key]), instant(d.At)}}}
	if e.Discharged == nil {
		e.Discharged = map[string]time.Time{}
	}
	e.Discharged[key] = d.At
	return b, nil
}

// Sent is a report that was sent.
type Sent struct {
	Duty, Stage string
	At          time.Time
	Evidence    string
}

// stageOf finds a stage of a duty; "" is any.
func stageOf(duty, stage string) (content.Duty, error) {
	duties, err := content.Duties()
	if err != nil {
		return content.Duty{}, err
	}
	n := slices.IndexFunc(duties, func(d content.Duty) bool { return d.ID == duty })
	if n < 0 {
		return content.Duty{}, problem.New(problem.NotFound, "there is no duty %q", duty)
	}
	if stage != "" && !slices.ContainsFunc(duties[n].Stages, func(s content.Stage) bool { return s.ID == stage }) {
		return content.Duty{}, problem.New(problem.NotFound, "%s has no report %q", duty, stage)
	}
	return duties[n], nil
}

// EntityClocks are the clocks of one legal entity.
type EntityClocks struct {
	Entity
	Clocks []clock.Clock
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
	duties, err := content.Duties()
	if err != nil {
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
