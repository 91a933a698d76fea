package conform

import (
	"strings"
	"sync"
)

// A model is a table of classes in a small notation, one class per block:
//
//	class
//	 field type xml +since
//
// field: its JSON name; "!" after it: required; "!<4": required below version 1.4; "!>6": required from 1.6 on.
// type: a scalar (see checker.scalar), enum:name, another class, or "any" (not judged); "[]" a list, "[]u" a list
// without equal items, "[]?" a list or a single item.
// xml, where the XML form differs from an element of the same name: "@" or "@name" an attribute, "." the text of the
// element, ">item" a wrapper around item elements, ">item@a" around elements whose attribute a is the value, "=item"
// item elements without a wrapper, "/name>item" a wrapper of another name, "-" not in XML, "~" not judged in XML.
// +since: the minor version that brought the field.
// "^ a b": exactly one of the fields; "notboth a b": at most one.
// A class named x:class replaces class in XML.
type model struct {
	classes map[string]*class
	enums   map[string]map[string]int // word to the minor version that brought it
}

type class struct {
	name    string
	fields  []field
	byName  map[string]*field
	byXML   map[string]*field // child elements
	byAttr  map[string]*field
	text    *field
	oneOf   []string
	notBoth []string
}

type field struct {
	name       string
	typ        string
	of         *class         // class of typ, nil for scalars
	enum       map[string]int // words of an enumeration
	list       bool
	unique     bool
	single     bool // a single item may stand for the list
	needFrom   int  // required from this minor version ...
	needBelow  int  // ... and below this one; 0, 0: optional
	since      int
	xmlName    string // element name
	xmlItem    string // item element inside the wrapper, "*" any
	xmlBare    bool   // items stand without wrapper
	xmlAttr    string // attribute of the item that is the value, or of the element itself
	isAttr     bool
	isText     bool
	notXML     bool
	notJudged  bool // in XML
	wrapsItems bool
}

var cycloneDX = sync.OnceValue(func() *model { return newModel(cdxModel, cdxEnums) })

var spdx2 = sync.OnceValue(func() *model { return newModel(spdxModel, spdxEnums) })

func newModel(classes, enums string) *model {
	m := &model{classes: map[string]*class{}, enums: map[string]map[string]int{}}
	for _, line := range strings.Split(strings.TrimSpace(enums), "\n") {
		words := strings.Fields(line)
		set := map[string]int{}
		for _, w := range words[1:] {
			word, since, _ := strings.Cut(w, "+")
			set[word] = digits(since)
		}
		m.enums[words[0]] = set
	}
	var c *class
	for _, line := range strings.Split(classes, "\n") {
		switch {
		case line == "":
		case line[0] != ' ':
			c = &class{name: line, byName: map[string]*field{}, byXML: map[string]*field{}, byAttr: map[string]*field{}}
			m.classes[line] = c
		case strings.HasPrefix(line, " ^ "):
			c.oneOf = strings.Fields(line[3:])
		case strings.HasPrefix(line, " notboth "):
			c.notBoth = strings.Fields(line[len(" notboth "):])
		default:
			c.fields = append(c.fields, newField(strings.Fields(line)))
		}
	}
	for _, c := range m.classes {
		c.link(m)
	}
	return m
}

func digits(s string) int {
	n := 0
	for _, d := range s {
		n = n*10 + int(d-'0')
	}
	return n
}

func newField(words []string) field {
	var f field
	f.name = words[0]
	if name, when, ok := strings.Cut(words[0], "!"); ok {
		f.name, f.needBelow = name, 100
		switch {
		case strings.HasPrefix(when, "<"):
			f.needBelow = digits(when[1:])
		case strings.HasPrefix(when, ">"):
			f.needFrom = digits(when[1:])
		}
	}
	f.xmlName = f.name
	typ, shape, list := strings.Cut(words[1], "[]")
	f.typ, f.list, f.unique, f.single = typ, list, shape == "u", shape == "?"
	if list {
		f.wrapsItems, f.xmlItem = true, "*"
	}
	for _, w := range words[2:] {
		switch w[0] {
		case '+':
			f.since = digits(w[1:])
		case '@':
			f.isAttr, f.xmlAttr = true, first(w[1:], f.name)
		case '.':
			f.isText = true
		case '-':
			f.notXML = true
		case '~':
			f.notJudged = true
		case '=':
			f.xmlBare, f.wrapsItems = true, false
			f.xmlName, f.xmlAttr, _ = strings.Cut(w[1:], "@")
		case '/', '>':
			if w[0] == '/' {
				f.xmlName, w, _ = strings.Cut(w[1:], ">")
				w = ">" + w
			}
			f.xmlItem, f.xmlAttr, _ = strings.Cut(w[1:], "@")
			f.xmlItem = first(f.xmlItem, "*")
		}
	}
	return f
}

// link finds the classes and words that the fields name.
func (c *class) link(m *model) {
	for i := range c.fields {
		f := &c.fields[i]
		if name, ok := strings.CutPrefix(f.typ, "enum:"); ok {
			f.enum = m.enums[name]
		} else {
			f.of = m.classes[f.typ]
		}
		c.byName[f.name] = f
		switch {
		case f.notXML:
		case f.isAttr:
			c.byAttr[f.xmlAttr] = f
		case f.isText:
			c.text = f
		default:
			c.byXML[f.xmlName] = f
		}
	}
}
