package baseline

import (
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"sync"
	"time"

	"triward/internal/store"
)

// Spec is what a rule asks of its baselines.
type Spec struct {
	Kind   Kind
	Learn  time.Duration
	Factor float64 // of a rate: how many deviations above the median are unusual
}

// Observation is a value that an event shows for a baseline.
type Observation struct {
	Rule         string
	Spec         Spec
	Key          string // see [Key]
	Device, Site string
	Value        string // "" for a rate
	At           time.Time
}

// Judgement is what a baseline says of an observation.
type Judgement struct {
	Unusual bool
	Why     string // for people
}

// Bounds of what is learned.
const (
	mostValues = 1_000 // of a baseline; then the value that was not seen for the longest time goes
	mostHeld   = 20_000
	rateWeeks  = 8 // of the same hour of the week
)

// Learner keeps baselines in memory and saves what changed. What several processes learn comes together in the database.
// An event that is handed in again after a crash counts again in a rate, for one hour at most.
type Learner struct {
	db   *store.DB
	mu   sync.Mutex
	held map[string]*learning
	full int64
}

type learning struct {
	rule, key, device, site string
	kind                    Kind
	since, learned, last    int64
	values                  map[string]*learned
	verdicts                map[string]string
	hours                   map[int64]int64 // added since the last save
	past                    map[int64]int64 // as saved
	evicted                 int64           // since the last save
	gone                    []string        // values to delete
	dirty                   bool
}

type learned struct {
	first, last, events int64
	added               int64 // since the last save
}

// NewLearner learns into a database; without one (nil) in memory alone, for trials on the past.
func NewLearner(db *store.DB) *Learner { return &Learner{db: db, held: map[string]*learning{}} }

// Evicted counts the baselines that left the memory because there was no room. They are read again when they are needed.
func (l *Learner) Evicted() int64 {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.full
}

// Forget drops what is in memory, after owners decided something. What is not saved yet stays.
func (l *Learner) Forget() {
	l.mu.Lock()
	defer l.mu.Unlock()
	maps.DeleteFunc(l.held, func(_ string, b *learning) bool { return !b.dirty })
	for _, b := range l.held {
		b.verdicts = nil
	}
}

// Judge learns an observation and says whether it is unusual.
func (l *Learner) Judge(ctx context.Context, o Observation) (Judgement, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := l.find(ctx, o)
	if err != nil {
		return Judgement{}, err
	}
	b.learn(o)
	return b.say(o), nil
}

// Look says whether an observation that was learned before is unusual, as things stand now.
func (l *Learner) Look(ctx context.Context, o Observation) (Judgement, error) {
	l.mu.Lock()
	defer l.mu.Unlock()
	b, err := l.find(ctx, o)
	if err != nil {
		return Judgement{}, err
	}
	return b.say(o), nil
}

func (b *learning) learn(o Observation) {
	at := store.Micros(o.At)
	b.last, b.dirty = max(b.last, at), true
	if o.Spec.Kind == Rate {
		b.hours[at/hourMicros*hourMicros]++
		return
	}
	value := cut(o.Value)
	v := b.values[value]
	if v == nil {
		if len(b.values) >= mostValues {
			b.evict()
		}
		v = &learned{first: at, last: at}
		b.values[value] = v
	}
	v.first, v.last = min(v.first, at), max(v.last, at)
	v.events++
	v.added++
}

func (b *learning) say(o Observation) Judgement {
	if o.Spec.Kind == Rate {
		return b.rate(o)
	}
	return b.firstSeen(o)
}

func (b *learning) firstSeen(o Observation) Judgement {
	value := cut(o.Value)
	v := b.values[value]
	switch verdict := b.verdicts[value]; {
	case verdict == Normal:
		return Judgement{}
	case verdict == NotNormal:
		return Judgement{true, fmt.Sprintf("%q was said not to be normal for %s", value, o.Key)}
	case v != nil && v.first < b.learned:
		return Judgement{}
	}
	return Judgement{true, fmt.Sprintf("%q was never seen for %s between %s and %s; %d other values were", value, o.Key, day(b.since), day(b.learned), max(len(b.values)-1, 0))}
}

// maxValue bounds a value.
const maxValue = 400

func cut(s string) string {
	if len(s) <= maxValue {
		return s
	}
	return strings.ToValidUTF8(s[:maxValue], "") + "…"
}

func day(us int64) string { return store.Time(us).UTC().Format("2 Jan 2006") }

func (b *learning) evict() {
	oldest := ""
	for value, v := range b.values {
		if oldest == "" || v.last < b.values[oldest].last {
			oldest = value
		}
	}
	delete(b.values, oldest)
	b.gone = append(b.gone, oldest)
	b.evicted++
}

const hourMicros = int64(time.Hour / time.Microsecond)

func (b *learning) rate(o Observation) Judgement {
	at := store.Micros(o.At)
	hour := at / hourMicros * hourMicros
	now := b.past[hour] + b.hours[hour]
	if at < b.learned {
		return Judgement{}
	}
	var same []float64
	for week := range int64(rateWeeks) {
		h := hour - (week+1)*168*hourMicros
		if h < b.since/hourMicros*hourMicros {
			break
		}
		same = append(same, float64(b.past[h]+b.hours[h]))
	}
	if len(same) == 0 {
		return Judgement{}
	}
	middle := median(same)
	for i, v := range same {
		same[i] = max(v-middle, middle-v)
	}
	// 1.4826 makes the median deviation comparable with a standard deviation; at least one event, so that a quiet hour
	// does not make every event unusual.
	spread := max(1.4826*median(same), 1)
	most := middle + o.Spec.Factor*spread
	if float64(now) <= most {
		return Judgement{}
	}
	return Judgement{true, fmt.Sprintf("%d in this hour for %s; in this hour of the week it is %.0f in the middle of %d weeks, and up to %.0f is usual", now, o.Key, middle, len(same), most)}
}

// median of at least one value; it sorts them.
func median(all []float64) float64 {
	slices.Sort(all)
	n := len(all)
	if n%2 == 1 {
		return all[n/2]
	}
	return (all[n/2-1] + all[n/2]) / 2
}

func (l *Learner) find(ctx context.Context, o Observation) (*learning, error) {
	bid := ID(o.Rule, o.Key)
	b := l.held[bid]
	if b != nil && b.verdicts != nil {
		return b, nil
	}
	if b == nil {
		if len(l.held) >= mostHeld {
			if err := l.save(ctx); err != nil {
				return nil, err
			}
			clear(l.held)
			l.full += mostHeld
		}
		at := store.Micros(o.At)
		b = &learning{rule: o.Rule, key: o.Key, device: o.Device, site: o.Site, kind: o.Spec.Kind, since: at, learned: at + o.Spec.Learn.Microseconds(), last: at,
			values: map[string]*learned{}, hours: map[int64]int64{}, past: map[int64]int64{}}
		if l.db != nil {
			if err := l.db.View(ctx, func(r store.Reader) error { return b.read(ctx, r, bid) }); err != nil {
				return nil, err
			}
		}
		l.held[bid] = b
	}
	b.verdicts = map[string]string{}
	if l.db == nil {
		return b, nil
	}
	return b, l.db.View(ctx, func(r store.Reader) error {
		_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
			var value, verdict string
			err := s.Scan(&value, &verdict)
			b.verdicts[value] = verdict
			return struct{}{}, err
		}, `SELECT value, verdict FROM baseline_decision WHERE baseline = $1`, bid)
		return err
	})
}

func (b *learning) read(ctx context.Context, r store.Reader, bid string) error {
	if _, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		return struct{}{}, s.Scan(&b.since, &b.learned, &b.last)
	}, `SELECT since, learned, last FROM baseline WHERE id = $1`, bid); err != nil {
		return err
	}
	if _, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var value string
		v := &learned{}
		err := s.Scan(&value, &v.first, &v.last, &v.events)
		b.values[value] = v
		return struct{}{}, err
	}, `SELECT value, first, last, events FROM baseline_value WHERE baseline = $1`, bid); err != nil {
		return err
	}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var hour, n int64
		err := s.Scan(&hour, &n)
		b.past[hour] = n
		return struct{}{}, err
	}, `SELECT hour, amount FROM baseline_hour WHERE baseline = $1`, bid)
	return err
}

// Save keeps what was learned since the last save. The pipeline calls it before it lets go of a batch.
func (l *Learner) Save(ctx context.Context) error {
	l.mu.Lock()
	defer l.mu.Unlock()
	return l.save(ctx)
}

func (l *Learner) save(ctx context.Context) error {
	var dirty []string
	for bid, b := range l.held {
		if b.dirty {
			dirty = append(dirty, bid)
		}
	}
	if len(dirty) == 0 || l.db == nil {
		return nil
	}
	slices.Sort(dirty) // two processes that save at once do it in one order
	if err := l.db.Bulk(ctx, func(b *store.Bulk) error {
		for _, bid := range dirty {
			if err := l.held[bid].write(ctx, b, bid); err != nil {
				return err
			}
		}
		return nil
	}); err != nil {
		return err
	}
	for _, bid := range dirty {
		l.held[bid].saved()
	}
	return nil
}

func (b *learning) saved() {
	for hour, n := range b.hours {
		b.past[hour] += n
	}
	oldest := b.last - (rateWeeks+1)*168*hourMicros
	maps.DeleteFunc(b.past, func(hour, _ int64) bool { return hour < oldest })
	for _, v := range b.values {
		v.added = 0
	}
	clear(b.hours)
	b.evicted, b.gone, b.dirty = 0, nil, false
}

func (b *learning) write(ctx context.Context, w *store.Bulk, bid string) error {
	if _, err := w.Exec(ctx, `INSERT INTO baseline (id, rule, keyed, kind, device, site, since, learned, last, evicted) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
		ON CONFLICT (id) DO UPDATE SET last = CASE WHEN excluded.last > baseline.last THEN excluded.last ELSE baseline.last END, evicted = baseline.evicted + excluded.evicted`,
		bid, b.rule, b.key, string(b.kind), b.device, b.site, b.since, b.learned, b.last, b.evicted); err != nil {
		return err
	}
	for _, value := range b.gone {
		if _, err := w.Exec(ctx, `DELETE FROM baseline_value WHERE baseline = $1 AND value = $2`, bid, value); err != nil {
			return err
		}
	}
	for _, value := range slices.Sorted(maps.Keys(b.values)) {
		v := b.values[value]
		if v.added == 0 {
			continue
		}
		if _, err := w.Exec(ctx, `INSERT INTO baseline_value (baseline, value, first, last, events) VALUES ($1, $2, $3, $4, $5) ON CONFLICT (baseline, value) DO UPDATE SET
			first = CASE WHEN excluded.first < baseline_value.first THEN excluded.first ELSE baseline_value.first END,
			last = CASE WHEN excluded.last > baseline_value.last THEN excluded.last ELSE baseline_value.last END, events = baseline_value.events + excluded.events`,
			bid, value, v.first, v.last, v.added); err != nil {
			return err
		}
	}
	for _, hour := range slices.Sorted(maps.Keys(b.hours)) {
		if _, err := w.Exec(ctx, `INSERT INTO baseline_hour (baseline, hour, amount) VALUES ($1, $2, $3) ON CONFLICT (baseline, hour) DO UPDATE SET amount = baseline_hour.amount + excluded.amount`,
			bid, hour, b.hours[hour]); err != nil {
			return err
		}
	}
	_, err := w.Exec(ctx, `DELETE FROM baseline_hour WHERE baseline = $1 AND hour < $2`, bid, b.last-(rateWeeks+1)*168*hourMicros)
	return err
}
