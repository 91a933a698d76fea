package detection

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"os"
	"slices"
	"strings"

	"triward/internal/content"
	"triward/internal/problem"
	"triward/internal/sigma"
	"triward/internal/store"
)

// Limits of a folder of rules.
const (
	maxRuleFile  = 1 << 20
	maxRuleFiles = 50_000
)

// Folder reads the files of rules below a folder or Git checkout, sorted by path. Files that cannot be read are faults.
func Folder(dir string) ([]content.File, []problem.Fault, error) {
	root, err := os.OpenRoot(dir) // links do not lead outside
	if err != nil {
		return nil, nil, problem.New(problem.Invalid, "the folder of rules cannot be read: %v", err)
	}
	defer root.Close()
	var out []content.File
	var faults []problem.Fault
	err = fs.WalkDir(root.FS(), ".", func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			faults = append(faults, problem.Fault{Path: p, Reason: "cannot be read"})
			return nil
		case e.IsDir() && strings.HasPrefix(e.Name(), ".") && p != ".":
			return fs.SkipDir
		case e.IsDir() || !strings.HasSuffix(p, ".yml") && !strings.HasSuffix(p, ".yaml"):
			return nil
		case len(out) == maxRuleFiles:
			return problem.New(problem.Invalid, "the folder of rules has more than %d files", maxRuleFiles)
		}
		f, err := root.Open(p)
		if err != nil {
			faults = append(faults, problem.Fault{Path: p, Reason: "cannot be read"})
			return nil
		}
		defer f.Close()
		text, err := io.ReadAll(io.LimitReader(f, maxRuleFile+1))
		if err != nil || len(text) > maxRuleFile {
			faults = append(faults, problem.Fault{Path: p, Reason: "cannot be read, or is larger than 1 MiB"})
			return nil
		}
		out = append(out, content.File{Name: p, Text: text})
		return nil
	})
	return out, faults, err
}

// Texts reads the rules and correlations of files. Every fault names the file and line; nothing of such a file counts.
func Texts(files []content.File) ([]RuleText, []problem.Fault) {
	var out []RuleText
	var faults []problem.Fault
	at := map[string]string{}
	for _, f := range files {
		set, err := sigma.Parse(f.Name, f.Text, sigma.Options{})
		if err != nil {
			if all := problem.FaultsOf(err); len(all) > 0 {
				faults = append(faults, all...)
			} else {
				faults = append(faults, problem.Fault{Path: f.Name, Reason: problem.Text(err)})
			}
			continue
		}
		sum := sha256.Sum256(f.Text)
		base := RuleText{Path: f.Name, Digest: hex.EncodeToString(sum[:]), Body: string(f.Text)}
		add := func(t RuleText, line int) {
			if t.ID == "" {
				t.ID = f.Name
			}
			if first, ok := at[t.ID]; ok {
				faults = append(faults, problem.Fault{Path: fmt.Sprintf("%s:%d", f.Name, line), Reason: "has the id of " + first})
				return
			}
			at[t.ID] = fmt.Sprintf("%s:%d", f.Name, line)
			out = append(out, t)
		}
		for _, v := range set.Rules {
			t := base
			t.ID, t.Title, t.Level, t.Techniques, t.Catalogue = v.ID, v.Title, Level(v.Level), techniques(v.Tags), v.Extension.IDs
			add(t, v.Line)
		}
		for _, v := range set.Correlations {
			t := base
			t.ID, t.Title, t.Level, t.Techniques, t.Catalogue = v.ID, v.Title, Level(v.Level), techniques(v.Tags), v.Extension.IDs
			add(t, v.Line)
		}
		for _, v := range set.Filters {
			t := base
			t.ID, t.Title, t.Level = v.ID, "Filter: "+v.Title, Informational
			add(t, v.Line)
		}
	}
	return out, faults
}

// techniques are the ids of ATT&CK among the tags of a rule.
func techniques(tags []string) []string {
	var out []string
	for _, t := range tags {
		id, ok := strings.CutPrefix(strings.ToLower(t), "attack.t")
		if ok && id != "" && id[0] >= '0' && id[0] <= '9' {
			out = append(out, "T"+strings.ToUpper(id))
		}
	}
	slices.Sort(out)
	return slices.Compact(out)
}

// LoadPack keeps the rules that come with Triward.
func (s Rules) LoadPack(ctx context.Context) (Loaded, error) {
	files, err := content.Rules()
	if err != nil {
		return Loaded{}, err
	}
	return s.load(ctx, FromPack, files, nil)
}

// LoadFolder keeps the rules of a folder or Git checkout. What could not be read is kept as faults, see [Faults].
func (s Rules) LoadFolder(ctx context.Context, dir string) (Loaded, error) {
	files, faults, err := Folder(dir)
	if err != nil {
		return Loaded{}, err
	}
	return s.load(ctx, FromFolder, files, faults)
}

func (s Rules) load(ctx context.Context, origin Origin, files []content.File, faults []problem.Fault) (Loaded, error) {
	all, more := Texts(files)
	faults = append(faults, more...)
	ok := all[:0]
	err := s.DB.View(ctx, func(r store.Reader) error {
		for _, t := range all {
			have, err := rule(ctx, r, t.ID)
			switch {
			case problem.KindOf(err) == problem.NotFound:
			case err != nil:
				return err
			case have.Origin != origin:
				faults = append(faults, problem.Fault{Path: t.Path, Reason: fmt.Sprintf("has the id of %q, which comes from the %s", have.Title, have.Origin)})
				continue
			}
			ok = append(ok, t)
		}
		return nil
	})
	if err != nil {
		return Loaded{}, err
	}
	got, err := s.Load(ctx, origin, ok, len(faults))
	if err != nil {
		return got, err
	}
	return got, s.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `DELETE FROM rule_fault WHERE origin = $1`, string(origin)); err != nil {
			return err
		}
		for _, f := range faults {
			if _, err := b.Exec(ctx, `INSERT INTO rule_fault (origin, place, reason) VALUES ($1, $2, $3) ON CONFLICT (origin, place, reason) DO NOTHING`, string(origin), f.Path, f.Reason); err != nil {
				return err
			}
		}
		return nil
	})
}

// Faults reads what of the files of rules could not be read, by place.
func Faults(ctx context.Context, r store.Reader) ([]problem.Fault, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (f problem.Fault, err error) { return f, s.Scan(&f.Path, &f.Reason) },
		`SELECT place, reason FROM rule_fault ORDER BY place, reason LIMIT 500`)
}
