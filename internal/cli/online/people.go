package online

import (
	"context"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

func (r *Remote) people() *cobra.Command {
	return r.group("people", "Accounts, roles and grants",
		pages(r.line("list", "List accounts"), "LOGIN NAME STATE SECOND-FACTOR SIGNED-IN ID", (*client.Client).Accounts),
		show(r.line("show ACCOUNT", "Show an account"), (*client.Client).Account),
		needs(add(r.line("add LOGIN", "Make an account without any role"), (*client.Client).AddAccount), "name"),
		change(r.line("change ACCOUNT", "Change an account"), (*client.Client).Account, (*client.Client).ChangeAccount),
		r.line("disable ACCOUNT", "Shut an account; its sessions and tokens end").because("disabled", (*client.Client).DisableAccount),
		r.line("enable ACCOUNT", "Open a disabled account again").because("enabled", (*client.Client).EnableAccount),
		find(r.line("names", "Find people by name, to choose an owner"), (*client.Client).Names),
		tell(r.line("me", "Who acts, and what they may do"), (*client.Client).Me),
		whole(r.line("kinds", "Everything that a role can allow"), "", (*client.Client).Vocabulary),
		pagesOf(r.line("sessions ACCOUNT", "List the live sessions of an account"), "", (*client.Client).Sessions),
		r.line("end-session SESSION", "End a session").act("ended", (*client.Client).EndSession),
		whole(r.line("roles", "List roles"), "ID NAME DESCRIPTION", (*client.Client).Roles),
		wholeOf(r.line("grants ACCOUNT", "List what an account was given").shows("SCOPE", scope), "ROLE:role_name SCOPE EXPIRES ID", (*client.Client).Grants),
		addTo(r.line("grant ACCOUNT ROLE", "Give an account a role: everywhere with --all, or for sites and products").calls("sites", "site", "products", "product"),
			(*client.Client).Grant),
		r.line("revoke GRANT", "Take a grant back").because("revoked", (*client.Client).RevokeGrant),
		show(r.line("identity ACCOUNT", "Who verified who a person is"), (*client.Client).PersonIdentity),
		wholeOf(r.line("passkeys ACCOUNT", "List the passkeys of an account"), "NAME CREATED USED REVOKED ID", (*client.Client).Passkeys),
		r.revokePasskey(), r.link(), r.verify(), r.role())
}

func (r *Remote) link() *cobra.Command {
	return r.line("link ACCOUNT", "Make a one-time link for choosing a password").does(func(ctx context.Context, c *client.Client, args []string) error {
		l, err := c.MakeLink(ctx, args[0])
		if err != nil {
			return err
		}
		return r.Show(l, func() error {
			r.printf("/password?link=%s\nopen this page of the server; the link works once\n", l.Secret)
			return nil
		})
	})
}

// verify is for the first administrator: on the pages only who is verified verifies others.
func (r *Remote) verify() *cobra.Command {
	var in apiv1.VerificationInput
	c := r.line("verify ACCOUNT", "Record that you verified who somebody is, so that they can sign").does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := c.VerifyIdentity(ctx, args[0], in); err != nil {
			return err
		}
		return r.Done("verified who %s is", args[0])
	})
	c.Flags().StringVar(&in.How, "how", "in_person", "in_person, remote or employment")
	c.Flags().StringVar(&in.Evidence, "evidence", "", "the kind of document that was seen, no numbers (needed)")
	return needs(c, "evidence")
}

func scope(item any) any {
	g, _ := item.(apiv1.Grant)
	var parts []string
	for _, s := range g.Sites {
		parts = append(parts, "site "+s)
	}
	for _, s := range g.Products {
		parts = append(parts, "product "+s)
	}
	if len(parts) == 0 {
		return "everywhere"
	}
	return strings.Join(parts, ", ")
}

func (r *Remote) role() *cobra.Command {
	return r.below("role", "Sets of what people may do",
		show(r.line("show ROLE", "Show a role"), (*client.Client).Role),
		add(r.line("add NAME", "Add a role").calls("kinds", "kind").fills(func(in any) {
			if o, ok := in.(*apiv1.RoleInput); ok && o.Kinds == nil {
				o.Kinds = []string{}
			}
		}), (*client.Client).AddRole),
		change(r.line("change ROLE", "Change a role").calls("kinds", "kind"), (*client.Client).Role, (*client.Client).ChangeRole),
		r.line("delete ROLE", "Delete a role that nobody has").act("deleted", (*client.Client).DeleteRole))
}

func (r *Remote) token() *cobra.Command {
	return r.group("token", "API tokens", r.tokens(), r.createToken(),
		r.line("revoke TOKEN", "Revoke an API token").act("revoked", (*client.Client).RevokeToken))
}

func (r *Remote) tokens() *cobra.Command {
	return pages(r.line("list", "List API tokens, without their secrets"), "NAME CREATED EXPIRES USED REVOKED ID",
		func(c *client.Client, ctx context.Context, q apiv1.TokenQuery) (apiv1.Page[apiv1.Token], error) {
			if err := accountOf(ctx, c, &q.Account); err != nil {
				return apiv1.Page[apiv1.Token]{}, err
			}
			return c.Tokens(ctx, q)
		})
}

// accountOf turns a login that was given with a flag into an id.
func accountOf(ctx context.Context, c *client.Client, account *string) (err error) {
	if *account != "" {
		*account, err = accountID(ctx, c, *account)
	}
	return err
}

func (r *Remote) createToken() *cobra.Command {
	var given apiv1.Permitted
	var account string
	var life time.Duration
	c := r.line("create NAME", "Make an API token; its secret is printed once").does(func(ctx context.Context, c *client.Client, args []string) error {
		given.All = len(given.Sites)+len(given.Products) == 0
		if err := accountOf(ctx, c, &account); err != nil {
			return err
		}
		t, err := c.CreateToken(ctx, apiv1.TokenInput{Name: args[0], Scope: []apiv1.Permitted{given}, Expires: time.Now().Add(life).UTC(), Account: account})
		if err != nil {
			return err
		}
		return r.Show(t, func() error { return r.say(t.Secret) })
	})
	c.Flags().StringSliceVar(&given.Kinds, "kind", nil, "what it may do: event kinds, area.* (needed)")
	c.Flags().StringSliceVar(&given.Sites, "site", nil, "only in these sites")
	c.Flags().StringSliceVar(&given.Products, "product", nil, "only for these models")
	c.Flags().StringVar(&account, "account", "", "of another account, by id or login; on the server's machine it is needed")
	c.Flags().DurationVar(&life, "life", 90*24*time.Hour, "how long it works")
	return c
}

func (r *Remote) view() *cobra.Command {
	return r.group("view", "Lists under filters that one keeps",
		find(r.line("list", "List one's own saved views"), (*client.Client).Views),
		add(r.line("save PATH NAME QUERY", "Save a view; one of the same page and name is replaced").fills(func(in any) {
			if v, ok := in.(*apiv1.ViewInput); ok {
				v.Query = strings.TrimPrefix(v.Query, "?")
			}
		}), (*client.Client).SaveView),
		r.line("remove VIEW", "Remove a saved view").act("removed", (*client.Client).RemoveView))
}

func (r *Remote) system() *cobra.Command {
	return r.group("system", "How a server is doing",
		find(r.line("show", "Versions, followers and sizes"), (*client.Client).System),
		tell(r.line("health", "Whether a server works"), (*client.Client).Health))
}

// journal are the commands about the journal of a server that the offline ones do not cover.
func (r *Remote) journal() []*cobra.Command {
	consistency := r.line("consistency", "Prove that the journal only grew since an earlier checkpoint")
	var q apiv1.ConsistencyQuery
	proof := consistency.does(func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := c.Consistency(ctx, q)
		if err != nil {
			return err
		}
		return r.Print(p)
	})
	consistency.bindTo(proof, &q)
	return []*cobra.Command{needs(proof, "from"),
		pages(r.line("list", "List entries of a server's journal, the newest first"), "ENTRY:seq AT ACTOR:actor_name KIND SUBJECT", (*client.Client).Journal),
		tell(r.line("latest", "The newest signed checkpoint of a server"), (*client.Client).Checkpoint),
		r.line("entry NUMBER", "Show an entry of a server's journal, with its proof").does(func(ctx context.Context, c *client.Client, args []string) error {
			n, err := number(args[0])
			if err != nil {
				return err
			}
			e, err := c.JournalEntry(ctx, n)
			if err != nil {
				return err
			}
			return r.answer(e)
		})}
}

func number(text string) (int64, error) {
	n, err := strconv.ParseInt(text, 10, 64)
	if err != nil {
		return 0, terminal.Misused("NUMBER is a number, not %q", text)
	}
	return n, nil
}
