package device

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/product"
)

// IdentityKind is a kind of name on the network.
type IdentityKind string

// The closed list of kinds.
const (
	MAC      IdentityKind = "mac"
	IP       IdentityKind = "ip"
	Hostname IdentityKind = "hostname"
	AETitle  IdentityKind = "ae_title" // DICOM application entity
)

// IdentityKinds lists every kind.
func IdentityKinds() []IdentityKind { return []IdentityKind{MAC, IP, Hostname, AETitle} }

// Identity is a name on the network that a device has had from an instant until another.
type Identity struct {
	Kind   IdentityKind
	Value  string
	Since  time.Time // zero: not known since when
	Until  time.Time // zero: still
	Source string
}

// Canonical is the one way to write an identity: MAC addresses as lower-case pairs with colons, IP addresses as RFC 5952
// writes them (a prefix length is dropped), host names in lower case, AE titles without outer blanks (DICOM PS3.5 6.2).
func Canonical(kind IdentityKind, s string) (string, error) {
	s = strings.TrimSpace(s)
	switch kind {
	case MAC:
		return canonicalMAC(s)
	case IP:
		text, _, _ := strings.Cut(s, "/")
		a, err := netip.ParseAddr(text)
		if err != nil || a.Zone() != "" || a.IsUnspecified() || a.IsMulticast() {
			return "", fmt.Errorf("%q is not an IP address of one device", s)
		}
		return a.Unmap().String(), nil
	case Hostname:
		h := strings.ToLower(strings.TrimSuffix(s, "."))
		if h == "" || len(h) > 253 || strings.ContainsFunc(h, func(r rune) bool {
			return !(r >= 'a' && r <= 'z' || r >= '0' && r <= '9' || r == '-' || r == '_' || r == '.')
		}) {
			return "", fmt.Errorf("%q is not a host name", s)
		}
		return h, nil
	case AETitle:
		if s == "" || len(s) > 16 || strings.ContainsFunc(s, func(r rune) bool { return r < 0x20 || r > 0x7e || r == '\\' }) {
			return "", fmt.Errorf("%q is not an AE title (1 to 16 characters without backslash)", s)
		}
		return s, nil
	}
	return "", fmt.Errorf("%q is not a kind of identity", kind)
}

func canonicalMAC(s string) (string, error) {
	b, err := hex.DecodeString(strings.NewReplacer(":", "", "-", "", ".", "", " ", "").Replace(s))
	zero, ones := [6]byte{}, [6]byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff}
	if err != nil || len(b) != 6 || [6]byte(b) == zero || [6]byte(b) == ones || b[0]&1 == 1 {
		return "", fmt.Errorf("%q is not a MAC address of one device", s)
	}
	var out strings.Builder
	for i, x := range b {
		if i > 0 {
			out.WriteByte(':')
		}
		out.WriteString(hex.EncodeToString([]byte{x}))
	}
	return out.String(), nil
}

func validateIdentities(l *problem.List, all []Identity) {
	if len(all) > maxIdentities {
		l.Add("identities", "at most %d are allowed", maxIdentities)
		return
	}
	for i, n := range all {
		at := fmt.Sprintf("identities[%d]", i)
		if v, err := Canonical(n.Kind, n.Value); err != nil {
			l.Add(at+"."+string(n.Kind), "%v", err)
		} else if v != n.Value {
			l.Add(at+"."+string(n.Kind), "must be written %q", v)
		}
		if !n.Until.IsZero() && n.Until.Before(n.Since) {
			l.Add(at+".until", "is before since")
		}
		product.Text(l, at+".source", n.Source, maxText)
	}
}

// setCurrent makes values the identities of a kind that hold at now: those missing end, new ones begin.
func (d *Device) setCurrent(kind IdentityKind, values []string, now time.Time, source string) {
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

// mark is an asset tag or serial number as it is compared: upper case without blanks. Other signs count: 1-12 is not 11-2.
func mark(s string) string {
	s = strings.ToUpper(strings.Join(strings.Fields(s), ""))
	if Blank(s) {
		return ""
	}
	return s
}

// Blank reports whether a text only says that nothing is known ("n/a", "unknown", "-").
func Blank(s string) bool {
	switch strings.ToLower(strings.Trim(s, " \t.-_?*")) {
	case "", "n/a", "na", "n.a", "none", "null", "nil", "unknown", "unbekannt", "tbd", "not available", "not known", "notavailable", "notknown", "xxx", "0", "00", "000", "0000":
		return true
	}
	return false
}

// anySite stands in a tag's key for whichever site.
const anySite = "*"

// keys are the names by which a record is recognised. A record with a site is also found by its tag alone.
func (d Device) keys() []string {
	var out []string
	serial, tag := mark(d.Serial), mark(d.AssetTag)
	if serial != "" {
		if d.DI != "" {
			out = append(out, "u|"+d.DI+"|"+serial)
		}
		out = append(out, d.serialKeys(serial)...)
	}
	if tag != "" {
		out = append(out, "t|"+string(d.Site)+"|"+tag, "t|"+anySite+"|"+tag)
	}
	for _, m := range d.Current(MAC) {
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
	if tag := mark(d.AssetTag); tag != "" {
		if d.Site == "" {
			out[keyTag] = []string{"t|" + anySite + "|" + tag}
		} else { // also a record whose site was not known
			out[keyTag] = []string{"t|" + string(d.Site) + "|" + tag, "t||" + tag}
		}
	}
	return out
}
