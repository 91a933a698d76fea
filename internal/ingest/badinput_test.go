//go:build unix

package ingest

import (
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
	"testing"
	"unicode/utf16"

	"triward/internal/advisory"
	"triward/internal/device/fleetfile"
	"triward/internal/fhir"
	"triward/internal/problem"
	"triward/internal/sbom"
	"triward/internal/vuln"
)

// reader is one way in for a file. What it reads but complains about counts as an error too: the complaint reaches the
// user, with its place.
type reader struct {
	name string // of the good file
	good string
	read func(path string) error
	// free are the top-level members whose type is not looked at, because nothing is taken from them.
	free []string
	// ranges are replacements in good, each of which makes a number impossible.
	ranges [][2]string
	// text is set for readers that take more encodings than UTF-8.
	text bool
	// lines is set for formats of lines, which are shorter documents when they are cut.
	lines bool
}

func (r reader) json() bool { return strings.HasPrefix(r.good, "{") && !r.lines }

// records reads with the readers that a feed and an assessment use.
func records(kind vuln.FeedKind) func(string) error {
	return func(path string) error {
		var all []error
		for _, err := range Documents(kind, path) {
			if err != nil {
				all = append(all, err)
			}
		}
		return errors.Join(all...)
	}
}

// told turns what a reader noted about parts of a file into one error.
func told(path string, faults []problem.Fault, err error) error {
	if err != nil || len(faults) == 0 {
		return err
	}
	return &problem.Error{Kind: problem.Invalid, Message: path, Faults: faults}
}

// contents maps a file into memory, so that a large one costs only what is looked at.
func contents(path string) ([]byte, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, err
	}
	defer f.Close()
	s, err := f.Stat()
	if err != nil || s.Size() == 0 {
		return nil, err
	}
	if s.Size() < 256<<20 {
		return os.ReadFile(path)
	}
	body, err := syscall.Mmap(int(f.Fd()), 0, int(s.Size()), syscall.PROT_READ, syscall.MAP_PRIVATE)
	if err != nil {
		return nil, problem.About(err, "map %s", path)
	}
	return body, nil
}

func readBOM(path string) error {
	body, err := contents(path)
	if err != nil {
		return err
	}
	doc, err := sbom.Read(path, body)
	return told(path, doc.Faults, err)
}

func readFHIR(path string) error {
	body, err := contents(path)
	if err != nil {
		return err
	}
	res, err := fhir.Read(path, body)
	return told(path, res.Faults, err)
}

func readVEX(path string) error {
	body, err := contents(path)
	if err != nil {
		return err
	}
	_, err = advisory.ParseOpenVEX(path, body)
	return err
}

func readFleet(path string) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	t, err := fleetfile.Read(path, f)
	if err != nil {
		return err
	}
	_, faults := t.Rows(fleetfile.Guess(t.Header))
	return told(path, faults, nil)
}

func readScores(path string) error {
	_, err := ReadEPSS(path, func(advisory.Likelihood) error { return nil })
	return err
}

func readCatalogue(path string) error {
	_, err := ReadKEV(path)
	return err
}

func readers() []reader {
	return []reader{
		{name: "NM-1.json", read: records(vuln.FeedCSAF), good: `{"document": {"category": "csaf_vex", "csaf_version": "2.0", "title": "Pumpe für é", "publisher": {"name": "N"},
 "tracking": {"id": "NM-1", "status": "final", "version": "1"}}, "product_tree": {"full_product_names": [{"product_id": "P", "name": "Pump"}]},
 "vulnerabilities": [{"cve": "CVE-2026-1234", "scores": [{"products": ["P"], "cvss_v3": {"baseScore": 9.8}}], "product_status": {"fixed": ["P"]}}]}`,
			ranges: [][2]string{{"9.8", "98"}, {"9.8", "-1"}, {"9.8", "1e999"}}},
		{name: "CVE-2026-1234.json", read: records(vuln.FeedCVE), good: `{"dataType": "CVE_RECORD", "dataVersion": "5.1", "cveMetadata": {"cveId": "CVE-2026-1234", "state": "PUBLISHED"},
 "containers": {"cna": {"descriptions": [{"lang": "en", "value": "Ein é"}], "affected": [{"vendor": "N", "product": "P", "versions": [{"version": "1", "status": "affected"}]}],
 "metrics": [{"cvssV3_1": {"version": "3.1", "baseScore": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]}}}`,
			free: []string{"dataType"}, ranges: [][2]string{{"9.8", "98"}, {"9.8", "-1"}, {"9.8", "1e999"}}},
		{name: "nvd.json", read: records(vuln.FeedNVD), good: `{"resultsPerPage": 1, "startIndex": 0, "totalResults": 1, "format": "NVD_CVE", "version": "2.0", "timestamp": "2026-05-04T00:00:00.000",
 "vulnerabilities": [{"cve": {"id": "CVE-2026-1234", "descriptions": [{"lang": "en", "value": "Ein é"}],
 "metrics": {"cvssMetricV31": [{"source": "N", "cvssData": {"version": "3.1", "baseScore": 9.8, "vectorString": "CVSS:3.1/AV:N/AC:L/PR:N/UI:N/S:U/C:H/I:H/A:H"}}]}}}]}`,
			free: []string{"resultsPerPage", "startIndex", "totalResults", "format", "version", "timestamp"}, ranges: [][2]string{{"9.8", "98"}, {"9.8", "-1"}, {"9.8", "1e999"}}},
		{name: "GO-2026-1.json", read: records(vuln.FeedOSV), good: `{"schema_version": "1.6.0", "id": "GO-2026-1", "modified": "2026-05-04T00:00:00Z", "published": "2026-05-04T00:00:00Z", "aliases": ["CVE-2026-1234"],
 "summary": "Ein é", "details": "d", "affected": [{"package": {"ecosystem": "Go", "name": "x"}, "ranges": [{"type": "SEMVER", "events": [{"introduced": "0"}, {"fixed": "1.2.0"}]}]}], "database_specific": {"a": 1}}`,
			free: []string{"database_specific"}},
		{name: "kev.json", read: readCatalogue, good: `{"title": "Ein é", "catalogVersion": "2026.05.04", "dateReleased": "2026-05-04T00:00:00Z", "count": 1,
 "vulnerabilities": [{"cveID": "CVE-2026-1234", "vendorProject": "N", "product": "P", "vulnerabilityName": "n", "dateAdded": "2026-05-04", "shortDescription": "s", "requiredAction": "r", "dueDate": "2026-05-25"}]}`,
			ranges: [][2]string{{`"count": 1`, `"count": 1e999`}, {`"count": 1`, `"count": -1`}, {`"count": 1`, `"count": 99`}}},
		{name: "kev.csv", read: readCatalogue, lines: true, good: "cveID,vendorProject,product,vulnerabilityName,dateAdded,shortDescription,requiredAction,dueDate\n" +
			"CVE-2026-1234,N,P,n\xc3\xa9,2026-05-04,s,r,2026-05-25\n", ranges: [][2]string{{"2026-05-25", "2026-13-99"}}},
		{name: "epss.csv", read: readScores, lines: true, good: "#model_version:v2025.03.14,score_date:2026-05-04T00:00:00Z\ncve,epss,percentile\nCVE-2026-1234,0.5,0.9\n",
			ranges: [][2]string{{"0.5", "1.5"}, {"0.5", "-0.5"}, {"0.5", "NaN"}, {"0.5", "1e999"}, {"0.9", "9"}}},
		{name: "vex.openvex.json", read: readVEX, good: `{"@context": "https://openvex.dev/ns/v0.2.0", "@id": "https://n.example/1", "author": "Ein é", "role": "r", "timestamp": "2026-05-04T00:00:00Z", "version": 1,
 "tooling": "t", "statements": [{"vulnerability": {"name": "CVE-2026-1234"}, "products": [{"@id": "pkg:generic/x@1"}], "status": "fixed"}]}`,
			free: []string{"@context"}, ranges: [][2]string{{`"version": 1`, `"version": 1e999`}, {`"version": 1`, `"version": -1`}, {`"version": 1`, `"version": 1.5`}}},
		{name: "pump.cdx.json", read: readBOM, good: `{"bomFormat": "CycloneDX", "specVersion": "1.5", "serialNumber": "urn:uuid:3e671687-395b-41f5-a30f-a58921a69b79", "version": 1,
 "metadata": {"component": {"type": "device", "name": "Ein é", "bom-ref": "d"}}, "components": [{"type": "library", "name": "zlib", "version": "1.2.11", "bom-ref": "z"}], "dependencies": [{"ref": "d", "dependsOn": ["z"]}]}`,
			ranges: [][2]string{{`"version": 1,`, `"version": 1e999,`}, {`"version": 1,`, `"version": -1,`}, {`"version": 1,`, `"version": 1.5,`}}},
		{name: "pump.cdx.xml", read: readBOM, good: `<?xml version="1.0" encoding="UTF-8"?>
<bom xmlns="http://cyclonedx.org/schema/bom/1.5" version="1"><metadata><component type="device"><name>Ein é</name></component></metadata>
<components><component type="library"><name>zlib</name><version>1.2.11</version></component></components></bom>`,
			ranges: [][2]string{{`version="1">`, `version="99999999999999999999">`}, {`version="1">`, `version="-1">`}}},
		{name: "pump.spdx.json", read: readBOM, good: `{"spdxVersion": "SPDX-2.3", "dataLicense": "CC0-1.0", "SPDXID": "SPDXRef-DOCUMENT", "name": "Ein é", "documentNamespace": "https://n.example/1",
 "creationInfo": {"created": "2026-05-04T00:00:00Z", "creators": ["Tool: t"]}, "packages": [{"SPDXID": "SPDXRef-z", "name": "zlib", "versionInfo": "1.2.11", "downloadLocation": "NOASSERTION"}],
 "relationships": [{"spdxElementId": "SPDXRef-DOCUMENT", "relatedSpdxElement": "SPDXRef-z", "relationshipType": "DESCRIBES"}]}`},
		{name: "pump.spdx", read: readBOM, lines: true, good: `SPDXVersion: SPDX-2.3
DataLicense: CC0-1.0
SPDXID: SPDXRef-DOCUMENT
DocumentName: Ein é
DocumentNamespace: https://n.example/1
Creator: Tool: t
Created: 2026-05-04T00:00:00Z

PackageName: zlib
SPDXID: SPDXRef-z
PackageVersion: 1.2.11
PackageDownloadLocation: NOASSERTION
FilesAnalyzed: false

Relationship: SPDXRef-DOCUMENT DESCRIBES SPDXRef-z
`},
		{name: "pump.spdx3.json", read: readBOM, good: `{"@context": "https://spdx.org/rdf/3.0.1/spdx-context.jsonld", "@graph": [
 {"type": "CreationInfo", "@id": "_:c", "specVersion": "3.0.1", "created": "2026-05-04T00:00:00Z", "createdBy": ["urn:x:n"]},
 {"type": "Organization", "spdxId": "urn:x:n", "name": "Ein é", "creationInfo": "_:c"},
 {"type": "SpdxDocument", "spdxId": "urn:x:d", "creationInfo": "_:c", "rootElement": ["urn:x:z"]},
 {"type": "software_Package", "spdxId": "urn:x:z", "name": "zlib", "software_packageVersion": "1.2.11", "creationInfo": "_:c"}]}`},
		{name: "device.json", read: readFHIR, good: `{"resourceType": "Bundle", "type": "collection", "entry": [{"resource": {"resourceType": "Device", "id": "1", "serialNumber": "S-1",
 "deviceName": [{"name": "Ein é", "type": "user-friendly-name"}], "manufacturer": "N"}}]}`, free: []string{"type"}},
		{name: "devices.ndjson", read: readFHIR, lines: true, good: `{"resourceType": "Device", "id": "1", "serialNumber": "S-1", "manufacturer": "Ein é"}
{"resourceType": "Device", "id": "2", "serialNumber": "S-2", "manufacturer": "N"}
`},
		{name: "fleet.csv", read: readFleet, lines: true, text: true, good: "asset_tag,vendor,model,version,serial,ip,in_use\nA-1,Ein é,Pump,1.0,S-1,10.0.0.7,yes\n",
			ranges: [][2]string{{"10.0.0.7", "10.0.0.777"}}},
	}
}

// place is a line, a row, a JSON pointer, an XML path or the name of an entry.
var place = regexp.MustCompile(`\b(line|row) \d+|["\s:(]/[\w@$~]|entry "|(is|file is|the file) empty|no header row|ends the file`)

// wants is what an error has to tell.
type wants string

const (
	file  wants = "the file"
	where wants = "the file and the place"
	none  wants = "nothing, it may be read" // only that it does not fail in another way
)

// refused feeds bytes to a reader through a file and looks at the error.
func refused(t *testing.T, r reader, as string, body []byte, want wants) {
	t.Helper()
	path := filepath.Join(t.TempDir(), r.name)
	if err := os.WriteFile(path, body, 0o600); err != nil {
		t.Fatal(err)
	}
	check(t, r, as, r.read(path), want)
}

func check(t *testing.T, r reader, as string, err error, want wants) {
	t.Helper()
	switch {
	case want == none:
		if err == nil {
			return
		}
	case err == nil:
		t.Errorf("%s, %s: read without an error", r.name, as)
		return
	}
	text := err.Error()
	if !strings.Contains(text, r.name) {
		t.Errorf("%s, %s: the error does not name the file: %s", r.name, as, text)
	}
	folders := regexp.MustCompile(`[^\s":]*/` + regexp.QuoteMeta(r.name))
	if want == where && !place.MatchString(folders.ReplaceAllString(text, r.name)) {
		t.Errorf("%s, %s: the error names no place: %s", r.name, as, text)
	}
	if len(text) > 20_000 {
		t.Errorf("%s, %s: the error is %d bytes long", r.name, as, len(text))
	}
	var p *problem.Error
	if !errors.As(err, &p) {
		t.Errorf("%s, %s: the error is not one that users see: %s", r.name, as, text)
	}
}

func TestGoodInputIsRead(t *testing.T) {
	for _, r := range readers() {
		path := filepath.Join(t.TempDir(), r.name)
		if err := os.WriteFile(path, []byte(r.good), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := r.read(path); err != nil {
			t.Errorf("%s: %v", r.name, err)
		}
	}
}

const picture = "\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR\x00\x00\x00\x01\x00\x00\x00\x01\x08\x06\x00\x00\x00\x1f\x15\xc4\x89\x00\x00\x00\nIDATx\x9cc\x00\x01\x00\x00\x05\x00\x01\r\n-\xb4\x00\x00\x00\x00IEND\xaeB`\x82"

func TestWrongBytes(t *testing.T) {
	for _, r := range readers() {
		refused(t, r, "empty", nil, file)
		refused(t, r, "white space", []byte(" \n\t\n"), file)
		refused(t, r, "a picture", []byte(picture), file)
		refused(t, r, "a program", []byte("\x7fELF\x02\x01\x01"+strings.Repeat("\x00", 64)), file)
		refused(t, r, "a web page", []byte("<!DOCTYPE html>\n<html><body>Sign in, please</body></html>\n"), htmlWants(r))
		encoded := where
		if r.text {
			encoded = none
		}
		refused(t, r, "UTF-16 LE", append([]byte{0xff, 0xfe}, wide(r.good)...), fileIf(encoded))
		refused(t, r, "UTF-16 LE without mark", wide(r.good), fileIf(encoded))
		if strings.Contains(r.good, "é") {
			refused(t, r, "Latin-1", []byte(strings.ReplaceAll(r.good, "é", "\xe9")), encoded)
			refused(t, r, "a NUL byte", []byte(strings.ReplaceAll(r.good, "é", "\x00")), where)
		}
		for i := 1; i < len(r.good)-1; i += 1 + len(r.good)/61 {
			want := where
			if r.lines || strings.TrimSpace(r.good[i:]) == "" {
				want = none
			}
			refused(t, r, fmt.Sprintf("cut at byte %d", i), []byte(r.good[:i]), want)
		}
	}
}

// A fleet may have any columns, so that a table of one column is a fleet of nothing.
func htmlWants(r reader) wants {
	if r.text {
		return none
	}
	return file
}

func fileIf(w wants) wants {
	if w == where {
		return file
	}
	return w
}

func wide(s string) []byte {
	var out []byte
	for _, u := range utf16.Encode([]rune(s)) {
		out = append(out, byte(u), byte(u>>8))
	}
	return out
}
