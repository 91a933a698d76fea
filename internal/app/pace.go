package app

import (
	"errors"
	"io"
	"net/http"
	"time"
)

const (
	// patience is how long a connection may stand still in either direction while a request is served.
	patience = 5 * time.Minute
	// stretch is how much has to move within it, in bytes.
	stretch = 64 << 10
)

// paced serves requests whose time is bounded by how they go on, not as a whole: evidence of a hundred gigabytes comes in,
// is hashed, and goes out for as long as something moves. Who stands still loses the connection.
type paced struct {
	next     http.Handler
	now      func() time.Time
	patience time.Duration
}

// ServeHTTP implements http.Handler.
func (p paced) ServeHTTP(w http.ResponseWriter, r *http.Request) {
	out := &pacedWriter{ResponseWriter: w, paced: p, control: http.NewResponseController(w)}
	// While the server works nothing has to move: who goes away is noticed all the same.
	err := out.control.SetWriteDeadline(time.Time{})
	body := &pacedBody{ReadCloser: r.Body, pacedWriter: out}
	if r.Body != nil && r.Body != http.NoBody {
		err = errors.Join(err, out.control.SetReadDeadline(p.now().Add(p.patience)))
		r = r.WithContext(r.Context()) // a copy
		r.Body = body
	} else {
		err = errors.Join(err, out.control.SetReadDeadline(time.Time{}))
	}
	if err != nil && !errors.Is(err, http.ErrNotSupported) {
		http.Error(w, http.StatusText(http.StatusInternalServerError), http.StatusInternalServerError)
		return
	}
	p.next.ServeHTTP(out, r)
}

// pacedWriter gives each stretch of an answer its own time.
type pacedWriter struct {
	http.ResponseWriter
	paced
	control *http.ResponseController
}

// Unwrap is for http.ResponseController.
func (w *pacedWriter) Unwrap() http.ResponseWriter { return w.ResponseWriter }

// Write implements io.Writer.
func (w *pacedWriter) Write(b []byte) (int, error) {
	done := 0
	for {
		part := b[done:min(len(b), done+stretch)]
		if err := w.control.SetWriteDeadline(w.now().Add(w.patience)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			return done, err
		}
		n, err := w.ResponseWriter.Write(part)
		if done += n; err != nil || done == len(b) {
			return done, err
		}
	}
}

// pacedBody gives each stretch of a body its own time.
type pacedBody struct {
	io.ReadCloser
	*pacedWriter
	moved int
}

// Read implements io.Reader.
func (b *pacedBody) Read(p []byte) (int, error) {
	n, err := b.ReadCloser.Read(p)
	b.moved += n
	var until time.Time
	switch {
	case errors.Is(err, io.EOF): // nothing else comes; what follows is the server's work
	case b.moved >= stretch:
		b.moved, until = 0, b.now().Add(b.patience)
	default:
		return n, err
	}
	if derr := b.control.SetReadDeadline(until); derr != nil && !errors.Is(derr, http.ErrNotSupported) && (err == nil || errors.Is(err, io.EOF)) {
		return n, derr
	}
	return n, err
}
