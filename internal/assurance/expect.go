package assurance

import (
	"context"
	"slices"
	"strings"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/view"
	"triward/internal/store"
)

// boundRevisions is a subquery of the revisions that an inquiry ($1) shows as of an instant ($2).
const boundRevisions = `SELECT CASE WHEN b.revision <> '' THEN b.revision ELSE coalesce(f.revision, '') END FROM inquiry_binding b
	JOIN document d ON d.code = b.target LEFT JOIN effective_range f ON f.document = d.id AND f.since <= $2 AND (f.until = 0 OR f.until > $2)
	WHERE b.inquiry = $1 AND b.kind = 'document'`

// expect counts what a bundle of the inquiry is to hold, from the tables and not from what was collected: a collection
// that stops at a page or leaves something out is noticed.
func expect(ctx context.Context, r store.Reader, c *collection) (map[string]int, error) {
	now := store.Micros(c.as.Now)
	out := map[string]int{"inquiry": 1}
	for _, q := range []struct {
		kind, statement string
		args            []any
	}{
		{"document", `SELECT count(*) FROM revision WHERE id IN (` + boundRevisions + `)`, []any{c.inquiry.ID, now}},
		{bundle.KindSignature, `SELECT count(*) FROM signature WHERE seq <= $3 AND record IN (` + boundRevisions + `)`, []any{c.inquiry.ID, now, c.as.Head}},
		{bundle.KindToken, `SELECT count(*) FROM signature WHERE seq <= $3 AND length(token) > 0 AND record IN (` + boundRevisions + `)`, []any{c.inquiry.ID, now, c.as.Head}},
		{"record", `SELECT count(DISTINCT target) FROM inquiry_binding WHERE inquiry = $1 AND kind = 'record'`, []any{c.inquiry.ID}},
		{"evidence", `SELECT count(DISTINCT target) FROM inquiry_binding WHERE inquiry = $1 AND kind = 'evidence'`, []any{c.inquiry.ID}},
		{"review", `SELECT count(DISTINCT target) FROM inquiry_binding WHERE inquiry = $1 AND kind = 'review'`, []any{c.inquiry.ID}},
	} {
		var n int
		if err := r.QueryRow(ctx, q.statement, q.args...).Scan(&n); err != nil {
			return nil, err
		}
		out[q.kind] = n
	}
	if err := expectLists(ctx, r, c, out); err != nil {
		return nil, err
	}
	n, err := expectProofs(ctx, r, c)
	out[bundle.KindProof] = n
	return out, err
}

func targets(ctx context.Context, r store.Reader, inquiry string, kind Kind) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT DISTINCT target FROM inquiry_binding WHERE inquiry = $1 AND kind = $2 ORDER BY target`, inquiry, string(kind))
}

func expectLists(ctx context.Context, r store.Reader, c *collection, out map[string]int) error {
	lists, err := targets(ctx, r, c.inquiry.ID, BoundList)
	if err != nil {
		return err
	}
	for _, name := range lists {
		v, err := view.Find(name)
		if err != nil {
			return err
		}
		if out[name], err = v.Count(ctx, r, c.as); err != nil {
			return err
		}
	}
	return nil
}

// expectProofs counts the entries about everything that is bound.
func expectProofs(ctx context.Context, r store.Reader, c *collection) (int, error) {
	subjects, err := store.All(ctx, r, store.Value[string], `SELECT id FROM revision WHERE id IN (`+boundRevisions+`)
		UNION SELECT document FROM revision WHERE id IN (`+boundRevisions+`)`, c.inquiry.ID, store.Micros(c.as.Now))
	if err != nil {
		return 0, err
	}
	records, err := targets(ctx, r, c.inquiry.ID, BoundRecord)
	if err != nil {
		return 0, err
	}
	for _, t := range records {
		_, record, _ := strings.Cut(t, "/")
		subjects = append(subjects, record)
	}
	slices.Sort(subjects)
	total := 0
	for part := range slices.Chunk(slices.Compact(subjects), 500) {
		var w store.Where
		w.And("seq <= ?", c.as.Head)
		w.In("subject", part)
		var n int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM journal`+w.SQL(), w.Args()...).Scan(&n); err != nil {
			return 0, err
		}
		total += n
	}
	queries, err := targets(ctx, r, c.inquiry.ID, BoundEvidence)
	if err != nil {
		return 0, err
	}
	for _, q := range queries {
		var n int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM evidence_result WHERE query = $1 AND at <= $2`, q, store.Micros(c.as.Now)).Scan(&n); err != nil {
			return 0, err
		}
		total += min(n, 1) // the newest one is shown
	}
	return total, nil
}
