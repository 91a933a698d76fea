package incident

import (
	"context"
	"slices"
	"strings"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// leads refuses a link that leads nowhere: what it names must be a record that the actor may read. Calls and reports are words.
func (l Link) leads(ctx context.Context, r store.Reader, i Incident) error {
	var err error
	switch l.Kind {
	case FromAlert:
		a, err := detection.GetAlert(ctx, r, l.Target)
		if err == nil && a.Exercise != i.Exercise {
			err = problem.New(problem.Invalid, "an exercise and what really happens are kept apart: %q", a.Title)
		}
		return err
	case FromFinding:
		return finding(ctx, r, l.Target)
	case FromAdvisory:
		_, err = vuln.GetRecord(ctx, r, l.Target)
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

// Finding names a weakness on a device, as links of [FromFinding] do.
func Finding(device, vulnerability string) string { return device + "/" + vulnerability }

// finding refuses what is no weakness that a source describes, alone or on a device of the fleet ("dev_…/CVE-2020-11896").
func finding(ctx context.Context, r store.Reader, target string) error {
	on, weakness, both := strings.Cut(target, "/")
	if !both {
		on, weakness = "", target
	}
	name, err := vuln.Canonical(ctx, r, weakness)
	if err != nil {
		return err
	}
	known, err := vuln.Threats(ctx, r, []string{name})
	if err != nil {
		return err
	}
	if known[name] == nil {
		return problem.New(problem.NotFound, "no source describes the vulnerability %q", weakness)
	}
	if on != "" {
		_, err = device.Get(ctx, r, device.ID(on))
	}
	return err
}
