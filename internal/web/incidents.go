package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// incidentsPage lists incidents.
type incidentsPage struct {
	Frame
	Chips      []Chips
	Columns    Columns
	Rows       []incident.Incident
	Pager      Pager
	Empty      Empty
	MayDeclare bool
}

func (incidentsPage) template() string { return "incidents" }

func incidentQuery(v *visit) incident.Query {
	q := incident.Query{State: incident.State(v.query("state")), Device: v.query("device"), Link: v.query("link"), Sort: v.query("sort"), After: v.query("after")}
	if q.State == "open" {
		q.State, q.Open = "", true
	}
	return q
}

func (s *Server) incidents(v *visit) error {
	q := incidentQuery(v)
	p := incidentsPage{Frame: v.frame("Incidents", urlIncidents()), MayDeclare: v.may(incident.KindDeclared)}
	p.Chips = []Chips{chips(v.r.URL, "State", "state", [2]string{"open", "Open"}, [2]string{"on_hold", "On hold"}, [2]string{"closed", "Closed"}, [2]string{"false_alarm", "False alarms"})}
	p.Columns = v.columns("-changed", Column{Name: "title", Text: "Incident", Fixed: true, Sort: "number"}, Column{Name: "state", Text: "State"}, Column{Name: "priority", Text: "Priority", Sort: "priority"}, Column{Name: "severity", Text: "Severity"},
		Column{Name: "care", Text: "Care"}, Column{Name: "owner", Text: "Owner"}, Column{Name: "tlp", Text: "TLP", Extra: true}, Column{Name: "declared", Text: "Declared", Sort: "-declared"},
		Column{Name: "changed", Text: "Changed", Sort: "-changed"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := incident.List(ctx, r, q)
		if err != nil {
			return err
		}
		p.Rows, p.Pager = page.Items, pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL(urlIncidents()+".csv", v.r.URL.RawQuery)
		for j, c := range p.Chips[0].Items {
			one := q
			one.State, one.Open = incident.State(c.Value), c.Value == "open"
			if one.Open {
				one.State = ""
			}
			n, err := incident.Count(ctx, r, one)
			if err != nil {
				return err
			}
			p.Chips[0].Items[j].Count = atMost(n)
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.Empty = Empty{Title: "No incident", Text: "An incident gathers what is known, what is in it, what is done, and whom the law says to tell. Clocks start from the instant somebody became aware."}
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No incident fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlIncidents(), "Show all"}}}
	} else if p.MayDeclare {
		p.Empty.Links = []Link{{urlIncidentNew(), "Declare an incident"}}
	}
	return v.show(p)
}

func (s *Server) incidentsCSV(v *visit) error {
	q := incidentQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"number", "title", "exercise", "state", "cyber", "clinical", "care", "tlp", "pap", "owner", "aware", "declared", "closed", "extent", "root_cause"}
	return v.csv("incidents.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := incident.List(ctx, r, q)
		var out [][]string
		for _, i := range page.Items {
			out = append(out, []string{i.Number, i.Title, yesNo(i.Exercise), string(i.State), strconv.Itoa(i.Cyber), strconv.Itoa(i.Clinical), string(i.Care), string(i.TLP), string(i.PAP), i.OwnerName,
				stamp(i.Aware), stamp(i.Declared), stamp(i.Closed), i.Extent, i.RootCause})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// scaleOptions are the levels of a scale with their words.
func scaleOptions(words []string, prefix string, chosen int) []Option {
	out := make([]Option, len(words))
	for i, w := range words {
		out[i] = Option{Value: strconv.Itoa(i), Text: prefix + strconv.Itoa(i) + " " + w, On: i == chosen}
	}
	return out
}

// incidentFields are what people fill in when they declare or change an incident.
func incidentFields(i incident.Incident) []Field {
	return []Field{
		{Name: "title", Label: "What happens", Kind: "text", Required: true, Value: i.Title, Placeholder: "Unknown workstation reads studies", Help: "One line. Write no names of patients."},
		{Name: "summary", Label: "What is known", Kind: "textarea", Value: i.Summary},
		{Name: "cyber", Label: "Severity for the network", Kind: "select", Options: scaleOptions(incident.CyberWords(), "", i.Cyber)},
		{Name: "clinical", Label: "Severity for patients", Kind: "select", Options: scaleOptions(incident.ClinicalWords(), "C", i.Clinical), Help: "The greater of both counts. When you do not know, take the worse."},
		{Name: "aware", Label: "When somebody became aware", Kind: "datetime-local", Required: true, Value: inputTime(i.Aware), Help: "UTC. Reporting clocks run from here."},
		{Name: "aware_who", Label: "Who became aware", Kind: "text", Required: true, Value: i.AwareWho},
		{Name: "aware_how", Label: "How", Kind: "text", Required: true, Value: i.AwareHow, Placeholder: "Call from ward 3, an alert, a letter"},
		{Name: "care", Label: "Clinical work", Kind: "select", Options: options(string(i.Care), incident.Cares())},
		{Name: "tlp", Label: "Who may read it (TLP)", Kind: "select", Options: options(string(i.TLP), incident.TLPs())},
		{Name: "pap", Label: "What may be done with it (PAP)", Kind: "select", Options: options(string(i.PAP), incident.PAPs()), Help: "Red: nothing that the other side can notice. Amber: no containment but by a reason. Green: containment too."},
	}
}

// inputTime is an instant as a field of a form has it, in UTC.
func inputTime(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04")
}

// incidentOf reads the fields of incidentFields.
func incidentOf(f url.Values, to *incident.Incident) error {
	var l problem.List
	to.Title, to.Summary, to.AwareWho, to.AwareHow = f.Get("title"), f.Get("summary"), f.Get("aware_who"), f.Get("aware_how")
	to.Care, to.TLP, to.PAP = incident.Care(f.Get("care")), incident.Marking(f.Get("tlp")), incident.Marking(f.Get("pap"))
	for name, at := range map[string]*int{"cyber": &to.Cyber, "clinical": &to.Clinical} {
		n, err := strconv.Atoi(f.Get(name))
		if err != nil {
			l.Add(name, "must be a level")
		}
		*at = n
	}
	to.Aware = timeOf(&l, "aware", f.Get("aware"))
	return l.Err("the incident is not complete")
}

// timeOf reads the instant of a field.
func timeOf(l *problem.List, path, s string) time.Time {
	t, err := plannedAt(s)
	if err != nil {
		l.Add(path, "must be a date and a time: YYYY-MM-DDTHH:MM")
	}
	return t
}

func (s *Server) incidentNewPage(v *visit) (formPage, error) {
	p := formPage{Frame: v.frame("Declare an incident", urlIncidents(), Link{urlIncidents(), "Incidents"}), Lead: "Say what you know. Everything can be changed later; the journal keeps what stood before."}
	start := incident.Incident{Title: v.query("title"), Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal, Aware: s.now(), AwareWho: v.actor.Name}
	var codes, sites []Option
	var tags []string
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if codes, err = runnable(ctx, r, ""); err != nil {
			return err
		}
		if sites, err = v.siteOptions(ctx, r); err != nil {
			return err
		}
		ids := []string{v.query("device")}
		var about []detection.Alert
		for _, id := range strings.Fields(v.query("alerts")) {
			a, err := detection.GetAlert(ctx, r, id)
			if err != nil {
				return err
			}
			about, ids = append(about, a), append(ids, a.Device)
		}
		if len(about) > 0 {
			p.Lead = "From " + plural(len(about), "alert", "alerts") + ": " + firstTitles(about) + ". " + p.Lead
			start.Title, start.AwareHow, start.Exercise = about[0].Title, "an alert: "+about[0].Title, about[0].Exercise
		}
		if of := cmp.Or(v.query("finding"), v.query("advisory")); of != "" {
			_, name, _ := strings.Cut(of, "/") // of a device, or of the kind of source
			p.Lead = "From " + name + ". " + p.Lead
			start.AwareHow = "found while looking at " + name
		}
		tags, err = tagsOf(ctx, r, ids)
		return err
	})
	exercise := Field{Name: "exercise", Label: "This is an exercise: nothing real happens", Kind: "checkbox"}
	if start.Exercise {
		exercise.Value = "yes"
	}
	fields := append(incidentFields(start),
		Field{Name: "plan", Label: "Procedure to run", Kind: "select", Options: orNone("None yet", codes), Help: "Its revision in force is pinned and its steps become the plan."},
		Field{Name: "devices", Label: "Devices", Kind: "textarea", Value: strings.Join(tags, "\n"), Help: "Asset tags, one on a line."},
		Field{Name: "systems", Label: "Other systems", Kind: "textarea", Help: "What is no device of the fleet, one on a line."},
		Field{Name: "site", Label: "Site", Kind: "select", Options: orNone("That of the devices, where all stand in one", sites[min(1, len(sites)):]), Help: "Who works at one site only sees its incidents alone."},
		Field{Name: "call", Label: "Who called, where somebody did", Kind: "text", Placeholder: "Charge nurse of ICU 2", Help: "No names of patients."},
		Field{Name: "finding", Kind: "hidden", Value: v.query("finding")}, Field{Name: "advisory", Kind: "hidden", Value: v.query("advisory")},
		Field{Name: "alerts", Kind: "hidden", Value: v.query("alerts")}, Field{Name: "why", Kind: "hidden", Value: v.query("why")}, exercise)
	p.Form = Form{ID: "declare", Action: urlIncidentNew(), Submit: "Declare the incident", Cancel: urlIncidents()}.with(fields...)
	return p, err
}

// tagsOf are the asset tags of devices; ids that are empty or come again are left out.
func tagsOf(ctx context.Context, r store.Reader, ids []string) ([]string, error) {
	slices.Sort(ids)
	found, err := device.Briefs(ctx, r, slices.DeleteFunc(slices.Compact(ids), func(id string) bool { return id == "" }))
	var out []string
	for _, b := range found {
		out = append(out, b.AssetTag)
	}
	return out, err
}

func (s *Server) incidentNew(v *visit) error {
	p, err := s.incidentNewPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) incidentNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id, said, err := s.declare(v, f)
	if err == nil {
		return v.done(urlIncident(id), said)
	}
	p, perr := s.incidentNewPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}

// declare gives the incident, and what to say of it.
func (s *Server) declare(v *visit, f url.Values) (id, said string, err error) {
	d := incident.Declaration{Systems: lines(f.Get("systems")), Plan: f.Get("plan")}
	d.Site = f.Get("site")
	d.Legal, d.Disclosure, d.Exercise = incident.NoLegal, incident.Undisclosed, f.Get("exercise") == "yes"
	if err := incidentOf(f, &d.Incident); err != nil {
		return "", "", err
	}
	for _, from := range []incident.Link{{Kind: incident.FromFinding, Target: f.Get("finding")}, {Kind: incident.FromAdvisory, Target: f.Get("advisory")}, {Kind: incident.FromCall, Target: f.Get("call")}} {
		if from.Target = strings.TrimSpace(from.Target); from.Target != "" {
			d.From = append(d.From, from)
		}
	}
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		d.Devices, err = devicesByTag(ctx, r, lines(f.Get("devices")))
		return err
	})
	if err != nil {
		return "", "", err
	}
	id, err = s.Cases.Declare(v.r.Context(), d)
	if err != nil {
		return "", "", err
	}
	if alerts := strings.Fields(f.Get("alerts")); len(alerts) > 0 {
		if err := s.Cases.Gather(v.r.Context(), id, alerts, f.Get("why")); err != nil { // the incident stands all the same
			return id, "The incident is declared. Its alerts stay as they are: " + problem.Text(err) + ".", nil
		}
	}
	return id, "The incident is declared.", nil
}

// devicesByTag finds devices by their asset tags; each that is not found, or not one alone, is a fault of the field.
func devicesByTag(ctx context.Context, r store.Reader, tags []string) ([]string, error) {
	var out []string
	var l problem.List
	if len(tags) > 500 {
		l.Add("devices", "are %d, at most 500 at once", len(tags))
		tags = nil
	}
	for _, tag := range tags {
		page, err := device.List(ctx, r, device.Query{Prefix: tag, Limit: 50})
		if err != nil {
			return nil, err
		}
		found := ""
		for _, d := range page.Items {
			if strings.EqualFold(d.AssetTag, tag) {
				if found != "" {
					l.Add("devices", "%s is the tag of several devices", tag)
				}
				found = string(d.ID)
			}
		}
		if found == "" {
			l.Add("devices", "there is no device with the tag %s", tag)
			continue
		}
		out = append(out, found)
	}
	return out, l.Err("some devices were not found")
}
