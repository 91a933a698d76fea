package advisory

import (
	"path"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/testdata"
)

const cisaSet = "csaf/cisa-ot-2017-2022.tar.zst"

func TestParseCSAFReadsEveryCISAAdvisory(t *testing.T) {
	years := map[string]int{}
	medical, statements := 0, 0
	testdata.Tar(t, cisaSet, func(name string, body []byte) {
		if !strings.HasSuffix(name, ".json") {
			return
		}
		rec, err := ParseCSAF(name, body)
		if err != nil {
			t.Error(err)
			return
		}
		years[path.Base(path.Dir(name))]++
		if strings.HasPrefix(rec.ID, "ICSMA-") {
			medical++
		}
		if len(rec.Vulns) == 0 {
			t.Errorf("%s: no vulnerability", name)
		}
		for _, v := range rec.Vulns {
			statements += len(v.Affected)
			if !strings.HasPrefix(v.ID, "CVE-") || len(v.Affected) == 0 || len(v.CWEs) != 1 {
				t.Errorf("%s: %s has %d statements and %d CWEs", name, v.ID, len(v.Affected), len(v.CWEs))
			}
			for _, a := range v.Affected {
				if a.Vendor == "" || a.Product == "" || a.ProductID == "" || len(a.Versions)+len(a.VersionText) != 1 {
					t.Errorf("%s: %s: %+v lacks vendor, product or version", name, v.ID, a)
				}
			}
		}
	})
	want := map[string]int{"2017": 187, "2018": 222, "2019": 224, "2020": 249, "2021": 388, "2022": 385}
	if d := cmp.Diff(want, years); d != "" {
		t.Errorf("advisories by year (-want +got):\n%s", d)
	}
	t.Logf("%d medical advisories, %d statements", medical, statements)
}

func BenchmarkParseCSAFMedical(b *testing.B) {
	var docs [][]byte
	size := int64(0)
	err := testdata.ReadTar(testdata.Path(b, cisaSet), func(name string, body []byte) error {
		if strings.HasPrefix(path.Base(name), "icsma-") {
			docs = append(docs, body)
			size += int64(len(body))
		}
		return nil
	})
	if err != nil {
		b.Fatal(err)
	}
	b.SetBytes(size)
	b.ReportAllocs()
	for b.Loop() {
		for _, d := range docs {
			if _, err := ParseCSAF("x", d); err != nil {
				b.Fatal(err)
			}
		}
	}
	b.ReportMetric(float64(len(docs)), "documents")
}
