package naming

import (
	"regexp"
	"slices"
	"strings"

	"triward/internal/vers"
)

// A Published is what a published product name means: the ways to name the product, what it leaves out, what it demands
// besides, and the version that it holds.
type Published struct {
	Text    string
	Alts    []Phrase
	sigs    []sig       // of the alternatives, as far as they are known
	open    []bool      // alternatives whose sig says nothing
	Without []Published // "not including EchoPAC"
	Demands []Demand    // "with SpaceCom module", "Windows XP-Based"
	Version *vers.Range // "Xeleris 3.1", "IntelliSpace Portal 8.0.x"
	Said    string      // the version as written
	line    bool        // it speaks of several products: "BodyGuard Pumps", "Vivid products"
	Generic bool        // nothing in it is a name: "PET/CT Systems"
	Part    string      // the part of the product that the versions are of: "MX800 WLAN"
	Kinds   []string    // of a generic name: the words that say what kind of thing is meant
}

// Demand is a part or circumstance that a name demands.
type Demand struct {
	Text   string
	Phrase Phrase
}

var (
	excluded   = regexp.MustCompile(`(?i),?\s*\(?\b(?:not including|excluding|except(?:ing)?(?: for)?|other than)\b\s+(.*?)\)?$`)
	basedOn    = regexp.MustCompile(`(?i)\b(windows (?:xp|vista|nt|2000|7|8(?:\.1)?|10|11|server \d{4}(?: r2)?))[- ]based\b`)
	demands    = regexp.MustCompile(`(?i)\s+(?:when used with|used with|running on|running|in conjunction with|using|enabled with|equipped with|with installed|integrated with|with|w/|w\.|under)\s+(.*)$`)
	wlanOnly   = regexp.MustCompile(`(?i)\s+(wlan|wi-?fi)(?: only)?\s*$`)
	priorTo    = regexp.MustCompile(`(?i)\s+((?:all )?versions?\s+.*|prior to\s+.*|before\s+v?\d.*|(?:v|version )?\d[\w.]* (?:and|or) (?:prior|earlier|below|later|newer|lower).*)$`)
	inName     = regexp.MustCompile(`(?i)(?:^|\s)((?:versions?\s+|ver\.?\s*|release\s+|rev\.?\s+|r|v)?\d+(?:\.\d+)+(?:\.x)*(?:/\d+(?:\.\d+)+)*|v\.?\d+(?:\.(?:\d+|x))*|\d+\.x(?:\.x)*|r\d+-r?\d+|version\s+\d+x?)(?:\s|,|$)`)
	leadsParts = regexp.MustCompile(`(?i)^(?:integrated as |incl\. )?(?:part (?:numbers?|no\.?|#)|models?(?: numbers?| no\.?)?|p/n|mlfbs?:?|type|ref\.?|sku|catalog(?: number)?|order(?: number)?|article(?: number)?|udi)[:\s=#]+(.*)$`)
	alsoNamed  = regexp.MustCompile(`(?i)^(?:formerly(?: known as)?|previously(?: known as)?|also known as|a\.?k\.?a\.?|now)\s+(.*)$`)
	included   = regexp.MustCompile(`(?i)^incl(?:uding|udes|\.)?[\s:]*(.*)$`)
	circum     = regexp.MustCompile(`(?i)\b(only|with|without|enabled|running|when|if|installed|based|prior|before|option|used)\b`)
	abbrev     = regexp.MustCompile(`^[A-Za-z]{2,9}(?:[ -][A-Za-z]{1,3})?$`)
	several    = regexp.MustCompile(`(?i)\b(pumps|products|series|family|families|monitors|line|devices|ventilators|scanners|controllers|cameras|switches|drives|recorders|readers|routers)\b`)
	spanOf     = regexp.MustCompile(`^([A-Za-z]+)(\d+)-([A-Za-z]*)(\d+)$`)
)

// maxAlternatives bounds what one name may expand to.
const maxAlternatives = 64

// ReadPublished reads a published product name; makers are the ids of its manufacturer.
func ReadPublished(text string, makers []string) Published {
	n := Published{Text: text}
	s := strings.Join(strings.Fields(Plain(text)), " ")
	if len(s) > MaxLength {
		s = s[:MaxLength]
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "including", "including "), "including  ", "including ")
	if m := excluded.FindStringSubmatchIndex(s); m != nil && m[0] > 0 {
		for _, part := range splitList(s[m[2]:m[3]]) {
			if x := ReadPublished(part, makers); len(x.Alts) > 0 {
				n.Without = append(n.Without, x)
			}
		}
		s = s[:m[0]]
	}
	n.line = several.MatchString(s)
	for _, part := range alternatives(s) {
		n.read(part, makers)
	}
	n.tidy()
	return n
}

var listBreaks = strings.NewReplacer(", and ", "\x00", " and ", "\x00", ", ", "\x00", " or ", "\x00", ";", "\x00")

func splitList(s string) []string {
	var out []string
	for p := range strings.SplitSeq(listBreaks.Replace(s), "\x00") {
		if p = strings.TrimSpace(p); p != "" {
			out = append(out, p)
		}
	}
	return out
}

// alternatives splits a text that names several products in full: "Pulsera (718095) and Endura (718075)", "Spot 4400 / Spot
// 4400 Extended Care".
func alternatives(s string) []string {
	if parts := strings.Split(s, " / "); len(parts) > 1 && !slices.ContainsFunc(parts[1:], func(p string) bool { return p == "" || isDigit(p[0]) }) && full(parts) {
		return parts
	}
	if parts := strings.Split(s, " and "); len(parts) > 1 && full(parts) {
		numbered, sameStart := true, true
		start, _, _ := strings.Cut(parts[0], " ")
		for _, p := range parts {
			numbered = numbered && strings.ContainsAny(p, "0123456789")
			sameStart = sameStart && strings.HasPrefix(p, start+" ")
		}
		if numbered || sameStart {
			return parts
		}
	}
	if parts := strings.Split(s, "/"); len(parts) > 1 && full(parts) { // "ELI 150c/BUR 150c/MLBUR 150c"
		own, worded := true, false
		for i, p := range parts {
			words := strings.Fields(p)
			k := slices.IndexFunc(words, func(w string) bool { return strings.ContainsAny(w, "0123456789") })
			own = own && (k > 0 || k == 0 && isLetter(words[0][0])) && strings.Count(p, "(") == strings.Count(p, ")")
			worded = worded || i > 0 && k > 0
		}
		if own && worded {
			return parts
		}
	}
	return []string{s}
}

// full says that each part holds a word that names something.
func full(parts []string) bool {
	for _, p := range parts {
		if !slices.ContainsFunc(Atoms(p), func(a Atom) bool { return a.Class == Brand || a.Class == Variant && a.caps && len(a.Text) > 1 }) {
			return false
		}
	}
	return true
}

// read adds the ways to name a product that one text gives.
func (n *Published) read(s string, makers []string) {
	base, inner := brackets(s)
	base = n.demand(base)
	base = n.versions(base)
	words := ReadPhrase(base, makers)
	var soft Phrase
	var narrowed, more []Slot
	series := false
	for _, in := range inner {
		t := strings.Trim(in.text, " ;,:")
		switch {
		case t == "":
		case alsoNamed.MatchString(t):
			n.alt(ReadPhrase(alsoNamed.FindStringSubmatch(t)[1], makers))
		case included.MatchString(t):
			for _, s := range ReadPhrase(included.FindStringSubmatch(t)[1], makers) {
				if s[0].Class == Number {
					more, series = append(more, s), true
				}
			}
		case leadsParts.MatchString(t):
			n.codes(leadsParts.FindStringSubmatch(t)[1])
		case narrows(t, words):
			narrowed = append(narrowed, ReadPhrase(t, makers)...)
		case codeLike(t):
			n.codes(t)
		case circum.MatchString(t):
			n.Demands = append(n.Demands, Demand{Text: t, Phrase: Significant(ReadPhrase(circum.ReplaceAllString(t, " "), makers))})
		case abbrev.MatchString(t) && strings.ToLower(t) != t:
			n.abbreviation(in, makers)
		default:
			slots := ReadPhrase(t, makers)
			if len(slots) == 1 && slots[0][0].Class == Number && len(slots[0][0].Text) >= 5 {
				n.alt(slots) // "(VLFT10GEN)"
			} else {
				soft = append(soft, slots...)
			}
		}
	}
	switch {
	case len(narrowed) > 0:
		for _, s := range narrowed {
			n.alt(append(slices.Clone(words), s))
		}
	case series:
		for _, s := range more {
			n.alt(append(brandsOf(words), s))
		}
		n.alt(words)
	default:
		n.alt(words)
		for _, w := range n.Demands {
			if len(w.Phrase) > 0 && len(Significant(words)) > 0 {
				n.alt(append(slices.Clone(words), w.Phrase...))
			}
		}
		if len(soft) > 0 {
			n.alt(append(slices.Clone(words), soft...))
		}
	}
}

// narrows says that a bracket holds the model numbers that a line's name means: "MX (MX400-550)".
func narrows(t string, words Phrase) bool {
	slots := ReadPhrase(t, nil)
	if len(slots) == 0 || slices.ContainsFunc(words, func(s Slot) bool { return s[0].Class == Number }) {
		return false
	}
	return !slices.ContainsFunc(slots, func(s Slot) bool {
		return s[0].Class != Number || s[0].pre == "" || s[0].hi == 0 && len(s[0].Digits) > 3
	})
}

func brandsOf(p Phrase) Phrase {
	return slices.DeleteFunc(slices.Clone(p), func(s Slot) bool { return s[0].Class != Brand })
}

func Significant(p Phrase) Phrase {
	return slices.DeleteFunc(slices.Clone(p), func(s Slot) bool { return !s[0].Class.Weighs() })
}

func (n *Published) alt(p Phrase) {
	if len(n.Alts) >= maxAlternatives || len(p) == 0 {
		return
	}
	// "MX (MX400-550)": the letters say nothing beside the numbers that they lead.
	p = slices.DeleteFunc(slices.Clone(p), func(s Slot) bool {
		return len(s) == 1 && s[0].Class != Number && slices.ContainsFunc(p, func(o Slot) bool { return o[0].Class == Number && o[0].pre == s[0].Text })
	})
	n.Alts = append(n.Alts, p)
	for i := 1; i < len(p); i++ { // "Discovery MI MI DR"
		if len(p[i]) == 1 && len(p[i-1]) == 1 && p[i][0].Text == p[i-1][0].Text && i+1 < len(p) {
			n.Alts = append(n.Alts, p[:i], slices.Concat(p[:i-1], p[i:]))
		}
	}
	for i := 1; i < len(p); i++ { // "Alaris Gateway Workstation Alaris GS": the brand begins anew
		if len(p[i]) == 1 && p[i][0].Class == Brand && p[i][0].Text == p[0][0].Text && i+1 < len(p) {
			n.Alts = append(n.Alts, p[i:])
		}
	}
}

// codes adds part and model numbers as names of their own.
func (n *Published) codes(s string) {
	for _, part := range splitList(s) {
		for _, t := range slashed(strings.ReplaceAll(part, " ", "")) {
			if t.Class == Number && len(t.Text) >= 4 {
				n.alt(Phrase{{t}})
			}
		}
	}
}

// demand takes conditions out of a name.
func (n *Published) demand(s string) string {
	if m := basedOn.FindStringSubmatchIndex(s); m != nil {
		n.Demands = append(n.Demands, Demand{Text: s[m[2]:m[3]], Phrase: PhraseOf(Atoms(s[m[2]:m[3]]))})
		s = s[:m[0]] + s[m[1]:]
	}
	if m := demands.FindStringSubmatchIndex(s); m != nil && weighty(s[:m[0]]) {
		n.Demands = append(n.Demands, Demand{Text: s[m[2]:m[3]], Phrase: Significant(PhraseOf(Atoms(s[m[2]:m[3]])))})
		s = s[:m[0]]
	}
	if m := wlanOnly.FindStringSubmatchIndex(s); m != nil && weighty(s[:m[0]]) {
		n.Demands = append(n.Demands, Demand{Text: s[m[2]:m[3]]})
		n.Part = s[m[2]:m[3]]
		s = s[:m[0]]
	}
	return s
}

func weighty(s string) bool {
	return slices.ContainsFunc(Atoms(s), func(a Atom) bool { return a.Class.Weighs() })
}

// versions takes version numbers out of a name when something is left that names a product.
func (n *Published) versions(s string) string {
	take := func(m []int) bool {
		if m == nil || !weighty(s[:m[2]]) {
			return false
		}
		said := strings.Trim(s[m[2]:m[3]], " ,")
		if n.Said == "" {
			n.Said = said
		} else {
			n.Said += " | " + said
		}
		s = strings.TrimSpace(s[:m[2]] + " " + s[m[3]:])
		return true
	}
	take(priorTo.FindStringSubmatchIndex(s))
	for range 4 {
		if !take(inName.FindStringSubmatchIndex(s)) {
			break
		}
	}
	return s
}

// tidy settles what the parts together mean.
func (n *Published) tidy() {
	if n.Said != "" {
		text := n.Said
		if !strings.ContainsAny(text, " <>") || strings.Contains(text, "/") || strings.Contains(text, " | ") { // "3.1" in a name is the 3.1 line
			var lines []string
			for _, v := range strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '|' || r == ' ' }) {
				switch {
				case strings.ContainsAny(v, "-"):
					lo, hi, _ := strings.Cut(v, "-")
					v = "revision " + strings.TrimLeft(lo, "rR") + " to " + strings.TrimLeft(hi, "rR")
				case !strings.HasSuffix(v, "x"):
					v += ".x"
				}
				lines = append(lines, v)
			}
			text = strings.Join(lines, " | ")
		}
		if r := vers.ParseRange(text); r.Read() {
			n.Version = &r
		}
	}
	n.Generic = true
	for _, p := range n.Alts {
		for _, s := range p {
			if s[0].Class.Weighs() {
				n.Generic = false
			} else if n.Generic && s[0].Class != Stop {
				n.Kinds = append(n.Kinds, s[0].Text)
			}
		}
	}
	if !n.Generic {
		n.Kinds = nil
		n.DropEmpty()
	}
}

// DropEmpty drops the ways in which nothing weighs.
func (n *Published) DropEmpty() {
	n.Alts = slices.DeleteFunc(n.Alts, func(p Phrase) bool { return len(Significant(p)) == 0 })
}

// Index prepares the comparisons, when all ways are there.
func (n *Published) Index() {
	n.sigs, n.open = make([]sig, len(n.Alts)), make([]bool, len(n.Alts))
	for i, p := range n.Alts {
		s, ok := sigOf(p)
		n.sigs[i], n.open[i] = s, !ok
	}
}
