package store

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"time"

	"triward/internal/problem"
)

// Reader reads. It is implemented by the snapshot of [DB.View], by [*Tx] and by [*Bulk].
type Reader interface {
	Query(ctx context.Context, query string, args ...any) (*Rows, error)
	QueryRow(ctx context.Context, query string, args ...any) Row
}

// Scanner is one row of a result.
type Scanner interface {
	Scan(dest ...any) error
}

// Rows is a result; see [sql.Rows].
type Rows struct {
	*sql.Rows
	ended func()
}

// Next goes to the next row. After the last one the result is closed.
func (r *Rows) Next() bool {
	if r.Rows.Next() {
		return true
	}
	r.Close()
	return false
}

// Close ends the result; it may be called more than once.
func (r *Rows) Close() error {
	err := r.Rows.Close()
	r.ended()
	return err
}

// Row is a result of one row; its Scan says NotFound when there is none.
type Row struct {
	row    *sql.Row
	ended  func()
	err    error       // refused before it ran
	failed func(error) // hears of a statement that the database refused
}

// Scan copies the columns. A result without rows is a NotFound problem, a violated uniqueness a Conflict.
func (r Row) Scan(dest ...any) error {
	if r.err != nil {
		return r.err
	}
	err := r.row.Scan(dest...)
	r.ended()
	switch {
	case err == nil:
		return nil
	case errors.Is(err, sql.ErrNoRows):
		return problem.New(problem.NotFound, "there is no such record")
	}
	err = conflict(err)
	if r.failed != nil {
		r.failed(err)
	}
	return err
}

type queryer interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

type reader struct {
	q       queryer
	dialect Dialect
	kept    *statements
}

// speaks is for what the two databases do differently.
func (r reader) speaks() Dialect { return r.dialect }

// numbered writes the placeholders $1, $2, … as SQLite resolves them fastest: it looks a name up among all names before
// it, which makes a statement with many placeholders quadratic, and takes a number as it is. No text in a statement holds
// a $ before a digit (the arch test's rules leave it to placeholders).
func (r reader) numbered(query string) string {
	if r.dialect != SQLite || !strings.Contains(query, "$") {
		return query
	}
	b := []byte(query)
	for i := 0; i+1 < len(b); i++ {
		if b[i] == '$' && b[i+1] >= '1' && b[i+1] <= '9' {
			b[i] = '?'
		}
	}
	return string(b)
}

func (r reader) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	rows, ended, err := r.query(ctx, query, args)
	if err != nil {
		return nil, err
	}
	return &Rows{rows, ended}, nil
}

func (r reader) QueryRow(ctx context.Context, query string, args ...any) Row {
	row, ended := r.queryRow(ctx, query, args)
	return Row{row: row, ended: ended}
}

// All runs a query and scans every row.
func All[T any](ctx context.Context, r Reader, scan func(Scanner) (T, error), query string, args ...any) ([]T, error) {
	rows, err := r.Query(ctx, query, args...)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []T
	for rows.Next() {
		v, err := scan(rows)
		if err != nil {
			return nil, err
		}
		out = append(out, v)
	}
	return out, rows.Err()
}

// Value scans the single column of a row; use it with [All].
func Value[T any](s Scanner) (T, error) {
	var v T
	err := s.Scan(&v)
	return v, err
}

// Micros is a time as it is stored: microseconds since 1970 in UTC; 0 for the zero time.
func Micros(t time.Time) int64 {
	if t.IsZero() {
		return 0
	}
	return t.UnixMicro()
}

// Time is the reverse of [Micros].
func Time(us int64) time.Time {
	if us == 0 {
		return time.Time{}
	}
	return time.UnixMicro(us).UTC()
}
