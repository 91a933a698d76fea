package procedure

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
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

// Runs starts procedures and keeps what people do in them.
type Runs struct {
	DB     *store.DB
	Signer *signature.Signer
	// Reliers find what relies on a step beyond documents and runs, which this package finds itself.
	Reliers []Relier
}

// Start is what begins a run.
type Start struct {
	Code     string    // the document whose effective revision runs
	Revision string    // rev_… that is approved and in training, for an exercise before it is effective; "" otherwise
	Subject  string    // what it is about
	Site     string    // scope
	Product  string    // scope
	Reason   string    // why
	Exercise bool      // nothing real happens
	Since    time.Time // when the clock began, in the past; zero: now
}

// Validate returns all faults.
func (s Start) Validate() error {
	var l problem.List
	if strings.TrimSpace(s.Code) == "" {
		l.Add("code", "is required")
	}
	for _, f := range []struct{ path, text string }{{"subject", s.Subject}, {"reason", s.Reason}} {
		if strings.TrimSpace(f.text) == "" {
			l.Add(f.path, "is required")
		}
		checkText(&l, f.path, f.text)
	}
	if s.Revision != "" && !s.Exercise {
		l.Add("revision", "can be chosen for an exercise only: what is real runs the revision in force")
	}
	return l.Err("the run cannot start")
}

// Start pins the effective revision of a document and begins a run of it. NotFound when none is effective; Invalid when it
// has no steps.
func (x Runs) Start(ctx context.Context, s Start) (string, error) {
	if err := s.Validate(); err != nil {
		return "", err
	}
	var rid string
	err := x.DB.Update(ctx, func(tx *store.Tx) (err error) {
		rid, err = x.StartTx(ctx, tx, s)
		return err
	})
	return rid, err
}

// StartTx is [Runs.Start] within a transaction of something that asks for the run.
func (x Runs) StartTx(ctx context.Context, tx *store.Tx, s Start) (string, error) {
	v, err := startable(ctx, tx, s)
	if err != nil {
		return "", fmt.Errorf("start %s: %w", s.Code, err)
	}
	if s.Since.IsZero() {
		s.Since = tx.Now
	}
	if s.Since.After(tx.Now) {
		var l problem.List
		l.Add("since", "lies in the future")
		return "", l.Err("the run cannot start")
	}
	r := Run{Subject: strings.TrimSpace(s.Subject), Site: s.Site, Product: s.Product, Reason: strings.TrimSpace(s.Reason), Exercise: s.Exercise, State: Running,
		Since: s.Since, Started: tx.Now}
	if r.ID, err = id.New("run"); err != nil {
		return "", err
	}
	me, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return "", err
	}
	r.Starter, r.StarterName, r.Lead, r.LeadName = me.ID, me.Name, me.ID, me.Name
	if r.Steps, err = compile(ctx, tx, v, s.Since); err != nil {
		return "", fmt.Errorf("start %s: %w", s.Code, err)
	}
	r.pin(v)
	if err := insertRun(ctx, tx, r); err != nil {
		return "", fmt.Errorf("start %s: %w", s.Code, err)
	}
	ids := make([]string, len(r.Steps))
	for i, st := range r.Steps {
		ids[i] = st.ID
	}
	return r.ID, r.record(ctx, tx, KindStarted, StartedBody{r.Code, r.Revision, r.Label, r.Content, r.Subject, r.Reason, r.Exercise, r.Since, ids})
}

// startable is the revision that a run may pin.
func startable(ctx context.Context, r store.Reader, s Start) (document.Revision, error) {
	if s.Revision == "" {
		return document.Effective(ctx, r, s.Code)
	}
	v, err := document.RevisionOf(ctx, r, document.RevisionID(s.Revision))
	if err != nil {
		return v, err
	}
	if v.Code != s.Code || v.State != document.InTraining && v.State != document.InForce {
		return v, problem.New(problem.Conflict, "only a revision of %s that is approved can be exercised", s.Code)
	}
	return v, nil
}

func (r Run) record(ctx context.Context, tx *store.Tx, kind string, body any) error {
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: r.ID, Site: r.Site, Product: r.Product, Body: body})
	return err
}

// change lets somebody change a run in one transaction.
func (x Runs) change(ctx context.Context, rid string, fn func(tx *store.Tx, r *Run, w who) error) error {
	return x.DB.Update(ctx, func(tx *store.Tx) error { return changeTx(ctx, tx, rid, fn) })
}

func changeTx(ctx context.Context, tx *store.Tx, rid string, fn func(tx *store.Tx, r *Run, w who) error) error {
	r, err := run(ctx, tx, rid)
	if err != nil {
		return err
	}
	if err := mayRead(ctx, r); err != nil {
		return err
	}
	me, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return err
	}
	return fn(tx, &r, who{account: me.ID, name: me.Name, at: tx.Now})
}

// Do settles a step as done. Where it was done out of order, otherwise than written or by somebody whose function it is
// not, a reason is required and it counts as changed: a deviation. A step that asks for a signature is signed with what the
// factors show. Conflict when it is settled already.
func (x Runs) Do(ctx context.Context, rid string, a Act, f signature.Factors) error {
	proof, err := x.proof(ctx, rid, f, func(r Run) bool {
		s, err := r.Step(a.Step)
		return err == nil && s.Record == source.RecordSignature
	})
	if err != nil {
		return err
	}
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, w who) error {
		s, err := r.Step(a.Step)
		if err != nil {
			return err
		}
		if w.foreign, err = foreign(ctx, tx, s.Role, w); err != nil {
			return err
		}
		if s, err = r.do(a, w); err != nil {
			return err
		}
		if err := addFiles(ctx, tx, r.ID, noted{s.ID, a.Files}, w); err != nil {
			return err
		}
		if s.Record == source.RecordSignature {
			if proof == nil { // the run moved to a revision whose step asks for a signature
				return problem.New(problem.Conflict, "the step asks for a signature now; look at it again")
			}
			sig, err := x.Signer.SignTx(ctx, tx, *proof, r.signed("run_step", r.ID+"#"+s.ID, s.canonical()), signature.Act{Meaning: signature.Verification, Reason: a.Note, Function: string(s.Role)})
			if err != nil {
				return err
			}
			i, _ := r.find(s.ID)
			s.Signature = sig.ID
			r.Steps[i] = s
		}
		return r.recordStep(ctx, tx, s, a.Files)
	})
}

// proof verifies factors outside of the transaction when the run, as it stands, asks for a signature.
func (x Runs) proof(ctx context.Context, rid string, f signature.Factors, asks func(Run) bool) (*signature.Proof, error) {
	var asked bool
	err := x.DB.View(ctx, func(r store.Reader) error {
		v, err := Get(ctx, r, rid)
		asked = err == nil && asks(v)
		return err
	})
	if err != nil || !asked {
		return nil, err
	}
	p, err := x.Signer.Verify(ctx, f)
	return &p, err
}

// foreign tells whether a function is held by others only.
func foreign(ctx context.Context, r store.Reader, f source.Function, w who) (map[source.Function]bool, error) {
	if f == "" {
		return nil, nil
	}
	all, err := document.HoldersOf(ctx, r, f, w.at)
	if err != nil {
		return nil, err
	}
	mine := slices.ContainsFunc(all, func(h document.Holder) bool { return h.Account == w.account })
	return map[source.Function]bool{f: len(all) > 0 && !mine}, nil
}

// recordStep keeps the steps and records what happened to one.
func (r Run) recordStep(ctx context.Context, tx *store.Tx, s Step, files []File) error {
	if err := putSteps(ctx, tx, r); err != nil {
		return err
	}
	kind := KindStepRecorded
	if s.State.Deviates() {
		kind = KindStepDeviated
	}
	b := StepBody{Code: r.Code, Revision: r.Revision, Step: s.ID, Do: s.Do, State: s.State, Value: s.Value, Note: s.Note, Instead: s.Instead, Reason: s.Reason, Files: files,
		Signature: s.Signature}
	if late := r.Late(s, s.At); late > 0 {
		b.LateBy = late.String()
	}
	return r.record(ctx, tx, kind, b)
}

// Skip settles a step that is not done, for a reason: a deviation.
func (x Runs) Skip(ctx context.Context, rid, step, reason string) error {
	return x.leave(ctx, rid, step, leaving{Skipped, reason})
}

// NotNeeded settles a step whose condition does not hold, and says why.
func (x Runs) NotNeeded(ctx context.Context, rid, step, reason string) error {
	return x.leave(ctx, rid, step, leaving{NotNeeded, reason})
}

func (x Runs) leave(ctx context.Context, rid, step string, how leaving) error {
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, w who) error {
		s, err := r.leave(step, how, w)
		if err != nil {
			return err
		}
		return r.recordStep(ctx, tx, s, nil)
	})
}

// Add puts a step that people took, and that the document does not have, into the run: a deviation.
func (x Runs) Add(ctx context.Context, rid string, e Extra) error {
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, w who) error {
		s, err := r.add(e, w)
		if err != nil {
			return err
		}
		return r.recordStep(ctx, tx, s, nil)
	})
}

// Note keeps a remark and files; step "" is the whole run.
func (x Runs) Note(ctx context.Context, rid string, n Note) error {
	var l problem.List
	if strings.TrimSpace(n.Text) == "" && len(n.Files) == 0 {
		l.Add("text", "is required, or a file")
	}
	checkText(&l, "text", n.Text)
	checkFiles(&l, n.Files)
	if err := l.Err("there is nothing to note"); err != nil {
		return err
	}
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, w who) error {
		if err := r.mustGoOn(); err != nil {
			return err
		}
		if n.Step != "" {
			if _, err := r.find(n.Step); err != nil {
				return err
			}
		}
		if text := strings.TrimSpace(n.Text); text != "" {
			if err := addItem(ctx, tx, r.ID, Item{Step: n.Step, Text: text}, w); err != nil {
				return err
			}
			if err := r.record(ctx, tx, KindNoted, NotedBody{Step: n.Step, Text: text}); err != nil {
				return err
			}
		}
		if err := addFiles(ctx, tx, r.ID, noted{n.Step, n.Files}, w); err != nil {
			return err
		}
		for _, f := range n.Files {
			if err := r.record(ctx, tx, KindNoted, NotedBody{Step: n.Step, File: &f}); err != nil {
				return err
			}
		}
		return nil
	})
}

// Note is what somebody adds to a run beside its steps.
type Note struct {
	Step  string // "" is the whole run
	Text  string
	Files []File
}

type noted struct {
	step  string
	files []File
}

func addFiles(ctx context.Context, tx *store.Tx, run string, n noted, w who) error {
	for _, f := range n.files {
		if err := addItem(ctx, tx, run, Item{Step: n.step, File: f}, w); err != nil {
			return err
		}
	}
	return nil
}

func addItem(ctx context.Context, tx *store.Tx, run string, i Item, w who) error {
	var err error
	if i.ID, err = id.New("rit"); err != nil {
		return err
	}
	i.Actor, i.ActorName, i.At = w.account, w.name, w.at
	return insertItem(ctx, tx, run, i)
}

// HandOver makes another account answer for the run.
func (x Runs) HandOver(ctx context.Context, rid, to, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, _ who) error {
		if err := r.mustGoOn(); err != nil {
			return err
		}
		a, err := people.ActiveName(ctx, tx, to)
		if err != nil {
			return err
		}
		if a.ID == r.Lead {
			return problem.New(problem.Conflict, "%s answers for the run already", a.Name)
		}
		from := r.Lead
		r.Lead, r.LeadName = a.ID, a.Name
		if err := putRun(ctx, tx, *r); err != nil {
			return err
		}
		return r.record(ctx, tx, KindHandedOver, MovedBody{From: from, To: a.ID, ToName: a.Name, Reason: strings.TrimSpace(reason)})
	})
}

// Pause lets a run rest for a reason. Its clocks go on.
func (x Runs) Pause(ctx context.Context, rid, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, w who) error {
		if err := r.pause(w.at); err != nil {
			return err
		}
		if err := putRun(ctx, tx, *r); err != nil {
			return err
		}
		return r.record(ctx, tx, KindPaused, MovedBody{Reason: strings.TrimSpace(reason)})
	})
}

// Resume lets a paused run go on.
func (x Runs) Resume(ctx context.Context, rid string) error {
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, _ who) error {
		if err := r.resume(); err != nil {
			return err
		}
		if err := putRun(ctx, tx, *r); err != nil {
			return err
		}
		return r.record(ctx, tx, KindResumed, MovedBody{})
	})
}

// End is how a run ends.
type End struct {
	State   State  // Finished or Aborted
	Outcome string // in a sentence
	Factors signature.Factors
}

// End finishes or aborts a run. Finishing needs every step settled. Where a step of the document asks for a signature, so
// does the end of the run, with the meaning responsibility.
func (x Runs) End(ctx context.Context, rid string, e End) error {
	if e.State != Finished && e.State != Aborted {
		return problem.New(problem.Invalid, "a run ends finished or aborted")
	}
	proof, err := x.proof(ctx, rid, e.Factors, func(r Run) bool { return r.Signed })
	if err != nil {
		return err
	}
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, w who) error {
		if err := r.end(e.State, e.Outcome, w.at); err != nil {
			return err
		}
		record := r.Canonical()
		if r.Signed {
			if proof == nil {
				return problem.New(problem.Conflict, "the run asks for a signature now; look at it again")
			}
			sig, err := x.Signer.SignTx(ctx, tx, *proof, r.signed("run", r.ID, record), signature.Act{Meaning: signature.Responsibility, Reason: r.Outcome})
			if err != nil {
				return err
			}
			r.Signature = sig.ID
		}
		if err := putRun(ctx, tx, *r); err != nil {
			return err
		}
		b := EndedBody{Code: r.Code, Revision: r.Revision, Outcome: r.Outcome, Record: digest(record), Exercise: r.Exercise, Signature: r.Signature}
		for _, s := range r.Steps {
			if s.State.Deviates() || s.Wrong {
				b.Deviations++
			}
			if r.Late(s, w.at) > 0 {
				b.Late++
			}
		}
		kind := KindFinished
		if e.State == Aborted {
			kind = KindAborted
		}
		return r.record(ctx, tx, kind, b)
	})
}

// Migrate lets an open run follow the revision that is in force now. What is settled stays as it is.
func (x Runs) Migrate(ctx context.Context, rid, reason string) error {
	if err := needReason(reason); err != nil {
		return err
	}
	return x.change(ctx, rid, func(tx *store.Tx, r *Run, _ who) error {
		if err := r.mustGoOn(); err != nil {
			return err
		}
		v, err := document.Effective(ctx, tx, r.Code)
		if err != nil {
			return err
		}
		if string(v.ID) == r.Revision {
			return problem.New(problem.Conflict, "the run follows the revision in force already")
		}
		steps, err := compile(ctx, tx, v, r.Since)
		if err != nil {
			return err
		}
		b := MigratedBody{From: r.Revision, To: string(v.ID), Label: v.Label, Content: v.ContentHash, Reason: strings.TrimSpace(reason)}
		b.Added, b.Gone, b.Changed = r.move(steps)
		r.pin(v)
		if err := putRun(ctx, tx, *r); err != nil {
			return err
		}
		if err := putSteps(ctx, tx, *r); err != nil {
			return err
		}
		return r.record(ctx, tx, KindMigrated, b)
	})
}

// Canonical is the record of a run as its hash and its signature commit to it: JSON with the members in the order of the
// types, times in UTC. The run's own signature is not part of it.
func (r Run) Canonical() []byte {
	r.Signature = ""
	b, err := json.Marshal(r)
	if err != nil { // plain values only
		return nil
	}
	return b
}

func (s Step) canonical() []byte {
	b, err := json.Marshal(s)
	if err != nil {
		return nil
	}
	return b
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// signed is what a signature on the run, or on a part of it, is about.
func (r Run) signed(kind, rid string, content []byte) signature.Record {
	return signature.Record{Kind: kind, ID: rid, Document: r.Code, Revision: r.Label, Title: r.Title, Content: digest(content), Site: r.Site, Product: r.Product}
}
