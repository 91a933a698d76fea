package content

import (
	"bytes"
	_ "embed" // tactics and techniques
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed attack.yaml
var attack []byte

// Matrix is one matrix of MITRE ATT&CK.
type Matrix struct {
	ID      string   `yaml:"id"` // ics or enterprise
	Version string   `yaml:"version"`
	Tactics []Tactic `yaml:"tactics"` // in the order of an attack
}

// Tactic is a column of a matrix.
type Tactic struct {
	ID         string      `yaml:"id"` // TA0108
	Name       string      `yaml:"name"`
	Slug       string      `yaml:"slug"` // as tags of rules name it
	Techniques []Technique `yaml:"techniques"`
}

// Technique is a cell of a matrix. The same technique may stand below several tactics.
type Technique struct {
	ID   string `yaml:"id"` // T0883, T1110.003
	Name string `yaml:"name"`
}

// Attack is what of MITRE ATT&CK the program knows: the matrix for ICS in full, that for Enterprise as far as rules of the
// pack use it. It holds names only.
func Attack() ([]Matrix, error) {
	var out []Matrix
	d := yaml.NewDecoder(bytes.NewReader(attack))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read ATT&CK: %w", err)
	}
	return out, nil
}
