package document

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// ChangeClass is how much a change asks for.
type ChangeClass string

// The closed list of classes.
const (
	EditorialChange ChangeClass = "editorial" // meaning does not change
	MinorChange     ChangeClass = "minor"
	MajorChange     ChangeClass = "major"
	EmergencyChange ChangeClass = "emergency"
)

// ChangeClasses lists every class.
func ChangeClasses() []ChangeClass {
	return []ChangeClass{EditorialChange, MinorChange, MajorChange, EmergencyChange}
}

// ChangeState is where a change request stands.
type ChangeState string

// The closed list of states.
const (
	ChangeOpen      ChangeState = "open"
	ChangeReleased  ChangeState = "released" // every document became effective, at one instant
	ChangeCancelled ChangeState = "cancelled"
)

// Impact is what a change means for the rest, each in words; "none" is an answer, nothing is not (ISO 13485 4.1.4, 7.3.9).
type Impact struct {
	Documents   string `json:"documents"`
	Devices     string `json:"devices"`
	Training    string `json:"training"`
	Submissions string `json:"submissions"`
	Validation  string `json:"validation"`
}

// Item is a document that a change request revises; all of them become effective together.
type Item struct {
	Code string
	Note string
}

// Change is a change request.
type Change struct {
	ID          string
	Title       string
	Reason      string
	Class       ChangeClass
	Impact      Impact
	NotifyOnly  bool   // those trained before need only be told
	Source      string // what it comes from: "run_…", a review, "" for none
	Items       []Item
	State       ChangeState
	Author      string
	AuthorName  string
	At          time.Time
	Closed      time.Time
	CloseReason string
}

func (c Change) validate() error {
	var l problem.List
	Need(&l, "title", c.Title, MaxName)
	Need(&l, "reason", c.Reason, MaxReason)
	if !slices.Contains(ChangeClasses(), c.Class) {
		l.Add("class", "must be editorial, minor, major or emergency")
	}
	if c.NotifyOnly && c.Class != EditorialChange && c.Class != MinorChange {
		l.Add("notify_only", "is for editorial and minor changes")
	}
	for _, f := range []struct{ path, text string }{{"documents", c.Impact.Documents}, {"devices", c.Impact.Devices}, {"training", c.Impact.Training},
		{"submissions", c.Impact.Submissions}, {"validation", c.Impact.Validation}} {
		Need(&l, "impact."+f.path, f.text, MaxReason)
	}
	if len(c.Items) == 0 || len(c.Items) > 100 {
		l.Add("items", "name from 1 to 100 documents")
	}
	for _, it := range c.Items {
		Clean(&l, "items", it.Note, MaxReason)
	}
	return l.Err("the change request is not valid")
}

// OpenChange opens a change request and returns its id.
func (l Library) OpenChange(ctx context.Context, c Change) (string, error) {
	var cid string
	err := l.DB.Update(ctx, func(tx *store.Tx) (err error) {
		cid, err = l.OpenChangeTx(ctx, tx, c)
		return err
	})
	return cid, err
}

// OpenChangeTx is [Library.OpenChange] within a transaction.
func (l Library) OpenChangeTx(ctx context.Context, tx *store.Tx, c Change) (string, error) {
	if err := c.validate(); err != nil {
		return "", err
	}
	who, err := Acting(ctx, tx)
	if err != nil {
		return "", err
	}
	if c.ID, err = id.New("chg"); err != nil {
		return "", err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO change_request (id, title, reason, class, state, on_documents, on_devices, on_training, on_submissions, on_validation,
		notify_only, source, author, author_name, at, closed, close_reason) VALUES ($1, $2, $3, $4, 'open', $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, 0, '')`,
		c.ID, c.Title, c.Reason, string(c.Class), c.Impact.Documents, c.Impact.Devices, c.Impact.Training, c.Impact.Submissions, c.Impact.Validation, c.NotifyOnly,
		c.Source, who.ID, who.Name, store.Micros(tx.Now)); err != nil {
		return "", err
	}
	if err := putItems(ctx, tx, c); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindChangeOpened, Subject: c.ID, Body: changeBody(c)})
	return c.ID, err
}

// ChangeNoted is the body of [KindChangeOpened], [KindChangeEdited] and [KindChangeClosed].
type ChangeNoted struct {
	Title      string      `json:"title"`
	Class      ChangeClass `json:"class,omitempty"`
	Codes      []string    `json:"codes,omitempty"`
	Impact     *Impact     `json:"impact,omitempty"`
	NotifyOnly bool        `json:"notify_only,omitempty"`
	Source     string      `json:"source,omitempty"`
	State      ChangeState `json:"state,omitempty"`
	Reason     string      `json:"reason"`
}

func changeBody(c Change) ChangeNoted {
	codes := make([]string, len(c.Items))
	for i, it := range c.Items {
		codes[i] = it.Code
	}
	return ChangeNoted{Title: c.Title, Class: c.Class, Codes: codes, Impact: &c.Impact, NotifyOnly: c.NotifyOnly, Source: c.Source, State: ChangeOpen, Reason: c.Reason}
}

func putItems(ctx context.Context, tx *store.Tx, c Change) error {
	if _, err := tx.Exec(ctx, `DELETE FROM change_item WHERE change = $1`, c.ID); err != nil {
		return err
	}
	for _, it := range c.Items {
		if _, err := documentBy(ctx, tx, "code", it.Code); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO change_item (change, code, note) VALUES ($1, $2, $3)`, c.ID, it.Code, it.Note); err != nil {
			if problem.KindOf(err) == problem.Conflict {
				return problem.New(problem.Invalid, "%s is named twice", it.Code)
			}
			return err
		}
	}
	return nil
}

// EditChange replaces what an open change request says. Decisions about its revisions are void: they were made knowing
// another impact (PRD-06).
func (l Library) EditChange(ctx context.Context, c Change) error {
	if err := c.validate(); err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		was, err := change(ctx, tx, c.ID)
		if err != nil {
			return err
		}
		if was.State != ChangeOpen {
			return problem.New(problem.Conflict, "the change request is %s", was.State)
		}
		mine, err := revisions(ctx, tx, ` WHERE r.change = $1 ORDER BY r.id`, c.ID)
		if err != nil {
			return err
		}
		for _, v := range mine {
			if v.State == InTraining || v.State == Frozen || v.State == InApproval {
				return problem.New(problem.Conflict, "%s %s is %s; send it back first", v.Code, v.Label, v.State.word())
			}
			if v.State.Working() && !slices.ContainsFunc(c.Items, func(it Item) bool { return it.Code == v.Code }) {
				return problem.New(problem.Conflict, "a revision of %s belongs to this change request", v.Code)
			}
			if _, err := void(ctx, tx, v.ID, "the change request was edited"); err != nil {
				return err
			}
		}
		if _, err := tx.Exec(ctx, `UPDATE change_request SET title = $1, reason = $2, class = $3, on_documents = $4, on_devices = $5, on_training = $6, on_submissions = $7,
			on_validation = $8, notify_only = $9 WHERE id = $10`, c.Title, c.Reason, string(c.Class), c.Impact.Documents, c.Impact.Devices, c.Impact.Training,
			c.Impact.Submissions, c.Impact.Validation, c.NotifyOnly, c.ID); err != nil {
			return err
		}
		if err := putItems(ctx, tx, c); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindChangeEdited, Subject: c.ID, Body: struct {
			Before ChangeNoted `json:"before"`
			After  ChangeNoted `json:"after"`
		}{changeBody(was), changeBody(c)}})
		return err
	})
}

// CancelChange ends a change request none of whose revisions is on its way.
func (l Library) CancelChange(ctx context.Context, cid, reason string) error {
	if err := Reasoned(reason); err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		mine, err := revisions(ctx, tx, ` WHERE r.change = $1 ORDER BY r.id`, cid)
		if err != nil {
			return err
		}
		for _, v := range mine {
			if v.State.Working() {
				return problem.New(problem.Conflict, "revision %s of %s belongs to it; reject that first", v.Label, v.Code)
			}
		}
		return closeChange(ctx, tx, cid, ChangeCancelled, reason)
	})
}

func closeChange(ctx context.Context, tx *store.Tx, cid string, to ChangeState, reason string) error {
	c, err := change(ctx, tx, cid)
	if err != nil {
		return err
	}
	if c.State != ChangeOpen {
		return problem.New(problem.Conflict, "the change request is %s already", c.State)
	}
	if _, err := tx.Exec(ctx, `UPDATE change_request SET state = $1, closed = $2, close_reason = $3 WHERE id = $4`, string(to), store.Micros(tx.Now), reason, cid); err != nil {
		return err
	}
	body := changeBody(c)
	body.State, body.Reason, body.Impact = to, reason, nil
	_, err = tx.Record(ctx, store.Event{Kind: KindChangeClosed, Subject: cid, Body: body})
	return err
}

// coveredBy refuses a change request that is closed or does not name the document.
func coveredBy(ctx context.Context, r store.Reader, cid, code string) error {
	c, err := change(ctx, r, cid)
	if err != nil {
		return err
	}
	if c.State != ChangeOpen || !slices.ContainsFunc(c.Items, func(it Item) bool { return it.Code == code }) {
		return problem.New(problem.Invalid, "the change request is not open, or does not name %s", code)
	}
	return nil
}

// notifyOnly reports whether the change request of a revision says that telling people is enough.
func notifyOnly(ctx context.Context, r store.Reader, cid string) (bool, error) {
	if cid == "" {
		return false, nil
	}
	c, err := change(ctx, r, cid)
	return c.NotifyOnly, err
}

const changeColumns = `id, title, reason, class, state, on_documents, on_devices, on_training, on_submissions, on_validation, notify_only, source, author, author_name, at,
	closed, close_reason`

func scanChange(s store.Scanner) (Change, error) {
	var c Change
	var at, closed int64
	err := s.Scan(&c.ID, &c.Title, &c.Reason, &c.Class, &c.State, &c.Impact.Documents, &c.Impact.Devices, &c.Impact.Training, &c.Impact.Submissions,
		&c.Impact.Validation, &c.NotifyOnly, &c.Source, &c.Author, &c.AuthorName, &at, &closed, &c.CloseReason)
	c.At, c.Closed = store.Time(at), store.Time(closed)
	return c, err
}

// readItems fills the documents of change requests.
func readItems(ctx context.Context, r store.Reader, all []Change) (err error) {
	for i := range all {
		if all[i].Items, err = store.All(ctx, r, func(s store.Scanner) (it Item, err error) { return it, s.Scan(&it.Code, &it.Note) },
			`SELECT code, note FROM change_item WHERE change = $1 ORDER BY code`, all[i].ID); err != nil {
			return err
		}
	}
	return nil
}

func change(ctx context.Context, r store.Reader, cid string) (Change, error) {
	c, err := scanChange(r.QueryRow(ctx, `SELECT `+changeColumns+` FROM change_request WHERE id = $1`, cid))
	if problem.KindOf(err) == problem.NotFound {
		return c, problem.New(problem.NotFound, "there is no such change request")
	}
	if err != nil {
		return c, err
	}
	all := []Change{c}
	err = readItems(ctx, r, all)
	return all[0], err
}

// ChangeOf reads a change request.
func ChangeOf(ctx context.Context, r store.Reader, cid string) (Change, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Change{}, err
	}
	return change(ctx, r, cid)
}

// ChangeQuery chooses change requests. Zero fields do not restrict.
type ChangeQuery struct {
	State ChangeState
	Class ChangeClass
	Code  string // of a document that they name
	Sort  string // of [ChangeSorts]; "" is the newest first
	After string // Next of the page before
	Limit int    // at most 1,000; 0 means 50
}

// ChangeSorts are the orders of the list of change requests.
func ChangeSorts() store.Sorts {
	id := store.ByText("id")
	return store.Sorts{"at": {store.ByNumber("at"), id}, "title": {store.ByText("title"), id}, "class": {store.ByText("class"), id}, "state": {store.ByText("state"), store.ByNumber("at"), id}}
}

func (q ChangeQuery) where() store.Where {
	var w store.Where
	if q.State != "" {
		w.And("state = ?", string(q.State))
	}
	if q.Class != "" {
		w.And("class = ?", string(q.Class))
	}
	if q.Code != "" {
		w.And("id IN (SELECT change FROM change_item WHERE code = ?)", q.Code)
	}
	return w
}

// Changes reads a page of change requests.
func Changes(ctx context.Context, r store.Reader, q ChangeQuery) (store.Page[Change], error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return store.Page[Change]{}, err
	}
	sort, err := ChangeSorts().Named(q.Sort, "-at")
	if err != nil {
		return store.Page[Change]{}, err
	}
	p, err := store.List(ctx, r, store.Listing{Columns: changeColumns, From: "change_request", Where: q.where(), Sort: sort, After: q.After, Limit: q.Limit}, scanChange)
	if err == nil {
		err = readItems(ctx, r, p.Items)
	}
	return p, err
}

// CountChanges counts the change requests that a query chooses, up to 10,000.
func CountChanges(ctx context.Context, r store.Reader, q ChangeQuery) (int, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return 0, err
	}
	return store.CountUpTo(ctx, r, "change_request", q.where(), 10_000)
}

// RevisionsOfChange reads the revisions that belong to a change request, by code.
func RevisionsOfChange(ctx context.Context, r store.Reader, cid string) ([]Revision, error) {
	if _, err := ChangeOf(ctx, r, cid); err != nil {
		return nil, err
	}
	return revisions(ctx, r, ` WHERE r.change = $1 ORDER BY d.sort, r.number`, cid)
}

// AwaitingRelease says in words what the documents of an open change request still wait for, by code; empty when all of
// them can become effective.
func (l Library) AwaitingRelease(ctx context.Context, r store.Reader, cid string) (map[string]string, error) {
	c, err := ChangeOf(ctx, r, cid)
	if err != nil {
		return nil, err
	}
	mine, err := revisions(ctx, r, ` WHERE r.change = $1 ORDER BY r.number`, cid)
	if err != nil {
		return nil, err
	}
	out := map[string]string{}
	for _, it := range c.Items {
		out[it.Code] = "its revision"
	}
	for _, v := range mine {
		switch v.State {
		case InForce:
			delete(out, v.Code)
		case InTraining:
			why, err := l.waitsFor(ctx, r, v, l.DB.Now())
			if err != nil {
				return nil, err
			}
			delete(out, v.Code)
			if why != "" && !strings.HasPrefix(why, "the other documents") {
				out[v.Code] = why
			}
		default:
			if v.State.Working() {
				out[v.Code] = "approval"
			}
		}
	}
	return out, nil
}
