package training

import (
	"context"
	"time"

	"triward/internal/store"
)

// The instants at which somebody is reminded: a week and a day before a training is due, then every week.
const (
	firstReminder  = 7 * 24 * time.Hour
	secondReminder = 24 * time.Hour
	laterReminders = 7 * 24 * time.Hour
)

// reminding reports whether the person of an open training is to be reminded at an instant.
func (t Training) reminding(now time.Time) bool {
	switch left := t.Due.Sub(now); {
	case left > firstReminder || t.Assigned.Equal(now):
		return false
	case t.Reminded.IsZero():
		// Who gets less than a week is not reminded of what they have just got.
		return now.Sub(t.Assigned) >= secondReminder
	case left > secondReminder:
		return false
	case left > 0:
		return t.Due.Sub(t.Reminded) > secondReminder
	default:
		return t.Reminded.Before(t.Due) || now.Sub(t.Reminded) >= laterReminders
	}
}

// remind reminds people of trainings, portion by portion: it shows in their tasks and stands in the journal, from where
// other ways to reach them may follow.
func (d Desk) remind(ctx context.Context) error {
	after := ""
	for {
		var all []Training
		now := d.DB.Now()
		err := d.DB.View(ctx, func(r store.Reader) (err error) {
			all, err = trainings(ctx, r, ` WHERE state = 'open' AND due <= $1 AND id > $2 ORDER BY id LIMIT 500`, store.Micros(now.Add(firstReminder)), after)
			return err
		})
		if err != nil || len(all) == 0 {
			return err
		}
		after = all[len(all)-1].ID
		err = d.DB.Update(ctx, func(tx *store.Tx) error {
			for _, old := range all {
				if !old.reminding(now) {
					continue
				}
				t, err := training(ctx, tx, old.ID)
				if err != nil {
					return err
				}
				if t.State != Open || !t.reminding(tx.Now) { // it ended, or another process was faster
					continue
				}
				t.Reminders, t.Reminded = t.Reminders+1, tx.Now
				if err := putTraining(ctx, tx, t); err != nil {
					return err
				}
				if _, err := tx.Record(ctx, store.Event{Kind: KindReminded, Subject: t.ID, Product: t.Product, Body: RemindedBody{Account: t.Account, Code: t.Code, Due: t.Due,
					Number: t.Reminders}}); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
}
