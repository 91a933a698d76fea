package assurance_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance"
	"triward/internal/assurance/query"
	"triward/internal/assurance/view"
	"triward/internal/content"
	"triward/internal/document/documenttest"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

// sees reads in one snapshot as the program itself.
func sees[T any](t testing.TB, db *store.DB, fn func(ctx context.Context, r store.Reader) (T, error)) T {
	t.Helper()
	var out T
	if err := db.View(testdb.System(), func(r store.Reader) (err error) { out, err = fn(testdb.System(), r); return err }); err != nil {
		t.Fatal(err)
	}
	return out
}

func record(t testing.TB, db *store.DB, events ...store.Event) {
	t.Helper()
	err := db.Update(testdb.System(), func(tx *store.Tx) error {
		for _, e := range events {
			if _, err := tx.Record(testdb.System(), e); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

// policy is the text of a document that comes with Triward.
func policy(t testing.TB, code string) string {
	t.Helper()
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		if f.Name == code+".md" {
			return string(f.Text)
		}
	}
	t.Fatalf("there is no document %s", code)
	return ""
}

func TestShippedQueries(t *testing.T) {
	all, err := content.EvidenceQueries()
	if err != nil {
		t.Fatal(err)
	}
	sets, err := content.ClauseSets()
	if err != nil {
		t.Fatal(err)
	}
	refs := map[content.EvidenceClause]bool{}
	for _, s := range sets {
		for _, c := range s.Clauses {
			refs[content.EvidenceClause{Set: s.ID, Ref: c.Ref}] = true
		}
	}
	e, err := query.New(view.Queryable(), query.Facts{})
	if err != nil {
		t.Fatal(err)
	}
	for _, q := range all {
		if _, err := e.Compile(q.CEL); err != nil {
			t.Errorf("%s: %v", q.ID, err)
		}
		for _, c := range q.Clauses {
			if !refs[c] {
				t.Errorf("%s: there is no clause %s %s", q.ID, c.Set, c.Ref)
			}
		}
	}
	if len(all) < 25 {
		t.Errorf("%d queries ship, at least 25 should", len(all))
	}
	// Questions that documents ask are compiled too.
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		d, err := source.Parse(f.Name, f.Text)
		if err != nil {
			t.Fatal(err)
		}
		for _, q := range d.Evidence {
			if _, err := e.Compile(q.CEL); err != nil {
				t.Errorf("%s %s: %v", f.Name, q.ID, err)
			}
		}
	}
}

func TestEvidence(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx := testdb.System()
		ev := assurance.Evidence{DB: db}
		evaluate := func(id string) assurance.Result {
			t.Helper()
			res, err := ev.Evaluate(ctx, id)
			if err != nil {
				t.Fatal(err)
			}
			return res
		}
		t.Run("BR-02 nothing to look at is unknown, never passing", func(t *testing.T) {
			res := evaluate("ev-documents-reviewed")
			if res.State != assurance.Unknown || res.Looked() != 0 || res.Standing(clock.Now()) != assurance.Unknown {
				t.Errorf("got %+v", res)
			}
		})
		clock.Advance(time.Hour)
		documenttest.Effective(t, db, policy(t, "POL-01"))
		documenttest.Effective(t, db, policy(t, "POL-04"))
		clock.Advance(time.Hour)
		first := evaluate("ev-documents-reviewed")
		t.Run("BR-01 a passing result has a date and grows stale", func(t *testing.T) {
			if first.State != assurance.Passing || first.Holding != 2 || !first.At.Equal(clock.Now()) || first.Seq == 0 {
				t.Fatalf("got %+v", first)
			}
			for after, want := range map[time.Duration]assurance.State{0: assurance.Passing, 48 * time.Hour: assurance.Passing, 49 * time.Hour: assurance.Stale} {
				if got := first.Standing(first.At.Add(after)); got != want {
					t.Errorf("after %v it is %s, want %s", after, got, want)
				}
			}
			if (assurance.Result{State: assurance.Passing}).Standing(clock.Now()) != assurance.Unknown {
				t.Error("a result without a date is shown as passing")
			}
		})
		clock.Advance(400 * 24 * time.Hour)
		late := evaluate("ev-documents-reviewed")
		t.Run("a failing result names its rows", func(t *testing.T) {
			if late.State != assurance.Failing || !slices.Equal(late.Fails, []string{"POL-01", "POL-04"}) {
				t.Errorf("got %+v", late)
			}
		})
		t.Run("a past result is the same when it is asked again", func(t *testing.T) {
			for _, want := range []assurance.Result{first, late} {
				var rows []assurance.Row
				again := sees(t, db, func(ctx context.Context, r store.Reader) (assurance.Result, error) {
					got, sealed, all, err := assurance.ReplayResult(ctx, r, want.ID)
					if d := cmp.Diff(want, sealed); err == nil && d != "" {
						t.Error("the sealed result was not kept: " + d)
					}
					rows = all
					return got, err
				})
				again.ID, again.Seq = want.ID, want.Seq
				if d := cmp.Diff(want, again); d != "" {
					t.Error(d)
				}
				if len(rows) != want.Looked() {
					t.Errorf("it opens %d rows of %d", len(rows), want.Looked())
				}
			}
		})
		t.Run("PRD-21 the journal holds the result", func(t *testing.T) {
			entries := sees(t, db, func(ctx context.Context, r store.Reader) ([]store.Entry, error) {
				return store.Journal(ctx, r, store.JournalQuery{Kinds: []string{assurance.KindEvaluated}})
			})
			last := entries[len(entries)-1]
			if last.Subject != "ev-documents-reviewed" || last.Seq != late.Seq || !strings.Contains(string(last.Body), late.Digest) {
				t.Errorf("the last entry is %s", last.Body)
			}
		})
		t.Run("as of any date", func(t *testing.T) {
			for at, want := range map[time.Time]int{first.At.Add(-90 * time.Minute): 0, first.At.Add(24 * time.Hour): 2} {
				got := sees(t, db, func(ctx context.Context, r store.Reader) (assurance.Result, error) {
					res, _, _, err := assurance.Replay(ctx, r, "ev-documents-reviewed", at)
					return res, err
				})
				if got.Looked() != want {
					t.Errorf("as of %v it looks at %d rows, want %d", at, got.Looked(), want)
				}
			}
		})
		t.Run("what has no past says so", func(t *testing.T) {
			err := db.View(ctx, func(r store.Reader) error {
				_, _, _, err := assurance.Replay(ctx, r, "ev-uncontrolled-decided", first.At)
				return err
			})
			if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "as of the past") {
				t.Errorf("got %v", err)
			}
		})
	})
}

// The views of the journal show what was so, not what became of it.
func TestViewsOfThePast(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		step := func() time.Time { clock.Advance(time.Hour); return clock.Now() }
		v := vuln.Verdict{ID: "vrd_1", Vulnerability: "CVE-2026-1", Model: "mod_1", Status: vuln.StatusUnderInvestigation, Reason: "looking", Source: "analyst"}
		record(t, db, store.Event{Kind: vuln.KindVerdictRecorded, Subject: v.Vulnerability, Product: v.Model, Body: v},
			store.Event{Kind: people.KindAccountCreated, Subject: "usr_1", Body: map[string]string{"name": "Ada"}},
			store.Event{Kind: people.KindGranted, Subject: "usr_1", Body: map[string]string{"grant": "grn_1", "role": people.RoleAdministrator, "role_name": "Administrator"}})
		open := step()
		v.ID, v.Status = "vrd_2", vuln.StatusFixed
		step()
		record(t, db, store.Event{Kind: vuln.KindVerdictRecorded, Subject: v.Vulnerability, Product: v.Model, Body: v},
			store.Event{Kind: people.KindSelfTOTPChanged, Subject: "usr_1", Body: map[string]string{"change": "confirmed"}})
		settled := step()
		step()
		record(t, db, store.Event{Kind: vuln.KindVerdictWithdrawn, Subject: v.Vulnerability, Product: v.Model, Body: map[string]string{"verdict": "vrd_2"}},
			store.Event{Kind: people.KindGrantRevoked, Subject: "usr_1", Body: map[string]string{"grant": "grn_1"}})
		now := step()
		load := func(name string, at time.Time) []query.Row {
			return sees(t, db, func(ctx context.Context, r store.Reader) ([]query.Row, error) {
				a, err := view.At(ctx, r, at)
				if err != nil {
					return nil, err
				}
				v, err := view.Find(name)
				if err != nil {
					return nil, err
				}
				return v.Load(ctx, r, a)
			})
		}
		type seen struct {
			Verdicts              []string
			Privileged, TwoFactor bool
		}
		for at, want := range map[time.Time]seen{
			open:    {[]string{"vrd_1 active open"}, true, false},
			settled: {[]string{"vrd_1 active settled", "vrd_2 active settled"}, true, true},
			now:     {[]string{"vrd_1 active settled", "vrd_2 withdrawn settled"}, false, true},
		} {
			var got seen
			for _, row := range load("verdicts", at) {
				v := row.(view.Verdict)
				state := "open"
				if !v.Settled.IsZero() {
					state = "settled"
				}
				got.Verdicts = append(got.Verdicts, strings.Join([]string{v.ID, v.State, state}, " "))
			}
			for _, row := range load("accounts", at) {
				a := row.(view.Account)
				got.Privileged, got.TwoFactor = a.Privileged, a.SecondFactor
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("as of %v: %s", at, d)
			}
		}
	})
}

// What is derived from today's knowledge has no past; but that somebody wrote between the instant of an evaluation and its
// reading makes the instant no past.
func TestPresentStaysPresentWhileOthersWrite(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		write := func() {
			record(t, db, store.Event{Kind: people.KindAccountCreated, Subject: "usr_1", Body: map[string]string{"name": "Ada"}})
		}
		write()
		err := db.View(context.Background(), func(r store.Reader) error {
			as, err := view.At(context.Background(), r, clock.Now())
			if err != nil {
				return err
			}
			clock.Advance(time.Second)
			write()
			return db.View(context.Background(), func(r store.Reader) error {
				risks, err := view.Find("risks")
				if err != nil {
					return err
				}
				if _, err := risks.Load(testdb.System(), r, as); problem.KindOf(err) != problem.Invalid {
					t.Errorf("the past of a view that has none: %v", err)
				}
				as.Present = true
				if _, err := risks.Load(testdb.System(), r, as); err != nil {
					t.Errorf("the present while others write: %v", err)
				}
				return nil
			})
		})
		if err != nil {
			t.Fatal(err)
		}
	})
}

// Every view can be read on both databases, now and in the past, and its fields are those of the contract.
func TestViewsLoad(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		documenttest.Effective(t, db, policy(t, "SOP-14"))
		clock.Advance(time.Hour)
		for _, v := range view.Views() {
			sees(t, db, func(ctx context.Context, r store.Reader) ([]query.Row, error) {
				a, err := view.At(ctx, r, clock.Now())
				if err != nil {
					return nil, err
				}
				rows, err := v.Load(ctx, r, a)
				if err != nil {
					t.Errorf("%s: %v", v.Name, err)
				}
				return rows, nil
			})
			if v.About == "" || v.From == "" || len(v.Fields()) == 0 {
				t.Errorf("%s does not say what it is", v.Name)
			}
		}
	})
}

func TestEvidenceTick(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ctx, ev := testdb.System(), assurance.Evidence{DB: db}
		documenttest.Effective(t, db, policy(t, "SOP-14"))
		tick := func() int {
			t.Helper()
			n, err := ev.Tick(ctx)
			if err != nil {
				t.Fatal(err)
			}
			return n
		}
		all := sees(t, db, assurance.Queries)
		if n := tick(); n != len(all) {
			t.Errorf("the first time %d of %d are evaluated", n, len(all))
		}
		if n := tick(); n != 0 {
			t.Errorf("%d are evaluated again at once", n)
		}
		clock.Advance(20 * time.Hour)
		if n := tick(); n == 0 || n == len(all) {
			t.Errorf("after 20 hours %d of %d are evaluated", n, len(all))
		}
		clock.Advance(8 * 24 * time.Hour)
		if n := tick(); n != len(all) {
			t.Errorf("after 8 days %d of %d are evaluated", n, len(all))
		}
	})
}

func TestEvidenceNeedsRights(t *testing.T) {
	db := testdb.SQLite(t)
	reader := store.WithActor(t.Context(), store.Actor{ID: "usr_1", Name: "Ada", Grants: []store.Grant{{Kinds: []string{assurance.KindRead}, All: true}}})
	if _, err := (assurance.Evidence{DB: db}).Evaluate(reader, "ev-documents-reviewed"); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a reader evaluates: %v", err)
	}
	stranger := store.WithActor(t.Context(), store.Actor{ID: "usr_2", Name: "Eve", Grants: []store.Grant{{Kinds: []string{"device.read"}, All: true}}})
	err := db.View(stranger, func(r store.Reader) error {
		_, _, _, err := assurance.Replay(stranger, r, "ev-documents-reviewed", testdb.Start)
		return err
	})
	if problem.KindOf(err) != problem.Forbidden {
		t.Errorf("a stranger replays: %v", err)
	}
}
