package priority

import (
	"fmt"
	"slices"

	"triward/internal/content"
	"triward/internal/problem"
)

// Unknown is the value of an input that nobody knows.
const Unknown = ""

// Answer is how soon an incident is acted upon, and why.
type Answer struct {
	Result  string            // id of the table's result: act_now, today, scheduled, track
	Text    string            // its words
	Rank    int               // 1 for the most urgent
	Why     string            // the reason of the row
	Values  map[string]string // what it was decided with
	Assumed []string          // inputs that nobody knows, which count as the worst
}

// Decide gives the answer for what is known: a value for each input, [Unknown] or missing where nobody knows it.
func Decide(t content.PriorityTable, known map[string]string) (Answer, error) {
	a := Answer{Values: map[string]string{}}
	for _, i := range t.Inputs {
		v := known[i.ID]
		switch {
		case v == Unknown:
			a.Assumed = append(a.Assumed, i.ID)
			v = i.Values[len(i.Values)-1].ID
		case i.Rank(v) < 0:
			return a, problem.New(problem.Invalid, "%q is no answer to: %s", v, i.Text)
		}
		a.Values[i.ID] = v
	}
	rows := t.Meets(a.Values)
	if len(rows) != 1 {
		return a, fmt.Errorf("the table of priorities has %d rows for one combination", len(rows))
	}
	a.Result, a.Why, a.Rank = rows[0].Result, rows[0].Why, t.Rank(rows[0].Result)
	a.Text = t.Results[a.Rank-1].Text
	return a, nil
}

// Input finds an input of the table.
func Input(t content.PriorityTable, id string) (content.PriorityInput, error) {
	n := slices.IndexFunc(t.Inputs, func(i content.PriorityInput) bool { return i.ID == id })
	if n < 0 {
		return content.PriorityInput{}, problem.New(problem.NotFound, "the priority does not depend on %q", id)
	}
	return t.Inputs[n], nil
}
