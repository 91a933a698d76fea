package device

import (
	"context"
	"encoding/json"
	"fmt"
	"iter"
	"slices"
	"strings"
	"time"

	"triward/internal/device/fleetfile"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// ImportState is where an import stands.
type ImportState string

// The closed list of states of an import.
const (
	Staging  ImportState = "staging"  // rows are being put aside; nothing is promised
	Applying ImportState = "applying" // acknowledged: will be finished, also after a crash
	Done     ImportState = "done"
)

// OnFault is what to do with rows that have faults.
type OnFault string

// The closed list of what to do.
const (
	Refuse OnFault = "refuse" // the whole file; the default
	Skip   OnFault = "skip"   // the row, and report it
)

// Upload is a file to import, as read.
type Upload struct {
	Name    string
	Digest  string // "sha256:<hex>" of the file, may be empty
	Rows    []fleetfile.Row
	Faults  []problem.Fault // of reading
	OnFault OnFault
}

// Import is how an import stands.
type Import struct {
	ID        ImportID
	Name      string
	Digest    string
	State     ImportState
	Actor     string
	ActorName string
	Total     int // rows to apply
	Applied   int
	Added     int
	Changed   int
	Same      int
	Held      int // see [Issues]
	Skipped   int // faults of rows that were left out
	At        time.Time
	Finished  time.Time

	addModels bool
	site      SiteID
}

// Outcome is what became of a row.
type Outcome string

// The closed list of outcomes that need a person.
const (
	HeldRow    Outcome = "held"    // contradicts what is known
	SkippedRow Outcome = "skipped" // has a fault
)

// Issue is a row that was not applied.
type Issue struct {
	Position int
	Line     int
	Outcome  Outcome
	Place    string // row and column
	Reason   string
	Device   ID // that the row contradicts, if any
}

// Import starts an import and applies it to its end. When ctx ends before, [Fleet.Resume] finishes it.
func (f Fleet) Import(ctx context.Context, u Upload) (Import, error) {
	imp, err := f.StartImport(ctx, u)
	if err != nil {
		return Import{}, err
	}
	return f.RunImport(ctx, imp)
}

// StartImport checks everything, puts the rows aside and acknowledges the import. It is Invalid with the faults when a
// row has any and OnFault does not say to skip it; Forbidden when the actor may not change what the file touches. An actor
// limited to sites may import files about one of them.
func (f Fleet) StartImport(ctx context.Context, u Upload) (ImportID, error) {
	imp, err := f.accept(ctx, u)
	if err != nil {
		return "", fmt.Errorf("import %q: %w", u.Name, err)
	}
	if err := f.stage(ctx, imp, u); err != nil {
		return "", fmt.Errorf("import %q: %w", u.Name, err)
	}
	err = f.DB.Update(ctx, func(tx *store.Tx) error {
		if _, err := tx.Exec(ctx, `UPDATE device_import SET state = $1 WHERE id = $2`, string(Applying), string(imp.ID)); err != nil {
			return err
		}
		_, err := tx.Record(ctx, store.Event{Kind: KindImportStarted, Subject: string(imp.ID), Site: string(imp.site),
			Body: ImportNoted{Name: imp.Name, Digest: imp.Digest, Rows: imp.Total, Skipped: imp.Skipped}})
		return err
	})
	if err != nil {
		return "", fmt.Errorf("import %q: %w", u.Name, err)
	}
	return imp.ID, nil
}

// accept checks the upload and the actor's rights, and makes the record of the import.
func (f Fleet) accept(ctx context.Context, u Upload) (Import, error) {
	actor, ok := store.ActorOf(ctx)
	if !ok {
		return Import{}, problem.New(problem.Forbidden, "sign in first")
	}
	if len(u.Faults) > 0 && u.OnFault != Skip {
		return Import{}, &problem.Error{Kind: problem.Invalid, Message: "the file has rows that cannot be imported", Faults: u.Faults}
	}
	if len(u.Rows) == 0 || len(u.Rows) > fleetfile.MaxRows {
		return Import{}, rowCount(len(u.Rows))
	}
	iid, err := id.New("imp")
	if err != nil {
		return Import{}, err
	}
	imp := Import{ID: ImportID(iid), Name: u.Name, Digest: u.Digest, State: Staging, Actor: actor.ID, ActorName: actor.Name, Total: len(u.Rows),
		Skipped: len(u.Faults), addModels: actor.Scope(product.KindModelAdded).All && actor.Scope(product.KindReleaseAdded).All &&
			actor.Scope(product.KindManufacturerAdded).All}
	return imp, f.DB.View(ctx, func(r store.Reader) error {
		imp.site, err = mayImport(ctx, r, actor, u.Rows)
		return err
	})
}

func rowCount(n int) error {
	return problem.New(problem.Invalid, "an import has 1 to %d rows that can be read, not %d", fleetfile.MaxRows, n)
}

// mayImport checks the rights of an actor over the sites of rows, and returns the only site it may touch ("" for all).
func mayImport(ctx context.Context, r store.Reader, a store.Actor, rows []fleetfile.Row) (SiteID, error) {
	sites := map[string]SiteID{}
	all, err := store.All(ctx, r, scanSite, `SELECT id, name FROM site`)
	if err != nil {
		return "", err
	}
	for _, s := range all {
		sites[product.Fold(s.Name)] = s.ID
	}
	kinds := []string{KindImportStarted, KindImported, KindImportStep, KindRegistered, KindChanged, KindMoved, KindIdentityAdded}
	everywhere := !slices.ContainsFunc(kinds, func(k string) bool { return !a.Scope(k).All })
	var l problem.List
	only := map[SiteID]bool{}
	for _, row := range rows {
		s, known := sites[product.Fold(row.Site)]
		only[s] = true
		switch {
		case row.Site != "" && !known && !a.Scope(KindSiteAdded).All:
			l.Add(fmt.Sprintf("row %d", row.Line), "the site %.60q does not exist and your role does not allow to add it", row.Site)
		case !everywhere && slices.ContainsFunc(kinds, func(k string) bool { return !a.Scope(k).Covers(string(s), "") }):
			l.Add(fmt.Sprintf("row %d", row.Line), "your role does not allow to import devices of this site")
		}
		if l.Len() == fleetfile.MaxFaults {
			break
		}
	}
	if l.Len() > 0 {
		return "", &problem.Error{Kind: problem.Forbidden, Message: "your role does not allow this import", Faults: problem.FaultsOf(l.Err(""))}
	}
	if everywhere {
		return "", nil
	}
	if len(only) != 1 {
		return "", problem.New(problem.Forbidden, "your role is limited to sites: import a file about one site at a time")
	}
	for s := range only {
		return s, nil
	}
	return "", nil
}

// stagedPerLoad bounds how long staging keeps other writers waiting.
const stagedPerLoad = 20_000

func (f Fleet) stage(ctx context.Context, imp Import, u Upload) error {
	err := f.DB.Bulk(ctx, func(b *store.Bulk) error {
		if _, err := b.Exec(ctx, `INSERT INTO device_import (id, name, digest, state, actor, actor_name, total, applied, added, changed, same, held, skipped, add_models, site_id, at, finished)
			VALUES ($1, $2, $3, $4, $5, $6, $7, 0, 0, 0, 0, 0, $8, $9, $10, $11, 0)`, string(imp.ID), imp.Name, imp.Digest, string(imp.State), imp.Actor,
			imp.ActorName, imp.Total, imp.Skipped, imp.addModels, string(imp.site), store.Micros(f.DB.Now())); err != nil {
			return err
		}
		_, err := b.Load(ctx, "import_issue", []string{"import_id", "position", "line", "outcome", "place", "reason", "device_id"}, func(yield func([]any) bool) {
			for i, x := range u.Faults {
				line := 0
				if _, err := fmt.Sscanf(x.Path, "row %d", &line); err != nil {
					line = 0 // a fault of the whole file
				}
				if !yield([]any{string(imp.ID), int64(i - len(u.Faults)), int64(line), string(SkippedRow), x.Path, x.Reason, ""}) {
					return
				}
			}
		})
		return err
	})
	if err != nil {
		return err
	}
	for from := 0; from < len(u.Rows); from += stagedPerLoad {
		part := u.Rows[from:min(from+stagedPerLoad, len(u.Rows))]
		err := f.DB.Bulk(ctx, func(b *store.Bulk) error {
			var failed error
			if _, err := b.Load(ctx, "import_row", []string{"import_id", "position", "body"}, bodies(imp.ID, from, part, &failed)); err != nil {
				return err
			}
			return failed
		})
		if err != nil {
			return err
		}
	}
	return nil
}

func bodies(imp ImportID, from int, rows []fleetfile.Row, failed *error) iter.Seq[[]any] {
	return func(yield func([]any) bool) {
		for i, row := range rows {
			b, err := json.Marshal(row)
			if err != nil {
				*failed = err
				return
			}
			if !yield([]any{string(imp), int64(from + i), string(b)}) {
				return
			}
		}
	}
}

// Resume finishes the imports that were acknowledged and not finished, and forgets those that were never acknowledged and
// are older than an hour (another process may be putting rows aside). The program calls it at its start.
func (f Fleet) Resume(ctx context.Context) error {
	var open, stale []ImportID
	err := f.DB.View(ctx, func(r store.Reader) (err error) {
		if open, err = store.All(ctx, r, store.Value[ImportID], `SELECT id FROM device_import WHERE state = $1 ORDER BY at, id`, string(Applying)); err != nil {
			return err
		}
		stale, err = store.All(ctx, r, store.Value[ImportID], `SELECT id FROM device_import WHERE state = $1 AND at < $2`, string(Staging),
			store.Micros(f.DB.Now().Add(-time.Hour)))
		return err
	})
	if err != nil {
		return fmt.Errorf("resume imports: %w", err)
	}
	for _, i := range stale {
		if err := f.DB.Bulk(ctx, func(b *store.Bulk) error {
			for _, q := range []string{`DELETE FROM import_row WHERE import_id = $1`, `DELETE FROM import_issue WHERE import_id = $1`, `DELETE FROM device_import WHERE id = $1 AND state = 'staging'`} {
				if _, err := b.Exec(ctx, q, string(i)); err != nil {
					return err
				}
			}
			return nil
		}); err != nil {
			return fmt.Errorf("resume imports: %w", err)
		}
	}
	for _, i := range open {
		if _, err := f.RunImport(ctx, i); err != nil {
			return fmt.Errorf("resume imports: %w", err)
		}
	}
	return f.DB.Bulk(ctx, func(b *store.Bulk) error { // rows of an import that finished just before a crash
		_, err := b.Exec(ctx, `DELETE FROM import_row WHERE import_id IN (SELECT id FROM device_import WHERE state = 'done')`)
		return err
	})
}

const importColumns = `id, name, digest, state, actor, actor_name, total, applied, added, changed, same, held, skipped, add_models, site_id, at, finished`

func scanImport(s store.Scanner) (Import, error) {
	var i Import
	var at, finished int64
	err := s.Scan(&i.ID, &i.Name, &i.Digest, &i.State, &i.Actor, &i.ActorName, &i.Total, &i.Applied, &i.Added, &i.Changed, &i.Same, &i.Held, &i.Skipped,
		&i.addModels, &i.site, &at, &finished)
	i.At, i.Finished = store.Time(at), store.Time(finished)
	return i, err
}

// GetImport reads how an import stands. Who started it may always read it.
func GetImport(ctx context.Context, r store.Reader, imp ImportID) (Import, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return Import{}, err
	}
	i, err := scanImport(r.QueryRow(ctx, `SELECT `+importColumns+` FROM device_import WHERE id = $1`, string(imp)))
	if err != nil {
		return Import{}, err
	}
	if a, _ := store.ActorOf(ctx); a.ID != i.Actor && !scope.Covers(string(i.site), "") {
		return Import{}, problem.New(problem.Forbidden, "your role does not cover this import")
	}
	return i, nil
}

// ImportQuery chooses imports. Zero fields do not restrict.
type ImportQuery struct {
	State ImportState
	Sort  string // of [ImportSorts]; "" is the newest first
	After string // next of the page before
	Limit int    // at most 1,000; 0 means 50
}

// ImportSorts are the orders of the list of imports.
func ImportSorts() store.Sorts {
	id := store.ByText("id")
	return store.Sorts{"at": {id}, "name": {store.ByText("name"), id}, "state": {store.ByText("state"), store.ByNumber("at"), id}}
}

// Imports reads a page of the imports that the actor may see.
func Imports(ctx context.Context, r store.Reader, q ImportQuery) (store.Page[Import], error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return store.Page[Import]{}, err
	}
	sort, err := ImportSorts().Named(q.Sort, "-at")
	if err != nil {
		return store.Page[Import]{}, err
	}
	var w store.Where
	if q.State != "" {
		w.And("state = ?", string(q.State))
	}
	ownImports(ctx, &w, scope)
	return store.List(ctx, r, store.Listing{Columns: importColumns, From: "device_import", Where: w, Sort: sort, After: q.After, Limit: q.Limit}, scanImport)
}

// CountImports counts the imports that the actor may see, by state.
func CountImports(ctx context.Context, r store.Reader) (map[ImportState]int, error) {
	scope, err := store.ScopeOf(ctx, KindRead)
	if err != nil {
		return nil, err
	}
	var w store.Where
	ownImports(ctx, &w, scope)
	type row struct {
		state ImportState
		n     int
	}
	all, err := store.All(ctx, r, func(s store.Scanner) (v row, err error) { return v, s.Scan(&v.state, &v.n) },
		`SELECT state, count(*) FROM device_import`+w.SQL()+` GROUP BY state`, w.Args()...)
	out := map[ImportState]int{}
	for _, v := range all {
		out[v.state] = v.n
	}
	return out, err
}

// ownImports restricts to the actor's imports and those of the sites that they may read.
func ownImports(ctx context.Context, w *store.Where, scope store.Scope) {
	if a, _ := store.ActorOf(ctx); !scope.All {
		cond, args := "actor = ?", []any{a.ID}
		if len(scope.Sites) > 0 {
			cond += " OR site_id IN (" + strings.TrimSuffix(strings.Repeat("?, ", len(scope.Sites)), ", ") + ")"
			for _, s := range scope.Sites {
				args = append(args, s)
			}
		}
		w.And("("+cond+")", args...)
	}
}

// Issues reads up to limit rows of an import that were not applied, in the order of the file, after a position (start
// with -[fleetfile.MaxRows]: faults of reading come first and have negative positions).
func Issues(ctx context.Context, r store.Reader, imp ImportID, after, limit int) ([]Issue, error) {
	if _, err := GetImport(ctx, r, imp); err != nil {
		return nil, err
	}
	return store.All(ctx, r, func(s store.Scanner) (Issue, error) {
		var i Issue
		err := s.Scan(&i.Position, &i.Line, &i.Outcome, &i.Place, &i.Reason, &i.Device)
		return i, err
	}, `SELECT position, line, outcome, place, reason, device_id FROM import_issue WHERE import_id = $1 AND position > $2 ORDER BY position LIMIT $3`,
		string(imp), after, min(max(limit, 1), 1000))
}
