package hindsight

import (
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/advisory"
	"triward/internal/detection"
	"triward/internal/detection/replay"
	"triward/internal/eventlog"
	"triward/internal/sigma"
	"triward/internal/store"
	"triward/internal/vuln"
)

// KindLooked is the event that a look back for an advisory was made.
const KindLooked = "detection.looked_back"

// Desk looks back and keeps what came of it. Tick is called again and again, by one process at a time.
type Desk struct {
	DB     *store.DB
	Log    Past
	Alerts detection.Alerts
	Back   time.Duration // how far; 0: 30 days
}

// Bounds of one tick, so that it ends.
const (
	mostAdvisories = 20
	newest         = 100 // advisories that are looked up by themselves: those that changed last
	mostBytes      = 8 << 20
)

func (d Desk) window() (from, to time.Time) {
	back := d.Back
	if back <= 0 {
		back = 30 * 24 * time.Hour
	}
	to = d.DB.Now()
	return to.Add(-back), to
}

// Tick looks back for what is new. Where no events are kept it waits until there are.
func (d Desk) Tick(ctx context.Context) error {
	from, to := d.window()
	page, err := d.Log.Search(ctx, eventlog.Query{From: from.UnixMicro(), To: to.UnixMicro(), Limit: 1})
	if err != nil || len(page.Events) == 0 {
		return err
	}
	if err := d.rules(ctx, from, to); err != nil {
		return err
	}
	return d.advisories(ctx, from, to)
}

// rules tries the rules whose text was never tried.
func (d Desk) rules(ctx context.Context, from, to time.Time) error {
	var all []text
	err := d.DB.View(ctx, func(r store.Reader) (err error) { all, err = texts(ctx, r); return err })
	if err != nil {
		return err
	}
	var due []text
	var wanted []string
	for _, t := range all {
		if !t.tried {
			due, wanted = append(due, t), append(wanted, t.rule)
		}
	}
	if len(due) == 0 {
		return nil
	}
	blind, err := d.blind(ctx, from, to)
	if err != nil {
		return err
	}
	r, err := replay.Run(ctx, d.Log, replay.Order{Set: replay.Only(parse(all), wanted), From: from, To: to, Blind: blind})
	if err != nil {
		return err
	}
	for _, t := range due {
		b, ok := r.Backtest(t.rule, t.digest)
		if !ok {
			b.Detail = notTried(r, t)
		}
		if _, err := (detection.Rules{DB: d.DB}).AttachBacktest(ctx, b); err != nil {
			return fmt.Errorf("keep what %s would have found: %w", t.rule, err)
		}
	}
	return nil
}

// notTried says why a report has nothing about a rule.
func notTried(r replay.Report, t text) string {
	for _, f := range r.Faults {
		if strings.HasPrefix(f.Path, t.path) {
			return "it could not be tried: " + f.Reason
		}
	}
	if set := parse([]text{t}); len(set.Rules)+len(set.Correlations) == 0 {
		return "it could not be tried: its text is not understood, or it is a filter"
	}
	return "it reports nothing of its own, it feeds correlations"
}

// parse reads texts; what is not understood is left out here and named where rules are loaded.
func parse(all []text) sigma.Set {
	var set sigma.Set
	done := map[string]bool{}
	for _, t := range all {
		if done[t.digest] { // several rules of one file
			continue
		}
		done[t.digest] = true
		if s, err := sigma.Parse(t.path, []byte(t.body), sigma.Options{}); err == nil {
			set.Add(s)
		}
	}
	return set
}

func (d Desk) blind(ctx context.Context, from, to time.Time) ([]detection.Blind, error) {
	var out []detection.Blind
	err := d.DB.View(ctx, func(r store.Reader) error {
		page, err := detection.Blinds(ctx, r, detection.BlindQuery{From: from, To: to, Limit: 1000})
		out = page.Items
		return err
	})
	return out, err
}

// advisories looks up those of the newest that were never looked up with their text of now.
func (d Desk) advisories(ctx context.Context, from, to time.Time) error {
	var due []vuln.RecordInfo
	err := d.DB.View(ctx, func(r store.Reader) error {
		page, err := vuln.ListRecords(ctx, r, vuln.RecordQuery{Source: advisory.CSAF, Limit: newest})
		if err != nil {
			return err
		}
		for _, v := range page.Items {
			looked, err := lookedUp(ctx, r, v.Key, v.Hash)
			if err != nil {
				return err
			}
			if !looked && !v.Withdrawn && len(due) < mostAdvisories {
				due = append(due, v)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	for _, v := range due {
		if _, err := d.Advisory(ctx, v.Key, from, to); err != nil {
			return err
		}
	}
	return nil
}

// Advisory looks back for one advisory and keeps the result. What it finds raises an alert.
func (d Desk) Advisory(ctx context.Context, key string, from, to time.Time) (Look, error) {
	l := Look{From: from, To: to}
	var info vuln.RecordInfo
	var tagged sigma.Set
	err := d.DB.View(ctx, func(r store.Reader) error {
		var err error
		if info, err = vuln.GetRecord(ctx, r, key); err != nil {
			return err
		}
		body, err := vuln.Document(ctx, r, key)
		if err != nil {
			return err
		}
		l.Indicators = Extract(string(body[:min(len(body), mostBytes)]))
		told, err := vuln.ToldBy(ctx, r, key)
		if err != nil {
			return err
		}
		for _, t := range told {
			l.Indicators.CVEs = append(l.Indicators.CVEs, Extract(t.Own).CVEs...)
		}
		slices.Sort(l.Indicators.CVEs)
		l.Indicators.CVEs = slices.Compact(l.Indicators.CVEs)
		tagged, err = tagsOf(ctx, r, l.Indicators.CVEs)
		return err
	})
	if err != nil {
		return l, err
	}
	if l.Blind, err = d.blind(ctx, from, to); err != nil {
		return l, err
	}
	if err := l.back(ctx, d.Log, tagged); err != nil {
		return l, err
	}
	if err := d.keep(ctx, info, l); err != nil {
		return l, err
	}
	return l, d.alert(ctx, info, l)
}

// tagsOf are the rules that are tagged with one of the CVE ids, with what they stand on.
func tagsOf(ctx context.Context, r store.Reader, cves []string) (sigma.Set, error) {
	var wanted []string
	tags := map[string]bool{}
	for _, c := range cves {
		tags[strings.Replace(c, "cve-", "cve.", 1)] = true
	}
	all, err := texts(ctx, r)
	if err != nil || !slices.ContainsFunc(all, func(t text) bool { return names(t, tags) }) {
		return sigma.Set{}, err
	}
	set := parse(all)
	for _, rule := range set.Rules {
		if slices.ContainsFunc(rule.Tags, func(t string) bool { return tags[strings.ToLower(t)] }) {
			wanted = append(wanted, rule.ID)
		}
	}
	if len(wanted) == 0 {
		return sigma.Set{}, nil
	}
	return replay.Only(set, wanted), nil
}

// names is whether a rule's text holds one of the tags, in any case.
func names(t text, tags map[string]bool) bool {
	body := strings.ToLower(t.body)
	for tag := range tags {
		if strings.Contains(body, tag) {
			return true
		}
	}
	return false
}

// Noted is the body of the event that a look back was made.
type Noted struct {
	Title  string `json:"title"`
	Digest string `json:"digest"` // of the advisory's text
	From   string `json:"from"`
	To     string `json:"to"`
	Finds  int    `json:"finds"`
	Events int64  `json:"events"`
}

func (d Desk) keep(ctx context.Context, info vuln.RecordInfo, l Look) error {
	body, err := json.Marshal(l)
	if err != nil {
		return err
	}
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		if err := insert(ctx, tx, kept{info.Key, info.Hash, string(body), l.Events(), tx.Now}); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindLooked, Subject: info.Key, Body: Noted{Title: info.Title, Digest: info.Hash,
			From: l.From.UTC().Format(time.RFC3339), To: l.To.UTC().Format(time.RFC3339), Finds: len(l.Finds), Events: l.Events()}})
		return err
	})
}

// alert tells people of what was found, once for each text of an advisory.
func (d Desk) alert(ctx context.Context, info vuln.RecordInfo, l Look) error {
	if len(l.Finds) == 0 {
		return nil
	}
	h := detection.Hit{Rule: detection.RuleHindsight, Event: "advisory:" + info.Key + ":" + info.Hash, At: l.Finds[0].Last, Entity: detection.Entity("advisory", info.Key),
		Summary: fmt.Sprintf("%s: %d events of the last %d days hold what it describes", info.Title, l.Events(), int(l.To.Sub(l.From).Hours()/24))}
	for _, f := range l.Finds {
		h.Fields = append(h.Fields, detection.Matched{Field: f.Kind, Value: fmt.Sprintf("%s (%d)", f.What, f.Events)})
		if len(f.Devices) > 0 && h.Device == "" {
			h.Device = f.Devices[0].Name
		}
	}
	_, err := d.Alerts.Take(ctx, []detection.Hit{h})
	return err
}
