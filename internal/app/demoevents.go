package app

import (
	"bytes"
	"context"
	"fmt"
	"log/slog"
	"slices"
	"time"

	"triward/internal/app/demowatch"
	"triward/internal/content"
	"triward/internal/detection"
	"triward/internal/detection/pipeline"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/store"
	"triward/internal/stream"
)

// demoRecord is a record that a source of the demonstration sends at an instant.
type demoRecord struct {
	at time.Time
	stream.Message
}

// eventsFrom is the day from which on events are taken: the fleet is there.
const eventsFrom = 34

// arrive lets the events arrive that were sent before the morning of a day.
func (d *demonstration) arrive(ctx context.Context, day int) (err error) {
	if day == eventsFrom {
		if d.events, err = d.openEvents(ctx, d.log, d.salt); err != nil {
			return err
		}
	}
	return d.events.until(ctx, d.morning(day), d.clock)
}

// demoEvents sends the attacks on the hospital through the pipeline, day by day with the story. nil: there is no place for
// events.
type demoEvents struct {
	worker  *pipeline.Worker
	waiting []demoRecord // in the order of time
}

// openEvents adds the sources and gathers what they send. The rules of the pack run from then on.
func (d *demonstration) openEvents(ctx context.Context, log eventlog.Log, salt []byte) (*demoEvents, error) {
	if log == nil {
		return nil, nil
	}
	ctx = store.WithActor(ctx, store.System("demonstration"))
	if _, err := (detection.Rules{DB: d.db}).LoadPack(ctx); err != nil {
		return nil, err
	}
	silent := slog.New(slog.DiscardHandler)
	e := &demoEvents{worker: pipeline.Open(&pipeline.Worker{Events: log, DB: d.db, Rules: pipeline.NewRules(d.db, log, silent), Salt: salt, Log: silent, Now: d.clock.now})}
	all, err := content.Scenarios()
	if err != nil {
		return nil, err
	}
	sources := map[string]string{}
	decoder := decode.New(salt)
	for _, s := range all {
		if s.Drill {
			continue
		}
		for _, f := range s.Files {
			if sources[f.Source] == "" {
				if sources[f.Source], err = (detection.Sources{DB: d.db}).Add(ctx, demowatch.Source(f.Source)); err != nil {
					return nil, err
				}
			}
			records, err := d.records(d.content, f, sources[f.Source], decoder)
			if err != nil {
				return nil, err
			}
			e.waiting = append(e.waiting, records...)
			if usual := demowatch.Usual(d.content, f); !usual.Now.IsZero() && s.ID == "pacs-theft" {
				if records, err = d.records(usual, f, sources[f.Source], decoder); err != nil {
					return nil, err
				}
				e.waiting = append(e.waiting, slices.DeleteFunc(records, func(r demoRecord) bool { return r.at.Before(d.end.AddDate(0, 0, -1)) || r.at.After(d.end) })...)
			}
		}
	}
	slices.SortStableFunc(e.waiting, func(a, b demoRecord) int { return a.at.Compare(b.at) })
	return e, nil
}

// records reads a file of a scenario. A record arrives when it says that it was written.
func (d *demonstration) records(from content.Demo, f content.ScenarioFile, source string, decoder *decode.Decoder) ([]demoRecord, error) {
	text, err := from.File("events/" + f.Name)
	if err != nil {
		return nil, err
	}
	ids := eventlog.Derive(source, f.Name+" "+from.Now.Format(time.DateOnly))
	var out []demoRecord
	for i, line := range bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n")) {
		events := decoder.Append(nil, decode.Input{ID: ids.At(int64(i)), Source: source, Received: d.end.UnixMicro(), Payload: line, Format: f.Format})
		if len(events) == 0 || events[0].Time == 0 {
			return nil, fmt.Errorf("%s, line %d has no time", f.Name, i+1)
		}
		out = append(out, demoRecord{time.UnixMicro(events[0].Time).UTC(),
			stream.Message{ID: ids.At(int64(i)), Source: source, Received: events[0].Time, Transport: stream.File, Peer: f.Name, Hint: f.Format, Payload: line}})
	}
	return out, nil
}

// together is how many records are worked on at once: few enough to be tried one after the other, as baselines learn by
// order.
const together = 200

// until lets the records before an instant arrive, and moves the clock with them.
func (e *demoEvents) until(ctx context.Context, end time.Time, clock *demoClock) error {
	if e == nil {
		return nil
	}
	for len(e.waiting) > 0 && e.waiting[0].at.Before(end) {
		n := 1
		for n < len(e.waiting) && n < together && e.waiting[n].at.Before(end) && e.waiting[n].at.Sub(e.waiting[0].at) < 10*time.Minute {
			n++
		}
		var batch []stream.Message
		for _, r := range e.waiting[:n] {
			batch = append(batch, r.Message)
		}
		clock.set(e.waiting[n-1].at)
		if err := e.worker.AtOnce(ctx, batch); err != nil {
			return fmt.Errorf("events of the demonstration: %w", err)
		}
		e.waiting = e.waiting[n:]
	}
	return nil
}

// triage adds what people do about alerts.
func (d *demonstration) triage(story map[int][]chapter) {
	if d.log == nil {
		return
	}
	w := demowatch.Desk{DB: d.db, As: d.as, Pause: d.clock.pause}
	story[3] = append(story[3], w.Worm)
	story[1] = append(story[1], w.Theft)
	story[0] = append(story[0], w.Last)
}
