package content_test

import (
	"os"
	"strings"
	"testing"

	"triward/internal/content"
)

const oneQuery = `- id: ev-one
  title: One
  clauses: [{set: part-11, ref: "11.10(a)"}]
  cel: documents.all(d, d.effective)
  fresh: P1D
`

func TestParseEvidenceNamesEachFault(t *testing.T) {
	if _, err := content.ParseEvidence("x.yaml", []byte(oneQuery)); err != nil {
		t.Fatal(err)
	}
	for change, says := range map[[2]string]string{
		{"ev-one", "EV one"}: "the id must be", {"title: One", "title: ''"}: "title", {"  fresh: P1D\n", ""}: "fresh", {"  cel: documents.all(d, d.effective)\n", ""}: "no question",
		{"fresh: P1D", "fresh: P1D\n  threshold: 101"}: "percentage", {"fresh: P1D", "fresh: P1D\n  empty: failing"}: "empty", {"fresh: P1D", "fresh: P1D\n  review: [weather]"}: "weather",
		{"fresh: P1D", "fresh: P1D\n  colour: green"}: "colour", {`clauses: [{set: part-11, ref: "11.10(a)"}]`, "clauses: []"}: "no clause",
	} {
		_, err := content.ParseEvidence("x.yaml", []byte(strings.Replace(oneQuery, change[0], change[1], 1)))
		if err == nil || !strings.Contains(err.Error(), says) {
			t.Errorf("%q for %q: %v", change[1], change[0], err)
		}
	}
}

func FuzzParseEvidence(f *testing.F) {
	text, err := os.ReadFile("evidence/devices.yaml")
	if err != nil {
		f.Fatal(err)
	}
	f.Add(text)
	for n := range len(oneQuery) {
		f.Add([]byte(oneQuery[:n]))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		all, err := content.ParseEvidence("x.yaml", text)
		if err == nil && len(all) > 200 {
			t.Errorf("%d queries are accepted", len(all))
		}
	})
}
