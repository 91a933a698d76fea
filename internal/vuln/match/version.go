package match

import (
	"slices"
	"strconv"
	"strings"

	"triward/internal/advisory"
	"triward/internal/vers"
	"triward/internal/vuln/naming"
)

// versionSays is what a statement says about versions.
type versionSays struct {
	text   string // as written, for proofs
	ranges []vers.Range
	labels []label // values that may be a model instead of a version
	scheme vers.Scheme
	exact  bool // one or more exact versions, which outranks a range
	all    bool
	none   bool // the statement says nothing about versions
}

// A label is a bare value of a version text that may name a model ("MMT-1715", "Accu-Chek Inform II").
type label struct {
	text   string
	rng    int // which range
	clause int // which alternative of it
	phrase naming.Phrase
	weighs bool // it holds something that can name a product
	named  bool // it names a product on its own
	beside bool // a version test stands beside it ("v8.x model 35700BAX2")
	only   bool // it is a number, and the only one that the record gives for the product
}

// readSays reads the versions of a statement.
func readSays(a *advisory.Affected, rec advisory.Record, makers []string) versionSays {
	var s versionSays
	year := rec.Published.Year()
	if rec.Published.IsZero() {
		year = rec.Modified.Year()
	}
	s.scheme = affectedPackage(a).scheme
	add := func(text string) {
		r := vers.ParseRange(text).InYear(year)
		at := len(s.ranges)
		s.ranges = append(s.ranges, r)
		for i, c := range r.Any {
			for _, t := range c.Tests {
				if t.Op != vers.Equal || t.Axis != vers.AxisLabel && t.Axis != vers.AxisModel {
					continue
				}
				l := label{text: t.Value, rng: at, clause: i, phrase: naming.ReadPhrase(t.Value, makers)}
				words := 0
				for _, sl := range l.phrase {
					l.weighs = l.weighs || sl[0].Class == naming.Brand || sl[0].Class == naming.Number
					if sl[0].Class == naming.Brand && len(sl[0].Text) >= 5 {
						words++
					}
				}
				l.named = words > 0 && t.Axis == vers.AxisLabel
				l.beside = t.Axis == vers.AxisModel && len(c.Tests) == 2 && len(c.Conditions) == 0 && slices.ContainsFunc(c.Tests, func(t vers.Test) bool { return t.Axis == vers.AxisVersion })
				s.labels = append(s.labels, l)
			}
		}
		s.share(at)
	}
	texts := make([]string, 0, len(a.Versions)+len(a.VersionText))
	if rec.Source == advisory.CSAF || rec.Source == advisory.OpenVEX {
		for _, v := range a.Versions {
			texts = append(texts, v)
			if n := whole(strings.TrimLeft(v, "vV")); n >= 0 && n < 1000 && len(v) < 4 {
				v += ".x" // "8" is every 8
			}
			add(v)
			s.exact = true
		}
	}
	for _, v := range a.VersionText {
		texts = append(texts, v)
		add(v)
	}
	s.text = strings.Join(texts, " | ")
	s.all = a.All || len(s.ranges) > 0 && slices.ContainsFunc(s.ranges, vers.Range.All)
	s.none = !a.All && len(a.Versions)+len(a.VersionText)+len(a.Ranges) == 0
	return s
}

// share gives the numbers of a list the name that stands once at its end: "MMT-554 / MMT-754 MiniMed Veo".
func (v *versionSays) share(rng int) {
	own := v.labels[len(v.labels):]
	if i := slices.IndexFunc(v.labels, func(l label) bool { return l.rng == rng }); i >= 0 && strings.Contains(v.ranges[rng].Text, " / ") {
		own = v.labels[i:]
	}
	for i := len(own) - 2; i >= 0; i-- {
		next, number := &own[i+1], naming.Bare(own[i].text)
		first, _, _ := strings.Cut(next.text, " ")
		shaped := strings.ContainsAny(number, "0123456789") && !strings.Contains(own[i].text, " ") && naming.Shape(number) == naming.Shape(naming.Bare(first))
		if shaped && next.named && len(next.phrase) > len(own[i].phrase) {
			own[i].phrase = slices.Concat(own[i].phrase, next.phrase[len(own[i].phrase):])
			own[i].named, own[i].weighs = true, true
		}
	}
}

// verdict is an answer about versions and the sentence for it.
type verdict struct {
	truth    vers.Truth
	labelled bool // a model that the text names is the subject's
	says     string
	missing  string // for unknown: what would settle it, in words for people
}

// axisWords are the facts that settle an answer, in words for people.
var axisWords = map[vers.Axis]string{vers.AxisVersion: "software version", vers.AxisRevision: "revision", vers.AxisBuild: "build", vers.AxisSerial: "serial number",
	vers.AxisModel: "exact model", vers.AxisMade: "date of manufacture", vers.AxisShipped: "date of shipment", vers.AxisLabel: "exact model"}

// within decides over the version texts of a statement. rest is what of the subject's name the product's name left over.
func (p *Prepared) within(s *subject, says *versionSays, rest []naming.Atom) verdict {
	if says.all {
		return verdict{truth: vers.True, says: "every version is named"}
	}
	if says.none {
		return verdict{truth: vers.True, says: "no version is named, so that all are meant"}
	}
	out := verdict{truth: vers.False}
	for i := range says.ranges {
		v := p.inRange(s, says, i, rest)
		if v.truth == vers.True {
			return v
		}
		if v.truth > out.truth || out.says == "" {
			out = v
		}
	}
	return out
}

func (p *Prepared) inRange(s *subject, says *versionSays, at int, rest []naming.Atom) verdict {
	r := says.ranges[at]
	kept := make([]vers.Clause, 0, len(r.Any))
	var settled []string
	labelled, hit := "", false
	for i, c := range r.Any {
		drop := false
		if len(c.Conditions) > 0 {
			var open []string
			for _, cond := range c.Conditions {
				t, why := p.circumstance(s, cond, nil)
				switch t {
				case vers.Unknown:
					open = append(open, cond)
				case vers.False:
					drop = true
				}
				if t != vers.Unknown {
					settled = append(settled, why)
				}
			}
			c.Conditions = open
		}
		if t, text := s.label(says, at, i, rest); t != vers.Unknown {
			c.Tests = slices.DeleteFunc(slices.Clone(c.Tests), func(t vers.Test) bool { return t.Axis == vers.AxisLabel || t.Axis == vers.AxisModel })
			drop = drop || t == vers.False
			if !drop {
				labelled, hit = text, s.isLabelOf(says, at, i, rest)
			}
		}
		if !drop {
			kept = append(kept, c)
		}
	}
	r.Unreadable = slices.DeleteFunc(slices.Clone(r.Unreadable), func(text string) bool {
		m := windowsIn.FindStringSubmatch(strings.ToLower(text))
		if m == nil {
			return false
		}
		t, why := p.onWindows(m[1])
		if t == vers.False {
			settled = append(settled, why)
		}
		return t == vers.False
	})
	if len(kept) == 0 && len(r.Unreadable) == 0 {
		return verdict{truth: vers.False, says: says.describe("outside of every alternative of", at, settled)}
	}
	r.Any = kept
	facts := s.facts
	if s.kind != theDevice {
		facts.Version = s.version
	}
	t, why := r.Contains(facts)
	if t == vers.Unknown {
		if plain, model := s.withoutModel(r); model != "" {
			r = plain
			t, why = r.Contains(facts)
			settled = append(settled, quoted(model)+" is read as the model")
			hit = hit || t == vers.True
		}
	}
	v := verdict{truth: t, says: why.Text, labelled: hit}
	if labelled != "" && t == vers.True {
		v.says = labelled
		if len(kept) > 0 && !strings.HasPrefix(why.Text, "every version") {
			v.says += "; " + why.Text
		}
	}
	if len(settled) > 0 {
		v.says = strings.Join(settled, "; ") + "; " + v.says
	}
	if t == vers.Unknown {
		v.missing = s.settles(why)
		v.says = quoted(says.ranges[at].Text) + ": " + v.says
	} else if t == vers.False && s.inNameWithin(&r) {
		return verdict{truth: vers.True, says: "the version in the name is " + says.ranges[at].Text}
	}
	return v
}

func quoted(s string) string { return `"` + s + `"` }

func (v *versionSays) describe(lead string, at int, settled []string) string {
	s := lead + " " + quoted(v.ranges[at].Text)
	if len(settled) > 0 {
		s += ": " + strings.Join(settled, "; ")
	}
	return s
}

// inNameWithin tests the versions that stand in the subject's name.
func (s *subject) inNameWithin(r *vers.Range) bool {
	for _, v := range s.InName {
		if v == s.version {
			continue
		}
		if t, _ := r.Contains(vers.Facts{Version: v}); t == vers.True {
			return true
		}
	}
	return false
}

// settles is the one fact that would settle an unknown range.
func (s *subject) settles(why vers.Reason) string {
	if len(why.Missing) > 0 {
		axis := why.Missing[0]
		if axis == vers.AxisModel && len(why.Missing) > 1 && slices.Contains(why.Missing, vers.AxisVersion) && len(naming.Bare(why.Clause)) <= 5 && len(strings.Trim(why.Clause, "0123456789")) > 0 {
			axis = vers.AxisVersion // "BT06" is a version rather than a model
		}
		if axis == vers.AxisVersion || axis == vers.AxisBuild || axis == vers.AxisRevision {
			return s.versionWord()
		}
		return axisWords[axis]
	}
	if len(why.Conditions) > 0 {
		return "whether this applies: " + strings.Join(why.Conditions, "; ")
	}
	return s.versionWord()
}

// versionWord names the missing version for people.
func (s *subject) versionWord() string {
	switch {
	case s.self:
		return "software version"
	case s.kind == aComponent:
		return "version of component " + s.Called
	case s.kind == aFact:
		return "version of " + strings.TrimSpace(s.said+" "+s.Called)
	}
	return "software version"
}

// label decides whether the bare value of an alternative names the subject: by its model numbers, by the words of its name,
// by its version. Unknown when nothing speaks for or against it.
func (s *subject) label(says *versionSays, rng, clause int, rest []naming.Atom) (vers.Truth, string) {
	out := vers.Unknown
	for i := range says.labels {
		l := &says.labels[i]
		if l.rng != rng || l.clause != clause {
			continue
		}
		t := s.isLabel(l, rest)
		switch {
		case t == vers.True:
			return t, quoted(l.text) + " is named"
		case t == vers.Unknown && l.beside && len(s.Codes) == 0:
			return vers.True, quoted(l.text) + " is taken to be the model of this version, since no model number is recorded"
		case t == vers.Unknown && l.only && len(s.Codes) == 0:
			return vers.True, quoted(l.text) + " is the only model number that the record gives for this product"
		}
		out = t
	}
	return out, ""
}

// isLabelOf says that a label of the alternative is the subject's for certain.
func (s *subject) isLabelOf(says *versionSays, rng, clause int, rest []naming.Atom) bool {
	return slices.ContainsFunc(says.labels, func(l label) bool {
		return l.rng == rng && l.clause == clause && s.isLabel(&l, rest) == vers.True
	})
}

func (s *subject) isLabel(l *label, rest []naming.Atom) vers.Truth {
	numbered := false
	for _, sl := range l.phrase { // a model number alone says it
		for k := range sl {
			if sl[k].Class != naming.Number || !sl[k].Strong() || len(sl[k].Text) < 3 {
				continue
			}
			numbered = true
			if len(sl[k].Text) >= 4 && slices.Contains(s.Codes, sl[k].Text) {
				return vers.True
			}
		}
	}
	bareLabel := naming.Bare(l.text)
	if slices.Contains(s.Codes, bareLabel) || bareLabel != "" && bareLabel == naming.Bare(s.version) {
		return vers.True
	}
	want := naming.Significant(l.phrase)
	if len(want) == 0 {
		return vers.Unknown
	}
	for _, name := range s.Names {
		if al := naming.Align(want, name, s.Codes); len(al.Open) == 0 || l.named && naming.Compare(l.phrase, name, s.Codes) == naming.Exact {
			return vers.True
		}
	}
	loose := slices.DeleteFunc(slices.Clone(rest), func(a naming.Atom) bool { return !a.Class.Weighs() })
	if len(loose) == 0 {
		return vers.Unknown
	}
	if al := naming.Align(naming.PhraseOf(loose), naming.Atoms(l.text), nil); len(al.Open) == 0 { // "Aespire View" and "Protiva Carestation View"
		return vers.True
	}
	for _, a := range loose {
		if a.Class == naming.Number && numbered && len(a.Text) >= 3 {
			return vers.False
		}
	}
	return vers.Unknown
}

// whole reads a whole number of at most nine digits; -1 when it is none.
func whole(digits string) int {
	n, err := strconv.ParseUint(digits, 10, 30)
	if err != nil || len(digits) > 9 {
		return -1
	}
	return int(n)
}
