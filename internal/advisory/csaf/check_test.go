package csaf

import (
	"bytes"
	"encoding/json"
	"os"
	"path"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"triward/internal/advisory"
	"triward/internal/testdata"
)

// upstreamContradicts are documents that the OASIS list calls valid although a mandatory test forbids what they hold:
// two hashes of one algorithm for one file (6.1.25).
var upstreamContradicts = []string{"6-2-08-02", "6-2-09-02"}

func TestCheckAgainstTheOASISValidatorTests(t *testing.T) {
	const root = "csaf_2.0/test/validator/data/"
	files := map[string][]byte{}
	testdata.Tar(t, "csaf/oasis-csaf-2.0-validator-tests.tar.zst", func(name string, body []byte) {
		if _, after, ok := strings.Cut(name, root); ok {
			files[after] = body
		}
	})
	var list struct {
		Tests []struct {
			ID, Group       string
			Failures, Valid []struct {
				Name  string
				Valid bool
			}
		}
	}
	if err := json.Unmarshal(files["testcases.json"], &list); err != nil {
		t.Fatal(err)
	}
	good, all := map[string]int{}, map[string]int{}
	for _, test := range list.Tests {
		check := func(name string, fails, valid bool) {
			r := Check(name, files[name])
			has := slices.ContainsFunc(append(slices.Clone(r.Faults), r.Warnings...), func(f Fault) bool { return f.Test == test.ID })
			stem := strings.TrimSuffix(path.Base(name)[len("oasis_csaf_tc-csaf_2_0-2021-"):], ".json")
			if slices.Contains(upstreamContradicts, stem) {
				valid = false
			}
			all[test.Group]++
			switch {
			case has == fails && r.Valid == valid:
				good[test.Group]++
			case slices.Contains(r.NotRun, test.ID):
				t.Logf("%s: test %s cannot be run offline", stem, test.ID)
			default:
				t.Errorf("%s: test %s failed %v, want %v; valid %v, want %v; failed %v %v", stem, test.ID, has, fails, r.Valid, valid, r.Failed, r.Faults)
			}
		}
		for _, f := range test.Failures {
			check(f.Name, true, f.Valid)
		}
		for _, f := range test.Valid {
			check(f.Name, false, f.Valid)
		}
	}
	sum, n := 0, 0
	for _, group := range sortedKeys(all) {
		t.Logf("%-12s %d of %d", group, good[group], all[group])
		sum, n = sum+good[group], n+all[group]
	}
	score := float64(sum) / float64(n)
	t.Logf("score %.3f (%d of %d files)", score, sum, n)
	if n == 0 || score < 0.95 || good["mandatory"] != all["mandatory"] {
		t.Errorf("score %.3f is below 0.95, or a mandatory test is missed", score)
	}
}

func TestCheckOverCISAAdvisories(t *testing.T) {
	failed := map[string]int{}
	var examples = map[string]string{}
	n := 0
	testdata.Tar(t, "csaf/cisa-ot-2017-2022.tar.zst", func(name string, body []byte) {
		if !strings.HasSuffix(name, ".json") {
			return
		}
		n++
		r := Check(name, body)
		for _, f := range r.Faults {
			if examples[f.Test] == "" {
				examples[f.Test] = path.Base(name) + " " + f.Path + ": " + f.Reason
			}
		}
		for _, test := range r.Failed {
			failed[test]++
		}
	})
	for _, test := range sortedKeys(failed) {
		t.Logf("%-8s %4d of %d, for example %s", test, failed[test], n, examples[test])
	}
	if failed["schema"] > n/100 {
		t.Errorf("%d of %d advisories fail the schema", failed["schema"], n)
	}
}

func TestReportAsJSON(t *testing.T) {
	out, err := json.Marshal(Check("a.json", []byte(`{"document": {}, "product_tree": {"product_groups": [{"group_id": "G", "product_ids": ["P", "Q"]}]}, "x": 1}`)))
	if err != nil {
		t.Fatal(err)
	}
	for _, part := range []string{
		`{"file":"a.json","valid":false,"failed":["schema","6.1.1"],"faults":[{"test":"schema","path":"/document","reason":"lacks category"}`,
		`{"test":"6.1.1","path":"/product_tree/product_groups/0/product_ids/0","reason":"product id \"P\" is not defined"}`,
		`"warnings":[`, `{"test":"6.2.20","path":"/x","reason":"is a property that the schema does not define"}`, `"not_run":["6.3.6","6.3.7","6.3.8"]}`,
	} {
		if !strings.Contains(string(out), part) {
			t.Errorf("%s lacks %s", out, part)
		}
	}
	broken := Check("b.json", []byte("{\n\"document\": }"))
	if broken.Valid || !slices.Equal(broken.Failed, []string{"schema"}) || broken.Faults[0].Path != "line 2, column 13" {
		t.Errorf("report %+v", broken)
	}
}

func TestIsCPE(t *testing.T) {
	for name, want := range map[string]bool{
		"cpe:2.3:o:a:b:1.0:*:*:*:*:*:*:*": true, `cpe:2.3:a:a\&b:c\:d:?1*:-:*:en-us:*:*:*:*`: true, "cpe:/o:a:b:1": true, "CPE:/a:x%20y": true, "cpe:/": true,
		"cpe:2.3:o:a:b:1.0": false, "cpe:2.3:z:a:b:1:*:*:*:*:*:*:*": false, "cpe:2.3:o:a b:b:1:*:*:*:*:*:*:*": false, "cpe:2.3:o:a*b:b:1:*:*:*:*:*:*:*": false,
		"cpe:2.3:o:a:b:1:*:*:english:*:*:*:*": false, "cpe:/o:a:b:c:d:e:f:g:h": false, "cpe": false, "": false, `cpe:2.3:o:a\:b:1:*:*:*:*:*:*:*:*`: true, `cpe:2.3:o:a:b\`: false,
	} {
		if got := isCPE(name); got != want {
			t.Errorf("%q: %v, want %v", name, got, want)
		}
	}
}

// sample is the invented document that the reader is tested with.
func sample(t testing.TB) []byte {
	t.Helper()
	body, err := os.ReadFile(filepath.Join("..", "testdata", "csaf.json"))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimSpace(body)
}

func TestCheckSurvivesTruncation(t *testing.T) {
	body := sample(t)
	for i := range body {
		if r := Check("cut", body[:i]); r.Valid {
			t.Fatalf("cut at byte %d: valid", i)
		}
	}
}

func FuzzCheck(f *testing.F) {
	f.Add(sample(f))
	f.Add([]byte(`{"document": {"lang": "x-", "tracking": {"version": "1.0.0-", "revision_history": [{"date": "", "number": "01"}]}}}`))
	f.Fuzz(func(t *testing.T, body []byte) {
		r := Check("fuzz", body)
		if r.Valid != (len(r.Faults) == 0) || r.Valid != (len(r.Failed) == 0) {
			t.Errorf("valid %v with %v", r.Valid, r.Faults)
		}
		if _, err := advisory.ParseCSAF("fuzz", body); r.Valid && err != nil {
			t.Errorf("a valid document is not read: %v", err)
		}
	})
}
