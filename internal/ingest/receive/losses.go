package receive

import (
	"context"
	"sync"
	"time"

	"triward/internal/detection"
)

// loss is records that were lost before they were accepted. Either the source or the sender is known, or neither.
type loss struct {
	source string
	from   Sender
	reason detection.BlindReason
	detail string
	n      int64 // detection.LostUnknown when nobody can know
	at     time.Time
}

type lossKey struct {
	source string
	from   Sender
	reason detection.BlindReason
}

type lossSum struct {
	first, last time.Time
	n           int64
	detail      string
}

// maxLosses is for how many senders losses are kept apart until they are reported; those beyond are told together.
const maxLosses = 10_000

// losses gathers what was lost until it is reported.
type losses struct {
	mu  sync.Mutex
	all map[lossKey]lossSum
	sum int64
}

func (l *losses) add(v loss) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[lossKey]lossSum{}
	}
	key := lossKey{v.source, v.from, v.reason}
	if _, ok := l.all[key]; !ok && len(l.all) >= maxLosses {
		key.source, key.from = "", Sender{}
	}
	l.sum += max(v.n, 0)
	l.all[key] = l.all[key].join(lossSum{first: v.at, last: v.at, n: v.n, detail: v.detail})
}

func (s lossSum) join(v lossSum) lossSum {
	if s.first.IsZero() {
		return v
	}
	if v.first.Before(s.first) {
		s.first = v.first
	}
	if v.last.After(s.last) {
		s.last = v.last
	}
	if s.n == detection.LostUnknown || v.n == detection.LostUnknown {
		s.n = detection.LostUnknown
	} else {
		s.n += v.n
	}
	return s
}

func (l *losses) take() map[lossKey]lossSum {
	l.mu.Lock()
	defer l.mu.Unlock()
	out := l.all
	l.all = nil
	return out
}

func (l *losses) back(key lossKey, s lossSum) {
	l.mu.Lock()
	defer l.mu.Unlock()
	if l.all == nil {
		l.all = map[lossKey]lossSum{}
	}
	l.all[key] = s.join(l.all[key])
}

func (l *losses) total() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.sum
}

// report keeps losses as blind intervals, again and again until ctx ends.
func (k *Intake) report(ctx context.Context) {
	t := time.NewTicker(reportPeriod)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			k.sayLosses(ctx)
		case <-ctx.Done():
			return
		}
	}
}

func (k *Intake) sayLosses(ctx context.Context) {
	var seen []detection.Seen
	for key, s := range k.losses.take() {
		source := key.source
		if source == "" && key.from.Identity != "" {
			if v, err := k.source(ctx, key.from); err == nil {
				source = v.ID
			}
		}
		err := k.Blind(ctx, detection.Blind{Source: source, Reason: key.reason, Started: s.first, Ended: s.last, Lost: s.n, Detail: s.detail})
		if err != nil {
			k.Log.Error("a blind interval cannot be kept; it is tried again", "source", source, "reason", key.reason, "lost", s.n, "error", err)
			k.losses.back(key, s)
			continue
		}
		if source != "" && s.n > 0 {
			seen = append(seen, detection.Seen{Source: source, At: s.last, Lost: s.n})
		}
	}
	if len(seen) == 0 || k.Count == nil {
		return
	}
	if err := k.Count(ctx, seen); err != nil {
		k.Log.Warn("lost records cannot be added to the counters", "error", err)
	}
}

// Stopped tells that nothing was taken since an instant until now, because the program did not run.
func (k *Intake) Stopped(since time.Time) {
	k.losses.add(loss{reason: detection.BlindStopped, n: detection.LostUnknown, at: since, detail: "Triward did not run"})
	k.losses.add(loss{reason: detection.BlindStopped, n: detection.LostUnknown, at: time.Now(), detail: "Triward did not run"})
}
