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

// text is what a document says, and whether that is in force.
type text struct {
	source.Document
	revision string
	label    string
	draft    bool
}

// textsInForce are the documents in force, by code.
func textsInForce(ctx context.Context, r store.Reader) ([]text, error) {
	return readTexts(ctx, r, `SELECT d.code, v.id, v.label, e.source, FALSE FROM document d JOIN effective_range f ON f.document = d.id AND f.until = 0
		JOIN revision v ON v.id = f.revision JOIN revision_edit e ON e.revision = v.id AND e.version = v.version WHERE d.retired = 0 ORDER BY d.sort`)
}

// textsOnTheirWay are the newest texts of documents of which no revision was ever in force, by code.
func textsOnTheirWay(ctx context.Context, r store.Reader) ([]text, error) {
	return readTexts(ctx, r, `SELECT d.code, v.id, v.label, e.source, TRUE FROM document d JOIN revision v ON v.id = d.newest
		JOIN revision_edit e ON e.revision = v.id AND e.version = v.version WHERE d.retired = 0 AND d.effective = '' ORDER BY d.sort`)
}

func readTexts(ctx context.Context, r store.Reader, statement string) ([]text, error) {
	type row struct {
		text
		code, source string
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.code, &v.revision, &v.label, &v.source, &v.draft)
	}, statement)
	if err != nil {
		return nil, err
	}
	out := make([]text, 0, len(all))
	for _, v := range all {
		d, err := source.Parse(v.code+".md", []byte(v.source))
		if err != nil {
			continue // every saved text was read before it was saved; an uploaded one may have no steps
		}
		v.Document = d
		out = append(out, v.text)
	}
	return out, nil
}

// productsOfDocuments are the products whose device file a document belongs to, by code; a document without is of all.
func productsOfDocuments(ctx context.Context, r store.Reader) (map[string][]string, error) {
	out := map[string][]string{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var code, product string
		err := s.Scan(&code, &product)
		out[code] = append(out[code], product)
		return struct{}{}, err
	}, `SELECT d.code, p.product FROM document_product p JOIN document d ON d.id = p.document ORDER BY d.code, p.product`)
	return out, err
}

// choices are the clause sets that somebody turned on or off.
func choices(ctx context.Context, r store.Reader) (map[string]Choice, error) {
	out := map[string]Choice{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var c Choice
		var at int64
		err := s.Scan(&c.Set, &c.On, &c.Reason, &c.Author, &at)
		c.At = store.Time(at)
		out[c.Set] = c
		return struct{}{}, err
	}, `SELECT id, chosen, reason, author, at FROM clause_set`)
	return out, err
}

func putChoice(ctx context.Context, tx *store.Tx, c Choice) error {
	_, err := tx.Exec(ctx, `INSERT INTO clause_set (id, chosen, reason, author, at) VALUES ($1, $2, $3, $4, $5)
		ON CONFLICT (id) DO UPDATE SET chosen = excluded.chosen, reason = excluded.reason, author = excluded.author, at = excluded.at`,
		c.Set, c.On, c.Reason, c.Author, store.Micros(c.At))
	return err
}

const confirmationColumns = `id, clause_set, ref, code, step, edition, words, note, account, name, at`

func scanConfirmation(s store.Scanner) (Confirmation, error) {
	var c Confirmation
	var at int64
	err := s.Scan(&c.ID, &c.Clause.Set, &c.Clause.Ref, &c.Code, &c.Step, &c.Edition, &c.Words, &c.Note, &c.Account, &c.Name, &at)
	c.At = store.Time(at)
	return c, err
}

// confirmations are those that stand.
func confirmations(ctx context.Context, r store.Reader) ([]Confirmation, error) {
	return store.All(ctx, r, scanConfirmation, `SELECT `+confirmationColumns+` FROM clause_confirmation WHERE ended = 0 ORDER BY id`)
}

func getConfirmation(ctx context.Context, r store.Reader, id string) (Confirmation, error) {
	return scanConfirmation(r.QueryRow(ctx, `SELECT `+confirmationColumns+` FROM clause_confirmation WHERE id = $1 AND ended = 0`, id))
}

func insertConfirmation(ctx context.Context, tx *store.Tx, c Confirmation) error {
	_, err := tx.Exec(ctx, `INSERT INTO clause_confirmation (`+confirmationColumns+`, ended, end_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, 0, '')`,
		c.ID, c.Clause.Set, c.Clause.Ref, c.Code, c.Step, c.Edition, c.Words, c.Note, c.Account, c.Name, store.Micros(c.At))
	return err
}

func endConfirmation(ctx context.Context, tx *store.Tx, id, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE clause_confirmation SET ended = $1, end_reason = $2 WHERE id = $3`, store.Micros(tx.Now), reason, id)
	return err
}
