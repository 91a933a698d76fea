package web

import (
	"context"
	"io"
	"mime"
	"strings"

	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/press"
	"triward/internal/document/record"
	"triward/internal/problem"
	"triward/internal/store"
)

// labelled is the revision in the address.
func (v *visit) labelled() (rev document.Revision, err error) {
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		rev, err = document.ByLabel(ctx, r, v.path("code"), v.path("label"))
		return err
	})
	return rev, err
}

// sendFile answers with a file to keep. What a file is, its own type says; the browser does not guess.
func (v *visit) sendFile(f press.File) error {
	v.w.Header().Set("Content-Type", f.Type)
	v.w.Header().Set("Content-Disposition", mime.FormatMediaType("attachment", map[string]string{"filename": f.Name}))
	_, err := v.w.Write(f.Content)
	return ignoreGone(err)
}

// docPrint logs a print with its reason, then gives the file.
func (s *Server) docPrint(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	rev, err := v.labelled()
	if err != nil {
		return err
	}
	ctx := v.r.Context()
	if err := s.Distribution.Print(ctx, rev.ID, strings.TrimSpace(f.Get("reason"))); err != nil {
		return err
	}
	var file press.File
	if f.Get("format") == "docx" {
		file, err = s.Press.DOCX(ctx, rev.ID)
	} else {
		file, err = s.Press.PDF(ctx, rev.ID)
	}
	if err != nil {
		return err
	}
	return v.sendFile(file)
}

// docRecord gives the sealed record copy of a revision.
func (s *Server) docRecord(v *visit) error {
	rev, err := v.labelled()
	if err != nil {
		return err
	}
	file, err := s.Press.RecordFile(v.r.Context(), rev.ID)
	if err != nil {
		return err
	}
	return v.sendFile(file)
}

// docArchive gives the signed record of a revision with all its proofs.
func (s *Server) docArchive(v *visit) error {
	rev, err := v.labelled()
	if err != nil {
		return err
	}
	file, err := record.Export(v.r.Context(), s.Press, rev.ID)
	if err != nil {
		return err
	}
	return v.sendFile(file)
}

// docCopy gives the file of a numbered copy, to be printed once.
func (s *Server) docCopy(v *visit) error {
	var found distribution.Copy
	err := v.view(func(ctx context.Context, r store.Reader) error {
		doc, err := document.ByCode(ctx, r, v.path("code"))
		if err != nil {
			return err
		}
		all, err := distribution.Copies(ctx, r, doc.ID)
		for _, c := range all {
			if c.ID == v.path("id") {
				found = c
			}
		}
		return err
	})
	if err != nil {
		return err
	}
	if found.ID == "" {
		return problem.New(problem.NotFound, "there is no such copy")
	}
	file, err := s.Press.Copy(v.r.Context(), found)
	if err != nil {
		return err
	}
	return v.sendFile(file)
}

// docFile gives the file that was uploaded, as it came.
func (s *Server) docFile(v *visit) error {
	rev, err := v.labelled()
	if err != nil {
		return err
	}
	if rev.File.Digest == "" {
		return problem.New(problem.NotFound, "this revision has no file")
	}
	r, err := s.Library.Blobs.Get(v.r.Context(), rev.File.Digest)
	if err != nil {
		return err
	}
	defer r.Close()
	text, err := io.ReadAll(io.LimitReader(r, rev.File.Size))
	if err != nil {
		return err
	}
	return v.sendFile(press.File{Name: rev.File.Name, Type: "application/octet-stream", Content: text})
}

// printForm asks why somebody prints; nil where the visitor may not, or the document is printed as numbered copies only.
func printForm(v *visit, p documentPage) *Form {
	if !v.may(document.KindPrinted) || p.Source.Print != "" && p.Source.Print != "free" {
		return nil
	}
	f := Form{ID: "print", Action: urlRevision(p.Doc.Code, p.Rev.Label) + "/print", Submit: "Make the file"}.with(
		Field{Name: "format", Label: "Format", Kind: "select", Required: true, Options: []Option{{"pdf", "PDF", true}, {"docx", "DOCX", false}}},
		Field{Name: "reason", Label: "What it is for", Kind: "text", Required: true, Help: "Stands in the print log."})
	return &f
}
