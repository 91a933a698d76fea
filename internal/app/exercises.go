package app

import (
	"context"
	"time"

	"triward/internal/detection/pipeline"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/incident/exercise"
)

// drills leads people through exercises.
func (a *App) drills() exercise.Drills {
	return exercise.Drills{DB: a.db, Cases: a.cases(), Desk: a.desk, Play: a.rehearse}
}

// rehearse lets the rules see the records of an exercise. A process without the place for events keeps none of them; people
// see the alerts all the same.
func (a *App) rehearse(ctx context.Context, number string, at time.Time, all []exercise.Record) error {
	salt, err := openSalt(a.Config.saltFile())
	if err != nil {
		return err
	}
	v := pipeline.Rehearsal{DB: a.db, Salt: salt, Log: a.Log}
	if a.events != nil {
		v.Events = a.events
	}
	records := make([]pipeline.Rehearsed, len(all))
	for i, r := range all {
		records[i] = pipeline.Rehearsed{New: r.New, Input: decode.Input{ID: eventlog.Derive("exercise "+number, r.File).At(int64(r.Line)), Received: r.At.UnixMicro(), Payload: r.Text, Format: r.Format}}
	}
	return v.Play(ctx, number, at, records)
}
