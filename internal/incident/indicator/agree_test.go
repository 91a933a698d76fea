package indicator_test

import (
	"context"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/incident/claim"
	"triward/internal/incident/indicator"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// house is a fleet with events that hold one indicator of every kind, and one event of an exercise.
type house struct {
	*testing.T
	db     *store.DB
	ctx    context.Context
	clock  *testdb.Clock
	log    *parquet.Log
	desk   claim.Desk
	find   blast.Finder
	cases  incident.Cases
	device map[string]string // ids by asset tag
	tag    map[string]string
}

func each(t *testing.T, fn func(h *house)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		log, err := parquet.Open(t.Context(), db, t.TempDir())
		if err != nil {
			t.Fatal(err)
		}
		defer log.Close(context.Background())
		s := signaturetest.New(t, db)
		h := &house{T: t, db: db, clock: c, log: log, desk: claim.Desk{DB: db, Log: log}, find: blast.Finder{DB: db, Events: reading.Desk{DB: db, Log: log}},
			cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db}}, device: map[string]string{}, tag: map[string]string{}}
		h.ctx = s.As(s.Person(t, "anna", "Anna Security"), "incident.*", "claim.*", "device.*", "risk.*", "event.*", "detection.*")
		h.fleet()
		h.events()
		fn(h)
	})
}

func (h *house) ok(err error) {
	h.Helper()
	if err != nil {
		h.Fatal(err)
	}
}

func (h *house) fleet() {
	f := device.Fleet{DB: h.db}
	site, err := f.AddSite(h.ctx, "North")
	h.ok(err)
	for tag, names := range map[string][]device.Identity{
		"A": {{Kind: network.IP, Value: "203.0.113.9"}, {Kind: network.Hostname, Value: "ws-7.evil.example"}},
		"B": {{Kind: network.AETitle, Value: "Grabber"}, {Kind: network.MAC, Value: "00:1a:2b:3c:4d:5e"}},
		"C": nil, "D": nil} {
		id, err := f.Register(h.ctx, device.Device{AssetTag: tag, RawVendor: "x", RawModel: "y", Site: site, InUse: product.Yes, Identities: names})
		h.ok(err)
		h.device[tag], h.tag[string(id)] = string(id), tag
	}
}

func (h *house) events() {
	field := func(name, value string) []eventlog.Field { return []eventlog.Field{{Name: name, Value: value}} }
	c, d := h.device["C"], h.device["D"]
	all := []eventlog.Event{
		{Device: c, DstIP: "203.0.113.9"},
		{Device: c, Peer: d, SrcIP: "203.0.113.77"},
		{Device: c, Fields: field("dhcp.mac", "00:1A:2B:3C:4D:5E")},
		{Device: c, Fields: []eventlog.Field{{Name: "dns.query", Value: "x.evil.example"}, {Name: "tls.sni", Value: "evil.example"}}},
		{Device: d, Host: "WS-7.evil.example"},
		{Device: c, Fields: field("http.host", "ws-8")},
		{Device: d, Hash: "0123456789abcdef0123456789abcdef"},
		{Device: c, User: "svc-pacs"}, {Device: d, Fields: field("user.alt", "svc-pacs")},
		{Device: c, Fields: field("ae.calling", "GRABBER")}, {Device: d, Fields: field("ae.destination", "grabber")},
		{Device: c, Fields: field("file.name", `C:\Temp\run.exe`)}, {Device: d, Fields: field("file.name", "/tmp/run.exe")},
		{Device: d, Fields: []eventlog.Field{{Name: "http.host", Value: "load.example"}, {Name: "http.uri", Value: "/a?b=1"}}}, {Device: c, Fields: field("http.uri", "http://load.example/a?b=1")},
		{Device: d, Peer: h.device["A"], DstIP: "198.51.100.7", Source: eventlog.Exercise + "INC-2026-0001"},
		{Device: c, DstIP: "198.51.100.8"},
	}
	at := h.clock.Now().Add(-time.Hour).UnixMicro()
	for n := range all {
		e := &all[n]
		e.ID, e.Received, e.Time, e.Format, e.Category = eventlog.ID{1, byte(n + 1)}, at, at, "json", "network"
		if e.Source == "" {
			e.Source = "src_1"
		}
	}
	_, err := h.log.Append(h.ctx, all)
	h.ok(err)
}

func (h *house) declare(exercise bool) string {
	h.Helper()
	id, err := h.cases.Declare(h.ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "x", TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal, Exercise: exercise,
		Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: h.clock.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "seen"}})
	h.ok(err)
	return id
}

// said are the devices and the number of events that the look back of an incident gives.
func (h *house) said(in string, k indicator.Kind, text string) map[string]int64 {
	h.Helper()
	id, err := h.desk.Add(h.ctx, in, claim.Indicator{Kind: k, Value: text})
	h.ok(err)
	out := map[string]int64{}
	h.ok(h.db.View(h.ctx, func(r store.Reader) error {
		all, err := claim.Indicators(h.ctx, r, in)
		n := slices.IndexFunc(all, func(i claim.Indicator) bool { return i.ID == id })
		for _, s := range all[n].Search.Devices {
			out[h.tag[s.Device]] = s.Events
		}
		return err
	}))
	return out
}

// reached are those of the blast radius.
func (h *house) reached(in string, k indicator.Kind, text string) map[string]int64 {
	h.Helper()
	v, err := h.find.Find(h.ctx, blast.Query{Indicator: text, Kind: k, Incident: in})
	h.ok(err)
	out := map[string]int64{}
	for _, d := range v.Devices {
		out[d.Tag] = d.Events
	}
	return out
}

// The look back of an incident and the blast radius find the same devices by an indicator of every kind.
func TestOneAnswer(t *testing.T) {
	each(t, func(h *house) {
		in := h.declare(false)
		tested := map[indicator.Kind]bool{}
		for _, c := range []struct {
			kind indicator.Kind // "": it is seen
			is   indicator.Kind
			text string
			want map[string]int64 // events by device; 0: the indicator is a name of it
		}{
			{"", indicator.Address, "203.0.113[.]9", map[string]int64{"A": 0, "C": 1}},
			{"", indicator.Address, "203.0.113.0/24", map[string]int64{"A": 0, "C": 2, "D": 1}},
			{"", indicator.Address, "192.0.2.1", map[string]int64{}},
			{"", indicator.MAC, "00-1a-2b-3c-4d-5e", map[string]int64{"B": 0, "C": 1}},
			{"", indicator.Domain, "Evil[.]example.", map[string]int64{"A": 0, "C": 1, "D": 1}},
			{indicator.Host, indicator.Host, "ws-7", map[string]int64{"A": 0, "D": 1}},
			{indicator.Host, indicator.Host, "WS-8", map[string]int64{"C": 1}},
			{"", indicator.Hash, "md5:0123456789ABCDEF0123456789abcdef", map[string]int64{"D": 1}},
			{indicator.User, indicator.User, "SVC-PACS", map[string]int64{"C": 1, "D": 1}},
			{indicator.AETitle, indicator.AETitle, "grabber", map[string]int64{"B": 0, "C": 1, "D": 1}},
			{indicator.File, indicator.File, "run.exe", map[string]int64{"C": 1, "D": 1}},
			{"", indicator.URL, "hxxp://load[.]example/a?b=1", map[string]int64{"C": 1, "D": 1}},
			{"", indicator.Device, h.device["A"], map[string]int64{"A": 0}},
		} {
			tested[c.is] = true
			if d := cmp.Diff(c.want, h.said(in, c.kind, c.text)); d != "" {
				h.Errorf("look back for %s (-want +got):\n%s", c.text, d)
			}
			if d := cmp.Diff(c.want, h.reached(in, c.kind, c.text)); d != "" {
				h.Errorf("blast radius of %s (-want +got):\n%s", c.text, d)
			}
		}
		for _, k := range indicator.Kinds() {
			if !tested[k] {
				h.Errorf("%s is not tested", k)
			}
		}
		// A bare name is searched as everything that it can be.
		for text, want := range map[string]map[string]int64{"GRABBER": {"B": 0, "C": 1, "D": 1}, "svc-pacs": {"C": 1, "D": 1}, "run.exe": {"C": 1, "D": 1}} {
			if d := cmp.Diff(want, h.reached("", "", text)); d != "" {
				h.Errorf("blast radius of the bare %s (-want +got):\n%s", text, d)
			}
		}
	})
}

// Events of an exercise are real to exercises only.
func TestExerciseEventsStayThere(t *testing.T) {
	each(t, func(h *house) {
		earnest, drill := h.declare(false), h.declare(true)
		for in, want := range map[string]map[string]int64{earnest: {}, drill: {"A": 1, "D": 1}} {
			if d := cmp.Diff(want, h.said(in, "", "198.51.100.7")); d != "" {
				h.Errorf("look back (-want +got):\n%s", d)
			}
			if d := cmp.Diff(want, h.reached(in, "", "198.51.100.7")); d != "" {
				h.Errorf("blast radius (-want +got):\n%s", d)
			}
		}
		if got := h.reached("", "", "198.51.100.7"); len(got) != 0 {
			h.Errorf("asked in no incident: %v", got)
		}
	})
}
