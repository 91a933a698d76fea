package match

import (
	"regexp"
	"slices"
	"strings"
	"sync"

	"triward/internal/advisory"
	"triward/internal/cpe"
	"triward/internal/vuln/naming"
)

// Compiled is a record prepared for matching. It is immutable and safe for concurrent use; what few assets ask for (names,
// version texts) is read on first use.
type Compiled struct{ *compiled }

type compiled struct {
	rec    advisory.Record // without its long texts
	label  string          // "csaf ICSMA-18-123-01 rev 3"
	hash   string
	names  *naming.Names
	claims []claim
	vulns  []compiledVuln
	keys   []string
}

type compiledVuln struct {
	refs    []ref
	configs []config
}

// A ref is a statement of a record: a claim about a product and the status that it gives.
type ref struct {
	claim  int
	status advisory.Status
	place  string
	note   string
}

// A claim is a product in some versions, as a record names it; statements about several weaknesses share it.
type claim struct {
	about  *advisory.Affected
	makers []string
	bare   []string
	pkg    purlName
	cpes   []cpe.Criteria
	models []string
	words  []string // of a CSAF product name
	base   *claim   // what the product runs on or is a part of
	lazy   *lazyClaim
}

type lazyClaim struct {
	once  sync.Once
	parts claimParts
}

// claimParts is what is read of a claim when its manufacturer or identifier is met.
type claimParts struct {
	naming naming.Published
	says   versionSays
}

// Compile prepares a record; hash is the SHA-256 of its bytes in hex. names may be nil.
func Compile(rec advisory.Record, hash string, names *naming.Names) Compiled {
	if names == nil {
		names = naming.Builtin()
	}
	c := &compiled{hash: hash, names: names, keys: RecordKeys(rec)}
	c.label = string(rec.Source) + " " + rec.ID
	if rec.Revision != "" {
		c.label += " rev " + rec.Revision
	}
	known := map[string]int{}
	c.vulns = make([]compiledVuln, len(rec.Vulns))
	if rec.Withdrawn {
		rec.Vulns, c.vulns = nil, nil
	}
	for i := range rec.Vulns {
		v := &rec.Vulns[i]
		for j := range v.Affected {
			a := &v.Affected[j]
			id := claimID(a)
			at, ok := known[id]
			if !ok {
				at = len(c.claims)
				known[id] = at
				c.claims = append(c.claims, newClaim(a))
				if rec.Source == advisory.CSAF {
					c.claims[at].words = keyWords(naming.Atoms(a.Product))
				}
			}
			c.vulns[i].refs = append(c.vulns[i].refs, ref{claim: at, status: a.Status, place: a.Place, note: strings.TrimSpace(a.Justification + " " + a.Note)})
		}
		c.vulns[i].configs = compileConfigs(v.Configs)
	}
	c.rec = shortened(rec)
	return Compiled{c}
}

// Record is the record without its long texts (summary, descriptions, statements about products).
func (c Compiled) Record() advisory.Record { return c.rec }

// Hash is the SHA-256 of the record's bytes in hex.
func (c Compiled) Hash() string { return c.hash }

// shortened drops what matching has taken over and what only people read.
func shortened(rec advisory.Record) advisory.Record {
	rec.Summary, rec.Links = "", nil
	vulns := make([]advisory.Vulnerability, len(rec.Vulns))
	for i, v := range rec.Vulns {
		v.Description, v.Affected, v.Configs, v.Remedies, v.Threats = "", nil, nil, nil, nil
		vulns[i] = v
	}
	rec.Vulns = vulns
	return rec
}

// claimID tells claims apart; the status does not count.
func claimID(a *advisory.Affected) string {
	var b strings.Builder
	for ; a != nil; a = a.RunsOn {
		for _, s := range [...]string{a.ProductID, a.Vendor, a.Product, a.PURL, a.Ecosystem, a.Package} {
			b.WriteString(s)
			b.WriteByte(0)
		}
		for _, list := range [...][]string{a.Versions, a.VersionText, a.CPEs, a.Models, a.Platforms} {
			for _, s := range list {
				b.WriteString(s)
				b.WriteByte(1)
			}
			b.WriteByte(0)
		}
		for i := range a.Ranges {
			b.WriteString(string(a.Ranges[i].Status))
			for _, e := range a.Ranges[i].Events {
				b.WriteString(e.Introduced + "\x02" + e.Fixed + "\x02" + e.LastAffected + "\x02" + e.Limit + "\x01")
			}
		}
		b.WriteByte(3)
	}
	return b.String()
}

func newClaim(a *advisory.Affected) claim {
	own := *a
	own.Justification, own.Note = "", ""
	c := claim{about: &own, makers: naming.Makers(a.Vendor), pkg: affectedPackage(a), lazy: &lazyClaim{}}
	c.bare = bareNames(a, c.makers)
	for _, text := range a.CPEs {
		if n, err := cpe.Parse(text); err == nil {
			c.cpes = append(c.cpes, criteria(n, cpe.Bounds{}))
		}
	}
	for _, m := range append(slices.Clone(a.Models), a.SKUs...) {
		if b := naming.Bare(m); b != "" {
			c.models = append(c.models, b)
		}
	}
	if a.RunsOn != nil {
		base := newClaim(a.RunsOn)
		c.base = &base
	}
	return c
}

// criteria prepares a CPE criterion with vendor and product in the form in which names of assets are compared.
func criteria(n cpe.Name, b cpe.Bounds) cpe.Criteria { return cpe.Compile(comparable(n), b) }

// comparable is a CPE name with vendor and product in bare form, the vendor under its id.
func comparable(n cpe.Name) cpe.Name {
	if v := n[cpe.Vendor]; v.Kind() == cpe.Text && !v.Wild() {
		n[cpe.Vendor] = cpe.Of(naming.MakerID(v.Plain()))
	}
	if v := n[cpe.Product]; v.Kind() == cpe.Text && !v.Wild() {
		if b := naming.Bare(v.Plain()); b != "" {
			n[cpe.Product] = cpe.Of(b)
		}
	}
	return n
}

var (
	titleLead = regexp.MustCompile(`(?i)^\s*icsm?a-\d\d-\d\d\d-\d\d[a-z]?[_:\s]*`)
	titleTail = regexp.MustCompile(`(?i)\b(?:multiple )?(?:security )?(?:vulnerabilit(?:y|ies)|advisory|update|issue)\b.*$`)
)

// read is the parts of a claim, read on first use.
func (c *compiled) read(at *claim) *claimParts {
	at.lazy.once.Do(func() {
		n := naming.ReadPublished(at.about.Product, at.makers)
		defer func() { at.lazy.parts.says.only(c, at) }()
		if len(n.Kinds) == 0 && (n.Generic || feeble(&n)) {
			// "Version", "AP": the product's own name stands in the title only.
			title := titleTail.ReplaceAllString(titleLead.ReplaceAllString(strings.ReplaceAll(c.rec.Title, "'", " "), ""), "")
			t := naming.ReadPublished(title, at.makers)
			if !t.Generic && len(t.Alts) > 0 && c.rec.Source == advisory.CSAF {
				n.Alts = append(n.Alts, t.Alts...)
				n.Generic = false
				if n.Version == nil {
					n.Version, n.Said = t.Version, t.Said
				}
			}
		}
		at.lazy.parts.says = readSays(at.about, c.rec, at.makers)
		says := &at.lazy.parts.says
		for i := range says.labels { // a product_version that holds a product's name
			l := &says.labels[i]
			if l.named || n.Generic && l.weighs {
				n.Alts = append(n.Alts, l.phrase)
				l.named = true
			}
		}
		if n.Generic && slices.ContainsFunc(says.labels, func(l label) bool { return l.named }) {
			n.Generic = false
			n.DropEmpty()
		}
		for _, f := range at.about.Family {
			if fam := naming.ReadPublished(f, at.makers); n.Generic && !fam.Generic {
				n.Alts, n.Generic = append(n.Alts, fam.Alts...), false
			}
		}
		n.Index()
		at.lazy.parts.naming = n
	})
	return &at.lazy.parts
}

// only marks a label that is a number of the product rather than a version of it: it looks like an order number, and no
// other statement of the record about the product gives another one.
func (v *versionSays) only(c *compiled, at *claim) {
	if len(v.labels) != 1 || len(v.ranges) != 1 || len(v.ranges[0].Any) != 1 || len(v.ranges[0].Any[0].Tests) != 1 {
		return
	}
	l := &v.labels[0]
	digits := 0
	for i := range len(l.text) {
		if l.text[i] >= '0' && l.text[i] <= '9' {
			digits++
		}
	}
	if digits < 3 || digits == 3 && !strings.Contains(l.text, "-") || strings.ContainsAny(l.text, "./") {
		return
	}
	for i := range c.claims {
		o := c.claims[i].about
		if o.Product == at.about.Product && o.Vendor == at.about.Vendor && claimID(o) != claimID(at.about) {
			return
		}
	}
	l.only = true
}

// feeble says that a name is too short to be one: two letters.
func feeble(n *naming.Published) bool {
	for _, p := range n.Alts {
		for _, s := range p {
			if s[0].Class == naming.Brand || s[0].Class == naming.Number && s[0].Strong() {
				return false
			}
		}
	}
	return true
}
