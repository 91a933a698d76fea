package web

import (
	"context"
	"fmt"
	"net/url"
	"strconv"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/loop"
	"triward/internal/problem"
	"triward/internal/store"
)

// loopsPage lists the loops of closed incidents.
type loopsPage struct {
	Frame
	Chips []Chips
	Rows  []loop.Row
	Now   time.Time
	Pager Pager
	Empty Empty
}

func (loopsPage) template() string { return "loops" }

func loopQuery(v *visit) loop.Query {
	return loop.Query{Which: loop.Which(v.query("state")), After: v.query("after")}
}

func (s *Server) loops(v *visit) error {
	p := loopsPage{Frame: v.frame("What incidents changed", urlIncidents(), Link{urlIncidents(), "Incidents"}), Now: s.now(),
		Chips: []Chips{chips(v.r.URL, "Loop", "state", [2]string{"open", "Open"}, [2]string{"closed", "Closed"})},
		Empty: Empty{Title: "No loop here", Text: "When an incident is closed, what it changes is followed here until it is done and a check says that it works."}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := loop.List(ctx, r, loopQuery(v))
		p.Rows, p.Pager = page.Items, pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL("/incidents/loops.csv", v.r.URL.RawQuery)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) loopsCSV(v *visit) error {
	q := loopQuery(v)
	q.After, q.Limit = "", 500
	return v.csv("loops.csv", []string{"number", "title", "exercise", "incident_closed", "parts", "open", "loop_closed", "hours"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := loop.List(ctx, r, q)
		var out [][]string
		for _, x := range page.Items {
			out = append(out, []string{x.Number, x.Title, yesNo(x.Exercise), stamp(x.Closed), strconv.Itoa(x.Parts), strconv.Itoa(x.Open), stamp(x.Ended), strconv.FormatFloat(x.Took(s.now()).Hours(), 'f', 2, 64)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// loopFigures are the loops of closed incidents, for those who may see incidents.
func loopFigures(ctx context.Context, r store.Reader, v *visit) ([]Figure, error) {
	if !v.may(incident.KindRead) {
		return nil, nil
	}
	c, err := loop.Count(ctx, r)
	class := ""
	if c.Open > 0 {
		class = "unk"
	}
	return []Figure{
		{count(c.Open), "loops open", "closed incidents whose changes are not done, or not checked", urlLoops("open"), class},
		{count(c.Closed), "loops closed", "everything that they changed is done and checked", urlLoops("closed"), ""},
	}, err
}

// metricsPage is the metrics of incidents over a period.
type metricsPage struct {
	Frame
	loop.Report
	Form Form
	CSV  string // address of the same figures as a table
}

func (metricsPage) template() string { return "metrics" }

// period is the time that is asked for; without one the last year.
func (s *Server) period(v *visit) (loop.Period, error) {
	var l problem.List
	q := url.Values{"from": {v.query("from")}, "to": {v.query("to")}}
	p := loop.Period{From: date(&l, q, "from"), To: date(&l, q, "to")}
	if p.To.IsZero() {
		p.To = s.now().Truncate(24 * time.Hour)
	}
	p.To = p.To.Add(24 * time.Hour)
	if p.From.IsZero() {
		p.From = p.To.AddDate(-1, 0, 0)
	}
	return p, l.Err("the period is not valid")
}

func (s *Server) metricsReport(v *visit) (loop.Report, error) {
	p, err := s.period(v)
	if err != nil {
		return loop.Report{}, err
	}
	var out loop.Report
	err = v.view(func(ctx context.Context, r store.Reader) (err error) {
		out, err = loop.Over(ctx, r, p, s.Events.Log, s.now())
		return err
	})
	return out, err
}

func (s *Server) metrics(v *visit) error {
	p := metricsPage{Frame: v.frame("Metrics of incidents", urlIncidents(), Link{urlIncidents(), "Incidents"})}
	var err error
	if p.Report, err = s.metricsReport(v); err != nil {
		return err
	}
	p.CSV = queryURL("/incidents/metrics.csv", v.r.URL.RawQuery)
	p.Form = Form{ID: "period", Action: urlMetrics(), Submit: "Show"}.with(Field{Name: "from", Label: "Declared from", Kind: "date", Value: dateValue(p.From)}, Field{Name: "to", Label: "Up to and with", Kind: "date", Value: dateValue(p.To.Add(-24 * time.Hour))})
	return v.show(p)
}

func (s *Server) metricsCSV(v *visit) error {
	rep, err := s.metricsReport(v)
	if err != nil {
		return err
	}
	done := false
	return v.csv("incident-metrics.csv", []string{"number", "exercise", "metric", "of", "known", "value", "low", "high", "missing"}, func(context.Context, store.Reader) ([][]string, bool, error) {
		var out [][]string
		if done {
			return nil, false, nil
		}
		done = true
		number := func(f float64) string { return strconv.FormatFloat(f, 'f', 4, 64) }
		for _, m := range append(rep.Incidents, rep.Exercises...) {
			for _, x := range m.Values {
				row := []string{m.Incident.Number, yesNo(m.Incident.Exercise), string(x.Metric), x.Of, yesNo(x.Known), "", "", "", x.Missing}
				if x.Known {
					row[5], row[6], row[7] = number(x.Value), number(x.Low), number(x.High)
				}
				out = append(out, row)
			}
		}
		return out, false, nil
	})
}

// metricWords is a value of a metric as people read it.
func metricWords(m loop.Metric, v float64) string {
	if m.Share() {
		return percent(v)
	}
	d := time.Duration(v * float64(time.Hour))
	switch {
	case d < 0:
		return "−" + span(-d)
	case m == loop.Downtime:
		return strconv.FormatFloat(v, 'f', 1, 64) + " device-hours"
	}
	return span(d)
}

// metricValue is a metric of one incident, with its interval where it rests on an estimate.
func metricValue(v loop.Value) string {
	out := metricWords(v.Metric, v.Value)
	if v.Low != v.High {
		out += fmt.Sprintf(" (%s to %s)", metricWords(v.Metric, v.Low), metricWords(v.Metric, v.High))
	}
	return out
}

func metricName(m loop.Metric) string    { name, _ := m.Words(); return name }
func metricFormula(m loop.Metric) string { _, formula := m.Words(); return formula }
