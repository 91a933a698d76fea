package draft

import (
	"context"
	"slices"
	"time"

	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/store"
)

// Due is a report that a legal entity owes, with the template for it and the draft that was begun.
type Due struct {
	Entity     string
	EntityName string
	clock.Clock
	Template content.Template // ID is "" where there is none
	Draft    *Draft           // the newest; nil for none
}

// Dues lists what is due or may become due, the earliest latest instant first.
func Dues(ctx context.Context, r store.Reader, of string, now time.Time) ([]Due, error) {
	all, err := incident.Clocks(ctx, r, of, now)
	if err != nil {
		return nil, err
	}
	templates, err := content.DraftTemplates()
	if err != nil {
		return nil, err
	}
	drafts, err := List(ctx, r, of)
	if err != nil {
		return nil, err
	}
	var out []Due
	for _, e := range incident.Ours(all) {
		for _, c := range e.Clocks {
			if c.State == clock.NotApplicable || c.State == clock.NotInForce {
				continue
			}
			x := Due{Entity: e.ID, EntityName: e.Name, Clock: c}
			if n := slices.IndexFunc(templates.Templates, func(t content.Template) bool { return t.Serve(c.Duty.ID, c.Stage.ID) }); n >= 0 {
				x.Template = templates.Templates[n]
			}
			if n := slices.IndexFunc(drafts, func(d Draft) bool { return d.Entity == e.ID && d.Duty == c.Duty.ID && d.Stage == c.Stage.ID }); n >= 0 {
				x.Draft = &drafts[n]
			}
			out = append(out, x)
		}
	}
	slices.SortStableFunc(out, func(a, b Due) int {
		if a.Latest.IsZero() != b.Latest.IsZero() {
			if a.Latest.IsZero() {
				return 1
			}
			return -1
		}
		return a.Latest.Compare(b.Latest)
	})
	return out, nil
}
