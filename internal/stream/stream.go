package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"strings"
	"sync"
	"time"

	"github.com/nats-io/nats.go"
	"github.com/nats-io/nats.go/jetstream"

	"triward/internal/problem"
)

const (
	streamName   = "TRIWARD_EVENTS"
	subject      = "triward.events"
	consumerName = "detection"

	maxPublishing = 64               // packs that wait for the server's acknowledgement
	maxDelivered  = 16384            // packs that wait for the consumer's
	tryTime       = 5 * time.Second  // of one try to publish
	ackWait       = 10 * time.Second // after which a pack of a consumer that is silent comes again
	dedupeWindow  = 2 * time.Minute
)

// Stream keeps messages. It is safe for use by many goroutines.
type Stream struct {
	at    place
	log   *slog.Logger
	slots chan struct{} // one for each pack that is being published

	mu     sync.Mutex
	link   *link // nil after a failed start of the server in this process
	closed bool
}

// link is one connection.
type link struct {
	nc   *nats.Conn
	js   jetstream.JetStream
	stop func() // ends the server in this process
}

func (l *link) close() {
	l.nc.Close()
	l.stop()
}

// Open opens the stream at an address and makes it when it is not there:
//
//	dir:/path?max=50GB&reserve=512MB        server in this process; one process at a time, Conflict for a second one
//	nats://host:4222,nats://other:4222?replicas=3&credentials=FILE&max=50GB
//
// max bounds the stream, reserve is what stays free on the disk. The servers of a cluster decide themselves when they sync:
// what is said of durability holds for them with sync_interval: always or with three replicas on different machines.
// Unavailable: the servers cannot be reached or are not fit.
func Open(ctx context.Context, address string, log *slog.Logger) (*Stream, error) {
	at, err := parse(address)
	if err != nil {
		return nil, err
	}
	s := &Stream{at: at, log: log, slots: make(chan struct{}, maxPublishing)}
	if s.link, err = s.connect(ctx); err != nil {
		return nil, fmt.Errorf("open stream: %w", err)
	}
	return s, nil
}

var errClosed = problem.New(problem.Unavailable, "the stream is closed")

// Close ends the connection, and the server where it is in this process. What is not acknowledged comes again after the
// next Open.
func (s *Stream) Close() error {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.closed = true
	if s.link != nil {
		s.link.close()
		s.link = nil
	}
	return nil
}

func (s *Stream) connect(ctx context.Context) (*link, error) {
	var l *link
	var err error
	if s.at.dir != "" {
		l, err = startServer(ctx, s.at, s.log)
	} else {
		l, err = dial(s.at)
	}
	if err != nil {
		return nil, err
	}
	if err := s.prepare(ctx, l); err != nil {
		l.close()
		return nil, err
	}
	return l, nil
}

func dial(at place) (*link, error) {
	options := []nats.Option{nats.Name("triward"), nats.MaxReconnects(-1), nats.ReconnectWait(500 * time.Millisecond), nats.Timeout(5 * time.Second)}
	if at.credentials != "" {
		options = append(options, nats.UserCredentials(at.credentials))
	}
	nc, err := nats.Connect(at.servers, options...)
	if err != nil {
		return nil, problem.New(problem.Unavailable, "cannot reach the stream's servers: %v", err)
	}
	if got := nc.MaxPayload(); got < maxStored {
		nc.Close()
		return nil, problem.New(problem.Unavailable, "the stream's servers take messages of %d bytes; set max_payload to at least 4MB", got)
	}
	return newLink(nc, func() {})
}

func newLink(nc *nats.Conn, stop func()) (*link, error) {
	js, err := jetstream.New(nc, jetstream.WithDefaultTimeout(tryTime))
	if err != nil {
		nc.Close()
		stop()
		return nil, err
	}
	return &link{nc: nc, js: js, stop: stop}, nil
}

// consumer is what the acknowledgements belong to; it is made when it is not there.
func (l *link) consumer(ctx context.Context) (jetstream.Consumer, error) {
	return l.js.CreateOrUpdateConsumer(ctx, streamName, jetstream.ConsumerConfig{Durable: consumerName, AckPolicy: jetstream.AckExplicitPolicy,
		DeliverPolicy: jetstream.DeliverAllPolicy, AckWait: ackWait, MaxAckPending: maxDelivered, MaxDeliver: -1})
}

// prepare makes the stream. Acknowledged packs leave it; when it is full it refuses.
func (s *Stream) prepare(ctx context.Context, l *link) error {
	limit := int64(-1)
	if s.at.max > 0 {
		limit = s.at.max
	}
	_, err := l.js.CreateOrUpdateStream(ctx, jetstream.StreamConfig{Name: streamName, Subjects: []string{subject}, Retention: jetstream.WorkQueuePolicy,
		Storage: jetstream.FileStorage, Discard: jetstream.DiscardNew, MaxBytes: limit, MaxMsgSize: maxStored, Duplicates: dedupeWindow, Replicas: s.at.replicas})
	if err != nil {
		return problem.New(problem.Unavailable, "cannot make the stream: %v", err)
	}
	if s.at.dir != "" {
		// Nobody else consumes: what an ended process held need not wait until its time is over.
		if err := l.js.DeleteConsumer(ctx, streamName, consumerName); err != nil && !errors.Is(err, jetstream.ErrConsumerNotFound) {
			return problem.New(problem.Unavailable, "cannot renew the consumer of the stream: %v", err)
		}
	}
	return nil
}

// current is the connection; it starts the server in this process again where that failed before.
func (s *Stream) current(ctx context.Context) (*link, error) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.closed {
		return nil, errClosed
	}
	if s.link == nil {
		l, err := s.connect(ctx)
		if err != nil {
			return nil, err
		}
		s.link = l
	}
	return s.link, nil
}

// renew takes a connection away that does not answer. A server in this process that could not write refuses everything from
// then on; a new one reads what is on the disk and goes on. A connection to servers elsewhere mends itself.
func (s *Stream) renew(old *link) {
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.at.dir == "" || s.link != old || s.closed {
		return
	}
	s.log.Warn("the stream does not answer: its server is started again")
	old.close()
	s.link = nil
}

// Publish keeps messages and returns when they are on disk. What the server does not acknowledge is published again under
// the same id until ctx ends. Invalid: a message is too large, and none was kept. Unavailable: the stream or the disk is
// full, or ctx ended; some of the messages may be kept, and publishing the same ones again adds none of them twice.
func (s *Stream) Publish(ctx context.Context, messages []Message) error {
	for i, m := range messages {
		if err := m.check(); err != nil {
			return problem.About(err, "message %d", i+1)
		}
	}
	for len(messages) > 0 {
		n := portion(messages)
		data, id, err := pack(messages[:n])
		if err != nil {
			return err
		}
		if err := s.publish(ctx, id, data); err != nil {
			return err
		}
		messages = messages[n:]
	}
	return nil
}

func (s *Stream) publish(ctx context.Context, id string, data []byte) error {
	select {
	case s.slots <- struct{}{}:
		defer func() { <-s.slots }()
	case <-ctx.Done():
		return problem.New(problem.Unavailable, "the stream is busy")
	}
	pause := 20 * time.Millisecond
	for {
		err := s.try(ctx, id, data)
		if err == nil || problem.KindOf(err) != "" {
			return err
		}
		if ctx.Err() != nil {
			return problem.New(problem.Unavailable, "the stream does not answer: %v", err)
		}
		s.log.Warn("publish again", "pack", id, "error", err)
		if !sleep(ctx, pause) {
			return problem.New(problem.Unavailable, "the stream does not answer: %v", err)
		}
		pause = min(2*pause, time.Second)
	}
}

// try publishes once. Its error is a problem when a repetition makes no sense.
func (s *Stream) try(ctx context.Context, id string, data []byte) error {
	if err := s.at.room(int64(len(data))); err != nil {
		return err
	}
	l, err := s.current(ctx)
	switch {
	case errors.Is(err, errClosed):
		return err
	case err != nil: // the reason may pass
		return fmt.Errorf("start the stream again: %s", problem.Text(err))
	}
	once, cancel := context.WithTimeout(ctx, tryTime)
	defer cancel()
	_, err = l.js.PublishMsg(once, &nats.Msg{Subject: subject, Data: data}, jetstream.WithMsgID(id), jetstream.WithExpectStream(streamName))
	switch {
	case err == nil:
		return nil
	case isFull(err):
		return problem.New(problem.Unavailable, "the stream is full: %d bytes", s.at.max)
	case ctx.Err() == nil:
		s.renew(l)
	}
	return err
}

// isFull tells the refusal of a stream that reached its limit, which has no code of its own.
func isFull(err error) bool {
	var refused *jetstream.APIError
	return errors.As(err, &refused) && strings.Contains(refused.Description, "maximum bytes exceeded")
}

func sleep(ctx context.Context, d time.Duration) bool {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return true
	case <-ctx.Done():
		return false
	}
}

// Stats says what waits.
type Stats struct {
	Packs   uint64    // that are not acknowledged
	Bytes   uint64    // on disk
	Given   int       // packs of them that a consumer holds
	Oldest  time.Time // when the first of them was kept; zero without any
	Limit   int64     // bytes; 0: the disk
	Reserve int64     // bytes of the disk that stay free
}

// Stats reads what waits now.
func (s *Stream) Stats(ctx context.Context) (Stats, error) {
	l, err := s.current(ctx)
	if err != nil {
		return Stats{}, err
	}
	in, err := l.js.Stream(ctx, streamName)
	if err != nil {
		return Stats{}, problem.New(problem.Unavailable, "the stream does not answer: %v", err)
	}
	state := in.CachedInfo().State
	out := Stats{Packs: state.Msgs, Bytes: state.Bytes, Limit: s.at.max, Reserve: s.at.reserve}
	switch consumer, err := in.Consumer(ctx, consumerName); {
	case err == nil:
		out.Given = consumer.CachedInfo().NumAckPending
	case !errors.Is(err, jetstream.ErrConsumerNotFound): // nobody has consumed yet
		return Stats{}, problem.New(problem.Unavailable, "the stream does not answer: %v", err)
	}
	if state.Msgs > 0 {
		out.Oldest = state.FirstTime.UTC()
	}
	return out, nil
}
