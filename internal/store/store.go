package store

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io/fs"
	"net/url"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"github.com/jackc/pgx/v5"
	"github.com/jackc/pgx/v5/pgconn"
	"github.com/jackc/pgx/v5/stdlib"
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
	dialect  Dialect
	path     string // SQLite file
	read     *sql.DB
	write    *sql.DB
	now      func() time.Time
	scripts  fs.FS // the migrations
	readOnly bool  // opened by Inspect

	mu      sync.Mutex
	changed chan struct{} // closed and replaced after each commit that recorded events
	passed  chan struct{} // closed and replaced after a follower passed entries
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
	return open(ctx, address, &DB{now: o.Now, scripts: migrations})
}

// Inspect opens an existing database for reading only: it changes nothing, applies no migration, and Update and Bulk
// fail on it. A server may be running on the database.
func Inspect(ctx context.Context, address string) (*DB, error) {
	return open(ctx, address, &DB{now: time.Now, scripts: migrations, readOnly: true})
}

func open(ctx context.Context, address string, db *DB) (*DB, error) {
	db.changed, db.passed = make(chan struct{}), make(chan struct{})
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
	if db.readOnly {
		return db, nil
	}
	if err := db.migrate(ctx); err != nil {
		db.Close()
		return nil, fmt.Errorf("open database: %w", err)
	}
	return db, nil
}

func (db *DB) openSQLite() error {
	if err := db.prepareFile(); err != nil {
		return err
	}
	dsn := func(pragmas ...string) string {
		v := url.Values{"_pragma": append([]string{"busy_timeout(10000)", "journal_mode(WAL)", "synchronous(FULL)",
			"foreign_keys(1)", "cache_size(-65536)", "temp_store(MEMORY)"}, pragmas...)}
		return "file:" + (&url.URL{Path: db.path}).EscapedPath() + "?" + v.Encode()
	}
	var err error
	if db.read, err = sql.Open("sqlite", dsn("query_only(1)", "mmap_size(268435456)")); err != nil {
		return err
	}
	db.read.SetMaxOpenConns(8)
	db.read.SetMaxIdleConns(8)
	if db.readOnly {
		db.write = db.read
		return nil
	}
	if db.write, err = sql.Open("sqlite", dsn()+"&_txlock=immediate"); err != nil {
		return err
	}
	db.write.SetMaxOpenConns(1)
	return nil
}

// prepareFile makes the database's file where there is none.
func (db *DB) prepareFile() error {
	if db.path == "" {
		return problem.New(problem.Invalid, "the address sqlite: needs a file path")
	}
	if db.readOnly {
		_, err := os.Stat(db.path)
		if errors.Is(err, fs.ErrNotExist) {
			return problem.New(problem.NotFound, "there is no database file %s", db.path)
		}
		return err
	}
	// The file holds password digests and evidence of weaknesses: nobody else on the machine may read it.
	if err := os.MkdirAll(filepath.Dir(db.path), 0o700); err != nil {
		return err
	}
	// Never opened and closed when it is there: closing any descriptor of a file drops the POSIX locks that another
	// connection of this process may hold on it.
	f, err := os.OpenFile(db.path, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o600)
	switch {
	case err == nil:
		f.Close()
	case !errors.Is(err, fs.ErrExist):
		return err
	}
	return nil
}

func (db *DB) openPostgres(address string) error {
	config, err := pgx.ParseConfig(address)
	if err != nil {
		return problem.New(problem.Invalid, "the address of the PostgreSQL database cannot be read") // its text holds a password
	}
	if db.readOnly {
		config.RuntimeParams["default_transaction_read_only"] = "on"
	}
	db.write = stdlib.OpenDB(*config)
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
	return fn(db.reader(tx))
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
	keep    bool  // commit although no event was recorded: a follower's position
	failed  error // the first statement that the database refused

	Now time.Time // the instant of the transaction, UTC
}

// Actor is who acts in this transaction.
func (tx *Tx) Actor() Actor { return tx.actor }

func (tx *Tx) exec(ctx context.Context, query string, args ...any) (int64, error) {
	return tx.run(ctx, tx.tx, query, args)
}

// Exec changes rows and returns how many. A violated uniqueness is a Conflict. After a statement that the database
// refused, the Update cannot commit, on both databases (PostgreSQL ends the transaction; SQLite would go on).
func (tx *Tx) Exec(ctx context.Context, query string, args ...any) (int64, error) {
	if err := guard(query); err != nil {
		return 0, err
	}
	n, err := tx.exec(ctx, query, args...)
	if err != nil {
		return 0, tx.fail(err)
	}
	tx.changes += n
	return n, nil
}

// Query reads; a statement that writes and returns rows counts as a change.
func (tx *Tx) Query(ctx context.Context, query string, args ...any) (*Rows, error) {
	if err := tx.count(query); err != nil {
		return nil, err
	}
	rows, err := tx.reader.Query(ctx, query, args...)
	if err != nil {
		return nil, tx.fail(err)
	}
	return rows, nil
}

// QueryRow reads; a statement that writes and returns a row counts as a change.
func (tx *Tx) QueryRow(ctx context.Context, query string, args ...any) Row {
	if err := tx.count(query); err != nil {
		return Row{err: err}
	}
	row := tx.reader.QueryRow(ctx, query, args...)
	row.failed = func(err error) { tx.failed = errors.Join(tx.failed, err) }
	return row
}

func (tx *Tx) count(query string) error {
	if err := guard(query); err != nil {
		return err
	}
	if writes(query) {
		tx.changes++
	}
	return nil
}

func (tx *Tx) fail(err error) error {
	err = conflict(err)
	if tx.failed == nil {
		tx.failed = err
	}
	return err
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
	tx := &Tx{reader: db.reader(sqlTx), tx: sqlTx, actor: actor}
	// Locks the head on PostgreSQL; SQLite began IMMEDIATE and has the lock already.
	if err := tx.reader.QueryRow(ctx, `UPDATE journal_head SET seq = seq WHERE id = 1 RETURNING seq, hash`).Scan(&tx.seq, &tx.head); err != nil {
		return unavailable(err)
	}
	tx.Now = db.Now()
	if err := fn(tx); err != nil {
		if problem.KindOf(err) == "" && errors.Is(ctx.Err(), context.DeadlineExceeded) {
			return unavailable(err)
		}
		return err
	}
	switch {
	case tx.failed != nil:
		return fmt.Errorf("update went on after a refused statement: %w", tx.failed)
	case tx.events == 0 && tx.changes > 0:
		return fmt.Errorf("update changed %d rows without recording an event", tx.changes)
	case tx.events == 0 && !tx.keep:
		return nil
	}
	if _, err := tx.exec(ctx, `UPDATE journal_head SET seq = $1, hash = $2 WHERE id = 1`, tx.seq, tx.head); err != nil {
		return err
	}
	if err := sqlTx.Commit(); err != nil {
		return unconfirmed(err)
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

func (db *DB) followed() {
	db.mu.Lock()
	defer db.mu.Unlock()
	close(db.passed)
	db.passed = make(chan struct{})
}

// Passed is closed when a follower of this process passes entries.
func (db *DB) Passed() <-chan struct{} {
	db.mu.Lock()
	defer db.mu.Unlock()
	return db.passed
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

// unconfirmed is a failed COMMIT: when the connection broke in it, the change may or may not have been kept.
func unconfirmed(err error) error {
	return fmt.Errorf("%w (%w)", problem.New(problem.Unavailable, "the database did not confirm the change; look whether it is there before trying again"), err)
}
