package content

import (
	_ "embed" // the techniques
	"fmt"
	"strings"
	"sync"
)

//go:embed techniques.tsv
var techniques string

// Listed is a technique as MITRE lists it.
type Listed struct {
	Technique
	Ended string // "revoked" or "deprecated", where MITRE took it back
}

// Techniques are all techniques of MITRE ATT&CK for Enterprise (18) and for ICS (18.1) by id, also those that were taken back,
// which older reports name. The ids of the two matrices differ.
func Techniques() (map[string]Listed, error) { return allTechniques() }

var allTechniques = sync.OnceValues(func() (map[string]Listed, error) {
	out := map[string]Listed{}
	for line := range strings.Lines(techniques) {
		f := strings.Split(strings.TrimSuffix(line, "\n"), "\t")
		if len(f) != 3 {
			return nil, fmt.Errorf("read the techniques of ATT&CK: %q", line)
		}
		out[f[0]] = Listed{Technique{f[0], f[1]}, f[2]}
	}
	return out, nil
})
