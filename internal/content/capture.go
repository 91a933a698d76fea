package content

import (
	"bytes"
	_ "embed" // the guides
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed capture.yaml
var capture []byte

// Guide says what to capture of a device before it is switched off.
type Guide struct {
	ID    string   `yaml:"id"`
	Title string   `yaml:"title"`
	Words []string `yaml:"words"` // that it is for
	First []string `yaml:"first"` // what is lost without power, or soon
	Then  []string `yaml:"then"`
	Never []string `yaml:"never"`
}

// Guides are all guides, that for every device first.
func Guides() ([]Guide, error) {
	var out []Guide
	d := yaml.NewDecoder(bytes.NewReader(capture))
	d.KnownFields(true)
	if err := d.Decode(&out); err != nil {
		return nil, fmt.Errorf("read guides of capture: %w", err)
	}
	return out, nil
}

// GuidesFor are the guides for a device, that for every device first, by words of its model's name and of what it does for
// patients. A word of a guide of more than three letters stands for every word that begins with it.
func GuidesFor(about string) ([]Guide, error) {
	all, err := Guides()
	if err != nil {
		return nil, err
	}
	said := strings.FieldsFunc(strings.ToLower(about), func(r rune) bool { return r != '-' && (r < 'a' || r > 'z') })
	out := all[:1:1]
	for _, g := range all[1:] {
		if slices.ContainsFunc(g.Words, func(w string) bool {
			return slices.ContainsFunc(said, func(x string) bool { return x == w || len(w) > 3 && strings.HasPrefix(x, w) })
		}) {
			out = append(out, g)
		}
	}
	return out, nil
}
