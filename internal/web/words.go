package web

import (
	"fmt"
	"html/template"
	"net/url"
	"reflect"
	"strconv"
	"strings"
	"time"

	"triward/internal/detection"
)

// functions are what templates may call.
func functions() template.FuncMap {
	return template.FuncMap{
		"asset": assetURL, "n": count, "when": when, "day": day, "word": word, "badge": badge, "harm": harmBadge, "exploit": exploitBadge,
		"cell": cellBadge, "kev": kevBadge, "epss": percent, "noEPSS": noEPSS, "percent": percent, "icon": icon, "dict": dict, "join": strings.Join, "short": short, "plural": plural, "lasts": lasts,
		"deviceURL": urlDevice, "productURL": urlProduct, "vulnURL": urlVuln, "whyURL": urlWhy, "decisionURL": urlDecision, "advisoryURL": urlAdvisory,
		"riskURL": urlRisk, "siteRiskURL": urlRiskOf, "query": queryURL, "web": webURL, "release": urlRelease, "sbom": urlSBOM, "subject": urlSubject, "signatureURL": urlSignature, "title": title, "rowWords": rowWords, "account": urlAccountOf, "pastURL": urlPast,
		"documentURL": urlDocument, "revisionURL": urlRevision, "changeURL": urlChange, "functionWord": functionWord, "list": list,
		"coverageURL": urlCoverageOf, "clauseURL": urlClause, "evidenceURL": urlEvidenceOf, "inquiryURL": urlInquiry, "trailURL": urlTrail, "validationURL": urlValidation, "validationBadge": validationBadge, "outcomeBadge": outcomeBadge, "bundleFileURL": urlBundleFile, "evidenceBadge": evidenceBadge, "coverBadge": coverBadge, "mappingBadge": mappingBadge,
		"inc": func(i int) int { return i + 1 }, "dec": func(i int) int { return i - 1 }, "runURL": urlRun, "learningURL": urlLearning, "trainingURL": urlTrainingOf,
		"blastURL": urlBlast, "blastInURL": urlBlastIn, "priorityBadge": priorityBadge, "left": left,
		"connectorURL": urlConnector, "flowsURL": urlFlows,
		"incidentURL": urlIncident, "whoURL": urlWho, "claimNewURL": urlClaimNew, "stepNewURL": urlStepNew, "guideURL": urlGuide, "refURL": urlRef, "entityURL": urlEntity, "incidentBadge": incidentBadge, "severityBadge": severityBadge, "clockBadge": clockBadge, "containmentBadge": containmentBadge, "involvedBadge": involvedBadge, "taskBadge": taskBadge, "instant": instantWords, "linkWord": linkWord, "linkURL": urlLinked, "placeWord": jurisdiction, "exhibitURL": urlExhibit, "exhibitBadge": exhibitBadge, "containmentURL": urlContainment, "bedsideCardURL": urlBedsideCard,
		"reportsURL": urlReports, "disclosuresURL": urlDisclosures, "draftURL": urlDraft,
		"timelineURL": urlTimeline, "timelineWord": timelineWord, "markForm": markFormOf, "formatWord": formatWord,
		"exerciseURL": urlExercise, "exerciseNewURL": urlExerciseNew, "exerciseBadge": exerciseBadge, "standingBadge": standingBadge,
		"level": levelBadge, "takes": takes, "alertURL": urlAlert, "alertsURL": urlAlertsOf, "eventURL": urlEvent, "eventsURL": urlEventsOf, "ruleURL": urlRule, "sourceURL": urlSource, "baselineURL": urlBaseline,
		"moveURL": urlAlertMove, "lost": lostWords, "share": shareWords, "technique": urlTechnique, "quiet": quietWords,
		"by": actorWords, "learnedURL": urlLearned, "metricName": metricName, "metricFormula": metricFormula, "metricWords": metricWords, "metricValue": metricValue,
	}
}

// words are the terms of closed lists as people read them; others lose their underscores.
var words = map[string]string{
	"life_sustaining": "life-sustaining", "life_supporting": "life-supporting", "not_affected": "not affected", "end_of_support": "end of support",
	"limited_support": "limited support", "support": "supported", "needs_control": "needs control", "os": "operating system", "ip": "IP address",
	"mac": "MAC address", "ae_title": "AE title", "hostname": "host name", "csaf": "CSAF", "cve": "CVE", "nvd": "NVD", "osv": "OSV", "kev": "KEV", "epss": "EPSS",
	"csaf_provider": "CSAF provider", "under_investigation": "under investigation", "point_to_point": "point-to-point", "none": "no connection",
	"vendor_fix": "fix", "none_available": "no remedy available", "no_fix_planned": "no fix planned", "asset_tag": "asset tag", "udi": "UDI", "sbom": "SBOM",
	"it_owner": "IT owner", "no_room": "no room to correlate", "it_security": "IT security", "todo": "to do", "totp": "code of an authenticator", "step_up": "the identity provider, asked again", "recovery_code": "recovery code", "employment": "known to the personnel office", "openvex": "OpenVEX", "notify": "told",
	"mail": "e-mail", "webhook": "web request", "syslog": "syslog", "syslog_udp": "syslog over UDP", "syslog_tcp": "syslog over TCP", "syslog_tls": "syslog over TLS", "http": "HTTP", "first_seen": "what was seen", "no_action": "no action", "fhir": "FHIR", "atna": "ATNA audit messages", "hl7": "HL7", "dicom": "DICOM", "cef": "CEF", "json": "JSON", "eve": "EVE", "dns": "DNS",
}

// parts are what the program does by itself, by the name under which it acts.
var parts = map[string]string{
	"acceptances": "review of acceptances", "assurance": "evidence", "defeat": "after a wrong step", "demonstration": "making of the demonstration", "documents": "library",
	"feeds": "feeds", "manuals": "own manuals", "people": "accounts", "rules": "rules of matching", "training": "training", "verdicts": "review of verdicts",
}

// actorWords is who did something: a person by name, or the program and which part of its work it was.
func actorWords(id, name string) string {
	part, program := strings.CutPrefix(id, "system:")
	switch {
	case program && parts[part] != "":
		return "Triward (" + parts[part] + ")"
	case program:
		return "Triward (" + strings.ReplaceAll(part, "-", " ") + ")"
	case name == "":
		return id
	}
	return name
}

// word is a term of a closed list in words, any string type.
func word(v any) string {
	s := text(v)
	if w, ok := words[s]; ok {
		return w
	}
	return strings.ReplaceAll(s, "_", " ")
}

// title is a term with a capital letter, for choices and headings.
func title(v any) string {
	s := word(v)
	if s == "" {
		return s
	}
	return strings.ToUpper(s[:1]) + s[1:]
}

func text(v any) string {
	rv := reflect.ValueOf(v)
	if rv.Kind() == reflect.String {
		return rv.String()
	}
	return fmt.Sprint(v)
}

// count is a whole number with thousands separators.
func count(v any) string {
	rv := reflect.ValueOf(v)
	var n int64
	switch {
	case rv.CanInt():
		n = rv.Int()
	case rv.CanUint():
		n = int64(rv.Uint())
	default:
		return fmt.Sprint(v)
	}
	s := strconv.FormatInt(n, 10)
	sign := ""
	if n < 0 {
		sign, s = "−", s[1:]
	}
	for i := len(s) - 3; i > 0; i -= 3 {
		s = s[:i] + "," + s[i:]
	}
	return sign + s
}

// plural is a number with its noun: "1 device", "2 devices".
func plural(v any, one, many string) string {
	s := count(v)
	if s == "1" {
		return s + " " + one
	}
	return s + " " + many
}

// when is an instant. The browser shows it in the local zone; the hover keeps UTC.
func when(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="muted">–</span>`
	}
	t = t.UTC()
	return template.HTML(fmt.Sprintf(`<time datetime="%s" title="%s">%s</time>`, t.Format(time.RFC3339), t.Format("2006-01-02 15:04:05 UTC"), t.Format("2 Jan 2006, 15:04 UTC")))
}

// day is a date without a time of day.
func day(t time.Time) template.HTML {
	if t.IsZero() {
		return `<span class="muted">–</span>`
	}
	return template.HTML(fmt.Sprintf(`<time datetime="%s">%s</time>`, t.UTC().Format(time.DateOnly), t.UTC().Format("2 Jan 2006")))
}

// lasts is a duration in days or hours.
func lasts(d time.Duration) string {
	switch {
	case d <= 0:
		return "0 days"
	case d < 48*time.Hour:
		return plural(int(d.Hours()+0.5), "hour", "hours")
	}
	return plural(int(d.Hours()/24+0.5), "day", "days")
}

// badge is a state: its class and its word say the same.
func badge(v any) template.HTML {
	s := text(v)
	if s == "" {
		return ""
	}
	class := s
	switch s {
	case "active", "supported", "support", "in_use":
		class = "good"
	case "retired", "merged", "not_started", "closed", "excused", "withdrawn", "replaced", "disabled":
		class = "plain"
	case "tuned", "true_positive", "normal", "seen":
		class = "good"
	case "draft", "testing", "merged_into", "idle":
		class = "plain"
	case "canary", "muted", "triaging", "untested":
		class = "warn"
	case "reopened", "false_positive", "not_normal", "blind":
		class = "bad"
	case "escalated":
		class = "accent"
	case "end_of_support":
		class = "bad"
	case "limited_support", "under_investigation", "applying", "staging", "held":
		class = "warn"
	case "skipped":
		class = "bad"
	}
	return tag(class, word(s))
}

// validationBadge is what was signed about a validation report.
func validationBadge(v any) template.HTML {
	switch text(v) {
	case "approved":
		return tag("good", "released")
	case "verified":
		return tag("open", "verified, to be released")
	case "refused":
		return tag("bad", "refused")
	}
	return tag("open", "to be verified")
}

// outcomeBadge is how a check ended; what could not run has not passed.
func outcomeBadge(v any) template.HTML {
	switch text(v) {
	case "passed":
		return tag("good", "passed")
	case "failed":
		return tag("bad", "failed")
	}
	return tag("unknown", "not run")
}

// evidenceBadge is what evidence says; "" is that nothing is asked.
func evidenceBadge(v any) template.HTML {
	switch s := text(v); s {
	case "passing":
		return tag("good", "passing")
	case "failing":
		return tag("bad", "failing")
	case "stale":
		return tag("warn", "stale")
	case "":
		return tag("plain", "not asked")
	default:
		return tag("unknown", "unknown")
	}
}

// coverBadge is what a clause is met by.
func coverBadge(v any) template.HTML {
	switch s := text(v); s {
	case "in_force":
		return tag("good", "in force")
	case "by_parts":
		return tag("good", "by its parts")
	case "in_parts":
		return tag("warn", "in parts")
	case "draft":
		return tag("warn", "draft only")
	default:
		return tag("bad", "nothing")
	}
}

// mappingBadge is how sure a mapping is.
func mappingBadge(v any) template.HTML {
	switch s := text(v); s {
	case "confirmed":
		return tag("good", "confirmed")
	case "suspect":
		return tag("warn", "to be confirmed again")
	default:
		return tag("plain", "proposed mapping, not legal advice")
	}
}

// levelBadge is how serious an alert or rule is, with its word.
func levelBadge(v any) template.HTML { return tag("level "+text(v), word(v)) }

// takes is a duration as short as it can be said.
func takes(d time.Duration) string {
	sign := ""
	if d < 0 {
		sign, d = "−", -d
	}
	switch {
	case d < time.Millisecond:
		return sign + "under 1 ms"
	case d < time.Second:
		return sign + count(d.Milliseconds()) + " ms"
	case d < 2*time.Minute:
		return sign + count(int(d.Seconds())) + " s"
	case d < 2*time.Hour:
		return sign + count(int(d.Minutes())) + " min"
	case d < 48*time.Hour:
		return sign + count(int(d.Hours())) + " h"
	}
	return sign + count(int(d.Hours()/24)) + " days"
}

// lostWords is a number of lost records; that nobody can know is said as such.
func lostWords(n int64) template.HTML {
	if n == detection.LostUnknown {
		return tag("unknown", "unknown")
	}
	return template.HTML(count(n))
}

// shareWords is the precision of a rule with its n; without any it is not known.
func shareWords(p detection.Precision) template.HTML {
	share, ok := p.Share()
	if !ok {
		return tag("unknown", "unknown")
	}
	return template.HTML(percent(share) + ` <span class="muted small">of ` + count(p.N()) + `</span>`)
}

func tag(class, words string) template.HTML {
	return template.HTML(`<span class="badge ` + template.HTMLEscapeString(class) + `">` + template.HTMLEscapeString(words) + `</span>`)
}

func classBadge(class, words string) template.HTML {
	if class == "" {
		return ""
	}
	c := template.HTMLEscapeString(class)
	return template.HTML(`<span class="cls ` + c + `"><b>` + c + `</b><span>` + template.HTMLEscapeString(words) + `</span></span>`)
}

// harmBadge is a severity with its letter and word.
func harmBadge(v interface{ Word() string }) template.HTML { return classBadge(text(v), v.Word()) }

// exploitBadge is an exploitability with its letter and word.
func exploitBadge(v interface{ Word() string }) template.HTML { return classBadge(text(v), v.Word()) }

// cellBadge is a cell of the decision table: its word, or its first letter where the table is narrow.
func cellBadge(v any) template.HTML {
	s := text(v)
	if s == "" {
		return ""
	}
	return template.HTML(`<span class="badge `+template.HTMLEscapeString(s)+`" title="`+template.HTMLEscapeString(word(s))+`"><b aria-hidden="true">`+
		template.HTMLEscapeString(strings.ToUpper(s[:1]))+`</b><span>`) + template.HTML(template.HTMLEscapeString(word(s))) + `</span></span>`
}

func kevBadge(in bool) template.HTML {
	if !in {
		return ""
	}
	return `<span class="badge kev" title="In a catalogue of known exploited vulnerabilities">KEV</span>`
}

// percent is a share from 0 to 1.
func percent(f float64) string {
	switch {
	case f > 0 && f < 0.001:
		return "< 0.1 %"
	case f < 0.1:
		return strconv.FormatFloat(f*100, 'f', 1, 64) + " %"
	}
	return strconv.FormatFloat(f*100, 'f', 0, 64) + " %"
}

// noEPSS stands where no EPSS row is known: that is said as such, never as zero.
func noEPSS() template.HTML { return `<span class="muted" title="No EPSS row is known">–</span>` }

// icon is a picture that repeats the words beside it.
func icon(name string) template.HTML {
	return template.HTML(`<svg class="icon" aria-hidden="true"><use href="` + assetURL("icons.svg") + `#` + template.HTMLEscapeString(name) + `"></use></svg>`)
}

// dict makes a map of names and values for a part.
func dict(pairs ...any) map[string]any {
	out := map[string]any{}
	for i := 0; i+1 < len(pairs); i += 2 {
		out[text(pairs[i])] = pairs[i+1]
	}
	return out
}

// list makes a list of texts for a range.
func list(all ...string) []string { return all }

// short is a text cut for a list, at a character.
func short(n int, s string) string {
	r := []rune(s)
	if len(r) <= n {
		return s
	}
	return strings.TrimSpace(string(r[:n])) + "…"
}

// webURL is an address that a source gave, when it is one of the web; "" otherwise.
func webURL(s string) string {
	u, err := url.Parse(s)
	if err != nil || u.Scheme != "https" && u.Scheme != "http" || u.Host == "" {
		return ""
	}
	return u.String()
}
