package assurance

import (
	"context"

	"triward/internal/problem"
	"triward/internal/store"
)

const inquiryColumns = `id, title, authority, reference, product, site, as_of, due, state, author, author_name, at, closed, close_reason, secret`

func insertInquiry(ctx context.Context, tx *store.Tx, i Inquiry) error {
	_, err := tx.Exec(ctx, `INSERT INTO inquiry (`+inquiryColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`, i.ID, i.Title, i.Authority,
		i.Reference, i.Product, i.Site, store.Micros(i.AsOf), store.Micros(i.Due), string(i.State), i.Author, i.AuthorName, store.Micros(i.At), store.Micros(i.Closed), i.CloseReason, i.secret)
	return err
}

func updateInquiry(ctx context.Context, tx *store.Tx, i Inquiry) error {
	_, err := tx.Exec(ctx, `UPDATE inquiry SET title = $1, authority = $2, reference = $3, as_of = $4, due = $5, state = $6, closed = $7, close_reason = $8 WHERE id = $9`,
		i.Title, i.Authority, i.Reference, store.Micros(i.AsOf), store.Micros(i.Due), string(i.State), store.Micros(i.Closed), i.CloseReason, i.ID)
	return err
}

func scanInquiry(s store.Scanner) (Inquiry, error) {
	var i Inquiry
	var asOf, due, at, closed int64
	err := s.Scan(&i.ID, &i.Title, &i.Authority, &i.Reference, &i.Product, &i.Site, &asOf, &due, &i.State, &i.Author, &i.AuthorName, &at, &closed, &i.CloseReason, &i.secret)
	i.AsOf, i.Due, i.At, i.Closed = store.Time(asOf), store.Time(due), store.Time(at), store.Time(closed)
	return i, err
}

func readInquiry(ctx context.Context, r store.Reader, inquiry string) (Inquiry, error) {
	i, err := scanInquiry(r.QueryRow(ctx, `SELECT `+inquiryColumns+` FROM inquiry WHERE id = $1`, inquiry))
	if problem.KindOf(err) == problem.NotFound {
		return i, problem.New(problem.NotFound, "there is no such inquiry")
	}
	return i, err
}

func readInquiries(ctx context.Context, r store.Reader) ([]Inquiry, error) {
	return store.All(ctx, r, scanInquiry, `SELECT `+inquiryColumns+` FROM inquiry ORDER BY at DESC, id DESC`)
}

func putLine(ctx context.Context, tx *store.Tx, inquiry string, l Line) error {
	_, err := tx.Exec(ctx, `INSERT INTO inquiry_line (inquiry, number, text, answer) VALUES ($1, $2, $3, $4)
		ON CONFLICT (inquiry, number) DO UPDATE SET answer = excluded.answer`, inquiry, l.Number, l.Text, l.Answer)
	return err
}

func scanLine(s store.Scanner) (l Line, err error) { return l, s.Scan(&l.Number, &l.Text, &l.Answer) }

func readLines(ctx context.Context, r store.Reader, inquiry string) ([]Line, error) {
	return store.All(ctx, r, scanLine, `SELECT number, text, answer FROM inquiry_line WHERE inquiry = $1 ORDER BY number`, inquiry)
}

func readLine(ctx context.Context, r store.Reader, inquiry string, line int) (Line, error) {
	l, err := scanLine(r.QueryRow(ctx, `SELECT number, text, answer FROM inquiry_line WHERE inquiry = $1 AND number = $2`, inquiry, line))
	if problem.KindOf(err) == problem.NotFound {
		return l, problem.New(problem.NotFound, "the inquiry has no line %d", line)
	}
	return l, err
}

const bindingColumns = `id, line, kind, target, title, revision, mark, mark_reason, author, at`

func scanBinding(s store.Scanner) (Binding, error) {
	var b Binding
	var at int64
	err := s.Scan(&b.ID, &b.Line, &b.Kind, &b.Target, &b.Title, &b.Revision, &b.Mark, &b.MarkReason, &b.Author, &at)
	b.At = store.Time(at)
	return b, err
}

func insertBinding(ctx context.Context, tx *store.Tx, inquiry string, b Binding) error {
	_, err := tx.Exec(ctx, `INSERT INTO inquiry_binding (`+bindingColumns+`, inquiry) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11)`, b.ID, b.Line, string(b.Kind), b.Target,
		b.Title, b.Revision, b.Mark, b.MarkReason, b.Author, store.Micros(b.At), inquiry)
	return err
}

func readBindings(ctx context.Context, r store.Reader, inquiry string) ([]Binding, error) {
	return store.All(ctx, r, scanBinding, `SELECT `+bindingColumns+` FROM inquiry_binding WHERE inquiry = $1 ORDER BY line, id`, inquiry)
}

func readBinding(ctx context.Context, r store.Reader, inquiry, binding string) (Binding, error) {
	return scanBinding(r.QueryRow(ctx, `SELECT `+bindingColumns+` FROM inquiry_binding WHERE inquiry = $1 AND id = $2`, inquiry, binding))
}

func deleteBinding(ctx context.Context, tx *store.Tx, binding string) error {
	_, err := tx.Exec(ctx, `DELETE FROM inquiry_binding WHERE id = $1`, binding)
	return err
}

func countBindings(ctx context.Context, r store.Reader, inquiry string) (n int, err error) {
	return n, r.QueryRow(ctx, `SELECT count(*) FROM inquiry_binding WHERE inquiry = $1`, inquiry).Scan(&n)
}

func scanVisitor(s store.Scanner) (Visitor, error) {
	var v Visitor
	var until, at, ended int64
	err := s.Scan(&v.Inquiry, &v.Account, &v.Grant, &v.Name, &v.Organisation, &until, &v.Author, &at, &ended)
	v.Until, v.At, v.Ended = store.Time(until), store.Time(at), store.Time(ended)
	return v, err
}

const visitorColumns = `inquiry, account, grant_id, name, organisation, until, author, at, ended`

func insertVisitor(ctx context.Context, tx *store.Tx, v Visitor) error {
	_, err := tx.Exec(ctx, `INSERT INTO inquiry_visitor (`+visitorColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0)`, v.Inquiry, v.Account, v.Grant, v.Name, v.Organisation,
		store.Micros(v.Until), v.Author, store.Micros(v.At))
	return err
}

func readVisitors(ctx context.Context, r store.Reader, inquiry string) ([]Visitor, error) {
	return store.All(ctx, r, scanVisitor, `SELECT `+visitorColumns+` FROM inquiry_visitor WHERE inquiry = $1 ORDER BY at, account`, inquiry)
}

func endVisitor(ctx context.Context, tx *store.Tx, inquiry, account string) (int64, error) {
	return tx.Exec(ctx, `UPDATE inquiry_visitor SET ended = $1 WHERE inquiry = $2 AND account = $3 AND ended = 0`, store.Micros(tx.Now), inquiry, account)
}

func scanRemoved(s store.Scanner) (Removed, error) {
	var x Removed
	var at int64
	err := s.Scan(&x.ID, &x.Path, &x.At, &x.Reason, &x.salt, &x.Author, &at)
	x.Made = store.Time(at)
	return x, err
}

func insertRemoved(ctx context.Context, tx *store.Tx, inquiry string, x Removed) error {
	_, err := tx.Exec(ctx, `INSERT INTO inquiry_redaction (id, inquiry, path, place, reason, salt, author, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, x.ID, inquiry, x.Path, x.At,
		x.Reason, x.salt, x.Author, store.Micros(x.Made))
	return err
}

func readRemoved(ctx context.Context, r store.Reader, inquiry string) ([]Removed, error) {
	return store.All(ctx, r, scanRemoved, `SELECT id, path, place, reason, salt, author, at FROM inquiry_redaction WHERE inquiry = $1 ORDER BY id`, inquiry)
}

func deleteRemoved(ctx context.Context, tx *store.Tx, inquiry, id string) (int64, error) {
	return tx.Exec(ctx, `DELETE FROM inquiry_redaction WHERE inquiry = $1 AND id = $2`, inquiry, id)
}

func scanBundle(s store.Scanner) (Bundle, error) {
	var b Bundle
	var at int64
	err := s.Scan(&b.ID, &b.Inquiry, &at, &b.Head, &b.Digest, &b.Size, &b.Files, &b.Records, &b.Author, &b.AuthorName, &b.Seq, &b.reveals)
	b.At = store.Time(at)
	return b, err
}

const bundleColumns = `id, inquiry, at, head, digest, size, files, records, author, author_name, seq, reveals`

func insertBundle(ctx context.Context, tx *store.Tx, b Bundle) error {
	_, err := tx.Exec(ctx, `INSERT INTO inquiry_bundle (`+bundleColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12)`, b.ID, b.Inquiry, store.Micros(b.At), b.Head, b.Digest,
		b.Size, b.Files, b.Records, b.Author, b.AuthorName, b.Seq, b.reveals)
	return err
}

func readBundles(ctx context.Context, r store.Reader, inquiry string) ([]Bundle, error) {
	return store.All(ctx, r, scanBundle, `SELECT `+bundleColumns+` FROM inquiry_bundle WHERE inquiry = $1 ORDER BY at DESC, id DESC`, inquiry)
}

func readBundle(ctx context.Context, r store.Reader, inquiry, bundle string) (Bundle, error) {
	return scanBundle(r.QueryRow(ctx, `SELECT `+bundleColumns+` FROM inquiry_bundle WHERE inquiry = $1 AND id = $2`, inquiry, bundle))
}
