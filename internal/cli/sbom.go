package cli

import (
	"fmt"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
	"triward/internal/problem"
	"triward/internal/sbom"
)

const maxSBOM = 256 << 20

func (p *program) sbom() *cobra.Command {
	c := &cobra.Command{Use: "sbom", Short: "Read, check and compare software bills of materials"}
	c.AddCommand(
		&cobra.Command{Use: "read FILE", Short: "Print what an SBOM says (CycloneDX or SPDX)", Args: terminal.Exactly(1), RunE: func(_ *cobra.Command, args []string) error {
			doc, err := readSBOM(args[0])
			if err != nil {
				return err
			}
			if p.JSON {
				return p.Print(doc)
			}
			return p.showSBOM(doc)
		}},
		&cobra.Command{Use: "check FILE", Short: "Check validity and rate completeness", Args: terminal.Exactly(1), RunE: func(_ *cobra.Command, args []string) error {
			return p.checkSBOM(args[0])
		}},
		&cobra.Command{Use: "diff A B", Short: "Compare two SBOMs", Args: terminal.Exactly(2), RunE: func(_ *cobra.Command, args []string) error {
			a, err := readSBOM(args[0])
			if err != nil {
				return err
			}
			b, err := readSBOM(args[1])
			if err != nil {
				return err
			}
			d := sbom.Diff(a, b)
			if p.JSON {
				return p.Print(d)
			}
			return p.showDiff(d)
		}})
	c.AddCommand(p.remote().Under("sbom")...)
	return c
}

func readSBOM(name string) (sbom.Document, error) {
	body, err := terminal.ReadFile(name, maxSBOM)
	if err != nil {
		return sbom.Document{}, err
	}
	return sbom.Read(name, body)
}

func (p *program) showSBOM(d sbom.Document) error {
	fmt.Fprintf(p.Out, "%s %s: %s, %d components\n\n", d.Format, d.SpecVersion, d.Name, len(d.Components))
	w := p.Table("NAME", "VERSION", "PURL", "CPE")
	for _, c := range d.Components {
		f := sbom.MatchFacts(c)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Name, c.Version, c.PURL, strings.Join(f.CPEs, " "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range d.Notes {
		fmt.Fprintf(p.Out, "note: %v\n", n)
	}
	return nil
}

// checkSBOM says whether a document is valid and how complete it is. Only validity decides the exit code.
func (p *program) checkSBOM(name string) error {
	body, err := terminal.ReadFile(name, maxSBOM)
	var r sbom.Report
	if err != nil {
		if problem.KindOf(err) == problem.NotFound {
			return err
		}
		r = sbom.Report{File: name, Faults: []problem.Fault{{Reason: err.Error()}}}
	} else {
		r = sbom.Check(name, body)
	}
	if p.JSON {
		if err := p.Print(r); err != nil {
			return err
		}
	} else {
		p.showReport(r)
	}
	if !r.Valid {
		return terminal.Exit{Code: terminal.Negative}
	}
	return nil
}

func (p *program) showReport(r sbom.Report) {
	word := "valid"
	if !r.Valid {
		word = "not valid"
	}
	fmt.Fprintf(p.Out, "%s: %s (%s %s, %d components)\n", r.File, word, r.Format, r.SpecVersion, r.Components)
	for _, f := range r.Faults {
		fmt.Fprintf(p.Out, "  fault: %s\n", f)
	}
	for _, f := range r.Warnings {
		fmt.Fprintf(p.Out, "  warning: %s\n", f)
	}
	if r.Quality == nil {
		return
	}
	fmt.Fprintf(p.Out, "completeness: %d of 100 (%s)\n", r.Quality.Score, r.Quality.Rule)
	for _, l := range r.Quality.Lists {
		missing := make([]string, len(l.Missing))
		for i, m := range l.Missing {
			missing[i] = string(m)
		}
		fmt.Fprintf(p.Out, "  %s: %d of 100", l.List, l.Score)
		if len(missing) > 0 {
			fmt.Fprintf(p.Out, ", missing somewhere: %s", strings.Join(missing, ", "))
		}
		fmt.Fprintln(p.Out)
	}
}

func (p *program) showDiff(d sbom.Difference) error {
	fmt.Fprintf(p.Out, "%s → %s: %d added, %d removed, %d changed, %d unchanged\n", d.From, d.To, len(d.Added), len(d.Removed), len(d.Changed), d.Unchanged)
	w := tabwriter.NewWriter(p.Out, 0, 4, 2, ' ', 0)
	for _, b := range d.Added {
		fmt.Fprintf(w, "+\t%s\t%s\n", b.Name, b.Version)
	}
	for _, b := range d.Removed {
		fmt.Fprintf(w, "-\t%s\t%s\n", b.Name, b.Version)
	}
	for _, c := range d.Changed {
		fmt.Fprintf(w, "~\t%s\n", describeChange(c))
	}
	return w.Flush()
}

func describeChange(c sbom.Changed) string {
	parts := make([]string, len(c.Changes))
	for i, x := range c.Changes {
		parts[i] = fmt.Sprintf("%s %q → %q", x.Field, x.From, x.To)
	}
	return c.To.Name + ": " + strings.Join(parts, ", ")
}
