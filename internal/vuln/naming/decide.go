package naming

import "slices"

// decide weighs what agrees and what is left over on both sides. The rules, strongest first:
//   - Model numbers decide. A model number of the published name that the other name contradicts makes another product; one
//     that the other name does not give leaves the exact model open.
//   - What a thing is called besides its model number ("monitor", "pump", "wireless") does not count against it, except
//     that two different roles under one brand are two products ("CareLink Monitor", "CareLink Programmer").
//   - A published name without a model number is a line; more letters and numbers after it name a member of the line,
//     another word after it may name another line.
//   - A name that is shorter than the published one at its front lacks a brand and is the same ("FM30"); one that is
//     shorter at its end lacks the model and leaves it open ("Pyxis MedStation").
func (al *Alignment) decide(p Phrase, name []Atom, codes []string) Relation {
	m, o := al.weigh(p)
	if m.brands+m.units+m.variants+m.numbers == 0 {
		return Apart
	}
	r := al.left(name)
	loose := r.brands + r.variants + r.numbers
	if o.numbers > 0 {
		if conflict := al.contradicted(p, codes); conflict {
			return Apart
		}
		if r.numbers > 0 {
			switch al.nearly(p, name, m) {
			case Exact:
				o.numbers, m.units = 0, m.units+1
				r.numbers--
				loose--
			case Possible:
				if o.brands+o.variants == 0 || r.brands+r.variants == 0 {
					return Possible
				}
				return Apart
			default:
				return Apart
			}
		} else if loose == 0 && !(o.roles > 0 && r.roles > 0 && m.units == 0) && (m.brands > 0 || m.units > 0) {
			return Possible
		} else {
			return Apart
		}
	}
	otherRole := o.roles > 0 && r.roles > 0 && m.units == 0 && m.roles == 0
	short := o.brands + o.variants + o.strong
	switch {
	case short == 0 && loose+r.strong == 0:
		if otherRole {
			return Apart
		}
		return Exact
	case short == 0:
		return al.longer(m, o, r)
	case loose == 0 && otherRole:
		return Apart
	case loose == 0:
		return shorter(m, o)
	case m.coded && o.brands+r.numbers == 0: // "RF models EX1150" and "Merlin@home EX1150"
		return Exact
	case m.units > 0 && m.brands > 0 && o.brands > 0 && r.brands > 0 && !m.lettered && !o.front && !r.leading: // "MedStation 4000", "Anesthesia System 4000"
		return Apart
	case m.units > 0 && m.brands > 0:
		if o.variants+r.variants == 0 && (r.numbers == 0 || r.code) {
			return Exact
		}
		return Possible
	case m.prefixed && o.variants+r.variants+r.numbers == 0:
		return Possible
	}
	return Apart
}

// weight is what the slots of a phrase weigh, matched or open.
type weight struct {
	brands, variants, units, numbers, roles, strong int
	words                                           int  // descriptors
	lettered                                        bool // a matched model number has letters, or five digits
	prefixed                                        bool // a matched model number has letters, or four digits
	coded                                           bool // a matched model number has letters and four digits
	front                                           bool // of the open ones: all stand before the first matched one that weighs
	tail                                            bool // of the matched ones: a word of some length or a model number is among them
}

func (al *Alignment) weigh(p Phrase) (m, o weight) {
	first := len(p)
	for _, i := range al.Matched {
		t := &p[i][0]
		switch t.Class {
		case Brand:
			m.brands++
			m.tail = m.tail || len(t.Text) >= 5
		case Variant:
			m.variants++
		case Role:
			m.roles++
		case StrongRole:
			m.strong++
		case Number:
			if t.Strong() || t.hi != 0 {
				m.units++
				m.tail = true
				m.lettered = m.lettered || t.led && slices.Contains(al.Matched, i-1) || t.pre != "" || t.suf != "" && t.suf != "tesla" || len(t.Digits) >= 5
				m.coded = m.coded || t.pre != "" && len(t.Digits) >= 4
				m.prefixed = m.prefixed || len(t.suf) >= 5 || t.pre != "" && len(t.Text) >= 3 || len(t.Digits) >= 4
			} else {
				m.numbers++
			}
		}
		if t.Class.Weighs() {
			first = min(first, i)
		}
	}
	o.front = true
	for _, i := range al.Open {
		switch c := p[i][0].Class; c {
		case Brand:
			o.brands++
		case Variant:
			o.variants++
		case Descriptor:
			o.words++
		case Role:
			o.roles++
		case StrongRole:
			o.strong++
		case Number:
			o.numbers++
		}
		if p[i][0].Class >= StrongRole {
			o.front = o.front && i < first
		}
	}
	return m, o
}

// longer decides when the name has everything that is published and more.
func (al *Alignment) longer(m, o weight, r rest) Relation {
	otherRole := o.roles > 0 && r.roles > 0 && m.units == 0 && m.roles == 0
	switch {
	case r.strong > 0 && m.strong == 0:
		return Possible
	case m.units > 0:
		if r.variants > 0 || r.numbers > 0 && !r.code {
			return Possible
		}
		if m.brands == 0 && r.brands > 0 && !m.prefixed {
			return Possible
		}
		return Exact
	case otherRole:
		return Apart
	case r.brands > 0:
		if r.leading && m.brands+m.variants+m.numbers >= 2 && r.variants+r.numbers == 0 {
			return Exact
		}
		if o.roles+o.words > 0 { // "CareLink Monitor" and "CareLink Express"
			return Apart
		}
		return Possible
	case m.numbers > 0 && r.numbers > 0, m.brands == 0:
		return Possible
	}
	return Member
}

// shorter decides when the name has less than what is published and nothing else.
func shorter(m, o weight) Relation {
	switch {
	case o.strong > 0 && o.brands+o.variants == 0:
		return Possible
	case m.units > 0 && o.variants+o.strong == 0 && (m.brands > 0 || m.prefixed):
		return Exact
	case o.variants+o.strong == 0 && o.front && m.tail:
		return Exact
	case m.brands > 0 || m.units > 0:
		return Possible
	}
	return Apart
}

// modality are letters before a number that say what kind of imaging it is.
var modality = setOf("ct mr mri nm xr dr cr us pet spect")

// nearly looks for a model number that agrees in its digits but for letters.
func (al *Alignment) nearly(p Phrase, name []Atom, m weight) Relation {
	best := Apart
	for _, i := range al.Open {
		for k := range p[i] {
			t := &p[i][k]
			if t.Class != Number || t.hi != 0 {
				continue
			}
			for j := range name {
				if al.used&(1<<j) != 0 || name[j].Text != t.Digits {
					continue
				}
				pre, suf := "", ""
				if j > 0 && name[j].glued && name[j-1].Class != Number {
					pre = name[j-1].Text
				}
				if j+1 < len(name) && name[j+1].glued {
					suf = name[j+1].Text
				}
				rel := Apart
				switch {
				case pre == t.pre && suf != t.suf && (suf == "" || t.suf == ""):
					rel = Possible
				case suf == t.suf && pre == "" && len(t.Digits) >= 3 && m.brands > 0, suf == t.suf && t.pre == "" && len(t.Digits) >= 4:
					rel = Exact
				case suf == t.suf && (pre == "" || t.pre == "") && modality[pre+t.pre]:
					rel = Possible
				}
				best = max(best, rel)
			}
		}
	}
	return best
}

// contradicted says that a recorded model number is of the same pattern as one of the phrase and differs from all of them.
func (al *Alignment) contradicted(p Phrase, codes []string) bool {
	for _, i := range al.Open {
		for k := range p[i] {
			t := &p[i][k]
			if t.Class != Number || t.hi != 0 || len(t.Text) < 3 {
				continue
			}
			for _, c := range codes {
				if len(c) == len(t.Text) && Shape(c) == Shape(t.Text) {
					return true
				}
			}
		}
	}
	return false
}

// Shape writes a for each letter and 9 for each digit.
func Shape(s string) string {
	b := []byte(s)
	for i := range b {
		if isDigit(b[i]) {
			b[i] = '9'
		} else {
			b[i] = 'a'
		}
	}
	return string(b)
}

// extends says that a name holds everything that a line's name gives, and more.
func extends(p Phrase, name []Atom, codes []string) bool {
	al := Align(p, name, codes)
	m, o := al.weigh(p)
	return m.brands > 0 && m.units == 0 && o.brands+o.variants+o.numbers+o.strong == 0
}
