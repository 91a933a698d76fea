package vuln

import (
	"context"
	"fmt"
	"strings"

	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/vuln/naming"
)

// AliasKind is what a line of a user's table of names is about; see [ParseNames].
type AliasKind string

// The closed list of kinds.
const (
	VendorAlias  AliasKind = "vendor"
	ProductAlias AliasKind = "product"
)

// Alias says that two names mean the same manufacturer, or the same product of a manufacturer.
type Alias struct {
	ID     string
	Kind   AliasKind
	Vendor string // for a product: whose it is
	Name   string
	Means  string // the other name
	Reason string
}

// Validate returns all faults.
func (a Alias) Validate() error {
	var l problem.List
	for _, f := range []struct{ path, text string }{{"name", a.Name}, {"means", a.Means}} {
		if strings.TrimSpace(f.text) == "" || len(f.text) > 300 || strings.ContainsAny(f.text, "\t\r\n") {
			l.Add(f.path, "is required, one line of at most 300 characters")
		}
	}
	switch a.Kind {
	case VendorAlias:
		if a.Vendor != "" {
			l.Add("vendor", "goes with a product only")
		}
	case ProductAlias:
		if strings.TrimSpace(a.Vendor) == "" || strings.ContainsAny(a.Vendor, "\t\r\n") {
			l.Add("vendor", "is required: say whose product it is")
		}
	default:
		l.Add("kind", "must be vendor or product")
	}
	if strings.TrimSpace(a.Reason) == "" {
		l.Add("reason", "is required")
	}
	return l.Err("the alias is not valid")
}

// NameAliases keeps the names that people say are the same.
type NameAliases struct{ DB *store.DB }

// Add keeps an alias; everything is matched again with it.
func (s NameAliases) Add(ctx context.Context, a Alias) (string, error) {
	if err := a.Validate(); err != nil {
		return "", err
	}
	var err error
	if a.ID, err = id.New("als"); err != nil {
		return "", err
	}
	name, means := a.pair()
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `INSERT INTO name_alias (id, kind, name, means, reason) VALUES ($1, $2, $3, $4, $5)`,
			a.ID, string(a.Kind), name, means, a.Reason); err != nil {
			return fmt.Errorf("add alias %q: %w", a.Name, err)
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindAliasAdded, Subject: a.ID, Body: a})
		return err
	})
	return a.ID, err
}

// pair is how an alias is stored: a product's name carries its manufacturer before a tab.
func (a Alias) pair() (name, means string) {
	if a.Kind == ProductAlias {
		return a.Vendor + "\t" + a.Name, a.Means
	}
	return a.Name, a.Means
}

// Remove takes an alias away; everything is matched again without it.
func (s NameAliases) Remove(ctx context.Context, alias string) error {
	return s.DB.Update(ctx, func(tx *store.Tx) error {
		all, err := listAliases(ctx, tx)
		if err != nil {
			return err
		}
		for _, a := range all {
			if a.ID != alias {
				continue
			}
			if _, err := tx.Exec(ctx, `DELETE FROM name_alias WHERE id = $1`, alias); err != nil {
				return err
			}
			_, err := tx.Record(ctx, store.Event{Kind: KindAliasRemoved, Subject: alias, Body: a})
			return err
		}
		return problem.New(problem.NotFound, "there is no alias %q", alias)
	})
}

// ListAliases reads all aliases that people added.
func ListAliases(ctx context.Context, r store.Reader) ([]Alias, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return listAliases(ctx, r)
}

func listAliases(ctx context.Context, r store.Reader) ([]Alias, error) {
	return store.All(ctx, r, func(s store.Scanner) (a Alias, err error) {
		err = s.Scan(&a.ID, &a.Kind, &a.Name, &a.Means, &a.Reason)
		if vendor, name, ok := strings.Cut(a.Name, "\t"); ok {
			a.Vendor, a.Name = vendor, name
		}
		return a, err
	}, `SELECT id, kind, name, means, reason FROM name_alias ORDER BY kind, name`)
}

// ReadNames is the built-in table with the aliases that people added.
func ReadNames(ctx context.Context, r store.Reader) (*naming.Names, error) {
	all, err := listAliases(ctx, r)
	if err != nil {
		return nil, fmt.Errorf("read names: %w", err)
	}
	var table strings.Builder
	for _, a := range all {
		name, means := a.pair()
		table.WriteString(string(a.Kind) + "\t" + name + "\t" + means + "\n")
	}
	return naming.Parse(table.String())
}
