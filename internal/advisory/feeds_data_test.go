package advisory

import (
	"archive/zip"
	"bytes"
	"os"
	"path"
	"testing"

	"triward/internal/testdata"
)

// These tests read the whole real sets: everything parses, the counts are those of the sets, and what could not be
// interpreted is counted, not lost.

func TestRealKEV(t *testing.T) {
	body, err := os.ReadFile(testdata.Path(t, "kev/known_exploited_vulnerabilities.json"))
	if err != nil {
		t.Fatal(err)
	}
	cat, err := ParseKEV("kev.json", body)
	if err != nil {
		t.Fatal(err)
	}
	ransom := 0
	for _, x := range cat.Entries {
		if x.Added.IsZero() || x.Due.IsZero() || x.Vendor == "" || x.Product == "" {
			t.Errorf("%s is incomplete: %+v", x.CVE, x)
		}
		if x.Ransomware == "Known" {
			ransom++
		}
	}
	t.Logf("KEV %s of %s: %d entries, %d used by ransomware", cat.Version, cat.Released, len(cat.Entries), ransom)
	if len(cat.Entries) != 1404 || cat.Version != "2025.08.25" {
		t.Errorf("got %d entries of %s, want 1404 of 2025.08.25", len(cat.Entries), cat.Version)
	}
}

func TestRealEPSS(t *testing.T) {
	f, err := os.Open(testdata.Path(t, "epss/epss-2026-08-16.csv.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	high := 0
	info, err := ReadEPSS(f, func(l Likelihood) error {
		if l.Score >= 0.5 {
			high++
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Logf("EPSS: %d rows, %d at 0.5 or more", info.Rows, high)
	if info.Rows != 360142 {
		t.Errorf("got %d rows, want 360142", info.Rows)
	}
}

func TestRealOSV(t *testing.T) {
	var kinds map[string]int
	count := func(t *testing.T, f Found) {
		if f.Err != nil {
			t.Error(f.Err)
			return
		}
		v := f.Record.Vulns[0]
		kinds["records"]++
		if IsCVE(v.ID) {
			kinds["with CVE"]++
		}
		if f.Record.Withdrawn {
			kinds["withdrawn"]++
		}
		for _, a := range v.Affected {
			kinds["affected"]++
			if len(a.Ranges)+len(a.Versions) == 0 {
				kinds["without versions"]++
			}
			for _, r := range a.Ranges {
				kinds[string(r.Type)]++
			}
		}
		kinds["scores"] += len(v.Scores)
	}
	for name, want := range map[string]int{"osv/go-vulndb.tar.zst": 4291, "osv/bitnami-vulndb.tar.zst": 7444} {
		t.Run(path.Base(name), func(t *testing.T) {
			kinds = map[string]int{}
			read := osvReader()
			testdata.Tar(t, name, func(file string, body []byte) {
				if !isJSON(file) {
					return
				}
				if err := read.visit(file, body, func(f Found) error { count(t, f); return nil }); err != nil {
					t.Fatal(err)
				}
			})
			t.Log(kinds)
			if kinds["records"] != want {
				t.Errorf("got %d records, want %d", kinds["records"], want)
			}
		})
	}
	for name, want := range map[string]int{"osv/osv-Go.zip": 4291, "osv/osv-PyPI.zip": 2661, "osv/osv-crates.io.zip": 560} {
		t.Run(path.Base(name), func(t *testing.T) {
			kinds = map[string]int{}
			body, err := os.ReadFile(testdata.Path(t, name))
			if err != nil {
				t.Fatal(err)
			}
			if err := WalkOSVZip(bytes.NewReader(body), int64(len(body)), func(f Found) error { count(t, f); return nil }); err != nil {
				t.Fatal(err)
			}
			t.Log(kinds)
			if kinds["records"] != want {
				t.Errorf("got %d records, want %d", kinds["records"], want)
			}
		})
	}
}

func TestRealCVE(t *testing.T) {
	f, err := os.Open(testdata.Path(t, "cve5/vulnrichment-1999-2024.tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := map[string]int{}
	years := map[string]int{}
	err = WalkCVETar(f, func(f Found) error {
		if f.Err != nil {
			n["faulty"]++
			if n["faulty"] <= 10 {
				t.Error(f.Err)
			}
			return nil
		}
		n["records"]++
		years[f.Record.ID[4:8]]++
		if f.Record.Withdrawn {
			n["rejected"]++
		}
		v := f.Record.Vulns[0]
		n["scores"] += len(v.Scores)
		n["SSVC values"] += len(v.Decisions)
		n["KEV marks"] += len(v.Exploited)
		n["configs"] += len(v.Configs)
		if len(v.Affected) == 0 {
			n["records naming nothing"]++
		}
		for _, a := range v.Affected {
			n["affected"]++
			n["exact versions"] += len(a.Versions)
			n["ranges"] += len(a.Ranges)
			n["version texts"] += len(a.VersionText)
			if a.All {
				n["all versions"]++
			}
			if a.Status == "" || a.Place == "" {
				t.Errorf("%s: %+v", f.Record.ID, a)
			}
			for _, r := range a.Ranges {
				if r.Status == "" || len(r.Events) == 0 {
					t.Errorf("%s %s: empty range %+v", f.Record.ID, a.Place, r)
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(n)
	t.Log(years)
	if n["records"] != 44130 {
		t.Errorf("got %d records, want 44130", n["records"])
	}
}

func TestRealNVD(t *testing.T) {
	f, err := os.Open(testdata.Path(t, "nvd/nvd-configurations-2024-2025.tar.zst"))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	n := map[string]int{}
	err = WalkNVDTar(f, func(f Found) error {
		if f.Err != nil {
			t.Error(f.Err)
			return nil
		}
		n["records"]++
		for _, c := range f.Record.Vulns[0].Configs {
			n["configs"]++
			n["op "+string(c.Op)]++
			n["nodes"] += len(c.Nodes)
			for _, node := range c.Nodes {
				n["matches"] += len(node.Matches)
				for _, m := range node.Matches {
					if !m.Vulnerable {
						n["running on"]++
					}
				}
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	t.Log(n)
	if n["records"] != 16586 || n["configs"] != 19174 || n["nodes"] != 26503 || n["matches"] != 39002 || n["op AND"] != 422 || n["running on"] != 731 {
		t.Errorf("counts differ from those of the set: %v", n)
	}
}

func BenchmarkEPSS(b *testing.B) {
	body := testdata.Zst(b, "epss/epss-2026-08-16.csv.zst")
	b.SetBytes(int64(len(body)))
	b.ReportAllocs()
	for b.Loop() {
		info, err := ReadEPSS(bytes.NewReader(body), func(Likelihood) error { return nil })
		if err != nil || info.Rows != 360142 {
			b.Fatal(info, err)
		}
	}
}

func BenchmarkCVE(b *testing.B) {
	body, err := os.ReadFile(testdata.Path(b, "cve5/vulnrichment-1999-2024.tar.zst"))
	if err != nil {
		b.Fatal(err)
	}
	b.ReportAllocs()
	for b.Loop() {
		n := 0
		if err := WalkCVETar(bytes.NewReader(body), func(Found) error { n++; return nil }); err != nil || n != 44130 {
			b.Fatal(n, err)
		}
	}
	b.ReportMetric(44130*float64(b.N)/b.Elapsed().Seconds(), "records/s")
}

func BenchmarkOSVZip(b *testing.B) {
	for _, name := range []string{"Go", "PyPI", "crates.io"} {
		b.Run(name, func(b *testing.B) {
			body, err := os.ReadFile(testdata.Path(b, "osv/osv-"+name+".zip"))
			if err != nil {
				b.Fatal(err)
			}
			z, err := zip.NewReader(bytes.NewReader(body), int64(len(body)))
			if err != nil {
				b.Fatal(err)
			}
			var size int64
			for _, f := range z.File {
				size += int64(f.UncompressedSize64)
			}
			b.SetBytes(size)
			b.ReportAllocs()
			for b.Loop() {
				if err := WalkOSVZip(bytes.NewReader(body), int64(len(body)), func(f Found) error { return f.Err }); err != nil {
					b.Fatal(err)
				}
			}
		})
	}
}

func BenchmarkNVD(b *testing.B) {
	body, err := os.ReadFile(testdata.Path(b, "nvd/nvd-configurations-2024-2025.tar.zst"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if err := WalkNVDTar(bytes.NewReader(body), func(f Found) error { return f.Err }); err != nil {
			b.Fatal(err)
		}
	}
}

func BenchmarkKEV(b *testing.B) {
	body, err := os.ReadFile(testdata.Path(b, "kev/known_exploited_vulnerabilities.json"))
	if err != nil {
		b.Fatal(err)
	}
	for b.Loop() {
		if _, err := ParseKEV("kev.json", body); err != nil {
			b.Fatal(err)
		}
	}
}
