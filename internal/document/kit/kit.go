package kit

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/store"
)

// Installing is a kit to be installed.
type Installing struct {
	Kit     string            // id, see [content.Kits]
	Answers map[string]string // by the name of the variable; earlier answers count where one is missing
	Reason  string
}

// Installed is what an installation did.
type Installed struct {
	Added   []string // codes
	Present []string // codes that the library had already; they were left alone
	Absent  []string // codes that the documents refer to and the library has not
	Missing []string // variables without an answer: the drafts still have them
}

// perTransaction is how many documents one transaction adds, well within its deadline.
const perTransaction = 20

// Install adds the documents of a kit that the library does not have yet, as drafts, and keeps the answers. What fails half
// way is finished by installing again.
func Install(ctx context.Context, l document.Library, in Installing) (Installed, error) {
	texts, err := documentsOf(in.Kit)
	if err != nil {
		return Installed{}, err
	}
	var out Installed
	for part := range slices.Chunk(texts, perTransaction) {
		if err := l.DB.Update(ctx, func(tx *store.Tx) error { return out.add(ctx, tx, in, part) }); err != nil {
			return out, err
		}
	}
	slices.Sort(out.Missing)
	out.Missing = slices.Compact(out.Missing)
	err = l.DB.View(ctx, func(r store.Reader) (err error) {
		out.Absent, err = Dangling(ctx, r)
		return err
	})
	return out, err
}

func (out *Installed) add(ctx context.Context, tx *store.Tx, in Installing, texts []source.Document) error {
	vars, err := answer(ctx, tx, in)
	if err != nil {
		return err
	}
	for _, d := range texts {
		_, err := document.ByCode(ctx, tx, d.Code)
		if err == nil {
			out.Present = append(out.Present, d.Code)
			continue
		}
		if problem.KindOf(err) != problem.NotFound {
			return err
		}
		text, missing := source.Fill(d.Format(), vars)
		out.Missing = append(out.Missing, missing...)
		if _, err := document.CreateTx(ctx, tx, document.New{Content: document.Authored, Text: document.Text{Source: string(text), Reason: in.Reason}}); err != nil {
			return err
		}
		out.Added = append(out.Added, d.Code)
	}
	return nil
}

// documentsOf are the documents of a kit.
func documentsOf(kit string) ([]source.Document, error) {
	kits, err := content.Kits()
	if err != nil {
		return nil, err
	}
	i := slices.IndexFunc(kits, func(k content.Kit) bool { return k.ID == kit })
	if i < 0 {
		return nil, problem.New(problem.NotFound, "there is no kit %q", kit)
	}
	files, err := content.Documents()
	if err != nil {
		return nil, err
	}
	all, err := parse(files)
	if err != nil {
		return nil, err
	}
	var folds []source.Folding
	for _, f := range kits[i].Folds {
		folds = append(folds, source.Folding(f))
	}
	if all, err = source.Fold(all, folds); err != nil {
		return nil, fmt.Errorf("kit %s: %w", kit, err)
	}
	own, err := manuals()
	if err != nil {
		return nil, err
	}
	return slices.DeleteFunc(append(all, own...), func(d source.Document) bool { return !slices.Contains(kits[i].Documents, d.Code) }), nil
}

func parse(files []content.File) ([]source.Document, error) {
	out := make([]source.Document, 0, len(files))
	for _, f := range files {
		d, err := source.Parse(f.Name, f.Text)
		if err != nil {
			return nil, fmt.Errorf("read %s: %w", f.Name, err)
		}
		out = append(out, d)
	}
	return out, nil
}

// answer keeps the answers that are new and gives all of them.
func answer(ctx context.Context, tx *store.Tx, in Installing) (map[string]string, error) {
	for _, v := range source.Variables {
		value := strings.Join(strings.Fields(in.Answers[v.Name]), " ")
		if value == "" {
			continue
		}
		if err := document.SetTx(ctx, tx, document.Setting{Name: v.Name, Value: value, Reason: in.Reason}); err != nil {
			return nil, err
		}
	}
	s, err := document.SettingsOf(ctx, tx)
	return s.Variables, err
}

// Dangling reads the codes that effective and working revisions rely on and that no document has.
func Dangling(ctx context.Context, r store.Reader) ([]string, error) {
	return store.All(ctx, r, store.Value[string], `SELECT DISTINCT u.code FROM document_use u JOIN document d ON d.effective = u.revision OR d.working = u.revision
		WHERE NOT EXISTS (SELECT 1 FROM document x WHERE x.code = u.code) ORDER BY u.code`)
}
