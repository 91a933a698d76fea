package sbom

import (
	"bytes"
	"encoding/json"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
)

var update = flag.Bool("update", false, "write golden files")

// samples are small documents of every format.
func samples(t testing.TB) map[string][]byte {
	t.Helper()
	out := map[string][]byte{}
	for _, n := range []string{"pump.cdx.json", "pump.cdx.xml", "pump.spdx", "pump.spdx.json", "pump.spdx3.json"} {
		b, err := os.ReadFile(filepath.Join("testdata", n))
		if err != nil {
			t.Fatal(err)
		}
		out[n] = b
	}
	return out
}

// golden compares v as JSON with a file of testdata.
func golden(t *testing.T, name string, v any) {
	t.Helper()
	var buf bytes.Buffer
	enc := json.NewEncoder(&buf)
	enc.SetEscapeHTML(false)
	enc.SetIndent("", "  ")
	if err := enc.Encode(v); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join("testdata", name)
	if *update {
		if err := os.WriteFile(file, buf.Bytes(), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), buf.String()); d != "" {
		t.Errorf("%s: %s", name, d)
	}
}

func TestReadSamples(t *testing.T) {
	for name, body := range samples(t) {
		d, err := Read(name, body)
		if err != nil {
			t.Error(err)
			continue
		}
		golden(t, name+".golden", d)
		if r := Check(name, body); !r.Valid {
			t.Errorf("%s: %v", name, r.Faults)
		}
	}
}

func TestUnreadable(t *testing.T) {
	deep := `{"bomFormat":"CycloneDX","specVersion":"1.6","components":` + strings.Repeat(`[`, 300) + strings.Repeat(`]`, 300) + `}`
	deepXML := strings.Repeat("<a>", 300) + strings.Repeat("</a>", 300)
	for name, c := range map[string]struct{ body, want string }{
		"empty":           {"", "empty"},
		"zip":             {"PK\x03\x04\xff\xff", "ZIP"},
		"pdf":             {"%PDF-1.7\n", "PDF"},
		"text":            {"hello", "neither CycloneDX"},
		"protobuf":        {"spec_version: \"1.6\"\n", "protobuf"},
		"utf-16":          {"\xff\xfe{\x00}\x00", "UTF-16"},
		"utf-16 bare":     {"{\x00\"\x00b\x00", "UTF-16"},
		"not utf-8":       {"{\"bomFormat\":\n \"\xe4\"}", "line 2, column 3: byte 0xe4"},
		"array":           {"[]", "is a JSON array"},
		"other JSON":      {`{"a":1}`, "neither CycloneDX (no bomFormat)"},
		"new version":     {`{"bomFormat":"CycloneDX","specVersion":"2.0"}`, `version "2.0" is not supported`},
		"spdx version":    {`{"spdxVersion":"SPDX-9.9"}`, `"SPDX-9.9" is not supported`},
		"syntax":          {"{\"bomFormat\":\"CycloneDX\",\n\"specVersion\" \"1.6\"}", "line 2, column 15: expected a colon"},
		"trailing comma":  {`{"bomFormat":"CycloneDX",}`, "expected a name in double quotes"},
		"twice":           {`{"bomFormat":"CycloneDX","bomFormat":"x"}`, "occurs twice"},
		"deep":            {deep, "nested deeper than 200"},
		"deep xml":        {deepXML, "nested deeper than 200"},
		"entity":          {"<!DOCTYPE bom [<!ENTITY a \"b\">]>\n<bom/>", "document type declarations"},
		"unknown entity":  {"<bom xmlns=\"http://cyclonedx.org/schema/bom/1.4\">&a;</bom>", "line 1"},
		"xml encoding":    {"<?xml version=\"1.0\" encoding=\"ISO-8859-1\"?><bom/>", "ISO-8859-1"},
		"xml root":        {"<html/>", "<html>"},
		"xml namespace":   {"<bom/>", "namespace"},
		"spdx rdf":        {`<rdf:RDF xmlns:rdf="http://www.w3.org/1999/02/22-rdf-syntax-ns#"/>`, "RDF/XML is not supported"},
		"tag without":     {"SPDXVersion: SPDX-2.3\nnonsense\n", "line 2"},
		"text open":       {"SPDXVersion: SPDX-2.3\nDocumentComment: <text>open\n", "line 2: the <text>"},
		"wrong type":      {`{"bomFormat":"CycloneDX","specVersion":"1.6","components":{"a":1}}`, "/components: is a JSON object, must be an array"},
		"wrong spdx type": {`{"spdxVersion":"SPDX-2.3","packages":7}`, "/packages"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read("file", []byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) || problem.KindOf(err) != problem.Invalid {
				t.Errorf("got %v, want %q", err, c.want)
			}
			if r := Check("file", []byte(c.body)); r.Valid || len(r.Faults) == 0 {
				t.Errorf("check: %+v", r)
			}
		})
	}
}

func TestByteOrderMark(t *testing.T) {
	d, err := Read("f", append([]byte("\xef\xbb\xbf"), samples(t)["pump.cdx.json"]...))
	if err != nil || len(d.Components) != 3 {
		t.Errorf("%v, %d components", err, len(d.Components))
	}
}

func TestLimits(t *testing.T) {
	for name, body := range samples(t) {
		for _, l := range []Limits{{Bytes: 100}, {Components: 1}, {Values: 20}} {
			if _, err := ReadWithin(l, name, body); err == nil {
				t.Errorf("%s: read within %+v", name, l)
			}
		}
	}
}

// A small file that would decode into gigabytes is refused before it does.
func TestBombs(t *testing.T) {
	for name, body := range map[string]string{
		"components": `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + strings.Repeat("{},", 100_000) + `{}]}`,
		"values":     `{"bomFormat":"CycloneDX","specVersion":"1.6","x":[` + strings.Repeat("[],", 100_000) + `[]]}`,
	} {
		_, err := ReadWithin(Limits{Components: 50_000, Values: 150_000}, name, []byte(body))
		if name == "values" {
			_, err = ReadWithin(Limits{Values: 50_000}, name, []byte(body))
		}
		if err == nil || !strings.Contains(err.Error(), "allowed") {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A cut file must fail; a tag-value file, which has no end mark, may also be a smaller document.
func TestTruncated(t *testing.T) {
	for name, body := range samples(t) {
		body = bytes.TrimSpace(body)
		for n := range body {
			if _, err := Read(name, body[:n]); err == nil && name != "pump.spdx" {
				t.Fatalf("%s: the first %d bytes were read", name, n)
			}
		}
	}
}

func FuzzRead(f *testing.F) {
	for _, body := range samples(f) {
		f.Add(body)
	}
	f.Fuzz(func(t *testing.T, body []byte) {
		l := Limits{Bytes: 1 << 20, Components: 10_000}
		d, err := ReadWithin(l, "fuzz", body)
		r := CheckWithin(l, "fuzz", body)
		if err != nil && r.Valid {
			t.Errorf("valid, but not read: %v", err)
		}
		if err == nil {
			Diff(d, d)
			for _, c := range d.Components {
				MatchFacts(c)
			}
		}
	})
}

// many is a CycloneDX document with n components, each with the facts that scanners give.
func many(n int) []byte {
	var b bytes.Buffer
	b.WriteString(`{"bomFormat":"CycloneDX","specVersion":"1.6","version":1,"metadata":{"timestamp":"2026-01-02T03:04:05Z"},"components":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"type":"library","bom-ref":"ref-%d","group":"org.example.g%d","name":"part-%d","version":"1.%d.0","purl":"pkg:maven/org.example.g%d/part-%d@1.%d.0",`+
			`"hashes":[{"alg":"SHA-256","content":"%064x"}],"licenses":[{"license":{"id":"Apache-2.0"}}]}`, i, i%100, i, i%50, i%100, i, i%50, i)
	}
	b.WriteString(`],"dependencies":[`)
	for i := range n {
		if i > 0 {
			b.WriteByte(',')
		}
		fmt.Fprintf(&b, `{"ref":"ref-%d","dependsOn":["ref-%d","ref-%d"]}`, i, (i*7)%n, (i*7+1)%n)
	}
	b.WriteString("]}")
	return b.Bytes()
}

func BenchmarkRead10k(b *testing.B) {
	body := many(10_000)
	b.SetBytes(int64(len(body)))
	for b.Loop() {
		if _, err := Read("many.json", body); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkReadXML10k(b *testing.B) {
	var body bytes.Buffer
	body.WriteString(`<bom xmlns="http://cyclonedx.org/schema/bom/1.6" version="1"><components>`)
	for i := range 10_000 {
		fmt.Fprintf(&body, `<component type="library" bom-ref="ref-%d"><group>org.example</group><name>part-%d</name><version>1.%d.0</version>`+
			`<hashes><hash alg="SHA-256">%064x</hash></hashes><licenses><license><id>MIT</id></license></licenses><purl>pkg:maven/org.example/part-%d@1.%d.0</purl></component>`, i, i, i%50, i, i, i%50)
	}
	body.WriteString(`</components></bom>`)
	b.SetBytes(int64(body.Len()))
	for b.Loop() {
		if _, err := Read("many.xml", body.Bytes()); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkMatchFacts10k(b *testing.B) {
	d, err := Read("many.json", many(10_000))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		for _, c := range d.Components {
			MatchFacts(c)
		}
	}
}
