package timeline

import (
	"cmp"
	"context"
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

const (
	portion = 64 // entries that a source is asked for at once
	// maxBlind is how many blind intervals are read for one timeline.
	maxBlind = 1_000
	// subjectsAtOnce is how many subjects of the journal are asked for at once.
	subjectsAtOnce = 400
)

// feed sets up what the timeline is merged from.
func (t *timeline) feed(ctx context.Context, q Query) error {
	if q.Pinned {
		return t.feedPinned(ctx, q)
	}
	var err error
	if t.merge.feeds, err = t.events(ctx, q); err != nil {
		return err
	}
	gaps, err := t.gaps(ctx, q)
	if err != nil {
		return err
	}
	if !q.Undated {
		t.merge.feeds = append(t.merge.feeds, t.journal(q)...)
	}
	t.merge.feeds = append(t.merge.feeds, t.atHand(q, slices.Concat(t.added, t.blinds, gaps)))
	return nil
}

// atHand is the feed of those entries that are asked for.
func (t *timeline) atHand(q Query, all []Entry) *feed {
	var out []Entry
	for _, e := range all {
		if q.Undated != e.Told.IsZero() {
			continue
		}
		if q.Undated {
			e.at = e.Received.UnixMicro()
		}
		if q.fits(&e) {
			out = append(out, e)
		}
	}
	return t.ready(out)
}

// ready is a feed of entries that are all read, in the order of the merge.
func (t *timeline) ready(all []Entry) *feed {
	slices.SortFunc(all, func(a, b Entry) int { return t.merge.compare(a.place(), b.place()) })
	return &feed{buf: all, done: true}
}

// feedPinned takes the highlighted entries, each by its key.
func (t *timeline) feedPinned(ctx context.Context, q Query) error {
	var out []Entry
	for key := range t.marks.pins {
		e, err := t.byKey(ctx, key)
		if k := problem.KindOf(err); k == problem.NotFound || k == problem.Forbidden {
			continue // expired, or not for this reader
		} else if err != nil {
			return err
		}
		out = append(out, e)
	}
	t.merge.feeds = []*feed{t.atHand(q, out)}
	return nil
}

// byKey reads one entry.
func (t *timeline) byKey(ctx context.Context, key string) (Entry, error) {
	missing := problem.New(problem.NotFound, "there is no such entry in this timeline, or it is outside of what you may see")
	kind, rest, _ := strings.Cut(key, ":")
	switch kind {
	case "manual", "blind":
		for _, e := range slices.Concat(t.added, t.blinds) {
			if e.Key == key {
				return e, nil
			}
		}
	case "event":
		eid, err := eventlog.ParseID(rest)
		if err != nil || t.desk.Events.Log == nil {
			return Entry{}, missing
		}
		e, err := t.desk.Events.Get(ctx, eid)
		if problem.KindOf(err) == problem.NotFound {
			err = missing
		}
		if err != nil {
			return Entry{}, err
		}
		listed, err := t.listed(ctx)
		if err != nil {
			return Entry{}, err
		}
		if !slices.Contains(t.devices, e.Device) && !slices.Contains(t.devices, e.Peer) && !slices.Contains(listed, rest) {
			return Entry{}, missing
		}
		return t.entryOf(&e), nil
	case "journal":
		seq, err := strconv.ParseInt(rest, 10, 64)
		if err != nil || seq <= 0 {
			return Entry{}, missing
		}
		var all []store.Entry
		err = t.desk.DB.View(ctx, func(r store.Reader) error {
			if all, err = store.Journal(ctx, r, store.JournalQuery{After: seq - 1, Before: seq + 1}); err == nil {
				all, err = incident.Withhold(ctx, r, all)
			}
			return err
		})
		if err != nil || len(all) == 0 {
			return Entry{}, cmp.Or(err, error(missing))
		}
		_, about := t.about[all[0].Subject]
		if e, ok := t.entryOfJournal(ctx, all[0]); ok && (about || slices.Contains(t.devices, all[0].Subject)) {
			return e, nil
		}
	}
	return Entry{}, missing
}

// events are the feeds of stored events: those of the devices in the window, and those that the alerts list.
func (t *timeline) events(ctx context.Context, q Query) ([]*feed, error) {
	if !q.wants(Event) {
		return nil, nil
	}
	if t.desk.Events.Log == nil {
		t.left.NoEvents = "this process keeps no events"
		return nil, nil
	}
	base := eventlog.Query{Text: q.Text, Dating: eventlog.Dated}
	if q.Undated {
		base.Dating = eventlog.Undated
	}
	if q.User != "" {
		base.Where = append(base.Where, eventlog.Condition{Field: "user", Op: eventlog.Contains, Values: []string{q.User}})
	}
	if q.Device != "" {
		base.Where = append(base.Where, eventlog.Condition{Field: "any.device", Op: eventlog.Is, Values: []string{q.Device}})
	}
	var out []*feed
	if len(t.devices) > 0 && (q.Device == "" || slices.Contains(t.devices, q.Device)) {
		of := base
		of.From, of.To = store.Micros(t.from), store.Micros(t.to)
		if q.Device == "" {
			of.Where = append(slices.Clone(base.Where), eventlog.Condition{Field: "any.device", Op: eventlog.Is, Values: t.devices})
		}
		t.query = of
		found, err := t.search(ctx, of)
		if err != nil {
			return nil, err
		}
		out = append(out, found...)
	}
	if len(t.alerts) > 0 {
		base.From, base.To = store.Micros(q.From), store.Micros(q.To)
		out = append(out, &feed{more: func(ctx context.Context) ([]Entry, bool, error) {
			all, err := t.alerted(ctx, base)
			return all, false, err
		}})
	}
	return out, nil
}

// search are the feeds of what a question over the stored events finds.
func (t *timeline) search(ctx context.Context, of eventlog.Query) ([]*feed, error) {
	if !t.byTold {
		return t.corrected(ctx, of)
	}
	var at eventlog.Mark
	if p := t.merge.after; p != nil {
		at = markAt(*p, t.merge.order)
	}
	read := t.told(of, at)
	return []*feed{{more: func(ctx context.Context) ([]Entry, bool, error) {
		got, reached, err := read(ctx)
		return got, reached != (eventlog.Mark{}), err
	}}}, nil
}

// told reads events portion by portion in the order of what was told, from behind a mark on. It gives where it has come to
// as well; the zero mark at the end.
func (t *timeline) told(of eventlog.Query, at eventlog.Mark) func(ctx context.Context) ([]Entry, eventlog.Mark, error) {
	of.Limit = portion
	return func(ctx context.Context) ([]Entry, eventlog.Mark, error) {
		ask := t.desk.Events.Search
		if t.merge.order == store.OldestFirst {
			ask = t.desk.Events.Onward
		}
		of.After = at
		found, err := ask(ctx, of)
		if problem.KindOf(err) == problem.Forbidden {
			return nil, eventlog.Mark{}, t.noEvents()
		}
		if err != nil {
			return nil, eventlog.Mark{}, err
		}
		t.left.Patients = t.left.Patients || found.Withheld
		var out []Entry
		for i := range found.Events {
			out = append(out, t.entryOf(&found.Events[i]))
		}
		at = found.Next
		of.Limit = min(of.Limit*4, maxPage) // a long read takes larger portions
		return out, at, nil
	}
}

// noEvents notes that the reader may not read them.
func (t *timeline) noEvents() error {
	t.left.NoEvents = "your role does not allow to read them here"
	return nil
}

// alerted are the events that the alerts list: few enough to be read at once.
func (t *timeline) alerted(ctx context.Context, of eventlog.Query) ([]Entry, error) {
	ids, err := t.listed(ctx)
	if err != nil || len(ids) == 0 {
		return nil, err
	}
	of.Where = append(slices.Clone(of.Where), eventlog.Condition{Field: "id", Op: eventlog.Is, Values: ids})
	read := t.told(of, eventlog.Mark{})
	var out []Entry
	for more := true; more; {
		got, reached, err := read(ctx)
		if err != nil {
			return nil, err
		}
		out, more = append(out, got...), reached != (eventlog.Mark{})
	}
	return t.ready(out).buf, nil
}

// listed are the ids of the events that the alerts of an incident list, at most what one question takes.
func (t *timeline) listed(ctx context.Context) ([]string, error) {
	var out []string
	err := t.desk.DB.View(ctx, func(r store.Reader) error {
		for _, a := range t.alerts {
			events, err := detection.EventsOf(ctx, r, a)
			if err != nil {
				return err
			}
			for _, e := range events {
				out = append(out, e.Event)
			}
		}
		slices.Sort(out)
		if out = slices.Compact(out); len(out) > 1000 {
			t.left.cut(fmt.Sprintf("of %d events that alerts list, 1000 are looked for", len(out)))
			out = out[:1000]
		}
		return nil
	})
	return out, err
}

// markAt is the mark behind which events come after a place.
func markAt(p place, order store.Order) eventlog.Mark {
	var highest eventlog.ID
	for i := range highest {
		highest[i] = 0xff
	}
	kind, rest, _ := strings.Cut(p.Key, ":")
	if eid, err := eventlog.ParseID(rest); kind == "event" && err == nil {
		return eventlog.Mark{At: p.At, ID: eid}
	}
	passed := p.Key > "event:" // whether the events of this instant stand before the place, the oldest first
	switch {
	case order == store.NewestFirst && passed:
		return eventlog.Mark{At: p.At + 1} // no id is below the zero one
	case order == store.NewestFirst:
		return eventlog.Mark{At: p.At}
	case passed:
		return eventlog.Mark{At: p.At, ID: highest}
	}
	return eventlog.Mark{At: p.At - 1, ID: highest}
}

// entryOf is the entry of a stored event, where it stands in the order that is asked for.
func (t *timeline) entryOf(e *eventlog.Event) Entry {
	out := Entry{Key: "event:" + e.ID.String(), Kind: Event, Told: store.Time(e.Time), Received: store.Time(e.Received), Skew: time.Duration(e.Skew) * time.Microsecond, SkewKnown: e.SkewKnown,
		Certainty: Told, Source: e.Source, What: e.Message, Who: e.User, Device: cmp.Or(e.Device, e.Peer), Link: Ref{"event", e.ID.String()}, Patient: reading.ConcernsPatient(e), Count: 1, at: e.Ours()}
	if t.byTold {
		out.at = e.At()
	}
	if e.Time == 0 {
		out.Certainty = Undated
	}
	if out.What == "" {
		var parts []string
		for _, f := range e.Fields {
			if len(parts) < 4 && !strings.HasPrefix(f.Name, "dev.") && !strings.HasPrefix(f.Name, "peer.") {
				parts = append(parts, f.Name+" "+f.Value)
			}
		}
		out.What = cmp.Or(strings.Join(parts, ", "), strings.Join(nonEmpty(e.Category, e.Service), " "), "no text")
	}
	return out
}

func nonEmpty(all ...string) []string {
	return slices.DeleteFunc(all, func(s string) bool { return s == "" })
}

// journal are the feeds of the journal: what was done about the incident at any time, and about its devices in the window.
func (t *timeline) journal(q Query) []*feed {
	if len(q.Kinds) > 0 && !slices.ContainsFunc(q.Kinds, func(k Kind) bool { return k != Event && k != Manual && k != Blind && k != Gap }) {
		return nil
	}
	var out []*feed
	about := slices.Sorted(maps.Keys(t.about))
	for part := range slices.Chunk(about, subjectsAtOnce) {
		out = append(out, t.entries(store.AboutQuery{Subjects: part, From: store.Micros(q.From), To: store.Micros(q.To)}, q))
	}
	for part := range slices.Chunk(t.devices, subjectsAtOnce) {
		out = append(out, t.entries(store.AboutQuery{Subjects: part, From: store.Micros(t.from), To: store.Micros(t.to)}, q))
	}
	return out
}

func (t *timeline) entries(of store.AboutQuery, q Query) *feed {
	of.Order, of.Limit = q.Order, portion
	if p := t.merge.after; p != nil {
		of.At = p.At
		kind, rest, _ := strings.Cut(p.Key, ":")
		switch seq, err := strconv.ParseInt(rest, 10, 64); {
		case kind == "journal" && err == nil:
			of.Seq = seq
		case p.Key > "journal:": // all of this instant stand before it
			of.Seq = 1<<63 - 1
		}
	}
	return &feed{more: func(ctx context.Context) ([]Entry, bool, error) {
		var all []store.Entry
		if err := t.desk.DB.View(ctx, func(r store.Reader) (err error) {
			if all, err = store.About(ctx, r, of); err == nil {
				all, err = incident.Withhold(ctx, r, all)
			}
			return err
		}); err != nil || len(all) == 0 {
			return nil, false, err
		}
		again := len(all) == of.Limit
		of.At, of.Seq = store.Micros(all[len(all)-1].At), all[len(all)-1].Seq
		of.Limit = min(of.Limit*4, maxPage)
		var out []Entry
		for _, x := range all {
			if e, ok := t.entryOfJournal(ctx, x); ok && q.fits(&e) {
				out = append(out, e)
			}
		}
		return out, again, nil
	}}
}

// entryOfJournal is the entry of what was done in Triward; not of what was done to the timeline itself, and not of an area
// that the reader's role does not cover.
func (t *timeline) entryOfJournal(ctx context.Context, x store.Entry) (Entry, bool) {
	area, did, _ := strings.Cut(x.Kind, ".")
	if area == "timeline" || !t.sees(ctx, area, x) {
		return Entry{}, false
	}
	e := Entry{Key: fmt.Sprintf("journal:%016d", x.Seq), Kind: Journal, Told: x.At, Received: x.At, Certainty: Recorded, Says: "Triward", Who: actor(x), Device: t.of[x.Subject],
		Link: t.about[x.Subject], Count: 1, at: store.Micros(x.At)}
	if slices.Contains(t.devices, x.Subject) {
		e.Device, e.Link = x.Subject, Ref{"device", x.Subject}
	}
	b := bodyOf(x.Body)
	if to, ok := t.about[b.Of]; ok && to.Kind != "" {
		e.Link = to
	}
	if e.Device == "" {
		e.Device = t.of[b.Of]
	}
	if e.Device == "" && t.names[b.Of] != "" {
		e.Device = b.Of
	}
	if e.Device != "" && !slices.Contains(t.devices, e.Device) { // another system of the incident: no device of the fleet
		e.Name, e.Device = t.names[e.Device], ""
	}
	if t.single && e.Device != t.id {
		return Entry{}, false // of an incident that the device is in, but not about it
	}
	switch {
	case x.Kind == incident.KindNoted:
		e.Kind = Note
		if b.to("kind") == string(incident.Decision) {
			e.Kind = Decision
		}
		e.What = b.Note
		return e, true
	case x.Kind == incident.KindDischarged || x.Kind == incident.KindClockRuled:
		e.Kind = Clock
	case area == "containment":
		e.Kind = Containment
	case area == "custody":
		e.Kind = Custody
	case area == "detection":
		e.Kind = Alert
	case area == "run":
		e.Kind = Plan
	case area == "risk":
		e.Kind = Decision
	}
	e.What = strings.Join(nonEmpty(sentence(area, did), b.words()), ": ")
	return e, true
}

// ofIncidents are areas that belong to an incident: who may read it may read them.
var ofIncidents = []string{"containment", "claim", "draft", "telling", "loop", "exercise", "connector", "disclosure"}

// actor is who did something; the program itself is named by its part.
func actor(x store.Entry) string {
	if part, program := strings.CutPrefix(x.Actor, "system:"); program {
		return "Triward (" + strings.ReplaceAll(part, "-", " ") + ")"
	}
	return cmp.Or(x.ActorName, x.Actor)
}

// sees reports whether the reader may see an entry of an area of the journal here.
func (t *timeline) sees(ctx context.Context, area string, x store.Entry) bool {
	if slices.Contains(ofIncidents, area) {
		area = "incident"
	}
	scope, err := store.ScopeOf(ctx, area+".read")
	ok := err == nil && scope.Covers(x.Site, x.Product)
	if !ok && !t.areas[area] {
		t.areas[area] = true
		t.left.Areas = append(t.left.Areas, area)
	}
	return ok
}

// sentence is a kind in words: "containment.signed_clinical" is "Containment signed clinical".
func sentence(area, did string) string {
	s := area + " " + strings.ReplaceAll(did, "_", " ")
	return strings.ToUpper(s[:1]) + s[1:]
}

// body is what most bodies have.
type body struct {
	Of      string `json:"of"`
	Title   string `json:"title"`
	Name    string `json:"name"`
	Exhibit string `json:"exhibit"`
	Action  string `json:"action"`
	Says    string `json:"says"`
	Value   string `json:"value"`
	To      string `json:"to"`
	Place   string `json:"place"`
	Reason  string `json:"reason"`
	Note    string `json:"note"`
	Changes []struct {
		Field  string `json:"field"`
		Before string `json:"before"`
		After  string `json:"after"`
	} `json:"changes"`
}

// bodyOf reads a body; one of another shape, or that was erased, says nothing.
func bodyOf(raw json.RawMessage) body {
	var b body
	if len(raw) == 0 || json.Unmarshal(raw, &b) != nil {
		return body{}
	}
	return b
}

// to is what a field became.
func (b body) to(field string) string {
	for _, c := range b.Changes {
		if c.Field == field {
			return c.After
		}
	}
	return ""
}

func (b body) words() string {
	out := nonEmpty(b.Title, b.Name, b.Exhibit, strings.ReplaceAll(b.Action, "_", " "), b.Value, b.Says, b.To, b.Place)
	for _, c := range b.Changes {
		if c.After != "" && len(out) < 8 {
			out = append(out, strings.ReplaceAll(c.Field, "_", " ")+" "+c.After)
		}
	}
	return strings.Join(append(out, nonEmpty(b.Reason, b.Note)...), "; ")
}

// blind are the intervals of the window in which a source was not seen, those of all sources and of the subject's site.
func (t *timeline) blind(ctx context.Context, r store.Reader) ([]Entry, error) {
	if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
		ctx = store.WithActor(ctx, store.System("timeline")) // that something was not seen is no secret from who reads on
	}
	p, err := detection.Blinds(ctx, r, detection.BlindQuery{From: t.from, To: t.to, Limit: maxBlind})
	if err != nil {
		return nil, err
	}
	if p.Next != "" {
		t.left.cut(fmt.Sprintf("of the blind intervals the latest %d are shown", maxBlind))
	}
	var out []Entry
	for _, b := range p.Items {
		if b.Site != "" && t.site != "" && b.Site != t.site {
			continue
		}
		lost := "nobody can know how many records were lost"
		if b.Lost != detection.LostUnknown {
			lost = fmt.Sprintf("records lost: %d", b.Lost)
		}
		var source Ref
		if b.Source != "" {
			source = Ref{"source", b.Source}
		}
		out = append(out, Entry{Key: "blind:" + b.ID, Kind: Blind, Told: b.Started, Until: b.Ended, Received: b.At, Certainty: Recorded, Source: b.Source, Says: cmp.Or(b.Name, "all sources"),
			What: strings.Join(nonEmpty("Not seen: "+string(b.Reason), b.Detail, lost), "; "), Link: source, Count: 1, at: store.Micros(b.Started)})
	}
	return out, nil
}

// leftOut says what the page does not show.
func (t *timeline) leftOut(ctx context.Context, q Query) (LeftOut, error) {
	l := t.left
	slices.Sort(l.Areas)
	l.Filtered = q.words()
	l.Blind = len(t.blinds)
	for _, e := range t.added {
		if e.Told.IsZero() {
			l.UndatedBy++
		}
	}
	if t.query.Dating != eventlog.Dated || l.NoEvents != "" {
		return l, nil
	}
	of := t.query
	of.Dating = eventlog.Undated
	counts, err := t.desk.Events.Count(ctx, of, eventlog.Bucket{})
	for _, c := range counts {
		l.Undated += c.N
	}
	return l, err
}

// words are the filters that are set.
func (q Query) words() []string {
	var out []string
	for _, k := range q.Kinds {
		out = append(out, "kind "+string(k))
	}
	for name, v := range map[string]string{"device": q.Device, "user": q.User, "text": q.Text} {
		if v != "" {
			out = append(out, name+" "+v)
		}
	}
	if !q.From.IsZero() {
		out = append(out, "from "+q.From.UTC().Format(time.RFC3339))
	}
	if !q.To.IsZero() {
		out = append(out, "before "+q.To.UTC().Format(time.RFC3339))
	}
	if q.Pinned {
		out = append(out, "highlighted")
	}
	slices.Sort(out)
	return out
}
