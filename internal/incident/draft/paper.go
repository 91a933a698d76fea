package draft

import (
	"context"
	"fmt"
	"html"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/document/press"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// PDF prints a draft as it stands, for whoever may read it; sealed once it is approved. Conflict when what is kept is not the
// text that its SHA-256 names.
func (d Desk) PDF(ctx context.Context, draft string) (press.File, error) {
	var x Draft
	var s rendition.Sheet
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		if x, err = Get(ctx, r, draft); err == nil {
			s, err = paper(ctx, r, x)
		}
		return err
	})
	if err != nil {
		return press.File{}, err
	}
	pdf, note, err := d.Printer.PDF(ctx, s)
	if err == nil && x.State != Open {
		pdf, err = rendition.Seal(pdf, d.Sealer, d.DB.Now())
	}
	return press.File{Name: fmt.Sprintf("%s %s %d.pdf", x.Number, x.Template, x.Version), Type: "application/pdf", Content: pdf, Note: note}, err
}

// paper is a draft with what stands around its text: state and marking on each page, its record, the signature that holds and
// its versions.
func paper(ctx context.Context, r store.Reader, d Draft) (rendition.Sheet, error) {
	i, err := incident.Brief(ctx, r, d.Incident)
	if err != nil {
		return rendition.Sheet{}, err
	}
	versions, err := Versions(ctx, r, d.ID)
	if err != nil {
		return rendition.Sheet{}, err
	}
	if digest(d.Canonical()) != d.Digest || len(versions) == 0 || versions[0].Digest != d.Digest {
		return rendition.Sheet{}, problem.New(problem.Conflict, "what is kept of version %d is not the text with SHA-256 %s", d.Version, d.Digest)
	}
	tlp := "TLP:" + strings.ToUpper(string(i.Reach()))
	s := rendition.Sheet{Code: d.Number, Title: d.Title, Revision: strconv.Itoa(d.Version), State: d.standing() + ", " + tlp, Organisation: d.EntityName, HTML: d.body(tlp)}
	s.Watermark, s.Banner = d.mark(), tlp+": "+i.Reach().Words()+"."
	if m := d.mark(); m != "" {
		s.Banner = m + ". " + s.Banner
	}
	for _, v := range versions {
		s.History = append(s.History, rendition.HistoryLine{Revision: strconv.Itoa(v.Version), Date: v.At.UTC().Format(time.DateOnly), Author: v.Name, Summary: "SHA-256 " + v.Digest[:min(16, len(v.Digest))] + "…"})
	}
	if d.Signature == "" {
		return s, nil
	}
	g, err := signature.Get(ctx, r, d.Signature)
	if err != nil {
		return s, err
	}
	if g.Record.Content != d.Digest {
		return s, problem.New(problem.Conflict, "the signature %s is of another text than version %d", g.ID, d.Version)
	}
	s.Signatures = []rendition.Block{{Name: g.Name, Function: source.Function(g.Act.Function).Word(), Meaning: string(g.Act.Meaning), Reason: g.Act.Reason, At: g.At, Zone: g.Zone, SignatureID: g.ID}}
	return s, nil
}

// standing is the state, for readers who do not know what an open draft is.
func (d Draft) standing() string {
	if d.State == Open {
		return "draft, not approved"
	}
	return string(d.State)
}

// mark is written across each page; "" for an approved draft of a real incident.
func (d Draft) mark() string {
	var out []string
	if d.Exercise {
		out = append(out, "EXERCISE")
	}
	if d.State == Open {
		out = append(out, "DRAFT – not approved")
	}
	return strings.Join(out, " – ")
}

// body is the text of a draft, and below it the record that it is.
func (d Draft) body(tlp string) string {
	var b strings.Builder
	for _, v := range d.Values {
		if v.Section != "" {
			fmt.Fprintf(&b, "<h2>%s</h2>\n", html.EscapeString(v.Section))
		}
		fmt.Fprintf(&b, "<h3>%s</h3>\n<p>%s</p>\n", html.EscapeString(v.Label), strings.ReplaceAll(html.EscapeString(v.Shown()), "\n", "<br>"))
	}
	b.WriteString("<h2>Record</h2>\n<table><tbody>\n")
	for _, f := range d.facts(tlp) {
		fmt.Fprintf(&b, "<tr><th scope=\"row\">%s</th><td>%s</td></tr>\n", f.Label, html.EscapeString(f.Text))
	}
	b.WriteString("</tbody></table>\n")
	return b.String()
}

// facts are what identifies the record; what is not so is left out.
func (d Draft) facts(tlp string) []rendition.Field {
	all := []rendition.Field{{Label: "Record", Text: d.ID}, {Label: "Incident", Text: d.Number}, {Label: "Reported by", Text: d.EntityName}, {Label: "For", Text: words(d.To)},
		{Label: "Version", Text: strconv.Itoa(d.Version)}, {Label: "State", Text: d.standing()}, {Label: "Marking", Text: tlp}, {Label: "SHA-256", Text: d.Digest}}
	if d.Duty != "" {
		all = append(all, rendition.Field{Label: "Answers", Text: d.Duty + ", " + d.Stage})
	}
	if d.Approver != "" {
		all = append(all, rendition.Field{Label: "Approved", Text: "by " + d.ApproverName + ", " + instant(d.Approved)})
	}
	if d.State == Sent {
		sent := instant(d.At) + " to " + d.Whom + " by " + d.Channel
		if d.Reference != "" {
			sent += ", reference " + d.Reference
		}
		all = append(all, rendition.Field{Label: "Sent", Text: sent})
	}
	return slices.DeleteFunc(all, func(f rendition.Field) bool { return f.Text == "" })
}
