package vuln

// The kinds of events of this package; they are its permissions too.
const (
	KindRead                 = "vuln.read"
	KindFeedAdded            = "vuln.feed_added"
	KindFeedChanged          = "vuln.feed_changed"
	KindFeedRemoved          = "vuln.feed_removed"
	KindFeedLoaded           = "vuln.feed_loaded"
	KindVerdictRecorded      = "vuln.verdict_recorded"
	KindVerdictReopened      = "vuln.verdict_reopened"
	KindVerdictWithdrawn     = "vuln.verdict_withdrawn"
	KindAliasAdded           = "vuln.alias_added"
	KindAliasRemoved         = "vuln.alias_removed"
	KindExploitationObserved = "vuln.exploitation_observed" // seen in an incident of our own
	KindObservationWithdrawn = "vuln.observation_withdrawn"
	KindRulesChanged         = "vuln.rules_changed" // the program matches by other rules than the one before it
)
