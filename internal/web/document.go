package web

import (
	"context"
	"html/template"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/press"
	"triward/internal/document/source"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/signature"
	"triward/internal/store"
)

// documentPage is one revision of a document as people read it; without a choice, the one in force.
type documentPage struct {
	Frame
	Doc        document.Document
	Row        documentRow
	Rev        document.Revision
	Source     source.Document
	Notes      []Note
	HTML       template.HTML
	Signatures []signature.Signature
	Revisions  []document.Mark
	UsedBy     []document.User
	Products   []Link
	Actions    []Link
	More       []Link
	Parent     Link
	Print      *Form
	Record     press.Kept // its digest is "" while there is none
	History    []historyRow
}

func (documentPage) template() string { return "document" }

// Note is a banner of a page.
type Note struct {
	Class, Strong, Text string
	Link                Link
}

// document shows a document by its code; its id leads there too, as the journal names it.
func (s *Server) document(v *visit) error {
	code := v.path("code")
	if strings.HasPrefix(code, "doc_") {
		var d document.Document
		err := v.view(func(ctx context.Context, r store.Reader) (err error) {
			d, err = document.Get(ctx, r, document.ID(code))
			return err
		})
		if err != nil {
			return err
		}
		return v.redirect(urlDocument(d.Code))
	}
	return s.showDocument(v, code, "")
}

// revision shows a document as of one of its revisions.
func (s *Server) revision(v *visit) error { return s.showDocument(v, v.path("code"), v.path("label")) }

func (s *Server) showDocument(v *visit, code, label string) error {
	var p documentPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Doc, err = document.ByCode(ctx, r, code); err != nil {
			return err
		}
		if p.Rev, err = shownRevision(ctx, r, p.Doc, label); err != nil {
			return err
		}
		return s.fillDocument(ctx, r, v, &p)
	})
	if err != nil {
		return err
	}
	p.Frame = v.frame(p.Doc.Code+" "+p.Rev.Title, urlDocuments(), v.documentCrumbs(p.Doc)...)
	if p.Came, err = v.cameFrom(incident.Query{Code: p.Doc.Code}); err != nil {
		return err
	}
	return v.show(p)
}

// inLibrary reports whether the library has a document that the visitor may read: only then a link leads to it.
func inLibrary(ctx context.Context, r store.Reader, code string) bool {
	_, err := document.ByCode(ctx, r, code)
	return err == nil
}

// parentOf is the document above another one; without an address when the library does not have it.
func (v *visit) parentOf(d document.Document) (l Link) {
	l.Text = d.Parent
	_ = v.view(func(ctx context.Context, r store.Reader) error { // without an answer there is no link
		if d.Parent != "" && inLibrary(ctx, r, d.Parent) {
			l.URL = urlDocument(d.Parent)
		}
		return nil
	})
	return l
}

func (v *visit) documentCrumbs(d document.Document) []Link {
	out := []Link{{urlDocuments(), "Documents"}}
	if parent := v.parentOf(d); parent.URL != "" {
		out = append(out, parent)
	}
	return out
}

// shownRevision is the one that was asked for, else the one in force, else the newest.
func shownRevision(ctx context.Context, r store.Reader, d document.Document, label string) (document.Revision, error) {
	switch {
	case label != "":
		return document.ByLabel(ctx, r, d.Code, label)
	case d.Effective != "":
		return document.RevisionOf(ctx, r, d.Effective)
	}
	return document.RevisionOf(ctx, r, d.Newest)
}

func (s *Server) fillDocument(ctx context.Context, r store.Reader, v *visit, p *documentPage) error {
	rows, err := s.documentRows(ctx, r, []document.Document{p.Doc})
	if err != nil {
		return err
	}
	p.Row = rows[0]
	if p.Source, err = p.Rev.Parsed(); err != nil {
		return err
	}
	if p.HTML, err = s.documentHTML(ctx, r, p.Source); err != nil {
		return err
	}
	if p.Signatures, err = signature.Of(ctx, r, string(p.Rev.ID)); err != nil {
		return err
	}
	all, err := document.Revisions(ctx, r, p.Doc.ID)
	if err != nil {
		return err
	}
	for _, x := range all {
		p.Revisions = append(p.Revisions, document.Mark{ID: x.ID, Label: x.Label, State: x.State, Temporary: x.Temporary, Planned: x.Planned, Since: x.Since, Until: x.Until})
	}
	users, err := document.UsedBy(ctx, r, p.Doc.Code)
	if err != nil {
		return err
	}
	for _, u := range users {
		if n := len(p.UsedBy); n > 0 && p.UsedBy[n-1].Revision == u.Revision {
			p.UsedBy[n-1].How += ", " + u.How
			continue
		}
		p.UsedBy = append(p.UsedBy, u)
	}
	if p.Products, err = documentProducts(ctx, r, v, p.Doc.ID); err != nil {
		return err
	}
	if p.Notes, err = s.notesOf(ctx, r, p.Doc, p.Rev); err != nil {
		return err
	}
	p.Actions, p.More = documentActions(v, *p)
	p.Print, p.Parent = printForm(v, *p), v.parentOf(p.Doc)
	if p.Record, err = press.Record(ctx, r, p.Rev.ID); err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	p.History, err = history(ctx, r, string(p.Doc.ID))
	return err
}

// documentHTML is a text as people read it: times from the targets in force, links to what is in force.
func (s *Server) documentHTML(ctx context.Context, r store.Reader, d source.Document) (template.HTML, error) {
	targets, err := document.Targets(ctx, r)
	if err != nil {
		return "", err
	}
	known := map[string]string{} // a text names the same documents many times
	out, err := source.HTML(d, source.HTMLOptions{Targets: targets, Link: func(code string) string {
		to, asked := known[code]
		if !asked && inLibrary(ctx, r, code) { // a kit leaves documents out: their codes stay, without a link that leads nowhere
			to = urlDocument(code)
		}
		known[code] = to
		return to
	}, Image: func(digest string) string { return urlImageOf(d.Code, digest) }})
	return template.HTML(out), err //nolint:gosec // source.HTML sanitises
}

func documentProducts(ctx context.Context, r store.Reader, v *visit, doc document.ID) ([]Link, error) {
	ids, err := document.ProductsOf(ctx, r, doc)
	if err != nil {
		return nil, err
	}
	var out []Link
	for _, id := range ids {
		l := Link{"", id}
		if v.actor.Scope(product.KindRead).Covers("", id) {
			m, err := product.Get(ctx, r, product.ModelID(id))
			if err != nil {
				return nil, err
			}
			l = Link{urlProduct(id), m.ManufacturerName + " " + m.Name}
		}
		out = append(out, l)
	}
	return out, nil
}

// notesOf are the banners of a revision, and that it is not in force yet.
func (s *Server) notesOf(ctx context.Context, r store.Reader, d document.Document, rev document.Revision) ([]Note, error) {
	out, err := s.bannersOf(ctx, r, rev)
	switch {
	case rev.State.Working() && d.Effective != "":
		out = append(out, Note{"warn", "Not in force.", "This revision is " + stateWords(rev.State) + ".", Link{urlDocument(d.Code), "Go to the revision in force"}})
	case rev.State.Working():
		out = append(out, Note{"warn", "Not in force.", "This revision is " + stateWords(rev.State) + "; the document has never been in force.", Link{}})
	}
	return out, err
}

// stateWords is a state in a sentence.
func stateWords(st document.State) string {
	if st == document.Draft {
		return "a draft"
	}
	return word(st)
}

// dateWords is a day in a sentence.
func dateWords(t time.Time) string {
	if t.IsZero() {
		return "an unknown day"
	}
	return t.UTC().Format("2 January 2006")
}

// documentActions is what the visitor can do next: the one thing first, the rest in the menu.
func documentActions(v *visit, p documentPage) (first, more []Link) {
	at := urlDocument(p.Doc.Code)
	switch {
	case p.Doc.Working != "":
		first = append(first, Link{at + "/work", "Open the working revision"})
	case v.may(document.KindRevisionOpened) && p.Doc.Retired.IsZero():
		first = append(first, Link{at + "/revise", "Revise"})
	}
	more = append(more, Link{at + "/control", "Reviews, deviations, copies"})
	if v.may(document.KindChangeOpened) {
		more = append(more, Link{urlChanges() + "/new?code=" + p.Doc.Code, "Open a change request"})
	}
	if len(p.Revisions) > 1 {
		more = append(more, Link{at + "/compare", "Compare revisions"})
	}
	return first, more
}

// comparePage shows two revisions of a document line by line.
type comparePage struct {
	Frame
	Doc    document.Document
	A, B   document.Revision
	From   []Option
	To     []Option
	Lines  []source.DiffLine
	Counts string
	Keep   []Field // what a choice must not lose
}

func (comparePage) template() string { return "compare" }

func (s *Server) compare(v *visit) error {
	p := comparePage{}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Doc, err = document.ByCode(ctx, r, v.path("code")); err != nil {
			return err
		}
		all, err := document.Revisions(ctx, r, p.Doc.ID)
		if err != nil {
			return err
		}
		return p.choose(all, v.query("from"), v.query("to"))
	})
	if err != nil {
		return err
	}
	p.Frame = v.frame("Compare "+p.Doc.Code, urlDocuments(), append(v.documentCrumbs(p.Doc), Link{urlDocument(p.Doc.Code), p.Doc.Code})...)
	return v.show(p)
}

// choose takes two of some texts, newest first, and compares them.
func (p *comparePage) choose(all []document.Revision, from, to string) error {
	p.A, p.B = comparedBy(all, from, to)
	if p.A.ID == "" || p.B.ID == "" {
		return problem.New(problem.NotFound, "there is nothing to compare with")
	}
	for _, x := range all {
		words := x.Label + ", " + word(x.State)
		p.From = append(p.From, Option{x.Label, words, x.ID == p.A.ID})
		p.To = append(p.To, Option{x.Label, words, x.ID == p.B.ID})
	}
	p.Lines, p.Counts = diffOf(p.A.Source, p.B.Source)
	return nil
}

// comparedBy chooses two of a document's revisions, newest first: those named, else the newest and the one before it.
func comparedBy(all []document.Revision, from, to string) (a, b document.Revision) {
	for i, x := range all {
		if x.Label == to || to == "" && i == 0 {
			b = x
			if i+1 < len(all) && from == "" {
				a = all[i+1]
			}
		}
		if from != "" && x.Label == from {
			a = x
		}
	}
	return a, b
}

// near is how many unchanged lines stand around a change.
const near = 3

// diffOf compares two texts and leaves out what is far from every change. A line left out has an empty change.
func diffOf(before, after string) ([]source.DiffLine, string) {
	all := source.Lines(before, after)
	added, removed := 0, 0
	keep := make([]bool, len(all))
	for i, l := range all {
		switch l.Change {
		case source.Added:
			added++
		case source.Removed:
			removed++
		default:
			continue
		}
		for j := max(0, i-near); j <= min(len(all)-1, i+near); j++ {
			keep[j] = true
		}
	}
	if added+removed == 0 {
		return nil, "no difference"
	}
	var out []source.DiffLine
	for i, l := range all {
		if keep[i] {
			out = append(out, l)
		} else if i == 0 || keep[i-1] {
			out = append(out, source.DiffLine{})
		}
	}
	return out, plural(added, "line", "lines") + " added, " + plural(removed, "line", "lines") + " removed"
}
