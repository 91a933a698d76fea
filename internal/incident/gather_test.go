package incident_test

import (
	"slices"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// Alerts go into an incident with their devices, once, and an exercise stays apart from what really happens.
func TestAlertsComeIntoAnIncident(t *testing.T) {
	each(t, func(s *scene) {
		ctx := s.sign.As(s.anna, "incident.*", "detection.*", "device.*")
		alerts := detection.Alerts{DB: s.db}
		report := func(device string) string {
			id, err := alerts.Report(ctx, detection.Report{Title: "It calls outside", Level: detection.High, Device: device, Said: "seen at the switch"})
			s.must(err)
			return id
		}
		d := s.declaration()
		d.Devices = []string{s.scan}
		i, err := s.cases.Declare(ctx, d)
		s.must(err)
		one, two := report(s.pump), report("")
		s.must(s.cases.Gather(ctx, s.get(i).Number, []string{one, two}, "the same caller"))
		f := s.get(i)
		linked := 0
		for _, l := range f.Links {
			if l.Kind == incident.FromAlert && (l.Target == one || l.Target == two) {
				linked++
			}
		}
		if linked != 2 || !slices.ContainsFunc(f.Devices, func(d incident.Involved) bool { return d.Device == s.pump }) {
			t.Errorf("%d of 2 alerts are linked; devices %+v", linked, f.Devices)
		}
		var a detection.Alert
		s.must(s.db.View(ctx, func(r store.Reader) (err error) {
			a, err = detection.GetAlert(ctx, r, one)
			return err
		}))
		if a.State != detection.Escalated || a.Target != i {
			t.Errorf("the alert is %s into %q", a.State, a.Target)
		}
		three := report(s.pump)
		s.must(s.cases.Gather(ctx, i, []string{three}, "the same caller"))
		if n := len(s.get(i).Devices); n != len(f.Devices) {
			t.Errorf("%d devices after a second alert of the same, before %d", n, len(f.Devices))
		}
		d = s.declaration()
		d.Exercise, d.Aware = true, s.clock.Now().Add(-time.Minute)
		drill, err := s.cases.Declare(ctx, d)
		s.must(err)
		four := report(s.pump)
		s.refused(s.cases.Gather(ctx, drill, []string{four}, ""), problem.Invalid, "kept apart")
		s.refused(s.cases.Gather(ctx, i, []string{"alr_none"}, ""), problem.NotFound)
	})
}
