package assurance

import (
	"bytes"
	"context"
	"crypto/hmac"
	"crypto/sha256"
	"encoding/csv"
	"encoding/json"
	"fmt"
	"path"
	"reflect"
	"slices"
	"strings"
	"time"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/query"
	"triward/internal/assurance/view"
	"triward/internal/document"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// collection is what answers an inquiry, on its way to a bundle.
type collection struct {
	inquiry Inquiry
	lines   []Line
	as      view.AsOf
	head    int64 // of the journal: proofs are against it
	made    time.Time

	items     []bundle.Item
	have      map[string]bool // paths
	revisions []document.Revision
	lineOf    map[document.RevisionID]Binding
	entries   map[int64]bool // to be proved
	quiet     map[int64]bool // entries whose body is not shown
	removed   []bundle.Redaction
	red       []incident.Incident // marked TLP:RED at head
	redKnown  bool
	rows      map[string]map[string]query.Row // of views that were read, by id
}

// row is a record in a view, each view being read once.
func (c *collection) row(ctx context.Context, r store.Reader, name, record string) (query.Row, error) {
	if c.rows[name] == nil {
		v, err := view.Find(name)
		if err != nil {
			return nil, err
		}
		all, err := v.Load(ctx, r, c.as)
		if err != nil {
			return nil, err
		}
		c.rows[name] = map[string]query.Row{}
		for _, row := range all {
			id, _ := row.Key()
			c.rows[name][id] = row
		}
	}
	row, ok := c.rows[name][record]
	if !ok {
		return nil, problem.New(problem.NotFound, "there was no %s in the view %s", record, name)
	}
	return row, nil
}

func newCollection(as view.AsOf) *collection {
	return &collection{as: as, have: map[string]bool{}, lineOf: map[document.RevisionID]Binding{}, entries: map[int64]bool{}, quiet: map[int64]bool{},
		rows: map[string]map[string]query.Row{}}
}

func (c *collection) add(f bundle.File, body []byte) {
	if c.have[f.Path] {
		return // bound to two lines: the first one counts
	}
	c.have[f.Path] = true
	c.items = append(c.items, bundle.Item{File: f, Body: body})
}

func (c *collection) addJSON(f bundle.File, v any) error {
	body, err := json.MarshalIndent(v, "", "  ")
	if err == nil {
		c.add(f, append(body, '\n'))
	}
	return err
}

// salt is the salt of a part that is removed by rule: the same for each bundle of the inquiry, and secret.
func (c *collection) salt(path, at string) []byte {
	m := hmac.New(sha256.New, c.inquiry.secret)
	m.Write([]byte(path + "\x00" + at))
	return m.Sum(nil)
}

func (c *collection) remove(path, at, reason string) {
	c.removed = append(c.removed, bundle.Redaction{Path: path, At: at, Reason: reason, Salt: c.salt(path, at)})
}

// plainName makes a name of a file of what is called anyhow.
func plainName(s string) string {
	out := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= 'A' && r <= 'Z', r >= '0' && r <= '9', r == '.', r == '_', r == '-':
			return r
		}
		return '_'
	}, s)
	if out = strings.Trim(out, "."); out == "" {
		return "_"
	}
	return out[:min(len(out), 100)]
}

// collect reads everything that is bound to an inquiry.
func collect(ctx context.Context, r store.Reader, c *collection) error {
	for _, l := range c.lines {
		for _, b := range l.Bindings {
			var err error
			switch b.Kind {
			case BoundDocument:
				err = c.document(ctx, r, b)
			case BoundRecord:
				err = c.record(ctx, r, b)
			case BoundList:
				err = c.list(ctx, r, b)
			case BoundEvidence:
				err = c.evidence(ctx, r, b)
			case BoundReview:
				err = c.review(ctx, r, b)
			}
			if err != nil {
				return problem.About(err, "line %d, %s %s", l.Number, b.Kind, b.Target)
			}
		}
	}
	return c.answer()
}

func (c *collection) document(ctx context.Context, r store.Reader, b Binding) error {
	v, err := boundRevision(ctx, r, b, c.as)
	if err != nil {
		return err
	}
	if _, ok := c.lineOf[v.ID]; ok {
		return nil
	}
	c.lineOf[v.ID] = b
	c.revisions = append(c.revisions, v)
	return c.see(ctx, r, string(v.Document), string(v.ID))
}

// see marks the entries about some subjects for proofs.
func (c *collection) see(ctx context.Context, r store.Reader, subjects ...string) error {
	for _, s := range subjects {
		_, err := c.about(ctx, r, s)
		if err != nil {
			return err
		}
	}
	return nil
}

// about reads the entries about a subject until the instant, and marks them for proofs. Who reads a bundle is named in no
// incident: what is marked TLP:RED keeps its proofs and loses its bodies.
func (c *collection) about(ctx context.Context, r store.Reader, subject string) ([]store.Entry, error) {
	var out []store.Entry
	for after := int64(0); ; {
		page, err := store.Journal(ctx, r, store.JournalQuery{Subject: subject, After: after, Before: c.as.Head + 1, Limit: 1000})
		if err != nil || len(page) == 0 {
			return out, err
		}
		after = page[len(page)-1].Seq
		if page, err = c.withhold(ctx, r, page); err != nil {
			return nil, err
		}
		for _, e := range page {
			c.entries[e.Seq] = true
			if incident.IsWithheld(e) {
				c.quiet[e.Seq] = true
			}
		}
		out = append(out, page...)
	}
}

// revisionRecord is what a bundle says of a revision beside its text.
type revisionRecord struct {
	Code       string           `json:"code"`
	Title      string           `json:"title"`
	Label      string           `json:"label"`
	Revision   string           `json:"revision"`
	Content    string           `json:"content_sha256"`
	Rendition  string           `json:"rendition_sha256,omitempty"`
	Reason     string           `json:"reason"`
	Change     string           `json:"change,omitempty"`
	Author     string           `json:"author"`
	Opened     time.Time        `json:"opened"`
	Approved   time.Time        `json:"approved,omitzero"`
	InForce    []document.Range `json:"in_force"`
	Signatures []signatureBlock `json:"signatures"`
}

// signatureBlock is a signature as it is shown everywhere (21 CFR 11.50).
type signatureBlock struct {
	ID       string            `json:"id"`
	Name     string            `json:"printed_name"`
	At       time.Time         `json:"at"`
	Zone     string            `json:"zone"`
	Meaning  signature.Meaning `json:"meaning"`
	Function string            `json:"function,omitempty"`
	Reason   string            `json:"reason,omitempty"`
}

// revision adds the files of a revision. shown are the bytes that were displayed and signed, pdf is nil without a printer.
func (c *collection) revision(ctx context.Context, r store.Reader, v document.Revision, files map[string][]byte) error {
	b := c.lineOf[v.ID]
	dir := path.Join("documents", plainName(v.Code), plainName(v.Label))
	file := bundle.File{Kind: "document", Record: string(v.ID), Revision: string(v.ID), Title: v.Title, Mark: b.Mark, Line: b.Line}
	named := func(name, of string) bundle.File {
		f := file
		f.Path, f.Of = path.Join(dir, name), of
		return f
	}
	text := path.Join(dir, "document.md")
	c.add(named("document.md", ""), []byte(v.Source))
	signed := map[string]string{digestOf(v.Source): text}
	for name, body := range files {
		c.add(named(name, text), body)
		signed[bundle.Digest(body)] = path.Join(dir, name)
	}
	rec := revisionRecord{Code: v.Code, Title: v.Title, Label: v.Label, Revision: string(v.ID), Content: v.ContentHash, Rendition: string(v.Rendition), Reason: v.Reason,
		Change: v.Change, Author: v.AuthorName, Opened: v.At, Approved: v.Approved}
	ranges, err := document.Ranges(ctx, r, v.Document)
	if err != nil {
		return err
	}
	for _, in := range ranges {
		if in.Revision == v.ID && !in.Since.After(c.as.Now) {
			if in.Until.After(c.as.Now) {
				in.Until, in.Ended = time.Time{}, ""
			}
			rec.InForce = append(rec.InForce, in)
		}
	}
	if rec.Approved.After(c.as.Now) {
		rec.Approved = time.Time{}
	}
	all, err := signature.Of(ctx, r, string(v.ID))
	if err != nil {
		return err
	}
	for _, s := range all {
		if s.Seq > c.as.Head {
			continue
		}
		rec.Signatures = append(rec.Signatures, signatureBlock{ID: s.ID, Name: s.Name, At: s.At, Zone: s.Zone, Meaning: s.Act.Meaning, Function: s.Act.Function, Reason: s.Act.Reason})
		of := signed[s.Record.Rendition]
		if of == "" {
			of = signed[s.Record.Content]
		}
		envelope := bundle.File{Path: "signatures/" + s.ID + ".dsse.json", Kind: bundle.KindSignature, Record: s.ID, Revision: string(v.ID), Of: of,
			Title: s.Name + ", " + string(s.Act.Meaning), Line: b.Line}
		c.add(envelope, s.Envelope)
		if len(s.Token) > 0 {
			c.add(bundle.File{Path: "signatures/" + s.ID + ".tsr", Kind: bundle.KindToken, Record: s.ID, Of: envelope.Path, Line: b.Line}, s.Token)
		}
	}
	f := named("record.json", text)
	return c.addJSON(f, rec)
}

// titleOf is what a row is called: its title, name or code with its id.
func titleOf(name string, row query.Row) string {
	id, _ := row.Key()
	v := reflect.ValueOf(row)
	for _, field := range []string{"Title", "Name", "Tag", "Code", "Vulnerability"} {
		if f := v.FieldByName(field); f.IsValid() && f.Kind() == reflect.String && f.String() != "" && f.String() != id {
			return f.String() + " (" + id + ")"
		}
	}
	return name + " " + id
}

// recordFile is a record with everything that the journal says of it.
type recordFile struct {
	View    string       `json:"view"`
	AsOf    time.Time    `json:"as_of"`
	Record  query.Row    `json:"record"`
	Entries []entryLines `json:"journal"`
}

type entryLines struct {
	Seq  int64           `json:"entry"`
	At   time.Time       `json:"at"`
	By   string          `json:"by"`
	Kind string          `json:"kind"`
	Body json.RawMessage `json:"body,omitempty"` // absent when it was erased by law
}

// freeText are members of events in which staff write freely while they care for patients: health information may stand
// there (ISO 13485 4.2.5). They leave the house only in what is marked as confidential.
var freeText = []string{"note", "value", "text", "outcome", "instead", "wrong", "danger", "ward", "subject"}

func (c *collection) record(ctx context.Context, r store.Reader, b Binding) error {
	name, record, _ := strings.Cut(b.Target, "/")
	row, err := c.row(ctx, r, name, record)
	if err != nil {
		return err
	}
	all, err := c.about(ctx, r, record)
	if err != nil {
		return err
	}
	f := bundle.File{Path: "records/" + plainName(name) + "/" + plainName(record) + ".json", Kind: "record", Record: b.Target, Title: b.Title, Mark: b.Mark, Line: b.Line}
	out := recordFile{View: name, AsOf: c.as.Now, Record: row}
	for i, e := range all {
		out.Entries = append(out.Entries, entryLines{e.Seq, e.At, e.ActorName, e.Kind, e.Body})
		if b.Mark == bundle.Confidential || !strings.HasPrefix(e.Kind, "run.") && !strings.HasPrefix(e.Kind, "device.") {
			continue
		}
		var members map[string]json.RawMessage
		if json.Unmarshal(e.Body, &members) != nil {
			continue
		}
		for _, m := range freeText {
			if text := string(members[m]); text != "" && text != `""` {
				c.remove(f.Path, fmt.Sprintf("/journal/%d/body/%s", i, m), "may hold health information")
				c.quiet[e.Seq] = true
			}
		}
	}
	return c.addJSON(f, out)
}

func (c *collection) list(ctx context.Context, r store.Reader, b Binding) error {
	v, err := view.Find(b.Target)
	if err != nil {
		return err
	}
	rows, err := v.Load(ctx, r, c.as)
	if err != nil || len(rows) == 0 {
		return err
	}
	f := bundle.File{Path: "lists/" + b.Target + ".json", Kind: b.Target, Title: b.Title, Mark: b.Mark, Line: b.Line, Records: len(rows)}
	if err := c.addJSON(f, rows); err != nil {
		return err
	}
	table, err := tableOf(v, rows)
	c.add(bundle.File{Path: "lists/" + b.Target + ".csv", Kind: b.Target, Of: f.Path, Title: b.Title, Mark: b.Mark, Line: b.Line}, table)
	return err
}

// tableOf writes rows for people with a spreadsheet.
func tableOf(v view.View, rows []query.Row) ([]byte, error) {
	var b bytes.Buffer
	w := csv.NewWriter(&b)
	w.UseCRLF = true
	var head []string
	for _, f := range v.Fields() {
		head = append(head, f.Name)
	}
	all := [][]string{head}
	for _, row := range rows {
		all = append(all, Cells(row))
	}
	err := w.WriteAll(all)
	return b.Bytes(), err
}

// Cells are the fields of a row as text, in the order of [view.View.Fields].
func Cells(row query.Row) []string {
	v := reflect.ValueOf(row)
	out := make([]string, v.NumField())
	for i := range out {
		switch x := v.Field(i).Interface().(type) {
		case time.Time:
			if !x.IsZero() {
				out[i] = x.UTC().Format(time.RFC3339)
			}
		case []string:
			out[i] = strings.Join(x, " ")
		case string:
			if out[i] = x; x != "" && strings.ContainsRune("=+-@\t\r", rune(x[0])) {
				out[i] = "'" + x // no formula of a spreadsheet
			}
		case map[string]time.Duration:
			var parts []string
			for k, d := range x {
				parts = append(parts, k+"="+d.String())
			}
			slices.Sort(parts)
			out[i] = strings.Join(parts, " ")
		default:
			out[i] = fmt.Sprint(x)
		}
	}
	return out
}

// evidenceFile is a query with its rows, and the result that was sealed before the instant.
type evidenceFile struct {
	Query  Query        `json:"query"`
	AsOf   time.Time    `json:"as_of"`
	State  State        `json:"state"`
	Holds  int          `json:"holding"`
	Fails  int          `json:"failing"`
	Open   int          `json:"unclear"`
	Rows   []evidentRow `json:"rows"`
	Digest string       `json:"rows_sha256"`
	Sealed *sealedFile  `json:"sealed,omitempty"`
}

type evidentRow struct {
	ID    string      `json:"id"`
	State query.State `json:"state"`
	Why   string      `json:"why,omitempty"`
	Value query.Row   `json:"record"`
}

type sealedFile struct {
	Result string    `json:"result"`
	Entry  int64     `json:"entry"`
	AsOf   time.Time `json:"as_of"`
	State  State     `json:"state"`
	Digest string    `json:"rows_sha256"`
}

func (c *collection) evidence(ctx context.Context, r store.Reader, b Binding) error {
	res, sealed, rows, err := Replay(ctx, r, b.Target, c.as.Now)
	if err != nil {
		return err
	}
	f := evidenceFile{Query: res.Query, AsOf: res.At, State: res.State, Holds: res.Holding, Fails: res.Failing, Open: res.Unclear, Digest: res.Digest, Rows: []evidentRow{}}
	for _, row := range rows {
		f.Rows = append(f.Rows, evidentRow{row.ID, row.State, row.Why, row.Value})
	}
	if sealed.ID != "" {
		f.Sealed = &sealedFile{sealed.ID, sealed.Seq, sealed.At, sealed.State, sealed.Digest}
		c.entries[sealed.Seq] = true
	}
	return c.addJSON(bundle.File{Path: "evidence/" + plainName(b.Target) + ".json", Kind: "evidence", Record: b.Target, Title: b.Title, Mark: b.Mark, Line: b.Line}, f)
}

func (c *collection) review(ctx context.Context, r store.Reader, b Binding) error {
	m, err := ManagementReview(ctx, r, c.as.Now)
	if err != nil {
		return err
	}
	return c.addJSON(bundle.File{Path: "reviews/management-review.json", Kind: "review", Record: b.Target, Title: b.Title, Mark: b.Mark, Line: b.Line}, m)
}
