package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
)

// Set by the linker: see the Makefile.
var (
	buildVersion = "dev"
	buildCommit  = "unknown"
	buildDate    = "unknown"
)

func (p *program) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print version, commit and date", Args: terminal.Exactly(0), RunE: func(*cobra.Command, []string) error {
		if p.JSON {
			return p.Print(map[string]string{"version": buildVersion, "commit": buildCommit, "date": buildDate, "go": runtime.Version(),
				"platform": runtime.GOOS + "/" + runtime.GOARCH})
		}
		_, err := fmt.Fprintf(p.Out, "triward %s\ncommit %s\ndate %s\n%s %s/%s\n", buildVersion, buildCommit, buildDate, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}}
}

func (p *program) showConfig() *cobra.Command {
	return &cobra.Command{Use: "config", Short: "Print the effective configuration", Args: terminal.Exactly(0), RunE: func(*cobra.Command, []string) error {
		c, err := p.load()
		if err != nil {
			return err
		}
		if p.JSON {
			return p.Print(c)
		}
		text, err := c.Print()
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(p.Out, text)
		return err
	}}
}
