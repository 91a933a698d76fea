package replay

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/sigma"
)

// past keeps events in memory and reads them as a log does.
type past []eventlog.Event

func (p past) Scan(_ context.Context, q eventlog.Query, fn func([]eventlog.Event) error) error {
	m, err := eventlog.NewMatcher(q)
	if err != nil {
		return err
	}
	var out []eventlog.Event
	for i := range p {
		if m.Match(&p[i]) {
			out = append(out, p[i])
		}
	}
	slices.SortStableFunc(out, func(a, b eventlog.Event) int { return int(a.At() - b.At()) })
	for part := range slices.Chunk(out, 7) {
		if err := fn(part); err != nil {
			return err
		}
	}
	return nil
}

var noon = time.Date(2026, 11, 2, 12, 0, 0, 0, time.UTC)

func event(n int, at time.Time, fields ...string) eventlog.Event {
	e := eventlog.Event{ID: eventlog.Derive("src", "test").At(int64(n)), Source: "src", Received: at.UnixMicro(), Time: at.UnixMicro(), Format: "json",
		Category: "audit", Raw: []byte("{}")}
	for i := 0; i < len(fields); i += 2 {
		switch fields[i] {
		case "dev.id":
			e.Device = fields[i+1]
		case "user":
			e.User = fields[i+1]
		case "category":
			e.Category = fields[i+1]
		default:
			e.Fields = append(e.Fields, eventlog.Field{Name: fields[i], Value: fields[i+1]})
		}
	}
	e.Fit()
	return e
}

func rules(t *testing.T, text string) sigma.Set {
	t.Helper()
	set, err := sigma.Parse("test.yml", []byte(text), sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	return set
}

const deleted = `
title: Study deleted
id: 11111111-1111-4111-8111-111111111111
name: deleted
level: medium
logsource: {product: medical, category: audit}
detection:
  s: {audit.event: '110105'}
  condition: s
triward: {needs: [audit]}
`

const burst = `
title: Many deleted
id: 22222222-2222-4222-8222-222222222222
level: high
correlation:
  type: event_count
  rules: [deleted]
  group-by: [dev.id]
  timespan: 1h
  condition: {gte: 3}
  generate: true
triward: {needs: [audit, network]}
`

func TestBacktestSaysWhatWouldHaveFired(t *testing.T) {
	var log past
	for i := range 10 {
		log = append(log, event(i, noon.Add(time.Duration(i)*24*time.Hour), "audit.event", "110105", "dev.id", fmt.Sprintf("dev_%d", i%2)))
	}
	for i := range 4 {
		log = append(log, event(20+i, noon.Add(time.Duration(i)*time.Minute), "audit.event", "110105", "dev.id", "dev_0"))
	}
	log = append(log, event(30, noon, "audit.event", "110104", "dev.id", "dev_9"), event(31, noon, "category", "network"))
	blind := []detection.Blind{{Source: "src", Started: noon, Ended: noon.Add(2 * time.Hour)}, {Source: "b", Started: noon.Add(time.Hour), Ended: noon.Add(3 * time.Hour)},
		{Source: "c", Started: noon.Add(9 * 24 * time.Hour)}}
	r, err := Run(t.Context(), log, Order{Set: rules(t, deleted+"---"+burst), From: noon, To: noon.Add(10 * 24 * time.Hour), Blind: blind})
	if err != nil {
		t.Fatal(err)
	}
	o, _ := r.Of("11111111-1111-4111-8111-111111111111")
	if o.Firings != 14 || o.Devices != 2 || len(o.Days) != 10 || o.Days[0].N != 5 || o.PerDay != 1.4 || len(o.Examples) != 14 || !o.First.Equal(noon) {
		t.Errorf("deleted: %+v", o)
	}
	if d := cmp.Diff([]Top{{"dev_0", 9}, {"dev_1", 5}}, o.TopDevices); d != "" {
		t.Error(d)
	}
	if d := cmp.Diff([]Pair{{"audit.event", "110105"}}, o.Examples[0].Matched); d != "" {
		t.Error(d)
	}
	c, _ := r.Of("22222222-2222-4222-8222-222222222222")
	if c.Firings != 1 || c.Devices != 1 || !c.Correlation || len(c.Examples[0].Events) != 3 || c.Examples[0].Value != 3 {
		t.Errorf("burst: %+v", c)
	}
	if d := cmp.Diff([]string{"network"}, c.Missing); d != "" {
		t.Errorf("the log leaves out what no rule asks for: %s", d)
	}
	if r.BlindTime() != 27*time.Hour {
		t.Errorf("blind for %s, want 27h", r.BlindTime())
	}
	if !strings.Contains(r.Doubt(c), "not seen for 27h") {
		t.Errorf("doubt: %s", r.Doubt(c))
	}
	if r.Events != 14 {
		t.Errorf("%d events were tried: the log was not asked for the values that the rules want", r.Events)
	}
}

const unknown = `
title: New caller
id: 33333333-3333-4333-8333-333333333333
level: medium
logsource: {product: medical, category: audit}
detection:
  s: {ae.calling|exists: true}
  condition: s
triward: {needs: [audit], baseline: {kind: first_seen, by: [audit.source], value: ae.calling, learn: 3d}}
`

// A baseline learns from the window; what it let pass meanwhile is counted and named.
func TestBacktestCountsWhatABaselineLetPass(t *testing.T) {
	var log past
	for i := range 8 {
		log = append(log, event(i, noon.Add(time.Duration(i)*24*time.Hour), "audit.source", "A", "ae.calling", "CT"))
	}
	log = append(log, event(20, noon.Add(6*24*time.Hour), "audit.source", "A", "ae.calling", "THIEF"), event(21, noon.Add(6*24*time.Hour), "ae.calling", "NOWHERE"))
	r, err := Run(t.Context(), log, Order{Set: rules(t, unknown), From: noon, To: noon.Add(8 * 24 * time.Hour)})
	if err != nil {
		t.Fatal(err)
	}
	o := r.Rules[0]
	if o.Firings != 1 || o.Learning != 3 || !strings.Contains(o.Examples[0].Baseline, "THIEF") {
		t.Errorf("%+v", o)
	}
	if !strings.Contains(r.Doubt(o), "3 events matched while its baseline still learned") {
		t.Error(r.Doubt(o))
	}
}

func TestBacktestRefusesAnEmptyWindow(t *testing.T) {
	if _, err := Run(t.Context(), past{}, Order{Set: rules(t, deleted), From: noon, To: noon}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("%v", err)
	}
	r, err := Run(t.Context(), past{}, Order{Set: rules(t, deleted), From: noon, To: noon.Add(time.Hour)})
	if err != nil || !strings.Contains(r.Doubt(r.Rules[0]), "no events of the kind audit; there are no events in the window") {
		t.Errorf("%v %q", err, r.Doubt(r.Rules[0]))
	}
}

// The demands on the log are those that every firing event fulfils, and none where a rule may fire without.
func TestNarrow(t *testing.T) {
	rule := func(source, detection string) string {
		return "title: t\nlogsource: " + source + "\ndetection:\n" + detection + "\n---\n"
	}
	medical := "{product: medical, category: audit}"
	kind := eventlog.Condition{Field: "category", Op: eventlog.Is, Values: []string{"audit"}}
	value := func(v ...string) eventlog.Condition {
		return eventlog.Condition{Field: "audit.event", Op: eventlog.Is, Values: v}
	}
	one := rule(medical, "  a: {audit.event: ['110105', '110106']}\n  condition: a")
	for _, c := range []struct {
		name, text string
		want       []eventlog.Condition
	}{
		{"one value each", one + rule(medical, "  a: {audit.event: '110107', user: x}\n  condition: a"), []eventlog.Condition{kind, value("110105", "110106", "110107")}},
		{"either", rule(medical, "  a: {audit.event: '1'}\n  b: {audit.event: '2'}\n  condition: a or b"), []eventlog.Condition{kind, value("1", "2")}},
		{"a rule without", one + rule(medical, "  a: {user: x}\n  condition: a"), []eventlog.Condition{kind}},
		{"not", rule(medical, "  a: {audit.event: '1'}\n  condition: not a"), []eventlog.Condition{kind}},
		{"a wildcard", rule(medical, "  a: {audit.event: '1*'}\n  condition: a"), []eventlog.Condition{kind}},
		{"empty", rule(medical, "  a: {audit.event: ['', '1']}\n  condition: a"), []eventlog.Condition{kind}},
		{"null", rule(medical, "  a: {audit.event: [null, '1']}\n  condition: a"), []eventlog.Condition{kind}},
		{"another source", one + rule("{product: windows}", "  a: {audit.event: '110105'}\n  condition: a"), []eventlog.Condition{value("110105", "110106")}},
	} {
		t.Run(c.name, func(t *testing.T) {
			if d := cmp.Diff(c.want, Narrow(rules(t, strings.TrimSuffix(c.text, "---\n")))); d != "" {
				t.Error(d)
			}
		})
	}
}
