package cpe

import (
	"fmt"
	"strings"
)

// Attribute is one of the eleven attributes of a name (NISTIR 7695 5.2).
type Attribute uint8

// The attributes in the order of the formatted string.
const (
	Part Attribute = iota
	Vendor
	Product
	Version
	Update
	Edition
	Language
	SWEdition
	TargetSW
	TargetHW
	Other
	attributes
)

// String is the attribute's name in the standard.
func (a Attribute) String() string {
	if a < attributes {
		return [...]string{"part", "vendor", "product", "version", "update", "edition", "language", "sw_edition", "target_sw", "target_hw", "other"}[a]
	}
	return "attribute"
}

// Kind tells a logical value from a string.
type Kind uint8

// The closed list of kinds. The zero value is Any: nothing is said.
const (
	Any Kind = iota
	NA
	Text
)

// star is the count that stands for "*" at an end of a value; other counts are that many "?".
const star = -1

// Value is the value of an attribute: a logical value, or text with wildcards at its ends.
type Value struct {
	kind        Kind
	lead, trail int16
	text        string // lower case, nothing quoted
}

// Kind is Any, NA or Text.
func (v Value) Kind() Kind { return v.kind }

// Wild reports whether the text has a wildcard.
func (v Value) Wild() bool { return v.lead != 0 || v.trail != 0 }

// Plain is the text without quoting and without its wildcards; "" for Any and NA.
func (v Value) Plain() string { return v.text }

// Of makes a value of plain text, every character of which stands for itself; "" is Any.
func Of(text string) Value {
	if text == "" {
		return Value{}
	}
	return Value{kind: Text, text: lower([]byte(text))}
}

// lower folds ASCII letters; CPE names hold no other letters, and bytes that some have all the same stay as they are.
func lower(b []byte) string {
	for i, c := range b {
		if c >= 'A' && c <= 'Z' {
			b[i] = c + 'a' - 'A'
		}
	}
	return string(b)
}

// NotApplicable is the value NA.
func NotApplicable() Value { return Value{kind: NA} }

// Name is a well-formed CPE name.
type Name [attributes]Value

// Key is what an index of names looks up.
type Key struct{ Part, Vendor, Product string }

// Key is the index key of the name; false when one of the three is no plain text, so that an index must not be asked.
func (n *Name) Key() (Key, bool) {
	for _, a := range [...]Attribute{Part, Vendor, Product} {
		if n[a].kind != Text || n[a].Wild() {
			return Key{}, false
		}
	}
	return Key{n[Part].text, n[Vendor].text, n[Product].text}, true
}

const maxName = 4096

// Parse reads a 2.3 formatted string or a 2.2 URI.
func Parse(s string) (Name, error) {
	s = strings.TrimSpace(s)
	switch {
	case len(s) > maxName:
		return Name{}, fmt.Errorf("cpe name of %d bytes: at most %d", len(s), maxName)
	case hasPrefix(s, "cpe:2.3:"):
		return parseFormatted(s)
	case hasPrefix(s, "cpe:/"):
		return parseURI(s)
	}
	return Name{}, fmt.Errorf("cpe name %q begins with neither cpe:2.3: nor cpe:/", clip(s))
}

func hasPrefix(s, prefix string) bool {
	return len(s) >= len(prefix) && strings.EqualFold(s[:len(prefix)], prefix)
}

func clip(s string) string {
	if len(s) > 120 {
		return s[:120] + "..."
	}
	return s
}

// check refuses names that NISTIR 7695 5.3.3 does not allow.
func (n *Name) check() error {
	p := n[Part]
	if p.Wild() || p.kind == NA || p.kind == Text && p.text != "a" && p.text != "o" && p.text != "h" {
		return fmt.Errorf("part must be a, o, h or *")
	}
	return nil
}
