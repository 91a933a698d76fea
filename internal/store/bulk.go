package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Bulk writes derived tables: what can be made again from records, the journal and the feeds. It records no events and
// does not wait for the journal's head. The arch test lists the packages that may use it. On SQLite a Bulk holds the one
// writer: load a large set in several Bulks of at most a second or two, else an Update waits longer than its deadline.
type Bulk struct {
	reader
	db   *DB
	conn *sql.Conn
	tx   *sql.Tx
}

// Bulk runs fn in one transaction over derived tables.
func (db *DB) Bulk(ctx context.Context, fn func(b *Bulk) error) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	if err := fn(&Bulk{reader: db.reader(tx), db: db, conn: conn, tx: tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return unconfirmed(err)
	}
	return nil
}

// Query reads; it refuses to write the journal.
func (b *Bulk) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	if err := guard(query); err != nil {
		return nil, err
	}
	return b.reader.Query(ctx, query, args...)
}

// QueryRow reads; it refuses to write the journal.
func (b *Bulk) QueryRow(ctx context.Context, query string, args ...any) Row {
	if err := guard(query); err != nil {
		return Row{err: err}
	}
	return b.reader.QueryRow(ctx, query, args...)
}

// Exec changes rows of derived tables.
func (b *Bulk) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := guard(query); err != nil {
		return 0, err
	}
	return b.run(ctx, b.tx, query, args)
}

// Each prepares a statement once and runs it for every row of values.
func (b *Bulk) Each(ctx context.Context, query string, rows iter.Seq[[]any]) (int64, error) {
	if err := guard(query); err != nil {
		return 0, err
	}
	stmt, err := b.tx.PrepareContext(ctx, b.numbered(query))
	if err != nil {
		return 0, err
	}
	defer stmt.Close()
	var n int64
	for row := range rows {
		if _, err := stmt.ExecContext(ctx, row...); err != nil {
			return n, err
		}
		n++
	}
	return n, nil
}

// A multi-row INSERT on SQLite holds at most so many rows, bound values (SQLite allows 32,766) and bytes.
const (
	rowsPerInsert   = 200
	valuesPerInsert = 32_000
	bytesPerInsert  = 8 << 20
)

// Load inserts rows into a table: COPY on PostgreSQL, prepared multi-row INSERT on SQLite. A violated uniqueness fails
// the whole load. A row has one value per column.
func (b *Bulk) Load(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) (int64, error) {
	if err := guard("INSERT INTO " + table); err != nil {
		return 0, err
	}
	return b.load(ctx, table, columns, rows)
}

func (b *Bulk) load(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) (int64, error) {
	var n int64
	var err error
	if b.db.dialect == Postgres {
		n, err = b.copyIn(ctx, table, columns, rows)
	} else {
		n, err = b.insert(ctx, table, columns, rows)
	}
	if err != nil {
		return 0, fmt.Errorf("load %s: %w", table, conflict(err))
	}
	return n, nil
}

func (b *Bulk) insert(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) (int64, error) {
	perInsert := min(rowsPerInsert, valuesPerInsert/len(columns))
	full, err := b.tx.PrepareContext(ctx, insertText(table, columns, perInsert))
	if err != nil {
		return 0, err
	}
	defer full.Close()
	var n, size int64
	args := make([]any, 0, perInsert*len(columns))
	flush := func() error {
		var err error
		switch waiting := len(args) / len(columns); waiting {
		case 0:
		case perInsert:
			_, err = full.ExecContext(ctx, args...)
		default:
			_, err = b.tx.ExecContext(ctx, insertText(table, columns, waiting), args...)
		}
		args, size = args[:0], 0
		return err
	}
	for row := range rows {
		if len(row) != len(columns) {
			return 0, fmt.Errorf("a row has %d values for %d columns", len(row), len(columns))
		}
		for _, v := range row {
			size += sizeOf(v)
		}
		args = append(args, row...)
		n++
		if len(args) == cap(args) || size > bytesPerInsert {
			if err := flush(); err != nil {
				return 0, err
			}
		}
	}
	return n, flush()
}

// insertText has plain question marks: SQLite looks a numbered placeholder up by its name in a list of all of them, when
// it prepares and when it binds. With 2,200 of them that took more than ten times as long as the insert.
func insertText(table string, columns []string, rows int) string {
	row := "(" + strings.Repeat("?, ", len(columns)-1) + "?)"
	return "INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES " + strings.Repeat(row+", ", rows-1) + row
}

func sizeOf(v any) int64 {
	switch v := v.(type) {
	case string:
		return int64(len(v))
	case []byte:
		return int64(len(v))
	}
	return 8
}

func (b *Bulk) copyIn(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) (int64, error) {
	next, stop := iter.Pull(rows)
	defer stop()
	var n int64
	err := b.conn.Raw(func(driver any) error {
		var err error
		n, err = driver.(*stdlib.Conn).Conn().CopyFrom(ctx, pgx.Identifier{table}, columns, pgx.CopyFromFunc(func() ([]any, error) {
			row, ok := next()
			if !ok {
				return nil, nil
			}
			return row, nil
		}))
		return err
	})
	return n, err
}
