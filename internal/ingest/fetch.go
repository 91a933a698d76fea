package ingest

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"math"
	"net/http"
	"net/netip"
	"net/url"
	"os"
	"strconv"
	"strings"
	"time"

	"triward/internal/problem"
)

// Fetcher downloads feeds. HTTP is needed; the rest has defaults.
type Fetcher struct {
	HTTP     *http.Client                                        // from NewClient
	Random   func() float64                                      // in [0, 1), spreads retries; nil does not spread them
	Wait     func(context.Context, time.Duration) error          // nil is Sleep
	Lookup   func(context.Context, string) ([]netip.Addr, error) // nil is the system's resolver
	Dir      string                                              // for temporary files, "" is the system's
	Attempts int                                                 // 0 is 4
	Timeout  time.Duration                                       // of one attempt, 0 is 15 minutes
}

// spread is Random, or the middle.
func (f *Fetcher) spread() float64 {
	if f.Random == nil {
		return 0.5
	}
	return f.Random()
}

// Sleep waits for d or until ctx ends.
func Sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-t.C:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}

// Request is one download. ETag and LastModified are what the last one answered, or "".
type Request struct {
	URL          string
	ETag         string
	LastModified string
	Limit        int64 // bytes of content, after decompression of the transport; 0 is 256 MB
}

// Response is what a download gave. Body is nil when NotModified; the caller closes it, which removes the file.
type Response struct {
	Body         *Body
	NotModified  bool
	ETag         string
	LastModified string
	SHA256       string // of the content, hexadecimal
}

// Body is downloaded content in a temporary file, positioned at its start.
type Body struct {
	*os.File
	Size int64
}

// Close closes and removes the file.
func (b *Body) Close() error {
	return errors.Join(b.File.Close(), os.Remove(b.File.Name()))
}

const (
	defaultLimit   = 256 << 20
	defaultTimeout = 15 * time.Minute
	firstPause     = time.Second
	longestPause   = 5 * time.Minute // a server that asks for more is left for the next scheduled run
)

// Fetch downloads one URL to a temporary file. Answers 429, 502, 503 and 504 and broken connections are tried again,
// after what Retry-After says or with growing pauses. Errors: Invalid for an address that is not allowed or content
// beyond the limit, Forbidden for a redirect that leads inside and for 401 and 403, NotFound for 404 and 410, Unavailable
// for a server that does not answer well.
func (f *Fetcher) Fetch(ctx context.Context, r Request) (resp Response, err error) {
	file, err := os.CreateTemp(f.Dir, "triward-feed-*")
	if err != nil {
		return Response{}, fmt.Errorf("fetch %q: %w", r.URL, err)
	}
	body := &Body{File: file}
	keep := false
	defer func() {
		if !keep {
			err = errors.Join(err, body.Close())
		}
	}()
	sum := sha256.New()
	h, size, err := f.get(ctx, r, func() (io.Writer, error) {
		sum.Reset()
		if _, err := file.Seek(0, io.SeekStart); err != nil {
			return nil, err
		}
		return io.MultiWriter(file, sum), file.Truncate(0)
	})
	if err != nil {
		return Response{}, fmt.Errorf("fetch %q: %w", r.URL, err)
	}
	resp = Response{NotModified: h.notModified, ETag: h.etag, LastModified: h.lastModified}
	if resp.NotModified {
		return resp, nil
	}
	if _, err := file.Seek(0, io.SeekStart); err != nil {
		return Response{}, fmt.Errorf("fetch %q: %w", r.URL, err)
	}
	body.Size, keep = size, true
	resp.Body, resp.SHA256 = body, hex.EncodeToString(sum.Sum(nil))
	return resp, nil
}

// head is what of an answer's header counts.
type head struct {
	notModified        bool
	etag, lastModified string
}

// get runs the attempts of one download; sink gives an empty writer for each.
func (f *Fetcher) get(ctx context.Context, r Request, sink func() (io.Writer, error)) (head, int64, error) {
	u, err := url.Parse(strings.TrimSpace(r.URL))
	if err != nil {
		return head{}, 0, problem.New(problem.Invalid, "%q is not an address", r.URL)
	}
	derived := routeOf(ctx) != nil
	ctx = f.follow(ctx, u)
	if derived {
		err = f.checkNext(ctx, u)
	} else {
		err = checkURL(u)
	}
	if err != nil {
		return head{}, 0, err
	}
	wait := f.Wait
	if wait == nil {
		wait = Sleep
	}
	attempts := f.Attempts
	if attempts <= 0 {
		attempts = 4
	}
	for n := 0; ; n++ {
		h, size, err := f.attempt(ctx, u, r, sink)
		var again *retry
		if err == nil || !errors.As(err, &again) {
			return h, size, err
		}
		if n+1 >= attempts || again.after > longestPause || ctx.Err() != nil {
			return head{}, 0, errors.Join(problem.New(problem.Unavailable, "%s does not answer: %v", u.Host, again.cause), ctx.Err())
		}
		if err := wait(ctx, f.pause(n, again.after)); err != nil {
			return head{}, 0, err
		}
	}
}

// pause is the time before attempt n+2: what the server asked for, else 1, 2, 4 ... seconds, half to one and a half times.
func (f *Fetcher) pause(n int, asked time.Duration) time.Duration {
	if asked > 0 {
		return asked + time.Duration(f.spread()*float64(firstPause))
	}
	d := float64(firstPause) * math.Pow(2, float64(n)) * (0.5 + f.spread())
	return min(time.Duration(d), longestPause)
}

// retry is a failure that may pass. It never leaves get.
type retry struct {
	after time.Duration
	cause error
}

func (r *retry) Error() string { return r.cause.Error() }

func (f *Fetcher) attempt(ctx context.Context, u *url.URL, r Request, sink func() (io.Writer, error)) (head, int64, error) {
	timeout := f.Timeout
	if timeout <= 0 {
		timeout = defaultTimeout
	}
	timed, cancel := context.WithTimeout(ctx, timeout) // against a server that sends a byte now and then
	defer cancel()
	req, err := http.NewRequestWithContext(timed, http.MethodGet, u.String(), nil)
	if err != nil {
		return head{}, 0, problem.New(problem.Invalid, "%q is not an address", u.Redacted())
	}
	req.Header.Set("User-Agent", "Triward")
	if r.ETag != "" {
		req.Header.Set("If-None-Match", r.ETag)
	}
	if r.LastModified != "" {
		req.Header.Set("If-Modified-Since", r.LastModified)
	}
	client := *f.HTTP
	client.CheckRedirect = func(next *http.Request, via []*http.Request) error {
		if len(via) > maxRedirects {
			return problem.New(problem.Forbidden, "%s redirects more than %d times", u.Host, maxRedirects)
		}
		return f.checkNext(ctx, next.URL)
	}
	resp, err := client.Do(req)
	if err != nil {
		return head{}, 0, failure(ctx, err)
	}
	defer resp.Body.Close() // a read error is told by the copy below
	h := head{etag: resp.Header.Get("ETag"), lastModified: resp.Header.Get("Last-Modified")}
	switch code := resp.StatusCode; code {
	case http.StatusOK:
	case http.StatusNotModified:
		h.notModified = true
		if h.etag == "" {
			h.etag = r.ETag
		}
		if h.lastModified == "" {
			h.lastModified = r.LastModified
		}
		return h, 0, nil
	case http.StatusNotFound, http.StatusGone:
		return head{}, 0, problem.New(problem.NotFound, "%s has no such document (HTTP %d)", u.Host, code)
	case http.StatusUnauthorized, http.StatusForbidden:
		return head{}, 0, problem.New(problem.Forbidden, "%s refuses access (HTTP %d)", u.Host, code)
	case http.StatusTooManyRequests, http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return head{}, 0, &retry{after: retryAfter(resp.Header), cause: fmt.Errorf("HTTP %d", code)}
	default:
		return head{}, 0, problem.New(problem.Unavailable, "%s answers HTTP %d", u.Host, code)
	}
	size, err := f.copy(resp, r.Limit, sink)
	if err == nil {
		err = timed.Err() // a server that sees the connection close may end its answer early as if it were whole
	}
	if err != nil {
		return head{}, 0, failure(ctx, err)
	}
	return h, size, nil
}

// failure sorts an error of the transport: what this package refused and what the caller ended stay, the rest may pass.
func failure(ctx context.Context, err error) error {
	var refused *problem.Error
	var local *os.PathError
	if errors.As(err, &refused) {
		return refused
	}
	if errors.As(err, &local) || ctx.Err() != nil {
		return err
	}
	return &retry{cause: err}
}

// copy writes the content to a fresh sink and refuses more than limit bytes of it.
func (f *Fetcher) copy(resp *http.Response, limit int64, sink func() (io.Writer, error)) (int64, error) {
	if limit <= 0 {
		limit = defaultLimit
	}
	tooLarge := problem.New(problem.Invalid, "content is larger than %d bytes", limit)
	if resp.ContentLength > limit {
		return 0, tooLarge
	}
	w, err := sink()
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(w, io.LimitReader(resp.Body, limit+1))
	if err == nil && n > limit {
		err = tooLarge
	}
	return n, err
}

// retryAfter is the pause that a server asks for (RFC 9110 10.2.3), 0 when it does not. A date is measured from the
// server's own Date, so that a wrong clock on either side does no harm.
func retryAfter(h http.Header) time.Duration {
	text := h.Get("Retry-After")
	if text == "" {
		return 0
	}
	if seconds, err := strconv.Atoi(text); err == nil {
		return time.Duration(min(max(seconds, 0), 1<<20)) * time.Second
	}
	at, err := http.ParseTime(text)
	now, err2 := http.ParseTime(h.Get("Date"))
	if err != nil || err2 != nil {
		return 0
	}
	return max(at.Sub(now), 0)
}
