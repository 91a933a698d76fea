package web

// eventRoutes are the doors of events, alerts, rules and sources.
func eventRoutes() []route {
	all := []route{
		{"GET", "/events", "event.read", (*Server).events},
		{"GET", "/events/histogram.json", "event.read", (*Server).histogram},
		{"POST", "/events/export", "event.exported", (*Server).eventsExport},
		{"POST", "/events/evidence", "event.exported", (*Server).eventsEvidence},
		{"POST", "/events/hold", "event.hold_placed", (*Server).eventsHold},
		{"POST", "/event-holds/{id}/release", "event.hold_released", (*Server).eventsRelease},
		{"GET", "/events/{id}", "event.read", (*Server).event},
		{"GET", "/alerts", "detection.read", (*Server).alerts},
		{"GET", "/alerts.csv", "detection.read", (*Server).alertsCSV},
		{"GET", "/alerts/new", "detection.alert_reported", (*Server).alertNew},
		{"POST", "/alerts/new", "detection.alert_reported", (*Server).alertNewDone},
		{"POST", "/alerts/move/acknowledge", "detection.alert_acknowledged", (*Server).alertsAcknowledge},
		{"GET", "/alerts/{id}", "detection.read", (*Server).alert},
		{"POST", "/alerts/{id}/note", "detection.alert_noted", (*Server).alertNote},
		{"POST", "/alerts/{id}/suppress", "detection.exception_added", (*Server).alertSuppress},
		{"GET", "/notifications", "detection.read", (*Server).targets},
		{"POST", "/notifications", "detection.target_added", (*Server).targetAdd},
		{"POST", "/notifications/{id}/remove", "detection.target_removed", (*Server).targetRemove},
		{"GET", "/rules", "detection.read", (*Server).detections},
		{"GET", "/rules.csv", "detection.read", (*Server).detectionsCSV},
		{"GET", "/rules/{id}", "detection.read", (*Server).detection},
		{"GET", "/rules/{id}/days.json", "detection.read", (*Server).ruleDays},
		{"POST", "/rules/{id}/move", "detection.rule_moved", (*Server).ruleMove},
		{"POST", "/rules/{id}/try", "detection.rule_backtested", (*Server).ruleTry},
		{"POST", "/rules/{id}/own", "detection.rule_owned", (*Server).ruleOwn},
		{"POST", "/rules/{id}/judge", "detection.rule_judged", (*Server).ruleJudge},
		{"POST", "/rules/{id}/exceptions", "detection.exception_added", (*Server).ruleExcept},
		{"POST", "/rules/{id}/exceptions/{exception}/end", "detection.exception_ended", (*Server).ruleExceptEnd},
		{"GET", "/detection-coverage", "detection.read", (*Server).attack},
		{"GET", "/baselines", "detection.read", (*Server).baselinesList},
		{"GET", "/baselines.csv", "detection.read", (*Server).baselinesCSV},
		{"GET", "/baselines/{id}", "detection.read", (*Server).baseline},
		{"POST", "/baselines/{id}/settle", "detection.baseline_settled", (*Server).baselineSettle},
		{"POST", "/baselines/{id}/relearn", "detection.baseline_settled", (*Server).baselineRelearn},
		{"GET", "/sources", "detection.read", (*Server).sources},
		{"GET", "/sources.csv", "detection.read", (*Server).sourcesCSV},
		{"GET", "/sources/new", "detection.source_added", (*Server).sourceNew},
		{"POST", "/sources/new", "detection.source_added", (*Server).sourceNewDone},
		{"GET", "/sources/{id}", "detection.read", (*Server).source},
		{"GET", "/sources/{id}/hours.json", "detection.read", (*Server).sourceHours},
		{"GET", "/sources/{id}/edit", "detection.source_changed", (*Server).sourceEdit},
		{"POST", "/sources/{id}/edit", "detection.source_changed", (*Server).sourceEditDone},
		{"POST", "/sources/{id}/confirm", "detection.source_confirmed", sourceMove("confirm")},
		{"POST", "/sources/{id}/mute", "detection.source_muted", sourceMove("mute")},
		{"POST", "/sources/{id}/retire", "detection.source_retired", sourceMove("retire")},
		{"GET", "/blind-intervals", "detection.read", (*Server).blindIntervals},
		{"GET", "/blind-intervals.csv", "detection.read", (*Server).blindCSV},
	}
	for _, m := range alertMoves() {
		if m.Form {
			all = append(all, route{"GET", urlAlertMove(m.Name), m.Kind, alertMoveForm(m.Name)}, route{"POST", urlAlertMove(m.Name), m.Kind, alertMoveDone(m.Name)})
		}
	}
	return all
}
