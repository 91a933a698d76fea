package cpe

import "strings"

// Relation is how a source name or value relates to a target (NISTIR 7696 6.2).
type Relation uint8

// The closed list of relations.
const (
	Undefined Relation = iota // a target with wildcards, or attributes that point in different ways
	Disjoint
	Equal
	Subset
	Superset
)

// String is the relation's word.
func (r Relation) String() string {
	switch r {
	case Disjoint:
		return "disjoint"
	case Equal:
		return "equal"
	case Subset:
		return "subset"
	case Superset:
		return "superset"
	}
	return "undefined"
}

// Compare relates the source value to the target value (NISTIR 7696 table 6-2).
func (v Value) Compare(target Value) Relation {
	switch {
	case target.kind == Text && target.Wild():
		return Undefined
	case v == target:
		return Equal
	case v.kind == Any:
		return Superset
	case target.kind == Any:
		return Subset
	case v.kind == NA || target.kind == NA:
		return Disjoint
	case v.Wild() && v.matches(target.text):
		return Superset
	}
	return Disjoint
}

// matches reports whether the text with its wildcards covers a plain text. "?" at an end stands for one character or
// none (NISTIR 7696 6.3, compareStrings).
func (v *Value) matches(s string) bool {
	if !v.Wild() {
		return v.text == s
	}
	lead, trail := int(v.lead), int(v.trail)
	for from := 0; ; {
		i := strings.Index(s[from:], v.text)
		if i < 0 {
			return false
		}
		at := from + i
		after := len(s) - at - len(v.text)
		if (lead == star || at <= lead) && (trail == star || after <= trail) {
			return true
		}
		if lead != star && at > lead || at >= len(s) {
			return false
		}
		from = at + 1
	}
}

// Compare relates two names: disjoint if any attribute is, else equal, superset or subset if all attributes agree
// (NISTIR 7696 6.1.2).
func (n *Name) Compare(target *Name) Relation {
	equal, super, sub, undefined := true, true, true, false
	for a := range n {
		switch n[a].Compare(target[a]) {
		case Disjoint:
			return Disjoint
		case Undefined:
			undefined = true
		case Superset:
			equal, sub = false, false
		case Subset:
			equal, super = false, false
		}
	}
	switch {
	case undefined:
		return Undefined
	case equal:
		return Equal
	case super:
		return Superset
	case sub:
		return Subset
	}
	return Undefined
}
