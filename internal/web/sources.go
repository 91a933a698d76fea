package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/problem"
	"triward/internal/store"
)

// sourcesPage lists where events come from.
type sourcesPage struct {
	Frame
	Search  string
	Chips   []Chips
	Columns Columns
	Keep    []Field
	Rows    []sourceRow
	Pager   Pager
	Empty   Empty
	MayNew  bool
	Open    []detection.Blind // what is not seen now
}

func (sourcesPage) template() string { return "sources" }

type sourceRow struct {
	detection.SourceItem
	SiteName string
	Ago      time.Duration // since something came, 0 when nothing ever did
	Silent   bool          // for longer than it may be
}

func (s *Server) sourceRow(v detection.SourceItem, sites map[string]string) sourceRow {
	row := sourceRow{SourceItem: v, SiteName: sites[v.Site]}
	last := v.At
	if !v.Seen.IsZero() {
		row.Ago, last = s.now().Sub(v.Seen), v.Seen
	}
	row.Silent = v.Silence > 0 && s.now().Sub(last) > v.Silence
	return row
}

func sourceQuery(v *visit) detection.SourceQuery {
	return detection.SourceQuery{State: detection.SourceState(v.query("state")), Transport: detection.Transport(v.query("transport")), Site: v.query("site"), Text: v.query("q"), Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) sources(v *visit) error {
	p := sourcesPage{Frame: v.frame("Sources", urlSources()), Search: v.query("q"), Keep: kept(v.r.URL.Query(), "q"), MayNew: v.may(detection.KindSourceAdded)}
	var states, ways [][2]string
	for _, x := range detection.SourceStates() {
		states = append(states, [2]string{string(x), title(x)})
	}
	for _, x := range detection.Transports() {
		ways = append(ways, [2]string{string(x), title(x)})
	}
	p.Chips = []Chips{chips(v.r.URL, "State", "state", states...), chips(v.r.URL, "How it comes", "transport", ways...)}
	p.Columns = v.columns("name", Column{Name: "source", Text: "Source", Fixed: true, Sort: "name"}, Column{Name: "state", Text: "State", Sort: "state"}, Column{Name: "seen", Text: "Last seen"},
		Column{Name: "rate", Text: "Records", Num: true}, Column{Name: "lag", Text: "Lag"}, Column{Name: "skew", Text: "Clock"}, Column{Name: "faults", Text: "Not decoded", Num: true},
		Column{Name: "lost", Text: "Lost", Num: true}, Column{Name: "site", Text: "Site"}, Column{Name: "added", Text: "Added", Extra: true, Sort: "-added"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := detection.ListSources(ctx, r, sourceQuery(v))
		if err != nil {
			return err
		}
		n, err := detection.CountSources(ctx, r)
		if err != nil {
			return err
		}
		counted(&p.Chips[0], func(state string) int { return n[detection.SourceState(state)] })
		names, err := readNames(ctx, r, nil)
		if err != nil {
			return err
		}
		for _, x := range page.Items {
			p.Rows = append(p.Rows, s.sourceRow(x, names.sites))
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/sources.csv", v.r.URL.RawQuery)
		open, err := detection.Blinds(ctx, r, detection.BlindQuery{Open: true, Limit: 20})
		p.Open = open.Items
		return err
	})
	if err != nil {
		return err
	}
	p.Empty = Empty{Title: "No source yet", Text: "Add what sends events: the archive's audit trail, the firewall, the syslog of devices. A sender that nobody named appears here by itself, to be confirmed.", Links: []Link{{urlSource("new"), "Add a source"}}}
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No source fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlSources(), "Show all sources"}}}
	}
	return v.show(p)
}

func (s *Server) sourcesCSV(v *visit) error {
	q := sourceQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"id", "name", "transport", "identity", "format", "zone", "site", "state", "expected_per_hour", "silence_seconds", "last_seen", "lag_ms", "skew_ms", "accepted", "stored", "not_decoded", "lost", "blind_now", "owner"}
	return v.csv("sources.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := detection.ListSources(ctx, r, q)
		var out [][]string
		for _, x := range page.Items {
			skew := ""
			if x.SkewKnown {
				skew = strconv.FormatInt(x.Skew.Milliseconds(), 10)
			}
			out = append(out, []string{x.ID, x.Name, string(x.Transport), x.Identity, x.Format, x.Zone, x.Site, string(x.State), strconv.FormatInt(x.Hourly, 10), strconv.Itoa(int(x.Silence.Seconds())), stamp(x.Seen),
				strconv.FormatInt(x.Lag.Milliseconds(), 10), skew, strconv.FormatInt(x.Accepted, 10), strconv.FormatInt(x.Stored, 10), strconv.FormatInt(x.Faults, 10), strconv.FormatInt(x.Lost, 10), strconv.Itoa(x.Blind), x.Owner})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// sourcePage is one source.
type sourcePage struct {
	Frame
	Source  sourceRow
	Chart   string
	Hours   []detection.Hour
	Finding string
	Blind   []detection.Blind
	Alerts  []alertRow
	Actions []Form
	MayEdit bool
	Found   string // its events
	History []historyRow
}

func (sourcePage) template() string { return "source" }

// hoursShown is the time of the chart.
const hoursShown = 72 * time.Hour

func (s *Server) source(v *visit) error {
	p, err := s.sourceOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) sourceOf(v *visit) (sourcePage, error) {
	id := v.path("id")
	var p sourcePage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		x, err := detection.GetSource(ctx, r, id)
		if err != nil {
			return err
		}
		names, err := readNames(ctx, r, nil)
		if err != nil {
			return err
		}
		p.Source = s.sourceRow(x, names.sites)
		if p.Hours, err = detection.Hours(ctx, r, id, s.now().Add(-hoursShown)); err != nil {
			return err
		}
		blind, err := detection.Blinds(ctx, r, detection.BlindQuery{Source: id, Limit: 50})
		if err != nil {
			return err
		}
		p.Blind = blind.Items
		if p.Alerts, err = s.alertsAbout(ctx, r, detection.AlertQuery{Sort: "-opened", Limit: 10}, detection.Entity("source", id)); err != nil {
			return err
		}
		p.History, err = history(ctx, r, id)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Source.Name, urlSources(), Link{urlSources(), "Sources"})
	p.Chart, p.Found, p.MayEdit = urlSource(id)+"/hours.json", urlEventsOf("source", id), v.may(detection.KindSourceChanged)
	n := int64(0)
	for _, h := range p.Hours {
		n += h.Accepted
	}
	p.Finding = plural(n, "record", "records") + " in the last three days"
	p.Actions = v.sourceActions(p.Source.Source, s.now())
	return p, nil
}

// alertsAbout reads alerts about an entity among those that a query gives.
func (s *Server) alertsAbout(ctx context.Context, r store.Reader, q detection.AlertQuery, entity string) ([]alertRow, error) {
	q.Entity = entity
	page, err := detection.ListAlerts(ctx, r, q)
	if err != nil {
		return nil, err
	}
	return s.alertRows(ctx, r, page.Items)
}

func (v *visit) sourceActions(x detection.Source, now time.Time) []Form {
	var out []Form
	if (x.State == detection.SourceNew || x.State == detection.SourceMuted) && v.may(detection.KindSourceConfirmed) {
		words := "Confirm the source"
		if x.State == detection.SourceMuted {
			words = "End the mute"
		}
		out = append(out, Form{ID: "confirm", Action: urlSource(x.ID) + "/confirm", Submit: words})
	}
	if (x.State == detection.SourceActive || x.State == detection.SourceNew) && v.may(detection.KindSourceMuted) {
		out = append(out, Form{ID: "mute", Action: urlSource(x.ID) + "/mute", Submit: "Mute its silence"}.with(
			Field{Name: "until", Label: "Until", Kind: "date", Required: true, Value: dateValue(now.Add(7 * 24 * time.Hour)), Help: "At most 90 days ahead. Its events are taken, and blind intervals are kept."}, Field{Name: "reason", Label: "Reason", Kind: "text", Required: true}))
	}
	if x.State != detection.SourceRetired && v.may(detection.KindSourceRetired) {
		out = append(out, Form{ID: "retire", Action: urlSource(x.ID) + "/retire", Submit: "Retire the source", Danger: true}.with(Field{Name: "reason", Label: "Reason", Kind: "text", Required: true, Help: "What it sent stays. A sender with its identity becomes a new source."}))
	}
	return out
}

func sourceMove(name string) func(*Server, *visit) error {
	return func(s *Server, v *visit) error {
		f, err := v.form()
		if err != nil {
			return err
		}
		id, ctx, said := v.path("id"), v.r.Context(), ""
		switch name {
		case "confirm":
			said, err = "The source is active.", s.Sources.Confirm(ctx, id)
		case "mute":
			var until time.Time
			if until, err = endOf(f, "until"); err == nil {
				said, err = "Its silence raises no alert until "+until.Format("2 Jan 2006")+".", s.Sources.Mute(ctx, id, until, strings.TrimSpace(f.Get("reason")))
			}
		default:
			said, err = "The source is retired.", s.Sources.Retire(ctx, id, strings.TrimSpace(f.Get("reason")))
		}
		if err != nil {
			p, perr := s.sourceOf(v)
			for i := range p.Actions {
				if perr == nil && p.Actions[i].ID == name && p.Actions[i].blame(err) {
					p.Actions[i].fill(f)
					return v.again(p, err)
				}
			}
			return err
		}
		return v.done(urlSource(id), said)
	}
}

// sourceHours is the chart of a source.
func (s *Server) sourceHours(v *visit) error {
	c := chart{Labels: []string{}, Series: []series{{Name: "Taken", Color: "accent", Bar: true, Values: []int{}}, {Name: "Lost", Color: "danger", Bar: true, Values: []int{}}}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		from := s.now().Add(-hoursShown).Truncate(time.Hour)
		all, err := detection.Hours(ctx, r, v.path("id"), from)
		at := map[int64]detection.Hour{}
		for _, h := range all {
			at[h.At.Unix()] = h
		}
		for h := from; !h.After(s.now()); h = h.Add(time.Hour) {
			c.Labels = append(c.Labels, h.Format("2 Jan 15:04"))
			c.Series[0].Values = append(c.Series[0].Values, int(at[h.Unix()].Accepted))
			c.Series[1].Values = append(c.Series[1].Values, int(at[h.Unix()].Lost))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.json(c)
}

// sourceForm asks for a source.
func (s *Server) sourceForm(v *visit, x detection.Source) (Form, error) {
	var sites []Option
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		sites, err = v.siteOptions(ctx, r)
		return err
	})
	for i := range sites {
		sites[i].On = sites[i].Value == x.Site
		if i == 0 {
			sites[0].Text = "Not known"
		}
	}
	var forms []Option
	for _, f := range detection.Formats() {
		forms = append(forms, Option{f, title(f), f == x.Format})
	}
	minutes, hourly := "", ""
	if x.Silence > 0 {
		minutes = strconv.Itoa(int(x.Silence.Minutes()))
	}
	if x.Hourly > 0 {
		hourly = strconv.FormatInt(x.Hourly, 10)
	}
	transport := string(x.Transport)
	if transport == "" {
		transport = string(detection.SyslogTLS)
	}
	return Form{ID: "source", Submit: "Save", Cancel: urlSources()}.with(
		Field{Name: "name", Label: "Name", Kind: "text", Value: x.Name, Required: true},
		Field{Name: "transport", Label: "How it comes", Kind: "select", Required: true, Options: options(transport, detection.Transports())},
		Field{Name: "identity", Label: "Identity of the sender", Kind: "text", Value: x.Identity, Required: true, Help: "Its IP address (syslog over UDP or TCP), the SHA-256 fingerprint of its certificate (TLS), the id of its API token (HTTP), or a name (files)."},
		Field{Name: "format", Label: "Form of its records", Kind: "select", Options: orNone("Look at each record", forms)},
		Field{Name: "zone", Label: "Time zone of records that name none", Kind: "text", Value: x.Zone, Placeholder: "Europe/Berlin", Help: "Empty: UTC."},
		Field{Name: "site", Label: "Site", Kind: "select", Options: sites},
		Field{Name: "hourly", Label: "Records an hour that are expected", Kind: "number", Value: hourly, Help: "An alert is raised when less than a tenth comes."},
		Field{Name: "silence", Label: "Minutes that it may be silent", Kind: "number", Value: minutes, Help: "Then an alert is raised, and the time counts as blind. Empty: it may be silent."},
		Field{Name: "owner", Label: "Owner", Kind: "text", Value: x.Owner}, Field{Name: "note", Label: "Note", Kind: "textarea", Value: x.Note}), err
}

func sourceFrom(f url.Values, x detection.Source) (detection.Source, error) {
	var l problem.List
	number := func(name string) int64 {
		s := strings.TrimSpace(f.Get(name))
		if s == "" {
			return 0
		}
		n, err := strconv.ParseInt(s, 10, 32)
		if err != nil || n < 0 {
			l.Add(name, "must be a whole number")
		}
		return n
	}
	x.Name, x.Transport, x.Identity, x.Format, x.Zone = strings.TrimSpace(f.Get("name")), detection.Transport(f.Get("transport")), strings.TrimSpace(f.Get("identity")), f.Get("format"), strings.TrimSpace(f.Get("zone"))
	x.Site, x.Owner, x.Note = f.Get("site"), strings.TrimSpace(f.Get("owner")), strings.TrimSpace(f.Get("note"))
	x.Hourly, x.Silence = number("hourly"), time.Duration(number("silence"))*time.Minute
	l.Merge("", x.Validate())
	return x, l.Err("the source is not valid")
}

func (s *Server) sourceNew(v *visit) error {
	f, err := s.sourceForm(v, detection.Source{Silence: 15 * time.Minute})
	if err != nil {
		return err
	}
	f.Action = urlSource("new")
	return v.show(formPage{Frame: v.frame("Add a source", urlSources(), Link{urlSources(), "Sources"}), Lead: "A source is one sender. Say who it is, so that its events are known by name and its silence is noticed.", Form: f})
}

func (s *Server) sourceNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	x, err := sourceFrom(f, detection.Source{})
	id := ""
	if err == nil {
		id, err = s.Sources.Add(v.r.Context(), x)
	}
	if err != nil {
		form, ferr := s.sourceForm(v, x)
		if ferr != nil {
			return ferr
		}
		form.Action = urlSource("new")
		form.fill(f)
		if form.blame(err) {
			return v.again(formPage{Frame: v.frame("Add a source", urlSources(), Link{urlSources(), "Sources"}), Form: form}, err)
		}
		return err
	}
	return v.done(urlSource(id), "The source is added. Point the sender here; what comes is counted below.")
}

func (s *Server) sourceEdit(v *visit) error {
	p, err := s.sourceEditPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) sourceEditPage(v *visit) (formPage, error) {
	id := v.path("id")
	var x detection.SourceItem
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		x, err = detection.GetSource(ctx, r, id)
		return err
	})
	if err != nil {
		return formPage{}, err
	}
	f, err := s.sourceForm(v, x.Source)
	f.Action, f.Cancel = urlSource(id)+"/edit", urlSource(id)
	return formPage{Frame: v.frame("Change "+x.Name, urlSources(), Link{urlSources(), "Sources"}, Link{urlSource(id), x.Name}), Form: f}, err
}

func (s *Server) sourceEditDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	p, err := s.sourceEditPage(v)
	if err != nil {
		return err
	}
	x, err := sourceFrom(f, detection.Source{ID: v.path("id")})
	if err == nil {
		err = s.Sources.Change(v.r.Context(), x)
	}
	if err != nil {
		p.Form.fill(f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlSource(x.ID), "The source is changed.")
}

// blindPage lists the times in which something was not seen.
type blindPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []detection.Blind
	Pager   Pager
	Empty   Empty
}

func (blindPage) template() string { return "blind" }

func blindQuery(v *visit) detection.BlindQuery {
	return detection.BlindQuery{Source: v.query("source"), Reason: detection.BlindReason(v.query("reason")), Open: v.query("open") == "yes", Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) blindIntervals(v *visit) error {
	var reasons [][2]string
	for _, x := range detection.BlindReasons() {
		reasons = append(reasons, [2]string{string(x), title(x)})
	}
	p := blindPage{Frame: v.frame("Blind intervals", urlSources(), Link{urlSources(), "Sources"}), Chips: []Chips{chips(v.r.URL, "Reason", "reason", reasons...), chips(v.r.URL, "Now", "open", [2]string{"yes", "Not seen now"})},
		Empty: Empty{Title: "Nothing is known to have been missed", Text: "A time in which a source was silent, or in which records of it were lost, is listed here."}}
	p.Columns = v.columns("-started", Column{Name: "source", Text: "Source", Fixed: true}, Column{Name: "reason", Text: "Reason"}, Column{Name: "started", Text: "From", Sort: "-started"}, Column{Name: "ended", Text: "Until", Sort: "-ended"},
		Column{Name: "lost", Text: "Records lost", Num: true}, Column{Name: "detail", Text: "Detail"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := detection.Blinds(ctx, r, blindQuery(v))
		p.Rows = page.Items
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/blind-intervals.csv", v.r.URL.RawQuery)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) blindCSV(v *visit) error {
	q := blindQuery(v)
	q.After, q.Limit = "", 500
	return v.csv("blind-intervals.csv", []string{"id", "source", "source_name", "reason", "from", "until", "lost", "detail", "noticed"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := detection.Blinds(ctx, r, q)
		var out [][]string
		for _, b := range page.Items {
			lost := strconv.FormatInt(b.Lost, 10)
			if b.Lost == detection.LostUnknown {
				lost = "unknown"
			}
			out = append(out, []string{b.ID, b.Source, b.Name, string(b.Reason), stamp(b.Started), stamp(b.Ended), lost, b.Detail, stamp(b.At)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}
