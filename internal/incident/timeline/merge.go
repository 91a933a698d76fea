package timeline

import (
	"context"

	"triward/internal/store"
)

// feed is one source of entries: it gives portions in the order of the timeline, beginning behind a place.
type feed struct {
	// more gives the next portion and whether there is another one. An empty portion is not the end.
	more func(ctx context.Context) (entries []Entry, again bool, err error)
	buf  []Entry
	done bool
}

// head is the next entry of a feed; nil after the last one.
func (f *feed) head(ctx context.Context) (*Entry, error) {
	for len(f.buf) == 0 && !f.done {
		got, again, err := f.more(ctx)
		if err != nil {
			return nil, err
		}
		f.buf, f.done = got, !again
	}
	if len(f.buf) == 0 {
		return nil, nil
	}
	return &f.buf[0], nil
}

// merged takes the entries of feeds in one order. An entry that two feeds have is given once, from the first of them.
type merged struct {
	feeds []*feed
	order store.Order
	after *place // behind which it begins; nil: at the first
}

// next is the next entry; nil after the last one.
func (m *merged) next(ctx context.Context) (*Entry, error) {
	for {
		var first *feed
		var best *Entry
		for _, f := range m.feeds {
			e, err := f.head(ctx)
			if err != nil {
				return nil, err
			}
			if e != nil && (best == nil || m.compare(e.place(), best.place()) < 0) {
				first, best = f, e
			}
		}
		if best == nil {
			return nil, nil
		}
		e := *best
		first.buf = first.buf[1:]
		if m.after != nil && m.compare(e.place(), *m.after) <= 0 {
			continue // it was given before
		}
		p := e.place()
		m.after = &p
		return &e, nil
	}
}

// compare is the order of the merge.
func (m *merged) compare(a, b place) int {
	if m.order == store.NewestFirst {
		return b.compare(a)
	}
	return a.compare(b)
}
