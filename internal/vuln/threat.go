package vuln

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"time"

	"triward/internal/advisory"
	"triward/internal/store"
)

// Threat is what all sources say of one vulnerability, as ranking and pages need it.
type Threat struct {
	ID        string
	Aliases   []string // sorted
	Title     string
	Text      string
	Published time.Time
	Modified  time.Time
	CWEs      []string
	Scores    []advisory.Score
	Decisions []advisory.Decision
	Exploited []advisory.Exploited
	Observed  []Observation // seen exploited here
	Remedies  []advisory.Remedy
	Records   []string // record keys, sorted
	FixKnown  time.Time
	EPSS      *EPSS
}

// EPSS is the FIRST estimate, both from 0 to 1.
type EPSS struct {
	Score      float64
	Percentile float64
	Scored     time.Time
}

// Threats reads what is known of vulnerabilities by canonical id. Ids that no source describes are absent from the map.
func Threats(ctx context.Context, r store.Reader, ids []string) (map[string]*Threat, error) {
	out := map[string]*Threat{}
	for part := range slices.Chunk(ids, 1000) {
		if err := readSummaries(ctx, r, part, out); err != nil {
			return nil, fmt.Errorf("read vulnerabilities: %w", err)
		}
		if err := readAssertions(ctx, r, part, out); err != nil {
			return nil, fmt.Errorf("read vulnerabilities: %w", err)
		}
		if err := readObserved(ctx, r, part, out); err != nil {
			return nil, fmt.Errorf("read vulnerabilities: %w", err)
		}
	}
	return out, nil
}

func threatAt(out map[string]*Threat, id string) *Threat {
	if out[id] == nil {
		out[id] = &Threat{ID: id}
	}
	return out[id]
}

// sourceOrder says whose title and text describe a vulnerability best: the CVE record, then vendor and CISA advisories.
var sourceOrder = map[string]int{"cve": 0, "csaf": 1, "osv": 2, "nvd": 3}

func readSummaries(ctx context.Context, r store.Reader, ids []string, out map[string]*Threat) error {
	var w store.Where
	w.In("v.vuln", ids)
	type row struct{ vuln, record, source, summary string }
	rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.vuln, &v.record, &v.source, &v.summary)
	}, `SELECT v.vuln, v.record, r.source, v.summary FROM record_vuln v JOIN record r ON r.key = v.record`+w.SQL()+` ORDER BY v.vuln, v.record, v.own`, w.Args()...)
	if err != nil {
		return err
	}
	slices.SortStableFunc(rows, func(a, b row) int { return sourceOrder[a.source] - sourceOrder[b.source] })
	for _, v := range rows {
		var s Summary
		if err := json.Unmarshal([]byte(v.summary), &s); err != nil {
			return fmt.Errorf("%s in %s: %w", v.vuln, v.record, err)
		}
		t := threatAt(out, v.vuln)
		t.add(v.record, s)
	}
	for _, id := range ids {
		if t := out[id]; t != nil {
			slices.Sort(t.Aliases)
			t.Aliases = slices.DeleteFunc(slices.Compact(t.Aliases), func(a string) bool { return a == id })
			slices.Sort(t.Records)
			t.Records = slices.Compact(t.Records)
		}
	}
	return nil
}

func (t *Threat) add(record string, s Summary) {
	if t.Title == "" {
		t.Title = s.Title
	}
	if t.Text == "" {
		t.Text = s.Description
	}
	if t.Published.IsZero() || !s.Published.IsZero() && s.Published.Before(t.Published) {
		t.Published = s.Published
	}
	if s.Modified.After(t.Modified) {
		t.Modified = s.Modified
	}
	for _, c := range s.CWEs {
		if !slices.Contains(t.CWEs, c) {
			t.CWEs = append(t.CWEs, c)
		}
	}
	for _, sc := range s.Scores {
		sc.Products = nil
		if !slices.ContainsFunc(t.Scores, func(x advisory.Score) bool { return x.Vector == sc.Vector && x.By == sc.By }) {
			t.Scores = append(t.Scores, sc)
		}
	}
	t.Decisions = append(t.Decisions, s.Decisions...)
	t.Exploited = append(t.Exploited, s.Exploited...)
	t.Remedies = append(t.Remedies, s.Remedies...)
	t.Aliases = append(t.Aliases, s.Aliases...)
	t.Records = append(t.Records, record)
	if !s.FixKnown.IsZero() && (t.FixKnown.IsZero() || s.FixKnown.Before(t.FixKnown)) {
		t.FixKnown = s.FixKnown
	}
}

func readAssertions(ctx context.Context, r store.Reader, ids []string, out map[string]*Threat) error {
	var w store.Where
	w.In("cve", ids)
	kev, err := store.All(ctx, r, func(s store.Scanner) (e advisory.Exploited, err error) {
		var added, due int64
		err = s.Scan(&e.CVE, &e.By, &added, &due, &e.Ransomware, &e.Name, &e.Summary, &e.Action)
		e.Added, e.Due = store.Time(added), store.Time(due)
		return e, err
	}, `SELECT cve, asserter, added, due, ransomware, name, summary, action FROM exploited`+w.SQL()+` ORDER BY cve, asserter`, w.Args()...)
	if err != nil {
		return err
	}
	for _, e := range kev {
		t := threatAt(out, e.CVE)
		// The catalogue itself is newer than what a record repeats of it.
		t.Exploited = slices.DeleteFunc(t.Exploited, func(x advisory.Exploited) bool { return x.By == e.By })
		t.Exploited = append([]advisory.Exploited{e}, t.Exploited...)
	}
	type row struct {
		cve                       string
		score, percentile, scored int64
	}
	rows, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) {
		return v, s.Scan(&v.cve, &v.score, &v.percentile, &v.scored)
	}, `SELECT cve, score, percentile, scored FROM epss`+w.SQL(), w.Args()...)
	if err != nil {
		return err
	}
	for _, v := range rows {
		threatAt(out, v.cve).EPSS = &EPSS{Score: float64(v.score) / 1e6, Percentile: float64(v.percentile) / 1e6, Scored: store.Time(v.scored)}
	}
	return nil
}

// Canonical is the id under which a vulnerability is kept: itself for a CVE id, else what the aliases say.
func Canonical(ctx context.Context, r store.Reader, id string) (string, error) {
	known, err := knownAliases(ctx, r, []string{id})
	if err != nil {
		return "", fmt.Errorf("find vulnerability %q: %w", id, err)
	}
	if v := known[id]; v != "" {
		return v, nil
	}
	return id, nil
}
