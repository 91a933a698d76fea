package web

import (
	"context"
	"fmt"
	"net/url"
	slash "path"
	"strconv"
	"strings"
	"time"

	"triward/internal/assurance"
	"triward/internal/assurance/bundle"
	"triward/internal/assurance/view"
	"triward/internal/problem"
	"triward/internal/store"
)

// inquiriesPage lists the inquiries that the visitor may see.
type inquiriesPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []inquiryRow
	Pager   Pager
	MayNew  bool
	Empty   Empty
}

func (inquiriesPage) template() string { return "inquiries" }

type inquiryRow struct {
	assurance.Inquiry
	Late time.Duration
}

func (s *Server) inquiryRow(i assurance.Inquiry) inquiryRow {
	row := inquiryRow{Inquiry: i}
	if now := s.now(); i.State == assurance.InquiryOpen && !i.Due.IsZero() && i.Due.Before(now) {
		row.Late = now.Sub(i.Due)
	}
	return row
}

// inquiryRows are the inquiries that the address asks for, in its order, and how many each filter leaves.
func (s *Server) inquiryRows(ctx context.Context, r store.Reader, v *visit) ([]inquiryRow, map[string]int, error) {
	all, err := assurance.ListInquiries(ctx, r)
	var rows []inquiryRow
	n := map[string]int{}
	state, overdue := v.query("state"), v.query("due") == "overdue"
	for _, i := range all {
		row := s.inquiryRow(i)
		fits, late := state == "" || state == string(i.State), row.Late > 0
		if !overdue || late {
			n[string(i.State)]++
		}
		if fits && late {
			n["overdue"]++
		}
		if fits && (!overdue || late) {
			rows = append(rows, row)
		}
	}
	sorted(v, "-at", rows, map[string]func(a, b inquiryRow) int{
		"title": func(a, b inquiryRow) int { return compareFold(a.Title, b.Title) }, "authority": func(a, b inquiryRow) int { return compareFold(a.Authority, b.Authority) },
		"due": func(a, b inquiryRow) int { return a.Due.Compare(b.Due) }, "at": func(a, b inquiryRow) int { return a.At.Compare(b.At) }})
	return rows, n, err
}

func (s *Server) inquiries(v *visit) error {
	p := inquiriesPage{Frame: v.frame("Inquiries", urlInquiries()), MayNew: v.may(assurance.KindOpened),
		Chips: []Chips{chips(v.r.URL, "State", "state", [2]string{string(assurance.InquiryOpen), "Open"}, [2]string{string(assurance.InquiryClosed), "Closed"}), chips(v.r.URL, "Due", "due", [2]string{"overdue", "Overdue"})},
		Columns: v.columns("-at", Column{Name: "title", Text: "Inquiry", Fixed: true, Sort: "title"}, Column{Name: "authority", Text: "Who asks", Sort: "authority"}, Column{Name: "state", Text: "State"},
			Column{Name: "due", Text: "Due", Sort: "due"}, Column{Name: "as_of", Text: "Records as of"}, Column{Name: "at", Text: "Opened", Sort: "-at"}),
		Empty: Empty{Title: "No inquiry", Text: "When an authority, an auditor or a customer asks, paste their list here, bind what answers each line, and hand over one bundle that they can check themselves."}}
	switch {
	case v.r.URL.RawQuery != "":
		p.Empty = Empty{Title: "No inquiry fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlInquiries(), "Show all inquiries"}}}
	case p.MayNew:
		p.Empty.Links = []Link{{urlInquiries() + "/new", "Open an inquiry"}}
	}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		rows, n, err := s.inquiryRows(ctx, r, v)
		p.Rows, p.Pager = rows, Pager{Shown: len(rows), CSV: queryURL("/inquiries.csv", v.r.URL.RawQuery)}
		for i := range p.Chips {
			counted(&p.Chips[i], func(value string) int { return n[value] })
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) inquiriesCSV(v *visit) error {
	return v.csv("inquiries.csv", []string{"id", "title", "who_asks", "reference", "state", "due", "records_as_of", "opened", "closed", "close_reason"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, _, err := s.inquiryRows(ctx, r, v)
		var out [][]string
		for _, i := range all {
			out = append(out, []string{i.ID, i.Title, i.Authority, i.Reference, string(i.State), dateValue(i.Due), stamp(i.AsOf), stamp(i.At), stamp(i.Closed), i.CloseReason})
		}
		return out, false, err
	})
}

func inquiryForm(v *visit) formPage {
	return formPage{Frame: v.frame("Open an inquiry", urlInquiries(), Link{urlInquiries(), "Inquiries"}), Form: Form{ID: "inquiry", Action: urlInquiries() + "/new", Submit: "Open the inquiry", Cancel: urlInquiries()}.with(
		Field{Name: "title", Label: "Title", Kind: "text", Required: true}, Field{Name: "authority", Label: "Who asks", Kind: "text", Required: true},
		Field{Name: "reference", Label: "Their reference", Kind: "text"}, Field{Name: "due", Label: "To be answered until", Kind: "date"},
		Field{Name: "as_of", Label: "Records as of the end of", Kind: "date", Help: "Leave it empty to show records as they are when the bundle is built."},
		Field{Name: "requests", Label: "Request list", Kind: "textarea", Required: true, Help: "One request on a line. Numbers and dashes before them are dropped."})}
}

func (s *Server) inquiryNew(v *visit) error { return v.show(inquiryForm(v)) }

func (s *Server) inquiryNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	in := assurance.Inquiry{Title: f.Get("title"), Authority: f.Get("authority"), Reference: f.Get("reference"), Due: date(&l, f, "due"), AsOf: s.endOf(date(&l, f, "as_of"))}
	made := ""
	if err = l.Err("the inquiry is not valid"); err == nil {
		made, err = s.Inquiries.Open(v.r.Context(), in, f.Get("requests"))
	}
	if err == nil {
		return v.done(urlInquiry(made), "The inquiry is open. Bind what answers each line.")
	}
	p := inquiryForm(v)
	return v.correct(&p, &p.Form, f, err)
}

// endOf is the end of a day, not later than now; zero stays zero.
func (s *Server) endOf(day time.Time) time.Time {
	if day.IsZero() {
		return day
	}
	if end, now := day.AddDate(0, 0, 1).Add(-time.Microsecond), s.now(); end.Before(now) {
		return end
	}
	return s.now()
}

// inquiryPage is one inquiry, as somebody of the house sees it, or as a visitor.
type inquiryPage struct {
	Frame
	Inquiry  inquiryRow
	House    bool
	Lines    []assurance.Line
	Open     int // lines that nothing answers
	Forms    map[string]*Form
	Bundles  []assurance.Bundle
	Manifest bundle.Manifest // of the newest bundle
	Visitors []visitorRow
	Removed  []assurance.Removed
	Looks    []assurance.Look
	History  []historyRow
}

func (inquiryPage) template() string { return "inquiry" }

type visitorRow struct {
	assurance.Visitor
	Now bool
}

func (s *Server) inquiry(v *visit) error {
	if err := s.Inquiries.Visit(v.r.Context(), v.path("id"), "the request list"); err != nil {
		return err
	}
	p, err := s.inquiryOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) inquiryOf(v *visit) (inquiryPage, error) {
	p := inquiryPage{Forms: map[string]*Form{}}
	id := v.path("id")
	err := v.view(func(ctx context.Context, r store.Reader) error {
		i, err := assurance.GetInquiry(ctx, r, id)
		if err != nil {
			return err
		}
		p.Inquiry, p.House = s.inquiryRow(i), assurance.Insider(ctx, r, id)
		if p.Lines, err = assurance.Lines(ctx, r, id); err != nil {
			return err
		}
		for _, l := range p.Lines {
			if len(l.Bindings) == 0 && l.Answer == "" {
				p.Open++
			}
		}
		if p.Bundles, err = assurance.Bundles(ctx, r, id); err != nil || !p.House {
			return err
		}
		return s.inquiryInside(ctx, r, v, &p)
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Inquiry.Title, urlInquiries(), Link{urlInquiries(), "Inquiries"})
	if len(p.Bundles) > 0 {
		p.Manifest, err = s.Inquiries.Contents(v.r.Context(), id, p.Bundles[0].ID)
	}
	return p, err
}

// inquiryInside reads what people from outside do not see, and makes the forms that the visitor may use.
func (s *Server) inquiryInside(ctx context.Context, r store.Reader, v *visit, p *inquiryPage) error {
	id := p.Inquiry.ID
	all, err := assurance.Visitors(ctx, r, id)
	if err != nil {
		return err
	}
	for _, x := range all {
		p.Visitors = append(p.Visitors, visitorRow{x, x.Live(s.now())})
	}
	if p.Removed, err = assurance.Redactions(ctx, r, id); err != nil {
		return err
	}
	if p.Looks, err = assurance.Looks(ctx, r, id); err != nil {
		return err
	}
	if p.History, err = history(ctx, r, id); err != nil {
		return err
	}
	add := func(kind, act string, f Form, fields ...Field) {
		if v.may(kind) {
			f.ID, f.Action = act, urlInquiry(id)+"/do/"+act
			f = f.with(fields...)
			p.Forms[act] = &f
		}
	}
	if p.Inquiry.State == assurance.InquiryClosed {
		add(assurance.KindReopened, "reopen", Form{Submit: "Open it again"}, reasonField("Reason"))
		return nil
	}
	lines := make([]Option, len(p.Lines))
	for i, l := range p.Lines {
		lines[i] = Option{Value: strconv.Itoa(l.Number), Text: count(l.Number) + ". " + short(60, l.Text)}
	}
	line := Field{Name: "line", Label: "Request", Kind: "select", Required: true, Options: lines}
	add(assurance.KindBound, "bind", Form{Submit: "Bind"}, line, Field{Name: "kind", Label: "What", Kind: "select", Required: true, Options: options("", assurance.Kinds())},
		Field{Name: "target", Label: "Which", Kind: "text", Help: "A document's code (SOP-14), a record (runs/run_…), a list (" + strings.Join(viewNames(), ", ") + ") or a query (ev-…). Nothing for the management review."},
		Field{Name: "mark", Label: "Mark", Kind: "select", Options: orNone("none", options("", []string{bundle.Confidential, bundle.Inspectable}))},
		Field{Name: "mark_reason", Label: "Why it is confidential", Kind: "text"})
	add(assurance.KindChanged, "answer", Form{Submit: "Keep the answer"}, line, Field{Name: "answer", Label: "Answer in words", Kind: "textarea"})
	add(assurance.KindChanged, "lines", Form{Submit: "Add requests"}, Field{Name: "requests", Label: "More requests", Kind: "textarea", Required: true})
	add(assurance.KindBuilt, "build", Form{Submit: "Build the bundle"})
	add(assurance.KindRedacted, "redact", Form{Submit: "Remove from bundles"}, Field{Name: "path", Label: "File of the bundle", Kind: "text", Required: true},
		Field{Name: "at", Label: "Place", Kind: "text", Help: "“lines 3-5”, a field such as /record/title, or nothing for the whole file."}, Field{Name: "reason", Label: "Reason, shown to the reader", Kind: "text", Required: true})
	add(assurance.KindRevealed, "reveal", Form{Submit: "Reveal, and record it"}, Field{Name: "path", Label: "File of the newest bundle", Kind: "text", Required: true}, Field{Name: "at", Label: "Place", Kind: "text"}, reasonField("Reason"))
	if v.may("people.granted") {
		who, err := personOptions(ctx, r)
		if err != nil {
			return err
		}
		add(assurance.KindAdmitted, "admit", Form{Submit: "Admit"}, Field{Name: "account", Label: "Person", Kind: "select", Required: true, Options: who, Help: "An account without other rights."},
			Field{Name: "organisation", Label: "Works for", Kind: "text", Required: true}, Field{Name: "until", Label: "Until the end of", Kind: "date", Required: true})
	}
	add(assurance.KindClosed, "close", Form{Submit: "Close the inquiry"}, reasonField("How it ended"))
	return nil
}

func viewNames() []string {
	var out []string
	for _, x := range view.Views() {
		out = append(out, x.Name)
	}
	return out
}

// inquiryDo does what one of the forms of an inquiry asks for.
func (s *Server) inquiryDo(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	act := v.path("act")
	if act == "reveal" {
		return s.inquiryReveal(v, f)
	}
	notice, err := s.inquiryAct(v, act, f)
	if err == nil {
		return v.done(urlInquiry(v.path("id")), notice)
	}
	p, perr := s.inquiryOf(v)
	form := p.Forms[act]
	if perr != nil || form == nil {
		return err
	}
	return v.correct(&p, form, f, err)
}

func (s *Server) inquiryAct(v *visit, act string, f url.Values) (string, error) {
	ctx, id := v.r.Context(), v.path("id")
	line, _ := strconv.Atoi(f.Get("line")) // 0 is no line, and refused as that
	q := s.Inquiries
	switch act {
	case "bind":
		_, err := q.Bind(ctx, id, assurance.Binding{Line: line, Kind: assurance.Kind(f.Get("kind")), Target: strings.TrimSpace(f.Get("target")), Mark: f.Get("mark"), MarkReason: f.Get("mark_reason")})
		return "It is bound.", err
	case "unbind":
		return "It is not bound any more.", q.Unbind(ctx, id, f.Get("binding"))
	case "answer":
		return "The answer is kept.", q.Answer(ctx, id, line, f.Get("answer"))
	case "lines":
		return "The requests are added.", q.AddLines(ctx, id, f.Get("requests"))
	case "redact":
		_, err := q.Redact(ctx, id, assurance.Removed{Path: strings.TrimSpace(f.Get("path")), At: strings.TrimSpace(f.Get("at")), Reason: f.Get("reason")})
		return "The next bundle will not show it.", err
	case "restore":
		return "The next bundle will show it again.", q.Restore(ctx, id, f.Get("redaction"), f.Get("reason"))
	case "admit":
		var l problem.List
		until := date(&l, f, "until")
		if !until.IsZero() {
			until = until.AddDate(0, 0, 1)
		}
		if err := l.Err("nobody was admitted"); err != nil {
			return "", err
		}
		return "The person is admitted.", q.Admit(ctx, assurance.Visitor{Inquiry: id, Account: f.Get("account"), Organisation: f.Get("organisation"), Until: until})
	case "dismiss":
		return "The visit is over.", q.Dismiss(ctx, id, f.Get("account"), f.Get("reason"))
	case "build":
		b, err := q.Build(ctx, id)
		return fmt.Sprintf("The bundle is built and verified: %s in %s.", plural(b.Records, "record", "records"), plural(b.Files, "file", "files")), err
	case "close":
		return "The inquiry is closed.", q.Close(ctx, id, f.Get("reason"))
	case "reopen":
		return "The inquiry is open again.", q.Reopen(ctx, id, f.Get("reason"))
	}
	return "", problem.New(problem.NotFound, "there is no such act")
}

// inquiryReveal hands out what was removed, with its proof.
func (s *Server) inquiryReveal(v *visit, f url.Values) error {
	var newest assurance.Bundle
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := assurance.Bundles(ctx, r, v.path("id"))
		if err == nil && len(all) == 0 {
			err = problem.New(problem.NotFound, "no bundle was built yet")
		}
		if err == nil {
			newest = all[0]
		}
		return err
	})
	if err != nil {
		return err
	}
	text, err := s.Inquiries.Reveal(v.r.Context(), assurance.Revealing{Inquiry: v.path("id"), Bundle: newest.ID, Path: strings.TrimSpace(f.Get("path")), At: strings.TrimSpace(f.Get("at")), Reason: f.Get("reason")})
	if err != nil {
		return err
	}
	v.attach("application/json", "revealed.json")
	_, err = v.w.Write(text)
	return err
}

func (s *Server) inquiryBundle(v *visit) error {
	b, archive, err := s.Inquiries.Take(v.r.Context(), v.path("id"), v.path("bundle"))
	if err != nil {
		return err
	}
	v.attach("application/zip", "bundle-"+b.Digest[:12]+".zip")
	if _, err := v.w.Write(archive); err != nil {
		return ignoreGone(err)
	}
	return nil
}

// shownTypes are the types of files that a browser may show; the others are downloaded.
var shownTypes = map[string]string{".html": "text/html; charset=utf-8", ".json": "application/json", ".md": "text/plain; charset=utf-8", ".txt": "text/plain; charset=utf-8",
	".csv": "text/plain; charset=utf-8", ".pdf": "application/pdf"}

// inquiryFile shows one file of a bundle, as the reader of the bundle will see it.
func (s *Server) inquiryFile(v *visit) error {
	f, body, err := s.Inquiries.File(v.r.Context(), v.path("id"), v.path("bundle"), v.query("path"))
	if err != nil {
		return err
	}
	kind, ok := shownTypes[slash.Ext(f.Path)]
	if !ok || f.Path == bundle.PageName {
		v.attach("application/octet-stream", slash.Base(f.Path))
		_, err := v.w.Write(body)
		return err
	}
	return v.plain(kind, body)
}
