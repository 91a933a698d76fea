package web

import (
	"context"
	"slices"
	"strconv"
	"strings"

	"triward/internal/advisory"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
)

// vulnsPage lists the vulnerabilities that concern the fleet, the worst first.
type vulnsPage struct {
	Frame
	Search  string
	MayVEX  bool
	Limited bool // the visitor sees some sites only: the sums would tell of others
	Chips   []Chips
	Columns Columns
	Rows    []vulnRow
	Pager   Pager
	Empty   Empty
}

func (vulnsPage) template() string { return "vulns" }

type vulnRow struct {
	risk.VulnRisk
	Title string
	EPSS  *vuln.EPSS
	Base  float64 // highest CVSS base score known, 0 for none
}

// Score is the EPSS score, 0 when none is known.
func (r vulnRow) Score() float64 {
	if r.EPSS == nil {
		return 0
	}
	return r.EPSS.Score
}

func (s *Server) vulns(v *visit) error {
	if q := v.query("q"); q != "" {
		return s.findVuln(v, q)
	}
	p := vulnsPage{Frame: v.frame("Vulnerabilities", urlVulns()), MayVEX: v.may(vuln.KindVerdictRecorded), Limited: !v.actor.Scope(risk.KindRead).All, Chips: []Chips{
		chips(v.r.URL, "Class", "class", [2]string{"uncontrolled", "Uncontrolled"}, [2]string{"controlled", "Controlled"}),
		chips(v.r.URL, "Exploited", "kev", [2]string{"yes", "KEV"}, [2]string{"no", "Not in KEV"})},
		Empty: Empty{Title: "No vulnerability concerns the fleet", Text: "As far as is known: what was loaded names none of the devices.", Links: []Link{{urlAdvisories(), "Advisories"}, {urlFeeds(), "Feeds"}}}}
	p.Columns = v.columns("-risk", Column{Name: "vulnerability", Text: "Vulnerability", Fixed: true, Sort: "-vulnerability"}, Column{Name: "harm", Text: "Harm", Sort: "-risk"},
		Column{Name: "exploitability", Text: "Exploitability"}, Column{Name: "cvss", Text: "CVSS", Num: true}, Column{Name: "epss", Text: "EPSS", Num: true},
		Column{Name: "uncontrolled", Text: "Uncontrolled", Num: true, Sort: "-uncontrolled"}, Column{Name: "affected", Text: "Affected", Num: true, Sort: "-affected"},
		Column{Name: "unknown", Text: "Unknown", Num: true, Sort: "-unknown"})
	if p.Limited {
		return v.show(p)
	}
	q := vulnQuery(v)
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := risk.VulnRisks(ctx, r, q)
		if err != nil {
			return err
		}
		if err := countVulns(ctx, r, p.Chips, q); err != nil {
			return err
		}
		p.Rows, err = vulnRows(ctx, r, page.Items)
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/vulnerabilities.csv", v.r.URL.RawQuery)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func vulnQuery(v *visit) risk.VulnQuery {
	return risk.VulnQuery{KEV: risk.Filter(v.query("kev")), Class: risk.Class(v.query("class")), Sort: v.query("sort"), After: v.query("after")}
}

// countVulns writes beside each filter how many vulnerabilities it leaves, with the filters of the other groups.
func countVulns(ctx context.Context, r store.Reader, groups []Chips, q risk.VulnQuery) error {
	for i, g := range groups {
		for j, c := range g.Items {
			one := q
			if g.Name == "kev" {
				one.KEV = risk.Filter(c.Value)
			} else {
				one.Class = risk.Class(c.Value)
			}
			n, err := risk.CountVulns(ctx, r, one)
			if err != nil {
				return err
			}
			groups[i].Items[j].Count = atMost(n)
		}
	}
	return nil
}

// findVuln goes to a vulnerability by any of its ids.
func (s *Server) findVuln(v *visit, id string) error {
	id = strings.TrimSpace(id)
	if up := strings.ToUpper(id); strings.HasPrefix(up, "CVE-") {
		id = up
	}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		id, err = vuln.Canonical(ctx, r, id)
		return err
	})
	if err != nil {
		return err
	}
	return v.redirect(urlVuln(id))
}

func vulnRows(ctx context.Context, r store.Reader, all []risk.VulnRisk) ([]vulnRow, error) {
	ids := make([]string, len(all))
	for i, x := range all {
		ids[i] = x.Vulnerability
	}
	threats, err := vuln.Threats(ctx, r, ids)
	out := make([]vulnRow, len(all))
	for i, x := range all {
		out[i] = vulnRow{VulnRisk: x}
		if t := threats[x.Vulnerability]; t != nil {
			out[i].Title, out[i].EPSS = t.Title, t.EPSS
			for _, sc := range t.Scores {
				out[i].Base = max(out[i].Base, sc.Base)
			}
		}
	}
	return out, err
}

func (s *Server) vulnsCSV(v *visit) error {
	q := vulnQuery(v)
	q.After, q.Limit = "", 1000
	header := []string{"vulnerability", "title", "devices_affected", "devices_unknown", "devices_uncontrolled", "exploitability", "harm", "kev", "epss", "cvss_base"}
	return v.csv("vulnerabilities.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		if !v.actor.Scope(risk.KindRead).All {
			return nil, false, nil
		}
		page, err := risk.VulnRisks(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := vulnRows(ctx, r, page.Items)
		var out [][]string
		for _, x := range rows {
			epss, base := "", ""
			if x.EPSS != nil {
				epss = strconv.FormatFloat(x.EPSS.Score, 'f', 5, 64)
			}
			if x.Base > 0 {
				base = strconv.FormatFloat(x.Base, 'f', 1, 64)
			}
			out = append(out, []string{x.Vulnerability, x.Title, strconv.Itoa(x.Affected), strconv.Itoa(x.Unknown), strconv.Itoa(x.Uncontrolled), string(x.Exploitability), string(x.Severity), yesNo(x.KEV), epss, base})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// vulnPage is one vulnerability.
type vulnPage struct {
	Frame
	ID        string
	Threat    vuln.Threat
	Told      []vuln.Told
	Scores    []advisory.Score
	Models    []modelCount
	Wards     []placeCount
	Rows      []riskRow
	More      string
	Affected  int
	Unknown   int
	InUse     int
	Uncontrol int
	SawRisk   bool
	Matches   []vuln.Found
	Verdicts  []verdictRow
	MayJudge  bool
	MayTake   bool
	Decisions []risk.Decision
	Decide    string
}

func (vulnPage) template() string { return "vuln" }

type modelCount struct {
	ID, Name, URL string
	Count         int
}

type verdictRow struct {
	vuln.Verdict
	ModelName string
	Covers    string
	Withdraw  Form
}

// linesRead bounds the lines that the page of one vulnerability sums up; the list has the rest.
const linesRead = 5000

func (s *Server) vuln(v *visit) error {
	p := vulnPage{ID: v.path("id"), SawRisk: v.may(risk.KindRead), MayJudge: v.may(vuln.KindVerdictRecorded), MayTake: v.may(vuln.KindVerdictWithdrawn)}
	canonical := ""
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if canonical, err = vuln.Canonical(ctx, r, p.ID); err != nil || canonical != p.ID {
			return err
		}
		threats, err := vuln.Threats(ctx, r, []string{p.ID})
		if err != nil {
			return err
		}
		if p.Told, err = vuln.ToldOf(ctx, r, p.ID); err != nil {
			return err
		}
		if p.Verdicts, err = verdictRows(ctx, r, p.ID); err != nil {
			return err
		}
		t := threats[p.ID]
		if t == nil && len(p.Told)+len(p.Verdicts) == 0 {
			return notKnown(p.ID)
		}
		if t != nil {
			p.Threat = *t
		}
		p.Scores = slices.Clone(p.Threat.Scores)
		slices.SortStableFunc(p.Scores, func(a, b advisory.Score) int { return strings.Compare(b.Version, a.Version) })
		found, err := vuln.ListFound(ctx, r, vuln.FoundQuery{Vulnerability: p.ID, Limit: 60})
		if p.Matches = found.Found; err != nil {
			return err
		}
		if !p.SawRisk {
			return nil
		}
		all, err := risk.DecisionsOf(ctx, r, p.ID)
		if err != nil {
			return err
		}
		for _, d := range all {
			switch _, err := risk.GetDecision(ctx, r, d.ID); {
			case err == nil:
				p.Decisions = append(p.Decisions, d)
			case problem.KindOf(err) != problem.NotFound: // not found: outside of the reader's scope
				return err
			}
		}
		return s.vulnFleet(ctx, r, &p)
	})
	if err != nil {
		return err
	}
	if canonical != p.ID {
		return v.redirect(urlVuln(canonical))
	}
	p.Frame = v.frame(p.ID, urlVulns(), Link{urlVulns(), "Vulnerabilities"})
	if p.Came, err = v.cameFrom(incident.Query{Link: p.ID}); err != nil {
		return err
	}
	if v.may("risk.decided|risk.accepted") && p.Affected+p.Unknown > 0 {
		p.Decide = queryURL(urlDecide(), "all=yes&"+pairsOf([]any{"vulnerability", p.ID}).Encode())
	}
	return v.show(p)
}

// vulnFleet sums up the lines of a vulnerability by model and ward.
func (s *Server) vulnFleet(ctx context.Context, r store.Reader, p *vulnPage) error {
	q := risk.LineQuery{Vulnerability: p.ID, Limit: 1000}
	models, wards := map[string]int{}, map[[2]string]int{}
	var first []risk.Line
	for n := 0; n < linesRead; {
		page, err := risk.Lines(ctx, r, q)
		if err != nil {
			return err
		}
		if len(first) == 0 {
			first = page.Lines[:min(len(page.Lines), 15)]
		}
		n += len(page.Lines)
		for _, l := range page.Lines {
			models[l.Model]++
			wards[[2]string{l.Site, l.Ward}]++
			if l.Truth == match.Affected {
				p.Affected++
			} else {
				p.Unknown++
			}
			if l.Class == risk.Uncontrolled {
				p.Uncontrol++
			}
		}
		if q.After = page.Next; q.After == "" {
			break
		}
	}
	var err error
	if p.Rows, err = riskRows(ctx, r, first); err != nil {
		return err
	}
	if p.Affected+p.Unknown > len(first) {
		p.More = urlRiskOf("vulnerability", p.ID)
	}
	for m, n := range models {
		name, err := modelName(ctx, r, product.ModelID(m))
		if err != nil {
			return err
		}
		p.Models = append(p.Models, modelCount{ID: m, Name: name, URL: urlRiskOf("vulnerability", p.ID, "model", m), Count: n})
	}
	slices.SortFunc(p.Models, func(a, b modelCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	sites, err := siteNames(ctx, r)
	for w, n := range wards {
		p.Wards = append(p.Wards, placeCount{place(sites[w[0]], w[1]), n})
	}
	slices.SortFunc(p.Wards, func(a, b placeCount) int {
		if a.Count != b.Count {
			return b.Count - a.Count
		}
		return strings.Compare(a.Name, b.Name)
	})
	p.Wards = p.Wards[:min(len(p.Wards), 20)]
	return err
}
