package match

import (
	"encoding/csv"
	"encoding/json"
	"fmt"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/advisory"
	"triward/internal/testdata"
)

const cisaSet = "csaf/cisa-ot-2017-2022.tar.zst"

// cisa is the CISA advisories in a corpus, read once for all tests of the package.
var cisa = sync.OnceValues(func() (*Corpus, []advisory.Record) {
	dir, ok := testdata.Dir()
	if !ok {
		return nil, nil
	}
	c := NewCorpus(nil)
	var all []advisory.Record
	err := testdata.ReadTar(dir+"/"+cisaSet, func(name string, body []byte) error {
		if !strings.HasSuffix(name, ".json") {
			return nil
		}
		rec, err := advisory.ParseCSAF(name, body)
		if err != nil {
			return err
		}
		c.Add(rec, "")
		all = append(all, rec)
		return nil
	})
	if err != nil {
		return nil, nil
	}
	return c, all
})

func cisaCorpus(t testing.TB) (*Corpus, []advisory.Record) {
	t.Helper()
	testdata.Path(t, cisaSet)
	c, all := cisa()
	if c == nil {
		t.Fatal("the CISA advisories cannot be read")
	}
	return c, all
}

// fleetAssets reads a fleet file as the importer does: unknown columns are named values.
func fleetAssets(t testing.TB, path string) (tags []string, assets []Asset) {
	t.Helper()
	f, err := os.Open(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	rows, err := csv.NewReader(f).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	for _, row := range rows[1:] {
		var a Asset
		for i, v := range row {
			switch name := rows[0][i]; name {
			case "vendor":
				a.Vendor = v
			case "model":
				a.Model = v
			case "version":
				a.Version = v
			case "serial":
				a.Serial = v
			case "model_number":
				if v != "" {
					a.ModelNumbers = []string{v}
				}
			case "manufactured":
				if v != "" {
					if a.Manufactured, err = time.Parse(time.DateOnly, v); err != nil {
						t.Fatal(err)
					}
				}
			case "operating_system":
				if v != "" {
					a.Facts = append(a.Facts, Fact{Kind: OS, Product: v, Source: "import fleet.csv"})
				}
			case "asset_tag", "udi", "ip", "mac", "site", "location", "safety_class", "in_use":
			default:
				if v != "" {
					a.Facts = append(a.Facts, Fact{Kind: Other, Product: strings.ReplaceAll(name, "_", " "), Version: v, Source: "import fleet.csv"})
				}
			}
		}
		tags, assets = append(tags, row[0]), append(assets, a)
	}
	return tags, assets
}

// TestFleet compares the answers for real devices with what a person says who reads the advisories. The labels of
// testdata/expected.json were written before the program was run on them, save those of the last three devices, which were added
// with the rule for a model before the version.
func TestFleet(t *testing.T) {
	corpus, _ := cisaCorpus(t)
	tags, assets := fleetAssets(t, "testdata/fleet.csv")
	body, err := os.ReadFile("testdata/expected.json")
	if err != nil {
		t.Fatal(err)
	}
	var labels []struct {
		Tag           string `json:"asset_tag"`
		Advisory      string `json:"advisory"`
		Vulnerability string `json:"vulnerability"`
		Truth         Truth  `json:"truth"`
	}
	if err := json.Unmarshal(body, &labels); err != nil {
		t.Fatal(err)
	}
	want := map[string]Truth{}
	for _, l := range labels {
		want[l.Tag+" "+l.Advisory+" "+l.Vulnerability] = l.Truth
	}
	got := map[string]Truth{}
	says := map[string]string{}
	for i, a := range assets {
		for _, m := range corpus.Match(a) {
			k := tags[i] + " " + m.RecordID + " " + m.Vulnerability
			got[k] = m.Truth
			says[k] = fmt.Sprintf("%s %s %s [%s] %s", a.Vendor, a.Model, a.Version, m.Settles, m.Proof.Says)
		}
	}
	for _, truth := range []Truth{Affected, Unknown, NotAffected} {
		right, said, meant := 0, 0, 0
		for k, v := range got {
			if v == truth && (truth != NotAffected || want[k] != "") {
				said++
				if want[k] == truth {
					right++
				}
			}
		}
		for _, v := range want {
			if v == truth {
				meant++
			}
		}
		precision, recall := float64(right)/float64(max(said, 1)), float64(right)/float64(max(meant, 1))
		t.Logf("%-12s precision %.3f (%d of %d), recall %.3f (%d of %d)", truth, precision, right, said, recall, right, meant)
		if truth != NotAffected && (precision < 0.95 || recall < 0.95) {
			t.Errorf("%s is below the floor of 0.95", truth)
		}
	}
	var misses []string
	for k := range want {
		if got[k] != want[k] && !(want[k] == NotAffected && got[k] == "") {
			misses = append(misses, fmt.Sprintf("%s: want %s, got %q: %s", k, want[k], got[k], says[k]))
		}
	}
	for k, v := range got {
		if want[k] == "" && v != NotAffected {
			misses = append(misses, fmt.Sprintf("%s: want nothing, got %s: %s", k, v, says[k]))
		}
	}
	slices.Sort(misses)
	for _, m := range misses {
		t.Log(m)
	}
}
