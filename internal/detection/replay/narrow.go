package replay

import (
	"maps"
	"slices"

	"triward/internal/eventlog"
	"triward/internal/sigma"
)

// sure are the fields of which the event log keeps exactly what rules see: decoding always puts them under these names, and
// no original has them under the same name otherwise.
var sure = []string{"audit.event", "audit.type", "health.kind"}

// mostWanted bounds the values of one demand; with more of them a scan without it costs as much.
const mostWanted = 200

// Narrow are demands that every event fulfils on which a rule of the set fires: the kinds of events, when all rules are
// medical, and values of fields, when every rule asks for some.
func Narrow(set sigma.Set) []eventlog.Condition {
	if len(set.Rules) == 0 {
		return nil
	}
	var out []eventlog.Condition
	kinds := map[string]bool{}
	for _, r := range set.Rules {
		if sigma.Fold(r.LogSource.Product) != "medical" || r.LogSource.Category == "" {
			kinds = nil
			break
		}
		kinds[r.LogSource.Category] = true
	}
	if len(kinds) > 0 {
		out = append(out, eventlog.Condition{Field: "category", Op: eventlog.Is, Values: slices.Sorted(maps.Keys(kinds))})
	}
	for _, field := range sure {
		values := map[string]bool{}
		for _, r := range set.Rules {
			wanted, ok := wants(r.Condition, field)
			if !ok {
				values = nil
				break
			}
			for _, v := range wanted {
				values[v] = true
			}
		}
		if n := len(values); n > 0 && n <= mostWanted {
			out = append(out, eventlog.Condition{Field: field, Op: eventlog.Is, Values: slices.Sorted(maps.Keys(values))})
		}
	}
	return out
}

// wants are the values of which a field has one whenever the condition holds; false when it may hold without.
func wants(n *sigma.Node, field string) ([]string, bool) {
	switch n.Op {
	case sigma.Match:
		return itemWants(n.Item, field)
	case sigma.And:
		for _, k := range n.Kids {
			if v, ok := wants(k, field); ok {
				return v, true
			}
		}
	case sigma.Or:
		var out []string
		for _, k := range n.Kids {
			v, ok := wants(k, field)
			if !ok {
				return nil, false
			}
			out = append(out, v...)
		}
		return out, len(out) > 0
	}
	return nil, false
}

func itemWants(i *sigma.Item, field string) ([]string, bool) {
	if i.Field != field || i.Kind != sigma.Text || i.Null || len(i.Patterns) == 0 {
		return nil, false
	}
	var out []string
	for _, p := range i.Patterns {
		if len(p) != 1 || p[0].Wild != sigma.Literal || !ascii(p[0].Text) {
			return nil, false
		}
		out = append(out, p[0].Text)
	}
	return out, true
}

func ascii(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}
