package content

import (
	"bytes"
	_ "embed" // who is told
	"errors"
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

//go:embed telling.yaml
var telling []byte

// Told is a role of those who are told of incidents.
type Told struct {
	Role     string     `yaml:"role"`
	Title    string     `yaml:"title"`
	Order    int        `yaml:"order"`    // 1 to 99; the smaller is told first
	Audience string     `yaml:"audience"` // as TLP counts it
	Must     *Condition `yaml:"must"`
	Consider *Condition `yaml:"consider"`
	Why      string     `yaml:"why"`
}

// ToldFacts are what conditions of who is told may ask for beside [DutyFacts].
func ToldFacts() []string { return []string{"device_in_it", "severe"} }

// Tolds are all roles of those who are told, in their order.
func Tolds() ([]Told, error) {
	var out []Told
	d := yaml.NewDecoder(bytes.NewReader(telling))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read who is told: %w", err)
	}
	known := ToldFacts()
	for _, f := range DutyFacts() {
		known = append(known, f.Name)
	}
	var faults []error
	seen := map[string]bool{}
	for n, t := range out {
		if t.Role == "" || seen[t.Role] || t.Title == "" || t.Why == "" || t.Audience == "" {
			faults = append(faults, fmt.Errorf("telling.yaml: entry %d is incomplete or stands twice", n+1))
		}
		seen[t.Role] = true
		if t.Order < 1 || t.Order > 99 || n > 0 && t.Order < out[n-1].Order {
			faults = append(faults, fmt.Errorf("telling.yaml: %s has the order %d", t.Role, t.Order))
		}
		for _, c := range []*Condition{t.Must, t.Consider} {
			if c == nil {
				continue
			}
			for _, f := range c.Facts() {
				if !slices.Contains(known, f) {
					faults = append(faults, fmt.Errorf("telling.yaml: %s asks for the unknown fact %q", t.Role, f))
				}
			}
		}
	}
	return out, errors.Join(faults...)
}
