package advisory

import (
	"archive/tar"
	"archive/zip"
	"bytes"
	"compress/flate"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"strings"
	"testing"
	"testing/fstest"
	"unicode/utf16"

	"github.com/klauspost/compress/zstd"

	"triward/internal/problem"
)

// readers are all readers of single JSON documents with a sample each.
func readers() map[string]struct {
	sample string
	read   func([]byte) error
} {
	return map[string]struct {
		sample string
		read   func([]byte) error
	}{
		"kev":     {kevSample, func(b []byte) error { _, err := ParseKEV("x", b); return err }},
		"osv":     {osvSample, func(b []byte) error { _, err := ParseOSV("x", b); return err }},
		"cve":     {cveSample, func(b []byte) error { _, err := ParseCVE("x", b); return err }},
		"nvd":     {`{"cve": ` + nvdCVE + `}`, func(b []byte) error { _, err := ParseNVD("x", b); return err }},
		"openvex": {openvexSample, func(b []byte) error { _, err := ParseOpenVEX("x", b); return err }},
	}
}

func TestTruncatedDocumentsAreRefused(t *testing.T) {
	for name, r := range readers() {
		if err := r.read([]byte(r.sample)); err != nil {
			t.Errorf("%s: %v", name, err)
		}
		for i := range len(r.sample) {
			if err := r.read([]byte(r.sample[:i])); problem.KindOf(err) != problem.Invalid {
				t.Fatalf("%s cut at byte %d: %v, want a fault", name, i, err)
			}
		}
	}
	for i := range len(kevSampleCSV) { // a table that is cut between rows is a smaller table
		if _, err := ParseKEV("x", []byte(kevSampleCSV[:i])); err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatalf("csv cut at byte %d: %v", i, err)
		}
	}
}

func TestForeignDocumentsAreRefused(t *testing.T) {
	utf16le := []byte{0xff, 0xfe}
	for _, u := range utf16.Encode([]rune(osvSample)) {
		utf16le = binary.LittleEndian.AppendUint16(utf16le, u)
	}
	for name, r := range readers() {
		for what, tc := range map[string]struct {
			body []byte
			want string
		}{
			"empty":       {nil, "is empty"},
			"spaces":      {[]byte(" \n\t"), "is empty"},
			"UTF-16":      {utf16le, "UTF-16"},
			"Latin-1":     {[]byte("{\"id\": \"na\xefve\"}"), "line 1, column 11: is not UTF-8"},
			"binary":      {[]byte("\x7fELF\x02\x01\x01"), "is not JSON"},
			"XML":         {[]byte("<?xml version=\"1.0\"?>"), "is not JSON"},
			"array":       {[]byte("[]"), "is an array, want an object"},
			"number":      {[]byte("17"), "is a number, want an object"},
			"null":        {[]byte("null"), "is null, want an object"},
			"other":       {[]byte("{\"a\": 1}"), ""},
			"two":         {[]byte("{} {}"), "is not JSON"},
			"deep arrays": {[]byte(strings.Repeat("[", 100_000)), "is not JSON"},
			"deep object": {[]byte(strings.Repeat(`{"a":`, 100_000)), "is not JSON"},
			"many values": {[]byte(`{"a": [` + strings.Repeat("1,", 5<<20) + "1]}"), "values"},
		} {
			err := r.read(tc.body)
			if problem.KindOf(err) != problem.Invalid || !strings.Contains(fmt.Sprint(err), tc.want) {
				t.Errorf("%s of %s: %.200v, want %q", name, what, err, tc.want)
			}
		}
	}
}

func TestLongDocumentsAreRefused(t *testing.T) {
	long := []byte(`{"id": "` + strings.Repeat("a", 129<<20) + `"}`)
	for name, r := range readers() {
		if err := r.read(long); err == nil || !strings.Contains(err.Error(), "bytes") {
			t.Errorf("%s: %.200v, want a fault about the length", name, err)
		}
	}
}

// A document of the wrong type in every place must give faults and nothing worse.
func TestEveryValueOfAWrongType(t *testing.T) {
	for name, r := range readers() {
		for _, wrong := range []string{"7", `"x"`, "null", "[]", "{}", "true", "[7]", `[{}]`, `[[]]`} {
			for i := 0; i < len(r.sample); i++ {
				if r.sample[i] != ':' || (r.sample[i+1] != ' ' && r.sample[i+1] != '{' && r.sample[i+1] != '[' && r.sample[i+1] != '"') {
					continue
				}
				end := valueEnd(r.sample, i+1)
				if err := r.read([]byte(r.sample[:i+1] + wrong + r.sample[end:])); err != nil && problem.KindOf(err) != problem.Invalid {
					t.Fatalf("%s with %s at byte %d: %v", name, wrong, i, err)
				}
			}
		}
	}
}

// valueEnd is where the JSON value that begins at i ends.
func valueEnd(s string, i int) int {
	depth, quoted := 0, false
	for ; i < len(s); i++ {
		switch c := s[i]; {
		case quoted && c == '\\':
			i++
		case c == '"':
			quoted = !quoted
		case quoted:
		case c == '{' || c == '[':
			depth++
		case c == '}' || c == ']':
			if depth == 0 {
				return i
			}
			depth--
		case c == ',' && depth == 0:
			return i
		}
	}
	return i
}

func TestNULIsLeftOut(t *testing.T) {
	rec, err := ParseOSV("x", []byte(`{"id": "EX-1", "modified": "2026-05-04T00:00:00Z", "summary": "a\u0000b"}`))
	if err != nil || rec.Title != "ab" {
		t.Errorf("got %q, %v", rec.Title, err)
	}
}

func zipOf(t testing.TB, files map[string]string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	z.RegisterCompressor(zip.Deflate, func(w io.Writer) (io.WriteCloser, error) { return flate.NewWriter(w, flate.BestCompression) })
	for name, body := range files {
		w, err := z.Create(name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, body); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWalkOSVZip(t *testing.T) {
	body := zipOf(t, map[string]string{"EX-2026-1.json": osvSample, "bad.json": "{", "README.txt": "no", "dir/": ""})
	good, bad := 0, 0
	err := WalkOSVZip(bytes.NewReader(body), int64(len(body)), func(f Found) error {
		if f.Err != nil {
			bad++
			return nil
		}
		good++
		if string(f.Body) != osvSample || f.Record.ID != "EX-2026-1" {
			t.Errorf("got %+v", f)
		}
		return nil
	})
	if err != nil || good != 1 || bad != 1 {
		t.Errorf("%d good, %d bad, %v", good, bad, err)
	}
	stop := errors.New("stop")
	if err := WalkOSVZip(bytes.NewReader(body), int64(len(body)), func(Found) error { return stop }); !errors.Is(err, stop) {
		t.Errorf("fn's error: %v", err)
	}
	for i := 0; i < len(body); i += 7 {
		if err := WalkOSVZip(bytes.NewReader(body[:i]), int64(i), func(Found) error { return nil }); problem.KindOf(err) != problem.Invalid {
			t.Fatalf("cut at %d: %v, want a fault", i, err)
		}
	}
}

func TestZipBombsAreRefused(t *testing.T) {
	ratio := zipOf(t, map[string]string{"a.json": `{"id": "` + strings.Repeat("a", 8<<20) + `"}`})
	if err := WalkOSVZip(bytes.NewReader(ratio), int64(len(ratio)), func(Found) error { return nil }); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "times its size") {
		t.Errorf("ratio: %v, want a refusal", err)
	}
	var long strings.Builder // that packs as text does
	for i := 0; long.Len() <= maxEntry; i++ {
		fmt.Fprintln(&long, i)
	}
	entry := zipOf(t, map[string]string{"a.json": long.String()})
	var faults []error
	if err := WalkOSVZip(bytes.NewReader(entry), int64(len(entry)), func(f Found) error { faults = append(faults, f.Err); return nil }); err != nil {
		t.Errorf("long entry: %v", err)
	}
	if len(faults) != 1 || problem.KindOf(faults[0]) != problem.Invalid || !strings.Contains(faults[0].Error(), "is longer than") {
		t.Errorf("long entry: %v, want one fault", faults)
	}
}

func tarOf(t testing.TB, names ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	for _, name := range names {
		if err := w.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(cveSample)), Typeflag: tar.TypeReg}); err != nil {
			t.Fatal(err)
		}
		if _, err := io.WriteString(w, cveSample); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWalkCVE(t *testing.T) {
	plain := tarOf(t, "cves/2026/1xxx/CVE-2026-1001.json", "cves/delta.json", "cves/2026/CVE-2026-1002.json")
	gz, zst := packed(t, string(plain))
	for name, body := range map[string][]byte{"tar": plain, "gzip": gz, "zstd": zst} {
		n := 0
		if err := WalkCVETar(bytes.NewReader(body), func(f Found) error { n++; return f.Err }); err != nil || n != 2 {
			t.Errorf("%s: %d records, %v", name, n, err)
		}
		for i := 1; i < len(body)-1100; i += 97 { // the last blocks of a tar are empty
			if err := WalkCVETar(bytes.NewReader(body[:i]), func(Found) error { return nil }); err != nil && problem.KindOf(err) != problem.Invalid {
				t.Fatalf("%s cut at %d: %v", name, i, err)
			}
		}
	}
	n := 0
	fsys := fstest.MapFS{"a/CVE-2026-1001.json": {Data: []byte(cveSample)}, "a/deltaLog.json": {Data: []byte("[]")}, "CVE-1.txt": {}}
	if err := WalkCVE(fsys, func(f Found) error { n++; return f.Err }); err != nil || n != 1 {
		t.Errorf("folder: %d records, %v", n, err)
	}
	n = 0
	if err := WalkOSV(fstest.MapFS{"b.json": {Data: []byte(osvSample)}, "c.json": {Data: make([]byte, maxEntry+1)}}, func(f Found) error { n++; return nil }); err != nil || n != 2 {
		t.Errorf("folder: %d records, %v", n, err)
	}
}

func FuzzParseOSV(f *testing.F) { fuzzReader(f, "osv") }
func FuzzParseCVE(f *testing.F) { fuzzReader(f, "cve") }
func FuzzParseNVD(f *testing.F) { fuzzReader(f, "nvd") }

func FuzzParseKEV(f *testing.F) {
	f.Add([]byte(kevSampleCSV))
	fuzzReader(f, "kev")
}

// fuzzReader checks that a reader ends with a result or with a fault for the user.
func fuzzReader(f *testing.F, name string) {
	r := readers()[name]
	f.Add([]byte(r.sample))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := r.read(body); err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatal(err)
		}
	})
}

func FuzzReadEPSS(f *testing.F) {
	gz, zst := packed(f, epssSample)
	f.Add([]byte(epssSample))
	f.Add(gz)
	f.Add(zst)
	f.Fuzz(func(t *testing.T, body []byte) {
		_, err := ReadEPSS(bytes.NewReader(body), func(l Likelihood) error {
			if !IsCVE(l.CVE) || !(l.Score >= 0 && l.Score <= 1) || !(l.Percentile >= 0 && l.Percentile <= 1) {
				t.Fatalf("row %+v", l)
			}
			return nil
		})
		if err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatal(err)
		}
	})
}

func FuzzWalkOSVZip(f *testing.F) {
	f.Add(zipOf(f, map[string]string{"a.json": osvSample}))
	f.Fuzz(func(t *testing.T, body []byte) {
		if err := WalkOSVZip(bytes.NewReader(body), int64(len(body)), func(Found) error { return nil }); err != nil && problem.KindOf(err) != problem.Invalid {
			t.Fatal(err)
		}
	})
}

func TestStreamBombsAreRefusedBeforeTheyAreUnpacked(t *testing.T) {
	var b bytes.Buffer
	z, err := zstd.NewWriter(&b, zstd.WithEncoderLevel(zstd.SpeedFastest))
	if err != nil {
		t.Fatal(err)
	}
	w := tar.NewWriter(z)
	if err := w.WriteHeader(&tar.Header{Name: "a.json", Mode: 0o600, Size: 4 * streamFloor, Typeflag: tar.TypeReg}); err != nil {
		t.Fatal(err)
	}
	block := make([]byte, 1<<20)
	for range 4 * streamFloor / len(block) {
		if _, err := w.Write(block); err != nil {
			t.Fatal(err)
		}
	}
	if err := errors.Join(w.Close(), z.Close()); err != nil {
		t.Fatal(err)
	}
	err = WalkOSVTar(&b, func(Found) error { return nil })
	if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), "times its size") {
		t.Errorf("%v, want a refusal", err)
	}
}
