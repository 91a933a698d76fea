package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"net/http"
	"os"
	"strings"
	"text/tabwriter"
	"time"

	"github.com/spf13/cobra"

	"triward/apiv1"
	"triward/client"
	"triward/internal/problem"
)

// remote is a server and how to reach it: a URL with a token, or the socket of this machine.
type remote struct {
	*program
	server    string
	tokenFile string
}

// flags adds what every command of a server takes.
func (r *remote) flags(c *cobra.Command) {
	c.PersistentFlags().StringVar(&r.server, "server", os.Getenv("TRIWARD_SERVER"), "address of the server; absent: the socket of this machine")
	c.PersistentFlags().StringVar(&r.tokenFile, "token-file", os.Getenv("TRIWARD_TOKEN_FILE"), "file with an API token (mode 0600), with --server")
}

// maxToken bounds a token file.
const maxToken = 4 << 10

// client connects to nothing yet: the first request does.
func (r *remote) client() (*client.Client, error) {
	if r.server == "" {
		if r.tokenFile != "" {
			return nil, usage{errors.New("--token-file needs --server")}
		}
		conf, err := r.load()
		if err != nil {
			return nil, err
		}
		if conf.Socket == "" {
			return nil, usage{errors.New("the configuration names no socket: give --server and --token-file")}
		}
		return client.Socket(conf.Socket), nil
	}
	if r.tokenFile == "" {
		return nil, usage{errors.New("--server needs --token-file")}
	}
	s, err := os.Stat(r.tokenFile)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read the token file %s: %v", r.tokenFile, pathReason(err))
	}
	if s.Mode().Perm()&0o077 != 0 {
		return nil, problem.New(problem.Forbidden, "others may read the token file %s: set its mode to 0600", r.tokenFile)
	}
	text, err := readFile(r.tokenFile, maxToken)
	if err != nil {
		return nil, err
	}
	c, err := client.New(r.server, strings.TrimSpace(string(text)), nil)
	if err != nil {
		return nil, usage{err}
	}
	return c, nil
}

// online is what a command does with a server.
type online func(ctx context.Context, c *client.Client, args []string) error

// leaf is a command that calls a server. use names its arguments, all of which are needed.
func (r *remote) leaf(use, short string, do online) *cobra.Command {
	return &cobra.Command{Use: use, Short: short, Args: exactly(len(strings.Fields(use)) - 1), RunE: func(cmd *cobra.Command, args []string) error {
		c, err := r.client()
		if err != nil {
			return err
		}
		return told(do(cmd.Context(), c, args))
	}}
}

// group is a command with others below it.
func (r *remote) group(use, short string, below ...*cobra.Command) *cobra.Command {
	c := &cobra.Command{Use: use, Short: short, Args: cobra.NoArgs, RunE: func(c *cobra.Command, _ []string) error { return c.Help() }}
	r.flags(c)
	c.AddCommand(below...)
	return c
}

// told turns what a server says into errors of this program, which decide the exit code and how faults are shown.
func told(err error) error {
	var p *apiv1.Problem
	switch {
	case errors.Is(err, client.ErrUnreachable):
		return problem.New(problem.Unavailable, "%v", err)
	case !errors.As(err, &p):
		return err
	}
	out := &problem.Error{Kind: kindOf(p.Status), Message: p.Error()}
	for _, f := range p.Errors {
		out.Faults = append(out.Faults, problem.Fault{Path: strings.TrimPrefix(f.Location, "body."), Reason: f.Message})
	}
	return out
}

func kindOf(status int) problem.Kind {
	switch status {
	case http.StatusNotFound:
		return problem.NotFound
	case http.StatusConflict:
		return problem.Conflict
	case http.StatusUnauthorized, http.StatusForbidden:
		return problem.Forbidden
	case http.StatusBadGateway, http.StatusServiceUnavailable, http.StatusGatewayTimeout:
		return problem.Unavailable
	}
	return problem.Invalid
}

// show prints a value as JSON, or lets text write it for people.
func (p *program) show(v any, text func() error) error {
	if p.json {
		return p.print(v)
	}
	return text()
}

// made prints the id of what was made.
func (p *program) made(m apiv1.Made) error {
	return p.show(m, func() error {
		_, err := fmt.Fprintln(p.out, m.ID)
		return err
	})
}

// done says what was done, as JSON too, so that a script may read every answer.
func (p *program) done(format string, args ...any) error {
	text := fmt.Sprintf(format, args...)
	return p.show(map[string]string{"done": text}, func() error {
		_, err := fmt.Fprintln(p.out, text)
		return err
	})
}

// paging is how much of a list is wanted.
type paging struct {
	limit int
	after string
}

func (g *paging) flags(c *cobra.Command) *cobra.Command {
	c.Flags().IntVar(&g.limit, "limit", 50, "how many at most; 0 for all")
	c.Flags().StringVar(&g.after, "after", "", "next of the page before")
	return c
}

// mostPerRequest is how many items a server gives at once.
const mostPerRequest = 1000

// collect reads as much of a list as is wanted, page by page.
func collect[T any](g paging, read func(apiv1.Cursor) (apiv1.Page[T], error)) (apiv1.Page[T], error) {
	out := apiv1.Page[T]{Items: []T{}, Next: g.after}
	for {
		want := mostPerRequest
		if g.limit > 0 {
			want = min(want, g.limit-len(out.Items))
		}
		p, err := read(apiv1.Cursor{After: out.Next, Limit: want})
		if err != nil {
			return out, err
		}
		out.Items, out.Next = append(out.Items, p.Items...), p.Next
		if p.Next == "" || g.limit > 0 && len(out.Items) >= g.limit {
			return out, nil
		}
	}
}

// listed prints a list: as JSON with its cursor, or as a table with a hint that there is more.
func listed[T any](p *program, page apiv1.Page[T], header string, row func(T) []any) error {
	return p.show(page, func() error {
		if err := rows(p, page.Items, header, row); err != nil {
			return err
		}
		if page.Next != "" {
			fmt.Fprintf(p.err, "there are more: --after %s, or --limit 0 for all\n", page.Next)
		}
		return nil
	})
}

// rows writes a table.
func rows[T any](p *program, items []T, header string, row func(T) []any) error {
	if len(items) == 0 {
		_, err := fmt.Fprintln(p.out, "none")
		return err
	}
	w := p.table(strings.Split(header, " ")...)
	for _, v := range items {
		writeRow(w, row(v)...)
	}
	return w.Flush()
}

// writeRow writes a row; control characters of texts that came from elsewhere are taken out, so that they cannot steer a
// terminal.
func writeRow(w *tabwriter.Writer, cells ...any) {
	parts := make([]string, len(cells))
	for i, c := range cells {
		parts[i] = plainText(c)
	}
	fmt.Fprintln(w, strings.Join(parts, "\t"))
}

func plainText(v any) string {
	switch x := v.(type) {
	case time.Time:
		if x.IsZero() {
			return "-"
		}
		return x.UTC().Format("2006-01-02 15:04")
	case *float64:
		if x == nil {
			return "-"
		}
		return fmt.Sprintf("%.3f", *x)
	case bool:
		if x {
			return "yes"
		}
		return "no"
	}
	s := strings.Map(func(r rune) rune {
		if r < ' ' || r >= 0x7f && r < 0xa0 {
			return ' '
		}
		return r
	}, fmt.Sprint(v))
	if s == "" {
		return "-"
	}
	return s
}

// fields writes what is known of one thing, a field on a line; empty ones are left out.
func (p *program) fields(pairs ...any) error {
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	for i := 0; i+1 < len(pairs); i += 2 {
		if s := plainText(pairs[i+1]); s != "-" && s != "[]" {
			fmt.Fprintf(w, "%v\t%s\n", pairs[i], s)
		}
	}
	return w.Flush()
}

// openFile opens a file to send; "-" is the standard input.
func (p *program) openFile(name string) (io.ReadCloser, error) {
	if name == "-" {
		return io.NopCloser(p.in), nil
	}
	f, err := os.Open(name)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read %s: %v", name, pathReason(err))
	}
	return f, nil
}

// saveTo writes a file beside its place and renames it, so that a broken answer leaves no half file; "" is the standard
// output.
func (p *program) saveTo(name string, write func(io.Writer) error) error {
	if name == "" {
		return write(p.out)
	}
	f, err := os.Create(name + ".part")
	if err != nil {
		return problem.New(problem.Invalid, "cannot write %s: %v", name, pathReason(err))
	}
	defer os.Remove(f.Name())
	if err := errors.Join(write(f), f.Close()); err != nil {
		return err
	}
	return os.Rename(f.Name(), name)
}
