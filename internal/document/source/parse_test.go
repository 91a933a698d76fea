package source_test

import (
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document/source"
	"triward/internal/problem"
)

// sample uses every member of the front matter.
const sample = `---
id: SOP-90
title: "Sample procedure: every member"
level: procedure
for: [manufacturer, hospital]
owner_role: psirt_lead
review_months: 6
approvals: {review: [security_architect, it_security], approve: [cpso, quality]}
interface: product_it
training: {audience: [psirt_lead, field_service], kind: quiz, pass: 80, attempts: 3, due_days: 14, recert_months: 12}
effective: {gate: training, threshold: 90}
retention: "max(device_lifetime, P10Y)"
parent: POL-05
refs: [STD-08, FRM-11]
satisfies: [{set: nist-csf-2.0, ref: RS.MA}, {set: iec-81001-5-1-2021, ref: 4.10}]
print: controlled
steps:
  - {id: receive, do: "Write down who says what.", role: responder, record: note}
  - {id: declare, do: "Decide whether this is an incident: yes, or no.", role: psirt_lead, target: "STD-08#declare", from: receive, record: decision, evidence: required, after: [receive], when: "a sign was seen", satisfies: [{set: nist-csf-2.0, ref: DE.AE}]}
quiz:
  - {id: q1, ask: "Who decides?", choices: ["Anybody", "The PSIRT lead"], right: [2], steps: [declare]}
evidence:
  - {id: ev-declare, clause: {set: nist-csf-2.0, ref: DE.AE}, cel: "runs.all(r, r.done)", window: P12M, fresh: P1D}
---

# Sample

Decide within {target:declare}, see [STD-08](doc:STD-08).
`

func TestParseReadsEveryMember(t *testing.T) {
	d, err := source.Parse("SOP-90.md", []byte(sample))
	if err != nil {
		t.Fatal(err)
	}
	want := source.Document{Code: "SOP-90", Title: "Sample procedure: every member", Level: source.Procedure,
		For: []source.Audience{source.Manufacturer, source.Hospital}, OwnerRole: "psirt_lead", ReviewMonths: 6,
		Approvals: source.Approvals{Review: []source.Function{"security_architect", "it_security"}, Approve: []source.Function{"cpso", "quality"}},
		Interface: source.ProductIT,
		Training: &source.Training{Audience: []source.Function{"psirt_lead", "field_service"}, Kind: source.Quiz, Pass: 80, Attempts: 3,
			DueDays: 14, RecertMonths: 12},
		Effective: source.Gate{Kind: source.GateTraining, Threshold: 90}, Retention: "max(device_lifetime, P10Y)", Parent: "POL-05",
		Refs: []string{"STD-08", "FRM-11"}, Satisfies: []source.Clause{{Set: "nist-csf-2.0", Ref: "RS.MA"}, {Set: "iec-81001-5-1-2021", Ref: "4.10"}},
		Print: source.PrintControlled,
		Steps: []source.Step{{ID: "receive", Do: "Write down who says what.", Role: "responder", Record: source.RecordNote, Evidence: source.None},
			{ID: "declare", Do: "Decide whether this is an incident: yes, or no.", Role: "psirt_lead", Target: "STD-08#declare", From: "receive",
				Record: source.RecordDecision, Evidence: source.Required, After: []string{"receive"}, When: "a sign was seen",
				Satisfies: []source.Clause{{Set: "nist-csf-2.0", Ref: "DE.AE"}}}},
		Quiz: []source.Question{{ID: "q1", Ask: "Who decides?", Choices: []string{"Anybody", "The PSIRT lead"}, Right: []int{2}, Steps: []string{"declare"}}},
		Evidence: []source.Query{{ID: "ev-declare", Clause: source.Clause{Set: "nist-csf-2.0", Ref: "DE.AE"}, CEL: "runs.all(r, r.done)",
			Window: "P12M", Fresh: "P1D"}},
		Body: "# Sample\n\nDecide within {target:declare}, see [STD-08](doc:STD-08).\n"}
	if diff := cmp.Diff(want, d); diff != "" {
		t.Errorf("parsed (-want +got):\n%s", diff)
	}
	again, err := source.Parse("again", d.Format())
	if err != nil {
		t.Fatalf("%v\n%s", err, d.Format())
	}
	if diff := cmp.Diff(d, again); diff != "" {
		t.Errorf("formatted and parsed (-want +got):\n%s", diff)
	}
}

func TestParseNamesEveryFaultWithItsLine(t *testing.T) {
	for name, c := range map[string]struct {
		change [2]string
		want   []string
	}{
		"unknown member":      {[2]string{"print: controlled", "prnt: controlled"}, []string{"x:16: prnt: there is no such member"}},
		"member twice":        {[2]string{"print: controlled", "title: again"}, []string{"x:16: title: it is there twice"}},
		"unknown function":    {[2]string{"role: responder", "role: respnder"}, []string{"x:18: steps[0].role: must be one of"}},
		"no approver":         {[2]string{", approve: [cpso, quality]", ""}, []string{"x:8: approvals: approve is missing"}},
		"step twice":          {[2]string{"id: receive", "id: declare"}, []string{`x:19: steps: "declare" is there twice`, `x:19: steps: "declare" comes after "receive", which is not a step`, `x:19: steps: the target of "declare" counts from "receive", which is not another step`}},
		"counts from nothing": {[2]string{"from: receive", "from: nobody"}, []string{`x:19: steps: the target of "declare" counts from "nobody", which is not another step`}},
		"counts from itself":  {[2]string{"from: receive", "from: declare"}, []string{`x:19: steps: the target of "declare" counts from "declare", which is not another step`}},
		"counts for nothing":  {[2]string{`target: "STD-08#declare", from`, "from"}, []string{`x:19: steps: "declare" counts from "receive", but has no target`}},
		"step in a circle":    {[2]string{"record: note", "record: note, after: [declare]"}, []string{`x:18: steps: "receive" comes after itself`}},
		"right without":       {[2]string{"right: [2]", "right: [3]"}, []string{`x:21: quiz: "q1" has 2 choices, and 3 is said to be right`}},
		"quiz of no step":     {[2]string{"steps: [declare]}", "steps: [declar]}"}, []string{`x:21: quiz: "q1" is about "declar", which is not a step`}},
		"gate of no training": {[2]string{"training: {", "#"}, []string{"x:11: effective: a training gate needs a training"}},
		"retention":           {[2]string{"max(device_lifetime, P10Y)", "ten years"}, []string{"x:12: retention: write a duration"}},
		"window":              {[2]string{"window: P12M", "window: P12H"}, []string{`x:23: evidence: "P12H" is not a duration`}},
		"target form":         {[2]string{`"STD-08#declare"`, "declare"}, []string{"x:19: steps[1].target: \"declare\" does not have the form"}},
		"anchor":              {[2]string{"retention: ", "retention: &a "}, []string{"x:12: anchors and aliases are not used here"}},
		"tag":                 {[2]string{"retention: ", "retention: !!str "}, []string{"x:12: tags are not used here"}},
		"not YAML":            {[2]string{"refs: [STD-08, FRM-11]", "refs: [STD-08, FRM-11"}, []string{"x:14: not YAML"}},
		"control character":   {[2]string{"# Sample", "# Sam\x07ple"}, []string{"x:26: a control character"}},
		"not UTF-8":           {[2]string{"# Sample", "# Sam\xffple"}, []string{"x:26: not UTF-8"}},
		"no front matter":     {[2]string{"---\nid: SOP-90", "id: SOP-90"}, []string{"x:1: the front matter is missing"}},
		"no end":              {[2]string{"---\n\n# Sample", "# Sample"}, []string{"x:1: the front matter has no end"}},
		"targets elsewhere":   {[2]string{"print: controlled", "targets: [{id: aa, within: PT1H, what: x}]"}, []string{"x:16: targets: times stand in STD-08 only"}},
		"steps of a policy":   {[2]string{"level: procedure", "level: policy"}, []string{"x:17: steps: a policy has none"}},
		"two at once":         {[2]string{"level: procedure\nfor: [manufacturer, hospital]", "level: procedur\nfor: []"}, []string{"x:4: level: must be one of", "x:5: for: must name at least 1"}},
		"number for text":     {[2]string{`title: "Sample procedure: every member"`, "title: 14"}, []string{"x:3: title: got number, want string"}},
	} {
		t.Run(name, func(t *testing.T) {
			text := strings.Replace(sample, c.change[0], c.change[1], 1)
			if text == sample {
				t.Fatal("the change changes nothing")
			}
			_, err := source.Parse("x", []byte(text))
			var got []string
			for _, f := range problem.FaultsOf(err) {
				got = append(got, f.String())
			}
			if problem.KindOf(err) != problem.Invalid || len(got) != len(c.want) {
				t.Fatalf("faults %q, want %q", got, c.want)
			}
			for i := range got {
				if !strings.HasPrefix(got[i], c.want[i]) {
					t.Errorf("fault %q, want %q", got[i], c.want[i])
				}
			}
		})
	}
}

func TestParseOfATextCutAnywhere(t *testing.T) {
	for i := range sample {
		d, err := source.Parse("cut", []byte(sample[:i]))
		if err == nil && d.Code != "SOP-90" {
			t.Fatalf("cut at %d: %+v", i, d)
		}
		if err != nil && len(problem.FaultsOf(err)) == 0 {
			t.Fatalf("cut at %d: %v names no fault", i, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(sample))
	f.Add([]byte("---\n---\n"))
	f.Add([]byte("---\nid: &a [*a]\n---\n"))
	files, err := filepath.Glob(filepath.Join("..", "..", "content", "documents", "*.md"))
	if err != nil {
		f.Fatal(err)
	}
	for _, name := range files {
		text, err := os.ReadFile(name)
		if err != nil {
			f.Fatal(err)
		}
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		d, err := source.Parse("fuzz", text)
		if err != nil {
			if len(problem.FaultsOf(err)) == 0 {
				t.Fatalf("no fault is named: %v", err)
			}
			return
		}
		again, err := source.Parse("again", d.Format())
		if err != nil {
			t.Fatalf("%v\n%s", err, d.Format())
		}
		if diff := cmp.Diff(d, again); diff != "" {
			t.Fatalf("formatted and parsed (-want +got):\n%s\n%s", diff, d.Format())
		}
	})
}

func TestListsAndSchemaAgree(t *testing.T) {
	schema := strings.Join(strings.Fields(string(source.Schema)), " ")
	var words []string
	for _, f := range source.Functions {
		words = append(words, `"`+string(f.Function)+`"`)
	}
	for what, want := range map[string]string{
		"functions":  strings.Join(words, ", "),
		"levels":     list(source.Levels),
		"audiences":  list(source.Audiences),
		"interfaces": list(source.Interfaces),
		"trainings":  list(source.TrainingKinds),
		"gates":      list(source.GateKinds),
		"prints":     list(source.Prints),
		"records":    list(source.RecordKinds),
		"needs":      list(source.Needs),
	} {
		if !strings.Contains(schema, "["+want+"]") && !strings.Contains(schema, "[ "+want+" ]") {
			t.Errorf("the schema does not list the %s %s", what, want)
		}
	}
}

func list[T ~string](all []T) string {
	var out []string
	for _, x := range all {
		out = append(out, `"`+string(x)+`"`)
	}
	return strings.Join(out, ", ")
}
