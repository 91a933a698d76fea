package naming

import "strings"

// sig is a set of two-letter beginnings. A phrase and a name without one in common have no word in common, which spares
// most comparisons between the names of one manufacturer.
type sig [4]uint64

func (s *sig) add(a, b byte) {
	h := uint(a)*37 + uint(b)
	s[h>>6&3] |= 1 << (h & 63)
}

func (s *sig) meets(o *sig) bool {
	return s[0]&o[0]|s[1]&o[1]|s[2]&o[2]|s[3]&o[3] != 0
}

// sigOf is the beginnings of the words of a phrase that weigh; false when one of them could begin in any way.
func sigOf(p Phrase) (s sig, ok bool) {
	for _, sl := range p {
		for i := range sl {
			t := &sl[i]
			switch {
			case !t.Class.Weighs():
			case t.hi != 0 && len(t.pre) >= 2:
				s.add(t.pre[0], t.pre[1])
			case t.hi != 0 || len(t.Text) < 2 || strings.Contains(t.Digits, "x"):
				return s, false
			default:
				s.add(t.Text[0], t.Text[1])
			}
		}
	}
	return s, true
}

// sigOfName is the beginnings of everything that a name can be read as, with the recorded numbers.
func sigOfName(name []Atom, codes []string) (s sig) {
	for i, a := range name {
		switch {
		case len(a.Text) >= 2:
			s.add(a.Text[0], a.Text[1])
		case i+1 < len(name):
			s.add(a.Text[0], name[i+1].Text[0])
		}
	}
	for _, c := range codes {
		if len(c) >= 2 {
			s.add(c[0], c[1])
		}
	}
	return s
}
