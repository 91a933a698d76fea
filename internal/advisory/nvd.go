package advisory

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// ParseNVD reads what NVD API 2.0 answers: a page ({"vulnerabilities": [{"cve": …}]}), one of its members ({"cve": …}) or
// one bare CVE object; and the configuration records of nvd-data-overrides, which are members with an "_annotation" instead
// of an id. The base name of the file is the id where the document gives none; else the name is used in errors only.
func ParseNVD(name string, body []byte) ([]Record, error) {
	var p fastjson.Parser
	return parseNVD(&p, name, body)
}

// WalkNVD reads every .json file of a folder tree. An error of fn ends the walk and is returned.
func WalkNVD(fsys fs.FS, fn func(Found) error) error {
	return walkFS(fsys, isJSON, nvdReader(), fn)
}

// WalkNVDTar reads every .json file of a tar stream: plain, gzip or Zstandard.
func WalkNVDTar(r io.Reader, fn func(Found) error) error {
	return walkTar(r, isJSON, nvdReader(), fn)
}

func nvdReader() reader {
	p := new(fastjson.Parser)
	return func(name string, body []byte) ([]Record, error) { return parseNVD(p, name, body) }
}

func parseNVD(p *fastjson.Parser, name string, body []byte) ([]Record, error) {
	root, err := openJSON(p, body, pageBounds)
	if err != nil {
		return nil, named("NVD document", name, err)
	}
	var c cursor
	var out []Record
	switch {
	case root.Get("vulnerabilities") != nil:
		c.each(root, "vulnerabilities", func(_ int, item *fastjson.Value) {
			out = append(out, c.nvdMember(item, ""))
		})
	case root.Get("cve") != nil:
		out = append(out, c.nvdMember(root, strings.TrimSuffix(path.Base(name), ".json")))
	case root.Get("id") != nil:
		out = append(out, c.nvd(root, ""))
	default:
		c.fault("", "is not an NVD document: it has none of vulnerabilities, cve and id")
	}
	if err := c.err(); err != nil {
		return nil, named("NVD document", name, err)
	}
	return out, nil
}

// nvdMember reads {"cve": …}; what an override's annotation says fills what NVD itself would say.
func (c *cursor) nvdMember(item *fastjson.Value, id string) Record {
	note := c.object(item, "_annotation")
	if note != nil {
		c.in("_annotation")
		if s := c.text(note, "cve_id"); s != "" {
			id = s
		}
		c.out()
	}
	cve := c.object(item, "cve")
	if cve == nil {
		c.fault("cve", "is required")
		return Record{}
	}
	c.in("cve")
	rec := c.nvd(cve, id)
	c.out()
	if note == nil {
		return rec
	}
	c.in("_annotation")
	defer c.out()
	rec.Publisher = "NVD overrides"
	rec.Published, rec.Modified = c.when(note, "published"), c.when(note, "modified")
	v := &rec.Vulns[0]
	if v.Description == "" {
		v.Description = c.text(note, "description")
	}
	rec.Summary = v.Description
	for _, url := range c.texts(note, "references") {
		if !slices.ContainsFunc(rec.Links, func(l Link) bool { return l.URL == url }) {
			rec.Links = append(rec.Links, Link{URL: url})
		}
	}
	return rec
}

func (c *cursor) nvd(v *fastjson.Value, id string) Record {
	if s := c.text(v, "id"); s != "" {
		id = s
	}
	if !IsCVE(id) {
		c.fault("id", "is %s, want a CVE id", clip(id))
	}
	rec := Record{
		Source:    NVD,
		ID:        id,
		Publisher: "NVD",
		Published: c.when(v, "published"),
		Modified:  c.when(v, "lastModified"),
		Status:    c.text(v, "vulnStatus"),
		URL:       "https://nvd.nist.gov/vuln/detail/" + id,
	}
	rec.Withdrawn = rec.Status == "Rejected"
	vuln := Vulnerability{ID: id, Description: c.words(v, "descriptions")}
	rec.Summary = vuln.Description
	c.each(v, "cveTags", func(_ int, t *fastjson.Value) {
		for _, tag := range c.texts(t, "tags") {
			if !slices.Contains(vuln.Tags, tag) {
				vuln.Tags = append(vuln.Tags, tag)
			}
		}
	})
	if m := c.object(v, "metrics"); m != nil {
		c.in("metrics")
		vuln.Scores = c.nvdScores(m)
		c.out()
	}
	c.each(v, "weaknesses", func(_ int, w *fastjson.Value) {
		c.each(w, "description", func(_ int, d *fastjson.Value) {
			// "NVD-CWE-noinfo" and "NVD-CWE-Other" name no weakness.
			if cwe := leadingCWE(c.text(d, "value")); cwe != "" && !slices.Contains(vuln.CWEs, cwe) {
				vuln.CWEs = append(vuln.CWEs, cwe)
			}
		})
	})
	vuln.Configs = c.configs(v, "configurations")
	c.each(v, "references", func(_ int, r *fastjson.Value) {
		rec.Links = append(rec.Links, Link{URL: c.text(r, "url"), Kind: strings.Join(c.texts(r, "tags"), ",")})
	})
	if added := c.when(v, "cisaExploitAdd"); !added.IsZero() {
		vuln.Exploited = []Exploited{{CVE: id, By: "CISA", Added: added, Due: c.when(v, "cisaActionDue"),
			Action: c.text(v, "cisaRequiredAction"), Name: c.text(v, "cisaVulnerabilityName")}}
	}
	rec.Vulns = []Vulnerability{vuln}
	return rec
}

var nvdMetrics = [...]struct{ key, version string }{
	{"cvssMetricV40", "4.0"}, {"cvssMetricV31", "3.1"}, {"cvssMetricV30", "3.0"}, {"cvssMetricV2", "2.0"},
}

func (c *cursor) nvdScores(m *fastjson.Value) []Score {
	var out []Score
	for _, k := range nvdMetrics {
		c.each(m, k.key, func(_ int, s *fastjson.Value) {
			by := c.text(s, "source")
			if by == "nvd@nist.gov" {
				by = "NVD"
			}
			data := c.object(s, "cvssData")
			if data == nil {
				c.fault("cvssData", "is required")
				return
			}
			c.in("cvssData")
			score := Score{Version: k.version, Vector: c.text(data, "vectorString"), Base: c.score(data, "baseScore"),
				Severity: strings.ToUpper(c.text(data, "baseSeverity")), By: by}
			c.out()
			if score.Severity == "" { // version 2 has it one level up
				score.Severity = strings.ToUpper(c.text(s, "baseSeverity"))
			}
			out = append(out, score)
		})
	}
	return out
}

// NVDMembers splits a page of NVD API 2.0 into its members, each a document that [ParseNVD] reads to one record; a
// document of one record comes back as it is.
func NVDMembers(name string, body []byte) ([][]byte, error) {
	var p fastjson.Parser
	root, err := openJSON(&p, body, pageBounds)
	if err != nil {
		return nil, named("NVD document", name, err)
	}
	if root.Get("vulnerabilities") == nil {
		return [][]byte{body}, nil
	}
	var out [][]byte
	for _, member := range root.GetArray("vulnerabilities") {
		out = append(out, member.MarshalTo(nil))
	}
	return out, nil
}
