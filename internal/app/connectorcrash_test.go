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
	hold    func(key string, time int) bool
	killed  chan struct{}
}

func (d *driven) ServeHTTP(_ http.ResponseWriter, r *http.Request) {
	key := r.Header.Get("Triward-Message")
	_, _ = io.Copy(io.Discard, r.Body)
	action, way, _ := strings.Cut(key, "-")
	d.mu.Lock()
	d.times[key]++
	d.blocked[action] = way == "run"
	hold, killed := d.hold(key, d.times[key]), d.killed
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

// contain runs an action on a device through the connector, and leaves the rest to the program.
func contain(t *testing.T, a *App, holds time.Duration) string {
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
		Compensating: "one nurse for two beds", Observe: "no packet", Return: a.db.Now().Add(holds)}})
	must(err)
	must(a.connectors().Choose(ben, c, connector.Choice{Connector: "fw"}))
	must(a.cases().Check(ben, c, "it infuses"))
	must(a.cases().SignOff(ben, c, ladder.Biomed, 0, ""))
	must(a.cases().SignOff(cleo, c, ladder.ClinicalOwner, 0, ""))
	must(a.cases().Run(anna, c))
	return c
}

// Fault: kill -9 while a run is being sent, and while a return is. The run is sent again, what is over returns by itself, and
// the return is sent again, each under its key.
func TestContainmentSurvivesKills(t *testing.T) {
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
	long, short := contain(t, a, time.Hour), contain(t, a, time.Second)
	a.Close()
	d.hold = func(key string, time int) bool {
		return time == 1 && (strings.HasSuffix(key, "-run") || key == short+"-return")
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
		close(d.killed)
		d.killed = make(chan struct{})
		d.mu.Unlock()
	}
	life(long+"-run", short+"-run")    // both were sent, and nothing is known of them
	life(long+"-run", short+"-return") // the one runs again, the other is over meanwhile
	life(short + "-return")            // and that is told until it is answered

	if a, err = New(context.Background(), conf, slog.New(slog.DiscardHandler)); err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	work := store.WithActor(context.Background(), store.System("containment"))
	if err := a.connectors().Tick(work); err != nil {
		t.Fatal(err)
	}
	err = a.db.View(work, func(r store.Reader) error {
		for action, want := range map[string][]ladder.State{long: {ladder.Executing, ladder.Verifying}, short: {ladder.Returning}} {
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
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}
