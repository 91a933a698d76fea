package testdb

import (
	"context"
	"crypto/rand"
	"database/sql"
	"encoding/hex"
	"net/url"
	"os"
	"path/filepath"
	"sync"
	"testing"
	"time"

	"triward/internal/store"
)

// Start is the instant at which the clock of a test database stands until the test moves it.
var Start = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

// Clock is a clock that a test moves by hand.
type Clock struct {
	mu sync.Mutex
	t  time.Time
}

// NewClock stands at [Start].
func NewClock() *Clock { return &Clock{t: Start} }

// Now is the clock's instant.
func (c *Clock) Now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.t
}

// Advance moves the clock forward.
func (c *Clock) Advance(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.t = c.t.Add(d)
}

// Each runs fn once per database, each time with an empty one whose clock stands at [Start].
func Each(t *testing.T, fn func(t *testing.T, db *store.DB)) {
	EachClock(t, func(t *testing.T, db *store.DB, _ *Clock) { fn(t, db) })
}

// EachClock is [Each] for a test that moves the clock.
func EachClock(t *testing.T, fn func(t *testing.T, db *store.DB, c *Clock)) {
	t.Helper()
	t.Run("sqlite", func(t *testing.T) {
		c := NewClock()
		fn(t, open(t, "sqlite:"+filepath.Join(t.TempDir(), "triward.db"), c), c)
	})
	t.Run("postgres", func(t *testing.T) {
		c := NewClock()
		fn(t, open(t, Postgres(t), c), c)
	})
}

// SQLite opens an empty embedded database; for tests of what does not depend on the database, and for benchmarks.
func SQLite(t testing.TB) *store.DB {
	t.Helper()
	return open(t, "sqlite:"+filepath.Join(t.TempDir(), "triward.db"), NewClock())
}

// System is a context in which the program itself acts.
func System() context.Context {
	return store.WithActor(context.Background(), store.System("test"))
}

func open(t testing.TB, address string, c *Clock) *store.DB {
	t.Helper()
	db, err := store.Open(context.Background(), address, store.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return db
}

// Postgres creates an empty database for one test and returns its address. It skips when no server is named, and fails
// instead when TRIWARD_TEST_REQUIRE is set.
func Postgres(t testing.TB) string {
	t.Helper()
	server := os.Getenv("TRIWARD_TEST_POSTGRES")
	if server == "" {
		if os.Getenv("TRIWARD_TEST_REQUIRE") != "" {
			t.Fatal("TRIWARD_TEST_POSTGRES is not set, and TRIWARD_TEST_REQUIRE demands a PostgreSQL server")
		}
		t.Skip("no PostgreSQL: TRIWARD_TEST_POSTGRES is not set")
	}
	admin, err := sql.Open("pgx", server)
	if err != nil {
		t.Fatal(err)
	}
	defer admin.Close()
	var random [8]byte
	if _, err := rand.Read(random[:]); err != nil {
		t.Fatal(err)
	}
	name := "triward_test_" + hex.EncodeToString(random[:])
	if _, err := admin.Exec("CREATE DATABASE " + name); err != nil {
		t.Fatalf("create a test database: %v", err)
	}
	t.Cleanup(func() {
		admin, err := sql.Open("pgx", server)
		if err != nil {
			t.Error(err)
			return
		}
		defer admin.Close()
		if _, err := admin.Exec("DROP DATABASE " + name + " WITH (FORCE)"); err != nil {
			t.Error(err)
		}
	})
	u, err := url.Parse(server)
	if err != nil {
		t.Fatal(err)
	}
	u.Path = "/" + name
	return u.String()
}
