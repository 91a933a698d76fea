package report

import (
	"context"
	"strings"

	"triward/internal/incident"
)

// tasksWaiting tells people of tasks of incidents: those of their side that wait to be accepted, those that they accepted and
// are late, and, as the owner of the incident, those that nobody accepted in time.
func tasksWaiting(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := incident.OpenTasks(ctx, q, q.Now)
	var out []Notice
	for _, t := range all {
		n := Notice{Subject: t.In.ID, Urgent: true}
		side, until := strings.ReplaceAll(string(t.Side), "_", " "), t.AcceptBy.UTC().Format("15:04 UTC")
		switch {
		case t.Waits:
			n.Key, n.At = t.ID+" waits "+t.AcceptBy.Format("150405"), t.AcceptBy.Add(-incident.AcceptWithin)
			n.Title, n.Detail = t.In.Number+": “"+t.Title+"” waits for "+side, "It was handed to your side: accept it by "+until+"."
			if t.Unaccepted(q.Now) {
				n.Key, n.At, n.Detail = n.Key+" late", t.AcceptBy, "It was handed to your side, and nobody accepted it by "+until+"."
			}
		case t.MyCase && t.Unaccepted(q.Now):
			n.Key, n.At = t.ID+" "+t.AcceptBy.Format("150405"), t.AcceptBy
			n.Title, n.Detail = t.In.Number+": nobody accepted “"+t.Title+"”", "It was handed to "+side+". You own the incident."
		case t.Mine && t.Late(q.Now):
			n.Key, n.At, n.Title, n.Detail = t.ID+" late", t.Due, t.In.Number+": “"+t.Title+"” is late", "You accepted it."
		default:
			continue
		}
		out = append(out, n)
	}
	return out, err
}
