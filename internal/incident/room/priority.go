package room

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/incident/clock"
	"triward/internal/incident/ladder"
	"triward/internal/incident/priority"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// Desk keeps priorities and situation reports.
type Desk struct{ DB *store.DB }

// Fact is an input of the priority: what the program knows, and what a person says instead.
type Fact struct {
	content.PriorityInput
	Known   string // value; "" unknown
	Because string // from where the program knows it
	Said    string // by a person; "" nobody said otherwise
	Reason  string
	By      string
	At      time.Time
}

// Value is what counts.
func (f Fact) Value() string {
	if f.Said != "" {
		return f.Said
	}
	return f.Known
}

// Urgency is the priority of an incident with what it follows from.
type Urgency struct {
	priority.Answer
	Facts []Fact // in the order of the table
	Table content.PriorityTable
}

// UrgencyOf works out how urgent an incident is now.
func UrgencyOf(ctx context.Context, r store.Reader, f incident.File) (Urgency, error) {
	t, err := content.Priority()
	if err != nil {
		return Urgency{}, err
	}
	u := Urgency{Table: t}
	said, err := sayings(ctx, r, f.ID)
	if err != nil {
		return u, err
	}
	k := knowing{ctx: ctx, r: r, file: f}
	if k.briefs, err = device.Briefs(ctx, r, devicesOf(f)); err != nil {
		return u, err
	}
	values := map[string]string{}
	for _, in := range t.Inputs {
		fact := said[in.ID]
		fact.PriorityInput = in
		find := map[string]func() (string, string, error){"exploitation": k.exploitation, "device": k.device, "spread": k.spread, "alternative": k.alternative, "data": k.data}[in.ID]
		if find != nil {
			if fact.Known, fact.Because, err = find(); err != nil {
				return u, fmt.Errorf("priority of %s: %w", f.Number, err)
			}
		}
		values[in.ID] = fact.Value()
		u.Facts = append(u.Facts, fact)
	}
	u.Answer, err = priority.Decide(t, values)
	return u, err
}

// devicesOf are the devices of the fleet that are in an incident and were not cleared.
func devicesOf(f incident.File) []string {
	var out []string
	for _, d := range f.Devices {
		if d.Device != "" && d.State != incident.Cleared && len(out) < 1000 {
			out = append(out, d.Device)
		}
	}
	return out
}

// knowing finds what the program knows of an incident.
type knowing struct {
	ctx    context.Context
	r      store.Reader
	file   incident.File
	briefs []device.Brief
}

// exploitation is active when a device was found compromised or a source says so of a linked weakness.
func (k knowing) exploitation() (string, string, error) {
	for _, d := range k.file.Devices {
		if d.State.Hit() {
			return "active", d.Name + " was found compromised", nil
		}
	}
	var ids []string
	for _, l := range k.file.Links {
		switch l.Kind {
		case incident.FedVulnerability:
			return "active", l.Target + " was seen exploited", nil
		case incident.FromFinding:
			ids = append(ids, l.Target[strings.LastIndex(l.Target, "/")+1:])
		case incident.FromAdvisory:
			told, err := vuln.ToldBy(k.ctx, k.r, l.Target)
			if err != nil {
				return "", "", err
			}
			for _, t := range told {
				ids = append(ids, t.Own)
			}
		}
	}
	if len(ids) == 0 {
		return "", "no weakness is linked and no device was found compromised", nil
	}
	for i, id := range ids {
		var err error
		if ids[i], err = vuln.Canonical(k.ctx, k.r, id); err != nil {
			return "", "", err
		}
	}
	threats, err := vuln.Threats(k.ctx, k.r, ids)
	if err != nil {
		return "", "", err
	}
	value, why := "none", "no source says that it is exploited: "+strings.Join(ids[:min(len(ids), 3)], ", ")
	for _, id := range ids {
		t := risk.ThreatOf(threats[id])
		if len(t.Exploited) > 0 {
			return "active", id + ": " + t.Exploited[0].Says + " (" + t.Exploited[0].By + ")", nil
		}
		if len(t.ProofOf) > 0 {
			value, why = "poc", id+": "+t.ProofOf[0].Says+" ("+t.ProofOf[0].By+")"
		}
	}
	return value, why, nil
}

func (k knowing) device() (string, string, error) {
	if len(k.briefs) == 0 {
		return "", "no device of the fleet is in it", nil
	}
	value, why := "not_in_use", "all devices in it are known to be out of use"
	for _, b := range k.briefs {
		if b.InUse == product.No {
			continue
		}
		use := "is in use"
		if b.InUse != product.Yes {
			use = "may be in use: nobody knows"
		}
		switch b.Class {
		case product.LifeSustaining, product.LifeSupporting:
			return "life_sustaining", b.AssetTag + " " + use + " and is " + strings.ReplaceAll(string(b.Class), "_", " "), nil
		case product.ClassNotKnown, "":
			return "life_sustaining", b.AssetTag + " " + use + ", and nobody knows what it does for a patient", nil
		}
		value, why = "in_use", b.AssetTag+" "+use
	}
	return value, why, nil
}

func (k knowing) spread() (string, string, error) {
	if len(k.briefs) == 0 {
		return "", "no device of the fleet is in it", nil
	}
	sites, models := map[device.SiteID]bool{}, map[string]bool{}
	for _, b := range k.briefs {
		sites[b.Site] = true
		models[b.ModelName] = true
	}
	n := len(k.briefs)
	switch {
	case n == 1:
		return "one", "one device is in it", nil
	case len(sites) > 1:
		return "region", fmt.Sprintf("%d devices of %d sites are in it", n, len(sites)), nil
	case sites[""]:
		return "", "nobody knows where the devices stand", nil
	case len(models) > 1:
		return "site", fmt.Sprintf("%d devices of %d models of one site are in it", n, len(models)), nil
	}
	return "same_model", fmt.Sprintf("%d devices of one model are in it", n), nil
}

// alternative is a spare when every device that may be in use can be replaced at its site, and work by hand when a
// containment in force says what takes over.
func (k knowing) alternative() (string, string, error) {
	if len(k.briefs) == 0 {
		return "", "no device of the fleet is in it", nil
	}
	all, err := blast.TakeOver(k.ctx, k.r, devicesOf(k.file))
	if err != nil {
		return "", "", err
	}
	if len(all) == 0 {
		for _, b := range k.briefs {
			if b.InUse != product.No {
				return "", "the model of " + b.AssetTag + " is not known", nil
			}
		}
		return "spare", "no device in it is in use", nil
	}
	var short []string
	for _, a := range all {
		if a.Spares < a.Needed {
			at := a.SiteName
			if at == "" {
				at = "an unknown site"
			}
			short = append(short, fmt.Sprintf("%s at %s: %d needed, %d spare", a.Model, at, a.Needed, a.Spares))
		}
	}
	if len(short) == 0 {
		return "spare", "spares of the same function stand at every site", nil
	}
	for _, a := range k.file.Actions {
		if a.State.InForce() && a.Level >= ladder.NetworkOff && a.Alternative != "" {
			return "manual", "containment in force says: " + a.Alternative, nil
		}
	}
	return "none", strings.Join(short, "; "), nil
}

// data is what the legal entities know.
func (k knowing) data() (string, string, error) {
	all, err := incident.Clocks(k.ctx, k.r, k.file.ID, k.file.Changed)
	if err != nil {
		return "", "", err
	}
	all = incident.Ours(all)
	if len(all) == 0 {
		return "", "no legal entity has said what it knows", nil
	}
	rank, value, why := -1, "", ""
	for _, e := range all {
		health, personal, many := e.Facts["health_data_breach"], e.Facts["personal_data_breach"], e.Facts["people_500"]
		n, v, w := 2, "", e.Name+" does not know yet"
		switch {
		case many == clock.Yes:
			n, v, w = 3, "phi_500", e.Name+" says that 500 people or more are concerned"
		case health == clock.Yes && many == clock.No, personal == clock.Yes && many == clock.No:
			n, v, w = 1, "phi_under_500", e.Name+" says that fewer than 500 people are concerned"
		case health == clock.No && personal != clock.Yes, personal == clock.No && health != clock.Yes:
			n, v, w = 0, "none", e.Name+" says that no such data were reached"
		}
		if n > rank {
			rank, value, why = n, v, w
		}
	}
	return value, why, nil
}

// sayings reads what people said, by input.
func sayings(ctx context.Context, r store.Reader, of string) (map[string]Fact, error) {
	out := map[string]Fact{}
	_, err := store.All(ctx, r, func(s store.Scanner) (x struct{}, err error) {
		var input string
		var f Fact
		var at int64
		err = s.Scan(&input, &f.Said, &f.Reason, &f.By, &at)
		f.At = store.Time(at)
		out[input] = f
		return x, err
	}, `SELECT input, value, reason, actor_name, at FROM incident_said WHERE incident = $1 AND value <> '' ORDER BY input`, of)
	return out, err
}

// Saying is what a person says of an input of the priority; Value "" takes it back.
type Saying struct{ Input, Value, Reason string }

// Say lets a person say otherwise than the program knows.
func (d Desk) Say(ctx context.Context, of string, s Saying) error {
	t, err := content.Priority()
	if err != nil {
		return err
	}
	in, err := priority.Input(t, s.Input)
	if err != nil {
		return err
	}
	var l problem.List
	if s.Value != "" && in.Rank(s.Value) < 0 {
		l.Add("value", "%q is no answer to: %s", s.Value, in.Text)
	}
	if s.Reason = strings.TrimSpace(s.Reason); s.Reason == "" || len(s.Reason) > maxText {
		l.Add("reason", "is required, with at most %d characters", maxText)
	}
	if err := l.Err("the priority cannot be changed"); err != nil {
		return err
	}
	if err := d.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := incident.Brief(ctx, tx, of)
		if err != nil {
			return err
		}
		if !i.State.Open() {
			return problem.New(problem.Conflict, "%s is closed", i.Number)
		}
		me, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		before, err := sayings(ctx, tx, i.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO incident_said (incident, input, value, reason, actor_name, at) VALUES ($1, $2, $3, $4, $5, $6)
			ON CONFLICT (incident, input) DO UPDATE SET value = excluded.value, reason = excluded.reason, actor_name = excluded.actor_name, at = excluded.at`,
			i.ID, s.Input, s.Value, s.Reason, me.Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		return record(ctx, tx, i, KindSaid, Noted{Of: s.Input, Before: before[s.Input].Said, After: s.Value, Reason: s.Reason})
	}); err != nil {
		return err
	}
	return d.refresh(store.WithActor(ctx, store.System("room")), of)
}

const maxText = 2_000

func record(ctx context.Context, tx *store.Tx, i incident.Incident, kind string, b Noted) error {
	b.Number, b.Exercise = i.Number, i.Exercise
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: i.ID, Site: i.Site, Product: i.Product, Body: b})
	return err
}

// refresh works the priority of an incident out again, and keeps it when it became another.
func (d Desk) refresh(ctx context.Context, of string) error {
	var now int
	var u Urgency
	if err := d.DB.View(ctx, func(r store.Reader) error {
		f, err := incident.Get(ctx, r, of)
		if err != nil {
			return err
		}
		of, now = f.ID, f.Priority
		u, err = UrgencyOf(ctx, r, f)
		return err
	}); err != nil || u.Rank == now {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		f, err := incident.Get(ctx, tx, of)
		if err != nil {
			return err
		}
		u, err := UrgencyOf(ctx, tx, f)
		if err != nil || u.Rank == f.Priority {
			return err
		}
		before := ""
		if f.Priority > 0 {
			before = u.Table.Results[f.Priority-1].ID
		}
		if err := incident.SetPriority(ctx, tx, f.ID, u.Rank); err != nil {
			return err
		}
		return record(ctx, tx, f.Incident, KindSet, Noted{Before: before, After: u.Result, Reason: u.Why})
	})
}

// Tick works out the priorities of all open incidents again and tells owners of tasks that nobody accepted in time. It gives
// how many tasks it told of.
func (d Desk) Tick(ctx context.Context) (int, error) {
	open, err := d.open(ctx)
	if err != nil {
		return 0, err
	}
	told := 0
	for _, i := range open {
		if err := d.refresh(ctx, i); err != nil {
			return told, err
		}
		n, err := d.escalate(ctx, i)
		if told += n; err != nil {
			return told, err
		}
	}
	return told, nil
}

func (d Desk) open(ctx context.Context) (ids []string, err error) {
	err = d.DB.View(ctx, func(r store.Reader) error {
		ids, err = store.All(ctx, r, store.Value[string], `SELECT id FROM incident WHERE state <> 'closed' AND state <> 'false_alarm' ORDER BY id LIMIT 5000`)
		return err
	})
	return ids, err
}

// escalate notes the tasks of an incident that nobody accepted in time, each hand-over once.
func (d Desk) escalate(ctx context.Context, of string) (int, error) {
	late := func(r store.Reader) ([]incident.Task, incident.Incident, error) {
		f, err := incident.Get(ctx, r, of)
		if err != nil {
			return nil, f.Incident, err
		}
		told, err := store.All(ctx, r, store.Value[string], `SELECT task || '/' || accept_by FROM incident_escalation WHERE incident = $1 ORDER BY task`, f.ID)
		return slices.DeleteFunc(f.Tasks, func(t incident.Task) bool {
			return !t.Unaccepted(d.DB.Now()) || slices.Contains(told, fmt.Sprintf("%s/%d", t.ID, store.Micros(t.AcceptBy)))
		}), f.Incident, err
	}
	var n int
	if err := d.DB.View(ctx, func(r store.Reader) error {
		all, _, err := late(r)
		n = len(all)
		return err
	}); err != nil || n == 0 {
		return 0, err
	}
	return n, d.DB.Update(ctx, func(tx *store.Tx) error {
		all, i, err := late(tx)
		if err != nil {
			return err
		}
		for _, t := range all {
			if _, err := tx.Exec(ctx, `INSERT INTO incident_escalation (task, accept_by, incident, at) VALUES ($1, $2, $3, $4)`, t.ID, store.Micros(t.AcceptBy), i.ID, store.Micros(tx.Now)); err != nil {
				return err
			}
			if err := record(ctx, tx, i, KindEscalated, Noted{Of: t.ID, After: i.OwnerName, Reason: "nobody of " + strings.ReplaceAll(string(t.Side), "_", " ") + " accepted in time: " + t.Title}); err != nil {
				return err
			}
		}
		return nil
	})
}
