package document

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Verdict is what somebody decides.
type Verdict string

// The closed list of verdicts.
const (
	Agree       Verdict = "agree"
	WantChanges Verdict = "changes"
	Refuse      Verdict = "reject"
)

// Decision is one decision about a revision. A voided one counts no more, and stays.
type Decision struct {
	ID          string
	Revision    RevisionID
	Round       int
	Stage       Stage
	Function    source.Function
	Verdict     Verdict
	Reason      string
	ContentHash string // of what was decided on
	Account     string
	Name        string // as it was then
	DelegateOf  string // account
	Signature   string // sig_…, "" where none is asked for
	At          time.Time
	Voided      time.Time
	VoidReason  string
}

// Counts reports whether it agrees in a stage and is not void.
func (d Decision) Counts(s Stage) bool {
	return d.Stage == s && d.Verdict == Agree && d.Voided.IsZero()
}

func decisions(ctx context.Context, r store.Reader, rid RevisionID) ([]Decision, error) {
	return store.All(ctx, r, func(s store.Scanner) (Decision, error) {
		var d Decision
		var at, voided int64
		err := s.Scan(&d.ID, &d.Revision, &d.Round, &d.Stage, &d.Function, &d.Verdict, &d.Reason, &d.ContentHash, &d.Account, &d.Name, &d.DelegateOf, &d.Signature,
			&at, &voided, &d.VoidReason)
		d.At, d.Voided = store.Time(at), store.Time(voided)
		return d, err
	}, `SELECT id, revision, round, stage, function, verdict, reason, content_hash, account, name, delegate_of, signature, at, voided, void_reason
		FROM revision_decision WHERE revision = $1 ORDER BY at, id`, string(rid))
}

// Decisions reads every decision about a revision, oldest first, void ones too.
func Decisions(ctx context.Context, r store.Reader, rid RevisionID) ([]Decision, error) {
	if _, err := RevisionOf(ctx, r, rid); err != nil {
		return nil, err
	}
	return decisions(ctx, r, rid)
}

// putDecision keeps a decision of the acting person.
func putDecision(ctx context.Context, tx *store.Tx, v Revision, d Decision) error {
	who, err := Acting(ctx, tx)
	if err != nil {
		return err
	}
	if d.ID, err = id.New("dcn"); err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO revision_decision (id, revision, round, stage, function, verdict, reason, content_hash, account, name, delegate_of, signature,
		at, voided, void_reason) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, 0, '')`, d.ID, string(v.ID), v.Round, string(d.Stage),
		string(d.Function), string(d.Verdict), d.Reason, v.ContentHash, who.ID, who.Name, d.DelegateOf, d.Signature, store.Micros(tx.Now))
	if problem.KindOf(err) == problem.Conflict {
		return problem.New(problem.Conflict, "you decided already")
	}
	return err
}

// Round is one round of review: the version of the text that it is about.
type Round struct {
	Number  int
	Version int
	Source  string
	Note    string
	Account string
	Name    string
	At      time.Time
}

// Rounds reads the rounds of review, oldest first; their texts compared give what changed from one to the next.
func Rounds(ctx context.Context, r store.Reader, rid RevisionID) ([]Round, error) {
	if _, err := RevisionOf(ctx, r, rid); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Round, error) {
		var v Round
		var at int64
		err := s.Scan(&v.Number, &v.Version, &v.Source, &v.Note, &v.Account, &v.Name, &at)
		v.At = store.Time(at)
		return v, err
	}, `SELECT o.round, o.version, e.source, o.note, o.author, o.author_name, o.at FROM review_round o
		JOIN revision_edit e ON e.revision = o.revision AND e.version = o.version WHERE o.revision = $1 ORDER BY o.round`, string(rid))
}

// Submit sends a draft, or one that came back for changes, to the next round of review. Decisions of the round before are
// void. Invalid while the text has variables that nobody filled in.
func (l Library) Submit(ctx context.Context, rid RevisionID, note string) error {
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := revision(ctx, tx, rid)
		if err != nil {
			return err
		}
		if v.Temporary {
			return problem.New(problem.Conflict, "a temporary instruction is issued at once and reviewed afterwards")
		}
		var f problem.List
		Clean(&f, "note", note, MaxReason)
		if _, missing := source.Fill([]byte(v.Source), nil); len(missing) > 0 {
			f.Add("source", "these variables are not filled in: %s", strings.Join(missing, ", "))
		}
		if err := f.Err("the revision is not ready for review"); err != nil {
			return err
		}
		if _, err := void(ctx, tx, v.ID, "a new round of review began"); err != nil {
			return err
		}
		from := v.State
		if err := setState(ctx, tx, &v, InReview); err != nil {
			return err
		}
		v.Round++
		who, err := Acting(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE revision SET round = $1 WHERE id = $2`, v.Round, string(v.ID)); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO review_round (revision, round, version, note, author, author_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7)`,
			string(v.ID), v.Round, v.Version, note, who.ID, who.Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		return moved(ctx, tx, v, KindSubmitted, Moved{From: from, Reason: note})
	})
}

// moved repeats the state in the document and records the move.
func moved(ctx context.Context, tx *store.Tx, v Revision, kind string, m Moved) error {
	if err := refresh(ctx, tx, v.Document); err != nil {
		return err
	}
	m.About, m.To, m.Round, m.Hash = AboutOf(v), v.State, v.Round, v.ContentHash
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: string(v.Document), Body: m})
	return err
}

// Signing is what a signer shows and says.
type Signing struct {
	Factors   signature.Factors
	Displayed string // digest of the bytes that the signer saw, see [Library.Display]
	Reason    string
}

// SignFunc signs within a transaction, for the function held.
type SignFunc func(tx *store.Tx, rec signature.Record, m signature.Meaning, h Holder) (string, error)

// Signed verifies the signer and then runs fn in one transaction; fn signs by what it is given.
func (l Library) Signed(ctx context.Context, s Signing, fn func(tx *store.Tx, sign SignFunc) error) error {
	p, err := l.Signer.Verify(ctx, s.Factors)
	if err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		return fn(tx, func(tx *store.Tx, rec signature.Record, m signature.Meaning, h Holder) (string, error) {
			if l.MaySign != nil {
				if err := l.MaySign(ctx, tx, tx.Actor().ID, m); err != nil {
					return "", err
				}
			}
			sig, err := l.Signer.SignTx(ctx, tx, p, rec, signature.Act{Meaning: m, Reason: s.Reason, Function: string(h.Function), DelegateOf: h.DelegateOf})
			return sig.ID, err
		})
	})
}

// Record is a revision as it is signed.
func (r Revision) Record(displayed string) signature.Record {
	return signature.Record{Kind: "revision", ID: string(r.ID), Document: r.Code, Revision: r.Label, Title: r.Title, Content: r.ContentHash,
		Rendition: string(r.Rendition), Displayed: displayed}
}

// act is a signed act about one revision, within its transaction.
type act struct {
	deciding
	tx      *store.Tx
	sign    SignFunc
	signing Signing
}

// actOn verifies a signer, and then runs fn in one transaction about a revision whose bytes the signer saw. Conflict when
// what they saw is not what there is now.
func (l Library) actOn(ctx context.Context, rid RevisionID, s Signing, fn func(a act) error) error {
	shown, err := l.Display(ctx, rid)
	if err != nil {
		return err
	}
	return l.Signed(ctx, s, func(tx *store.Tx, sign SignFunc) error {
		d, err := decidingOn(ctx, tx, rid)
		if err != nil {
			return err
		}
		if err := shown.Same(d.revision, s.Displayed); err != nil {
			return err
		}
		return fn(act{deciding: d, tx: tx, sign: sign, signing: s})
	})
}

// decide signs and keeps a decision, and gives the body of its event.
func (a act) decide(ctx context.Context, s Stage, m signature.Meaning, h Holder) (Decided, error) {
	v := a.revision
	sig, err := a.sign(a.tx, v.Record(a.signing.Displayed), m, h)
	if err != nil {
		return Decided{}, err
	}
	d := Decision{Stage: s, Function: h.Function, Verdict: Agree, Reason: a.signing.Reason, DelegateOf: h.DelegateOf, Signature: sig}
	return Decided{About: AboutOf(v), Stage: s, Function: h.Function, DelegateOf: h.DelegateOf, Hash: v.ContentHash, Signature: sig, Reason: d.Reason}, putDecision(ctx, a.tx, v, d)
}

// record records the event of a signed act.
func (a act) record(ctx context.Context, kind string, body Decided) error {
	_, err := a.tx.Record(ctx, store.Event{Kind: kind, Subject: string(a.revision.Document), Body: body})
	return err
}

// Decide signs that a revision in review or in approval is agreed to for a function. The last approval makes it
// approved. Conflict when what the signer saw is not what there is now, or while comments are open.
func (l Library) Decide(ctx context.Context, rid RevisionID, f source.Function, s Signing) error {
	return l.actOn(ctx, rid, s, func(a act) error {
		v := a.revision
		stage, kind, meaning := Reviewing, KindReviewed, signature.Review
		switch v.State {
		case InReview:
		case InApproval:
			stage, kind, meaning = Approving, KindApproved, signature.Approval
		default:
			return problem.New(problem.Conflict, "a revision that is %s is not to be decided on", v.State.word())
		}
		route := RouteOf(a.document)
		if !slices.Contains(route.of(stage), f) {
			return problem.New(problem.Invalid, "the function %q does not decide on this document here", f.Word())
		}
		left := route.Missing(stage, a.decisions)
		if !slices.Contains(left, f) {
			return problem.New(problem.Conflict, "the function %q has decided already", f.Word())
		}
		h, err := l.holding(ctx, a.tx, a.who.ID, f)
		if err != nil {
			return err
		}
		if err := a.mayDecide(stage, h); err != nil {
			return err
		}
		if stage == Approving {
			if err := noOpenComments(ctx, a.tx, v.ID); err != nil {
				return err
			}
		}
		body, err := a.decide(ctx, stage, meaning, h)
		if err != nil {
			return err
		}
		if body.Complete = stage == Approving && len(left) == 1; body.Complete {
			if err := approve(ctx, a.tx, &v, a.document); err != nil {
				return err
			}
			body.TrainingDue = Instant(v.TrainingDue)
		}
		return a.record(ctx, kind, body)
	})
}

// approve moves a revision that every function approved to its training.
func approve(ctx context.Context, tx *store.Tx, v *Revision, d source.Document) error {
	if err := setState(ctx, tx, v, InTraining); err != nil {
		return err
	}
	v.Approved = tx.Now
	if d.Effective.Kind == source.GateTraining {
		days := 0
		if d.Training != nil {
			days = d.Training.DueDays
		}
		v.TrainingDue = tx.Now.AddDate(0, 0, days)
	}
	if _, err := tx.Exec(ctx, `UPDATE revision SET approved = $1, training_due = $2 WHERE id = $3`, store.Micros(v.Approved), store.Micros(v.TrainingDue), string(v.ID)); err != nil {
		return err
	}
	return refresh(ctx, tx, v.Document)
}

// SendBack asks for changes of a revision in review or approval, or of a frozen one: decisions so far are void. It needs a
// function of the document's route, its owner, or an author.
func (l Library) SendBack(ctx context.Context, rid RevisionID, reason string) error {
	return l.stop(ctx, rid, reason, ChangesRequested, KindChangesRequested)
}

// Reject ends a revision that is on its way, for good. It stays readable; the document may get another revision.
func (l Library) Reject(ctx context.Context, rid RevisionID, reason string) error {
	return l.stop(ctx, rid, reason, Rejected, KindRejected)
}

func (l Library) stop(ctx context.Context, rid RevisionID, reason string, to State, kind string) error {
	if err := Reasoned(reason); err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		d, err := decidingOn(ctx, tx, rid)
		if err != nil {
			return err
		}
		v := d.revision
		verdict := WantChanges
		if to == Rejected {
			verdict = Refuse
		}
		route := RouteOf(d.document)
		h := Holder{}
		if !slices.Contains(d.authors, d.who.ID) {
			if h, err = l.HoldingAny(ctx, tx, d.who.ID, slices.Concat(route.Approve, route.Review, []source.Function{d.document.OwnerRole})); err != nil {
				return err
			}
		}
		from := v.State
		if err := setState(ctx, tx, &v, to); err != nil {
			return err
		}
		voided, err := void(ctx, tx, v.ID, "the revision was sent back: "+reason)
		if err != nil {
			return err
		}
		stage := Approving
		if from != InApproval {
			stage = Reviewing
		}
		if err := putDecision(ctx, tx, v, Decision{Stage: stage, Function: h.Function, Verdict: verdict, Reason: reason, DelegateOf: h.DelegateOf}); err != nil {
			return err
		}
		// It says why, and stands in the way of nothing that comes later.
		if _, err := void(ctx, tx, v.ID, "the revision was sent back: "+reason); err != nil {
			return err
		}
		return moved(ctx, tx, v, kind, Moved{From: from, Reason: reason, Voided: voided})
	})
}
