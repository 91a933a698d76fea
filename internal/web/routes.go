package web

// Permissions that are no event kind.
const (
	public   = "public"    // for everybody
	signedIn = "signed in" // for every account
)

// route is one door: who may pass it and what is behind it.
type route struct {
	Method, Pattern string
	Permission      string // public, signedIn, or event kinds of which one is needed, joined by "|"
	handle          func(*Server, *visit) error
}

// routes is the table of all doors. What is not in it does not exist.
func routes() []route {
	all := connectorRoutes()
	all = append(all, timelineRoutes()...)
	for _, part := range [][]route{doorRoutes(), trainingRoutes(), runRoutes(), incidentRoutes(), blastRoutes(), draftRoutes(), tellingRoutes(), disclosureRoutes(), claimRoutes(), loopRoutes(), riskRoutes(), deviceRoutes(), productRoutes(), vulnRoutes(), adminRoutes(), documentRoutes(), assuranceRoutes(), validationRoutes(), eventRoutes(), exerciseRoutes(), recipientRoutes()} {
		all = append(all, part...)
	}
	return all
}

func doorRoutes() []route {
	return []route{
		{"GET", "/{$}", signedIn, (*Server).start},
		{"GET", "/healthz", public, (*Server).health},
		{"GET", "/.well-known/security.txt", public, (*Server).securityTxt},
		{"GET", "/favicon.svg", public, (*Server).favicon},
		{"GET", "/static/{digest}/{name}", public, (*Server).static},
		{"POST", "/theme", public, (*Server).theme},
		{"GET", "/setup", public, (*Server).setup},
		{"POST", "/setup", public, (*Server).setupDone},
		{"GET", "/password", public, (*Server).password},
		{"POST", "/password", public, (*Server).passwordDone},
		{"GET", "/sign-in", public, (*Server).signIn},
		{"POST", "/sign-in", public, (*Server).signInDone},
		{"GET", "/sign-in/code", public, (*Server).code},
		{"POST", "/sign-in/code", public, (*Server).codeDone},
		{"GET", "/sign-in/provider", public, (*Server).provider},
		{"GET", "/sign-in/provider/again", signedIn, (*Server).providerAgain},
		{"GET", ProviderBack, public, (*Server).providerBack},
		{"POST", "/sign-in/passkey/options", public, (*Server).passkeySignIn},
		{"POST", "/sign-out", signedIn, (*Server).signOut},
		{"GET", "/account", signedIn, (*Server).account},
		{"POST", "/account/password", signedIn, (*Server).accountPassword},
		{"GET", "/account/authenticator", signedIn, (*Server).authenticator},
		{"POST", "/account/authenticator", signedIn, (*Server).authenticatorBegin},
		{"GET", "/account/authenticator.png", signedIn, (*Server).authenticatorImage},
		{"POST", "/account/authenticator/confirm", signedIn, (*Server).authenticatorConfirm},
		{"POST", "/account/authenticator/remove", signedIn, (*Server).authenticatorRemove},
		{"POST", "/account/recovery-codes", signedIn, (*Server).recoveryCodes},
		{"POST", "/account/sessions/{id}/end", signedIn, (*Server).sessionEnd},
		{"POST", "/account/tokens", signedIn, (*Server).tokenCreate},
		{"POST", "/account/tokens/{id}/revoke", signedIn, (*Server).tokenRevoke},
		{"POST", "/account/passkeys/options", signedIn, (*Server).passkeyOptions},
		{"POST", "/account/passkeys", signedIn, (*Server).passkeyAdd},
		{"POST", "/account/passkeys/test", signedIn, (*Server).passkeyTest},
		{"POST", "/account/passkeys/{id}/revoke", signedIn, (*Server).passkeyRevoke},
		{"GET", "/account/signing", signedIn, (*Server).signing},
		{"GET", "/account/signing/accountability", signedIn, (*Server).accountability},
		{"POST", "/account/signing/accountability", signedIn, (*Server).accountabilityDone},
		{"GET", "/signatures/{id}", signedIn, (*Server).signature},
		{"GET", "/signatures/{id}/signature.json", signedIn, (*Server).signatureFile},
		{"GET", "/search", signedIn, (*Server).search},
		{"GET", "/notices", signedIn, (*Server).notices},
		{"POST", "/notices/read", signedIn, (*Server).noticesRead},
		{"GET", "/activity", signedIn, (*Server).activity},
		{"POST", "/views", signedIn, (*Server).viewSave},
		{"POST", "/views/{id}/remove", signedIn, (*Server).viewRemove},
	}
}

func trainingRoutes() []route {
	return []route{
		{"GET", "/tasks", signedIn, (*Server).tasks},
		{"GET", "/training", "training.read", (*Server).training},
		{"GET", "/training.csv", "training.read", (*Server).trainingCSV},
		{"GET", "/training/records", "training.read", (*Server).records},
		{"GET", "/training/records.csv", "training.read", (*Server).recordsCSV},
		{"GET", "/training/records.json", "training.read", (*Server).recordsXAPI},
		{"GET", "/training/rules", "training.read", (*Server).trainRules},
		{"POST", "/training/rules", "training.rule_added", (*Server).ruleAdd},
		{"POST", "/training/rules/{rule}/end", "training.rule_ended", (*Server).ruleEnd},
		{"POST", "/training/assign", "training.assigned", (*Server).trainAssign},
		{"POST", "/training/policy", "training.policy_changed", (*Server).trainPolicy},
		{"GET", "/documents/{code}/training", "training.read", (*Server).trainEffect},
		{"POST", "/training-checks/{id}", "training.checked", (*Server).trainJudge},
		{"GET", "/training/{id}", signedIn, (*Server).learning},
		{"GET", "/training/{id}/certificate", signedIn, (*Server).learningFile},
		{"POST", "/training/{id}/seen", signedIn, (*Server).learningSeen},
		{"POST", "/training/{id}/answers", signedIn, (*Server).learningAnswer},
		{"POST", "/training/{id}/sign", signedIn, (*Server).learningSign},
		{"POST", "/training/{id}/unlock", "training.unlocked", (*Server).learningUnlock},
		{"POST", "/training/{id}/excuse", "training.excused", (*Server).learningExcuse},
		{"POST", "/training/{id}/observe", "training.observed", (*Server).learningObserve},
		{"POST", "/training/{id}/certify", "training.certified", (*Server).learningCertify},
	}
}

func runRoutes() []route {
	return []route{
		{"GET", "/runs", "run.read", (*Server).runs},
		{"GET", "/runs.csv", "run.read", (*Server).runsCSV},
		{"GET", "/runs/new", "run.started", (*Server).runNew},
		{"POST", "/runs/new", "run.started", (*Server).runNewDone},
		{"GET", "/runs/{id}", "run.read", (*Server).run},
		{"GET", "/runs/{id}/files/{item}", "run.read", (*Server).runFile},
		{"POST", "/runs/{id}/steps", "run.step_deviated", (*Server).stepAdd},
		{"POST", "/runs/{id}/steps/{step}/done", "run.step_recorded|run.step_deviated", (*Server).stepDone},
		{"POST", "/runs/{id}/steps/{step}/skip", "run.step_deviated", (*Server).stepSkip},
		{"POST", "/runs/{id}/steps/{step}/not-needed", "run.step_recorded", (*Server).stepNotNeeded},
		{"GET", "/runs/{id}/steps/{step}/wrong", "run.step_defeated", (*Server).stepWrong},
		{"POST", "/runs/{id}/steps/{step}/wrong", "run.step_defeated", (*Server).stepWrongDone},
		{"POST", "/runs/{id}/steps/{step}/temporary", "document.revision_opened", (*Server).stepTemporary},
		{"POST", "/runs/{id}/notes", "run.noted", (*Server).runNote},
		{"POST", "/runs/{id}/hand-over", "run.handed_over", (*Server).runHandOver},
		{"POST", "/runs/{id}/pause", "run.paused", (*Server).runPause},
		{"POST", "/runs/{id}/resume", "run.resumed", (*Server).runResume},
		{"POST", "/runs/{id}/finish", "run.finished", (*Server).runFinish},
		{"POST", "/runs/{id}/abort", "run.aborted", (*Server).runAbort},
		{"POST", "/runs/{id}/migrate", "run.migrated", (*Server).runMigrate},
		{"GET", "/runs/{id}/proposal", "run.read", (*Server).proposal},
		{"POST", "/runs/{id}/proposal", "document.revision_opened", (*Server).proposalDone},
	}
}

func riskRoutes() []route {
	return []route{
		{"GET", "/overview", "risk.read", (*Server).overview},
		{"GET", "/overview/trend.json", "risk.read", (*Server).trend},
		{"GET", "/overview/days/{day}", "risk.read", (*Server).past},
		{"GET", "/overview/days/{day}/rows.csv", "risk.read", (*Server).pastCSV},
		{"GET", "/risk", "risk.read", (*Server).risks},
		{"GET", "/risk.csv", "risk.read", (*Server).risksCSV},
		{"GET", "/risk/{device}/{vulnerability}", "risk.read", (*Server).why},
		{"GET", "/vulnerabilities", "risk.read", (*Server).vulns},
		{"GET", "/vulnerabilities.csv", "risk.read", (*Server).vulnsCSV},
		{"GET", "/decide", "risk.decided|risk.accepted", (*Server).decide},
		{"POST", "/decide", "risk.decided|risk.accepted", (*Server).decideDone},
		{"GET", "/decisions", "risk.read", (*Server).decisions},
		{"GET", "/decisions.csv", "risk.read", (*Server).decisionsCSV},
		{"GET", "/decisions/{id}", "risk.read", (*Server).decision},
		{"GET", "/decisions/{id}/burn-down.json", "risk.read", (*Server).burnDown},
		{"GET", "/decisions/{id}/work-order.csv", "risk.read", (*Server).workOrder},
		{"POST", "/decisions/{id}/progress", "risk.progress_recorded", (*Server).progress},
		{"POST", "/decisions/{id}/close", "risk.closed", (*Server).closeDecision},
		{"GET", "/decision-table", "risk.read", (*Server).table},
		{"POST", "/decision-table", "risk.table_changed", (*Server).tableChange},
	}
}

func deviceRoutes() []route {
	return []route{
		{"GET", "/devices", "device.read", (*Server).devices},
		{"GET", "/devices.csv", "device.read", (*Server).devicesCSV},
		{"GET", "/devices.json", "device.read", (*Server).devicesJSON},
		{"GET", "/devices/new", "device.registered", (*Server).deviceNew},
		{"POST", "/devices/new", "device.registered", (*Server).deviceNewDone},
		{"GET", "/devices/contradictions", "device.read", (*Server).contradictions},
		{"GET", "/devices/contradictions.csv", "device.read", (*Server).contradictionsCSV},
		{"POST", "/contradictions/{id}/settle", "device.contradiction_settled", (*Server).settle},
		{"GET", "/devices/{id}", "device.read", (*Server).device},
		{"GET", "/devices/{id}/edit", "device.changed", (*Server).deviceEdit},
		{"POST", "/devices/{id}/edit", "device.changed", (*Server).deviceEditDone},
		{"GET", "/devices/{id}/merge", "device.merged", (*Server).merge},
		{"POST", "/devices/{id}/merge", "device.merged", (*Server).mergeDone},
		{"POST", "/devices/{id}/retire", "device.retired", (*Server).retire},
		{"POST", "/devices/{id}/reinstate", "device.reinstated", (*Server).reinstate},
		{"POST", "/devices/{id}/facts", "device.fact_recorded", (*Server).deviceFact},
		{"POST", "/devices/{id}/facts/{fact}/withdraw", "device.fact_withdrawn", (*Server).deviceFactWithdraw},
		{"GET", "/sites", "device.read", (*Server).sites},
		{"GET", "/sites.csv", "device.read", (*Server).sitesCSV},
		{"POST", "/sites", "device.site_added", (*Server).siteAdd},
		{"POST", "/sites/{id}", "device.site_changed", (*Server).siteRename},
		{"GET", "/imports", "device.read", (*Server).imports},
		{"GET", "/imports.csv", "device.read", (*Server).importsCSV},
		{"GET", "/imports/new", "device.imported", (*Server).importNew},
		{"POST", "/imports/new", "device.imported", (*Server).importPreview},
		{"POST", "/imports", "device.imported", (*Server).importStart},
		{"GET", "/imports/{id}", "device.read", (*Server).importOne},
		{"GET", "/imports/{id}/issues.csv", "device.read", (*Server).importIssues},
	}
}

func productRoutes() []route {
	return []route{
		{"GET", "/products", "product.read", (*Server).products},
		{"GET", "/products.csv", "product.read", (*Server).productsCSV},
		{"GET", "/products/new", "product.model_added", (*Server).productNew},
		{"POST", "/products/new", "product.model_added", (*Server).productNewDone},
		{"GET", "/products/{id}", "product.read", (*Server).product},
		{"GET", "/products/{id}/guide", "capture.guide_written", (*Server).guide},
		{"POST", "/products/{id}/guide", "capture.guide_written", (*Server).guideDone},
		{"GET", "/products/{id}/edit", "product.model_changed", (*Server).productEdit},
		{"POST", "/products/{id}/edit", "product.model_changed", (*Server).productEditDone},
		{"POST", "/products/{id}/releases", "product.release_added", (*Server).releaseAdd},
		{"POST", "/products/{id}/support", "product.support_asserted", (*Server).supportAdd},
		{"POST", "/products/{id}/facts", "product.fact_recorded", (*Server).factAdd},
		{"POST", "/products/{id}/facts/{fact}/withdraw", "product.fact_withdrawn", (*Server).factWithdraw},
		{"GET", "/products/{id}/releases/{release}", "product.read", (*Server).release},
		{"POST", "/products/{id}/releases/{release}/sbom", "product.sbom_added", (*Server).sbomAdd},
		{"GET", "/sboms/{id}", "product.read", (*Server).sbom},
		{"GET", "/sboms/{id}/file", "product.read", (*Server).sbomFile},
		{"GET", "/sboms/{id}/diff", "product.read", (*Server).sbomDiff},
	}
}

func vulnRoutes() []route {
	return []route{
		{"GET", "/vulnerabilities/{id}", "vuln.read", (*Server).vuln},
		{"GET", "/products/{id}/openvex.json", "vuln.read", (*Server).openVEX},
		{"GET", "/products/{id}/csaf.json", "vuln.read", (*Server).csafVEX},
		{"GET", "/vex", "vuln.verdict_recorded", (*Server).vexNew},
		{"POST", "/vex", "vuln.verdict_recorded", (*Server).vexDone},
		{"GET", "/vulnerabilities/{id}/verdict", "vuln.verdict_recorded", (*Server).verdict},
		{"POST", "/vulnerabilities/{id}/verdict", "vuln.verdict_recorded", (*Server).verdictDone},
		{"POST", "/verdicts/{id}/withdraw", "vuln.verdict_withdrawn", (*Server).verdictWithdraw},
		{"GET", "/advisories", "vuln.read", (*Server).advisories},
		{"GET", "/advisories.csv", "vuln.read", (*Server).advisoriesCSV},
		{"GET", "/advisories/{source}/{id}", "vuln.read", (*Server).advisory},
		{"GET", "/advisories/{source}/{id}/document", "vuln.read", (*Server).advisoryDocument},
		{"GET", "/feeds", "vuln.read", (*Server).feeds},
		{"GET", "/feeds.csv", "vuln.read", (*Server).feedsCSV},
		{"GET", "/feeds/new", "vuln.feed_added", (*Server).feedNew},
		{"POST", "/feeds/new", "vuln.feed_added", (*Server).feedNewDone},
		{"GET", "/feeds/{id}", "vuln.read", (*Server).feed},
		{"POST", "/feeds/{id}", "vuln.feed_changed", (*Server).feedChange},
		{"POST", "/feeds/{id}/run", "vuln.feed_loaded", (*Server).feedRun},
		{"POST", "/feeds/{id}/remove", "vuln.feed_removed", (*Server).feedRemove},
		{"GET", "/names", "vuln.read", (*Server).names},
		{"GET", "/names.csv", "vuln.read", (*Server).namesCSV},
		{"POST", "/names", "vuln.alias_added", (*Server).nameAdd},
		{"POST", "/names/{id}/remove", "vuln.alias_removed", (*Server).nameRemove},
	}
}

func adminRoutes() []route {
	return []route{
		{"GET", "/people", "people.read", (*Server).people},
		{"GET", "/people.csv", "people.read", (*Server).peopleCSV},
		{"GET", "/people/new", "people.account_created", (*Server).personNew},
		{"POST", "/people/new", "people.account_created", (*Server).personNewDone},
		{"GET", "/people/credentials", "people.read", (*Server).credentials},
		{"POST", "/people/credentials", "people.credentials_reviewed", (*Server).credentialsReview},
		{"POST", "/people/credentials/certification", "people.certification_filed", (*Server).certificationFiled},
		{"GET", "/people/credentials/certification.txt", "people.read", (*Server).certificationLetter},
		{"GET", "/people/{id}", "people.read", (*Server).person},
		{"POST", "/people/{id}", "people.account_changed", (*Server).personChange},
		{"POST", "/people/{id}/disable", "people.account_disabled", (*Server).personDisable},
		{"POST", "/people/{id}/enable", "people.account_enabled", (*Server).personEnable},
		{"POST", "/people/{id}/identity", "people.identity_verified", (*Server).personIdentity},
		{"POST", "/people/{id}/link", "people.link_made", (*Server).personLink},
		{"POST", "/people/{id}/authenticator/remove", "people.totp_changed", (*Server).personTOTP},
		{"POST", "/people/{id}/passkeys/{key}/revoke", "people.passkey_revoked", (*Server).personPasskey},
		{"POST", "/people/{id}/grants", "people.granted", (*Server).grant},
		{"POST", "/people/{id}/grants/{grant}/revoke", "people.grant_revoked", (*Server).grantRevoke},
		{"POST", "/people/{id}/sessions/end", "people.session_revoked", (*Server).personSessions},
		{"POST", "/people/{id}/tokens/{token}/revoke", "people.token_revoked", (*Server).personToken},
		{"GET", "/roles", "people.read", (*Server).roles},
		{"GET", "/roles.csv", "people.read", (*Server).rolesCSV},
		{"GET", "/roles/new", "people.role_changed", (*Server).roleNew},
		{"POST", "/roles/new", "people.role_changed", (*Server).roleNewDone},
		{"GET", "/roles/{id}", "people.read", (*Server).role},
		{"POST", "/roles/{id}", "people.role_changed", (*Server).roleChange},
		{"POST", "/roles/{id}/delete", "people.role_changed", (*Server).roleDelete},
		{"GET", "/journal", "journal.read", (*Server).journal},
		{"GET", "/journal.csv", "journal.read", (*Server).journalCSV},
		{"GET", "/journal/{seq}", "journal.read", (*Server).entry},
		{"GET", "/system", "system.read", (*Server).system},
	}
}

func documentRoutes() []route {
	return []route{
		{"GET", "/documents", "document.read", (*Server).documents},
		{"GET", "/documents.csv", "document.read", (*Server).documentsCSV},
		{"GET", "/documents/new", "document.created", (*Server).docNew},
		{"POST", "/documents/new", "document.created", (*Server).docNewDone},
		{"GET", "/documents/kit", "document.created", (*Server).kit},
		{"POST", "/documents/kit", "document.created", (*Server).kitInstall},
		{"GET", "/documents/{code}", "document.read", (*Server).document},
		{"GET", "/documents/{code}/revisions/{label}", "document.read", (*Server).revision},
		{"GET", "/documents/{code}/revisions/{label}/shown", "document.read", (*Server).shown},
		{"GET", "/documents/{code}/revisions/{label}/file", "document.read", (*Server).docFile},
		{"GET", "/documents/{code}/revisions/{label}/record.pdf", "document.read", (*Server).docRecord},
		{"GET", "/documents/{code}/revisions/{label}/record.zip", "document.read", (*Server).docArchive},
		{"POST", "/documents/{code}/revisions/{label}/print", "document.printed", (*Server).docPrint},
		{"GET", "/documents/{code}/copies/{id}/copy.pdf", "document.copy_issued", (*Server).docCopy},
		{"GET", "/documents/{code}/images/new", "document.edited", (*Server).docImageNew},
		{"POST", "/documents/{code}/images", "document.edited", (*Server).docImageKeep},
		{"GET", "/documents/{code}/images/{digest}", "document.read", (*Server).docImage},
		{"GET", "/documents/{code}/compare", "document.read", (*Server).compare},
		{"GET", "/documents/{code}/revise", "document.revision_opened", (*Server).revise},
		{"POST", "/documents/{code}/revise", "document.revision_opened", (*Server).reviseDone},
		{"GET", "/documents/{code}/work", "document.read", (*Server).docWork},
		{"POST", "/documents/{code}/do/{act}", "document.submitted|document.reviewed|document.approved|document.frozen|document.released_early|document.rejected", (*Server).docWorkDo},
		{"GET", "/documents/{code}/rounds", "document.read", (*Server).rounds},
		{"GET", "/documents/{code}/edit", "document.edited", (*Server).docEdit},
		{"POST", "/documents/{code}/edit", "document.edited", (*Server).docEditDone},
		{"GET", "/documents/{code}/file", "document.edited", (*Server).docOutside},
		{"POST", "/documents/{code}/file", "document.edited", (*Server).docOutsideDone},
		{"POST", "/documents/{code}/preview", "document.edited", (*Server).docPreview},
		{"POST", "/documents/{code}/comments", "document.commented", (*Server).commentAdd},
		{"POST", "/documents/{code}/comments/{id}/settle", "document.comment_settled", (*Server).commentSettle},
		{"GET", "/documents/{code}/control", "document.read", (*Server).docControl},
		{"POST", "/documents/{code}/control/{act}", "document.periodically_reviewed|document.deviation_granted|document.distribution_changed|document.caution_lifted|document.retired", (*Server).docControlDo},
		{"POST", "/documents/{code}/received", signedIn, (*Server).docReceived},
		{"GET", "/changes", "document.read", (*Server).changes},
		{"GET", "/changes.csv", "document.read", (*Server).changesCSV},
		{"GET", "/changes/new", "document.change_opened", (*Server).changeNew},
		{"POST", "/changes/new", "document.change_opened", (*Server).changeNewDone},
		{"GET", "/changes/{id}", "document.read", (*Server).changeOne},
		{"GET", "/changes/{id}/edit", "document.change_edited", (*Server).changeEdit},
		{"POST", "/changes/{id}/edit", "document.change_edited", (*Server).changeEditDone},
		{"POST", "/changes/{id}/cancel", "document.change_closed", (*Server).changeCancel},
		{"GET", "/functions", "document.read", (*Server).functions},
		{"POST", "/functions", "document.function_assigned", (*Server).functionAssign},
		{"POST", "/functions/delegate", "document.function_delegated", (*Server).functionDelegate},
		{"POST", "/functions/{id}/release", "document.function_released|document.function_delegated", (*Server).functionRelease},
		{"GET", "/status/{token}", public, (*Server).docStatus},
	}
}

func incidentRoutes() []route {
	return []route{
		{"GET", "/incidents", "incident.read", (*Server).incidents},
		{"GET", "/incidents.csv", "incident.read", (*Server).incidentsCSV},
		{"GET", "/incidents/new", "incident.declared", (*Server).incidentNew},
		{"POST", "/incidents/new", "incident.declared", (*Server).incidentNewDone},
		{"GET", "/incidents/{id}", "incident.read", (*Server).incident},
		{"GET", "/incidents/{id}/edit", "incident.changed", (*Server).incidentEdit},
		{"POST", "/incidents/{id}/edit", "incident.changed", (*Server).incidentEditDone},
		{"POST", "/incidents/{id}/move", "incident.moved|incident.closed", (*Server).incidentMove},
		{"POST", "/incidents/{id}/same-as", "incident.moved", (*Server).incidentSame},
		{"POST", "/incidents/{id}/plan", "incident.changed", (*Server).incidentPlan},
		{"POST", "/incidents/{id}/notes", "incident.noted", (*Server).incidentNote},
		{"POST", "/incidents/{id}/links", "incident.linked", (*Server).incidentLink},
		{"POST", "/incidents/{id}/devices", "incident.device_involved", (*Server).incidentInvolve},
		{"GET", "/incidents/{id}/devices/{device}", "incident.device_moved", (*Server).involved},
		{"POST", "/incidents/{id}/devices/{device}", "incident.device_moved", (*Server).involvedDone},
		{"POST", "/incidents/{id}/devices/{device}/waiver", "incident.evidence_waived", (*Server).incidentWaive},
		{"POST", "/incidents/{id}/tasks", "incident.task_set", (*Server).incidentTask},
		{"POST", "/incidents/{id}/tasks/{task}", "incident.task_set", (*Server).taskMove},
		{"GET", "/incidents/{id}/contain", "containment.planned", (*Server).contain},
		{"POST", "/incidents/{id}/contain", "containment.planned", (*Server).containDone},
		{"GET", "/incidents/{id}/entities/new", "incident.entity_set", (*Server).entityNew},
		{"POST", "/incidents/{id}/entities/new", "incident.entity_set", (*Server).entityNewDone},
		{"GET", "/incidents/{id}/entities/{entity}", "incident.read", (*Server).entity},
		{"POST", "/incidents/{id}/entities/{entity}/facts", "incident.entity_set", (*Server).entityFacts},
		{"POST", "/incidents/{id}/entities/{entity}/rule", "incident.clock_ruled", (*Server).entityRule},
		{"POST", "/incidents/{id}/entities/{entity}/sent", "incident.clock_answered", (*Server).entitySent},
		{"POST", "/incidents/{id}/entities/{entity}/delays", "incident.entity_set", (*Server).entityDelay},
		{"GET", "/incidents/{id}/evidence/new", "custody.registered", (*Server).exhibitNew},
		{"POST", "/incidents/{id}/evidence/new", "custody.registered", (*Server).exhibitNewDone},
		{"GET", "/exhibits/{id}", "custody.read", (*Server).exhibit},
		{"POST", "/exhibits/{id}/read", "custody.accessed", (*Server).exhibitRead},
		{"POST", "/exhibits/{id}/{act}", "custody.content_received|custody.sealed|custody.transferred|custody.verified|custody.worked|custody.held|custody.destroyed|custody.broken_accepted", (*Server).exhibitAct},
		{"GET", "/containments/{id}", "incident.read", (*Server).containment},
		{"POST", "/containments/{id}/check", "containment.checked", (*Server).containmentCheck},
		{"POST", "/containments/{id}/sign", "containment.signed_clinical|containment.signed_biomed|containment.signed_attending|containment.signed_command", (*Server).containmentSign},
		{"POST", "/containments/{id}/noticed", "containment.planned", (*Server).containmentNoticed},
		{"POST", "/containments/{id}/run", "containment.ran", (*Server).containmentRun},
		{"POST", "/containments/{id}/see", "containment.seen", (*Server).containmentSee},
		{"POST", "/containments/{id}/return", "containment.returned", (*Server).containmentReturn},
		{"POST", "/containments/{id}/lift", "containment.lifted", (*Server).containmentLift},
		{"POST", "/containments/{id}/cancel", "containment.cancelled", (*Server).containmentCancel},
	}
}
