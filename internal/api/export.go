package api

import (
	"context"
	"errors"
	"io"
	"net/http"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/store"
)

// exportQuery chooses the devices of an export.
type exportQuery struct {
	apiv1.DeviceFilter
}

// stream serves an export. A failure after the first bytes cuts the connection, so that nobody takes a part for the whole.
func stream[I any](s *Server, o op, kind string, fn func(ctx context.Context, in *I, w io.Writer) error) {
	h := s.operation(o)
	h.Responses["200"] = &huma.Response{Description: "The export", Content: map[string]*huma.MediaType{kind: {Schema: &huma.Schema{Type: "string", Format: "binary"}}}}
	huma.Register(s.api, h, func(ctx context.Context, in *I) (*huma.StreamResponse, error) {
		return &huma.StreamResponse{Body: func(hc huma.Context) { s.send(hc, kind, func(w *late) error { return fn(ctx, in, w) }) }}, nil
	})
}

// send writes what fn writes; until its first byte a failure is answered as one.
func (s *Server) send(hc huma.Context, kind string, fn func(w *late) error) {
	_, w := humago.Unwrap(hc)
	out := &late{w: w, kind: kind, status: http.StatusOK}
	err := fn(out)
	switch {
	case err == nil && !out.begun:
		out.begin()
	case err != nil && !out.begun:
		s.write(w, s.failure(hc.Context(), err))
	case err != nil:
		s.Log.Error("export broke off", "error", err)
		if err := http.NewResponseController(w).SetWriteDeadline(time.Unix(1, 0)); err != nil && !errors.Is(err, http.ErrNotSupported) {
			s.Log.Debug("connection was not cut", "error", err)
		}
	}
}

// late sends the header with the first byte.
type late struct {
	w      http.ResponseWriter
	kind   string
	status int
	begun  bool
}

func (l *late) begin() {
	l.begun = true
	l.w.Header().Set("Content-Type", l.kind)
	l.w.WriteHeader(l.status)
}

// Write implements io.Writer.
func (l *late) Write(b []byte) (int, error) {
	if !l.begun {
		l.begin()
	}
	return l.w.Write(b)
}

func (s *Server) exportCSV(ctx context.Context, in *exportQuery, w io.Writer) error {
	return s.DB.View(ctx, func(r store.Reader) error { return device.ExportCSV(ctx, r, deviceQuery(in.DeviceFilter), w) })
}

func (s *Server) exportJSON(ctx context.Context, in *exportQuery, w io.Writer) error {
	return s.DB.View(ctx, func(r store.Reader) error { return device.ExportJSON(ctx, r, deviceQuery(in.DeviceFilter), w) })
}
