// Package streamtest is the suite that every place of a stream passes.
package streamtest

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"log/slog"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/stream"
)

// Patience is how long a test waits for what must come.
const Patience = 30 * time.Second

// Quiet is a log that nobody reads.
func Quiet() *slog.Logger { return slog.New(slog.NewTextHandler(io.Discard, nil)) }

// Messages makes n messages whose ids count from first.
func Messages(first, n int) []stream.Message {
	out := make([]stream.Message, n)
	for i := range out {
		out[i] = stream.Message{Source: "src_1", Received: int64(first + i), Transport: stream.TCP, Peer: "192.0.2.1:514", Hint: "syslog",
			Payload: fmt.Appendf(nil, "<34>1 2026-11-28T10:00:00Z pump app - - - message %d", first+i)}
		binary.BigEndian.PutUint64(out[i].ID[8:], uint64(first+i))
	}
	return out
}

// Number is what an id of Messages counts.
func Number(id [16]byte) int { return int(binary.BigEndian.Uint64(id[8:])) }

// Collect consumes and acknowledges until want messages came, and returns all that came, also beyond.
func Collect(t *testing.T, s *stream.Stream, want int) []stream.Message {
	t.Helper()
	ctx, cancel := context.WithTimeout(context.Background(), Patience)
	defer cancel()
	var got []stream.Message
	idle := 0
	err := s.Consume(ctx, 1000, func(_ context.Context, given []stream.Delivery) error {
		for _, d := range given {
			got = append(got, d.Messages...)
			d.Ack()
		}
		if len(given) > 0 {
			idle = 0
			return nil
		}
		// Nothing came for a while: what is not there now does not come.
		if idle++; len(got) >= want || idle > 60 {
			return io.EOF
		}
		return nil
	})
	if err != nil && !errors.Is(err, io.EOF) {
		t.Fatal(err)
	}
	if len(got) < want {
		t.Fatalf("%d messages came, want %d", len(got), want)
	}
	return got
}

// Empty waits until nothing is in the stream.
func Empty(t *testing.T, s *stream.Stream) {
	t.Helper()
	for deadline := time.Now().Add(Patience); ; time.Sleep(20 * time.Millisecond) {
		stats, err := s.Stats(context.Background())
		if err == nil && stats.Packs == 0 && stats.Oldest.IsZero() {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("the stream still holds %d packs (%v)", stats.Packs, err)
		}
	}
}

// Run tests the place that address gives; each call of it gives a new, empty one. max is the limit in bytes that the place
// takes from an address that limited gives.
func Run(t *testing.T, address func(t *testing.T) string) {
	ctx := context.Background()
	open := func(t *testing.T, at string) *stream.Stream {
		t.Helper()
		s, err := stream.Open(ctx, at, Quiet())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { _ = s.Close() })
		return s
	}
	publish := func(t *testing.T, s *stream.Stream, m []stream.Message) {
		t.Helper()
		if err := s.Publish(ctx, m); err != nil {
			t.Fatal(err)
		}
	}
	t.Run("what was published comes, in order and whole", func(t *testing.T) {
		s := open(t, address(t))
		want := Messages(1, 10_000)
		want[0].Payload = nil
		want[1].Payload = make([]byte, stream.MaxPayload)
		publish(t, s, want)
		got := Collect(t, s, len(want))
		if d := cmp.Diff(want, got, cmp.Transformer("payload", func(b []byte) string { return string(b) })); d != "" {
			t.Errorf("-want +got:\n%.2000s", d)
		}
		Empty(t, s)
	})
	t.Run("the same batch again adds nothing", func(t *testing.T) {
		s := open(t, address(t))
		for range 3 {
			publish(t, s, Messages(1, 9000))
		}
		if got := Collect(t, s, 9000); len(got) != 9000 {
			t.Errorf("%d messages came, want 9000", len(got))
		}
	})
	t.Run("what was not acknowledged comes again", func(t *testing.T) {
		s := open(t, address(t))
		publish(t, s, Messages(1, 100))
		for range 2 {
			err := s.Consume(ctx, 1000, func(_ context.Context, given []stream.Delivery) error {
				if len(given) == 0 {
					return nil
				}
				return io.ErrUnexpectedEOF
			})
			if !errors.Is(err, io.ErrUnexpectedEOF) {
				t.Fatalf("Consume = %v, want the error of its function", err)
			}
		}
		if got := Collect(t, s, 100); len(got) != 100 {
			t.Errorf("%d messages came, want 100", len(got))
		}
	})
	t.Run("it survives the end of the program", func(t *testing.T) {
		at := address(t)
		s := open(t, at)
		publish(t, s, Messages(1, 5000))
		if err := s.Close(); err != nil {
			t.Fatal(err)
		}
		if err := s.Publish(ctx, Messages(1, 1)); problem.KindOf(err) != problem.Unavailable {
			t.Errorf("publish into a closed stream = %v", err)
		}
		s = open(t, at)
		publish(t, s, Messages(5001, 10))
		got := Collect(t, s, 5010)
		if len(got) != 5010 || Number(got[0].ID) != 1 {
			t.Errorf("%d messages came, the first is %d", len(got), Number(got[0].ID))
		}
	})
	t.Run("an acknowledgement may come later", func(t *testing.T) {
		s := open(t, address(t))
		publish(t, s, Messages(1, 10))
		publish(t, s, Messages(11, 10))
		var held []stream.Delivery
		seen := 0
		err := s.Consume(ctx, 5, func(_ context.Context, given []stream.Delivery) error {
			for _, d := range given {
				seen += len(d.Messages)
			}
			if held = append(held, given...); seen < 20 || len(given) > 0 {
				return nil
			}
			for _, d := range held {
				d.Ack()
			}
			return io.EOF
		})
		if !errors.Is(err, io.EOF) || seen != 20 {
			t.Fatalf("%v after %d messages", err, seen)
		}
		Empty(t, s)
	})
	t.Run("a full stream refuses, and takes again when there is room", func(t *testing.T) { full(t, open, address(t)) })
	t.Run("a message that is too large is refused, with all beside it", func(t *testing.T) {
		s := open(t, address(t))
		m := Messages(1, 2)
		m[1].Payload = make([]byte, stream.MaxPayload+1)
		if err := s.Publish(ctx, m); problem.KindOf(err) != problem.Invalid {
			t.Errorf("Publish = %v, want invalid", err)
		}
		Empty(t, s)
	})
}

func full(t *testing.T, open func(*testing.T, string) *stream.Stream, at string) {
	ctx := context.Background()
	s := open(t, at+"?max=1MB")
	kept := 0
	var err error
	for i := 0; i < 200 && err == nil; i++ {
		m := Messages(i, 1)
		m[0].Payload = make([]byte, 50_000)
		for j := range m[0].Payload { // what does not compress
			m[0].Payload[j] = byte((i*50_000 + j) * (j*j + 7919) >> 7)
		}
		if err = s.Publish(ctx, m); err == nil {
			kept++
		}
	}
	if problem.KindOf(err) != problem.Unavailable {
		t.Fatalf("after %d messages: %v, want unavailable", kept, err)
	}
	if got := Collect(t, s, kept); len(got) != kept {
		t.Errorf("%d messages came, want the %d that were kept", len(got), kept)
	}
	Empty(t, s)
	if err := s.Publish(ctx, Messages(1000, 1)); err != nil {
		t.Errorf("publish after there is room: %v", err)
	}
}
