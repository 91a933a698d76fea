package assurance

import (
	"context"
	"slices"
	"time"

	"triward/internal/content"
	"triward/internal/store"
)

// Review is the inputs of the review by management (ISO 13485 5.6.2, ISO 27001 9.3.2), filled from live records as of an
// instant. Since QMSR it is a record that authorities may ask for.
type Review struct {
	AsOf   time.Time     `json:"as_of"`
	Inputs []ReviewInput `json:"inputs"`
}

// ReviewInput is one input with the evidence that speaks about it.
type ReviewInput struct {
	Input  content.ReviewInput `json:"input"`
	Title  string              `json:"title"`
	Lines  []ReviewLine        `json:"lines"`
	Counts map[State]int       `json:"counts"`
}

// ReviewLine is one figure, with where it comes from and how it was at the time of the review before.
type ReviewLine struct {
	Query   string    `json:"query"`
	Title   string    `json:"title"`
	State   State     `json:"state"`
	At      time.Time `json:"evidence_of"` // zero: never evaluated
	Holding int       `json:"holding"`
	Looked  int       `json:"looked_at"`
	Result  string    `json:"result,omitempty"`
	Before  State     `json:"a_quarter_before"`
}

// reviewTitles says the inputs in words.
var reviewTitles = map[content.ReviewInput]string{
	content.InputFeedback: "What users, researchers and suppliers told us", content.InputReports: "Reports and answers to authorities",
	content.InputAudits: "Audits by ourselves and others", content.InputProcesses: "Whether our processes work", content.InputProducts: "Whether our products stay safe and secure",
	content.InputCorrective: "Causes that were removed, and those that were not", content.InputChanges: "Changes that touch the quality system",
	content.InputPeople: "People: enough of them, and able", content.InputSuppliers: "Suppliers and what they deliver",
}

// ManagementReview fills the inputs of the review by management. An input that no evidence speaks about has no lines, and
// says so rather than looking fine.
func ManagementReview(ctx context.Context, r store.Reader, at time.Time) (Review, error) {
	now, err := Standing(ctx, r, at)
	if err != nil {
		return Review{}, err
	}
	before, err := Standing(ctx, r, at.AddDate(0, -3, 0))
	if err != nil {
		return Review{}, err
	}
	was := map[string]State{}
	for _, a := range before {
		was[a.Query.ID] = a.State
	}
	out := Review{AsOf: at}
	for _, in := range content.ReviewInputs() {
		v := ReviewInput{Input: in, Title: reviewTitles[in], Lines: []ReviewLine{}, Counts: map[State]int{}}
		for _, a := range now {
			if !slices.Contains(a.Query.Review, in) {
				continue
			}
			v.Counts[a.State]++
			v.Lines = append(v.Lines, ReviewLine{Query: a.Query.ID, Title: a.Query.Title, State: a.State, At: a.Result.At, Holding: a.Result.Holding,
				Looked: a.Result.Looked(), Result: a.Result.ID, Before: was[a.Query.ID]})
		}
		out.Inputs = append(out.Inputs, v)
	}
	return out, nil
}
