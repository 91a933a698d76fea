package telling

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Need is how much somebody is to be told.
type Need string

// The needs.
const (
	Must     Need = "must"
	Perhaps  Need = "perhaps" // facts that would decide it are unknown: counted as if it must
	Consider Need = "consider"
)

// Item is somebody who is to be told.
type Item struct {
	Role        string
	Order       int
	Stakeholder Stakeholder // ID is "" where nobody on the list fits
	Name        string
	Why         string
	Need        Need
	Entity      string // with Duty and Stage: the clock that asks for it
	Duty        string
	Stage       string
	Latest      time.Time // zero: without delay, or no law says when
	Later       bool      // a later report of a duty whose first one comes before: it keeps nobody waiting
	Done        bool
	Told        time.Time // when, where it was
	Shut        string    // why the marking of the incident forbids it; "" where it does not
}

// Waits says whether those who come later have to wait for it.
func (i Item) Waits() bool { return !i.Done && !i.Later && i.Need != Consider }

// setting is what a plan is made of.
type setting struct {
	file   incident.Incident
	clocks []incident.EntityClocks
	list   []Stakeholder
	told   []Telling
	wards  []string
	makers []string
	fleet  bool // a device of the fleet is in it
}

// Plan computes who is to be told in an incident as it stands at an instant, whoever comes first first.
func Plan(ctx context.Context, r store.Reader, of string, now time.Time) ([]Item, error) {
	s, err := set(ctx, r, of, now)
	if err != nil {
		return nil, err
	}
	return s.plan()
}

func set(ctx context.Context, r store.Reader, of string, now time.Time) (setting, error) {
	var s setting
	f, err := incident.Get(ctx, r, of)
	if err != nil {
		return s, err
	}
	s.file = f.Incident
	if s.clocks, err = incident.Clocks(ctx, r, f.ID, now); err != nil {
		return s, err
	}
	if s.list, err = Stakeholders(ctx, r); err != nil {
		return s, err
	}
	if s.told, err = List(ctx, r, f.ID); err != nil {
		return s, err
	}
	s.clocks = incident.Ours(s.clocks)
	for _, x := range f.Devices {
		if x.Device == "" {
			continue
		}
		s.fleet = true
		d, err := device.Get(ctx, r, device.ID(x.Device))
		if k := problem.KindOf(err); k == problem.Forbidden || k == problem.NotFound {
			continue
		}
		if err != nil {
			return s, err
		}
		s.wards = append(s.wards, d.Ward)
		s.makers = append(s.makers, cmp.Or(d.Maker, d.RawVendor))
	}
	for _, x := range []*[]string{&s.wards, &s.makers} {
		*x = slices.DeleteFunc(*x, func(v string) bool { return v == "" })
		slices.Sort(*x)
		*x = slices.Compact(*x)
	}
	return s, nil
}

func (s setting) plan() ([]Item, error) {
	roles, err := content.Tolds()
	if err != nil {
		return nil, err
	}
	forms, err := content.DraftTemplates()
	if err != nil {
		return nil, err
	}
	var out []Item
	for _, e := range s.clocks {
		for _, c := range e.Clocks {
			if i, ok := s.ofClock(e.Entity, c, forms, roles); ok {
				out = append(out, i)
			}
		}
	}
	facts := s.facts()
	for _, t := range roles {
		need, ok := needOf(t, facts)
		if !ok {
			continue
		}
		items := s.ofRole(t, need)
		if len(items) == 1 && items[0].Stakeholder.ID == "" && slices.ContainsFunc(out, func(i Item) bool { return i.Duty != "" && i.Role == t.Role }) {
			continue // a duty asks for the same
		}
		out = append(out, items...)
	}
	slices.SortStableFunc(out, func(a, b Item) int {
		return cmp.Or(a.Order-b.Order, cmp.Compare(unset(a.Latest), unset(b.Latest)), a.Latest.Compare(b.Latest))
	})
	return out, nil
}

func unset(t time.Time) int {
	if t.IsZero() {
		return 1
	}
	return 0
}

// facts joins what all entities know: yes when one says yes, no when all say no.
func (s setting) facts() map[string]clock.Truth {
	out := map[string]clock.Truth{"device_in_it": truth(s.fleet), "severe": truth(s.file.Severity() >= incident.Severe)}
	for _, f := range content.DutyFacts() {
		no := 0
		for _, e := range s.clocks {
			switch e.Facts[f.Name] {
			case clock.Yes:
				out[f.Name] = clock.Yes
			case clock.No:
				no++
			}
		}
		if no > 0 && no == len(s.clocks) {
			out[f.Name] = clock.No
		}
	}
	return out
}

func truth(b bool) clock.Truth {
	if b {
		return clock.Yes
	}
	return clock.No
}

func needOf(t content.Told, facts map[string]clock.Truth) (Need, bool) {
	if t.Must != nil {
		switch clock.Holds(*t.Must, facts) {
		case clock.Yes:
			return Must, true
		case clock.Unknown:
			return Perhaps, true
		}
	}
	if t.Consider != nil && clock.Holds(*t.Consider, facts) != clock.No {
		return Consider, true
	}
	return "", false
}

// ofClock is the item of a report that is due or may become due.
func (s setting) ofClock(e incident.Entity, c clock.Clock, forms content.Drafts, roles []content.Told) (Item, bool) {
	if c.State == clock.NotApplicable || c.State == clock.NotInForce {
		return Item{}, false
	}
	role := "authority"
	for _, t := range forms.Templates {
		if t.Serve(c.Duty.ID, c.Stage.ID) {
			role = t.To
		}
	}
	n := slices.IndexFunc(roles, func(t content.Told) bool { return t.Role == role })
	i := Item{Role: role, Order: roles[n].Order, Name: strings.Join(c.Duty.Recipients, ", "), Why: c.Duty.Title + ": " + c.Stage.Title + " (" + c.Duty.Instrument + " " + c.Duty.Article + "), " + e.Name,
		Need: Must, Entity: e.ID, Duty: c.Duty.ID, Stage: c.Stage.ID, Latest: c.Latest, Later: c.Stage.ID != c.Duty.Stages[0].ID || c.State == clock.Waiting}
	if c.State == clock.MayRun {
		i.Need = Perhaps
	}
	for _, x := range s.list {
		if x.Role == role && i.Stakeholder.ID == "" && x.covers(c.Duty.Jurisdiction) {
			i.Stakeholder = x
			i.Order = x.Order
		}
	}
	if c.State == clock.Discharged {
		i.Done, i.Told = true, e.Discharged[clock.Key(i.Duty, i.Stage)]
	}
	for _, t := range s.told {
		if !i.Done && t.Entity == i.Entity && t.Duty == i.Duty && t.Stage == i.Stage {
			i.Done, i.Told = true, t.At
		}
	}
	return i, true
}

func (s Stakeholder) covers(place string) bool {
	return len(s.Places) == 0 || slices.ContainsFunc(s.Places, func(p string) bool { return strings.EqualFold(p, place) || sameLaw(p, place) })
}

// sameLaw says whether two places are in one law area: what is for Germany is for the eu.
func sameLaw(a, b string) bool {
	x, ok := content.JurisdictionOf(a)
	y, also := content.JurisdictionOf(b)
	return ok && also && x == y
}

// ofRole are the items of a role that a rule asks for: one for each that fits on the list, or one without.
func (s setting) ofRole(t content.Told, need Need) []Item {
	base := Item{Role: t.Role, Order: t.Order, Name: t.Title, Why: t.Why, Need: need}
	if err := s.file.Share("the incident", incident.Audience(t.Audience)); err != nil {
		base.Shut = problem.Text(err)
	}
	var out []Item
	add := func(i Item) {
		for _, x := range s.told {
			same := x.Stakeholder != "" && x.Stakeholder == i.Stakeholder.ID || x.Role == i.Role && (strings.EqualFold(x.Whom, i.Name) || i.Stakeholder.ID == "" && i.Name == t.Title)
			if same && !i.Done {
				i.Done, i.Told = true, x.At
			}
		}
		out = append(out, i)
	}
	fits := func(places []string) func(Stakeholder) bool {
		return func(x Stakeholder) bool {
			return x.Role == t.Role && (len(places) == 0 || slices.ContainsFunc(places, x.covers))
		}
	}
	each := func(fit func(Stakeholder) bool) {
		for _, x := range s.list {
			if fit(x) {
				i := base
				i.Stakeholder, i.Name, i.Order = x, x.Name, x.Order
				add(i)
			}
		}
	}
	switch t.Role {
	case "ward":
		each(fits(s.wards))
	case "manufacturer":
		for _, m := range s.makers {
			i := base
			i.Name = m
			for _, x := range s.list {
				if x.Role == t.Role && product.FoldMaker(x.Name) == product.FoldMaker(m) {
					i.Stakeholder, i.Name, i.Order = x, x.Name, x.Order
				}
			}
			add(i)
		}
	default:
		each(fits(nil))
	}
	if len(out) == 0 {
		add(base)
	}
	return out
}
