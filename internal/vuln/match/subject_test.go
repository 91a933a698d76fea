package match

import (
	"testing"
	"unicode/utf8"
)

// FuzzPrepare feeds anything as an asset: no panic, and keys of valid text are valid text.
func FuzzPrepare(f *testing.F) {
	for _, s := range []string{"IntelliVue MX450", "((", "a/b/c (d", "pkg:npm/%40a/b@1", "é ü", "x5x0/53xx - 2-3"} {
		f.Add(s, "Philips, GE and (BD)")
	}
	f.Fuzz(func(t *testing.T, name, vendor string) {
		p := Prepare(Asset{Vendor: vendor, Model: name, ModelNumbers: []string{name}, Components: []Component{{Name: name, PURL: name}}}, nil)
		for _, k := range p.Keys() {
			if !utf8.ValidString(k) && utf8.ValidString(name) && utf8.ValidString(vendor) {
				t.Errorf("key %q", k)
			}
		}
	})
}
