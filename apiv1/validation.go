package apiv1

import "time"

// Validation is one qualification of the installation.
type Validation struct {
	ID      string    `json:"id"`
	Number  int       `json:"number"`
	At      time.Time `json:"at"`
	Name    string    `json:"name" doc:"Who let it run"`
	Reason  string    `json:"reason"`
	SHA256  string    `json:"sha256" doc:"Of the report as it is sealed"`
	Base    string    `json:"base,omitempty" doc:"Report on which the installation was released last"`
	Verdict string    `json:"verdict,omitempty" enum:"verified,approved,refused"`
	Changes int       `json:"changes" doc:"Parts that are other than in the base"`
	Passed  int       `json:"passed"`
	Failed  int       `json:"failed"`
	NotRun  int       `json:"not_run"`
}

// ValidationReport is a qualification with everything in it.
type ValidationReport struct {
	Validation
	ChangeList []ValidationChange   `json:"change_list" nullable:"false"`
	Checks     []ValidationCheck    `json:"checks" nullable:"false"`
	Decisions  []ValidationDecision `json:"decisions" nullable:"false"`
	Text       string               `json:"text" doc:"The report as it is sealed: its SHA-256 is in every signature"`
}

// ValidationChange is a part of the installation that is other than before.
type ValidationChange struct {
	Area   string `json:"area"`
	Name   string `json:"name"`
	Before string `json:"before"`
	After  string `json:"after"`
}

// ValidationCheck is one check and how it ended.
type ValidationCheck struct {
	ID       string   `json:"id"`
	Stage    string   `json:"stage" enum:"installation,operation,performance"`
	Title    string   `json:"title"`
	Expected string   `json:"expected"`
	Observed string   `json:"observed"`
	Outcome  string   `json:"outcome" enum:"passed,failed,not_run"`
	Before   string   `json:"before,omitempty" doc:"Its outcome in the base"`
	Rules    []string `json:"rules" nullable:"false"`
}

// ValidationDecision is a signed verdict.
type ValidationDecision struct {
	Verdict   string    `json:"verdict" enum:"verified,approved,refused"`
	Name      string    `json:"name"`
	Reason    string    `json:"reason,omitempty"`
	Signature string    `json:"signature"`
	At        time.Time `json:"at"`
}
