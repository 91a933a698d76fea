package vuln

import (
	"context"
	"encoding/json"

	"triward/internal/problem"
	"triward/internal/store"
)

const verdictColumns = `id, vuln, model, releases, versions, status, justification, reason, action, source, author, at, expires, state, state_reason, known`

func insertVerdict(ctx context.Context, tx *store.Tx, v Verdict) error {
	releases, err := json.Marshal(v.Releases)
	if err != nil {
		return err
	}
	known, err := json.Marshal(v.Known)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO verdict (`+verdictColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`,
		v.ID, v.Vulnerability, v.Model, string(releases), v.Versions, string(v.Status), v.Justification, v.Reason, v.Action, v.Source,
		v.Author, store.Micros(v.At), store.Micros(v.Expires), string(v.State), v.StateReason, string(known))
	return err
}

func scanVerdict(s store.Scanner) (Verdict, error) {
	var v Verdict
	var releases, known string
	var at, expires int64
	if err := s.Scan(&v.ID, &v.Vulnerability, &v.Model, &releases, &v.Versions, &v.Status, &v.Justification, &v.Reason, &v.Action,
		&v.Source, &v.Author, &at, &expires, &v.State, &v.StateReason, &known); err != nil {
		return v, err
	}
	v.At, v.Expires = store.Time(at), store.Time(expires)
	if err := json.Unmarshal([]byte(releases), &v.Releases); err != nil {
		return v, err
	}
	return v, json.Unmarshal([]byte(known), &v.Known)
}

// GetVerdict reads one verdict.
func GetVerdict(ctx context.Context, r store.Reader, verdict string) (Verdict, error) {
	v, err := store.All(ctx, r, scanVerdict, `SELECT `+verdictColumns+` FROM verdict WHERE id = $1`, verdict)
	if err != nil {
		return Verdict{}, err
	}
	if len(v) == 0 {
		return Verdict{}, problem.New(problem.NotFound, "there is no verdict %q", verdict)
	}
	return v[0], nil
}

// VerdictQuery chooses verdicts; empty fields do not restrict.
type VerdictQuery struct {
	Vulnerabilities []string
	Models          []string
	States          []string
	After           string // id of the last verdict of the page before
	Limit           int    // at most 2,000, which 0 means too
}

// ListVerdicts reads verdicts, newest first.
func ListVerdicts(ctx context.Context, r store.Reader, q VerdictQuery) ([]Verdict, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.In("vuln", q.Vulnerabilities)
	w.In("model", q.Models)
	w.In("state", q.States)
	if !scope.All {
		w.Scope(scope, "", "model")
	}
	if q.After != "" {
		w.And("id < ?", q.After)
	}
	limit := 2000
	if q.Limit > 0 {
		limit = min(limit, q.Limit)
	}
	// Ids sort by the time of making.
	return store.All(ctx, r, scanVerdict, `SELECT `+verdictColumns+` FROM verdict`+w.SQL()+` ORDER BY id DESC`+w.Limit(limit), w.Args()...)
}
