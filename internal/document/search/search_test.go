package search_test

import (
	"context"
	"fmt"
	"iter"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document"
	"triward/internal/document/documenttest"
	"triward/internal/document/search"
	"triward/internal/document/source"
	"triward/internal/store"
	"triward/internal/testdb"
)

func text(code, title, body string) string {
	return fmt.Sprintf("---\nid: %s\ntitle: %q\nlevel: procedure\nfor: [hospital]\nowner_role: quality\nreview_months: 12\napprovals: {approve: [quality]}\nretention: P10Y\n---\n\n%s\n", code, title, body)
}

func system() context.Context { return store.WithActor(context.Background(), store.System("test")) }

func catchUp(t *testing.T, db *store.DB) {
	t.Helper()
	if err := db.CatchUp(context.Background(), search.Follower()); err != nil {
		t.Fatal(err)
	}
}

func find(t *testing.T, db *store.DB, ctx context.Context, q search.Query) search.Page {
	t.Helper()
	var p search.Page
	err := db.View(ctx, func(r store.Reader) error {
		var err error
		p, err = search.Find(ctx, r, q)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return p
}

func labels(p search.Page) []string {
	var out []string
	for _, h := range p.Hits {
		out = append(out, h.Code+" "+h.Label+" "+string(h.State))
	}
	return out
}

func TestFindReturnsWhatIsInForce(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		documenttest.Effective(t, db, text("SOP-14", "Incident response", "Isolate the infusion pump after asking the ward."))
		c.Advance(1e9)
		documenttest.Effective(t, db, text("SOP-14", "Incident response", "Isolate the ventilator after asking the ward."))
		documenttest.Effective(t, db, text("SOP-15", "Reporting", "Tell the authority about a ventilator incident."))
		documenttest.Approved(t, db, text("SOP-16", "Review", "A ventilator draft."))
		catchUp(t, db)
		for _, x := range []struct {
			rule string
			q    search.Query
			want []string
		}{
			{"PRD-23 by default only what is effective", search.Query{Text: "ward"}, []string{"SOP-14 2.0 effective"}},
			{"PRD-23 and no draft", search.Query{Text: "ventil"}, []string{"SOP-14 2.0 effective", "SOP-15 1.0 effective"}},
			{"DC-08 what is superseded is hidden", search.Query{Text: "infusion pump"}, nil},
			{"PRD-23 what is superseded when asked for", search.Query{Text: "infusion pump", States: []document.State{document.Superseded}}, []string{"SOP-14 1.0 superseded"}},
			{"PRD-23 every state when asked for", search.Query{Text: "ventilator draft", States: document.States()}, []string{"SOP-16 1.0 in_training"}},
			{"PRD-23 by code", search.Query{Text: "sop-15"}, []string{"SOP-15 1.0 effective"}},
			{"PRD-23 title before text", search.Query{Text: "incident"}, []string{"SOP-14 2.0 effective", "SOP-15 1.0 effective"}},
			{"PRD-23 by level", search.Query{Text: "incident", Level: source.Policy}, nil},
		} {
			t.Run(x.rule, func(t *testing.T) {
				got := labels(find(t, db, system(), x.q))
				if x.q.Text == "ventil" && len(got) == 2 {
					return // the order of two equal finds is the database's
				}
				if d := cmp.Diff(x.want, got); d != "" {
					t.Errorf("found (-want +got):\n%s", d)
				}
			})
		}
		got := find(t, db, system(), search.Query{Text: "ventilator"}).Hits
		for _, h := range got {
			marked := ""
			for _, p := range h.Snippet {
				if p.Marked {
					marked += p.Text
				}
			}
			if marked != "ventilator" {
				t.Errorf("the snippet of %s marks %q: %+v", h.Code, marked, h.Snippet)
			}
		}
	})
}

func TestFindKeepsToTheRole(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		mine := documenttest.Effective(t, db, text("SOP-14", "Mine", "ventilator"))
		documenttest.Effective(t, db, text("SOP-15", "Theirs", "ventilator"))
		if err := db.Bulk(system(), func(b *store.Bulk) error {
			_, err := b.Exec(system(), `INSERT INTO document_product (document, product) VALUES ($1, 'mdl_1')`, string(mine.Document))
			return err
		}); err != nil {
			t.Fatal(err)
		}
		catchUp(t, db)
		kinds := []string{document.KindRead}
		for name, grant := range map[string]store.Grant{"one product": {Kinds: kinds, Products: []string{"mdl_1", "mdl_2"}},
			"another product": {Kinds: kinds, Products: []string{"mdl_3"}}, "a site": {Kinds: kinds, Sites: []string{"s"}}} {
			ctx := store.WithActor(context.Background(), store.Actor{ID: "usr_1", Grants: []store.Grant{grant}})
			want := []string(nil)
			if name == "one product" {
				want = []string{"SOP-14 1.0 effective"}
			}
			if d := cmp.Diff(want, labels(find(t, db, ctx, search.Query{Text: "ventilator"}))); d != "" {
				t.Errorf("%s (-want +got):\n%s", name, d)
			}
		}
		nobody := store.WithActor(context.Background(), store.Actor{ID: "usr_2"})
		err := db.View(nobody, func(r store.Reader) error { _, err := search.Find(nobody, r, search.Query{Text: "x"}); return err })
		if err == nil {
			t.Error("somebody without the right to read searches")
		}
	})
}

func TestFindPagesThroughEverything(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		for i := range 23 {
			documenttest.Effective(t, db, text(fmt.Sprintf("SOP-%d", 100+i), "Title", strings.Repeat("ventilator ", 1+i%5)))
		}
		catchUp(t, db)
		seen := map[string]bool{}
		q := search.Query{Text: "ventilator", Limit: 5}
		for range 10 {
			p := find(t, db, system(), q)
			for _, h := range p.Hits {
				if seen[h.Code] {
					t.Errorf("%s comes twice", h.Code)
				}
				seen[h.Code] = true
			}
			if q.After = p.Next; q.After == "" {
				break
			}
		}
		if len(seen) != 23 {
			t.Errorf("%d documents of 23", len(seen))
		}
		err := db.View(system(), func(r store.Reader) error {
			_, err := search.Find(system(), r, search.Query{Text: "x", After: "y"})
			return err
		})
		if err == nil {
			t.Error("a page after nonsense")
		}
	})
}

// collection puts documents into the database with a revision in force and all others superseded.
func collection(t *testing.T, db *store.DB, documents, each int) {
	t.Helper()
	rows := func(n int, row func(i, k int) []any) iter.Seq[[]any] {
		return func(yield func([]any) bool) {
			for i := range documents {
				for k := range n {
					if !yield(row(i, k)) {
						return
					}
				}
			}
		}
	}
	doc, rev := func(i int) string { return fmt.Sprintf("doc_%03d", i) }, func(i, k int) string { return fmt.Sprintf("rev_%03d_%d", i, k) }
	code := func(i int) string { return fmt.Sprintf("SOP-%d", 100+i) }
	state := func(k int) string {
		if k == each-1 {
			return string(document.InForce)
		}
		return string(document.Superseded)
	}
	err := db.Bulk(system(), func(b *store.Bulk) error {
		for _, x := range []struct {
			table   string
			columns []string
			rows    iter.Seq[[]any]
		}{
			{"document", []string{"id", "code", "sort", "content", "title", "level", "parent", "owner_role", "audience", "state", "effective", "working", "newest", "review_months", "review_due",
				"watch_due", "inspectable", "retired", "retired_reason", "successor", "author", "at"}, rows(1, func(i, _ int) []any {
				return []any{doc(i), code(i), code(i), "authored", "Procedure", "procedure", "", "quality", "hospital", string(document.InForce), rev(i, each-1), "", rev(i, each-1), 12, 0, 0, false, 0, "", "", "usr_1", 1}
			})},
			{"revision", []string{"id", "document", "number", "label", "state", "version", "round", "title", "content_hash", "rendition", "token", "reason", "change", "base", "planned", "training_due",
				"released_early", "temporary", "expires", "author", "author_name", "at", "changed", "approved"}, rows(each, func(i, k int) []any {
				return []any{rev(i, k), doc(i), k + 1, fmt.Sprintf("%d.0", k+1), state(k), 1, 1, "Procedure", "", "", rev(i, k), "test", "", "", 0, 0, "", false, 0, "usr_1", "Ada", 1, 1, 1}
			})},
			{"revision_edit", []string{"revision", "version", "source", "content_hash", "file", "file_name", "file_size", "file_text", "edition", "publisher", "address", "watch", "reason", "author", "author_name",
				"at"}, rows(each, func(i, k int) []any {
				body := fmt.Sprintf("Isolate the ventilator. Ward%d is told. Marker%dm%d stands here alone.", i%7, i, k)
				return []any{rev(i, k), 1, text(code(i), "Procedure", body), "", "", "", 0, "", "", "", "", 0, "", "usr_1", "Ada", 1}
			})},
			{"effective_range", []string{"document", "since", "until", "revision", "ended"}, rows(1, func(i, _ int) []any { return []any{doc(i), 1, 0, rev(i, each-1), ""} })},
		} {
			if _, err := b.Load(system(), x.table, x.columns, x.rows); err != nil {
				return err
			}
		}
		return nil
	})
	if err == nil {
		err = search.Rebuild(context.Background(), db)
	}
	if err != nil {
		t.Fatal(err)
	}
}

// every is all hits of a query, page by page.
func every(t *testing.T, db *store.DB, q search.Query) []string {
	t.Helper()
	var out []string
	for q.Limit = 90; ; {
		p := find(t, db, system(), q)
		out = append(out, labels(p)...)
		if q.After = p.Next; q.After == "" {
			break
		}
		if len(out) > 10_000 {
			t.Fatal("the pages do not end")
		}
	}
	slices.Sort(out)
	return out
}

// The time of AC-14 is measured by the bench; here is what must be found, and nothing else, when each document has fifty
// revisions.
func TestAC14SearchOfManyRevisions(t *testing.T) {
	const documents, each = 24, 50
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		collection(t, db, documents, each)
		for name, x := range map[string]struct {
			q    search.Query
			want func(i, k int) bool // document and revision, counted from 0
		}{
			"AC-14 a word of all: the one revision in force of each": {search.Query{Text: "ventilator"}, func(_, k int) bool { return k == each-1 }},
			"AC-14 a word of all, in every state":                    {search.Query{Text: "ventilator", States: document.States()}, func(int, int) bool { return true }},
			"AC-14 a word of some":                                   {search.Query{Text: "ward3 isolate"}, func(i, k int) bool { return i%7 == 3 && k == each-1 }},
			"AC-14 a word of one old revision, by default":           {search.Query{Text: "marker5m17"}, func(int, int) bool { return false }},
			"AC-14 a word of one old revision, when asked for":       {search.Query{Text: "marker5m17", States: []document.State{document.Superseded}}, func(i, k int) bool { return i == 5 && k == 17 }},
			"AC-14 a word of the revision in force":                  {search.Query{Text: "marker5m49"}, func(i, k int) bool { return i == 5 && k == each-1 }},
			"AC-14 words that no revision has together":              {search.Query{Text: "marker5m17 marker6m17", States: document.States()}, func(int, int) bool { return false }},
			"AC-14 the code of a document, in every state":           {search.Query{Text: "sop-107", States: document.States()}, func(i, _ int) bool { return i == 7 }},
		} {
			t.Run(name, func(t *testing.T) {
				var want []string
				for i := range documents {
					for k := range each {
						if x.want(i, k) {
							state := document.Superseded
							if k == each-1 {
								state = document.InForce
							}
							want = append(want, fmt.Sprintf("SOP-%d %d.0 %s", 100+i, k+1, state))
						}
					}
				}
				slices.Sort(want)
				if d := cmp.Diff(want, every(t, db, x.q)); d != "" {
					t.Errorf("found (-want +got):\n%s", d)
				}
			})
		}
	})
}

func TestIndexIsMadeAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		documenttest.Effective(t, db, text("SOP-14", "Incident response", "ventilator"))
		catchUp(t, db)
		before := find(t, db, system(), search.Query{Text: "ventilator"})
		if err := search.Rebuild(context.Background(), db); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, find(t, db, system(), search.Query{Text: "ventilator"})); d != "" || len(before.Hits) != 1 {
			t.Errorf("after a rebuild (-before +after):\n%s", d)
		}
	})
}

func TestRestoredSearchIsMadeAgain(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		documenttest.Effective(t, db, text("SOP-14", "Incident response", "ventilator"))
		catchUp(t, db)
		before := find(t, db, system(), search.Query{Text: "ventilator"})
		path := filepath.Join(t.TempDir(), "backup.zip")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Backup(system(), db, f, store.BackupOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		into := testdb.SQLite(t)
		if _, err := store.Restore(system(), into, path, store.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		if got := find(t, into, system(), search.Query{Text: "ventilator"}); len(got.Hits) != 0 {
			t.Errorf("the backup held the index: %v", labels(got))
		}
		catchUp(t, into)
		if d := cmp.Diff(before, find(t, into, system(), search.Query{Text: "ventilator"})); d != "" || len(before.Hits) != 1 {
			t.Errorf("after a restore (-before +after):\n%s", d)
		}
	})
}
