package web

import (
	"context"
	"net/http"
	"net/url"

	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/people/passkey"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/signature"
	"triward/internal/store"
)

// peoplePage lists the accounts.
type peoplePage struct {
	Frame
	Search  string
	Keep    []Field // what a search must not lose
	Chips   []Chips
	Columns Columns
	Rows    []people.Account
	Pager   Pager
	MayNew  bool
}

func (peoplePage) template() string { return "people" }

func accountQuery(v *visit) people.AccountQuery {
	return people.AccountQuery{State: people.State(v.query("state")), Text: v.query("q"), Role: v.query("role"), Sort: v.query("sort"), After: v.query("after"), Limit: 100}
}

func (s *Server) people(v *visit) error {
	p := peoplePage{Frame: v.frame("People", urlPeople()), Search: v.query("q"), MayNew: v.may(people.KindAccountCreated), Chips: []Chips{
		chips(v.r.URL, "State", "state", [2]string{"active", "Active"}, [2]string{"disabled", "Disabled"})}}
	p.Keep = kept(v.r.URL.Query(), "q")
	p.Columns = v.columns("login", Column{Name: "name", Text: "Name", Fixed: true, Sort: "name"}, Column{Name: "login", Text: "Login", Sort: "login"}, Column{Name: "state", Text: "State"},
		Column{Name: "second", Text: "Second factor"}, Column{Name: "signed_in", Text: "Signed in", Sort: "-signed_in"}, Column{Name: "created", Text: "Added", Extra: true, Sort: "-created"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := people.Accounts(ctx, r, accountQuery(v))
		if err != nil {
			return err
		}
		p.Rows, p.Pager = page.Items, pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL("/people.csv", v.r.URL.RawQuery)
		n, err := people.CountAccounts(ctx, r)
		if p.Search+v.query("role") == "" {
			counted(&p.Chips[0], func(state string) int { return n[people.State(state)] })
		}
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) peopleCSV(v *visit) error {
	q := accountQuery(v)
	q.After, q.Limit = "", 1000
	return v.csv("people.csv", []string{"login", "name", "email", "state", "second_factor", "created", "signed_in"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := people.Accounts(ctx, r, q)
		var out [][]string
		for _, a := range page.Items {
			out = append(out, []string{a.Login, a.Name, a.Email, string(a.State), yesNo(a.SecondFactor), stamp(a.Created), stamp(a.SignedIn)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

func accountFields(a people.Account) []Field {
	return []Field{
		{Name: "name", Label: "Name", Kind: "text", Required: true, Value: a.Name},
		{Name: "login", Label: "Login", Kind: "text", Required: true, Value: a.Login, Autocomplete: "off"},
		{Name: "email", Label: "E-mail address", Kind: "email", Value: a.Email, Autocomplete: "off"}}
}

func (s *Server) personNewPage(v *visit) formPage {
	return formPage{Frame: v.frame("Add a person", urlPeople(), Link{urlPeople(), "People"}), Lead: "They choose their password by a one-time link, which you get next. Then give them a role.",
		Form: Form{ID: "person", Action: "/people/new", Submit: "Add the person", Cancel: urlPeople()}.with(accountFields(people.Account{})...)}
}

func (s *Server) personNew(v *visit) error { return v.show(s.personNewPage(v)) }

func (s *Server) personNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id, err := s.People.CreateAccount(v.r.Context(), people.NewAccount{Login: f.Get("login"), Name: f.Get("name"), Email: f.Get("email")})
	if err != nil {
		p := s.personNewPage(v)
		p.Form.fill(f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlAccountOf(id), "The person is added. Give them a role, and a link to choose a password.")
}

// personPage is one account.
type personPage struct {
	Frame
	Account  people.Account
	Grants   []grantRow
	Sessions []people.Session
	Tokens   []people.Token
	History  []historyRow
	Change   *Form
	Grant    *Form
	MayTake  bool
	MayLink  bool
	MayEnd   bool
	MayToken bool
	MayTOTP  bool
	Passkeys []passkey.Passkey
	MayKey   bool
	Identity signature.Identity
	Verify   *Form
	State    *Form
	Link     string // a one-time link, shown once
}

func (personPage) template() string { return "person" }

func (s *Server) personOf(v *visit) (personPage, error) {
	id := v.path("id")
	p := personPage{MayTake: v.may(people.KindGrantRevoked), MayLink: v.may(people.KindLinkMade), MayEnd: v.may(people.KindSessionRevoked), MayToken: v.may(people.KindTokenRevoked), MayTOTP: v.may(people.KindTOTPChanged), MayKey: v.may(passkey.KindRevokedOthers)}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Account, err = people.Get(ctx, r, id); err != nil {
			return err
		}
		grants, err := people.Grants(ctx, r, id)
		if err != nil {
			return err
		}
		if p.Grants, err = s.grantRows(ctx, r, grants); err != nil {
			return err
		}
		if p.Sessions, err = s.People.Sessions(ctx, r, people.SessionQuery{Account: id}); err != nil {
			return err
		}
		if p.Tokens, err = people.Tokens(ctx, r, people.TokenQuery{Account: id}); err != nil {
			return err
		}
		if v.may(people.KindGranted) {
			f, err := s.grantForm(ctx, r, v, id)
			if err != nil {
				return err
			}
			p.Grant = &f
		}
		if p.Passkeys, err = people.Passkeys(ctx, r, id); err != nil {
			return err
		}
		if p.Identity, err = signature.IdentityOf(ctx, r, id); err != nil {
			return err
		}
		p.History, err = history(ctx, r, id)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Account.Name, urlPeople(), Link{urlPeople(), "People"})
	if v.may(people.KindVerified) && id != v.actor.ID {
		f := identityForm(id)
		p.Verify = &f
	}
	if v.may(people.KindAccountChanged) {
		f := Form{ID: "change", Action: urlAccountOf(id), Submit: "Save"}.with(accountFields(p.Account)...)
		p.Change = &f
	}
	reason := Field{Name: "reason", Label: "Reason", Kind: "text"}
	switch {
	case p.Account.State == people.Active && v.may(people.KindAccountDisabled):
		f := Form{ID: "state", Action: urlAccountOf(id) + "/disable", Submit: "Disable the account", Danger: true}.with(reason)
		p.State = &f
	case p.Account.State == people.Disabled && v.may(people.KindAccountEnabled):
		f := Form{ID: "state", Action: urlAccountOf(id) + "/enable", Submit: "Enable the account"}.with(reason)
		p.State = &f
	}
	return p, nil
}

// grantRows adds the names of sites and products to grants.
func (s *Server) grantRows(ctx context.Context, r store.Reader, all []people.Grant) ([]grantRow, error) {
	ctx = store.WithActor(ctx, store.System("web"))
	sites, err := siteNames(ctx, r)
	if err != nil {
		return nil, err
	}
	out := make([]grantRow, len(all))
	for i, g := range all {
		row := grantRow{Grant: g, Where: "everywhere", Ended: !g.Expires.IsZero() && !g.Expires.After(s.now())}
		if !g.All {
			var names []string
			for _, id := range g.Sites {
				names = append(names, sites[id])
			}
			for _, id := range g.Products {
				m, err := product.Get(ctx, r, product.ModelID(id))
				if err != nil && problem.KindOf(err) != problem.NotFound {
					return nil, err
				}
				names = append(names, m.ManufacturerName+" "+m.Name)
			}
			for _, id := range g.Inquiries {
				names = append(names, "inquiry "+id)
			}
			row.Where = joinComma(nonEmpty(names...))
		}
		out[i] = row
	}
	return out, nil
}

func (s *Server) grantForm(ctx context.Context, r store.Reader, v *visit, id string) (Form, error) {
	roles, err := people.Roles(ctx, r)
	if err != nil {
		return Form{}, err
	}
	var choices, sites, products []Option
	for _, o := range roles {
		choices = append(choices, Option{Value: o.ID, Text: o.Name})
	}
	if v.may(device.KindRead) {
		all, err := device.Sites(ctx, r)
		if err != nil {
			return Form{}, err
		}
		for _, x := range all {
			sites = append(sites, Option{Value: string(x.ID), Text: x.Name})
		}
	}
	if v.may(product.KindRead) {
		page, err := product.Models(ctx, r, product.ModelQuery{Limit: 500})
		if err != nil {
			return Form{}, err
		}
		for _, m := range page.Models {
			products = append(products, Option{Value: string(m.ID), Text: m.ManufacturerName + " " + m.Name})
		}
	}
	return Form{ID: "grant", Action: urlAccountOf(id) + "/grants", Submit: "Give the role"}.with(
		Field{Name: "role", Label: "Role", Kind: "select", Required: true, Options: choices},
		Field{Name: "everywhere", Label: "Everywhere", Kind: "checkbox"},
		Field{Name: "sites", Label: "Or at these sites", Kind: "select", Multiple: true, Options: sites},
		Field{Name: "products", Label: "Or for these products", Kind: "select", Multiple: true, Options: products},
		Field{Name: "expires", Label: "Until", Kind: "date", Help: "Empty: without end."}), nil
}

func (s *Server) person(v *visit) error {
	p, err := s.personOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// personForm runs one of the forms of a person's page; on a fault the page comes back with it.
func (s *Server) personForm(v *visit, which func(p *personPage) *Form, act func(ctx context.Context, id string, f url.Values) (string, error)) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	notice, err := act(v.r.Context(), v.path("id"), f)
	if err == nil {
		return v.done(urlAccountOf(v.path("id")), notice)
	}
	if !validFault(err) {
		return err
	}
	p, perr := s.personOf(v)
	if perr != nil {
		return perr
	}
	form := which(&p)
	if form == nil {
		return err
	}
	form.fill(f)
	form.blame(err)
	return v.again(p, err)
}

func (s *Server) personChange(v *visit) error {
	return s.personForm(v, func(p *personPage) *Form { return p.Change }, func(ctx context.Context, id string, f url.Values) (string, error) {
		return "The account is changed.", s.People.ChangeAccount(ctx, people.Account{ID: id, Login: f.Get("login"), Name: f.Get("name"), Email: f.Get("email")})
	})
}

func (s *Server) personDisable(v *visit) error {
	return s.personForm(v, func(p *personPage) *Form { return p.State }, func(ctx context.Context, id string, f url.Values) (string, error) {
		return "The account is disabled; its sessions and tokens have ended.", s.People.Disable(ctx, id, f.Get("reason"))
	})
}

func (s *Server) personEnable(v *visit) error {
	return s.personForm(v, func(p *personPage) *Form { return p.State }, func(ctx context.Context, id string, f url.Values) (string, error) {
		return "The account is enabled.", s.People.Enable(ctx, id, f.Get("reason"))
	})
}

// personLink makes a one-time link and shows it, once.
func (s *Server) personLink(v *visit) error {
	secret, err := s.People.MakeLink(v.r.Context(), v.path("id"))
	if err != nil {
		return err
	}
	p, err := s.personOf(v)
	if err != nil {
		return err
	}
	p.Link = v.self() + queryURL(urlPassword(), url.Values{"link": {secret}}.Encode())
	return v.write(http.StatusOK, p)
}

func (s *Server) personTOTP(v *visit) error {
	if err := s.People.RemoveTOTP(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlAccountOf(v.path("id")), "The authenticator and recovery codes are removed.")
}

func (s *Server) grant(v *visit) error {
	return s.personForm(v, func(p *personPage) *Form { return p.Grant }, func(ctx context.Context, id string, f url.Values) (string, error) {
		var l problem.List
		g := people.Grant{Account: id, Role: f.Get("role"), All: f.Get("everywhere") == "yes", Sites: f["sites"], Products: f["products"], Expires: date(&l, f, "expires")}
		if err := l.Err("the role was not given"); err != nil {
			return "", err
		}
		_, err := s.People.Grant(ctx, g)
		return "The role is given.", err
	})
}

func (s *Server) grantRevoke(v *visit) error {
	if err := s.People.Revoke(v.r.Context(), v.path("grant"), ""); err != nil {
		return err
	}
	return v.done(urlAccountOf(v.path("id")), "The role is taken back.")
}

func (s *Server) personSessions(v *visit) error {
	n, err := s.People.EndSessions(v.r.Context(), v.path("id"), "")
	if err != nil {
		return err
	}
	return v.done(urlAccountOf(v.path("id")), plural(n, "session has", "sessions have")+" ended.")
}

func (s *Server) personToken(v *visit) error {
	if err := s.People.RevokeToken(v.r.Context(), v.path("token")); err != nil {
		return err
	}
	return v.done(urlAccountOf(v.path("id")), "The token is revoked.")
}
