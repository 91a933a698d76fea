package report_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/report"
	"triward/internal/store"
	"triward/internal/testdb"
)

// The side to which a task is handed hears of it at once, the owner of the incident when nobody accepts it in time.
func TestHandOversAreToldToTheirSide(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		d := &people.Directory{DB: db, Cost: people.Cost{Memory: 8, Passes: 1, Threads: 1}}
		if err := d.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		desk, cases := report.Desk{DB: db}, incident.Cases{DB: db}
		owner, _ := person(t, d, "sec", people.RoleITSecurity)
		htm, _ := person(t, d, "htm", people.RoleHTM)
		admin, _ := person(t, d, "adm", people.RoleAdministrator)
		i, err := cases.Declare(owner, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies are pulled", TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: clock.Now().Add(-time.Minute), AwareWho: "Sec", AwareHow: "an alert"}})
		if err != nil {
			t.Fatal(err)
		}
		task, err := cases.AddTask(owner, i, incident.Task{Title: "Swap the pump", Side: incident.ClinicalSide})
		if err != nil {
			t.Fatal(err)
		}
		hears := func(who context.Context, want string) {
			t.Helper()
			got := told(notices(t, desk, who))
			if want == "" && strings.Contains(got, "Swap the pump") || !strings.Contains(got, want) {
				t.Errorf("told %q, want %q", got, want)
			}
		}
		hears(htm, "INC-2026-0001: “Swap the pump” waits for clinical engineering")
		hears(owner, "")
		hears(admin, "")
		clock.Advance(incident.AcceptWithin + time.Minute)
		hears(owner, "nobody accepted “Swap the pump”")
		if err := cases.MoveTask(htm, i, task, incident.TaskMove{Accept: true}); err != nil {
			t.Fatal(err)
		}
		hears(htm, "")
		hears(owner, "")
	})
}
