package web

import (
	"context"
	"errors"
	"net/url"
	"slices"
	"strings"

	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
)

// pick is a chosen line as a form holds it.
func pick(device, vulnerability string) string { return device + " " + vulnerability }

// decidePage previews a decision and asks for it.
type decidePage struct {
	Frame
	Preview Preview
	Form    Form
}

func (decidePage) template() string { return "decide" }

// Preview says what a decision would cover.
type Preview struct {
	Vulnerabilities []string
	Devices         int
	InUse           int
	UseUnknown      int
	Lines           int // chosen
	Places          []placeCount
	Earlier         int // devices that an open decision covers already for one of them
	First           []riskRow

	ids []string
}

type placeCount struct {
	Name  string
	Count int
}

// maxPicked bounds what one decision covers.
const maxPicked = 50_000

// chosen reads the lines that the address or form names: each by itself, or all that the filters choose.
func chosen(ctx context.Context, r store.Reader, q url.Values) ([]risk.Line, error) {
	var out []risk.Line
	for _, p := range q["pick"] {
		d, v, ok := strings.Cut(p, " ")
		if !ok {
			return nil, problem.New(problem.Invalid, "the choice cannot be read; choose again in the list")
		}
		page, err := risk.Lines(ctx, r, risk.LineQuery{Device: d, Vulnerability: v, Limit: 1})
		if err != nil {
			return nil, err
		}
		out = append(out, page.Lines...)
	}
	if q.Get("all") != "yes" {
		return out, nil
	}
	l := lineQuery(q)
	l.After, l.Limit = "", 1000
	if l.Vulnerability == "" {
		return nil, problem.New(problem.Invalid, "name a vulnerability to decide on everything that the filters choose")
	}
	for {
		page, err := risk.Lines(ctx, r, l)
		if err != nil {
			return nil, err
		}
		out = append(out, page.Lines...)
		if l.After = page.Next; l.After == "" {
			return out, nil
		}
		if len(out) > maxPicked {
			return nil, problem.New(problem.Invalid, "more than %d devices are chosen; narrow the filters, by site for example", maxPicked)
		}
	}
}

func (s *Server) preview(ctx context.Context, r store.Reader, q url.Values) (Preview, error) {
	all, err := chosen(ctx, r, q)
	if err != nil {
		return Preview{}, err
	}
	if len(all) == 0 {
		return Preview{}, problem.New(problem.Invalid, "nothing is chosen: choose rows in the list of risks first")
	}
	p := Preview{Lines: len(all)}
	earlier := map[string]bool{}
	for _, l := range all {
		p.ids, p.Vulnerabilities = append(p.ids, l.Device), append(p.Vulnerabilities, l.Vulnerability)
		if l.Decision != "" {
			earlier[l.Device] = true
		}
	}
	slices.Sort(p.ids)
	slices.Sort(p.Vulnerabilities)
	p.ids, p.Vulnerabilities = slices.Compact(p.ids), slices.Compact(p.Vulnerabilities)
	p.Devices, p.Earlier = len(p.ids), len(earlier)
	places := map[string]int{}
	for part := range slices.Chunk(p.ids, 1000) {
		briefs, err := device.Briefs(ctx, r, part)
		if err != nil {
			return p, err
		}
		for _, b := range briefs {
			places[place(b.SiteName, b.Ward)]++
			switch b.InUse {
			case product.Yes:
				p.InUse++
			case product.NotKnown:
				p.UseUnknown++
			}
		}
	}
	for name, n := range places {
		p.Places = append(p.Places, placeCount{name, n})
	}
	slices.SortFunc(p.Places, func(a, b placeCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	if len(p.Places) > 12 {
		p.Places = p.Places[:12]
	}
	p.First, err = riskRows(ctx, r, all[:min(len(all), 10)])
	return p, err
}

// selectionFields keep the choice in the form.
func selectionFields(q url.Values) []Field {
	var out []Field
	for _, name := range []string{"pick", "all", "class", "severity", "truth", "kev", "decided", "site", "ward", "model", "vulnerability", "device"} {
		for _, val := range q[name] {
			out = append(out, Field{Name: name, Kind: "hidden", Value: val})
		}
	}
	return out
}

func (s *Server) decideForm(v *visit, q url.Values, p Preview, owners []people.Name) Form {
	var treatments []risk.Treatment
	for _, t := range risk.Treatments {
		if t == risk.Accept && v.may(risk.KindAccepted) || t != risk.Accept && v.may(risk.KindDecided) {
			treatments = append(treatments, t)
		}
	}
	names := make([]string, 0, len(owners))
	for _, o := range owners {
		names = append(names, o.Name)
	}
	help := "Who sees to it."
	if len(names) > 0 {
		help += " For example " + strings.Join(names[:min(len(names), 4)], ", ") + "."
	}
	first := ""
	if len(treatments) > 0 {
		first = string(treatments[0])
	}
	title := strings.Join(p.Vulnerabilities[:min(3, len(p.Vulnerabilities))], ", ") + " on " + plural(p.Devices, "device", "devices")
	return Form{ID: "decide", Action: urlDecide(), Submit: "Decide for " + plural(p.Devices, "device", "devices"), Cancel: urlRisk()}.with(append(selectionFields(q),
		Field{Name: "title", Label: "Title", Kind: "text", Value: title, Required: true},
		Field{Name: "treatment", Label: "Treatment", Kind: "select", Required: true, Options: options(first, treatments), Help: "In the order in which they are to be preferred."},
		Field{Name: "owner", Label: "Owner", Kind: "text", Value: v.actor.Name, Required: true, Help: help},
		Field{Name: "due", Label: "Due", Kind: "date", Help: "Required for everything but an acceptance."},
		Field{Name: "reason", Label: "Reason", Kind: "textarea", Required: true},
		Field{Name: "controls", Label: "Compensating controls in place", Kind: "textarea", Help: "Required to mitigate or isolate. A documented control can make a risk controlled."},
		Field{Name: "accepted_by", Label: "Accepted by", Kind: "text", Help: "For an acceptance: who answers for it."},
		Field{Name: "accepted_until", Label: "Accepted until", Kind: "date", Help: "For an acceptance: it ends then, or earlier when a fact under it changes."})...)
}

// decidePageOf makes the page for a choice.
func (s *Server) decidePageOf(v *visit, q url.Values) (decidePage, error) {
	p := decidePage{Frame: v.frame("Decide", urlDecisions(), Link{urlRisk(), "Risks"})}
	var owners []people.Name
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Preview, err = s.preview(ctx, r, q); err != nil || !v.may(people.KindReadNames) {
			return err
		}
		owners, err = people.Choices(ctx, r, "", 4)
		return err
	})
	if err == nil {
		p.Form = s.decideForm(v, q, p.Preview, owners)
	}
	return p, err
}

func (s *Server) decide(v *visit) error {
	p, err := s.decidePageOf(v, v.r.URL.Query())
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) decideDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := s.decidePageOf(v, f)
	if err != nil {
		return err
	}
	var l problem.List
	d := risk.Decision{Title: f.Get("title"), Vulnerabilities: p.Preview.Vulnerabilities, Treatment: risk.Treatment(f.Get("treatment")), Owner: f.Get("owner"), Due: date(&l, f, "due"),
		Reason: f.Get("reason"), Controls: f.Get("controls"), AcceptedBy: f.Get("accepted_by"), AcceptedUntil: date(&l, f, "accepted_until")}
	l.Merge("", d.Validate())
	err = l.Err("the decision is not valid")
	var id string
	if err == nil {
		id, err = s.Decisions.Decide(v.r.Context(), d, p.Preview.ids)
	}
	if err != nil {
		refill(&p.Form, f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlDecision(id), "Decided for "+plural(p.Preview.Devices, "device", "devices")+".")
}

// refill is fill for a form that repeats hidden fields: those stay.
func refill(f *Form, values url.Values) {
	hidden := map[int]string{}
	for i, x := range f.Fields {
		if x.Kind == "hidden" {
			hidden[i] = x.Value
		}
	}
	f.fill(values)
	for i, val := range hidden {
		f.Fields[i].Value = val
	}
}

// validFault reports whether an error is for the person at the form.
func validFault(err error) bool {
	var e *problem.Error
	return errors.As(err, &e) && (e.Kind == problem.Invalid || e.Kind == problem.Conflict)
}
