package sigma

import (
	"net/netip"
	"regexp"
	"time"
)

// LogSource says which events a rule is about, and which an event is; an empty part of a rule's means any.
type LogSource struct {
	Product, Category, Service string
}

// Covers says whether an event of log source e is one of those that a rule for l is about. Letters' case does not count.
func (l LogSource) Covers(e LogSource) bool {
	return part(l.Product, e.Product) && part(l.Category, e.Category) && part(l.Service, e.Service)
}

func part(want, have string) bool { return want == "" || want == have || Fold(want) == Fold(have) }

// Rule is one detection rule whose condition is resolved: names of searches and patterns over them are gone.
type Rule struct {
	ID, Name, Title, Status, Level   string
	Description, Author              string
	Date, Modified                   string
	References, Tags, FalsePositives []string
	LogSource                        LogSource
	Condition                        *Node
	Extension                        Extension
	File                             string
	Line                             int
}

// Op is what a Node does with its kids.
type Op uint8

// The closed list of operations.
const (
	And   Op = iota // true of no kids
	Or              // false of no kids
	Not             // one kid
	Match           // Item
)

// Node is a part of a condition. Search is the name that its place had in the rule, for explanations.
type Node struct {
	Op     Op
	Kids   []*Node
	Item   *Item
	Search string
}

// Kind is the sort of comparison of an Item.
type Kind uint8

// The closed list of kinds.
const (
	Text      Kind = iota // Patterns
	Regex                 // Regexps
	Network               // Networks
	Number                // Compare, Numbers, Unit
	Presence              // Want
	Reference             // Others, Shape
)

// Comparison is the order that a Number asks for.
type Comparison uint8

// The closed list of comparisons.
const (
	Equal Comparison = iota
	Less
	LessEqual
	Greater
	GreaterEqual
	Unequal // of correlations only; in a rule it is Not over Equal
)

// Holds says whether a stands in the order to b.
func (c Comparison) Holds(a, b float64) bool {
	switch c {
	case Less:
		return a < b
	case LessEqual:
		return a <= b
	case Greater:
		return a > b
	case GreaterEqual:
		return a >= b
	case Unequal:
		return a != b
	}
	return a == b
}

// Unit is the part of an instant that a Number is compared with; NoUnit compares the number itself.
type Unit uint8

// The closed list of units.
const (
	NoUnit Unit = iota
	Minute
	Hour
	Day
	Week // ISO 8601
	Month
	Year
)

// Shape is how much of a value a pattern or a reference has to be.
type Shape uint8

// The closed list of shapes.
const (
	Whole Shape = iota
	Prefix
	Suffix
	Inside
)

// Item compares the values of one field, or of all of them, with what the rule wants. Without All one of the wanted
// is enough.
type Item struct {
	Field    string // "": any value of the record (keywords)
	Kind     Kind
	All      bool
	Cased    bool
	Null     bool // what is absent matches too
	Patterns []Pattern
	Regexps  []*regexp.Regexp
	Networks []netip.Prefix
	Compare  Comparison
	Numbers  []float64
	Unit     Unit
	Want     bool
	Others   []string
	Shape    Shape
	Line     int
}

// Correlation fires on several events. Its rules are named by id or name, of rules or of other correlations.
type Correlation struct {
	ID, Name, Title, Status, Level   string
	Description, Author              string
	References, Tags, FalsePositives []string
	Type                             CorrelationType
	Rules                            []string
	GroupBy                          []string
	Timespan                         time.Duration
	Conditions                       []Condition
	Field                            string                       // value_*
	Percentile                       float64                      // value_percentile, 0 < p <= 100
	Aliases                          map[string]map[string]string // alias, rule, field
	Generate                         bool                         // the rules report on their own too
	Extension                        Extension
	File                             string
	Line                             int
}

// Condition is one bound on the number that a correlation makes.
type Condition struct {
	Compare Comparison
	Value   float64
}

// CorrelationType is how a correlation makes one number, or one order, of many events.
type CorrelationType string

// The closed list of types.
const (
	EventCount      CorrelationType = "event_count"
	ValueCount      CorrelationType = "value_count"
	Temporal        CorrelationType = "temporal"
	TemporalOrdered CorrelationType = "temporal_ordered"
	ValueSum        CorrelationType = "value_sum"
	ValueAvg        CorrelationType = "value_avg"
	ValuePercentile CorrelationType = "value_percentile"
)

// Filter narrows rules: a rule that it names fires only where the filter's condition holds too.
type Filter struct {
	ID, Title string
	LogSource LogSource
	Rules     []string // ids or names; empty: every rule of the log source
	Condition *Node
	File      string
	Line      int
}

// Set is what files hold.
type Set struct {
	Rules        []Rule
	Correlations []Correlation
	Filters      []Filter
	Faulty       int // documents that were left out
}

// Add takes over what another set holds.
func (s *Set) Add(o Set) {
	s.Rules = append(s.Rules, o.Rules...)
	s.Correlations = append(s.Correlations, o.Correlations...)
	s.Filters = append(s.Filters, o.Filters...)
	s.Faulty += o.Faulty
}

// Extension is what Triward adds to a rule under the key "triward".
type Extension struct {
	IDs       []string // of the catalogue of medical detections: M20
	Needs     []string // kinds of sources without which the rule is blind: audit
	Rate      string   // how often it is expected to fire where nothing is wrong
	Safety    string   // what to mind for patients before acting
	Procedure string   // code of the document that says what to do: SOP-14
	Step      string   // of the procedure, where one fits
	Treatment string   // what is decided about the risk behind it, in the words of package risk: isolate
	Control   string   // the control that the rule watches
	EMB3D     []string // TID-…
	Baseline  *Baseline
}

// Baseline says what a rule learns for each subject before what is unlike it counts.
type Baseline struct {
	Kind   string        // first_seen or rate
	By     []string      // fields that name the subject
	Value  string        // first_seen: the field whose values are learned
	Learn  time.Duration // how long nothing fires
	Factor float64       // rate: how many times the usual counts
}
