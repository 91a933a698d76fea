package risk

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

// Ranker keeps the ranked list. It is derived from matches, verdicts, decisions, models and devices.
type Ranker struct{ DB *store.DB }

// answer is what all sources and verdicts together say of a vulnerability in one device.
type answer struct {
	vuln  string
	truth match.Truth
	seen  time.Time
}

// Derive ranks again what the matcher changed, in the same transaction.
func (k Ranker) Derive(ctx context.Context, b *store.Bulk, c vuln.Changed) error {
	w, err := k.newWork(ctx, b)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(c.Holders, 200) {
		if err := w.devices(ctx, part, nil); err != nil {
			return fmt.Errorf("rank devices: %w", err)
		}
	}
	for i := 0; i < len(c.Pairs); {
		// Pairs come sorted by configuration.
		j := i
		var vulns []string
		for ; j < len(c.Pairs) && c.Pairs[j].Configuration == c.Pairs[i].Configuration; j++ {
			vulns = append(vulns, c.Pairs[j].Vulnerability)
		}
		holders, err := store.All(ctx, b, store.Value[string], `SELECT id FROM holder WHERE configuration = $1 AND kind = 'device' ORDER BY id`, c.Pairs[i].Configuration)
		if err != nil {
			return fmt.Errorf("rank pairs: %w", err)
		}
		for part := range slices.Chunk(holders, 1000) {
			if err := w.devices(ctx, part, vulns); err != nil {
				return fmt.Errorf("rank pairs: %w", err)
			}
		}
		i = j
	}
	return w.finish(ctx)
}

// Again ranks devices again for some vulnerabilities (none named: all), after a verdict, decision, model or device changed.
func (k Ranker) Again(ctx context.Context, b *store.Bulk, devices, vulns []string) error {
	w, err := k.newWork(ctx, b)
	if err != nil {
		return err
	}
	for part := range slices.Chunk(devices, 500) {
		if err := w.devices(ctx, part, vulns); err != nil {
			return fmt.Errorf("rank again: %w", err)
		}
	}
	return w.finish(ctx)
}

// work is one transaction of ranking: what was read once is used for all lines.
type work struct {
	b        *store.Bulk
	now      int64 // of the database's clock
	table    Table
	threats  map[string]Threat
	verdicts map[string][]vuln.Verdict // by model
	answers  map[string][]answer       // by configuration and vulnerabilities asked
	models   map[string]product.Model
	delta    map[string]*[4]int64 // vulnerability: affected, unknown, uncontrolled, decided
	devs     map[string]bool
}

func (k Ranker) newWork(ctx context.Context, b *store.Bulk) (*work, error) {
	t, err := CurrentTable(ctx, b)
	if err != nil {
		return nil, err
	}
	return &work{b: b, now: store.Micros(k.DB.Now()), table: t, threats: map[string]Threat{}, verdicts: map[string][]vuln.Verdict{}, answers: map[string][]answer{},
		models: map[string]product.Model{}, delta: map[string]*[4]int64{}, devs: map[string]bool{}}, nil
}

// holderRow is the configuration of a device.
type holderRow struct{ device, configuration, release string }

// devices replaces the lines of devices, all of them or those of some vulnerabilities.
func (w *work) devices(ctx context.Context, ids, vulns []string) error {
	if err := w.forget(ctx, ids, vulns); err != nil {
		return err
	}
	facts, err := readDeviceFacts(ctx, w.b, ids)
	if err != nil {
		return err
	}
	var where store.Where
	where.In("id", ids)
	holders, err := store.All(ctx, w.b, func(s store.Scanner) (h holderRow, err error) {
		return h, s.Scan(&h.device, &h.configuration, &h.release)
	}, `SELECT id, configuration, release FROM holder`+where.SQL()+` AND kind = 'device' ORDER BY id`, where.Args()...)
	if err != nil {
		return err
	}
	decided, err := decidedLines(ctx, w.b, ids)
	if err != nil {
		return err
	}
	var rows [][]any
	for _, h := range holders {
		f, ok := facts[h.device]
		if !ok {
			continue
		}
		w.devs[h.device] = true
		lines, err := w.lines(ctx, h, f, vulns)
		if err != nil {
			return err
		}
		for _, l := range lines {
			rows = append(rows, w.row(l, f, decided))
		}
	}
	if _, err := w.b.Load(ctx, "line", lineColumns, slices.Values(rows)); err != nil {
		return err
	}
	return w.remember(ctx, ids, vulns, rows)
}

var lineColumns = []string{"device", "vuln", "rank", "truth", "exploitability", "severity", "uncontrolled", "kev", "model", "site", "ward",
	"decision", "progress", "identified"}

func (w *work) row(l deviceLine, f deviceFact, decided map[[2]string]decidedLine) []any {
	d := decided[[2]string{f.id, l.vuln}]
	in := Input{Truth: l.truth, Threat: w.threats[l.vuln], Reach: Reach{Ways: f.ways}, Use: UseOf(w.models[f.model], product.SafetyClass(f.class)), Control: Control{Documented: d.controls}}
	a := Assess(in, w.table)
	var uncontrolled, kev int64
	if a.Class == Uncontrolled {
		uncontrolled = 1
	}
	if len(in.Threat.Exploited) > 0 {
		kev = 1
	}
	n := w.deltaOf(l.vuln)
	if l.truth == match.Affected {
		n[0]++
	} else {
		n[1]++
	}
	n[2] += uncontrolled
	if d.decision != "" {
		n[3]++
	}
	return []any{f.id, l.vuln, a.Rank, string(l.truth), rank(a.Exploitability), slices.Index(Severities, a.Severity) + 1, uncontrolled, kev,
		f.model, f.site, f.ward, d.decision, string(d.progress), store.Micros(identified(l.seen, f.registered))}
}

func (w *work) deltaOf(v string) *[4]int64 {
	if w.delta[v] == nil {
		w.delta[v] = new([4]int64)
	}
	return w.delta[v]
}

// forget removes lines and counts them off.
func (w *work) forget(ctx context.Context, ids, vulns []string) error {
	var where store.Where
	where.In("device", ids)
	where.In("vuln", vulns)
	type gone struct {
		device, vuln, truth, decision string
		uncontrolled                  int64
	}
	rows, err := store.All(ctx, w.b, func(s store.Scanner) (g gone, err error) {
		return g, s.Scan(&g.device, &g.vuln, &g.truth, &g.decision, &g.uncontrolled)
	}, `DELETE FROM line`+where.SQL()+` RETURNING device, vuln, truth, decision, uncontrolled`, where.Args()...)
	if err != nil {
		return err
	}
	for _, g := range rows {
		n := w.deltaOf(g.vuln)
		if g.truth == string(match.Affected) {
			n[0]--
		} else {
			n[1]--
		}
		n[2] -= g.uncontrolled
		if g.decision != "" {
			n[3]--
		}
		w.devs[g.device] = true
	}
	for _, id := range ids {
		w.devs[id] = true
	}
	return nil
}

type deviceLine struct {
	vuln  string
	truth match.Truth
	seen  time.Time
}

// lines is the answers for one device, verdicts applied, not affected left out.
func (w *work) lines(ctx context.Context, h holderRow, f deviceFact, vulns []string) ([]deviceLine, error) {
	all, err := w.answersOf(ctx, h.configuration, vulns)
	if err != nil {
		return nil, err
	}
	verdicts, err := w.verdictsOf(ctx, f.model)
	if err != nil {
		return nil, err
	}
	if _, ok := w.models[f.model]; !ok {
		if w.models[f.model], err = readModel(ctx, w.b, f.model); err != nil {
			return nil, err
		}
	}
	var out []deviceLine
	for _, a := range all {
		truth := applyVerdicts(a, verdicts, h.release, f.version)
		if truth != match.NotAffected {
			out = append(out, deviceLine{vuln: a.vuln, truth: truth, seen: a.seen})
		}
	}
	return out, nil
}

// applyVerdicts is the answer with the newest verdict that covers the release.
func applyVerdicts(a answer, verdicts []vuln.Verdict, release, version string) match.Truth {
	for _, v := range verdicts { // newest first
		if v.Vulnerability != a.vuln || !v.Covers(release, version) {
			continue
		}
		switch v.Status {
		case vuln.StatusNotAffected, vuln.StatusFixed:
			return match.NotAffected
		case vuln.StatusAffected:
			return match.Affected
		}
		return a.truth // under investigation changes nothing
	}
	return a.truth
}

func (w *work) verdictsOf(ctx context.Context, model string) ([]vuln.Verdict, error) {
	if model == "" {
		return nil, nil
	}
	if v, ok := w.verdicts[model]; ok {
		return v, nil
	}
	v, err := vuln.ListVerdicts(store.WithActor(ctx, store.System("ranker")), w.b, vuln.VerdictQuery{Models: []string{model}, States: []string{string(vuln.VerdictActive)}})
	w.verdicts[model] = v
	return v, err
}

// answersOf merges the matches of a configuration per vulnerability: affected when any source says so, else unknown when
// any cannot tell, else not affected.
func (w *work) answersOf(ctx context.Context, configuration string, vulns []string) ([]answer, error) {
	key := configuration
	for _, v := range vulns {
		key += "\x00" + v
	}
	if a, ok := w.answers[key]; ok {
		return a, nil
	}
	var out []answer
	parts := [][]string{nil}
	if len(vulns) > 0 {
		parts = slices.Collect(slices.Chunk(vulns, 1000))
	}
	for _, part := range parts {
		var where store.Where
		where.And("m.configuration = ?", configuration)
		where.In("m.vuln", part)
		type row struct {
			vuln, truth string
			seen        int64
		}
		rows, err := store.All(ctx, w.b, func(s store.Scanner) (v row, err error) {
			return v, s.Scan(&v.vuln, &v.truth, &v.seen)
		}, `SELECT m.vuln, m.truth, r.seen FROM vuln_match m JOIN record r ON r.key = m.record`+where.SQL()+` ORDER BY m.vuln`, where.Args()...)
		if err != nil {
			return nil, err
		}
		for _, v := range rows {
			if n := len(out); n > 0 && out[n-1].vuln == v.vuln {
				out[n-1] = out[n-1].with(match.Truth(v.truth), store.Time(v.seen))
				continue
			}
			out = append(out, answer{vuln: v.vuln, truth: match.Truth(v.truth), seen: store.Time(v.seen)})
		}
	}
	if err := w.needThreats(ctx, out); err != nil {
		return nil, err
	}
	w.answers[key] = out
	return out, nil
}

func (a answer) with(t match.Truth, seen time.Time) answer {
	if t == match.Affected || t == match.Unknown && a.truth == match.NotAffected {
		a.truth = t
	}
	if seen.Before(a.seen) {
		a.seen = seen
	}
	return a
}

func (w *work) needThreats(ctx context.Context, answers []answer) error {
	var need []string
	for _, a := range answers {
		if _, ok := w.threats[a.vuln]; !ok {
			need = append(need, a.vuln)
		}
	}
	found, err := vuln.Threats(ctx, w.b, need)
	if err != nil {
		return err
	}
	for _, v := range need {
		w.threats[v] = ThreatOf(found[v])
	}
	return nil
}

// finish brings the counters up to date.
func (w *work) finish(ctx context.Context) error {
	if err := w.countVulns(ctx); err != nil {
		return fmt.Errorf("count vulnerabilities: %w", err)
	}
	if err := w.countDevices(ctx); err != nil {
		return fmt.Errorf("count devices: %w", err)
	}
	return nil
}

// Portion is a part of the devices of a decision: those behind one, at most a number of them.
type Portion struct {
	After string // device
	Limit int
}

// AgainForDecision ranks a portion of the devices of a decision again, for its vulnerabilities. It returns where to go on,
// "" at the end, and how many devices it was.
func (k Ranker) AgainForDecision(ctx context.Context, b *store.Bulk, decision string, p Portion) (string, int, error) {
	d, err := getDecision(ctx, b, decision)
	if err != nil {
		return "", 0, err
	}
	devices, err := store.All(ctx, b, store.Value[string], `SELECT device FROM decision_device WHERE decision = $1 AND device > $2 ORDER BY device LIMIT $3`, decision, p.After, p.Limit)
	if err != nil || len(devices) == 0 {
		return "", 0, err
	}
	if err := k.Again(ctx, b, devices, d.Vulnerabilities); err != nil {
		return "", 0, fmt.Errorf("rank decision %s again: %w", decision, err)
	}
	next := ""
	if len(devices) == p.Limit {
		next = devices[len(devices)-1]
	}
	return next, len(devices), nil
}
