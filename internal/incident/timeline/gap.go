package timeline

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

const (
	// gap is how long nothing may come from a device before it is said.
	gap = 6 * time.Hour
	// step is what is counted by to find gaps: a gap has whole empty steps in it.
	step = time.Hour
	// mostGaps bounds the gaps of a timeline whose ends are looked up.
	mostGaps = 100
)

// silence is a run of steps in which nothing came from a device, microseconds, the end exclusive.
type silence struct {
	device   string
	from, to int64
}

// gaps are the times in the window of the incident in which nothing came from one of its devices: between two events, from
// the begin of the window to the first, and from the last to the end of the window or to now. That nothing came is no
// secret from who reads events here, also where they may not read all of them; who may read none is told no gap.
func (t *timeline) gaps(ctx context.Context, q Query) ([]Entry, error) {
	if !q.wants(Gap) || q.Undated || q.Pinned || q.Text != "" || q.User != "" || len(t.devices) == 0 || t.desk.Events.Log == nil {
		return nil, nil
	}
	if _, err := store.ScopeOf(ctx, detection.KindEventRead); err != nil {
		return nil, t.noEvents()
	}
	devices := t.devices
	if q.Device != "" {
		devices = slices.DeleteFunc(slices.Clone(devices), func(d string) bool { return d != q.Device })
	}
	now := t.desk.DB.Now()
	begin, end := store.Micros(t.span[0]), now.UnixMicro()
	if to := t.span[1]; !to.IsZero() && to.Before(now) {
		end = to.UnixMicro()
	}
	heard, err := t.heard(ctx, devices, begin, end)
	if problem.KindOf(err) == problem.Invalid {
		t.left.cut("the window is too long, or the devices too many, to look for times in which nothing came")
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	var found []silence
	for _, d := range devices {
		found = append(found, silences(d, heard[eventlog.Fold(d)], begin, end)...)
	}
	slices.SortFunc(found, func(a, b silence) int { return int(min(1, max(-1, b.from-a.from))) })
	if len(found) > mostGaps {
		t.left.cut(fmt.Sprintf("of %d times in which nothing came the latest %d are shown", len(found), mostGaps))
		found = found[:mostGaps]
	}
	var out []Entry
	for _, s := range found {
		e, err := t.gap(ctx, s, begin, end)
		if err != nil {
			return nil, err
		}
		if e.Kind == Gap {
			out = append(out, e)
		}
	}
	return out, nil
}

// heard are the steps in which something came, by device.
func (t *timeline) heard(ctx context.Context, devices []string, from, to int64) (map[string][]int64, error) {
	out := map[string][]int64{}
	for _, side := range eventlog.Pivots["any.device"] {
		q := eventlog.Query{From: from, To: to, Where: []eventlog.Condition{{Field: side, Op: eventlog.Is, Values: devices}}}
		counts, err := t.desk.Events.Log.Count(ctx, q, eventlog.Bucket{Width: step.Microseconds(), By: side})
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			out[c.Value] = append(out[c.Value], c.At)
		}
	}
	for d := range out {
		slices.Sort(out[d])
		out[d] = slices.Compact(out[d])
	}
	return out, nil
}

// silences are the runs of empty steps that may be gaps. A window that is open at its begin has none before the first event.
func silences(device string, heard []int64, begin, end int64) []silence {
	var out []silence
	from := begin
	for _, at := range append(slices.Clone(heard), end) {
		if from != 0 && at-from >= (gap-2*step).Microseconds() {
			out = append(out, silence{device, from, at})
		}
		from = at + step.Microseconds()
	}
	return out
}

// gap is the entry of a silence, with the events at its ends; the zero Entry when it is too short.
func (t *timeline) gap(ctx context.Context, s silence, begin, end int64) (Entry, error) {
	out := Entry{Kind: Gap, Certainty: Told, Device: s.device, Count: 1}
	of := eventlog.Query{Where: []eventlog.Condition{{Field: "any.device", Op: eventlog.Is, Values: []string{s.device}}}}
	from, to, first, last := s.from, s.to, s.from == begin, s.to == end
	out.at = from
	if !first {
		of.From, of.To, of.Limit = max(begin, s.from-step.Microseconds()), s.from, 1
		p, err := t.desk.Events.Log.Search(ctx, of)
		if err != nil {
			return Entry{}, err
		}
		if len(p.Events) > 0 {
			e := &p.Events[0]
			from, out.at, out.Skew, out.SkewKnown = e.At(), e.Ours(), time.Duration(e.Skew)*time.Microsecond, e.SkewKnown && e.Time != 0
		}
	}
	if !last {
		of.From, of.To = s.to, min(end, s.to+step.Microseconds())
		err := t.desk.Events.Log.Scan(ctx, of, func(events []eventlog.Event) error {
			to = events[0].At()
			return errFirst
		})
		if err != nil && !errors.Is(err, errFirst) {
			return Entry{}, err
		}
	}
	if to-from < gap.Microseconds() {
		return Entry{}, nil
	}
	if t.byTold {
		out.at = from
	}
	out.Key, out.Told, out.Received, out.Until = fmt.Sprintf("gap:%s:%016d", s.device, from), store.Time(from), store.Time(from), store.Time(to)
	switch {
	case first && last:
		out.What = "No event of this device is stored in the whole window."
	case first:
		out.What = "No event of this device is stored from the begin of the window to here."
	case last:
		out.What = "No event of this device is stored since."
	default:
		out.What = "No event of this device is stored from here to the next one."
	}
	if last && t.span[1].IsZero() {
		out.Until = time.Time{} // it lasts
	}
	return out, nil
}

// errFirst ends a scan at its first event.
var errFirst = problem.New(problem.Invalid, "the first event is found")
