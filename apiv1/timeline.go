package apiv1

import "time"

// TimelineQuery chooses entries of a timeline. Empty fields do not restrict.
type TimelineQuery struct {
	Kinds    []string  `query:"kinds" enum:"event,alert,decision,note,containment,custody,clock,plan,journal,manual,blind,gap" maxItems:"12" doc:"Where entries come from"`
	Device   string    `query:"device" maxLength:"64" doc:"About this device, by its id"`
	User     string    `query:"user" maxLength:"300" doc:"Part of who did it"`
	Text     string    `query:"text" maxLength:"300" doc:"Words that all occur"`
	From     time.Time `query:"from" doc:"Of told instants, inclusive; absent: a day before what is known first"`
	To       time.Time `query:"to" doc:"Exclusive"`
	Pinned   bool      `query:"pinned" doc:"Highlighted entries only"`
	Undated  bool      `query:"undated" doc:"The entries without an instant, by their receipt"`
	Collapse bool      `query:"collapse" doc:"Many similar events in a row become one line"`
	Sort     string    `query:"sort" enum:"oldest,newest" doc:"The oldest first without it"`
	By       string    `query:"by" enum:"corrected,told" doc:"The instants that order the entries: as the sources told them, or corrected by what their clocks were wrong by as far as it is known (without it)"`
	Cursor
}

// TimelineExportQuery says which entries an export has, and its form.
type TimelineExportQuery struct {
	Format    string `query:"format" enum:"csv,json,timesketch" required:"true" doc:"timesketch: JSON lines as Timesketch imports them"`
	As        string `query:"as" required:"true" enum:"recipients,organisation,clients,community,everyone,by_law" doc:"Whom the receiver belongs to: the marking decides whether they may have it"`
	Receiver  string `query:"receiver" required:"true" maxLength:"4000" doc:"Who receives it"`
	Reason    string `query:"reason" required:"true" maxLength:"4000"`
	Authority string `query:"authority" required:"true" maxLength:"4000" doc:"Who authorised it, on which ground"`
	TimelineQuery
}

// TimelineMark is a highlight with its reason, or a comment.
type TimelineMark struct {
	Text string    `json:"text"`
	Name string    `json:"by"`
	At   time.Time `json:"at"`
}

// TimelineEntry is one line of a timeline.
type TimelineEntry struct {
	Key        string         `json:"key" doc:"Names the entry for ever within its timeline"`
	Kind       string         `json:"kind" enum:"event,alert,decision,note,containment,custody,clock,plan,journal,manual,blind,gap"`
	Told       *time.Time     `json:"told" doc:"As the source tells it, never changed; null: undated"`
	Until      *time.Time     `json:"until,omitempty" doc:"End of a time that was not seen, or of a collapsed line"`
	Received   time.Time      `json:"received"`
	Corrected  *time.Time     `json:"corrected" doc:"The told instant less the estimate of the clock's error; null: not corrected"`
	Correction string         `json:"correction,omitempty" doc:"What the corrected instant rests on, or why there is none"`
	SkewUS     *int64         `json:"skew_us,omitempty" doc:"The source's clock minus ours, in microseconds"`
	Anchors    int            `json:"anchors,omitempty" doc:"Batches that the estimate rests on, at most"`
	Certainty  string         `json:"certainty" enum:"recorded,told,stated,about,undated"`
	Source     string         `json:"source,omitempty"`
	SourceID   string         `json:"source_id,omitempty"`
	What       string         `json:"what"`
	Who        string         `json:"who,omitempty"`
	Device     string         `json:"device,omitempty"`
	DeviceID   string         `json:"device_id,omitempty"`
	LinkKind   string         `json:"link_kind,omitempty" doc:"What link is the id of"`
	Link       string         `json:"link,omitempty"`
	Patient    bool           `json:"patient,omitempty" doc:"An event that may concern a patient"`
	Count      int            `json:"count" doc:"Similar events that this line stands for"`
	Pin        *TimelineMark  `json:"pin,omitempty"`
	Comments   []TimelineMark `json:"comments" nullable:"false"`
}

// TimelineLeft is what a page does not show, and why.
type TimelineLeft struct {
	NoEvents  string   `json:"no_events,omitempty" doc:"Why stored events are not read"`
	Patients  bool     `json:"patients,omitempty" doc:"Events that may concern patients, because the caller may not read them"`
	Areas     []string `json:"areas,omitempty" doc:"Of the journal that the caller's role does not cover here"`
	Filtered  []string `json:"filtered,omitempty" doc:"Filters that are set"`
	Undated   int64    `json:"undated_events,omitempty"`
	UndatedBy int      `json:"undated_by_hand,omitempty"`
	Blind     int      `json:"blind_intervals,omitempty"`
	Cut       string   `json:"cut,omitempty"`
}

// Timeline is a page of a timeline.
type Timeline struct {
	Title string          `json:"title" doc:"Number of the incident, tag of the device"`
	From  time.Time       `json:"events_from,omitzero" doc:"Window of the devices' events"`
	To    time.Time       `json:"events_before,omitzero"`
	Items []TimelineEntry `json:"items" nullable:"false"`
	Next  string          `json:"next,omitempty"`
	Left  TimelineLeft    `json:"left_out"`
}

// TimelineInput adds an entry that a person knows of.
type TimelineInput struct {
	Told      time.Time `json:"told,omitzero" doc:"Absent with undated"`
	Certainty string    `json:"certainty" enum:"stated,about,undated"`
	What      string    `json:"what" maxLength:"4000"`
	Who       string    `json:"who,omitempty" maxLength:"300" doc:"Who did it, or said it"`
	Source    string    `json:"source" maxLength:"300" doc:"How it is known"`
	Device    string    `json:"device,omitempty" maxLength:"64" doc:"Id of a device of the timeline"`
}

// TimelineMarkInput highlights or comments an entry.
type TimelineMarkInput struct {
	Entry string `json:"entry" maxLength:"300" doc:"Its key"`
	Text  string `json:"text" maxLength:"4000" doc:"The reason, or the comment"`
}
