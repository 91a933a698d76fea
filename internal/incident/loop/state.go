package loop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/document"
	"triward/internal/incident"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// followerName is the name under which the follower keeps its place in the journal.
const followerName = "loop"

// Follower keeps how the loop of every closed incident stands. What happens at the other ends is read again for the loops
// that are open; a closed loop is read again when something happens in its incident, or to a decision.
func Follower() store.Follower {
	kinds := []string{incident.KindClosed, incident.KindLinked, KindCheckPlanned, KindCheckAnswered,
		risk.KindDecided, risk.KindAccepted, risk.KindReopened, risk.KindClosed, risk.KindDecisionChanged,
		document.KindChangeClosed, document.KindChangeOpened, detection.KindRuleMoved, vuln.KindExploitationObserved, vuln.KindObservationWithdrawn}
	return store.Follower{Name: followerName, Kinds: kinds, Derive: func(ctx context.Context, b *store.Bulk, entries []store.Entry) error {
		ctx = store.WithActor(ctx, store.System(followerName))
		all := map[string]bool{}
		ends := false
		for _, e := range entries {
			switch e.Kind {
			case incident.KindClosed, incident.KindLinked, KindCheckPlanned, KindCheckAnswered:
				all[e.Subject] = true
			case risk.KindReopened:
				linked, err := linkedWith(ctx, b, e.Subject)
				if err != nil {
					return err
				}
				for _, x := range linked {
					all[x] = true
				}
				ends = true
			default:
				ends = true
			}
		}
		if ends {
			open, err := store.All(ctx, b, store.Value[string], `SELECT incident FROM loop_state WHERE open > 0 ORDER BY incident`)
			if err != nil {
				return err
			}
			for _, x := range open {
				all[x] = true
			}
		}
		return derive(ctx, b, all)
	}}
}

// linkedWith are the incidents that a decision, or a vulnerability that it is about, is linked with.
func linkedWith(ctx context.Context, r store.Reader, decision string) ([]string, error) {
	d, err := risk.GetDecision(ctx, r, decision)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.In("target", append(d.Vulnerabilities, decision))
	return store.All(ctx, r, store.Value[string], `SELECT DISTINCT incident FROM incident_link`+w.SQL(), w.Args()...)
}

func derive(ctx context.Context, b *store.Bulk, of map[string]bool) error {
	ids := make([]string, 0, len(of))
	for x := range of {
		ids = append(ids, x)
	}
	slices.Sort(ids)
	for _, x := range ids {
		s, err := Of(ctx, b, x)
		if err != nil {
			return fmt.Errorf("read the loop of %s: %w", x, err)
		}
		i := s.Incident
		if i.State != incident.Closed || i.SameAs != "" {
			continue // a duplicate has no loop of its own
		}
		if _, err := b.Exec(ctx, `INSERT INTO loop_state (incident, site, product, exercise, number, title, closed, parts, open, ended) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
			ON CONFLICT (incident) DO UPDATE SET title = excluded.title, closed = excluded.closed, parts = excluded.parts, open = excluded.open, ended = excluded.ended`,
			i.ID, i.Site, i.Product, i.Exercise, i.Number, i.Title, store.Micros(i.Closed), len(s.Parts)+len(s.Checks)+len(s.Missing), s.Open, store.Micros(s.Ended)); err != nil {
			return err
		}
	}
	return nil
}

// Rebuild makes the state of every loop again.
func Rebuild(ctx context.Context, b *store.Bulk) error {
	if _, err := b.Exec(ctx, `DELETE FROM loop_state`); err != nil {
		return err
	}
	ctx = store.WithActor(ctx, store.System(followerName))
	ids, err := store.All(ctx, b, store.Value[string], `SELECT id FROM incident WHERE state = 'closed' ORDER BY id`)
	if err != nil {
		return err
	}
	all := map[string]bool{}
	for _, x := range ids {
		all[x] = true
	}
	return derive(ctx, b, all)
}

// Row is a loop in the list.
type Row struct {
	Incident, Number, Title string
	Exercise                bool
	Closed                  time.Time // when the incident was closed
	Parts, Open             int
	Ended                   time.Time // when the loop was closed; zero while it is open
}

// Took is how long the loop took after its incident was closed, or has taken until now.
func (r Row) Took(now time.Time) time.Duration {
	if r.Open > 0 {
		return now.Sub(r.Closed)
	}
	return r.Ended.Sub(r.Closed)
}

// Which chooses loops by how they stand.
type Which string

// What can be chosen; "" is all.
const (
	OpenLoops   Which = "open"
	ClosedLoops Which = "closed"
)

// Query chooses loops.
type Query struct {
	Which Which
	After string
	Limit int
}

// List reads loops of closed incidents that the actor may see, the newest first; exercises too, marked.
func List(ctx context.Context, r store.Reader, q Query) (store.Page[Row], error) {
	w, err := q.where(ctx)
	if err != nil {
		return store.Page[Row]{}, err
	}
	order := store.Sorts{"closed": {store.ByNumber("closed"), store.ByText("incident")}}
	by, err := order.Named("", "-closed")
	if err != nil {
		return store.Page[Row]{}, err
	}
	page, err := store.List(ctx, r, store.Listing{Columns: `incident, number, title, exercise, closed, parts, open, ended`, From: "loop_state", Where: w, Sort: by, After: q.After, Limit: q.Limit},
		func(s store.Scanner) (Row, error) {
			var x Row
			var closed, ended int64
			err := s.Scan(&x.Incident, &x.Number, &x.Title, &x.Exercise, &closed, &x.Parts, &x.Open, &ended)
			x.Closed, x.Ended = store.Time(closed), store.Time(ended)
			return x, err
		})
	if err != nil || len(page.Items) == 0 {
		return page, err
	}
	ids := make([]string, len(page.Items))
	for n, x := range page.Items {
		ids[n] = x.Incident
	}
	known, err := incident.GlanceAll(ctx, r, ids)
	for n, x := range page.Items {
		if i := known[x.Incident]; i.Withheld {
			page.Items[n].Title = i.Title
		}
	}
	return page, err
}

func (q Query) where(ctx context.Context) (store.Where, error) {
	var w store.Where
	s, err := store.ScopeOf(ctx, incident.KindRead)
	if err != nil {
		return w, err
	}
	w.Scope(s, "site", "product")
	switch q.Which {
	case OpenLoops:
		w.And("open > 0")
	case ClosedLoops:
		w.And("open = 0")
	}
	return w, nil
}

// Counts is how many loops of closed incidents are open and closed, exercises apart.
type Counts struct{ Open, Closed, Exercises int }

// Count counts loops that the actor may see.
func Count(ctx context.Context, r store.Reader) (Counts, error) {
	var c Counts
	w, err := Query{}.where(ctx)
	if err != nil {
		return c, err
	}
	err = r.QueryRow(ctx, `SELECT count(*) FILTER (WHERE open > 0 AND NOT exercise), count(*) FILTER (WHERE open = 0 AND NOT exercise), count(*) FILTER (WHERE exercise)
		FROM loop_state`+w.SQL(), w.Args()...).Scan(&c.Open, &c.Closed, &c.Exercises)
	return c, err
}
