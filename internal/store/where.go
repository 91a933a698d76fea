package store

import (
	"strconv"
	"strings"
)

// Where builds the condition of a statement from parts whose values are always bound, never written into the text.
// A "?" in a part becomes the next numbered placeholder.
type Where struct {
	parts []string
	args  []any
}

// And adds a condition; every ? takes the next value of args.
func (w *Where) And(cond string, args ...any) {
	var b strings.Builder
	i := 0
	for _, c := range cond {
		if c == '?' {
			w.args = append(w.args, args[i])
			i++
			b.WriteString("$" + strconv.Itoa(len(w.args)))
			continue
		}
		b.WriteRune(c)
	}
	w.parts = append(w.parts, b.String())
}

// In restricts a column to values; no values means no restriction.
func (w *Where) In(column string, values []string) {
	if len(values) == 0 {
		return
	}
	marks := make([]string, len(values))
	args := make([]any, len(values))
	for i, v := range values {
		marks[i], args[i] = "?", v
	}
	w.And(column+" IN ("+strings.Join(marks, ", ")+")", args...)
}

// Scope restricts rows to what an actor may see. A column name is "" where the rows have no such owner; nothing matches
// when the scope names nothing that the rows have.
func (w *Where) Scope(s Scope, siteColumn, productColumn string) {
	if s.All {
		return
	}
	var or Where
	or.args = w.args
	if siteColumn != "" {
		or.In(siteColumn, s.Sites)
	}
	if productColumn != "" {
		or.In(productColumn, s.Products)
	}
	w.args = or.args
	if len(or.parts) == 0 {
		w.parts = append(w.parts, "1 = 0")
		return
	}
	w.parts = append(w.parts, "("+strings.Join(or.parts, " OR ")+")")
}

// SQL is " WHERE …" with all parts joined by AND, or "".
func (w *Where) SQL() string {
	if len(w.parts) == 0 {
		return ""
	}
	return " WHERE " + strings.Join(w.parts, " AND ")
}

// Limit binds n and returns " LIMIT $k".
func (w *Where) Limit(n int) string {
	w.args = append(w.args, n)
	return " LIMIT $" + strconv.Itoa(len(w.args))
}

// Bind binds a value outside the condition and returns its placeholder.
func (w *Where) Bind(v any) string {
	w.args = append(w.args, v)
	return "$" + strconv.Itoa(len(w.args))
}

// Args are the bound values in the order of their placeholders.
func (w *Where) Args() []any { return w.args }
