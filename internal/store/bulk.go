package store

import (
	"context"
	"database/sql"
	"fmt"
	"iter"
	"strconv"
	"strings"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/stdlib"
)

// Bulk writes derived tables: what can be made again from records, the journal and the feeds. It records no events and
// does not wait for the journal's head. The arch test lists the packages that may use it.
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
	if err := fn(&Bulk{reader: reader{tx}, db: db, conn: conn, tx: tx}); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return unavailable(err)
	}
	return nil
}

// Exec changes rows of derived tables.
func (b *Bulk) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := b.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Each prepares a statement once and runs it for every row of values.
func (b *Bulk) Each(ctx context.Context, query string, rows iter.Seq[[]any]) (int64, error) {
	stmt, err := b.tx.PrepareContext(ctx, query)
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

// rowsPerInsert keeps a multi-row INSERT below SQLite's limit of 32,766 bound values for up to 40 columns.
const rowsPerInsert = 200

// Load inserts rows into a table: COPY on PostgreSQL, prepared multi-row INSERT on SQLite. A violated uniqueness fails
// the whole load. A row has one value per column.
func (b *Bulk) Load(ctx context.Context, table string, columns []string, rows iter.Seq[[]any]) (int64, error) {
	if b.db.dialect == Postgres {
		return b.copyIn(ctx, table, columns, rows)
	}
	insert := func(n int) string {
		var s strings.Builder
		s.WriteString("INSERT INTO " + table + " (" + strings.Join(columns, ", ") + ") VALUES ")
		for i := range n {
			if i > 0 {
				s.WriteString(", ")
			}
			for j := range columns {
				s.WriteString([]string{"(", ", "}[min(j, 1)] + "$" + strconv.Itoa(i*len(columns)+j+1))
			}
			s.WriteString(")")
		}
		return s.String()
	}
	full, err := b.tx.PrepareContext(ctx, insert(rowsPerInsert))
	if err != nil {
		return 0, fmt.Errorf("load %s: %w", table, err)
	}
	defer full.Close()
	var n int64
	args := make([]any, 0, rowsPerInsert*len(columns))
	for row := range rows {
		args = append(args, row...)
		n++
		if len(args) == cap(args) {
			if _, err := full.ExecContext(ctx, args...); err != nil {
				return 0, fmt.Errorf("load %s: %w", table, err)
			}
			args = args[:0]
		}
	}
	if len(args) > 0 {
		if _, err := b.tx.ExecContext(ctx, insert(len(args)/len(columns)), args...); err != nil {
			return 0, fmt.Errorf("load %s: %w", table, err)
		}
	}
	return n, nil
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
	if err != nil {
		return 0, fmt.Errorf("load %s: %w", table, err)
	}
	return n, nil
}
