package advisory

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"math"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"triward/internal/problem"
)

// bounds are the limits of one JSON document. Depth is limited by the parser (300 levels).
type bounds struct {
	bytes  int // length of the document
	values int // objects, arrays and members: what the parsed tree costs in memory, about 120 bytes each
}

// Limits of single records and of files that hold many. The largest real record of each kind is below a twentieth.
var (
	recordBounds = bounds{bytes: 16 << 20, values: 1 << 20}
	pageBounds   = bounds{bytes: 128 << 20, values: 4 << 20}
)

// maxFaults ends the collection of faults: a document with so many is of another kind.
const maxFaults = 20

// cursor walks a parsed JSON document and notes every value of a wrong type by its JSON pointer (RFC 6901).
// Absent members and null are the same to it.
type cursor struct {
	faults problem.List
	path   []step
}

type step struct {
	key   string
	index int // used where key is ""
}

// openJSON parses body into p, whose memory the result shares until p parses again.
func openJSON(p *fastjson.Parser, body []byte, b bounds) (*fastjson.Value, error) {
	if len(body) > b.bytes {
		return nil, fault("", "is %d bytes long, the limit is %d", len(body), b.bytes)
	}
	body = bytes.TrimPrefix(body, []byte("\xef\xbb\xbf"))
	if bytes.HasPrefix(body, []byte("\xff\xfe")) || bytes.HasPrefix(body, []byte("\xfe\xff")) {
		return nil, fault("line 1", "is UTF-16 text, want UTF-8")
	}
	if len(bytes.TrimSpace(body)) == 0 {
		return nil, fault("", "is empty")
	}
	if !utf8.Valid(body) {
		return nil, fault(position(body, invalidUTF8(body)), "is not UTF-8 text")
	}
	if at := bytes.IndexByte(body, 0); at >= 0 {
		return nil, fault(position(body, at), "holds a NUL byte, which JSON text cannot")
	}
	if n := bytes.Count(body, []byte{','}) + bytes.Count(body, []byte{'{'}) + bytes.Count(body, []byte{'['}); n > b.values {
		return nil, fault("", "holds more than %d values", b.values)
	}
	v, err := p.ParseBytes(body)
	if err != nil {
		return nil, syntaxFault(body, err)
	}
	if at := twice(v); at != "" {
		return nil, fault(at, "is given twice in one object")
	}
	if v.Type() != fastjson.TypeObject {
		return nil, fault("/", "is %s, want an object", typeWord(v))
	}
	return v, nil
}

func fault(path, format string, args ...any) error {
	var l problem.List
	l.Add(path, format, args...)
	return l.Err("cannot be read")
}

// named says which document err is about and of which kind it was to be.
func named(kind, name string, err error) error {
	return problem.About(err, "read %s %q", kind, name)
}

// syntaxFault finds the line of a syntax error, which the fast parser does not tell.
func syntaxFault(body []byte, err error) error {
	var raw json.RawMessage
	var syntax *json.SyntaxError
	if errors.As(json.Unmarshal(body, &raw), &syntax) {
		return fault(position(body, int(syntax.Offset)-1), "is not JSON: %s", syntax.Error())
	}
	if at := deeper(body, fastjson.MaxDepth); at >= 0 {
		return fault(position(body, at), "is nested deeper than %d levels", fastjson.MaxDepth)
	}
	text, _, _ := strings.Cut(err.Error(), "; unparsed tail")
	if len(text) > 120 {
		text = text[:120]
	}
	return fault("", "is not JSON: %s", strings.ToValidUTF8(text, "?"))
}

func position(body []byte, offset int) string {
	offset = max(0, min(offset, len(body)))
	line := 1 + bytes.Count(body[:offset], []byte{'\n'})
	return fmt.Sprintf("line %d, column %d", line, offset-bytes.LastIndexByte(body[:offset], '\n'))
}

func invalidUTF8(body []byte) int {
	for i := 0; i < len(body); {
		r, n := utf8.DecodeRune(body[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return len(body)
}

func typeWord(v *fastjson.Value) string {
	switch v.Type() {
	case fastjson.TypeObject:
		return "an object"
	case fastjson.TypeArray:
		return "an array"
	case fastjson.TypeString:
		return "a string"
	case fastjson.TypeNumber:
		return "a number"
	case fastjson.TypeNull:
		return "null"
	default:
		return "a boolean"
	}
}

func (c *cursor) in(key string) { c.path = append(c.path, step{key: key}) }
func (c *cursor) out()          { c.path = c.path[:len(c.path)-1] }

// pointer is the JSON pointer of the current place, with key below it unless that is "".
func (c *cursor) pointer(key string) string {
	var b strings.Builder
	for _, s := range c.path {
		b.WriteByte('/')
		if s.key != "" {
			b.WriteString(s.key)
		} else {
			b.WriteString(strconv.Itoa(s.index))
		}
	}
	if key != "" {
		b.WriteByte('/')
		b.WriteString(key)
	}
	return b.String()
}

func (c *cursor) fault(key, format string, args ...any) {
	if c.faults.Len() < maxFaults {
		c.faults.Add(c.pointer(key), format, args...)
	}
}

func (c *cursor) err() error { return c.faults.Err("cannot be read") }

// get is the member key of v when it has the type want; nil when absent, null or, with a fault noted, of another type.
func (c *cursor) get(v *fastjson.Value, key string, want fastjson.Type) *fastjson.Value {
	m := v.Get(key)
	if m == nil || m.Type() == fastjson.TypeNull {
		return nil
	}
	if m.Type() != want {
		c.fault(key, "is %s, want %s", typeWord(m), wantWord(want))
		return nil
	}
	return m
}

func wantWord(t fastjson.Type) string {
	switch t {
	case fastjson.TypeObject:
		return "an object"
	case fastjson.TypeArray:
		return "an array"
	case fastjson.TypeNumber:
		return "a number"
	default:
		return "a string"
	}
}

func (c *cursor) text(v *fastjson.Value, key string) string {
	m := c.get(v, key, fastjson.TypeString)
	if m == nil {
		return ""
	}
	return textOf(m)
}

// need is text that may not be absent or empty.
func (c *cursor) need(v *fastjson.Value, key string) string {
	before := c.faults.Len()
	s := c.text(v, key)
	if s == "" && c.faults.Len() == before {
		c.fault(key, "is required")
	}
	return s
}

// textOf copies a string out of the parser's memory. NUL, which no text column can hold, is left out.
func textOf(v *fastjson.Value) string {
	b, err := v.StringBytes()
	if err != nil {
		return ""
	}
	if bytes.IndexByte(b, 0) >= 0 {
		b = bytes.ReplaceAll(b, []byte{0}, nil)
	}
	return string(b)
}

func (c *cursor) number(v *fastjson.Value, key string) float64 {
	m := c.get(v, key, fastjson.TypeNumber)
	if m == nil {
		return 0
	}
	f, err := m.Float64()
	if err != nil || math.IsInf(f, 0) || math.IsNaN(f) {
		c.fault(key, "is not a number that can be held")
		return 0
	}
	return f
}

// score is a CVSS base score, 0.0 to 10.0.
func (c *cursor) score(v *fastjson.Value, key string) float64 {
	f := c.number(v, key)
	if !(f >= 0 && f <= 10) {
		c.fault(key, "is %v, want a score from 0 to 10", f)
		return 0
	}
	return f
}

func (c *cursor) flag(v *fastjson.Value, key string) bool {
	m := v.Get(key)
	if m == nil {
		return false
	}
	switch m.Type() {
	case fastjson.TypeTrue:
		return true
	case fastjson.TypeFalse, fastjson.TypeNull:
		return false
	default:
		c.fault(key, "is %s, want a boolean", typeWord(m))
		return false
	}
}

func (c *cursor) object(v *fastjson.Value, key string) *fastjson.Value {
	return c.get(v, key, fastjson.TypeObject)
}

// each calls fn for every object of the array key, with the cursor standing on it.
func (c *cursor) each(v *fastjson.Value, key string, fn func(i int, item *fastjson.Value)) {
	c.items(v, key, func(i int, item *fastjson.Value) {
		if item.Type() != fastjson.TypeObject {
			c.fault("", "is %s, want an object", typeWord(item))
			return
		}
		fn(i, item)
	})
}

func (c *cursor) items(v *fastjson.Value, key string, fn func(i int, item *fastjson.Value)) {
	m := c.get(v, key, fastjson.TypeArray)
	if m == nil {
		return
	}
	list, err := m.Array()
	if err != nil {
		return
	}
	c.in(key)
	c.path = append(c.path, step{})
	for i, item := range list {
		c.path[len(c.path)-1].index = i
		fn(i, item)
	}
	c.out()
	c.out()
}

// texts is an array of strings; empty ones are left out.
func (c *cursor) texts(v *fastjson.Value, key string) []string {
	var out []string
	c.items(v, key, func(_ int, item *fastjson.Value) {
		if item.Type() != fastjson.TypeString {
			c.fault("", "is %s, want a string", typeWord(item))
			return
		}
		if s := textOf(item); s != "" {
			out = append(out, s)
		}
	})
	return out
}

func (c *cursor) when(v *fastjson.Value, key string) time.Time {
	s := c.text(v, key)
	if s == "" {
		return time.Time{}
	}
	t, ok := parseTime(s)
	if !ok {
		c.fault(key, "is %s, want a date and time (RFC 3339)", clip(s))
	}
	return t
}

// parseTime reads RFC 3339 and the forms that feeds use beside it: without a zone, which is UTC, and a date alone. The
// first day of year 1 is what programs write for "not given".
func parseTime(s string) (time.Time, bool) {
	if strings.HasPrefix(s, "1-01-01") || strings.HasPrefix(s, "0001-01-01") {
		return time.Time{}, true
	}
	for _, layout := range []string{time.RFC3339, "2006-01-02T15:04:05", time.DateOnly, "2006-01-02T15:04:05-0700", "2006-01-02T15:04Z07:00"} {
		if t, err := time.Parse(layout, s); err == nil {
			return t.UTC(), true
		}
	}
	return time.Time{}, false
}

// clip quotes text for a message.
func clip(s string) string {
	if len(s) > 60 {
		s = strings.ToValidUTF8(s[:60], "") + "..."
	}
	return strconv.Quote(s)
}
