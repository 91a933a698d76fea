package reading

import (
	"context"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

// LongestTry bounds the time over which a rule is tried while somebody waits.
const LongestTry = 366 * 24 * time.Hour

// Window is which rule is tried on which time.
type Window struct {
	Rule     string
	From, To time.Time
}

// Try tries a rule on the kept events that the reader may read, and keeps the result with the rule. No alert is raised.
func (s Desk) Try(ctx context.Context, rules detection.Rules, w Window) (detection.Backtest, error) {
	var l problem.List
	if w.From.IsZero() || !w.To.After(w.From) {
		l.Add("to", "must not lie before the start")
	} else if w.To.Sub(w.From) > LongestTry {
		l.Add("from", "must be at most a year before the end")
	}
	if err := l.Err("the time is not valid"); err != nil {
		return detection.Backtest{}, err
	}
	now := s.DB.Now()
	if w.To.After(now) {
		w.To = now
	}
	o, digest := replay.Order{From: w.From, To: w.To}, ""
	err := s.DB.View(ctx, func(r store.Reader) error {
		it, err := detection.GetRule(ctx, r, w.Rule, now)
		if err != nil {
			return err
		}
		digest = it.Digest
		o.Set, err = replay.Kept(ctx, r, []string{w.Rule})
		return err
	})
	if err != nil {
		return detection.Backtest{}, err
	}
	past := Past{Desk: s}
	if o.Blind, err = past.Blind(ctx, eventlog.Query{From: o.From.UnixMicro(), To: o.To.UnixMicro()}); err != nil {
		return detection.Backtest{}, err
	}
	report, err := replay.Run(ctx, &past, o)
	if err != nil {
		return detection.Backtest{}, err
	}
	b, ok := report.Backtest(w.Rule, digest)
	if !ok {
		return b, problem.New(problem.Invalid, "this rule reports nothing of its own: it feeds correlations, or its text is not understood")
	}
	if past.Withheld {
		b.Detail = strings.TrimPrefix(b.Detail+"; events that concern patients were left out", "; ")
	}
	b.ID, err = rules.AttachBacktest(ctx, b)
	return b, err
}
