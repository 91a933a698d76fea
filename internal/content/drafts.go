package content

import (
	"bytes"
	_ "embed" // the templates of reports and letters
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed drafts.yaml
var drafts []byte

// Template is a report or a letter that is filled in from what is known of an incident. Package incident/draft fills it in.
type Template struct {
	ID       string   `yaml:"id"`
	Title    string   `yaml:"title"`
	To       string   `yaml:"to"`       // a role of stakeholders: authority, customer, patients, media, …
	Audience string   `yaml:"audience"` // of TLP; where a duty asks for it, the law does
	Law      string   `yaml:"law"`      // instrument and section that the fields come from
	Serves   []string `yaml:"serves"`   // duties ("us-806") or stages of duties ("eu-nis2-23/warning")
	Plain    bool     `yaml:"plain"`    // people without knowledge of the field read it
	Fields   []Entry  `yaml:"fields"`
}

// Entry is a field of a template. From and Text are never both given; where neither is, a person writes it.
type Entry struct {
	ID       string   `yaml:"id"`
	Section  string   `yaml:"section"` // heading above it; "" goes on with the one before
	Label    string   `yaml:"label"`
	From     []string `yaml:"from"` // facts whose values are it, one a line
	Text     string   `yaml:"text"` // standing words, with facts in braces
	Required bool     `yaml:"required"`
	Help     string   `yaml:"help"`
	Law      string   `yaml:"law"` // the section that asks for it
}

// Serve says whether the template is for a stage of a duty.
func (t Template) Serve(duty, stage string) bool {
	return slices.Contains(t.Serves, duty) || slices.Contains(t.Serves, duty+"/"+stage)
}

// hole is a fact in standing words.
var hole = regexp.MustCompile(`\{([a-z_.]+)\}`)

// Facts lists the facts that an entry is made of, in their order.
func (e Entry) Facts() []string {
	out := slices.Clone(e.From)
	for _, m := range hole.FindAllStringSubmatch(e.Text, -1) {
		out = append(out, m[1])
	}
	return out
}

// Fill puts values into the standing words.
func (e Entry) Fill(value func(fact string) string) string {
	return hole.ReplaceAllStringFunc(e.Text, func(m string) string { return value(m[1 : len(m)-1]) })
}

// Drafts is everything that reports and letters are made of.
type Drafts struct {
	Templates []Template        `yaml:"templates"`
	Jargon    map[string]string `yaml:"jargon"` // a word that patients do not know, and a plainer one
}

// Template finds a template by its id.
func (d Drafts) Template(id string) (Template, bool) {
	n := slices.IndexFunc(d.Templates, func(t Template) bool { return t.ID == id })
	if n < 0 {
		return Template{}, false
	}
	return d.Templates[n], true
}

// SheetFacts are the names of the facts that templates may use beside "fact." and a name of [DutyFacts], and "at." and a name
// of [DutyStarts], with what each is.
func SheetFacts() map[string]string {
	return map[string]string{
		"incident.number": "number of the incident", "incident.title": "title of the incident", "incident.summary": "summary of the incident", "incident.state": "state of the incident",
		"incident.aware": "when we became aware", "incident.aware_who": "who became aware", "incident.aware_how": "how we became aware", "incident.declared": "when it was declared",
		"incident.cyber": "level on the cyber scale", "incident.clinical": "level on the clinical scale", "incident.care": "how clinical work goes on",
		"incident.extent": "what is in it", "incident.cause": "root cause", "incident.looked_at": "what was looked at for the cause", "incident.lessons": "lessons",
		"incident.measures": "containment that ran", "incident.decisions": "decisions that were recorded", "incident.disclosure": "how far others were told", "incident.closed": "when it was closed",
		"incident.tlp": "TLP marking", "incident.sources": "where it came from", "incident.vulnerabilities": "vulnerabilities seen exploited",
		"entity.name": "name of the legal entity", "entity.roles": "what the legal entity is there", "entity.places": "where the legal entity is concerned", "entity.reported": "reports sent before",
		"duty.title": "duty to report", "duty.law": "law of the duty", "duty.recipients": "whom the duty names", "duty.latest": "latest lawful instant", "duty.runs_from": "instant from which the time runs",
		"devices.list": "devices and systems in it", "devices.count": "how many devices and systems are in it", "devices.hit": "devices found compromised", "devices.makers": "manufacturers",
		"devices.models": "models", "devices.serials": "serial numbers", "devices.lots": "lots", "devices.udis": "UDIs", "devices.versions": "software versions", "devices.made": "days of manufacture",
		"devices.wards": "wards", "devices.sites": "sites", "devices.use": "whether the devices are in use", "devices.evidence": "whether the devices were kept for evaluation",
	}
}

func knownFact(name string) bool {
	if _, ok := SheetFacts()[name]; ok {
		return true
	}
	if fact, ok := strings.CutPrefix(name, "fact."); ok {
		return slices.ContainsFunc(DutyFacts(), func(f Fact) bool { return f.Name == fact })
	}
	at, ok := strings.CutPrefix(name, "at.")
	return ok && slices.Contains(DutyStarts(), at)
}

// DraftTemplates reads the templates, checked against duties and facts.
func DraftTemplates() (Drafts, error) {
	var out Drafts
	d := yaml.NewDecoder(bytes.NewReader(drafts))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return out, fmt.Errorf("read templates of reports: %w", err)
	}
	duties, err := Duties()
	if err != nil {
		return out, err
	}
	keys := map[string]bool{}
	for _, d := range duties {
		keys[d.ID] = true
		for _, s := range d.Stages {
			keys[d.ID+"/"+s.ID] = true
		}
	}
	var faults []error
	seen := map[string]bool{}
	for _, t := range out.Templates {
		if seen[t.ID] {
			faults = append(faults, fmt.Errorf("drafts.yaml: %s stands twice", t.ID))
		}
		seen[t.ID] = true
		for _, f := range t.faults(keys) {
			faults = append(faults, fmt.Errorf("drafts.yaml: %s: %s", t.ID, f))
		}
	}
	for _, w := range slices.Sorted(maps.Keys(out.Jargon)) {
		if w != strings.ToLower(w) || out.Jargon[w] == "" {
			faults = append(faults, fmt.Errorf("drafts.yaml: jargon %q must be in small letters and have a plainer word", w))
		}
	}
	return out, errors.Join(faults...)
}

func (t Template) faults(keys map[string]bool) []string {
	var out []string
	want := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	want(t.ID != "" && t.Title != "" && t.Law != "" && len(t.Fields) > 0, "id, title, law and fields are needed")
	want(slices.Contains([]string{"authority", "customer", "patients", "manufacturer", "media"}, t.To), "unknown recipient %q", t.To)
	want(slices.Contains([]string{"by_law", "clients", "community", "everyone"}, t.Audience), "unknown audience %q", t.Audience)
	for _, s := range t.Serves {
		want(keys[s], "serves the unknown duty %q", s)
	}
	ids := map[string]bool{}
	for i, e := range t.Fields {
		want(e.ID != "" && !ids[e.ID] && strings.Trim(e.ID, "abcdefghijklmnopqrstuvwxyz0123456789_") == "", "field %d: bad id %q", i+1, e.ID)
		ids[e.ID] = true
		want(e.Label != "", "field %s has no label", e.ID)
		want(i > 0 || e.Section != "", "the first field needs a section")
		want(len(e.From) == 0 || e.Text == "", "field %s has both facts and words", e.ID)
		want(len(e.From) > 0 || e.Text != "" || e.Help != "", "field %s says nothing to who fills it in", e.ID)
		for _, f := range e.Facts() {
			want(knownFact(f), "field %s uses the unknown fact %q", e.ID, f)
		}
	}
	return out
}
