package api_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/internal/device/flow"
	"triward/internal/eventlog"
	"triward/internal/incident/claim"
	"triward/internal/incident/connector"
	"triward/internal/store"
	"triward/internal/testdb"
)

// saw keeps an event of an hour ago in which the pump calls an address.
func saw(f *fixture, pump, to string) string {
	f.t.Helper()
	log := f.server.Events.Log.(eventlog.Log)
	at := f.db.Now().Add(-time.Hour).UnixMicro()
	e := eventlog.Event{ID: eventlog.Derive("src", to).At(0), Source: "src", Received: at, Time: at, Format: "syslog", Device: pump, SrcIP: "10.0.0.7", DstIP: to, User: "jdoe", Raw: []byte("to " + to)}
	e.Fit()
	if _, err := log.Append(f.t.Context(), []eventlog.Event{e}); err != nil {
		f.t.Fatal(err)
	}
	return e.ID.String()
}

// withPump is a fixture with a vault, claims, connectors, a pump and an incident of it.
func withPump(t *testing.T, db *store.DB) (f *fixture, inc, pump string) {
	t.Helper()
	f, inc = withVault(t, db)
	f.server.Claims = claim.Desk{DB: db, Log: f.server.Events.Log}
	f.server.Connectors = connector.Desk{DB: db, Cases: f.server.Cases, Log: f.server.Events.Log}
	f.server.Flows = flow.Desk{DB: db, Log: f.server.Events.Log}
	f.http = f.server.Handler()
	pump = must[apiv1.Made](f, "POST", "/devices", apiv1.DeviceInput{AssetTag: "P-9", RawVendor: "Nordmed", RawModel: "Infusion pump N1", Network: []apiv1.Identity{{Kind: "ip", Value: "10.0.0.7"}}}).ID
	must[empty](f, "POST", "/incidents/"+inc+"/devices", apiv1.IncidentInvolve{Devices: []string{pump}})
	return f, inc, pump
}

// Indicators with their look back, claims with their evidence, and a thread of them, for another program.
func TestClaims(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f, inc, pump := withPump(t, db)
		event := saw(f, pump, "203.0.113.66")
		at := "/incidents/" + inc
		refused(f, 422, "POST", at+"/indicators", apiv1.IndicatorInput{Kind: "hash", Value: "203.0.113.66"})
		ind := must[apiv1.Made](f, "POST", at+"/indicators", apiv1.IndicatorInput{Value: "203.0.113[.]66", Note: "in the log"}).ID
		refused(f, 409, "POST", at+"/indicators", apiv1.IndicatorInput{Value: "203.0.113.66"})
		must[empty](f, "POST", "/indicators/"+ind+"/look-ups", apiv1.LookUpInput{Where: "a list of the CERT", Found: "known since May"})
		refused(f, 422, "POST", "/indicators/"+ind+"/look-ups", apiv1.LookUpInput{Where: "a list"})
		refused(f, 404, "POST", "/indicators/ind_nowhere/look-ups", apiv1.LookUpInput{Where: "a list", Found: "nothing"})
		l := must[apiv1.List[apiv1.Indicator]](f, "GET", at+"/indicators", nil).Items
		if len(l) != 1 || l[0].Kind != "address" || l[0].Value != "203.0.113.66" || !l[0].Searched || l[0].Events != 1 || len(l[0].Devices) != 1 || l[0].Devices[0].Device != pump || len(l[0].EventIDs) != 1 || l[0].EventIDs[0] != event || len(l[0].LookUps) != 1 {
			t.Errorf("indicators = %+v", l)
		}

		says := apiv1.ClaimInput{About: "infrastructure", Says: "It calls an address outside", Source: "the switch", Reliability: "B", Credibility: "2", Likelihood: "likely", Evidence: []string{event}}
		first := must[apiv1.Made](f, "POST", at+"/claims", says).ID
		bare := says
		bare.Evidence = nil
		if p := refused(f, 422, "POST", at+"/claims", bare); len(places(p)) != 1 || places(p)[0] != "body.evidence" {
			t.Errorf("a claim without evidence is at fault in %v", places(p))
		}
		bare.Evidence = []string{"hearsay"}
		refused(f, 422, "POST", at+"/claims", bare)
		how := must[apiv1.Made](f, "POST", at+"/claims", apiv1.ClaimInput{About: "technique", Value: "T0883", Says: "Over the internet", Source: "Anna", Reliability: "C", Credibility: "3", Hypothesis: true}).ID
		says.Replaces, says.Says = first, "It calls two addresses outside"
		refused(f, 422, "POST", at+"/claims", says)
		says.Reason = "the second was found"
		second := must[apiv1.Made](f, "POST", at+"/claims", says).ID
		refused(f, 409, "POST", at+"/claims/"+first+"/withdraw", apiv1.Reason{Reason: "again"})
		refused(f, 422, "POST", at+"/claims/"+how+"/withdraw", apiv1.Reason{Reason: " "})
		must[empty](f, "POST", at+"/claims/"+how+"/withdraw", apiv1.Reason{Reason: "it was the intranet"})
		got := map[string]apiv1.Claim{}
		for _, c := range must[apiv1.List[apiv1.Claim]](f, "GET", at+"/claims", nil).Items {
			got[c.ID] = c
		}
		if len(got) != 3 || got[first].EndedBy != second || got[how].EndReason != "it was the intranet" || got[how].Technique == "" || !got[second].Ended.IsZero() || got[second].ReliabilityValue != 75 || len(got[second].Evidence) != 1 || got[second].Evidence[0] != event {
			t.Errorf("claims = %+v", got)
		}

		steps := []apiv1.ThreadStep{{Phase: "delivery", Says: "A USB stick"}, {Phase: "command and control", Says: "It calls out", Claims: []string{second}}}
		thread := must[apiv1.Made](f, "POST", at+"/threads", apiv1.ThreadInput{Name: "From the stick outside", Steps: steps}).ID
		refused(f, 422, "POST", at+"/threads", apiv1.ThreadInput{Name: "Wrong", Steps: []apiv1.ThreadStep{{Phase: "delivery", Says: "x", Claims: []string{"clm_nowhere"}}}})
		refused(f, 409, "POST", at+"/threads", apiv1.ThreadInput{ID: thread, Version: 7, Name: "From the stick outside", Steps: steps, Reason: "late"})
		refused(f, 422, "POST", at+"/threads", apiv1.ThreadInput{ID: thread, Version: 1, Name: "From the stick outside", Steps: steps[1:]})
		if again := must[apiv1.Made](f, "POST", at+"/threads", apiv1.ThreadInput{ID: thread, Version: 1, Name: "From the pump outside", Steps: steps[1:], Reason: "there was no stick"}).ID; again != thread {
			t.Errorf("another version is another thread: %s", again)
		}
		if l := must[apiv1.List[apiv1.Thread]](f, "GET", at+"/threads", nil).Items; len(l) != 1 || l[0].ID != thread || l[0].Version != 2 || l[0].Name != "From the pump outside" || len(l[0].Steps) != 1 || l[0].Steps[0].Claims[0] != second {
			t.Errorf("threads = %+v", l)
		}
		if r := must[apiv1.WhoReport](f, "GET", at+"/who", nil); len(r.Claims) != 1 || len(r.Threads) != 1 || len(r.Indicators) != 1 || len(r.Beyond) != 0 || len(r.Empty) == 0 {
			t.Errorf("who = %+v", r)
		}

		b := must[apiv1.BlastRadius](f, "GET", "/blast-radius?indicator=203.0.113.66&incident="+inc, nil)
		if b.Sum.Affected != 1 || len(b.Devices) != 1 || b.Devices[0].ID != pump || b.Devices[0].Events != 1 {
			t.Errorf("radius = %+v", b)
		}
		if b := must[apiv1.BlastRadius](f, "GET", "/blast-radius?indicator=203.0.113.7", nil); b.Sum.Affected != 0 || b.Silent != 1 {
			t.Errorf("radius of what nobody saw = %+v", b)
		}
		refused(f, 422, "GET", "/blast-radius?indicator=x.example&kind=hash", nil)
		if m := must[apiv1.IncidentMetrics](f, "GET", "/incident-metrics?from=2020-01-01T00:00:00Z&to=2020-02-01T00:00:00Z", nil); m.Incidents != 0 {
			t.Errorf("metrics of another time = %+v", m)
		}
		refused(f, 422, "GET", "/incident-metrics?from=soon", nil)
	})
}

// What to capture of a device, from the house's guide of its model; and events that are taken as evidence.
func TestCapture(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f, inc, pump := withPump(t, db)
		maker := must[apiv1.Made](f, "POST", "/manufacturers", apiv1.ManufacturerInput{Name: "Nordmed"}).ID
		model := must[apiv1.Made](f, "POST", "/models", apiv1.ModelInput{Manufacturer: maker, Name: "N1"}).ID
		at := "/models/" + model + "/capture-guide"
		refused(f, 422, "PUT", at, apiv1.CaptureInput{CaptureLines: apiv1.CaptureLines{First: []string{" "}}})
		must[empty](f, "PUT", at, apiv1.CaptureInput{CaptureLines: apiv1.CaptureLines{First: []string{"Copy the drug log"}, Never: []string{"Do not pull the plug"}}})
		refused(f, 409, "PUT", at, apiv1.CaptureInput{CaptureLines: apiv1.CaptureLines{First: []string{"x"}}})
		refused(f, 422, "PUT", at, apiv1.CaptureInput{Version: 1, CaptureLines: apiv1.CaptureLines{First: []string{"x"}}})
		must[empty](f, "PUT", at, apiv1.CaptureInput{Version: 1, Alone: true, Reason: "ours is enough", CaptureLines: apiv1.CaptureLines{First: []string{"Copy the drug log"}}})
		if g := must[apiv1.CaptureOfModel](f, "GET", at, nil); g.Version != 2 || !g.Alone || g.Reason != "ours is enough" || len(g.First) != 1 || len(g.Never) != 0 {
			t.Errorf("guide = %+v", g)
		}
		must[empty](f, "PUT", "/devices/"+pump, apiv1.DeviceChange{DeviceInput: apiv1.DeviceInput{AssetTag: "P-9", Model: model, Network: []apiv1.Identity{{Kind: "ip", Value: "10.0.0.7"}}}})
		if a := must[apiv1.CaptureAdvice](f, "GET", "/devices/"+pump+"/capture-guide", nil); a.General || len(a.Guides) != 2 || a.Guides[0].ID != "any" || a.Guides[1].ID != "house" || a.Guides[1].First[0] != "Copy the drug log" {
			t.Errorf("advice = %+v", a)
		}
		refused(f, 404, "GET", "/devices/dev_nowhere/capture-guide", nil)
		refused(f, 404, "GET", "/models/mod_nowhere/capture-guide", nil)

		saw(f, pump, "203.0.113.66")
		saw(f, pump, "203.0.113.7")
		refused(f, 404, "POST", "/incidents/INC-1999-0001/evidence/from-events", apiv1.EventsTaken{Q: "dst.ip:203.0.113.66", Authority: "head"})
		refused(f, 422, "POST", "/incidents/"+inc+"/evidence/from-events", apiv1.EventsTaken{Q: "dst.ip:203.0.113.66"})
		item := must[apiv1.Made](f, "POST", "/incidents/"+inc+"/evidence/from-events", apiv1.EventsTaken{Q: "dst.ip:203.0.113.66", Authority: "head of IT security"}).ID
		if v := must[apiv1.EvidenceItem](f, "GET", "/evidence-items/"+item, nil); v.State != "sealed" || v.Incident != inc || v.Authority != "head of IT security" {
			t.Errorf("item = %+v", v)
		}
		w := f.send("GET", "/evidence-items/"+item+"/content?reason=look", nil)
		z, err := zip.NewReader(bytes.NewReader(w.Body.Bytes()), int64(w.Body.Len()))
		if err != nil {
			t.Fatalf("%d, not a ZIP: %v", w.Code, err)
		}
		held := map[bool]string{}
		for _, part := range z.File {
			r, err := part.Open()
			if err != nil {
				t.Fatal(err)
			}
			text, err := io.ReadAll(r)
			if err != nil {
				t.Fatal(err)
			}
			held[part.Name == "manifest.json"] += string(text)
		}
		if !strings.Contains(held[true], "triward-events/1") || !strings.Contains(held[false], "203.0.113.66") || strings.Contains(held[false], "203.0.113.7") {
			t.Errorf("archive = %v", held)
		}
		if chain := chained(f, item); len(chain) < 3 || chain[1].Action != "sealed" {
			t.Errorf("chain = %+v", chain)
		}
	})
}

const switchBook = `[[connector]]
name = "port"
title = "Switch of the ICU"
kind = "command"
levels = [4]
ask = {port = "[0-9]{1,2}"}
undo = "Type no shutdown at the switch."
[connector.run]
argv = ["/usr/bin/true", "off", "{port}", "{until}"]
[connector.return]
argv = ["/usr/bin/true", "on", "{port}"]
`

// A connector is approved as it is defined, chosen for a planned action, and revoked; a device gets its list of flows.
func TestConnectors(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f, inc, pump := withPump(t, db)
		book := filepath.Join(t.TempDir(), "connectors.toml")
		if err := os.WriteFile(book, []byte(switchBook), 0o600); err != nil {
			t.Fatal(err)
		}
		f.server.Connectors.Book.File = book
		f.http = f.server.Handler()
		one := func() apiv1.Connector {
			t.Helper()
			l := must[apiv1.List[apiv1.Connector]](f, "GET", "/connectors", nil).Items
			if len(l) != 1 {
				t.Fatalf("connectors = %+v", l)
			}
			return l[0]
		}
		c := one()
		if c.Name != "port" || c.Approved || !c.EndsByItself || c.Undo == "" || !strings.Contains(c.Run, "off") || !strings.Contains(c.Return, "on") {
			t.Errorf("connector = %+v", c)
		}
		refused(f, 409, "POST", "/connectors/port/approve", apiv1.ConnectorApproval{Hash: strings.Repeat("0", 64), Reason: "read"})
		refused(f, 422, "POST", "/connectors/port/approve", apiv1.ConnectorApproval{Hash: c.Hash, Reason: " "})
		refused(f, 404, "POST", "/connectors/none/approve", apiv1.ConnectorApproval{Hash: c.Hash, Reason: "read"})
		must[empty](f, "POST", "/connectors/port/approve", apiv1.ConnectorApproval{Hash: c.Hash, Reason: "read and tried"})
		if c := one(); !c.Approved || c.ApprovedAt.IsZero() {
			t.Errorf("approved = %+v", c)
		}

		shown := must[apiv1.IncidentShown](f, "GET", "/incidents/"+inc, nil)
		of := shown.Devices[len(shown.Devices)-1].ID
		for _, d := range shown.Devices {
			if d.Device == pump {
				of = d.ID
			}
		}
		action := must[apiv1.Made](f, "POST", "/incidents/"+inc+"/containments", apiv1.ContainmentInput{Device: of, Level: 4, Target: "port 12", Impact: "no central alarm", Alternative: "alarm at the bedside", Compensating: "a nurse", Observe: "no packet", Undo: "plug it in again", Returns: db.Now().Add(time.Hour)}).ID
		on := "/containments/" + action + "/connector"
		refused(f, 422, "POST", on, apiv1.ConnectorChoice{Connector: "port", Values: map[string]string{"port": "twelve"}})
		must[empty](f, "POST", on, apiv1.ConnectorChoice{Connector: "port", Values: map[string]string{"port": "12"}})
		if o := must[apiv1.ConnectorOrder](f, "GET", on, nil); o.Connector != "port" || o.Values["port"] != "12" || !strings.Contains(o.Run, "12") || o.Tries != 0 || o.Undo == "" {
			t.Errorf("order = %+v", o)
		}
		must[empty](f, "POST", on, apiv1.ConnectorChoice{})
		must[empty](f, "POST", "/connectors/port/revoke", apiv1.Reason{Reason: "the switch is gone"})
		refused(f, 404, "POST", "/connectors/port/revoke", apiv1.Reason{Reason: "again"})
		if one().Approved {
			t.Error("it is approved after its approval ended")
		}

		flows := "/devices/" + pump + "/flows"
		images := apiv1.Flow{Direction: "out", Proto: "tcp", Peer: "10.1.0.4", Port: 104, Purpose: "images to the archive"}
		wrong := images
		wrong.Peer = "0.0.0.0/0"
		refused(f, 422, "POST", flows, apiv1.FlowProfileInput{Flows: []apiv1.Flow{images, wrong}})
		must[empty](f, "POST", flows, apiv1.FlowProfileInput{Flows: []apiv1.Flow{images}})
		refused(f, 409, "POST", flows+"/approve", apiv1.FlowProfileApproval{Hash: "0"})
		p := must[apiv1.FlowProfile](f, "GET", flows, nil)
		must[empty](f, "POST", flows+"/approve", apiv1.FlowProfileApproval{Hash: p.Hash})
		if q := must[apiv1.FlowProfile](f, "GET", flows, nil); p.Holds || !q.Holds || len(q.Flows) != 1 || q.Flows[0] != images {
			t.Errorf("profile = %+v, then %+v", p, q)
		}
	})
}
