package udi

import "strings"

// The characters of HIBC in the order of their check values (ANSI/HIBC 2.6 appendix B).
const hibcSet = "0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZ-. $/+%"

// labelled says that a text is a labeller code of a letter and three characters, a product number and a unit of measure.
func labelled(s string) bool {
	return len(s) >= 6 && len(s) <= 23 && s[0] >= 'A' && s[0] <= 'Z' && alnum(s) && s[len(s)-1] >= '0' && s[len(s)-1] <= '9'
}

// bare reads a device identifier as registries list it, with or without its check character; false when the text has no
// such form. A last character that is right as a check character is taken for one.
func (r *reader) bare(s string) bool {
	if len(s) < 6 || strings.IndexByte(hibcSet, s[len(s)-1]) < 0 {
		return false
	}
	di, last := s[:len(s)-1], s[len(s)-1]
	want, _ := hibcCheck("+" + di)
	switch {
	case labelled(di) && last == want:
		r.out.Verified = true
	case labelled(s):
		di = s
	case labelled(di):
		r.fault(len(s)-1, "check character is %q, expected %q", last, want)
	default:
		return false
	}
	r.out.Agency, r.out.DI, r.out.Model = HIBCC, di, di[4:len(di)-1]
	r.element("+", di, 0)
	return true
}

// hibc reads primary data, secondary data, or both, each symbol with its check character.
func (r *reader) hibc(s string) {
	r.out.Agency = HIBCC
	at := r.at
	link := byte(0)
	verified := true
	for _, sym := range symbols(s) {
		text := s[sym.from:sym.to]
		r.at = at + sym.from
		if len(text) < 4 {
			r.fault(0, "HIBC data of %d characters is too short", len(text))
			verified = false
			continue
		}
		if !r.mod43(text) {
			verified = false
		}
		body := text[1 : len(text)-1]
		if body[0] >= 'A' && body[0] <= 'Z' {
			link = text[len(text)-1]
			r.primary(body)
			continue
		}
		// Secondary data on its own ends in a link character, the check character of its primary data.
		if l := body[len(body)-1]; link != 0 && l != link {
			r.fault(len(text)-2, "link character is %c, expected %c: the secondary data belongs to another label", l, link)
		}
		r.secondary(body[:len(body)-1], 1)
	}
	r.at = at
	r.out.Verified = verified
	if r.out.DI == "" {
		r.fault(0, "has no device identifier: primary data is missing")
	}
}

type span struct{ from, to int }

// symbols splits a text with several symbols, each between asterisks or after white space.
func symbols(s string) []span {
	var out []span
	from := 0
	for from < len(s) {
		if s[from] == '*' || s[from] == '\n' || s[from] == '\r' || s[from] == '\t' || s[from] == ' ' {
			from++
			continue
		}
		to := from + 1
		for to < len(s) && s[to] != '*' && s[to] != '\n' && s[to] != '\r' && !(s[to] == ' ' && to+1 < len(s) && s[to+1] == '+' && to+2 < len(s)) {
			to++
		}
		out = append(out, span{from, to})
		from = to
	}
	return out
}

// mod43 verifies the last character against all before it (ANSI/HIBC 2.6 appendix B).
func (r *reader) mod43(s string) bool {
	if s[0] != '+' {
		r.fault(0, "HIBC data begins with +, not %q", s[0])
		return false
	}
	want, bad := hibcCheck(s[:len(s)-1])
	if bad >= 0 {
		r.fault(bad, "character %q must not occur in HIBC", s[bad])
		return false
	}
	if s[len(s)-1] != want {
		r.fault(len(s)-1, "check character is %q, expected %q", s[len(s)-1], want)
		return false
	}
	return true
}

// hibcCheck is the check character of data, or the place of the first character that HIBC does not have (else -1).
func hibcCheck(s string) (check byte, bad int) {
	sum := 0
	for i := 0; i < len(s); i++ {
		v := strings.IndexByte(hibcSet, s[i])
		if v < 0 {
			return 0, i
		}
		sum += v
	}
	return hibcSet[sum%43], -1
}

// primary reads labeller, product number and unit, and what follows after a slash. Places count from the "+".
func (r *reader) primary(body string) {
	di, rest, more := strings.Cut(body, "/")
	if !labelled(di) {
		r.fault(1, "primary data %q is not a labeller code of 4, a product number of 1 to 18 and a unit of measure", di)
	} else {
		r.set(&r.out.DI, di, 1)
		r.out.Model = di[4 : len(di)-1]
	}
	r.element("+", di, 1)
	if more {
		r.secondary(rest, 2+len(di))
	}
}

// secondary reads the parts of secondary data; i is the place of the first.
func (r *reader) secondary(s string, i int) {
	for k, part := range strings.Split(s, "/") {
		switch {
		case part == "":
			r.fault(i, "secondary data is empty")
		case k > 0 || part[0] == 'S' || strings.HasPrefix(part, "14D") || strings.HasPrefix(part, "16D"):
			r.supplement(part, i)
		default:
			r.lotOrSerial(part, i)
		}
		i += len(part) + 1
	}
}

// supplement reads the data identifiers after a slash (ANSI/HIBC 2.6 table 3).
func (r *reader) supplement(s string, i int) {
	switch {
	case strings.HasPrefix(s, "14D"), strings.HasPrefix(s, "16D"):
		v := s[3:]
		r.element(s[:3], v, i+3)
		if len(v) != 8 || !digits(v) {
			r.fault(i+3, "date %q must have 8 digits (YYYYMMDD)", v)
			return
		}
		d := r.day(Date{number(v[:4]), number(v[4:6]), number(v[6:]), -1}, i+3)
		if s[:2] == "14" {
			r.out.Expires = d
		} else {
			r.out.Manufactured = d
		}
	case s[0] == 'S':
		r.element("S", s[1:], i+1)
		r.keep(&r.out.Serial, s[1:], i+1)
	case s[0] == 'Q':
		r.element("Q", s[1:], i+1)
	case s[0] == '$':
		r.lotOrSerial(s, i)
	default:
		r.fault(i, "data identifier of %q is not known", s)
	}
}

// lotOrSerial reads "$lot", "$+serial", "$$date lot", "$$+date serial" and the older "YYJJJ lot".
func (r *reader) lotOrSerial(s string, i int) {
	field := &r.out.Lot
	switch {
	case strings.HasPrefix(s, "$$+"):
		field = &r.out.Serial
		r.dated("$$+", s[3:], i+3, field)
	case strings.HasPrefix(s, "$$"):
		r.dated("$$", s[2:], i+2, field)
	case strings.HasPrefix(s, "$+"):
		r.element("$+", s[2:], i+2)
		r.keep(&r.out.Serial, s[2:], i+2)
	case s[0] == '$':
		r.element("$", s[1:], i+1)
		r.keep(field, s[1:], i+1)
	case len(s) >= 5 && digits(s[:5]):
		r.element("YYJJJ", s, i)
		r.out.Expires = r.ordinal(century(number(s[:2])), number(s[2:5]), i)
		r.keep(field, s[5:], i+5)
	default:
		r.fault(i, "secondary data %q has no known form", s)
	}
}

func (r *reader) keep(field *string, v string, i int) {
	if len(v) > 20 {
		r.fault(i, "value %q is longer than 20 characters", v)
		return
	}
	if v != "" {
		r.set(field, v, i)
	}
}

// dated reads quantity, expiry date in one of its formats, and lot or serial number (ANSI/HIBC 2.6 table 2).
func (r *reader) dated(id, s string, i int, field *string) {
	r.element(id, s, i)
	if id == "$$" && s != "" && (s[0] == '8' || s[0] == '9') { // quantity of 2 or 5 digits
		n := 3
		if s[0] == '9' {
			n = 6
		}
		if len(s) < n || !digits(s[1:n]) {
			r.fault(i, "quantity in %q must have %d digits", s, n-1)
			return
		}
		s, i = s[n:], i+n
		if s == "" {
			return
		}
	}
	if s == "" {
		r.fault(i, "no date follows")
		return
	}
	var n int
	format := s[0]
	switch format {
	case '0', '1':
		n = 4 // MMYY
	case '2', '3':
		s, i, n = s[1:], i+1, 6
	case '4':
		s, i, n = s[1:], i+1, 8
	case '5':
		s, i, n = s[1:], i+1, 5
	case '6':
		s, i, n = s[1:], i+1, 7
	case '7': // no date
		r.keep(field, s[1:], i+1)
		return
	default:
		r.fault(i, "date format %q is not known", format)
		return
	}
	if len(s) < n || !digits(s[:n]) {
		r.fault(i, "expiry date must have %d digits", n)
		return
	}
	v := s[:n]
	switch format {
	case '0', '1':
		r.out.Expires = r.day(Date{century(number(v[2:])), number(v[:2]), 0, -1}, i)
	case '2':
		r.out.Expires = r.whole(Date{century(number(v[4:])), number(v[:2]), number(v[2:4]), -1}, i)
	case '3':
		r.out.Expires = r.whole(Date{century(number(v[:2])), number(v[2:4]), number(v[4:]), -1}, i)
	case '4':
		r.out.Expires = r.whole(Date{century(number(v[:2])), number(v[2:4]), number(v[4:6]), number(v[6:])}, i)
	case '5', '6':
		d := r.ordinal(century(number(v[:2])), number(v[2:5]), i)
		if format == '6' && !d.IsZero() {
			d.Hour = number(v[5:])
			d = r.day(d, i+5)
		}
		r.out.Expires = d
	}
	r.keep(field, s[n:], i+n)
}

// whole is a date that must have a day.
func (r *reader) whole(d Date, i int) Date {
	if d.Day == 0 {
		r.fault(i, "day 00 does not exist")
		return Date{}
	}
	return r.day(d, i)
}
