package vers

import (
	"encoding/json"
	"sort"
	"strings"
	"testing"

	"triward/internal/testdata"
)

type branch struct {
	Category string   `json:"category"`
	Name     string   `json:"name"`
	Branches []branch `json:"branches"`
}

// TestCoverage counts how many version texts of the real CISA advisories are understood, medical ones and all.
func TestCoverage(t *testing.T) {
	med, other := map[string]int{}, map[string]int{}
	testdata.Tar(t, "csaf/cisa-ot-2017-2022.tar.zst", func(name string, body []byte) {
		var doc struct {
			Tree branch `json:"product_tree"`
		}
		if !strings.HasSuffix(name, ".json") || json.Unmarshal(body, &doc) != nil {
			return
		}
		into := other
		if strings.Contains(strings.ToLower(name), "icsma-") {
			into = med
		}
		var walk func(b branch)
		walk = func(b branch) {
			if b.Category == "product_version" || b.Category == "product_version_range" {
				into[b.Name]++
			}
			for _, c := range b.Branches {
				walk(c)
			}
		}
		walk(doc.Tree)
	})
	for _, set := range []struct {
		name  string
		texts map[string]int
		floor float64
	}{{"medical", med, 0.97}, {"other OT", other, 0.95}} {
		var all, read, names, distinct, distinctRead int
		var unread []string
		for text, n := range set.texts {
			all += n
			distinct++
			r := ParseRange(text)
			if !r.Read() {
				unread = append(unread, text)
				continue
			}
			distinctRead++
			read += n
			if r.onlyLabels() {
				names += n
			}
		}
		sort.Strings(unread)
		if all == 0 {
			t.Fatalf("no %s version texts", set.name)
		}
		share := float64(read) / float64(all)
		t.Logf("%s: %d of %d texts read (%.4f), of these %d as bare model or variant names; distinct %d of %d", set.name, read, all, share, names, distinctRead, distinct)
		t.Logf("%s unreadable: %q", set.name, unread)
		if share < set.floor {
			t.Errorf("%s: %.4f read, floor %.2f", set.name, share, set.floor)
		}
		if bounds := float64(read-names) / float64(all); set.name == "medical" && bounds < 0.80 {
			t.Errorf("%s: %.4f read as versions, dates or revisions, floor 0.80", set.name, bounds)
		}
	}
}

func (r Range) onlyLabels() bool {
	for _, c := range r.Any {
		if len(c.Tests) != 1 || c.Tests[0].Axis != AxisLabel {
			return false
		}
	}
	return true
}
