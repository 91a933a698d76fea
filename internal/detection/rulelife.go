package detection

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Backtest is what a rule would have found in a past window.
type Backtest struct {
	ID       string // "bkt_…"
	Rule     string
	Digest   string // of the text that was tried
	From, To time.Time
	Events   int64 // that were looked at
	Hits     int64
	Devices  int64
	First    time.Time // of the hits
	Last     time.Time
	Blind    time.Duration // of the window, in which a source was not seen
	Detail   string
	At       time.Time
	Author   string
}

// AttachBacktest keeps the result of a back-test with its rule.
func (s Rules) AttachBacktest(ctx context.Context, b Backtest) (string, error) {
	var l problem.List
	if b.From.IsZero() || !b.To.After(b.From) {
		l.Add("to", "must lie after the start of the window")
	}
	if b.Events < 0 || b.Hits < 0 || b.Devices < 0 {
		l.Add("hits", "must not be negative")
	}
	text(&l, "detail", b.Detail, maxText)
	if err := l.Err("the back-test is not valid"); err != nil {
		return "", err
	}
	var err error
	if b.ID, err = id.New("bkt"); err != nil {
		return "", err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := rule(ctx, tx, b.Rule)
		if err != nil {
			return err
		}
		if b.Digest != v.Digest {
			return problem.New(problem.Conflict, "the rule changed since it was tried")
		}
		b.At, b.Author = tx.Now, tx.Actor().Name
		if _, err := tx.Exec(ctx, `INSERT INTO rule_backtest (id, rule, digest, started, ended, events, hits, devices, first_hit, last_hit, blind, detail, at, author)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14)`, b.ID, b.Rule, b.Digest, store.Micros(b.From), store.Micros(b.To), b.Events, b.Hits, b.Devices,
			store.Micros(b.First), store.Micros(b.Last), b.Blind.Microseconds(), b.Detail, store.Micros(b.At), b.Author); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRuleBacktested, Subject: b.Rule, Body: RuleNoted{Title: v.Title, Digest: b.Digest, From: Instant(b.From), To: Instant(b.To), Hits: b.Hits}})
		return err
	})
	return b.ID, err
}

// Backtests reads the back-tests of a rule, the latest first.
func Backtests(ctx context.Context, r store.Reader, rid string) ([]Backtest, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Backtest, error) {
		var b Backtest
		var from, to, first, last, blind, at int64
		err := s.Scan(&b.ID, &b.Rule, &b.Digest, &from, &to, &b.Events, &b.Hits, &b.Devices, &first, &last, &blind, &b.Detail, &at, &b.Author)
		b.From, b.To, b.First, b.Last, b.Blind, b.At = store.Time(from), store.Time(to), store.Time(first), store.Time(last), micros(blind), store.Time(at)
		return b, err
	}, `SELECT id, rule, digest, started, ended, events, hits, devices, first_hit, last_hit, blind, detail, at, author FROM rule_backtest WHERE rule = $1 ORDER BY at DESC, id DESC LIMIT 50`, rid)
}

// Truth is whether a hit was what its rule looks for.
type Truth string

// The closed list of verdicts on a hit.
const (
	TruePositive  Truth = "true_positive"
	FalsePositive Truth = "false_positive"
)

// Judge keeps what a person thinks of a hit, such as one in shadow.
func (s Rules) Judge(ctx context.Context, rid, event string, verdict Truth) error {
	if verdict != TruePositive && verdict != FalsePositive {
		return problem.New(problem.Invalid, "a hit is a true positive or a false positive")
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := rule(ctx, tx, rid)
		if err != nil {
			return err
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM rule_hit WHERE rule = $1 AND event = $2`, rid, event).Scan(&n); err != nil {
			return err
		}
		if n == 0 {
			return problem.New(problem.NotFound, "the rule has no such hit")
		}
		if _, err := tx.Exec(ctx, `INSERT INTO rule_judgement (rule, event, verdict, note, author, at) VALUES ($1, $2, $3, '', $4, $5)
			ON CONFLICT (rule, event) DO UPDATE SET verdict = excluded.verdict, author = excluded.author, at = excluded.at`, rid, event, string(verdict), tx.Actor().Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRuleJudged, Subject: rid, Body: RuleNoted{Title: v.Title, Event: event, Verdict: string(verdict)}})
		return err
	})
}

// Own says who answers for a rule.
func (s Rules) Own(ctx context.Context, rid, owner string) error {
	var l problem.List
	need(&l, "owner", owner, maxName)
	if err := l.Err("the owner is not valid"); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := rule(ctx, tx, rid)
		if err != nil || v.Owner == owner {
			return err
		}
		v.Owner, v.Changed = owner, tx.Now
		if err := putRule(ctx, tx, v); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRuleOwned, Subject: rid, Body: RuleNoted{Title: v.Title, Owner: owner}})
		return err
	})
}

// ProposeTx keeps rules that somebody wrote here as drafts: one text with one rule, or with a correlation and what it stands
// on. source says what it comes from ("INC-2026-0001"). It returns the id of the rule that reports. Faults of the text name
// their lines.
func ProposeTx(ctx context.Context, tx *store.Tx, source, body string) (string, error) {
	if strings.TrimSpace(body) == "" || len(body) > maxRule {
		return "", problem.New(problem.Invalid, "the rule must have 1 to %d characters", maxRule)
	}
	path := "proposed/" + source
	texts, faults := Texts([]content.File{{Name: path, Text: []byte(body)}})
	if len(faults) > 0 {
		var l problem.List
		for _, f := range faults {
			l.Add("rule", "%s: %s", strings.TrimPrefix(f.Path, path+":"), f.Reason)
		}
		return "", l.Err("the rule is not valid")
	}
	if len(texts) == 0 {
		return "", problem.New(problem.Invalid, "the text holds no rule")
	}
	for _, t := range texts {
		if t.ID == path {
			return "", problem.New(problem.Invalid, "the rule needs an id (a UUID) of its own")
		}
		have, err := rule(ctx, tx, t.ID)
		if err == nil {
			return "", problem.New(problem.Conflict, "there is a rule with the id %s already: %s", t.ID, have.Title)
		}
		if problem.KindOf(err) != problem.NotFound {
			return "", err
		}
		next := Rule{ID: t.ID, Origin: Proposed, Path: path, Title: t.Title, Level: t.Level.or(), Techniques: t.Techniques, Catalogue: t.Catalogue, Digest: t.Digest,
			State: Draft, Since: tx.Now, Reason: "proposed from " + source, At: tx.Now, Changed: tx.Now}
		if next.Revision, err = (Rules{}).revise(ctx, tx, Rule{}, t); err != nil {
			return "", err
		}
		if err := putRule(ctx, tx, next); err != nil {
			return "", err
		}
		if _, err := tx.Record(ctx, store.Event{Kind: KindRuleProposed, Subject: t.ID, Body: RuleNoted{Title: t.Title, Digest: t.Digest, State: Draft, Reason: next.Reason}}); err != nil {
			return "", err
		}
	}
	return texts[len(texts)-1].ID, nil
}

// maxRule bounds the text of a rule that somebody proposes.
const maxRule = 100_000

// What a canary must show before it may call people.
const (
	SampleSize  = 5                  // hits that must be judged, or all when there are fewer
	CanaryQuiet = 7 * 24 * time.Hour // how long one without any hit must have run
	CanaryLeast = 24 * time.Hour     // how long any must have run: a rate needs a time
)

// Trial is what a rule showed since it came into its state.
type Trial struct {
	Days           float64 `json:"days"`
	Hits           int64   `json:"hits"`
	PerDay         float64 `json:"hits_per_day"`
	Judged         int64   `json:"judged"`
	FalsePositives int64   `json:"false_positives"`
}

// trialOf counts the hits of a rule since an instant, and those that were judged.
func trialOf(ctx context.Context, r store.Reader, v Rule, now time.Time) (Trial, error) {
	var t Trial
	err := r.QueryRow(ctx, `SELECT count(*), coalesce(sum(CASE WHEN j.verdict IS NULL THEN 0 ELSE 1 END), 0), coalesce(sum(CASE WHEN j.verdict = 'false_positive' THEN 1 ELSE 0 END), 0)
		FROM rule_hit h LEFT JOIN rule_judgement j ON j.rule = h.rule AND j.event = h.event WHERE h.rule = $1 AND h.at >= $2 AND h.digest = $3`,
		v.ID, store.Micros(v.Since), v.Digest).Scan(&t.Hits, &t.Judged, &t.FalsePositives)
	t.Days = now.Sub(v.Since).Hours() / 24
	if t.Days > 0 {
		t.PerDay = float64(t.Hits) / t.Days
	}
	return t, err
}

// Steps are the states that a rule may come into from a state.
func (s RuleState) Steps() []RuleState {
	switch s {
	case Draft:
		return []RuleState{Testing, Retired}
	case Testing:
		return []RuleState{Canary, Draft, Retired}
	case Canary:
		return []RuleState{Active, Testing, Retired}
	case Active:
		return []RuleState{Tuned, Canary, Retired}
	case Tuned:
		return []RuleState{Canary, Retired}
	case Retired:
		return []RuleState{Draft}
	}
	return nil
}

// Missing says what a rule lacks for a state, in sentences for people; nothing when it may come into it.
func Missing(ctx context.Context, r store.Reader, v Rule, to RuleState, now time.Time) ([]string, error) {
	if !slices.Contains(v.State.Steps(), to) {
		return []string{"a rule that is " + string(v.State) + " cannot become " + string(to)}, nil
	}
	var out []string
	switch to {
	case Testing:
		if v.State != Draft {
			return nil, nil
		}
		fallthrough
	case Canary:
		var n int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM rule_backtest WHERE rule = $1 AND digest = $2`, v.ID, v.Digest).Scan(&n); err != nil {
			return nil, err
		}
		if n == 0 && !v.State.Pages() {
			out = append(out, "a back-test of its present text")
		}
	case Active:
		t, err := trialOf(ctx, r, v, now)
		if err != nil {
			return nil, err
		}
		if now.Sub(v.Since) < CanaryLeast {
			out = append(out, "a day in shadow, for a hit rate")
		}
		switch {
		case t.Hits == 0 && now.Sub(v.Since) < CanaryQuiet:
			out = append(out, "a hit, or seven days in shadow without one")
		case t.Judged < min(SampleSize, t.Hits):
			out = append(out, "a sample of "+number(min(SampleSize, t.Hits))+" judged hits; "+number(t.Judged)+" are judged")
		}
		if v.Owner == "" {
			out = append(out, "an owner")
		}
	}
	return out, nil
}

// Move takes a rule on in its life. Invalid names what is missing; a reason is required to retire a rule, to call it
// tuned, and to take it back.
func (s Rules) Move(ctx context.Context, rid string, to RuleState, reason string) error {
	if !slices.Contains(RuleStates(), to) {
		return problem.New(problem.Invalid, "%q is no state of a rule", to)
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := rule(ctx, tx, rid)
		if err != nil {
			return err
		}
		var l problem.List
		text(&l, "reason", reason, maxText)
		forward := slices.Index(RuleStates(), to) > slices.Index(RuleStates(), v.State)
		if strings.TrimSpace(reason) == "" && (!forward || to == Retired || to == Tuned) {
			l.Add("reason", "is required")
		}
		missing, err := Missing(ctx, tx, v, to, tx.Now)
		if err != nil {
			return err
		}
		for _, m := range missing {
			l.Add("state", "missing: %s", m)
		}
		if err := l.Err("the rule cannot become %s", to); err != nil {
			return err
		}
		note := RuleNoted{Title: v.Title, Digest: v.Digest, Before: v.State, State: to, Reason: reason, Owner: v.Owner}
		if v.State == Canary {
			t, err := trialOf(ctx, tx, v, tx.Now)
			if err != nil {
				return err
			}
			note.Figures = &t
		}
		v.State, v.Since, v.Reason, v.Changed = to, tx.Now, reason, tx.Now
		if err := putRule(ctx, tx, v); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRuleMoved, Subject: rid, Body: note})
		return err
	})
}
