package cli

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/problem"
)

func (r *remote) people() *cobra.Command {
	var reason string
	change := func(use, short, did string, do func(*client.Client, context.Context, string, apiv1.Reason) error) *cobra.Command {
		return reasonFlag(r.leaf(use, short, func(ctx context.Context, c *client.Client, args []string) error {
			id, err := accountID(ctx, c, args[0])
			if err != nil {
				return err
			}
			if err := do(c, ctx, id, apiv1.Reason{Reason: reason}); err != nil {
				return err
			}
			return r.done("%s %s", did, id)
		}), &reason)
	}
	return r.group("people", "Accounts, roles and grants", append(r.peopleMore(), r.peopleList(), r.peopleAdd(), r.peopleLink(), r.peopleRoles(), r.peopleGrants(), r.peopleGrant(),
		reasonFlag(r.leaf("revoke GRANT", "Take a grant back", func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.RevokeGrant(ctx, args[0], apiv1.Reason{Reason: reason}); err != nil {
				return err
			}
			return r.done("revoked %s", args[0])
		}), &reason),
		change("disable ACCOUNT", "Shut an account; its sessions and tokens end", "disabled", (*client.Client).DisableAccount),
		change("enable ACCOUNT", "Open a disabled account again", "enabled", (*client.Client).EnableAccount))...)
}

// accountID is the id of an account that is named by its id or its login.
func accountID(ctx context.Context, c *client.Client, name string) (string, error) {
	if strings.HasPrefix(name, "usr_") {
		return name, nil
	}
	p, err := c.Accounts(ctx, apiv1.AccountQuery{Text: name, Cursor: apiv1.Cursor{Limit: mostPerRequest}})
	if err != nil {
		return "", err
	}
	for _, a := range p.Items {
		if a.Login == strings.ToLower(name) {
			return a.ID, nil
		}
	}
	return "", problem.New(problem.NotFound, "there is no account with the login %q", name)
}

func (r *remote) peopleList() *cobra.Command {
	var q apiv1.AccountQuery
	var g paging
	c := r.leaf("list", "List accounts", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Account], error) {
			q.Cursor = cur
			return c.Accounts(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "LOGIN NAME STATE SECOND-FACTOR SIGNED-IN ID", func(a apiv1.Account) []any {
			return []any{a.Login, a.Name, a.State, a.SecondFactor, a.SignedIn, a.ID}
		})
	})
	c.Flags().StringVar(&q.State, "state", "", "active or disabled")
	c.Flags().StringVar(&q.Role, "role", "", "role id")
	c.Flags().StringVarP(&q.Text, "query", "q", "", "in login, name or e-mail")
	return g.flags(c)
}

func (r *remote) peopleAdd() *cobra.Command {
	var in apiv1.AccountInput
	c := r.leaf("add LOGIN", "Make an account without any role", func(ctx context.Context, c *client.Client, args []string) error {
		in.Login = args[0]
		m, err := c.AddAccount(ctx, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	c.Flags().StringVar(&in.Name, "name", "", "as others read it (needed)")
	c.Flags().StringVar(&in.Email, "email", "", "e-mail address")
	return needs(c, "name")
}

func (r *remote) peopleLink() *cobra.Command {
	return r.leaf("link ACCOUNT", "Make a one-time link for choosing a password", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := accountID(ctx, c, args[0])
		if err != nil {
			return err
		}
		l, err := c.MakeLink(ctx, id)
		if err != nil {
			return err
		}
		return r.show(l, func() error {
			_, err := fmt.Fprintf(r.out, "/password?link=%s\nopen this page of the server; the link works once\n", l.Secret)
			return err
		})
	})
}

func (r *remote) peopleRoles() *cobra.Command {
	return r.leaf("roles", "List roles", func(ctx context.Context, c *client.Client, _ []string) error {
		l, err := c.Roles(ctx)
		if err != nil {
			return err
		}
		return r.show(l, func() error {
			return rows(r.program, l.Items, "ID NAME DESCRIPTION", func(o apiv1.Role) []any { return []any{o.ID, o.Name, o.Description} })
		})
	})
}

func scopeText(sites, products []string) string {
	var parts []string
	for _, s := range sites {
		parts = append(parts, "site "+s)
	}
	for _, s := range products {
		parts = append(parts, "product "+s)
	}
	if len(parts) == 0 {
		return "everywhere"
	}
	return strings.Join(parts, ", ")
}

func (r *remote) peopleGrants() *cobra.Command {
	return r.leaf("grants ACCOUNT", "List what an account was given", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := accountID(ctx, c, args[0])
		if err != nil {
			return err
		}
		l, err := c.Grants(ctx, id)
		if err != nil {
			return err
		}
		return r.show(l, func() error {
			return rows(r.program, l.Items, "ROLE SCOPE EXPIRES ID", func(g apiv1.Grant) []any { return []any{g.RoleName, scopeText(g.Sites, g.Products), g.Expires, g.ID} })
		})
	})
}

func (r *remote) peopleGrant() *cobra.Command {
	var in apiv1.GrantInput
	c := r.leaf("grant ACCOUNT ROLE", "Give an account a role: everywhere with --all, or for sites and products", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := accountID(ctx, c, args[0])
		if err != nil {
			return err
		}
		in.Role = args[1]
		m, err := c.Grant(ctx, id, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	c.Flags().BoolVar(&in.All, "all", false, "everywhere")
	c.Flags().StringSliceVar(&in.Sites, "site", nil, "site ids")
	c.Flags().StringSliceVar(&in.Products, "product", nil, "model ids")
	c.Flags().TimeVar(&in.Expires, "expires", in.Expires, []string{time.RFC3339, time.DateOnly}, "when it ends")
	return c
}

func (r *remote) token() *cobra.Command {
	var q apiv1.TokenQuery
	var account string
	var g paging
	list := g.flags(r.leaf("list", "List API tokens, without their secrets", func(ctx context.Context, c *client.Client, _ []string) error {
		if account != "" {
			id, err := accountID(ctx, c, account)
			if err != nil {
				return err
			}
			q.Account = id
		}
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Token], error) {
			q.Cursor = cur
			return c.Tokens(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(r.program, p, "NAME CREATED EXPIRES USED REVOKED ID", func(t apiv1.Token) []any { return []any{t.Name, t.Created, t.Expires, t.Used, t.Revoked, t.ID} })
	}))
	list.Flags().StringVar(&account, "account", "", "of another account, by id or login")
	return r.group("token", "API tokens", list, r.tokenCreate(),
		r.leaf("revoke TOKEN", "Revoke an API token", func(ctx context.Context, c *client.Client, args []string) error {
			if err := c.RevokeToken(ctx, args[0]); err != nil {
				return err
			}
			return r.done("revoked %s", args[0])
		}))
}

func (r *remote) tokenCreate() *cobra.Command {
	var scope apiv1.Permitted
	var account string
	var life time.Duration
	c := r.leaf("create NAME", "Make an API token; its secret is printed once", func(ctx context.Context, c *client.Client, args []string) error {
		scope.All = len(scope.Sites)+len(scope.Products) == 0
		in := apiv1.TokenInput{Name: args[0], Scope: []apiv1.Permitted{scope}, Expires: time.Now().Add(life).UTC()}
		if account != "" {
			id, err := accountID(ctx, c, account)
			if err != nil {
				return err
			}
			in.Account = id
		}
		t, err := c.CreateToken(ctx, in)
		if err != nil {
			return err
		}
		return r.show(t, func() error {
			_, err := fmt.Fprintln(r.out, t.Secret)
			return err
		})
	})
	c.Flags().StringSliceVar(&scope.Kinds, "kind", nil, "what it may do: event kinds, area.* (needed)")
	c.Flags().StringSliceVar(&scope.Sites, "site", nil, "only in these sites")
	c.Flags().StringSliceVar(&scope.Products, "product", nil, "only for these models")
	c.Flags().StringVar(&account, "account", "", "of another account, by id or login; on the server's machine it is needed")
	c.Flags().DurationVar(&life, "life", 90*24*time.Hour, "how long it works")
	return c
}

// onlineJournal are the commands about the journal that need a server.
func (p *program) onlineJournal() []*cobra.Command {
	r := &remote{program: p}
	var q apiv1.JournalQuery
	var g paging
	list := g.flags(r.leaf("list", "List entries of a server's journal, the newest first", func(ctx context.Context, c *client.Client, _ []string) error {
		page, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Entry], error) {
			q.Cursor = cur
			return c.Journal(ctx, q)
		})
		if err != nil {
			return err
		}
		return listed(p, page, "ENTRY AT ACTOR KIND SUBJECT", func(e apiv1.Entry) []any { return []any{e.Seq, e.At, e.ActorName, e.Kind, e.Subject} })
	}))
	list.Flags().StringSliceVar(&q.Kind, "kind", nil, "event kinds")
	list.Flags().StringVar(&q.Subject, "subject", "", "id of what it is about")
	all := append(r.journalMore(), list)
	for _, c := range all {
		r.flags(c)
	}
	return all
}
