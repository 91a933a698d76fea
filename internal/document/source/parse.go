package source

import (
	"bytes"
	"fmt"
	"slices"
	"strings"
	"unicode"
	"unicode/utf8"

	"go.yaml.in/yaml/v3"

	"triward/internal/problem"
)

// Limits of a text.
const (
	maxText  = 1 << 20
	maxFront = 256 << 10
)

const fence = "---\n"

// faults are what is wrong with a text, each at its line.
type faults struct {
	name string
	all  []lineFault
}

type lineFault struct {
	line int
	problem.Fault
}

func (f *faults) add(line int, format string, args ...any) {
	f.all = append(f.all, lineFault{line, problem.Fault{Path: fmt.Sprintf("%s:%d", f.name, line), Reason: fmt.Sprintf(format, args...)}})
}

func (f *faults) err(words string) error {
	if len(f.all) == 0 {
		return nil
	}
	slices.SortStableFunc(f.all, func(a, b lineFault) int { return a.line - b.line })
	e := problem.New(problem.Invalid, "%s", words)
	for _, x := range f.all {
		e.Faults = append(e.Faults, x.Fault)
	}
	return e
}

// Parse reads a document. Its error holds every fault of the text, with the path "NAME:LINE". Line ends become line
// feeds, and spaces at the ends of the body are dropped.
func Parse(name string, text []byte) (Document, error) {
	d, _, err := parse(name, text)
	return d, err
}

// lines say where the parts of a text are: the line of each member by its path in the front matter ("steps/2/id"), and
// the first line of the body.
type lines struct {
	members map[string]int
	body    int
}

func (l lines) of(path string, args ...any) int { return l.members[fmt.Sprintf(path, args...)] }

func parse(name string, text []byte) (Document, lines, error) {
	f := &faults{name: name}
	front, body, at := split(text, f)
	if len(f.all) > 0 {
		return Document{}, lines{}, f.err("read document")
	}
	l := lines{members: map[string]int{}, body: at}
	d, ok := decode(front, l, f)
	if ok {
		d.Body = body
		d.inside(l, f)
		if n, reason := tooMuch(body); reason != "" {
			f.add(l.body+n-1, "%s", reason)
		}
	}
	if err := f.err("read document"); err != nil {
		return Document{}, lines{}, err
	}
	return d, l, nil
}

// split cuts a text into front matter and body, and says on which line the body begins.
func split(text []byte, f *faults) (front []byte, body string, at int) {
	if len(text) > maxText {
		f.add(1, "the text has %d bytes, at most %d", len(text), maxText)
		return nil, "", 0
	}
	text = bytes.ReplaceAll(text, []byte("\r\n"), []byte("\n"))
	text = bytes.TrimPrefix(text, []byte("\ufeff"))
	for i, line := range bytes.Split(text, []byte("\n")) {
		if !utf8.Valid(line) {
			f.add(i+1, "not UTF-8")
		} else if c := strings.IndexFunc(string(line), func(r rune) bool { return r != '\t' && unicode.IsControl(r) }); c >= 0 {
			f.add(i+1, "a control character")
		}
	}
	if len(f.all) > 0 {
		return nil, "", 0
	}
	rest, ok := bytes.CutPrefix(text, []byte(fence))
	if !ok {
		f.add(1, "the front matter is missing: the first line is ---")
		return nil, "", 0
	}
	front, after, ok := bytes.Cut(append([]byte("\n"), rest...), []byte("\n---\n"))
	if !ok {
		if front, ok = bytes.CutSuffix(append([]byte("\n"), rest...), []byte("\n---")); !ok {
			f.add(1, "the front matter has no end: a line that is ---")
			return nil, "", 0
		}
	}
	if len(front) > maxFront {
		f.add(1, "the front matter has %d bytes, at most %d", len(front), maxFront)
		return nil, "", 0
	}
	at = bytes.Count(front, []byte("\n")) + 3
	lead := len(after) - len(bytes.TrimLeft(after, "\n"))
	body = strings.TrimRight(string(after[lead:]), " \t\n")
	if body != "" {
		body += "\n"
	}
	return front[min(1, len(front)):], body, at + lead
}

// decode reads the front matter: its form, then its schema, then its values.
func decode(front []byte, l lines, f *faults) (Document, bool) {
	var root yaml.Node
	if err := yaml.Unmarshal(front, &root); err != nil {
		f.add(yamlLine(err)+1, "%s", yamlReason(err))
		return Document{}, false
	}
	if len(root.Content) != 1 || root.Content[0].Kind != yaml.MappingNode {
		f.add(1, "the front matter has no members")
		return Document{}, false
	}
	w := walker{lines: l.members, faults: f}
	value := w.value(root.Content[0], nil)
	if len(f.all) > 0 {
		return Document{}, false
	}
	checkSchema(value, l.members, f)
	if len(f.all) > 0 {
		return Document{}, false
	}
	var d Document
	if err := root.Content[0].Decode(&d); err != nil {
		f.add(yamlLine(err)+1, "%s", yamlReason(err))
		return Document{}, false
	}
	d.defaults()
	return d, true
}

// defaults fills what an author may leave out.
func (d *Document) defaults() {
	if d.Effective.Kind == "" {
		d.Effective.Kind = GateNone
	}
	if d.Print == "" {
		d.Print = PrintFree
	}
	for i := range d.Steps {
		if d.Steps[i].Evidence == "" {
			d.Steps[i].Evidence = None
		}
	}
}

// inside checks what one document must hold by itself.
func (d Document) inside(l lines, f *faults) {
	if !validRetention(d.Retention) {
		f.add(l.of("retention"), "retention: write a duration (P10Y), device_lifetime, or max(device_lifetime, P10Y)")
	}
	if d.Parent == d.Code {
		f.add(l.of("parent"), "parent: a document is not its own parent")
	}
	if d.Effective.Kind == GateTraining && d.Training == nil {
		f.add(l.of("effective"), "effective: a training gate needs a training")
	}
	if d.Training != nil && d.Training.Kind == Quiz && len(d.Quiz) == 0 {
		f.add(l.of("training"), "training: a quiz needs questions")
	}
	if len(d.Targets) > 0 && d.Code != TargetsCode {
		f.add(l.of("targets"), "targets: times stand in %s only", TargetsCode)
	}
	if len(d.Steps) > 0 && (d.Level == Policy || d.Level == Standard) {
		f.add(l.of("steps"), "steps: a %s has none", d.Level)
	}
	d.stepsInside(l, f)
	seen := map[string]bool{}
	for i, t := range d.Targets {
		if seen[t.ID] {
			f.add(l.of("targets/%d/id", i), "targets: %q is there twice", t.ID)
		}
		seen[t.ID] = true
		if !t.Within.Valid() {
			f.add(l.of("targets/%d/within", i), "targets: %q is not a duration such as PT1H or P30D", t.Within)
		} else if t.Days == Working && !t.Within.wholeDays() {
			f.add(l.of("targets/%d/days", i), "targets: working days count whole days (P5D)")
		}
	}
	seen = map[string]bool{}
	for i, q := range d.Evidence {
		if seen[q.ID] {
			f.add(l.of("evidence/%d/id", i), "evidence: %q is there twice", q.ID)
		}
		seen[q.ID] = true
		for member, v := range map[string]Duration{"window": q.Window, "fresh": q.Fresh} {
			if v != "" && !v.Valid() {
				f.add(l.of("evidence/%d/%s", i, member), "evidence: %q is not a duration such as P12M or P1D", v)
			}
		}
	}
	d.quizInside(l, f)
}

func (d Document) stepsInside(l lines, f *faults) {
	at := map[string]int{}
	for i, s := range d.Steps {
		if _, twice := at[s.ID]; twice {
			f.add(l.of("steps/%d/id", i), "steps: %q is there twice", s.ID)
		}
		at[s.ID] = i
	}
	for i, s := range d.Steps {
		for k, a := range s.After {
			if _, ok := at[a]; !ok {
				f.add(l.of("steps/%d/after/%d", i, k), "steps: %q comes after %q, which is not a step", s.ID, a)
			}
		}
	}
	for i, s := range d.Steps {
		_, known := at[s.From]
		switch {
		case s.From == "":
		case !known || s.From == s.ID:
			f.add(l.of("steps/%d/from", i), "steps: the target of %q counts from %q, which is not another step", s.ID, s.From)
		case s.Target == "":
			f.add(l.of("steps/%d/from", i), "steps: %q counts from %q, but has no target", s.ID, s.From)
		}
	}
	// A step whose predecessors lead back to it could never be done.
	const unseen, open, done = 0, 1, 2
	state := make([]int, len(d.Steps))
	var visit func(i int) bool
	visit = func(i int) bool {
		state[i] = open
		for _, a := range d.Steps[i].After {
			k, ok := at[a]
			if !ok || state[k] == done {
				continue
			}
			if state[k] == open || visit(k) {
				return true
			}
		}
		state[i] = done
		return false
	}
	for i, s := range d.Steps {
		if state[i] == unseen && visit(i) {
			f.add(l.of("steps/%d/id", i), "steps: %q comes after itself", s.ID)
			return
		}
	}
}

func (d Document) quizInside(l lines, f *faults) {
	seen := map[string]bool{}
	for i, q := range d.Quiz {
		if seen[q.ID] {
			f.add(l.of("quiz/%d/id", i), "quiz: %q is there twice", q.ID)
		}
		seen[q.ID] = true
		for k, n := range q.Right {
			if n > len(q.Choices) {
				f.add(l.of("quiz/%d/right/%d", i, k), "quiz: %q has %d choices, and %d is said to be right", q.ID, len(q.Choices), n)
			}
		}
		for k, s := range q.Steps {
			if _, ok := d.Step(s); !ok {
				f.add(l.of("quiz/%d/steps/%d", i, k), "quiz: %q is about %q, which is not a step", q.ID, s)
			}
		}
	}
}
