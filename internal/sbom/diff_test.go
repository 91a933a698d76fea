package sbom

import (
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/testdata"
)

func doc(components ...Component) Document {
	for i := range components {
		components[i].Ref = string(rune('a' + i))
	}
	return Document{Components: components}
}

func TestDiff(t *testing.T) {
	a := doc(
		Component{Name: "tls", PURL: "pkg:npm/tls@1.0", Version: "1.0", Licences: []Licence{{ID: "MIT"}}, Supplier: "A"},
		Component{Name: "kernel", CPEs: []string{"cpe:/o:acme:kernel:4"}, Version: "4"},
		Component{Type: "library", Name: "Own", Version: "1", Hashes: []Hash{{"MD5", "00"}}},
		Component{Name: "gone", Version: "1"},
		Component{Name: "twin", PURL: "pkg:npm/twin@1", Version: "1"},
		Component{Name: "twin", PURL: "pkg:npm/twin@2", Version: "2"},
		Component{Name: "same", Version: "1"},
	)
	b := doc(
		Component{Name: "same", Version: "1"},
		Component{Name: "twin", PURL: "pkg:npm/twin@2", Version: "2"},
		Component{Name: "twin", PURL: "pkg:npm/twin@3", Version: "3"},
		Component{Name: "tls-renamed", PURL: "pkg:npm/tls@1.1", Version: "1.1", Licences: []Licence{{ID: "Apache-2.0"}}, Supplier: "B"},
		Component{Name: "acme kernel", CPEs: []string{"cpe:2.3:o:acme:kernel:5:*:*:*:*:*:*:*"}, Version: "5"},
		Component{Type: "library", Name: "own", Version: "1", Hashes: []Hash{{"MD5", "01"}}},
		Component{Name: "new"},
	)
	d := Diff(a, b)
	var got []string
	for _, c := range d.Changed {
		line := c.From.Name + " by " + c.Matched + ":"
		for _, x := range c.Changes {
			line += " " + x.Field + " " + x.From + "->" + x.To
		}
		got = append(got, line)
	}
	want := []string{
		"tls by purl: version 1.0->1.1 licence MIT->Apache-2.0 supplier A->B",
		"twin by purl: version 1->3",
		"kernel by cpe: version 4->5",
		"Own by name: hash MD5:00->MD5:01",
	}
	if x := cmp.Diff(want, got); x != "" {
		t.Error(x)
	}
	if d.Unchanged != 2 || len(d.Added) != 1 || d.Added[0].Name != "new" || len(d.Removed) != 1 || d.Removed[0].Name != "gone" {
		t.Errorf("unchanged %d, added %v, removed %v", d.Unchanged, d.Added, d.Removed)
	}
}

// The two SBOMs of one medical device: the narrow one was made with a tool, the extended one completed by hand.
func TestMedicalDevice(t *testing.T) {
	read := func(name string) Document {
		body, err := os.ReadFile(testdata.Path(t, "sbom/medical/"+name))
		if err != nil {
			t.Fatal(err)
		}
		d, err := Read(name, body)
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range d.Faults {
			t.Logf("%s: %v", name, f)
		}
		return d
	}
	narrow, extended := read("narrow.sbom.json"), read("extended.sbom.json")
	if n, e := len(narrow.Components), len(extended.Components); n != 55 || e != 65 {
		t.Errorf("%d and %d components", n, e)
	}
	d := Diff(narrow, extended)
	if len(d.Changed)+len(d.Removed)+d.Unchanged != len(narrow.Components) || len(d.Changed)+len(d.Added)+d.Unchanged != len(extended.Components) {
		t.Errorf("the difference does not add up: %d added, %d removed, %d changed, %d unchanged", len(d.Added), len(d.Removed), len(d.Changed), d.Unchanged)
	}
	t.Logf("%d added, %d removed, %d changed, %d unchanged", len(d.Added), len(d.Removed), len(d.Changed), d.Unchanged)
	for _, c := range d.Added {
		t.Log("added", c.Name, c.Version)
	}
	for _, c := range d.Removed {
		t.Log("removed", c.Name, c.Version)
	}
	usable, unusable := 0, 0
	for _, c := range extended.Components {
		f := MatchFacts(c)
		if len(f.CPEs)+len(f.Packages) > 0 {
			usable++
		}
		unusable += len(f.Unusable)
		for _, u := range f.Unusable {
			t.Log(u)
		}
	}
	t.Logf("extended: %d of %d components can be matched, %d identifiers cannot be read", usable, len(extended.Components), unusable)
	for _, x := range []Document{narrow, extended} {
		q := Rate(x)
		var parts []string
		for _, l := range q.Lists {
			parts = append(parts, string(l.List))
			t.Log(x.File, l.List, l.Score, l.Missing)
		}
		t.Log(x.File, q.Score, strings.Join(parts, " "))
	}
}
