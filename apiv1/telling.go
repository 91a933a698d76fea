package apiv1

import "time"

// DraftInput begins a report or a letter.
type DraftInput struct {
	Template string `json:"template" maxLength:"100" doc:"nis2-warning, fda-3500a, patient-letter, holding-statement, …"`
	Entity   string `json:"entity,omitempty" maxLength:"200" doc:"Legal entity that reports"`
	Duty     string `json:"duty,omitempty" maxLength:"100" doc:"Duty whose clock it answers"`
	Stage    string `json:"stage,omitempty" maxLength:"100"`
}

// DraftEdit types values over those that stand in a draft. An empty text takes a typed value back.
type DraftEdit struct {
	Version int          `json:"version" minimum:"1" doc:"That was read; another one by now is refused"`
	Fields  []DraftTyped `json:"fields" nullable:"false" maxItems:"200"`
}

// DraftTyped is a value that a person types.
type DraftTyped struct {
	Field string `json:"field" maxLength:"100"`
	Text  string `json:"text" maxLength:"20000"`
}

// DraftSending records that an approved draft was sent.
type DraftSending struct {
	At        time.Time `json:"at"`
	Whom      string    `json:"whom" maxLength:"300"`
	Channel   string    `json:"channel" maxLength:"300"`
	Reference string    `json:"reference,omitempty" maxLength:"300" doc:"That the receiver gave"`
}

// Draft is a report or a letter.
type Draft struct {
	ID        string       `json:"id"`
	Incident  string       `json:"incident"`
	Exercise  bool         `json:"exercise"`
	Entity    string       `json:"entity"`
	Template  string       `json:"template"`
	Title     string       `json:"title"`
	Duty      string       `json:"duty"`
	Stage     string       `json:"stage"`
	State     string       `json:"state" enum:"open,approved,sent"`
	Version   int          `json:"version"`
	SHA256    string       `json:"sha256" doc:"Of the record that is signed"`
	Missing   []string     `json:"missing" nullable:"false" doc:"Required fields that nobody knows"`
	LIX       int          `json:"lix" doc:"Readability index; asked to be 40 or less for letters in plain words"`
	Approver  string       `json:"approver"`
	Signature string       `json:"signature"`
	Sent      time.Time    `json:"sent,omitzero"`
	Whom      string       `json:"whom"`
	Reference string       `json:"reference"`
	Fields    []DraftValue `json:"fields" nullable:"false"`
}

// DraftValue is a field of a draft.
type DraftValue struct {
	Field    string   `json:"field"`
	Label    string   `json:"label"`
	Text     string   `json:"text" doc:"Empty: unknown"`
	Source   string   `json:"source" doc:"Where the text came from"`
	Missing  []string `json:"missing" nullable:"false" doc:"Facts that it asks for and nobody knows"`
	Required bool     `json:"required"`
	Law      string   `json:"law"`
}

// StakeholderInput is somebody whom the organisation tells of incidents.
type StakeholderInput struct {
	Role    string   `json:"role,omitempty" enum:"ward,authority,law_enforcement,manufacturer,patients,customer,insurer,isac,media" doc:"Stays as it is when the stakeholder changes"`
	Name    string   `json:"name" maxLength:"300"`
	Contact string   `json:"contact" maxLength:"300" doc:"Not of patients"`
	Channel string   `json:"channel" enum:"telephone,e-mail,letter,meeting,portal,web site"`
	Order   int      `json:"order,omitempty" minimum:"0" maximum:"99" doc:"1 is told first; absent: as usual for the role"`
	Places  []string `json:"places,omitempty" maxItems:"50" doc:"Wards or jurisdictions; absent: all"`
	Note    string   `json:"note,omitempty" maxLength:"300"`
}

// Stakeholder is on the list.
type Stakeholder struct {
	ID string `json:"id"`
	StakeholderInput
}

// TellingInput records that somebody was told.
type TellingInput struct {
	Stakeholder string    `json:"stakeholder,omitempty" maxLength:"200" doc:"On the list; otherwise role and whom"`
	Role        string    `json:"role,omitempty" maxLength:"50"`
	Whom        string    `json:"whom,omitempty" maxLength:"300"`
	Person      string    `json:"person,omitempty" maxLength:"300"`
	Channel     string    `json:"channel" enum:"telephone,e-mail,letter,meeting,portal,web site"`
	At          time.Time `json:"at,omitzero"`
	What        string    `json:"what,omitempty" maxLength:"20000"`
	Draft       string    `json:"draft,omitempty" maxLength:"200" doc:"Approved or sent"`
	Entity      string    `json:"entity,omitempty" maxLength:"200" doc:"With duty and stage: the clock that asks for it"`
	Duty        string    `json:"duty,omitempty" maxLength:"100"`
	Stage       string    `json:"stage,omitempty" maxLength:"100"`
	Places      []string  `json:"places,omitempty" maxItems:"20" doc:"Where a manufacturer is concerned"`
	Reason      string    `json:"reason,omitempty" maxLength:"20000" doc:"Needed when others come first who were not told"`
}

// TellingAnswer records what somebody who was told answered.
type TellingAnswer struct {
	From string    `json:"from,omitempty" maxLength:"300"`
	Text string    `json:"text" maxLength:"20000"`
	At   time.Time `json:"at,omitzero"`
}

// Telling is that somebody was told.
type Telling struct {
	ID string `json:"id"`
	TellingInput
	SHA256  string          `json:"sha256" doc:"Of the draft"`
	TLP     string          `json:"tlp"`
	Passed  []string        `json:"passed" nullable:"false" doc:"Who should have been told before"`
	Aware   string          `json:"aware" doc:"Legal entity whose awareness this is"`
	Name    string          `json:"name"`
	Answers []TellingAnswer `json:"answers" nullable:"false"`
}

// ToTell is somebody who is to be told.
type ToTell struct {
	Order       int       `json:"order"`
	Role        string    `json:"role"`
	Name        string    `json:"name"`
	Stakeholder string    `json:"stakeholder"`
	Need        string    `json:"need" enum:"must,perhaps,consider"`
	Why         string    `json:"why"`
	Latest      time.Time `json:"latest,omitzero"`
	Waits       bool      `json:"waits" doc:"Those who come later have to wait for it"`
	Done        bool      `json:"done"`
	Told        time.Time `json:"told,omitzero"`
	Shut        string    `json:"shut" doc:"Why the marking forbids it"`
}
