package loop

import (
	"cmp"
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
	Of        string // what the incident fed, such as a change request ("chg_…") or decision ("dec_…"); the incident itself where nothing was to change
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
	c.ID = ""
	err := d.write(ctx, of, func(tx *store.Tx, i incident.Incident) error {
		have, err := Checks(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		if n := slices.IndexFunc(have, func(x Check) bool { return x.ByName == byClosing && x.Result == "" }); n >= 0 {
			c.ID = have[n].ID // what people plan takes the place of what closing planned
		}
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
	if c.Of != i.ID && !slices.ContainsFunc(f.Links, func(x incident.Link) bool { return x.Target == c.Of && x.Kind.Feeds() }) {
		l.Add("of", "must be the incident, or something that it fed")
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
	return c.keep(ctx, tx, i, owner, me.Name)
}

// keep stores a check that is planned.
func (c Check) keep(ctx context.Context, tx *store.Tx, i incident.Incident, owner people.Name, by string) (Check, error) {
	if c.ID == "" {
		var err error
		if c.ID, err = id.New("chk"); err != nil {
			return c, err
		}
	}
	c.Incident, c.Owner, c.OwnerName, c.ByName, c.Made = i.ID, owner.ID, owner.Name, by, tx.Now
	c.Result, c.Finding, c.Answered, c.AnsweredBy, c.Follow, c.Next = "", "", time.Time{}, "", "", ""
	if err := putCheck(ctx, tx, c); err != nil {
		return c, err
	}
	return c, record(ctx, tx, i, KindCheckPlanned, Body{Check: c.ID, Of: c.Of, Question: c.Question, Owner: c.OwnerName, Due: c.Due.UTC().Format(time.RFC3339)})
}

// byClosing stands in place of who planned a check that nobody planned.
const byClosing = "closing the incident"

// CheckAfter is how long after an incident was closed a check is due that nobody planned.
const CheckAfter = 90 * 24 * time.Hour

// CheckClosed is the follower that plans a check for the owner of an incident that was closed without one: of what it fed, or,
// where nothing is to change, of the incident itself. An exercise gets one only when it changed something.
func CheckClosed() store.Follower {
	return store.Follower{Name: "loop checks", Kinds: []string{incident.KindClosed}, React: func(ctx context.Context, tx *store.Tx, e store.Entry) error {
		s, err := Of(ctx, tx, e.Subject)
		if err != nil {
			return fmt.Errorf("read the loop of %s: %w", e.Subject, err)
		}
		of, i := s.toCheck(), s.Incident
		if len(s.Checks) > 0 || i.Exercise && of == i.ID {
			return nil
		}
		due := e.At.Add(CheckAfter)
		if !due.After(tx.Now) {
			due = tx.Now.Add(CheckAfter)
		}
		_, err = Check{Of: of, Question: "Does what was changed after " + i.Number + " work, and has it not happened again?", Due: due}.keep(ctx, tx, i, people.Name{ID: i.Owner, Name: i.OwnerName}, byClosing)
		return err
	}}
}

// toCheck is what a check after the incident is about: the first that can be opened again, or what else it fed, or itself.
func (s State) toCheck() string {
	for _, k := range []incident.LinkKind{incident.FedChange, incident.FedDecision, incident.FedControl, incident.FedVulnerability, incident.FedRule, incident.FedStep} {
		if n := slices.IndexFunc(s.Parts, func(p Part) bool { return p.Kind == k }); n >= 0 {
			return s.Parts[n].Target
		}
	}
	return s.Incident.ID
}

// Answer is what a check found.
type Answer struct {
	Result  Result
	Finding string
	Next    time.Time // of no effect: when the next check is due
}

// Answer answers a check. Where the change has no effect it is opened again: a decision itself, a change request as a new one
// for the same documents; a next check is planned in any case. It returns what was opened, "" for nothing.
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
			next, err := plan(ctx, tx, i, Check{Of: cmp.Or(c.Follow, c.Of), Question: c.Question, Owner: c.Owner, Due: a.Next})
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
	s, err := Of(ctx, r, c.Incident)
	if err != nil {
		return err
	}
	for _, p := range s.Parts {
		if p.Target == c.Of && !p.Done {
			return problem.New(problem.Conflict, "what is to be checked is not done yet: %s", p.Waits)
		}
	}
	return nil
}

// again opens what had no effect, and links it; "" where it is nothing that opens: then people say what else is to change.
func (d Desk) again(ctx context.Context, tx *store.Tx, i incident.Incident, c Check) (string, error) {
	why := "checked after " + i.Number + " and not effective: " + c.Finding
	switch {
	case strings.HasPrefix(c.Of, "dec_"):
		_, err := risk.ReopenTx(ctx, tx, c.Of, cut(why, 4000))
		return c.Of, err
	case !strings.HasPrefix(c.Of, "chg_"):
		return "", nil
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
		ON CONFLICT (id) DO UPDATE SET change = excluded.change, question = excluded.question, owner = excluded.owner, owner_name = excluded.owner_name, due = excluded.due,
			author_name = excluded.author_name, made = excluded.made, result = excluded.result, finding = excluded.finding, answered = excluded.answered, answered_by = excluded.answered_by,
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
	all, err := store.All(ctx, r, scanCheck, `SELECT `+checkColumns+` FROM loop_check WHERE owner = $1 AND result = '' AND due < $2 ORDER BY due, id LIMIT 100`, owner, store.Micros(before))
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for n, c := range all {
		ids[n] = c.Incident
	}
	of, err := incident.GlanceAll(ctx, r, ids)
	for n, c := range all {
		if i, ok := of[c.Incident]; !ok || i.Withheld {
			all[n].Question = "what is asked is withheld; ask to be named in " + cmp.Or(i.Number, "the incident")
		}
	}
	return all, err
}
