package api

import (
	"context"
	"math"
	"time"

	"triward/apiv1"
	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
)

func (s *Server) overview() {
	add(s, op{id: "overview", route: "GET /overview", kind: risk.KindRead, summary: "The fleet at a glance"}, s.readOverview)
	add(s, op{id: "metrics", route: "GET /metrics", kind: risk.KindRead, summary: "The three postmarket metrics of FDA over a period"}, s.metrics)
}

func (s *Server) readOverview(ctx context.Context, _ *none) (apiv1.Overview, error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Overview, error) {
		o, err := risk.ReadOverview(ctx, r, s.DB.Now())
		if err != nil {
			return apiv1.Overview{}, err
		}
		sites, models := map[string]string{}, map[string]string{}
		if a, _ := store.ActorOf(ctx); a.May(device.KindRead) {
			all, err := device.Sites(ctx, r)
			if err != nil {
				return apiv1.Overview{}, err
			}
			for _, v := range all {
				sites[string(v.ID)] = v.Name
			}
		}
		for _, m := range o.Models {
			v, err := product.Get(ctx, r, product.ModelID(m.Model))
			switch problem.KindOf(err) {
			case problem.NotFound, problem.Forbidden:
				continue
			}
			if err != nil {
				return apiv1.Overview{}, err
			}
			models[m.Model] = v.ManufacturerName + " " + v.Name
		}
		return apiv1.Overview{Devices: o.Devices, UncontrolledDevices: o.UncontrolledDevices, UnknownDevices: o.UnknownDevices, Affected: o.Affected, Unknown: o.Unknown,
			Uncontrolled: o.Uncontrolled, KEVDevices: o.KEVDevices, PatientsExposed: o.PatientsExposed, PatientsUnknown: o.PatientsUnknown,
			OverdueDecisions: o.OverdueDecisions, OverdueDevices: o.OverdueDevices, Reopened: o.Reopened,
			Sites: each(o.Sites, func(v risk.SiteRisk) apiv1.SiteRisk {
				return apiv1.SiteRisk{Site: v.Site, SiteName: sites[v.Site], Ward: v.Ward, Devices: v.Devices, Uncontrolled: v.Uncontrolled, Patients: v.Patients}
			}),
			Models: each(o.Models, func(v risk.ModelRisk) apiv1.ModelRisk {
				return apiv1.ModelRisk{Model: v.Model, ModelName: models[v.Model], Devices: v.Devices, Uncontrolled: v.Uncontrolled}
			}),
			Trend: each(o.Trend, func(v risk.Day) apiv1.TrendDay {
				return apiv1.TrendDay{Day: date(v.Day), Devices: v.Devices, Uncontrolled: v.Uncontrolled, UncontrolledDevices: v.UncontrolledDevices,
					Unknown: v.Unknown, KEV: v.KEV, Overdue: v.Overdue}
			})}, nil
	})
}

func (s *Server) metrics(ctx context.Context, in *struct{ apiv1.MetricsQuery }) (apiv1.Metrics, error) {
	to := s.DB.Now()
	if in.To != "" {
		to = endOfDay(in.To)
	}
	from := to.AddDate(-1, 0, 0)
	if in.From != "" {
		from = day(in.From)
	}
	if !from.Before(to) {
		return apiv1.Metrics{}, &failure{Problem: apiv1.Problem{Type: string(problem.Invalid), Title: "Unprocessable Entity", Status: 422, Detail: "the period is not valid",
			Errors: []apiv1.Fault{{Location: "query.from", Message: "must lie before to"}}}}
	}
	m, err := read(ctx, s, func(r store.Reader) (risk.Metrics, error) { return risk.ReadMetrics(ctx, r, from, to) })
	return apiv1.Metrics{From: date(from), To: date(to), Vulnerabilities: m.Vulnerabilities, Updated: m.Updated, UpdatedShare: m.UpdatedShare, ToFixDays: days(m.ToFix),
		ToFixOf: m.ToFixOf, ToFixUnknown: m.ToFixUnknown, ToInstalledDays: days(m.ToInstalled), ToInstalledOf: m.ToInstalledOf, ToInstalledUnknown: m.ToInstalledUnknown}, err
}

// days rounds to a tenth of a day: more is not known.
func days(d time.Duration) float64 { return math.Round(d.Hours()/2.4) / 10 }
