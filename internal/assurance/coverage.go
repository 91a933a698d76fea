package assurance

import (
	"context"
	"slices"
	"time"

	"triward/internal/content"
	"triward/internal/document/source"
	"triward/internal/store"
)

// Cover says what a clause is met by.
type Cover string

// The closed list of covers.
const (
	InForce   Cover = "in_force" // a document in force says that it satisfies the clause
	DraftOnly Cover = "draft"    // only a document that is on its way does
	Nothing   Cover = "nothing"  // no document does
	ByParts   Cover = "by_parts" // no document names it, but documents in force name all of its parts
	InParts   Cover = "in_parts" // some of its parts are met
)

// Covers lists the covers from worst to best.
func Covers() []Cover { return []Cover{Nothing, DraftOnly, InParts, ByParts, InForce} }

// CoverageQuery chooses what coverage is shown of.
type CoverageQuery struct {
	Set     string
	For     source.Audience // "" for everybody
	Product string          // model; "" for all: documents that belong to other products do not count
	Now     time.Time
}

// ClauseCover is how a clause is met.
type ClauseCover struct {
	content.Clause
	Depth    int // below the top of its set
	Cover    Cover
	Mappings []Mapping
	Asked    []Asked // evidence queries, with what they say
	Evidence State   // the worst of them; "" when none is asked
}

// Asked is a query with its last result.
type Asked struct {
	Query  Query
	Result Result // ID "" when it was never evaluated
	State  State  // at the instant asked about
}

// Coverage is how a clause set is met.
type Coverage struct {
	Set      Set
	Clauses  []ClauseCover
	Covers   map[Cover]int
	Evidence map[State]int // of clauses that have a query; "" counts those without
}

// Covered is the number of clauses with a cover.
func (c Coverage) Covered(how Cover) int { return c.Covers[how] }

// Evident is the number of clauses whose evidence is in a state.
func (c Coverage) Evident(state State) int { return c.Evidence[state] }

// CoverageOf shows how a clause set is met, clause by clause, in the order of the set.
func CoverageOf(ctx context.Context, r store.Reader, q CoverageQuery) (Coverage, error) {
	set, err := FindSet(ctx, r, q.Set)
	if err != nil {
		return Coverage{}, err
	}
	all, err := AllCoverage(ctx, r, q, []Set{set})
	if err != nil {
		return Coverage{}, err
	}
	return all[0], nil
}

// AllCoverage shows how clause sets are met. Set of q is not looked at.
func AllCoverage(ctx context.Context, r store.Reader, q CoverageQuery, sets []Set) ([]Coverage, error) {
	mappings, err := Mappings(ctx, r)
	if err != nil {
		return nil, err
	}
	if mappings, err = ofProduct(ctx, r, mappings, q.Product); err != nil {
		return nil, err
	}
	asked, err := askedBy(ctx, r, q.Now)
	if err != nil {
		return nil, err
	}
	by := map[source.Clause][]Mapping{}
	for _, m := range mappings {
		by[m.Clause] = append(by[m.Clause], m)
	}
	out := make([]Coverage, len(sets))
	for i, s := range sets {
		out[i] = coverSet(s, q.For, by, asked)
	}
	return out, nil
}

// ofProduct leaves out the mappings of documents that belong to other products only.
func ofProduct(ctx context.Context, r store.Reader, all []Mapping, product string) ([]Mapping, error) {
	if product == "" {
		return all, nil
	}
	of, err := productsOfDocuments(ctx, r)
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(all, func(m Mapping) bool {
		return len(of[m.Code]) > 0 && !slices.Contains(of[m.Code], product)
	}), nil
}

// askedBy are the evidence queries with their results, by clause.
func askedBy(ctx context.Context, r store.Reader, now time.Time) (map[source.Clause][]Asked, error) {
	all, err := Standing(ctx, r, now)
	out := map[source.Clause][]Asked{}
	for _, a := range all {
		for _, c := range a.Query.Clauses {
			out[c] = append(out[c], a)
		}
	}
	return out, err
}

// Standing is every evidence query with its last result and what that says now, by id.
func Standing(ctx context.Context, r store.Reader, now time.Time) ([]Asked, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	all, err := Queries(ctx, r)
	if err != nil {
		return nil, err
	}
	last, err := latest(ctx, r, now)
	out := make([]Asked, len(all))
	for i, q := range all {
		res := last[q.ID]
		if res.ID != "" && res.Query.CEL != q.CEL {
			res = Result{} // another question was answered
		}
		out[i] = Asked{Query: q, Result: res, State: res.Standing(now)}
	}
	return out, err
}

func coverSet(s Set, who source.Audience, by map[source.Clause][]Mapping, asked map[source.Clause][]Asked) Coverage {
	out := Coverage{Set: s, Covers: map[Cover]int{}, Evidence: map[State]int{}}
	depth := map[string]int{}
	at := map[string]int{}
	for _, c := range s.Clauses {
		if c.Parent != "" {
			depth[c.Ref] = depth[c.Parent] + 1
		}
		if who != "" && len(c.For) > 0 && !slices.Contains(c.For, string(who)) {
			continue
		}
		key := source.Clause{Set: s.ID, Ref: c.Ref}
		v := ClauseCover{Clause: c, Depth: depth[c.Ref], Cover: Nothing, Mappings: by[key], Asked: asked[key]}
		for _, m := range v.Mappings {
			if !m.Draft {
				v.Cover = InForce
			} else if v.Cover == Nothing {
				v.Cover = DraftOnly
			}
		}
		v.Evidence = worst(v.Asked)
		at[c.Ref] = len(out.Clauses)
		out.Clauses = append(out.Clauses, v)
	}
	out.rollUp(at)
	for _, c := range out.Clauses {
		out.Covers[c.Cover]++
		out.Evidence[c.Evidence]++
	}
	return out
}

// rollUp gives clauses that nobody names the cover of their parts. Parts follow their clause, so the last come first.
func (c *Coverage) rollUp(at map[string]int) {
	parts, met, some := map[string]int{}, map[string]int{}, map[string]int{}
	for i := len(c.Clauses) - 1; i >= 0; i-- {
		v := &c.Clauses[i]
		if v.Cover == Nothing && parts[v.Ref] > 0 {
			switch {
			case met[v.Ref] == parts[v.Ref]:
				v.Cover = ByParts
			case some[v.Ref] > 0:
				v.Cover = InParts
			}
		}
		if _, ok := at[v.Parent]; !ok {
			continue
		}
		parts[v.Parent]++
		if v.Cover == InForce || v.Cover == ByParts {
			met[v.Parent]++
		}
		if v.Cover != Nothing {
			some[v.Parent]++
		}
	}
}

// worst is the worst state of queries; "" for none.
func worst(all []Asked) State {
	for _, s := range States() {
		if slices.ContainsFunc(all, func(a Asked) bool { return a.State == s }) {
			return s
		}
	}
	return ""
}
