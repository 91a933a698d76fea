package web

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"net/url"
	"runtime"
	"runtime/debug"
	"slices"
	"strconv"
	"strings"
	"time"

	"triward/internal/incident"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/vuln"
)

// journalPage browses everything that happened.
type journalPage struct {
	Frame
	Subject string
	Kind    string
	Kinds   []Option
	Keep    []Field // what the filters must not lose
	Columns Columns
	Rows    []historyRow
	Pager   Pager
	Head    int64
}

func (journalPage) template() string { return "journal" }

const entriesPerPage = 100

func journalQuery(v *visit) (store.JournalQuery, error) {
	q := store.JournalQuery{Subject: v.query("subject"), Order: store.NewestFirst, Limit: entriesPerPage}
	if k := v.query("kind"); k != "" {
		q.Kinds = []string{k}
	}
	n, err := strconv.ParseInt("0"+v.query("after"), 10, 64)
	if err != nil {
		return q, problem.New(problem.Invalid, "the page mark is not valid")
	}
	switch v.query("sort") {
	case "", "-entry":
		q.Before = n
	case "entry":
		q.Order, q.After = store.OldestFirst, n
	default:
		return q, problem.New(problem.Invalid, "%q is not an order of this list", v.query("sort"))
	}
	return q, nil
}

// mayJournal refuses who may read the journal in some places only: its entries are of all.
func (v *visit) mayJournal() error {
	if !v.actor.Scope("journal.read").All {
		return problem.New(problem.Forbidden, "the journal needs %q everywhere", "journal.read")
	}
	return nil
}

func (s *Server) journal(v *visit) error {
	if err := v.mayJournal(); err != nil {
		return err
	}
	p := journalPage{Frame: v.frame("Journal", urlJournal()), Subject: v.query("subject"), Kind: v.query("kind")}
	p.Keep = kept(v.r.URL.Query(), "kind", "subject")
	p.Columns = v.columns("-entry", Column{Name: "entry", Text: "Entry", Num: true, Fixed: true, Sort: "-entry"}, Column{Name: "at", Text: "When"}, Column{Name: "who", Text: "Who"},
		Column{Name: "what", Text: "What"}, Column{Name: "about", Text: "About"})
	p.Kinds = []Option{{"", "Every kind", p.Kind == ""}}
	for _, k := range people.Vocabulary() {
		if !k.Reads() {
			p.Kinds = append(p.Kinds, Option{k.Name, eventWords(k.Name), p.Kind == k.Name})
		}
	}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		q, err := journalQuery(v)
		if err != nil {
			return err
		}
		all, err := store.Journal(ctx, r, q)
		if err != nil {
			return err
		}
		if all, err = incident.Withhold(ctx, r, all); err != nil {
			return err
		}
		next := ""
		if len(all) == entriesPerPage {
			next = strconv.FormatInt(all[len(all)-1].Seq, 10)
		}
		for _, e := range all {
			row := historyOf(e)
			row.URL = v.subjectURL(e.Subject)
			p.Rows = append(p.Rows, row)
		}
		p.Pager = pager(v.r.URL, next, len(all))
		p.Pager.CSV = queryURL("/journal.csv", v.r.URL.RawQuery)
		p.Head, _, err = store.JournalHead(ctx, r)
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) journalCSV(v *visit) error {
	if err := v.mayJournal(); err != nil {
		return err
	}
	q, err := journalQuery(v)
	if err != nil {
		return err
	}
	q.Before, q.After, q.Limit = 0, 0, 1000
	return v.csv("journal.csv", []string{"entry", "at", "actor", "actor_name", "kind", "subject", "site", "product", "hash", "body"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		all, err := store.Journal(ctx, r, q)
		if err == nil {
			all, err = incident.Withhold(ctx, r, all)
		}
		var out [][]string
		for _, e := range all {
			if q.Order == store.OldestFirst {
				q.After = e.Seq
			} else {
				q.Before = e.Seq
			}
			out = append(out, []string{strconv.FormatInt(e.Seq, 10), e.At.Format(time.RFC3339Nano), e.Actor, e.ActorName, e.Kind, e.Subject, e.Site, e.Product, hex.EncodeToString(e.Hash), string(e.Body)})
		}
		return out, len(all) == 1000, err
	})
}

// entryPage is one entry of the journal.
type entryPage struct {
	Frame
	Entry      store.Entry
	Row        historyRow
	Body       string
	Hash, Prev string
	Link       string
}

func (entryPage) template() string { return "entry" }

func (s *Server) entry(v *visit) error {
	if err := v.mayJournal(); err != nil {
		return err
	}
	seq, err := strconv.ParseInt(v.path("seq"), 10, 64)
	if err != nil || seq < 1 {
		return problem.New(problem.NotFound, "there is no such entry")
	}
	var all []store.Entry
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if all, err = store.Journal(ctx, r, store.JournalQuery{After: seq - 1, Limit: 1}); err == nil {
			all, err = incident.Withhold(ctx, r, all)
		}
		return err
	}); err != nil {
		return err
	}
	if len(all) == 0 {
		return problem.New(problem.NotFound, "there is no such entry")
	}
	e := all[0]
	p := entryPage{Frame: v.frame("Entry "+count(e.Seq), urlJournal(), Link{urlJournal(), "Journal"}), Entry: e, Row: historyOf(e), Hash: hex.EncodeToString(e.Hash), Prev: hex.EncodeToString(e.Prev), Link: v.subjectURL(e.Subject)}
	var b bytes.Buffer
	if json.Indent(&b, e.Body, "", "  ") == nil {
		p.Body = b.String()
	}
	return v.show(p)
}

// tablePage is the decision table with its versions.
type tablePage struct {
	Frame
	Table   risk.Table
	Matrix  []matrixRow
	May     bool
	Rows    []tableRow
	Form    Form
	History []historyRow
}

func (tablePage) template() string { return "table" }

type tableRow struct {
	Severity risk.Severity
	Cells    []Field
}

func (s *Server) tableOf(v *visit, values url.Values) (tablePage, error) {
	p := tablePage{Frame: v.frame("Decision table", urlTable()), May: v.may(risk.KindTableChanged)}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Table, err = risk.CurrentTable(ctx, r); err != nil {
			return err
		}
		p.History, err = history(ctx, r, "decision-table")
		return err
	})
	p.Matrix = matrix(p.Table, "", "")
	for _, row := range p.Matrix {
		t := tableRow{Severity: row.Severity}
		for _, c := range row.Cells {
			name := string(row.Severity) + string(c.Exploitability)
			now := string(c.Cell)
			if values != nil {
				now = values.Get(name)
			}
			t.Cells = append(t.Cells, Field{ID: "cell-" + name, Name: name, Label: string(row.Severity) + " and " + string(c.Exploitability),
				Options: options(now, []risk.Cell{risk.CellControlled, risk.CellNeedsControl, risk.CellUncontrolled})})
		}
		p.Rows = append(p.Rows, t)
	}
	p.Form = Form{ID: "table", Action: urlTable(), Submit: "Put version " + strconv.Itoa(p.Table.Version+1) + " in force"}.with(
		Field{Name: "reason", Label: "Why the table changes", Kind: "textarea", Required: true, Value: values.Get("reason"), Help: "All risks are ranked again. The reason stays in the journal with both versions."})
	return p, err
}

func (s *Server) table(v *visit) error {
	p, err := s.tableOf(v, nil)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) tableChange(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var t risk.Table
	for i, sev := range risk.Severities {
		for j, e := range risk.Exploitabilities {
			t.Cells[i][j] = risk.Cell(f.Get(string(sev) + string(e)))
		}
	}
	n, err := s.Tables.Change(v.r.Context(), t, f.Get("reason"))
	if err != nil {
		p, perr := s.tableOf(v, f)
		if perr != nil {
			return perr
		}
		if p.Form.blame(err) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlTable(), "Version "+strconv.Itoa(n)+" is in force. All risks are ranked again.")
}

// namesPage keeps the names that mean the same.
type namesPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []vuln.Alias
	Pager   Pager
	Add     *Form
	MayDrop bool
}

func (namesPage) template() string { return "names" }

func (s *Server) namesOf(v *visit) (namesPage, error) {
	p := namesPage{Frame: v.frame("Names", urlNames()), MayDrop: v.may(vuln.KindAliasRemoved)}
	if v.may(vuln.KindAliasAdded) {
		f := Form{ID: "alias", Action: urlNames(), Submit: "Add the name"}.with(
			Field{Name: "kind", Label: "Of a", Kind: "select", Required: true, Options: []Option{{"vendor", "Manufacturer", true}, {"product", "Product", false}}},
			Field{Name: "vendor", Label: "Manufacturer of the product", Kind: "text", Help: "For a product only."},
			Field{Name: "name", Label: "One name", Kind: "text", Required: true},
			Field{Name: "means", Label: "Means the same as", Kind: "text", Required: true},
			Field{Name: "reason", Label: "How this is known", Kind: "text", Required: true})
		p.Add = &f
	}
	p.Chips = []Chips{chips(v.r.URL, "Of a", "kind", [2]string{"vendor", "Manufacturer"}, [2]string{"product", "Product"})}
	p.Columns = v.columns("name", Column{Name: "name", Text: "Name", Fixed: true, Sort: "name"}, Column{Name: "means", Text: "Means", Sort: "means"}, Column{Name: "kind", Text: "Of a", Sort: "kind"},
		Column{Name: "reason", Text: "Known from"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := vuln.ListAliases(ctx, r)
		if err != nil {
			return err
		}
		counted(&p.Chips[0], func(kind string) int {
			return len(slices.DeleteFunc(slices.Clone(all), func(a vuln.Alias) bool { return string(a.Kind) != kind }))
		})
		p.Rows, err = aliasesOf(ctx, r, v)
		p.Pager = Pager{Shown: len(p.Rows), CSV: queryURL("/names.csv", v.r.URL.RawQuery)}
		return err
	})
	return p, err
}

// aliasesOf are the names that the address chooses, in its order.
func aliasesOf(ctx context.Context, r store.Reader, v *visit) ([]vuln.Alias, error) {
	all, err := vuln.ListAliases(ctx, r)
	if kind := v.query("kind"); kind != "" {
		all = slices.DeleteFunc(all, func(a vuln.Alias) bool { return string(a.Kind) != kind })
	}
	sorted(v, "name", all, map[string]func(a, b vuln.Alias) int{
		"name":  func(a, b vuln.Alias) int { return compareFold(a.Name, b.Name) },
		"means": func(a, b vuln.Alias) int { return compareFold(a.Means, b.Means) },
		"kind":  func(a, b vuln.Alias) int { return strings.Compare(string(a.Kind), string(b.Kind)) }})
	return all, err
}

func (s *Server) names(v *visit) error {
	p, err := s.namesOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) nameAdd(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	a := vuln.Alias{Kind: vuln.AliasKind(f.Get("kind")), Vendor: f.Get("vendor"), Name: f.Get("name"), Means: f.Get("means"), Reason: f.Get("reason")}
	if _, err := (vuln.NameAliases{DB: s.DB}).Add(v.r.Context(), a); err != nil {
		p, perr := s.namesOf(v)
		if perr != nil {
			return perr
		}
		p.Add.fill(f)
		if p.Add.blame(conflictAt(err, "name", "this name has a meaning already")) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlNames(), "The name is added. Everything is matched again.")
}

func (s *Server) nameRemove(v *visit) error {
	if err := (vuln.NameAliases{DB: s.DB}).Remove(v.r.Context(), v.path("id")); err != nil {
		return err
	}
	return v.done(urlNames(), "The name is removed. Everything is matched again.")
}

// systemPage is what runs here.
type systemPage struct {
	Frame
	Facts     []Figure
	Followers []followerRow
}

func (systemPage) template() string { return "system" }

type followerRow struct {
	Name string
	At   int64
	Left int64
}

func (s *Server) system(v *visit) error {
	p := systemPage{Frame: v.frame("System", urlSystem())}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		head, hash, err := store.JournalHead(ctx, r)
		if err != nil {
			return err
		}
		for _, name := range []string{"assessment", "device.derived", "ledger"} {
			at, err := store.Position(ctx, r, name)
			if err != nil {
				return err
			}
			p.Followers = append(p.Followers, followerRow{name, at, head - at})
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		goVersion := runtime.Version()
		if b, ok := debug.ReadBuildInfo(); ok {
			goVersion = b.GoVersion
		}
		p.Facts = []Figure{{Label: "Version", Value: s.Version}, {Label: "Go", Value: goVersion + " " + runtime.GOOS + "/" + runtime.GOARCH},
			{Label: "Database", Value: title(s.DB.Dialect())}, {Label: "Clock", Value: s.now().Format("2006-01-02 15:04:05 UTC")},
			{Label: "Memory", Value: count(m.HeapAlloc>>20) + " MiB of heap in use, " + count(m.Sys>>20) + " MiB from the system"}, {Label: "Goroutines", Value: count(runtime.NumGoroutine())},
			{Label: "Journal", Value: plural(head, "entry", "entries")}, {Label: "Head of the journal", Value: hex.EncodeToString(hash)}}
		return nil
	})
	if err != nil {
		return err
	}
	return v.show(p)
}
