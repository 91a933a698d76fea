package web

import (
	"strings"

	"triward/internal/document"
	"triward/internal/problem"
)

// outsideForm asks for what is not text in a revision: the file that was uploaded, or the edition of a linked document.
func outsideForm(p editPage) Form {
	at := urlDocument(p.Doc.Code)
	f := Form{ID: "outside", Action: at + "/file", Submit: "Save", Cancel: at + "/work", Upload: p.Doc.Content == document.Uploaded}
	x := p.Rev.External
	fields := []Field{{Name: "file", Label: "File", Kind: "file", Required: true, Accept: ".docx,.xlsx,.pdf", Help: "Takes the place of " + p.Rev.File.Name + " in this revision. Decisions so far are void."}}
	if p.Doc.Content == document.Linked {
		fields = []Field{
			{Name: "edition", Label: "Edition", Kind: "text", Required: true, Value: x.Edition},
			{Name: "publisher", Label: "Publisher", Kind: "text", Required: true, Value: x.Publisher},
			{Name: "address", Label: "Where it is published", Kind: "url", Required: true, Value: x.Address},
			{Name: "watch", Label: "Look for a new edition on", Kind: "date", Required: true, Value: x.Watch.Format("2006-01-02")}}
	}
	return f.with(append(fields, Field{Name: "reason", Label: "What changed and why", Kind: "textarea", Required: true})...)
}

// outsidePage is the form for the file or the edition of the revision on its way.
func (s *Server) outsidePage(v *visit) (formPage, editPage, error) {
	p, err := s.docEditPage(v)
	if err == nil && p.Doc.Content == document.Authored {
		err = problem.New(problem.NotFound, "%s is written here", p.Doc.Code)
	}
	lead := "The file goes the same way as a text written here."
	if p.Doc.Content == document.Linked {
		lead = "A new edition is a change of the document: it is reviewed and approved."
	}
	return formPage{Frame: p.Frame, Lead: lead, Form: outsideForm(p)}, p, err
}

func (s *Server) docOutside(v *visit) error {
	page, _, err := s.outsidePage(v)
	if err != nil {
		return err
	}
	return v.show(page)
}

func (s *Server) docOutsideDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	page, p, err := s.outsidePage(v)
	if err != nil {
		return err
	}
	t := document.Text{Source: p.Rev.Source, File: p.Rev.File, External: p.Rev.External, Reason: f.Get("reason")}
	if p.Doc.Content == document.Uploaded {
		t.File, err = s.uploadDocument(v)
	} else {
		var l problem.List
		t.External = document.External{Edition: strings.TrimSpace(f.Get("edition")), Publisher: strings.TrimSpace(f.Get("publisher")), Address: strings.TrimSpace(f.Get("address")), Watch: date(&l, f, "watch")}
		err = l.Err("the edition is not valid")
	}
	if err == nil {
		_, err = s.Library.Save(v.r.Context(), document.Edit{Revision: p.Rev.ID, Version: p.Rev.Version, Text: t})
	}
	if err != nil {
		page.Form.fill(f)
		if !page.Form.blame(err) {
			return err
		}
		return v.again(page, err)
	}
	return v.done(urlDocument(p.Doc.Code)+"/work", "Saved as the next version.")
}
