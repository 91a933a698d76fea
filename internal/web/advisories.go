package web

import (
	"context"
	"net/http"
	"strings"

	"triward/internal/advisory"
	"triward/internal/detection/hindsight"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// advisoriesPage lists the published records that were loaded.
type advisoriesPage struct {
	Frame
	Search  string
	Keep    []Field // what a search must not lose
	Chips   []Chips
	Columns Columns
	Rows    []vuln.RecordInfo
	Pager   Pager
	Empty   Empty
}

func (advisoriesPage) template() string { return "advisories" }

func recordQuery(v *visit) vuln.RecordQuery {
	return vuln.RecordQuery{Source: advisory.Source(v.query("source")), Text: v.query("q"), Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) advisories(v *visit) error {
	q := recordQuery(v)
	p := advisoriesPage{Frame: v.frame("Advisories", urlAdvisories()), Search: q.Text, Keep: kept(v.r.URL.Query(), "q"), Chips: []Chips{
		chips(v.r.URL, "Source", "source", [2]string{"csaf", "CSAF"}, [2]string{"cve", "CVE"}, [2]string{"nvd", "NVD"}, [2]string{"osv", "OSV"})},
		Empty: Empty{Title: "No advisory is loaded yet", Text: "A feed brings them: CISA, a manufacturer, or a folder on this machine.", Links: []Link{{urlFeeds(), "Feeds"}}}}
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No advisory fits", Text: "A search looks in ids and titles.", Links: []Link{{urlAdvisories(), "Show all advisories"}}}
	}
	p.Columns = v.columns("-modified", Column{Name: "advisory", Text: "Advisory", Fixed: true, Sort: "key"}, Column{Name: "source", Text: "Source"}, Column{Name: "publisher", Text: "Publisher"},
		Column{Name: "revision", Text: "Revision"}, Column{Name: "published", Text: "Published", Sort: "-published"}, Column{Name: "modified", Text: "Changed", Sort: "-modified"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := vuln.ListRecords(ctx, r, q)
		if err != nil {
			return err
		}
		p.Rows = page.Items
		if q.Text == "" {
			n, err := vuln.CountRecords(ctx, r)
			if err != nil {
				return err
			}
			counted(&p.Chips[0], func(source string) int { return n[advisory.Source(source)] })
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/advisories.csv", v.r.URL.RawQuery)
		return nil
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) advisoriesCSV(v *visit) error {
	q := recordQuery(v)
	q.After, q.Limit = "", 1000
	header := []string{"source", "id", "title", "publisher", "revision", "status", "withdrawn", "published", "modified", "sha256", "url"}
	return v.csv("advisories.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := vuln.ListRecords(ctx, r, q)
		var out [][]string
		for _, x := range page.Items {
			out = append(out, []string{string(x.Source), x.ID, x.Title, x.Publisher, x.Revision, x.Status, yesNo(x.Withdrawn), stamp(x.Published), stamp(x.Modified), x.Hash, x.URL})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// advisoryPage is one record: what it says, and whom it matches.
type advisoryPage struct {
	Frame
	Record   vuln.RecordInfo
	Summary  string
	Links    []advisory.Link
	Told     []vuln.Told
	Products []advisory.Affected
	Matches  []vuln.Found
	Unread   string // why the document could not be read again, "" when it could
	SawRisk  bool
	Declare  string          // where an incident is declared from it
	Look     *hindsight.Kept // what a look back for it found; nil: none was made, or the reader may not see it
}

func (advisoryPage) template() string { return "advisory" }

// productsShown bounds the table of products on the page of one record; the document has all.
const productsShown = 200

// lookBack is whether what an advisory describes was seen here before.
func lookBack(ctx context.Context, r store.Reader, key string) (*hindsight.Kept, error) {
	k, err := hindsight.Of(ctx, r, key)
	switch problem.KindOf(err) {
	case problem.NotFound, problem.Forbidden:
		return nil, nil
	}
	return &k, err
}

func (s *Server) advisory(v *visit) error {
	key := v.path("source") + "/" + v.path("id")
	p := advisoryPage{}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Record, err = vuln.GetRecord(ctx, r, key); err != nil {
			return err
		}
		if p.Told, err = vuln.ToldBy(ctx, r, key); err != nil {
			return err
		}
		found, err := vuln.ListFound(ctx, r, vuln.FoundQuery{Record: key, Limit: 60})
		if p.Matches = found.Found; err != nil {
			return err
		}
		if p.Look, err = lookBack(ctx, r, key); err != nil {
			return err
		}
		body, err := vuln.Document(ctx, r, key)
		if err != nil {
			return err
		}
		rec, err := vuln.ParseRecord(p.Record.Source, key, body)
		if err != nil {
			p.Unread = "The document is kept but cannot be read by this version."
			return nil //nolint:nilerr // the page says so
		}
		p.Summary, p.Links = rec.Summary, rec.Links
		seen := map[string]bool{}
		for _, x := range rec.Vulns {
			for _, a := range x.Affected {
				k := strings.Join([]string{string(a.Status), a.Vendor, a.Product, a.ProductID, a.Package, strings.Join(a.VersionText, ";"), strings.Join(a.Versions, ";")}, "\x00")
				if !seen[k] && len(p.Products) < productsShown {
					seen[k] = true
					p.Products = append(p.Products, a)
				}
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	p.SawRisk = v.may(risk.KindRead)
	if v.may(incident.KindDeclared) {
		p.Declare = urlIncidentNew("advisory", p.Record.Key)
	}
	p.Frame = v.frame(p.Record.ID, urlAdvisories(), Link{urlAdvisories(), "Advisories"})
	return v.show(p)
}

// advisoryDocument is the document as it was received.
func (s *Server) advisoryDocument(v *visit) error {
	var body []byte
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		body, err = vuln.Document(ctx, r, v.path("source")+"/"+v.path("id"))
		return err
	})
	if err != nil {
		return err
	}
	v.attach("application/json", v.path("id")+".json")
	v.w.WriteHeader(http.StatusOK)
	_, err = v.w.Write(body)
	return ignoreGone(err)
}
