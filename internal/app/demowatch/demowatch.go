package demowatch

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

// Source is a sender of the demonstration by how it calls itself. One may be silent for a while only, so that its
// silence shows.
func Source(name string) detection.Source {
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

// Usual are the records of a source on usual days, moved to the last day: without them nothing would come any more at the
// end of the story. Only the archive has enough of them; of the others it is the zero value.
func Usual(story content.Demo, f content.ScenarioFile) content.Demo {
	if f.Source != "lfa-main-01" {
		return content.Demo{}
	}
	return content.Demo{Now: story.Now.AddDate(0, 0, 9)}
}

// Desk is where the people of the story work on alerts.
type Desk struct {
	DB    *store.DB
	As    func(ctx context.Context, login string) context.Context
	Pause func(time.Duration) // lets time pass
}

// waitingAbout are the alerts that wait and whose rule has one of the catalogue's ids; without any, all that wait.
func (d Desk) waitingAbout(ctx context.Context, catalogue ...string) ([]string, error) {
	var out []string
	err := d.DB.View(ctx, func(r store.Reader) error {
		page, err := detection.ListAlerts(ctx, r, detection.AlertQuery{Waiting: true, Limit: 500})
		for _, a := range page.Items {
			if err != nil || a.Rule == "" {
				continue
			}
			if len(catalogue) == 0 {
				out = append(out, a.ID)
				continue
			}
			rule, rerr := detection.GetRule(ctx, r, a.Rule, d.DB.Now())
			if rerr == nil && slices.ContainsFunc(rule.Catalogue, func(c string) bool { return slices.Contains(catalogue, c) }) {
				out = append(out, a.ID)
			}
		}
		return err
	})
	return out, err
}

// Worm closes what a colleague explained, and leaves the rest.
func (d Desk) Worm(ctx context.Context) error {
	alerts, htm := detection.Alerts{DB: d.DB}, d.As(ctx, "htm")
	all, err := d.waitingAbout(htm, "M06")
	if err != nil || len(all) == 0 {
		return err
	}
	if err := alerts.Acknowledge(htm, all[:1]); err != nil {
		return err
	}
	d.Pause(25 * time.Minute)
	if rest, err := d.waitingAbout(htm); err != nil || len(rest) == 0 {
		return err
	} else if err := alerts.Acknowledge(d.As(ctx, "security"), rest); err != nil {
		return err
	}
	return alerts.Close(htm, all[:1], detection.Closing{Reason: detection.ReasonFalse, Feedback: detection.Tune, Note: "The cart was asked for its print queue by the spooler of the ward; the spooler is to be left out."})
}

// Theft takes the theft of images on, and merges what belongs together.
func (d Desk) Theft(ctx context.Context) error {
	alerts, security := detection.Alerts{DB: d.DB}, d.As(ctx, "security")
	heist, err := d.waitingAbout(security, "C02")
	if err != nil || len(heist) == 0 {
		return err
	}
	if err := alerts.Acknowledge(security, heist); err != nil {
		return err
	}
	d.Pause(6 * time.Minute)
	if err := alerts.Note(security, heist[0], "The caller sits behind socket 4-117 in the office network. The archive team refuses it from now on."); err != nil {
		return err
	}
	wide, err := d.waitingAbout(security, "M24")
	wide = slices.DeleteFunc(wide, func(id string) bool { return id == heist[0] })
	if err != nil || len(wide) == 0 {
		return err
	}
	d.Pause(3 * time.Minute)
	return alerts.Merge(security, heist[0], wide[:1], "Step two of the same theft.")
}

// Last is what somebody reports by telephone, a sender that nobody named, and what an owner settles.
func (d Desk) Last(ctx context.Context) error {
	alerts, sources := detection.Alerts{DB: d.DB}, detection.Sources{DB: d.DB}
	if _, err := alerts.Report(d.As(ctx, "htm"), detection.Report{Title: "Service laptop found plugged into an infusion pump", Level: detection.Medium, Ward: "ICU 2",
		Said: "The charge nurse of ICU 2 called: a laptop without a label hangs on the service port of a pump. Nobody knows whose it is. It is unplugged and lies in the ward office."}); err != nil {
		return err
	}
	if _, err := sources.Met(store.WithActor(ctx, store.System("receive")), detection.SyslogUDP, "10.20.33.7"); err != nil {
		return err
	}
	relay, err := sources.Met(ctx, detection.SyslogTCP, Source("syslog-relay").Identity)
	if err != nil {
		return err
	}
	from := d.DB.Now().Add(-9 * time.Hour)
	if _, err := sources.NoteBlind(store.WithActor(ctx, store.System("receive")), detection.Blind{Source: relay.ID, Reason: detection.BlindSender, Started: from, Ended: from.Add(7 * time.Minute), Lost: 1284, Detail: "the relay says that its queue was full"}); err != nil {
		return err
	}
	watch := detection.Watch{DB: d.DB, Sources: sources, Alerts: alerts}
	if err := watch.Tick(store.WithActor(ctx, store.System("silence"))); err != nil {
		return err
	}
	return d.settleOne(ctx)
}

// settleOne approves the first baseline that waits.
func (d Desk) settleOne(ctx context.Context) error {
	ctx = d.As(ctx, "htm")
	var waits []baseline.Baseline
	err := d.DB.View(ctx, func(r store.Reader) error {
		p, err := baseline.List(ctx, r, baseline.Query{Waiting: true, Now: d.DB.Now(), Limit: 50})
		waits = p.Items
		return err
	})
	if err != nil {
		return err
	}
	for _, b := range waits {
		if b.Unexpected == 0 {
			return (baseline.Desk{DB: d.DB}).Settle(ctx, baseline.Settlement{Baseline: b.ID, Verdict: baseline.Normal, Reason: "Compared with the list of the PACS team."})
		}
	}
	return nil
}
