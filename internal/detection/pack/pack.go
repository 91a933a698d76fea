package pack

import (
	"bytes"
	"fmt"
	"path"
	"strings"
	"time"

	"go.yaml.in/yaml/v3"

	"triward/internal/content"
	"triward/internal/sigma"
)

// Set is the pack as one set. An error is a fault of the program.
func Set() (sigma.Set, error) {
	var out sigma.Set
	files, err := content.Rules()
	if err != nil {
		return out, err
	}
	for _, f := range files {
		s, err := sigma.Parse(f.Name, f.Text, sigma.Options{})
		if err != nil {
			return out, fmt.Errorf("rule pack: %w", err)
		}
		out.Add(s)
	}
	return out, nil
}

// Case is a story of events with what a rule must make of it.
type Case struct {
	Name   string    `yaml:"name"`
	Fires  bool      `yaml:"fires"`
	At     time.Time `yaml:"at"` // of the first event; 0: a Tuesday morning
	Events []Record  `yaml:"events"`
}

// Record is a raw record, or several that differ in their number and time.
type Record struct {
	As     string        `yaml:"as"`     // format
	After  time.Duration `yaml:"after"`  // since the first event; 0 for later ones: a second after the one before
	Repeat int           `yaml:"repeat"` // 0: once
	Every  time.Duration `yaml:"every"`  // between repetitions
	New    bool          `yaml:"new"`    // what the rule's baseline says of it
	Raw    string        `yaml:"raw"`    // @time@, @epoch@ and @n@ are filled in
}

// Cases are the test events of the rules, by the name of the rule.
func Cases() (map[string][]Case, error) {
	files, err := content.RuleTests()
	if err != nil {
		return nil, err
	}
	out := map[string][]Case{}
	for _, f := range files {
		var cases []Case
		d := yaml.NewDecoder(bytes.NewReader(f.Text))
		d.KnownFields(true)
		if err := d.Decode(&cases); err != nil {
			return nil, fmt.Errorf("events of rules, %s: %w", f.Name, err)
		}
		out[strings.TrimSuffix(path.Base(f.Name), ".yaml")] = cases
	}
	return out, nil
}

// Tested are the names of the rules that have both events to fire on and events not to.
func Tested() (map[string]bool, error) {
	all, err := Cases()
	if err != nil {
		return nil, err
	}
	out := map[string]bool{}
	for name, cases := range all {
		var yes, no bool
		for _, c := range cases {
			yes, no = yes || c.Fires, no || !c.Fires
		}
		out[name] = yes && no
	}
	return out, nil
}
