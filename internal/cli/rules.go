package cli

import (
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"sync"

	"github.com/spf13/cobra"

	"triward/internal/cli/terminal"
	"triward/internal/problem"
	"triward/internal/sigma"
	"triward/internal/sigma/engine"
)

func (p *program) rules() *cobra.Command {
	c := &cobra.Command{Use: "rules", Short: "Check and try Sigma rules"}
	c.AddCommand(p.rulesCheck(), p.rulesTest(), p.rulesBacktest())
	c.AddCommand(p.remote().Under("rules")...)
	return c
}

// placeholders adds the flag for the values of %name% in rules.
func placeholders(c *cobra.Command) *[]string {
	return c.Flags().StringArray("placeholder", nil, "a value of %NAME% in rules with the modifier expand, as NAME=VALUE; may be repeated")
}

func (p *program) rulesCheck() *cobra.Command {
	c := &cobra.Command{Use: "check DIR", Short: "Say which rules of a folder or file are understood", Args: terminal.Exactly(1)}
	values := placeholders(c)
	c.RunE = func(_ *cobra.Command, args []string) error {
		l, err := loadRules(args[0], *values)
		if err != nil {
			return err
		}
		_, faults := engine.Compile(l.set, engine.Options{})
		l.faults = append(l.faults, faults...)
		r := rulesReport{Files: l.files, Rules: len(l.set.Rules), Correlations: len(l.set.Correlations), Filters: len(l.set.Filters),
			Skipped: l.set.Faulty + len(faults), Faults: l.faults}
		if err := p.Show(r, func() error {
			for _, f := range r.Faults {
				fmt.Fprintln(p.Out, terminal.Text(f.String()))
			}
			fmt.Fprintf(p.Out, "%d files: %d rules, %d correlations and %d filters are understood, %d are not\n", r.Files, r.Rules, r.Correlations, r.Filters, r.Skipped)
			return nil
		}); err != nil {
			return err
		}
		if len(r.Faults) > 0 {
			return terminal.Exit{Code: terminal.Negative}
		}
		return nil
	}
	return c
}

// rulesReport is what rules check prints.
type rulesReport struct {
	Files        int             `json:"files"`
	Rules        int             `json:"rules"`
	Correlations int             `json:"correlations"`
	Filters      int             `json:"filters"`
	Skipped      int             `json:"skipped_rules"`
	Faults       []problem.Fault `json:"faults"`
}

// loadedRules are the rules of a folder.
type loadedRules struct {
	set    sigma.Set
	files  int
	faults []problem.Fault
}

// loadRules reads every rule file below a path, several at once, and keeps no text of them.
func loadRules(path string, values []string) (loadedRules, error) {
	options := sigma.Options{Placeholders: map[string][]string{}}
	for _, v := range values {
		name, value, ok := strings.Cut(v, "=")
		if !ok || name == "" {
			return loadedRules{}, terminal.Misused("--placeholder is %q, not NAME=VALUE", v)
		}
		options.Placeholders[name] = append(options.Placeholders[name], value)
	}
	files, err := ruleFiles(path)
	if err != nil {
		return loadedRules{}, err
	}
	sets, errs := make([]sigma.Set, len(files)), make([]error, len(files))
	next := make(chan int)
	var all sync.WaitGroup
	for range min(runtime.GOMAXPROCS(0), len(files)) {
		all.Go(func() {
			for i := range next {
				text, err := terminal.ReadFile(files[i], sigma.MaxFile)
				if err != nil {
					sets[i].Faulty, errs[i] = 1, err
					continue
				}
				name, err := filepath.Rel(path, files[i])
				if err != nil || name == "." {
					name = filepath.Base(files[i])
				}
				sets[i], errs[i] = sigma.Parse(filepath.ToSlash(name), text, options)
			}
		})
	}
	for i := range files {
		next <- i
	}
	close(next)
	all.Wait()
	l := loadedRules{files: len(files), faults: []problem.Fault{}}
	for i, s := range sets {
		l.set.Add(s)
		switch faults := problem.FaultsOf(errs[i]); {
		case len(faults) > 0:
			l.faults = append(l.faults, faults...)
		case errs[i] != nil:
			l.faults = append(l.faults, problem.Fault{Path: files[i], Reason: errs[i].Error()})
		}
	}
	return l, nil
}

// ruleFiles are the YAML files below a folder, sorted; a file alone is taken whatever its name is.
func ruleFiles(path string) ([]string, error) {
	s, err := os.Stat(path)
	if err != nil {
		return nil, problem.New(problem.NotFound, "cannot read %s: %v", path, terminal.Reason(err))
	}
	if !s.IsDir() {
		return []string{path}, nil
	}
	var out []string
	err = filepath.WalkDir(path, func(name string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return problem.New(problem.NotFound, "cannot read %s: %v", name, terminal.Reason(err))
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && name != path:
			return fs.SkipDir
		case e.Type().IsRegular() && slices.Contains([]string{".yml", ".yaml"}, strings.ToLower(filepath.Ext(name))):
			out = append(out, name)
		}
		return nil
	})
	if err == nil && len(out) == 0 {
		err = problem.New(problem.NotFound, "%s holds no rules (*.yml, *.yaml)", path)
	}
	return out, err
}
