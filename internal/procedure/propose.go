package procedure

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// Proposal is the text of a revision that a run suggests: what people did otherwise, added and noted.
type Proposal struct {
	Text    string   // front matter and Markdown, valid
	Changes []string // what is different, in words, in the order of the steps
}

// Proposed writes what a run taught into the text that is in force, or into that which the run followed when none is. It
// also returns the revision whose text it changed.
func Proposed(ctx context.Context, r store.Reader, x Run) (Proposal, document.Revision, error) {
	base, err := document.Effective(ctx, r, x.Code)
	if problem.KindOf(err) == problem.NotFound {
		base, err = document.RevisionOf(ctx, r, document.RevisionID(x.Revision))
	}
	if err != nil {
		return Proposal{}, base, err
	}
	text, err := base.Parsed()
	if err != nil {
		return Proposal{}, base, err
	}
	found, err := DefeatsOf(ctx, r, x.ID)
	if err != nil {
		return Proposal{}, base, err
	}
	p, err := Propose(x, found, text)
	return p, base, err
}

// Propose writes what a run taught into the text that it followed: steps done otherwise or found wrong get the words of
// what was done instead, added steps stand where they were taken, and reasons and notes stand in a section of their own
// for the author to work in. Words that do not make a valid step stay in that section only.
func Propose(r Run, found []Defeat, d source.Document) (Proposal, error) {
	p := proposing{d: d}
	var learned []string
	for i, s := range r.Steps {
		switch {
		case s.Extra:
			p.insert(s, before(r.Steps[:i]))
		case s.State == Changed && s.Instead != "":
			p.reword(s.ID, s.Instead)
		}
		if s.State.Deviates() && s.Reason != "" {
			learned = append(learned, fmt.Sprintf("- %s (%s): %s", s.ID, strings.ReplaceAll(string(s.State), "_", " "), oneLine(s.Reason)))
		}
	}
	for _, f := range found {
		if f.Instead != "" {
			p.reword(f.Step, f.Instead)
		}
		learned = append(learned, fmt.Sprintf("- %s (wrong): %s", f.Step, oneLine(f.Wrong)))
	}
	for _, i := range r.Items {
		if i.Text != "" {
			about := i.Step
			if about == "" {
				about = "the whole run"
			}
			learned = append(learned, fmt.Sprintf("- %s (note): %s", about, oneLine(i.Text)))
		}
	}
	if len(learned) > 0 {
		body := strings.TrimRight(p.d.Body, "\n")
		p.d.Body = body + "\n\n## Learned in practice\n\n" + strings.Join(learned, "\n") + "\n"
		p.changes = append(p.changes, fmt.Sprintf("%d remarks to work in", len(learned)))
	}
	text := p.d.Format()
	if _, err := source.Parse(d.Code+".md", text); err != nil {
		return Proposal{}, fmt.Errorf("propose revision of %s: %w", d.Code, err)
	}
	return Proposal{Text: string(text), Changes: p.changes}, nil
}

// before is the last step that the document has among those above.
func before(above []Step) string {
	for _, s := range slices.Backward(above) {
		if !s.Extra && !s.Gone {
			return s.ID
		}
	}
	return ""
}

func oneLine(s string) string { return strings.Join(strings.Fields(s), " ") }

// proposing is a document that changes step by step and stays valid.
type proposing struct {
	d       source.Document
	changes []string
}

func (p *proposing) valid(d source.Document) bool {
	_, err := source.Parse(d.Code+".md", d.Format())
	return err == nil
}

func (p *proposing) reword(step, do string) {
	next := p.d
	next.Steps = slices.Clone(p.d.Steps)
	for i := range next.Steps {
		if next.Steps[i].ID == step && next.Steps[i].Do != oneLine(do) {
			next.Steps[i].Do = oneLine(do)
			if p.valid(next) {
				p.d = next
				p.changes = append(p.changes, step+" says what was done instead")
			}
			return
		}
	}
}

// insert puts an added step behind another one, with a name made of its words.
func (p *proposing) insert(s Step, behind string) {
	next := p.d
	at := 1 + slices.IndexFunc(p.d.Steps, func(x source.Step) bool { return x.ID == behind })
	role := p.d.OwnerRole
	var after []string
	if at > 0 && len(p.d.Steps) > 0 {
		role = p.d.Steps[max(0, at-1)].Role
	}
	if behind != "" {
		after = []string{behind}
	}
	name := p.free(s.Do)
	next.Steps = slices.Insert(slices.Clone(p.d.Steps), at, source.Step{ID: name, Do: oneLine(s.Do), Role: role, Record: source.RecordNote, Evidence: source.Optional, After: after})
	if p.valid(next) {
		p.d = next
		p.changes = append(p.changes, name+" is new")
	}
}

// free is an id that no step of the document has.
func (p *proposing) free(do string) string {
	words := strings.FieldsFunc(strings.ToLower(do), func(r rune) bool { return (r < 'a' || r > 'z') && (r < '0' || r > '9') })
	name := ""
	for _, w := range words {
		if len(name)+len(w) > 30 {
			break
		}
		if name != "" {
			name += "-"
		}
		name += w
	}
	if name == "" || name[0] < 'a' || name[0] > 'z' || len(name) < 2 {
		name = "added-step"
	}
	for n, base := 2, name; ; n++ {
		if _, taken := p.d.Step(name); !taken {
			return name
		}
		name = fmt.Sprintf("%s-%d", base, n)
	}
}
