package apiv1

import "time"

// EventQuery asks for events.
type EventQuery struct {
	Q    string    `query:"q" maxLength:"4000" doc:"Words that all occur, and conditions on fields: user:jdoe, -ip:10.1.0.0/16, http.uri:/wado*, bytes.out>=100000"`
	From time.Time `query:"from" doc:"Inclusive; absent: a day before to, or before now"`
	To   time.Time `query:"to" doc:"Exclusive; absent: now"`
	Cursor
}

// Event is what a source said, normalised, with the original.
type Event struct {
	ID       string            `json:"id"`
	Source   string            `json:"source,omitempty"`
	Received time.Time         `json:"received" doc:"When Triward took it"`
	Time     *time.Time        `json:"time,omitempty" doc:"As the record says; absent: it says none"`
	Skew     *int64            `json:"skew_us,omitempty" doc:"The source's clock minus ours, in microseconds; absent: not known"`
	Format   string            `json:"format"`
	Fault    string            `json:"fault,omitempty" doc:"Why it could not be decoded, or what was cut"`
	Class    int               `json:"class_uid" doc:"OCSF"`
	Activity int               `json:"activity_id" doc:"OCSF"`
	Severity int               `json:"severity_id" doc:"OCSF"`
	Outcome  int               `json:"status_id" doc:"OCSF: 0 unknown, 1 success, 2 failure"`
	Fields   map[string]string `json:"fields" doc:"Under their normalised names"`
	Message  string            `json:"message,omitempty"`
	Raw      []byte            `json:"raw,omitempty" doc:"The original, in base64"`
}

// EventPage is a page of a search, the newest first.
type EventPage struct {
	Items    []Event         `json:"items" nullable:"false"`
	Next     string          `json:"next,omitempty"`
	Blind    []BlindInterval `json:"blind_intervals" nullable:"false" doc:"Times within the window in which something was not seen"`
	Withheld bool            `json:"withheld,omitempty" doc:"Events that may concern patients are left out, because the caller may not read them"`
}

// BlindInterval is a time in which a source was not seen, or records of it were lost.
type BlindInterval struct {
	ID      string    `json:"id"`
	Source  string    `json:"source,omitempty" doc:"Absent: all sources"`
	Name    string    `json:"source_name,omitempty"`
	Reason  string    `json:"reason" enum:"silence,overload,disk,stopped,sender,refused,no_room"`
	Started time.Time `json:"started"`
	Ended   time.Time `json:"ended,omitzero" doc:"Absent: it lasts"`
	Lost    int64     `json:"lost" doc:"Records; -1: nobody can know"`
	Detail  string    `json:"detail,omitempty"`
}

// BlindQuery chooses blind intervals.
type BlindQuery struct {
	Source string    `query:"source" maxLength:"64"`
	Reason string    `query:"reason" enum:"silence,overload,disk,stopped,sender,refused,no_room"`
	From   time.Time `query:"from"`
	To     time.Time `query:"to"`
	Cursor
}

// Alert is a group of hits of one rule about one entity.
type Alert struct {
	ID           string       `json:"id"`
	Title        string       `json:"title"`
	Level        string       `json:"level" enum:"critical,high,medium,low,informational"`
	State        string       `json:"state" enum:"new,triaging,escalated,merged,closed,reopened"`
	Rule         string       `json:"rule,omitempty" doc:"Absent: a person reported it"`
	Entity       string       `json:"entity" doc:"What it is about: device:…, user:…, source:…"`
	Device       string       `json:"device,omitempty"`
	Source       string       `json:"source,omitempty"`
	Site         string       `json:"site,omitempty"`
	Ward         string       `json:"ward,omitempty"`
	InUse        string       `json:"in_use,omitempty" enum:"yes,no,unknown" doc:"Unknown counts as in use"`
	Reason       string       `json:"reason,omitempty"`
	Feedback     string       `json:"feedback,omitempty"`
	Note         string       `json:"note,omitempty"`
	Target       string       `json:"target,omitempty" doc:"The alert or case that it went into"`
	Assignee     string       `json:"assignee,omitempty"`
	Previous     string       `json:"previous,omitempty"`
	Exercise     bool         `json:"exercise,omitempty"`
	Hits         int64        `json:"hits"`
	First        time.Time    `json:"first"`
	Last         time.Time    `json:"last"`
	Opened       time.Time    `json:"opened"`
	Due          time.Time    `json:"due" doc:"When somebody is to have looked at it"`
	Acknowledged time.Time    `json:"acknowledged,omitzero"`
	Closed       time.Time    `json:"closed,omitzero"`
	Baseline     string       `json:"baseline,omitempty" doc:"What was usual, and what is not"`
	Joined       string       `json:"joined,omitempty" doc:"What a correlation counted or put in order"`
	Said         string       `json:"said,omitempty" doc:"By the person who reported it"`
	Fields       []Matched    `json:"fields,omitempty" doc:"That the rule asked for"`
	Events       []AlertEvent `json:"events,omitempty" doc:"Of one alert: the first of them"`
}

// Matched is a field that a rule asked for.
type Matched struct {
	Field     string `json:"field"`
	Value     string `json:"value"`
	Selection string `json:"selection,omitempty"`
}

// AlertEvent is an event that an alert lists.
type AlertEvent struct {
	Event   string    `json:"event"`
	At      time.Time `json:"at"`
	Device  string    `json:"device,omitempty"`
	Summary string    `json:"summary,omitempty"`
}

// AlertQuery chooses alerts.
type AlertQuery struct {
	State    string `query:"state" enum:"waiting,new,triaging,escalated,merged,closed,reopened,all" doc:"Absent: those that wait"`
	Level    string `query:"level" enum:"critical,high,medium,low,informational"`
	Site     string `query:"site" maxLength:"64"`
	Device   string `query:"device" maxLength:"64"`
	Rule     string `query:"rule" maxLength:"300"`
	Assignee string `query:"assignee" maxLength:"200"`
	Overdue  string `query:"overdue" enum:"yes"`
	Q        string `query:"q" maxLength:"300" doc:"Words of the title"`
	Sort     string `query:"sort" enum:"urgency,-urgency,opened,-opened,changed,-changed,state,-state,site,-site" doc:"Absent: the most urgent first, the oldest of them first"`
	Cursor
}

// AlertReport is an alert that a person reports.
type AlertReport struct {
	Title    string    `json:"title" minLength:"1" maxLength:"200"`
	Level    string    `json:"level" enum:"critical,high,medium,low,informational"`
	Said     string    `json:"said" minLength:"1" maxLength:"4000" doc:"What was told, and by whom; no names of patients"`
	Device   string    `json:"device,omitempty" maxLength:"64"`
	Site     string    `json:"site,omitempty" maxLength:"64"`
	Ward     string    `json:"ward,omitempty" maxLength:"300"`
	Seen     time.Time `json:"seen,omitzero"`
	Exercise bool      `json:"exercise,omitempty"`
}

// AlertMove is what is done with alerts.
type AlertMove struct {
	Alerts   []string `json:"alerts" minItems:"1" maxItems:"500" nullable:"false"`
	Move     string   `json:"move" enum:"acknowledge,assign,close,merge,escalate,reopen"`
	Assignee string   `json:"assignee,omitempty" maxLength:"200" doc:"To assign; absent: to nobody"`
	Reason   string   `json:"reason,omitempty" maxLength:"4000" doc:"To close: false_positive, benign_true_positive, duplicate, exercise or no_action; otherwise words"`
	Feedback string   `json:"feedback,omitempty" enum:"tune,suppress,none" doc:"To close a false positive: what becomes of the rule"`
	Note     string   `json:"note,omitempty" maxLength:"4000"`
	Until    string   `json:"until,omitempty" format:"date" doc:"To suppress: the last day"`
	Target   string   `json:"target,omitempty" maxLength:"200" doc:"To merge: the alert that stays; to escalate: the incident (its id or number), or the name of a case elsewhere"`
}

// NoteInput is a note.
type NoteInput struct {
	Note string `json:"note" minLength:"1" maxLength:"4000"`
}

// Suppression keeps hits of an alert's rule about the same from raising alerts.
type Suppression struct {
	Until  string `json:"until" format:"date" doc:"The last day, at most 90 days ahead"`
	Reason string `json:"reason" minLength:"1" maxLength:"4000"`
}

// SourceInput is what people say of a source of events.
type SourceInput struct {
	Name      string `json:"name" minLength:"1" maxLength:"200"`
	Transport string `json:"transport" enum:"syslog_udp,syslog_tcp,syslog_tls,http,file"`
	Identity  string `json:"identity" minLength:"1" maxLength:"300" doc:"Address, SHA-256 fingerprint of the certificate, id of the token, or name"`
	Format    string `json:"format,omitempty" enum:"syslog,atna,fhir,zeek,eve,windows,cef,json" doc:"Absent: each record is looked at"`
	Zone      string `json:"zone,omitempty" maxLength:"64" doc:"IANA time zone of records that name none; absent: UTC"`
	Site      string `json:"site,omitempty" maxLength:"64"`
	Hourly    int64  `json:"expected_per_hour,omitempty" minimum:"0"`
	Silence   int    `json:"silence_minutes,omitempty" minimum:"0" doc:"How long it may say nothing; 0: as long as it likes"`
	Owner     string `json:"owner,omitempty" maxLength:"200"`
	Note      string `json:"note,omitempty" maxLength:"4000"`
}

// Source is where events come from.
type Source struct {
	ID       string      `json:"id"`
	State    string      `json:"state" enum:"new,active,muted,retired"`
	Until    time.Time   `json:"muted_until,omitzero"`
	Reason   string      `json:"reason,omitempty"`
	Seen     time.Time   `json:"last_seen,omitzero"`
	Lag      int64       `json:"lag_us"`
	Skew     *int64      `json:"skew_us,omitempty" doc:"Its clock minus ours; absent: not known"`
	Accepted int64       `json:"accepted"`
	Stored   int64       `json:"stored"`
	Faults   int64       `json:"not_decoded"`
	Lost     int64       `json:"lost" doc:"Before they were accepted"`
	Blind    int         `json:"blind_now"`
	At       time.Time   `json:"at"`
	Says     SourceInput `json:"source"`
}

// SourceQuery chooses sources.
type SourceQuery struct {
	State     string `query:"state" enum:"new,active,muted,retired" doc:"Absent: all but the retired"`
	Transport string `query:"transport" enum:"syslog_udp,syslog_tcp,syslog_tls,http,file"`
	Site      string `query:"site" maxLength:"64"`
	Q         string `query:"q" maxLength:"200" doc:"Beginning of the name"`
	Sort      string `query:"sort" enum:"name,-name,state,-state,added,-added"`
	Cursor
}

// SourceMove takes a source to a state.
type SourceMove struct {
	State  string `json:"state" enum:"active,muted,retired"`
	Until  string `json:"until,omitempty" format:"date" doc:"To mute: the last day"`
	Reason string `json:"reason,omitempty" maxLength:"4000"`
}

// Rule is a rule of detection and what it did.
type Rule struct {
	ID             string          `json:"id"`
	Title          string          `json:"title"`
	Origin         string          `json:"origin,omitempty" enum:"pack,folder"`
	Path           string          `json:"path,omitempty"`
	Level          string          `json:"level"`
	State          string          `json:"state" enum:"draft,testing,canary,active,tuned,retired"`
	Since          time.Time       `json:"since,omitzero"`
	Reason         string          `json:"reason,omitempty"`
	Owner          string          `json:"owner,omitempty"`
	Techniques     []string        `json:"techniques" nullable:"false"`
	Catalogue      []string        `json:"catalogue" nullable:"false"`
	Digest         string          `json:"digest,omitempty"`
	Hits           int64           `json:"hits" doc:"In 30 days"`
	Shadow         int64           `json:"shadow" doc:"In 30 days"`
	Excepted       int64           `json:"excepted" doc:"In 30 days"`
	TruePositives  int64           `json:"true_positives"`
	FalsePositives int64           `json:"false_positives"`
	CostMicros     int64           `json:"cost_us" doc:"In 30 days"`
	Waiting        int             `json:"alerts_waiting"`
	Text           string          `json:"text,omitempty" doc:"Of one rule"`
	Exceptions     []RuleException `json:"exceptions,omitempty" doc:"Of one rule"`
}

// RuleQuery chooses rules.
type RuleQuery struct {
	State     string `query:"state" enum:"draft,testing,canary,active,tuned,retired" doc:"Absent: all but the retired"`
	Origin    string `query:"origin" enum:"pack,folder"`
	Level     string `query:"level" enum:"critical,high,medium,low,informational"`
	Technique string `query:"technique" maxLength:"20"`
	Q         string `query:"q" maxLength:"300"`
	Sort      string `query:"sort" enum:"title,-title,state,-state,level,-level,changed,-changed"`
	Cursor
}

// RuleMove takes a rule on in its life.
type RuleMove struct {
	State  string `json:"state" enum:"draft,testing,canary,active,tuned,retired"`
	Reason string `json:"reason,omitempty" maxLength:"4000"`
}

// RuleOwner says who answers for a rule.
type RuleOwner struct {
	Owner string `json:"owner" minLength:"1" maxLength:"200"`
}

// RuleJudgement says whether a hit was true.
type RuleJudgement struct {
	Event   string `json:"event" minLength:"1" maxLength:"200"`
	Verdict string `json:"verdict" enum:"true_positive,false_positive"`
}

// RuleException keeps hits from raising alerts, until it ends.
type RuleException struct {
	ID         string           `json:"id,omitempty" readOnly:"true"`
	Conditions []FieldCondition `json:"conditions" minItems:"1" maxItems:"20" nullable:"false" doc:"All must hold"`
	Reason     string           `json:"reason" minLength:"1" maxLength:"4000"`
	Owner      string           `json:"owner" minLength:"1" maxLength:"200"`
	Until      string           `json:"until" format:"date" doc:"The last day, at most 90 days ahead"`
	Author     string           `json:"author,omitempty" readOnly:"true"`
	Ended      time.Time        `json:"ended,omitzero" readOnly:"true"`
}

// FieldCondition is one field of a hit that must be as said.
type FieldCondition struct {
	Field string `json:"field" minLength:"1" maxLength:"200"`
	Is    string `json:"is" enum:"equals,starts_with,ends_with,contains,cidr"`
	Value string `json:"value" minLength:"1" maxLength:"1000"`
}

// Baseline is what was learned for a rule and a key.
type Baseline struct {
	ID        string          `json:"id"`
	Rule      string          `json:"rule"`
	RuleTitle string          `json:"rule_title"`
	Key       string          `json:"key"`
	Kind      string          `json:"kind" enum:"first_seen,rate"`
	Device    string          `json:"device,omitempty"`
	Since     time.Time       `json:"since"`
	Learned   time.Time       `json:"learned_until"`
	Settled   time.Time       `json:"settled,omitzero"`
	SettledBy string          `json:"settled_by,omitempty"`
	Count     int             `json:"values"`
	New       int             `json:"new" doc:"Seen first after it had learned, and not decided"`
	Values    []BaselineValue `json:"seen,omitempty" doc:"Of one baseline"`
}

// BaselineValue is something that a baseline has seen.
type BaselineValue struct {
	Value   string    `json:"value"`
	First   time.Time `json:"first"`
	Last    time.Time `json:"last"`
	Events  int64     `json:"events"`
	New     bool      `json:"new,omitempty"`
	Verdict string    `json:"verdict,omitempty" enum:"normal,not_normal"`
}

// BaselineQuery chooses baselines.
type BaselineQuery struct {
	Show   string `query:"show" enum:"waiting,all" doc:"Absent: those that an owner is asked about"`
	Rule   string `query:"rule" maxLength:"300"`
	Device string `query:"device" maxLength:"64"`
	Cursor
}

// Settlement decides what a baseline has learned, or one value of it.
type Settlement struct {
	Value   string `json:"value,omitempty" maxLength:"500" doc:"Absent: all that it has learned"`
	Verdict string `json:"verdict" enum:"normal,not_normal"`
	Reason  string `json:"reason,omitempty" maxLength:"4000"`
}

// EventHoldQuery chooses holds.
type EventHoldQuery struct {
	Incident string `query:"incident" maxLength:"64" doc:"Of one case; absent: all that are in force"`
}

// EventHoldInput keeps events for a case, whatever their age. The words and the window say which.
type EventHoldInput struct {
	Incident string    `json:"incident" maxLength:"64" doc:"Id of an incident, or a reference outside"`
	Reason   string    `json:"reason" maxLength:"2000"`
	Q        string    `json:"q,omitempty" maxLength:"4000" doc:"As in a search"`
	From     time.Time `json:"from,omitzero" required:"false"`
	To       time.Time `json:"to,omitzero" required:"false"`
}

// EventHold keeps events for a case.
type EventHold struct {
	ID         string    `json:"id"`
	Incident   string    `json:"incident"`
	Reason     string    `json:"reason"`
	Events     string    `json:"events" doc:"Which, in words"`
	PlacedBy   string    `json:"placed_by"`
	PlacedAt   time.Time `json:"placed_at"`
	ReleasedAt time.Time `json:"released_at,omitzero"`
	Release    string    `json:"release,omitempty" doc:"Why it was released"`
}
