package online

import (
	"testing"

	"triward/internal/cli/terminal"
)

func TestEachColumnAndArgumentIsAField(t *testing.T) {
	r := &Remote{Terminal: &terminal.Terminal{}}
	r.Commands()
	for _, g := range []string{"journal", "advisory", "sbom"} {
		if len(r.Under(g)) == 0 {
			t.Errorf("nothing under %s", g)
		}
	}
	for _, err := range r.faults {
		t.Error(err)
	}
}
