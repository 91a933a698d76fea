package content

import (
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

// What an inject changes is checked when the file is read: a fact that nobody knows would change nothing and say nothing.
func TestFactsOfInjects(t *testing.T) {
	const story = `
- id: x
  title: T
  cyber: 3
  entity: {name: H, jurisdictions: [eu], roles: [controller]}
  injects:
    - {id: a, kind: fact, text: "T", facts: {personal_data_breach: yes, death: no, material: unknown}, clinical: 5}
`
	all, err := readExercises([]byte(story))
	if err != nil {
		t.Fatal(err)
	}
	want := []string{"Did a person die? no", "Is it a breach of personal data? yes", "Is it material to investors? unknown", "Clinical severity 5"}
	if diff := cmp.Diff(want, all[0].Injects[0].Tells()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
	for _, c := range [][3]string{
		{"personal_data_breach", "personal_data_brech", `unknown fact "personal_data_brech"`},
		{"death: no", "death: maybe", "none of yes, no and unknown"},
		{"clinical: 5", "clinical: 6", "from 0 to 5"},
		{"cyber: 3", "cyber: -1", "from 0 to 5"},
		{"name: H, ", "", "no legal entity"},
		{"[eu]", "[mars]", `unknown jurisdiction "mars"`},
		{"[controller]", "[king]", `unknown role "king"`},
		{"facts:", "fakts:", "fakts"},
	} {
		if _, err := readExercises([]byte(strings.Replace(story, c[0], c[1], 1))); err == nil || !strings.Contains(err.Error(), c[2]) {
			t.Errorf("%s: got %v, want %q", c[1], err, c[2])
		}
	}
}

// The stories in which clocks start late.
func TestStoriesThatTellFacts(t *testing.T) {
	all, err := Exercises()
	if err != nil {
		t.Fatal(err)
	}
	var tell []string
	for _, x := range all {
		if slices.ContainsFunc(x.Injects, func(in Inject) bool { return len(in.Facts) > 0 }) {
			tell = append(tell, x.ID)
		}
	}
	if diff := cmp.Diff([]string{"pacs-theft", "open-archive", "pump-push", "worm"}, tell); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}
