package web

import (
	"context"
	"net/url"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

// longestTry bounds the time over which a page tries a rule.
const longestTry = 366 * 24 * time.Hour

func (s *Server) tryForm(rule string) *Form {
	f := Form{ID: "try", Action: urlRule(rule) + "/try", Submit: "Try it"}.with(
		Field{Name: "from", Label: "From", Kind: "date", Required: true, Value: dateValue(s.now().AddDate(0, 0, -30))},
		Field{Name: "to", Label: "Up to and with", Kind: "date", Required: true, Value: dateValue(s.now()), Help: "The kept events of this time are tried. No alert is raised; the result stays with the rule."})
	return &f
}

// ruleTry tries a rule on the kept events and keeps what it would have found.
func (s *Server) ruleTry(v *visit) error {
	return s.ruleAct(v, func(f url.Values) (string, error) {
		ctx, rule := v.r.Context(), v.path("id")
		var l problem.List
		o := replay.Order{From: date(&l, f, "from"), To: date(&l, f, "to").Add(24 * time.Hour)}
		if !o.From.IsZero() && !o.To.After(o.From) {
			l.Add("to", "must not lie before the start")
		} else if o.To.Sub(o.From) > longestTry {
			l.Add("from", "must be at most a year before the end")
		}
		if err := l.Err("the form is not valid"); err != nil {
			return "", err
		}
		if now := s.now(); o.To.After(now) {
			o.To = now
		}
		var digest string
		err := v.view(func(ctx context.Context, r store.Reader) error {
			it, err := detection.GetRule(ctx, r, rule, s.now())
			if err != nil {
				return err
			}
			digest = it.Digest
			o.Set, err = replay.Kept(ctx, r, []string{rule})
			return err
		})
		if err != nil {
			return "", err
		}
		past := reading.Past{Desk: s.Events}
		if o.Blind, err = past.Blind(ctx, eventlog.Query{From: o.From.UnixMicro(), To: o.To.UnixMicro()}); err != nil {
			return "", err
		}
		report, err := replay.Run(ctx, &past, o)
		if err != nil {
			return "", err
		}
		b, ok := report.Backtest(rule, digest)
		if !ok {
			return "", problem.New(problem.Invalid, "this rule reports nothing of its own: it feeds correlations, or its text is not understood")
		}
		if past.Withheld {
			b.Detail = strings.TrimPrefix(b.Detail+"; events that concern patients were left out", "; ")
		}
		if _, err := s.Rules.AttachBacktest(ctx, b); err != nil {
			return "", err
		}
		return "It would have hit " + plural(b.Hits, "time", "times") + " in " + plural(b.Events, "event", "events") + ".", nil
	})
}
