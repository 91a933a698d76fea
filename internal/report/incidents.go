package report

import (
	"context"
	"strings"

	"triward/internal/incident"
)

// tasksWaiting tells the owner of an incident of tasks that nobody accepted in time, and people of tasks of theirs that are
// late.
func tasksWaiting(ctx context.Context, q Asked) ([]Notice, error) {
	page, err := incident.List(ctx, q, incident.Query{Open: true, Limit: mostOfAKind})
	if err != nil {
		return nil, err
	}
	var out []Notice
	for _, i := range page.Items {
		f, err := incident.Get(ctx, q, i.ID)
		if err != nil {
			return nil, err
		}
		for _, t := range f.Tasks {
			n := Notice{Subject: i.ID, Urgent: true}
			switch {
			case i.Owner == q.Me.ID && t.Unaccepted(q.Now):
				n.Key, n.At = t.ID+" "+t.AcceptBy.Format("150405"), t.AcceptBy
				n.Title, n.Detail = i.Number+": nobody accepted “"+t.Title+"”", "It was handed to "+strings.ReplaceAll(string(t.Side), "_", " ")+". You own the incident."
			case t.Assignee == q.Me.ID && t.Late(q.Now):
				n.Key, n.At, n.Title, n.Detail = t.ID+" late", t.Due, i.Number+": “"+t.Title+"” is late", "You accepted it."
			default:
				continue
			}
			out = append(out, n)
		}
	}
	return out, nil
}
