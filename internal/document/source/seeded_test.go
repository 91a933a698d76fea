package source_test

import (
	"strings"
	"testing"

	"triward/internal/content"
	"triward/internal/document/source"
)

// Those who write seeded documents run this: go test -run Seeded ./internal/document/source
func TestSeededDocuments(t *testing.T) {
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	for _, f := range files {
		t.Run("AC-08 "+f.Name, func(t *testing.T) {
			d, err := source.Parse(f.Name, f.Text)
			if err != nil {
				t.Fatal(err)
			}
			if d.Code != strings.TrimSuffix(f.Name, ".md") {
				t.Errorf("the document in %s has the code %s", f.Name, d.Code)
			}
		})
	}
}
