package risk

import (
	"context"
	"fmt"
	"time"

	"triward/internal/store"
)

// Overview is the fleet at a glance.
type Overview struct {
	Devices             int
	UncontrolledDevices int
	UnknownDevices      int // no line is certain, at least one may be
	Affected            int // lines
	Unknown             int // lines
	Uncontrolled        int // lines
	KEVDevices          int
	PatientsExposed     int // patients at once on devices with an uncontrolled risk that are in use or may be
	PatientsUnknown     int // of these, on devices whose use is not known
	OverdueDecisions    int
	OverdueDevices      int
	Reopened            int
	Sites               []SiteRisk
	Models              []ModelRisk
	Trend               []Day
}

// SiteRisk is the sum over one ward of a site.
type SiteRisk struct {
	Site         string
	Ward         string
	Devices      int
	Uncontrolled int // devices with an uncontrolled risk
	Patients     int
}

// ModelRisk is the sum over one model.
type ModelRisk struct {
	Model        string
	Devices      int
	Uncontrolled int
	Worst        int64
}

// Day is one point of the trend.
type Day struct {
	Day                 time.Time
	Devices             int
	Uncontrolled        int
	UncontrolledDevices int
	Unknown             int
	KEV                 int
	Overdue             int
	At                  time.Time // when the figures were taken; zero for days before that was kept
}

const exposedPatients = `sum(CASE WHEN uncontrolled > 0 AND in_use <> 'no' THEN patients ELSE 0 END)`

// ReadOverview reads the sums within the scope of the reader, from counters that ranking keeps.
func ReadOverview(ctx context.Context, r store.Reader, now time.Time) (Overview, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Overview{}, err
	}
	var o Overview
	var w store.Where
	w.Scope(scope, "site", "model")
	if err := r.QueryRow(ctx, `SELECT count(*), coalesce(sum(CASE WHEN uncontrolled > 0 THEN 1 ELSE 0 END), 0),
		coalesce(sum(CASE WHEN affected = 0 AND unknown > 0 THEN 1 ELSE 0 END), 0), coalesce(sum(affected), 0), coalesce(sum(unknown), 0),
		coalesce(sum(uncontrolled), 0), coalesce(sum(CASE WHEN kev > 0 THEN 1 ELSE 0 END), 0), coalesce(`+exposedPatients+`, 0),
		coalesce(sum(CASE WHEN uncontrolled > 0 AND in_use = 'unknown' THEN patients ELSE 0 END), 0)
		FROM device_risk`+w.SQL(), w.Args()...).Scan(&o.Devices, &o.UncontrolledDevices, &o.UnknownDevices, &o.Affected, &o.Unknown,
		&o.Uncontrolled, &o.KEVDevices, &o.PatientsExposed, &o.PatientsUnknown); err != nil {
		return o, fmt.Errorf("read overview: %w", err)
	}
	if o.Sites, err = store.All(ctx, r, func(s store.Scanner) (v SiteRisk, err error) {
		return v, s.Scan(&v.Site, &v.Ward, &v.Devices, &v.Uncontrolled, &v.Patients)
	}, `SELECT site, ward, count(*), sum(CASE WHEN uncontrolled > 0 THEN 1 ELSE 0 END) AS bad, `+exposedPatients+` AS exposed FROM device_risk`+w.SQL()+
		` GROUP BY site, ward ORDER BY exposed DESC, bad DESC, site, ward LIMIT 12`, w.Args()...); err != nil {
		return o, fmt.Errorf("read overview: %w", err)
	}
	if o.Models, err = store.All(ctx, r, func(s store.Scanner) (v ModelRisk, err error) {
		return v, s.Scan(&v.Model, &v.Devices, &v.Uncontrolled, &v.Worst)
	}, `SELECT model, count(*), sum(CASE WHEN uncontrolled > 0 THEN 1 ELSE 0 END) AS bad, max(worst) AS top FROM device_risk`+w.SQL()+
		` GROUP BY model ORDER BY top DESC, bad DESC, model LIMIT 12`, w.Args()...); err != nil {
		return o, fmt.Errorf("read overview: %w", err)
	}
	if err := readOverdue(ctx, r, scope, now, &o); err != nil {
		return o, fmt.Errorf("read overview: %w", err)
	}
	if scope.All { // the trend is of the whole fleet
		if o.Trend, err = store.All(ctx, r, scanDay, `SELECT `+dayColumns+` FROM risk_day ORDER BY day DESC LIMIT 90`); err != nil {
			return o, fmt.Errorf("read overview: %w", err)
		}
	}
	return o, nil
}

const dayColumns = `day, devices, uncontrolled, uncontrolled_devices, unknown, kev, overdue, at`

func scanDay(s store.Scanner) (Day, error) {
	var d Day
	var day, at int64
	err := s.Scan(&day, &d.Devices, &d.Uncontrolled, &d.UncontrolledDevices, &d.Unknown, &d.KEV, &d.Overdue, &at)
	d.Day, d.At = store.Time(day), store.Time(at)
	return d, err
}

func readOverdue(ctx context.Context, r store.Reader, scope store.Scope, now time.Time, o *Overview) error {
	var w store.Where
	w.And("d.state <> 'closed'")
	w.And("d.due > 0")
	w.And("d.due < ?", store.Micros(now))
	w.And("dd.progress NOT IN ('verified', 'excused')")
	w.Scope(scope, "dd.site", "")
	if err := r.QueryRow(ctx, `SELECT count(DISTINCT d.id), count(*) FROM decision d JOIN decision_device dd ON dd.decision = d.id`+w.SQL(), w.Args()...).
		Scan(&o.OverdueDecisions, &o.OverdueDevices); err != nil {
		return err
	}
	return r.QueryRow(ctx, `SELECT count(*) FROM decision WHERE state = 'reopened'`).Scan(&o.Reopened)
}

// Snapshot keeps the overview of a day for the trend; the last one of a day stays. The figures and the rows behind them are
// of one instant.
func (k Ranker) Snapshot(ctx context.Context) error {
	ctx = store.WithActor(ctx, store.System("ranker"))
	return k.DB.Bulk(ctx, func(b *store.Bulk) error {
		now := k.DB.Now()
		o, err := ReadOverview(ctx, b, now)
		if err != nil {
			return err
		}
		if _, err := b.Exec(ctx, `INSERT INTO risk_day (`+dayColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8)
			ON CONFLICT (day) DO UPDATE SET devices = excluded.devices, uncontrolled = excluded.uncontrolled,
			uncontrolled_devices = excluded.uncontrolled_devices, unknown = excluded.unknown, kev = excluded.kev, overdue = excluded.overdue, at = excluded.at`,
			store.Micros(startOfDay(now)), o.Devices, o.Uncontrolled, o.UncontrolledDevices, o.Unknown, o.KEVDevices, o.OverdueDevices, store.Micros(now)); err != nil {
			return err
		}
		if err := rememberSets(ctx, b, store.Micros(now)); err != nil {
			return err
		}
		return pruneHistory(ctx, b, now)
	})
}
