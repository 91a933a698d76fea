package distribution

import (
	"context"
	"slices"
	"time"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// Desk gives documents out.
type Desk struct{ DB *store.DB }

// Kind is by what a line of a distribution list names its recipients.
type Kind string

// The closed list of kinds.
const (
	ToFunction Kind = "function" // who holds it
	ToSite     Kind = "site"
	ToProduct  Kind = "product"
)

// Recipient is a line of a distribution list.
type Recipient struct {
	Kind  Kind
	Value string // the function, or the id of the site or model
}

// Distribute replaces the distribution list of a document (PRD-14).
func (d Desk) Distribute(ctx context.Context, code string, to []Recipient, reason string) error {
	var f problem.List
	document.Need(&f, "reason", reason, document.MaxReason)
	if len(to) > 200 {
		f.Add("recipients", "at most 200 are allowed")
	}
	for _, x := range to {
		document.Need(&f, "recipients", x.Value, 100)
		if !slices.Contains([]Kind{ToFunction, ToSite, ToProduct}, x.Kind) || x.Kind == ToFunction && !source.Function(x.Value).Known() {
			f.Add("recipients", "must be known functions, sites or products")
		}
	}
	if err := f.Err("the distribution list is not valid"); err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		doc, err := document.ByCode(ctx, tx, code)
		if err != nil {
			return err
		}
		before, err := recipients(ctx, tx, doc.ID)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `DELETE FROM distribution WHERE document = $1`, string(doc.ID)); err != nil {
			return err
		}
		for _, x := range to {
			if _, err := tx.Exec(ctx, `INSERT INTO distribution (document, kind, value) VALUES ($1, $2, $3) ON CONFLICT (document, kind, value) DO NOTHING`,
				string(doc.ID), string(x.Kind), x.Value); err != nil {
				return err
			}
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindDistributed, Subject: string(doc.ID), Body: struct {
			document.About
			Before []Recipient `json:"before"`
			After  []Recipient `json:"after"`
			Reason string      `json:"reason"`
		}{document.About{Code: code}, before, to, reason}})
		return err
	})
}

func recipients(ctx context.Context, r store.Reader, doc document.ID) ([]Recipient, error) {
	return store.All(ctx, r, func(s store.Scanner) (x Recipient, err error) { return x, s.Scan(&x.Kind, &x.Value) },
		`SELECT kind, value FROM distribution WHERE document = $1 ORDER BY kind, value`, string(doc))
}

// Recipients reads the distribution list of a document.
func Recipients(ctx context.Context, r store.Reader, doc document.ID) ([]Recipient, error) {
	if _, err := document.Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return recipients(ctx, r, doc)
}

// Receipt is somebody's word that a revision reached them.
type Receipt struct {
	Account string
	Name    string
	At      time.Time // zero: not yet
}

// Receive records that the acting person received an effective revision. A second time changes nothing.
func (d Desk) Receive(ctx context.Context, rid document.RevisionID) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := document.RevisionOf(ctx, tx, rid)
		if err != nil {
			return err
		}
		if v.State != document.InForce {
			return problem.New(problem.Conflict, "the revision is not in force")
		}
		who, err := people.Person(ctx, tx, tx.Actor())
		if err != nil {
			return err
		}
		n, err := tx.Exec(ctx, `INSERT INTO document_receipt (revision, account, name, at) VALUES ($1, $2, $3, $4) ON CONFLICT (revision, account) DO NOTHING`, string(rid),
			who.ID, who.Name, store.Micros(tx.Now))
		if err != nil || n == 0 {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindReceived, Subject: string(v.Document), Body: document.AboutOf(v)})
		return err
	})
}

// reached are the accounts that a line of a distribution list leads to: who holds the function, or whom a grant names for
// the site or product.
func (x Recipient) reached(ctx context.Context, r store.Reader, at time.Time) ([]people.Name, error) {
	switch x.Kind {
	case ToSite:
		return people.NamedFor(ctx, r, people.Place{Site: x.Value}, at)
	case ToProduct:
		return people.NamedFor(ctx, r, people.Place{Product: x.Value}, at)
	}
	all, err := document.HoldersOf(ctx, r, source.Function(x.Value), at)
	out := make([]people.Name, len(all))
	for i, h := range all {
		out[i] = people.Name{ID: h.Account, Name: h.Name}
	}
	return out, err
}

// Receipts reads who received a revision, and who of those that the distribution list leads to has not said so.
func Receipts(ctx context.Context, r store.Reader, rid document.RevisionID, at time.Time) ([]Receipt, error) {
	v, err := document.RevisionOf(ctx, r, rid)
	if err != nil {
		return nil, err
	}
	out, err := store.All(ctx, r, func(s store.Scanner) (Receipt, error) {
		var x Receipt
		var at int64
		err := s.Scan(&x.Account, &x.Name, &at)
		x.At = store.Time(at)
		return x, err
	}, `SELECT account, name, at FROM document_receipt WHERE revision = $1 ORDER BY name, account`, string(rid))
	if err != nil {
		return nil, err
	}
	to, err := recipients(ctx, r, v.Document)
	if err != nil {
		return nil, err
	}
	for _, x := range to {
		all, err := x.reached(ctx, r, at)
		if err != nil {
			return nil, err
		}
		for _, n := range all {
			if !slices.ContainsFunc(out, func(y Receipt) bool { return y.Account == n.ID }) {
				out = append(out, Receipt{Account: n.ID, Name: n.Name})
			}
		}
	}
	return out, nil
}

// Unreached are the lines of the distribution list of a document that lead to nobody.
func Unreached(ctx context.Context, r store.Reader, doc document.ID, at time.Time) ([]Recipient, error) {
	to, err := Recipients(ctx, r, doc)
	if err != nil {
		return nil, err
	}
	var out []Recipient
	for _, x := range to {
		all, err := x.reached(ctx, r, at)
		if err != nil {
			return nil, err
		}
		if len(all) == 0 {
			out = append(out, x)
		}
	}
	return out, nil
}

// Copy is a numbered copy on paper whose holder is known.
type Copy struct {
	ID           string
	Document     document.ID
	Revision     document.RevisionID
	Label        string
	Number       int // counted for each document, never used again
	Holder       string
	Place        string
	Reason       string
	Expires      time.Time // zero: with its revision
	At           time.Time
	Recalled     time.Time
	RecallReason string
	Confirmed    time.Time // when it came back or was destroyed
	ConfirmNote  string
}

// IssueCopy gives out a numbered copy of an effective revision and logs its printing. It returns the copy.
func (d Desk) IssueCopy(ctx context.Context, rid document.RevisionID, c Copy) (Copy, error) {
	var f problem.List
	document.Need(&f, "holder", c.Holder, document.MaxName)
	document.Need(&f, "reason", c.Reason, document.MaxReason)
	document.Clean(&f, "place", c.Place, document.MaxName)
	if err := f.Err("the copy is not valid"); err != nil {
		return c, err
	}
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := printable(ctx, tx, rid)
		if err != nil {
			return err
		}
		if v.State != document.InForce {
			return problem.New(problem.Conflict, "controlled copies are made of effective revisions only")
		}
		if !c.Expires.IsZero() && !c.Expires.After(tx.Now) {
			return problem.New(problem.Invalid, "the copy would have expired already")
		}
		if c.ID, err = id.New("cpy"); err != nil {
			return err
		}
		if err := tx.QueryRow(ctx, `SELECT COALESCE(max(number), 0) + 1 FROM controlled_copy WHERE document = $1`, string(v.Document)).Scan(&c.Number); err != nil {
			return err
		}
		c.Document, c.Revision, c.Label, c.At = v.Document, v.ID, v.Label, tx.Now
		if _, err := tx.Exec(ctx, `INSERT INTO controlled_copy (id, document, revision, number, holder, place, reason, expires, author, at, recalled, recall_reason, confirmed,
			confirm_note) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, 0, '', 0, '')`, c.ID, string(c.Document), string(c.Revision), c.Number, c.Holder, c.Place, c.Reason,
			store.Micros(c.Expires), tx.Actor().ID, store.Micros(tx.Now)); err != nil {
			return err
		}
		if err := logPrint(ctx, tx, v, c.ID, c.Reason); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindCopyIssued, Subject: string(v.Document), Body: CopyNoted{document.AboutOf(v), c.ID, c.Number, c.Holder, c.Reason}})
		return err
	})
	return c, err
}

// CopyNoted is the body of the kinds about controlled copies, and of [document.KindPrinted].
type CopyNoted struct {
	document.About
	ID     string `json:"id,omitempty"`
	Number int    `json:"number,omitempty"`
	Holder string `json:"holder,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// printable refuses what the document says must not be printed.
func printable(ctx context.Context, tx *store.Tx, rid document.RevisionID) (document.Revision, error) {
	v, err := document.RevisionOf(ctx, tx, rid)
	if err != nil {
		return v, err
	}
	d, err := v.Parsed()
	if err == nil && d.Print == source.PrintNever {
		return v, problem.New(problem.Forbidden, "%s is never printed", v.Code)
	}
	return v, err
}

// Print logs that the acting person prints a revision, with the reason (PRD-14). Forbidden where only numbered copies may
// be made, or none.
func (d Desk) Print(ctx context.Context, rid document.RevisionID, reason string) error {
	if err := document.Reasoned(reason); err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := printable(ctx, tx, rid)
		if err != nil {
			return err
		}
		if doc, err := v.Parsed(); err != nil || doc.Print == source.PrintControlled {
			return errOr(err, problem.New(problem.Forbidden, "%s is printed as a numbered copy only", v.Code))
		}
		if err := logPrint(ctx, tx, v, "", reason); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: document.KindPrinted, Subject: string(v.Document), Body: CopyNoted{About: document.AboutOf(v), Reason: reason}})
		return err
	})
}

func errOr(err error, otherwise *problem.Error) error {
	if err != nil {
		return err
	}
	return otherwise
}

func logPrint(ctx context.Context, tx *store.Tx, v document.Revision, of, reason string) error {
	pid, err := id.New("prt")
	if err != nil {
		return err
	}
	who, err := people.Person(ctx, tx, tx.Actor())
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO print_event (id, document, revision, copy, reason, account, name, at) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)`, pid, string(v.Document),
		string(v.ID), of, reason, who.ID, who.Name, store.Micros(tx.Now))
	return err
}

// Printed is a line of the print log.
type Printed struct {
	Label  string
	Copy   string // id of the numbered copy, "" for a free print
	Reason string
	Name   string
	At     time.Time
}

// Prints reads the print log of a document, the newest first.
func Prints(ctx context.Context, r store.Reader, doc document.ID) ([]Printed, error) {
	if _, err := document.Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Printed, error) {
		var p Printed
		var at int64
		err := s.Scan(&p.Label, &p.Copy, &p.Reason, &p.Name, &at)
		p.At = store.Time(at)
		return p, err
	}, `SELECT r.label, p.copy, p.reason, p.name, p.at FROM print_event p JOIN revision r ON r.id = p.revision WHERE p.document = $1 ORDER BY p.at DESC, p.id DESC`, string(doc))
}

// RecallCopy asks for a copy back. The copies of a revision that leaves force are recalled by that.
func (d Desk) RecallCopy(ctx context.Context, copyID, reason string) error {
	if err := document.Reasoned(reason); err != nil {
		return err
	}
	return d.changeCopy(ctx, copyID, document.KindCopyRecalled, reason)
}

// ConfirmCopy records that a recalled copy came back or was destroyed.
func (d Desk) ConfirmCopy(ctx context.Context, copyID, note string) error {
	if err := document.Reasoned(note); err != nil {
		return err
	}
	return d.changeCopy(ctx, copyID, document.KindCopyReturned, note)
}

func (d Desk) changeCopy(ctx context.Context, copyID, kind, note string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := copies(ctx, tx, ` WHERE c.id = $1`, copyID)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return problem.New(problem.NotFound, "there is no such copy")
		}
		c := all[0]
		v, err := document.RevisionOf(ctx, tx, c.Revision)
		if err != nil {
			return err
		}
		statement := `UPDATE controlled_copy SET recalled = $1, recall_reason = $2 WHERE id = $3`
		switch {
		case kind == document.KindCopyRecalled && !c.Recalled.IsZero():
			return problem.New(problem.Conflict, "the copy is recalled already")
		case kind == document.KindCopyReturned && c.Recalled.IsZero():
			return problem.New(problem.Conflict, "the copy was not recalled")
		case kind == document.KindCopyReturned && !c.Confirmed.IsZero():
			return problem.New(problem.Conflict, "the copy came back already")
		case kind == document.KindCopyReturned:
			statement = `UPDATE controlled_copy SET confirmed = $1, confirm_note = $2 WHERE id = $3`
		}
		if _, err := tx.Exec(ctx, statement, store.Micros(tx.Now), note, c.ID); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: kind, Subject: string(v.Document), Body: CopyNoted{document.AboutOf(v), c.ID, c.Number, c.Holder, note}})
		return err
	})
}

func copies(ctx context.Context, r store.Reader, where string, args ...any) ([]Copy, error) {
	return store.All(ctx, r, func(s store.Scanner) (Copy, error) {
		var c Copy
		var expires, at, recalled, confirmed int64
		err := s.Scan(&c.ID, &c.Document, &c.Revision, &c.Label, &c.Number, &c.Holder, &c.Place, &c.Reason, &expires, &at, &recalled, &c.RecallReason, &confirmed, &c.ConfirmNote)
		c.Expires, c.At, c.Recalled, c.Confirmed = store.Time(expires), store.Time(at), store.Time(recalled), store.Time(confirmed)
		return c, err
	}, `SELECT c.id, c.document, c.revision, r.label, c.number, c.holder, c.place, c.reason, c.expires, c.at, c.recalled, c.recall_reason, c.confirmed, c.confirm_note
		FROM controlled_copy c JOIN revision r ON r.id = c.revision`+where+` ORDER BY c.number`, args...)
}

// Copies reads the numbered copies of a document by number.
func Copies(ctx context.Context, r store.Reader, doc document.ID) ([]Copy, error) {
	if _, err := document.Get(ctx, r, doc); err != nil {
		return nil, err
	}
	return copies(ctx, r, ` WHERE c.document = $1`, string(doc))
}
