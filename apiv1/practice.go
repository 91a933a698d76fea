package apiv1

import "time"

// RunQuery chooses runs. Empty fields do not restrict.
type RunQuery struct {
	Code     string `query:"code" maxLength:"20" doc:"Document that runs"`
	State    string `query:"state" enum:"open,running,paused,finished,aborted"`
	Exercise string `query:"exercise" enum:"yes,no"`
	Lead     string `query:"lead" maxLength:"64" doc:"Account that answers for it"`
	Subject  string `query:"subject" maxLength:"4000" doc:"What it is about, in the same words"`
	Sort     string `query:"sort" enum:"started,-started,code,-code,subject,-subject,state,-state,lead,-lead" doc:"Absent: the newest first"`
	Cursor
}

// Run is a procedure that runs or ran.
type Run struct {
	ID         string    `json:"id"`
	Code       string    `json:"code"`
	Title      string    `json:"title"`
	Revision   string    `json:"revision" doc:"Pinned revision"`
	Label      string    `json:"label"`
	Content    string    `json:"content_sha256" doc:"SHA-256 of the revision's content"`
	Subject    string    `json:"subject"`
	Reason     string    `json:"reason"`
	Exercise   bool      `json:"exercise"`
	State      string    `json:"state" enum:"running,paused,finished,aborted"`
	Site       string    `json:"site,omitempty"`
	Product    string    `json:"product,omitempty"`
	Lead       string    `json:"lead"`
	LeadName   string    `json:"lead_name"`
	Since      time.Time `json:"since" doc:"When its clock began"`
	Started    time.Time `json:"started"`
	Ended      time.Time `json:"ended,omitzero"`
	Outcome    string    `json:"outcome,omitempty"`
	Steps      int       `json:"steps"`
	Settled    int       `json:"settled"`
	Deviations int       `json:"deviations"`
	Wrong      int       `json:"wrong"`
	Due        time.Time `json:"due,omitzero" doc:"Next target of an open step"`
}

// RunShown is a run with its steps, notes and files.
type RunShown struct {
	Run
	Newer string    `json:"newer,omitempty" doc:"Label of the revision in force, when the run follows another one"`
	List  []RunStep `json:"step_list" nullable:"false"`
	Items []RunItem `json:"items" nullable:"false"`
}

// RunStep is a step of a run.
type RunStep struct {
	ID        string    `json:"id"`
	Do        string    `json:"do"`
	Role      string    `json:"role,omitempty"`
	Record    string    `json:"record"`
	Evidence  string    `json:"evidence,omitempty"`
	When      string    `json:"when,omitempty"`
	State     string    `json:"state" enum:"open,done,changed,skipped,not_needed,defeated"`
	Ready     bool      `json:"ready" doc:"It waits for nothing"`
	Waits     []string  `json:"waits" nullable:"false" doc:"Steps that must be settled first"`
	Target    string    `json:"target,omitempty"`
	Due       time.Time `json:"due,omitzero"`
	LateBy    string    `json:"late_by,omitempty" doc:"Such as 1h5m0s"`
	Extra     bool      `json:"extra,omitempty"`
	Gone      bool      `json:"gone,omitempty"`
	Wrong     bool      `json:"wrong,omitempty"`
	Name      string    `json:"name,omitempty" doc:"Who settled it"`
	At        time.Time `json:"at,omitzero"`
	Value     string    `json:"value,omitempty"`
	Note      string    `json:"note,omitempty"`
	Instead   string    `json:"instead,omitempty"`
	Reason    string    `json:"reason,omitempty"`
	Signature string    `json:"signature,omitempty"`
}

// RunItem is a note or a file of a run.
type RunItem struct {
	ID     string    `json:"id"`
	Step   string    `json:"step,omitempty"`
	Text   string    `json:"text,omitempty"`
	File   string    `json:"file,omitempty"`
	Digest string    `json:"sha256,omitempty"`
	Size   int64     `json:"size,omitempty"`
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
}

// RunInput starts a run.
type RunInput struct {
	Code     string    `json:"code" maxLength:"20"`
	Subject  string    `json:"subject" maxLength:"4000" doc:"What it is about"`
	Reason   string    `json:"reason" maxLength:"4000" doc:"Why it is started"`
	Site     string    `json:"site,omitempty" maxLength:"64"`
	Product  string    `json:"product,omitempty" maxLength:"64"`
	Exercise bool      `json:"exercise,omitempty" doc:"Nothing real happens"`
	Revision string    `json:"revision,omitempty" maxLength:"64" doc:"For an exercise: a revision that is approved and in training"`
	Since    time.Time `json:"since,omitzero" doc:"When the clock began; absent: now"`
}

// StepAct settles a step as done.
type StepAct struct {
	Value   string `json:"value,omitempty" maxLength:"4000" doc:"The decision, number or text that the step asks for"`
	Note    string `json:"note,omitempty" maxLength:"4000"`
	Instead string `json:"instead,omitempty" maxLength:"4000" doc:"What was done instead of what is written"`
	Reason  string `json:"reason,omitempty" maxLength:"4000" doc:"Why it was done otherwise, out of order or by somebody else"`
}

// StepExtra is a step that was taken and that the document does not have.
type StepExtra struct {
	Do     string `json:"do" maxLength:"400" doc:"One plain sentence"`
	After  string `json:"after,omitempty" maxLength:"60" doc:"Step that it followed"`
	Note   string `json:"note,omitempty" maxLength:"4000"`
	Reason string `json:"reason" maxLength:"4000"`
}

// RunNote is a remark on a run.
type RunNote struct {
	Text string `json:"text" maxLength:"4000"`
	Step string `json:"step,omitempty" maxLength:"60"`
}

// HandOver gives a run to somebody else.
type HandOver struct {
	To     string `json:"to" maxLength:"64" doc:"Account"`
	Reason string `json:"reason" maxLength:"4000"`
}

// Outcome is how a run ended.
type Outcome struct {
	Outcome string `json:"outcome" maxLength:"4000" doc:"In a sentence"`
}

// DefeatInput marks a step as wrong.
type DefeatInput struct {
	Wrong   string `json:"wrong" maxLength:"4000" doc:"What is wrong with it"`
	Instead string `json:"instead,omitempty" maxLength:"4000" doc:"What to do instead"`
	Danger  string `json:"danger,omitempty" maxLength:"4000" doc:"What happens to who follows it"`
}

// Defeat is a step that proved wrong, with what relied on it.
type Defeat struct {
	ID       string     `json:"id"`
	Run      string     `json:"run"`
	Step     string     `json:"step"`
	Code     string     `json:"code"`
	Revision string     `json:"revision"`
	Wrong    string     `json:"wrong"`
	Instead  string     `json:"instead,omitempty"`
	Danger   string     `json:"danger,omitempty"`
	Change   string     `json:"change,omitempty" doc:"Change request that was opened"`
	Name     string     `json:"name"`
	At       time.Time  `json:"at"`
	Reliance []Reliance `json:"reliance" nullable:"false"`
}

// Reliance is one thing that relies on a step or its document.
type Reliance struct {
	Kind  string `json:"kind" enum:"document,training,clause,evidence,run,risk,incident"`
	ID    string `json:"id"`
	Code  string `json:"code,omitempty"`
	Title string `json:"title"`
	Why   string `json:"why"`
}

// RelianceQuery names a step; without one the whole document is meant.
type RelianceQuery struct {
	Step string `query:"step" maxLength:"60"`
}

// StepDeviation is a step of a run that was not done as written.
type StepDeviation struct {
	Run      string    `json:"run"`
	Label    string    `json:"label"`
	Exercise bool      `json:"exercise"`
	Step     string    `json:"step"`
	State    string    `json:"state"`
	Name     string    `json:"name"`
	At       time.Time `json:"at"`
	Instead  string    `json:"instead,omitempty"`
	Reason   string    `json:"reason"`
}

// RunProposal is the text that a run suggests for the next revision.
type RunProposal struct {
	Base    string   `json:"base" doc:"Revision whose text it changes"`
	Text    string   `json:"text"`
	Changes []string `json:"changes" nullable:"false"`
}

// TrainingQuery chooses trainings. Empty fields do not restrict.
type TrainingQuery struct {
	Account string `query:"account" maxLength:"64"`
	Code    string `query:"code" maxLength:"20"`
	State   string `query:"state" enum:"open,overdue,locked,done,superseded,excused"`
	Kind    string `query:"kind" enum:"notify,read,quiz,practical,certificate"`
	Product string `query:"product" maxLength:"64"`
	Sort    string `query:"sort" enum:"assigned,-assigned,due,-due,settled,-settled,code,-code,kind,-kind,state,-state" doc:"Absent: the newest first"`
	Cursor
}

// Training is that a person must know a revision, and how it ended.
type Training struct {
	ID        string    `json:"id"`
	Account   string    `json:"account"`
	Name      string    `json:"name"`
	Code      string    `json:"code"`
	Title     string    `json:"title"`
	Revision  string    `json:"revision"`
	Label     string    `json:"label"`
	Product   string    `json:"product,omitempty"`
	Kind      string    `json:"kind"`
	Basis     string    `json:"basis"`
	Because   string    `json:"because"`
	Known     string    `json:"known,omitempty" doc:"Revision that the person signed last"`
	State     string    `json:"state" enum:"open,locked,done,superseded,excused"`
	Badge     string    `json:"badge" doc:"As people see it: overdue, to_do, trained, …"`
	Assigned  time.Time `json:"assigned"`
	Due       time.Time `json:"due"`
	Settled   time.Time `json:"settled,omitzero"`
	Valid     time.Time `json:"valid_until,omitzero"`
	Attempts  int       `json:"attempts"`
	Reminders int       `json:"reminders"`
	Observer  string    `json:"observer,omitempty"`
	Run       string    `json:"run,omitempty"`
	Issuer    string    `json:"issuer,omitempty"`
	Signature string    `json:"signature,omitempty"`
	Reason    string    `json:"reason,omitempty"`
}

// TrainingInput assigns a training to one person.
type TrainingInput struct {
	Account string `json:"account" maxLength:"64"`
	Code    string `json:"code" maxLength:"20"`
	Kind    string `json:"kind,omitempty" enum:"notify,read,quiz,practical,certificate" doc:"Absent: read"`
	Due     string `json:"due,omitempty" format:"date" doc:"Absent: in 14 days"`
	Reason  string `json:"reason" maxLength:"4000"`
}

// MatrixQuery chooses who and what a training matrix is about.
type MatrixQuery struct {
	By       string `query:"by" enum:"people,functions" doc:"What the rows are; absent: people"`
	Function string `query:"function" maxLength:"64"`
	Code     string `query:"code" maxLength:"20"`
	Product  string `query:"product" maxLength:"64"`
}

// MatrixCell is how far a person, or the holders of a function, are with a revision.
type MatrixCell struct {
	Row      string    `json:"row" doc:"Account or function"`
	Name     string    `json:"name"`
	Code     string    `json:"code"`
	Label    string    `json:"label"`
	Badge    string    `json:"badge"`
	Kind     string    `json:"kind"`
	Training string    `json:"training,omitempty"`
	Due      time.Time `json:"due,omitzero"`
	Required int       `json:"required"`
	Trained  int       `json:"trained"`
}

// NeedQuery chooses needs. Empty fields do not restrict.
type NeedQuery struct {
	Code     string `query:"code" maxLength:"20"`
	Function string `query:"function" maxLength:"64"`
}

// TrainingNeed is that the holders of a function must know a revision.
type TrainingNeed struct {
	Function     string `json:"function"`
	Code         string `json:"code"`
	Revision     string `json:"revision"`
	Label        string `json:"label"`
	State        string `json:"state" enum:"effective,in_training"`
	Product      string `json:"product,omitempty"`
	Kind         string `json:"kind"`
	Basis        string `json:"basis"`
	Because      string `json:"because"`
	DueDays      int    `json:"due_days"`
	RecertMonths int    `json:"recert_months"`
	NotifyOnly   bool   `json:"notify_only" doc:"Who knows an earlier revision is only told"`
}

// TrainingRuleInput says that the holders of a function must know a document.
type TrainingRuleInput struct {
	Function     string `json:"function" maxLength:"64"`
	Code         string `json:"code" maxLength:"20"`
	Kind         string `json:"kind" enum:"notify,read,quiz,practical,certificate"`
	Product      string `json:"product,omitempty" maxLength:"64"`
	DueDays      int    `json:"due_days,omitempty" minimum:"0" maximum:"365" doc:"Absent: 14"`
	RecertMonths int    `json:"recert_months,omitempty" minimum:"0" maximum:"120" doc:"Absent: once"`
	Reason       string `json:"reason" maxLength:"4000"`
}

// TrainingRule is a rule that has not ended.
type TrainingRule struct {
	ID string `json:"id"`
	TrainingRuleInput
	Author string    `json:"author"`
	At     time.Time `json:"at"`
}

// TrainingPolicy is what missing training does: off, warn or block.
type TrainingPolicy struct {
	Signing   string `json:"signing" enum:"off,warn,block"`
	Functions string `json:"functions" enum:"off,warn,block"`
}

// TrainingPolicyInput changes the policy.
type TrainingPolicyInput struct {
	TrainingPolicy
	Reason string `json:"reason" maxLength:"4000"`
}

// TrainingEffect is what is known about the effect of training on a revision.
type TrainingEffect struct {
	Trained  int        `json:"trained"`
	Open     int        `json:"open"`
	Attempts int        `json:"attempts"`
	Failed   int        `json:"failed"`
	Before   Practice   `json:"before" doc:"Steps done by people before they were trained, or who never were"`
	After    Practice   `json:"after" doc:"Steps done by people after they were trained"`
	Items    []QuizItem `json:"items" nullable:"false"`
}

// Practice counts how steps were done.
type Practice struct {
	Steps    int `json:"steps"`
	Deviated int `json:"deviated"`
	Late     int `json:"late"`
}

// QuizItem is how one question was answered at first.
type QuizItem struct {
	Question string `json:"question"`
	Ask      string `json:"ask"`
	Asked    int    `json:"asked"`
	Right    int    `json:"right"`
}

// TrainingCheck is a judgement of whether training works.
type TrainingCheck struct {
	ID        string    `json:"id"`
	Code      string    `json:"code"`
	Label     string    `json:"label"`
	Cause     string    `json:"cause"`
	Due       time.Time `json:"due"`
	Verdict   string    `json:"verdict" enum:"planned,effective,not_effective"`
	Reason    string    `json:"reason,omitempty"`
	Name      string    `json:"name,omitempty"`
	At        time.Time `json:"at,omitzero"`
	Signature string    `json:"signature,omitempty"`
}

// Curriculum is what the holders of some functions must know together.
type Curriculum struct {
	ID           string   `json:"id"`
	Title        string   `json:"title"`
	Functions    []string `json:"functions" nullable:"false"`
	Minutes      int      `json:"minutes"`
	Kind         string   `json:"kind"`
	RecertMonths int      `json:"recert_months"`
	Documents    []string `json:"documents" nullable:"false"`
}

// RunAttachment says what a file that is sent to a run is.
type RunAttachment struct {
	Name string `query:"name" maxLength:"200" required:"true" doc:"Name of the file"`
	Step string `query:"step" maxLength:"60" doc:"Absent: it belongs to the whole run"`
	Text string `query:"text" maxLength:"4000" doc:"What it shows"`
}

// StepEvidence settles a step as done with the file that is sent as its evidence.
type StepEvidence struct {
	Name    string `query:"name" maxLength:"200" required:"true" doc:"Name of the file"`
	Value   string `query:"value" maxLength:"4000" doc:"The decision, number or text that the step asks for"`
	Note    string `query:"note" maxLength:"4000"`
	Instead string `query:"instead" maxLength:"4000" doc:"What was done instead of what is written"`
	Reason  string `query:"reason" maxLength:"4000" doc:"Why it was done otherwise, out of order or by somebody else"`
}
