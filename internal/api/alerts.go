package api

import (
	"context"
	"net/http"
	"strings"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/device"
	"triward/internal/store"
)

func (s *Server) alerts() {
	add(s, op{id: "alerts", route: "GET /alerts", kind: detection.KindRead, summary: "Alerts, the most urgent first"}, func(ctx context.Context, in *struct{ apiv1.AlertQuery }) (apiv1.Page[apiv1.Alert], error) {
		q := detection.AlertQuery{Level: detection.Level(in.Level), Site: in.Site, Device: in.Device, Rule: in.Rule, Assignee: in.Assignee, Overdue: in.Overdue == "yes", Text: in.Q, Sort: in.Sort, After: in.After, Limit: in.Limit, Now: s.DB.Now()}
		switch in.State {
		case "", "waiting":
			q.Waiting = true
		case "all":
		default:
			q.State = detection.State(in.State)
		}
		p, err := read(ctx, s, func(r store.Reader) (store.Page[detection.Alert], error) { return detection.ListAlerts(ctx, r, q) })
		return page(p.Items, p.Next, wireAlert), err
	})
	add(s, op{id: "alert", route: "GET /alerts/{id}", kind: detection.KindRead, summary: "One alert with the first of its events"}, func(ctx context.Context, in *one) (apiv1.Alert, error) {
		return read(ctx, s, func(r store.Reader) (apiv1.Alert, error) {
			a, err := detection.GetAlert(ctx, r, in.ID)
			if err != nil {
				return apiv1.Alert{}, err
			}
			all, err := detection.EventsOf(ctx, r, in.ID)
			out := wireAlert(a)
			out.Events = each(all, func(e detection.Listed) apiv1.AlertEvent {
				return apiv1.AlertEvent{Event: e.Event, At: e.At, Device: e.Device, Summary: e.Summary}
			})
			return out, err
		})
	})
	add(s, op{id: "report-alert", route: "POST /alerts", kind: detection.KindAlertReported, summary: "Report an alert by hand, such as after a telephone call", status: http.StatusCreated}, s.reportAlert)
	act(s, op{id: "move-alerts", route: "POST /alert-moves", summary: "Acknowledge, assign, close, merge, escalate or open alerts again",
		kind: strings.Join([]string{detection.KindAlertAcknowledged, detection.KindAlertAssigned, detection.KindAlertClosed, detection.KindAlertMerged, detection.KindAlertEscalated, detection.KindAlertReopened}, "|")}, s.moveAlerts)
	act(s, op{id: "note-alert", route: "POST /alerts/{id}/notes", kind: detection.KindAlertNoted, summary: "Add a note to an alert"}, func(ctx context.Context, in *oneWith[apiv1.NoteInput]) error {
		return s.Alerts.Note(ctx, in.ID, in.Body.Note)
	})
	act(s, op{id: "suppress-alert", route: "POST /alerts/{id}/suppression", kind: detection.KindExceptionAdded, summary: "Keep hits of its rule about the same from raising alerts, for a time"}, func(ctx context.Context, in *oneWith[apiv1.Suppression]) error {
		return s.Alerts.Suppress(ctx, in.ID, endOfDay(in.Body.Until), in.Body.Reason)
	})
}

func (s *Server) reportAlert(ctx context.Context, in *with[apiv1.AlertReport]) (apiv1.Made, error) {
	b := in.Body
	rep := detection.Report{Title: b.Title, Level: detection.Level(b.Level), Said: b.Said, Device: b.Device, Site: b.Site, Ward: b.Ward, Seen: b.Seen, Exercise: b.Exercise}
	if b.Device != "" {
		d, err := read(ctx, s, func(r store.Reader) (device.Device, error) { return device.Get(ctx, r, device.ID(b.Device)) })
		if err != nil {
			return apiv1.Made{}, err
		}
		rep.Site, rep.InUse = string(d.Site), d.InUse
		if rep.Ward == "" {
			rep.Ward = d.Ward
		}
	}
	id, err := s.Alerts.Report(ctx, rep)
	return apiv1.Made{ID: id}, err
}

func (s *Server) moveAlerts(ctx context.Context, in *with[apiv1.AlertMove]) error {
	b := in.Body
	switch b.Move {
	case "acknowledge":
		return s.Alerts.Acknowledge(ctx, b.Alerts)
	case "assign":
		return s.Alerts.Assign(ctx, b.Alerts, b.Assignee)
	case "close":
		return s.Alerts.Close(ctx, b.Alerts, detection.Closing{Reason: detection.Reason(b.Reason), Feedback: detection.Feedback(b.Feedback), Note: b.Note, Until: endOfDay(b.Until), Target: b.Target})
	case "merge":
		return s.Alerts.Merge(ctx, b.Target, b.Alerts, b.Reason)
	case "escalate":
		if strings.HasPrefix(b.Target, "inc_") || strings.HasPrefix(b.Target, "INC-") {
			return s.Cases.Gather(ctx, b.Target, b.Alerts, b.Reason)
		}
		return s.Alerts.Escalate(ctx, b.Alerts, b.Target, b.Reason)
	}
	return s.Alerts.Reopen(ctx, b.Alerts, b.Reason)
}

func wireAlert(a detection.Alert) apiv1.Alert {
	return apiv1.Alert{ID: a.ID, Title: a.Title, Level: string(a.Level), State: string(a.State), Rule: a.Rule, Entity: a.Entity, Device: a.Device, Source: a.Source, Site: a.Site, Ward: a.Ward, InUse: string(a.InUse), Reason: a.Reason,
		Feedback: string(a.Feedback), Note: a.Note, Target: a.Target, Assignee: a.Assignee, Previous: a.Previous, Exercise: a.Exercise, Hits: a.Hits, First: a.First, Last: a.Last, Opened: a.Opened, Due: a.Due, Acknowledged: a.Acked, Closed: a.Closed,
		Baseline: a.Explanation.Baseline, Joined: a.Explanation.Joined, Said: a.Explanation.Said, Fields: each(a.Explanation.Fields, func(m detection.Matched) apiv1.Matched { return apiv1.Matched(m) })}
}

func (s *Server) rules() {
	add(s, op{id: "rules", route: "GET /rules", kind: detection.KindRead, summary: "Rules of detection and what they did"}, func(ctx context.Context, in *struct{ apiv1.RuleQuery }) (apiv1.Page[apiv1.Rule], error) {
		p, err := read(ctx, s, func(r store.Reader) (store.Page[detection.RuleItem], error) {
			return detection.ListRules(ctx, r, detection.RuleQuery{State: detection.RuleState(in.State), Origin: detection.Origin(in.Origin), Level: detection.Level(in.Level), Technique: in.Technique, Text: in.Q, Sort: in.Sort, After: in.After, Limit: in.Limit, Now: s.DB.Now()})
		})
		return page(p.Items, p.Next, wireRule), err
	})
	add(s, op{id: "rule", route: "GET /rules/{id}", kind: detection.KindRead, summary: "One rule with its text and exceptions"}, s.rule)
	act(s, op{id: "move-rule", route: "POST /rules/{id}/state", kind: detection.KindRuleMoved, summary: "Take a rule on in its life, or retire it"}, func(ctx context.Context, in *oneWith[apiv1.RuleMove]) error {
		return s.Rules.Move(ctx, in.ID, detection.RuleState(in.Body.State), in.Body.Reason)
	})
	act(s, op{id: "own-rule", route: "PUT /rules/{id}/owner", kind: detection.KindRuleOwned, summary: "Say who answers for a rule"}, func(ctx context.Context, in *oneWith[apiv1.RuleOwner]) error {
		return s.Rules.Own(ctx, in.ID, in.Body.Owner)
	})
	act(s, op{id: "judge-hit", route: "POST /rules/{id}/judgements", kind: detection.KindRuleJudged, summary: "Say whether a hit of a rule was true"}, func(ctx context.Context, in *oneWith[apiv1.RuleJudgement]) error {
		return s.Rules.Judge(ctx, in.ID, in.Body.Event, detection.Truth(in.Body.Verdict))
	})
	add(s, op{id: "except-rule", route: "POST /rules/{id}/exceptions", kind: detection.KindExceptionAdded, summary: "Keep hits from raising alerts where conditions hold, for a time", status: http.StatusCreated},
		func(ctx context.Context, in *oneWith[apiv1.RuleException]) (apiv1.Made, error) {
			id, err := s.Rules.Except(ctx, detection.Exception{Rule: in.ID, Reason: in.Body.Reason, Owner: in.Body.Owner, Expires: endOfDay(in.Body.Until), Conditions: each(in.Body.Conditions, func(c apiv1.FieldCondition) detection.Condition {
				return detection.Condition{Field: c.Field, Is: detection.Comparison(c.Is), Value: c.Value}
			})})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "end-exception", route: "POST /rule-exceptions/{id}/end", kind: detection.KindExceptionEnded, summary: "End an exception before its time"}, func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
		return s.Rules.EndException(ctx, in.ID, in.Body.Reason)
	})
	s.baselines()
}

func (s *Server) rule(ctx context.Context, in *one) (apiv1.Rule, error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Rule, error) {
		v, err := detection.GetRule(ctx, r, in.ID, s.DB.Now())
		if err != nil {
			return apiv1.Rule{}, err
		}
		out := wireRule(v)
		if out.Text, err = detection.TextOf(ctx, r, v.ID, v.Digest); err != nil {
			return out, err
		}
		all, err := detection.Exceptions(ctx, r, v.ID)
		out.Exceptions = each(all, func(e detection.Exception) apiv1.RuleException {
			return apiv1.RuleException{ID: e.ID, Reason: e.Reason, Owner: e.Owner, Until: date(e.Expires), Author: e.Author, Ended: e.Ended, Conditions: each(e.Conditions, func(c detection.Condition) apiv1.FieldCondition {
				return apiv1.FieldCondition{Field: c.Field, Is: string(c.Is), Value: c.Value}
			})}
		})
		return out, err
	})
}

func wireRule(v detection.RuleItem) apiv1.Rule {
	return apiv1.Rule{ID: v.ID, Title: v.Title, Origin: string(v.Origin), Path: v.Path, Level: string(v.Level), State: string(v.State), Since: v.Since, Reason: v.Reason, Owner: v.Owner, Techniques: orEmpty(v.Techniques), Catalogue: orEmpty(v.Catalogue),
		Digest: v.Digest, Hits: v.Hits, Shadow: v.Shadow, Excepted: v.Excepted, TruePositives: v.Precision.True, FalsePositives: v.Precision.False, CostMicros: v.Cost.Microseconds(), Waiting: v.Waiting}
}

func (s *Server) baselines() {
	add(s, op{id: "baselines", route: "GET /baselines", kind: detection.KindRead, summary: "What rules learned as usual, and what of it waits for an owner"}, func(ctx context.Context, in *struct{ apiv1.BaselineQuery }) (apiv1.Page[apiv1.Baseline], error) {
		p, err := read(ctx, s, func(r store.Reader) (store.Page[baseline.Baseline], error) {
			return baseline.List(ctx, r, baseline.Query{Rule: in.Rule, Device: in.Device, Waiting: in.Show != "all", After: in.After, Limit: in.Limit, Now: s.DB.Now()})
		})
		return page(p.Items, p.Next, wireBaseline), err
	})
	add(s, op{id: "baseline", route: "GET /baselines/{id}", kind: detection.KindRead, summary: "One baseline with what it has seen"}, func(ctx context.Context, in *one) (apiv1.Baseline, error) {
		return read(ctx, s, func(r store.Reader) (apiv1.Baseline, error) {
			b, err := baseline.Get(ctx, r, in.ID)
			if err != nil {
				return apiv1.Baseline{}, err
			}
			out := wireBaseline(b)
			all, err := baseline.Values(ctx, r, in.ID)
			out.Values = each(all, func(v baseline.Value) apiv1.BaselineValue {
				return apiv1.BaselineValue{Value: v.Value, First: v.First, Last: v.Last, Events: v.Events, New: v.New, Verdict: v.Verdict}
			})
			return out, err
		})
	})
	act(s, op{id: "settle-baseline", route: "POST /baselines/{id}/settlements", kind: detection.KindBaselineSettled, summary: "Say that what a baseline has learned, or one value, is normal"}, func(ctx context.Context, in *oneWith[apiv1.Settlement]) error {
		return s.Baselines.Settle(ctx, baseline.Settlement{Baseline: in.ID, Value: in.Body.Value, Verdict: in.Body.Verdict, Reason: in.Body.Reason})
	})
	act(s, op{id: "relearn-baseline", route: "POST /baselines/{id}/relearn", kind: detection.KindBaselineSettled, summary: "Forget what a baseline has learned, and learn again"}, func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
		return s.Baselines.Relearn(ctx, in.ID, in.Body.Reason)
	})
}

func wireBaseline(b baseline.Baseline) apiv1.Baseline {
	return apiv1.Baseline{ID: b.ID, Rule: b.Rule, RuleTitle: b.RuleTitle, Key: b.Key, Kind: string(b.Kind), Device: b.Device, Since: b.Since, Learned: b.Learned, Settled: b.Settled, SettledBy: b.SettledBy, Count: b.Values, New: b.Unexpected}
}
