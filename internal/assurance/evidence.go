package assurance

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"time"

	"triward/internal/assurance/query"
	"triward/internal/assurance/view"
	"triward/internal/content"
	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/id"
	"triward/internal/problem"
	"triward/internal/store"
)

// Query is a question to the program's own records whose answer is evidence of clauses.
type Query struct {
	ID        string                `json:"id"` // "ev-…"; of a document "SOP-14/ev-…"
	Title     string                `json:"title"`
	Code      string                `json:"code,omitempty"` // document that asks it, "" when it comes with Triward
	Clauses   []source.Clause       `json:"clauses"`
	CEL       string                `json:"cel"`
	Window    source.Duration       `json:"window,omitempty"`
	Fresh     source.Duration       `json:"fresh"`
	Threshold int                   `json:"threshold"`        // percent of rows that must hold
	Empty     State                 `json:"empty"`            // what no row at all means
	Review    []content.ReviewInput `json:"review,omitempty"` // inputs of the management review that it feeds
}

// State is what evidence says.
type State string

// The closed list of states. Stale is a passing or failing result that is too old to rely on.
const (
	Passing State = "passing"
	Failing State = "failing"
	Unknown State = "unknown"
	Stale   State = "stale"
)

// States lists the states from worst to best.
func States() []State { return []State{Failing, Unknown, Stale, Passing} }

// defaultFresh is how old a result may be when a document does not say.
const defaultFresh = source.Duration("P1D")

// Queries are those that come with Triward and those of documents in force, by id.
func Queries(ctx context.Context, r store.Reader) ([]Query, error) {
	shipped, err := content.EvidenceQueries()
	if err != nil {
		return nil, err
	}
	var out []Query
	for _, s := range shipped {
		q := Query{ID: s.ID, Title: s.Title, CEL: s.CEL, Window: source.Duration(s.Window), Fresh: source.Duration(s.Fresh), Threshold: s.Threshold, Empty: State(s.Empty), Review: s.Review}
		for _, c := range s.Clauses {
			q.Clauses = append(q.Clauses, source.Clause(c))
		}
		out = append(out, q.filled())
	}
	texts, err := textsInForce(ctx, r)
	if err != nil {
		return nil, err
	}
	for _, d := range texts {
		for _, e := range d.Evidence {
			q := Query{ID: d.Code + "/" + e.ID, Title: d.Code + ": " + strings.ReplaceAll(strings.TrimPrefix(e.ID, "ev-"), "-", " "), Code: d.Code, Clauses: []source.Clause{e.Clause}, CEL: e.CEL, Window: e.Window, Fresh: e.Fresh}
			out = append(out, q.filled())
		}
	}
	slices.SortFunc(out, func(a, b Query) int { return strings.Compare(a.ID, b.ID) })
	return out, nil
}

func (q Query) filled() Query {
	if q.Threshold == 0 {
		q.Threshold = 100
	}
	if q.Empty == "" {
		q.Empty = Unknown
	}
	if q.Fresh == "" {
		q.Fresh = defaultFresh
	}
	return q
}

// FindQuery is the query of an id; NotFound when there is none.
func FindQuery(ctx context.Context, r store.Reader, id string) (Query, error) {
	all, err := Queries(ctx, r)
	if err != nil {
		return Query{}, err
	}
	for _, q := range all {
		if q.ID == id {
			return q, nil
		}
	}
	return Query{}, problem.New(problem.NotFound, "there is no evidence query %q", id)
}

// Row is a row that a query looked at.
type Row struct {
	ID    string
	At    time.Time // what a window looks at; zero for a state
	State query.State
	Why   string // of an unclear one
	Value query.Row
}

// Result is what a query found as of an instant.
type Result struct {
	ID      string // evq_…; "" when it is not sealed
	Query   Query  // as it was asked
	At      time.Time
	Seq     int64 // entry that seals it
	Head    int64 // newest entry that it saw
	State   State
	Holding int
	Failing int
	Unclear int
	Newest  time.Time // instant of the newest row, zero when rows are states
	Digest  string    // SHA-256 of the rows, hexadecimal
	Fails   []string  // ids of rows that fail or are unclear, the first of them
}

// Looked is the number of rows that the query looked at.
func (r Result) Looked() int { return r.Holding + r.Failing + r.Unclear }

// Standing is what the result says at an instant: a result that is too old says nothing for certain.
func (r Result) Standing(now time.Time) State {
	if r.At.IsZero() {
		return Unknown
	}
	if r.State != Unknown && now.After(r.Query.Fresh.After(r.At)) {
		return Stale
	}
	return r.State
}

// keptFails bounds the ids that a sealed result names.
const keptFails = 200

// Evidence evaluates queries.
type Evidence struct{ DB *store.DB }

// evaluation is one look at the records as of an instant; views are read once.
type evaluation struct {
	r      store.Reader
	as     view.AsOf
	loaded map[string][]query.Row
}

func newEvaluation(r store.Reader, as view.AsOf) *evaluation {
	return &evaluation{r: r, as: as, loaded: map[string][]query.Row{}}
}

func (e *evaluation) engine(ctx context.Context) (*query.Engine, error) {
	return query.New(view.Queryable(), query.Facts{Now: e.as.Now, Load: e.load, Target: func(id string, from time.Time) (time.Time, error) {
		return e.target(ctx, id, from)
	}})
}

func (e *evaluation) load(ctx context.Context, name string) ([]query.Row, error) {
	if rows, ok := e.loaded[name]; ok {
		return rows, nil
	}
	v, err := view.Find(name)
	if err != nil {
		return nil, err
	}
	rows, err := v.Load(ctx, e.r, e.as)
	if err == nil {
		e.loaded[name] = rows
	}
	return rows, err
}

// target asks the edition of STD-08 that was in force then.
func (e *evaluation) target(ctx context.Context, id string, from time.Time) (time.Time, error) {
	v, err := document.EffectiveAt(system(ctx), e.r, source.TargetsCode, e.as.Now)
	if err != nil {
		return time.Time{}, err
	}
	d, err := v.Parsed()
	if err != nil {
		return time.Time{}, err
	}
	t, ok := d.Target(id)
	if !ok {
		return time.Time{}, problem.New(problem.NotFound, "%s has no target %q", source.TargetsCode, id)
	}
	return t.Due(from), nil
}

// system reads what a view needs whoever asks: evidence is about the whole.
func system(ctx context.Context) context.Context {
	return store.WithActor(ctx, store.System("assurance"))
}

// ask judges the rows of a query.
func (e *evaluation) ask(ctx context.Context, q Query) (Result, []Row, error) {
	engine, err := e.engine(ctx)
	if err != nil {
		return Result{}, nil, err
	}
	compiled, err := engine.Compile(q.CEL)
	if err != nil {
		return Result{}, nil, problem.About(err, "evidence query %s", q.ID)
	}
	var since time.Time
	if q.Window != "" {
		since = q.Window.Before(e.as.Now)
	}
	judged, err := engine.Run(ctx, compiled, since)
	if err != nil {
		return Result{}, nil, problem.About(err, "evidence query %s", q.ID)
	}
	res := Result{Query: q, At: e.as.Now, Head: e.as.Head}
	rows := make([]Row, len(judged))
	h := sha256.New()
	for i, j := range judged {
		rows[i] = Row{ID: j.ID, At: j.At, State: j.State, Why: j.Why, Value: j.Row}
		line, err := json.Marshal([]any{j.ID, j.State, j.Row})
		if err != nil {
			return Result{}, nil, fmt.Errorf("seal rows: %w", err)
		}
		h.Write(append(line, '\n'))
		res.count(rows[i])
	}
	res.Digest = hex.EncodeToString(h.Sum(nil))
	res.judge(compiled.Some)
	return res, rows, nil
}

func (r *Result) count(row Row) {
	switch row.State {
	case query.Holds:
		r.Holding++
	case query.Fails:
		r.Failing++
	default:
		r.Unclear++
	}
	if row.State != query.Holds && len(r.Fails) < keptFails {
		r.Fails = append(r.Fails, row.ID)
	}
	if row.At.After(r.Newest) {
		r.Newest = row.At
	}
}

// judge says what the counted rows mean. Rows that could not be judged decide nothing: they leave it open when they could
// have decided it either way.
func (r *Result) judge(some bool) {
	all := r.Looked()
	enough := func(n int) bool { return n*100 >= r.Query.Threshold*all }
	if some {
		enough = func(n int) bool { return n > 0 }
	}
	switch {
	case all == 0:
		r.State = r.Query.Empty
	case enough(r.Holding):
		r.State = Passing
	case enough(r.Holding + r.Unclear):
		r.State = Unknown
	default:
		r.State = Failing
	}
	if some && all == 0 {
		r.State = Failing
	}
}

// now marks an instant that every later entry lies behind: no other change is on its way while an Update holds the head.
func (e Evidence) now(ctx context.Context) (view.AsOf, error) {
	a := view.AsOf{Present: true}
	err := e.DB.Update(system(ctx), func(tx *store.Tx) error {
		var err error
		a.Now = tx.Now
		a.Head, _, err = store.JournalHead(ctx, tx)
		return err
	})
	return a, err
}

// Evaluate asks a query now and seals the result.
func (e Evidence) Evaluate(ctx context.Context, query string) (Result, error) {
	if _, err := store.ScopeOf(ctx, KindEvaluated); err != nil {
		return Result{}, err
	}
	as, err := e.now(ctx)
	if err != nil {
		return Result{}, err
	}
	var res Result
	err = e.DB.View(ctx, func(r store.Reader) error {
		q, err := FindQuery(ctx, r, query)
		if err != nil {
			return err
		}
		res, _, err = newEvaluation(r, as).ask(ctx, q)
		return err
	})
	if err != nil {
		return Result{}, err
	}
	return e.seal(ctx, res)
}

// evaluated is the body of [KindEvaluated].
type evaluated struct {
	Result     string    `json:"result"`
	AsOf       time.Time `json:"as_of"`
	Head       int64     `json:"head"`
	State      State     `json:"state"`
	Holding    int       `json:"holding"`
	Failing    int       `json:"failing"`
	Unclear    int       `json:"unclear"`
	Rows       string    `json:"rows_sha256"`
	Definition string    `json:"definition_sha256"`
	Fails      []string  `json:"fails,omitempty"`
}

func (e Evidence) seal(ctx context.Context, res Result) (Result, error) {
	definition, err := json.Marshal(res.Query)
	if err != nil {
		return Result{}, err
	}
	if res.ID, err = id.New("evq"); err != nil {
		return Result{}, err
	}
	err = e.DB.Update(ctx, func(tx *store.Tx) error {
		sum := sha256.Sum256(definition)
		res.Seq, err = tx.Record(ctx, store.Event{Kind: KindEvaluated, Subject: res.Query.ID, Body: evaluated{Result: res.ID, AsOf: res.At, Head: res.Head, State: res.State,
			Holding: res.Holding, Failing: res.Failing, Unclear: res.Unclear, Rows: res.Digest, Definition: hex.EncodeToString(sum[:]), Fails: res.Fails}})
		if err != nil {
			return err
		}
		return insertResult(ctx, tx, res, string(definition))
	})
	if err != nil {
		return Result{}, fmt.Errorf("seal evidence %q: %w", res.Query.ID, err)
	}
	return res, nil
}

// Tick evaluates what has no result that is fresh enough to last until the next look, and returns how many. One query that
// cannot be asked does not keep the others from it.
func (e Evidence) Tick(ctx context.Context) (int, error) {
	as, err := e.now(ctx)
	if err != nil {
		return 0, err
	}
	var results []Result
	var faults []string
	err = e.DB.View(ctx, func(r store.Reader) error {
		all, err := Queries(ctx, r)
		if err != nil {
			return err
		}
		last, err := latest(ctx, r, as.Now)
		if err != nil {
			return err
		}
		look := newEvaluation(r, as)
		for _, q := range all {
			if !due(q, last[q.ID], as.Now) {
				continue
			}
			res, _, err := look.ask(ctx, q)
			switch {
			case problem.KindOf(err) != "":
				faults = append(faults, problem.Text(err))
				continue
			case err != nil:
				return err
			}
			results = append(results, res)
		}
		return nil
	})
	if err != nil {
		return 0, fmt.Errorf("evaluate evidence: %w", err)
	}
	for i, res := range results {
		if _, err := e.seal(ctx, res); err != nil {
			return i, err
		}
	}
	if len(faults) > 0 {
		return len(results), problem.New(problem.Invalid, "%d evidence queries cannot be asked: %s", len(faults), strings.Join(faults, "; "))
	}
	return len(results), nil
}

// due reports whether a query is to be asked again: before its result is stale, or when it is another question now.
func due(q Query, last Result, now time.Time) bool {
	if last.ID == "" {
		return true
	}
	was, err := json.Marshal(last.Query)
	if err != nil {
		return true
	}
	is, err := json.Marshal(q)
	if err != nil || string(was) != string(is) {
		return true
	}
	fresh := q.Fresh.After(last.At).Sub(last.At)
	return !now.Before(last.At.Add(fresh * 4 / 5))
}

// Replay asks a query as of a past instant: the same question as it was asked then, where a result of then is sealed. The
// second value is that sealed result, its ID "" when there is none.
func Replay(ctx context.Context, r store.Reader, query string, at time.Time) (Result, Result, []Row, error) {
	if _, err := store.ScopeOf(ctx, KindRead); err != nil {
		return Result{}, Result{}, nil, err
	}
	sealed, err := sealedAt(ctx, r, query, at)
	if err != nil {
		return Result{}, Result{}, nil, err
	}
	q := sealed.Query
	if sealed.ID == "" {
		if q, err = FindQuery(ctx, r, query); err != nil {
			return Result{}, Result{}, nil, err
		}
	}
	as, err := view.At(ctx, r, at)
	if err != nil {
		return Result{}, Result{}, nil, err
	}
	if sealed.ID != "" && sealed.At.Equal(at) {
		as.Head = sealed.Head // what was written in the same instant, but after it, is not seen
	}
	res, rows, err := newEvaluation(r, as).ask(ctx, q)
	return res, sealed, rows, err
}

// ReplayResult asks a sealed result's question again as of its instant.
func ReplayResult(ctx context.Context, r store.Reader, result string) (again, sealed Result, rows []Row, err error) {
	if sealed, err = GetResult(ctx, r, result); err != nil {
		return
	}
	again, _, rows, err = Replay(ctx, r, sealed.Query.ID, sealed.At)
	return
}
