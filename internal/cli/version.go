package cli

import (
	"fmt"
	"runtime"

	"github.com/spf13/cobra"
)

// Set by the linker: see the Makefile.
var (
	buildVersion = "dev"
	buildCommit  = "unknown"
	buildDate    = "unknown"
)

func (p *program) version() *cobra.Command {
	return &cobra.Command{Use: "version", Short: "Print version, commit and date", Args: exactly(0), RunE: func(*cobra.Command, []string) error {
		if p.json {
			return p.print(map[string]string{"version": buildVersion, "commit": buildCommit, "date": buildDate, "go": runtime.Version(),
				"platform": runtime.GOOS + "/" + runtime.GOARCH})
		}
		_, err := fmt.Fprintf(p.out, "triward %s\ncommit %s\ndate %s\n%s %s/%s\n", buildVersion, buildCommit, buildDate, runtime.Version(), runtime.GOOS, runtime.GOARCH)
		return err
	}}
}

func (p *program) showConfig() *cobra.Command {
	return &cobra.Command{Use: "config", Short: "Print the effective configuration", Args: exactly(0), RunE: func(*cobra.Command, []string) error {
		c, err := p.load()
		if err != nil {
			return err
		}
		if p.json {
			return p.print(c)
		}
		text, err := c.Print()
		if err != nil {
			return err
		}
		_, err = fmt.Fprint(p.out, text)
		return err
	}}
}
