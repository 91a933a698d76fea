package api

import (
	"context"
	"net/http"

	"triward/apiv1"
	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/store"
)

func (s *Server) accounts() {
	add(s, op{id: "me", route: "GET /me", kind: signedIn, summary: "Who acts, and what they may do"}, func(ctx context.Context, _ *none) (apiv1.Me, error) {
		a, _ := store.ActorOf(ctx)
		return apiv1.Me{ID: a.ID, Name: a.Name, Grants: each(a.Grants, wirePermitted)}, nil
	})
	add(s, op{id: "accounts", route: "GET /accounts", kind: people.KindRead, summary: "Accounts, by login"},
		func(ctx context.Context, in *struct{ apiv1.AccountQuery }) (apiv1.Page[apiv1.Account], error) {
			p, err := read(ctx, s, func(r store.Reader) (store.Page[people.Account], error) {
				return people.Accounts(ctx, r, people.AccountQuery{State: people.State(in.State), Text: in.Text, Role: in.Role, Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Items, p.Next, wireAccount), err
		})
	add(s, op{id: "add-account", route: "POST /accounts", kind: people.KindAccountCreated, summary: "Make an account without any role; a link lets its holder choose a password", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.AccountInput]) (apiv1.Made, error) {
			id, err := s.People.CreateAccount(ctx, people.NewAccount{Login: in.Body.Login, Name: in.Body.Name, Email: in.Body.Email})
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "account", route: "GET /accounts/{id}", kind: people.KindRead, summary: "One account"}, func(ctx context.Context, in *one) (apiv1.Account, error) {
		a, err := read(ctx, s, func(r store.Reader) (people.Account, error) { return people.Get(ctx, r, in.ID) })
		return wireAccount(a), err
	})
	act(s, op{id: "change-account", route: "PUT /accounts/{id}", kind: people.KindAccountChanged, summary: "Replace login, name and e-mail address of an account"},
		func(ctx context.Context, in *oneWith[apiv1.AccountInput]) error {
			return s.People.ChangeAccount(ctx, people.Account{ID: in.ID, Login: in.Body.Login, Name: in.Body.Name, Email: in.Body.Email})
		})
	act(s, op{id: "disable-account", route: "POST /accounts/{id}/disable", kind: people.KindAccountDisabled, summary: "Shut an account; its sessions and tokens end"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.People.Disable(ctx, in.ID, in.Body.Reason)
		})
	act(s, op{id: "enable-account", route: "POST /accounts/{id}/enable", kind: people.KindAccountEnabled, summary: "Open a disabled account again"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.People.Enable(ctx, in.ID, in.Body.Reason)
		})
	add(s, op{id: "make-link", route: "POST /accounts/{id}/link", kind: people.KindLinkMade, summary: "Make a one-time link for choosing a password; earlier ones stop working", status: http.StatusCreated},
		func(ctx context.Context, in *one) (apiv1.Link, error) {
			secret, err := s.People.MakeLink(ctx, in.ID)
			return apiv1.Link{Secret: secret}, err
		})
	act(s, op{id: "verify-identity", route: "POST /accounts/{id}/identity", kind: people.KindVerified, summary: "Record that you verified who somebody is; on the server's machine, for the first who verifies others on the pages"},
		func(ctx context.Context, in *oneWith[apiv1.VerificationInput]) error {
			return s.Signer.VerifyIdentity(ctx, signature.Verify{Account: in.ID, How: signature.How(in.Body.How), Evidence: in.Body.Evidence})
		})
	add(s, op{id: "names", route: "GET /names", kind: people.KindReadNames, summary: "Names of people, to choose an owner"},
		func(ctx context.Context, in *struct{ apiv1.NameQuery }) (apiv1.List[apiv1.PersonName], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]people.Name, error) { return people.Choices(ctx, r, in.Text, in.Limit) })
			return list(all, func(n people.Name) apiv1.PersonName { return apiv1.PersonName(n) }), err
		})
}

func wireAccount(a people.Account) apiv1.Account {
	return apiv1.Account{ID: a.ID, AccountInput: apiv1.AccountInput{Login: a.Login, Name: a.Name, Email: a.Email}, State: string(a.State), HasPassword: a.HasPassword,
		SecondFactor: a.SecondFactor, Created: a.Created, SignedIn: a.SignedIn}
}

func wirePermitted(g store.Grant) apiv1.Permitted {
	return apiv1.Permitted{Kinds: orEmpty(g.Kinds), All: g.All, Sites: g.Sites, Products: g.Products, Inquiries: g.Inquiries}
}

func (s *Server) roles() {
	add(s, op{id: "roles", route: "GET /roles", kind: people.KindRead, summary: "Roles"}, func(ctx context.Context, _ *none) (apiv1.List[apiv1.Role], error) {
		all, err := read(ctx, s, func(r store.Reader) ([]people.Role, error) { return people.Roles(ctx, r) })
		return list(all, wireRole), err
	})
	add(s, op{id: "add-role", route: "POST /roles", kind: people.KindRoleChanged, summary: "Make a role", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.RoleInput]) (apiv1.Made, error) {
			id, err := s.People.CreateRole(ctx, roleOf(in.Body))
			return apiv1.Made{ID: id}, err
		})
	add(s, op{id: "role", route: "GET /roles/{id}", kind: people.KindRead, summary: "One role"}, func(ctx context.Context, in *one) (apiv1.Role, error) {
		o, err := read(ctx, s, func(r store.Reader) (people.Role, error) { return people.GetRole(ctx, r, in.ID) })
		return wireRole(o), err
	})
	act(s, op{id: "change-role", route: "PUT /roles/{id}", kind: people.KindRoleChanged, summary: "Change a role for everybody who has it"},
		func(ctx context.Context, in *oneWith[apiv1.RoleInput]) error {
			o := roleOf(in.Body)
			o.ID = in.ID
			return s.People.ChangeRole(ctx, o)
		})
	act(s, op{id: "delete-role", route: "DELETE /roles/{id}", kind: people.KindRoleChanged, summary: "Remove a role that nobody has"},
		func(ctx context.Context, in *one) error { return s.People.DeleteRole(ctx, in.ID) })
	add(s, op{id: "vocabulary", route: "GET /vocabulary", kind: signedIn, summary: "Every kind that a role may hold"}, func(context.Context, *none) (apiv1.List[apiv1.Kind], error) {
		return list(people.Vocabulary(), func(k people.Kind) apiv1.Kind { return apiv1.Kind(k) }), nil
	})
	add(s, op{id: "grants", route: "GET /accounts/{id}/grants", kind: people.KindRead, summary: "What an account was given, the oldest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Grant], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]people.Grant, error) { return people.Grants(ctx, r, in.ID) })
			return list(all, wireGrant), err
		})
	add(s, op{id: "grant", route: "POST /accounts/{id}/grants", kind: people.KindGranted, summary: "Give an account a role within a scope", status: http.StatusCreated},
		func(ctx context.Context, in *oneWith[apiv1.GrantInput]) (apiv1.Made, error) {
			g := in.Body
			id, err := s.People.Grant(ctx, people.Grant{Account: in.ID, Role: g.Role, All: g.All, Sites: g.Sites, Products: g.Products, Inquiries: g.Inquiries, Expires: g.Expires})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "revoke-grant", route: "POST /grants/{id}/revoke", kind: people.KindGrantRevoked, summary: "Take a grant back"},
		func(ctx context.Context, in *oneWith[apiv1.Reason]) error {
			return s.People.Revoke(ctx, in.ID, in.Body.Reason)
		})
}

func roleOf(in apiv1.RoleInput) people.Role {
	return people.Role{Name: in.Name, Description: in.Description, Kinds: in.Kinds, Scoped: in.Scoped}
}

func wireRole(o people.Role) apiv1.Role {
	return apiv1.Role{ID: o.ID, RoleInput: apiv1.RoleInput{Name: o.Name, Description: o.Description, Kinds: orEmpty(o.Kinds), Scoped: o.Scoped}, Seeded: o.Seeded}
}

func wireGrant(g people.Grant) apiv1.Grant {
	return apiv1.Grant{ID: g.ID, Account: g.Account, GrantInput: apiv1.GrantInput{Role: g.Role, All: g.All, Sites: g.Sites, Products: g.Products, Inquiries: g.Inquiries, Expires: g.Expires},
		RoleName: g.RoleName, Created: g.Created, By: g.By}
}
