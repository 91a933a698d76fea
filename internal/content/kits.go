package content

import (
	"bytes"
	_ "embed" // the kits
	"fmt"

	"go.yaml.in/yaml/v3"
)

//go:embed kits.yaml
var kits []byte

// Kit is a set of documents that the set-up offers.
type Kit struct {
	ID        string   `yaml:"id"`
	Title     string   `yaml:"title"`
	For       string   `yaml:"for"`  // manufacturer, hospital or both
	Text      string   `yaml:"text"` // whom it is for
	Documents []string `yaml:"documents"`
	Folds     []Fold   `yaml:"folds"`
}

// Fold says which documents stand inside another one in a kit, so that a small organisation has fewer of them.
type Fold struct {
	Into      string   `yaml:"into"`  // code of one of the kit's documents
	Title     string   `yaml:"title"` // its title with the others in it
	Documents []string `yaml:"documents"`
}

// Kits are all kits, the smallest first.
func Kits() ([]Kit, error) {
	var out []Kit
	d := yaml.NewDecoder(bytes.NewReader(kits))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read kits: %w", err)
	}
	return out, nil
}
