package main

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"log/slog"
	"net"
	"path/filepath"
	"sync"
	"syscall"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/pipeline"
	"triward/internal/eventlog/parquet"
	"triward/internal/ingest/receive"
	"triward/internal/store"
	"triward/internal/stream"
)

const (
	syslogRecords = 1_500_000
	syslogSenders = 4
)

// ingest measures the way of syslog records from TCP connections on loopback through the durable stream, decoding, the
// inventory and the rules of the pack into the event log, until the last one is acknowledged. The senders run on the same
// cores.
func (b *bench) ingest() error {
	ctx := store.WithActor(b.ctx, store.System("bench"))
	dir := filepath.Join(b.dir, "ingest")
	db, err := store.Open(ctx, "sqlite:"+filepath.Join(b.dir, "ingest.db"), store.Options{})
	if err != nil {
		return err
	}
	defer db.Close()
	if _, err := (detection.Rules{DB: db}).LoadPack(ctx); err != nil {
		return err
	}
	log := slog.New(slog.NewTextHandler(io.Discard, nil))
	kept, err := stream.Open(ctx, "dir:"+filepath.Join(dir, "stream"), log)
	if err != nil {
		return err
	}
	defer func() { _ = kept.Close() }()
	events, err := parquet.Open(ctx, db, filepath.Join(dir, "events"))
	if err != nil {
		return err
	}
	defer func() { _ = events.Close(context.WithoutCancel(ctx)) }()
	sources := detection.Sources{DB: db}
	intake, err := receive.Open(&receive.Intake{Publish: kept.Publish, Log: log,
		Resolve: func(_ context.Context, s receive.Sender) (receive.Source, error) {
			v, err := sources.Met(ctx, detection.SyslogTCP, s.Identity)
			return receive.Source{ID: v.ID}, err
		},
		Blind: func(_ context.Context, v detection.Blind) error { _, err := sources.NoteBlind(ctx, v); return err }})
	if err != nil {
		return err
	}
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return err
	}
	worker := pipeline.Open(&pipeline.Worker{Stream: kept, Events: events, DB: db, Rules: pipeline.NewRules(db, events, log), Salt: make([]byte, 32), Log: log, Now: db.Now})
	running, stop := context.WithCancel(ctx)
	var wg sync.WaitGroup
	for _, run := range []func(){func() { intake.Run(running) }, func() { worker.Run(running) }, func() { _ = (&receive.Syslog{Intake: intake}).Serve(running, l) }} {
		wg.Go(run)
	}
	defer wg.Wait()
	defer stop()
	began, spent := time.Now(), processorTime()
	if err := sendSyslog(l.Addr().String()); err != nil {
		return err
	}
	sent := time.Since(began)
	for worker.Status().Records < syslogRecords {
		if time.Since(began) > 10*time.Minute {
			return fmt.Errorf("only %d of %d records came", worker.Status().Records, syslogRecords)
		}
		time.Sleep(5 * time.Millisecond)
	}
	for waits := true; waits; time.Sleep(5 * time.Millisecond) {
		s, err := kept.Stats(ctx)
		if err != nil {
			return err
		}
		if waits = s.Packs > 0; waits && time.Since(began) > 10*time.Minute {
			return fmt.Errorf("%d packs are still in the stream", s.Packs)
		}
	}
	took := time.Since(began)
	spent = processorTime() - spent
	s, err := events.Stats(ctx)
	if err != nil {
		return err
	}
	b.rows = append(b.rows,
		row{"syslog over TCP into stream, rules and event log", syslogRecords / took.Seconds(), "events/s on all cores", "target", 50_000, true},
		row{"  processor time of an event, its sender included", float64(spent.Nanoseconds()) / 1000 / syslogRecords, "µs", "target", 40, false}, // 50,000 a second on two cores
		row{"  as the senders see it", syslogRecords / sent.Seconds(), "events/s", "", 0, true},
		row{"  lost of " + fmt.Sprint(syslogRecords), float64(syslogRecords - s.Events), "events", "target", 0, false},
		row{"  stored per event of 430 bytes", float64(s.Bytes) / float64(s.Events), "bytes", "target", 130, false})
	return nil
}

// processorTime is what this process has used.
func processorTime() time.Duration {
	var u syscall.Rusage
	if err := syscall.Getrusage(syscall.RUSAGE_SELF, &u); err != nil {
		return 0
	}
	return time.Duration(u.Utime.Nano() + u.Stime.Nano())
}

// sendSyslog writes records of about 430 bytes as fast as they are taken.
func sendSyslog(address string) error {
	errs := make(chan error, syslogSenders)
	for sender := range syslogSenders {
		go func() {
			c, err := net.Dial("tcp", address)
			if err != nil {
				errs <- err
				return
			}
			defer func() { _ = c.Close() }()
			var out bytes.Buffer
			for i := sender; i < syslogRecords; i += syslogSenders {
				fmt.Fprintf(&out, "<%d>1 %s pump%d.icu.example infusion %d STATUS [dev@32473 model=\"Rill 300\" channel=\"%d\" drug=\"none\" rate=\"%d.%d\"] Infusion running: volume %d ml of 500 ml given,"+
					" battery %d percent, door closed, line pressure %d mmHg, air detector armed, upstream occlusion none, downstream occlusion none, last self test passed, operator nurse%d at bedside,"+
					" alarm limits unchanged since the start of the shift, network signal good\n",
					30+i%4, time.Now().UTC().Format("2006-01-02T15:04:05.000000Z"), i%500, i%30000, i%4, i%200, i%10, i%500, i%100, 20+i%60, i%40)
				if out.Len() > 64<<10 {
					if _, err := c.Write(out.Bytes()); err != nil {
						errs <- err
						return
					}
					out.Reset()
				}
			}
			_, err = c.Write(out.Bytes())
			errs <- err
		}()
	}
	var err error
	for range syslogSenders {
		if e := <-errs; e != nil {
			err = e
		}
	}
	return err
}
