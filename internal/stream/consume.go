package stream

import (
	"context"
	"crypto/sha256"
	"sync"
	"time"

	"github.com/nats-io/nats.go/jetstream"
)

// Delivery is one pack for a consumer.
type Delivery struct {
	Messages []Message
	ack      func()
}

// Ack takes the pack out of the stream: its messages are where they belong, durably.
func (d Delivery) Ack() { d.ack() }

const (
	prefetch  = 64              // packs that wait in memory for who consumes
	idleAfter = time.Second / 2 // how long the next pack is waited for before who consumes is called without any
)

// Consume gives packs to fn in the order in which they were kept, until ctx ends (nil) or fn fails (its error). A call gets
// what is there, packs of about batch messages at most; it gets none when nothing came for half a second, so that it can
// look after what it holds. fn may return before it acknowledges a pack; until it does, nobody else gets the pack.
//
// When Consume returns, everything that is not acknowledged is free to come again, to this process or another one. A stream
// that is away is waited for.
func (s *Stream) Consume(ctx context.Context, batch int, fn func(context.Context, []Delivery) error) error {
	h := &held{packs: map[jetstream.Msg]struct{}{}}
	work, stop := context.WithCancel(ctx)
	alive, done := context.WithCancel(context.WithoutCancel(ctx))
	packs := make(chan Delivery, prefetch)
	var reading, keeping sync.WaitGroup
	reading.Go(func() { s.read(work, h, packs) })
	keeping.Go(func() { h.keepAlive(alive) })
	defer func() {
		stop()
		reading.Wait()
		done()
		keeping.Wait()
		h.release()
	}()
	for ctx.Err() == nil {
		if err := fn(ctx, gather(ctx, packs, batch)); err != nil {
			return err
		}
	}
	return nil
}

func gather(ctx context.Context, packs <-chan Delivery, batch int) []Delivery {
	var out []Delivery
	idle := time.NewTimer(idleAfter)
	defer idle.Stop()
	select {
	case d := <-packs:
		out = append(out, d)
	case <-idle.C:
		return nil
	case <-ctx.Done():
		return nil
	}
	for n := len(out[0].Messages); n < batch; {
		select {
		case d := <-packs:
			out = append(out, d)
			n += len(d.Messages)
		default:
			return out
		}
	}
	return out
}

// read takes packs from the server, through every loss of the connection, until ctx ends.
func (s *Stream) read(ctx context.Context, h *held, packs chan<- Delivery) {
	for ctx.Err() == nil {
		err := s.readLink(ctx, h, packs)
		if err != nil && ctx.Err() == nil {
			s.log.Warn("the stream cannot be read; it is tried again", "error", err)
			sleep(ctx, 200*time.Millisecond)
		}
	}
}

func (s *Stream) readLink(ctx context.Context, h *held, packs chan<- Delivery) error {
	l, err := s.current(ctx)
	if err != nil {
		return err
	}
	consumer, err := l.consumer(ctx)
	if err != nil {
		return err
	}
	in, err := consumer.Messages(jetstream.PullMaxMessages(prefetch), jetstream.PullExpiry(30*time.Second), jetstream.PullHeartbeat(2*time.Second))
	if err != nil {
		return err
	}
	defer in.Stop()
	for {
		m, err := in.Next(jetstream.NextContext(ctx))
		if err != nil {
			return err
		}
		select {
		case packs <- h.take(m):
		case <-ctx.Done():
			return nil
		}
	}
}

// held are the packs that were given out and are not acknowledged.
type held struct {
	mu    sync.Mutex
	packs map[jetstream.Msg]struct{}
}

func (h *held) take(m jetstream.Msg) Delivery {
	messages, err := unpack(m.Data())
	if err != nil {
		messages = []Message{damaged(m)}
	}
	h.mu.Lock()
	defer h.mu.Unlock()
	h.packs[m] = struct{}{}
	return Delivery{Messages: messages, ack: func() { h.ack(m) }}
}

// damaged is what cannot be read, as a message whose id is the same each time.
func damaged(m jetstream.Msg) Message {
	sum := sha256.Sum256(m.Data())
	out := Message{Transport: Damaged, Payload: m.Data()[:min(len(m.Data()), MaxPayload)]}
	copy(out.ID[:], sum[:])
	if meta, err := m.Metadata(); err == nil {
		out.Received = meta.Timestamp.UnixMicro()
	}
	return out
}

func (h *held) ack(m jetstream.Msg) {
	h.mu.Lock()
	delete(h.packs, m)
	h.mu.Unlock()
	// One that gets lost lets the pack come again.
	_ = m.Ack()
}

func (h *held) list() []jetstream.Msg {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := make([]jetstream.Msg, 0, len(h.packs))
	for m := range h.packs {
		out = append(out, m)
	}
	return out
}

// keepAlive tells the server, often enough, that the packs are still being worked on.
func (h *held) keepAlive(ctx context.Context) {
	for sleep(ctx, ackWait/3) {
		for _, m := range h.list() {
			_ = m.InProgress()
		}
	}
}

func (h *held) release() {
	for _, m := range h.list() {
		_ = m.Nak()
	}
}
