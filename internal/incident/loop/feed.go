package loop

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/detection"
	"triward/internal/document"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// Desk feeds back what incidents taught.
type Desk struct {
	DB      *store.DB
	Runs    procedure.Runs
	Library document.Library
}

const maxText = 20_000

// write runs fn on an incident that the actor may read, in one transaction.
func (d Desk) write(ctx context.Context, of string, fn func(*store.Tx, incident.Incident) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := incident.Brief(ctx, tx, of)
		if err != nil {
			return err
		}
		return fn(tx, i)
	})
}

// real refuses what an exercise must not do.
func real(i incident.Incident) error {
	if i.Exercise {
		return problem.New(problem.Conflict, "%s is an exercise: it changes no risk", i.Number)
	}
	return nil
}

func record(ctx context.Context, tx *store.Tx, i incident.Incident, kind string, b Body) error {
	b.Number, b.Exercise = i.Number, i.Exercise
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: i.ID, Site: i.Site, Product: i.Product, Body: b})
	return err
}

// Exploited says that a vulnerability was seen exploited in the incident. It counts as exploited (E4) on every device that
// it affects and that can be reached, as if a catalogue said so; acceptances of it open again.
func (d Desk) Exploited(ctx context.Context, of, vulnerability, seen string) error {
	return d.write(ctx, of, func(tx *store.Tx, i incident.Incident) error {
		if err := real(i); err != nil {
			return err
		}
		o, err := vuln.ObserveTx(ctx, tx, vuln.Observation{Vulnerability: vulnerability, Source: i.ID, Number: i.Number, Seen: seen, Site: i.Site, Product: i.Product})
		if err != nil {
			return err
		}
		return incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: incident.FedVulnerability, Target: o.Vulnerability, Note: o.Seen})
	})
}

// NotExploited takes back that a vulnerability was seen exploited in the incident. The link stays, with why it says nothing.
func (d Desk) NotExploited(ctx context.Context, of, vulnerability, reason string) error {
	return d.write(ctx, of, func(tx *store.Tx, i incident.Incident) error {
		all, err := vuln.ObservedIn(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		n := slices.IndexFunc(all, func(o vuln.Observation) bool { return o.Vulnerability == vulnerability && o.Withdrawn.IsZero() })
		if n < 0 {
			return problem.New(problem.NotFound, "%s does not say that %s was seen exploited", i.Number, vulnerability)
		}
		if _, err := vuln.WithdrawObservationTx(ctx, tx, all[n].ID, reason); err != nil {
			return err
		}
		return incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: incident.FedVulnerability, Target: vulnerability, Note: "withdrawn: " + strings.TrimSpace(reason)})
	})
}

// Decision feeds a decision of layer 2: it is opened again with the incident as the reason. control names the control of it
// that failed; "" when the decision itself is in question.
func (d Desk) Decision(ctx context.Context, of, decision, control, why string) error {
	return d.write(ctx, of, func(tx *store.Tx, i incident.Incident) error {
		if err := real(i); err != nil {
			return err
		}
		if why = strings.TrimSpace(why); why == "" {
			return problem.New(problem.Invalid, "say what the incident showed about it")
		}
		kind, reason := incident.FedDecision, i.Number+": "+why
		if control = strings.TrimSpace(control); control != "" {
			kind, reason = incident.FedControl, i.Number+": the control failed: "+control+". "+why
		}
		before, err := risk.GetDecision(ctx, tx, decision)
		if err != nil {
			return err
		}
		if kind == incident.FedControl && strings.TrimSpace(before.Controls) == "" {
			return problem.New(problem.Conflict, "the decision names no control that could have failed")
		}
		if _, err := risk.ReopenTx(ctx, tx, decision, reason); err != nil {
			return err
		}
		return incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: kind, Target: decision, Note: strings.TrimPrefix(reason, i.Number+": ")})
	})
}

// Wrong is a step, or a whole document, that the incident proved wrong.
type Wrong struct {
	Code    string // of the document
	Step    string // "" for the document as a whole
	Wrong   string
	Instead string
	Danger  string
}

// Step marks a step as defeated and asks for a change of its document. Where the step was in the run of the incident, the run
// records it: the program puts a caution on the document and opens the change request (see [procedure.Runs.Follower]), and
// the follower of this package links it. Otherwise the change request is opened here.
func (d Desk) Step(ctx context.Context, of string, w Wrong) error {
	return d.write(ctx, of, func(tx *store.Tx, i incident.Incident) error {
		if w.Wrong = strings.TrimSpace(w.Wrong); w.Wrong == "" || len(w.Wrong) > maxText {
			return problem.New(problem.Invalid, "say in 1 to %d characters what is wrong", maxText)
		}
		w.Code, w.Step = strings.TrimSpace(w.Code), strings.TrimSpace(w.Step)
		v, err := document.Effective(ctx, tx, w.Code)
		if err != nil {
			return err
		}
		target := w.Code
		if w.Step != "" {
			target += "#" + w.Step
		}
		if err := incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: incident.FedStep, Target: target, Note: w.Wrong}); err != nil {
			return err
		}
		if ran, err := d.ran(ctx, tx, i, w); ran || err != nil {
			return err
		}
		if w.Step != "" {
			source, err := v.Parsed()
			if err != nil {
				return err
			}
			if _, ok := source.Step(w.Step); !ok {
				return problem.New(problem.NotFound, "%s has no step %q", w.Code, w.Step)
			}
		}
		change, err := d.Library.OpenChangeTx(ctx, tx, w.change(i))
		if err != nil {
			return err
		}
		return incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: incident.FedChange, Target: change, Note: target})
	})
}

// ran marks the step in the run of the incident, when it is one of it.
func (d Desk) ran(ctx context.Context, tx *store.Tx, i incident.Incident, w Wrong) (bool, error) {
	if i.Run == "" || w.Step == "" {
		return false, nil
	}
	run, err := procedure.Get(ctx, tx, i.Run)
	if err != nil {
		return false, err
	}
	s, err := run.Step(w.Step)
	if run.Code != w.Code || err != nil || s.Extra || s.Gone {
		return false, nil //nolint:nilerr // it is a step of another document, or of a newer revision
	}
	_, err = d.Runs.DefeatTx(ctx, tx, i.Run, procedure.Defeat{Step: w.Step, Wrong: w.Wrong, Instead: w.Instead, Danger: w.Danger})
	return true, err
}

func (w Wrong) change(i incident.Incident) document.Change {
	const open = "not looked at yet"
	title, reason := w.Code+" proved wrong in "+i.Number, i.Number+": "+w.Wrong
	if w.Step != "" {
		title, reason = "Step "+w.Step+" of "+title, "Step "+w.Step+". "+reason
	}
	if w.Instead = strings.TrimSpace(w.Instead); w.Instead != "" {
		reason += "\n\nWhat to do instead: " + w.Instead
	}
	if w.Danger = strings.TrimSpace(w.Danger); w.Danger != "" {
		reason += "\n\nWhat happens to who follows it: " + w.Danger
	}
	return document.Change{Title: cut(title, document.MaxName), Reason: cut(reason, document.MaxReason), Class: document.MajorChange, Source: i.ID,
		Impact: document.Impact{Documents: open, Devices: open, Training: open, Submissions: open, Validation: open},
		Items:  []document.Item{{Code: w.Code, Note: cut(w.Wrong, document.MaxReason)}}}
}

// cut shortens a text to a number of bytes, at a character.
func cut(s string, limit int) string {
	if len(s) <= limit {
		return s
	}
	return strings.ToValidUTF8(s[:limit-len("…")], "") + "…"
}

// Propose keeps a rule of detection (Sigma) that would have seen the incident, as a draft. It returns the rule's id; its
// back-test is attached with [detection.Rules.AttachBacktest].
func (d Desk) Propose(ctx context.Context, of, text, why string) (string, error) {
	var rule string
	err := d.write(ctx, of, func(tx *store.Tx, i incident.Incident) (err error) {
		if rule, err = detection.ProposeTx(ctx, tx, i.Number, text); err != nil {
			return err
		}
		return incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: incident.FedRule, Target: rule, Note: why})
	})
	return rule, err
}

// Nothing says why a part of the feedback changes nothing: kind is [incident.FeedbackNoRisk] or [incident.FeedbackNoProcess].
func (d Desk) Nothing(ctx context.Context, of string, kind incident.LinkKind, why string) error {
	target := map[incident.LinkKind]string{incident.FeedbackNoRisk: "risk", incident.FeedbackNoProcess: "procedure"}[kind]
	if target == "" {
		return problem.New(problem.Invalid, "%q is not a part of the feedback", kind)
	}
	return d.write(ctx, of, func(tx *store.Tx, i incident.Incident) error {
		return incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: kind, Target: target, Note: why})
	})
}

// Links is the follower that links change requests which the program opens for steps of an incident's run.
func (d Desk) Links() store.Follower {
	return store.Follower{Name: "loop links", Kinds: []string{document.KindChangeOpened}, React: func(ctx context.Context, tx *store.Tx, e store.Entry) error {
		c, err := document.ChangeOf(ctx, tx, e.Subject)
		if err != nil {
			return fmt.Errorf("read change request of entry %d: %w", e.Seq, err)
		}
		if !strings.HasPrefix(c.Source, "run_") {
			return nil
		}
		of, err := incident.List(ctx, tx, incident.Query{Run: c.Source, Limit: 1})
		if err != nil || len(of.Items) == 0 {
			return err
		}
		return incident.LinkTx(ctx, tx, of.Items[0].ID, incident.Link{Kind: incident.FedChange, Target: c.ID, Note: c.Title})
	}}
}
