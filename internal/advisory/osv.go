package advisory

import (
	"io"
	"io/fs"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// ParseOSV reads one OSV record (schema 1.x). Its vulnerability carries the CVE id as ID when the aliases hold one (the
// first in order when they hold several) and else the record's own id. database_specific and ecosystem_specific are
// the databases' own and are passed over. The name is used in errors only.
func ParseOSV(name string, body []byte) (Record, error) {
	var p fastjson.Parser
	return parseOSV(&p, name, body)
}

// WalkOSV reads every .json file of a folder tree of OSV records. An error of fn ends the walk and is returned.
func WalkOSV(fsys fs.FS, fn func(Found) error) error {
	return walkFS(fsys, isJSON, osvReader(), fn)
}

// WalkOSVZip reads a zip archive of OSV records as osv.dev publishes one per ecosystem. Archives that unpack to far more
// than they are, in all, per entry or in count, are refused.
func WalkOSVZip(r io.ReaderAt, size int64, fn func(Found) error) error {
	return walkZip(r, size, osvReader(), fn)
}

func osvReader() reader {
	p := new(fastjson.Parser)
	return func(name string, body []byte) ([]Record, error) {
		rec, err := parseOSV(p, name, body)
		return []Record{rec}, err
	}
}

func parseOSV(p *fastjson.Parser, name string, body []byte) (Record, error) {
	root, err := openJSON(p, body, recordBounds)
	if err != nil {
		return Record{}, named("OSV record", name, err)
	}
	var c cursor
	rec := c.osv(root)
	if err := c.err(); err != nil {
		return Record{}, named("OSV record", name, err)
	}
	return rec, nil
}

func (c *cursor) osv(root *fastjson.Value) Record {
	if v := c.text(root, "schema_version"); v != "" && !strings.HasPrefix(v, "1.") && !strings.HasPrefix(v, "0.") {
		c.fault("schema_version", "is %s, want 1.x", clip(v))
	}
	rec := Record{
		Source:    OSV,
		ID:        c.need(root, "id"),
		Title:     c.text(root, "summary"),
		Summary:   c.text(root, "details"),
		Published: c.when(root, "published"),
		Modified:  c.when(root, "modified"),
		Withdrawn: !c.when(root, "withdrawn").IsZero(),
	}
	if root.Get("modified") == nil {
		c.fault("modified", "is required")
	}
	rec.Publisher, _, _ = strings.Cut(rec.ID, "-")
	rec.URL = "https://osv.dev/vulnerability/" + rec.ID
	c.each(root, "references", func(_ int, v *fastjson.Value) {
		rec.Links = append(rec.Links, Link{URL: c.text(v, "url"), Kind: c.text(v, "type")})
	})
	v := Vulnerability{
		Title:       rec.Title,
		Description: rec.Summary,
		Related:     sortedSet(c.texts(root, "related")),
		Upstream:    sortedSet(c.texts(root, "upstream")),
	}
	v.ID, v.Aliases = osvIdentity(rec.ID, c.texts(root, "aliases"), v.Upstream)
	v.Scores = c.osvScores(root, rec.Publisher)
	c.each(root, "affected", func(i int, a *fastjson.Value) {
		for _, s := range c.osvScores(a, rec.Publisher) {
			if !slices.ContainsFunc(v.Scores, func(o Score) bool { return o.Vector == s.Vector && o.Severity == s.Severity }) {
				v.Scores = append(v.Scores, s)
			}
		}
		v.Affected = append(v.Affected, c.osvAffected(a))
	})
	rec.Vulns = []Vulnerability{v}
	return rec
}

// osvIdentity chooses the id of the weakness. Distributions name the CVE as upstream, and their own record after it
// ("UBUNTU-CVE-2024-1234"): that CVE is the weakness's id too.
func osvIdentity(own string, aliases, upstream []string) (id string, others []string) {
	others = sortedSet(append(aliases, own))
	id = own
	if i := slices.IndexFunc(others, IsCVE); i >= 0 {
		id = others[i]
	} else if i := slices.IndexFunc(upstream, func(u string) bool { return IsCVE(u) && strings.HasSuffix(own, "-"+u) }); i >= 0 {
		id = upstream[i]
	}
	others = slices.DeleteFunc(others, func(s string) bool { return s == id })
	if len(others) == 0 {
		others = nil
	}
	return id, others
}

func sortedSet(list []string) []string {
	slices.Sort(list)
	return slices.Compact(list)
}

func (c *cursor) osvScores(v *fastjson.Value, by string) []Score {
	var out []Score
	c.each(v, "severity", func(_ int, s *fastjson.Value) {
		kind, text := c.need(s, "type"), c.text(s, "score")
		switch kind {
		case "CVSS_V2":
			out = append(out, Score{Version: "2.0", Vector: text, By: by})
		case "CVSS_V3", "CVSS_V4":
			version := "3.1"
			if rest, ok := strings.CutPrefix(text, "CVSS:"); ok && len(rest) >= 3 {
				version = rest[:3]
			} else if kind == "CVSS_V4" {
				version = "4.0"
			}
			out = append(out, Score{Version: version, Vector: text, By: by})
		default: // "Ubuntu" and later kinds: a word of the database
			out = append(out, Score{Severity: strings.ToUpper(text), By: by})
		}
	})
	return out
}

// osvAffected reads one affected package. One without versions and ranges keeps them empty: its source does not say which.
func (c *cursor) osvAffected(v *fastjson.Value) Affected {
	a := Affected{Status: StatusAffected, Place: c.pointer("")}
	if p := c.object(v, "package"); p != nil {
		c.in("package")
		a.Ecosystem, a.Package, a.PURL = c.need(p, "ecosystem"), c.need(p, "name"), c.text(p, "purl")
		c.out()
	}
	a.Versions = c.texts(v, "versions")
	c.each(v, "ranges", func(_ int, r *fastjson.Value) {
		rng := Range{Type: RangeType(c.need(r, "type")), Repo: c.text(r, "repo"), Status: StatusAffected}
		switch rng.Type {
		case RangeSemver, RangeEcosystem, RangeGit, "":
		default:
			c.fault("type", "is %s, want SEMVER, ECOSYSTEM or GIT", clip(string(rng.Type)))
		}
		c.each(r, "events", func(_ int, e *fastjson.Value) {
			ev := Event{Introduced: c.text(e, "introduced"), Fixed: c.text(e, "fixed"), LastAffected: c.text(e, "last_affected"), Limit: c.text(e, "limit")}
			// An object with several members is several events (schema 1.0 allowed it).
			for _, one := range []Event{{Introduced: ev.Introduced}, {LastAffected: ev.LastAffected}, {Fixed: ev.Fixed}, {Limit: ev.Limit}} {
				if one != (Event{}) {
					rng.Events = append(rng.Events, one)
				}
			}
			if ev == (Event{}) {
				c.fault("", "names no introduced, fixed, last_affected or limit")
			}
		})
		if len(rng.Events) == 0 {
			c.fault("events", "is required")
		}
		a.Ranges = append(a.Ranges, rng)
	})
	return a
}
