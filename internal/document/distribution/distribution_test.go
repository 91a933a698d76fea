package distribution_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/documenttest"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

const wi = `---
id: WI-01
title: Score a vulnerability
level: instruction
for: [manufacturer]
owner_role: psirt_lead
review_months: 12
approvals: {approve: [cpso]}
retention: P10Y
print: %PRINT%
steps:
  - {id: score, do: "Score it.", role: psirt_lead, record: note}
---

Score.
`

func text(print string) string { return strings.Replace(wi, "%PRINT%", print, 1) }

func read[T any](t *testing.T, db *store.DB, fn func(ctx context.Context, r store.Reader) (T, error)) T {
	t.Helper()
	var v T
	if err := db.View(context.Background(), func(r store.Reader) (err error) {
		v, err = fn(testdb.System(), r)
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return v
}

func refused(t *testing.T, err error, kind problem.Kind) {
	t.Helper()
	if problem.KindOf(err) != kind {
		t.Errorf("error = %v, want one of kind %s", err, kind)
	}
}

func TestDistribution(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx, d := testdb.System(), distribution.Desk{DB: db}
		accounts := &people.Directory{DB: db}
		ann, err := accounts.CreateAccount(ctx, newAccount("ann"))
		if err != nil {
			t.Fatal(err)
		}
		documenttest.Assign(t, db, "psirt_lead", ann)
		v := documenttest.Effective(t, db, text("free"))
		t.Run("PRD-14 a list by function, site and product", func(t *testing.T) {
			refused(t, d.Distribute(ctx, "WI-01", []distribution.Recipient{{Kind: distribution.ToFunction, Value: "dancer"}}, "x"), problem.Invalid)
			refused(t, d.Distribute(ctx, "WI-01", nil, " "), problem.Invalid)
			to := []distribution.Recipient{{Kind: distribution.ToFunction, Value: "psirt_lead"}, {Kind: distribution.ToProduct, Value: "mod_a"}, {Kind: distribution.ToSite, Value: "sit_a"}}
			if err := d.Distribute(ctx, "WI-01", to, "first list"); err != nil {
				t.Fatal(err)
			}
			got := read(t, db, func(ctx context.Context, r store.Reader) ([]distribution.Recipient, error) {
				return distribution.Recipients(ctx, r, v.Document)
			})
			if len(got) != 3 {
				t.Errorf("recipients = %+v", got)
			}
		})
		t.Run("PRD-14 receipt is acknowledged by the person", func(t *testing.T) {
			receipts := func() []distribution.Receipt {
				return read(t, db, func(ctx context.Context, r store.Reader) ([]distribution.Receipt, error) {
					return distribution.Receipts(ctx, r, v.ID, db.Now())
				})
			}
			if got := receipts(); len(got) != 1 || !got[0].At.IsZero() {
				t.Errorf("receipts = %+v", got)
			}
			self := store.WithActor(context.Background(), store.Actor{ID: ann, Name: "Ann", Grants: []store.Grant{{Kinds: []string{"self.*", document.KindRead}, All: true}}})
			for range 2 {
				if err := d.Receive(self, v.ID); err != nil {
					t.Fatal(err)
				}
			}
			if got := receipts(); len(got) != 1 || got[0].At.IsZero() {
				t.Errorf("receipts = %+v", got)
			}
		})
		t.Run("PRD-14 outstanding receipts of sites and products", func(t *testing.T) {
			if err := accounts.Seed(ctx); err != nil {
				t.Fatal(err)
			}
			who := map[string]string{}
			for login, g := range map[string]people.Grant{"bea": {Sites: []string{"sit_a"}}, "cy": {Products: []string{"mod_a", "mod_b"}}, "dot": {Sites: []string{"sit_b"}}, "eve": {All: true},
				"fay": {Sites: []string{"sit_a"}, Expires: db.Now().Add(time.Hour)}, "gil": {Sites: []string{"sit_a"}}} {
				if who[login], err = accounts.CreateAccount(ctx, newAccount(login)); err != nil {
					t.Fatal(err)
				}
				g.Account, g.Role = who[login], people.RoleHTM
				if _, err := accounts.Grant(ctx, g); err != nil {
					t.Fatal(err)
				}
			}
			if err := accounts.Disable(ctx, who["gil"], "left"); err != nil {
				t.Fatal(err)
			}
			outstanding := func(at time.Time) string {
				var names []string
				for _, x := range read(t, db, func(ctx context.Context, r store.Reader) ([]distribution.Receipt, error) {
					return distribution.Receipts(ctx, r, v.ID, at)
				}) {
					if x.At.IsZero() {
						names = append(names, strings.TrimPrefix(x.Name, "P. "))
					}
				}
				slices.Sort(names)
				return strings.Join(names, " ")
			}
			if got := outstanding(db.Now()); got != "bea cy fay" {
				t.Errorf("outstanding: %s", got)
			}
			if got := outstanding(db.Now().Add(2 * time.Hour)); got != "bea cy" {
				t.Errorf("after a grant ended: %s", got)
			}
			if err := d.Receive(store.WithActor(ctx, store.Actor{ID: who["cy"], Name: "Cy", Grants: []store.Grant{{Kinds: []string{"self.*", document.KindRead}, All: true}}}), v.ID); err != nil {
				t.Fatal(err)
			}
			if got := outstanding(db.Now()); got != "bea fay" {
				t.Errorf("after a receipt: %s", got)
			}
			to := []distribution.Recipient{{Kind: distribution.ToSite, Value: "sit_c"}, {Kind: distribution.ToSite, Value: "sit_a"}, {Kind: distribution.ToFunction, Value: "legal"}}
			if err := d.Distribute(ctx, "WI-01", to, "another list"); err != nil {
				t.Fatal(err)
			}
			got := read(t, db, func(ctx context.Context, r store.Reader) ([]distribution.Recipient, error) {
				return distribution.Unreached(ctx, r, v.Document, db.Now())
			})
			if diff := cmp.Diff([]distribution.Recipient{{Kind: distribution.ToFunction, Value: "legal"}, {Kind: distribution.ToSite, Value: "sit_c"}}, got); diff != "" {
				t.Error(diff)
			}
		})
		t.Run("PRD-14 every print is logged with a reason", func(t *testing.T) {
			refused(t, d.Print(ctx, v.ID, ""), problem.Invalid)
			if err := d.Print(ctx, v.ID, "for the wall of the ward"); err != nil {
				t.Fatal(err)
			}
			got := read(t, db, func(ctx context.Context, r store.Reader) ([]distribution.Printed, error) {
				return distribution.Prints(ctx, r, v.Document)
			})
			if len(got) != 1 || got[0].Label != "1.0" || got[0].Reason != "for the wall of the ward" {
				t.Errorf("prints = %+v", got)
			}
		})
	})
}

func newAccount(login string) people.NewAccount {
	return people.NewAccount{Login: login, Name: "P. " + login, Password: "seven kettles whistle"}
}

func TestControlledCopies(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		ctx, d := testdb.System(), distribution.Desk{DB: db}
		v := documenttest.Effective(t, db, text("controlled"))
		issue := func(holder string) distribution.Copy {
			t.Helper()
			got, err := d.IssueCopy(ctx, v.ID, distribution.Copy{Holder: holder, Reason: "no screen there", Expires: db.Now().Add(720 * time.Hour)})
			if err != nil {
				t.Fatal(err)
			}
			return got
		}
		copies := func() []distribution.Copy {
			return read(t, db, func(ctx context.Context, r store.Reader) ([]distribution.Copy, error) {
				return distribution.Copies(ctx, r, v.Document)
			})
		}
		a, b := issue("Ward 7"), issue("Workshop")
		t.Run("PRD-14 copies are numbered, with holder and expiry, and logged as prints", func(t *testing.T) {
			refused(t, d.Print(ctx, v.ID, "no number"), problem.Forbidden)
			if a.Number != 1 || b.Number != 2 || copies()[0].Holder != "Ward 7" || copies()[0].Expires.IsZero() {
				t.Errorf("copies = %+v", copies())
			}
			log := read(t, db, func(ctx context.Context, r store.Reader) ([]distribution.Printed, error) {
				return distribution.Prints(ctx, r, v.Document)
			})
			if len(log) != 2 || log[0].Copy == "" {
				t.Errorf("prints = %+v", log)
			}
		})
		t.Run("PRD-14 a recall is confirmed", func(t *testing.T) {
			refused(t, d.ConfirmCopy(ctx, a.ID, "shredded"), problem.Conflict)
			for _, err := range []error{d.RecallCopy(ctx, a.ID, "coffee on it"), d.ConfirmCopy(ctx, a.ID, "shredded")} {
				if err != nil {
					t.Fatal(err)
				}
			}
			refused(t, d.RecallCopy(ctx, a.ID, "again"), problem.Conflict)
		})
		t.Run("PRD-14 copies of a revision that leaves force are recalled by that", func(t *testing.T) {
			c.Advance(time.Hour)
			documenttest.Approved(t, db, strings.Replace(text("controlled"), "\nScore.\n", "\nScore twice.\n", 1))
			if err := (document.Library{DB: db}).Tick(ctx); err != nil {
				t.Fatal(err)
			}
			if got := copies()[1]; got.Recalled.IsZero() || !got.Confirmed.IsZero() {
				t.Errorf("copy = %+v", got)
			}
			_, err := d.IssueCopy(ctx, v.ID, distribution.Copy{Holder: "Ward 8", Reason: "old one"})
			refused(t, err, problem.Conflict)
		})
	})
}

func TestNeverPrinted(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		v := documenttest.Effective(t, db, text("never"))
		refused(t, distribution.Desk{DB: db}.Print(testdb.System(), v.ID, "please"), problem.Forbidden)
	})
}
