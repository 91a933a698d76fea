package timeline

import (
	"context"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

// Desk is where people read timelines and add to them.
type Desk struct {
	DB     *store.DB
	Events reading.Desk // its Log is nil where this process keeps no events
	Most   int          // entries of an export; 0: MostExported
}

// Query chooses entries. Zero fields do not restrict.
type Query struct {
	Kinds    []Kind
	Device   string
	User     string    // part of who
	Text     string    // words that all occur
	From, To time.Time // of told instants, in place of the window of the incident; To exclusive
	Pinned   bool      // those that somebody highlighted
	Undated  bool      // the list of those without an instant, by receipt
	Collapse bool      // many similar events in a row become one line
	Order    store.Order
	Told     bool   // by the told instants; else by the corrected ones, as far as the errors of the clocks are known
	After    string // mark of the page before
	Limit    int    // 1 to 1,000; 0: 50
}

func (q Query) wants(k Kind) bool { return len(q.Kinds) == 0 || slices.Contains(q.Kinds, k) }

// Validate returns all faults of a query.
func (q Query) Validate() error {
	var l problem.List
	for _, k := range q.Kinds {
		if !slices.Contains(Kinds(), k) {
			l.Add("kinds", "%q is not one of the choices", k)
		}
	}
	for path, text := range map[string]string{"device": q.Device, "user": q.User, "text": q.Text} {
		if len(text) > maxShort {
			l.Add(path, "is longer than %d characters", maxShort)
		}
	}
	if !q.From.IsZero() && !q.To.IsZero() && !q.From.Before(q.To) {
		l.Add("to", "the window ends before it begins")
	}
	if q.Limit < 0 || q.Limit > maxPage {
		l.Add("limit", "a page has 1 to %d entries", maxPage)
	}
	return l.Err("the timeline cannot be shown so")
}

const maxPage = 1000

// LeftOut is what a page or an export does not show, and why.
type LeftOut struct {
	NoEvents  string   `json:"no_events,omitempty"`                // why stored events are not read; "": they are
	Patients  bool     `json:"patients,omitempty"`                 // events that may concern patients: the reader's role does not allow them
	Areas     []string `json:"areas,omitempty"`                    // of the journal that the reader's role does not cover here
	Filtered  []string `json:"filtered,omitempty"`                 // filters that are set, in words
	Undated   int64    `json:"undated_events,omitempty"`           // stored events without an instant: they have a list of their own
	UndatedBy int      `json:"undated_by_hand,omitempty"`          // entries of people without an instant
	Blind     int      `json:"blind_intervals,omitempty"`          // times that were not seen; what happened in them is in no list
	Kept      int      `json:"patient_events_kept_back,omitempty"` // events that may concern patients, which do not leave the organisation
	Cut       string   `json:"cut,omitempty"`                      // where something is longer than is read
}

// cut notes another thing that is longer than is read.
func (l *LeftOut) cut(text string) {
	if l.Cut != "" {
		text = l.Cut + "; " + text
	}
	l.Cut = text
}

// Page is a part of a timeline.
type Page struct {
	Title    string // number of the incident, tag of the device
	ID       string // of the incident or device
	Exercise bool
	TLP      string    // of the incident
	From, To time.Time // of the devices' events; zero: open
	Entries  []Entry
	Next     string // mark of the next page, "" on the last one
	Devices  []Ref  // that a filter may name: kind is the name
	Left     LeftOut
}

// maxLine bounds how many events one line stands for, and how many entries are read for a page.
const maxLine = 2_000

// Page reads a page of a timeline.
func (d Desk) Page(ctx context.Context, of Of, q Query) (Page, error) {
	t, err := d.open(ctx, of, q)
	if err != nil {
		return Page{}, err
	}
	p := Page{Title: t.title, ID: t.id, Exercise: t.exercise, TLP: string(t.tlp), From: t.from, To: t.to}
	for _, x := range t.devices {
		p.Devices = append(p.Devices, Ref{t.names[x], x})
	}
	limit := q.Limit
	if limit == 0 {
		limit = 50
	}
	var last *Entry // that was read, not only that has a line
	for read := 0; ; read++ {
		e, err := t.merge.next(ctx)
		if err != nil {
			return p, err
		}
		if e == nil {
			break
		}
		t.marks.put(e)
		n := len(p.Entries)
		joins := q.Collapse && n > 0 && alike(&p.Entries[n-1], e)
		if !joins && n == limit || read == limit+maxLine {
			p.Next = t.cursor(q, last).String()
			break
		}
		last = e
		if joins {
			p.Entries[n-1].Count++
			p.Entries[n-1].Until = e.Told
		} else {
			p.Entries = append(p.Entries, *e)
		}
	}
	if p.Left, err = t.leftOut(ctx, q); err != nil {
		return p, err
	}
	return p, d.name(ctx, t.subject, p.Entries)
}

// One reads the entry with a key; NotFound when it is not in the timeline or the reader may not see it.
func (d Desk) One(ctx context.Context, of Of, key string) (Entry, error) {
	t, err := d.open(ctx, of, Query{})
	if err != nil {
		return Entry{}, err
	}
	e, err := t.byKey(ctx, key)
	if err != nil {
		return Entry{}, err
	}
	t.marks.put(&e)
	one := []Entry{e}
	err = d.name(ctx, t.subject, one)
	return one[0], err
}

// name fills in the names of sources and devices, and on what estimates rest.
func (d Desk) name(ctx context.Context, s subject, all []Entry) error {
	if len(all) == 0 {
		return nil
	}
	return d.DB.View(ctx, func(r store.Reader) error {
		sources := map[string]string{}
		type hour struct {
			source string
			at     int64
		}
		anchors := map[hour]int{}
		for i := range all {
			e := &all[i]
			if err := s.nameDevice(ctx, r, e); err != nil {
				return err
			}
			if e.Kind != Event || e.Source == "" {
				continue
			}
			if _, ok := sources[e.Source]; !ok {
				name, err := detection.SourceName(ctx, r, e.Source)
				if err != nil {
					return err
				}
				sources[e.Source] = name
			}
			e.Says = sources[e.Source]
			if !e.SkewKnown {
				continue
			}
			h := hour{e.Source, e.Received.Truncate(time.Hour).UnixMicro()}
			if _, ok := anchors[h]; !ok {
				n, err := detection.Anchors(ctx, r, e.Source, e.Received)
				if err != nil {
					return err
				}
				anchors[h] = n
			}
			e.Anchors = anchors[h]
		}
		return nil
	})
}

// nameDevice names the device of an entry; one that the reader may not see keeps its id.
func (s subject) nameDevice(ctx context.Context, r store.Reader, e *Entry) error {
	if e.Device == "" {
		return nil
	}
	name, ok := s.names[e.Device]
	if !ok {
		d, err := device.Get(ctx, r, device.ID(e.Device))
		if k := problem.KindOf(err); err != nil && k != problem.NotFound && k != problem.Forbidden {
			return err
		}
		if name = d.AssetTag; name == "" {
			name = e.Device
		}
		s.names[e.Device] = name
	}
	e.Name = name
	return nil
}

// timeline is one that is being read.
type timeline struct {
	subject
	desk   Desk
	byTold bool
	marks  marks
	merge  *merged
	added  []Entry
	blinds []Entry
	span   [2]time.Time   // the window of the incident, whatever is asked for
	query  eventlog.Query // of the devices' events, without its window's page
	left   LeftOut
	areas  map[string]bool // of the journal, whether the reader may see them here
}

// open gathers what a timeline is merged from.
func (d Desk) open(ctx context.Context, of Of, q Query) (*timeline, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	at, err := cursorOf(q)
	if err != nil {
		return nil, err
	}
	t := &timeline{desk: d, byTold: q.Told || q.Undated, areas: map[string]bool{}, merge: &merged{order: q.Order}}
	if at != nil {
		t.merge.after = &place{at.At, at.Key}
	}
	if err := d.DB.View(ctx, func(r store.Reader) error { return t.gather(ctx, r, of, q) }); err != nil {
		return nil, err
	}
	return t, t.feed(ctx, q)
}

func (t *timeline) gather(ctx context.Context, r store.Reader, of Of, q Query) error {
	var err error
	if t.subject, err = subjectOf(ctx, r, of); err != nil {
		return err
	}
	if t.span = [2]time.Time{t.from, t.to}; !q.From.IsZero() {
		t.from = q.From
	}
	if !q.To.IsZero() {
		t.to = q.To
	}
	if t.marks, err = marksOf(ctx, r, t.id); err != nil {
		return err
	}
	if t.added, err = added(ctx, r, t.subject); err != nil {
		return err
	}
	t.blinds, err = t.blind(ctx, r)
	return err
}

func (t *timeline) cursor(q Query, last *Entry) cursor {
	return cursor{At: last.at, Key: last.Key, Order: q.Order, Undated: q.Undated, Told: q.Told}
}
