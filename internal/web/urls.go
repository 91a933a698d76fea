package web

import (
	"net/url"
	"strings"
	"time"

	"triward/internal/people/passkey"
	"triward/internal/risk"
)

// Every address of a page is made here.

func path(parts ...string) string {
	var b strings.Builder
	for _, p := range parts {
		b.WriteByte('/')
		b.WriteString(url.PathEscape(p))
	}
	return b.String()
}

// queryURL is a path with an encoded query.
func queryURL(path, query string) string {
	if query == "" {
		return path
	}
	return path + "?" + query
}

// localPath is an address within this site, else the start page: what comes back from a form must not lead elsewhere.
func localPath(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "" || u.Host != "" || !strings.HasPrefix(u.Path, "/") || strings.HasPrefix(s, "//") || strings.ContainsAny(s, "\\\r\n") {
		return "/"
	}
	return s
}

// StylePath is the address of the style sheet, for pages of the other door.
func StylePath() string { return assetURL("app.css") }

func assetURL(name string) string { return path("static", assets()[name].digest, name) }

func urlSignIn() string { return "/sign-in" }
func urlCode() string   { return "/sign-in/code" }
func urlSetup() string  { return "/setup" }

// SetupPath is the page of the one-time link for the first account.
func SetupPath(secret string) string { return urlSetup() + "?link=" + url.QueryEscape(secret) }

func urlPassword() string       { return "/password" }
func urlAccount() string        { return "/account" }
func urlSigning() string        { return "/account/signing" }
func urlAccountability() string { return "/account/signing/accountability" }
func urlOverview() string       { return "/overview" }
func urlRisk() string           { return "/risk" }
func urlDevices() string        { return "/devices" }
func urlSites() string          { return "/sites" }
func urlContradictions() string { return "/devices/contradictions" }
func urlProducts() string       { return "/products" }
func urlVulns() string          { return "/vulnerabilities" }
func urlAdvisories() string     { return "/advisories" }
func urlDecisions() string      { return "/decisions" }
func urlDocuments() string      { return "/documents" }
func urlChanges() string        { return "/changes" }
func urlFunctions() string      { return "/functions" }
func urlDecide() string         { return "/decide" }
func urlImports() string        { return "/imports" }
func urlVEX() string            { return "/vex" }
func urlFeeds() string          { return "/feeds" }
func urlPeople() string         { return "/people" }
func urlRoles() string          { return "/roles" }
func urlTable() string          { return "/decision-table" }
func urlNames() string          { return "/names" }
func urlJournal() string        { return "/journal" }
func urlSystem() string         { return "/system" }
func urlCoverage() string       { return "/coverage" }
func urlEvidence() string       { return "/evidence" }
func urlInquiries() string      { return "/inquiries" }
func urlRecords() string        { return "/training/records" }
func urlTrails() string         { return "/trail-reviews" }
func urlValidations() string    { return "/validation" }
func urlNotices() string        { return "/notices" }
func urlActivity() string       { return "/activity" }

func urlDevice(id any) string       { return path("devices", text(id)) }
func urlProduct(id any) string      { return path("products", text(id)) }
func urlVuln(id string) string      { return path("vulnerabilities", id) }
func urlDecision(id any) string     { return path("decisions", text(id)) }
func urlAccountOf(id any) string    { return path("people", text(id)) }
func urlSBOM(id any) string         { return path("sboms", text(id)) }
func urlFeed(id any) string         { return path("feeds", text(id)) }
func urlImport(id any) string       { return path("imports", text(id)) }
func urlSignature(id string) string { return path("signatures", id) }
func urlPasskeyOptions(p passkey.Purpose) string {
	return queryURL("/account/passkeys/options", "for="+url.QueryEscape(string(p)))
}
func urlRole(id any) string { return path("roles", text(id)) }

func urlDocument(code string) string        { return path("documents", code) }
func urlRevision(code, label string) string { return path("documents", code, "revisions", label) }
func urlImageOf(code, digest string) string { return path("documents", code, "images", digest) }
func urlChange(id any) string               { return path("changes", text(id)) }

func urlCoverageOf(set string) string    { return path("coverage", set) }
func urlClause(set, ref string) string   { return path("coverage", set, "clauses", ref) }
func urlEditions(set, old string) string { return path("coverage", set, "since", old) }
func urlEvidenceOf(id string) string     { return path("evidence", id) }
func urlInquiry(id string) string        { return path("inquiries", id) }
func urlTrail(id string) string          { return path("trail-reviews", id) }
func urlValidation(id string) string     { return path("validation", id) }

// urlBundleFile is the page of one file of a bundle.
func urlBundleFile(inquiry, bundle, file string) string {
	return queryURL(path("inquiries", inquiry, "bundles", bundle, "file"), url.Values{"path": {file}}.Encode())
}

// urlRecord is the page of a row of an evidence view, "" when it has none.
func urlRecord(view, id string) string {
	switch view {
	case "documents":
		return urlDocument(id)
	case "changes", "devices", "models", "feeds", "decisions", "accounts", "inquiries", "trail_reviews", "signatures", "runs", "training":
		return urlSubject(id)
	case "sign_ins", "rights":
		return path("journal", id)
	}
	return ""
}

func urlWhy(device any, vulnerability string) string {
	return path("risk", text(device), vulnerability)
}
func urlRelease(model, release any) string {
	return path("products", text(model), "releases", text(release))
}

// urlAdvisory is the page of a record by its key "source/id".
func urlAdvisory(key string) string {
	source, id, _ := strings.Cut(key, "/")
	return path("advisories", source, id)
}

// urlRiskOf is the ranked list under filters: names and values in turn.
func urlRiskOf(pairs ...any) string { return queryURL(urlRisk(), pairsOf(pairs).Encode()) }

// urlPast is what a figure of the trend counted on a day.
func urlPast(day time.Time, f risk.Figure) string {
	query := ""
	if f != risk.FigureUncontrolled {
		query = url.Values{"figure": {string(f)}}.Encode()
	}
	return queryURL(urlPastDay(day), query)
}

func urlPastDay(day time.Time) string {
	return path("overview", "days", day.UTC().Format(time.DateOnly))
}

// urlDevicesOf is the list of devices under filters.
func urlDevicesOf(pairs ...any) string { return queryURL(urlDevices(), pairsOf(pairs).Encode()) }

func pairsOf(pairs []any) url.Values {
	q := url.Values{}
	for i := 0; i+1 < len(pairs); i += 2 {
		if s := text(pairs[i+1]); s != "" {
			q.Set(text(pairs[i]), s)
		}
	}
	return q
}

// subjectURL is the page of what something is about, "" when it has none or the visitor may not open it.
func (v *visit) subjectURL(id string) string {
	kind, _, _ := strings.Cut(id, "_")
	needs := map[string]string{"usr": "people.read", "rol": "people.read", "fed": "vuln.read", "dec": "risk.read", "dev": "device.read", "imp": "device.read", "mod": "product.read", "run": "run.read", "inc": "incident.read", "cnt": "incident.read", "alr": "detection.read", "src": "detection.read"}[kind]
	if needs != "" && (!v.may(needs) || kind == "fed" && !v.actor.Scope(needs).All) {
		return ""
	}
	return urlSubject(id)
}

func urlTasks() string                   { return "/tasks" }
func urlTraining() string                { return "/training" }
func urlLearning(id any) string          { return path("training", text(id)) }
func urlIncidents() string               { return "/incidents" }
func urlIncidentNew(pairs ...any) string { return queryURL("/incidents/new", pairsOf(pairs).Encode()) }
func urlIncident(id any) string          { return path("incidents", text(id)) }
func urlEntity(incident, entity any) string {
	return path("incidents", text(incident), "entities", text(entity))
}
func urlExhibit(id any) string     { return path("exhibits", text(id)) }
func urlContainment(id any) string { return path("containments", text(id)) }
func urlRuns() string              { return "/runs" }
func urlRun(id any) string         { return path("runs", text(id)) }

// urlRunStep is below where a step of a run is acted on.
func urlRunStep(run, step any) string { return path("runs", text(run), "steps", text(step)) }

// urlRunNew starts a run; pairs of names and values fill its form.
func urlRunNew(pairs ...any) string { return queryURL("/runs/new", pairsOf(pairs).Encode()) }

// urlTrainingOf is the training matrix under filters.
func urlTrainingOf(pairs ...any) string { return queryURL(urlTraining(), pairsOf(pairs).Encode()) }

// urlSubject is the page of what a journal entry is about, "" when it has none.
func urlSubject(id string) string {
	kind, _, _ := strings.Cut(id, "_")
	switch kind {
	case "account":
		return urlAccount()
	case "credentials":
		return urlCredentials()
	case "contradictions":
		return urlContradictions()
	case "dev":
		return urlDevice(id)
	case "mod":
		return urlProduct(id)
	case "dec":
		return urlDecision(id)
	case "usr":
		return urlAccountOf(id)
	case "fed":
		return urlFeed(id)
	case "imp":
		return urlImport(id)
	case "rol":
		return urlRole(id)
	case "inq":
		return urlInquiry(id)
	case "trv":
		return urlTrail(id)
	case "val":
		return urlValidation(id)
	case "validation":
		return urlValidations()
	case "inc":
		return urlIncident(id)
	case "evd":
		return urlExhibit(id)
	case "cnt":
		return urlContainment(id)
	case "run":
		return urlRun(id)
	case "alr":
		return urlAlert(id)
	case "src":
		return urlSource(id)
	case "trn":
		return urlLearning(id)
	case "doc":
		return urlDocument(id)
	case "chg":
		return urlChange(id)
	}
	if strings.HasPrefix(id, "CVE-") || strings.HasPrefix(id, "GHSA-") || strings.HasPrefix(id, "ICSMA-") {
		return urlVuln(id)
	}
	return ""
}
