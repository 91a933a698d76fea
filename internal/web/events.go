package web

import (
	"context"
	"encoding/hex"
	"fmt"
	"io"
	"net/url"
	"os"
	"slices"
	"strings"
	"time"
	"unicode/utf8"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/store"
)

// eventsPage is the search.
type eventsPage struct {
	Frame
	Search    string
	Window    window
	Chips     []Chips
	Columns   Columns
	Keep      []Field
	Rows      []eventRow
	Pager     Pager
	Empty     Empty
	Blind     []detection.Blind
	Withheld  bool
	Bars      []bar
	Total     int64
	Chart     string // address of the histogram
	Fault     string // why the question cannot be answered
	MayExport bool
	MayHold   bool
	MayKeep   bool   // as evidence
	Query     string // of the address, for the export
}

func (eventsPage) template() string { return "events" }

// bar is a part of the histogram.
type bar struct {
	From, To time.Time
	N        int64
	URL      string
}

type eventRow struct {
	eventlog.Event
	At         time.Time
	Dated      bool // the record names a time
	SourceName string
	Tag        string // of the device
	Peer       string
	Patient    bool
}

// ReceivedAt is when it was taken.
func (e eventRow) ReceivedAt() time.Time { return store.Time(e.Received) }

// Says is the text of the event, or the first of its fields where it has none.
func (e eventRow) Says() string {
	if e.Message != "" {
		return e.Message
	}
	var out []string
	for _, f := range e.Fields {
		if len(out) < 4 && !strings.HasPrefix(f.Name, "dev.") && !strings.HasPrefix(f.Name, "peer.") && !strings.HasPrefix(f.Name, "time.") {
			out = append(out, f.Name+" "+f.Value)
		}
	}
	if len(out) == 0 {
		return "no text"
	}
	return strings.Join(out, ", ")
}

// What is what kind of event it is.
func (e eventRow) What() string {
	return strings.Join(nonEmpty(e.Category, e.Service), " · ")
}

// window is the time that a search is about.
type window struct {
	Last     string // "1h", "24h", "7d", "30d", "all"; "" when from and to are given
	From, To time.Time
}

func spans() map[string]time.Duration {
	return map[string]time.Duration{"1h": time.Hour, "24h": 24 * time.Hour, "7d": 7 * 24 * time.Hour, "30d": 30 * 24 * time.Hour}
}

// windowOf reads the time of the address; without one it is the last day.
func windowOf(q url.Values, now time.Time) (window, error) {
	var l problem.List
	w := window{Last: q.Get("last")}
	read := func(name string) time.Time {
		s := strings.TrimSpace(q.Get(name))
		if s == "" {
			return time.Time{}
		}
		for _, form := range []string{time.RFC3339, "2006-01-02T15:04:05", "2006-01-02T15:04", time.DateOnly} {
			if t, err := time.Parse(form, s); err == nil {
				return t.UTC()
			}
		}
		l.Add(name, "must be a time such as 2026-11-28T14:00 (UTC)")
		return time.Time{}
	}
	w.From, w.To = read("from"), read("to")
	switch d, ok := spans()[w.Last]; {
	case !w.From.IsZero() || !w.To.IsZero():
		w.Last = ""
	case ok:
		w.From = now.Add(-d)
	case w.Last == "all":
	default:
		w.Last, w.From = "24h", now.Add(-24*time.Hour)
	}
	return w, l.Err("the time is not valid")
}

// Value is an instant as a field of time holds it.
func (w window) Value(t time.Time) string {
	if t.IsZero() || w.Last != "" {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04")
}

func urlEvents() string         { return "/events" }
func urlEvent(id any) string    { return path("events", text(id)) }
func urlSources() string        { return "/sources" }
func urlSource(id any) string   { return path("sources", text(id)) }
func urlRules() string          { return "/rules" }
func urlRule(id any) string     { return path("rules", text(id)) }
func urlBaselines() string      { return "/baselines" }
func urlBaseline(id any) string { return path("baselines", text(id)) }
func urlBlind() string          { return "/blind-intervals" }
func urlAttack() string         { return "/detection-coverage" }

// urlEventsOf searches for a field with a value: names and values in turn. A value that a question cannot say gives "".
func urlEventsOf(pairs ...any) string {
	var terms []string
	for i := 0; i+1 < len(pairs); i += 2 {
		t := reading.Term(text(pairs[i]), text(pairs[i+1]))
		if t == "" {
			return ""
		}
		terms = append(terms, t)
	}
	return queryURL(urlEvents(), url.Values{"q": {strings.Join(terms, " ")}, "last": {"7d"}}.Encode())
}

// errNoLog answers where no place for events is configured.
func (s *Server) hasEvents() error {
	if s.Events.Log == nil {
		return problem.New(problem.Unavailable, "this process has no place for events: it is started without \"events\" in its configuration")
	}
	return nil
}

// eventQuery reads the question of the address.
func (s *Server) eventQuery(v *visit) (eventlog.Query, window, error) {
	values := v.r.URL.Query()
	if v.r.Method != "GET" {
		values = v.r.PostForm
	}
	w, err := windowOf(values, s.now())
	q := eventlog.Query{From: store.Micros(w.From), To: store.Micros(w.To), Limit: 50}
	reading.Ask(values.Get("q"), &q)
	for _, name := range []string{"category", "format", "outcome", "source"} {
		if val := values.Get(name); val != "" {
			q.Where = append(q.Where, eventlog.Condition{Field: name, Op: eventlog.Is, Values: []string{val}})
		}
	}
	switch values.Get("dating") {
	case "undated":
		q.Dating = eventlog.Undated
	case "dated":
		q.Dating = eventlog.Dated
	}
	if err == nil {
		q.After, err = eventlog.ParseMark(values.Get("after"))
	}
	if err == nil {
		err = q.Validate()
	}
	return q, w, err
}

func eventColumns(v *visit) Columns {
	return v.columns("", Column{Name: "at", Text: "Time", Fixed: true}, Column{Name: "what", Text: "Kind"}, Column{Name: "message", Text: "Event", Fixed: true}, Column{Name: "device", Text: "Device"},
		Column{Name: "user", Text: "User"}, Column{Name: "net", Text: "From and to"}, Column{Name: "source", Text: "Source"}, Column{Name: "format", Text: "Form", Extra: true}, Column{Name: "received", Text: "Received", Extra: true})
}

func (s *Server) eventFilters(v *visit, w window) []Chips {
	last := chips(v.r.URL, "Time", "last", [2]string{"1h", "Last hour"}, [2]string{"24h", "Last day"}, [2]string{"7d", "Last 7 days"}, [2]string{"30d", "Last 30 days"}, [2]string{"all", "All"})
	for i, c := range last.Items {
		u := *v.r.URL
		q := u.Query()
		q.Del("from")
		q.Del("to")
		u.RawQuery = q.Encode()
		last.Items[i].URL, last.Items[i].On = filter(&u, "last", c.Value), c.Value == w.Last
	}
	return []Chips{last,
		chips(v.r.URL, "Kind", "category", [2]string{"audit", "Audit"}, [2]string{"dicom", "DICOM"}, [2]string{"hl7", "HL7"}, [2]string{"fhir", "FHIR"}, [2]string{"network", "Network"}, [2]string{"dns", "DNS"}, [2]string{"http", "HTTP"}, [2]string{"auth", "Sign-ins"}, [2]string{"device", "Devices"}, [2]string{"health", "Health"}),
		chips(v.r.URL, "Outcome", "outcome", [2]string{"1", "Success"}, [2]string{"2", "Failure"}),
		chips(v.r.URL, "Record", "format", [2]string{"raw", "Could not be decoded"}),
		chips(v.r.URL, "Dated", "dating", [2]string{"undated", "Without a time of its own"})}
}

func (s *Server) events(v *visit) error {
	if err := s.hasEvents(); err != nil {
		return err
	}
	q, w, err := s.eventQuery(v)
	p := eventsPage{Frame: v.frame("Events", urlEvents()), Search: v.query("q"), Window: w, Chips: s.eventFilters(v, w), Columns: eventColumns(v), Keep: kept(v.r.URL.Query(), "q", "from", "to", "last"),
		MayExport: v.may(detection.KindEventsExported), MayHold: v.may(eventlog.KindHoldPlaced), MayKeep: v.may(detection.KindEventsExported) && v.may(custody.KindRegistered) && v.may(custody.KindContent) && v.may(custody.KindSealed), Query: v.r.URL.RawQuery, Chart: queryURL(urlEvents()+"/histogram.json", v.r.URL.RawQuery)}
	if err == nil {
		err = s.findEvents(v, &p, q)
	}
	switch {
	case problem.KindOf(err) == problem.Invalid:
		p.Fault = sentence(problem.Text(err))
	case err != nil:
		return err
	}
	p.Empty = Empty{Title: "No event fits", Text: "Nothing of this was recorded in this time. Where a source was silent, that is said above: it does not mean that nothing happened.", Links: []Link{{urlEvents(), "Show the last day"}, {urlSources(), "Look at the sources"}}}
	return v.show(p)
}

func (s *Server) findEvents(v *visit, p *eventsPage, q eventlog.Query) error {
	ctx := v.r.Context()
	found, err := s.Events.Search(ctx, q)
	if err != nil {
		return err
	}
	p.Blind, p.Withheld = found.Blind, found.Withheld
	if p.Bars, err = s.histogramOf(v, q); err != nil {
		return err
	}
	for _, b := range p.Bars {
		p.Total += b.N
	}
	p.Pager = pager(v.r.URL, found.Next.String(), len(found.Events))
	p.Pager.Words = [2]string{"Newer", "Older"}
	return v.view(func(ctx context.Context, r store.Reader) error {
		p.Rows, err = eventRows(ctx, r, found.Events)
		return err
	})
}

// eventRows adds the names to events.
func eventRows(ctx context.Context, r store.Reader, all []eventlog.Event) ([]eventRow, error) {
	var devices []string
	for _, e := range all {
		devices = append(devices, nonEmpty(e.Device, e.Peer)...)
	}
	n, err := readNames(ctx, r, devices)
	out := make([]eventRow, len(all))
	for i, e := range all {
		row := eventRow{Event: e, At: store.Time(e.At()), Dated: e.Time != 0, SourceName: n.sources[e.Source], Patient: reading.ConcernsPatient(&e)}
		if e.Device != "" {
			row.Tag = n.device(e.Device)
		}
		if e.Peer != "" {
			row.Peer = n.device(e.Peer)
		}
		out[i] = row
	}
	return out, err
}

// mostBars is how many bars the histogram has about.
const mostBars = 48

// histogramOf counts events over time. The width of a bar follows from the window; with "all" it is a day.
func (s *Server) histogramOf(v *visit, q eventlog.Query) ([]bar, error) {
	q.After, q.Limit = eventlog.Mark{}, 0
	from, to := store.Time(q.From), store.Time(q.To)
	if q.To == 0 {
		to = s.now()
	}
	width := 24 * time.Hour
	if q.From != 0 {
		for _, d := range []time.Duration{time.Minute, 5 * time.Minute, 15 * time.Minute, 30 * time.Minute, time.Hour, 4 * time.Hour, 12 * time.Hour} {
			if to.Sub(from) <= d*mostBars {
				width = d
				break
			}
		}
	}
	counts, err := s.Events.Count(v.r.Context(), q, eventlog.Bucket{Width: width.Microseconds()})
	if err != nil || len(counts) == 0 {
		return nil, err
	}
	n := map[int64]int64{}
	for _, c := range counts {
		n[c.At] += c.N
	}
	first, last := counts[0].At, counts[len(counts)-1].At
	if q.From != 0 {
		first = min(first, q.From/width.Microseconds()*width.Microseconds())
	}
	last = max(last, store.Micros(to)/width.Microseconds()*width.Microseconds())
	for (last-first)/width.Microseconds() > 400 { // years: the latest are shown
		first += width.Microseconds()
	}
	var out []bar
	for at := first; at <= last; at += width.Microseconds() {
		b := bar{From: store.Time(at), To: store.Time(at).Add(width), N: n[at]}
		u := *v.r.URL
		x := u.Query()
		x.Del("last")
		x.Set("from", b.From.Format("2006-01-02T15:04"))
		x.Set("to", b.To.Format("2006-01-02T15:04"))
		u.Path, u.RawQuery = urlEvents(), x.Encode()
		b.URL = filter(&u, "after", "")
		out = append(out, b)
	}
	return out, nil
}

func (s *Server) histogram(v *visit) error {
	if err := s.hasEvents(); err != nil {
		return err
	}
	q, _, err := s.eventQuery(v)
	if err != nil {
		return err
	}
	bars, err := s.histogramOf(v, q)
	if err != nil {
		return err
	}
	c := chart{Labels: []string{}, Series: []series{{Name: "Events", Color: "accent", Bar: true, Values: []int{}}}}
	for _, b := range bars {
		form := "2 Jan 15:04"
		if b.To.Sub(b.From) >= 24*time.Hour {
			form = "2 Jan"
		}
		c.Labels = append(c.Labels, b.From.Format(form))
		c.Series[0].Values = append(c.Series[0].Values, int(b.N))
		c.Series[0].Links = append(c.Series[0].Links, b.URL)
	}
	return v.json(c)
}

// eventPage is one event with its original.
type eventPage struct {
	Frame
	Event   eventRow
	Fields  []eventField
	Raw     string
	Binary  bool // the original is no text; it is shown in hexadecimal
	Alerts  []alertRow
	Around  []Link // other events near it
	Skew    time.Duration
	Lag     time.Duration // received after the time that it names
	SiteTag string
}

func (eventPage) template() string { return "event" }

// eventField is a normalised value and the search for it.
type eventField struct{ Name, Value, URL string }

func (s *Server) event(v *visit) error {
	if err := s.hasEvents(); err != nil {
		return err
	}
	id, err := eventlog.ParseID(v.path("id"))
	if err != nil {
		return problem.New(problem.NotFound, "there is no such event")
	}
	e, err := s.Events.Get(v.r.Context(), id)
	if err != nil {
		return err
	}
	p := eventPage{Frame: v.frame("Event", urlEvents(), Link{urlEvents(), "Events"}), Skew: time.Duration(e.Skew) * time.Microsecond}
	err = v.view(func(ctx context.Context, r store.Reader) error {
		rows, err := eventRows(ctx, r, []eventlog.Event{e})
		if err != nil {
			return err
		}
		p.Event = rows[0]
		if !v.may(detection.KindRead) {
			return nil
		}
		all, err := detection.AlertsOfEvent(ctx, r, id.String())
		if err != nil {
			return err
		}
		p.Alerts, err = s.alertRows(ctx, r, all)
		return err
	})
	if err != nil {
		return err
	}
	if e.Time != 0 {
		p.Lag = time.Duration(e.Received-e.Time) * time.Microsecond
	}
	w := reading.WireOf(&e)
	for _, name := range slices.Sorted(mapKeys(w.Fields)) {
		p.Fields = append(p.Fields, eventField{name, w.Fields[name], urlEventsOf(name, w.Fields[name])})
	}
	if utf8.Valid(e.Raw) && !strings.ContainsRune(string(e.Raw), 0) {
		p.Raw = string(e.Raw)
	} else {
		p.Raw, p.Binary = hex.Dump(e.Raw[:min(len(e.Raw), 16<<10)]), true
	}
	near := func(label, field, value string) {
		if t := reading.Term(field, value); t != "" {
			at := p.Event.At
			p.Around = append(p.Around, Link{queryURL(urlEvents(), url.Values{"q": {t}, "from": {at.Add(-30 * time.Minute).Format("2006-01-02T15:04")}, "to": {at.Add(30 * time.Minute).Format("2006-01-02T15:04")}}.Encode()), label})
		}
	}
	near("this device", "any.device", e.Device)
	near("this user", "user", e.User)
	near("this address", "any.ip", e.SrcIP)
	near("this source", "source", e.Source)
	return v.show(p)
}

// eventsExport sends the events that the question finds as an archive with a manifest. It is written to a file first, so
// that it is recorded before a byte of it leaves.
func (s *Server) eventsExport(v *visit) error {
	if err := s.hasEvents(); err != nil {
		return err
	}
	if _, err := v.form(); err != nil {
		return err
	}
	q, _, err := s.eventQuery(v)
	if err != nil {
		return err
	}
	q.After = eventlog.Mark{}
	f, err := os.CreateTemp("", "triward-events-*.zip")
	if err != nil {
		return fmt.Errorf("export events: %w", err)
	}
	defer os.Remove(f.Name())
	defer f.Close()
	if _, err := s.Events.Export(v.r.Context(), q, f); err != nil {
		return err
	}
	if _, err := f.Seek(0, io.SeekStart); err != nil {
		return fmt.Errorf("export events: %w", err)
	}
	v.attach("application/zip", "events.zip")
	_, err = io.Copy(v.w, f)
	return ignoreGone(err)
}
