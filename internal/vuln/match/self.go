package match

import (
	"slices"
	"strings"

	"triward/internal/vuln/naming"
)

// Inventories and SBOMs list a device among its own parts: as its hardware, its firmware, or the root of its SBOM. What is
// said there is said of the device, and what is known of the device holds for it.

// isSelf says that a part of this maker and name is the device. A part without maker may be.
func (p *Prepared) isSelf(vendor, called string) bool {
	if len(p.subjects) == 0 || p.subjects[0].kind != theDevice || called == "" {
		return false
	}
	d := &p.subjects[0]
	bare := naming.Bare(called)
	if holds := func(b string) bool { return b != "" && strings.Contains(bare, b) }; !slices.ContainsFunc(d.Bare, holds) && !slices.ContainsFunc(d.Codes, holds) {
		return false // most components of an SBOM
	}
	if vendor != "" && naming.Bare(vendor) != naming.Bare(d.said) && !naming.Meet(p.names.Makers(vendor), d.Makers) {
		return false
	}
	part := p.names.Read(p.asset.Vendor, called)
	return slices.ContainsFunc(part.Bare, func(b string) bool {
		return b != "" && (slices.Contains(d.Bare, b) || len(b) >= 4 && slices.ContainsFunc(p.asset.ModelNumbers, func(m string) bool { return naming.Bare(m) == b }))
	})
}

// isSelfFact says that a fact is about the device itself: its hardware or its firmware as a whole.
func (p *Prepared) isSelfFact(f *Fact) bool {
	switch f.Kind {
	case Hardware:
		return p.isSelf(f.Vendor, f.Product)
	case Firmware:
		words := strings.Fields(f.Product)
		if n := len(words); n > 1 && strings.EqualFold(words[n-1], "firmware") {
			words = words[:n-1]
		}
		return p.isSelf(f.Vendor, strings.Join(words, " "))
	}
	return false
}

// isSelfComponent says that a component is the whole. A package of an ecosystem is not, even where a device is called like it.
func (p *Prepared) isSelfComponent(c *Component) bool {
	return (c.PURL == "" || strings.HasPrefix(c.PURL, "pkg:generic/")) && p.isSelf(c.Group, c.Name)
}

// selfVersion gives a device without a version the one of its firmware or of its SBOM's component for the whole.
func (p *Prepared) selfVersion() {
	if len(p.subjects) == 0 || p.subjects[0].kind != theDevice {
		return
	}
	d := &p.subjects[0]
	if d.version != "" && d.source != fromName {
		return
	}
	set := func(version, source string) {
		d.version, d.facts.Version, d.source = version, version, source
		d.cpes = derived(d, cpeParts[Hardware])
	}
	for i := range p.asset.Facts {
		if f := &p.asset.Facts[i]; f.Kind == Firmware && f.Version != "" && p.isSelfFact(f) {
			set(f.Version, f.Source)
			return
		}
	}
	for i := range p.asset.Components {
		if c := &p.asset.Components[i]; c.Version != "" && p.isSelfComponent(c) {
			set(c.Version, "sbom")
			return
		}
	}
}

// ofDevice gives a part that is the device what is known of the device: its version where the part has none, its serial
// number, its dates.
func (p *Prepared) ofDevice(s *subject) {
	d := &p.subjects[0]
	s.self = true
	if s.version == "" {
		s.version, s.source = d.version, d.source
	}
	s.facts = d.facts
	s.facts.Version = s.version
	if len(s.Makers) == 0 {
		s.said, s.Makers = d.said, d.Makers
	}
}

// again is the device as a component of its SBOM records it: in another version.
func (p *Prepared) again(c *Component) subject {
	s := p.subjects[0]
	s.version, s.facts.Version, s.source = c.Version, c.Version, "sbom"
	s.cpes = derived(&s, cpeParts[Hardware])
	return s
}
