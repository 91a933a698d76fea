package pack

import (
	"bytes"
	"context"
	"encoding/csv"
	"fmt"
	"net/netip"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/content"
	"triward/internal/detection/baseline"
	"triward/internal/detection/fire"
	"triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/eventlog/decode"
	"triward/internal/sigma"
)

func TestPackCompiles(t *testing.T) {
	set, err := Set()
	if err != nil {
		t.Fatal(err)
	}
	if _, faults := fire.New(set, nil); len(faults) > 0 {
		t.Errorf("the pack has faults: %v", faults)
	}
}

// Each rule fires on the events that it is for and not on those that are like them, through decoding, the inventory and
// the engine.
func TestRulesFireOnTheirEvents(t *testing.T) {
	set, err := Set()
	if err != nil {
		t.Fatal(err)
	}
	cases, err := Cases()
	if err != nil {
		t.Fatal(err)
	}
	tested, err := Tested()
	if err != nil {
		t.Fatal(err)
	}
	house := inventory(t)
	names := map[string]sigma.Extension{}
	for _, r := range set.Rules {
		names[r.Name] = r.Extension
	}
	for _, c := range set.Correlations {
		names[c.Name] = c.Extension
	}
	for name := range cases {
		if _, ok := names[name]; !ok {
			t.Errorf("there are events for %s, but no such rule", name)
		}
	}
	for name, x := range names {
		t.Run(strings.Join(x.IDs, " ")+" "+name, func(t *testing.T) {
			if !tested[name] {
				t.Error("it lacks events to fire on, or events not to")
			}
			for _, c := range cases[name] {
				if got := c.play(t, only(set, name), house); got != c.Fires {
					t.Errorf("%s: it fires %v, want %v", c.Name, got, c.Fires)
				}
			}
		})
	}
}

// only is a rule with the rules that it stands on. It reports whatever its level is.
func only(set sigma.Set, name string) sigma.Set {
	var out sigma.Set
	for _, r := range set.Rules {
		if r.Name == name {
			r.Level = "high"
			out.Rules = append(out.Rules, r)
		}
	}
	for _, c := range set.Correlations {
		if c.Name != name {
			continue
		}
		for _, needed := range c.Rules {
			for _, have := range only(set, needed).Rules {
				if !slices.ContainsFunc(out.Rules, func(r sigma.Rule) bool { return r.Name == have.Name }) {
					out.Rules = append(out.Rules, have)
				}
			}
			out.Correlations = append(out.Correlations, only(set, needed).Correlations...)
		}
		c.Level = "high"
		out.Correlations = append(out.Correlations, c)
	}
	return out
}

func (c Case) play(t *testing.T, set sigma.Set, house house) bool {
	t.Helper()
	unusual := false
	rules, faults := fire.New(set, func(context.Context, baseline.Observation) (baseline.Judgement, error) {
		return baseline.Judgement{Unusual: unusual}, nil
	})
	if len(faults) > 0 {
		t.Fatalf("%v", faults)
	}
	target := ""
	for _, r := range set.Rules {
		target = r.ID
	}
	for _, c := range set.Correlations {
		target = c.ID
	}
	w := rules.Worker()
	d := decode.New([]byte("a salt for the tests of the pack"))
	begin := c.At
	if begin.IsZero() {
		begin = time.Date(2026, 11, 24, 9, 0, 0, 0, time.UTC)
	}
	fired, at, n := false, time.Duration(0), 0
	for i, r := range c.Events {
		if i > 0 && r.After == 0 {
			at += time.Second
		} else {
			at = r.After
		}
		unusual = r.New
		for k := range max(r.Repeat, 1) {
			n++
			now := begin.Add(at)
			for _, e := range decoded(t, d, r, now, k+1) {
				house.complete(&e)
				firings, err := w.Try(t.Context(), &e)
				if err != nil {
					t.Fatal(err)
				}
				if !slices.ContainsFunc(firings, func(f fire.Firing) bool { return f.Rule == target }) {
					continue
				}
				fired = true
				if m, err := eventlog.NewMatcher(eventlog.Query{Where: replay.Narrow(set)}); err != nil || !m.Match(&e) {
					t.Errorf("%s: the back-test would not be given the event (%v)", c.Name, err)
				}
			}
			if k+1 < r.Repeat {
				at += r.Every
			}
		}
	}
	// The windows of what is counted over whole windows end.
	ended := rules.Advance(begin.Add(at + 366*24*time.Hour).UnixMicro())
	return fired || slices.ContainsFunc(ended, func(f fire.Firing) bool { return f.Rule == target })
}

func decoded(t *testing.T, d *decode.Decoder, r Record, now time.Time, n int) []eventlog.Event {
	t.Helper()
	raw := strings.NewReplacer("@time@", now.UTC().Format("2006-01-02T15:04:05.000Z"), "@epoch@", fmt.Sprintf("%.6f", float64(now.UnixMicro())/1e6),
		"@n@", fmt.Sprint(n)).Replace(r.Raw)
	events := d.Append(nil, decode.Input{ID: eventlog.Derive("src_test", raw).At(now.UnixMicro()), Source: "src_test",
		Received: now.UnixMicro(), Payload: []byte(raw), Format: r.As, Zone: time.UTC})
	for _, e := range events {
		if e.Fault != "" || e.Format == "raw" {
			t.Errorf("%s is not decoded: %s", raw, e.Fault)
		}
		if e.Format != r.As && !(r.As == "syslog" && e.Format == "atna") {
			t.Errorf("%s is decoded as %s, want %s", raw, e.Format, r.As)
		}
	}
	return events
}

// house is the demonstration's inventory by address and host name.
type house map[string]map[string]string

func inventory(t *testing.T) house {
	t.Helper()
	text, err := content.Demo{Now: time.Now()}.File("import/fleet.csv")
	if err != nil {
		t.Fatal(err)
	}
	rows, err := csv.NewReader(bytes.NewReader(text)).ReadAll()
	if err != nil {
		t.Fatal(err)
	}
	out := house{}
	for _, row := range rows[1:] {
		d := map[string]string{}
		for i, name := range rows[0] {
			d[name] = row[i]
		}
		for _, key := range []string{d["ip"], d["hostname"]} {
			if key != "" {
				out[key] = d
			}
		}
	}
	return out
}

// complete does what the pipeline does: it says what is known of the devices of an event.
func (h house) complete(e *eventlog.Event) {
	src, dst := h[e.SrcIP], h[e.DstIP]
	var dev, peer map[string]string
	side, other := "", ""
	switch {
	case src != nil:
		dev, peer, side, other = src, dst, "src", e.DstIP
	case dst != nil:
		dev, side, other = dst, "dst", e.SrcIP
	case h[e.Host] != nil:
		dev, side = h[e.Host], "host"
	}
	put := func(name, value string) {
		if value != "" {
			e.Fields = append(e.Fields, eventlog.Field{Name: name, Value: value})
		}
	}
	if dev != nil {
		e.Device, e.Site, e.Ward, e.Zone = "dev_"+dev["asset_tag"], dev["site"], dev["location"], dev["zone"]
		put("dev.side", side)
		put("dev.model", dev["model"])
		put("dev.class", dev["safety_class"])
	}
	switch {
	case peer != nil:
		e.Peer, e.PeerZone = "dev_"+peer["asset_tag"], peer["zone"]
		put("peer.class", peer["safety_class"])
	case other != "" && public(other):
		e.PeerZone = "internet"
	case other != "":
		e.PeerZone = "private"
	}
	switch {
	case e.SrcIP == "" || e.DstIP == "":
	case public(e.DstIP):
		put("dir", "out")
	case public(e.SrcIP):
		put("dir", "in")
	default:
		put("dir", "internal")
	}
	e.Fit()
}

func public(ip string) bool {
	a, err := netip.ParseAddr(ip)
	return err == nil && !a.IsPrivate() && !a.IsLoopback() && !a.IsLinkLocalUnicast()
}
