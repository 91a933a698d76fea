package clickhouse

import (
	"fmt"
	"regexp"
	"strconv"
	"strings"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"triward/internal/eventlog"
)

// expression is a part of a statement and its arguments.
type expression struct {
	text string
	args []any
}

func express(text string, args ...any) expression { return expression{text, args} }

func join(parts []expression, with string) expression {
	var out expression
	texts := make([]string, len(parts))
	for i, p := range parts {
		texts[i] = p.text
		out.args = append(out.args, p.args...)
	}
	out.text = strings.Join(texts, with)
	return out
}

// where is the condition of a query: true for the events that it names.
func where(q eventlog.Query) (expression, error) {
	if err := q.Validate(); err != nil {
		return expression{}, err
	}
	parts := []expression{express("at >= ?", q.From)}
	if q.To != 0 {
		parts = append(parts, express("at < ?", q.To))
	}
	switch q.Dating {
	case eventlog.Dated:
		parts = append(parts, express("dated = 1"))
	case eventlog.Undated:
		parts = append(parts, express("dated = 0"))
	}
	for _, c := range q.Where {
		names := eventlog.Pivots[c.Field]
		if names == nil {
			names = []string{c.Field}
		}
		var either []expression
		for _, name := range names {
			either = append(either, compare(name, c))
		}
		e := join(either, " OR ")
		if e.text = "(" + e.text + ")"; c.Not {
			e.text = "NOT " + e.text
		}
		parts = append(parts, e)
	}
	for _, w := range eventlog.Words(q.Text) {
		raw, message := has("raw", w), has("message", w)
		parts = append(parts, express("("+raw.text+" OR "+message.text+")", append(raw.args, message.args...)...))
	}
	return join(parts, " AND "), nil
}

// outside is what may stand beside a word: an ASCII character that is neither letter nor digit.
const outside = "[\\x00-/:-@\\[-`{-\\x7f]"

// has finds a whole word. The position is found fast and decides most rows; the expression sees to the borders.
func has(column string, w eventlog.Word) expression {
	pattern := regexp.QuoteMeta(string(w))
	if eventlog.InWord(w[0]) {
		pattern = `(\A|` + outside + `)` + pattern
	}
	if eventlog.InWord(w[len(w)-1]) {
		pattern += `(` + outside + `|\z)`
	}
	return express(fmt.Sprintf("(position(lower(%[1]s), ?) > 0 AND match(lower(%[1]s), ?))", column), string(w), pattern)
}

// value is the text that an event has under a name, as Event.Value has it.
func value(name string) expression {
	c := columnOf(name)
	switch {
	case name == eventlog.FieldSkew:
		return express("if(skew_known = 0, '', toString(intDiv(skew - if(skew < 0, 999999, 0), 1000000)))")
	case c == nil:
		return express("field_values[indexOf(field_names, ?)]", name)
	case name == "id":
		return express("hex(id)")
	case name == "src.port" || name == "dst.port":
		return express(fmt.Sprintf("if(%[1]s = 0, '', toString(%[1]s))", c.name))
	case c.number != nil:
		return express("toString(" + c.name + ")")
	default:
		return express(c.name)
	}
}

// compare is one condition on one field.
func compare(name string, c eventlog.Condition) expression {
	v := value(name)
	lower := express("lower("+v.text+")", v.args...)
	call := func(format string) expression {
		var either []expression
		for _, s := range c.Values {
			either = append(either, express(fmt.Sprintf(format, lower.text), append(append([]any{}, lower.args...), eventlog.Fold(s))...))
		}
		return join(either, " OR ")
	}
	switch c.Op {
	case eventlog.Present:
		return express(v.text+" != ''", v.args...)
	case eventlog.Contains:
		return call("position(%s, ?) > 0")
	case eventlog.Begins:
		return call("startsWith(%s, ?)")
	case eventlog.Ends:
		return call("endsWith(%s, ?)")
	case eventlog.AtLeast, eventlog.AtMost:
		sign := map[eventlog.Op]string{eventlog.AtLeast: ">=", eventlog.AtMost: "<="}[c.Op]
		bound, _ := strconv.ParseInt(c.Values[0], 10, 64) // Validate read it
		number := express("toInt64OrNull("+v.text+")", v.args...)
		return express(fmt.Sprintf("ifNull(%s %s ?, 0)", number.text, sign), append(number.args, bound)...)
	case eventlog.Within:
		return within(name, c.Values)
	default:
		return is(name, lower, c.Values)
	}
}

// is finds equal values; numbers and ids stay as they are, so that the order of the table helps.
func is(name string, lower expression, values []string) expression {
	var set []any
	c := columnOf(name)
	numeric := c != nil && c.number != nil
	for _, s := range values {
		switch n, err := strconv.ParseInt(s, 10, 32); {
		case name == "id":
			if id, err := eventlog.ParseID(s); err == nil {
				set = append(set, string(id[:]))
			}
		case !numeric:
			set = append(set, eventlog.Fold(s))
		case err == nil && strconv.FormatInt(n, 10) == s && (n != 0 || c.field != "src.port" && c.field != "dst.port"):
			set = append(set, n)
		case s == "" && (c.field == "src.port" || c.field == "dst.port"):
			set = append(set, 0)
		}
	}
	switch {
	case len(set) == 0:
		return express("0")
	case name == "id":
		return express("id IN ?", ch.GroupSet{Value: set})
	case numeric:
		return express(c.name+" IN ?", ch.GroupSet{Value: set})
	default:
		return express(lower.text+" IN ?", append(append([]any{}, lower.args...), ch.GroupSet{Value: set})...)
	}
}

// within finds addresses between the bounds of networks.
func within(name string, networks []string) expression {
	column := map[string]string{"src.ip": "src_num", "dst.ip": "dst_num"}[name]
	var either []expression
	for _, n := range networks {
		p, err := eventlog.ParseNetwork(n)
		if err != nil || column == "" {
			continue // Validate refused it
		}
		first, last := bounds(p)
		e := express(fmt.Sprintf("(%[1]s >= ? AND %[1]s <= ?)", column), first, last)
		if !p.Addr().Is4() { // addresses of version 4 lie inside a wide network of version 6
			four, end := bounds(fourInSix)
			e = express(fmt.Sprintf("(%s AND (%[2]s < ? OR %[2]s > ?) AND %[2]s != ?)", e.text, column), append(e.args, four, end, string(make([]byte, 16)))...)
		}
		either = append(either, e)
	}
	if len(either) == 0 {
		return express("0")
	}
	return join(either, " OR ")
}
