package pack

import (
	"bytes"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/content"
	"triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
)

// The attacks of the demonstration fire what they must, through decoding, the inventory, the whole pack and baselines that
// learned on the records themselves.
func TestScenariosFire(t *testing.T) {
	all, err := content.Scenarios()
	if err != nil {
		t.Fatal(err)
	}
	set, err := Set()
	if err != nil {
		t.Fatal(err)
	}
	names := map[string]string{}
	for _, r := range set.Rules {
		names[r.ID] = r.Name
	}
	for _, c := range set.Correlations {
		names[c.ID] = c.Name
	}
	house := inventory(t)
	now := time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)
	for _, s := range all {
		t.Run(s.ID+" "+s.Title, func(t *testing.T) {
			trial := replay.New(set)
			if err := trial.Add(t.Context(), records(t, s, house, now)); err != nil {
				t.Fatal(err)
			}
			fired := map[string]replay.Outcome{}
			for _, o := range trial.Report(time.Time{}, time.Time{}).Rules {
				if o.Firings > 0 {
					fired[names[o.Rule]] = o
					t.Logf("%s: %d, first %s", names[o.Rule], o.Firings, o.First.Format(time.DateTime))
				}
				if o.Firings > 0 && o.Level == "critical" && !slices.Contains(s.Fires, names[o.Rule]) {
					t.Errorf("%s is critical and fires beside what must", names[o.Rule])
				}
			}
			for _, want := range s.Fires {
				if _, ok := fired[want]; !ok {
					t.Errorf("%s does not fire", want)
				}
			}
			// Usual days are quiet: whatever fires does so once the attack began.
			attack, err := content.Demo{Now: now}.Instant(s.Begins)
			if err != nil {
				t.Fatal(err)
			}
			for name, o := range fired {
				if o.First.Before(attack) {
					t.Errorf("%s fires at %s, before the attack", name, o.First)
				}
			}
		})
	}
}

// records are the events of a scenario in the order of time, complete as the pipeline would make them.
func records(t *testing.T, s content.Scenario, house house, now time.Time) []eventlog.Event {
	t.Helper()
	var out []eventlog.Event
	d := decode.New([]byte("a salt for the tests of the pack"))
	for _, f := range s.Files {
		text, err := content.Demo{Now: now}.File("events/" + f.Name)
		if err != nil {
			t.Fatal(err)
		}
		id := eventlog.Derive(f.Source, f.Name)
		for i, line := range bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n")) {
			events := d.Append(nil, decode.Input{ID: id.At(int64(i)), Source: f.Source, Received: now.UnixMicro(), Payload: slices.Clone(line), Format: f.Format, Zone: time.UTC})
			for j := range events {
				if e := &events[j]; e.Fault != "" || e.Time == 0 {
					t.Errorf("%s:%d: %s, time %d", f.Name, i+1, e.Fault, e.Time)
				}
				house.complete(&events[j])
			}
			out = append(out, events...)
		}
		if bytes.Contains(text, []byte("@-")) || !strings.HasPrefix(f.Name, s.ID+"/") {
			t.Errorf("%s holds a date that is not filled in, or lies elsewhere", f.Name)
		}
	}
	slices.SortStableFunc(out, func(a, b eventlog.Event) int { return int(a.At() - b.At()) })
	return out
}
