package content

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"fmt"
	"io/fs"

	"triward/docs/guide"
)

// Version says which content of a kind this program carries.
type Version struct {
	Name   string // "documents", "clause sets"
	Files  int
	SHA256 string // of names and texts, in hexadecimal
}

// Versions are those of all content that rules and records rely on.
func Versions() ([]Version, error) {
	var out []Version
	for _, c := range []struct {
		name  string
		files embed.FS
	}{{"documents", documents}, {"clause sets", clauses}, {"evidence queries", evidence}, {"detection rules", rules}, {"manuals", guide.Files}} {
		v := Version{Name: c.name}
		h := sha256.New()
		err := fs.WalkDir(c.files, ".", func(p string, e fs.DirEntry, err error) error {
			if err != nil || e.IsDir() {
				return err
			}
			text, err := fs.ReadFile(c.files, p)
			fmt.Fprintf(h, "%s %d\n%s", p, len(text), text)
			v.Files++
			return err
		})
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", c.name, err)
		}
		v.SHA256 = hex.EncodeToString(h.Sum(nil))
		out = append(out, v)
	}
	for _, c := range []struct {
		name string
		text []byte
	}{{"kits", kits}, {"curricula", curricula}, {"reporting duties", clocks}, {"techniques of attack", attack}, {"guides of capture", capture}} {
		sum := sha256.Sum256(c.text)
		out = append(out, Version{c.name, 1, hex.EncodeToString(sum[:])})
	}
	return out, nil
}
