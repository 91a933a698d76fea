package risk

// The kinds of events of this package; they are its permissions too.
const (
	KindRead             = "risk.read"
	KindTableChanged     = "risk.table_changed"
	KindDecided          = "risk.decided"
	KindDecisionChanged  = "risk.decision_changed"
	KindAccepted         = "risk.accepted"
	KindReopened         = "risk.reopened"
	KindProgressRecorded = "risk.progress_recorded"
	KindClosed           = "risk.closed"
)
