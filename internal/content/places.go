package content

import (
	"slices"
	"strings"
)

// Jurisdiction is a law area whose reporting duties are known.
type Jurisdiction struct {
	ID   string   // "eu"
	Name string   // "European Union"
	Also []string // other names of it and, where its law holds in them, of countries, in small letters
}

// Jurisdictions is the closed list of law areas. The duties of the European Union are those of each member state: a hospital in
// Germany is concerned by them. Iceland, Liechtenstein and Norway are counted with it, because the regulations on devices and on
// personal data hold there by the EEA Agreement.
func Jurisdictions() []Jurisdiction {
	return []Jurisdiction{
		{"us", "United States", []string{"usa", "united states of america", "america"}},
		{"eu", "European Union", []string{"europe", "eea",
			"at", "austria", "be", "belgium", "bg", "bulgaria", "hr", "croatia", "cy", "cyprus", "cz", "czechia", "czech republic", "dk", "denmark", "ee", "estonia",
			"fi", "finland", "fr", "france", "de", "germany", "deutschland", "gr", "greece", "hu", "hungary", "ie", "ireland", "it", "italy", "lv", "latvia",
			"lt", "lithuania", "lu", "luxembourg", "mt", "malta", "nl", "netherlands", "the netherlands", "pl", "poland", "pt", "portugal", "ro", "romania",
			"sk", "slovakia", "si", "slovenia", "es", "spain", "se", "sweden", "is", "iceland", "li", "liechtenstein", "no", "norway"}},
		{"uk", "United Kingdom", []string{"gb", "great britain", "britain", "england", "scotland", "wales"}},
		{"ca", "Canada", nil},
		{"au", "Australia", nil},
		{"jp", "Japan", nil},
		{"ch", "Switzerland", nil},
	}
}

// JurisdictionOf finds the law area that a text names: by its id, its name, or a country in which its law holds. Case does not
// matter.
func JurisdictionOf(text string) (id string, ok bool) {
	text = strings.ToLower(strings.TrimSpace(text))
	for _, j := range Jurisdictions() {
		if text == j.ID || text == strings.ToLower(j.Name) || slices.Contains(j.Also, text) {
			return j.ID, true
		}
	}
	return "", false
}

// JurisdictionIDs lists the ids.
func JurisdictionIDs() []string {
	var out []string
	for _, j := range Jurisdictions() {
		out = append(out, j.ID)
	}
	return out
}
