package vuln

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"triward/internal/device"
	"triward/internal/product"
	"triward/internal/sbom"
	"triward/internal/store"
	"triward/internal/vuln/match"
)

// DeviceHolders reads the configuration of devices. Ids of devices that are retired, merged or unknown come back in gone.
func DeviceHolders(ctx context.Context, r store.Reader, ids []string) (holders []Holder, gone []string, err error) {
	ctx = store.WithActor(ctx, store.System("matcher"))
	names := make([]device.ID, len(ids))
	for i, id := range ids {
		names[i] = device.ID(id)
	}
	all, err := device.FactsOf(ctx, r, names)
	if err != nil {
		return nil, nil, fmt.Errorf("read devices to match: %w", err)
	}
	components := map[string][]match.Component{}
	there := map[string]bool{}
	for _, c := range all {
		if c.Device.State != device.Active {
			continue
		}
		there[string(c.Device.ID)] = true
		a := deviceAsset(c)
		if a.Components, err = sbomComponents(ctx, r, c.SBOM.ID, components); err != nil {
			return nil, nil, err
		}
		holders = append(holders, Holder{ID: string(c.Device.ID), Kind: "device", Model: string(c.Device.Model), Release: string(c.Device.Release), Asset: a})
	}
	for _, id := range ids {
		if !there[id] {
			gone = append(gone, id)
		}
	}
	return holders, gone, nil
}

// ReleaseHolders reads the configuration of the releases of models, whether devices have them or not: what a manufacturer
// must judge for every fielded version.
func ReleaseHolders(ctx context.Context, r store.Reader, models []string) ([]Holder, error) {
	ctx = store.WithActor(ctx, store.System("matcher"))
	var out []Holder
	components := map[string][]match.Component{}
	for _, id := range models {
		m, err := product.Get(ctx, r, product.ModelID(id))
		if err != nil {
			return nil, fmt.Errorf("read releases to match: %w", err)
		}
		releases, err := product.Releases(ctx, r, m.ID)
		if err != nil {
			return nil, fmt.Errorf("read releases to match: %w", err)
		}
		for _, rel := range releases {
			facts, err := product.Facts(ctx, r, m.ID, rel.ID)
			if err != nil {
				return nil, fmt.Errorf("read releases to match: %w", err)
			}
			a := match.Asset{Vendor: m.ManufacturerName, Model: m.Name, ModelNumbers: m.Numbers, Version: rel.Version, Facts: assetFacts(facts)}
			if len(m.DIs) == 1 {
				a.DI = m.DIs[0]
			}
			sbomID := ""
			if s, err := product.CurrentSBOM(ctx, r, rel.ID); err == nil {
				sbomID = s.ID
			}
			if a.Components, err = sbomComponents(ctx, r, sbomID, components); err != nil {
				return nil, err
			}
			out = append(out, Holder{ID: string(rel.ID), Kind: "release", Model: string(m.ID), Release: string(rel.ID), Asset: a})
		}
	}
	return out, nil
}

func deviceAsset(c device.Configuration) match.Asset {
	d := c.Device
	a := match.Asset{Vendor: d.RawVendor, Model: d.RawModel, Version: d.RawVersion, Serial: d.Serial, Lot: d.Lot, Manufactured: d.Manufactured, DI: d.DI}
	if c.Model.ID != "" {
		a.Vendor, a.Model, a.ModelNumbers = c.Model.ManufacturerName, c.Model.Name, c.Model.Numbers
	}
	if c.Release.ID != "" {
		a.Version = c.Release.Version
	}
	for _, p := range c.Own {
		a.Facts = append(a.Facts, partFact(p.Part))
	}
	a.Facts = append(a.Facts, assetFacts(c.Shared)...)
	for _, v := range d.Values {
		a.Facts = append(a.Facts, match.Fact{Kind: match.Other, Product: v.Name, Version: v.Value, Source: "device record", Confidence: string(product.Declared)})
	}
	return a
}

func assetFacts(facts []product.Fact) []match.Fact {
	out := make([]match.Fact, 0, len(facts))
	for _, f := range facts {
		out = append(out, partFact(f.Part))
	}
	return out
}

func partFact(p product.Part) match.Fact {
	return match.Fact{Kind: match.FactKind(p.Kind), Vendor: p.Vendor, Product: p.Product, Version: p.Version, CPE: p.CPE, Source: p.Source, Confidence: string(p.Confidence)}
}

func sbomComponents(ctx context.Context, r store.Reader, sbomID string, read map[string][]match.Component) ([]match.Component, error) {
	if sbomID == "" {
		return nil, nil
	}
	if c, ok := read[sbomID]; ok {
		return c, nil
	}
	parts, err := product.Components(ctx, r, sbomID)
	if err != nil {
		return nil, fmt.Errorf("read components of %s: %w", sbomID, err)
	}
	out := make([]match.Component, 0, len(parts))
	for _, p := range parts {
		c := match.Component{Ref: p.Ref, Name: p.Name, Group: p.Group, Version: p.Version, CPEs: p.CPEs, Hashes: p.Hashes}
		if len(p.PURLs) > 0 {
			c.PURL = p.PURLs[0]
		}
		out = append(out, c)
	}
	read[sbomID] = out
	return out, nil
}

// withoutIdentity is the asset without the facts that tell single devices apart. Most records do not ask for them, and
// without them the devices of one release share one configuration.
func withoutIdentity(a match.Asset) match.Asset {
	a.Serial, a.Lot, a.Manufactured = "", "", match.Asset{}.Manufactured
	a.Facts = slices.DeleteFunc(slices.Clone(a.Facts), func(f match.Fact) bool { return f.Kind == match.Other })
	return a
}

// asksIdentity reports whether an open answer could be settled by a fact that [withoutIdentity] leaves out.
func asksIdentity(settles string) bool {
	if settles == "" {
		return false
	}
	s := strings.ToLower(settles)
	return !strings.Contains(s, "software version") && !strings.HasPrefix(s, "version of")
}

// ComponentsOf turns the components of an SBOM into what is matched.
func ComponentsOf(parts []sbom.Component) []match.Component {
	out := make([]match.Component, 0, len(parts))
	for _, p := range parts {
		f := sbom.MatchFacts(p)
		c := match.Component{Ref: p.Ref, Name: p.Name, Group: p.Group, Version: f.Version, PURL: p.PURL, CPEs: f.CPEs}
		if c.PURL == "" && len(p.PURLs) > 0 {
			c.PURL = p.PURLs[0]
		}
		for _, h := range p.Hashes {
			c.Hashes = append(c.Hashes, strings.ToLower(strings.ReplaceAll(h.Alg, "-", ""))+":"+h.Value)
		}
		out = append(out, c)
	}
	return out
}
