package coverage

import (
	"context"
	"slices"
	"time"

	"triward/internal/content"
	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/sigma"
	"triward/internal/store"
)

// Rules are the rules that are not retired, as the matrix must know them.
func Rules(ctx context.Context, r store.Reader) ([]Rule, error) {
	all, err := detection.RuleTexts(ctx, r)
	var out []Rule
	for _, x := range all {
		out = append(out, Rule{ID: x.ID, Title: x.Title, Techniques: x.Techniques, Needs: needs(x), Runs: x.State.Runs(), Tested: x.Origin == detection.FromPack || x.Tested})
	}
	return out, err
}

// needs are the log sources without which a rule is blind.
func needs(x detection.Written) []string {
	set, err := sigma.Parse(x.Path, []byte(x.Body), sigma.Options{})
	if err != nil {
		return nil // what is not understood was named when the rules were loaded
	}
	for _, v := range set.Rules {
		if v.ID == x.ID || v.ID == "" {
			return v.Extension.Needs
		}
	}
	for _, v := range set.Correlations {
		if v.ID == x.ID || v.ID == "" {
			return v.Extension.Needs
		}
	}
	return nil
}

// Live are the kinds of events that came since an instant: what rules need is alive when events of it come. It is empty where
// no events are kept.
func Live(ctx context.Context, log eventlog.Reader, since time.Time) (map[string]bool, error) {
	out := map[string]bool{}
	if log == nil {
		return out, nil
	}
	q := eventlog.Query{From: store.Micros(since)}
	for _, by := range []string{"category", "service", "product"} {
		counts, err := log.Count(ctx, q, eventlog.Bucket{By: by})
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			if c.Value != "" {
				out[c.Value] = true
			}
		}
	}
	return out, nil
}

// Share is how many techniques a tested rule with a live source sees, among all that the matrices have; a technique below
// several tactics counts once.
type Share struct{ Seen, All int }

// ShareOf counts the techniques of matrices.
func ShareOf(tables []Table) Share {
	states := map[string]State{}
	for _, t := range tables {
		for _, c := range t.Columns {
			for _, cell := range c.Cells {
				if was, ok := states[cell.ID]; !ok || slices.Index(States(), cell.State) < slices.Index(States(), was) {
					states[cell.ID] = cell.State
				}
			}
		}
	}
	s := Share{All: len(states)}
	for _, x := range states {
		if x == Seen {
			s.Seen++
		}
	}
	return s
}

// Now is the share of the techniques of ATT&CK that is seen now.
func Now(ctx context.Context, r store.Reader, log eventlog.Reader, now time.Time) (Share, error) {
	matrices, err := content.Attack()
	if err != nil {
		return Share{}, err
	}
	rules, err := Rules(ctx, r)
	if err != nil {
		return Share{}, err
	}
	live, err := Live(ctx, log, now.Add(-24*time.Hour))
	return ShareOf(Of(matrices, rules, live)), err
}
