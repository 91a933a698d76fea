package pipeline_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/pipeline"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/stream"
	"triward/internal/stream/streamtest"
	"triward/internal/testdb"
)

// desk is a worker between a real stream and a real event log.
type desk struct {
	*testing.T
	ctx    context.Context
	db     *store.DB
	clock  *testdb.Clock
	stream *stream.Stream
	log    eventlog.Log
	source string
	ids    *eventlog.Minter
	worker *pipeline.Worker
	stop   func()
}

func each(t *testing.T, fn func(d *desk)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		d := &desk{T: t, ctx: testdb.System(), db: db, clock: c}
		var err error
		if d.stream, err = stream.Open(d.ctx, "dir:"+filepath.Join(t.TempDir(), "stream"), streamtest.Quiet()); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.stream.Close() })
		if d.log, err = parquet.Open(d.ctx, db, filepath.Join(t.TempDir(), "events")); err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { d.log.Close(d.ctx) })
		if d.ids, err = eventlog.NewMinter(); err != nil {
			t.Fatal(err)
		}
		s, err := (detection.Sources{DB: db}).Met(d.ctx, detection.SyslogTCP, "192.0.2.9")
		if err != nil {
			t.Fatal(err)
		}
		d.source = s.ID
		fn(d)
	})
}

func (d *desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(err)
	}
}

// run starts the worker.
func (d *desk) run() {
	d.worker = pipeline.Open(&pipeline.Worker{Stream: d.stream, Events: d.log, DB: d.db, Rules: pipeline.NewRules(d.db, d.log, streamtest.Quiet()), Salt: make([]byte, 32), Log: streamtest.Quiet(), Now: d.db.Now})
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() { d.worker.Run(ctx) })
	d.stop = sync.OnceFunc(func() { cancel(); wg.Wait() })
	d.Cleanup(d.stop)
}

// finish waits until n records were worked on and ends the worker in order.
func (d *desk) finish(n int64) {
	d.Helper()
	for deadline := time.Now().Add(streamtest.Patience); d.worker.Status().Records < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.Fatalf("%d records were worked on, want %d: %s", d.worker.Status().Records, n, d.worker.Status().Failed)
		}
	}
	d.stop()
	streamtest.Empty(d.T, d.stream)
}

func (d *desk) publish(records ...string) {
	d.Helper()
	d.ok(d.stream.Publish(d.ctx, d.messages(records...)))
}

func (d *desk) messages(records ...string) []stream.Message {
	var m []stream.Message
	for _, r := range records {
		at := d.db.Now().UnixMicro()
		m = append(m, stream.Message{ID: d.ids.Next(at), Source: d.source, Received: at, Transport: stream.TCP, Peer: "192.0.2.9:40000", Payload: []byte(r)})
	}
	return m
}

func (d *desk) events() []eventlog.Event {
	d.Helper()
	p, err := d.log.Search(d.ctx, eventlog.Query{Limit: 1000})
	d.ok(err)
	return p.Events
}

func line(at time.Time, host, text string) string {
	return fmt.Sprintf("<34>1 %s %s app - - - %s", at.UTC().Format(time.RFC3339Nano), host, text)
}

func TestRecordsBecomeEventsOfDevices(t *testing.T) {
	each(t, func(d *desk) {
		fleet := device.Fleet{DB: d.db}
		site, err := fleet.AddSite(d.ctx, "Main")
		d.ok(err)
		begun := d.db.Now()
		id, err := fleet.Register(d.ctx, device.Device{AssetTag: "PUMP-1", RawVendor: "Northmere Medical", RawModel: "Rill 300", Site: site, Ward: "ICU", Zone: "clinical", InUse: product.Yes,
			Identities: []device.Identity{{Kind: network.Hostname, Value: "pump1", Since: begun}}})
		d.ok(err)
		d.clock.Advance(time.Hour)
		moved := d.db.Now()
		v, err := view(d, id)
		d.ok(err)
		v.Ward, v.InUse = "Ward 7", product.No
		d.ok(fleet.Change(d.ctx, v))
		d.clock.Advance(time.Hour)
		d.run()
		d.publish(line(begun.Add(-time.Minute), "pump1", "before it was there"), line(moved.Add(-time.Minute), "pump1", "in the ward of old"), line(moved.Add(time.Minute), "pump1", "in the new ward"),
			line(moved.Add(time.Minute), "stranger", "of another"), "nonsense \xff")
		d.finish(5)
		type said struct{ device, ward, zone, use, site string }
		want := map[string]said{
			"before it was there": {},
			"in the ward of old":  {string(id), "ICU", "clinical", "in_use", string(site)},
			"in the new ward":     {string(id), "Ward 7", "clinical", "not_in_use", string(site)},
			"of another":          {},
		}
		raw := 0
		for _, e := range d.events() {
			w, ok := want[e.Message]
			if !ok {
				raw++
				if string(e.Raw) != "nonsense \xff" {
					d.Errorf("event %q: raw %q", e.Message, e.Raw)
				}
				continue
			}
			if got := (said{e.Device, e.Ward, e.Zone, e.Field("dev.in_use"), e.Site}); got != w {
				d.Errorf("%s: %+v, want %+v", e.Message, got, w)
			}
			delete(want, e.Message)
		}
		if len(want) > 0 || raw != 1 {
			d.Errorf("missing: %v; %d records that cannot be decoded", want, raw)
		}
	})
}

func view(d *desk, id device.ID) (v device.Device, err error) {
	err = d.db.View(d.ctx, func(r store.Reader) error { v, err = device.Get(d.ctx, r, id); return err })
	return v, err
}

// The inventory is followed while the worker runs.
func TestLaterChangesOfTheInventoryCount(t *testing.T) {
	each(t, func(d *desk) {
		d.run()
		d.publish(line(d.db.Now(), "pump9", "unknown"))
		wait(d, 1)
		id, err := device.Fleet{DB: d.db}.Register(d.ctx, device.Device{AssetTag: "PUMP-9", RawVendor: "N", RawModel: "R", Identities: []device.Identity{{Kind: network.Hostname, Value: "pump9"}}})
		d.ok(err)
		d.clock.Advance(time.Second)
		d.publish(line(d.db.Now(), "PUMP9.ward.example", "known"))
		d.finish(2)
		for _, e := range d.events() {
			if want := map[string]string{"unknown": "", "known": string(id)}[e.Message]; e.Device != want {
				d.Errorf("%s: device %q, want %q", e.Message, e.Device, want)
			}
		}
	})
}

func wait(d *desk, n int64) {
	d.Helper()
	for deadline := time.Now().Add(streamtest.Patience); d.worker.Status().Records < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.Fatalf("%d records were worked on, want %d: %s", d.worker.Status().Records, n, d.worker.Status().Failed)
		}
	}
}

const rule = `title: Console unlocked
id: 0b9d1a0e-0000-4000-8000-000000000001
status: test
description: A console was unlocked.
level: high
logsource:
  product: medical
  category: device
detection:
  selection:
    message|contains: unlocked
  condition: selection
`

func TestRulesRaiseAlertsOnce(t *testing.T) {
	each(t, func(d *desk) {
		_, err := detection.Rules{DB: d.db}.Load(d.ctx, detection.FromPack, []detection.RuleText{{ID: "0b9d1a0e-0000-4000-8000-000000000001", Path: "console.yml", Title: "Console unlocked",
			Level: detection.High, Digest: "0b9d", Body: rule}}, 0)
		d.ok(err)
		d.publish(line(d.db.Now(), "pump1", "console unlocked"), line(d.db.Now(), "pump1", "console locked"))
		d.run()
		d.finish(2)
		alerts := func() (n int, events int64) {
			d.ok(d.db.View(d.ctx, func(r store.Reader) error {
				p, err := detection.ListAlerts(d.ctx, r, detection.AlertQuery{})
				for _, a := range p.Items {
					n++
					events += a.Hits
				}
				return err
			}))
			return n, events
		}
		if n, events := alerts(); n != 1 || events != 1 {
			d.Errorf("%d alerts of %d events, want one of one", n, events)
		}
		if n := len(d.events()); n != 2 {
			d.Errorf("%d events", n)
		}
	})
}

const correlation = `title: Console unlocked
name: unlocked
logsource:
  category: device
detection:
  selection:
    message|contains: unlocked
  condition: selection
---
title: Console unlocked again and again
id: 0b9d1a0e-0000-4000-8000-000000000002
level: high
correlation:
  type: event_count
  rules: [unlocked]
  group-by: [host]
  timespan: 1h
  condition:
    gte: 4
`

// A correlation joins what came before the program was stopped with what comes afterwards, and what comes twice counts once.
func TestWindowsOfCorrelationsOutliveTheProgram(t *testing.T) {
	each(t, func(d *desk) {
		_, err := detection.Rules{DB: d.db}.Load(d.ctx, detection.FromPack, []detection.RuleText{{ID: "0b9d1a0e-0000-4000-8000-000000000002", Path: "again.yml", Title: "Console unlocked again and again",
			Level: detection.High, Digest: "0b9e", Body: correlation}}, 0)
		d.ok(err)
		fired := func() (out []string) {
			d.ok(d.db.View(d.ctx, func(r store.Reader) error {
				p, err := detection.ListAlerts(d.ctx, r, detection.AlertQuery{})
				for _, a := range p.Items {
					out = append(out, a.Explanation.Joined)
				}
				return err
			}))
			return out
		}
		unlocked := func() string { return line(d.db.Now(), "pump1", "console unlocked") }
		before := d.messages(unlocked(), unlocked())
		d.ok(d.stream.Publish(d.ctx, before))
		d.run()
		d.finish(2)
		d.ok(d.stream.Publish(d.ctx, append(d.messages(unlocked()), before...)))
		d.run()
		d.finish(3)
		if got := fired(); len(got) != 0 {
			d.Fatalf("three events, two of them twice, are %v", got)
		}
		d.publish(unlocked())
		d.run()
		d.finish(1)
		if got := fired(); len(got) != 1 || got[0] != "4 events of host pump1" {
			d.Errorf("four events in three lives of the program are %q", got)
		}
	})
}

// What correlations had no room for is said where other things that were not seen are said.
func TestEvictedEventsOfCorrelationsAreTold(t *testing.T) {
	each(t, func(d *desk) {
		_, err := detection.Rules{DB: d.db}.Load(d.ctx, detection.FromPack, []detection.RuleText{{ID: "0b9d1a0e-0000-4000-8000-000000000002", Path: "again.yml", Title: "Console unlocked again and again",
			Level: detection.High, Digest: "0b9f", Body: strings.ReplaceAll(correlation, "gte: 4", "gte: 50000")}}, 0)
		d.ok(err)
		const n = 10_100 // a group has room for 10,000
		records := make([]string, n)
		for i := range records {
			records[i] = line(d.db.Now(), "pump1", "console unlocked")
		}
		d.publish(records...)
		d.run()
		d.finish(n)
		var blind []detection.Blind
		d.ok(d.db.View(d.ctx, func(r store.Reader) error {
			p, err := detection.Blinds(d.ctx, r, detection.BlindQuery{})
			blind = p.Items
			return err
		}))
		if len(blind) != 1 || blind[0].Reason != detection.BlindNoRoom || blind[0].Lost < 100 || blind[0].Ended.IsZero() {
			d.Errorf("blind intervals: %+v", blind)
		}
	})
}

// The clock of a source is estimated; its records keep their time. A step of the clock shows after some batches.
func TestSkewOfASource(t *testing.T) {
	each(t, func(d *desk) {
		d.run()
		sent := int64(0)
		send := func(off time.Duration, text string) {
			d.publish(line(d.db.Now().Add(off), "pump1", text))
			sent++
			wait(d, sent)
			d.clock.Advance(time.Second)
		}
		for range 10 {
			send(-7*time.Minute, "steady")
		}
		send(-7*time.Minute, "late enough")
		for range 20 { // a step of the clock
			send(time.Hour, "after the step")
		}
		send(time.Hour, "the last")
		d.finish(sent)
		for _, e := range d.events() {
			switch e.Message {
			case "late enough":
				if !e.SkewKnown || e.Skew != -(7*time.Minute).Microseconds() || e.Time-e.Received != e.Skew {
					d.Errorf("skew %d, known %v", e.Skew, e.SkewKnown)
				}
			case "the last":
				if e.Skew != time.Hour.Microseconds() {
					d.Errorf("skew %d after the step", e.Skew)
				}
			}
		}
	})
}
