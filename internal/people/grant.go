package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Grant gives an account a role within a scope.
type Grant struct {
	ID        string // grn_…
	Account   string
	Role      string
	RoleName  string   // filled when read
	All       bool     // everywhere; otherwise in the sites, for the products and for the inquiries named
	Sites     []string // ids, sorted
	Products  []string // ids, sorted
	Inquiries []string // ids, sorted; only the kinds "inquiry.…" of the role count there
	Created   time.Time
	By        string    // id of who gave it
	Expires   time.Time // zero: no end
}

// maxScope bounds the sites and products that one grant names.
const maxScope = 1000

func checkScope(l *problem.List, g store.Grant) {
	named := len(g.Sites) + len(g.Products) + len(g.Inquiries)
	if g.All && named > 0 {
		l.Add("scope", "is either everywhere or the sites and products named, not both")
	}
	if !g.All && named == 0 {
		l.Add("scope", "must be everywhere or name a site or product")
	}
	for _, part := range []struct {
		path string
		ids  []string
	}{{"sites", g.Sites}, {"products", g.Products}, {"inquiries", g.Inquiries}} {
		if len(part.ids) > maxScope {
			l.Add(part.path, "must name at most %d", maxScope)
		}
		for i, s := range part.ids {
			if s == "" || len(s) > 64 || strings.ContainsFunc(s, func(r rune) bool { return r <= ' ' || r > '~' }) {
				l.Add(fmt.Sprintf("%s[%d]", part.path, i), "is not an identifier")
			}
		}
	}
}

func sorted(ids []string) []string {
	return slices.Compact(slices.Sorted(slices.Values(ids)))
}

// Grant gives an account a role and returns the grant's id. ID, RoleName, Created and By of g are not looked at. The actor
// must hold every kind of the role in the whole scope. Conflict for a disabled account.
func (d *Directory) Grant(ctx context.Context, g Grant) (string, error) {
	var grant string
	err := d.DB.Update(ctx, func(tx *store.Tx) (err error) {
		if d.Trained != nil {
			if err := d.Trained(ctx, tx, g.Account); err != nil {
				return err
			}
		}
		grant, err = GrantTx(ctx, tx, g)
		return err
	})
	return grant, err
}

// GrantTx is [Directory.Grant] within an Update.
func GrantTx(ctx context.Context, tx *store.Tx, g Grant) (string, error) {
	g.Sites, g.Products, g.Inquiries = sorted(g.Sites), sorted(g.Products), sorted(g.Inquiries)
	var l problem.List
	checkScope(&l, g.scope(nil))
	if !g.Expires.IsZero() && !g.Expires.After(tx.Now) {
		l.Add("expires", "must lie in the future")
	}
	if err := l.Err("grant is not valid"); err != nil {
		return "", err
	}
	g, err := newGrant(g)
	if err != nil {
		return "", err
	}
	if err := grantTx(ctx, tx, g); err != nil {
		return "", fmt.Errorf("grant role %q: %w", g.Role, err)
	}
	return g.ID, nil
}

// scope is the grant as permissions are made of it.
func (g Grant) scope(kinds []string) store.Grant {
	return store.Grant{Kinds: kinds, All: g.All, Sites: g.Sites, Products: g.Products, Inquiries: g.Inquiries}
}

func newGrant(g Grant) (Grant, error) {
	var err error
	g.ID, err = id.New("grn")
	return g, err
}

func grantTx(ctx context.Context, tx *store.Tx, g Grant) error {
	a, err := accountByID(ctx, tx, g.Account)
	if err != nil {
		return err
	}
	if a.State == Disabled {
		return problem.New(problem.Conflict, "the account is disabled; enable it first")
	}
	o, err := roleByID(ctx, tx, g.Role)
	if err != nil {
		return err
	}
	if o.Scoped && g.All {
		var l problem.List
		l.Add("scope", "must name the sites or products: %s is never granted everywhere", o.Name)
		return l.Err("grant is not valid")
	}
	kind, err := lacks(ctx, tx, holding{g.scope(o.Kinds), g.Expires})
	if err != nil {
		return err
	}
	if kind != "" {
		return problem.New(problem.Forbidden, "you may not do %q there for as long yourself, so you cannot grant it", kind)
	}
	sites, err := list(g.Sites)
	if err != nil {
		return err
	}
	products, err := list(g.Products)
	if err != nil {
		return err
	}
	inquiries, err := list(g.Inquiries)
	if err != nil {
		return err
	}
	if _, err := tx.Exec(ctx, `INSERT INTO people_grant (id, account, role, everywhere, sites, products, inquiries, created, created_by, expires)
		VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)`, g.ID, g.Account, g.Role, g.All, sites, products, inquiries, store.Micros(tx.Now),
		tx.Actor().ID, store.Micros(g.Expires)); err != nil {
		return err
	}
	g.RoleName = o.Name
	_, err = tx.Record(ctx, store.Event{Kind: KindGranted, Subject: g.Account, Body: g.body("")})
	return err
}

func (g Grant) body(reason string) grantBody {
	b := grantBody{Grant: g.ID, Role: g.Role, RoleName: g.RoleName, All: g.All, Sites: g.Sites, Products: g.Products, Inquiries: g.Inquiries, Reason: reason}
	if !g.Expires.IsZero() {
		b.Expires = &g.Expires
	}
	return b
}

// Revoke takes a grant back. Conflict when it would take the last administrator.
func (d *Directory) Revoke(ctx context.Context, grant, reason string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		g, err := scanGrant(tx.QueryRow(ctx, `SELECT `+grantColumns+` FROM people_grant g JOIN people_role o ON o.id = g.role WHERE g.id = $1`, grant))
		if err != nil {
			return fmt.Errorf("revoke grant %q: %w", grant, err)
		}
		if _, err := tx.Record(ctx, store.Event{Kind: KindGrantRevoked, Subject: g.Account, Body: g.body(reason)}); err != nil {
			return err
		}
		return keepAdministrator(ctx, tx, func() error {
			_, err := tx.Exec(ctx, `DELETE FROM people_grant WHERE id = $1`, grant)
			return err
		})
	})
}

// Grants are what an account was given, also what has expired since, oldest first: one's own, or anybody's with
// people.read.
func Grants(ctx context.Context, r store.Reader, account string) ([]Grant, error) {
	if err := mayRead(ctx, account); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanGrant, `SELECT `+grantColumns+` FROM people_grant g JOIN people_role o ON o.id = g.role
		WHERE g.account = $1 ORDER BY g.id`, account)
}

const grantColumns = `g.id, g.account, g.role, o.name, g.everywhere, g.sites, g.products, g.inquiries, g.created, g.created_by, g.expires`

func scanGrant(s store.Scanner) (Grant, error) {
	var g Grant
	var sites, products, inquiries string
	var created, expires int64
	if err := s.Scan(&g.ID, &g.Account, &g.Role, &g.RoleName, &g.All, &sites, &products, &inquiries, &created, &g.By, &expires); err != nil {
		return g, err
	}
	g.Created, g.Expires = store.Time(created), store.Time(expires)
	var err error
	if g.Sites, err = words(sites); err != nil {
		return g, err
	}
	if g.Products, err = words(products); err != nil {
		return g, err
	}
	g.Inquiries, err = words(inquiries)
	return g, err
}

// Standing is an account as an actor, with what it holds at an instant: for the program to read what its holder could read.
// Forbidden for everybody else, NotFound when the account is not active.
func Standing(ctx context.Context, r store.Reader, account string, at time.Time) (store.Actor, error) {
	if a, ok := store.ActorOf(ctx); !ok || !strings.HasPrefix(a.ID, "system:") {
		return store.Actor{}, problem.New(problem.Forbidden, "only the program reads for somebody else")
	}
	a, err := accountByID(ctx, r, account)
	if err != nil {
		return store.Actor{}, err
	}
	if a.State != Active {
		return store.Actor{}, problem.New(problem.NotFound, "the account is not active")
	}
	held, err := holdings(ctx, r, account, at)
	out := store.Actor{ID: a.ID, Name: a.Name, Grants: []store.Grant{{Kinds: []string{KindSelf}, All: true}}}
	for _, h := range held {
		out.Grants = append(out.Grants, h.Grant)
	}
	return out, err
}

// Place is a site or a product.
type Place struct{ Site, Product string } // ids, one of them ""

// NamedFor are the active accounts with a grant that names a place at an instant, by name: who works there, not who may act
// everywhere. It needs people.names.read.
func NamedFor(ctx context.Context, r store.Reader, p Place, at time.Time) ([]Name, error) {
	if _, err := store.ScopeOf(ctx, KindReadNames); err != nil {
		return nil, err
	}
	type named struct {
		Name
		sites, products string
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (n named, err error) {
		return n, s.Scan(&n.ID, &n.Name.Name, &n.sites, &n.products)
	},
		`SELECT a.id, a.name, g.sites, g.products FROM people_grant g JOIN people_account a ON a.id = g.account
		WHERE a.state = 'active' AND NOT g.everywhere AND (g.expires = 0 OR g.expires > $1) ORDER BY a.name, a.id`, store.Micros(at))
	if err != nil {
		return nil, err
	}
	var out []Name
	for _, n := range all {
		list, want := n.sites, p.Site
		if p.Product != "" {
			list, want = n.products, p.Product
		}
		ids, err := words(list)
		if err != nil {
			return nil, err
		}
		if slices.Contains(ids, want) && (len(out) == 0 || out[len(out)-1].ID != n.ID) {
			out = append(out, n.Name)
		}
	}
	return out, nil
}

// forever is later than every end of a grant.
var forever = time.Date(9999, 1, 1, 0, 0, 0, 0, time.UTC)

// lacks is a kind of h that the actor does not hold in all of its scope until its end; "" when the actor holds all of h.
// Without the end, somebody with a role for a day could give it to themselves for ever.
func lacks(ctx context.Context, tx *store.Tx, h holding) (string, error) {
	a := tx.Actor()
	if kind := missing(a, h.Grant); kind != "" {
		return kind, nil
	}
	account := a.ID
	switch {
	case strings.HasPrefix(a.ID, "system:"), strings.HasPrefix(a.ID, "local:"):
		return "", nil // the program itself and who may open its socket hold what they hold without end
	case strings.HasPrefix(a.ID, "tok_"):
		if err := tx.QueryRow(ctx, `SELECT account FROM people_token WHERE id = $1`, a.ID).Scan(&account); err != nil {
			return "", err
		}
	}
	until := forever
	if !h.expires.IsZero() {
		until = h.expires.Add(-time.Microsecond) // ending together is no more
	}
	lasting, err := holdings(ctx, tx, account, until)
	if err != nil {
		return "", err
	}
	var held store.Actor
	for _, l := range lasting {
		held.Grants = append(held.Grants, l.Grant)
	}
	return missing(held, h.Grant), nil
}

// missing is a kind of g that the actor does not hold in all of g's scope; "" when the actor holds all of g.
func missing(a store.Actor, g store.Grant) string {
	for _, k := range g.Kinds {
		s := a.Scope(k)
		if s.All || !g.All && subset(g.Sites, s.Sites) && subset(g.Products, s.Products) && subset(g.Inquiries, s.Inquiries) {
			continue
		}
		return k
	}
	return ""
}

func subset(some, of []string) bool {
	for _, s := range some {
		if !slices.Contains(of, s) {
			return false
		}
	}
	return true
}

// meet is what two grants have in common; false when that is nothing.
func meet(a, b store.Grant) (store.Grant, bool) {
	g := store.Grant{Kinds: commonKinds(a.Kinds, b.Kinds)}
	switch {
	case a.All && b.All:
		g.All = true
	case a.All:
		g.Sites, g.Products, g.Inquiries = b.Sites, b.Products, b.Inquiries
	case b.All:
		g.Sites, g.Products, g.Inquiries = a.Sites, a.Products, a.Inquiries
	default:
		g.Sites, g.Products, g.Inquiries = common(a.Sites, b.Sites), common(a.Products, b.Products), common(a.Inquiries, b.Inquiries)
	}
	return g, len(g.Kinds) > 0 && (g.All || len(g.Sites)+len(g.Products)+len(g.Inquiries) > 0)
}

func common(a, b []string) []string {
	var out []string
	for _, s := range a {
		if slices.Contains(b, s) {
			out = append(out, s)
		}
	}
	return out
}

// commonKinds keeps the narrower of each pair of which one includes the other.
func commonKinds(a, b []string) []string {
	var out []string
	for _, x := range a {
		for _, y := range b {
			switch {
			case includes(y, x):
				out = append(out, x)
			case includes(x, y):
				out = append(out, y)
			}
		}
	}
	return sorted(out)
}

// includes reports whether the kinds that wide names include those that narrow names.
func includes(wide, narrow string) bool {
	area, all := strings.CutSuffix(wide, "*")
	return wide == narrow || all && strings.HasPrefix(narrow, area)
}
