package sigma

import (
	"fmt"
	"slices"
	"strings"

	"go.yaml.in/yaml/v3"
)

// detection reads the searches and the condition over them.
func (p *parser) detection(e entry) *Node {
	searches := map[string]*Node{}
	var condition entry
	for _, s := range p.entries(e.value, e.key) {
		switch s.key {
		case "condition":
			condition = s
		case "timeframe":
			p.fail(s.at, "timeframe of Sigma 1 is not supported: write a correlation")
		default:
			n := p.search(s.value, 0)
			named(n, s.key)
			searches[s.key] = n
		}
	}
	if condition.value == nil {
		p.fail(e.at, "%s has no condition", e.key)
		return nil
	}
	var any []*Node
	for _, text := range p.texts(condition) {
		n, err := parseCondition(text, searches)
		if err != nil {
			p.fail(condition.value, "%s", err)
			return nil
		}
		any = append(any, n)
	}
	if len(any) == 0 {
		p.fail(condition.at, "the condition is empty")
		return nil
	}
	return joined(Or, any)
}

func named(n *Node, search string) {
	if n == nil {
		return
	}
	n.Search = search
	for _, k := range n.Kids {
		named(k, search)
	}
}

// search reads one search: a mapping is true when all its fields are, a list when one of its members is.
func (p *parser) search(n *yaml.Node, depth int) *Node {
	if depth > maxNesting {
		p.fail(n, "the detection is nested deeper than %d", maxNesting)
		return nil
	}
	switch n = p.real(n); n.Kind {
	case yaml.MappingNode:
		var kids []*Node
		for _, e := range p.entries(n, "a search") {
			if k := p.field(e); k != nil {
				kids = append(kids, k)
			}
		}
		if len(n.Content) == 0 {
			p.fail(n, "a search is empty")
		}
		return joined(And, kids)
	case yaml.SequenceNode:
		var kids []*Node
		var words []*yaml.Node
		for _, c := range n.Content {
			if c = p.real(c); c.Kind == yaml.ScalarNode {
				words = append(words, c)
			} else if k := p.search(c, depth+1); k != nil {
				kids = append(kids, k)
			}
		}
		if len(words) > 0 {
			if k := p.item("", nil, words); k != nil {
				kids = append(kids, k)
			}
		}
		if len(n.Content) == 0 {
			p.fail(n, "a search is empty")
		}
		return joined(Or, kids)
	}
	return p.item("", nil, []*yaml.Node{n})
}

// field reads one member of a search: a field's name with modifiers, and its values.
func (p *parser) field(e entry) *Node {
	name, rest, found := strings.Cut(e.key, "|")
	var modifiers []string
	if found {
		modifiers = strings.Split(rest, "|")
	}
	values := []*yaml.Node{e.value}
	switch e.value.Kind {
	case yaml.SequenceNode:
		values = nil
		for _, v := range e.value.Content {
			if v = p.real(v); v.Kind != yaml.ScalarNode {
				p.fail(v, "a value of %s is neither a text nor a number", e.key)
				return nil
			}
			values = append(values, v)
		}
		if len(values) == 0 {
			p.fail(e.at, "%s has no values", e.key)
			return nil
		}
	case yaml.ScalarNode:
	default:
		p.fail(e.value, "the value of %s is neither a text, a number nor a list", e.key)
		return nil
	}
	for i, m := range modifiers {
		if slices.Contains(modifiers[:i], m) {
			p.fail(e.at, "%s has the modifier %s twice", e.key, m)
			return nil
		}
	}
	if strings.TrimSpace(name) != name {
		p.fail(e.at, "the name of the field %q begins or ends with a space", name)
		return nil
	}
	return p.item(name, modifiers, values)
}

// item makes the comparison of a field; of all values when the field has no name.
func (p *parser) item(field string, modifiers []string, values []*yaml.Node) *Node {
	b := builder{parser: p, item: &Item{Field: field, Line: values[0].Line}}
	if err := b.modifiers(modifiers); err != nil {
		p.fail(values[0], "%s: %s", label(field, modifiers), err)
		return nil
	}
	if b.item.All && len(values) == 1 && b.item.Field != "" {
		b.item.All = false // one value: all of it and one of it are the same
	}
	for _, v := range values {
		if err := b.value(v); err != nil {
			p.fail(v, "%s: %s", label(field, modifiers), err)
			return nil
		}
	}
	n := &Node{Op: Match, Item: b.item}
	if b.negated {
		n = &Node{Op: Not, Kids: []*Node{n}}
	}
	return n
}

func label(field string, modifiers []string) string {
	if field == "" && len(modifiers) == 0 {
		return "keywords"
	}
	return fmt.Sprintf("%q", strings.Join(append([]string{field}, modifiers...), "|"))
}
