package web

import (
	"context"
	"net/url"
	"strings"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// newDocForm asks for what a document must have from the beginning; the editor has the rest.
func newDocForm(content document.Content) Form {
	f := Form{ID: "new", Action: urlDocuments() + "/new", Submit: "Begin the draft", Cancel: urlDocuments(), Upload: content == document.Uploaded}
	fields := []Field{
		{Name: "content", Kind: "hidden", Value: string(content)},
		{Name: "code", Label: "Code", Kind: "text", Required: true, Placeholder: "SOP-14", Help: "It stays for good and is never used again."},
		{Name: "title", Label: "Title", Kind: "text", Required: true},
		{Name: "for", Label: "For", Kind: "checks", Required: true, Options: audiences(source.Audiences)},
		{Name: "level", Label: "Level", Kind: "select", Required: true, Options: options(string(source.Procedure), source.Levels)},
		{Name: "parent", Label: "Parent document", Kind: "text", Placeholder: "POL-01"},
		{Name: "owner_role", Label: "Owner", Kind: "select", Required: true, Options: functionOptions([]source.Function{"quality"})},
		{Name: "approve", Label: "Approved by", Kind: "checks", Required: true, Options: functionOptions([]source.Function{"quality"})},
		{Name: "review_months", Label: "Review every (months)", Kind: "number", Value: "12"},
	}
	switch content {
	case document.Uploaded:
		fields = append(fields, Field{Name: "file", Label: "File", Kind: "file", Required: true, Accept: ".docx,.xlsx,.pdf", Help: "DOCX, XLSX or PDF. It passes the same review and approval as a text written here."})
	case document.Linked:
		fields = append(fields,
			Field{Name: "edition", Label: "Edition", Kind: "text", Required: true, Placeholder: "2021"},
			Field{Name: "publisher", Label: "Publisher", Kind: "text", Required: true},
			Field{Name: "address", Label: "Where it is published", Kind: "url", Required: true},
			Field{Name: "watch", Label: "Look for a new edition on", Kind: "date", Required: true})
	}
	return f.with(append(fields, Field{Name: "reason", Label: "Why it is needed", Kind: "textarea", Required: true})...)
}

func contentOf(v *visit, value string) document.Content {
	for _, c := range document.Contents() {
		if string(c) == value {
			return c
		}
	}
	return document.Authored
}

var newDocTitles = map[document.Content][2]string{
	document.Authored: {"Write a document", "It begins as a draft that nobody is held to."},
	document.Uploaded: {"Upload a document", "A file goes the same way as a text written here: draft, review, approval, in force."},
	document.Linked:   {"Register an external document", "Standards, guidance and contracts of others: edition, owner, and when to look for a new one."},
}

func (s *Server) newDocPage(v *visit, f Form, content document.Content) formPage {
	words := newDocTitles[content]
	return formPage{Frame: v.frame(words[0], urlDocuments(), Link{urlDocuments(), "Documents"}), Lead: words[1], Form: f}
}

func (s *Server) docNew(v *visit) error {
	content := contentOf(v, v.query("content"))
	return v.show(s.newDocPage(v, newDocForm(content), content))
}

func (s *Server) docNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	content := contentOf(v, f.Get("content"))
	code := strings.ToUpper(strings.TrimSpace(f.Get("code")))
	n := document.New{Content: content, Text: document.Text{Source: string(firstText(code, f).Format()), Reason: f.Get("reason")}}
	var l problem.List
	switch content {
	case document.Uploaded:
		n.File, err = s.uploadDocument(v)
	case document.Linked:
		n.External = document.External{Edition: strings.TrimSpace(f.Get("edition")), Publisher: strings.TrimSpace(f.Get("publisher")), Address: strings.TrimSpace(f.Get("address")), Watch: date(&l, f, "watch")}
		err = l.Err("the document is not valid")
	}
	if err == nil {
		_, err = s.Library.Create(v.r.Context(), n)
	}
	if err != nil {
		form := newDocForm(content)
		form.fill(f)
		if !form.blame(inFields(err)) {
			return err
		}
		return v.again(s.newDocPage(v, form, content), err)
	}
	if content == document.Authored {
		return v.done(urlDocument(code)+"/edit", "The draft of "+code+" is begun.")
	}
	return v.done(urlDocument(code)+"/work", "The draft of "+code+" is begun.")
}

// firstText is the text that a draft begins with.
func firstText(code string, f url.Values) source.Document {
	d, err := editedDocument(code, f)
	if err != nil {
		d.ReviewMonths = 0 // the form said what is wrong with it where it can be seen: the domain asks again
	}
	d.Retention = "max(device_lifetime, P10Y)"
	d.Body = "## Purpose\n\n## Scope\n"
	return d
}

// uploadDocument keeps the file of a form.
func (s *Server) uploadDocument(v *visit) (document.File, error) {
	file, head, err := v.file("file")
	if err != nil {
		return document.File{}, err
	}
	defer file.Close()
	return s.Library.Upload(v.r.Context(), head.Filename, file)
}

func (s *Server) reviseForm(d document.Document, bases []Option, changes []Option) Form {
	return Form{ID: "revise", Action: urlDocument(d.Code) + "/revise", Submit: "Begin the revision", Cancel: urlDocument(d.Code)}.with(
		Field{Name: "reason", Label: "Why it is revised", Kind: "textarea", Required: true},
		Field{Name: "size", Label: "Size", Kind: "select", Required: true, Options: []Option{{string(document.Major), "Major: people are trained again", true}, {string(document.Minor), "Minor", false}}},
		Field{Name: "change", Label: "Change request", Kind: "select", Options: orNone("None", changes)},
		Field{Name: "base", Label: "Begin with the text of", Kind: "select", Required: true, Options: bases, Help: "An older one is a rollback: its text becomes a new revision."})
}

func (s *Server) revisePage(v *visit) (formPage, document.Document, error) {
	var d document.Document
	var bases, open []Option
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if d, err = document.ByCode(ctx, r, v.path("code")); err != nil {
			return err
		}
		all, err := document.Revisions(ctx, r, d.ID)
		if err != nil {
			return err
		}
		for _, x := range all {
			bases = append(bases, Option{string(x.ID), x.Label + ", " + word(x.State), x.ID == d.Effective || d.Effective == "" && x.ID == d.Newest})
		}
		open, err = openChanges(ctx, r, d.Code, v.query("change"))
		return err
	})
	return formPage{Frame: v.frame("Revise "+d.Code, urlDocuments(), append(v.documentCrumbs(d), Link{urlDocument(d.Code), d.Code})...), Lead: "The revision in force stays in force until the new one takes its place.",
		Form: s.reviseForm(d, bases, open)}, d, err
}

func (s *Server) revise(v *visit) error {
	p, _, err := s.revisePage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) reviseDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, d, err := s.revisePage(v)
	if err != nil {
		return err
	}
	_, err = s.Library.Open(v.r.Context(), document.Opening{Code: d.Code, Base: document.RevisionID(f.Get("base")), Change: f.Get("change"), Reason: f.Get("reason"), Size: document.Size(f.Get("size"))})
	if err != nil {
		p.Form.fill(f)
		if !p.Form.blame(err) {
			return err
		}
		return v.again(p, err)
	}
	to := urlDocument(d.Code) + "/edit"
	if d.Content != document.Authored {
		to = urlDocument(d.Code) + "/work"
	}
	return v.done(to, "The revision is begun.")
}
