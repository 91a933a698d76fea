package content

import (
	"bytes"
	"fmt"

	"go.yaml.in/yaml/v3"
)

// Scenario is an attack on the demonstration's hospital as raw records.
type Scenario struct {
	ID     string         `yaml:"id"`
	Title  string         `yaml:"title"`
	Story  string         `yaml:"story"`
	Drill  bool           `yaml:"drill"`  // for exercises alone
	Begins string         `yaml:"begins"` // when the attack begins, as a date token without its marks; before are usual days
	Files  []ScenarioFile `yaml:"files"`
	Fires  []string       `yaml:"fires"` // names of rules of the pack that must fire
}

// ScenarioFile is what one source sent, one record a line, in the order of time.
type ScenarioFile struct {
	Name   string `yaml:"name"`   // below demo/events, for [Demo.File]: "events/" + Name
	Source string `yaml:"source"` // how the source calls itself
	Format string `yaml:"format"`
}

// Scenarios are the attacks of the demonstration.
func Scenarios() ([]Scenario, error) {
	text, err := demo.ReadFile("demo/events/scenarios.yaml")
	if err != nil {
		return nil, fmt.Errorf("read scenarios: %w", err)
	}
	var out []Scenario
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read scenarios: %w", err)
	}
	return out, nil
}
