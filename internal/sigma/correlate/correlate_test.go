package correlate_test

import (
	"fmt"
	"math"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/sigma"
	"triward/internal/sigma/correlate"
	"triward/internal/sigma/engine"
)

const base = `
title: A
name: a
logsource: {product: p}
detection: {s: {kind: a}, condition: s}
---
title: B
name: b
logsource: {product: p}
detection: {s: {kind: b}, condition: s}
---
title: C
name: c
logsource: {product: p}
detection: {s: {kind: c}, condition: s}
---
title: Both
name: both
logsource: {product: p}
detection: {s: {twice: true}, condition: s}
---
`

// event is one line of a test's story, and its time in seconds.
type event struct {
	at   int64
	line string
}

// bench compiles correlations and plays events.
type bench struct {
	engine *engine.Engine
	worker *engine.Worker
	state  *correlate.State
}

func open(t testing.TB, o correlate.Options, correlations string) *bench {
	t.Helper()
	set, err := sigma.Parse("f.yml", []byte(base+strings.TrimLeft(correlations, "\n")), sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, faults := engine.Compile(set, engine.Options{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	return &bench{e, e.Worker(), correlate.New(e, o)}
}

func (b *bench) play(id string, x event) []correlate.Result {
	b.worker.Reset()
	b.worker.Read([]byte(x.line))
	hits := b.worker.Match(sigma.LogSource{Product: "p"})
	return b.state.Observe(b.worker, hits, correlate.Stamp{ID: id, Time: x.at * 1e6})
}

// told writes results as "title group value [events]".
func (b *bench) told(list []correlate.Result) []string {
	var out []string
	for _, r := range list {
		var group []string
		for _, p := range r.Group {
			group = append(group, p.Name+"="+p.Value)
		}
		out = append(out, fmt.Sprintf("%s %s %v %v", b.engine.Set().Correlations[r.Correlation].Title, strings.Join(group, ","), r.Value, r.Events))
	}
	return out
}

func TestCorrelations(t *testing.T) {
	for name, tc := range map[string]struct {
		rules  string
		events []event
		want   []string
	}{
		"event_count by group": {`
title: Many
correlation: {type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 3}}
`, []event{{0, `{"kind":"a","u":"x"}`}, {1, `{"kind":"a","u":"y"}`}, {2, `{"kind":"a","u":"X"}`}, {9, `{"kind":"a"}`}, {10, `{"kind":"a","u":"x"}`}},
			[]string{"Many u=x 3 [0 2 4]"}},
		"the window ends after the timespan": {`
title: Many
correlation: {type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gt: 2}}
`, []event{{0, `{"kind":"a","u":"x"}`}, {2, `{"kind":"a","u":"x"}`}, {11, `{"kind":"a","u":"x"}`}, {12, `{"kind":"a","u":"x"}`}},
			[]string{"Many u=x 3 [1 2 3]"}},
		"fires again after a timespan": {`
title: Many
correlation: {type: event_count, rules: [a], timespan: 5s, condition: {gte: 2}}
`, []event{{0, `{"kind":"a"}`}, {1, `{"kind":"a"}`}, {2, `{"kind":"a"}`}, {5, `{"kind":"a"}`}, {7, `{"kind":"a"}`}},
			[]string{"Many  2 [0 1]", "Many  3 [2 3 4]"}},
		"one event of two rules counts once": {`
title: Many
correlation: {type: event_count, rules: [a, both], timespan: 5s, condition: {gte: 2}}
`, []event{{0, `{"kind":"a","twice":true}`}, {1, `{"kind":"a"}`}}, []string{"Many  2 [0 1]"}},
		"out of order": {`
title: Many
correlation: {type: event_count, rules: [a], timespan: 5s, condition: {gte: 3}}
`, []event{{10, `{"kind":"a"}`}, {12, `{"kind":"a"}`}, {8, `{"kind":"a"}`}}, []string{"Many  3 [2 0 1]"}},
		"value_count": {`
title: Values
correlation: {type: value_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 3, field: v}}
`, []event{{0, `{"kind":"a","u":1,"v":"p"}`}, {1, `{"kind":"a","u":1,"v":"P"}`}, {2, `{"kind":"a","u":1,"v":"q"}`}, {3, `{"kind":"a","u":1}`}, {4, `{"kind":"a","u":1,"v":"r"}`}},
			[]string{"Values u=1 3 [0 1 2 4]"}},
		"temporal in any order": {`
title: Near
correlation: {type: temporal, rules: [a, b, c], group-by: [u], timespan: 10s}
`, []event{{0, `{"kind":"c","u":1}`}, {4, `{"kind":"a","u":1}`}, {5, `{"kind":"b","u":2}`}, {9, `{"kind":"b","u":1}`}}, []string{"Near u=1 3 [0 1 3]"}},
		"temporal of some": {`
title: Near
correlation: {type: temporal, rules: [a, b, c], timespan: 10s, condition: {gte: 2}}
`, []event{{0, `{"kind":"c"}`}, {1, `{"kind":"c"}`}, {4, `{"kind":"a"}`}}, []string{"Near  2 [0 1 2]"}},
		"temporal_ordered": {`
title: Then
correlation: {type: temporal_ordered, rules: [a, b], group-by: [u], timespan: 10s}
`, []event{{0, `{"kind":"b","u":1}`}, {1, `{"kind":"a","u":1}`}, {12, `{"kind":"b","u":1}`}, {13, `{"kind":"a","u":1}`}, {14, `{"kind":"b","u":1}`}},
			[]string{"Then u=1 2 [2 3 4]"}},
		"one event is not two steps": {`
title: Then
correlation: {type: temporal_ordered, rules: [a, both], timespan: 10s}
`, []event{{0, `{"kind":"a","twice":true}`}, {1, `{"twice":true}`}}, []string{"Then  2 [0 1]"}},
		"aliases": {`
title: Across
correlation:
  type: temporal
  rules: [a, b]
  group-by: [ip]
  timespan: 10s
  aliases: {ip: {a: from, b: to}}
`, []event{{0, `{"kind":"a","from":"1.1.1.1","to":"2.2.2.2"}`}, {1, `{"kind":"b","from":"1.1.1.1","to":"9.9.9.9"}`}, {2, `{"kind":"b","from":"9.9.9.9","to":"1.1.1.1"}`}},
			[]string{"Across ip=1.1.1.1 2 [0 2]"}},
		"chain": {`
title: First
name: first
correlation: {type: event_count, rules: [a], group-by: [u, h], timespan: 10s, condition: {gte: 2}}
---
title: Second
correlation: {type: temporal_ordered, rules: [first, b], group-by: [u], timespan: 1m}
`, []event{{0, `{"kind":"a","u":1,"h":2}`}, {1, `{"kind":"a","u":1,"h":2}`}, {30, `{"kind":"b","u":1}`}}, []string{"Second u=1 2 [0 1 2]"}},
		"chain that generates": {`
title: First
name: first
correlation: {type: event_count, rules: [a], timespan: 10s, condition: {gte: 1}}
---
title: Second
correlation: {type: event_count, rules: [first], timespan: 1m, condition: {gte: 1}, generate: true}
`, []event{{0, `{"kind":"a"}`}}, []string{"First  1 [0]", "Second  1 [0]"}},
		"value_sum": {`
title: Sum
correlation: {type: value_sum, rules: [a], timespan: 10s, condition: {gt: 10, field: n}}
`, []event{{0, `{"kind":"a","n":6}`}, {1, `{"kind":"a","n":"none"}`}, {2, `{"kind":"a","n":4.5}`}}, []string{"Sum  10.5 [0 2]"}},
		"value_avg over the window": {`
title: Mean
correlation: {type: value_avg, rules: [a], timespan: 10s, condition: {gte: 5, field: n}}
`, []event{{0, `{"kind":"a","n":9}`}, {1, `{"kind":"a","n":3}`}, {10, `{"kind":"a","n":4}`}}, []string{"Mean  6 [0 1]"}},
		"value_percentile": {`
title: P
correlation: {type: value_percentile, rules: [a], timespan: 10s, condition: {gte: 9, field: n, percentile: 75}}
`, []event{{0, `{"kind":"a","n":9}`}, {1, `{"kind":"a","n":1}`}, {2, `{"kind":"a","n":2}`}, {3, `{"kind":"a","n":10}`}, {20, `{"kind":"a","n":9}`}, {21, `{"kind":"a","n":1}`}, {22, `{"kind":"a","n":2}`}, {23, `{"kind":"a","n":3}`}},
			[]string{"P  9 [0 1 2 3]"}},
		"range": {`
title: Some
correlation: {type: event_count, rules: [a], timespan: 10s, condition: {gte: 2, lte: 3}}
`, []event{{0, `{"kind":"a"}`}, {1, `{"kind":"a"}`}, {20, `{"kind":"a"}`}, {40, `{"kind":"a"}`}, {41, `{"kind":"a"}`}, {42, `{"kind":"a"}`}, {43, `{"kind":"a"}`}}, []string{"Some  2 [0 1]"}},
	} {
		t.Run(name, func(t *testing.T) {
			b := open(t, correlate.Options{}, tc.rules)
			var got []string
			for i, x := range tc.events {
				got = append(got, b.told(b.play(fmt.Sprint(i), x))...)
			}
			got = append(got, b.told(b.state.Advance(math.MaxInt64))...)
			if d := cmp.Diff(tc.want, got); d != "" {
				t.Errorf("-want +got\n%s", d)
			}
		})
	}
}

// plain is what the documentation says of the correlations that are looked at with each event, for events in order.
func plain(kind string, events []event, span int64, atLeast int) (fired []string) {
	last := int64(math.MinInt64 / 2)
	for end, x := range events {
		if x.at-last <= span {
			continue
		}
		var in []int
		values, kinds := map[string]bool{}, map[string]bool{}
		for i, y := range events[:end+1] {
			if y.at >= x.at-span {
				in = append(in, i)
				values[y.line[strings.Index(y.line, "v"):]] = true
				kinds[y.line[:10]] = true
			}
		}
		met := map[string]bool{"event_count": len(in) >= atLeast, "value_count": len(values) >= atLeast, "temporal": len(kinds) == 3,
			"temporal_ordered": ordered(events, in)}[kind]
		if met {
			last = x.at
			fired = append(fired, fmt.Sprint(end, len(in)))
		}
	}
	return fired
}

func ordered(events []event, in []int) bool {
	step := 0
	for _, i := range in {
		if step < 3 && events[i].line[9] == "abc"[step] {
			step++
		}
	}
	return step == 3
}

func TestAgreesWithPlainWindows(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	for round := range 200 {
		span, atLeast := 1+r.Int64N(20), 1+r.IntN(6)
		var events []event
		at := int64(0)
		for range 60 {
			at += r.Int64N(4)
			events = append(events, event{at, fmt.Sprintf(`{"kind":"%c","v":"%d"}`, "abc"[r.IntN(3)], r.IntN(8))})
		}
		for _, kind := range []string{"event_count", "value_count", "temporal", "temporal_ordered"} {
			condition := fmt.Sprintf(", condition: {gte: %d}", atLeast)
			if kind == "value_count" {
				condition = fmt.Sprintf(", condition: {gte: %d, field: v}", atLeast)
			}
			if strings.HasPrefix(kind, "temporal") {
				condition = ""
			}
			b := open(t, correlate.Options{}, fmt.Sprintf("title: T\ncorrelation: {type: %s, rules: [a, b, c], timespan: %ds%s}\n", kind, span, condition))
			var got []string
			for i, x := range events {
				for _, res := range b.play(fmt.Sprint(i), x) {
					got = append(got, fmt.Sprint(i, len(res.Events)))
				}
				if r.IntN(10) == 0 {
					b.state.Advance(x.at * 1e6)
				}
			}
			if want := plain(kind, events, span, atLeast); !slices.Equal(want, got) {
				t.Fatalf("round %d %s over %ds at least %d: want %v, got %v", round, kind, span, atLeast, want, got)
			}
		}
	}
}

func TestBounds(t *testing.T) {
	t.Run("groups", func(t *testing.T) {
		b := open(t, correlate.Options{Groups: 160}, "title: T\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 2}}\n")
		for i := range 5000 {
			b.play(fmt.Sprint(i), event{int64(i), fmt.Sprintf(`{"kind":"a","u":%d}`, i)})
		}
		s := b.state.Stats()
		if s.Groups > 160 || s.Evicted != 5000-s.Groups {
			t.Errorf("%+v", s)
		}
	})
	t.Run("events of a group", func(t *testing.T) {
		b := open(t, correlate.Options{Events: 100}, "title: T\ncorrelation: {type: event_count, rules: [a], timespan: 1h, condition: {gte: 1000}}\n")
		for i := range 1000 {
			b.play(fmt.Sprint(i), event{int64(i), `{"kind":"a"}`})
		}
		if s := b.state.Stats(); s.Events > 100 || s.Evicted+s.Events != 1000 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("events of all groups", func(t *testing.T) {
		b := open(t, correlate.Options{Total: 320}, "title: T\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 1000}}\n")
		for i := range 5000 {
			b.play(fmt.Sprint(i), event{int64(i), fmt.Sprintf(`{"kind":"a","u":%d}`, i%1024)}) // so many that none is alone in its shard
		}
		if s := b.state.Stats(); s.Events > 320 || s.Evicted+s.Events != 5000 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("late and ungrouped", func(t *testing.T) {
		b := open(t, correlate.Options{}, "title: T\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 1}}\n")
		b.state.Advance(100e6)
		b.play("late", event{89, `{"kind":"a","u":1}`})
		b.play("none", event{99, `{"kind":"a"}`})
		if s := b.state.Stats(); s.Late != 1 || s.Ungrouped != 1 || s.Groups != 0 {
			t.Errorf("%+v", s)
		}
	})
	t.Run("sweep", func(t *testing.T) {
		b := open(t, correlate.Options{}, "title: T\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 10s, condition: {gte: 5}}\n")
		b.play("1", event{1, `{"kind":"a","u":1}`})
		b.state.Advance(22e6)
		if s := b.state.Stats(); s.Groups != 0 || s.Events != 0 || s.Evicted != 0 {
			t.Errorf("%+v", s)
		}
	})
}

// Several workers share a state: nothing is counted twice or lost.
func TestWorkersShareAState(t *testing.T) {
	b := open(t, correlate.Options{}, "title: T\ncorrelation: {type: event_count, rules: [a], group-by: [u], timespan: 1h, condition: {gte: 400}}\n")
	const workers, each = 4, 1000
	var all sync.WaitGroup
	fired := make([]int, workers)
	for n := range workers {
		all.Go(func() {
			w := b.engine.Worker()
			for i := range each {
				w.Reset()
				w.Read(fmt.Appendf(nil, `{"kind":"a","u":%d}`, i%10))
				hits := w.Match(sigma.LogSource{Product: "p"})
				fired[n] += len(b.state.Observe(w, hits, correlate.Stamp{ID: fmt.Sprint(n, i), Time: int64(i)}))
				b.state.Advance(int64(i))
			}
		})
	}
	all.Wait()
	total := 0
	for _, n := range fired {
		total += n
	}
	if s := b.state.Stats(); total != 10 || s.Events != workers*each || s.Evicted+s.Late+s.Ungrouped != 0 {
		t.Errorf("%d fired, %+v", total, s)
	}
}
