package api

import (
	"context"
	"slices"

	"triward/apiv1"
	"triward/internal/advisory"
	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

func (s *Server) vulnerabilities() {
	add(s, op{id: "vulnerabilities", route: "GET /vulnerabilities", kind: risk.KindRead, summary: "Vulnerabilities that concern the fleet, the worst first"}, s.listVulns)
	add(s, op{id: "vulnerability", route: "GET /vulnerabilities/{id}", kind: vuln.KindRead, summary: "What all sources say of a vulnerability, by any of its ids"}, s.vulnerability)
	add(s, op{id: "vulnerability-matches", route: "GET /vulnerabilities/{id}/matches", kind: vuln.KindRead, summary: "Answers about a vulnerability, one for each configuration and record, with their proofs"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"200"`
			apiv1.Cursor
		}) (apiv1.Page[apiv1.FoundMatch], error) {
			p, err := read(ctx, s, func(r store.Reader) (vuln.FoundPage, error) {
				v, err := vuln.Canonical(ctx, r, in.ID)
				if err != nil {
					return vuln.FoundPage{}, err
				}
				return vuln.ListFound(ctx, r, vuln.FoundQuery{Vulnerability: v, After: in.After, Limit: in.Limit})
			})
			return page(p.Found, p.Next, wireFound), err
		})
	add(s, op{id: "device-matches", route: "GET /devices/{id}/matches", kind: vuln.KindRead, summary: "Every answer about a device, with its proof; also those that are not affected"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Match], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]vuln.Found, error) {
				if _, err := device.Get(ctx, r, device.ID(in.ID)); err != nil {
					return nil, err
				}
				return vuln.MatchesOf(ctx, r, in.ID, "")
			})
			return list(all, wireMatch), err
		})
}

func (s *Server) listVulns(ctx context.Context, in *struct{ apiv1.VulnQuery }) (apiv1.Page[apiv1.VulnItem], error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Page[apiv1.VulnItem], error) {
		p, err := risk.VulnRisks(ctx, r, risk.VulnQuery{KEV: risk.Filter(in.KEV), Class: risk.Class(in.Class), Sort: in.Sort, After: in.After, Limit: in.Limit})
		if err != nil {
			return apiv1.Page[apiv1.VulnItem]{}, err
		}
		threats, err := vuln.Threats(ctx, r, each(p.Items, func(v risk.VulnRisk) string { return v.Vulnerability }))
		return page(p.Items, p.Next, func(v risk.VulnRisk) apiv1.VulnItem {
			out := apiv1.VulnItem{ID: v.Vulnerability, Affected: v.Affected, Unknown: v.Unknown, Uncontrolled: v.Uncontrolled, KEV: v.KEV,
				Harm: string(v.Severity), Exploitability: string(v.Exploitability)}
			if t := threats[v.Vulnerability]; t != nil {
				out.Title = t.Title
				if t.EPSS != nil {
					out.EPSS = &t.EPSS.Score
				}
			}
			return out
		}), err
	})
}

func (s *Server) vulnerability(ctx context.Context, in *one) (apiv1.Vulnerability, error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Vulnerability, error) {
		id, err := vuln.Canonical(ctx, r, in.ID)
		if err != nil {
			return apiv1.Vulnerability{}, err
		}
		threats, err := vuln.Threats(ctx, r, []string{id})
		if err != nil {
			return apiv1.Vulnerability{}, err
		}
		t := threats[id]
		if t == nil {
			return apiv1.Vulnerability{}, problem.New(problem.NotFound, "no source speaks of %q", in.ID)
		}
		out := wireThreat(t)
		told, err := vuln.ToldOf(ctx, r, id)
		if err != nil {
			return out, err
		}
		for _, v := range told {
			rec := wireRecord(v.Record)
			if !slices.ContainsFunc(out.Sources, func(x apiv1.AdvisoryItem) bool { return x.Key == rec.Key }) {
				out.Sources = append(out.Sources, rec)
			}
		}
		verdicts, err := vuln.ListVerdicts(ctx, r, vuln.VerdictQuery{Vulnerabilities: []string{id}})
		if err != nil {
			return out, err
		}
		out.Verdicts = each(verdicts, wireVerdict)
		if a, _ := store.ActorOf(ctx); !a.May(risk.KindRead) {
			return out, nil
		}
		decisions, err := risk.DecisionsOf(ctx, r, id)
		out.Decisions = each(decisions, func(d risk.Decision) apiv1.VulnDecision {
			return apiv1.VulnDecision{ID: d.ID, Title: d.Title, Treatment: string(d.Treatment), State: string(d.State)}
		})
		return out, err
	})
}

func wireThreat(t *vuln.Threat) apiv1.Vulnerability {
	out := apiv1.Vulnerability{ID: t.ID, Aliases: orEmpty(t.Aliases), Title: t.Title, Text: t.Text, Published: t.Published, Modified: t.Modified, FixKnown: t.FixKnown,
		CWEs: t.CWEs, Scores: each(t.Scores, wireScore), Remedies: each(t.Remedies, wireRemedy), Sources: []apiv1.AdvisoryItem{}, Verdicts: []apiv1.Verdict{},
		Ratings: each(t.Decisions, func(d advisory.Decision) apiv1.SourceRating {
			return apiv1.SourceRating{Point: d.Point, Value: d.Value, By: d.By, At: d.At}
		}),
		Exploited: each(t.Exploited, func(e advisory.Exploited) apiv1.KnownExploit {
			return apiv1.KnownExploit{By: e.By, Name: e.Name, Added: date(e.Added), Due: date(e.Due), Ransomware: e.Ransomware, Action: e.Action}
		})}
	if t.EPSS != nil {
		out.EPSS = &apiv1.EPSS{Score: t.EPSS.Score, Percentile: t.EPSS.Percentile, Day: date(t.EPSS.Scored)}
	}
	return out
}
