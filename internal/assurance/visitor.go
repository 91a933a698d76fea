package assurance

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Visitor is a person from outside who may look at one inquiry until an instant.
type Visitor struct {
	Inquiry      string
	Account      string
	Grant        string // grn_…: the right to see this inquiry and nothing else
	Name         string // as it was then
	Organisation string
	Until        time.Time
	Author       string // name of who admitted them
	At           time.Time
	Ended        time.Time // dismissed before their time, zero otherwise
}

// Live reports whether the visitor may look at an instant.
func (v Visitor) Live(now time.Time) bool { return v.Ended.IsZero() && now.Before(v.Until) }

// longestVisit bounds how long somebody from outside is admitted at once.
const longestVisit = 90 * 24 * time.Hour

// Admit lets a person look at an inquiry until an instant. Who admits must be allowed to give rights (people.granted),
// and the person must hold no other right: a colleague is no visitor.
func (s Inquiries) Admit(ctx context.Context, v Visitor) error {
	var l problem.List
	if strings.TrimSpace(v.Organisation) == "" || len(v.Organisation) > 300 {
		l.Add("organisation", "say whom the person works for, in at most 300 characters")
	}
	if v.Until.IsZero() {
		l.Add("until", "is required: an admission ends")
	}
	if err := l.Err("nobody was admitted"); err != nil {
		return err
	}
	err := s.change(ctx, v.Inquiry, func(tx *store.Tx, i Inquiry) error {
		if v.Until.After(tx.Now.Add(longestVisit)) {
			return problem.New(problem.Invalid, "a visit lasts at most %d days", int(longestVisit.Hours()/24))
		}
		a, err := people.Get(system(ctx), tx, v.Account)
		if err != nil {
			return err
		}
		others, err := people.Grants(system(ctx), tx, v.Account)
		if err != nil {
			return err
		}
		if slices.ContainsFunc(others, func(g people.Grant) bool {
			return (g.Expires.IsZero() || g.Expires.After(tx.Now)) && (g.All || len(g.Sites)+len(g.Products) > 0)
		}) {
			return problem.New(problem.Conflict, "%s has other rights here: give people from outside an account of their own", a.Name)
		}
		if v.Grant, err = people.GrantTx(ctx, tx, people.Grant{Account: v.Account, Role: people.RoleVisitor, Inquiries: []string{v.Inquiry}, Expires: v.Until}); err != nil {
			return err
		}
		v.Name, v.Author, v.At = a.Name, tx.Actor().Name, tx.Now
		if err := insertVisitor(ctx, tx, v); err != nil {
			return err
		}
		return record(ctx, tx, KindAdmitted, i, map[string]any{"account": v.Account, "organisation": v.Organisation, "until": v.Until})
	})
	if err != nil {
		return fmt.Errorf("admit to inquiry: %w", err)
	}
	return nil
}

// Dismiss ends a visit at once.
func (s Inquiries) Dismiss(ctx context.Context, inquiry, account, reason string) error {
	if err := reasoned(reason); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := readInquiry(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		n, err := endVisitor(ctx, tx, inquiry, account)
		if err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.NotFound, "the person is not admitted to this inquiry")
		}
		return record(ctx, tx, KindDismissed, i, map[string]string{"account": account, "reason": reason})
	})
}

// Visitors are the people from outside who were admitted to an inquiry, oldest first.
func Visitors(ctx context.Context, r store.Reader, inquiry string) ([]Visitor, error) {
	if err := insider(ctx, r, inquiry); err != nil {
		return nil, err
	}
	return readVisitors(ctx, r, inquiry)
}

// insider refuses those who see the inquiry as visitors: what is behind it is not theirs.
func insider(ctx context.Context, r store.Reader, inquiry string) error {
	i, err := GetInquiry(ctx, r, inquiry)
	if err != nil {
		return err
	}
	s, err := store.ScopeOf(ctx, KindInquiryRead)
	if err != nil {
		return err
	}
	if !s.Covers(i.Site, i.Product) {
		return problem.New(problem.Forbidden, "this is not shown to people from outside")
	}
	return nil
}

// Insider reports whether the actor sees an inquiry as somebody of the house.
func Insider(ctx context.Context, r store.Reader, inquiry string) bool {
	return insider(ctx, r, inquiry) == nil
}

// Visit records that a person from outside looks at something of an inquiry, before it is shown; nothing is shown when
// that fails. It refuses who is not admitted now. For people of the house it does nothing.
func (s Inquiries) Visit(ctx context.Context, inquiry, what string) error {
	house := false
	err := s.DB.View(ctx, func(r store.Reader) error {
		if _, err := GetInquiry(ctx, r, inquiry); err != nil {
			return err
		}
		house = Insider(ctx, r, inquiry)
		return nil
	})
	if err != nil || house {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := readInquiry(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		all, err := readVisitors(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		if !slices.ContainsFunc(all, func(v Visitor) bool { return v.Account == tx.Actor().ID && v.Live(tx.Now) }) {
			return problem.New(problem.Forbidden, "you are not admitted to this inquiry any more")
		}
		return record(ctx, tx, KindViewed, i, map[string]string{"what": what})
	})
}

// Look is that somebody looked at an inquiry or took its bundle.
type Look struct {
	Seq   int64
	At    time.Time
	Actor string
	Name  string
	Kind  string
	What  string
}

// Looks is the access log of an inquiry: what people from outside looked at, and who took bundles; newest first.
func Looks(ctx context.Context, r store.Reader, inquiry string) ([]Look, error) {
	if err := insider(ctx, r, inquiry); err != nil {
		return nil, err
	}
	all, err := store.Journal(ctx, r, store.JournalQuery{Subject: inquiry, Kinds: []string{KindViewed, KindTaken}, Order: store.NewestFirst, Limit: 500})
	if err != nil {
		return nil, err
	}
	var out []Look
	for _, e := range all {
		out = append(out, Look{Seq: e.Seq, At: e.At, Actor: e.Actor, Name: e.ActorName, Kind: e.Kind, What: whatOf(e)})
	}
	return out, nil
}
