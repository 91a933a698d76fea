package hindsight

import (
	"context"
	"encoding/json"
	"time"

	"triward/internal/detection"
	"triward/internal/problem"
	"triward/internal/store"
)

// text is a rule with its newest text.
type text struct {
	rule, path, digest, body string
	tried                    bool
}

// texts reads the newest texts of the rules that are not retired.
func texts(ctx context.Context, r store.Reader) ([]text, error) {
	return store.All(ctx, r, func(s store.Scanner) (t text, err error) {
		var n int64
		err = s.Scan(&t.rule, &t.path, &t.digest, &t.body, &n)
		t.tried = n > 0
		return t, err
	}, `SELECT d.id, d.path, d.digest, v.body, (SELECT count(*) FROM rule_backtest b WHERE b.rule = d.id AND b.digest = d.digest)
		FROM detection_rule d JOIN rule_revision v ON v.id = d.revision WHERE d.state <> 'retired' ORDER BY d.id`)
}

func lookedUp(ctx context.Context, r store.Reader, key, digest string) (bool, error) {
	var n int64
	err := r.QueryRow(ctx, `SELECT count(*) FROM hindsight WHERE record = $1 AND digest = $2`, key, digest).Scan(&n)
	return n > 0, err
}

// kept is a row.
type kept struct {
	record, digest, body string
	events               int64
	at                   time.Time
}

func insert(ctx context.Context, tx *store.Tx, k kept) error {
	_, err := tx.Exec(ctx, `INSERT INTO hindsight (record, digest, at, events, body) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (record, digest) DO UPDATE SET at = excluded.at, events = excluded.events, body = excluded.body`, k.record, k.digest, store.Micros(k.at), k.events, k.body)
	return err
}

// Kept is a look back that was made.
type Kept struct {
	Digest string // of the advisory's text
	At     time.Time
	Look
}

// Of reads the latest look back for an advisory; problem.NotFound when none was made.
func Of(ctx context.Context, r store.Reader, key string) (Kept, error) {
	if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
		return Kept{}, err
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (k Kept, err error) {
		var at int64
		var body string
		if err := s.Scan(&k.Digest, &at, &body); err != nil {
			return k, err
		}
		k.At = store.Time(at)
		return k, json.Unmarshal([]byte(body), &k.Look)
	}, `SELECT digest, at, body FROM hindsight WHERE record = $1 ORDER BY at DESC, digest LIMIT 1`, key)
	if err != nil {
		return Kept{}, err
	}
	if len(all) == 0 {
		return Kept{}, problem.New(problem.NotFound, "nobody looked back for %s", key)
	}
	return all[0], nil
}
