package record

import (
	"context"
	"fmt"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Clerk makes copies.
type Clerk struct {
	Library document.Library
	Printer rendition.Printer
	Sealer  rendition.Sealer // without a key, PDF files are not sealed
}

// Form is a kind of file.
type Form string

// The closed list of forms.
const (
	HTML Form = "html"
	PDF  Form = "pdf"
	DOCX Form = "docx"
)

// Copy is a file of a revision.
type Copy struct {
	Name string // "SOP-14_1.2.pdf"
	Type string // media type
	Body []byte
	Note rendition.Note // to be told to who gets it; "" for nothing
}

var mediaTypes = map[Form]string{HTML: "text/html; charset=utf-8", PDF: "application/pdf",
	DOCX: "application/vnd.openxmlformats-officedocument.wordprocessingml.document"}

// Copy makes a file of a revision. It takes as long as printing does, so never call it within a transaction.
func (c Clerk) Copy(ctx context.Context, rid document.RevisionID, form Form) (Copy, error) {
	out := Copy{Type: mediaTypes[form]}
	if out.Type == "" {
		return out, problem.New(problem.Invalid, "a copy is HTML, PDF or DOCX, not %q", form)
	}
	s, v, err := c.sheet(ctx, rid)
	if err != nil {
		return out, err
	}
	out.Name = v.Code + "_" + v.Label + "." + string(form)
	switch form {
	case HTML:
		out.Body, err = rendition.HTML(s)
	case DOCX:
		out.Body, err = rendition.DOCX(s)
	case PDF:
		out.Body, out.Note, err = c.pdf(ctx, s, v)
	}
	if err != nil {
		return Copy{}, fmt.Errorf("copy revision %q: %w", rid, err)
	}
	return out, nil
}

// pdf prints a sheet, and seals it once nobody is to sign it any more.
func (c Clerk) pdf(ctx context.Context, s rendition.Sheet, v document.Revision) ([]byte, rendition.Note, error) {
	pdf, note, err := c.Printer.PDF(ctx, s)
	if err != nil || c.Sealer.Key == nil || v.Approved.IsZero() {
		return pdf, note, err
	}
	pdf, err = rendition.Seal(pdf, c.Sealer, c.Library.DB.Now())
	return pdf, note, err
}

// sheet is a revision with what is true of it now.
func (c Clerk) sheet(ctx context.Context, rid document.RevisionID) (rendition.Sheet, document.Revision, error) {
	shown, err := c.Library.Display(ctx, rid)
	if err != nil {
		return rendition.Sheet{}, document.Revision{}, err
	}
	body, ok := rendition.Body(shown.HTML)
	if !ok {
		return rendition.Sheet{}, document.Revision{}, problem.New(problem.Conflict, "the page of the revision is not one that this program made")
	}
	var s rendition.Sheet
	var v document.Revision
	err = c.Library.DB.View(ctx, func(r store.Reader) error {
		if v, err = document.RevisionOf(ctx, r, rid); err != nil {
			return err
		}
		s = rendition.Sheet{Code: v.Code, Title: v.Title, Revision: v.Label, State: stateWords(v.State), Watermark: watermark(v), EffectiveDate: effective(v),
			StatusURL: c.Library.StatusAddress(v), HTML: body}
		settings, err := document.SettingsOf(ctx, r)
		if err != nil {
			return err
		}
		s.Organisation = settings.Variables["organisation"]
		if s.Signatures, err = blocks(ctx, r, rid); err != nil {
			return err
		}
		all, err := document.Revisions(ctx, r, v.Document)
		if err != nil {
			return err
		}
		s.History = history(all, v)
		s.Banner, err = banner(ctx, r, v, c.Library.DB.Now())
		return err
	})
	return s, v, err
}

func stateWords(s document.State) string { return strings.ReplaceAll(string(s), "_", " ") }

// watermark is what stands across each page of what is not simply in force.
func watermark(v document.Revision) string {
	switch {
	case v.State != document.InForce:
		return stateWords(v.State)
	case v.Temporary:
		return "temporary"
	}
	return ""
}

func effective(v document.Revision) string {
	switch {
	case !v.Since.IsZero() && !v.Until.IsZero():
		return v.Since.Format(time.DateOnly) + " to " + v.Until.Format(time.DateOnly)
	case !v.Since.IsZero():
		return v.Since.Format(time.DateOnly)
	case !v.Planned.IsZero():
		return "planned for " + v.Planned.Format(time.DateOnly)
	}
	return "not yet"
}

// blocks are the signatures on a revision.
func blocks(ctx context.Context, r store.Reader, rid document.RevisionID) ([]rendition.Block, error) {
	all, err := signature.Of(ctx, r, string(rid))
	if err != nil {
		return nil, err
	}
	var out []rendition.Block
	for _, s := range all {
		b := rendition.Block{Name: s.Name, Function: source.Function(s.Act.Function).Word(), Meaning: string(s.Act.Meaning), Reason: s.Act.Reason, At: s.At, Zone: s.Zone,
			DelegateOf: s.Act.DelegateOf, SignatureID: s.ID}
		if s.Act.DelegateOf != "" {
			// The name is part of what a signature says; who may read the document may read it.
			if a, err := people.Get(store.WithActor(ctx, store.System("record")), r, s.Act.DelegateOf); err == nil {
				b.DelegateOf = a.Name
			}
		}
		out = append(out, b)
	}
	return out, nil
}

// history is the list of the revisions that were approved up to one, and that one.
func history(all []document.Revision, v document.Revision) []rendition.HistoryLine {
	var out []rendition.HistoryLine
	for _, x := range all {
		if x.ID != v.ID && (x.Number > v.Number || x.Approved.IsZero()) {
			continue
		}
		date := "not in force"
		if !x.Since.IsZero() {
			date = x.Since.Format(time.DateOnly)
		}
		out = append(out, rendition.HistoryLine{Revision: x.Label, Date: date, Author: x.AuthorName, Summary: x.Reason})
	}
	return out
}

// banner is what a reader must know before the text.
func banner(ctx context.Context, r store.Reader, v document.Revision, now time.Time) (string, error) {
	d, err := document.Get(ctx, r, v.Document)
	if err != nil {
		return "", err
	}
	var out []string
	switch v.State {
	case document.Superseded, document.Withdrawn, document.Retired:
		words := "This revision is " + stateWords(v.State) + ": do not use it."
		if d.Effective != "" && d.Effective != v.ID {
			now, err := document.RevisionOf(ctx, r, d.Effective)
			if err != nil {
				return "", err
			}
			words += " In force is revision " + now.Label + "."
		}
		if d.Successor != "" {
			words += " Its successor is " + d.Successor + "."
		}
		out = append(out, words)
	case document.InForce:
		if v.Temporary && !v.Expires.IsZero() {
			out = append(out, "Temporary instruction, ends "+v.Expires.Format("2006-01-02 15:04 UTC")+".")
		}
		if d.Overdue(now) {
			out = append(out, "The periodic review of this document is overdue.")
		}
	default:
		out = append(out, "This revision is not in force.")
	}
	cautions, err := document.Cautions(ctx, r, v.Document)
	if err != nil {
		return "", err
	}
	for _, c := range cautions {
		if c.Lifted.IsZero() {
			out = append(out, "Caution: "+c.Text)
		}
	}
	return strings.Join(out, " "), nil
}
