package vers

import (
	"strings"
)

// Axis is the fact of a device that a test looks at.
type Axis string

// The closed list of axes.
const (
	AxisVersion  Axis = "version"
	AxisRevision Axis = "revision"
	AxisBuild    Axis = "build"
	AxisSerial   Axis = "serial number"
	AxisModel    Axis = "model or part number"
	AxisMade     Axis = "manufacture date"
	AxisShipped  Axis = "shipment date"
	AxisLabel    Axis = "model, variant or version" // a bare value that the text does not explain ("3120", "BT06")
)

// Range is what a version text says. Any alternative suffices.
type Range struct {
	Text       string
	Any        []Clause
	Unreadable []string // parts of the text that are not understood; they make the answer unknown unless it is true
}

// Clause is one alternative: all tests must hold. Without tests it means every version.
type Clause struct {
	Text       string
	Tests      []Test
	Conditions []string // what the text demands besides and no fact decides ("on Windows 7")
	Spec       *Spec    // a VERS string of a package ecosystem
}

// Test compares one fact with a value.
type Test struct {
	Axis  Axis
	Op    Op
	Value string
	Date  Date // of AxisMade and AxisShipped
	First int  // of AxisSerial: only so many leading characters count; 0 is all
	form  form
	ok    bool // form can be ordered
}

// With is the same test of another value.
func (t Test) With(value string) Test {
	t.Value = value
	t.form, t.ok = parseForm(value)
	return t
}

// Facts is what is known of one device. Empty fields are unknown.
type Facts struct {
	Version      string   // software or firmware version as recorded
	Revision     string   // hardware or software revision ("J", "B.06")
	Build        string   // build number
	Serial       string   // serial number
	Models       []string // model, part and catalogue numbers, and the model's name
	Manufactured Date
	Shipped      Date
}

// Reason explains an answer. Missing and Conditions are filled for Unknown only.
type Reason struct {
	Text       string   // one sentence for people
	Clause     string   // the part of the text that decided
	Missing    []Axis   // facts that are not known and would help, most useful first
	Conditions []string // what a person has to look up
}

// Read reports whether the whole text is understood.
func (r Range) Read() bool { return len(r.Unreadable) == 0 && len(r.Any) > 0 }

// All reports whether the range takes in every device without condition.
func (r Range) All() bool {
	for _, c := range r.Any {
		if len(c.Tests) == 0 && len(c.Conditions) == 0 && c.Spec == nil {
			return true
		}
	}
	return false
}

// InYear returns the range with its dates that give no year placed in a year, the one of the publication: an advisory of
// 29 August 2017 that says "before August 28" means 2017.
func (r Range) InYear(year int) Range {
	any := make([]Clause, len(r.Any))
	for i, c := range r.Any {
		c.Tests = append([]Test(nil), c.Tests...)
		for j := range c.Tests {
			if d := &c.Tests[j].Date; d.Year == 0 && d.Month != 0 {
				d.Year = year
			}
		}
		any[i] = c
	}
	r.Any = any
	return r
}

// Contains decides whether a device with these facts lies in the range.
func (r Range) Contains(f Facts) (Truth, Reason) {
	dev := readFacts(f)
	out, why := False, Reason{Text: "outside of every range that the text gives"}
	rest := make([]Clause, 0, len(r.Any))
	for _, c := range r.Any {
		if _, ok := c.ceiling(); !ok {
			rest = append(rest, c)
		}
	}
	if len(rest) == len(r.Any)-1 { // a single upper bound is an ordinary alternative
		rest = r.Any
	}
	for i := range rest {
		t, reason := rest[i].contains(&dev)
		if t == True {
			return True, reason
		}
		if t > out || t == out && t == Unknown && len(reason.Missing) > len(why.Missing) {
			out, why = t, reason
		} else if t == False && len(r.Any) == 1 {
			why = reason
		}
	}
	if len(rest) < len(r.Any) {
		t, reason := r.ceilings(&dev)
		if t == True {
			return True, reason
		}
		if t > out {
			out, why = t, reason
		}
	}
	if len(r.Unreadable) > 0 && out != True {
		return Unknown, Reason{Text: "the text cannot be read with confidence", Clause: strings.Join(r.Unreadable, " | "), Conditions: r.Unreadable}
	}
	return out, why
}

// ceiling is the bound of a clause that is nothing but an upper bound on the version.
func (c *Clause) ceiling() (*Test, bool) {
	if len(c.Tests) == 1 && len(c.Conditions) == 0 && c.Tests[0].Axis == AxisVersion && c.Tests[0].Op.upper() {
		return &c.Tests[0], true
	}
	return nil, false
}

// ceilings decides over several upper bounds, which advisories give one per branch ("<= 4.2.21 | <= 5.0.27"): below all
// of them is inside, above all outside, and in between the bound of the device's own branch decides.
func (r Range) ceilings(dev *facts) (Truth, Reason) {
	all, any := True, False
	var unclear, branch Reason
	best, found, tied := 0, Unknown, false
	for i := range r.Any {
		t, ok := r.Any[i].ceiling()
		if !ok {
			continue
		}
		v, reason := r.Any[i].contains(dev)
		if v == Unknown {
			unclear = reason
		}
		n := 0
		if f := dev.versionForm(); f != nil && t.ok {
			n = common(f, &t.form)
		}
		all, any = all.And(v), any.Or(v)
		switch {
		case n > best:
			best, found, tied, branch = n, v, false, reason
		case n == best && n > 0 && !(v == True && found == True):
			tied = true
		}
	}
	switch {
	case all == True || any == False:
		return all, Reason{Text: "on the same side of every bound", Clause: r.Text}
	case best > 0 && !tied:
		return found, branch
	case unclear.Text != "":
		return Unknown, unclear
	}
	return Unknown, Reason{Text: "the text gives a bound for each branch and none for the branch of " + dev.Version, Clause: r.Text, Conditions: []string{r.Text}}
}

// common counts the leading parts that two forms share.
func common(a, b *form) int {
	n := 0
	for n < len(a.parts) && n < len(b.parts) && a.parts[n].kind == b.parts[n].kind && a.parts[n].n == b.parts[n].n && a.parts[n].s == b.parts[n].s {
		n++
	}
	return n
}

func (c *Clause) contains(dev *facts) (Truth, Reason) {
	out := Reason{Clause: c.Text}
	truth := True
	var texts []string
	if c.Spec != nil {
		t, why := c.Spec.Contains(dev.Version)
		if dev.Version == "" {
			out.Missing = append(out.Missing, AxisVersion)
		}
		truth, texts = t, []string{why}
	}
	for i := range c.Tests {
		t, why, missing := c.Tests[i].holds(dev)
		if t == False {
			return False, Reason{Text: why, Clause: c.Text}
		}
		truth = truth.And(t)
		if t == Unknown {
			out.Missing = append(out.Missing, missing...)
		}
		texts = append(texts, why)
	}
	if truth == False {
		return False, Reason{Text: strings.Join(texts, "; "), Clause: c.Text}
	}
	if len(c.Conditions) > 0 {
		truth = Unknown
		out.Conditions = c.Conditions
		texts = append(texts, "it must be looked up whether this applies: "+strings.Join(c.Conditions, "; "))
	}
	if len(texts) == 0 {
		texts = []string{"every version is named"}
	}
	out.Text = strings.Join(texts, "; ")
	return truth, out
}
