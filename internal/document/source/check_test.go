package source_test

import (
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document/source"
	"triward/internal/problem"
)

func TestCheckNamesWhatLeadsNowhere(t *testing.T) {
	std := source.Document{Code: "STD-08", Level: source.Standard, Parent: "POL-01", Targets: targets, Body: "Not later than 3 days.\n"}
	pol := source.Document{Code: "POL-01", Level: source.Policy}
	clauses := source.Clauses{"set-a": {"1.1": true}}
	for name, c := range map[string]struct {
		d    source.Document
		want []string
	}{
		"all is well": {source.Document{Code: "SOP-01", Level: source.Procedure, Parent: "POL-01", Refs: []string{"STD-08"},
			Satisfies: []source.Clause{{Set: "set-a", Ref: "1.1"}}, Body: "In {target:ack}, {{organisation}} reads [it](doc:SOP-01#go) daily. ISO 9001:2015.\n",
			Steps: []source.Step{{ID: "go", Do: "Go.", Target: "STD-08#declare"}}}, nil},
		"code twice":     {pol, []string{"POL-01: id: the code is used twice"}},
		"parent":         {source.Document{Code: "SOP-01", Level: source.Procedure, Parent: "POL-02"}, []string{"SOP-01: parent: POL-02 is not there"}},
		"parent below":   {source.Document{Code: "POL-02", Level: source.Policy, Parent: "STD-08"}, []string{"POL-02: parent: STD-08 is a standard, which does not stand above a policy"}},
		"level":          {source.Document{Code: "SOP-01", Level: source.Standard}, []string{"SOP-01: level: the code is not one of a standard"}},
		"reference":      {source.Document{Code: "SOP-01", Level: source.Procedure, Refs: []string{"FRM-01"}}, []string{"SOP-01: refs[0]: FRM-01 is not there"}},
		"clause set":     {source.Document{Code: "SOP-01", Level: source.Procedure, Satisfies: []source.Clause{{Set: "b", Ref: "1"}}}, []string{"SOP-01: satisfies: there is no clause set b"}},
		"clause of step": {source.Document{Code: "SOP-01", Level: source.Procedure, Steps: []source.Step{{ID: "go", Satisfies: []source.Clause{{Set: "set-a", Ref: "2"}}}}}, []string{`SOP-01: steps[0].satisfies: clause set set-a has no clause "2"`}},
		"clause of evidence": {source.Document{Code: "SOP-01", Level: source.Procedure, Evidence: []source.Query{{Clause: source.Clause{Set: "set-a", Ref: "2"}}}},
			[]string{`SOP-01: evidence[0].clause: clause set set-a has no clause "2"`}},
		"target of step": {source.Document{Code: "SOP-01", Level: source.Procedure, Steps: []source.Step{{ID: "go", Target: "STD-08#gone"}}}, []string{`SOP-01: steps[0].target: STD-08 has no target "gone"`}},
		"target of text": {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "x\n{target:gone}\n"}, []string{`SOP-01: body line 2: STD-08 has no target "gone"`}},
		"variable":       {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "{{organization}}\n"}, []string{"SOP-01: body line 1: {{organization}} is not a variable"}},
		"link":           {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "x\n\n[a](doc:SOP-09)\n"}, []string{"SOP-01: body line 3: the link leads to SOP-09, which is not there"}},
		"link to step":   {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "[a](doc:STD-08#go)\n"}, []string{`SOP-01: body line 1: STD-08 has no step "go"`}},
		"link form":      {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "[a](doc:sop)\n"}, []string{`SOP-01: body line 1: the link "doc:sop" is not doc:CODE or doc:CODE#step`}},
		"image":          {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "![a](x.png)\n"}, []string{`SOP-01: body line 1: the image "x.png" is not one that is kept here (blob:…)`}},
		"raw HTML":       {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "a <b>c</b>\n"}, []string{"SOP-01: body line 1: HTML is left out of the text: write Markdown", "SOP-01: body line 1: HTML is left out of the text: write Markdown"}},
		"time in text":   {source.Document{Code: "SOP-01", Level: source.Procedure, Body: "a\nnot later than 72 hours\n"}, []string{`SOP-01: body line 2: "72 hours" is a time: write {target:…} and the time into STD-08`}},
		"time in step":   {source.Document{Code: "SOP-01", Level: source.Procedure, Steps: []source.Step{{ID: "go", Do: "Wait thirty minutes."}}}, []string{`SOP-01: steps[0].do: "thirty minutes" is a time: write {target:…} and the time into STD-08`}},
		"time in CEL":    {source.Document{Code: "SOP-01", Level: source.Procedure, Evidence: []source.Query{{Clause: source.Clause{Set: "set-a", Ref: "1.1"}, CEL: "x < duration('72h')"}}}, []string{`SOP-01: evidence[0].cel: duration('72h'): a time stands in STD-08 only: write target('…')`}},
	} {
		t.Run("AC-08 "+name, func(t *testing.T) {
			err := source.Check([]source.Document{pol, std, c.d}, clauses)
			var got []string
			for _, f := range problem.FaultsOf(err) {
				got = append(got, f.String())
			}
			if diff := cmp.Diff(c.want, got); diff != "" {
				t.Errorf("faults (-want +got):\n%s", diff)
			}
		})
	}
}

func TestCheckSeesParentsInACircle(t *testing.T) {
	err := source.Check([]source.Document{{Code: "SOP-01", Level: source.Procedure, Parent: "SOP-02"}, {Code: "SOP-02", Level: source.Procedure, Parent: "SOP-01"}}, nil)
	if err == nil || !strings.Contains(err.Error(), "the parents lead back to SOP-01") {
		t.Errorf("got %v", err)
	}
}

func TestTimes(t *testing.T) {
	for _, s := range []string{"in 24 h", "72h", "30d", "15 min", "two weeks", "twenty-four hours", "half an hour", "within an hour", "ten working days", "30-day", "P30D", "PT1H",
		"a couple of days", "5 calendar days", "1.5 years", "after a month", "several days", "100 ms"} {
		if len(source.Times(s)) == 0 {
			t.Errorf("%q is not seen as a time", s)
		}
	}
	for _, s := range []string{"21 CFR 820", "ISO 9001:2015", "the first hour", "daily", "once a year", "zero-day", "day by day", "one second person", "NIST SP 800-61", "three quarters of all",
		"Regulation (EU) 2017/745", "3 devices", "the last days", "802.11", "PTSD", "January 2026", "24/7", "two people"} {
		if got := source.Times(s); len(got) > 0 {
			t.Errorf("%q is seen as the time %q", s, got)
		}
	}
}

func TestDuration(t *testing.T) {
	friday := time.Date(2026, 11, 27, 15, 0, 0, 0, time.UTC)
	for text, want := range map[source.Duration]struct {
		words string
		after string
	}{
		"PT1H":    {"1 hour", "2026-11-27T16:00:00Z"},
		"P30D":    {"30 days", "2026-12-27T15:00:00Z"},
		"P1DT12H": {"1 day 12 hours", "2026-11-29T03:00:00Z"},
		"P3M":     {"3 months", "2027-02-27T15:00:00Z"},
		"P10Y":    {"10 years", "2036-11-27T15:00:00Z"},
		"P2W":     {"2 weeks", "2026-12-11T15:00:00Z"},
	} {
		if got := text.After(friday).Format(time.RFC3339); text.Words() != want.words || got != want.after {
			t.Errorf("%s: %q until %s, want %+v", text, text.Words(), got, want)
		}
		if !text.Before(text.After(friday)).Equal(friday) {
			t.Errorf("%s back is %s", text, text.Before(text.After(friday)))
		}
	}
	for _, bad := range []source.Duration{"", "P", "PT", "P0D", "1H", "P1H", "PT1D", "P1DT", "P99999D"} {
		if bad.Valid() {
			t.Errorf("%q is valid", bad)
		}
	}
	if got, want := targets[1].Due(friday), time.Date(2026, 12, 1, 15, 0, 0, 0, time.UTC); !got.Equal(want) {
		t.Errorf("two working days after Friday end %s, want %s", got, want)
	}
}
