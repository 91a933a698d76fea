package kit

import (
	"fmt"

	"triward/internal/content"
)

// Contents is a kit with its documents by name.
type Contents struct {
	content.Kit
	Lines []Line // in the order of the kit
}

// Line is a document of a kit, and those that stand inside it with all their steps and clauses.
type Line struct {
	Named
	Holds []Named
}

// Named is a document as people call it.
type Named struct{ Code, Title string }

// All are the kits that come with Triward, with the documents of each.
func All() ([]Contents, error) {
	kits, err := content.Kits()
	if err != nil {
		return nil, err
	}
	files, err := content.Documents()
	if err != nil {
		return nil, err
	}
	all, err := parse(files)
	if err != nil {
		return nil, err
	}
	own, err := manuals()
	if err != nil {
		return nil, err
	}
	titles := map[string]string{}
	for _, d := range append(all, own...) {
		titles[d.Code] = d.Title
	}
	out := make([]Contents, len(kits))
	for i, k := range kits {
		out[i].Kit = k
		for _, code := range k.Documents {
			title, ok := titles[code]
			if !ok {
				return nil, fmt.Errorf("kit %s: there is no document %s", k.ID, code)
			}
			l := Line{Named: Named{code, title}}
			for _, f := range k.Folds {
				if f.Into != code {
					continue
				}
				l.Title = f.Title
				for _, c := range f.Documents {
					l.Holds = append(l.Holds, Named{c, titles[c]})
				}
			}
			out[i].Lines = append(out[i].Lines, l)
		}
	}
	return out, nil
}

// Folded is how many documents stand inside others.
func (c Contents) Folded() int {
	n := 0
	for _, l := range c.Lines {
		n += len(l.Holds)
	}
	return n
}
