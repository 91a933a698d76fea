package pipeline_test

import (
	"context"
	"errors"
	"fmt"
	"sync/atomic"
	"testing"
	"time"

	"triward/internal/eventlog"
	"triward/internal/stream/streamtest"
)

// faultyLog is a real event log behind a fault: it is away, or slow.
type faultyLog struct {
	eventlog.Log
	away atomic.Bool
	hold chan struct{} // nil: not slow
}

var errAway = errors.New("the store is away")

func (f *faultyLog) Append(ctx context.Context, events []eventlog.Event) (int, error) {
	if f.hold != nil {
		<-f.hold
	}
	if f.away.Load() {
		return 0, errAway
	}
	return f.Log.Append(ctx, events)
}

func (f *faultyLog) Flush(ctx context.Context) error {
	if f.away.Load() {
		return errAway
	}
	return f.Log.Flush(ctx)
}

func (d *desk) batch(first int) {
	d.Helper()
	var all []string
	for i := range 500 {
		all = append(all, line(d.db.Now(), "pump1", fmt.Sprintf("record %d", first+i)))
	}
	d.publish(all...)
}

func (d *desk) count() int {
	n := 0
	d.ok(d.log.Scan(d.ctx, eventlog.Query{}, func(all []eventlog.Event) error { n += len(all); return nil }))
	return n
}

// Fault: the event store goes away under load and comes back. Everything waits in the stream, and is there once.
func TestStoreAwayAndBack(t *testing.T) {
	each(t, func(d *desk) {
		f := &faultyLog{Log: d.log}
		d.log = f
		d.run()
		d.batch(0)
		wait(d, 500)
		f.away.Store(true)
		d.batch(500)
		for deadline := time.Now().Add(streamtest.Patience); d.worker.Status().Failed == ""; time.Sleep(5 * time.Millisecond) {
			if time.Now().After(deadline) {
				d.Fatal("the worker does not say that it waits")
			}
		}
		if s, err := d.stream.Stats(d.ctx); err != nil || s.Packs == 0 || s.Oldest.IsZero() {
			d.Errorf("the backlog does not show: %+v, %v", s, err)
		}
		f.away.Store(false)
		for deadline := time.Now().Add(streamtest.Patience); d.count() < 1000; time.Sleep(20 * time.Millisecond) {
			if time.Now().After(deadline) {
				d.Fatalf("%d events", d.count())
			}
		}
		d.stop()
		streamtest.Empty(d.T, d.stream)
		if n := d.count(); n != 1000 {
			d.Errorf("%d events, want 1000", n)
		}
		if s := d.worker.Status(); s.Failed != "" {
			d.Errorf("it still says that it waits: %s", s.Failed)
		}
	})
}

// Fault: the event log is slow. The backlog shows, and nothing is lost.
func TestSlowConsumer(t *testing.T) {
	each(t, func(d *desk) {
		f := &faultyLog{Log: d.log, hold: make(chan struct{})}
		d.log = f
		d.run()
		for i := range 10 {
			d.batch(i * 500)
		}
		if s, err := d.stream.Stats(d.ctx); err != nil || s.Packs < 10 || s.Oldest.IsZero() {
			d.Errorf("the backlog does not show: %+v, %v", s, err)
		}
		if n := d.count(); n != 0 {
			d.Errorf("%d events", n)
		}
		close(f.hold)
		d.finish(5000)
		if n := d.count(); n != 5000 {
			d.Errorf("%d events, want 5000", n)
		}
	})
}

// Fault: the clock of this machine steps back under load. Events keep their ids apart, and nothing is lost.
func TestOurClockStepsBack(t *testing.T) {
	each(t, func(d *desk) {
		d.run()
		d.batch(0)
		wait(d, 500)
		d.clock.Advance(-time.Hour)
		d.batch(500)
		d.finish(1000)
		if n := d.count(); n != 1000 {
			d.Errorf("%d events, want 1000", n)
		}
	})
}
