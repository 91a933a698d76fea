package web

import (
	"context"
	"crypto/rand"
	"encoding/hex"
	"errors"
	"net/http"
	"net/url"

	"triward/internal/problem"
	"triward/internal/store"
)

// errorPage says what happened, what to do, and a reference to quote.
type errorPage struct {
	Frame
	Status    int
	What      string
	Faults    []problem.Fault
	Do        string
	Reference string
	Back      string
	Retry     bool
}

func (errorPage) template() string { return "error" }

// statusOf is the status code of a kind of problem.
func statusOf(kind problem.Kind) int {
	switch kind {
	case problem.NotFound:
		return http.StatusNotFound
	case problem.Invalid:
		return http.StatusUnprocessableEntity
	case problem.Conflict:
		return http.StatusConflict
	case problem.Forbidden:
		return http.StatusForbidden
	case problem.Unavailable:
		return http.StatusServiceUnavailable
	}
	return http.StatusInternalServerError
}

var errorTitles = map[problem.Kind][2]string{
	problem.NotFound:    {"Not found", "The address may be old or mistyped, or the record was removed. Search for it, or start from the overview."},
	problem.Invalid:     {"This cannot be done as asked", "Go back and correct what is named here. Nothing was changed."},
	problem.Conflict:    {"This does not fit what is there now", "Somebody else may have changed it. Look at it again, then decide. Nothing was changed."},
	problem.Forbidden:   {"Your role does not allow this", "Nothing was changed. If you need this for your work, ask an administrator for the role and name the permission above."},
	problem.Unavailable: {"Triward cannot answer just now", "Wait a moment and try again. If it stays, tell who runs Triward and quote the reference."},
}

// fail answers with an error.
func (v *visit) fail(err error) {
	var canceled bool
	switch {
	case errors.Is(err, errSignIn):
		v.toSignIn()
		return
	case v.r.Context().Err() != nil && errors.Is(err, context.Canceled):
		canceled = true
	}
	kind := problem.KindOf(err)
	text, ok := errorTitles[kind]
	if !ok {
		text = [2]string{"Triward failed", "Nothing that you entered was kept. Try again; if it happens again, tell who runs Triward and quote the reference."}
	}
	p := errorPage{Frame: v.frame(text[0], ""), Status: statusOf(kind), What: problem.Text(err), Faults: problem.FaultsOf(err), Do: text[1], Reference: reference(),
		Retry: kind == problem.Unavailable || kind == ""}
	var shown *problem.Error
	if errors.As(err, &shown) {
		p.What = shown.Message
	}
	if p.Status >= 500 && !canceled {
		v.s.Log.Error("page failed", "reference", p.Reference, "method", v.r.Method, "path", v.r.URL.Path, "error", err)
	}
	v.render(p.Status, p)
}

// reference is a short text that names one failure in the log.
func reference() string {
	var b [4]byte
	if _, err := rand.Read(b[:]); err != nil {
		return "none"
	}
	return hex.EncodeToString(b[:])
}

// toSignIn sends to the sign-in page, and afterwards back here.
func (v *visit) toSignIn() {
	to := urlSignIn()
	if v.r.Method == http.MethodGet && v.r.URL.Path != "/" {
		to += "?" + url.Values{"next": {v.r.URL.RequestURI()}}.Encode()
	}
	if v.r.Header.Get("HX-Request") != "" { // htmx would put the sign-in page into a part of this one
		v.w.Header().Set("HX-Redirect", to)
		v.w.WriteHeader(http.StatusUnauthorized)
		return
	}
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
}

func (s *Server) missing(v *visit) error {
	return problem.New(problem.NotFound, "there is no page at this address")
}

func (s *Server) foreign(v *visit) error {
	return problem.New(problem.Forbidden, "this form was sent from another site and was not accepted")
}

// health is for load balancers: it asks the database one question.
func (s *Server) health(v *visit) error {
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	err := s.DB.View(v.r.Context(), func(r store.Reader) error {
		_, _, err := store.JournalHead(v.r.Context(), r)
		return err
	})
	if err != nil {
		v.w.WriteHeader(http.StatusServiceUnavailable)
		_, err = v.w.Write([]byte("database does not answer\n"))
		return err
	}
	_, err = v.w.Write([]byte("ok\n"))
	return err
}
