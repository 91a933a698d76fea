package app

import (
	"context"
	"fmt"
	"log/slog"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/people"
	"triward/internal/store"
	"triward/internal/testdb"
)

// freePort is an address that nobody listens on.
func freePort(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// serveFor runs the program with a configuration while fn works, and ends it in order.
func serveFor(t *testing.T, c Config, fn func(a *App, address string)) {
	t.Helper()
	a, err := New(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	defer cancel()
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() { done <- a.Serve(ctx, func(at string) { ready <- at }) }()
	select {
	case at := <-ready:
		fn(a, at)
	case err := <-done:
		t.Fatal(err)
	}
	cancel()
	if err := <-done; err != nil {
		t.Error(err)
	}
	if err := a.Close(); err != nil {
		t.Error(err)
	}
}

func countEvents(t *testing.T, a *App) int {
	t.Helper()
	n := 0
	err := a.events.Scan(context.Background(), eventlog.Query{}, func(all []eventlog.Event) error { n += len(all); return nil })
	if err != nil {
		t.Fatal(err)
	}
	return n
}

func waitUntil(t *testing.T, what string, ok func() bool) {
	t.Helper()
	for deadline := time.Now().Add(60 * time.Second); !ok(); time.Sleep(20 * time.Millisecond) {
		if time.Now().After(deadline) {
			t.Fatalf("waited in vain: %s", what)
		}
	}
}

func TestEventsComeThroughEveryDoorAndStay(t *testing.T) {
	dir := t.TempDir()
	c := DefaultConfig(dir)
	c.Listen, c.SyslogTCP, c.SyslogUDP = "127.0.0.1:0", freePort(t), freePort(t)
	serveFor(t, c, func(a *App, at string) {
		token := ingestToken(t, a)
		tcp, err := net.Dial("tcp", c.SyslogTCP)
		if err != nil {
			t.Fatal(err)
		}
		udp, err := net.Dial("udp", c.SyslogUDP)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 100 {
			fmt.Fprintf(tcp, "<34>1 2026-11-28T10:00:00Z pump1 app - - - tcp %d\n", i)
			fmt.Fprintf(udp, "<34>1 2026-11-28T10:00:00Z pump1 app - - - udp %d", i)
		}
		tcp.Close()
		r, err := http.NewRequest("POST", at+"/ingest/json", strings.NewReader(strings.Repeat("{\"a\":1}\n", 100)))
		if err != nil {
			t.Fatal(err)
		}
		r.Header.Set("Authorization", "Bearer "+token)
		res, err := http.DefaultClient.Do(r)
		if err != nil {
			t.Fatal(err)
		}
		res.Body.Close()
		if res.StatusCode != 200 {
			t.Fatalf("status %d", res.StatusCode)
		}
		waitUntil(t, "all events are in the log", func() bool { return countEvents(t, a) == 300 })
		if f, err := a.eventFlow(context.Background()); err != nil || f.Records != 300 || f.Events != 300 || f.Senders != 3 || f.Failed != "" {
			t.Errorf("how events flow: %+v, %v", f, err)
		}
		known := map[detection.Transport]bool{}
		err = a.db.View(testdb.System(), func(r store.Reader) error {
			all, err := detection.Known(testdb.System(), r)
			for _, s := range all {
				known[s.Transport] = s.State == detection.SourceNew
			}
			return err
		})
		if err != nil || len(known) != 3 || !known[detection.SyslogUDP] {
			t.Errorf("sources %v, %v", known, err)
		}
	})
	// The next start tells since when nothing was taken.
	serveFor(t, c, func(a *App, _ string) {
		if n := countEvents(t, a); n != 300 {
			t.Errorf("%d events after the restart", n)
		}
		waitUntil(t, "the blind interval of the stop", func() (found bool) {
			err := a.db.View(testdb.System(), func(r store.Reader) error {
				p, err := detection.Blinds(testdb.System(), r, detection.BlindQuery{})
				for _, b := range p.Items {
					found = found || b.Reason == detection.BlindStopped && b.Lost == detection.LostUnknown && b.Source == ""
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return found
		})
	})
	if _, err := os.Stat(filepath.Join(dir, "patients.salt")); err != nil {
		t.Error(err)
	}
}

// ingestToken is the secret of an API token that may only send events.
func ingestToken(t *testing.T, a *App) string {
	t.Helper()
	ctx := testdb.System()
	id, err := a.people.CreateAccount(ctx, people.NewAccount{Login: "collector", Name: "Collector"})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := a.people.Grant(ctx, people.Grant{Account: id, Role: people.RoleITSecurity, All: true}); err != nil {
		t.Fatal(err)
	}
	secret, _, err := a.people.CreateToken(ctx, people.NewToken{Name: "collector", Account: id, Expires: a.db.Now().Add(time.Hour),
		Scope: []store.Grant{{Kinds: []string{detection.KindEventsImported}, All: true}}})
	if err != nil {
		t.Fatal(err)
	}
	return secret
}

func TestRolesThatShareWhatOneProcessKeeps(t *testing.T) {
	for _, c := range []struct {
		roles  []string
		change func(c *Config)
		ok     bool
	}{
		{roles: []string{"web", "work", "ingest"}, ok: true},
		{roles: []string{"web", "work"}, ok: true},
		{roles: []string{"web"}, ok: true},
		{roles: []string{"web", "ingest"}},
		{roles: []string{"ingest"}},
		{roles: []string{"ingest"}, change: func(c *Config) { c.Stream = "nats://127.0.0.1:4222" }, ok: true},
		{roles: []string{"web", "work"}, change: func(c *Config) { c.SyslogTLS = "127.0.0.1:6514" }},
		{roles: []string{"web", "work"}, change: func(c *Config) { c.SyslogTCP = "6514" }},
		{roles: []string{"web", "work"}, change: func(c *Config) { c.Stream = "kafka://x" }},
		{roles: []string{"web", "work"}, change: func(c *Config) { c.UnknownSenders = "maybe" }},
	} {
		conf := DefaultConfig(t.TempDir())
		conf.Roles = c.roles
		if c.change != nil {
			c.change(&conf)
		}
		if err := conf.Validate(); (err == nil) != c.ok {
			t.Errorf("roles %v: %v", c.roles, err)
		}
	}
}

// streamPacks is how many packs wait in the stream.
func streamPacks(t *testing.T, a *App) uint64 {
	t.Helper()
	s, err := a.flow.stream.Stats(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	return s.Packs
}
