package main

import (
	"context"
	"fmt"
	"path/filepath"
	"time"

	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/incident/timeline"
	"triward/internal/store"
)

const (
	timelineEvents = 1_000_000
	timelineNotes  = 3_000
)

// timelines reads the first page of an incident whose device has a million stored events in its window, beside thousands of
// entries of the journal.
func (b *bench) timelines() error {
	log, err := parquet.Open(b.ctx, b.db, filepath.Join(b.dir, "timeline"))
	if err != nil {
		return err
	}
	defer log.Close(b.ctx) //nolint:errcheck // all was flushed
	var device string
	if err := b.db.View(b.ctx, func(r store.Reader) error {
		return r.QueryRow(b.ctx, `SELECT id FROM device ORDER BY id LIMIT 1`).Scan(&device)
	}); err != nil {
		return err
	}
	cases, now := incident.Cases{DB: b.db}, b.db.Now()
	id, err := cases.Declare(b.ctx, incident.Declaration{Devices: []string{device}, Incident: incident.Incident{Title: "Bench", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Amber,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: now.Add(-time.Hour), AwareWho: "Bench", AwareHow: "bench"}})
	if err != nil {
		return err
	}
	for i := range timelineNotes {
		if err := cases.Note(b.ctx, id, incident.Remark, fmt.Sprintf("note %d", i)); err != nil {
			return err
		}
	}
	if err := manyEvents(b.ctx, log, device, now); err != nil {
		return err
	}
	desk, of := timeline.Desk{DB: b.db, Events: reading.Desk{DB: b.db, Log: log}}, timeline.Of{Incident: id}
	for _, c := range []struct {
		name string
		q    timeline.Query
	}{{"newest first", timeline.Query{Order: store.NewestFirst}}, {"oldest first", timeline.Query{}}, {"newest first as told", timeline.Query{Order: store.NewestFirst, Told: true}}, {"similar events as one line", timeline.Query{Order: store.NewestFirst, Collapse: true}},
		{"of one user", timeline.Query{Order: store.NewestFirst, User: "user7"}}, {"with a word", timeline.Query{Order: store.NewestFirst, Text: "500000"}}} {
		if err := b.percentiles(fmt.Sprintf("timeline of %d events and %d notes, first page, %s", timelineEvents, timelineNotes, c.name), 30, 300, func(int) error {
			p, err := desk.Page(b.ctx, of, c.q)
			if err == nil && len(p.Entries) == 0 {
				return fmt.Errorf("the page is empty")
			}
			return err
		}); err != nil {
			return err
		}
	}
	return b.blastOfAddress(log, now)
}

const calling = 1_000 // devices that called the address of an attacker

// blastOfAddress finds whom an address reaches that a thousand devices called, among the events of the timeline.
func (b *bench) blastOfAddress(log *parquet.Log, now time.Time) error {
	const address = "203.0.113.66"
	var devices []string
	if err := b.db.View(b.ctx, func(r store.Reader) (err error) {
		devices, err = store.All(b.ctx, r, store.Value[string], `SELECT id FROM device ORDER BY id LIMIT $1`, calling)
		return err
	}); err != nil {
		return err
	}
	ids := eventlog.Derive("src_bench", "calls")
	events := make([]eventlog.Event, 10*len(devices))
	for n := range events {
		at := now.Add(-12*time.Hour).UnixMicro() + int64(n)*4_000_000
		events[n] = eventlog.Event{ID: ids.At(int64(n)), Source: "src_bench0", Received: at, Time: at, Format: "json", Category: "network", Device: devices[n%len(devices)],
			DstIP: address, Raw: []byte(`{"n":1}`)}
	}
	if _, err := log.Append(b.ctx, events); err != nil {
		return err
	}
	if err := log.Flush(b.ctx); err != nil {
		return err
	}
	f := blast.Finder{DB: b.db, Events: reading.Desk{DB: b.db, Log: log}}
	return b.timed(fmt.Sprintf("blast radius of an address that %d devices called, among %d events", len(devices), timelineEvents+len(events)), "target < 1 s", 1, func() error {
		v, err := f.Find(b.ctx, blast.Query{Indicator: address})
		if err == nil && v.Sum.Hit() != len(devices) {
			return fmt.Errorf("it reached %d devices, want %d", v.Sum.Hit(), len(devices))
		}
		return err
	})
}

// benchSkews are what the clocks of the sources are wrong by, about: one is right, one a second behind, one seven minutes ahead.
var benchSkews = []int64{0, -1_000_000, 420_000_000}

// manyEvents stores a million events of a device within the last twelve hours, of three sources whose clocks differ.
func manyEvents(ctx context.Context, log *parquet.Log, device string, now time.Time) error {
	ids := eventlog.Derive("src_bench", "timeline")
	const portion = 5_000
	for done := 0; done < timelineEvents; done += portion {
		events := make([]eventlog.Event, portion)
		for i := range events {
			n := done + i
			at := now.Add(-12*time.Hour).UnixMicro() + int64(n)*43_000
			skew := benchSkews[n%len(benchSkews)] + int64(n%1_000)*500
			events[i] = eventlog.Event{ID: ids.At(int64(n)), Source: fmt.Sprintf("src_bench%d", n%len(benchSkews)), Received: at, Time: at + skew, Skew: skew, SkewKnown: true, Format: "json", Category: "network", Device: device, User: fmt.Sprintf("user%d", n%50),
				Message: fmt.Sprintf("connect from port %d %d", 1024+n%60_000, n), Raw: []byte(`{"n":1}`)}
		}
		if _, err := log.Append(ctx, events); err != nil {
			return err
		}
	}
	if err := log.Flush(ctx); err != nil {
		return err
	}
	return log.Compact(ctx)
}
