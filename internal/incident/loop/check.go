package loop

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/id"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
)

// Result is what a check found.
type Result string

// The results of a check; "" is not answered yet.
const (
	Effective    Result = "effective"
	NotEffective Result = "not_effective"
)

// Check asks, some time after something was changed, whether the change works (ISO 13485 8.5.2 f).
type Check struct {
	ID        string // "chk_…"
	Incident  string
	Of        string // change request ("chg_…") or decision ("dec_…") that the incident fed
	Question  string
	Owner     string // account
	OwnerName string
	Due       time.Time
	ByName    string // who planned it
	Made      time.Time

	Result     Result
	Finding    string // what was looked at and found
	Answered   time.Time
	AnsweredBy string
	Follow     string // of no effect: the change request or decision that was opened
	Next       string // of no effect: the next check
}

// Late says whether the check is overdue.
func (c Check) Late(now time.Time) bool { return c.Result == "" && now.After(c.Due) }

// Plan plans a check of something that the incident changed.
func (d Desk) Plan(ctx context.Context, of string, c Check) (string, error) {
	err := d.write(ctx, of, func(tx *store.Tx, i incident.Incident) (err error) {
		c, err = plan(ctx, tx, i, c)
		return err
	})
	return c.ID, err
}

func plan(ctx context.Context, tx *store.Tx, i incident.Incident, c Check) (Check, error) {
	var l problem.List
	if c.Question = strings.TrimSpace(c.Question); c.Question == "" || len(c.Question) > maxText {
		l.Add("question", "must have 1 to %d characters", maxText)
	}
	if !c.Due.After(tx.Now) {
		l.Add("due", "must lie in the future")
	}
	f, err := incident.Get(ctx, tx, i.ID)
	if err != nil {
		return c, err
	}
	kinds := []incident.LinkKind{incident.FedChange, incident.FedDecision, incident.FedControl}
	if !slices.ContainsFunc(f.Links, func(x incident.Link) bool { return x.Target == c.Of && slices.Contains(kinds, x.Kind) }) {
		l.Add("of", "must be a change request or decision that the incident fed")
	}
	if err := l.Err("the check cannot be planned"); err != nil {
		return c, err
	}
	owner, err := people.ActiveName(ctx, tx, c.Owner)
	if err != nil {
		return c, fmt.Errorf("find the owner: %w", err)
	}
	me, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return c, err
	}
	if c.ID, err = id.New("chk"); err != nil {
		return c, err
	}
	c.Incident, c.Owner, c.OwnerName, c.ByName, c.Made = i.ID, owner.ID, owner.Name, me.Name, tx.Now
	c.Result, c.Finding, c.Answered, c.AnsweredBy, c.Follow, c.Next = "", "", time.Time{}, "", "", ""
	if err := putCheck(ctx, tx, c); err != nil {
		return c, err
	}
	return c, record(ctx, tx, i, KindCheckPlanned, Body{Check: c.ID, Of: c.Of, Question: c.Question, Owner: c.OwnerName, Due: c.Due.UTC().Format(time.RFC3339)})
}

// Answer is what a check found.
type Answer struct {
	Result  Result
	Finding string
	Next    time.Time // of no effect: when the next check is due
}

// Answer answers a check. Where the change has no effect it is opened again: a decision itself, a change request as a new one
// for the same documents; and a next check is planned. It returns what was opened, "" for nothing.
func (d Desk) Answer(ctx context.Context, check string, a Answer) (string, error) {
	var opened string
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		c, err := scanCheck(tx.QueryRow(ctx, `SELECT `+checkColumns+` FROM loop_check WHERE id = $1`, check))
		if err != nil {
			return fmt.Errorf("read check %q: %w", check, err)
		}
		i, err := incident.Brief(ctx, tx, c.Incident)
		if err != nil {
			return err
		}
		if err := c.mayBe(ctx, tx, a); err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		c.Result, c.Finding, c.Answered, c.AnsweredBy = a.Result, strings.TrimSpace(a.Finding), tx.Now, me.Name
		if a.Result == NotEffective {
			if c.Follow, err = d.again(ctx, tx, i, c); err != nil {
				return err
			}
			next, err := plan(ctx, tx, i, Check{Of: c.Follow, Question: c.Question, Owner: c.Owner, Due: a.Next})
			if err != nil {
				return err
			}
			c.Next, opened = next.ID, c.Follow
		}
		if err := putCheck(ctx, tx, c); err != nil {
			return err
		}
		return record(ctx, tx, i, KindCheckAnswered, Body{Check: c.ID, Of: c.Of, Result: c.Result, Finding: c.Finding, Follow: c.Follow})
	})
	return opened, err
}

// mayBe refuses an answer that is not complete, or comes before the change is in force.
func (c Check) mayBe(ctx context.Context, r store.Reader, a Answer) error {
	if c.Result != "" {
		return problem.New(problem.Conflict, "the check is answered already: %s", strings.ReplaceAll(string(c.Result), "_", " "))
	}
	var l problem.List
	if a.Result != Effective && a.Result != NotEffective {
		l.Add("result", "must be effective or not_effective")
	}
	if f := strings.TrimSpace(a.Finding); f == "" || len(f) > maxText {
		l.Add("finding", "must have 1 to %d characters: what was looked at and found", maxText)
	}
	if a.Result == NotEffective && a.Next.IsZero() {
		l.Add("next", "is required: when it is checked again")
	}
	if err := l.Err("the check cannot be answered"); err != nil {
		return err
	}
	p, err := partOf(ctx, r, incident.Link{Kind: kindOf(c.Of), Target: c.Of})
	if err == nil && !p.Done {
		err = problem.New(problem.Conflict, "what is to be checked is not done yet: %s", p.Waits)
	}
	return err
}

func kindOf(target string) incident.LinkKind {
	if strings.HasPrefix(target, "dec_") {
		return incident.FedDecision
	}
	return incident.FedChange
}

// again opens what had no effect, and links it.
func (d Desk) again(ctx context.Context, tx *store.Tx, i incident.Incident, c Check) (string, error) {
	why := "checked after " + i.Number + " and not effective: " + c.Finding
	if kindOf(c.Of) == incident.FedDecision {
		_, err := risk.ReopenTx(ctx, tx, c.Of, cut(why, 4000))
		return c.Of, err
	}
	before, err := document.ChangeOf(ctx, tx, c.Of)
	if err != nil {
		return "", err
	}
	next := document.Change{Title: cut("Not effective: "+before.Title, document.MaxName), Reason: cut(why+"\n\nBefore: "+before.Reason, document.MaxReason), Class: before.Class, Source: i.ID,
		Impact: before.Impact, Items: before.Items}
	if next.Class == document.EditorialChange {
		next.Class = document.MinorChange
	}
	change, err := d.Library.OpenChangeTx(ctx, tx, next)
	if err != nil {
		return "", err
	}
	return change, incident.LinkTx(ctx, tx, i.ID, incident.Link{Kind: incident.FedChange, Target: change, Note: "in place of " + c.Of + ", which had no effect"})
}

const checkColumns = `id, incident, change, question, owner, owner_name, due, author_name, made, result, finding, answered, answered_by, follow_change, follow_check`

func scanCheck(s store.Scanner) (Check, error) {
	var c Check
	var due, made, answered int64
	err := s.Scan(&c.ID, &c.Incident, &c.Of, &c.Question, &c.Owner, &c.OwnerName, &due, &c.ByName, &made, &c.Result, &c.Finding, &answered, &c.AnsweredBy, &c.Follow, &c.Next)
	c.Due, c.Made, c.Answered = store.Time(due), store.Time(made), store.Time(answered)
	return c, err
}

func putCheck(ctx context.Context, tx *store.Tx, c Check) error {
	_, err := tx.Exec(ctx, `INSERT INTO loop_check (`+checkColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)
		ON CONFLICT (id) DO UPDATE SET result = excluded.result, finding = excluded.finding, answered = excluded.answered, answered_by = excluded.answered_by,
			follow_change = excluded.follow_change, follow_check = excluded.follow_check`,
		c.ID, c.Incident, c.Of, c.Question, c.Owner, c.OwnerName, store.Micros(c.Due), c.ByName, store.Micros(c.Made), string(c.Result), c.Finding, store.Micros(c.Answered),
		c.AnsweredBy, c.Follow, c.Next)
	return err
}

// Checks reads the checks of an incident that the actor may see, the first planned first.
func Checks(ctx context.Context, r store.Reader, of string) ([]Check, error) {
	i, err := incident.Brief(ctx, r, of)
	if err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanCheck, `SELECT `+checkColumns+` FROM loop_check WHERE incident = $1 ORDER BY made, id`, i.ID)
}

// DueOf reads checks of an owner that are not answered and due before an instant, the earliest first, at most 100.
func DueOf(ctx context.Context, r store.Reader, owner string, before time.Time) ([]Check, error) {
	if _, err := store.ScopeOf(ctx, incident.KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanCheck, `SELECT `+checkColumns+` FROM loop_check WHERE owner = $1 AND result = '' AND due < $2 ORDER BY due, id LIMIT 100`, owner, store.Micros(before))
}
