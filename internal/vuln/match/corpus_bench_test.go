package match

import (
	"fmt"
	"os"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/klauspost/compress/zstd"

	"triward/internal/advisory"
	"triward/internal/testdata"
)

// wholeData is a corpus of all advisories, CVE, NVD and OSV records of the real data, and its size in memory.
var wholeData = sync.OnceValues(func() (*Corpus, uint64) {
	dir, ok := testdata.Dir()
	if !ok {
		return nil, 0
	}
	before := heap()
	c := NewCorpus(nil)
	take := func(f advisory.Found) error {
		if f.Err == nil {
			c.Add(f.Record, "")
		}
		return nil
	}
	for _, set := range []struct {
		name string
		walk func(*zstd.Decoder) error
	}{
		{cisaSet, func(z *zstd.Decoder) error { return advisory.WalkCSAFTar(z, take) }},
		{"cve5/vulnrichment-1999-2024.tar.zst", func(z *zstd.Decoder) error { return advisory.WalkCVETar(z, take) }},
		{"nvd/nvd-configurations-2024-2025.tar.zst", func(z *zstd.Decoder) error { return advisory.WalkNVDTar(z, take) }},
		{"osv/bitnami-vulndb.tar.zst", func(z *zstd.Decoder) error { return advisory.WalkOSVTar(z, take) }},
	} {
		f, err := os.Open(dir + "/" + set.name)
		if err != nil {
			return nil, 0
		}
		z, err := zstd.NewReader(f)
		if err == nil {
			err = set.walk(z)
		}
		f.Close()
		if err != nil {
			fmt.Println(set.name, err)
		}
	}
	for _, name := range []string{"osv/osv-Go.zip", "osv/osv-PyPI.zip", "osv/osv-crates.io.zip"} {
		f, err := os.Open(dir + "/" + name)
		if err != nil {
			continue
		}
		if s, err := f.Stat(); err == nil {
			if err := advisory.WalkOSVZip(f, s.Size(), take); err != nil {
				fmt.Println(name, err)
			}
		}
		f.Close()
	}
	return c, heap() - before
})

func heap() uint64 {
	runtime.GC()
	var m runtime.MemStats
	runtime.ReadMemStats(&m)
	return m.HeapAlloc
}

func allRecords(t testing.TB) *Corpus {
	t.Helper()
	testdata.Path(t, cisaSet)
	c, size := wholeData()
	if c == nil {
		t.Skip("real data is not here")
	}
	t.Logf("%d records, %d MB", c.Len(), size>>20)
	return c
}

// bigSBOM is components as real ones are named: packages of all records at some version, and as many that no record names.
func bigSBOM(c *Corpus, n int) Asset {
	a := Asset{Vendor: "Philips", Model: "IntelliVue MX450", Version: "M.00.03"}
	seen := map[string]bool{}
	c.Records(func(r Compiled) {
		for i := range r.claims {
			cl := &r.claims[i]
			if len(a.Components) >= n/2 || cl.pkg.key == "" || seen[cl.pkg.key] {
				continue
			}
			seen[cl.pkg.key] = true
			a.Components = append(a.Components, Component{Ref: fmt.Sprint(len(a.Components)), Name: cl.about.Package, Version: "1.2.3", PURL: "pkg:" + cl.pkg.key + "@1.2.3"})
		}
		for i := range r.vulns {
			if len(a.Components) >= n*3/4 || len(r.vulns[i].configs) == 0 || len(a.Components)%2 == 0 && r.rec.Source != advisory.NVD {
				continue
			}
			if ms := r.vulns[i].configs[0].node.children; len(ms) > 0 && len(ms[0].matches) > 0 {
				text := ms[0].matches[0].text
				if text, _, _ = strings.Cut(text, " "); strings.Count(text, ":") == 4 && !seen[text] {
					seen[text] = true
					a.Components = append(a.Components, Component{Ref: fmt.Sprint(len(a.Components)), Name: text, Version: "2.0.1", CPEs: []string{text + ":2.0.1:*:*:*:*:*:*:*"}})
				}
			}
		}
	})
	for i := len(a.Components); i < n; i++ {
		a.Components = append(a.Components, Component{Ref: fmt.Sprint(i), Name: fmt.Sprintf("part-%d", i), Version: "3.1.4", PURL: fmt.Sprintf("pkg:npm/part-%d@3.1.4", i)})
	}
	return a
}

func BenchmarkMatchSBOM10000(b *testing.B) {
	c := allRecords(b)
	a := bigSBOM(c, 10_000)
	n := 0
	b.ResetTimer()
	for b.Loop() {
		n = len(c.Match(a))
	}
	b.ReportMetric(float64(n), "matches")
}

func BenchmarkMatchDevice(b *testing.B) {
	c := allRecords(b)
	for _, d := range []Asset{{Vendor: "Philips", Model: "IntelliVue MX450", Version: "M.00.03"}, {Vendor: "GE Healthcare", Model: "CARESCAPE B650", Version: "2.0.1"}, {Vendor: "Siemens", Model: "SCALANCE X302-7 EEC", Version: "V4.1"}} {
		b.Run(d.Vendor, func(b *testing.B) {
			c.Match(d) // names are read once
			for b.Loop() {
				c.Match(d)
			}
		})
	}
}
