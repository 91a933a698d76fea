package detection

import (
	"context"
	"time"

	"triward/internal/store"
)

// Seen is what a batch held of one source.
type Seen struct {
	Source    string
	At        time.Time // when the newest record was taken
	Event     time.Time // the latest time that a record named; zero for none
	Lag       time.Duration
	Skew      time.Duration
	SkewKnown bool
	Anchors   int   // batches that the estimate of the skew rests on; 0 when there is none
	Accepted  int64 // records taken
	Stored    int64 // of them new in the event log
	Faults    int64
	Lost      int64 // before they were accepted
	Bytes     int64
}

// Heard is what a batch held of one device.
type Heard struct {
	Device     string
	Site, Ward string
	At         time.Time // when the newest record was taken
}

// keepHours is how long counters by hour are kept.
const keepHours = 400 * 24 * time.Hour

// Count adds what batches held to the counters. Counters are made again by nothing: after a restore they begin anew.
func (s Sources) Count(ctx context.Context, all []Seen, heard []Heard) error {
	if len(all)+len(heard) == 0 {
		return nil
	}
	return s.DB.Bulk(ctx, func(b *store.Bulk) error {
		for _, v := range all {
			if err := count(ctx, b, v); err != nil {
				return err
			}
		}
		for _, h := range heard {
			if err := hear(ctx, b, h); err != nil {
				return err
			}
		}
		return nil
	})
}

func count(ctx context.Context, b *store.Bulk, v Seen) error {
	at := store.Micros(v.At)
	if _, err := b.Exec(ctx, `INSERT INTO event_source_now (source, seen, event, lag, skew, skew_known, accepted, stored, faults, lost, bytes)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)
		ON CONFLICT (source) DO UPDATE SET seen = CASE WHEN excluded.seen > event_source_now.seen THEN excluded.seen ELSE event_source_now.seen END,
		event = CASE WHEN excluded.event > event_source_now.event THEN excluded.event ELSE event_source_now.event END, lag = excluded.lag,
		skew = CASE WHEN excluded.skew_known THEN excluded.skew ELSE event_source_now.skew END, skew_known = excluded.skew_known OR event_source_now.skew_known,
		accepted = event_source_now.accepted + excluded.accepted, stored = event_source_now.stored + excluded.stored, faults = event_source_now.faults + excluded.faults,
		lost = event_source_now.lost + excluded.lost, bytes = event_source_now.bytes + excluded.bytes`,
		v.Source, at, store.Micros(v.Event), v.Lag.Microseconds(), v.Skew.Microseconds(), v.SkewKnown, v.Accepted, v.Stored, v.Faults, v.Lost, v.Bytes); err != nil {
		return err
	}
	_, err := b.Exec(ctx, `INSERT INTO event_source_hour (source, hour, accepted, stored, faults, lost, anchors) VALUES ($1, $2, $3, $4, $5, $6, $7)
		ON CONFLICT (source, hour) DO UPDATE SET accepted = event_source_hour.accepted + excluded.accepted, stored = event_source_hour.stored + excluded.stored,
		faults = event_source_hour.faults + excluded.faults, lost = event_source_hour.lost + excluded.lost,
		anchors = CASE WHEN excluded.anchors > event_source_hour.anchors THEN excluded.anchors ELSE event_source_hour.anchors END`,
		v.Source, store.Micros(v.At.Truncate(time.Hour)), v.Accepted, v.Stored, v.Faults, v.Lost, v.Anchors)
	return err
}

// hear learns the usual pause of a device: a moving average that an eighth of each new pause goes into. Records within a
// second belong together.
func hear(ctx context.Context, b *store.Bulk, h Heard) error {
	_, err := b.Exec(ctx, `INSERT INTO device_heard (device, site, ward, seen, usual, gaps) VALUES ($1, $2, $3, $4, 0, 0)
		ON CONFLICT (device) DO UPDATE SET site = excluded.site, ward = excluded.ward,
		usual = CASE WHEN excluded.seen - device_heard.seen < 1000000 THEN device_heard.usual WHEN device_heard.gaps = 0 THEN excluded.seen - device_heard.seen
			ELSE device_heard.usual + (excluded.seen - device_heard.seen - device_heard.usual) / 8 END,
		gaps = CASE WHEN excluded.seen - device_heard.seen < 1000000 THEN device_heard.gaps ELSE device_heard.gaps + 1 END,
		seen = CASE WHEN excluded.seen > device_heard.seen THEN excluded.seen ELSE device_heard.seen END`, h.Device, h.Site, h.Ward, store.Micros(h.At))
	return err
}

// Hour is what came from a source in an hour.
type Hour struct {
	At                             time.Time
	Accepted, Stored, Faults, Lost int64
}

// Hours reads the counters of a source since an instant, the oldest first. Hours in which nothing came have no row.
func Hours(ctx context.Context, r store.Reader, source string, since time.Time) ([]Hour, error) {
	if _, err := GetSource(ctx, r, source); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Hour, error) {
		var h Hour
		var at int64
		err := s.Scan(&at, &h.Accepted, &h.Stored, &h.Faults, &h.Lost)
		h.At = store.Time(at)
		return h, err
	}, `SELECT hour, accepted, stored, faults, lost FROM event_source_hour WHERE source = $1 AND hour >= $2 ORDER BY hour`, source, store.Micros(since))
}

// Anchors is on how many batches the estimate of a source's clock rested, at most, in the hour in which something was
// received: 0 when that is not known any more. It checks no permission: it says nothing but how good an estimate is.
func Anchors(ctx context.Context, r store.Reader, source string, received time.Time) (int, error) {
	found, err := store.All(ctx, r, store.Value[int], `SELECT anchors FROM event_source_hour WHERE source = $1 AND hour = $2`, source, store.Micros(received.Truncate(time.Hour)))
	if err != nil || len(found) == 0 {
		return 0, err
	}
	return found[0], nil
}

// SourceName is the name of a source, also of one that is retired; "" when there is none. It checks no permission: it is for
// naming the sources of events that the reader may read.
func SourceName(ctx context.Context, r store.Reader, source string) (string, error) {
	found, err := store.All(ctx, r, store.Value[string], `SELECT name FROM event_source WHERE id = $1`, source)
	if err != nil || len(found) == 0 {
		return "", err
	}
	return found[0], nil
}
