package web

import (
	"context"
	"strings"

	"triward/internal/document"
	"triward/internal/document/source"
	"triward/internal/people"
	"triward/internal/problem"
	"triward/internal/store"
)

// functionsPage says who holds which function, themselves or for another.
type functionsPage struct {
	Frame
	Rows     []heldFunction
	Past     []document.Holder
	Names    map[string]string
	Assign   *Form
	Delegate *Form
}

func (functionsPage) template() string { return "functions" }

// heldFunction is a function with its holders of today and those to come.
type heldFunction struct {
	Word    string
	Holders []holderRow
}

type holderRow struct {
	document.Holder
	MayEnd bool
}

func (s *Server) functionsPage(v *visit) (functionsPage, error) {
	p := functionsPage{Frame: v.frame("Functions", urlFunctions(), Link{urlDocuments(), "Documents"}), Names: map[string]string{}}
	now := s.now()
	var mine []source.Function
	err := v.view(func(ctx context.Context, r store.Reader) error {
		all, err := document.Holdings(ctx, r)
		if err != nil {
			return err
		}
		rows := map[source.Function]*heldFunction{}
		for _, f := range source.Functions {
			rows[f.Function] = &heldFunction{Word: f.Word}
		}
		for _, h := range all {
			p.Names[h.Account] = h.Name
			switch row := rows[h.Function]; {
			case row == nil:
			case !h.Ended.IsZero() || !h.Until.IsZero() && !h.Until.After(now):
				p.Past = append(p.Past, h)
			default:
				row.Holders = append(row.Holders, holderRow{h, v.may(document.KindFunctionReleased) || h.DelegateOf == v.actor.ID && v.may(document.KindDelegated)})
				if h.Account == v.actor.ID && h.DelegateOf == "" {
					mine = append(mine, h.Function)
				}
			}
		}
		for _, f := range source.Functions {
			p.Rows = append(p.Rows, *rows[f.Function])
		}
		if v.may(document.KindFunctionAssigned) {
			f, err := assignForm(ctx, r)
			if err != nil {
				return err
			}
			p.Assign = &f
		}
		if len(mine) > 0 && v.may(document.KindDelegated) {
			f, err := delegateForm(ctx, r, mine)
			if err != nil {
				return err
			}
			p.Delegate = &f
		}
		return nil
	})
	return p, err
}

// personOptions are the people that something can be given to.
func personOptions(ctx context.Context, r store.Reader) ([]Option, error) {
	all, err := people.Choices(ctx, r, "", 500)
	out := make([]Option, len(all))
	for i, n := range all {
		out[i] = Option{Value: n.ID, Text: n.Name}
	}
	return out, err
}

func assignForm(ctx context.Context, r store.Reader) (Form, error) {
	who, err := personOptions(ctx, r)
	return Form{ID: "assign", Action: urlFunctions(), Submit: "Assign"}.with(
		Field{Name: "function", Label: "Function", Kind: "select", Required: true, Options: functionOptions(nil)},
		Field{Name: "account", Label: "Person", Kind: "select", Required: true, Options: who},
		Field{Name: "reason", Label: "Reason", Kind: "text", Required: true}), err
}

func delegateForm(ctx context.Context, r store.Reader, mine []source.Function) (Form, error) {
	who, err := personOptions(ctx, r)
	var own []Option
	for _, f := range mine {
		own = append(own, Option{Value: string(f), Text: f.Word()})
	}
	return Form{ID: "delegate", Action: urlFunctions() + "/delegate", Submit: "Delegate"}.with(
		Field{Name: "function", Label: "Your function", Kind: "select", Required: true, Options: own},
		Field{Name: "account", Label: "Acts for you", Kind: "select", Required: true, Options: who},
		Field{Name: "since", Label: "From", Kind: "date", Help: "Empty: from now."},
		Field{Name: "until", Label: "Until", Kind: "date", Required: true},
		Field{Name: "reason", Label: "Reason", Kind: "text", Required: true}), err
}

func (s *Server) functions(v *visit) error {
	p, err := s.functionsPage(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) functionAssign(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	_, err = s.Library.Assign(v.r.Context(), source.Function(f.Get("function")), f.Get("account"), strings.TrimSpace(f.Get("reason")))
	if err == nil {
		return v.done(urlFunctions(), "The function is assigned.")
	}
	p, perr := s.functionsPage(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, p.Assign, f, err)
}

func (s *Server) functionDelegate(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	var l problem.List
	h := document.Holder{Function: source.Function(f.Get("function")), Account: f.Get("account"), DelegateOf: v.actor.ID, Since: date(&l, f, "since"), Until: date(&l, f, "until"), Reason: strings.TrimSpace(f.Get("reason"))}
	if err = l.Err("the delegation is not valid"); err == nil {
		_, err = s.Library.Delegate(v.r.Context(), h)
	}
	if err == nil {
		return v.done(urlFunctions(), "The function is delegated.")
	}
	p, perr := s.functionsPage(v)
	if perr != nil {
		return perr
	}
	if p.Delegate == nil {
		return err
	}
	return v.correct(&p, p.Delegate, f, err)
}

func (s *Server) functionRelease(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	if err := s.Library.Release(v.r.Context(), v.path("id"), strings.TrimSpace(f.Get("reason"))); err != nil {
		return err
	}
	return v.done(urlFunctions(), "The function is released.")
}

// functionWord is a function in words, "" for none.
func functionWord(f any) string { return source.Function(text(f)).Word() }
