package flow

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"net/netip"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// The kinds of events of this package. The subject is the device.
const (
	KindProposed = "device.profile_proposed"
	KindApproved = "device.profile_approved"
)

// Direction is who begins a flow.
type Direction string

// The directions.
const (
	Out Direction = "out" // the device
	In  Direction = "in"  // the peer
)

// Protocols lists the protocols that a flow may have.
func Protocols() []string { return []string{"tcp", "udp", "icmp"} }

// Flow is one way of talking.
type Flow struct {
	Peer      string    `json:"peer"`      // address or network: 10.1.2.3, 10.1.0.0/16
	Port      int       `json:"port"`      // of whoever is called; 0 for icmp
	Proto     string    `json:"proto"`     // of Protocols
	Direction Direction `json:"direction"` // out or in
	Purpose   string    `json:"purpose"`   // what it is for in care: "images to the archive"
}

// String is the flow as connectors get it: "out/tcp/10.1.2.3/104".
func (f Flow) String() string {
	return string(f.Direction) + "/" + f.Proto + "/" + f.Peer + "/" + strconv.Itoa(f.Port)
}

// Join writes flows in one line, for a connector.
func Join(all []Flow) string {
	out := make([]string, len(all))
	for i, f := range all {
		out[i] = f.String()
	}
	return strings.Join(out, ",")
}

const (
	maxFlows   = 200
	maxPurpose = 200
)

// Profile is the list of a device.
type Profile struct {
	Device       string
	Flows        []Flow
	ProposerName string
	Proposed     time.Time
	ApproverName string
	Approved     time.Time // zero: it waits
	Changed      bool      // addresses or software of the device are not those that it was approved for

	basis string // what it was proposed or approved for
	now   string // what the device is now
}

// Holds says whether the list counts.
func (p Profile) Holds() bool { return !p.Approved.IsZero() && !p.Changed }

// Hash names the list that a person looks at, for the device as it is: who approves it approves both.
func (p Profile) Hash() string {
	b, err := json.Marshal(p.Flows)
	if err != nil {
		return "" // texts and numbers only: it cannot fail
	}
	sum := sha256.Sum256(append(b, p.now...))
	return hex.EncodeToString(sum[:16])
}

// Desk keeps profiles.
type Desk struct {
	DB  *store.DB
	Log eventlog.Reader // nil: nothing is observed here
}

// basisOf is what a profile is approved for: the addresses of the device and its software.
func basisOf(d device.Device) string {
	sum := sha256.New()
	fmt.Fprintf(sum, "%q", [][]string{d.Current(network.IP), d.Current(network.MAC), {string(d.Model), string(d.Release), d.RawVersion}})
	return hex.EncodeToString(sum.Sum(nil)[:16])
}

// Of reads the profile of a device; the zero Profile when it has none. It checks no permission.
func Of(ctx context.Context, r store.Reader, dev string) (Profile, error) {
	p := Profile{Device: dev}
	var flows string
	var proposed, approved int64
	err := r.QueryRow(ctx, `SELECT flows, basis, proposer_name, proposed, approver_name, approved FROM device_profile WHERE device = $1`, dev).Scan(&flows, &p.basis, &p.ProposerName, &proposed, &p.ApproverName, &approved)
	if problem.KindOf(err) == problem.NotFound {
		return Profile{Device: dev}, nil
	}
	if err != nil {
		return p, err
	}
	p.Proposed, p.Approved = store.Time(proposed), store.Time(approved)
	if err := json.Unmarshal([]byte(flows), &p.Flows); err != nil {
		return p, err
	}
	found, err := device.Records(ctx, r, []device.ID{device.ID(dev)})
	if len(found) > 0 {
		p.now = basisOf(found[0])
	}
	p.Changed = p.now != p.basis
	return p, err
}

// Get reads the profile of a device that the actor may see.
func Get(ctx context.Context, r store.Reader, dev string) (Profile, error) {
	if _, err := device.Get(ctx, r, device.ID(dev)); err != nil {
		return Profile{}, err
	}
	return Of(ctx, r, dev)
}

// Propose writes the list of a device down. It waits for approval; what was approved before does not count any more.
func (d Desk) Propose(ctx context.Context, dev string, flows []Flow) error {
	flows = slices.Clone(flows)
	var l problem.List
	if len(flows) == 0 || len(flows) > maxFlows {
		l.Add("flows", "1 to %d flows make a profile", maxFlows)
	}
	for i := range flows {
		if err := flows[i].tidy(); err != nil {
			l.Add("flows["+strconv.Itoa(i)+"]", "%s", problem.Text(err))
		}
	}
	if err := l.Err("the profile is not complete"); err != nil {
		return err
	}
	return d.change(ctx, dev, KindProposed, func(tx *store.Tx, rec device.Device, p *Profile, me people.Name) error {
		p.Flows, p.basis, p.ProposerName, p.Proposed, p.ApproverName, p.Approved = flows, basisOf(rec), me.Name, tx.Now, "", time.Time{}
		return nil
	})
}

// Approve lets the list of a device count. hash is that of the list that the person looked at.
func (d Desk) Approve(ctx context.Context, dev, hash string) error {
	return d.change(ctx, dev, KindApproved, func(tx *store.Tx, rec device.Device, p *Profile, me people.Name) error {
		if len(p.Flows) == 0 {
			return problem.New(problem.NotFound, "the device has no profile")
		}
		if p.Hash() != hash {
			return problem.New(problem.Conflict, "the list or the device changed: look at it again")
		}
		p.basis, p.ApproverName, p.Approved = basisOf(rec), me.Name, tx.Now
		return nil
	})
}

func (d Desk) change(ctx context.Context, dev, kind string, fn func(*store.Tx, device.Device, *Profile, people.Name) error) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		found, err := device.Records(ctx, tx, []device.ID{device.ID(dev)})
		if err != nil {
			return err
		}
		if len(found) == 0 || found[0].State != device.Active {
			return problem.New(problem.NotFound, "there is no device %s in use in the fleet's records", dev)
		}
		p, err := Of(ctx, tx, dev)
		if err != nil {
			return err
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		if err := fn(tx, found[0], &p, me); err != nil {
			return err
		}
		flows, err := json.Marshal(p.Flows)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO device_profile (device, flows, basis, proposer_name, proposed, approver, approver_name, approved) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (device) DO UPDATE SET flows = excluded.flows, basis = excluded.basis, proposer_name = excluded.proposer_name, proposed = excluded.proposed,
				approver = excluded.approver, approver_name = excluded.approver_name, approved = excluded.approved`,
			dev, string(flows), p.basis, p.ProposerName, store.Micros(p.Proposed), me.ID, p.ApproverName, store.Micros(p.Approved)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: kind, Subject: dev, Site: string(found[0].Site), Product: string(found[0].Model), Body: map[string]any{"flows": p.Flows}})
		return err
	})
}

// tidy checks a flow and writes its peer in the one way.
func (f *Flow) tidy() error {
	net, err := eventlog.ParseNetwork(strings.TrimSpace(f.Peer))
	if err != nil {
		return problem.New(problem.Invalid, "%q is not an address or a network", f.Peer)
	}
	if net.Bits() == 0 {
		return problem.New(problem.Invalid, "a network of all addresses lists nothing")
	}
	if f.Peer = net.String(); net.IsSingleIP() {
		f.Peer = net.Addr().String()
	}
	f.Proto, f.Purpose = strings.ToLower(f.Proto), strings.TrimSpace(f.Purpose)
	switch {
	case !slices.Contains(Protocols(), f.Proto):
		return problem.New(problem.Invalid, "the protocol must be tcp, udp or icmp")
	case f.Port < 0 || f.Port > 65535 || (f.Port == 0) != (f.Proto == "icmp"):
		return problem.New(problem.Invalid, "the port must be 1 to 65535, and 0 for icmp")
	case f.Direction != Out && f.Direction != In:
		return problem.New(problem.Invalid, "the direction must be out or in")
	case f.Purpose == "" || len(f.Purpose) > maxPurpose:
		return problem.New(problem.Invalid, "say what it is for in care, in at most %d characters", maxPurpose)
	}
	return nil
}

// Allows says whether a flow that was seen is on the list. own tells the device's addresses.
func (p Profile) Allows(e *eventlog.Event, own []string) bool {
	dir, peer := side(e, own)
	a, err := netip.ParseAddr(peer)
	if err != nil {
		return false
	}
	return slices.ContainsFunc(p.Flows, func(f Flow) bool {
		net, err := eventlog.ParseNetwork(f.Peer)
		return err == nil && net.Contains(a.Unmap()) && f.Direction == dir && (f.Port == 0 || f.Port == e.DstPort) && strings.EqualFold(f.Proto, e.Proto)
	})
}

// side is who began the flow of an event, and the address of the other one.
func side(e *eventlog.Event, own []string) (Direction, string) {
	if slices.Contains(own, e.DstIP) && !slices.Contains(own, e.SrcIP) {
		return In, e.SrcIP
	}
	return Out, e.DstIP
}

// Seen is a flow that was observed.
type Seen struct {
	Flow
	Events      int
	First, Last time.Time
	Listed      bool // in the profile as it is
}

// maxSeen bounds how many different flows are told, and maxScanned how many events are looked at.
const (
	maxSeen    = 500
	maxScanned = 500_000
)

// errEnough ends a scan.
var errEnough = problem.New(problem.Conflict, "enough")

// Observed lists the flows of a device that events show between two instants, those with most events first. cut says that
// there was more than it looked at.
func (d Desk) Observed(ctx context.Context, dev string, from, to time.Time) (all []Seen, cut bool, err error) {
	if d.Log == nil {
		return nil, false, problem.New(problem.Unavailable, "there are no events here")
	}
	var p Profile
	var own []string
	err = d.DB.View(ctx, func(r store.Reader) error {
		rec, err := device.Get(ctx, r, device.ID(dev))
		if err != nil {
			return err
		}
		own = rec.Current(network.IP)
		p, err = Of(ctx, r, dev)
		return err
	})
	if err != nil {
		return nil, false, err
	}
	found, n := map[Flow]*Seen{}, 0
	err = d.Log.Scan(ctx, eventlog.Query{From: from.UnixMicro(), To: to.UnixMicro(), Where: []eventlog.Condition{{Field: "any.device", Op: eventlog.Is, Values: []string{dev}}, {Field: "dst.ip", Op: eventlog.Present}}}, func(part []eventlog.Event) error {
		for i := range part {
			e := &part[i]
			if n++; n > maxScanned {
				return errEnough
			}
			f := Flow{Port: e.DstPort, Proto: strings.ToLower(e.Proto)}
			if f.Direction, f.Peer = side(e, own); f.Peer == "" || !slices.Contains(Protocols(), f.Proto) || f.Proto == "icmp" && f.Port != 0 || f.Proto != "icmp" && f.Port == 0 {
				continue
			}
			s := found[f]
			if s == nil {
				if len(found) >= maxSeen {
					cut = true
					continue
				}
				s = &Seen{Flow: f, First: time.UnixMicro(e.At()).UTC(), Listed: p.Allows(e, own)}
				found[f] = s
			}
			s.Events, s.Last = s.Events+1, time.UnixMicro(e.At()).UTC()
		}
		return nil
	})
	if errors.Is(err, errEnough) {
		cut, err = true, nil
	}
	for _, s := range found {
		all = append(all, *s)
	}
	slices.SortFunc(all, func(a, b Seen) int {
		if a.Events != b.Events {
			return b.Events - a.Events
		}
		return strings.Compare(a.String(), b.String())
	})
	return all, cut, err
}
