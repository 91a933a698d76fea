package advisory

import (
	"strings"

	"github.com/valyala/fastjson"
)

// cveAffected reads one entry of "affected" (CVE record format 5.1, definition "product"). It gives one Affected that
// keeps all version statements of the entry together and in order, since the first that holds a version decides; text that
// cannot be read as a version and has another status than the entry's own follows as an Affected of its own. An entry that
// names nothing at all ("n/a" throughout, as records converted from format 4 have it) gives none.
func (c *cursor) cveAffected(v *fastjson.Value) []Affected {
	a := Affected{
		Place:     c.pointer(""),
		Vendor:    stated(c.text(v, "vendor")),
		Product:   stated(c.text(v, "product")),
		PURL:      c.text(v, "packageURL"),
		Ecosystem: stated(c.text(v, "collectionURL")),
		Package:   stated(c.text(v, "packageName")),
		CPEs:      c.texts(v, "cpes"),
		Platforms: c.texts(v, "platforms"),
		Note:      c.cveParts(v),
	}
	repo := c.text(v, "repo")
	a.DefaultOther = c.status(v, "defaultStatus")
	var list []cveVersion
	c.each(v, "versions", func(_ int, item *fastjson.Value) { list = append(list, c.cveVersion(item)) })

	a.Status = mainStatus(list, a.DefaultOther)
	if len(list) == 0 {
		a.All = a.DefaultOther == StatusAffected || a.DefaultOther == StatusNotAffected
	}
	texts := map[Status][]string{}
	said := false
	for _, ver := range list {
		said = said || ver.said()
		switch exact, ranges, text := ver.read(repo); {
		case text != "":
			texts[ver.status] = append(texts[ver.status], text)
		case exact != "" && ver.status == a.Status && len(a.Ranges) == 0:
			a.Versions = append(a.Versions, exact)
		case exact != "":
			a.Ranges = append(a.Ranges, ver.point(exact, repo))
		case len(list) == 1 && len(ranges) == 1 && ver.everything():
			a.All = true
		default:
			a.Ranges = append(a.Ranges, ranges...)
		}
	}
	if a.Vendor == "" && a.Product == "" && a.Package == "" && a.PURL == "" && len(a.CPEs) == 0 && len(a.Platforms) == 0 && repo == "" && !said {
		return nil
	}
	a.VersionText = texts[a.Status]
	out := []Affected{a}
	for _, s := range [...]Status{StatusAffected, StatusNotAffected, StatusUnknown} {
		if len(texts[s]) == 0 || s == a.Status {
			continue
		}
		b := a
		b.Status, b.VersionText, b.Versions, b.Ranges, b.All, b.DefaultOther = s, texts[s], nil, nil, false, ""
		out = append(out, b)
	}
	return out
}

// stated is s unless it is one of the words that stand for "not given".
func stated(s string) string {
	switch strings.ToLower(strings.TrimSpace(s)) {
	case "n/a", "-", "unspecified", "unknown", "not available", "not applicable":
		return ""
	}
	return s
}

// status reads a CVE status word; "" when absent.
func (c *cursor) status(v *fastjson.Value, key string) Status {
	switch s := c.text(v, key); s {
	case "":
		return ""
	case "affected":
		return StatusAffected
	case "unaffected":
		return StatusNotAffected
	case "unknown":
		return StatusUnknown
	default:
		c.fault(key, "is %s, want affected, unaffected or unknown", clip(s))
		return ""
	}
}

// cveParts tells which parts of a product are meant: modules, files, routines.
func (c *cursor) cveParts(v *fastjson.Value) string {
	var parts []string
	if list := c.texts(v, "modules"); len(list) > 0 {
		parts = append(parts, "modules: "+strings.Join(list, ", "))
	}
	if list := c.texts(v, "programFiles"); len(list) > 0 {
		parts = append(parts, "files: "+strings.Join(list, ", "))
	}
	var routines []string
	c.each(v, "programRoutines", func(_ int, r *fastjson.Value) { routines = append(routines, c.text(r, "name")) })
	if len(routines) > 0 {
		parts = append(parts, "routines: "+strings.Join(routines, ", "))
	}
	return strings.Join(parts, "; ")
}

// mainStatus is the status an entry is about: affected if any of it is.
func mainStatus(list []cveVersion, other Status) Status {
	if other == StatusAffected {
		return StatusAffected
	}
	main := Status("")
	for _, v := range list {
		if v.status == StatusAffected || v.changesTo(StatusAffected) {
			return StatusAffected
		}
		if main == "" {
			main = v.status
		}
	}
	switch {
	case main != "":
		return main
	case other != "":
		return other
	}
	return StatusUnknown // the format's own default
}
