package web

import (
	"html/template"
	"strconv"
	"strings"
	"time"

	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/custody"
	"triward/internal/incident/ladder"
)

// incidentBadge is the state of an incident.
func incidentBadge(s incident.State) template.HTML {
	class := "warn"
	switch s {
	case incident.Declared, incident.Analysing, incident.Containing, incident.Eradicating:
		class = "bad"
	case incident.Closed, incident.FalseAlarm, incident.OnHold:
		class = "plain"
	}
	return tag(class, word(s))
}

// severityBadge is a level of the cyber scale, or of the clinical one with its letter.
func severityBadge(prefix string, level int) template.HTML {
	class := "plain"
	switch {
	case level >= incident.Severe:
		class = "bad"
	case level == 2:
		class = "warn"
	}
	text := prefix + strconv.Itoa(level)
	if prefix == "" {
		text = incident.CyberWords()[min(max(level, 0), 5)]
	}
	return tag(class, text)
}

// clockBadge is the state of a reporting clock.
func clockBadge(s clock.State) template.HTML {
	class := map[clock.State]string{clock.Overdue: "bad", clock.Running: "warn", clock.MayRun: "warn", clock.Discharged: "good"}[s]
	if class == "" {
		class = "plain"
	}
	words := map[clock.State]string{clock.MayRun: "may run", clock.NotApplicable: "does not apply", clock.NotInForce: "not in force", clock.Discharged: "sent"}
	if w := words[s]; w != "" {
		return tag(class, w)
	}
	return tag(class, word(s))
}

// containmentBadge is the state of a containment action.
func containmentBadge(s ladder.State) template.HTML {
	class := map[ladder.State]string{ladder.Holding: "good", ladder.Failed: "bad", ladder.Executing: "warn", ladder.Verifying: "warn", ladder.Returning: "warn"}[s]
	if class == "" {
		class = "plain"
	}
	return tag(class, word(s))
}

// involvedBadge is how a device stands in an incident.
func involvedBadge(s incident.DeviceState) template.HTML {
	class := "warn"
	switch s {
	case incident.Compromised:
		class = "bad"
	case incident.Cleared, incident.BackInUse, incident.Revalidated:
		class = "good"
	case incident.DeviceRetired:
		class = "plain"
	}
	return tag(class, word(s))
}

// exhibitBadge is where a piece of evidence stands.
func exhibitBadge(s custody.State) template.HTML {
	class := map[custody.State]string{custody.Sealed: "good", custody.Broken: "bad", custody.CheckedOut: "warn", custody.Registered: "warn"}[s]
	if class == "" {
		class = "plain"
	}
	return tag(class, word(s))
}

// taskBadge is the state of a task.
func taskBadge(s incident.TaskState) template.HTML {
	class := map[incident.TaskState]string{incident.Done: "good", incident.Blocked: "bad", incident.Doing: "warn"}[s]
	if class == "" {
		class = "plain"
	}
	return tag(class, word(s))
}

// instantWords is an instant in the zone that it carries: an authority counts in its own.
func instantWords(t time.Time) string {
	if t.IsZero() {
		return ""
	}
	return t.Format("2 Jan 2006 15:04 MST")
}

// linkWord says what a link of an incident is.
func linkWord(k incident.LinkKind) string {
	return map[incident.LinkKind]string{incident.FromAlert: "came from alert", incident.FromFinding: "came from finding", incident.FromAdvisory: "came from advisory", incident.FromCall: "came from a call:",
		incident.FromReport: "came from report", incident.FedDecision: "decision looked at again:", incident.FedVulnerability: "seen exploited:", incident.FedStep: "step that proved wrong:",
		incident.FedChange: "change request", incident.FedRule: "detection rule", incident.FedControl: "control that failed:", incident.FeedbackNoRisk: "no risk changes:", incident.FeedbackNoProcess: "no procedure changes:"}[k]
}

// urlLinked is the page of what an incident is linked with, "" when it has none.
func urlLinked(k incident.LinkKind, target string) string {
	code, _, _ := strings.Cut(target, "#")
	switch {
	case k == incident.FedStep:
		return urlDocument(code)
	case k == incident.FedRule:
		return urlRule(target)
	case k == incident.FedVulnerability:
		return urlVuln(target)
	case k == incident.FedChange && strings.HasPrefix(target, "chg_"):
		return urlChange(target)
	case (k == incident.FedDecision || k == incident.FedControl) && strings.HasPrefix(target, "dec_"):
		return urlDecision(target)
	}
	return ""
}

// jurisdictions are those whose duties are known, with their names.
func jurisdictions() []Option {
	var out []Option
	for _, j := range content.Jurisdictions() {
		out = append(out, Option{Value: j.ID, Text: j.Name})
	}
	return out
}

// jurisdiction is the name of a jurisdiction.
func jurisdiction(id string) string {
	for _, o := range jurisdictions() {
		if o.Value == id {
			return o.Text
		}
	}
	return id
}
