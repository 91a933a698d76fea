package document_test

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// sop is the text of a procedure; lines of front matter in extra replace those with the same key.
func sop(code, title string, extra ...string) string {
	lines := []string{"id: " + code, "title: " + title, "level: procedure", "for: [manufacturer]", "owner_role: psirt_lead", "review_months: 12",
		"approvals: {review: [security_architect], approve: [quality]}", "retention: P10Y"}
	for _, e := range extra {
		key, _, _ := strings.Cut(e, ":")
		found := false
		for i, l := range lines {
			if strings.HasPrefix(l, key+":") {
				lines[i], found = e, true
			}
		}
		if !found {
			lines = append(lines, e)
		}
	}
	if slices.ContainsFunc(lines, func(l string) bool { return l == "level: standard" || l == "level: policy" }) {
		return "---\n" + strings.Join(lines, "\n") + "\n---\n\n# Purpose\n\nWe answer every report.\n"
	}
	lines = append(lines, `steps:`, `  - {id: receive, do: "Write down what was reported.", role: psirt_lead, record: note, evidence: none}`)
	return "---\n" + strings.Join(lines, "\n") + "\n---\n\n# Purpose\n\nWe answer every report.\n"
}

func text(source, reason string) document.Text { return document.Text{Source: source, Reason: reason} }

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

func byCode(t *testing.T, db *store.DB, code string) document.Document {
	t.Helper()
	return read(t, db, func(ctx context.Context, r store.Reader) (document.Document, error) {
		return document.ByCode(ctx, r, code)
	})
}

func revisionOf(t *testing.T, db *store.DB, rid document.RevisionID) document.Revision {
	t.Helper()
	return read(t, db, func(ctx context.Context, r store.Reader) (document.Revision, error) {
		return document.RevisionOf(ctx, r, rid)
	})
}

func TestDraftsAreKeptVersionByVersion(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx, l := testdb.System(), document.Library{DB: db}
		rid, err := l.Create(ctx, document.New{Content: document.Authored, Text: text(sop("SOP-14", "Event response"), "first version")})
		if err != nil {
			t.Fatal(err)
		}
		v, err := l.Save(ctx, document.Edit{Revision: rid, Version: 1, Text: text(sop("SOP-14", "Event and incident response"), "a better title")})
		if err != nil || v.Version != 2 {
			t.Fatalf("Save = version %d, %v", v.Version, err)
		}
		t.Run("A11-01 every change has a reason", func(t *testing.T) {
			_, err := l.Save(ctx, document.Edit{Revision: rid, Version: 2, Text: text(sop("SOP-14", "x"), " ")})
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("an edit without a reason: %v", err)
			}
		})
		t.Run("PRD-24 the code is immutable and never used again, the title may change", func(t *testing.T) {
			if d := byCode(t, db, "SOP-14"); d.Title != "Event and incident response" || d.State != document.Draft || d.Working != rid {
				t.Errorf("document = %+v", d)
			}
			if _, err := l.Save(ctx, document.Edit{Revision: rid, Version: 2, Text: text(sop("SOP-15", "x"), "try")}); problem.KindOf(err) != problem.Invalid {
				t.Errorf("a changed code: %v", err)
			}
			if _, err := l.Create(ctx, document.New{Content: document.Authored, Text: text(sop("SOP-14", "Another"), "try")}); problem.KindOf(err) != problem.Conflict {
				t.Errorf("a code used twice: %v", err)
			}
		})
		t.Run("two editors: the second sees both texts", func(t *testing.T) {
			mine := sop("SOP-14", "Mine")
			_, err := l.Save(ctx, document.Edit{Revision: rid, Version: 1, Text: text(mine, "at the same time")})
			var c *document.EditConflict
			if !errors.As(err, &c) || c.Mine != mine || c.Theirs != sop("SOP-14", "Event and incident response") || c.Version != 2 || problem.KindOf(err) != problem.Conflict {
				t.Errorf("conflict = %+v", err)
			}
		})
		t.Run("P11-05 earlier versions stay", func(t *testing.T) {
			all := read(t, db, func(ctx context.Context, r store.Reader) ([]document.Saved, error) {
				return document.Edits(ctx, r, rid)
			})
			var reasons []string
			for _, e := range all {
				reasons = append(reasons, e.Reason)
			}
			if d := cmp.Diff([]string{"first version", "a better title"}, reasons); d != "" {
				t.Error(d)
			}
			err := db.Update(ctx, func(tx *store.Tx) error {
				_, err := tx.Exec(ctx, `UPDATE revision_edit SET source = '' WHERE revision = $1`, string(rid))
				return err
			})
			if err == nil {
				t.Error("a saved version was changed")
			}
		})
		t.Run("one revision at a time is on its way", func(t *testing.T) {
			if _, err := l.Open(ctx, document.Opening{Code: "SOP-14", Reason: "another"}); problem.KindOf(err) != problem.Conflict {
				t.Errorf("Open = %v", err)
			}
		})
	})
}
