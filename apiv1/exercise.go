package apiv1

import "time"

// ExerciseQuery chooses exercises. Empty fields do not restrict.
type ExerciseQuery struct {
	State string `query:"state" enum:"running,stopped,confirmed"`
	Sort  string `query:"sort" enum:"started,-started" doc:"The last started first without it"`
	Cursor
}

// ExerciseStart starts an exercise.
type ExerciseStart struct {
	Scenario string `json:"scenario" maxLength:"100" doc:"Id of a scenario"`
	Pace     int    `json:"pace,omitempty" minimum:"0" maximum:"60" doc:"How many times faster than the day things happen; 0: when the leader calls them"`
	Site     string `json:"site,omitempty" maxLength:"64"`
}

// Scenario is a story that can be exercised.
type Scenario struct {
	ID         string   `json:"id"`
	Title      string   `json:"title"`
	Story      string   `json:"story"`
	Set        string   `json:"set" doc:"Records that are replayed"`
	Procedure  string   `json:"procedure"`
	Minutes    int      `json:"minutes"`
	Cyber      int      `json:"cyber"`
	Clinical   int      `json:"clinical"`
	Objectives []string `json:"objectives" nullable:"false"`
}

// Exercise is one run of a scenario.
type Exercise struct {
	ID         string    `json:"id"`
	Number     string    `json:"number" doc:"Of its incident"`
	Incident   string    `json:"incident"`
	Scenario   string    `json:"scenario"`
	Title      string    `json:"title"`
	State      string    `json:"state"`
	Pace       int       `json:"pace"`
	LeaderName string    `json:"leader_name"`
	Started    time.Time `json:"started"`
	Stopped    time.Time `json:"stopped,omitzero"`
	Confirmed  time.Time `json:"confirmed,omitzero"`
}

// ExerciseShown is an exercise with what happens in it and what came out.
type ExerciseShown struct {
	Exercise
	Injects []ExerciseInject `json:"injects" nullable:"false"`
	Marks   []ExerciseMark   `json:"marks" nullable:"false"`
	Tallies []ExerciseTally  `json:"tallies" nullable:"false" doc:"The roles, then all"`
	People  []ExercisePerson `json:"people" nullable:"false"`
	Clocks  []ExerciseClock  `json:"clocks" nullable:"false" doc:"Reporting clocks that apply, as they stand now or stood at the end"`

	ClockTally ExerciseClockTally `json:"clock_tally"`
}

// ExerciseClockTally counts the reports that clocks run for or may run for.
type ExerciseClockTally struct {
	InTime     int `json:"in_time" doc:"Recorded as sent in time"`
	Late       int `json:"late" doc:"Recorded as sent after their time"`
	Unanswered int `json:"unanswered" doc:"Neither sent, nor shown to be needless"`
	Overdue    int `json:"overdue" doc:"Of those unanswered: their time is over"`
}

// ExerciseClock is a reporting clock of an exercise.
type ExerciseClock struct {
	Entity string    `json:"entity"`
	Report string    `json:"report"`
	State  string    `json:"state" enum:"waiting,may_run,running,overdue,discharged"`
	Latest time.Time `json:"latest,omitzero"`
	Late   bool      `json:"late"`
}

// ExerciseInject is something that happens in an exercise.
type ExerciseInject struct {
	ID           string    `json:"id"`
	Kind         string    `json:"kind" doc:"events, message, fact or question"`
	To           string    `json:"to,omitempty"`
	From         string    `json:"from,omitempty"`
	Text         string    `json:"text"`
	Due          time.Time `json:"due,omitzero"`
	At           time.Time `json:"at,omitzero" doc:"When it happened"`
	Tells        []string  `json:"tells,omitempty" nullable:"false" doc:"What it changes in the incident of the exercise: facts of legal entities, severities"`
	Answer       string    `json:"answer,omitempty"`
	AnsweredName string    `json:"answered_name,omitempty"`
	Answered     time.Time `json:"answered,omitzero"`
}

// ExerciseMark is something expected, and what became of it.
type ExerciseMark struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Role     string    `json:"role"`
	Standing string    `json:"standing" doc:"not_yet, in_time, late, missed, expected, overdue or not_reached"`
	Target   float64   `json:"target" doc:"Seconds"`
	Took     float64   `json:"took,omitempty" doc:"Seconds since its time ran"`
	Due      time.Time `json:"due,omitzero"`
	Done     time.Time `json:"done,omitzero"`
	Name     string    `json:"name,omitempty"`
}

// ExerciseTally counts the marks of a role.
type ExerciseTally struct {
	Role   string `json:"role" doc:"Empty: all"`
	InTime int    `json:"in_time"`
	Late   int    `json:"late"`
	Missed int    `json:"missed"`
	Others int    `json:"others"`
}

// ExercisePerson is who took part.
type ExercisePerson struct {
	Account string `json:"account"`
	Name    string `json:"name"`
	Entries int    `json:"entries"`
	InTime  int    `json:"in_time"`
	Late    int    `json:"late"`
}

// ExerciseAnswer answers a question.
type ExerciseAnswer struct {
	Answer string `json:"answer" minLength:"1" maxLength:"4000"`
}

// ExerciseAttendance says who took part.
type ExerciseAttendance struct {
	People []string `json:"people" minItems:"1" maxItems:"500" doc:"Accounts"`
}
