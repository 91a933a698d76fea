package vers

import (
	"strings"
)

// facts are Facts with the versions taken apart once for all tests of a range.
type facts struct {
	Facts
	version, revision      form
	versionOK, revisionOK  bool
	versionSet, revisedSet bool
}

func readFacts(f Facts) facts {
	d := facts{Facts: f}
	v := strings.TrimSpace(f.Version)
	d.versionSet, d.revisedSet = v != "", strings.TrimSpace(f.Revision) != ""
	if d.versionSet {
		d.version, d.versionOK = parseForm(v)
		if b := strings.TrimSpace(f.Build); b != "" && d.versionOK && !strings.Contains(d.version.text, "BUILD") {
			if w, ok := parseForm(v + " Build " + b); ok {
				d.version = w
			}
		}
	}
	if d.revisedSet {
		d.revision, d.revisionOK = parseForm(f.Revision)
	}
	return d
}

func (d *facts) versionForm() *form {
	if d.versionOK {
		return &d.version
	}
	return nil
}

// holds decides one test; missing names the facts that would help when it is Unknown.
func (t *Test) holds(d *facts) (truth Truth, why string, missing []Axis) {
	switch t.Axis {
	case AxisMade, AxisShipped:
		return t.holdsDay(d)
	case AxisSerial:
		if strings.TrimSpace(d.Serial) == "" {
			return Unknown, "the serial number is not known", []Axis{AxisSerial}
		}
		truth, why = t.holdsSerial(d.Serial)
		return truth, why, nil
	case AxisModel:
		if len(d.Models) == 0 {
			return Unknown, "the model number is not known", []Axis{AxisModel}
		}
		truth, why = t.holdsCode(d.Models)
		if truth == Unknown {
			missing = []Axis{AxisModel}
		}
		return truth, why, missing
	case AxisLabel:
		return t.holdsLabel(d)
	case AxisBuild:
		f, ok := parseForm(d.Build)
		if !ok || !t.ok {
			return Unknown, "the build is not known", []Axis{AxisBuild}
		}
		truth, why = holds(&f, t.Op, &t.form)
		return truth, t.sentence("build", d.Build, truth, why), nil
	}
	return t.holdsVersion(d)
}

// holdsVersion tests the recorded version or revision. Hospitals record a revision letter in either field, so the other
// one is asked when the first has no comparable form.
func (t *Test) holdsVersion(d *facts) (Truth, string, []Axis) {
	name, text, own, ok, set := "version", d.Version, &d.version, d.versionOK, d.versionSet
	other, otherOK, otherText := &d.revision, d.revisionOK, d.Revision
	if t.Axis == AxisRevision {
		name, text, own, ok, set = "revision", d.Revision, &d.revision, d.revisionOK, d.revisedSet
		other, otherOK, otherText = &d.version, d.versionOK && len(d.version.parts) > 0 && d.version.parts[0].kind == partLetters, d.Version
	}
	if t.Op == Equal && set && own.text == t.form.text && own.text != "" {
		return True, t.sentence(name, text, True, ""), nil
	}
	truth, why := Unknown, "the "+name+" is not known"
	switch {
	case set && !ok:
		why = name + " " + quote(text) + " has no form that can be compared"
	case set && !t.ok:
		why = "the bound " + quote(t.Value) + " has no form that can be compared"
	case set:
		if truth, why = holds(own, t.Op, &t.form); truth != Unknown {
			return truth, t.sentence(name, text, truth, why), nil
		}
		why = t.sentence(name, text, truth, why)
	}
	if otherOK && t.ok && apart(other, &t.form) == "" && (!set || !ok || apart(own, &t.form) != "") {
		if tr, w := holds(other, t.Op, &t.form); tr != Unknown {
			return tr, t.sentence(name, otherText, tr, w), nil
		}
	}
	return truth, why, []Axis{t.Axis}
}

func quote(s string) string { return `"` + s + `"` }

func (t *Test) sentence(name, have string, truth Truth, why string) string {
	s := name + " " + have
	switch truth {
	case True:
		s += " is "
	case False:
		s += " is not "
	default:
		s += " cannot be tested for "
	}
	s += string(t.Op) + " " + t.Value
	if why != "" {
		s += ": " + why
	}
	return s
}

// holdsDay tests a date. A device is shipped after it is made, so each of the two dates bounds the other.
func (t *Test) holdsDay(d *facts) (Truth, string, []Axis) {
	have, name := d.Manufactured, "manufactured"
	if t.Axis == AxisShipped {
		have, name = d.Shipped, "shipped"
	}
	if have.Year != 0 {
		truth, why := holdsDate(have, t.Op, t.Date)
		var missing []Axis
		if truth == Unknown && t.Date.Year != 0 {
			missing = []Axis{t.Axis}
		}
		return truth, t.sentence(name, have.String(), truth, why), missing
	}
	if t.Date.Year == 0 {
		return Unknown, "the text gives no year for " + t.Date.String(), []Axis{t.Axis}
	}
	if t.Axis == AxisShipped && d.Manufactured.Year != 0 { // not shipped before it was made
		truth, _ := holdsDate(d.Manufactured, t.Op, t.Date)
		if truth == False && t.Op.upper() || truth == True && t.Op.lower() {
			return truth, t.sentence("manufactured, so shipped no earlier than,", d.Manufactured.String(), truth, ""), nil
		}
	}
	if t.Axis == AxisMade && d.Shipped.Year != 0 { // made no later than it was shipped
		truth, _ := holdsDate(d.Shipped, t.Op, t.Date)
		if truth == True && t.Op.upper() || truth == False && t.Op.lower() {
			return truth, t.sentence("shipped, so manufactured no later than,", d.Shipped.String(), truth, ""), nil
		}
	}
	return Unknown, "the " + string(t.Axis) + " is not known", []Axis{t.Axis}
}

// holdsSerial compares serial numbers: with wildcards, by a number of leading characters, or, when letters and length
// agree, by their order.
func (t *Test) holdsSerial(serial string) (Truth, string) {
	have, bound := strings.ToUpper(strings.TrimSpace(serial)), strings.ToUpper(t.Value)
	if t.First > 0 {
		if len(have) < t.First {
			return Unknown, "the serial number is shorter than the text expects"
		}
		have = have[:t.First]
	}
	if t.Op == Equal || t.Op == NotEqual {
		v := Of(wildcard(bound, have))
		if t.Op == NotEqual {
			v = v.Not()
		}
		return v, t.sentence("serial number", serial, v, "")
	}
	if allDigits(have) && allDigits(bound) { // numbers count as numbers, however many digits they are written with
		width := max(len(have), len(bound))
		have, bound = strings.Repeat("0", width-len(have))+have, strings.Repeat("0", width-len(bound))+bound
	}
	if len(have) != len(bound) || !sameClasses(have, bound) {
		return Unknown, t.sentence("serial number", serial, Unknown, "the two are not of one pattern")
	}
	c := strings.Compare(have, bound)
	v := Of(t.Op == Less && c < 0 || t.Op == LessEqual && c <= 0 || t.Op == Greater && c > 0 || t.Op == GreaterEqual && c >= 0)
	return v, t.sentence("serial number", serial, v, "")
}

func allDigits(s string) bool { return s != "" && strings.Trim(s, "0123456789") == "" }

// sameClasses says that two texts have the same letters, and digits at the same places.
func sameClasses(a, b string) bool {
	for i := 0; i < len(a); i++ {
		if digit(a[i]) != digit(b[i]) || !digit(a[i]) && a[i] != b[i] {
			return false
		}
	}
	return true
}

// wildcard matches * (any run) and ? (one character).
func wildcard(pattern, s string) bool {
	star, mark, i, j := -1, 0, 0, 0
	for j < len(s) {
		switch {
		case i < len(pattern) && pattern[i] == '*':
			star, mark = i, j
			i++
		case i < len(pattern) && (pattern[i] == '?' || pattern[i] == s[j]):
			i, j = i+1, j+1
		case star >= 0:
			mark++
			i, j = star+1, mark
		default:
			return false
		}
	}
	for i < len(pattern) && pattern[i] == '*' {
		i++
	}
	return i == len(pattern)
}
