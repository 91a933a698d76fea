package eventlog

import (
	"context"
	"time"
)

// Log is a place where events stay. It is safe for use by many goroutines.
//
// When may a stream be acknowledged? After Append of its events and then Flush returned nil. A good rhythm is a Flush
// after some 100,000 events or five seconds, whichever is first; the log flushes by itself only to bound its memory. When
// either fails, nothing is acknowledged, and the events come again: they are not stored twice.
type Log interface {
	Writer
	Reader
	Keeper
}

// Writer is what takes events.
type Writer interface {
	// Append takes events, and gives how many of them were not there yet. A log in this
	// process finds them at once, one on other servers after the next Flush. All or none are taken: one that is not valid refuses the call (Event.Validate). The log keeps the memory of the events: the caller
	// does not change it afterwards. Append waits while the log is behind with writing.
	Append(ctx context.Context, events []Event) (added int, err error)

	// Flush returns nil when every event whose Append returned before is on disk, so that it survives a power cut.
	Flush(ctx context.Context) error
}

// Reader is what finds events.
type Reader interface {
	// Search gives a page of events, newest first.
	Search(ctx context.Context, q Query) (Page, error)

	// Count counts events: rows rise by time, then by value. Only buckets with events are there.
	Count(ctx context.Context, q Query, b Bucket) ([]Count, error)

	// Scan calls fn with portions of the events that the query names, oldest first (At, then id, both rising). Events that
	// are appended meanwhile may be missing. The portion is fn's only until it returns. After and Limit do not count.
	Scan(ctx context.Context, q Query, fn func([]Event) error) error

	// Get gives one event; problem.NotFound when it is not there.
	Get(ctx context.Context, id ID) (Event, error)
}

// Keeper is what looks after the place itself.
type Keeper interface {
	// Expire removes what is older than its retention and under no hold, after Record agreed to it.
	Expire(ctx context.Context, e Expiry) (Expired, error)

	// Stats says how much there is.
	Stats(ctx context.Context) (Stats, error)

	// Close flushes and ends.
	Close(ctx context.Context) error
}

// Retention is how long events are kept, counted from their receipt.
type Retention struct {
	Default time.Duration         // 0: for ever
	ByClass map[int]time.Duration // OCSF class: instead of Default; 0: for ever
}

// For is how long events of a class are kept; 0 is for ever.
func (r Retention) For(class int) time.Duration {
	if d, ok := r.ByClass[class]; ok {
		return d
	}
	return r.Default
}

// Before is the receipt, in microseconds, before which events of a class are too old; 0: none is.
func (r Retention) Before(class int, now time.Time) int64 {
	d := r.For(class)
	if d <= 0 {
		return 0
	}
	return now.Add(-d).UnixMicro()
}

// Expiry is one run of removing.
type Expiry struct {
	Now       time.Time
	Retention Retention
	Holds     []Query // what is kept whatever its age
	// Record is called with what is about to be removed, when that is anything. An error stops the removal.
	Record func(Expired) error
}

// Expired is what a run removes.
type Expired struct {
	Events  int64         `json:"events"`
	ByClass map[int]int64 `json:"by_class"`
	Oldest  int64         `json:"oldest"` // receipt, microseconds
	Newest  int64         `json:"newest"`
}

// Stats is how much a log has.
type Stats struct {
	Events   int64
	Bytes    int64 // on disk, with indexes
	Segments int64 // files, or parts
	Pending  int64 // events that are not on disk yet
	Oldest   int64 // At, microseconds; 0: there are none
	Newest   int64
	Damaged  []string // what is there and cannot be read: its events are missing in every answer
}
