package app

import (
	"bufio"
	"context"
	"fmt"
	"io"
	"log/slog"
	"math/rand/v2"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/nats-io/nats-server/v2/server"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
	"triward/internal/testdb"
)

// crashServe names the folder, the address and the roles of a program that is started to be killed.
const crashServe = "TRIWARD_CRASH_SERVE"

// crashConnectors is the file of its connectors, where there is one in its folder.
const crashConnectors = "connectors.toml"

// crashDatabase is the file with the address of its database, where that is none in its folder.
const crashDatabase = "database"

// serveUntilKilled is that program.
func serveUntilKilled(text string) error {
	part := strings.Split(text, "|")
	c := DefaultConfig(part[0])
	c.Listen, c.Roles, c.Socket = part[1], strings.Split(part[2], ","), ""
	if f := filepath.Join(part[0], crashConnectors); exists(f) {
		c.Connectors = f
	}
	if address, err := os.ReadFile(filepath.Join(part[0], crashDatabase)); err == nil {
		c.Database = string(address)
	}
	if len(part) > 3 {
		c.Stream = part[3]
	}
	if len(part) > 4 {
		c.Events = part[4]
	}
	a, err := New(context.Background(), c, slog.New(slog.DiscardHandler))
	if err != nil {
		return err
	}
	defer a.Close()
	return a.Serve(context.Background(), func(at string) { fmt.Println("ready " + at) })
}

// life is one run of the program.
type life struct {
	cmd   *exec.Cmd
	ready chan string
}

func begin(t *testing.T, what string) *life {
	t.Helper()
	l := &life{cmd: exec.Command(os.Args[0]), ready: make(chan string, 1)}
	l.cmd.Env = append(os.Environ(), crashServe+"="+what)
	l.cmd.Stderr = os.Stderr
	out, err := l.cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := l.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	go func() {
		for in := bufio.NewScanner(out); in.Scan(); {
			if at, ok := strings.CutPrefix(in.Text(), "ready "); ok {
				l.ready <- at
			}
		}
		close(l.ready)
	}()
	return l
}

func (l *life) kill() {
	l.cmd.Process.Kill()
	l.cmd.Wait() // it was killed
}

// sender posts numbered records, each batch under a key of its own, until its server dies. A batch without an answer is
// sent again to the next server, as a careful client does.
type sendingClient struct {
	mu           sync.Mutex
	next         int
	open         []int // batches without an answer
	acknowledged map[int]bool
}

const ofBatch = 20

func (s *sendingClient) run(at, token string) {
	for {
		s.mu.Lock()
		var batch int
		if len(s.open) > 0 {
			batch, s.open = s.open[0], s.open[1:]
		} else {
			batch = s.next
			s.next++
		}
		s.mu.Unlock()
		err := postBatch(at, token, batch)
		s.mu.Lock()
		if err == nil {
			s.acknowledged[batch] = true
		} else {
			s.open = append(s.open, batch)
		}
		s.mu.Unlock()
		if err != nil {
			return
		}
	}
}

func postBatch(at, token string, batch int) error {
	var body strings.Builder
	for i := range ofBatch {
		fmt.Fprintf(&body, "<34>1 2026-11-28T10:00:00Z pump app - - - number=%d.\n", batch*ofBatch+i)
	}
	r, err := http.NewRequest("POST", at+"/ingest/syslog", strings.NewReader(body.String()))
	if err != nil {
		return err
	}
	r.Header.Set("Authorization", "Bearer "+token)
	r.Header.Set("Idempotency-Key", "batch "+strconv.Itoa(batch))
	res, err := http.DefaultClient.Do(r)
	if err != nil {
		return err
	}
	defer res.Body.Close()
	if text, _ := io.ReadAll(res.Body); res.StatusCode != http.StatusOK {
		return fmt.Errorf("status %d: %s", res.StatusCode, text)
	}
	return nil
}

// crashToken fills the database with what the clients need.
func crashToken(t *testing.T, dir string) string {
	t.Helper()
	a, err := New(context.Background(), DefaultConfig(dir), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	if err := a.people.Seed(testdb.System()); err != nil {
		t.Fatal(err)
	}
	return ingestToken(t, a)
}

// Fault: kill -9 of the program with every role, at random under load. What was acknowledged is in the event log once.
func TestEventsSurviveKills(t *testing.T) {
	dir := t.TempDir()
	token := crashToken(t, dir)
	what := strings.Join([]string{dir, "127.0.0.1:0", "web,work,ingest"}, "|")
	r := rand.New(rand.NewPCG(3, 4))
	s := &sendingClient{acknowledged: map[int]bool{}}
	for range 6 {
		l := begin(t, what)
		at, ok := <-l.ready
		if !ok {
			t.Fatal("the program does not start after a kill")
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { s.run(at, token) })
		}
		// Long enough that some lives end around a flush of the event log.
		time.AfterFunc(time.Duration(200+r.IntN(2000))*time.Millisecond, l.kill)
		wg.Wait()
	}
	s.look(t, dir, "", "parquet:"+filepath.Join(dir, "events"))
}

// Fault: kill -9 of the processes of the roles ingest and work, each at its own time, with the stream in servers elsewhere;
// and the events too, in a ClickHouse of two shards that both processes share.
func TestEventsSurviveKillsOfSingleRoles(t *testing.T) {
	t.Run("parquet", func(t *testing.T) { killRoles(t, "") })
	t.Run("clickhouse", func(t *testing.T) { killRoles(t, eventlogtest.Shards(t).Fresh()) })
}

// killRoles kills; events is where they stay, "" for the folder of the program.
func killRoles(t *testing.T, events string) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir(), SyncAlways: true, MaxPayload: 8 << 20})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(30 * time.Second) {
		t.Fatal("the stream's server does not start")
	}
	dir := t.TempDir()
	if events == "" {
		events = "parquet:" + filepath.Join(dir, "events")
	}
	token := crashToken(t, dir)
	r := rand.New(rand.NewPCG(5, 6))
	s := &sendingClient{acknowledged: map[int]bool{}}
	done := make(chan struct{})
	var working sync.WaitGroup
	working.Go(func() {
		for {
			l := begin(t, strings.Join([]string{dir, "127.0.0.1:0", "web,work", srv.ClientURL(), events}, "|"))
			<-l.ready
			select {
			case <-time.After(time.Duration(500+r.IntN(2500)) * time.Millisecond):
				l.kill()
			case <-done:
				l.kill()
				return
			}
		}
	})
	for i := range 4 {
		l := begin(t, strings.Join([]string{dir, "127.0.0.1:0", "ingest", srv.ClientURL(), events}, "|"))
		at, ok := <-l.ready
		if !ok {
			t.Fatal("the role ingest does not start")
		}
		var wg sync.WaitGroup
		for range 4 {
			wg.Go(func() { s.run(at, token) })
		}
		time.AfterFunc(time.Duration(1000+200*i)*time.Millisecond, l.kill)
		wg.Wait()
	}
	close(done)
	working.Wait()
	s.look(t, dir, srv.ClientURL(), events)
}

// look works on what is left, and compares the event log with what was acknowledged.
func (s *sendingClient) look(t *testing.T, dir, address, events string) {
	t.Helper()
	c := DefaultConfig(dir)
	c.Listen, c.Events = "127.0.0.1:0", events
	if address != "" {
		c.Stream = address
	}
	serveFor(t, c, func(a *App, _ string) {
		waitUntil(t, "everything is worked on", func() bool { return streamPacks(t, a) == 0 })
		seen := map[int]int{}
		ids := map[eventlog.ID]bool{}
		err := a.events.Scan(context.Background(), eventlog.Query{}, func(all []eventlog.Event) error {
			for _, e := range all {
				var n int
				if _, err := fmt.Sscanf(e.Message, "number=%d.", &n); err != nil {
					t.Errorf("event %q", e.Message)
				}
				seen[n]++
				if ids[e.ID] {
					t.Errorf("event %s is there twice", e.ID)
				}
				ids[e.ID] = true
			}
			return nil
		})
		if err != nil {
			t.Fatal(err)
		}
		lost, twice := 0, 0
		for batch := range s.acknowledged {
			for i := range ofBatch {
				if seen[batch*ofBatch+i] == 0 {
					lost++
				}
			}
		}
		for _, n := range seen {
			if n > 1 {
				twice++
			}
		}
		if lost > 0 || twice > 0 || len(s.acknowledged) < 50 {
			t.Errorf("of %d acknowledged records %d are lost and %d are there twice", len(s.acknowledged)*ofBatch, lost, twice)
		}
		t.Logf("%d records were acknowledged", len(s.acknowledged)*ofBatch)
	})
}
