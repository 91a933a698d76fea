package apiv1

import "time"

// TrialInput asks what rules would have found in the kept events.
type TrialInput struct {
	Rules []string  `json:"rules,omitempty" maxItems:"1000" doc:"Ids of rules; absent with text: none, else all that are not retired"`
	Text  string    `json:"text,omitempty" maxLength:"1000000" doc:"Rules in Sigma's YAML that are not kept here"`
	From  time.Time `json:"from" doc:"At most 366 days before to"`
	To    time.Time `json:"to"`
	Site  string    `json:"site,omitempty" maxLength:"200" doc:"Only events of this site"`
}

// Trial is what rules would have found.
type Trial struct {
	From     time.Time        `json:"from"`
	To       time.Time        `json:"to"`
	Events   int64            `json:"events" doc:"That were tried"`
	Kinds    map[string]int64 `json:"kinds" doc:"Events by category"`
	Rules    []TrialOutcome   `json:"rules" nullable:"false" doc:"The noisiest first; also those that found nothing"`
	Faults   []string         `json:"faults" nullable:"false" doc:"Rules that could not be tried"`
	Blind    int              `json:"blind_intervals" doc:"Times in which a source was not seen"`
	BlindFor int64            `json:"blind_seconds"`
	Evicted  int64            `json:"evicted" doc:"Events that correlations had no room for"`
	Late     int64            `json:"late" doc:"Events too far out of order for correlations"`
	Withheld bool             `json:"withheld,omitempty" doc:"Events that concern patients were left out, because you may not read them"`
}

// TrialOutcome is what one rule would have found.
type TrialOutcome struct {
	Rule        string         `json:"rule"`
	Title       string         `json:"title"`
	Level       string         `json:"level"`
	Firings     int64          `json:"firings"`
	PerDay      float64        `json:"per_day"`
	First       time.Time      `json:"first,omitzero"`
	Last        time.Time      `json:"last,omitzero"`
	Days        []TrialDay     `json:"days,omitempty"`
	Devices     int            `json:"devices"`
	TopDevices  []TrialTop     `json:"top_devices,omitempty"`
	Subjects    int            `json:"subjects" doc:"What firings group by: as many alerts at least"`
	TopSubjects []TrialTop     `json:"top_subjects,omitempty"`
	Examples    []TrialExample `json:"examples,omitempty"`
	Learning    int64          `json:"learning,omitempty" doc:"Matches that its baseline let pass because it still learned"`
	Missing     []string       `json:"missing,omitempty" doc:"Kinds of events that it needs and the window has none of"`
	Doubt       string         `json:"doubt,omitempty" doc:"Why it may have missed something"`
}

// TrialDay is how often a rule fired on a day.
type TrialDay struct {
	Day string `json:"day" format:"date"`
	N   int64  `json:"n"`
}

// TrialTop is a name with how often it comes.
type TrialTop struct {
	Name string `json:"name"`
	N    int64  `json:"n"`
}

// TrialExample is one firing.
type TrialExample struct {
	Event    string    `json:"event"`
	At       time.Time `json:"at"`
	Device   string    `json:"device,omitempty"`
	Message  string    `json:"message,omitempty"`
	Matched  []Matched `json:"matched,omitempty"`
	Baseline string    `json:"baseline,omitempty"`
}
