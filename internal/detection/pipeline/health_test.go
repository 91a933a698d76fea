package pipeline_test

import (
	"strings"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
)

// What the program notices of its sources is an event that rules see, once.
func TestSilenceOfASourceIsAnEvent(t *testing.T) {
	each(t, func(d *desk) {
		d.run()
		d.publish("<13>1 2026-11-23T09:00:00Z h app - - - one")
		d.wait(1)
		sources := detection.Sources{DB: d.db}
		now := d.db.Now()
		_, err := sources.NoteBlind(d.ctx, detection.Blind{Source: d.source, Reason: detection.BlindSilence, Started: now.Add(-10 * time.Minute), Lost: detection.LostUnknown})
		d.ok(err)
		d.ok(sources.EndBlind(d.ctx, d.source, detection.BlindSilence, now))
		_, err = sources.NoteBlind(d.ctx, detection.Blind{Source: d.source, Reason: detection.BlindOverload, Started: now.Add(-time.Minute), Ended: now, Lost: 7})
		d.ok(err)
		d.publish("<13>1 2026-11-23T09:01:00Z h app - - - two")
		d.finish(4)
		page, err := d.log.Search(d.ctx, eventlog.Query{Where: []eventlog.Condition{{Field: "category", Op: eventlog.Is, Values: []string{"health"}}}})
		d.ok(err)
		var got []string
		for _, e := range page.Events {
			got = append(got, e.Field("health.kind")+" "+e.Field("health.seconds")+" "+e.SrcIP)
			if e.Source != "" || e.Field("health.source") != d.source || e.Fault != "" {
				d.Errorf("%+v", e)
			}
		}
		if strings.Join(got, "; ") != "gap 60 192.0.2.9; silence 600 192.0.2.9" && strings.Join(got, "; ") != "silence 600 192.0.2.9; gap 60 192.0.2.9" {
			d.Errorf("%v", got)
		}
	})
}

// wait waits until n records were worked on.
func (d *desk) wait(n int64) {
	d.Helper()
	for deadline := time.Now().Add(20 * time.Second); d.worker.Status().Records < n; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(deadline) {
			d.Fatalf("%d records were worked on, want %d", d.worker.Status().Records, n)
		}
	}
}
