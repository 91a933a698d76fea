package content

import (
	"bytes"
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"
	"strings"

	"go.yaml.in/yaml/v3"
)

//go:embed rules
var rules embed.FS

// Rules are the files of the medical rule pack, one rule a file, sorted by name ("dicom/unknown-calling-ae.yml").
func Rules() ([]File, error) { return below("rules", ".yml") }

// RuleTests are the test events of the pack, sorted by name: "dicom/unknown-calling-ae.yaml" has those of the rule with
// that name.
func RuleTests() ([]File, error) { return below("rules/tests", ".yaml") }

// RulesVersion is the version of the pack: the first 12 digits of the SHA-256 of its names and texts.
func RulesVersion() (string, error) {
	all, err := Rules()
	if err != nil {
		return "", err
	}
	h := sha256.New()
	for _, f := range all {
		fmt.Fprintf(h, "%s %d\n%s", f.Name, len(f.Text), f.Text)
	}
	return hex.EncodeToString(h.Sum(nil))[:12], nil
}

// Detection is an entry of the catalogue of medical detections.
type Detection struct {
	ID    string `yaml:"id"` // M20; C01 for a correlation
	Title string `yaml:"title"`
	Open  string `yaml:"open"` // why there is no rule for it yet; "" when there is one
}

// Catalogue is the catalogue of medical detections, in its order.
func Catalogue() ([]Detection, error) {
	var out []Detection
	return out, strict("rules/catalogue.yaml", &out)
}

// below are the files of a folder with an ending, by their path below the folder.
func below(root, ending string) ([]File, error) {
	var out []File
	err := fs.WalkDir(rules, root, func(p string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() || !strings.HasSuffix(p, ending) {
			return err
		}
		text, err := fs.ReadFile(rules, p)
		out = append(out, File{strings.TrimPrefix(p, root+"/"), text})
		return err
	})
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", root, err)
	}
	return out, nil
}

func strict(name string, into any) error {
	text, err := rules.ReadFile(name)
	if err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	d := yaml.NewDecoder(bytes.NewReader(text))
	d.KnownFields(true)
	if err := d.Decode(into); err != nil {
		return fmt.Errorf("read %s: %w", name, err)
	}
	return nil
}
