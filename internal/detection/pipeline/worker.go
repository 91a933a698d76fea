package pipeline

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"runtime"
	"slices"
	"strings"
	"sync"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/store"
	"triward/internal/stream"
)

const (
	batchRecords = 8192            // that are worked on together
	heldEvents   = 100_000         // after which the event log is flushed
	heldTime     = 5 * time.Second // the same, since the first of them
	pause        = time.Second     // after a failure
)

// Worker takes records from the stream into the event log.
type Worker struct {
	Stream  *stream.Stream
	Events  eventlog.Writer
	DB      *store.DB
	Rules   *Rules // nil: nothing is detected
	Salt    []byte // of the digests that stand for patients
	Log     *slog.Logger
	Now     func() time.Time
	sources *sources
	inv     *Inventory
	health  *health
	parts   []*decode.Decoder

	mu   sync.Mutex
	stat Status

	held   []stream.Delivery
	events int       // of held
	since  time.Time // when the first of held came
	seen   map[string]*detection.Seen
	heard  map[string]detection.Heard
}

// Status is how the worker stands.
type Status struct {
	Since    time.Time // of this status
	Records  int64     // that were worked on since the start
	Events   int64     // that were new in the event log
	Held     int       // events that are not acknowledged yet
	Lag      time.Duration
	Failed   string // why it waits now; "" while it works
	FailedAt time.Time
}

// errStopped ends the consuming in order.
var errStopped = errors.New("stopped")

// Open makes a worker ready to run.
func Open(w *Worker) *Worker {
	w.sources, w.inv, w.health = newSources(w.DB), NewInventory(w.DB), &health{db: w.DB}
	for range min(runtime.GOMAXPROCS(0), 8) {
		w.parts = append(w.parts, decode.New(w.Salt))
	}
	return w
}

// Status says how the worker stands now.
func (w *Worker) Status() Status {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.stat
}

func (w *Worker) note(fn func(s *Status)) {
	w.mu.Lock()
	defer w.mu.Unlock()
	w.stat.Since = w.Now()
	fn(&w.stat)
}

// Run works until ctx ends; then it finishes what it holds. Whatever fails is tried again with the records that it is
// about; they stay in the stream meanwhile.
func (w *Worker) Run(ctx context.Context) {
	for ctx.Err() == nil {
		w.forget()
		working := context.WithoutCancel(ctx)
		err := w.Stream.Consume(working, batchRecords, func(working context.Context, given []stream.Delivery) error {
			if err := w.take(working, given); err != nil {
				return err
			}
			if ctx.Err() != nil {
				if err := w.settle(working); err != nil {
					w.Log.Error("what the worker held stays in the stream", "error", err)
				}
				return errStopped
			}
			return nil
		})
		if err == nil || errors.Is(err, errStopped) {
			return
		}
		if w.Rules != nil {
			w.Rules.forget()
		}
		w.Log.Error("events wait in the stream", "error", err)
		w.note(func(s *Status) { s.Failed, s.FailedAt = err.Error(), w.Now() })
		select {
		case <-time.After(pause):
		case <-ctx.Done():
		}
	}
}

// forget lets go of what is not acknowledged: it comes again.
func (w *Worker) forget() {
	w.held, w.events, w.since = nil, 0, time.Time{}
	w.seen, w.heard = map[string]*detection.Seen{}, map[string]detection.Heard{}
}

// take works on packs. They are acknowledged by settle.
func (w *Worker) take(ctx context.Context, given []stream.Delivery) error {
	ctx = store.WithActor(ctx, store.System("detection"))
	if len(given) > 0 {
		if err := w.follow(ctx); err != nil {
			return err
		}
		if w.since.IsZero() {
			w.since = w.Now()
		}
		noticed, seq, err := w.health.records(ctx)
		if err != nil {
			return fmt.Errorf("follow the health of sources: %w", err)
		}
		all := given
		if len(noticed) > 0 {
			all = append(slices.Clone(given), stream.Delivery{Messages: noticed})
		}
		if err := w.work(ctx, all); err != nil {
			return err
		}
		w.health.settled(seq)
		w.held = append(w.held, given...)
	}
	if len(w.held) > 0 && (w.events >= heldEvents || w.Now().Sub(w.since) >= heldTime) {
		return w.settle(ctx)
	}
	return nil
}

func (w *Worker) follow(ctx context.Context) error {
	if err := w.inv.Follow(ctx); err != nil {
		return fmt.Errorf("follow the inventory: %w", err)
	}
	if err := w.sources.follow(ctx); err != nil {
		return fmt.Errorf("follow the sources: %w", err)
	}
	if w.Rules == nil {
		return nil
	}
	if err := w.Rules.Follow(ctx); err != nil {
		return fmt.Errorf("follow the rules: %w", err)
	}
	return nil
}

func (w *Worker) work(ctx context.Context, given []stream.Delivery) error {
	var records []stream.Message
	for _, d := range given {
		records = append(records, d.Messages...)
	}
	n := min(len(w.parts), 1+len(records)/256)
	out := make([][]eventlog.Event, n)
	var wg sync.WaitGroup
	for i := range n {
		part := records[len(records)*i/n : len(records)*(i+1)/n]
		wg.Go(func() { out[i] = w.make(ctx, i, part) })
	}
	wg.Wait()
	events := slices.Concat(out...)
	w.measure(events)
	var hits []detection.Hit
	if w.Rules != nil { // in order: what a baseline learns first decides what it calls unusual
		var err error
		if hits, err = w.Rules.try(ctx, events); err != nil {
			return err
		}
	}
	added, err := w.Events.Append(ctx, events)
	if err != nil {
		return fmt.Errorf("append events: %w", err)
	}
	if _, err := (detection.Alerts{DB: w.DB}).Take(ctx, hits); err != nil {
		return fmt.Errorf("raise alerts: %w", err)
	}
	w.events += len(events)
	w.count(records, events, added)
	return nil
}

// make decodes and resolves a part of a batch.
func (w *Worker) make(ctx context.Context, part int, records []stream.Message) []eventlog.Event {
	out := make([]eventlog.Event, 0, len(records)+len(records)/8)
	for _, m := range records {
		s := w.sources.get(m.Source)
		format, name, _ := strings.Cut(m.Hint, "/")
		if m.Transport == stream.Damaged {
			format = "raw"
		}
		at := len(out)
		out = w.parts[part].Append(out, decode.Input{ID: m.ID, Source: m.Source, Received: m.Received, Payload: m.Payload, Format: format, Name: name, Zone: s.zone})
		for i := at; i < len(out); i++ {
			e := &out[i]
			if m.Transport == stream.Damaged {
				e.Fault = "the stream's pack was damaged"
			}
			w.inv.resolve(ctx, e, sender{site: s.site, address: hostOf(m)})
			if s.skew != nil && s.skew.known {
				e.Skew, e.SkewKnown = s.skew.value, true
			}
		}
	}
	return out
}

// measure takes the times of live records into the estimates of their sources' clocks. It holds for later batches, so that
// all records of a batch have the same.
func (w *Worker) measure(events []eventlog.Event) {
	latest := map[string]int64{}
	for i := range events {
		e := &events[i]
		if e.Time == 0 || e.Source == "" || !e.ID.Live() {
			continue
		}
		d := e.Time - e.Received
		if have, ok := latest[e.Source]; !ok || d > have {
			latest[e.Source] = d
		}
	}
	for id, d := range latest {
		w.sources.measured(id, d)
	}
}

// settle makes everything that is held durable and acknowledges it.
func (w *Worker) settle(ctx context.Context) error {
	if len(w.held) == 0 {
		return nil
	}
	ctx = store.WithActor(ctx, store.System("detection"))
	if err := w.Events.Flush(ctx); err != nil {
		return fmt.Errorf("flush the event log: %w", err)
	}
	if w.Rules != nil {
		if err := w.Rules.settle(ctx, w.Now()); err != nil {
			return err
		}
	}
	for _, d := range w.held {
		d.Ack()
	}
	w.tell(ctx)
	w.forget()
	w.note(func(s *Status) { s.Held, s.Failed = 0, "" })
	return nil
}

// count adds a batch to the counters of its sources and devices.
func (w *Worker) count(records []stream.Message, events []eventlog.Event, added int) {
	now := w.Now()
	of := func(source string) *detection.Seen {
		s := w.seen[source]
		if s == nil {
			s = &detection.Seen{Source: source}
			w.seen[source] = s
		}
		return s
	}
	var oldest int64
	for _, m := range records {
		if oldest == 0 || m.Received < oldest {
			oldest = m.Received
		}
		if m.Source == "" {
			continue
		}
		s := of(m.Source)
		s.Accepted++
		s.Bytes += int64(len(m.Payload))
		s.At = later(s.At, store.Time(m.Received))
	}
	for i := range events {
		e := &events[i]
		if e.Device != "" {
			h := w.heard[e.Device]
			w.heard[e.Device] = detection.Heard{Device: e.Device, Site: e.Site, Ward: e.Ward, At: later(h.At, store.Time(e.Received))}
		}
		if e.Source == "" {
			continue
		}
		s := of(e.Source)
		s.Stored++
		if e.Fault != "" {
			s.Faults++
		}
		s.Event = later(s.Event, store.Time(e.Time))
		s.Lag = now.Sub(store.Time(e.Received))
		s.Skew, s.SkewKnown = time.Duration(e.Skew)*time.Microsecond, e.SkewKnown
		if e.SkewKnown {
			s.Anchors = max(s.Anchors, w.sources.anchors(e.Source))
		}
	}
	w.note(func(s *Status) {
		s.Records += int64(len(records))
		s.Events += int64(added)
		s.Held = w.events
		s.Lag = now.Sub(store.Time(oldest))
	})
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// tell writes the counters down. They can be made again by nothing and prove nothing, so a failure is only said.
func (w *Worker) tell(ctx context.Context) {
	var seen []detection.Seen
	for _, s := range w.seen {
		seen = append(seen, *s)
	}
	var heard []detection.Heard
	for _, h := range w.heard {
		heard = append(heard, h)
	}
	if err := (detection.Sources{DB: w.DB}).Count(ctx, seen, heard); err != nil {
		w.Log.Warn("the counters of sources cannot be written", "error", err)
	}
}
