package app

import (
	"context"
	"fmt"
	"time"

	"triward/internal/signature"
	"triward/internal/store"
)

// Tolerances of the clock: time services put it right by less.
const (
	clockBehind = 2 * time.Second // before the newest entry of the journal
	clockJump   = 5 * time.Second // between two looks
)

// clockWatch compares the clock with the newest entry of the journal and with a clock that nobody can set.
type clockWatch struct {
	db *store.DB
	up func() time.Duration // since some instant, steadily

	wall   time.Time // at the last look; zero before the first
	steady time.Duration
	behind bool // an alarm about it was raised
}

type clockBody struct {
	Moved  float64   `json:"moved_seconds"` // forward; negative for back
	Newest time.Time `json:"newest_entry"`
	Now    time.Time `json:"now"`
}

// look raises an alarm when the clock jumped since the last look, or stands before the newest entry.
func (c *clockWatch) look(ctx context.Context) error {
	var newest time.Time
	err := c.db.View(ctx, func(r store.Reader) error {
		entries, err := store.Journal(ctx, r, store.JournalQuery{Order: store.NewestFirst, Limit: 1})
		if err == nil && len(entries) > 0 {
			newest = entries[0].At
		}
		return err
	})
	if err != nil {
		return fmt.Errorf("watch clock: %w", err)
	}
	now, steady := c.db.Now(), c.up()
	var moved time.Duration
	if !c.wall.IsZero() {
		moved = now.Sub(c.wall) - (steady - c.steady)
	}
	c.wall, c.steady = now, steady
	behind := newest.Sub(now) > clockBehind
	alarm := moved.Abs() > clockJump || behind && !c.behind
	if behind && moved.Abs() <= clockJump {
		moved = now.Sub(newest)
	}
	c.behind = behind
	if !alarm {
		return nil
	}
	return c.db.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Record(ctx, store.Event{Kind: signature.KindClockMoved, Subject: "clock", Body: clockBody{moved.Seconds(), newest, now}})
		return err
	})
}

// watchClock compares with the monotonic clock of this process.
func (a *App) watchClock() *clockWatch {
	begun := time.Now()
	return &clockWatch{db: a.db, up: func() time.Duration { return time.Since(begun) }}
}
