package api

import (
	"context"
	"time"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/detection/reading"
	backtests "triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/sigma"
	"triward/internal/store"
)

// longestTrial bounds the window of a back-test.
const longestTrial = 366 * 24 * time.Hour

func (s *Server) trials() {
	add(s, op{id: "try-rules", route: "POST /rule-trials", kind: detection.KindRuleBacktested, summary: "Try rules on the kept events: what would have fired, how noisy; nothing is changed"}, s.tryRules)
}

func (s *Server) tryRules(ctx context.Context, in *with[apiv1.TrialInput]) (apiv1.Trial, error) {
	b := in.Body
	if b.To.Sub(b.From) > longestTrial {
		return apiv1.Trial{}, problem.New(problem.Invalid, "the window has more than 366 days")
	}
	o := backtests.Order{From: b.From, To: b.To}
	var err error
	if b.Text != "" {
		if o.Set, err = sigma.Parse("text", []byte(b.Text), sigma.Options{}); err != nil {
			return apiv1.Trial{}, err
		}
	}
	if b.Text == "" || len(b.Rules) > 0 {
		kept, err := read(ctx, s, func(r store.Reader) (sigma.Set, error) { return backtests.Kept(ctx, r, b.Rules) })
		if err != nil {
			return apiv1.Trial{}, err
		}
		o.Set.Add(kept)
	}
	if b.Site != "" {
		o.Where = []eventlog.Condition{{Field: "dev.site", Op: eventlog.Is, Values: []string{b.Site}}}
	}
	past := reading.Past{Desk: s.Events}
	if o.Blind, err = past.Blind(ctx, eventlog.Query{From: b.From.UnixMicro(), To: b.To.UnixMicro()}); err != nil {
		return apiv1.Trial{}, err
	}
	r, err := backtests.Run(ctx, &past, o)
	if err != nil {
		return apiv1.Trial{}, err
	}
	out := wireTrial(r)
	out.Withheld = past.Withheld
	return out, nil
}

func wireTrial(r backtests.Report) apiv1.Trial {
	out := apiv1.Trial{From: r.From, To: r.To, Events: r.Events, Kinds: r.Kinds, Faults: each(r.Faults, problem.Fault.String), Blind: len(r.Blind), BlindFor: int64(r.BlindTime().Seconds()),
		Evicted: r.Evicted, Late: r.Late}
	top := func(all []backtests.Top) []apiv1.TrialTop {
		return each(all, func(t backtests.Top) apiv1.TrialTop { return apiv1.TrialTop(t) })
	}
	out.Rules = each(r.Rules, func(o backtests.Outcome) apiv1.TrialOutcome {
		return apiv1.TrialOutcome{Rule: o.Rule, Title: o.Title, Level: o.Level, Firings: o.Firings, PerDay: o.PerDay, First: o.First, Last: o.Last, Devices: o.Devices, TopDevices: top(o.TopDevices),
			Subjects: o.Subjects, TopSubjects: top(o.TopSubjects), Learning: o.Learning, Missing: o.Missing, Doubt: r.Doubt(o),
			Days: each(o.Days, func(d backtests.Day) apiv1.TrialDay { return apiv1.TrialDay{Day: date(d.Day), N: d.N} }),
			Examples: each(o.Examples, func(x backtests.Example) apiv1.TrialExample {
				return apiv1.TrialExample{Event: x.Event, At: x.At, Device: x.Device, Message: x.Message, Baseline: x.Baseline,
					Matched: each(x.Matched, func(p backtests.Pair) apiv1.Matched { return apiv1.Matched{Field: p.Field, Value: p.Value} })}
			})}
	})
	return out
}
