package apiv1

import "time"

// IncidentQuery chooses incidents. Empty fields do not restrict.
type IncidentQuery struct {
	State  string `query:"state" enum:"open,declared,analysing,containing,eradicating,recovering,monitoring,closed,on_hold,false_alarm"`
	Device string `query:"device" maxLength:"64" doc:"That has this device in it"`
	Link   string `query:"link" maxLength:"200" doc:"That is linked with this id"`
	Sort   string `query:"sort" enum:"changed,-changed,declared,-declared,number,-number" doc:"The last changed first without it"`
	Cursor
}

// IncidentFacts are what people fill in of an incident.
type IncidentFacts struct {
	Title         string    `json:"title" maxLength:"200"`
	Summary       string    `json:"summary,omitempty" maxLength:"20000"`
	Cyber         int       `json:"cyber" minimum:"0" maximum:"5" doc:"Severity for the network: 0 baseline to 5 emergency"`
	Clinical      int       `json:"clinical" minimum:"0" maximum:"5" doc:"Severity for patients: 0 none to 5 harm occurred"`
	TLP           string    `json:"tlp" enum:"red,amber+strict,amber,green,clear"`
	PAP           string    `json:"pap" enum:"red,amber,green,clear"`
	Care          string    `json:"care" enum:"normal,degraded,downtime,diversion" doc:"How clinical work goes on"`
	Legal         string    `json:"legal,omitempty" enum:"nothing_asked,hold,privileged,released"`
	Disclosure    string    `json:"disclosure,omitempty" enum:"undisclosed,embargoed,coordinated,public"`
	Owner         string    `json:"owner,omitempty" maxLength:"64" doc:"Account; the actor without it"`
	Aware         time.Time `json:"aware" doc:"When the organisation became aware: reporting clocks run from it"`
	AwareWho      string    `json:"aware_who" maxLength:"200"`
	AwareHow      string    `json:"aware_how" maxLength:"20000"`
	NoContainment string    `json:"no_containment,omitempty" maxLength:"20000" doc:"The decision to contain nothing, and why"`
	Extent        string    `json:"extent,omitempty" maxLength:"20000" doc:"Which devices, models and accounts are in it"`
	RootCause     string    `json:"root_cause,omitempty" maxLength:"20000"`
	LookedAt      string    `json:"looked_at,omitempty" maxLength:"20000" doc:"What was looked at where no cause was found"`
	Lessons       string    `json:"lessons,omitempty" maxLength:"20000"`
	Reviewed      time.Time `json:"reviewed,omitzero" required:"false"`
	RetainUntil   time.Time `json:"retain_until,omitzero" required:"false"`
}

// IncidentInput declares an incident.
type IncidentInput struct {
	IncidentFacts
	Exercise bool           `json:"exercise,omitempty" doc:"Nothing real happens"`
	Site     string         `json:"site,omitempty" maxLength:"64"`
	Product  string         `json:"product,omitempty" maxLength:"64"`
	Devices  []string       `json:"devices,omitempty" maxItems:"500" doc:"Ids of devices of the fleet"`
	Systems  []string       `json:"systems,omitempty" maxItems:"100" doc:"Names of what is no device"`
	From     []IncidentLink `json:"from,omitempty" maxItems:"100" doc:"Alerts, findings, advisories, calls"`
	Plan     string         `json:"plan,omitempty" maxLength:"20" doc:"Code of the procedure to run"`
}

// IncidentChange changes an incident; a reason is needed where the awareness, care, the legal state or the disclosure changes, and
// where the severity falls.
type IncidentChange struct {
	IncidentFacts
	IfChanged time.Time `json:"if_changed,omitzero" doc:"changed of the incident as it was read; a Conflict when it has changed since"`
	Reason    string    `json:"reason,omitempty" maxLength:"4000"`
}

// Incident is a case.
type Incident struct {
	ID       string `json:"id"`
	Number   string `json:"number"`
	State    string `json:"state"`
	Exercise bool   `json:"exercise"`
	Withheld bool   `json:"withheld,omitempty" doc:"It is marked TLP:RED and you are not named in it: ask its owner"`
	IncidentFacts
	OwnerName string    `json:"owner_name"`
	Site      string    `json:"site,omitempty"`
	Product   string    `json:"product,omitempty"`
	Declared  time.Time `json:"declared"`
	Run       string    `json:"run,omitempty"`
	SameAs    string    `json:"same_as,omitempty" doc:"The incident that this one is a duplicate of"`
	HeldUntil time.Time `json:"held_until,omitzero"`
	HeldFor   string    `json:"held_for,omitempty"`
	Closer    string    `json:"closer,omitempty" doc:"Who asked to end it, where two people must"`
	Asked     string    `json:"asked,omitempty" doc:"How it was asked to end: closed, false_alarm, or the id of the incident that it is a duplicate of"`
	Worst     int       `json:"worst" doc:"The greatest severity that it ever had; from 3 on two people end it"`
	Closed    time.Time `json:"closed,omitzero"`
	Changed   time.Time `json:"changed"`
}

// IncidentShown is an incident with everything in it.
type IncidentShown struct {
	Incident
	Moves   []string         `json:"moves" nullable:"false" doc:"States that it can move to"`
	Devices []IncidentDevice `json:"devices" nullable:"false"`
	Links   []IncidentLink   `json:"links" nullable:"false"`
	Notes   []IncidentNote   `json:"notes" nullable:"false"`
	Tasks   []IncidentTask   `json:"tasks" nullable:"false"`
	Actions []Containment    `json:"containments" nullable:"false"`
}

// IncidentDevice is a device or another system in an incident.
type IncidentDevice struct {
	ID           string    `json:"id"`
	Device       string    `json:"device,omitempty"`
	Name         string    `json:"name"`
	State        string    `json:"state"`
	Evidence     string    `json:"evidence" enum:"not_kept,preserved,waived"`
	EvidenceNote string    `json:"evidence_note,omitempty"`
	WaivedBy     string    `json:"waived_by,omitempty" doc:"Who signed that no evidence is kept; it is waived only then"`
	Checks       []string  `json:"checks" nullable:"false" doc:"Of the revalidation, those done"`
	Changed      time.Time `json:"changed"`
}

// IncidentInvolve adds devices and systems.
type IncidentInvolve struct {
	Devices []string `json:"devices,omitempty" maxItems:"500"`
	Systems []string `json:"systems,omitempty" maxItems:"100"`
}

// IncidentDeviceChange says how a device in an incident stands.
type IncidentDeviceChange struct {
	State        string   `json:"state,omitempty" enum:"unknown,suspected,confirmed_compromised,cleared,contained,eradicated,revalidated,returned_to_use,retired"`
	Evidence     string   `json:"evidence,omitempty" enum:"not_kept,preserved,waived"`
	EvidenceNote string   `json:"evidence_note,omitempty" maxLength:"20000"`
	Checks       []string `json:"checks,omitempty" maxItems:"20"`
	Reason       string   `json:"reason,omitempty" maxLength:"4000"`
}

// IncidentLink connects an incident with where it came from or what it feeds.
type IncidentLink struct {
	Kind   string    `json:"kind" enum:"alert,finding,advisory,call,report,decision,exploited,step,change,rule,no_risk_change,no_procedure_change"`
	Target string    `json:"target" maxLength:"200"`
	Note   string    `json:"note,omitempty" maxLength:"20000"`
	Name   string    `json:"name,omitempty" readOnly:"true"`
	At     time.Time `json:"at,omitzero" readOnly:"true" required:"false"`
}

// IncidentRecipient is somebody who may read an incident when it is marked TLP:RED.
type IncidentRecipient struct {
	Person string    `json:"person"`
	Name   string    `json:"name"`
	Why    string    `json:"why"`
	By     string    `json:"by" doc:"Who named them"`
	At     time.Time `json:"at"`
}

// IncidentNaming names somebody who may read an incident when it is marked TLP:RED.
type IncidentNaming struct {
	Person string `json:"person" maxLength:"100" doc:"Account"`
	Why    string `json:"why" maxLength:"200" doc:"What they need it for; it stays in the journal"`
}

// AudienceQuery says for whom a report is made.
type AudienceQuery struct {
	For string `query:"for" enum:"recipients,organisation,clients,community,everyone,by_law" doc:"For whom it is made; absent: the organisation. What its TLP does not allow is refused"`
}

// IncidentNoteInput writes something down.
type IncidentNoteInput struct {
	Kind string `json:"kind" enum:"note,decision,told"`
	Text string `json:"text" maxLength:"20000"`
}

// IncidentNote is what somebody wrote down.
type IncidentNote struct {
	ID   string    `json:"id"`
	Kind string    `json:"kind"`
	Text string    `json:"text"`
	Name string    `json:"name"`
	At   time.Time `json:"at"`
}

// IncidentMove moves an incident.
type IncidentMove struct {
	To     string    `json:"to" enum:"declared,analysing,containing,eradicating,recovering,monitoring,closed,on_hold,false_alarm"`
	Reason string    `json:"reason,omitempty" maxLength:"4000"`
	Until  time.Time `json:"until,omitzero" required:"false" doc:"Of a hold"`
}

// IncidentTaskInput hands out a task.
type IncidentTaskInput struct {
	Title string    `json:"title" maxLength:"200"`
	Side  string    `json:"side" enum:"product_security,it_security,clinical_engineering,ward"`
	Due   time.Time `json:"due,omitzero" required:"false"`
}

// IncidentTaskMove changes a task.
type IncidentTaskMove struct {
	Accept  bool   `json:"accept,omitempty"`
	HandTo  string `json:"hand_to,omitempty" enum:"product_security,it_security,clinical_engineering,ward"`
	State   string `json:"state,omitempty" enum:"todo,doing,blocked,done,cancelled"`
	Outcome string `json:"outcome,omitempty" maxLength:"20000"`
}

// IncidentTask is a piece of work of an incident.
type IncidentTask struct {
	ID       string    `json:"id"`
	Title    string    `json:"title"`
	Side     string    `json:"side"`
	Assignee string    `json:"assignee,omitempty"`
	State    string    `json:"state"`
	Due      time.Time `json:"due,omitzero"`
	AcceptBy time.Time `json:"accept_by,omitzero"`
	Accepted time.Time `json:"accepted,omitzero"`
	Outcome  string    `json:"outcome,omitempty"`
}

// Code names a document.
type Code struct {
	Code string `json:"code" maxLength:"20"`
}

// OtherIncident names another incident.
type OtherIncident struct {
	Other string `json:"other" maxLength:"64" doc:"Id or number"`
}

// LegalEntityInput says that a legal entity is concerned.
type LegalEntityInput struct {
	Name          string            `json:"name" maxLength:"200"`
	Jurisdictions []string          `json:"jurisdictions" minItems:"1" maxItems:"10"`
	Roles         []string          `json:"roles" minItems:"1" maxItems:"20"`
	Aware         time.Time         `json:"aware"`
	Zone          string            `json:"zone,omitempty" maxLength:"64" doc:"IANA zone in which the awareness was told, as Europe/Berlin"`
	Theirs        bool              `json:"theirs,omitempty" doc:"Its duties are its own: its clocks are shown and nobody here answers for them"`
	Facts         map[string]string `json:"facts,omitempty" doc:"yes, no or unknown, by name"`
	Observes      []string          `json:"observes,omitempty" maxItems:"50" doc:"Ids of duties that are not in force and are kept all the same"`
}

// LegalEntity is a legal entity of an incident with what it knows.
type LegalEntity struct {
	ID            string               `json:"id"`
	Name          string               `json:"name"`
	Theirs        bool                 `json:"theirs"`
	Jurisdictions []string             `json:"jurisdictions" nullable:"false"`
	Roles         []string             `json:"roles" nullable:"false"`
	Facts         map[string]string    `json:"facts"`
	Instants      map[string]time.Time `json:"instants"`
	Zones         map[string]string    `json:"zones" doc:"By instant: the IANA zone in which it was told; absent: UTC"`
	Observes      []string             `json:"observes" nullable:"false"`
	Delays        []LegalDelay         `json:"delays" nullable:"false"`
	Ruled         map[string]string    `json:"ruled" doc:"By duty: why it does not apply"`
}

// LegalDelay is a span in which law enforcement asked to wait (45 CFR 164.412).
type LegalDelay struct {
	From     time.Time `json:"from"`
	To       time.Time `json:"to"`
	Oral     bool      `json:"oral,omitempty" doc:"The official only said it: at most 30 days"`
	Evidence string    `json:"evidence" maxLength:"20000" doc:"Agency, official, and where the statement is"`
}

// LegalFacts are what a legal entity knows; what is left out stays.
type LegalFacts struct {
	Facts    map[string]string    `json:"facts,omitempty" doc:"yes, no or unknown, by name"`
	Instants map[string]time.Time `json:"instants,omitempty" doc:"By name, such as became_aware"`
	Zones    map[string]string    `json:"zones,omitempty" doc:"By instant: the IANA zone in which it was told"`
	Observes []string             `json:"observes,omitzero" maxItems:"50" doc:"Ids of all duties that are not in force and are kept all the same; absent: as they are"`
	Delays   []LegalDelay         `json:"delays,omitzero" maxItems:"20" doc:"All delays that law enforcement asked for; absent: as they are"`
	Reason   string               `json:"reason,omitempty" maxLength:"4000" doc:"Needed where an instant or a delay changes"`
}

// DutyRuling rules that a duty does not apply; an empty reason takes it back.
type DutyRuling struct {
	Duty   string `json:"duty" maxLength:"100"`
	Reason string `json:"reason,omitempty" maxLength:"4000"`
}

// ReportSent records that a report was sent.
type ReportSent struct {
	Duty     string    `json:"duty" maxLength:"100"`
	Stage    string    `json:"stage" maxLength:"100"`
	At       time.Time `json:"at"`
	Evidence string    `json:"evidence" maxLength:"20000"`
	Reason   string    `json:"reason,omitempty" maxLength:"20000" doc:"Why another instant takes the place of the one that was recorded"`
}

// ReportAnswer is a record that a report was sent.
type ReportAnswer struct {
	At       time.Time `json:"at"`
	Evidence string    `json:"evidence"`
	Reason   string    `json:"reason,omitempty" doc:"Why it was recorded again"`
	By       string    `json:"by"`
	Recorded time.Time `json:"recorded,omitzero"`
}

// Clock is a reporting clock of a legal entity.
type Clock struct {
	Entity     string         `json:"entity"`
	EntityName string         `json:"entity_name"`
	Duty       string         `json:"duty"`
	Stage      string         `json:"stage"`
	Title      string         `json:"title"`
	Instrument string         `json:"instrument"`
	State      string         `json:"state" enum:"not_applicable,not_in_force,waiting,may_run,running,overdue,discharged"`
	Reason     string         `json:"reason,omitempty"`
	Unknown    []string       `json:"unknown" nullable:"false" doc:"Facts that would decide it"`
	Start      time.Time      `json:"start,omitzero"`
	Target     time.Time      `json:"target,omitzero"`
	Latest     time.Time      `json:"latest,omitzero" doc:"Last lawful instant; none where the law says without delay, or where its length is not known (unit unknown)"`
	To         []string       `json:"to" nullable:"false"`
	Theirs     bool           `json:"theirs" doc:"The duty of an entity for which nobody here answers"`
	Unit       string         `json:"unit" enum:"hour,calendar_day,work_day,month,promptly,unknown"`
	Slack      int64          `json:"slack" doc:"Seconds that are left until the latest instant, or were left when it was sent; negative: too late"`
	Late       bool           `json:"late"`
	Checked    string         `json:"checked" enum:"V,K" doc:"V: the length was read in the text of the law; K: somebody must still read it there"`
	Answers    []ReportAnswer `json:"answers" nullable:"false" doc:"All that was recorded about sending it, oldest first"`
}

// ContainmentInput plans a containment action.
type ContainmentInput struct {
	Device       string    `json:"device" maxLength:"64" doc:"Id within the incident"`
	Level        int       `json:"level" minimum:"0" maximum:"7"`
	Target       string    `json:"target" maxLength:"20000"`
	Impact       string    `json:"impact" maxLength:"20000" doc:"What it does to patients"`
	Alternative  string    `json:"alternative,omitempty" maxLength:"20000"`
	Compensating string    `json:"compensating,omitempty" maxLength:"20000"`
	Observe      string    `json:"observe" maxLength:"20000" doc:"How its effect is seen"`
	Undo         string    `json:"undo,omitempty" maxLength:"20000" doc:"How a person at the bedside undoes it without Triward; required from level 2"`
	Returns      time.Time `json:"returns" doc:"When it returns by itself"`
}

// Containment is a containment action.
type Containment struct {
	ID       string `json:"id"`
	Incident string `json:"incident"`
	ContainmentInput
	DeviceName string    `json:"device_name"`
	State      string    `json:"state" enum:"planned,executing,verifying,holding,failed,returning,returned,cancelled"`
	Human      string    `json:"human"`
	Checked    time.Time `json:"checked,omitzero"`
	Noticed    string    `json:"noticed,omitempty" doc:"Why the other side may notice it although the marking (PAP) forbids that"`
	Said       string    `json:"said,omitempty"`
	Witness    string    `json:"witness,omitempty" enum:"events,person,said" doc:"Who saw what was said last: events of a source, a person as agreed, or a person where the events cannot say"`
	Ran        time.Time `json:"ran,omitzero"`
	Ended      time.Time `json:"ended,omitzero"`
	SignOffs   []SignOff `json:"sign_offs" nullable:"false"`
}

// ContainmentShown is an action with what keeps it from running now.
type ContainmentShown struct {
	Containment
	Needs    []string `json:"needs" nullable:"false" doc:"Capacities that have to sign"`
	Refusals []string `json:"refusals" nullable:"false"`
}

// ContainmentOnDevice is what is planned or in force on a device.
type ContainmentOnDevice struct {
	Containment
	Number   string   `json:"number" doc:"Of the incident"`
	Exercise bool     `json:"exercise,omitempty" doc:"Nothing real happens"`
	Wanted   []string `json:"wanted" nullable:"false" doc:"Capacities in which nobody has signed it as the device is now"`
}

// SignOff is the consent of a person to an action. It is given on the web pages only.
type SignOff struct {
	Role       string    `json:"role"`
	Name       string    `json:"name"`
	At         time.Time `json:"at"`
	Until      time.Time `json:"until"`
	Conditions string    `json:"conditions,omitempty"`
}

// Seen is what was observed.
type Seen struct {
	What string `json:"what" maxLength:"20000"`
}

// ContainmentSeen is what was answered or observed of an action that ran.
type ContainmentSeen struct {
	Event string `json:"event" enum:"answered,observed,not_seen,gone"`
	What  string `json:"what" maxLength:"20000"`
}

// MaybeReason is a reason that may be empty: nothing waits for words at the bedside.
type MaybeReason struct {
	Reason string `json:"reason,omitempty" maxLength:"4000"`
}

// EvidenceDetails are what is known of where evidence came from and how it was taken. They do not change after it is registered.
// Model, serial number, UDI and location of a device of the fleet are those of its record at that time, whatever is sent.
type EvidenceDetails struct {
	Model        string `json:"model,omitempty" maxLength:"300"`
	Serial       string `json:"serial,omitempty" maxLength:"300"`
	UDI          string `json:"udi,omitempty" maxLength:"300"`
	Location     string `json:"location,omitempty" maxLength:"300" doc:"Where the source stood"`
	Host         string `json:"host,omitempty" maxLength:"300"`
	Interface    string `json:"interface,omitempty" maxLength:"300"`
	LegalBasis   string `json:"legal_basis,omitempty" maxLength:"20000" doc:"On which ground it was collected"`
	Tool         string `json:"tool,omitempty" maxLength:"300"`
	ToolVersion  string `json:"tool_version,omitempty" maxLength:"300"`
	Command      string `json:"command,omitempty" maxLength:"20000"`
	WriteBlocker string `json:"write_blocker,omitempty" maxLength:"300"`
	Medium       string `json:"medium,omitempty" maxLength:"300" doc:"What it was stored on"`
}

// EvidenceInput registers evidence of an incident.
type EvidenceInput struct {
	Kind        string `json:"kind" enum:"original,image,working_copy,derived,log_extract,pcap,photo,device"`
	Description string `json:"description" maxLength:"300"`
	Parent      string `json:"parent,omitempty" maxLength:"64" doc:"The item that it was made from"`
	Device      string `json:"device,omitempty" maxLength:"64" doc:"A device of the fleet, or a system of the incident"`
	Source      string `json:"source" maxLength:"300" doc:"Where exactly it came from"`
	Authority   string `json:"authority" maxLength:"20000" doc:"Who authorised the collection"`
	Method      string `json:"method" maxLength:"20000" doc:"How it was collected"`
	EvidenceDetails
	Began       time.Time `json:"began" doc:"When the collection began"`
	Ended       time.Time `json:"ended,omitzero" required:"false"`
	Skew        string    `json:"skew,omitempty" maxLength:"40" doc:"The clock of the source minus ours, as 1h2m3s or -90s; absent: not known"`
	Patients    string    `json:"patients" enum:"yes,no,minimised" doc:"Whether it holds data of patients"`
	TLP         string    `json:"tlp,omitempty" enum:"red,amber+strict,amber,green,clear" doc:"Where it is stricter than that of the incident"`
	PAP         string    `json:"pap,omitempty" enum:"red,amber,green,clear" doc:"Where it is stricter than that of the incident"`
	Seal        string    `json:"seal,omitempty" maxLength:"300" doc:"Number of the seal; a device needs one"`
	Place       string    `json:"place,omitempty" maxLength:"300" doc:"Where it lies; a device needs one"`
	File        string    `json:"file,omitempty" maxLength:"300" doc:"Name of the file that it comes as"`
	Expected    string    `json:"expected_sha256,omitempty" maxLength:"80" doc:"SHA-256 that was taken at collection: another content is not sealed without a reason"`
	WithSHA512  bool      `json:"with_sha512,omitempty" doc:"Compute SHA-512 too"`
	RetainUntil time.Time `json:"retain_until,omitzero" required:"false" doc:"How long this item is kept at least, whatever its incident asks for"`
}

// EvidenceItem is a piece of evidence.
type EvidenceItem struct {
	ID       string `json:"id"`
	Exhibit  string `json:"exhibit"`
	Incident string `json:"incident"`
	EvidenceInput
	State     string    `json:"state" enum:"registered,sealed,checked_out,released,destroyed,integrity_broken"`
	Holder    string    `json:"holder"`
	Receipt   string    `json:"receipt,omitempty" doc:"Number of the receipt of whom it was released to"`
	Size      int64     `json:"size" doc:"Bytes that were acknowledged: an upload goes on there"`
	Received  string    `json:"received_sha256,omitempty" doc:"SHA-256 of these bytes: who goes on compares it with the same stretch of the file"`
	SHA256    string    `json:"sha256,omitempty"`
	SHA512    string    `json:"sha512,omitempty"`
	Differs   bool      `json:"differs,omitempty" doc:"It is not what was hashed at collection; its custody says why"`
	Keys      []string  `json:"encryption_keys,omitempty" doc:"Public keys (age) that the content is encrypted for; of one item"`
	Hold      bool      `json:"hold" doc:"A legal hold, of its own or of its incident"`
	OwnHold   bool      `json:"own_hold"`
	KeptOpen  string    `json:"kept_open,omitempty" doc:"Number of the incident that is not over: nothing of it is destroyed"`
	KeptUntil time.Time `json:"kept_until,omitzero" doc:"What its own retention and that of its incident come to"`
	AskedEnd  string    `json:"destruction_asked_by,omitempty"`
	Verified  time.Time `json:"verified,omitzero"`
	Entries   int       `json:"entries"`
	Head      string    `json:"head" doc:"Hash of the last entry of its custody"`
}

// CustodyEntry is an entry of a chain of custody. Its hash is SHA-256 over the canonical JSON (RFC 8785) of everything else in
// it, the hash of the entry before included.
type CustodyEntry struct {
	Item       string           `json:"item"`
	Seq        int              `json:"seq"`
	Action     string           `json:"action"`
	At         time.Time        `json:"at"`
	Actor      string           `json:"actor" doc:"Account"`
	ActorName  string           `json:"actor_name"`
	From       string           `json:"from,omitempty"`
	To         string           `json:"to,omitempty"`
	Reason     string           `json:"reason,omitempty"`
	Authority  string           `json:"authorised_by,omitempty"`
	Place      string           `json:"place,omitempty"`
	Witness    string           `json:"witness,omitempty"`
	Seal       string           `json:"seal,omitempty"`
	HashBefore string           `json:"hash_before,omitempty"`
	HashAfter  string           `json:"hash_after,omitempty"`
	Match      string           `json:"match,omitempty" doc:"yes, no; absent where nothing was compared"`
	State      string           `json:"state" doc:"Of the item after it"`
	Receipt    string           `json:"receipt,omitempty"`
	On         time.Time        `json:"on,omitzero" doc:"When the receipt was given"`
	Details    *EvidenceDetails `json:"details,omitempty"`
	Prev       string           `json:"prev_hash"`
	Hash       string           `json:"hash"`
}

// EvidenceComing is what is known of content before it comes in.
type EvidenceComing struct {
	File   string `json:"file,omitempty" maxLength:"300" doc:"Name of the file"`
	SHA256 string `json:"sha256,omitempty" maxLength:"80" doc:"Taken at collection"`
}

// EvidencePlace is where an upload goes on: the number of bytes that were acknowledged.
type EvidencePlace struct {
	Size int64 `json:"size"`
}

// SealInput seals an item.
type SealInput struct {
	Seal  string `json:"seal,omitempty" maxLength:"300"`
	Place string `json:"place,omitempty" maxLength:"300"`

	Expected   string `json:"expected_sha256,omitempty" maxLength:"80" doc:"SHA-256 that was taken at collection, where it was not told before"`
	Difference string `json:"difference,omitempty" maxLength:"4000" doc:"Why the content is another one than was hashed at collection"`
}

// HandInput is how an item changes hands.
type HandInput struct {
	To        string `json:"to,omitempty" maxLength:"64" doc:"Account; of a transfer"`
	Outside   string `json:"outside,omitempty" maxLength:"300" doc:"Who receives it outside, of a release; who confirms it, of a receipt"`
	As        string `json:"as,omitempty" enum:"recipients,organisation,clients,community,everyone,by_law" doc:"Whom they belong to; of a release"`
	Reason    string `json:"reason,omitempty" maxLength:"4000"`
	Authority string `json:"authority,omitempty" maxLength:"4000"`
	Place     string `json:"place,omitempty" maxLength:"300"`
	Witness   string `json:"witness,omitempty" maxLength:"300"`
	Seal      string `json:"seal,omitempty" maxLength:"300"`

	Receipt string    `json:"receipt,omitempty" maxLength:"300" doc:"Number of the receipt"`
	On      time.Time `json:"on,omitzero" required:"false" doc:"When the receipt was given"`
	SHA256  string    `json:"sha256,omitempty" maxLength:"80" doc:"Of what the receiver has, or of what came back"`
}

// EvidenceExport says to whom the evidence of an incident is exported, and why.
type EvidenceExport struct {
	To        string `json:"to" maxLength:"300" doc:"Who receives it"`
	As        string `json:"as" enum:"recipients,organisation,clients,community,everyone,by_law" doc:"Whom they belong to: the marking decides whether they may have it"`
	Reason    string `json:"reason" maxLength:"4000"`
	Authority string `json:"authority" maxLength:"4000" doc:"Who authorised it; the law or the order"`
	Content   bool   `json:"content,omitempty" doc:"With the content, as far as markings and data of patients allow"`
}

// EvidenceRewrapped is how many pieces of content were encrypted anew.
type EvidenceRewrapped struct {
	Parts int `json:"parts"`
}

// WorkInput records work on an item.
type WorkInput struct {
	Action string `json:"action" enum:"copied,analysed,exported"`
	Reason string `json:"reason" maxLength:"4000"`
}

// EvidenceOffset is where a piece of content begins.
type EvidenceOffset struct {
	Begins int64 `query:"begins" minimum:"0"`
}

// EvidenceWhy says why evidence is read.
type EvidenceWhy struct {
	Reason string `query:"reason" maxLength:"4000"`
	Begins int64  // the byte that a download goes on with; sent as Range
}

// EventsTaken asks for the events of a search as evidence.
type EventsTaken struct {
	Q         string    `json:"q,omitempty" maxLength:"4000" doc:"As events are searched"`
	From      time.Time `json:"from,omitzero" required:"false"`
	To        time.Time `json:"to,omitzero" required:"false"`
	Authority string    `json:"authority" maxLength:"300" doc:"Who authorised it, on which ground"`
}
