package app

import (
	"context"

	"triward/internal/device"
	"triward/internal/risk"
	"triward/internal/store"
)

// planPumps begins the longest piece of work of the story: most pumps are updated by its end, some are left.
func (d *demonstration) planPumps(ctx context.Context) error {
	if err := d.decide(ctx, choice{"htm", "pumps", "caudal300", risk.Decision{
		Title: "Update all Caudal 300 pumps to 4.2.1", Vulnerabilities: []string{"CVE-2026-900001"}, Treatment: risk.Fix, Owner: "Marta Kolar",
		Due: d.in(39), Reason: "Anybody on the pump network can change a rate. The update takes 12 minutes with the pump free; wards swap pumps with the pool.",
	}}); err != nil {
		return err
	}
	if _, err := d.advance(ctx, "pumps", step{"htm", risk.NotStarted, risk.Scheduled, 44, ""}); err != nil {
		return err
	}
	_, err := d.advance(ctx, "pumps", step{"htm", risk.NotStarted, risk.Excused, 1, "spare in the workshop, goes back to the maker this month"})
	return err
}

func (d *demonstration) alarmLimits(ctx context.Context) error {
	return d.decide(ctx, choice{"security", "alarms", "m7", risk.Decision{
		Title: "Let only central stations talk to Vigil M7 monitors", Vulnerabilities: []string{"CVE-2026-900004"}, Treatment: risk.Mitigate, Owner: "Jonas Weller",
		Due: d.in(17), Reason: "There is no update yet, and a missed alarm can cost a life.",
		Controls: "Access list on the switches of the monitoring zone: only the central stations reach port 7011 of the monitors",
	}})
}

func (d *demonstration) monitorsFixed(ctx context.Context) error {
	if err := d.decide(ctx, choice{"htm", "monitors", "m7", risk.Decision{
		Title: "Update Vigil M7 monitors to 7.5", Vulnerabilities: []string{"CVE-2026-900004"}, Treatment: risk.Fix, Owner: "Marta Kolar", Due: d.in(45),
		Reason:   "Release 7.5 closes the hole; the access list stays until the last monitor has it.",
		Controls: "Access list on the switches of the monitoring zone: only the central stations reach port 7011 of the monitors",
	}}); err != nil {
		return err
	}
	_, err := d.advance(ctx, "monitors", step{"htm", risk.NotStarted, risk.Scheduled, 28, ""})
	return err
}

func (d *demonstration) centralStations(ctx context.Context) error {
	if err := d.decide(ctx, choice{"security", "central", "central", risk.Decision{
		Title: "Update central stations to 6.0 at once", Vulnerabilities: []string{"CVE-2026-900005"}, Treatment: risk.Fix, Owner: "Marta Kolar", Due: d.in(10),
		Reason: "The weakness is used in ransomware attacks since yesterday, and a ward without its central station watches sixteen patients by hand.",
	}}); err != nil {
		return err
	}
	_, err := d.advance(ctx, "central", step{"htm", risk.NotStarted, risk.Scheduled, 4, ""})
	return err
}

// gateways becomes overdue: the pharmacy has not released the new drug library.
func (d *demonstration) gateways(ctx context.Context) error {
	return d.decide(ctx, choice{"htm", "gateways", "harbour", risk.Decision{
		Title: "Update Harbour Gateways to 2.8", Vulnerabilities: []string{"CVE-2021-44228", "CVE-2021-44906"}, Treatment: risk.Fix, Owner: "Marta Kolar", Due: d.in(20),
		Reason: "Release 2.8 holds a Log4j without the weakness. It waits for the pharmacy's test of the drug library.",
	}})
}

// acceptGateway re-opens by itself when the weakness appears among the exploited ones.
func (d *demonstration) acceptGateway(ctx context.Context) error {
	return d.decide(ctx, choice{"board", "gateway", "harbour", risk.Decision{
		Title: "Gateways stay in service until release 2.8 is tested", Vulnerabilities: []string{"CVE-2026-900003"}, Treatment: risk.Accept, Owner: "Jonas Weller",
		Reason:   "Without the gateways nurses type every rate by hand, which has hurt patients before. Nobody is known to use the weakness.",
		Controls: "Web port open to four stations of the pharmacy only", AcceptedBy: "Helen Straw", AcceptedUntil: d.in(60),
	}})
}

func (d *demonstration) acceptRemote(ctx context.Context) error {
	return d.decide(ctx, choice{"clinician", "remote", "remote", risk.Decision{
		Title: "Remotes stay with patients, easy bolus off", Vulnerabilities: []string{"CVE-2026-900012"}, Treatment: risk.Accept, Owner: "Dr. Celeste Moreau",
		Reason:   "Going back to pens is worse for these nine patients than somebody who stands beside them with a radio.",
		Controls: "Easy bolus turned off, limit for boluses 4 units, patients told", AcceptedBy: "Dr. Celeste Moreau", AcceptedUntil: d.in(90),
	}})
}

func (d *demonstration) isolateImaging(ctx context.Context) error {
	return d.decide(ctx, choice{"security", "imaging", "ct", risk.Decision{
		Title: "CT scanners behind the imaging firewall", Vulnerabilities: []string{"CVE-2026-900008", "CVE-2014-0160"}, Treatment: risk.Isolate, Owner: "Jonas Weller",
		Due: d.in(24), Reason: "Release 8.2 needs two days without the scanner; the scanners are needed until the new one runs.",
		Controls: "Firewall: DICOM from the archive and the worklist only; remote service through the jump host, opened on request",
	}})
}

func (d *demonstration) replaceCarts(ctx context.Context) error {
	if err := d.decide(ctx, choice{"htm", "carts", "ecg", risk.Decision{
		Title: "Replace Tracea E12 carts", Vulnerabilities: []string{"CVE-2026-900011"}, Treatment: risk.Replace, Owner: "Marta Kolar", Due: d.in(120),
		Reason: "End of support since 2022; no fix will come. Budget for eleven carts is granted for the next quarter.",
	}}); err != nil {
		return err
	}
	_, err := d.advance(ctx, "carts", step{"htm", risk.NotStarted, risk.Scheduled, 3, "first delivery"})
	return err
}

// serviceVisits becomes overdue: the engineer did not reach every ventilator.
func (d *demonstration) serviceVisits(ctx context.Context) error {
	if err := d.decide(ctx, choice{"htm", "zephra", "zephra", risk.Decision{
		Title: "Close the test service of Zephra 20 ventilators", Vulnerabilities: []string{"CVE-2026-900006"}, Treatment: risk.Fix, Owner: "Marta Kolar", Due: d.in(9),
		Reason: "A stranger on the network could restart ventilation.", Controls: "Network cable pulled until the visit; ventilation does not need it",
	}}); err != nil {
		return err
	}
	_, err := d.advance(ctx, "zephra", step{"htm", risk.NotStarted, risk.Scheduled, 10, ""})
	return err
}

// retirePumps takes pumps out of use whose release has no support any more.
func (d *demonstration) retirePumps(ctx context.Context) error {
	ctx = d.as(ctx, "htm")
	all, err := d.affected(ctx, "caudals", "CVE-2026-900002")
	if err != nil {
		return err
	}
	var old []string
	for _, id := range all {
		var dev device.Device
		if err := d.db.View(ctx, func(r store.Reader) (err error) {
			dev, err = device.Get(ctx, r, device.ID(id))
			return err
		}); err != nil {
			return err
		}
		if dev.Release == d.releases["caudals 3.0"] {
			old = append(old, id)
		}
	}
	if d.made["old"], err = d.decisions.Decide(ctx, risk.Decision{
		Title: "Retire Caudal S pumps with release 3.0", Vulnerabilities: []string{"CVE-2026-900002"}, Treatment: risk.Retire, Owner: "Marta Kolar", Due: d.in(30),
		Reason: "Release 3.0 has no support since June 2025 and these pumps cannot take a newer one.",
	}, old); err != nil {
		return err
	}
	if err := d.decisions.RecordProgress(ctx, risk.Step{Decision: d.made["old"], Devices: old[:1], Progress: risk.Done, Note: "returned to the maker"}); err != nil {
		return err
	}
	return d.fleet.Retire(ctx, device.ID(old[0]), "no support any more; returned to the maker")
}

func (d *demonstration) transferAssay(ctx context.Context) error {
	return d.decide(ctx, choice{"security", "assay", "assay", risk.Decision{
		Title: "Corrigale closes the export under the service contract", Vulnerabilities: []string{"CVE-2026-900015"}, Treatment: risk.Transfer, Owner: "Jonas Weller",
		Due: d.in(28), Reason: "The contract includes security updates; the maker installs 12.4 at the next maintenance.",
	}})
}
