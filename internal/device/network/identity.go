package network

import (
	"encoding/hex"
	"fmt"
	"net/netip"
	"strings"
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
		// RFC 1123 2.1: labels joined by dots, none of them empty.
		if h == "" || len(h) > 253 || strings.Contains("."+h+".", "..") || strings.ContainsFunc(h, func(r rune) bool {
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
