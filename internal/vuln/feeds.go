package vuln

import (
	"context"
	"fmt"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// FeedKind is what a feed holds and how it is read.
type FeedKind string

// The closed list of kinds.
const (
	FeedCSAF         FeedKind = "csaf"          // a folder, zip or tar of CSAF documents
	FeedCSAFProvider FeedKind = "csaf_provider" // provider-metadata.json or a ROLIE feed
	FeedKEV          FeedKind = "kev"
	FeedEPSS         FeedKind = "epss"
	FeedOSV          FeedKind = "osv"
	FeedCVE          FeedKind = "cve"
	FeedNVD          FeedKind = "nvd"
)

// FeedKinds lists the kinds for forms.
var FeedKinds = []FeedKind{FeedCSAF, FeedCSAFProvider, FeedKEV, FeedEPSS, FeedOSV, FeedCVE, FeedNVD}

// Feed is a source of published weaknesses and its schedule.
type Feed struct {
	ID           string
	Name         string
	Kind         FeedKind
	URL          string // https://…, or a folder or file on this machine as file:/path (the offline form)
	EveryMinutes int    // 0: only by hand
	Enabled      bool
	State        FeedState
}

// FeedState is how the last runs of a feed went. It is operational: it can be lost without harm.
type FeedState struct {
	ETag         string
	LastModified string
	Started      time.Time
	Ended        time.Time
	Succeeded    time.Time // end of the last run that succeeded
	NextRun      time.Time
	Failures     int // in a row
	Error        string
	Records      int
	Fresh        int
	Faults       int
}

// Running reports whether a run has begun and not ended.
func (s FeedState) Running() bool { return s.Started.After(s.Ended) }

// Validate returns all faults.
func (f Feed) Validate() error {
	var l problem.List
	if strings.TrimSpace(f.Name) == "" || len(f.Name) > 100 {
		l.Add("name", "is required, at most 100 characters")
	}
	if !slices.Contains(FeedKinds, f.Kind) {
		l.Add("kind", "is not one that Triward reads")
	}
	u, err := url.Parse(f.URL)
	switch {
	case err != nil || f.URL == "":
		l.Add("url", "must be an address")
	case u.Scheme == "file":
		if !strings.HasPrefix(u.Path, "/") {
			l.Add("url", "must be file: and an absolute path")
		}
	case u.Scheme == "https" && u.Host != "":
	case u.Scheme == "http" && (u.Hostname() == "127.0.0.1" || u.Hostname() == "::1" || u.Hostname() == "localhost"):
	default:
		l.Add("url", "must begin with https:// or file:/")
	}
	if u != nil && u.User != nil {
		l.Add("url", "must not hold a password")
	}
	if f.EveryMinutes != 0 && (f.EveryMinutes < 5 || f.EveryMinutes > 31*24*60) {
		l.Add("every_minutes", "must be 0 (by hand) or from 5 minutes to 31 days")
	}
	return l.Err("the feed is not valid")
}

// Feeds keeps the list of feeds.
type Feeds struct{ DB *store.DB }

// Add keeps a new feed; it is due at once.
func (s Feeds) Add(ctx context.Context, f Feed) (string, error) {
	if err := f.Validate(); err != nil {
		return "", err
	}
	var err error
	if f.ID, err = id.New("fed"); err != nil {
		return "", err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO feed (id, name, kind, url, every_minutes, enabled) VALUES ($1, $2, $3, $4, $5, $6)`,
			f.ID, f.Name, string(f.Kind), f.URL, f.EveryMinutes, f.Enabled); err != nil {
			return fmt.Errorf("add feed %q: %w", f.Name, err)
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindFeedAdded, Subject: f.ID, Body: feedBody(f)})
		return err
	})
	return f.ID, err
}

func feedBody(f Feed) map[string]any {
	return map[string]any{"name": f.Name, "kind": f.Kind, "url": f.URL, "every_minutes": f.EveryMinutes, "enabled": f.Enabled}
}

// Change replaces name, address and schedule of a feed. Its kind stays.
func (s Feeds) Change(ctx context.Context, f Feed) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := GetFeed(ctx, tx, f.ID)
		if err != nil {
			return err
		}
		f.Kind = old.Kind
		if err := f.Validate(); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE feed SET name = $1, url = $2, every_minutes = $3, enabled = $4 WHERE id = $5`,
			f.Name, f.URL, f.EveryMinutes, f.Enabled, f.ID); err != nil {
			return fmt.Errorf("change feed %q: %w", f.Name, err)
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindFeedChanged, Subject: f.ID, Body: map[string]any{"before": feedBody(old), "after": feedBody(f)}})
		return err
	})
}

// Remove ends a feed. What it brought stays: decisions rest on it.
func (s Feeds) Remove(ctx context.Context, feed string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := GetFeed(ctx, tx, feed)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM feed WHERE id = $1`, feed); err != nil {
			return fmt.Errorf("remove feed %q: %w", old.Name, err)
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindFeedRemoved, Subject: feed, Body: feedBody(old)})
		return err
	})
}

const feedColumns = `f.id, f.name, f.kind, f.url, f.every_minutes, f.enabled, coalesce(s.etag, ''), coalesce(s.last_modified, ''),
	coalesce(s.started, 0), coalesce(s.ended, 0), coalesce(s.succeeded, 0), coalesce(s.next_run, 0), coalesce(s.failures, 0),
	coalesce(s.error, ''), coalesce(s.records, 0), coalesce(s.fresh, 0), coalesce(s.faults, 0)
	FROM feed f LEFT JOIN feed_state s ON s.feed = f.id`

func scanFeed(s store.Scanner) (Feed, error) {
	var f Feed
	var started, ended, succeeded, next int64
	err := s.Scan(&f.ID, &f.Name, &f.Kind, &f.URL, &f.EveryMinutes, &f.Enabled, &f.State.ETag, &f.State.LastModified, &started, &ended,
		&succeeded, &next, &f.State.Failures, &f.State.Error, &f.State.Records, &f.State.Fresh, &f.State.Faults)
	f.State.Started, f.State.Ended, f.State.Succeeded, f.State.NextRun = store.Time(started), store.Time(ended), store.Time(succeeded), store.Time(next)
	return f, err
}

// GetFeed reads a feed by id.
func GetFeed(ctx context.Context, r store.Reader, feed string) (Feed, error) {
	f, err := store.All(ctx, r, scanFeed, `SELECT `+feedColumns+` WHERE f.id = $1`, feed)
	if err != nil {
		return Feed{}, err
	}
	if len(f) == 0 {
		return Feed{}, problem.New(problem.NotFound, "there is no feed %q", feed)
	}
	return f[0], nil
}

// ListFeeds reads all feeds by name.
func ListFeeds(ctx context.Context, r store.Reader) ([]Feed, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanFeed, `SELECT `+feedColumns+` ORDER BY f.name`)
}

// DueFeeds reads the feeds whose next run has come.
func DueFeeds(ctx context.Context, r store.Reader, now time.Time) ([]Feed, error) {
	return store.All(ctx, r, scanFeed, `SELECT `+feedColumns+` WHERE f.enabled AND f.every_minutes > 0 AND coalesce(s.next_run, 0) <= $1 ORDER BY f.name`, store.Micros(now))
}

// SetFeedState keeps the state of a feed's runs.
func SetFeedState(ctx context.Context, db *store.DB, feed string, s FeedState) error {
	return db.Bulk(ctx, func(b *store.Bulk) error {
		_, err := b.Exec(ctx, `INSERT INTO feed_state (feed, etag, last_modified, started, ended, succeeded, next_run, failures, error, records, fresh, faults)
			VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12) ON CONFLICT (feed) DO UPDATE SET etag = excluded.etag,
			last_modified = excluded.last_modified, started = excluded.started, ended = excluded.ended, succeeded = excluded.succeeded,
			next_run = excluded.next_run, failures = excluded.failures, error = excluded.error, records = excluded.records,
			fresh = excluded.fresh, faults = excluded.faults`, feed, s.ETag, s.LastModified, store.Micros(s.Started), store.Micros(s.Ended),
			store.Micros(s.Succeeded), store.Micros(s.NextRun), s.Failures, s.Error, s.Records, s.Fresh, s.Faults)
		return err
	})
}

// Loaded records that a feed was loaded; followers of the journal match what changed.
func (s Feeds) Loaded(ctx context.Context, feed string, r LoadResult) error {
	faults := r.Faults
	if len(faults) > 20 {
		faults = faults[:20]
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Record(ctx, store.Event{Kind: KindFeedLoaded, Subject: feed, Body: map[string]any{
			"read": r.Read, "fresh": r.Fresh, "same": r.Same, "older": r.Older, "faults": len(r.Faults), "first_faults": faults}})
		return err
	})
}
