package indicator

import (
	"strings"
	"testing"

	"triward/internal/problem"
)

func TestParse(t *testing.T) {
	sum := strings.Repeat("ab", 32)
	for _, c := range []struct {
		kind Kind
		text string
		want Kind
		as   string
	}{
		{"", "203.0.113[.]9", Address, "203.0.113.9"},
		{"", " 203.0.113(.)9 ", Address, "203.0.113.9"},
		{"", "203.0.113.77/24", Address, "203.0.113.0/24"},
		{"", "2001:DB8::1", Address, "2001:db8::1"},
		{"", "2001[:]db8[:][:]1", Address, "2001:db8::1"},
		{"", "::ffff:203.0.113.9", Address, "203.0.113.9"},
		{"", "Evil[.]Example.", Domain, "evil.example"},
		{"", "a[dot]evil[dot]example", Domain, "a.evil.example"},
		{"", "_dmarc.evil.example", Domain, "_dmarc.evil.example"},
		{"", strings.ToUpper(sum), Hash, sum},
		{"", "sha256:" + sum, Hash, sum},
		{"", "hxxps[://]evil[.]example/a?b=1#c", URL, "https://evil.example/a?b=1"},
		{"", "hxxp://203.0.113[.]9:8080/x", URL, "http://203.0.113.9:8080/x"},
		{"", "http://[2001:db8::1]/", URL, "http://[2001:db8::1]/"},
		{"", "dev_0abc", Device, "dev_0abc"},
		{"", "00-1A-2B-3C-4D-5E", MAC, "00:1a:2b:3c:4d:5e"},
		{"", "001a.2b3c.4d5e", MAC, "00:1a:2b:3c:4d:5e"},
		{Host, "WS-1", Host, "ws-1"},
		{AETitle, "ORTHANC", AETitle, "ORTHANC"},
		{AETitle, "WITH SPACE", AETitle, "WITH SPACE"},
		{User, `HOSP\svc-pacs`, User, `HOSP\svc-pacs`},
		{File, `C:\Temp\run.exe`, File, "run.exe"},
		{File, "/tmp/.x", File, ".x"},
		{"", "", "", ""}, {"", "one word", "", ""}, {"", "localhost", "", ""}, {"", "0.0.0.0", "", ""}, {"", "0.0.0.0/0", "", ""}, {"", "1.2.3", "", ""}, {"", "1.2.3.4.5", "", ""}, {"", "fe80::1%eth0", "", ""},
		{"", "a..b.example", "", ""}, {"", "-a.example", "", ""}, {"", strings.Repeat("a", 64) + ".example", "", ""}, {"", "evil.example\nsecond.example", "", ""}, {"", "http://user:secret@evil.example/", "", ""},
		{"", "javascript://evil.example/", "", ""}, {Hash, "abcd", "", ""}, {Hash, strings.Repeat("g", 64), "", ""}, {AETitle, strings.Repeat("A", 17), "", ""}, {AETitle, `A\B`, "", ""}, {AETitle, "É", "", ""},
		{Host, "a.b", "", ""}, {Host, "", "", ""}, {File, "..", "", ""}, {File, "/", "", ""}, {Device, "P-1", "", ""}, {"mood", "x", "", ""}, {User, strings.Repeat("u", 300), "", ""}, {User, "\xff", "", ""},
	} {
		k, v, err := Parse(c.kind, c.text)
		if c.want == "" {
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("%s %q: read as %s %q", c.kind, c.text, k, v)
			}
			continue
		}
		if err != nil || k != c.want || v != c.as {
			t.Errorf("%s %q: %s %q %v", c.kind, c.text, k, v, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	for _, text := range []string{"203.0.113[.]9", "hxxps[://]evil[.]example/a?b=1", "a[dot]evil.example", "2001[:]db8[:][:]1/64", "sha256:" + strings.Repeat("0f", 32), "dev_1", "http://[::1]:80/%zz"} {
		for n := range len(text) + 1 {
			f.Add("", text[:n])
		}
		for _, k := range Kinds() {
			f.Add(string(k), text)
		}
	}
	f.Fuzz(func(t *testing.T, kind, text string) {
		k, v, err := Parse(Kind(kind), text)
		if err != nil {
			if problem.KindOf(err) != problem.Invalid {
				t.Fatal(err)
			}
			return
		}
		again, w, err := Parse(k, v)
		if err != nil || again != k || w != v {
			t.Fatalf("%s %q, read again: %s %q %v", k, v, again, w, err)
		}
		if k == Address || k == Domain || k == URL {
			if _, w, err := Parse(k, Defang(k, v)); err != nil || w != v {
				t.Fatalf("%s %q, defanged %q: %q %v", k, v, Defang(k, v), w, err)
			}
		}
		all, err := Readings("", text)
		if err != nil && kind == "" {
			t.Fatalf("%q has a kind and no reading: %v", text, err)
		}
		for _, q := range Queries(all...) {
			if err := q.Validate(); err != nil {
				t.Fatal(err, problem.FaultsOf(err))
			}
		}
		if len(Queries(Reading{k, v})) == 0 {
			t.Fatalf("%s %q is not searched for", k, v)
		}
		for _, q := range Queries(Reading{k, v}) {
			if err := q.Validate(); err != nil {
				t.Fatal(err, problem.FaultsOf(err))
			}
		}
	})
}
