package timeline_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/eventlog"
	"triward/internal/incident/timeline"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// A cause stands before its consequence, though the clock of its source was seven minutes ahead; what was told stays.
func TestCauseStandsBeforeConsequence(t *testing.T) {
	each(t, func(s *scene) {
		wrong := func(by time.Duration, source, message string) func(e *eventlog.Event) {
			return func(e *eventlog.Event) {
				e.Time += by.Microseconds()
				e.Source, e.Message, e.Skew, e.SkewKnown = source, message, by.Microseconds(), true
			}
		}
		for i := range 40 { // each cause is told seven minutes too late, and its consequence a minute behind it a little too early
			before := 2*time.Hour - time.Duration(i)*2*time.Minute
			s.event(before, wrong(7*time.Minute+time.Duration(i)*300*time.Millisecond, "src_ahead", fmt.Sprintf("cause %02d", i)))
			s.event(before-time.Minute, wrong(-20*time.Millisecond, "src_right", fmt.Sprintf("consequence %02d", i)))
		}
		s.event(time.Hour, func(e *eventlog.Event) { e.Time, e.Message = 0, "undated" })
		var want []string
		for i := range 40 {
			want = append(want, fmt.Sprintf("event cause %02d", i), fmt.Sprintf("event consequence %02d", i))
		}
		for _, limit := range []int{3, 1000} {
			q := timeline.Query{Kinds: []timeline.Kind{timeline.Event}, Limit: limit}
			if diff := cmp.Diff(want, lines(s.all(q, nil))); diff != "" {
				t.Errorf("pages of %d: %s", limit, diff)
			}
			q.Order = store.NewestFirst
			back := lines(s.all(q, nil))
			slices.Reverse(back)
			if diff := cmp.Diff(want, back); diff != "" {
				t.Errorf("the newest first, pages of %d: %s", limit, diff)
			}
		}
		told := s.all(timeline.Query{Kinds: []timeline.Kind{timeline.Event}, Told: true}, nil)
		if got := lines(told[:4]); got[0] != "event consequence 00" || len(told) != 80 {
			t.Errorf("by what was told: %d entries, first %v", len(told), got)
		}
		next := s.page(timeline.Query{Limit: 3}).Next
		_, err := s.desk.Page(s.ctx, s.of, timeline.Query{Limit: 3, After: next, Told: true})
		s.refused(err, problem.Invalid, "another list")
	})
}

// Each device has gaps of its own: before its first event, between two, and from the last one until now or the closure.
func TestSilenceOfOneDevice(t *testing.T) {
	each(t, func(s *scene) {
		silent, err := device.Fleet{DB: s.db}.Register(s.ctx, device.Device{AssetTag: "P-2", RawVendor: "Nordmed", RawModel: "N-1", InUse: product.Yes, OwnClass: product.LifeSustaining, Ward: "ICU"})
		s.must(err)
		s.must(s.cases.Involve(s.ctx, s.inc, []string{string(silent)}, nil))
		for h := range 23 { // one of the two always says something
			s.event(time.Duration(h)*time.Hour+time.Minute, nil)
		}
		s.event(8*time.Hour, func(e *eventlog.Event) { e.Device = string(silent) })
		s.event(7*time.Hour, func(e *eventlog.Event) { e.Device, e.Peer = "", string(silent) })
		now := s.clock.Now()
		gaps := func() (out []string) {
			for _, e := range s.all(timeline.Query{Kinds: []timeline.Kind{timeline.Gap}}, nil) {
				until := "it lasts"
				if !e.Until.IsZero() {
					until = e.Until.Sub(now).String()
				}
				out = append(out, fmt.Sprintf("%s %v to %s", strings.Fields(e.Name)[0], e.Told.Sub(now), until))
			}
			return out
		}
		if diff := cmp.Diff([]string{"P-2 -24h0m0s to -8h0m0s", "P-2 -7h0m0s to it lasts"}, gaps()); diff != "" {
			t.Error(diff)
		}
		s.clock.Advance(8 * time.Hour)
		if diff := cmp.Diff([]string{"P-2 -24h0m0s to -8h0m0s", "P-2 -7h0m0s to it lasts", "P-1 -1m0s to it lasts"}, gaps()); diff != "" {
			t.Error(diff)
		}
		reader := s.sign.As(s.anna, "incident.read")
		p, err := s.desk.Page(reader, s.of, timeline.Query{Kinds: []timeline.Kind{timeline.Gap}})
		if s.must(err); len(p.Entries) != 0 || p.Left.NoEvents == "" {
			t.Errorf("who may not read events is told %v, %+v", lines(p.Entries), p.Left)
		}
	})
}
