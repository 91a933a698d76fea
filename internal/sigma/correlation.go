package sigma

import (
	"math"
	"slices"
	"strconv"
	"time"
)

const (
	maxTimespan = 366 * 24 * time.Hour
	maxRefs     = 100 // rules of one correlation
)

var correlationTypes = []string{string(EventCount), string(ValueCount), string(Temporal), string(TemporalOrdered),
	string(ValueSum), string(ValueAvg), string(ValuePercentile)}

func (p *parser) correlation(r Rule, body entry) {
	c := Correlation{ID: r.ID, Name: r.Name, Title: r.Title, Status: r.Status, Level: r.Level, Description: r.Description,
		Author: r.Author, References: r.References, Tags: r.Tags, FalsePositives: r.FalsePositives, Extension: r.Extension,
		File: r.File, Line: r.Line}
	for _, e := range p.entries(body.value, "correlation") {
		switch e.key {
		case "type":
			c.Type = CorrelationType(p.oneOf(e, correlationTypes))
		case "rules":
			c.Rules = p.texts(e)
		case "group-by":
			c.GroupBy = p.texts(e)
		case "timespan":
			c.Timespan = p.timespan(e)
		case "condition":
			p.bounds(&c, e)
		case "aliases":
			c.Aliases = p.aliases(e)
		case "generate":
			c.Generate = p.boolean(e)
		default:
			p.fail(e.at, "correlation has no %q", e.key)
		}
	}
	p.complete(&c, body)
	p.set.Correlations = append(p.set.Correlations, c)
}

// complete refuses a correlation that lacks what its type needs, and gives temporal ones their usual condition: every
// rule has to be seen.
func (p *parser) complete(c *Correlation, body entry) {
	temporal := c.Type == Temporal || c.Type == TemporalOrdered
	switch {
	case c.Type == "":
		p.fail(body.at, "the correlation has no type")
	case len(c.Rules) == 0:
		p.fail(body.at, "the correlation has no rules")
	case len(c.Rules) > maxRefs:
		p.fail(body.at, "the correlation has %d rules, at most %d", len(c.Rules), maxRefs)
	case c.Timespan == 0:
		p.fail(body.at, "the correlation has no timespan")
	case len(c.Conditions) == 0 && !temporal:
		p.fail(body.at, "the correlation has no condition")
	case c.Field == "" && !temporal && c.Type != EventCount:
		p.fail(body.at, "the condition of %s needs a field", c.Type)
	case c.Field != "" && (temporal || c.Type == EventCount):
		p.fail(body.at, "the condition of %s has no field", c.Type)
	case c.Type == ValuePercentile && c.Percentile == 0:
		p.fail(body.at, "the condition of value_percentile needs a percentile between 0 and 100")
	case c.Type != ValuePercentile && c.Percentile != 0:
		p.fail(body.at, "only value_percentile has a percentile")
	case c.Type == TemporalOrdered && len(c.Conditions) > 0 && !allOf(c):
		p.fail(body.at, "temporal_ordered fires when every rule was seen in order; another condition has no meaning")
	}
	if temporal && len(c.Conditions) == 0 {
		c.Conditions = []Condition{{GreaterEqual, float64(len(c.Rules))}}
	}
	for alias, fields := range c.Aliases {
		for rule := range fields {
			if !slices.Contains(c.Rules, rule) {
				p.fail(body.at, "the alias %q names the rule %q, which the correlation does not have", alias, rule)
			}
		}
	}
}

func allOf(c *Correlation) bool {
	n := float64(len(c.Rules))
	b := c.Conditions[0]
	return len(c.Conditions) == 1 && (b.Compare == GreaterEqual || b.Compare == Equal) && b.Value == n
}

func (p *parser) timespan(e entry) time.Duration {
	s := p.text(e)
	unit := map[byte]time.Duration{'s': time.Second, 'm': time.Minute, 'h': time.Hour, 'd': 24 * time.Hour}
	if len(s) >= 2 {
		n, err := strconv.ParseUint(s[:len(s)-1], 10, 32)
		if u, ok := unit[s[len(s)-1]]; ok && err == nil && n > 0 && n <= uint64(maxTimespan/u) {
			return time.Duration(n) * u
		}
	}
	p.fail(e.value, "%s is %q: write a whole number and one of s, m, h, d, at most 366d", e.key, s)
	return 1 // so that it is not reported as missing as well
}

var bounds = map[string]Comparison{"eq": Equal, "neq": Unequal, "lt": Less, "lte": LessEqual, "gt": Greater, "gte": GreaterEqual}

func (p *parser) bounds(c *Correlation, e entry) {
	for _, b := range p.entries(e.value, "condition") {
		compare, ok := bounds[b.key]
		switch {
		case b.key == "field":
			c.Field = p.text(b)
		case b.key == "percentile":
			if c.Percentile = p.number(b); c.Percentile <= 0 || c.Percentile > 100 {
				p.fail(b.value, "percentile is above 0 and at most 100")
			}
		case ok:
			c.Conditions = append(c.Conditions, Condition{compare, p.number(b)})
		default:
			p.fail(b.at, "condition has no %q", b.key)
		}
	}
}

func (p *parser) number(e entry) float64 {
	f, err := strconv.ParseFloat(p.text(e), 64)
	if err != nil || math.IsNaN(f) || math.IsInf(f, 0) {
		p.fail(e.value, "%s has to be a number", e.key)
	}
	return f
}

func (p *parser) aliases(e entry) map[string]map[string]string {
	out := map[string]map[string]string{}
	for _, a := range p.entries(e.value, "aliases") {
		fields := map[string]string{}
		for _, f := range p.entries(a.value, "an alias") {
			fields[f.key] = p.text(f)
		}
		out[a.key] = fields
	}
	return out
}

// extension reads what Triward adds to a rule; it is as strict as the rest.
func (p *parser) extension(e entry) Extension {
	var x Extension
	for _, e := range p.entries(e.value, "triward") {
		switch e.key {
		case "ids":
			x.IDs = p.texts(e)
		case "needs":
			x.Needs = p.texts(e)
		case "safety":
			x.Safety = p.text(e)
		case "rate":
			x.Rate = p.text(e)
		case "procedure":
			x.Procedure = p.text(e)
		case "step":
			x.Step = p.text(e)
		case "treatment":
			x.Treatment = p.oneOf(e, []string{"fix", "mitigate", "isolate", "replace", "retire", "transfer", "accept"})
		case "control":
			x.Control = p.text(e)
		case "emb3d":
			x.EMB3D = p.texts(e)
		case "baseline":
			x.Baseline = p.baseline(e)
		default:
			p.fail(e.at, "triward has no %q", e.key)
		}
	}
	return x
}

func (p *parser) baseline(at entry) *Baseline {
	b := &Baseline{}
	for _, e := range p.entries(at.value, "baseline") {
		switch e.key {
		case "kind":
			b.Kind = p.oneOf(e, []string{"first_seen", "rate"})
		case "by":
			b.By = p.texts(e)
		case "value":
			b.Value = p.text(e)
		case "learn":
			b.Learn = p.timespan(e)
		case "factor":
			b.Factor = p.number(e)
		default:
			p.fail(e.at, "baseline has no %q", e.key)
		}
	}
	switch {
	case b.Kind == "":
		p.fail(at.at, "the baseline has no kind")
	case len(b.By) == 0:
		p.fail(at.at, "the baseline has no fields in by")
	case b.Learn == 0:
		p.fail(at.at, "the baseline does not say how long it learns")
	case b.Kind == "first_seen" && (b.Value == "" || b.Factor != 0):
		p.fail(at.at, "a baseline of kind first_seen has a value and no factor")
	case b.Kind == "rate" && (b.Value != "" || b.Factor <= 1):
		p.fail(at.at, "a baseline of kind rate has a factor above 1 and no value")
	}
	return b
}
