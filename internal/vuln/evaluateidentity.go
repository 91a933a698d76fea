package vuln

import (
	"slices"
	"strings"

	"triward/internal/advisory"
)

// identity says how the subject is the product of the claim. Missing of the proof is set when that is open.
func (p *Prepared) identity(c *compiled, at *claim, s *subject) (relation, []atom, Proof, bool) {
	product := strings.TrimSpace(at.about.Vendor + " " + at.about.Product)
	if slices.ContainsFunc(at.models, func(m string) bool { return slices.Contains(s.codes, m) }) {
		return exact, nil, Proof{Rule: "model number", Truth: Affected, Says: s.what + " has a model number of " + product, Facts: s.nameFacts()}, true
	}
	met := meet(at.makers, s.makers)
	sameName := slices.ContainsFunc(at.bare, func(b string) bool { return b != "" && slices.Contains(s.bare, b) })
	if s.kind == aComponent || len(at.makers) == 0 || len(s.makers) == 0 {
		if !sameName && s.kind == theDevice && len(s.makers) == 0 && len(at.words) > 0 && s.relate(&c.read(at).naming) >= member {
			sameName = true
		}
		if !sameName || len(at.makers) > 0 && len(s.makers) > 0 && !met {
			return apart, nil, Proof{}, false
		}
		proof := Proof{Rule: "name", Truth: Affected, Says: s.what + " has the name of " + product, Facts: s.nameFacts()}
		if !met {
			proof.Truth, proof.Missing = Unknown, "manufacturer of "+strings.TrimSpace(s.called)
			if s.kind == theDevice {
				proof.Missing = "manufacturer"
			}
			proof.Says += ", its manufacturer is not known"
			return possible, nil, proof, true
		}
		return exact, nil, proof, true
	}
	if !met {
		return apart, nil, Proof{}, false
	}
	if s.kind == aFact && c.rec.Source != advisory.CSAF && s.fact != Hardware && s.fact != Firmware {
		if !sameName {
			return apart, nil, Proof{}, false
		}
		return exact, nil, Proof{Rule: "name", Truth: Affected, Says: s.what + " is named as " + quoted(product), Facts: s.nameFacts()}, true
	}
	parts := c.read(at)
	if parts.naming.generic {
		return p.kindOf(at, s, &parts.naming)
	}
	rel, rest := s.closest(&parts.naming)
	if sameName && rel < exact && parts.naming.version == nil && len(parts.naming.with) == 0 {
		rel, rest = exact, nil
	}
	if rel == apart && s.kind == theDevice && s.numbered(parts) {
		return exact, nil, Proof{Rule: "model number", Truth: Affected, Says: s.what + " has a model number that " + quoted(product) + " gives", Facts: s.nameFacts()}, true
	}
	proof := Proof{Rule: "name", Truth: Affected, Facts: s.nameFacts()}
	switch rel {
	case apart:
		return apart, nil, Proof{}, false
	case possible:
		if s.kind != theDevice {
			return apart, nil, Proof{}, false
		}
		proof.Truth, proof.Missing = Unknown, "exact model"
		proof.Says = s.what + " may be " + quoted(product) + ": the names agree as far as they go"
	case member:
		proof.Says = s.what + " belongs to the line " + quoted(product)
	default:
		proof.Says = s.what + " is named as " + quoted(product)
	}
	if len(at.models) > 0 && len(s.codes) > 0 && rel == exact && slices.ContainsFunc(s.codes, func(code string) bool {
		return slices.ContainsFunc(at.models, func(m string) bool { return len(m) == len(code) && shape(m) == shape(code) })
	}) {
		return apart, nil, Proof{}, false
	}
	return rel, rest, proof, true
}

// numbered says that a model number of the version text is the subject's, and that the names share a word.
func (s *subject) numbered(parts *claimParts) bool {
	hit := slices.ContainsFunc(parts.says.labels, func(l label) bool {
		return slices.ContainsFunc(l.phrase, func(sl slot) bool {
			return sl[0].class == number && len(sl[0].digits) >= 4 && slices.Contains(s.codes, sl[0].s)
		})
	})
	return hit && len(s.names) > 0 && slices.ContainsFunc(parts.naming.alts, func(p phrase) bool {
		al := align(p, s.names[0], nil)
		return slices.ContainsFunc(al.matched, func(i int) bool { return p[i][0].class.weighs() })
	})
}

// kindOf relates a subject to a name that says only what kind of thing is meant ("PET/CT Systems").
func (p *Prepared) kindOf(at *claim, s *subject, n *naming) (relation, []atom, Proof, bool) {
	if len(n.kinds) == 0 || s.kind != theDevice {
		return apart, nil, Proof{}, false
	}
	product := strings.TrimSpace(at.about.Vendor + " " + at.about.Product)
	known, called := true, true
	for _, k := range n.kinds {
		known = known && (s.kinds[k] || s.kinds[strings.TrimSuffix(k, "s")] || s.kinds[k+"s"])
		called = called && slices.ContainsFunc(s.names, func(name []atom) bool {
			return slices.ContainsFunc(name, func(a atom) bool { return strings.TrimSuffix(a.s, "s") == strings.TrimSuffix(k, "s") })
		})
	}
	proof := Proof{Rule: "kind", Facts: s.nameFacts()}
	switch {
	case known:
		proof.Truth, proof.Says = Affected, s.what+" is of the kind that is named: "+quoted(product)
		return exact, nil, proof, true
	case called:
		proof.Truth, proof.Missing, proof.Says = Unknown, "exact model", s.what+" is of the kind that is named, "+quoted(product)+", which names no model"
		return possible, nil, proof, true
	}
	return apart, nil, Proof{}, false
}

func (s *subject) nameFacts() []string {
	switch s.kind {
	case aComponent:
		return []string{s.what}
	case aFact:
		return []string{s.what + " (" + s.source + ")"}
	}
	return []string{"manufacturer = " + s.said, "model = " + s.called}
}
