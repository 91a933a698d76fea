package main

import (
	"context"
	"fmt"
	"iter"
	"regexp"
	"slices"
	"time"

	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/rendition"
	"triward/internal/document/search"
	"triward/internal/document/source"
	"triward/internal/store"
)

const (
	papersPerLoad = 100
	revisionsEach = 5
)

var idLine = regexp.MustCompile(`(?m)^id: .*$`)

// seededTexts are the texts of the seeded documents, each with a place for its code.
func seededTexts() ([]source.Document, []string, error) {
	files, err := content.Documents()
	if err != nil {
		return nil, nil, err
	}
	var docs []source.Document
	var texts []string
	for _, f := range files {
		d, err := source.Parse(f.Name, f.Text)
		if err != nil {
			return nil, nil, err
		}
		docs = append(docs, d)
		if d.Code != source.TargetsCode { // whose targets only it may hold
			texts = append(texts, string(f.Text))
		}
	}
	return docs, texts, nil
}

func paperCode(i int) string { return fmt.Sprintf("%s-%d", []string{"SOA", "SOB"}[i/5000], i%5000+1) }

// library measures the document pages, the search, and the printing.
func (b *bench) library() error {
	docs, texts, err := seededTexts()
	if err != nil {
		return err
	}
	for from := 0; from < b.papers; from += papersPerLoad {
		if err := b.loadPapers(texts, from); err != nil {
			return err
		}
	}
	if err := b.timed(fmt.Sprintf("index of %d documents of %d revisions, made again", b.papers, revisionsEach), "", 0, func() error {
		return search.Rebuild(b.ctx, b.db)
	}); err != nil {
		return err
	}
	words := []string{"incident", "patient safety", "vulnerability assessment", "sbom", "isolate device ward", "SOA-123", "training record", "supplier", "key ceremony", "report authority"}
	next := ""
	if err := b.percentiles(fmt.Sprintf("search over %d documents of %d revisions", b.papers, revisionsEach), 300, 300, func(i int) error {
		q := search.Query{Text: words[i%len(words)]}
		switch i % 5 {
		case 3:
			q.States = document.States()
		case 4:
			q.Text, q.After = words[0], next
		}
		return b.db.View(b.ctx, func(r store.Reader) error {
			p, err := search.Find(b.ctx, r, q)
			if i%5 == 4 {
				next = p.Next
			}
			return err
		})
	}); err != nil {
		return err
	}
	var targets []source.Target
	for _, d := range docs {
		targets = append(targets, d.Targets...)
	}
	if err := b.percentiles(fmt.Sprintf("document page, %d documents", b.papers), 300, 100, func(i int) error { return b.paperPage(i*33%b.papers, targets) }); err != nil {
		return err
	}
	return b.printing(docs, targets)
}

// paperPage reads and writes what the page of a document shows.
func (b *bench) paperPage(i int, targets []source.Target) error {
	return b.db.View(b.ctx, func(r store.Reader) error {
		d, err := document.ByCode(b.ctx, r, paperCode(i))
		if err != nil {
			return err
		}
		v, err := document.RevisionOf(b.ctx, r, d.Effective)
		if err != nil {
			return err
		}
		if _, err := document.Revisions(b.ctx, r, d.ID); err != nil {
			return err
		}
		if _, err := document.Cautions(b.ctx, r, d.ID); err != nil {
			return err
		}
		text, err := v.Parsed()
		if err != nil {
			return err
		}
		_, err = source.HTML(text, source.HTMLOptions{Targets: targets})
		return err
	})
}

// printing prints the seeded document that fills four pages best, in a browser where there is one.
func (b *bench) printing(docs []source.Document, targets []source.Target) error {
	i := slices.IndexFunc(docs, func(d source.Document) bool { return d.Code == "SOP-14" })
	if i < 0 {
		return fmt.Errorf("SOP-14 is not there")
	}
	html, err := source.HTML(docs[i], source.HTMLOptions{Targets: targets})
	if err != nil {
		return err
	}
	s := rendition.Sheet{Code: docs[i].Code, Title: docs[i].Title, Revision: "1.0", State: "effective", EffectiveDate: "2026-12-01", StatusURL: "https://triward.example/status/x", HTML: html,
		Signatures: []rendition.Block{{Name: "Ada Example", Function: "Quality", Meaning: "approval", At: time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC), SignatureID: "sig_1"}}}
	for _, p := range []struct {
		figure  string
		printer rendition.Printer
	}{{"PDF of SOP-14 by Chromium", rendition.Printer{Chromium: rendition.FindChromium()}}, {"PDF of SOP-14 without a browser", rendition.Printer{}}} {
		if p.figure == "PDF of SOP-14 by Chromium" && p.printer.Chromium == "" {
			continue
		}
		if err := b.timed(p.figure, "target", 3, func() error {
			_, _, err := p.printer.PDF(context.Background(), s)
			return err
		}); err != nil {
			return err
		}
	}
	return nil
}

// loadPapers puts documents into the database as if they had been approved there: four revisions superseded, one in force.
func (b *bench) loadPapers(texts []string, from int) error {
	at := store.Micros(time.Date(2026, 1, 1, 0, 0, 0, 0, time.UTC))
	rows := func(each int, row func(i, k int) []any) iter.Seq[[]any] {
		return func(yield func([]any) bool) {
			for i := from; i < from+papersPerLoad; i++ {
				for k := range each {
					if !yield(row(i, k)) {
						return
					}
				}
			}
		}
	}
	doc := func(i int) string { return fmt.Sprintf("doc_%05d", i) }
	rev := func(i, k int) string { return fmt.Sprintf("rev_%05d_%d", i, k) }
	title := func(i int) string { return fmt.Sprintf("Procedure number %d of the collection", i) }
	state := func(k int) string {
		if k == revisionsEach-1 {
			return string(document.InForce)
		}
		return string(document.Superseded)
	}
	last := revisionsEach - 1
	return b.db.Bulk(b.ctx, func(w *store.Bulk) error {
		for _, t := range []struct {
			table   string
			columns []string
			rows    iter.Seq[[]any]
		}{
			{"document", []string{"id", "code", "sort", "content", "title", "level", "parent", "owner_role", "audience", "state", "effective", "working", "newest", "review_months", "review_due", "watch_due",
				"inspectable", "retired", "retired_reason", "successor", "author", "at"}, rows(1, func(i, _ int) []any {
				return []any{doc(i), paperCode(i), paperCode(i), "authored", title(i), "procedure", "", "quality", "hospital", string(document.InForce), rev(i, last), "", rev(i, last), 12, 0, 0,
					false, 0, "", "", "usr_1", at}
			})},
			{"revision", []string{"id", "document", "number", "label", "state", "version", "round", "title", "content_hash", "rendition", "token", "reason", "change", "base", "planned", "training_due",
				"released_early", "temporary", "expires", "author", "author_name", "at", "changed", "approved"}, rows(revisionsEach, func(i, k int) []any {
				return []any{rev(i, k), doc(i), k + 1, fmt.Sprintf("%d.0", k+1), state(k), 1, 1, title(i), "", "", rev(i, k), "yearly review", "", "", 0, 0, "", false, 0, "usr_1", "Ada Example", at, at, at}
			})},
			{"revision_edit", []string{"revision", "version", "source", "content_hash", "file", "file_name", "file_size", "file_text", "edition", "publisher", "address", "watch", "reason", "author", "author_name", "at"},
				rows(revisionsEach, func(i, k int) []any {
					text := idLine.ReplaceAllString(texts[(i+k)%len(texts)], "id: "+paperCode(i))
					return []any{rev(i, k), 1, text + fmt.Sprintf("\nLocal note %d.\n", i*revisionsEach+k), "", "", "", 0, "", "", "", "", 0, "", "usr_1", "Ada Example", at}
				})},
			{"effective_range", []string{"document", "since", "until", "revision", "ended"}, rows(1, func(i, _ int) []any { return []any{doc(i), at, 0, rev(i, last), ""} })},
		} {
			if _, err := w.Load(b.ctx, t.table, t.columns, t.rows); err != nil {
				return err
			}
		}
		return nil
	})
}
