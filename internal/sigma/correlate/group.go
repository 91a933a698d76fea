package correlate

import (
	"math"
	"slices"

	"triward/internal/sigma"
)

// entry is an event of a group.
type entry struct {
	time   int64
	ids    []string
	rules  [2]uint64 // which of the correlation's rules fired
	text   string    // value_count
	number float64   // value_sum, value_avg, value_percentile
}

// group holds the events of one combination of values, in the order of time.
type group struct {
	pairs   []Pair
	entries []entry
	begin   int64 // of the window that is looked at as a whole
	fired   bool
	at      int64 // when it fired last
	window  window
}

// window is what is known of the entries from first on that were pushed.
type window struct {
	first  int
	next   int // entry that is pushed next
	counts map[string]int
	rules  []int // how many entries of each rule
	sum    float64
	chain  []int64 // temporal_ordered: by rule, when the newest order that comes so far began; before all time: none
}

// groupOf names a group.
type groupOf struct {
	key   string
	pairs []Pair
}

// insert adds an event to its group and says whether that makes the correlation fire.
func (s *State) insert(t *tracker, sh *shard, in groupOf, e entry) []Result {
	key := in.key
	for sh.groups[key] == nil && len(sh.groups) >= t.groupCap || sh.events >= t.totalCap {
		if !s.evict(t, sh, key) {
			break
		}
	}
	g := sh.groups[key]
	if g == nil {
		g = &group{pairs: in.pairs}
		sh.groups[key] = g
	}
	if len(g.entries) >= s.options.Events {
		n := max(g.old(t, s.watermark.Load()), len(g.entries)/4, 1)
		s.evicted.Add(int64(n - g.old(t, s.watermark.Load())))
		g.drop(n)
		sh.events -= n
	}
	at, _ := slices.BinarySearchFunc(g.entries, e.time, func(x entry, time int64) int {
		if x.time <= time {
			return -1
		}
		return 1
	})
	g.entries = slices.Insert(g.entries, at, e)
	sh.events++
	if t.whole {
		if len(g.entries) == 1 || e.time < g.begin {
			g.begin = e.time
			sh.due = min(sh.due, after(g.begin, t.span))
		}
		return nil
	}
	if at < g.window.next { // it came out of order: what was known of the window is not so
		g.window = window{}
	}
	return g.rising(t, at)
}

func after(time, span int64) int64 {
	if time > math.MaxInt64-span {
		return math.MaxInt64
	}
	return time + span
}

// rising looks at the windows that hold the entry at a place.
func (g *group) rising(t *tracker, at int) []Result {
	var out []Result
	last := after(g.entries[at].time, t.span)
	for end := at; end < len(g.entries) && g.entries[end].time <= last; end++ {
		now := g.entries[end].time
		for g.window.next <= end {
			g.window.push(t, &g.entries[g.window.next])
		}
		for g.entries[g.window.first].time < now-t.span {
			g.window.pop(t, &g.entries[g.window.first])
		}
		if g.fired && now <= after(g.at, t.span) && now >= g.at-t.span {
			continue
		}
		if n, ok := g.window.met(t, now); ok {
			out = append(out, t.result(g, g.entries[g.window.first:end+1], n))
			g.at = max(g.at, now)
			if !g.fired {
				g.fired, g.at = true, now
			}
		}
	}
	return out
}

func (w *window) push(t *tracker, e *entry) {
	w.next++
	w.sum += e.number
	switch t.rule.Type {
	case sigma.ValueCount:
		if w.counts == nil {
			w.counts = map[string]int{}
		}
		w.counts[e.text]++
	case sigma.Temporal:
		if w.rules == nil {
			w.rules = make([]int, len(t.rule.Rules))
		}
		for i := range w.rules {
			w.rules[i] += int(e.rules[i/64] >> (i % 64) & 1)
		}
	case sigma.TemporalOrdered:
		if w.chain == nil {
			w.chain = make([]int64, len(t.rule.Rules))
			for i := range w.chain {
				w.chain[i] = math.MinInt64
			}
		}
		for i := len(w.chain) - 1; i >= 0; i-- {
			if e.rules[i/64]>>(i%64)&1 == 0 {
				continue
			}
			if i == 0 {
				w.chain[0] = e.time
			} else {
				w.chain[i] = max(w.chain[i], w.chain[i-1])
			}
		}
	}
}

func (w *window) pop(t *tracker, e *entry) {
	w.first++
	w.sum -= e.number
	switch t.rule.Type {
	case sigma.ValueCount:
		if w.counts[e.text]--; w.counts[e.text] == 0 {
			delete(w.counts, e.text)
		}
	case sigma.Temporal:
		for i := range w.rules {
			w.rules[i] -= int(e.rules[i/64] >> (i % 64) & 1)
		}
	}
}

// met says whether the window that ends now meets the condition, and with what.
func (w *window) met(t *tracker, now int64) (float64, bool) {
	var n float64
	switch t.rule.Type {
	case sigma.EventCount:
		n = float64(w.next - w.first)
	case sigma.ValueCount:
		n = float64(len(w.counts))
	case sigma.ValueSum:
		n = w.sum
	case sigma.Temporal:
		for _, c := range w.rules {
			n += float64(min(c, 1))
		}
	case sigma.TemporalOrdered:
		if begin := w.chain[len(w.chain)-1]; begin == math.MinInt64 || begin < now-t.span {
			return 0, false
		}
		return float64(len(w.chain)), true
	}
	return n, t.holds(n)
}

func (t *tracker) holds(n float64) bool {
	for _, b := range t.rule.Conditions {
		if !b.Compare.Holds(n, b.Value) {
			return false
		}
	}
	return true
}

func (t *tracker) result(g *group, entries []entry, n float64) Result {
	r := Result{Correlation: t.index, Group: slices.Clone(g.pairs), From: entries[0].time, To: entries[len(entries)-1].time, Value: n}
	seen := map[string]bool{}
	for _, e := range entries {
		for _, id := range e.ids {
			if !seen[id] {
				seen[id] = true
				r.Events = append(r.Events, id)
			}
		}
	}
	return r
}

// close looks at the windows of a shard that are over.
func (t *tracker) close(sh *shard, now int64) []Result {
	var out []Result
	sh.due = math.MaxInt64
	for key, g := range sh.groups {
		for len(g.entries) > 0 && after(g.begin, t.span) <= now {
			end := after(g.begin, t.span)
			n := len(g.entries)
			if end < math.MaxInt64 {
				n, _ = slices.BinarySearchFunc(g.entries, end, func(x entry, time int64) int {
					if x.time < time {
						return -1
					}
					return 1
				})
			}
			if v := t.aggregate(g.entries[:n]); t.holds(v) {
				out = append(out, t.result(g, g.entries[:n], v))
			}
			g.entries = slices.Delete(g.entries, 0, n)
			sh.events -= n
			if len(g.entries) > 0 {
				g.begin = g.entries[0].time
			}
		}
		if len(g.entries) == 0 {
			delete(sh.groups, key)
			continue
		}
		sh.due = min(sh.due, after(g.begin, t.span))
	}
	slices.SortFunc(out, func(a, b Result) int { return compareTimes(a, b) })
	return out
}

func compareTimes(a, b Result) int {
	switch {
	case a.To < b.To:
		return -1
	case a.To > b.To:
		return 1
	}
	return slices.CompareFunc(a.Group, b.Group, func(x, y Pair) int {
		if x.Value < y.Value {
			return -1
		}
		if x.Value > y.Value {
			return 1
		}
		return 0
	})
}

// aggregate makes the number of a whole window.
func (t *tracker) aggregate(entries []entry) float64 {
	var w window
	for i := range entries {
		w.push(t, &entries[i])
	}
	switch t.rule.Type {
	case sigma.ValueAvg:
		return w.sum / float64(len(entries))
	case sigma.ValuePercentile:
		list := make([]float64, len(entries))
		for i := range entries {
			list[i] = entries[i].number
		}
		slices.Sort(list)
		rank := int(math.Ceil(t.rule.Percentile / 100 * float64(len(list))))
		return list[max(rank, 1)-1]
	}
	n, _ := w.met(t, 0)
	return n
}

// drop forgets the oldest entries.
func (g *group) drop(n int) {
	g.entries = slices.Delete(g.entries, 0, n)
	g.window = window{}
	if len(g.entries) > 0 {
		g.begin = g.entries[0].time
	}
}

// old is how many entries no window can hold any more.
func (g *group) old(t *tracker, now int64) int {
	n := 0
	if !t.whole && now > math.MinInt64+t.keep {
		for n < len(g.entries) && g.entries[n].time < now-t.keep {
			n++
		}
	}
	return n
}

// sweep drops entries that no window can hold any more.
func (t *tracker) sweep(sh *shard, now int64) {
	for key, g := range sh.groups {
		if n := g.old(t, now); n > 0 {
			g.drop(n)
			sh.events -= n
		}
		if len(g.entries) == 0 {
			delete(sh.groups, key)
		}
	}
}

// evict makes room for an event of one group: of a few others the one whose newest event is oldest goes. False when
// there is none.
func (s *State) evict(t *tracker, sh *shard, keep string) bool {
	const tries = 8
	t.sweep(sh, s.watermark.Load())
	var oldest *string
	newest, n := int64(math.MaxInt64), 0
	for key, g := range sh.groups { // in random order
		if key == keep {
			continue
		}
		if last := g.entries[len(g.entries)-1].time; oldest == nil || last < newest {
			oldest, newest = &key, last
		}
		if n++; n == tries {
			break
		}
	}
	if oldest == nil {
		return false
	}
	g := sh.groups[*oldest]
	sh.events -= len(g.entries)
	s.evicted.Add(int64(len(g.entries)))
	delete(sh.groups, *oldest)
	return true
}
