package fhir

import (
	"bytes"
	"fmt"
	"strconv"
	"strings"
	"unicode/utf8"

	"github.com/valyala/fastjson"

	"triward/internal/problem"
)

// Limits bounds what Read accepts. The zero value of a field stands for its default.
type Limits struct {
	Bytes     int // default 256 MiB
	Depth     int // default 100
	Resources int // default 1,000,000
	Values    int // of one document or line, objects, arrays and members; default 4,000,000 (about 500 MB of memory)
}

func (l Limits) filled() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 256 << 20
	}
	if l.Depth <= 0 {
		l.Depth = 100
	}
	if l.Resources <= 0 {
		l.Resources = 1_000_000
	}
	if l.Values <= 0 {
		l.Values = 4_000_000
	}
	return l
}

// mostFaults bounds Result.Faults.
const mostFaults = 1000

// Read reads the devices of a Device, a Bundle or NDJSON under the default limits. An error, of kind problem.Invalid,
// means that the input as a whole cannot be read; faults of single resources are in Result.Faults.
func Read(name string, body []byte) (Result, error) { return ReadWithin(Limits{}, name, body) }

// ReadWithin is Read under limits of the caller's.
func ReadWithin(l Limits, name string, body []byte) (Result, error) {
	r := reader{limits: l.filled(), parser: &fastjson.Parser{}, names: map[string]string{}, out: Result{Devices: []Device{}, Skipped: map[string]int{}}}
	if err := r.read(name, body); err != nil {
		return Result{}, err
	}
	return r.out, nil
}

// read checks the input as a whole and reads its resources.
func (r *reader) read(name string, body []byte) error {
	bad := func(format string, args ...any) error {
		return problem.New(problem.Invalid, "read FHIR %q: %s", name, fmt.Sprintf(format, args...))
	}
	switch {
	case len(body) > r.limits.Bytes:
		return bad("%d bytes, more than the %d allowed", len(body), r.limits.Bytes)
	case bytes.HasPrefix(body, []byte{0xFF, 0xFE}) || bytes.HasPrefix(body, []byte{0xFE, 0xFF}):
		return bad("the file is UTF-16; FHIR is UTF-8")
	}
	body = bytes.TrimPrefix(body, []byte{0xEF, 0xBB, 0xBF})
	if at := badUTF8(body); at >= 0 {
		line, col := place(body, at)
		return bad("line %d, column %d: byte 0x%02x is not UTF-8", line, col, body[at])
	}
	trimmed := bytes.TrimLeft(body, " \t\r\n")
	switch {
	case len(trimmed) == 0:
		return bad("the file is empty")
	case trimmed[0] == '<':
		return bad("the file is XML; give FHIR as JSON")
	case trimmed[0] != '{':
		return bad("the file does not start with a JSON object")
	}
	var err error
	if lined(body) {
		err = r.lines(body)
	} else {
		err = r.one(body)
	}
	if err != nil {
		return bad("%v", err)
	}
	r.finish()
	return nil
}

// lined tells NDJSON from one document: the first line that is not blank is a whole value and another follows.
func lined(body []byte) bool {
	first, rest, ok := bytes.Cut(bytes.TrimLeft(body, " \t\r\n"), []byte{'\n'})
	if !ok || len(bytes.TrimSpace(rest)) == 0 {
		return false
	}
	first = bytes.TrimRight(first, " \t\r")
	return len(first) > 1 && first[len(first)-1] == '}' && fastjson.ValidateBytes(first) == nil
}

type reader struct {
	limits Limits
	parser *fastjson.Parser
	out    Result
	seen   int               // resources met
	names  map[string]string // reference to display name, from the resources of the input
	cut    int               // faults not listed
	audits []AuditEvent      // nil: they are not asked for
}

func (r *reader) fault(path, format string, args ...any) {
	if len(r.out.Faults) >= mostFaults {
		r.cut++
		return
	}
	r.out.Faults = append(r.out.Faults, problem.Fault{Path: path, Reason: fmt.Sprintf(format, args...)})
}

func (r *reader) one(body []byte) error {
	v, err := r.parse(body)
	if err != nil {
		return err
	}
	return r.resource(v, "", "")
}

// lines reads NDJSON. A line that is no JSON is a fault of its own; the others are read.
func (r *reader) lines(body []byte) error {
	for n := 1; len(body) > 0; n++ {
		var line []byte
		line, body, _ = bytes.Cut(body, []byte{'\n'})
		if line = bytes.TrimSpace(line); len(line) == 0 {
			continue
		}
		at := "line " + strconv.Itoa(n)
		v, err := r.parse(line)
		if err != nil {
			r.fault(at, "%v", err)
			continue
		}
		if err := r.resource(v, at, ""); err != nil {
			return err
		}
	}
	return nil
}

// parse checks depth before the parser recurses, and names line and column of a fault.
func (r *reader) parse(body []byte) (*fastjson.Value, error) {
	if at := deeper(body, r.limits.Depth); at >= 0 {
		line, col := place(body, at)
		return nil, fmt.Errorf("line %d, column %d: nested deeper than %d levels", line, col, r.limits.Depth)
	}
	if n := bytes.Count(body, []byte{','}) + bytes.Count(body, []byte{'{'}) + bytes.Count(body, []byte{'['}); n > r.limits.Values {
		return nil, fmt.Errorf("more than the %d values allowed in one document; give many devices as NDJSON", r.limits.Values)
	}
	if at := bytes.IndexByte(body, 0); at >= 0 {
		line, col := place(body, at)
		return nil, fmt.Errorf("line %d, column %d: a NUL byte, which JSON text cannot hold", line, col)
	}
	v, err := r.parser.ParseBytes(body)
	if err != nil {
		// The parser says where by quoting what is left of the text.
		msg := err.Error()
		at := len(body)
		if _, tail, ok := strings.Cut(msg, "unparsed tail: "); ok {
			if q, qerr := strconv.Unquote(tail); qerr == nil && !strings.Contains(q, "...") {
				at = len(body) - len(q)
			}
		}
		msg, _, _ = strings.Cut(msg, "; unparsed tail")
		line, col := place(body, max(at, 0))
		return nil, fmt.Errorf("line %d, column %d: not JSON: %s", line, col, strings.TrimPrefix(msg, "cannot parse JSON: "))
	}
	if at := repeated(v); at != "" {
		return nil, fmt.Errorf("%s: is given twice in one object", at)
	}
	return v, nil
}

// resource reads one resource; a Bundle holds more.
func (r *reader) resource(v *fastjson.Value, path, fullURL string) error {
	if r.seen++; r.seen > r.limits.Resources {
		return fmt.Errorf("more than the %d resources allowed", r.limits.Resources)
	}
	if v.Type() != fastjson.TypeObject {
		r.fault(path, "is a JSON %s, must be a resource", v.Type())
		return nil
	}
	typ := str(v.Get("resourceType"))
	switch typ {
	case "":
		if path == "" {
			return fmt.Errorf("/resourceType: the object has no resourceType in words, so it is not FHIR")
		}
		r.fault(path, "has no resourceType")
	case "Bundle":
		return r.bundle(v, path)
	case "Device":
		if r.audits != nil {
			r.out.Skipped[typ]++
			return nil
		}
		r.device(v, path, fullURL)
	default:
		if typ == "AuditEvent" && r.audits != nil {
			r.audit(v, path)
			return nil
		}
		r.out.Skipped[typ]++
		r.name(v, typ, fullURL)
		for i, c := range v.GetArray("contained") {
			if err := r.resource(c, path+"/contained/"+strconv.Itoa(i), ""); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *reader) bundle(v *fastjson.Value, path string) error {
	entries := v.Get("entry")
	if entries == nil {
		return nil
	}
	if entries.Type() != fastjson.TypeArray {
		r.fault(path+"/entry", "is a JSON %s, must be an array", entries.Type())
		return nil
	}
	for i, e := range entries.GetArray() {
		at := path + "/entry/" + strconv.Itoa(i)
		res := e.Get("resource")
		if res == nil {
			if e.Get("response") == nil && e.Get("request") == nil {
				r.fault(at, "has no resource")
			}
			continue
		}
		if err := r.resource(res, at+"/resource", str(e.Get("fullUrl"))); err != nil {
			return err
		}
	}
	return nil
}

// name keeps what a reference to a place or organisation may be shown as. Patients and practitioners are not kept.
func (r *reader) name(v *fastjson.Value, typ, fullURL string) {
	switch typ {
	case "Location", "Organization", "DeviceDefinition":
	default:
		return
	}
	name := str(v.Get("name"))
	if typ == "DeviceDefinition" {
		name = str(v.Get("modelNumber"))
		for _, n := range v.GetArray("deviceName") {
			if t := str(n.Get("name")); t != "" {
				name = t
				break
			}
		}
	}
	if name == "" {
		return
	}
	if id := str(v.Get("id")); id != "" {
		r.names[typ+"/"+id] = name
	}
	if fullURL != "" {
		r.names[fullURL] = name
	}
}

// finish gives references the names of the resources that the input holds.
func (r *reader) finish() {
	for i := range r.out.Devices {
		d := &r.out.Devices[i]
		for _, ref := range []*Reference{&d.Owner, &d.Location, &d.Definition} {
			if ref.Display == "" {
				ref.Display = r.names[strings.SplitN(ref.Reference, "/_history/", 2)[0]]
			}
		}
	}
	if r.cut > 0 {
		r.out.Faults = append(r.out.Faults, problem.Fault{Reason: strconv.Itoa(r.cut) + " more faults are not listed"})
	}
}

// deeper is the offset where objects and arrays nest deeper than allowed, or -1.
func deeper(b []byte, most int) int {
	depth, quoted := 0, false
	for i := 0; i < len(b); i++ {
		switch c := b[i]; {
		case quoted:
			switch c {
			case '\\':
				i++
			case '"':
				quoted = false
			}
		case c == '"':
			quoted = true
		case c == '{' || c == '[':
			if depth++; depth > most {
				return i
			}
		case c == '}' || c == ']':
			depth--
		}
	}
	return -1
}

// repeated is the JSON pointer of the first member that its object names a second time, "" when there is none. Programs
// disagree on which of the two counts (RFC 7493 2.3), and FHIR allows none (FHIR R4 2.6.2).
func repeated(v *fastjson.Value) string {
	switch v.Type() {
	case fastjson.TypeArray:
		for i, item := range v.GetArray() {
			if at := repeated(item); at != "" {
				return "/" + strconv.Itoa(i) + at
			}
		}
	case fastjson.TypeObject:
		found := ""
		var few [16][]byte // objects are small; a map is for the others
		var seen map[string]bool
		n := 0
		v.GetObject().Visit(func(name []byte, member *fastjson.Value) {
			if found != "" {
				return
			}
			again := seen[string(name)]
			for _, f := range few[:min(n, len(few))] {
				again = again || bytes.Equal(f, name)
			}
			if again {
				found = "/" + string(name)
				return
			}
			if n < len(few) {
				few[n] = name
			} else {
				if seen == nil {
					seen = map[string]bool{}
				}
				seen[string(name)] = true
			}
			n++
			if at := repeated(member); at != "" {
				found = "/" + string(name) + at
			}
		})
		return found
	}
	return ""
}

func badUTF8(b []byte) int {
	if utf8.Valid(b) {
		return -1
	}
	for i := 0; i < len(b); {
		r, n := utf8.DecodeRune(b[i:])
		if r == utf8.RuneError && n == 1 {
			return i
		}
		i += n
	}
	return -1
}

// place is the line and column, both from 1, of an offset. Columns count bytes.
func place(b []byte, at int) (line, col int) {
	at = min(at, len(b))
	return 1 + bytes.Count(b[:at], []byte{'\n'}), at - bytes.LastIndexByte(b[:at], '\n')
}

func str(v *fastjson.Value) string {
	if v == nil || v.Type() != fastjson.TypeString {
		return ""
	}
	b, err := v.StringBytes()
	if err != nil {
		return ""
	}
	return string(b)
}
