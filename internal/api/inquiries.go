package api

import (
	"context"
	"encoding/json"
	"net/http"

	"triward/apiv1"
	"triward/internal/assurance"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/problem"
	"triward/internal/store"
)

// redactions are the operations about what bundles do not show.
func (s *Server) redactions() {
	add(s, op{id: "redactions", route: "GET /inquiries/{id}/redactions", kind: assurance.KindInquiryRead, summary: "What bundles of an inquiry do not show; not for people from outside"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Redaction], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]assurance.Removed, error) { return assurance.Redactions(ctx, r, in.ID) })
			return list(all, func(x assurance.Removed) apiv1.Redaction {
				return apiv1.Redaction{ID: x.ID, RedactionInput: apiv1.RedactionInput{Path: x.Path, At: x.At, Reason: x.Reason}, Author: x.Author, Made: x.Made}
			}), err
		})
	add(s, op{id: "redact", route: "POST /inquiries/{id}/redactions", kind: assurance.KindRedacted, status: http.StatusCreated, summary: "Keep a part out of every bundle that is built from now on"},
		func(ctx context.Context, in *oneWith[apiv1.RedactionInput]) (apiv1.Made, error) {
			made, err := s.Inquiries.Redact(ctx, in.ID, assurance.Removed{Path: in.Body.Path, At: in.Body.At, Reason: in.Body.Reason})
			return apiv1.Made{ID: made}, err
		})
	act(s, op{id: "restore-redaction", route: "POST /inquiries/{id}/redactions/{redaction}/restore", kind: assurance.KindRestored, summary: "Show a removed part again in bundles that are built from now on"},
		func(ctx context.Context, in *struct {
			ID        string `path:"id" maxLength:"200"`
			Redaction string `path:"redaction" maxLength:"64"`
			Body      apiv1.Reason
		}) error {
			return s.Inquiries.Restore(ctx, in.ID, in.Redaction, in.Body.Reason)
		})
	add(s, op{id: "reveal-redaction", route: "POST /inquiries/{id}/revelations", kind: assurance.KindRevealed, summary: "Hand out what was removed from a bundle, with its proof; this is recorded"}, s.reveal)
}

func (s *Server) reveal(ctx context.Context, in *oneWith[apiv1.RevealInput]) (apiv1.Revealed, error) {
	var out apiv1.Revealed
	b := in.Body
	if b.Bundle == "" {
		all, err := read(ctx, s, func(r store.Reader) ([]assurance.Bundle, error) { return assurance.Bundles(ctx, r, in.ID) })
		if err != nil {
			return out, err
		}
		if len(all) == 0 {
			return out, problem.New(problem.NotFound, "no bundle was built for this inquiry yet")
		}
		b.Bundle = all[0].ID
	}
	text, err := s.Inquiries.Reveal(ctx, assurance.Revealing{Inquiry: in.ID, Bundle: b.Bundle, Path: b.Path, At: b.At, Reason: b.Reason})
	if err != nil {
		return out, err
	}
	return out, json.Unmarshal(text, &out)
}

// visitors are the operations about people from outside who look at an inquiry.
func (s *Server) visitors() {
	add(s, op{id: "inquiry-visitors", route: "GET /inquiries/{id}/visitors", kind: assurance.KindInquiryRead, summary: "People from outside who were admitted to an inquiry; not for themselves"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Visitor], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]assurance.Visitor, error) { return assurance.Visitors(ctx, r, in.ID) })
			return list(all, func(v assurance.Visitor) apiv1.Visitor {
				return apiv1.Visitor{Account: v.Account, Name: v.Name, Organisation: v.Organisation, Until: v.Until, Live: v.Live(s.DB.Now()), Author: v.Author, At: v.At, Ended: v.Ended}
			}), err
		})
	act(s, op{id: "admit-visitor", route: "POST /inquiries/{id}/visitors", kind: assurance.KindAdmitted, summary: "Let somebody from outside look at one inquiry for a time; it takes the right to give rights"},
		func(ctx context.Context, in *oneWith[apiv1.AdmissionInput]) error {
			return s.Inquiries.Admit(ctx, assurance.Visitor{Inquiry: in.ID, Account: in.Body.Account, Organisation: in.Body.Organisation, Until: in.Body.Until})
		})
	act(s, op{id: "dismiss-visitor", route: "POST /inquiries/{id}/visitors/{account}/dismiss", kind: assurance.KindDismissed, summary: "End a visit at once"},
		func(ctx context.Context, in *struct {
			ID      string `path:"id" maxLength:"200"`
			Account string `path:"account" maxLength:"64"`
			Body    apiv1.Reason
		}) error {
			return s.Inquiries.Dismiss(ctx, in.ID, in.Account, in.Body.Reason)
		})
	add(s, op{id: "inquiry-looks", route: "GET /inquiries/{id}/looks", kind: assurance.KindInquiryRead, summary: "Who from outside looked at what, and who took bundles, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Look], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]assurance.Look, error) { return assurance.Looks(ctx, r, in.ID) })
			return list(all, func(l assurance.Look) apiv1.Look {
				return apiv1.Look{Entry: l.Seq, At: l.At, Name: l.Name, Kind: l.Kind, What: l.What}
			}), err
		})
}

// twoEditions is the input of operations that compare editions.
type twoEditions struct {
	ID  string `path:"id" maxLength:"200" doc:"The newer edition"`
	Old string `path:"old" maxLength:"200" doc:"The edition that it supersedes"`
}

func (s *Server) editions() {
	add(s, op{id: "compare-editions", route: "GET /clause-sets/{id}/since/{old}", kind: assurance.KindRead, summary: "What changed between two editions of a clause set, and which documents that touches"},
		func(ctx context.Context, in *twoEditions) (apiv1.EditionDifference, error) {
			d, err := read(ctx, s, func(r store.Reader) (assurance.Difference, error) { return assurance.Compare(ctx, r, in.Old, in.ID) })
			return wireDifference(d), err
		})
	add(s, op{id: "open-edition-changes", route: "POST /clause-sets/{id}/since/{old}/change-requests", kind: document.KindChangeOpened, status: http.StatusCreated,
		summary: "Open a change request for each document that a new edition touches and that has none yet"},
		func(ctx context.Context, in *twoEditions) (apiv1.List[apiv1.Made], error) {
			made, err := assurance.Clauses{DB: s.DB}.OpenChanges(ctx, s.Library, in.Old, in.ID)
			return list(made, func(id string) apiv1.Made { return apiv1.Made{ID: id} }), err
		})
}

func wireDifference(d assurance.Difference) apiv1.EditionDifference {
	clause := func(c content.Clause) apiv1.EditionClause { return apiv1.EditionClause{Ref: c.Ref, Title: c.Title} }
	return apiv1.EditionDifference{Old: d.Old.ID, New: d.New.ID, Added: each(d.Added, clause), Removed: each(d.Removed, clause),
		Renamed: each(d.Renamed, func(x assurance.Renamed) apiv1.EditionRenamed {
			return apiv1.EditionRenamed{Old: clause(x.Old), New: clause(x.New), Change: x.Change}
		}),
		Touched: each(d.Touched, func(t assurance.Touched) apiv1.EditionTouched {
			return apiv1.EditionTouched{Code: t.Code, Title: t.Title, Owner: string(t.Owner), Draft: t.Draft, Clauses: orEmpty(t.Clauses), Change: t.Change}
		})}
}

// trails are the operations about reviews of the audit trail. A review is signed on the web pages.
func (s *Server) trails() {
	add(s, op{id: "trail-reviews", route: "GET /trail-reviews", kind: assurance.KindRead, summary: "Reviews of the audit trail, the newest first"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.TrailReview], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]assurance.TrailReview, error) { return assurance.TrailReviews(ctx, r) })
			return list(all, wireTrail), err
		})
	add(s, op{id: "trail-review", route: "GET /trail-reviews/{id}", kind: assurance.KindRead, summary: "One review of the audit trail, with what its part of the trail holds"},
		func(ctx context.Context, in *one) (apiv1.TrailShown, error) {
			return read(ctx, s, func(r store.Reader) (apiv1.TrailShown, error) {
				v, err := assurance.GetTrailReview(ctx, r, in.ID)
				if err != nil {
					return apiv1.TrailShown{}, err
				}
				x, err := assurance.SummaryOf(ctx, r, v)
				counts := func(all []assurance.KindCount) []apiv1.EntryCount {
					return each(all, func(k assurance.KindCount) apiv1.EntryCount { return apiv1.EntryCount(k) })
				}
				return apiv1.TrailShown{TrailReview: wireTrail(v), Entries: x.Entries, Head: x.Head, Erased: x.Erased, Failed: x.Failed, Locked: x.Locked, Rights: x.Rights,
					Unreasoned: x.Unreasoned, Kinds: counts(x.Kinds), Actors: counts(x.Actors)}, err
			})
		})
}

func wireTrail(v assurance.TrailReview) apiv1.TrailReview {
	return apiv1.TrailReview{ID: v.ID, First: v.First, Last: v.Last, Planned: v.Planned, Due: v.Due, Verdict: string(v.Verdict), Findings: v.Findings, Name: v.Name, Signature: v.Signature, At: v.At}
}
