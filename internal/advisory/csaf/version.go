package csaf

import (
	"cmp"
	"slices"
	"strings"
)

// docVersion is a document version (CSAF 2.0 3.1.11): an integer or a semantic version. Its numbers stay text, because
// the standard sets no upper bound.
type docVersion struct {
	integer             bool
	major, minor, patch string
	pre                 []string // pre-release identifiers
	build               string
}

func parseDocVersion(s string) (docVersion, bool) {
	if plainNumber(s) {
		return docVersion{integer: true, major: s, minor: "0", patch: "0"}, true
	}
	var v docVersion
	core := s
	if i := strings.IndexByte(core, '+'); i >= 0 {
		core, v.build = core[:i], core[i+1:]
		if !identifiers(v.build) {
			return v, false
		}
	}
	if i := strings.IndexByte(core, '-'); i >= 0 {
		pre := core[i+1:]
		core = core[:i]
		if !preRelease(pre) {
			return v, false
		}
		v.pre = strings.Split(pre, ".")
	}
	parts := strings.Split(core, ".")
	if len(parts) != 3 || slices.ContainsFunc(parts, func(p string) bool { return !plainNumber(p) }) {
		return v, false
	}
	v.major, v.minor, v.patch = parts[0], parts[1], parts[2]
	return v, true
}

// plainNumber tells whether s is a decimal number without leading zeros.
func plainNumber(s string) bool {
	return s == "0" || s != "" && s[0] != '0' && digitsOnly(s)
}

func digitsOnly(s string) bool {
	return s != "" && strings.Trim(s, "0123456789") == ""
}

// identifiers checks the dot-separated parts of build metadata (Semantic Versioning 2.0.0 item 10).
func identifiers(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		for _, c := range []byte(part) {
			if !(c >= '0' && c <= '9' || c >= 'a' && c <= 'z' || c >= 'A' && c <= 'Z' || c == '-') {
				return false
			}
		}
		if part == "" {
			return false
		}
	}
	return true
}

// preRelease checks the parts of a pre-release (item 9), where numbers do not start with a zero.
func preRelease(s string) bool {
	for part := range strings.SplitSeq(s, ".") {
		if digitsOnly(part) && !plainNumber(part) {
			return false
		}
	}
	return identifiers(s)
}

// compare orders versions by precedence (Semantic Versioning 2.0.0 item 11); build metadata does not count.
func (v docVersion) compare(w docVersion) int {
	if n := cmp.Or(compareNumber(v.major, w.major), compareNumber(v.minor, w.minor), compareNumber(v.patch, w.patch)); n != 0 {
		return n
	}
	if len(v.pre) == 0 || len(w.pre) == 0 {
		return cmp.Compare(len(w.pre), len(v.pre))
	}
	return slices.CompareFunc(v.pre, w.pre, func(a, b string) int {
		an, bn := digitsOnly(a), digitsOnly(b)
		switch {
		case an && bn:
			return compareNumber(a, b)
		case an:
			return -1
		case bn:
			return 1
		}
		return strings.Compare(a, b)
	})
}

func compareNumber(a, b string) int {
	return cmp.Or(cmp.Compare(len(a), len(b)), strings.Compare(a, b))
}

// draft tells whether the version is one before the first release: 0 or 0.y.z.
func (v docVersion) draft() bool { return v.major == "0" }
