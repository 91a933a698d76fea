package web

import (
	"context"
	"slices"
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
	Chips []Chips
	Rows  []assurance.Asked
	Empty Empty
}

func (evidencePage) template() string { return "evidence" }

func (s *Server) evidence(v *visit) error {
	p := evidencePage{Frame: v.frame("Evidence", urlEvidence()), Chips: []Chips{chips(v.r.URL, "State", "state", [2]string{"failing", "Failing"}, [2]string{"unknown", "Unknown"},
		[2]string{"stale", "Stale"}, [2]string{"passing", "Passing"})},
		Empty: Empty{Title: "No query fits this filter", Text: "Take the filter away to see all of them.", Links: []Link{{urlEvidence(), "Show every query"}}}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := assurance.Standing(ctx, r, s.now())
		n := map[string]int{}
		for _, a := range all {
			n[string(a.State)]++
			if want := v.query("state"); want == "" || want == string(a.State) {
				p.Rows = append(p.Rows, a)
			}
		}
		counted(&p.Chips[0], func(state string) int { return n[state] })
		return err
	})
	if err != nil {
		return err
	}
	slices.SortStableFunc(p.Rows, func(a, b assurance.Asked) int {
		return slices.Index(assurance.States(), a.State) - slices.Index(assurance.States(), b.State)
	})
	return v.show(p)
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
	Rows  []trailRow
	Empty Empty
}

func (trailsPage) template() string { return "trails" }

type trailRow struct {
	assurance.TrailReview
	Late time.Duration
}

func (s *Server) trailRow(t assurance.TrailReview) trailRow {
	row := trailRow{TrailReview: t}
	if now := s.now(); t.Verdict == "" && t.Due.Before(now) {
		row.Late = now.Sub(t.Due)
	}
	return row
}

func (s *Server) trailReviews(v *visit) error {
	p := trailsPage{Frame: v.frame("Reviews of the audit trail", urlTrails()), Empty: Empty{Title: "No review is planned yet",
		Text: "Each month the entries since the last review are put together here. Somebody reads what stands out and signs."}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := assurance.TrailReviews(ctx, r)
		for _, t := range all {
			p.Rows = append(p.Rows, s.trailRow(t))
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
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
	p.Sign.fill(f)
	if !p.Sign.blame(err) {
		return err
	}
	return v.again(p, err)
}
