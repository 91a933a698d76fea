package web

import (
	"crypto/sha256"
	"embed"
	"encoding/hex"
	"io/fs"
	"mime"
	"net/http"

	"path/filepath"
	"strings"
	"sync"
)

//go:embed static
var staticFiles embed.FS

// asset is one static file.
type asset struct {
	body   []byte
	digest string
	kind   string
}

// assets are the static files by name, with the digests that their addresses carry.
var assets = sync.OnceValue(func() map[string]asset {
	out := map[string]asset{}
	entries, err := fs.ReadDir(staticFiles, "static")
	if err != nil {
		return out
	}
	for _, e := range entries {
		body, err := staticFiles.ReadFile("static/" + e.Name())
		if err != nil {
			continue
		}
		sum := sha256.Sum256(body)
		kind := mime.TypeByExtension(filepath.Ext(e.Name()))
		if kind == "" {
			kind = "text/plain; charset=utf-8"
		}
		out[e.Name()] = asset{body: body, digest: hex.EncodeToString(sum[:8]), kind: kind}
	}
	return out
})

// static serves a file under an address that changes with its content, so that browsers may keep it for ever.
func (s *Server) static(v *visit) error {
	a, ok := assets()[v.path("name")]
	if !ok || v.path("digest") != a.digest {
		return s.missing(v)
	}
	h := v.w.Header()
	h.Set("Content-Type", a.kind)
	h.Set("Cache-Control", "public, max-age=31536000, immutable")
	_, err := v.w.Write(a.body)
	return err
}

func (s *Server) favicon(v *visit) error {
	v.w.Header().Set("Content-Type", "image/svg+xml")
	v.w.Header().Set("Cache-Control", "public, max-age=86400")
	_, err := strings.NewReader(faviconSVG).WriteTo(v.w)
	return err
}

const faviconSVG = `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 16 16"><path d="M8 .8 14.2 3v5c0 3.6-2.5 6.1-6.2 7.6C4.3 14.1 1.8 11.6 1.8 8V3z" fill="#0b5cad"/><path d="M3.6 8.3h2.3l1.3-3 1.7 5.4 1.3-3.2h2.2" fill="none" stroke="#fff" stroke-width="1.3"/></svg>`

// theme keeps the chosen theme and goes back.
func (s *Server) theme(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	switch t := f.Get("theme"); t {
	case "light", "dark":
		v.setCookie(themeCookie, t, s.now().AddDate(1, 0, 0))
	default:
		v.dropCookie(themeCookie)
	}
	if v.r.Header.Get("HX-Request") != "" {
		v.w.WriteHeader(http.StatusNoContent)
		return nil
	}
	return v.redirect(localPath(f.Get("back")))
}
