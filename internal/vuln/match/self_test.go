package match

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/advisory"
)

// A part that is the device itself answers with what is known of the device.
func TestPartsThatAreTheDevice(t *testing.T) {
	about := func(texts ...string) advisory.Affected {
		return advisory.Affected{Status: advisory.StatusAffected, Vendor: "Acme", Product: "Drip 100", VersionText: texts}
	}
	below := advisory.Vulnerability{ID: "CVE-2024-1", Affected: []advisory.Affected{about("< 2.4")}}
	serial := advisory.Vulnerability{ID: "CVE-2024-2", Affected: []advisory.Affected{about("serial numbers 1000 to 2000")}}
	made := advisory.Vulnerability{ID: "CVE-2024-3", Affected: []advisory.Affected{about("manufactured before July 1 2017")}}
	firmware := advisory.Vulnerability{ID: "CVE-2024-4", Configs: []advisory.Config{{Op: advisory.And, Nodes: []advisory.Node{
		{Op: advisory.Or, Matches: []advisory.CPEMatch{{Vulnerable: true, Criteria: "cpe:2.3:o:acme:drip_100_firmware:*:*:*:*:*:*:*:*", EndExcluding: "2.4"}}},
		{Op: advisory.Or, Matches: []advisory.CPEMatch{cpeMatch(false, "cpe:2.3:h:acme:drip_100:-:*:*:*:*:*:*:*")}},
	}}}}
	device := Asset{Vendor: "ACME Inc.", Model: "Drip-100", Version: "2.5", Serial: "3000", Manufactured: time.Date(2020, 1, 1, 0, 0, 0, 0, time.UTC)}
	clear := map[string]string{"CVE-2024-1": "not_affected", "CVE-2024-2": "not_affected", "CVE-2024-3": "not_affected", "CVE-2024-4": "not_affected"}
	hit := map[string]string{"CVE-2024-1": "affected", "CVE-2024-2": "affected", "CVE-2024-3": "affected", "CVE-2024-4": "affected"}
	older := func(a Asset) Asset {
		a.Version, a.Serial, a.Manufactured = "2.3", "1500", time.Date(2016, 1, 1, 0, 0, 0, 0, time.UTC)
		return a
	}
	for _, tt := range []struct {
		name  string
		facts []Fact
		parts []Component
	}{
		{"alone", nil, nil},
		{"hardware", []Fact{{Kind: Hardware, Vendor: "Acme", Product: "Drip 100"}}, nil},
		{"hardware with a CPE name", []Fact{{Kind: Hardware, Vendor: "Acme", Product: "Drip 100", CPE: "cpe:2.3:h:acme:drip_100:-:*:*:*:*:*:*:*"}}, nil},
		{"firmware", []Fact{{Kind: Firmware, Vendor: "Acme", Product: "Drip 100 Firmware"}}, nil},
		{"firmware with a CPE name", []Fact{{Kind: Firmware, Vendor: "Acme", Product: "Drip 100 firmware", CPE: "cpe:2.3:o:acme:drip_100_firmware:*:*:*:*:*:*:*:*"}}, nil},
		{"both", []Fact{{Kind: Hardware, Vendor: "Acme", Product: "Acme Drip 100"}, {Kind: Firmware, Vendor: "Acme", Product: "Drip 100"}}, nil},
		{"root", nil, []Component{{Ref: "1", Name: "Drip 100"}}},
		{"root of the maker", nil, []Component{{Ref: "1", Group: "Acme", Name: "DRIP-100"}}},
		{"root with a package URL", nil, []Component{{Ref: "1", Name: "drip-100", PURL: "pkg:generic/acme/drip-100"}}},
		{"root with a CPE name", nil, []Component{{Ref: "1", Name: "Drip 100", CPEs: []string{"cpe:2.3:h:acme:drip_100:-:*:*:*:*:*:*:*"}}}},
	} {
		a := device
		a.Facts, a.Components = tt.facts, tt.parts
		if d := cmp.Diff(clear, ask(a, advisory.CSAF, below, serial, made, firmware)); d != "" {
			t.Errorf("%s (-want +got):\n%s", tt.name, d)
		}
		if d := cmp.Diff(hit, ask(older(a), advisory.CSAF, below, serial, made, firmware)); d != "" {
			t.Errorf("%s, older (-want +got):\n%s", tt.name, d)
		}
	}
	for _, tt := range []struct {
		name  string
		asset Asset
		want  string
	}{
		{"the version of the firmware", Asset{Vendor: "Acme", Model: "Drip 100", Facts: []Fact{{Kind: Firmware, Vendor: "Acme", Product: "Drip 100", Version: "2.5"}}}, "not_affected"},
		{"the version of the root", Asset{Vendor: "Acme", Model: "Drip 100", Components: []Component{{Name: "Drip 100", Version: "2.3"}}}, "affected"},
		{"an SBOM of an older version", Asset{Vendor: "Acme", Model: "Drip 100", Version: "2.5", Components: []Component{{Name: "Drip 100", Version: "2.3"}}}, "affected"},
		{"a package of that name", Asset{Vendor: "Acme", Model: "Drip 100", Components: []Component{{Name: "drip-100", Version: "2.3", PURL: "pkg:npm/drip-100@2.3"}}}, "unknown: software version"},
		{"of another maker", Asset{Vendor: "Acme", Model: "Drip 100", Version: "2.5", Facts: []Fact{{Kind: Hardware, Vendor: "Zenith", Product: "Drip 100"}}}, "not_affected"},
		{"another part", Asset{Vendor: "Acme", Model: "Tower", Version: "2.5", Facts: []Fact{{Kind: Hardware, Vendor: "Acme", Product: "Drip 100"}}}, "unknown: version of Acme Drip 100"},
	} {
		if got := ask(tt.asset, advisory.CSAF, below)["CVE-2024-1"]; got != tt.want {
			t.Errorf("%s: %q, want %q", tt.name, got, tt.want)
		}
	}
}
