package vuln

import (
	"context"
	"fmt"
	"slices"
	"time"

	"triward/internal/advisory"
	"triward/internal/store"
)

// LoadExploited replaces what a catalogue of exploited vulnerabilities says. What is no longer in it is withdrawn.
func LoadExploited(ctx context.Context, db *store.DB, feed string, entries []advisory.Exploited) (LoadResult, error) {
	result := LoadResult{Read: len(entries)}
	err := db.Bulk(ctx, func(b *store.Bulk) error {
		type row struct {
			key    [2]string
			values [5]any
		}
		kept, err := store.All(ctx, b, func(s store.Scanner) (row, error) {
			var v row
			var added, due int64
			var ransomware, name, action string
			err := s.Scan(&v.key[0], &v.key[1], &added, &due, &ransomware, &name, &action)
			v.values = [5]any{added, due, ransomware, name, action}
			return v, err
		}, `SELECT cve, asserter, added, due, ransomware, name, action FROM exploited WHERE feed = $1`, feed)
		if err != nil {
			return err
		}
		old := map[[2]string][5]any{}
		for _, v := range kept {
			old[v.key] = v.values
		}
		var touched []string
		now := store.Micros(db.Now())
		for _, e := range entries {
			key := [2]string{e.CVE, e.By}
			values := [5]any{store.Micros(e.Added), store.Micros(e.Due), e.Ransomware, e.Name, e.Action}
			was, ok := old[key]
			delete(old, key)
			if ok && was == values {
				result.Same++
				continue
			}
			result.Fresh++
			touched = append(touched, e.CVE)
			if _, err := b.Exec(ctx, `INSERT INTO exploited (cve, asserter, added, due, ransomware, name, summary, action, feed, fetched)
				VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10) ON CONFLICT (cve, asserter) DO UPDATE SET added = excluded.added,
				due = excluded.due, ransomware = excluded.ransomware, name = excluded.name, summary = excluded.summary,
				action = excluded.action, feed = excluded.feed, fetched = excluded.fetched`,
				e.CVE, e.By, values[0], values[1], e.Ransomware, e.Name, e.Summary, e.Action, feed, now); err != nil {
				return err
			}
		}
		for key := range old {
			touched = append(touched, key[0])
			if _, err := b.Exec(ctx, `DELETE FROM exploited WHERE cve = $1 AND asserter = $2`, key[0], key[1]); err != nil {
				return err
			}
		}
		return threatChanged(ctx, b, touched)
	})
	if err != nil {
		return result, fmt.Errorf("load catalogue %s: %w", feed, err)
	}
	return result, nil
}

// threatChanged notes that the threat context of vulnerabilities is another now.
func threatChanged(ctx context.Context, b *store.Bulk, vulns []string) error {
	if len(vulns) == 0 {
		return nil
	}
	changed, err := nextChange(ctx, b)
	if err != nil {
		return err
	}
	slices.Sort(vulns)
	rows := func(yield func([]any) bool) {
		for _, v := range slices.Compact(vulns) {
			if !yield([]any{v, changed}) {
				return
			}
		}
	}
	_, err = b.Each(ctx, `INSERT INTO threat_changed (vuln, changed) VALUES ($1, $2) ON CONFLICT (vuln) DO UPDATE SET changed = excluded.changed`, rows)
	return err
}

// ppm is a share from 0 to 1 as it is stored: parts per million.
func ppm(f float64) int64 { return int64(f*1e6 + 0.5) }

// coarse is an EPSS row at the resolution that ranking uses: whole percent, and the side of the percentile that raises.
func coarse(score, percentile int64) [2]int64 {
	high := int64(0)
	if percentile >= 950_000 {
		high = 1
	}
	return [2]int64{score / 10_000, high}
}

// LoadEPSS replaces the EPSS scores with those of a newer day; an older day is not taken. read calls its argument for
// every row.
func LoadEPSS(ctx context.Context, db *store.DB, scored time.Time, read func(func(advisory.Likelihood) error) error) (LoadResult, error) {
	var result LoadResult
	err := db.Bulk(ctx, func(b *store.Bulk) error {
		var newest int64
		if err := b.QueryRow(ctx, `SELECT coalesce(max(scored), 0) FROM epss`).Scan(&newest); err != nil {
			return err
		}
		if day := store.Micros(scored); day != 0 && day < newest {
			result.Older++
			return nil
		}
		before, err := matchedEPSS(ctx, b)
		if err != nil {
			return err
		}
		if _, err := b.Exec(ctx, `DELETE FROM epss`); err != nil {
			return err
		}
		var failed error
		rows := func(yield func([]any) bool) {
			row := make([]any, 4)
			failed = read(func(l advisory.Likelihood) error {
				result.Read++
				row[0], row[1], row[2], row[3] = l.CVE, ppm(l.Score), ppm(l.Percentile), store.Micros(scored)
				if !yield(row) {
					return context.Canceled
				}
				return nil
			})
		}
		n, err := b.Load(ctx, "epss", []string{"cve", "score", "percentile", "scored"}, rows)
		if err != nil {
			return err
		}
		if failed != nil {
			return failed
		}
		result.Fresh = int(n)
		after, err := matchedEPSS(ctx, b)
		if err != nil {
			return err
		}
		var touched []string
		for cve, v := range after {
			if before[cve] != v {
				touched = append(touched, cve)
			}
		}
		return threatChanged(ctx, b, touched)
	})
	if err != nil {
		return result, fmt.Errorf("load EPSS: %w", err)
	}
	return result, nil
}

// matchedEPSS is the coarse score of every vulnerability that some configuration matches.
func matchedEPSS(ctx context.Context, r store.Reader) (map[string][2]int64, error) {
	type row struct {
		vuln              string
		score, percentile int64
	}
	rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.vuln, &v.score, &v.percentile)
	}, `SELECT m.vuln, coalesce(e.score, 0), coalesce(e.percentile, 0) FROM (SELECT DISTINCT vuln FROM vuln_match) m LEFT JOIN epss e ON e.cve = m.vuln`)
	out := make(map[string][2]int64, len(rows))
	for _, v := range rows {
		out[v.vuln] = coarse(v.score, v.percentile)
	}
	return out, err
}
