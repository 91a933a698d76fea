package web

import (
	"context"
	"iter"
	"maps"
	"strconv"
	"strings"

	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/store"
)

// baselinesPage lists what was learned, and what of it waits for an owner.
type baselinesPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []baselineRow
	Pager   Pager
	Empty   Empty
}

func (baselinesPage) template() string { return "baselines" }

type baselineRow struct {
	baseline.Baseline
	About    string // its key, for people
	Learning bool
	Waits    bool
}

func (s *Server) baselineQuery(v *visit) baseline.Query {
	return baseline.Query{Rule: v.query("rule"), Device: v.query("device"), Waiting: v.query("show") != "all", Sort: v.query("sort"), After: v.query("after"), Now: s.now()}
}

func (s *Server) baselineRows(ctx context.Context, r store.Reader, all []baseline.Baseline) ([]baselineRow, error) {
	var ids []string
	for _, b := range all {
		if b.Device != "" {
			ids = append(ids, b.Device)
		}
	}
	n, err := readNames(ctx, r, ids)
	out := make([]baselineRow, len(all))
	for i, b := range all {
		out[i] = baselineRow{Baseline: b, About: b.Key, Learning: b.Learned.After(s.now()), Waits: b.Waits(s.now())}
		if b.Device != "" {
			out[i].About = strings.ReplaceAll(b.Key, b.Device, n.device(b.Device))
		}
	}
	return out, err
}

func (s *Server) baselinesList(v *visit) error {
	p := baselinesPage{Frame: v.frame("Baselines", urlRules(), Link{urlRules(), "Rules"}), Chips: []Chips{chips(v.r.URL, "Show", "show", [2]string{"all", "All, also those that learn or are settled"})},
		Empty: Empty{Title: "Nothing waits for an owner", Text: "Some rules learn what is normal for a device. When they have learned, and whenever something new appears later, it waits here until somebody says that it is normal.", Links: []Link{{urlBaselines() + "?show=all", "Show all baselines"}}}}
	p.Columns = v.columns("learned", Column{Name: "about", Text: "About", Fixed: true}, Column{Name: "rule", Text: "Rule"}, Column{Name: "kind", Text: "What is learned"}, Column{Name: "values", Text: "Values", Num: true},
		Column{Name: "new", Text: "New since", Num: true}, Column{Name: "learned", Text: "Learned until", Sort: "learned"}, Column{Name: "settled", Text: "Settled"}, Column{Name: "since", Text: "Since", Extra: true, Sort: "-since"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := baseline.List(ctx, r, s.baselineQuery(v))
		if err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL("/baselines.csv", v.r.URL.RawQuery)
		p.Rows, err = s.baselineRows(ctx, r, page.Items)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) baselinesCSV(v *visit) error {
	q := s.baselineQuery(v)
	q.After, q.Limit = "", 500
	return v.csv("baselines.csv", []string{"id", "rule", "rule_title", "key", "kind", "since", "learned_until", "last", "values", "new", "evicted", "settled", "settled_by"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := baseline.List(ctx, r, q)
		var out [][]string
		for _, b := range page.Items {
			out = append(out, []string{b.ID, b.Rule, b.RuleTitle, b.Key, string(b.Kind), stamp(b.Since), stamp(b.Learned), stamp(b.Last), strconv.Itoa(b.Values), strconv.Itoa(b.Unexpected), strconv.FormatInt(b.Evicted, 10), stamp(b.Settled), b.SettledBy})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// baselinePage is one baseline with what it has seen.
type baselinePage struct {
	Frame
	Baseline  baselineRow
	Values    []baseline.Value
	MaySettle bool
	Approve   *Form
	Again     *Form
	Said      Form // of one value: keeps faults
}

func (baselinePage) template() string { return "baseline" }

func (s *Server) baseline(v *visit) error {
	p, err := s.baselineOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) baselineOf(v *visit) (baselinePage, error) {
	id := v.path("id")
	var p baselinePage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		b, err := baseline.Get(ctx, r, id)
		if err != nil {
			return err
		}
		rows, err := s.baselineRows(ctx, r, []baseline.Baseline{b})
		if err != nil {
			return err
		}
		p.Baseline = rows[0]
		p.Values, err = baseline.Values(ctx, r, id)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Baseline.About, urlRules(), Link{urlRules(), "Rules"}, Link{urlBaselines(), "Baselines"})
	p.MaySettle = v.may(detection.KindBaselineSettled)
	if p.MaySettle && p.Baseline.Settled.IsZero() && !p.Baseline.Learning {
		f := Form{ID: "approve", Action: urlBaseline(id) + "/settle", Submit: "All of this is normal"}.with(Field{Name: "verdict", Kind: "hidden", Value: baseline.Normal}, Field{Name: "reason", Label: "Reason", Kind: "text", Help: "What it was compared with."})
		p.Approve = &f
	}
	if p.MaySettle {
		f := Form{ID: "again", Action: urlBaseline(id) + "/relearn", Submit: "Learn again", Danger: true}.with(Field{Name: "reason", Label: "Reason", Kind: "text", Required: true, Help: "What was learned and decided is forgotten. Nothing is unusual while it learns."})
		p.Again = &f
	}
	return p, nil
}

func (s *Server) baselineSettle(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id := v.path("id")
	if err := s.Baselines.Settle(v.r.Context(), baseline.Settlement{Baseline: id, Value: f.Get("value"), Verdict: f.Get("verdict"), Reason: strings.TrimSpace(f.Get("reason"))}); err != nil {
		p, perr := s.baselineOf(v)
		if perr == nil && p.Said.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlBaseline(id), "It is settled.")
}

func (s *Server) baselineRelearn(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Baselines.Relearn(v.r.Context(), v.path("id"), strings.TrimSpace(f.Get("reason"))); err != nil {
		p, perr := s.baselineOf(v)
		if perr == nil && p.Again != nil && p.Again.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlBaselines(), "It is learned again, from the next event on.")
}

func mapKeys[V any](m map[string]V) iter.Seq[string] { return maps.Keys(m) }
