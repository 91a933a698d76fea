package fhir

import (
	"bytes"
	"encoding/json"
	"flag"
	"os"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/testdata"
)

var update = flag.Bool("update", false, "write golden files")

func sample(t testing.TB) []byte {
	t.Helper()
	b, err := os.ReadFile("testdata/bundle.json")
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestBundle(t *testing.T) {
	res, err := Read("bundle.json", sample(t))
	if err != nil {
		t.Fatal(err)
	}
	got, err := json.MarshalIndent(res, "", "  ")
	if err != nil {
		t.Fatal(err)
	}
	got = append(got, '\n')
	if *update {
		if err := os.WriteFile("testdata/bundle.golden", got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile("testdata/bundle.golden")
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Error(d)
	}
	if l := res.Devices[0].Label(); l != "Pump 7" {
		t.Errorf("label %q", l)
	}
	if bytes.Contains(got, []byte("Nobody")) {
		t.Error("the name of a patient was kept")
	}
}

func TestLines(t *testing.T) {
	body := "{\"resourceType\":\"Device\",\"id\":\"a\"}\n\n{\"resourceType\":\"Device\",\"id\":\"b\"\n{\"resourceType\":\"Device\",\"id\":\"c\"}\n"
	res, err := Read("devices.ndjson", []byte(body))
	if err != nil {
		t.Fatal(err)
	}
	if len(res.Devices) != 2 || res.Devices[1].ID != "c" || res.Devices[1].Place != "line 4" {
		t.Errorf("got %+v", res.Devices)
	}
	if len(res.Faults) != 1 || res.Faults[0].Path != "line 3" {
		t.Errorf("faults %v", res.Faults)
	}
}

func TestUnreadable(t *testing.T) {
	for name, c := range map[string]struct{ body, want string }{
		"empty":       {"  \n", "empty"},
		"xml":         {"<Device/>", "XML"},
		"array":       {"[]", "does not start with a JSON object"},
		"not fhir":    {`{"a":1}`, "no resourceType"},
		"utf-16":      {"\xff\xfe{\x00", "UTF-16"},
		"not utf-8":   {"{\"resourceType\":\n\"\xff\"}", "line 2, column 2: byte 0xff"},
		"syntax":      {"{\"resourceType\":\"Device\",\n \"id\" 7}", "line 2"},
		"deep":        {`{"resourceType":"Device","x":` + strings.Repeat("[", 200) + strings.Repeat("]", 200) + "}", "nested deeper than 100"},
		"second text": {`{"resourceType":"Device"} x`, "line 1"},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Read("file", []byte(c.body))
			if err == nil || !strings.Contains(err.Error(), c.want) || problem.KindOf(err) != problem.Invalid {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
}

func TestLimits(t *testing.T) {
	for _, l := range []Limits{{Bytes: 10}, {Depth: 2}, {Resources: 3}} {
		if _, err := ReadWithin(l, "bundle.json", sample(t)); err == nil {
			t.Errorf("%+v: read", l)
		}
	}
}

func TestTruncated(t *testing.T) {
	body := bytes.TrimSpace(sample(t))
	for n := range body {
		if _, err := Read("cut.json", body[:n]); err == nil {
			t.Fatalf("the first %d bytes were read", n)
		}
	}
}

// The R4 examples that HL7 publishes around devices: two devices; the other 16 files and one contained
// resource are counted.
func TestPublishedExamples(t *testing.T) {
	devices, skipped := 0, 0
	testdata.Tar(t, "identity/fhir-device-examples.tar.zst", func(name string, body []byte) {
		if !strings.HasSuffix(name, ".json") {
			return
		}
		res, err := Read(name, body)
		if err != nil {
			t.Error(err)
			return
		}
		for _, f := range res.Faults {
			t.Errorf("%s: %v", name, f)
		}
		devices += len(res.Devices)
		for _, n := range res.Skipped {
			skipped += n
		}
	})
	if devices != 2 || skipped != 17 {
		t.Errorf("%d devices and %d other resources, want 2 and 17", devices, skipped)
	}
}

func FuzzRead(f *testing.F) {
	f.Add(sample(f))
	f.Add([]byte("{\"resourceType\":\"Device\",\"id\":\"a\"}\n{\"resourceType\":\"Device\"}\n"))
	f.Fuzz(func(t *testing.T, body []byte) {
		res, err := ReadWithin(Limits{Bytes: 1 << 20}, "fuzz", body)
		if err == nil && res.Devices == nil {
			t.Error("no device list")
		}
	})
}
