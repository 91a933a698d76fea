package document

import (
	"context"
	"slices"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Temporary is a temporary instruction to be prepared: the effective text with what must hold at once (PRD-18).
type Temporary struct {
	Code    string
	Source  string // "" begins with the effective text
	Reason  string
	Expires time.Time // zero: as late as the settings allow
}

// PrepareTemporary begins a temporary instruction as a draft beside whatever else is on its way.
func (l Library) PrepareTemporary(ctx context.Context, t Temporary) (RevisionID, error) {
	var rid RevisionID
	err := l.DB.Update(ctx, func(tx *store.Tx) (err error) {
		rid, err = l.TemporaryTx(ctx, tx, t)
		return err
	})
	return rid, err
}

// TemporaryTx is [Library.PrepareTemporary] within a transaction.
func (l Library) TemporaryTx(ctx context.Context, tx *store.Tx, t Temporary) (RevisionID, error) {
	if err := Reasoned(t.Reason); err != nil {
		return "", err
	}
	d, err := documentBy(ctx, tx, "code", t.Code)
	if err != nil {
		return "", err
	}
	s, err := SettingsOf(ctx, tx)
	if err != nil {
		return "", err
	}
	latest := tx.Now.AddDate(0, 0, s.TemporaryDays)
	if t.Expires.IsZero() {
		t.Expires = latest
	}
	if t.Expires.After(latest) || !t.Expires.After(tx.Now) {
		return "", problem.New(problem.Invalid, "a temporary instruction must end within %d days", s.TemporaryDays)
	}
	v, err := nextRevision(ctx, tx, d, Opening{Code: t.Code, Reason: t.Reason, Size: temporary})
	if err != nil {
		return "", err
	}
	v.Temporary, v.Expires = true, t.Expires
	if t.Source != "" {
		text := Text{Source: t.Source, File: v.File, External: v.External, Reason: t.Reason}
		parsed, err := text.read(v.Content)
		if err != nil {
			return "", err
		}
		if parsed.Code != d.Code {
			return "", problem.New(problem.Invalid, "the code of a document is immutable: it is %s, the text says %s", d.Code, parsed.Code)
		}
		v.Source = text.Source
	}
	if err := insertRevision(ctx, tx, v); err != nil {
		return "", err
	}
	if err := refresh(ctx, tx, d.ID); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindRevisionOpened, Subject: string(d.ID), Body: RevisionOpened{AboutOf(v), v.Base, "",
		ContentHash(v.Content, v.Source, v.File, v.External), v.Reason}})
	return v.ID, err
}

// IssueTemporary lets a temporary instruction become effective at once (at the next [Library.Tick]), by one signature of somebody who did not write it and
// holds one of the approving functions or the one that owns the document. It ends by itself, and must be reviewed in full.
func (l Library) IssueTemporary(ctx context.Context, rid RevisionID, s Signing) error {
	if err := Reasoned(s.Reason); err != nil {
		return err
	}
	shown, err := l.Display(ctx, rid)
	if err != nil {
		return err
	}
	rendition, err := l.fix(ctx, shown)
	if err != nil {
		return err
	}
	return l.actOn(ctx, rid, s, func(a act) error {
		if !a.revision.Temporary || a.revision.State != Draft {
			return problem.New(problem.Conflict, "this is no temporary instruction that waits to be issued")
		}
		if !a.revision.Expires.After(a.tx.Now) {
			return problem.New(problem.Conflict, "its time is over already")
		}
		h, err := l.HoldingAny(ctx, a.tx, a.who.ID, append(RouteOf(a.document).Approve, a.document.OwnerRole))
		if err != nil {
			return err
		}
		if slices.Contains(a.authors, a.who.ID) {
			return problem.New(problem.Forbidden, "you wrote this instruction; somebody else must issue it")
		}
		if err := noOpenComments(ctx, a.tx, rid); err != nil {
			return err
		}
		if a.revision.Rendition = rendition; string(rendition) != s.Displayed {
			return problem.New(problem.Conflict, "the instruction changed since you looked at it; read it again")
		}
		body, err := a.decide(ctx, Releasing, signature.Release, h)
		if err != nil {
			return err
		}
		if err := setState(ctx, a.tx, &a.revision, InTraining); err != nil {
			return err
		}
		if _, err := a.tx.Exec(ctx, `UPDATE revision SET approved = $1 WHERE id = $2`, store.Micros(a.tx.Now), string(rid)); err != nil {
			return err
		}
		if err := refresh(ctx, a.tx, a.revision.Document); err != nil {
			return err
		}
		return a.record(ctx, KindTemporaryIssued, body)
	})
}

// endTemporary ends a temporary instruction whose time is over: what it took the place of is in force again.
func endTemporary(ctx context.Context, tx *store.Tx, rid RevisionID) error {
	v, err := revision(ctx, tx, rid)
	if err != nil || v.State != InForce || v.Expires.After(tx.Now) {
		return err
	}
	// The last one that was no temporary instruction, unless it was taken out.
	var before RevisionID
	var ended State
	err = tx.QueryRow(ctx, `SELECT f.revision, f.ended FROM effective_range f JOIN revision r ON r.id = f.revision WHERE f.document = $1 AND NOT r.temporary
		ORDER BY f.since DESC LIMIT 1`, string(v.Document)).Scan(&before, &ended)
	if err != nil && problem.KindOf(err) != problem.NotFound {
		return err
	}
	if ended != Superseded {
		before = ""
	}
	_, at, err := leave(ctx, tx, v.Document, Superseded)
	if err != nil {
		return err
	}
	if err := recallOf(ctx, tx, v, "the temporary instruction ended"); err != nil {
		return err
	}
	if _, err := tx.Record(ctx, store.Event{Kind: KindTemporaryEnded, Subject: string(v.Document), Body: Switched{About: AboutOf(v), By: before}}); err != nil {
		return err
	}
	if before == "" {
		return refresh(ctx, tx, v.Document)
	}
	b, err := revision(ctx, tx, before)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO effective_range (document, since, until, revision, ended) VALUES ($1, $2, 0, $3, '')`, string(v.Document), store.Micros(at),
		string(before)); err != nil {
		return err
	}
	if err := setState(ctx, tx, &b, InForce); err != nil {
		return err
	}
	if err := refresh(ctx, tx, v.Document); err != nil {
		return err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindEffective, Subject: string(v.Document), Body: Switched{About: AboutOf(b), Hash: b.ContentHash, Since: Instant(at),
		Previous: v.ID, Reinstated: true}})
	return err
}

// Outcome is what the review of a temporary instruction after the fact decides.
type Outcome string

// The closed list of outcomes.
const (
	Adopt Outcome = "adopt" // a revision with its content goes the whole way
	Drop  Outcome = "drop"
)

// ReviewTemporary is the full review of a temporary instruction after the fact, by somebody who neither wrote nor issued
// it and holds quality or the function that owns the document. Adopting opens a revision with its content, whose id it
// returns.
func (l Library) ReviewTemporary(ctx context.Context, rid RevisionID, o Outcome, s Signing) (RevisionID, error) {
	if err := Reasoned(s.Reason); err != nil {
		return "", err
	}
	if o != Adopt && o != Drop {
		return "", problem.New(problem.Invalid, "the outcome must be adopt or drop")
	}
	var next RevisionID
	err := l.actOn(ctx, rid, s, func(a act) error {
		v := a.revision
		issued := slices.IndexFunc(a.decisions, func(x Decision) bool { return x.Counts(Releasing) })
		if !v.Temporary || issued < 0 || slices.ContainsFunc(a.decisions, func(x Decision) bool { return x.Counts(AfterTheFact) }) {
			return problem.New(problem.Conflict, "this is no temporary instruction that waits for its review")
		}
		if a.decisions[issued].Account == a.who.ID || slices.Contains(a.authors, a.who.ID) {
			return problem.New(problem.Forbidden, "who wrote or issued a temporary instruction does not review it")
		}
		h, err := l.HoldingAny(ctx, a.tx, a.who.ID, []source.Function{"quality", a.document.OwnerRole})
		if err != nil {
			return err
		}
		a.signing.Reason = string(o) + ": " + s.Reason
		body, err := a.decide(ctx, AfterTheFact, signature.Review, h)
		if err != nil {
			return err
		}
		if o == Adopt {
			if next, err = OpenTx(ctx, a.tx, Opening{Code: v.Code, Base: v.ID, Reason: "adopted from temporary instruction " + v.Label + ": " + s.Reason}); err != nil {
				return err
			}
		}
		return a.record(ctx, KindTemporaryReviewed, body)
	})
	return next, err
}
