package loop

import (
	"context"
	"slices"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/coverage"
	"triward/internal/eventlog"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/store"
)

// Period is which incidents a report is about: those declared in a time.
type Period struct{ From, To time.Time }

// most bounds how many incidents one report measures.
const most = 2_000

// Summary is a metric over the incidents of a period. A metric with several values in one incident, such as the slack of each
// report, counts each.
type Summary struct {
	Metric   Metric
	N        int // values that are known
	Of       int // values in all
	Median   float64
	Least    float64
	Most     float64
	Unknown  []Unknown // why the others are not known
	Estimate bool      // some rest on estimates
}

// Unknown is an incident whose metric is not known.
type Unknown struct{ Incident, Number, Why string }

// Report is the metrics of a period.
type Report struct {
	Period
	Incidents []Measured // without exercises, the newest first
	Exercises []Measured
	Real      []Summary // in the order of [Metrics]
	Practice  []Summary // of exercises
	Cut       bool      // there were more incidents than are measured
	Withheld  int       // marked TLP:RED, and the reader is not named: not measured

	Precision      detection.Precision
	PrecisionKnown bool // the reader may read alerts
	Coverage       coverage.Share
	CoverageKnown  bool
}

// Over counts the metrics of a period. log is where events are kept; nil where none are.
func Over(ctx context.Context, r store.Reader, p Period, log eventlog.Reader, now time.Time) (Report, error) {
	out := Report{Period: p}
	if !p.To.After(p.From) {
		return out, problem.New(problem.Invalid, "the period ends before it begins")
	}
	q := incident.Query{From: p.From, To: p.To, Sort: "-declared", Limit: 200}
	for {
		page, err := incident.List(ctx, r, q)
		if err != nil {
			return out, err
		}
		for _, i := range page.Items {
			if i.SameAs != "" || i.State == incident.FalseAlarm {
				continue
			}
			if i.Withheld {
				out.Withheld++
				continue
			}
			if len(out.Incidents)+len(out.Exercises) == most {
				out.Cut = true
				break
			}
			m, err := Measure(ctx, r, i.ID, now)
			if err != nil {
				return out, err
			}
			if i.Exercise {
				out.Exercises = append(out.Exercises, m)
			} else {
				out.Incidents = append(out.Incidents, m)
			}
		}
		if q.After = page.Next; q.After == "" || out.Cut {
			break
		}
	}
	out.Real, out.Practice = summaries(out.Incidents), summaries(out.Exercises)
	if _, err := store.ScopeOf(ctx, detection.KindRead); err != nil {
		return out, nil //nolint:nilerr // the report says that it is not known
	}
	var err error
	if out.Precision, err = detection.PrecisionOver(ctx, r, p.From, p.To); err != nil {
		return out, err
	}
	out.PrecisionKnown = true
	if out.Coverage, err = coverage.Now(ctx, r, log, now); err != nil {
		return out, err
	}
	out.CoverageKnown = log != nil
	return out, nil
}

func summaries(all []Measured) []Summary {
	var out []Summary
	for _, name := range Metrics() {
		s := Summary{Metric: name}
		var known []float64
		for _, m := range all {
			for _, v := range m.Values {
				if v.Metric != name {
					continue
				}
				s.Of++
				if !v.Known {
					s.Unknown = append(s.Unknown, Unknown{m.Incident.ID, m.Incident.Number, v.Missing})
					continue
				}
				known = append(known, v.Value)
				s.Estimate = s.Estimate || v.Low != v.High
			}
		}
		if s.N = len(known); s.N > 0 {
			slices.Sort(known)
			s.Least, s.Most = known[0], known[s.N-1]
			s.Median = (known[(s.N-1)/2] + known[s.N/2]) / 2
		}
		out = append(out, s)
	}
	return out
}
