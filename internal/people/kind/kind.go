package kind

import (
	"slices"
	"strings"
)

// Kind is one word of the permission vocabulary.
type Kind struct {
	Name string // "device.moved"
	Text string // what a holder may do, as it is read after "may"
}

// Area is the part of a kind before the first dot.
func (k Kind) Area() string {
	area, _, _ := strings.Cut(k.Name, ".")
	return area
}

// Reads reports whether the kind allows reading rather than recording.
func (k Kind) Reads() bool { return strings.HasSuffix(k.Name, ".read") }

// Areas are the kinds of every area but people and the journal, by area.
func Areas() []Kind {
	return slices.Concat([]Kind{
		{"product.read", "see manufacturers, models, releases and their software"},
		{"product.manufacturer_added", "add manufacturers"},
		{"product.manufacturer_changed", "change manufacturers"},
		{"product.model_added", "add models"},
		{"product.model_changed", "change models, their functions and harm"},
		{"product.release_added", "add releases"},
		{"product.release_changed", "change releases"},
		{"product.support_asserted", "assert the support stage of a product"},
		{"product.fact_recorded", "record configuration facts"},
		{"product.fact_withdrawn", "withdraw configuration facts"},
		{"product.sbom_added", "add SBOMs"},

		{"device.read", "see devices and sites"},
		{"device.registered", "register devices"},
		{"device.changed", "change devices"},
		{"device.moved", "move devices"},
		{"device.identity_added", "add network identities"},
		{"device.merged", "merge two records of one device"},
		{"device.retired", "retire devices"},
		{"device.imported", "import fleets"},
		{"device.site_added", "add sites"},
		{"device.site_changed", "rename sites"},
		{"device.fact_recorded", "record configuration facts of devices"},
		{"device.fact_withdrawn", "withdraw configuration facts of devices"},
		{"device.reinstated", "reinstate retired devices"},
		{"device.profile_proposed", "list the clinical flows of devices"},
		{"device.profile_approved", "approve the clinical flows of devices"},
		{"device.contradicted", "note that two devices contradict each other"},
		{"device.contradiction_settled", "settle contradictions between devices"},
		{"device.import_started", "start imports"},
		{"device.import_step", "apply imports"},

		{"vuln.read", "see weaknesses, advisories and proofs"},
		{"vuln.feed_added", "add feeds"},
		{"vuln.feed_changed", "change feeds"},
		{"vuln.feed_removed", "remove feeds"},
		{"vuln.feed_loaded", "load feeds"},
		{"vuln.verdict_recorded", "record verdicts"},
		{"vuln.verdict_reopened", "re-open verdicts"},
		{"vuln.verdict_withdrawn", "withdraw verdicts"},
		{"vuln.alias_added", "add product aliases"},
		{"vuln.alias_removed", "remove product aliases"},
		{"vuln.exploitation_observed", "say that a weakness was seen exploited here"},
		{"vuln.observation_withdrawn", "withdraw that a weakness was seen exploited here"},
		{"vuln.rules_changed", "note that the program matches by newer rules"},

		{"risk.read", "see risks and decisions"},
		{"risk.table_changed", "change the table that ranks risks"},
		{"risk.decided", "decide on treatment"},
		{"risk.decision_changed", "change decisions"},
		{"risk.accepted", "accept risks"},
		{"risk.reopened", "re-open decisions"},
		{"risk.progress_recorded", "record progress on devices"},
		{"risk.closed", "close decisions"},

		{"document.read", "see documents, their revisions and who decided on them"},
		{"document.created", "add documents"},
		{"document.revision_opened", "begin revisions of documents"},
		{"document.edited", "edit drafts of documents"},
		{"document.submitted", "send drafts to review"},
		{"document.reviewed", "review documents for a function they hold"},
		{"document.changes_requested", "send documents back for changes"},
		{"document.frozen", "fix the content of reviewed documents"},
		{"document.approval_opened", "sign documents as author and open their approval"},
		{"document.approved", "approve documents for a function they hold"},
		{"document.rejected", "reject revisions of documents"},
		{"document.released_early", "release documents before their training is done"},
		{"document.effective", "make documents effective"},
		{"document.superseded", "let a revision supersede another"},
		{"document.retired", "retire documents"},
		{"document.withdrawn", "withdraw documents in an emergency, with a second person"},
		{"document.temporary_issued", "issue temporary instructions"},
		{"document.temporary_ended", "end temporary instructions"},
		{"document.temporary_reviewed", "review temporary instructions after the fact"},
		{"document.commented", "comment on documents and suggest changes"},
		{"document.comment_settled", "settle comments on documents"},
		{"document.change_opened", "open change requests"},
		{"document.change_edited", "edit change requests"},
		{"document.change_closed", "close change requests"},
		{"document.periodically_reviewed", "sign the periodic review of documents"},
		{"document.deviation_granted", "grant deviations and waivers from documents"},
		{"document.deviation_ended", "end deviations and waivers"},
		{"document.cautioned", "put a caution on documents"},
		{"document.caution_lifted", "lift cautions from documents"},
		{"document.distribution_changed", "change who receives documents"},
		{"document.printed", "print documents"},
		{"document.copy_issued", "issue controlled copies"},
		{"document.copy_recalled", "recall controlled copies"},
		{"document.copy_returned", "confirm that recalled copies came back"},
		{"document.record_kept", "keep the sealed file of approved revisions"},
		{"document.held", "put documents on legal hold"},
		{"document.hold_released", "release legal holds"},
		{"document.classified", "say which products documents belong to and whether they are inspectable"},
		{"document.function_assigned", "assign functions to people"},
		{"document.function_released", "release people from functions"},
		{"document.function_delegated", "delegate functions for a time"},
		{"document.setting_changed", "change the settings of document control"},

		{"training.read", "see who is trained in what"},
		{"training.assigned", "assign training"},
		{"training.superseded", "close training on revisions that are not in force any more"},
		{"training.excused", "excuse people from training"},
		{"training.reminded", "remind people of training"},
		{"training.unlocked", "allow another try at a quiz after training somebody again"},
		{"training.observed", "confirm a practical that they observed"},
		{"training.certified", "record certificates from outside"},
		{"training.attended", "record who took part in exercises"},
		{"training.needs_changed", "renew who must know which revision"},
		{"training.rule_added", "say which function must know which document"},
		{"training.rule_ended", "end such rules"},
		{"training.policy_changed", "choose what missing training blocks"},
		{"training.check_planned", "plan checks of whether training works"},
		{"training.checked", "judge whether training works"},

		{"run.read", "see runs of procedures"},
		{"run.started", "start procedures"},
		{"run.step_recorded", "record steps of runs"},
		{"run.step_deviated", "skip, change and add steps of runs"},
		{"run.step_defeated", "mark steps as wrong"},
		{"run.noted", "add notes and files to runs"},
		{"run.handed_over", "hand runs over"},
		{"run.paused", "pause runs"},
		{"run.resumed", "resume runs"},
		{"run.finished", "finish runs"},
		{"run.aborted", "abort runs"},
		{"run.migrated", "move runs to the revision in force"},

		{"system.read", "see configuration and health of Triward"},
		{"system.configured", "configure Triward"},
		{"system.backup", "make backups"},
	}, proofKinds(), detectionKinds(), incidentKinds(),
		claimKinds(), loopKinds(), timelineKinds(),
		connectorKinds(),
		exerciseKinds(),
		roomKinds(),
		tellingKinds(), disclosureKinds())
}

// exerciseKinds are the kinds of exercises of incidents.
func exerciseKinds() []Kind {
	return []Kind{
		{"exercise.started", "start exercises"},
		{"exercise.injected", "lead exercises: let something happen before its time"},
		{"exercise.answered", "answer questions of exercises"},
		{"exercise.stopped", "stop exercises"},
		{"exercise.confirmed", "confirm who took part in exercises"},
	}
}

// detectionKinds are the kinds of security events and what watches them.
func detectionKinds() []Kind {
	return []Kind{
		{"detection.read", "see alerts, rules, sources and baselines"},
		{"event.read", "search and read security events"},
		{"event.patients_read", "read events that concern patients, which is recorded"},
		{"event.exported", "export events"},
		{"event.imported", "import files of events"},
		{"event.hold_placed", "keep events for a case, whatever their age"},
		{"event.hold_released", "release events that were kept for a case"},
		{"event.expired", "remove events that are older than their retention"},
		{"detection.source_added", "add sources of events"},
		{"detection.source_found", "note that a sender was met that nobody had named"},
		{"detection.source_changed", "change sources of events"},
		{"detection.source_confirmed", "confirm sources of events"},
		{"detection.source_muted", "mute the silence of sources for a time"},
		{"detection.source_retired", "retire sources of events"},
		{"detection.blind_begun", "note that a source is not seen"},
		{"detection.blind_ended", "note that a source is seen again"},
		{"detection.rules_loaded", "load rules of detection"},
		{"detection.rule_proposed", "propose rules of detection"},
		{"detection.rule_moved", "take rules on in their life, and retire them"},
		{"detection.rule_owned", "say who answers for rules"},
		{"detection.rule_backtested", "try rules on the past"},
		{"detection.looked_back", "look back in the kept events for an advisory"},
		{"detection.rule_judged", "judge the hits of rules"},
		{"detection.exception_added", "except from rules, and suppress, for a time"},
		{"detection.exception_ended", "end exceptions"},
		{"detection.baseline_settled", "say what is normal"},
		{"detection.target_added", "say who is told about alerts"},
		{"detection.target_removed", "take away who is told about alerts"},
		{"detection.alert_opened", "open alerts for rules"},
		{"detection.alert_reported", "report alerts by hand"},
		{"detection.alert_joined", "add events to alerts"},
		{"detection.alert_acknowledged", "begin the triage of alerts"},
		{"detection.alert_assigned", "assign alerts"},
		{"detection.alert_noted", "add notes to alerts"},
		{"detection.alert_closed", "close alerts"},
		{"detection.alert_merged", "merge alerts"},
		{"detection.alert_escalated", "escalate alerts into cases"},
		{"detection.alert_reopened", "open closed alerts again"},
	}
}

// timelineKinds are the kinds of timelines; who may read the incident or the device may read its timeline.
func timelineKinds() []Kind {
	return []Kind{
		{"timeline.added", "add entries to timelines"},
		{"timeline.pinned", "highlight entries of timelines"},
		{"timeline.unpinned", "take highlights of timelines away"},
		{"timeline.commented", "comment entries of timelines"},
		{"timeline.exported", "export timelines"},
	}
}

// incidentKinds are the kinds of incidents and of containment.
func incidentKinds() []Kind {
	return []Kind{
		{"incident.read", "see incidents"},
		{"incident.declared", "declare incidents"},
		{"incident.changed", "change what is known of incidents"},
		{"incident.moved", "move incidents on, hold them and ask to close them"},
		{"incident.closed", "close incidents"},
		{"incident.device_involved", "add devices and systems to incidents"},
		{"incident.device_moved", "say how devices in incidents stand"},
		{"incident.evidence_waived", "agree that no evidence of a device in an incident is kept"},
		{"incident.linked", "link incidents with where they came from and what they feed"},
		{"incident.noted", "write notes and decisions in incidents"},
		{"incident.task_set", "hand out and finish tasks of incidents"},
		{"incident.recipient_named", "name who may read incidents that are marked TLP:RED"},
		{"incident.recipient_removed", "take back who may read incidents that are marked TLP:RED"},
		{"incident.accepted_product_security", "accept tasks of incidents for product security"},
		{"incident.accepted_it_security", "accept tasks of incidents for IT security"},
		{"incident.accepted_clinical_engineering", "accept tasks of incidents for clinical engineering"},
		{"incident.accepted_ward", "accept tasks of incidents for the ward"},
		{"incident.entity_set", "say which legal entities are concerned and what they know"},
		{"incident.clock_ruled", "rule that a duty to report does not apply"},
		{"incident.clock_answered", "record reports that were sent"},

		{"custody.read", "see evidence and its chain of custody"},
		{"custody.registered", "register evidence"},
		{"custody.content_received", "bring the content of evidence in"},
		{"custody.sealed", "seal evidence"},
		{"custody.transferred", "hand evidence over, receive it, take it back, release it"},
		{"custody.accessed", "read the content of evidence, which is recorded"},
		{"custody.worked", "record copies, analyses and exports of evidence"},
		{"custody.verified", "hash evidence again"},
		{"custody.held", "put evidence under a legal hold and end it"},
		{"custody.destroyed", "destroy evidence, two people together"},
		{"custody.broken_accepted", "accept that the integrity of evidence is broken"},
		{"custody.rewrapped", "encrypt evidence anew with the newest key"},

		{"containment.planned", "plan containment"},
		{"containment.checked", "check devices before containment"},
		{"containment.signed_clinical", "sign containment off as clinical owner"},
		{"containment.signed_biomed", "sign containment off for clinical engineering"},
		{"containment.signed_attending", "confirm as attending clinician that a therapy moved"},
		{"containment.signed_command", "sign containment off as incident commander"},
		{"containment.ran", "run containment that is signed off"},
		{"containment.seen", "record whether containment took effect"},
		{"containment.returned", "let containment return"},
		{"containment.lifted", "lift containment at the bedside"},
		{"containment.cancelled", "cancel planned containment"},
	}
}

// claimKinds are the kinds of what is said about who did what and how.
func claimKinds() []Kind {
	return []Kind{
		{"claim.indicator_added", "add indicators to incidents"},
		{"claim.indicator_searched", "search the kept events for indicators"},
		{"claim.looked_up", "record what was asked outside about indicators"},
		{"claim.made", "claim who did what and how"},
		{"claim.withdrawn", "take claims back"},
		{"claim.chained", "chain claims to activity threads"},
		{"capture.guide_written", "write what to capture of devices of a model before they lose power"},
	}
}

// connectorKinds are the kinds of what carries containment out.
func connectorKinds() []Kind {
	return []Kind{{"connector.read", "see connectors and what they would send"}, {"connector.approved", "approve connectors"}, {"connector.revoked", "end approvals of connectors"},
		{"connector.sent", "note that something is sent to a connector"}, {"connector.answered", "note what a connector answered"}}
}

// tellingKinds are the kinds of reports, letters and of telling others.
func tellingKinds() []Kind {
	return []Kind{
		{"draft.started", "begin reports and letters"},
		{"draft.edited", "write in reports and letters"},
		{"draft.approved", "approve reports and letters of others"},
		{"draft.reopened", "take approved reports and letters back"},
		{"draft.sent", "record that reports and letters were sent"},
		{"telling.recorded", "record who was told what"},
		{"telling.answered", "record what those who were told answered"},
		{"stakeholder.added", "add those who must be told"},
		{"stakeholder.changed", "change those who must be told"},
		{"stakeholder.retired", "take those who must be told off the list"},
	}
}

// disclosureKinds are the kinds of coordinated disclosures.
func disclosureKinds() []Kind {
	return []Kind{{"disclosure.opened", "begin coordinated disclosures"}, {"disclosure.moved", "move reports, embargoes and cases of disclosures"},
		{"disclosure.participant_added", "say who takes part in disclosures"}}
}

// loopKinds are the kinds of what incidents feed back.
func loopKinds() []Kind {
	return []Kind{{"loop.check_planned", "plan checks whether what was changed works"}, {"loop.check_answered", "answer checks whether what was changed works"},
		{"loop.estimated", "estimate the instants of incidents"}}
}

// proofKinds are the kinds of what is proved to others.
func proofKinds() []Kind {
	return []Kind{
		{"assurance.read", "see clauses, coverage and evidence"},
		{"assurance.trail_review_planned", "plan reviews of the audit trail"},
		{"assurance.trail_reviewed", "sign reviews of the audit trail"},
		{"assurance.validation_run", "qualify the installation and keep the report"},
		{"assurance.validation_verified", "sign that the checks of a validation report were verified"},
		{"assurance.validation_approved", "release the installation for use on a validation report"},
		{"assurance.validation_refused", "refuse a validation report"},
		{"report.digest_sent", "send people by mail what waits for them"},
		{"report.digest_refused", "note that mail for somebody is refused"},
		{"clause.set_chosen", "choose the clause sets that the organisation works with"},
		{"clause.confirmed", "confirm that a document or step satisfies a clause"},
		{"clause.confirmation_ended", "take confirmations back"},
		{"evidence.evaluated", "evaluate and seal evidence"},
		{"inquiry.read", "see inquiries and what answers them"},
		{"inquiry.opened", "open inquiries"},
		{"inquiry.changed", "change inquiries and their request lists"},
		{"inquiry.bound", "bind documents, records and evidence to requests"},
		{"inquiry.unbound", "take documents, records and evidence from requests"},
		{"inquiry.redacted", "remove parts from what an inquiry shows"},
		{"inquiry.restored", "show removed parts again"},
		{"inquiry.revealed", "reveal removed parts with their proof"},
		{"inquiry.admitted", "admit people from outside to an inquiry"},
		{"inquiry.dismissed", "end the access of people from outside"},
		{"inquiry.viewed", "look at an inquiry from outside, which is recorded"},
		{"inquiry.bundle_built", "build the bundle of an inquiry"},
		{"inquiry.bundle_taken", "download the bundle of an inquiry"},
		{"inquiry.closed", "close inquiries"},
		{"inquiry.reopened", "open closed inquiries again"},
	}
}

// roomKinds are the kinds of the war room and of the blast radius.
func roomKinds() []Kind {
	return []Kind{
		{"incident.blast_kept", "keep blast radii with incidents"},
		{"incident.priority_said", "say otherwise than the program knows how urgent an incident is"},
		{"incident.priority_set", "note how urgent incidents are"},
		{"incident.escalated", "note that nobody accepted a task of an incident in time"},
		{"incident.reported", "make situation reports of incidents"},
		{"incident.calendar_set", "enter the days on which an authority does not work"},
	}
}
