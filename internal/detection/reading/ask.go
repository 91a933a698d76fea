package reading

import (
	"net/netip"
	"strings"
	"unicode/utf8"

	"triward/internal/eventlog"
)

// shortNames are names in questions that stand for fields.
var shortNames = map[string]string{"device": "any.device", "ip": "any.ip", "site": "dev.site", "ward": "dev.ward", "src": "src.ip", "dst": "dst.ip"}

// plainNames are fields whose name has no dot; another word before a colon is a part of the text.
var plainNames = strings.Fields("id source format fault product category service class activity severity outcome user host proto hash message app dir dimse media sop_class patient_hash transfer_syntax")

// Ask reads a question as people type it into the query: words that all occur ("two words" in quotes stand together), and
// conditions on fields:
//
//	user:jdoe                is jdoe, without regard to case
//	user:jdoe|svc            is one of them
//	-user:jdoe               is not
//	http.uri:/wado*          begins with; *end ends with, *part* has in it
//	hash:*                   is there
//	ip:10.1.0.0/16           an address in a network
//	bytes.out>=100000        at least; <= at most
//
// device, ip, site, ward, src and dst are short for any.device (device or peer), any.ip, dev.site, dev.ward, src.ip and
// dst.ip.
func Ask(text string, q *eventlog.Query) {
	var words []string
	for _, t := range tokens(text) {
		if c, ok := condition(t); ok {
			q.Where = append(q.Where, c)
			continue
		}
		words = append(words, t)
	}
	q.Text = strings.Join(words, " ")
}

// tokens cuts at spaces that are not in quotes. Quotes stay.
func tokens(text string) []string {
	var out []string
	var b strings.Builder
	quoted := false
	for _, r := range text {
		switch {
		case r == '"':
			quoted = !quoted
			b.WriteRune(r)
		case !quoted && (r == ' ' || r == '\t' || r == '\n' || r == '\r'):
			if b.Len() > 0 {
				out = append(out, b.String())
				b.Reset()
			}
		default:
			b.WriteRune(r)
		}
	}
	if b.Len() > 0 {
		out = append(out, b.String())
	}
	return out
}

func condition(t string) (eventlog.Condition, bool) {
	rest, not := strings.CutPrefix(t, "-")
	i := strings.IndexAny(rest, ":<>")
	if i <= 0 || i+1 >= len(rest) {
		return eventlog.Condition{}, false
	}
	name, op, value := rest[:i], rest[i:i+1], rest[i+1:]
	if full := shortNames[name]; full != "" {
		name = full
	} else if !fieldName(name) {
		return eventlog.Condition{}, false
	}
	c := eventlog.Condition{Field: name, Not: not}
	value = strings.Trim(value, `"`)
	if op != ":" {
		value, ok := strings.CutPrefix(value, "=")
		c.Op, c.Values = eventlog.AtLeast, []string{value}
		if op == "<" {
			c.Op = eventlog.AtMost
		}
		return c, ok
	}
	switch {
	case value == "*":
		c.Op = eventlog.Present
	case isNetwork(value) && strings.HasSuffix(name, ".ip"):
		c.Op, c.Values = eventlog.Within, []string{value}
	case len(value) > 2 && strings.HasPrefix(value, "*") && strings.HasSuffix(value, "*"):
		c.Op, c.Values = eventlog.Contains, []string{value[1 : len(value)-1]}
	case strings.HasSuffix(value, "*"):
		c.Op, c.Values = eventlog.Begins, []string{strings.TrimSuffix(value, "*")}
	case strings.HasPrefix(value, "*"):
		c.Op, c.Values = eventlog.Ends, []string{strings.TrimPrefix(value, "*")}
	default:
		c.Op, c.Values = eventlog.Is, strings.Split(value, "|")
	}
	return c, true
}

func isNetwork(s string) bool { _, err := netip.ParsePrefix(s); return err == nil }

// fieldName reports whether a word before a colon is meant as a field.
func fieldName(s string) bool {
	for _, p := range plainNames {
		if s == p {
			return true
		}
	}
	if !strings.Contains(s, ".") || strings.Contains(s, "..") || s[0] == '.' || s[len(s)-1] == '.' {
		return false
	}
	letters := false
	for _, r := range s {
		letters = letters || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z'
		if !(r == '.' || r == '_' || r == '-' || r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z') {
			return false
		}
	}
	return letters
}

// Term writes a condition that a field is a value, as Ask reads it; "" when a question cannot say it.
func Term(field, value string) string {
	for short, full := range shortNames {
		if full == field {
			field = short
		}
	}
	if value == "" || len(value) > 300 || !utf8.ValidString(value) || strings.ContainsAny(value, "\"\n\r|*") || !fieldName(field) && shortNames[field] == "" {
		return ""
	}
	if strings.ContainsAny(value, " \t") {
		return field + `:"` + value + `"`
	}
	return field + ":" + value
}
