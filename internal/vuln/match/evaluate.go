package match

import (
	"slices"

	"triward/internal/advisory"
	"triward/internal/vers"
	"triward/internal/vuln/naming"
)

// Evaluate is the answers of one record for one asset, one for each vulnerability that the record connects with it, in the
// record's order. A record that does not name the asset gives none. Where many records are asked, Prepare the asset once.
func Evaluate(a Asset, rec Compiled) []Match {
	if rec.compiled == nil {
		return nil
	}
	return Prepare(a, rec.names).Evaluate(rec)
}

// found is the answer of one statement about one subject.
type found struct {
	subject  int
	rel      naming.Relation
	status   advisory.Status
	truth    vers.Truth // whether the statement applies
	specific int        // 2: an exact version, 1: a range, 0: every version
	settles  string
	proof    Proof
}

// Evaluate is like the function of the same name.
func (p *Prepared) Evaluate(rec Compiled) []Match {
	c := rec.compiled
	if c == nil {
		return nil
	}
	byClaim := p.claims(c)
	dropDoubt(byClaim)
	var out []Match
	for i := range c.vulns {
		var all []found
		for _, r := range c.vulns[i].refs {
			for _, f := range byClaim[r.claim] {
				f.status = r.status
				if f.proof.Place = r.place; r.note != "" && r.status == advisory.StatusNotAffected {
					f.proof.Says += " (" + clipped(r.note, 300) + ")"
				}
				all = append(all, f)
			}
		}
		answers := p.combine(all)
		if cpes, ok := p.configurations(c.vulns[i].configs); ok {
			answers = append(answers, cpes)
		}
		if len(answers) == 0 {
			continue
		}
		out = append(out, c.match(i, answers))
	}
	return out
}

// claims evaluates every claim that shares something with the asset, once.
func (p *Prepared) claims(c *compiled) map[int][]found {
	var out map[int][]found
	for i := range c.claims {
		if list := p.claim(c, &c.claims[i]); len(list) > 0 {
			if out == nil {
				out = map[int][]found{}
			}
			out[i] = list
		}
	}
	return out
}

// dropDoubt leaves aside what only might be a subject where the record names the subject elsewhere: a "Centricity PACS
// Server" is not perhaps a "Centricity PACS RA1000" when the record speaks of both.
func dropDoubt(byClaim map[int][]found) {
	named := map[int]bool{}
	for _, list := range byClaim {
		for _, f := range list {
			if f.rel == naming.Exact {
				named[f.subject] = true
			}
		}
	}
	for i, list := range byClaim {
		byClaim[i] = slices.DeleteFunc(list, func(f found) bool { return f.rel == naming.Possible && named[f.subject] })
	}
}

// answer is one derived answer about a vulnerability.
type answer struct {
	truth   Truth
	settles string
	proof   Proof
}

// combine joins the statements about each subject. The rules, in this order:
//   - Where a statement names the subject, those that only might mean it are left aside.
//   - An affected statement that applies decides, unless a fixed or not-affected statement applies that is more exact about
//     the version (an exact version before a range, a range before every version). Of two equally exact statements the
//     affected one decides: a contradiction is settled for the patient.
//   - An affected statement that may apply, and one under investigation that does, give unknown.
//   - A fixed or not-affected statement that applies, or affected statements of which none does, give not affected.
//   - Only statements about other versions that are fixed give unknown.
func (p *Prepared) combine(all []found) []answer {
	var out []answer
	slices.SortStableFunc(all, func(a, b found) int { return a.subject - b.subject })
	for len(all) > 0 {
		n := 1
		for n < len(all) && all[n].subject == all[0].subject {
			n++
		}
		own := all[:n:n]
		all = all[n:]
		named := slices.ContainsFunc(own, func(f found) bool { return f.rel >= naming.Member })
		if named {
			own = slices.DeleteFunc(own, func(f found) bool { return f.rel == naming.Possible })
		}
		out = append(out, settle(own))
	}
	return out
}

func settle(own []found) answer {
	pick := func(positive bool, t vers.Truth) []found {
		var out []found
		for _, f := range own {
			if (f.status == advisory.StatusAffected) == positive && f.truth == t && f.status != advisory.StatusUnderInvestigation && f.status != advisory.StatusUnknown {
				out = append(out, f)
			}
		}
		return out
	}
	exactness := func(list []found) int {
		best := -1
		for _, f := range list {
			best = max(best, f.specific)
		}
		return best
	}
	yes, maybe, no := pick(true, vers.True), pick(true, vers.Unknown), pick(true, vers.False)
	cleared := pick(false, vers.True)
	var open []found
	for _, f := range own {
		if (f.status == advisory.StatusUnderInvestigation || f.status == advisory.StatusUnknown) && f.truth != vers.False {
			f.settles = "the answer of the source, which is not known yet"
			f.proof.Missing = f.settles
			open = append(open, f)
		}
	}
	switch {
	case len(yes) > 0 && len(cleared) > 0 && exactness(cleared) > exactness(yes):
		return joined(NotAffected, "and", cleared)
	case len(yes) > 0:
		return joined(Affected, "or", yes)
	case len(cleared) > 0:
		return joined(NotAffected, "or", cleared)
	case len(maybe) > 0:
		return joined(Unknown, "or", maybe)
	case len(open) > 0:
		return joined(Unknown, "or", open)
	case len(no) > 0:
		return joined(NotAffected, "and", no)
	}
	for i := range own {
		own[i].settles = "whether this version is affected: the source speaks of other versions only"
		own[i].proof.Missing = own[i].settles
	}
	return joined(Unknown, "or", own)
}

// claim lays one claim over every subject that it could name.
func (p *Prepared) claim(c *compiled, at *claim) []found {
	var out []found
	done := func(i int) bool { return slices.ContainsFunc(out, func(f found) bool { return f.subject == i }) }
	if at.pkg.key != "" {
		for _, i := range p.byPURL[at.pkg.key] {
			if f, ok := p.inPackage(c, at, i); ok && !done(i) {
				out = append(out, f)
			}
		}
	}
	if at.base != nil {
		return append(out, p.combined(c, at)...)
	}
	if c.rec.Source == advisory.OSV {
		return out
	}
	for k := range at.cpes {
		for _, i := range p.byCriterion(&at.cpes[k]) {
			if f, ok := p.inCPE(c, at, k, i); ok && !done(i) {
				out = append(out, f)
			}
		}
	}
	for i := range p.candidates(at) {
		if done(i) {
			continue
		}
		if f, ok := p.named(c, at, i); ok {
			out = append(out, f)
		}
	}
	return out
}

// candidates yields each subject that shares a manufacturer, a bare name or a number with the claim, once, in order.
func (p *Prepared) candidates(at *claim) func(yield func(int) bool) {
	var list []int
	for _, id := range at.makers {
		list = append(list, p.byMaker[id]...)
	}
	for _, b := range at.bare {
		list = append(list, p.byName[b]...)
	}
	if len(at.models) > 0 {
		for i := range p.subjects {
			if slices.ContainsFunc(p.subjects[i].Codes, func(c string) bool { return slices.Contains(at.models, c) }) {
				list = append(list, i)
			}
		}
	}
	if len(p.byWord) > 0 && len(at.words) > 0 && slices.ContainsFunc(p.byWord, func(w string) bool { return slices.Contains(at.words, w) }) {
		list = append(list, 0) // the device, which has no manufacturer
	}
	slices.Sort(list)
	list = slices.Compact(list)
	return func(yield func(int) bool) {
		for _, i := range list {
			if !yield(i) {
				return
			}
		}
	}
}

// named lays a claim over a subject by names and numbers.
func (p *Prepared) named(c *compiled, at *claim, i int) (found, bool) {
	s := &p.subjects[i]
	f := found{subject: i, truth: vers.True}
	var steps []Proof
	rel, rest, name, ok := p.identity(c, at, s)
	if !ok {
		return f, false
	}
	f.rel = rel
	nameTruth := vers.True
	if name.Missing != "" {
		nameTruth = vers.Unknown
	}
	steps = append(steps, name)
	parts := c.read(at)
	if t, says := leftOut(s, &parts.naming); t == vers.True {
		f.truth = vers.False
		f.proof = Proof{Rule: "csaf.excepted", Truth: NotAffected, Says: says, Facts: s.nameFacts()}
		return f, true
	}
	excepted := vers.False
	if t, says := leftOut(s, &parts.naming); t == vers.Unknown {
		excepted = t
		steps = append(steps, Proof{Rule: "csaf.excepted", Truth: Unknown, Says: says, Missing: s.versionWord()})
	}
	version := p.version(c, at, s, rest)
	if version.labelled && version.truth == vers.True && name.Missing == "exact model" { // the text names the model that the product's name leaves open
		nameTruth, f.rel = vers.True, naming.Exact
		steps[0].Truth, steps[0].Missing = Affected, ""
	}
	f.specific = version.specific
	steps = append(steps, version.proof)
	t := nameTruth.And(version.truth).And(excepted.Not())
	if parts.naming.Version != nil {
		v := p.inNameVersion(s, &parts.naming)
		steps = append(steps, v.proof)
		t = t.And(v.truth)
	}
	if len(parts.naming.Demands) > 0 {
		w, says, missing := p.demanded(s, &parts.naming)
		steps = append(steps, Proof{Rule: "condition", Truth: truthOf(w), Says: says, Missing: missing})
		t = t.And(w)
	}
	f.truth = t
	rule := string(c.rec.Source) + ".name"
	if !at.says(parts) {
		rule += "+version"
	}
	f.proof = Proof{Rule: rule, Truth: truthOf(t), Children: steps}
	f.settles = firstMissing(steps)
	f.proof.Says = sentence(s.what, at, parts, t)
	if t == vers.Unknown {
		f.proof.Missing = f.settles
	}
	return f, true
}

func (at *claim) says(parts *claimParts) bool { return parts.says.none || parts.says.all }

// firstMissing is the missing fact of the first step that is unknown.
func firstMissing(steps []Proof) string {
	for _, st := range steps {
		if st.Truth == Unknown && st.Missing != "" {
			return st.Missing
		}
	}
	return ""
}
