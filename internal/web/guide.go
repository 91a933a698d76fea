package web

import (
	"context"
	"strconv"
	"strings"

	"triward/internal/incident/capture"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
)

// urlGuide is what this house says to capture of devices of a model.
func urlGuide(model any) string { return path("products", text(model), "guide") }

// guidePageOf is the form that writes the guide of a model.
func (s *Server) guidePageOf(v *visit) (formPage, error) {
	var m product.Model
	var g capture.Guide
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if m, err = product.Get(ctx, r, product.ModelID(v.path("id"))); err == nil {
			g, err = capture.Of(ctx, r, m.ID)
		}
		return err
	})
	if err != nil {
		return formPage{}, err
	}
	p := formPage{Frame: v.frame("What to capture of "+m.Name, urlProducts(), Link{urlProducts(), "Products"}, Link{urlProduct(m.ID), m.Name}),
		Lead: "What people do before a device of this model loses power. It is shown on its devices, when evidence is registered, and where a device is to be swapped or switched off."}
	if g.Version > 0 {
		p.Lead += " Version " + strconv.Itoa(g.Version) + " by " + g.ActorName + ", " + g.Made.UTC().Format("2006-01-02") + "."
	}
	fields := []Field{{Name: "version", Kind: "hidden", Value: strconv.Itoa(g.Version)},
		{Name: "first", Label: "First: what is lost without power, or soon", Kind: "textarea", Value: strings.Join(g.First, "\n"), Help: "One thing a line."},
		{Name: "then", Label: "Then", Kind: "textarea", Value: strings.Join(g.Then, "\n")},
		{Name: "never", Label: "Never", Kind: "textarea", Value: strings.Join(g.Never, "\n")},
		{Name: "alone", Label: "It stands in the place of the guides of its class of device", Kind: "checkbox", Value: map[bool]string{true: "yes"}[g.Alone]}}
	if g.Version > 0 {
		fields = append(fields, reasonField("Why it changes"))
	}
	p.Form = Form{ID: "guide", Action: urlGuide(m.ID), Submit: "Keep it", Cancel: urlProduct(m.ID)}.with(fields...)
	return p, nil
}

func (s *Server) guide(v *visit) error {
	p, err := s.guidePageOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

func (s *Server) guideDone(v *visit) error {
	f, err := v.form()
	if err != nil {
		return err
	}
	version, err := strconv.Atoi(f.Get("version"))
	if err != nil {
		return problem.New(problem.Invalid, "the version is no number")
	}
	err = capture.Desk{DB: s.DB}.Write(v.r.Context(), capture.Guide{Model: product.ModelID(v.path("id")), Version: version, First: lines(f.Get("first")), Then: lines(f.Get("then")), Never: lines(f.Get("never")),
		Alone: f.Get("alone") != "", Reason: f.Get("reason")})
	if err == nil {
		return v.done(urlProduct(v.path("id")), "Kept.")
	}
	p, perr := s.guidePageOf(v)
	if perr != nil {
		return perr
	}
	return v.correct(&p, &p.Form, f, err)
}
