package web

import (
	"context"

	"triward/internal/device"
	"triward/internal/incident/capture"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/store"
)

// productPage is one model.
type productPage struct {
	Frame
	Model     product.Model
	Makes     product.Manufacturer
	Functions []functionRow
	Stage     product.Stage
	StageFrom product.Support
	Supports  []product.Support
	Releases  []releaseRow
	Facts     []product.Fact
	Devices   int
	InUse     int
	SeeFleet  bool
	SeeRisk   bool
	MayEdit   bool
	MayDrop   bool
	MayGuide  bool
	Guide     capture.Guide // what this house says to capture of its devices
	Release   *Form
	Support   *Form
	Fact      *Form
	History   []historyRow
}

func (productPage) template() string { return "product" }

type functionRow struct {
	Name string
	Harm risk.Severity // "" when it is not known
}

type releaseRow struct {
	product.Release
	Stage product.Stage
	SBOM  product.SBOM // zero when there is none
}

func (s *Server) productOf(v *visit) (productPage, error) {
	p := productPage{SeeFleet: v.may(device.KindRead), SeeRisk: v.may(risk.KindRead), MayEdit: v.may(product.KindModelChanged), MayDrop: v.may(product.KindFactWithdrawn), MayGuide: v.may(capture.KindWritten)}
	err := v.view(func(ctx context.Context, r store.Reader) error {
		id := product.ModelID(v.path("id"))
		var err error
		if p.Model, err = product.Get(ctx, r, id); err != nil {
			return err
		}
		if p.Guide, err = capture.Of(ctx, r, id); err != nil {
			return err
		}
		if p.Makes, err = product.GetManufacturer(ctx, r, p.Model.Manufacturer); err != nil {
			return err
		}
		for _, f := range p.Model.Functions {
			p.Functions = append(p.Functions, functionRow{f.Name, risk.SeverityOf(string(f.Harm))})
		}
		if p.Supports, err = product.Supports(ctx, r, id); err != nil {
			return err
		}
		p.Stage, p.StageFrom = product.StageAt(p.Supports, "", s.now())
		all, err := product.Releases(ctx, r, id)
		if err != nil {
			return err
		}
		for _, x := range all {
			row := releaseRow{Release: x}
			row.Stage, _ = product.StageAt(p.Supports, x.ID, s.now())
			if row.SBOM, err = product.CurrentSBOM(ctx, r, x.ID); err != nil && problem.KindOf(err) != problem.NotFound {
				return err
			}
			p.Releases = append(p.Releases, row)
		}
		if p.Facts, err = product.Facts(ctx, r, id, ""); err != nil {
			return err
		}
		if p.SeeFleet {
			counts, err := device.Counts(ctx, r)
			if err != nil {
				return err
			}
			for _, c := range counts {
				if c.Model == id {
					p.Devices += c.Devices
					if c.InUse == product.Yes {
						p.InUse += c.Devices
					}
				}
			}
		}
		p.History, err = history(ctx, r, string(id))
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Model.ManufacturerName+" "+p.Model.Name, urlProducts(), Link{urlProducts(), "Products"})
	p.forms(v)
	return p, nil
}

func (p *productPage) forms(v *visit) {
	base := urlProduct(p.Model.ID)
	var releases []Option
	for _, x := range p.Releases {
		releases = append(releases, Option{Value: string(x.ID), Text: x.Version})
	}
	if v.may(product.KindReleaseAdded) {
		f := Form{ID: "release", Action: base + "/releases", Submit: "Add the release"}.with(
			Field{Name: "version", Label: "Version", Kind: "text", Required: true}, Field{Name: "released", Label: "Released on", Kind: "date"}, Field{Name: "end_of_support", Label: "End of support", Kind: "date"})
		p.Release = &f
	}
	if v.may(product.KindSupportAsserted) {
		f := Form{ID: "support", Action: base + "/support", Submit: "Assert the stage"}.with(
			Field{Name: "release", Label: "Release", Kind: "select", Options: orNone("Every release", releases)},
			Field{Name: "stage", Label: "Stage", Kind: "select", Required: true, Options: options("", product.Stages())},
			Field{Name: "since", Label: "Since", Kind: "date", Required: true},
			Field{Name: "asserted_by", Label: "Who says so", Kind: "text", Required: true, Value: p.Model.ManufacturerName},
			Field{Name: "source", Label: "Source", Kind: "text", Help: "Document or address."})
		p.Support = &f
	}
	if v.may(product.KindFactRecorded) {
		f := factForm(base + "/facts")
		f = f.with(append([]Field{{Name: "release", Label: "Release", Kind: "select", Options: orNone("Every release", releases)}}, f.Fields...)...)
		p.Fact = &f
	}
}

func (s *Server) product(v *visit) error {
	p, err := s.productOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}

// productForm runs one of the forms of a model's page; on a fault the page comes back with it.
func (s *Server) productForm(v *visit, which func(p *productPage) *Form, act func(id product.ModelID, l *problem.List) (string, error)) error {
	if _, err := v.form(); err != nil {
		return err
	}
	var l problem.List
	notice, err := act(product.ModelID(v.path("id")), &l)
	if err == nil {
		return v.done(urlProduct(v.path("id")), notice)
	}
	if !validFault(err) {
		return err
	}
	p, perr := s.productOf(v)
	if perr != nil {
		return perr
	}
	f := which(&p)
	if f == nil {
		return err
	}
	f.fill(v.r.PostForm)
	f.blame(conflictAt(err, "version", "the model has this release already"))
	return v.again(p, err)
}

func (s *Server) releaseAdd(v *visit) error {
	return s.productForm(v, func(p *productPage) *Form { return p.Release }, func(id product.ModelID, l *problem.List) (string, error) {
		f := v.r.PostForm
		x := product.Release{Model: id, Version: f.Get("version"), Released: date(l, f, "released"), EndOfSupport: date(l, f, "end_of_support")}
		if err := l.Err("the release is not valid"); err != nil {
			return "", err
		}
		_, err := s.Catalog.AddRelease(v.r.Context(), x)
		return "The release is added.", err
	})
}

func (s *Server) supportAdd(v *visit) error {
	return s.productForm(v, func(p *productPage) *Form { return p.Support }, func(id product.ModelID, l *problem.List) (string, error) {
		f := v.r.PostForm
		x := product.Support{Model: id, Release: product.ReleaseID(f.Get("release")), Stage: product.Stage(f.Get("stage")), Since: date(l, f, "since"), AssertedBy: f.Get("asserted_by"), Source: f.Get("source")}
		l.Merge("", x.Validate())
		if err := l.Err("the support stage is not valid"); err != nil {
			return "", err
		}
		return "The stage is asserted.", s.Catalog.AssertSupport(v.r.Context(), x)
	})
}

func (s *Server) factAdd(v *visit) error {
	return s.productForm(v, func(p *productPage) *Form { return p.Fact }, func(id product.ModelID, _ *problem.List) (string, error) {
		f := v.r.PostForm
		_, err := s.Catalog.RecordFact(v.r.Context(), product.Fact{Model: id, Release: product.ReleaseID(f.Get("release")), Part: partOf(f.Get)})
		return "The fact is recorded. Devices of this model are matched again.", err
	})
}

func (s *Server) factWithdraw(v *visit) error {
	if err := s.Catalog.WithdrawFact(v.r.Context(), v.path("fact")); err != nil {
		return err
	}
	return v.done(urlProduct(v.path("id")), "The fact is withdrawn.")
}

// releasePage is one release with its SBOMs.
type releasePage struct {
	Frame
	Model   product.Model
	Release product.Release
	SBOMs   []product.SBOM
	Facts   []product.Fact
	Upload  *Form
	Compare []Option
}

func (releasePage) template() string { return "release" }

func (s *Server) releaseOf(v *visit) (releasePage, error) {
	var p releasePage
	err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		if p.Release, err = product.GetRelease(ctx, r, product.ReleaseID(v.path("release"))); err != nil {
			return err
		}
		if string(p.Release.Model) != v.path("id") {
			return problem.New(problem.NotFound, "the model has no such release")
		}
		if p.Model, err = product.Get(ctx, r, p.Release.Model); err != nil {
			return err
		}
		if p.SBOMs, err = product.SBOMs(ctx, r, p.Release.ID); err != nil {
			return err
		}
		p.Facts, err = product.Facts(ctx, r, p.Model.ID, p.Release.ID)
		return err
	})
	if err != nil {
		return p, err
	}
	p.Frame = v.frame(p.Model.Name+" "+p.Release.Version, urlProducts(), Link{urlProducts(), "Products"}, Link{urlProduct(p.Model.ID), p.Model.ManufacturerName + " " + p.Model.Name})
	if v.may(product.KindSBOMAdded) {
		f := Form{ID: "sbom", Action: urlRelease(p.Model.ID, p.Release.ID) + "/sbom", Submit: "Attach the SBOM", Upload: true}.with(
			Field{Name: "file", Label: "SBOM file", Kind: "file", Required: true, Help: "CycloneDX (JSON, XML) or SPDX (JSON, tag-value). It takes the place of the current one."})
		p.Upload = &f
	}
	return p, nil
}

func (s *Server) release(v *visit) error {
	p, err := s.releaseOf(v)
	if err != nil {
		return err
	}
	return v.show(p)
}
