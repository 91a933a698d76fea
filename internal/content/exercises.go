package content

import (
	"bytes"
	"errors"
	"fmt"
	"maps"
	"slices"
	"time"

	"go.yaml.in/yaml/v3"
)

// Exercise is a story that people are led through, on the same engine as real incidents.
type Exercise struct {
	ID         string     `yaml:"id" json:"id"`
	Title      string     `yaml:"title" json:"title"`
	Story      string     `yaml:"story" json:"story"`            // for the leader
	Set        string     `yaml:"set" json:"set"`                // the [Scenario] whose records are replayed
	Procedure  string     `yaml:"procedure" json:"procedure"`    // code of the document that is exercised
	Minutes    int        `yaml:"minutes" json:"minutes"`        // how long it is planned for
	Cyber      int        `yaml:"cyber" json:"cyber"`            // severity that it begins with
	Clinical   int        `yaml:"clinical" json:"clinical"`      // the same, for patients
	Devices    []string   `yaml:"devices" json:"devices"`        // asset tags that take part where the fleet has them
	Systems    []string   `yaml:"systems" json:"systems"`        // what takes part and is no device of the fleet
	Entity     Concerned  `yaml:"entity" json:"entity,omitzero"` // whose clocks the facts of injects move, where nobody named a legal entity
	Objectives []string   `yaml:"objectives" json:"objectives"`  // what is to be learned
	Injects    []Inject   `yaml:"injects" json:"injects"`        // in the order of time
	Expects    []Expected `yaml:"expects" json:"expects"`        // what people should do
}

// Concerned is the legal entity of a story.
type Concerned struct {
	Name          string   `yaml:"name" json:"name"`
	Jurisdictions []string `yaml:"jurisdictions" json:"jurisdictions"` // ids of [Jurisdictions]
	Roles         []string `yaml:"roles" json:"roles"`                 // of [DutyRoles]
}

// Inject is something that happens in an exercise.
type Inject struct {
	ID     string        `yaml:"id" json:"id"`
	After  time.Duration `yaml:"after" json:"after"`                       // since the start, at the pace of the day
	Kind   string        `yaml:"kind" json:"kind"`                         // events, message, fact or question
	To     string        `yaml:"to" json:"to,omitempty"`                   // the side that it is for
	From   string        `yaml:"from" json:"from,omitempty"`               // who says it, within the story
	Text   string        `yaml:"text" json:"text"`                         // of events: what the leader sees
	Until  string        `yaml:"until" json:"until,omitempty"`             // of events: the last instant of the set that is replayed, as a date token without its marks; "" for the rest
	Within time.Duration `yaml:"within,omitempty" json:"within,omitempty"` // of a question: when an answer is expected

	// What is different from then on, within the incident of the exercise alone.
	Facts    map[string]string `yaml:"facts,omitempty" json:"facts,omitempty"`       // of [DutyFacts]: yes, no, or unknown when it is doubted again
	Cyber    int               `yaml:"cyber,omitempty" json:"cyber,omitempty"`       // severity; 0 leaves it
	Clinical int               `yaml:"clinical,omitempty" json:"clinical,omitempty"` // the same, for patients
}

// Tells are the changes that an inject brings, in words, facts in the order of [DutyFacts].
func (in Inject) Tells() []string {
	var out []string
	for _, f := range DutyFacts() {
		if v, ok := in.Facts[f.Name]; ok {
			out = append(out, f.Text+" "+v)
		}
	}
	if in.Cyber > 0 {
		out = append(out, fmt.Sprintf("Cyber severity %d", in.Cyber))
	}
	if in.Clinical > 0 {
		out = append(out, fmt.Sprintf("Clinical severity %d", in.Clinical))
	}
	return out
}

// Expected is something that people should do in an exercise, seen by an entry of the journal.
type Expected struct {
	ID     string        `yaml:"id" json:"id"`
	Title  string        `yaml:"title" json:"title"`
	Role   string        `yaml:"role" json:"role"`             // the side that should do it
	After  string        `yaml:"after" json:"after,omitempty"` // id of the inject from which the time runs; "" for the start
	Within time.Duration `yaml:"within" json:"within"`
	Kind   string        `yaml:"kind" json:"kind"`             // of the entry
	Field  string        `yaml:"field" json:"field,omitempty"` // that the entry changed; "" for any
	Value  string        `yaml:"value" json:"value,omitempty"` // to this value; "" for any
}

// worst is the highest severity, on both scales (reference incidents.md 4.4).
const worst = 5

// Exercises are the stories, the main one first.
func Exercises() ([]Exercise, error) {
	text, err := demo.ReadFile("demo/events/exercises.yaml")
	if err != nil {
		return nil, fmt.Errorf("read exercises: %w", err)
	}
	return readExercises(text)
}

// readExercises reads scenarios and tells all that is wrong with what they change.
func readExercises(text []byte) ([]Exercise, error) {
	var out []Exercise
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read exercises: %w", err)
	}
	var faults []error
	for _, x := range out {
		for _, reason := range x.faults() {
			faults = append(faults, fmt.Errorf("exercises.yaml: %s: %s", x.ID, reason))
		}
	}
	return out, errors.Join(faults...)
}

func (x Exercise) faults() []string {
	var out []string
	want := func(ok bool, format string, args ...any) {
		if !ok {
			out = append(out, fmt.Sprintf(format, args...))
		}
	}
	level := func(n int) bool { return n >= 0 && n <= worst }
	want(level(x.Cyber) && level(x.Clinical), "severities go from 0 to %d", worst)
	for _, j := range x.Entity.Jurisdictions {
		want(slices.Contains(JurisdictionIDs(), j), "unknown jurisdiction %q", j)
	}
	for _, r := range x.Entity.Roles {
		want(slices.Contains(DutyRoles(), r), "unknown role %q", r)
	}
	named := x.Entity.Name != "" && len(x.Entity.Jurisdictions) > 0 && len(x.Entity.Roles) > 0
	for _, in := range x.Injects {
		want(len(in.Facts) == 0 || named, "inject %s tells facts, and no legal entity has a name, jurisdictions and roles", in.ID)
		want(level(in.Cyber) && level(in.Clinical), "inject %s: severities go from 0 to %d", in.ID, worst)
		for _, name := range slices.Sorted(maps.Keys(in.Facts)) {
			want(slices.ContainsFunc(DutyFacts(), func(f Fact) bool { return f.Name == name }), "inject %s: unknown fact %q", in.ID, name)
			want(slices.Contains([]string{"yes", "no", "unknown"}, in.Facts[name]), "inject %s: %s is %q, which is none of yes, no and unknown", in.ID, name, in.Facts[name])
		}
	}
	return out
}
