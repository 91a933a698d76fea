package web

import (
	"cmp"
	"context"
	"net/http"
	"net/url"
	"strconv"
	"strings"
	"time"

	"triward/internal/assurance"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

func assuranceRoutes() []route {
	read := assurance.KindRead
	return []route{
		{"GET", "/coverage", read, (*Server).coverage},
		{"GET", "/coverage.csv", read, (*Server).coverageSetsCSV},
		{"GET", "/coverage/{set}", read, (*Server).coverageSet},
		{"GET", "/coverage/{set}/export", read, (*Server).coverageCSV},
		{"POST", "/coverage/{set}/choose", assurance.KindSetChosen, (*Server).coverageChoose},
		{"GET", "/coverage/{set}/clauses/{ref}", read, (*Server).clause},
		{"POST", "/coverage/{set}/clauses/{ref}/confirm", assurance.KindConfirmed, (*Server).clauseConfirm},
		{"POST", "/coverage/{set}/clauses/{ref}/end", assurance.KindConfirmationEnded, (*Server).clauseEnd},
		{"GET", "/coverage/{set}/since/{old}", read, (*Server).editions},
		{"POST", "/coverage/{set}/since/{old}", document.KindChangeOpened, (*Server).editionsOpen},
		{"GET", "/evidence", read, (*Server).evidence},
		{"GET", "/evidence.csv", read, (*Server).evidenceCSV},
		{"GET", "/evidence/{id}", read, (*Server).evidenceQuery},
		{"POST", "/evidence/{id}", assurance.KindEvaluated, (*Server).evidenceAsk},
		{"GET", "/management-review", read, (*Server).managementReview},
		{"GET", "/trail-reviews", read, (*Server).trailReviews},
		{"GET", "/trail-reviews.csv", read, (*Server).trailReviewsCSV},
		{"GET", "/trail-reviews/{id}", read, (*Server).trailReview},
		{"POST", "/trail-reviews/{id}", assurance.KindTrailReviewed, (*Server).trailSign},
		{"GET", "/inquiries", assurance.KindInquiryRead, (*Server).inquiries},
		{"GET", "/inquiries.csv", assurance.KindInquiryRead, (*Server).inquiriesCSV},
		{"GET", "/inquiries/new", assurance.KindOpened, (*Server).inquiryNew},
		{"POST", "/inquiries/new", assurance.KindOpened, (*Server).inquiryNewDone},
		{"GET", "/inquiries/{id}", assurance.KindInquiryRead, (*Server).inquiry},
		{"POST", "/inquiries/{id}/do/{act}", "inquiry.changed|inquiry.bound|inquiry.unbound|inquiry.redacted|inquiry.restored|inquiry.revealed|inquiry.admitted|inquiry.dismissed|inquiry.bundle_built|inquiry.closed|inquiry.reopened", (*Server).inquiryDo},
		{"GET", "/inquiries/{id}/bundles/{bundle}", assurance.KindTaken, (*Server).inquiryBundle},
		{"GET", "/inquiries/{id}/bundles/{bundle}/file", assurance.KindInquiryRead, (*Server).inquiryFile},
	}
}

// coveragePage lists the clause sets and how they are met.
type coveragePage struct {
	Frame
	Chips    []Chips
	Columns  Columns
	Rows     []assurance.Coverage
	Pager    Pager
	Products []Option
	Keep     []Field
	Empty    Empty
}

func (coveragePage) template() string { return "coverage" }

// coverageFilter is what the address asks coverage of.
func (v *visit) coverageFilter() assurance.CoverageQuery {
	return assurance.CoverageQuery{For: source.Audience(v.query("for")), Product: v.query("product"), Now: v.s.now()}
}

// productOptions are the products that the visitor may see, to choose from.
func productOptions(ctx context.Context, r store.Reader, chosen string) ([]Option, error) {
	out := []Option{{Value: "", Text: "Every product", On: chosen == ""}}
	page, err := product.Models(ctx, r, product.ModelQuery{Limit: 500})
	if problem.KindOf(err) == problem.Forbidden {
		return out, nil
	}
	for _, m := range page.Models {
		out = append(out, Option{Value: string(m.ID), Text: m.ManufacturerName + " " + m.Name, On: string(m.ID) == chosen})
	}
	return out, err
}

func audienceChips(v *visit) Chips {
	return chips(v.r.URL, "For", "for", [2]string{string(source.Manufacturer), "Manufacturers"}, [2]string{string(source.Hospital), "Hospitals"})
}

// coverageRows are the clause sets that the address asks for, in its order.
func coverageRows(ctx context.Context, r store.Reader, v *visit) ([]assurance.Coverage, error) {
	all, err := assurance.Sets(ctx, r)
	if err != nil {
		return nil, err
	}
	var sets []assurance.Set
	for _, x := range all {
		if x.On == (v.query("sets") != "off") && (v.query("for") == "" || boundBy(x.ClauseSet, v.query("for"))) {
			sets = append(sets, x)
		}
	}
	rows, err := assurance.AllCoverage(ctx, r, v.coverageFilter(), sets)
	by := func(n func(c assurance.Coverage) int) func(a, b assurance.Coverage) int {
		return func(a, b assurance.Coverage) int { return cmp.Compare(n(a), n(b)) }
	}
	sorted(v, "", rows, map[string]func(a, b assurance.Coverage) int{
		"title":   func(a, b assurance.Coverage) int { return compareFold(a.Set.Title, b.Set.Title) },
		"status":  func(a, b assurance.Coverage) int { return compareFold(string(a.Set.Status), string(b.Set.Status)) },
		"clauses": by(func(c assurance.Coverage) int { return len(c.Clauses) }),
		"force":   by(func(c assurance.Coverage) int { return c.Covered(assurance.InForce) }),
		"nothing": by(func(c assurance.Coverage) int { return c.Covered(assurance.Nothing) }),
		"failing": by(func(c assurance.Coverage) int { return c.Evident(assurance.Failing) })})
	return rows, err
}

func (s *Server) coverage(v *visit) error {
	p := coveragePage{Frame: v.frame("Coverage", urlCoverage()), Chips: []Chips{audienceChips(v),
		chips(v.r.URL, "Sets", "sets", [2]string{"off", "Turned off"})}, Keep: kept(v.r.URL.Query(), "product"),
		Columns: v.columns("", Column{Name: "set", Text: "Clause set", Fixed: true, Sort: "title"}, Column{Name: "status", Text: "Status", Sort: "status"}, Column{Name: "clauses", Text: "Clauses", Num: true, Sort: "-clauses"},
			Column{Name: "force", Text: "In force", Num: true, Sort: "-force"}, Column{Name: "draft", Text: "Draft or in parts", Num: true}, Column{Name: "nothing", Text: "Nothing", Num: true, Sort: "-nothing"},
			Column{Name: "evidence", Text: "Evidence", Sort: "-failing"}),
		Empty: Empty{Title: "No clause set is here", Text: "Sets that are proposed or superseded are off until somebody turns them on.", Links: []Link{{urlCoverage(), "Show the sets that are on"}}}}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Rows, err = coverageRows(ctx, r, v); err != nil {
			return err
		}
		p.Pager = Pager{Shown: len(p.Rows), CSV: queryURL("/coverage.csv", v.r.URL.RawQuery)}
		p.Products, err = productOptions(ctx, r, v.query("product"))
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) coverageSetsCSV(v *visit) error {
	header := []string{"set", "title", "edition", "status", "clauses", "in_force", "by_parts", "draft", "in_parts", "nothing", "failing", "unknown", "stale", "passing"}
	return v.csv("coverage.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, err := coverageRows(ctx, r, v)
		var out [][]string
		for _, c := range all {
			row := []string{c.Set.ID, c.Set.Title, c.Set.Edition, string(c.Set.Status), strconv.Itoa(len(c.Clauses))}
			for _, how := range []assurance.Cover{assurance.InForce, assurance.ByParts, assurance.DraftOnly, assurance.InParts, assurance.Nothing} {
				row = append(row, strconv.Itoa(c.Covered(how)))
			}
			for _, state := range []assurance.State{assurance.Failing, assurance.Unknown, assurance.Stale, assurance.Passing} {
				row = append(row, strconv.Itoa(c.Evident(state)))
			}
			out = append(out, row)
		}
		return out, false, err
	})
}

// boundBy reports whether a set has clauses for an audience.
func boundBy(s content.ClauseSet, who string) bool {
	for _, w := range s.For {
		if w == who {
			return true
		}
	}
	return false
}

// coverageSetPage is one clause set, clause by clause.
type coverageSetPage struct {
	Frame
	Coverage assurance.Coverage
	Rows     []assurance.ClauseCover
	Chips    []Chips
	Products []Option
	Keep     []Field
	Choose   *Form
	Editions []Link
	CSV      string
}

func (coverageSetPage) template() string { return "coverageset" }

func (s *Server) coverageSet(v *visit) error {
	var p coverageSetPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		q := v.coverageFilter()
		q.Set = v.path("set")
		var err error
		if p.Coverage, err = assurance.CoverageOf(ctx, r, q); err != nil {
			return err
		}
		for _, older := range p.Coverage.Set.Supersedes {
			p.Editions = append(p.Editions, Link{urlEditions(q.Set, older), "What changed since " + older})
		}
		p.Products, err = productOptions(ctx, r, q.Product)
		return err
	})
	if err != nil {
		return err
	}
	set := p.Coverage.Set
	p.Frame = v.frame(set.Title, urlCoverage(), Link{urlCoverage(), "Coverage"})
	p.Chips = []Chips{
		chips(v.r.URL, "Documents", "cover", [2]string{"in_force", "In force"}, [2]string{"by_parts", "By its parts"}, [2]string{"in_parts", "In parts"}, [2]string{"draft", "Draft only"}, [2]string{"nothing", "Nothing"}),
		chips(v.r.URL, "Evidence", "evidence", [2]string{"passing", "Passing"}, [2]string{"stale", "Stale"}, [2]string{"unknown", "Unknown"}, [2]string{"failing", "Failing"}, [2]string{"none", "Not asked"}), audienceChips(v)}
	counted(&p.Chips[0], func(c string) int { return p.Coverage.Covers[assurance.Cover(c)] })
	counted(&p.Chips[1], func(c string) int { return p.Coverage.Evidence[assurance.State(strings.TrimPrefix(c, "none"))] })
	for _, c := range p.Coverage.Clauses {
		e := v.query("evidence")
		if want := v.query("cover"); (want == "" || want == string(c.Cover)) && (e == "" || e == string(c.Evidence) || e == "none" && c.Evidence == "") {
			p.Rows = append(p.Rows, c)
		}
	}
	p.Keep = []Field{{Name: "for", Value: v.query("for")}, {Name: "cover", Value: v.query("cover")}, {Name: "evidence", Value: v.query("evidence")}}
	p.CSV = queryURL(urlCoverageOf(set.ID)+"/export", v.r.URL.RawQuery)
	if v.may(assurance.KindSetChosen) {
		f := Form{ID: "choose", Action: urlCoverageOf(set.ID) + "/choose", Submit: "Work with this set"}
		on := "yes"
		if set.On {
			f.Submit, on = "Turn this set off", "no"
		}
		f = f.with(Field{Name: "on", Kind: "hidden", Value: on}, reasonField("Reason"))
		p.Choose = &f
	}
	return v.show(p)
}

func (s *Server) coverageCSV(v *visit) error {
	return v.csv("coverage-"+v.path("set")+".csv", []string{"set", "clause", "title", "confidence", "documents", "evidence", "named_by", "queries", "change"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		q := v.coverageFilter()
		q.Set = v.path("set")
		c, err := assurance.CoverageOf(ctx, r, q)
		var out [][]string
		for _, x := range c.Clauses {
			var by, asked []string
			for _, m := range x.Mappings {
				by = append(by, strings.TrimSpace(m.Code+" "+m.Step)+" ("+string(m.Status)+")")
			}
			for _, a := range x.Asked {
				asked = append(asked, a.Query.ID+" ("+string(a.State)+")")
			}
			out = append(out, []string{c.Set.ID, x.Ref, x.Title, string(x.Confidence), string(x.Cover), string(x.Evidence), strings.Join(by, "; "), strings.Join(asked, "; "), x.Change})
		}
		return out, false, err
	})
}

func (s *Server) coverageChoose(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	choice := assurance.Choice{Set: v.path("set"), On: f.Get("on") == "yes", Reason: f.Get("reason")}
	if err := (assurance.Clauses{DB: s.DB}).Choose(v.r.Context(), choice); err != nil {
		return err
	}
	return v.done(urlCoverageOf(v.path("set")), "Your choice is kept.")
}

// clausePage is one clause: who says that it is met, and what shows it.
type clausePage struct {
	Frame
	Set     assurance.Set
	Clause  assurance.ClauseCover
	Rows    []mappingRow
	History []historyRow
}

func (clausePage) template() string { return "clause" }

type mappingRow struct {
	assurance.Mapping
	Confirm *Form
	End     *Form
}

func (s *Server) clause(v *visit) error {
	p, err := s.clausePage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) clausePage(v *visit) (clausePage, error) {
	var p clausePage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		c, err := assurance.CoverageOf(ctx, r, assurance.CoverageQuery{Set: v.path("set"), Now: s.now()})
		if err != nil {
			return err
		}
		if _, err := c.Set.Clause(v.path("ref")); err != nil {
			return err
		}
		p.Set = c.Set
		for _, x := range c.Clauses {
			if x.Ref == v.path("ref") {
				p.Clause = x
			}
		}
		return nil
	})
	if err != nil {
		return p, err
	}
	here := urlClause(p.Set.ID, p.Clause.Ref)
	for i, m := range p.Clause.Mappings {
		row := mappingRow{Mapping: m}
		id := "m" + count(i)
		what := []Field{{Name: "code", Kind: "hidden", Value: m.Code}, {Name: "step", Kind: "hidden", Value: m.Step}}
		if !m.Draft && m.Status != assurance.Confirmed && v.may(assurance.KindConfirmed) {
			f := Form{ID: id, Action: here + "/confirm", Submit: "Confirm"}.with(append(what, Field{Name: "note", Label: "Which text of the clause you looked at", Kind: "text", Required: true})...)
			row.Confirm = &f
		}
		if m.Confirmed.ID != "" && v.may(assurance.KindConfirmationEnded) {
			f := Form{ID: id + "e", Action: here + "/end", Submit: "Take back"}.with(Field{Name: "confirmation", Kind: "hidden", Value: m.Confirmed.ID}, reasonField("Reason"))
			row.End = &f
		}
		p.Rows = append(p.Rows, row)
	}
	p.Frame = v.frame(p.Clause.Ref+" "+p.Clause.Title, urlCoverage(), Link{urlCoverage(), "Coverage"}, Link{urlCoverageOf(p.Set.ID), p.Set.Title})
	return p, nil
}

func (s *Server) clauseConfirm(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	in := assurance.Confirming{Clause: source.Clause{Set: v.path("set"), Ref: v.path("ref")}, Code: f.Get("code"), Step: f.Get("step"), Note: f.Get("note")}
	if _, err := (assurance.Clauses{DB: s.DB}).Confirm(v.r.Context(), in); err != nil {
		return s.clauseAgain(v, f, err)
	}
	return v.done(urlClause(in.Clause.Set, in.Clause.Ref), "The mapping is confirmed.")
}

// clauseAgain shows the faults of a form of the clause page.
func (s *Server) clauseAgain(v *visit, f url.Values, err error) error {
	p, perr := s.clausePage(v)
	if perr != nil {
		return err
	}
	for _, row := range p.Rows {
		form := row.Confirm
		if f.Get("confirmation") != "" {
			form = row.End
		}
		if form == nil || f.Get("confirmation") != row.Confirmed.ID && (row.Code != f.Get("code") || row.Step != f.Get("step")) {
			continue
		}
		form.fill(f)
		if form.blame(err) {
			return v.again(p, err)
		}
	}
	return err
}

func (s *Server) clauseEnd(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := (assurance.Clauses{DB: s.DB}).EndConfirmation(v.r.Context(), f.Get("confirmation"), f.Get("reason")); err != nil {
		return s.clauseAgain(v, f, err)
	}
	return v.done(urlClause(v.path("set"), v.path("ref")), "The mapping is proposed again.")
}

// editionsPage is what changed between two editions of a set.
type editionsPage struct {
	Frame
	Diff assurance.Difference
	Open *Form
}

func (editionsPage) template() string { return "editions" }

func (s *Server) editions(v *visit) error {
	var p editionsPage
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		p.Diff, err = assurance.Compare(ctx, r, v.path("old"), v.path("set"))
		return err
	})
	if err != nil {
		return err
	}
	p.Frame = v.frame("What changed in "+p.Diff.New.Title, urlCoverage(), Link{urlCoverage(), "Coverage"}, Link{urlCoverageOf(p.Diff.New.ID), p.Diff.New.Title})
	missing := 0
	for _, t := range p.Diff.Touched {
		if t.Change == "" {
			missing++
		}
	}
	if missing > 0 && v.may(document.KindChangeOpened) {
		p.Open = &Form{ID: "open", Action: urlEditions(p.Diff.New.ID, p.Diff.Old.ID), Submit: "Open " + plural(missing, "change request", "change requests")}
	}
	return v.show(p)
}

func (s *Server) editionsOpen(v *visit) error {
	made, err := assurance.Clauses{DB: s.DB}.OpenChanges(v.r.Context(), s.Library, v.path("old"), v.path("set"))
	if err != nil {
		return err
	}
	return v.done(urlEditions(v.path("set"), v.path("old")), plural(len(made), "change request is", "change requests are")+" open.")
}

// instant reads a date of the address as the end of that day, not later than now; zero when there is none.
func (v *visit) instant(name string) time.Time {
	d, err := time.Parse(time.DateOnly, v.query(name))
	if err != nil {
		return time.Time{}
	}
	end := d.AddDate(0, 0, 1).Add(-time.Microsecond)
	if now := v.s.now(); end.After(now) {
		return now
	}
	return end
}

// plain serves bytes that nobody made for this site: they may show themselves and do nothing else.
func (v *visit) plain(kind string, body []byte) error {
	h := v.w.Header()
	h.Set("Content-Type", kind)
	h.Set("Content-Security-Policy", "sandbox; default-src 'none'; style-src 'unsafe-inline'; img-src data:")
	h.Set("X-Content-Type-Options", "nosniff")
	v.w.WriteHeader(http.StatusOK)
	_, err := v.w.Write(body)
	if err != nil {
		return ignoreGone(err)
	}
	return nil
}
