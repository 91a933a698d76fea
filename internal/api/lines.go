package api

import (
	"context"
	"time"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

func (s *Server) lines() {
	add(s, op{id: "lines", route: "GET /lines", kind: risk.KindRead, summary: "The ranked list: devices and vulnerabilities, the worst first"}, s.listLines)
	add(s, op{id: "past-lines", route: "GET /overview/days/{day}", kind: risk.KindRead, summary: "The rows behind a figure of a day of the trend"}, s.pastLines)
	add(s, op{id: "explain-line", route: "GET /lines/{device}/{vulnerability}", kind: risk.KindRead, summary: "Why a line has its class: every fact, with its source and the proofs"}, s.explain)
}

func (s *Server) listLines(ctx context.Context, in *struct{ apiv1.LineQuery }) (apiv1.Page[apiv1.Line], error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Page[apiv1.Line], error) {
		q, err := lineQuery(ctx, r, in.LineFilter)
		if err != nil {
			return apiv1.Page[apiv1.Line]{}, err
		}
		q.Sort, q.After, q.Limit = in.Sort, in.After, in.Limit
		p, err := risk.Lines(ctx, r, q)
		if err != nil {
			return apiv1.Page[apiv1.Line]{}, err
		}
		items, err := wireLines(ctx, r, p.Lines)
		return apiv1.Page[apiv1.Line]{Items: items, Next: p.Next}, err
	})
}

type pastIn struct {
	Day string `path:"day" format:"date"`
	apiv1.PastQuery
}

func (s *Server) pastLines(ctx context.Context, in *pastIn) (apiv1.Page[apiv1.PastLine], error) {
	day, err := time.Parse(time.DateOnly, in.Day)
	if err != nil {
		return apiv1.Page[apiv1.PastLine]{}, problem.New(problem.Invalid, "the day must be written as 2026-11-23")
	}
	return read(ctx, s, func(r store.Reader) (apiv1.Page[apiv1.PastLine], error) {
		p, err := risk.PastRows(ctx, r, risk.PastQuery{Day: day, Figure: risk.Figure(in.Figure), Sort: in.Sort, After: in.After, Limit: in.Limit})
		if err != nil {
			return apiv1.Page[apiv1.PastLine]{}, err
		}
		names, err := briefs(ctx, r, distinct(each(p.Items, func(l risk.Past) string { return l.Device })))
		return page(p.Items, p.Next, func(l risk.Past) apiv1.PastLine {
			return apiv1.PastLine{Device: l.Device, AssetTag: names[l.Device].AssetTag, ModelName: names[l.Device].ModelName, Vulnerability: l.Vulnerability, Decision: l.Decision,
				Exploitability: string(l.Exploitability), Harm: string(l.Severity), Since: l.Since, Until: l.Until}
		}), err
	})
}

// lineQuery translates a filter; a vulnerability may be named by any of its ids.
func lineQuery(ctx context.Context, r store.Reader, f apiv1.LineFilter) (risk.LineQuery, error) {
	q := risk.LineQuery{Class: risk.Class(f.Class), Truth: match.Truth(f.Truth), Severities: f.Harm, Site: f.Site, Ward: f.Ward, Model: f.Model, Device: f.Device,
		KEV: risk.Filter(f.KEV), Decided: risk.Filter(f.Decided)}
	if f.Vulnerability == "" {
		return q, nil
	}
	var err error
	q.Vulnerability, err = vuln.Canonical(ctx, r, f.Vulnerability)
	return q, err
}

// wireLines adds to lines what people call the device and the vulnerability.
func wireLines(ctx context.Context, r store.Reader, lines []risk.Line) ([]apiv1.Line, error) {
	ids := each(lines, func(l risk.Line) string { return l.Device })
	names, err := briefs(ctx, r, ids)
	if err != nil {
		return nil, err
	}
	threats, err := vuln.Threats(ctx, r, distinct(each(lines, func(l risk.Line) string { return l.Vulnerability })))
	if err != nil {
		return nil, err
	}
	return each(lines, func(l risk.Line) apiv1.Line {
		d := names[l.Device]
		out := apiv1.Line{Device: l.Device, AssetTag: d.AssetTag, Serial: d.Serial, ModelID: l.Model, ModelName: d.ModelName, Version: d.Version, Site: l.Site,
			SiteName: d.SiteName, Ward: l.Ward, InUse: string(d.InUse), Vulnerability: l.Vulnerability, Truth: string(l.Truth),
			Exploitability: string(l.Exploitability), Harm: string(l.Severity), Class: string(l.Class), KEV: l.KEV, Decision: l.Decision,
			Progress: string(l.Progress), Identified: l.Identified}
		if t := threats[l.Vulnerability]; t != nil {
			out.Title = t.Title
			if t.EPSS != nil {
				out.EPSS = &t.EPSS.Score
			}
		}
		return out
	}), nil
}

// briefs reads what people call devices.
func briefs(ctx context.Context, r store.Reader, ids []string) (map[string]device.Brief, error) {
	all, err := device.Briefs(ctx, r, distinct(ids))
	out := make(map[string]device.Brief, len(all))
	for _, b := range all {
		out[string(b.ID)] = b
	}
	return out, err
}

func distinct(all []string) []string {
	seen := make(map[string]bool, len(all))
	var out []string
	for _, v := range all {
		if v != "" && !seen[v] {
			seen[v] = true
			out = append(out, v)
		}
	}
	return out
}

type lineID struct {
	Device        string `path:"device" maxLength:"64"`
	Vulnerability string `path:"vulnerability" maxLength:"200" doc:"Any of its ids"`
}

func (s *Server) explain(ctx context.Context, in *lineID) (apiv1.Explanation, error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Explanation, error) {
		v, err := vuln.Canonical(ctx, r, in.Vulnerability)
		if err != nil {
			return apiv1.Explanation{}, err
		}
		w, err := risk.Explain(ctx, r, in.Device, v)
		if err != nil {
			return apiv1.Explanation{}, err
		}
		line, err := wireLines(ctx, r, []risk.Line{w.Line})
		if err != nil {
			return apiv1.Explanation{}, err
		}
		a := w.Assessment
		out := apiv1.Explanation{Line: line[0], ExploitabilityWord: a.Exploitability.Word(), HarmWord: a.Severity.Word(),
			WhyExploitability: each(a.WhyExploit, wireReason), WhyHarm: each(a.WhyHarm, wireReason), WhyClass: wireReason(a.WhyClass), Table: w.Table.Version,
			Matches: []apiv1.Match{}}
		if actor, _ := store.ActorOf(ctx); !actor.May(vuln.KindRead) {
			return out, nil
		}
		ms, err := vuln.MatchesOf(ctx, r, in.Device, v)
		out.Matches = each(ms, wireMatch)
		return out, err
	})
}

func wireReason(r risk.Reason) apiv1.Derivation {
	return apiv1.Derivation{Fact: r.Fact, Effect: r.Effect, Source: r.Source}
}

var _ = product.KindRead
