package ingest

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"iter"
	"log/slog"
	"net/url"
	"os"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"triward/internal/advisory"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln"
)

// Feeds runs the feeds: reads what is there, keeps what is new, and records that it did.
type Feeds struct {
	DB      *store.DB
	Fetcher Fetcher
	Log     *slog.Logger
	Actor   store.Actor // who loads when the schedule does
}

// longest pause after failures in a row, and the shortest
const (
	firstFeedPause   = 5 * time.Minute
	longestFeedPause = 24 * time.Hour
)

// RunDue runs every feed whose time has come, one after another, and returns how many it ran.
func (s Feeds) RunDue(ctx context.Context) (int, error) {
	var due []vuln.Feed
	err := s.DB.View(ctx, func(r store.Reader) (err error) {
		due, err = vuln.DueFeeds(ctx, r, s.DB.Now())
		return err
	})
	if err != nil {
		return 0, err
	}
	for i, f := range due {
		if _, err := s.run(store.WithActor(ctx, s.Actor), f.ID, changes); err != nil {
			if ctx.Err() != nil {
				return i, ctx.Err()
			}
			s.Log.Warn("feed failed", "feed", f.Name, "error", err)
		}
	}
	return len(due), nil
}

// extent is how much of a feed is asked for.
type extent string

const (
	changes extent = "changes" // what changed since the last run that succeeded
	whole   extent = "whole"   // everything, also what a server says has not changed
)

// Run loads the whole of one feed now, whatever its schedule. Its failure is kept with the feed and returned.
func (s Feeds) Run(ctx context.Context, feed string) (vuln.LoadResult, error) {
	return s.run(ctx, feed, whole)
}

func (s Feeds) run(ctx context.Context, feed string, much extent) (vuln.LoadResult, error) {
	if _, err := store.ScopeOf(ctx, vuln.KindFeedLoaded); err != nil {
		return vuln.LoadResult{}, err
	}
	var f vuln.Feed
	err := s.DB.View(ctx, func(r store.Reader) (err error) {
		f, err = vuln.GetFeed(ctx, r, feed)
		return err
	})
	if err != nil {
		return vuln.LoadResult{}, err
	}
	// One process runs a feed at a time; a run that died frees the feed when its lease ends.
	name, owner := "feed:"+feed, fmt.Sprintf("%d", os.Getpid())
	got, err := s.DB.Lease(ctx, name, owner, 2*time.Hour)
	if err != nil {
		return vuln.LoadResult{}, err
	}
	if !got {
		return vuln.LoadResult{}, problem.New(problem.Conflict, "feed %q is being loaded already", f.Name)
	}
	defer func() { // so that the program can run the feed again right after a restart
		if _, err := s.DB.Lease(context.WithoutCancel(ctx), name, owner, 0); err != nil {
			s.Log.Warn("feed stays reserved", "feed", f.Name, "error", err)
		}
	}()
	f.State.Started = s.DB.Now()
	if err := vuln.SetFeedState(ctx, s.DB, f.ID, f.State); err != nil {
		return vuln.LoadResult{}, err
	}
	result, runErr := s.load(ctx, &f, much)
	// What was kept before a failure is there and must be matched.
	if runErr == nil || result.Fresh > 0 {
		runErr = errors.Join(runErr, vuln.Feeds{DB: s.DB}.Loaded(ctx, f.ID, result))
	}
	finish(&f, result, runErr, s.DB.Now())
	if err := vuln.SetFeedState(context.WithoutCancel(ctx), s.DB, f.ID, f.State); err != nil {
		return result, errors.Join(runErr, err)
	}
	return result, runErr
}

// finish notes how a run went and when the next one is due: after a failure sooner than the schedule says at first, later
// and later while it goes on failing.
func finish(f *vuln.Feed, r vuln.LoadResult, err error, now time.Time) {
	st := &f.State
	st.Ended = now
	every := time.Duration(f.EveryMinutes) * time.Minute
	if err != nil {
		st.Failures++
		st.Error = problem.Text(err)
		pause := min(firstFeedPause<<min(st.Failures-1, 10), longestFeedPause)
		st.NextRun = now.Add(pause)
		return
	}
	st.Succeeded, st.Failures, st.Error = now, 0, ""
	st.Records, st.Fresh, st.Faults = r.Read, r.Fresh, len(r.Faults)
	st.NextRun = now.Add(every)
}

func (s Feeds) load(ctx context.Context, f *vuln.Feed, much extent) (vuln.LoadResult, error) {
	u, err := url.Parse(f.URL)
	if err != nil {
		return vuln.LoadResult{}, problem.New(problem.Invalid, "the address of feed %q is not valid", f.Name)
	}
	if u.Scheme == "file" {
		return s.loadPath(ctx, f, u.Path)
	}
	if f.Kind == vuln.FeedCSAFProvider {
		return s.loadProvider(ctx, f, much)
	}
	r := Request{URL: f.URL, Limit: 4 << 30}
	if much == changes {
		r.ETag, r.LastModified = f.State.ETag, f.State.LastModified
	}
	resp, err := s.Fetcher.Fetch(ctx, r)
	if err != nil {
		return vuln.LoadResult{}, err
	}
	if resp.NotModified {
		return vuln.LoadResult{}, nil
	}
	defer resp.Body.Close()
	result, err := s.loadPath(ctx, f, resp.Body.Name())
	if err == nil {
		f.State.ETag, f.State.LastModified = resp.ETag, resp.LastModified
	}
	return result, err
}

func (s Feeds) loadPath(ctx context.Context, f *vuln.Feed, path string) (vuln.LoadResult, error) {
	switch f.Kind {
	case vuln.FeedKEV:
		c, err := ReadKEV(path)
		if err != nil {
			return vuln.LoadResult{}, err
		}
		return vuln.LoadExploited(ctx, s.DB, f.ID, c.Entries)
	case vuln.FeedEPSS:
		return loadEPSS(ctx, s.DB, path)
	case vuln.FeedCSAFProvider:
		f = &vuln.Feed{ID: f.ID, Kind: vuln.FeedCSAF}
	}
	// A folder that is not there is a failure of the run, not a faulty document of it.
	if _, err := os.Stat(path); err != nil {
		return vuln.LoadResult{}, problem.New(problem.NotFound, "cannot read %s: %v", path, errors.Unwrap(err))
	}
	result, err := vuln.LoadRecords(ctx, s.DB, f.ID, Documents(f.Kind, path))
	if err == nil {
		err = usable(result)
	}
	return result, err
}

// usable refuses a run that read nothing but faulty documents: what came is not what the feed is to bring.
func usable(r vuln.LoadResult) error {
	if r.Read == 0 || r.Fresh+r.Same+r.Older > 0 || len(r.Faults) == 0 {
		return nil
	}
	return problem.New(problem.Unavailable, "none of the %d documents could be used: %s", r.Read, r.Faults[0])
}

// ReadKEV reads a catalogue of exploited vulnerabilities from a file.
func ReadKEV(path string) (advisory.Catalogue, error) {
	body, err := readWhole(path)
	if err != nil {
		return advisory.Catalogue{}, err
	}
	return advisory.ParseKEV(path, body)
}

// readWhole reads a small feed, decompressed where it is gzip or Zstandard.
func readWhole(path string) ([]byte, error) {
	r, err := openPlain(path)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	if f, ok := r.(*os.File); ok {
		if s, err := f.Stat(); err == nil && s.Size() > maxSingle {
			return nil, problem.About(errTooLarge(), "read %s", path)
		}
	}
	body, err := readBounded(r)
	if err != nil {
		return nil, problem.About(err, "read %s", path)
	}
	return body, nil
}

type plainFile struct {
	io.Reader
	close func() error
}

func (p plainFile) Close() error { return p.close() }

func openPlain(path string) (io.ReadCloser, error) {
	f, err := os.Open(path)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read %s: %v", path, errors.Unwrap(err))
	}
	head := make([]byte, 4)
	n, _ := f.ReadAt(head, 0) // a short file has no magic number
	switch {
	case bytes.HasPrefix(head[:n], []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(f)
		if err != nil {
			f.Close()
			return nil, problem.New(problem.Invalid, "%s is not gzip: %v", path, err)
		}
		return plainFile{z, f.Close}, nil
	case bytes.HasPrefix(head[:n], []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(f, zstd.WithDecoderMaxMemory(256<<20))
		if err != nil {
			f.Close()
			return nil, problem.New(problem.Invalid, "%s is not Zstandard: %v", path, err)
		}
		return plainFile{z, func() error { z.Close(); return f.Close() }}, nil
	}
	return f, nil
}

// ReadEPSS reads EPSS scores from a file and returns their day: as its head tells it, else the file's own date.
func ReadEPSS(path string, row func(advisory.Likelihood) error) (time.Time, error) {
	r, err := openPlain(path)
	if err != nil {
		return time.Time{}, err
	}
	defer r.Close()
	var stopped error
	info, err := advisory.ReadEPSS(r, func(l advisory.Likelihood) error {
		stopped = row(l)
		return stopped
	})
	switch {
	case stopped != nil:
		return info.Date, stopped
	case err != nil:
		return info.Date, problem.About(err, "read %s", path)
	case !info.Date.IsZero():
		return info.Date, nil
	}
	s, err := os.Stat(path)
	if err != nil {
		return time.Time{}, err
	}
	return s.ModTime().UTC().Truncate(24 * time.Hour), nil
}

// loadEPSS reads the file twice: the day of the scores must be known before their rows are written.
func loadEPSS(ctx context.Context, db *store.DB, path string) (vuln.LoadResult, error) {
	day, err := ReadEPSS(path, func(advisory.Likelihood) error { return nil })
	if err != nil {
		return vuln.LoadResult{}, err
	}
	return vuln.LoadEPSS(ctx, db, day, func(row func(advisory.Likelihood) error) error {
		_, err := ReadEPSS(path, row)
		return err
	})
}

// loadProvider reads what a CSAF provider changed since the last run that succeeded, with a day to spare for clocks.
func (s Feeds) loadProvider(ctx context.Context, f *vuln.Feed, much extent) (vuln.LoadResult, error) {
	p := Provider{Fetcher: s.Fetcher, Now: s.DB.Now}
	since := f.State.Succeeded
	switch {
	case much == whole:
		since = time.Time{}
	case !since.IsZero():
		since = since.Add(-24 * time.Hour)
	}
	listing, err := p.List(ctx, f.URL, since)
	if err != nil {
		return vuln.LoadResult{}, err
	}
	result, err := vuln.LoadRecords(ctx, s.DB, f.ID, p.documents(ctx, listing))
	result.Faults = append(result.Faults, listing.Faults...)
	if err == nil {
		err = usable(result)
	}
	return result, err
}

// documents gives the verified documents of a listing; one that fails verification is an error and is not used.
func (p *Provider) documents(ctx context.Context, l Listing) iter.Seq2[vuln.Loaded, error] {
	return func(yield func(vuln.Loaded, error) bool) {
		err := p.Fetch(ctx, l, func(d Document) error {
			if d.NotModified {
				return nil
			}
			var loaded vuln.Loaded
			err := d.Err
			if err == nil {
				loaded.Body = d.Body
				loaded.Record, err = advisory.ParseCSAF(d.URL, d.Body)
			}
			if !yield(loaded, err) {
				return errStop
			}
			return nil
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(vuln.Loaded{}, err)
		}
	}
}
