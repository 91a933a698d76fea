package store_test

import (
	"context"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/store"
	"triward/internal/testdb"
)

type textRow struct {
	id           int64
	title, words string
	tags         []string
}

func putText(t *testing.T, db *store.DB, rows ...textRow) {
	t.Helper()
	err := db.Bulk(context.Background(), func(b *store.Bulk) error {
		for _, r := range rows {
			var tags []string
			for _, x := range r.tags {
				tags = append(tags, store.Tag(x))
			}
			if _, err := b.Exec(context.Background(), `INSERT INTO document_text (id, revision, document, state, version, heading, text, title, words, tags)
				VALUES ($1, $2, '', '', 1, '', '', $3, $4, $5)`, r.id, r.title, store.Words(r.title), store.Words(r.words), strings.Join(tags, " ")); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func ids(t *testing.T, db *store.DB, l store.Lookup) []int64 {
	t.Helper()
	l.Table = "document_text"
	if l.Limit == 0 {
		l.Limit = 10
	}
	var out []int64
	err := db.View(context.Background(), func(r store.Reader) error {
		found, err := store.FullText(context.Background(), r, l)
		for _, f := range found {
			out = append(out, f.ID)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestFullTextFindsTheSameOnBothDatabases(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		putText(t, db,
			textRow{1, "Incident response", "Who declares, who contains. SOP-14 and FDA-2016.", []string{"effective", "doc_A"}},
			textRow{2, "Vulnerability intake", "An incident may follow. Café Ångström, O'Neil: x@example.org 10.2.3", []string{"effective", "doc_B"}},
			textRow{3, "Incident response, old", "superseded text", []string{"superseded", "doc_A"}})
		for text, want := range map[string][]int64{
			"incident": {1, 3, 2}, "INCID resp": {1, 3}, "sop-14": {1}, "sop 14": {1}, "cafe ang": {2}, "CAFÉ": {2}, "o'neil": {2}, "10.2": {2}, "x@example": {2},
			"effective": nil, "xeffective": nil, "nothing": nil, "": nil, "\" OR * AND (": nil, "a:b & !c | <-> 'x": nil, "incident NOT response": nil, "declares contains": {1},
			"title:incident": nil, strings.Repeat("incident ", 40): {1, 3, 2},
		} {
			got := ids(t, db, store.Lookup{Text: text})
			if text == "incident" || strings.HasPrefix(text, "incident incident") { // a title before a text; the order of the two titles is theirs
				if len(got) != 3 || got[2] != 2 {
					t.Errorf("%q finds %v", text, got)
				}
				continue
			}
			if text == "INCID resp" {
				if len(got) != 2 {
					t.Errorf("%q finds %v", text, got)
				}
				continue
			}
			if d := cmp.Diff(want, got); d != "" {
				t.Errorf("%q (-want +got):\n%s", text, d)
			}
		}
		if d := cmp.Diff([]int64{1, 2}, ids(t, db, store.Lookup{Text: "incident", Tags: [][]string{{"effective"}, {"doc_A", "doc_B"}}})); d != "" {
			t.Errorf("with tags (-want +got):\n%s", d)
		}
		if got := ids(t, db, store.Lookup{Text: "incident", Tags: [][]string{{"effective"}, {"doc_C"}}}); got != nil {
			t.Errorf("with a tag that nothing has: %v", got)
		}
	})
}

func TestFullTextFollowsItsTable(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := context.Background()
		putText(t, db, textRow{1, "one", "alpha", nil}, textRow{2, "two", "alpha", nil})
		for _, s := range []struct {
			query string
			want  []int64
		}{{`UPDATE document_text SET words = 'beta' WHERE id = 1`, []int64{2}}, {`DELETE FROM document_text WHERE id = 2`, nil}} {
			if err := db.Bulk(ctx, func(b *store.Bulk) error { _, err := b.Exec(ctx, s.query); return err }); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(s.want, ids(t, db, store.Lookup{Text: "alpha"})); d != "" {
				t.Errorf("after %s (-want +got):\n%s", s.query, d)
			}
		}
		if got := ids(t, db, store.Lookup{Text: "bet"}); len(got) != 1 || got[0] != 1 {
			t.Errorf("the changed row: %v", got)
		}
	})
}

func TestFullTextPages(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		var rows []textRow
		for i := range int64(57) {
			rows = append(rows, textRow{i + 1, "row " + strings.Repeat("x", int(i)), strings.Repeat("word ", 1+int(i)%7), nil})
		}
		putText(t, db, rows...)
		seen := map[int64]bool{}
		l := store.Lookup{Table: "document_text", Text: "word", Limit: 10}
		for range 10 {
			err := db.View(context.Background(), func(r store.Reader) error {
				found, err := store.FullText(context.Background(), r, l)
				for _, f := range found {
					if seen[f.ID] || f.Rank < l.After.Rank && l.After != (store.Found{}) {
						t.Errorf("row %d comes again or too late", f.ID)
					}
					seen[f.ID] = true
					l.After = f
				}
				return err
			})
			if err != nil {
				t.Fatal(err)
			}
		}
		if len(seen) != 57 {
			t.Errorf("%d rows of 57", len(seen))
		}
	})
}

func FuzzWords(f *testing.F) {
	for _, s := range []string{"Café", "a\"b", "x'y", "日本", "\xff", "ﬁ İ ß", "٣", "ǅ", "e\u0301\u200d"} {
		f.Add(s)
	}
	db := testdb.SQLite(f)
	f.Fuzz(func(t *testing.T, s string) {
		w := store.Words(s)
		if again := store.Words(w); again != w {
			t.Errorf("words of %q: %q, again %q", s, w, again)
		}
		ids2 := store.Lookup{Table: "document_text", Text: s, Tags: [][]string{{s}}, Limit: 5}
		if err := db.View(context.Background(), func(r store.Reader) error {
			_, err := store.FullText(context.Background(), r, ids2)
			return err
		}); err != nil {
			t.Errorf("%q: %v", s, err)
		}
	})
}
