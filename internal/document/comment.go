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

// Comment is a remark on a line of a revision's text, with a suggestion when it says what the line should be.
type Comment struct {
	ID         string
	Revision   RevisionID
	Round      int
	Version    int    // of the text that it is about
	Line       int    // counted from 1 with the front matter; 0: the whole
	Quote      string // the line as it was
	Text       string
	Suggests   bool
	Suggestion string // what is to stand in place of the line; "" removes it
	Account    string
	Name       string
	At         time.Time
	Settled    time.Time // zero while it is open
	SettledBy  string    // name
	Outcome    Settlement
	Answer     string
}

// Settlement is how a comment was settled.
type Settlement string

// The closed list of settlements.
const (
	Done     Settlement = "done"
	Accepted Settlement = "accepted" // its suggestion stands in the text
	Declined Settlement = "declined"
)

// Comment adds a comment to a revision that is on its way and returns its id.
func (l Library) Comment(ctx context.Context, c Comment) (string, error) {
	var f problem.List
	Need(&f, "text", c.Text, MaxText)
	Clean(&f, "suggestion", c.Suggestion, MaxText)
	if err := f.Err("the comment is not valid"); err != nil {
		return "", err
	}
	err := l.DB.Update(ctx, func(tx *store.Tx) error {
		v, err := revision(ctx, tx, c.Revision)
		if err != nil {
			return err
		}
		if !v.State.Open() {
			return problem.New(problem.Conflict, "a revision that is %s takes no comments; open a change request", v.State.word())
		}
		lines := strings.Split(v.Source, "\n")
		if c.Line < 0 || c.Line > len(lines) || c.Suggests && c.Line == 0 {
			return problem.New(problem.Invalid, "there is no line %d", c.Line)
		}
		if c.Line > 0 {
			c.Quote = lines[c.Line-1]
		}
		who, err := Acting(ctx, tx)
		if err != nil {
			return err
		}
		if c.ID, err = id.New("cmt"); err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO revision_comment (id, revision, round, version, line, quote, text, suggests, suggestion, author, author_name, at, settled,
			settled_by, outcome, answer) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, 0, '', '', '')`, c.ID, string(v.ID), v.Round, v.Version, c.Line, c.Quote,
			c.Text, c.Suggests, c.Suggestion, who.ID, who.Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindCommented, Subject: string(v.Document), Body: Commented{About: AboutOf(v), Comment: c.ID, Line: c.Line, Text: c.Text,
			Suggestion: c.Suggestion}})
		return err
	})
	return c.ID, err
}

// Commented is the body of [KindCommented] and [KindCommentSettled].
type Commented struct {
	About
	Comment    string     `json:"comment"`
	Line       int        `json:"line,omitempty"`
	Text       string     `json:"text,omitempty"`
	Suggestion string     `json:"suggestion,omitempty"`
	Outcome    Settlement `json:"outcome,omitempty"`
}

// Settle settles a comment. Accepting a suggestion edits the text: the line must still be there as it was.
func (l Library) Settle(ctx context.Context, comment string, how Settlement, answer string) error {
	var f problem.List
	Clean(&f, "answer", answer, MaxText)
	if how == Declined && strings.TrimSpace(answer) == "" {
		f.Add("answer", "is required: say why it is declined")
	}
	if !slices.Contains([]Settlement{Done, Accepted, Declined}, how) {
		f.Add("outcome", "must be done, accepted or declined")
	}
	if err := f.Err("the comment cannot be settled"); err != nil {
		return err
	}
	return l.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := comments(ctx, tx, ` WHERE id = $1`, comment)
		if err != nil {
			return err
		}
		if len(all) == 0 {
			return problem.New(problem.NotFound, "there is no such comment")
		}
		c := all[0]
		if !c.Settled.IsZero() {
			return problem.New(problem.Conflict, "the comment is settled already")
		}
		v, err := revision(ctx, tx, c.Revision)
		if err != nil {
			return err
		}
		if how == Accepted {
			if err := accept(ctx, tx, v, c); err != nil {
				return err
			}
		}
		who, err := Acting(ctx, tx)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `UPDATE revision_comment SET settled = $1, settled_by = $2, outcome = $3, answer = $4 WHERE id = $5`, store.Micros(tx.Now), who.Name,
			string(how), answer, c.ID); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindCommentSettled, Subject: string(v.Document), Body: Commented{About: AboutOf(v), Comment: c.ID, Text: answer, Outcome: how}})
		return err
	})
}

// accept puts the suggestion of a comment into the text.
func accept(ctx context.Context, tx *store.Tx, v Revision, c Comment) error {
	if !c.Suggests {
		return problem.New(problem.Conflict, "the comment suggests no change")
	}
	lines := strings.Split(v.Source, "\n")
	at := nearest(lines, c.Quote, c.Line-1)
	if at < 0 {
		return problem.New(problem.Conflict, "the line was changed since; make the change by hand")
	}
	var with []string
	if c.Suggestion != "" {
		with = strings.Split(strings.ReplaceAll(c.Suggestion, "\r\n", "\n"), "\n")
	}
	text := strings.Join(slices.Replace(lines, at, at+1, with...), "\n")
	_, err := SaveTx(ctx, tx, Edit{Revision: v.ID, Version: v.Version, Text: Text{Source: text, File: v.File, External: v.External, Reason: "suggestion of " + c.Name + " accepted: " + cut(c.Text, 500)}})
	return err
}

// nearest is the index of the line that is nearest to a place, -1 when there is none.
func nearest(lines []string, line string, place int) int {
	found := -1
	for i, s := range lines {
		if s == line && (found < 0 || max(i-place, place-i) < max(found-place, place-found)) {
			found = i
		}
	}
	return found
}

// cut keeps the first characters of a text.
func cut(s string, n int) string {
	if r := []rune(s); len(r) > n {
		return string(r[:n]) + "…"
	}
	return s
}

func comments(ctx context.Context, r store.Reader, where string, args ...any) ([]Comment, error) {
	return store.All(ctx, r, func(s store.Scanner) (Comment, error) {
		var c Comment
		var at, settled int64
		err := s.Scan(&c.ID, &c.Revision, &c.Round, &c.Version, &c.Line, &c.Quote, &c.Text, &c.Suggests, &c.Suggestion, &c.Account, &c.Name, &at, &settled, &c.SettledBy,
			&c.Outcome, &c.Answer)
		c.At, c.Settled = store.Time(at), store.Time(settled)
		return c, err
	}, `SELECT id, revision, round, version, line, quote, text, suggests, suggestion, author, author_name, at, settled, settled_by, outcome, answer
		FROM revision_comment`+where+` ORDER BY line, at, id`, args...)
}

// Comments reads the comments on a revision by line.
func Comments(ctx context.Context, r store.Reader, rid RevisionID) ([]Comment, error) {
	if _, err := RevisionOf(ctx, r, rid); err != nil {
		return nil, err
	}
	return comments(ctx, r, ` WHERE revision = $1`, string(rid))
}

// noOpenComments refuses while comments on a revision are open (PRD-07).
func noOpenComments(ctx context.Context, r store.Reader, rid RevisionID) error {
	var n int
	err := r.QueryRow(ctx, `SELECT count(*) FROM revision_comment WHERE revision = $1 AND settled = 0`, string(rid)).Scan(&n)
	if err == nil && n > 0 {
		return problem.New(problem.Conflict, "%d comments are open; settle them first", n)
	}
	return err
}
