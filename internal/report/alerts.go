package report

import (
	"context"
	"fmt"
	"time"

	"triward/internal/detection"
	"triward/internal/incident"
)

// alertsWaiting tells those who triage of the alerts that they have, and of critical and high ones that nobody has.
func alertsWaiting(ctx context.Context, q Asked) ([]Notice, error) {
	var out []Notice
	for _, ask := range []detection.AlertQuery{{Waiting: true, Assignee: q.Me.Name, Limit: mostOfAKind}, {Waiting: true, Nobody: true, Level: detection.Critical, Limit: mostOfAKind}, {Waiting: true, Nobody: true, Level: detection.High, Limit: mostOfAKind}} {
		page, err := detection.ListAlerts(ctx, q, ask)
		if err != nil {
			return nil, err
		}
		for _, a := range page.Items {
			n := Notice{Key: a.ID + " " + string(a.State), Title: a.Title, Detail: "Nobody has this alert.", Subject: a.ID, At: a.Opened, Urgent: a.Level == detection.Critical}
			if a.Exercise { // it is work of the exercise, and no alarm
				n.Title, n.Urgent = incident.ExerciseMark+n.Title, false
			}
			if ask.Assignee != "" {
				n.Detail = "You have this alert."
			}
			if late := a.Overdue(q.Now); late > 0 {
				n.Detail += fmt.Sprintf(" It is overdue since %s.", a.Due.UTC().Format(time.DateTime)+" UTC")
			}
			out = append(out, n)
		}
	}
	return out, nil
}
