package match

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/advisory"
)

// respell writes a published name as other people would: other case, other separators, other order, a word less, a typo.
func respell(r *rand.Rand, name string) string {
	switch r.IntN(8) {
	case 0:
		return strings.ToUpper(name)
	case 1:
		return strings.ReplaceAll(name, "-", " ")
	case 2:
		return strings.ReplaceAll(name, " ", "")
	case 3:
		if words := strings.Fields(name); len(words) > 1 {
			words[0], words[1] = words[1], words[0]
			return strings.Join(words, " ")
		}
	case 4:
		if i := strings.LastIndexByte(name, ' '); i > 0 {
			return name[:i]
		}
	case 5:
		if i := strings.IndexByte(name, ' '); i > 0 {
			return name[i+1:]
		}
	case 6:
		if len(name) > 8 {
			i := 2 + r.IntN(len(name)-4)
			return name[:i] + name[i+1:]
		}
	}
	return name
}

// TestKeysLoseNoMatch asks all advisories without the index and compares with what the index finds.
func TestKeysLoseNoMatch(t *testing.T) {
	corpus, records := cisaCorpus(t)
	_, assets := fleetAssets(t, "testdata/fleet.csv")
	r := rand.New(rand.NewPCG(7, 11))
	var products []advisory.Affected
	for _, rec := range records {
		for _, v := range rec.Vulns {
			products = append(products, v.Affected...)
		}
	}
	for range 80 {
		a := products[r.IntN(len(products))]
		asset := Asset{Vendor: a.Vendor, Model: respell(r, a.Product), Version: strings.Join(a.Versions, " ")}
		switch r.IntN(6) {
		case 0:
			asset.Vendor = ""
		case 1:
			asset.Vendor, asset.Model = "", a.Vendor+" "+asset.Model
		case 2:
			asset.Facts = []Fact{{Kind: OS, Vendor: a.Vendor, Product: a.Product}}
		case 3:
			asset.Components = []Component{{Name: a.Product, Version: "1.0"}}
		}
		assets = append(assets, asset)
	}
	found := 0
	for _, a := range assets {
		p := Prepare(a, nil)
		var brute []string
		corpus.Records(func(c Compiled) {
			for _, m := range p.Evaluate(c) {
				brute = append(brute, fmt.Sprint(m.RecordID, m.Vulnerability, m.Truth, m.Settles))
			}
		})
		var keyed []string
		for _, m := range corpus.Match(a) {
			keyed = append(keyed, fmt.Sprint(m.RecordID, m.Vulnerability, m.Truth, m.Settles))
		}
		slices.Sort(brute)
		slices.Sort(keyed)
		found += len(keyed)
		if d := cmp.Diff(brute, keyed); d != "" {
			t.Fatalf("%s %s: all records against those with a key in common (-all +keyed):\n%s", a.Vendor, a.Model, d)
		}
	}
	t.Logf("%d assets, %d matches", len(assets), found)
}

// TestMatchIsDeterministic asks twice.
func TestMatchIsDeterministic(t *testing.T) {
	corpus, _ := cisaCorpus(t)
	_, assets := fleetAssets(t, "testdata/fleet.csv")
	for _, a := range assets {
		if d := cmp.Diff(corpus.Match(a), corpus.Match(a)); d != "" {
			t.Fatalf("%s %s: two runs differ:\n%s", a.Vendor, a.Model, d)
		}
	}
}
