package vers

import "strings"

// bare keeps the letters and digits of a name or number, in upper case.
func bare(s string) string {
	var b strings.Builder
	for i := 0; i < len(s); i++ {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z':
			b.WriteByte(c - 32)
		case letter(c) || digit(c) || c >= 0x80:
			b.WriteByte(c)
		}
	}
	return b.String()
}

// codes are the words of a label that identify: those with a digit, when they are not mere small numbers.
func codes(label string) []string {
	var out []string
	for _, w := range strings.FieldsFunc(label, func(r rune) bool { return r == ' ' || r == ',' || r == ';' }) {
		n, let := 0, 0
		for i := 0; i < len(w); i++ {
			if digit(w[i]) {
				n++
			} else if letter(w[i]) {
				let++
			}
		}
		if n >= 3 || n >= 1 && let >= 1 && n+let >= 3 {
			out = append(out, bare(w))
		}
	}
	return out
}

// spellings expands an optional suffix: "MMT-523(K)" is MMT-523 and MMT-523K.
func spellings(label string) []string {
	open := strings.IndexByte(label, '(')
	if open <= 0 || label[open-1] == ' ' {
		return []string{label}
	}
	n := strings.IndexByte(label[open:], ')')
	if n < 2 {
		return []string{label}
	}
	return []string{label[:open] + label[open+n+1:], label[:open] + label[open+1:open+n] + label[open+n+1:]}
}

// sameCode says how a recorded code relates to the code of the text: the same, a different one of the same pattern, or
// not comparable.
func sameCode(have, want string) Truth {
	if have == want {
		return True
	}
	if strings.HasPrefix(have, want) || strings.HasPrefix(want, have) {
		return Unknown // a suffix may be a variant or only packaging
	}
	if a, b := leadingDigits(have), leadingDigits(want); len(a) >= 3 && len(a) == len(b) && a != b {
		return False
	}
	if len(have) == len(want) && pattern(have) == pattern(want) {
		return False
	}
	if len(want) >= 5 && len(have) >= 5 && have[:4] == want[:4] {
		return False
	}
	return Unknown
}

func leadingDigits(s string) string {
	i := 0
	for i < len(s) && digit(s[i]) {
		i++
	}
	return s[:i]
}

// pattern writes A for each letter and 9 for each digit.
func pattern(s string) string {
	b := []byte(s)
	for i := range b {
		if digit(b[i]) {
			b[i] = '9'
		} else {
			b[i] = 'A'
		}
	}
	return string(b)
}

// holdsCode looks for a model or part number among the recorded ones. Recorded numbers of the same pattern that differ
// settle a no; anything else stays open.
func (t *Test) holdsCode(models []string) (Truth, string) {
	differs := ""
	for _, want := range spellings(t.Value) {
		full, ids := bare(want), codes(want)
		for _, m := range models {
			if full != "" && bare(m) == full {
				return True, "model " + m + " is named"
			}
			have := codes(m)
			if len(have) == 0 && bare(m) != "" && strings.IndexFunc(bare(m), func(r rune) bool { return r >= '0' && r <= '9' }) >= 0 {
				have = []string{bare(m)}
			}
			if len(ids) == 0 {
				if phrase(m, want) {
					return True, "model " + m + " is named"
				}
				continue
			}
			for _, h := range have {
				switch sameCode(h, ids[0]) {
				case True:
					return True, "model " + m + " is named"
				case False:
					differs = m
				}
			}
		}
	}
	if differs != "" {
		return False, "model " + differs + " is not " + t.Value
	}
	return Unknown, "it is not known whether the device is a " + t.Value
}

// phrase says that the words of want follow each other somewhere in have.
func phrase(have, want string) bool {
	h := " " + strings.ToUpper(strings.Join(strings.Fields(have), " ")) + " "
	w := " " + strings.ToUpper(strings.Join(strings.Fields(want), " ")) + " "
	return len(w) > 4 && strings.Contains(h, w)
}

// holdsLabel tests a bare value that may be a version, a revision or a model: equal to one of them is true; a recorded
// value of the same pattern that differs is false; anything else is open.
func (t *Test) holdsLabel(d *facts) (Truth, string, []Axis) {
	want := bare(t.Value)
	differs := ""
	for _, v := range [...]string{d.Version, d.Revision, d.Build} {
		have := bare(v)
		if have == "" {
			continue
		}
		if have == want {
			return True, v + " is named", nil
		}
		if f, ok := parseForm(v); ok && t.ok && len(t.form.parts) > 0 {
			if tr, _ := holds(&f, Equal, &t.form); tr == True {
				return True, v + " is named", nil
			}
		}
		if len(have) == len(want) && pattern(have) == pattern(want) && strings.IndexFunc(want, func(r rune) bool { return r >= '0' && r <= '9' }) >= 0 {
			differs = v
		}
	}
	truth, why := Unknown, ""
	if len(d.Models) > 0 {
		if truth, why = t.holdsCode(d.Models); truth == True {
			return True, why, nil
		}
	}
	switch {
	case differs != "":
		return False, differs + " is not " + t.Value, nil
	case truth == False:
		return False, why, nil
	}
	return Unknown, "it is not known whether the device is a " + t.Value, []Axis{AxisModel, AxisVersion}
}
