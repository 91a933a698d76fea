package sbom

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestCPE23(t *testing.T) {
	for in, want := range map[string]string{
		"cpe:2.3:a:Acme:Widget:1.0:*:*:*:*:*:*:*":                         "cpe:2.3:a:acme:widget:1.0:*:*:*:*:*:*:*",
		`cpe:2.3:a:acme:wid\:get:1.0:*:*:*:*:*:*:*`:                       `cpe:2.3:a:acme:wid\:get:1.0:*:*:*:*:*:*:*`,
		"cpe:/o:acme:kernel:4":                                            "cpe:2.3:o:acme:kernel:4:*:*:*:*:*:*:*",
		"cpe:/a:acme:c%2b%2b:8.0:-:x":                                     `cpe:2.3:a:acme:c\+\+:8.0:-:x:*:*:*:*:*`,
		"cpe:/a:hp:insight_diagnostics:7.4.0.1570::~~online~win2003~x64~": "cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:*:*:*:online:win2003:x64:*",
		"cpe:/a:microsoft:ie:8.%02:sp%01":                                 "cpe:2.3:a:microsoft:ie:8.*:sp?:*:*:*:*:*:*",
		"cpe:/h:acme:box":                                                 "cpe:2.3:h:acme:box:*:*:*:*:*:*:*:*",
		"cpe:/a:acme:a!b":                                                 `cpe:2.3:a:acme:a\!b:*:*:*:*:*:*:*:*`,
	} {
		got, err := CPE23(in)
		if err != nil || got != want {
			t.Errorf("%s: got %s, %v; want %s", in, got, err, want)
		}
	}
	for in, want := range map[string]string{
		"cpe:2.3:a:acme:widget":                 "3 attributes",
		"cpe:2.3:a:acme::1:*:*:*:*:*:*:*":       "empty",
		"cpe:2.3:x:acme:widget:1:*:*:*:*:*:*:*": "is not a, o or h",
		"cpe:/a:b:c:d:e:f:g:h":                  "8 parts",
		"cpe:/a:b:c%zz":                         "hexadecimal",
		"cpe:/a:b:c:1:2:~a~b":                   "packed edition",
		"cpe:/a:b:two words":                    "0x20",
		"widget 1.0":                            "starts with neither",
	} {
		if got, err := CPE23(in); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%s: got %q, %v; want %q", in, got, err, want)
		}
	}
}

func TestMatchFacts(t *testing.T) {
	got := MatchFacts(Component{
		Ref: "r", Name: "curl", PURL: "pkg:deb/debian/curl@7.50.3-1?arch=i386&distro=jessie",
		PURLs: []string{"nonsense"}, CPEs: []string{"cpe:/a:haxx:curl:7.50.3", "cpe:2.3:a:haxx:curl:7.50.3:*:*:*:*:*:*:*", "cpe:?"},
	})
	want := Facts{
		Ref: "r", Name: "curl", Version: "7.50.3-1", CPEs: []string{"cpe:2.3:a:haxx:curl:7.50.3:*:*:*:*:*:*:*"},
		Packages: []Package{{
			Type: "deb", Namespace: "debian", Name: "curl", Version: "7.50.3-1", Bare: "pkg:deb/debian/curl",
			Qualifiers: map[string]string{"arch": "i386", "distro": "jessie"},
		}},
		Unusable: got.Unusable,
	}
	if d := cmp.Diff(want, got); d != "" || len(got.Unusable) != 2 {
		t.Error(d, got.Unusable)
	}
}
