package web

import (
	"bytes"
	"context"
	"errors"
	"html/template"
	"net/url"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// editPage is the editor of a working revision: its front matter as a form with the text below, or all of it as text.
type editPage struct {
	Frame
	Doc      document.Document
	Rev      document.Revision
	Version  int // that the edit began with
	Raw      bool
	Tabs     []Tab
	Form     Form // faults, and the fields of the front matter
	Steps    []stepFields
	Lists    stepLists
	Text     string // the body, or all of it when Raw
	Reason   string
	Preview  template.HTML
	Conflict *editConflict
}

func (editPage) template() string { return "docedit" }

// editConflict is what somebody else saved meanwhile.
type editConflict struct {
	By    string
	At    template.HTML
	Lines []source.DiffLine
}

// stepFields are the inputs of one step; texts as people type them.
type stepFields struct {
	Number                                                             int
	ID, Do, Role, Target, From, Record, Evidence, After, When, Clauses string
}

// stepLists are the choices that every step has.
type stepLists struct{ Roles, Records, Evidence []Option }

func newStepLists() stepLists {
	return stepLists{functionOptions(nil), options("", source.RecordKinds), options("", source.Needs)}
}

func functionOptions(chosen []source.Function) []Option {
	out := make([]Option, len(source.Functions))
	for i, f := range source.Functions {
		out[i] = Option{string(f.Function), f.Word, slices.Contains(chosen, f.Function)}
	}
	return out
}

func (s *Server) docEdit(v *visit) error {
	p, err := s.docEditPage(v)
	if err != nil {
		return err
	}
	d, err := p.Rev.Parsed()
	if err != nil { // a text that cannot be taken apart is mended as text
		p.Raw = true
	}
	p.show(v, d, p.Rev.Source)
	if p.Preview, err = s.docPreviewOf(v, p.Rev.Source); err != nil {
		return err
	}
	return v.show(p)
}

// docEditPage reads the working revision that is to be edited.
func (s *Server) docEditPage(v *visit) (editPage, error) {
	p := editPage{Raw: v.query("as") == "text", Lists: newStepLists()}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Doc, err = document.ByCode(ctx, r, v.path("code")); err != nil {
			return err
		}
		if p.Doc.Working == "" {
			return problem.New(problem.NotFound, "no revision of %s is on its way; begin one first", p.Doc.Code)
		}
		p.Rev, err = document.RevisionOf(ctx, r, p.Doc.Working)
		return err
	})
	at := urlDocument(p.Doc.Code)
	p.Version = p.Rev.Version
	p.Frame = v.frame("Edit "+p.Doc.Code, urlDocuments(), append(v.documentCrumbs(p.Doc), Link{at, p.Doc.Code}, Link{at + "/work", "Revision " + p.Rev.Label})...)
	p.Tabs = []Tab{{Text: "Form and text", URL: at + "/edit", On: !p.Raw}, {Text: "All as text", URL: at + "/edit?as=text", On: p.Raw}}
	if p.Doc.Content != document.Authored {
		p.Tabs = append(p.Tabs, Tab{Text: map[document.Content]string{document.Uploaded: "File", document.Linked: "Edition"}[p.Doc.Content], URL: at + "/file"})
	}
	return p, err
}

// show fills the page from a document, or from the whole text.
func (p *editPage) show(v *visit, d source.Document, whole string) {
	if p.Raw {
		p.Form, p.Text = Form{ID: "edit"}, whole
		return
	}
	p.Form = Form{ID: "edit"}.with(frontFields(d)...)
	p.Text = d.Body
	for _, st := range d.Steps {
		p.Steps = append(p.Steps, stepFields{0, st.ID, st.Do, string(st.Role), st.Target, st.From, string(st.Record), string(st.Evidence), strings.Join(st.After, " "), st.When, clauseLines(st.Satisfies, " ; ")})
	}
	p.number()
}

func (p *editPage) number() {
	for i := range p.Steps {
		p.Steps[i].Number = i + 1
	}
}

// frontFields are the fields of a front matter without its steps.
func frontFields(d source.Document) []Field {
	t := d.Training
	if t == nil {
		t = &source.Training{}
	}
	num := func(n int) string {
		if n == 0 {
			return ""
		}
		return strconv.Itoa(n)
	}
	return []Field{
		{Name: "title", Label: "Title", Kind: "text", Value: d.Title, Required: true},
		{Name: "level", Label: "Level", Kind: "select", Required: true, Options: options(string(d.Level), source.Levels)},
		{Name: "parent", Label: "Parent document", Kind: "text", Value: d.Parent, Placeholder: "POL-01", Help: "The document above it in the hierarchy."},
		{Name: "owner_role", Label: "Owner", Kind: "select", Required: true, Options: functionOptions([]source.Function{d.OwnerRole}), Help: "A function, not a person."},
		{Name: "for", Label: "For", Kind: "checks", Required: true, Options: audiences(d.For)},
		{Name: "review_months", Label: "Review every (months)", Kind: "number", Value: num(d.ReviewMonths), Help: "Empty: no periodic review."},
		{Name: "retention", Label: "Retention", Kind: "text", Value: d.Retention, Required: true, Placeholder: "max(device_lifetime, P10Y)"},
		{Name: "print", Label: "Printing", Kind: "select", Options: options(orText(string(d.Print), "free"), source.Prints), Help: "Controlled: only as a numbered copy."},
		{Name: "interface", Label: "Product and IT both sign", Kind: "select", Options: orNone("No", options(string(d.Interface), source.Interfaces))},
		{Name: "review", Label: "Reviewed by", Kind: "checks", Options: functionOptions(d.Approvals.Review)},
		{Name: "approve", Label: "Approved by", Kind: "checks", Required: true, Options: functionOptions(d.Approvals.Approve)},
		{Name: "training", Label: "Training", Kind: "select", Options: orNone("None", options(string(t.Kind), source.TrainingKinds))},
		{Name: "audience", Label: "Who must know it", Kind: "checks", Options: functionOptions(t.Audience)},
		{Name: "pass", Label: "Pass mark (percent)", Kind: "number", Value: num(t.Pass), Help: "Quiz only."},
		{Name: "attempts", Label: "Attempts", Kind: "number", Value: num(t.Attempts), Help: "Quiz only; empty: without limit."},
		{Name: "due_days", Label: "Due within (days)", Kind: "number", Value: num(t.DueDays)},
		{Name: "recert_months", Label: "Again after (months)", Kind: "number", Value: num(t.RecertMonths), Help: "Empty: once."},
		{Name: "threshold", Label: "Effective when trained (percent)", Kind: "number", Value: num(d.Effective.Threshold), Help: "Empty: effective without waiting for training."},
		{Name: "refs", Label: "References", Kind: "text", Value: strings.Join(d.Refs, " "), Placeholder: "STD-08 FRM-11", Help: "Codes of documents that this one relies on."},
		{Name: "satisfies", Label: "Clauses", Kind: "textarea", Value: clauseLines(d.Satisfies, "\n"), Placeholder: "nist-csf-2.0 RS.MA", Help: "One on each line: the clause set, a space, the clause."},
		{Name: "more", Label: "Quiz, targets and evidence queries", Kind: "textarea", Value: moreOf(d), Help: "As in the text form (YAML): the members quiz, targets and evidence."},
	}
}

// audiences are those for whom a document can be.
func audiences(on []source.Audience) []Option {
	out := make([]Option, len(source.Audiences))
	for i, a := range source.Audiences {
		out[i] = Option{string(a), title(a) + "s", slices.Contains(on, a)}
	}
	return out
}

// inFields lets what is wrong with a text be said beside the field of the form that holds it: "document:5: for: …".
func inFields(err error) error {
	var e *problem.Error
	if !errors.As(err, &e) {
		return err
	}
	out := *e
	out.Faults = slices.Clone(e.Faults)
	for i, x := range out.Faults {
		path, reason, ok := strings.Cut(x.Reason, ": ")
		if !ok {
			continue
		}
		first, last, nested := strings.Cut(path, ".")
		switch {
		case nested && (first == "approvals" || first == "training"), first == "effective":
			first = last
		}
		out.Faults[i] = problem.Fault{Path: first, Reason: reason}
		if strings.ContainsAny(first, "[") {
			out.Faults[i] = problem.Fault{Path: path, Reason: reason}
		}
	}
	return &out
}

func orText(s, other string) string {
	if s == "" {
		return other
	}
	return s
}

func clauseLines(all []source.Clause, sep string) string {
	out := make([]string, len(all))
	for i, c := range all {
		out[i] = c.String()
	}
	return strings.Join(out, sep)
}

// more are the members of the front matter that have no fields of their own.
type more struct {
	Targets  []source.Target   `yaml:"targets,omitempty"`
	Quiz     []source.Question `yaml:"quiz,omitempty"`
	Evidence []source.Query    `yaml:"evidence,omitempty"`
}

func moreOf(d source.Document) string {
	if len(d.Targets)+len(d.Quiz)+len(d.Evidence) == 0 {
		return ""
	}
	// The canonical text has these members as the last of the front matter, one line for each entry.
	front, _, _ := strings.Cut(strings.TrimPrefix(string(source.Document{Targets: d.Targets, Quiz: d.Quiz, Evidence: d.Evidence}.Format()), "---\n"), "\n---\n")
	var b strings.Builder
	on := false
	for line := range strings.Lines(front + "\n") {
		if !strings.HasPrefix(line, " ") && !strings.HasPrefix(line, "-") {
			on = slices.ContainsFunc([]string{"targets:", "quiz:", "evidence:"}, func(m string) bool { return strings.HasPrefix(line, m) })
		}
		if on {
			b.WriteString(line)
		}
	}
	return b.String()
}

// editedDocument is the document that the form describes. What its parts cannot hold are faults by field.
func editedDocument(code string, f url.Values) (source.Document, error) {
	var l problem.List
	number := func(name string) int {
		s := strings.TrimSpace(f.Get(name))
		if s == "" {
			return 0
		}
		n, err := strconv.Atoi(s)
		if err != nil || n < 0 {
			l.Add(name, "must be a whole number")
		}
		return n
	}
	d := source.Document{Code: code, Title: strings.TrimSpace(f.Get("title")), Level: source.Level(f.Get("level")), For: terms[source.Audience](f["for"]), OwnerRole: source.Function(f.Get("owner_role")),
		ReviewMonths: number("review_months"), Approvals: source.Approvals{Review: terms[source.Function](f["review"]), Approve: terms[source.Function](f["approve"])},
		Interface: source.Interface(f.Get("interface")), Retention: strings.TrimSpace(f.Get("retention")), Parent: strings.TrimSpace(f.Get("parent")), Refs: strings.Fields(f.Get("refs")),
		Print: source.Print(f.Get("print")), Satisfies: clausesOf(&l, "satisfies", lines(f.Get("satisfies"))), Body: strings.ReplaceAll(f.Get("text"), "\r\n", "\n")}
	if kind := source.TrainingKind(f.Get("training")); kind != "" {
		d.Training = &source.Training{Audience: terms[source.Function](f["audience"]), Kind: kind, Pass: number("pass"), Attempts: number("attempts"), DueDays: number("due_days"), RecertMonths: number("recert_months")}
	}
	if n := number("threshold"); n > 0 {
		d.Effective = source.Gate{Kind: source.GateTraining, Threshold: n}
	}
	for _, st := range stepsOf(f) {
		d.Steps = append(d.Steps, source.Step{ID: st.ID, Do: st.Do, Role: source.Function(st.Role), Target: st.Target, From: st.From, Record: source.RecordKind(st.Record), Evidence: source.Need(st.Evidence),
			After: strings.Fields(st.After), When: st.When, Satisfies: clausesOf(&l, "steps", nonEmpty(splitTrim(st.Clauses, ";")...))})
	}
	var m more
	dec := yaml.NewDecoder(strings.NewReader(f.Get("more")))
	dec.KnownFields(true)
	if err := dec.Decode(&m); err != nil && strings.TrimSpace(f.Get("more")) != "" {
		l.Add("more", "%s", strings.TrimPrefix(err.Error(), "yaml: "))
	}
	d.Targets, d.Quiz, d.Evidence = m.Targets, m.Quiz, m.Evidence
	return d, l.Err("the front matter is not valid")
}

func terms[T ~string](all []string) []T {
	var out []T
	for _, s := range all {
		if s != "" {
			out = append(out, T(s))
		}
	}
	return out
}

func splitTrim(s, sep string) []string {
	out := strings.Split(s, sep)
	for i := range out {
		out[i] = strings.TrimSpace(out[i])
	}
	return out
}

func clausesOf(l *problem.List, field string, all []string) []source.Clause {
	var out []source.Clause
	for _, s := range all {
		set, ref, ok := strings.Cut(s, " ")
		if !ok {
			l.Add(field, "%q must be a clause set, a space and a clause", s)
			continue
		}
		out = append(out, source.Clause{Set: set, Ref: strings.TrimSpace(ref)})
	}
	return out
}

// stepsOf reads the steps of the form. Every step has every input, so the lists have one length; what a crafted form lacks
// is empty.
func stepsOf(f url.Values) []stepFields {
	at := func(name string, i int) string {
		if all := f["step-"+name]; i < len(all) {
			return strings.TrimSpace(all[i])
		}
		return ""
	}
	var out []stepFields
	for i := range f["step-id"] {
		out = append(out, stepFields{0, at("id", i), at("do", i), at("role", i), at("target", i), at("from", i), at("record", i), at("evidence", i), at("after", i), at("when", i), at("clauses", i)})
	}
	return out
}

// moveSteps does what a button beside a step asks for: "add", "up-3", "down-3", "remove-3".
func moveSteps(all []stepFields, button string) []stepFields {
	verb, number, _ := strings.Cut(button, "-")
	i, err := strconv.Atoi(number)
	i--
	switch {
	case verb == "add":
		return append(all, stepFields{Record: "note", Evidence: "none"})
	case err != nil || i < 0 || i >= len(all):
		return all
	case verb == "remove":
		return slices.Delete(all, i, i+1)
	case verb == "up" && i > 0:
		all[i-1], all[i] = all[i], all[i-1]
	case verb == "down" && i+1 < len(all):
		all[i+1], all[i] = all[i], all[i+1]
	}
	return all
}

// editedText is the whole text that a form describes.
func editedText(code string, f url.Values) (string, error) {
	if f.Get("as") == "text" {
		return f.Get("text"), nil
	}
	d, err := editedDocument(code, f)
	return string(d.Format()), err
}

func (s *Server) docEditDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := s.docEditPage(v)
	if err != nil {
		return err
	}
	p.Raw = f.Get("as") == "text"
	p.Reason = f.Get("reason")
	if n, err := strconv.Atoi(f.Get("version")); err == nil {
		p.Version = n
	}
	again := func(err error) error {
		p.refill(f)
		if !p.Raw {
			err = inFields(err)
		}
		p.Form.blame(err)
		return v.again(p, err)
	}
	text, err := editedText(p.Doc.Code, f)
	if button := f.Get("step"); button != "" {
		p.refill(f)
		p.Steps = moveSteps(p.Steps, button)
		p.number()
		return v.show(p)
	}
	if err != nil {
		return again(err)
	}
	if f.Get("do") == "preview" {
		p.refill(f)
		if p.Preview, err = s.docPreviewOf(v, text); err != nil {
			return err
		}
		return v.show(p)
	}
	saved, err := s.Library.Save(v.r.Context(), document.Edit{Revision: p.Rev.ID, Version: p.Version, Text: document.Text{Source: text, File: p.Rev.File, External: p.Rev.External, Reason: p.Reason}})
	var other *document.EditConflict
	if errors.As(err, &other) {
		all, _ := diffOf(other.Theirs, other.Mine)
		p.Conflict = &editConflict{other.By, when(other.At), all}
		p.Version = other.Version // saving again is a decision made with both in sight
		return again(err)
	}
	if err != nil {
		return again(err)
	}
	return v.done(urlDocument(p.Doc.Code)+"/work", "Version "+strconv.Itoa(saved.Version)+" is saved.")
}

// refill puts what was sent back into the page.
func (p *editPage) refill(f url.Values) {
	p.Steps = nil
	p.show(nil, source.Document{}, "")
	p.Text = f.Get("text")
	p.Form.fill(f)
	p.Steps = stepsOf(f)
	p.number()
}

// docPreviewOf is how a text will read; what is wrong with it stands where the text would.
func (s *Server) docPreviewOf(v *visit, text string) (template.HTML, error) {
	d, err := source.Parse("text", []byte(text))
	if err != nil {
		var b bytes.Buffer
		all, perr := templates()
		if perr != nil {
			return "", perr
		}
		var f Form
		f.blame(err)
		err = all["docedit"].ExecuteTemplate(&b, "faults", f)
		return template.HTML(b.String()), err //nolint:gosec // of a template
	}
	var out template.HTML
	err = v.view(func(ctx context.Context, r store.Reader) error {
		out, err = s.documentHTML(ctx, r, d)
		return err
	})
	return out, err
}

// docPreview answers the editor with how its text will read.
func (s *Server) docPreview(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	text, err := editedText(v.path("code"), f)
	if err != nil {
		text = ""
	}
	out, err := s.docPreviewOf(v, text)
	if err != nil {
		return err
	}
	v.w.Header().Set("Content-Type", "text/html; charset=utf-8")
	_, err = v.w.Write([]byte(out))
	return ignoreGone(err)
}
