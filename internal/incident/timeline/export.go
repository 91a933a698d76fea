package timeline

import (
	"bufio"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/csv"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// Format is a form of an export.
type Format string

// The formats.
const (
	CSV        Format = "csv"
	JSON       Format = "json"
	Timesketch Format = "timesketch" // JSON lines as Timesketch imports them: message, datetime, timestamp, timestamp_desc
)

// Formats lists them.
func Formats() []Format { return []Format{CSV, JSON, Timesketch} }

// MostExported bounds the entries of one export.
const MostExported = 5_000_000

// Outgoing is a timeline that is given out: which entries, in which form, to whom and why.
type Outgoing struct {
	Query
	Format Format
	Give   custody.Order
}

// Manifest says what an export holds and what it left out.
type Manifest struct {
	Format   string    `json:"format"` // triward-timeline/1
	Of       string    `json:"of"`     // number of the incident, tag of the device
	ID       string    `json:"id"`
	Exercise bool      `json:"exercise,omitempty"`
	TLP      string    `json:"tlp,omitempty"`
	MadeAt   time.Time `json:"made_at"`
	By       string    `json:"by"`
	To       string    `json:"to"`                    // who receives it
	As       string    `json:"as"`                    // whom they belong to
	Events   string    `json:"events_from,omitempty"` // window of the devices' events
	Until    string    `json:"events_before,omitempty"`
	Order    string    `json:"order"`
	Entries  int       `json:"entries"` // with an instant
	Undated  int       `json:"undated"` // in this file, behind the others; Timesketch takes none
	Left     LeftOut   `json:"left_out"`
}

// Wire is an entry as it leaves the program.
type Wire struct {
	Key       string     `json:"key"`
	Kind      Kind       `json:"kind"`
	Told      *time.Time `json:"told"` // null: undated
	Until     *time.Time `json:"until,omitempty"`
	Received  time.Time  `json:"received"`
	Corrected *time.Time `json:"corrected"` // null: not corrected
	SkewUS    *int64     `json:"skew_us,omitempty"`
	Anchors   int        `json:"anchors,omitempty"`
	Certainty Certainty  `json:"certainty"`
	Source    string     `json:"source,omitempty"`
	SourceID  string     `json:"source_id,omitempty"`
	What      string     `json:"what"`
	Who       string     `json:"who,omitempty"`
	Device    string     `json:"device,omitempty"`
	DeviceID  string     `json:"device_id,omitempty"`
	LinkKind  string     `json:"link_kind,omitempty"`
	Link      string     `json:"link,omitempty"`
	Patient   bool       `json:"patient,omitempty"`
	Pinned    string     `json:"pinned,omitempty"` // the reason
	Comments  []string   `json:"comments,omitempty"`
}

func instant(t time.Time) *time.Time {
	if t.IsZero() {
		return nil
	}
	t = t.UTC()
	return &t
}

// WireOf is an entry as it leaves the program.
func WireOf(e Entry) Wire {
	w := Wire{Key: e.Key, Kind: e.Kind, Told: instant(e.Told), Until: instant(e.Until), Received: e.Received.UTC(), Certainty: e.Certainty, Source: e.Says, SourceID: e.Source, What: e.What, Who: e.Who,
		Device: e.Name, DeviceID: e.Device, LinkKind: e.Link.Kind, Link: e.Link.ID, Patient: e.Patient}
	if at, ok := e.Corrected(); ok {
		us := e.Skew.Microseconds()
		w.Corrected, w.SkewUS, w.Anchors = instant(at), &us, e.Anchors
	}
	if e.Pin != nil {
		w.Pinned = e.Pin.Text
	}
	for _, c := range e.Comments {
		w.Comments = append(w.Comments, c.By+": "+c.Text)
	}
	return w
}

// Export writes a timeline, what it left out, and a record of it. Who may not export events gets a timeline without them; to
// whom outside of the organisation it goes, gets it without the events that may concern patients, unless a law asks for them.
// Forbidden: the marking of the incident, or of one that the device is in, does not let the receiver have it.
//
// The whole is written to a file of its own before its first byte is given, so that its digest is recorded before it leaves,
// and nobody takes a part for the whole; the manifest is at its end. No more than a portion is in memory.
func (d Desk) Export(ctx context.Context, of Of, o Outgoing, w io.Writer) (Manifest, error) {
	if !slices.Contains(Formats(), o.Format) {
		return Manifest{}, problem.New(problem.Invalid, "%q is not csv, json or timesketch", o.Format)
	}
	if err := o.Give.Check(); err != nil {
		return Manifest{}, err
	}
	actor, ok := store.ActorOf(ctx)
	if !ok || !actor.May(KindExported) {
		return Manifest{}, problem.New(problem.Forbidden, "your role does not allow to export timelines")
	}
	if err := d.share(ctx, of, o); err != nil {
		return Manifest{}, err
	}
	noEvents := !actor.May(detection.KindEventsExported)
	if noEvents {
		d.Events.Log = nil
	}
	m := Manifest{Format: "triward-timeline/1", MadeAt: d.DB.Now(), By: actor.Name, To: o.Give.To, As: string(o.Give.As), Order: o.order()}
	out, err := os.CreateTemp("", "triward-timeline-")
	if err != nil {
		return m, fmt.Errorf("export a timeline: %w", err)
	}
	defer os.Remove(out.Name())
	defer out.Close()
	sum := sha256.New()
	buffer := bufio.NewWriterSize(io.MultiWriter(out, sum), 1<<16)
	to := writer(o.Format, buffer)
	o.Collapse, o.Limit, o.After = false, 0, ""
	for _, o.Undated = range []bool{false, true} {
		if o.Undated && o.Format == Timesketch {
			break // it needs an instant
		}
		if err := d.write(ctx, of, o, passing{to, &m}); err != nil {
			return m, err
		}
	}
	if noEvents {
		m.Left.NoEvents = "your role does not allow to export events"
	}
	if err := errors.Join(to.end(m), buffer.Flush()); err != nil {
		return m, fmt.Errorf("export a timeline: %w", err)
	}
	err = d.DB.Update(ctx, func(tx *store.Tx) error {
		s, err := subjectOf(ctx, tx, of)
		if err != nil {
			return err
		}
		if err := s.share(o.Give); err != nil { // its marking may have changed meanwhile
			return err
		}
		return s.record(ctx, tx, KindExported, Exported{Format: string(o.Format), To: o.Give.To, As: string(o.Give.As), Reason: o.Give.Reason, By: o.Give.Authority, SHA256: hex.EncodeToString(sum.Sum(nil)),
			Entries: m.Entries, Undated: m.Undated, Left: m.Left})
	})
	if err != nil {
		return m, err
	}
	if _, err := out.Seek(0, io.SeekStart); err != nil {
		return m, fmt.Errorf("export a timeline: %w", err)
	}
	_, err = io.Copy(w, out)
	return m, err
}

// share refuses to give a timeline to whom its marking does not let have it.
func (d Desk) share(ctx context.Context, of Of, o Outgoing) error {
	return d.DB.View(ctx, func(r store.Reader) error {
		s, err := subjectOf(ctx, r, of)
		if err != nil {
			return err
		}
		return s.share(o.Give)
	})
}

// share is the check of one subject. A device that is in no incident has no marking: what is known of it is for the
// organisation and those it works for.
func (s subject) share(o custody.Order) error {
	return cmp.Or(s.tlp, incident.Amber).Share("the timeline of "+s.title, o.As)
}

// order says the order of a file in words.
func (q Query) order() string {
	first, by := "oldest first", "corrected"
	if q.Order == store.NewestFirst {
		first = "newest first"
	}
	if q.Told {
		by = "told"
	}
	return first + ", by " + by + " instants"
}

// passing is where entries of an export go.
type passing struct {
	form
	m *Manifest
}

// write writes every entry of a query, portion by portion.
func (d Desk) write(ctx context.Context, of Of, o Outgoing, to passing) error {
	t, err := d.open(ctx, of, o.Query)
	if err != nil {
		return err
	}
	m := to.m
	most, cut := cmp.Or(d.Most, MostExported), false
	kept := 0
	for more := true; more && !cut; {
		var all []Entry
		for len(all) < maxPage {
			e, err := t.merge.next(ctx)
			if err != nil {
				return err
			}
			if more = e != nil; !more {
				break
			}
			if e.Patient && !incident.AmberStrict.MayShare(o.Give.As) {
				kept++
				continue
			}
			if cut = m.Entries+m.Undated+len(all) == most; cut {
				break
			}
			t.marks.put(e)
			all = append(all, *e)
		}
		if err := d.name(ctx, t.subject, all); err != nil {
			return err
		}
		for _, e := range all {
			if err := to.entry(WireOf(e)); err != nil {
				return fmt.Errorf("export a timeline: %w", err)
			}
		}
		if o.Undated {
			m.Undated += len(all)
		} else {
			m.Entries += len(all)
		}
	}
	left, err := t.leftOut(ctx, o.Query)
	if err != nil {
		return err
	}
	if o.Undated {
		m.Left.Patients = m.Left.Patients || left.Patients
	} else {
		m.Of, m.ID, m.Exercise, m.TLP, m.Left = t.title, t.id, t.exercise, string(t.tlp), left
		m.Events, m.Until = detection.Instant(t.from), detection.Instant(t.to)
	}
	if m.Left.Kept += kept; cut {
		m.Left.cut("an export has at most " + strconv.Itoa(most) + " entries")
	}
	return nil
}

// form writes entries in one form, and the manifest behind them.
type form interface {
	entry(Wire) error
	end(Manifest) error
}

func writer(f Format, w io.Writer) form {
	switch f {
	case CSV:
		return &csvForm{w: csv.NewWriter(w)}
	case JSON:
		return &jsonForm{w: w}
	}
	return &sketchForm{json.NewEncoder(w)}
}

// csvForm has a line for each entry and the manifest in the last one, of kind "manifest". Cells that a spreadsheet would run
// begin with an apostrophe.
type csvForm struct {
	w     *csv.Writer
	begun bool
}

func (f *csvForm) header() error {
	if f.begun {
		return nil
	}
	f.begun = true
	return f.w.Write([]string{"told", "corrected", "received", "until", "certainty", "kind", "what", "who", "device", "source", "skew_us", "anchors", "pinned", "comments", "link", "key"})
}

func (f *csvForm) entry(e Wire) error {
	if err := f.header(); err != nil {
		return err
	}
	skew, anchors := "", ""
	if e.SkewUS != nil {
		skew, anchors = strconv.FormatInt(*e.SkewUS, 10), strconv.Itoa(e.Anchors)
	}
	return f.w.Write(product.Neutral([]string{iso(e.Told), iso(e.Corrected), iso(&e.Received), iso(e.Until), string(e.Certainty), string(e.Kind), e.What, e.Who, e.Device, cmp.Or(e.Source, e.SourceID), skew, anchors,
		e.Pinned, strings.Join(e.Comments, " | "), strings.TrimSuffix(e.LinkKind+":"+e.Link, ":"), e.Key}))
}

func (f *csvForm) end(m Manifest) error {
	if err := f.header(); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	line := make([]string, 16)
	line[5], line[6], line[2] = "manifest", string(text), iso(&m.MadeAt)
	if err := f.w.Write(line); err != nil {
		return err
	}
	f.w.Flush()
	return f.w.Error()
}

// iso is an instant in ISO 8601, UTC, to the microsecond; "" for none.
func iso(t *time.Time) string {
	if t == nil {
		return ""
	}
	return t.UTC().Format("2006-01-02T15:04:05.000000Z")
}

// jsonForm is one object: entries, those without an instant apart, and the manifest.
type jsonForm struct {
	w       io.Writer
	undated bool
	n       int
}

func (f *jsonForm) entry(e Wire) error {
	before := ",\n"
	switch {
	case e.Told == nil && !f.undated:
		if err := f.open(); err != nil {
			return err
		}
		f.undated, before = true, "\n],\"undated\":[\n"
	case f.n == 0:
		before = "{\"entries\":[\n"
	}
	f.n++
	text, err := json.Marshal(e)
	if err != nil {
		return err
	}
	_, err = f.w.Write(append([]byte(before), text...))
	return err
}

// open begins the object where no entry did.
func (f *jsonForm) open() error {
	if f.n > 0 {
		return nil
	}
	f.n++
	_, err := io.WriteString(f.w, `{"entries":[`)
	return err
}

func (f *jsonForm) end(m Manifest) error {
	if err := f.open(); err != nil {
		return err
	}
	text, err := json.Marshal(m)
	if err != nil {
		return err
	}
	between := "\n],\"manifest\":"
	if !f.undated {
		between = "\n],\"undated\":[],\"manifest\":"
	}
	_, err = io.WriteString(f.w, between+string(text)+"}\n")
	return err
}

// sketchForm is a JSON object on each line, the last of which is the manifest: an event of its own at the time of the export.
type sketchForm struct{ lines *json.Encoder }

type sketchLine struct {
	Message       string `json:"message"`
	Datetime      string `json:"datetime"`       // ISO 8601, UTC
	Timestamp     int64  `json:"timestamp"`      // microseconds since 1970
	TimestampDesc string `json:"timestamp_desc"` // what kind of time it is
	DataType      string `json:"data_type"`
	Wire
}

func (f *sketchForm) entry(e Wire) error {
	desc := map[Certainty]string{Recorded: "Recorded by Triward", Told: "Told by the source", Stated: "Stated by a person", About: "Stated by a person, roughly"}[e.Certainty]
	return f.lines.Encode(sketchLine{strings.Join(nonEmpty(e.Device, e.What), ": "), iso(e.Told), e.Told.UnixMicro(), desc, "triward:timeline:" + string(e.Kind), e})
}

func (f *sketchForm) end(m Manifest) error {
	return f.lines.Encode(struct {
		Message       string   `json:"message"`
		Datetime      string   `json:"datetime"`
		Timestamp     int64    `json:"timestamp"`
		TimestampDesc string   `json:"timestamp_desc"`
		DataType      string   `json:"data_type"`
		Manifest      Manifest `json:"manifest"`
	}{"Timeline of " + m.Of + " exported; what it left out is in the field manifest", iso(&m.MadeAt), m.MadeAt.UnixMicro(), "Exported by Triward", "triward:timeline:manifest", m})
}
