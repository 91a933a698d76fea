package match

import (
	"slices"
	"strings"

	"triward/internal/cpe"
	"triward/internal/vers"
	"triward/internal/vuln/naming"
)

// Prepared is an asset with its names, numbers and identifiers taken apart once for many records. It is immutable.
type Prepared struct {
	asset    Asset
	names    *naming.Names
	subjects []subject
	byPURL   map[string][]int // key of a package -> subjects
	byName   map[string][]int // bare name -> subjects
	byCPE    map[string][]int // part:vendor:product -> subjects
	byMaker  map[string][]int // id of a manufacturer -> subjects that are not components
	byWord   []string         // words of a device without manufacturer
	keys     []string
}

type subjectKind uint8

const (
	theDevice subjectKind = iota
	aFact
	aComponent
)

// A subject is one thing of an asset that a record may name: the device, a known part of it, a software component.
type subject struct {
	kind subjectKind
	self bool // a part that is the device itself
	fact FactKind
	what string // "Philips IntelliVue MX40", "component openssl"
	said string // the manufacturer as written
	naming.Recorded
	version string
	source  string // who says the version
	facts   vers.Facts
	cpes    []cpe.Name
	purl    purlName
}

// fromName is the source of a version that stands in the name of the model.
const fromName = "model name"

// Prepare takes an asset apart. names may be nil.
func Prepare(a Asset, names *naming.Names) *Prepared {
	if names == nil {
		names = naming.Builtin()
	}
	p := &Prepared{asset: a, names: names, byPURL: map[string][]int{}, byName: map[string][]int{}, byCPE: map[string][]int{}, byMaker: map[string][]int{}}
	p.subjects = make([]subject, 0, 1+len(a.Facts)+len(a.Components))
	if a.Model != "" || len(a.ModelNumbers) > 0 {
		p.device()
		p.selfVersion()
	}
	for i := range a.Facts {
		if f := &a.Facts[i]; f.Kind != Other && (f.Product != "" || f.CPE != "") {
			p.fact(f)
		}
	}
	for i := range a.Components {
		p.component(&a.Components[i])
	}
	for i := range p.subjects {
		p.subjects[i].Index()
		for j := range p.subjects[i].cpes {
			p.subjects[i].cpes[j] = comparable(p.subjects[i].cpes[j])
		}
	}
	p.index()
	return p
}

func (p *Prepared) device() {
	a := &p.asset
	s := subject{kind: theDevice, what: strings.TrimSpace(a.Vendor + " " + a.Model), said: a.Vendor, version: a.Version, source: "device record"}
	called := a.Model
	if called == "" {
		called = strings.Join(a.ModelNumbers, " ")
	}
	s.Recorded = p.names.Read(a.Vendor, called)
	for _, m := range a.ModelNumbers {
		s.AddCode(m)
	}
	if lead, version := cutVersion(s.version); lead != "" && s.designated(lead) { // "MX40 B.06.18" under the model MX40
		s.version = version
	}
	s.facts = vers.Facts{Version: s.version, Serial: a.Serial, Models: slices.Clone(a.ModelNumbers)}
	if t := a.Manufactured; !t.IsZero() {
		s.facts.Manufactured = vers.Date{Year: t.Year(), Month: int(t.Month()), Day: t.Day()}
	}
	for _, f := range a.Facts {
		if f.Kind == Other {
			s.value(f)
		}
	}
	if s.version == "" && len(s.InName) > 0 {
		s.version, s.source = s.InName[0], fromName
		s.facts.Version = s.version
	}
	s.cpes = derived(&s, cpeParts[Hardware])
	p.subjects = append(p.subjects, s)
}

// value reads a named value that has a place among the facts of a device.
func (s *subject) value(f Fact) {
	switch naming.Bare(f.Product) {
	case "revision", "hardwarerevision", "rev", "hwrevision", "hardwareversion":
		s.facts.Revision = f.Version
	case "build", "buildnumber", "softwarebuild":
		s.facts.Build = f.Version
	case "shipped", "shipdate", "shipmentdate", "deliverydate", "distributed":
		s.facts.Shipped = isoDate(f.Version)
	case "manufactured", "manufacturedate", "manufacturingdate", "dateofmanufacture", "manufacturedate2":
		if s.facts.Manufactured.IsZero() {
			s.facts.Manufactured = isoDate(f.Version)
		}
	case "softwareversion", "firmwareversion", "swversion", "fwversion":
		if s.version == "" {
			s.version, s.facts.Version, s.source = f.Version, f.Version, f.Source
		}
	case "modelnumber", "partnumber", "catalognumber", "refnumber", "mlfb", "ordernumber", "sku":
		if naming.Bare(f.Version) != "" {
			s.AddCode(f.Version)
			s.facts.Models = append(s.facts.Models, f.Version)
		}
	}
}

func isoDate(s string) vers.Date {
	var d vers.Date
	parts := strings.SplitN(strings.TrimSpace(s), "-", 3)
	for i, part := range parts {
		if i == 2 && len(part) > 2 {
			part = part[:2]
		}
		n := whole(part)
		if n <= 0 || i == 0 && len(part) != 4 || i > 0 && n > 31 {
			return vers.Date{}
		}
		switch i {
		case 0:
			d.Year = n
		case 1:
			d.Month = n
		case 2:
			d.Day = n
		}
	}
	return d
}

func (p *Prepared) fact(f *Fact) {
	self := p.isSelfFact(f)
	if self && f.CPE == "" && (f.Version == "" || f.Version == p.subjects[0].version) {
		return // the device says it
	}
	s := subject{kind: aFact, fact: f.Kind, what: strings.TrimSpace(string(f.Kind) + " " + f.Vendor + " " + f.Product), said: f.Vendor, version: f.Version, source: f.Source}
	s.Recorded = p.names.Read(f.Vendor, f.Product)
	if s.version == "" && len(s.InName) > 0 {
		s.version = s.InName[0]
	}
	s.facts = vers.Facts{Version: s.version}
	n, err := cpe.Parse(f.CPE)
	if self {
		if f.CPE != "" && err == nil && s.version == "" && n[cpe.Version].Kind() == cpe.Text {
			s.version = n[cpe.Version].Plain()
		}
		p.ofDevice(&s)
	}
	if f.CPE != "" && err == nil {
		if n[cpe.Version].Kind() == cpe.Any && s.version != "" {
			n[cpe.Version] = cpe.Of(s.version)
		}
		if n[cpe.Version].Kind() == cpe.Text && s.version == "" {
			s.version = n[cpe.Version].Plain()
			s.facts.Version = s.version
		}
		s.cpes = []cpe.Name{n}
		if s.Called == "" {
			s.what = string(f.Kind) + " " + f.CPE
		}
	} else {
		s.cpes = derived(&s, cpeParts[f.Kind])
	}
	p.subjects = append(p.subjects, s)
}

func (p *Prepared) component(c *Component) {
	self := p.isSelfComponent(c)
	if self && c.PURL == "" && len(c.CPEs) == 0 {
		if c.Version != "" && c.Version != p.subjects[0].version {
			p.subjects = append(p.subjects, p.again(c))
		}
		return // the device says it
	}
	s := subject{kind: aComponent, what: "component " + strings.TrimSpace(c.Name+" "+c.Version), Recorded: naming.Recorded{Called: c.Name}, version: c.Version, source: "sbom"}
	s.facts = vers.Facts{Version: c.Version}
	if c.PURL != "" {
		s.purl, _ = parsePURL(c.PURL)
		if s.version == "" {
			s.version = s.purl.version
			s.facts.Version = s.version
		}
	}
	if self {
		p.ofDevice(&s)
	}
	for _, text := range c.CPEs {
		if n, err := cpe.Parse(text); err == nil {
			if n[cpe.Version].Kind() == cpe.Any && s.version != "" {
				n[cpe.Version] = cpe.Of(s.version)
			}
			s.cpes = append(s.cpes, n)
		}
	}
	if s.purl.key == "" && len(s.cpes) == 0 {
		if c.Group != "" {
			s.said = c.Group
			s.Makers = p.names.Makers(c.Group)
		}
		s.Bare = []string{naming.Bare(c.Name)}
	}
	p.subjects = append(p.subjects, s)
}

// cpeParts are the parts of CPE names that a kind of fact may stand under: NVD lists firmware as an operating system.
var cpeParts = map[FactKind][]string{Hardware: {"h", "o"}, OS: {"o"}, Application: {"a"}, Firmware: {"o"}}

// derived are CPE names made of a manufacturer and a name where none is recorded. Vendor and product are compared in bare
// form, so that spelling does not matter; the answer says that the name was derived.
func derived(s *subject, parts []string) []cpe.Name {
	if len(s.Makers) == 0 || len(s.Names) == 0 {
		return nil
	}
	var out []cpe.Name
	for _, part := range parts {
		for _, b := range s.Bare {
			var n cpe.Name
			n[cpe.Part] = cpe.Of(part)
			n[cpe.Vendor] = cpe.Of(s.Makers[0])
			n[cpe.Product] = cpe.Of(b)
			if part == "o" && (s.fact == Firmware || s.fact == Hardware || s.kind == theDevice) {
				if !strings.HasSuffix(b, "firmware") {
					n[cpe.Product] = cpe.Of(b + "firmware")
				}
			}
			if s.version != "" && part != "h" {
				n[cpe.Version] = cpe.Of(s.version)
			}
			out = append(out, n)
		}
	}
	return out
}
