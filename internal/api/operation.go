package api

import (
	"context"
	"net/http"
	"slices"
	"strings"
	"time"

	"github.com/danielgtaylor/huma/v2"

	"triward/apiv1"
	"triward/internal/store"
)

// public is the permission of operations that need no actor; signedIn of those that any actor may call.
const (
	public   = "public"
	signedIn = "signed in"
)

// permissionKey is where an operation's metadata holds its permission.
const permissionKey = "permission"

// base is where the operations live.
const base = "/api/v1"

// Limits of request bodies.
const (
	maxBody = 4 << 20
	// uploadTime is how long a large upload may take.
	uploadTime = 10 * time.Minute
)

// op describes one operation. Kinds joined by "|" are alternatives.
type op struct {
	id      string // also the name of the client's method, in dashes
	route   string // "GET /devices/{id}"
	kind    string // what the actor must be allowed to do
	summary string
	status  int   // of success; 0 is 200, 204 without a body
	upload  int64 // for a file as body: its largest size
	accepts []string
}

// reply is what an operation answers with.
type reply[T any] struct {
	Body T
}

// none is the input of operations without any.
type none struct{}

// one is the input of operations about one record.
type one struct {
	ID string `path:"id" maxLength:"200"`
}

// with is the input of operations that send a value.
type with[T any] struct {
	Body T
}

// oneWith is the input of operations that send a value about one record.
type oneWith[T any] struct {
	ID   string `path:"id" maxLength:"200"`
	Body T
}

// add serves an operation that answers with a value.
func add[I, O any](s *Server, o op, fn func(ctx context.Context, in *I) (O, error)) {
	huma.Register(s.api, s.operation(o), func(ctx context.Context, in *I) (*reply[O], error) {
		v, err := fn(ctx, in)
		if err != nil {
			return nil, s.failure(ctx, err)
		}
		return &reply[O]{Body: v}, nil
	})
}

// act serves an operation that answers with nothing.
func act[I any](s *Server, o op, fn func(ctx context.Context, in *I) error) {
	if o.status == 0 {
		o.status = http.StatusNoContent
	}
	huma.Register(s.api, s.operation(o), func(ctx context.Context, in *I) (*struct{}, error) {
		if err := fn(ctx, in); err != nil {
			return nil, s.failure(ctx, err)
		}
		return nil, nil
	})
}

func (s *Server) operation(o op) huma.Operation {
	method, path, _ := strings.Cut(o.route, " ")
	area, _, _ := strings.Cut(strings.TrimPrefix(path, "/"), "/")
	h := huma.Operation{OperationID: o.id, Method: method, Path: base + path, Summary: o.summary, Tags: []string{area}, DefaultStatus: o.status,
		MaxBodyBytes: maxBody, Metadata: map[string]any{permissionKey: o.kind}, Extensions: map[string]any{"x-permission": o.kind},
		Middlewares: huma.Middlewares{s.guard(o.kind)},
		Responses:   map[string]*huma.Response{"default": s.problemResponse()}, RejectUnknownQueryParameters: true}
	if o.kind != public {
		h.Security = []map[string][]string{{"token": {}}, {"session": {}}}
		if method != http.MethodGet {
			h.Security = h.Security[:1]
		}
	}
	if o.upload > 0 {
		h.MaxBodyBytes, h.BodyReadTimeout = o.upload, uploadTime
		h.RequestBody = &huma.RequestBody{Required: true, Content: map[string]*huma.MediaType{}}
		for _, t := range o.accepts {
			h.RequestBody.Content[t] = &huma.MediaType{Schema: &huma.Schema{Type: "string", Format: "binary"}}
		}
	}
	return h
}

// guard refuses an operation to who may not do it anywhere, before the input is read.
func (s *Server) guard(kinds string) func(huma.Context, func(huma.Context)) {
	return func(hc huma.Context, next func(huma.Context)) {
		if kinds == public {
			next(hc)
			return
		}
		a, err := s.actor(hc)
		if err != nil {
			s.refuse(hc, err)
			return
		}
		if kinds != signedIn && !slices.ContainsFunc(strings.Split(kinds, "|"), a.May) {
			s.refuse(hc, forbidden(kinds))
			return
		}
		next(huma.WithContext(hc, store.WithActor(hc.Context(), a)))
	}
}

// read runs fn on one snapshot.
func read[T any](ctx context.Context, s *Server, fn func(r store.Reader) (T, error)) (T, error) {
	var v T
	err := s.DB.View(ctx, func(r store.Reader) (err error) {
		v, err = fn(r)
		return err
	})
	return v, err
}

// each translates a list; the result is never nil, so that it is written as [].
func each[A, B any](from []A, fn func(A) B) []B {
	out := make([]B, 0, len(from))
	for _, v := range from {
		out = append(out, fn(v))
	}
	return out
}

func page[A, B any](from []A, next string, fn func(A) B) apiv1.Page[B] {
	return apiv1.Page[B]{Items: each(from, fn), Next: next}
}

func list[A, B any](from []A, fn func(A) B) apiv1.List[B] {
	return apiv1.List[B]{Items: each(from, fn)}
}

// orEmpty is a list that is written as [] when it is nil.
func orEmpty[T any](v []T) []T {
	if v == nil {
		return []T{}
	}
	return v
}

// words turns a list of texts into one of a closed set of words, which the packages below check.
func words[T ~string](v []string) []T {
	if v == nil {
		return nil
	}
	return each(v, func(s string) T { return T(s) })
}

func texts[T ~string](v []T) []string {
	if v == nil {
		return nil
	}
	return each(v, func(s T) string { return string(s) })
}
