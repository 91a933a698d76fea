package conform

import (
	"strings"
	"testing"
)

// Every field of the model names a class, a word list or a known scalar, so a slip of the pen in a table is found here.
func TestModelsAreClosed(t *testing.T) {
	scalars := map[string]bool{}
	for _, s := range strings.Fields("str bool int natural positive num fraction time stamp word mime locale serial digest hex ref spdxID documentID " +
		"link elementRef uri email cpe purl namespace creator agent any licences tools") {
		scalars[s] = true
	}
	for name, m := range map[string]*model{"CycloneDX": cycloneDX(), "SPDX": spdx2()} {
		reached := map[string]bool{"bom": true, "document": true, "licence": true, "licenceItem": true, "tool": true, "toolset": true}
		for _, c := range m.classes {
			for i := range c.fields {
				f := &c.fields[i]
				enum, isEnum := strings.CutPrefix(f.typ, "enum:")
				switch {
				case isEnum && enum != "licence" && len(f.enum) == 0:
					t.Errorf("%s %s.%s: no words %s", name, c.name, f.name, enum)
				case !isEnum && f.of == nil && !scalars[f.typ]:
					t.Errorf("%s %s.%s: unknown type %s", name, c.name, f.name, f.typ)
				}
				reached[f.typ] = true
			}
			for _, n := range append(append([]string(nil), c.oneOf...), c.notBoth...) {
				if c.byName[n] == nil {
					t.Errorf("%s %s: no field %s", name, c.name, n)
				}
			}
		}
		for n := range m.classes {
			if !reached[strings.TrimPrefix(n, "x:")] && n != "x:expression" {
				t.Errorf("%s: class %s is used nowhere", name, n)
			}
		}
	}
}

func TestParseJSONPlaces(t *testing.T) {
	for in, want := range map[string]string{
		"{\n\"a\": tru}":    "line 2, column 6: a value cannot start with",
		"[1,\n 2":           "line 2, column 3: the file ends inside an array",
		"[01]":              "line 1, column 2: \"01\" is not a number",
		"[\"a\nb\"]":        "line 1, column 4: a control character",
		"[\"\\x\"]":         "wrong escape",
		"[] []":             "text after the end",
		"{\"a\":1 \"b\":2}": "expected a comma",
		"{\"a\":1,\"a\":2}": "occurs twice",
		"[\"" + "abc":       "ends inside a string",
		"[[[[1]]]]":         "nested deeper than 3",
	} {
		if _, err := ParseJSON([]byte(in), Bounds{Depth: 3, Values: 100}); err == nil || !strings.Contains(err.Error(), want) {
			t.Errorf("%q: got %v, want %q", in, err, want)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(`{"a":[1,"b\u00e9",null,true,{"c":-1.5e3}]}`))
	f.Add([]byte(`<a xmlns="u"><b c="d">e &amp; f</b><!-- g --></a>`))
	f.Add([]byte("<! >"))
	f.Add([]byte("SPDXVersion: SPDX-2.3\nDocumentComment: <text>a\nb</text>\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		if n, err := ParseJSON(body, Bounds{20, 10_000}); err == nil {
			Judge(File{Format: CycloneDXJSON, Minor: 6, Tree: n})
			Judge(File{Format: SPDXJSON, Minor: 3, Tree: n})
			Judge(File{Format: SPDX3JSON, Tree: n})
		}
		if n, err := ParseXML(body, Bounds{20, 10_000}); err == nil {
			Judge(File{Format: CycloneDXXML, Minor: 6, Tree: n})
		}
		if tags, err := ParseTags(body, 1000); err == nil {
			Judge(File{Format: SPDXTagValue, Minor: 3, Tags: tags})
		}
	})
}
