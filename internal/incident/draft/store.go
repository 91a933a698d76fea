package draft

import (
	"context"
	"encoding/json"
	"fmt"

	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

func scan(s store.Scanner) (Draft, error) {
	var d Draft
	var body string
	if err := s.Scan(&body); err != nil {
		return d, err
	}
	return d, json.Unmarshal([]byte(body), &d)
}

func put(ctx context.Context, tx *store.Tx, d Draft) error {
	body, err := json.Marshal(d)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO incident_draft (id, incident, template, state, changed, body) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET state = excluded.state, changed = excluded.changed, body = excluded.body`,
		d.ID, d.Incident, d.Template, string(d.State), store.Micros(d.Changed), string(body))
	return err
}

func putVersion(ctx context.Context, tx *store.Tx, draft string, v Version) error {
	body, err := json.Marshal(v.Values)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO incident_draft_version (draft, version, actor, actor_name, at, digest, body) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		draft, v.Version, v.Actor, v.Name, store.Micros(v.At), v.Digest, string(body))
	return err
}

// Get reads a draft of an incident that the actor may see.
func Get(ctx context.Context, r store.Reader, id string) (Draft, error) {
	d, err := scan(r.QueryRow(ctx, `SELECT body FROM incident_draft WHERE id = $1`, id))
	if problem.KindOf(err) == problem.NotFound {
		return d, problem.New(problem.NotFound, "there is no such draft")
	}
	if err != nil {
		return d, fmt.Errorf("read draft %q: %w", id, err)
	}
	_, err = incident.Brief(ctx, r, d.Incident)
	return d, err
}

// List reads the drafts of an incident, the one changed last first.
func List(ctx context.Context, r store.Reader, of string) ([]Draft, error) {
	i, err := incident.Brief(ctx, r, of)
	if err != nil {
		return nil, err
	}
	return store.All(ctx, r, scan, `SELECT body FROM incident_draft WHERE incident = $1 ORDER BY changed DESC, id`, i.ID)
}

// Versions reads the versions of a draft, the newest first.
func Versions(ctx context.Context, r store.Reader, draft string) ([]Version, error) {
	if _, err := Get(ctx, r, draft); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Version, error) {
		var v Version
		var at int64
		var body string
		if err := s.Scan(&v.Version, &v.Actor, &v.Name, &at, &v.Digest, &body); err != nil {
			return v, err
		}
		v.At = store.Time(at)
		return v, json.Unmarshal([]byte(body), &v.Values)
	}, `SELECT version, actor, actor_name, at, digest, body FROM incident_draft_version WHERE draft = $1 ORDER BY version DESC`, draft)
}
