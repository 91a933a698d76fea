package training

import (
	"cmp"
	"context"
	"slices"
	"strings"
	"time"

	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/store"
)

// By is what the rows of a matrix are.
type By string

// The closed list of rows.
const (
	ByPeople    By = "people"
	ByFunctions By = "functions"
)

// MatrixQuery chooses a matrix. Zero fields do not restrict.
type MatrixQuery struct {
	By       By
	Function source.Function
	Code     string
	Product  string
	Now      time.Time
}

// Matrix is who is trained in what: people or functions by documents.
type Matrix struct {
	Columns []Column
	Rows    []Row
}

// Column is a revision that somebody must know.
type Column struct {
	Revision string
	Code     string
	Label    string
	Title    string
	Training bool // approved and not in force yet
	Required int  // cells
	Trained  int
}

// Row is a person or a function.
type Row struct {
	ID    string // account or function
	Name  string
	Cells []Cell // one for each column
}

// Cell is how far a person, or the holders of a function, are with a document.
type Cell struct {
	Badge    Badge
	Training string // trn_…, of a person; "" for none
	Kind     Kind
	Due      time.Time
	Required int // holders that must know it
	Trained  int // of these
}

// MatrixOf reads the matrix of what is in force and in training.
func MatrixOf(ctx context.Context, r store.Reader, q MatrixQuery) (Matrix, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Matrix{}, err
	}
	var w store.Where
	for _, c := range []struct{ column, value string }{{"function", string(q.Function)}, {"code", q.Code}, {"product", q.Product}} {
		if c.value != "" {
			w.And(c.column+" = ?", c.value)
		}
	}
	all, err := needs(ctx, r, w.SQL(), w.Args()...)
	if err != nil || len(all) == 0 {
		return Matrix{}, err
	}
	m := Matrix{Columns: columns(all)}
	badges, err := badgesOf(ctx, r, m.Columns, q.Now)
	if err != nil {
		return m, err
	}
	if q.By == ByFunctions {
		return m, m.byFunction(ctx, r, filled{all, badges, q.Now})
	}
	return m, m.byPerson(ctx, r, filled{all, badges, q.Now})
}

func columns(all []Need) []Column {
	var out []Column
	for _, n := range all {
		if !slices.ContainsFunc(out, func(c Column) bool { return c.Revision == n.Revision }) {
			out = append(out, Column{Revision: n.Revision, Code: n.Code, Label: n.Label, Title: n.Title, Training: n.State != "effective"})
		}
	}
	return out
}

// badgesOf reads the badge of every training on the revisions, by account, revision and product.
func badgesOf(ctx context.Context, r store.Reader, cols []Column, now time.Time) (map[string]Cell, error) {
	ids := make([]string, len(cols))
	for i, c := range cols {
		ids[i] = c.Revision
	}
	out := map[string]Cell{}
	for part := range slices.Chunk(ids, 500) {
		var w store.Where
		w.In("revision", part)
		w.And(teaching + " AND state <> 'superseded'")
		have, err := trainings(ctx, r, w.SQL()+openLast, w.Args()...)
		if err != nil {
			return nil, err
		}
		for _, t := range have {
			key := t.Account + " " + t.Revision + " " + t.Product
			b := t.BadgeAt(now)
			if was, ok := out[key]; ok && was.Badge == BadgeTrained && b == BadgeToDo { // to be renewed, and still valid
				b = BadgeTrained
			}
			out[key] = Cell{Badge: b, Training: t.ID, Kind: t.Kind, Due: t.Due, Required: 1}
		}
	}
	return out, nil
}

type filled struct {
	needs  []Need
	badges map[string]Cell
	now    time.Time
}

func (f filled) cell(a asked) Cell {
	c, ok := f.badges[a.key()]
	if !ok {
		c = Cell{Badge: BadgeNotAssigned, Kind: a.Kind}
	}
	c.Required = 1
	if c.Badge == BadgeTrained || c.Badge == BadgeExcused {
		c.Trained = 1
	}
	return c
}

// add merges what a cell says for another product or person into a cell.
func (c *Cell) add(o Cell) {
	if c.Required == 0 || o.Badge.Worse(c.Badge) {
		c.Badge, c.Training, c.Kind, c.Due = o.Badge, o.Training, o.Kind, o.Due
	}
	c.Required += o.Required
	c.Trained += o.Trained
}

func (m *Matrix) column(rev string) int {
	return slices.IndexFunc(m.Columns, func(c Column) bool { return c.Revision == rev })
}

func (m *Matrix) row(at map[string]int, id string) *Row {
	i, ok := at[id]
	if !ok {
		i = len(m.Rows)
		at[id] = i
		cells := make([]Cell, len(m.Columns))
		for j := range cells {
			cells[j].Badge = BadgeNotRequired
		}
		m.Rows = append(m.Rows, Row{ID: id, Name: id, Cells: cells})
	}
	return &m.Rows[i]
}

func (m *Matrix) byPerson(ctx context.Context, r store.Reader, f filled) error {
	want, err := askedOf(ctx, r, f.needs, f.now)
	if err != nil {
		return err
	}
	at := map[string]int{}
	for _, a := range want {
		c := f.cell(a)
		col := m.column(a.Revision)
		m.row(at, a.Account).Cells[col].add(c)
		m.Columns[col].Required += c.Required
		m.Columns[col].Trained += c.Trained
	}
	ids := make([]string, len(m.Rows))
	for i, x := range m.Rows {
		ids[i] = x.ID
	}
	names, err := people.Names(ctx, r, ids)
	if err != nil {
		return err
	}
	for i := range m.Rows {
		m.Rows[i].Name = names[m.Rows[i].ID]
	}
	m.sort()
	return nil
}

func (m *Matrix) byFunction(ctx context.Context, r store.Reader, f filled) error {
	at := map[string]int{}
	for _, n := range f.needs {
		want, err := askedOf(ctx, r, []Need{n}, f.now)
		if err != nil {
			return err
		}
		row, col := m.row(at, string(n.Function)), m.column(n.Revision)
		row.Name = n.Function.Word()
		if len(want) == 0 { // nobody holds the function yet
			row.Cells[col].add(Cell{Badge: BadgeNotAssigned, Kind: n.Kind})
			continue
		}
		for _, a := range want {
			c := f.cell(a)
			row.Cells[col].add(c)
			m.Columns[col].Required += c.Required
			m.Columns[col].Trained += c.Trained
		}
	}
	m.sort()
	return nil
}

func (m *Matrix) sort() {
	slices.SortFunc(m.Rows, func(a, b Row) int {
		return cmp.Or(strings.Compare(strings.ToLower(a.Name), strings.ToLower(b.Name)), strings.Compare(a.ID, b.ID))
	})
}
