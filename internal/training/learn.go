package training

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// own lets somebody change their own open training.
func (d Desk) own(ctx context.Context, tid string, fn func(tx *store.Tx, t *Training) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		t, err := training(ctx, tx, tid)
		if err != nil {
			return err
		}
		if tx.Actor().ID != t.Account {
			return problem.New(problem.Forbidden, "this is the training of somebody else")
		}
		if err := t.mustBeOpen(); err != nil {
			return err
		}
		return fn(tx, &t)
	})
}

func (t Training) mustBeOpen() error {
	switch t.State {
	case Open:
		return nil
	case Locked:
		return problem.New(problem.Conflict, "no tries are left; somebody must train you again first")
	case Superseded:
		return problem.New(problem.Conflict, "the revision is not in force any more; there is a newer training")
	}
	return problem.New(problem.Conflict, "the training is over")
}

// done ends a training by the actor.
func (t *Training) done(ctx context.Context, tx *store.Tx) error {
	all, err := needs(ctx, tx, ` WHERE revision = $1`, t.Revision)
	if err != nil {
		return err
	}
	months := 0
	for _, n := range all {
		if n.Product == t.Product && n.RecertMonths > 0 && (months == 0 || n.RecertMonths < months) {
			months = n.RecertMonths
		}
	}
	t.State, t.Settled, t.SettledBy = Done, tx.Now, tx.Actor().ID
	if months > 0 && t.Valid.IsZero() && t.Basis != FromWrongStep {
		t.Valid = tx.Now.AddDate(0, months, 0)
	}
	return putTraining(ctx, tx, *t)
}

// Seen ends one's own training of the kind notify.
func (d Desk) Seen(ctx context.Context, tid string) error {
	return d.own(ctx, tid, func(tx *store.Tx, t *Training) error {
		if t.Kind != Notify {
			return problem.New(problem.Conflict, "the training asks for more than having seen it")
		}
		if err := t.done(ctx, tx); err != nil {
			return err
		}
		return t.record(ctx, tx, KindSelfSeen)
	})
}

// Answer records an attempt at the quiz of one's own training: for each question the numbers of the chosen answers, from
// 1. It is scored at once. After the last try without passing the training is locked.
func (d Desk) Answer(ctx context.Context, tid string, chosen map[string][]int) (Attempt, error) {
	var a Attempt
	err := d.own(ctx, tid, func(tx *store.Tx, t *Training) error {
		if t.Kind != Quiz {
			return problem.New(problem.Conflict, "the training has no quiz")
		}
		if t.Passed {
			return problem.New(problem.Conflict, "the quiz is passed; sign now")
		}
		asked, pass, err := questionsOf(ctx, tx, *t)
		if err != nil {
			return err
		}
		if a, err = score(asked, chosen); err != nil {
			return err
		}
		t.Attempts++
		a.Training, a.Number, a.At, a.Passed = t.ID, t.Attempts, tx.Now, a.Score >= pass
		t.Passed = a.Passed
		if !a.Passed && t.Tries > 0 && t.Attempts >= t.Tries {
			t.State = Locked
		}
		if err := insertAttempt(ctx, tx, *t, a); err != nil {
			return err
		}
		if err := putTraining(ctx, tx, *t); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindSelfAttempted, Subject: t.ID, Product: t.Product, Body: AttemptedBody{Code: t.Code, Revision: t.Revision, Number: a.Number,
			Score: a.Score, Passed: a.Passed, Locked: t.State == Locked, Answers: a.Answers}})
		return err
	})
	return a, err
}

// score marks the answers to the questions; a question is right with exactly its right choices.
func score(asked []source.Question, chosen map[string][]int) (Attempt, error) {
	var a Attempt
	var l problem.List
	right := 0
	for _, q := range asked {
		is := slices.Clone(chosen[q.ID])
		slices.Sort(is)
		is = slices.Compact(is)
		switch {
		case len(is) == 0:
			l.Add(q.ID, "choose an answer")
		case is[0] < 1 || is[len(is)-1] > len(q.Choices):
			l.Add(q.ID, "has no such choice")
		}
		want := slices.Sorted(slices.Values(q.Right))
		ok := slices.Equal(is, want)
		if ok {
			right++
		}
		a.Answers = append(a.Answers, Answer{Question: q.ID, Chosen: is, Right: ok})
	}
	for q := range chosen {
		if !slices.ContainsFunc(asked, func(x source.Question) bool { return x.ID == q }) {
			l.Add(q, "is not asked")
		}
	}
	if len(asked) > 0 {
		a.Score = right * 100 / len(asked)
	}
	return a, l.Err("the answers are not complete")
}

// questionsOf are the questions of a training and the score to pass: those about what changed since the revision that the
// person knows, when there are any; else all.
func questionsOf(ctx context.Context, r store.Reader, t Training) ([]source.Question, int, error) {
	is, was, err := textsOf(ctx, r, t)
	if err != nil {
		return nil, 0, err
	}
	pass := 100
	if is.Training != nil && is.Training.Pass > 0 {
		pass = is.Training.Pass
	}
	if was == nil || t.Known == t.Revision {
		return is.Quiz, pass, nil
	}
	changed := changedSteps(*was, is)
	var out []source.Question
	for _, q := range is.Quiz {
		i := slices.IndexFunc(was.Quiz, func(x source.Question) bool { return x.ID == q.ID })
		news := i < 0 || !sameQuestion(was.Quiz[i], q)
		if news || slices.ContainsFunc(q.Steps, func(s string) bool { return slices.Contains(changed, s) }) {
			out = append(out, q)
		}
	}
	if len(out) == 0 {
		out = is.Quiz
	}
	return out, pass, nil
}

func sameQuestion(a, b source.Question) bool {
	return a.Ask == b.Ask && slices.Equal(a.Choices, b.Choices) && slices.Equal(a.Right, b.Right)
}

// changedSteps are the steps of a text that are new or say something else.
func changedSteps(was, is source.Document) []string {
	var out []string
	for _, s := range is.Steps {
		old, ok := was.Step(s.ID)
		if !ok || old.Do != s.Do || old.Role != s.Role || old.Target != s.Target || old.When != s.When {
			out = append(out, s.ID)
		}
	}
	return out
}

// textsOf reads the text of a training's revision, and of the one that the person knows; nil when there is none.
func textsOf(ctx context.Context, r store.Reader, t Training) (is source.Document, was *source.Document, err error) {
	ctx = reading(ctx)
	v, err := document.RevisionOf(ctx, r, document.RevisionID(t.Revision))
	if err != nil {
		return is, nil, err
	}
	if is, err = v.Parsed(); err != nil || t.Known == "" {
		return is, nil, err
	}
	k, err := document.RevisionOf(ctx, r, document.RevisionID(t.Known))
	if err != nil {
		return is, nil, err
	}
	old, err := k.Parsed()
	return is, &old, err
}

// reading lets who must know a document read it: a training is the right to.
func reading(ctx context.Context) context.Context {
	return store.WithActor(ctx, store.System("training"))
}

// Sign ends one's own training of the kind read, or of the kind quiz when it is passed, with the signature that one has
// read and understood the revision.
func (d Desk) Sign(ctx context.Context, tid string, f signature.Factors) error {
	proof, err := d.Signer.Verify(ctx, f)
	if err != nil {
		return err
	}
	return d.own(ctx, tid, func(tx *store.Tx, t *Training) error {
		switch {
		case t.Kind == Quiz && !t.Passed:
			return problem.New(problem.Conflict, "pass the quiz first")
		case t.Kind != Read && t.Kind != Quiz:
			return problem.New(problem.Conflict, "this kind of training is not ended by your signature")
		}
		if t.Signature, err = d.sign(ctx, tx, proof, signing{*t, signature.Act{Meaning: signature.Acknowledgement}}); err != nil {
			return err
		}
		if err := t.done(ctx, tx); err != nil {
			return err
		}
		return t.record(ctx, tx, KindSelfLearned)
	})
}

type signing struct {
	Training
	signature.Act
}

// sign signs a training; what is signed is the content of its revision.
func (d Desk) sign(ctx context.Context, tx *store.Tx, p signature.Proof, s signing) (string, error) {
	v, err := document.RevisionOf(reading(ctx), tx, document.RevisionID(s.Revision))
	if err != nil {
		return "", err
	}
	sig, err := d.Signer.SignTx(ctx, tx, p, signature.Record{Kind: "training", ID: s.ID, Document: s.Code, Revision: s.Label, Title: s.Title, Content: v.ContentHash,
		Product: s.Product}, s.Act)
	return sig.ID, err
}

// change lets somebody with a kind of this package change a training of somebody else.
func (d Desk) change(ctx context.Context, tid string, fn func(tx *store.Tx, t *Training) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		t, err := training(ctx, tx, tid)
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		if me.ID == t.Account {
			return problem.New(problem.Forbidden, "somebody else does this for your own training")
		}
		return fn(tx, &t)
	})
}

// Excuse closes an open training for a reason.
func (d Desk) Excuse(ctx context.Context, tid, reason string) error {
	if err := why(reason); err != nil {
		return err
	}
	return d.change(ctx, tid, func(tx *store.Tx, t *Training) error {
		if t.State != Open && t.State != Locked {
			return t.mustBeOpen()
		}
		t.State, t.Reason = Excused, strings.TrimSpace(reason)
		return closeTraining(ctx, tx, *t)
	})
}

func why(reason string) error {
	var l problem.List
	needText(&l, "reason", reason)
	return l.Err("say why")
}

// againDays is how long people have for a quiz after they were trained again.
const againDays = 7

// Unlock allows another round of tries after the person was trained again; the reason says how.
func (d Desk) Unlock(ctx context.Context, tid, reason string) error {
	if err := why(reason); err != nil {
		return err
	}
	return d.change(ctx, tid, func(tx *store.Tx, t *Training) error {
		if t.State != Locked {
			return problem.New(problem.Conflict, "the training is not locked")
		}
		all, err := needs(ctx, tx, ` WHERE revision = $1`, t.Revision)
		if err != nil {
			return err
		}
		more := 1
		for _, n := range all {
			more = max(more, n.Tries)
		}
		t.State, t.Tries, t.Reason = Open, t.Attempts+more, strings.TrimSpace(reason)
		if until := tx.Now.AddDate(0, 0, againDays); t.Due.Before(until) {
			t.Due = until
		}
		if err := putTraining(ctx, tx, *t); err != nil {
			return err
		}
		return t.record(ctx, tx, KindUnlocked)
	})
}

// Observation is what an observer saw in a run.
type Observation struct {
	Run     string // run_…, finished, of the training's revision, in which the person took part
	Note    string
	Factors signature.Factors
}

// Observe ends the practical of somebody else, with the observer's signature.
func (d Desk) Observe(ctx context.Context, tid string, o Observation) error {
	if err := why(o.Note); err != nil {
		return problem.About(err, "note what you saw")
	}
	proof, err := d.Signer.Verify(ctx, o.Factors)
	if err != nil {
		return err
	}
	return d.change(ctx, tid, func(tx *store.Tx, t *Training) error {
		if err := t.mustBeOpen(); err != nil {
			return err
		}
		if t.Kind != Practical {
			return problem.New(problem.Conflict, "the training is no practical")
		}
		r, err := d.RunOf(ctx, tx, o.Run)
		if err != nil {
			return err
		}
		var l problem.List
		switch {
		case r.Code != t.Code || r.Revision != t.Revision:
			l.Add("run", "is not of %s %s", t.Code, t.Label)
		case !r.Finished:
			l.Add("run", "is not finished")
		case !slices.Contains(r.People, t.Account):
			l.Add("run", "does not show that the person took part")
		}
		if err := l.Err("the run shows no practical"); err != nil {
			return err
		}
		t.Run, t.Observer, t.Reason = o.Run, tx.Actor().ID, strings.TrimSpace(o.Note)
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		t.ObserverName = me.Name
		if t.Signature, err = d.sign(ctx, tx, proof, signing{*t, signature.Act{Meaning: signature.Verification, Reason: t.Reason}}); err != nil {
			return err
		}
		if err := t.done(ctx, tx); err != nil {
			return err
		}
		return t.record(ctx, tx, KindObserved)
	})
}

// External is a certificate from outside.
type External struct {
	Issuer string
	File   File
	Valid  time.Time // until when; zero without end
	Note   string    // for what it counts
}

// Certify ends a training of the kind certificate with the certificate of somebody else.
func (d Desk) Certify(ctx context.Context, tid string, x External) error {
	var l problem.List
	needText(&l, "issuer", x.Issuer)
	needText(&l, "note", x.Note)
	if len(x.File.Digest) != 64 || strings.TrimSpace(x.File.Name) == "" || len(x.File.Name) > 200 {
		l.Add("file", "is required: proof is attached")
	}
	if !x.Valid.IsZero() && !x.Valid.After(d.DB.Now()) {
		l.Add("valid", "lies in the past")
	}
	if err := l.Err("the certificate cannot be recorded"); err != nil {
		return err
	}
	return d.change(ctx, tid, func(tx *store.Tx, t *Training) error {
		if err := t.mustBeOpen(); err != nil {
			return err
		}
		if t.Kind != Certificate {
			return problem.New(problem.Conflict, "the training asks for no certificate: it is not replaced by one")
		}
		t.Issuer, t.File, t.Valid, t.Reason = strings.TrimSpace(x.Issuer), x.File, x.Valid, strings.TrimSpace(x.Note)
		if err := t.done(ctx, tx); err != nil {
			return err
		}
		return t.record(ctx, tx, KindCertified)
	})
}
