package reading

import (
	"archive/zip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"hash"
	"io"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/eventlog"
	"triward/internal/problem"
	"triward/internal/store"
)

// Desk is the door through which people read events: within the sites that they may see, and with a record of it where
// the events concern patients.
type Desk struct {
	DB  *store.DB
	Log eventlog.Reader
}

// Found is a page of a search.
type Found struct {
	eventlog.Page
	Blind    []detection.Blind // times within the window in which something was not seen
	Withheld bool              // events that concern patients were left out, because the reader may not read them
}

// patientFields are those whose presence says that a record is about a patient. The original of audit messages, of DICOM,
// of HL7 and of FHIR may name one, whatever was made of it.
var (
	patientFields  = []string{"patient_hash", "study.uid"}
	patientSources = []string{"audit", "dicom", "hl7", "fhir"}
	patientFormats = []string{"atna", "fhir"}
)

// ConcernsPatient reports whether an event may say something about a patient.
func ConcernsPatient(e *eventlog.Event) bool {
	return slices.Contains(patientSources, e.Category) || slices.Contains(patientFormats, e.Format) ||
		slices.ContainsFunc(patientFields, func(f string) bool { return e.Field(f) != "" })
}

// within restricts a query to what the actor may read, and says whether events that concern patients are left out.
func within(ctx context.Context, q eventlog.Query) (eventlog.Query, bool, error) {
	scope, err := store.ScopeOf(ctx, detection.KindEventRead)
	if err != nil {
		return q, false, err
	}
	q.Where = slices.Clone(q.Where)
	if !scope.All {
		if len(scope.Sites) == 0 {
			return q, false, problem.New(problem.Forbidden, "your role names no site whose events you may read")
		}
		q.Where = append(q.Where, eventlog.Condition{Field: "dev.site", Op: eventlog.Is, Values: scope.Sites})
	}
	patients, err := store.ScopeOf(ctx, detection.KindPatientsRead)
	if err == nil && (patients.All || !scope.All && !slices.ContainsFunc(scope.Sites, func(s string) bool { return !patients.Covers(s, "") })) {
		return q, false, nil
	}
	return withoutPatients(q), true, nil
}

// withoutPatients leaves out what ConcernsPatient says is about a patient.
func withoutPatients(q eventlog.Query) eventlog.Query {
	q.Where = append(slices.Clone(q.Where), eventlog.Condition{Field: "category", Op: eventlog.Is, Values: patientSources, Not: true}, eventlog.Condition{Field: "format", Op: eventlog.Is, Values: patientFormats, Not: true})
	for _, f := range patientFields {
		q.Where = append(q.Where, eventlog.Condition{Field: f, Op: eventlog.Present, Not: true})
	}
	return q
}

// patients counts the events of a query that concern patients.
func (s Desk) patients(ctx context.Context, q eventlog.Query) (n int, err error) {
	for sign, q := range map[int]eventlog.Query{1: q, -1: withoutPatients(q)} {
		counts, err := s.Log.Count(ctx, q, eventlog.Bucket{})
		if err != nil {
			return 0, err
		}
		for _, c := range counts {
			n += sign * int(c.N)
		}
	}
	return n, nil
}

// Search reads a page of events, the newest first.
func (s Desk) Search(ctx context.Context, q eventlog.Query) (Found, error) {
	if err := q.Validate(); err != nil {
		return Found{}, err
	}
	asked, withheld, err := within(ctx, q)
	if err != nil {
		return Found{}, err
	}
	p, err := s.Log.Search(ctx, asked)
	if err != nil {
		return Found{}, err
	}
	out := Found{Page: p, Withheld: withheld}
	if out.Blind, err = s.blind(ctx, q); err != nil {
		return Found{}, err
	}
	n := 0
	for i := range p.Events {
		if ConcernsPatient(&p.Events[i]) {
			n++
		}
	}
	return out, s.readPatients(ctx, q, n)
}

// Count counts events. It shows none, so that it is not recorded; events that the reader may not read are not counted.
func (s Desk) Count(ctx context.Context, q eventlog.Query, b eventlog.Bucket) ([]eventlog.Count, error) {
	if err := q.Validate(); err != nil {
		return nil, err
	}
	q, _, err := within(ctx, q)
	if err != nil {
		return nil, err
	}
	return s.Log.Count(ctx, q, b)
}

// Get reads one event. One that the reader may not read is not found.
func (s Desk) Get(ctx context.Context, eid eventlog.ID) (eventlog.Event, error) {
	q := eventlog.Query{Where: []eventlog.Condition{{Field: "id", Op: eventlog.Is, Values: []string{eid.String()}}}}
	asked, _, err := within(ctx, q)
	if err != nil {
		return eventlog.Event{}, err
	}
	e, err := s.Log.Get(ctx, eid)
	if err != nil {
		return eventlog.Event{}, err
	}
	m, err := eventlog.NewMatcher(asked)
	if err != nil {
		return eventlog.Event{}, err
	}
	if !m.Match(&e) {
		return eventlog.Event{}, problem.New(problem.NotFound, "there is no such event, or it is outside of what you may see")
	}
	n := 0
	if ConcernsPatient(&e) {
		n = 1
	}
	return e, s.readPatients(ctx, q, n)
}

func (s Desk) blind(ctx context.Context, q eventlog.Query) ([]detection.Blind, error) {
	var out []detection.Blind
	err := s.DB.View(ctx, func(r store.Reader) error {
		if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
			ctx = store.WithActor(ctx, store.System("events")) // that something was not seen is no secret from who searches it
		}
		b := detection.BlindQuery{From: store.Time(q.From), To: store.Time(q.To), Limit: 200}
		for _, c := range q.Where {
			if c.Field == "source" && c.Op == eventlog.Is && len(c.Values) == 1 && !c.Not {
				b.Source = c.Values[0]
			}
		}
		p, err := detection.Blinds(ctx, r, b)
		out = p.Items
		return err
	})
	return out, err
}

// PatientsRead is the body of [detection.KindPatientsRead]: what was asked for, coarsely. Words and values are in a digest only,
// because they may name a patient.
type PatientsRead struct {
	From    string   `json:"from,omitempty"`
	To      string   `json:"to,omitempty"`
	Fields  []string `json:"fields,omitempty"`
	Asked   string   `json:"asked"` // SHA-256 of the query
	Shown   int      `json:"shown"` // on its first page
	Purpose string   `json:"purpose,omitempty"`
}

// sameRead is for how long the same question of the same person is one reading.
const sameRead = 10 * time.Minute

func (s Desk) readPatients(ctx context.Context, q eventlog.Query, n int) error {
	if n == 0 {
		return nil
	}
	actor, ok := store.ActorOf(ctx)
	if !ok {
		return problem.New(problem.Forbidden, "nobody acts")
	}
	body, err := s.asked(q, n)
	if err != nil {
		return err
	}
	subject := "events:" + body.Asked[:16]
	again := false
	err = s.DB.View(ctx, func(r store.Reader) error {
		last, err := store.Journal(ctx, r, store.JournalQuery{Subject: subject, Kinds: []string{detection.KindPatientsRead}, Order: store.NewestFirst, Limit: 20})
		again = slices.ContainsFunc(last, func(e store.Entry) bool { return e.Actor == actor.ID && s.DB.Now().Sub(e.At) < sameRead })
		return err
	})
	if err != nil || again {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Record(ctx, store.Event{Kind: detection.KindPatientsRead, Subject: subject, Site: siteOf(actor, detection.KindPatientsRead), Body: body})
		return err
	})
}

// siteOf is the site that a record of a kind belongs to: "" from who may do so everywhere, else the first of their sites.
func siteOf(a store.Actor, kind string) string {
	if s := a.Scope(kind); !s.All && len(s.Sites) > 0 {
		return s.Sites[0]
	}
	return ""
}

func (s Desk) asked(q eventlog.Query, n int) (PatientsRead, error) {
	text, err := json.Marshal(q)
	if err != nil {
		return PatientsRead{}, err
	}
	sum := sha256.Sum256(text)
	out := PatientsRead{From: detection.Instant(store.Time(q.From)), To: detection.Instant(store.Time(q.To)), Asked: hex.EncodeToString(sum[:]), Shown: n}
	for _, c := range q.Where {
		out.Fields = append(out.Fields, c.Field)
	}
	if q.Text != "" {
		out.Fields = append(out.Fields, "words")
	}
	return out, nil
}

// Manifest says what an export holds. It is the last file of the archive.
type Manifest struct {
	Format   string                 `json:"format"` // triward-events/1
	MadeAt   time.Time              `json:"made_at"`
	By       string                 `json:"by"`
	Query    eventlog.Query         `json:"query"`
	Events   int                    `json:"events"`
	Patients int                    `json:"events_that_concern_patients"`
	Cut      bool                   `json:"cut"` // more fit than an export holds
	Withheld bool                   `json:"withheld"`
	SHA256   string                 `json:"sha256"` // of events.jsonl, in hexadecimal
	Blind    []detection.BlindNoted `json:"blind_intervals"`
}

// Exported is the body of [detection.KindEventsExported].
type Exported struct {
	Manifest string `json:"manifest"` // its SHA-256
	Events   int    `json:"events"`
	Patients int    `json:"events_that_concern_patients"`
	SHA256   string `json:"sha256"`
}

// MostExported bounds one export.
const MostExported = 1_000_000

// errFull ends a scan.
var errFull = problem.New(problem.Invalid, "the export is full")

// Export writes a zip archive with the events that fit (events.jsonl, the oldest first, each with its original in base64)
// and its manifest (manifest.json) with the digest and the blind intervals. It is recorded with both digests; that events of
// patients are read, before the first byte is given out.
func (s Desk) Export(ctx context.Context, q eventlog.Query, w io.Writer) (Manifest, error) {
	if err := q.Validate(); err != nil {
		return Manifest{}, err
	}
	asked, withheld, err := within(ctx, q)
	if err != nil {
		return Manifest{}, err
	}
	actor, ok := store.ActorOf(ctx)
	if !ok || !actor.May(detection.KindEventsExported) {
		return Manifest{}, problem.New(problem.Forbidden, "your role does not allow to export events")
	}
	m := Manifest{Format: "triward-events/1", MadeAt: s.DB.Now(), By: actor.Name, Query: q, Withheld: withheld, Blind: []detection.BlindNoted{}}
	blind, err := s.blind(ctx, q)
	if err != nil {
		return m, err
	}
	for _, b := range blind {
		m.Blind = append(m.Blind, detection.BlindNoted{Interval: b.ID, Reason: b.Reason, Started: detection.Instant(b.Started), Ended: detection.Instant(b.Ended), Lost: b.Lost, Detail: b.Name})
	}
	n, err := s.patients(ctx, asked)
	if err != nil {
		return m, err
	}
	if err := s.readPatients(ctx, q, n); err != nil {
		return m, err
	}
	z := zip.NewWriter(w)
	sum := sha256.New()
	if err := s.writeEvents(ctx, asked, &m, pair{z, sum}); err != nil {
		return m, err
	}
	m.SHA256 = hex.EncodeToString(sum.Sum(nil))
	text, err := json.MarshalIndent(m, "", "  ")
	if err != nil {
		return m, err
	}
	f, err := z.Create("manifest.json")
	if err != nil {
		return m, err
	}
	if _, err := f.Write(text); err != nil {
		return m, err
	}
	if err := z.Close(); err != nil {
		return m, err
	}
	digest := sha256.Sum256(text)
	return m, s.DB.Update(ctx, func(tx *store.Tx) error {
		_, err := tx.Record(ctx, store.Event{Kind: detection.KindEventsExported, Subject: "events:" + m.SHA256[:16], Site: siteOf(actor, detection.KindEventsExported), Body: Exported{hex.EncodeToString(digest[:]), m.Events, m.Patients, m.SHA256}})
		return err
	})
}

type pair struct {
	zip *zip.Writer
	sum hash.Hash
}

func (s Desk) writeEvents(ctx context.Context, q eventlog.Query, m *Manifest, to pair) error {
	f, err := to.zip.Create("events.jsonl")
	if err != nil {
		return err
	}
	lines := json.NewEncoder(io.MultiWriter(f, to.sum))
	err = s.Log.Scan(ctx, q, func(all []eventlog.Event) error {
		for i := range all {
			if m.Events == MostExported {
				m.Cut = true
				return errFull
			}
			if ConcernsPatient(&all[i]) {
				m.Patients++
			}
			m.Events++
			if err := lines.Encode(WireOf(&all[i])); err != nil {
				return err
			}
		}
		return nil
	})
	if m.Cut {
		return nil
	}
	return err
}

// Wire is an event as it leaves the program: in exports.
type Wire struct {
	ID       string            `json:"id"`
	Source   string            `json:"source,omitempty"`
	Received time.Time         `json:"received"`
	Time     *time.Time        `json:"time"` // null: the record has none
	Skew     *int64            `json:"skew_us,omitempty"`
	Format   string            `json:"format"`
	Fault    string            `json:"fault,omitempty"`
	Class    int               `json:"class_uid"`
	Activity int               `json:"activity_id"`
	Severity int               `json:"severity_id"`
	Outcome  int               `json:"status_id"`
	Fields   map[string]string `json:"fields"` // under their normalised names
	Message  string            `json:"message,omitempty"`
	Raw      []byte            `json:"raw,omitempty"` // the original
}

// columns of an event that stand among the fields of its wire form.
func columns() []string {
	return []string{"product", "category", "service", "dev.id", "peer.id", "dev.site", "dev.ward", "dev.zone", "peer.zone", "user", "host", "src.ip", "dst.ip", "src.port", "dst.port", "proto", "hash"}
}

// WireOf is an event as it leaves the program.
func WireOf(e *eventlog.Event) Wire {
	w := Wire{ID: e.ID.String(), Source: e.Source, Received: store.Time(e.Received), Format: e.Format, Fault: e.Fault, Class: e.Class, Activity: e.Activity, Severity: e.Severity, Outcome: e.Outcome,
		Fields: map[string]string{}, Message: e.Message, Raw: e.Raw}
	if e.Time != 0 {
		t := store.Time(e.Time)
		w.Time = &t
	}
	if e.SkewKnown {
		w.Skew = &e.Skew
	}
	for _, name := range columns() {
		if v := e.Value(name); v != "" {
			w.Fields[name] = v
		}
	}
	for _, f := range e.Fields {
		w.Fields[f.Name] = f.Value
	}
	return w
}
