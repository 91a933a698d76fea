package assurance

import (
	"context"
	"crypto/rand"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/view"
	"triward/internal/document"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Inquiry is a request of an authority, an auditor or a customer, and what answers it.
type Inquiry struct {
	ID          string // inq_…
	Title       string
	Authority   string    // who asks
	Reference   string    // their number, "" for none
	Product     string    // model that it is about, "" for none
	Site        string    // "" for none
	AsOf        time.Time // records are shown as they were then; zero: as they are when the bundle is built
	Due         time.Time // zero for none
	State       InquiryState
	Author      string // account
	AuthorName  string
	At          time.Time
	Closed      time.Time
	CloseReason string
	secret      []byte // salts of what is removed by rule are made from it
}

// InquiryState is where an inquiry stands.
type InquiryState string

// The closed list of states.
const (
	InquiryOpen   InquiryState = "open"
	InquiryClosed InquiryState = "closed"
)

// Line is one request of the list.
type Line struct {
	Number   int
	Text     string
	Answer   string
	Bindings []Binding
}

// Kind is what is bound to a line.
type Kind string

// The closed list of kinds.
const (
	BoundDocument Kind = "document" // by code: the revision in force as of the inquiry's instant, or one that is named
	BoundRecord   Kind = "record"   // "view/id": one record with its journal entries
	BoundList     Kind = "list"     // every row of a view
	BoundEvidence Kind = "evidence" // a query, asked as of the inquiry's instant
	BoundReview   Kind = "review"   // the inputs of the management review
)

// Kinds lists the kinds.
func Kinds() []Kind {
	return []Kind{BoundDocument, BoundRecord, BoundList, BoundEvidence, BoundReview}
}

// Binding is something that answers a line.
type Binding struct {
	ID         string // bnd_…
	Line       int
	Kind       Kind
	Target     string // see [Kind]
	Title      string
	Revision   string // of a document that was named; "": the one in force then
	Mark       string // bundle.Confidential, bundle.Inspectable or ""
	MarkReason string
	Author     string
	At         time.Time
}

// Limits of an inquiry.
const (
	maxLines    = 1000
	maxLine     = 4000
	maxBindings = 5000
)

// Inquiries changes inquiries.
type Inquiries struct {
	DB      *store.DB
	Library document.Library
	Builder Builder
}

func (i Inquiry) validate() error {
	var l problem.List
	for _, f := range []struct {
		path, text string
		need       bool
	}{{"title", i.Title, true}, {"authority", i.Authority, true}, {"reference", i.Reference, false}} {
		switch {
		case f.need && strings.TrimSpace(f.text) == "":
			l.Add(f.path, "is required")
		case len(f.text) > 300:
			l.Add(f.path, "is longer than 300 characters")
		}
	}
	return l.Err("the inquiry is not valid")
}

// Open begins an inquiry with its request list, one request on a line, and returns its id.
func (s Inquiries) Open(ctx context.Context, in Inquiry, requests string) (string, error) {
	lines, err := ParseRequests(requests)
	if err == nil {
		err = in.validate()
	}
	if err != nil {
		return "", err
	}
	if in.ID, err = id.New("inq"); err != nil {
		return "", err
	}
	in.secret = make([]byte, bundle.SaltSize)
	if _, err := rand.Read(in.secret); err != nil {
		return "", fmt.Errorf("open inquiry: %w", err)
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if in.AsOf.After(tx.Now) {
			return problem.New(problem.Invalid, "records cannot be shown as of the future")
		}
		in.State, in.Author, in.AuthorName, in.At = InquiryOpen, tx.Actor().ID, tx.Actor().Name, tx.Now
		if err := insertInquiry(ctx, tx, in); err != nil {
			return err
		}
		for _, l := range lines {
			if err := putLine(ctx, tx, in.ID, l); err != nil {
				return err
			}
		}
		return record(ctx, tx, KindOpened, in, inquiryBody{Title: in.Title, Authority: in.Authority, Reference: in.Reference, AsOf: in.AsOf, Due: in.Due, Lines: texts(lines)})
	})
	if err != nil {
		return "", fmt.Errorf("open inquiry: %w", err)
	}
	return in.ID, nil
}

// ParseRequests reads a pasted list: one request on a line, a number before it is dropped, empty lines are skipped.
func ParseRequests(text string) ([]Line, error) {
	var out []Line
	var l problem.List
	for line := range strings.Lines(text) {
		line = strings.TrimSpace(line)
		if digits := strings.TrimLeft(line, "0123456789"); digits != line && len(digits) > 1 && strings.ContainsRune(".):", rune(digits[0])) {
			line = strings.TrimSpace(digits[1:])
		}
		line = strings.TrimSpace(strings.TrimPrefix(strings.TrimPrefix(line, "- "), "• "))
		if line == "" {
			continue
		}
		if len(line) > maxLine {
			l.Add(fmt.Sprintf("requests[%d]", len(out)), "is longer than %d characters", maxLine)
		}
		out = append(out, Line{Number: len(out) + 1, Text: line})
	}
	switch {
	case len(out) == 0:
		l.Add("requests", "paste at least one request")
	case len(out) > maxLines:
		l.Add("requests", "are more than %d", maxLines)
	}
	return out, l.Err("the request list is not valid")
}

// inquiryBody is the body of [KindOpened] and [KindChanged].
type inquiryBody struct {
	Title     string    `json:"title,omitempty"`
	Authority string    `json:"authority,omitempty"`
	Reference string    `json:"reference,omitempty"`
	AsOf      time.Time `json:"as_of,omitzero"`
	Due       time.Time `json:"due,omitzero"`
	Lines     []string  `json:"lines,omitempty"`
	Line      int       `json:"line,omitempty"`
	Answer    string    `json:"answer,omitempty"`
}

func texts(lines []Line) []string {
	out := make([]string, len(lines))
	for i, l := range lines {
		out[i] = l.Text
	}
	return out
}

// record records an event about an inquiry, which is its subject.
func record(ctx context.Context, tx *store.Tx, kind string, i Inquiry, body any) error {
	_, err := tx.Record(ctx, store.Event{Kind: kind, Subject: i.ID, Site: i.Site, Product: i.Product, Body: body})
	return err
}

// change runs fn on an open inquiry.
func (s Inquiries) change(ctx context.Context, inquiry string, fn func(tx *store.Tx, i Inquiry) error) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := readInquiry(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		if i.State != InquiryOpen {
			return problem.New(problem.Conflict, "the inquiry is closed; open it again first")
		}
		return fn(tx, i)
	})
}

// Change replaces the head of an inquiry: title, who asks, reference, instant and term.
func (s Inquiries) Change(ctx context.Context, in Inquiry) error {
	if err := in.validate(); err != nil {
		return err
	}
	return s.change(ctx, in.ID, func(tx *store.Tx, i Inquiry) error {
		if in.AsOf.After(tx.Now) {
			return problem.New(problem.Invalid, "records cannot be shown as of the future")
		}
		i.Title, i.Authority, i.Reference, i.AsOf, i.Due = in.Title, in.Authority, in.Reference, in.AsOf, in.Due
		if err := updateInquiry(ctx, tx, i); err != nil {
			return err
		}
		return record(ctx, tx, KindChanged, i, inquiryBody{Title: i.Title, Authority: i.Authority, Reference: i.Reference, AsOf: i.AsOf, Due: i.Due})
	})
}

// AddLines adds requests that came later.
func (s Inquiries) AddLines(ctx context.Context, inquiry, requests string) error {
	lines, err := ParseRequests(requests)
	if err != nil {
		return err
	}
	return s.change(ctx, inquiry, func(tx *store.Tx, i Inquiry) error {
		have, err := readLines(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		if len(have)+len(lines) > maxLines {
			return problem.New(problem.Invalid, "an inquiry has at most %d requests", maxLines)
		}
		for n := range lines {
			lines[n].Number = len(have) + n + 1
			if err := putLine(ctx, tx, inquiry, lines[n]); err != nil {
				return err
			}
		}
		return record(ctx, tx, KindChanged, i, inquiryBody{Lines: texts(lines)})
	})
}

// Answer writes what is answered to a line in words.
func (s Inquiries) Answer(ctx context.Context, inquiry string, line int, answer string) error {
	if len(answer) > maxLine*5 {
		return problem.New(problem.Invalid, "the answer is longer than %d characters", maxLine*5)
	}
	return s.change(ctx, inquiry, func(tx *store.Tx, i Inquiry) error {
		l, err := readLine(ctx, tx, inquiry, line)
		if err != nil {
			return err
		}
		l.Answer = answer
		if err := putLine(ctx, tx, inquiry, l); err != nil {
			return err
		}
		return record(ctx, tx, KindChanged, i, inquiryBody{Line: line, Answer: answer})
	})
}

// Bind binds something to a line and returns the binding's id.
func (s Inquiries) Bind(ctx context.Context, inquiry string, b Binding) (string, error) {
	var l problem.List
	if !slices.Contains(Kinds(), b.Kind) {
		l.Add("kind", "must be document, record, list, evidence or review")
	}
	switch b.Mark {
	case "", bundle.Inspectable:
	case bundle.Confidential:
		if strings.TrimSpace(b.MarkReason) == "" {
			l.Add("mark_reason", "say why it is confidential: trade secret, patient, security")
		}
	default:
		l.Add("mark", "must be confidential, inspectable or absent")
	}
	if err := l.Err("nothing was bound"); err != nil {
		return "", err
	}
	var err error
	if b.ID, err = id.New("bnd"); err != nil {
		return "", err
	}
	err = s.change(ctx, inquiry, func(tx *store.Tx, i Inquiry) error {
		if _, err := readLine(ctx, tx, inquiry, b.Line); err != nil {
			return err
		}
		n, err := countBindings(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		if n >= maxBindings {
			return problem.New(problem.Invalid, "an inquiry has at most %d bindings", maxBindings)
		}
		as, err := asOf(ctx, tx, i, tx.Now)
		if err != nil {
			return err
		}
		if err := resolve(ctx, tx, &b, as); err != nil {
			return err
		}
		b.Author, b.At = tx.Actor().Name, tx.Now
		if err := insertBinding(ctx, tx, inquiry, b); err != nil {
			if problem.KindOf(err) == problem.Conflict {
				return problem.New(problem.Conflict, "it is bound to this line already")
			}
			return err
		}
		return record(ctx, tx, KindBound, i, boundBody(b))
	})
	if err != nil {
		return "", fmt.Errorf("bind to line %d: %w", b.Line, err)
	}
	return b.ID, nil
}

// asOf is the instant that an inquiry shows.
func asOf(ctx context.Context, r store.Reader, i Inquiry, now time.Time) (view.AsOf, error) {
	if !i.AsOf.IsZero() {
		now = i.AsOf
	}
	return view.At(ctx, r, now)
}

// resolve checks that what is bound is there, and gives it a title. Audit reports and management reviews are marked as
// what authorities may ask for since QMSR dropped 820.180(c).
func resolve(ctx context.Context, r store.Reader, b *Binding, as view.AsOf) error {
	ctx = system(ctx)
	switch b.Kind {
	case BoundDocument:
		v, err := boundRevision(ctx, r, *b, as)
		if err != nil {
			return err
		}
		d, err := document.ByCode(ctx, r, b.Target)
		if err != nil {
			return err
		}
		b.Title = v.Title + " " + v.Label
		if b.Mark == "" && d.Inspectable {
			b.Mark = bundle.Inspectable
		}
	case BoundRecord:
		name, record, _ := strings.Cut(b.Target, "/")
		row, err := newCollection(as).row(ctx, r, name, record)
		if err != nil {
			return err
		}
		b.Title = titleOf(name, row)
		if b.Mark == "" && name == "trail_reviews" {
			b.Mark = bundle.Inspectable
		}
	case BoundList:
		v, err := view.Find(b.Target)
		if err != nil {
			return err
		}
		b.Title = "every record: " + v.About
	case BoundEvidence:
		q, err := FindQuery(ctx, r, b.Target)
		if err != nil {
			return err
		}
		b.Title = q.Title
	case BoundReview:
		b.Target, b.Title = "management-review", "Inputs of the management review"
		if b.Mark == "" {
			b.Mark = bundle.Inspectable
		}
	}
	if b.Kind != BoundDocument {
		b.Revision = ""
	}
	return nil
}

// boundRevision is the revision that a binding shows.
func boundRevision(ctx context.Context, r store.Reader, b Binding, as view.AsOf) (document.Revision, error) {
	if b.Revision == "" {
		return document.EffectiveAt(ctx, r, b.Target, as.Now)
	}
	v, err := document.RevisionOf(ctx, r, document.RevisionID(b.Revision))
	if err == nil && v.Code != b.Target {
		return v, problem.New(problem.Invalid, "the revision is of %s, not of %s", v.Code, b.Target)
	}
	return v, err
}

// bindingBody is the body of [KindBound] and [KindUnbound].
type bindingBody struct {
	ID       string `json:"binding"`
	Line     int    `json:"line"`
	Kind     Kind   `json:"kind"`
	Target   string `json:"target"`
	Revision string `json:"revision,omitempty"`
	Mark     string `json:"mark,omitempty"`
	Reason   string `json:"mark_reason,omitempty"`
}

func boundBody(b Binding) bindingBody {
	return bindingBody{ID: b.ID, Line: b.Line, Kind: b.Kind, Target: b.Target, Revision: b.Revision, Mark: b.Mark, Reason: b.MarkReason}
}

// Unbind takes a binding away.
func (s Inquiries) Unbind(ctx context.Context, inquiry, binding string) error {
	return s.change(ctx, inquiry, func(tx *store.Tx, i Inquiry) error {
		b, err := readBinding(ctx, tx, inquiry, binding)
		if err != nil {
			return err
		}
		if err := deleteBinding(ctx, tx, binding); err != nil {
			return err
		}
		return record(ctx, tx, KindUnbound, i, boundBody(b))
	})
}

// Close ends an inquiry.
func (s Inquiries) Close(ctx context.Context, inquiry, reason string) error {
	return s.setState(ctx, inquiry, InquiryClosed, reason)
}

// Reopen opens a closed inquiry again.
func (s Inquiries) Reopen(ctx context.Context, inquiry, reason string) error {
	return s.setState(ctx, inquiry, InquiryOpen, reason)
}

func (s Inquiries) setState(ctx context.Context, inquiry string, to InquiryState, reason string) error {
	if err := reasoned(reason); err != nil {
		return err
	}
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := readInquiry(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		if i.State == to {
			return problem.New(problem.Conflict, "the inquiry is %s already", to)
		}
		kind := KindReopened
		i.State, i.Closed, i.CloseReason = to, time.Time{}, ""
		if to == InquiryClosed {
			kind, i.Closed, i.CloseReason = KindClosed, tx.Now, reason
		}
		if err := updateInquiry(ctx, tx, i); err != nil {
			return err
		}
		return record(ctx, tx, kind, i, map[string]string{"reason": reason})
	})
}

// mayRead refuses an inquiry that lies outside of what the actor may see.
func mayRead(ctx context.Context, i Inquiry) error {
	s, err := store.ScopeOf(ctx, KindInquiryRead)
	if err != nil {
		return err
	}
	if !s.Covers(i.Site, i.Product) && !s.CoversInquiry(i.ID) {
		return problem.New(problem.NotFound, "there is no such inquiry")
	}
	return nil
}

// GetInquiry reads an inquiry. NotFound when it lies outside of what the actor may see.
func GetInquiry(ctx context.Context, r store.Reader, inquiry string) (Inquiry, error) {
	i, err := readInquiry(ctx, r, inquiry)
	if err != nil {
		return i, err
	}
	return i, mayRead(ctx, i)
}

// ListInquiries reads the inquiries that the actor may see, newest first.
func ListInquiries(ctx context.Context, r store.Reader) ([]Inquiry, error) {
	if _, err := store.ScopeOf(ctx, KindInquiryRead); err != nil {
		return nil, err
	}
	all, err := readInquiries(ctx, r)
	return slices.DeleteFunc(all, func(i Inquiry) bool { return mayRead(ctx, i) != nil }), err
}

// Lines reads the request list of an inquiry with what is bound to it.
func Lines(ctx context.Context, r store.Reader, inquiry string) ([]Line, error) {
	if _, err := GetInquiry(ctx, r, inquiry); err != nil {
		return nil, err
	}
	return boundLines(ctx, r, inquiry)
}

func boundLines(ctx context.Context, r store.Reader, inquiry string) ([]Line, error) {
	lines, err := readLines(ctx, r, inquiry)
	if err != nil {
		return nil, err
	}
	all, err := readBindings(ctx, r, inquiry)
	for _, b := range all {
		if n := b.Line - 1; n >= 0 && n < len(lines) {
			lines[n].Bindings = append(lines[n].Bindings, b)
		}
	}
	return lines, err
}
