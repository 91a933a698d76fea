package cli

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/advisory"
	"triward/internal/cli/terminal"
	"triward/internal/device/fleetfile"
	"triward/internal/ingest"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/vuln"
	"triward/internal/vuln/match"
	"triward/internal/vuln/naming"
)

// assessment is the main job in one run, without a server: which devices are affected by what, ranked by what it can do to
// patients, with a proof for every line.
type assessment struct {
	fleet      string
	advisories string
	sboms      string
	kev        string
	epss       string
	osv        string
	cve        string
	nvd        string
	names      string
	html       string
	all        bool
}

// finding is one device, vulnerability and advisory in the output of assess.
type finding struct {
	Device         string              `json:"device"`
	Vendor         string              `json:"vendor"`
	Model          string              `json:"model"`
	Version        string              `json:"version"`
	Serial         string              `json:"serial,omitempty"`
	Site           string              `json:"site,omitempty"`
	Location       string              `json:"location,omitempty"`
	SafetyClass    string              `json:"safety_class"`
	InUse          string              `json:"in_use"`
	Vulnerability  string              `json:"vulnerability"`
	Aliases        []string            `json:"aliases"`
	Title          string              `json:"title,omitempty"`
	Advisory       string              `json:"advisory"`
	Sources        []string            `json:"sources"`
	Truth          match.Truth         `json:"truth"`
	Settles        string              `json:"settles,omitempty"`
	Exploitability risk.Exploitability `json:"exploitability"`
	Harm           risk.Severity       `json:"harm"`
	Class          risk.Class          `json:"class"`
	KEV            bool                `json:"kev"`
	EPSS           *float64            `json:"epss"`
	Why            why                 `json:"why"`
	Proof          []match.Proof       `json:"proof"`

	rank int64
}

// why is the derivation of the classes of a line.
type why struct {
	Exploitability []risk.Reason `json:"exploitability"`
	Harm           []risk.Reason `json:"harm"`
	Class          risk.Reason   `json:"class"`
}

func (p *program) assess() *cobra.Command {
	var a assessment
	c := &cobra.Command{
		Use:   "assess --fleet FILE --advisories DIR",
		Short: "Rank which devices of a fleet file are affected by which advisories, without a server",
		Args:  terminal.Exactly(0),
		RunE:  func(c *cobra.Command, _ []string) error { return p.runAssess(c.Context(), a) },
	}
	f := c.Flags()
	f.StringVar(&a.fleet, "fleet", "", "CSV file of the devices (asset_tag, vendor, model, version, …)")
	f.StringVar(&a.advisories, "advisories", "", "folder, archive or file of CSAF advisories")
	f.StringVar(&a.sboms, "sbom", "", "folder of the SBOMs that the column sbom of the fleet file names")
	f.StringVar(&a.kev, "kev", "", "CISA catalogue of known exploited vulnerabilities (JSON or CSV)")
	f.StringVar(&a.epss, "epss", "", "EPSS scores (CSV, also compressed)")
	f.StringVar(&a.osv, "osv", "", "folder, archive or file of OSV records")
	f.StringVar(&a.cve, "cve", "", "folder, archive or file of CVE records 5.x")
	f.StringVar(&a.nvd, "nvd", "", "folder, archive or file of NVD API 2.0 or configuration records")
	f.StringVar(&a.names, "names", "", "table of further names of manufacturers and products (tab-separated)")
	f.StringVar(&a.html, "html", "", "write a report to this file")
	f.BoolVar(&a.all, "all", false, "also list what is not affected")
	return c
}

func (p *program) runAssess(ctx context.Context, a assessment) error {
	if a.fleet == "" || a.advisories == "" && a.osv == "" && a.cve == "" && a.nvd == "" {
		return terminal.Misused("assess needs --fleet and at least one of --advisories, --osv, --cve, --nvd")
	}
	rows, left, err := readFleet(a.fleet)
	if err != nil {
		return err
	}
	p.warn(a.fleet, left)
	corpus, err := p.readCorpus(ctx, a)
	if err != nil {
		return err
	}
	threats, err := readThreats(a)
	if err != nil {
		return err
	}
	lines, err := a.lines(corpus, threats, rows)
	if err != nil {
		return err
	}
	if a.html != "" {
		if err := writeReport(a.html, lines, len(rows)); err != nil {
			return err
		}
	}
	if p.JSON {
		if err := p.Print(lines); err != nil {
			return err
		}
	} else if err := p.showLines(lines, len(rows)); err != nil {
		return err
	}
	if len(left) > 0 {
		fmt.Fprintf(p.Err, "triward: %d faults in %s: what they name was not used\n", len(left), a.fleet)
	}
	return nil
}

// warn shows what was not used, so that nothing is left out in silence.
func (p *program) warn(file string, faults []problem.Fault) {
	for i, f := range faults {
		if i == 20 {
			fmt.Fprintf(p.Err, "  … and %d more\n", len(faults)-i)
			return
		}
		fmt.Fprintf(p.Err, "%s: %s\n", file, f)
	}
}

// readFleet reads the fleet file. A cell that cannot be read is left empty, so that its device is assessed all the same
// with that fact not known; the faults are returned.
func readFleet(name string) ([]fleetfile.Row, []problem.Fault, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, nil, problem.New(problem.NotFound, "cannot read %s: %v", name, terminal.Reason(err))
	}
	defer f.Close()
	t, err := fleetfile.Read(name, f)
	if err != nil {
		return nil, nil, err
	}
	mapping := fleetfile.Guess(t.Header)
	var all []problem.Fault
	for range 3 { // blanking a cell can uncover what is wrong with the whole row, no more
		rows, faults := t.Rows(mapping)
		if !blankFaulty(&t, faults) {
			return rows, append(all, faults...), nil
		}
		all = append(all, faults...)
	}
	rows, faults := t.Rows(mapping)
	return rows, append(all, faults...), nil
}

// blankFaulty empties the cells that faults name ("row 14, column ip") and reports whether there were any.
func blankFaulty(t *fleetfile.Table, faults []problem.Fault) bool {
	byLine := map[string]int{}
	for i, r := range t.Records {
		byLine[fmt.Sprintf("row %d", r.Line)] = i
	}
	found := false
	for _, f := range faults {
		row, column, ok := strings.Cut(f.Path, ", column ")
		i, known := byLine[row]
		at := slices.Index(t.Header, column)
		if ok && known && at >= 0 && t.Records[i].Cells[at] != "" {
			t.Records[i].Cells[at] = ""
			found = true
		}
	}
	return found
}

func (p *program) readCorpus(ctx context.Context, a assessment) (*match.Corpus, error) {
	names, err := readNames(a.names)
	if err != nil {
		return nil, err
	}
	corpus := match.NewCorpus(names)
	for _, s := range []struct {
		kind vuln.FeedKind
		path string
	}{{vuln.FeedCSAF, a.advisories}, {vuln.FeedOSV, a.osv}, {vuln.FeedCVE, a.cve}, {vuln.FeedNVD, a.nvd}} {
		if s.path == "" {
			continue
		}
		var faults []problem.Fault
		n := 0
		for doc, err := range ingest.Documents(s.kind, s.path) {
			if ctx.Err() != nil {
				return nil, ctx.Err()
			}
			n++
			if err != nil {
				faults = append(faults, problem.Fault{Reason: err.Error()})
				continue
			}
			sum := sha256.Sum256(doc.Body)
			corpus.Add(doc.Record, hex.EncodeToString(sum[:]))
		}
		p.warn(s.path, faults)
		if n == 0 {
			return nil, problem.New(problem.NotFound, "%s holds no %s documents", s.path, s.kind)
		}
		if n == len(faults) {
			return nil, problem.New(problem.Invalid, "none of the %d documents of %s could be read: %s", n, s.path, faults[0].Reason)
		}
	}
	return corpus, nil
}

func readNames(file string) (*naming.Names, error) {
	if file == "" {
		return nil, nil
	}
	body, err := terminal.ReadFile(file, 32<<20)
	if err != nil {
		return nil, err
	}
	return naming.Parse(string(body))
}

// context is what the catalogues say.
type threats struct {
	exploited []advisory.Exploited
	epss      map[string]vuln.EPSS
}

func readThreats(a assessment) (threats, error) {
	var t threats
	if a.kev != "" {
		c, err := ingest.ReadKEV(a.kev)
		if err != nil {
			return t, err
		}
		t.exploited = c.Entries
	}
	if a.epss != "" {
		t.epss = map[string]vuln.EPSS{}
		day, err := ingest.ReadEPSS(a.epss, func(l advisory.Likelihood) error {
			t.epss[l.CVE] = vuln.EPSS{Score: l.Score, Percentile: l.Percentile}
			return nil
		})
		if err != nil {
			return t, err
		}
		for id, e := range t.epss {
			e.Scored = day
			t.epss[id] = e
		}
	}
	return t, nil
}

// lines matches every device and ranks the answers. Answers of several sources that name the same advisory are one line.
func (a assessment) lines(corpus *match.Corpus, t threats, rows []fleetfile.Row) ([]finding, error) {
	components := map[string][]match.Component{}
	var out []finding
	var at []int // row of each line
	var ids []string
	for i, row := range rows {
		asset := assetOf(row)
		var err error
		if asset.Components, err = a.components(row, components); err != nil {
			return nil, err
		}
		for _, m := range byAdvisory(corpus.Match(asset)) {
			if m.truth == match.NotAffected && !a.all {
				continue
			}
			out = append(out, m.line(row))
			at = append(at, i)
			ids = append(ids, m.vulnerability)
		}
	}
	slices.Sort(ids)
	known := vuln.ThreatsIn(corpus, slices.Compact(ids), t.exploited, t.epss)
	table := risk.DefaultTable()
	for i := range out {
		out[i].rate(known[out[i].Vulnerability], rows[at[i]], table)
	}
	slices.SortStableFunc(out, func(x, y finding) int {
		if x.rank != y.rank {
			return int(min(1, max(-1, y.rank-x.rank)))
		}
		return slices.Compare([]string{x.Device, x.Vulnerability, x.Advisory}, []string{y.Device, y.Vulnerability, y.Advisory})
	})
	return out, nil
}

func assetOf(r fleetfile.Row) match.Asset {
	a := match.Asset{Vendor: r.Vendor, Model: r.Model, Version: r.Version, Serial: r.Serial, Lot: r.Lot, Manufactured: r.Manufactured, DI: r.DI}
	for _, v := range r.Facts {
		a.Facts = append(a.Facts, match.Fact{Kind: match.Other, Product: v.Name, Version: v.Value, Source: "fleet file", Confidence: "declared"})
	}
	return a
}

// components reads the SBOM of a row, once per file.
func (a assessment) components(r fleetfile.Row, read map[string][]match.Component) ([]match.Component, error) {
	if r.SBOM == "" || a.sboms == "" {
		return nil, nil
	}
	if c, ok := read[r.SBOM]; ok {
		return c, nil
	}
	if !filepath.IsLocal(r.SBOM) {
		return nil, problem.New(problem.Invalid, "row %d names the SBOM %q, which is not within the folder", r.Line, r.SBOM)
	}
	doc, err := readSBOM(filepath.Join(a.sboms, r.SBOM))
	if err != nil {
		return nil, fmt.Errorf("row %d: %w", r.Line, err)
	}
	out := vuln.ComponentsOf(doc.Components)
	read[r.SBOM] = out
	return out, nil
}

// advisoryAnswer is what one advisory says of one vulnerability in one device.
type advisoryAnswer struct {
	vulnerability, advisory string
	truth                   match.Truth
	settles                 string
	matches                 []match.Match
}

// byAdvisory joins matches of the same vulnerability and advisory id: a CVE record and its NVD configuration speak of one.
func byAdvisory(matches []match.Match) []advisoryAnswer {
	var out []advisoryAnswer
	at := map[[2]string]int{}
	worst := map[match.Truth]int{match.NotAffected: 0, match.Unknown: 1, match.Affected: 2}
	for _, m := range matches {
		key := [2]string{m.Vulnerability, m.RecordID}
		i, ok := at[key]
		if !ok {
			i = len(out)
			at[key] = i
			out = append(out, advisoryAnswer{vulnerability: m.Vulnerability, advisory: m.RecordID, truth: m.Truth, settles: m.Settles})
		}
		g := &out[i]
		g.matches = append(g.matches, m)
		if worst[m.Truth] > worst[g.truth] {
			g.truth, g.settles = m.Truth, m.Settles
		}
	}
	return out
}

func (g advisoryAnswer) line(r fleetfile.Row) finding {
	l := finding{Device: r.AssetTag, Vendor: r.Vendor, Model: r.Model, Version: r.Version, Serial: r.Serial, Site: r.Site, Location: r.Location,
		SafetyClass: string(r.Class), InUse: string(r.InUse), Vulnerability: g.vulnerability, Advisory: g.advisory, Truth: g.truth, Aliases: []string{}}
	if g.truth == match.Unknown {
		l.Settles = g.settles
	}
	for _, m := range g.matches {
		l.Sources = append(l.Sources, m.RecordSource)
		l.Proof = append(l.Proof, m.Proof)
		l.Aliases = append(l.Aliases, m.Aliases...)
	}
	return l
}

func (l *finding) rate(t *vuln.Threat, r fleetfile.Row, table risk.Table) {
	in := risk.Input{Truth: l.Truth, Threat: risk.ThreatOf(t), Use: risk.Use{SafetyClass: string(r.Class)}}
	in.Reach.Ways = r.Connectivity
	a := risk.Assess(in, table)
	l.Exploitability, l.Harm, l.Class, l.rank = a.Exploitability, a.Severity, a.Class, a.Rank
	if l.Truth == match.NotAffected {
		l.rank = -1 // what is not affected stands at the end
	}
	l.Why = why{Exploitability: a.WhyExploit, Harm: a.WhyHarm, Class: a.WhyClass}
	l.KEV = slices.ContainsFunc(t.Exploited, func(e advisory.Exploited) bool { return e.CVE != "" })
	l.Title = t.Title
	if t.EPSS != nil {
		l.EPSS = &t.EPSS.Score
	}
	l.Aliases = append(l.Aliases, t.Aliases...)
	slices.Sort(l.Aliases)
	l.Aliases = slices.DeleteFunc(slices.Compact(l.Aliases), func(s string) bool { return s == l.Vulnerability })
}

func (p *program) showLines(lines []finding, devices int) error {
	uncontrolled := 0
	for _, l := range lines {
		if l.Class == risk.Uncontrolled && l.Truth != match.NotAffected {
			uncontrolled++
		}
	}
	fmt.Fprintf(p.Out, "%d devices, %d lines, %d of them uncontrolled (%s)\n\n", devices, len(lines), uncontrolled, time.Now().UTC().Format("2006-01-02 15:04 UTC"))
	w := p.Table("DEVICE", "MODEL", "VERSION", "VULNERABILITY", "ADVISORY", "TRUTH", "EXPLOITABILITY", "HARM", "CLASS", "KEV", "EPSS", "WHAT WOULD SETTLE IT")
	for _, l := range lines {
		kev, epss := "", ""
		if l.KEV {
			kev = "yes"
		}
		if l.EPSS != nil {
			epss = fmt.Sprintf("%.3f", *l.EPSS)
		}
		fmt.Fprintf(w, "%s\t%s %s\t%s\t%s\t%s\t%s\t%s %s\t%s %s\t%s\t%s\t%s\t%s\n", l.Device, l.Vendor, l.Model, l.Version, l.Vulnerability, l.Advisory,
			l.Truth, l.Exploitability, l.Exploitability.Word(), l.Harm, l.Harm.Word(), l.Class, kev, epss, l.Settles)
	}
	return w.Flush()
}
