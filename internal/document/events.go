package document

import "triward/internal/document/source"

// KindRead is what an actor must be granted to read.
const KindRead = "document.read"

// The kinds of events of this package. The subject is the document's id, unless said otherwise.
const (
	KindCreated           = "document.created"
	KindRevisionOpened    = "document.revision_opened"
	KindEdited            = "document.edited"
	KindSubmitted         = "document.submitted"
	KindReviewed          = "document.reviewed"
	KindChangesRequested  = "document.changes_requested"
	KindFrozen            = "document.frozen"
	KindApprovalOpened    = "document.approval_opened"
	KindApproved          = "document.approved"
	KindRejected          = "document.rejected"
	KindReleasedEarly     = "document.released_early"
	KindEffective         = "document.effective"
	KindSuperseded        = "document.superseded"
	KindRetired           = "document.retired"
	KindWithdrawn         = "document.withdrawn"
	KindTemporaryIssued   = "document.temporary_issued"
	KindTemporaryEnded    = "document.temporary_ended"
	KindTemporaryReviewed = "document.temporary_reviewed"
	KindCommented         = "document.commented"
	KindCommentSettled    = "document.comment_settled"
	KindChangeOpened      = "document.change_opened" // subject: the change request
	KindChangeEdited      = "document.change_edited" // subject: the change request
	KindChangeClosed      = "document.change_closed" // subject: the change request
	KindReviewedAgain     = "document.periodically_reviewed"
	KindDeviationGranted  = "document.deviation_granted"
	KindDeviationEnded    = "document.deviation_ended"
	KindCautioned         = "document.cautioned"
	KindCautionLifted     = "document.caution_lifted"
	KindDistributed       = "document.distribution_changed"
	KindPrinted           = "document.printed"
	KindCopyIssued        = "document.copy_issued"
	KindCopyRecalled      = "document.copy_recalled"
	KindCopyReturned      = "document.copy_returned"
	KindRecordKept        = "document.record_kept"
	KindHeld              = "document.held"
	KindHoldReleased      = "document.hold_released"
	KindClassified        = "document.classified"         // products, inspectable
	KindFunctionAssigned  = "document.function_assigned"  // subject: the account
	KindFunctionReleased  = "document.function_released"  // subject: the account
	KindDelegated         = "document.function_delegated" // subject: the account that acts for another
	KindSettingChanged    = "document.setting_changed"    // subject: the setting
	KindReceived          = "self.document_received"      // everybody may say that they received a document
)

// About is what every body of an event about a revision begins with.
type About struct {
	Code     string     `json:"code"`
	Revision RevisionID `json:"revision,omitempty"`
	Label    string     `json:"label,omitempty"`
}

func AboutOf(r Revision) About { return About{Code: r.Code, Revision: r.ID, Label: r.Label} }

// Created is the body of [KindCreated].
type Created struct {
	About
	Content Content      `json:"content"`
	Level   source.Level `json:"level"`
	Title   string       `json:"title"`
	Hash    string       `json:"content_sha256"`
	Reason  string       `json:"reason"`
}

// RevisionOpened is the body of [KindRevisionOpened].
type RevisionOpened struct {
	About
	Base   RevisionID `json:"base,omitempty"`
	Change string     `json:"change,omitempty"`
	Hash   string     `json:"content_sha256"`
	Reason string     `json:"reason"`
}

// Edited is the body of [KindEdited]; the texts themselves stay in the edits of the revision.
type Edited struct {
	About
	Version int    `json:"version"`
	Before  string `json:"content_sha256_before"`
	After   string `json:"content_sha256"`
	Voided  int    `json:"voided_decisions"`
	Reason  string `json:"reason"`
}

// Moved is the body of the kinds that move a revision.
type Moved struct {
	About
	From      State  `json:"from"`
	To        State  `json:"to"`
	Round     int    `json:"round,omitempty"`
	Hash      string `json:"content_sha256,omitempty"`
	Voided    int    `json:"voided_decisions,omitempty"`
	Rendition string `json:"rendition_sha256,omitempty"`
	Signature string `json:"signature,omitempty"`
	Planned   string `json:"planned,omitempty"`
	Reason    string `json:"reason,omitempty"`
}

// Decided is the body of [KindReviewed] and [KindApproved], and of the other kinds that are signed. Complete says that it
// was the last one that was missing: the revision is approved and in training.
type Decided struct {
	About
	Stage       Stage           `json:"stage"`
	Function    source.Function `json:"function,omitempty"`
	DelegateOf  string          `json:"delegate_of,omitempty"`
	Hash        string          `json:"content_sha256"`
	Signature   string          `json:"signature"`
	Complete    bool            `json:"complete,omitempty"`
	TrainingDue string          `json:"training_due,omitempty"`
	Reason      string          `json:"reason,omitempty"`
}

// FunctionChanged is the body of [KindFunctionAssigned], [KindFunctionReleased] and [KindDelegated].
type FunctionChanged struct {
	ID         string          `json:"id"`
	Function   source.Function `json:"function"`
	Account    string          `json:"account"`
	DelegateOf string          `json:"delegate_of,omitempty"`
	Since      string          `json:"since,omitempty"`
	Until      string          `json:"until,omitempty"`
	Reason     string          `json:"reason"`
}

// Switched is the body of [KindEffective] (the revision that came into force) and [KindSuperseded] (the one that left).
type Switched struct {
	About
	Hash       string     `json:"content_sha256,omitempty"`
	Since      string     `json:"since,omitempty"`
	Previous   RevisionID `json:"previous,omitempty"`
	By         RevisionID `json:"by,omitempty"`
	ByLabel    string     `json:"by_label,omitempty"`
	Temporary  bool       `json:"temporary,omitempty"`
	Expires    string     `json:"expires,omitempty"`
	NotifyOnly bool       `json:"notify_only,omitempty"` // the change request says that telling people is enough
	Reinstated bool       `json:"reinstated,omitempty"`  // a temporary instruction ended
}
