package pipeline

import (
	"context"
	"net/netip"
	"slices"
	"strings"

	"triward/internal/eventlog"
	"triward/internal/product"
)

// Zones of the other side where it is no known device.
const (
	internet = "internet"
	private  = "private"
)

// sender is where a record came from.
type sender struct {
	site    string // where the source stands: decides between hospitals that use the same private addresses
	address string // of who sent it; "" where that says nothing of the device
}

// resolve writes into an event what the inventory says of its devices at its time.
func (v *Inventory) resolve(ctx context.Context, e *eventlog.Event, from sender) {
	at, site := e.At(), from.site
	src, dst := v.byAddress(e.SrcIP, at, site), v.byAddress(e.DstIP, at, site)
	dev, peer, side := src, dst, "src"
	other := e.DstIP
	if dev == nil && dst != nil {
		dev, peer, side = dst, nil, "dst"
		other = e.SrcIP
	}
	if dev == nil {
		side = "host"
		if dev = v.byHost(e.Host, at, site); dev == nil {
			dev = v.byTitle(e.Field("ae.calling"), at, site)
		}
		if dev == nil && e.Host == "" && e.SrcIP == "" {
			dev = v.byAddress(from.address, at, site)
		}
	}
	if peer == nil && side != "dst" {
		if peer = v.byTitle(e.Field("ae.called"), at, site); peer == dev {
			peer = nil
		}
	}
	var set fields
	set.more = set.all[:0]
	if dev != nil {
		p := v.placeAt(ctx, dev, at)
		e.Device, e.Site, e.Ward, e.Zone = string(dev.id), p.site, p.ward, p.zone
		set.add("dev.side", side)
		set.device("dev.", dev, p)
	}
	if peer != nil {
		p := v.placeAt(ctx, peer, at)
		e.Peer, e.PeerZone = string(peer.id), p.zone
		set.device("peer.", peer, p)
		set.add("peer.site", p.site)
		set.add("peer.ward", p.ward)
	} else if other != "" {
		e.PeerZone = zoneOf(other)
	}
	if e.Site == "" {
		e.Site = site
	}
	set.add("dir", direction(e.SrcIP, e.DstIP))
	set.into(e)
	e.Fit()
}

// fields gathers what the inventory says; it counts before what a record says of itself.
type fields struct {
	all  [16]eventlog.Field
	more []eventlog.Field
}

func (f *fields) add(name, value string) {
	if value != "" {
		f.more = append(f.more, eventlog.Field{Name: name, Value: value})
	}
}

// into puts the fields into an event, in order.
func (f *fields) into(e *eventlog.Event) {
	if len(f.more) == 0 {
		return
	}
	slices.SortFunc(f.more, byName)
	merged := make([]eventlog.Field, 0, len(f.more)+len(e.Fields))
	for _, have := range e.Fields {
		for len(f.more) > 0 && f.more[0].Name < have.Name {
			merged, f.more = append(merged, f.more[0]), f.more[1:]
		}
		if len(f.more) > 0 && f.more[0].Name == have.Name {
			continue
		}
		merged = append(merged, have)
	}
	e.Fields = append(merged, f.more...)
}

func byName(a, b eventlog.Field) int { return strings.Compare(a.Name, b.Name) }

func (f *fields) device(prefix string, s *standing, p place) {
	f.add(prefix+"tag", s.tag)
	f.add(prefix+"model", s.model)
	f.add(prefix+"vendor", s.vendor)
	f.add(prefix+"class", s.class)
	f.add(prefix+"in_use", inUse(p.inUse))
}

func inUse(a product.Answer) string {
	switch a {
	case product.Yes:
		return "in_use"
	case product.No:
		return "not_in_use"
	}
	return "unknown"
}

func isPrivate(a netip.Addr) bool {
	return a.IsPrivate() || a.IsLoopback() || a.IsLinkLocalUnicast() || a.IsMulticast() || a.IsUnspecified()
}

func zoneOf(text string) string {
	a, err := netip.ParseAddr(text)
	switch {
	case err != nil:
		return ""
	case isPrivate(a.Unmap()):
		return private
	}
	return internet
}

// direction is where a connection goes, by what its addresses are.
func direction(src, dst string) string {
	s, d := zoneOf(src), zoneOf(dst)
	switch {
	case s == "" || d == "":
		return ""
	case s == private && d == private:
		return "internal"
	case s == private:
		return "out"
	case d == private:
		return "in"
	}
	return "external"
}
