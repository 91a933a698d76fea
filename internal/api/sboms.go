package api

import (
	"context"
	"errors"
	"io"
	"net/http"

	"triward/apiv1"
	"triward/internal/product"
	"triward/internal/sbom"
	"triward/internal/store"
)

func (s *Server) sboms() {
	add(s, op{id: "sboms", route: "GET /releases/{id}/sboms", kind: product.KindRead, summary: "SBOMs of a release, the current one first"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.SBOM], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]product.SBOM, error) { return product.SBOMs(ctx, r, product.ReleaseID(in.ID)) })
			return list(all, wireSBOM), err
		})
	add(s, op{id: "attach-sbom", route: "POST /releases/{id}/sboms", kind: product.KindSBOMAdded, upload: product.MaxSBOMBytes, status: http.StatusCreated,
		accepts: []string{"application/octet-stream", "application/vnd.cyclonedx+json", "application/vnd.cyclonedx+xml", "application/spdx+json", "text/spdx"},
		summary: "Attach an SBOM (CycloneDX or SPDX) to a release; the one before is superseded"}, s.attachSBOM)
	add(s, op{id: "sbom", route: "GET /sboms/{id}", kind: product.KindRead, summary: "One SBOM"}, func(ctx context.Context, in *one) (apiv1.SBOM, error) {
		v, err := read(ctx, s, func(r store.Reader) (product.SBOM, error) { return product.GetSBOM(ctx, r, in.ID) })
		return wireSBOM(v), err
	})
	add(s, op{id: "components", route: "GET /sboms/{id}/components", kind: product.KindRead, summary: "Every component that an SBOM lists"},
		func(ctx context.Context, in *one) (apiv1.List[apiv1.Component], error) {
			all, err := read(ctx, s, func(r store.Reader) ([]product.Component, error) { return product.Components(ctx, r, in.ID) })
			return list(all, func(c product.Component) apiv1.Component { return apiv1.Component(c) }), err
		})
	stream(s, op{id: "sbom-file", route: "GET /sboms/{id}/file", kind: product.KindRead, summary: "An SBOM as it was received"}, "application/octet-stream",
		func(ctx context.Context, in *one, w io.Writer) error {
			b, err := read(ctx, s, func(r store.Reader) ([]byte, error) { return product.SBOMFile(ctx, r, in.ID) })
			if err != nil {
				return err
			}
			_, err = w.Write(b)
			return err
		})
	add(s, op{id: "diff-sboms", route: "GET /sboms/{id}/diff/{to}", kind: product.KindRead, summary: "How two SBOMs differ"}, s.diffSBOMs)
}

func (s *Server) attachSBOM(ctx context.Context, in *struct {
	ID string `path:"id" maxLength:"200"`
	apiv1.Upload
	File sentFile
}) (out apiv1.SBOMAttached, err error) {
	k, err := in.File.keep(product.MaxSBOMBytes)
	if err != nil {
		return out, err
	}
	defer func() { err = errors.Join(err, k.close()) }()
	done, err := s.turn(ctx, k)
	if err != nil {
		return out, err
	}
	defer done()
	from, err := k.reader()
	if err != nil {
		return out, err
	}
	raw, err := io.ReadAll(from)
	if err != nil {
		return out, err
	}
	doc, err := sbom.Read(in.Name, raw)
	if err != nil {
		return out, err
	}
	id, err := s.Catalog.AttachSBOM(ctx, product.ReleaseID(in.ID), doc, raw)
	if err != nil {
		return out, err
	}
	v, err := read(ctx, s, func(r store.Reader) (product.SBOM, error) { return product.GetSBOM(ctx, r, id) })
	return apiv1.SBOMAttached{SBOM: wireSBOM(v), Notes: each(doc.Notes, func(n sbom.Note) string { return n.Path + " " + n.Text })}, err
}

func wireSBOM(v product.SBOM) apiv1.SBOM {
	return apiv1.SBOM{ID: v.ID, Model: string(v.Model), Release: string(v.Release), Digest: v.Digest, Format: string(v.Format), SpecVersion: v.SpecVersion,
		Name: v.Name, Made: v.Made, At: v.At, Components: v.Components, Superseded: v.Superseded}
}

type twoSBOMs struct {
	ID string `path:"id" maxLength:"200"`
	To string `path:"to" maxLength:"200"`
}

func (s *Server) diffSBOMs(ctx context.Context, in *twoSBOMs) (apiv1.SBOMDiff, error) {
	var docs [2]sbom.Document
	for i, id := range []string{in.ID, in.To} {
		body, err := read(ctx, s, func(r store.Reader) ([]byte, error) { return product.SBOMFile(ctx, r, id) })
		if err != nil {
			return apiv1.SBOMDiff{}, err
		}
		if docs[i], err = sbom.Read(id, body); err != nil {
			return apiv1.SBOMDiff{}, err
		}
	}
	d := sbom.Diff(docs[0], docs[1])
	return apiv1.SBOMDiff{From: in.ID, To: in.To, Added: each(d.Added, wireBrief), Removed: each(d.Removed, wireBrief), Unchanged: d.Unchanged,
		Changed: each(d.Changed, func(c sbom.Changed) apiv1.ComponentChanged {
			return apiv1.ComponentChanged{From: wireBrief(c.From), To: wireBrief(c.To), Matched: c.Matched,
				Changes: each(c.Changes, func(x sbom.Change) apiv1.Change { return apiv1.Change{Field: x.Field, Before: x.From, After: x.To} })}
		})}, nil
}

func wireBrief(b sbom.Brief) apiv1.ComponentBrief {
	return apiv1.ComponentBrief{Ref: b.Ref, Name: b.Name, Version: b.Version, PURL: b.PURL}
}
