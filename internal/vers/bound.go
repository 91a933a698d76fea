package vers

// Op is the comparison of a bound.
type Op string

// The closed list of comparisons.
const (
	Equal        Op = "="
	NotEqual     Op = "!="
	Less         Op = "<"
	LessEqual    Op = "<="
	Greater      Op = ">"
	GreaterEqual Op = ">="
)

func (o Op) upper() bool { return o == Less || o == LessEqual }
func (o Op) lower() bool { return o == Greater || o == GreaterEqual }

// open says that a form stands for everything that begins with it: a wildcard, a lone number or a lone letter.
func (f *form) open() bool { return f.wild || len(f.parts) == 1 && len(f.tail) == 0 }

// against places a device's version relative to a bound: below everything the bound may mean (-1), above all of it (+1),
// or inside (0); exact says that both name the same single version.
func against(dev, bound *form) (pos int, refines, coarse bool, why string) {
	if why := apart(dev, bound); why != "" {
		return 0, false, false, why
	}
	n := min(len(dev.parts), len(bound.parts))
	for i := 0; i < n; i++ {
		p, q := dev.parts[i], bound.parts[i]
		if p.kind == partNumber && q.kind == partNumber && (p.n != p.top || q.n != q.top) { // "0x" on a side
			switch {
			case p.top < q.n:
				return -1, false, false, ""
			case p.n > q.top:
				return 1, false, false, ""
			}
			inside := p.n >= q.n && p.top <= q.top
			return 0, inside && p.n == p.top, !inside, ""
		}
		c, why := compareParts(dev.parts[:i+1], bound.parts[:i+1])
		if why != "" {
			return 0, false, false, why
		}
		if c != 0 {
			if i == 1 && len(dev.parts) == 2 && len(bound.parts) == 2 && decimalsDisagree(dev, bound, c) {
				return 0, false, false, "read as decimal fractions and as dotted numbers they order differently"
			}
			return c, false, false, ""
		}
	}
	// One is a prefix of the other now.
	switch {
	case len(dev.parts) > n && remains(dev.parts[n:]) != 0:
		return 0, true, false, ""
	case len(bound.parts) > n && dev.open():
		return 0, false, true, "" // "8" or "8.x" against "8.2": any 8
	case len(bound.parts) > n && remains(bound.parts[n:]) != 0:
		return -1, false, false, ""
	case dev.wild:
		return 0, false, !bound.wild, ""
	case bound.wild:
		return 0, true, false, ""
	}
	c, why := compareTails(dev.tail, bound.tail)
	return c, false, false, why
}

// holds decides "dev op bound"; why explains an Unknown.
func holds(dev *form, op Op, bound *form) (t Truth, why string) {
	if op == NotEqual {
		t, why = holds(dev, Equal, bound)
		return t.Not(), why
	}
	if dev.text == bound.text && !dev.wild {
		return Of(op == Equal || op == LessEqual || op == GreaterEqual), ""
	}
	pos, refines, coarse, why := against(dev, bound)
	if why != "" {
		return Unknown, why
	}
	if pos != 0 {
		return Of(op == Less && pos < 0 || op == LessEqual && pos < 0 || op == Greater && pos > 0 || op == GreaterEqual && pos > 0), ""
	}
	if coarse { // the device's version stands for several, and the bound lies among them
		if op == GreaterEqual && zeros(dev, bound) {
			return True, ""
		}
		if op == Less && zeros(dev, bound) {
			return False, ""
		}
		return Unknown, "the version is not exact enough for this bound"
	}
	switch {
	case bound.wild: // the device is inside the line that the bound names
		switch op {
		case Equal, LessEqual, GreaterEqual:
			return True, ""
		}
		return Unknown, "it is not said where in this line the range begins or ends"
	case refines && bound.letters(): // "M" takes in "M.00.03"
		return Of(op == Equal || op == LessEqual || op == GreaterEqual), ""
	case refines:
		switch op {
		case Less:
			return False, ""
		case GreaterEqual:
			return True, ""
		}
		return Unknown, "the text does not say whether this later part belongs to it"
	}
	return Of(op == Equal || op == LessEqual || op == GreaterEqual), ""
}

// letters says that the form is a lone revision letter.
func (f *form) letters() bool {
	return len(f.parts) == 1 && f.parts[0].kind == partLetters && len(f.tail) == 0
}

// zeros says that the bound is the very first version that an open device version can mean: "8" and "8.0".
func zeros(dev, bound *form) bool {
	return !bound.wild && len(bound.tail) == 0 && dev.parts[len(dev.parts)-1].n == dev.parts[len(dev.parts)-1].top &&
		(len(bound.parts) <= len(dev.parts) || remains(bound.parts[len(dev.parts):]) == 0)
}
