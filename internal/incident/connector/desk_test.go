package connector_test

import (
	"context"
	"math/rand/v2"
	"os"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/device/network"
	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

// An honest connector: the effect counts when it is seen, and the return too.
func TestContainedVerifiedAndReturned(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		s.flow("198.51.100.9", 443)
		a := s.planned(s.declare(false, incident.Green), ladder.NetworkOff, quiet)
		if o := s.order(a); !strings.Contains(o.Run, `"zone": "icu"`) || !strings.Contains(o.Return, `"do": "return"`) {
			s.Errorf("the dry run shows %s\n%s", o.Run, o.Return)
		}
		s.run(a)
		s.in(a, ladder.Executing)
		s.pass(time.Minute)
		s.in(a, ladder.Verifying)
		s.heard()
		s.pass(4 * time.Minute)
		s.in(a, ladder.Verifying)
		s.pass(2 * time.Minute)
		s.heard()
		s.pass(time.Minute)
		s.in(a, ladder.Holding)
		if got := s.sheet(a).Witness; got != incident.SeenEvents {
			s.Errorf("seen by %q", got)
		}
		s.pass(2 * time.Hour)
		s.in(a, ladder.Returning)
		if s.fw.blocked {
			s.Error("the firewall still blocks")
		}
		s.flow("10.1.0.4", 104)
		s.pass(time.Minute)
		s.in(a, ladder.Returned)
		if got := s.fw.calls(); !slices.Contains(got, a+"-run") || !slices.Contains(got, a+"-return") {
			s.Errorf("sent %q", got)
		}
	})
}

// Fault: a connector that says OK and does nothing, one that hangs, one that fails, one that does it and answers nothing.
func TestAnAnswerIsNoEffect(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		i := s.declare(false, incident.Green)
		lies := s.planned(i, ladder.NetworkOff, quiet)
		s.flow("198.51.100.9", 443)
		s.fw.is("lies")
		s.run(lies)
		for range 19 {
			s.pass(time.Minute)
			s.flow("198.51.100.9", 443)
		}
		s.in(lies, ladder.Verifying)
		for range 4 {
			s.pass(time.Minute)
			s.flow("198.51.100.9", 443)
		}
		if st := s.sheet(lies).State; st != ladder.Returning && st != ladder.Returned {
			s.Errorf("a lie stays %s", st)
		}

		s.fw.is("fails")
		fails := s.planned(i, ladder.NetworkOff, quiet)
		s.run(fails)
		s.pass(10 * time.Minute)
		s.in(fails, ladder.Returning) // and it goes on returning until that is answered
		s.fw.is("")
		s.pass(10 * time.Minute)
		if s.order(fails).BackAnswered.IsZero() {
			s.Error("its return was never answered")
		}

		s.fw.is("half")
		half := s.planned(i, ladder.NetworkOff, quiet)
		s.run(half)
		s.pass(time.Minute)
		if s.in(half, ladder.Executing); !s.fw.blocked {
			s.Fatal("the test shows nothing")
		}
		s.pass(10 * time.Minute) // tried five times, given up, returned
		s.fw.is("")
		s.pass(10 * time.Minute)
		if s.fw.blocked {
			s.Error("what was half done was not taken back")
		}
	})
}

func TestAConnectorThatHangsKeepsNoOtherWaiting(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		a := s.planned(s.declare(false, incident.Green), ladder.NetworkOff, quiet)
		s.run(a)
		s.fw.is("hangs")
		s.pass(time.Minute)
		s.in(a, ladder.Executing)
		if f := s.order(a).Fault; !strings.Contains(f, "not reached") {
			s.Errorf("the fault is %q", f)
		}
		s.must(s.desk.Cases.Lift(s.as(s.ben), a, "")) // at the bedside, while it hangs
		s.in(a, ladder.Returning)
		s.fw.is("")
		s.pass(time.Minute)
		if s.order(a).BackAnswered.IsZero() || s.fw.blocked {
			s.Error("it was not sent back")
		}
	})
}

// What a blind source did not see proves nothing, nor does the silence of one that never saw the device.
func TestBlindMeansCannotSay(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		i := s.declare(false, incident.Green)
		never := s.planned(i, ladder.NetworkOff, quiet)
		s.run(never)
		s.heard()
		s.pass(10 * time.Minute)
		s.heard()
		s.pass(time.Minute)
		s.in(never, ladder.Verifying)
		s.pass(15 * time.Minute)
		if got := s.sheet(never); got.State != ladder.Returning || !strings.Contains(said(s, never), "cannot say: the source saw nothing of this before") {
			s.Errorf("%s, said %q", got.State, said(s, never))
		}

		s.flow("198.51.100.9", 443)
		blind := s.planned(i, ladder.NetworkOff, quiet)
		s.run(blind)
		s.pass(2 * time.Minute)
		_, err := detection.Sources{DB: s.db}.NoteBlind(s.as(s.anna), detection.Blind{Source: s.source, Reason: detection.BlindSilence, Started: s.clock.Now(), Ended: s.clock.Now().Add(time.Minute)})
		s.must(err)
		s.pass(10 * time.Minute)
		s.heard()
		s.pass(time.Minute)
		s.in(blind, ladder.Verifying)
		s.pass(15 * time.Minute)
		if !strings.Contains(said(s, blind), "the source was blind") {
			s.Errorf("said %q", said(s, blind))
		}
	})
}

// said is what was recorded of an action that was not seen.
func said(s *scene, a string) string { return s.sheet(a).Said }

// A flow on the approved list is no breach of the list, another one is.
func TestTheProfileDecidesWhatCounts(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		s.flow("10.1.0.4", 104)
		s.flow("198.51.100.9", 443)
		ben := s.as(s.ben)
		seen, cut, err := s.flows.Observed(ben, s.pump, s.clock.Now().Add(-time.Hour), s.clock.Now().Add(time.Hour))
		s.must(err)
		if len(seen) != 2 || cut || seen[0].Listed {
			s.Fatalf("observed %+v", seen)
		}
		list := []flow.Flow{{Peer: "10.1.0.4", Port: 104, Proto: "tcp", Direction: flow.Out, Purpose: "images to the archive"}}
		s.refused(s.flows.Propose(ben, s.pump, []flow.Flow{{Peer: "0.0.0.0/0", Port: 1, Proto: "tcp", Direction: flow.Out, Purpose: "all"}}), problem.Invalid, "lists nothing")
		s.must(s.flows.Propose(ben, s.pump, list))
		p := s.profile()
		if p.Holds() {
			s.Error("a proposal counts")
		}
		i := s.declare(false, incident.Green)
		outside := connector.Proof{Means: connector.Quiet, Outside: true, Minutes: 5, Within: 20}
		s.must(s.flows.Approve(ben, s.pump, p.Hash()))
		a := s.planned(i, ladder.AllowList, outside)
		if o := s.order(a); !strings.Contains(o.Run, "out/tcp/10.1.0.4/104") {
			s.Errorf("the connector does not get the list: %s", o.Run)
		}
		s.run(a)
		for range 8 {
			s.pass(time.Minute)
			s.flow("10.1.0.4", 104)
		}
		s.in(a, ladder.Holding)
		s.flow("198.51.100.9", 443)
		s.pass(time.Minute)
		if st := s.sheet(a).State; st != ladder.Failed && st != ladder.Returning {
			s.Errorf("a flow outside of the list left it %s", st)
		}
		s.change(func(d *device.Device) {
			d.Identities = append(d.Identities, device.Identity{Kind: network.IP, Value: "10.0.0.8", Since: s.clock.Now()})
		})
		if p := s.profile(); p.Holds() || !p.Changed {
			s.Error("another address leaves the profile as it was")
		}
	})
}

func (s *scene) profile() (p flow.Profile) {
	s.Helper()
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		p, err = flow.Get(s.as(s.ben), r, s.pump)
		return err
	}))
	return p
}

func TestNothingRunsWithoutItsApproval(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare(false, incident.Green)
		a := s.planned(i, ladder.NetworkOff, quiet)
		run := func() error { return s.desk.Cases.Run(s.as(s.anna), a) }
		s.refused(run(), problem.Invalid, "fw is not approved")
		s.refused(s.desk.Approve(s.as(s.anna), "fw", "another", "x"), problem.Conflict, "changed")
		s.refused(s.desk.Approve(s.as(s.anna), "fw", s.item().Hash, " "), problem.Invalid, "reason")
		s.approve()
		s.write("far_side = true\n")
		s.refused(run(), problem.Invalid, "fw is not approved")
		s.approve()
		s.refused(run(), problem.Invalid, "defined differently")
		s.refused(s.desk.Choose(s.as(s.ben), a, connector.Choice{Connector: "fw", Values: map[string]string{"zone": "icu"}}), problem.Conflict, "signed")
		s.write("")
		s.approve()
		s.must(s.desk.Revoke(s.as(s.anna), "fw", "the firewall is replaced"))
		s.refused(run(), problem.Invalid, "fw is not approved")
		s.approve()
		s.run(a)
		if got := len(s.fw.calls()); got != 0 {
			s.Errorf("%d calls before the worker ran", got)
		}
		s.must(s.desk.Revoke(s.as(s.anna), "fw", "the firewall is replaced"))
		s.must(s.desk.Cases.Lift(s.as(s.ben), a, ""))
		s.pass(time.Minute)
		s.in(a, ladder.Returned) // it had never been sent

		for name, c := range map[string]struct {
			choice connector.Choice
			level  ladder.Level
			says   string
		}{
			"no connector":   {connector.Choice{Connector: "other"}, ladder.NetworkOff, "there is no connector"},
			"another level":  {connector.Choice{Connector: "fw", Values: map[string]string{"zone": "icu"}}, ladder.PowerOff, "level 6"},
			"a value's form": {connector.Choice{Connector: "fw", Values: map[string]string{"zone": "icu; reboot"}}, ladder.NetworkOff, "zone"},
			"not asked for":  {connector.Choice{Connector: "fw", Values: map[string]string{"zone": "icu", "vlan": "7"}}, ladder.NetworkOff, "not asked"},
			"no source":      {connector.Choice{Connector: "fw", Values: map[string]string{"zone": "icu"}, Proof: quiet}, ladder.NetworkOff, "which source"},
		} {
			b, err := s.desk.Cases.PlanAction(s.as(s.ben), i, incident.Action{Device: s.pump, Target: "it", Plan: ladder.Plan{Level: c.level, Impact: "none", Alternative: "spare", Compensating: "watch", Observe: "no packet", Undo: "plug the cable in", Return: s.clock.Now().Add(time.Hour)}})
			s.must(err)
			err = s.desk.Choose(s.as(s.ben), b, c.choice)
			if err == nil || !strings.Contains(err.Error()+" "+problem.Text(err)+faultText(err), c.says) {
				s.Errorf("%s: %v %v", name, err, faults(err))
			}
		}
	})
}

// Between the decision and what is sent lies whatever happened meanwhile: an outage of hours, a device that is in use again, a
// connector that nobody trusts any more. Nothing is sent then, and what may have been sent already is taken back.
func TestNothingIsSentThatMustNotRunAnyMore(t *testing.T) {
	changes := map[string]struct {
		make func(s *scene, i string)
		says string
	}{
		"another ward": {func(s *scene, _ string) {
			s.change(func(d *device.Device) { d.Ward = "Theatre 2" })
		}, "not checked as it is now"},
		"compromised": {func(s *scene, i string) {
			s.must(s.desk.Cases.SetDevice(s.as(s.ben), i, s.pump, incident.DeviceChange{State: incident.Compromised}))
		}, "another state of the device"},
		"31 minutes": {func(s *scene, _ string) { s.clock.Advance(31 * time.Minute) }, "has expired"},
		"revoked": {func(s *scene, _ string) {
			s.must(s.desk.Revoke(s.as(s.anna), "fw", "the firewall is replaced"))
		}, "fw is not approved"},
		"no file of connectors": {func(s *scene, _ string) { s.must(os.Remove(s.book)) }, "cannot be read"},
		"the clock set back":    {func(s *scene, _ string) { s.clock.Advance(-time.Hour) }, "not checked as it is now"},
	}
	for name, c := range changes {
		t.Run(name, func(t *testing.T) {
			each(t, func(s *scene) {
				s.approve()
				i := s.declare(false, incident.Green)
				worker := store.WithActor(context.Background(), store.System("containment"))

				a := s.planned(i, ladder.NetworkOff, connector.Proof{})
				s.run(a)
				c.make(s, i)
				s.must(s.desk.Tick(worker))
				s.in(a, ladder.Returning)
				if got := said(s, a); !strings.Contains(got, c.says) {
					s.Errorf("said %q, want something with %q", got, c.says)
				}
				f := s.file(i)
				if n := len(f.Tasks); n != 1 || f.Tasks[0].AssigneeName != "ben" || f.Tasks[0].State != incident.ToDo {
					s.Errorf("who answers for it is told by %+v", f.Tasks)
				}
				s.must(s.desk.Tick(worker))
				s.in(a, ladder.Returned)
				if got := s.fw.calls(); len(got) != 0 {
					s.Errorf("sent %q", got)
				}
			})
		})
		t.Run(name+" between two tries", func(t *testing.T) {
			each(t, func(s *scene) {
				s.approve()
				i := s.declare(false, incident.Green)
				a := s.planned(i, ladder.NetworkOff, connector.Proof{})
				s.run(a)
				s.fw.is("half") // it blocks, and nobody learns of it
				s.pass(time.Second)
				s.in(a, ladder.Executing)
				c.make(s, i)
				s.fw.is("")
				s.pass(2 * time.Minute)
				if got := s.fw.calls(); len(got) != 2 || got[0] != a+"-run" || got[1] != a+"-return" || s.fw.blocked {
					s.Errorf("sent %q, blocked: %v", got, s.fw.blocked)
				}
			})
		})
	}
}

// Where events are to show what became of an action, a person's word counts only when they cannot say, and is marked as that.
func TestAWordIsNoSight(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		s.flow("198.51.100.9", 443)
		i := s.declare(false, incident.Green)
		see := func(a string, e ladder.Event) error {
			return s.desk.Cases.See(s.as(s.anna), a, e, "the port shows no light")
		}
		a := s.planned(i, ladder.NetworkOff, quiet)
		s.run(a)
		s.refused(see(a, ladder.Observed), problem.Conflict, "not answered yet")
		s.refused(see(a, ladder.Answered), problem.Conflict, "by itself")
		s.pass(time.Minute)
		s.flow("198.51.100.9", 443)
		s.pass(time.Minute)
		s.in(a, ladder.Verifying)
		s.refused(see(a, ladder.Observed), problem.Conflict, "the events decide it", "1 events since")

		_, err := detection.Sources{DB: s.db}.NoteBlind(s.as(s.anna), detection.Blind{Source: s.source, Reason: detection.BlindSilence, Started: s.clock.Now(), Ended: s.clock.Now().Add(time.Minute)})
		s.must(err)
		s.pass(7 * time.Minute)
		s.heard()
		s.in(a, ladder.Verifying)
		s.must(see(a, ladder.Observed))
		if got := s.sheet(a); got.State != ladder.Holding || got.Witness != incident.SaidOnly || got.Said != "Said, not seen: the port shows no light" {
			s.Errorf("it is %s by %q: %q", got.State, got.Witness, got.Said)
		}

		s.must(s.desk.Cases.Lift(s.as(s.ben), a, ""))
		s.pass(time.Minute)
		s.in(a, ladder.Returning)
		s.refused(see(a, ladder.Gone), problem.Conflict, "nothing of the device is seen again yet")
		s.pass(25 * time.Minute) // sent again, and still nothing stirs: the device may be switched off
		s.must(see(a, ladder.Gone))
		if got := s.sheet(a); got.State != ladder.Returned || got.Witness != incident.SaidOnly {
			s.Errorf("it is %s by %q", got.State, got.Witness)
		}

		b := s.planned(i, ladder.NetworkOff, connector.Proof{})
		s.run(b)
		s.pass(time.Minute)
		s.must(see(b, ladder.Observed))
		if got := s.sheet(b); got.Witness != incident.SeenPerson {
			s.Errorf("what a person was to look at is by %q", got.Witness)
		}
	})
}

// change changes the record of the pump.
func (s *scene) change(fn func(*device.Device)) {
	s.Helper()
	var rec device.Device
	s.must(s.db.View(s.as(s.ben), func(r store.Reader) (err error) {
		rec, err = device.Get(s.as(s.ben), r, device.ID(s.pump))
		return err
	}))
	fn(&rec)
	s.must(device.Fleet{DB: s.db}.Change(s.as(s.ben), rec))
}

func (s *scene) file(i string) (f incident.File) {
	s.Helper()
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		f, err = incident.Get(s.as(s.anna), r, i)
		return err
	}))
	return f
}

func faultText(err error) string {
	var out strings.Builder
	for _, f := range faults(err) {
		out.WriteString(f.Path + " " + f.Reason + "; ")
	}
	return out.String()
}

// PAP: what the attacker would notice is refused where the marking forbids it; an exercise sends nothing.
func TestMarkingsAndExercises(t *testing.T) {
	each(t, func(s *scene) {
		s.write("far_side = true\n")
		s.approve()
		a := s.planned(s.declare(false, incident.Red), ladder.NetworkOff, quiet)
		s.refused(s.desk.Cases.Run(s.as(s.anna), a), problem.Invalid, "PAP:RED")
		b := s.planned(s.declare(true, incident.Green), ladder.NetworkOff, connector.Proof{})
		s.run(b)
		s.pass(time.Minute)
		s.in(b, ladder.Verifying)
		s.must(s.desk.Cases.Return(s.as(s.ben), b, "over"))
		s.pass(time.Minute)
		if n := len(s.fw.calls()); n != 0 {
			s.Errorf("an exercise sent %d requests", n)
		}
	})
}

// Fault: the clock is set back while an action is in force. Nobody can say when its time is over: it returns.
func TestClockSetBackReturns(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		a := s.planned(s.declare(false, incident.Green), ladder.NetworkOff, connector.Proof{})
		s.run(a)
		s.pass(time.Minute)
		s.in(a, ladder.Verifying)
		s.clock.Advance(-24 * time.Hour)
		s.pass(2 * time.Minute)
		if s.order(a).BackAnswered.IsZero() || s.fw.blocked {
			s.Errorf("it is %s, and the firewall blocks: %v", s.sheet(a).State, s.fw.blocked)
		}
	})
}

// Fault: people and the worker act at the same time, the connector has every temper, and the program stops between any two
// steps. At the end nothing is blocked, and everything that ran was returned.
func TestWhateverHappensItReturns(t *testing.T) {
	each(t, func(s *scene) {
		s.approve()
		s.flow("198.51.100.9", 443)
		i := s.declare(false, incident.Green)
		r := rand.New(rand.NewPCG(7, 11))
		worker := store.WithActor(context.Background(), store.System("containment"))
		for range 4 {
			a := s.planned(i, ladder.NetworkOff, quiet)
			s.run(a)
			for range 6 {
				s.fw.is([]string{"", "lies", "fails", "half"}[r.IntN(4)])
				var wg sync.WaitGroup
				for range 2 {
					wg.Go(func() { s.desk.Tick(worker) }) // two workers, which the lease keeps apart: the loser fails
				}
				if r.IntN(4) == 0 {
					wg.Go(func() { s.desk.Cases.Lift(s.as(s.cleo), a, "") }) // it may be over already
				}
				if r.IntN(3) == 0 { // the program stops: what it was sending is cut off
					cut, cancel := context.WithCancel(worker)
					wg.Go(func() { s.desk.Tick(cut) }) // it is stopped
					cancel()
				}
				wg.Wait()
				s.clock.Advance(time.Duration(r.IntN(5)) * time.Minute)
				if got := s.sheet(a); got.State == ladder.Holding && !s.fw.blocked {
					s.Error("it holds, and nothing is blocked")
				}
			}
			s.fw.is("")
			s.pass(3 * time.Hour)
			s.flow("10.1.0.4", 104)
			s.pass(time.Minute)
			if s.in(a, ladder.Returned); s.fw.blocked {
				s.Fatal("it is returned, and the firewall blocks")
			}
		}
	})
}

// The source that saw a device in the last days is the one to show what an action does to it.
func TestWatcher(t *testing.T) {
	each(t, func(s *scene) {
		watcher := func(of string) string {
			s.Helper()
			got, err := s.desk.Watcher(context.Background(), incident.Action{Device: of})
			s.must(err)
			return got
		}
		if got := watcher(s.pump); got != "" {
			s.Errorf("%q saw it before any event", got)
		}
		s.flow("10.1.0.4", 104)
		if got := watcher(s.pump); got != s.source {
			s.Errorf("%q saw it, want %q", got, s.source)
		}
		if got := watcher("sys_other"); got != "" {
			s.Errorf("%q saw what is no device of the fleet", got)
		}
		s.clock.Advance(8 * 24 * time.Hour)
		if got := watcher(s.pump); got != "" {
			s.Errorf("%q saw it in the last days", got)
		}
	})
}
