package content

import (
	"strings"
	"testing"
)

// Versions of a duty follow each other; two for one day, and one without a text to read, are refused.
func TestVersionsOfADuty(t *testing.T) {
	const law = `
- id: xx-1
  title: T
  jurisdiction: eu
  instrument: I
  article: A
  source: S
  roles: [controller]
  when: {all: [death]}
  zone: Europe/Brussels
  calendar: eu
  recipients: [R]
  status: in_force
  checked: V
  from: "2026-01-01"
  stages:
    - {id: report, title: R, start: became_aware, length: 1, unit: hour}
`
	next := strings.ReplaceAll(law, "2026-01-01", "2027-01-01")
	ended := strings.Replace(law, "  checked: V\n", "  checked: V\n  to: \"2026-12-31\"\n", 1)
	for text, want := range map[string]string{
		ended + next: "", law + next: "stands twice", next + ended: "stands twice", ended + ended: "stands twice",
		strings.Replace(law, "  source: S\n", "", 1): "source is needed", strings.Replace(law, "length: 1, unit: hour", "length: 3, unit: unknown", 1): "has no length",
	} {
		all, err := readDuties([]byte(text))
		if want == "" && (err != nil || len(all) != 2) || want != "" && (err == nil || !strings.Contains(err.Error(), want)) {
			t.Errorf("got %v, want %q of\n%s", err, want, text)
		}
	}
}

func TestPlacesLeadToTheirLaw(t *testing.T) {
	for text, want := range map[string]string{"EU": "eu", " Germany ": "eu", "united kingdom": "uk", "GB": "uk", "USA": "us", "ch": "ch", "Switzerland": "ch", "atlantis": "", "": "", "ca": "ca"} {
		if got, ok := JurisdictionOf(text); got != want || ok != (want != "") {
			t.Errorf("%q leads to %q (%v), want %q", text, got, ok, want)
		}
	}
	seen := map[string]string{}
	for _, j := range Jurisdictions() {
		for _, name := range append([]string{j.ID, strings.ToLower(j.Name)}, j.Also...) {
			if seen[name] != "" || name != strings.ToLower(name) {
				t.Errorf("%q of %s is of %q too, or has capitals", name, j.ID, seen[name])
			}
			seen[name] = j.ID
		}
	}
}
