package cli

import (
	"context"
	"encoding/json"
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
	"triward/internal/problem"
)

// Exit codes.
const (
	exitDone        = 0
	exitNegative    = 1
	exitUsage       = 2
	exitUnreachable = 3
)

// exit ends the program with a code after what it had to say has been said.
type exit struct{ code int }

func (e exit) Error() string { return fmt.Sprintf("exit code %d", e.code) }

// program is what every command shares.
type program struct {
	in       io.Reader
	out, err io.Writer
	config   string // file
	data     string // folder
	json     bool
}

// Main runs the command line and returns the exit code.
func Main(args []string, in io.Reader, out, errOut io.Writer) int {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	p := &program{in: in, out: out, err: errOut}
	root := p.root()
	root.SetArgs(args)
	root.SetIn(in)
	root.SetOut(out)
	root.SetErr(errOut)
	err := root.ExecuteContext(ctx)
	var e exit
	switch {
	case err == nil:
		return exitDone
	case errors.As(err, &e):
		return e.code
	}
	p.complain(err)
	return codeOf(err)
}

// usage marks errors of how a command was called.
type usage struct{ error }

func codeOf(err error) int {
	var u usage
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
		fmt.Fprintf(p.err, "triward: %v\n", err)
		return
	}
	var e *problem.Error
	errors.As(err, &e)
	about := strings.TrimSuffix(err.Error(), e.Error())
	fmt.Fprintf(p.err, "triward: %s%s\n", about, e.Message)
	for _, f := range faults {
		fmt.Fprintf(p.err, "  %s\n", f)
	}
}

const about = `Three-layer defence for connected medical devices.

Commands about a server (device, feed, risk and so on) reach it over the socket of
this machine, or with --server URL --token-file FILE (TRIWARD_SERVER and
TRIWARD_TOKEN_FILE in the environment). sbom, advisory check, assess and journal
verify need no server.

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
		return usage{fmt.Errorf("%w (see %s --help)", err, c.CommandPath())}
	})
	root.PersistentFlags().StringVar(&p.config, "config", "", "configuration file (TOML)")
	root.PersistentFlags().StringVar(&p.data, "data", defaultData(), "folder for the embedded database, blobs and keys")
	root.PersistentFlags().BoolVar(&p.json, "json", false, "print JSON")
	root.AddCommand(p.version(), p.serve(), p.showConfig(), p.sbom(), p.advisory(), p.assess(), p.journal(), p.backup(), p.restore(), p.rebuild())
	root.AddCommand(p.online()...)
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

// print writes a value as indented JSON.
func (p *program) print(v any) error {
	e := json.NewEncoder(p.out)
	e.SetIndent("", "  ")
	e.SetEscapeHTML(false)
	return e.Encode(v)
}

// exactly is cobra's check of the number of arguments, as an error of usage.
func exactly(n int) cobra.PositionalArgs {
	return func(c *cobra.Command, args []string) error {
		if len(args) != n {
			return usage{fmt.Errorf("%s needs %d arguments, got %d (see --help)", c.CommandPath(), n, len(args))}
		}
		return nil
	}
}
