package vers

import "testing"

func TestLine(t *testing.T) {
	for _, c := range []struct {
		name   string
		scheme Scheme
		events []Event
		want   map[string]Truth
	}{
		{"fixed", Semver, []Event{{Introduced: "1.0.0"}, {Fixed: "1.2.0"}}, map[string]Truth{"0.9.0": False, "1.0.0": True, "1.1.9": True, "1.2.0": False, "1.2.0-rc.1": True, "x": Unknown}},
		{"from the start", PyPI, []Event{{Introduced: "0"}, {Fixed: "2.0"}}, map[string]Truth{"0.0.1.dev1": True, "2.0": False, "2.0rc1": True}},
		{"last affected", NPM, []Event{{Introduced: "0"}, {LastAffected: "3.1.0"}}, map[string]Truth{"3.1.0": True, "3.1.1": False}},
		{"no end", Maven, []Event{{Introduced: "2.0"}}, map[string]Truth{"1.9": False, "99": True}},
		{"two branches, unsorted", Go, []Event{{Fixed: "1.19.5"}, {Introduced: "1.20.0-0"}, {Introduced: "0"}, {Fixed: "1.20.2"}}, map[string]Truth{"1.19.4": True, "1.19.5": False, "1.20.0": True, "1.20.2": False, "1.21.0": False}},
		{"introduced again where fixed", Semver, []Event{{Introduced: "0"}, {Fixed: "1.0.0"}, {Introduced: "2.0.0"}}, map[string]Truth{"1.5.0": False, "2.0.0": True}},
		{"limit", Semver, []Event{{Introduced: "1.0.0"}, {Limit: "2.0.0"}}, map[string]Truth{"1.5.0": True, "2.0.0": False}},
		{"open limit", Semver, []Event{{Introduced: "1.0.0"}, {Limit: "*"}}, map[string]Truth{"1.5.0": True}},
		{"debian", Deb, []Event{{Introduced: "0"}, {Fixed: "1.1.1n-0+deb11u4"}}, map[string]Truth{"1.1.1n-0+deb11u3": True, "1.1.1n-0+deb11u4": False}},
		{"generic", Generic, []Event{{Introduced: "0"}, {Fixed: "B.06.18"}}, map[string]Truth{"B.05": True, "6.2": Unknown}},
		{"git", Git, []Event{{Introduced: "aaaa"}, {Fixed: "bbbb"}}, map[string]Truth{"aaaa": True, "bbbb": False, "cccc": Unknown}},
	} {
		l, err := NewLine(c.scheme, c.events)
		if err != nil {
			t.Errorf("%s: %v", c.name, err)
			continue
		}
		for v, want := range c.want {
			got, why := l.Contains(v)
			if got != want || got == Unknown && why == "" {
				t.Errorf("%s: %s is %s (%s), want %s", c.name, v, got, why, want)
			}
		}
	}
	if _, err := NewLine(PyPI, []Event{{Introduced: "x y"}}); err == nil {
		t.Error("an event without a version must be refused")
	}
	if _, err := NewLine(Generic, []Event{{Introduced: "B.1"}, {Fixed: "2.0"}}); err == nil {
		t.Error("events without an order must be refused")
	}
}

func TestSpec(t *testing.T) {
	for _, c := range []struct {
		text string
		want map[string]Truth
	}{
		{"vers:npm/>=1.0.0|<2.0.0", map[string]Truth{"1.0.0": True, "1.9.9": True, "2.0.0": False, "0.9.0": False}},
		{"vers:npm/1.2.3|>=2.0.0|<5.0.0", map[string]Truth{"1.2.3": True, "1.2.4": False, "3.0.0": True, "5.0.0": False}},
		{"vers:pypi/0.0.0|0.0.1|0.0.2|0.0.3|1.0|2.0pre1", map[string]Truth{"1.0.0": True, "1.1": False, "2.0pre1": True}},
		{"vers:gem/>=2.2.0|!= 2.2.1|<2.3.0", map[string]Truth{"2.2.0": True, "2.2.1": False, "2.2.2": True}},
		{"vers:deb/<1.0-1", map[string]Truth{"1.0~rc1-1": True, "1.0-1": False}},
		{"vers:maven/>1.0|<=1.5|>=2.0", map[string]Truth{"1.0": False, "1.5": True, "1.7": False, "3": True}},
		{"vers:all/*", map[string]Truth{"anything at all": True}},
		{"vers:generic/>=B.05", map[string]Truth{"B.06": True, "7": Unknown}},
		{"vers:npm/<1.0.0%2Bbuild", map[string]Truth{"0.9.0": True}},
	} {
		s, err := ParseSpec(c.text)
		if err != nil {
			t.Errorf("%s: %v", c.text, err)
			continue
		}
		for v, want := range c.want {
			if got, why := s.Contains(v); got != want {
				t.Errorf("%s: %s is %s (%s), want %s", c.text, v, got, why, want)
			}
		}
	}
	for _, bad := range []string{"", "npm/1.0", "vers:npm", "vers:/1", "vers:NPM/1.0.0", "vers:npm/", "vers:npm/1.0.0|=1.0.0", "vers:npm/>=", "vers:npm/*|1.0.0", "vers:npm/1.0.0|%zz", "vers:generic/1.0|B.2", "vers:npm/><1.0.0"} {
		if _, err := ParseSpec(bad); err == nil {
			t.Errorf("%q was read", bad)
		}
	}
	full := "vers:npm/>=1.0.0|!=1.5.0|<2.0.0"
	for i := range full {
		if s, err := ParseSpec(full[:i]); err == nil {
			s.Contains("1.2.0")
		}
	}
}

func FuzzParseSpec(f *testing.F) {
	f.Add("vers:npm/>=1.0.0|<2.0.0", "1.2.3")
	f.Add("vers:deb/*", "1")
	f.Fuzz(func(t *testing.T, text, version string) {
		if s, err := ParseSpec(text); err == nil {
			s.Contains(version)
		}
	})
}
