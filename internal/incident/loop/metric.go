package loop

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/custody"
	"triward/internal/store"
)

// Metric is a figure of incidents (reference incidents.md 4.7).
type Metric string

// The metrics of one incident.
const (
	Dwell         Metric = "dwell"
	DwellDetected Metric = "dwell_detected"
	MTTD          Metric = "mttd"
	DetectionLag  Metric = "detection_lag"
	MTTA          Metric = "mtta"
	ToDeclare     Metric = "time_to_declare"
	MTTC          Metric = "mttc"
	MTTR          Metric = "mttr"
	Downtime      Metric = "clinical_downtime"
	BlindTime     Metric = "blind_time"
	Slack         Metric = "clock_slack"
	Verified      Metric = "evidence_verified"
)

// Metrics lists them.
func Metrics() []Metric {
	return []Metric{MTTD, DetectionLag, MTTA, ToDeclare, MTTC, MTTR, Dwell, DwellDetected, Downtime, BlindTime, Slack, Verified}
}

// Words are the name and the formula of a metric.
func (m Metric) Words() (name, formula string) {
	x := map[Metric][2]string{
		Dwell: {"Dwell until contained", "t5 − t0"}, DwellDetected: {"Dwell until detected", "t2 − t0, or t4 − t0 without an alert"}, MTTD: {"Time to detect (MTTD)", "t2 − t0"},
		DetectionLag: {"Detection lag", "t2 − t1"}, MTTA: {"Time to acknowledge (MTTA)", "t3 − t2"}, ToDeclare: {"Time to declare", "t4 − t2"}, MTTC: {"Time to contain (MTTC)", "t5 − t4"},
		MTTR: {"Time to restore (MTTR)", "t7 − t4"}, Downtime: {"Clinical downtime", "device-hours in degraded, downtime or diversion: at least of devices found compromised and not back, at most of all that were not cleared"}, BlindTime: {"Blind time", "hours in which a source was not seen, t1 to t5"},
		Slack: {"Clock slack", "time left when a report was sent; negative is late"}, Verified: {"Evidence verified", "share of sealed evidence whose hash was computed again and matched"}}[m]
	return x[0], x[1]
}

// Share says whether the metric is a share from 0 to 1; the others are times, in hours.
func (m Metric) Share() bool { return m == Verified }

// Value is a metric of one incident.
type Value struct {
	Metric  Metric
	Known   bool
	Value   float64 // hours, or a share
	Low     float64 // where an instant is an estimate: the interval; otherwise Value
	High    float64
	Missing string // why it is unknown
	Of      string // which of several, such as the report of a clock
}

// Measured is an incident with its instants and metrics.
type Measured struct {
	Incident incident.Incident
	Moments  []Moment
	Values   []Value // in the order of [Metrics]; the slack once for each report that was sent
}

// Moment is one of the instants.
func (m Measured) Moment(name Instant) Moment { return m.Moments[slices.Index(Instants(), name)] }

// Measure counts the metrics of an incident.
func Measure(ctx context.Context, r store.Reader, of string, now time.Time) (Measured, error) {
	f, err := incident.Get(ctx, r, of)
	if err != nil {
		return Measured{}, err
	}
	p, err := pastOf(ctx, r, f.Incident)
	if err != nil {
		return Measured{}, err
	}
	m := Measured{Incident: f.Incident}
	if m.Moments, err = moments(ctx, r, f, p); err != nil {
		return m, err
	}
	dwelt := T2
	if !m.Moment(T2).Known() {
		dwelt = T4
	}
	m.Values = append(m.Values, m.between(MTTD, T0, T2), m.between(DetectionLag, T1, T2), m.between(MTTA, T2, T3), m.between(ToDeclare, T2, T4), m.between(MTTC, T4, T5),
		m.between(MTTR, T4, T7), m.between(Dwell, T0, T5), m.between(DwellDetected, T0, dwelt), m.downtime(f, p, now))
	for _, fn := range []func(context.Context, store.Reader, time.Time) ([]Value, error){m.blind, m.slack, m.verified} {
		all, err := fn(ctx, r, now)
		if err != nil {
			return m, err
		}
		m.Values = append(m.Values, all...)
	}
	return m, nil
}

// between is the time between two instants, with its interval where one is an estimate.
func (m Measured) between(name Metric, from, to Instant) Value {
	a, b := m.Moment(from), m.Moment(to)
	for _, x := range []Moment{a, b} {
		if !x.Known() {
			return Value{Metric: name, Missing: fmt.Sprintf("%s (%s): %s", x.Name, x.Name.Words(), x.Missing)}
		}
	}
	return Value{Metric: name, Known: true, Value: b.At.Sub(a.At).Hours(), Low: b.least().Sub(a.most()).Hours(), High: b.most().Sub(a.least()).Hours()}
}

func (m Moment) least() time.Time {
	if m.Earliest.IsZero() {
		return m.At
	}
	return m.Earliest
}

func (m Moment) most() time.Time {
	if m.Latest.IsZero() {
		return m.At
	}
	return m.Latest
}

func certain(m Metric, v float64) Value {
	return Value{Metric: m, Known: true, Value: v, Low: v, High: v}
}

// downtime sums device-hours while clinical work was not normal, over the devices of the incident, not systems. Nobody records
// which device care went without: at least those count that were found compromised and are not back in use, at most all that
// were in the incident, until they were cleared, back in use or retired.
func (m Measured) downtime(f incident.File, p past, now time.Time) Value {
	end := f.Closed
	if end.IsZero() {
		end = now
	}
	low, high := time.Duration(0), time.Duration(0)
	down := p.down(f.Declared, end)
	for _, d := range f.Devices {
		if d.Device == "" {
			continue
		}
		stood := p.stood[d.ID]
		if len(stood) == 0 && len(down) > 0 { // its entry was erased by law
			return Value{Metric: Downtime, Missing: "it is not known when " + d.Name + " came into the incident"}
		}
		for n, x := range stood {
			until := end
			if n+1 < len(stood) {
				until = stood[n+1].at
			}
			within := overlap(down, [2]time.Time{x.at, until})
			if !slices.Contains([]incident.DeviceState{incident.Cleared, incident.BackInUse, incident.DeviceRetired}, x.as) {
				high += within
				if x.as.Hit() {
					low += within
				}
			}
		}
	}
	return Value{Metric: Downtime, Known: true, Value: low.Hours(), Low: low.Hours(), High: high.Hours()}
}

// down lists the intervals in which clinical work was not normal.
func (p past) down(declared, end time.Time) [][2]time.Time {
	var out [][2]time.Time
	for n, c := range p.care {
		from, to := c.at, end
		if from.Before(declared) {
			from = declared
		}
		if n+1 < len(p.care) {
			to = p.care[n+1].at
		}
		if c.to != incident.Normal && to.After(from) {
			out = append(out, [2]time.Time{from, to})
		}
	}
	return out
}

// overlap is how long an interval lies within intervals that do not overlap each other.
func overlap(all [][2]time.Time, x [2]time.Time) time.Duration {
	var sum time.Duration
	for _, a := range all {
		from, to := a[0], a[1]
		if x[0].After(from) {
			from = x[0]
		}
		if x[1].Before(to) {
			to = x[1]
		}
		if to.After(from) {
			sum += to.Sub(from)
		}
	}
	return sum
}

// blind counts the time between the first evidence and the containment in which some source was not seen, once where
// intervals overlap.
func (m Measured) blind(ctx context.Context, r store.Reader, now time.Time) ([]Value, error) {
	from, to := m.Moment(T1), m.Moment(T5)
	if !from.Known() {
		from = m.Moment(T0)
	}
	if !from.Known() {
		return []Value{{Metric: BlindTime, Missing: "t1 (" + T1.Words() + "): " + m.Moment(T1).Missing}}, nil
	}
	end := to.At
	if !to.Known() {
		if end = m.Incident.Closed; end.IsZero() {
			end = now
		}
	}
	if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
		return []Value{{Metric: BlindTime, Missing: "you may not read when sources were not seen"}}, nil //nolint:nilerr // it is told
	}
	var spans [][2]time.Time
	q := detection.BlindQuery{From: from.At, To: end, Sort: "started", Limit: 1000}
	for {
		page, err := detection.Blinds(ctx, r, q)
		if err != nil {
			return nil, err
		}
		for _, b := range page.Items {
			until := b.Ended
			if until.IsZero() || until.After(end) {
				until = end
			}
			since := b.Started
			if since.Before(from.At) {
				since = from.At
			}
			spans = append(spans, [2]time.Time{since, until})
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	return []Value{certain(BlindTime, united(spans).Hours())}, nil
}

// united is how long intervals are together, in the order of their starts.
func united(spans [][2]time.Time) time.Duration {
	slices.SortFunc(spans, func(a, b [2]time.Time) int { return a[0].Compare(b[0]) })
	var sum time.Duration
	var until time.Time
	for _, x := range spans {
		from := x[0]
		if from.Before(until) {
			from = until
		}
		if x[1].After(from) {
			sum += x[1].Sub(from)
			until = x[1]
		}
	}
	return sum
}

// slack is the time that was left when each report was sent.
func (m Measured) slack(ctx context.Context, r store.Reader, now time.Time) ([]Value, error) {
	all, err := incident.Clocks(ctx, r, m.Incident.ID, now)
	if err != nil {
		return nil, err
	}
	var out []Value
	for _, e := range incident.Ours(all) {
		for _, c := range e.Clocks {
			if c.State != clock.Discharged && !c.Late || c.Latest.IsZero() {
				continue
			}
			v := certain(Slack, c.Slack.Hours())
			v.Of = e.Name + ", " + c.Duty.Title + ": " + c.Stage.Title
			out = append(out, v)
		}
	}
	if len(out) == 0 {
		out = []Value{{Metric: Slack, Missing: "no report was sent"}}
	}
	return out, nil
}

// verified is the share of the evidence with content that was hashed again after it was sealed, and is not broken.
func (m Measured) verified(ctx context.Context, r store.Reader, _ time.Time) ([]Value, error) {
	if _, err := store.ScopeOf(ctx, custody.KindRead); err != nil {
		return []Value{{Metric: Verified, Missing: "you may not see evidence"}}, nil //nolint:nilerr // it is told
	}
	items, err := custody.List(ctx, r, m.Incident.ID)
	if err != nil {
		return nil, err
	}
	all, good := 0, 0
	for _, i := range items {
		if i.SHA256 == "" || i.Size == 0 {
			continue // a thing, or content that is still coming in
		}
		all++
		if !i.Verified.IsZero() && i.State != custody.Broken {
			good++
		}
	}
	if all == 0 {
		return []Value{{Metric: Verified, Missing: "no evidence with content is sealed"}}, nil
	}
	return []Value{certain(Verified, float64(good)/float64(all))}, nil
}
