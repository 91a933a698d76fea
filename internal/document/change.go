package document

import (
	"context"

	"triward/internal/problem"
	"triward/internal/store"
)

// coveredBy refuses a change request that is closed or does not name the document.
func coveredBy(ctx context.Context, r store.Reader, change, code string) error {
	var n int
	err := r.QueryRow(ctx, `SELECT count(*) FROM change_request c JOIN change_item i ON i.change = c.id WHERE c.id = $1 AND c.state = 'open' AND i.code = $2`, change, code).Scan(&n)
	if err == nil && n == 0 {
		return problem.New(problem.Invalid, "the change request is not open, or does not name %s", code)
	}
	return err
}
