package web

import (
	"context"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

// whyPage derives one line: the class, its reasons, and the proof of each match.
type whyPage struct {
	Frame
	Row     riskRow
	Why     risk.Why
	Matrix  []matrixRow
	Matches []vuln.Found
	Would   []string // what would change it
	Decide  string
	Declare string // where an incident is declared from it
	Said    []vuln.Verdict
}

func (whyPage) template() string { return "why" }

// matrixRow is a row of the decision table.
type matrixRow struct {
	Severity risk.Severity
	Cells    []matrixCell
}

type matrixCell struct {
	Exploitability risk.Exploitability
	Cell           risk.Cell
	Here           bool
}

// matrix is the table with the worst harm first.
func matrix(t risk.Table, e risk.Exploitability, s risk.Severity) []matrixRow {
	var out []matrixRow
	for i := len(risk.Severities) - 1; i >= 0; i-- {
		row := matrixRow{Severity: risk.Severities[i]}
		for j, x := range risk.Exploitabilities {
			row.Cells = append(row.Cells, matrixCell{x, t.Cells[i][j], x == e && risk.Severities[i] == s})
		}
		out = append(out, row)
	}
	return out
}

func (s *Server) why(v *visit) error {
	id, vulnerability := v.path("device"), v.path("vulnerability")
	var p whyPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		w, err := risk.Explain(ctx, r, id, vulnerability)
		if err != nil {
			return err
		}
		p.Why = w
		rows, err := riskRows(ctx, r, []risk.Line{w.Line})
		if err != nil {
			return err
		}
		p.Row = rows[0]
		p.Matrix = matrix(w.Table, w.Assessment.Exploitability, w.Assessment.Severity)
		if v.may(vuln.KindRead) {
			if p.Matches, err = vuln.MatchesOf(ctx, r, id, vulnerability); err != nil {
				return err
			}
			p.Said, err = s.coveringVerdicts(ctx, r, w.Line)
		}
		return err
	})
	if err != nil {
		return err
	}
	p.Would = wouldChange(p.Why, p.Matches)
	p.Frame = v.frame("Why "+p.Row.Tag+" and "+vulnerability, urlRisk(), Link{urlRisk(), "Risks"}, Link{urlDevice(id), p.Row.Tag}, Link{urlVuln(vulnerability), vulnerability})
	if v.may("risk.decided|risk.accepted") {
		p.Decide = queryURL(urlDecide(), pairsOf([]any{"pick", pick(id, vulnerability)}).Encode())
	}
	if v.may(incident.KindDeclared) {
		p.Declare = urlIncidentNew("finding", incident.Finding(id, vulnerability), "device", id)
	}
	return v.show(p)
}

// coveringVerdicts are the verdicts in force that speak about the device of a line.
func (s *Server) coveringVerdicts(ctx context.Context, r store.Reader, l risk.Line) ([]vuln.Verdict, error) {
	if l.Model == "" {
		return nil, nil
	}
	all, err := vuln.ListVerdicts(ctx, r, vuln.VerdictQuery{Vulnerabilities: []string{l.Vulnerability}, Models: []string{l.Model}, States: []string{string(vuln.VerdictActive), string(vuln.VerdictReopened)}})
	if err != nil {
		return nil, err
	}
	briefs, err := device.Briefs(ctx, r, []string{l.Device})
	if err != nil || len(briefs) == 0 {
		return nil, err
	}
	var out []vuln.Verdict
	for _, x := range all {
		if x.Covers(string(briefs[0].Release), briefs[0].Version) {
			out = append(out, x)
		}
	}
	return out, nil
}

// wouldChange names the facts that would move the line, from its own derivation.
func wouldChange(w risk.Why, matches []vuln.Found) []string {
	var out []string
	seen := map[string]bool{}
	add := func(s string) {
		if s != "" && !seen[s] {
			seen[s] = true
			out = append(out, s)
		}
	}
	for _, m := range matches {
		if m.Truth == match.Unknown && m.Settles != "" {
			add("What would settle whether the device is affected: " + m.Settles + ".")
		}
	}
	for _, list := range [][]risk.Reason{w.Assessment.WhyExploit, w.Assessment.WhyHarm} {
		for _, x := range list {
			if len(x.Fact) > 9 && x.Fact[:9] == "unknown: " {
				add("Recording " + x.Fact[9:] + " would replace the worst that is assumed now.")
			}
		}
	}
	if w.Assessment.Class == risk.Uncontrolled {
		add("An update that ends the weakness, or a verdict that the release is not affected, takes the line away.")
		for _, row := range matrix(w.Table, w.Assessment.Exploitability, w.Assessment.Severity) {
			for _, c := range row.Cells {
				if c.Here && c.Cell == risk.CellNeedsControl {
					add("A decision with a documented compensating control makes it controlled.")
				}
			}
		}
		if w.Assessment.Severity == risk.S4 || w.Assessment.Severity == risk.S5 {
			add("Taking the device off the network makes a weakness that needs one unreachable (E0), which is controlled.")
		}
	}
	return out
}
