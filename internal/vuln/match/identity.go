package match

import (
	"slices"
	"strings"

	"triward/internal/advisory"
	"triward/internal/vuln/naming"
)

// identity says how the subject is the product of the claim. Missing of the proof is set when that is open.
func (p *Prepared) identity(c *compiled, at *claim, s *subject) (naming.Relation, []naming.Atom, Proof, bool) {
	product := strings.TrimSpace(at.about.Vendor + " " + at.about.Product)
	if slices.ContainsFunc(at.models, func(m string) bool { return slices.Contains(s.Codes, m) }) {
		return naming.Exact, nil, Proof{Rule: "model number", Truth: Affected, Says: s.what + " has a model number of " + product, Facts: s.nameFacts()}, true
	}
	met := naming.Meet(at.makers, s.Makers)
	sameName := slices.ContainsFunc(at.bare, func(b string) bool { return b != "" && slices.Contains(s.Bare, b) })
	if s.kind == aComponent || len(at.makers) == 0 || len(s.Makers) == 0 {
		if !sameName && s.kind == theDevice && len(s.Makers) == 0 && len(at.words) > 0 && s.Relate(&c.read(at).naming) >= naming.Member {
			sameName = true
		}
		if !sameName || len(at.makers) > 0 && len(s.Makers) > 0 && !met {
			return naming.Apart, nil, Proof{}, false
		}
		proof := Proof{Rule: "name", Truth: Affected, Says: s.what + " has the name of " + product, Facts: s.nameFacts()}
		if !met {
			proof.Truth, proof.Missing = Unknown, "manufacturer of "+strings.TrimSpace(s.Called)
			if s.kind == theDevice {
				proof.Missing = "manufacturer"
			}
			proof.Says += ", its manufacturer is not known"
			return naming.Possible, nil, proof, true
		}
		return naming.Exact, nil, proof, true
	}
	if !met {
		return naming.Apart, nil, Proof{}, false
	}
	if s.kind == aFact && c.rec.Source != advisory.CSAF && s.fact != Hardware && s.fact != Firmware {
		if !sameName {
			return naming.Apart, nil, Proof{}, false
		}
		return naming.Exact, nil, Proof{Rule: "name", Truth: Affected, Says: s.what + " is named as " + quoted(product), Facts: s.nameFacts()}, true
	}
	parts := c.read(at)
	if parts.naming.Generic {
		return p.kindOf(at, s, &parts.naming)
	}
	rel, rest := s.Closest(&parts.naming)
	if sameName && rel < naming.Exact && parts.naming.Version == nil && len(parts.naming.Demands) == 0 {
		rel, rest = naming.Exact, nil
	}
	if rel == naming.Apart && s.kind == theDevice && s.numbered(parts) {
		return naming.Exact, nil, Proof{Rule: "model number", Truth: Affected, Says: s.what + " has a model number that " + quoted(product) + " gives", Facts: s.nameFacts()}, true
	}
	proof := Proof{Rule: "name", Truth: Affected, Facts: s.nameFacts()}
	switch rel {
	case naming.Apart:
		return naming.Apart, nil, Proof{}, false
	case naming.Possible:
		if s.kind != theDevice {
			return naming.Apart, nil, Proof{}, false
		}
		proof.Truth, proof.Missing = Unknown, "exact model"
		proof.Says = s.what + " may be " + quoted(product) + ": the names agree as far as they go"
	case naming.Member:
		proof.Says = s.what + " belongs to the line " + quoted(product)
	default:
		proof.Says = s.what + " is named as " + quoted(product)
	}
	if len(at.models) > 0 && len(s.Codes) > 0 && rel == naming.Exact && slices.ContainsFunc(s.Codes, func(code string) bool {
		return slices.ContainsFunc(at.models, func(m string) bool { return len(m) == len(code) && naming.Shape(m) == naming.Shape(code) })
	}) {
		return naming.Apart, nil, Proof{}, false
	}
	return rel, rest, proof, true
}

// numbered says that a model number of the version text is the subject's, and that the names share a word.
func (s *subject) numbered(parts *claimParts) bool {
	hit := slices.ContainsFunc(parts.says.labels, func(l label) bool {
		return slices.ContainsFunc(l.phrase, func(sl naming.Slot) bool {
			return sl[0].Class == naming.Number && len(sl[0].Digits) >= 4 && slices.Contains(s.Codes, sl[0].Text)
		})
	})
	return hit && len(s.Names) > 0 && slices.ContainsFunc(parts.naming.Alts, func(p naming.Phrase) bool {
		al := naming.Align(p, s.Names[0], nil)
		return slices.ContainsFunc(al.Matched, func(i int) bool { return p[i][0].Class.Weighs() })
	})
}

// kindOf relates a subject to a name that says only what kind of thing is meant ("PET/CT Systems").
func (p *Prepared) kindOf(at *claim, s *subject, n *naming.Published) (naming.Relation, []naming.Atom, Proof, bool) {
	if len(n.Kinds) == 0 || s.kind != theDevice {
		return naming.Apart, nil, Proof{}, false
	}
	product := strings.TrimSpace(at.about.Vendor + " " + at.about.Product)
	known, called := true, true
	for _, k := range n.Kinds {
		known = known && (s.Kinds[k] || s.Kinds[strings.TrimSuffix(k, "s")] || s.Kinds[k+"s"])
		called = called && slices.ContainsFunc(s.Names, func(name []naming.Atom) bool {
			return slices.ContainsFunc(name, func(a naming.Atom) bool { return strings.TrimSuffix(a.Text, "s") == strings.TrimSuffix(k, "s") })
		})
	}
	proof := Proof{Rule: "kind", Facts: s.nameFacts()}
	switch {
	case known:
		proof.Truth, proof.Says = Affected, s.what+" is of the kind that is named: "+quoted(product)
		return naming.Exact, nil, proof, true
	case called:
		proof.Truth, proof.Missing, proof.Says = Unknown, "exact model", s.what+" is of the kind that is named, "+quoted(product)+", which names no model"
		return naming.Possible, nil, proof, true
	}
	return naming.Apart, nil, Proof{}, false
}

func (s *subject) nameFacts() []string {
	switch s.kind {
	case aComponent:
		return []string{s.what}
	case aFact:
		return []string{s.what + " (" + s.source + ")"}
	}
	return []string{"manufacturer = " + s.said, "model = " + s.Called}
}
