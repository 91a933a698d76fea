package cvss

import (
	"regexp"
	"testing"

	"triward/internal/testdata"
)

// Every vector in the CVE records of the real set is read.
func TestRealVectors(t *testing.T) {
	vector := regexp.MustCompile(`"vectorString":\s*"([^"]*)"`)
	read, versions := 0, map[Version]int{}
	testdata.Tar(t, "cve5/vulnrichment-1999-2024.tar.zst", func(name string, body []byte) {
		for _, m := range vector.FindAllSubmatch(body, -1) {
			v, err := Parse(string(m[1]))
			if err != nil {
				t.Errorf("%s: %s: %v", name, m[1], err)
				continue
			}
			read++
			versions[v.Version]++
		}
	})
	t.Logf("%d vectors: %v", read, versions)
	if read == 0 {
		t.Error("the set holds no vectors")
	}
}
