package sbom

import "strings"

// support finds how long a component is supported among its properties. CycloneDX has a registered vocabulary
// (cdx:lifecycle:milestone:*); authors also write plain names such as "End-of-Support" and "Level of Support", which
// the FDA asks for by those words (premarket cybersecurity guidance 2025, V.A.4).
func support(list []Property) Support {
	var out Support
	for _, p := range list {
		value := strings.TrimSpace(p.Value)
		if value == "" {
			continue
		}
		name, milestone := supportName(p.Name)
		switch {
		case milestone:
			out.Milestones = append(out.Milestones, Milestone{Name: name, Text: value, Date: moment(value), Source: p.Name})
			if name == "endOfSupport" || name == "endOfGuaranteedSupport" && out.EndOfSupport == "" {
				out.EndOfSupport = value
			}
			if name == "endOfLife" {
				out.EndOfLife = value
			}
		case name == "level" && out.Level == "":
			out.Level = value
		}
	}
	return out
}

// supportName reads a property name: the milestone it dates, or "level" for a level of support, or "".
func supportName(property string) (name string, milestone bool) {
	const registered = "cdx:lifecycle:milestone:"
	if len(property) > len(registered) && strings.EqualFold(property[:len(registered)], registered) {
		return property[len(registered):], true
	}
	if len(property) > 64 || !strings.ContainsAny(property, "sSlLmM") {
		return "", false
	}
	// The last part of a namespaced name, letters only: "acme:End-of-Support Date" becomes "endofsupportdate".
	last := property[strings.LastIndexByte(property, ':')+1:]
	plain := strings.Map(func(r rune) rune {
		switch {
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		case r >= 'a' && r <= 'z':
			return r
		}
		return -1
	}, last)
	plain = strings.TrimSuffix(plain, "date")
	switch plain {
	case "endofsupport", "eos", "supportend", "enddateofsupport", "supporteduntil":
		return "endOfSupport", true
	case "endoflife", "eol":
		return "endOfLife", true
	case "endofguaranteedsupport":
		return "endOfGuaranteedSupport", true
	case "endofdevelopment":
		return "endOfDevelopment", true
	case "endofsale", "endofsales", "endofmarketing":
		return "endOfSales", true
	case "levelofsupport", "supportlevel", "supportstatus", "softwarelevelofsupport", "maintenancestatus":
		return "level", false
	}
	return "", false
}
