package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"encoding/base32"
	"encoding/json"
	"errors"
	"fmt"
	"log/slog"
	mathrand "math/rand/v2"
	"net"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/document"
	"triward/internal/eventlog"
	"triward/internal/incident/custody"
	"triward/internal/ingest"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
	"triward/internal/vuln"
)

// firstDay is how many days before now the story of the demonstration begins.
const firstDay = 36

// demoNote is the file beside the database that says that it is the demonstration, and its password.
type demoNote struct {
	Password string `json:"password"`
	Complete bool   `json:"complete"`
}

// Demonstrate fills an empty database with an invented hospital and its makers, and returns how to sign in. It goes through
// the methods of real use, day by day on a clock of its own, so that journal, burn-downs and trend are what they would be
// after five weeks. A database that has accounts or devices is left as it is; when it is the demonstration, how to sign in
// is said again. Its password lies in a file, so it is refused where others could reach the pages.
func (a *App) Demonstrate(ctx context.Context) (string, error) {
	if !loopbackOnly(a.Config.Listen) {
		return "", problem.New(problem.Invalid, "the demonstration listens on this machine only: set listen to 127.0.0.1 and a port, not %s", a.Config.Listen)
	}
	dir := filepath.Dir(a.Config.KeyFile)
	file := filepath.Join(dir, "demonstration.json")
	note, err := readDemoNote(file)
	if err != nil {
		return "", err
	}
	empty, err := a.isEmpty(ctx)
	switch {
	case err != nil:
		return "", err
	case !empty && note.Complete:
		a.demo = true
		return demoSignIn(note.Password), nil
	case !empty && note.Password != "":
		return "", problem.New(problem.Conflict, "the demonstration in %s was interrupted while it was made; delete that folder and start again", dir)
	case !empty:
		return "", nil
	}
	if note.Password, err = demoPassword(); err != nil {
		return "", err
	}
	note.Complete = false
	if err := writeDemoNote(file, note); err != nil {
		return "", err
	}
	if err := a.makeDemo(ctx, dir, note.Password); err != nil {
		return "", fmt.Errorf("make the demonstration: %w", err)
	}
	note.Complete, a.demo = true, true
	return demoSignIn(note.Password), writeDemoNote(file, note)
}

// loopbackOnly reports whether an address can be reached from this machine alone.
func loopbackOnly(listen string) bool {
	host, _, err := net.SplitHostPort(listen)
	if err != nil {
		return false
	}
	ip := net.ParseIP(host)
	return host == "localhost" || ip != nil && ip.IsLoopback()
}

func (a *App) isEmpty(ctx context.Context) (bool, error) {
	needed, err := a.people.SetupNeeded(ctx)
	if err != nil || !needed {
		return false, err
	}
	var ids []device.ID
	ctx = store.WithActor(ctx, store.System("demonstration"))
	err = a.db.View(ctx, func(r store.Reader) (err error) {
		ids, err = device.IDs(ctx, r, device.Walk{Limit: 1})
		return err
	})
	return len(ids) == 0, err
}

func readDemoNote(file string) (demoNote, error) {
	var n demoNote
	body, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		return n, nil
	}
	if err == nil {
		err = json.Unmarshal(body, &n)
	}
	if err != nil {
		return n, fmt.Errorf("read demonstration: %w", err)
	}
	return n, nil
}

func writeDemoNote(file string, n demoNote) error {
	body, err := json.Marshal(n)
	if err == nil {
		err = os.MkdirAll(filepath.Dir(file), 0o700)
	}
	if err == nil {
		err = os.WriteFile(file, body, 0o600)
	}
	if err != nil {
		return fmt.Errorf("write demonstration: %w", err)
	}
	return nil
}

func demoPassword() (string, error) {
	var b [10]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "", fmt.Errorf("make password: %w", err)
	}
	s := strings.ToLower(base32.StdEncoding.EncodeToString(b[:]))
	return "demo-" + s[:4] + "-" + s[4:8] + "-" + s[8:12] + "-" + s[12:], nil
}

// demoSignIn is what is printed below the address.
func demoSignIn(password string) string {
	var s strings.Builder
	s.WriteString("This is the demonstration: an invented hospital, invented makers. Nothing in it goes to the network.\n")
	fmt.Fprintf(&s, "Sign in as admin with the password %s\n", password)
	s.WriteString("The same password opens:\n")
	for _, p := range demoPeople() {
		if p.login != "admin" {
			fmt.Fprintf(&s, "  %-10s %s, %s\n", p.login, p.name, p.does)
		}
	}
	return s.String()
}

// demoClock runs through the days of the story. It never stands still, so that the order of events is their order in time.
type demoClock struct {
	mu sync.Mutex
	at time.Time
}

func (c *demoClock) now() time.Time {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(time.Millisecond)
	return c.at
}

func (c *demoClock) set(at time.Time) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if at.After(c.at) {
		c.at = at
	}
}

// pause lets time pass between two steps of one day; the last day has none to spare.
func (c *demoClock) pause(d time.Duration) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.at = c.at.Add(d)
}

// demonstration is the demonstration while it is made.
type demonstration struct {
	db        *store.DB
	clock     *demoClock
	end       time.Time // the instant that is day 0
	content   content.Demo
	dir       string // of the feeds
	password  string
	people    *people.Directory
	signer    *signature.Signer
	signers   map[string]*demoSigner // by login
	papers    document.Library
	desk      training.Desk
	runs      procedure.Runs
	vault     custody.Vault
	fleet     device.Fleet
	catalog   product.Catalog
	source    vuln.Feeds
	feeds     ingest.Feeds
	verdicts  vuln.Verdicts
	aliases   vuln.NameAliases
	decisions risk.Decisions
	ranker    risk.Ranker
	log       eventlog.Log // nil without a place for events
	salt      []byte       // of the digests that stand for patients
	events    *demoEvents

	actors   map[string]store.Actor // by login
	models   map[string]product.Model
	releases map[string]product.ReleaseID // "model key version"
	feedIDs  map[vuln.FeedKind]string
	made     map[string]string // decisions by a word of the story
}

func (a *App) makeDemo(ctx context.Context, dir, password string) error {
	end := time.Now().UTC().Add(-2 * time.Hour).Truncate(time.Minute) // the last day goes on for an hour and a half
	clock := &demoClock{at: end.AddDate(0, 0, -firstDay-1)}
	db, err := store.Open(ctx, a.Config.Database, store.Options{Now: clock.now})
	if err != nil {
		return err
	}
	// Its people sign hundreds of times while it is made; a visitor's first sign-in hashes the password again at full cost.
	directory := &people.Directory{DB: db, Cost: people.Cost{Memory: 256, Passes: 1, Threads: 1}}
	d := &demonstration{db: db, clock: clock, end: end, content: content.Demo{Now: end}, dir: filepath.Join(dir, "demo-feeds"), password: password,
		people: directory, signer: &signature.Signer{DB: db, People: directory, Key: a.key, Stamp: a.signer.Stamp}, signers: map[string]*demoSigner{}, fleet: device.Fleet{DB: db}, catalog: product.Catalog{DB: db}, source: vuln.Feeds{DB: db},
		verdicts: vuln.Verdicts{DB: db}, aliases: vuln.NameAliases{DB: db}, decisions: risk.Decisions{DB: db}, ranker: risk.Ranker{DB: db},
		feeds:  ingest.Feeds{DB: db, Log: slog.New(slog.DiscardHandler), Fetcher: ingest.Fetcher{HTTP: ingest.NewClient(&tls.Config{MinVersion: tls.VersionTLS12}), Random: mathrand.Float64}},
		actors: map[string]store.Actor{}, models: map[string]product.Model{}, releases: map[string]product.ReleaseID{},
		feedIDs: map[vuln.FeedKind]string{}, made: map[string]string{}}
	d.desk, d.runs = newDesk(db, d.signer), newRuns(db, d.signer)
	d.vault = custody.Vault{DB: db, Blobs: a.blobs, Keys: a.vault.Keys}
	d.papers = document.Library{DB: db, Signer: d.signer, Blobs: a.blobs, URL: a.papers.URL, TrainingReady: d.desk.Ready}
	if d.salt, err = openSalt(a.Config.saltFile()); err == nil {
		d.log = a.events
		err = d.tell(ctx)
	}
	return errors.Join(err, db.Close())
}

// tell makes the days of the story one after another, each with what the program does by itself on a day.
func (d *demonstration) tell(ctx context.Context) error {
	story := d.story()
	for day := firstDay; day >= 0; day-- {
		if err := d.arrive(ctx, day); err != nil {
			return fmt.Errorf("day %d: %w", -day, err)
		}
		d.clock.set(d.morning(day))
		if err := d.publish(ctx, day); err != nil {
			return fmt.Errorf("day %d: %w", -day, err)
		}
		for _, step := range story[day] {
			if err := CatchUp(ctx, d.db); err != nil {
				return err
			}
			d.clock.pause(11 * time.Minute)
			if err := step(ctx); err != nil {
				return fmt.Errorf("day %d: %w", -day, err)
			}
		}
		if err := d.routine(ctx, day); err != nil {
			return fmt.Errorf("day %d: %w", -day, err)
		}
	}
	return d.putDown(ctx)
}

// morning is when people begin on a day: not always at the same minute. The last day ends at the end of the story.
func (d *demonstration) morning(day int) time.Time {
	if day == 0 {
		return d.end
	}
	return d.date(day).Add(7*time.Hour + time.Duration(day*37%240)*time.Minute)
}

// trendFrom is the day of the first point of the trend: the fleet is there and so are the feeds.
const trendFrom = 29

// routine is what the ticks do on a day.
func (d *demonstration) routine(ctx context.Context, day int) error {
	if err := CatchUp(ctx, d.db); err != nil {
		return err
	}
	sys := store.WithActor(ctx, store.System("verdicts"))
	if _, err := d.verdicts.Review(sys); err != nil {
		return err
	}
	if _, err := d.decisions.Review(store.WithActor(ctx, store.System("acceptances"))); err != nil {
		return err
	}
	if err := d.desk.Tick(store.WithActor(ctx, store.System("training"))); err != nil {
		return err
	}
	if err := d.papers.Tick(store.WithActor(ctx, store.System("documents"))); err != nil {
		return err
	}
	if err := CatchUp(ctx, d.db); err != nil {
		return err
	}
	if day > trendFrom {
		return nil
	}
	return d.ranker.Snapshot(ctx)
}

// as is a context in which a person of the demonstration acts.
func (d *demonstration) as(ctx context.Context, login string) context.Context {
	return store.WithActor(ctx, d.actors[login])
}

// date is the day of the story at the start of its day, UTC; a negative number lies after the end.
func (d *demonstration) date(day int) time.Time {
	return d.end.AddDate(0, 0, -day).Truncate(24 * time.Hour)
}
