package advisory

import (
	"strconv"
	"time"

	"github.com/valyala/fastjson"

	"triward/internal/problem"
)

// OpenVEXDocument is an OpenVEX document: statements of one author about vulnerabilities in products (OpenVEX specification 0.2.0,
// "Document Struct Fields"). ParseOpenVEX reads it, WriteOpenVEX writes it, and [OpenVEXDocument.Record] turns it into a Record.
type OpenVEXDocument struct {
	ID         string // @id, an IRI
	Author     string
	Role       string
	Timestamp  time.Time // when the document was issued; zero when an old document does not say
	Updated    time.Time
	Version    int // starts at 1; 0 when an old document does not say
	Tooling    string
	Supplier   string
	Statements []OpenVEXStatement
}

// OpenVEXStatement says what status one vulnerability has in some products ("Statement Fields").
type OpenVEXStatement struct {
	ID              string
	Version         int
	Vulnerability   OpenVEXVulnerability
	Timestamp       time.Time // zero: the document's
	Updated         time.Time
	Products        []OpenVEXProduct
	Status          Status
	Supplier        string
	Notes           string
	Justification   string // one of [Justifications], for not_affected
	ImpactStatement string
	ActionStatement string
	ActionTimestamp time.Time
}

// OpenVEXVulnerability names a vulnerability. ID is an IRI, Name the id that people use.
type OpenVEXVulnerability struct {
	ID          string
	Name        string
	Description string
	Aliases     []string
}

// OpenVEXProduct is a product with the components in it that the statement is about; none: the product itself.
type OpenVEXProduct struct {
	OpenVEXComponent
	Subcomponents []OpenVEXComponent
}

// OpenVEXComponent identifies software by an IRI (mostly a package URL), by identifiers ("purl", "cpe22", "cpe23") or by hashes
// ("sha-256": lower-case hex).
type OpenVEXComponent struct {
	ID          string
	Identifiers map[string]string
	Hashes      map[string]string
	Supplier    string
}

// Justifications are the reasons for not_affected that OpenVEX 0.2.0 knows, in its order.
func Justifications() []string {
	return []string{"component_not_present", "vulnerable_code_not_present", "vulnerable_code_not_in_execute_path",
		"vulnerable_code_cannot_be_controlled_by_adversary", "inline_mitigations_already_exist"}
}

// Limits of one document.
const (
	maxVEXStatements = 100_000
	maxVEXProducts   = 1_000_000 // over all statements, components included
)

// ParseOpenVEX reads an OpenVEX document of version 0.2.0 and the older 0.0.x, in which vulnerabilities and products are
// plain strings. Status words are checked; that a status comes with its justification or action is left to
// [OpenVEXDocument.Validate], since documents that lack them are still evidence. The name is used in errors only.
func ParseOpenVEX(name string, body []byte) (OpenVEXDocument, error) {
	var p fastjson.Parser
	root, err := openJSON(&p, body, recordBounds)
	if err != nil {
		return OpenVEXDocument{}, named("OpenVEX document", name, err)
	}
	var c cursor
	doc := c.vex(root)
	if err := c.err(); err != nil {
		return OpenVEXDocument{}, named("OpenVEX document", name, err)
	}
	return doc, nil
}

func (c *cursor) vex(root *fastjson.Value) OpenVEXDocument {
	doc := OpenVEXDocument{
		ID:        c.need(root, "@id"),
		Author:    c.text(root, "author"),
		Role:      c.text(root, "role"),
		Timestamp: c.when(root, "timestamp"),
		Updated:   c.when(root, "last_updated"),
		Version:   c.version(root),
		Tooling:   c.text(root, "tooling"),
		Supplier:  c.text(root, "supplier"),
	}
	if root.Get("statements") == nil {
		c.fault("statements", "is required")
	}
	products := 0
	c.each(root, "statements", func(i int, v *fastjson.Value) {
		if i >= maxVEXStatements || products > maxVEXProducts {
			if c.faults.Len() == 0 {
				c.fault("", "is beyond the limit of %d statements or %d products", maxVEXStatements, maxVEXProducts)
			}
			return
		}
		s := c.vexStatement(v)
		for _, p := range s.Products {
			products += 1 + len(p.Subcomponents)
		}
		doc.Statements = append(doc.Statements, s)
	})
	return doc
}

// version is a number in 0.2.0 and was a string before.
func (c *cursor) version(v *fastjson.Value) int {
	m := v.Get("version")
	if m == nil || m.Type() == fastjson.TypeNull {
		return 0
	}
	if m.Type() == fastjson.TypeString {
		n, err := strconv.Atoi(textOf(m))
		if err != nil || n < 0 {
			c.fault("version", "is %s, want a whole number", clip(textOf(m)))
			return 0
		}
		return n
	}
	if m.Type() != fastjson.TypeNumber {
		c.fault("version", "is %s, want a number", typeWord(m))
		return 0
	}
	n, err := m.Int()
	if err != nil || n < 0 {
		c.fault("version", "is not a whole number")
		return 0
	}
	return n
}

func (c *cursor) vexStatement(v *fastjson.Value) OpenVEXStatement {
	s := OpenVEXStatement{
		ID:              c.text(v, "@id"),
		Version:         c.version(v),
		Vulnerability:   c.vexVulnerability(v),
		Timestamp:       c.when(v, "timestamp"),
		Updated:         c.when(v, "last_updated"),
		Status:          Status(c.need(v, "status")),
		Supplier:        c.text(v, "supplier"),
		Notes:           c.text(v, "status_notes"),
		Justification:   c.text(v, "justification"),
		ImpactStatement: c.text(v, "impact_statement"),
		ActionStatement: c.text(v, "action_statement"),
		ActionTimestamp: c.when(v, "action_statement_timestamp"),
	}
	switch s.Status {
	case StatusAffected, StatusNotAffected, StatusFixed, StatusUnderInvestigation, "":
	default:
		c.fault("status", "is %s, want not_affected, affected, fixed or under_investigation", clip(string(s.Status)))
	}
	c.items(v, "products", func(_ int, p *fastjson.Value) {
		one := OpenVEXProduct{OpenVEXComponent: c.vexComponent(p)}
		if p.Type() == fastjson.TypeObject {
			one.Subcomponents = c.vexComponents(p)
		}
		s.Products = append(s.Products, one)
	})
	// 0.0.x has the subcomponents beside the products.
	if old := c.vexComponents(v); len(old) > 0 {
		for i := range s.Products {
			s.Products[i].Subcomponents = append(s.Products[i].Subcomponents, old...)
		}
	}
	return s
}

func (c *cursor) vexVulnerability(v *fastjson.Value) OpenVEXVulnerability {
	m := v.Get("vulnerability")
	if m != nil && m.Type() == fastjson.TypeString {
		return OpenVEXVulnerability{Name: c.need(v, "vulnerability")}
	}
	m = c.object(v, "vulnerability")
	if m == nil {
		c.fault("vulnerability", "is required")
		return OpenVEXVulnerability{}
	}
	c.in("vulnerability")
	defer c.out()
	out := OpenVEXVulnerability{ID: c.text(m, "@id"), Name: c.text(m, "name"), Description: c.text(m, "description"), Aliases: c.texts(m, "aliases")}
	if out.Name == "" && out.ID == "" {
		c.fault("name", "is required")
	}
	return out
}

func (c *cursor) vexComponents(v *fastjson.Value) []OpenVEXComponent {
	var out []OpenVEXComponent
	c.items(v, "subcomponents", func(_ int, s *fastjson.Value) { out = append(out, c.vexComponent(s)) })
	return out
}

func (c *cursor) vexComponent(v *fastjson.Value) OpenVEXComponent {
	switch v.Type() {
	case fastjson.TypeString:
		id := textOf(v)
		if id == "" {
			c.fault("", "is empty")
		}
		return OpenVEXComponent{ID: id}
	case fastjson.TypeObject:
		out := OpenVEXComponent{ID: c.text(v, "@id"), Supplier: c.text(v, "supplier"), Identifiers: c.table(v, "identifiers"), Hashes: c.table(v, "hashes")}
		if out.ID == "" && len(out.Identifiers) == 0 && len(out.Hashes) == 0 {
			c.fault("", "has none of @id, identifiers and hashes")
		}
		return out
	}
	c.fault("", "is %s, want an object", typeWord(v))
	return OpenVEXComponent{}
}

// table is an object of strings.
func (c *cursor) table(v *fastjson.Value, key string) map[string]string {
	m := c.object(v, key)
	if m == nil {
		return nil
	}
	c.in(key)
	defer c.out()
	out := map[string]string{}
	m.GetObject().Visit(func(k []byte, val *fastjson.Value) {
		if val.Type() != fastjson.TypeString {
			c.fault(string(k), "is %s, want a string", typeWord(val))
			return
		}
		out[string(k)] = textOf(val)
	})
	if len(out) == 0 {
		return nil
	}
	return out
}

// Validate says everything that OpenVEX 0.2.0 demands of a document and doc lacks, by JSON pointer.
func (doc OpenVEXDocument) Validate() error {
	var l problem.List
	need := func(path string, missing bool) {
		if missing {
			l.Add(path, "is required")
		}
	}
	need("/@id", doc.ID == "")
	need("/author", doc.Author == "")
	need("/timestamp", doc.Timestamp.IsZero())
	need("/version", doc.Version < 1)
	need("/statements", len(doc.Statements) == 0)
	for i, s := range doc.Statements {
		l.Merge("/statements/"+strconv.Itoa(i), s.Validate())
		if l.Len() > 100 {
			break
		}
	}
	return l.Err("openvex document is not valid")
}

// Validate checks one statement ("Status Labels" and the fields that each demands).
func (s OpenVEXStatement) Validate() error {
	var l problem.List
	if s.Vulnerability.Name == "" && s.Vulnerability.ID == "" {
		l.Add("vulnerability/name", "is required")
	}
	if len(s.Products) == 0 {
		l.Add("products", "is required")
	}
	known := s.Justification == ""
	for _, j := range Justifications() {
		known = known || j == s.Justification
	}
	if !known {
		l.Add("justification", "is %s, want one of the words of OpenVEX", clip(s.Justification))
	}
	switch s.Status {
	case StatusNotAffected:
		if s.Justification == "" && s.ImpactStatement == "" {
			l.Add("justification", "is required for not_affected, or an impact_statement")
		}
		if s.ActionStatement != "" {
			l.Add("action_statement", "does not go with not_affected")
		}
	case StatusAffected, StatusFixed, StatusUnderInvestigation:
		if s.Status == StatusAffected && s.ActionStatement == "" {
			l.Add("action_statement", "is required for affected")
		}
		if s.Status != StatusAffected && s.ActionStatement != "" {
			l.Add("action_statement", "does not go with %s", s.Status)
		}
		if s.Justification != "" || s.ImpactStatement != "" {
			l.Add("justification", "and impact_statement go with not_affected only")
		}
	default:
		l.Add("status", "is %s, want not_affected, affected, fixed or under_investigation", clip(string(s.Status)))
	}
	return l.Err("openvex statement is not valid")
}
