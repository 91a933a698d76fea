package content_test

import (
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/content"
)

func sets(t *testing.T) map[string]content.ClauseSet {
	t.Helper()
	list, err := content.ClauseSets()
	if err != nil {
		t.Fatal(err)
	}
	out := map[string]content.ClauseSet{}
	for _, s := range list {
		out[s.ID] = s
	}
	return out
}

func refs(s content.ClauseSet) []string {
	var out []string
	for _, c := range s.Clauses {
		out = append(out, c.Ref)
	}
	return out
}

func TestClauseSetsAreComplete(t *testing.T) {
	all := sets(t)
	for id, want := range map[string]int{
		"iso-27001-2022 A.":     93 + 4, // controls and their themes
		"nist-csf-2.0 ":         22 + 6,
		"iec-62443-4-1-2018 SM": 13 + 1,
		"iec-62443-4-1-2018 SR": 5 + 1,
		"iec-62443-4-1-2018 SD": 4 + 1,
		"iec-62443-4-1-2018 SI": 2 + 1,
		"iec-62443-4-1-2018 SV": 5 + 1,
		"iec-62443-4-1-2018 DM": 6 + 1,
		"iec-62443-4-1-2018 SU": 5 + 1,
		"iec-62443-4-1-2018 SG": 7 + 1,
		"aami-sw96-2023 ":       7,
		"annex-11-2011 ":        17,
		"eu-nis2 21(2)(":        10,
		"eu-cra Annex I II(":    8,
		"eu-cra Annex I I(2)(":  13,
	} {
		set, prefix, _ := strings.Cut(id, " ")
		got := 0
		for _, r := range refs(all[set]) {
			if strings.HasPrefix(r, prefix) {
				got++
			}
		}
		if got != want {
			t.Errorf("%s has %d clauses that begin with %q, want %d", set, got, prefix, want)
		}
	}
	// Every paragraph that the rules P11-01 to P11-28 come from.
	for _, ref := range []string{"11.10(a)", "11.10(b)", "11.10(c)", "11.10(d)", "11.10(e)", "11.10(f)", "11.10(g)", "11.10(h)", "11.10(i)",
		"11.10(j)", "11.10(k)(1)", "11.10(k)(2)", "11.30", "11.50(a)(1)", "11.50(a)(2)", "11.50(a)(3)", "11.50(b)", "11.70", "11.100(a)",
		"11.100(b)", "11.100(c)", "11.200(a)(1)", "11.200(a)(1)(i)", "11.200(a)(1)(ii)", "11.200(a)(2)", "11.200(a)(3)", "11.200(b)",
		"11.300(a)", "11.300(b)", "11.300(c)", "11.300(d)", "11.300(e)"} {
		if !slices.Contains(refs(all["part-11"]), ref) {
			t.Errorf("part-11 has no %s", ref)
		}
	}
}

func TestClausesTakeOverFromTheirSet(t *testing.T) {
	s := sets(t)["eu-mdr"]
	for _, c := range s.Clauses {
		if len(c.For) == 0 || c.Confidence == "" {
			t.Errorf("%s: for %v, confidence %q", c.Ref, c.For, c.Confidence)
		}
		switch c.Ref {
		case "Art 87(10)":
			if !slices.Equal(c.For, []string{"hospital"}) {
				t.Errorf("%s is for %v", c.Ref, c.For)
			}
		case "Annex I 17.2":
			if c.Confidence != content.Verified {
				t.Errorf("%s has confidence %s", c.Ref, c.Confidence)
			}
		}
	}
}

func TestEditionsFollowEachOther(t *testing.T) {
	all := sets(t)
	for id, before := range map[string]string{"fda-premarket-2026": "fda-premarket-2025", "fda-premarket-2025": "fda-premarket-2023"} {
		if !slices.Equal(all[id].Supersedes, []string{before}) || !all[before].ValidUntil.Equal(all[id].ValidFrom.Time) {
			t.Errorf("%s supersedes %v from %s; %s is valid until %s", id, all[id].Supersedes, all[id].ValidFrom, before, all[before].ValidUntil)
		}
	}
	if got := all["com-2025-1023"].Status; got != content.Proposed {
		t.Errorf("com-2025-1023 is %s", got)
	}
	if want := time.Date(2026, 2, 3, 0, 0, 0, 0, time.UTC); !all["fda-premarket-2026"].ValidFrom.Equal(want) {
		t.Errorf("fda-premarket-2026 is valid from %s", all["fda-premarket-2026"].ValidFrom)
	}
}

const wellFormed = `id: made-up-1
title: Made-up rules
edition: "1"
status: in_force
valid_from: 2026-01-01
source: https://example.org/rules
confidence: K
for: [manufacturer]
clauses:
  - {ref: "1", title: First}
  - {ref: "1.1", title: Part of the first, parent: "1", for: [hospital], confidence: V}
`

func TestParseClauseSetNamesEachFaultWithItsLine(t *testing.T) {
	if _, err := content.ParseClauseSet("a.yaml", []byte(wellFormed)); err != nil {
		t.Fatal(err)
	}
	for name, c := range map[string]struct{ old, new, want string }{
		"unknown key":       {"edition:", "editoin:", "line 3: field editoin not found"},
		"unknown status":    {"in_force", "valid", `a.yaml:4: status: "valid" is none of`},
		"superseded, open":  {"in_force", "superseded", "a.yaml:4: status: superseded without valid_until"},
		"dates reversed":    {"valid_from: 2026-01-01", "valid_from: 2026-01-01\nvalid_until: 2025-01-01", "a.yaml:6: valid_until: not after"},
		"not https":         {"https://", "http://", "a.yaml:6: source: not an https"},
		"unknown trust":     {"confidence: K", "confidence: X", `a.yaml:7: confidence: "X"`},
		"unknown audience":  {"for: [hospital]", "for: [doctor]", `a.yaml:11: for: "doctor"`},
		"nobody":            {"for: [manufacturer]\n", "for: []\n", "a.yaml:8: for: names nobody"},
		"same number twice": {`ref: "1.1"`, `ref: "1"`, `a.yaml:11: ref: "1" is there twice`},
		"parent unknown":    {`parent: "1"`, `parent: "2"`, `a.yaml:11: parent: "2" does not come before`},
		"no title":          {"title: First", `title: ""`, "a.yaml:10: title: is missing"},
		"capital in id":     {"made-up-1", "Made-up-1", "a.yaml:1: id: only small letters"},
		"title too long":    {"title: First", "title: " + strings.Repeat("x", 201), "a.yaml:10: title: longer than"},
		"second document":   {"clauses:", "---\nclauses:", "more than one document"},
		"not a date":        {"2026-01-01", "soon", `line 5: "soon" is not a date`},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(wellFormed, c.old, c.new, 1)
			if text == wellFormed {
				t.Fatal("nothing was replaced")
			}
			_, err := content.ParseClauseSet("a.yaml", []byte(text))
			if err == nil || !strings.Contains(err.Error(), c.want) {
				t.Errorf("got %v, want %q", err, c.want)
			}
		})
	}
	if _, err := content.ParseClauseSet("a.yaml", []byte(strings.Repeat("#", 600<<10))); err == nil {
		t.Error("a file of 600 KiB is taken")
	}
}

func FuzzParseClauseSet(f *testing.F) {
	f.Add([]byte(wellFormed))
	for i := range wellFormed {
		f.Add([]byte(wellFormed[:i]))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		s, err := content.ParseClauseSet("f.yaml", text)
		if err == nil && (s.ID == "" || len(s.Clauses) == 0 || s.Clauses[0].Confidence == "") {
			t.Errorf("a set without what it must have is taken: %+v", s)
		}
	})
}
