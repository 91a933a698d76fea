package incident

import (
	"context"
	"time"

	"triward/internal/store"
)

// File is an incident with everything in it.
type File struct {
	Incident
	Devices []Involved
	Links   []Link
	Notes   []Note // the newest first
	Tasks   []Task
	Actions []Action
}

// Get reads an incident by id or number.
func Get(ctx context.Context, r store.Reader, incident string) (File, error) {
	i, err := one(ctx, r, incident)
	if err != nil {
		return File{}, err
	}
	f := File{Incident: i}
	if f.Devices, err = involved(ctx, r, i.ID); err != nil {
		return f, err
	}
	if f.Links, err = links(ctx, r, i.ID); err != nil {
		return f, err
	}
	if f.Notes, err = store.All(ctx, r, scanNote, `SELECT id, kind, text, actor, actor_name, at FROM incident_note WHERE incident = $1 ORDER BY at DESC, id DESC`, i.ID); err != nil {
		return f, err
	}
	if f.Tasks, err = tasks(ctx, r, i.ID); err != nil {
		return f, err
	}
	f.Actions, err = Actions(ctx, r, ActionQuery{Incident: i.ID})
	return f, err
}

// Query chooses incidents.
type Query struct {
	State    State
	Open     bool      // every state in which work goes on
	Device   string    // that has this device in it
	Link     string    // that is linked with this id
	Run      string    // whose plan this run is
	Code     string    // one of whose steps it proved wrong
	From     time.Time // declared at or after it
	To       time.Time // declared before it
	HoldOver time.Time // on hold though the hold was to end at or before it
	Sort     string    // of [Sorts]
	After    string
	Limit    int
}

// Sorts are the orders of the list.
func Sorts() store.Sorts {
	return store.Sorts{"changed": {store.ByNumber("changed"), store.ByText("id")}, "declared": {store.ByNumber("declared"), store.ByText("id")}, "number": {store.ByText("number")},
		"priority": {store.ByNumber("priority"), store.ByText("id")}}
}

// List reads incidents that the actor may see, those changed last first. Of those marked TLP:RED in which they are not named it
// tells only what [Glance] does.
func List(ctx context.Context, r store.Reader, q Query) (store.Page[Incident], error) {
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return store.Page[Incident]{}, err
	}
	order, err := Sorts().Named(q.Sort, "-changed")
	if err != nil {
		return store.Page[Incident]{}, err
	}
	var w store.Where
	w.Scope(s, "site", "product")
	q.choose(&w)
	page, err := store.List(ctx, r, store.Listing{Columns: columns, From: "incident", Where: w, Sort: order, After: q.After, Limit: q.Limit}, scan)
	if err != nil {
		return page, err
	}
	page.Items, err = withholdAll(ctx, r, page.Items)
	return page, err
}

func withholdAll(ctx context.Context, r store.Reader, all []Incident) ([]Incident, error) {
	for n := range all {
		var err error
		if all[n], err = all[n].withhold(ctx, r); err != nil {
			return nil, err
		}
	}
	return all, nil
}

func (q Query) choose(w *store.Where) {
	if q.State != "" {
		w.And("state = ?", string(q.State))
	}
	if q.Open {
		w.And("state <> 'closed' AND state <> 'false_alarm'")
	}
	if q.Device != "" {
		w.And("id IN (SELECT incident FROM incident_device WHERE device = ?)", q.Device)
	}
	if q.Code != "" {
		w.And("id IN (SELECT incident FROM incident_link WHERE kind = 'step' AND (target = ? OR target LIKE ?))", q.Code, q.Code+"#%")
	}
	if !q.From.IsZero() {
		w.And("declared >= ?", store.Micros(q.From))
	}
	if !q.To.IsZero() {
		w.And("declared < ?", store.Micros(q.To))
	}
	if !q.HoldOver.IsZero() {
		w.And("state = 'on_hold' AND held_until <= ?", store.Micros(q.HoldOver))
	}
	if q.Run != "" {
		w.And("run = ?", q.Run)
	}
	if q.Link != "" {
		w.And("id IN (SELECT incident FROM incident_link WHERE target = ?)", q.Link)
	}
}

// Count counts incidents that the actor may see.
func Count(ctx context.Context, r store.Reader, q Query) (int, error) {
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return 0, err
	}
	var w store.Where
	w.Scope(s, "site", "product")
	q.choose(&w)
	return store.CountUpTo(ctx, r, "incident", w, 10_000)
}

// Brief reads an incident, by id or number, without what is in it.
func Brief(ctx context.Context, r store.Reader, incident string) (Incident, error) {
	return one(ctx, r, incident)
}
