package sbom

import (
	"path"
	"strings"
	"testing"

	"triward/internal/testdata"
)

// each calls fn with every regular file of an archive of the real data, by its path below the top folder.
func each(t *testing.T, archive string, fn func(name string, body []byte)) {
	t.Helper()
	testdata.Tar(t, "sbom/"+archive, func(name string, body []byte) { fn(strings.TrimPrefix(name, "./"), body) })
}

// The examples that CycloneDX and SPDX publish. A file that is not in unread must be read; one that is must fail with
// the reason given.
func TestPublishedExamplesRead(t *testing.T) {
	unread := map[string]string{}
	count := map[Format]int{}
	seen := func(name string, body []byte) {
		if !strings.HasSuffix(name, ".json") && !strings.HasSuffix(name, ".xml") && !strings.HasSuffix(name, ".spdx") {
			return
		}
		d, err := Read(name, body)
		for part, reason := range unread {
			if strings.Contains(name, part) {
				if err == nil || !strings.Contains(err.Error(), reason) {
					t.Errorf("%s: got %v, want an error with %q", name, err, reason)
				}
				return
			}
		}
		if err != nil {
			t.Errorf("%v", err)
			return
		}
		count[d.Format]++
		for _, f := range d.Faults {
			t.Logf("%s: %v", path.Base(name), f)
		}
	}
	each(t, "cyclonedx-bom-examples.tar.zst", seen)
	each(t, "spdx-examples.tar.zst", seen)
	t.Log(count)
}

func TestSpecificationCases(t *testing.T) {
	valid, invalid, protobuf := 0, 0, 0
	each(t, "cyclonedx-spec-1.4-1.6.tar.zst", func(name string, body []byte) {
		switch base := path.Base(name); {
		case strings.HasSuffix(base, ".textproto"):
			protobuf++
		case strings.HasPrefix(base, "valid-"):
			valid++
			d, err := Read(name, body)
			if err != nil {
				t.Error(err)
				return
			}
			for _, f := range d.Faults {
				t.Errorf("%s is valid, but: %v", name, f)
			}
		case strings.HasPrefix(base, "invalid-"):
			invalid++
			d, err := Read(name, body)
			if err == nil && len(d.Faults) == 0 {
				t.Errorf("%s: no fault found", name)
			}
			t.Log(name, err, d.Faults)
		}
	})
	t.Logf("valid %d, invalid %d; %d protobuf text files are of a format that is not supported", valid, invalid, protobuf)
}
