package store

import (
	"context"
	"encoding/base64"
	"encoding/json"
	"slices"
	"strings"

	"triward/internal/problem"
)

// Key is a column of an order.
type Key struct {
	Column string
	number bool
}

// ByText sorts by a column of texts.
func ByText(column string) Key { return Key{Column: column} }

// ByNumber sorts by a column of whole numbers or times.
func ByNumber(column string) Key { return Key{Column: column, number: true} }

// Sort is an order that an index gives: its columns in that sequence, all in one direction. The last column makes rows
// differ, so that each has a place of its own and a page can begin after any.
type Sort struct {
	Keys    []Key
	Falling bool // the greatest first
}

// Sorts are the orders of a list by name.
type Sorts map[string][]Key

// Named is the order that a list is asked for: a name, with a minus in front to turn it around. "" is the standard order.
// A name that is not known is Invalid.
func (o Sorts) Named(name, standard string) (Sort, error) {
	if name == "" {
		name = standard
	}
	plain, falling := strings.CutPrefix(name, "-")
	keys, ok := o[plain]
	if !ok {
		return Sort{}, problem.New(problem.Invalid, "%q is not an order of this list", name)
	}
	return Sort{Keys: keys, Falling: falling}, nil
}

// sql is " ORDER BY …".
func (o Sort) sql() string {
	out := make([]string, len(o.Keys))
	for i, k := range o.Keys {
		out[i] = k.Column
		if o.Falling {
			out[i] += " DESC"
		}
	}
	return ` ORDER BY ` + strings.Join(out, ", ")
}

// columns are the columns of the order, separated by commas.
func (o Sort) columns() string {
	out := make([]string, len(o.Keys))
	for i, k := range o.Keys {
		out[i] = k.Column
	}
	return strings.Join(out, ", ")
}

// after restricts to the rows behind a mark.
func (o Sort) after(w *Where, mark string) error {
	var raw []any
	b, err := base64.RawURLEncoding.DecodeString(mark)
	d := json.NewDecoder(strings.NewReader(string(b)))
	d.UseNumber()
	if err != nil || d.Decode(&raw) != nil || len(raw) != len(o.Keys) {
		return problem.New(problem.Invalid, "the page mark is not valid")
	}
	for i, k := range o.Keys {
		text, isText := raw[i].(string)
		n, isNumber := raw[i].(json.Number)
		whole, err := n.Int64()
		switch {
		case !k.number && isText:
			raw[i] = text
		case k.number && isNumber && err == nil:
			raw[i] = whole
		default:
			return problem.New(problem.Invalid, "the page mark is not valid in this order")
		}
	}
	sign := " > "
	if o.Falling {
		sign = " < "
	}
	w.And("("+o.columns()+")"+sign+"(?"+strings.Repeat(", ?", len(raw)-1)+")", raw...)
	return nil
}

// Listing is a list that is read page by page, at the same speed on every page: a page begins behind the mark of the one
// before, never after a number of rows.
type Listing struct {
	Columns string // what the scan reads
	From    string // table, with joins
	Where   Where
	Sort    Sort
	After   string // next of the page before
	Limit   int    // at most 1,000; 0 means 50
}

// Page is a part of a list.
type Page[T any] struct {
	Items []T
	Next  string // mark for the page behind it, "" on the last one
}

// marked gives a scan the columns of the order behind its own.
type marked struct {
	Scanner
	keys []any
}

func (m marked) Scan(dest ...any) error {
	return m.Scanner.Scan(append(slices.Clone(dest), m.keys...)...)
}

// List reads a page.
func List[T any](ctx context.Context, r Reader, l Listing, scan func(Scanner) (T, error)) (Page[T], error) {
	if l.After != "" {
		if err := l.Sort.after(&l.Where, l.After); err != nil {
			return Page[T]{}, err
		}
	}
	if l.Limit <= 0 {
		l.Limit = 50
	}
	l.Limit = min(l.Limit, 1000)
	keys, targets := make([]any, len(l.Sort.Keys)), make([]any, len(l.Sort.Keys))
	for i := range keys {
		targets[i] = &keys[i]
	}
	var p Page[T]
	n := 0
	_, err := All(ctx, r, func(s Scanner) (struct{}, error) {
		v, err := scan(marked{s, targets})
		if n++; err != nil || n > l.Limit {
			return struct{}{}, err
		}
		if p.Items = append(p.Items, v); n == l.Limit {
			text, err := json.Marshal(keys)
			p.Next = base64.RawURLEncoding.EncodeToString(text)
			return struct{}{}, err
		}
		return struct{}{}, nil
	}, `SELECT `+l.Columns+`, `+l.Sort.columns()+` FROM `+l.From+l.Where.SQL()+l.Sort.sql()+l.Where.Limit(l.Limit+1), l.Where.Args()...)
	if err != nil {
		return Page[T]{}, err
	}
	if n <= l.Limit {
		p.Next = ""
	}
	return p, nil
}

// CountUpTo counts the rows of a table that fit, and stops at most: a count beside a filter must not walk a large table.
func CountUpTo(ctx context.Context, r Reader, from string, w Where, most int) (int, error) {
	var n int
	w = Where{parts: slices.Clone(w.parts), args: slices.Clone(w.args)}
	err := r.QueryRow(ctx, `SELECT count(*) FROM (SELECT 1 AS one FROM `+from+w.SQL()+w.Limit(most)+`) AS found`, w.Args()...).Scan(&n)
	return n, err
}
