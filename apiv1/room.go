package apiv1

import "time"

// BlastQuery asks for a blast radius: exactly one of weakness, component, advisory and indicator.
type BlastQuery struct {
	Weakness  string    `query:"weakness" json:"weakness,omitempty" maxLength:"500" doc:"CVE or another id of a weakness"`
	Component string    `query:"component" json:"component,omitempty" maxLength:"500" doc:"Name or package URL"`
	Versions  string    `query:"versions" json:"versions,omitempty" maxLength:"500" doc:"Of the component, as: < 3.0.7"`
	Advisory  string    `query:"advisory" json:"advisory,omitempty" maxLength:"500" doc:"Key of a record, as csaf/ICSMA-21-294-01"`
	Indicator string    `query:"indicator" json:"indicator,omitempty" maxLength:"500" doc:"Address, network, MAC address, domain, host, hash, user, AE title, file, web address or device; defanged forms are read too"`
	Kind      string    `query:"kind" json:"kind,omitempty" enum:"address,mac,domain,host,hash,user,ae_title,file,url,device" doc:"Of the indicator; without it all that it can be"`
	From      time.Time `query:"from" json:"from,omitzero" doc:"Events with the indicator from then on"`
	To        time.Time `query:"to" json:"to,omitzero"`
	Incident  string    `query:"incident" json:"incident,omitempty" maxLength:"200" doc:"That the question is asked in: in an exercise its own events count too"`
	Site      string    `query:"site" json:"site,omitempty" maxLength:"200" doc:"Only there"`
	Ward      string    `query:"ward" json:"ward,omitempty" maxLength:"500"`
	Model     string    `query:"model" json:"model,omitempty" maxLength:"200"`
}

// BlastSum counts devices. Those in use and those of which nobody knows it both count as in use.
type BlastSum struct {
	Affected        int `json:"affected"`
	Unknown         int `json:"unknown" doc:"Nobody can tell; never counted as fine"`
	NotAffected     int `json:"not_affected"`
	InUse           int `json:"in_use"`
	UseUnknown      int `json:"use_unknown"`
	Critical        int `json:"critical" doc:"May be in use, and sustain or support life or nobody knows what they do"`
	Exposed         int `json:"exposed" doc:"Reachable from the internet or by a remote service, or nobody knows"`
	Patients        int `json:"patients" doc:"At once, as far as it is known"`
	PatientsUnknown int `json:"patients_unknown" doc:"Devices that may be in use of which nobody knows how many patients they serve"`
}

// BlastModel is a model with devices in a blast radius.
type BlastModel struct {
	ID    string `json:"id" doc:"Empty: the model is not known"`
	Name  string `json:"name"`
	Class string `json:"class"`
	BlastSum
}

// BlastPlace is a ward of a site with devices in a blast radius.
type BlastPlace struct {
	Site     string `json:"site"`
	SiteName string `json:"site_name"`
	Ward     string `json:"ward"`
	BlastSum
}

// BlastAlternative is what could take over the work of a model at a site.
type BlastAlternative struct {
	SiteName string `json:"site_name"`
	Function string `json:"function" doc:"Empty: none is recorded, only the same model counts"`
	Model    string `json:"model"`
	Needed   int    `json:"needed"`
	Spares   int    `json:"spares"`
	Busy     int    `json:"busy"`
}

// BlastDevice is a device in a blast radius, with why.
type BlastDevice struct {
	ID        string `json:"id"`
	Tag       string `json:"tag"`
	ModelName string `json:"model_name"`
	Version   string `json:"version"`
	SiteName  string `json:"site_name"`
	Ward      string `json:"ward"`
	Class     string `json:"class"`
	InUse     string `json:"in_use"`
	Ways      string `json:"connectivity"`
	Stage     string `json:"stage" doc:"Of support"`
	Truth     string `json:"truth"`
	Why       string `json:"why"`
	Finding   string `json:"finding,omitempty" doc:"The weakness whose finding in this device explains itself"`
	SBOM      string `json:"sbom,omitempty"`
	Events    int64  `json:"events,omitempty"`
}

// BlastRadius is what something reaches, as it was found at an instant.
type BlastRadius struct {
	At           time.Time          `json:"at"`
	Title        string             `json:"title"`
	Sum          BlastSum           `json:"sum"`
	Sites        int                `json:"sites"`
	Models       []BlastModel       `json:"models" nullable:"false"`
	Places       []BlastPlace       `json:"places" nullable:"false"`
	Alternatives []BlastAlternative `json:"alternatives" nullable:"false"`
	Devices      []BlastDevice      `json:"devices" nullable:"false" doc:"At most 500, those that matter most"`
	More         int                `json:"more" doc:"Devices that are counted and not listed"`
	Silent       int                `json:"silent" doc:"Of an indicator: devices that no event names with it, which does not show that they are free of it"`
	Unnamed      int                `json:"unnamed" doc:"Of a weakness: devices whose model is not known"`
	Withheld     bool               `json:"withheld" doc:"Events that concern patients were left out"`
	Blind        bool               `json:"blind" doc:"Not everything was seen in that time"`
}

// BlastKeep keeps a blast radius with an incident and takes devices of it in.
type BlastKeep struct {
	BlastQuery
	Devices []string `json:"devices,omitempty" maxItems:"500" doc:"Ids"`
}

// UrgencyFact is an input of the priority of an incident.
type UrgencyFact struct {
	Input   string `json:"input"`
	Text    string `json:"text"`
	Value   string `json:"value" doc:"What counts; empty: unknown, which counts as the worst"`
	Because string `json:"because" doc:"From where the program knows it"`
	Said    string `json:"said,omitempty" doc:"What a person says instead"`
	Reason  string `json:"reason,omitempty"`
	By      string `json:"by,omitempty"`
}

// PrioritySaying is what a person says of an input of the priority.
type PrioritySaying struct {
	Input  string `json:"input" enum:"exploitation,device,spread,alternative,data"`
	Value  string `json:"value" maxLength:"50" doc:"Empty: what the program knows counts again"`
	Reason string `json:"reason" maxLength:"2000"`
}

// RoomPerson is somebody who is on an incident.
type RoomPerson struct {
	Name    string `json:"name"`
	Why     string `json:"why"`
	Present bool   `json:"present" doc:"Used the program in the last minutes"`
}

// RoomTask is a task that is not over, of the incident or of a duplicate.
type RoomTask struct {
	Incident   string    `json:"incident"`
	ID         string    `json:"id"`
	Title      string    `json:"title"`
	Side       string    `json:"side"`
	State      string    `json:"state"`
	Assignee   string    `json:"assignee"`
	AcceptBy   time.Time `json:"accept_by"`
	Unaccepted bool      `json:"unaccepted" doc:"Nobody of the side accepted it in time"`
	Due        time.Time `json:"due,omitzero"`
	Late       bool      `json:"late"`
}

// RoomClock is a reporting clock that runs, of the incident or of a duplicate.
type RoomClock struct {
	Incident string    `json:"incident"`
	Entity   string    `json:"entity"`
	Duty     string    `json:"duty"`
	Stage    string    `json:"stage"`
	Title    string    `json:"title"`
	State    string    `json:"state"`
	Latest   time.Time `json:"latest,omitzero" doc:"Absent: without delay"`
	Left     int64     `json:"left" doc:"Seconds until the latest instant; negative: too late"`
}

// RoomDevice is a device or system of an incident in its ward.
type RoomDevice struct {
	Site   string `json:"site"`
	Ward   string `json:"ward"`
	Name   string `json:"name"`
	State  string `json:"state"`
	InUse  string `json:"in_use" doc:"Empty: no device of the fleet"`
	Action string `json:"action,omitempty" doc:"Containment in force"`
}

// Room is the war room of an incident now.
type Room struct {
	Number   string        `json:"number"`
	Title    string        `json:"title"`
	State    string        `json:"state"`
	At       time.Time     `json:"at"`
	Cyber    int           `json:"cyber"`
	Clinical int           `json:"clinical"`
	Care     string        `json:"care"`
	Priority string        `json:"priority"`
	Because  string        `json:"because"`
	Facts    []UrgencyFact `json:"facts" nullable:"false"`
	Clocks   []RoomClock   `json:"clocks" nullable:"false"`
	Tasks    []RoomTask    `json:"tasks" nullable:"false"`
	Devices  []RoomDevice  `json:"devices" nullable:"false"`
	People   []RoomPerson  `json:"people" nullable:"false"`
	Same     []string      `json:"same" nullable:"false" doc:"Numbers of duplicates whose tasks and clocks are here"`
	Blind    []BlindTime   `json:"blind" nullable:"false"`
	Reports  int           `json:"reports" doc:"Number of the last situation report; 0: none"`
}

// SituationInput makes a situation report.
type SituationInput struct {
	Next time.Time `json:"next,omitzero" doc:"When the one after it is promised; absent: in an hour when the priority is act now, else in a day"`
}

// Situation is a situation report that is kept.
type Situation struct {
	Number  int       `json:"number"`
	At      time.Time `json:"at"`
	By      string    `json:"by"`
	Next    time.Time `json:"next"`
	Digest  string    `json:"digest" doc:"SHA-256 of the kept bytes, hex; empty in the answer that makes it"`
	Changed []string  `json:"changed" nullable:"false" doc:"Since the report before"`
	Known   []string  `json:"known" nullable:"false"`
	Unknown []string  `json:"unknown" nullable:"false"`
}

// Holiday is a day on which an authority does not work.
type Holiday struct {
	Day      string `json:"day" doc:"YYYY-MM-DD"`
	Name     string `json:"name"`
	Calendar string `json:"calendar"`
	Entity   string `json:"entity" doc:"Legal entity; empty: all"`
}

// HolidayYear replaces the days of a year of a calendar.
type HolidayYear struct {
	Calendar string       `json:"calendar" maxLength:"50"`
	Year     string       `json:"year" maxLength:"4"`
	Entity   string       `json:"entity,omitempty" maxLength:"200" doc:"Legal entity as incidents call it; empty: all"`
	Days     []HolidayDay `json:"days" nullable:"false" maxItems:"400"`
	Reason   string       `json:"reason" maxLength:"2000" doc:"Where the days were read"`
}

// HolidayDay is a day with its name.
type HolidayDay struct {
	Day  string `json:"day" maxLength:"10"`
	Name string `json:"name" maxLength:"200"`
}
