package telling

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Telling is that somebody was told something.
type Telling struct {
	ID          string // "tel_…"
	Incident    string
	Role        string
	Order       int
	Stakeholder string // on the list; "" for somebody who is not
	Whom        string
	Person      string // who there
	Channel     Channel
	At          time.Time
	What        string // words; what was said
	Draft       string // or the report or letter that was given
	DraftTitle  string
	Digest      string // of that
	Entity      string // with Duty and Stage: the clock that asked for it
	Duty        string
	Stage       string
	TLP         incident.Marking // of the incident at that time
	Passed      []string         // who should have been told before
	Reason      string           // why all the same
	Aware       string           // the legal entity whose awareness this is
	Places      []string         // where a manufacturer that is new to the incident is concerned
	By          string
	ByName      string
	Recorded    time.Time
	Answers     []Answer
}

// Answer is what somebody who was told answered.
type Answer struct {
	ID       string // "ans_…"
	Telling  string
	From     string
	Text     string
	At       time.Time
	ByName   string
	Recorded time.Time
}

// Tell records that somebody was told. A reason is needed when others come first who were not told (Invalid); what the TLP
// marking keeps inside is refused (Forbidden) unless a duty asks for it.
func (d Desk) Tell(ctx context.Context, of string, t Telling) (string, error) {
	var err error
	if t.ID, err = id.New("tel"); err != nil {
		return "", err
	}
	return t.ID, d.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := set(ctx, tx, of, tx.Now)
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		t.Incident, t.TLP, t.By, t.ByName, t.Recorded, t.Answers, t.Aware = s.file.ID, s.file.TLP, me.ID, me.Name, tx.Now, nil, ""
		if err := d.complete(ctx, tx, s, &t); err != nil {
			return err
		}
		if err := s.allow(&t); err != nil {
			return err
		}
		if t.Role == "manufacturer" {
			e := incident.Entity{Name: t.Whom, Entity: clock.Entity{Jurisdictions: t.Places, Roles: []string{"manufacturer"}, Instants: map[string]time.Time{"became_aware": t.At}}}
			if t.Aware, err = incident.AwareTx(ctx, tx, s.file.ID, e, "told by "+string(t.Channel)+" ("+t.ID+")"); err != nil {
				return err
			}
		}
		if err := insertTelling(ctx, tx, t); err != nil {
			return err
		}
		return record(ctx, tx, s.file, KindTold, Body{Telling: t.ID, Role: t.Role, Whom: t.Whom, Channel: string(t.Channel), At: t.At.UTC().Format(time.RFC3339), Draft: t.Draft, Digest: t.Digest, Duty: t.Duty,
			TLP: string(t.TLP), Passed: t.Passed, Reason: t.Reason, Words: hash(t.What)})
	})
}

func record(ctx context.Context, tx *store.Tx, f incident.Incident, kind string, b Body) error {
	b.Number, b.Exercise = f.Number, f.Exercise
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: f.ID, Site: f.Site, Product: f.Product, Body: b})
	return err
}

func hash(text string) string {
	if text == "" {
		return ""
	}
	sum := sha256.Sum256([]byte(text))
	return hex.EncodeToString(sum[:])
}

// complete fills in what follows from the list and the draft, and tells all faults.
func (d Desk) complete(ctx context.Context, tx *store.Tx, s setting, t *Telling) error {
	var l problem.List
	if t.Stakeholder != "" {
		x, err := one(ctx, tx, t.Stakeholder)
		if err != nil {
			return err
		}
		t.Role, t.Whom, t.Order = x.Role, x.Name, x.Order
		if len(t.Places) == 0 && x.Role == "manufacturer" {
			t.Places = x.Places
		}
	}
	role, ok, err := roleOf(t.Role)
	if err != nil {
		return err
	}
	if !ok {
		l.Add("role", "%q is not one of the choices", t.Role)
	}
	if t.Stakeholder == "" {
		t.Order = role.Order
	}
	if t.Role == "manufacturer" && len(t.Places) == 0 {
		for _, e := range s.clocks {
			t.Places = append(t.Places, e.Jurisdictions...)
		}
		slices.Sort(t.Places)
		t.Places = slices.Compact(t.Places)
	}
	if t.Draft != "" {
		p, err := d.Draft(ctx, tx, t.Draft)
		if err != nil {
			return err
		}
		if p.Incident != t.Incident || !p.Ready {
			l.Add("draft", "is not approved, or of another incident")
		}
		t.DraftTitle, t.Digest = p.Title, p.Digest
	}
	t.faults(&l, s)
	return l.Err("the telling cannot be recorded")
}

func (t *Telling) faults(l *problem.List, s setting) {
	t.Whom, t.Person, t.What, t.Reason = strings.TrimSpace(t.Whom), strings.TrimSpace(t.Person), strings.TrimSpace(t.What), strings.TrimSpace(t.Reason)
	if t.Whom == "" {
		l.Add("whom", "is required")
	}
	if t.What == "" && t.Draft == "" {
		l.Add("what", "is required: the words, or the report or letter that was given")
	}
	if !slices.Contains(Channels(), t.Channel) {
		l.Add("channel", "%q is not one of the choices", t.Channel)
	}
	if t.At.IsZero() || t.At.After(t.Recorded) {
		l.Add("at", "must be an instant in the past")
	}
	if t.Role == "manufacturer" && len(t.Places) == 0 {
		l.Add("places", "is required: where the manufacturer is concerned, as it becomes aware now")
	}
	if t.Role == "manufacturer" {
		known(l, t.Places)
	}
	for _, f := range []struct {
		path, text string
		most       int
	}{{"whom", t.Whom, maxShort}, {"person", t.Person, maxShort}, {"what", t.What, maxText}, {"reason", t.Reason, maxText}} {
		if len(f.text) > f.most {
			l.Add(f.path, "is longer than %d characters", f.most)
		}
	}
	if t.Duty == "" && t.Stage == "" && t.Entity == "" {
		return
	}
	for _, e := range s.clocks {
		for _, c := range e.Clocks {
			if e.ID == t.Entity && c.Duty.ID == t.Duty && c.Stage.ID == t.Stage && c.State != clock.NotApplicable && c.State != clock.NotInForce {
				return
			}
		}
	}
	l.Add("duty", "no such report is due in this incident")
}

// allow checks marking and order.
func (s setting) allow(t *Telling) error {
	role, _, err := roleOf(t.Role)
	if err != nil {
		return err
	}
	with := incident.Audience(role.Audience)
	if t.Duty != "" {
		with = incident.ByLaw
	}
	if err := s.file.Share("the incident", with); err != nil {
		return err
	}
	plan, err := s.plan()
	if err != nil {
		return err
	}
	t.Passed = nil
	for _, i := range plan {
		if i.Waits() && i.Order < t.Order && !slices.Contains(t.Passed, i.Name) {
			t.Passed = append(t.Passed, i.Name)
		}
	}
	var l problem.List
	if len(t.Passed) > 0 && t.Reason == "" {
		l.Add("reason", "is required: to be told before: %s", strings.Join(t.Passed, "; "))
	}
	return l.Err("others are to be told first")
}

// Answer records what somebody who was told answered.
func (d Desk) Answer(ctx context.Context, a Answer) error {
	var err error
	if a.ID, err = id.New("ans"); err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		t, err := oneTelling(ctx, tx, a.Telling)
		if err != nil {
			return err
		}
		f, err := incident.Brief(ctx, tx, t.Incident)
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		a.From, a.Text, a.ByName, a.Recorded = strings.TrimSpace(a.From), strings.TrimSpace(a.Text), me.Name, tx.Now
		var l problem.List
		if a.Text == "" || len(a.Text) > maxText {
			l.Add("text", "is required, at most %d characters", maxText)
		}
		if len(a.From) > maxShort {
			l.Add("from", "is longer than %d characters", maxShort)
		}
		if a.At.After(tx.Now) || a.At.Before(t.At) {
			l.Add("at", "must be after the telling and in the past")
		}
		if err := l.Err("the answer cannot be recorded"); err != nil {
			return err
		}
		if err := insertAnswer(ctx, tx, a); err != nil {
			return err
		}
		return record(ctx, tx, f, KindAnswered, Body{Telling: t.ID, Role: t.Role, Whom: t.Whom, At: a.At.UTC().Format(time.RFC3339), Words: hash(a.Text)})
	})
}
