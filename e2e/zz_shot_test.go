package e2e

import (
	"os"
	"strings"
	"testing"
)

func TestZZShot(t *testing.T) {
	b := open(t)
	s := server{address: os.Getenv("SHOT_AT"), password: os.Getenv("SHOT_PW")}
	b.signIn(s, os.Getenv("SHOT_WHO"), s.password)
	for _, p := range strings.Split(os.Getenv("SHOT_PAGES"), ",") {
		for _, w := range []window{{1280, 900, "light"}, {390, 844, "dark"}} {
			b.look(w)
			b.visit(s.address + p)
			b.shot(strings.ReplaceAll(strings.Trim(p, "/"), "/", "_") + "-" + w.name())
			for _, f := range b.audit() {
				t.Log(f)
			}
		}
	}
}
