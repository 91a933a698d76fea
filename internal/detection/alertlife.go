package detection

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// mostAtOnce bounds how many alerts one action moves.
const mostAtOnce = 500

// each moves alerts in one transaction; step changes one and says which event records it ("" leaves it as it is).
func (s Alerts) each(ctx context.Context, ids []string, step func(tx *store.Tx, a *Alert) (string, AlertNoted, error)) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error { return eachTx(ctx, tx, ids, step) })
}

func eachTx(ctx context.Context, tx *store.Tx, ids []string, step func(tx *store.Tx, a *Alert) (string, AlertNoted, error)) error {
	ids = slices.Compact(slices.Sorted(slices.Values(ids)))
	switch {
	case len(ids) == 0:
		return problem.New(problem.Invalid, "no alert is chosen")
	case len(ids) > mostAtOnce:
		return problem.New(problem.Invalid, "at most %d alerts can be moved at once", mostAtOnce)
	}
	for _, aid := range ids {
		a, err := alertRow(ctx, tx, aid)
		if err != nil {
			return err
		}
		before := a.State
		kind, note, err := step(tx, &a)
		if err != nil {
			return err
		}
		if kind == "" {
			continue
		}
		a.Changed = tx.Now
		if err := putAlert(ctx, tx, a); err != nil {
			return err
		}
		note.Before = before
		if err := recordAlert(ctx, tx, kind, a, note); err != nil {
			return err
		}
	}
	return nil
}

func notWaiting(a Alert) error {
	return problem.New(problem.Conflict, "%q is %s: open it again first", a.Title, a.State)
}

// acknowledge stops the clock and gives an alert that nobody has to whoever acts.
func (a *Alert) acknowledge(tx *store.Tx) {
	if a.Acked.IsZero() {
		a.Acked, a.AckedBy = tx.Now, tx.Actor().Name
	}
	if a.Assignee == "" {
		a.Assignee = tx.Actor().Name
	}
}

// Acknowledge begins the triage of alerts that are new or open again.
func (s Alerts) Acknowledge(ctx context.Context, ids []string) error {
	return s.each(ctx, ids, func(tx *store.Tx, a *Alert) (string, AlertNoted, error) {
		if !a.State.waits() {
			return "", AlertNoted{}, notWaiting(*a)
		}
		if a.State == Triaging {
			return "", AlertNoted{}, nil
		}
		a.State = Triaging
		a.acknowledge(tx)
		return KindAlertAcknowledged, AlertNoted{Assignee: a.Assignee}, nil
	})
}

// Assign gives alerts to somebody by name; "" to nobody.
func (s Alerts) Assign(ctx context.Context, ids []string, name string) error {
	var l problem.List
	text(&l, "assignee", name, maxName)
	if err := l.Err("the alerts cannot be assigned"); err != nil {
		return err
	}
	return s.each(ctx, ids, func(tx *store.Tx, a *Alert) (string, AlertNoted, error) {
		if !a.State.waits() && a.State != Escalated {
			return "", AlertNoted{}, notWaiting(*a)
		}
		if a.Assignee == name {
			return "", AlertNoted{}, nil
		}
		a.Assignee = name
		return KindAlertAssigned, AlertNoted{Assignee: name}, nil
	})
}

// Closing is why alerts are closed.
type Closing struct {
	Reason   Reason
	Feedback Feedback // required for a false positive: what becomes of the rule
	Note     string
	Until    time.Time // how long to suppress
	Target   string    // of a duplicate: the alert that stays
}

// Validate reports every fault.
func (c Closing) Validate() error {
	var l problem.List
	if !slices.Contains(Reasons(), c.Reason) {
		l.Add("reason", "is required: false_positive, benign_true_positive, duplicate, exercise or no_action")
	}
	switch {
	case c.Reason == ReasonFalse && !slices.Contains(Feedbacks(), c.Feedback):
		l.Add("feedback", "is required: say whether to tune the rule, to suppress it here for a time, or none")
	case c.Reason != ReasonFalse && c.Feedback != "":
		l.Add("feedback", "is for false positives")
	case c.Feedback == Suppress && c.Until.IsZero():
		l.Add("until", "is required: a suppression ends")
	case c.Feedback == Suppress && strings.TrimSpace(c.Note) == "":
		l.Add("note", "is required: say why it is suppressed")
	}
	text(&l, "note", c.Note, maxText)
	return l.Err("the alerts cannot be closed")
}

// Close closes alerts. A false positive to be suppressed adds an exception for what the alert is about.
func (s Alerts) Close(ctx context.Context, ids []string, c Closing) error {
	if err := c.Validate(); err != nil {
		return err
	}
	return s.each(ctx, ids, func(tx *store.Tx, a *Alert) (string, AlertNoted, error) {
		if a.State == Closed || a.State == Merged {
			return "", AlertNoted{}, notWaiting(*a)
		}
		if c.Target != "" {
			if _, err := alertRow(ctx, tx, c.Target); err != nil || c.Target == a.ID {
				return "", AlertNoted{}, problem.New(problem.Invalid, "there is no other alert %q", c.Target)
			}
		}
		if c.Feedback == Suppress {
			if err := suppress(ctx, tx, *a, c.Until, c.Note); err != nil {
				return "", AlertNoted{}, err
			}
		}
		a.acknowledge(tx)
		a.State, a.Reason, a.Feedback, a.Note, a.Target, a.Closed = Closed, string(c.Reason), c.Feedback, c.Note, c.Target, tx.Now
		if _, err := tx.Exec(ctx, `DELETE FROM alert_group WHERE alert = $1`, a.ID); err != nil {
			return "", AlertNoted{}, err
		}
		return KindAlertClosed, AlertNoted{Reason: string(c.Reason), Feedback: c.Feedback, Target: c.Target}, nil
	})
}

// Suppress keeps hits of an alert's rule about the same from raising alerts until an instant. The alert stays as it is.
func (s Alerts) Suppress(ctx context.Context, alert string, until time.Time, reason string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := alertRow(ctx, tx, alert)
		if err != nil {
			return err
		}
		return suppress(ctx, tx, a, until, reason)
	})
}

func suppress(ctx context.Context, tx *store.Tx, a Alert, until time.Time, reason string) error {
	if a.Rule == "" {
		return problem.New(problem.Invalid, "a person reported this alert: there is no rule to suppress")
	}
	eid, err := id.New("exc")
	if err != nil {
		return err
	}
	return except(ctx, tx, Exception{ID: eid, Rule: a.Rule, Conditions: []Condition{{Field: "entity", Is: Equals, Value: a.Entity}}, Reason: reason, Owner: tx.Actor().Name, Expires: until})
}

// Merge puts alerts into another. Their texts, events and ids stay as they are; what they were grouped by leads to the
// other from now on.
func (s Alerts) Merge(ctx context.Context, into string, ids []string, reason string) error {
	var l problem.List
	text(&l, "reason", reason, maxText)
	if slices.Contains(ids, into) {
		l.Add("into", "an alert cannot be merged into itself")
	}
	if err := l.Err("the alerts cannot be merged"); err != nil {
		return err
	}
	return s.each(ctx, ids, func(tx *store.Tx, a *Alert) (string, AlertNoted, error) {
		target, err := alertRow(ctx, tx, into)
		if err != nil {
			return "", AlertNoted{}, err
		}
		if target.State == Merged || target.State == Closed {
			return "", AlertNoted{}, notWaiting(target)
		}
		if a.State == Closed || a.State == Merged {
			return "", AlertNoted{}, notWaiting(*a)
		}
		a.acknowledge(tx)
		a.State, a.Reason, a.Target, a.Closed = Merged, reason, into, tx.Now
		if _, err := tx.Exec(ctx, `UPDATE alert_group SET alert = $2 WHERE alert = $1`, a.ID, into); err != nil {
			return "", AlertNoted{}, err
		}
		return KindAlertMerged, AlertNoted{Target: into, Reason: reason}, nil
	})
}

// Escalate puts alerts into a case, named by its id. Further hits still join them.
func (s Alerts) Escalate(ctx context.Context, ids []string, to, reason string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error { return EscalateTx(ctx, tx, ids, Escalation{to, reason}) })
}

// Escalation is into which incident alerts go, and why.
type Escalation struct{ To, Reason string }

// EscalateTx is [Alerts.Escalate] within a transaction.
func EscalateTx(ctx context.Context, tx *store.Tx, ids []string, e Escalation) error {
	var l problem.List
	need(&l, "case", e.To, maxName)
	text(&l, "reason", e.Reason, maxText)
	if err := l.Err("the alerts cannot be escalated"); err != nil {
		return err
	}
	return eachTx(ctx, tx, ids, func(tx *store.Tx, a *Alert) (string, AlertNoted, error) {
		if !a.State.waits() {
			return "", AlertNoted{}, notWaiting(*a)
		}
		a.acknowledge(tx)
		a.State, a.Reason, a.Target = Escalated, e.Reason, e.To
		return KindAlertEscalated, AlertNoted{Target: e.To, Reason: e.Reason}, nil
	})
}

// Reopen opens a closed alert again. Its clock begins anew.
func (s Alerts) Reopen(ctx context.Context, ids []string, reason string) error {
	var l problem.List
	need(&l, "reason", reason, maxText)
	if err := l.Err("the alerts cannot be opened again"); err != nil {
		return err
	}
	return s.each(ctx, ids, func(tx *store.Tx, a *Alert) (string, AlertNoted, error) {
		if a.State != Closed {
			return "", AlertNoted{}, problem.New(problem.Conflict, "%q is %s, only closed alerts are opened again", a.Title, a.State)
		}
		a.State, a.Reason, a.Feedback, a.Target, a.Closed = Reopened, reason, "", "", time.Time{}
		a.Acked, a.AckedBy, a.Due = time.Time{}, "", s.due(a.Level, tx.Now)
		if a.Rule != "" && !a.Exercise { // an exercise goes on with alerts of its own
			if _, err := tx.Exec(ctx, `INSERT INTO alert_group (rule, entity, alert) VALUES ($1, $2, $3) ON CONFLICT (rule, entity) DO NOTHING`, a.Rule, a.Entity, a.ID); err != nil {
				return "", AlertNoted{}, err
			}
		}
		return KindAlertReopened, AlertNoted{Reason: reason}, nil
	})
}

// Report is an alert that a person reports, such as after a telephone call.
type Report struct {
	Title      string
	Level      Level
	Said       string // what was told, and by whom
	Device     string
	Site, Ward string
	InUse      product.Answer
	Seen       time.Time // when it was noticed; zero: now
	Exercise   bool
}

// Report opens an alert by hand.
func (s Alerts) Report(ctx context.Context, v Report) (string, error) {
	var l problem.List
	need(&l, "title", v.Title, maxName)
	need(&l, "said", v.Said, maxText)
	if !slices.Contains(Levels(), v.Level) {
		l.Add("level", "must be critical, high, medium, low or informational")
	}
	if err := l.Err("the report is not valid"); err != nil {
		return "", err
	}
	aid, err := id.New("alr")
	if err != nil {
		return "", err
	}
	return aid, s.DB.Update(ctx, func(tx *store.Tx) error {
		if v.Seen.After(tx.Now) {
			return problem.New(problem.Invalid, "what was seen cannot lie in the future")
		}
		if v.Seen.IsZero() {
			v.Seen = tx.Now
		}
		a := Alert{ID: aid, Title: v.Title, Level: v.Level, Entity: Entity("report", aid), Device: v.Device, Site: v.Site, Ward: v.Ward, InUse: v.InUse, State: New, Exercise: v.Exercise,
			Explanation: Explanation{Said: v.Said}, First: v.Seen, Last: v.Seen, Opened: tx.Now, Opener: tx.Actor().Name, Changed: tx.Now, Due: s.due(v.Level, tx.Now)}
		if a.Device != "" {
			a.Entity = Entity("device", a.Device)
		}
		if err := putAlert(ctx, tx, a); err != nil {
			return err
		}
		return recordAlert(ctx, tx, KindAlertReported, a, AlertNoted{})
	})
}

// Note adds a note to an alert, in any state.
func (s Alerts) Note(ctx context.Context, alert, body string) error {
	var l problem.List
	need(&l, "note", body, maxText)
	if err := l.Err("the note is not valid"); err != nil {
		return err
	}
	nid, err := id.New("not")
	if err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		a, err := alertRow(ctx, tx, alert)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO alert_note (id, alert, body, author, at) VALUES ($1, $2, $3, $4, $5)`, nid, alert, body, tx.Actor().Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		return recordAlert(ctx, tx, KindAlertNoted, a, AlertNoted{})
	})
}
