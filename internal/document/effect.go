package document

import (
	"context"
	"errors"
	"slices"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Tick makes effective what waits for nothing any more, and ends temporary instructions whose time is over. The program
// calls it every few seconds, one process at a time.
func (l Library) Tick(ctx context.Context) error {
	var sets [][]RevisionID
	var over []RevisionID
	err := l.DB.View(ctx, func(r store.Reader) (err error) {
		if sets, err = l.due(ctx, r); err != nil {
			return err
		}
		over, err = store.All(ctx, r, store.Value[RevisionID], `SELECT id FROM revision WHERE temporary AND state = 'effective' AND expires <= $1 ORDER BY id`,
			store.Micros(l.DB.Now()))
		return err
	})
	if err != nil {
		return err
	}
	var faults []error
	for _, rid := range over {
		faults = append(faults, l.DB.Update(ctx, func(tx *store.Tx) error { return endTemporary(ctx, tx, rid) }))
	}
	for _, set := range sets {
		faults = append(faults, l.DB.Update(ctx, func(tx *store.Tx) error { return l.makeEffective(ctx, tx, set) }))
	}
	return errors.Join(faults...)
}

// due finds the sets of approved revisions that may become effective now: those of one change request together, others
// alone.
func (l Library) due(ctx context.Context, r store.Reader) ([][]RevisionID, error) {
	waiting, err := revisions(ctx, r, ` WHERE r.state = 'in_training' ORDER BY r.approved, r.id`)
	if err != nil {
		return nil, err
	}
	var sets [][]RevisionID
	byChange := map[string]int{}
	for _, v := range waiting {
		if i, ok := byChange[v.Change]; ok && v.Change != "" {
			sets[i] = append(sets[i], v.ID)
			continue
		}
		byChange[v.Change] = len(sets)
		sets = append(sets, []RevisionID{v.ID})
	}
	var out [][]RevisionID
	for _, set := range sets {
		waits, err := l.waits(ctx, r, set, l.DB.Now())
		if err != nil {
			return nil, err
		}
		if waits == "" {
			out = append(out, set)
		}
	}
	return out, nil
}

// waits says what a set of revisions still waits for; "" when all of it may become effective at an instant.
func (l Library) waits(ctx context.Context, r store.Reader, set []RevisionID, at time.Time) (string, error) {
	for _, rid := range set {
		v, err := revision(ctx, r, rid)
		if err != nil {
			return "", err
		}
		if v.State != InTraining {
			return "approval", nil
		}
		why, err := l.waitsFor(ctx, r, v, at)
		if why != "" || err != nil {
			return why, err
		}
	}
	return "", nil
}

// assignTime is how long training may take to be assigned after an approval: until then that nobody is to be trained may
// only mean that nobody knows yet.
const assignTime = time.Minute

// waitsFor says what one approved revision waits for; "" for nothing.
func (l Library) waitsFor(ctx context.Context, r store.Reader, v Revision, at time.Time) (string, error) {
	if v.Temporary {
		return "", nil
	}
	if v.Planned.After(at) {
		return "its planned instant", nil
	}
	d, err := v.Parsed()
	if err != nil {
		return "", err
	}
	if d.Effective.Kind == source.GateTraining && v.ReleasedEarly == "" && v.TrainingDue.After(at) {
		done, total := 0, 0
		if l.TrainingReady != nil {
			if done, total, err = l.TrainingReady(ctx, r, v.ID); err != nil {
				return "", err
			}
		}
		if done*100 < d.Effective.Threshold*total || total == 0 && v.Approved.Add(assignTime).After(at) {
			return "training", nil
		}
	}
	if v.Change == "" {
		return "", nil
	}
	var left int
	err = r.QueryRow(ctx, `SELECT count(*) FROM change_item i WHERE i.change = $1 AND NOT EXISTS (SELECT 1 FROM revision x JOIN document d ON d.id = x.document
		WHERE d.code = i.code AND x.change = i.change AND x.state IN ('in_training', 'effective'))`, v.Change).Scan(&left)
	if err == nil && left > 0 {
		return "the other documents of its change request", nil
	}
	return "", err
}

// Waits says what an approved revision waits for before it becomes effective, in words; "" when it is not approved or
// waits for nothing.
func (l Library) Waits(ctx context.Context, r store.Reader, rid RevisionID) (string, error) {
	v, err := RevisionOf(ctx, r, rid)
	if err != nil || v.State != InTraining {
		return "", err
	}
	return l.waitsFor(ctx, r, v, l.DB.Now())
}

// makeEffective switches a set of revisions at one instant, in one transaction: all of it or nothing.
func (l Library) makeEffective(ctx context.Context, tx *store.Tx, set []RevisionID) error {
	waits, err := l.waits(ctx, tx, set, tx.Now)
	if err != nil || waits != "" {
		return err // somebody else did it meanwhile, or it waits again
	}
	var changes []string
	for _, rid := range set {
		v, err := revision(ctx, tx, rid)
		if err != nil {
			return err
		}
		if err := switchTo(ctx, tx, &v); err != nil {
			return err
		}
		if v.Change != "" && !slices.Contains(changes, v.Change) {
			changes = append(changes, v.Change)
		}
	}
	for _, c := range changes {
		if err := closeChange(ctx, tx, c, ChangeReleased, "every document is effective"); err != nil {
			return err
		}
	}
	return nil
}

// switchTo makes a revision the effective one: the range of the one before closes at the instant at which its own opens.
func switchTo(ctx context.Context, tx *store.Tx, v *Revision) error {
	before, at, err := leave(ctx, tx, v.Document, Superseded)
	if err != nil {
		return err
	}
	if before.ID != "" {
		if err := recallOf(ctx, tx, before, "revision "+v.Label+" is effective"); err != nil {
			return err
		}
		if _, err := tx.Record(ctx, store.Event{Kind: KindSuperseded, Subject: string(v.Document), Body: Switched{About: AboutOf(before), By: v.ID, ByLabel: v.Label}}); err != nil {
			return err
		}
	}
	if _, err := tx.Exec(ctx, `INSERT INTO effective_range (document, since, until, revision, ended) VALUES ($1, $2, 0, $3, '')`, string(v.Document), store.Micros(at),
		string(v.ID)); err != nil {
		return err
	}
	if err := setState(ctx, tx, v, InForce); err != nil {
		return err
	}
	d, err := v.Parsed()
	if err != nil {
		return err
	}
	if !v.Temporary && d.ReviewMonths > 0 {
		if _, err := tx.Exec(ctx, `UPDATE document SET review_due = $1 WHERE id = $2`, store.Micros(at.AddDate(0, d.ReviewMonths, 0)), string(v.Document)); err != nil {
			return err
		}
	}
	if err := refresh(ctx, tx, v.Document); err != nil {
		return err
	}
	notify, err := notifyOnly(ctx, tx, v.Change)
	if err != nil {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindEffective, Subject: string(v.Document), Body: Switched{About: AboutOf(*v), Hash: v.ContentHash, Since: Instant(at),
		Previous: before.ID, Temporary: v.Temporary, Expires: Instant(v.Expires), NotifyOnly: notify}})
	return err
}

// leave closes the open range of a document, when it has one, and moves the revision that was in force. It returns that
// revision and the instant from which another one may be in force: now, or just after the last range began when the clock
// has not moved since.
func leave(ctx context.Context, tx *store.Tx, doc ID, to State) (Revision, time.Time, error) {
	var latest int64
	if err := tx.QueryRow(ctx, `SELECT COALESCE(max(CASE WHEN until > since THEN until ELSE since + 1 END), 0) FROM effective_range WHERE document = $1`,
		string(doc)).Scan(&latest); err != nil {
		return Revision{}, time.Time{}, err
	}
	at := store.Time(max(store.Micros(tx.Now), latest))
	var rid RevisionID
	err := tx.QueryRow(ctx, `SELECT revision FROM effective_range WHERE document = $1 AND until = 0`, string(doc)).Scan(&rid)
	if problem.KindOf(err) == problem.NotFound {
		return Revision{}, at, nil
	}
	if err != nil {
		return Revision{}, at, err
	}
	v, err := revision(ctx, tx, rid)
	if err != nil {
		return v, at, err
	}
	if _, err := tx.Exec(ctx, `UPDATE effective_range SET until = $1, ended = $2 WHERE document = $3 AND until = 0`, store.Micros(at), string(to), string(doc)); err != nil {
		return v, at, err
	}
	return v, at, setState(ctx, tx, &v, to)
}

// ReleaseEarly lets an approved revision become effective before its training is done, with a signed reason (PRD-11). It
// needs quality or the function that owns the document.
func (l Library) ReleaseEarly(ctx context.Context, rid RevisionID, s Signing) error {
	if err := Reasoned(s.Reason); err != nil {
		return err
	}
	return l.actOn(ctx, rid, s, func(a act) error {
		if a.revision.State != InTraining || a.document.Effective.Kind != source.GateTraining || a.revision.ReleasedEarly != "" {
			return problem.New(problem.Conflict, "the revision does not wait for training")
		}
		h, err := l.HoldingAny(ctx, a.tx, a.who.ID, []source.Function{"quality", a.document.OwnerRole})
		if err != nil {
			return err
		}
		if slices.Contains(a.authors, a.who.ID) && a.settings.Authorship != Lenient {
			return problem.New(problem.Forbidden, "you wrote this revision; somebody else must release it early")
		}
		body, err := a.decide(ctx, Releasing, signature.Release, h)
		if err != nil {
			return err
		}
		if _, err := a.tx.Exec(ctx, `UPDATE revision SET released_early = $1 WHERE id = $2`, s.Reason, string(rid)); err != nil {
			return err
		}
		return a.record(ctx, KindReleasedEarly, body)
	})
}

// recallOf recalls every numbered copy of a revision that leaves force, in the same transaction as that.
func recallOf(ctx context.Context, tx *store.Tx, v Revision, reason string) error {
	_, err := tx.Exec(ctx, `UPDATE controlled_copy SET recalled = $1, recall_reason = $2 WHERE revision = $3 AND recalled = 0`, store.Micros(tx.Now), reason, string(v.ID))
	return err
}
