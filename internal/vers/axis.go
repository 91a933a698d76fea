package vers

import "strings"

// axisWord reads the words that say what kind of value follows.
func (p *parser) axisWord() bool {
	i := p.serialDigits(p.i)
	if i > p.i {
		p.i = i
		return true
	}
	for _, a := range [...]struct {
		axis Axis
		say  []string
	}{
		{AxisShipped, []string{"shipped", "distributed", "sold", "delivered", "shipment date", "ship date"}},
		{AxisMade, []string{"manufactured", "manufacturing date", "manufacture date", "date of manufacture", "production date", "produced", "released", "made"}},
		{AxisSerial, []string{"serial numbers", "serial number", "serial", "s/n", "sn"}},
		{AxisModel, []string{"model numbers", "model number", "models", "model", "part numbers", "part number", "part #", "p/n", "catalog number", "catalogue number", "reorder number", "product id", "udi", "ndc number"}},
		{AxisBuild, []string{"build number", "build", "builds"}},
		{AxisRevision, []string{"revisions", "revision", "rev", "revs"}},
		{AxisVersion, []string{"versions", "version", "vers", "ver", "firmware", "software", "releases", "release", "bios", "fw", "sw"}},
	} {
		n := p.words(i, a.say...)
		if n == 0 {
			continue
		}
		p.axis, p.said = a.axis, true
		if a.axis == AxisModel { // "Product ID/Reorder number", "UDI/Model/NDC number"
			for i+n+1 < len(p.toks) && p.toks[i+n].kind == tokSlash {
				m := p.words(i+n+1, "reorder number", "reorder", "model number", "model", "ndc number", "ndc", "udi", "part number")
				if m == 0 {
					break
				}
				n += 1 + m
			}
			n += p.words(i+n, "number", "numbers", "#", "no")
			n += p.words(i+n, "n/a", "na", "none")
		}
		if a.axis == AxisVersion && p.letterNext(i+n) { // "Version A" is a hardware version
			p.axis = AxisRevision
		}
		p.i = i + n
		return true
	}
	return false
}

// serialDigits reads "the first 5 digits of serial number": only these characters count. It returns the place after it.
func (p *parser) serialDigits(i int) int {
	at := i
	at += p.words(at, "with the first", "the first", "first")
	if at == i || at+1 >= len(p.toks) {
		return i
	}
	n := p.toks[at].low
	for k, w := range [...]string{"one", "two", "three", "four", "five", "six", "seven", "eight"} {
		if n == w {
			n = string(rune('1' + k))
		}
	}
	if len(n) != 1 || !digit(n[0]) || n == "0" {
		return i
	}
	m := p.words(at+1, "digits of serial number", "digits of the serial number", "characters of serial number")
	if m == 0 {
		return i
	}
	p.first, p.axis, p.said = int(n[0]-'0'), AxisSerial, true
	return at + 1 + m + p.words(at+1+m, "are", "is")
}

func (p *parser) letterNext(i int) bool {
	return i < len(p.toks) && p.toks[i].kind == tokWord && len(p.toks[i].low) == 1 && letter(p.toks[i].low[0]) &&
		(i+1 >= len(p.toks) || p.toks[i+1].kind == tokComma || p.words(i+1, "and", "or", "to", "through") > 0)
}

// conditionWord says that what follows limits the statement in a way that no fact here can decide.
func (p *parser) conditionWord() bool {
	return p.words(p.i, "on", "with", "w/", "running", "using", "when", "if", "where", "without", "in", "for", "having", "configured", "that", "which", "who",
		"installed", "via", "while", "unless", "under", "used", "containing", "based", "has", "have", "as") > 0
}

// gluedRange splits "12.6.1-12.6.7", "V175-V189" and "2014-2016" into two bounds: both sides must have the same form and
// be in order, and a lone number needs a lead word or to be a year.
func gluedRange(s string) (lo, hi Test, ok bool) {
	left, right, found := strings.Cut(s, "-")
	if !found || strings.Contains(right, "-") {
		return lo, hi, false
	}
	a, okA := parseForm(left)
	b, okB := parseForm(right)
	if !okA || !okB || len(a.parts) != len(b.parts) || a.parts[0].kind != partNumber || b.parts[0].kind != partNumber || len(a.tail)+len(b.tail) > 0 {
		return lo, hi, false
	}
	led := a.text != trimLead(a.text) && b.text != trimLead(b.text)
	if len(a.parts) < 2 && !led && !(a.year() && b.year()) {
		return lo, hi, false
	}
	if c, why := compareForms(&a, &b); why != "" || c >= 0 {
		return lo, hi, false
	}
	return Test{Axis: AxisVersion, Op: GreaterEqual, Value: left, form: a, ok: true}, Test{Axis: AxisVersion, Op: LessEqual, Value: right, form: b, ok: true}, true
}
