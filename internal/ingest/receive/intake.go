package receive

import (
	"context"
	"log/slog"
	"sync"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/stream"
)

// Sender is who a record came from, as the door sees it.
type Sender struct {
	Transport stream.Transport
	Identity  string // address, fingerprint of the certificate, id of the token, name
}

// Source is the registered source that a sender is.
type Source struct {
	ID     string // "": nobody knows the sender, and there is no room to note it
	Format string // that it is said to send; "" to find out
}

// Intake takes records of all doors to the stream. Its functions are set once, before Run.
type Intake struct {
	// Publish makes messages durable: stream.Stream.Publish.
	Publish func(ctx context.Context, messages []stream.Message) error
	// Resolve finds the source of a sender. Forbidden: nothing is taken from it.
	Resolve func(ctx context.Context, s Sender) (Source, error)
	// Blind keeps a time in which records were lost: detection.Sources.NoteBlind.
	Blind func(ctx context.Context, b detection.Blind) error
	// Count adds records to the counters of sources: detection.Sources.Count. May be nil.
	Count func(ctx context.Context, seen []detection.Seen) error
	Log   *slog.Logger

	ids     *eventlog.Minter
	sources senders
	losses  losses

	mu      sync.Mutex
	queue   []batch
	bytes   int           // of the queue and of what is being published
	filled  chan struct{} // holds one when the queue is not empty
	freed   chan struct{} // closed and made again when bytes fell
	stalled time.Time     // since when the stream refuses; zero while it takes
}

// batch is what one door got at once.
type batch struct {
	from     Sender
	messages []stream.Message
	size     int
}

const (
	maxWaiting   = 32 << 20 // bytes of records in memory, for all doors together
	maxTogether  = 1 << 20  // bytes that are published in one call
	perMessage   = 200      // bytes that a message takes beside its record
	drainTime    = 20 * time.Second
	publishTime  = 30 * time.Second
	reportPeriod = 5 * time.Second
)

// Open makes an intake ready for doors.
func Open(k *Intake) (*Intake, error) {
	k.filled, k.freed = make(chan struct{}, 1), make(chan struct{})
	var err error
	k.ids, err = eventlog.NewMinter()
	return k, err
}

// offer hands a batch over; it waits for room, which is how TCP pushes back.
func (k *Intake) offer(ctx context.Context, b batch) error {
	for {
		k.mu.Lock()
		if k.bytes+b.size <= maxWaiting || k.bytes == 0 {
			k.push(b)
			k.mu.Unlock()
			return nil
		}
		freed := k.freed
		k.mu.Unlock()
		select {
		case <-freed:
		case <-ctx.Done():
			return ctx.Err()
		}
	}
}

// tryOffer hands a batch over if there is room.
func (k *Intake) tryOffer(b batch) bool {
	k.mu.Lock()
	defer k.mu.Unlock()
	if k.bytes+b.size > maxWaiting {
		return false
	}
	k.push(b)
	return true
}

func (k *Intake) push(b batch) {
	k.queue = append(k.queue, b)
	k.bytes += b.size
	select {
	case k.filled <- struct{}{}:
	default:
	}
}

// take gives the next batches, in order.
func (k *Intake) take() []batch {
	k.mu.Lock()
	defer k.mu.Unlock()
	n, size := 0, 0
	for n < len(k.queue) && size < maxTogether {
		size += k.queue[n].size
		n++
	}
	out := append([]batch(nil), k.queue[:n]...)
	if k.queue = k.queue[n:]; len(k.queue) == 0 {
		k.queue = nil // lets go of the memory of a burst
	} else {
		select {
		case k.filled <- struct{}{}:
		default:
		}
	}
	return out
}

func (k *Intake) free(size int) {
	k.mu.Lock()
	defer k.mu.Unlock()
	k.bytes -= size
	close(k.freed)
	k.freed = make(chan struct{})
}

// Run publishes until ctx ends and everything that was handed over is published, or its time for that is over. Doors close
// before ctx ends.
func (k *Intake) Run(ctx context.Context) {
	var wg sync.WaitGroup
	reporting, stop := context.WithCancel(context.WithoutCancel(ctx))
	wg.Go(func() { k.report(reporting) })
	for ctx.Err() == nil {
		select {
		case <-k.filled:
			k.publish(ctx, k.take())
		case <-ctx.Done():
		}
	}
	drain, cancel := context.WithTimeout(context.WithoutCancel(ctx), drainTime)
	defer cancel()
	for all := k.take(); len(all) > 0; all = k.take() {
		k.publish(drain, all)
	}
	stop()
	wg.Wait()
	k.sayLosses(drain)
}

// publish makes batches durable. The stream that refuses is asked again until ctx ends; meanwhile the queue fills, and the
// doors push back.
func (k *Intake) publish(ctx context.Context, all []batch) {
	size := 0
	var messages []stream.Message
	for _, b := range all {
		size += b.size
		messages = append(messages, k.resolved(ctx, b)...)
	}
	defer k.free(size)
	for len(messages) > 0 {
		once, cancel := context.WithTimeout(context.WithoutCancel(ctx), publishTime)
		err := k.Publish(once, messages)
		cancel()
		if err == nil {
			k.flowing()
			return
		}
		if problem.KindOf(err) == problem.Invalid { // no door makes such a message
			k.Log.Error("records cannot be kept", "records", len(messages), "error", err)
			k.lose(messages, detection.BlindRefused, problem.Text(err))
			return
		}
		k.stall(err)
		select {
		case <-time.After(200 * time.Millisecond):
		case <-ctx.Done():
			if _, drains := ctx.Deadline(); drains {
				k.Log.Error("records are lost: the stream does not take them before the end", "records", len(messages), "error", err)
				k.lose(messages, detection.BlindStopped, problem.Text(err))
				return
			}
			// Run drains with a deadline; what is in hand goes first.
			var cancel context.CancelFunc
			ctx, cancel = context.WithTimeout(context.WithoutCancel(ctx), drainTime)
			defer cancel()
		}
	}
}

func (k *Intake) lose(messages []stream.Message, why detection.BlindReason, detail string) {
	for _, m := range messages {
		k.losses.add(loss{source: m.Source, reason: why, detail: detail, n: 1, at: time.UnixMicro(m.Received)})
	}
}

// resolved puts the source into the messages of a batch.
func (k *Intake) resolved(ctx context.Context, b batch) []stream.Message {
	s, err := k.source(ctx, b.from)
	if err != nil {
		k.losses.add(loss{reason: detection.BlindRefused, detail: "sender " + b.from.Identity + " is not a source", n: int64(len(b.messages)), at: time.Now()})
		return nil
	}
	for i := range b.messages {
		b.messages[i].Source = s.ID
		if b.messages[i].Hint == "" {
			b.messages[i].Hint = s.Format
		}
	}
	return b.messages
}

// source is who a sender is. Its error is that nothing may be taken from the sender; a registry that is full or away does
// not lose records, they only have no source.
func (k *Intake) source(ctx context.Context, s Sender) (Source, error) {
	now := time.Now()
	if v, ok := k.sources.get(s, now); ok {
		return v.Source, v.err
	}
	v, err := k.Resolve(context.WithoutCancel(ctx), s)
	if err != nil && problem.KindOf(err) != problem.Forbidden {
		if problem.KindOf(err) == "" {
			k.Log.Warn("the source of a sender cannot be found", "transport", s.Transport, "sender", s.Identity, "error", err)
		}
		v, err = Source{}, nil
	}
	k.sources.put(s, known{Source: v, err: err}, now)
	return v, err
}

func (k *Intake) stall(err error) {
	k.mu.Lock()
	first := k.stalled.IsZero()
	if first {
		k.stalled = time.Now()
	}
	k.mu.Unlock()
	if first {
		k.Log.Error("the stream takes nothing: senders are made to wait", "error", err)
	}
}

func (k *Intake) flowing() {
	k.mu.Lock()
	since := k.stalled
	k.stalled = time.Time{}
	k.mu.Unlock()
	if !since.IsZero() {
		k.Log.Warn("the stream takes records again", "after", time.Since(since).Round(time.Millisecond))
	}
}

// Status is how the intake stands.
type Status struct {
	Waiting int       // bytes of records in memory
	Limit   int       // of them
	Stalled time.Time // since when the stream refuses; zero while it takes
	Senders int       // that are known in memory
	Lost    int64     // records lost since the start
}

// Status says how the intake stands now.
func (k *Intake) Status() Status {
	k.mu.Lock()
	defer k.mu.Unlock()
	return Status{Waiting: k.bytes, Limit: maxWaiting, Stalled: k.stalled, Senders: k.sources.len(), Lost: k.losses.total()}
}
