package document

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// New is a document to be added.
type New struct {
	Content Content
	Text
	Inspectable bool
	Products    []string // models whose device file it belongs to
}

// Create adds a document with the draft of its first revision; its code is the one in the text. Conflict when the code was
// ever used.
func (l Library) Create(ctx context.Context, n New) (RevisionID, error) {
	d, err := n.read(n.Content)
	if err != nil {
		return "", err
	}
	var rid RevisionID
	err = l.DB.Update(ctx, func(tx *store.Tx) error {
		rid, err = CreateTx(ctx, tx, n)
		return err
	})
	if err != nil {
		return "", problem.About(err, "add document %s", d.Code)
	}
	return rid, nil
}

// CreateTx is [Library.Create] within a transaction.
func CreateTx(ctx context.Context, tx *store.Tx, n New) (RevisionID, error) {
	s, err := n.read(n.Content)
	if err != nil {
		return "", err
	}
	who, err := Acting(ctx, tx)
	if err != nil {
		return "", err
	}
	did, err := id.New("doc")
	if err != nil {
		return "", err
	}
	d := Document{ID: ID(did), Code: s.Code, Content: n.Content, Author: who.ID}
	if err := insertDocument(ctx, tx, d); err != nil {
		return "", err
	}
	rid, err := id.New("rev")
	if err != nil {
		return "", err
	}
	v := Revision{ID: RevisionID(rid), Document: d.ID, Code: d.Code, Content: n.Content, Number: 1, Label: "1.0", State: Draft, Source: n.Source, File: n.File,
		External: n.External, Reason: n.Reason, Author: who.ID, AuthorName: who.Name}
	if err := insertRevision(ctx, tx, v); err != nil {
		return "", err
	}
	if err := PutClasses(ctx, tx, d.ID, Classes{n.Inspectable, n.Products}); err != nil {
		return "", err
	}
	if err := refresh(ctx, tx, d.ID); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindCreated, Subject: did, Body: Created{AboutOf(v), n.Content, s.Level, s.Title,
		ContentHash(n.Content, n.Source, n.File, n.External), n.Reason}})
	return v.ID, err
}

// Opening is a revision to be begun.
type Opening struct {
	Code   string
	Base   RevisionID // whose content it begins with; "" is the effective one, else the newest. An old one is a rollback
	Change string     // change request, "" for none
	Reason string
	Size   Size
}

// Size is how much a revision changes.
type Size string

// The closed list of sizes: 1.0 becomes 2.0 or 1.1.
const (
	Major Size = "major"
	Minor Size = "minor"
)

// Open begins the next revision of a document. Conflict while another one is on its way, or when the document is retired.
func (l Library) Open(ctx context.Context, o Opening) (RevisionID, error) {
	if err := Reasoned(o.Reason); err != nil {
		return "", err
	}
	var rid RevisionID
	err := l.DB.Update(ctx, func(tx *store.Tx) (err error) {
		rid, err = OpenTx(ctx, tx, o)
		return err
	})
	if err != nil {
		return "", problem.About(err, "revise %s", o.Code)
	}
	return rid, nil
}

// OpenTx is [Library.Open] within a transaction.
func OpenTx(ctx context.Context, tx *store.Tx, o Opening) (RevisionID, error) {
	d, err := documentBy(ctx, tx, "code", o.Code)
	if err != nil {
		return "", err
	}
	if d.Working != "" {
		return "", problem.New(problem.Conflict, "a revision is on its way already; finish or reject it first")
	}
	if o.Change != "" {
		if err := coveredBy(ctx, tx, o.Change, o.Code); err != nil {
			return "", err
		}
	}
	v, err := nextRevision(ctx, tx, d, o)
	if err != nil {
		return "", err
	}
	if err := insertRevision(ctx, tx, v); err != nil {
		return "", err
	}
	if err := refresh(ctx, tx, d.ID); err != nil {
		return "", err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindRevisionOpened, Subject: string(d.ID), Body: RevisionOpened{AboutOf(v), v.Base, v.Change,
		ContentHash(v.Content, v.Source, v.File, v.External), v.Reason}})
	return v.ID, err
}

// nextRevision prepares a draft with the content of its base.
func nextRevision(ctx context.Context, tx *store.Tx, d Document, o Opening) (Revision, error) {
	if !d.Retired.IsZero() {
		return Revision{}, problem.New(problem.Conflict, "%s is retired", d.Code)
	}
	base, err := revision(ctx, tx, cmp.Or(o.Base, d.Effective, d.Newest))
	if err != nil {
		return Revision{}, err
	}
	if base.Temporary && o.Size != temporary && o.Base == "" { // what it stands in for
		if base, err = revision(ctx, tx, base.Base); err != nil {
			return Revision{}, err
		}
	}
	if base.Document != d.ID {
		return Revision{}, problem.New(problem.Invalid, "the base is a revision of %s", base.Code)
	}
	who, err := Acting(ctx, tx)
	if err != nil {
		return Revision{}, err
	}
	labels, err := store.All(ctx, tx, store.Value[string], `SELECT label FROM revision WHERE document = $1 ORDER BY number`, string(d.ID))
	if err != nil {
		return Revision{}, err
	}
	rid, err := id.New("rev")
	if err != nil {
		return Revision{}, err
	}
	return Revision{ID: RevisionID(rid), Document: d.ID, Code: d.Code, Content: d.Content, Number: len(labels) + 1, Label: nextLabel(labels, o.Size), State: Draft,
		Source: base.Source, File: base.File, External: base.External, Reason: o.Reason, Change: o.Change, Base: base.ID, Author: who.ID, AuthorName: who.Name}, nil
}

// temporary is the size of a temporary instruction: 2.0 gets 2.0-T1.
const temporary Size = "temporary"

func nextLabel(labels []string, size Size) string {
	major, minor, temp := 0, 0, 0
	for _, l := range labels {
		var a, b, t int
		if n, _ := fmt.Sscanf(l, "%d.%d-T%d", &a, &b, &t); n < 2 {
			continue
		}
		if a > major || a == major && b > minor {
			major, minor = a, b
		}
		temp = max(temp, t)
	}
	switch size {
	case temporary:
		return fmt.Sprintf("%d.%d-T%d", major, minor, temp+1)
	case Minor:
		return fmt.Sprintf("%d.%d", major, minor+1)
	}
	return fmt.Sprintf("%d.0", major+1)
}

// Edit is one saving of a text.
type Edit struct {
	Revision RevisionID
	Version  int // that the editor began with
	Text
}

// EditConflict says that somebody else saved meanwhile. Nothing was changed; both texts are here.
type EditConflict struct {
	Mine       string
	Theirs     string
	Version    int // of theirs
	By         string
	At         time.Time
	Compatible *problem.Error
}

func (e *EditConflict) Error() string { return e.Compatible.Error() }

// Unwrap makes it a Conflict for who only asks for the kind.
func (e *EditConflict) Unwrap() error { return e.Compatible }

// Save keeps the next version of a text. It voids every decision about the one before, and takes a revision that is under
// review or approval back to [ChangesRequested]. [*EditConflict] when somebody else saved since Version.
func (l Library) Save(ctx context.Context, e Edit) (Revision, error) {
	var v Revision
	err := l.DB.Update(ctx, func(tx *store.Tx) (err error) {
		v, err = SaveTx(ctx, tx, e)
		return err
	})
	return v, err
}

// SaveTx is [Library.Save] within a transaction.
func SaveTx(ctx context.Context, tx *store.Tx, e Edit) (Revision, error) {
	v, err := revision(ctx, tx, e.Revision)
	if err != nil {
		return v, err
	}
	s, err := e.read(v.Content)
	if err != nil {
		return v, err
	}
	if s.Code != v.Code {
		return v, problem.New(problem.Invalid, "the code of a document is immutable: it is %s, the text says %s", v.Code, s.Code)
	}
	if !v.State.Open() {
		return v, problem.New(problem.Conflict, "a revision that is %s cannot be edited; begin a new one", v.State.word())
	}
	if e.Version != v.Version {
		last, err := lastEdit(ctx, tx, v.ID)
		if err != nil {
			return v, err
		}
		return v, &EditConflict{Mine: e.Source, Theirs: v.Source, Version: v.Version, By: last.Name, At: last.At,
			Compatible: problem.New(problem.Conflict, "%s saved another version meanwhile; compare both and save again", last.Name)}
	}
	before := v.ContentHash
	v.Source, v.File, v.External = e.Source, e.File, e.External
	if ContentHash(v.Content, v.Source, v.File, v.External) == before && v.External.Watch.Equal(e.External.Watch) {
		return v, nil
	}
	if err := putText(ctx, tx, &v, e.Reason); err != nil {
		return v, err
	}
	voided, err := void(ctx, tx, v.ID, "the text was edited")
	if err != nil {
		return v, err
	}
	if v.State != Draft && v.State != ChangesRequested {
		if err := setState(ctx, tx, &v, ChangesRequested); err != nil {
			return v, err
		}
	}
	if err := refresh(ctx, tx, v.Document); err != nil {
		return v, err
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindEdited, Subject: string(v.Document), Body: Edited{AboutOf(v), v.Version, before, v.ContentHash, voided,
		strings.TrimSpace(e.Reason)}})
	return v, err
}

// setState moves a revision and forgets a rendition that is not that of its content any more.
func setState(ctx context.Context, tx *store.Tx, v *Revision, to State) error {
	if err := allowed(v.State, to); err != nil {
		return err
	}
	v.State = to
	if to == ChangesRequested {
		v.Rendition = ""
	}
	_, err := tx.Exec(ctx, `UPDATE revision SET state = $1, rendition = $2 WHERE id = $3`, string(to), string(v.Rendition), string(v.ID))
	return err
}

// void voids every decision about a revision that still counts, and returns how many.
func void(ctx context.Context, tx *store.Tx, rid RevisionID, reason string) (int, error) {
	n, err := tx.Exec(ctx, `UPDATE revision_decision SET voided = $1, void_reason = $2 WHERE revision = $3 AND voided = 0`, store.Micros(tx.Now), reason, string(rid))
	return int(n), err
}

// Saved is one saved version of a text.
type Saved struct {
	Version     int
	Source      string
	ContentHash string
	Reason      string
	Account     string
	Name        string
	At          time.Time
}

const selectEdit = `SELECT version, source, content_hash, reason, author, author_name, at FROM revision_edit`

func scanEdit(s store.Scanner) (Saved, error) {
	var e Saved
	var at int64
	err := s.Scan(&e.Version, &e.Source, &e.ContentHash, &e.Reason, &e.Account, &e.Name, &at)
	e.At = store.Time(at)
	return e, err
}

func lastEdit(ctx context.Context, r store.Reader, rid RevisionID) (Saved, error) {
	return scanEdit(r.QueryRow(ctx, selectEdit+` WHERE revision = $1 ORDER BY version DESC LIMIT 1`, string(rid)))
}
