package app

import (
	"context"
	"fmt"
	"strings"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/custody"
	"triward/internal/incident/disclosure"
	"triward/internal/incident/ladder"
	"triward/internal/store"
)

// incidents adds one incident that is nearly over and one in which people are at work.
func (d *demonstration) incidents(story map[int][]chapter) {
	story[16] = append(story[16], d.pumpCalls)
	story[15] = append(story[15], d.pumpClean)
	story[0] = append(story[0], d.archiveRead)
}

// cases keeps incidents.
func (d *demonstration) cases() incident.Cases {
	return incident.Cases{DB: d.db, Runs: d.runs, Preserves: d.vault.Preserves, Embargo: disclosure.InForce}
}

// tagged is the device with an asset tag.
func (d *demonstration) tagged(ctx context.Context, tag string) (string, error) {
	var out string
	err := d.db.View(ctx, func(r store.Reader) error {
		page, err := device.List(ctx, r, device.Query{Prefix: tag, Limit: 1})
		if err == nil && len(page.Items) == 0 {
			err = fmt.Errorf("no device has the tag %s", tag)
		}
		if err == nil {
			out = string(page.Items[0].ID)
		}
		return err
	})
	return out, err
}

// steps runs what people do one after another, some minutes apart, and stops at the first that fails.
func (d *demonstration) steps(all ...func() error) error {
	for _, f := range all {
		d.clock.pause(4 * time.Minute)
		if err := f(); err != nil {
			return err
		}
	}
	return nil
}

// pumpCalls contains a pump that calls an unknown address: blocked outside, then off the network with the consent of both sides.
func (d *demonstration) pumpCalls(ctx context.Context) error {
	cases := d.cases()
	security, htm, medical := d.as(ctx, "security"), d.as(ctx, "htm"), d.as(ctx, "medical")
	pump, err := d.tagged(security, "SB-10001")
	if err != nil {
		return err
	}
	id, err := cases.Declare(security, incident.Declaration{Devices: []string{pump}, Systems: []string{"Firewall of the infusion zone"}, From: []incident.Link{{Kind: incident.FromCall, Target: "network operations", Note: "the firewall shows a refused connection every ten minutes"}},
		Incident: incident.Incident{Title: "A pump of ICU 1 calls an address outside", Cyber: 2, Clinical: 3, TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed,
			Aware: d.clock.now().Add(-35 * time.Minute), AwareWho: "Network operations", AwareHow: "the daily look at refused connections",
			Summary: "One Caudal 300 tries to reach an address that nobody knows, every ten minutes since the night. The firewall refuses it. The infusion goes on as set."}})
	if err != nil {
		return err
	}
	d.made["incident pump"] = id
	var far, off string
	plan := func(to *string, l ladder.Level, target, impact string) func() error {
		return func() (err error) {
			*to, err = cases.PlanAction(htm, id, incident.Action{Device: pump, Target: target, Plan: ladder.Plan{Level: l, Impact: impact, Alternative: "the pump works alone; rates are set at the pump",
				Compensating: "the nurse looks at the pump every fifteen minutes", Observe: "no packet of the pump at the switch for two minutes",
				Undo: "move the network cable of the pump from socket 14 to the free socket 15 beside it", Return: d.clock.now().Add(20 * time.Hour)}})
			return err
		}
	}
	return d.steps(
		func() error { return cases.Move(security, id, incident.Move{To: incident.Analysing}) },
		plan(&far, ladder.FarSide, "refuse 203.0.113.66 at the border, silently", "none: nothing clinical goes there"),
		func() error { return cases.Check(htm, far, "infusing; no service session is open at the pump") },
		func() error { return cases.SignOff(htm, far, ladder.Biomed, 0, "") },
		func() error { return cases.Run(htm, far) },
		func() error { return cases.See(security, far, ladder.Answered, "the rule is in place") },
		func() error {
			return cases.See(security, far, ladder.Observed, "the border sees and drops the calls, no answer comes back")
		},
		func() error { return cases.Move(security, id, incident.Move{To: incident.Containing}) },
		plan(&off, ladder.NetworkOff, "shut port 14 of switch ICU1-2", "no drug library update, no documentation by itself; the infusion goes on"),
		func() error { return cases.Check(htm, off, "infusing at 12 ml/h; nurse at the bed") },
		func() error {
			return cases.SignOff(medical, off, ladder.ClinicalOwner, 0, "while the nurse looks every fifteen minutes")
		},
		func() error { return cases.SignOff(htm, off, ladder.Biomed, 0, "") },
		func() error { return cases.Run(htm, off) },
		func() error { return cases.See(htm, off, ladder.Answered, "port 14 is down") },
		func() error {
			return cases.See(security, off, ladder.Observed, "no packet of the pump for five minutes, the pump shows no alarm")
		},
		func() error {
			return cases.SetDevice(security, id, pump, incident.DeviceChange{State: incident.Compromised})
		},
		func() error { return cases.SetDevice(htm, id, pump, incident.DeviceChange{State: incident.Contained}) },
		func() error { return d.exhibits(ctx, id, pump) },
		func() error {
			return cases.SetDevice(security, id, pump, incident.DeviceChange{Evidence: incident.Preserved, EvidenceNote: "its log, and its memory card in the safe of clinical engineering, both under seal"})
		},
		func() error {
			return cases.Note(medical, id, incident.Decision, "The patient stays on this pump until the change of the syringe at six; then a spare takes over.")
		},
		func() error { return d.remembered(ctx, id, pump) })
}

// exhibits keeps what the pump remembers, and its drug library card under seal.
func (d *demonstration) exhibits(ctx context.Context, id, pump string) error {
	htm := d.as(ctx, "htm")
	item := custody.Item{Incident: id, Kind: custody.LogExtract, Description: "Event log of the pump", Device: pump, Source: "service port of SB-10001", Authority: "head of IT security",
		Method: "read out over the service port; nothing was written", Details: custody.Details{LegalBasis: "incident plan 4.2", Tool: "service tool of the maker", ToolVersion: "4.1", Command: "export events", WriteBlocker: "read-only mode of the tool"}, Skew: -40 * time.Second, SkewKnown: true, Began: d.clock.now(), Patients: custody.Minimised, File: "sb-10001-events.log"}
	log, err := d.vault.Register(htm, item)
	if err != nil {
		return err
	}
	var text strings.Builder
	for n := range 40 {
		fmt.Fprintf(&text, "%s NET connect 203.0.113.66:443 refused\n", d.clock.now().Add(time.Duration(n-40)*10*time.Minute).UTC().Format(time.DateTime))
	}
	card, err := d.vault.Register(htm, custody.Item{Incident: id, Kind: custody.Thing, Description: "Memory card of the pump", Device: pump, Source: "slot behind the battery", Authority: item.Authority,
		Method: "taken out after the change of pumps", Began: d.clock.now(), Patients: custody.NoPatients, Seal: "CE-0412", Place: "safe of clinical engineering"})
	if err != nil {
		return err
	}
	return d.steps(
		func() error { _, err := d.vault.Append(htm, log, 0, strings.NewReader(text.String())); return err },
		func() error { return d.vault.Seal(htm, log, custody.Sealing{}) },
		func() error { return d.vault.Seal(htm, card, custody.Sealing{}) },
		func() error {
			return d.vault.Transfer(htm, log, custody.Hand{To: d.actors["security"].ID, Reason: "find out what the pump called, and since when", Authority: "head of clinical engineering"})
		},
		func() error { return d.vault.Receive(d.as(ctx, "security"), log, "analysis room") },
		func() error {
			return d.vault.Work(d.as(ctx, "security"), log, custody.Analysed, "the first call was at night, after the update of the wireless module")
		})
}

// pumpClean brings the pump back: cleaned, checked, in use again, and watched.
func (d *demonstration) pumpClean(ctx context.Context) error {
	cases := d.cases()
	security, htm, id := d.as(ctx, "security"), d.as(ctx, "htm"), d.made["incident pump"]
	if _, err := cases.ReturnDue(store.WithActor(ctx, store.System("containment"))); err != nil {
		return err
	}
	var file incident.File
	err := d.db.View(security, func(r store.Reader) (err error) {
		file, err = incident.Get(security, r, id)
		return err
	})
	if err != nil {
		return err
	}
	pump, system := "", ""
	for _, x := range file.Devices {
		if x.Device != "" {
			pump = x.ID
		} else {
			system = x.ID
		}
	}
	set := func(as context.Context, what string, c incident.DeviceChange) func() error {
		return func() error { return cases.SetDevice(as, id, what, c) }
	}
	move := func(to incident.State) func() error {
		return func() error { return cases.Move(security, id, incident.Move{To: to}) }
	}
	todo := []func() error{
		set(security, system, incident.DeviceChange{State: incident.Cleared, Reason: "its rules and its log are as they should be"}),
		func() error {
			after := file.Incident
			after.Extent = "One pump. No other Caudal 300 calls the address; searched over thirty days of firewall logs."
			return cases.Change(security, id, after, "")
		},
		move(incident.Eradicating),
		set(htm, pump, incident.DeviceChange{State: incident.Eradicated}),
		set(htm, pump, incident.DeviceChange{State: incident.Revalidated, Checks: incident.RevalidationChecks()}),
		move(incident.Recovering),
		set(htm, pump, incident.DeviceChange{State: incident.BackInUse}),
		move(incident.Monitoring),
	}
	for _, a := range file.Actions {
		todo = append(todo, func() error {
			if a.State == ladder.Holding { // the border rule holds longer than the port
				if err := cases.Return(htm, a.ID, "the pump is clean"); err != nil {
					return err
				}
			}
			return cases.See(htm, a.ID, ladder.Gone, "the pump talks to its server again, and to nothing else")
		})
	}
	return d.steps(todo...)
}

// archiveRead is the incident in which people are at work: studies leave the archive.
func (d *demonstration) archiveRead(ctx context.Context) error {
	cases := d.cases()
	security, htm := d.as(ctx, "security"), d.as(ctx, "htm")
	id, err := cases.Declare(security, incident.Declaration{Systems: []string{"Image archive", "Unknown workstation 10.20.40.77"}, Plan: "SOP-26",
		Incident: incident.Incident{Title: "Unknown workstation reads studies from the archive", Cyber: 3, Clinical: 2, TLP: incident.AmberStrict, PAP: incident.Red, Care: incident.Normal, Legal: incident.LegalHold, Disclosure: incident.Undisclosed,
			Aware: d.clock.now().Add(-25 * time.Minute), AwareWho: "Jonas Weller", AwareHow: "an alert: a new system asked for all patients, then pulled studies",
			Summary: "A workstation that no list knows asked the archive for all patients and then pulled studies. The archive answered. How many studies left is not known yet."}})
	if err != nil {
		return err
	}
	var entity, task string
	return d.steps(
		func() error { return cases.Move(security, id, incident.Move{To: incident.Analysing}) },
		func() (err error) {
			entity, err = cases.AddEntity(security, id, incident.Entity{Name: "St. Brannoc Hospitals", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity", "controller"},
				Instants: map[string]time.Time{"became_aware": d.clock.now().Add(-30 * time.Minute)}, Facts: map[string]clock.Truth{"personal_data_breach": clock.Yes}}})
			return err
		},
		func() (err error) {
			task, err = cases.AddTask(security, id, incident.Task{Title: "Find out which studies left the archive, from its audit log", Side: incident.ITSide, Due: d.clock.now().Add(2 * time.Hour)})
			return err
		},
		func() error { return cases.MoveTask(security, id, task, incident.TaskMove{Accept: true}) },
		func() error {
			_, err := cases.AddTask(security, id, incident.Task{Title: "Ask the ward behind socket 4-117 who plugged what in", Side: incident.WardSide})
			return err
		},
		func() error {
			_, err := cases.PlanAction(htm, id, incident.Action{Device: d.systemOf(ctx, id, "Image archive"), Target: "let the archive answer only the systems on its list", Plan: ladder.Plan{Level: ladder.AllowList,
				Impact: "viewers that are not on the list show nothing; the list is from the last audit", Alternative: "the reading room is on the list", Observe: "the archive refuses the workstation and answers the reading room",
				Undo: "the archive administrator on call (dial 4711) switches the list off at its console", Return: d.clock.now().Add(24 * time.Hour)}})
			return err
		},
		func() error {
			return cases.Note(security, id, incident.Decision, "Do not switch the workstation off: its memory is evidence. Its port stays as it is until it is copied.")
		},
		func() error {
			return cases.SetFacts(security, id, entity, incident.EntityFacts{Facts: map[string]clock.Truth{"no_risk_to_persons": clock.No}})
		},
		func() error { return d.whoReads(security, id) },
		func() error { return d.tellOthers(ctx, id, entity) })
}

// systemOf is the id of a system within an incident; "" when it is not there.
func (d *demonstration) systemOf(ctx context.Context, id, name string) string {
	as, out := d.as(ctx, "security"), ""
	err := d.db.View(as, func(r store.Reader) error {
		f, err := incident.Get(as, r, id)
		for _, x := range f.Devices {
			if x.Name == name {
				out = x.ID
			}
		}
		return err
	})
	if err != nil {
		return ""
	}
	return out
}
