package network_test

import (
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device/network"
)

func TestCanonical(t *testing.T) {
	for _, c := range []struct {
		kind     network.IdentityKind
		in, want string // "" is refused
	}{
		{network.MAC, "00-1B-C5-00-00-01", "00:1b:c5:00:00:01"},
		{network.MAC, "001b.c500.0001", "00:1b:c5:00:00:01"},
		{network.MAC, "ff:ff:ff:ff:ff:ff", ""},
		{network.MAC, "01:00:5e:00:00:01", ""}, // a group address
		{network.MAC, "00:00:00:00:00:00", ""},
		{network.IP, " 10.0.0.1/24", "10.0.0.1"},
		{network.IP, "2001:DB8::0:1", "2001:db8::1"},
		{network.IP, "::ffff:10.0.0.1", "10.0.0.1"},
		{network.IP, "0.0.0.0", ""},
		{network.IP, "224.0.0.1", ""},
		{network.IP, "fe80::1%eth0", ""},
		{network.Hostname, "PUMP-01.Ward.", "pump-01.ward"},
		{network.Hostname, "two words", ""},
		{network.Hostname, strings.Repeat("a", 254), ""},
		{network.AETitle, " CT_1 ", "CT_1"},
		{network.AETitle, `A\B`, ""},
		{network.AETitle, "SEVENTEEN_LETTERS", ""},
		{"colour", "blue", ""},
	} {
		got, err := network.Canonical(c.kind, c.in)
		if got != c.want || (err == nil) != (c.want != "") {
			t.Errorf("Canonical(%s, %q) = %q, %v; want %q", c.kind, c.in, got, err, c.want)
		}
	}
}

func TestWaysAreReadBack(t *testing.T) {
	if d := cmp.Diff(network.Connectivities(), network.SplitWays(network.JoinWays(network.Connectivities()))); d != "" {
		t.Error(d)
	}
	if got := network.SplitWays(network.JoinWays(nil)); got != nil {
		t.Errorf("no way is read as %v", got)
	}
}

func FuzzCanonical(f *testing.F) {
	f.Add("mac", "00-1B-C5-00-00-01")
	f.Add("ip", "::ffff:10.0.0.1/96")
	f.Add("hostname", "Pump.")
	f.Add("hostname", "..")
	f.Add("ae_title", " CT ")
	f.Fuzz(func(t *testing.T, kind, s string) {
		once, err := network.Canonical(network.IdentityKind(kind), s)
		if err != nil {
			return
		}
		if again, err := network.Canonical(network.IdentityKind(kind), once); err != nil || again != once {
			t.Errorf("%q becomes %q, then %q, %v", s, once, again, err)
		}
	})
}
