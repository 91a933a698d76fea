package naming

import (
	"slices"
	"strings"
)

// Recorded is a product as an inventory or an SBOM calls it, taken apart once to be compared with many published names.
// Fill it with [Names.Read] and AddCode, then Index it; after that it is not changed.
type Recorded struct {
	Called string   // the name as written
	Makers []string // ids of the manufacturer, sorted
	Names  [][]Atom
	own    int             // how many of the names are its own; the others come from the table of names
	Kinds  map[string]bool // words that say what kind of thing it is
	Bare   []string        // the names in bare form
	Codes  []string        // model and part numbers in bare form, with numbers out of the name
	InName []string        // versions that are a part of the name
	sigs   []sig           // of the names
}

// Read takes apart everything that follows from a manufacturer and a name.
func (n *Names) Read(vendor, called string) Recorded {
	r := Recorded{Called: called, Makers: n.Makers(vendor)}
	base, inner := brackets(strings.Join(strings.Fields(Plain(called)), " "))
	if len(r.Makers) == 0 {
		r.Makers = n.leading(base)
	}
	var own Published
	base = own.versions(base)
	if own.Said != "" {
		for v := range strings.SplitSeq(own.Said, " | ") {
			r.InName = append(r.InName, strings.TrimLeft(strings.TrimSpace(v), "vV"))
		}
	}
	r.add(base)
	if brand := Joined(Atoms(vendor)); vendor != "" && len(r.Names) == 1 && !strings.Contains(r.Bare[0], brand) {
		if list := DropMaker(Atoms(vendor+" "+base), r.Makers); Joined(list) != r.Bare[0] && strings.HasPrefix(Joined(list), brand) {
			r.add(vendor + " " + base) // a brand that stands as the manufacturer: "Alaris" and "GH"
			r.Names = r.Names[1:]
			base = vendor + " " + base
		}
	}
	for _, in := range inner {
		switch {
		case codeLike(in.text):
			r.Codes = append(r.Codes, Bare(in.text))
		case abbrev.MatchString(in.text) && strings.ToLower(in.text) != in.text:
			r.add(in.text)
		default:
			r.add(base + " " + in.text)
		}
	}
	if b := Bare(called); b != "" && !slices.Contains(r.Bare, b) {
		r.Bare = append(r.Bare, b)
	}
	if len(r.Names) == 0 {
		return r
	}
	r.own = len(r.Names)
	for _, other := range n.others(r.Makers, r.Names[0]) {
		r.add(other)
	}
	r.Kinds = n.kindsOf(r.Makers, r.Names[0])
	r.Makers = append(r.Makers, n.soldBy(r.Makers, r.Names[0])...)
	slices.Sort(r.Makers)
	r.Makers = slices.Compact(r.Makers)
	return r
}

// add takes in one way to write the name.
func (r *Recorded) add(text string) {
	list := DropMaker(Atoms(text), r.Makers)
	if len(list) == 0 {
		return
	}
	r.Names = append(r.Names, list)
	if b := Joined(list); b != "" && !slices.Contains(r.Bare, b) {
		r.Bare = append(r.Bare, b)
	}
	for _, sl := range PhraseOf(list) {
		if sl[0].Class == Number && len(sl[0].Digits) >= 4 && !slices.Contains(r.Codes, sl[0].Text) {
			r.Codes = append(r.Codes, sl[0].Text)
		}
	}
}

// AddCode takes in a model or part number that is recorded beside the name.
func (r *Recorded) AddCode(text string) {
	if b := Bare(text); b != "" && !slices.Contains(r.Codes, b) {
		r.Codes = append(r.Codes, b)
	}
}

// Index prepares the comparisons, when all numbers are there.
func (r *Recorded) Index() {
	r.sigs = make([]sig, 0, len(r.Names))
	for _, name := range r.Names {
		r.sigs = append(r.sigs, sigOfName(name, r.Codes))
	}
}

// Relate is the closest relation of a published name to the names.
func (r *Recorded) Relate(n *Published) Relation {
	rel, _ := r.Closest(n)
	return rel
}

// Excepted is how a name that a statement excepts for some releases ("Venue 50 R4-5") relates to the names without the
// releases that they give, and those releases.
func (r *Recorded) Excepted(n *Published) (Relation, []string) {
	best := r.Relate(n)
	var releases []string
	for _, name := range r.Names[:r.own] {
		plain, release := withoutRelease(name)
		if release == "" {
			continue
		}
		for _, p := range n.Alts {
			if rel := Compare(p, plain, r.Codes); rel >= Member {
				best = max(best, rel)
				if !slices.Contains(releases, release) {
					releases = append(releases, release)
				}
			}
		}
	}
	return best, releases
}

// withoutRelease takes "R4", "Rev 4" or "Release 4" off the end of a name.
func withoutRelease(name []Atom) ([]Atom, string) {
	i := len(name) - 2
	if i < 1 || name[i+1].Class != Number || name[i].glued {
		return name, ""
	}
	switch name[i].Text {
	case "r":
		if !name[i+1].glued {
			return name, ""
		}
	case "rev", "revision", "release":
	default:
		return name, ""
	}
	return name[:i], name[i+1].Text
}

// Release is the number of a release that is written as "R4", "Rev 4" or "Release 4", "" when it is written otherwise.
func Release(text string) string {
	list := append([]Atom{{}}, Atoms(text)...)
	rest, release := withoutRelease(list)
	if len(rest) != 1 {
		return ""
	}
	return release
}

// Closest is the closest relation and what of the subject's name the published one leaves over.
func (r *Recorded) Closest(n *Published) (Relation, []Atom) {
	best := Apart
	var rest []Atom
	for k, p := range n.Alts {
		for i, name := range r.Names {
			if k < len(n.sigs) && i < len(r.sigs) && !n.open[k] && !n.sigs[k].meets(&r.sigs[i]) {
				continue
			}
			rel := Compare(p, name, r.Codes)
			if rel <= Possible && n.line && extends(p, name, r.Codes) {
				rel = Member
			}
			if rel <= best || rel == Possible && i >= r.own { // other names add sameness, not doubt
				continue
			}
			al := Align(p, name, r.Codes)
			if i >= r.own && slices.ContainsFunc(al.Open, func(k int) bool { return p[k][0].Class.Weighs() }) {
				continue
			}
			best, rest = rel, nil
			for i := range name {
				if al.used&(1<<i) == 0 {
					rest = append(rest, name[i])
				}
			}
			if best == Exact && len(rest) == 0 {
				return best, rest
			}
		}
	}
	return best, rest
}

func Joined(list []Atom) string {
	var b strings.Builder
	for _, a := range list {
		b.WriteString(a.Text)
	}
	return b.String()
}

// leading finds the manufacturer that a name begins with, when none is recorded.
func (n *Names) leading(called string) []string {
	list := Atoms(called)
	joined := ""
	var found []string
	for k := 0; k < len(list) && k < 4; k++ {
		joined += list[k].Text
		if _, ok := vendorIDs()[joined]; ok && len(joined) > 1 {
			found = n.Makers(joined)
		}
	}
	return found
}

// kindsOf is the words for what kind of thing a product of one of the makers is.
func (n *Names) kindsOf(makers []string, name []Atom) map[string]bool {
	var out map[string]bool
	for _, id := range makers {
		for _, k := range n.kinds[id] {
			if !extends(k.line.expr.phrase, name, nil) {
				continue
			}
			if out == nil {
				out = map[string]bool{}
			}
			for _, a := range Atoms(k.kind) {
				out[a.Text] = true
			}
		}
	}
	return out
}

// soldBy is the ids of the manufacturers whose product one of the makers sells under this name.
func (n *Names) soldBy(makers []string, name []Atom) []string {
	var out []string
	for _, id := range makers {
		for _, s := range n.sold[id] {
			if Compare(s.product.expr.phrase, name, nil) == Exact {
				out = append(out, s.maker)
			}
		}
	}
	return out
}
