package web

import (
	"context"
	"io"
	"net/http"
	"strings"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/store"
)

// docImageNew asks for an image to stand in the text of a document.
func (s *Server) docImageNew(v *visit) error { return v.show(imagePage(v, imageForm(v.path("code")))) }

func imageForm(code string) Form {
	return Form{ID: "image", Action: urlDocument(code) + "/images", Submit: "Keep the image", Upload: true, Cancel: urlDocument(code) + "/edit"}.with(
		Field{Name: "image", Label: "Image", Kind: "file", Required: true, Accept: "image/png,image/jpeg,image/gif,image/webp", Help: "PNG, JPEG, GIF or WebP, at most 5 MiB."})
}

func imagePage(v *visit, f Form) formPage {
	code := v.path("code")
	return formPage{Frame: v.frame("Add an image", urlDocuments(), Link{urlDocuments(), "Documents"}, Link{urlDocument(code), code}, Link{urlDocument(code) + "/edit", "Edit"}),
		Lead: "It is kept, and you get the line to put into the text.", Form: f}
}

func (s *Server) docImageKeep(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	f := imageForm(v.path("code"))
	file, _, err := v.file("image")
	if err == nil {
		defer file.Close()
		var d blob.Digest
		if d, err = s.Library.Image(v.r.Context(), file); err == nil {
			return v.done(urlDocument(v.path("code"))+"/edit", "The image is kept. Put this line into the text: ![what it shows](blob:"+string(d)+")")
		}
	}
	if !f.blame(err) {
		return err
	}
	return v.again(imagePage(v, f), err)
}

// docImage answers with an image that stands in a revision of the document, or that an author of it is about to put there.
func (s *Server) docImage(v *visit) error {
	d, err := blob.ParseDigest(v.path("digest"))
	if err != nil {
		return err
	}
	stands := v.may(document.KindEdited)
	err = v.view(func(ctx context.Context, r store.Reader) error {
		doc, err := document.ByCode(ctx, r, v.path("code"))
		if err != nil {
			return err
		}
		all, err := document.Revisions(ctx, r, doc.ID)
		for _, rev := range all {
			stands = stands || strings.Contains(rev.Source, string(d))
		}
		return err
	})
	if err != nil {
		return err
	}
	if !stands {
		return problem.New(problem.NotFound, "no revision of this document has such an image")
	}
	in, err := s.Library.Blobs.Get(v.r.Context(), d)
	if err != nil {
		return err
	}
	defer in.Close()
	text, err := io.ReadAll(io.LimitReader(in, 5<<20))
	if err != nil {
		return err
	}
	kind := http.DetectContentType(text)
	if !strings.HasPrefix(kind, "image/") {
		return problem.New(problem.NotFound, "this is no image")
	}
	v.w.Header().Set("Content-Type", kind)
	v.w.Header().Set("Cache-Control", "private, max-age=86400")
	_, err = v.w.Write(text)
	return ignoreGone(err)
}
