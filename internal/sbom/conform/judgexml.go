package conform

import "strings"

// element judges one XML element against its class. Elements and attributes of other namespaces are extensions that
// CycloneDX allows anywhere, and so are unknown attributes.
func (c *checker) element(k *class, n *Node) {
	met := map[string]int{}
	for _, a := range n.xml.attrs {
		f := k.byAttr[a.name]
		if a.space != "" || f == nil {
			continue
		}
		met[f.name]++
		c.push(step{name: "@" + a.name})
		if f.since > c.minor {
			c.tooNew(f.since)
		} else {
			c.scalar(f, &Node{kind: Element, text: a.value})
		}
		c.pop()
	}
	if t := strings.TrimSpace(n.text); t != "" {
		if k.text != nil {
			met[k.text.name]++
			c.scalar(k.text, n)
		} else {
			c.fault("has the text %q where only elements may stand", Cut(t))
		}
	} else if k.text != nil && len(n.items) == 0 && n.text != "" {
		met[k.text.name]++
	}
	place := map[string]int{}
	for i := range n.items {
		child := &n.items[i]
		if child.space() != n.space() {
			continue
		}
		f := k.byXML[child.name]
		c.push(step{name: child.name})
		switch {
		case f == nil:
			c.unknown(child.name, k)
		case f.since > c.minor:
			c.tooNew(f.since)
		case f.notJudged || f.typ == "any":
			met[f.name]++
		case f.xmlBare:
			met[f.name]++
			c.path[len(c.path)-1] = step{name: child.name, index: place[f.name], list: true}
			place[f.name]++
			c.item(f, child)
		default:
			met[f.name]++
			if met[f.name] > 1 {
				c.fault("occurs %d times, may occur once", met[f.name])
			}
			c.content(f, child)
		}
		c.pop()
	}
	c.required(k, func(f *field) bool { return met[f.name] > 0 })
}

// content judges the element of a field.
func (c *checker) content(f *field, n *Node) {
	switch {
	case f.typ == "licences":
		c.licenceElements(n)
	case f.typ == "tools":
		c.toolElements(n)
	case f.wrapsItems:
		at := 0
		for i := range n.items {
			item := &n.items[i]
			if item.space() != n.space() {
				continue
			}
			c.push(step{name: item.name, index: at, list: true})
			at++
			if f.xmlItem != "*" && item.name != f.xmlItem {
				c.fault("is not an element of the list, which holds <%s>", f.xmlItem)
			} else {
				c.item(f, item)
			}
			c.pop()
		}
	case f.of != nil:
		c.element(c.class(f.typ), n)
	default:
		c.scalar(f, n)
	}
}

// item judges one element of a list.
func (c *checker) item(f *field, n *Node) {
	switch {
	case f.xmlAttr != "":
		v, ok := n.attr(f.xmlAttr)
		if !ok {
			c.fault("the attribute %s is missing", f.xmlAttr)
			return
		}
		c.push(step{name: "@" + f.xmlAttr})
		c.scalar(f, &Node{kind: Element, text: v})
		c.pop()
	case f.of != nil:
		c.element(c.class(f.typ), n)
	default:
		c.scalar(f, n)
	}
}

func (c *checker) licenceElements(n *Node) {
	expressions, at := 0, 0
	for i := range n.items {
		item := &n.items[i]
		if item.space() != n.space() {
			continue
		}
		c.push(step{name: item.name, index: at, list: true})
		at++
		switch item.name {
		case "license":
			c.element(c.class("licence"), item)
		case "expression":
			expressions++
			c.element(c.class("expression"), item)
		case "expression-detailed":
			expressions++
			if c.minor < 7 {
				c.tooNew(7)
			}
		default:
			c.fault("is neither <license> nor <expression>")
		}
		c.pop()
	}
	c.alone(expressions, at)
}

func (c *checker) toolElements(n *Node) {
	at := 0
	for i := range n.items {
		item := &n.items[i]
		if item.space() != n.space() {
			continue
		}
		c.push(step{name: item.name, index: at, list: true})
		at++
		f := c.class("toolset").byXML[item.name]
		switch {
		case item.name == "tool":
			c.element(c.class("tool"), item)
		case f != nil && c.minor >= 5:
			c.content(f, item)
		default:
			c.fault("is not a tool")
		}
		c.pop()
	}
}
