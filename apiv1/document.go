package apiv1

import "time"

// DocumentQuery chooses documents. Empty fields do not restrict; retired documents come only when their state is asked for.
type DocumentQuery struct {
	Level   string `query:"level" enum:"policy,standard,procedure,instruction,template,record"`
	State   string `query:"state" enum:"draft,in_review,changes_requested,frozen,in_approval,in_training,effective,superseded,retired,rejected,withdrawn"`
	Owner   string `query:"owner" maxLength:"64" doc:"Function that owns it"`
	For     string `query:"for" enum:"manufacturer,hospital"`
	Content string `query:"content" enum:"authored,uploaded,linked"`
	Product string `query:"product" maxLength:"64" doc:"Model whose device file it belongs to"`
	Parent  string `query:"parent" maxLength:"20" doc:"Code of the document above"`
	Overdue string `query:"overdue" enum:"yes" doc:"Only those whose review or watch is late"`
	Text    string `query:"q" maxLength:"200" doc:"Words of code or title"`
	Sort    string `query:"sort" enum:"code,-code,title,-title,owner,-owner,state,-state,review,-review" doc:"Absent: by code"`
	Cursor
}

// Document is a controlled document; what it says of itself is what its effective revision says, or the newest one while
// none was ever effective.
type Document struct {
	ID           string    `json:"id"`
	Code         string    `json:"code"`
	Title        string    `json:"title"`
	Content      string    `json:"content" enum:"authored,uploaded,linked"`
	Level        string    `json:"level"`
	Parent       string    `json:"parent,omitempty"`
	Owner        string    `json:"owner" doc:"Function that owns it"`
	For          []string  `json:"for" nullable:"false"`
	State        string    `json:"state"`
	Effective    string    `json:"effective,omitempty" doc:"Revision in force"`
	Working      string    `json:"working,omitempty" doc:"Revision on its way"`
	Newest       string    `json:"newest"`
	ReviewMonths int       `json:"review_months"`
	ReviewDue    time.Time `json:"review_due,omitzero"`
	WatchDue     time.Time `json:"watch_due,omitzero" doc:"When to look for a new edition"`
	Overdue      bool      `json:"overdue"`
	Inspectable  bool      `json:"inspectable"`
	Retired      time.Time `json:"retired,omitzero"`
	RetireReason string    `json:"retire_reason,omitempty"`
	Successor    string    `json:"successor,omitempty"`
	At           time.Time `json:"at"`
}

// DocumentShown is a document with what stands around it.
type DocumentShown struct {
	Document
	Products []string         `json:"products" nullable:"false"`
	UsedBy   []DocumentUser   `json:"used_by" nullable:"false"`
	Banners  []DocumentBanner `json:"banners" nullable:"false"`
}

// DocumentUser is a document that relies on another one.
type DocumentUser struct {
	Code     string `json:"code"`
	Title    string `json:"title"`
	Revision string `json:"revision"`
	State    string `json:"state"`
	How      string `json:"how" enum:"parent,reference,target,text"`
}

// DocumentBanner is what stands above a document wherever it is shown.
type DocumentBanner struct {
	Kind string `json:"kind" enum:"caution,deviation,overdue,temporary,superseded,retired,withdrawn"`
	Text string `json:"text"`
	ID   string `json:"id,omitempty"`
}

// External is what is known of a document of external origin.
type External struct {
	Edition   string `json:"edition,omitempty" maxLength:"300"`
	Publisher string `json:"publisher,omitempty" maxLength:"300"`
	Address   string `json:"address,omitempty" maxLength:"300"`
	Watch     string `json:"watch,omitempty" format:"date" doc:"When to look for a new edition"`
}

// RevisionText is a text of a revision: front matter and Markdown.
type RevisionText struct {
	Source string `json:"source" maxLength:"524288"`
	External
	Reason string `json:"reason" maxLength:"4000" doc:"Why, in a sentence; it stays in the journal"`
}

// DocumentInput is a new document with its first draft; its code is the one in the text.
type DocumentInput struct {
	Content string `json:"content" enum:"authored,linked"`
	RevisionText
	Inspectable bool     `json:"inspectable,omitempty"`
	Products    []string `json:"products,omitempty" maxItems:"200" nullable:"false"`
}

// RevisionInput begins the next revision of a document.
type RevisionInput struct {
	Base   string `json:"base,omitempty" maxLength:"64" doc:"Revision whose content it begins with; absent: the effective one"`
	Change string `json:"change,omitempty" maxLength:"64" doc:"Change request that it belongs to"`
	Size   string `json:"size,omitempty" enum:"major,minor"`
	Reason string `json:"reason" maxLength:"4000"`
}

// RevisionEdit saves the next version of a text. The version is the one that the editor began with: when somebody else
// saved since, nothing is changed.
type RevisionEdit struct {
	Version int `json:"version" minimum:"1"`
	RevisionText
}

// Revision is one revision of a document.
type Revision struct {
	ID            string    `json:"id"`
	Code          string    `json:"code"`
	Label         string    `json:"label"`
	State         string    `json:"state"`
	Title         string    `json:"title"`
	Version       int       `json:"version"`
	Round         int       `json:"round"`
	ContentHash   string    `json:"content_sha256"`
	Rendition     string    `json:"rendition_sha256,omitempty"`
	FileName      string    `json:"file_name,omitempty"`
	FileHash      string    `json:"file_sha256,omitempty"`
	External      *External `json:"external,omitempty"`
	Reason        string    `json:"reason"`
	Change        string    `json:"change,omitempty"`
	Base          string    `json:"base,omitempty"`
	Planned       time.Time `json:"planned,omitzero"`
	TrainingDue   time.Time `json:"training_due,omitzero"`
	ReleasedEarly string    `json:"released_early,omitempty"`
	Temporary     bool      `json:"temporary,omitempty"`
	Expires       time.Time `json:"expires,omitzero"`
	Since         time.Time `json:"since,omitzero"`
	Until         time.Time `json:"until,omitzero"`
	Author        string    `json:"author"`
	At            time.Time `json:"at"`
	Approved      time.Time `json:"approved,omitzero"`
}

// RevisionShown is a revision with its text and everything decided about it.
type RevisionShown struct {
	Revision
	Source    string             `json:"source"`
	Waits     string             `json:"waits,omitempty" doc:"What an approved revision waits for"`
	Review    []string           `json:"review" nullable:"false" doc:"Functions that review it"`
	Approve   []string           `json:"approve" nullable:"false" doc:"Functions that approve it"`
	Decisions []RevisionDecision `json:"decisions" nullable:"false"`
	KeepUntil time.Time          `json:"keep_until,omitzero" doc:"Absent: without an end that is known"`
	KeepWhy   []string           `json:"keep_why" nullable:"false"`
}

// RevisionDecision is one decision about a revision; a void one counts no more.
type RevisionDecision struct {
	Round      int       `json:"round"`
	Stage      string    `json:"stage"`
	Function   string    `json:"function,omitempty"`
	Verdict    string    `json:"verdict" enum:"agree,changes,reject"`
	Name       string    `json:"name"`
	DelegateOf string    `json:"delegate_of,omitempty"`
	Reason     string    `json:"reason,omitempty"`
	Signature  string    `json:"signature,omitempty"`
	At         time.Time `json:"at"`
	Voided     time.Time `json:"voided,omitzero"`
	VoidReason string    `json:"void_reason,omitempty"`
}

// SavedText is one version of a revision's text that was saved.
type SavedText struct {
	Version     int       `json:"version"`
	ContentHash string    `json:"content_sha256"`
	Reason      string    `json:"reason"`
	Name        string    `json:"name"`
	At          time.Time `json:"at"`
}

// TextLine is a line of a comparison.
type TextLine struct {
	Change string `json:"change" enum:"same,removed,added"`
	Text   string `json:"text"`
}

// EffectiveQuery asks which revision is or was in force.
type EffectiveQuery struct {
	At time.Time `query:"at" doc:"Absent: now"`
}

// CommentInput is a remark on a line of a text, with what the line should be when it suggests something.
type CommentInput struct {
	Text       string `json:"text" maxLength:"20000"`
	Line       int    `json:"line,omitempty" minimum:"0" doc:"Counted from 1 with the front matter; 0: the whole"`
	Suggests   bool   `json:"suggests,omitempty"`
	Suggestion string `json:"suggestion,omitempty" maxLength:"20000"`
}

// Comment is a comment on a revision.
type Comment struct {
	ID string `json:"id"`
	CommentInput
	Quote   string    `json:"quote,omitempty"`
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	Settled time.Time `json:"settled,omitzero"`
	Outcome string    `json:"outcome,omitempty" enum:"done,accepted,declined"`
	Answer  string    `json:"answer,omitempty"`
}

// SettleInput settles a comment.
type SettleInput struct {
	Outcome string `json:"outcome" enum:"done,accepted,declined"`
	Answer  string `json:"answer,omitempty" maxLength:"20000"`
}

// ChangeQuery chooses change requests.
type ChangeQuery struct {
	State string `query:"state" enum:"open,released,cancelled"`
	Class string `query:"class" enum:"editorial,minor,major,emergency"`
	Code  string `query:"code" maxLength:"20"`
	Sort  string `query:"sort" enum:"at,-at,title,-title,class,-class,state,-state" doc:"Absent: the newest first"`
	Cursor
}

// ChangeRequestInput is what a change request says. Every impact is said, "none" too.
type ChangeRequestInput struct {
	Title         string   `json:"title" maxLength:"300"`
	Class         string   `json:"class" enum:"editorial,minor,major,emergency"`
	Codes         []string `json:"codes" minItems:"1" maxItems:"100" nullable:"false" doc:"Documents that it revises; they become effective together"`
	OnDocuments   string   `json:"on_documents" maxLength:"4000"`
	OnDevices     string   `json:"on_devices" maxLength:"4000"`
	OnTraining    string   `json:"on_training" maxLength:"4000"`
	OnSubmissions string   `json:"on_submissions" maxLength:"4000"`
	OnValidation  string   `json:"on_validation" maxLength:"4000"`
	NotifyOnly    bool     `json:"notify_only,omitempty" doc:"Who was trained before need only be told"`
	Reason        string   `json:"reason" maxLength:"4000"`
}

// ChangeRequest is a change request.
type ChangeRequest struct {
	ID string `json:"id"`
	ChangeRequestInput
	Source      string            `json:"source,omitempty"`
	State       string            `json:"state" enum:"open,released,cancelled"`
	Author      string            `json:"author"`
	At          time.Time         `json:"at"`
	Closed      time.Time         `json:"closed,omitzero"`
	CloseReason string            `json:"close_reason,omitempty"`
	Waits       map[string]string `json:"waits,omitempty" doc:"What each document still waits for, by code"`
}

// TemporaryInput begins a temporary instruction.
type TemporaryInput struct {
	Source  string `json:"source,omitempty" maxLength:"524288" doc:"Absent: the effective text, to be edited"`
	Expires string `json:"expires,omitempty" format:"date" doc:"Absent: as late as allowed"`
	Reason  string `json:"reason" maxLength:"4000"`
}

// FunctionHolder is somebody who holds a function, or acts for who does.
type FunctionHolder struct {
	ID         string    `json:"id"`
	Function   string    `json:"function"`
	Account    string    `json:"account"`
	Name       string    `json:"name"`
	DelegateOf string    `json:"delegate_of,omitempty"`
	Since      time.Time `json:"since"`
	Until      time.Time `json:"until,omitzero"`
	Reason     string    `json:"reason"`
	Ended      time.Time `json:"ended,omitzero"`
	EndReason  string    `json:"end_reason,omitempty"`
}

// FunctionInput assigns a function, or delegates it for a time when it names of whom.
type FunctionInput struct {
	Function   string `json:"function" maxLength:"64"`
	Account    string `json:"account" maxLength:"64"`
	DelegateOf string `json:"delegate_of,omitempty" maxLength:"64"`
	Until      string `json:"until,omitempty" format:"date" doc:"Last day of a delegation"`
	Reason     string `json:"reason" maxLength:"4000"`
}

// DocumentTurn is something that waits for the actor.
type DocumentTurn struct {
	Kind     string    `json:"kind"`
	Code     string    `json:"code"`
	Title    string    `json:"title"`
	Revision string    `json:"revision"`
	Label    string    `json:"label,omitempty"`
	Function string    `json:"function,omitempty"`
	Due      time.Time `json:"due,omitzero"`
}

// DocumentClasses are the marks of a document.
type DocumentClasses struct {
	Inspectable bool     `json:"inspectable,omitempty"`
	Products    []string `json:"products" maxItems:"200" nullable:"false"`
	Reason      string   `json:"reason" maxLength:"4000"`
}

// DistributionInput replaces a distribution list. The names are functions, ids of sites, and ids of models.
type DistributionInput struct {
	Functions []string `json:"functions,omitempty" maxItems:"100" nullable:"false"`
	Sites     []string `json:"sites,omitempty" maxItems:"100" nullable:"false"`
	Products  []string `json:"products,omitempty" maxItems:"100" nullable:"false"`
	Reason    string   `json:"reason" maxLength:"4000"`
}

// DocumentReceipt is whether somebody on the list received a revision.
type DocumentReceipt struct {
	Account string    `json:"account"`
	Name    string    `json:"name"`
	At      time.Time `json:"at,omitzero" doc:"Absent: not yet"`
}

// CopyInput gives out a numbered copy on paper.
type CopyInput struct {
	Holder  string `json:"holder" maxLength:"300"`
	Place   string `json:"place,omitempty" maxLength:"300"`
	Expires string `json:"expires,omitempty" format:"date"`
	Reason  string `json:"reason" maxLength:"4000"`
}

// ControlledCopy is a numbered copy on paper.
type ControlledCopy struct {
	ID        string    `json:"id"`
	Number    int       `json:"number"`
	Label     string    `json:"label" doc:"Revision that it is of"`
	Holder    string    `json:"holder"`
	Place     string    `json:"place,omitempty"`
	Expires   time.Time `json:"expires,omitzero"`
	At        time.Time `json:"at"`
	Recalled  time.Time `json:"recalled,omitzero"`
	Confirmed time.Time `json:"confirmed,omitzero" doc:"When it came back or was destroyed"`
}

// PrintLine is a line of the print log.
type PrintLine struct {
	Label  string    `json:"label"`
	Copy   string    `json:"copy,omitempty"`
	Reason string    `json:"reason"`
	Name   string    `json:"name"`
	At     time.Time `json:"at"`
}

// Deviation is a deviation or waiver from a document.
type Deviation struct {
	ID     string    `json:"id"`
	Kind   string    `json:"kind" enum:"deviation,waiver"`
	Step   string    `json:"step,omitempty"`
	Text   string    `json:"text"`
	Risk   string    `json:"risk"`
	Reason string    `json:"reason"`
	Name   string    `json:"name"`
	Since  time.Time `json:"since"`
	Until  time.Time `json:"until"`
	Ended  time.Time `json:"ended,omitzero"`
	Active bool      `json:"active"`
}

// DocumentReview is a signed periodic review.
type DocumentReview struct {
	Label   string    `json:"label"`
	Verdict string    `json:"verdict" enum:"no_change,revise,retire"`
	Reason  string    `json:"reason"`
	Change  string    `json:"change,omitempty"`
	Name    string    `json:"name"`
	At      time.Time `json:"at"`
	NextDue time.Time `json:"next_due,omitzero"`
}

// LegalHold keeps a document whatever the rules say.
type LegalHold struct {
	ID       string    `json:"id"`
	Reason   string    `json:"reason"`
	At       time.Time `json:"at"`
	Released time.Time `json:"released,omitzero"`
}

// DocumentSettings are the choices of document control.
type DocumentSettings struct {
	Authorship    string            `json:"authorship" enum:"strict,lenient"`
	TemporaryDays int               `json:"temporary_days"`
	Variables     map[string]string `json:"variables" doc:"Answers of the set-up interview"`
}

// SettingInput changes one setting: authorship, temporary_days or a variable.
type SettingInput struct {
	Name   string `json:"name" maxLength:"64"`
	Value  string `json:"value" maxLength:"300"`
	Reason string `json:"reason" maxLength:"4000"`
}

// Kit is a set of documents that comes with Triward.
type Kit struct {
	ID        string    `json:"id"`
	Title     string    `json:"title"`
	For       string    `json:"for"`
	Text      string    `json:"text"`
	Documents []string  `json:"documents" nullable:"false"`
	Folds     []KitFold `json:"folds,omitempty" doc:"Documents that stand inside others of the kit"`
}

// KitFold says which documents stand inside another one, with all their steps and clauses.
type KitFold struct {
	Into      string   `json:"into" doc:"Code of one of the kit's documents"`
	Title     string   `json:"title" doc:"Its title with the others in it"`
	Documents []string `json:"documents" nullable:"false"`
}

// KitInput installs a kit; answers are kept as settings.
type KitInput struct {
	Answers map[string]string `json:"answers,omitempty" doc:"By the name of the variable"`
	Reason  string            `json:"reason" maxLength:"4000"`
}

// KitInstalled says what was installed.
type KitInstalled struct {
	Added   []string `json:"added" nullable:"false"`
	Present []string `json:"present" nullable:"false" doc:"Were there already and were left alone"`
	Absent  []string `json:"absent" nullable:"false" doc:"Codes that documents refer to and that are not there"`
	Missing []string `json:"missing" nullable:"false" doc:"Variables without an answer"`
}

// UploadedDocument is a new document whose content is the file that is sent.
type UploadedDocument struct {
	Name    string   `query:"name" maxLength:"300" required:"true" doc:"Name of the file, with its ending: .docx, .xlsx or .pdf"`
	Code    string   `query:"code" maxLength:"20" required:"true"`
	Title   string   `query:"title" maxLength:"300" required:"true"`
	Level   string   `query:"level" enum:"policy,standard,procedure,instruction,template,record" required:"true"`
	Owner   string   `query:"owner" maxLength:"64" required:"true" doc:"Function that owns it"`
	For     []string `query:"for,explode" enum:"manufacturer,hospital" required:"true"`
	Review  []string `query:"review,explode" maxItems:"30" doc:"Functions that review it"`
	Approve []string `query:"approve,explode" maxItems:"30" required:"true" doc:"Functions that approve it"`
	Months  int      `query:"review_months" minimum:"0" maximum:"120" default:"12" doc:"Between periodic reviews"`
	Reason  string   `query:"reason" maxLength:"4000" required:"true"`
}

// ReplacedFile is the file that takes the place of the one of an uploaded revision.
type ReplacedFile struct {
	Name   string `query:"name" maxLength:"300" required:"true" doc:"Name of the file, with its ending: .docx, .xlsx or .pdf"`
	Reason string `query:"reason" maxLength:"4000" required:"true"`
}
