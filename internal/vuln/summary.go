package vuln

import (
	"strings"
	"time"
	"unicode/utf8"

	"triward/internal/advisory"
)

// Summary is what one record says of one vulnerability, for pages and for ranking.
type Summary struct {
	Title       string               `json:"title,omitempty"`
	Description string               `json:"description,omitempty"`
	CWEs        []string             `json:"cwes,omitempty"`
	Scores      []advisory.Score     `json:"scores,omitempty"`
	Decisions   []advisory.Decision  `json:"decisions,omitempty"`
	Exploited   []advisory.Exploited `json:"exploited,omitempty"`
	Remedies    []advisory.Remedy    `json:"remedies,omitempty"`
	Threats     []advisory.Threat    `json:"threats,omitempty"`
	Aliases     []string             `json:"aliases,omitempty"`
	Published   time.Time            `json:"published,omitzero"`
	Modified    time.Time            `json:"modified,omitzero"`
	FixKnown    time.Time            `json:"fix_known,omitzero"` // when this record first could tell of a fix: its date, zero without one
}

// longest text that a page shows of a description; the document itself keeps all of it.
const maxDescription = 4000

func summarise(r advisory.Record, v advisory.Vulnerability) Summary {
	s := Summary{Title: v.Title, Description: cut(v.Description, maxDescription), CWEs: v.CWEs, Scores: v.Scores, Decisions: v.Decisions,
		Exploited: v.Exploited, Threats: v.Threats, Aliases: v.Aliases, Published: r.Published, Modified: r.Modified}
	if s.Title == "" && len(r.Vulns) == 1 {
		s.Title = r.Title
	}
	if s.Description == "" {
		s.Description = cut(r.Summary, maxDescription)
	}
	for _, m := range v.Remedies {
		m.Details = cut(m.Details, maxDescription)
		m.Products = nil
		s.Remedies = append(s.Remedies, m)
		if m.Category != "vendor_fix" {
			continue
		}
		at := m.Date
		if at.IsZero() {
			at = r.Published
		}
		if s.FixKnown.IsZero() || at.Before(s.FixKnown) {
			s.FixKnown = at
		}
	}
	return s
}

// cut shortens a text to at most n bytes without splitting a character.
func cut(s string, n int) string {
	if len(s) <= n {
		return s
	}
	for n > 0 && !utf8.RuneStart(s[n]) {
		n--
	}
	return s[:n] + "…"
}

// ownID is the vulnerability id of a row's "id#index" name within its record.
func ownID(name string) string {
	id, _, _ := strings.Cut(name, "#")
	return id
}
