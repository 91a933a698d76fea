package replay

import (
	"context"

	"triward/internal/detection"
	"triward/internal/problem"
	"triward/internal/sigma"
	"triward/internal/store"
)

// Kept are rules as they stand now, with what they stand on; all that are not retired when none is named.
func Kept(ctx context.Context, r store.Reader, ids []string) (sigma.Set, error) {
	texts, err := detection.RuleTexts(ctx, r)
	if err != nil {
		return sigma.Set{}, err
	}
	var set sigma.Set
	known, parsed := map[string]bool{}, map[string]bool{}
	for _, t := range texts {
		known[t.ID] = true
		if parsed[t.Digest] { // several rules of one file
			continue
		}
		parsed[t.Digest] = true
		// What is not understood was named when the rules were loaded.
		if part, err := sigma.Parse(t.Path, []byte(t.Body), sigma.Options{}); err == nil {
			set.Add(part)
		}
	}
	for _, id := range ids {
		if !known[id] {
			return sigma.Set{}, problem.New(problem.NotFound, "there is no rule %q, or it is retired", id)
		}
	}
	if len(ids) == 0 {
		return set, nil
	}
	return Only(set, ids), nil
}
