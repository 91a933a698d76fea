package source

import (
	"fmt"
	"regexp"
	"slices"
	"strings"

	"triward/internal/problem"
)

// Folding puts whole documents into another one, for organisations that want few documents.
type Folding struct {
	Into      string   // code of the document that stays
	Title     string   // its title with the others in it; "" keeps it
	Documents []string // codes of those that go into it, in their order
}

// Fold carries out foldings among documents. Nothing is lost: text, steps, questions, queries and clauses of what is folded
// stand in the document that stays, which asks for every signature and the strictest training of them all; references to
// what is folded lead to it. A folded procedure begins after the first step of the one that it stands in. A step, question
// or query whose id is taken there gets the code before it ("sop-15-sign").
func Fold(all []Document, folds []Folding) ([]Document, error) {
	by := map[string]Document{}
	for _, d := range all {
		by[d.Code] = d
	}
	into := map[string]string{}
	for _, f := range folds {
		host, ok := by[f.Into]
		if !ok {
			return nil, problem.New(problem.Invalid, "fold into %s: it is not there", f.Into)
		}
		for _, code := range f.Documents {
			part, ok := by[code]
			if !ok || code == f.Into || into[code] != "" {
				return nil, problem.New(problem.Invalid, "fold %s into %s: it is not there, or folded already", code, f.Into)
			}
			if part.Retention != host.Retention || len(part.Targets) > 0 {
				return nil, problem.New(problem.Invalid, "fold %s into %s: it is kept for another time, or holds targets", code, f.Into)
			}
			host = host.with(part)
			into[code] = f.Into
		}
		if f.Title != "" {
			host.Title = f.Title
		}
		by[f.Into] = host
	}
	var out []Document
	for _, d := range all {
		if into[d.Code] == "" {
			out = append(out, by[d.Code].repoint(into))
		}
	}
	return out, nil
}

// with is the document with another one behind it.
func (d Document) with(part Document) Document {
	d.For = union(d.For, part.For)
	d.ReviewMonths = least(d.ReviewMonths, part.ReviewMonths)
	d.Approvals = Approvals{Review: union(d.Approvals.Review, part.Approvals.Review), Approve: union(d.Approvals.Approve, part.Approvals.Approve)}
	if part.Interface != "" {
		d.Interface = part.Interface
	}
	d.Training = d.Training.with(part.Training)
	if part.Effective.Kind == GateTraining {
		d.Effective = Gate{Kind: GateTraining, Threshold: max(d.Effective.Threshold, part.Effective.Threshold)}
	}
	d.Refs = union(d.Refs, part.Refs)
	d.Satisfies = union(d.Satisfies, part.Satisfies)
	d.Print = Prints[max(slices.Index(Prints, d.Print), slices.Index(Prints, part.Print))]
	names := d.addSteps(part)
	d.Quiz = slices.Clone(d.Quiz)
	for _, q := range part.Quiz {
		q.ID = free(q.ID, part.Code, func(id string) bool { return slices.ContainsFunc(d.Quiz, func(o Question) bool { return o.ID == id }) })
		q.Steps = renamed(q.Steps, names)
		d.Quiz = append(d.Quiz, q)
	}
	d.Evidence = slices.Clone(d.Evidence)
	for _, e := range part.Evidence {
		e.ID = free(e.ID, part.Code, func(id string) bool { return slices.ContainsFunc(d.Evidence, func(o Query) bool { return o.ID == id }) })
		d.Evidence = append(d.Evidence, e)
	}
	d.Body += fmt.Sprintf("\n## %s (%s)\n%s", part.Title, part.Code, lower(part.Body))
	return d
}

// addSteps puts the steps of a part behind those of the document and says which of them got another id.
func (d *Document) addSteps(part Document) map[string]string {
	names := map[string]string{}
	taken := func(id string) bool { return slices.ContainsFunc(d.Steps, func(s Step) bool { return s.ID == id }) }
	for _, s := range part.Steps {
		names[s.ID] = free(s.ID, part.Code, taken)
	}
	own := slices.Clone(d.Steps)
	for i, s := range part.Steps {
		s.ID, s.After, s.From = names[s.ID], renamed(s.After, names), names[s.From]
		if i == 0 && len(s.After) == 0 && len(own) > 0 {
			s.After = []string{own[0].ID}
		}
		own = append(own, s)
	}
	d.Steps = own
	return names
}

// with is the training that asks for all that both ask for.
func (t *Training) with(o *Training) *Training {
	switch {
	case o == nil:
		return t
	case t == nil:
		return o
	}
	return &Training{
		Audience:     union(t.Audience, o.Audience),
		Kind:         TrainingKinds[max(slices.Index(TrainingKinds, t.Kind), slices.Index(TrainingKinds, o.Kind))],
		Pass:         max(t.Pass, o.Pass),
		Attempts:     least(t.Attempts, o.Attempts),
		DueDays:      least(t.DueDays, o.DueDays),
		RecertMonths: least(t.RecertMonths, o.RecertMonths),
	}
}

// repoint lets what leads to folded documents lead to those that hold them.
func (d Document) repoint(into map[string]string) Document {
	if host := into[d.Parent]; host != "" {
		d.Parent = host
	}
	if d.Parent == d.Code {
		d.Parent = ""
	}
	var refs []string
	for _, r := range d.Refs {
		if host := into[r]; host != "" {
			r = host
		}
		if r != d.Code {
			refs = union(refs, []string{r})
		}
	}
	d.Refs = refs
	d.Body = linkForm.ReplaceAllStringFunc(d.Body, func(link string) string {
		m := linkForm.FindStringSubmatch(link)
		host, label := into[m[2]], m[1]
		if host == "" {
			return link
		}
		if label == m[2] {
			label = host
		}
		return "[" + label + "](doc:" + host + ")"
	})
	d.Evidence = slices.Clone(d.Evidence)
	for i, e := range d.Evidence {
		for code, host := range into {
			for _, q := range []string{"'", `"`} {
				e.CEL = strings.ReplaceAll(e.CEL, q+code+q, q+host+q)
			}
		}
		d.Evidence[i] = e
	}
	return d
}

var (
	linkForm    = regexp.MustCompile(`\[([^\]\n]*)\]\(doc:([A-Z][A-Z0-9]{1,7}-[0-9]{1,4})\)`)
	headingForm = regexp.MustCompile(`(?m)^#{1,5} `)
	titleForm   = regexp.MustCompile(`^\s*# .*\n`)
)

// lower is a body without its title and with its headings one level down.
func lower(body string) string {
	return headingForm.ReplaceAllString(titleForm.ReplaceAllString(body, ""), "#$0")
}

// free is an id, with the code before it when it is taken.
func free(id, code string, taken func(string) bool) string {
	if taken(id) {
		return strings.ToLower(code) + "-" + id
	}
	return id
}

func renamed(ids []string, names map[string]string) []string {
	var out []string
	for _, id := range ids {
		out = append(out, names[id])
	}
	return out
}

// least is the smaller of two numbers of which 0 stands for none.
func least(a, b int) int {
	if a == 0 || b != 0 && b < a {
		return b
	}
	return a
}

func union[T comparable](a, b []T) []T {
	out := slices.Clone(a)
	for _, x := range b {
		if !slices.Contains(out, x) {
			out = append(out, x)
		}
	}
	return out
}
