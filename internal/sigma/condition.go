package sigma

import (
	"fmt"
	"maps"
	"slices"
	"strings"
)

const (
	maxCondition = 8192 // bytes
	maxDepth     = 64   // of parentheses, and of nodes below one another
)

// parseCondition resolves the text of a condition over searches by name.
func parseCondition(text string, searches map[string]*Node) (*Node, error) {
	if len(text) > maxCondition {
		return nil, fmt.Errorf("the condition has %d bytes, at most %d", len(text), maxCondition)
	}
	c := conditionReader{words: conditionWords(text), searches: searches}
	n, err := c.or(0)
	if err == nil && c.at < len(c.words) {
		err = c.unexpected()
	}
	return n, err
}

func conditionWords(text string) []string {
	for _, mark := range []string{"(", ")", "|"} {
		text = strings.ReplaceAll(text, mark, " "+mark+" ")
	}
	return strings.Fields(text)
}

type conditionReader struct {
	words    []string
	at       int
	searches map[string]*Node
}

func (c *conditionReader) peek() string {
	if c.at < len(c.words) {
		return c.words[c.at]
	}
	return ""
}

func (c *conditionReader) keyword(w string) bool {
	if strings.EqualFold(c.peek(), w) {
		c.at++
		return true
	}
	return false
}

func (c *conditionReader) unexpected() error {
	switch w := c.peek(); w {
	case "":
		return fmt.Errorf("the condition ends too early")
	case "|":
		return fmt.Errorf("the condition uses an aggregation after |, which Sigma 2 does not have: write a correlation")
	default:
		return fmt.Errorf("the condition does not go on with %q", w)
	}
}

func (c *conditionReader) or(depth int) (*Node, error) { return c.chain(Or, depth) }

// chain reads terms between "or", or between "and" below it.
func (c *conditionReader) chain(op Op, depth int) (*Node, error) {
	word, below := "or", func(d int) (*Node, error) { return c.chain(And, d) }
	if op == And {
		word, below = "and", c.not
	}
	var kids []*Node
	for {
		n, err := below(depth)
		if err != nil {
			return nil, err
		}
		kids = append(kids, n)
		if !c.keyword(word) {
			return joined(op, kids), nil
		}
	}
}

func joined(op Op, kids []*Node) *Node {
	if len(kids) == 1 {
		return kids[0]
	}
	return &Node{Op: op, Kids: kids}
}

func (c *conditionReader) not(depth int) (*Node, error) {
	if depth > maxDepth {
		return nil, fmt.Errorf("the condition is nested deeper than %d", maxDepth)
	}
	if c.keyword("not") {
		n, err := c.not(depth + 1)
		return &Node{Op: Not, Kids: []*Node{n}}, err
	}
	if c.keyword("(") {
		n, err := c.or(depth + 1)
		if err == nil && !c.keyword(")") {
			err = c.unexpected()
		}
		return n, err
	}
	return c.search()
}

func (c *conditionReader) search() (*Node, error) {
	word := c.peek()
	if word == "" || slices.Contains([]string{")", "|", "and", "or"}, strings.ToLower(word)) {
		return nil, c.unexpected()
	}
	c.at++
	if n, ok := c.searches[word]; ok && !strings.EqualFold(c.peek(), "of") {
		return n, nil
	}
	if !c.keyword("of") {
		return nil, fmt.Errorf("the condition names %q, which the detection does not have", word)
	}
	op := Or
	switch {
	case strings.EqualFold(word, "all"):
		op = And
	case word != "1" && !strings.EqualFold(word, "any"):
		return nil, fmt.Errorf("the condition asks for %q of: 1, any and all are understood", word)
	}
	pattern := c.peek()
	c.at++
	var kids []*Node
	for _, name := range slices.Sorted(maps.Keys(c.searches)) {
		if matchesName(pattern, name) {
			kids = append(kids, c.searches[name])
		}
	}
	if len(kids) == 0 {
		return nil, fmt.Errorf("the condition asks for %q, which no search of the detection is", pattern)
	}
	return joined(op, kids), nil
}

// matchesName tells the searches that "them" or a pattern means. Names with a leading underscore are meant only by a
// pattern that has one too.
func matchesName(pattern, name string) bool {
	if strings.EqualFold(pattern, "them") {
		pattern = "*"
	}
	if strings.HasPrefix(name, "_") && !strings.HasPrefix(pattern, "_") {
		return false
	}
	parts := strings.Split(pattern, "*")
	if len(parts) == 1 {
		return pattern == name
	}
	first, last := parts[0], parts[len(parts)-1]
	if !strings.HasPrefix(name, first) || !strings.HasSuffix(name, last) || len(name) < len(first)+len(last) {
		return false
	}
	rest := name[len(first) : len(name)-len(last)]
	for _, p := range parts[1 : len(parts)-1] {
		i := strings.Index(rest, p)
		if i < 0 {
			return false
		}
		rest = rest[i+len(p):]
	}
	return true
}
