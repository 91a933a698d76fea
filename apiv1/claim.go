package apiv1

import "time"

// IndicatorInput adds an indicator to an incident.
type IndicatorInput struct {
	Kind  string `json:"kind,omitempty" enum:"address,mac,domain,host,hash,user,ae_title,file,url,device" doc:"Without it the one that the value shows"`
	Value string `json:"value" maxLength:"2000" doc:"Defanged forms are read too: 203.0.113[.]9, hxxp://"`
	Note  string `json:"note,omitempty" maxLength:"4000" doc:"Where it was found"`
}

// Indicator is something by which the other side is recognised, with what the newest look back over the kept events found.
type Indicator struct {
	ID string `json:"id"`
	IndicatorInput
	Name        string         `json:"name"`
	At          time.Time      `json:"at"`
	Searched    bool           `json:"searched" doc:"False: nobody could look; why says so"`
	Why         string         `json:"why,omitempty"`
	SearchAt    time.Time      `json:"search_at,omitzero"`
	Events      int64          `json:"events"`
	First       time.Time      `json:"first,omitzero"`
	Last        time.Time      `json:"last,omitzero"`
	Devices     []IndicatorHit `json:"devices" nullable:"false"`
	DevicesMore int            `json:"devices_more" doc:"Devices that are not listed"`
	EventIDs    []string       `json:"event_ids" nullable:"false" doc:"Of the latest events"`
	Blind       []BlindTime    `json:"blind" nullable:"false" doc:"Times in which something was not seen"`
	BlindMore   bool           `json:"blind_more" doc:"There are older ones"`
	LookUps     []LookUp       `json:"look_ups" nullable:"false"`
}

// IndicatorHit is a device with events that hold an indicator.
type IndicatorHit struct {
	Device string `json:"device"`
	Events int64  `json:"events"`
	Owner  bool   `json:"owner" doc:"It has, or had, that name on the network"`
	New    bool   `json:"new" doc:"The search before had not found it"`
}

// BlindTime is a time in which something was not seen.
type BlindTime struct {
	Source  string    `json:"source" doc:"Empty: every source"`
	Reason  string    `json:"reason"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero" doc:"Absent while it lasts"`
	Lost    int64     `json:"lost" doc:"Records; -1: nobody can know"`
}

// LookUpInput records what was asked outside about an indicator.
type LookUpInput struct {
	Where string `json:"where" maxLength:"4000"`
	Found string `json:"found" maxLength:"4000"`
}

// LookUp is what was asked outside.
type LookUp struct {
	LookUpInput
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// ClaimInput says who did what, or how.
type ClaimInput struct {
	About       string    `json:"about" enum:"adversary,capability,infrastructure,victim,technique,phase,result,direction,methodology,resources"`
	Value       string    `json:"value,omitempty" maxLength:"100" doc:"Id of a technique of MITRE ATT&CK; the word of a phase, result or direction"`
	Says        string    `json:"says" maxLength:"4000"`
	Source      string    `json:"source" maxLength:"300" doc:"Who says so"`
	Reliability string    `json:"reliability" enum:"A,B,C,D,E,F,G" doc:"Of the source (Admiralty)"`
	Credibility string    `json:"credibility" enum:"1,2,3,4,5,6" doc:"Of what it says (Admiralty)"`
	Likelihood  string    `json:"likelihood,omitempty" enum:"almost-no-chance,very-unlikely,unlikely,roughly-even-chance,likely,very-likely,almost-certain" doc:"Estimative language (ICD 203)"`
	Newer       bool      `json:"newer,omitempty" doc:"The technique is newer than the list that is kept here"`
	Happened    time.Time `json:"happened,omitzero" required:"false"`
	Evidence    []string  `json:"evidence,omitempty" maxItems:"50" doc:"Ids of exhibits, events, alerts and notes"`
	Hypothesis  bool      `json:"hypothesis,omitempty" doc:"Has to be said where there is no evidence"`
	Replaces    string    `json:"replaces,omitempty" maxLength:"64" doc:"The claim whose place it takes"`
	Reason      string    `json:"reason,omitempty" maxLength:"4000" doc:"Why it takes that place"`
}

// Claim is one thing that somebody says.
type Claim struct {
	ID string `json:"id"`
	ClaimInput
	Grade            string    `json:"grade" doc:"In words"`
	ReliabilityValue int       `json:"reliability_value" doc:"0 to 100"`
	CredibilityValue int       `json:"credibility_value" doc:"0 to 100"`
	Technique        string    `json:"technique,omitempty" doc:"Name of the technique"`
	Name             string    `json:"name"`
	Made             time.Time `json:"made"`
	Ended            time.Time `json:"ended,omitzero" doc:"When another took its place, or it was withdrawn"`
	EndedBy          string    `json:"ended_by,omitempty" doc:"The claim that took its place"`
	EndReason        string    `json:"end_reason,omitempty"`
}

// ThreadStep is an event of an activity thread.
type ThreadStep struct {
	Phase    string    `json:"phase" enum:"reconnaissance,weaponisation,delivery,exploitation,installation,command and control,actions on objectives"`
	Says     string    `json:"says" maxLength:"4000" doc:"What happened"`
	Happened time.Time `json:"happened,omitzero" required:"false"`
	Claims   []string  `json:"claims,omitempty" maxItems:"20" doc:"Ids of the claims that stand for it"`
}

// ThreadInput keeps an activity thread: the events of an attack in their order.
type ThreadInput struct {
	ID      string       `json:"id,omitempty" maxLength:"64" doc:"Of the thread that changes; absent: a new one"`
	Version int          `json:"version,omitempty" minimum:"0" doc:"Of it, as it was read"`
	Name    string       `json:"name" maxLength:"300"`
	Steps   []ThreadStep `json:"steps" minItems:"1" maxItems:"100" nullable:"false"`
	Reason  string       `json:"reason,omitempty" maxLength:"4000" doc:"Why it changes"`
}

// Thread is an activity thread as it stands.
type Thread struct {
	ThreadInput
	By   string    `json:"by"`
	Made time.Time `json:"made"`
}

// WhoReport is what is known of who did what and how, with what is not known.
type WhoReport struct {
	Incident   Incident    `json:"incident"`
	Made       time.Time   `json:"made"`
	Claims     []Claim     `json:"claims" nullable:"false" doc:"Those that stand"`
	Empty      []string    `json:"empty" nullable:"false" doc:"What nothing is said about"`
	Threads    []Thread    `json:"threads" nullable:"false" doc:"Claims in the order of what happened"`
	Indicators []Indicator `json:"indicators" nullable:"false"`
	Beyond     []string    `json:"beyond" nullable:"false" doc:"Devices on which an indicator was seen and that are not in the incident"`
	Unsearched int         `json:"unsearched" doc:"Indicators that nobody could search for"`
	BlindFrom  time.Time   `json:"blind_from"`
	BlindTo    time.Time   `json:"blind_to"`
	Blind      []BlindTime `json:"blind" nullable:"false"`
	BlindMore  bool        `json:"blind_more"`
	BlindKnown bool        `json:"blind_known" doc:"False: the reader may not see them"`
	Evicted    int64       `json:"evicted" doc:"Values that baselines had no room for"`
}
