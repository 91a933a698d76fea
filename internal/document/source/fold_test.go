package source_test

import (
	"slices"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
	"triward/internal/document/source"
	"triward/internal/problem"
)

func seeded(t *testing.T) []source.Document {
	t.Helper()
	files, err := content.Documents()
	if err != nil {
		t.Fatal(err)
	}
	var all []source.Document
	for _, f := range files {
		d, err := source.Parse(f.Name, f.Text)
		if err != nil {
			t.Fatal(err)
		}
		all = append(all, d)
	}
	return all
}

func find(t *testing.T, all []source.Document, code string) source.Document {
	t.Helper()
	i := slices.IndexFunc(all, func(d source.Document) bool { return d.Code == code })
	if i < 0 {
		t.Fatalf("%s is not there", code)
	}
	return all[i]
}

// Folding loses nothing, and what it makes is as sound as what it was made from.
func TestFoldKeepsAllThatWasFolded(t *testing.T) {
	kits, err := content.Kits()
	if err != nil {
		t.Fatal(err)
	}
	for _, k := range kits {
		if k.ID == "manuals" {
			continue // they are no part of the hierarchy
		}
		t.Run(k.ID, func(t *testing.T) {
			all := seeded(t)
			var folds []source.Folding
			for _, f := range k.Folds {
				folds = append(folds, source.Folding(f))
			}
			folded, err := source.Fold(all, folds)
			if err != nil {
				t.Fatal(err)
			}
			for _, f := range problem.FaultsOf(source.Check(folded, clauses(t))) {
				t.Error(f)
			}
			for _, d := range folded {
				if _, err := source.Parse(d.Code+".md", d.Format()); err != nil {
					t.Errorf("%s cannot be read again: %v", d.Code, err)
				}
			}
			for _, f := range folds {
				host := find(t, folded, f.Into)
				for _, code := range append([]string{f.Into}, f.Documents...) {
					part := find(t, all, code)
					for _, c := range part.Satisfies {
						if !slices.Contains(host.Satisfies, c) {
							t.Errorf("%s lost clause %s of %s", f.Into, c, code)
						}
					}
					for _, s := range part.Steps {
						if !slices.ContainsFunc(host.Steps, func(o source.Step) bool { return o.Do == s.Do && o.Role == s.Role && o.Target == s.Target }) {
							t.Errorf("%s lost step %s of %s", f.Into, s.ID, code)
						}
					}
					for _, fn := range part.Approvals.Approve {
						if !slices.Contains(host.Approvals.Approve, fn) {
							t.Errorf("%s lost the approval of %s", f.Into, fn)
						}
					}
				}
			}
			for _, code := range k.Documents {
				find(t, folded, code)
			}
		})
	}
}

func TestFold(t *testing.T) {
	one := source.Document{Code: "SOP-1", Title: "Receive", Retention: "P10Y", ReviewMonths: 12, Print: source.PrintFree,
		Refs: []string{"SOP-2", "STD-1"}, Approvals: source.Approvals{Approve: []source.Function{"quality"}},
		Steps: []source.Step{{ID: "take", Do: "Take it"}, {ID: "sign", Do: "Sign it"}},
		Body:  "# Receive\n\nThen [SOP-2](doc:SOP-2).\n"}
	two := source.Document{Code: "SOP-2", Title: "Judge", Retention: "P10Y", ReviewMonths: 6, Print: source.PrintControlled, Parent: "SOP-1",
		Approvals: source.Approvals{Approve: []source.Function{"quality", "cpso"}},
		Training:  &source.Training{Kind: source.Quiz, Pass: 80},
		Effective: source.Gate{Kind: source.GateTraining, Threshold: 90},
		Steps:     []source.Step{{ID: "judge", Do: "Judge it"}, {ID: "sign", Do: "Sign the judgement", Target: "STD-08#x", From: "judge", After: []string{"judge"}}},
		Quiz:      []source.Question{{ID: "q1", Steps: []string{"sign"}}},
		Evidence:  []source.Query{{ID: "ev", CEL: "runs.all(r, r.code == 'SOP-2')"}},
		Body:      "# Judge\n\n## How\n\nBy fact.\n"}
	other := source.Document{Code: "STD-1", Parent: "SOP-2", Refs: []string{"SOP-1", "SOP-2"}, Body: "See [the judging](doc:SOP-2).\n"}
	got, err := source.Fold([]source.Document{one, two, other}, []source.Folding{{Into: "SOP-1", Title: "Receive and judge", Documents: []string{"SOP-2"}}})
	if err != nil {
		t.Fatal(err)
	}
	want := []source.Document{
		{Code: "SOP-1", Title: "Receive and judge", Retention: "P10Y", ReviewMonths: 6, Print: source.PrintControlled,
			Refs: []string{"STD-1"}, Approvals: source.Approvals{Approve: []source.Function{"quality", "cpso"}},
			Training: two.Training, Effective: two.Effective,
			Steps: []source.Step{one.Steps[0], one.Steps[1], {ID: "judge", Do: "Judge it", After: []string{"take"}},
				{ID: "sop-2-sign", Do: "Sign the judgement", Target: "STD-08#x", From: "judge", After: []string{"judge"}}},
			Quiz:     []source.Question{{ID: "q1", Steps: []string{"sop-2-sign"}}},
			Evidence: []source.Query{{ID: "ev", CEL: "runs.all(r, r.code == 'SOP-1')"}},
			Body:     "# Receive\n\nThen [SOP-1](doc:SOP-1).\n\n## Judge (SOP-2)\n\n### How\n\nBy fact.\n"},
		{Code: "STD-1", Parent: "SOP-1", Refs: []string{"SOP-1"}, Body: "See [the judging](doc:SOP-1).\n"},
	}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Error(diff)
	}
	if len(one.Steps) != 2 || two.Steps[0].After != nil {
		t.Error("what was given was changed")
	}
	for name, bad := range map[string]source.Folding{
		"no host": {Into: "SOP-9", Documents: []string{"SOP-2"}}, "no part": {Into: "SOP-1", Documents: []string{"SOP-9"}},
		"itself": {Into: "SOP-1", Documents: []string{"SOP-1"}}, "twice": {Into: "SOP-1", Documents: []string{"SOP-2", "SOP-2"}},
		"other retention": {Into: "SOP-1", Documents: []string{"STD-1"}},
	} {
		if _, err := source.Fold([]source.Document{one, two, other}, []source.Folding{bad}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}
