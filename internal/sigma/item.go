package sigma

import (
	"fmt"
	"math"
	"net/netip"
	"regexp"
	"regexp/syntax"
	"slices"
	"strconv"
	"strings"

	"go.yaml.in/yaml/v3"
)

// Limits of one item.
const (
	maxValue    = 64 << 10 // bytes of one value of a rule
	maxPatterns = 50_000   // after every expansion
	maxRegex    = 4096     // bytes
	maxProgram  = 4000     // instructions of the compiled expression
)

// builder makes an Item from modifiers and values.
type builder struct {
	parser   *parser
	item     *Item
	encoders []string // windash, utf16…, base64…, in the order of the rule
	expand   bool
	negated  bool
	flags    string // of a regular expression
}

// comparisons and units are the modifiers that make a Number.
var (
	comparisons = map[string]Comparison{"lt": Less, "lte": LessEqual, "gt": Greater, "gte": GreaterEqual}
	units       = map[string]Unit{"minute": Minute, "hour": Hour, "day": Day, "week": Week, "month": Month, "year": Year}
	shapes      = map[string]Shape{"startswith": Prefix, "endswith": Suffix, "contains": Inside}
	encoders    = []string{"windash", "wide", "utf16le", "utf16be", "utf16", "base64", "base64offset"}
)

// modifiers reads the chain behind a field's name. A combination that has no meaning is an error.
func (b *builder) modifiers(list []string) error {
	kinds, compared := 0, false
	kind := func(k Kind) { b.item.Kind, kinds = k, kinds+1 }
	for i, m := range list {
		shape, isShape := shapes[m]
		compare, isCompare := comparisons[m]
		unit, isUnit := units[m]
		switch {
		case m == "all":
			b.item.All = true
		case m == "cased":
			b.item.Cased = true
		case m == "neq":
			b.negated = true
		case m == "expand":
			b.expand = true
		case isShape && b.item.Shape == Whole:
			b.item.Shape = shape
		case slices.Contains(encoders, m):
			b.encoders = append(b.encoders, m)
		case m == "re":
			kind(Regex)
		case m == "cidr":
			kind(Network)
		case m == "exists":
			kind(Presence)
		case m == "fieldref":
			kind(Reference)
		case isCompare && !compared:
			compared = true
			b.item.Compare = compare
			if b.item.Unit == NoUnit {
				kind(Number)
			}
		case isUnit && b.item.Unit == NoUnit:
			b.item.Unit = unit
			if !compared {
				kind(Number)
			}
		case (m == "i" || m == "m" || m == "s") && b.item.Kind == Regex && i > 0:
			b.flags += m
		default:
			return fmt.Errorf("the modifier %q is not supported there", m)
		}
	}
	return b.combined(kinds)
}

// combined refuses modifiers that contradict each other.
func (b *builder) combined(kinds int) error {
	t := b.item
	textual := t.Kind == Text || t.Kind == Reference
	switch {
	case kinds > 1:
		return fmt.Errorf("the modifiers ask for two kinds of comparison")
	case t.Shape != Whole && !textual:
		return fmt.Errorf("startswith, endswith and contains are for text")
	case len(b.encoders) > 0 && t.Kind != Text:
		return fmt.Errorf("encodings are for text")
	case t.Cased && !textual:
		return fmt.Errorf("cased is for text")
	case b.expand && t.Kind != Text && t.Kind != Network && t.Kind != Number:
		return fmt.Errorf("expand is for text, networks and numbers")
	case t.All && (t.Kind == Presence || t.Kind == Number):
		return fmt.Errorf("all is for text, regular expressions, networks and references")
	case t.Field == "" && t.Kind != Text && t.Kind != Regex:
		return fmt.Errorf("keywords are text or regular expressions")
	case t.Field == "" && b.negated:
		return fmt.Errorf("neq needs a field")
	case b.negated && t.Kind == Presence:
		return fmt.Errorf("neq has no meaning with exists")
	case b.negated && t.Kind == Number && t.Compare != Equal:
		return fmt.Errorf("neq has no meaning with an order")
	}
	return nil
}

// value takes one value of the rule.
func (b *builder) value(n *yaml.Node) error {
	if len(n.Value) > maxValue {
		return fmt.Errorf("the value has %d bytes, at most %d", len(n.Value), maxValue)
	}
	if isNull(n) {
		if b.item.Kind != Text || b.item.Shape != Whole || len(b.encoders) > 0 || b.expand || b.item.Field == "" {
			return fmt.Errorf("null stands alone, without modifiers")
		}
		b.item.Null = true
		return nil
	}
	values, err := b.expanded(n.Value)
	if err != nil {
		return err
	}
	for _, v := range values {
		if err := b.one(v); err != nil {
			return err
		}
	}
	return nil
}

var placeholder = regexp.MustCompile(`%([A-Za-z0-9_.-]+)%`)

// expanded puts the user's values for each placeholder.
func (b *builder) expanded(s string) ([]string, error) {
	if !b.expand {
		return []string{s}, nil
	}
	out := []string{""}
	at := 0
	for _, m := range placeholder.FindAllStringSubmatchIndex(s, -1) {
		values := b.parser.options.Placeholders[s[m[2]:m[3]]]
		if len(values) == 0 {
			return nil, fmt.Errorf("the placeholder %s has no values: they are given by whoever uses the rule", s[m[0]:m[1]])
		}
		if len(out)*len(values) > maxPatterns {
			return nil, fmt.Errorf("placeholders make more than %d values", maxPatterns)
		}
		var next []string
		for _, head := range out {
			for _, v := range values {
				next = append(next, head+s[at:m[0]]+v)
			}
		}
		out, at = next, m[1]
	}
	for i := range out {
		out[i] += s[at:]
	}
	return out, nil
}

func (b *builder) one(s string) error {
	t := b.item
	switch t.Kind {
	case Text:
		return b.pattern(s)
	case Regex:
		re, err := compileRegexp(s, b.flags)
		t.Regexps = append(t.Regexps, re)
		return err
	case Network:
		n, err := netip.ParsePrefix(s)
		if err != nil {
			a, errAddr := netip.ParseAddr(s)
			if errAddr != nil || a.Zone() != "" {
				return fmt.Errorf("%q is not a network in CIDR notation", s)
			}
			n = netip.PrefixFrom(a, a.BitLen())
		}
		t.Networks = append(t.Networks, n.Masked())
	case Number:
		f, err := strconv.ParseFloat(s, 64)
		if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
			return fmt.Errorf("%q is not a number", s)
		}
		t.Numbers = append(t.Numbers, f)
	case Presence:
		want, err := parseYesNo(s)
		t.Want = want
		return err
	case Reference:
		if s == "" {
			return fmt.Errorf("the name of the other field is empty")
		}
		t.Others = append(t.Others, s)
	}
	return nil
}

func parseYesNo(s string) (bool, error) {
	switch strings.ToLower(s) {
	case "true", "yes":
		return true, nil
	case "false", "no":
		return false, nil
	}
	return false, fmt.Errorf("exists is followed by true or false, not %q", s)
}

func (b *builder) pattern(s string) error {
	list := []Pattern{parsePattern(s)}
	for _, m := range b.encoders {
		var next []Pattern
		for _, p := range list {
			more, err := encoded(p, m)
			if err != nil {
				return err
			}
			next = append(next, more...)
		}
		list = next
	}
	if len(b.item.Patterns)+len(list) > maxPatterns {
		return fmt.Errorf("more than %d values", maxPatterns)
	}
	if b.item.All && len(list) > 1 {
		return fmt.Errorf("all has no meaning with %s, which makes several values of one", strings.Join(b.encoders, " and "))
	}
	shape := b.item.Shape
	if b.item.Field == "" && shape == Whole {
		shape = Inside
	}
	for _, p := range list {
		b.item.Patterns = append(b.item.Patterns, p.shaped(shape))
	}
	return nil
}

// compileRegexp reads an expression in Go's syntax (RE2): it matches anywhere in a value, in linear time. What RE2 does
// not have, such as looking around and back references, is an error.
func compileRegexp(s, flags string) (*regexp.Regexp, error) {
	if len(s) > maxRegex {
		return nil, fmt.Errorf("the expression has %d bytes, at most %d", len(s), maxRegex)
	}
	if flags != "" {
		s = "(?" + flags + ")" + s
	}
	tree, err := syntax.Parse(s, syntax.Perl)
	if err != nil {
		return nil, fmt.Errorf("the expression is not supported: %w", err)
	}
	program, err := syntax.Compile(tree.Simplify())
	if err != nil {
		return nil, fmt.Errorf("the expression is not supported: %w", err)
	}
	if len(program.Inst) > maxProgram {
		return nil, fmt.Errorf("the expression needs %d steps, at most %d", len(program.Inst), maxProgram)
	}
	return regexp.Compile(s)
}
