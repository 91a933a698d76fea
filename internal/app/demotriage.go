package app

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"slices"
	"time"

	"triward/internal/content"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/store"
)

// demoSource is a sender of the demonstration by how it calls itself. One may be silent for a while only, so that its
// silence shows.
func demoSource(name string) detection.Source {
	print := func() string {
		sum := sha256.Sum256([]byte("demonstration certificate of " + name))
		return hex.EncodeToString(sum[:])
	}
	s := map[string]detection.Source{
		"lfa-main-01":  {Name: "Image archive, audit trail", Transport: detection.SyslogTLS, Identity: print(), Zone: "Europe/Berlin", Owner: "PACS team", Note: "Audit messages of the archive after DICOM PS3.15 A.5."},
		"sensor-core":  {Name: "Sensor in the core", Transport: detection.HTTP, Identity: name, Format: "zeek", Owner: "Jonas Weller"},
		"sensor-guest": {Name: "Sensor in the guest network", Transport: detection.HTTP, Identity: name, Format: "eve", Owner: "Jonas Weller", Silence: 48 * time.Hour},
		"syslog-relay": {Name: "Syslog relay of the wards", Transport: detection.SyslogTCP, Identity: "10.20.4.15", Zone: "Europe/Berlin", Owner: "Clinical engineering"},
		"mct-main-01":  {Name: "CT scanner, audit trail", Transport: detection.SyslogTLS, Identity: print(), Zone: "Europe/Berlin", Owner: "Clinical engineering"},
	}[name]
	if s.Name == "" {
		s = detection.Source{Name: name, Transport: detection.File, Identity: name}
	}
	return s
}

// usual are the records of a source on usual days, moved to the last day: without them nothing would come any more at the
// end of the story. Only the archive has enough of them.
func (d *demonstration) usual(f content.ScenarioFile) content.Demo {
	if f.Source != "lfa-main-01" {
		return content.Demo{}
	}
	return content.Demo{Now: d.content.Now.AddDate(0, 0, 9)}
}

// triage adds what people do about alerts.
func (d *demonstration) triage(story map[int][]chapter) {
	story[3] = append(story[3], d.triageWorm)
	story[1] = append(story[1], d.triageTheft)
	story[0] = append(story[0], d.triageLast)
}

// waitingAbout are the alerts that wait and whose rule has one of the catalogue's ids.
func (d *demonstration) waitingAbout(ctx context.Context, catalogue ...string) ([]string, error) {
	var out []string
	err := d.db.View(ctx, func(r store.Reader) error {
		page, err := detection.ListAlerts(ctx, r, detection.AlertQuery{Waiting: true, Limit: 500})
		for _, a := range page.Items {
			if err != nil || a.Rule == "" {
				continue
			}
			rule, rerr := detection.GetRule(ctx, r, a.Rule, d.db.Now())
			if rerr == nil && slices.ContainsFunc(rule.Catalogue, func(c string) bool { return slices.Contains(catalogue, c) }) {
				out = append(out, a.ID)
			}
		}
		return err
	})
	return out, err
}

// triageWorm closes what a colleague explained, and leaves the rest.
func (d *demonstration) triageWorm(ctx context.Context) error {
	alerts, htm := detection.Alerts{DB: d.db}, d.as(ctx, "htm")
	all, err := d.waitingAbout(htm, "M06")
	if err != nil || len(all) == 0 {
		return err
	}
	if err := alerts.Acknowledge(htm, all[:1]); err != nil {
		return err
	}
	d.clock.pause(25 * time.Minute)
	return alerts.Close(htm, all[:1], detection.Closing{Reason: detection.ReasonFalse, Feedback: detection.Tune, Note: "The cart was asked for its print queue by the spooler of the ward; the spooler is to be left out."})
}

// triageTheft takes the theft of images on, and merges what belongs together.
func (d *demonstration) triageTheft(ctx context.Context) error {
	alerts, security := detection.Alerts{DB: d.db}, d.as(ctx, "security")
	heist, err := d.waitingAbout(security, "C02")
	if err != nil || len(heist) == 0 {
		return err
	}
	if err := alerts.Acknowledge(security, heist[:1]); err != nil {
		return err
	}
	d.clock.pause(6 * time.Minute)
	if err := alerts.Note(security, heist[0], "The caller sits behind socket 4-117 in the office network. The archive team refuses it from now on."); err != nil {
		return err
	}
	wide, err := d.waitingAbout(security, "M24")
	wide = slices.DeleteFunc(wide, func(id string) bool { return id == heist[0] })
	if err != nil || len(wide) == 0 {
		return err
	}
	d.clock.pause(3 * time.Minute)
	return alerts.Merge(security, heist[0], wide[:1], "Step two of the same theft.")
}

// triageLast is what somebody reports by telephone, a sender that nobody named, and what an owner settles.
func (d *demonstration) triageLast(ctx context.Context) error {
	if d.events == nil {
		return nil
	}
	alerts, sources := detection.Alerts{DB: d.db}, detection.Sources{DB: d.db}
	if _, err := alerts.Report(d.as(ctx, "htm"), detection.Report{Title: "Service laptop found plugged into an infusion pump", Level: detection.Medium, Ward: "ICU 2",
		Said: "The charge nurse of ICU 2 called: a laptop without a label hangs on the service port of a pump. Nobody knows whose it is. It is unplugged and lies in the ward office."}); err != nil {
		return err
	}
	if _, err := sources.Met(store.WithActor(ctx, store.System("receive")), detection.SyslogUDP, "10.20.33.7"); err != nil {
		return err
	}
	relay, err := sources.Met(ctx, detection.SyslogTCP, demoSource("syslog-relay").Identity)
	if err != nil {
		return err
	}
	from := d.clock.now().Add(-9 * time.Hour)
	if _, err := sources.NoteBlind(store.WithActor(ctx, store.System("receive")), detection.Blind{Source: relay.ID, Reason: detection.BlindSender, Started: from, Ended: from.Add(7 * time.Minute), Lost: 1284, Detail: "the relay says that its queue was full"}); err != nil {
		return err
	}
	watch := detection.Watch{DB: d.db, Sources: sources, Alerts: alerts}
	if err := watch.Tick(store.WithActor(ctx, store.System("silence"))); err != nil {
		return err
	}
	return d.settleOne(ctx)
}

// settleOne approves the first baseline that waits.
func (d *demonstration) settleOne(ctx context.Context) error {
	ctx = d.as(ctx, "htm")
	var waits []baseline.Baseline
	err := d.db.View(ctx, func(r store.Reader) error {
		p, err := baseline.List(ctx, r, baseline.Query{Waiting: true, Now: d.db.Now(), Limit: 50})
		waits = p.Items
		return err
	})
	if err != nil {
		return err
	}
	for _, b := range waits {
		if b.Unexpected == 0 {
			return (baseline.Desk{DB: d.db}).Settle(ctx, baseline.Settlement{Baseline: b.ID, Verdict: baseline.Normal, Reason: "Compared with the list of the PACS team."})
		}
	}
	return nil
}
