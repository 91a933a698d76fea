package app

import (
	"context"
	"fmt"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/incident/ladder"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

// driven is what connectors drive in the crash test. It does what it is told at once, and holds some answers back until the
// program that waits for them is killed.
type driven struct {
	mu      sync.Mutex
	times   map[string]int // by key
	blocked map[string]bool
	came    chan string
	hold    func(key string) bool
	killed  chan struct{}
}

func (d *driven) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Triward-Message")
	_, _ = io.Copy(io.Discard, r.Body)
	action, way, _ := strings.Cut(key, "-")
	d.mu.Lock()
	d.times[key]++
	d.blocked[action] = way == "run"
	hold, killed := d.hold(key), d.killed
	d.mu.Unlock()
	d.came <- key
	if hold {
		<-killed
	}
}

// until reads what comes until each key came.
func (d *driven) until(keys ...string) {
	for left := len(keys); left > 0; {
		key := <-d.came
		for i, want := range keys {
			if key == want {
				keys[i] = ""
				left--
			}
		}
	}
}

func someone(account string) context.Context {
	return store.WithActor(context.Background(), store.Actor{ID: account, Name: account, Grants: []store.Grant{{Kinds: []string{"*"}, All: true}}})
}

// contain runs an action on a device through the connector, and leaves the rest to the program. It gives the action and the
// device.
func contain(t *testing.T, a *App, holds time.Duration) (action string, of device.ID) {
	t.Helper()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	anna, ben, cleo := someone("anna"), someone("ben"), someone("cleo")
	dev, err := device.Fleet{DB: a.db}.Register(ben, device.Device{AssetTag: "P-" + holds.String(), InUse: product.Yes, OwnClass: product.LifeSustaining})
	must(err)
	i, err := a.cases().Declare(anna, incident.Declaration{Incident: incident.Incident{Title: "The pump calls out", Cyber: 3, Clinical: 2, TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
		Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: a.db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}, Devices: []string{string(dev)}})
	must(err)
	c, err := a.cases().PlanAction(ben, i, incident.Action{Device: string(dev), Target: "the port", Plan: ladder.Plan{Level: ladder.NetworkOff, Impact: "no central alarm", Alternative: "bedside alarm",
		Compensating: "one nurse for two beds", Observe: "no packet", Undo: "plug the cable in", Return: a.db.Now().Add(holds)}})
	must(err)
	must(a.connectors().Choose(ben, c, connector.Choice{Connector: "fw"}))
	must(a.cases().Check(ben, c, "it infuses"))
	must(a.cases().SignOff(ben, c, ladder.Biomed, 0, ""))
	must(a.cases().SignOff(cleo, c, ladder.ClinicalOwner, 0, ""))
	must(a.cases().Run(anna, c))
	return c, dev
}

// moved puts a device into another ward: what was checked and signed before does not count any more.
func moved(t *testing.T, a *App, of device.ID) {
	t.Helper()
	var rec device.Device
	err := a.db.View(someone("ben"), func(r store.Reader) (err error) {
		rec, err = device.Get(someone("ben"), r, of)
		return err
	})
	if err == nil {
		rec.Ward = "Theatre 2"
		err = device.Fleet{DB: a.db}.Change(someone("ben"), rec)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// Fault: kill -9 while a run is being sent, and while a return is. The run is sent again, what is over returns by itself, and
// the return is sent again, each under its key. A run whose device changed while the program was away is not sent, and taken
// back where it may have been sent before.
func TestContainmentSurvivesKills(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) { containAndKill(t, "") })
	t.Run("postgres", func(t *testing.T) { containAndKill(t, testdb.Postgres(t)) })
}

func containAndKill(t *testing.T, database string) {
	dir := t.TempDir()
	d := &driven{times: map[string]int{}, blocked: map[string]bool{}, came: make(chan string, 100), killed: make(chan struct{})}
	fw := httptest.NewServer(d)
	defer fw.Close()
	secret := filepath.Join(dir, "fw.secret")
	book := fmt.Sprintf("[[connector]]\nname = \"fw\"\ntitle = \"Firewall\"\nkind = \"webhook\"\nlevels = [4]\naddress = %q\nsecret_file = %q\n", fw.URL, secret)
	for path, text := range map[string]string{secret: "a key of sixteen letters", filepath.Join(dir, crashConnectors): book} {
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	conf := DefaultConfig(dir)
	conf.Connectors = filepath.Join(dir, crashConnectors)
	if database != "" {
		conf.Database = database
		if err := os.WriteFile(filepath.Join(dir, crashDatabase), []byte(database), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	a, err := New(context.Background(), conf, slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	if err := a.people.Seed(testdb.System()); err != nil {
		t.Fatal(err)
	}
	all, err := a.connectors().Book.All()
	if err != nil {
		t.Fatal(err)
	}
	if err := a.connectors().Approve(someone("anna"), "fw", all[0].Hash(), "read"); err != nil {
		t.Fatal(err)
	}
	long, _ := contain(t, a, time.Hour)
	short, _ := contain(t, a, 30*time.Minute)
	half, halfOn := contain(t, a, 2*time.Hour)
	stale, staleOn := contain(t, a, 3*time.Hour)
	moved(t, a, staleOn)
	a.Close()
	lives := 0 // not how often it was sent: a life may be long enough for a second try
	d.hold = func(key string) bool {
		return strings.HasSuffix(key, "-run") && lives == 0 || key == short+"-return" && lives < 2
	}

	life := func(keys ...string) {
		t.Helper()
		l := begin(t, strings.Join([]string{dir, "127.0.0.1:0", "web,work"}, "|"))
		if _, ok := <-l.ready; !ok {
			t.Fatal("the program does not start after a kill")
		}
		d.until(keys...)
		l.kill()
		d.mu.Lock()
		lives++
		close(d.killed)
		d.killed = make(chan struct{})
		d.mu.Unlock()
	}
	life(long+"-run", short+"-run", half+"-run") // they were sent, and nothing is known of them
	before := d.times[half+"-run"]
	if a, err = New(context.Background(), conf, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	moved(t, a, halfOn)
	if err := a.db.Bulk(context.Background(), func(b *store.Bulk) error { // its time passes
		_, err := b.Exec(context.Background(), `UPDATE containment SET returns = $2 WHERE id = $1`, short, store.Micros(a.db.Now()))
		return err
	}); err != nil {
		t.Fatal(err)
	}
	a.Close()
	life(long+"-run", short+"-return", half+"-return") // the first runs again, the others are over meanwhile
	life(short + "-return")                            // and that is told until it is answered

	if a, err = New(context.Background(), conf, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	work := store.WithActor(context.Background(), store.System("containment"))
	if err := a.connectors().Tick(work); err != nil {
		t.Fatal(err)
	}
	err = a.db.View(work, func(r store.Reader) error {
		for action, want := range map[string][]ladder.State{long: {ladder.Executing, ladder.Verifying}, short: {ladder.Returning}, half: {ladder.Returning}, stale: {ladder.Returned}} {
			sheet, _, err := a.cases().SheetOf(work, r, action, a.db.Now())
			if err != nil {
				return err
			}
			if !slices.Contains(want, sheet.State) || d.blocked[action] != (action == long) {
				t.Errorf("an action that is to be %s is %s; blocked: %v", want, sheet.State, d.blocked[action])
			}
		}
		if d.times[long+"-run"] < 2 || d.times[short+"-return"] < 2 {
			t.Errorf("not sent again after the kill: %v", d.times)
		}
		if d.times[stale+"-run"] != 0 || d.times[half+"-run"] != before {
			t.Errorf("sent for a device that was checked in another state: %v", d.times)
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
