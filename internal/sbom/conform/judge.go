package conform

import (
	"fmt"
	"strconv"

	"triward/internal/problem"
)

// mostFaults bounds the list of a report; a generator that errs does so in every component.
const mostFaults = 1000

// Format is the family and encoding of a file.
type Format string

// The closed list of formats.
const (
	CycloneDXJSON Format = "cyclonedx-json"
	CycloneDXXML  Format = "cyclonedx-xml"
	SPDXJSON      Format = "spdx-json"      // SPDX 2.x
	SPDXTagValue  Format = "spdx-tag-value" // SPDX 2.x
	SPDX3JSON     Format = "spdx3-json"     // SPDX 3.0 JSON-LD
)

// File is a parsed file: Tags of a tag-value file, Tree of any other.
type File struct {
	Format Format
	Minor  int // minor version of the specification that the file declares
	Tree   *Node
	Tags   []Tag
}

// Judge is every departure of a file from the model of its format, in the order of the file, and what is within the
// model but probably not meant.
func Judge(f File) (faults, warnings []problem.Fault) {
	c := checker{xml: f.Format == CycloneDXXML, minor: f.Minor, defined: map[string]string{}}
	switch f.Format {
	case CycloneDXJSON, CycloneDXXML:
		c.model, c.loose = cycloneDX(), true
		if c.xml {
			c.path = append(c.path, step{name: "bom"})
		}
		c.object(c.class("bom"), f.Tree)
	case SPDXJSON:
		c.model = spdx2()
		c.object(c.class("document"), f.Tree)
	case SPDXTagValue:
		c.tagValue(f.Tags)
	case SPDX3JSON:
		c.spdx3(f.Tree)
	}
	c.references()
	if c.cut > 0 {
		c.faults = append(c.faults, problem.Fault{Reason: fmt.Sprintf("%d more faults are not listed", c.cut)})
	}
	return c.faults, c.warnings
}

// checker walks a tree along a model.
type checker struct {
	model    *model
	xml      bool
	minor    int
	path     []step
	faults   []problem.Fault
	warnings []problem.Fault
	cut      int
	loose    bool              // references may lead nowhere
	graph    bool              // SPDX 3: elements stand in @graph, not alone
	defined  map[string]string // identifiers to where they stand
	used     []use             // references to identifiers
}

// step is one part of a path. An index counts from 0 in JSON; XML paths count from 1 as XPath does.
type step struct {
	name  string
	index int // -1: none
	list  bool
}

// use is a reference to an identifier.
type use struct{ to, path string }

func (c *checker) push(s step) { c.path = append(c.path, s) }
func (c *checker) pop()        { c.path = c.path[:len(c.path)-1] }

// where is the place as a JSON pointer (RFC 6901) or an XML path.
func (c *checker) where() string {
	var b []byte
	for _, s := range c.path {
		switch {
		case c.xml && s.list:
			b = append(b, '/')
			b = append(b, s.name...)
			b = append(b, '[')
			b = strconv.AppendInt(b, int64(s.index+1), 10)
			b = append(b, ']')
		case s.list:
			b = append(b, '/')
			b = strconv.AppendInt(b, int64(s.index), 10)
		default:
			b = append(b, '/')
			for i := 0; i < len(s.name); i++ {
				switch ch := s.name[i]; {
				case ch == '~' && !c.xml:
					b = append(b, "~0"...)
				case ch == '/' && !c.xml:
					b = append(b, "~1"...)
				default:
					b = append(b, ch)
				}
			}
		}
	}
	return string(b)
}

func (c *checker) fault(format string, args ...any) {
	if len(c.faults) >= mostFaults {
		c.cut++
		return
	}
	c.faults = append(c.faults, problem.Fault{Path: c.where(), Reason: fmt.Sprintf(format, args...)})
}

func (c *checker) warn(format string, args ...any) {
	if len(c.warnings) < mostFaults {
		c.warnings = append(c.warnings, problem.Fault{Path: c.where(), Reason: fmt.Sprintf(format, args...)})
	}
}

func (c *checker) class(name string) *class {
	if c.xml {
		if x := c.model.classes["x:"+name]; x != nil {
			return x
		}
	}
	return c.model.classes[name]
}

// object judges one JSON object or XML element against its class.
func (c *checker) object(k *class, n *Node) {
	if c.xml {
		c.element(k, n)
		return
	}
	if n.kind != Object {
		c.fault("is a JSON %s, must be an object", n.kind)
		return
	}
	for i := range n.items {
		v := &n.items[i]
		f := k.byName[v.name]
		c.push(step{name: v.name})
		switch {
		case f == nil:
			c.unknown(v.name, k)
		case f.since > c.minor:
			c.tooNew(f.since)
		default:
			c.value(f, v)
		}
		c.pop()
	}
	c.required(k, func(f *field) bool { return n.Get(f.name) != nil })
}

// unknown names a field that the model does not have. Models before CycloneDX 1.4 allowed others beside their own.
func (c *checker) unknown(name string, k *class) {
	if c.model.classes["bom"] != nil && c.minor < 4 && !c.xml {
		c.warn("%q is not a field of %s", Cut(name), k.name)
		return
	}
	c.fault("%q is not a field of %s", Cut(name), k.name)
}

func (c *checker) tooNew(since int) {
	major := "CycloneDX 1"
	if c.model.classes["bom"] == nil {
		major = "SPDX 2"
	}
	c.fault("came with %s.%d, the document declares %s.%d", major, since, major, c.minor)
}

// required judges which fields must, or must not, stand together.
func (c *checker) required(k *class, there func(*field) bool) {
	for i := range k.fields {
		f := &k.fields[i]
		if f.needBelow > 0 && c.minor >= f.needFrom && c.minor < f.needBelow && f.since <= c.minor && !(c.xml && f.notXML) && !there(f) {
			c.fault("%s is missing", c.spell(f))
		}
	}
	count := func(names []string) (n int) {
		for _, name := range names {
			if there(k.byName[name]) {
				n++
			}
		}
		return n
	}
	if n := count(k.oneOf); len(k.oneOf) > 0 && n != 1 {
		c.fault("has %d of %s, must have exactly one", n, list(k.oneOf))
	}
	if len(k.notBoth) > 0 && count(k.notBoth) > 1 {
		c.fault("has more than one of %s", list(k.notBoth))
	}
}

func (c *checker) spell(f *field) string {
	switch {
	case c.xml && f.isAttr:
		return "the attribute " + f.xmlAttr
	case c.xml && f.isText:
		return "the text"
	case c.xml:
		return "the element <" + f.xmlName + ">"
	}
	return f.name
}

func list(names []string) string {
	out := ""
	for i, n := range names {
		switch {
		case i == 0:
		case i == len(names)-1:
			out += " and "
		default:
			out += ", "
		}
		out += n
	}
	return out
}

// value judges the JSON value of a field.
func (c *checker) value(f *field, v *Node) {
	switch {
	case f.typ == "licences":
		c.licences(v)
	case f.typ == "tools":
		c.tools(v)
	case !f.list || f.single && v.kind == Object:
		c.one(f, v)
	case v.kind != Array:
		c.fault("is a JSON %s, must be an array", v.kind)
	default:
		var seen map[string]int
		if f.unique && len(v.items) > 1 {
			seen = make(map[string]int, len(v.items))
		}
		for i := range v.items {
			item := &v.items[i]
			c.push(step{index: i, list: true})
			c.one(f, item)
			if seen != nil {
				key := item.text
				if first, twice := seen[key]; twice {
					c.fault("is equal to item %d; the items of the list must differ", first)
				}
				seen[key] = i
			}
			c.pop()
		}
	}
}

// one judges a single value.
func (c *checker) one(f *field, v *Node) {
	switch {
	case f.typ == "any":
	case f.of != nil:
		c.object(c.class(f.typ), v)
	default:
		c.scalar(f, v)
	}
}

// licences judges a JSON licence list. Before 1.7 an expression stands alone.
func (c *checker) licences(v *Node) {
	if v.kind != Array {
		c.fault("is a JSON %s, must be an array", v.kind)
		return
	}
	expressions := 0
	for i := range v.items {
		c.push(step{index: i, list: true})
		c.object(c.model.classes["licenceItem"], &v.items[i])
		if v.items[i].Get("expression") != nil {
			expressions++
		}
		c.pop()
	}
	c.alone(expressions, len(v.items))
}

func (c *checker) alone(expressions, all int) {
	if expressions > 0 && all > 1 && c.minor < 7 {
		c.fault("has %d licences, %d of them expressions; an expression must stand alone before CycloneDX 1.7", all, expressions)
	}
}

// tools takes the old list of tools or, since 1.5, an object with components and services.
func (c *checker) tools(v *Node) {
	switch {
	case v.kind == Array:
		for i := range v.items {
			c.push(step{index: i, list: true})
			c.object(c.model.classes["tool"], &v.items[i])
			c.pop()
		}
	case v.kind == Object && c.minor >= 5:
		c.object(c.model.classes["toolset"], v)
	default:
		c.fault("is a JSON %s, must be an array of tools", v.kind)
	}
}

// references judges that what is referred to exists: a fault in SPDX, a warning in CycloneDX, whose published cases
// refer to what they leave out. References into other documents are left alone.
func (c *checker) references() {
	for _, u := range c.used {
		if _, ok := c.defined[u.to]; ok {
			continue
		}
		f := problem.Fault{Path: u.path, Reason: fmt.Sprintf("refers to %q, which the document does not hold", Cut(u.to))}
		switch {
		case c.loose && len(c.warnings) < mostFaults:
			c.warnings = append(c.warnings, f)
		case c.loose:
		case len(c.faults) < mostFaults:
			c.faults = append(c.faults, f)
		default:
			c.cut++
		}
	}
}
