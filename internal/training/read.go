package training

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// mayRead allows reading about one's own trainings, or those that training.read covers.
func mayRead(ctx context.Context, t Training) error {
	if a, ok := store.ActorOf(ctx); ok && a.ID == t.Account {
		return nil
	}
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return err
	}
	if !s.Covers("", t.Product) {
		return problem.New(problem.Forbidden, "your role does not cover this training")
	}
	return nil
}

// Get reads a training: one's own, or with training.read.
func Get(ctx context.Context, r store.Reader, tid string) (Training, error) {
	t, err := training(ctx, r, tid)
	if err != nil {
		return t, err
	}
	return t, mayRead(ctx, t)
}

// Attempts reads the attempts at the quiz of a training, oldest first.
func Attempts(ctx context.Context, r store.Reader, tid string) ([]Attempt, error) {
	if _, err := Get(ctx, r, tid); err != nil {
		return nil, err
	}
	return attempts(ctx, r, ` WHERE training = $1`, tid)
}

// Mine reads the actor's own trainings that are open or locked, the most urgent first.
func Mine(ctx context.Context, r store.Reader) ([]Training, error) {
	a, ok := store.ActorOf(ctx)
	if !ok {
		return nil, problem.New(problem.Forbidden, "sign in first")
	}
	me, err := people.Person(ctx, r, a)
	if err != nil {
		return nil, err
	}
	return trainings(ctx, r, ` WHERE account = $1 AND state IN ('open', 'locked') ORDER BY due, code, id`, me.ID)
}

// Digest sums up what one person has to learn.
type Digest struct {
	Open    int // without those that follow
	Soon    int // due within a week
	Overdue int
	Locked  int
	Next    time.Time // the next date; zero for none
}

// DigestOf sums up trainings at an instant.
func DigestOf(all []Training, now time.Time) Digest {
	var d Digest
	for _, t := range all {
		switch {
		case t.State == Locked:
			d.Locked++
		case t.State != Open:
			continue
		case t.Due.Before(now):
			d.Overdue++
		case t.Due.Before(now.AddDate(0, 0, 7)):
			d.Soon++
		default:
			d.Open++
		}
		if t.State == Open && (d.Next.IsZero() || t.Due.Before(d.Next)) {
			d.Next = t.Due
		}
	}
	return d
}

// Query chooses trainings. Zero fields do not restrict.
type Query struct {
	Account  string
	Code     string
	Revision string
	State    State
	Kind     Kind
	Product  string
	Overdue  time.Time // only open ones that were due before
	Sort     string    // of [Sorts]; "" is the newest first
	After    string    // Next of the page before
	Limit    int       // at most 1,000; 0 means 50
}

// Sorts are the orders of the list of trainings.
func Sorts() store.Sorts {
	id := store.ByText("id")
	return store.Sorts{"assigned": {store.ByNumber("assigned"), id}, "due": {store.ByNumber("due"), id}, "settled": {store.ByNumber("settled"), id},
		"code": {store.ByText("code"), id}, "kind": {store.ByText("kind"), id}, "state": {store.ByText("state"), store.ByNumber("due"), id}}
}

// Page is a page of trainings.
type Page = store.Page[Training]

func (q Query) where(scope store.Scope) store.Where {
	var w store.Where
	w.Scope(scope, "", "product")
	for _, c := range []struct{ column, value string }{{"account", q.Account}, {"code", q.Code}, {"revision", q.Revision}, {"state", string(q.State)}, {"kind", string(q.Kind)},
		{"product", q.Product}} {
		if c.value != "" {
			w.And(c.column+" = ?", c.value)
		}
	}
	if !q.Overdue.IsZero() {
		w.And("state = 'open' AND due < ?", store.Micros(q.Overdue))
	}
	return w
}

// List reads a page of trainings.
func List(ctx context.Context, r store.Reader, q Query) (Page, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Page{}, err
	}
	sort, err := Sorts().Named(q.Sort, "-assigned")
	if err != nil {
		return Page{}, err
	}
	p, err := store.List(ctx, r, store.Listing{Columns: trainingColumns, From: "training", Where: q.where(scope), Sort: sort, After: q.After, Limit: q.Limit}, scanTraining)
	if err != nil {
		return Page{}, fmt.Errorf("read trainings: %w", err)
	}
	return p, nil
}

// Count counts the trainings that a query chooses, up to 10,000.
func Count(ctx context.Context, r store.Reader, q Query) (int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return 0, err
	}
	return store.CountUpTo(ctx, r, "training", q.where(scope), 10_000)
}

// Reading is what the person of a training is to read.
type Reading struct {
	Revision document.Revision
	Text     source.Document
	Known    document.Revision  // what they signed last; its ID is "" when they never did
	Before   source.Document    // the text of Known
	Quiz     []source.Question  // what will be asked; nil for another kind
	Pass     int                // percent
	Steps    []string           // the steps that changed since Known
	Cautions []document.Caution // that stand on the document
}

// ReadingOf reads what a training is about, for the person themself or with training.read.
func ReadingOf(ctx context.Context, r store.Reader, t Training) (Reading, error) {
	var x Reading
	if err := mayRead(ctx, t); err != nil {
		return x, err
	}
	var err error
	if x.Revision, err = document.RevisionOf(reading(ctx), r, document.RevisionID(t.Revision)); err != nil {
		return x, err
	}
	var was *source.Document
	if x.Text, was, err = textsOf(ctx, r, t); err != nil {
		return x, err
	}
	if was != nil {
		if x.Known, err = document.RevisionOf(reading(ctx), r, document.RevisionID(t.Known)); err != nil {
			return x, err
		}
		x.Before, x.Steps = *was, changedSteps(*was, x.Text)
	}
	if x.Cautions, err = document.Cautions(reading(ctx), r, document.ID(t.Document)); err != nil {
		return x, err
	}
	x.Cautions = slices.DeleteFunc(x.Cautions, func(c document.Caution) bool { return !c.Lifted.IsZero() })
	if t.Kind != Quiz {
		return x, nil
	}
	x.Quiz, x.Pass, err = questionsOf(ctx, r, t)
	return x, err
}

// Relying is what of training relies on a document or on one of its steps.
type Relying struct {
	ID    string // revision, curriculum or question
	Code  string // as people call it
	Title string
	Why   string
}

// RelyingOn finds who learned or learns a document, by revision, the curricula that ask for it and the questions about
// the step.
func (d Desk) RelyingOn(ctx context.Context, r store.Reader, code, step string) ([]Relying, error) {
	type count struct {
		Relying
		done, open int
	}
	counts, err := store.All(ctx, r, func(s store.Scanner) (c count, err error) {
		return c, s.Scan(&c.ID, &c.Code, &c.Title, &c.done, &c.open)
	}, `SELECT revision, label, title, count(DISTINCT CASE WHEN state = 'done' THEN account END), count(DISTINCT CASE WHEN state IN ('open', 'locked') THEN account END)
		FROM training WHERE code = $1 AND state IN ('done', 'open', 'locked') GROUP BY revision, label, title ORDER BY min(assigned)`, code)
	if err != nil {
		return nil, err
	}
	var out []Relying
	for _, c := range counts {
		c.Code, c.Why = code+" "+c.Code, fmt.Sprintf("%d trained in it, %d learning it", c.done, c.open)
		out = append(out, c.Relying)
	}
	for _, c := range d.Curricula {
		if slices.Contains(c.Documents, code) {
			out = append(out, Relying{c.ID, "curriculum", c.Title, "asks for it"})
		}
	}
	v, err := document.Effective(reading(ctx), r, code)
	if problem.KindOf(err) == problem.NotFound {
		return out, nil
	}
	if err != nil {
		return nil, err
	}
	text, err := v.Parsed()
	for _, q := range text.Quiz {
		if slices.Contains(q.Steps, step) {
			out = append(out, Relying{string(v.ID) + "#" + q.ID, code + " " + q.ID, q.Ask, "is a question about the step"})
		}
	}
	return out, err
}
