package report_test

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/report"
	"triward/internal/risk"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

const password = "harbour lamp violet nineteen"

// person makes an account with a role and gives a context in which it acts.
func person(t *testing.T, d *people.Directory, login, role string) (context.Context, string) {
	t.Helper()
	ctx := testdb.System()
	id, err := d.CreateAccount(ctx, people.NewAccount{Login: login, Name: "Person " + login, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	if _, err := d.Grant(ctx, people.Grant{Account: id, Role: role, All: true}); err != nil {
		t.Fatal(err)
	}
	in, err := d.SignIn(t.Context(), people.Credentials{Login: login, Password: password})
	if err != nil {
		t.Fatal(err)
	}
	actor, _, err := d.Authenticate(t.Context(), in.Token)
	if err != nil {
		t.Fatal(err)
	}
	return store.WithActor(t.Context(), actor), id
}

func notices(t *testing.T, desk report.Desk, ctx context.Context) []report.Notice {
	t.Helper()
	var out []report.Notice
	if err := desk.DB.View(ctx, func(r store.Reader) (err error) { out, err = desk.Notices(ctx, r); return err }); err != nil {
		t.Fatal(err)
	}
	return out
}

// told are the kinds and titles of notices, with a star before those that are unread.
func told(all []report.Notice) string {
	var out []string
	for _, n := range all {
		mark := "* "
		if n.Read {
			mark = "  "
		}
		out = append(out, mark+n.Kind+": "+n.Title)
	}
	return strings.Join(out, "\n")
}

func TestNoticesFollowTheirCauseAndPermission(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		dir := signaturetest.New(t, db).People
		if err := dir.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		desk := report.Desk{DB: db, Sources: []report.Source{{Kind: "elsewhere", Needs: people.KindRead, Read: func(context.Context, report.Asked) ([]report.Notice, error) {
			return []report.Notice{{Key: "1", Title: "Of another package", At: clock.Now().Add(-365 * 24 * time.Hour)}}, nil
		}}}}
		psirt, _ := person(t, dir, "ada", people.RolePSIRT)
		auditor, _ := person(t, dir, "bob", people.RoleAuditor)
		if got := told(notices(t, desk, psirt)); got != "" {
			t.Fatalf("nothing happened: %s", got)
		}

		ctx := testdb.System()
		fleet := device.Fleet{DB: db}
		dev, err := fleet.Register(ctx, device.Device{AssetTag: "P-1", RawModel: "Pump"})
		if err != nil {
			t.Fatal(err)
		}
		due := clock.Now().Add(10 * 24 * time.Hour).Truncate(24 * time.Hour)
		decision, err := risk.Decisions{DB: db}.Decide(ctx, risk.Decision{Title: "Update the pump", Vulnerabilities: []string{"CVE-2026-1"}, Treatment: risk.Fix, Owner: "Person ada", Due: due, Reason: "r"}, []string{string(dev)})
		if err != nil {
			t.Fatal(err)
		}
		feed, err := vuln.Feeds{DB: db}.Add(ctx, vuln.Feed{Name: "CISA", Kind: vuln.FeedCSAF, URL: "file:/nowhere", EveryMinutes: 60, Enabled: true})
		if err != nil {
			t.Fatal(err)
		}
		if err := vuln.SetFeedState(ctx, db, feed, vuln.FeedState{Started: clock.Now(), Ended: clock.Now(), Failures: 1, Error: "not found"}); err != nil {
			t.Fatal(err)
		}
		if got, want := told(notices(t, desk, psirt)), "* feed_failing: The feed CISA fails"; got != want {
			t.Errorf("before it is soon due: %s", cmp.Diff(want, got))
		}

		clock.Advance(5 * 24 * time.Hour)
		want := fmt.Sprintf("* decision_due: Update the pump is due on %s\n* feed_failing: The feed CISA fails", due.Format(time.DateOnly))
		all := notices(t, desk, psirt)
		if got := told(all); got != want {
			t.Errorf("soon due: %s", cmp.Diff(want, got))
		}
		if err := desk.MarkRead(psirt, []string{all[0].Key, "nothing", strings.Repeat("x", 5000)}); err != nil {
			t.Fatal(err)
		}
		if got, want := told(notices(t, desk, psirt)), strings.Replace(want, "* decision", "  decision", 1); got != want {
			t.Errorf("read: %s", cmp.Diff(want, got))
		}

		// What it says has changed, so that it is unread again.
		clock.Advance(6 * 24 * time.Hour)
		want = fmt.Sprintf("* decision_due: Update the pump is overdue since %s\n* feed_failing: The feed CISA fails", due.Format(time.DateOnly))
		if got := told(notices(t, desk, psirt)); got != want {
			t.Errorf("overdue: %s", cmp.Diff(want, got))
		}
		if got, want := told(notices(t, desk, auditor)), "* elsewhere: Of another package"; got != want {
			t.Errorf("who sees to nothing hears of what is for auditors: %s", cmp.Diff(want, got))
		}

		if err := (risk.Decisions{DB: db}).Close(ctx, decision, "replaced"); err != nil {
			t.Fatal(err)
		}
		if err := vuln.SetFeedState(ctx, db, feed, vuln.FeedState{Started: clock.Now(), Ended: clock.Now(), Succeeded: clock.Now()}); err != nil {
			t.Fatal(err)
		}
		if got := told(notices(t, desk, psirt)); got != "" {
			t.Errorf("the causes are gone: %s", got)
		}
	})
}

func TestLockOutsAreToldToWhoReadsPeople(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		dir := signaturetest.New(t, db).People
		if err := dir.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		desk := report.Desk{DB: db}
		admin, _ := person(t, dir, "ada", people.RoleAdministrator)
		htm, _ := person(t, dir, "bob", people.RoleHTM)
		for range 5 {
			if _, err := dir.SignIn(t.Context(), people.Credentials{Login: "bob", Password: "wrong", Address: "192.0.2.7"}); err == nil {
				t.Fatal("a wrong password signs in")
			}
		}
		all := notices(t, desk, admin)
		if len(all) != 1 || all[0].Title != "Sign-in of Person bob is locked after many wrong attempts" || !strings.Contains(all[0].Detail, "5 attempts") || !all[0].Urgent {
			t.Errorf("notices of an administrator: %+v", all)
		}
		if got := notices(t, desk, htm); len(got) != 0 {
			t.Errorf("notices of who may not read people: %+v", got)
		}
		clock.Advance(31 * 24 * time.Hour)
		if got := notices(t, desk, admin); len(got) != 0 {
			t.Errorf("a month later: %+v", got)
		}
	})
}

func TestActivitiesSayHowWorkStands(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		dir := signaturetest.New(t, db).People
		if err := dir.Seed(testdb.System()); err != nil {
			t.Fatal(err)
		}
		desk := report.Desk{DB: db}
		psirt, _ := person(t, dir, "ada", people.RolePSIRT)
		other, _ := person(t, dir, "bob", people.RolePSIRT)
		read := func(ctx context.Context) string {
			t.Helper()
			var out []string
			err := db.View(ctx, func(r store.Reader) error {
				all, err := desk.Activities(ctx, r)
				for _, a := range all {
					out = append(out, fmt.Sprintf("%s %s: %s", a.State, a.Title, a.Result))
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
			return strings.Join(out, "\n")
		}
		dev, err := device.Fleet{DB: db}.Register(testdb.System(), device.Device{AssetTag: "P-1", RawModel: "Pump"})
		if err != nil {
			t.Fatal(err)
		}
		_, err = risk.Decisions{DB: db}.Decide(psirt, risk.Decision{Title: "Update", Vulnerabilities: []string{"CVE-2026-1"}, Treatment: risk.Fix, Owner: "Ada", Due: clock.Now().Add(time.Hour), Reason: "r"}, []string{string(dev)})
		if err != nil {
			t.Fatal(err)
		}
		if got, want := read(psirt), "running Decision: Update: "; got != want {
			t.Errorf("before the ranked list follows: %q, want %q", got, want)
		}
		f := store.Follower{Name: "assessment", Derive: func(context.Context, *store.Bulk, []store.Entry) error { return nil }}
		for more := true; more; {
			n, err := db.Step(testdb.System(), f)
			if err != nil {
				t.Fatal(err)
			}
			more = n > 0
		}
		clock.Advance(time.Minute)
		e, err := desk.BeginExport(psirt, "devices.csv")
		if err != nil {
			t.Fatal(err)
		}
		clock.Advance(5 * time.Second)
		if err := e.Wrote(psirt, 4000); err != nil {
			t.Fatal(err)
		}
		decided := "done Decision: Update: The ranked list follows it."
		if got, want := read(psirt), "running Export of devices.csv: \n"+decided; got != want {
			t.Errorf("while it is written: %s", cmp.Diff(want, got))
		}
		if got := read(other); got != decided {
			t.Errorf("an export is its maker's alone: %q", got)
		}
		if err := e.End(psirt, 9000, nil); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Minute)
		if e, err = desk.BeginExport(psirt, "risks.csv"); err != nil {
			t.Fatal(err)
		}
		if err := e.End(psirt, 10, errors.New("disk full at /secret")); err != nil {
			t.Fatal(err)
		}
		clock.Advance(time.Minute)
		if _, err = desk.BeginExport(psirt, "journal.csv"); err != nil {
			t.Fatal(err)
		}
		clock.Advance(2 * time.Hour)
		want := "failed Export of journal.csv: it broke off\nfailed Export of risks.csv: it broke off\ndone Export of devices.csv: 9000 rows\n" + decided
		if got := read(psirt); got != want {
			t.Errorf("at the end: %s", cmp.Diff(want, got))
		}
		clock.Advance(8 * 24 * time.Hour)
		if got := read(psirt); got != "" {
			t.Errorf("a week later: %q", got)
		}
	})
}
