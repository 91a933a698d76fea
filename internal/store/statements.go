package store

import (
	"context"
	"database/sql"
	"sync"
)

// statements keeps the statements that a transaction on SQLite uses again: SQLite spends more time on preparing a short
// statement than on running it. (The driver of PostgreSQL does so by itself.) A statement that is running is not among
// them, so that the same text may be run again inside of its own loop. All of them end with the transaction. Nil keeps none.
type statements struct {
	tx   *sql.Tx
	mu   sync.Mutex
	seen map[string]bool // texts that were used once
	idle map[string]*sql.Stmt
	kept int
}

// A text that is longer, or comes after so many others, is not kept.
const (
	longestKept = 16 << 10
	mostKept    = 200
	mostSeen    = 2_000
)

// reader reads in a transaction.
func (db *DB) reader(tx *sql.Tx) reader {
	if db.dialect == Postgres {
		return reader{q: tx, dialect: db.dialect}
	}
	return reader{q: tx, dialect: db.dialect, kept: &statements{tx: tx}}
}

// take gives a prepared statement, or nil when the text should be run as it is: at its first use.
func (s *statements) take(ctx context.Context, r reader, query string) *sql.Stmt {
	if s == nil || len(query) > longestKept {
		return nil
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	if p := s.idle[query]; p != nil {
		delete(s.idle, query)
		return p
	}
	if !s.seen[query] {
		if s.seen == nil {
			s.seen, s.idle = map[string]bool{}, map[string]*sql.Stmt{}
		}
		if len(s.seen) < mostSeen {
			s.seen[query] = true
		}
		return nil
	}
	if s.kept == mostKept {
		return nil
	}
	p, err := s.tx.PrepareContext(ctx, r.numbered(query))
	if err != nil {
		return nil // run as it is, it says the same
	}
	s.kept++
	return p
}

// giveBack keeps a statement that has ended for its next use.
func (s *statements) giveBack(query string, p *sql.Stmt) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.idle[query] == nil {
		s.idle[query] = p
		return
	}
	s.kept-- // it ran inside of its own loop
	p.Close()
}

// query runs a statement; ended is called once its rows are closed.
func (r reader) query(ctx context.Context, query string, args []any) (rows *sql.Rows, ended func(), err error) {
	p := r.kept.take(ctx, r, query)
	if p == nil {
		rows, err = r.q.QueryContext(ctx, r.numbered(query), args...)
		return rows, func() {}, err
	}
	rows, err = p.QueryContext(ctx, args...)
	if err != nil {
		r.kept.giveBack(query, p)
	}
	return rows, sync.OnceFunc(func() { r.kept.giveBack(query, p) }), err
}

func (r reader) queryRow(ctx context.Context, query string, args []any) (row *sql.Row, ended func()) {
	p := r.kept.take(ctx, r, query)
	if p == nil {
		return r.q.QueryRowContext(ctx, r.numbered(query), args...), func() {}
	}
	return p.QueryRowContext(ctx, args...), sync.OnceFunc(func() { r.kept.giveBack(query, p) })
}

// run runs a statement that returns no rows and says how many it changed.
func (r reader) run(ctx context.Context, tx *sql.Tx, query string, args []any) (int64, error) {
	var res sql.Result
	var err error
	if p := r.kept.take(ctx, r, query); p != nil {
		res, err = p.ExecContext(ctx, args...)
		r.kept.giveBack(query, p)
	} else {
		res, err = tx.ExecContext(ctx, r.numbered(query), args...)
	}
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}
