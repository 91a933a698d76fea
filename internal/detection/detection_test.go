package detection_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/detection"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

// desk is everything of detection over one database.
type desk struct {
	*testing.T
	db      *store.DB
	clock   *testdb.Clock
	ctx     context.Context
	sources detection.Sources
	rules   detection.Rules
	alerts  detection.Alerts
	watch   detection.Watch
}

func each(t *testing.T, fn func(d *desk)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		d := &desk{T: t, db: db, clock: c, ctx: testdb.System(), sources: detection.Sources{DB: db}, rules: detection.Rules{DB: db}, alerts: detection.Alerts{DB: db}}
		d.watch = detection.Watch{DB: db, Sources: d.sources, Alerts: d.alerts}
		fn(d)
	})
}

func (d *desk) ok(err error) {
	d.Helper()
	if err != nil {
		d.Fatal(problem.Text(err), err)
	}
}

func (d *desk) refused(err error, kind problem.Kind, field string) {
	d.Helper()
	if problem.KindOf(err) != kind {
		d.Fatalf("error %v, want %s", err, kind)
	}
	for _, f := range problem.FaultsOf(err) {
		if f.Path == field {
			return
		}
	}
	if field != "" {
		d.Errorf("faults %v, want one of %s", problem.FaultsOf(err), field)
	}
}

func (d *desk) view(fn func(ctx context.Context, r store.Reader) error) {
	d.Helper()
	d.ok(d.db.View(d.ctx, func(r store.Reader) error { return fn(d.ctx, r) }))
}

func ruleText(id string, level detection.Level, body string) detection.RuleText {
	sum := sha256.Sum256([]byte(body))
	return detection.RuleText{ID: id, Path: id + ".yml", Title: "Rule " + id, Level: level, Digest: hex.EncodeToString(sum[:]), Body: body, Techniques: []string{"T1078"}, Catalogue: []string{"M20"}}
}

// pack loads two rules that run and one of a folder.
func (d *desk) pack() {
	d.Helper()
	_, err := d.rules.Load(d.ctx, detection.FromPack, []detection.RuleText{ruleText("heist", detection.Critical, "one"), ruleText("spray", detection.Medium, "two")}, 0)
	d.ok(err)
	_, err = d.rules.Load(d.ctx, detection.FromFolder, []detection.RuleText{ruleText("own", detection.Low, "three")}, 0)
	d.ok(err)
}

func (d *desk) hit(rule string, n int, entity string) detection.Hit {
	return detection.Hit{Rule: rule, Digest: ruleText(rule, "", map[string]string{"heist": "one", "spray": "two", "own": "three"}[rule]).Digest, Event: fmt.Sprintf("%s-%d", entity, n), At: d.clock.Now(), Entity: detection.Entity("device", entity), Device: entity, InUse: product.NotKnown,
		Summary: "C-FIND without a key", Explanation: detection.Explanation{Fields: []detection.Matched{{Field: "ae.calling", Value: "EVIL", Selection: "new"}}},
		Field: func(name string) (string, bool) {
			return map[string]string{"ae.calling": "EVIL", "src.ip": "10.1.2.3"}[name], name == "ae.calling" || name == "src.ip"
		}}
}

func (d *desk) queue(q detection.AlertQuery) []detection.Alert {
	d.Helper()
	var out []detection.Alert
	d.view(func(ctx context.Context, r store.Reader) error {
		p, err := detection.ListAlerts(ctx, r, q)
		out = p.Items
		return err
	})
	return out
}

func (d *desk) take(hits ...detection.Hit) detection.Taken {
	d.Helper()
	got, err := d.alerts.Take(d.ctx, hits)
	d.ok(err)
	return got
}

func TestAlertsAreGroupedAndCountOnce(t *testing.T) {
	each(t, func(d *desk) {
		d.pack()
		hits := []detection.Hit{d.hit("heist", 1, "ct"), d.hit("heist", 2, "ct"), d.hit("spray", 1, "ct"), d.hit("heist", 1, "mr"), d.hit("own", 1, "ct")}
		if got, want := d.take(hits...), (detection.Taken{Opened: 3, Dropped: 1}); got != want {
			t.Errorf("%+v, want %+v", got, want)
		}
		before := d.entries()
		if got, want := d.take(hits...), (detection.Taken{Dropped: 1}); got != want {
			t.Errorf("again: %+v, want %+v", got, want)
		}
		if d.entries() != before {
			t.Error("the same hits were recorded again")
		}
		if got := d.take(d.hit("heist", 3, "ct")); got.Joined != 1 {
			t.Errorf("%+v: it does not join", got)
		}
		all := d.queue(detection.AlertQuery{Waiting: true})
		var got []string
		for _, a := range all {
			got = append(got, fmt.Sprintf("%s %s %d/%d %s", a.Level, a.Entity, a.Listed, a.Hits, a.State))
		}
		if diff := cmp.Diff([]string{"critical device:ct 3/3 new", "critical device:mr 1/1 new", "medium device:ct 1/1 new"}, got); diff != "" {
			t.Error(diff)
		}
		t.Run("unknown use counts as in use", func(t *testing.T) {
			if n := len(d.queue(detection.AlertQuery{InUse: true})); n != 3 || !all[0].TakenAsInUse() {
				t.Errorf("%d of 3 count as in use", n)
			}
		})
		t.Run("a storm does not fill the journal", func(t *testing.T) {
			var storm []detection.Hit
			for i := range 150 {
				storm = append(storm, d.hit("spray", 100+i, "pump"))
			}
			d.take(storm[:120]...)
			before := d.entries()
			d.take(storm[120:]...)
			if d.entries() != before {
				t.Error("hits beyond those that are listed are in the journal")
			}
			a := d.queue(detection.AlertQuery{Device: "pump"})[0]
			if a.Listed != 100 || a.Hits != 150 {
				t.Errorf("listed %d, hits %d, want 100 and 150", a.Listed, a.Hits)
			}
		})
	})
}

func (d *desk) entries() int64 {
	var n int64
	d.view(func(ctx context.Context, r store.Reader) (err error) {
		n, _, err = store.JournalHead(ctx, r)
		return err
	})
	return n
}

func TestAlertGuards(t *testing.T) {
	each(t, func(d *desk) {
		d.pack()
		d.take(d.hit("heist", 1, "ct"), d.hit("heist", 1, "mr"), d.hit("spray", 1, "ct"))
		all := d.queue(detection.AlertQuery{})
		ct, mr, spray := all[0].ID, all[1].ID, all[2].ID
		d.refused(d.alerts.Close(d.ctx, []string{ct}, detection.Closing{}), problem.Invalid, "reason")
		d.refused(d.alerts.Close(d.ctx, []string{ct}, detection.Closing{Reason: detection.ReasonFalse}), problem.Invalid, "feedback")
		d.refused(d.alerts.Close(d.ctx, []string{ct}, detection.Closing{Reason: detection.ReasonFalse, Feedback: detection.Suppress}), problem.Invalid, "until")
		if err := d.alerts.Close(context.Background(), []string{ct}, detection.Closing{Reason: detection.ReasonBenign}); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("closed by nobody: %v", err)
		}
		t.Run("new, triaging, overdue", func(t *testing.T) {
			d.clock.Advance(20 * time.Minute)
			if n := len(d.queue(detection.AlertQuery{Overdue: true, Now: d.clock.Now()})); n != 2 {
				t.Errorf("%d are overdue, want the two critical ones", n)
			}
			d.ok(d.alerts.Acknowledge(d.ctx, []string{ct}))
			a := d.get(ct)
			if a.State != detection.Triaging || a.AckedBy == "" || a.Overdue(d.clock.Now()) != 0 {
				t.Errorf("after acknowledging: %+v", a)
			}
		})
		t.Run("merge changes no text, ids resolve for ever", func(t *testing.T) {
			before := d.get(mr)
			d.ok(d.alerts.Merge(d.ctx, ct, []string{mr}, "one attack"))
			after := d.get(mr)
			if diff := cmp.Diff([]any{before.Title, before.Explanation, before.Listed}, []any{after.Title, after.Explanation, after.Listed}); diff != "" {
				t.Error(diff)
			}
			d.view(func(ctx context.Context, r store.Reader) error {
				got, err := detection.Resolve(ctx, r, mr)
				if got != ct {
					t.Errorf("%s leads to %s, want %s", mr, got, ct)
				}
				return err
			})
			d.take(d.hit("heist", 7, "mr"))
			if d.get(ct).Hits != 2 {
				t.Errorf("a later hit joined another alert: %+v", d.get(ct))
			}
			d.refused(d.alerts.Merge(d.ctx, ct, []string{ct}, ""), problem.Invalid, "into")
			d.refused(d.alerts.Merge(d.ctx, mr, []string{spray}, ""), problem.Conflict, "")
		})
		t.Run("suppression ends", func(t *testing.T) {
			d.refused(d.alerts.Suppress(d.ctx, spray, time.Time{}, "known scanner"), problem.Invalid, "expires")
			d.ok(d.alerts.Close(d.ctx, []string{spray}, detection.Closing{Reason: detection.ReasonFalse, Feedback: detection.Suppress, Until: d.clock.Now().Add(time.Hour), Note: "known scanner"}))
			if got := d.take(d.hit("spray", 2, "ct")); got != (detection.Taken{Excepted: 1}) {
				t.Errorf("while suppressed: %+v", got)
			}
			d.clock.Advance(2 * time.Hour)
			if got := d.take(d.hit("spray", 3, "ct")); got.Opened != 1 {
				t.Errorf("afterwards: %+v", got)
			}
			if again := d.queue(detection.AlertQuery{Rule: "spray", Waiting: true}); again[0].Previous != spray {
				t.Errorf("the new alert does not name the one before: %+v", again[0])
			}
		})
		t.Run("reopen needs a reason", func(t *testing.T) {
			d.refused(d.alerts.Reopen(d.ctx, []string{spray}, ""), problem.Invalid, "reason")
			d.ok(d.alerts.Reopen(d.ctx, []string{spray}, "it was no scanner"))
			if a := d.get(spray); a.State != detection.Reopened || !a.Acked.IsZero() {
				t.Errorf("%+v", a)
			}
		})
		t.Run("escalate keeps the ids", func(t *testing.T) {
			d.ok(d.alerts.Escalate(d.ctx, []string{ct}, "inc_1", "PACS theft"))
			if a := d.get(ct); a.State != detection.Escalated || a.Target != "inc_1" {
				t.Errorf("%+v", a)
			}
			d.take(d.hit("heist", 9, "ct"))
			if d.get(ct).Hits != 3 {
				t.Error("a hit after the escalation does not join")
			}
		})
	})
}

func (d *desk) get(id string) (out detection.Alert) {
	d.Helper()
	d.view(func(ctx context.Context, r store.Reader) (err error) {
		out, err = detection.GetAlert(ctx, r, id)
		return err
	})
	return out
}

func TestReportedByHand(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.alerts.Report(d.ctx, detection.Report{Title: "Screen is locked", Level: detection.High})
		d.refused(err, problem.Invalid, "said")
		id, err := d.alerts.Report(d.ctx, detection.Report{Title: "Screen is locked", Level: detection.High, Said: "Ward 3 called", Seen: d.clock.Now().Add(-time.Hour)})
		d.ok(err)
		d.ok(d.alerts.Note(d.ctx, id, "called back"))
		if a := d.get(id); a.Opener == "" || a.Explanation.Said != "Ward 3 called" || !a.First.Equal(d.clock.Now().Add(-time.Hour)) {
			t.Errorf("%+v", a)
		}
	})
}

func TestRuleLife(t *testing.T) {
	each(t, func(d *desk) {
		d.pack()
		move := func(to detection.RuleState, reason string) error { return d.rules.Move(d.ctx, "own", to, reason) }
		d.refused(move(detection.Testing, ""), problem.Invalid, "state")
		own := ruleText("own", detection.Low, "three")
		bt := detection.Backtest{Rule: "own", Digest: own.Digest, From: d.clock.Now().Add(-48 * time.Hour), To: d.clock.Now(), Events: 1000, Hits: 2, Devices: 1}
		_, err := d.rules.AttachBacktest(d.ctx, bt)
		d.ok(err)
		d.refused(move(detection.Active, ""), problem.Invalid, "state")
		d.ok(move(detection.Testing, ""))
		d.ok(move(detection.Canary, ""))
		if got := d.take(d.hit("own", 1, "ct"), d.hit("own", 2, "ct")); got != (detection.Taken{Shadow: 2}) {
			t.Errorf("canary: %+v", got)
		}
		if len(d.queue(detection.AlertQuery{})) != 0 {
			t.Error("a canary called people")
		}
		d.refused(move(detection.Active, ""), problem.Invalid, "state") // no rate, no sample, no owner
		d.clock.Advance(25 * time.Hour)
		d.refused(move(detection.Active, ""), problem.Invalid, "state")
		d.ok(d.rules.Own(d.ctx, "own", "Mira Okafor"))
		d.refused(move(detection.Active, ""), problem.Invalid, "state")
		d.ok(d.rules.Judge(d.ctx, "own", "ct-1", detection.TruePositive))
		d.refused(move(detection.Active, ""), problem.Invalid, "state")
		d.ok(d.rules.Judge(d.ctx, "own", "ct-2", detection.FalsePositive))
		d.ok(move(detection.Active, ""))
		if got := d.take(d.hit("own", 3, "ct")); got.Opened != 1 {
			t.Errorf("active: %+v", got)
		}
		d.refused(move(detection.Tuned, ""), problem.Invalid, "reason")
		d.ok(move(detection.Tuned, "leaves out the test station"))
		d.view(func(ctx context.Context, r store.Reader) error {
			v, err := detection.GetRule(ctx, r, "own", d.clock.Now())
			if share, ok := v.Precision.Share(); !ok || share != 0.5 || v.Precision.N() != 2 || v.Hits != 1 || v.Shadow != 2 {
				t.Errorf("%+v", v)
			}
			return err
		})
		t.Run("a changed text goes back to testing", func(t *testing.T) {
			got, err := d.rules.Load(d.ctx, detection.FromFolder, []detection.RuleText{ruleText("own", detection.Low, "four")}, 1)
			d.ok(err)
			if got != (detection.Loaded{Changed: 1}) {
				t.Errorf("%+v", got)
			}
			d.view(func(ctx context.Context, r store.Reader) error {
				v, err := detection.GetRule(ctx, r, "own", d.clock.Now())
				if v.State != detection.Testing {
					t.Errorf("it is %s", v.State)
				}
				return err
			})
		})
		t.Run("a rule that went away is retired, and comes back as a draft", func(t *testing.T) {
			_, err := d.rules.Load(d.ctx, detection.FromFolder, nil, 0)
			d.ok(err)
			got, err := d.rules.Load(d.ctx, detection.FromFolder, []detection.RuleText{ruleText("own", detection.Low, "four")}, 0)
			d.ok(err)
			if got != (detection.Loaded{Changed: 1}) {
				t.Errorf("%+v", got)
			}
		})
		t.Run("an id of the pack is not taken", func(t *testing.T) {
			_, err := d.rules.Load(d.ctx, detection.FromFolder, []detection.RuleText{ruleText("heist", detection.Low, "five")}, 0)
			d.refused(err, problem.Conflict, "")
		})
	})
}

func TestExceptions(t *testing.T) {
	each(t, func(d *desk) {
		d.pack()
		e := detection.Exception{Rule: "heist", Conditions: []detection.Condition{{Field: "src.ip", Is: detection.InNetwork, Value: "10.1.0.0/16"}, {Field: "ae.calling", Is: detection.StartsWith, Value: "ev"}}, Reason: "research", Owner: "PACS team"}
		_, err := d.rules.Except(d.ctx, e)
		d.refused(err, problem.Invalid, "expires")
		e.Expires = d.clock.Now().Add(91 * 24 * time.Hour)
		_, err = d.rules.Except(d.ctx, e)
		d.refused(err, problem.Invalid, "expires")
		e.Expires = d.clock.Now().Add(time.Hour)
		id, err := d.rules.Except(d.ctx, e)
		d.ok(err)
		if got := d.take(d.hit("heist", 1, "ct")); got.Excepted != 1 {
			t.Errorf("%+v", got)
		}
		d.ok(d.rules.EndException(d.ctx, id, "research is over"))
		if got := d.take(d.hit("heist", 2, "ct")); got.Opened != 1 {
			t.Errorf("%+v", got)
		}
	})
}

func TestSources(t *testing.T) {
	each(t, func(d *desk) {
		_, err := d.sources.Add(d.ctx, detection.Source{Name: "PACS", Transport: detection.SyslogUDP, Identity: "pacs"})
		d.refused(err, problem.Invalid, "identity")
		id, err := d.sources.Add(d.ctx, detection.Source{Name: "PACS", Transport: detection.SyslogUDP, Identity: "::ffff:10.0.0.5", Zone: "Europe/Berlin", Hourly: 600, Silence: 10 * time.Minute})
		d.ok(err)
		met, err := d.sources.Met(d.ctx, detection.SyslogUDP, "10.0.0.5")
		d.ok(err)
		if met.ID != id {
			t.Errorf("met %s, want %s", met.ID, id)
		}
		other, err := d.sources.Met(d.ctx, detection.SyslogUDP, "10.0.0.6")
		d.ok(err)
		if other.State != detection.SourceNew {
			t.Errorf("a sender that nobody named is %s", other.State)
		}
		d.ok(d.sources.Confirm(d.ctx, other.ID))
		d.ok(d.sources.Count(d.ctx, []detection.Seen{{Source: id, At: d.clock.Now(), Accepted: 5, Stored: 5, Lost: 2, Skew: time.Second, SkewKnown: true}}, nil))

		t.Run("M10 a silent source is a blind interval and an alert", func(t *testing.T) {
			d.clock.Advance(9 * time.Minute)
			d.ok(d.watch.Tick(d.ctx))
			if len(d.blinds()) != 0 {
				t.Error("blind too early")
			}
			d.clock.Advance(2 * time.Minute)
			d.ok(d.watch.Tick(d.ctx))
			d.ok(d.watch.Tick(d.ctx))
			b, a := d.blinds(), d.queue(detection.AlertQuery{})
			if len(b) != 1 || !b[0].Ended.IsZero() || b[0].Lost != detection.LostUnknown || !b[0].Started.Equal(testdb.Start) || len(a) != 1 || a[0].Source != id {
				t.Errorf("blind %+v, alerts %+v", b, a)
			}
			back := d.clock.Now()
			d.ok(d.sources.Count(d.ctx, []detection.Seen{{Source: id, At: back, Accepted: 1}}, nil))
			d.clock.Advance(time.Minute)
			d.ok(d.watch.Tick(d.ctx))
			if b = d.blinds(); !b[0].Ended.Equal(back) {
				t.Errorf("it ended at %s, want %s", b[0].Ended, back)
			}
		})
		t.Run("a source that sends far less than expected", func(t *testing.T) {
			d.clock.Advance(2 * time.Hour)
			d.ok(d.watch.Tick(d.ctx))
			if n := len(d.queue(detection.AlertQuery{Rule: detection.RuleRate})); n != 1 {
				t.Errorf("%d alerts", n)
			}
		})
		t.Run("mute ends by itself", func(t *testing.T) {
			d.refused(d.sources.Mute(d.ctx, id, time.Time{}, "rebuilt"), problem.Invalid, "until")
			d.ok(d.sources.Mute(d.ctx, id, d.clock.Now().Add(time.Hour), "rebuilt"))
			d.clock.Advance(2 * time.Hour)
			d.ok(d.watch.Tick(d.ctx))
			d.view(func(ctx context.Context, r store.Reader) error {
				v, err := detection.GetSource(ctx, r, id)
				if v.State != detection.SourceActive || v.Lost != 2 || v.Skew != time.Second {
					t.Errorf("%+v", v)
				}
				return err
			})
		})
		t.Run("intervals that touch are one", func(t *testing.T) {
			at := d.clock.Now()
			for i := range 3 {
				from := at.Add(time.Duration(i) * 30 * time.Second)
				_, err := d.sources.NoteBlind(d.ctx, detection.Blind{Source: other.ID, Reason: detection.BlindOverload, Started: from, Ended: from.Add(time.Second), Lost: 10})
				d.ok(err)
			}
			d.view(func(ctx context.Context, r store.Reader) error {
				p, err := detection.Blinds(ctx, r, detection.BlindQuery{Source: other.ID})
				if len(p.Items) != 1 || p.Items[0].Lost != 30 || !p.Items[0].Ended.Equal(at.Add(61*time.Second)) {
					t.Errorf("%+v", p.Items)
				}
				return err
			})
		})
	})
}

func (d *desk) blinds() (out []detection.Blind) {
	d.view(func(ctx context.Context, r store.Reader) error {
		p, err := detection.Blinds(ctx, r, detection.BlindQuery{Reason: detection.BlindSilence})
		out = p.Items
		return err
	})
	return out
}
