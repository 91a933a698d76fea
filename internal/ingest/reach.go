package ingest

import (
	"context"
	"crypto/tls"
	"net"
	"net/http"
	"net/netip"
	"net/url"
	"strings"
	"sync/atomic"
	"syscall"
	"time"

	"triward/internal/problem"
)

// reach is how far from this machine an address is.
type reach string

const (
	public    reach = "public"
	internal  reach = "internal"   // private and carrier-grade ranges, unique local IPv6
	loopback  reach = "loopback"   // this machine
	linkLocal reach = "link-local" // where cloud machines answer questions about themselves
)

// maxRedirects is how many redirects one download may follow.
const maxRedirects = 5

// carrierGrade is the shared address space of RFC 6598, which netip does not count as private.
var carrierGrade = netip.MustParsePrefix("100.64.0.0/10")

func reachOf(a netip.Addr) reach {
	a = a.Unmap()
	switch {
	case a.IsLoopback(), a.IsUnspecified():
		return loopback
	case a.IsLinkLocalUnicast(), a.IsMulticast():
		return linkLocal
	case a.IsPrivate(), carrierGrade.Contains(a):
		return internal
	}
	return public
}

// allows tells whether something that came from an address of reach r may lead to one of reach to. An operator may name
// an internal server; a server on the internet may not lead inside, and nothing leads to a link-local address.
func (r reach) allows(to reach) bool {
	switch to {
	case public:
		return true
	case internal:
		return r != public
	}
	return r == to
}

// route follows one download: where it started, and whether a proxy makes the connections.
type route struct {
	origin  reach
	proxied atomic.Bool
}

type routeKey struct{}

func routeOf(ctx context.Context) *route {
	r, _ := ctx.Value(routeKey{}).(*route)
	return r
}

// NewClient makes an HTTP client whose connections keep to the rules of this package. roots is nil for the system's.
// The environment's proxy is used; a proxy makes the connections itself, so that only names and addresses in URLs can be
// checked then.
func NewClient(config *tls.Config) *http.Client {
	dialer := &net.Dialer{Timeout: 15 * time.Second, ControlContext: func(ctx context.Context, _, address string, _ syscall.RawConn) error {
		return checkDial(ctx, address)
	}}
	return &http.Client{Transport: &http.Transport{
		DialContext:           dialer.DialContext,
		TLSClientConfig:       config,
		TLSHandshakeTimeout:   15 * time.Second,
		ResponseHeaderTimeout: 60 * time.Second,
		IdleConnTimeout:       60 * time.Second,
		MaxIdleConnsPerHost:   4,
		ForceAttemptHTTP2:     true,
		Proxy: func(r *http.Request) (*url.URL, error) {
			proxy, err := http.ProxyFromEnvironment(r)
			if at := routeOf(r.Context()); at != nil && proxy != nil {
				at.proxied.Store(true)
			}
			return proxy, err
		},
	}}
}

// checkDial refuses a connection that the start of the download does not allow. It sees the address that is really
// dialled, so that a name that changes its address between check and use gains nothing.
func checkDial(ctx context.Context, address string) error {
	at := routeOf(ctx)
	if at == nil || at.proxied.Load() {
		return nil
	}
	host, err := netip.ParseAddrPort(address)
	if err != nil {
		return problem.New(problem.Forbidden, "address %q is not understood", address)
	}
	if to := reachOf(host.Addr()); !at.origin.allows(to) {
		return problem.New(problem.Forbidden, "a download that started at a %s address may not reach %s, which is %s", at.origin, host.Addr(), to)
	}
	return nil
}

// checkURL refuses what may never be fetched: anything but https, except http on this machine, and URLs with a password.
func checkURL(u *url.URL) error {
	switch {
	case u.Host == "" || u.Scheme != "https" && u.Scheme != "http":
		return problem.New(problem.Invalid, "%q is not an https address", u.Redacted())
	case u.User != nil:
		return problem.New(problem.Invalid, "%q must not hold a user name or password", u.Redacted())
	case u.Scheme == "http" && !localName(u.Hostname()):
		return problem.New(problem.Invalid, "%q is not encrypted; https is required", u.Redacted())
	}
	return nil
}

func localName(host string) bool {
	if a, err := netip.ParseAddr(host); err == nil {
		return a.Unmap().IsLoopback()
	}
	host = strings.TrimSuffix(strings.ToLower(host), ".")
	return host == "localhost" || strings.HasSuffix(host, ".localhost")
}

// reaches is every reach that the addresses of a host have. A name that cannot be resolved here has none: behind a proxy
// that is usual, and without one the dialler reports it.
func (f *Fetcher) reaches(ctx context.Context, host string) []reach {
	if a, err := netip.ParseAddr(host); err == nil {
		return []reach{reachOf(a)}
	}
	if localName(host) {
		return []reach{loopback}
	}
	lookup := f.Lookup
	if lookup == nil {
		lookup = func(ctx context.Context, host string) ([]netip.Addr, error) {
			return net.DefaultResolver.LookupNetIP(ctx, "ip", host)
		}
	}
	addrs, err := lookup(ctx, host)
	if err != nil {
		return nil
	}
	var out []reach
	for _, a := range addrs {
		out = append(out, reachOf(a))
	}
	return out
}

// follow gives ctx the route of a download that an operator started at u. A ctx that has a route keeps it: what a
// document names is bound by where the document came from.
func (f *Fetcher) follow(ctx context.Context, u *url.URL) context.Context {
	if routeOf(ctx) != nil {
		return ctx
	}
	at := &route{origin: public}
	for _, r := range f.reaches(ctx, u.Hostname()) {
		if r != public && (at.origin == public || at.origin == internal) {
			at.origin = r
		}
	}
	return context.WithValue(ctx, routeKey{}, at)
}

// checkNext refuses a URL that a redirect or a document leads to.
func (f *Fetcher) checkNext(ctx context.Context, u *url.URL) error {
	if err := checkURL(u); err != nil {
		return err
	}
	at := routeOf(ctx)
	for _, to := range f.reaches(ctx, u.Hostname()) {
		if at != nil && !at.origin.allows(to) {
			return problem.New(problem.Forbidden, "a download that started at a %s address may not lead to %q, which is %s", at.origin, u.Host, to)
		}
	}
	return nil
}
