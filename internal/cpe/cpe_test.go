package cpe

import (
	"encoding/json"
	"strings"
	"testing"

	"triward/internal/testdata"
)

// The examples of NISTIR 7695 6.1 and 6.2: one name in both bindings.
func TestBindings(t *testing.T) {
	for _, c := range []struct{ formatted, uri string }{
		{`cpe:2.3:a:microsoft:internet_explorer:8.0.6001:beta:*:*:*:*:*:*`, `cpe:/a:microsoft:internet_explorer:8.0.6001:beta`},
		{`cpe:2.3:a:microsoft:internet_explorer:8.*:sp?:*:*:*:*:*:*`, `cpe:/a:microsoft:internet_explorer:8.%02:sp%01`},
		{`cpe:2.3:a:hp:insight_diagnostics:7.4.0.1570:-:*:*:online:win2003:x64:*`, `cpe:/a:hp:insight_diagnostics:7.4.0.1570:-:~~online~win2003~x64~`},
		{`cpe:2.3:a:hp:insight_diagnostics:7.4.*.1570\ :*:*:*:*:*:*:*`, ``},
		{`cpe:2.3:a:hp:openview_network_manager:7.51:*:*:*:*:linux:*:*`, `cpe:/a:hp:openview_network_manager:7.51::~~~linux~~`},
		{`cpe:2.3:a:foo\\bar:big\$money_manager_2010:*:*:*:*:special:ipod_touch:80gb:*`, `cpe:/a:foo%5cbar:big%24money_manager_2010:::~~special~ipod_touch~80gb~`},
		{`cpe:2.3:a:foo\~bar:big\~money_2010:*:*:*:*:*:*:*:*`, `cpe:/a:foo%7ebar:big%7emoney_2010`},
		{`cpe:2.3:h:philips:intellivue_mx40:-:*:*:*:*:*:*:*`, `cpe:/h:philips:intellivue_mx40:-`},
		{`cpe:2.3:o:philips:intellivue_mx40_firmware:b.06.18:*:*:en\-us:*:*:*:*`, ``},
		{`cpe:2.3:*:*:*:*:*:*:*:*:*:*:*`, `cpe:/`},
		{`cpe:2.3:a:x:\-:1:*:*:*:*:*:*:*`, `cpe:/a:x:%2d:1`},
	} {
		if c.uri == "" {
			continue
		}
		n, err := Parse(c.formatted)
		if err != nil {
			t.Errorf("%s: %v", c.formatted, err)
			continue
		}
		if n.String() != c.formatted || n.URI() != c.uri {
			t.Errorf("%s: %s and %s, want %s", c.formatted, n, n.URI(), c.uri)
		}
		if m, err := Parse(c.uri); err != nil || m != n {
			t.Errorf("%s: %s, %v", c.uri, m, err)
		}
	}
	if n, err := Parse("CPE:2.3:A:Microsoft:Windows_10:1909:*:*:*:*:*:*:*"); err != nil || n[Vendor].Plain() != "microsoft" {
		t.Errorf("case: %v %v", n, err)
	}
}

func TestParseRefuses(t *testing.T) {
	for _, s := range []string{"", "cpe", "cpe:2.3:a:b:c", "cpe:2.3:a:b:c:*:*:*:*:*:*:*:*:*", "cpe:2.3:x:b:c:*:*:*:*:*:*:*:*", "cpe:2.3:-:b:c:*:*:*:*:*:*:*:*", `cpe:2.3:a:b:7.4.*.1570:*:*:*:*:*:*:*:*`,
		`cpe:2.3:a:b::*:*:*:*:*:*:*:*`, `cpe:2.3:a:b:c:**:*:*:*:*:*:*:*`, `cpe:2.3:a:b:a b:*:*:*:*:*:*:*:*`, `cpe:2.3:a:b:c:*:*:*:*:*:*:*:x\`, "cpe:/x:b", "cpe:/a:b:%", "cpe:/a:b:%zz", "cpe:/a:b:c:1:2:~a~b:d",
		"cpe:/a:a%02b%02c", "cpe:/a:b:c:1:2:3:4:5", "cpe:/a:%02%01x", "cpe:/a:b%00", strings.Repeat("cpe:2.3:a", 1000)} {
		if n, err := Parse(s); err == nil {
			t.Errorf("%q was read as %s", s, n)
		}
	}
	for _, full := range []string{`cpe:2.3:a:foo\\bar:big\$money:7.*:-:*:en:special:ipod:80gb:x`, `cpe:/a:foo%5cbar:big%24money:7.%02::~~special~ipod~80gb~:en`} {
		for i := range full {
			if n, err := Parse(full[:i]); err == nil {
				if m, err := Parse(n.String()); err != nil || m != n {
					t.Errorf("%q: %s came back as %s, %v", full[:i], n, m, err)
				}
			}
		}
	}
}

// Table 6-2 of NISTIR 7696, row by row.
func TestCompareValues(t *testing.T) {
	v := func(s string) Value {
		x, err := unbind(s)
		if err != nil {
			t.Fatal(err)
		}
		return x
	}
	for i, c := range []struct {
		source, target string
		want           Relation
	}{
		{"*", "*", Equal}, {"*", "-", Superset}, {"*", "i", Superset}, {"*", "m*", Undefined},
		{"-", "*", Subset}, {"-", "-", Equal}, {"-", "i", Disjoint}, {"-", "m*", Undefined},
		{"i", "i", Equal}, {"i", "k", Disjoint}, {"i", "m*", Undefined}, {"i", "-", Disjoint}, {"i", "*", Subset},
		{"m*", "mx", Superset}, {"m*", "nx", Disjoint}, {"m*", "*", Subset}, {"m*", "-", Disjoint}, {"m*", "m2*", Undefined},
		{"8.*", "8.0.1", Superset}, {"8.*", "18.0", Disjoint}, {"*x", "aax", Superset}, {"*b*", "abc", Superset}, {"sp?", "sp1", Superset}, {"sp?", "sp", Superset}, {"sp?", "sp12", Disjoint},
		{"??b", "aab", Superset}, {"??b", "aaab", Disjoint}, {"?b?", "bb", Superset}, {"*ab", "abab", Superset}, {"ab*", "xab", Disjoint}, {"?", "x", Superset}, {"??", "abc", Disjoint}, {"?", "", Subset},
	} {
		target := Value{}
		if c.target != "" {
			target = v(c.target)
		}
		if got := v(c.source).Compare(target); got != c.want {
			t.Errorf("row %d: %s to %s is %s, want %s", i, c.source, c.target, got, c.want)
		}
	}
}

func TestCompareNames(t *testing.T) {
	for _, c := range []struct {
		source, target string
		want           Relation
	}{
		{"cpe:2.3:a:adobe:*:9.*:*:*:*:*:*:*:*", "cpe:2.3:a:adobe:reader:9.3.2:-:-:*:*:*:*:*", Superset},
		{"cpe:2.3:a:adobe:reader:9.3.2:-:*:*:*:*:*:*", "cpe:2.3:a:adobe:reader:9.3.2:-:*:*:*:*:*:*", Equal},
		{"cpe:2.3:a:adobe:reader:9.3.2:*:*:*:*:*:*:*", "cpe:2.3:a:adobe:reader:*:*:*:*:*:*:*:*", Subset},
		{"cpe:2.3:a:adobe:reader:9:*:*:*:*:*:*:*", "cpe:2.3:a:adobe:reader:8:*:*:*:*:*:*:*", Disjoint},
		{"cpe:2.3:a:adobe:*:9:*:*:*:*:*:*:*", "cpe:2.3:a:adobe:reader:*:*:*:*:*:*:*:*", Undefined},
		{"cpe:2.3:o:microsoft:windows_?:*:*:*:*:home*:*:*:*", "cpe:2.3:o:microsoft:windows_7:*:*:*:*:home_basic:*:*:*", Superset},
	} {
		s, err1 := Parse(c.source)
		u, err2 := Parse(c.target)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		if got := s.Compare(&u); got != c.want {
			t.Errorf("%s to %s is %s, want %s", c.source, c.target, got, c.want)
		}
	}
}

// numbers orders single numbers and nothing else.
func numbers(a, b string) (int, bool) {
	if strings.Trim(a, "0123456789") != "" || strings.Trim(b, "0123456789") != "" {
		return 0, false
	}
	a, b = strings.TrimLeft(a, "0"), strings.TrimLeft(b, "0")
	if len(a) != len(b) {
		if len(a) < len(b) {
			return -1, true
		}
		return 1, true
	}
	return strings.Compare(a, b), true
}

func TestMatch(t *testing.T) {
	for _, c := range []struct {
		criterion string
		bounds    Bounds
		asset     string
		want      Match
		missing   Attribute
	}{
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*", Yes, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:q:1:*:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{EndExcluding: "5"}, "cpe:2.3:a:v:p:4:*:*:*:*:*:*:*", Yes, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{EndExcluding: "5"}, "cpe:2.3:a:v:p:5:*:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{StartIncluding: "2", EndIncluding: "5"}, "cpe:2.3:a:v:p:5:*:*:*:*:*:*:*", Yes, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{StartIncluding: "2", EndIncluding: "5"}, "cpe:2.3:a:v:p:1:*:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{StartExcluding: "2"}, "cpe:2.3:a:v:p:2:*:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{EndExcluding: "5"}, "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Maybe, Version},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{EndExcluding: "5"}, "cpe:2.3:a:v:p:-:*:*:*:*:*:*:*", Maybe, Version},
		{"cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Bounds{EndExcluding: "5"}, "cpe:2.3:a:v:p:b.06:*:*:*:*:*:*:*", Maybe, attributes},
		{"cpe:2.3:a:v:p:5:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:05:*:*:*:*:*:*:*", Yes, attributes},
		{"cpe:2.3:a:v:p:5:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:6:*:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:xp:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:vista:*:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:5:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:*:*:*:*:*:*:*:*", Maybe, Version},
		{"cpe:2.3:a:v:p:5:sp1:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:5:*:*:*:*:*:*:*", Maybe, Update},
		{"cpe:2.3:a:v:p:5:sp1:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:6:*:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:5:sp1:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:5:-:*:*:*:*:*:*", No, attributes},
		{"cpe:2.3:a:v:p:5:-:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:5:-:*:*:*:*:*:*", Yes, attributes},
		{"cpe:2.3:a:v:p:5.*:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:a:v:p:5.3:*:*:*:*:*:*:*", Yes, attributes},
		{"cpe:2.3:a:v:p:*:*:*:*:*:wordpress:*:*", Bounds{}, "cpe:2.3:a:v:p:5:*:*:*:*:*:*:*", Maybe, TargetSW},
		{"cpe:2.3:h:v:p:-:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:h:v:p:3:*:*:*:*:*:*:*", Yes, attributes},
		{"cpe:2.3:o:v:p:-:*:*:*:*:*:*:*", Bounds{}, "cpe:2.3:o:v:p:3:*:*:*:*:*:*:*", No, attributes},
	} {
		n, err1 := Parse(c.criterion)
		asset, err2 := Parse(c.asset)
		if err1 != nil || err2 != nil {
			t.Fatal(err1, err2)
		}
		x := Compile(n, c.bounds)
		if got, missing := x.Match(&asset, numbers); got != c.want || missing != c.missing {
			t.Errorf("%s %+v with %s: %d missing %s, want %d missing %s", c.criterion, c.bounds, c.asset, got, missing, c.want, c.missing)
		}
	}
}

func TestKey(t *testing.T) {
	n, _ := Parse(`cpe:2.3:a:v\!:p:*:*:*:*:*:*:*:*`)
	if k, ok := n.Key(); !ok || k != (Key{"a", "v!", "p"}) {
		t.Errorf("%+v %t", k, ok)
	}
	for _, s := range []string{"cpe:2.3:a:v:*:*:*:*:*:*:*:*:*", "cpe:2.3:a:v:p*:*:*:*:*:*:*:*:*"} {
		n, _ := Parse(s)
		if _, ok := n.Key(); ok {
			t.Errorf("%s has a key", s)
		}
	}
}

// TestRealNames reads every CPE string of the NVD and CVE sets; those that are no CPE names are listed.
func TestRealNames(t *testing.T) {
	seen := map[string]bool{}
	var collect func(v any)
	collect = func(v any) {
		switch v := v.(type) {
		case string:
			if strings.HasPrefix(v, "cpe:") {
				seen[v] = true
			}
		case []any:
			for _, x := range v {
				collect(x)
			}
		case map[string]any:
			for _, x := range v {
				collect(x)
			}
		}
	}
	for _, set := range []string{"nvd/nvd-configurations-2024-2025.tar.zst", "cve5/vulnrichment-1999-2024.tar.zst"} {
		testdata.Tar(t, set, func(name string, body []byte) {
			if !strings.HasSuffix(name, ".json") || !strings.Contains(string(body), `"cpe:`) {
				return
			}
			var v any
			if json.Unmarshal(body, &v) == nil {
				collect(v)
			}
		})
	}
	bad := 0
	for s := range seen {
		n, err := Parse(s)
		if err != nil {
			bad++
			t.Logf("not a name: %v", err)
			continue
		}
		if m, err := Parse(n.String()); err != nil || m != n {
			t.Errorf("%s came back as %s, %v", s, m, err)
		}
	}
	t.Logf("%d distinct names, %d refused", len(seen), bad)
	if bad*1000 > len(seen) {
		t.Errorf("%d of %d refused, at most one in a thousand", bad, len(seen))
	}
}

func FuzzParse(f *testing.F) {
	f.Add(`cpe:2.3:a:foo\\bar:big\$money:7.*:-:*:en:special:ipod:80gb:x`)
	f.Add(`cpe:/a:foo%5cbar:big%24money:7.%02::~~special~ipod~80gb~:en`)
	f.Add(`cpe:2.3:h:v:\-:??a?:*:*:*:*:*:*:*`)
	f.Fuzz(func(t *testing.T, s string) {
		n, err := Parse(s)
		if err != nil || len(n.URI()) > maxName || len(n.String()) > maxName { // quoting makes names longer
			return
		}
		if m, err := Parse(n.String()); err != nil || m != n {
			t.Fatalf("%q: %s came back as %s, %v", s, n, m, err)
		}
		if m, err := Parse(n.URI()); err != nil || m != n {
			t.Fatalf("%q: %s came back as %s, %v", s, n.URI(), m, err)
		}
		c := Compile(n, Bounds{EndExcluding: "3"})
		c.Match(&n, numbers)
		n.Compare(&n)
	})
}

func BenchmarkParse(b *testing.B) {
	b.ReportAllocs()
	for b.Loop() {
		if _, err := Parse("cpe:2.3:o:microsoft:windows_10_1909:10.0.18363.1556:*:*:*:*:*:x64:*"); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatch(b *testing.B) {
	n, _ := Parse("cpe:2.3:o:microsoft:windows_10_1909:*:*:*:*:*:*:x64:*")
	asset, _ := Parse("cpe:2.3:o:microsoft:windows_10_1909:5:*:*:*:*:*:x64:*")
	for name, bounds := range map[string]Bounds{"name": {}, "range": {EndExcluding: "9"}} {
		c := Compile(n, bounds)
		b.Run(name, func(b *testing.B) {
			b.ReportAllocs()
			for b.Loop() {
				if m, _ := c.Match(&asset, numbers); m != Yes {
					b.Fatal(m)
				}
			}
		})
	}
}
