package assurance

import (
	"context"
	"strings"

	"triward/internal/procedure"
	"triward/internal/store"
)

// Relies lists the clauses that a step, or the document that it belongs to, says that it satisfies, and the evidence
// queries that look at the document's runs: what somebody must think of when the step proved wrong. It is a
// [procedure.Relier].
func Relies(ctx context.Context, r store.Reader, code, step string) ([]procedure.Reliance, error) {
	ctx = system(ctx) // who found a step wrong is told all of it
	sets, err := Sets(ctx, r)
	if err != nil {
		return nil, err
	}
	bySet := map[string]Set{}
	for _, s := range sets {
		bySet[s.ID] = s
	}
	mappings, err := Mappings(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []procedure.Reliance
	for _, m := range mappings {
		if m.Code != code || m.Draft || m.Step != "" && m.Step != step {
			continue
		}
		c, err := bySet[m.Clause.Set].Clause(m.Clause.Ref)
		if err != nil {
			continue // a set that does not ship: the document names more than there is
		}
		why := "the document says that it satisfies the clause"
		if m.Step != "" {
			why = "the step says that it satisfies the clause"
		}
		out = append(out, procedure.Reliance{Kind: procedure.OnClause, ID: m.Clause.String(), Code: c.Ref, Title: bySet[m.Clause.Set].Title + ": " + c.Title, Why: why})
	}
	queries, err := Queries(ctx, r)
	for _, q := range queries {
		if strings.Contains(q.CEL, "'"+code+"'") || strings.Contains(q.CEL, `"`+code+`"`) {
			out = append(out, procedure.Reliance{Kind: procedure.OnEvidence, ID: q.ID, Title: q.Title, Why: "it looks at runs of the document"})
		}
	}
	return out, err
}
