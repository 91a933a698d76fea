package timeline

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Addition is an entry that a person adds: what they know from elsewhere.
type Addition struct {
	Told      time.Time // zero with Undated
	Certainty Certainty // of Certainties
	What      string
	Who       string // who did it, or said it
	Source    string // how it is known
	Device    string // of the incident; "" for none
}

const (
	maxText  = 4_000
	maxShort = 300
	// maxAdded is how many entries, highlights and comments a timeline takes each, so that a page reads them at once.
	maxAdded = 2_000
)

func need(l *problem.List, path, text string, most int) {
	if strings.TrimSpace(text) == "" {
		l.Add(path, "is required")
	}
	if len(text) > most {
		l.Add(path, "is longer than %d characters", most)
	}
}

// Validate returns all faults of what people fill in.
func (a Addition) Validate(now time.Time) error {
	var l problem.List
	need(&l, "what", a.What, maxText)
	need(&l, "source", a.Source, maxShort)
	if len(a.Who) > maxShort {
		l.Add("who", "is longer than %d characters", maxShort)
	}
	if !slices.Contains(Certainties(), a.Certainty) {
		l.Add("certainty", "%q is not one of the choices", a.Certainty)
	}
	switch {
	case a.Certainty == Undated && !a.Told.IsZero():
		l.Add("told", "an undated entry has no instant")
	case a.Certainty != Undated && a.Told.IsZero():
		l.Add("told", "is required, or the entry is undated")
	case a.Told.After(now):
		l.Add("told", "lies in the future")
	case !a.Told.IsZero() && a.Told.Year() < 1980:
		l.Add("told", "lies before 1980")
	}
	return l.Err("the entry is not complete")
}

// Add keeps an entry of a person. It is never changed.
func (d Desk) Add(ctx context.Context, of Of, a Addition) (string, error) {
	if err := a.Validate(d.DB.Now()); err != nil {
		return "", err
	}
	key := ""
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := subjectOf(ctx, tx, of)
		if err != nil {
			return err
		}
		if a.Device != "" && !slices.Contains(s.devices, a.Device) {
			return problem.New(problem.Invalid, "the device is not in this timeline")
		}
		if err := room(ctx, tx, `SELECT count(*) FROM timeline_entry WHERE subject = $1`, s.id); err != nil {
			return err
		}
		eid, err := id.New("tle")
		if err != nil {
			return err
		}
		actor, _ := store.ActorOf(ctx)
		key = manualKey(eid)
		if _, err := tx.Exec(ctx, `INSERT INTO timeline_entry (id, subject, told, certainty, what, who, source, device, actor_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`,
			eid, s.id, store.Micros(a.Told), string(a.Certainty), a.What, a.Who, a.Source, a.Device, actor.Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		return s.record(ctx, tx, KindAdded, Body{Entry: key, Told: detection.Instant(a.Told), Certainty: string(a.Certainty), What: a.What, Who: a.Who, Source: a.Source, Device: a.Device})
	})
	return key, err
}

// Pin highlights an entry, and says why. Another reason takes the place of the one before.
func (d Desk) Pin(ctx context.Context, of Of, entry, reason string) error {
	return d.mark(ctx, of, entry, reason, func(tx *store.Tx, s subject, by string) error {
		if err := room(ctx, tx, `SELECT count(*) FROM timeline_pin WHERE subject = $1`, s.id); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO timeline_pin (subject, entry, reason, actor_name, at) VALUES ($1, $2, $3, $4, $5)
			ON CONFLICT (subject, entry) DO UPDATE SET reason = excluded.reason, actor_name = excluded.actor_name, at = excluded.at`, s.id, entry, reason, by, store.Micros(tx.Now)); err != nil {
			return err
		}
		return s.record(ctx, tx, KindPinned, Body{Entry: entry, Reason: reason})
	})
}

// Unpin takes a highlight away. The journal keeps that it was there.
func (d Desk) Unpin(ctx context.Context, of Of, entry, reason string) error {
	return d.mark(ctx, of, entry, reason, func(tx *store.Tx, s subject, by string) error {
		n, err := tx.Exec(ctx, `DELETE FROM timeline_pin WHERE subject = $1 AND entry = $2`, s.id, entry)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.NotFound, "this entry is not highlighted")
		}
		return s.record(ctx, tx, KindUnpinned, Body{Entry: entry, Reason: reason})
	})
}

// Comment writes something beside an entry. It is never changed.
func (d Desk) Comment(ctx context.Context, of Of, entry, text string) error {
	return d.mark(ctx, of, entry, text, func(tx *store.Tx, s subject, by string) error {
		if err := room(ctx, tx, `SELECT count(*) FROM timeline_comment WHERE subject = $1`, s.id); err != nil {
			return err
		}
		cid, err := id.New("tlc")
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO timeline_comment (id, subject, entry, text, actor_name, at) VALUES ($1, $2, $3, $4, $5, $6)`, cid, s.id, entry, text, by, store.Micros(tx.Now)); err != nil {
			return err
		}
		return s.record(ctx, tx, KindCommented, Body{Entry: entry, Note: text})
	})
}

// mark checks that the entry is in the timeline as the actor may read it, and changes it.
func (d Desk) mark(ctx context.Context, of Of, entry, text string, do func(tx *store.Tx, s subject, by string) error) error {
	var l problem.List
	need(&l, "text", text, maxText)
	if err := l.Err("say something"); err != nil {
		return err
	}
	if _, err := d.One(ctx, of, entry); err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := subjectOf(ctx, tx, of)
		if err != nil {
			return err
		}
		actor, _ := store.ActorOf(ctx)
		return do(tx, s, actor.Name)
	})
}

// room refuses what a timeline has too many of.
func room(ctx context.Context, r store.Reader, count, subject string) error {
	n, err := store.Value[int](r.QueryRow(ctx, count, subject))
	if err == nil && n >= maxAdded {
		err = problem.New(problem.Conflict, "a timeline takes %d of them", maxAdded)
	}
	return err
}

// marks are the highlights and comments of a timeline, by the key of their entry.
type marks struct {
	pins     map[string]Mark
	comments map[string][]Mark
}

func marksOf(ctx context.Context, r store.Reader, subject string) (marks, error) {
	m := marks{pins: map[string]Mark{}, comments: map[string][]Mark{}}
	scan := func(keep func(key string, m Mark)) func(store.Scanner) (struct{}, error) {
		return func(s store.Scanner) (struct{}, error) {
			var key string
			var x Mark
			var at int64
			err := s.Scan(&key, &x.Text, &x.By, &at)
			x.At = store.Time(at)
			keep(key, x)
			return struct{}{}, err
		}
	}
	if _, err := store.All(ctx, r, scan(func(key string, x Mark) { m.pins[key] = x }), `SELECT entry, reason, actor_name, at FROM timeline_pin WHERE subject = $1`, subject); err != nil {
		return m, err
	}
	_, err := store.All(ctx, r, scan(func(key string, x Mark) { m.comments[key] = append(m.comments[key], x) }), `SELECT entry, text, actor_name, at FROM timeline_comment WHERE subject = $1 ORDER BY at, id`, subject)
	return m, err
}

// put sets the marks of an entry.
func (m marks) put(e *Entry) {
	if p, ok := m.pins[e.Key]; ok {
		e.Pin = &p
	}
	e.Comments = m.comments[e.Key]
}

func manualKey(id string) string { return "manual:" + id }

// added are the entries of people.
func added(ctx context.Context, r store.Reader, s subject) ([]Entry, error) {
	return store.All(ctx, r, func(row store.Scanner) (Entry, error) {
		e := Entry{Kind: Manual, Count: 1}
		var eid, by string
		var told, at int64
		err := row.Scan(&eid, &told, &e.Certainty, &e.What, &e.Who, &e.Says, &e.Device, &by, &at)
		e.Key, e.Told, e.Received, e.Source = manualKey(eid), store.Time(told), store.Time(at), "added by "+by
		e.at = told
		return e, err
	}, `SELECT id, told, certainty, what, who, source, device, actor_name, at FROM timeline_entry WHERE subject = $1 ORDER BY at, id`, s.id)
}
