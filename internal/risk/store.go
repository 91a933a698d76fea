package risk

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/problem"
	"triward/internal/store"
)

const decisionColumns = `id, title, treatment, owner, due, reason, controls, accepted_by, accepted_until, state, state_reason, author, at, closed, known`

func insertDecision(ctx context.Context, tx *store.Tx, d Decision) error {
	known, err := json.Marshal(d.Known)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO decision (`+decisionColumns+`) VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15)`,
		d.ID, d.Title, string(d.Treatment), d.Owner, store.Micros(d.Due), d.Reason, d.Controls, d.AcceptedBy, store.Micros(d.AcceptedUntil),
		string(d.State), d.StateReason, d.Author, store.Micros(d.At), store.Micros(d.ClosedAt), string(known)); err != nil {
		return err
	}
	for _, v := range d.Vulnerabilities {
		if _, err := tx.Exec(ctx, `INSERT INTO decision_vuln (decision, vuln) VALUES ($1, $2)`, d.ID, v); err != nil {
			return err
		}
	}
	return nil
}

// insertDecisionDevices writes many rows per statement: a decision may cover tens of thousands of devices.
func insertDecisionDevices(ctx context.Context, tx *store.Tx, decision string, items map[string]deviceFact) error {
	ids := make([]string, 0, len(items))
	for id := range items {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for part := range slices.Chunk(ids, 500) {
		var w store.Where
		rows := make([]string, len(part))
		for i, id := range part {
			ways, err := json.Marshal(items[id].ways)
			if err != nil {
				return err
			}
			rows[i] = fmt.Sprintf("(%s, %s, %s, %s, 'not_started', '', 0, 0, 0)", w.Bind(decision), w.Bind(id), w.Bind(items[id].site), w.Bind(string(ways)))
		}
		if _, err := tx.Exec(ctx, `INSERT INTO decision_device (decision, device, site, ways, progress, note, scheduled, done, verified) VALUES `+
			strings.Join(rows, ", "), w.Args()...); err != nil {
			return err
		}
	}
	return nil
}

func scanDecision(s store.Scanner) (Decision, error) {
	var d Decision
	var due, until, at, closed int64
	var known string
	if err := s.Scan(&d.ID, &d.Title, &d.Treatment, &d.Owner, &due, &d.Reason, &d.Controls, &d.AcceptedBy, &until, &d.State, &d.StateReason,
		&d.Author, &at, &closed, &known); err != nil {
		return d, err
	}
	d.Due, d.AcceptedUntil, d.At, d.ClosedAt = store.Time(due), store.Time(until), store.Time(at), store.Time(closed)
	return d, json.Unmarshal([]byte(known), &d.Known)
}

// listDecisions reads decisions with their vulnerabilities. where is a constant text.
func listDecisions(ctx context.Context, r store.Reader, where string, args ...any) ([]Decision, error) {
	all, err := store.All(ctx, r, scanDecision, `SELECT `+decisionColumns+` FROM decision `+where, args...)
	if err != nil {
		return nil, err
	}
	return all, readVulnerabilities(ctx, r, all)
}

// readVulnerabilities fills what decisions are about.
func readVulnerabilities(ctx context.Context, r store.Reader, all []Decision) error {
	at := map[string]int{}
	ids := make([]string, len(all))
	for i, d := range all {
		at[d.ID], ids[i] = i, d.ID
	}
	for part := range slices.Chunk(ids, 1000) {
		var w store.Where
		w.In("decision", part)
		rows, err := store.All(ctx, r, func(s store.Scanner) (v [2]string, err error) {
			return v, s.Scan(&v[0], &v[1])
		}, `SELECT decision, vuln FROM decision_vuln`+w.SQL()+` ORDER BY decision, vuln`, w.Args()...)
		if err != nil {
			return err
		}
		for _, v := range rows {
			d := &all[at[v[0]]]
			d.Vulnerabilities = append(d.Vulnerabilities, v[1])
		}
	}
	return nil
}

func getDecision(ctx context.Context, r store.Reader, decision string) (Decision, error) {
	d, err := listDecisions(ctx, r, `WHERE id = $1`, decision)
	if err != nil {
		return Decision{}, err
	}
	if len(d) == 0 {
		return Decision{}, problem.New(problem.NotFound, "there is no decision %q", decision)
	}
	return d[0], nil
}

type movedDevices struct {
	n      int
	bySite map[string][]string
}

func (m movedDevices) sites() []string {
	out := make([]string, 0, len(m.bySite))
	for s := range m.bySite {
		out = append(out, s)
	}
	slices.Sort(out)
	return out
}

// setProgress moves devices. The instants of done and verified are kept from the first time; a device that failed or
// starts again loses them.
func setProgress(ctx context.Context, tx *store.Tx, p Step) (movedDevices, error) {
	m := movedDevices{bySite: map[string][]string{}}
	at := store.Micros(p.At)
	for part := range slices.Chunk(p.Devices, 1000) {
		var w store.Where
		set := "progress = " + w.Bind(string(p.Progress)) + ", note = " + w.Bind(p.Note)
		switch p.Progress {
		case Scheduled:
			set += ", scheduled = " + w.Bind(at) + ", done = 0, verified = 0"
		case Done:
			set += ", done = " + w.Bind(at) + ", verified = 0"
		case Verified:
			mark := w.Bind(at)
			set += ", done = CASE WHEN done = 0 THEN " + mark + " ELSE done END, verified = " + mark
		default:
			set += ", done = 0, verified = 0"
		}
		w.And("decision = ?", p.Decision)
		w.In("device", part)
		type row struct{ device, site string }
		rows, err := store.All(ctx, tx, func(s store.Scanner) (v row, err error) {
			return v, s.Scan(&v.device, &v.site)
		}, `UPDATE decision_device SET `+set+w.SQL()+` RETURNING device, site`, w.Args()...)
		if err != nil {
			return m, err
		}
		for _, v := range rows {
			m.bySite[v.site] = append(m.bySite[v.site], v.device)
		}
		m.n += len(rows)
	}
	return m, nil
}

func progressCounts(ctx context.Context, r store.Reader, decision string) (map[Progress]int, error) {
	type row struct {
		p Progress
		n int
	}
	rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.p, &v.n)
	}, `SELECT progress, count(*) FROM decision_device WHERE decision = $1 GROUP BY progress`, decision)
	out := map[Progress]int{}
	for _, v := range rows {
		out[v.p] = v.n
	}
	return out, err
}

// decidedLine is the decision that a line stands under.
type decidedLine struct {
	decision string
	progress Progress
	controls string
}

// decidedLines is the newest open decision for each device and vulnerability of the devices. A re-opened decision and its
// controls do not count until it is decided again.
func decidedLines(ctx context.Context, r store.Reader, devices []string) (map[[2]string]decidedLine, error) {
	out := map[[2]string]decidedLine{}
	for part := range slices.Chunk(devices, 1000) {
		var w store.Where
		w.In("dd.device", part)
		w.And("d.state = ?", string(Open))
		type row struct {
			device, vuln string
			decidedLine
		}
		rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
			return v, s.Scan(&v.device, &v.vuln, &v.decision, &v.progress, &v.controls)
		}, `SELECT dd.device, v.vuln, d.id, dd.progress, d.controls FROM decision_device dd JOIN decision d ON d.id = dd.decision
			JOIN decision_vuln v ON v.decision = d.id`+w.SQL()+` ORDER BY d.at, d.id`, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, v := range rows {
			out[[2]string{v.device, v.vuln}] = v.decidedLine
		}
	}
	return out, nil
}

// CurrentTable is the decision table in force.
func CurrentTable(ctx context.Context, r store.Reader) (Table, error) {
	rows, err := store.All(ctx, r, func(s store.Scanner) (t Table, err error) {
		var cells string
		if err := s.Scan(&t.Version, &cells); err != nil {
			return t, err
		}
		return t, json.Unmarshal([]byte(cells), &t.Cells)
	}, `SELECT version, cells FROM risk_table ORDER BY version DESC LIMIT 1`)
	if err != nil {
		return Table{}, fmt.Errorf("read decision table: %w", err)
	}
	if len(rows) == 0 {
		return DefaultTable(), nil
	}
	return rows[0], nil
}

// Tables keeps the versions of the decision table.
type Tables struct{ DB *store.DB }

// Change puts a new version in force and returns its number. Everything is ranked again by it.
func (s Tables) Change(ctx context.Context, t Table, reason string) (int, error) {
	if err := t.Validate(); err != nil {
		return 0, err
	}
	if strings.TrimSpace(reason) == "" {
		return 0, problem.New(problem.Invalid, "say why the decision table changes")
	}
	var version int
	err := s.DB.Update(ctx, func(tx *store.Tx) error {
		old, err := CurrentTable(ctx, tx)
		if err != nil {
			return err
		}
		t.Version = old.Version + 1
		version = t.Version
		cells, err := json.Marshal(t.Cells)
		if err != nil {
			return err
		}
		if _, err := tx.Exec(ctx, `INSERT INTO risk_table (version, cells, reason, author, at) VALUES ($1, $2, $3, $4, $5)`,
			t.Version, string(cells), reason, tx.Actor().Name, store.Micros(tx.Now)); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindTableChanged, Subject: "decision-table", Body: map[string]any{"before": old, "after": t, "reason": reason}})
		return err
	})
	return version, err
}

// countVulns brings the counts per vulnerability up to date; the worst rank is read again from the index.
func (w *work) countVulns(ctx context.Context) error {
	vulns := make([]string, 0, len(w.delta))
	for v := range w.delta {
		vulns = append(vulns, v)
	}
	slices.Sort(vulns)
	for part := range slices.Chunk(vulns, 500) {
		rows := func(yield func([]any) bool) {
			for _, v := range part {
				d := w.delta[v]
				kev := int64(0)
				if len(w.threats[v].Exploited) > 0 {
					kev = 1
				}
				if !yield([]any{v, d[0], d[1], d[2], d[3], kev}) {
					return
				}
			}
		}
		if _, err := w.b.Each(ctx, `INSERT INTO vuln_risk (vuln, affected, unknown, uncontrolled, decided, kev, worst) VALUES ($1, $2, $3, $4, $5, $6, 0)
			ON CONFLICT (vuln) DO UPDATE SET affected = vuln_risk.affected + excluded.affected, unknown = vuln_risk.unknown + excluded.unknown,
			uncontrolled = vuln_risk.uncontrolled + excluded.uncontrolled, decided = vuln_risk.decided + excluded.decided`, rows); err != nil {
			return err
		}
		var where store.Where
		where.In("vuln", part)
		if _, err := w.b.Exec(ctx, `UPDATE vuln_risk SET worst = (SELECT coalesce(max(l.rank), 0) FROM line l WHERE l.vuln = vuln_risk.vuln),
			kev = (SELECT coalesce(max(l.kev), 0) FROM (SELECT l2.kev AS kev FROM line l2 WHERE l2.vuln = vuln_risk.vuln ORDER BY l2.rank DESC LIMIT 1) l)`+where.SQL(), where.Args()...); err != nil {
			return err
		}
		where = store.Where{}
		where.In("vuln", part)
		where.And("affected + unknown <= 0")
		if _, err := w.b.Exec(ctx, `DELETE FROM vuln_risk`+where.SQL(), where.Args()...); err != nil {
			return err
		}
	}
	return nil
}

// countDevices sums up the lines of the devices that were ranked again.
func (w *work) countDevices(ctx context.Context) error {
	ids := make([]string, 0, len(w.devs))
	for id := range w.devs {
		ids = append(ids, id)
	}
	slices.Sort(ids)
	for part := range slices.Chunk(ids, 500) {
		facts, err := readDeviceFacts(ctx, w.b, part)
		if err != nil {
			return err
		}
		var where store.Where
		where.In("device", part)
		if _, err := w.b.Exec(ctx, `DELETE FROM device_risk`+where.SQL(), where.Args()...); err != nil {
			return err
		}
		type sum struct {
			device                                                 string
			affected, unknown, uncontrolled, kev, decided, maximum int64
		}
		sums, err := store.All(ctx, w.b, func(s store.Scanner) (v sum, err error) {
			return v, s.Scan(&v.device, &v.affected, &v.unknown, &v.uncontrolled, &v.kev, &v.decided, &v.maximum)
		}, `SELECT device, sum(CASE WHEN truth = 'affected' THEN 1 ELSE 0 END), sum(CASE WHEN truth = 'affected' THEN 0 ELSE 1 END),
			sum(uncontrolled), sum(kev), sum(CASE WHEN decision <> '' THEN 1 ELSE 0 END), max(rank) FROM line`+where.SQL()+` GROUP BY device ORDER BY device`, where.Args()...)
		if err != nil {
			return err
		}
		byDevice := map[string]sum{}
		for _, v := range sums {
			byDevice[v.device] = v
		}
		rows := func(yield func([]any) bool) {
			for _, id := range part {
				f, ok := facts[id]
				if !ok {
					continue
				}
				v := byDevice[id]
				if !yield([]any{id, f.model, f.site, f.ward, f.inUse, max(1, w.models[f.model].PatientsAtOnce), v.affected, v.unknown, v.uncontrolled, v.kev, v.decided, v.maximum}) {
					return
				}
			}
		}
		if _, err := w.b.Load(ctx, "device_risk", []string{"device", "model", "site", "ward", "in_use", "patients", "affected", "unknown", "uncontrolled", "kev", "decided", "worst"}, rows); err != nil {
			return err
		}
	}
	return nil
}

// Forget removes everything that ranking derived, for a rebuild.
func (k Ranker) Forget(ctx context.Context, b *store.Bulk) error {
	for _, table := range []string{"line", "device_risk", "vuln_risk"} {
		if _, err := b.Exec(ctx, `DELETE FROM `+table); err != nil {
			return fmt.Errorf("forget the ranked list: %w", err)
		}
	}
	return nil
}

// day is the start of a day in UTC.
func startOfDay(t time.Time) time.Time { return t.UTC().Truncate(24 * time.Hour) }
