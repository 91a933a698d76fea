package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"errors"
	"fmt"
	"net/url"
	"os"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/store"
)

// prefix begins the name of every database of a test; what a server holds under it may be dropped.
const prefix = "triward_testdb_"

// server is the PostgreSQL server of this process. To create a database takes a second, most of it for some thousand files;
// to empty one takes milliseconds. So databases stay on the server, for the tests after this one and for the next run: one
// belongs to a process while its session holds the advisory lock of the database's name, and the lock ends with the process,
// however it ends.
type server struct {
	address string
	schema  string // what the names of databases of this schema begin with
	session *sql.Conn

	mu   sync.Mutex
	mine map[string]bool // databases that this process has locked; true while a test uses it
}

// theServer connects once per process.
var theServer = sync.OnceValues(func() (*server, error) {
	digest, err := store.SchemaDigest()
	if err != nil {
		return nil, err
	}
	s := &server{address: os.Getenv("TRIWARD_TEST_POSTGRES"), schema: prefix + digest[:12] + "_", mine: map[string]bool{}}
	pool, err := sql.Open("pgx", s.address)
	if err != nil {
		return nil, err
	}
	if s.session, err = pool.Conn(context.Background()); err != nil {
		return nil, fmt.Errorf("connect to the PostgreSQL server of the tests: %w", err)
	}
	return s, s.sweep()
})

// Postgres gives a test an empty, migrated database of its own and returns its address. It skips when no server is named,
// and fails instead when TRIWARD_TEST_REQUIRE is set. A benchmark gets a new one, so that no earlier test weighs on it.
func Postgres(t testing.TB) string {
	t.Helper()
	if os.Getenv("TRIWARD_TEST_POSTGRES") == "" {
		if os.Getenv("TRIWARD_TEST_REQUIRE") != "" {
			t.Fatal("TRIWARD_TEST_POSTGRES is not set, and TRIWARD_TEST_REQUIRE demands a PostgreSQL server")
		}
		t.Skip("no PostgreSQL: TRIWARD_TEST_POSTGRES is not set")
	}
	s, err := theServer()
	if err != nil {
		t.Fatal(err)
	}
	var name string
	if _, measured := t.(*testing.B); measured {
		name, err = s.fresh()
		t.Cleanup(func() {
			if err := s.drop(name); err != nil {
				t.Error(err)
			}
		})
	} else {
		name, err = s.take()
		t.Cleanup(func() { s.giveBack(name) })
	}
	if err != nil {
		t.Fatalf("prepare a test database: %v", err)
	}
	return s.of(name)
}

// of is the address of a database of the server.
func (s *server) of(name string) string {
	u, err := url.Parse(s.address)
	if err != nil {
		return s.address // the driver says what is wrong with it
	}
	u.Path = "/" + name
	return u.String()
}

// take locks a database that nobody uses and empties it.
func (s *server) take() (string, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i := range 1000 {
		name := fmt.Sprintf("%s%d", s.schema, i)
		used, ours := s.mine[name]
		if used {
			continue
		}
		if !ours {
			free, err := s.lock(name)
			if err != nil {
				return "", err
			}
			if !free {
				continue
			}
		}
		s.mine[name] = true
		if s.empty(name) == nil {
			return name, nil
		}
		// It is not there, was left half made, or a test changed its schema.
		return name, errors.Join(s.drop(name), s.create(name))
	}
	return "", errors.New("a thousand databases are in use")
}

func (s *server) giveBack(name string) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.mine[name] = false
}

func (s *server) fresh() (string, error) {
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		return "", err
	}
	name := prefix + "bench_" + hex.EncodeToString(random[:])
	s.mu.Lock()
	defer s.mu.Unlock()
	if _, err := s.lock(name); err != nil {
		return "", err
	}
	return name, s.create(name)
}

func (s *server) lock(name string) (free bool, err error) {
	err = s.session.QueryRowContext(context.Background(), `SELECT pg_try_advisory_lock(hashtextextended($1, 0))`, name).Scan(&free)
	return free, err
}

func (s *server) drop(name string) error {
	_, err := s.session.ExecContext(context.Background(), `DROP DATABASE IF EXISTS `+name+` WITH (FORCE)`)
	return err
}

// create makes a migrated database. Its comment, the last thing that is written, holds the fingerprint of its schema.
func (s *server) create(name string) error {
	ctx := context.Background()
	if _, err := s.session.ExecContext(ctx, `CREATE DATABASE `+name); err != nil {
		return err
	}
	db, err := store.Open(ctx, s.of(name), store.Options{Now: NewClock().Now})
	if err != nil {
		return err
	}
	if err := db.Close(); err != nil {
		return err
	}
	return s.within(name, func(c *sql.Conn) error {
		if _, err := c.ExecContext(ctx, keepSeeds); err != nil {
			return err
		}
		print, err := fingerprint(ctx, c)
		if err != nil {
			return err
		}
		_, err = c.ExecContext(ctx, `COMMENT ON DATABASE `+name+` IS '`+print+`'`)
		return err
	})
}

// empty brings a database back to how create left it. It is an error when that is not possible.
func (s *server) empty(name string) error {
	ctx, cancel := context.WithTimeout(context.Background(), 20*time.Second)
	defer cancel()
	var made string
	if err := s.session.QueryRowContext(ctx, `SELECT coalesce(shobj_description(oid, 'pg_database'), '') FROM pg_database WHERE datname = $1`, name).Scan(&made); err != nil {
		return err
	}
	return s.within(name, func(c *sql.Conn) error {
		// A process that a test killed may still have a session in the middle of something.
		if _, err := c.ExecContext(ctx, `SELECT pg_terminate_backend(pid, 10000) FROM pg_stat_activity WHERE datname = $1 AND pid <> pg_backend_pid()
			AND backend_type = 'client backend'`, name); err != nil {
			return err
		}
		switch print, err := fingerprint(ctx, c); {
		case err != nil:
			return err
		case print != made:
			return errors.New("the schema was changed")
		}
		_, err := c.ExecContext(ctx, putBack)
		return err
	})
}

// within runs fn on a connection to a database.
func (s *server) within(name string, fn func(c *sql.Conn) error) error {
	db, err := sql.Open("pgx", s.of(name))
	if err != nil {
		return err
	}
	defer db.Close()
	c, err := db.Conn(context.Background())
	if err != nil {
		return err
	}
	defer c.Close()
	return fn(c)
}

// sweep drops the databases of other schemas, and of benchmarks that were killed, unless somebody uses them.
func (s *server) sweep() error {
	ctx := context.Background()
	var all sql.NullString
	if err := s.session.QueryRowContext(ctx, `SELECT string_agg(datname, ' ') FROM pg_database WHERE starts_with(datname, $1) AND NOT starts_with(datname, $2)`,
		prefix, s.schema).Scan(&all); err != nil {
		return err
	}
	for name := range strings.FieldsSeq(all.String) {
		if free, err := s.lock(name); err != nil || !free {
			continue
		}
		// Without FORCE: a process that does not know of the locks may be connected. Another process may be sweeping too.
		_, _ = s.session.ExecContext(ctx, `DROP DATABASE IF EXISTS `+name)
		if _, err := s.session.ExecContext(ctx, `SELECT pg_advisory_unlock(hashtextextended($1, 0))`, name); err != nil {
			return err
		}
	}
	return nil
}

// fingerprint is a digest of all that a test could have changed besides rows.
func fingerprint(ctx context.Context, c *sql.Conn) (string, error) {
	var sum string
	err := c.QueryRowContext(ctx, `WITH mine AS (SELECT oid, relname, relkind FROM pg_class WHERE relnamespace = 'public'::regnamespace)
		SELECT md5(string_agg(part, E'\n' ORDER BY part COLLATE "C")) FROM (
			SELECT concat_ws(' ', 'relation', relname, relkind) AS part FROM mine
			UNION ALL SELECT concat_ws(' ', 'column', relname, attnum, attname, atttypid, attcollation, attnotnull, pg_get_expr(adbin, adrelid))
				FROM mine JOIN pg_attribute ON attrelid = mine.oid AND attnum > 0 AND NOT attisdropped LEFT JOIN pg_attrdef ON adrelid = attrelid AND adnum = attnum
				WHERE relkind = 'r'
			UNION ALL SELECT concat_ws(' ', 'index', indexdef) FROM pg_indexes WHERE schemaname = 'public'
			UNION ALL SELECT concat_ws(' ', 'constraint', relname, conname, pg_get_constraintdef(pg_constraint.oid)) FROM mine JOIN pg_constraint ON conrelid = mine.oid
			UNION ALL SELECT concat_ws(' ', 'trigger', relname, tgenabled, CASE WHEN tgisinternal THEN '' ELSE pg_get_triggerdef(pg_trigger.oid) END)
				FROM mine JOIN pg_trigger ON tgrelid = mine.oid
			UNION ALL SELECT concat_ws(' ', 'function', proname, prosrc) FROM pg_proc WHERE pronamespace = 'public'::regnamespace) parts`).Scan(&sum)
	return sum, err
}

// keepSeeds puts aside the rows that migrations left.
const keepSeeds = `DO $$ DECLARE t regclass; found boolean; BEGIN
	CREATE SCHEMA seeds;
	FOR t IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' LOOP
		EXECUTE format('SELECT EXISTS (SELECT FROM %s)', t) INTO found;
		IF found THEN EXECUTE format('CREATE TABLE seeds.%s AS TABLE %s', t, t); END IF;
	END LOOP;
END $$`

// putBack removes every row and brings back the seeds. Under the role of a replica no trigger fires, so that tables which
// are append-only or refer to each other can be emptied; large ones are truncated, which gives their space back.
const putBack = `DO $$ DECLARE t regclass; large text; BEGIN
	SET LOCAL session_replication_role = replica;
	SELECT string_agg(oid::regclass::text, ', ') INTO large FROM pg_class
		WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_table_size(oid) > 1048576;
	IF large IS NOT NULL THEN EXECUTE format('TRUNCATE %s CASCADE', large); END IF;
	FOR t IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'public'::regnamespace AND relkind = 'r' AND pg_relation_size(oid) > 0 LOOP
		EXECUTE format('DELETE FROM %s', t);
	END LOOP;
	FOR t IN SELECT oid::regclass FROM pg_class WHERE relnamespace = 'seeds'::regnamespace AND relkind = 'r' LOOP
		EXECUTE format('INSERT INTO public.%s TABLE %s', split_part(t::text, '.', 2), t);
	END LOOP;
END $$`
