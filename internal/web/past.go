package web

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// pastPage is what a figure of the trend counted on a day.
type pastPage struct {
	Frame
	Day     risk.Day
	Figure  risk.Figure
	Whole   bool // the reader may see the figures, which are of the whole fleet
	Tabs    []Tab
	At      time.Time
	From    time.Time
	Kept    bool // the rows of that day are kept
	Columns Columns
	Rows    []pastRow
	Pager   Pager
}

func (pastPage) template() string { return "past" }

// pastRow is a row of that day with what people know it by.
type pastRow struct {
	risk.Past
	Tag, ModelName, Where, VulnTitle string
	DecisionTitle                    string
	Due                              time.Time
}

func pastQuery(v *visit) (risk.PastQuery, error) {
	day, err := time.Parse(time.DateOnly, v.path("day"))
	if err != nil {
		return risk.PastQuery{}, problem.New(problem.NotFound, "there is no day %q", v.path("day"))
	}
	q := risk.PastQuery{Day: day, Figure: risk.Figure(v.query("figure")), Sort: v.query("sort"), After: v.query("after")}
	if q.Figure == "" {
		q.Figure = risk.FigureUncontrolled
	}
	return q, nil
}

// figureTitle is a figure of the trend in words.
func figureTitle(f risk.Figure) string {
	return map[risk.Figure]string{risk.FigureUncontrolled: "Uncontrolled", risk.FigureUnknown: "Unknown", risk.FigureKEV: "Known exploited", risk.FigureOverdue: "Overdue", risk.FigureDevices: "Devices"}[f]
}

func pastColumns(v *visit, f risk.Figure) Columns {
	all := []Column{{Name: "device", Text: "Device", Fixed: true, Sort: "device"}}
	switch f {
	case risk.FigureOverdue:
		all = append(all, Column{Name: "decision", Text: "Decision", Fixed: true}, Column{Name: "due", Text: "Due"})
	case risk.FigureDevices:
	default:
		all = append(all, Column{Name: "vulnerability", Text: "Vulnerability", Fixed: true}, Column{Name: "risk", Text: "Risk when it began"})
	}
	return v.columns("-since", append(all, Column{Name: "since", Text: "Counts since", Sort: "-since"}, Column{Name: "until", Text: "Until"})...)
}

func (s *Server) past(v *visit) error {
	q, err := pastQuery(v)
	if err != nil {
		return err
	}
	p := pastPage{Frame: v.frame(figureTitle(q.Figure)+" on "+q.Day.Format("2 January 2006"), urlOverview(), Link{urlOverview(), "Overview"}), Figure: q.Figure, Columns: pastColumns(v, q.Figure)}
	err = v.view(func(ctx context.Context, r store.Reader) error {
		scope, err := store.ScopeOf(ctx, risk.KindRead)
		if err != nil {
			return err
		}
		page, err := risk.PastRows(ctx, r, q)
		if err != nil {
			return err
		}
		p.Day, p.At, p.From, p.Whole = page.Figures, page.At, page.From, scope.All
		p.Kept = len(page.Items) > 0 || p.Whole && p.Day.Of(q.Figure) == 0 || !p.From.IsZero() && !p.From.After(p.At)
		for _, f := range risk.Figures {
			p.Tabs = append(p.Tabs, Tab{URL: urlPast(q.Day, f), Text: figureTitle(f), On: f == q.Figure, Count: p.Day.Of(f)})
		}
		if p.Rows, err = pastRows(ctx, r, page.Items); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL(urlPastDay(q.Day)+"/rows.csv", v.r.URL.RawQuery)
		return nil
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func pastRows(ctx context.Context, r store.Reader, all []risk.Past) ([]pastRow, error) {
	var devices, vulns []string
	for _, l := range all {
		devices = append(devices, l.Device)
		if l.Vulnerability != "" {
			vulns = append(vulns, l.Vulnerability)
		}
	}
	slices.Sort(devices)
	briefs, err := device.Briefs(ctx, r, slices.Compact(devices))
	if err != nil {
		return nil, err
	}
	at := map[string]device.Brief{}
	for _, b := range briefs {
		at[string(b.ID)] = b
	}
	slices.Sort(vulns)
	threats, err := vuln.Threats(ctx, r, slices.Compact(vulns))
	if err != nil {
		return nil, err
	}
	decided := map[string]risk.Decision{}
	out := make([]pastRow, len(all))
	for i, l := range all {
		b := at[l.Device]
		out[i] = pastRow{Past: l, Tag: deviceName(b), ModelName: b.ModelName, Where: place(b.SiteName, b.Ward)}
		if t := threats[l.Vulnerability]; t != nil {
			out[i].VulnTitle = t.Title
		}
		if l.Decision == "" {
			continue
		}
		if _, ok := decided[l.Decision]; !ok {
			d, err := risk.GetDecision(ctx, r, l.Decision)
			if err != nil && kindOf(err) != problem.NotFound {
				return nil, err
			}
			decided[l.Decision] = d // empty outside of the reader's scope
		}
		out[i].DecisionTitle, out[i].Due = decided[l.Decision].Title, decided[l.Decision].Due
	}
	return out, nil
}

func (s *Server) pastCSV(v *visit) error {
	q, err := pastQuery(v)
	if err != nil {
		return err
	}
	q.After, q.Limit = "", 1000
	header := []string{"device", "model", "place", "vulnerability", "title", "decision", "due", "exploitability_then", "harm_then", "since", "until"}
	return v.csv(fmt.Sprintf("%s-%s.csv", q.Figure, q.Day.Format(time.DateOnly)), header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := risk.PastRows(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := pastRows(ctx, r, page.Items)
		var out [][]string
		for _, l := range rows {
			out = append(out, []string{l.Tag, l.ModelName, l.Where, l.Vulnerability, l.VulnTitle, l.DecisionTitle, dateValue(l.Due), string(l.Exploitability), string(l.Severity), stamp(l.Since), stamp(l.Until)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}
