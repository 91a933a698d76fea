package incident

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Recipient is somebody who may read an incident when it is marked TLP:RED: its owner, who declared it, who accepted a task of
// it, and who was named.
type Recipient struct {
	Person, Name string
	Why          string
	ActorName    string // who named them
	At           time.Time
}

// withholding is what stands in place of a body that the reader must not read.
var withholding = json.RawMessage(`{"withheld":"TLP:RED, for named people only"}`)

// ForNamed refuses (Forbidden) what is for named people only to everybody else, and says whom to ask. The program itself is
// no reader. what names what is asked for in the refusal.
func ForNamed(ctx context.Context, r store.Reader, i Incident, what string) error {
	a, ok := store.ActorOf(ctx)
	if ok && strings.HasPrefix(a.ID, "system:") {
		return nil
	}
	me, err := people.Person(ctx, r, a)
	if err != nil {
		return err
	}
	n := 1
	if i.Owner != me.ID {
		if n, err = store.Value[int](r.QueryRow(ctx, `SELECT count(*) FROM incident_recipient WHERE incident = $1 AND person = $2`, i.ID, me.ID)); err != nil {
			return err
		}
	}
	if n == 0 {
		return problem.New(problem.Forbidden, "%s is marked TLP:RED, for named people only; ask %s, who owns %s", what, i.OwnerName, i.Number)
	}
	return nil
}

// readable refuses an incident that is marked TLP:RED to who is not named in it.
func (i Incident) readable(ctx context.Context, r store.Reader) error {
	if i.TLP != Red {
		return nil
	}
	return ForNamed(ctx, r, i, i.Number)
}

// withhold leaves of an incident that the actor must not read only that it exists, how it stands and whom to ask.
func (i Incident) withhold(ctx context.Context, r store.Reader) (Incident, error) {
	err := i.readable(ctx, r)
	if problem.KindOf(err) != problem.Forbidden {
		return i, err
	}
	return Incident{ID: i.ID, Number: i.Number, Title: "Withheld (TLP:RED): ask " + i.OwnerName, Withheld: true, Exercise: i.Exercise, State: i.State, TLP: i.TLP, PAP: i.PAP, Owner: i.Owner,
		OwnerName: i.OwnerName, Site: i.Site, Product: i.Product, Declared: i.Declared, SameAs: i.SameAs, Closed: i.Closed, Changed: i.Changed}, nil
}

// Glance reads of an incident what everybody may know whose role covers it: all of it, or, when it is marked TLP:RED and they
// are not named, that it exists, how it stands and whom to ask.
func Glance(ctx context.Context, r store.Reader, incident string) (Incident, error) {
	i, err := seen(ctx, r, incident)
	if err != nil {
		return i, err
	}
	return i.withhold(ctx, r)
}

// GlanceAll is [Glance] of several incidents by id.
func GlanceAll(ctx context.Context, r store.Reader, ids []string) (map[string]Incident, error) {
	var w store.Where
	w.In("id", ids)
	all, err := store.All(ctx, r, scan, `SELECT `+columns+` FROM incident`+w.SQL(), w.Args()...)
	if err != nil {
		return nil, err
	}
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	out := map[string]Incident{}
	for _, i := range all {
		if !s.Covers(i.Site, i.Product) {
			continue
		}
		if out[i.ID], err = i.withhold(ctx, r); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// withheld lists the incidents marked TLP:RED that the actor must not read.
func withheld(ctx context.Context, r store.Reader) ([]Incident, error) {
	red, err := store.All(ctx, r, scan, `SELECT `+columns+` FROM incident WHERE tlp = 'red' ORDER BY id`)
	if err != nil {
		return nil, err
	}
	var out []Incident
	for _, i := range red {
		switch err := i.readable(ctx, r); {
		case problem.KindOf(err) == problem.Forbidden:
			out = append(out, i)
		case err != nil:
			return nil, err
		}
	}
	return out, nil
}

// Withhold takes the bodies out of journal entries about incidents that are marked TLP:RED and in which the actor is not
// named, and about evidence that is marked so by itself. What remains proves that the entry stands in the journal: its number,
// instant, actor, kind, subject and hashes.
func Withhold(ctx context.Context, r store.Reader, entries []store.Entry) ([]store.Entry, error) {
	from, err := withheld(ctx, r)
	if err != nil {
		return nil, err
	}
	named := map[string]bool{} // by incident: whether the actor reads what is red in it
	return WithholdOf(entries, from, func(incident string) (bool, error) {
		may, ok := named[incident]
		if !ok {
			i, err := scan(r.QueryRow(ctx, `SELECT `+columns+` FROM incident WHERE id = $1`, incident))
			if err == nil {
				err = ForNamed(ctx, r, i, i.Number)
			}
			if k := problem.KindOf(err); err != nil && k != problem.Forbidden && k != problem.NotFound {
				return false, err
			}
			may, named[incident] = err == nil, err == nil
		}
		return may, nil
	})
}

// WithholdOf takes the bodies out of entries about some incidents, and about evidence that is red by itself where named says
// that the reader is not named in its incident.
func WithholdOf(entries []store.Entry, from []Incident, named func(incident string) (bool, error)) ([]store.Entry, error) {
	out := slices.Clone(entries)
	for n, e := range out {
		var body struct{ Number, Incident, TLP any }
		if len(e.Body) > 0 && json.Unmarshal(e.Body, &body) != nil {
			continue // no object: it names no incident
		}
		red := slices.ContainsFunc(from, func(i Incident) bool {
			return e.Subject == i.ID || body.Number == i.Number || body.Incident == i.ID || body.Incident == i.Number
		})
		if of, ok := body.Incident.(string); !red && ok && body.TLP == string(Red) { // what is red in an incident that is not
			may, err := named(of)
			if err != nil {
				return nil, err
			}
			red = !may
		}
		if red {
			out[n].Body = withholding
		}
	}
	return out, nil
}

// IsWithheld says whether [Withhold] took the body of an entry.
func IsWithheld(e store.Entry) bool { return string(e.Body) == string(withholding) }

// NamedIn lists the people who may read an incident when it is marked TLP:RED, the first named first.
func NamedIn(ctx context.Context, r store.Reader, incident string) ([]Recipient, error) {
	i, err := one(ctx, r, incident)
	if err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Recipient, error) {
		var p Recipient
		var at int64
		err := s.Scan(&p.Person, &p.Name, &p.Why, &p.ActorName, &at)
		p.At = store.Time(at)
		return p, err
	}, `SELECT person, person_name, why, actor_name, at FROM incident_recipient WHERE incident = $1 ORDER BY at, person`, i.ID)
}

// admit keeps that somebody may read the incident; who may already stays as they are.
func (i Incident) admit(ctx context.Context, tx *store.Tx, p people.Name, why string) error {
	if strings.HasPrefix(p.ID, "system:") {
		return nil
	}
	_, err := tx.Exec(ctx, `INSERT INTO incident_recipient (incident, person, person_name, why, actor_name, at) VALUES ($1, $2, $3, $4, $5, $6) ON CONFLICT DO NOTHING`,
		i.ID, p.ID, p.Name, why, tx.Actor().Name, store.Micros(tx.Now))
	return err
}

// NameRecipient names somebody who may read the incident when it is marked TLP:RED. Who is named names others; where nobody
// who is named works here any more, whoever may name does.
func (c Cases) NameRecipient(ctx context.Context, incident, person, why string) error {
	return c.ofRecipients(ctx, incident, why, func(tx *store.Tx, i Incident, why string) error {
		p, err := people.ActiveName(ctx, tx, person)
		if err != nil {
			return fmt.Errorf("find who is named: %w", err)
		}
		if err := i.admit(ctx, tx, p, why); err != nil {
			return err
		}
		return i.record(ctx, tx, KindRecipientNamed, Body{Of: p.ID, Note: p.Name, Reason: why})
	})
}

// RemoveRecipient takes back that somebody may read the incident. The owner stays.
func (c Cases) RemoveRecipient(ctx context.Context, incident, person, why string) error {
	return c.ofRecipients(ctx, incident, why, func(tx *store.Tx, i Incident, why string) error {
		if person == i.Owner {
			return problem.New(problem.Conflict, "%s owns the incident; give it to somebody else first", i.OwnerName)
		}
		n, err := tx.Exec(ctx, `DELETE FROM incident_recipient WHERE incident = $1 AND person = $2`, i.ID, person)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.NotFound, "they are not named in %s", i.Number)
		}
		names, err := people.Names(ctx, tx, []string{person})
		if err != nil {
			return err
		}
		return i.record(ctx, tx, KindRecipientRemoved, Body{Of: person, Note: names[person], Reason: why})
	})
}

func (c Cases) ofRecipients(ctx context.Context, incident, why string, fn func(*store.Tx, Incident, string) error) error {
	return c.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := seen(ctx, tx, incident)
		if err != nil {
			return err
		}
		if err := i.mayName(ctx, tx); err != nil {
			return err
		}
		if why = strings.TrimSpace(why); why == "" || len(why) > maxTitle {
			return faultOf("why", "must have 1 to 200 characters: what they need it for")
		}
		return fn(tx, i, why)
	})
}

// mayName lets those name who are named, whatever the incident is marked now: an exhibit of it may be red, and so may the
// incident be later. Anybody names when no account of them is active any more.
func (i Incident) mayName(ctx context.Context, r store.Reader) error {
	refused := ForNamed(ctx, r, i, i.Number)
	if problem.KindOf(refused) != problem.Forbidden {
		return refused
	}
	if i.TLP != Red {
		refused = problem.New(problem.Forbidden, "who may read %s when it is marked TLP:RED is named by those who are; ask %s", i.Number, i.OwnerName)
	}
	named, err := store.All(ctx, r, store.Value[string], `SELECT person FROM incident_recipient WHERE incident = $1 ORDER BY person`, i.ID)
	if err != nil {
		return err
	}
	for _, p := range append(named, i.Owner) {
		_, err := people.ActiveName(ctx, r, p)
		if err == nil {
			return refused
		}
		if k := problem.KindOf(err); k != problem.NotFound && k != problem.Conflict {
			return err
		}
	}
	return nil
}
