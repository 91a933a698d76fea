package udi

import "strings"

// isbt reads concatenated ISBT 128 data structures. Each begins with two identifying characters and has a fixed length
// (ISBT 128 Standard Technical Specification, table 5; the structures that 21 CFR 830 and FDA's UDI formats name).
func (r *reader) isbt(s string) {
	r.out.Agency = ICCBBA
	for i := 0; i < len(s); {
		id, n := structure(s[i:])
		if n == 0 {
			r.fault(i, "data structure %q is not known", s[i:min(len(s), i+2)])
			break
		}
		i += len(id)
		if len(s)-i < n {
			r.fault(i, "data structure %s must have %d characters, %d are left", id, n, len(s)-i)
			break
		}
		r.structure(id, s[i:i+n], i)
		i += n
	}
	if r.out.DI == "" {
		r.fault(0, "has no device identifier (data structure =/ or =))")
	}
}

// structure is the identifier that text begins with and the length of its value; 0 when it is not known.
func structure(s string) (string, int) {
	for _, d := range [...]struct {
		id string
		n  int
	}{
		{"=/", 16}, // 034 processor product identification code
		{"=)", 10}, // 017 manufacturer and catalogue number of a container
		{"&)", 10}, // 018 container lot number
		{"=,", 6},  // 032 product divisions, used as serial number
		{"=>", 6},  // 003 expiration date
		{"&>", 10}, // 004 expiration date and time
		{"=}", 6},  // 008 production date
		{"&}", 10}, // 009 production date and time
		{"&,1", 18},
	} {
		if strings.HasPrefix(s, d.id) {
			return d.id, d.n
		}
	}
	// 001 donation identification number: "=" and a facility code that begins with a letter or a digit other than 0.
	if len(s) > 1 && s[0] == '=' && alnum(s[1:2]) && s[1] != '0' && s[1] != 'O' {
		return "=", 15
	}
	return "", 0
}

func (r *reader) structure(id, v string, i int) {
	r.element(id, v, i)
	switch id {
	case "=/", "=)":
		if !alnum(v) {
			r.fault(i, "device identifier %q must have letters and digits only", v)
			return
		}
		r.set(&r.out.DI, v, i)
	case "&)", "&,1":
		r.set(&r.out.Lot, strings.TrimSpace(v), i)
	case "=,":
		r.set(&r.out.Serial, v, i)
	case "=":
		if !alnum(v) {
			r.fault(i, "donation identification number %q must have letters and digits only", v)
			return
		}
		r.set(&r.out.Donation, v[:13], i) // the last two are flags of the label, not part of the number
	case "=>", "&>":
		r.out.Expires = r.cyyjjj(v, i)
	case "=}", "&}":
		r.out.Manufactured = r.cyyjjj(v, i)
	}
}

// cyyjjj reads century, year, day of the year, and hour and minute where they follow.
func (r *reader) cyyjjj(v string, i int) Date {
	if !digits(v) {
		r.fault(i, "date %q must have digits only", v)
		return Date{}
	}
	year := 2000 + number(v[:3])
	if v[0] == '9' {
		year = 1900 + number(v[1:3])
	}
	d := r.ordinal(year, number(v[3:6]), i)
	if len(v) == 10 && !d.IsZero() {
		if number(v[8:]) > 59 {
			r.fault(i+8, "minute %s does not exist", v[8:])
			return Date{}
		}
		d.Hour = number(v[6:8])
		d = r.day(d, i+6)
	}
	return d
}
