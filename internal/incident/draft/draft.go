package draft

import (
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/incident"
)

// State is where a draft stands.
type State string

// The states of a draft.
const (
	Open     State = "open"
	Approved State = "approved"
	Sent     State = "sent"
)

// Unknown is printed where nothing is known.
const Unknown = "unknown"

// Value is a filled field. It carries the words of its template, so that a record explains itself.
type Value struct {
	Field    string    `json:"field"`
	Section  string    `json:"section,omitempty"`
	Label    string    `json:"label"`
	Law      string    `json:"law,omitempty"`
	Required bool      `json:"required,omitempty"`
	Text     string    `json:"text"`              // "" is unknown
	Source   string    `json:"source,omitempty"`  // where Text came from
	Missing  []string  `json:"missing,omitempty"` // facts that it asks for and nobody knows
	By       string    `json:"by,omitempty"`      // account that typed it; "" where it was filled in
	ByName   string    `json:"by_name,omitempty"`
	At       time.Time `json:"at,omitzero"`
}

// Shown is what is printed: a value that is known in part says what of it is not.
func (v Value) Shown() string {
	switch {
	case v.Text == "":
		return Unknown
	case len(v.Missing) > 0:
		return v.Text + "\n" + Unknown + ": " + strings.Join(v.Missing, ", ")
	}
	return v.Text
}

// Draft is a report or a letter.
type Draft struct {
	ID         string // "drf_…"
	Incident   string
	Number     string // of the incident
	Exercise   bool
	Entity     string // that reports; "" where no duty asks for it
	EntityName string
	Template   string
	Title      string
	To         string // role of whom it is for
	Audience   incident.Audience
	Plain      bool   // people without knowledge of the field read it
	Duty       string // with Stage: the clock that sending it discharges; "" for none
	Stage      string
	State      State
	Version    int
	Values     []Value
	Digest     string   // SHA-256 of [Draft.Canonical]
	Writers    []string // accounts that made a version
	Changed    time.Time

	Signature    string // of the approval
	Approver     string
	ApproverName string
	Approved     time.Time
	Why          string // why it is approved although something is missing or hard to read

	Sending
	SentByName string
}

// Sending is how a draft left.
type Sending struct {
	At        time.Time
	Whom      string
	Channel   string
	Reference string // that the receiver gave; "" for none yet
}

// Version is one version of a draft.
type Version struct {
	Version int
	Actor   string
	Name    string
	At      time.Time
	Digest  string
	Values  []Value
}

// Canonical is the record: what is signed, hashed and kept.
func (d Draft) Canonical() []byte {
	text, err := json.Marshal(struct {
		Format   string  `json:"format"`
		ID       string  `json:"id"`
		Incident string  `json:"incident"`
		Exercise bool    `json:"exercise"`
		Entity   string  `json:"entity"`
		Template string  `json:"template"`
		Title    string  `json:"title"`
		Duty     string  `json:"duty"`
		Stage    string  `json:"stage"`
		Version  int     `json:"version"`
		Values   []Value `json:"values"`
	}{"triward-draft/1", d.ID, d.Number, d.Exercise, d.EntityName, d.Template, d.Title, d.Duty, d.Stage, d.Version, d.Values})
	if err != nil {
		return nil // strings, numbers and instants always have a form
	}
	return text
}

func digest(text []byte) string {
	sum := sha256.Sum256(text)
	return hex.EncodeToString(sum[:])
}

// Missing lists the labels of required fields that nobody knows.
func (d Draft) Missing() []string {
	var out []string
	for _, v := range d.Values {
		if v.Required && v.Text == "" {
			out = append(out, v.Label)
		}
	}
	return out
}

// Text is the draft as plain text.
func (d Draft) Text() string {
	var b strings.Builder
	if d.Exercise {
		b.WriteString("EXERCISE EXERCISE EXERCISE\n\n")
	}
	fmt.Fprintf(&b, "%s\n%s, version %d, %s\n", d.Title, d.Number, d.Version, d.State)
	for _, v := range d.Values {
		if v.Section != "" {
			fmt.Fprintf(&b, "\n%s\n", v.Section)
		}
		fmt.Fprintf(&b, "\n%s\n", v.Label)
		for line := range strings.SplitSeq(v.Shown(), "\n") {
			fmt.Fprintf(&b, "  %s\n", line)
		}
	}
	return b.String()
}

// Fill makes the values of a template from what is known.
func Fill(t content.Template, s Sheet) []Value {
	out := make([]Value, len(t.Fields))
	for n, e := range t.Fields {
		v := Value{Field: e.ID, Section: e.Section, Label: e.Label, Law: e.Law, Required: e.Required}
		var lines, sources []string
		for _, name := range e.Facts() {
			f, ok := s[name]
			if !ok {
				v.Missing = append(v.Missing, factWords(name))
				continue
			}
			lines = append(lines, f.Value)
			if !slices.Contains(sources, f.Source) {
				sources = append(sources, f.Source)
			}
		}
		v.Text = strings.Join(lines, "\n")
		if e.Text != "" {
			sources = append([]string{"standing words"}, sources...)
			v.Text = ""
			if len(v.Missing) == 0 {
				v.Text = e.Fill(func(name string) string { return s[name].Value })
			}
		}
		if v.Text != "" {
			v.Source = strings.Join(sources, "; ")
		}
		out[n] = v
	}
	return out
}

// factWords is what a fact is, for people.
func factWords(name string) string {
	if w, ok := content.SheetFacts()[name]; ok {
		return w
	}
	if fact, ok := strings.CutPrefix(name, "fact."); ok {
		for _, f := range content.DutyFacts() {
			if f.Name == fact {
				return f.Text
			}
		}
	}
	return words(strings.TrimPrefix(name, "at."))
}
