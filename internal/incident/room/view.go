package room

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/incident/clock"
	"triward/internal/product"
	"triward/internal/store"
)

// View is what a war room shows at an instant.
type View struct {
	incident.File
	Now       time.Time
	Urgency   Urgency
	Clocks    []Running // that run, may run or are overdue: the most pressing first; of duplicates too
	Tasks     []Task    // that are not over: those nobody accepted in time first; of duplicates too
	Wards     []Ward
	People    []Person
	Blind     []detection.Blind // since the awareness
	Same      []incident.Incident
	Snapshots []blast.Snapshot // the newest first
	Reports   []Head           // the newest first
}

// Running is a clock with whose it is.
type Running struct {
	clock.Clock
	Incident string // id: of this one or of a duplicate
	EntityID string
	Entity   string // name
}

// Overdue are the clocks whose last lawful instant is over.
func (v View) Overdue() []Running {
	return slices.DeleteFunc(slices.Clone(v.Clocks), func(c Running) bool { return !c.Late })
}

// Task is a task with the incident that it belongs to.
type Task struct {
	incident.Task
	Incident string
}

// Ward is a ward of a site with what is in the incident there.
type Ward struct {
	Site, Name string // "" unknown; systems that are no devices stand under neither
	Devices    []Device
}

// Device is a device or system in the incident, as it stands in its ward.
type Device struct {
	incident.Involved
	InUse  product.Answer
	Class  product.SafetyClass
	Action *incident.Action // the containment in force, the highest rung; nil for none
}

// Person is somebody who is on the incident.
type Person struct {
	Account string
	Name    string
	Why     string // owner, tasks, notes
	Present bool   // used the program in the last minutes
}

// presentFor is how long somebody counts as present after using the program.
const presentFor = 5 * time.Minute

// maxBlind bounds the blind intervals that are shown.
const maxBlind = 20

// Look reads the war room of an incident, by id or number.
func Look(ctx context.Context, r store.Reader, of string, now time.Time) (View, error) {
	v := View{Now: now}
	var err error
	if v.File, err = incident.Get(ctx, r, of); err != nil {
		return v, err
	}
	if v.Urgency, err = UrgencyOf(ctx, r, v.File); err != nil {
		return v, err
	}
	if v.Same, err = incident.Duplicates(ctx, r, v.ID); err != nil {
		return v, err
	}
	if err := v.work(ctx, r); err != nil {
		return v, err
	}
	if err := v.wards(ctx, r); err != nil {
		return v, err
	}
	if err := v.people(ctx, r); err != nil {
		return v, err
	}
	if v.Blind, err = blind(ctx, r, v.Aware); err != nil {
		return v, err
	}
	if v.Snapshots, err = blast.Snapshots(ctx, r, v.ID); err != nil {
		return v, err
	}
	v.Reports, err = Heads(ctx, r, v.ID)
	return v, err
}

// work gathers tasks and clocks, of the incident and of its duplicates.
func (v *View) work(ctx context.Context, r store.Reader) error {
	for _, i := range append([]incident.Incident{v.Incident}, v.Same...) {
		f := v.File
		if i.Withheld {
			continue
		}
		if i.ID != v.ID {
			var err error
			if f, err = incident.Get(ctx, r, i.ID); err != nil {
				return err
			}
		}
		for _, t := range f.Tasks {
			if !t.State.Over() {
				v.Tasks = append(v.Tasks, Task{t, i.ID})
			}
		}
		all, err := incident.Clocks(ctx, r, i.ID, v.Now)
		if err != nil {
			return err
		}
		for _, e := range incident.Ours(all) {
			for _, c := range e.Clocks {
				if c.State == clock.Overdue || c.State == clock.Running || c.State == clock.MayRun {
					v.Clocks = append(v.Clocks, Running{c, i.ID, e.ID, e.Name})
				}
			}
		}
	}
	slices.SortStableFunc(v.Clocks, func(a, b Running) int { // what is overdue, then without delay, then what ends first
		if a.Late != b.Late {
			if a.Late {
				return -1
			}
			return 1
		}
		return a.Latest.Compare(b.Latest)
	})
	order := func(t Task) int {
		switch {
		case t.Unaccepted(v.Now):
			return 0
		case t.Late(v.Now):
			return 1
		case t.State == incident.Blocked:
			return 2
		}
		return 3
	}
	slices.SortStableFunc(v.Tasks, func(a, b Task) int { return order(a) - order(b) })
	return nil
}

func (v *View) wards(ctx context.Context, r store.Reader) error {
	var ids []string
	for _, d := range v.Devices {
		if d.Device != "" && len(ids) < 1000 {
			ids = append(ids, d.Device)
		}
	}
	briefs, err := device.Briefs(ctx, r, ids)
	if err != nil {
		return err
	}
	by := map[string]device.Brief{}
	for _, b := range briefs {
		by[string(b.ID)] = b
	}
	for _, d := range v.Devices {
		b := by[d.Device]
		n := slices.IndexFunc(v.Wards, func(w Ward) bool { return w.Site == b.SiteName && w.Name == b.Ward })
		if n < 0 {
			v.Wards = append(v.Wards, Ward{Site: b.SiteName, Name: b.Ward})
			n = len(v.Wards) - 1
		}
		x := Device{Involved: d, InUse: b.InUse, Class: b.Class}
		for i, a := range v.Actions {
			if a.Device == d.ID && a.State.InForce() && (x.Action == nil || a.Level > x.Action.Level) {
				x.Action = &v.Actions[i]
			}
		}
		v.Wards[n].Devices = append(v.Wards[n].Devices, x)
	}
	slices.SortStableFunc(v.Wards, func(a, b Ward) int {
		return cmp.Or(strings.Compare(a.Site, b.Site), strings.Compare(a.Name, b.Name))
	})
	return nil
}

// people are those who have something to do with the incident.
func (v *View) people(ctx context.Context, r store.Reader) error {
	add := func(account, name, why string) {
		if account == "" {
			return
		}
		n := slices.IndexFunc(v.People, func(p Person) bool { return p.Account == account })
		switch {
		case n < 0:
			v.People = append(v.People, Person{Account: account, Name: name, Why: why})
		case !strings.Contains(v.People[n].Why, why):
			v.People[n].Why += ", " + why
		}
	}
	add(v.Owner, v.OwnerName, "owns it")
	for _, t := range v.Tasks {
		add(t.Assignee, t.AssigneeName, "has a task")
	}
	for _, a := range v.Actions {
		if a.State.InForce() {
			add(a.HumanID, a.Human, "answers for containment")
		}
	}
	for _, n := range v.File.Notes[:min(len(v.File.Notes), 50)] {
		add(n.Actor, n.ActorName, "wrote notes")
	}
	seen, err := store.All(ctx, r, store.Value[string], `SELECT DISTINCT account FROM people_session WHERE seen >= $1 AND ended = 0 ORDER BY account`, store.Micros(v.Now.Add(-presentFor)))
	for i, p := range v.People {
		v.People[i].Present = slices.Contains(seen, p.Account)
	}
	return err
}

// blind reads when something was not seen since an instant. Who may not read that sees none.
func blind(ctx context.Context, r store.Reader, since time.Time) ([]detection.Blind, error) {
	if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
		return nil, nil //nolint:nilerr // as said above
	}
	p, err := detection.Blinds(ctx, r, detection.BlindQuery{From: since, Limit: maxBlind})
	return p.Items, err
}
