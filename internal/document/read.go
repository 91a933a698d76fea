package document

import (
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

func mayRead(ctx context.Context, r store.Reader, doc ID) error {
	s, err := store.ScopeOf(ctx, KindRead)
	if err != nil || s.All {
		return err
	}
	products, err := productsOf(ctx, r, doc)
	if err != nil {
		return err
	}
	for _, p := range products {
		if s.Covers("", p) {
			return nil
		}
	}
	return problem.New(problem.Forbidden, "your role does not cover this document")
}

// Get reads a document.
func Get(ctx context.Context, r store.Reader, doc ID) (Document, error) {
	return got(ctx, r, "id", string(doc))
}

// ByCode reads the document of a code.
func ByCode(ctx context.Context, r store.Reader, code string) (Document, error) {
	return got(ctx, r, "code", code)
}

func got(ctx context.Context, r store.Reader, column, value string) (Document, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Document{}, err
	}
	d, err := documentBy(ctx, r, column, value)
	if err != nil {
		return d, err
	}
	return d, mayRead(ctx, r, d.ID)
}

// Query chooses documents. Zero fields do not restrict, but retired documents come only when their state is asked for.
type Query struct {
	Level     source.Level
	State     State
	OwnerRole source.Function
	For       source.Audience
	Content   Content
	Product   string
	Parent    string    // code: the documents right below it
	Overdue   time.Time // only those whose review or watch was due before
	Text      string    // words of code or title, in any case
	Sort      string    // of [Sorts]; "" is by code
	After     string    // Next of the page before
	Limit     int       // at most 1,000; 0 means 50
}

// Sorts are the orders of the library.
func Sorts() store.Sorts {
	code, id := store.ByText("d.sort"), store.ByText("d.id")
	return store.Sorts{"code": {code, id}, "title": {store.ByText("d.title"), id}, "owner": {store.ByText("d.owner_role"), code, id},
		"state": {store.ByText("d.state"), code, id}, "review": {store.ByNumber("d.review_due"), id}}
}

// Page is a page of documents.
type Page = store.Page[Document]

// Documents reads a page of documents.
func Documents(ctx context.Context, r store.Reader, q Query) (Page, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Page{}, err
	}
	w := q.where()
	if !scope.All {
		if len(scope.Products) == 0 {
			return Page{}, nil
		}
		marks := make([]any, len(scope.Products))
		for i, p := range scope.Products {
			marks[i] = p
		}
		w.And(`EXISTS (SELECT 1 FROM document_product p WHERE p.document = d.id AND p.product IN (?`+strings.Repeat(", ?", len(marks)-1)+`))`, marks...)
	}
	sort, err := Sorts().Named(q.Sort, "code")
	if err != nil {
		return Page{}, err
	}
	return store.List(ctx, r, store.Listing{Columns: documentColumns, From: "document d", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanDocument)
}

// Count counts the documents that a query chooses, up to 10,000. It needs a scope over everything, and is 0 without.
func Count(ctx context.Context, r store.Reader, q Query) (int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil || !scope.All {
		return 0, err
	}
	return store.CountUpTo(ctx, r, "document d", q.where(), 10_000)
}

func (q Query) where() store.Where {
	var w store.Where
	for _, c := range []struct{ column, value string }{{"d.level", string(q.Level)}, {"d.state", string(q.State)}, {"d.owner_role", string(q.OwnerRole)},
		{"d.content", string(q.Content)}, {"d.parent", q.Parent}} {
		if c.value != "" {
			w.And(c.column+" = ?", c.value)
		}
	}
	if q.State == "" {
		w.And("d.retired = 0")
	}
	if q.For != "" {
		w.And("(d.audience = '' OR ' ' || d.audience || ' ' LIKE ?)", "% "+string(q.For)+" %")
	}
	if q.Product != "" {
		w.And("EXISTS (SELECT 1 FROM document_product p WHERE p.document = d.id AND p.product = ?)", q.Product)
	}
	if !q.Overdue.IsZero() {
		at := store.Micros(q.Overdue)
		w.And("(d.review_due > 0 AND d.review_due < ? OR d.watch_due > 0 AND d.watch_due < ?)", at, at)
	}
	for word := range strings.FieldsSeq(q.Text) {
		w.And("lower(d.code || ' ' || d.title) LIKE ?", "%"+strings.NewReplacer("%", "", "_", "").Replace(strings.ToLower(word))+"%")
	}
	return w
}

// Revisions reads every revision of a document, the newest first.
func Revisions(ctx context.Context, r store.Reader, doc ID) ([]Revision, error) {
	if _, err := Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return revisions(ctx, r, ` WHERE r.document = $1 ORDER BY r.number DESC`, string(doc))
}

// RevisionOf reads one revision.
func RevisionOf(ctx context.Context, r store.Reader, rid RevisionID) (Revision, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Revision{}, err
	}
	v, err := revision(ctx, r, rid)
	if err != nil {
		return v, err
	}
	return v, mayRead(ctx, r, v.Document)
}

// OnTheirWay reads the revisions that somebody has to work on: those on their way, and temporary instructions that nobody
// reviewed in full yet. Those that the actor may not read are left out.
func OnTheirWay(ctx context.Context, r store.Reader) ([]Revision, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	all, err := revisions(ctx, r, ` WHERE r.state IN ('draft', 'in_review', 'changes_requested', 'frozen', 'in_approval', 'in_training')
		OR r.temporary AND r.approved > 0 AND NOT EXISTS (SELECT 1 FROM revision_decision x WHERE x.revision = r.id AND x.stage = 'after_the_fact' AND x.voided = 0)
		ORDER BY r.changed, r.id`)
	return slices.DeleteFunc(all, func(v Revision) bool { return mayRead(ctx, r, v.Document) != nil }), err
}

// ByLabel reads a revision of a document by its label ("2.0").
func ByLabel(ctx context.Context, r store.Reader, code, label string) (Revision, error) {
	d, err := ByCode(ctx, r, code)
	if err != nil {
		return Revision{}, err
	}
	all, err := revisions(ctx, r, ` WHERE r.document = $1 AND r.label = $2`, string(d.ID), label)
	if err != nil {
		return Revision{}, err
	}
	if len(all) == 0 {
		return Revision{}, problem.New(problem.NotFound, "%s has no revision %s", code, label)
	}
	return all[0], nil
}

// Effective reads the revision that is in force; NotFound when none is.
func Effective(ctx context.Context, r store.Reader, code string) (Revision, error) {
	return inForce(ctx, r, code, `f.until = 0`)
}

// EffectiveAt reads the revision that was in force at an instant; NotFound when none was.
func EffectiveAt(ctx context.Context, r store.Reader, code string, at time.Time) (Revision, error) {
	return inForce(ctx, r, code, `f.since <= $2 AND (f.until = 0 OR f.until > $2)`, store.Micros(at))
}

func inForce(ctx context.Context, r store.Reader, code, when string, args ...any) (Revision, error) {
	d, err := ByCode(ctx, r, code)
	if err != nil {
		return Revision{}, err
	}
	var rid RevisionID
	err = r.QueryRow(ctx, `SELECT f.revision FROM effective_range f WHERE f.document = $1 AND `+when, append([]any{string(d.ID)}, args...)...).Scan(&rid)
	if problem.KindOf(err) == problem.NotFound {
		return Revision{}, problem.New(problem.NotFound, "no revision of %s is in force then", code)
	}
	if err != nil {
		return Revision{}, err
	}
	return revision(ctx, r, rid)
}

// Range is a time in which a revision was in force: [Since, Until), Until zero while it is.
type Range struct {
	Revision     RevisionID
	Label        string
	Since, Until time.Time
	Ended        string // why it ended: the new state of the revision
}

// Ranges reads when which revision of a document was in force, oldest first.
func Ranges(ctx context.Context, r store.Reader, doc ID) ([]Range, error) {
	if _, err := Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Range, error) {
		var v Range
		var since, until int64
		err := s.Scan(&v.Revision, &v.Label, &since, &until, &v.Ended)
		v.Since, v.Until = store.Time(since), store.Time(until)
		return v, err
	}, `SELECT f.revision, r.label, f.since, f.until, f.ended FROM effective_range f JOIN revision r ON r.id = f.revision WHERE f.document = $1 ORDER BY f.since`,
		string(doc))
}

// Edits reads every saved version of a revision's text, oldest first.
func Edits(ctx context.Context, r store.Reader, rid RevisionID) ([]Saved, error) {
	if _, err := RevisionOf(ctx, r, rid); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanEdit, selectEdit+` WHERE revision = $1 ORDER BY version`, string(rid))
}
