package vuln

import (
	"slices"
	"strings"

	"triward/internal/cpe"
	"triward/internal/vers"
)

// Prepared is an asset with its names, numbers and identifiers taken apart once for many records. It is immutable.
type Prepared struct {
	asset    Asset
	names    *Names
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
	kind    subjectKind
	fact    FactKind
	what    string // "Philips IntelliVue MX40", "component openssl"
	makers  []string
	said    string // the manufacturer as written
	called  string // the name as written
	names   [][]atom
	sigs    []sig           // of the names
	own     int             // how many of the names are its own; the others come from the table of names
	kinds   map[string]bool // words that say what kind of thing it is
	bare    []string        // the names in bare form
	codes   []string        // model and part numbers in bare form, with numbers out of the name
	version string
	inName  []string // versions that are a part of the name
	source  string   // who says the version
	facts   vers.Facts
	cpes    []cpe.Name
	purl    purlName
}

// Prepare takes an asset apart. names may be nil.
func Prepare(a Asset, names *Names) *Prepared {
	if names == nil {
		names = builtin()
	}
	p := &Prepared{asset: a, names: names, byPURL: map[string][]int{}, byName: map[string][]int{}, byCPE: map[string][]int{}, byMaker: map[string][]int{}}
	p.subjects = make([]subject, 0, 1+len(a.Facts)+len(a.Components))
	if a.Model != "" || len(a.ModelNumbers) > 0 {
		p.device()
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
		for _, name := range p.subjects[i].names {
			p.subjects[i].sigs = append(p.subjects[i].sigs, sigOfName(name, p.subjects[i].codes))
		}
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
	p.name(&s, a.Vendor, called)
	for _, m := range a.ModelNumbers {
		if b := bare(m); b != "" && !slices.Contains(s.codes, b) {
			s.codes = append(s.codes, b)
		}
	}
	s.facts = vers.Facts{Version: a.Version, Serial: a.Serial, Models: slices.Clone(a.ModelNumbers)}
	if t := a.Manufactured; !t.IsZero() {
		s.facts.Manufactured = vers.Date{Year: t.Year(), Month: int(t.Month()), Day: t.Day()}
	}
	for _, f := range a.Facts {
		if f.Kind == Other {
			s.value(f)
		}
	}
	if s.version == "" && len(s.inName) > 0 {
		s.version, s.source = s.inName[0], "model name"
		s.facts.Version = s.version
	}
	s.cpes = derived(&s, cpeParts[Hardware])
	p.subjects = append(p.subjects, s)
}

// value reads a named value that has a place among the facts of a device.
func (s *subject) value(f Fact) {
	switch bare(f.Product) {
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
		if b := bare(f.Version); b != "" {
			s.codes = append(s.codes, b)
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
		n := small(part)
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

// name fills in everything that follows from a manufacturer and a name.
func (p *Prepared) name(s *subject, vendor, called string) {
	s.called = called
	s.makers = p.names.makers(vendor)
	base, inner := brackets(strings.Join(strings.Fields(plain(called)), " "))
	if len(s.makers) == 0 {
		s.makers = p.leading(base)
	}
	var n naming
	base = n.versions(base)
	if n.said != "" {
		for v := range strings.SplitSeq(n.said, " | ") {
			s.inName = append(s.inName, strings.TrimLeft(strings.TrimSpace(v), "vV"))
		}
	}
	add := func(text string) {
		list := dropMaker(atoms(text), s.makers)
		if len(list) == 0 {
			return
		}
		s.names = append(s.names, list)
		if b := bareOf(list); b != "" && !slices.Contains(s.bare, b) {
			s.bare = append(s.bare, b)
		}
		for _, sl := range phraseOf(list) {
			if sl[0].class == number && len(sl[0].digits) >= 4 && !slices.Contains(s.codes, sl[0].s) {
				s.codes = append(s.codes, sl[0].s)
			}
		}
	}
	add(base)
	for _, in := range inner {
		switch {
		case codeLike(in.text):
			s.codes = append(s.codes, bare(in.text))
		case abbrev.MatchString(in.text) && strings.ToLower(in.text) != in.text:
			add(in.text)
		default:
			add(base + " " + in.text)
		}
	}
	if b := bare(called); b != "" && !slices.Contains(s.bare, b) {
		s.bare = append(s.bare, b)
	}
	if len(s.names) == 0 {
		return
	}
	s.own = len(s.names)
	own := expr{s.names[0], phraseOf(s.names[0])}
	for _, other := range p.names.others(s.makers, own) {
		add(other)
	}
	for _, id := range s.makers {
		for _, k := range p.names.kinds[id] {
			if extends(k.line.expr.phrase, s.names[0], nil) {
				if s.kinds == nil {
					s.kinds = map[string]bool{}
				}
				for _, a := range atoms(k.kind) {
					s.kinds[a.s] = true
				}
			}
		}
		for _, sold := range p.names.sold[id] {
			if compare(sold.product.expr.phrase, s.names[0], nil) == exact {
				s.makers = append(s.makers, sold.maker)
			}
		}
	}
	slices.Sort(s.makers)
	s.makers = slices.Compact(s.makers)
}

// leading finds the manufacturer that a name begins with, when none is recorded.
func (p *Prepared) leading(called string) []string {
	list := atoms(called)
	joined := ""
	var found []string
	for k := 0; k < len(list) && k < 4; k++ {
		joined += list[k].s
		if _, ok := vendorIDs()[joined]; ok && len(joined) > 1 {
			found = p.names.makers(joined)
		}
	}
	return found
}

func bareOf(list []atom) string {
	var b strings.Builder
	for _, a := range list {
		b.WriteString(a.s)
	}
	return b.String()
}

func (p *Prepared) fact(f *Fact) {
	s := subject{kind: aFact, fact: f.Kind, what: strings.TrimSpace(string(f.Kind) + " " + f.Vendor + " " + f.Product), said: f.Vendor, version: f.Version, source: f.Source}
	p.name(&s, f.Vendor, f.Product)
	if s.version == "" && len(s.inName) > 0 {
		s.version = s.inName[0]
	}
	s.facts = vers.Facts{Version: s.version}
	if n, err := cpe.Parse(f.CPE); f.CPE != "" && err == nil {
		if n[cpe.Version].Kind() == cpe.Any && s.version != "" {
			n[cpe.Version] = cpe.Of(s.version)
		}
		if n[cpe.Version].Kind() == cpe.Text && s.version == "" {
			s.version = n[cpe.Version].Plain()
			s.facts.Version = s.version
		}
		s.cpes = []cpe.Name{n}
		if s.called == "" {
			s.what = string(f.Kind) + " " + f.CPE
		}
	} else {
		s.cpes = derived(&s, cpeParts[f.Kind])
	}
	p.subjects = append(p.subjects, s)
}

func (p *Prepared) component(c *Component) {
	s := subject{kind: aComponent, what: "component " + strings.TrimSpace(c.Name+" "+c.Version), called: c.Name, version: c.Version, source: "sbom"}
	s.facts = vers.Facts{Version: c.Version}
	if c.PURL != "" {
		s.purl, _ = parsePURL(c.PURL)
		if s.version == "" {
			s.version = s.purl.version
			s.facts.Version = s.version
		}
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
			s.makers = p.names.makers(c.Group)
		}
		s.bare = []string{bare(c.Name)}
	}
	p.subjects = append(p.subjects, s)
}

// cpeParts are the parts of CPE names that a kind of fact may stand under: NVD lists firmware as an operating system.
var cpeParts = map[FactKind][]string{Hardware: {"h", "o"}, OS: {"o"}, Application: {"a"}, Firmware: {"o"}}

// derived are CPE names made of a manufacturer and a name where none is recorded. Vendor and product are compared in bare
// form, so that spelling does not matter; the answer says that the name was derived.
func derived(s *subject, parts []string) []cpe.Name {
	if len(s.makers) == 0 || len(s.names) == 0 {
		return nil
	}
	var out []cpe.Name
	for _, part := range parts {
		for _, b := range s.bare {
			var n cpe.Name
			n[cpe.Part] = cpe.Of(part)
			n[cpe.Vendor] = cpe.Of(s.makers[0])
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
