package risk

import (
	"context"
	"fmt"
	"time"

	"triward/internal/store"
	"triward/internal/vuln"
)

// Metrics are the three postmarket metrics that FDA asks for (premarket guidance 2025, V.A.6), over the lines whose
// vulnerability was identified in a period. Averages are over what is known; what is not is counted.
type Metrics struct {
	From, To time.Time

	Vulnerabilities int     // identified in the period
	Updated         int     // of these, with a fix available
	UpdatedShare    float64 // 0 to 1

	ToFix        time.Duration // mean time from identification to a fix being available; zero when it was there already
	ToFixOf      int           // vulnerabilities that the mean is over
	ToFixUnknown int           // without a known fix

	ToInstalled        time.Duration // mean time from a fix being available to its installation in a device
	ToInstalledOf      int           // devices and vulnerabilities that the mean is over
	ToInstalledUnknown int           // fix available, not known to be installed
}

// ReadMetrics computes the metrics from the records of the ranked list and of decisions.
func ReadMetrics(ctx context.Context, r store.Reader, from, to time.Time) (Metrics, error) {
	m := Metrics{From: from, To: to}
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return m, err
	}
	installed, err := installations(ctx, r, scope)
	if err != nil {
		return m, fmt.Errorf("read metrics: %w", err)
	}
	first, err := firstIdentified(ctx, r, scope)
	if err != nil {
		return m, fmt.Errorf("read metrics: %w", err)
	}
	// A vulnerability that is gone from the list because it was fixed everywhere still counts.
	for key := range installed {
		if at, ok := first[key.vuln]; !ok || installed[key].decided.Before(at) {
			first[key.vuln] = installed[key].decided
		}
	}
	var ids []string
	for v, at := range first {
		if !at.Before(from) && at.Before(to) {
			ids = append(ids, v)
		}
	}
	threats, err := vuln.Threats(ctx, r, ids)
	if err != nil {
		return m, err
	}
	var toFix, toInstalled time.Duration
	for _, v := range ids {
		m.Vulnerabilities++
		t := threats[v]
		if t == nil || t.FixKnown.IsZero() {
			m.ToFixUnknown++
			continue
		}
		m.Updated++
		m.ToFixOf++
		toFix += max(0, t.FixKnown.Sub(first[v]))
		for key, in := range installed {
			if key.vuln != v {
				continue
			}
			if in.done.IsZero() {
				m.ToInstalledUnknown++
				continue
			}
			m.ToInstalledOf++
			toInstalled += max(0, in.done.Sub(t.FixKnown))
		}
	}
	if m.Vulnerabilities > 0 {
		m.UpdatedShare = float64(m.Updated) / float64(m.Vulnerabilities)
	}
	if m.ToFixOf > 0 {
		m.ToFix = toFix / time.Duration(m.ToFixOf)
	}
	if m.ToInstalledOf > 0 {
		m.ToInstalled = toInstalled / time.Duration(m.ToInstalledOf)
	}
	return m, nil
}

type installKey struct{ device, vuln string }

type installation struct{ decided, done time.Time }

// installations reads, for each device and vulnerability under a decision to fix, replace or retire, when it was done.
func installations(ctx context.Context, r store.Reader, scope store.Scope) (map[installKey]installation, error) {
	var w store.Where
	w.And("d.treatment IN ('fix', 'replace', 'retire')")
	w.Scope(scope, "dd.site", "")
	type row struct {
		installKey
		at, done int64
	}
	rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.device, &v.vuln, &v.at, &v.done)
	}, `SELECT dd.device, v.vuln, d.at, dd.done FROM decision d JOIN decision_device dd ON dd.decision = d.id JOIN decision_vuln v ON v.decision = d.id`+
		w.SQL()+` ORDER BY d.at, d.id, dd.device, v.vuln`, w.Args()...)
	out := make(map[installKey]installation, len(rows))
	for _, v := range rows {
		out[v.installKey] = installation{decided: store.Time(v.at), done: store.Time(v.done)}
	}
	return out, err
}

func firstIdentified(ctx context.Context, r store.Reader, scope store.Scope) (map[string]time.Time, error) {
	var w store.Where
	w.Scope(scope, "site", "model")
	type row struct {
		vuln string
		at   int64
	}
	rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.vuln, &v.at)
	}, `SELECT vuln, min(identified) FROM line`+w.SQL()+` GROUP BY vuln`, w.Args()...)
	out := make(map[string]time.Time, len(rows))
	for _, v := range rows {
		out[v.vuln] = store.Time(v.at)
	}
	return out, err
}
