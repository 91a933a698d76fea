package app

import (
	"context"
	"fmt"
	"time"

	"triward/internal/device"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

type chapter func(ctx context.Context) error

// story is what people do, by days before the end. What the program does by itself, [demonstration.routine], comes after
// the steps of each day, and the feeds of a day before them.
func (d *demonstration) story() map[int][]chapter {
	story := map[int][]chapter{
		36: {d.staff, d.makers},
		35: {func(ctx context.Context) error { return d.bring(ctx, "fleet.csv") }, d.scopes, d.sources},
		34: {d.names, func(ctx context.Context) error { return d.bring(ctx, "theatre-inventory.csv") }},
		29: {d.planPumps},
		27: {d.verdictsOpenSource},
		26: {d.alarmLimits},
		25: {d.centralStations},
		24: {d.verdictUltrasound, d.gateways},
		22: {d.acceptGateway},
		21: {d.acceptRemote},
		20: {d.isolateImaging},
		18: {d.stick},
		15: {d.replaceCarts},
		13: {d.verdictsNetworkStack},
		12: {d.serviceVisits},
		10: {d.monitorsFixed},
		9:  {d.retirePumps},
		8:  {d.verdictsLate},
		7:  {d.transferAssay},
		5:  {d.moves},
	}
	for _, day := range []int{30, 28, 27, 15, 12, 9} {
		story[day] = append([]chapter{d.newReleases}, story[day]...)
	}
	d.work(story)
	d.rules(story)
	d.incidents(story)
	d.triage(story)
	return story
}

// rules adds how the documents of the house come into force and are used.
func (d *demonstration) rules(story map[int][]chapter) {
	add := func(day int, all ...chapter) { story[day] = append(story[day], all...) }
	first := []string{"STD-08", "POL-02", "POL-05", "POL-09", "POL-10", "POL-11", "STD-10", "SOP-01"}
	second := []string{"STD-07", "SOP-16", "SOP-24", "SOP-25", "SOP-26"}
	add(34, d.library)
	add(33, d.reviewed(first...))
	add(32, d.approved(first...), d.reviewed(second...))
	add(31, d.approved(second...))
	add(30, d.learn([]string{"htm", "quality", "security", "psirt", "medical"}))
	add(27, d.learn([]string{"board", "regulatory"}, "POL-05", "SOP-16"))
	add(14, d.patchRun)
	add(11, d.outside)
	add(6, d.exercise)
	add(4, d.amend)
	add(3, d.reviewed("WI-04"))
}

// work adds the days on which planned work is done.
func (d *demonstration) work(story map[int][]chapter) {
	add := func(day int, c chapter) { story[day] = append(story[day], c) }
	for _, b := range []struct{ day, devices int }{{24, 3}, {23, 4}, {22, 3}, {20, 4}, {17, 3}, {16, 4}, {15, 2}, {13, 3}, {10, 4}, {9, 2}, {6, 3}, {3, 2}} {
		add(b.day, d.done("pumps", "caudal300 4.2.1", b.devices))
		add(b.day-2, d.verified("pumps", b.devices))
	}
	add(13, d.failed("pumps", "battery swapped first; the update stopped at 60 %"))
	for _, day := range []int{20, 17} {
		add(day, d.done("central", "central 6.0", 2))
	}
	add(16, d.verified("central", 4))
	add(14, func(ctx context.Context) error {
		return d.decisions.Close(d.as(ctx, "security"), d.made["central"], "")
	})
	add(18, d.step("alarms", step{"security", risk.NotStarted, risk.Done, 20, "access list written on the switches of the intensive care units"}))
	add(10, func(ctx context.Context) error {
		return d.decisions.Close(d.as(ctx, "security"), d.made["alarms"], "release 7.5 is out: the monitors are updated instead")
	})
	add(11, d.step("imaging", step{"security", risk.NotStarted, risk.Done, 1, "rules on the firewall of the imaging zone"}))
	add(9, d.step("zephra", step{"htm", risk.Scheduled, risk.Done, 2, "test service closed, visit of the service engineer"}))
	add(6, d.verified("zephra", 2))
	for _, b := range []struct{ day, devices int }{{8, 5}, {7, 4}, {6, 5}, {4, 4}, {3, 3}} {
		add(b.day, d.done("monitors", "m7 7.5", b.devices))
		add(b.day-2, d.verified("monitors", b.devices))
	}
}

// affected is the devices of a model ("" for any) that a weakness concerns or may concern, as a person sees the ranked list.
func (d *demonstration) affected(ctx context.Context, model, vulnerability string) ([]string, error) {
	var out []string
	err := d.db.View(ctx, func(r store.Reader) error {
		q := risk.LineQuery{Vulnerability: vulnerability, Limit: 1000}
		if model != "" {
			q.Model = string(d.models[model].ID)
		}
		p, err := risk.Lines(ctx, r, q)
		for _, l := range p.Lines {
			out = append(out, l.Device)
		}
		return err
	})
	if err == nil && len(out) == 0 {
		err = fmt.Errorf("no device of %q is affected by %s", model, vulnerability)
	}
	return out, err
}

// choice is a decision of the story: who decides what about which devices.
type choice struct {
	who, word, model string
	risk.Decision
}

func (d *demonstration) decide(ctx context.Context, c choice) error {
	ctx = d.as(ctx, c.who)
	seen := map[string]bool{}
	var devices []string
	for _, v := range c.Vulnerabilities {
		found, err := d.affected(ctx, c.model, v)
		if err != nil {
			return err
		}
		for _, id := range found {
			if !seen[id] {
				seen[id] = true
				devices = append(devices, id)
			}
		}
	}
	id, err := d.decisions.Decide(ctx, c.Decision, devices)
	d.made[c.word] = id
	return err
}

// step is progress on the first devices of a decision that are in a state.
type step struct {
	who     string
	from    risk.Progress
	to      risk.Progress
	devices int
	note    string
}

func (d *demonstration) step(word string, s step) chapter {
	return func(ctx context.Context) error {
		_, err := d.advance(ctx, word, s)
		return err
	}
}

func (d *demonstration) advance(ctx context.Context, word string, s step) ([]string, error) {
	ctx = d.as(ctx, s.who)
	var devices []string
	err := d.db.View(ctx, func(r store.Reader) error {
		items, err := risk.Items(ctx, r, risk.ItemQuery{Decision: d.made[word], Limit: 1000})
		for _, it := range items {
			if it.Progress == s.from && len(devices) < s.devices {
				devices = append(devices, it.Device)
			}
		}
		return err
	})
	if err != nil || len(devices) == 0 {
		return nil, err
	}
	p := risk.Step{Decision: d.made[word], Devices: devices, Progress: s.to, Note: s.note}
	if s.to == risk.Scheduled {
		p.At = d.clock.now().AddDate(0, 0, 7)
	}
	return devices, d.decisions.RecordProgress(ctx, p)
}

// done installs a release on the next scheduled devices of a decision.
func (d *demonstration) done(word, release string, n int) chapter {
	return func(ctx context.Context) error {
		devices, err := d.advance(ctx, word, step{"htm", risk.Scheduled, risk.Done, n, ""})
		if err != nil {
			return err
		}
		for _, id := range devices {
			if err := d.moved(d.as(ctx, "htm"), id, func(dev *device.Device) {
				dev.Release = d.releases[release]
				dev.RawVersion = release[len(release)-versionLength(release):]
			}); err != nil {
				return err
			}
		}
		return nil
	}
}

// versionLength is the length of the version in "model version".
func versionLength(release string) int {
	for i := range release {
		if release[i] == ' ' {
			return len(release) - i - 1
		}
	}
	return len(release)
}

func (d *demonstration) verified(word string, n int) chapter {
	return d.step(word, step{"htm", risk.Done, risk.Verified, n, ""})
}

func (d *demonstration) failed(word, note string) chapter {
	return d.step(word, step{"htm", risk.Scheduled, risk.Failed, 1, note})
}

// names teaches how a supplier's delivery notes spell a maker.
func (d *demonstration) names(ctx context.Context) error {
	_, err := d.aliases.Add(d.as(ctx, "psirt"), vuln.Alias{Kind: vuln.VendorAlias, Name: "Northmere Med. Devices", Means: "Northmere Medical",
		Reason: "name on delivery notes until 2020"})
	return err
}

func (d *demonstration) verdict(ctx context.Context, who string, v vuln.Verdict) error {
	_, err := d.verdicts.Record(d.as(ctx, who), v)
	return err
}

func (d *demonstration) verdictsOpenSource(ctx context.Context) error {
	for _, v := range []vuln.Verdict{
		{Vulnerability: "CVE-2022-37434", Model: string(d.models["m7"].ID), Status: vuln.StatusNotAffected, Justification: "vulnerable_code_not_in_execute_path",
			Reason: "The monitor unpacks its own trend files only. It never asks zlib for the gzip header."},
		{Vulnerability: "CVE-2018-25032", Model: string(d.models["m7"].ID), Status: vuln.StatusNotAffected, Justification: "vulnerable_code_cannot_be_controlled_by_adversary",
			Reason: "The monitor compresses its own trend files only; nobody else can choose what is in them."},
		{Vulnerability: "CVE-2018-25032", Model: string(d.models["ct"].ID), Status: vuln.StatusNotAffected, Justification: "inline_mitigations_already_exist",
			Reason: "The console compresses with a fixed window that does not reach the fault. To be looked at again with release 8.2.", Expires: d.date(3)},
		{Vulnerability: "CVE-2021-44228", Model: string(d.models["harbour"].ID), Versions: "< 2.8", Status: vuln.StatusAffected,
			Reason: "The upload of logs writes the station's name to the log.", Action: "Update to 2.8."},
		{Vulnerability: "CVE-2022-3602", Model: string(d.models["harbour"].ID), Versions: "< 2.8", Status: vuln.StatusUnderInvestigation,
			Reason: "It is not clear yet whether certificates of clients are read before the hospital's own authority is checked."},
	} {
		if err := d.verdict(ctx, "psirt", v); err != nil {
			return err
		}
	}
	return nil
}

// verdictUltrasound is re-opened later: the maker adds the product to its advisory.
func (d *demonstration) verdictUltrasound(ctx context.Context) error {
	return d.verdict(ctx, "security", vuln.Verdict{Vulnerability: "CVE-2026-900008", Model: string(d.models["us"].ID), Status: vuln.StatusNotAffected,
		Justification: "component_not_present", Reason: "The advisory does not name the ultrasound system, and it sends images but receives none."})
}

func (d *demonstration) verdictsNetworkStack(ctx context.Context) error {
	for _, v := range []vuln.Verdict{
		{Vulnerability: "CVE-2026-900013", Model: string(d.models["zephra"].ID), Status: vuln.StatusUnderInvestigation,
			Reason: "Hallbrook looks at it; answer promised within two weeks."},
		{Vulnerability: "CVE-2026-900013", Model: string(d.models["caudal300"].ID), Versions: ">= 4.2.1", Status: vuln.StatusFixed,
			Reason: "Release 4.2.1 holds Greyfell RTOS 4.3.2."},
	} {
		if err := d.verdict(ctx, "psirt", v); err != nil {
			return err
		}
	}
	return nil
}

// verdictsLate answer what the advisory of the Device Safety Desk and the scans of open source left open.
func (d *demonstration) verdictsLate(ctx context.Context) error {
	for _, v := range []vuln.Verdict{
		{Vulnerability: "CVE-2026-900014", Model: string(d.models["caudals"].ID), Status: vuln.StatusNotAffected, Justification: "vulnerable_code_not_in_execute_path",
			Reason: "The hospital gives its pumps fixed addresses; their DHCP client never starts."},
		{Vulnerability: "CVE-2022-37434", Model: string(d.models["zephra"].ID), Status: vuln.StatusNotAffected, Justification: "vulnerable_code_not_in_execute_path",
			Reason: "The ventilator unpacks its own log files and never asks for the gzip header (letter of Hallbrook)."},
	} {
		if err := d.verdict(ctx, "psirt", v); err != nil {
			return err
		}
	}
	return nil
}

// moves are ordinary changes: a pump goes to another ward, an analyser is taken off the internet.
func (d *demonstration) moves(ctx context.Context) error {
	ctx = d.as(ctx, "htm")
	pumps, err := d.affected(ctx, "caudals", "CVE-2026-900002")
	if err != nil {
		return err
	}
	for _, id := range pumps[:2] {
		if err := d.moved(ctx, id, func(dev *device.Device) { dev.Ward, dev.ClinicalOwner = "Emergency", "Dr. L. Brandt" }); err != nil {
			return err
		}
	}
	return nil
}

// in is the end of a day, some days from now in the story.
func (d *demonstration) in(days int) time.Time {
	return d.clock.now().AddDate(0, 0, days).Truncate(24 * time.Hour).Add(23 * time.Hour)
}
