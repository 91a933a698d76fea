package risk

import (
	"fmt"
	"slices"

	"triward/internal/problem"
)

// Class says whether a risk is acceptable as it stands (FDA Postmarket Management of Cybersecurity 2016, VI).
type Class string

// The closed list of classes.
const (
	Controlled   Class = "controlled"
	Uncontrolled Class = "uncontrolled"
)

// Cell is what the decision table says for one exploitability and one severity.
type Cell string

// The closed list of cells.
const (
	CellControlled   Cell = "controlled"
	CellUncontrolled Cell = "uncontrolled"
	CellNeedsControl Cell = "needs_control" // controlled only with a documented compensating control
)

// Table is the decision table, one version of it. Rows S1..S5, columns E0..E4.
type Table struct {
	Version int        `json:"version"`
	Cells   [5][5]Cell `json:"cells"`
}

// DefaultTable is the table that Triward starts with: S2 tolerates all but exploited, S3 up to moderate, S4 and S5 only
// what is not reachable, or low with a documented compensating control.
func DefaultTable() Table {
	const c, u, n = CellControlled, CellUncontrolled, CellNeedsControl
	return Table{Version: 1, Cells: [5][5]Cell{{c, c, c, c, c}, {c, c, c, c, u}, {c, c, c, u, u}, {c, n, u, u, u}, {c, n, u, u, u}}}
}

// Validate checks that every cell has a value and that more severity or more exploitability never makes a risk better.
func (t Table) Validate() error {
	var l problem.List
	weight := map[Cell]int{CellControlled: 1, CellNeedsControl: 2, CellUncontrolled: 3}
	for s, row := range t.Cells {
		for e, cell := range row {
			path := fmt.Sprintf("cells[%s][%s]", Severities[s], Exploitabilities[e])
			if weight[cell] == 0 {
				l.Add(path, "must be controlled, needs_control or uncontrolled")
				continue
			}
			if e > 0 && weight[cell] < weight[row[e-1]] {
				l.Add(path, "is milder than %s, which is easier to control", Exploitabilities[e-1])
			}
			if s > 0 && weight[cell] < weight[t.Cells[s-1][e]] {
				l.Add(path, "is milder than %s, which does less harm", Severities[s-1])
			}
		}
	}
	return l.Err("the decision table is not valid")
}

// Decide is the class for an exploitability and severity under the control that is documented, and why.
func (t Table) Decide(e Exploitability, s Severity, control Control) (Class, Reason) {
	cell := t.Cells[slices.Index(Severities, s)][slices.Index(Exploitabilities, e)]
	source := fmt.Sprintf("decision table version %d", t.Version)
	switch {
	case cell == CellControlled:
		return Controlled, Reason{Fact: fmt.Sprintf("%s %s, %s %s", e, e.Word(), s, s.Word()), Effect: "controlled", Source: source}
	case cell == CellNeedsControl && control.Documented != "":
		return Controlled, Reason{Fact: "compensating control: " + control.Documented, Effect: "controlled with the documented control", Source: source}
	case cell == CellNeedsControl:
		return Uncontrolled, Reason{Fact: fmt.Sprintf("%s %s, %s %s, no compensating control documented", e, e.Word(), s, s.Word()), Effect: "uncontrolled until one is documented", Source: source}
	}
	return Uncontrolled, Reason{Fact: fmt.Sprintf("%s %s, %s %s", e, e.Word(), s, s.Word()), Effect: "uncontrolled", Source: source}
}

// Control is the compensating control that a decision documents for a line; empty when there is none.
type Control struct {
	Documented string
}
