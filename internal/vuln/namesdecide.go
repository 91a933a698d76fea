package vuln

// decide weighs what agrees and what is left over on both sides. The rules, strongest first:
//   - Model numbers decide. A model number of the published name that the other name contradicts makes another product; one
//     that the other name does not give leaves the exact model open.
//   - What a thing is called besides its model number ("monitor", "pump", "wireless") does not count against it, except
//     that two different roles under one brand are two products ("CareLink Monitor", "CareLink Programmer").
//   - A published name without a model number is a line; more letters and numbers after it name a member of the line,
//     another word after it may name another line.
//   - A name that is shorter than the published one at its front lacks a brand and is the same ("FM30"); one that is
//     shorter at its end lacks the model and leaves it open ("Pyxis MedStation").
func (al *alignment) decide(p phrase, name []atom, codes []string) relation {
	m, o := al.weigh(p)
	if m.brands+m.units+m.variants+m.numbers == 0 {
		return apart
	}
	r := al.left(name)
	loose := r.brands + r.variants + r.numbers
	if o.numbers > 0 {
		if conflict := al.contradicted(p, codes); conflict {
			return apart
		}
		if r.numbers > 0 {
			switch al.nearly(p, name, m.brands > 0) {
			case exact:
				o.numbers, m.units = 0, m.units+1
				r.numbers--
				loose--
			case possible:
				if o.brands+o.variants == 0 || r.brands+r.variants == 0 {
					return possible
				}
				return apart
			default:
				return apart
			}
		} else if loose == 0 && !(o.roles > 0 && r.roles > 0 && m.units == 0) && (m.brands > 0 || m.units > 0) {
			return possible
		} else {
			return apart
		}
	}
	otherRole := o.roles > 0 && r.roles > 0 && m.units == 0 && m.roles == 0
	short := o.brands + o.variants + o.strong
	switch {
	case short == 0 && loose+r.strong == 0:
		if otherRole {
			return apart
		}
		return exact
	case short == 0:
		return al.longer(m, o, r)
	case loose == 0:
		return shorter(m, o, otherRole)
	case m.units > 0 && m.brands > 0 && o.brands > 0 && r.brands > 0 && !m.lettered: // "MedStation 4000", "Anesthesia System 4000"
		return apart
	case m.units > 0 && m.brands > 0:
		if o.variants+r.variants == 0 && (r.numbers == 0 || r.code) {
			return exact
		}
		return possible
	case m.prefixed && o.variants+r.variants+r.numbers == 0:
		return possible
	}
	return apart
}

// weight is what the slots of a phrase weigh, matched or open.
type weight struct {
	brands, variants, units, numbers, roles, strong int
	words                                           int  // descriptors
	lettered                                        bool // a matched model number has letters, or five digits
	prefixed                                        bool // a matched model number has letters, or four digits
	front                                           bool // of the open ones: all stand before the first matched one that weighs
	tail                                            bool // of the matched ones: a word of some length or a model number is among them
}

func (al *alignment) weigh(p phrase) (m, o weight) {
	first := len(p)
	for _, i := range al.matched {
		t := &p[i][0]
		switch t.class {
		case brand:
			m.brands++
			m.tail = m.tail || len(t.s) >= 5
		case variant:
			m.variants++
		case role:
			m.roles++
		case strongRole:
			m.strong++
		case number:
			if t.strong() || t.hi != 0 {
				m.units++
				m.tail = true
				m.lettered = m.lettered || t.pre != "" || t.suf != "" && t.suf != "tesla" || len(t.digits) >= 5
				m.prefixed = m.prefixed || len(t.suf) >= 5 || t.pre != "" && len(t.s) >= 3 || len(t.digits) >= 4
			} else {
				m.numbers++
			}
		}
		if t.class.weighs() {
			first = min(first, i)
		}
	}
	o.front = true
	for _, i := range al.open {
		switch c := p[i][0].class; c {
		case brand:
			o.brands++
		case variant:
			o.variants++
		case descriptor:
			o.words++
		case role:
			o.roles++
		case strongRole:
			o.strong++
		case number:
			o.numbers++
		}
		if p[i][0].class >= strongRole {
			o.front = o.front && i < first
		}
	}
	return m, o
}

// longer decides when the name has everything that is published and more.
func (al *alignment) longer(m, o weight, r rest) relation {
	otherRole := o.roles > 0 && r.roles > 0 && m.units == 0 && m.roles == 0
	switch {
	case r.strong > 0 && m.strong == 0:
		return possible
	case m.units > 0:
		if r.variants > 0 || r.numbers > 0 && !r.code {
			return possible
		}
		if m.brands == 0 && r.brands > 0 && !m.prefixed {
			return possible
		}
		return exact
	case otherRole:
		return apart
	case r.brands > 0:
		if r.leading && m.brands+m.variants+m.numbers >= 2 && r.variants+r.numbers == 0 {
			return exact
		}
		if o.roles+o.words > 0 { // "CareLink Monitor" and "CareLink Express"
			return apart
		}
		return possible
	case m.numbers > 0 && r.numbers > 0, m.brands == 0:
		return possible
	}
	return member
}

// shorter decides when the name has less than what is published and nothing else.
func shorter(m, o weight, otherRole bool) relation {
	switch {
	case otherRole:
		return apart
	case o.strong > 0 && o.brands+o.variants == 0:
		return possible
	case m.units > 0 && o.variants+o.strong == 0 && (m.brands > 0 || m.prefixed):
		return exact
	case o.variants+o.strong == 0 && o.front && m.tail:
		return exact
	case m.brands > 0 || m.units > 0:
		return possible
	}
	return apart
}

// modality are letters before a number that say what kind of imaging it is.
var modality = setOf("ct mr mri nm xr dr cr us pet spect")

// nearly looks for a model number that agrees in its digits but for letters.
func (al *alignment) nearly(p phrase, name []atom, branded bool) relation {
	best := apart
	for _, i := range al.open {
		for k := range p[i] {
			t := &p[i][k]
			if t.class != number || t.hi != 0 {
				continue
			}
			for j := range name {
				if al.used&(1<<j) != 0 || name[j].s != t.digits {
					continue
				}
				pre, suf := "", ""
				if j > 0 && name[j].glued && name[j-1].class != number {
					pre = name[j-1].s
				}
				if j+1 < len(name) && name[j+1].glued {
					suf = name[j+1].s
				}
				rel := apart
				switch {
				case pre == t.pre && suf != t.suf && (suf == "" || t.suf == ""):
					rel = possible
				case suf == t.suf && pre == "" && len(t.digits) >= 3 && branded, suf == t.suf && t.pre == "" && len(t.digits) >= 4:
					rel = exact
				case suf == t.suf && (pre == "" || t.pre == "") && modality[pre+t.pre]:
					rel = possible
				}
				best = max(best, rel)
			}
		}
	}
	return best
}

// contradicted says that a recorded model number is of the same pattern as one of the phrase and differs from all of them.
func (al *alignment) contradicted(p phrase, codes []string) bool {
	for _, i := range al.open {
		for k := range p[i] {
			t := &p[i][k]
			if t.class != number || t.hi != 0 || len(t.s) < 3 {
				continue
			}
			for _, c := range codes {
				if len(c) == len(t.s) && shape(c) == shape(t.s) {
					return true
				}
			}
		}
	}
	return false
}

// shape writes a for each letter and 9 for each digit.
func shape(s string) string {
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
func extends(p phrase, name []atom, codes []string) bool {
	al := align(p, name, codes)
	m, o := al.weigh(p)
	return m.brands > 0 && m.units == 0 && o.brands+o.variants+o.numbers+o.strong == 0
}
