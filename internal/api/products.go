package api

import (
	"context"
	"net/http"
	"strings"

	"triward/apiv1"
	"triward/internal/product"
	"triward/internal/store"
)

func (s *Server) manufacturers() {
	add(s, op{id: "manufacturers", route: "GET /manufacturers", kind: product.KindRead, summary: "Manufacturers, by name"},
		func(ctx context.Context, in *struct{ apiv1.Cursor }) (apiv1.Page[apiv1.Manufacturer], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]product.Manufacturer, error) {
				return product.Manufacturers(ctx, r, in.After, in.Limit)
			})
			return page(all, lastOf(all, in.Limit, func(m product.Manufacturer) string { return strings.ToLower(m.Name) }), wireManufacturer), err
		})
	add(s, op{id: "add-manufacturer", route: "POST /manufacturers", kind: product.KindManufacturerAdded, summary: "Add a manufacturer", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.ManufacturerInput]) (apiv1.Made, error) {
			id, err := s.Catalog.AddManufacturer(ctx, product.Manufacturer{Name: in.Body.Name, Aliases: in.Body.Aliases})
			return apiv1.Made{ID: string(id)}, err
		})
	add(s, op{id: "manufacturer", route: "GET /manufacturers/{id}", kind: product.KindRead, summary: "One manufacturer"},
		func(ctx context.Context, in *one) (apiv1.Manufacturer, error) {
			m, err := read(ctx, s, func(r store.Reader) (product.Manufacturer, error) {
				return product.GetManufacturer(ctx, r, product.ManufacturerID(in.ID))
			})
			return wireManufacturer(m), err
		})
	act(s, op{id: "change-manufacturer", route: "PUT /manufacturers/{id}", kind: product.KindManufacturerChanged, summary: "Replace the names of a manufacturer"},
		func(ctx context.Context, in *oneWith[apiv1.ManufacturerInput]) error {
			return s.Catalog.ChangeManufacturer(ctx, product.Manufacturer{ID: product.ManufacturerID(in.ID), Name: in.Body.Name, Aliases: in.Body.Aliases})
		})
}

func wireManufacturer(m product.Manufacturer) apiv1.Manufacturer {
	return apiv1.Manufacturer{ID: string(m.ID), ManufacturerInput: apiv1.ManufacturerInput{Name: m.Name, Aliases: m.Aliases}}
}

func (s *Server) models() {
	add(s, op{id: "models", route: "GET /models", kind: product.KindRead, summary: "Models, by manufacturer and name"},
		func(ctx context.Context, in *struct{ apiv1.ModelQuery }) (apiv1.Page[apiv1.Model], error) {
			p, err := read(ctx, s, func(r store.Reader) (product.ModelPage, error) {
				return product.Models(ctx, r, product.ModelQuery{Manufacturer: product.ManufacturerID(in.Manufacturer), Class: product.SafetyClass(in.Class),
					Text: in.Text, Sort: in.Sort, After: in.After, Limit: in.Limit})
			})
			return page(p.Models, p.Next, wireModel), err
		})
	add(s, op{id: "add-model", route: "POST /models", kind: product.KindModelAdded, summary: "Add a model", status: http.StatusCreated},
		func(ctx context.Context, in *with[apiv1.ModelInput]) (apiv1.Made, error) {
			id, err := s.Catalog.AddModel(ctx, modelOf(in.Body))
			return apiv1.Made{ID: string(id)}, err
		})
	add(s, op{id: "model", route: "GET /models/{id}", kind: product.KindRead, summary: "One model"}, s.model)
	act(s, op{id: "change-model", route: "PUT /models/{id}", kind: product.KindModelChanged, summary: "Replace what is known of a model"},
		func(ctx context.Context, in *oneWith[apiv1.ModelInput]) error {
			m := modelOf(in.Body)
			m.ID = product.ModelID(in.ID)
			return s.Catalog.ChangeModel(ctx, m)
		})
	add(s, op{id: "model-facts", route: "GET /models/{id}/facts", kind: product.KindRead, summary: "Configuration facts of a model, or those that hold for a release"},
		func(ctx context.Context, in *struct {
			ID string `path:"id" maxLength:"200"`
			apiv1.FactQuery
		}) (apiv1.List[apiv1.Fact], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]product.Fact, error) {
				return product.Facts(ctx, r, product.ModelID(in.ID), product.ReleaseID(in.Release))
			})
			return list(all, wireFact), err
		})
	add(s, op{id: "record-model-fact", route: "POST /models/{id}/facts", kind: product.KindFactRecorded, summary: "Record a configuration fact of a model or a release", status: http.StatusCreated},
		func(ctx context.Context, in *oneWith[apiv1.FactInput]) (apiv1.Made, error) {
			id, err := s.Catalog.RecordFact(ctx, product.Fact{Model: product.ModelID(in.ID), Release: product.ReleaseID(in.Body.Release), Part: partOf(in.Body.Part)})
			return apiv1.Made{ID: id}, err
		})
	act(s, op{id: "withdraw-model-fact", route: "DELETE /model-facts/{id}", kind: product.KindFactWithdrawn, summary: "Say that a configuration fact of a model does not hold any more"},
		func(ctx context.Context, in *one) error { return s.Catalog.WithdrawFact(ctx, in.ID) })
	add(s, op{id: "model-support", route: "GET /models/{id}/support", kind: product.KindRead, summary: "Assertions about the support of a model and its releases"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Support], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]product.Support, error) {
				return product.Supports(ctx, r, product.ModelID(in.ID))
			})
			return list(all, wireSupport), err
		})
	act(s, op{id: "assert-support", route: "POST /models/{id}/support", kind: product.KindSupportAsserted, summary: "Assert the stage of support of a model or a release"},
		func(ctx context.Context, in *oneWith[apiv1.SupportInput]) error {
			return s.Catalog.AssertSupport(ctx, product.Support{Model: product.ModelID(in.ID), Release: product.ReleaseID(in.Body.Release), Stage: product.Stage(in.Body.Stage),
				AssertedBy: in.Body.AssertedBy, Since: day(in.Body.Since), Source: in.Body.Source})
		})
}

func wireSupport(v product.Support) apiv1.Support {
	return apiv1.Support{ID: v.ID, SupportInput: apiv1.SupportInput{Release: string(v.Release), Stage: string(v.Stage), AssertedBy: v.AssertedBy,
		Since: date(v.Since), Source: v.Source}, At: v.At}
}

func (s *Server) model(ctx context.Context, in *one) (apiv1.Model, error) {
	return read(ctx, s, func(r store.Reader) (apiv1.Model, error) {
		m, err := product.Get(ctx, r, product.ModelID(in.ID))
		if err != nil {
			return apiv1.Model{}, err
		}
		all, err := product.Supports(ctx, r, m.ID)
		out := wireModel(m)
		stage, _ := product.StageAt(all, "", s.DB.Now())
		out.WorstHarm, out.Stage = string(m.WorstHarm()), string(stage)
		return out, err
	})
}

func modelOf(in apiv1.ModelInput) product.Model {
	return product.Model{Manufacturer: product.ManufacturerID(in.Manufacturer), Name: in.Name, DIs: in.DIs, Numbers: in.Numbers, Class: product.SafetyClass(in.Class),
		MultiPatient: product.Answer(in.MultiPatient), PatientsAtOnce: in.PatientsAtOnce,
		Functions: each(in.Functions, func(f apiv1.Function) product.Function {
			return product.Function{Name: f.Name, Harm: product.Severity(f.Harm)}
		})}
}

func wireModel(m product.Model) apiv1.Model {
	return apiv1.Model{ID: string(m.ID), ManufacturerName: m.ManufacturerName, Changed: m.Changed,
		ModelInput: apiv1.ModelInput{Manufacturer: string(m.Manufacturer), Name: m.Name, DIs: m.DIs, Numbers: m.Numbers, Class: string(m.Class),
			MultiPatient: string(m.MultiPatient), PatientsAtOnce: m.PatientsAtOnce,
			Functions: each(m.Functions, func(f product.Function) apiv1.Function { return apiv1.Function{Name: f.Name, Harm: string(f.Harm)} })}}
}

func (s *Server) releases() {
	add(s, op{id: "releases", route: "GET /models/{id}/releases", kind: product.KindRead, summary: "Releases of a model, the newest first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Release], error) {
			return read(ctx, s, func(r store.Reader) (apiv1.List[apiv1.Release], error) {
				all, err := product.Releases(ctx, r, product.ModelID(in.ID))
				if err != nil {
					return apiv1.List[apiv1.Release]{}, err
				}
				said, err := product.Supports(ctx, r, product.ModelID(in.ID))
				return list(all, s.wireRelease(said)), err
			})
		})
	add(s, op{id: "add-release", route: "POST /models/{id}/releases", kind: product.KindReleaseAdded, summary: "Add a release to a model", status: http.StatusCreated},
		func(ctx context.Context, in *oneWith[apiv1.ReleaseInput]) (apiv1.Made, error) {
			r := releaseOf(in.Body)
			r.Model = product.ModelID(in.ID)
			id, err := s.Catalog.AddRelease(ctx, r)
			return apiv1.Made{ID: string(id)}, err
		})
	add(s, op{id: "release", route: "GET /releases/{id}", kind: product.KindRead, summary: "One release"}, func(ctx context.Context, in *one) (apiv1.Release, error) {
		return read(ctx, s, func(r store.Reader) (apiv1.Release, error) {
			v, err := product.GetRelease(ctx, r, product.ReleaseID(in.ID))
			if err != nil {
				return apiv1.Release{}, err
			}
			said, err := product.Supports(ctx, r, v.Model)
			return s.wireRelease(said)(v), err
		})
	})
	act(s, op{id: "change-release", route: "PUT /releases/{id}", kind: product.KindReleaseChanged, summary: "Replace version and dates of a release"},
		func(ctx context.Context, in *oneWith[apiv1.ReleaseInput]) error {
			was, err := read(ctx, s, func(r store.Reader) (product.Release, error) {
				return product.GetRelease(ctx, r, product.ReleaseID(in.ID))
			})
			if err != nil {
				return err
			}
			r := releaseOf(in.Body)
			r.ID, r.Model = was.ID, was.Model
			return s.Catalog.ChangeRelease(ctx, r)
		})
}

func releaseOf(in apiv1.ReleaseInput) product.Release {
	return product.Release{Version: in.Version, Released: day(in.Released), EndOfSupport: day(in.EndOfSupport)}
}

func (s *Server) wireRelease(said []product.Support) func(product.Release) apiv1.Release {
	now := s.DB.Now()
	return func(r product.Release) apiv1.Release {
		stage, _ := product.StageAt(said, r.ID, now)
		return apiv1.Release{ID: string(r.ID), Model: string(r.Model), Stage: string(stage),
			ReleaseInput: apiv1.ReleaseInput{Version: r.Version, Released: date(r.Released), EndOfSupport: date(r.EndOfSupport)}}
	}
}
