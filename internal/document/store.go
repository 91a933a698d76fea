package document

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

const documentColumns = `d.id, d.code, d.content, d.title, d.level, d.parent, d.owner_role, d.audience, d.state, d.effective, d.working, d.newest,
	d.review_months, d.review_due, d.watch_due, d.inspectable, d.retired, d.retired_reason, d.successor, d.author, d.at`

func scanDocument(s store.Scanner) (Document, error) {
	var d Document
	var audience string
	var review, watch, retired, at int64
	err := s.Scan(&d.ID, &d.Code, &d.Content, &d.Title, &d.Level, &d.Parent, &d.OwnerRole, &audience, &d.State, &d.Effective, &d.Working, &d.Newest,
		&d.ReviewMonths, &review, &watch, &d.Inspectable, &retired, &d.RetireReason, &d.Successor, &d.Author, &at)
	for a := range strings.FieldsSeq(audience) {
		d.For = append(d.For, source.Audience(a))
	}
	d.ReviewDue, d.WatchDue, d.Retired, d.At = store.Time(review), store.Time(watch), store.Time(retired), store.Time(at)
	return d, err
}

func documentBy(ctx context.Context, r store.Reader, column, value string) (Document, error) {
	d, err := scanDocument(r.QueryRow(ctx, `SELECT `+documentColumns+` FROM document d WHERE d.`+column+` = $1`, value))
	if problem.KindOf(err) == problem.NotFound {
		return d, problem.New(problem.NotFound, "there is no document %s", value)
	}
	return d, err
}

// sortKey orders documents by level from the top, then by the number of their code: SOP-9 before SOP-14.
func sortKey(l source.Level, code string) string {
	prefix, number, _ := strings.Cut(code, "-")
	return fmt.Sprintf("%d%s-%06s", slices.Index(source.Levels, l)+1, prefix, number)
}

func insertDocument(ctx context.Context, tx *store.Tx, d Document) error {
	_, err := tx.Exec(ctx, `INSERT INTO document (id, code, sort, content, title, level, parent, owner_role, audience, state, effective, working, newest,
		review_months, review_due, watch_due, inspectable, retired, retired_reason, successor, author, at)
		VALUES ($1, $2, $3, $4, '', '', '', '', '', '', '', '', '', 0, 0, 0, FALSE, 0, '', '', $5, $6)`,
		string(d.ID), d.Code, sortKey(d.Level, d.Code), string(d.Content), d.Author, store.Micros(tx.Now))
	if problem.KindOf(err) == problem.Conflict {
		return problem.New(problem.Conflict, "the code %s is taken; a code is never used again", d.Code)
	}
	return err
}

// refresh repeats in the row of a document what its effective revision says, or its newest one while none was ever
// effective.
func refresh(ctx context.Context, tx *store.Tx, doc ID) error {
	d, err := documentBy(ctx, tx, "id", string(doc))
	if err != nil {
		return err
	}
	all, err := revisions(ctx, tx, ` WHERE r.document = $1 ORDER BY r.number`, string(doc))
	if err != nil {
		return err
	}
	d.Effective, d.Working = "", ""
	var shown Revision
	for _, r := range all {
		switch {
		case r.State == InForce:
			d.Effective, shown = r.ID, r
		case r.State.Working() && !r.Temporary:
			d.Working = r.ID
		}
		d.Newest = r.ID
	}
	newest := all[len(all)-1]
	switch {
	case d.Effective != "":
		d.State = InForce
	case !d.Retired.IsZero():
		d.State = Retired
	default:
		d.State = newest.State
	}
	if shown.ID == "" {
		shown = lastShown(all)
	}
	s, err := shown.Parsed()
	if err != nil {
		return fmt.Errorf("read revision %s: %w", shown.ID, err)
	}
	_, err = tx.Exec(ctx, `UPDATE document SET title = $1, level = $2, parent = $3, owner_role = $4, audience = $5, state = $6, effective = $7, working = $8,
		newest = $9, review_months = $10, watch_due = $11, sort = $12 WHERE id = $13`, s.Title, string(s.Level), s.Parent, string(s.OwnerRole), words(s.For), string(d.State),
		string(d.Effective), string(d.Working), string(d.Newest), s.ReviewMonths, store.Micros(shown.External.Watch), sortKey(s.Level, d.Code), string(doc))
	return err
}

// lastShown is the revision that was in force last, or the newest one when none was.
func lastShown(all []Revision) Revision {
	shown := all[len(all)-1]
	for _, r := range all {
		if r.Until.After(shown.Until) {
			shown = r
		}
	}
	return shown
}

func words[T ~string](all []T) string {
	out := make([]string, len(all))
	for i, v := range all {
		out[i] = string(v)
	}
	return strings.Join(out, " ")
}

const selectRevision = `SELECT r.id, r.document, d.code, d.content, r.number, r.label, r.state, r.version, r.round, r.title, e.source, e.file, e.file_name,
	e.file_size, e.file_text, e.edition, e.publisher, e.address, e.watch, r.content_hash, r.rendition, r.token, r.reason, r.change, r.base, r.planned,
	r.training_due, r.released_early, r.temporary, r.expires, COALESCE(f.since, 0), COALESCE(f.until, 0), r.author, r.author_name, r.at, r.changed, r.approved
	FROM revision r JOIN document d ON d.id = r.document JOIN revision_edit e ON e.revision = r.id AND e.version = r.version
	LEFT JOIN effective_range f ON f.revision = r.id AND f.since = (SELECT max(x.since) FROM effective_range x WHERE x.revision = r.id)`

func scanRevision(s store.Scanner) (Revision, error) {
	var r Revision
	var watch, planned, due, expires, since, until, at, changed, approved int64
	err := s.Scan(&r.ID, &r.Document, &r.Code, &r.Content, &r.Number, &r.Label, &r.State, &r.Version, &r.Round, &r.Title, &r.Source, &r.File.Digest, &r.File.Name,
		&r.File.Size, &r.File.Text, &r.External.Edition, &r.External.Publisher, &r.External.Address, &watch, &r.ContentHash, &r.Rendition, &r.Token, &r.Reason,
		&r.Change, &r.Base, &planned, &due, &r.ReleasedEarly, &r.Temporary, &expires, &since, &until, &r.Author, &r.AuthorName, &at, &changed, &approved)
	r.External.Watch, r.Planned, r.TrainingDue, r.Expires = store.Time(watch), store.Time(planned), store.Time(due), store.Time(expires)
	r.Since, r.Until, r.At, r.Changed, r.Approved = store.Time(since), store.Time(until), store.Time(at), store.Time(changed), store.Time(approved)
	return r, err
}

func revisions(ctx context.Context, r store.Reader, where string, args ...any) ([]Revision, error) {
	return store.All(ctx, r, scanRevision, selectRevision+where, args...)
}

func revision(ctx context.Context, r store.Reader, rid RevisionID) (Revision, error) {
	v, err := scanRevision(r.QueryRow(ctx, selectRevision+` WHERE r.id = $1`, string(rid)))
	if problem.KindOf(err) == problem.NotFound {
		return v, problem.New(problem.NotFound, "there is no such revision")
	}
	return v, err
}

// insertRevision adds a revision with the first version of its text.
func insertRevision(ctx context.Context, tx *store.Tx, v Revision) error {
	now := store.Micros(tx.Now)
	token, err := newToken()
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO revision (id, document, number, label, state, version, round, title, content_hash, rendition, token, reason, change, base,
		planned, training_due, released_early, temporary, expires, author, author_name, at, changed, approved)
		VALUES ($1, $2, $3, $4, $5, 0, 0, '', '', '', $14, $6, $7, $8, 0, 0, '', $9, $10, $11, $12, $13, $13, 0)`, string(v.ID), string(v.Document), v.Number, v.Label,
		string(v.State), v.Reason, v.Change, string(v.Base), v.Temporary, store.Micros(v.Expires), v.Author, v.AuthorName, now, token); err != nil {
		return err
	}
	return putText(ctx, tx, &v, v.Reason)
}

// putText saves the next version of a revision's text, which stands in v, and what the text refers to.
func putText(ctx context.Context, tx *store.Tx, v *Revision, reason string) error {
	parsed, err := v.Parsed()
	if err != nil {
		return err
	}
	who, err := Acting(ctx, tx)
	if err != nil {
		return err
	}
	v.Version++
	v.Title, v.Changed, v.ContentHash = parsed.Title, tx.Now, ContentHash(v.Content, v.Source, v.File, v.External)
	if _, err := tx.Exec(ctx, `INSERT INTO revision_edit (revision, version, source, content_hash, file, file_name, file_size, file_text, edition, publisher, address,
		watch, reason, author, author_name, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)`, string(v.ID), v.Version, v.Source,
		v.ContentHash, string(v.File.Digest), v.File.Name, v.File.Size, v.File.Text, v.External.Edition, v.External.Publisher, v.External.Address,
		store.Micros(v.External.Watch), reason, who.ID, who.Name, store.Micros(tx.Now)); err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `UPDATE revision SET version = $1, title = $2, content_hash = $3, changed = $4 WHERE id = $5`, v.Version, v.Title, v.ContentHash,
		store.Micros(tx.Now), string(v.ID)); err != nil {
		return err
	}
	return putUses(ctx, tx, v.ID, parsed)
}

func putUses(ctx context.Context, tx *store.Tx, rid RevisionID, d source.Document) error {
	if _, err := tx.Exec(ctx, `DELETE FROM document_use WHERE revision = $1`, string(rid)); err != nil {
		return err
	}
	for _, u := range usesOf(d) {
		if _, err := tx.Exec(ctx, `INSERT INTO document_use (revision, code, how) VALUES ($1, $2, $3) ON CONFLICT (revision, code, how) DO NOTHING`,
			string(rid), u.Code, u.How); err != nil {
			return err
		}
	}
	return nil
}
