package api

import (
	"context"
	"errors"
	"net/http"

	"triward/apiv1"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/store"
)

// maxDocumentFile is the largest file that a document may consist of.
const maxDocumentFile = 50 << 20

// documentFiles are the operations about documents whose content is a file.
func (s *Server) documentFiles() {
	files := []string{"application/octet-stream", "application/pdf", "application/vnd.openxmlformats-officedocument.wordprocessingml.document",
		"application/vnd.openxmlformats-officedocument.spreadsheetml.sheet"}
	add(s, op{id: "upload-document", route: "POST /document-uploads", kind: document.KindCreated, upload: maxDocumentFile, accepts: files, status: http.StatusCreated,
		summary: "Add a document that is a file (DOCX, XLSX, PDF); the answer is the revision"}, s.uploadDocument)
	act(s, op{id: "replace-file", route: "POST /revisions/{id}/file", kind: document.KindEdited, upload: maxDocumentFile, accepts: files,
		summary: "Put another file in the place of that of a revision; decisions so far are void"}, s.replaceFile)
}

// keepFile keeps a file that was sent, and its text.
func (s *Server) keepFile(ctx context.Context, name string, sent sentFile) (f document.File, err error) {
	k, err := sent.keep(maxDocumentFile)
	if err != nil {
		return f, err
	}
	defer func() { err = errors.Join(err, k.close()) }()
	done, err := s.turn(ctx, k)
	if err != nil {
		return f, err
	}
	defer done()
	from, err := k.reader()
	if err != nil {
		return f, err
	}
	return s.Library.Upload(ctx, name, from)
}

func (s *Server) uploadDocument(ctx context.Context, in *struct {
	apiv1.UploadedDocument
	File sentFile
}) (apiv1.Made, error) {
	d := source.Document{Code: in.Code, Title: in.Title, Level: source.Level(in.Level), For: words[source.Audience](in.For), OwnerRole: source.Function(in.Owner),
		ReviewMonths: in.Months, Retention: "max(device_lifetime, P10Y)",
		Approvals: source.Approvals{Review: words[source.Function](in.Review), Approve: words[source.Function](in.Approve)}}
	f, err := s.keepFile(ctx, in.Name, in.File)
	if err != nil {
		return apiv1.Made{}, err
	}
	rid, err := s.Library.Create(ctx, document.New{Content: document.Uploaded, Text: document.Text{Source: string(d.Format()), File: f, Reason: in.Reason}})
	return apiv1.Made{ID: string(rid)}, err
}

func (s *Server) replaceFile(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"200"`
	apiv1.ReplacedFile
	File sentFile
}) error {
	v, err := read(ctx, s, func(r store.Reader) (document.Revision, error) {
		return document.RevisionOf(ctx, r, document.RevisionID(in.ID))
	})
	if err != nil {
		return err
	}
	f, err := s.keepFile(ctx, in.Name, in.File)
	if err != nil {
		return err
	}
	_, err = s.Library.Save(ctx, document.Edit{Revision: v.ID, Version: v.Version, Text: document.Text{Source: v.Source, File: f, Reason: in.Reason}})
	return err
}
