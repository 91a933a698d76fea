package advisory

import (
	"io"
	"io/fs"
	"path"
	"slices"
	"strings"

	"github.com/valyala/fastjson"
)

// ParseCVE reads one record of the CVE record format 5.x with its CNA and ADP containers: affected products of all
// containers, CPE applicability, scores of all who scored, SSVC decision points and the KEV mark of CISA's container.
// A rejected record is Withdrawn and has the reason as Summary. The name is used in errors only.
func ParseCVE(name string, body []byte) (Record, error) {
	var p fastjson.Parser
	return parseCVE(&p, name, body)
}

// WalkCVE reads every CVE-*.json of a folder tree, laid out as cvelistV5 and vulnrichment are. An error of fn ends the
// walk and is returned.
func WalkCVE(fsys fs.FS, fn func(Found) error) error {
	return walkFS(fsys, isCVEFile, cveReader(), fn)
}

// WalkCVETar reads every CVE-*.json of a tar stream: plain, gzip or Zstandard.
func WalkCVETar(r io.Reader, fn func(Found) error) error {
	return walkTar(r, isCVEFile, cveReader(), fn)
}

func isCVEFile(name string) bool {
	return isJSON(name) && strings.HasPrefix(path.Base(name), "CVE-")
}

func cveReader() reader {
	p := new(fastjson.Parser)
	return func(name string, body []byte) ([]Record, error) {
		rec, err := parseCVE(p, name, body)
		return []Record{rec}, err
	}
}

func parseCVE(p *fastjson.Parser, name string, body []byte) (Record, error) {
	root, err := openJSON(p, body, recordBounds)
	if err != nil {
		return Record{}, named("CVE record", name, err)
	}
	var c cursor
	rec := c.cve(root)
	if err := c.err(); err != nil {
		return Record{}, named("CVE record", name, err)
	}
	return rec, nil
}

func (c *cursor) cve(root *fastjson.Value) Record {
	if v := c.need(root, "dataVersion"); v != "" && !strings.HasPrefix(v, "5.") && v != "5" {
		c.fault("dataVersion", "is %s, want 5.x", clip(v))
	}
	rec := Record{Source: CVE}
	if m := c.object(root, "cveMetadata"); m != nil {
		c.in("cveMetadata")
		rec.ID = c.need(m, "cveId")
		if rec.ID != "" && !IsCVE(rec.ID) {
			c.fault("cveId", "is %s, want a CVE id", clip(rec.ID))
		}
		rec.Publisher = c.text(m, "assignerShortName")
		rec.Published, rec.Modified = c.when(m, "datePublished"), c.when(m, "dateUpdated")
		rec.Status = c.need(m, "state")
		rec.Withdrawn = rec.Status == "REJECTED"
		if rejected := c.when(m, "dateRejected"); rejected.After(rec.Modified) {
			rec.Modified = rejected
		}
		c.out()
	} else {
		c.fault("cveMetadata", "is required")
	}
	rec.URL = "https://www.cve.org/CVERecord?id=" + rec.ID
	rec.Vulns = []Vulnerability{{ID: rec.ID}}
	v := &rec.Vulns[0]
	containers := c.object(root, "containers")
	if containers == nil {
		c.fault("containers", "is required")
		return rec
	}
	c.in("containers")
	if cna := c.object(containers, "cna"); cna != nil {
		c.in("cna")
		v.Title = c.text(cna, "title")
		v.Description = c.words(cna, "descriptions")
		v.Related = sortedSet(c.texts(cna, "replacedBy"))
		if why := c.words(cna, "rejectedReasons"); why != "" && v.Description == "" {
			v.Description = why
		}
		c.container(cna, rec.Publisher, &rec)
		c.out()
	} else {
		c.fault("cna", "is required")
	}
	c.each(containers, "adp", func(_ int, adp *fastjson.Value) {
		c.container(adp, "", &rec)
	})
	c.out()
	v.Aliases = sortedSet(v.Aliases)
	rec.Title, rec.Summary = v.Title, v.Description
	return rec
}

// container reads what CNA and ADP containers have in common.
func (c *cursor) container(v *fastjson.Value, by string, rec *Record) {
	if m := c.object(v, "providerMetadata"); m != nil {
		c.in("providerMetadata")
		if s := c.text(m, "shortName"); s != "" && by == "" {
			by = s
		}
		c.out()
	}
	vuln := &rec.Vulns[0]
	c.each(v, "affected", func(_ int, a *fastjson.Value) {
		vuln.Affected = append(vuln.Affected, c.cveAffected(a)...)
	})
	vuln.Configs = append(vuln.Configs, c.configs(v, "cpeApplicability")...)
	c.each(v, "problemTypes", func(_ int, p *fastjson.Value) {
		c.each(p, "descriptions", func(_ int, d *fastjson.Value) {
			cwe := c.text(d, "cweId")
			if cwe == "" {
				cwe = leadingCWE(c.text(d, "description"))
			}
			if cwe != "" && !slices.Contains(vuln.CWEs, cwe) {
				vuln.CWEs = append(vuln.CWEs, cwe)
			}
		})
	})
	c.each(v, "metrics", func(_ int, m *fastjson.Value) { c.cveMetric(m, by, vuln) })
	c.each(v, "references", func(_ int, r *fastjson.Value) {
		l := Link{URL: c.text(r, "url"), Title: c.text(r, "name")}
		if tags := c.texts(r, "tags"); len(tags) > 0 {
			l.Kind = strings.Join(tags, ",")
		}
		if !slices.ContainsFunc(rec.Links, func(o Link) bool { return o.URL == l.URL }) {
			rec.Links = append(rec.Links, l)
		}
	})
	for _, tag := range c.texts(v, "tags") {
		if !slices.Contains(vuln.Tags, tag) {
			vuln.Tags = append(vuln.Tags, tag)
		}
	}
	c.cveAdvice(v, vuln)
}

// cveAdvice reads the texts that say what can be done and how bad it is.
func (c *cursor) cveAdvice(v *fastjson.Value, vuln *Vulnerability) {
	if s := c.words(v, "solutions"); s != "" {
		vuln.Remedies = append(vuln.Remedies, Remedy{Category: "vendor_fix", Details: s})
	}
	if s := c.words(v, "workarounds"); s != "" {
		vuln.Remedies = append(vuln.Remedies, Remedy{Category: "workaround", Details: s})
	}
	if s := c.words(v, "exploits"); s != "" {
		vuln.Threats = append(vuln.Threats, Threat{Category: "exploit_status", Details: s})
	}
	if s := c.words(v, "configurations"); s != "" {
		vuln.Threats = append(vuln.Threats, Threat{Category: "configuration", Details: s})
	}
	c.each(v, "impacts", func(_ int, i *fastjson.Value) {
		s, capec := c.words(i, "descriptions"), c.text(i, "capecId")
		if !strings.HasPrefix(s, capec) {
			s = strings.TrimSpace(capec + " " + s)
		}
		if s != "" {
			vuln.Threats = append(vuln.Threats, Threat{Category: "impact", Details: s})
		}
	})
}

// cvssKeys are the members of a metric that hold a CVSS object, and the version each is of.
var cvssKeys = [...]struct{ key, version string }{
	{"cvssV4_0", "4.0"}, {"cvssV3_1", "3.1"}, {"cvssV3_0", "3.0"}, {"cvssV2_0", "2.0"},
}

func (c *cursor) cveMetric(m *fastjson.Value, by string, vuln *Vulnerability) {
	for _, k := range cvssKeys {
		if s := c.object(m, k.key); s != nil {
			c.in(k.key)
			vuln.Scores = append(vuln.Scores, Score{
				Version:  k.version,
				Vector:   c.text(s, "vectorString"),
				Base:     c.score(s, "baseScore"),
				Severity: strings.ToUpper(c.text(s, "baseSeverity")),
				By:       by,
			})
			c.out()
		}
	}
	other := c.object(m, "other")
	if other == nil {
		return
	}
	c.in("other")
	defer c.out()
	content := other.Get("content")
	if content == nil || content.Type() != fastjson.TypeObject {
		return // the format leaves the content of other metrics open
	}
	kind := c.text(other, "type")
	c.in("content")
	defer c.out()
	switch kind {
	case "ssvc":
		at := c.when(content, "timestamp")
		c.each(content, "options", func(_ int, o *fastjson.Value) {
			o.GetObject().Visit(func(key []byte, val *fastjson.Value) {
				if val.Type() == fastjson.TypeString {
					vuln.Decisions = append(vuln.Decisions, Decision{Point: string(key), Value: textOf(val), By: by, At: at})
				}
			})
		})
	case "kev":
		vuln.Exploited = append(vuln.Exploited, Exploited{CVE: vuln.ID, By: "CISA", Added: c.when(content, "dateAdded"), Notes: c.text(content, "reference")})
	default:
		// A vendor's or project's own rating in one word: {"value": "Moderate"} or {"text": "low"}.
		for _, key := range [...]string{"value", "text"} {
			if w := content.Get(key); w != nil && w.Type() == fastjson.TypeString && len(w.GetStringBytes()) > 0 && len(w.GetStringBytes()) <= 24 {
				vuln.Scores = append(vuln.Scores, Score{Severity: strings.ToUpper(textOf(w)), By: by})
				return
			}
		}
	}
}

// words joins the English texts of a list of {lang, value}, or takes the first when none is English.
func (c *cursor) words(v *fastjson.Value, key string) string {
	var english []string
	first := ""
	c.each(v, key, func(i int, d *fastjson.Value) {
		s := c.text(d, "value")
		if i == 0 {
			first = s
		}
		if lang := c.text(d, "lang"); s != "" && (lang == "" || strings.HasPrefix(strings.ToLower(lang), "en")) {
			english = append(english, s)
		}
	})
	switch len(english) {
	case 0:
		return first
	case 1:
		return english[0]
	}
	return strings.Join(english, "\n\n")
}

// leadingCWE is the weakness that free text begins with: "CWE-79 Cross-site Scripting" gives "CWE-79".
func leadingCWE(s string) string {
	digits, ok := strings.CutPrefix(s, "CWE-")
	if !ok {
		return ""
	}
	n := 0
	for n < len(digits) && digits[n] >= '0' && digits[n] <= '9' {
		n++
	}
	if n == 0 || n > 5 {
		return ""
	}
	return s[:4+n]
}
