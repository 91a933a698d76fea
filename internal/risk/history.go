package risk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

// Past is a device and a vulnerability that was uncontrolled for a time. Class and place are those of its beginning.
type Past struct {
	Device         string
	Vulnerability  string
	Since          time.Time
	Until          time.Time // zero: it still is
	Exploitability Exploitability
	Severity       Severity
	Model          string
	Site           string
	Ward           string
}

// historyKept is how long a line that ended is kept: longer than the trend goes back.
const historyKept = 100 * 24 * time.Hour

// remember keeps which lines of devices began or ended to be uncontrolled. rows are their lines now, those of some
// vulnerabilities (none named: all).
func (w *work) remember(ctx context.Context, ids, vulns []string, rows [][]any) error {
	var where store.Where
	where.And("until = 0")
	where.In("device", ids)
	where.In("vuln", vulns)
	pairs, err := store.All(ctx, w.b, func(s store.Scanner) (v [2]string, err error) { return v, s.Scan(&v[0], &v[1]) },
		`SELECT device, vuln FROM uncontrolled_span`+where.SQL(), where.Args()...)
	if err != nil {
		return fmt.Errorf("read what was uncontrolled: %w", err)
	}
	open := make(map[[2]string]bool, len(pairs))
	for _, p := range pairs {
		open[p] = true
	}
	var begun [][]any
	for _, r := range rows { // see lineColumns
		pair := [2]string{r[0].(string), r[1].(string)}
		switch {
		case r[6].(int64) == 0:
		case open[pair]:
			delete(open, pair)
		default:
			begun = append(begun, []any{pair[0], pair[1], w.now, int64(0), r[4], r[5], r[8], r[9], r[10]})
		}
	}
	for pair := range open {
		// One that ends in the instant in which it began was never seen.
		if _, err := w.b.Exec(ctx, `DELETE FROM uncontrolled_span WHERE device = $1 AND vuln = $2 AND until = 0 AND since = $3`, pair[0], pair[1], w.now); err != nil {
			return fmt.Errorf("end what was uncontrolled: %w", err)
		}
		if _, err := w.b.Exec(ctx, `UPDATE uncontrolled_span SET until = $1 WHERE device = $2 AND vuln = $3 AND until = 0`, w.now, pair[0], pair[1]); err != nil {
			return fmt.Errorf("end what was uncontrolled: %w", err)
		}
	}
	_, err = w.b.Load(ctx, "uncontrolled_span", []string{"device", "vuln", "since", "until", "exploitability", "severity", "model", "site", "ward"}, slices.Values(begun))
	return err
}

// pruneHistory removes what ended so long ago that no point of the trend shows it.
func pruneHistory(ctx context.Context, b *store.Bulk, now time.Time) error {
	_, err := b.Exec(ctx, `DELETE FROM uncontrolled_span WHERE until > 0 AND until < $1`, store.Micros(now.Add(-historyKept)))
	return err
}

// PastQuery chooses what was uncontrolled on a day.
type PastQuery struct {
	Day   time.Time
	Sort  string // of [PastSorts]; "" is what began last first
	After string
	Limit int
}

// PastSorts are the orders of what was uncontrolled.
func PastSorts() store.Sorts {
	device, v := store.ByText("device"), store.ByText("vuln")
	return store.Sorts{"since": {store.ByNumber("since"), device, v}, "device": {device, v, store.ByNumber("since")}}
}

// PastPage is what was uncontrolled at an instant of a day: that of the figures of its point in the trend.
type PastPage struct {
	Figures Day
	At      time.Time
	From    time.Time // rows are kept since then; zero when there are none yet
	Items   []Past
	Next    string
}

// UncontrolledOn reads what was uncontrolled on a day of the trend within the scope of the reader. A day that the trend does
// not hold is NotFound.
func UncontrolledOn(ctx context.Context, r store.Reader, q PastQuery) (PastPage, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return PastPage{}, err
	}
	sort, err := PastSorts().Named(q.Sort, "-since")
	if err != nil {
		return PastPage{}, err
	}
	days, err := store.All(ctx, r, scanDay, `SELECT `+dayColumns+` FROM risk_day WHERE day = $1`, store.Micros(startOfDay(q.Day)))
	if err != nil {
		return PastPage{}, fmt.Errorf("read a day: %w", err)
	}
	if len(days) == 0 {
		return PastPage{}, problem.New(problem.NotFound, "no figures are kept of %s", q.Day.Format(time.DateOnly))
	}
	p := PastPage{Figures: days[0], At: days[0].At}
	if p.At.IsZero() {
		p.At = p.Figures.Day.Add(24*time.Hour - time.Microsecond)
	}
	var first int64
	if err := r.QueryRow(ctx, `SELECT coalesce(min(since), 0) FROM uncontrolled_span`).Scan(&first); err != nil {
		return p, fmt.Errorf("read a day: %w", err)
	}
	p.From = store.Time(first)
	var w store.Where
	w.Scope(scope, "site", "model")
	w.And("since <= ?", store.Micros(p.At))
	w.And("(until = 0 OR until > ?)", store.Micros(p.At))
	page, err := store.List(ctx, r, store.Listing{Columns: "device, vuln, since, until, exploitability, severity, model, site, ward", From: "uncontrolled_span", Where: w,
		Sort: sort, After: q.After, Limit: q.Limit}, scanPast)
	if err != nil {
		return p, fmt.Errorf("read what was uncontrolled: %w", err)
	}
	p.Items, p.Next = page.Items, page.Next
	return p, nil
}

func scanPast(s store.Scanner) (Past, error) {
	var p Past
	var since, until int64
	var e, sev int
	if err := s.Scan(&p.Device, &p.Vulnerability, &since, &until, &e, &sev, &p.Model, &p.Site, &p.Ward); err != nil {
		return p, err
	}
	if e < 0 || e >= len(Exploitabilities) || sev < 1 || sev > len(Severities) {
		return p, fmt.Errorf("line %s %s had class E%d S%d", p.Device, p.Vulnerability, e, sev)
	}
	p.Exploitability, p.Severity = Exploitabilities[e], Severities[sev-1]
	p.Since, p.Until = store.Time(since), store.Time(until)
	return p, nil
}
