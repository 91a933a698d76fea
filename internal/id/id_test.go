package id

import "testing"

func TestNewIsValidAndSorts(t *testing.T) {
	last := ""
	for range 1000 {
		s, err := New("dev")
		if err != nil {
			t.Fatal(err)
		}
		if !Valid("dev", s) || Valid("adv", s) {
			t.Fatalf("Valid(%q) is wrong", s)
		}
		if s <= last {
			t.Fatalf("%q does not sort after %q", s, last)
		}
		last = s
	}
}

func TestValidRefuses(t *testing.T) {
	for _, s := range []string{"", "dev", "dev_", "dev_01", "dev_!!!!!!!!!!!!!!!!!!!!!!!!!!", "DEV_01jx0000000000000000000000"} {
		if Valid("dev", s) {
			t.Errorf("Valid(%q) = true", s)
		}
	}
}
