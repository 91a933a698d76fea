package people

import "slices"

// Ids of the seeded roles.
const (
	RoleAdministrator   = "rol_administrator"
	RolePSIRT           = "rol_psirt"
	RoleProductEngineer = "rol_product_engineer"
	RoleHTM             = "rol_clinical_engineer"
	RoleITSecurity      = "rol_it_security"
	RoleQuality         = "rol_quality"
	RoleRegulatory      = "rol_regulatory"
	RoleClinicianOwner  = "rol_clinician_owner"
	RoleExecutive       = "rol_executive"
	RoleAuditor         = "rol_auditor"
	RoleExternal        = "rol_external"
	RoleVisitor         = "rol_inquiry_visitor"
)

// Seeded is the table of roles that come with Triward. [Directory.Seed] keeps the stored ones equal to it; people copy
// one to change it.
func Seeded() []Role {
	see := []string{KindReadNames, "product.read", "device.read", "vuln.read", "risk.read", "assurance.read", "document.read", "training.read", "run.read", "detection.read", "incident.read"}
	with := func(kinds ...string) []string { return slices.Concat(see, kinds) }
	// Whose turn it is, is decided by the functions that a person holds; these say who may work with documents at all.
	comment := []string{"document.commented", "document.printed", "document.function_delegated"}
	write := slices.Concat(comment, []string{"document.created", "document.revision_opened", "document.edited", "document.submitted", "document.frozen",
		"document.approval_opened", "document.comment_settled", "document.change_opened", "document.change_edited"})
	decide := slices.Concat(comment, []string{"document.reviewed", "document.changes_requested", "document.approved", "document.rejected",
		"document.released_early", "document.withdrawn", "document.temporary_issued", "document.temporary_reviewed", "document.periodically_reviewed",
		"document.deviation_granted", "document.deviation_ended"})
	author := slices.Concat(write, decide)
	triage := []string{"event.read", "event.patients_read", "detection.alert_reported", "detection.alert_acknowledged", "detection.alert_assigned", "detection.alert_noted",
		"detection.alert_closed", "detection.alert_merged", "detection.alert_escalated", "detection.alert_reopened", "detection.baseline_settled"}
	roles := []Role{
		{ID: RoleAdministrator, Name: "Administrator", Kinds: []string{"*"},
			Description: "Runs Triward: people, roles, feeds, configuration. May do everything, so that every role can be granted."},
		{ID: RolePSIRT, Name: "Product security (PSIRT)", Kinds: with("journal.read", "product.*", "vuln.*", "risk.*", "run.*", "training.observed"),
			Description: "Judges weaknesses in products, records verdicts and decides on risks."},
		{ID: RoleProductEngineer, Name: "Product engineer",
			Kinds: with("product.model_changed", "product.release_added", "product.release_changed", "product.fact_recorded", "product.sbom_added",
				"vuln.verdict_recorded", "risk.progress_recorded", "run.*", "training.observed"),
			Description: "Keeps releases, their software and facts; assesses weaknesses in them."},
		{ID: RoleHTM, Name: "Clinical engineer (HTM)",
			Kinds: with("device.*", "product.manufacturer_added", "product.model_added", "product.release_added", "product.fact_recorded",
				"product.sbom_added", "vuln.verdict_recorded", "risk.decided", "risk.decision_changed", "risk.progress_recorded", "run.*", "training.observed"),
			Description: "Keeps the fleet in healthcare technology management, plans and records the work on devices."},
		{ID: RoleITSecurity, Name: "IT security",
			Kinds: with("journal.read", "vuln.*", "device.identity_added", "device.changed", "product.fact_recorded", "product.sbom_added",
				"risk.decided", "risk.decision_changed", "risk.reopened", "risk.progress_recorded", "risk.closed", "run.*", "training.observed",
				"assurance.validation_run", "assurance.validation_verified"),
			Description: "Runs the feeds, judges weaknesses on the network and decides on measures."},
		{ID: RoleQuality, Name: "Quality", Kinds: with("journal.read", "risk.table_changed", "risk.reopened", "risk.closed", "assurance.*", "clause.*", "evidence.*", "inquiry.*", "training.*", "run.*"),
			Description: "Owns the rules by which risks are ranked and closes what was done."},
		{ID: RoleRegulatory, Name: "Regulatory", Kinds: with("journal.read", "product.support_asserted", "clause.*", "evidence.*", "inquiry.*", "people.granted", "run.*"),
			Description: "Sees what authorities ask for and asserts support of products."},
		{ID: RoleClinicianOwner, Name: "Clinician owner", Kinds: with("risk.accepted"),
			Description: "Answers for care with the devices of a ward and accepts risks to its patients."},
		{ID: RoleExecutive, Name: "Executive or board", Kinds: with("risk.accepted"),
			Description: "Sees the whole and accepts risks of the organisation."},
		{ID: RoleAuditor, Name: "Auditor", Kinds: reads(), Description: "Reads everything and writes nothing."},
		{ID: RoleExternal, Name: "External party", Kinds: []string{"product.read", "vuln.read"}, Scoped: true,
			Description: "A customer, supplier or researcher: sees the named products or sites only."},
		{ID: RoleVisitor, Name: "Inquiry visitor", Kinds: []string{"inquiry.read", "inquiry.viewed", "inquiry.bundle_taken"}, Scoped: true,
			Description: "An auditor or authority: sees the named inquiries only, until the grant ends; every look is recorded."},
	}
	for i, o := range roles {
		switch o.ID {
		case RoleITSecurity:
			roles[i].Kinds = slices.Concat(o.Kinds, author, []string{"event.*", "detection.*"})
		case RolePSIRT, RoleHTM:
			roles[i].Kinds = slices.Concat(o.Kinds, author, triage)
		case RoleProductEngineer, RoleRegulatory:
			roles[i].Kinds = slices.Concat(o.Kinds, author)
		case RoleQuality:
			roles[i].Kinds = append(o.Kinds, "document.*")
		case RoleClinicianOwner, RoleExecutive: // they take part in runs: a sign-off at the bedside is a step
			roles[i].Kinds = slices.Concat(o.Kinds, decide, []string{"run.step_recorded", "run.noted", "detection.alert_reported"})
		}
	}
	side := map[string]string{RolePSIRT: "product_security", RoleProductEngineer: "product_security", RoleITSecurity: "it_security", RoleHTM: "clinical_engineering", RoleClinicianOwner: "ward"}
	for i, o := range roles {
		roles[i].Seeded = true
		roles[i].Kinds = append(o.Kinds, slices.Concat(onIncidents(o.ID), onConnectors(o.ID))...)
		if o.ID == RolePSIRT {
			roles[i].Kinds = append(roles[i].Kinds, "disclosure.*")
		}
		if s := side[o.ID]; s != "" {
			roles[i].Kinds = append(roles[i].Kinds, "incident.accepted_"+s)
		}
		roles[i].Kinds = slices.Compact(slices.Sorted(slices.Values(roles[i].Kinds)))
	}
	return roles
}

// onIncidents is what a role may do about incidents: who works on one may tell what they know; who may consent to containment
// is each role's own.
func onIncidents(role string) []string {
	respond := []string{"incident.declared", "incident.changed", "incident.moved", "incident.closed", "incident.device_involved", "incident.device_moved", "incident.linked",
		"incident.noted", "incident.task_set", "incident.recipient_named", "incident.recipient_removed", "containment.planned", "containment.checked", "containment.ran", "containment.seen", "containment.returned",
		"containment.cancelled", "claim.indicator_added", "claim.looked_up", "claim.made", "claim.withdrawn", "claim.chained", "capture.guide_written"}
	respond = append(respond, "incident.blast_kept", "incident.priority_said", "incident.reported", "loop.check_planned", "loop.check_answered", "loop.estimated")
	tell := []string{"incident.calendar_set", "incident.entity_set", "incident.clock_ruled", "incident.clock_answered", "incident.noted", "draft.started", "draft.edited", "draft.reopened", "draft.sent",
		"telling.recorded", "telling.answered", "stakeholder.added", "stakeholder.changed", "stakeholder.retired"}
	keep := []string{"custody.read", "custody.registered", "custody.content_received", "custody.sealed", "custody.transferred", "custody.accessed", "custody.worked", "custody.verified"}
	respond = append(respond, "timeline.*")
	switch role {
	case RolePSIRT, RoleITSecurity:
		return slices.Concat(respond, tell, keep, []string{"exercise.*", "training.attended", "containment.signed_command", "incident.evidence_waived", "custody.held", "custody.destroyed", "custody.broken_accepted", "custody.rewrapped"})
	case RoleHTM:
		return slices.Concat(respond, keep, []string{"exercise.*", "training.attended", "containment.signed_biomed", "containment.lifted"})
	case RoleProductEngineer:
		return []string{"incident.noted", "incident.task_set", "incident.device_moved", "incident.linked"}
	case RoleQuality, RoleRegulatory:
		return append(tell, "exercise.answered", "draft.approved", "loop.check_planned", "loop.check_answered", "incident.linked", "incident.evidence_waived", "custody.read", "custody.held", "custody.destroyed")
	case RoleClinicianOwner:
		return []string{"exercise.answered", "incident.declared", "incident.noted", "incident.task_set", "incident.recipient_named", "custody.registered", "custody.content_received", "custody.read", "containment.signed_clinical", "containment.signed_attending", "containment.seen",
			"containment.lifted"}
	}
	return nil
}

// onConnectors is what a role may do about what carries containment out, and about the clinical flows of devices.
func onConnectors(role string) []string {
	switch role {
	case RolePSIRT, RoleITSecurity:
		return []string{"connector.read", "connector.approved", "connector.revoked", "device.profile_proposed"}
	case RoleHTM:
		return []string{"connector.read", "device.profile_proposed", "device.profile_approved"}
	}
	return nil
}
