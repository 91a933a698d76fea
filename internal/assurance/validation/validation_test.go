package validation_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance/validation"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// desk is an installation whose parts and checks the test decides on.
type desk struct {
	validation.Desk
	t      *testing.T
	signer *signaturetest.Signer
	parts  []validation.Part
	checks []validation.Check
	who    map[string]string
}

func newDesk(t *testing.T, db *store.DB) *desk {
	d := &desk{t: t, signer: signaturetest.New(t, db), who: map[string]string{}}
	d.parts = []validation.Part{{"program", "version", "1.0"}, {"schema", "0010_people.sql", "SHA-256 aa"}, {"configuration", "sign_idle", "15"}}
	d.checks = []validation.Check{
		{ID: "IQ-01", Stage: validation.Installation, Outcome: validation.Passed, Observed: "all"},
		{ID: "OQ-01", Stage: validation.Operation, Outcome: validation.Passed, Observed: "refused"},
	}
	d.Desk = validation.Desk{DB: db, Signer: d.signer.Signer,
		Parts:  func(context.Context) ([]validation.Part, error) { return slices.Clone(d.parts), nil },
		Checks: func(context.Context) ([]validation.Check, error) { return slices.Clone(d.checks), nil }}
	for _, login := range []string{"ira", "quinn", "rae"} {
		d.who[login] = d.signer.Person(t, login, strings.ToUpper(login[:1])+login[1:]+" Person")
	}
	return d
}

func (d *desk) as(login string) context.Context { return d.signer.As(d.who[login], "assurance.*") }

func (d *desk) run() string {
	d.t.Helper()
	id, err := d.Run(d.as("ira"), "after an update")
	if err != nil {
		d.t.Fatal(err)
	}
	return id
}

func (d *desk) sign(login, report string, v validation.Verdict, reason string) error {
	d.t.Helper()
	return d.Sign(d.as(login), validation.Signing{Report: report, Verdict: v, Reason: reason, Factors: d.signer.Factors(d.t, d.who[login])})
}

func (d *desk) get(report string) validation.Kept {
	d.t.Helper()
	var k validation.Kept
	if err := d.DB.View(d.as("ira"), func(r store.Reader) (err error) {
		k, err = validation.Get(d.as("ira"), r, report)
		return err
	}); err != nil {
		d.t.Fatal(err)
	}
	return k
}

func refused(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if problem.KindOf(err) != kind {
		t.Errorf("got %v, want %s", err, kind)
	}
}

func TestSV_01UpgradeMakesADeltaReport(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		d := newDesk(t, db)
		first := d.run()
		if k := d.get(first); k.Base != nil || len(k.Changes) != 0 || k.Number != 1 || k.Name != "ira" || k.Reason != "after an update" {
			t.Fatalf("the first report: %+v", k.Report)
		}
		for _, v := range []struct {
			who     string
			verdict validation.Verdict
		}{{"ira", validation.Verified}, {"quinn", validation.Approved}} {
			c.Advance(time.Minute)
			if err := d.sign(v.who, first, v.verdict, ""); err != nil {
				t.Fatal(err)
			}
		}
		c.Advance(time.Hour)
		d.parts = []validation.Part{{"program", "version", "1.1"}, {"schema", "0010_people.sql", "SHA-256 aa"}, {"schema", "0120_new.sql", "SHA-256 bb"}, {"configuration", "sign_idle", "15"}}
		d.checks[1].Outcome, d.checks[1].Observed = validation.Failed, "it was let through"
		d.checks = append(d.checks, validation.Check{ID: "PQ-01", Stage: validation.Performance, Outcome: validation.NotRun, Observed: "no document yet"})
		second := d.run()
		k := d.get(second)
		t.Run("SV-01 it lists what changed since the version validated last", func(t *testing.T) {
			if diff := cmp.Diff([]validation.Change{{"program", "version", "1.0", "1.1"}, {"schema", "0120_new.sql", "", "SHA-256 bb"}}, k.Changes); diff != "" {
				t.Error(diff)
			}
			if k.Base == nil || k.Base.ID != first || k.Base.SHA256 != d.get(first).SHA256 {
				t.Errorf("base: %+v", k.Base)
			}
		})
		t.Run("SV-01 it says which checks ran, and how each ended before", func(t *testing.T) {
			var got [][3]string
			for _, x := range k.Checks {
				got = append(got, [3]string{x.ID, string(x.Before), string(x.Outcome)})
			}
			if diff := cmp.Diff([][3]string{{"IQ-01", "passed", "passed"}, {"OQ-01", "passed", "failed"}, {"PQ-01", "", "not_run"}}, got); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("SV-01 it is against the last approved one, not the last one", func(t *testing.T) {
			if third := d.get(d.run()); third.Base.ID != first {
				t.Errorf("base: %+v", third.Base)
			}
			refused(t, d.sign("ira", second, validation.Verified, ""), problem.Conflict)
		})
	})
}

func TestSV_01TwoPeopleSign(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		d := newDesk(t, db)
		d.checks[1].Outcome = validation.Failed
		id := d.run()
		sign := func(login string, v validation.Verdict, reason string) error {
			c.Advance(time.Minute)
			return d.sign(login, id, v, reason)
		}
		refused(t, sign("quinn", validation.Approved, "fine"), problem.Conflict) // nobody verified it
		refused(t, d.Sign(d.as("ira"), validation.Signing{Report: id, Verdict: validation.Verified}), problem.Forbidden)
		refused(t, sign("ira", "perfect", ""), problem.Invalid)
		if err := sign("ira", validation.Verified, ""); err != nil {
			t.Fatal(err)
		}
		refused(t, sign("rae", validation.Verified, ""), problem.Conflict)
		refused(t, sign("ira", validation.Approved, "fine"), problem.Forbidden)
		refused(t, sign("quinn", validation.Approved, ""), problem.Invalid) // a check failed, and no word about it
		refused(t, d.Sign(d.signer.As(d.who["rae"], validation.KindRead, validation.KindVerified), validation.Signing{Report: id, Verdict: validation.Approved, Reason: "fine",
			Factors: d.signer.Factors(t, d.who["rae"])}), problem.Forbidden)
		if err := sign("quinn", validation.Approved, "the failing check is of a part that is not used here"); err != nil {
			t.Fatal(err)
		}
		refused(t, sign("rae", validation.Refused, "too late"), problem.Conflict)
		k := d.get(id)
		if k.Verdict() != validation.Approved || len(k.Decisions) != 2 {
			t.Errorf("decisions: %+v", k.Decisions)
		}
		var all []signature.Signature
		if err := db.View(d.as("ira"), func(r store.Reader) (err error) {
			all, err = signature.Of(d.as("ira"), r, id)
			return err
		}); err != nil {
			t.Fatal(err)
		}
		if len(all) != 2 || all[0].Act.Meaning != signature.Verification || all[1].Act.Meaning != signature.Release {
			t.Fatalf("signatures: %+v", all)
		}
		for _, s := range all {
			if err := signature.Check(s, signature.Record{Kind: "validation_report", ID: id, Content: k.SHA256, Displayed: k.SHA256}, d.signer.Keys()); err != nil {
				t.Error(err)
			}
		}
	})
}

func TestSV_01RefusedReportIsNoBase(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		d := newDesk(t, db)
		id := d.run()
		refused(t, d.sign("quinn", id, validation.Refused, " "), problem.Invalid)
		c.Advance(time.Minute)
		if err := d.sign("quinn", id, validation.Refused, "ran on the wrong machine"); err != nil {
			t.Fatal(err)
		}
		if k := d.get(d.run()); k.Base != nil {
			t.Errorf("base: %+v", k.Base)
		}
	})
}

func TestP11_01ChangedReportIsNotShown(t *testing.T) {
	path := t.TempDir() + "/triward.db"
	open := func() *store.DB {
		db, err := store.Open(t.Context(), "sqlite:"+path, store.Options{})
		if err != nil {
			t.Fatal(err)
		}
		return db
	}
	db := open()
	id := newDesk(t, db).run()
	if err := db.Update(testdb.System(), func(tx *store.Tx) error {
		if _, err := tx.Exec(testdb.System(), `UPDATE validation_report SET body = '' WHERE id = $1`, id); err == nil {
			t.Error("the database let a report be changed")
		}
		return nil
	}); err == nil {
		t.Error("the change was kept")
	}
	if err := db.Close(); err != nil {
		t.Fatal(err)
	}
	testdb.Tamper(t, path, `DROP TRIGGER validation_report_no_update`, `UPDATE validation_report SET body = replace(body, '"passed"', '"failed"')`)
	db = open()
	defer db.Close()
	err := db.View(testdb.System(), func(r store.Reader) error {
		_, err := validation.Get(testdb.System(), r, id)
		return err
	})
	if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), id) {
		t.Errorf("got %v", err)
	}
}

func TestRunNeedsRightAndReason(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		d := newDesk(t, db)
		d.Desk.Checks = func(context.Context) ([]validation.Check, error) {
			t.Error("checks ran")
			return nil, nil
		}
		_, err := d.Run(d.as("ira"), " ")
		refused(t, err, problem.Invalid)
		_, err = d.Run(d.signer.As(d.who["ira"], validation.KindRead), "because")
		refused(t, err, problem.Forbidden)
		err = db.View(t.Context(), func(r store.Reader) error {
			_, err := validation.Reports(d.signer.As(d.who["ira"], "device.read"), r)
			return err
		})
		refused(t, err, problem.Forbidden)
	})
}
