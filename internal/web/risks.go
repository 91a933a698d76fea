package web

import (
	"context"
	"net/url"
	"slices"
	"strconv"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

// risksPage is the ranked list.
type risksPage struct {
	Frame
	Chips     []Chips
	Columns   Columns
	Places    Places
	Rows      []riskRow
	Pager     Pager
	Empty     Empty
	MayDecide bool
	All       string // address of a decision over everything that the filters choose, "" when one vulnerability is not named
}

func (risksPage) template() string { return "risks" }

// riskRow is one line with what a person needs to know it by.
type riskRow struct {
	risk.Line
	Tag, Serial, Version, Where, SiteName, ModelName string
	InUse                                            product.Answer
	EPSS                                             *vuln.EPSS
	VulnTitle                                        string
	Treatment                                        risk.Treatment
}

// Score is the EPSS score, 0 when none is known.
func (r riskRow) Score() float64 {
	if r.EPSS == nil {
		return 0
	}
	return r.EPSS.Score
}

// Places are the choices of place and model above a list.
type Places struct {
	Action string
	Keep   []Field // filters that stay
	Sites  []Option
	Wards  []Option
	Models []Option
}

// lineQuery reads the filters of the address.
func lineQuery(q url.Values) risk.LineQuery {
	l := risk.LineQuery{Class: risk.Class(q.Get("class")), Truth: match.Truth(q.Get("truth")), Site: q.Get("site"), Ward: q.Get("ward"), Model: q.Get("model"),
		Device: q.Get("device"), Vulnerability: q.Get("vulnerability"), KEV: risk.Filter(q.Get("kev")), Decided: risk.Filter(q.Get("decided")), Sort: q.Get("sort"), After: q.Get("after")}
	if s := q.Get("severity"); s != "" {
		l.Severities = []string{s}
	}
	return l
}

// riskFilters are the groups of filters above the ranked list.
func riskFilters(u *url.URL) []Chips {
	sev := [][2]string{}
	for _, s := range slices.Backward(risk.Severities) {
		sev = append(sev, [2]string{string(s), string(s) + " " + s.Word()})
	}
	return []Chips{
		chips(u, "Class", "class", [2]string{"uncontrolled", "Uncontrolled"}, [2]string{"controlled", "Controlled"}),
		chips(u, "Harm", "severity", sev...),
		chips(u, "Answer", "truth", [2]string{"affected", "Affected"}, [2]string{"unknown", "Unknown"}),
		chips(u, "Exploited", "kev", [2]string{"yes", "KEV"}, [2]string{"no", "Not in KEV"}),
		chips(u, "Decided", "decided", [2]string{"no", "Not decided"}, [2]string{"yes", "Decided"}),
	}
}

func riskColumns(v *visit) Columns {
	return v.columns("-risk", Column{Name: "device", Text: "Device", Fixed: true}, Column{Name: "vulnerability", Text: "Vulnerability", Fixed: true, Sort: "-vulnerability"},
		Column{Name: "answer", Text: "Answer"}, Column{Name: "risk", Text: "Risk", Sort: "-risk"}, Column{Name: "class", Text: "Class"},
		Column{Name: "epss", Text: "EPSS", Num: true}, Column{Name: "decision", Text: "Decision"}, Column{Name: "identified", Text: "Known since", Extra: true, Sort: "-identified"})
}

// countLines writes beside the filters how many lines each leaves. The counters do not know how filters meet, so a group
// is counted only where no filter of another group is on.
func countLines(groups []Chips, q url.Values, n risk.Sums) {
	known := map[string]int{"class=uncontrolled": n.Uncontrolled, "class=controlled": n.Total() - n.Uncontrolled,
		"truth=affected": n.Affected, "truth=unknown": n.Unknown, "kev=yes": n.KEV, "kev=no": n.Total() - n.KEV,
		"decided=yes": n.Decided, "decided=no": n.Total() - n.Decided}
	for _, g := range groups {
		for i, c := range g.Items {
			if k, ok := known[g.Name+"="+c.Value]; ok && !slices.ContainsFunc(groups, func(o Chips) bool { return o.Name != g.Name && q.Get(o.Name) != "" }) {
				g.Items[i].Count = count(k)
			}
		}
	}
}

// countHarm writes beside the filters of harm how many lines each leaves, where no other filter is on.
func countHarm(ctx context.Context, r store.Reader, groups []Chips, q url.Values) error {
	for name := range q {
		if name != "severity" && name != "sort" && name != "columns" && name != "after" && name != "back" {
			return nil
		}
	}
	n, err := risk.CountSeverities(ctx, r)
	if err != nil || n == nil {
		return err
	}
	for _, g := range groups {
		for i, c := range g.Items {
			if g.Name == "severity" {
				g.Items[i].Count = count(n[risk.Severity(c.Value)])
				if n[risk.Severity(c.Value)] >= 1000 {
					g.Items[i].Count = "1,000+"
				}
			}
		}
	}
	return nil
}

func (s *Server) risks(v *visit) error {
	p := risksPage{Frame: v.frame("Risks", urlRisk()), Chips: riskFilters(v.r.URL), MayDecide: v.may("risk.decided|risk.accepted"), Columns: riskColumns(v)}
	q := lineQuery(v.r.URL.Query())
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := risk.Lines(ctx, r, q)
		if err != nil {
			return err
		}
		if p.Rows, err = riskRows(ctx, r, page.Lines); err != nil {
			return err
		}
		sums, known, err := risk.ReadSums(ctx, r, q)
		if err != nil {
			return err
		}
		if known {
			countLines(p.Chips, v.r.URL.Query(), sums)
		}
		if err := countHarm(ctx, r, p.Chips, v.r.URL.Query()); err != nil {
			return err
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/risk.csv", v.r.URL.RawQuery)
		p.Places, err = v.places(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	if v.r.URL.RawQuery == "" {
		p.Empty = Empty{Title: "No risk is known", Text: "Either no device is affected by what was loaded, or devices and advisories are still missing.",
			Links: []Link{{urlDevices(), "Look at the devices"}, {urlFeeds(), "Look at the feeds"}}}
	} else {
		p.Empty = Empty{Title: "No risk fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlRisk(), "Show all risks"}}}
	}
	for _, name := range []string{"vulnerability", "device"} {
		if val := v.query(name); val != "" {
			text := val
			if name == "device" && len(p.Rows) > 0 {
				text = p.Rows[0].Tag
			}
			p.Chips = append(p.Chips, narrowed(v, title(name), name, text))
		}
	}
	if q.Vulnerability != "" && p.MayDecide && len(p.Rows) > 0 {
		n := v.r.URL.Query()
		n.Del("after")
		n.Del("back")
		n.Set("all", "yes")
		p.All = queryURL(urlDecide(), n.Encode())
	}
	return v.show(p)
}

// riskRows adds the names to lines.
func riskRows(ctx context.Context, r store.Reader, all []risk.Line) ([]riskRow, error) {
	var devices, vulns, decisions []string
	for _, l := range all {
		devices, vulns = append(devices, l.Device), append(vulns, l.Vulnerability)
		if l.Decision != "" {
			decisions = append(decisions, l.Decision)
		}
	}
	slices.Sort(devices)
	briefs, err := device.Briefs(ctx, r, slices.Compact(devices))
	if err != nil {
		return nil, err
	}
	at := map[string]device.Brief{}
	for _, b := range briefs {
		at[string(b.ID)] = b
	}
	slices.Sort(vulns)
	threats, err := vuln.Threats(ctx, r, slices.Compact(vulns))
	if err != nil {
		return nil, err
	}
	treatments := map[string]risk.Treatment{}
	for _, id := range decisions {
		if _, ok := treatments[id]; ok {
			continue
		}
		d, err := risk.GetDecision(ctx, r, id)
		if err != nil {
			continue // outside of the reader's scope
		}
		treatments[id] = d.Treatment
	}
	out := make([]riskRow, 0, len(all))
	for _, l := range all {
		b := at[l.Device]
		row := riskRow{Line: l, Tag: deviceName(b), Serial: b.Serial, Version: b.Version, Where: place(b.SiteName, b.Ward), SiteName: b.SiteName, ModelName: b.ModelName, InUse: b.InUse, Treatment: treatments[l.Decision]}
		if t := threats[l.Vulnerability]; t != nil {
			row.EPSS, row.VulnTitle = t.EPSS, t.Title
		}
		out = append(out, row)
	}
	return out, nil
}

// deviceName is what a person calls a device.
func deviceName(b device.Brief) string {
	switch {
	case b.AssetTag != "":
		return b.AssetTag
	case b.Serial != "":
		return "Serial " + b.Serial
	}
	return "Device without a tag"
}

// places are the choices of site, ward and model.
func (v *visit) places(ctx context.Context, r store.Reader) (Places, error) {
	q := v.r.URL.Query()
	p := Places{Action: v.r.URL.Path, Keep: kept(q, "site", "ward", "model")}
	if !v.may("device.read") {
		return p, nil
	}
	sites, err := device.Sites(ctx, r)
	if err != nil {
		return p, err
	}
	p.Sites = []Option{{"", "All sites", q.Get("site") == ""}}
	for _, s := range sites {
		p.Sites = append(p.Sites, Option{string(s.ID), s.Name, q.Get("site") == string(s.ID)})
	}
	counts, err := device.Counts(ctx, r)
	if err != nil {
		return p, err
	}
	seen := map[product.ModelID]int{}
	for _, c := range counts {
		seen[c.Model] += c.Devices
	}
	p.Models = []Option{{"", "All models", q.Get("model") == ""}}
	models, err := modelOptions(ctx, r, seen, product.ModelID(q.Get("model")))
	if err != nil {
		return p, err
	}
	slices.SortFunc(models, func(a, b Option) int { return compareFold(a.Text, b.Text) })
	p.Models = append(p.Models, models...)
	p.Wards, err = v.wards(ctx, r)
	return p, err
}

// wards are the wards of the site that is chosen, and the one that is chosen in any case.
func (v *visit) wards(ctx context.Context, r store.Reader) ([]Option, error) {
	site, chosen := v.query("site"), v.query("ward")
	var all []risk.Ward
	if site != "" && v.may(risk.KindRead) {
		var err error
		if all, err = risk.Wards(ctx, r, site); err != nil {
			return nil, err
		}
	}
	if len(all) == 0 && chosen == "" {
		return nil, nil
	}
	out, seen := []Option{{"", "All wards", chosen == ""}}, false
	for _, w := range all {
		out = append(out, Option{w.Name, w.Name + " (" + count(w.Devices) + ")", w.Name == chosen})
		seen = seen || w.Name == chosen
	}
	if chosen != "" && !seen {
		out = append(out, Option{chosen, chosen, true})
	}
	return out, nil
}

// modelOptions are the models that the visitor's devices are of. Whoever may see a device may see what it is.
func modelOptions(ctx context.Context, r store.Reader, seen map[product.ModelID]int, chosen product.ModelID) ([]Option, error) {
	ctx = store.WithActor(ctx, store.System("web"))
	var out []Option
	m := product.ModelQuery{Limit: 500}
	for len(out) < maxModels {
		page, err := product.Models(ctx, r, m)
		if err != nil {
			return nil, err
		}
		for _, x := range page.Models {
			if seen[x.ID] > 0 {
				out = append(out, Option{string(x.ID), short(60, x.ManufacturerName+" "+x.Name), x.ID == chosen})
			}
		}
		if m.After = page.Next; m.After == "" {
			break
		}
	}
	return out, nil
}

// maxModels bounds the choices above a list.
const maxModels = 500

func (s *Server) risksCSV(v *visit) error {
	q := lineQuery(v.r.URL.Query())
	q.After, q.Limit = "", 1000
	header := []string{"device", "serial", "model", "version", "place", "in_use", "vulnerability", "title", "truth", "exploitability", "harm", "class", "kev", "epss", "decision", "progress", "identified"}
	return v.csv("risks.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := risk.Lines(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := riskRows(ctx, r, page.Lines)
		out := make([][]string, 0, len(rows))
		for _, l := range rows {
			epss := ""
			if l.EPSS != nil {
				epss = strconv.FormatFloat(l.EPSS.Score, 'f', 5, 64)
			}
			out = append(out, []string{l.Tag, l.Serial, l.ModelName, l.Version, l.Where, string(l.InUse), l.Vulnerability, l.VulnTitle, string(l.Truth),
				string(l.Exploitability), string(l.Severity), string(l.Class), yesNo(l.KEV), epss, l.Decision, string(l.Progress), stamp(l.Identified)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}
