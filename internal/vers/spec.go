package vers

import (
	"fmt"
	"net/url"
	"sort"
	"strings"
)

// maxConstraints bounds a VERS string and an event list.
const maxConstraints = 4096

// Spec is a parsed VERS string (ECMA VERS; package-url/vers-spec): a scheme and version constraints in version order.
type Spec struct {
	Scheme Scheme
	Text   string
	Any    bool // "*"
	bounds []specBound
}

type specBound struct {
	op  Op
	key Key
}

// ParseSpec reads "vers:npm/>=1.0.0|<2.0.0" and "vers:pypi/*". A scheme that is not known is compared by the generic
// order. Constraints are sorted, as tolerant readers may do; the same version twice is an error.
func ParseSpec(text string) (Spec, error) {
	in := strings.Join(strings.Fields(text), "")
	rest, ok := strings.CutPrefix(in, "vers:")
	if !ok {
		return Spec{}, fmt.Errorf("VERS %q does not begin with the scheme vers", text)
	}
	name, list, ok := strings.Cut(rest, "/")
	if !ok || name == "" || name != strings.ToLower(name) {
		return Spec{}, fmt.Errorf("VERS %q has no lower-case scheme before a slash", text)
	}
	scheme, _ := SchemeOfPurlType(name)
	s := Spec{Scheme: scheme, Text: text}
	list = strings.Trim(list, "|")
	if list == "*" {
		s.Any = true
		return s, nil
	}
	items := strings.Split(list, "|")
	if len(items) > maxConstraints {
		return Spec{}, fmt.Errorf("VERS string with %d constraints: at most %d", len(items), maxConstraints)
	}
	for _, item := range items {
		op, v := cutOp(item)
		v, err := url.PathUnescape(v)
		if err != nil {
			return Spec{}, fmt.Errorf("VERS %q: constraint %q is badly quoted", text, item)
		}
		if v == "" || v == "*" || strings.ContainsAny(v, "<>=!") {
			return Spec{}, fmt.Errorf("VERS %q: constraint %q has no single version", text, item)
		}
		k, err := ParseKey(scheme, v)
		if err != nil {
			return Spec{}, fmt.Errorf("VERS %q: %w", text, err)
		}
		s.bounds = append(s.bounds, specBound{op, k})
	}
	ordered := true
	sort.SliceStable(s.bounds, func(i, j int) bool {
		c, ok := s.bounds[i].key.compare(&s.bounds[j].key)
		ordered = ordered && ok
		return c < 0
	})
	for i := 1; i < len(s.bounds) && ordered; i++ {
		c, ok := s.bounds[i-1].key.compare(&s.bounds[i].key)
		if ok && c == 0 {
			return Spec{}, fmt.Errorf("VERS %q names version %s twice", text, s.bounds[i].key.text)
		}
		ordered = ok
	}
	if !ordered {
		return Spec{}, fmt.Errorf("VERS %q has versions without an order", text)
	}
	return s, nil
}

func cutOp(s string) (Op, string) {
	for _, op := range [...]Op{NotEqual, LessEqual, GreaterEqual, Less, Greater, Equal} {
		if rest, ok := strings.CutPrefix(s, string(op)); ok {
			return op, rest
		}
	}
	return Equal, s
}

// Contains decides for a version as text. It is Unknown, with a reason, when the text is no version of the scheme.
func (s *Spec) Contains(version string) (Truth, string) {
	if s.Any {
		return True, "every version is named"
	}
	if strings.TrimSpace(version) == "" {
		return Unknown, "the version is not known"
	}
	k, err := ParseKey(s.Scheme, version)
	if err != nil {
		return Unknown, err.Error()
	}
	t := s.ContainsKey(&k)
	if t == Unknown {
		return t, fmt.Sprintf("version %s has no order against %s", version, s.Text)
	}
	return t, fmt.Sprintf("version %s tested against %s", version, s.Text)
}

// ContainsKey follows the containment steps of the VERS specification: equality first, then the pairs of bounds.
func (s *Spec) ContainsKey(k *Key) Truth {
	if s.Any {
		return True
	}
	pos := make([]int, 0, 8)
	ranges := make([]Op, 0, 8)
	for i := range s.bounds {
		b := &s.bounds[i]
		c, ok := k.compare(&b.key)
		if !ok {
			return Unknown
		}
		if c == 0 {
			return Of(b.op == Equal || b.op == LessEqual || b.op == GreaterEqual)
		}
		if b.op.lower() || b.op.upper() {
			pos, ranges = append(pos, c), append(ranges, b.op)
		}
	}
	for i, op := range ranges {
		last := i == len(ranges)-1
		switch {
		case i == 0 && op.upper() && pos[i] < 0:
			return True
		case op.lower() && pos[i] > 0 && (last || ranges[i+1].upper() && pos[i+1] < 0):
			return True
		}
	}
	return False
}
