package app

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/eventlog"
)

func TestRetentionIsRead(t *testing.T) {
	const day = 24 * time.Hour
	got, err := retention([]string{"1095", " 4003 = 90", "6005=0"})
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(eventlog.Retention{Default: 1095 * day, ByClass: map[int]time.Duration{4003: 90 * day, 6005: 0}}, got); diff != "" {
		t.Error(diff)
	}
	for _, k := range []string{"", "x", "-1", "4003=", "=5", "4003=x", "99999"} {
		if _, err := retention([]string{k}); err == nil {
			t.Errorf("%q is accepted", k)
		}
	}
}
