package assurance

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

// Difference is what changed from one edition to the next, and which documents that touches.
type Difference struct {
	Old, New Set
	Added    []content.Clause
	Removed  []content.Clause
	Renamed  []Renamed // another number, another title, or another content
	Touched  []Touched // by code
}

// Renamed is a clause of the old edition and what it is in the new one.
type Renamed struct {
	Old, New content.Clause
	Change   string // what is different in substance, as the new edition's set says
}

// Touched is a document that names clauses which changed.
type Touched struct {
	Code    string
	Title   string
	Owner   source.Function
	Draft   bool
	Clauses []string // of the old edition, each with what became of it
	Change  string   // chg_…: the open change request for it, "" for none
}

// Compare shows what changed between two editions. Invalid when the new one does not supersede the old one.
func Compare(ctx context.Context, r store.Reader, older, newer string) (Difference, error) {
	var d Difference
	var err error
	if d.Old, err = FindSet(ctx, r, older); err != nil {
		return d, err
	}
	if d.New, err = FindSet(ctx, r, newer); err != nil {
		return d, err
	}
	if !slices.Contains(d.New.Supersedes, older) {
		return d, problem.New(problem.Invalid, "%s does not supersede %s", d.New.Title, d.Old.Title)
	}
	became := d.clauses()
	mappings, err := Mappings(ctx, r)
	if err != nil {
		return d, err
	}
	open, err := openChanges(ctx, r, changeSource(older, newer))
	if err != nil {
		return d, err
	}
	by := map[string]int{}
	for _, m := range mappings {
		what := became[m.Clause.Ref]
		if m.Clause.Set != older || what == "" {
			continue
		}
		i, ok := by[m.Code]
		if !ok {
			i = len(d.Touched)
			by[m.Code] = i
			d.Touched = append(d.Touched, Touched{Code: m.Code, Title: m.Title, Owner: m.Owner, Draft: m.Draft, Change: open[m.Code]})
		}
		line := m.Clause.Ref + ": " + what
		if m.Step != "" {
			line = m.Clause.Ref + " (step " + m.Step + "): " + what
		}
		d.Touched[i].Clauses = append(d.Touched[i].Clauses, line)
	}
	slices.SortFunc(d.Touched, func(a, b Touched) int { return strings.Compare(a.Code, b.Code) })
	return d, nil
}

// clauses sorts clauses into added, removed and renamed, and says for each old reference what became of it; what stayed
// the same is not named.
func (d *Difference) clauses() map[string]string {
	became := map[string]string{}
	followed := map[string]bool{}
	old := map[string]content.Clause{}
	for _, c := range d.Old.Clauses {
		old[c.Ref] = c
	}
	for _, c := range d.New.Clauses {
		was := c.Was
		if was == "" {
			was = c.Ref
		}
		before, ok := old[was]
		if !ok {
			d.Added = append(d.Added, c)
			continue
		}
		followed[was] = true
		switch {
		case before.Ref != c.Ref:
			became[was] = "is now " + c.Ref
		case before.Title != c.Title:
			became[was] = "is now called " + c.Title
		case c.Change != "":
			became[was] = "changed"
		default:
			continue
		}
		if c.Change != "" {
			became[was] += " (" + c.Change + ")"
		}
		d.Renamed = append(d.Renamed, Renamed{Old: before, New: c, Change: c.Change})
	}
	for _, c := range d.Old.Clauses {
		if !followed[c.Ref] {
			d.Removed = append(d.Removed, c)
			became[c.Ref] = "is gone"
		}
	}
	return became
}

func changeSource(older, newer string) string { return "clauses " + older + " " + newer }

// openChanges are the open change requests that came from a comparison, by document.
func openChanges(ctx context.Context, r store.Reader, source string) (map[string]string, error) {
	out := map[string]string{}
	_, err := store.All(ctx, r, func(s store.Scanner) (struct{}, error) {
		var code, change string
		err := s.Scan(&code, &change)
		out[code] = change
		return struct{}{}, err
	}, `SELECT i.code, c.id FROM change_request c JOIN change_item i ON i.change = c.id WHERE c.source = $1 AND c.state = 'open' ORDER BY c.id`, source)
	return out, err
}

// OpenChanges opens a filled-in change request for each document that an edition touches and that has none yet, and
// returns their ids. What the change means for devices, submissions and validation is left to who works on it, and says so.
func (c Clauses) OpenChanges(ctx context.Context, library document.Library, older, newer string) ([]string, error) {
	var made []string
	err := c.DB.Update(ctx, func(tx *store.Tx) error {
		made = nil
		d, err := Compare(system(ctx), tx, older, newer)
		if err != nil {
			return err
		}
		for _, t := range d.Touched {
			if t.Change != "" {
				continue
			}
			const open = "To be judged: nobody has looked at it yet."
			change, err := library.OpenChangeTx(ctx, tx, document.Change{
				Title:  fmt.Sprintf("%s: bring in line with %s", t.Code, d.New.Title),
				Reason: fmt.Sprintf("%s (%s) was replaced by %s (%s). Clauses that the document names: %s.", d.Old.Title, d.Old.Edition, d.New.Title, d.New.Edition, strings.Join(t.Clauses, "; ")),
				Class:  document.MinorChange, Source: changeSource(older, newer), Items: []document.Item{{Code: t.Code, Note: strings.Join(t.Clauses, "; ")}},
				Impact: document.Impact{Documents: "Mappings of " + t.Code + " to clauses", Devices: open, Training: open, Submissions: open, Validation: open}})
			if err != nil {
				return fmt.Errorf("open change request for %s: %w", t.Code, err)
			}
			made = append(made, change)
		}
		return nil
	})
	return made, err
}
