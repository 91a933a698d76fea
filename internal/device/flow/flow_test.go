package flow_test

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/problem"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// scene is a pump at 10.0.0.7, who proposes its flows and who approves them.
type scene struct {
	*testing.T
	db       *store.DB
	clock    *testdb.Clock
	desk     flow.Desk
	pump     string
	ann, ben context.Context
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, desk: flow.Desk{DB: db}}
		s.ann, s.ben = sign.As(sign.Person(t, "ann", "Ann Security"), "device.*", "event.*", "detection.*"), sign.As(sign.Newcomer(t, "ben", "Ben Biomed"), "device.*")
		id, err := device.Fleet{DB: db}.Register(s.ann, device.Device{AssetTag: "P-1", RawVendor: "Nordmed", RawModel: "N-1", RawVersion: "1.0",
			Identities: []device.Identity{{Kind: network.IP, Value: "10.0.0.7"}, {Kind: network.MAC, Value: "00:00:5e:00:53:07"}}})
		s.must(err)
		s.pump = string(id)
		fn(s)
	})
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err, problem.FaultsOf(err))
	}
}

func (s *scene) refused(err error, kind problem.Kind, says string) {
	s.Helper()
	if text := fmt.Sprint(err, problem.FaultsOf(err)); problem.KindOf(err) != kind || !strings.Contains(text, says) {
		s.Fatalf("got %s (%s), want %s with %q", problem.KindOf(err), text, kind, says)
	}
}

func (s *scene) profile() (p flow.Profile) {
	s.Helper()
	s.must(s.db.View(s.ann, func(r store.Reader) (err error) {
		p, err = flow.Get(s.ann, r, s.pump)
		return err
	}))
	return p
}

// change changes the pump.
func (s *scene) change(fn func(d *device.Device)) {
	s.Helper()
	var d device.Device
	s.must(s.db.View(s.ann, func(r store.Reader) (err error) {
		d, err = device.Get(s.ann, r, device.ID(s.pump))
		return err
	}))
	fn(&d)
	s.must(device.Fleet{DB: s.db}.Change(s.ann, d))
}

// images is a flow to the archive.
func images() flow.Flow {
	return flow.Flow{Peer: "10.1.0.4", Port: 104, Proto: "tcp", Direction: flow.Out, Purpose: "images to the archive"}
}

// A list waits for approval; the approval is of exactly the list that was looked at; another proposal ends it.
func TestAnApprovalIsOfOneList(t *testing.T) {
	each(t, func(s *scene) {
		if p := s.profile(); p.Holds() || p.Changed || len(p.Flows) != 0 || p.Device != s.pump {
			s.Fatalf("without any: %+v", p)
		}
		s.refused(s.desk.Approve(s.ben, s.pump, s.profile().Hash()), problem.NotFound, "has no profile")
		untidy := images()
		untidy.Peer, untidy.Proto, untidy.Purpose = " 10.1.0.4/32", "TCP", " images to the archive "
		s.must(s.desk.Propose(s.ann, s.pump, []flow.Flow{untidy}))
		if untidy.Proto != "TCP" {
			s.Error("the list of the caller is changed")
		}
		looked := s.profile()
		if d := cmp.Diff([]flow.Flow{images()}, looked.Flows); d != "" || looked.Holds() || looked.ProposerName != "ann" || !looked.Proposed.Equal(s.clock.Now()) {
			s.Errorf("proposed %+v (-want +got):\n%s", looked, d)
		}
		more := images()
		more.Port = 11112
		s.must(s.desk.Propose(s.ann, s.pump, []flow.Flow{images(), more}))
		s.refused(s.desk.Approve(s.ben, s.pump, looked.Hash()), problem.Conflict, "look at it again")
		s.clock.Advance(time.Minute)
		s.must(s.desk.Approve(s.ben, s.pump, s.profile().Hash()))
		if p := s.profile(); !p.Holds() || p.ApproverName != "ben" || !p.Approved.Equal(s.clock.Now()) || flow.Join(p.Flows) != "out/tcp/10.1.0.4/104,out/tcp/10.1.0.4/11112" {
			s.Errorf("approved %+v", p)
		}
		s.must(s.desk.Propose(s.ann, s.pump, []flow.Flow{images()}))
		if p := s.profile(); p.Holds() || p.ApproverName != "" {
			s.Errorf("what was approved counts beside another proposal: %+v", p)
		}
	})
}

// Another address or other software ends a list, also between the look at it and the approval; another place does not.
func TestAChangeOfTheDeviceEndsTheList(t *testing.T) {
	each(t, func(s *scene) {
		s.must(s.desk.Propose(s.ann, s.pump, []flow.Flow{images()}))
		looked := s.profile().Hash()
		s.change(func(d *device.Device) { d.RawVersion = "1.1" })
		s.refused(s.desk.Approve(s.ben, s.pump, looked), problem.Conflict, "the device changed")
		s.must(s.desk.Approve(s.ben, s.pump, s.profile().Hash()))
		s.change(func(d *device.Device) { d.Ward = "ICU 2" })
		if p := s.profile(); !p.Holds() {
			s.Errorf("another ward ends it: %+v", p)
		}
		for name, change := range map[string]func(d *device.Device){
			"version": func(d *device.Device) { d.RawVersion += ".1" },
			"address": func(d *device.Device) {
				d.Identities = append(d.Identities, device.Identity{Kind: network.IP, Value: "10.0.0.8"})
			},
			"MAC": func(d *device.Device) {
				d.Identities = append(d.Identities, device.Identity{Kind: network.MAC, Value: "00:00:5e:00:53:08"})
			},
		} {
			s.change(change)
			if p := s.profile(); p.Holds() || !p.Changed {
				s.Errorf("another %s leaves it as it was: %+v", name, p)
			}
			s.must(s.desk.Approve(s.ben, s.pump, s.profile().Hash()))
			if p := s.profile(); !p.Holds() {
				s.Errorf("approved again after another %s: %+v", name, p)
			}
		}
		s.must(device.Fleet{DB: s.db}.Retire(s.ann, device.ID(s.pump), "sold"))
		s.refused(s.desk.Approve(s.ben, s.pump, s.profile().Hash()), problem.NotFound, "no device")
		s.refused(s.desk.Propose(s.ann, "dev_nowhere", []flow.Flow{images()}), problem.NotFound, "no device")
	})
}

func TestLimitsOfAList(t *testing.T) {
	each(t, func(s *scene) {
		s.refused(s.desk.Propose(s.ann, s.pump, nil), problem.Invalid, "1 to 200 flows")
		s.refused(s.desk.Propose(s.ann, s.pump, make([]flow.Flow, 201)), problem.Invalid, "1 to 200 flows")
		for says, change := range map[string]func(f *flow.Flow){
			"not an address":         func(f *flow.Flow) { f.Peer = "archive" },
			"lists nothing":          func(f *flow.Flow) { f.Peer = "::/0" },
			"tcp, udp or icmp":       func(f *flow.Flow) { f.Proto = "sctp" },
			"1 to 65535":             func(f *flow.Flow) { f.Port = 65536 },
			"and 0 for icmp":         func(f *flow.Flow) { f.Proto = "icmp" },
			"the port must be":       func(f *flow.Flow) { f.Port = 0 },
			"out or in":              func(f *flow.Flow) { f.Direction = "both" },
			"what it is for in care": func(f *flow.Flow) { f.Purpose = " " },
			"at most 200 characters": func(f *flow.Flow) { f.Purpose = strings.Repeat("x", 201) },
			`"10.1.0.400" is not`:    func(f *flow.Flow) { f.Peer = "10.1.0.400" },
		} {
			wrong := images()
			change(&wrong)
			err := s.desk.Propose(s.ann, s.pump, []flow.Flow{images(), wrong})
			s.refused(err, problem.Invalid, says)
			if faults := problem.FaultsOf(err); len(faults) != 1 || faults[0].Path != "flows[1]" {
				s.Errorf("%s: the fault stands at %+v", says, faults)
			}
		}
		if p := s.profile(); len(p.Flows) != 0 {
			s.Errorf("a refused list is kept: %+v", p)
		}
		s.refused(s.db.View(s.ann, func(r store.Reader) error {
			none := store.WithActor(s.ann, store.Actor{ID: "usr_x", Name: "Xan"})
			_, err := flow.Get(none, r, s.pump)
			return err
		}), problem.Forbidden, "")
		none := store.WithActor(s.ann, store.Actor{ID: "usr_x", Name: "Xan", Grants: []store.Grant{{All: true, Kinds: []string{device.KindRead}}}})
		s.refused(s.desk.Propose(none, s.pump, []flow.Flow{images()}), problem.Forbidden, "")
	})
}

func TestAllows(t *testing.T) {
	own := []string{"10.0.0.7", "fd00::7"}
	p := flow.Profile{Flows: []flow.Flow{
		images(),
		{Peer: "10.2.0.0/16", Port: 443, Proto: "tcp", Direction: flow.In, Purpose: "the central station asks"},
		{Peer: "10.1.0.9", Proto: "icmp", Direction: flow.Out, Purpose: "is the gateway there"},
		{Peer: "fd00:1::/64", Port: 123, Proto: "udp", Direction: flow.Out, Purpose: "time"},
	}}
	for _, x := range []struct {
		name, src, dst, proto string
		port                  int
		want                  bool
	}{
		{"as listed", "10.0.0.7", "10.1.0.4", "tcp", 104, true},
		{"in capitals", "10.0.0.7", "10.1.0.4", "TCP", 104, true},
		{"as IPv4 in IPv6", "10.0.0.7", "::ffff:10.1.0.4", "tcp", 104, true},
		{"another port", "10.0.0.7", "10.1.0.4", "tcp", 105, false},
		{"another protocol", "10.0.0.7", "10.1.0.4", "udp", 104, false},
		{"another peer", "10.0.0.7", "10.1.0.5", "tcp", 104, false},
		{"the archive calls", "10.1.0.4", "10.0.0.7", "tcp", 104, false},
		{"the station calls", "10.2.9.9", "10.0.0.7", "tcp", 443, true},
		{"the station is called", "10.0.0.7", "10.2.9.9", "tcp", 443, false},
		{"from outside of the network", "10.3.0.1", "10.0.0.7", "tcp", 443, false},
		{"icmp", "10.0.0.7", "10.1.0.9", "icmp", 0, true},
		{"tcp to the peer of icmp", "10.0.0.7", "10.1.0.9", "tcp", 22, false},
		{"in a network of IPv6", "fd00::7", "fd00:1::20", "udp", 123, true},
		{"out of a network of IPv6", "fd00::7", "fd00:2::20", "udp", 123, false},
		{"no peer", "10.0.0.7", "", "tcp", 104, false},
	} {
		if got := p.Allows(&eventlog.Event{SrcIP: x.src, DstIP: x.dst, Proto: x.proto, DstPort: x.port}, own); got != x.want {
			t.Errorf("%s: %v, want %v", x.name, got, x.want)
		}
	}
	if (flow.Profile{}).Allows(&eventlog.Event{SrcIP: "10.0.0.7", DstIP: "10.1.0.4", Proto: "tcp", DstPort: 104}, own) {
		t.Error("an empty list allows something")
	}
}

// What events show is counted by flow, those with most events first, and says what is on the list.
func TestObserved(t *testing.T) {
	each(t, func(s *scene) {
		from, to := s.clock.Now().Add(-time.Hour), s.clock.Now()
		_, _, err := s.desk.Observed(s.ann, s.pump, from, to)
		s.refused(err, problem.Unavailable, "no events")
		log, err := parquet.Open(s.Context(), s.db, s.TempDir())
		s.must(err)
		s.Cleanup(func() { log.Close(context.Background()) })
		s.desk.Log = log
		s.must(s.desk.Propose(s.ann, s.pump, []flow.Flow{images()}))
		var events []eventlog.Event
		for n, x := range []struct {
			src, dst, proto string
			port            int
			ago             time.Duration
		}{
			{"10.0.0.7", "10.1.0.4", "tcp", 104, 30}, {"10.0.0.7", "10.1.0.4", "TCP", 104, 20}, {"10.2.0.9", "10.0.0.7", "tcp", 443, 10},
			{"10.0.0.7", "10.1.0.4", "tcp", 104, 90}, // before
			{"10.0.0.7", "10.1.0.4", "sctp", 9, 5},   // no protocol of a list
			{"10.0.0.7", "10.1.0.4", "tcp", 0, 5},    // no port
		} {
			at := to.Add(-x.ago * time.Minute).UnixMicro()
			e := eventlog.Event{ID: eventlog.Derive("src", "flows").At(int64(n)), Source: "src", Received: at, Time: at, Format: "json", Category: "network", Raw: []byte("{}"), Device: s.pump,
				SrcIP: x.src, DstIP: x.dst, Proto: x.proto, DstPort: x.port}
			e.Fit()
			events = append(events, e)
		}
		_, err = log.Append(s.Context(), events)
		s.must(err)
		seen, cut, err := s.desk.Observed(s.ann, s.pump, from, to)
		s.must(err)
		var got []string
		for _, x := range seen {
			got = append(got, fmt.Sprintf("%s %d %v %s-%s", x.Flow, x.Events, x.Listed, to.Sub(x.First), to.Sub(x.Last)))
		}
		if d := cmp.Diff([]string{"out/tcp/10.1.0.4/104 2 true 30m0s-20m0s", "in/tcp/10.2.0.9/443 1 false 10m0s-10m0s"}, got); d != "" || cut {
			s.Errorf("cut %v (-want +got):\n%s", cut, d)
		}
	})
}
