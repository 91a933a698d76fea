package document

import (
	"bytes"
	"context"
	"encoding/base64"
	"fmt"
	"html"
	"io"
	"net/http"
	"slices"
	"strings"
	"time"

	"triward/internal/blob"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Shown is what is displayed to who reads, decides and signs: a page of its own that loads nothing from elsewhere. It says
// nothing of states or signatures, which change while the content does not.
type Shown struct {
	HTML        []byte
	Digest      string // SHA-256 in hexadecimal
	ContentHash string // of what it shows
}

// Same refuses when a signer did not see what there is: other bytes, or meanwhile another content.
func (s Shown) Same(v Revision, displayed string) error {
	if displayed != s.Digest || v.ContentHash != s.ContentHash || v.Rendition != "" && string(v.Rendition) != s.Digest {
		return problem.New(problem.Conflict, "the document changed since you looked at it; read it again")
	}
	return nil
}

// Display gives the bytes that stand for a revision: the fixed ones once it was frozen, else those that freezing it now
// would fix.
func (l Library) Display(ctx context.Context, rid RevisionID) (Shown, error) {
	var v Revision
	var s sheetParts
	err := l.DB.View(ctx, func(r store.Reader) (err error) {
		if v, err = RevisionOf(ctx, r, rid); err != nil || v.Rendition != "" {
			return err
		}
		s, err = partsOf(ctx, r, v)
		return err
	})
	if err != nil {
		return Shown{}, err
	}
	if v.Rendition == "" {
		page, err := l.page(ctx, v, s)
		return Shown{HTML: page, Digest: HexSum(page), ContentHash: v.ContentHash}, err
	}
	page, err := l.blob(ctx, v.Rendition, maxFile)
	return Shown{HTML: page, Digest: string(v.Rendition), ContentHash: v.ContentHash}, err
}

func (l Library) blob(ctx context.Context, d blob.Digest, limit int64) ([]byte, error) {
	r, err := l.Blobs.Get(ctx, d)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	return io.ReadAll(io.LimitReader(r, limit))
}

// sheetParts is what a page shows beside the content of its revision.
type sheetParts struct {
	document     source.Document
	targets      []source.Target
	organisation string
}

func partsOf(ctx context.Context, r store.Reader, v Revision) (sheetParts, error) {
	var s sheetParts
	var err error
	if s.document, err = v.Parsed(); err != nil {
		return s, err
	}
	settings, err := SettingsOf(ctx, r)
	if err != nil {
		return s, err
	}
	s.organisation = settings.Variables["organisation"]
	s.targets, err = Targets(ctx, r)
	return s, err
}

// page makes the page of a revision. The same content gives the same bytes.
func (l Library) page(ctx context.Context, v Revision, s sheetParts) ([]byte, error) {
	body, err := source.HTML(s.document, source.HTMLOptions{Targets: s.targets, Image: func(digest string) string { return l.dataURI(ctx, digest) }})
	if err != nil {
		return nil, fmt.Errorf("show revision: %w", err)
	}
	switch v.Content {
	case Uploaded:
		body += fmt.Sprintf("<h2>File</h2><p>%s, %d bytes, SHA-256 %s</p><h2>What the file says</h2><pre>%s</pre>", html.EscapeString(v.File.Name), v.File.Size, v.File.Digest,
			html.EscapeString(v.File.Text))
	case Linked:
		body += fmt.Sprintf("<h2>Source</h2><p>%s, edition %s, published at %s</p>", html.EscapeString(v.External.Publisher), html.EscapeString(v.External.Edition),
			html.EscapeString(v.External.Address))
	}
	return rendition.HTML(rendition.Sheet{Code: v.Code, Title: v.Title, Revision: v.Label, Organisation: s.organisation, StatusURL: l.StatusAddress(v), HTML: body})
}

// dataURI is an image of the blob store inside the page, "" when there is none.
func (l Library) dataURI(ctx context.Context, digest string) string {
	b, err := l.blob(ctx, blob.Digest(digest), maxImage)
	if err != nil {
		return ""
	}
	return "data:" + http.DetectContentType(b) + ";base64," + base64.StdEncoding.EncodeToString(b)
}

// images are the types that may stand in a document.
var images = []string{"image/png", "image/jpeg", "image/gif", "image/webp"}

// Image keeps an image of at most 5 MiB for use in documents and returns its digest. Invalid when it is none.
func (l Library) Image(ctx context.Context, r io.Reader) (blob.Digest, error) {
	if err := mayWrite(ctx); err != nil {
		return "", err
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(r, maxImage+1)); err != nil {
		return "", fmt.Errorf("read image: %w", err)
	}
	if kind := http.DetectContentType(b.Bytes()); !slices.Contains(images, kind) {
		return "", problem.New(problem.Invalid, "the file is no PNG, JPEG, GIF or WebP image")
	}
	d, _, err := l.Blobs.Put(ctx, &b, maxImage)
	return d, err
}

// Upload keeps a DOCX, PDF or XLSX file of at most 50 MiB and takes its text out for search.
func (l Library) Upload(ctx context.Context, name string, r io.Reader) (File, error) {
	if err := mayWrite(ctx); err != nil {
		return File{}, err
	}
	var b bytes.Buffer
	if _, err := io.Copy(&b, io.LimitReader(r, maxFile+1)); err != nil {
		return File{}, fmt.Errorf("read file: %w", err)
	}
	var f problem.List
	Need(&f, "name", name, MaxName)
	if b.Len() > maxFile {
		f.Add("file", "is larger than %d MiB", maxFile>>20)
	}
	if err := f.Err("the file is not valid"); err != nil {
		return File{}, err
	}
	text, err := source.Extract(name, bytes.NewReader(b.Bytes()), int64(b.Len()))
	if err != nil {
		return File{}, problem.About(err, "read %s", name)
	}
	d, n, err := l.Blobs.Put(ctx, &b, maxFile)
	return File{Digest: d, Name: name, Size: n, Text: text}, err
}

// mayWrite refuses who may not write any document, before anything is kept for them.
func mayWrite(ctx context.Context) error {
	_, err := store.ScopeOf(ctx, KindEdited)
	return err
}

// Freeze fixes the content of a revision whose review is complete: its text and the bytes that stand for it.
func (l Library) Freeze(ctx context.Context, rid RevisionID) error {
	shown, err := l.Display(ctx, rid)
	if err != nil {
		return err
	}
	d, err := l.fix(ctx, shown)
	if err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		on, err := decidingOn(ctx, tx, rid)
		if err != nil {
			return err
		}
		v := on.revision
		if v.ContentHash != shown.ContentHash {
			return problem.New(problem.Conflict, "the text was edited at the same moment; freeze it again")
		}
		if left := RouteOf(on.document).Missing(Reviewing, on.decisions); v.State == InReview && len(left) > 0 {
			return problem.New(problem.Conflict, "these functions have not reviewed it yet: %s", functionWords(left))
		}
		if err := noOpenComments(ctx, tx, rid); err != nil {
			return err
		}
		v.Rendition = d
		if err := setState(ctx, tx, &v, Frozen); err != nil {
			return err
		}
		return moved(ctx, tx, v, KindFrozen, Moved{From: InReview, Rendition: string(d)})
	})
}

// fix keeps the bytes that stand for a revision.
func (l Library) fix(ctx context.Context, s Shown) (blob.Digest, error) {
	d, _, err := l.Blobs.Put(ctx, bytes.NewReader(s.HTML), maxFile)
	return d, err
}

func functionWords(all []source.Function) string {
	out := make([]string, len(all))
	for i, f := range all {
		out[i] = f.Word()
	}
	return strings.Join(out, ", ")
}

// OpenApproval signs a frozen revision as its author and asks the approvers for their decisions. planned is when it is to
// become effective; zero is as soon as everything else allows. Who wrote none of it may sign when they hold the function
// that owns the document: of what the program seeded nobody is the author yet.
func (l Library) OpenApproval(ctx context.Context, rid RevisionID, planned time.Time, s Signing) error {
	return l.actOn(ctx, rid, s, func(a act) error {
		v := a.revision
		if v.State != Frozen {
			return problem.New(problem.Conflict, "a revision that is %s cannot go into approval; freeze it first", v.State.word())
		}
		if !planned.IsZero() && planned.Before(a.tx.Now) {
			return problem.New(problem.Invalid, "the planned instant has passed")
		}
		h := Holder{}
		if !slices.Contains(a.authors, a.who.ID) {
			var err error
			if h, err = l.holding(ctx, a.tx, a.who.ID, a.document.OwnerRole); err != nil {
				return err
			}
		}
		if err := noOpenComments(ctx, a.tx, rid); err != nil {
			return err
		}
		signed, err := a.decide(ctx, Authoring, signature.Authorship, h)
		if err != nil {
			return err
		}
		if _, err := a.tx.Exec(ctx, `UPDATE revision SET planned = $1 WHERE id = $2`, store.Micros(planned), string(rid)); err != nil {
			return err
		}
		if err := setState(ctx, a.tx, &v, InApproval); err != nil {
			return err
		}
		return moved(ctx, a.tx, v, KindApprovalOpened, Moved{From: Frozen, Reason: s.Reason, Rendition: string(v.Rendition), Signature: signed.Signature, Planned: Instant(planned)})
	})
}
