package web

import (
	"context"
	"errors"
	"strconv"

	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// importsPage lists past imports.
type importsPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []device.Import
	Pager   Pager
	MayNew  bool
}

func (importsPage) template() string { return "imports" }

func importQuery(v *visit) device.ImportQuery {
	return device.ImportQuery{State: device.ImportState(v.query("state")), Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) imports(v *visit) error {
	p := importsPage{Frame: v.frame("Imports", urlImports()), MayNew: v.may(device.KindImported),
		Chips: []Chips{chips(v.r.URL, "State", "state", [2]string{"applying", "Running"}, [2]string{"done", "Done"})}}
	p.Columns = v.columns("-at", Column{Name: "file", Text: "File", Fixed: true, Sort: "name"}, Column{Name: "state", Text: "State", Sort: "state"}, Column{Name: "rows", Text: "Rows", Num: true},
		Column{Name: "added", Text: "Added", Num: true}, Column{Name: "changed", Text: "Changed", Num: true}, Column{Name: "same", Text: "Same", Num: true},
		Column{Name: "held", Text: "Held", Num: true}, Column{Name: "skipped", Text: "Skipped", Num: true}, Column{Name: "by", Text: "By"}, Column{Name: "at", Text: "When", Sort: "-at"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := device.Imports(ctx, r, importQuery(v))
		if err != nil {
			return err
		}
		p.Rows, p.Pager = page.Items, pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL("/imports.csv", v.r.URL.RawQuery)
		n, err := device.CountImports(ctx, r)
		counted(&p.Chips[0], func(state string) int { return n[device.ImportState(state)] })
		return err
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

// importNewPage asks for a file.
func (s *Server) importNewPage(v *visit) formPage {
	return formPage{Frame: v.frame("Import a fleet", urlImports(), Link{urlImports(), "Imports"}),
		Lead: "CSV of an inventory or maintenance system, a NetBox export, or a FHIR R4 bundle of devices. You see what it would do before anything is changed. The same file again updates, it never duplicates.",
		Form: Form{ID: "import", Action: "/imports/new", Submit: "Look at it first", Cancel: urlImports(), Upload: true}.with(
			Field{Name: "file", Label: "File", Kind: "file", Required: true, Accept: ".csv,.tsv,.txt,.json,.ndjson", Help: "At most 128 MiB and 500,000 rows."})}
}

func (s *Server) importNew(v *visit) error { return v.show(s.importNewPage(v)) }

// previewPage says what an import would do and how its columns are read.
type previewPage struct {
	Frame
	File    string
	Upload  string
	Table   bool // its columns can be mapped
	Columns []columnRow
	Preview device.Preview
	Action  string
	Message string
	Faults  []problem.Fault
	Shown   int
	Checked bool // compared with what is known
}

func (previewPage) template() string { return "preview" }

// columnRow is a column with what it is read as.
type columnRow struct {
	Name    string
	Header  string
	Example string
	Options []Option
}

// faultsShown bounds the faults on one page; the import keeps all.
const faultsShown = 100

// importPreview keeps the file and says what importing it would do; again with another mapping.
func (s *Server) importPreview(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	id := v.r.PostForm.Get("upload")
	if id == "" {
		file, head, err := v.file("file")
		if err != nil {
			p := s.importNewPage(v)
			p.Form.blame(err)
			return v.again(p, err)
		}
		defer file.Close()
		if id, err = s.waiting().Keep(v.r.Context(), head.Filename, file); err != nil {
			if !validFault(err) {
				return err
			}
			n := s.importNewPage(v)
			n.Form.blame(err)
			return v.again(n, err)
		}
	}
	p, err := s.previewOf(v, id)
	if err != nil {
		if validFault(err) {
			n := s.importNewPage(v)
			n.Form.blame(err)
			return v.again(n, err)
		}
		return err
	}
	return v.show(p)
}

// staged is a waiting file as read.
type staged struct {
	upload device.WaitingFile
	source fleetfile.Source
}

// waiting are the files between their preview and their import.
func (s *Server) waiting() device.Waiting { return device.Waiting{DB: s.DB} }

func (s *Server) readUpload(v *visit, id string) (staged, error) {
	x, f, err := s.waiting().Open(v.r.Context(), id)
	if err != nil {
		return staged{}, err
	}
	src, err := fleetfile.Open(x.Name, f)
	return staged{x, src}, err
}

// mapping is the guess with what the form chose.
func (v *visit) mapping(t fleetfile.Table) (fleetfile.Mapping, error) {
	m := fleetfile.Guess(t.Header)
	chosen := map[string]fleetfile.Field{}
	for i, h := range t.Header {
		if f := v.r.PostForm.Get("column-" + strconv.Itoa(i)); f != "" && fleetfile.Field(f) != m[i] {
			chosen[h] = fleetfile.Field(f)
		}
	}
	return m.With(t.Header, chosen)
}

func (s *Server) previewOf(v *visit, id string) (previewPage, error) {
	st, err := s.readUpload(v, id)
	if err != nil {
		return previewPage{}, err
	}
	p := previewPage{Frame: v.frame("Import "+st.upload.Name, urlImports(), Link{urlImports(), "Imports"}, Link{"/imports/new", "New import"}), File: st.upload.Name, Upload: id, Action: urlImports(),
		Table: st.source.Format == fleetfile.Delimited}
	var m fleetfile.Mapping
	if p.Table {
		if m, err = v.mapping(st.source.Table); err != nil {
			p.Message, p.Faults = "The columns cannot be read like this.", problem.FaultsOf(err)
			m = fleetfile.Guess(st.source.Table.Header)
		}
		p.Columns = columns(st.source.Table, m)
	}
	if p.Message == "" {
		p.Preview, err = s.Fleet.DryRun(v.r.Context(), st.source, m, 10)
		p.Checked = err == nil
		if problem.KindOf(err) == problem.Forbidden && len(problem.FaultsOf(err)) > 0 {
			p.Message, p.Faults = sentence(messageOf(err)), problem.FaultsOf(err)
			err = nil
		}
	} else {
		err = nil
	}
	p.cut()
	return p, err
}

func messageOf(err error) string {
	var e *problem.Error
	if errors.As(err, &e) {
		return e.Message
	}
	return ""
}

// cut keeps what one page can show.
func (p *previewPage) cut() {
	p.Shown = min(len(p.Preview.Faults), faultsShown)
	p.Faults = p.Faults[:min(len(p.Faults), faultsShown)]
}

func columns(t fleetfile.Table, m fleetfile.Mapping) []columnRow {
	out := make([]columnRow, len(t.Header))
	for i, h := range t.Header {
		out[i] = columnRow{Name: "column-" + strconv.Itoa(i), Header: h, Options: options(string(m[i]), fleetfile.Fields())}
		for j := range out[i].Options {
			if fleetfile.Field(out[i].Options[j].Value) == fleetfile.FieldFact {
				out[i].Options[j].Text = "Keep as a fact"
			}
			if fleetfile.Field(out[i].Options[j].Value) == fleetfile.FieldIgnore {
				out[i].Options[j].Text = "Leave out"
			}
		}
		for _, rec := range t.Records {
			if rec.Cells[i] != "" {
				out[i].Example = short(60, rec.Cells[i])
				break
			}
		}
	}
	return out
}

// importStart acknowledges the import and applies it in the background.
func (s *Server) importStart(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id := f.Get("upload")
	st, err := s.readUpload(v, id)
	if err != nil {
		return err
	}
	up := device.Upload{Name: st.upload.Name, Digest: st.upload.Digest, OnFault: device.Refuse}
	if f.Get("skip") == "yes" {
		up.OnFault = device.Skip
	}
	var m fleetfile.Mapping
	if st.source.Format == fleetfile.Delimited {
		if m, err = v.mapping(st.source.Table); err != nil {
			return err
		}
	}
	up.Rows, up.Faults = st.source.Rows(m)
	imp, err := s.Fleet.StartImport(v.r.Context(), up)
	if err != nil {
		if !validFault(err) {
			return err
		}
		p, perr := s.previewOf(v, id)
		if perr != nil {
			return perr
		}
		p.Message, p.Faults = sentence(messageOf(err)), problem.FaultsOf(err)
		p.cut()
		return v.again(p, err)
	}
	if err := s.waiting().Drop(v.r.Context(), id); err != nil {
		s.Log.Warn("upload not removed", "error", err)
	}
	s.background(v.r.Context(), "import", func(ctx context.Context) error {
		_, err := s.Fleet.RunImport(ctx, imp)
		return err
	})
	return v.redirect(urlImport(imp))
}

// importPage is one import and how it stands.
type importPage struct {
	Frame
	Import device.Import
	Share  int // percent applied
	Rows   []issueRow
	Pager  Pager
	Live   bool
}

func (importPage) template() string { return "import" }

type issueRow struct {
	device.Issue
	Tag string
}

const issuesPerPage = 200

func (s *Server) importOne(v *visit) error {
	id := device.ImportID(v.path("id"))
	var p importPage
	after := -fleetfile.MaxRows - 1
	if a := v.query("after"); a != "" {
		var err error
		if after, err = strconv.Atoi(a); err != nil {
			return problem.New(problem.Invalid, "the page mark is not valid")
		}
	}
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Import, err = device.GetImport(ctx, r, id); err != nil {
			return err
		}
		issues, err := device.Issues(ctx, r, id, after, issuesPerPage+1)
		if err != nil {
			return err
		}
		next := ""
		if len(issues) > issuesPerPage {
			issues = issues[:issuesPerPage]
			next = strconv.Itoa(issues[issuesPerPage-1].Position)
		}
		p.Rows, err = issueRows(ctx, r, issues)
		p.Pager = pager(v.r.URL, next, len(issues))
		p.Pager.CSV = urlImport(id) + "/issues.csv"
		return err
	})
	if err != nil {
		return err
	}
	p.Frame = v.frame(p.Import.Name, urlImports(), Link{urlImports(), "Imports"})
	p.Live = p.Import.State != device.Done
	if p.Import.Total > 0 {
		p.Share = 100 * p.Import.Applied / p.Import.Total
	}
	return v.show(p)
}

func issueRows(ctx context.Context, r store.Reader, all []device.Issue) ([]issueRow, error) {
	var ids []string
	for _, x := range all {
		if x.Device != "" {
			ids = append(ids, string(x.Device))
		}
	}
	briefs, err := device.Briefs(ctx, r, ids)
	names := map[device.ID]string{}
	for _, b := range briefs {
		names[b.ID] = deviceName(b)
	}
	out := make([]issueRow, len(all))
	for i, x := range all {
		out[i] = issueRow{x, names[x.Device]}
	}
	return out, err
}

func (s *Server) importIssues(v *visit) error {
	id, after := device.ImportID(v.path("id")), -fleetfile.MaxRows-1
	return v.csv("import-issues.csv", []string{"line", "outcome", "place", "reason", "device"}, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		issues, err := device.Issues(ctx, r, id, after, 1000)
		var out [][]string
		for _, x := range issues {
			after = x.Position
			out = append(out, []string{strconv.Itoa(x.Line), string(x.Outcome), x.Place, x.Reason, string(x.Device)})
		}
		return out, len(issues) == 1000, err
	})
}

// rowWords is a row of a file as understood.
func rowWords(r fleetfile.Row) []string {
	return nonEmpty(r.Vendor+" "+r.Model, r.Version, r.Site, r.Location, use(r.InUse))
}

func use(a product.Answer) string {
	switch a {
	case product.Yes:
		return "in use"
	case product.No:
		return "not in use"
	}
	return ""
}
