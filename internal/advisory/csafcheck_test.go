package advisory

import (
	"encoding/json"
	"path"
	"slices"
	"strings"
	"testing"

	"triward/internal/testdata"
)

// upstreamContradicts are documents that the OASIS list calls valid although a mandatory test forbids what they hold:
// two hashes of one algorithm for one file (6.1.25).
var upstreamContradicts = []string{"6-2-08-02", "6-2-09-02"}

func TestCheckCSAFAgainstTheOASISValidatorTests(t *testing.T) {
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
			r := CheckCSAF(name, files[name])
			has := slices.ContainsFunc(append(slices.Clone(r.Faults), r.Warnings...), func(f CheckFault) bool { return f.Test == test.ID })
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

func TestCheckCSAFOverCISAAdvisories(t *testing.T) {
	failed := map[string]int{}
	var examples = map[string]string{}
	n := 0
	testdata.Tar(t, cisaSet, func(name string, body []byte) {
		if !strings.HasSuffix(name, ".json") {
			return
		}
		n++
		r := CheckCSAF(name, body)
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
