package source_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"triward/internal/content"
	"triward/internal/document/source"
	"triward/internal/problem"
)

// catalogue is how many documents of each prefix there are.
var catalogue = []struct {
	prefix string
	count  int
}{{"POL", 11}, {"STD", 10}, {"SOP", 26}, {"WI", 6}, {"FRM", 17}}

// Those who write seeded documents run this: go test -run Seeded ./internal/document/source
func TestSeededDocuments(t *testing.T) {
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	var all []source.Document
	written := map[string]bool{}
	for _, f := range files {
		t.Run("AC-08 "+f.Name, func(t *testing.T) {
			d, err := source.Parse(f.Name, f.Text)
			if err != nil {
				for _, x := range problem.FaultsOf(err) {
					t.Error(x)
				}
				return
			}
			if d.Code != strings.TrimSuffix(f.Name, ".md") {
				t.Errorf("the document in %s has the code %s", f.Name, d.Code)
			}
			all = append(all, d)
		})
		written[strings.TrimSuffix(f.Name, ".md")] = true
	}
	var missing []string
	for _, c := range catalogue {
		for n := 1; n <= c.count; n++ {
			if code := fmt.Sprintf("%s-%02d", c.prefix, n); !written[code] {
				missing = append(missing, code)
			}
		}
	}
	if len(missing) > 0 || len(all) != 70 {
		t.Errorf("%d documents of 70; missing: %s", len(all), strings.Join(missing, " "))
	}
	// ISO 13485 7.2.3, 8.2.1 to 8.2.3: each has a procedure or instruction that can be run.
	t.Run("CM-01", func(t *testing.T) {
		for _, ref := range []string{"7.2.3", "8.2.1", "8.2.2", "8.2.3"} {
			found := false
			for _, d := range all {
				found = found || len(d.Steps) > 0 && slices.Contains(d.Satisfies, source.Clause{Set: "iso-13485-2016", Ref: ref})
			}
			if !found {
				t.Errorf("nothing that runs satisfies %s", ref)
			}
		}
	})
	t.Run("AC-08 all together", func(t *testing.T) {
		for _, f := range problem.FaultsOf(source.Check(all, clauses(t))) {
			t.Error(f)
		}
	})
}

// clauses is the index of the clause sets that are built in.
func clauses(t *testing.T) source.Clauses {
	t.Helper()
	sets, err := content.ClauseSets()
	if err != nil {
		t.Fatal(err)
	}
	out := source.Clauses{}
	for _, s := range sets {
		out[s.ID] = map[string]bool{}
		for _, c := range s.Clauses {
			out[s.ID][c.Ref] = true
		}
	}
	return out
}

// Every seeded document becomes HTML without a fault but variables that nobody filled yet.
func TestSeededDocumentsBecomeHTML(t *testing.T) {
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	vars := map[string]string{}
	for _, v := range source.Variables {
		vars[v.Name] = v.Example
	}
	var targets []source.Target
	var all []source.Document
	for _, f := range files {
		text, missing := source.Fill(f.Text, vars)
		if len(missing) > 0 {
			t.Errorf("%s: nobody fills %v", f.Name, missing)
		}
		d, err := source.Parse(f.Name, text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
		if d.Code == source.TargetsCode {
			targets = d.Targets
		}
	}
	for _, d := range all {
		html, err := source.HTML(d, source.HTMLOptions{Targets: targets})
		if err != nil {
			t.Error(err)
		}
		if _, fault, found := strings.Cut(html, `class="fault">`); found {
			fault, _, _ = strings.Cut(fault, "<")
			t.Errorf("%s: %s", d.Code, fault)
		}
		mustBeHarmless(t, html)
	}
}
