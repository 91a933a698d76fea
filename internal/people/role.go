package people

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"unicode/utf8"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Role is a named set of event kinds.
type Role struct {
	ID          string // rol_…
	Name        string // unique
	Description string
	Kinds       []string // sorted; of the vocabulary, "area.*" or "*"
	Seeded      bool     // comes with Triward, which keeps it up to date; copy it to change it
	Scoped      bool     // may be granted for named sites and products only, never everywhere
}

// Validate says what is wrong with a role.
func (o Role) Validate() error {
	var l problem.List
	checkText(&l, "name", o.Name)
	if utf8.RuneCountInString(o.Description) > 500 || !utf8.ValidString(o.Description) {
		l.Add("description", "must be text of at most 500 characters")
	}
	if len(o.Kinds) == 0 {
		l.Add("kinds", "must name at least one kind")
	}
	for i, k := range o.Kinds {
		if !known(k) {
			l.Add(fmt.Sprintf("kinds[%d]", i), "%q is not a kind of the vocabulary", k)
		}
	}
	return l.Err("role is not valid")
}

func (o Role) tidy() Role {
	o.Name, o.Description = strings.TrimSpace(o.Name), strings.TrimSpace(o.Description)
	o.Kinds = slices.Compact(slices.Sorted(slices.Values(o.Kinds)))
	return o
}

func (o Role) fields() *roleFields {
	return &roleFields{Name: o.Name, Description: o.Description, Kinds: o.Kinds, Scoped: o.Scoped}
}

// Seed makes the seeded roles as [Seeded] says them. The program calls it at every start.
func (d *Directory) Seed(ctx context.Context) error {
	err := d.DB.Update(acting(ctx), func(tx *store.Tx) error {
		for _, o := range Seeded() {
			was, err := roleByID(ctx, tx, o.ID)
			if err != nil && problem.KindOf(err) != problem.NotFound {
				return err
			}
			if err == nil && slices.Equal(was.Kinds, o.Kinds) && was.Name == o.Name && was.Description == o.Description && was.Scoped == o.Scoped {
				continue
			}
			change := roleChanged{To: o.fields()}
			if err == nil {
				change.From = was.fields()
			}
			if err := putRole(ctx, tx, o); err != nil {
				return err
			}
			if _, err := tx.Record(ctx, store.Event{Kind: KindRoleChanged, Subject: o.ID, Body: change}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		return fmt.Errorf("seed roles: %w", err)
	}
	return nil
}

// CreateRole makes a role of one's own and returns its id. The actor must hold all its kinds everywhere. Conflict when
// the name is taken.
func (d *Directory) CreateRole(ctx context.Context, o Role) (string, error) {
	o = o.tidy()
	if err := o.Validate(); err != nil {
		return "", err
	}
	var err error
	if o.ID, err = id.New("rol"); err != nil {
		return "", err
	}
	o.Seeded = false
	err = d.DB.Update(ctx, func(tx *store.Tx) error { return changeRole(ctx, tx, Role{}, o) })
	if err != nil {
		return "", fmt.Errorf("create role %q: %w", o.Name, err)
	}
	return o.ID, nil
}

// ChangeRole sets the role o.ID for everybody who has it. The actor must hold everywhere what is added. Conflict for a
// seeded role.
func (d *Directory) ChangeRole(ctx context.Context, o Role) error {
	o = o.tidy()
	if err := o.Validate(); err != nil {
		return err
	}
	o.Seeded = false
	err := d.DB.Update(ctx, func(tx *store.Tx) error {
		was, err := ownRole(ctx, tx, o.ID)
		if err != nil {
			return err
		}
		if o.Scoped && !was.Scoped {
			var n int
			if err := tx.QueryRow(ctx, `SELECT count(*) FROM people_grant WHERE role = $1 AND everywhere`, o.ID).Scan(&n); err != nil {
				return err
			}
			if n > 0 {
				return problem.New(problem.Conflict, "%d people have this role everywhere; take it from them first", n)
			}
		}
		return changeRole(ctx, tx, was, o)
	})
	if err != nil {
		return fmt.Errorf("change role %q: %w", o.Name, err)
	}
	return nil
}

func changeRole(ctx context.Context, tx *store.Tx, was, o Role) error {
	added := holding{Grant: store.Grant{All: true}}
	for _, k := range o.Kinds {
		if !slices.Contains(was.Kinds, k) {
			added.Kinds = append(added.Kinds, k)
		}
	}
	kind, err := lacks(ctx, tx, added)
	if err != nil {
		return err
	}
	if kind != "" {
		return problem.New(problem.Forbidden, "you may not do %q everywhere without end yourself, so you cannot put it into a role", kind)
	}
	if err := putRole(ctx, tx, o); err != nil {
		if problem.KindOf(err) == problem.Conflict {
			return problem.New(problem.Conflict, "there is a role with the name %q already", o.Name)
		}
		return err
	}
	change := roleChanged{To: o.fields()}
	if was.ID != "" {
		change.From = was.fields()
	}
	_, err = tx.Record(ctx, store.Event{Kind: KindRoleChanged, Subject: o.ID, Body: change})
	return err
}

// ownRole reads a role that is not seeded.
func ownRole(ctx context.Context, tx *store.Tx, role string) (Role, error) {
	o, err := roleByID(ctx, tx, role)
	if err == nil && o.Seeded {
		return o, problem.New(problem.Conflict, "this role comes with Triward; copy it to change it")
	}
	return o, err
}

// DeleteRole removes a role that nobody has. Conflict when somebody has it or it is seeded.
func (d *Directory) DeleteRole(ctx context.Context, role string) error {
	return d.DB.Update(ctx, func(tx *store.Tx) error {
		was, err := ownRole(ctx, tx, role)
		if err != nil {
			return fmt.Errorf("delete role %q: %w", role, err)
		}
		var n int
		if err := tx.QueryRow(ctx, `SELECT count(*) FROM people_grant WHERE role = $1`, role).Scan(&n); err != nil {
			return err
		}
		if n > 0 {
			return problem.New(problem.Conflict, "%d people have this role; take it from them first", n)
		}
		if _, err := tx.Exec(ctx, `DELETE FROM people_role WHERE id = $1`, role); err != nil {
			return err
		}
		_, err = tx.Record(ctx, store.Event{Kind: KindRoleChanged, Subject: role, Body: roleChanged{From: was.fields()}})
		return err
	})
}

// Roles are all roles, seeded ones first, by name. It needs people.read. There are few: the list has no pages.
func Roles(ctx context.Context, r store.Reader) ([]Role, error) {
	if err := mayRead(ctx, ""); err != nil {
		return nil, err
	}
	return store.All(ctx, r, scanRole, `SELECT `+roleColumns+` FROM people_role ORDER BY seeded DESC, name`)
}

// CountHolders counts the accounts that have each role, by role id. It needs people.read.
func CountHolders(ctx context.Context, r store.Reader) (map[string]int, error) {
	if err := mayRead(ctx, ""); err != nil {
		return nil, err
	}
	type row struct {
		role string
		n    int
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) { return v, s.Scan(&v.role, &v.n) },
		`SELECT role, count(DISTINCT account) FROM people_grant GROUP BY role`)
	out := map[string]int{}
	for _, v := range all {
		out[v.role] = v.n
	}
	return out, err
}

// GetRole reads a role. It needs people.read.
func GetRole(ctx context.Context, r store.Reader, role string) (Role, error) {
	if err := mayRead(ctx, ""); err != nil {
		return Role{}, err
	}
	return roleByID(ctx, r, role)
}

const roleColumns = `id, name, description, kinds, seeded, scoped`

func scanRole(s store.Scanner) (Role, error) {
	var o Role
	var kinds string
	if err := s.Scan(&o.ID, &o.Name, &o.Description, &kinds, &o.Seeded, &o.Scoped); err != nil {
		return o, err
	}
	var err error
	o.Kinds, err = words(kinds)
	return o, err
}

func roleByID(ctx context.Context, r store.Reader, role string) (Role, error) {
	return scanRole(r.QueryRow(ctx, `SELECT `+roleColumns+` FROM people_role WHERE id = $1`, role))
}

func putRole(ctx context.Context, tx *store.Tx, o Role) error {
	kinds, err := list(o.Kinds)
	if err != nil {
		return err
	}
	_, err = tx.Exec(ctx, `INSERT INTO people_role (id, name, description, kinds, seeded, scoped) VALUES ($1, $2, $3, $4, $5, $6)
		ON CONFLICT (id) DO UPDATE SET name = excluded.name, description = excluded.description, kinds = excluded.kinds,
		seeded = excluded.seeded, scoped = excluded.scoped`, o.ID, o.Name, o.Description, kinds, o.Seeded, o.Scoped)
	return err
}
