package online

import (
	"context"
	"fmt"
	"io"
	"reflect"
	"strings"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/cli/terminal"
)

// line is how a command is called and what it says of itself.
type line struct {
	*Remote
	use   string              // name and arguments, all of which are needed
	short string              // what it does
	names map[string]string   // flags that are not called as their field; "" for no flag
	fill  func(in any)        // sets what no flag can, on a pointer to the input
	shown map[string]computed // columns that are made of several fields
}

// computed makes a cell of an item.
type computed func(item any) any

func (r *Remote) line(use, short string) line { return line{Remote: r, use: use, short: short} }

// calls gives flags other names: pairs of the field's name and the flag's.
func (l line) calls(pairs ...string) line {
	l.names = map[string]string{}
	for i := 0; i+1 < len(pairs); i += 2 {
		l.names[pairs[i]] = pairs[i+1]
	}
	return l
}

// fills sets what no flag can.
func (l line) fills(fn func(in any)) line {
	l.fill = fn
	return l
}

// shows adds a column that is made of several fields.
func (l line) shows(name string, fn computed) line {
	if l.shown == nil {
		l.shown = map[string]computed{}
	}
	l.shown[name] = fn
	return l
}

// job is what a command does with a server, after names have become ids.
type job func(ctx context.Context, c *client.Client, args []string) error

// does is the command that does a job.
func (l line) does(do job) *cobra.Command {
	words := strings.Fields(l.use)[1:]
	return &cobra.Command{Use: l.use, Short: l.short, Args: terminal.Exactly(len(words)), RunE: func(cmd *cobra.Command, args []string) error {
		c, err := l.client()
		if err != nil {
			return err
		}
		ids := make([]string, len(args))
		for i, a := range args {
			ids[i] = a
			if find := named[words[i]]; find != nil {
				if ids[i], err = find(cmd.Context(), c, a); err != nil {
					return told(err)
				}
			}
		}
		return told(do(cmd.Context(), c, ids))
	}}
}

// first is the argument that names what a command is about; "" when there is none.
func first(args []string) string {
	if len(args) == 0 {
		return ""
	}
	return args[0]
}

// group is a command with others below it.
func (r *Remote) group(use, short string, below ...*cobra.Command) *cobra.Command {
	c := r.below(use, short, below...)
	r.flags(c)
	return c
}

// below is a group within a group, which has the flags of a server already.
func (r *Remote) below(use, short string, commands ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	c.AddCommand(commands...)
	return c
}

// show is a command that shows everything about one thing, by its id.
func show[T any](l line, get func(*client.Client, context.Context, string) (T, error)) *cobra.Command {
	return l.does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := get(c, ctx, args[0])
		if err != nil {
			return err
		}
		return l.answer(v)
	})
}

// tell is a command that shows everything of an answer that needs no argument.
func tell[T any](l line, get func(*client.Client, context.Context) (T, error)) *cobra.Command {
	return l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		v, err := get(c, ctx)
		if err != nil {
			return err
		}
		return l.answer(v)
	})
}

// find is a command that shows everything of an answer to a query, whose fields are its flags.
func find[Q, T any](l line, get func(*client.Client, context.Context, Q) (T, error)) *cobra.Command {
	var q Q
	c := l.does(func(ctx context.Context, c *client.Client, _ []string) error {
		v, err := get(c, ctx, q)
		if err != nil {
			return err
		}
		return l.answer(v)
	})
	l.bindTo(c, &q)
	return c
}

// whole is a command that lists what comes in one answer.
func whole[T any](l line, columns string, get func(*client.Client, context.Context) (apiv1.List[T], error)) *cobra.Command {
	return wholeOf(l, columns, func(c *client.Client, ctx context.Context, _ string) (apiv1.List[T], error) { return get(c, ctx) })
}

// wholeOf is a command that lists what belongs to one thing and comes in one answer.
func wholeOf[T any](l line, columns string, get func(*client.Client, context.Context, string) (apiv1.List[T], error)) *cobra.Command {
	shown := columnsOf[T](l, columns)
	return l.does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := get(c, ctx, first(args))
		if err != nil {
			return err
		}
		return l.Show(v, func() error { return l.table(shown, v.Items) })
	})
}

// pages is a command that lists page by page; the fields of the query are its flags.
func pages[Q, T any](l line, columns string, get func(*client.Client, context.Context, Q) (apiv1.Page[T], error)) *cobra.Command {
	var q Q
	c := pagesOf(l, columns, func(c *client.Client, ctx context.Context, _ string, cur apiv1.Cursor) (apiv1.Page[T], error) {
		if at, ok := any(&q).(*apiv1.Cursor); ok {
			*at = cur
		} else {
			reflect.ValueOf(&q).Elem().FieldByName("Cursor").Set(reflect.ValueOf(cur))
		}
		if l.fill != nil {
			l.fill(&q)
		}
		return get(c, ctx, q)
	})
	l.bindTo(c, &q)
	return c
}

// mostPerRequest is how many items are asked of a server at once.
const mostPerRequest = 500

// pagesOf is a command that lists page by page what belongs to one thing.
func pagesOf[T any](l line, columns string, get func(*client.Client, context.Context, string, apiv1.Cursor) (apiv1.Page[T], error)) *cobra.Command {
	shown := columnsOf[T](l, columns)
	var limit int
	var after string
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		out := apiv1.Page[T]{Items: []T{}, Next: after}
		for more := true; more; more = out.Next != "" && (limit <= 0 || len(out.Items) < limit) {
			want := mostPerRequest
			if limit > 0 {
				want = min(want, limit-len(out.Items))
			}
			p, err := get(c, ctx, first(args), apiv1.Cursor{After: out.Next, Limit: want})
			if err != nil {
				return err
			}
			out.Items, out.Next = append(out.Items, p.Items...), p.Next
		}
		return l.Show(out, func() error {
			err := l.table(shown, out.Items)
			if err == nil && out.Next != "" {
				l.hint("there are more: --after %s, or --limit 0 for all\n", out.Next)
			}
			return err
		})
	})
	c.Flags().IntVar(&limit, "limit", 50, "how many at most; 0 for all")
	c.Flags().StringVar(&after, "after", "", "next of the page before")
	return c
}

// add is a command that makes something: arguments and flags are the fields of its input.
func add[In any](l line, do func(*client.Client, context.Context, In) (apiv1.Made, error)) *cobra.Command {
	return l.making(0, func(ctx context.Context, c *client.Client, in any, _ string) (apiv1.Made, error) {
		return do(c, ctx, *in.(*In))
	}, new(In))
}

// addTo is a command that makes something that belongs to what its first argument names.
func addTo[In any](l line, do func(*client.Client, context.Context, string, In) (apiv1.Made, error)) *cobra.Command {
	return l.making(1, func(ctx context.Context, c *client.Client, in any, of string) (apiv1.Made, error) {
		return do(c, ctx, of, *in.(*In))
	}, new(In))
}

// making reads an input, the first arguments of which do not belong to it, and prints the id of what was made.
func (l line) making(skip int, do func(ctx context.Context, c *client.Client, in any, of string) (apiv1.Made, error), in any) *cobra.Command {
	fields := strings.Fields(strings.ToLower(l.use))[1+skip:]
	for _, f := range fields {
		if _, ok := fieldAt(reflect.TypeOf(in).Elem(), f); !ok {
			l.faults = append(l.faults, fmt.Errorf("%s: %T has no field %s", l.use, in, f))
		}
	}
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		for i, f := range fields {
			setField(in, f, args[skip+i])
		}
		if l.fill != nil {
			l.fill(in)
		}
		m, err := do(ctx, c, in, first(args[:skip]))
		if err != nil {
			return err
		}
		return l.Show(m, func() error { return l.say(m.ID) })
	})
	l.bindTo(c, in, fields...)
	return c
}

// change is a command that changes the fields that its flags name, and leaves the rest as it is. What is read has the input
// in it.
func change[T, In any](l line, read func(*client.Client, context.Context, string) (T, error), write func(*client.Client, context.Context, string, In) error) *cobra.Command {
	var given In
	var apply func(to any)
	l.short += ": what no flag names stays"
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		v, err := read(c, ctx, args[0])
		if err != nil {
			return err
		}
		in := partOf[In](v)
		apply(&in)
		if l.fill != nil {
			l.fill(&in)
		}
		if err := write(c, ctx, args[0], in); err != nil {
			return err
		}
		return l.Done("changed %s", args[0])
	})
	apply = l.bindTo(c, &given)
	return c
}

// act is a command that does something with one thing and says so. did is what was done.
func (l line) act(did string, do func(*client.Client, context.Context, string) error) *cobra.Command {
	return l.does(func(ctx context.Context, c *client.Client, args []string) error {
		if err := do(c, ctx, args[0]); err != nil {
			return err
		}
		return l.Done("%s %s", did, args[0])
	})
}

// because is a command that does something with one thing, for a reason.
func (l line) because(did string, do func(*client.Client, context.Context, string, apiv1.Reason) error) *cobra.Command {
	var why apiv1.Reason
	return reasonFlag(l.act(did, func(c *client.Client, ctx context.Context, id string) error { return do(c, ctx, id, why) }), &why.Reason)
}

// download is a command that writes a file.
func (l line) download(get func(c *client.Client, ctx context.Context, id string, w io.Writer) error) *cobra.Command {
	var file string
	c := l.does(func(ctx context.Context, c *client.Client, args []string) error {
		return l.Save(file, func(w io.Writer) error { return get(c, ctx, first(args), w) })
	})
	c.Flags().StringVarP(&file, "output", "o", "", "file to write; absent: the standard output")
	return c
}

// reasonFlag adds --reason, which a command needs.
func reasonFlag(c *cobra.Command, to *string) *cobra.Command {
	c.Flags().StringVar(to, "reason", "", "why, for the journal (needed)")
	return needs(c, "reason")
}

// needs makes flags required, as an error of usage.
func needs(c *cobra.Command, names ...string) *cobra.Command {
	run := c.RunE
	c.RunE = func(cmd *cobra.Command, args []string) error {
		for _, n := range names {
			if f := cmd.Flags().Lookup(n); f == nil || f.Value.String() == "" {
				return terminal.Misused("%s needs --%s (see --help)", cmd.CommandPath(), n)
			}
		}
		return run(cmd, args)
	}
	return c
}
