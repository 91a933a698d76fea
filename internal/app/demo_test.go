package app

import (
	"context"
	"log/slog"
	"path/filepath"
	"strings"
	"testing"
	"time"

	advisories "triward/internal/advisory/csaf"
	"triward/internal/content"
	"triward/internal/detection"
	"triward/internal/detection/pack"
	"triward/internal/device"
	"triward/internal/document"
	"triward/internal/people"
	"triward/internal/procedure"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/training"
	"triward/internal/vuln"
)

func demoApp(t *testing.T) *App {
	t.Helper()
	a, err := New(t.Context(), DefaultConfig(t.TempDir()), slog.New(slog.DiscardHandler))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

func TestDemonstrationShowsEverything(t *testing.T) {
	a := demoApp(t)
	begun := time.Now()
	said, err := a.Demonstrate(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("made in %v", time.Since(begun).Round(time.Millisecond))
	if !strings.Contains(said, "Sign in as admin with the password demo-") {
		t.Errorf("says %q", said)
	}
	again, err := a.Demonstrate(t.Context())
	if err != nil || again != said {
		t.Errorf("the second time: %q, %v", again, err)
	}
	ctx := store.WithActor(t.Context(), store.System("test"))
	var o risk.Overview
	var decisions risk.DecisionPage
	var feeds []vuln.Feed
	var open store.Page[device.FoundContradiction]
	var vulns risk.VulnPage
	states := map[vuln.VerdictState]int{}
	err = a.db.View(ctx, func(r store.Reader) error {
		var err error
		last, err := store.Journal(ctx, r, store.JournalQuery{Order: store.NewestFirst, Limit: 1})
		if err != nil {
			return err
		}
		if last[0].At.After(time.Now()) {
			t.Errorf("its last day goes on until %v, which has not come", last[0].At)
		}
		if o, err = risk.ReadOverview(ctx, r, a.db.Now()); err != nil {
			return err
		}
		if decisions, err = risk.ListDecisions(ctx, r, risk.DecisionQuery{Limit: 100}); err != nil {
			return err
		}
		if feeds, err = vuln.ListFeeds(ctx, r); err != nil {
			return err
		}
		if open, err = device.Contradictions(ctx, r, device.ContradictionQuery{}); err != nil {
			return err
		}
		if vulns, err = risk.VulnRisks(ctx, r, risk.VulnQuery{Limit: 100}); err != nil {
			return err
		}
		verdicts, err := vuln.ListVerdicts(ctx, r, vuln.VerdictQuery{})
		for _, v := range verdicts {
			states[v.State]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if o.Devices < 220 || o.UncontrolledDevices == 0 || o.UnknownDevices == 0 || o.KEVDevices == 0 || o.PatientsExposed == 0 || o.PatientsUnknown == 0 ||
		o.OverdueDecisions < 2 || o.Reopened == 0 || len(o.Trend) < 29 {
		t.Errorf("overview lacks something: %+v", o)
	}
	kinds, byState := map[risk.Treatment]bool{}, map[risk.State]int{}
	for _, d := range decisions.Items {
		kinds[d.Treatment] = true
		byState[d.State]++
		t.Logf("%-9s %-9s %-60s %v %s", d.Treatment, d.State, d.Title, d.Counts, d.StateReason)
	}
	for _, want := range risk.Treatments {
		if !kinds[want] {
			t.Errorf("no decision to %s", want)
		}
	}
	if byState[risk.Open] == 0 || byState[risk.Reopened] == 0 || byState[risk.Closed] < 2 {
		t.Errorf("decisions by state: %v", byState)
	}
	if states[vuln.VerdictActive] == 0 || states[vuln.VerdictReopened] < 2 {
		t.Errorf("verdicts by state: %v", states)
	}
	failed := 0
	demoDocuments(t, ctx, a)
	demoAlerts(t, ctx, a)
	for _, f := range feeds {
		if f.State.Error != "" {
			failed++
		}
		t.Logf("feed %-55s records %d fresh %d faults %d %s", f.Name, f.State.Records, f.State.Fresh, f.State.Faults, f.State.Error)
	}
	if len(feeds) < 7 || failed != 1 || len(open.Items) == 0 {
		t.Errorf("%d feeds, %d failed, %d contradictions", len(feeds), failed, len(open.Items))
	}
	for _, v := range vulns.Items {
		t.Logf("%s %s %s affected %d unknown %d uncontrolled %d kev %v", v.Vulnerability, v.Severity, v.Exploitability, v.Affected, v.Unknown, v.Uncontrolled, v.KEV)
	}
	for _, d := range o.Trend {
		for _, f := range risk.Figures {
			rows, devices := 0, map[string]bool{}
			q := risk.PastQuery{Day: d.Day, Figure: f, Limit: 1000}
			if err := a.db.View(ctx, func(r store.Reader) error {
				for more := true; more; more = q.After != "" {
					p, err := risk.PastRows(ctx, r, q)
					if err != nil {
						return err
					}
					for _, x := range p.Items {
						rows++
						devices[x.Device] = true
					}
					q.After = p.Next
				}
				return nil
			}); err != nil {
				t.Fatal(err)
			}
			if f == risk.FigureKEV { // counts devices, a row is a weakness
				rows = len(devices)
			}
			if rows != d.Of(f) || f == risk.FigureUncontrolled && len(devices) != d.UncontrolledDevices {
				t.Errorf("the point of %s says %d %s, %d rows on %d devices are behind it", d.Day.Format(time.DateOnly), d.Of(f), f, rows, len(devices))
			}
		}
		t.Logf("%s devices %d uncontrolled %d on %d unknown %d kev %d overdue %d", d.Day.Format(time.DateOnly), d.Devices, d.Uncontrolled, d.UncontrolledDevices, d.Unknown, d.KEV, d.Overdue)
	}
}

// demoAlerts looks for what the attacks on the hospital must raise, each with its device or its group.
func demoAlerts(t *testing.T, ctx context.Context, a *App) {
	t.Helper()
	set, err := pack.Set()
	if err != nil {
		t.Fatal(err)
	}
	titles := map[string]string{}
	for _, r := range set.Rules {
		titles[r.Name] = r.Title
	}
	for _, c := range set.Correlations {
		titles[c.Name] = c.Title
	}
	raised := map[string]detection.Alert{}
	if err := a.db.View(ctx, func(r store.Reader) error {
		page, err := detection.ListAlerts(ctx, r, detection.AlertQuery{Limit: 500})
		for _, x := range page.Items {
			raised[x.Title] = x
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	scenarios, err := content.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	for _, s := range scenarios {
		if s.Drill {
			continue
		}
		for _, name := range s.Fires {
			x, ok := raised[titles[name]]
			if !ok {
				t.Errorf("%s: no alert of %s", s.ID, name)
			}
			if x.Opened.Sub(x.First) > 2*time.Hour {
				t.Errorf("%s: the alert of %s was raised at %s for %s", s.ID, name, x.Opened, x.First)
			}
		}
	}
	stats, err := a.events.Stats(ctx)
	if err != nil || stats.Events < 500 {
		t.Errorf("%d events are kept, %v", stats.Events, err)
	}
	t.Logf("%d alerts, %d events", len(raised), stats.Events)
}

// demoDocuments looks for each state of documents, training and runs that the pages show.
func demoDocuments(t *testing.T, ctx context.Context, a *App) {
	t.Helper()
	states, trainings, runs := map[document.State]int{}, map[training.State]int{}, map[procedure.State]int{}
	var cautions []document.Caution
	err := a.db.View(ctx, func(r store.Reader) error {
		page, err := document.Documents(ctx, r, document.Query{Limit: 500})
		if err != nil {
			return err
		}
		for _, d := range page.Items {
			states[d.State]++
			found, err := document.Cautions(ctx, r, d.ID)
			if err != nil {
				return err
			}
			cautions = append(cautions, found...)
		}
		all, err := training.List(ctx, r, training.Query{Limit: 500})
		if err != nil {
			return err
		}
		for _, x := range all.Items {
			trainings[x.State]++
		}
		ran, err := procedure.List(ctx, r, procedure.Query{})
		for _, x := range ran.Items {
			runs[x.State]++
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	if states[document.InForce] < 12 || states[document.Draft] == 0 || len(cautions) != 1 {
		t.Errorf("documents by state %v, %d cautions", states, len(cautions))
	}
	if trainings[training.Done] == 0 || trainings[training.Open] == 0 || runs[procedure.Running] == 0 || runs[procedure.Finished] != 1 {
		t.Errorf("trainings by state %v, runs by state %v", trainings, runs)
	}
}

func TestDemonstrationRefusesToBeReachedByOthers(t *testing.T) {
	a := demoApp(t)
	a.Config.Listen = "0.0.0.0:8470"
	if _, err := a.Demonstrate(t.Context()); err == nil {
		t.Error("listens to everybody")
	}
}

func TestDemonstrationLeavesADatabaseInUseAlone(t *testing.T) {
	a := demoApp(t)
	ctx := store.WithActor(t.Context(), store.System("test"))
	if _, err := a.people.CreateAccount(ctx, people.NewAccount{Login: "somebody", Name: "Somebody"}); err != nil {
		t.Fatal(err)
	}
	said, err := a.Demonstrate(t.Context())
	if err != nil || said != "" {
		t.Errorf("says %q, %v", said, err)
	}
}

func TestInterruptedDemonstrationSaysSo(t *testing.T) {
	a := demoApp(t)
	ctx, cancel := context.WithCancel(t.Context())
	cancel()
	if err := writeDemoNote(filepath.Join(filepath.Dir(a.Config.KeyFile), "demonstration.json"), demoNote{Password: "x"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.people.CreateAccount(store.WithActor(t.Context(), store.System("test")), people.NewAccount{Login: "admin", Name: "Robin"}); err != nil {
		t.Fatal(err)
	}
	if _, err := a.Demonstrate(ctx); err == nil {
		t.Error("goes on")
	}
}

// The advisories of the demonstration are documents that others could read.
func TestDemonstrationAdvisoriesAreValid(t *testing.T) {
	c := content.Demo{Now: time.Date(2026, 11, 23, 12, 0, 0, 0, time.UTC)}
	n := 0
	for _, name := range c.Names("feeds") {
		if !strings.Contains(name, "/csaf/") || strings.Contains(name, "interrupted") {
			continue
		}
		n++
		body, err := c.File(name)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range advisories.Check(name, body).Faults {
			t.Errorf("%s: test %s at %s: %s", name, f.Test, f.Path, f.Reason)
		}
	}
	if n < 10 {
		t.Errorf("%d advisories", n)
	}
}
