package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/people"
	"triward/internal/store"
)

func (s *Server) tokens() {
	add(s, op{id: "tokens", route: "GET /tokens", kind: signedIn, summary: "API tokens without their secrets: one's own, or anybody's with people.read"}, s.listTokens)
	add(s, op{id: "create-token", route: "POST /tokens", kind: people.KindSelfTokenCreated + "|" + people.KindTokenCreated, summary: "Make an API token, of one's own or for another account; its secret is shown once", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.TokenInput]) (apiv1.NewToken, error) {
			secret, t, err := s.People.CreateToken(ctx, people.NewToken{Name: in.Body.Name, Account: in.Body.Account, Expires: in.Body.Expires,
				Scope: each(in.Body.Scope, func(p apiv1.Permitted) store.Grant { return store.Grant(p) })})
			return apiv1.NewToken{Token: wireToken(t), Secret: secret}, err
		})
	act(s, op{id: "revoke-token", route: "DELETE /tokens/{id}", kind: people.KindSelfTokenRevoked + "|" + people.KindTokenRevoked, summary: "Revoke an API token"},
		func(ctx context.Context, in *one) error { return s.People.RevokeToken(ctx, in.ID) })
	add(s, op{id: "sessions", route: "GET /accounts/{id}/sessions", kind: people.KindRead, summary: "Live sessions of an account"},
		func(ctx context.Context, in *aboutOne) (apiv1.Page[apiv1.Session], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]people.Session, error) {
				return s.People.Sessions(ctx, r, people.SessionQuery{Account: in.ID, After: in.After, Limit: in.Limit})
			})
			return page(all, lastOf(all, in.Limit, func(v people.Session) string { return v.ID }), wireSession), err
		})
	act(s, op{id: "end-session", route: "DELETE /sessions/{id}", kind: people.KindSelfSessionRevoked + "|" + people.KindSessionRevoked, summary: "End a session"},
		func(ctx context.Context, in *one) error { return s.People.EndSession(ctx, in.ID) })
}

func (s *Server) listTokens(ctx context.Context, in *struct{ apiv1.TokenQuery }) (apiv1.Page[apiv1.Token], error) {
	account := in.Account // all, for who may see all
	if a, _ := store.ActorOf(ctx); account == "" && !a.May(people.KindRead) {
		account = a.ID
	}
	all, err := read(ctx, s, func(r store.Reader) ([]people.Token, error) {
		return people.Tokens(ctx, r, people.TokenQuery{Account: account, After: in.After, Limit: in.Limit})
	})
	return page(all, lastOf(all, in.Limit, func(t people.Token) string { return t.ID }), wireToken), err
}

func wireToken(t people.Token) apiv1.Token {
	return apiv1.Token{ID: t.ID, Created: t.Created, Used: t.Used, Revoked: t.Revoked,
		TokenInput: apiv1.TokenInput{Name: t.Name, Scope: each(t.Scope, wirePermitted), Expires: t.Expires, Account: t.Account}}
}

func wireSession(v people.Session) apiv1.Session {
	return apiv1.Session{ID: v.ID, Account: v.Account, Login: v.Login, Created: v.Created, Seen: v.Seen, Expires: v.Expires, Address: v.Address, Agent: v.Agent,
		SecondFactor: v.SecondFactor}
}
