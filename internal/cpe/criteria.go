package cpe

import "strings"

// Match is the answer for a criterion and an asset. The numbers are those of vers.Truth, so that a conversion suffices.
type Match int8

// The closed list of answers.
const (
	No    Match = -1
	Maybe Match = 0
	Yes   Match = 1
)

// Bounds limit the version of a criterion; empty ones do not (NVD API 2.0 cpeMatch, CVE 5.1 cpeApplicability).
type Bounds struct {
	StartIncluding string
	StartExcluding string
	EndIncluding   string
	EndExcluding   string
}

// Order compares two version texts: -1, 0 or +1, and false when they have no order.
type Order func(a, b string) (int, bool)

// Criteria is a criterion prepared for many assets.
type Criteria struct {
	Name   Name
	Bounds Bounds
	asks   [attributes]Attribute // the attributes that are not Any
	n      int
	ranged bool
	always bool // a hardware criterion with version NA: it names the product in every version
}

// Compile prepares a criterion.
func Compile(name Name, bounds Bounds) Criteria {
	c := Criteria{Name: name, Bounds: bounds, ranged: bounds != Bounds{}}
	// NVD writes version "-" for hardware to say that versions do not apply to the entry, not that the device has none.
	c.always = name[Part].text == "h" && name[Version].kind == NA
	for _, a := range [...]Attribute{Product, Vendor, Part, Version, Update, Edition, Language, SWEdition, TargetSW, TargetHW, Other} {
		if name[a].kind == Any || a == Version && c.always {
			continue
		}
		c.asks[c.n] = a
		c.n++
	}
	return c
}

// Key is the index key of the criterion; false when it must be asked for every asset.
func (c *Criteria) Key() (Key, bool) { return c.Name.Key() }

// Match decides whether the asset is one that the criterion names. Any on the asset's side means "not known": where the
// criterion needs it the answer is Maybe, and missing is the first such attribute. missing is Other+1 when nothing is
// missing but two versions have no order or the answer is Yes or No.
func (c *Criteria) Match(asset *Name, order Order) (m Match, missing Attribute) {
	m, missing = Yes, attributes
	for _, a := range c.asks[:c.n] {
		want, have := &c.Name[a], &asset[a]
		switch {
		case have.kind == Any, have.Wild():
			if m == Yes {
				m, missing = Maybe, a
			}
		case want.kind == NA && have.kind == NA:
		case want.kind != have.kind:
			return No, attributes
		case want.matches(have.text):
		case a != Version || want.Wild():
			return No, attributes
		default: // "8.0" and "8.0.0" are one version
			switch x, ok := order(have.text, want.text); {
			case ok && x == 0:
			case ok || !strings.ContainsAny(have.text, "0123456789") || !strings.ContainsAny(want.text, "0123456789"):
				return No, attributes
			default:
				m = Maybe
			}
		}
	}
	if !c.ranged {
		return m, missing
	}
	v := &asset[Version]
	if v.kind != Text || v.Wild() { // also NA: a product of which versions are sold has one
		if m == Yes {
			missing = Version
		}
		return Maybe, missing
	}
	switch c.within(v.text, order) {
	case No:
		return No, attributes
	case Maybe:
		m = Maybe
	}
	return m, missing
}

func (c *Criteria) within(v string, order Order) Match {
	m := Yes
	for i, bound := range [...]string{c.Bounds.StartIncluding, c.Bounds.StartExcluding, c.Bounds.EndIncluding, c.Bounds.EndExcluding} {
		if bound == "" {
			continue
		}
		x, ok := order(v, bound)
		switch {
		case !ok:
			m = Maybe
		case i == 0 && x < 0, i == 1 && x <= 0, i == 2 && x > 0, i == 3 && x >= 0:
			return No
		}
	}
	return m
}
