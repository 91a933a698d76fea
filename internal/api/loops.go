package api

import (
	"context"
	"net/http"
	"time"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/incident"
	"triward/internal/incident/loop"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// loops are the operations about what incidents change.
func (s *Server) loops() {
	add(s, op{id: "learned", route: "GET /incidents/{id}/learned", kind: incident.KindRead, summary: "What an incident changes, how that stands, and its metrics"},
		func(ctx context.Context, in *one) (apiv1.Learned, error) { return s.learned(ctx, in.ID) })
	act(s, op{id: "exploited", route: "POST /incidents/{id}/exploited", kind: vuln.KindExploitationObserved, summary: "Say that a weakness was seen exploited; acceptances of it open again"},
		func(ctx context.Context, in *oneWith[apiv1.ExploitedInput]) error {
			return s.Loop.Exploited(ctx, in.ID, in.Body.Vulnerability, in.Body.Seen)
		})
	act(s, op{id: "not-exploited", route: "POST /incidents/{id}/not-exploited", kind: vuln.KindObservationWithdrawn, summary: "Take back that a weakness was seen exploited"},
		func(ctx context.Context, in *oneWith[apiv1.NotExploitedInput]) error {
			return s.Loop.NotExploited(ctx, in.ID, in.Body.Vulnerability, in.Body.Reason)
		})
	act(s, op{id: "failed-decision", route: "POST /incidents/{id}/failed-decisions", kind: risk.KindReopened, summary: "Open a decision again that the incident put in question, or whose control failed"},
		func(ctx context.Context, in *oneWith[apiv1.FailedDecisionInput]) error {
			return s.Loop.Decision(ctx, in.ID, in.Body.Decision, in.Body.Control, in.Body.Why)
		})
	act(s, op{id: "wrong-step", route: "POST /incidents/{id}/wrong-steps", kind: "document.change_opened|run.step_defeated", summary: "Mark a step as wrong and ask for a change of its document"},
		func(ctx context.Context, in *oneWith[apiv1.WrongStepInput]) error {
			b := in.Body
			return s.Loop.Step(ctx, in.ID, loop.Wrong{Code: b.Code, Step: b.Step, Wrong: b.Wrong, Instead: b.Instead, Danger: b.Danger})
		})
	add(s, op{id: "propose-rule", route: "POST /incidents/{id}/rules", kind: detection.KindRuleProposed, status: http.StatusCreated, summary: "Propose a rule of detection as a draft, and try it on the last thirty days"},
		func(ctx context.Context, in *oneWith[apiv1.RuleProposal]) (apiv1.RuleProposed, error) {
			rule, err := s.Loop.Propose(ctx, in.ID, in.Body.Rule, in.Body.Why)
			if err != nil {
				return apiv1.RuleProposed{}, err
			}
			now := s.DB.Now()
			b, err := s.Events.Try(ctx, detection.Rules{DB: s.DB}, reading.Window{Rule: rule, From: now.AddDate(0, 0, -30), To: now})
			if err != nil { // the draft stands and says so
				return apiv1.RuleProposed{Rule: rule, Why: problem.Text(err)}, nil
			}
			return apiv1.RuleProposed{Rule: rule, Tried: true, Events: b.Events, Hits: b.Hits, Detail: b.Detail}, nil
		})
	act(s, op{id: "nothing-changes", route: "POST /incidents/{id}/nothing-changes", kind: incident.KindLinked, summary: "Say why risk or procedures do not change"},
		func(ctx context.Context, in *oneWith[apiv1.NothingInput]) error {
			kind := map[string]incident.LinkKind{"risk": incident.FeedbackNoRisk, "procedure": incident.FeedbackNoProcess}[in.Body.Part]
			return s.Loop.Nothing(ctx, in.ID, kind, in.Body.Why)
		})
	add(s, op{id: "plan-effect-check", route: "POST /incidents/{id}/effect-checks", kind: loop.KindCheckPlanned, status: http.StatusCreated, summary: "Plan a check whether what was changed works"},
		func(ctx context.Context, in *oneWith[apiv1.EffectCheckInput]) (apiv1.Made, error) {
			b := in.Body
			id, err := s.Loop.Plan(ctx, in.ID, loop.Check{Of: b.Of, Question: b.Question, Owner: b.Owner, Due: b.Due})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "answer-effect-check", route: "POST /effect-checks/{id}/answer", kind: loop.KindCheckAnswered, summary: "Answer a check; no effect opens the change again"},
		func(ctx context.Context, in *oneWith[apiv1.EffectAnswer]) error {
			_, err := s.Loop.Answer(ctx, in.ID, loop.Answer{Result: loop.Result(in.Body.Result), Finding: in.Body.Finding, Next: in.Body.Next})
			return err
		})
	act(s, op{id: "estimate-instant", route: "POST /incidents/{id}/instants", kind: loop.KindEstimated, summary: "Estimate an instant of an incident, with an interval"},
		func(ctx context.Context, in *oneWith[apiv1.InstantInput]) error {
			b := in.Body
			return s.Loop.Estimate(ctx, in.ID, loop.Moment{Name: loop.Instant(b.Instant), At: b.At, Earliest: b.Earliest, Latest: b.Latest, Basis: b.Basis})
		})
	add(s, op{id: "loops", route: "GET /loops", kind: incident.KindRead, summary: "Loops of closed incidents, the last closed first"},
		func(ctx context.Context, in *struct{ apiv1.LoopQuery }) (apiv1.Page[apiv1.Loop], error) {
			p, err := read(ctx, s, func(r store.Reader) (store.Page[loop.Row], error) {
				return loop.List(ctx, r, loop.Query{Which: loop.Which(in.State), After: in.After, Limit: in.Limit})
			})
			now := s.DB.Now()
			return page(p.Items, p.Next, func(x loop.Row) apiv1.Loop {
				return apiv1.Loop{Incident: x.Incident, Number: x.Number, Title: x.Title, Exercise: x.Exercise, Closed: x.Closed, Parts: x.Parts, Open: x.Open, Ended: x.Ended, Hours: x.Took(now).Hours()}
			}), err
		})
	add(s, op{id: "incident-metrics", route: "GET /incident-metrics", kind: incident.KindRead, summary: "Metrics of the incidents of a period; what is not known says why"},
		func(ctx context.Context, in *struct{ apiv1.IncidentMetricsQuery }) (apiv1.IncidentMetrics, error) {
			p := loop.Period{From: in.From, To: in.To}
			if p.To.IsZero() {
				p.To = s.DB.Now().Add(time.Second)
			}
			if p.From.IsZero() {
				p.From = p.To.AddDate(-1, 0, 0)
			}
			rep, err := read(ctx, s, func(r store.Reader) (loop.Report, error) { return loop.Over(ctx, r, p, s.Events.Log, s.DB.Now()) })
			return wireMetrics(rep), err
		})
}

func (s *Server) learned(ctx context.Context, of string) (apiv1.Learned, error) {
	var out apiv1.Learned
	return read(ctx, s, func(r store.Reader) (apiv1.Learned, error) {
		st, err := loop.Of(ctx, r, of)
		if err != nil {
			return out, err
		}
		m, err := loop.Measure(ctx, r, of, s.DB.Now())
		out = apiv1.Learned{Number: st.Incident.Number, Exercise: st.Incident.Exercise, Closed: st.Closed(), Open: st.Open, Ended: st.Ended, Missing: orEmpty(st.Missing),
			Parts: each(st.Parts, func(p loop.Part) apiv1.LoopPart {
				return apiv1.LoopPart{Kind: string(p.Kind), Target: p.Target, Title: p.Title, Note: p.Note, Done: p.Done, Waits: p.Waits, Tried: p.Tried, At: p.At, Ended: p.Ended}
			}),
			Checks: each(st.Checks, func(c loop.Check) apiv1.EffectCheck {
				return apiv1.EffectCheck{ID: c.ID, Of: c.Of, Question: c.Question, Owner: c.OwnerName, Due: c.Due, Result: string(c.Result), Finding: c.Finding, Answered: c.Answered, Follow: c.Follow}
			}),
			Instants: each(m.Moments, func(x loop.Moment) apiv1.IncidentInstant {
				return apiv1.IncidentInstant{Instant: string(x.Name), Words: x.Name.Words(), At: x.At, Earliest: x.Earliest, Latest: x.Latest, Basis: x.Basis, Who: x.Who, Missing: x.Missing}
			}),
			Values: each(m.Values, func(x loop.Value) apiv1.MetricValue {
				return apiv1.MetricValue{Metric: string(x.Metric), Of: x.Of, Known: x.Known, Value: x.Value, Low: x.Low, High: x.High, Missing: x.Missing}
			})}
		return out, err
	})
}

func wireMetrics(r loop.Report) apiv1.IncidentMetrics {
	summary := func(x loop.Summary) apiv1.MetricSummary {
		_, formula := x.Metric.Words()
		return apiv1.MetricSummary{Metric: string(x.Metric), Formula: formula, Known: x.N, Of: x.Of, Median: x.Median, Least: x.Least, Most: x.Most, Estimate: x.Estimate,
			Unknown: each(x.Unknown, func(u loop.Unknown) apiv1.MetricUnknown { return apiv1.MetricUnknown{Number: u.Number, Why: u.Why} })}
	}
	return apiv1.IncidentMetrics{From: r.From, To: r.To, Incidents: len(r.Incidents), Exercises: len(r.Exercises), Cut: r.Cut, Real: each(r.Real, summary), Practice: each(r.Practice, summary),
		PrecisionKnown: r.PrecisionKnown, True: r.Precision.True, False: r.Precision.False, CoverageKnown: r.CoverageKnown, Covered: r.Coverage.Seen, Techniques: r.Coverage.All}
}
