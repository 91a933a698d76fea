package conform

import (
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"
)

// scalar judges a single text, number or boolean.
func (c *checker) scalar(f *field, n *Node) {
	text := n.text
	if n.kind == Element {
		text = strings.TrimSpace(text)
	} else if want := jsonKind(f.typ); n.kind != want {
		c.fault("is a JSON %s, must be a %s", n.kind, want)
		return
	}
	if words, ok := strings.CutPrefix(f.typ, "enum:"); ok {
		c.word(f, words, text)
		return
	}
	if problem := c.text(f.typ, text); problem != "" {
		c.fault("%q %s", Cut(text), problem)
	}
}

// jsonKind is the JSON type of a scalar.
func jsonKind(typ string) Kind {
	switch typ {
	case "bool":
		return Bool
	case "int", "natural", "positive", "num", "fraction":
		return Number
	}
	return String
}

func (c *checker) word(f *field, name, text string) {
	if name == "licence" {
		if !LicenceID(text) {
			c.fault("%q is not an identifier of the SPDX licence list; use name for other licences", Cut(text))
		}
		return
	}
	since, ok := f.enum[text]
	switch {
	case !ok && len(f.enum) <= 16:
		c.fault("%q is not one of %s", Cut(text), list(sorted(f.enum)))
	case !ok:
		c.fault("%q is not a %s that the specification knows", Cut(text), name)
	case since > c.minor:
		c.fault("%q is a word of a newer specification (minor version %d; the document declares %d)", text, since, c.minor)
	}
}

// text says what is wrong with a scalar, "" when nothing is.
func (c *checker) text(typ, s string) string {
	switch typ {
	case "bool":
		if s != "true" && s != "false" && (!c.xml || s != "0" && s != "1") {
			return "is not true or false"
		}
	case "int", "natural", "positive", "num", "fraction":
		return numberFault(typ, s)
	case "time":
		return c.timeFault(s)
	case "stamp":
		if _, err := time.Parse("2006-01-02T15:04:05Z", s); err != nil {
			return "is not a time of the form YYYY-MM-DDThh:mm:ssZ"
		}
	case "word":
		if s == "" {
			return "is empty"
		}
	case "mime":
		if a, b, ok := strings.Cut(s, "/"); !ok || !only(a, "-+.") || !only(b, "-+.") || a == "" || b == "" || s != strings.ToLower(s) {
			return "is not a media type (type/subtype in lower case)"
		}
	case "locale":
		if !locale(s) {
			return "is not a locale such as en or en-US"
		}
	case "serial":
		if !c.serial(s) {
			return "is not of the form urn:uuid:xxxxxxxx-xxxx-xxxx-xxxx-xxxxxxxxxxxx in lower case"
		}
	case "digest", "hex":
		return hashFault(typ, s)
	case "ref", "spdxID", "documentID":
		return c.define(typ, s)
	case "link", "elementRef":
		return c.refer(typ, s)
	default:
		return c.looseText(typ, s)
	}
	return ""
}

// looseText judges forms that the specifications describe without making them a condition of validity, as warnings,
// and the agent forms of SPDX.
func (c *checker) looseText(typ, s string) string {
	switch typ {
	case "uri":
		if strings.ContainsAny(s, " \t\n<>\"{}|\\^`") {
			c.warn("%q is not a URI reference (RFC 3986)", Cut(s))
		}
	case "email":
		if s != "" && !strings.Contains(s, "@") {
			c.warn("%q is not an e-mail address", Cut(s))
		}
	case "namespace":
		if !strings.Contains(s, ":") || strings.ContainsAny(s, "# ") {
			return "is not a URI without a fragment (#)"
		}
	case "creator":
		if !agent(s, "Person:", "Organization:", "Tool:") {
			return "must start with Person:, Organization: or Tool:"
		}
	case "agent":
		if s != "NOASSERTION" && !agent(s, "Person:", "Organization:") {
			return "must be NOASSERTION or start with Person: or Organization:"
		}
	}
	return ""
}

func agent(s string, prefixes ...string) bool {
	for _, p := range prefixes {
		if rest, ok := strings.CutPrefix(s, p); ok && strings.TrimSpace(rest) != "" {
			return true
		}
	}
	return false
}

func numberFault(typ, s string) string {
	if typ == "num" || typ == "fraction" {
		v, err := strconv.ParseFloat(s, 64)
		switch {
		case err != nil:
			return "is not a number"
		case typ == "fraction" && (v < 0 || v > 1):
			return "is not between 0 and 1"
		}
		return ""
	}
	v, err := strconv.ParseInt(s, 10, 64)
	if err != nil {
		// JSON writes whole numbers also as 1.0 and 1e3.
		f, ferr := strconv.ParseFloat(s, 64)
		if ferr != nil || f != float64(int64(f)) {
			return "is not a whole number"
		}
		v = int64(f)
	}
	switch {
	case typ == "natural" && v < 0:
		return "is below 0"
	case typ == "positive" && v < 1:
		return "is below 1"
	}
	return ""
}

// timeFault: JSON has RFC 3339 times; XML Schema's dateTime may leave out the zone.
func (c *checker) timeFault(s string) string {
	if _, err := time.Parse(time.RFC3339Nano, s); err == nil {
		return ""
	}
	if _, err := time.Parse("2006-01-02T15:04:05.999999999", s); err == nil && c.xml {
		return ""
	}
	return "is not a date and time (RFC 3339) such as 2026-11-23T17:00:00Z"
}

func (c *checker) serial(s string) bool {
	if rest, ok := strings.CutPrefix(s, "urn:uuid:"); ok {
		return uuid(rest) && rest == strings.ToLower(rest)
	}
	return c.xml && len(s) == 38 && s[0] == '{' && s[37] == '}' && uuid(s[1:37])
}

func uuid(s string) bool {
	if len(s) != 36 {
		return false
	}
	for i := 0; i < len(s); i++ {
		dash := i == 8 || i == 13 || i == 18 || i == 23
		if dash != (s[i] == '-') || !dash && !hexDigit(s[i]) {
			return false
		}
	}
	return true
}

func hexDigit(b byte) bool {
	return b >= '0' && b <= '9' || b >= 'a' && b <= 'f' || b >= 'A' && b <= 'F'
}

func hashFault(typ, s string) string {
	for i := 0; i < len(s); i++ {
		if !hexDigit(s[i]) {
			return "is not hexadecimal"
		}
	}
	if typ == "hex" {
		if s == "" {
			return "is empty"
		}
		return ""
	}
	switch len(s) {
	case 32, 40, 64, 96, 128:
		return ""
	}
	return "is not a digest: " + strconv.Itoa(len(s)) + " hexadecimal digits, digests have 32, 40, 64, 96 or 128"
}

func locale(s string) bool {
	if len(s) != 2 && (len(s) != 5 || s[2] != '-') {
		return false
	}
	for i := 0; i < len(s); i++ {
		lower, upper := s[i] >= 'a' && s[i] <= 'z', s[i] >= 'A' && s[i] <= 'Z'
		if i < 2 && !lower || i > 2 && !upper {
			return false
		}
	}
	return true
}

// only tells whether s is letters, digits and the extra bytes.
func only(s, extra string) bool {
	for i := 0; i < len(s); i++ {
		b := s[i] | 0x20
		if !(b >= 'a' && b <= 'z' || s[i] >= '0' && s[i] <= '9' || strings.IndexByte(extra, s[i]) >= 0) {
			return false
		}
	}
	return true
}

// define notes an identifier, which must be new in the document.
func (c *checker) define(typ, s string) string {
	switch {
	case s == "":
		return "is empty"
	case typ == "documentID" && s != "SPDXRef-DOCUMENT":
		return "must be SPDXRef-DOCUMENT"
	case typ == "spdxID" && (!strings.HasPrefix(s, "SPDXRef-") || len(s) == len("SPDXRef-") || !only(s, "-.")):
		return "is not SPDXRef- followed by letters, digits, dots and dashes"
	}
	if at, twice := c.defined[s]; twice {
		if c.path[0].name == "formulation" {
			// The published cases repeat the identifiers of workspaces there.
			c.warn("%q is in use already at %s", Cut(s), at)
			return ""
		}
		return "is in use already at " + at
	}
	c.defined[s] = c.where()
	return ""
}

// refer notes a reference, judged at the end when all identifiers are known.
func (c *checker) refer(typ, s string) string {
	switch {
	case s == "":
		return "is empty"
	case typ == "elementRef" && (s == "NONE" || s == "NOASSERTION"):
		return ""
	case strings.HasPrefix(s, "urn:cdx:") || strings.HasPrefix(s, "DocumentRef-"):
		return "" // CycloneDX BOM-Link and SPDX external document: another document's element
	}
	c.used = append(c.used, use{to: s, path: c.where()})
	return ""
}

func sorted(set map[string]int) []string {
	return slices.Sorted(maps.Keys(set))
}
