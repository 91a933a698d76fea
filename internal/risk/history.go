package risk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln/match"
)

// Figure is a figure of a day of the trend. Each opens the rows behind it.
type Figure string

// The closed list of figures.
const (
	FigureUncontrolled Figure = "uncontrolled" // lines
	FigureUnknown      Figure = "unknown"      // lines
	FigureKEV          Figure = "kev"          // devices, by the lines that make them count
	FigureOverdue      Figure = "overdue"      // devices under overdue decisions, once for each decision
	FigureDevices      Figure = "devices"      // devices
)

// Figures lists the figures in the order in which they are shown.
var Figures = []Figure{FigureUncontrolled, FigureUnknown, FigureKEV, FigureOverdue, FigureDevices}

// Of is a figure of the day.
func (d Day) Of(f Figure) int {
	return map[Figure]int{FigureUncontrolled: d.Uncontrolled, FigureUnknown: d.Unknown, FigureKEV: d.KEV, FigureOverdue: d.Overdue, FigureDevices: d.Devices}[f]
}

// Past is a row behind a figure: a device, with the vulnerability or the decision for which it counted for a time. Class and
// place are those of its beginning.
type Past struct {
	Device         string
	Vulnerability  string // "" for overdue and devices
	Decision       string // of overdue
	Since          time.Time
	Until          time.Time // zero: it still counts
	Exploitability Exploitability
	Severity       Severity
	Model          string
	Site           string
	Ward           string
}

// historyKept is how long a row that ended is kept: longer than the trend goes back.
const historyKept = 100 * 24 * time.Hour

var pastColumns = []string{"figure", "device", "subject", "since", "until", "exploitability", "severity", "model", "site", "ward"}

// counts are the figures that a line counts for; row is a row of the ranked list, see lineColumns.
func counts(row []any) []Figure {
	var out []Figure
	if row[6].(int64) != 0 {
		out = append(out, FigureUncontrolled)
	}
	if row[3].(string) != string(match.Affected) {
		out = append(out, FigureUnknown)
	}
	if row[7].(int64) != 0 {
		out = append(out, FigureKEV)
	}
	return out
}

// remember keeps which lines of devices began or ended to count for a figure. rows are their lines now, those of some
// vulnerabilities (none named: all).
func (w *work) remember(ctx context.Context, ids, vulns []string, rows [][]any) error {
	type key struct {
		figure          Figure
		device, subject string
	}
	var where store.Where
	where.And("until = 0")
	where.In("device", ids)
	where.In("subject", vulns)
	where.In("figure", []string{string(FigureUncontrolled), string(FigureUnknown), string(FigureKEV)})
	keys, err := store.All(ctx, w.b, func(s store.Scanner) (k key, err error) { return k, s.Scan(&k.figure, &k.device, &k.subject) },
		`SELECT figure, device, subject FROM past_row`+where.SQL(), where.Args()...)
	if err != nil {
		return fmt.Errorf("read what counted: %w", err)
	}
	open := make(map[key]bool, len(keys))
	for _, k := range keys {
		open[k] = true
	}
	var begun [][]any
	for _, r := range rows {
		for _, f := range counts(r) {
			k := key{f, r[0].(string), r[1].(string)}
			if open[k] {
				delete(open, k)
				continue
			}
			begun = append(begun, []any{string(f), k.device, k.subject, w.now, int64(0), r[4], r[5], r[8], r[9], r[10]})
		}
	}
	ended := func(yield func([]any) bool) {
		for k := range open {
			if !yield([]any{w.now, string(k.figure), k.device, k.subject}) {
				return
			}
		}
	}
	// One that ends in the instant in which it began was never seen.
	if _, err := w.b.Each(ctx, `DELETE FROM past_row WHERE since = $1 AND figure = $2 AND device = $3 AND subject = $4 AND until = 0`, ended); err != nil {
		return fmt.Errorf("end what counted: %w", err)
	}
	if _, err := w.b.Each(ctx, `UPDATE past_row SET until = $1 WHERE figure = $2 AND device = $3 AND subject = $4 AND until = 0`, ended); err != nil {
		return fmt.Errorf("end what counted: %w", err)
	}
	if _, err := w.b.Load(ctx, "past_row", pastColumns, slices.Values(begun)); err != nil {
		return fmt.Errorf("keep what counts: %w", err)
	}
	return nil
}

// overdueNow are the devices under decisions that are past due at $1: what the figure counts, see readOverdue.
const overdueNow = `FROM decision d JOIN decision_device dd ON dd.decision = d.id
	WHERE d.state <> 'closed' AND d.due > 0 AND d.due < $1 AND dd.progress NOT IN ('verified', 'excused')`

// rememberSets keeps what began or ended to count for the figures that do not change with a line: they are looked at when
// the figures are taken.
func rememberSets(ctx context.Context, b *store.Bulk, now int64) error {
	for _, q := range []string{
		`UPDATE past_row SET until = $1 WHERE figure = 'overdue' AND until = 0 AND NOT EXISTS (SELECT 1 ` + overdueNow + ` AND d.id = past_row.subject AND dd.device = past_row.device)`,
		`INSERT INTO past_row (figure, device, subject, since, until, exploitability, severity, model, site, ward)
			SELECT 'overdue', due.device, due.id, CAST($1 AS BIGINT), 0, 0, 0, coalesce(r.model, ''), due.site, coalesce(r.ward, '')
			FROM (SELECT d.id, dd.device, dd.site ` + overdueNow + `) due LEFT JOIN device_risk r ON r.device = due.device
			WHERE NOT EXISTS (SELECT 1 FROM past_row p WHERE p.device = due.device AND p.subject = due.id AND p.until = 0)`,
		`UPDATE past_row SET until = $1 WHERE figure = 'devices' AND until = 0 AND NOT EXISTS (SELECT 1 FROM device_risk r WHERE r.device = past_row.device)`,
		`INSERT INTO past_row (figure, device, subject, since, until, exploitability, severity, model, site, ward)
			SELECT 'devices', r.device, '', CAST($1 AS BIGINT), 0, 0, 0, r.model, r.site, r.ward FROM device_risk r
			WHERE NOT EXISTS (SELECT 1 FROM past_row p WHERE p.device = r.device AND p.subject = '' AND p.until = 0)`,
	} {
		if _, err := b.Exec(ctx, q, now); err != nil {
			return fmt.Errorf("keep what counts: %w", err)
		}
	}
	return nil
}

// pruneHistory removes what ended so long ago that no point of the trend shows it.
func pruneHistory(ctx context.Context, b *store.Bulk, now time.Time) error {
	_, err := b.Exec(ctx, `DELETE FROM past_row WHERE until > 0 AND until < $1`, store.Micros(now.Add(-historyKept)))
	return err
}

// PastQuery chooses the rows behind a figure of a day.
type PastQuery struct {
	Day    time.Time
	Figure Figure // "" is uncontrolled
	Sort   string // of [PastSorts]; "" is what began last first
	After  string
	Limit  int
}

// PastSorts are the orders of the rows behind a figure.
func PastSorts() store.Sorts {
	device, subject := store.ByText("device"), store.ByText("subject")
	return store.Sorts{"since": {store.ByNumber("since"), device, subject}, "device": {device, subject, store.ByNumber("since")}}
}

// PastPage is what counted at an instant of a day: that at which the figures of its point in the trend were taken.
type PastPage struct {
	Figures Day // counts are 0 for a reader whose scope is not everything: the trend is of the whole fleet
	At      time.Time
	From    time.Time // rows of the figure are kept since then; zero when there are none yet
	Items   []Past
	Next    string
}

// PastRows reads what was behind a figure on a day of the trend within the scope of the reader. A day that the trend does
// not hold is NotFound.
func PastRows(ctx context.Context, r store.Reader, q PastQuery) (PastPage, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return PastPage{}, err
	}
	if q.Figure == "" {
		q.Figure = FigureUncontrolled
	}
	if !slices.Contains(Figures, q.Figure) {
		return PastPage{}, problem.New(problem.Invalid, "%q is not a figure of the trend", q.Figure)
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
	if !scope.All {
		p.Figures = Day{Day: p.Figures.Day, At: p.Figures.At}
	}
	var first int64
	if err := r.QueryRow(ctx, `SELECT coalesce(min(since), 0) FROM past_row WHERE figure = $1`, string(q.Figure)).Scan(&first); err != nil {
		return p, fmt.Errorf("read a day: %w", err)
	}
	p.From = store.Time(first)
	var w store.Where
	w.And("figure = ?", string(q.Figure))
	w.Scope(scope, "site", "model")
	w.And("since <= ?", store.Micros(p.At))
	w.And("(until = 0 OR until > ?)", store.Micros(p.At))
	page, err := store.List(ctx, r, store.Listing{Columns: "device, subject, since, until, exploitability, severity, model, site, ward", From: "past_row", Where: w,
		Sort: sort, After: q.After, Limit: q.Limit}, func(s store.Scanner) (Past, error) { return scanPast(s, q.Figure) })
	if err != nil {
		return p, fmt.Errorf("read what counted: %w", err)
	}
	p.Items, p.Next = page.Items, page.Next
	return p, nil
}

func scanPast(s store.Scanner, f Figure) (Past, error) {
	var p Past
	var since, until int64
	var e, sev int
	var subject string
	if err := s.Scan(&p.Device, &subject, &since, &until, &e, &sev, &p.Model, &p.Site, &p.Ward); err != nil {
		return p, err
	}
	p.Since, p.Until = store.Time(since), store.Time(until)
	switch f {
	case FigureDevices:
		return p, nil
	case FigureOverdue:
		p.Decision = subject
		return p, nil
	}
	p.Vulnerability = subject
	if e < 0 || e >= len(Exploitabilities) || sev < 1 || sev > len(Severities) {
		return p, fmt.Errorf("line %s %s had class E%d S%d", p.Device, subject, e, sev)
	}
	p.Exploitability, p.Severity = Exploitabilities[e], Severities[sev-1]
	return p, nil
}
