package web

import (
	"errors"
	"mime/multipart"
	"net"
	"net/http"
	"net/url"
	"runtime/debug"
	"slices"
	"strings"

	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// visit is one request and who makes it.
type visit struct {
	s        *Server
	w        http.ResponseWriter
	r        *http.Request
	route    route
	actor    store.Actor
	session  people.Session
	answered bool
}

// errSignIn sends to the sign-in page.
var errSignIn = errors.New("not signed in")

// enter finds out who is there and whether the route is open to them.
func (v *visit) enter() error {
	c, err := v.r.Cookie(v.cookieName(sessionCookie))
	if err == nil && c.Value != "" {
		actor, session, err := v.s.People.Authenticate(v.r.Context(), c.Value)
		switch {
		case err == nil:
			v.actor, v.session = actor, session
			v.r = v.r.WithContext(store.WithActor(v.r.Context(), actor))
		case problem.KindOf(err) == "" || problem.KindOf(err) == problem.Unavailable:
			return err
		default:
			v.dropCookie(sessionCookie)
		}
	}
	switch {
	case v.route.Permission == public:
		return nil
	case v.actor.ID == "":
		return errSignIn
	case v.route.Permission == signedIn:
		return nil
	case v.may(v.route.Permission):
		return nil
	}
	return problem.New(problem.Forbidden, "your role does not allow this: it needs %s", permissionText(v.route.Permission))
}

// may reports whether the visitor holds one of the kinds, joined by "|".
func (v *visit) may(kinds string) bool {
	return slices.ContainsFunc(strings.Split(kinds, "|"), v.actor.May)
}

func permissionText(kinds string) string {
	return strings.ReplaceAll(`"`+kinds+`"`, "|", `" or "`)
}

// address is where the request comes from, without the port.
func (v *visit) address() string {
	host, _, err := net.SplitHostPort(v.r.RemoteAddr)
	if err != nil {
		return v.r.RemoteAddr
	}
	return host
}

// path is a wildcard of the route's pattern.
func (v *visit) path(name string) string { return v.r.PathValue(name) }

// query is a parameter of the address.
func (v *visit) query(name string) string { return strings.TrimSpace(v.r.URL.Query().Get(name)) }

// form reads the fields of a form, also of one with a file.
func (v *visit) form() (url.Values, error) {
	var err error
	if strings.HasPrefix(v.r.Header.Get("Content-Type"), "multipart/") {
		err = v.r.ParseMultipartForm(1 << 20)
	} else {
		err = v.r.ParseForm()
	}
	var big *http.MaxBytesError
	switch {
	case errors.As(err, &big):
		return nil, problem.New(problem.Invalid, "what was sent is larger than %d MiB", big.Limit>>20)
	case err != nil:
		return nil, problem.New(problem.Invalid, "the form could not be read")
	}
	return v.r.PostForm, nil
}

// file is the uploaded file of a field; Invalid when there is none.
func (v *visit) file(field string) (multipart.File, *multipart.FileHeader, error) {
	f, h, err := v.r.FormFile(field)
	if err != nil || h.Size == 0 {
		var l problem.List
		l.Add(field, "choose a file that is not empty")
		return nil, nil, l.Err("no file was sent")
	}
	return f, h, nil
}

// redirect answers a form with a page to go to.
func (v *visit) redirect(to string) error {
	http.Redirect(v.w, v.r, to, http.StatusSeeOther)
	return nil
}

// done answers a form with a page to go to and a notice to show there.
func (v *visit) done(to, notice string) error {
	v.setNotice(notice)
	return v.redirect(to)
}

// recover turns a panic of a handler into an error page; the log gets the stack.
func (v *visit) recover() {
	x := recover()
	if x == nil {
		return
	}
	if err, ok := x.(error); ok && errors.Is(err, http.ErrAbortHandler) {
		panic(x)
	}
	v.s.Log.Error("page panicked", "path", v.r.URL.Path, "panic", x, "stack", string(debug.Stack()))
	v.fail(errors.New("page panicked"))
}
