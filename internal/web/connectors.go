package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/device/flow"
	"triward/internal/incident"
	"triward/internal/incident/connector"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/store"
)

func connectorRoutes() []route {
	return []route{
		{"GET", "/connectors", connector.KindRead, (*Server).connectors},
		{"POST", "/connectors/{id}/approve", connector.KindApproved, (*Server).connectorApprove},
		{"POST", "/connectors/{id}/revoke", connector.KindRevoked, (*Server).connectorRevoke},
		{"GET", "/containments/{id}/card", incident.KindRead, (*Server).bedsideCard},
		{"GET", "/containments/{id}/connector", incident.KindPlanned, (*Server).carry},
		{"POST", "/containments/{id}/connector", incident.KindPlanned, (*Server).carryDone},
		{"GET", "/devices/{id}/flows", device.KindRead, (*Server).flows},
		{"POST", "/devices/{id}/flows", flow.KindProposed, (*Server).flowsPropose},
		{"POST", "/devices/{id}/flows/approve", flow.KindApproved, (*Server).flowsApprove},
	}
}

func urlConnectors() string      { return "/connectors" }
func urlConnector(id any) string { return urlConnectors() + "#" + text(id) }
func urlFlows(id any) string     { return path("devices", text(id)) + "/flows" }

// connectorsPage is what carries containment out.
type connectorsPage struct {
	Frame
	Rows  []connectorRow
	Fault string // why the operator's file cannot be used
}

func (connectorsPage) template() string { return "connectors" }

type connectorRow struct {
	connector.Item
	connector.Preview
	Fault   string // why its sample cannot be shown
	Approve *Form
	Revoke  *Form
}

func (s *Server) connectorsPageOf(v *visit) (connectorsPage, error) {
	p := connectorsPage{Frame: v.frame("Connectors", urlConnectors())}
	var all []connector.Item
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		all, err = s.Connectors.Items(ctx, r)
		return err
	})
	if k := problem.KindOf(err); k == problem.Invalid || k == problem.Unavailable {
		p.Fault = problem.Text(err)
		for _, f := range problem.FaultsOf(err) {
			p.Fault += "; " + f.Path + " " + f.Reason
		}
		return p, nil
	}
	for _, c := range all {
		row := connectorRow{Item: c}
		var fault error
		if row.Preview, fault = c.Sample(); fault != nil {
			row.Fault = problem.Text(fault)
		}
		at := urlConnectors() + "/" + c.Name
		if !c.Approved() && v.may(connector.KindApproved) {
			f := Form{ID: "approve-" + c.Name, Action: at + "/approve", Submit: "Approve it as it is"}.with(Field{Name: "hash", Kind: "hidden", Value: c.Hash},
				Field{Name: "reason", Label: "What you looked at", Kind: "text", Required: true, Placeholder: "Read what it sends, tried it with network engineering"})
			row.Approve = &f
		}
		if c.Approval.Hash != "" && v.may(connector.KindRevoked) {
			f := Form{ID: "revoke-" + c.Name, Action: at + "/revoke", Submit: "End the approval"}.with(Field{Name: "reason", Label: "Why", Kind: "text", Required: true})
			row.Revoke = &f
		}
		p.Rows = append(p.Rows, row)
	}
	return p, err
}

func (s *Server) connectors(v *visit) error {
	p, err := s.connectorsPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) connectorAct(v *visit, notice string, do func(ctx context.Context, name string, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), v.path("id"), f); err == nil {
		return v.done(urlConnectors(), notice)
	}
	p, perr := s.connectorsPageOf(v)
	if perr != nil {
		return perr
	}
	for _, row := range p.Rows {
		for _, to := range []*Form{row.Approve, row.Revoke} {
			if to != nil && to.Action == v.r.URL.Path && to.blame(err) {
				return v.again(p, err)
			}
		}
	}
	return err
}

func (s *Server) connectorApprove(v *visit) error {
	return s.connectorAct(v, "Approved. Containment may use it while its definition stays as it is.", func(ctx context.Context, name string, f url.Values) error {
		return s.Connectors.Approve(ctx, name, f.Get("hash"), f.Get("reason"))
	})
}

func (s *Server) connectorRevoke(v *visit) error {
	return s.connectorAct(v, "The approval is ended. What it did can still be taken back through it.", func(ctx context.Context, name string, f url.Values) error {
		return s.Connectors.Revoke(ctx, name, f.Get("reason"))
	})
}

// carryPage chooses how an action is carried out.
func (s *Server) carryPage(v *visit, chosen string) (formPage, error) {
	var sheet incident.Sheet
	var i incident.Incident
	var all []connector.Item
	var sources []detection.Source
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if sheet, i, err = s.Cases.SheetOf(ctx, r, v.path("id"), s.now()); err != nil {
			return err
		}
		if all, err = s.Connectors.Items(ctx, r); err != nil {
			return err
		}
		sources, err = detection.Known(ctx, r)
		return err
	})
	p := formPage{Frame: v.frame("How it is carried out", urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(i.ID), i.Number}, Link{urlContainment(sheet.ID), "L" + strconv.Itoa(int(sheet.Level)) + " " + sheet.DeviceName}),
		Lead: "Nothing is sent yet. The next page shows exactly what will be sent, before anybody signs it off."}
	at := urlContainment(sheet.ID) + "/connector"
	choices := []Option{{Value: "", Text: "By hand"}}
	n := -1
	for k, c := range all {
		if slices.Contains(c.Levels, int(sheet.Level)) {
			words := c.Title
			if !c.Approved() {
				words += " (not approved)"
			}
			choices = append(choices, Option{Value: c.Name, Text: words, On: c.Name == chosen})
			if c.Name == chosen {
				n = k
			}
		}
	}
	pick := Field{Name: "connector", Label: "By", Kind: "select", Options: choices}
	if n < 0 {
		p.Form = Form{ID: "carry", Action: at, Submit: "Go on", Cancel: urlContainment(sheet.ID)}.with(pick)
		return p, err
	}
	fields := []Field{{Name: "connector", Kind: "hidden", Value: chosen}}
	for _, name := range all[n].Asked() {
		fields = append(fields, Field{Name: "values." + name, Label: title(name), Kind: "text", Required: true, Help: "Must match " + all[n].Ask[name]})
	}
	seen := []Option{{Value: "", Text: "A person looks and says so"}, {Value: string(connector.Quiet), Text: "No event of the device for some minutes"},
		{Value: "outside", Text: "No flow outside its approved profile for some minutes"}, {Value: string(connector.Blocked), Text: "An event that says it"}}
	from := []Option{{Value: "", Text: "None"}}
	watcher, fault := s.Connectors.Watcher(v.r.Context(), sheet.Action)
	if fault != nil { // it is only what is chosen at first: without the events a person chooses
		watcher = ""
	}
	for _, x := range sources {
		from = append(from, Option{Value: x.ID, Text: x.Name, On: x.ID == watcher})
		if x.ID == watcher { // events show it better than a person
			seen[witnessed(sheet)].On = true
		}
	}
	fields = append(fields, Field{Name: "means", Label: "What shows that it took effect", Kind: "select", Options: seen}, Field{Name: "source", Label: "Which source sees it", Kind: "select", Options: from},
		Field{Name: "address", Label: "Address that the events are about", Kind: "text", Help: "For what is no device of the fleet."},
		Field{Name: "minutes", Label: "Quiet for how many minutes", Kind: "number", Value: "5"}, Field{Name: "text", Label: "Words of the event that says it", Kind: "text", Placeholder: "port 12 down"},
		Field{Name: "gone", Label: "Words of the event that says that it ended", Kind: "text"}, Field{Name: "within", Label: "It must be seen within how many minutes", Kind: "number", Value: "15", Help: "Else it counts as failed, and returns by itself."})
	p.Form = Form{ID: "carry", Action: at, Submit: "Choose " + all[n].Title, Cancel: at}.with(fields...)
	return p, err
}

// witnessed is which choice of what shows the effect fits an action whose device a source sees: silence where it is cut off,
// no flow outside its profile where only the others are, and else an event that says it.
func witnessed(s incident.Sheet) int {
	switch {
	case s.Level >= ladder.NetworkOff && s.Level <= ladder.PowerOff:
		return 1
	case (s.Level == ladder.NotClinical || s.Level == ladder.AllowList) && s.Now.Profile:
		return 2
	}
	return 3
}

func (s *Server) carry(v *visit) error {
	p, err := s.carryPage(v, v.query("connector"))
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) carryDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	name := f.Get("connector")
	if name != "" && !f.Has("means") { // the first step: which one
		return v.done(urlContainment(v.path("id"))+"/connector?connector="+url.QueryEscape(name), "")
	}
	c, err := choiceOf(f)
	if err == nil {
		err = s.Connectors.Choose(v.r.Context(), v.path("id"), c)
	}
	if err == nil {
		return v.done(urlContainment(v.path("id")), "Chosen. Read what will be sent.")
	}
	p, perr := s.carryPage(v, name)
	if perr != nil {
		return perr
	}
	p.Form.fill(f)
	if p.Form.blame(err) {
		return v.again(p, err)
	}
	return err
}

func choiceOf(f url.Values) (connector.Choice, error) {
	c := connector.Choice{Connector: f.Get("connector"), Values: map[string]string{}}
	for name := range f {
		if of, ok := strings.CutPrefix(name, "values."); ok {
			c.Values[of] = f.Get(name)
		}
	}
	var l problem.List
	number := func(name string) int {
		if f.Get(name) == "" {
			return 0
		}
		n, err := strconv.Atoi(f.Get(name))
		if err != nil {
			l.Add(name, "must be a number")
		}
		return n
	}
	p := connector.Proof{Means: connector.Means(f.Get("means")), Source: f.Get("source"), Address: strings.TrimSpace(f.Get("address"))}
	switch p.Means {
	case "outside":
		p.Means, p.Outside, p.Minutes, p.Within = connector.Quiet, true, number("minutes"), number("within")
	case connector.Quiet:
		p.Minutes, p.Within = number("minutes"), number("within")
	case connector.Blocked:
		p.Text, p.Gone, p.Within = f.Get("text"), f.Get("gone"), number("within")
	default:
		p.Source, p.Address, p.Within = "", "", number("within")
	}
	c.Proof = p
	return c, l.Err("the choice is not complete")
}

// carried is what the page of an action shows of its connector.
type carried struct {
	connector.Shown
	Now string // what the events show now
}

// carriedOut reads what the page of an action shows of its connector; nil when it is done by hand.
func (s *Server) carriedOut(v *visit, a incident.Action) (*carried, error) {
	if a.Way != incident.ByConnector {
		return nil, nil
	}
	var c carried
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		c.Shown, err = connector.Of(ctx, r, a.ID)
		return err
	})
	if err != nil {
		return nil, err
	}
	c.Now, err = s.Connectors.Look(v.r.Context(), a, c.Job)
	return &c, err
}

// mayChoose says whether a planned action may still get another way: nobody signed it.
func mayChoose(v *visit, a incident.Action) bool {
	return a.State == ladder.Planned && len(a.SignOffs) == 0 && v.may(incident.KindPlanned)
}

// flowsPage is the clinical flows of a device.
type flowsPage struct {
	Frame
	Device  device.Device
	Profile flow.Profile
	Seen    []flow.Seen
	Cut     bool
	Unseen  string // why nothing was observed
	Form    *Form
	Approve *Form
}

func (flowsPage) template() string { return "flows" }

// observedFor is how far back flows are looked for.
const observedFor = 14 * 24 * time.Hour

func (s *Server) flowsPageOf(v *visit) (flowsPage, error) {
	var p flowsPage
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Device, err = device.Get(ctx, r, device.ID(v.path("id"))); err != nil {
			return err
		}
		p.Profile, err = flow.Of(ctx, r, string(p.Device.ID))
		return err
	})
	if err != nil {
		return p, err
	}
	name := deviceName(device.Brief{AssetTag: p.Device.AssetTag, Serial: p.Device.Serial})
	p.Frame = v.frame("Clinical flows", urlDevices(), Link{urlDevices(), "Devices"}, Link{urlDevice(p.Device.ID), name})
	if v.may(detection.KindEventRead) {
		var fault error
		if p.Seen, p.Cut, fault = s.Flows.Observed(v.r.Context(), string(p.Device.ID), s.now().Add(-observedFor), s.now()); fault != nil {
			p.Unseen = problem.Text(fault)
		}
	} else {
		p.Unseen = "your role does not see events"
	}
	if v.may(flow.KindProposed) {
		f := Form{ID: "flows", Action: urlFlows(p.Device.ID), Submit: "Propose this list"}.with(Field{Name: "flows", Label: "One flow a line: direction, protocol, peer, port, purpose", Kind: "textarea", Required: true, Value: flowLines(p.Profile.Flows),
			Placeholder: "out tcp 10.1.0.4 104 images to the archive", Help: "Direction is out when the device calls, in when it is called. A peer is an address or a network. What was observed is no proof that it is clinical."})
		p.Form = &f
	}
	if len(p.Profile.Flows) > 0 && !p.Profile.Holds() && v.may(flow.KindApproved) {
		f := Form{ID: "approve", Action: urlFlows(p.Device.ID) + "/approve", Submit: "Approve this list"}.with(Field{Name: "hash", Kind: "hidden", Value: p.Profile.Hash()})
		p.Approve = &f
	}
	return p, nil
}

func flowLines(all []flow.Flow) string {
	var b strings.Builder
	for _, f := range all {
		b.WriteString(string(f.Direction) + " " + f.Proto + " " + f.Peer + " " + strconv.Itoa(f.Port) + " " + f.Purpose + "\n")
	}
	return b.String()
}

// flowsIn reads the lines of a list.
func flowsIn(text string) ([]flow.Flow, error) {
	var out []flow.Flow
	var l problem.List
	for n, line := range strings.Split(text, "\n") {
		if strings.TrimSpace(line) == "" {
			continue
		}
		part := strings.Fields(line)
		if len(part) < 5 {
			l.Add("flows", "line %d: name direction, protocol, peer, port and purpose", n+1)
			continue
		}
		port, err := strconv.Atoi(part[3])
		if err != nil {
			l.Add("flows", "line %d: %q is not a port", n+1, part[3])
		}
		out = append(out, flow.Flow{Direction: flow.Direction(part[0]), Proto: part[1], Peer: part[2], Port: port, Purpose: strings.Join(part[4:], " ")})
	}
	return out, l.Err("the list cannot be read")
}

func (s *Server) flows(v *visit) error {
	p, err := s.flowsPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) flowsPropose(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	list, err := flowsIn(f.Get("flows"))
	if err == nil {
		err = s.Flows.Propose(v.r.Context(), v.path("id"), list)
	}
	if err == nil {
		return v.done(urlFlows(v.path("id")), "Proposed. Clinical engineering approves it.")
	}
	p, perr := s.flowsPageOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, p.Form, f, err)
}

func (s *Server) flowsApprove(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Flows.Approve(v.r.Context(), v.path("id"), f.Get("hash")); err != nil {
		return err
	}
	return v.done(urlFlows(v.path("id")), "Approved. It counts while addresses and software of the device stay as they are.")
}
