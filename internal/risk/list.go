package risk

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"triward/internal/store"
	"triward/internal/vuln/match"
)

// Line is one device and one vulnerability of the ranked list.
type Line struct {
	Device         string
	Vulnerability  string
	Rank           int64
	Truth          match.Truth
	Exploitability Exploitability
	Severity       Severity
	Class          Class
	KEV            bool
	Model          string
	Site           string
	Ward           string
	Decision       string
	Progress       Progress
	Identified     time.Time
}

// LineQuery chooses lines. Empty fields do not restrict.
type LineQuery struct {
	Class         Class
	Truth         match.Truth
	Severities    []string // "S4", "S5"
	Site          string
	Ward          string
	Model         string
	Device        string
	Vulnerability string
	KEV           Filter
	Decided       Filter // has an open decision
	Sort          string // of [LineSorts]; "" is the worst first
	After         string // next of the page before
	Limit         int    // at most 1,000; 0 means 50
}

// LineSorts are the orders of the ranked list.
func LineSorts() store.Sorts {
	rank, device, v := store.ByNumber("rank"), store.ByText("device"), store.ByText("vuln")
	return store.Sorts{"risk": {rank, device, v}, "identified": {store.ByNumber("identified"), device, v}, "vulnerability": {v, rank, device}}
}

// Filter restricts to yes or no; the zero value does not restrict.
type Filter string

// The closed list of filters.
const (
	Any Filter = ""
	Yes Filter = "yes"
	No  Filter = "no"
)

// Page is a page of lines. Next is the cursor of the page after, "" at the end.
type Page struct {
	Lines []Line
	Next  string
}

// uncontrolledRank is the least rank of an uncontrolled line; see Order.
const uncontrolledRank = 1 << 15

// Lines reads a page of the ranked list within the scope of the reader.
func Lines(ctx context.Context, r store.Reader, q LineQuery) (Page, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Page{}, err
	}
	var w store.Where
	w.Scope(scope, "site", "model")
	for _, f := range []struct{ column, value string }{{"truth", string(q.Truth)}, {"site", q.Site}, {"ward", q.Ward}, {"model", q.Model},
		{"device", q.Device}, {"vuln", q.Vulnerability}} {
		if f.value != "" {
			w.And(f.column+" = ?", f.value)
		}
	}
	switch q.Class {
	case Uncontrolled:
		w.And("rank >= ?", uncontrolledRank)
	case Controlled:
		w.And("rank < ?", uncontrolledRank)
	}
	if len(q.Severities) > 0 {
		parts := make([]string, len(q.Severities))
		var args []any
		for i, s := range q.Severities {
			parts[i] = "severity = ?"
			args = append(args, severityNumber(s))
		}
		w.And("("+strings.Join(parts, " OR ")+")", args...)
	}
	switch q.KEV {
	case Yes:
		w.And("kev = 1")
	case No:
		w.And("kev = 0")
	}
	switch q.Decided {
	case Yes:
		w.And("decision <> ''")
	case No:
		w.And("decision = ''")
	}
	sort, err := LineSorts().Named(q.Sort, "-risk")
	if err != nil {
		return Page{}, err
	}
	p, err := store.List(ctx, r, store.Listing{Columns: strings.Join(lineColumns, ", "), From: "line", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanLine)
	if err != nil {
		return Page{}, fmt.Errorf("read the ranked list: %w", err)
	}
	return Page{Lines: p.Items, Next: p.Next}, nil
}

func severityNumber(s string) int {
	n, err := strconv.Atoi(strings.TrimPrefix(s, "S"))
	if err != nil {
		return 0
	}
	return n
}

func scanLine(s store.Scanner) (Line, error) {
	var l Line
	var e, sev int
	var uncontrolled, kev, identified int64
	err := s.Scan(&l.Device, &l.Vulnerability, &l.Rank, &l.Truth, &e, &sev, &uncontrolled, &kev, &l.Model, &l.Site, &l.Ward, &l.Decision, &l.Progress, &identified)
	if err != nil {
		return l, err
	}
	if e < 0 || e >= len(Exploitabilities) || sev < 1 || sev > len(Severities) {
		return l, fmt.Errorf("line %s %s has class E%d S%d", l.Device, l.Vulnerability, e, sev)
	}
	l.Exploitability, l.Severity, l.Class = Exploitabilities[e], Severities[sev-1], Controlled
	if uncontrolled == 1 {
		l.Class = Uncontrolled
	}
	l.KEV, l.Identified = kev == 1, store.Time(identified)
	return l, nil
}

// DeviceRisk is the sum of the lines of one device.
type DeviceRisk struct {
	Device       string
	Affected     int
	Unknown      int
	Uncontrolled int
	KEV          int
	Worst        int64
}

// DeviceRisks reads the sums of devices by id.
func DeviceRisks(ctx context.Context, r store.Reader, ids []string) (map[string]DeviceRisk, error) {
	if len(ids) == 0 {
		return nil, nil
	}
	var w store.Where
	w.In("device", ids)
	rows, err := store.All(ctx, r, func(s store.Scanner) (v DeviceRisk, err error) {
		return v, s.Scan(&v.Device, &v.Affected, &v.Unknown, &v.Uncontrolled, &v.KEV, &v.Worst)
	}, `SELECT device, affected, unknown, uncontrolled, kev, worst FROM device_risk`+w.SQL(), w.Args()...)
	out := make(map[string]DeviceRisk, len(rows))
	for _, v := range rows {
		out[v.Device] = v
	}
	return out, err
}

// VulnRisk is the sum of the lines of one vulnerability over the fleet.
type VulnRisk struct {
	Vulnerability string
	Affected      int
	Unknown       int
	Uncontrolled  int
	KEV           bool
	Worst         int64
	Severity      Severity // of the worst line
	Exploitability
}

// VulnQuery chooses vulnerabilities of the fleet.
type VulnQuery struct {
	KEV   Filter
	Class Class
	Sort  string // of [VulnSorts]; "" is the worst first
	After string
	Limit int
}

// VulnSorts are the orders of the list of vulnerabilities.
func VulnSorts() store.Sorts {
	v := store.ByText("vuln")
	return store.Sorts{"risk": {store.ByNumber("worst"), v}, "vulnerability": {v}, "affected": {store.ByNumber("affected"), v},
		"unknown": {store.ByNumber("unknown"), v}, "uncontrolled": {store.ByNumber("uncontrolled"), v}}
}

// VulnPage is a page of vulnerabilities.
type VulnPage = store.Page[VulnRisk]

// VulnRisks reads a page of the vulnerabilities that concern the fleet. It needs a scope over everything: the sums do not
// tell sites apart.
func VulnRisks(ctx context.Context, r store.Reader, q VulnQuery) (VulnPage, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return VulnPage{}, err
	}
	sort, err := VulnSorts().Named(q.Sort, "-risk")
	if err != nil {
		return VulnPage{}, err
	}
	p, err := store.List(ctx, r, store.Listing{Columns: "vuln, affected, unknown, uncontrolled, kev, worst", From: "vuln_risk", Where: q.where(), Sort: sort, After: q.After, Limit: q.Limit},
		func(s store.Scanner) (v VulnRisk, err error) {
			var kev int64
			err = s.Scan(&v.Vulnerability, &v.Affected, &v.Unknown, &v.Uncontrolled, &kev, &v.Worst)
			v.KEV = kev == 1
			v.Severity, v.Exploitability = unpack(v.Worst)
			return v, err
		})
	if err != nil {
		return VulnPage{}, fmt.Errorf("read vulnerabilities: %w", err)
	}
	return p, nil
}

func (q VulnQuery) where() store.Where {
	var w store.Where
	switch q.KEV {
	case Yes:
		w.And("kev = 1")
	case No:
		w.And("kev = 0")
	}
	switch q.Class {
	case Uncontrolled:
		w.And("worst >= ?", uncontrolledRank)
	case Controlled:
		w.And("worst < ?", uncontrolledRank)
	}
	return w
}

// CountVulns counts the vulnerabilities that a query chooses. It needs a scope over everything, as [VulnRisks] does.
func CountVulns(ctx context.Context, r store.Reader, q VulnQuery) (int, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return 0, err
	}
	return store.CountUpTo(ctx, r, "vuln_risk", q.where(), mostCounted)
}

// mostCounted bounds a count beside a filter.
const mostCounted = 10_000

// unpack reads severity and exploitability back from a rank; see Order.
func unpack(rank int64) (Severity, Exploitability) {
	s, e := rank>>12&7, rank>>9&7
	if s >= int64(len(Severities)) || e >= int64(len(Exploitabilities)) {
		return "", ""
	}
	return Severities[s], Exploitabilities[e]
}

// LineColumns are the columns of the ranked list in the order in which a load gives them.
func LineColumns() []string { return lineColumns }
