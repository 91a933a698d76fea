package naming

import (
	"strings"
	"testing"
)

// TestRelations is how published names relate to names as inventories write them.
func TestRelations(t *testing.T) {
	for _, tt := range []struct {
		vendor, published, called string
		want                      Relation
	}{
		{"Philips", "IntelliVue Patient Monitors MX (MX400-550)", "IntelliVue MX450", Exact},
		{"Philips", "IntelliVue Patient Monitors MX (MX400-550)", "IntelliVue MX40", Apart},
		{"Philips", "IntelliVue Patient Monitors MX (MX400-550)", "IntelliVue", Possible},
		{"Philips", "IntelliVue Patient Monitors MP Series (includingMP2/X2/MP30/MP50)", "IntelliVue MP70", Member},
		{"Philips", "Avalon Fetal/Maternal Monitors FM20/FM30/FM40/FM50", "FM30", Exact},
		{"Philips", "PageWriter TC10 TC20 TC30 TC50 TC70 Cardiographs", "PageWriter TC35", Apart},
		{"Philips", "Brilliance 64", "Brilliance iCT", Apart},
		{"Philips", "Brilliance CT Big Bore", "Brilliance CT", Possible},
		{"BD", "Alaris 8015 PC unit", "Alaris PC Unit 8015", Exact},
		{"BD", "Alaris GH", "Alaris GS", Apart},
		{"BD", "BD Pyxis Anesthesia System 4000", "Pyxis MedStation 4000", Apart},
		{"BD", "BD Pyxis MedStation ES", "Pyxis MedStation", Possible},
		{"GE", "Infinia with Hawkeye 4 / 1", "Infinia Hawkeye 4/1", Exact},
		{"GE", "LOGIQ 9", "LOGIQ E9", Apart},
		{"GE", "LOGIQ e", "LOGIQ E9", Apart},
		{"GE", "LOGIQ e", "LOGIQ E", Exact},
		{"GE", "LOGIQ, not including LOGIQ 100 Pro", "LOGIQ E9", Member},
		{"GE", "Millenium VG", "Millennium VG", Exact},
		{"GE", "ApexPro Telemetry Server", "Apex Pro Telemetry Server", Exact},
		{"GE", "Innova IGS 5x0", "Innova IGS 530", Exact},
		{"GE", "Revolution XQ/i", "Revolution XQ i", Exact},
		{"Medtronic", "CareLink Monitor", "CareLink Programmer", Apart},
		{"Medtronic", "CareLink Monitor", "CareLink Express", Apart},
		{"Medtronic", "MiniMed Paradigm 522/722 pumps", "MiniMed Paradigm 722", Exact},
		{"Medtronic", "MiniMed Paradigm 522/722 pumps", "MiniMed Paradigm 722K", Possible},
		{"Hillrom", "Welch Allyn ELI 280/BUR280/MLBUR 280 Resting Electrocardiograph", "MLBUR 280", Exact},
		{"Hillrom", "Welch Allyn Connex Central Station (CS)", "Connex CS", Exact},
		{"Abbott", "RF models EX1150", "Merlin@home EX1150", Exact},
		{"Abbott", "Inductive models EX1100", "Merlin@home EX1150", Apart},
		{"Acme", "DripMed Parallel 523/723 pumps", "Parallel Revive 723", Exact},
		{"Acme", "Parallel Anesthesia System 4000", "Parallel SupplyStation 4000", Apart},
		{"Acme", "722 Parallel Veritas", "DripMed Parallel 722", Exact},
		{"Acme", "Drip Check II", "Drip-Check 2", Exact},
		{"Acme", "Drip Check 3", "Drip Check III", Exact},
		{"Acme", "Virta II ICD", "Virta", Possible},
		{"Acme", "Drip Check II", "Drip Check 2A", Apart},
		{"Acme", "IntelliDrip monitor ID2-ID90", "M8007A IntelliDrip ID70", Exact},
		{"Acme", "IntelliDrip ID70", "IntelliDrip ID70 Plus", Possible},
		{"Smiths Medical", "Medfusion 4000 Wireless Syringe Infusion Pump", "Medfusion 3500", Apart},
	} {
		makers := Makers(tt.vendor)
		n := ReadPublished(tt.published, makers)
		got := Apart
		for _, p := range n.Alts {
			got = max(got, Compare(p, DropMaker(Atoms(tt.called), makers), nil))
		}
		if got != tt.want {
			t.Errorf("%q against %q: %d, want %d", tt.published, tt.called, got, tt.want)
		}
	}
}

// A brand that stands as the manufacturer is a part of the name, a manufacturer is not.
func TestBrandAsManufacturer(t *testing.T) {
	for _, tt := range []struct {
		vendor, called, published string
		want                      Relation
	}{
		{"Alaris", "GH", "Alaris GH", Exact},
		{"Alaris", "GH", "Alaris GS", Apart},
		{"Alaris", "PC Unit 8015", "Alaris PC Unit", Member},
		{"Pyxis", "MedStation 4000", "BD Pyxis Anesthesia System 4000", Apart},
		{"BD", "GH", "Alaris GH", Apart},
		{"Acme", "Drip", "Acme Drip", Exact},
	} {
		r := Builtin().Read(tt.vendor, tt.called)
		r.Index()
		n := ReadPublished(tt.published, r.Makers)
		n.Index()
		if got := r.Relate(&n); got != tt.want {
			t.Errorf("%s, %s against %q: %d, want %d (%v)", tt.vendor, tt.called, tt.published, got, tt.want, r.Bare)
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
		{"GE", "GE MEDICAL SYSTEMS INFORMATION TECHNOLOGIES", "GE Ultrasound Japan"},
		{"Philips", "Philips Medical Systems Nederland B.V.", "Philips Ultrasound"},
		{"BD", "CAREFUSION 303", "BD - Carefusion"},
	}
	for _, group := range same {
		for _, name := range group[1:] {
			if !Meet(Builtin().Makers(group[0]), Builtin().Makers(name)) {
				t.Errorf("%q and %q are not the same: %v, %v", group[0], name, Makers(group[0]), Makers(name))
			}
		}
	}
	for _, pair := range [][2]string{{"Philips", "GE"}, {"Johnson & Johnson", "Johnson Controls Inc."}, {"Fuji Electric", "Fujifilm"}, {"GE Fanuc Robotics", "GE"}, {"Delta Electronics", "Delta Controls"}} {
		if Meet(Builtin().Makers(pair[0]), Builtin().Makers(pair[1])) {
			t.Errorf("%q and %q are the same", pair[0], pair[1])
		}
	}
	if got := Makers("Silex Technology and GE Healthcare"); !Meet(got, Makers("GE")) || !Meet(got, Makers("Silex")) {
		t.Errorf("two manufacturers: %v", got)
	}
}

// FuzzNames feeds anything as names: no panic, and a name without letters and digits is no name.
func FuzzNames(f *testing.F) {
	for _, s := range []string{"IntelliVue MP monitors MX800/700/600 ((865240/41/42) WLAN", "Xeleris 3.1", "Venue, not including Venue 40 R1-3", "((", "a/b/c (d", "1.5T", "é ü", "x5x0/53xx - 2-3"} {
		f.Add(s, "Philips, GE and (BD)")
	}
	f.Fuzz(func(t *testing.T, name, vendor string) {
		makers := Makers(vendor)
		n := ReadPublished(name, makers)
		list := Atoms(name)
		for _, p := range n.Alts {
			Compare(p, list, nil)
			sigOf(p)
		}
		r := Builtin().Read(vendor, name)
		r.AddCode(name)
		r.Index()
		n.Index()
		r.Closest(&n)
		if strings.Trim(name, " .-/()") == "" && len(list) > 0 {
			t.Errorf("%q has atoms", name)
		}
	})
}
