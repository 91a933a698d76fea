package detection

import (
	"context"
	"fmt"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/store"
)

// Watch looks for what does not happen: sources that are silent or send far less than expected, devices that say nothing
// while their ward is active. Tick is called again and again.
type Watch struct {
	DB      *store.DB
	Sources Sources
	Alerts  Alerts
}

// Tick looks once.
func (w Watch) Tick(ctx context.Context) error {
	if err := w.silence(ctx); err != nil {
		return err
	}
	if err := w.rates(ctx); err != nil {
		return err
	}
	if err := w.devices(ctx); err != nil {
		return err
	}
	return w.forget(ctx)
}

// silence opens a blind interval for each source that says nothing for longer than it may, ends that of each that speaks
// again, and alerts unless the source is muted.
func (w Watch) silence(ctx context.Context) error {
	now := w.DB.Now()
	var all []Source
	var seen map[string]Now
	var open map[string]int
	err := w.DB.View(ctx, func(r store.Reader) (err error) {
		if all, err = Known(ctx, r); err != nil {
			return err
		}
		if seen, err = nows(ctx, r, store.Where{}); err != nil {
			return err
		}
		open, err = counts[string](ctx, r, `SELECT source, count(*) FROM blind_interval WHERE ended = 0 AND reason = 'silence' GROUP BY source`)
		return err
	})
	if err != nil {
		return err
	}
	var hits []Hit
	for _, v := range all {
		if v.State == SourceMuted && !v.Until.After(now) {
			if err := w.Sources.Confirm(ctx, v.ID); err != nil {
				return err
			}
			v.State = SourceActive
		}
		last := later(v.At, seen[v.ID].Seen)
		silent := v.Silence > 0 && now.Sub(last) > v.Silence
		switch {
		case silent && open[v.ID] == 0:
			if _, err := w.Sources.NoteBlind(ctx, Blind{Source: v.ID, Reason: BlindSilence, Started: last, Lost: LostUnknown, Detail: "nothing came for longer than " + lasts(v.Silence)}); err != nil {
				return err
			}
		case !silent && open[v.ID] > 0:
			if err := w.Sources.EndBlind(ctx, v.ID, BlindSilence, later(v.At, seen[v.ID].Seen)); err != nil {
				return err
			}
		}
		if silent && v.State == SourceActive {
			hits = append(hits, Hit{Rule: RuleSilence, Event: mark("silent", v.ID, last), At: now, Entity: Entity("source", v.ID), Source: v.ID, Site: v.Site,
				Summary:     v.Name + " has said nothing since " + last.UTC().Format("2 Jan 15:04") + " UTC",
				Explanation: Explanation{Baseline: "It may be silent for " + lasts(v.Silence) + ". What happened since then was not seen."}})
		}
	}
	_, err = w.Alerts.Take(ctx, hits)
	return err
}

// mark is the id of something that is no event: the same for the same happening, so that it counts once.
func mark(kind, id string, at time.Time) string {
	return kind + ":" + id + ":" + number(store.Micros(at))
}

func lasts(d time.Duration) string {
	s := d.Truncate(time.Second).String()
	return strings.TrimSuffix(strings.TrimSuffix(s, "0s"), "0m")
}

// tenth is how much of what is expected must come in an hour.
const tenth = 10

// rates alerts about sources that sent less than a tenth of what is expected in the last full hour.
func (w Watch) rates(ctx context.Context) error {
	now := w.DB.Now()
	hour := now.Truncate(time.Hour).Add(-time.Hour)
	type row struct {
		Source
		n int64
	}
	var all []row
	err := w.DB.View(ctx, func(r store.Reader) (err error) {
		all, err = store.All(ctx, r, func(s store.Scanner) (row, error) {
			var v row
			err := s.Scan(&v.ID, &v.Name, &v.Site, &v.Hourly, &v.n)
			return v, err
		}, `SELECT s.id, s.name, s.site, s.hourly, coalesce(h.accepted, 0) FROM event_source s LEFT JOIN event_source_hour h ON h.source = s.id AND h.hour = $1
			WHERE s.state = 'active' AND s.hourly > 0 AND s.at < $1 AND coalesce(h.accepted, 0) * $2 < s.hourly ORDER BY s.id`, store.Micros(hour), tenth)
		return err
	})
	if err != nil {
		return err
	}
	hits := make([]Hit, 0, len(all))
	for _, v := range all {
		hits = append(hits, Hit{Rule: RuleRate, Event: mark("rate", v.ID, hour), At: hour.Add(time.Hour), Entity: Entity("source", v.ID), Source: v.ID, Site: v.Site,
			Summary:     fmt.Sprintf("%s sent %d records between %s and %s UTC", v.Name, v.n, hour.Format("15:04"), hour.Add(time.Hour).Format("15:04")),
			Explanation: Explanation{Baseline: fmt.Sprintf("About %d an hour are expected; less than a tenth came.", v.Hourly)}})
	}
	_, err = w.Alerts.Take(ctx, hits)
	return err
}

// When the silence of a device means something (M10): its pauses are known, it is silent for many times as long, and
// something else of its ward was heard meanwhile.
const (
	knownGaps    = 20
	silentTimes  = 10
	silentLeast  = 10 * time.Minute
	wardActive   = 10 * time.Minute
	mostHourPast = 7 * 24 * time.Hour // a device that left long ago is no news
)

func (w Watch) devices(ctx context.Context) error {
	now := w.DB.Now()
	type row struct {
		id, site, ward string
		seen           time.Time
		usual          time.Duration
	}
	var all []row
	briefs := map[string]device.Brief{}
	err := w.DB.View(ctx, func(r store.Reader) (err error) {
		if all, err = store.All(ctx, r, func(s store.Scanner) (row, error) {
			var v row
			var seen, usual int64
			err := s.Scan(&v.id, &v.site, &v.ward, &seen, &usual)
			v.seen, v.usual = store.Time(seen), micros(usual)
			return v, err
		}, `SELECT d.device, d.site, d.ward, d.seen, d.usual FROM device_heard d WHERE d.gaps >= $1 AND d.ward <> '' AND d.seen > $2 AND d.seen < $3 AND d.seen + d.usual * $4 < $5
			AND EXISTS (SELECT 1 FROM device_heard o WHERE o.site = d.site AND o.ward = d.ward AND o.device <> d.device AND o.seen > $6) ORDER BY d.device LIMIT 500`,
			knownGaps, store.Micros(now.Add(-mostHourPast)), store.Micros(now.Add(-silentLeast)), silentTimes, store.Micros(now), store.Micros(now.Add(-wardActive))); err != nil || len(all) == 0 {
			return err
		}
		ids := make([]string, len(all))
		for i, v := range all {
			ids[i] = v.id
		}
		found, err := device.Briefs(ctx, r, ids)
		for _, b := range found {
			briefs[string(b.ID)] = b
		}
		return err
	})
	if err != nil {
		return err
	}
	var hits []Hit
	for _, v := range all {
		b, ok := briefs[v.id]
		if !ok || b.InUse == product.No { // retired, or switched off on purpose
			continue
		}
		hits = append(hits, Hit{Rule: RuleDevice, Event: mark("unheard", v.id, v.seen), At: now, Entity: Entity("device", v.id), Device: v.id, Site: v.site, Ward: v.ward, InUse: b.InUse,
			Summary:     "Nothing was heard of it since " + v.seen.UTC().Format("2 Jan 15:04") + " UTC, while other devices of " + v.ward + " were",
			Explanation: Explanation{Baseline: "It is usually heard every " + lasts(v.usual) + "."}})
	}
	_, err = w.Alerts.Take(ctx, hits)
	return err
}

// keepHits is how long single hits are kept; their counts stay.
const keepHits = 400 * 24 * time.Hour

// forget drops counters and hits that are older than they are kept.
func (w Watch) forget(ctx context.Context) error {
	now := w.DB.Now()
	return w.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `DELETE FROM event_source_hour WHERE hour < $1`, store.Micros(now.Add(-keepHours))); err != nil {
			return err
		}
		_, err := b.Exec(ctx, `DELETE FROM rule_hit WHERE at < $1`, store.Micros(now.Add(-keepHits)))
		return err
	})
}
