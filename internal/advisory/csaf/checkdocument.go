package csaf

import (
	"slices"
	"strings"
	"time"

	"golang.org/x/text/language"

	"triward/internal/advisory/jsontree"
)

// revision is one item of the revision history.
type revision struct {
	node    *jsontree.Value
	date    time.Time
	version docVersion
	ok      bool // the version can be read
}

// indexHistory reads the revision history, sorted by date and, at one instant, by version.
func (c *checker) indexHistory() {
	for _, n := range objectsOf(c.tracking, "revision_history") {
		r := revision{node: n}
		r.date, _ = documentDate(n.Get("date"))
		r.version, r.ok = parseDocVersion(n.Get("number").Str())
		c.history = append(c.history, r)
	}
	slices.SortStableFunc(c.history, func(a, b revision) int {
		if n := a.date.Compare(b.date); n != 0 {
			return n
		}
		return a.version.compare(b.version)
	})
}

func documentDate(v *jsontree.Value) (time.Time, bool) {
	t, err := time.Parse(time.RFC3339Nano, strings.ToUpper(v.Str()))
	return t, err == nil
}

// languages is tests 6.1.12 (valid language), 6.1.15 (a translator names the source language) and 6.1.28 (a translation
// is in another language). Subtags are those of the IANA registry that x/text carries.
func (c *checker) languages() {
	for _, key := range [...]string{"lang", "source_lang"} {
		v := c.document.Get(key)
		if v.Str() == "" || strings.EqualFold(v.Str(), "i-default") {
			continue
		}
		if _, err := language.Parse(v.Text); err != nil && !privateLanguage(v.Text) {
			c.fail("6.1.12", v, "%q is not a valid language: %v", jsontree.Shorten(v.Text), err)
		}
	}
	publisher := c.document.At("publisher", "category")
	source := c.document.Get("source_lang")
	if publisher.Str() == "translator" && source.Str() == "" {
		c.fail("6.1.15", c.document, "the publisher is a translator, but source_lang is missing")
	}
	if source.Str() != "" && strings.EqualFold(source.Str(), c.document.Get("lang").Str()) {
		c.fail("6.1.28", source, "is the same language as lang")
	}
}

// revisions is tests 6.1.14 (sorted revision history), 6.1.16 (latest document version), 6.1.22 (a version is told once)
// and 6.1.30 (one kind of version throughout).
func (c *checker) revisions() {
	version := c.tracking.Get("version")
	current, ok := parseDocVersion(version.Str())
	kinds := map[bool]bool{}
	if ok {
		kinds[current.integer] = true
	}
	seen := map[string]bool{}
	for i, r := range c.history {
		number := r.node.Get("number")
		if !r.ok {
			continue
		}
		kinds[r.version.integer] = true
		if seen[number.Text] {
			c.fail("6.1.22", number, "version %s is told a second time", number.Text)
		}
		seen[number.Text] = true
		if i > 0 && c.history[i-1].ok && c.history[i-1].version.compare(r.version) > 0 {
			c.fail("6.1.14", number, "version %s is dated after version %s", number.Text, c.history[i-1].node.Get("number").Str())
		}
	}
	if len(kinds) > 1 {
		c.fail("6.1.30", c.tracking, "uses integers and semantic versions together")
	}
	if n := len(c.history); n > 0 && ok && c.history[n-1].ok {
		latest := c.history[n-1].version
		if c.tracking.Get("status").Str() == "draft" { // pre-release parts do not count for a draft
			latest.pre, current.pre = nil, nil
		}
		if latest.compare(current) != 0 {
			c.fail("6.1.16", version, "is %s, the latest revision is %s", version.Str(), c.history[n-1].node.Get("number").Str())
		}
	}
}

// drafts is tests 6.1.17 to 6.1.20: versions 0, 0.y.z and pre-releases belong to drafts only.
func (c *checker) drafts() {
	status := c.tracking.Get("status")
	version := c.tracking.Get("version")
	current, ok := parseDocVersion(version.Str())
	released := status.Str() == "final" || status.Str() == "interim"
	if ok && (current.draft() || len(current.pre) > 0) && status.Str() != "draft" {
		c.fail("6.1.17", status, "is %q, but version %s is one of a draft", status.Str(), version.Str())
	}
	if ok && released && len(current.pre) > 0 {
		c.fail("6.1.20", version, "is a pre-release, but the status is %q", status.Str())
	}
	for _, r := range c.history {
		if !r.ok {
			continue
		}
		number := r.node.Get("number")
		if released && r.version.draft() {
			c.fail("6.1.18", number, "is version %s in a document with status %q", number.Str(), status.Str())
		}
		if len(r.version.pre) > 0 {
			c.fail("6.1.19", number, "is the pre-release version %s", number.Str())
		}
	}
}

// majors is test 6.1.21: the revision history starts with version 0 or 1 and leaves no major version out.
func (c *checker) majors() {
	previous := ""
	for i, r := range c.history {
		if !r.ok {
			return
		}
		number := r.node.Get("number")
		switch major := r.version.major; {
		case i == 0 && major != "0" && major != "1":
			c.fail("6.1.21", number, "the first revision is version %s, not 0 or 1", number.Str())
		case i > 0 && major != previous && compareNumber(major, previous) > 0 && major != nextNumber(previous):
			c.fail("6.1.21", number, "version %s follows a version %s: a major version is missing between them", number.Str(), previous)
		}
		previous = r.version.major
	}
}

// nextNumber adds one to a decimal number of any length.
func nextNumber(s string) string {
	b := []byte(s)
	for i := len(b) - 1; i >= 0; i-- {
		if b[i] != '9' {
			b[i]++
			return string(b)
		}
		b[i] = '0'
	}
	return "1" + string(b)
}

// profile is tests 6.1.26 (prohibited category names) and 6.1.27.1 to 6.1.27.11 (what a profile of section 4 asks for).
func (c *checker) profile() {
	switch c.category {
	case "csaf_security_incident_response":
		c.needNotesAndLinks()
	case "csaf_informational_advisory":
		c.needNotesAndLinks()
		if v := c.root.Get("vulnerabilities"); v != nil {
			c.fail("6.1.27.3", v, "an informational advisory has no vulnerabilities")
		}
	case "csaf_security_advisory":
		c.needVulnerabilities()
		for _, v := range c.vulns {
			if v.Get("product_status") == nil {
				c.fail("6.1.27.6", v, "has no product_status")
			}
		}
	case "csaf_vex":
		c.needVulnerabilities()
		c.vex()
	default:
		c.prohibited()
	}
}

func (c *checker) prohibited() {
	at := c.document.Get("category")
	squeeze := strings.NewReplacer("-", "", "_", "", " ", "", "\t", "", "\u00a0", "")
	word := strings.ToLower(squeeze.Replace(c.category))
	for _, name := range [...]string{"informationaladvisory", "securityadvisory", "securityincidentresponse", "vex"} {
		if strings.TrimPrefix(word, "csaf") == name {
			c.fail("6.1.26", at, "%q is another spelling of a profile", c.category)
			return
		}
	}
	if strings.HasPrefix(strings.ToLower(c.category), "csaf_") && c.category != "csaf_base" {
		c.fail("6.1.26", at, "%q starts with the reserved prefix csaf_", c.category)
	}
}

func (c *checker) needNotesAndLinks() {
	if !slices.ContainsFunc(objectsOf(c.document, "notes"), func(n *jsontree.Value) bool {
		return slices.Contains([]string{"description", "details", "general", "summary"}, n.Get("category").Str())
	}) {
		c.fail("6.1.27.1", c.document, "has no note of category description, details, general or summary")
	}
	if !slices.ContainsFunc(objectsOf(c.document, "references"), func(n *jsontree.Value) bool {
		return n.Get("category") == nil || n.Get("category").Str() == "external"
	}) {
		c.fail("6.1.27.2", c.document, "has no external reference")
	}
}

func (c *checker) needVulnerabilities() {
	if c.tree == nil {
		c.fail("6.1.27.4", c.root, "has no product_tree")
	}
	if c.root.Get("vulnerabilities") == nil {
		c.fail("6.1.27.11", c.root, "has no vulnerabilities")
	}
	for _, v := range c.vulns {
		if v.Get("notes") == nil {
			c.fail("6.1.27.5", v, "has no notes")
		}
	}
}

// vex is tests 6.1.27.7 to 6.1.27.10.
func (c *checker) vex() {
	for _, v := range c.vulns {
		status := v.Get("product_status")
		if !slices.ContainsFunc([]string{"fixed", "known_affected", "known_not_affected", "under_investigation"}, func(s string) bool { return status.Get(s) != nil }) {
			c.fail("6.1.27.7", v, "has none of fixed, known_affected, known_not_affected and under_investigation")
		}
		if v.Get("cve") == nil && v.Get("ids") == nil {
			c.fail("6.1.27.8", v, "has neither cve nor ids")
		}
		explained := objectsOf(v, "flags")
		for _, t := range objectsOf(v, "threats") {
			if t.Get("category").Str() == "impact" {
				explained = append(explained, t)
			}
		}
		impact, action := c.covered(explained), c.covered(objectsOf(v, "remediations"))
		inStatus(v, []string{"known_not_affected"}, func(at *jsontree.Value, id string) {
			if !impact[id] {
				c.fail("6.1.27.9", at, "product %q is not affected, without a flag or an impact statement", id)
			}
		})
		inStatus(v, []string{"known_affected"}, func(at *jsontree.Value, id string) {
			if !action[id] {
				c.fail("6.1.27.10", at, "product %q is affected, without an action statement", id)
			}
		})
	}
}
