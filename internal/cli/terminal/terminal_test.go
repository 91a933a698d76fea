package terminal

import (
	"testing"
	"time"
)

func TestTextsOfOthersDoNotSteerTheTerminal(t *testing.T) {
	if got := Text("a\x1b[2Jb\nc\u009bd"); got != "a [2Jb c d" {
		t.Errorf("%q", got)
	}
}

func TestNothingIsADash(t *testing.T) {
	var none *float64
	for _, v := range []any{"", time.Time{}, none} {
		if got := Text(v); got != "-" {
			t.Errorf("%#v is %q", v, got)
		}
	}
}
