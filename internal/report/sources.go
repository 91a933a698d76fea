package report

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/loop"
	"triward/internal/people"
	"triward/internal/risk"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/vuln"
)

// sources is the table of what can concern somebody. A layer adds its rows here.
func sources() []Source {
	return []Source{
		{"decision_due", risk.KindRead, decisionsDue},
		{"acceptance_reopened", risk.KindDecided + "|" + risk.KindAccepted, reopenedDecisions},
		{"verdict_reopened", vuln.KindVerdictRecorded, reopenedVerdicts},
		{"feed_failing", vuln.KindFeedChanged + "|" + vuln.KindFeedLoaded, failingFeeds},
		{"contradiction", device.KindSettled + "|" + device.KindMerged, contradictions},
		{"import_ended", device.KindRead, ownImports},
		{"sign_in_locked", people.KindRead + "|journal.read", lockOuts},
		{"clock_moved", "journal.read", clockMoved},
		{"mean_untested", "", untestedMeans},
		{"credentials_due", people.KindReviewed, credentialsDue},
		{"certification_missing", people.KindCertified, certificationMissing},
		{"signature_damaged", "journal.read", damagedSignatures},
		{"effect_due", incident.KindRead, checksDue},
		{"alert_waiting", detection.KindAlertAcknowledged, alertsWaiting},
		{"task_unaccepted", incident.KindRead, tasksWaiting},
		{"containment", incident.KindRead, containment},
		{"incident_waits", incident.KindRead, holdsAndHarm},
		{"clock_due", incident.KindRead, clocksDue},
	}
}

const day = 24 * time.Hour

// soon is how long before its day something due is told of.
const soon = 7 * day

// recent is how long something that happened is told of.
const recent = 30 * day

func decisionsDue(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := risk.DueOf(ctx, q, q.names(), q.Now.Add(soon))
	var out []Notice
	for _, d := range all {
		on, what := d.Due, "is due"
		if !d.AcceptedUntil.IsZero() && (on.IsZero() || d.AcceptedUntil.Before(on)) {
			on, what = d.AcceptedUntil, "ends"
		}
		n := Notice{Key: d.ID + " " + on.Format(time.DateOnly), Title: fmt.Sprintf("%s %s on %s", d.Title, what, on.Format(time.DateOnly)), Detail: "You see to it.", Subject: d.ID, At: on.Add(-soon)}
		if on.Before(q.Now) {
			n.Key, n.Title, n.At, n.Urgent = n.Key+" overdue", fmt.Sprintf("%s is overdue since %s", d.Title, on.Format(time.DateOnly)), on, true
		}
		out = append(out, n)
	}
	return out, err
}

// checksDue are checks whether a change after an incident works, for those who are to look.
func checksDue(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := loop.DueOf(ctx, q, q.Me.ID, q.Now.Add(soon))
	var out []Notice
	for _, c := range all {
		mark := ""
		if i, err := incident.Glance(ctx, q, c.Incident); err == nil && i.Exercise {
			mark = incident.ExerciseMark
		}
		n := Notice{Key: c.ID, Title: fmt.Sprintf("%sLook by %s: %s", mark, c.Due.Format(time.DateOnly), c.Question), Detail: "You check whether what was changed after an incident works.", Subject: c.Incident, At: c.Due.Add(-soon)}
		if c.Late(q.Now) {
			n.Key, n.Title, n.At, n.Urgent = c.ID+" overdue", fmt.Sprintf("%sOverdue since %s: %s", mark, c.Due.Format(time.DateOnly), c.Question), c.Due, true
		}
		out = append(out, n)
	}
	return out, err
}

func reopenedDecisions(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := risk.ListDecisions(ctx, q, risk.DecisionQuery{State: risk.Reopened, Limit: mostOfAKind})
	if err != nil {
		return nil, err
	}
	var out []Notice
	for _, d := range all.Items {
		at, seq, err := lastOf(ctx, q, d.ID, risk.KindReopened)
		if err != nil {
			return nil, err
		}
		out = append(out, Notice{Key: fmt.Sprint(d.ID, " ", seq), Title: d.Title + " is open again", Detail: d.StateReason, Subject: d.ID, At: at, Urgent: true})
	}
	return out, nil
}

func reopenedVerdicts(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := vuln.ListVerdicts(ctx, q, vuln.VerdictQuery{States: []string{string(vuln.VerdictReopened)}, Limit: mostOfAKind})
	if err != nil {
		return nil, err
	}
	var out []Notice
	for _, v := range all {
		at, seq, err := lastOf(ctx, q, v.Vulnerability, vuln.KindVerdictReopened)
		if err != nil {
			return nil, err
		}
		out = append(out, Notice{Key: fmt.Sprint(v.ID, " ", seq), Title: fmt.Sprintf("The verdict on %s is open again", v.Vulnerability), Detail: v.StateReason, Subject: v.Vulnerability, At: at, Urgent: true})
	}
	return out, nil
}

func failingFeeds(ctx context.Context, q Asked) ([]Notice, error) {
	if scope, err := store.ScopeOf(ctx, vuln.KindRead); err != nil || !scope.All {
		return nil, nil //nolint:nilerr // who reads about some products only does not read of feeds
	}
	all, err := vuln.ListFeeds(ctx, q)
	var out []Notice
	for _, f := range all {
		if f.State.Failures == 0 || !f.Enabled {
			continue
		}
		at := f.State.Succeeded.Add(time.Duration(f.EveryMinutes) * time.Minute)
		if f.State.Succeeded.IsZero() {
			at = f.State.Ended
		}
		out = append(out, Notice{Key: fmt.Sprint(f.ID, " ", store.Micros(f.State.Succeeded)), Title: "The feed " + f.Name + " fails", Detail: f.State.Error, Subject: f.ID, At: at, Urgent: f.State.Failures >= 3})
	}
	return out, err
}

func contradictions(ctx context.Context, q Asked) ([]Notice, error) {
	page, err := device.Contradictions(ctx, q, device.ContradictionQuery{Sort: "-at", Limit: 1})
	if err != nil || len(page.Items) == 0 {
		return nil, err
	}
	newest := page.Items[0]
	n, err := device.CountContradictions(ctx, q, device.ContradictionQuery{})
	if err != nil {
		return nil, err
	}
	title := "A pair of records shares what only one device can have"
	if n > 1 {
		title = fmt.Sprintf("%d pairs of records share what only one device can have", n)
	}
	return []Notice{{Key: newest.ID, Title: title, Detail: "Say whether they are one device or two.", Subject: "contradictions", At: newest.At}}, nil
}

func ownImports(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := device.Imports(ctx, q, device.ImportQuery{State: device.Done, Limit: mostOfAKind})
	var out []Notice
	for _, i := range all.Items {
		if i.Actor != q.Me.ID || i.Held+i.Skipped == 0 || q.Now.Sub(i.Finished) > recent {
			continue
		}
		out = append(out, Notice{Key: string(i.ID), Title: fmt.Sprintf("%s left %d rows to look at", i.Name, i.Held+i.Skipped),
			Detail: fmt.Sprintf("%d held because they contradict what is known, %d skipped.", i.Held, i.Skipped), Subject: string(i.ID), At: i.Finished})
	}
	return out, err
}

func lockOuts(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := alarms(ctx, q, people.KindSignInLocked, people.KindRead, "journal.read")
	if err != nil {
		return nil, err
	}
	ids := make([]string, len(all))
	for i, e := range all {
		ids[i] = e.Subject
	}
	names, err := people.Names(ctx, q, ids)
	var out []Notice
	for _, e := range all {
		n := Notice{Key: fmt.Sprint(e.Seq), Title: "Sign-in is locked after many wrong attempts", Subject: e.Subject, At: e.At, Urgent: true}
		if name := names[e.Subject]; name != "" {
			n.Title = fmt.Sprintf("Sign-in of %s is locked after many wrong attempts", name)
		}
		var said struct {
			Address  string
			Failures int
			Until    time.Time
		}
		if json.Unmarshal(e.Body, &said) == nil {
			n.Detail = fmt.Sprintf("%d attempts; it opens again at %s.", said.Failures, said.Until.UTC().Format("2006-01-02 15:04 UTC"))
			if said.Address != "" {
				n.Detail += " They came from " + said.Address + "."
			}
		}
		out = append(out, n)
	}
	return out, err
}

// alarms are the recent entries of a kind, for those who hold one of the needs everywhere.
func alarms(ctx context.Context, q Asked, kind string, needs ...string) ([]store.Entry, error) {
	if !slices.ContainsFunc(needs, func(need string) bool { s, err := store.ScopeOf(ctx, need); return err == nil && s.All }) {
		return nil, nil
	}
	all, err := store.Journal(ctx, q, store.JournalQuery{Kinds: []string{kind}, Order: store.NewestFirst, Limit: mostOfAKind})
	return slices.DeleteFunc(all, func(e store.Entry) bool { return q.Now.Sub(e.At) > recent }), err
}

func clockMoved(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := alarms(ctx, q, signature.KindClockMoved, "journal.read")
	var out []Notice
	for _, e := range all {
		var said struct {
			Moved float64 `json:"moved_seconds"`
		}
		n := Notice{Key: fmt.Sprint(e.Seq), Title: "The clock of the server was moved", Detail: "Nobody can sign while it stands before the newest signature.", Subject: e.Subject, At: e.At, Urgent: true}
		if json.Unmarshal(e.Body, &said) == nil {
			n.Title = fmt.Sprintf("The clock of the server was moved by %v", time.Duration(said.Moved*float64(time.Second)).Round(time.Second))
		}
		out = append(out, n)
	}
	return out, err
}

func untestedMeans(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := signature.Untested(ctx, q, q.Me.ID, q.Now)
	var out []Notice
	for _, m := range all {
		out = append(out, Notice{Key: m.Name + " " + m.Used.Format(time.DateOnly), Title: "Test your " + m.Name + ": it was not used for a year",
			Detail: "Sign in with it once, or remove it from your account.", Subject: "account", At: m.Used.AddDate(1, 0, 0)})
	}
	return out, err
}

func credentialsDue(ctx context.Context, q Asked) ([]Notice, error) {
	last, err := signature.LastReview(ctx, q, q.Now)
	if err != nil || !last.Due {
		return nil, err
	}
	n := Notice{Key: last.At.Format(time.DateOnly), Title: "Review what people sign with", Detail: "The last review is more than a year old, or there was none.", Subject: "credentials", At: q.Now}
	if !last.At.IsZero() {
		n.At = last.At.AddDate(1, 0, 0)
	}
	return []Notice{n}, nil
}

func certificationMissing(ctx context.Context, q Asked) ([]Notice, error) {
	missing, err := signature.CertificationMissing(ctx, q)
	if err != nil || !missing {
		return nil, err
	}
	return []Notice{{Key: "1", Title: "No certification of electronic signatures is on file", Detail: "An organisation under the FDA sends it once, on paper (21 CFR 11.100(c)); the letter is on the page.", Subject: "credentials", At: q.Now}}, nil
}

func damagedSignatures(ctx context.Context, q Asked) ([]Notice, error) {
	all, err := alarms(ctx, q, signature.KindDamaged, "journal.read")
	var out []Notice
	for _, e := range all {
		var f signature.Fault
		n := Notice{Key: fmt.Sprint(e.Seq), Title: "A signature on " + e.Subject + " does not prove what it says any more", Subject: e.Subject, At: e.At, Urgent: true}
		if json.Unmarshal(e.Body, &f) == nil {
			n.Detail = f.Reason
		}
		out = append(out, n)
	}
	return out, err
}

// lastOf is when something last happened to a subject, and the number of that entry.
func lastOf(ctx context.Context, r store.Reader, subject, kind string) (time.Time, int64, error) {
	all, err := store.Journal(ctx, r, store.JournalQuery{Subject: subject, Kinds: []string{kind}, Order: store.NewestFirst, Limit: 1})
	if err != nil || len(all) == 0 {
		return time.Time{}, 0, err
	}
	return all[0].At, all[0].Seq, nil
}
