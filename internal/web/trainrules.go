package web

import (
	"context"
	"net/url"
	"strconv"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/training"
)

// rulesPage is who must know what beyond what documents say themselves, and what missing training does.
type rulesPage struct {
	Frame
	Rules     []training.Rule
	Models    map[string]string
	Curricula []training.Curriculum
	Adopted   map[string]bool // codes of curricula that the library has
	Policy    training.Policy
	Acts      []act
	MayEnd    bool
}

func (rulesPage) template() string { return "trainrules" }

func urlTrainRules() string { return "/training/rules" }

func (s *Server) rulesOf(v *visit) (rulesPage, error) {
	p := rulesPage{Frame: v.frame("Rules of training", urlTraining(), Link{urlDocuments(), "Documents"}, Link{urlTraining(), "Training"}), Curricula: s.Desk.Curricula,
		Models: map[string]string{}, Adopted: map[string]bool{}, MayEnd: v.may(training.KindRuleEnded)}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Rules, err = training.Rules(ctx, r); err != nil {
			return err
		}
		if p.Policy, err = training.PolicyOf(ctx, r); err != nil {
			return err
		}
		for _, c := range p.Curricula {
			for _, code := range c.Documents {
				p.Adopted[code] = p.Adopted[code] || inLibrary(ctx, r, code)
			}
		}
		return p.addActs(ctx, r, v)
	})
	return p, err
}

func (p *rulesPage) addActs(ctx context.Context, r store.Reader, v *visit) error {
	codes, err := codesInForce(ctx, r)
	if err != nil {
		return err
	}
	var models []Option
	if v.may(product.KindRead) {
		page, err := product.Models(ctx, r, product.ModelQuery{Limit: 500})
		if err != nil {
			return err
		}
		for _, m := range page.Models {
			p.Models[string(m.ID)] = m.ManufacturerName + " " + m.Name
			models = append(models, Option{Value: string(m.ID), Text: m.ManufacturerName + " " + m.Name})
		}
	}
	kinds := func() []Option { return options(string(training.Read), training.Kinds()) }
	if v.may(training.KindRuleAdded) {
		p.Acts = append(p.Acts, act{Title: "Add a rule", First: true, Form: Form{ID: "rule", Action: urlTrainRules(), Submit: "Add the rule"}.with(
			Field{Name: "function", Label: "Function", Kind: "select", Required: true, Options: orNone("Choose a function", functionOptions(nil))},
			Field{Name: "code", Label: "Document that it must know", Kind: "select", Required: true, Options: orNone("Choose a document", codes)},
			Field{Name: "product", Label: "Model", Kind: "select", Options: orNone("Any", models)},
			Field{Name: "kind", Label: "Shown by", Kind: "select", Options: kinds()},
			Field{Name: "due_days", Label: "Days to complete it", Kind: "text", Mode: "numeric", Value: "14"},
			Field{Name: "recert_months", Label: "Months until it is due again", Kind: "text", Mode: "numeric", Value: "0", Help: "0: once."},
			reasonField("Reason"))})
	}
	people, err := colleagues(ctx, r, v, "")
	if err != nil {
		return err
	}
	if v.may(training.KindAssigned) && len(people) > 0 {
		p.Acts = append(p.Acts, act{Title: "Assign to one person", Form: Form{ID: "assign", Action: "/training/assign", Submit: "Assign"}.with(
			Field{Name: "account", Label: "Person", Kind: "select", Required: true, Options: orNone("Choose a person", people)},
			Field{Name: "code", Label: "Document", Kind: "select", Required: true, Options: orNone("Choose a document", codes)},
			Field{Name: "kind", Label: "Shown by", Kind: "select", Options: kinds()}, Field{Name: "due", Label: "Due", Kind: "date", Help: "Empty: in 14 days."}, reasonField("Reason"))})
	}
	if v.may(training.KindPolicyChanged) {
		strict := []training.Strictness{training.Off, training.Warn, training.Block}
		p.Acts = append(p.Acts, act{Title: "What missing training does", Form: Form{ID: "policy", Action: "/training/policy", Submit: "Change it"}.with(
			Field{Name: "signing", Label: "To who wants to sign", Kind: "select", Options: options(string(p.Policy.Signing), strict), Help: "That something was read can always be signed."},
			Field{Name: "functions", Label: "To who acts for a function or is given a role", Kind: "select", Options: options(string(p.Policy.Functions), strict)}, reasonField("Reason"))})
	}
	return nil
}

// codesInForce are the documents in force, to choose from.
func codesInForce(ctx context.Context, r store.Reader) ([]Option, error) {
	var out []Option
	q := document.Query{State: document.InForce, Limit: 500}
	for {
		page, err := document.Documents(ctx, r, q)
		if err != nil {
			return nil, err
		}
		for _, d := range page.Items {
			out = append(out, Option{Value: d.Code, Text: d.Code + " " + d.Title})
		}
		if q.After = page.Next; q.After == "" {
			return out, nil
		}
	}
}

func (s *Server) trainRules(v *visit) error {
	p, err := s.rulesOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// rulesAct does something on the page of rules.
func (s *Server) rulesAct(v *visit, form, notice string, do func(ctx context.Context, f url.Values) error) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err = do(v.r.Context(), f); err == nil {
		return v.done(urlTrainRules(), notice)
	}
	p, perr := s.rulesOf(v)
	if perr != nil {
		return perr
	}
	for i := range p.Acts {
		to := &p.Acts[i].Form
		if to.ID != form {
			continue
		}
		to.fill(f)
		if to.blame(err) {
			return v.again(p, err)
		}
	}
	return err
}

// number reads a field of a whole number; empty is 0.
func number(l *problem.List, f url.Values, name string) int {
	if f.Get(name) == "" {
		return 0
	}
	n, err := strconv.Atoi(f.Get(name))
	if err != nil {
		l.Add(name, "must be a whole number")
	}
	return n
}

func (s *Server) ruleAdd(v *visit) error {
	return s.rulesAct(v, "rule", "The rule holds. People are asked now.", func(ctx context.Context, f url.Values) error {
		var l problem.List
		x := training.Rule{Function: f.Get("function"), Code: f.Get("code"), Product: f.Get("product"), Kind: training.Kind(f.Get("kind")), Reason: f.Get("reason"),
			DueDays: number(&l, f, "due_days"), RecertMonths: number(&l, f, "recert_months")}
		l.Merge("", x.Validate())
		if err := l.Err("the rule is not valid"); err != nil {
			return err
		}
		_, err := s.Desk.AddRule(ctx, x)
		return err
	})
}

func (s *Server) ruleEnd(v *visit) error {
	return s.rulesAct(v, "", "The rule has ended.", func(ctx context.Context, f url.Values) error {
		return s.Desk.EndRule(ctx, v.path("rule"), f.Get("reason"))
	})
}

func (s *Server) trainAssign(v *visit) error {
	return s.rulesAct(v, "assign", "Assigned.", func(ctx context.Context, f url.Values) error {
		var l problem.List
		in := training.ByHand{Account: f.Get("account"), Code: f.Get("code"), Kind: training.Kind(f.Get("kind")), Reason: f.Get("reason"), Due: date(&l, f, "due")}
		for name, val := range map[string]string{"account": in.Account, "code": in.Code} {
			if val == "" {
				l.Add(name, "is required")
			}
		}
		if err := l.Err("the training cannot be assigned"); err != nil {
			return err
		}
		_, err := s.Desk.Assign(ctx, in)
		return err
	})
}

func (s *Server) trainPolicy(v *visit) error {
	return s.rulesAct(v, "policy", "The policy is changed.", func(ctx context.Context, f url.Values) error {
		return s.Desk.SetPolicy(ctx, training.Policy{Signing: training.Strictness(f.Get("signing")), Functions: training.Strictness(f.Get("functions"))}, f.Get("reason"))
	})
}

// effectPage is whether training on a document works.
type effectPage struct {
	Frame
	Doc     document.Document
	Rev     document.Revision
	Figures training.Figures
	Quiz    map[string]source.Question
	Checks  []checkRow
}

func (effectPage) template() string { return "effect" }

type checkRow struct {
	training.Check
	Form *Form
}

func (s *Server) effectOf(v *visit) (effectPage, error) {
	p := effectPage{Quiz: map[string]source.Question{}}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		var err error
		if p.Doc, err = document.ByCode(ctx, r, v.path("code")); err != nil {
			return err
		}
		if p.Rev, err = shownRevision(ctx, r, p.Doc, v.query("revision")); err != nil {
			return err
		}
		text, err := p.Rev.Parsed()
		if err != nil {
			return err
		}
		for _, q := range text.Quiz {
			p.Quiz[q.ID] = q
		}
		if p.Figures, err = s.Desk.FiguresOf(ctx, r, p.Rev.ID); err != nil {
			return err
		}
		all, err := training.Checks(ctx, r, p.Doc.Code)
		if err != nil {
			return err
		}
		for _, c := range all {
			row := checkRow{Check: c}
			if c.Verdict == training.Planned && v.may(training.KindChecked) {
				sign, err := v.signForm(ctx, r, signature.EffectivenessCheck)
				if err != nil {
					return err
				}
				row.Form = &Form{ID: "judge-" + c.ID, Action: "/training-checks/" + c.ID, Submit: "Sign the verdict", Sign: sign}
				*row.Form = row.Form.with(Field{Name: "code", Kind: "hidden", Value: p.Doc.Code},
					Field{Name: "verdict", Label: "Verdict", Kind: "select", Required: true, Options: options("", []training.Verdict{training.Effective, training.NotEffective})}, reasonField("Reason"))
			}
			p.Checks = append(p.Checks, row)
		}
		return nil
	})
	p.Frame = v.frame("Does training on "+p.Doc.Code+" work?", urlTraining(), Link{urlDocuments(), "Documents"}, Link{urlTraining(), "Training"})
	return p, err
}

func (s *Server) trainEffect(v *visit) error {
	p, err := s.effectOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) trainJudge(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	v.r.SetPathValue("code", f.Get("code"))
	err = s.Desk.Judge(v.r.Context(), v.path("id"), training.Judgement{Verdict: training.Verdict(f.Get("verdict")), Reason: f.Get("reason"), Factors: v.factors(f)})
	if err == nil {
		return v.done(path("documents", f.Get("code"), "training"), "The verdict is signed.")
	}
	p, perr := s.effectOf(v)
	if perr != nil {
		return perr
	}
	for _, row := range p.Checks {
		if row.ID == v.path("id") && row.Form != nil {
			row.Form.fill(f)
			if row.Form.blame(err) {
				return v.again(p, err)
			}
		}
	}
	return err
}
