package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

const deciding = risk.KindDecided + "|" + risk.KindAccepted

func (s *Server) decisions() {
	add(s, op{id: "decisions", route: "GET /decisions", kind: risk.KindRead, summary: "Decisions and how far they are, the newest first"},
		func(ctx context.Context, in *struct{ apiv1.DecisionQuery }) (apiv1.Page[apiv1.Decision], error) {
			p, err := read(ctx, s, func(r store.Reader) (risk.DecisionPage, error) {
				return risk.ListDecisions(ctx, r, risk.DecisionQuery{State: risk.State(in.State), Overdue: risk.Filter(in.Overdue), Now: s.DB.Now(), Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, func(d risk.DecisionSummary) apiv1.Decision {
				out := wireDecision(d.Decision)
				out.Counts = counts(d.Counts)
				return out
			}), err
		})
	add(s, op{id: "preview-decision", route: "POST /decision-previews", kind: deciding, summary: "What a decision would cover, without deciding"}, s.previewDecision)
	add(s, op{id: "decide", route: "POST /decisions", kind: deciding, summary: "Decide on the treatment of vulnerabilities on a set of devices", status: http.StatusCreated}, s.decide)
	add(s, op{id: "decision", route: "GET /decisions/{id}", kind: risk.KindRead, summary: "One decision and how far it is"}, func(ctx context.Context, in *one) (apiv1.Decision, error) {
		return read(ctx, s, func(r store.Reader) (apiv1.Decision, error) {
			d, err := risk.GetDecision(ctx, r, in.ID)
			if err != nil {
				return apiv1.Decision{}, err
			}
			n, err := risk.Counts(ctx, r, in.ID)
			out := wireDecision(d)
			out.Counts = counts(n)
			return out, err
		})
	})
	act(s, op{id: "close-decision", route: "POST /decisions/{id}/close", kind: risk.KindClosed, summary: "Close a decision"}, func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
		return s.Decisions.Close(ctx, in.ID, in.Body.Reason)
	})
}

func wireDecision(d risk.Decision) apiv1.Decision {
	return apiv1.Decision{ID: d.ID, Title: d.Title, Vulnerabilities: orEmpty(d.Vulnerabilities), Treatment: string(d.Treatment), Owner: d.Owner, Due: date(d.Due), Reason: d.Reason,
		Controls: d.Controls, AcceptedBy: d.AcceptedBy, AcceptedUntil: date(d.AcceptedUntil), State: string(d.State), StateReason: d.StateReason, Author: d.Author,
		At: d.At, Closed: d.ClosedAt}
}

func counts(n map[risk.Progress]int) map[string]int {
	out := make(map[string]int, len(n))
	for p, c := range n {
		out[string(p)] = c
	}
	return out
}

// maxChosen bounds the lines that a decision by filter looks at.
const maxChosen = 200_000

// chosen are the lines of a decision's vulnerabilities on the devices that it names or that its filter takes.
func chosen(ctx context.Context, r store.Reader, in apiv1.DecisionInput) ([]string, []risk.Line, error) {
	if (len(in.Devices) > 0) == (in.Where != nil) {
		var l problem.List
		l.Add("devices", "name the devices, or say with where which ones")
		return nil, nil, l.Err("the decision is not valid")
	}
	named := map[string]bool{}
	for _, d := range in.Devices {
		named[d] = true
	}
	var q risk.LineQuery
	if in.Where != nil {
		q = risk.LineQuery{Site: in.Where.Site, Ward: in.Where.Ward, Model: in.Where.Model, Truth: match.Truth(in.Where.Truth), Class: risk.Class(in.Where.Class)}
	}
	var vulns []string
	var lines []risk.Line
	for _, name := range in.Vulnerabilities {
		v, err := vuln.Canonical(ctx, r, name)
		if err != nil {
			return nil, nil, err
		}
		vulns = append(vulns, v)
	}
	vulns = distinct(vulns)
	for _, v := range vulns {
		q.Vulnerability, q.After, q.Limit = v, "", 1000
		for {
			p, err := risk.Lines(ctx, r, q)
			if err != nil {
				return nil, nil, err
			}
			for _, l := range p.Lines {
				if in.Where != nil || named[l.Device] {
					lines = append(lines, l)
				}
			}
			if len(lines) > maxChosen {
				return nil, nil, problem.New(problem.Invalid, "the decision would cover more than %d lines; narrow it", maxChosen)
			}
			if q.After = p.Next; q.After == "" {
				break
			}
		}
	}
	return vulns, lines, nil
}

func devicesOf(in apiv1.DecisionInput, lines []risk.Line) []string {
	if in.Where == nil {
		return distinct(in.Devices)
	}
	return distinct(each(lines, func(l risk.Line) string { return l.Device }))
}

func (s *Server) decide(ctx context.Context, in *with[apiv1.DecisionInput]) (apiv1.Made, error) {
	b := in.Body
	var vulns, devices []string
	if err := s.DB.View(ctx, func(r store.Reader) error {
		found, lines, err := chosen(ctx, r, b)
		vulns, devices = found, devicesOf(b, lines)
		return err
	}); err != nil {
		return apiv1.Made{}, err
	}
	id, err := s.Decisions.Decide(ctx, risk.Decision{Title: b.Title, Vulnerabilities: vulns, Treatment: risk.Treatment(b.Treatment), Owner: b.Owner, Due: endOfDay(b.Due),
		Reason: b.Reason, Controls: b.Controls, AcceptedBy: b.AcceptedBy, AcceptedUntil: endOfDay(b.AcceptedUntil)}, devices)
	return apiv1.Made{ID: id}, err
}

// previewed is how many of the worst lines a preview shows.
const previewed = 50

func (s *Server) previewDecision(ctx context.Context, in *with[apiv1.DecisionInput]) (apiv1.DecisionPreview, error) {
	return read(ctx, s, func(r store.Reader) (apiv1.DecisionPreview, error) {
		_, lines, err := chosen(ctx, r, in.Body)
		if err != nil {
			return apiv1.DecisionPreview{}, err
		}
		devices := devicesOf(in.Body, lines)
		out := apiv1.DecisionPreview{Devices: len(devices), Lines: len(lines), Sites: map[string]int{}}
		for _, l := range lines {
			if l.Decision != "" {
				out.Decided++
			}
		}
		for start := 0; start < len(devices); start += 1000 {
			names, err := briefs(ctx, r, devices[start:min(start+1000, len(devices))])
			if err != nil {
				return out, err
			}
			for _, d := range names {
				out.Sites[string(d.Site)]++
				switch d.InUse {
				case product.Yes:
					out.InUse++
				case product.NotKnown:
					out.Unknown++
				}
			}
		}
		out.First, err = wireLines(ctx, r, lines[:min(previewed, len(lines))])
		return out, err
	})
}
