package advisory

import (
	"regexp"
	"strings"
	"time"

	"triward/internal/advisory/jsontree"
	"triward/internal/problem"
)

// csafMaxStatements bounds what one document may expand to: groups and statuses multiply products.
const csafMaxStatements = 2_000_000

// ParseCSAF reads a CSAF 2.0 or 2.1 document. It takes what is published as it is: a document that fails the tests of
// CSAF 2.0 section 6 is still read (csaf.Check tells what is wrong with it). Text that is not JSON, values of a wrong type
// in a place that is read, a document without an id, or one beyond the limits of package jsontree (64 MB, 100 levels, 2 million values) is an
// Invalid error with line and column or the JSON pointer. name is used in errors only.
func ParseCSAF(name string, body []byte) (Record, error) {
	root, err := jsontree.Parse(body)
	if err != nil {
		return Record{}, named("CSAF", name, err)
	}
	r := csafReader{root: root}
	rec := r.record()
	if err := r.faults.Err("document is not readable as CSAF"); err != nil {
		return Record{}, named("CSAF", name, err)
	}
	return rec, nil
}

// csafReader collects faults while it turns a document into a record.
type csafReader struct {
	root       *jsontree.Value
	faults     problem.List
	publisher  string
	products   map[string]*Affected
	order      []string // product ids in document order
	groups     map[string][]string
	statements int
}

// csafMaxFaults ends the collection of faults: the first ones tell what is wrong.
const csafMaxFaults = 50

func (r *csafReader) fault(v *jsontree.Value, format string, args ...any) {
	if r.faults.Len() < csafMaxFaults {
		r.faults.Add(r.root.Pointer(v), format, args...)
	}
}

// want is the member key of v when it has the kind; another kind is a fault, null counts as absent.
func (r *csafReader) want(v *jsontree.Value, key string, kind jsontree.Kind) *jsontree.Value {
	m := v.Get(key)
	if m == nil || m.Kind == jsontree.Null {
		return nil
	}
	if m.Kind != kind {
		r.fault(m, "must be %v, is %v", kind, m.Kind)
		return nil
	}
	return m
}

func (r *csafReader) text(v *jsontree.Value, key string) string {
	return r.want(v, key, jsontree.String).Str()
}

func (r *csafReader) items(v *jsontree.Value, key string) []jsontree.Value {
	return r.want(v, key, jsontree.Array).List()
}

// objects is the elements of an array member; an element that is no object is a fault.
func (r *csafReader) objects(v *jsontree.Value, key string) []*jsontree.Value {
	list := r.items(v, key)
	out := make([]*jsontree.Value, 0, len(list))
	for i := range list {
		kid := &list[i]
		if kid.Kind != jsontree.Object {
			r.fault(kid, "must be an object, is %v", kid.Kind)
			continue
		}
		out = append(out, kid)
	}
	return out
}

// texts is the strings of an array member; an element that is no string is a fault.
func (r *csafReader) texts(v *jsontree.Value, key string) []string {
	var out []string
	list := r.items(v, key)
	for i := range list {
		kid := &list[i]
		if kid.Kind != jsontree.String {
			r.fault(kid, "must be a string, is %v", kid.Kind)
			continue
		}
		if kid.Text != "" {
			out = append(out, kid.Text)
		}
	}
	return out
}

// date reads RFC 3339 and the shortened forms that are met in published documents; a date without zone counts as UTC.
func (r *csafReader) date(v *jsontree.Value, key string) time.Time {
	m := r.want(v, key, jsontree.String)
	if m == nil {
		return time.Time{}
	}
	text := strings.TrimSpace(m.Text)
	for _, layout := range [...]string{time.RFC3339Nano, "2006-01-02T15:04:05.999999999", "2006-01-02T15:04Z07:00", "2006-01-02T15:04:05Z0700", "2006-01-02 15:04:05Z07:00", "2006-01-02 15:04:05", time.DateOnly} {
		if t, err := time.Parse(layout, text); err == nil {
			return t.UTC()
		}
	}
	r.fault(m, "is not a date and time: %q", jsontree.Shorten(text))
	return time.Time{}
}

func (r *csafReader) record() Record {
	doc := r.want(r.root, "document", jsontree.Object)
	if r.root.Kind != jsontree.Object || doc == nil {
		r.fault(r.root, "is not a CSAF document: it has no object \"document\"")
		return Record{}
	}
	switch version := r.text(doc, "csaf_version"); version {
	case "2.0", "2.1":
	case "":
		r.fault(doc, "is not a CSAF document: csaf_version is missing")
	default:
		r.fault(doc.Get("csaf_version"), "is %q; only CSAF 2.0 and 2.1 can be read", jsontree.Shorten(version))
	}
	tracking := r.want(doc, "tracking", jsontree.Object)
	publisher := r.want(doc, "publisher", jsontree.Object)
	tlp := r.want(r.want(doc, "distribution", jsontree.Object), "tlp", jsontree.Object)
	rec := Record{
		Source:    CSAF,
		ID:        strings.TrimSpace(r.text(tracking, "id")),
		Publisher: r.text(publisher, "name"),
		Title:     r.text(doc, "title"),
		Summary:   r.notes(doc, "summary", "description", "general"),
		Published: r.date(tracking, "initial_release_date"),
		Modified:  r.date(tracking, "current_release_date"),
		Revision:  r.text(tracking, "version"),
		Status:    r.text(tracking, "status"),
		TLP:       r.text(tlp, "label"),
		Links:     r.links(doc),
	}
	if rec.ID == "" {
		r.fault(doc, "has no tracking id")
	}
	rec.Withdrawn = withdrawn(r.text(doc, "category")) || withdrawn(rec.Status) || withdrawnTitle.MatchString(rec.Title)
	for _, l := range rec.Links {
		if l.Kind == "self" {
			rec.URL = l.URL
			break
		}
	}
	r.publisher = rec.Publisher
	r.tree()
	rec.Vulns = r.vulnerabilities(rec.ID)
	return rec
}

// withdrawnTitle finds the mark that CISA puts into the title of a withdrawn advisory, at its start or at its end.
var withdrawnTitle = regexp.MustCompile(`(?i)^\W*(withdrawn|superseded)\b|[(\[:–-]\s*(withdrawn|superseded)\s*[)\]]?\s*$`)

// withdrawn knows the categories csaf_withdrawn and csaf_superseded of CSAF 2.1 (4.6, 4.7) and the bare words.
func withdrawn(word string) bool {
	switch strings.TrimPrefix(strings.ToLower(word), "csaf_") {
	case "withdrawn", "superseded":
		return true
	}
	return false
}

// links reads references; a reference without category is external (CSAF 2.0 3.1.10.1).
func (r *csafReader) links(v *jsontree.Value) []Link {
	var out []Link
	for _, ref := range r.objects(v, "references") {
		l := Link{URL: r.text(ref, "url"), Title: r.text(ref, "summary"), Kind: r.text(ref, "category")}
		if l.Kind == "" {
			l.Kind = "external"
		}
		out = append(out, l)
	}
	return out
}

// notes joins the notes of the first of the categories that v has notes of.
func (r *csafReader) notes(v *jsontree.Value, categories ...string) string {
	notes := r.objects(v, "notes")
	for _, category := range categories {
		var parts []string
		seen := map[string]bool{"": true}
		for _, n := range notes {
			text := strings.TrimSpace(r.text(n, "text"))
			if strings.EqualFold(r.text(n, "category"), category) && !seen[text] {
				seen[text] = true
				parts = append(parts, text)
			}
		}
		if len(parts) > 0 {
			return strings.Join(parts, "\n\n")
		}
	}
	return ""
}
