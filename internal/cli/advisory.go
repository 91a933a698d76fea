package cli

import (
	"fmt"

	"github.com/spf13/cobra"

	"triward/internal/advisory/csaf"
	"triward/internal/cli/terminal"
)

const maxAdvisory = 64 << 20

func (p *program) advisory() *cobra.Command {
	c := &cobra.Command{Use: "advisory", Short: "Check, list and show security advisories"}
	var text bool
	check := &cobra.Command{Use: "check FILE", Short: "Run the CSAF 2.0 tests on a document and print what failed as JSON", Args: terminal.Exactly(1), RunE: func(_ *cobra.Command, args []string) error {
		body, err := terminal.ReadFile(args[0], maxAdvisory)
		if err != nil {
			return err
		}
		r := csaf.Check(args[0], body)
		if text {
			p.showCheck(r)
		} else {
			err = p.Print(r)
		}
		if err == nil && !r.Valid {
			return terminal.Exit{Code: terminal.Negative}
		}
		return err
	}}
	check.Flags().BoolVar(&text, "text", false, "print for people instead of JSON")
	c.AddCommand(check)
	c.AddCommand(p.remote().Under("advisory")...)
	return c
}

func (p *program) showCheck(r csaf.Report) {
	word := "valid CSAF 2.0"
	if !r.Valid {
		word = "not valid CSAF 2.0"
	}
	fmt.Fprintf(p.Out, "%s: %s\n", r.File, word)
	for _, f := range r.Faults {
		fmt.Fprintf(p.Out, "  failed %s %s: %s\n", f.Test, f.Path, f.Reason)
	}
	for _, f := range r.Warnings {
		fmt.Fprintf(p.Out, "  note %s %s: %s\n", f.Test, f.Path, f.Reason)
	}
}
