package document_test

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"
	"time"

	"triward/internal/document"
	"triward/internal/document/kit"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// docx is a Word file of one paragraph.
func docx(t *testing.T, text string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for name, content := range map[string]string{
		"[Content_Types].xml": `<Types xmlns="http://schemas.openxmlformats.org/package/2006/content-types"/>`,
		"word/document.xml": `<w:document xmlns:w="http://schemas.openxmlformats.org/wordprocessingml/2006/main"><w:body><w:p><w:r><w:t>` + text +
			`</w:t></w:r></w:p></w:body></w:document>`,
	} {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write([]byte(content)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// One life cycle for what is written here, uploaded and linked.
func TestOneLifeForEveryContent(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		put := func(content string) document.File {
			f, err := h.Upload(h.as("ann"), "manual.docx", bytes.NewReader(docx(t, content)))
			h.must(err)
			return f
		}
		create := func(c document.Content, code string, x document.Text) document.RevisionID {
			x.Source, x.Reason = sop(code, "From elsewhere"), "first"
			rid, err := h.Create(h.as("ann"), document.New{Content: c, Text: x})
			h.must(err)
			return rid
		}
		t.Run("AC-06 UR-04 UR-07 PRD-01 version 2 of an uploaded file passes the whole way", func(t *testing.T) {
			v := h.effective(create(document.Uploaded, "SOP-30", document.Text{File: put("version one")}))
			next := h.open("ann", document.Opening{Code: "SOP-30", Reason: "the maker sent another one"})
			was := revisionOf(t, h.db, next)
			_, err := h.Save(h.as("ann"), document.Edit{Revision: next, Version: was.Version, Text: document.Text{Source: was.Source, File: put("version two"), Reason: "new file"}})
			h.must(err)
			got := h.effective(next)
			if got.ContentHash == v.ContentHash || strings.TrimSpace(got.File.Text) != "version two" || got.Label != "2.0" {
				t.Errorf("revision = %+v", got)
			}
			if old := revisionOf(t, h.db, v.ID); old.State != document.Superseded || strings.TrimSpace(old.File.Text) != "version one" {
				t.Errorf("revision = %+v", old)
			}
		})
		t.Run("PRD-09 what is displayed of a file names its digest", func(t *testing.T) {
			rid := create(document.Uploaded, "SOP-31", document.Text{File: put("text of the file")})
			shown, err := h.Display(h.as("ann"), rid)
			h.must(err)
			f := revisionOf(t, h.db, rid).File
			if !bytes.Contains(shown.HTML, []byte(f.Digest)) || !bytes.Contains(shown.HTML, []byte("text of the file")) {
				t.Errorf("page = %s", shown.HTML)
			}
			if f.Size == 0 || revisionOf(t, h.db, rid).ContentHash == document.HexSum([]byte(revisionOf(t, h.db, rid).Source)) {
				t.Error("the hash of the content does not cover the file")
			}
		})
		watch := h.db.Now().AddDate(1, 0, 0)
		x := document.External{Edition: "2016", Publisher: "a body of standards", Address: "https://example.org/13485", Watch: watch}
		t.Run("DC-06 PRD-25 a document of external origin has edition, source, owner and watch date", func(t *testing.T) {
			_, err := h.Create(h.as("ann"), document.New{Content: document.Linked, Text: text(sop("EXT-1", "Quality systems"), "we use it")})
			if len(problem.FaultsOf(err)) != 4 {
				t.Errorf("faults = %v", err)
			}
			rid := create(document.Linked, "EXT-1", document.Text{External: x})
			v := h.effective(rid)
			d := byCode(t, h.db, "EXT-1")
			if v.External != x || !d.WatchDue.Equal(watch) || d.OwnerRole != "psirt_lead" {
				t.Errorf("document %+v, external %+v", d, v.External)
			}
			h.clock.Advance(367 * 24 * time.Hour)
			overdue := read(t, h.db, func(ctx context.Context, r store.Reader) (document.Page, error) {
				return document.Documents(ctx, r, document.Query{Overdue: h.db.Now(), Content: document.Linked})
			})
			if len(overdue.Items) != 1 || !byCode(t, h.db, "EXT-1").Overdue(h.db.Now()) {
				t.Errorf("overdue = %+v", overdue)
			}
		})
		t.Run("PRD-25 a new edition is a new revision", func(t *testing.T) {
			next := h.open("ann", document.Opening{Code: "EXT-1", Reason: "a new edition appeared"})
			was := revisionOf(t, h.db, next)
			x.Edition, x.Watch = "2026", h.db.Now().AddDate(1, 0, 0)
			_, err := h.Save(h.as("ann"), document.Edit{Revision: next, Version: was.Version, Text: document.Text{Source: was.Source, External: x, Reason: "edition 2026"}})
			h.must(err)
			if v := h.effective(next); v.External.Edition != "2026" || byCode(t, h.db, "EXT-1").Overdue(h.db.Now()) {
				t.Errorf("revision = %+v", v)
			}
		})
		t.Run("files of other kinds are not taken", func(t *testing.T) {
			for name, content := range map[string]string{"a.exe": "MZ", "a.docx": "no zip", "": "x"} {
				_, err := h.Upload(h.as("ann"), name, strings.NewReader(content))
				h.refused(t, err, problem.Invalid)
			}
			_, err := h.Upload(h.signer.As(h.who["ann"], "document.read"), "a.docx", bytes.NewReader(docx(t, "x")))
			h.refused(t, err, problem.Forbidden)
		})
		t.Run("images are kept once and by what they are", func(t *testing.T) {
			png := "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR"
			a, err := h.Image(h.as("ann"), strings.NewReader(png))
			h.must(err)
			b, err := h.Image(h.as("ann"), strings.NewReader(png))
			if err != nil || a != b {
				t.Errorf("digests %s and %s, %v", a, b, err)
			}
			_, err = h.Image(h.as("ann"), strings.NewReader("<script>alert(1)</script>"))
			h.refused(t, err, problem.Invalid)
			_, err = h.Image(h.signer.As(h.who["ann"], "document.read"), strings.NewReader(png))
			h.refused(t, err, problem.Forbidden)
		})
	})
}

func TestHierarchy(t *testing.T) {
	each(t, func(t *testing.T, h *house) {
		h.create("ann", sop("POL-05", "Incidents", "level: policy"))
		h.create("ann", sop("SOP-14", "Event response", "parent: POL-05", "refs: [SOP-16]"))
		h.create("ann", sop("SOP-9", "Before fourteen", "parent: POL-05"))
		list := func(q document.Query) string {
			var out []string
			for _, d := range read(t, h.db, func(ctx context.Context, r store.Reader) (document.Page, error) { return document.Documents(ctx, r, q) }).Items {
				out = append(out, d.Code)
			}
			return strings.Join(out, " ")
		}
		t.Run("N9-02 levels and a tree by parent", func(t *testing.T) {
			if got := list(document.Query{Parent: "POL-05"}); got != "SOP-9 SOP-14" {
				t.Errorf("below POL-05: %s", got)
			}
			if got := list(document.Query{Level: "policy"}); got != "POL-05" {
				t.Errorf("policies: %s", got)
			}
		})
		t.Run("N9-01 retrieval by words, owner and audience, page by page", func(t *testing.T) {
			if got := list(document.Query{Text: "EVENT resp"}); got != "SOP-14" {
				t.Errorf("found %s", got)
			}
			if got := list(document.Query{OwnerRole: "psirt_lead", For: "manufacturer"}); got != "POL-05 SOP-9 SOP-14" {
				t.Errorf("found %s", got)
			}
			if got := list(document.Query{For: "hospital"}); got != "" {
				t.Errorf("found %s", got)
			}
			p := read(t, h.db, func(ctx context.Context, r store.Reader) (document.Page, error) {
				return document.Documents(ctx, r, document.Query{Limit: 2})
			})
			if len(p.Items) != 2 || list(document.Query{After: p.Next}) != "SOP-14" {
				t.Errorf("page = %+v", p)
			}
		})
		t.Run("what a document relies on, and what is missing", func(t *testing.T) {
			users := read(t, h.db, func(ctx context.Context, r store.Reader) ([]document.User, error) {
				return document.UsedBy(ctx, r, "POL-05")
			})
			missing := read(t, h.db, kit.Dangling)
			if len(users) != 2 || users[1].How != "parent" || strings.Join(missing, " ") != "SOP-16" {
				t.Errorf("users %+v, missing %v", users, missing)
			}
		})
		t.Run("P11-04 nobody reads without the right to", func(t *testing.T) {
			ctx := h.signer.As(h.who["bob"], "device.read")
			err := h.db.View(ctx, func(r store.Reader) error {
				_, err := document.Documents(ctx, r, document.Query{})
				return err
			})
			h.refused(t, err, problem.Forbidden)
			_, err = h.Create(ctx, document.New{Content: document.Authored, Text: text(sop("SOP-40", "x"), "y")})
			h.refused(t, err, problem.Forbidden)
		})
	})
}

func TestSettings(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		l := document.Library{DB: db}
		for _, s := range []document.Setting{{Name: "authorship", Value: "none", Reason: "x"}, {Name: "temporary_days", Value: "0", Reason: "x"}, {Name: "colour", Value: "red", Reason: "x"},
			{Name: "authorship", Value: "lenient"}} {
			if err := l.Set(testdb.System(), s); problem.KindOf(err) != problem.Invalid {
				t.Errorf("%+v: %v", s, err)
			}
		}
		if err := l.Set(testdb.System(), document.Setting{Name: "temporary_days", Value: "7", Reason: "shorter"}); err != nil {
			t.Fatal(err)
		}
		s := read(t, db, document.SettingsOf)
		if s.Authorship != document.Strict || s.TemporaryDays != 7 {
			t.Errorf("settings = %+v", s)
		}
	})
}
