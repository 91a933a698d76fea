package training

import (
	"context"
	"strings"

	"triward/internal/document"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Attendance is that a person took part in an exercise of a document.
type Attendance struct {
	Account  string
	Code     string // of the document in force
	Run      string // run_… of the exercise; "" for none
	Exercise string // how the exercise is called
	Result   string // in words: what the person did, and what came in time
}

// AttendTx records it: a training that is done, that nobody was asked for, and that shows no knowledge of the document. The
// actor confirms it. A person's attendance at one exercise is recorded once.
func (d Desk) AttendTx(ctx context.Context, tx *store.Tx, a Attendance) error {
	var l problem.List
	needText(&l, "exercise", a.Exercise)
	needText(&l, "result", a.Result)
	if err := l.Err("the attendance cannot be recorded"); err != nil {
		return err
	}
	who, err := people.ActiveName(ctx, tx, a.Account)
	if err != nil {
		return err
	}
	v, err := document.Effective(ctx, tx, a.Code)
	if err != nil {
		return err
	}
	because := "took part in the exercise " + a.Exercise
	have, err := trainings(ctx, tx, ` WHERE account = $1 AND document = $2 AND basis = 'exercise' AND because = $3`, who.ID, string(v.Document), because)
	if err != nil || len(have) > 0 {
		return err
	}
	me, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return err
	}
	t := Training{Account: who.ID, Document: string(v.Document), Code: v.Code, Revision: string(v.ID), Label: v.Label, Title: v.Title, Kind: Exercise, Basis: FromExercise, Because: because,
		Assigned: tx.Now, Due: tx.Now, State: Done, Settled: tx.Now, SettledBy: me.ID, Run: a.Run, Observer: me.ID, ObserverName: me.Name, Reason: strings.TrimSpace(a.Result)}
	if t.ID, err = id.New("trn"); err != nil {
		return err
	}
	if err := insertTraining(ctx, tx, t); err != nil {
		return err
	}
	return t.record(ctx, tx, KindAttended)
}
