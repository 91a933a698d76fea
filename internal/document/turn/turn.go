package turn

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/store"
)

// Kind is what somebody is to do.
type Kind string

// The closed list of kinds.
const (
	Review       Kind = "review"
	Approve      Kind = "approve"
	Revise       Kind = "revise"        // changes were asked for
	Freeze       Kind = "freeze"        // everybody reviewed it
	OpenApproval Kind = "open_approval" // sign as author
	Issue        Kind = "issue"         // a temporary instruction waits
	AfterTheFact Kind = "after_the_fact"
	Again        Kind = "periodic_review"
	Watch        Kind = "watch" // look for a new edition
)

// Turn is one thing to do.
type Turn struct {
	Kind       Kind
	Code       string
	Title      string
	Revision   document.RevisionID
	Label      string
	Function   source.Function // "" as author
	DelegateOf string          // account that delegated the function
	Since      time.Time
	Due        time.Time // zero for none
}

// Of reads what waits for an account at an instant, what is due first, the oldest first.
func Of(ctx context.Context, r store.Reader, account string, at time.Time) ([]Turn, error) {
	held, err := document.FunctionsOf(ctx, r, account, at)
	if err != nil {
		return nil, err
	}
	w := waiting{account: account, held: held, at: at}
	open, err := document.OnTheirWay(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, v := range open {
		if err := w.revision(ctx, r, v); err != nil {
			return nil, err
		}
	}
	due, err := document.Documents(ctx, r, document.Query{Overdue: at.Add(lead), Limit: 500})
	if err != nil {
		return nil, err
	}
	for _, d := range due.Items {
		kind, when := Again, d.ReviewDue
		if when.IsZero() || when.After(at.Add(lead)) {
			kind, when = Watch, d.WatchDue
		}
		if d.Effective != "" {
			w.offer([]source.Function{d.OwnerRole}, Turn{Kind: kind, Code: d.Code, Title: d.Title, Revision: d.Effective, Due: when})
		}
	}
	slices.SortStableFunc(w.turns, func(a, b Turn) int {
		if a.Due.IsZero() != b.Due.IsZero() {
			if a.Due.IsZero() {
				return 1
			}
			return -1
		}
		if c := a.Due.Compare(b.Due); c != 0 {
			return c
		}
		return a.Since.Compare(b.Since)
	})
	return w.turns, nil
}

// lead is how long before a review is due it is somebody's turn.
const lead = 30 * 24 * time.Hour

type waiting struct {
	account string
	held    []document.Holder
	at      time.Time
	turns   []Turn
}

// offer adds a turn for the first of the functions that the account holds.
func (w *waiting) offer(of []source.Function, t Turn) {
	for _, f := range of {
		for _, h := range w.held {
			if h.Function == f {
				t.Function, t.DelegateOf = f, h.DelegateOf
				w.turns = append(w.turns, t)
				return
			}
		}
	}
}

func (w *waiting) revision(ctx context.Context, r store.Reader, v document.Revision) error {
	d, err := v.Parsed()
	if err != nil {
		return err
	}
	all, err := document.Decisions(ctx, r, v.ID)
	if err != nil {
		return err
	}
	authors, err := document.AuthorsOf(ctx, r, v.ID)
	if err != nil {
		return err
	}
	mine := slices.Contains(authors, w.account)
	route := document.RouteOf(d)
	t := Turn{Code: v.Code, Title: v.Title, Revision: v.ID, Label: v.Label, Since: v.Changed}
	own := func(k Kind) {
		t.Kind = k
		switch {
		case mine:
			w.turns = append(w.turns, t)
		case !slices.ContainsFunc(authors, func(a string) bool { return strings.HasPrefix(a, "usr_") }): // what the program seeded
			w.offer([]source.Function{d.OwnerRole}, t)
		}
	}
	decide := func(k Kind, s document.Stage) {
		t.Kind = k
		if left := route.Missing(s, all); !mine && !decided(all, s, w.account) {
			w.offer(left, t)
		}
	}
	switch v.State {
	case document.Draft:
		if t.Kind = Issue; v.Temporary && !mine {
			t.Due = v.Expires
			w.offer(append(route.Approve, d.OwnerRole), t)
		}
	case document.ChangesRequested:
		own(Revise)
	case document.Frozen:
		own(OpenApproval)
	case document.InReview:
		if len(route.Missing(document.Reviewing, all)) == 0 {
			own(Freeze)
		} else {
			decide(Review, document.Reviewing)
		}
	case document.InApproval:
		decide(Approve, document.Approving)
	case document.InForce, document.Superseded, document.Withdrawn:
		if t.Kind = AfterTheFact; !mine && !decided(all, document.Releasing, w.account) {
			t.Since, t.Due = v.Approved, v.Expires
			w.offer([]source.Function{"quality", d.OwnerRole}, t)
		}
	}
	return nil
}

func decided(all []document.Decision, s document.Stage, account string) bool {
	return slices.ContainsFunc(all, func(d document.Decision) bool { return d.Counts(s) && d.Account == account })
}
