package validation

import (
	"context"
	"encoding/json"

	"triward/internal/problem"
	"triward/internal/store"
)

const reportColumns = `id, body, digest`

func scanReport(s store.Scanner) (Kept, error) {
	var k Kept
	var id, text string
	if err := s.Scan(&id, &text, &k.SHA256); err != nil {
		return k, err
	}
	k.Text = []byte(text)
	if sumOf(k.Text) != k.SHA256 {
		return Kept{}, problem.New(problem.Invalid, "the text of validation report %s was changed: it does not have the digest that it was kept with", id)
	}
	if err := json.Unmarshal(k.Text, &k.Report); err != nil || k.ID != id {
		return Kept{}, problem.New(problem.Invalid, "validation report %s cannot be read", id)
	}
	return k, nil
}

func scanDecision(s store.Scanner) (Decision, error) {
	var d Decision
	var at int64
	err := s.Scan(&d.Verdict, &d.Reason, &d.Account, &d.Name, &d.Signature, &at)
	d.At = store.Time(at)
	return d, err
}

func withDecisions(ctx context.Context, r store.Reader, k Kept) (Kept, error) {
	var err error
	k.Decisions, err = store.All(ctx, r, scanDecision, `SELECT verdict, reason, account, name, signature, at FROM validation_decision WHERE report = $1 ORDER BY at, verdict`, k.ID)
	return k, err
}

func byID(ctx context.Context, r store.Reader, report string) (Kept, error) {
	k, err := scanReport(r.QueryRow(ctx, `SELECT `+reportColumns+` FROM validation_report WHERE id = $1`, report))
	if problem.KindOf(err) == problem.NotFound {
		return k, problem.New(problem.NotFound, "there is no validation report %q", report)
	}
	if err != nil {
		return k, err
	}
	return withDecisions(ctx, r, k)
}

// Get reads a report. Invalid when what is stored is not what was kept.
func Get(ctx context.Context, r store.Reader, report string) (Kept, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Kept{}, err
	}
	return byID(ctx, r, report)
}

// Reports reads the newest reports, the newest first.
func Reports(ctx context.Context, r store.Reader) ([]Kept, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	all, err := store.All(ctx, r, scanReport, `SELECT `+reportColumns+` FROM validation_report ORDER BY number DESC LIMIT 200`)
	for i := range all {
		if all[i], err = withDecisions(ctx, r, all[i]); err != nil {
			return nil, err
		}
	}
	return all, err
}

// LastApproved reads the report that was approved last; NotFound before the first.
func LastApproved(ctx context.Context, r store.Reader) (Kept, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Kept{}, err
	}
	return lastApproved(ctx, r)
}

func lastApproved(ctx context.Context, r store.Reader) (Kept, error) {
	k, err := scanReport(r.QueryRow(ctx, `SELECT `+reportColumns+` FROM validation_report WHERE number = (SELECT max(v.number) FROM validation_report v
		JOIN validation_decision d ON d.report = v.id WHERE d.verdict = 'approved')`))
	if err != nil {
		return k, err
	}
	return withDecisions(ctx, r, k)
}

func nextNumber(ctx context.Context, r store.Reader) (int, error) {
	var n int
	err := r.QueryRow(ctx, `SELECT coalesce(max(number), 0) + 1 FROM validation_report`).Scan(&n)
	return n, err
}

func insertReport(ctx context.Context, tx *store.Tx, r Report, text, sum string) error {
	_, err := tx.Exec(ctx, `INSERT INTO validation_report (id, number, at, body, digest) VALUES ($1, $2, $3, $4, $5)`, r.ID, r.Number, store.Micros(r.At), text, sum)
	return err
}

func insertDecision(ctx context.Context, tx *store.Tx, report string, d Decision) error {
	_, err := tx.Exec(ctx, `INSERT INTO validation_decision (report, verdict, reason, account, name, signature, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
		report, string(d.Verdict), d.Reason, d.Account, d.Name, d.Signature, store.Micros(d.At))
	return err
}
