package app

import (
	"context"
	"slices"

	"triward/internal/device"
	"triward/internal/people"
	"triward/internal/signature"
	"triward/internal/store"
)

// Names of the sites, as the fleet file of the demonstration spells them.
const (
	demoMain       = "St. Brannoc University Hospital"
	demoChildren   = "St. Brannoc Children's Hospital"
	demoOutpatient = "Harbour Street Outpatient Centre"
)

// demoPerson is an account of the demonstration. A role without sites holds everywhere.
type demoPerson struct {
	login, name, does string
	roles             []string
	sites             []string
	makers            []string // models of these makers
}

func demoPeople() []demoPerson {
	return []demoPerson{
		{login: "admin", name: "Robin Ashdown", does: "administrator", roles: []string{people.RoleAdministrator}},
		{login: "htm", name: "Marta Kolar", does: "head of clinical engineering", roles: []string{people.RoleHTM, people.RoleQuality}},
		{login: "security", name: "Jonas Weller", does: "IT security", roles: []string{people.RoleITSecurity}},
		{login: "psirt", name: "Ida Sandholm", does: "product security, also product engineer", roles: []string{people.RolePSIRT, people.RoleProductEngineer}},
		{login: "regulatory", name: "Yuki Tanabe", does: "regulatory affairs", roles: []string{people.RoleRegulatory}},
		{login: "clinician", name: "Dr. Celeste Moreau", does: "clinician owner of the outpatient centre and the children's hospital",
			roles: []string{people.RoleClinicianOwner}, sites: []string{demoOutpatient, demoChildren}},
		{login: "medical", name: "Dr. Aoife Brennan", does: "medical director, medical safety", roles: []string{people.RoleClinicianOwner}},
		{login: "quality", name: "Tomas Reindl", does: "quality manager", roles: []string{people.RoleQuality}},
		{login: "board", name: "Helen Straw", does: "member of the board", roles: []string{people.RoleExecutive}},
		{login: "auditor", name: "Luc Perrin", does: "auditor: reads everything, writes nothing", roles: []string{people.RoleAuditor}},
		{login: "northmere", name: "Sam Hallow", does: "external: Northmere Medical sees its own products", roles: []string{people.RoleExternal}, makers: []string{"Northmere Medical"}},
	}
}

// staff makes the accounts. Those who are limited to sites or products get their roles when these are known.
func (d *demonstration) staff(ctx context.Context) error {
	if err := d.people.Seed(ctx); err != nil {
		return err
	}
	ctx = store.WithActor(ctx, store.System("demonstration"))
	for _, p := range demoPeople() {
		account, err := d.people.CreateAccount(ctx, people.NewAccount{Login: p.login, Name: p.name, Email: p.login + "@st-brannoc.example", Password: d.password})
		if err != nil {
			return err
		}
		d.actors[p.login] = store.Actor{ID: account, Name: p.name, Grants: []store.Grant{{Kinds: []string{people.KindSelf}, All: true}}}
		if err := d.signer.VerifyIdentity(ctx, signature.Verify{Account: account, How: signature.Employment, Evidence: "staff record of the demonstration"}); err != nil {
			return err
		}
		if len(p.sites)+len(p.makers) > 0 {
			continue
		}
		if err := d.grant(ctx, p, people.Grant{Account: account, All: true}); err != nil {
			return err
		}
	}
	return nil
}

func (d *demonstration) grant(ctx context.Context, p demoPerson, g people.Grant) error {
	actor := d.actors[p.login]
	for _, role := range p.roles {
		g.Role = role
		if _, err := d.people.Grant(ctx, g); err != nil {
			return err
		}
		at := slices.IndexFunc(people.Seeded(), func(r people.Role) bool { return r.ID == role })
		actor.Grants = append(actor.Grants, store.Grant{Kinds: people.Seeded()[at].Kinds, All: g.All, Sites: g.Sites, Products: g.Products})
	}
	d.actors[p.login] = actor
	return nil
}

// scopes gives the roles that end at sites or products.
func (d *demonstration) scopes(ctx context.Context) error {
	ctx = d.as(ctx, "admin")
	var sites []device.Site
	if err := d.db.View(ctx, func(r store.Reader) (err error) {
		sites, err = device.Sites(ctx, r)
		return err
	}); err != nil {
		return err
	}
	for _, p := range demoPeople() {
		g := people.Grant{Account: d.actors[p.login].ID}
		for _, s := range sites {
			if slices.Contains(p.sites, s.Name) {
				g.Sites = append(g.Sites, string(s.ID))
			}
		}
		for _, m := range d.models {
			if slices.Contains(p.makers, m.ManufacturerName) {
				g.Products = append(g.Products, string(m.ID))
			}
		}
		if len(g.Sites)+len(g.Products) == 0 {
			continue
		}
		if err := d.grant(ctx, p, g); err != nil {
			return err
		}
	}
	return nil
}
