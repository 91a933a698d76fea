package web

import (
	"context"
	"net/url"
	"regexp"
	"slices"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/store"
)

// alertsPage is the queue.
type alertsPage struct {
	Frame
	Search  string
	Chips   []Chips
	Columns Columns
	Keep    []Field
	Sites   []Option
	Rows    []alertRow
	Pager   Pager
	Empty   Empty
	MayNew  bool
	MayTell bool
	Moves   []alertMove // what the visitor may do with chosen rows
}

func (alertsPage) template() string { return "alerts" }

// alertRow is an alert with what a person needs to know it by.
type alertRow struct {
	detection.Alert
	About     string // what it is about, for people
	Where     string
	ModelName string
	Late      time.Duration // nobody looked at it beyond its target
	AckIn     time.Time     // when somebody is to have looked, zero when somebody has
}

// alertMove is something that is done with alerts. A form asks for what it needs; those without one act at once.
type alertMove struct {
	Name, Text, Key, Kind string
	Form                  bool
}

func alertMoves() []alertMove {
	return []alertMove{
		{"acknowledge", "Take and triage", "a", detection.KindAlertAcknowledged, false},
		{"assign", "Assign…", "s", detection.KindAlertAssigned, true},
		{"close", "Close…", "c", detection.KindAlertClosed, true},
		{"escalate", "Escalate…", "e", detection.KindAlertEscalated, true},
		{"merge", "Merge…", "m", detection.KindAlertMerged, true},
		{"reopen", "Open again…", "r", detection.KindAlertReopened, true},
	}
}

// alertMovesOf are the moves that the visitor may make with alerts of a state; "" is with a list of any.
func (v *visit) alertMovesOf(s detection.State) []alertMove {
	waits := s == detection.New || s == detection.Triaging || s == detection.Reopened
	fits := map[string]bool{"acknowledge": waits && s != detection.Triaging, "assign": waits || s == detection.Escalated, "close": waits || s == detection.Escalated,
		"escalate": waits, "merge": waits || s == detection.Escalated, "reopen": s == detection.Closed}
	var out []alertMove
	for _, m := range alertMoves() {
		if v.may(m.Kind) && (s == "" && m.Name != "reopen" || fits[m.Name]) {
			out = append(out, m)
		}
	}
	return out
}

func urlAlerts() string               { return "/alerts" }
func urlAlert(id any) string          { return path("alerts", text(id)) }
func urlAlertMove(name string) string { return path("alerts", "move", name) }

// urlAlertsOf is the queue under filters: names and values in turn.
func urlAlertsOf(pairs ...any) string { return queryURL(urlAlerts(), pairsOf(pairs).Encode()) }

// alertQuery reads the filters of the address. Without a state the queue shows what waits.
func (s *Server) alertQuery(v *visit) detection.AlertQuery {
	q := detection.AlertQuery{Level: detection.Level(v.query("level")), Site: v.query("site"), Device: v.query("device"), Rule: v.query("rule"), Reason: detection.Reason(v.query("reason")),
		Text: v.query("q"), InUse: v.query("in_use") == "yes", Overdue: v.query("late") == "yes", Sort: v.query("sort"), After: v.query("after"), Now: s.now()}
	switch state := v.query("state"); state {
	case "", "waiting":
		q.Waiting = true
	case "all":
	default:
		q.State = detection.State(state)
	}
	switch who := v.query("who"); who {
	case "":
	case "nobody":
		q.Nobody = true
	case "me":
		q.Assignee = v.actor.Name
	default:
		q.Assignee = who
	}
	return q
}

func alertColumns(v *visit) Columns {
	return v.columns("urgency", Column{Name: "level", Text: "Level", Fixed: true, Sort: "urgency"}, Column{Name: "alert", Text: "Alert", Fixed: true}, Column{Name: "about", Text: "About"},
		Column{Name: "events", Text: "Events", Num: true}, Column{Name: "opened", Text: "Opened", Sort: "-opened"}, Column{Name: "state", Text: "State", Sort: "state"}, Column{Name: "who", Text: "Work"}, Column{Name: "changed", Text: "Last change", Extra: true, Sort: "-changed"})
}

func (s *Server) alertFilters(v *visit) []Chips {
	var levels [][2]string
	for _, l := range detection.Levels() {
		levels = append(levels, [2]string{string(l), title(l)})
	}
	states := [][2]string{}
	for _, st := range detection.States() {
		states = append(states, [2]string{string(st), title(st)})
	}
	states = append(states, [2]string{"all", "All"})
	return []Chips{
		chips(v.r.URL, "Level", "level", levels...),
		chips(v.r.URL, "Who", "who", [2]string{"me", "Mine"}, [2]string{"nobody", "Nobody's"}),
		chips(v.r.URL, "Device", "in_use", [2]string{"yes", "In use or unknown"}),
		chips(v.r.URL, "Target", "late", [2]string{"yes", "Overdue"}),
		chips(v.r.URL, "State", "state", states...),
	}
}

// countAlerts writes beside the filters how many alerts each leaves under the others.
func countAlerts(ctx context.Context, r store.Reader, groups []Chips, q detection.AlertQuery) error {
	q.After = ""
	for g := range groups {
		for i, c := range groups[g].Items {
			x := q
			switch groups[g].Name {
			case "level":
				x.Level = detection.Level(c.Value)
			case "late":
				x.Overdue = true
			case "in_use":
				x.InUse = true
			default:
				continue
			}
			n, err := detection.CountAlerts(ctx, r, x, mostCounted)
			if err != nil {
				return err
			}
			groups[g].Items[i].Count = atMost(n)
		}
	}
	return nil
}

func (s *Server) alerts(v *visit) error {
	q := s.alertQuery(v)
	p := alertsPage{Frame: v.frame("Alerts", urlAlerts()), Search: q.Text, Chips: s.alertFilters(v), Columns: alertColumns(v), Keep: kept(v.r.URL.Query(), "q"), MayNew: v.may(detection.KindAlertReported), MayTell: v.actor.Scope(detection.KindRead).All, Moves: v.alertMovesOf("")}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := detection.ListAlerts(ctx, r, q)
		if err != nil {
			return err
		}
		if p.Rows, err = s.alertRows(ctx, r, page.Items); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/alerts.csv", v.r.URL.RawQuery)
		if err := countAlerts(ctx, r, p.Chips, q); err != nil {
			return err
		}
		p.Sites, err = v.siteOptions(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	for _, name := range []string{"rule", "device"} {
		if val := v.query(name); val != "" {
			text := val
			if name == "device" && len(p.Rows) > 0 {
				text = p.Rows[0].About
			} else if name == "rule" && len(p.Rows) > 0 {
				text = p.Rows[0].Title
			}
			p.Chips = append(p.Chips, Chips{Label: title(name), Items: []Chip{{Text: text + " ×", URL: filter(v.r.URL, name, ""), On: true}}})
		}
	}
	p.Empty = Empty{Title: "Nothing waits", Text: "Alerts appear here when a rule finds something, when a source falls silent, or when somebody reports what they saw.",
		Links: []Link{{urlAlertsOf("state", "all"), "Show all alerts"}, {urlSources(), "Look at the sources"}}}
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No alert fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlAlerts(), "Show what waits"}}}
	}
	return v.show(p)
}

// siteOptions are the sites as choices of a filter, nil where the visitor may not see devices.
func (v *visit) siteOptions(ctx context.Context, r store.Reader) ([]Option, error) {
	if !v.may(device.KindRead) {
		return nil, nil
	}
	all, err := device.Sites(ctx, r)
	out := []Option{{"", "All sites", v.query("site") == ""}}
	for _, x := range all {
		out = append(out, Option{string(x.ID), x.Name, v.query("site") == string(x.ID)})
	}
	return out, err
}

// alertRows adds the names to alerts.
func (s *Server) alertRows(ctx context.Context, r store.Reader, all []detection.Alert) ([]alertRow, error) {
	names, err := namesOf(ctx, r, all)
	now := s.now()
	out := make([]alertRow, len(all))
	for i, a := range all {
		row := alertRow{Alert: a, About: names.about(a), Late: a.Overdue(now)}
		if a.Acked.IsZero() && a.State != detection.Closed && a.State != detection.Merged {
			row.AckIn = a.Due
		}
		if b, ok := names.devices[a.Device]; ok {
			row.Where, row.ModelName = place(b.SiteName, b.Ward), b.ModelName
		} else {
			row.Where = place(names.sites[a.Site], a.Ward)
		}
		out[i] = row
	}
	return out, err
}

// names are what ids of alerts stand for.
type names struct {
	devices map[string]device.Brief
	sources map[string]string
	sites   map[string]string
}

func namesOf(ctx context.Context, r store.Reader, all []detection.Alert) (names, error) {
	var devices []string
	for _, a := range all {
		if a.Device != "" {
			devices = append(devices, a.Device)
		}
	}
	return readNames(ctx, r, devices)
}

// readNames reads the names of devices, and of every source and site.
func readNames(ctx context.Context, r store.Reader, devices []string) (names, error) {
	n := names{devices: map[string]device.Brief{}, sources: map[string]string{}, sites: map[string]string{}}
	slices.Sort(devices)
	for part := range slices.Chunk(slices.Compact(devices), 500) {
		briefs, err := device.Briefs(ctx, r, part)
		if err != nil {
			return n, err
		}
		for _, b := range briefs {
			n.devices[string(b.ID)] = b
		}
	}
	// Names of sources and sites stand beside what the reader may see already.
	sources, err := detection.Known(ctx, r)
	if err != nil {
		return n, err
	}
	for _, x := range sources {
		n.sources[x.ID] = x.Name
	}
	sites, err := device.Sites(store.WithActor(ctx, store.System("web")), r)
	for _, x := range sites {
		n.sites[string(x.ID)] = x.Name
	}
	return n, err
}

// device is a device as people call it.
func (n names) device(id string) string {
	if b, ok := n.devices[id]; ok {
		return deviceName(b)
	}
	return "a device that left the fleet"
}

var (
	deviceID   = regexp.MustCompile(`dev_[0-9a-z]+`)
	groupField = regexp.MustCompile(`(^| )([a-z_.]+)=`)
)

// about is what an alert is about.
func (n names) about(a detection.Alert) string {
	kind, name, _ := strings.Cut(a.Entity, ":")
	switch kind {
	case "device":
		return n.device(name)
	case "source":
		if s := n.sources[name]; s != "" {
			return s
		}
		return "a source that is retired"
	case "report":
		return "reported by " + a.Opener
	}
	name = deviceID.ReplaceAllStringFunc(name, n.device)
	if kind == "group" {
		return groupWords(name)
	}
	return strings.TrimSpace(word(detection.Term(kind)) + " " + name)
}

// groupWords are the values of a group with what they are, as people say it. A device says by its name that it is one.
func groupWords(group string) string {
	return groupField.ReplaceAllStringFunc(group, func(field string) string {
		before := ""
		if strings.HasPrefix(field, " ") {
			before = ", "
		}
		if name := strings.Trim(field, " ="); name != "dev.id" && name != "peer.id" {
			return before + word(detection.Term(name)) + " "
		}
		return before
	})
}

func (s *Server) alertsCSV(v *visit) error {
	q := s.alertQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"id", "level", "title", "state", "reason", "feedback", "about", "place", "in_use", "events", "first", "last", "opened", "due", "acknowledged", "acknowledged_by", "assignee", "closed", "rule", "target"}
	return v.csv("alerts.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := detection.ListAlerts(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := s.alertRows(ctx, r, page.Items)
		var out [][]string
		for _, a := range rows {
			out = append(out, []string{a.ID, string(a.Level), a.Title, string(a.State), a.Reason, string(a.Feedback), a.About, a.Where, string(a.InUse), count(a.Hits), stamp(a.First), stamp(a.Last), stamp(a.Opened), stamp(a.Due),
				stamp(a.Acked), a.AckedBy, a.Assignee, stamp(a.Alert.Closed), a.Rule, a.Target})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// alertsAcknowledge takes alerts and begins their triage.
func (s *Server) alertsAcknowledge(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Alerts.Acknowledge(v.r.Context(), f["pick"]); err != nil {
		return err
	}
	return v.done(backOr(f, f["pick"]), plural(len(f["pick"]), "alert is", "alerts are")+" in triage, and yours unless somebody had them.")
}

// backOr is where a move leads: back to where it was begun, else to the alert, or the queue.
func backOr(f url.Values, picks []string) string {
	if b := localPath(f.Get("back")); b != "/" {
		return b
	}
	if len(picks) == 1 {
		return urlAlert(picks[0])
	}
	return urlAlerts()
}

// alertForm is the form of a move over the alerts that the address or the form names.
func (s *Server) alertForm(v *visit, name string, values url.Values) (formPage, error) {
	picks := values["pick"]
	p := formPage{Frame: v.frame("", urlAlerts(), Link{urlAlerts(), "Alerts"})}
	if len(picks) == 0 {
		p.Title, p.Lead = "Choose alerts first", "Choose rows in the queue, then say what to do with them."
		p.Form = Form{ID: "none", Action: urlAlerts(), Submit: "Go to the queue", Cancel: urlAlerts()}
		return p, v.redirect(urlAlerts())
	}
	var all []detection.Alert
	var choices []people.Name
	var cases []Option
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		for _, id := range picks[:min(len(picks), 500)] {
			a, err := detection.GetAlert(ctx, r, id)
			if err != nil {
				return err
			}
			all = append(all, a)
		}
		if name == "escalate" {
			cases, err = caseOptions(ctx, r, v)
			return err
		}
		if name != "assign" || !v.may(people.KindReadNames) {
			return nil
		}
		choices, err = people.Choices(ctx, r, "", 200)
		return err
	})
	if err != nil {
		return p, err
	}
	what, use := all[0].Title, 0
	if len(all) > 1 {
		what = plural(len(all), "alert", "alerts")
	}
	for _, a := range all {
		if a.TakenAsInUse() {
			use++
		}
	}
	p.Lead = plural(len(all), "alert", "alerts") + ": " + firstTitles(all) + "."
	if use > 0 {
		p.Lead += " " + plural(use, "concerns a device", "concern devices") + " that is in use, or counts as in use because nobody knows."
	}
	p.Form = Form{ID: "move", Action: urlAlertMove(name), Cancel: backOr(values, picks)}
	var fields []Field
	p.Title, p.Form.Submit, fields = s.moveFields(name, what, choices, all)
	if len(cases) > 0 {
		fields[0] = Field{Name: "case", Label: "Into", Kind: "select", Required: true, Options: cases, Help: "The alerts and their devices come into the incident; further events still join them."}
	}
	for _, id := range picks {
		fields = append(fields, Field{Name: "pick", Kind: "hidden", Value: id})
	}
	p.Form = p.Form.with(append(fields, Field{Name: "back", Kind: "hidden", Value: values.Get("back")})...)
	return p, nil
}

// newCase stands for an incident that is declared now.
const newCase = "new"

// caseOptions are the incidents that alerts can go into; none when the reader may not put anything into one. Other programs
// have cases too: then their number is asked for as a text.
func caseOptions(ctx context.Context, r store.Reader, v *visit) ([]Option, error) {
	if !v.may(incident.KindRead) || !v.may(incident.KindLinked) || !v.may(incident.KindDeviceInvolved) {
		return nil, nil
	}
	page, err := incident.List(ctx, r, incident.Query{Open: true, Limit: 100})
	var out []Option
	if v.may(incident.KindDeclared) {
		out = append(out, Option{Value: newCase, Text: "A new incident"})
	}
	for _, i := range page.Items {
		if i.Withheld { // who is not named puts nothing into it
			continue
		}
		out = append(out, Option{Value: i.ID, Text: i.Number + ": " + short(80, i.Title)})
	}
	return out, err
}

func firstTitles(all []detection.Alert) string {
	var out []string
	for _, a := range all {
		if !slices.Contains(out, a.Title) {
			out = append(out, a.Title)
		}
	}
	if len(out) > 3 {
		return strings.Join(out[:3], ", ") + " and " + plural(len(out)-3, "other", "others")
	}
	return strings.Join(out, ", ")
}

// moveFields are the title, the button and the fields of a move.
func (s *Server) moveFields(name, what string, choices []people.Name, all []detection.Alert) (string, string, []Field) {
	why := Field{Name: "reason", Label: "Why", Kind: "textarea"}
	switch name {
	case "assign":
		var who []Option
		for _, c := range choices {
			who = append(who, Option{c.Name, c.Name, c.Name == all[0].Assignee})
		}
		if len(who) == 0 {
			return "Assign " + what, "Assign", []Field{{Name: "assignee", Label: "To", Kind: "text"}}
		}
		return "Assign " + what, "Assign", []Field{{Name: "assignee", Label: "To", Kind: "select", Options: orNone("Nobody", who)}}
	case "close":
		return "Close " + what, "Close", []Field{
			{Name: "reason", Label: "Reason", Kind: "radios", Required: true, Options: options("", detection.Reasons())},
			{Name: "feedback", Label: "For a false positive: what becomes of the rule", Kind: "radios", Options: []Option{{string(detection.Tune), "Tune it: its text is to be changed", false}, {string(detection.Suppress), "Suppress it here until a date", false}, {string(detection.NoChange), "None: it stays as it is", false}}},
			{Name: "until", Label: "Suppress until", Kind: "date", Help: "Required to suppress; at most 90 days ahead. The hits are still counted."},
			{Name: "note", Label: "Note", Kind: "textarea"}}
	case "escalate":
		why.Required = true
		return "Escalate " + what, "Escalate", []Field{{Name: "case", Label: "Case", Kind: "text", Required: true, Help: "The number or name of the case that these alerts belong to. Further events still join them."}, why}
	case "merge":
		return "Merge " + what, "Merge", []Field{{Name: "into", Label: "Into the alert", Kind: "text", Required: true, Placeholder: "alr_…", Help: "The id or address of the alert that stays. No text is changed, and the ids of merged alerts lead to it for ever."}, why}
	}
	why.Required = true
	return "Open " + what + " again", "Open again", []Field{why}
}

func alertMoveForm(name string) func(*Server, *visit) error {
	return func(s *Server, v *visit) error {
		p, err := s.alertForm(v, name, v.r.URL.Query())
		if err != nil || len(p.Form.Fields) == 0 {
			return err
		}
		return v.show(p)
	}
}

func alertMoveDone(name string) func(*Server, *visit) error {
	return func(s *Server, v *visit) error {
		f, err := v.form()
		if err != nil {
			return err
		}
		p, err := s.alertForm(v, name, f)
		if err != nil || len(p.Form.Fields) == 0 {
			return err
		}
		if name == "escalate" && f.Get("case") == newCase && v.may(incident.KindDeclared) {
			return v.redirect(urlIncidentNew("alerts", strings.Join(f["pick"], " "), "why", f.Get("reason")))
		}
		said, err := s.moveAlerts(v, name, f)
		if err != nil {
			refill(&p.Form, f)
			if p.Form.blame(err) {
				return v.again(p, err)
			}
			return err
		}
		return v.done(backOr(f, f["pick"]), plural(len(f["pick"]), "alert is", "alerts are")+" "+said+".")
	}
}

func (s *Server) moveAlerts(v *visit, name string, f url.Values) (string, error) {
	ctx, picks := v.r.Context(), f["pick"]
	switch name {
	case "assign":
		if f.Get("assignee") == "" {
			return "nobody's now", s.Alerts.Assign(ctx, picks, "")
		}
		return "assigned to " + f.Get("assignee"), s.Alerts.Assign(ctx, picks, f.Get("assignee"))
	case "close":
		c := detection.Closing{Reason: detection.Reason(f.Get("reason")), Feedback: detection.Feedback(f.Get("feedback")), Note: strings.TrimSpace(f.Get("note"))}
		var err error
		if c.Until, err = endOf(f, "until"); err != nil {
			return "", err
		}
		return "closed", s.Alerts.Close(ctx, picks, c)
	case "escalate":
		if strings.HasPrefix(f.Get("case"), "inc_") {
			return "escalated", s.Cases.Gather(ctx, f.Get("case"), picks, f.Get("reason"))
		}
		return "escalated", s.Alerts.Escalate(ctx, picks, f.Get("case"), f.Get("reason"))
	case "merge":
		into := strings.TrimSpace(f.Get("into"))
		return "merged", s.Alerts.Merge(ctx, into[strings.LastIndexByte(into, '/')+1:], picks, f.Get("reason"))
	}
	return "open again", s.Alerts.Reopen(ctx, picks, f.Get("reason"))
}
