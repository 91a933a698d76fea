package web

import (
	"context"
	"maps"
	"net/url"
	"slices"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/blast"
	"triward/internal/incident/indicator"
	"triward/internal/problem"
	"triward/internal/store"
)

func blastRoutes() []route {
	return []route{
		{"GET", "/blast", "risk.read", (*Server).blast},
		{"POST", "/blast", "incident.blast_kept", (*Server).blastKeep},
		{"GET", "/incidents/{id}/blast/{snapshot}", "incident.read", (*Server).blastKept},
		{"GET", "/incidents/{id}/room", "incident.read", (*Server).room},
		{"POST", "/incidents/{id}/priority", "incident.priority_said", (*Server).prioritySay},
		{"POST", "/incidents/{id}/situation", "incident.reported", (*Server).situationNew},
		{"GET", "/incidents/{id}/situation/{number}", "incident.read", (*Server).situation},
		{"GET", "/incidents/{id}/situation/{number}/report.md", "incident.read", (*Server).situationText},
		{"GET", "/calendars", "incident.read", (*Server).calendars},
		{"POST", "/calendars", "incident.calendar_set", (*Server).calendarSet},
	}
}

// urlBlast asks for a blast radius: pairs of names and values of [blastQuery].
func urlBlast(pairs ...any) string { return queryURL("/blast", pairsOf(pairs).Encode()) }

// blastPage is a blast radius, as it is now or as it was kept with an incident.
type blastPage struct {
	Frame
	Ask       Form
	Found     bool
	V         blast.Radius
	Kept      *blast.Snapshot // nil: it was found just now
	Number    string          // of the incident that keeps it
	MayKeep   bool
	Incidents []incident.Incident // that it can be kept with
	Query     []Field             // of the question, for the form that keeps it
	Narrow    []Link              // what the question is narrowed to, with the address without it

	Places                                   []blast.Place // with devices in the radius
	Models                                   []blast.Model
	Alternatives                             []blast.Alternative
	MorePlaces, MoreModels, MoreAlternatives int // that are not shown
}

func (blastPage) template() string { return "blast" }

// blastQuery reads a question. Invalid: one of its times cannot be read.
func blastQuery(f url.Values) (blast.Query, error) {
	get := func(name string) string { return strings.TrimSpace(f.Get(name)) }
	q := blast.Query{Weakness: get("weakness"), Component: get("component"), Versions: get("versions"), Advisory: get("advisory"), Indicator: get("indicator"), Kind: indicator.Kind(get("kind")), Incident: get("incident"),
		Site: get("site"), Ward: get("ward"), Model: get("model")}
	var l problem.List
	for name, to := range map[string]*time.Time{"from": &q.From, "to": &q.To} {
		if get(name) != "" {
			*to = timeOf(&l, name, get(name))
		}
	}
	return q, l.Err("the blast radius cannot be found")
}

// blastValues are what blastQuery reads, without what is empty.
func blastValues(q blast.Query) url.Values {
	f := url.Values{}
	for name, value := range map[string]string{"weakness": q.Weakness, "component": q.Component, "versions": q.Versions, "advisory": q.Advisory, "indicator": q.Indicator, "kind": string(q.Kind), "incident": q.Incident,
		"from": inputTime(q.From), "to": inputTime(q.To), "site": q.Site, "ward": q.Ward, "model": q.Model} {
		if value != "" {
			f.Set(name, value)
		}
	}
	return f
}

// blastFields are what a blast radius is asked by.
func blastFields(q blast.Query) []Field {
	return []Field{
		{Name: "weakness", Label: "Weakness", Kind: "text", Value: q.Weakness, Placeholder: "CVE-2021-33882"},
		{Name: "component", Label: "Component", Kind: "text", Value: q.Component, Placeholder: "openssl or pkg:…"},
		{Name: "versions", Label: "Versions of it", Kind: "text", Value: q.Versions, Placeholder: "< 3.0.7"},
		{Name: "advisory", Label: "Advisory", Kind: "text", Value: q.Advisory, Placeholder: "csaf/ICSMA-21-294-01"},
		{Name: "indicator", Label: "Indicator", Kind: "text", Value: q.Indicator, Placeholder: "address, name, hash, AE title"},
		{Name: "kind", Label: "It is", Kind: "select", Options: orNone("What it looks like", options(string(q.Kind), indicator.Kinds()))},
		{Name: "from", Label: "Events from (UTC)", Kind: "datetime-local", Value: inputTime(q.From)},
		{Name: "to", Label: "Events to (UTC)", Kind: "datetime-local", Value: inputTime(q.To)},
	}
}

// blastShown bounds each table of a blast radius but that of devices.
const blastShown = 60

// first are the rows that a page shows, and how many it does not.
func first[T any](all []T, most int) ([]T, int) {
	n := min(len(all), most)
	return all[:n], len(all) - n
}

// cut puts what is found into the tables, each with how many rows it leaves out.
func (p *blastPage) cut() {
	places := slices.DeleteFunc(slices.Clone(p.V.Places), func(x blast.Place) bool { return x.Hit() == 0 })
	p.Places, p.MorePlaces = first(places, blastShown)
	p.Models, p.MoreModels = first(p.V.Models, blastShown)
	p.Alternatives, p.MoreAlternatives = first(p.V.Alternatives, blastShown)
}

func (s *Server) blast(v *visit) error {
	q, err := blastQuery(v.r.URL.Query())
	p := blastPage{Frame: v.frame("Blast radius", urlIncidents(), Link{urlIncidents(), "Incidents"}), MayKeep: v.may(blast.KindKept)}
	p.Ask = Form{ID: "ask", Action: "/blast", Submit: "Find it"}.with(blastFields(q)...)
	if q == (blast.Query{Incident: q.Incident}) && err == nil {
		return v.show(p)
	}
	if err == nil {
		p.V, err = blast.Finder{DB: s.DB, Events: s.Events}.Find(v.r.Context(), q)
	}
	if err != nil {
		if problem.KindOf(err) != problem.Invalid && problem.KindOf(err) != problem.NotFound || !p.Ask.blame(err) {
			return err
		}
		return v.again(p, err)
	}
	p.Found, p.Title = true, "Blast radius of "+q.Words()
	p.cut()
	p.Narrow = blastNarrowed(q, p.V)
	asked := blastValues(q)
	asked.Del("incident") // that it is kept with is chosen
	for _, name := range slices.Sorted(maps.Keys(asked)) {
		p.Query = append(p.Query, Field{Name: name, Value: asked.Get(name)})
	}
	if p.MayKeep {
		err = v.view(func(ctx context.Context, r store.Reader) error {
			page, err := incident.List(ctx, r, incident.Query{Open: true, Limit: 50})
			p.Incidents = slices.DeleteFunc(page.Items, func(i incident.Incident) bool { return i.Withheld })
			return err
		})
	}
	if err != nil {
		return err
	}
	return v.show(p)
}

// blastNarrowed are what a question is narrowed to, each with the address of the question without it.
func blastNarrowed(q blast.Query, v blast.Radius) []Link {
	var out []Link
	without := func(text string, change func(*blast.Query)) {
		wider := q
		change(&wider)
		out = append(out, Link{urlBlastOf(wider), text})
	}
	if q.Site != "" || q.Ward != "" {
		name := q.Ward
		for _, p := range v.Places {
			if string(p.Site) == q.Site {
				name = strings.TrimSpace(p.SiteName + " " + q.Ward)
			}
		}
		without(name, func(w *blast.Query) { w.Site, w.Ward = "", "" })
	}
	if q.Model != "" {
		name := q.Model
		for _, m := range v.Models {
			if string(m.ID) == q.Model {
				name = m.Name
			}
		}
		without(name, func(w *blast.Query) { w.Model = "" })
	}
	return out
}

func urlBlastOf(q blast.Query) string { return queryURL("/blast", blastValues(q).Encode()) }

// urlBlastIn narrows a question to a place or a model.
func urlBlastIn(q blast.Query, site, ward, model any) string {
	for _, to := range []struct {
		at    *string
		value string
	}{{&q.Site, text(site)}, {&q.Ward, text(ward)}, {&q.Model, text(model)}} {
		if to.value != "" {
			*to.at = to.value
		}
	}
	return urlBlastOf(q)
}

func (s *Server) blastKeep(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	q, err := blastQuery(f)
	if err != nil {
		return err
	}
	finder := blast.Finder{DB: s.DB, Events: s.Events}
	if _, err := finder.Keep(v.r.Context(), s.Cases, f.Get("incident"), q, f["device"]); err != nil {
		return err
	}
	return v.done(urlRoom(f.Get("incident")), "The blast radius is kept with the incident.")
}

func (s *Server) blastKept(v *visit) error {
	p := blastPage{Found: true}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		k, radius, err := blast.Open(ctx, r, v.path("snapshot"))
		if err != nil {
			return err
		}
		i, err := incident.Brief(ctx, r, k.Incident)
		p.V, p.Kept, p.Number = radius, &k, i.Number
		return err
	})
	if err != nil {
		return err
	}
	p.cut()
	p.Frame = v.frame("Blast radius of "+p.Kept.Words, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Kept.Incident), p.Number}, Link{urlRoom(p.Kept.Incident), "War room"})
	return v.show(p)
}
