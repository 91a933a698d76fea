package web

import (
	"cmp"
	"context"
	"net/url"
	"slices"
	"strings"

	"triward/internal/people"
	"triward/internal/store"
)

// rolesPage lists the roles.
type rolesPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []roleRow
	Pager   Pager
	MayNew  bool
}

func (rolesPage) template() string { return "roles" }

func (s *Server) roles(v *visit) error {
	p := rolesPage{Frame: v.frame("Roles", urlPeople(), Link{urlPeople(), "People"}), MayNew: v.may(people.KindRoleChanged)}
	p.Chips = []Chips{chips(v.r.URL, "Kind", "kind", [2]string{"seeded", "Comes with Triward"}, [2]string{"own", "Own"})}
	p.Columns = v.columns("name", Column{Name: "role", Text: "Role", Fixed: true, Sort: "name"}, Column{Name: "what", Text: "What for"}, Column{Name: "kind", Text: "Kind", Sort: "kind"},
		Column{Name: "accounts", Text: "Accounts", Num: true, Sort: "-accounts"}, Column{Name: "may", Text: "Things it may do", Num: true, Extra: true, Sort: "-may"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := people.Roles(ctx, r)
		if err != nil {
			return err
		}
		counted(&p.Chips[0], func(kind string) int {
			return len(slices.DeleteFunc(slices.Clone(all), func(o people.Role) bool { return o.Seeded != (kind == "seeded") }))
		})
		p.Rows, err = roleRows(ctx, r, v)
		p.Pager = Pager{Shown: len(p.Rows), CSV: queryURL("/roles.csv", v.r.URL.RawQuery)}
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

// roleRow is a role with how many accounts have it.
type roleRow struct {
	people.Role
	Accounts int
}

// roleRows are the roles that the address chooses, in its order.
func roleRows(ctx context.Context, r store.Reader, v *visit) ([]roleRow, error) {
	all, err := people.Roles(ctx, r)
	if err != nil {
		return nil, err
	}
	held, err := people.CountHolders(ctx, r)
	if err != nil {
		return nil, err
	}
	var out []roleRow
	for _, o := range all {
		if kind := v.query("kind"); kind == "" || o.Seeded == (kind == "seeded") {
			out = append(out, roleRow{o, held[o.ID]})
		}
	}
	sorted(v, "name", out, map[string]func(a, b roleRow) int{
		"name":     func(a, b roleRow) int { return compareFold(a.Name, b.Name) },
		"kind":     func(a, b roleRow) int { return strings.Compare(yesNo(a.Seeded), yesNo(b.Seeded)) },
		"accounts": func(a, b roleRow) int { return cmp.Compare(a.Accounts, b.Accounts) },
		"may":      func(a, b roleRow) int { return cmp.Compare(len(a.Kinds), len(b.Kinds)) }})
	return out, nil
}

// rolePage is one role and what it may do.
type rolePage struct {
	Frame
	Role   people.Role
	May    []string
	Change *Form
	Copy   string
	Delete bool
}

func (rolePage) template() string { return "role" }

func roleForm(o people.Role) Form {
	var kinds []Option
	for _, k := range people.Vocabulary() {
		on := false
		for _, h := range o.Kinds {
			on = on || h == k.Name || h == "*" || h == k.Area()+".*"
		}
		kinds = append(kinds, Option{Value: k.Name, Text: sentence(k.Text) + " (" + k.Name + ")", On: on})
	}
	scoped := ""
	if o.Scoped {
		scoped = "yes"
	}
	return Form{ID: "role", Submit: "Save the role", Cancel: urlRoles()}.with(
		Field{Name: "name", Label: "Name", Kind: "text", Required: true, Value: o.Name},
		Field{Name: "description", Label: "Description", Kind: "textarea", Value: o.Description},
		Field{Name: "scoped", Label: "Only ever for named sites or products", Kind: "checkbox", Value: scoped},
		Field{Name: "kinds", Label: "May", Kind: "checks", Options: kinds})
}

func roleFrom(f url.Values) people.Role {
	return people.Role{Name: f.Get("name"), Description: f.Get("description"), Kinds: f["kinds"], Scoped: f.Get("scoped") == "yes"}
}

func (s *Server) readRole(v *visit, id string) (people.Role, error) {
	var o people.Role
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		o, err = people.GetRole(ctx, r, id)
		return err
	})
	return o, err
}

func (s *Server) roleNewPage(v *visit, o people.Role) formPage {
	f := roleForm(o)
	f.Action, f.Submit = "/roles/new", "Add the role"
	return formPage{Frame: v.frame("Add a role", urlPeople(), Link{urlPeople(), "People"}, Link{urlRoles(), "Roles"}), Form: f}
}

func (s *Server) roleNew(v *visit) error {
	var o people.Role
	if from := v.query("from"); from != "" {
		var err error
		if o, err = s.readRole(v, from); err != nil {
			return err
		}
		o.Name = "Copy of " + o.Name
	}
	return v.show(s.roleNewPage(v, o))
}

func (s *Server) roleNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id, err := s.People.CreateRole(v.r.Context(), roleFrom(f))
	if err != nil {
		p := s.roleNewPage(v, people.Role{})
		p.Form.fill(f)
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlRole(id), "The role is added.")
}

func (s *Server) roleOf(v *visit) (rolePage, error) {
	o, err := s.readRole(v, v.path("id"))
	if err != nil {
		return rolePage{}, err
	}
	p := rolePage{Frame: v.frame(o.Name, urlPeople(), Link{urlPeople(), "People"}, Link{urlRoles(), "Roles"}), Role: o}
	have := roleForm(o)
	for _, x := range have.Fields[3].Options {
		if x.On {
			p.May = append(p.May, x.Text)
		}
	}
	for _, k := range o.Kinds {
		if strings.HasSuffix(k, "*") && k != "*" {
			p.May = append(p.May, "Everything in "+strings.TrimSuffix(k, ".*"))
		}
	}
	if v.may(people.KindRoleChanged) {
		p.Copy = queryURL("/roles/new", "from="+o.ID)
		if !o.Seeded {
			f := have
			f.Action = urlRole(o.ID)
			p.Change, p.Delete = &f, true
		}
	}
	return p, nil
}

func (s *Server) role(v *visit) error {
	p, err := s.roleOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) roleChange(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	o := roleFrom(f)
	o.ID = v.path("id")
	if err := s.People.ChangeRole(v.r.Context(), o); err != nil {
		p, perr := s.roleOf(v)
		if perr != nil {
			return perr
		}
		if p.Change != nil && validFault(err) {
			p.Change.fill(f)
			p.Change.blame(err)
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlRole(o.ID), "The role is changed for everybody who has it.")
}

func (s *Server) roleDelete(v *visit) error {
	if err := s.People.DeleteRole(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlRoles(), "The role is deleted.")
}
