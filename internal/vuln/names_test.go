package vuln

import (
	"strings"
	"testing"
	"unicode/utf8"
)

// TestRelations is how published names relate to names as inventories write them.
func TestRelations(t *testing.T) {
	for _, tt := range []struct {
		vendor, published, called string
		want                      relation
	}{
		{"Philips", "IntelliVue Patient Monitors MX (MX400-550)", "IntelliVue MX450", exact},
		{"Philips", "IntelliVue Patient Monitors MX (MX400-550)", "IntelliVue MX40", apart},
		{"Philips", "IntelliVue Patient Monitors MX (MX400-550)", "IntelliVue", possible},
		{"Philips", "IntelliVue Patient Monitors MP Series (includingMP2/X2/MP30/MP50)", "IntelliVue MP70", member},
		{"Philips", "Avalon Fetal/Maternal Monitors FM20/FM30/FM40/FM50", "FM30", exact},
		{"Philips", "PageWriter TC10 TC20 TC30 TC50 TC70 Cardiographs", "PageWriter TC35", apart},
		{"Philips", "Brilliance 64", "Brilliance iCT", apart},
		{"Philips", "Brilliance CT Big Bore", "Brilliance CT", possible},
		{"BD", "Alaris 8015 PC unit", "Alaris PC Unit 8015", exact},
		{"BD", "Alaris GH", "Alaris GS", apart},
		{"BD", "BD Pyxis Anesthesia System 4000", "Pyxis MedStation 4000", apart},
		{"BD", "BD Pyxis MedStation ES", "Pyxis MedStation", possible},
		{"GE", "Infinia with Hawkeye 4 / 1", "Infinia Hawkeye 4/1", exact},
		{"GE", "LOGIQ 9", "LOGIQ E9", apart},
		{"GE", "LOGIQ, not including LOGIQ 100 Pro", "LOGIQ E9", member},
		{"GE", "Millenium VG", "Millennium VG", exact},
		{"GE", "ApexPro Telemetry Server", "Apex Pro Telemetry Server", exact},
		{"GE", "Innova IGS 5x0", "Innova IGS 530", exact},
		{"GE", "Revolution XQ/i", "Revolution XQ i", exact},
		{"Medtronic", "CareLink Monitor", "CareLink Programmer", apart},
		{"Medtronic", "CareLink Monitor", "CareLink Express", apart},
		{"Medtronic", "MiniMed Paradigm 522/722 pumps", "MiniMed Paradigm 722", exact},
		{"Medtronic", "MiniMed Paradigm 522/722 pumps", "MiniMed Paradigm 722K", possible},
		{"Hillrom", "Welch Allyn ELI 280/BUR280/MLBUR 280 Resting Electrocardiograph", "MLBUR 280", exact},
		{"Hillrom", "Welch Allyn Connex Central Station (CS)", "Connex CS", exact},
		{"Smiths Medical", "Medfusion 4000 Wireless Syringe Infusion Pump", "Medfusion 3500", apart},
	} {
		makers := vendorSet(tt.vendor)
		n := parseName(tt.published, makers)
		got := apart
		for _, p := range n.alts {
			got = max(got, compare(p, dropMaker(atoms(tt.called), makers), nil))
		}
		if got != tt.want {
			t.Errorf("%q against %q: %d, want %d", tt.published, tt.called, got, tt.want)
		}
	}
}

func TestVendors(t *testing.T) {
	same := [][]string{
		{"Becton, Dickinson and Company (BD)", "BD", "CareFusion", "Becton Dickinson & Co."},
		{"Philips", "Phillips", "Philips Healthcare", "PHILIPS Medical Systems, Inc.", "Philps Healthcare"},
		{"GE Healthcare", "General Electric (GE)", "ge medical systems", "Datex-Ohmeda"},
		{"GeutebrÃ¼ck", "Geutebrück GmbH", "Geutebruck"},
		{"Dräger", "Draeger Medical"},
		{"Johnson & Johnson", "Ethicon Endo-Surgery"},
	}
	for _, group := range same {
		for _, name := range group[1:] {
			if !meet(builtin().makers(group[0]), builtin().makers(name)) {
				t.Errorf("%q and %q are not the same: %v, %v", group[0], name, vendorSet(group[0]), vendorSet(name))
			}
		}
	}
	for _, pair := range [][2]string{{"Philips", "GE"}, {"Johnson & Johnson", "Johnson Controls Inc."}, {"Fuji Electric", "Fujifilm"}, {"Delta Electronics", "Delta Controls"}} {
		if meet(vendorSet(pair[0]), vendorSet(pair[1])) {
			t.Errorf("%q and %q are the same", pair[0], pair[1])
		}
	}
	if got := vendorSet("Silex Technology and GE Healthcare"); !meet(got, vendorSet("GE")) || !meet(got, vendorSet("Silex")) {
		t.Errorf("two manufacturers: %v", got)
	}
}

// FuzzNames feeds anything as names: no panic, and a name without letters and digits is no name.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"IntelliVue MP monitors MX800/700/600 ((865240/41/42) WLAN", "Xeleris 3.1", "Venue, not including Venue 40 R1-3", "((", "a/b/c (d", "1.5T", "é ü", "x5x0/53xx - 2-3"} {
		f.Add(s, "Philips, GE and (BD)")
	}
	f.Fuzz(func(t *testing.T, name, vendor string) {
		makers := vendorSet(vendor)
		n := parseName(name, makers)
		list := atoms(name)
		for _, p := range n.alts {
			compare(p, list, nil)
			sigOf(p)
		}
		p := Prepare(Asset{Vendor: vendor, Model: name, ModelNumbers: []string{name}, Components: []Component{{Name: name, PURL: name}}}, nil)
		for _, k := range p.Keys() {
			if !utf8.ValidString(k) && utf8.ValidString(name) && utf8.ValidString(vendor) {
				t.Errorf("key %q", k)
			}
		}
		if strings.Trim(name, " .-/()") == "" && len(list) > 0 {
			t.Errorf("%q has atoms", name)
		}
	})
}
