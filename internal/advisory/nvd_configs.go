package advisory

import (
	"strings"

	"github.com/valyala/fastjson"
)

// maxNodeDepth bounds nodes within nodes. API 2.0 has one level, feeds of version 1.1 had two.
const maxNodeDepth = 16

// configs reads a list of applicability statements: NVD "configurations" and CVE 5.1 "cpeApplicability" have one shape.
func (c *cursor) configs(v *fastjson.Value, key string) []Config {
	var out []Config
	c.each(v, key, func(_ int, item *fastjson.Value) {
		cfg := Config{Place: c.pointer(""), Negate: c.flag(item, "negate"), Op: c.op(item)}
		cfg.Nodes = c.nodes(item, "nodes", 1)
		if len(cfg.Nodes) == 0 {
			c.fault("nodes", "is required")
		}
		out = append(out, cfg)
	})
	return out
}

func (c *cursor) nodes(v *fastjson.Value, key string, depth int) []Node {
	if depth > maxNodeDepth {
		c.fault(key, "is nested more than %d levels deep", maxNodeDepth)
		return nil
	}
	var out []Node
	c.each(v, key, func(_ int, item *fastjson.Value) {
		n := Node{Op: c.op(item), Negate: c.flag(item, "negate")}
		c.each(item, "cpeMatch", func(_ int, m *fastjson.Value) { n.Matches = append(n.Matches, c.cpeMatch(m)) })
		n.Children = c.nodes(item, "children", depth+1)
		if len(n.Matches) == 0 && len(n.Children) == 0 {
			c.fault("cpeMatch", "is required")
		}
		out = append(out, n)
	})
	return out
}

// op is the operator, OR where none is given.
func (c *cursor) op(v *fastjson.Value) Op {
	switch s := strings.ToUpper(c.text(v, "operator")); s {
	case "", "OR":
		return Or
	case "AND":
		return And
	default:
		c.fault("operator", "is %s, want AND or OR", clip(s))
		return Or
	}
}

func (c *cursor) cpeMatch(v *fastjson.Value) CPEMatch {
	m := CPEMatch{
		Criteria:       c.need(v, "criteria"),
		Vulnerable:     c.flag(v, "vulnerable"),
		StartIncluding: c.text(v, "versionStartIncluding"),
		StartExcluding: c.text(v, "versionStartExcluding"),
		EndIncluding:   c.text(v, "versionEndIncluding"),
		EndExcluding:   c.text(v, "versionEndExcluding"),
	}
	if v.Get("vulnerable") == nil {
		c.fault("vulnerable", "is required")
	}
	if m.Criteria != "" && !strings.HasPrefix(m.Criteria, "cpe:2.3:") && !strings.HasPrefix(m.Criteria, "cpe:/") {
		c.fault("criteria", "is %s, want a CPE name", clip(m.Criteria))
	}
	if m.StartIncluding != "" && m.StartExcluding != "" {
		c.fault("versionStartExcluding", "stands beside versionStartIncluding")
	}
	if m.EndIncluding != "" && m.EndExcluding != "" {
		c.fault("versionEndExcluding", "stands beside versionEndIncluding")
	}
	return m
}
