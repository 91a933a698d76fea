package advisory

import (
	"strings"

	"github.com/valyala/fastjson"
)

// cveVersion is one entry of "versions": a single version, or a range from version to below (lessThan) or to
// (lessThanOrEqual) another, inside which the status may change at given points.
type cveVersion struct {
	version string
	below   string
	upto    string
	kind    string // versionType
	status  Status
	changes []cveChange
}

type cveChange struct {
	at     string
	status Status
}

func (c *cursor) cveVersion(v *fastjson.Value) cveVersion {
	ver := cveVersion{
		version: unquoted(c.text(v, "version")),
		below:   unquoted(c.text(v, "lessThan")),
		upto:    unquoted(c.text(v, "lessThanOrEqual")),
		kind:    c.text(v, "versionType"),
		status:  c.status(v, "status"),
	}
	if ver.status == "" {
		ver.status = StatusUnknown
	}
	c.each(v, "changes", func(_ int, ch *fastjson.Value) {
		ver.changes = append(ver.changes, cveChange{at: strings.TrimSpace(c.text(ch, "at")), status: c.status(ch, "status")})
	})
	return ver
}

// unquoted takes away the quoting of CPE names that enriched records carry over: "15.2\\(4\\)m3" is version 15.2(4)m3.
func unquoted(s string) string {
	s = strings.TrimSpace(s)
	if strings.IndexByte(s, '\\') < 0 {
		return s
	}
	return strings.ReplaceAll(s, `\`, "")
}

// said tells whether the entry gives any version at all.
func (v cveVersion) said() bool { return stated(v.version) != "" || v.below != "" || v.upto != "" }

func (v cveVersion) changesTo(s Status) bool {
	for _, ch := range v.changes {
		if ch.status == s {
			return true
		}
	}
	return false
}

// bounded tells whether the entry is a range. Only a range may have changes.
func (v cveVersion) bounded() bool { return v.below != "" || v.upto != "" || len(v.changes) > 0 }

// read gives the entry as one exact version, as ranges, or as text when a bound is not a version.
func (v cveVersion) read(repo string) (exact string, ranges []Range, text string) {
	if !v.bounded() {
		switch {
		case v.version == "*" || allVersions(v.version):
			return "", []Range{v.newRange(repo, v.status, Event{Introduced: "0"})}, ""
		case v.version == "0" && v.status == StatusAffected:
			return "", nil, "0" // stands for the earliest version, and says nothing about how far it goes
		case v.isVersion(v.version):
			return v.version, nil, ""
		}
		return "", nil, orNA(v.version)
	}
	from, ok := v.start()
	end, endOK := v.end()
	for _, ch := range v.changes {
		ok = ok && v.isVersion(ch.at) && ch.status != ""
	}
	if !ok || !endOK {
		return "", nil, v.text()
	}
	return "", v.segments(repo, from, end), ""
}

// start is the lower bound; what stands for "not given" means from the beginning, which is what the records converted
// from format 4 mean by it.
func (v cveVersion) start() (string, bool) {
	if v.version == "0" || v.version == "*" || stated(v.version) == "" || allVersions(v.version) {
		return "0", true
	}
	return v.version, v.isVersion(v.version)
}

// end is the upper bound as an event, without a field set when there is none ("*").
func (v cveVersion) end() (Event, bool) {
	switch {
	case v.below == "*" || v.upto == "*" || (v.below == "" && v.upto == ""):
		return Event{}, true
	case v.below != "":
		return Event{Fixed: v.below}, v.isVersion(v.below)
	}
	// "6.6.*" ends a branch: every 6.6 version is inside.
	return Event{LastAffected: v.upto}, v.isVersion(strings.TrimSuffix(v.upto, ".*"))
}

// everything tells whether the entry says "every version, without exception".
func (v cveVersion) everything() bool {
	from, ok := v.start()
	end, endOK := v.end()
	if !v.bounded() {
		return v.version == "*" || allVersions(v.version)
	}
	return ok && endOK && from == "0" && end == Event{} && len(v.changes) == 0
}

// segments writes a range with changes as one range per status: each change opens the range of its status and closes
// the one before it. The upper bound closes them all.
func (v cveVersion) segments(repo, from string, end Event) []Range {
	out := []Range{v.newRange(repo, v.status, Event{Introduced: from})}
	at := func(s Status) *Range {
		for i := range out {
			if out[i].Status == s {
				return &out[i]
			}
		}
		out = append(out, v.newRange(repo, s))
		return &out[len(out)-1]
	}
	now := v.status
	for _, ch := range v.changes {
		if ch.status == now {
			continue
		}
		r := at(now)
		r.Events = append(r.Events, Event{Fixed: ch.at})
		r = at(ch.status)
		r.Events = append(r.Events, Event{Introduced: ch.at})
		now = ch.status
	}
	if end != (Event{}) {
		for i := range out {
			out[i].Events = append(out[i].Events, end)
		}
	}
	return out
}

func (v cveVersion) point(exact, repo string) Range {
	return v.newRange(repo, v.status, Event{Introduced: exact}, Event{LastAffected: exact})
}

func (v cveVersion) newRange(repo string, s Status, events ...Event) Range {
	r := Range{Type: rangeTypeOf(v.kind), Scheme: v.kind, Status: s, Events: events}
	if r.Type == RangeGit {
		r.Repo = repo
	}
	return r
}

// rangeTypeOf sorts a versionType: the format names a few and lets the rest open.
func rangeTypeOf(kind string) RangeType {
	switch strings.ToLower(kind) {
	case "semver":
		return RangeSemver
	case "git":
		return RangeGit
	case "maven", "python", "pypi", "pep440", "npm", "rpm", "deb", "dpkg", "apk", "gem", "ruby", "rubygems", "nuget", "composer",
		"packagist", "cargo", "go", "golang", "hex", "pub", "alpm", "cpan", "conan":
		return RangeEcosystem
	}
	return RangeCustom
}

// text is the entry as a constraint for people and for the reader of free text.
func (v cveVersion) text() string {
	var parts []string
	if from := stated(v.version); from != "" && from != "0" && from != "*" {
		if v.isVersion(from) {
			from = ">= " + from
		}
		parts = append(parts, from)
	}
	switch {
	case v.below != "":
		parts = append(parts, operator("<", v.below))
	case v.upto != "":
		parts = append(parts, operator("<=", v.upto))
	}
	for _, ch := range v.changes {
		word := "changes"
		switch ch.status {
		case StatusAffected:
			word = "affected"
		case StatusNotAffected:
			word = "unaffected"
		}
		parts = append(parts, word+" from "+ch.at)
	}
	return strings.Join(parts, ", ")
}

func operator(op, s string) string {
	if strings.HasPrefix(s, "<") {
		return s
	}
	return op + " " + s
}

func orNA(s string) string {
	if s == "" {
		return "n/a"
	}
	return s
}

func allVersions(s string) bool {
	switch strings.ToLower(s) {
	case "all", "all versions", "all version", "any", "any version", "vers:all/*":
		return true
	}
	return false
}

// isVersion tells whether s is one version rather than words about versions: it begins with a digit, or with a digit after
// one of the usual prefixes, and holds nothing that makes a range or a pattern of it. Git ranges hold commits and tags.
func (v cveVersion) isVersion(s string) bool {
	if s == "" || len(s) > 80 || strings.ContainsAny(s, " \t\n,;<>=*~^|[]:") && v.kind != "rpm" && v.kind != "deb" && v.kind != "dpkg" {
		return false
	}
	if v.kind == "git" || v.kind == "original_commit_for_fix" {
		return true
	}
	digits := s
	for _, prefix := range [...]string{"version-", "version", "ver", "v.", "v", "r", "release-"} {
		if len(s) > len(prefix) && strings.EqualFold(s[:len(prefix)], prefix) {
			digits = s[len(prefix):]
			break
		}
	}
	if digits[0] < '0' || digits[0] > '9' {
		return false
	}
	return !isPattern(digits) && !isSpan(digits)
}

// isPattern finds "8.x", "5.4.X" and "2.0+".
func isPattern(s string) bool {
	low := strings.ToLower(s)
	return strings.HasSuffix(low, ".x") || strings.Contains(low, ".x.") || strings.HasSuffix(low, "+")
}

// isSpan finds two versions joined by a dash, "12.1.1-12.1.3": both dotted and of the same form, which a pre-release or a
// package revision is not.
func isSpan(s string) bool {
	left, right, ok := strings.Cut(s, "-")
	if !ok || strings.Contains(right, "-") || !dotted(left) || !dotted(right) {
		return false
	}
	n := strings.Count(left, ".")
	return n >= 1 && n == strings.Count(right, ".")
}

func dotted(s string) bool {
	for i := range len(s) {
		if s[i] != '.' && (s[i] < '0' || s[i] > '9') {
			return false
		}
	}
	return s != ""
}
