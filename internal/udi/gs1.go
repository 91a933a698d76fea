package udi

import "strings"

const separator = '\x1d' // FNC1 as scanners send it (GS1 General Specifications 7.8)

// An identifier is a GS1 application identifier and the form of its value.
type identifier struct {
	id       string
	min, max int
	digits   bool
}

// Application identifiers that occur on devices and their packages (GS1 General Specifications 3.2). Those whose length
// is fixed by 7.8.5 need no separator after them.
var identifiers = []identifier{
	{"00", 18, 18, true}, {"01", 14, 14, true}, {"02", 14, 14, true}, {"10", 1, 20, false},
	{"11", 6, 6, true}, {"12", 6, 6, true}, {"13", 6, 6, true}, {"15", 6, 6, true}, {"16", 6, 6, true}, {"17", 6, 6, true},
	{"20", 2, 2, true}, {"21", 1, 20, false}, {"22", 1, 20, false}, {"235", 1, 28, false}, {"240", 1, 30, false}, {"241", 1, 30, false},
	{"242", 1, 6, true}, {"243", 1, 20, false}, {"250", 1, 30, false}, {"251", 1, 30, false}, {"253", 13, 30, false}, {"254", 1, 20, false},
	{"30", 1, 8, true}, {"37", 1, 8, true}, {"400", 1, 30, false}, {"401", 1, 30, false}, {"402", 17, 17, true}, {"403", 1, 30, false},
	{"410", 13, 13, true}, {"411", 13, 13, true}, {"412", 13, 13, true}, {"413", 13, 13, true}, {"414", 13, 13, true}, {"415", 13, 13, true},
	{"416", 13, 13, true}, {"417", 13, 13, true}, {"420", 1, 20, false}, {"421", 4, 12, false}, {"422", 3, 3, true}, {"426", 3, 3, true},
	{"7001", 13, 13, true}, {"7003", 10, 10, true}, {"7004", 1, 4, true}, {"7006", 6, 6, true}, {"7007", 6, 12, true}, {"7040", 4, 4, false},
	{"710", 1, 20, false}, {"711", 1, 20, false}, {"712", 1, 20, false}, {"713", 1, 20, false}, {"714", 1, 20, false}, {"715", 1, 20, false}, {"716", 1, 20, false},
	{"8002", 1, 20, false}, {"8003", 15, 30, false}, {"8004", 1, 30, false}, {"8006", 18, 18, true}, {"8008", 8, 12, true}, {"8009", 1, 50, false},
	{"8010", 1, 30, false}, {"8011", 1, 12, true}, {"8012", 1, 20, false}, {"8013", 1, 25, false}, {"8017", 18, 18, true}, {"8018", 18, 18, true},
	{"8019", 1, 10, true}, {"8020", 1, 25, false}, {"8026", 18, 18, true}, {"8200", 1, 70, false}, {"90", 1, 30, false},
	{"91", 1, 90, false}, {"92", 1, 90, false}, {"93", 1, 90, false}, {"94", 1, 90, false}, {"95", 1, 90, false}, {"96", 1, 90, false},
	{"97", 1, 90, false}, {"98", 1, 90, false}, {"99", 1, 90, false},
}

// lookup finds the identifier that text begins with; measures (310n to 369n) share one form.
func lookup(s string) (identifier, bool) {
	for _, a := range identifiers {
		if strings.HasPrefix(s, a.id) {
			return a, true
		}
	}
	if len(s) >= 4 && digits(s[:4]) && s[0] == '3' && s[1] >= '1' && s[1] <= '6' {
		return identifier{s[:4], 6, 6, true}, true
	}
	return identifier{}, false
}

// gs1 reads element strings, in human-readable or scanned form.
func (r *reader) gs1(s string) {
	r.out.Agency = GS1
	i := 0
	if strings.HasPrefix(s, "]") { // symbology identifier: ]C1 GS1-128, ]d2 DataMatrix, ]e0 DataBar, ]Q3 QR, ]J1 DotCode
		if len(s) < 3 {
			r.fault(0, "ends inside the symbology identifier")
			return
		}
		switch s[:3] {
		case "]C1", "]d2", "]e0", "]Q3", "]J1":
		default:
			r.fault(0, "symbology identifier %q is not one of GS1", s[:3])
			return
		}
		i = 3
	}
	if strings.HasPrefix(s[i:], "(") {
		r.bracketed(s, i)
	} else {
		r.scanned(s, i)
	}
	if r.out.DI == "" {
		r.fault(0, "has no valid device identifier (AI 01)")
	}
}

// bracketed reads "(01)...(17)...": a value runs to the next bracketed identifier that is known.
func (r *reader) bracketed(s string, i int) {
	for i < len(s) {
		a, n := bracket(s[i:])
		if n == 0 {
			r.fault(i, "an application identifier in parentheses is expected")
			return
		}
		i += n
		end := i
		for end < len(s) {
			if _, n := bracket(s[end:]); n > 0 {
				break
			}
			end++
		}
		r.value(a, strings.TrimRight(s[i:end], " \x1d"), i)
		i = end
	}
}

// bracket is the identifier at "(17)" and the length of the brackets; 0 when there is none.
func bracket(s string) (identifier, int) {
	if len(s) < 4 || s[0] != '(' {
		return identifier{}, 0
	}
	end := strings.IndexByte(s, ')')
	if end < 3 || end > 5 {
		return identifier{}, 0
	}
	a, ok := lookup(s[1:end])
	if !ok || a.id != s[1:end] {
		return identifier{}, 0
	}
	return a, end + 1
}

// scanned reads concatenated element strings, where a value of variable length ends at FNC1 or at the end.
func (r *reader) scanned(s string, i int) {
	for i < len(s) {
		if s[i] == separator {
			i++
			continue
		}
		a, ok := lookup(s[i:])
		if !ok {
			r.fault(i, "no application identifier begins with %q", clip(s[i:min(len(s), i+4)]))
			return
		}
		i += len(a.id)
		end := i
		for end < len(s) && end-i < a.max && s[end] != separator {
			end++
		}
		r.value(a, s[i:end], i)
		if end < len(s) && s[end] != separator && a.min != a.max {
			r.fault(end, "value of AI %s is longer than %d characters", a.id, a.max)
			return
		}
		i = end
	}
}

// value checks and keeps one element.
func (r *reader) value(a identifier, v string, i int) {
	r.element(a.id, v, i)
	switch {
	case len(v) < a.min || len(v) > a.max:
		r.fault(i, "value of AI %s has %d characters instead of %d to %d", a.id, len(v), a.min, a.max)
		return
	case a.digits && !digits(v):
		r.fault(i, "value %q of AI %s must have digits only", v, a.id)
		return
	}
	for k := 0; k < len(v); k++ {
		if !in82(v[k]) {
			r.fault(i+k, "character %q must not occur in AI %s", v[k], a.id)
			return
		}
	}
	switch a.id {
	case "01":
		r.gtin(v, i)
	case "10":
		r.set(&r.out.Lot, v, i)
	case "21":
		r.set(&r.out.Serial, v, i)
	case "8012":
		r.set(&r.out.Software, v, i)
	case "11":
		r.out.Manufactured = r.yymmdd(v, i)
	case "17":
		r.out.Expires = r.yymmdd(v, i)
	case "7003":
		d := r.yymmdd(v[:6], i)
		if d.Hour = number(v[6:8]); d.Hour > 23 || number(v[8:]) > 59 {
			r.fault(i+6, "time %s does not exist", v[6:])
		} else if d.Month > 0 {
			r.out.Expires = d
		}
	case "12", "13", "15", "16":
		r.yymmdd(v, i)
	case "00", "02":
		r.mod10(v, i)
	}
}

func (r *reader) yymmdd(v string, i int) Date {
	return r.day(Date{century(number(v[:2])), number(v[2:4]), number(v[4:6]), -1}, i)
}

func (r *reader) gtin(v string, i int) {
	if r.mod10(v, i) {
		r.set(&r.out.DI, v, i)
		r.out.Verified = true
	}
}

// mod10 verifies the check digit (GS1 General Specifications 7.9.1).
func (r *reader) mod10(v string, i int) bool {
	sum := 0
	for k := 0; k < len(v)-1; k++ {
		d := int(v[len(v)-2-k] - '0')
		if k%2 == 0 {
			d *= 3
		}
		sum += d
	}
	if want := byte('0' + (10-sum%10)%10); v[len(v)-1] != want {
		r.fault(i+len(v)-1, "check digit is %c, expected %c", v[len(v)-1], want)
		return false
	}
	return true
}

// in82 is the GS1 character set 82 (General Specifications 7.11).
func in82(c byte) bool {
	return c >= '0' && c <= '9' || c >= 'A' && c <= 'Z' || c >= 'a' && c <= 'z' || strings.IndexByte(`!"%&'()*+,-./:;<=>?_`, c) >= 0
}
