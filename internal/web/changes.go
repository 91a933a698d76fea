package web

import (
	"context"
	"net/url"
	"strings"

	"triward/internal/document"
	"triward/internal/incident"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/store"
)

// changesPage lists the change requests.
type changesPage struct {
	Frame
	Chips   []Chips
	Columns Columns
	Rows    []document.Change
	Pager   Pager
	Empty   Empty
	MayNew  bool
}

func (changesPage) template() string { return "changes" }

func changeQuery(v *visit) document.ChangeQuery {
	return document.ChangeQuery{State: document.ChangeState(v.query("state")), Class: document.ChangeClass(v.query("class")), Code: v.query("code"), Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) changes(v *visit) error {
	q := changeQuery(v)
	var classes [][2]string
	for _, c := range document.ChangeClasses() {
		classes = append(classes, [2]string{string(c), title(c)})
	}
	p := changesPage{Frame: v.frame("Change requests", urlChanges(), Link{urlDocuments(), "Documents"}), MayNew: v.may(document.KindChangeOpened),
		Chips: []Chips{chips(v.r.URL, "State", "state", [2]string{"open", "Open"}, [2]string{"released", "Released"}, [2]string{"cancelled", "Cancelled"}), chips(v.r.URL, "Class", "class", classes...)},
		Columns: v.columns("-at", Column{Name: "change", Text: "Change request", Fixed: true, Sort: "title"}, Column{Name: "class", Text: "Class", Sort: "class"}, Column{Name: "state", Text: "State", Sort: "state"},
			Column{Name: "documents", Text: "Documents"}, Column{Name: "closed", Text: "Closed", Extra: true}, Column{Name: "at", Text: "Opened", Sort: "-at"}),
		Empty: Empty{Title: "No change request", Text: "A change request says why documents change, what else it touches, and lets several of them come into force at one instant."}}
	switch {
	case v.r.URL.RawQuery != "":
		p.Empty = Empty{Title: "No change request fits these filters", Text: "Take a filter away to see more.", Links: []Link{{urlChanges(), "Show all change requests"}}}
	case p.MayNew:
		p.Empty.Links = []Link{{urlChanges() + "/new", "Open a change request"}}
	}
	if q.Code != "" {
		p.Chips = append(p.Chips, narrowed(v, "Document", "code", q.Code))
	}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := document.Changes(ctx, r, q)
		if err != nil {
			return err
		}
		p.Rows, p.Pager = page.Items, pager(v.r.URL, page.Next, len(page.Items))
		p.Pager.CSV = queryURL("/changes.csv", v.r.URL.RawQuery)
		return countEach(p.Chips[:2], func(name, value string) (int, error) {
			one := q
			if name == "state" {
				one.State = document.ChangeState(value)
			} else {
				one.Class = document.ChangeClass(value)
			}
			return document.CountChanges(ctx, r, one)
		})
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) changesCSV(v *visit) error {
	q := changeQuery(v)
	q.After, q.Limit = "", 1000
	header := []string{"id", "title", "class", "state", "documents", "author", "opened", "closed", "reason"}
	return v.csv("changes.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := document.Changes(ctx, r, q)
		var out [][]string
		for _, c := range page.Items {
			out = append(out, []string{c.ID, c.Title, string(c.Class), string(c.State), strings.Join(codesOf(c), " "), c.AuthorName, stamp(c.At), stamp(c.Closed), c.Reason})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

func codesOf(c document.Change) []string {
	out := make([]string, len(c.Items))
	for i, it := range c.Items {
		out[i] = it.Code
	}
	return out
}

// openChanges are the open change requests that name a document, to choose from.
func openChanges(ctx context.Context, r store.Reader, code, chosen string) ([]Option, error) {
	page, err := document.Changes(ctx, r, document.ChangeQuery{State: document.ChangeOpen, Code: code, Limit: 200})
	out := make([]Option, len(page.Items))
	for i, c := range page.Items {
		out[i] = Option{c.ID, c.Title, c.ID == chosen}
	}
	return out, err
}

// changePage is one change request and how far its documents are.
type changePage struct {
	Frame
	Change  document.Change
	From    Link // what it comes from; the text is "" for nothing
	Rows    []changeRow
	Ready   bool
	MayEdit bool
	Cancel  *Form
	History []historyRow
}

func (changePage) template() string { return "change" }

// changeRow is a document of a change request, its revision, and what it waits for.
type changeRow struct {
	document.Item
	Revision  document.Revision // the zero value while none is begun
	Waits     string
	MayRevise bool
}

func (s *Server) changePage(v *visit) (changePage, error) {
	var p changePage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Change, err = document.ChangeOf(ctx, r, v.path("id")); err != nil {
			return err
		}
		waits, err := s.Library.AwaitingRelease(ctx, r, p.Change.ID)
		if err != nil {
			return err
		}
		mine, err := document.RevisionsOfChange(ctx, r, p.Change.ID)
		if err != nil {
			return err
		}
		open := p.Change.State == document.ChangeOpen
		for _, it := range p.Change.Items {
			row := changeRow{Item: it, Waits: waits[it.Code]}
			for _, x := range mine {
				if x.Code == it.Code {
					row.Revision = x
				}
			}
			row.MayRevise = open && row.Revision.ID == "" && v.may(document.KindRevisionOpened)
			p.Rows = append(p.Rows, row)
		}
		p.Ready = open && len(waits) == 0
		p.MayEdit = open && v.may(document.KindChangeEdited)
		if p.From, err = v.changeOrigin(ctx, r, p.Change.Source); err != nil {
			return err
		}
		p.History, err = history(ctx, r, p.Change.ID)
		return err
	})
	if p.Change.State == document.ChangeOpen && v.may(document.KindChangeClosed) {
		p.Cancel = &Form{ID: "cancel", Action: urlChange(p.Change.ID) + "/cancel", Submit: "Cancel it", Danger: true}
		*p.Cancel = p.Cancel.with(reasonField("Reason"))
	}
	p.Frame = v.frame(p.Change.Title, urlChanges(), Link{urlDocuments(), "Documents"}, Link{urlChanges(), "Change requests"})
	if err != nil {
		return p, err
	}
	p.Came, err = v.cameFrom(incident.Query{Link: p.Change.ID})
	return p, err
}

// changeOrigin is what a change request comes from, in words: a run by what it is about.
func (v *visit) changeOrigin(ctx context.Context, r store.Reader, source string) (Link, error) {
	if !strings.HasPrefix(source, "run_") {
		return Link{Text: source}, nil
	}
	if !v.may(procedure.KindRead) {
		return Link{Text: "a run"}, nil
	}
	x, err := procedure.Get(ctx, r, source)
	switch kindOf(err) {
	case problem.NotFound, problem.Forbidden:
		return Link{Text: "a run"}, nil
	}
	return Link{URL: urlRun(source), Text: "the run of " + x.Code + ", " + x.Subject}, err
}

func (s *Server) changeOne(v *visit) error {
	p, err := s.changePage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) changeCancel(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Library.CancelChange(v.r.Context(), v.path("id"), strings.TrimSpace(f.Get("reason"))); err != nil {
		p, perr := s.changePage(v)
		if perr != nil {
			return perr
		}
		if p.Cancel == nil {
			return err
		}
		p.Cancel.fill(f)
		if !p.Cancel.blame(err) {
			return err
		}
		return v.again(p, err)
	}
	return v.done(urlChanges(), "The change request is cancelled.")
}

func changeForm(c document.Change, action string) Form {
	items := make([]string, len(c.Items))
	for i, it := range c.Items {
		items[i] = strings.TrimSpace(it.Code + " " + it.Note)
	}
	impact := func(name, label, value, placeholder string) Field {
		return Field{Name: "impact." + name, Label: label, Kind: "textarea", Value: value, Required: true, Placeholder: placeholder}
	}
	notify := ""
	if c.NotifyOnly {
		notify = "yes"
	}
	return Form{ID: "change", Action: action, Submit: "Save", Cancel: urlChanges()}.with(
		Field{Name: "title", Label: "Title", Kind: "text", Value: c.Title, Required: true},
		Field{Name: "reason", Label: "Reason", Kind: "textarea", Value: c.Reason, Required: true},
		Field{Name: "class", Label: "Classification", Kind: "select", Required: true, Options: options(orText(string(c.Class), string(document.MinorChange)), document.ChangeClasses())},
		Field{Name: "items", Label: "Documents", Kind: "textarea", Value: strings.Join(items, "\n"), Required: true, Placeholder: "SOP-14 step declare", Help: "One on each line: the code, then what changes in it. All of them come into force at one instant."},
		impact("documents", "Impact on other documents", c.Impact.Documents, "None, because …"), impact("devices", "Impact on devices", c.Impact.Devices, "None, because …"),
		impact("training", "Impact on training", c.Impact.Training, "Who must know, and how"), impact("submissions", "Impact on submissions to authorities", c.Impact.Submissions, "None, because …"),
		impact("validation", "Impact on validation", c.Impact.Validation, "None, because …"),
		Field{Name: "notify_only", Label: "People who were trained before need only be told", Kind: "checkbox", Value: notify, Help: "For editorial and minor changes."})
}

func changeFrom(f url.Values) document.Change {
	get := func(name string) string { return strings.TrimSpace(f.Get(name)) }
	c := document.Change{Title: get("title"), Reason: get("reason"), Class: document.ChangeClass(get("class")), NotifyOnly: f.Get("notify_only") != "",
		Impact: document.Impact{Documents: get("impact.documents"), Devices: get("impact.devices"), Training: get("impact.training"), Submissions: get("impact.submissions"), Validation: get("impact.validation")}}
	for _, line := range lines(f.Get("items")) {
		code, note, _ := strings.Cut(line, " ")
		c.Items = append(c.Items, document.Item{Code: strings.ToUpper(code), Note: strings.TrimSpace(note)})
	}
	return c
}

func (s *Server) changeFormPage(v *visit, f Form) formPage {
	return formPage{Frame: v.frame("Change request", urlChanges(), Link{urlDocuments(), "Documents"}, Link{urlChanges(), "Change requests"}),
		Lead: "Say what each side must know. An impact that is none is said as none, with the reason.", Form: f}
}

func (s *Server) changeNew(v *visit) error {
	var c document.Change
	if code := v.query("code"); code != "" {
		c.Items = []document.Item{{Code: code}}
	}
	return v.show(s.changeFormPage(v, changeForm(c, urlChanges()+"/new")))
}

func (s *Server) changeNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	id, err := s.Library.OpenChange(v.r.Context(), changeFrom(f))
	if err != nil {
		return s.changeAgain(v, changeForm(document.Change{}, urlChanges()+"/new"), f, err)
	}
	return v.done(urlChange(id), "The change request is open.")
}

func (s *Server) changeAgain(v *visit, form Form, f url.Values, err error) error {
	form.fill(f)
	if !form.blame(err) {
		return err
	}
	return v.again(s.changeFormPage(v, form), err)
}

func (s *Server) changeEdit(v *visit) error {
	p, err := s.changePage(v)
	if err != nil {
		return err
	}
	return v.show(s.changeFormPage(v, changeForm(p.Change, urlChange(p.Change.ID)+"/edit")))
}

func (s *Server) changeEditDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	c := changeFrom(f)
	c.ID = v.path("id")
	if err := s.Library.EditChange(v.r.Context(), c); err != nil {
		return s.changeAgain(v, changeForm(c, urlChange(c.ID)+"/edit"), f, err)
	}
	return v.done(urlChange(c.ID), "The change request is saved. Decisions on its revisions are void.")
}
