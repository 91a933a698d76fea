package correlate

import (
	"hash/maphash"
	"math"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"triward/internal/sigma"
	"triward/internal/sigma/engine"
)

// Options bound what is kept; zero takes the default.
type Options struct {
	Groups int // of one correlation; 100,000
	Events int // of one group; 10,000
	Total  int // events of one correlation; 1,000,000
}

// Stamp names an event and its time in µs.
type Stamp struct {
	ID   string
	Time int64
}

// Pair is a field of a group with its value.
type Pair struct{ Name, Value string }

// Result is a correlation that fired.
type Result struct {
	Correlation int      // index in the set's correlations
	Group       []Pair   // in the order of group-by
	From, To    int64    // times of the first and the last event, µs
	Value       float64  // the count, sum, … that met the condition
	Events      []string // ids of the events, in the order of time
}

// Stats says what is kept and what was lost.
type Stats struct {
	Groups, Events int64
	Evicted        int64 // events dropped for a bound: something may have been missed
	Late           int64 // events too far behind the watermark
	Ungrouped      int64 // events without a field of group-by, or without a value that counts
}

// shards is in how many parts the groups of a correlation are kept, each with a lock.
const shards = 16

// State follows the correlations of an engine's set. Workers share it.
type State struct {
	set       sigma.Set
	options   Options
	seed      maphash.Seed
	watermark atomic.Int64
	trackers  []*tracker
	byRule    [][]use // by the index of a rule
	byResult  [][]use // by the index of a correlation
	silent    []bool  // correlations that only feed others

	evicted, late, ungrouped atomic.Int64
}

// use is one mention of a rule in a correlation.
type use struct{ correlation, ref int }

// tracker is a correlation with its groups.
type tracker struct {
	rule     *sigma.Correlation
	index    int
	span     int64      // µs
	keep     int64      // µs; older events than this behind the watermark count in no window any more
	whole    bool       // windows are looked at when they are over
	names    [][]string // by ref: the field of each member of group-by
	numeric  bool
	shards   [shards]shard
	groupCap int
	totalCap int
}

type shard struct {
	mu     sync.Mutex
	groups map[string]*group
	events int
	swept  int64 // when old events were dropped last
	due    int64 // when the first window ends, of those that are looked at as a whole
}

// New follows the correlations of a set.
func New(e *engine.Engine, o Options) *State {
	set := e.Set()
	s := &State{set: set, options: Options{orDefault(o.Groups, 100_000), orDefault(o.Events, 10_000), orDefault(o.Total, 1_000_000)},
		seed: maphash.MakeSeed(), byRule: make([][]use, len(set.Rules)), byResult: make([][]use, len(set.Correlations)),
		silent: make([]bool, len(set.Correlations))}
	s.watermark.Store(math.MinInt64)
	loud := make([]bool, len(set.Correlations))
	for i := range set.Correlations {
		c := &set.Correlations[i]
		t := &tracker{rule: c, index: i, span: c.Timespan.Microseconds(), whole: whole(c),
			numeric:  c.Type == sigma.ValueSum || c.Type == sigma.ValueAvg || c.Type == sigma.ValuePercentile,
			groupCap: max(1, s.options.Groups/shards), totalCap: max(1, s.options.Total/shards)}
		for j := range t.shards {
			t.shards[j].groups, t.shards[j].due = map[string]*group{}, math.MaxInt64
		}
		s.trackers = append(s.trackers, t)
		for ref, name := range c.Rules {
			t.names = append(t.names, groupNames(c, name))
			for r := range set.Rules {
				if is(name, set.Rules[r].ID, set.Rules[r].Name) {
					s.byRule[r] = append(s.byRule[r], use{i, ref})
				}
			}
			for k := range set.Correlations {
				if is(name, set.Correlations[k].ID, set.Correlations[k].Name) {
					s.byResult[k] = append(s.byResult[k], use{i, ref})
					s.silent[k] = true
					loud[k] = loud[k] || c.Generate
				}
			}
		}
	}
	for i, t := range s.trackers { // those that a correlation names stand before it
		t.keep += 2 * t.span
		for _, u := range s.byResult[i] {
			parent := s.trackers[u.correlation]
			parent.keep = max(parent.keep, t.keep)
		}
	}
	for i := range s.silent {
		s.silent[i] = s.silent[i] && !loud[i]
	}
	return s
}

func orDefault(n, otherwise int) int {
	if n > 0 {
		return n
	}
	return otherwise
}

func is(ref, id, name string) bool { return ref != "" && (ref == id || ref == name) }

// groupNames are the fields that hold the group's values in events of one rule.
func groupNames(c *sigma.Correlation, rule string) []string {
	var out []string
	for _, n := range c.GroupBy {
		if alias, ok := c.Aliases[n]; ok {
			n = alias[rule]
		}
		out = append(out, n)
	}
	return out
}

// whole says whether a condition is about a window that is over.
func whole(c *sigma.Correlation) bool {
	switch c.Type {
	case sigma.TemporalOrdered:
		return false
	case sigma.ValueAvg, sigma.ValuePercentile:
		return true
	}
	for _, b := range c.Conditions {
		if b.Compare != sigma.Greater && b.Compare != sigma.GreaterEqual {
			return true
		}
	}
	return false
}

// Observe takes an event and the rules that fired on it, and gives the correlations that fire. The worker still holds
// the event.
func (s *State) Observe(w *engine.Worker, hits []int, at Stamp) []Result {
	var out []Result
	var seen []use
	for _, h := range hits {
		seen = append(seen, s.byRule[h]...)
	}
	s.observe(&out, seen, occurrence{value: w.Value, time: at.Time, ids: []string{at.ID}})
	return out
}

// occurrence is an event, or a correlation that fired.
type occurrence struct {
	value func(name string) (string, bool)
	time  int64
	ids   []string
	// A correlation that fired is never late: that its window had to end first is no fault of its events.
	chained bool
}

// observe gives an occurrence to the correlations that name its rules. Those of one correlation and one group are one
// event.
func (s *State) observe(out *[]Result, seen []use, o occurrence) {
	for len(seen) > 0 {
		t := s.trackers[seen[0].correlation]
		var rest, mine []use
		for _, u := range seen {
			if u.correlation == t.index {
				mine = append(mine, u)
			} else {
				rest = append(rest, u)
			}
		}
		s.track(out, t, mine, o)
		seen = rest
	}
}

func (s *State) track(out *[]Result, t *tracker, refs []use, o occurrence) {
	if now := s.watermark.Load(); !o.chained && now > math.MinInt64+t.span && o.time < now-t.span {
		s.late.Add(1)
		return
	}
	type member struct {
		key   string
		pairs []Pair
		entry entry
	}
	var members []*member
	for _, u := range refs {
		pairs, key, ok := t.group(u.ref, o)
		e := entry{time: o.time, ids: o.ids}
		if !ok || !t.measure(&e, o) {
			s.ungrouped.Add(1)
			continue
		}
		i := slices.IndexFunc(members, func(m *member) bool { return m.key == key })
		if i < 0 {
			i = len(members)
			members = append(members, &member{key, pairs, e})
		}
		members[i].entry.rules[u.ref/64] |= 1 << (u.ref % 64)
	}
	for _, m := range members {
		sh := &t.shards[maphash.String(s.seed, m.key)%shards]
		sh.mu.Lock()
		results := s.insert(t, sh, groupOf{m.key, m.pairs}, m.entry)
		sh.mu.Unlock()
		s.report(out, results)
	}
}

// report hands results to those who see them: the caller, and correlations over them.
func (s *State) report(out *[]Result, results []Result) {
	for _, r := range results {
		if !s.silent[r.Correlation] {
			*out = append(*out, r)
		}
		s.observe(out, s.byResult[r.Correlation], occurrence{time: r.To, ids: r.Events, chained: true, value: func(name string) (string, bool) {
			for _, p := range r.Group {
				if p.Name == name {
					return p.Value, true
				}
			}
			return "", false
		}})
	}
}

// group gives the values of group-by and the key of the group.
func (t *tracker) group(ref int, o occurrence) ([]Pair, string, bool) {
	var pairs []Pair
	var key []byte
	for i, name := range t.names[ref] {
		v, ok := o.value(name)
		if !ok || v == "" {
			return nil, "", false
		}
		pairs = append(pairs, Pair{t.rule.GroupBy[i], v})
		v = sigma.Fold(v)
		key = append(key, byte(len(v)), byte(len(v)>>8), byte(len(v)>>16))
		key = append(key, v...)
	}
	return pairs, string(key), true
}

// measure takes what of an event counts; false when it has none of it.
func (t *tracker) measure(e *entry, o occurrence) bool {
	if t.rule.Field == "" {
		return true
	}
	v, ok := o.value(t.rule.Field)
	if !ok || v == "" {
		return false
	}
	if t.numeric {
		e.number, ok = engine.ParseNumber(v)
		return ok
	}
	e.text = sigma.Fold(v)
	return true
}

// Advance says that time has come to now (µs): events behind it by more than a timespan will be too late. It gives the
// correlations that fire because their window is over. Time does not go back.
func (s *State) Advance(now int64) []Result {
	for {
		old := s.watermark.Load()
		if now <= old {
			return nil
		}
		if s.watermark.CompareAndSwap(old, now) {
			break
		}
	}
	var out []Result
	for _, t := range s.trackers { // in the order of their needs: those of a chain come first
		for i := range t.shards {
			sh := &t.shards[i]
			sh.mu.Lock()
			var results []Result
			if t.whole && sh.due <= now {
				results = t.close(sh, now)
			}
			if now >= after(sh.swept, t.span) {
				t.sweep(sh, now)
				sh.swept = now
			}
			sh.mu.Unlock()
			s.report(&out, results)
		}
	}
	return out
}

// Stats says what is kept and what was lost so far.
func (s *State) Stats() Stats {
	out := Stats{Evicted: s.evicted.Load(), Late: s.late.Load(), Ungrouped: s.ungrouped.Load()}
	for _, t := range s.trackers {
		for i := range t.shards {
			sh := &t.shards[i]
			sh.mu.Lock()
			out.Groups += int64(len(sh.groups))
			out.Events += int64(sh.events)
			sh.mu.Unlock()
		}
	}
	return out
}

// Longest is the longest timespan, over which a state has to be fed again after it was lost.
func (s *State) Longest() time.Duration {
	var d time.Duration
	for _, t := range s.trackers {
		d = max(d, t.rule.Timespan)
	}
	return d
}
