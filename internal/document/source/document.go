package source

import (
	"regexp"
	"strings"
	"time"
)

// Document is one document as its author wrote it. The zero value of an optional part means that it is absent.
type Document struct {
	Code         string     `yaml:"id"` // immutable and never used again: "SOP-14"
	Title        string     `yaml:"title"`
	Level        Level      `yaml:"level"`
	For          []Audience `yaml:"for"`
	OwnerRole    Function   `yaml:"owner_role"`
	ReviewMonths int        `yaml:"review_months"` // 0: no periodic review (templates that are records)
	Approvals    Approvals  `yaml:"approvals"`
	Interface    Interface  `yaml:"interface,omitempty"`
	Training     *Training  `yaml:"training,omitempty"`
	Effective    Gate       `yaml:"effective,omitempty"`
	Retention    string     `yaml:"retention"`        // a duration, device_lifetime, or max(…) of them
	Parent       string     `yaml:"parent,omitempty"` // code of the document above
	Refs         []string   `yaml:"refs,omitempty"`   // codes of documents that this one relies on
	Satisfies    []Clause   `yaml:"satisfies,omitempty"`
	Print        Print      `yaml:"print,omitempty"`
	Steps        []Step     `yaml:"steps,omitempty"`
	Targets      []Target   `yaml:"targets,omitempty"`
	Quiz         []Question `yaml:"quiz,omitempty"`
	Evidence     []Query    `yaml:"evidence,omitempty"`
	Body         string     `yaml:"-"` // Markdown, ends with one line feed unless empty
}

// Approvals are the functions, never people, that review and approve.
type Approvals struct {
	Review  []Function `yaml:"review,omitempty"`
	Approve []Function `yaml:"approve"`
}

// Training says who must know the document and how that is shown. Pass is in percent; Attempts 0 means without limit;
// RecertMonths 0 means once.
type Training struct {
	Audience     []Function   `yaml:"audience"`
	Kind         TrainingKind `yaml:"kind"`
	Pass         int          `yaml:"pass,omitempty"`
	Attempts     int          `yaml:"attempts,omitempty"`
	DueDays      int          `yaml:"due_days,omitempty"`
	RecertMonths int          `yaml:"recert_months,omitempty"`
}

// Gate is what must be done between approval and effectivity. Threshold is the percentage of those to be trained.
type Gate struct {
	Kind      GateKind `yaml:"gate"`
	Threshold int      `yaml:"threshold,omitempty"`
}

// IsZero tells the yaml encoder to leave an open gate out.
func (g Gate) IsZero() bool { return g.Threshold == 0 && (g.Kind == "" || g.Kind == GateNone) }

// Clause is one clause of a clause set: set "nist-csf-2.0", ref "RS.MA".
type Clause struct {
	Set string `yaml:"set"`
	Ref string `yaml:"ref"`
}

func (c Clause) String() string { return c.Set + " " + c.Ref }

// Step is one action of a procedure. Its ID is immutable: records, targets and trainings refer to it.
type Step struct {
	ID        string     `yaml:"id"`
	Do        string     `yaml:"do"` // one plain sentence
	Role      Function   `yaml:"role"`
	Target    string     `yaml:"target,omitempty"` // reference to a target of STD-08: "STD-08#declare"
	From      string     `yaml:"from,omitempty"`   // the step from whose end the target counts; "": the beginning
	Record    RecordKind `yaml:"record"`
	Evidence  Need       `yaml:"evidence,omitempty"`
	After     []string   `yaml:"after,omitempty"` // steps that must be done first
	When      string     `yaml:"when,omitempty"`  // condition in words; the step is optional
	Satisfies []Clause   `yaml:"satisfies,omitempty"`
}

// Target is one time that matters.
type Target struct {
	ID     string   `yaml:"id"`
	Within Duration `yaml:"within"`
	Days   Days     `yaml:"days,omitempty"` // which days count; only with whole days
	What   string   `yaml:"what"`           // from when to when
}

// Words is how people read the time of a target: "5 working days".
func (t Target) Words() string {
	w := t.Within.Words()
	if t.Days == Working {
		w = strings.Replace(w, " day", " working day", 1)
	}
	return w
}

// Due is the latest instant for what began at from. Working days are Monday to Friday at the place of from; public
// holidays are not known here.
func (t Target) Due(from time.Time) time.Time {
	p, ok := t.Within.parts()
	if !ok || t.Days != Working {
		return t.Within.After(from)
	}
	for left := p[dayPart]; left > 0; {
		from = from.AddDate(0, 0, 1)
		if d := from.Weekday(); d != time.Saturday && d != time.Sunday {
			left--
		}
	}
	return from
}

// Question is one of a quiz. Right holds the numbers of the right choices, counted from 1.
type Question struct {
	ID      string   `yaml:"id"`
	Ask     string   `yaml:"ask"`
	Choices []string `yaml:"choices"`
	Right   []int    `yaml:"right"`
	Steps   []string `yaml:"steps,omitempty"` // steps that the question is about
}

// Query is evidence of a clause: a CEL expression over views of the program's own records. Window is how far back it
// looks, Fresh how old its last result may be.
type Query struct {
	ID     string   `yaml:"id"`
	Clause Clause   `yaml:"clause"`
	CEL    string   `yaml:"cel"`
	Window Duration `yaml:"window,omitempty"`
	Fresh  Duration `yaml:"fresh,omitempty"`
}

// TargetsCode is the document that holds every time that matters.
const TargetsCode = "STD-08"

var (
	codeForm   = regexp.MustCompile(`^[A-Z][A-Z0-9]{1,7}-[0-9]{1,4}$`)
	stepForm   = regexp.MustCompile(`^[a-z][a-z0-9-]{1,39}$`)
	targetForm = regexp.MustCompile(`^([A-Z][A-Z0-9]{1,7}-[0-9]{1,4})#([a-z][a-z0-9-]{1,39})$`)
)

// IsCode tells whether a text has the form of a document's code.
func IsCode(s string) bool { return codeForm.MatchString(s) }

// TargetRef splits a reference to a target, "STD-08#declare".
func TargetRef(ref string) (code, id string, ok bool) {
	m := targetForm.FindStringSubmatch(ref)
	if m == nil {
		return "", "", false
	}
	return m[1], m[2], true
}

// Step finds a step by its id.
func (d Document) Step(id string) (Step, bool) {
	for _, s := range d.Steps {
		if s.ID == id {
			return s, true
		}
	}
	return Step{}, false
}

// Target finds a target by its id.
func (d Document) Target(id string) (Target, bool) {
	for _, t := range d.Targets {
		if t.ID == id {
			return t, true
		}
	}
	return Target{}, false
}

// IsFor tells whether a document concerns an audience; one that names none concerns everybody.
func (d Document) IsFor(a Audience) bool {
	for _, x := range d.For {
		if x == a {
			return true
		}
	}
	return len(d.For) == 0
}

// prefix is the part of a code before its number: "SOP".
func prefix(code string) string {
	p, _, _ := strings.Cut(code, "-")
	return p
}
