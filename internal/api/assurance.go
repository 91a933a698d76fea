package api

import (
	"context"
	"encoding/json"
	"io"
	"net/http"

	"triward/apiv1"
	"triward/internal/assurance"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// coverageOf is the input of operations about the coverage of a set.
type coverageOf struct {
	ID string `path:"id" maxLength:"200"`
	apiv1.CoverageQuery
}

func (s *Server) clauses() {
	add(s, op{id: "clause-sets", route: "GET /clause-sets", kind: assurance.KindRead, summary: "Clause sets and how they are met"}, func(ctx context.Context, in *struct{ apiv1.CoverageQuery }) (apiv1.List[apiv1.ClauseSet], error) {
		all, err := read(ctx, s, func(r store.Reader) ([]assurance.Coverage, error) {
			sets, err := assurance.Sets(ctx, r)
			if err != nil {
				return nil, err
			}
			return assurance.AllCoverage(ctx, r, s.coverageQuery("", in.CoverageQuery), sets)
		})
		return list(all, wireSet), err
	})
	add(s, op{id: "clause-coverage", route: "GET /clause-sets/{id}/coverage", kind: assurance.KindRead, summary: "How a clause set is met, clause by clause"}, func(ctx context.Context, in *coverageOf) (apiv1.List[apiv1.ClauseCover], error) {
		c, err := read(ctx, s, func(r store.Reader) (assurance.Coverage, error) {
			return assurance.CoverageOf(ctx, r, s.coverageQuery(in.ID, in.CoverageQuery))
		})
		return list(c.Clauses, wireCover), err
	})
	act(s, op{id: "choose-clause-set", route: "POST /clause-sets/{id}/choice", kind: assurance.KindSetChosen, summary: "Turn a clause set on or off"}, func(ctx context.Context, in *oneWith[apiv1.ClauseSetChoice]) error {
		return assurance.Clauses{DB: s.DB}.Choose(ctx, assurance.Choice{Set: in.ID, On: in.Body.On, Reason: in.Body.Reason})
	})
	add(s, op{id: "confirm-mapping", route: "POST /clause-sets/{id}/confirmations", kind: assurance.KindConfirmed, summary: "Confirm that a document or step satisfies a clause", status: http.StatusCreated},
		func(ctx context.Context, in *oneWith[apiv1.ConfirmationInput]) (apiv1.Made, error) {
			b := in.Body
			made, err := assurance.Clauses{DB: s.DB}.Confirm(ctx, assurance.Confirming{Clause: source.Clause{Set: in.ID, Ref: b.Ref}, Code: b.Code, Step: b.Step, Note: b.Note})
			return apiv1.Made{ID: made}, err
		})
	s.editions()
}

func (s *Server) coverageQuery(set string, q apiv1.CoverageQuery) assurance.CoverageQuery {
	return assurance.CoverageQuery{Set: set, For: source.Audience(q.For), Product: q.Product, Now: s.DB.Now()}
}

func wireSet(c assurance.Coverage) apiv1.ClauseSet {
	out := apiv1.ClauseSet{ID: c.Set.ID, Title: c.Set.Title, Edition: c.Set.Edition, Status: string(c.Set.Status), On: c.Set.On, Clauses: len(c.Clauses), Covers: map[string]int{}, Evidence: map[string]int{}}
	for k, n := range c.Covers {
		out.Covers[string(k)] = n
	}
	for k, n := range c.Evidence {
		out.Evidence[asked(k)] = n
	}
	return out
}

// asked is a state of evidence on the wire.
func asked(s assurance.State) string {
	if s == "" {
		return "not_asked"
	}
	return string(s)
}

func wireCover(c assurance.ClauseCover) apiv1.ClauseCover {
	out := apiv1.ClauseCover{Ref: c.Ref, Title: c.Title, Parent: c.Parent, Confidence: string(c.Confidence), Cover: string(c.Cover), Evidence: asked(c.Evidence), Queries: []string{}}
	for _, a := range c.Asked {
		out.Queries = append(out.Queries, a.Query.ID)
	}
	out.Mappings = each(c.Mappings, func(m assurance.Mapping) apiv1.Mapping {
		return apiv1.Mapping{Code: m.Code, Title: m.Title, Step: m.Step, Label: m.Label, Draft: m.Draft, Status: string(m.Status), Confirmed: m.Confirmed.Name, At: m.Confirmed.At}
	})
	return out
}

func (s *Server) evidence() {
	add(s, op{id: "evidence", route: "GET /evidence", kind: assurance.KindRead, summary: "Evidence queries and what they say now"}, func(ctx context.Context, _ *none) (apiv1.List[apiv1.Evidence], error) {
		all, err := read(ctx, s, func(r store.Reader) ([]assurance.Asked, error) { return assurance.Standing(ctx, r, s.DB.Now()) })
		return list(all, wireAsked), err
	})
	add(s, op{id: "replay-evidence", route: "GET /evidence/{id}", kind: assurance.KindRead, summary: "What an evidence query finds as of an instant, with its rows"}, s.replayEvidence)
	add(s, op{id: "evaluate-evidence", route: "POST /evidence/{id}/results", kind: assurance.KindEvaluated, summary: "Ask an evidence query now and seal the result", status: http.StatusCreated},
		func(ctx context.Context, in *one) (apiv1.Evidence, error) {
			res, err := assurance.Evidence{DB: s.DB}.Evaluate(ctx, in.ID)
			return wireAsked(assurance.Asked{Query: res.Query, Result: res, State: res.Standing(s.DB.Now())}), err
		})
	s.trails()
}

func wireAsked(a assurance.Asked) apiv1.Evidence {
	out := apiv1.Evidence{ID: a.Query.ID, Title: a.Query.Title, CEL: a.Query.CEL, Clauses: []string{}, Threshold: a.Query.Threshold, State: string(a.State), Holding: a.Result.Holding,
		Failing: a.Result.Failing, Unclear: a.Result.Unclear, At: a.Result.At, Result: a.Result.ID, Entry: a.Result.Seq}
	for _, c := range a.Query.Clauses {
		out.Clauses = append(out.Clauses, c.String())
	}
	return out
}

// replay is the input of asking as of an instant.
type replay struct {
	ID string `path:"id" maxLength:"200"`
	apiv1.EvidenceQuery
}

func (s *Server) replayEvidence(ctx context.Context, in *replay) (apiv1.EvidenceAnswer, error) {
	at := in.At
	if at.IsZero() {
		at = s.DB.Now()
	}
	return read(ctx, s, func(r store.Reader) (apiv1.EvidenceAnswer, error) {
		res, sealed, rows, err := assurance.Replay(ctx, r, in.ID, at)
		if err != nil {
			return apiv1.EvidenceAnswer{}, err
		}
		out := apiv1.EvidenceAnswer{Query: in.ID, AsOf: res.At, Head: res.Head, State: string(res.State), Digest: res.Digest, Sealed: sealed.ID,
			SealedSame: sealed.ID != "" && sealed.Digest == res.Digest, Rows: []apiv1.EvidenceRow{}}
		for _, row := range rows {
			x := apiv1.EvidenceRow{ID: row.ID, State: string(row.State), Why: row.Why}
			text, err := json.Marshal(row.Value)
			if err == nil {
				err = json.Unmarshal(text, &x.Record)
			}
			if err != nil {
				return out, err
			}
			out.Rows = append(out.Rows, x)
		}
		return out, nil
	})
}

func (s *Server) inquiries() {
	add(s, op{id: "inquiries", route: "GET /inquiries", kind: assurance.KindInquiryRead, summary: "Inquiries that the actor may see, the newest first"}, func(ctx context.Context, _ *none) (apiv1.List[apiv1.Inquiry], error) {
		all, err := read(ctx, s, func(r store.Reader) ([]assurance.Inquiry, error) { return assurance.ListInquiries(ctx, r) })
		return list(all, wireInquiry), err
	})
	add(s, op{id: "open-inquiry", route: "POST /inquiries", kind: assurance.KindOpened, summary: "Open an inquiry with its request list", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.InquiryInput]) (apiv1.Made, error) {
			b := in.Body
			made, err := s.Inquiries.Open(ctx, assurance.Inquiry{Title: b.Title, Authority: b.Authority, Reference: b.Reference, AsOf: b.AsOf, Due: b.Due}, b.Requests)
			return apiv1.Made{ID: made}, err
		})
	add(s, op{id: "inquiry", route: "GET /inquiries/{id}", kind: assurance.KindInquiryRead, summary: "One inquiry with its requests and what answers them"}, s.inquiry)
	add(s, op{id: "bind-answer", route: "POST /inquiries/{id}/bindings", kind: assurance.KindBound, summary: "Bind a document, record, list or evidence to a request", status: http.StatusCreated},
		func(ctx context.Context, in *oneWith[apiv1.BindingInput]) (apiv1.Made, error) {
			b := in.Body
			made, err := s.Inquiries.Bind(ctx, in.ID, assurance.Binding{Line: b.Line, Kind: assurance.Kind(b.Kind), Target: b.Target, Revision: b.Revision, Mark: b.Mark, MarkReason: b.MarkReason})
			return apiv1.Made{ID: made}, err
		})
	act(s, op{id: "answer-request", route: "POST /inquiries/{id}/answers", kind: assurance.KindChanged, summary: "Answer a request in words"}, func(ctx context.Context, in *oneWith[apiv1.AnswerInput]) error {
		return s.Inquiries.Answer(ctx, in.ID, in.Body.Line, in.Body.Answer)
	})
	act(s, op{id: "close-inquiry", route: "POST /inquiries/{id}/close", kind: assurance.KindClosed, summary: "Close an inquiry"}, func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
		return s.Inquiries.Close(ctx, in.ID, in.Body.Reason)
	})
	add(s, op{id: "bundles", route: "GET /inquiries/{id}/bundles", kind: assurance.KindInquiryRead, summary: "Bundles of an inquiry, the newest first"}, func(ctx context.Context, in *one) (apiv1.List[apiv1.Bundle], error) {
		if err := s.Inquiries.Visit(ctx, in.ID, "the list of bundles"); err != nil {
			return apiv1.List[apiv1.Bundle]{}, err
		}
		all, err := read(ctx, s, func(r store.Reader) ([]assurance.Bundle, error) { return assurance.Bundles(ctx, r, in.ID) })
		return list(all, wireBundle), err
	})
	add(s, op{id: "build-bundle", route: "POST /inquiries/{id}/bundles", kind: assurance.KindBuilt, summary: "Build the bundle that answers an inquiry", status: http.StatusCreated}, func(ctx context.Context, in *one) (apiv1.Bundle, error) {
		b, err := s.Inquiries.Build(ctx, in.ID)
		return wireBundle(b), err
	})
	stream(s, op{id: "fetch-bundle", route: "GET /inquiries/{id}/bundle", kind: assurance.KindTaken, summary: "The newest bundle of an inquiry (ZIP); who takes it is recorded"}, "application/zip", s.fetchBundle)
	s.redactions()
	s.visitors()
}

func (s *Server) inquiry(ctx context.Context, in *one) (apiv1.Inquiry, error) {
	if err := s.Inquiries.Visit(ctx, in.ID, "the request list"); err != nil {
		return apiv1.Inquiry{}, err
	}
	return read(ctx, s, func(r store.Reader) (apiv1.Inquiry, error) {
		i, err := assurance.GetInquiry(ctx, r, in.ID)
		if err != nil {
			return apiv1.Inquiry{}, err
		}
		out := wireInquiry(i)
		lines, err := assurance.Lines(ctx, r, in.ID)
		for _, l := range lines {
			out.Lines = append(out.Lines, apiv1.InquiryLine{Number: l.Number, Text: l.Text, Answer: l.Answer, Bound: each(l.Bindings, func(b assurance.Binding) apiv1.Binding {
				return apiv1.Binding{ID: b.ID, Title: b.Title, BindingInput: apiv1.BindingInput{Line: b.Line, Kind: string(b.Kind), Target: b.Target, Revision: b.Revision, Mark: b.Mark, MarkReason: b.MarkReason}}
			})})
		}
		return out, err
	})
}

func (s *Server) fetchBundle(ctx context.Context, in *one, w io.Writer) error {
	all, err := read(ctx, s, func(r store.Reader) ([]assurance.Bundle, error) { return assurance.Bundles(ctx, r, in.ID) })
	if err != nil {
		return err
	}
	if len(all) == 0 {
		return problem.New(problem.NotFound, "no bundle was built for this inquiry yet")
	}
	_, archive, err := s.Inquiries.Take(ctx, in.ID, all[0].ID)
	if err != nil {
		return err
	}
	_, err = w.Write(archive)
	return err
}

func wireInquiry(i assurance.Inquiry) apiv1.Inquiry {
	return apiv1.Inquiry{ID: i.ID, Title: i.Title, Authority: i.Authority, Reference: i.Reference, State: string(i.State), AsOf: i.AsOf, Due: i.Due, Opened: i.At, Author: i.AuthorName}
}

func wireBundle(b assurance.Bundle) apiv1.Bundle {
	return apiv1.Bundle{ID: b.ID, At: b.At, SHA256: b.Digest, Size: b.Size, Files: b.Files, Records: b.Records, Head: b.Head, Author: b.AuthorName}
}
