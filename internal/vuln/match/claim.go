package match

import (
	"slices"
	"strings"

	"triward/internal/advisory"
	"triward/internal/vers"
	"triward/internal/vuln/naming"
)

// versionStep is the step of a proof that is about the version.
type versionStep struct {
	truth    vers.Truth
	specific int
	labelled bool
	proof    Proof
}

// version decides whether the subject's version is among those that the claim speaks of. rest is what of the subject's
// name the product's name left over.
func (p *Prepared) version(c *compiled, at *claim, s *subject, rest []naming.Atom) versionStep {
	parts := c.read(at)
	a := at.about
	var v verdict
	if len(a.Ranges) > 0 || len(a.Versions) > 0 && c.rec.Source != advisory.CSAF && c.rec.Source != advisory.OpenVEX || a.DefaultOther != "" {
		v = s.listed(a, at.pkg.scheme)
		if v.truth != vers.True && len(parts.says.ranges) > 0 {
			if w := p.within(s, &parts.says, rest); w.truth > v.truth {
				v = w
			}
		}
	} else {
		v = p.within(s, &parts.says, rest)
	}
	if part := parts.naming.Part; part != "" && !parts.says.all {
		v = p.partVersion(s, part, &parts.says)
	}
	st := versionStep{truth: v.truth, specific: 1, labelled: v.labelled}
	switch {
	case parts.says.all || parts.says.none:
		st.specific = 0
	case len(a.Versions) > 0:
		st.specific = 2
	}
	st.proof = Proof{Rule: "version.range", Truth: truthOf(v.truth), Says: v.says, Missing: v.missing}
	if s.version != "" {
		st.proof.Facts = []string{"version = " + s.version + " (" + s.source + ")"}
	}
	return st
}

// listed decides over exact versions and machine-readable ranges in order: the first that holds the version gives the
// status (CVE record format 5.1, "versions"), and a version that none holds has the default status. A record that gives
// no default speaks of the versions that it lists.
func (s *subject) listed(a *advisory.Affected, scheme vers.Scheme) verdict {
	if a.All {
		return verdict{truth: vers.True, says: "every version is named"}
	}
	if s.version == "" {
		if len(a.Ranges) == 1 && everything(&a.Ranges[0]) && a.Ranges[0].Status == a.Status {
			return verdict{truth: vers.True, says: "every version is named"}
		}
		return verdict{truth: vers.Unknown, says: "the version is not known", missing: s.versionWord()}
	}
	key, err := vers.ParseKey(scheme, s.version)
	doubt := ""
	if err != nil && scheme != vers.Generic {
		doubt = err.Error()
	}
	for _, v := range a.Versions {
		if v == s.version {
			return verdict{truth: vers.True, says: "version " + s.version + " is listed"}
		}
		if err != nil {
			continue
		}
		if other, e := vers.ParseKey(scheme, v); e == nil {
			if x, ok := key.Compare(other); ok && x == 0 {
				return verdict{truth: vers.True, says: "version " + s.version + " is listed as " + v}
			}
		}
	}
	for i := range a.Ranges {
		r := &a.Ranges[i]
		if r.Type == advisory.RangeGit && len(a.Ranges)+len(a.Versions) > 1 && scheme != vers.Git {
			continue // commits say nothing about a release number
		}
		t, why := s.inEvents(r, scheme)
		switch {
		case t == vers.True:
			says := "version " + s.version + " is in " + eventsText(r)
			switch {
			case r.Status == "" || r.Status == a.Status:
				return verdict{truth: vers.True, says: says}
			case r.Status == advisory.StatusUnknown || r.Status == advisory.StatusUnderInvestigation:
				return verdict{truth: vers.Unknown, says: says + ", about which the source does not say", missing: "the answer of the source, which is not known yet"}
			}
			return verdict{truth: vers.False, says: says + ", which is " + strings.ReplaceAll(string(r.Status), "_", " ")}
		case t == vers.Unknown && doubt == "":
			doubt = why
		}
	}
	if doubt != "" {
		return verdict{truth: vers.Unknown, says: doubt, missing: s.versionWord()}
	}
	switch a.DefaultOther {
	case a.Status:
		return verdict{truth: vers.True, says: "version " + s.version + " has the default status of the entry"}
	case advisory.StatusUnknown:
		return verdict{truth: vers.Unknown, says: "the source does not say about version " + s.version, missing: "the answer of the source, which is not known yet"}
	}
	return verdict{truth: vers.False, says: "version " + s.version + " is in none of " + rangesText(a)}
}

func everything(r *advisory.Range) bool {
	return len(r.Events) == 1 && r.Events[0].Introduced == "0"
}

// inEvents decides over the events of one range.
func (s *subject) inEvents(r *advisory.Range, scheme vers.Scheme) (vers.Truth, string) {
	switch {
	case r.Type == advisory.RangeSemver:
		if scheme == vers.Generic {
			scheme = vers.Semver
		}
	case r.Type == advisory.RangeGit:
		scheme = vers.Git
	case r.Type == advisory.RangeCustom:
		if known, ok := vers.SchemeOfVersionType(r.Scheme); ok && scheme == vers.Generic {
			scheme = known
		}
	}
	events := make([]vers.Event, len(r.Events))
	for i, e := range r.Events {
		events[i] = vers.Event(e)
	}
	line, err := vers.NewLine(scheme, events)
	if err != nil && scheme != vers.Generic {
		line, err = vers.NewLine(vers.Generic, events)
	}
	if err != nil {
		return vers.Unknown, eventsText(r) + ": " + err.Error()
	}
	t, why := line.Contains(s.version)
	if t == vers.Unknown && scheme != vers.Generic && scheme != vers.Git {
		if loose, err := vers.NewLine(vers.Generic, events); err == nil {
			if u, w := loose.Contains(s.version); u != vers.Unknown {
				return u, w
			}
		}
	}
	return t, why
}

// eventsText writes a range for people.
func eventsText(r *advisory.Range) string {
	var parts []string
	for _, e := range r.Events {
		switch {
		case e.Introduced != "":
			parts = append(parts, "from "+e.Introduced)
		case e.Fixed != "":
			parts = append(parts, "before "+e.Fixed)
		case e.LastAffected != "":
			parts = append(parts, "up to "+e.LastAffected)
		case e.Limit != "":
			parts = append(parts, "below "+e.Limit)
		}
		if len(parts) == 8 {
			parts = append(parts, "...")
			break
		}
	}
	return quoted(strings.Join(parts, ", "))
}

func rangesText(a *advisory.Affected) string {
	var parts []string
	for i := range a.Ranges {
		if i == 4 {
			parts = append(parts, "...")
			break
		}
		parts = append(parts, eventsText(&a.Ranges[i]))
	}
	if len(a.Versions) > 0 {
		parts = append(parts, clipped(strings.Join(a.Versions[:min(len(a.Versions), 8)], ", "), 120))
	}
	if len(parts) == 0 {
		return "the versions named"
	}
	return strings.Join(parts, "; ")
}

// inNameVersion decides the version that a product name holds.
func (p *Prepared) inNameVersion(s *subject, n *naming.Published) versionStep {
	facts := s.facts
	if s.kind != theDevice {
		facts.Version = s.version
	}
	t, why := n.Version.Contains(facts)
	if t != vers.True && s.inNameWithin(n.Version) {
		t = vers.True
	}
	st := versionStep{truth: t, specific: 1, proof: Proof{Rule: "name.version", Truth: truthOf(t), Says: "the name means version " + n.Said + ": " + why.Text}}
	if t == vers.Unknown {
		st.proof.Missing = s.settles(why)
	}
	return st
}

// inPackage lays a claim about a package over a component of that package.
func (p *Prepared) inPackage(c *compiled, at *claim, i int) (found, bool) {
	s := &p.subjects[i]
	scheme := at.pkg.scheme
	if scheme == vers.Generic {
		scheme = s.purl.scheme
	}
	f := found{subject: i, rel: naming.Exact, specific: 1}
	var v verdict
	switch {
	case len(at.about.Versions)+len(at.about.VersionText)+len(at.about.Ranges) == 0 && at.about.Status == advisory.StatusAffected && c.rec.Source == advisory.OSV:
		v = verdict{truth: vers.True, says: "no version is named, so that all are meant"}
	case len(at.about.Ranges) == 0 && (len(at.about.VersionText) > 0 || c.rec.Source == advisory.CSAF):
		v = p.within(s, &c.read(at).says, nil)
	default:
		v = s.listed(at.about, scheme)
	}
	if d := s.otherDistro(at.about); d != "" && v.truth == vers.True {
		return f, false
	}
	f.truth = v.truth
	f.proof = Proof{Rule: "purl.range", Truth: truthOf(v.truth), Says: s.what + ": " + v.says, Missing: v.missing, Facts: []string{"package = " + at.pkg.key, "version = " + s.version + " (sbom)"}}
	f.settles = v.missing
	return f, true
}

// otherDistro says that the component is of another release of a Linux distribution than the statement.
func (s *subject) otherDistro(a *advisory.Affected) string {
	_, release, ok := strings.Cut(a.Ecosystem, ":")
	if !ok || s.purl.distro == "" {
		return ""
	}
	release, _, _ = strings.Cut(release, ":")
	have := strings.TrimLeft(s.purl.distro, "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ-:")
	want := strings.TrimPrefix(release, "v")
	if have == "" || want == "" || have == want || strings.HasPrefix(have, want+".") {
		return ""
	}
	return have
}

// combined lays a relationship (CSAF 2.0 3.2.2.4) over an asset: the product that it is about is a part of the base, or
// installed on or with it. A default component is in every base; other parts must be known to be there.
func (p *Prepared) combined(c *compiled, at *claim) []found {
	bases := p.claim(c, at.base)
	if len(bases) == 0 {
		return nil
	}
	own := *at
	own.base = nil
	parts := p.claim(c, &own)
	var out []found
	for _, b := range bases {
		if len(parts) == 0 {
			f := b
			f.proof = Proof{Rule: "relationship", Children: []Proof{b.proof}, Says: at.about.Product + " is a part of " + at.base.about.Product}
			if at.about.Relation != "default_component_of" {
				f.truth = f.truth.And(vers.Unknown)
				if f.truth == vers.Unknown && f.settles == "" {
					f.settles = "whether " + at.about.Product + " is installed"
				}
				f.proof.Missing = f.settles
			}
			f.proof.Truth = truthOf(f.truth)
			out = append(out, f)
			continue
		}
		for _, part := range parts {
			f := b
			f.truth = b.truth.And(part.truth)
			f.specific = max(b.specific, part.specific)
			f.proof = Proof{Rule: "relationship", Truth: truthOf(f.truth), Says: at.about.Product + " on " + at.base.about.Product, Children: []Proof{b.proof, part.proof}}
			if f.truth == vers.Unknown {
				f.settles = firstMissing(f.proof.Children)
				f.proof.Missing = f.settles
			}
			out = append(out, f)
		}
	}
	return out
}

// partVersion decides where the versions are those of a part of the product, which the version of the whole does not tell.
func (p *Prepared) partVersion(s *subject, part string, says *versionSays) verdict {
	for i := range p.asset.Facts {
		f := &p.asset.Facts[i]
		if _, ok := mentions(strings.ToLower(f.Product), naming.Atoms(part)); !ok || f.Version == "" || slices.Contains(saysYes, strings.ToLower(f.Version)) || slices.Contains(saysNo, strings.ToLower(f.Version)) {
			continue
		}
		of := *s
		of.version, of.facts.Version, of.source = f.Version, f.Version, f.Source
		return p.within(&of, says, nil)
	}
	return verdict{truth: vers.Unknown, says: quoted(says.text) + " are versions of the " + part + " part", missing: "version of the " + part + " part"}
}
