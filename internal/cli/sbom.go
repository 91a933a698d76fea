package cli

import (
	"errors"
	"fmt"
	"io"
	"os"
	"strings"
	"text/tabwriter"

	"github.com/spf13/cobra"

	"triward/internal/problem"
	"triward/internal/sbom"
)

// readFile reads a file of at most limit bytes; a larger one is refused before it is read.
func readFile(name string, limit int64) ([]byte, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read %s: %v", name, pathReason(err))
	}
	defer f.Close()
	s, err := f.Stat()
	if err != nil {
		return nil, err
	}
	if s.IsDir() {
		return nil, problem.New(problem.Invalid, "%s is a folder", name)
	}
	if s.Size() > limit {
		return nil, problem.New(problem.Invalid, "%s is %d MB, the limit is %d MB", name, s.Size()>>20, limit>>20)
	}
	body, err := io.ReadAll(io.LimitReader(f, limit+1))
	if err != nil {
		return nil, fmt.Errorf("read %s: %w", name, err)
	}
	if int64(len(body)) > limit {
		return nil, problem.New(problem.Invalid, "%s is larger than %d MB", name, limit>>20)
	}
	return body, nil
}

func pathReason(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return p.Err
	}
	return err
}

const maxSBOM = 256 << 20

func (p *program) sbom() *cobra.Command {
	c := &cobra.Command{Use: "sbom", Short: "Read, check and compare software bills of materials"}
	c.AddCommand(
		&cobra.Command{Use: "read FILE", Short: "Print what an SBOM says (CycloneDX or SPDX)", Args: exactly(1), RunE: func(_ *cobra.Command, args []string) error {
			doc, err := readSBOM(args[0])
			if err != nil {
				return err
			}
			if p.json {
				return p.print(doc)
			}
			return p.showSBOM(doc)
		}},
		&cobra.Command{Use: "check FILE", Short: "Check validity and rate completeness", Args: exactly(1), RunE: func(_ *cobra.Command, args []string) error {
			return p.checkSBOM(args[0])
		}},
		&cobra.Command{Use: "diff A B", Short: "Compare two SBOMs", Args: exactly(2), RunE: func(_ *cobra.Command, args []string) error {
			a, err := readSBOM(args[0])
			if err != nil {
				return err
			}
			b, err := readSBOM(args[1])
			if err != nil {
				return err
			}
			d := sbom.Diff(a, b)
			if p.json {
				return p.print(d)
			}
			return p.showDiff(d)
		}})
	c.AddCommand(p.onlineSBOM()...)
	return c
}

func readSBOM(name string) (sbom.Document, error) {
	body, err := readFile(name, maxSBOM)
	if err != nil {
		return sbom.Document{}, err
	}
	return sbom.Read(name, body)
}

func (p *program) table(header ...string) *tabwriter.Writer {
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
	fmt.Fprintln(w, strings.Join(header, "\t"))
	return w
}

func (p *program) showSBOM(d sbom.Document) error {
	fmt.Fprintf(p.out, "%s %s: %s, %d components\n\n", d.Format, d.SpecVersion, d.Name, len(d.Components))
	w := p.table("NAME", "VERSION", "PURL", "CPE")
	for _, c := range d.Components {
		f := sbom.MatchFacts(c)
		fmt.Fprintf(w, "%s\t%s\t%s\t%s\n", c.Name, c.Version, c.PURL, strings.Join(f.CPEs, " "))
	}
	if err := w.Flush(); err != nil {
		return err
	}
	for _, n := range d.Notes {
		fmt.Fprintf(p.out, "note: %v\n", n)
	}
	return nil
}

// checkSBOM says whether a document is valid and how complete it is. Only validity decides the exit code.
func (p *program) checkSBOM(name string) error {
	body, err := readFile(name, maxSBOM)
	var r sbom.Report
	if err != nil {
		if problem.KindOf(err) == problem.NotFound {
			return err
		}
		r = sbom.Report{File: name, Faults: []problem.Fault{{Reason: err.Error()}}}
	} else {
		r = sbom.Check(name, body)
	}
	if p.json {
		if err := p.print(r); err != nil {
			return err
		}
	} else {
		p.showReport(r)
	}
	if !r.Valid {
		return exit{exitNegative}
	}
	return nil
}

func (p *program) showReport(r sbom.Report) {
	word := "valid"
	if !r.Valid {
		word = "not valid"
	}
	fmt.Fprintf(p.out, "%s: %s (%s %s, %d components)\n", r.File, word, r.Format, r.SpecVersion, r.Components)
	for _, f := range r.Faults {
		fmt.Fprintf(p.out, "  fault: %s\n", f)
	}
	for _, f := range r.Warnings {
		fmt.Fprintf(p.out, "  warning: %s\n", f)
	}
	if r.Quality == nil {
		return
	}
	fmt.Fprintf(p.out, "completeness: %d of 100 (%s)\n", r.Quality.Score, r.Quality.Rule)
	for _, l := range r.Quality.Lists {
		missing := make([]string, len(l.Missing))
		for i, m := range l.Missing {
			missing[i] = string(m)
		}
		fmt.Fprintf(p.out, "  %s: %d of 100", l.List, l.Score)
		if len(missing) > 0 {
			fmt.Fprintf(p.out, ", missing somewhere: %s", strings.Join(missing, ", "))
		}
		fmt.Fprintln(p.out)
	}
}

func (p *program) showDiff(d sbom.Difference) error {
	fmt.Fprintf(p.out, "%s → %s: %d added, %d removed, %d changed, %d unchanged\n", d.From, d.To, len(d.Added), len(d.Removed), len(d.Changed), d.Unchanged)
	w := tabwriter.NewWriter(p.out, 0, 4, 2, ' ', 0)
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
