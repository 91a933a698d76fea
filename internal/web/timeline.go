package web

import (
	"cmp"
	"net/url"
	"slices"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/incident/timeline"
	"triward/internal/problem"
	"triward/internal/store"
)

// timelineRoutes are the pages of the timelines of incidents and devices.
func timelineRoutes() []route {
	kinds := timeline.KindAdded + "|" + timeline.KindPinned + "|" + timeline.KindUnpinned + "|" + timeline.KindCommented
	return []route{
		{"GET", "/incidents/{id}/timeline", "incident.read", (*Server).timeline},
		{"POST", "/incidents/{id}/timeline/export", timeline.KindExported, (*Server).timelineExport},
		{"POST", "/incidents/{id}/timeline/{act}", kinds, (*Server).timelineAct},
		{"GET", "/devices/{id}/timeline", "device.read", (*Server).timeline},
		{"POST", "/devices/{id}/timeline/export", timeline.KindExported, (*Server).timelineExport},
		{"POST", "/devices/{id}/timeline/{act}", kinds, (*Server).timelineAct},
	}
}

func urlTimeline(of timeline.Of) string {
	if of.Device != "" {
		return urlDevice(of.Device) + "/timeline"
	}
	return urlIncident(of.Incident) + "/timeline"
}

// timelinePage is the timeline of an incident or a device.
type timelinePage struct {
	Frame
	Line     timeline.Page
	Of       timeline.Of
	Head     string
	Tabs     []Tab
	Query    timeline.Query
	Window   window
	Chips    []Chips
	Devices  []Option
	Keep     []Field
	Now      []Field // the question, for the forms that come back to it
	Rows     []timelineRow
	Pager    Pager
	Fault    string
	Add      *act
	Give     *act
	May      timelineMay
	Undated  string // address of the list of undated entries
	Expanded string // address without collapsed lines
}

func (timelinePage) template() string { return "timeline" }

// timelineMay is what the visitor may do.
type timelineMay struct{ Pin, Unpin, Comment, Export bool }

// timelineRow is an entry with where it leads.
type timelineRow struct {
	timeline.Entry
	URL    string
	Expand string // address of the events of a collapsed line
}

// Stamp is an instant to the second, in UTC.
func (timelineRow) Stamp(t time.Time) string { return t.UTC().Format("2006-01-02 15:04:05") }

// CorrectedStamp is the corrected instant; "" where there is none.
func (r timelineRow) CorrectedStamp() string {
	if at, ok := r.Corrected(); ok {
		return r.Stamp(at)
	}
	return ""
}

// Class is how a row stands out.
func (r timelineRow) Class() string {
	switch {
	case r.Kind == timeline.Blind || r.Kind == timeline.Gap:
		return "unseen"
	case r.Pin != nil:
		return "pinned"
	}
	return ""
}

func urlTimelineLink(r timeline.Ref) string {
	to := map[string]func(any) string{"event": urlEvent, "incident": urlIncident, "containment": urlContainment, "evidence": urlExhibit, "alert": urlAlert, "device": urlDevice, "run": urlRun, "source": urlSource}[r.Kind]
	if to == nil || r.ID == "" {
		return ""
	}
	return to(r.ID)
}

func (s *Server) timelines() timeline.Desk { return timeline.Desk{DB: s.DB, Events: s.Events} }

// timelineOf is whose timeline the address means.
func timelineOf(v *visit) timeline.Of {
	if len(v.r.URL.Path) > 9 && v.r.URL.Path[:9] == "/devices/" {
		return timeline.Of{Device: v.path("id")}
	}
	return timeline.Of{Incident: v.path("id")}
}

// timelineQuery reads the question of an address or a form.
func timelineQuery(values url.Values, now time.Time) (timeline.Query, window, error) {
	if values.Get("from") == "" && values.Get("to") == "" {
		values.Set("last", "all")
	}
	w, err := windowOf(values, now)
	q := timeline.Query{Device: values.Get("device"), User: values.Get("user"), Text: values.Get("q"), From: w.From, To: w.To, Pinned: values.Get("only") == "pinned", Undated: values.Get("only") == "undated",
		Collapse: values.Get("lines") != "all", Told: values.Get("by") == "told", Order: store.NewestFirst, After: values.Get("after")}
	if values.Get("order") == "oldest" {
		q.Order = store.OldestFirst
	}
	if k := values.Get("kind"); k != "" {
		q.Kinds = []timeline.Kind{timeline.Kind(k)}
	}
	return q, w, err
}

func (s *Server) timelinePage(v *visit, values url.Values) (timelinePage, error) {
	of := timelineOf(v)
	at := *v.r.URL
	at.Path, at.RawQuery = urlTimeline(of), values.Encode()
	q, w, err := timelineQuery(values, s.now())
	p := timelinePage{Of: of, Query: q, Window: w, Keep: kept(at.Query(), "q", "user", "device", "from", "to"), Now: kept(at.Query()),
		May: timelineMay{v.may(timeline.KindPinned), v.may(timeline.KindUnpinned), v.may(timeline.KindCommented), v.may(timeline.KindExported)}}
	if err == nil {
		p.Line, err = s.timelines().Page(v.r.Context(), of, q)
	}
	if problem.KindOf(err) == problem.Invalid { // the question is at fault; the frame is still that of the incident
		p.Fault = sentence(problem.Text(err))
		p.Line, err = s.timelines().Page(v.r.Context(), of, timeline.Query{Limit: 1})
		p.Line.Entries, p.Line.Next = nil, ""
	}
	if err != nil {
		return p, err
	}
	p.Undated, p.Expanded = filter(&at, "only", "undated"), filter(&at, "lines", "all")
	p.Chips = timelineChips(&at)
	p.Devices = []Option{{Text: "Every device", On: q.Device == ""}}
	for _, d := range p.Line.Devices {
		p.Devices = append(p.Devices, Option{Value: d.ID, Text: d.Kind, On: d.ID == q.Device})
	}
	for _, e := range p.Line.Entries {
		row := timelineRow{Entry: e, URL: urlTimelineLink(e.Link)}
		if e.Count > 1 {
			row.Expand = expandURL(at, e)
		}
		p.Rows = append(p.Rows, row)
	}
	p.Pager = pager(&at, p.Line.Next, len(p.Rows))
	p.Pager.Words = [2]string{"Before", "Further"}
	p.Head = "Timeline"
	if of.Device != "" {
		p.Frame = v.frame("Timeline of "+p.Line.Title, urlDevices(), Link{urlDevices(), "Devices"}, Link{urlDevice(p.Line.ID), p.Line.Title})
	} else {
		p.Of.Incident = p.Line.ID
		p.Tabs = tabsOf(v, p.Line.ID, "timeline")
		p.Frame = v.frame("Timeline of "+p.Line.Title, urlIncidents(), Link{urlIncidents(), "Incidents"}, Link{urlIncident(p.Line.ID), p.Line.Title})
	}
	if p.May.Export {
		p.Give = p.giveForm()
	}
	if v.may(timeline.KindAdded) {
		p.Add = p.addForm()
	}
	return p, nil
}

// expandURL is the list of the events that a line stands for.
func expandURL(at url.URL, e timeline.Entry) string {
	from, to := e.Told, e.Until
	if to.Before(from) {
		from, to = to, from
	}
	q := at.Query()
	for name, value := range map[string]string{"lines": "all", "kind": string(timeline.Event), "from": from.UTC().Format(time.RFC3339), "to": to.Add(time.Second).UTC().Format(time.RFC3339), "device": e.Device} {
		q.Set(name, value)
	}
	q.Del("after")
	q.Del("back")
	return queryURL(at.Path, q.Encode())
}

func timelineChips(at *url.URL) []Chips {
	var kinds [][2]string
	for _, k := range timeline.Kinds() {
		kinds = append(kinds, [2]string{string(k), title(timelineWord(k))})
	}
	return []Chips{chips(at, "From", "kind", kinds...), chips(at, "Only", "only", [2]string{"pinned", "Highlighted"}, [2]string{"undated", "Undated"}),
		chips(at, "Order", "order", [2]string{"oldest", "Oldest first"}), chips(at, "By", "by", [2]string{"told", "What was told"}), chips(at, "Lines", "lines", [2]string{"all", "Each event"})}
}

// timelineWord is a kind of entry as people call it.
func timelineWord(k timeline.Kind) string {
	return cmp.Or(map[timeline.Kind]string{timeline.Plan: "procedure", timeline.Manual: "added by hand", timeline.Blind: "not seen", timeline.Gap: "nothing came", timeline.Clock: "duty to report"}[k], string(k))
}

func (p timelinePage) addForm() *act {
	devices := []Option{{Text: "None"}}
	for _, d := range p.Line.Devices {
		devices = append(devices, Option{Value: d.ID, Text: d.Kind})
	}
	return &act{Title: "Add what you know", Help: "It stands beside what was recorded, with your name. What has no instant stays undated.",
		Form: Form{ID: "add", Action: urlTimeline(p.Of) + "/add", Submit: "Add it"}.with(
			Field{Name: "what", Label: "What happened", Kind: "textarea", Required: true, Help: "No names of patients."},
			Field{Name: "certainty", Label: "When", Kind: "select", Options: options("stated", timeline.Certainties())},
			Field{Name: "told", Label: "Instant", Kind: "datetime-local", Help: "UTC. Empty when it is undated."},
			Field{Name: "who", Label: "Who did it", Kind: "text"},
			Field{Name: "source", Label: "How it is known", Kind: "text", Required: true},
			Field{Name: "device", Label: "Device", Kind: "select", Options: devices})}
}

// giveForm asks in which form the timeline of the question goes, to whom and why.
func (p timelinePage) giveForm() *act {
	f := Form{ID: "export", Action: urlTimeline(p.Of) + "/export", Submit: "Export"}
	form := Field{Name: "format", Label: "Form", Kind: "select", Required: true}
	for _, x := range timeline.Formats() {
		form.Options = append(form.Options, Option{Value: string(x), Text: formatWord(x)})
	}
	fields := []Field{form, {Name: "to", Label: "Who receives it", Kind: "text", Required: true}, audienceField(), reasonField("Why"),
		{Name: "authority", Label: "Authorised by, on which ground", Kind: "text", Required: true}}
	for _, x := range p.Now {
		fields = append(fields, Field{Name: "at." + x.Name, Kind: "hidden", Value: x.Value})
	}
	return &act{Title: "Export", Help: "The entries of the question above. Events that may concern patients leave the organisation only where a law or a court asks for it. That it was exported is recorded with its digest.", Form: f.with(fields...)}
}

func (s *Server) timeline(v *visit) error {
	p, err := s.timelinePage(v, v.r.URL.Query())
	if err != nil {
		return err
	}
	return v.show(p)
}

// timelineAt is the question that was on the page of a form.
func timelineAt(f url.Values) url.Values {
	back := url.Values{}
	for _, name := range []string{"q", "user", "device", "from", "to", "kind", "only", "order", "by", "lines", "after", "back"} {
		if x := f["at."+name]; len(x) > 0 {
			back[name] = x
		}
	}
	return back
}

// timelineAct adds an entry, or marks one, and comes back to the question that was on the page.
func (s *Server) timelineAct(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	of, ctx, desk := timelineOf(v), v.r.Context(), s.timelines()
	back := timelineAt(f)
	notice := "Added."
	switch do := v.path("act"); do {
	case "add":
		var l problem.List
		a := timeline.Addition{Told: timeOf(&l, "told", f.Get("told")), Certainty: timeline.Certainty(f.Get("certainty")), What: f.Get("what"), Who: f.Get("who"), Source: f.Get("source"), Device: f.Get("device")}
		if err = l.Err("the entry is not complete"); err == nil {
			_, err = desk.Add(ctx, of, a)
		}
	case "pin":
		notice, err = "Highlighted.", desk.Pin(ctx, of, f.Get("entry"), f.Get("text"))
	case "unpin":
		notice, err = "The highlight is gone.", desk.Unpin(ctx, of, f.Get("entry"), f.Get("text"))
	case "comment":
		notice, err = "Commented.", desk.Comment(ctx, of, f.Get("entry"), f.Get("text"))
	default:
		return problem.New(problem.NotFound, "there is no such page")
	}
	if err == nil {
		return v.done(queryURL(urlTimeline(of), back.Encode()), notice)
	}
	p, perr := s.timelinePage(v, back)
	if perr != nil {
		return perr
	}
	if v.path("act") == "add" && p.Add != nil {
		p.Add.Form.fill(f)
		if p.Add.Form.blame(err) {
			return v.again(p, err)
		}
	}
	if k := problem.KindOf(err); !slices.Contains([]problem.Kind{problem.Invalid, problem.Conflict, problem.NotFound}, k) {
		return err
	}
	p.Fault = sentence(problem.Text(err))
	return v.again(p, err)
}

// timelineExport gives the timeline of the question as a file.
func (s *Server) timelineExport(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	back := timelineAt(f)
	q, _, err := timelineQuery(back, s.now())
	if err != nil {
		return err
	}
	q.Order = store.OldestFirst
	o := timeline.Outgoing{Query: q, Format: timeline.Format(f.Get("format")), Give: custody.Order{As: incident.Audience(f.Get("as")), To: f.Get("to"), Reason: f.Get("reason"), Authority: f.Get("authority")}}
	kind, end := "application/json", ".json"
	switch o.Format {
	case timeline.CSV:
		kind, end = "text/csv; charset=utf-8", ".csv"
	case timeline.Timesketch:
		kind, end = "application/jsonl", ".jsonl"
	}
	of := timelineOf(v)
	p, err := s.timelinePage(v, back)
	if err != nil {
		return err
	}
	out := &attaching{visit: v, kind: kind, name: "timeline-" + p.Line.Title + end}
	_, err = s.timelines().Export(v.r.Context(), of, o, out)
	if err == nil || out.begun || p.Give == nil {
		return ignoreGone(err)
	}
	return v.correct(&p, &p.Give.Form, f, err)
}

// attaching promises a file with its first byte, so that a refusal before it is shown as a page.
type attaching struct {
	*visit
	kind, name string
	begun      bool
}

func (a *attaching) Write(b []byte) (int, error) {
	if !a.begun {
		a.attach(a.kind, a.name)
		a.begun = true
	}
	return a.w.Write(b)
}

// markForm is the form that marks an entry.
type markForm struct {
	Action, Key, Label, Submit string
	Now                        []Field
}

func markFormOf(p timelinePage, do, key string) markForm {
	words := map[string][2]string{"pin": {"Why it matters", "Highlight"}, "unpin": {"Why not any more", "Take the highlight away"}, "comment": {"Comment", "Comment"}}[do]
	return markForm{Action: urlTimeline(p.Of) + "/" + do, Key: key, Label: words[0], Submit: words[1], Now: p.Now}
}

// formatWord is a form of an export as people call it.
func formatWord(f timeline.Format) string {
	return map[timeline.Format]string{timeline.CSV: "CSV", timeline.JSON: "JSON", timeline.Timesketch: "Timesketch"}[f]
}
