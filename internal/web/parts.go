package web

import (
	"encoding/base64"
	"errors"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/problem"
)

// Form is a form with its fields and what was wrong with them.
type Form struct {
	ID      string
	Action  string
	Submit  string
	Danger  bool // the button does something that cannot be undone
	Upload  bool // has a file
	Cancel  string
	Fields  []Field
	Message string // what was wrong as a whole
	Faults  []FormFault
	Sign    *SignForm // sending the form signs it
	Passkey *PasskeyAsk
}

// PasskeyAsk is a button that asks a passkey, puts its answer into the field "passkey" and sends the form.
type PasskeyAsk struct {
	URL    string // gives the options for the browser
	Text   string
	Create bool // makes a passkey rather than asking one
	Only   bool // there is no other way to send the form
}

// FormFault is one fault in the summary, with the field that it links to.
type FormFault struct{ Field, Label, Text string }

// Field is one field of a form.
type Field struct {
	ID, Name, Label, Kind string // Kind: an input's type, or "textarea", "select", "checks", "radios"
	Value                 string
	Help                  string
	Placeholder           string
	Autocomplete          string
	Required              bool
	Multiple              bool
	Options               []Option
	Fault                 string
	Mode                  string // inputmode
	Accept                string
	Capture               string // of a file: the camera that a phone opens
	More                  bool   // folded away with the others that few need
}

// Option is one choice.
type Option struct {
	Value, Text string
	On          bool
}

// options makes choices of a closed list; the first argument is the one chosen.
func options[T ~string](chosen string, all []T) []Option {
	out := make([]Option, len(all))
	for i, v := range all {
		out[i] = Option{Value: string(v), Text: title(v), On: string(v) == chosen}
	}
	return out
}

// orNone puts an empty choice first.
func orNone(text string, all []Option) []Option {
	return append([]Option{{Value: "", Text: text}}, all...)
}

// fill puts what was sent back into the fields. Passwords, files and answers of passkeys are never sent back.
func (f *Form) fill(values url.Values) {
	for i := range f.Fields {
		x := &f.Fields[i]
		if x.Name == "passkey" { // an answer counts once
			continue
		}
		switch x.Kind {
		case "password", "file":
		case "select", "checks", "radios":
			for j := range x.Options {
				x.Options[j].On = false
				for _, v := range values[x.Name] {
					x.Options[j].On = x.Options[j].On || v == x.Options[j].Value
				}
			}
		case "checkbox":
			x.Value = values.Get(x.Name)
		default:
			x.Value = values.Get(x.Name)
		}
	}
}

// blame puts the faults of an error beside their fields. It is false when the error is not for the person at the form.
func (f *Form) blame(err error) bool {
	var e *problem.Error
	if !errors.As(err, &e) || e.Kind == problem.Forbidden || e.Kind == problem.Unavailable || e.Kind == problem.NotFound && len(e.Faults) == 0 {
		return false
	}
	f.Message = sentence(e.Message)
	for _, fault := range e.Faults {
		x := f.field(fault.Path)
		if x == nil {
			f.Faults = append(f.Faults, FormFault{Label: fault.Path, Text: fault.Reason})
			continue
		}
		if x.Fault != "" {
			x.Fault += "; "
		}
		x.Fault += fault.Reason
		to := x.ID
		if x.Kind == "hidden" {
			to = ""
		}
		f.Faults = append(f.Faults, FormFault{Field: to, Label: x.Label, Text: fault.Reason})
	}
	return true
}

// field is the field that a fault's path names: the field itself, or the one that holds the list; nil for none.
func (f *Form) field(path string) *Field {
	all := [][]Field{f.Fields}
	if f.Sign != nil {
		all = append(all, f.Sign.Fields)
	}
	for _, name := range []string{path, strings.FieldsFunc(path+".", func(r rune) bool { return r == '.' || r == '[' })[0]} {
		for _, fields := range all {
			for i := range fields {
				if fields[i].Name == name {
					return &fields[i]
				}
			}
		}
	}
	return nil
}

// Folded are the fields that few need.
func (f Form) Folded() []Field {
	var out []Field
	for _, x := range f.Fields {
		if x.More {
			out = append(out, x)
		}
	}
	return out
}

// Unfolded says whether one of these is at fault, so that it must be seen.
func (f Form) Unfolded() bool {
	return slices.ContainsFunc(f.Folded(), func(x Field) bool { return x.Fault != "" })
}

// with gives every field an id of its own in the page.
func (f Form) with(fields ...Field) Form {
	f.Fields = fields
	for i := range f.Fields {
		f.Fields[i].ID = f.ID + "-" + f.Fields[i].Name
	}
	return f
}

func kindOf(err error) problem.Kind { return problem.KindOf(err) }

// sentence begins with a capital letter and ends with a full stop.
func sentence(s string) string {
	if s == "" {
		return ""
	}
	s = strings.ToUpper(s[:1]) + s[1:]
	if !strings.ContainsAny(s[len(s)-1:], ".!?:") {
		s += "."
	}
	return s
}

// date reads a date field; the zero time when it is empty. A date that cannot be read is a fault.
func date(l *problem.List, values url.Values, name string) time.Time {
	s := strings.TrimSpace(values.Get(name))
	if s == "" {
		return time.Time{}
	}
	t, err := time.Parse(time.DateOnly, s)
	if err != nil {
		l.Add(name, "must be a date: YYYY-MM-DD")
	}
	return t
}

// dateValue is a date as a date field holds it.
func dateValue(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format(time.DateOnly)
}

// lines are the texts of a field with one on each line.
func lines(s string) []string {
	var out []string
	for l := range strings.Lines(s) {
		if l = strings.TrimSpace(l); l != "" {
			out = append(out, l)
		}
	}
	return out
}

// Chips are filters above a list: one group of choices that exclude each other.
type Chips struct {
	Label string
	Name  string // of the parameter
	Items []Chip
}

// Chip is one filter and whether it is on.
type Chip struct {
	Text, URL string
	Value     string
	On        bool
	Count     string // "" when it is not counted
}

// Pager goes to older and newer entries of a list.
type Pager struct {
	Newer, Older string
	Words        [2]string // what they are called
	CSV, JSON    string
	Shown        int
}

// Empty says what a page without rows is for and the next step.
type Empty struct {
	Title, Text string
	Links       []Link
}

// maxBack bounds how far back a page address remembers.
const maxBack = 30

// pager makes the addresses of the pages before and after. The cursor is in "after"; "back" holds those passed already.
func pager(u *url.URL, next string, shown int) Pager {
	q := u.Query()
	p := Pager{Shown: shown, Words: [2]string{"Previous", "Next"}}
	here, back := q.Get("after"), strings.FieldsFunc(q.Get("back"), func(r rune) bool { return r == '.' })
	with := func(after string, back []string) string {
		n := url.Values{}
		for k, v := range q {
			n[k] = v
		}
		n.Del("after")
		n.Del("back")
		if after != "" {
			n.Set("after", after)
		}
		if len(back) > 0 {
			n.Set("back", strings.Join(back, "."))
		}
		return queryURL(u.Path, n.Encode())
	}
	if next != "" {
		passed := append(append([]string{}, back...), base64.RawURLEncoding.EncodeToString([]byte(here))+"_")
		if len(passed) > maxBack {
			passed = passed[1:]
		}
		p.Older = with(next, passed)
	}
	if here != "" {
		if len(back) == 0 {
			p.Newer = with("", nil)
		} else {
			b, err := base64.RawURLEncoding.DecodeString(strings.TrimSuffix(back[len(back)-1], "_"))
			if err != nil {
				b = nil
			}
			p.Newer = with(string(b), back[:len(back)-1])
		}
	}
	return p
}

// filter is the address of this list with one filter set, from its first page.
func filter(u *url.URL, name, value string) string {
	q := u.Query()
	q.Del("after")
	q.Del("back")
	q.Del(name)
	if value != "" {
		q.Set(name, value)
	}
	return queryURL(u.Path, q.Encode())
}

// chips makes a group of filters; pairs of value and text.
func chips(u *url.URL, label, name string, pairs ...[2]string) Chips {
	now := u.Query().Get(name)
	c := Chips{Label: label, Name: name}
	for _, p := range pairs {
		to := p[0]
		if to == now {
			to = "" // a second click takes the filter away
		}
		c.Items = append(c.Items, Chip{Text: p[1], Value: p[0], URL: filter(u, name, to), On: p[0] == now})
	}
	return c
}

// compareFold orders texts without regard to case.
func compareFold(a, b string) int { return strings.Compare(strings.ToLower(a), strings.ToLower(b)) }
