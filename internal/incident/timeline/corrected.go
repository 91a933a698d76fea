package timeline

import (
	"context"
	"slices"
	"strconv"

	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

// The stored events stand by what their sources told. To give them by the corrected instants they are read in bands: each
// has the events whose clocks were wrong by about the same, so that within a band both orders are nearly the same, and
// little has to be read ahead. The bands are merged as every other source of entries is.

const (
	second = 1_000_000 // microseconds
	// mostBands bounds how many questions a page asks.
	mostBands = 8
	// narrow is the width in seconds below which bands are joined: to read so far ahead costs less than a question.
	narrow = 3
	// mostAhead bounds the entries that a band holds until their place is known.
	mostAhead = 100_000
)

var errClocks = problem.New(problem.Invalid, "the clocks of these sources changed too much to order so many events by corrected instants: choose the order of the told instants, or a shorter window")

// band is a range of estimates in whole seconds, both inclusive; not known: the events of clocks without an estimate.
type band struct {
	known    bool
	from, to int64
}

// least and most bound what the clocks of a band were wrong by, microseconds.
func (b band) least() int64 {
	if !b.known {
		return 0
	}
	return b.from * second
}

func (b band) most() int64 {
	if !b.known {
		return 0
	}
	return b.to*second + second - 1
}

// of restricts a question to the events of a band.
func (b band) of(q eventlog.Query) eventlog.Query {
	q.Where = slices.Clone(q.Where)
	if !b.known {
		q.Where = append(q.Where, eventlog.Condition{Field: eventlog.FieldSkew, Op: eventlog.Is, Values: []string{""}})
		return q
	}
	bound := func(op eventlog.Op, n int64) eventlog.Condition {
		return eventlog.Condition{Field: eventlog.FieldSkew, Op: op, Values: []string{strconv.FormatInt(n, 10)}}
	}
	q.Where = append(q.Where, bound(eventlog.AtLeast, b.from), bound(eventlog.AtMost, b.to))
	return q
}

// bandsOf puts the estimates that occur into few bands, each as narrow as it can be.
func bandsOf(counts []eventlog.Count) []band {
	var out []band
	unknown := false
	for _, c := range counts {
		n, err := strconv.ParseInt(c.Value, 10, 64)
		if err != nil {
			unknown = true
			continue
		}
		out = append(out, band{true, n, n})
	}
	slices.SortFunc(out, func(a, b band) int { return int(min(1, max(-1, a.from-b.from))) })
	for len(out) > 1 {
		best := 0
		for i := range len(out) - 1 {
			if out[i+1].to-out[i].from < out[best+1].to-out[best].from {
				best = i
			}
		}
		if len(out) <= mostBands && out[best+1].to-out[best].from >= narrow {
			break
		}
		out[best].to = out[best+1].to
		out = slices.Delete(out, best+1, best+2)
	}
	if unknown {
		out = append(out, band{})
	}
	return out
}

// corrected are the feeds of a question in the order of the corrected instants.
func (t *timeline) corrected(ctx context.Context, of eventlog.Query) ([]*feed, error) {
	counts, err := t.desk.Events.Count(ctx, of, eventlog.Bucket{By: eventlog.FieldSkew})
	if problem.KindOf(err) == problem.Forbidden {
		return nil, t.noEvents()
	}
	if err != nil {
		return nil, err
	}
	bands := bandsOf(counts)
	var out []*feed
	for _, b := range bands {
		q := of
		if len(bands) > 1 {
			q = b.of(of)
		}
		if f := t.ahead(b, q); f != nil {
			out = append(out, f)
		}
	}
	return out, nil
}

// ahead is the feed of a band: an entry is given when nothing that is not read yet can stand before it. It is nil when the
// page begins behind the whole band.
func (t *timeline) ahead(b band, of eventlog.Query) *feed {
	newest := t.merge.order == store.NewestFirst
	if p := t.merge.after; p != nil && newest {
		if to := p.At + b.most() + 1; of.To == 0 || to < of.To {
			of.To = to
		}
	} else if p != nil {
		of.From = max(of.From, p.At+b.least())
	}
	if of.To != 0 && of.To <= max(of.From, 0) {
		return nil
	}
	of.From = max(of.From, 0)
	read := t.told(of, eventlog.Mark{})
	var held []Entry
	return &feed{more: func(ctx context.Context) ([]Entry, bool, error) {
		got, reached, err := read(ctx)
		if err != nil {
			return nil, false, err
		}
		held = append(held, got...)
		slices.SortFunc(held, func(a, b Entry) int { return t.merge.compare(a.place(), b.place()) })
		if reached == (eventlog.Mark{}) {
			return held, false, nil
		}
		open := slices.IndexFunc(held, func(e Entry) bool {
			if newest {
				return e.at <= reached.At-b.least()
			}
			return e.at >= reached.At-b.most()
		})
		if open < 0 {
			open = len(held)
		}
		if len(held)-open > mostAhead {
			return nil, false, errClocks
		}
		out := slices.Clone(held[:open])
		held = append(held[:0], held[open:]...)
		return out, true, nil
	}}
}
