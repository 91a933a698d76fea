package loop_test

import (
	"context"
	"fmt"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/blob"
	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/custody"
	"triward/internal/incident/ladder"
	"triward/internal/incident/loop"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	ctx   context.Context
	sign  *signaturetest.Signer
	anna  string
	cases incident.Cases
	desk  loop.Desk
	pump  string
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db}, Preserves: func(context.Context, store.Reader, string, string) (bool, error) { return true, nil }}, desk: loop.Desk{DB: db}}
		s.sign, s.anna = sign, sign.Person(t, "anna", "Anna Security")
		s.ctx = sign.As(s.anna, "incident.*", "containment.*", "device.*", "loop.*", "detection.*")
		d, err := device.Fleet{DB: db}.Register(s.ctx, device.Device{AssetTag: "P-1", RawVendor: "Nordmed", RawModel: "N", InUse: product.No, OwnClass: product.Diagnostic, Ward: "ICU"})
		s.must(err)
		s.pump = string(d)
		fn(s)
	})
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err, problem.FaultsOf(err))
	}
}

func (s *scene) declare(exercise bool) string {
	s.Helper()
	i, err := s.cases.Declare(s.ctx, incident.Declaration{Devices: []string{s.pump}, Incident: incident.Incident{Title: "A pump calls outside", Cyber: 1, Clinical: 1, TLP: incident.Amber, PAP: incident.Amber,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Exercise: exercise, Aware: s.clock.Now(), AwareWho: "Anna", AwareHow: "a call"}})
	s.must(err)
	return i
}

func (s *scene) measure(i string) map[string]string {
	s.Helper()
	out := map[string]string{}
	s.must(s.db.View(s.ctx, func(r store.Reader) error {
		m, err := loop.Measure(s.ctx, r, i, s.clock.Now())
		for _, v := range m.Values {
			switch {
			case !v.Known:
				out[string(v.Metric)] = "unknown: " + v.Missing
			case v.Low != v.High:
				out[string(v.Metric)] = fmt.Sprintf("%.2f (%.2f to %.2f)", v.Value, v.Low, v.High)
			default:
				out[string(v.Metric)] = fmt.Sprintf("%.2f", v.Value)
			}
		}
		return err
	}))
	return out
}

func (s *scene) care(i string, to incident.Care) {
	s.Helper()
	var f incident.File
	s.must(s.db.View(s.ctx, func(r store.Reader) (err error) { f, err = incident.Get(s.ctx, r, i); return err }))
	f.Care = to
	s.must(s.cases.Change(s.ctx, i, f.Incident, "as the ward said"))
}

// Every metric with the times counted by hand: an alert at 0:00 taken at 0:10, declared at 0:30, contained at 2:30, back in
// use at 5:00.
func TestMetricsComeFromRecordsOrSayWhatIsMissing(t *testing.T) {
	each(t, func(s *scene) {
		alerts := detection.Alerts{DB: s.db}
		alert, err := alerts.Report(s.ctx, detection.Report{Title: "The pump calls out", Level: detection.High, Device: s.pump, Said: "network operations saw it"})
		s.must(err)
		s.clock.Advance(10 * time.Minute)
		s.must(alerts.Acknowledge(s.ctx, []string{alert}))
		s.clock.Advance(20 * time.Minute)
		i := s.declare(false)
		s.must(s.cases.Link(s.ctx, i, incident.Link{Kind: incident.FromAlert, Target: alert}))
		got := s.measure(i)
		for metric, says := range map[string]string{"mttd": "t0 (first malicious act): nobody has estimated it", "mttc": "no device was found compromised", "clock_slack": "no report was sent",
			"evidence_verified": "you may not see evidence", "mtta": "0.17", "time_to_declare": "0.50", "clinical_downtime": "0.00"} {
			if !strings.Contains(got[metric], says) {
				s.Errorf("%s is %q, want %q", metric, got[metric], says)
			}
		}

		t0 := s.clock.Now().Add(-150 * time.Minute) // two hours before the alert
		bad := loop.Moment{Name: loop.T0, At: t0, Basis: "a log"}
		if err := s.desk.Estimate(s.ctx, i, bad); problem.KindOf(err) != problem.Invalid {
			s.Errorf("an estimate without an interval: %v", err)
		}
		bad.Name, bad.Earliest, bad.Latest = loop.T4, t0, t0
		if err := s.desk.Estimate(s.ctx, i, bad); problem.KindOf(err) != problem.Invalid {
			s.Errorf("an estimate of what is a record: %v", err)
		}
		s.must(s.desk.Estimate(s.ctx, i, loop.Moment{Name: loop.T0, At: t0, Earliest: t0.Add(-time.Hour), Latest: t0.Add(30 * time.Minute), Basis: "log of the firewall"}))
		s.care(i, incident.Degraded)
		a, err := s.cases.PlanAction(s.ctx, i, incident.Action{Device: s.pump, Target: "port 1", Plan: ladder.Plan{Level: ladder.Watch, Impact: "none", Alternative: "-", Compensating: "-", Observe: "no packet", Return: s.clock.Now().Add(20 * time.Hour)}})
		s.must(err)
		s.must(s.cases.Check(s.ctx, a, "free"))
		s.must(s.cases.Run(s.ctx, a))
		s.must(s.cases.SetDevice(s.ctx, i, s.pump, incident.DeviceChange{State: incident.Compromised, Evidence: incident.Preserved, EvidenceNote: "test"}))
		s.clock.Advance(2 * time.Hour)
		s.must(s.cases.See(s.ctx, a, ladder.Observed, "no packet"))
		s.care(i, incident.Normal)
		s.clock.Advance(2 * time.Hour)
		s.must(s.cases.SetDevice(s.ctx, i, s.pump, incident.DeviceChange{State: incident.Contained}))
		s.must(s.cases.SetDevice(s.ctx, i, s.pump, incident.DeviceChange{State: incident.Eradicated}))
		s.must(s.cases.SetDevice(s.ctx, i, s.pump, incident.DeviceChange{State: incident.Revalidated, Checks: incident.RevalidationChecks()}))
		s.clock.Advance(30 * time.Minute)
		s.must(s.cases.SetDevice(s.ctx, i, s.pump, incident.DeviceChange{State: incident.BackInUse}))
		e, err := s.cases.AddEntity(s.ctx, i, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"},
			Facts: map[string]clock.Truth{"recipients_affected": clock.No, "authority_request": clock.No, "still_ongoing": clock.No, "significant_incident": clock.Yes}, Instants: map[string]time.Time{"became_aware": s.clock.Now()}}})
		s.must(err)
		s.clock.Advance(4 * time.Hour)
		s.must(s.cases.Discharge(s.ctx, i, e, incident.Sent{Duty: "eu-nis2-23", Stage: "warning", At: s.clock.Now(), Evidence: "CSIRT 1"}))
		t1 := t0.Add(90 * time.Minute) // half an hour before the alert
		s.must(s.desk.Estimate(s.ctx, i, loop.Moment{Name: loop.T1, At: t1, Earliest: t1, Latest: t1.Add(15 * time.Minute), Basis: "a line of the firewall"}))
		reasons := []detection.BlindReason{detection.BlindStopped, detection.BlindOverload, detection.BlindDisk}
		for n, x := range [][2]time.Duration{{-30, 15}, {90, 150}, {120, 165}} { // minutes after t1: before it in part, and two that overlap
			_, err := detection.Sources{DB: s.db}.NoteBlind(s.ctx, detection.Blind{Reason: reasons[n], Started: t1.Add(x[0] * time.Minute), Ended: t1.Add(x[1] * time.Minute)})
			s.must(err)
		}
		got = s.measure(i)
		want := map[string]string{"mttd": "2.00 (1.50 to 3.00)", "detection_lag": "0.50 (0.25 to 0.50)", "blind_time": "1.50", "mtta": "0.17", "time_to_declare": "0.50", "mttc": "2.00", "mttr": "4.50", "dwell": "4.50 (4.00 to 5.50)", "dwell_detected": "2.00 (1.50 to 3.00)",
			"clinical_downtime": "2.00", "clock_slack": "20.00", "evidence_verified": "unknown: you may not see evidence"}
		if d := cmp.Diff(want, got); d != "" {
			s.Errorf("(-want +got):\n%s", d)
		}

		s.declare(true)
		var rep loop.Report
		s.must(s.db.View(s.ctx, func(r store.Reader) (err error) {
			rep, err = loop.Over(s.ctx, r, loop.Period{From: testdb.Start.AddDate(0, 0, -1), To: s.clock.Now().AddDate(0, 0, 1)}, nil, s.clock.Now())
			return err
		}))
		if len(rep.Incidents) != 1 || len(rep.Exercises) != 1 || rep.CoverageKnown || !rep.PrecisionKnown {
			s.Errorf("%d incidents, %d exercises, coverage %v, precision %v", len(rep.Incidents), len(rep.Exercises), rep.CoverageKnown, rep.PrecisionKnown)
		}
		for _, x := range rep.Real {
			if x.Metric == loop.MTTC && (x.N != 1 || x.Median != 2 || x.Estimate) || x.Metric == loop.Dwell && (x.Median != 4.5 || !x.Estimate) || x.Metric == loop.Verified && (x.N != 0 || len(x.Unknown) != 1) {
				s.Errorf("%+v", x)
			}
		}
	})
}

// Each device counts for the time that it was in the incident: not before it came in, not after it was cleared or back in use.
func TestDowntimeIsOfEachDevice(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare(false)
		other, err := device.Fleet{DB: s.db}.Register(s.ctx, device.Device{AssetTag: "P-2", RawVendor: "Nordmed", RawModel: "N", InUse: product.No, OwnClass: product.Diagnostic, Ward: "ICU"})
		s.must(err)
		s.care(i, incident.Downtime)
		s.must(s.cases.SetDevice(s.ctx, i, s.pump, incident.DeviceChange{State: incident.Compromised, Evidence: incident.Waived, EvidenceNote: "test"}))
		s.clock.Advance(3 * time.Hour)
		if got := s.measure(i)["clinical_downtime"]; got != "3.00" {
			s.Errorf("one device that was hit: %s", got)
		}
		s.must(s.cases.Involve(s.ctx, i, []string{string(other)}, []string{"Archive"})) // three hours late
		s.clock.Advance(2 * time.Hour)
		if got := s.measure(i)["clinical_downtime"]; got != "5.00 (5.00 to 7.00)" {
			s.Errorf("another that nobody has judged: %s", got)
		}
		s.must(s.cases.SetDevice(s.ctx, i, string(other), incident.DeviceChange{State: incident.Cleared, Reason: "its image is whole"}))
		s.clock.Advance(4 * time.Hour)
		if got := s.measure(i)["clinical_downtime"]; got != "9.00 (9.00 to 11.00)" {
			s.Errorf("after it was cleared: %s", got)
		}
		s.must(s.cases.SetDevice(s.ctx, i, s.pump, incident.DeviceChange{State: incident.DeviceRetired, Reason: "replaced"}))
		s.clock.Advance(24 * time.Hour)
		s.care(i, incident.Normal)
		s.clock.Advance(24 * time.Hour)
		if got := s.measure(i)["clinical_downtime"]; got != "9.00 (9.00 to 11.00)" {
			s.Errorf("after nothing is in it any more: %s", got)
		}
	})
}

func TestVerifiedIsAShareOfWhatIsSealed(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare(false)
		s.ctx = s.sign.As(s.anna, "incident.*", "custody.*", "detection.*", "loop.*")
		blobs, err := blob.Open(s.ctx, "dir:"+t.TempDir())
		s.must(err)
		keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "evidence.keys"))
		s.must(err)
		vault := custody.Vault{DB: s.db, Blobs: blobs, Keys: keys}
		var items []string
		for range 4 {
			x, err := vault.Register(s.ctx, custody.Item{Incident: i, Kind: custody.LogExtract, Description: "log", Source: "pump", Authority: "head of security", Method: "tool", Began: s.clock.Now(), Patients: custody.NoPatients, Place: "safe"})
			s.must(err)
			_, err = vault.Append(s.ctx, x, 0, strings.NewReader("a line"))
			s.must(err)
			s.must(vault.Seal(s.ctx, x, custody.Sealing{}))
			items = append(items, x)
		}
		s.clock.Advance(time.Hour)
		s.must(vault.Verify(s.ctx, items[0]))
		if got := s.measure(i)["evidence_verified"]; got != "0.25" {
			s.Errorf("one of four was hashed again: %s", got)
		}
	})
}

// Closing plans a check where nobody planned one, also when nothing but an exploited weakness or a reason was fed back.
func TestClosingPlansACheck(t *testing.T) {
	each(t, func(s *scene) {
		for n, exercise := range []bool{false, true} {
			i := s.declare(exercise)
			s.must(s.desk.Nothing(s.ctx, i, incident.FeedbackNoRisk, "a false cable"))
			s.must(s.desk.Nothing(s.ctx, i, incident.FeedbackNoProcess, "followed as written"))
			s.must(s.db.Update(s.ctx, func(tx *store.Tx) error {
				_, err := tx.Record(s.ctx, store.Event{Kind: incident.KindClosed, Subject: i, Body: incident.Body{}})
				return err
			}))
			for range 2 {
				s.must(s.db.CatchUp(store.WithActor(context.Background(), store.System("test")), loop.CheckClosed()))
			}
			var all []loop.Check
			s.must(s.db.View(s.ctx, func(r store.Reader) (err error) { all, err = loop.Checks(s.ctx, r, i); return err }))
			if len(all) != 1-n {
				s.Fatalf("exercise %t: %d checks", exercise, len(all))
			}
			if n == 0 && (all[0].Of != i || all[0].Owner != s.anna || !all[0].Due.Equal(s.clock.Now().Add(loop.CheckAfter))) {
				s.Errorf("planned %+v", all[0])
			}
			if n == 0 {
				s.clock.Advance(loop.CheckAfter)
				_, err := s.desk.Answer(s.ctx, all[0].ID, loop.Answer{Result: loop.NotEffective, Finding: "it happened again", Next: s.clock.Now().Add(24 * time.Hour)})
				s.must(err)
				s.must(s.db.View(s.ctx, func(r store.Reader) (err error) { all, err = loop.Checks(s.ctx, r, i); return err }))
				if len(all) != 2 || all[1].Of != i {
					s.Errorf("no next check: %+v", all)
				}
			}
		}
	})
}
