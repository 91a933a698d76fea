package problem

import (
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func TestListCollectsAllFaultsByPath(t *testing.T) {
	var inner List
	inner.Add("mac", "is not a hardware address")
	var l List
	l.Add("serial", "is required")
	l.Merge("identities[2]", inner.Err("identity"))
	l.Merge("udi", errors.New("wrong check digit"))
	l.Merge("site", nil)
	err := fmt.Errorf("register device %q: %w", "P-1", l.Err("device is not valid"))
	if got := KindOf(err); got != Invalid {
		t.Errorf("KindOf = %q, want %q", got, Invalid)
	}
	want := []Fault{{"identities[2].mac", "is not a hardware address"}, {"serial", "is required"}, {"udi", "wrong check digit"}}
	if d := cmp.Diff(want, FaultsOf(err)); d != "" {
		t.Errorf("faults (-want +got):\n%s", d)
	}
}

func TestEmptyListIsNoError(t *testing.T) {
	var l List
	if err := l.Err("nothing"); err != nil {
		t.Errorf("Err = %v, want nil", err)
	}
	if KindOf(nil) != "" || KindOf(errors.New("x")) != "" {
		t.Error("an error without kind must have the kind \"\"")
	}
}

func TestAboutNamesTheInputWhereUsersSeeIt(t *testing.T) {
	var l List
	l.Add("line 3", "is empty")
	err := About(l.Err("cannot be read"), "read KEV catalogue %q", "kev.json")
	if got := Text(err); got != `read KEV catalogue "kev.json": cannot be read: line 3: is empty` || got != err.Error() || KindOf(err) != Invalid {
		t.Errorf("%q of kind %q", got, KindOf(err))
	}
	if got := Text(About(New(Conflict, ""), "x")); got != "x" {
		t.Errorf("%q", got)
	}
	plain := errors.New("disk")
	if err := About(plain, "read x"); !errors.Is(err, plain) || KindOf(err) != "" || About(nil, "x") != nil {
		t.Errorf("%v", err)
	}
}
