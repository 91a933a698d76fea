package training

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Desk assigns training and keeps how it ends.
type Desk struct {
	DB        *store.DB
	Signer    *signature.Signer
	Curricula []Curriculum
	// RunOf reads a run that was observed.
	RunOf func(ctx context.Context, r store.Reader, run string) (Observed, error)
	// Performances reads how the steps of a document were done.
	Performances func(ctx context.Context, r store.Reader, code string) ([]Performance, error)
}

// Observed is a run as far as a practical needs it.
type Observed struct {
	Code     string
	Revision string
	Finished bool
	People   []string // accounts that settled a step
}

// portion is how many trainings one transaction changes at most.
const portion = 400

// plan is what is to be done so that the trainings on a document are those that are asked for.
type plan struct {
	missing []Training
	over    []Training // to be closed, with state and reason set
}

func (p plan) empty() bool { return len(p.missing)+len(p.over) == 0 }

// openLast is the order in which what is open comes after what is settled, the oldest first.
const openLast = ` ORDER BY CASE WHEN settled = 0 THEN 1 ELSE 0 END, settled, assigned, id`

// planOf compares what is asked for with the trainings there are.
func planOf(ctx context.Context, r store.Reader, code string, now time.Time) (plan, error) {
	all, err := needs(ctx, r, ` WHERE code = $1`, code)
	if err != nil {
		return plan{}, err
	}
	want, err := askedOf(ctx, r, all, now)
	if err != nil {
		return plan{}, err
	}
	have, err := trainings(ctx, r, ` WHERE code = $1`+openLast, code)
	if err != nil {
		return plan{}, err
	}
	current := map[string]bool{}
	for _, n := range all {
		current[n.Revision] = true
	}
	var p plan
	counts, known := map[string]Training{}, map[string]string{}
	for _, t := range have {
		key := t.Account + " " + t.Revision + " " + t.Product
		switch {
		case t.State == Open || t.State == Locked:
			if over, ok := closing(t, current, want); ok {
				p.over = append(p.over, over)
				continue
			}
			if t.Basis.teaches() { // being told of a wrong step is not knowing the document
				counts[key] = t
			}
		case t.State == Done && t.Basis.teaches():
			counts[key] = t
			if t.Kind != Notify && t.Kind != Certificate {
				known[t.Account] = t.Revision // oldest first: the last one stays
			}
		case t.State == Excused && strings.HasPrefix(t.SettledBy, "usr_"):
			counts[key] = t
		}
	}
	for _, key := range slices.Sorted(maps.Keys(want)) {
		if t, ok := missing(want[key], counts[key], now); ok {
			t.Known = known[t.Account]
			if want[key].Told && t.Known != "" && t.Known != t.Revision {
				t.Kind = Notify
			}
			p.missing = append(p.missing, t)
		}
	}
	return p, nil
}

// closing says whether an open training is asked for no more, and why.
func closing(t Training, current map[string]bool, want map[string]asked) (Training, bool) {
	if !current[t.Revision] {
		t.State, t.Reason = Superseded, "the revision is not in force any more"
		return t, true
	}
	if _, ok := want[t.Account+" "+t.Revision+" "+t.Product]; !ok && t.Basis != FromHand && t.Basis != FromWrongStep {
		t.State, t.Reason = Excused, "no function of the person asks for it any more"
		return t, true
	}
	return t, false
}

// missing is the training that somebody needs, when what they have does not count or will soon count no more.
func missing(a asked, have Training, now time.Time) (Training, bool) {
	t := Training{Account: a.Account, Document: a.Document, Code: a.Code, Revision: a.Revision, Label: a.Label, Title: a.Title, Product: a.Product, Kind: a.Kind,
		Basis: a.Basis, Because: a.Because, State: Open, Tries: a.Tries, Due: now.AddDate(0, 0, a.DueDays)}
	if have.ID == "" {
		return t, true
	}
	if have.State != Done || have.Valid.IsZero() || have.Valid.AddDate(0, 0, -a.DueDays).After(now) {
		return t, false
	}
	t.Basis, t.Because, t.Due = FromExpiry, "the training of "+have.Settled.UTC().Format(time.DateOnly)+" counts no longer than "+have.Valid.UTC().Format(time.DateOnly), have.Valid
	return t, true
}

// applyPlan makes and closes trainings, at most a portion of each, and reports whether more is left.
func applyPlan(ctx context.Context, tx *store.Tx, p plan) (bool, error) {
	for _, t := range p.over[:min(len(p.over), portion)] {
		if err := closeTraining(ctx, tx, t); err != nil {
			return false, err
		}
	}
	for _, t := range p.missing[:min(len(p.missing), portion)] {
		if _, err := assignTx(ctx, tx, t); err != nil {
			return false, err
		}
	}
	return len(p.over) > portion || len(p.missing) > portion, nil
}

func assignTx(ctx context.Context, tx *store.Tx, t Training) (Training, error) {
	var err error
	if t.ID, err = id.New("trn"); err != nil {
		return t, err
	}
	t.Assigned = tx.Now
	if err := insertTraining(ctx, tx, t); err != nil {
		return t, err
	}
	return t, t.assigned(ctx, tx)
}

func (t Training) assigned(ctx context.Context, tx *store.Tx) error {
	_, err := tx.Record(ctx, store.Event{Kind: KindAssigned, Subject: t.ID, Product: t.Product, Body: AssignedBody{Account: t.Account, Code: t.Code, Revision: t.Revision,
		Label: t.Label, Product: t.Product, Kind: t.Kind, Basis: t.Basis, Because: t.Because, Known: t.Known, Due: t.Due}})
	return err
}

// closeTraining ends a training whose State and Reason are set, by the actor.
func closeTraining(ctx context.Context, tx *store.Tx, t Training) error {
	t.Settled, t.SettledBy = tx.Now, tx.Actor().ID
	if err := putTraining(ctx, tx, t); err != nil {
		return err
	}
	kind := KindExcused
	if t.State == Superseded {
		kind = KindSuperseded
	}
	return t.record(ctx, tx, kind)
}

func (t Training) record(ctx context.Context, tx *store.Tx, kind string) error {
	b := ClosedBody{Account: t.Account, Code: t.Code, Revision: t.Revision, Label: t.Label, Kind: t.Kind, Reason: t.Reason, Run: t.Run, Issuer: t.Issuer, Signature: t.Signature}
	if !t.Valid.IsZero() {
		b.Valid = t.Valid.UTC().Format(time.DateOnly)
	}
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: t.ID, Product: t.Product, Body: b})
	return err
}

// wrongStep is the kind of the event that a step proved wrong. It is of package procedure, which stands on the same line:
// the two meet through the journal.
const wrongStep = "run.step_defeated"

// Follower keeps needs and trainings as documents, functions and rules change, and tells trained people of steps that
// proved wrong. What one transaction cannot hold is left to [Desk.Tick].
func (d Desk) Follower() store.Follower {
	return store.Follower{Name: "training", Kinds: []string{document.KindApproved, document.KindEffective, document.KindSuperseded, document.KindRetired, document.KindWithdrawn,
		document.KindTemporaryEnded, document.KindFunctionAssigned, document.KindFunctionReleased, document.KindDelegated, KindRuleAdded, KindRuleEnded, wrongStep}, React: d.react}
}

func (d Desk) react(ctx context.Context, tx *store.Tx, e store.Entry) error {
	var b struct {
		Code     string          `json:"code"`
		Function source.Function `json:"function"`
	}
	if len(e.Body) > 0 { // the law may have erased it
		if err := json.Unmarshal(e.Body, &b); err != nil {
			return fmt.Errorf("read entry %d: %w", e.Seq, err)
		}
	}
	if e.Kind == wrongStep {
		return d.tell(ctx, tx, e)
	}
	codes := []string{b.Code}
	if b.Code == "" {
		var err error
		if codes, err = store.All(ctx, tx, store.Value[string], `SELECT DISTINCT code FROM training_need WHERE function = $1 ORDER BY code`, string(b.Function)); err != nil {
			return err
		}
	} else if err := d.renew(ctx, tx, b.Code); err != nil {
		return err
	}
	for _, code := range codes {
		p, err := planOf(ctx, tx, code, tx.Now)
		if err != nil {
			return err
		}
		if _, err := applyPlan(ctx, tx, p); err != nil {
			return err
		}
	}
	if e.Kind == document.KindEffective {
		return d.planChecks(ctx, tx, b.Code)
	}
	return nil
}

// Tick renews the needs after the curricula changed, assigns what no event announces (training that counts no longer, and
// what a follower left), and reminds people. The program calls it every minute or so, one process at a time.
func (d Desk) Tick(ctx context.Context) error {
	if err := d.renewAll(ctx); err != nil {
		return fmt.Errorf("renew training needs: %w", err)
	}
	var codes []string
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		codes, err = store.All(ctx, r, store.Value[string], `SELECT code FROM training_need UNION SELECT code FROM training WHERE settled = 0 ORDER BY code`)
		return err
	})
	if err != nil {
		return err
	}
	var faults []error
	for _, code := range codes {
		if err := d.settle(ctx, code); err != nil {
			faults = append(faults, fmt.Errorf("assign training on %s: %w", code, err))
		}
	}
	return errors.Join(append(faults, d.remind(ctx))...)
}

// settle carries the plan of a document out, portion by portion.
func (d Desk) settle(ctx context.Context, code string) error {
	for more := true; more; {
		var p plan
		err := d.DB.View(ctx, func(r store.Reader) (err error) {
			p, err = planOf(ctx, r, code, d.DB.Now())
			return err
		})
		if err != nil || p.empty() {
			return err
		}
		err = d.DB.Update(ctx, func(tx *store.Tx) (err error) {
			if p, err = planOf(ctx, tx, code, tx.Now); err == nil {
				more, err = applyPlan(ctx, tx, p)
			}
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}

// curriculaSetting names the digest of the curricula that the needs were worked out with.
const curriculaSetting = "curricula"

func (d Desk) renewAll(ctx context.Context) error {
	is, was := digestOf(d.Curricula), ""
	var codes []string
	err := d.DB.View(ctx, func(r store.Reader) (err error) {
		if was, err = setting(ctx, r, curriculaSetting); err != nil || was == is {
			return err
		}
		q := document.Query{Limit: 500}
		for {
			p, err := document.Documents(ctx, r, q)
			if err != nil {
				return err
			}
			for _, x := range p.Items {
				codes = append(codes, x.Code)
			}
			if q.After = p.Next; q.After == "" {
				return nil
			}
		}
	})
	if err != nil || was == is {
		return err
	}
	for part := range slices.Chunk(codes, 50) {
		err := d.DB.Update(ctx, func(tx *store.Tx) error {
			for _, code := range part {
				if err := d.renew(ctx, tx, code); err != nil {
					return err
				}
			}
			return nil
		})
		if err != nil {
			return err
		}
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		if err := putSetting(ctx, tx, curriculaSetting, is); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindNeedsChanged, Subject: curriculaSetting, Body: NeedsBody{Code: "", Needs: []string{is}}})
		return err
	})
}

// ByHand is a training that somebody assigns beyond what rules ask for.
type ByHand struct {
	Account string
	Code    string
	Kind    Kind // "" is read
	Reason  string
	Due     time.Time // zero: in 14 days
}

// Assign asks a person to know the revision of a document that is in force, beyond what rules ask for.
func (d Desk) Assign(ctx context.Context, in ByHand) (string, error) {
	var l problem.List
	if in.Kind == "" {
		in.Kind = Read
	}
	if !slices.Contains(Kinds(), in.Kind) {
		l.Add("kind", "must be notify, read, quiz, practical or certificate")
	}
	needText(&l, "reason", in.Reason)
	if !in.Due.IsZero() && !in.Due.After(d.DB.Now()) {
		l.Add("due", "must lie in the future")
	}
	if err := l.Err("the training cannot be assigned"); err != nil {
		return "", err
	}
	var tid string
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := people.ActiveName(ctx, tx, in.Account)
		if err != nil {
			return err
		}
		v, err := document.Effective(ctx, tx, in.Code)
		if err != nil {
			return err
		}
		text, err := v.Parsed()
		if err != nil {
			return err
		}
		t := Training{Account: a.ID, Document: string(v.Document), Code: v.Code, Revision: string(v.ID), Label: v.Label, Title: v.Title, Kind: in.Kind, Basis: FromHand,
			Because: strings.TrimSpace(in.Reason), State: Open, Due: in.Due}
		if t.Kind == Quiz && len(text.Quiz) == 0 {
			return problem.New(problem.Invalid, "%s has no quiz; let it be read", v.Code)
		}
		if text.Training != nil {
			t.Tries = text.Training.Attempts
		}
		if t.Due.IsZero() {
			t.Due = tx.Now.AddDate(0, 0, defaultDueDays)
		}
		if t.Known, err = lastKnown(ctx, tx, a.ID, t.Document); err != nil {
			return err
		}
		t, err = assignTx(ctx, tx, t)
		if problem.KindOf(err) == problem.Conflict {
			return problem.New(problem.Conflict, "%s has an open training on %s already", a.Name, v.Code)
		}
		tid = t.ID
		return err
	})
	return tid, err
}

// lastKnown is the revision of a document that a person signed last, "" for none.
func lastKnown(ctx context.Context, r store.Reader, account, doc string) (string, error) {
	all, err := store.All(ctx, r, store.Value[string], `SELECT revision FROM training WHERE account = $1 AND document = $2 AND state = 'done'
		AND kind IN ('read', 'quiz', 'practical') AND `+teaching+` ORDER BY settled DESC, id DESC LIMIT 1`, account, doc)
	if err != nil || len(all) == 0 {
		return "", err
	}
	return all[0], nil
}

// tell lets everybody who learned a revision know that a step of it proved wrong. Who is learning it just now sees the
// caution on the document.
func (d Desk) tell(ctx context.Context, tx *store.Tx, e store.Entry) error {
	var b struct {
		Code, Document, Revision, Label, Step, Wrong, Instead string
	}
	if len(e.Body) == 0 {
		return nil
	}
	if err := json.Unmarshal(e.Body, &b); err != nil {
		return fmt.Errorf("read entry %d: %w", e.Seq, err)
	}
	because := fmt.Sprintf("the step %s proved wrong: %s", b.Step, b.Wrong)
	if b.Instead != "" {
		because = strings.TrimRight(because, ". ") + ". Instead: " + b.Instead
	}
	trained, err := trainings(ctx, tx, ` WHERE revision = $1 AND state = 'done' AND `+teaching+` ORDER BY account, product, settled DESC`, b.Revision)
	if err != nil {
		return err
	}
	trained = slices.CompactFunc(trained, func(a, b Training) bool { return a.Account == b.Account && a.Product == b.Product })
	told, err := trainings(ctx, tx, ` WHERE revision = $1 AND settled = 0 AND basis = 'wrong_step'`, b.Revision)
	if err != nil {
		return err
	}
	for _, t := range trained {
		if i := slices.IndexFunc(told, func(o Training) bool { return o.Account == t.Account && o.Product == t.Product }); i >= 0 {
			told[i].Because += "; " + because // two wrong steps before they looked
			if err := putTraining(ctx, tx, told[i]); err != nil {
				return err
			}
			if err := told[i].assigned(ctx, tx); err != nil {
				return err
			}
			continue
		}
		if _, err := assignTx(ctx, tx, Training{Account: t.Account, Document: t.Document, Code: t.Code, Revision: t.Revision, Label: t.Label, Title: t.Title, Product: t.Product,
			Kind: Notify, Basis: FromWrongStep, Because: because, Known: t.Revision, State: Open, Due: tx.Now.AddDate(0, 0, toldDays)}); err != nil {
			return err
		}
	}
	return planCheck(ctx, tx, Check{Document: b.Document, Code: b.Code, Revision: b.Revision, Label: b.Label, Cause: "the step " + b.Step + " proved wrong"})
}

// toldDays is how long people have to see that a step is wrong.
const toldDays = 1

// Ready counts who of those to be trained in a revision is: the gate between approved and effective (PRD-11). Who is only
// told does not count.
func (d Desk) Ready(ctx context.Context, r store.Reader, rev document.RevisionID) (done, total int, err error) {
	v, err := document.RevisionOf(ctx, r, rev)
	if err != nil {
		return 0, 0, err
	}
	all, err := d.needsOf(ctx, r, v.Code)
	if err != nil {
		return 0, 0, err
	}
	all = slices.DeleteFunc(all, func(n Need) bool { return n.Revision != string(rev) || n.Kind == Notify })
	want, err := askedOf(ctx, r, all, d.DB.Now())
	if err != nil {
		return 0, 0, err
	}
	have, err := trainings(ctx, r, ` WHERE revision = $1 AND `+teaching+openLast, string(rev))
	if err != nil {
		return 0, 0, err
	}
	counts := map[string]Training{}
	for _, t := range have {
		counts[t.Account+" "+t.Revision+" "+t.Product] = t
	}
	for key, a := range want {
		t, ok := counts[key]
		if ok && (t.Kind == Notify || t.State == Excused) || a.Told && !ok {
			continue
		}
		total++
		if t.State == Done {
			done++
		}
	}
	return done, total, nil
}
