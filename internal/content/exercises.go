package content

import (
	"bytes"
	"fmt"
	"time"

	"go.yaml.in/yaml/v3"
)

// Exercise is a story that people are led through, on the same engine as real incidents.
type Exercise struct {
	ID         string     `yaml:"id" json:"id"`
	Title      string     `yaml:"title" json:"title"`
	Story      string     `yaml:"story" json:"story"`           // for the leader
	Set        string     `yaml:"set" json:"set"`               // the [Scenario] whose records are replayed
	Procedure  string     `yaml:"procedure" json:"procedure"`   // code of the document that is exercised
	Minutes    int        `yaml:"minutes" json:"minutes"`       // how long it is planned for
	Cyber      int        `yaml:"cyber" json:"cyber"`           // severity that it begins with
	Clinical   int        `yaml:"clinical" json:"clinical"`     // the same, for patients
	Devices    []string   `yaml:"devices" json:"devices"`       // asset tags that take part where the fleet has them
	Systems    []string   `yaml:"systems" json:"systems"`       // what takes part and is no device of the fleet
	Objectives []string   `yaml:"objectives" json:"objectives"` // what is to be learned
	Injects    []Inject   `yaml:"injects" json:"injects"`       // in the order of time
	Expects    []Expected `yaml:"expects" json:"expects"`       // what people should do
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

// Exercises are the stories, the main one first.
func Exercises() ([]Exercise, error) {
	text, err := demo.ReadFile("demo/events/exercises.yaml")
	if err != nil {
		return nil, fmt.Errorf("read exercises: %w", err)
	}
	var out []Exercise
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read exercises: %w", err)
	}
	return out, nil
}
