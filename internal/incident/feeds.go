package incident

import (
	"context"
	"slices"
	"strings"

	"triward/internal/detection"
	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// leads refuses feedback that leads nowhere: what it names must be a record that the actor may read.
func (l Link) leads(ctx context.Context, r store.Reader, i Incident) error {
	var err error
	switch l.Kind {
	case FedDecision, FedControl:
		_, err = risk.GetDecision(ctx, r, l.Target)
	case FedVulnerability:
		var seen []vuln.Observation
		seen, err = vuln.ObservedIn(ctx, r, i.ID)
		if err == nil && !slices.ContainsFunc(seen, func(o vuln.Observation) bool { return o.Vulnerability == l.Target }) {
			return problem.New(problem.Invalid, "it is not recorded that %s was seen exploited; record it as what was learned", l.Target)
		}
	case FedStep:
		code, _, _ := strings.Cut(l.Target, "#")
		_, err = document.ByCode(ctx, r, code)
	case FedChange:
		_, err = document.ChangeOf(ctx, r, l.Target)
	case FedRule:
		_, err = detection.GetRule(ctx, r, l.Target, i.Changed)
	}
	return err
}
