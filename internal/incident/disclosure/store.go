package disclosure

import (
	"context"
	"encoding/json"
	"time"

	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

func scan(s store.Scanner) (Disclosure, error) {
	var d Disclosure
	var body string
	if err := s.Scan(&body); err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(body), &d)
}

func put(ctx context.Context, tx *store.Tx, d Disclosure) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	var ends time.Time
	if d.Embargo.InForce() {
		ends = d.Ends
	}
	_, err = tx.Exec(ctx, `INSERT INTO disclosure (id, incident, weakness, product, ends, opened, body) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (id) DO UPDATE SET ends = excluded.ends, body = excluded.body`,
		d.ID, d.Incident, d.Weakness, d.Model, store.Micros(ends), store.Micros(d.Opened), string(body))
	return err
}

func of(ctx context.Context, r store.Reader, incident string) ([]Disclosure, error) {
	return store.All(ctx, r, scan, `SELECT body FROM disclosure WHERE incident = $1 ORDER BY opened, id`, incident)
}

// List reads the disclosures of an incident that the actor may read, the oldest first.
func List(ctx context.Context, r store.Reader, number string) ([]Disclosure, error) {
	i, err := incident.Brief(ctx, r, number)
	if err != nil {
		return nil, err
	}
	return of(ctx, r, i.ID)
}

// Get reads a disclosure of an incident that the actor may read.
func Get(ctx context.Context, r store.Reader, disclosure string) (Disclosure, error) {
	d, _, err := one(ctx, r, disclosure)
	return d, err
}

func one(ctx context.Context, r store.Reader, disclosure string) (Disclosure, incident.Incident, error) {
	d, err := scan(r.QueryRow(ctx, `SELECT body FROM disclosure WHERE id = $1`, disclosure))
	if problem.KindOf(err) == problem.NotFound {
		return d, incident.Incident{}, problem.New(problem.NotFound, "there is no such disclosure")
	}
	if err != nil {
		return d, incident.Incident{}, err
	}
	i, err := incident.Brief(ctx, r, d.Incident)
	if err != nil {
		return Disclosure{}, i, err
	}
	return d, i, nil
}

// due are the disclosures whose embargo is in force though its end is here.
func due(ctx context.Context, r store.Reader, now time.Time) ([]Disclosure, error) {
	return store.All(ctx, r, scan, `SELECT body FROM disclosure WHERE ends > 0 AND ends <= $1 ORDER BY ends, id`, store.Micros(now))
}

// numbered are the disclosures of weaknesses that have a number.
func numbered(ctx context.Context, r store.Reader) ([]Disclosure, error) {
	return store.All(ctx, r, scan, `SELECT body FROM disclosure WHERE weakness <> '' ORDER BY opened, id`)
}
