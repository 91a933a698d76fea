package api

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"encoding/json"
	"errors"
	"net/http"
	"runtime/debug"
	"strings"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"triward/apiv1"
	"triward/internal/problem"
)

const problemType = "application/problem+json"

// failure is a Problem on its way out.
type failure struct {
	apiv1.Problem
	header http.Header
}

// GetStatus makes it what huma writes as it is.
func (f *failure) GetStatus() int { return f.Status }

// Error says what happened.
func (f *failure) Error() string { return f.Problem.Error() }

// GetHeaders are sent with it.
func (f *failure) GetHeaders() http.Header { return f.header }

// ContentType is that of RFC 9457.
func (f *failure) ContentType(string) string { return problemType }

var statuses = map[problem.Kind]int{problem.NotFound: http.StatusNotFound, problem.Invalid: http.StatusUnprocessableEntity,
	problem.Conflict: http.StatusConflict, problem.Forbidden: http.StatusForbidden, problem.Unavailable: http.StatusServiceUnavailable}

// failure turns an error into what the caller may know of it.
func (s *Server) failure(ctx context.Context, err error) *failure {
	var f *failure
	var no unauthenticated
	var p *problem.Error
	switch {
	case errors.As(err, &f):
		return f
	case errors.As(err, &no):
		return &failure{Problem: apiv1.Problem{Title: http.StatusText(http.StatusUnauthorized), Status: http.StatusUnauthorized, Detail: no.detail},
			header: http.Header{"Www-Authenticate": {`Bearer realm="Triward"`}}}
	case errors.As(err, &p):
		status := statuses[p.Kind]
		f := &failure{Problem: apiv1.Problem{Type: string(p.Kind), Title: http.StatusText(status), Status: status, Detail: p.Message}}
		for _, fault := range p.Faults {
			f.Errors = append(f.Errors, apiv1.Fault{Location: place(fault.Path), Message: fault.Reason})
		}
		if f.Detail == "" {
			f.Detail = f.Title
		}
		return f
	case ctx.Err() != nil:
		return &failure{Problem: apiv1.Problem{Type: string(problem.Unavailable), Title: "Request ended", Status: http.StatusServiceUnavailable,
			Detail: "the request was given up before it was done"}}
	}
	return s.broken(err)
}

// broken is an answer for what should not happen: the log has the error, the caller a reference to it.
func (s *Server) broken(err error, more ...any) *failure {
	var b [6]byte
	ref := "unknown"
	if _, randErr := rand.Read(b[:]); randErr == nil {
		ref = hex.EncodeToString(b[:])
	}
	s.Log.Error("operation failed", append([]any{"reference", ref, "error", err}, more...)...)
	return &failure{Problem: apiv1.Problem{Title: http.StatusText(http.StatusInternalServerError), Status: http.StatusInternalServerError,
		Detail: "the program failed; nothing was changed. Quote the reference " + ref, Instance: "urn:triward:failure:" + ref}}
}

// place is where a fault is, as the location of an error: fields of the input lie in the body, other places ("row 14,
// column udi", "/document/title") are of a file and stay as they are.
func place(path string) string {
	if path == "" || path[0] == '/' || strings.ContainsAny(path, " ,:") {
		return path
	}
	return "body." + path
}

// refusal turns what huma says of an input into a Problem. The values that were sent are left out: they may be secret.
func refusal(_ huma.Context, _ string, v any) (any, error) {
	m, ok := v.(*huma.ErrorModel)
	if !ok {
		if f, ok := v.(*failure); ok {
			return &f.Problem, nil
		}
		return v, nil
	}
	p := &apiv1.Problem{Type: string(problem.Invalid), Title: http.StatusText(m.Status), Status: m.Status, Detail: m.Detail}
	for _, e := range m.Errors {
		if e != nil {
			p.Errors = append(p.Errors, apiv1.Fault{Location: e.Location, Message: e.Message})
		}
	}
	return p, nil
}

// refuse answers in place of an operation.
func (s *Server) refuse(hc huma.Context, err error) {
	_, w := humago.Unwrap(hc)
	s.write(w, s.failure(hc.Context(), err))
}

func (s *Server) write(w http.ResponseWriter, f *failure) {
	for k, v := range f.header {
		w.Header()[k] = v
	}
	w.Header().Set("Content-Type", problemType)
	w.WriteHeader(f.Status)
	if err := json.NewEncoder(w).Encode(f.Problem); err != nil {
		s.Log.Debug("answer was not sent", "error", err)
	}
}

// unmatched answers requests that no operation takes, with 405 where the path exists for another method.
func (s *Server) unmatched(w http.ResponseWriter, r *http.Request, mux *http.ServeMux) {
	var allow []string
	for _, m := range []string{http.MethodGet, http.MethodPost, http.MethodPut, http.MethodDelete} {
		probe := r.Clone(r.Context())
		probe.Method = m
		if _, pattern := mux.Handler(probe); pattern != "" {
			allow = append(allow, m)
		}
	}
	f := &failure{Problem: apiv1.Problem{Type: string(problem.NotFound), Title: http.StatusText(http.StatusNotFound), Status: http.StatusNotFound,
		Detail: "there is no such operation; /api lists them"}}
	if len(allow) > 0 {
		f.Status, f.Title, f.Type = http.StatusMethodNotAllowed, http.StatusText(http.StatusMethodNotAllowed), ""
		f.Detail, f.header = "this address does not take "+r.Method, http.Header{"Allow": {strings.Join(allow, ", ")}}
	}
	s.write(w, f)
}

func (s *Server) recover(w http.ResponseWriter, r *http.Request) {
	x := recover()
	if x == nil {
		return
	}
	s.write(w, s.broken(errors.New("operation panicked"), "path", r.URL.Path, "panic", x, "stack", string(debug.Stack())))
}
