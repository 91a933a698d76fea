package web

import (
	"context"
	"net/url"
	"strconv"
	"strings"

	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
)

// productsPage lists the models.
type productsPage struct {
	Frame
	Search  string
	Chips   []Chips
	Columns Columns
	Keep    []Field // what a search must not lose
	Rows    []productRow
	Pager   Pager
	Empty   Empty
	MayNew  bool
}

func (productsPage) template() string { return "products" }

type productRow struct {
	product.Model
	Devices int
	Harm    risk.Severity // worst of its functions, "" when it is not known
}

func modelQuery(v *visit) product.ModelQuery {
	return product.ModelQuery{Class: product.SafetyClass(v.query("class")), Text: v.query("q"), Sort: v.query("sort"), After: v.query("after")}
}

func (s *Server) products(v *visit) error {
	q := modelQuery(v)
	var classes [][2]string
	for _, c := range product.SafetyClasses() {
		classes = append(classes, [2]string{string(c), title(c)})
	}
	p := productsPage{Frame: v.frame("Products", urlProducts()), Search: q.Text, Chips: []Chips{chips(v.r.URL, "Safety class", "class", classes...)}, MayNew: v.may(product.KindModelAdded),
		Empty: Empty{Title: "No product is known yet", Text: "An import adds the models that its file names; a manufacturer adds its own with releases and SBOMs."}}
	if v.r.URL.RawQuery != "" {
		p.Empty = Empty{Title: "No product fits", Text: "A search looks for the beginning of a manufacturer's or model's name.", Links: []Link{{urlProducts(), "Show all products"}}}
	}
	p.Keep = kept(v.r.URL.Query(), "q")
	p.Columns = v.columns("model", Column{Name: "model", Text: "Model", Fixed: true}, Column{Name: "manufacturer", Text: "Manufacturer", Sort: "model"},
		Column{Name: "class", Text: "Safety class", Sort: "class"}, Column{Name: "harm", Text: "Worst harm"}, Column{Name: "devices", Text: "Devices", Num: true},
		Column{Name: "changed", Text: "Changed", Extra: true, Sort: "-changed"})
	err := v.view(func(ctx context.Context, r store.Reader) error {
		page, err := product.Models(ctx, r, q)
		if err != nil {
			return err
		}
		if p.Rows, err = v.productRows(ctx, r, page.Models); err != nil {
			return err
		}
		if q.Text == "" {
			n, err := product.CountModels(ctx, r)
			if err != nil {
				return err
			}
			counted(&p.Chips[0], func(class string) int { return n[product.SafetyClass(class)] })
		}
		p.Pager = pager(v.r.URL, page.Next, len(p.Rows))
		p.Pager.CSV = queryURL("/products.csv", v.r.URL.RawQuery)
		return nil
	})
	if err != nil {
		return err
	}
	return v.show(p)
}

func (v *visit) productRows(ctx context.Context, r store.Reader, all []product.Model) ([]productRow, error) {
	devices := map[product.ModelID]int{}
	if v.may(device.KindRead) {
		counts, err := device.Counts(ctx, r)
		if err != nil {
			return nil, err
		}
		for _, c := range counts {
			devices[c.Model] += c.Devices
		}
	}
	out := make([]productRow, len(all))
	for i, m := range all {
		full, err := product.Get(ctx, r, m.ID)
		if err != nil {
			return nil, err
		}
		out[i] = productRow{full, devices[m.ID], risk.SeverityOf(string(full.WorstHarm()))}
	}
	return out, nil
}

func (s *Server) productsCSV(v *visit) error {
	q := modelQuery(v)
	q.After, q.Limit = "", 500
	header := []string{"id", "manufacturer", "model", "safety_class", "worst_harm", "udi_dis", "model_numbers", "devices"}
	return v.csv("products.csv", header, func(ctx context.Context, r store.Reader) ([][]string, bool, error) {
		page, err := product.Models(ctx, r, q)
		if err != nil {
			return nil, false, err
		}
		rows, err := v.productRows(ctx, r, page.Models)
		var out [][]string
		for _, m := range rows {
			out = append(out, []string{string(m.ID), m.ManufacturerName, m.Name, string(m.Class), string(m.WorstHarm()), strings.Join(m.DIs, ";"), strings.Join(m.Numbers, ";"), strconv.Itoa(m.Devices)})
		}
		q.After = page.Next
		return out, page.Next != "", err
	})
}

// functionLine is how a form writes a function: "harm: name".
func functionLines(fs []product.Function) string {
	var out []string
	for _, f := range fs {
		out = append(out, string(f.Harm)+": "+f.Name)
	}
	return strings.Join(out, "\n")
}

func (s *Server) modelForm(m product.Model) Form {
	if m.Class == "" {
		m.Class, m.MultiPatient = product.ClassNotKnown, product.NotKnown
	}
	return Form{ID: "model", Submit: "Save"}.with(
		Field{Name: "manufacturer", Label: "Manufacturer", Kind: "text", Value: m.ManufacturerName, Required: true},
		Field{Name: "name", Label: "Model", Kind: "text", Value: m.Name, Required: true},
		Field{Name: "safety_class", Label: "Safety class", Kind: "select", Required: true, Options: options(string(m.Class), product.SafetyClasses()), Help: "What the model does for a patient."},
		Field{Name: "functions", Label: "Clinical functions", Kind: "textarea", Value: functionLines(m.Functions), Placeholder: "catastrophic: delivers the infusion\nminor: shows the history",
			Help: "One on each line: the worst harm when it fails or lies (negligible, minor, serious, critical, catastrophic, unknown), a colon, the function. Unknown counts as the worst."},
		Field{Name: "multi_patient", Label: "One event can hurt several patients", Kind: "select", Required: true, Options: options(string(m.MultiPatient), product.Answers())},
		Field{Name: "patients_at_once", Label: "Patients that one device serves at once", Kind: "number", Value: strconv.Itoa(m.PatientsAtOnce), Help: "0: not known."},
		Field{Name: "model_numbers", Label: "Model, catalogue or part numbers", Kind: "textarea", Value: strings.Join(m.Numbers, "\n"), Help: "One on each line."},
		Field{Name: "udi_dis", Label: "UDI device identifiers", Kind: "textarea", Value: strings.Join(m.DIs, "\n"), Help: "One on each line."})
}

func modelFrom(f url.Values) (product.Model, error) {
	var l problem.List
	m := product.Model{Name: strings.TrimSpace(f.Get("name")), Class: product.SafetyClass(f.Get("safety_class")), MultiPatient: product.Answer(f.Get("multi_patient")), Numbers: lines(f.Get("model_numbers")), DIs: lines(f.Get("udi_dis"))}
	for _, line := range lines(f.Get("functions")) {
		harm, name, ok := strings.Cut(line, ":")
		if !ok {
			l.Add("functions", "%q has no colon after the harm", line)
			continue
		}
		m.Functions = append(m.Functions, product.Function{Name: strings.TrimSpace(name), Harm: product.Severity(strings.ToLower(strings.TrimSpace(harm)))})
	}
	if n := strings.TrimSpace(f.Get("patients_at_once")); n != "" {
		var err error
		if m.PatientsAtOnce, err = strconv.Atoi(n); err != nil {
			l.Add("patients_at_once", "must be a whole number")
		}
	}
	if strings.TrimSpace(f.Get("manufacturer")) == "" {
		l.Add("manufacturer", "is required")
	}
	return m, l.Err("the model is not valid")
}

func (s *Server) productNewPage(v *visit) formPage {
	f := s.modelForm(product.Model{})
	f.Action, f.Cancel, f.Submit = "/products/new", urlProducts(), "Add the model"
	return formPage{Frame: v.frame("Add a model", urlProducts(), Link{urlProducts(), "Products"}), Lead: "A manufacturer that is not known yet is added with it.", Form: f}
}

func (s *Server) productNew(v *visit) error { return v.show(s.productNewPage(v)) }

func (s *Server) productNewDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	m, err := modelFrom(f)
	if err == nil {
		err = s.DB.Update(v.r.Context(), func(tx *store.Tx) error {
			ctx := v.r.Context()
			if _, err := product.FindModel(ctx, tx, f.Get("manufacturer"), m.Name); problem.KindOf(err) != problem.NotFound {
				return orConflict(err, "name", "the manufacturer has a model of this name already")
			}
			var err error
			m.ID, err = product.EnsureModelTx(ctx, tx, f.Get("manufacturer"), m)
			return err
		})
	}
	if err != nil {
		p := s.productNewPage(v)
		p.Form.fill(f)
		if p.Form.blame(conflictAt(err, "udi_dis", "another model has one of these device identifiers")) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlProduct(m.ID), "The model is added.")
}

// orConflict is err, or a conflict at a field when there is none.
func orConflict(err error, field, reason string) error {
	if err != nil {
		return err
	}
	return &problem.Error{Kind: problem.Conflict, Message: "this was not accepted", Faults: []problem.Fault{{Path: field, Reason: reason}}}
}

func (s *Server) productEditPage(v *visit, m product.Model) formPage {
	f := s.modelForm(m)
	f.Action, f.Cancel = urlProduct(m.ID)+"/edit", urlProduct(m.ID)
	f.Fields[0].Help = "To move the model to another manufacturer, name one that is known."
	return formPage{Frame: v.frame("Change "+m.Name, urlProducts(), Link{urlProducts(), "Products"}, Link{urlProduct(m.ID), m.ManufacturerName + " " + m.Name}), Form: f}
}

func (s *Server) readModel(v *visit) (product.Model, error) {
	var m product.Model
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		m, err = product.Get(ctx, r, product.ModelID(v.path("id")))
		return err
	})
	return m, err
}

func (s *Server) productEdit(v *visit) error {
	m, err := s.readModel(v)
	if err != nil {
		return err
	}
	return v.show(s.productEditPage(v, m))
}

func (s *Server) productEditDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	before, err := s.readModel(v)
	if err != nil {
		return err
	}
	m, err := modelFrom(f)
	m.ID, m.Manufacturer = before.ID, before.Manufacturer
	if err == nil && product.FoldMaker(f.Get("manufacturer")) != product.FoldMaker(before.ManufacturerName) {
		m.Manufacturer, err = s.maker(v, f.Get("manufacturer"))
	}
	if err == nil {
		err = s.Catalog.ChangeModel(v.r.Context(), m)
	}
	if err != nil {
		p := s.productEditPage(v, before)
		p.Form.fill(f)
		if p.Form.blame(conflictAt(err, "name", "another model has this name or one of the device identifiers")) {
			return v.again(p, err)
		}
		return err
	}
	return v.done(urlProduct(m.ID), "The model is changed. Its devices are ranked again.")
}

// maker finds a manufacturer by its name.
func (s *Server) maker(v *visit, name string) (product.ManufacturerID, error) {
	after := ""
	var found product.ManufacturerID
	err := v.view(func(ctx context.Context, r store.Reader) error {
		for {
			all, err := product.Manufacturers(ctx, r, after, 1000)
			if err != nil || len(all) == 0 {
				return err
			}
			for _, m := range all {
				if product.FoldMaker(m.Name) == product.FoldMaker(name) {
					found = m.ID
					return nil
				}
			}
			after = all[len(all)-1].Name
		}
	})
	if err == nil && found == "" {
		err = &problem.Error{Kind: problem.Invalid, Message: "the model is not valid", Faults: []problem.Fault{{Path: "manufacturer", Reason: "is not known"}}}
	}
	return found, err
}
