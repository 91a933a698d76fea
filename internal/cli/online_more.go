package cli

import (
	"context"
	"fmt"
	"io"
	"strconv"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
)

// below is a group within a group, which has the flags of a server already.
func (r *remote) below(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(commands...)
	return c
}

// writes is a download of one thing, for [program.saveTo].
func writes(ctx context.Context, id string, get func(context.Context, string, io.Writer) error) func(io.Writer) error {
	return func(w io.Writer) error { return get(ctx, id, w) }
}

func (r *remote) siteRename() *cobra.Command {
	return r.tell("rename SITE NAME", "Rename a site, by its id", "renamed", func(ctx context.Context, c *client.Client, args []string) error {
		return c.RenameSite(ctx, args[0], apiv1.SiteInput{Name: args[1]})
	})
}

func (r *remote) feedChange() *cobra.Command {
	var apply func(*apiv1.FeedInput)
	var every time.Duration
	c := r.leaf("change FEED", "Change a feed: what no flag names stays", nil)
	apply = bind[apiv1.FeedInput](c, map[string]string{"every_minutes": ""})
	c.Flags().DurationVar(&every, "every", 0, "how often it is loaded; 0: only by hand")
	timed := func() bool { return c.Flags().Changed("every") }
	c.RunE = r.tell(c.Use, c.Short, "changed", func(ctx context.Context, cl *client.Client, args []string) error {
		id, err := feedID(ctx, cl, args[0])
		if err != nil {
			return err
		}
		f, err := cl.Feed(ctx, id)
		if err != nil {
			return err
		}
		in := f.FeedInput
		apply(&in)
		if timed() {
			in.EveryMinutes = int(every.Minutes())
		}
		return cl.ChangeFeed(ctx, id, in)
	}).RunE
	return c
}

func (r *remote) feedShow() *cobra.Command {
	return r.ask("show FEED", "Show a feed", func(ctx context.Context, c *client.Client, args []string) (any, error) {
		id, err := feedID(ctx, c, args[0])
		if err != nil {
			return nil, err
		}
		return c.Feed(ctx, id)
	})
}

// foundList lists answers, in pages.
func (r *remote) foundList(use, short string, get func(context.Context, *client.Client, string, apiv1.Cursor) (apiv1.Page[apiv1.FoundMatch], error)) *cobra.Command {
	var g paging
	return g.flags(r.leaf(use, short, func(ctx context.Context, c *client.Client, args []string) error {
		p, err := collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.FoundMatch], error) { return get(ctx, c, args[0], cur) })
		if err != nil {
			return err
		}
		return listed(r.program, p, "TRUTH DEVICES RELEASES VULNERABILITY RECORD SETTLES SAYS", func(m apiv1.FoundMatch) []any {
			return []any{m.Truth, m.Devices, m.Releases, m.Vulnerability, m.Record, m.Settles, m.Proof.Says}
		})
	}))
}

func (r *remote) advisoryMatches() *cobra.Command {
	return r.foundList("matches KEY", "Show the answers that rest on an advisory, with what proves them",
		func(ctx context.Context, c *client.Client, key string, cur apiv1.Cursor) (apiv1.Page[apiv1.FoundMatch], error) {
			source, id, ok := strings.Cut(key, "/")
			if !ok {
				return apiv1.Page[apiv1.FoundMatch]{}, usage{fmt.Errorf("KEY is source/id, such as csaf/ICSMA-20-001-01, not %q", key)}
			}
			return c.AdvisoryMatches(ctx, source, id, cur)
		})
}

func (r *remote) riskMore() []*cobra.Command {
	return []*cobra.Command{
		r.ask("decision DECISION", "Show a decision", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.Decision(ctx, args[0])
		}),
		r.ask("burn-down DECISION", "How many devices of a decision were open, day by day", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			return c.BurnDown(ctx, args[0])
		}),
		r.ask("table-history", "Earlier versions of the decision table", func(ctx context.Context, c *client.Client, _ []string) (any, error) {
			return c.DecisionTableHistory(ctx)
		})}
}

func (r *remote) verdictShow() *cobra.Command {
	return r.ask("show VERDICT", "Show a verdict", func(ctx context.Context, c *client.Client, args []string) (any, error) {
		return c.Verdict(ctx, args[0])
	})
}

// peopleMore are the commands about one account, roles and sessions.
func (r *remote) peopleMore() []*cobra.Command {
	var apply func(*apiv1.AccountInput)
	change := r.tell("change ACCOUNT", "Change an account: what no flag names stays", "changed", func(ctx context.Context, c *client.Client, args []string) error {
		id, err := accountID(ctx, c, args[0])
		if err != nil {
			return err
		}
		a, err := c.Account(ctx, id)
		if err != nil {
			return err
		}
		in := a.AccountInput
		apply(&in)
		return c.ChangeAccount(ctx, id, in)
	})
	apply = bind[apiv1.AccountInput](change, nil)
	var names apiv1.NameQuery
	find := r.ask("names", "Find people by name, to choose an owner", func(ctx context.Context, c *client.Client, _ []string) (any, error) { return c.Names(ctx, names) })
	find.Flags().StringVarP(&names.Text, "query", "q", "", "how the name begins")
	find.Flags().IntVar(&names.Limit, "limit", 20, "how many at most")
	var g paging
	return []*cobra.Command{change, find, r.role(),
		r.ask("show ACCOUNT", "Show an account", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			id, err := accountID(ctx, c, args[0])
			if err != nil {
				return nil, err
			}
			return c.Account(ctx, id)
		}),
		r.ask("me", "Who acts, and what they may do", func(ctx context.Context, c *client.Client, _ []string) (any, error) { return c.Me(ctx) }),
		r.ask("kinds", "Everything that a role can allow", func(ctx context.Context, c *client.Client, _ []string) (any, error) { return c.Vocabulary(ctx) }),
		g.flags(r.ask("sessions ACCOUNT", "List the live sessions of an account", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			id, err := accountID(ctx, c, args[0])
			if err != nil {
				return nil, err
			}
			return collect(g, func(cur apiv1.Cursor) (apiv1.Page[apiv1.Session], error) { return c.Sessions(ctx, id, cur) })
		})),
		r.tell("end-session SESSION", "End a session", "ended", func(ctx context.Context, c *client.Client, args []string) error { return c.EndSession(ctx, args[0]) })}
}

func (r *remote) role() *cobra.Command {
	var whole func(*apiv1.RoleInput)
	add := r.leaf("add NAME", "Add a role", func(ctx context.Context, c *client.Client, args []string) error {
		in := apiv1.RoleInput{Kinds: []string{}}
		whole(&in)
		in.Name = args[0]
		m, err := c.AddRole(ctx, in)
		if err != nil {
			return err
		}
		return r.made(m)
	})
	whole = bind[apiv1.RoleInput](add, map[string]string{"name": "", "kinds": "kind"})
	var apply func(*apiv1.RoleInput)
	change := r.tell("change ROLE", "Change a role: what no flag names stays", "changed", func(ctx context.Context, c *client.Client, args []string) error {
		o, err := c.Role(ctx, args[0])
		if err != nil {
			return err
		}
		in := o.RoleInput
		apply(&in)
		return c.ChangeRole(ctx, args[0], in)
	})
	apply = bind[apiv1.RoleInput](change, map[string]string{"kinds": "kind"})
	return r.below("role", "Sets of what people may do", add, change,
		r.ask("show ROLE", "Show a role", func(ctx context.Context, c *client.Client, args []string) (any, error) { return c.Role(ctx, args[0]) }),
		r.tell("delete ROLE", "Delete a role that nobody has", "deleted", func(ctx context.Context, c *client.Client, args []string) error { return c.DeleteRole(ctx, args[0]) }))
}

// journalMore are the commands about the journal of a server that the offline ones do not cover.
func (r *remote) journalMore() []*cobra.Command {
	var q apiv1.ConsistencyQuery
	proof := r.leaf("consistency", "Prove that the journal only grew since an earlier checkpoint", func(ctx context.Context, c *client.Client, _ []string) error {
		p, err := c.Consistency(ctx, q)
		if err != nil {
			return err
		}
		return r.print(p)
	})
	proof.Flags().Uint64Var(&q.From, "from", 0, "entries of the earlier checkpoint (needed)")
	return []*cobra.Command{needs(proof, "from"),
		r.ask("entry NUMBER", "Show an entry of a server's journal, with its proof", func(ctx context.Context, c *client.Client, args []string) (any, error) {
			n, err := strconv.ParseInt(args[0], 10, 64)
			if err != nil {
				return nil, usage{fmt.Errorf("NUMBER is a number, not %q", args[0])}
			}
			return c.JournalEntry(ctx, n)
		}),
		r.ask("latest", "The newest signed checkpoint of a server", func(ctx context.Context, c *client.Client, _ []string) (any, error) { return c.Checkpoint(ctx) })}
}

func (r *remote) system() *cobra.Command {
	return r.group("system", "How a server is doing",
		r.ask("show", "Versions, followers and sizes", func(ctx context.Context, c *client.Client, _ []string) (any, error) { return c.System(ctx) }),
		r.ask("health", "Whether a server works", func(ctx context.Context, c *client.Client, _ []string) (any, error) { return c.Health(ctx) }))
}

func (r *remote) view() *cobra.Command {
	var q apiv1.ViewQuery
	list := r.ask("list", "List one's own saved views", func(ctx context.Context, c *client.Client, _ []string) (any, error) { return c.Views(ctx, q) })
	list.Flags().StringVar(&q.Path, "path", "", "of one page, as /devices")
	return r.group("view", "Lists under filters that one keeps", list,
		r.leaf("save PATH NAME QUERY", "Save a view; one of the same page and name is replaced", func(ctx context.Context, c *client.Client, args []string) error {
			m, err := c.SaveView(ctx, apiv1.ViewInput{Path: args[0], Name: args[1], Query: strings.TrimPrefix(args[2], "?")})
			if err != nil {
				return err
			}
			return r.made(m)
		}),
		r.tell("remove VIEW", "Remove a saved view", "removed", func(ctx context.Context, c *client.Client, args []string) error { return c.RemoveView(ctx, args[0]) }))
}
