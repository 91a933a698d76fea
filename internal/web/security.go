package web

import (
	"encoding/base64"
	"fmt"
	"net/http"
	"strings"
	"time"
)

// Names of cookies; with TLS they carry the prefix __Host- (RFC 6265bis 4.1.3.2: Secure, no Domain, Path=/).
const (
	sessionCookie  = "triward_session"
	pendingCookie  = "triward_pending"  // a sign-in that waits for its second factor
	providerCookie = "triward_provider" // a visit to the identity provider
	noticeCookie   = "triward_notice"
	themeCookie    = "triward_theme"
)

// Limits of what a request may send.
const (
	maxForm   = 4 << 20
	maxUpload = 130 << 20 // a fleet file of fleetfile.MaxFileBytes and its form
)

// policy allows only what the program itself serves. 'data:' is absent on purpose: icons and charts need none.
const policy = "default-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; object-src 'none'"

// protect adds what every answer carries and refuses forms from elsewhere.
func (s *Server) protect(next http.Handler) http.Handler {
	csrf := http.NewCrossOriginProtection()
	csrf.SetDenyHandler(s.door(route{Permission: public, handle: (*Server).foreign}))
	checked := csrf.Handler(next)
	return http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h := w.Header()
		h.Set("Content-Security-Policy", policy)
		h.Set("X-Content-Type-Options", "nosniff")
		h.Set("X-Frame-Options", "DENY")
		h.Set("Referrer-Policy", "no-referrer")
		h.Set("Cross-Origin-Opener-Policy", "same-origin")
		h.Set("Cross-Origin-Resource-Policy", "same-origin")
		h.Set("Permissions-Policy", "camera=(), microphone=(), geolocation=(), payment=(), usb=()")
		if s.secure(r) {
			h.Set("Strict-Transport-Security", "max-age=31536000")
		}
		// Pages hold weaknesses of devices: no proxy and no shared disk cache may keep them.
		h.Set("Cache-Control", "no-store")
		limit := int64(maxForm)
		if strings.HasPrefix(r.Header.Get("Content-Type"), "multipart/") {
			limit = maxUpload
		}
		r.Body = http.MaxBytesReader(w, r.Body, limit)
		checked.ServeHTTP(w, r)
	})
}

// secure reports whether the browser reaches the program over TLS.
func (s *Server) secure(r *http.Request) bool { return s.Secure || r.TLS != nil }

func (v *visit) cookieName(name string) string {
	if v.s.secure(v.r) {
		return "__Host-" + name
	}
	return name
}

// setCookie sets a cookie that only this site and no script reads. A zero end is the end of the browser's session.
func (v *visit) setCookie(name, value string, end time.Time) {
	http.SetCookie(v.w, &http.Cookie{Name: v.cookieName(name), Value: value, Path: "/", Expires: end, HttpOnly: true,
		Secure: v.s.secure(v.r), SameSite: http.SameSiteStrictMode})
}

func (v *visit) dropCookie(name string) {
	http.SetCookie(v.w, &http.Cookie{Name: v.cookieName(name), Path: "/", MaxAge: -1, HttpOnly: true, Secure: v.s.secure(v.r), SameSite: http.SameSiteStrictMode})
}

func (v *visit) cookie(name string) string {
	c, err := v.r.Cookie(v.cookieName(name))
	if err != nil {
		return ""
	}
	return c.Value
}

// setNotice keeps a sentence for the next page.
func (v *visit) setNotice(text string) {
	v.setCookie(noticeCookie, base64.RawURLEncoding.EncodeToString([]byte(text)), time.Time{})
}

// takeNotice is the sentence that the last form left, once.
func (v *visit) takeNotice() string {
	c := v.cookie(noticeCookie)
	if c == "" {
		return ""
	}
	v.dropCookie(noticeCookie)
	b, err := base64.RawURLEncoding.DecodeString(c)
	if err != nil || len(b) > 500 {
		return ""
	}
	return string(b)
}

// securityTxt says where to report a weakness of this installation (RFC 9116).
func (s *Server) securityTxt(v *visit) error {
	if s.SecurityMail == "" {
		return s.missing(v)
	}
	v.w.Header().Set("Content-Type", "text/plain; charset=utf-8")
	// RFC 9116 2.5.5: less than a year ahead.
	fmt.Fprintf(v.w, "Contact: mailto:%s\nExpires: %s\nPreferred-Languages: en\n", s.SecurityMail, s.now().AddDate(0, 6, 0).Truncate(24*time.Hour).Format(time.RFC3339))
	if s.PublicURL != "" {
		fmt.Fprintf(v.w, "Canonical: %s/.well-known/security.txt\n", strings.TrimSuffix(s.PublicURL, "/"))
	}
	return nil
}
