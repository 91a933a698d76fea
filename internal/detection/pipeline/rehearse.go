package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/store"
)

// Rehearsal works on the records of an exercise as the worker works on real ones: it decodes, resolves, tries the rules
// that run. Nothing that is real changes by it: its baselines learn in memory alone, no source and no device is counted as
// heard, and every event and hit carries the name of the exercise.
type Rehearsal struct {
	DB     *store.DB
	Events eventlog.Writer // nil: events are tried and not kept
	Salt   []byte          // of the digests that stand for patients
	Log    *slog.Logger
}

// Rehearsed is a record of an exercise. The ones before New only teach: they are tried, and neither kept nor reported.
type Rehearsed struct {
	decode.Input
	New bool
}

// Play tries records in the order of time and keeps the new events, then raises what they fire. Handed in again, nothing is
// there twice. name is that of the exercise. The devices are those of at, also for records of days before it.
func (v Rehearsal) Play(ctx context.Context, name string, at time.Time, records []Rehearsed) error {
	ctx = store.WithActor(ctx, store.System("exercise"))
	inv := NewInventory(v.DB)
	if err := inv.Follow(ctx); err != nil {
		return fmt.Errorf("follow the inventory: %w", err)
	}
	rules := NewRules(v.DB, nil, v.Log)
	rules.learner = baseline.NewLearner(nil)
	if err := rules.Follow(ctx); err != nil {
		return fmt.Errorf("follow the rules: %w", err)
	}
	decoder := decode.New(v.Salt)
	var kept []eventlog.Event
	var hits []detection.Hit
	for _, r := range records {
		r.Source = eventlog.Exercise + name
		events := decoder.Append(nil, r.Input)
		for i := range events {
			written := events[i].Time
			events[i].Time = at.UnixMicro()
			inv.resolve(ctx, &events[i], sender{})
			events[i].Time = written
		}
		found, err := rules.try(ctx, events)
		if err != nil {
			return err
		}
		if !r.New {
			continue
		}
		kept = append(kept, events...)
		for _, h := range found {
			h.Exercise, h.Source = name, ""
			hits = append(hits, h)
		}
	}
	if v.Events != nil && len(kept) > 0 {
		if _, err := v.Events.Append(ctx, kept); err != nil {
			return fmt.Errorf("append events: %w", err)
		}
		if err := v.Events.Flush(ctx); err != nil {
			return fmt.Errorf("flush the event log: %w", err)
		}
	}
	if _, err := (detection.Alerts{DB: v.DB}).Take(ctx, hits); err != nil {
		return fmt.Errorf("raise alerts: %w", err)
	}
	return nil
}
