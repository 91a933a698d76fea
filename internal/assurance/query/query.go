package query

import (
	"context"
	"fmt"
	"reflect"
	"slices"
	"strings"
	"time"

	"cel.dev/cel-go/cel"
	"cel.dev/cel-go/common/ast"
	"cel.dev/cel-go/common/types"
	"cel.dev/cel-go/common/types/ref"
	"cel.dev/cel-go/ext"
	"cel.dev/cel-go/parser"

	"triward/internal/problem"
)

// Limits of a query: bytes of its text, what one condition may cost for one row (in the units of CEL), and rows.
const (
	maxText = 2_000
	maxCost = 500_000
	maxRows = 200_000
)

// Row is a row of a view.
type Row interface {
	// Key is the id of the record, and when what it says happened: a query's window looks at that. The zero time is a state,
	// which every window sees.
	Key() (id string, at time.Time)
}

// View is a list of rows of one type, by the name that queries use.
type View struct {
	Name string
	Row  Row // of the row's type; a struct whose fields have a tag "cel"
}

// Facts are what an evaluation is about.
type Facts struct {
	Now time.Time
	// Target gives the latest instant of a target of STD-08 for what began at from; NotFound when there is none.
	Target func(id string, from time.Time) (time.Time, error)
	// Load reads the rows of a view.
	Load func(ctx context.Context, view string) ([]Row, error)
}

// Engine compiles and runs queries about one set of facts. It is for one goroutine.
type Engine struct {
	facts  Facts
	views  []View
	env    *cel.Env
	plain  *cel.Env // without macros: shows how a query is written
	loaded map[string][]Row
}

// New makes an engine over views.
func New(views []View, f Facts) (*Engine, error) {
	e := &Engine{facts: f, views: views, loaded: map[string][]Row{}}
	options := []cel.EnvOption{cel.Variable("now", cel.TimestampType), e.function("target", []*cel.Type{cel.StringType}, cel.DurationType, e.target),
		e.function("due", []*cel.Type{cel.TimestampType, cel.StringType}, cel.TimestampType, e.due),
		e.function("days", []*cel.Type{cel.IntType}, cel.DurationType, days)}
	natives := []any{ext.ParseStructTags(true)}
	for _, v := range views {
		natives = append(natives, reflect.TypeOf(v.Row))
		options = append(options, cel.Variable(v.Name, cel.ListType(rowType(v))))
	}
	var err error
	if e.env, err = cel.NewEnv(append(options, ext.NativeTypes(natives...))...); err != nil {
		return nil, fmt.Errorf("make query engine: %w", err)
	}
	if e.plain, err = cel.NewEnv(cel.ClearMacros()); err != nil {
		return nil, fmt.Errorf("make query engine: %w", err)
	}
	return e, nil
}

func rowType(v View) *cel.Type { return cel.ObjectType(reflect.TypeOf(v.Row).String()) }

func (e *Engine) function(name string, args []*cel.Type, result *cel.Type, fn func(args ...ref.Val) ref.Val) cel.EnvOption {
	return cel.Function(name, cel.Overload(name, args, result, cel.FunctionBinding(fn)))
}

func (e *Engine) target(args ...ref.Val) ref.Val {
	id, _ := args[0].Value().(string)
	end, err := e.facts.Target(id, e.facts.Now)
	if err != nil {
		return types.NewErr("%s", problem.Text(err))
	}
	return types.Duration{Duration: end.Sub(e.facts.Now)}
}

func (e *Engine) due(args ...ref.Val) ref.Val {
	from, _ := args[0].Value().(time.Time)
	id, _ := args[1].Value().(string)
	end, err := e.facts.Target(id, from)
	if err != nil {
		return types.NewErr("%s", problem.Text(err))
	}
	return types.Timestamp{Time: end}
}

func days(args ...ref.Val) ref.Val {
	n, _ := args[0].Value().(int64)
	if n < 0 || n > 36_500 {
		return types.NewErr("%d days are not a length", n)
	}
	return types.Duration{Duration: time.Duration(n) * 24 * time.Hour}
}

// Query is a compiled query.
type Query struct {
	View  string   // whose rows are judged
	Uses  []string // every view that it reads, sorted
	Some  bool     // one row that holds is enough ("exists")
	row   [2]string
	which cel.Program // nil: every row
	holds cel.Program
}

// Compile reads a query. Invalid says what is wrong with it.
func (e *Engine) Compile(text string) (*Query, error) {
	if len(text) > maxText {
		return nil, problem.New(problem.Invalid, "the query is longer than %d bytes", maxText)
	}
	parsed, issues := e.plain.Parse(text)
	if issues.Err() != nil {
		return nil, problem.New(problem.Invalid, "the query cannot be read: %s", faults(issues))
	}
	q := &Query{}
	rep := parsed.NativeRep()
	outer, ok := callOf(rep.Expr(), "all", "exists")
	if !ok {
		return nil, shape()
	}
	q.Some = outer.FunctionName() == "exists"
	on := outer.Target()
	var which ast.CallExpr
	if inner, ok := callOf(on, "filter"); ok {
		which, on = inner, inner.Target()
	}
	if on.Kind() != ast.IdentKind {
		return nil, shape()
	}
	q.View = on.AsIdent()
	at := slices.IndexFunc(e.views, func(v View) bool { return v.Name == q.View })
	if at < 0 {
		return nil, problem.New(problem.Invalid, "there is no view %q", q.View)
	}
	q.Uses = []string{q.View}
	var err error
	if which != nil {
		if q.row[0], q.which, err = e.condition(q, e.views[at], which, rep.SourceInfo()); err != nil {
			return nil, err
		}
	}
	if q.row[1], q.holds, err = e.condition(q, e.views[at], outer, rep.SourceInfo()); err != nil {
		return nil, err
	}
	slices.Sort(q.Uses)
	q.Uses = slices.Compact(q.Uses)
	return q, nil
}

func shape() error {
	return problem.New(problem.Invalid, "a query is VIEW.filter(r, …).all(r, …) or VIEW.filter(r, …).exists(r, …); the filter may be absent")
}

// callOf is the call of a member with two arguments, the first of them a name.
func callOf(x ast.Expr, names ...string) (ast.CallExpr, bool) {
	if x.Kind() != ast.CallKind {
		return nil, false
	}
	c := x.AsCall()
	if !c.IsMemberFunction() || !slices.Contains(names, c.FunctionName()) || len(c.Args()) != 2 || c.Args()[0].Kind() != ast.IdentKind {
		return nil, false
	}
	return c, true
}

// condition compiles the second argument of a call with its first as the name of the row.
func (e *Engine) condition(q *Query, v View, call ast.CallExpr, info *ast.SourceInfo) (string, cel.Program, error) {
	name := call.Args()[0].AsIdent()
	text, err := parser.Unparse(call.Args()[1], info)
	if err != nil {
		return "", nil, problem.New(problem.Invalid, "the condition of %s cannot be read: %v", call.FunctionName(), err)
	}
	if name == "now" || slices.ContainsFunc(e.views, func(v View) bool { return v.Name == name }) {
		return "", nil, problem.New(problem.Invalid, "a row cannot be named %q", name)
	}
	env, err := e.env.Extend(cel.Variable(name, rowType(v)))
	if err != nil {
		return "", nil, fmt.Errorf("compile query: %w", err)
	}
	checked, issues := env.Compile(text)
	if issues.Err() != nil {
		return "", nil, problem.New(problem.Invalid, "the condition %q: %s", text, faults(issues))
	}
	if checked.OutputType() != cel.BoolType {
		return "", nil, problem.New(problem.Invalid, "the condition %q is not one of yes and no", text)
	}
	for _, r := range checked.NativeRep().ReferenceMap() {
		if slices.ContainsFunc(e.views, func(v View) bool { return v.Name == r.Name }) {
			q.Uses = append(q.Uses, r.Name)
		}
	}
	program, err := env.Program(checked, cel.CostLimit(maxCost), cel.EvalOptions(cel.OptOptimize))
	if err != nil {
		return "", nil, problem.New(problem.Invalid, "the condition %q: %v", text, err)
	}
	return name, program, nil
}

// faults are the messages of a compilation, without the pictures of where.
func faults(i *cel.Issues) string {
	var out []string
	for _, e := range i.Errors() {
		out = append(out, e.Message)
	}
	return strings.Join(out, "; ")
}

// State is how a row is judged.
type State string

// The closed list of states of a row.
const (
	Holds   State = "holds"
	Fails   State = "fails"
	Unclear State = "unclear"
)

// Judged is a row that was looked at.
type Judged struct {
	Row   Row
	ID    string
	At    time.Time
	State State
	Why   string // of an unclear one
}

// Run judges the rows that the query is about, sorted by id. Rows whose instant lies before since are not looked at.
func (e *Engine) Run(ctx context.Context, q *Query, since time.Time) ([]Judged, error) {
	vars := map[string]any{"now": e.facts.Now}
	for _, name := range q.Uses {
		rows, err := e.rows(ctx, name)
		if err != nil {
			return nil, err
		}
		vars[name] = rows
	}
	var out []Judged
	for i, row := range e.loaded[q.View] {
		if i%1000 == 0 && ctx.Err() != nil {
			return nil, ctx.Err()
		}
		j := Judged{Row: row}
		j.ID, j.At = row.Key()
		if !j.At.IsZero() && j.At.Before(since) {
			continue
		}
		if q.which != nil {
			wanted, why := decide(q.which, vars, q.row[0], row)
			if why == "" && !wanted {
				continue
			}
			j.Why = why
		}
		if j.Why == "" {
			var yes bool
			yes, j.Why = decide(q.holds, vars, q.row[1], row)
			j.State = Fails
			if yes {
				j.State = Holds
			}
		}
		if j.Why != "" {
			j.State = Unclear
		}
		out = append(out, j)
	}
	slices.SortStableFunc(out, func(a, b Judged) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (e *Engine) rows(ctx context.Context, view string) ([]Row, error) {
	if rows, ok := e.loaded[view]; ok {
		return rows, nil
	}
	rows, err := e.facts.Load(ctx, view)
	if err != nil {
		return nil, fmt.Errorf("load view %s: %w", view, err)
	}
	if len(rows) > maxRows {
		return nil, problem.New(problem.Invalid, "the view %s has %d rows, a query looks at most at %d", view, len(rows), maxRows)
	}
	e.loaded[view] = rows
	return rows, nil
}

// decide evaluates a condition about one row. why says what kept it from an answer.
func decide(p cel.Program, vars map[string]any, name string, row Row) (yes bool, why string) {
	vars[name] = row
	defer delete(vars, name)
	v, _, err := p.Eval(vars)
	if err != nil {
		return false, err.Error()
	}
	yes, ok := v.Value().(bool)
	if !ok {
		return false, "the condition gave no answer"
	}
	return yes, ""
}
