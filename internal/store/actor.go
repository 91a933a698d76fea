package store

import (
	"context"
	"slices"
	"strings"

	"triward/internal/problem"
)

// Actor is who acts: a person, an API token or a part of the program.
type Actor struct {
	ID     string // "usr_…", "tok_…" or "system:<part>"
	Name   string // for people to read; never a secret
	Grants []Grant
}

// Grant lets an actor record events of some kinds within a scope. A kind that ends in ".read" lets it read.
type Grant struct {
	Kinds     []string // exact kinds, "area.*" or "*"
	All       bool     // everywhere; otherwise only the sites, products and inquiries named
	Sites     []string
	Products  []string
	Inquiries []string // for kinds "inquiry.…" only
}

// Scope is where an actor may do something. The zero value is nowhere.
type Scope struct {
	All       bool
	Sites     []string // sorted
	Products  []string // sorted
	Inquiries []string // sorted
}

// Covers reports whether something that belongs to site and product ("" when it belongs to none) lies in the scope.
// What belongs to neither lies only in the scope "all".
func (s Scope) Covers(site, product string) bool {
	if s.All {
		return true
	}
	return site != "" && slices.Contains(s.Sites, site) || product != "" && slices.Contains(s.Products, product)
}

// CoversInquiry reports whether an inquiry lies in the scope by its own name, whatever site or product it is about.
func (s Scope) CoversInquiry(inquiry string) bool {
	return s.All || inquiry != "" && slices.Contains(s.Inquiries, inquiry)
}

// inquiryArea begins the kinds that a grant for named inquiries is about. A grant of any other kind for an inquiry is
// nowhere: what belongs to no inquiry must not be opened by one.
const inquiryArea = "inquiry."

func (g Grant) names(kind string) bool {
	for _, k := range g.Kinds {
		if k == "*" || k == kind {
			return true
		}
		if area, ok := strings.CutSuffix(k, ".*"); ok && strings.HasPrefix(kind, area+".") {
			return true
		}
	}
	return false
}

// Scope is where the actor may record (or, for a ".read" kind, read) events of a kind.
func (a Actor) Scope(kind string) Scope {
	var s Scope
	for _, g := range a.Grants {
		if !g.names(kind) {
			continue
		}
		s.All = s.All || g.All
		s.Sites = append(s.Sites, g.Sites...)
		s.Products = append(s.Products, g.Products...)
		if strings.HasPrefix(kind, inquiryArea) {
			s.Inquiries = append(s.Inquiries, g.Inquiries...)
		}
	}
	if s.All {
		return Scope{All: true}
	}
	slices.Sort(s.Sites)
	slices.Sort(s.Products)
	slices.Sort(s.Inquiries)
	s.Sites, s.Products, s.Inquiries = slices.Compact(s.Sites), slices.Compact(s.Products), slices.Compact(s.Inquiries)
	return s
}

// May reports whether the actor may do kind anywhere at all.
func (a Actor) May(kind string) bool {
	s := a.Scope(kind)
	return s.All || len(s.Sites) > 0 || len(s.Products) > 0 || len(s.Inquiries) > 0
}

// System is a part of the program that acts by itself ("feeds", "matcher"); it may record every kind.
func System(part string) Actor {
	return Actor{ID: "system:" + part, Name: part, Grants: []Grant{{Kinds: []string{"*"}, All: true}}}
}

type actorKey struct{}

// WithActor returns a context in which a acts.
func WithActor(ctx context.Context, a Actor) context.Context {
	return context.WithValue(ctx, actorKey{}, a)
}

// ActorOf is the actor of a context, and whether there is one.
func ActorOf(ctx context.Context) (Actor, bool) {
	a, ok := ctx.Value(actorKey{}).(Actor)
	return a, ok && a.ID != ""
}

// ScopeOf is where the context's actor may do kind; Forbidden when that is nowhere or nobody acts.
func ScopeOf(ctx context.Context, kind string) (Scope, error) {
	a, ok := ActorOf(ctx)
	if !ok {
		return Scope{}, problem.New(problem.Forbidden, "sign in first")
	}
	if !a.May(kind) {
		return Scope{}, problem.New(problem.Forbidden, "your role does not allow %q", kind)
	}
	return a.Scope(kind), nil
}
