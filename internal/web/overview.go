package web

import (
	"context"
	"fmt"
	"time"

	"triward/internal/detection"
	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
)

// overviewPage is the fleet at a glance. Every figure leads to the rows behind it.
type overviewPage struct {
	Frame
	Empty   *Empty
	Figures []Figure
	Watch   []Figure
	Loops   []Figure
	Worst   []riskRow
	Wards   []wardRow
	Models  []modelRow
	Finding string // what the trend says, in words
	Days    []risk.Day
	Metrics []Figure
	Offer   *offer // an exercise
}

func (overviewPage) template() string { return "overview" }

// Figure is a number with its words and the rows behind it.
type Figure struct {
	Value, Label, More, URL, Class string
}

type wardRow struct {
	risk.SiteRisk
	Name, URL string
}

type modelRow struct {
	risk.ModelRisk
	Name, URL string
}

func (s *Server) overview(v *visit) error {
	p := overviewPage{Frame: v.frame("Overview", urlOverview())}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		o, err := risk.ReadOverview(ctx, r, s.now())
		if err != nil {
			return err
		}
		if o.Devices == 0 {
			p.Empty = v.emptyFleet()
			return nil
		}
		p.Figures = figures(o)
		if p.Offer, err = s.offered(ctx, r, v); err != nil {
			return err
		}
		if p.Watch, err = s.watchFigures(ctx, r, v); err != nil {
			return err
		}
		if p.Loops, err = loopFigures(ctx, r, v); err != nil {
			return err
		}
		page, err := risk.Lines(ctx, r, risk.LineQuery{Limit: 5, Class: risk.Uncontrolled})
		if err != nil {
			return err
		}
		if p.Worst, err = riskRows(ctx, r, page.Lines); err != nil {
			return err
		}
		if err := p.groups(ctx, r, o, v); err != nil {
			return err
		}
		p.Days, p.Finding = o.Trend, trendFinding(o.Trend)
		now := s.now()
		m, err := risk.ReadMetrics(ctx, r, now.AddDate(-1, 0, 0), now.Add(time.Second))
		p.Metrics = metricFigures(m)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

// emptyFleet says what to do first.
func (v *visit) emptyFleet() *Empty {
	e := &Empty{Title: "No device is known yet", Text: "Import your fleet; Triward then says which devices published weaknesses threaten, and why."}
	if v.may("device.imported") {
		e.Links = append(e.Links, Link{"/imports/new", "Import a fleet"})
	}
	if v.may("vuln.feed_added") {
		e.Links = append(e.Links, Link{"/feeds/new", "Add a feed of advisories"})
	}
	return e
}

// watchFigures are what is happening, for those who may see alerts.
func (s *Server) watchFigures(ctx context.Context, r store.Reader, v *visit) ([]Figure, error) {
	if !v.may(detection.KindRead) {
		return nil, nil
	}
	waiting, err := detection.CountAlerts(ctx, r, detection.AlertQuery{Waiting: true, Real: true}, mostCounted)
	if err != nil {
		return nil, err
	}
	late, err := detection.CountAlerts(ctx, r, detection.AlertQuery{Overdue: true, Real: true, Now: s.now()}, mostCounted)
	if err != nil {
		return nil, err
	}
	use, err := detection.CountAlerts(ctx, r, detection.AlertQuery{Waiting: true, Real: true, InUse: true}, mostCounted)
	if err != nil {
		return nil, err
	}
	blind, err := detection.Blinds(ctx, r, detection.BlindQuery{Open: true, Limit: 100})
	if err != nil {
		return nil, err
	}
	class := func(n int) string { return [...]string{"", "bad"}[min(n, 1)] }
	return []Figure{
		{atMost(waiting), "alerts wait", atMost(use) + " of them about devices that are in use, or count as in use", urlAlerts(), class(waiting)},
		{atMost(late), "alerts overdue", "nobody has looked at them in time", urlAlertsOf("late", "yes"), class(late)},
		{count(len(blind.Items)), "sources not seen now", "what happens there is not known", queryURL(urlBlind(), "open=yes"), class(len(blind.Items))},
	}, nil
}

func figures(o risk.Overview) []Figure {
	patients := "on devices with an uncontrolled risk that are in use"
	if o.PatientsUnknown > 0 {
		patients += fmt.Sprintf("; %s of them on devices whose use is unknown", count(o.PatientsUnknown))
	}
	bad := func(n int) string {
		if n > 0 {
			return "bad"
		}
		return ""
	}
	return []Figure{
		{count(o.Uncontrolled), "uncontrolled risks", "on " + plural(o.UncontrolledDevices, "device", "devices") + " of " + count(o.Devices), urlRiskOf("class", risk.Uncontrolled), bad(o.Uncontrolled)},
		{count(o.PatientsExposed), "patients exposed at once", patients, urlRiskOf("class", risk.Uncontrolled), bad(o.PatientsExposed)},
		{count(o.KEVDevices), "devices with an exploited weakness", "in a catalogue of known exploited vulnerabilities (KEV)", urlRiskOf("kev", risk.Yes), bad(o.KEVDevices)},
		{count(o.Unknown), "answers still unknown", "a fact is missing; " + plural(o.UnknownDevices, "device has", "devices have") + " nothing else", urlRiskOf("truth", "unknown"), unknownClass(o.Unknown)},
		{count(o.OverdueDecisions), "decisions overdue", plural(o.OverdueDevices, "device", "devices") + " not finished; " + plural(o.Reopened, "acceptance", "acceptances") + " re-opened", queryURL(urlDecisions(), "overdue=yes"), bad(o.OverdueDecisions)},
		{count(o.Devices), "devices in the fleet", count(o.Affected) + " affected and " + count(o.Unknown) + " unknown answers", urlDevices(), ""},
	}
}

func unknownClass(n int) string {
	if n > 0 {
		return "unk"
	}
	return ""
}

// groups fills wards and models.
func (p *overviewPage) groups(ctx context.Context, r store.Reader, o risk.Overview, v *visit) error {
	names := map[string]string{}
	if v.may("device.read") {
		sites, err := device.Sites(ctx, r)
		if err != nil {
			return err
		}
		for _, s := range sites {
			names[string(s.ID)] = s.Name
		}
	}
	for _, w := range o.Sites {
		p.Wards = append(p.Wards, wardRow{w, place(names[w.Site], w.Ward), urlRiskOf("site", w.Site, "ward", w.Ward)})
	}
	for _, m := range o.Models {
		name, err := modelName(ctx, r, product.ModelID(m.Model))
		if err != nil {
			return err
		}
		p.Models = append(p.Models, modelRow{m, name, urlRiskOf("model", m.Model)})
	}
	return nil
}

// place is a ward and its site in words.
func place(site, ward string) string {
	switch {
	case site == "" && ward == "":
		return "Place not known"
	case ward == "":
		return site
	case site == "":
		return ward
	}
	return ward + ", " + site
}

// modelName is a model in words. Who may see a line may see what it is about.
func modelName(ctx context.Context, r store.Reader, m product.ModelID) (string, error) {
	if m == "" {
		return "Model not known", nil
	}
	x, err := product.Get(store.WithActor(ctx, store.System("web")), r, m)
	return x.ManufacturerName + " " + x.Name, err
}

func trendFinding(days []risk.Day) string {
	if len(days) < 2 {
		return "Uncontrolled risks since today; the trend grows day by day"
	}
	first, last := days[len(days)-1], days[0] // newest first
	since := " since " + first.Day.Format("2 January")
	switch d := last.Uncontrolled - first.Uncontrolled; {
	case d < 0:
		return "Uncontrolled risks fell by " + count(-d) + since
	case d > 0:
		return "Uncontrolled risks rose by " + count(d) + since
	}
	return "Uncontrolled risks are the same" + since
}

func metricFigures(m risk.Metrics) []Figure {
	share, fix, installed := "–", "–", "–"
	if m.Vulnerabilities > 0 {
		share = percent(m.UpdatedShare)
	}
	if m.ToFixOf > 0 {
		fix = lasts(m.ToFix)
	}
	if m.ToInstalledOf > 0 {
		installed = lasts(m.ToInstalled)
	}
	return []Figure{
		{Value: share, Label: "of vulnerabilities have a fix", More: count(m.Updated) + " of " + count(m.Vulnerabilities) + " identified in the last year", URL: urlVulns()},
		{Value: fix, Label: "from identified to fix available", More: "mean over " + count(m.ToFixOf) + "; " + count(m.ToFixUnknown) + " without a known fix", URL: urlVulns()},
		{Value: installed, Label: "from fix available to installed", More: "mean over " + count(m.ToInstalledOf) + "; " + count(m.ToInstalledUnknown) + " not known to be installed", URL: urlDecisions()},
	}
}

// chart is what app.js draws.
type chart struct {
	Labels []string `json:"labels"`
	Series []series `json:"series"`
}

type series struct {
	Name   string   `json:"name"`
	Values []int    `json:"values"`
	Color  string   `json:"color"` // a token of app.css
	Bar    bool     `json:"bar,omitempty"`
	Dashed bool     `json:"dashed,omitempty"`
	Links  []string `json:"links,omitempty"` // of each value, the rows behind it
}

// trend is the chart of the overview.
func (s *Server) trend(v *visit) error {
	var o risk.Overview
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		o, err = risk.ReadOverview(ctx, r, s.now())
		return err
	}); err != nil {
		return err
	}
	c := chart{Series: []series{{Name: "Uncontrolled", Color: "danger"}, {Name: "Unknown", Color: "unknown", Dashed: true}, {Name: "KEV devices", Color: "warning"}, {Name: "Overdue", Color: "accent"}}}
	for i := len(o.Trend) - 1; i >= 0; i-- {
		d := o.Trend[i]
		c.Labels = append(c.Labels, d.Day.Format("2 Jan"))
		for j, f := range []risk.Figure{risk.FigureUncontrolled, risk.FigureUnknown, risk.FigureKEV, risk.FigureOverdue} {
			c.Series[j].Values = append(c.Series[j].Values, d.Of(f))
			c.Series[j].Links = append(c.Series[j].Links, urlPast(d.Day, f))
		}
	}
	return v.json(c)
}
