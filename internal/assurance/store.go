package assurance

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

const resultColumns = `id, query, at, seq, head, state, holding, failing, unclear, newest, digest, definition, failures`

func insertResult(ctx context.Context, tx *store.Tx, r Result, definition string) error {
	_, err := tx.Exec(ctx, `INSERT INTO evidence_result (`+resultColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13)`,
		r.ID, r.Query.ID, store.Micros(r.At), r.Seq, r.Head, string(r.State), r.Holding, r.Failing, r.Unclear, store.Micros(r.Newest), r.Digest, definition,
		strings.Join(r.Fails, "\n"))
	return err
}

func scanResult(s store.Scanner) (Result, error) {
	var r Result
	var at, newest int64
	var query, definition, fails string
	if err := s.Scan(&r.ID, &query, &at, &r.Seq, &r.Head, &r.State, &r.Holding, &r.Failing, &r.Unclear, &newest, &r.Digest, &definition, &fails); err != nil {
		return r, err
	}
	r.At, r.Newest = store.Time(at), store.Time(newest)
	if fails != "" {
		r.Fails = strings.Split(fails, "\n")
	}
	if err := json.Unmarshal([]byte(definition), &r.Query); err != nil || r.Query.ID != query {
		return r, fmt.Errorf("read evidence result %q: its question was changed (%w)", r.ID, err)
	}
	return r, nil
}

// latest are the results that stood at an instant, by query.
func latest(ctx context.Context, r store.Reader, at time.Time) (map[string]Result, error) {
	all, err := store.All(ctx, r, scanResult, `SELECT `+resultColumns+` FROM evidence_result e
		WHERE e.at <= $1 AND NOT EXISTS (SELECT 1 FROM evidence_result n WHERE n.query = e.query AND n.at <= $1 AND (n.at, n.id) > (e.at, e.id))`, store.Micros(at))
	out := map[string]Result{}
	for _, x := range all {
		out[x.Query.ID] = x
	}
	return out, err
}

// sealedAt is the newest result of a query at an instant; the zero value when there is none.
func sealedAt(ctx context.Context, r store.Reader, query string, at time.Time) (Result, error) {
	res, err := scanResult(r.QueryRow(ctx, `SELECT `+resultColumns+` FROM evidence_result WHERE query = $1 AND at <= $2 ORDER BY at DESC, id DESC LIMIT 1`, query, store.Micros(at)))
	if problem.KindOf(err) == problem.NotFound {
		return Result{}, nil
	}
	return res, err
}

// GetResult reads a sealed result.
func GetResult(ctx context.Context, r store.Reader, result string) (Result, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Result{}, err
	}
	return scanResult(r.QueryRow(ctx, `SELECT `+resultColumns+` FROM evidence_result WHERE id = $1`, result))
}

// Results are the sealed results of a query, newest first, at most limit.
func Results(ctx context.Context, r store.Reader, query string, limit int) ([]Result, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanResult, `SELECT `+resultColumns+` FROM evidence_result WHERE query = $1 ORDER BY at DESC, id DESC LIMIT $2`, query, min(max(limit, 1), 500))
}

// textsInForce are the documents in force, by code, as their texts say.
func textsInForce(ctx context.Context, r store.Reader) ([]source.Document, error) {
	return texts(ctx, r, `JOIN effective_range f ON f.document = d.id AND f.until = 0 JOIN revision v ON v.id = f.revision`)
}

func texts(ctx context.Context, r store.Reader, join string) ([]source.Document, error) {
	all, err := store.All(ctx, r, func(s store.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) },
		`SELECT d.code, e.source FROM document d `+join+` JOIN revision_edit e ON e.revision = v.id AND e.version = v.version ORDER BY d.sort`)
	if err != nil {
		return nil, err
	}
	var out []source.Document
	for _, t := range all {
		d, err := source.Parse(t[0]+".md", []byte(t[1]))
		if err != nil {
			continue // a draft may have faults; what is in force was read before it was frozen
		}
		out = append(out, d)
	}
	return out, nil
}
