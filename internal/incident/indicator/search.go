package indicator

import (
	"context"
	"net/netip"
	"net/url"
	"slices"
	"strings"

	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/store"
)

// Most is how many devices an indicator may be seen with. One seen with more is no indicator of anything.
const Most = 2_000

// names are where events hold names of computers.
var names = []string{"host", "user.host", "dns.query", "http.host", "tls.sni"}

func is(op eventlog.Op, value string, fields ...string) []eventlog.Condition {
	out := make([]eventlog.Condition, len(fields))
	for n, f := range fields {
		out[n] = eventlog.Condition{Field: f, Op: op, Values: []string{value}}
	}
	return out
}

// Queries are the searches for an indicator, read in one way or several. No event is found by two of them, so that their counts
// add up.
func Queries(all ...Reading) []eventlog.Query {
	var where []eventlog.Condition
	for _, r := range all {
		if r.Kind == URL { // there is no other way to read it
			return r.requests()
		}
		where = append(where, r.places()...)
	}
	return either(where)
}

// places are where an indicator can stand in an event.
func (r Reading) places() []eventlog.Condition {
	switch r.Kind {
	case Address:
		if _, err := netip.ParsePrefix(r.Value); err == nil {
			return is(eventlog.Within, r.Value, "any.ip")
		}
		return is(eventlog.Is, r.Value, "any.ip")
	case MAC:
		return is(eventlog.Is, r.Value, "dhcp.mac")
	case Domain:
		return append(is(eventlog.Is, r.Value, names...), is(eventlog.Ends, "."+r.Value, names...)...)
	case Host: // events may write it with its domain
		return append(is(eventlog.Is, r.Value, names...), is(eventlog.Begins, r.Value+".", "host", "user.host")...)
	case Hash:
		return is(eventlog.Is, r.Value, "hash")
	case User:
		return is(eventlog.Is, r.Value, "user", "user.name", "user.alt")
	case AETitle:
		return is(eventlog.Is, r.Value, "ae.calling", "ae.called", "ae.destination")
	case File:
		return slices.Concat(is(eventlog.Is, r.Value, "file.name"), is(eventlog.Ends, "/"+r.Value, "file.name"), is(eventlog.Ends, `\`+r.Value, "file.name"))
	case Device:
		return is(eventlog.Is, r.Value, "any.device")
	}
	return nil
}

// requests are the searches for a web address: host and path apart, or whole.
func (r Reading) requests() []eventlog.Query {
	u, err := url.Parse(r.Value)
	if err != nil {
		return nil
	}
	out := either(is(eventlog.Is, u.Hostname(), "http.host", "dst.ip"))
	for n := range out {
		out[n].Where = append(out[n].Where, is(eventlog.Is, u.RequestURI(), "http.uri")...)
	}
	return append(out, either(is(eventlog.Is, r.Value, "http.uri"))...)
}

// either asks for events that meet one of the conditions; each query leaves out what those before it find.
func either(conditions []eventlog.Condition) []eventlog.Query {
	var out []eventlog.Query
	var before []eventlog.Condition
	for _, c := range conditions {
		out = append(out, eventlog.Query{Where: append([]eventlog.Condition{c}, before...)})
		c.Not = true
		before = append(slices.Clone(before), c)
	}
	return out
}

// Owners are the devices that an indicator is a name of, or was: sorted ids. Who calls it checks what may be seen.
func (r Reading) Owners(ctx context.Context, in store.Reader) ([]string, error) {
	switch r.Kind {
	case Device:
		return store.All(ctx, in, store.Value[string], `SELECT id FROM device WHERE id = $1`, r.Value)
	case Address:
		if p, err := netip.ParsePrefix(r.Value); err == nil {
			return within(ctx, in, p)
		}
		return store.All(ctx, in, store.Value[string], `SELECT DISTINCT device_id FROM device_identity WHERE kind = $1 AND value = $2 ORDER BY device_id`, string(network.IP), r.Value)
	case MAC:
		return named(ctx, in, network.MAC, r.Value)
	case AETitle:
		return named(ctx, in, network.AETitle, r.Value)
	case Host, Domain:
		return named(ctx, in, network.Hostname, r.Value)
	}
	return nil, nil
}

// named are the devices with a name; case does not count, as in events. A domain stands for all below it, a host for its name in
// every domain.
func named(ctx context.Context, in store.Reader, kind network.IdentityKind, value string) ([]string, error) {
	like := escaped.Replace(strings.ToLower(value))
	other := like
	if kind == network.Hostname {
		if other = like + ".%"; strings.Contains(value, ".") {
			other = "%." + like
		}
	}
	return store.All(ctx, in, store.Value[string], `SELECT DISTINCT device_id FROM device_identity WHERE kind = $1 AND (lower(value) LIKE $2 ESCAPE '!' OR lower(value) LIKE $3 ESCAPE '!') ORDER BY device_id`,
		string(kind), like, other)
}

var escaped = strings.NewReplacer("!", "!!", "%", "!%", "_", "!_")

// within are the devices with an address in a network.
func within(ctx context.Context, in store.Reader, p netip.Prefix) ([]string, error) {
	type owner struct{ device, address string }
	all, err := store.All(ctx, in, func(s store.Scanner) (o owner, err error) { return o, s.Scan(&o.device, &o.address) },
		`SELECT device_id, value FROM device_identity WHERE kind = $1 ORDER BY device_id`, string(network.IP))
	var out []string
	for _, o := range all {
		if a, err := netip.ParseAddr(o.address); err == nil && p.Contains(a) {
			out = append(out, o.device)
		}
	}
	return slices.Compact(out), err
}
