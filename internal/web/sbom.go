package web

import (
	"context"
	"io"
	"slices"

	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/sbom"
	"triward/internal/store"
)

func (s *Server) sbomAdd(v *visit) error {
	err := s.attachSBOM(v)
	if err == nil {
		return v.done(urlRelease(v.path("id"), v.path("release")), "The SBOM is attached. Devices with this release are matched again.")
	}
	if !validFault(err) {
		return err
	}
	p, perr := s.releaseOf(v)
	if perr != nil {
		return perr
	}
	p.Upload.blame(err)
	return v.again(p, err)
}

const (
	// largeSBOM is the size in bytes from which an SBOM waits for its turn to be read: what is read of it is held in memory.
	largeSBOM = 4 << 20
	// largeComponents is the same for one that is stored.
	largeComponents = 5000
	// largeReads is how many of them are read at once.
	largeReads = 2
)

// readLarge waits for the turn to read a large file; the caller says when it is done.
func (s *Server) readLarge(ctx context.Context) (done func(), err error) {
	select {
	case s.reading <- struct{}{}:
		return func() { <-s.reading }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (s *Server) attachSBOM(v *visit) error {
	if _, err := v.form(); err != nil {
		return err
	}
	file, head, err := v.file("file")
	if err != nil {
		return err
	}
	defer file.Close()
	if head.Size > product.MaxSBOMBytes {
		var l problem.List
		l.Add("file", "is larger than %d MiB", product.MaxSBOMBytes>>20)
		return l.Err("the SBOM is too large")
	}
	if head.Size > largeSBOM {
		done, err := s.readLarge(v.r.Context())
		if err != nil {
			return err
		}
		defer done()
	}
	raw, err := io.ReadAll(io.LimitReader(file, product.MaxSBOMBytes))
	if err != nil {
		return err
	}
	doc, err := sbom.Read(head.Filename, raw)
	if err != nil {
		return err
	}
	_, err = s.Catalog.AttachSBOM(v.r.Context(), product.ReleaseID(v.path("release")), doc, raw)
	return err
}

// sbomPage is one bill of materials with its parts and how complete it is.
type sbomPage struct {
	Frame
	SBOM       product.SBOM
	Model      product.Model
	Release    product.Release
	Components []product.Component
	Shown      int
	Quality    *sbom.Quality
	Others     []Option
}

func (sbomPage) template() string { return "sbom" }

// componentsShown bounds the list on the page; the file has all.
const componentsShown = 1000

func (s *Server) sbomOf(ctx context.Context, r store.Reader, id string) (product.SBOM, sbom.Document, error) {
	b, err := product.GetSBOM(ctx, r, id)
	if err != nil {
		return b, sbom.Document{}, err
	}
	if b.Components > largeComponents {
		done, err := s.readLarge(ctx)
		if err != nil {
			return b, sbom.Document{}, err
		}
		defer done()
	}
	raw, err := product.SBOMFile(ctx, r, id)
	if err != nil {
		return b, sbom.Document{}, err
	}
	doc, err := sbom.Read(b.Name, raw)
	return b, doc, err
}

func (s *Server) sbom(v *visit) error {
	var p sbomPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		b, doc, err := s.sbomOf(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		p.SBOM = b
		q := sbom.Rate(doc)
		p.Quality = &q
		if p.Components, err = product.Components(ctx, r, b.ID); err != nil {
			return err
		}
		p.Components = p.Components[:min(len(p.Components), componentsShown)]
		p.Shown = len(p.Components)
		if p.Release, err = product.GetRelease(ctx, r, b.Release); err != nil {
			return err
		}
		if p.Model, err = product.Get(ctx, r, b.Model); err != nil {
			return err
		}
		p.Others, err = otherSBOMs(ctx, r, b)
		return err
	})
	if err != nil {
		return err
	}
	p.Frame = v.frame("SBOM of "+p.Model.Name+" "+p.Release.Version, urlProducts(), Link{urlProducts(), "Products"}, Link{urlProduct(p.Model.ID), p.Model.ManufacturerName + " " + p.Model.Name}, Link{urlRelease(p.Model.ID, p.Release.ID), p.Release.Version})
	return v.show(p)
}

// otherSBOMs are the bills of the same model to compare one with.
func otherSBOMs(ctx context.Context, r store.Reader, b product.SBOM) ([]Option, error) {
	all, err := product.Releases(ctx, r, b.Model)
	if err != nil {
		return nil, err
	}
	var out []Option
	for _, x := range all {
		boms, err := product.SBOMs(ctx, r, x.ID)
		if err != nil {
			return nil, err
		}
		for _, o := range boms {
			if o.ID != b.ID {
				out = append(out, Option{Value: o.ID, Text: x.Version + ", attached " + o.At.Format("2 Jan 2006 15:04") + " UTC"})
			}
		}
	}
	return out, nil
}

// sbomFile is the file as it was received.
func (s *Server) sbomFile(v *visit) error {
	var raw []byte
	if err := v.view(func(ctx context.Context, r store.Reader) (err error) {
		raw, err = product.SBOMFile(ctx, r, v.path("id"))
		return err
	}); err != nil {
		return err
	}
	v.attach("application/octet-stream", v.path("id")+".sbom")
	_, err := v.w.Write(raw)
	return ignoreGone(err)
}

// diffPage compares two bills of materials.
type diffPage struct {
	Frame
	Diff     sbom.Difference
	From, To product.SBOM
}

func (diffPage) template() string { return "diff" }

func (s *Server) sbomDiff(v *visit) error {
	if v.query("with") == "" {
		return problem.New(problem.Invalid, "choose the SBOM to compare with")
	}
	var p diffPage
	err := v.view(func(ctx context.Context, r store.Reader) error {
		a, from, err := s.sbomOf(ctx, r, v.path("id"))
		if err != nil {
			return err
		}
		b, to, err := s.sbomOf(ctx, r, v.query("with"))
		if err != nil {
			return err
		}
		p.From, p.To, p.Diff = a, b, sbom.Diff(from, to)
		return nil
	})
	if err != nil {
		return err
	}
	slices.SortFunc(p.Diff.Changed, func(a, b sbom.Changed) int { return compareFold(a.To.Name, b.To.Name) })
	p.Frame = v.frame("Difference of two SBOMs", urlProducts(), Link{urlProducts(), "Products"}, Link{urlProduct(p.From.Model), "Model"}, Link{urlSBOM(p.From.ID), "SBOM"})
	return v.show(p)
}
