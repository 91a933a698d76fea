package content_test

import (
	"slices"
	"testing"

	"triward/internal/content"
)

func TestGuides(t *testing.T) {
	all, err := content.Guides()
	if err != nil || len(all) < 12 || all[0].ID != "any" {
		t.Fatal(len(all), err)
	}
	for _, g := range all {
		if g.ID == "" || g.Title == "" || len(g.First) == 0 || len(g.Words) == 0 && g.ID != "any" {
			t.Errorf("guide %+v", g)
		}
	}
	for about, want := range map[string][]string{
		"SB-1 Northmere Fjord infusion pump": {"any", "battery", "infusion-pump"},
		"Lumenfold Archive":                  {"any", "pacs"},
		"Meridian CT 128":                    {"any", "modality"},
		"Tarn Renal Cascada HD4":             {"any", "dialysis"},
		"Ventilation of the lungs":           {"any", "ventilator"},
		"Unknown workstation 10.20.40.77":    {"any", "workstation"},
		"":                                   {"any"},
		"Factory":                            {"any"}, // "ct" is a word of its own
	} {
		got, err := content.GuidesFor(about)
		if err != nil {
			t.Fatal(err)
		}
		var ids []string
		for _, g := range got {
			ids = append(ids, g.ID)
		}
		if !slices.Equal(ids, want) {
			t.Errorf("%q: %v", about, ids)
		}
	}
}
