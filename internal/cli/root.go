package cli

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/signal"
	"path/filepath"
	"strings"
	"syscall"

	"github.com/spf13/cobra"

	"triward/internal/app"
	"triward/internal/cli/online"
	"triward/internal/cli/terminal"
	"triward/internal/problem"
)

// Exit codes.
const (
	exitDone        = 0
	exitNegative    = terminal.Negative
	exitUsage       = 2
	exitUnreachable = 3
)

// program is what every command shares.
type program struct {
	terminal.Terminal
	config string // file
	data   string // folder
}

// Main runs the command line and returns the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{Terminal: terminal.Terminal{In: in, Out: out, Err: errOut}}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var e terminal.Exit
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.Code
	}
	p.complain(err)
	return codeOf(err)
}

func codeOf(err error) int {
	var u terminal.Usage
	switch {
	case errors.As(err, &u), strings.HasPrefix(err.Error(), "unknown command "): // cobra has no type for it
		return exitUsage
	case problem.KindOf(err) == problem.Unavailable:
		return exitUnreachable
	}
	return exitNegative
}

// complain says what went wrong, each fault on a line of its own.
func (p *program) complain(err error) {
	faults := problem.FaultsOf(err)
	if len(faults) == 0 {
		fmt.Fprintf(p.Err, "triward: %v\n", err)
		return
	}
	var e *problem.Error
	errors.As(err, &e)
	about := strings.TrimSuffix(err.Error(), e.Error())
	fmt.Fprintf(p.Err, "triward: %s%s\n", about, e.Message)
	for _, f := range faults {
		fmt.Fprintf(p.Err, "  %s\n", f)
	}
}

const about = `Three-layer defence for connected medical devices.

Commands about a server (device, feed, risk and so on) reach it over the socket of
this machine, or with --server URL --token-file FILE (TRIWARD_SERVER and
TRIWARD_TOKEN_FILE in the environment). sbom, rules check, rules test, advisory check, assess, bundle verify,
document verify, document render, document check, journal verify, signature verify,
clock and events read need no server.

Exit codes: 0 done; 1 a negative answer (not valid, not found, refused);
2 wrong use of the command; 3 the server cannot be reached.`

func (p *program) root() *cobra.Command {
	root := &cobra.Command{
		Use:           "triward",
		Short:         "Three-layer defence for connected medical devices",
		Long:          about,
		SilenceUsage:  true,
		SilenceErrors: true,
		Args:          cobra.NoArgs,
		RunE:          func(c *cobra.Command, _ []string) error { return c.Help() },
	}
	root.SetFlagErrorFunc(func(c *cobra.Command, err error) error {
		return terminal.Misused("%w (see %s --help)", err, c.CommandPath())
	})
	root.PersistentFlags().StringVar(&p.config, "config", "", "configuration file (TOML)")
	root.PersistentFlags().StringVar(&p.data, "data", defaultData(), "folder for the embedded database, blobs and keys")
	root.PersistentFlags().BoolVar(&p.JSON, "json", false, "print JSON")
	root.AddCommand(p.version(), p.serve(), p.showConfig(), p.sbom(), p.advisory(), p.rules(), p.assess(), p.journal(), p.signature(), p.bundle(), p.clock(), p.events(), p.backup(), p.restore(), p.rebuild())
	for _, c := range p.remote().Commands() {
		if c.Name() == "document" {
			c.AddCommand(p.documentOffline()...)
		}
		root.AddCommand(c)
	}
	root.CompletionOptions.HiddenDefaultCmd = true
	return root
}

func defaultData() string {
	if d := os.Getenv("TRIWARD_DATA_DIR"); d != "" {
		return d
	}
	if d, err := os.UserConfigDir(); err == nil {
		return filepath.Join(d, "triward")
	}
	return "triward-data"
}

func (p *program) load() (app.Config, error) {
	dir, err := filepath.Abs(p.data) // what is kept names files by it: feeds of the demonstration, the socket
	if err != nil {
		return app.Config{}, err
	}
	return app.LoadConfig(p.config, dir, os.Environ())
}

// remote is how commands reach a running server.
func (p *program) remote() *online.Remote {
	return &online.Remote{Terminal: &p.Terminal, Socket: func() (string, error) {
		c, err := p.load()
		return c.Socket, err
	}}
}
