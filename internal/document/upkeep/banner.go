package upkeep

import (
	"context"
	"time"

	"triward/internal/document"
	"triward/internal/store"
)

// Banner is what stands above a document wherever it is shown.
type Banner struct {
	Kind string // "caution", "deviation", "overdue", "temporary", "superseded", "retired", "withdrawn"
	Text string
	ID   string // of the caution or deviation, or the code of the successor
}

// Banners reads what must stand above a revision at an instant: cautions and deviations of its document, an overdue review,
// and what it is instead of the rule in force (ISO 13485 4.2.4 h).
func Banners(ctx context.Context, r store.Reader, rid document.RevisionID, at time.Time) ([]Banner, error) {
	v, err := document.RevisionOf(ctx, r, rid)
	if err != nil {
		return nil, err
	}
	d, err := document.Get(ctx, r, v.Document)
	if err != nil {
		return nil, err
	}
	var out []Banner
	switch v.State {
	case document.Superseded:
		next := Banner{Kind: "superseded", Text: "This revision is superseded. It is kept as a record and must not be used."}
		if d.Effective != "" {
			now, err := document.RevisionOf(ctx, r, d.Effective)
			if err != nil {
				return nil, err
			}
			next.Text, next.ID = "This revision is superseded by "+now.Label+". It is kept as a record and must not be used.", string(now.ID)
		}
		out = append(out, next)
	case document.Withdrawn:
		out = append(out, Banner{Kind: "withdrawn", Text: "This revision was withdrawn and must not be used."})
	}
	if !d.Retired.IsZero() {
		out = append(out, Banner{Kind: "retired", Text: "This document is retired: " + d.RetireReason, ID: d.Successor})
	}
	standing, err := document.Cautions(ctx, r, d.ID)
	if err != nil {
		return nil, err
	}
	for _, c := range standing {
		if c.Lifted.IsZero() {
			out = append(out, Banner{Kind: "caution", Text: c.Text, ID: c.ID})
		}
	}
	all, err := deviations(ctx, r, ` WHERE v.document = $1`, string(d.ID))
	if err != nil {
		return nil, err
	}
	for _, x := range all {
		if x.Active(at) {
			out = append(out, Banner{Kind: "deviation", Text: x.Text + " (until " + x.Until.Format(time.DateOnly) + ")", ID: x.ID})
		}
	}
	if v.Temporary && v.State == document.InForce {
		out = append(out, Banner{Kind: "temporary", Text: "Temporary instruction, ends on " + v.Expires.Format("2006-01-02 15:04") + " UTC."})
	}
	if d.Overdue(at) {
		out = append(out, Banner{Kind: "overdue", Text: "The periodic review of this document is overdue."})
	}
	return out, nil
}
