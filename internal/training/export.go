package training

import (
	"context"
	"time"

	"triward/internal/people"
	"triward/internal/store"
)

// Export chooses what goes out.
type Export struct {
	Query
	Home string // address of this installation: the name space of accounts and activities
}

// Statement is a statement of the Experience API (xAPI 2.0, IEEE 9274.1.1), in the part that training needs.
type Statement struct {
	ID        string    `json:"id,omitempty"`
	Actor     Agent     `json:"actor"`
	Verb      Verb      `json:"verb"`
	Object    Activity  `json:"object"`
	Result    *Result   `json:"result,omitempty"`
	Timestamp time.Time `json:"timestamp"`
	Context   Context   `json:"context"`
}

// Agent is who a statement is about.
type Agent struct {
	Type    string  `json:"objectType"`
	Name    string  `json:"name"`
	Account Account `json:"account"`
}

// Account names an agent at an installation.
type Account struct {
	Home string `json:"homePage"`
	Name string `json:"name"`
}

// Verb is what was done.
type Verb struct {
	ID      string            `json:"id"`
	Display map[string]string `json:"display"`
}

// Activity is what it was done with.
type Activity struct {
	Type       string     `json:"objectType"`
	ID         string     `json:"id"`
	Definition Definition `json:"definition"`
}

// Definition describes an activity.
type Definition struct {
	Name map[string]string `json:"name"`
}

// Result is how it went.
type Result struct {
	Score      *Score `json:"score,omitempty"`
	Success    bool   `json:"success"`
	Completion bool   `json:"completion"`
}

// Score is a share of the questions, from 0 to 1.
type Score struct {
	Scaled float64 `json:"scaled"`
}

// Context is under which training it happened.
type Context struct {
	Revision   string            `json:"revision"` // label of the document's revision
	Platform   string            `json:"platform"`
	Extensions map[string]string `json:"extensions,omitempty"`
}

// The verbs of ADL's vocabulary that are used.
const (
	verbCompleted = "http://adlnet.gov/expapi/verbs/completed"
	verbPassed    = "http://adlnet.gov/expapi/verbs/passed"
	verbFailed    = "http://adlnet.gov/expapi/verbs/failed"
)

// Statements turns attempts and completed trainings into statements, of all pages of the query, oldest first within a
// training.
func Statements(ctx context.Context, r store.Reader, x Export) ([]Statement, error) {
	out := []Statement{}
	q := x.Query
	q.After, q.Limit = "", 1000
	for {
		page, err := List(ctx, r, q)
		if err != nil {
			return nil, err
		}
		ids := make([]string, len(page.Items))
		for i, t := range page.Items {
			ids[i] = t.Account
		}
		names, err := people.Names(ctx, r, ids)
		if err != nil {
			return nil, err
		}
		for _, t := range page.Items {
			tried, err := attempts(ctx, r, ` WHERE training = $1`, t.ID)
			if err != nil {
				return nil, err
			}
			for _, a := range tried {
				verb, word := verbFailed, "failed"
				if a.Passed {
					verb, word = verbPassed, "passed"
				}
				s := x.statement(t, names[t.Account])
				s.Verb, s.Timestamp = Verb{verb, map[string]string{"en": word}}, a.At
				s.Result = &Result{Score: &Score{float64(a.Score) / 100}, Success: a.Passed}
				out = append(out, s)
			}
			if t.State == Done {
				s := x.statement(t, names[t.Account])
				s.Verb, s.Timestamp = Verb{verbCompleted, map[string]string{"en": "completed"}}, t.Settled
				s.Result = &Result{Success: true, Completion: true}
				out = append(out, s)
			}
		}
		if q.After = page.Next; q.After == "" {
			return out, nil
		}
	}
}

func (x Export) statement(t Training, name string) Statement {
	home := x.Home
	if home == "" {
		home = "https://triward.invalid"
	}
	s := Statement{Actor: Agent{Type: "Agent", Name: name, Account: Account{home, t.Account}},
		Object:  Activity{Type: "Activity", ID: home + "/documents/" + t.Code + "/revisions/" + t.Label, Definition: Definition{map[string]string{"en": t.Code + " " + t.Title}}},
		Context: Context{Revision: t.Label, Platform: "Triward", Extensions: map[string]string{home + "/xapi/training": t.ID, home + "/xapi/kind": string(t.Kind)}}}
	if t.Signature != "" {
		s.Context.Extensions[home+"/xapi/signature"] = t.Signature
	}
	return s
}
