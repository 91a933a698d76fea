package assurance

// The kinds of events of this package; they are its permissions too. The subject of the last group is the inquiry, and so
// a person from outside may record those of one inquiry alone.
const (
	KindRead = "assurance.read"

	KindSetChosen         = "clause.set_chosen"         // subject: the clause set
	KindConfirmed         = "clause.confirmed"          // subject: the document's code
	KindConfirmationEnded = "clause.confirmation_ended" // subject: the document's code
	KindEvaluated         = "evidence.evaluated"        // subject: the query
	KindTrailPlanned      = "assurance.trail_review_planned"
	KindTrailReviewed     = "assurance.trail_reviewed"

	KindInquiryRead = "inquiry.read"
	KindOpened      = "inquiry.opened"
	KindChanged     = "inquiry.changed"
	KindBound       = "inquiry.bound"
	KindUnbound     = "inquiry.unbound"
	KindRedacted    = "inquiry.redacted"
	KindRestored    = "inquiry.restored"
	KindRevealed    = "inquiry.revealed"
	KindAdmitted    = "inquiry.admitted"
	KindDismissed   = "inquiry.dismissed"
	KindViewed      = "inquiry.viewed"
	KindBuilt       = "inquiry.bundle_built"
	KindTaken       = "inquiry.bundle_taken"
	KindClosed      = "inquiry.closed"
	KindReopened    = "inquiry.reopened"
)
