package device

import (
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/device/fleetfile"
	"triward/internal/device/network"
	"triward/internal/problem"
	"triward/internal/product"
)

// Identity is a name on the network that a device has had from an instant until another.
type Identity struct {
	Kind   network.IdentityKind
	Value  string
	Since  time.Time // zero: not known since when
	Until  time.Time // zero: still
	Source string
}

func validateIdentities(l *problem.List, all []Identity) {
	if len(all) > maxIdentities {
		l.Add("identities", "at most %d are allowed", maxIdentities)
		return
	}
	for i, n := range all {
		at := fmt.Sprintf("identities[%d]", i)
		if v, err := network.Canonical(n.Kind, n.Value); err != nil {
			l.Add(at+"."+string(n.Kind), "%v", err)
		} else if v != n.Value {
			l.Add(at+"."+string(n.Kind), "must be written %q", v)
		}
		if !n.Until.IsZero() && n.Until.Before(n.Since) {
			l.Add(at+".until", "is before since")
		}
		product.Text(l, at+".source", n.Source, fleetfile.MaxText)
	}
}

// setCurrent makes values the identities of a kind that hold at now: those missing end, new ones begin.
func (d *Device) setCurrent(kind network.IdentityKind, values []string, now time.Time, source string) {
	have := map[string]bool{}
	d.Identities = slices.Clone(d.Identities)
	for i, n := range d.Identities {
		if n.Kind != kind || !n.Until.IsZero() {
			continue
		}
		if slices.Contains(values, n.Value) {
			have[n.Value] = true
		} else {
			d.Identities[i].Until = now
		}
	}
	for _, v := range values {
		if !have[v] {
			have[v] = true
			d.Identities = append(d.Identities, Identity{Kind: kind, Value: v, Since: now, Source: source})
		}
	}
	// An interval that begins anew at the instant at which it ended is the same interval.
	d.Identities = slices.DeleteFunc(d.Identities, func(n Identity) bool { return !n.Until.IsZero() && n.Until.Equal(n.Since) })
}

// keyKind is the strength of a name, the strongest first.
type keyKind byte

const (
	keyUDI    keyKind = 'u' // device identifier and serial number
	keySerial keyKind = 's' // manufacturer, model and serial number
	keyTag    keyKind = 't' // site and asset tag
	keyMAC    keyKind = 'h'
)

func keyKinds() []keyKind { return []keyKind{keyUDI, keySerial, keyTag, keyMAC} }

func (k keyKind) String() string {
	switch k {
	case keyUDI:
		return "UDI and serial number"
	case keySerial:
		return "manufacturer, model and serial number"
	case keyTag:
		return "site and asset tag"
	case keyMAC:
		return "MAC address"
	}
	return "name"
}

// anySite stands in a tag's key for whichever site.
const anySite = "*"

// keys are the names by which a record is recognised. A record with a site is also found by its tag alone.
func (d Device) keys() []string {
	var out []string
	serial, tag := fleetfile.Mark(d.Serial), fleetfile.Mark(d.AssetTag)
	if serial != "" {
		if d.DI != "" {
			out = append(out, "u|"+d.DI+"|"+serial)
		}
		out = append(out, d.serialKeys(serial)...)
	}
	if tag != "" {
		out = append(out, "t|"+string(d.Site)+"|"+tag, "t|"+anySite+"|"+tag)
	}
	for _, m := range d.Current(network.MAC) {
		out = append(out, "h|"+m)
	}
	return out
}

func (d Device) serialKeys(serial string) []string {
	var out []string
	if d.Model != "" {
		out = append(out, "s|"+string(d.Model)+"|"+serial)
	}
	if v, m := product.FoldMaker(d.RawVendor), product.Fold(d.RawModel); v != "" && m != "" {
		out = append(out, "s|"+v+"|"+m+"|"+serial)
	}
	return out
}

// wanted are the keys to look for a described device by, kind after kind.
func (d Device) wanted() map[keyKind][]string {
	out := map[keyKind][]string{}
	for _, k := range d.keys() {
		if !strings.HasPrefix(k, "t|") {
			out[keyKind(k[0])] = append(out[keyKind(k[0])], k)
		}
	}
	if tag := fleetfile.Mark(d.AssetTag); tag != "" {
		if d.Site == "" {
			out[keyTag] = []string{"t|" + anySite + "|" + tag}
		} else { // also a record whose site was not known
			out[keyTag] = []string{"t|" + string(d.Site) + "|" + tag, "t||" + tag}
		}
	}
	return out
}
