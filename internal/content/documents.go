package content

import (
	"embed"
	"fmt"
	"io/fs"
	"path"

	"triward/docs/guide"
)

//go:embed documents
var documents embed.FS

// File is one text that was written for Triward.
type File struct {
	Name string // "SOP-14.md"
	Text []byte
}

// Documents are the seeded documents, sorted by name. Variables such as {{organisation}} are not filled.
func Documents() ([]File, error) { return files(documents, "documents/*.md") }

// Manuals are the manuals of Triward itself, sorted by name.
func Manuals() ([]File, error) { return files(guide.Files, "*.md") }

func files(from fs.FS, pattern string) ([]File, error) {
	names, err := fs.Glob(from, pattern)
	if err != nil {
		return nil, fmt.Errorf("list %s: %w", pattern, err)
	}
	out := make([]File, 0, len(names))
	for _, n := range names {
		text, err := fs.ReadFile(from, n)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", n, err)
		}
		out = append(out, File{path.Base(n), text})
	}
	return out, nil
}
