package risk

import (
	"context"
	"fmt"

	"triward/internal/store"
)

// Sums is how many lines of the ranked list there are of each kind.
type Sums struct {
	Affected     int
	Unknown      int
	Uncontrolled int
	KEV          int
	Decided      int // under an open decision
}

// Total is how many lines there are.
func (s Sums) Total() int { return s.Affected + s.Unknown }

// ReadSums counts the lines of a place, model, device or vulnerability within the scope of the reader, from the counters
// that ranking keeps: the list itself may hold millions. The other fields of the query do not count. It is false when no
// counter knows the answer: those of a vulnerability are of the whole fleet.
func ReadSums(ctx context.Context, r store.Reader, q LineQuery) (Sums, bool, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Sums{}, false, err
	}
	var w store.Where
	for _, f := range []struct{ column, value string }{{"site", q.Site}, {"ward", q.Ward}, {"model", q.Model}, {"device", q.Device}} {
		if f.value != "" {
			w.And(f.column+" = ?", f.value)
		}
	}
	placed := w.SQL() != ""
	query := `SELECT coalesce(sum(affected), 0), coalesce(sum(unknown), 0), coalesce(sum(uncontrolled), 0), coalesce(sum(kev), 0), coalesce(sum(decided), 0) FROM device_risk`
	switch {
	case scope.All && !placed:
		query = `SELECT coalesce(sum(affected), 0), coalesce(sum(unknown), 0), coalesce(sum(uncontrolled), 0),
			coalesce(sum(CASE WHEN kev = 1 THEN affected + unknown ELSE 0 END), 0), coalesce(sum(decided), 0) FROM vuln_risk`
		if q.Vulnerability != "" {
			w.And("vuln = ?", q.Vulnerability)
		}
	case q.Vulnerability != "":
		return Sums{}, false, nil
	default:
		w.Scope(scope, "site", "model")
	}
	var s Sums
	if err := r.QueryRow(ctx, query+w.SQL(), w.Args()...).Scan(&s.Affected, &s.Unknown, &s.Uncontrolled, &s.KEV, &s.Decided); err != nil {
		return s, false, fmt.Errorf("count the ranked list: %w", err)
	}
	return s, true, nil
}

// mostOfSeverity is where [CountSeverities] stops: a count beside a filter must not walk millions of lines.
const mostOfSeverity = 1_000

// CountSeverities counts the lines of each severity, up to 1,000. It needs a scope over everything, and is empty without.
func CountSeverities(ctx context.Context, r store.Reader) (map[Severity]int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil || !scope.All {
		return nil, err
	}
	out := map[Severity]int{}
	for i, s := range Severities {
		for _, class := range []int64{0, uncontrolledRank} { // the rank begins with both, see Order
			var w store.Where
			low := class + int64(i)<<12
			w.And("rank >= ? AND rank < ?", low, low+1<<12)
			n, err := store.CountUpTo(ctx, r, "line", w, mostOfSeverity)
			if err != nil {
				return nil, fmt.Errorf("count the ranked list: %w", err)
			}
			out[s] = min(out[s]+n, mostOfSeverity)
		}
	}
	return out, nil
}

// Ward is a ward of a site and how many devices of it are ranked.
type Ward struct {
	Name    string
	Devices int
}

// maxWards bounds the wards of one site; a hospital has some hundred.
const maxWards = 1000

// Wards reads the wards of a site that hold ranked devices within the scope of the reader, by name.
func Wards(ctx context.Context, r store.Reader, site string) ([]Ward, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	w.And("site = ?", site)
	w.And("ward <> ''")
	w.Scope(scope, "site", "model")
	all, err := store.All(ctx, r, func(s store.Scanner) (v Ward, err error) { return v, s.Scan(&v.Name, &v.Devices) },
		`SELECT ward, count(*) FROM device_risk`+w.SQL()+` GROUP BY ward ORDER BY ward`+w.Limit(maxWards), w.Args()...)
	if err != nil {
		return nil, fmt.Errorf("read wards: %w", err)
	}
	return all, nil
}
