package qualification

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"slices"
	"strings"

	"triward/internal/content"
	"triward/internal/document/kit"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// installation are the checks that what is here is what was delivered (IQ).
func (i Installation) installation() []check {
	return []check{
		{"IQ-01", "Compare the schema of the database with the steps that this program carries.", "every step was applied, and no other", []string{"SV-01"}, i.schema},
		{"IQ-02", "Compare the seeded roles in the database with the program's.", "each is there with the same rights", []string{"P11-04"}, i.roles},
		{"IQ-03", "Read the documents, clause sets and kits that the program carries, and look at them as a set.", "every reference, step, time and clause resolves", []string{"AC-08"}, shipped},
		{"IQ-04", "Compare the manuals under control with those of this program.", "the text of this program is in force for each", []string{"P11-11"}, i.manuals},
		{"IQ-05", "Look at who may read the files with keys.", "their owner alone", []string{"P11-15"}, i.keyFiles},
		{"IQ-06", "Look at how people reach the pages.", "by TLS, or from this machine alone", []string{"P11-12"}, i.encrypted},
		{"IQ-07", "Put a file into the store of files, read it, and look for it.", "the same bytes come back under their digest", []string{"DC-07"}, i.blob},
	}
}

func (i Installation) schema(ctx context.Context) (seen string, err error) {
	err = i.db().View(ctx, func(r store.Reader) error {
		steps, err := store.Migrations(ctx, r)
		if err != nil {
			return err
		}
		var there int
		if err := r.QueryRow(ctx, `SELECT count(*) FROM migration`).Scan(&there); err != nil {
			return err
		}
		for _, m := range steps {
			if m.At.IsZero() {
				return fmt.Errorf("%s was not applied", m.Name)
			}
		}
		if there != len(steps) {
			return fmt.Errorf("the database has %d steps, the program %d", there, len(steps))
		}
		sum, err := store.SchemaDigest()
		seen = fmt.Sprintf("%d steps, the last one %s; SHA-256 of all %s", there, steps[len(steps)-1].Name, sum)
		return err
	})
	return seen, err
}

func (i Installation) roles(ctx context.Context) (seen string, err error) {
	err = i.db().View(ctx, func(r store.Reader) error {
		stored, err := people.Roles(ctx, r)
		if err != nil {
			return err
		}
		for _, want := range people.Seeded() {
			k := slices.IndexFunc(stored, func(o people.Role) bool { return o.ID == want.ID })
			if k < 0 || !slices.Equal(stored[k].Kinds, want.Kinds) {
				return fmt.Errorf("the role %q is missing or has other rights", want.Name)
			}
		}
		seen = fmt.Sprintf("%d seeded roles are the same; %d were made here", len(people.Seeded()), len(stored)-len(people.Seeded()))
		return nil
	})
	return seen, err
}

func shipped(context.Context) (string, error) {
	sets, err := content.ClauseSets()
	if err != nil {
		return "", err
	}
	clauses, n := source.Clauses{}, 0
	for _, s := range sets {
		clauses[s.ID] = map[string]bool{}
		for _, c := range s.Clauses {
			clauses[s.ID][c.Ref] = true
			n++
		}
	}
	files, err := content.Documents()
	if err != nil {
		return "", err
	}
	var all []source.Document
	steps := 0
	for _, f := range files {
		d, err := source.Parse(f.Name, f.Text)
		if err != nil {
			return "", err
		}
		all = append(all, d)
		steps += len(d.Steps)
	}
	if err := source.Check(all, clauses); err != nil {
		return "", err
	}
	queries, err := content.EvidenceQueries()
	if err != nil {
		return "", err
	}
	return fmt.Sprintf("%d documents with %d steps, %d clause sets with %d clauses, %d evidence queries", len(all), steps, len(sets), n, len(queries)), nil
}

func (i Installation) manuals(ctx context.Context) (seen string, err error) {
	err = i.db().View(ctx, func(r store.Reader) error {
		all, err := kit.Manuals(ctx, r)
		if err != nil {
			return err
		}
		by := map[kit.ManualState][]string{}
		for _, m := range all {
			by[m.State] = append(by[m.State], m.Code)
		}
		switch {
		case len(by[kit.ManualAbsent]) == len(all):
			return skipped("the manuals are not kept here: install the kit \"" + kit.ManualsKit + "\"")
		case len(by[kit.ManualInForce]) < len(all):
			return fmt.Errorf("%d of %d in force; proposed and not in force: %s; with a text of another version: %s; not kept: %s", len(by[kit.ManualInForce]), len(all),
				list(by[kit.ManualProposed]), list(by[kit.ManualOlder]), list(by[kit.ManualAbsent]))
		}
		seen = fmt.Sprintf("%d manuals are in force with the text of this program", len(all))
		return nil
	})
	return seen, err
}

func list(words []string) string {
	if len(words) == 0 {
		return "none"
	}
	return strings.Join(words, ", ")
}

func (i Installation) keyFiles(context.Context) (string, error) {
	for _, name := range i.KeyFiles {
		s, err := os.Stat(name)
		if err != nil {
			return "", err
		}
		if s.Mode().Perm()&0o077 != 0 {
			return "", fmt.Errorf("others may read %s (mode %04o)", s.Name(), s.Mode().Perm())
		}
	}
	return fmt.Sprintf("%d files, each readable by its owner alone", len(i.KeyFiles)), nil
}

func (i Installation) encrypted(context.Context) (string, error) {
	if !i.Encrypted {
		return "", errors.New("others reach the pages without TLS, or public_url does not say https://")
	}
	return "by TLS, or from this machine alone", nil
}

func (i Installation) blob(ctx context.Context) (string, error) {
	probe := []byte("probe of a qualification\n")
	d, _, err := i.Press.Blobs.Put(ctx, bytes.NewReader(probe), int64(len(probe)))
	if err != nil {
		return "", err
	}
	r, err := i.Press.Blobs.Get(ctx, d)
	if err != nil {
		return "", err
	}
	back, err := io.ReadAll(r)
	if err := errors.Join(err, r.Close()); err != nil {
		return "", err
	}
	if !bytes.Equal(back, probe) || string(d) != sumOf(probe) {
		return "", errors.New("other bytes came back")
	}
	if err := i.Press.Blobs.Delete(ctx, d); err != nil {
		return "", err
	}
	if _, err := i.Press.Blobs.Stat(ctx, d); problem.KindOf(err) != problem.NotFound {
		return "", errors.New("the probe cannot be removed")
	}
	return fmt.Sprintf("%d bytes under %s…", len(back), d[:12]), nil
}
