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

// pastPage is what was uncontrolled on a day of the trend.
type pastPage struct {
	Frame
	Day     risk.Day
	At      time.Time
	From    time.Time
	Kept    bool // the rows of that day are kept
	Columns Columns
	Rows    []pastRow
	Pager   Pager
}

func (pastPage) template() string { return "past" }

// pastRow is a line of that day with what people know it by.
type pastRow struct {
	risk.Past
	Tag, ModelName, Where, VulnTitle string
}

func pastQuery(v *visit) (risk.PastQuery, error) {
	day, err := time.Parse(time.DateOnly, v.path("day"))
	if err != nil {
		return risk.PastQuery{}, problem.New(problem.NotFound, "there is no day %q", v.path("day"))
	}
	return risk.PastQuery{Day: day, Sort: v.query("sort"), After: v.query("after")}, nil
}

func (s *Server) past(v *visit) error {
	q, err := pastQuery(v)
	if err != nil {
		return err
	}
	p := pastPage{Frame: v.frame("Uncontrolled on "+q.Day.Format("2 January 2006"), urlOverview(), Link{urlOverview(), "Overview"})}
	p.Columns = v.columns("-since", Column{Name: "device", Text: "Device", Fixed: true, Sort: "device"}, Column{Name: "vulnerability", Text: "Vulnerability", Fixed: true},
		Column{Name: "risk", Text: "Risk when it began"}, Column{Name: "since", Text: "Uncontrolled since", Sort: "-since"}, Column{Name: "until", Text: "Until"})
	err = v.view(func(ctx context.Context, r store.Reader) error {
		page, err := risk.UncontrolledOn(ctx, r, q)
		if err != nil {
			return err
		}
		p.Day, p.At, p.From = page.Figures, page.At, page.From
		p.Kept = p.Day.Uncontrolled == 0 || !p.From.IsZero() && !p.From.After(p.At)
		if p.Rows, err = pastRows(ctx, r, page.Items); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL(urlPast(q.Day)+"/rows.csv", v.r.URL.RawQuery)
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
		devices, vulns = append(devices, l.Device), append(vulns, l.Vulnerability)
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
	out := make([]pastRow, len(all))
	for i, l := range all {
		b := at[l.Device]
		out[i] = pastRow{Past: l, Tag: deviceName(b), ModelName: b.ModelName, Where: place(b.SiteName, b.Ward)}
		if t := threats[l.Vulnerability]; t != nil {
			out[i].VulnTitle = t.Title
		}
	}
	return out, err
}

func (s *Server) pastCSV(v *visit) error {
	q, err := pastQuery(v)
	if err != nil {
		return err
	}
	q.After, q.Limit = "", 1000
	header := []string{"device", "model", "place", "vulnerability", "title", "exploitability_then", "harm_then", "uncontrolled_since", "until"}
	return v.csv(fmt.Sprintf("uncontrolled-%s.csv", q.Day.Format(time.DateOnly)), header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := risk.UncontrolledOn(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := pastRows(ctx, r, page.Items)
		var out [][]string
		for _, l := range rows {
			out = append(out, []string{l.Tag, l.ModelName, l.Where, l.Vulnerability, l.VulnTitle, string(l.Exploitability), string(l.Severity), stamp(l.Since), stamp(l.Until)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}
