package parquet

import (
	"cmp"
	"context"
	"runtime"
	"slices"
	"strconv"
	"sync"

	"triward/internal/eventlog"
	"triward/internal/problem"
)

// bucketKey is where an event counts.
type bucketKey struct {
	at    int64
	value string
}

// counter counts events by bucket.
type counter struct {
	eventlog.Bucket
	n map[bucketKey]int64
}

func newCounter(b eventlog.Bucket) *counter { return &counter{Bucket: b, n: map[bucketKey]int64{}} }

// begin is the begin of the bucket of a time.
func (c *counter) begin(at int64) int64 {
	if c.Width <= 0 {
		return 0
	}
	return at - (at%c.Width+c.Width)%c.Width
}

func (c *counter) add(at int64, value string, n int64) error {
	k := bucketKey{at, value}
	_, there := c.n[k]
	if !there && len(c.n) >= eventlog.MaxCounts {
		return problem.New(problem.Invalid, "more than %d buckets: choose a wider one, or a field with fewer values", eventlog.MaxCounts)
	}
	c.n[k] += n
	return nil
}

// Count counts events. See eventlog.Reader.
func (l *Log) Count(ctx context.Context, eq eventlog.Query, b eventlog.Bucket) ([]eventlog.Count, error) {
	eq.After, eq.Limit = eventlog.Mark{}, 0
	q, err := l.layout.query(eq)
	if err != nil {
		return nil, err
	}
	s := l.snapshot()
	defer s.release()
	total := newCounter(b)
	s.inTail(q, func(e *eventlog.Event) {
		if err == nil {
			err = total.add(total.begin(e.At()), eventlog.Fold(value(e, b.By)), 1)
		}
	})
	if err != nil {
		return nil, err
	}
	if err := q.countAll(ctx, q.places(s), total); err != nil {
		return nil, err
	}
	out := make([]eventlog.Count, 0, len(total.n))
	for k, n := range total.n {
		out = append(out, eventlog.Count{At: k.at, Value: k.value, N: n})
	}
	slices.SortFunc(out, func(a, b eventlog.Count) int { return cmp.Or(cmp.Compare(a.At, b.At), cmp.Compare(a.Value, b.Value)) })
	return out, nil
}

func value(e *eventlog.Event, by string) string {
	if by == "" {
		return ""
	}
	return e.Value(by)
}

// countAll counts in the groups, as many at once as there are processors.
func (q *query) countAll(ctx context.Context, places []place, total *counter) error {
	var mu sync.Mutex
	var first error
	next := 0
	take := func(err error) (place, bool) {
		mu.Lock()
		defer mu.Unlock()
		if first == nil {
			first = err
		}
		if first == nil {
			first = ctx.Err()
		}
		if first != nil || next == len(places) {
			return place{}, false
		}
		next++
		return places[next-1], true
	}
	var workers sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(places)) {
		workers.Go(func() {
			part := newCounter(total.Bucket)
			var err error
			for p, ok := take(nil); ok; p, ok = take(err) {
				err = q.count(p, part)
			}
			mu.Lock()
			defer mu.Unlock()
			for k, n := range part.n {
				if err := total.add(k.at, k.value, n); err != nil && first == nil {
					first = err
				}
			}
		})
	}
	workers.Wait()
	return first
}

// count counts in one group. When all of it falls into one bucket, its index has the answer.
func (q *query) count(p place, n *counter) error {
	g := p.info()
	if q.plain() && q.inside(g) && n.begin(g.First) == n.begin(g.Last) && (n.By == "" || n.By == "class") {
		for _, c := range g.Classes {
			class := ""
			if n.By != "" {
				class = strconv.Itoa(c.Class)
			}
			if err := n.add(n.begin(g.First), class, c.Events); err != nil {
				return err
			}
		}
		return nil
	}
	c, rows, err := q.find(p)
	if err != nil || c == nil {
		return err
	}
	values := coded{words: []string{""}, at: make([]int32, c.count(rows))}
	if n.By != "" {
		if values, err = q.values(c, rows, n.By); err != nil {
			return err
		}
	}
	if n.Width <= 0 {
		return values.count(n, func(int) int64 { return 0 })
	}
	at, err := c.numbers(columnAt, rows)
	if err != nil {
		return err
	}
	return values.count(n, func(i int) int64 { return n.begin(at[i]) })
}

// count adds runs of rows in the same bucket at once: rows rise by time.
func (v coded) count(n *counter, begin func(i int) int64) error {
	sums := make([]int64, len(v.words))
	for i := 0; i < len(v.at); {
		at := begin(i)
		clear(sums)
		for ; i < len(v.at) && begin(i) == at; i++ {
			sums[v.at[i]]++
		}
		for w, sum := range sums {
			if sum == 0 {
				continue
			}
			if err := n.add(at, eventlog.Fold(v.words[w]), sum); err != nil {
				return err
			}
		}
	}
	return nil
}

// values reads a field of rows as words.
func (q *query) values(c *columns, rows []int32, field string) (coded, error) {
	if cell := q.layout.cellOf(field); cell != nil {
		v, err := c.cell(cell, rows)
		for i, w := range v.words {
			if w == "0" && isPort(cell) {
				v.words[i] = ""
			}
		}
		return v, err
	}
	out := coded{at: make([]int32, 0, c.count(rows))}
	numbers := map[string]int32{}
	add := func(word string) {
		n, there := numbers[word]
		if !there {
			n = int32(len(out.words))
			numbers[word] = n
			out.words = append(out.words, word)
		}
		out.at = append(out.at, n)
	}
	switch field {
	case eventlog.FieldSkew:
		return c.skews(rows)
	case columnID:
		ids, err := c.ids(rows)
		for _, id := range ids {
			add(id.String())
		}
		return out, err
	case columnMessage, columnRaw:
		texts, err := c.bytes(field, rows)
		for _, t := range texts {
			add(string(t))
		}
		return out, err
	}
	names, err := c.lists("key", rows)
	if err != nil {
		return out, err
	}
	values, err := c.lists("value", rows)
	if err != nil {
		return out, err
	}
	for i, list := range names {
		word := ""
		if j, found := slices.BinarySearch(list, field); found {
			word = values[i][j]
		}
		add(word)
	}
	return out, nil
}
