package coverage

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
)

func TestCoverageSaysWhatARuleLacks(t *testing.T) {
	matrix := content.Matrix{ID: "ics", Version: "1", Tactics: []content.Tactic{{ID: "TA1", Name: "First", Techniques: []content.Technique{
		{ID: "T1", Name: "seen"}, {ID: "T2", Name: "blind"}, {ID: "T3", Name: "idle"}, {ID: "T4", Name: "untested"}, {ID: "T5", Name: "none"}, {ID: "T6.001", Name: "sub"}}}}}
	rules := []Rule{
		{ID: "a", Title: "good", Techniques: []string{"t1"}, Needs: []string{"audit"}, Runs: true, Tested: true},
		{ID: "b", Title: "no source", Techniques: []string{"T1", "T2"}, Needs: []string{"audit", "dicom"}, Runs: true, Tested: true},
		{ID: "c", Title: "draft", Techniques: []string{"T3"}, Tested: true},
		{ID: "d", Title: "new", Techniques: []string{"T4"}, Runs: true},
		{ID: "e", Title: "sub", Techniques: []string{"T6.001", "T1.009"}, Runs: true, Tested: true},
		{ID: "f", Title: "odd", Techniques: []string{"T9999"}, Runs: true, Tested: true},
	}
	got := Of([]content.Matrix{matrix}, rules, map[string]bool{"audit": true})[0]
	states := map[string]State{}
	for _, c := range got.Columns[0].Cells {
		states[c.ID] = c.State
	}
	want := map[string]State{"T1": Seen, "T2": Blind, "T3": Idle, "T4": Untested, "T5": None, "T6.001": Seen}
	if d := cmp.Diff(want, states); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff(map[State]int{Seen: 2, Blind: 1, Idle: 1, Untested: 1, None: 1}, got.Count); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]string{"T9999"}, got.Unknown); d != "" {
		t.Error(d)
	}
	first := got.Columns[0].Cells[0]
	var order []string
	for _, r := range first.Rules {
		order = append(order, r.Rule.ID)
	}
	if d := cmp.Diff([]string{"a", "e", "b"}, order); d != "" {
		t.Error("rules of T1: the best first", d)
	}
	if d := cmp.Diff([]string{"dicom"}, first.Rules[2].Missing); d != "" {
		t.Error(d)
	}
}

// Every technique of the matrix for ICS stands in the table, with or without a rule.
func TestCoverageLeavesNothingOut(t *testing.T) {
	all, err := content.Attack()
	if err != nil {
		t.Fatal(err)
	}
	cells := 0
	for _, table := range Of(all, nil, nil) {
		for _, c := range table.Columns {
			cells += len(c.Cells)
		}
		if table.Count[None] == 0 || len(table.Count) != 1 {
			t.Errorf("%s without rules: %v", table.ID, table.Count)
		}
	}
	if cells < 94 {
		t.Errorf("%d cells", cells)
	}
}
