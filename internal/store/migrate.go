package store

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"path"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/problem"
)

// Migrations are written once, in PostgreSQL's spelling, and only ever added. A line "-- append-only: TABLE" makes
// triggers that refuse UPDATE and DELETE on that table; a line "-- derived: TABLE" says that its rows can be made again from
// the rest: backups leave them out. A line "-- full-text: TABLE" makes an index of its words, see [FullText].
//
//go:embed migrations/*.sql
var migrations embed.FS

var (
	typeWord    = regexp.MustCompile(`\b(BIGINT|BYTEA|BOOLEAN|TEXT)\b`)
	appendOnly  = regexp.MustCompile(`(?m)^-- append-only: (\w+)$`)
	lineComment = regexp.MustCompile(`(?m)--.*$`)
)

func (db *DB) migrate(ctx context.Context) error {
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	if db.dialect == Postgres { // several processes may start at once
		if _, err := conn.ExecContext(ctx, `SELECT pg_advisory_lock(7423951)`); err != nil {
			return err
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), `SELECT pg_advisory_unlock(7423951)`) //nolint:errcheck // ends with the session at the latest
	}
	if _, err := conn.ExecContext(ctx, db.spell(`CREATE TABLE IF NOT EXISTS migration (name TEXT PRIMARY KEY, at BIGINT NOT NULL)`)); err != nil {
		return err
	}
	files, err := db.migrationFiles()
	if err != nil {
		return err
	}
	if err := refuseNewer(ctx, conn, files); err != nil {
		return err
	}
	for _, name := range files {
		if err := db.applyOne(ctx, conn, name); err != nil {
			return fmt.Errorf("apply %s: %w", name, err)
		}
	}
	_, err = conn.ExecContext(ctx, `INSERT INTO journal_head (id, seq, hash) VALUES (1, 0, $1) ON CONFLICT (id) DO NOTHING`, make([]byte, 32))
	return err
}

// refuseNewer refuses a database that a newer program has migrated: this one does not know what its rows mean.
func refuseNewer(ctx context.Context, conn *sql.Conn, files []string) error {
	rows, err := conn.QueryContext(ctx, `SELECT name FROM migration`)
	if err != nil {
		return err
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return err
		}
		if !slices.Contains(files, name) {
			return problem.New(problem.Conflict, "the database was used by a newer Triward (%s): use that one or restore a backup", name)
		}
	}
	return rows.Err()
}

// SchemaDigest names the schema that this program's migrations make: the SHA-256 of their names and texts, in hex.
func SchemaDigest() (string, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, name := range files {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return "", err
		}
		fmt.Fprintf(h, "%s %d\n%s", name, len(text), text)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

// Migration is one step of the schema.
type Migration struct {
	Name   string    // "0010_people.sql"
	SHA256 string    // of its text in this program, in hex
	At     time.Time // when it was applied to the database; zero when it was not
}

// Migrations are the steps of this program's schema in order, and when each was applied to a database.
func Migrations(ctx context.Context, r Reader) ([]Migration, error) {
	files, err := fs.Glob(migrations, "migrations/*.sql")
	if err != nil {
		return nil, err
	}
	out := make([]Migration, 0, len(files))
	for _, name := range files {
		text, err := migrations.ReadFile(name)
		if err != nil {
			return nil, err
		}
		sum := sha256.Sum256(text)
		m := Migration{Name: path.Base(name), SHA256: hex.EncodeToString(sum[:])}
		var at int64
		err = r.QueryRow(ctx, `SELECT coalesce(max(at), 0) FROM migration WHERE name = $1`, name).Scan(&at)
		if err != nil {
			return nil, err
		}
		m.At = Time(at)
		out = append(out, m)
	}
	return out, nil
}

// migrationFiles are the migrations of this program in the order in which they are applied.
func (db *DB) migrationFiles() ([]string, error) {
	return fs.Glob(db.scripts, "migrations/*.sql")
}

func (db *DB) applyOne(ctx context.Context, conn *sql.Conn, name string) error {
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	var done int
	if err := tx.QueryRowContext(ctx, `SELECT count(*) FROM migration WHERE name = $1`, name).Scan(&done); err != nil || done > 0 {
		return err
	}
	if err := db.applyIn(ctx, tx, name); err != nil {
		return err
	}
	return tx.Commit()
}

func (db *DB) applyIn(ctx context.Context, tx *sql.Tx, name string) error {
	text, err := fs.ReadFile(db.scripts, name)
	if err != nil {
		return err
	}
	for _, stmt := range db.statements(string(text)) {
		if _, err := tx.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("%s: %w", strings.SplitN(stmt, "\n", 2)[0], err)
		}
	}
	_, err = tx.ExecContext(ctx, `INSERT INTO migration (name, at) VALUES ($1, $2)`, name, Micros(db.Now()))
	return err
}

func (db *DB) statements(text string) []string {
	var out []string
	for s := range strings.SplitSeq(lineComment.ReplaceAllString(text, ""), ";") {
		if s = strings.TrimSpace(s); s != "" {
			out = append(out, db.spell(s))
		}
	}
	for _, m := range appendOnly.FindAllStringSubmatch(text, -1) {
		out = append(out, db.refuseChanges(m[1])...)
	}
	for _, m := range fullText.FindAllStringSubmatch(text, -1) {
		out = append(out, db.fullTextIndex(m[1])...)
	}
	return out
}

// spell writes a statement's types as this database names them.
func (db *DB) spell(s string) string {
	if !strings.HasPrefix(s, "CREATE TABLE") && !strings.HasPrefix(s, "ALTER TABLE") {
		return s
	}
	s = typeWord.ReplaceAllStringFunc(s, func(t string) string {
		if db.dialect == Postgres {
			if t == "TEXT" {
				return `TEXT COLLATE "C"`
			}
			return t
		}
		switch t {
		case "BIGINT", "BOOLEAN":
			return "INTEGER"
		case "BYTEA":
			return "BLOB"
		}
		return t
	})
	if db.dialect == SQLite {
		s = regexp.MustCompile(`DEFAULT (FALSE|TRUE)`).ReplaceAllStringFunc(s, func(d string) string {
			return "DEFAULT " + strconv.Itoa(map[string]int{"DEFAULT TRUE": 1}[d])
		})
		if strings.HasPrefix(s, "CREATE TABLE") {
			s += " STRICT"
		}
	}
	return s
}

func (db *DB) refuseChanges(table string) []string {
	if db.dialect == SQLite {
		trigger := func(verb string) string {
			return fmt.Sprintf(`CREATE TRIGGER %[1]s_no_%[2]s BEFORE %[2]s ON %[1]s BEGIN SELECT RAISE(ABORT, '%[1]s is append-only'); END`, table, verb)
		}
		return []string{trigger("UPDATE"), trigger("DELETE")}
	}
	return []string{
		fmt.Sprintf(`CREATE OR REPLACE FUNCTION %[1]s_append_only() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE EXCEPTION '%[1]s is append-only'; END $$`, table),
		fmt.Sprintf(`CREATE TRIGGER %[1]s_no_change BEFORE UPDATE OR DELETE ON %[1]s FOR EACH ROW EXECUTE FUNCTION %[1]s_append_only()`, table),
		fmt.Sprintf(`CREATE TRIGGER %[1]s_no_truncate BEFORE TRUNCATE ON %[1]s FOR EACH STATEMENT EXECUTE FUNCTION %[1]s_append_only()`, table),
	}
}
