package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5/pgconn"
	_ "github.com/jackc/pgx/v5/stdlib" // the driver "pgx"
	"modernc.org/sqlite"
	sqlite3 "modernc.org/sqlite/lib"

	"triward/internal/problem"
)

// Dialect is which database runs the statements.
type Dialect string

// The closed list of databases.
const (
	SQLite   Dialect = "sqlite"
	Postgres Dialect = "postgres"
)

// updateDeadline bounds an Update: no network or file work belongs in one.
const updateDeadline = 5 * time.Second

// DB is an open database. It is safe for use by many goroutines.
type DB struct {
	dialect Dialect
	path    string // SQLite file
	read    *sql.DB
	write   *sql.DB
	now     func() time.Time

	mu      sync.Mutex
	changed chan struct{} // closed and replaced after each commit that recorded events
}

// Options are the parts of a DB that a caller may set.
type Options struct {
	Now func() time.Time // the clock; nil means the system's
}

// Open opens the database at a URL ("sqlite:/path/file.db" or "postgres://…") and applies missing migrations.
func Open(ctx context.Context, address string, o Options) (*DB, error) {
	if o.Now == nil {
		o.Now = time.Now
	}
	db := &DB{now: o.Now, changed: make(chan struct{})}
	var err error
	switch {
	case strings.HasPrefix(address, "sqlite:"):
		db.dialect = SQLite
		db.path = strings.TrimPrefix(address, "sqlite:")
		err = db.openSQLite()
	case strings.HasPrefix(address, "postgres://"), strings.HasPrefix(address, "postgresql://"):
		db.dialect = Postgres
		err = db.openPostgres(address)
	default:
		return nil, problem.New(problem.Invalid, "database address must begin with sqlite: or postgres://")
	}
	if err != nil {
		return nil, fmt.Errorf("open database: %w", err)
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

func (db *DB) openSQLite() error {
	if db.path == "" {
		return problem.New(problem.Invalid, "the address sqlite: needs a file path")
	}
	// The file holds password digests and evidence of weaknesses: nobody else on the machine may read it.
	if err := os.MkdirAll(filepath.Dir(db.path), 0o700); err != nil {
		return err
	}
	f, err := os.OpenFile(db.path, os.O_RDWR|os.O_CREATE, 0o600)
	if err != nil {
		return err
	}
	f.Close()
	dsn := func(pragmas ...string) string {
		v := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
			"foreign_keys(1)", "cache_size(-65536)", "temp_store(MEMORY)"}, pragmas...)}
		return "file:" + (&url.URL{Path: db.path}).EscapedPath() + "?" + v.Encode()
	}
	if db.write, err = sql.Open("sqlite", dsn()+"&_txlock=immediate"); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	if db.read, err = sql.Open("sqlite", dsn("query_only(1)", "mmap_size(268435456)")); err != nil {
		return err
	}
	db.read.SetMaxOpenConns(8)
	db.read.SetMaxIdleConns(8)
	return nil
}

func (db *DB) openPostgres(address string) error {
	var err error
	if db.write, err = sql.Open("pgx", address); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(16)
	db.write.SetMaxIdleConns(8)
	db.read = db.write
	return nil
}

// Dialect is which database this is.
func (db *DB) Dialect() Dialect { return db.dialect }

// Now is the database's clock, in UTC, to the microsecond.
func (db *DB) Now() time.Time { return db.now().UTC().Truncate(time.Microsecond) }

// Close releases the connections.
func (db *DB) Close() error {
	if db.read == db.write {
		return db.write.Close()
	}
	return errors.Join(db.read.Close(), db.write.Close())
}

// View runs fn on one read-only snapshot.
func (db *DB) View(ctx context.Context, fn func(r Reader) error) error {
	o := &sql.TxOptions{ReadOnly: true}
	if db.dialect == Postgres {
		o.Isolation = sql.LevelRepeatableRead
	}
	tx, err := db.read.BeginTx(ctx, o)
	if err != nil {
		return unavailable(err)
	}
	defer tx.Rollback() //nolint:errcheck // a read has nothing to keep
	return fn(reader{tx})
}

// Tx is one Update. It reads and writes.
type Tx struct {
	reader
	tx      *sql.Tx
	actor   Actor
	seq     int64
	head    []byte
	changes int64
	events  int
	keep    bool // commit although no event was recorded: a follower's position

	Now time.Time // the instant of the transaction, UTC
}

// Actor is who acts in this transaction.
func (tx *Tx) Actor() Actor { return tx.actor }

func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	res, err := tx.tx.ExecContext(ctx, query, args...)
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// Exec changes rows and returns how many. A violated uniqueness is a Conflict.
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	n, err := tx.exec(ctx, query, args...)
	if err != nil {
		return 0, conflict(err)
	}
	tx.changes += n
	return n, nil
}

// Update runs fn in one transaction, at most one at a time. It commits when fn returns nil and what fn changed is
// covered by events; it refuses a missing actor (Forbidden).
func (db *DB) Update(ctx context.Context, fn func(tx *Tx) error) error {
	actor, ok := ActorOf(ctx)
	if !ok {
		return problem.New(problem.Forbidden, "sign in first")
	}
	ctx, cancel := context.WithTimeout(ctx, updateDeadline)
	defer cancel()
	sqlTx, err := db.write.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer sqlTx.Rollback() //nolint:errcheck // after Commit it does nothing
	tx := &Tx{reader: reader{sqlTx}, tx: sqlTx, actor: actor}
	// Locks the head on PostgreSQL; SQLite began IMMEDIATE and has the lock already.
	if err := tx.QueryRow(ctx, `UPDATE journal_head SET seq = seq WHERE id = 1 RETURNING seq, hash`).Scan(&tx.seq, &tx.head); err != nil {
		return unavailable(err)
	}
	tx.Now = db.Now()
	if err := fn(tx); err != nil {
		return err
	}
	if tx.events == 0 && tx.changes > 0 {
		return fmt.Errorf("update changed %d rows without recording an event", tx.changes)
	}
	if tx.events == 0 && !tx.keep {
		return nil
	}
	if _, err := tx.exec(ctx, `UPDATE journal_head SET seq = $1, hash = $2 WHERE id = 1`, tx.seq, tx.head); err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return unavailable(err)
	}
	db.wake()
	return nil
}

func (db *DB) wake() {
	db.mu.Lock()
	defer db.mu.Unlock()
	close(db.changed)
	db.changed = make(chan struct{})
}

// Changed is closed at the next commit of this process that recorded events.
func (db *DB) Changed() <-chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.changed
}

func conflict(err error) error {
	var lite *sqlite.Error
	var pg *pgconn.PgError
	if errors.As(err, &lite) && (lite.Code() == sqlite3.SQLITE_CONSTRAINT_UNIQUE || lite.Code() == sqlite3.SQLITE_CONSTRAINT_PRIMARYKEY) ||
		errors.As(err, &pg) && pg.Code == "23505" {
		return fmt.Errorf("%w (%w)", problem.New(problem.Conflict, "there is one already"), err)
	}
	return err
}

func unavailable(err error) error {
	if errors.Is(err, context.Canceled) {
		return err
	}
	return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "the database does not answer; nothing was changed"), err)
}
