package cvss

import (
	"regexp"
	"testing"

	"triward/internal/testdata"
)

// Every vector in the CVE records of the real set is read, but for one without AV and one without its version.
func TestRealVectors(t *testing.T) {
	vector := regexp.MustCompile(`"vectorString":\s*"([^"]*)"`)
	read, refused, versions := 0, 0, map[Version]int{}
	testdata.Tar(t, "cve5/vulnrichment-1999-2024.tar.zst", func(name string, body []byte) {
		for _, m := range vector.FindAllSubmatch(body, -1) {
			v, err := Parse(string(m[1]))
			if err != nil {
				refused++
				t.Logf("%s: %v", name, err)
				continue
			}
			read++
			versions[v.Version]++
		}
	})
	t.Logf("%d vectors: %v", read, versions)
	if read != 41211 || refused != 2 {
		t.Errorf("read %d and refused %d vectors, want 41211 and 2", read, refused)
	}
}
