package vuln

import (
	"regexp"
	"slices"
	"strings"

	"triward/internal/vers"
)

// A naming is what a published product name means: the ways to name the product, what it leaves out, what it demands
// besides, and the version that it holds.
type naming struct {
	text    string
	alts    []phrase
	sigs    []sig       // of the alternatives, as far as they are known
	open    []bool      // alternatives whose sig says nothing
	without []naming    // "not including EchoPAC"
	with    []with      // "with SpaceCom module", "Windows XP-Based"
	version *vers.Range // "Xeleris 3.1", "IntelliSpace Portal 8.0.x"
	said    string      // the version as written
	line    bool        // it speaks of several products: "BodyGuard Pumps", "Vivid products"
	generic bool        // nothing in it is a name: "PET/CT Systems"
	part    string      // the part of the product that the versions are of: "MX800 WLAN"
	kinds   []string    // of a generic name: the words that say what kind of thing is meant
}

// with is a part or circumstance that a name demands.
type with struct {
	text   string
	phrase phrase
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

// parseName reads a published product name; makers are the ids of its manufacturer.
func parseName(text string, makers []string) naming {
	n := naming{text: text}
	s := strings.Join(strings.Fields(plain(text)), " ")
	if len(s) > maxName {
		s = s[:maxName]
	}
	s = strings.ReplaceAll(strings.ReplaceAll(s, "including", "including "), "including  ", "including ")
	if m := excluded.FindStringSubmatchIndex(s); m != nil && m[0] > 0 {
		for _, part := range splitList(s[m[2]:m[3]]) {
			if x := parseName(part, makers); len(x.alts) > 0 {
				n.without = append(n.without, x)
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
		if !slices.ContainsFunc(atoms(p), func(a atom) bool { return a.class == brand || a.class == variant && a.caps && len(a.s) > 1 }) {
			return false
		}
	}
	return true
}

// read adds the ways to name a product that one text gives.
func (n *naming) read(s string, makers []string) {
	base, inner := brackets(s)
	base = n.demand(base)
	base = n.versions(base)
	words := wordSlots(base, makers)
	var soft phrase
	var narrowed, more []slot
	series := false
	for _, in := range inner {
		t := strings.Trim(in.text, " ;,:")
		switch {
		case t == "":
		case alsoNamed.MatchString(t):
			n.alt(wordSlots(alsoNamed.FindStringSubmatch(t)[1], makers))
		case included.MatchString(t):
			for _, s := range wordSlots(included.FindStringSubmatch(t)[1], makers) {
				if s[0].class == number {
					more, series = append(more, s), true
				}
			}
		case leadsParts.MatchString(t):
			n.codes(leadsParts.FindStringSubmatch(t)[1])
		case narrows(t, words):
			narrowed = append(narrowed, wordSlots(t, makers)...)
		case codeLike(t):
			n.codes(t)
		case circum.MatchString(t):
			n.with = append(n.with, with{text: t, phrase: significant(wordSlots(circum.ReplaceAllString(t, " "), makers))})
		case abbrev.MatchString(t) && strings.ToLower(t) != t:
			n.abbreviation(in, makers)
		default:
			slots := wordSlots(t, makers)
			if len(slots) == 1 && slots[0][0].class == number && len(slots[0][0].s) >= 5 {
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
		for _, w := range n.with {
			if len(w.phrase) > 0 && len(significant(words)) > 0 {
				n.alt(append(slices.Clone(words), w.phrase...))
			}
		}
		if len(soft) > 0 {
			n.alt(append(slices.Clone(words), soft...))
		}
	}
}

// narrows says that a bracket holds the model numbers that a line's name means: "MX (MX400-550)".
func narrows(t string, words phrase) bool {
	slots := wordSlots(t, nil)
	if len(slots) == 0 || slices.ContainsFunc(words, func(s slot) bool { return s[0].class == number }) {
		return false
	}
	return !slices.ContainsFunc(slots, func(s slot) bool {
		return s[0].class != number || s[0].pre == "" || s[0].hi == 0 && len(s[0].digits) > 3
	})
}

func brandsOf(p phrase) phrase {
	return slices.DeleteFunc(slices.Clone(p), func(s slot) bool { return s[0].class != brand })
}

func significant(p phrase) phrase {
	return slices.DeleteFunc(slices.Clone(p), func(s slot) bool { return !s[0].class.weighs() })
}

func (n *naming) alt(p phrase) {
	if len(n.alts) >= maxAlternatives || len(p) == 0 {
		return
	}
	// "MX (MX400-550)": the letters say nothing beside the numbers that they lead.
	p = slices.DeleteFunc(slices.Clone(p), func(s slot) bool {
		return len(s) == 1 && s[0].class != number && slices.ContainsFunc(p, func(o slot) bool { return o[0].class == number && o[0].pre == s[0].s })
	})
	n.alts = append(n.alts, p)
	for i := 1; i < len(p); i++ { // "Discovery MI MI DR"
		if len(p[i]) == 1 && len(p[i-1]) == 1 && p[i][0].s == p[i-1][0].s && i+1 < len(p) {
			n.alts = append(n.alts, p[:i], slices.Concat(p[:i-1], p[i:]))
		}
	}
	for i := 1; i < len(p); i++ { // "Alaris Gateway Workstation Alaris GS": the brand begins anew
		if len(p[i]) == 1 && p[i][0].class == brand && p[i][0].s == p[0][0].s && i+1 < len(p) {
			n.alts = append(n.alts, p[i:])
		}
	}
}

// codes adds part and model numbers as names of their own.
func (n *naming) codes(s string) {
	for _, part := range splitList(s) {
		for _, t := range slashed(strings.ReplaceAll(part, " ", "")) {
			if t.class == number && len(t.s) >= 4 {
				n.alt(phrase{{t}})
			}
		}
	}
}

// codeLike says that a bracket holds only part numbers: no words, and four or more digits.
func codeLike(s string) bool {
	digits := 0
	for _, w := range strings.FieldsFunc(s, func(r rune) bool { return r == ' ' || r == '/' || r == ',' }) {
		d := 0
		for i := range len(w) {
			if isDigit(w[i]) {
				d++
			}
		}
		if d == 0 {
			return false
		}
		digits = max(digits, d)
	}
	return digits >= 4 && !strings.ContainsAny(s, ".")
}

// abbreviation adds "Connex CS" for "Connex Central Station (CS)": the last words are replaced when their first letters
// make the abbreviation, else it stands for the whole.
func (n *naming) abbreviation(in bracket, makers []string) {
	abbr, words := in.text, strings.Fields(in.before)
	after, _ := brackets(in.after)
	letters := strings.ToLower(strings.Map(func(r rune) rune {
		if r >= 'A' && r <= 'Z' || r >= 'a' && r <= 'z' {
			return r
		}
		return -1
	}, abbr))
	start := 0
	for k := 2; k <= len(words) && k <= 6; k++ {
		initials := ""
		for _, w := range words[len(words)-k:] {
			initials += strings.ToLower(w[:1])
		}
		if initials == letters {
			start = len(words) - k
			break
		}
	}
	n.alt(wordSlots(strings.Join(words[:start], " ")+" "+abbr+" "+after, makers))
}

// bracket is the content of a pair of brackets and the text around it.
type bracket struct{ text, before, after string }

// brackets takes the bracketed parts out of a name. A bracket that is not closed ends with the text.
func brackets(s string) (string, []bracket) {
	var out []bracket
	for {
		i := strings.IndexByte(s, '(')
		if i < 0 {
			return strings.ReplaceAll(s, ")", " "), out
		}
		depth, j := 0, i
		for ; j < len(s); j++ {
			if s[j] == '(' {
				depth++
			} else if s[j] == ')' {
				if depth--; depth == 0 || j+1 < len(s) && s[j+1] == ' ' {
					break
				}
			}
		}
		text := strings.Trim(s[i:min(j+1, len(s))], "() ")
		rest := ""
		if j+1 < len(s) {
			rest = s[j+1:]
		}
		out = append(out, bracket{text, strings.TrimSpace(s[:i]), strings.TrimSpace(rest)})
		s = strings.TrimSpace(s[:i]) + " " + strings.TrimSpace(rest)
	}
}

// demand takes conditions out of a name.
func (n *naming) demand(s string) string {
	if m := basedOn.FindStringSubmatchIndex(s); m != nil {
		n.with = append(n.with, with{text: s[m[2]:m[3]], phrase: phraseOf(atoms(s[m[2]:m[3]]))})
		s = s[:m[0]] + s[m[1]:]
	}
	if m := demands.FindStringSubmatchIndex(s); m != nil && weighty(s[:m[0]]) {
		n.with = append(n.with, with{text: s[m[2]:m[3]], phrase: significant(phraseOf(atoms(s[m[2]:m[3]])))})
		s = s[:m[0]]
	}
	if m := wlanOnly.FindStringSubmatchIndex(s); m != nil && weighty(s[:m[0]]) {
		n.with = append(n.with, with{text: s[m[2]:m[3]]})
		n.part = s[m[2]:m[3]]
		s = s[:m[0]]
	}
	return s
}

func weighty(s string) bool {
	return slices.ContainsFunc(atoms(s), func(a atom) bool { return a.class.weighs() })
}

// versions takes version numbers out of a name when something is left that names a product.
func (n *naming) versions(s string) string {
	take := func(m []int) bool {
		if m == nil || !weighty(s[:m[2]]) {
			return false
		}
		said := strings.Trim(s[m[2]:m[3]], " ,")
		if n.said == "" {
			n.said = said
		} else {
			n.said += " | " + said
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
func (n *naming) tidy() {
	if n.said != "" {
		text := n.said
		if !strings.ContainsAny(text, " <>") || strings.Contains(text, "/") || strings.Contains(text, " | ") { // "3.1" in a name is the 3.1 line
			var lines []string
			for _, v := range strings.FieldsFunc(text, func(r rune) bool { return r == '/' || r == '|' || r == ' ' }) {
				switch {
				case strings.ContainsAny(v, "-"):
					v = "Rev " + strings.TrimLeft(v, "rR")
				case !strings.HasSuffix(v, "x"):
					v += ".x"
				}
				lines = append(lines, v)
			}
			text = strings.Join(lines, " | ")
		}
		if r := vers.ParseRange(text); r.Read() {
			n.version = &r
		}
	}
	n.generic = true
	for _, p := range n.alts {
		for _, s := range p {
			if s[0].class.weighs() {
				n.generic = false
			} else if n.generic && s[0].class != stop {
				n.kinds = append(n.kinds, s[0].s)
			}
		}
	}
	if !n.generic {
		n.kinds = nil
		n.alts = slices.DeleteFunc(n.alts, func(p phrase) bool { return len(significant(p)) == 0 })
	}
}
