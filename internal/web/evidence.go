package web

import (
	"cmp"
	"context"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/assurance"
	"triward/internal/assurance/view"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// evidencePage lists the evidence queries with what they say now.
type evidencePage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []assurance.Asked
	Pager   Pager
	Empty   Empty
}

func (evidencePage) template() string { return "evidence" }

// evidenceRows are the queries that the address asks for, in its order, and how many there are of each state.
func (s *Server) evidenceRows(ctx context.Context, r store.Reader, v *visit) ([]assurance.Asked, map[assurance.State]int, error) {
	all, err := assurance.Standing(ctx, r, s.now())
	n := map[assurance.State]int{}
	var rows []assurance.Asked
	for _, a := range all {
		n[a.State]++
		if want := v.query("state"); want == "" || want == string(a.State) {
			rows = append(rows, a)
		}
	}
	sorted(v, "state", rows, map[string]func(a, b assurance.Asked) int{
		"state": func(a, b assurance.Asked) int {
			return cmp.Compare(slices.Index(assurance.States(), a.State), slices.Index(assurance.States(), b.State))
		},
		"title":   func(a, b assurance.Asked) int { return compareFold(a.Query.Title, b.Query.Title) },
		"hold":    func(a, b assurance.Asked) int { return cmp.Compare(a.Result.Holding, b.Result.Holding) },
		"fail":    func(a, b assurance.Asked) int { return cmp.Compare(a.Result.Failing, b.Result.Failing) },
		"unclear": func(a, b assurance.Asked) int { return cmp.Compare(a.Result.Unclear, b.Result.Unclear) },
		"at":      func(a, b assurance.Asked) int { return a.Result.At.Compare(b.Result.At) }})
	return rows, n, err
}

func (s *Server) evidence(v *visit) error {
	p := evidencePage{Frame: v.frame("Evidence", urlEvidence()), Chips: []Chips{chips(v.r.URL, "State", "state", [2]string{"failing", "Failing"}, [2]string{"unknown", "Unknown"},
		[2]string{"stale", "Stale"}, [2]string{"passing", "Passing"})},
		Columns: v.columns("state", Column{Name: "title", Text: "Question", Fixed: true, Sort: "title"}, Column{Name: "state", Text: "State", Sort: "state"}, Column{Name: "hold", Text: "Hold", Num: true, Sort: "-hold"},
			Column{Name: "fail", Text: "Fail", Num: true, Sort: "-fail"}, Column{Name: "unclear", Text: "Unclear", Num: true, Sort: "-unclear"}, Column{Name: "at", Text: "Evidence of", Sort: "-at"},
			Column{Name: "clauses", Text: "Clauses"}),
		Empty: Empty{Title: "No query fits this filter", Text: "Take the filter away to see all of them.", Links: []Link{{urlEvidence(), "Show every query"}}}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		rows, n, err := s.evidenceRows(ctx, r, v)
		p.Rows, p.Pager = rows, Pager{Shown: len(rows), CSV: queryURL("/evidence.csv", v.r.URL.RawQuery)}
		counted(&p.Chips[0], func(state string) int { return n[assurance.State(state)] })
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) evidenceCSV(v *visit) error {
	return v.csv("evidence.csv", []string{"id", "question", "state", "hold", "fail", "unclear", "evidence_of", "clauses"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, _, err := s.evidenceRows(ctx, r, v)
		var out [][]string
		for _, a := range all {
			clauses := make([]string, len(a.Query.Clauses))
			for i, c := range a.Query.Clauses {
				clauses[i] = c.Set + " " + c.Ref
			}
			out = append(out, []string{a.Query.ID, a.Query.Title, string(a.State), strconv.Itoa(a.Result.Holding), strconv.Itoa(a.Result.Failing), strconv.Itoa(a.Result.Unclear), stamp(a.Result.At), joinComma(clauses)})
		}
		return out, false, err
	})
}

// evidenceQueryPage is one query: the question, its answers so far, and the rows behind one of them.
type evidenceQueryPage struct {
	Frame
	Asked   assurance.Asked
	View    view.View
	Past    []assurance.Result
	Ask     *Form
	At      string           // date that is asked about, "" for now
	Answer  assurance.Result // as of that instant
	Sealed  assurance.Result // ID "" for none
	Same    bool             // the sealed rows are the same ones
	Refused string           // why it cannot be shown as of then
	Fields  []view.Field
	Rows    []evidenceRow
	More    int // rows that are not shown
}

func (evidenceQueryPage) template() string { return "evidencequery" }

type evidenceRow struct {
	assurance.Row
	URL   string
	Cells []string
}

// rowsShown bounds the rows of a page.
const rowsShown = 200

func (s *Server) evidenceQuery(v *visit) error {
	p, err := s.evidenceQueryPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) evidenceQueryPage(v *visit) (evidenceQueryPage, error) {
	p := evidenceQueryPage{At: v.query("at")}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := assurance.Standing(ctx, r, s.now())
		if err != nil {
			return err
		}
		i := slices.IndexFunc(all, func(a assurance.Asked) bool { return a.Query.ID == v.path("id") })
		if i < 0 {
			return problem.New(problem.NotFound, "there is no evidence query %q", v.path("id"))
		}
		p.Asked = all[i]
		if p.Past, err = assurance.Results(ctx, r, p.Asked.Query.ID, 30); err != nil {
			return err
		}
		return s.answerRows(ctx, r, v, &p)
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Asked.Query.Title, urlEvidence(), Link{urlEvidence(), "Evidence"})
	if v.may(assurance.KindEvaluated) {
		p.Ask = &Form{ID: "ask", Action: urlEvidenceOf(p.Asked.Query.ID), Submit: "Evaluate now"}
	}
	return p, nil
}

// answerRows asks the query as of the instant of the address: a sealed result, a date, or now.
func (s *Server) answerRows(ctx context.Context, r store.Reader, v *visit, p *evidenceQueryPage) error {
	name, _, _ := strings.Cut(p.Asked.Query.CEL, ".")
	var err error
	if p.View, err = view.Find(name); err != nil {
		return err
	}
	p.Fields = p.View.Fields()[1:] // the id stands at the head of the row
	var rows []assurance.Row
	if result := v.query("result"); result != "" {
		p.Answer, p.Sealed, rows, err = assurance.ReplayResult(ctx, r, result)
	} else {
		at := v.instant("at")
		if at.IsZero() {
			at = s.now()
		}
		p.Answer, p.Sealed, rows, err = assurance.Replay(ctx, r, p.Asked.Query.ID, at)
	}
	if problem.KindOf(err) == problem.Invalid {
		p.Refused = sentence(problem.Text(err))
		return nil
	}
	p.Same = p.Sealed.ID != "" && p.Sealed.Digest == p.Answer.Digest
	slices.SortStableFunc(rows, func(a, b assurance.Row) int { return strings.Compare(string(a.State), string(b.State)) }) // fails, holds, unclear
	p.More = max(0, len(rows)-rowsShown)
	for _, row := range rows[:min(len(rows), rowsShown)] {
		p.Rows = append(p.Rows, evidenceRow{row, urlRecord(name, row.ID), assurance.Cells(row.Value)[1:]})
	}
	return err
}

func (s *Server) evidenceAsk(v *visit) error {
	if _, err := (assurance.Evidence{DB: s.DB}).Evaluate(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlEvidenceOf(v.path("id")), "The result is sealed in the journal.")
}

// managementPage is the inputs of the management review.
type managementPage struct {
	Frame
	Review assurance.Review
	At     string
}

func (managementPage) template() string { return "management" }

func (s *Server) managementReview(v *visit) error {
	p := managementPage{Frame: v.frame("Management review", urlEvidence(), Link{urlEvidence(), "Evidence"}), At: v.query("at")}
	at := v.instant("at")
	if at.IsZero() {
		at = s.now()
	}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		p.Review, err = assurance.ManagementReview(ctx, r, at)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

// trailsPage lists the reviews of the audit trail.
type trailsPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []trailRow
	Pager   Pager
	Empty   Empty
}

func (trailsPage) template() string { return "trails" }

type trailRow struct {
	assurance.TrailReview
	Late time.Duration
}

// Standing is the verdict, or open while there is none.
func (t trailRow) Standing() string {
	if t.Verdict == "" {
		return "open"
	}
	return string(t.Verdict)
}

func (s *Server) trailRow(t assurance.TrailReview) trailRow {
	row := trailRow{TrailReview: t}
	if now := s.now(); t.Verdict == "" && t.Due.Before(now) {
		row.Late = now.Sub(t.Due)
	}
	return row
}

// trailRows are the reviews that the address asks for, in its order, and how many there are of each standing.
func (s *Server) trailRows(ctx context.Context, r store.Reader, v *visit) ([]trailRow, map[string]int, error) {
	all, err := assurance.TrailReviews(ctx, r)
	var rows []trailRow
	n := map[string]int{}
	for _, t := range all {
		row := s.trailRow(t)
		n[row.Standing()]++
		if want := v.query("verdict"); want == "" || want == row.Standing() {
			rows = append(rows, row)
		}
	}
	sorted(v, "-planned", rows, map[string]func(a, b trailRow) int{
		"entries": func(a, b trailRow) int { return cmp.Compare(a.First, b.First) },
		"planned": func(a, b trailRow) int { return a.Planned.Compare(b.Planned) },
		"due":     func(a, b trailRow) int { return a.Due.Compare(b.Due) },
		"name":    func(a, b trailRow) int { return compareFold(a.Name, b.Name) }})
	return rows, n, err
}

func (s *Server) trailReviews(v *visit) error {
	p := trailsPage{Frame: v.frame("Reviews of the audit trail", urlTrails()), Empty: Empty{Title: "No review is planned yet",
		Text: "Each month the entries since the last review are put together here. Somebody reads what stands out and signs."},
		Chips: []Chips{chips(v.r.URL, "Verdict", "verdict", [2]string{"open", "To be done"}, [2]string{"sound", "Nothing asks for more"}, [2]string{"findings", "Findings"})},
		Columns: v.columns("-planned", Column{Name: "entries", Text: "Entries", Fixed: true, Sort: "-entries"}, Column{Name: "planned", Text: "Planned", Sort: "-planned"}, Column{Name: "due", Text: "Due", Sort: "due"},
			Column{Name: "verdict", Text: "Verdict"}, Column{Name: "name", Text: "Signed by", Sort: "name"})}
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No review fits this filter", Text: "Take the filter away to see all of them.", Links: []Link{{urlTrails(), "Show every review"}}}
	}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		rows, n, err := s.trailRows(ctx, r, v)
		p.Rows, p.Pager = rows, Pager{Shown: len(rows), CSV: queryURL("/trail-reviews.csv", v.r.URL.RawQuery)}
		counted(&p.Chips[0], func(standing string) int { return n[standing] })
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) trailReviewsCSV(v *visit) error {
	return v.csv("trail-reviews.csv", []string{"id", "first", "last", "planned", "due", "verdict", "findings", "signed_by", "signed"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, _, err := s.trailRows(ctx, r, v)
		var out [][]string
		for _, t := range all {
			out = append(out, []string{t.ID, strconv.FormatInt(t.First, 10), strconv.FormatInt(t.Last, 10), stamp(t.Planned), stamp(t.Due), t.Standing(), t.Findings, t.Name, stamp(t.At)})
		}
		return out, false, err
	})
}

// trailPage is one review of the audit trail.
type trailPage struct {
	Frame
	Review     trailRow
	Summary    assurance.TrailSummary
	Signatures []signature.Signature
	Sign       *Form
}

func (trailPage) template() string { return "trail" }

func (s *Server) trailPageOf(v *visit) (trailPage, error) {
	var p trailPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		t, err := assurance.GetTrailReview(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		p.Review = s.trailRow(t)
		if p.Summary, err = assurance.SummaryOf(ctx, r, t); err != nil {
			return err
		}
		if p.Signatures, err = signature.Of(ctx, r, t.ID); err != nil || t.Verdict != "" || !v.may(assurance.KindTrailReviewed) {
			return err
		}
		f := Form{ID: "sign", Action: urlTrail(t.ID), Submit: "Sign the review"}.with(
			Field{Name: "verdict", Label: "Verdict", Kind: "radios", Required: true, Options: []Option{{Value: "sound", Text: "Nothing asks for more"}, {Value: "findings", Text: "Something does"}}},
			Field{Name: "findings", Label: "What you looked at closer, and what it showed", Kind: "textarea"})
		f.Sign, err = v.signForm(ctx, r, signature.Review)
		p.Sign = &f
		return err
	})
	p.Frame = v.frame("Review of entries "+count(p.Review.First)+" to "+count(p.Review.Last), urlTrails(), Link{urlTrails(), "Reviews of the audit trail"})
	return p, err
}

func (s *Server) trailReview(v *visit) error {
	p, err := s.trailPageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) trailSign(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	in := assurance.TrailSigning{Review: v.path("id"), Verdict: assurance.TrailVerdict(f.Get("verdict")), Findings: strings.TrimSpace(f.Get("findings")), Factors: v.factors(f)}
	err = assurance.Trails{DB: s.DB, Signer: s.Signer}.Review(v.r.Context(), in)
	if err == nil {
		return v.done(urlTrail(in.Review), "The review is signed.")
	}
	p, perr := s.trailPageOf(v)
	if perr != nil || p.Sign == nil {
		return err
	}
	return v.correct(&p, p.Sign, f, err)
}
