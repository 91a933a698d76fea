package content

import (
	"bytes"
	_ "embed" // the reporting duties
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"time"

	"go.yaml.in/yaml/v3"
)

//go:embed clocks.yaml
var clocks []byte

// Duty is a reporting duty: who must tell whom, when it applies, and how long each stage of it may take. Package
// incident/clock evaluates it.
type Duty struct {
	ID           string    `yaml:"id"`
	Title        string    `yaml:"title"`
	Jurisdiction string    `yaml:"jurisdiction"` // an id of [Jurisdictions]
	Instrument   string    `yaml:"instrument"`   // the law, rule or guidance
	Article      string    `yaml:"article"`
	Roles        []string  `yaml:"roles"` // a legal entity that has one of them is concerned
	When         Condition `yaml:"when"`
	Zone         string    `yaml:"zone"`     // IANA zone of the authority, in which its days are counted
	Calendar     string    `yaml:"calendar"` // which days it does not work
	Recipients   []string  `yaml:"recipients"`
	Source       string    `yaml:"source"`    // where its text is read
	Delay        string    `yaml:"delay"`     // what may pause it: law_enforcement
	Extension    string    `yaml:"extension"` // who may grant more time, and by which article; "" nobody
	Promptly     bool      `yaml:"promptly"`  // the length is the latest instant; the law asks for it without delay
	Status       string    `yaml:"status"`    // in_force, proposed, unconfirmed, repealed
	From         string    `yaml:"from"`      // first day it applies, YYYY-MM-DD; "" unknown or long ago
	To           string    `yaml:"to"`        // last day
	Checked      string    `yaml:"checked"`   // V: the number was read in the law; K: somebody must still read it there
	Stages       []Stage   `yaml:"stages"`
}

// Stage is one report of a duty.
type Stage struct {
	ID         string `yaml:"id"`
	Title      string `yaml:"title"`
	Start      string `yaml:"start"`      // the instant from which its time runs
	Length     int    `yaml:"length"`     // in units; 0 with promptly
	Unit       string `yaml:"unit"`       // hour, calendar_day, work_day, month, promptly, unknown (nobody entered it)
	Incomplete bool   `yaml:"incomplete"` // a first report may leave open what is not known yet
}

// Condition is a predicate over facts: a fact's name, or all, any or not of conditions.
type Condition struct {
	Fact string
	All  []Condition
	Any  []Condition
	Not  *Condition
}

// UnmarshalYAML reads a name, or a mapping with exactly one of all, any and not.
func (c *Condition) UnmarshalYAML(n *yaml.Node) error {
	if n.Kind == yaml.ScalarNode {
		return n.Decode(&c.Fact)
	}
	if n.Kind != yaml.MappingNode || len(n.Content) != 2 {
		return fmt.Errorf("line %d: a condition is a fact, or one of all, any and not", n.Line)
	}
	switch n.Content[0].Value {
	case "all":
		return n.Content[1].Decode(&c.All)
	case "any":
		return n.Content[1].Decode(&c.Any)
	case "not":
		c.Not = &Condition{}
		return n.Content[1].Decode(c.Not)
	}
	return fmt.Errorf("line %d: %q is none of all, any and not", n.Line, n.Content[0].Value)
}

// Facts lists the names of the facts that a condition asks for, each once.
func (c Condition) Facts() []string {
	var out []string
	if c.Fact != "" {
		out = append(out, c.Fact)
	}
	for _, x := range append(slices.Clone(c.All), c.Any...) {
		out = append(out, x.Facts()...)
	}
	if c.Not != nil {
		out = append(out, c.Not.Facts()...)
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// Fact is something about an incident that a legal entity knows, does not know, or knows not to be so.
type Fact struct {
	Name string
	Text string // the question, as a form asks it
}

// DutyFacts is the closed list of facts over which duties are decided.
func DutyFacts() []Fact {
	return []Fact{
		{"device_involved", "Is a medical device involved?"},
		{"device_link_possible", "Can the device have caused it or contributed to it?"},
		{"death", "Did a person die?"},
		{"serious_injury", "Was a person seriously injured?"},
		{"serious_deterioration", "Did the state of a person's health become seriously worse?"},
		{"unanticipated", "Was that unforeseen in the manufacturer's analysis of risks?"},
		{"public_health_threat", "Is it a serious threat to public health?"},
		{"malfunction_may_harm", "Would the malfunction be likely to kill or injure if it came again?"},
		{"remedial_action_needed", "Is action needed against an unreasonable risk of substantial harm to the public?"},
		{"authority_request", "Did the authority ask in writing?"},
		{"report_filed", "Was a report of it sent already?"},
		{"new_information", "Is there information that the report sent did not have?"},
		{"isao_member", "Is the manufacturer an active member of an organisation that shares information (ISAO)?"},
		{"told_within_30_days", "Were customers told within 30 days, with interim controls and a plan?"},
		{"fixed_within_60_days", "Was the fix validated and distributed within 60 days?"},
		{"correction_or_removal", "Is a device corrected or removed because of a risk to health?"},
		{"field_safety_action", "Is there a field safety corrective action?"},
		{"rising_trend", "Do incidents that are not serious become more frequent or worse?"},
		{"uncontrolled_risk", "Is the risk to patients uncontrolled?"},
		{"health_data_breach", "Was unsecured health information acquired, seen, used or disclosed?"},
		{"low_probability_shown", "Does a written assessment of the four factors show a low probability of compromise?"},
		{"people_500", "Are 500 people or more concerned?"},
		{"residents_500", "Are more than 500 residents of one State concerned?"},
		{"personal_data_breach", "Is it a breach of personal data?"},
		{"no_risk_to_persons", "Is a risk to the rights of people unlikely?"},
		{"high_risk_to_persons", "Is the risk to people high?"},
		{"significant_incident", "Is the service seriously disrupted, or are others considerably harmed?"},
		{"recipients_affected", "Is the service likely to be worse for those who receive it?"},
		{"still_ongoing", "Does the incident still go on when its final report is due?"},
		{"exploited_vulnerability", "Is a vulnerability of the product actively exploited?"},
		{"severe_incident", "Does the incident severely impair the security of the product?"},
		{"digital_product", "Is it a product with digital elements that is no medical device?"},
		{"substantial_cyber_incident", "Is it a substantial cyber incident?"},
		{"ransom_paid", "Was a ransom paid?"},
		{"material", "Is it material to investors?"},
	}
}

// DutyRoles is the closed list of what a legal entity can be to an authority.
func DutyRoles() []string {
	return []string{"manufacturer", "ivd_manufacturer", "digital_manufacturer", "importer", "user_facility", "covered_entity", "business_associate",
		"essential_entity", "important_entity", "controller", "processor", "listed_company"}
}

// DutyStarts is the closed list of instants from which a stage may run. previous_submitted is the discharge of the stage
// before; discovery_year_end and report_year_end are the ends of the calendar years of the discovery and of the report.
func DutyStarts() []string {
	return []string{"became_aware", "reasonably_believes", "discovery", "discovery_year_end", "correction_decided", "correction_begun", "measure_available",
		"payment", "materiality_determined", "new_information", "request_received", "report_sent", "report_year_end",
		"incident_handled", "previous_submitted"}
}

// Duties are all reporting duties, in the order of the file.
func Duties() ([]Duty, error) {
	all, err := duties()
	return slices.Clone(all), err
}

// duties reads the file once: clocks are computed again on every page.
var duties = sync.OnceValues(func() ([]Duty, error) { return readDuties(clocks) })

// readDuties reads duties. A duty is known by its id and the first day it applies: versions of one follow each other without
// overlap.
func readDuties(text []byte) ([]Duty, error) {
	var out []Duty
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read reporting duties: %w", err)
	}
	var faults []error
	before := map[string]Duty{}
	for _, x := range out {
		if b, ok := before[x.ID]; ok && (b.To == "" || x.From <= b.To) {
			faults = append(faults, fmt.Errorf("clocks.yaml: %s stands twice for one day", x.ID))
		}
		before[x.ID] = x
		for _, reason := range x.faults() {
			faults = append(faults, fmt.Errorf("clocks.yaml: %s: %s", x.ID, reason))
		}
	}
	return out, errors.Join(faults...)
}

// OptionalDuties are those that the law does not ask for at all times: a legal entity may keep them before they are in force, or
// while nobody knows whether they are.
func OptionalDuties() ([]Duty, error) {
	all, err := Duties()
	return slices.DeleteFunc(all, func(d Duty) bool { return d.Status == "in_force" && d.From == "" && d.To == "" }), err
}

func (d Duty) faults() []string {
	var out []string
	want := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	want(d.ID != "" && strings.Trim(d.ID, "abcdefghijklmnopqrstuvwxyz0123456789-") == "", "the id must be small letters, digits and hyphens")
	want(d.Title != "" && d.Instrument != "" && d.Article != "" && len(d.Recipients) > 0, "title, instrument, article and recipients are needed")
	want(d.Source != "", "source is needed: where the text is read")
	want(slices.Contains(JurisdictionIDs(), d.Jurisdiction), "unknown jurisdiction %q", d.Jurisdiction)
	want(slices.Contains([]string{"in_force", "proposed", "unconfirmed", "repealed"}, d.Status), "unknown status %q", d.Status)
	want(slices.Contains([]string{"us-federal", "eu", "uk", "weekends"}, d.Calendar), "unknown calendar %q", d.Calendar)
	want(d.Checked == "V" || d.Checked == "K", "checked must be V or K")
	want(d.Delay == "" || d.Delay == "law_enforcement", "unknown delay %q", d.Delay)
	want(len(d.Roles) > 0 && len(d.Stages) > 0, "concerns nobody, or has no stage")
	for _, r := range d.Roles {
		want(slices.Contains(DutyRoles(), r), "unknown role %q", r)
	}
	names := make([]string, 0, len(DutyFacts()))
	for _, f := range DutyFacts() {
		names = append(names, f.Name)
	}
	want(len(d.When.Facts()) > 0, "has no condition")
	for _, f := range d.When.Facts() {
		want(slices.Contains(names, f), "unknown fact %q", f)
	}
	for _, day := range []string{d.From, d.To} {
		_, err := time.Parse(time.DateOnly, day)
		want(day == "" || err == nil, "%q is no day", day)
	}
	if _, err := time.LoadLocation(d.Zone); d.Zone == "" || err != nil {
		want(false, "unknown time zone %q", d.Zone)
	}
	for i, s := range d.Stages {
		want(s.ID != "" && s.Title != "", "stage %d has no id or title", i+1)
		want(slices.Contains(DutyStarts(), s.Start), "stage %s starts at %q", s.ID, s.Start)
		want(s.Start != "previous_submitted" || i > 0, "stage %s has none before it", s.ID)
		want(slices.Contains([]string{"hour", "calendar_day", "work_day", "month", "promptly", "unknown"}, s.Unit), "stage %s has the unit %q", s.ID, s.Unit)
		want((s.Unit == "promptly" || s.Unit == "unknown") == (s.Length == 0) && s.Length >= 0, "stage %s has no length", s.ID)
	}
	return out
}
