package sbom

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/testdata"
)

// each calls fn with every regular file of an archive of the real data, by its path below the top folder.
func each(t *testing.T, archive string, fn func(name string, body []byte)) {
	t.Helper()
	testdata.Tar(t, "sbom/"+archive, func(name string, body []byte) { fn(strings.TrimPrefix(name, "./"), body) })
}

// The examples that CycloneDX and SPDX publish are all read, without a fault; what is beside them is no SBOM.
func TestPublishedExamplesRead(t *testing.T) {
	count := map[string]int{}
	seen := func(name string, body []byte) {
		switch path.Ext(name) {
		case ".json", ".xml", ".spdx":
		default: // README.md and digests of files
			count["other"]++
			if _, err := Read(name, body); err == nil {
				t.Errorf("%s was read", name)
			}
			return
		}
		d, err := Read(name, body)
		if err != nil {
			t.Error(err)
			return
		}
		count[string(d.Format)]++
		for _, f := range d.Faults {
			t.Errorf("%s: %v", name, f)
		}
		if len(d.Components) == 0 && d.Product == nil && len(d.Weaknesses) == 0 && !strings.Contains(name, "Case-") {
			t.Errorf("%s: nothing was read", name)
		}
	}
	each(t, "cyclonedx-bom-examples.tar.zst", seen)
	each(t, "spdx-examples.tar.zst", seen)
	want := map[string]int{"cyclonedx-json": 56, "cyclonedx-xml": 17, "spdx-json": 13, "spdx-tag-value": 12, "spdx3-json": 15, "other": 33}
	if d := cmp.Diff(want, count); d != "" {
		t.Error(d)
	}
}

// invalidCases says, for each invalid case of the specification, a word of the fault that it must be refused with.
var invalidCases = map[string]string{
	"bomformat": "AnotherFormat", "component-ref": "bom-ref: \"", "component-swid": "tagId is missing", "component-type": `"foo" is not one of`,
	"dependency": "ref is missing", "empty-component": "name is missing", "hash-alg": `"FOO"`, "hash-md5": "hexadecimal", "hash-sha1": "hexadecimal",
	"hash-sha256": "hexadecimal", "hash-sha512": "hexadecimal", "issue-type": "defect, enhancement and security", "license-choice": "expression",
	"license-declared-concluded-mix": "must stand alone", "license-encoding": "base85", "license-id": `"Apache-2"`, "license-id-count": "occurs 2 times",
	"license-missing-id-and-name": "has 0 of id and name", "license-name-count": "occurs 2 times", "metadata-license": `"Apache-2"`,
	"metadata-timestamp": "RFC 3339", "missing-component-type": "type is missing", "namespace": `version "12" is not supported`,
	"patch-type": "cherry-pick", "properties": "name is missing", "scope": "excluded, optional and required", "serialnumber": "urn:uuid",
	"service-data": "bi-directional",
}

// CycloneDX's own cases: every valid-* is read and found valid, every invalid-* is found invalid for its reason.
func TestSpecificationCases(t *testing.T) {
	valid, invalid, protobuf := 0, 0, 0
	each(t, "cyclonedx-spec-1.4-1.6.tar.zst", func(name string, body []byte) {
		base := path.Base(name)
		what := strings.TrimSuffix(base, path.Ext(base))
		what = what[:strings.LastIndexByte(what, '-')]
		switch {
		case strings.HasSuffix(base, ".textproto"):
			protobuf++
			if _, err := Read(name, body); err == nil || !strings.Contains(err.Error(), "protobuf") {
				t.Errorf("%s: %v", name, err)
			}
		case strings.HasPrefix(base, "valid-"):
			valid++
			if _, err := Read(name, body); err != nil {
				t.Error(err)
			}
			if r := Check(name, body); !r.Valid {
				t.Errorf("%s is valid, but: %v", name, r.Faults)
			}
		case strings.HasPrefix(base, "invalid-"):
			invalid++
			r := Check(name, body)
			want, ok := invalidCases[strings.TrimPrefix(what, "invalid-")]
			if r.Valid || !ok || !strings.Contains(strings.ReplaceAll(problemText(r), "<name>", "name"), want) {
				t.Errorf("%s: valid %v, want %q in: %s", name, r.Valid, want, problemText(r))
			}
		}
	})
	t.Logf("valid %d, invalid %d; %d protobuf text files are of a format that is not supported", valid, invalid, protobuf)
	if valid != 226 || invalid != 144 || protobuf != 109 {
		t.Errorf("the set has %d valid, %d invalid and %d protobuf files", valid, invalid, protobuf)
	}
}

func problemText(r Report) string {
	var out []string
	for _, f := range r.Faults {
		out = append(out, f.String())
	}
	return strings.Join(out, "; ")
}
