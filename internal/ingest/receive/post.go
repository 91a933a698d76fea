package receive

import (
	"bufio"
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"slices"
	"strconv"
	"strings"
	"time"

	"github.com/klauspost/compress/gzip"
	"github.com/klauspost/compress/zstd"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/stream"
)

const (
	maxBody     = 256 << 20        // bytes of a request after decompression
	maxPosts    = 16               // requests at a time
	postTime    = 20 * time.Second // that the stream may take for a part of a request
	retryAfter  = "5"              // seconds
	partRecords = 4096             // records that are made durable together
	partBytes   = 1 << 20
)

// Post takes batches of records over HTTP:
//
//	POST /ingest/FORMAT?name=NAME&source=NAME&first=N
//
// FORMAT is one of the event log's formats, or "any" to find out for each record. The body is lines of one record each,
// NDJSON among them; with Content-Type application/json it is one JSON value, whose elements are the records when it is an
// array; with application/xml, application/fhir+json or application/octet-stream it is one record; with
// application/vnd.triward.counted it is records that may hold anything, each behind its length as decimal digits and a
// line feed, and followed by one. Content-Encoding may be gzip or zstd.
//
// The answer is JSON {"accepted": N}. Accepted means durable. With an answer other than 200 the first N records are durable
// all the same, and those behind them are not. Under an Idempotency-Key the ids of records follow from source, key and
// place in the batch (first counts on over several requests), so that the same batch again adds nothing.
//
// 429 and 503 come with Retry-After: the server is busy, or the stream takes nothing.
type Post struct {
	Intake *Intake
	// Actor says who makes a request; its error has the status of its kind, an unknown sender is Forbidden.
	Actor  func(r *http.Request) (store.Actor, error)
	places chan struct{}
}

// Handler answers everything below /ingest.
func (p *Post) Handler() http.Handler {
	p.places = make(chan struct{}, maxPosts)
	mux := http.NewServeMux()
	mux.HandleFunc("POST /ingest/{format}", p.post)
	return mux
}

type receipt struct {
	Accepted int    `json:"accepted"`
	Error    string `json:"error,omitempty"`
}

func answer(w http.ResponseWriter, status int, body receipt) {
	h := w.Header()
	h.Set("Content-Type", "application/json")
	h.Set("X-Content-Type-Options", "nosniff")
	h.Set("Cache-Control", "no-store")
	if status == http.StatusTooManyRequests || status == http.StatusServiceUnavailable {
		h.Set("Retry-After", retryAfter)
	}
	w.WriteHeader(status)
	_ = json.NewEncoder(w).Encode(body)
}

func refuse(w http.ResponseWriter, err error, accepted int) {
	status := http.StatusInternalServerError
	switch problem.KindOf(err) {
	case problem.Invalid:
		status = http.StatusBadRequest
	case problem.Forbidden:
		status = http.StatusForbidden
	case problem.NotFound:
		status = http.StatusNotFound
	case problem.Conflict:
		status = http.StatusConflict
	case problem.Unavailable:
		status = http.StatusServiceUnavailable
	}
	answer(w, status, receipt{Accepted: accepted, Error: problem.Text(err)})
}

func (p *Post) post(w http.ResponseWriter, r *http.Request) {
	actor, err := p.Actor(r)
	if err != nil {
		w.Header().Set("WWW-Authenticate", `Bearer realm="Triward"`)
		answer(w, http.StatusUnauthorized, receipt{Error: "send an API token: Authorization: Bearer trw_…"})
		return
	}
	if !actor.May(detection.KindEventsImported) {
		refuse(w, problem.New(problem.Forbidden, "the token does not allow %q", detection.KindEventsImported), 0)
		return
	}
	select {
	case p.places <- struct{}{}:
		defer func() { <-p.places }()
	default:
		answer(w, http.StatusTooManyRequests, receipt{Error: "too many batches at a time"})
		return
	}
	b, err := p.begin(r, actor)
	if err != nil {
		refuse(w, err, 0)
		return
	}
	body, err := plain(w, r)
	if err == nil {
		err = b.take(r.Header.Get("Content-Type"), body)
	}
	if err == nil {
		err = b.keep()
	}
	if err != nil {
		if tooLong := (*http.MaxBytesError)(nil); errors.As(err, &tooLong) {
			err = problem.New(problem.Invalid, "the body is larger than %d bytes", maxBody)
		}
		if problem.KindOf(err) == "" {
			err = problem.New(problem.Invalid, "the body cannot be read: %v", err)
		}
		refuse(w, err, b.accepted)
		return
	}
	answer(w, http.StatusOK, receipt{Accepted: b.accepted})
}

// posting is one request on its way.
type posting struct {
	ctx      context.Context
	intake   *Intake
	source   Source
	peer     string
	hint     string
	ids      *eventlog.Derived // nil: live ids
	next     int64             // ordinal of the next record, for derived ids
	pending  []stream.Message
	size     int
	accepted int
}

func (p *Post) begin(r *http.Request, actor store.Actor) (*posting, error) {
	format := r.PathValue("format")
	if format != "any" && !slices.Contains(detection.Formats(), format) {
		return nil, problem.New(problem.NotFound, "%q is not a format: name one of %s, or any", format, strings.Join(detection.Formats(), ", "))
	}
	q := r.URL.Query()
	// A token is a source. Somebody who imports files names the source that they are from.
	from := Sender{Transport: stream.HTTP, Identity: actor.ID}
	if name := q.Get("source"); name != "" {
		from = Sender{Transport: stream.File, Identity: name}
	}
	s, err := p.Intake.source(r.Context(), from)
	if err != nil {
		return nil, err
	}
	b := &posting{ctx: r.Context(), intake: p.Intake, source: s, peer: r.RemoteAddr, hint: Hint{Format: format, Name: q.Get("name")}.String()}
	if format == "any" {
		b.hint = Hint{Format: s.Format, Name: q.Get("name")}.String()
	}
	if len(b.hint) > 500 || len(from.Identity) > 300 {
		return nil, problem.New(problem.Invalid, "name and source have at most 300 bytes")
	}
	if first := q.Get("first"); first != "" {
		if b.next, err = strconv.ParseInt(first, 10, 64); err != nil || b.next < 0 {
			return nil, problem.New(problem.Invalid, "first must be the number of records before this batch")
		}
	}
	if key := r.Header.Get("Idempotency-Key"); key != "" {
		if len(key) > 200 {
			return nil, problem.New(problem.Invalid, "Idempotency-Key has at most 200 bytes")
		}
		// Who sends, not what the registry calls it: that may change between two tries.
		d := eventlog.Derive(string(from.Transport)+" "+from.Identity, key)
		b.ids = &d
	}
	return b, nil
}

// plain is the body without its compression, bounded.
func plain(w http.ResponseWriter, r *http.Request) (io.Reader, error) {
	body := http.MaxBytesReader(w, r.Body, maxBody)
	var in io.Reader = body
	switch e := r.Header.Get("Content-Encoding"); e {
	case "", "identity":
	case "gzip":
		z, err := gzip.NewReader(body)
		if err != nil {
			return nil, err
		}
		in = z
	case "zstd":
		z, err := zstd.NewReader(body, zstd.WithDecoderConcurrency(1), zstd.WithDecoderMaxWindow(8<<20))
		if err != nil {
			return nil, err
		}
		in = z.IOReadCloser()
	default:
		return nil, problem.New(problem.Invalid, "Content-Encoding %q is none of gzip, zstd", e)
	}
	return &bounded{in: in, left: maxBody}, nil
}

// bounded refuses what is longer, where io.LimitReader would end quietly. It holds for a whole body or for one element.
type bounded struct {
	in   io.Reader
	left int64
}

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.in.Read(p)
	if b.left -= int64(n); b.left < 0 {
		return 0, problem.New(problem.Invalid, "the body or an element of it is too large")
	}
	return n, err
}

func (b *posting) take(contentType string, body io.Reader) error {
	kind, _, _ := strings.Cut(contentType, ";")
	switch strings.ToLower(strings.TrimSpace(kind)) {
	case "application/json":
		return b.value(body)
	case "application/xml", "text/xml", "application/fhir+json", "application/octet-stream":
		return b.whole(body)
	case "application/vnd.triward.counted":
		return b.counted(body)
	}
	return b.lines(body)
}

func (b *posting) lines(body io.Reader) error {
	in := bufio.NewScanner(body)
	in.Buffer(make([]byte, 64<<10), stream.MaxPayload+2)
	for in.Scan() {
		if line := trim(in.Bytes()); len(bytes.TrimSpace(line)) > 0 {
			if err := b.add(line); err != nil {
				return err
			}
		}
	}
	if errors.Is(in.Err(), bufio.ErrTooLong) {
		return problem.New(problem.Invalid, "record %d is longer than %d bytes", b.accepted+len(b.pending)+1, stream.MaxPayload)
	}
	return in.Err()
}

// counted takes records behind their lengths.
func (b *posting) counted(body io.Reader) error {
	in := bufio.NewReaderSize(body, 64<<10)
	record := make([]byte, 0, 64<<10)
	for {
		head, err := in.ReadSlice('\n')
		if errors.Is(err, io.EOF) && len(head) == 0 {
			return nil
		}
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, bufio.ErrBufferFull) {
			return err
		}
		n, bad := strconv.Atoi(strings.TrimSuffix(string(head), "\n"))
		if err != nil || bad != nil || n < 0 || n > stream.MaxPayload {
			return problem.New(problem.Invalid, "record %d has no length of at most %d bytes before it", b.accepted+len(b.pending)+1, stream.MaxPayload)
		}
		record = slices.Grow(record[:0], n+1)[:n+1]
		if _, err := io.ReadFull(in, record); err != nil || record[n] != '\n' {
			return problem.New(problem.Invalid, "record %d does not end where its length says", b.accepted+len(b.pending)+1)
		}
		if err := b.add(record[:n]); err != nil {
			return err
		}
	}
}

func (b *posting) whole(body io.Reader) error {
	all, err := io.ReadAll(io.LimitReader(body, stream.MaxPayload+1))
	if err != nil {
		return err
	}
	return b.add(all)
}

// value takes a JSON value, or the elements of an array one by one, byte for byte.
func (b *posting) value(body io.Reader) error {
	in := bufio.NewReader(body)
	for {
		c, err := in.ReadByte()
		if err != nil {
			return fmt.Errorf("the body is empty")
		}
		if c == ' ' || c == '\t' || c == '\r' || c == '\n' {
			continue
		}
		if err := in.UnreadByte(); err != nil {
			return err
		}
		if c != '[' {
			return b.whole(in)
		}
		break
	}
	const ahead = 4 * stream.MaxPayload // the decoder reads beyond an element
	element := &bounded{in: in, left: ahead}
	d := json.NewDecoder(element)
	if _, err := d.Token(); err != nil {
		return err
	}
	for d.More() {
		element.left = ahead
		var record json.RawMessage
		if err := d.Decode(&record); err != nil {
			return err
		}
		if err := b.add(record); err != nil {
			return err
		}
	}
	_, err := d.Token()
	return err
}

func (b *posting) add(record []byte) error {
	if len(record) > stream.MaxPayload {
		return problem.New(problem.Invalid, "record %d is longer than %d bytes", b.accepted+len(b.pending)+1, stream.MaxPayload)
	}
	if len(record) == 0 {
		return problem.New(problem.Invalid, "record %d is empty", b.accepted+len(b.pending)+1)
	}
	now := time.Now().UnixMicro()
	m := stream.Message{Source: b.source.ID, Received: now, Transport: stream.HTTP, Peer: b.peer, Hint: b.hint, Payload: bytes.Clone(record)}
	if b.ids != nil {
		m.ID = b.ids.At(b.next)
	} else {
		m.ID = b.intake.ids.Next(now)
	}
	b.next++
	b.pending = append(b.pending, m)
	if b.size += len(record) + perMessage; b.size >= partBytes || len(b.pending) >= partRecords {
		return b.keep()
	}
	return nil
}

// keep makes what is pending durable.
func (b *posting) keep() error {
	if len(b.pending) == 0 {
		return nil
	}
	ctx, cancel := context.WithTimeout(b.ctx, postTime)
	defer cancel()
	if err := b.intake.Publish(ctx, b.pending); err != nil {
		return err
	}
	b.accepted += len(b.pending)
	b.pending, b.size = nil, 0
	return nil
}

// Hint is what a door knows of the form of a record.
type Hint struct {
	Format string // "" to find out
	Name   string // of the log or the file
}

// String is the form that travels in stream.Message.Hint.
func (h Hint) String() string {
	if h.Name == "" {
		return h.Format
	}
	return h.Format + "/" + h.Name
}
