package sbom

import (
	"bytes"
	"encoding/json"
	"errors"
	"fmt"
	"strings"
	"unicode/utf8"

	"triward/internal/problem"
	"triward/internal/sbom/conform"
)

// Limits bounds what a reader accepts. The zero value of a field stands for its default.
type Limits struct {
	Bytes      int // default 256 MiB
	Depth      int // nesting of objects, arrays and elements; default 200
	Components int // packages, files and components together; default 1,000,000
	Values     int // JSON values, XML elements and attributes, tags; default 2,000,000 (about 500 MB of memory)
}

func (l Limits) bounds() conform.Bounds { return conform.Bounds{Depth: l.Depth, Values: l.Values} }

func (l Limits) filled() Limits {
	if l.Bytes <= 0 {
		l.Bytes = 256 << 20
	}
	if l.Depth <= 0 {
		l.Depth = 200
	}
	if l.Components <= 0 {
		l.Components = 1_000_000
	}
	if l.Values <= 0 {
		l.Values = 2_000_000
	}
	return l
}

// Read reads an SBOM of any supported format under the default limits. The format is told from the content; name is
// only used in messages. Errors are of kind problem.Invalid and name the file and the place.
func Read(name string, body []byte) (Document, error) { return ReadWithin(Limits{}, name, body) }

// ReadWithin is Read under limits of the caller's.
func ReadWithin(l Limits, name string, body []byte) (Document, error) {
	src, err := open(l.filled(), name, body)
	if err != nil {
		return Document{}, err
	}
	src.faults, _ = conform.Judge(src.parsed())
	doc, err := src.facts()
	if err != nil {
		return Document{}, err
	}
	doc.File, doc.Format, doc.SpecVersion, doc.Faults = name, src.format, src.version, src.faults
	if src.marked {
		doc.Notes = append(doc.Notes, Note{Text: "the file starts with a byte order mark, which was skipped"})
	}
	if n := len(doc.Components); n > src.limits.Components {
		return Document{}, problem.New(problem.Invalid, "read %s %q: %d components, more than the %d allowed", src.format, name, n, src.limits.Components)
	}
	return doc, nil
}

// source is an opened file: its tree, and what is known about it before its facts are taken.
type source struct {
	limits  Limits
	name    string
	body    []byte // without byte order mark
	marked  bool   // there was one
	format  Format
	version string
	tree    *conform.Node // nil for tag-value
	tags    []conform.Tag // tag-value only
	notes   []Note        // departures met while opening
	faults  []problem.Fault
}

// open finds the format and version of a file and parses it into a tree.
func open(l Limits, name string, body []byte) (*source, error) {
	s := &source{limits: l, name: name, body: body}
	if len(body) > l.Bytes {
		return nil, problem.New(problem.Invalid, "read %q: %d bytes, more than the %d allowed", name, len(body), l.Bytes)
	}
	if err := s.decodable(); err != nil {
		return nil, err
	}
	trimmed := bytes.TrimLeft(s.body, " \t\r\n")
	if len(trimmed) == 0 {
		return nil, problem.New(problem.Invalid, "read %q: the file is empty", name)
	}
	var err error
	switch {
	case trimmed[0] == '{' || trimmed[0] == '[':
		err = s.openJSON()
	case trimmed[0] == '<':
		err = s.openXML()
	case bytes.Contains(s.body, []byte("SPDXVersion:")):
		err = s.openTagValue()
	default:
		return nil, problem.New(problem.Invalid, "read %q: %s", name, guess(s.body))
	}
	if err != nil {
		return nil, err
	}
	if err := s.fits(); err != nil {
		return nil, err
	}
	return s, nil
}

// fits refuses a document that would decode into more than the limits allow. It looks at the tree, because the
// libraries decode a bare {} into a component of many hundred bytes.
func (s *source) fits() error {
	heavy := map[string]int{
		"components": 0, "ancestors": 0, "descendants": 0, "variants": 0, "services": 0, "packages": 0, "files": 0,
		"vulnerabilities": 0, "annotations": 0, "snippets": 0,
	}
	if s.tree != nil {
		s.tree.Counts(heavy)
	}
	for _, t := range s.tags {
		if t.Name == "PackageName" || t.Name == "FileName" {
			heavy["packages"]++
		}
	}
	all := 0
	for _, n := range heavy {
		all += n
	}
	if all > s.limits.Components {
		return problem.New(problem.Invalid, "read %s %q: %d components, packages, files and the like, more than the %d allowed", s.format, s.name, all, s.limits.Components)
	}
	return nil
}

// decodable refuses what is not UTF-8 text and skips a UTF-8 byte order mark (RFC 8259 8.1 lets a parser ignore it).
func (s *source) decodable() error {
	b := s.body
	utf16 := func(order string) error {
		return problem.New(problem.Invalid, "read %q: the file is UTF-16 (%s); convert it to UTF-8", s.name, order)
	}
	switch {
	case bytes.HasPrefix(b, []byte{0xEF, 0xBB, 0xBF}):
		s.body, s.marked = b[3:], true
	case bytes.HasPrefix(b, []byte{0xFF, 0xFE}):
		return utf16("little endian")
	case bytes.HasPrefix(b, []byte{0xFE, 0xFF}):
		return utf16("big endian")
	case len(b) > 3 && b[0] != 0 && b[1] == 0 && b[2] != 0 && b[3] == 0:
		return utf16("little endian, no byte order mark")
	case len(b) > 3 && b[0] == 0 && b[1] != 0 && b[2] == 0 && b[3] != 0:
		return utf16("big endian, no byte order mark")
	}
	if at := bytes.IndexByte(s.body, 0); at >= 0 {
		line, col := conform.Place(s.body, at)
		return problem.New(problem.Invalid, "read %q: line %d, column %d: a NUL byte, which text does not hold; %s", s.name, line, col, guess(s.body))
	}
	if !utf8.Valid(s.body) {
		at := 0
		for at < len(s.body) {
			r, n := utf8.DecodeRune(s.body[at:])
			if r == utf8.RuneError && n == 1 {
				break
			}
			at += n
		}
		line, col := conform.Place(s.body, at)
		return problem.New(problem.Invalid, "read %q: line %d, column %d: byte 0x%02x is not UTF-8; %s", s.name, line, col, s.body[at], guess(s.body))
	}
	return nil
}

// guess says what a file that is no SBOM seems to be.
func guess(b []byte) string {
	kinds := []struct{ magic, words string }{
		{"PK\x03\x04", "this looks like a ZIP archive (also .docx, .xlsx); give the SBOM inside it"},
		{"\x1f\x8b", "this looks like a gzip file; unpack it first"},
		{"\x28\xb5\x2f\xfd", "this looks like a zstd file; unpack it first"},
		{"BZh", "this looks like a bzip2 file; unpack it first"},
		{"%PDF", "this looks like a PDF file"},
		{"\x7fELF", "this looks like a program"},
		{"MZ", "this looks like a Windows program"},
	}
	for _, k := range kinds {
		if strings.HasPrefix(string(b[:min(len(b), 8)]), k.magic) {
			return k.words
		}
	}
	if bytes.Contains(b[:min(len(b), 4096)], []byte("spec_version: \"1.")) {
		return "this looks like a CycloneDX protobuf text file, which is not supported; use the JSON or XML form"
	}
	return "the file is neither CycloneDX (JSON, XML) nor SPDX (JSON, tag-value)"
}

func (s *source) openJSON() error {
	tree, err := conform.ParseJSON(s.body, s.limits.bounds())
	if err != nil {
		return problem.New(problem.Invalid, "read %q: %v", s.name, err)
	}
	s.tree = tree
	if tree.Kind() != conform.Object {
		return problem.New(problem.Invalid, "read %q: the file is a JSON %s, an SBOM is an object", s.name, tree.Kind())
	}
	switch format, context, graph := tree.Get("bomFormat"), tree.Get("@context"), tree.Get("@graph"); {
	case format != nil || tree.Get("specVersion") != nil && tree.Get("spdxVersion") == nil:
		s.format = CycloneDXJSON
		return s.cycloneDXVersion("/specVersion", tree.Get("specVersion").Str())
	case tree.Get("spdxVersion") != nil || tree.Get("SPDXID") != nil:
		s.format = SPDXJSON
		return s.spdxVersion("/spdxVersion", tree.Get("spdxVersion").Str())
	case context != nil && (graph != nil || strings.Contains(context.Str(), "spdx.org/rdf/3.")):
		s.format = SPDX3JSON
		if len(context.Strs()) == 0 {
			return problem.New(problem.Invalid, "read %q: /@context: must be the address of the SPDX 3 context, or a list with it", s.name)
		}
		s.version = spdx3Version(tree)
		if !strings.HasPrefix(s.version, "3.0") {
			return problem.New(problem.Invalid, "read %q: SPDX version %q is not supported; 3.0 is", s.name, s.version)
		}
		return nil
	}
	return problem.New(problem.Invalid, "read %q: the file is JSON but neither CycloneDX (no bomFormat) nor SPDX (no spdxVersion, no @graph)", s.name)
}

// cycloneDXVersion takes "1.0" to "1.7", which stands at a place. JSON came with 1.2.
func (s *source) cycloneDXVersion(at, v string) error {
	first := byte('0')
	if s.format == CycloneDXJSON {
		first = '2'
	}
	if len(v) != 3 || !strings.HasPrefix(v, "1.") || v[2] < first || v[2] > '7' {
		return problem.New(problem.Invalid, "read %q: %s: CycloneDX version %q is not supported in this encoding; 1.%c to 1.7 are", s.name, at, v, first)
	}
	s.version = v
	return nil
}

func (s *source) spdxVersion(at, v string) error {
	switch v {
	case "SPDX-2.1", "SPDX-2.2", "SPDX-2.3":
		s.version = strings.TrimPrefix(v, "SPDX-")
		return nil
	}
	return problem.New(problem.Invalid, "read %q: %s: spdxVersion %q is not supported; SPDX-2.1, SPDX-2.2 and SPDX-2.3 are", s.name, at, v)
}

// openTagValue splits the file into tags and finds the version.
func (s *source) openTagValue() error {
	tags, err := conform.ParseTags(s.body, s.limits.Values)
	if err != nil {
		return problem.New(problem.Invalid, "read %q: %v", s.name, err)
	}
	s.tags, s.format = tags, SPDXTagValue
	for _, t := range tags {
		if t.Name == "SPDXVersion" {
			return s.spdxVersion(fmt.Sprintf("line %d", t.Line), t.Value)
		}
	}
	return problem.New(problem.Invalid, "read %q: the file has no SPDXVersion tag", s.name)
}

// parsed is the file as conform judges it. All versions are of the form major.minor.
func (s *source) parsed() conform.File {
	f := conform.File{Format: s.format, Tree: s.tree, Tags: s.tags}
	if len(s.version) > 2 {
		f.Minor = int(s.version[2] - '0')
	}
	return f
}

func (s *source) openXML() error {
	tree, err := conform.ParseXML(s.body, s.limits.bounds())
	if err != nil {
		return problem.New(problem.Invalid, "read %q: %v", s.name, err)
	}
	s.tree, s.format = tree, CycloneDXXML
	const base = "http://cyclonedx.org/schema/bom/"
	switch {
	case tree.Name() != "bom" && strings.Contains(tree.Space(), "rdf"):
		return problem.New(problem.Invalid, "read %q: SPDX in RDF/XML is not supported; use the JSON or tag-value form", s.name)
	case tree.Name() != "bom":
		return problem.New(problem.Invalid, "read %q: the root element is <%s>, a CycloneDX document starts with <bom>", s.name, tree.Name())
	case !strings.HasPrefix(tree.Space(), base):
		return problem.New(problem.Invalid, "read %q: /bom: the namespace %q is not CycloneDX's (%s1.x)", s.name, tree.Space(), base)
	}
	return s.cycloneDXVersion("/bom", strings.TrimPrefix(tree.Space(), base))
}

// facts takes the facts with the reader of the format.
func (s *source) facts() (Document, error) {
	var doc Document
	var err error
	switch s.format {
	case CycloneDXJSON, CycloneDXXML:
		doc, err = readCycloneDX(s)
	case SPDXJSON, SPDXTagValue:
		doc, err = readSPDX2(s)
	case SPDX3JSON:
		doc, err = readSPDX3(s)
	}
	if err == nil {
		doc.Notes = append(s.notes, doc.Notes...)
		return doc, nil
	}
	// The faults of the model name the place better than a decoder's message, so they come first.
	e := &problem.Error{Kind: problem.Invalid, Message: fmt.Sprintf("read %s %q: %v", s.format, s.name, plain(err, s.body)), Faults: s.faults}
	return Document{}, e
}

// plain rewrites a decoder's error with the line and column of its place.
func plain(err error, body []byte) error {
	var syntax *json.SyntaxError
	var typ *json.UnmarshalTypeError
	switch {
	case errors.As(err, &typ):
		line, col := conform.Place(body, int(typ.Offset))
		return fmt.Errorf("line %d, column %d: %s is a JSON %s, which it may not be", line, col, typ.Field, typ.Value)
	case errors.As(err, &syntax):
		line, col := conform.Place(body, int(syntax.Offset))
		return fmt.Errorf("line %d, column %d: %w", line, col, err)
	}
	return err
}
