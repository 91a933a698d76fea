package training

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// Need is that the holders of a function must know a revision that is in force or in training.
type Need struct {
	Revision     string
	Function     source.Function
	Product      string // model, "" for none
	Document     string
	Code         string
	Label        string
	Title        string
	Content      string         // SHA-256 of the revision's content
	State        document.State // InForce or InTraining
	Kind         Kind
	Basis        Basis
	Because      string
	DueDays      int
	RecertMonths int
	Tries        int  // of the quiz; 0: without limit
	Told         bool // who knows an earlier revision is only told: the change request says so
}

// defaultDueDays is how long people have where nothing says it.
const defaultDueDays = 14

// strict orders the kinds by what they ask for.
func strict(a, b Kind) Kind {
	order := []Kind{Notify, Read, Quiz, Practical, Certificate}
	if slices.Index(order, a) >= slices.Index(order, b) {
		return a
	}
	return b
}

// needsOf works out who must know the revisions of a document that are in force or in training: the functions that it
// names, those of rules and those of curricula. Of several reasons for one function and product the strictest kind counts.
func (d Desk) needsOf(ctx context.Context, r store.Reader, code string) ([]Need, error) {
	doc, err := document.ByCode(ctx, r, code)
	if err != nil {
		return nil, err
	}
	rules, err := rulesOf(ctx, r, code)
	if err != nil {
		return nil, err
	}
	var out []Need
	for _, rid := range []document.RevisionID{doc.Effective, doc.Working} {
		if rid == "" {
			continue
		}
		v, err := document.RevisionOf(ctx, r, rid)
		if err != nil {
			return nil, err
		}
		if v.State != document.InForce && v.State != document.InTraining {
			continue
		}
		text, err := v.Parsed()
		if err != nil {
			return nil, fmt.Errorf("read training of %s %s: %w", code, v.Label, err)
		}
		told, err := toldOnly(ctx, r, v)
		if err != nil {
			return nil, err
		}
		base := Need{Revision: string(v.ID), Document: string(v.Document), Code: code, Label: v.Label, Title: v.Title, Content: v.ContentHash, State: v.State, Told: told}
		out = append(out, d.askedBy(base, text, rules)...)
	}
	slices.SortFunc(out, func(a, b Need) int { return strings.Compare(a.key(), b.key()) })
	return out, nil
}

func (n Need) key() string { return n.Revision + " " + string(n.Function) + " " + n.Product }

func toldOnly(ctx context.Context, r store.Reader, v document.Revision) (bool, error) {
	if v.Change == "" {
		return false, nil
	}
	c, err := document.ChangeOf(reading(ctx), r, v.Change)
	return c.NotifyOnly, err
}

// askedBy lists the needs of one revision.
func (d Desk) askedBy(base Need, text source.Document, rules []Rule) []Need {
	byKey := map[string]Need{}
	add := func(n Need) {
		if n.Kind == Practical && len(text.Steps) == 0 {
			n.Kind = Quiz // there is nothing to carry out
		}
		if n.Kind == Quiz && len(text.Quiz) == 0 {
			n.Kind = Read // there is nothing to ask
		}
		if n.DueDays <= 0 {
			n.DueDays = defaultDueDays
		}
		have, ok := byKey[n.key()]
		if !ok {
			byKey[n.key()] = n
			return
		}
		have.Kind = strict(have.Kind, n.Kind)
		have.DueDays = min(have.DueDays, n.DueDays)
		if n.RecertMonths > 0 && (have.RecertMonths == 0 || n.RecertMonths < have.RecertMonths) {
			have.RecertMonths = n.RecertMonths
		}
		byKey[n.key()] = have
	}
	if t := text.Training; t != nil {
		base.Tries = t.Attempts
		for _, f := range t.Audience {
			n := base
			n.Function, n.Kind, n.Basis, n.DueDays, n.RecertMonths = f, Kind(t.Kind), FromAudience, t.DueDays, t.RecertMonths
			n.Because = "the document names " + f.Word()
			add(n)
		}
	}
	for _, c := range d.Curricula {
		if !slices.Contains(c.Documents, base.Code) {
			continue
		}
		for _, f := range c.Functions {
			n := base
			n.Function, n.Kind, n.Basis, n.RecertMonths, n.Because = f, c.Kind, FromCurriculum, c.RecertMonths, "the curriculum "+c.Title+" asks for it"
			if text.Training != nil {
				n.Kind = strict(n.Kind, Kind(text.Training.Kind))
			}
			add(n)
		}
	}
	for _, x := range rules {
		n := base
		n.Function, n.Product, n.Kind, n.Basis, n.DueDays, n.RecertMonths, n.Because = source.Function(x.Function), x.Product, x.Kind, FromRule, x.DueDays, x.RecertMonths, x.Reason
		add(n)
	}
	out := make([]Need, 0, len(byKey))
	for _, n := range byKey {
		out = append(out, n)
	}
	return out
}

// renew keeps the needs of a document; it records them when they changed.
func (d Desk) renew(ctx context.Context, tx *store.Tx, code string) error {
	is, err := d.needsOf(ctx, tx, code)
	if err != nil {
		return err
	}
	was, err := needs(ctx, tx, ` WHERE code = $1`, code)
	if err != nil || slices.Equal(was, is) {
		return err
	}
	if _, err := tx.Exec(ctx, `DELETE FROM training_need WHERE code = $1`, code); err != nil {
		return err
	}
	doc, b := "", NeedsBody{Code: code, Needs: []string{}}
	for _, n := range append(was, is...) {
		doc = n.Document
	}
	for _, n := range is {
		if err := insertNeed(ctx, tx, n); err != nil {
			return err
		}
		b.Needs = append(b.Needs, strings.Join(strings.Fields(fmt.Sprintf("%s %s %s %s (%s)", n.Label, n.Function, n.Product, n.Kind, n.Basis)), " "))
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindNeedsChanged, Subject: doc, Body: b})
	return err
}

// Needs reads who must know what, by document. Zero fields do not restrict.
func Needs(ctx context.Context, r store.Reader, code string, f source.Function) ([]Need, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	var w store.Where
	if code != "" {
		w.And("code = ?", code)
	}
	if f != "" {
		w.And("function = ?", string(f))
	}
	return needs(ctx, r, w.SQL(), w.Args()...)
}

// asked is that one person must know one revision.
type asked struct {
	Need
	Account string
}

func (a asked) key() string { return a.Account + " " + a.Revision + " " + a.Product }

// askedOf turns needs of functions into needs of people at an instant. Of several functions of one person the strictest
// kind counts.
func askedOf(ctx context.Context, r store.Reader, all []Need, at time.Time) (map[string]asked, error) {
	out := map[string]asked{}
	held := map[source.Function][]document.Holder{}
	for _, n := range all {
		holders, ok := held[n.Function]
		if !ok {
			var err error
			if holders, err = document.HoldersOf(ctx, r, n.Function, at); err != nil {
				return nil, err
			}
			held[n.Function] = holders
		}
		for _, h := range holders {
			a := asked{n, h.Account}
			if have, ok := out[a.key()]; ok {
				have.Kind = strict(have.Kind, n.Kind)
				have.DueDays = min(have.DueDays, n.DueDays)
				out[a.key()] = have
				continue
			}
			out[a.key()] = a
		}
	}
	return out, nil
}

// AddRule says that the holders of a function must know a document. Conflict when a rule says so already.
func (d Desk) AddRule(ctx context.Context, x Rule) (string, error) {
	if err := x.Validate(); err != nil {
		return "", err
	}
	err := d.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if _, err := document.ByCode(ctx, tx, x.Code); err != nil {
			return err
		}
		if x, err = insertRule(ctx, tx, x); err != nil {
			if problem.KindOf(err) == problem.Conflict {
				return problem.New(problem.Conflict, "there is a rule for this function and document already; end it first")
			}
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRuleAdded, Subject: x.ID, Product: x.Product, Body: x.body(x.Reason)})
		return err
	})
	return x.ID, err
}

func (x Rule) body(reason string) RuleBody {
	return RuleBody{x.Function, x.Code, x.Product, x.Kind, x.DueDays, x.RecertMonths, reason}
}

// Validate returns all faults.
func (x Rule) Validate() error {
	var l problem.List
	if !source.Function(x.Function).Known() {
		l.Add("function", "is not in the list of functions")
	}
	if !source.IsCode(x.Code) {
		l.Add("code", "is not a code of a document")
	}
	if !slices.Contains(Kinds(), x.Kind) {
		l.Add("kind", "must be notify, read, quiz, practical or certificate")
	}
	if x.DueDays < 0 || x.DueDays > 365 {
		l.Add("due_days", "must be 0 to 365")
	}
	if x.RecertMonths < 0 || x.RecertMonths > 120 {
		l.Add("recert_months", "must be 0 to 120")
	}
	needText(&l, "reason", x.Reason)
	return l.Err("the rule is not valid")
}

// EndRule ends a rule. Trainings that nothing else asks for are closed.
func (d Desk) EndRule(ctx context.Context, id, reason string) error {
	var l problem.List
	needText(&l, "reason", reason)
	if err := l.Err("say why"); err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		x, err := ruleByID(ctx, tx, id)
		if err != nil {
			return err
		}
		if !x.Ended.IsZero() {
			return problem.New(problem.Conflict, "the rule has ended already")
		}
		if _, err := tx.Exec(ctx, `UPDATE training_rule SET ended = $1, end_reason = $2 WHERE id = $3`, store.Micros(tx.Now), strings.TrimSpace(reason), id); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRuleEnded, Subject: id, Product: x.Product, Body: x.body(strings.TrimSpace(reason))})
		return err
	})
}

const maxText = 4000

// needText notes a missing or too long text.
func needText(l *problem.List, path, s string) {
	switch {
	case strings.TrimSpace(s) == "":
		l.Add(path, "is required")
	case len(s) > maxText:
		l.Add(path, "is longer than %d characters", maxText)
	}
}
