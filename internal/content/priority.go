package content

import (
	"bytes"
	_ "embed" // the table of priorities
	"fmt"
	"slices"

	"go.yaml.in/yaml/v3"
)

//go:embed priority.yaml
var priority []byte

// PriorityTable says how soon an incident is acted upon (reference incidents.md 4.4). Package incident/priority decides by it.
type PriorityTable struct {
	Version int             `yaml:"version"`
	Source  string          `yaml:"source"`
	Inputs  []PriorityInput `yaml:"inputs"`
	Results []PriorityWord  `yaml:"results"` // the most urgent first
	Rows    []PriorityRow   `yaml:"rows"`
}

// PriorityInput is something that the priority depends on.
type PriorityInput struct {
	ID     string         `yaml:"id"`
	Text   string         `yaml:"text"`   // the question, as a form asks it
	Values []PriorityWord `yaml:"values"` // from the mildest to the worst
}

// PriorityWord is a value or a result with its words.
type PriorityWord struct {
	ID   string `yaml:"id"`
	Text string `yaml:"text"`
}

// PriorityRow gives a result to the combinations whose values it names; an input that it does not name may have any.
type PriorityRow struct {
	Named  map[string][]string `yaml:",inline"`
	Result string              `yaml:"result"`
	Why    string              `yaml:"why"`
}

// Covers says whether a combination, a value for each input, meets the row.
func (r PriorityRow) Covers(values map[string]string) bool {
	for input, named := range r.Named {
		if !slices.Contains(named, values[input]) {
			return false
		}
	}
	return true
}

// Priority is the table, checked: every combination meets exactly one row, and a worse value never gives a milder result.
func Priority() (PriorityTable, error) {
	var t PriorityTable
	d := yaml.NewDecoder(bytes.NewReader(priority))
	d.KnownFields(true)
	if err := d.Decode(&t); err != nil {
		return t, fmt.Errorf("priority.yaml: %w", err)
	}
	return t, t.Check()
}

// Check reports the first thing that is wrong with a table.
func (t PriorityTable) Check() error {
	for _, r := range t.Rows {
		if t.Rank(r.Result) == 0 {
			return fmt.Errorf("priority table: %q is no result", r.Result)
		}
		for input, named := range r.Named {
			n := slices.IndexFunc(t.Inputs, func(i PriorityInput) bool { return i.ID == input })
			if n < 0 {
				return fmt.Errorf("priority table: %q is no input", input)
			}
			for _, v := range named {
				if t.Inputs[n].Rank(v) < 0 {
					return fmt.Errorf("priority table: %q is no value of %s", v, input)
				}
			}
		}
	}
	results := map[string]int{}
	for _, c := range t.Combinations() {
		rows := t.Meets(c)
		if len(rows) != 1 {
			return fmt.Errorf("priority table: %v meets %d rows", c, len(rows))
		}
		results[key(t, c)] = t.Rank(rows[0].Result)
	}
	for _, c := range t.Combinations() {
		here := results[key(t, c)]
		for _, i := range t.Inputs {
			n := i.Rank(c[i.ID])
			if n+1 == len(i.Values) {
				continue
			}
			now := c[i.ID]
			c[i.ID] = i.Values[n+1].ID
			if results[key(t, c)] > here {
				return fmt.Errorf("priority table: %v is milder than with %s=%s", c, i.ID, now)
			}
			c[i.ID] = now
		}
	}
	return nil
}

func key(t PriorityTable, c map[string]string) string {
	out := ""
	for _, i := range t.Inputs {
		out += c[i.ID] + "/"
	}
	return out
}

// Combinations are all combinations of values.
func (t PriorityTable) Combinations() []map[string]string {
	out := []map[string]string{{}}
	for _, i := range t.Inputs {
		var next []map[string]string
		for _, c := range out {
			for _, v := range i.Values {
				one := map[string]string{i.ID: v.ID}
				for k, x := range c {
					one[k] = x
				}
				next = append(next, one)
			}
		}
		out = next
	}
	return out
}

// Meets are the rows that a combination meets.
func (t PriorityTable) Meets(values map[string]string) []PriorityRow {
	var out []PriorityRow
	for _, r := range t.Rows {
		if r.Covers(values) {
			out = append(out, r)
		}
	}
	return out
}

// Rank is the place of a result, 1 for the most urgent; 0 when there is none of that name.
func (t PriorityTable) Rank(result string) int {
	return slices.IndexFunc(t.Results, func(w PriorityWord) bool { return w.ID == result }) + 1
}

// Rank is the place of a value, 0 for the mildest; -1 when there is none of that name.
func (i PriorityInput) Rank(value string) int {
	return slices.IndexFunc(i.Values, func(w PriorityWord) bool { return w.ID == value })
}
