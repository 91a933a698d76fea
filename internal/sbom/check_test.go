package sbom

import (
	"fmt"
	"strings"
	"testing"
)

// What the checker says about single slips, by the place it names and a word of the reason.
func TestFaults(t *testing.T) {
	cdx := func(version, rest string) string {
		return fmt.Sprintf(`{"bomFormat":"CycloneDX","specVersion":%q,"version":1,%s}`, version, rest)
	}
	part := func(rest string) string { return cdx("1.6", `"components":[{"type":"library","name":"a",`+rest+`}]`) }
	xml := func(rest string) string {
		return `<bom xmlns="http://cyclonedx.org/schema/bom/1.4" version="1"><components><component type="library"><name>a</name>` + rest + `</component></components></bom>`
	}
	spdx := func(rest string) string {
		return `{"spdxVersion":"SPDX-2.3","dataLicense":"CC0-1.0","SPDXID":"SPDXRef-DOCUMENT","name":"n","documentNamespace":"https://example.org/n",` +
			`"creationInfo":{"created":"2026-01-02T03:04:05Z","creators":["Tool: t"]},` + rest + `}`
	}
	for name, c := range map[string]struct{ body, path, want string }{
		"unknown field":       {part(`"colour":"red"`), "/components/0/colour", "not a field"},
		"too new":             {cdx("1.4", `"annotations":[]`), "/annotations", "came with CycloneDX 1.5"},
		"too new word":        {cdx("1.4", `"components":[{"type":"platform","name":"a"}]`), "/components/0/type", "newer specification"},
		"hash":                {part(`"hashes":[{"alg":"MD5","content":"xyz"}]`), "/components/0/hashes/0/content", "hexadecimal"},
		"licence id":          {part(`"licenses":[{"license":{"id":"Apache 2"}}]`), "/components/0/licenses/0/license/id", "SPDX licence list"},
		"two licence forms":   {part(`"licenses":[{"license":{"id":"MIT"}},{"expression":"MIT"}]`), "/components/0/licenses", "must stand alone"},
		"equal parts":         {cdx("1.6", `"components":[{"type":"file","name":"a"},{"type":"file","name":"a"}]`), "/components/1", "equal to item 0"},
		"same ref":            {cdx("1.6", `"components":[{"type":"file","name":"a","bom-ref":"x"},{"type":"file","name":"b","bom-ref":"x"}]`), "/components/1/bom-ref", "in use already"},
		"time":                {cdx("1.6", `"metadata":{"timestamp":"yesterday"}`), "/metadata/timestamp", "RFC 3339"},
		"serial":              {cdx("1.6", `"serialNumber":"urn:uuid:X"`), "/serialNumber", "urn:uuid"},
		"old without version": {cdx("1.3", `"components":[{"type":"library","name":"a"}]`), "/components/0", "version is missing"},
		"version and range":   {cdx("1.7", `"components":[{"type":"library","name":"a","version":"1","versionRange":"vers:npm/>1"}]`), "/components/0", "more than one"},
		"rating score":        {cdx("1.6", `"vulnerabilities":[{"ratings":[{"score":"high"}]}]`), "/vulnerabilities/0/ratings/0/score", "must be a number"},
		"confidence":          {part(`"evidence":{"identity":[{"field":"purl","confidence":2}]}`), "/components/0/evidence/identity/0/confidence", "between 0 and 1"},
		"pointer escape":      {part(`"a/b~c":1`), "/components/0/a~1b~0c", "not a field"},
		"xml unknown":         {xml(`<colour/>`), "/bom/components/component[1]/colour", "not a field"},
		"xml twice":           {xml(`<version>1</version><version>2</version>`), "/bom/components/component[1]/version", "occurs 2 times"},
		"xml attribute":       {strings.Replace(xml(""), "library", "libary", 1), "/bom/components/component[1]/@type", "libary"},
		"xml list":            {xml(`<hashes><md5/></hashes>`), "/bom/components/component[1]/hashes/md5[1]", "holds <hash>"},
		"xml text":            {xml(`words`), "/bom/components/component[1]", "only elements"},
		"spdx reference":      {spdx(`"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"DESCRIBES","relatedSpdxElement":"SPDXRef-x"}]`), "/relationships/0/relatedSpdxElement", "does not hold"},
		"spdx creator":        {strings.Replace(spdx(`"comment":""`), "Tool: t", "nobody", 1), "/creationInfo/creators/0", "Person:"},
		"spdx relationship":   {spdx(`"relationships":[{"spdxElementId":"SPDXRef-DOCUMENT","relationshipType":"LIKES","relatedSpdxElement":"NONE"}]`), "/relationships/0/relationshipType", "LIKES"},
		"spdx id":             {spdx(`"packages":[{"SPDXID":"SPDXRef-a_b","name":"a","downloadLocation":"NONE"}]`), "/packages/0/SPDXID", "letters, digits"},
		"tag unknown":         {"SPDXVersion: SPDX-2.3\nColour: red\n", "/line 2/Colour", "not a tag"},
		"tag block":           {"SPDXVersion: SPDX-2.3\nPackageVersion: 1\n", "/line 2/PackageVersion", "belongs to a package"},
		"tag missing":         {"SPDXVersion: SPDX-2.3\n", "/line 1", "no DocumentName"},
		"spdx3 missing":       {`{"@context":"https://spdx.org/rdf/3.0.1/x","@graph":[{"type":"software_Package","spdxId":"urn:a","creationInfo":"_:c"}]}`, "/@graph/0", "must have name"},
		"spdx3 reference":     {`{"@context":"https://spdx.org/rdf/3.0.1/x","@graph":[{"type":"Relationship","spdxId":"urn:r","creationInfo":"_:c","from":"urn:a","to":[],"relationshipType":"contains"}]}`, "/@graph/0/from", "neither holds nor imports"},
	} {
		t.Run(name, func(t *testing.T) {
			r := Check("f", []byte(c.body))
			for _, f := range r.Faults {
				if f.Path == c.path && strings.Contains(f.Reason, c.want) {
					return
				}
			}
			t.Errorf("no fault at %s with %q in %v", c.path, c.want, r.Faults)
		})
	}
}

func TestManyFaultsAreBounded(t *testing.T) {
	body := `{"bomFormat":"CycloneDX","specVersion":"1.6","components":[` + strings.Repeat(`{},`, 5000) + `{"a":1}]}`
	r := Check("f", []byte(body))
	if len(r.Faults) != 1001 || !strings.Contains(r.Faults[1000].Reason, "more faults") {
		t.Errorf("%d faults", len(r.Faults))
	}
}

// An empty document is valid and worth little; a document with everything is worth 100.
func TestQuality(t *testing.T) {
	r := Check("f", []byte(`{"bomFormat":"CycloneDX","specVersion":"1.6"}`))
	if !r.Valid || r.Quality.Score != 0 {
		t.Errorf("%+v", r)
	}
	full := `{"bomFormat":"CycloneDX","specVersion":"1.6","metadata":{"timestamp":"2026-01-02T03:04:05Z","authors":[{"name":"a"}],
	"lifecycles":[{"phase":"build"}],"tools":[{"name":"t"}]},
	"components":[{"type":"library","bom-ref":"a","name":"a","version":"1","purl":"pkg:npm/a@1","supplier":{"name":"s"},
	"hashes":[{"alg":"MD5","content":"2342c2eaf1feb9a80195dbaddf2ebaa3"}],"licenses":[{"license":{"id":"MIT"}}],
	"properties":[{"name":"cdx:lifecycle:milestone:endOfSupport","value":"2030-01-01"},{"name":"supportLevel","value":"full"}]}],
	"dependencies":[{"ref":"a"}],"compositions":[{"aggregate":"complete"}]}`
	r = Check("f", []byte(full))
	if !r.Valid || r.Quality.Score != 100 {
		t.Errorf("%v %+v", r.Faults, r.Quality)
	}
	for _, l := range r.Quality.Lists {
		if l.Score != 100 || !l.Complete {
			t.Errorf("%+v", l)
		}
	}
	for name, body := range samples(t) {
		golden(t, name+".check", Check(name, body))
	}
}
