package pipeline

import (
	"context"
	"fmt"
	"log/slog"
	"slices"
	"strconv"
	"strings"
	"sync"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/fire"
	"triward/internal/eventlog"
	"triward/internal/product"
	"triward/internal/sigma"
	"triward/internal/store"
)

// Rules tries the rules that run, and follows the journal for which ones these are.
type Rules struct {
	db      *store.DB
	past    eventlog.Reader // nil: none
	learner *baseline.Learner
	log     *slog.Logger

	mu      sync.RWMutex
	loaded  bool
	seq     int64
	rules   *fire.Rules
	digests map[string]string // of the rules' texts, by rule
	worker  *fire.Worker
	settled time.Time
	evicted int64 // of the rules' correlations, up to then
}

// NewRules begins without rules; Follow reads them. past is where the windows of correlations come from that were open when
// the program ended.
func NewRules(db *store.DB, past eventlog.Reader, log *slog.Logger) *Rules {
	return &Rules{db: db, past: past, learner: baseline.NewLearner(db), log: log}
}

// Follow compiles the rules again when others run than before, and opens the windows of their correlations anew with what
// is in the event log.
func (v *Rules) Follow(ctx context.Context) error {
	changed, err := v.follow(ctx)
	if err != nil || !changed {
		return err
	}
	if err := v.recall(ctx); err != nil {
		v.loaded = false
		return fmt.Errorf("open the windows of correlations: %w", err)
	}
	return nil
}

// forget has the windows opened anew before the next event: records that were tried come again.
func (v *Rules) forget() { v.loaded = false }

// follow compiles the rules if others run than before, and says so.
func (v *Rules) follow(ctx context.Context) (changed bool, err error) {
	err = v.db.View(ctx, func(r store.Reader) error {
		head, _, err := store.JournalHead(ctx, r)
		if err != nil || v.loaded && head == v.seq {
			return err
		}
		if v.loaded {
			entries, err := store.Journal(ctx, r, store.JournalQuery{After: v.seq, Kinds: detection.RuleKinds(), Limit: 1000})
			if err != nil {
				return err
			}
			if slices.ContainsFunc(entries, func(e store.Entry) bool { return e.Kind == detection.KindBaselineSettled }) {
				v.learner.Forget()
			}
			if !slices.ContainsFunc(entries, func(e store.Entry) bool {
				return e.Kind == detection.KindRulesLoaded || e.Kind == detection.KindRuleMoved
			}) {
				v.seq = head
				if len(entries) == 1000 {
					v.seq = entries[len(entries)-1].Seq
				}
				return nil
			}
		}
		running, err := detection.RunningRules(ctx, r)
		if err != nil {
			return err
		}
		v.compile(running)
		v.loaded, v.seq, changed = true, head, true
		return nil
	})
	return changed, err
}

// mostRecalled bounds the events that windows are opened with, so that the program works again within seconds.
const mostRecalled = 1_000_000

// recall gives the correlations the events of the log that their windows may still hold.
func (v *Rules) recall(ctx context.Context) error {
	longest := v.rules.Longest()
	if longest == 0 || v.past == nil {
		return nil
	}
	now := v.db.Now()
	from, n, err := reach(ctx, v.past, now.Add(-longest), now)
	if err != nil {
		return err
	}
	if from > store.Micros(now.Add(-longest)) {
		v.log.Warn("correlations begin with a part of their windows: there are too many events", "since", store.Time(from), "events", n)
	}
	w := v.rules.Recaller(v.learner.Look)
	return v.past.Scan(ctx, eventlog.Query{From: from, To: store.Micros(now) + 1, Where: []eventlog.Condition{eventlog.Real()}}, func(events []eventlog.Event) error {
		for i := range events {
			if err := w.Recall(ctx, &events[i]); err != nil {
				return err
			}
		}
		return nil
	})
}

// reach is since when the log has at most mostRecalled events, to a thousandth of the time, but not before from, and how
// many they are.
func reach(ctx context.Context, log eventlog.Reader, from, to time.Time) (since, n int64, err error) {
	width := max(to.Sub(from)/1000, time.Second).Microseconds()
	counts, err := log.Count(ctx, eventlog.Query{From: store.Micros(from), To: store.Micros(to) + 1, Where: []eventlog.Condition{eventlog.Real()}}, eventlog.Bucket{Width: width})
	if err != nil {
		return 0, 0, err
	}
	for _, c := range slices.Backward(counts) {
		if n+c.N > mostRecalled {
			return c.At + width, n, nil
		}
		n += c.N
	}
	return store.Micros(from), n, nil
}

// compile makes one set of the rules that run. A text that several rules share is read once; of what it holds, the rules
// that do not run are left out by the alerts.
func (v *Rules) compile(running []detection.Running) {
	var set sigma.Set
	read := map[string]bool{}
	digests := map[string]string{}
	for _, r := range running {
		digests[r.ID] = r.Digest
		if read[r.Digest] {
			continue
		}
		read[r.Digest] = true
		part, err := sigma.Parse(r.Path, []byte(r.Body), sigma.Options{})
		if err != nil {
			v.log.Error("a rule that runs cannot be read", "rule", r.ID, "path", r.Path, "error", err)
			continue
		}
		set.Add(part)
	}
	rules, faults := fire.New(set, v.learner.Judge)
	for _, f := range faults {
		v.log.Error("a rule that runs cannot be compiled", "where", f.Path, "fault", f.Reason)
	}
	v.mu.Lock()
	defer v.mu.Unlock()
	v.rules, v.digests, v.worker, v.settled, v.evicted = rules, digests, rules.Worker(), v.db.Now(), 0
}

// try gives the hits of events, which are in order. One goroutine calls it.
func (v *Rules) try(ctx context.Context, events []eventlog.Event) ([]detection.Hit, error) {
	v.mu.RLock()
	w := v.worker
	v.mu.RUnlock()
	if w == nil {
		return nil, nil
	}
	var out []detection.Hit
	for i := range events {
		fired, err := w.Try(ctx, &events[i])
		if err != nil {
			return nil, fmt.Errorf("try rules: %w", err)
		}
		for j := range fired {
			out = append(out, v.hit(&fired[j], &events[i]))
		}
	}
	return out, nil
}

// settle closes the windows of correlations that are over, and saves what baselines learned.
func (v *Rules) settle(ctx context.Context, now time.Time) error {
	v.mu.RLock()
	rules := v.rules
	v.mu.RUnlock()
	var hits []detection.Hit
	if rules != nil {
		for _, f := range rules.Advance(store.Micros(now)) {
			hits = append(hits, v.hit(&f, nil))
		}
	}
	if _, err := (detection.Alerts{DB: v.db}).Take(ctx, hits); err != nil {
		return fmt.Errorf("raise alerts: %w", err)
	}
	if err := v.learner.Save(ctx); err != nil {
		return fmt.Errorf("save baselines: %w", err)
	}
	return v.tellEvicted(ctx, now)
}

// tellEvicted keeps that correlations had no room for events: they may have missed something.
func (v *Rules) tellEvicted(ctx context.Context, now time.Time) error {
	if v.rules == nil {
		return nil
	}
	n := v.rules.Stats().Evicted
	if n > v.evicted {
		began := v.settled
		if began.After(now) { // our clock stepped back
			began = now
		}
		b := detection.Blind{Reason: detection.BlindNoRoom, Started: began, Ended: now, Lost: n - v.evicted, Detail: "the events are kept; correlations had no room to count them"}
		if _, err := (detection.Sources{DB: v.db}).NoteBlind(ctx, b); err != nil {
			return fmt.Errorf("tell what correlations had no room for: %w", err)
		}
	}
	v.settled, v.evicted = now, n
	return nil
}

// hit is a firing for the alerts. Exceptions look into the event, so it keeps it. e is nil for the end of a window.
func (v *Rules) hit(f *fire.Firing, e *eventlog.Event) detection.Hit {
	entity := f.Entity(e)
	if e == nil {
		e = &eventlog.Event{}
	}
	h := detection.Hit{Rule: f.Rule, Digest: v.digests[f.Rule], Event: f.Event.String(), At: store.Time(f.At), Entity: entity, Device: e.Device, Source: e.Source,
		Site: e.Site, Ward: e.Ward, InUse: answer(e.Field("dev.in_use")), Summary: summary(f, e)}
	h.Baseline = f.Baseline
	for _, r := range f.Reasons {
		h.Fields = append(h.Fields, detection.Matched{Field: r.Field, Value: r.Value, Selection: r.Search})
	}
	if f.Correlation {
		h.Joined = joined(f, e)
		for _, other := range f.Events {
			if other != h.Event {
				h.Others = append(h.Others, detection.Listed{Rule: f.Rule, Event: other, At: h.At, Device: e.Device})
			}
		}
	}
	h.Field = func(name string) (string, bool) { s := e.Value(name); return s, s != "" }
	return h
}

func answer(inUse string) product.Answer {
	switch inUse {
	case "in_use":
		return product.Yes
	case "not_in_use":
		return product.No
	}
	return product.NotKnown
}

// joined says what a correlation counted, and for whom. e is the event that completed it.
func joined(f *fire.Firing, e *eventlog.Event) string {
	var parts []string
	for _, p := range f.Group {
		value := p.Value
		switch tag := e.Field(strings.TrimSuffix(p.Name, ".id") + ".tag"); {
		case p.Name == "dev.id" && tag != "", p.Name == "peer.id" && tag != "":
			value = tag
		}
		parts = append(parts, detection.Term(p.Name)+" "+value)
	}
	text := fmt.Sprintf("%d events", len(f.Events))
	if len(f.Events) == 1 {
		text = "1 event"
	}
	if f.Value != float64(len(f.Events)) {
		text = strconv.FormatFloat(f.Value, 'f', -1, 64) + " from " + text
	}
	if len(parts) > 0 {
		text += " of " + strings.Join(parts, ", ")
	}
	return text
}

// summary is one line for people: who, and what the record says.
func summary(f *fire.Firing, e *eventlog.Event) string {
	who := e.Field("dev.tag")
	for _, s := range []string{e.Host, e.SrcIP, e.User} {
		if who == "" {
			who = s
		}
	}
	what := e.Message
	if what == "" {
		what = f.Title
	}
	if len(what) > 200 {
		what = strings.ToValidUTF8(what[:200], "") + "…"
	}
	return strings.TrimSpace(who + " " + what)
}
