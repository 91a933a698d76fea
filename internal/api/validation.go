package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/assurance/validation"
	"triward/internal/store"
)

func (s *Server) validations() {
	add(s, op{id: "validations", route: "GET /validations", kind: validation.KindRead, summary: "Validation reports of this installation, the newest first"},
		func(ctx context.Context, _ *none) (apiv1.List[apiv1.Validation], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]validation.Kept, error) { return validation.Reports(ctx, r) })
			return list(all, wireValidation), err
		})
	add(s, op{id: "validation", route: "GET /validations/{id}", kind: validation.KindRead, summary: "A validation report: what changed, which checks ran, who signed"},
		func(ctx context.Context, in *one) (apiv1.ValidationReport, error) {
			k, err := read(ctx, s, func(r store.Reader) (validation.Kept, error) { return validation.Get(ctx, r, in.ID) })
			return wireReport(k), err
		})
	add(s, op{id: "qualify", route: "POST /validations", kind: validation.KindRun, status: http.StatusCreated, summary: "Run the checks of this installation and keep the report"},
		func(ctx context.Context, in *with[apiv1.Reason]) (apiv1.Made, error) {
			made, err := s.Validation.Run(ctx, in.Body.Reason)
			return apiv1.Made{ID: made}, err
		})
}

func wireValidation(k validation.Kept) apiv1.Validation {
	out := apiv1.Validation{ID: k.ID, Number: k.Number, At: k.At, Name: k.Name, Reason: k.Reason, SHA256: k.SHA256, Verdict: string(k.Verdict()), Changes: len(k.Changes),
		Passed: k.Count(validation.Passed), Failed: k.Count(validation.Failed), NotRun: k.Count(validation.NotRun)}
	if k.Base != nil {
		out.Base = k.Base.ID
	}
	return out
}

func wireReport(k validation.Kept) apiv1.ValidationReport {
	out := apiv1.ValidationReport{Validation: wireValidation(k), Text: string(k.Text)}
	out.ChangeList = each(k.Changes, func(c validation.Change) apiv1.ValidationChange { return apiv1.ValidationChange(c) })
	out.Checks = each(k.Checks, func(c validation.Check) apiv1.ValidationCheck {
		return apiv1.ValidationCheck{ID: c.ID, Stage: string(c.Stage), Title: c.Title, Expected: c.Expected, Observed: c.Observed, Outcome: string(c.Outcome), Before: string(c.Before), Rules: c.Rules}
	})
	out.Decisions = each(k.Decisions, func(d validation.Decision) apiv1.ValidationDecision {
		return apiv1.ValidationDecision{Verdict: string(d.Verdict), Name: d.Name, Reason: d.Reason, Signature: d.Signature, At: d.At}
	})
	return out
}
