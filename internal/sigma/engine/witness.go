package engine

import (
	"regexp"
	"regexp/syntax"
	"strings"
	"unicode/utf8"

	"triward/internal/sigma"
)

// witness is a text that stands in a field of every event that a rule fires on, or one of several such texts. Only rules
// with a witness in the event are evaluated.
type witness struct {
	field int32 // or everything
	shape sigma.Shape
	text  string // folded; "" asks for the field alone
}

// choice is a set of witnesses, one of which has to be there, and how many events of a thousand will have one.
type choice struct {
	list []witness
	rate float64
}

func (c *compiler) witnesses() {
	for i := range c.engine.rules {
		r := &c.engine.rules[i]
		if x, ok := c.engine.witness(&r.root); ok {
			r.witness = x.list
		}
	}
	for _, a := range c.engine.atoms {
		for _, t := range a.tests {
			for i := 0; i+gram <= len(t.text); i++ {
				c.engine.grams.add(t.text[i:])
			}
		}
	}
	for _, a := range c.engine.atoms {
		a.quicken(&c.engine.grams)
	}
}

// witness chooses for a node: of an "and" the rarest kid's, of an "or" all of them. A "not" has none.
func (e *Engine) witness(n *node) (choice, bool) {
	switch n.op {
	case sigma.Match:
		return e.atomWitness(e.atoms[n.atom])
	case sigma.And:
		var best choice
		found := false
		for i := range n.kids {
			if x, ok := e.witness(&n.kids[i]); ok && (!found || x.rate < best.rate) {
				best, found = x, true
			}
		}
		return best, found
	case sigma.Or:
		return union(len(n.kids), func(i int) (choice, bool) { return e.witness(&n.kids[i]) })
	}
	return choice{}, false
}

func union(n int, of func(i int) (choice, bool)) (choice, bool) {
	var all choice
	for i := range n {
		x, ok := of(i)
		if !ok {
			return choice{}, false
		}
		all.list = append(all.list, x.list...)
		all.rate += x.rate
	}
	return all, n > 0
}

func rarest(n int, of func(i int) (choice, bool)) (choice, bool) {
	var best choice
	found := false
	for i := range n {
		if x, ok := of(i); ok && (!found || x.rate < best.rate) {
			best, found = x, true
		}
	}
	return best, found
}

// atomWitness finds texts that an atom needs. What may be true of an absent field has none.
func (e *Engine) atomWitness(a *atom) (choice, bool) {
	there := choice{list: []witness{{field: a.field}}, rate: 500}
	join := union
	if a.all {
		join = rarest
	}
	switch a.kind {
	case sigma.Presence:
		return there, a.want
	case sigma.Number, sigma.Network, sigma.Reference:
		return there, true
	}
	if a.null || a.empty && !e.options.Everywhere {
		return choice{}, false
	}
	if a.kind == sigma.Regex {
		return join(len(a.regexps), func(i int) (choice, bool) {
			texts := required(a.regexps[i])
			if len(texts) == 0 {
				return there, a.field != everything
			}
			return rarest(len(texts), func(i int) (choice, bool) { return single(witness{a.field, sigma.Inside, texts[i]}) })
		})
	}
	return join(len(a.item.Patterns), func(i int) (choice, bool) {
		if w, ok := literal(a.item.Patterns[i]); ok {
			w.field = a.field
			return single(w)
		}
		return there, a.field != everything
	})
}

// literal is the longest text of a pattern, with its place where that is at an end.
func literal(p sigma.Pattern) (witness, bool) {
	best, at := "", -1
	for i, x := range p {
		if x.Wild == sigma.Literal && len(x.Text) > len(best) {
			best, at = x.Text, i
		}
	}
	w := witness{shape: sigma.Inside, text: sigma.Fold(best)}
	switch {
	case len(p) == 1 && at == 0:
		w.shape = sigma.Whole
	case at == 0:
		w.shape = sigma.Prefix
	case at == len(p)-1:
		w.shape = sigma.Suffix
	}
	return w, best != ""
}

func single(w witness) (choice, bool) { return choice{[]witness{w}, rate(w)}, true }

// common are texts that many events have; what is part of one of them is a poor witness.
const common = `c:\windows\system32\ c:\windows\syswow64\ c:\program files (x86)\ c:\program files\ c:\users\ c:\programdata\ ` +
	`\appdata\local\temp\ \appdata\roaming\ hklm\software\microsoft\windows nt\currentversion\ hklm\software\microsoft\windows\currentversion\ ` +
	`hklm\system\currentcontrolset\services\ hklm\system\currentcontrolset\control\ \registry\machine\ hku\s-1-5-21- .exe .dll .com ` +
	`c:\windows\system32\ntdll.dll+ |c:\windows\system32\kernelbase.dll+ :\windows\system32\svchost.exe \svchost.exe \werfault.exe \lsass.exe \services.exe \explorer.exe microsoft windows operating system corporation nt authority\system http:// https:// ` +
	`true false high medium setvalue createkey deletekey deletevalue success failure dword (0x00000000) dword (0x00000001) binary data ` +
	`post get 200 :\windows\ powershell.exe \windows\system32\ntdll.dll+ powershell command 0x0 0x1 sysmon security local remote`

// rate guesses how many events of a thousand have the text.
func rate(w witness) float64 {
	n := len(w.text)
	switch {
	case w.text == "":
		return 500
	case strings.Contains(common, w.text):
		return 250
	case w.shape == sigma.Whole && n <= 5 && digitsOnly(w.text):
		return 20
	case w.shape != sigma.Inside:
		return 1 + 40/float64(n*n)
	case n < gram:
		return 300
	}
	// A text inside of a value costs a look at each of its bytes.
	return 3 + 400/float64(n*n)
}

func digitsOnly(s string) bool {
	_, ok := digits([]byte(s))
	return ok
}

// required are ASCII texts, folded, that stand in all that an expression matches. The letters k and s are left out where
// the expression does not mind case: characters beyond ASCII fold to them.
func required(re *regexp.Regexp) []string {
	tree, err := syntax.Parse(re.String(), syntax.Perl)
	if err != nil {
		return nil // it compiled before
	}
	return requiredIn(tree)
}

func requiredIn(t *syntax.Regexp) (out []string) {
	switch t.Op {
	case syntax.OpLiteral:
		return runs(t)
	case syntax.OpCapture, syntax.OpPlus:
		return requiredIn(t.Sub[0])
	case syntax.OpRepeat:
		if t.Min > 0 {
			return requiredIn(t.Sub[0])
		}
	case syntax.OpConcat:
		for _, k := range t.Sub {
			out = append(out, requiredIn(k)...)
		}
	}
	return out
}

// runs are the parts of a literal that are of ASCII.
func runs(t *syntax.Regexp) []string {
	var out []string
	var run []byte
	for _, r := range append(t.Rune[:len(t.Rune):len(t.Rune)], utf8.RuneError) {
		folds := t.Flags&syntax.FoldCase != 0 && strings.ContainsRune("kKsS", r)
		if r < utf8.RuneSelf && !folds {
			run = append(run, lower[byte(r)])
			continue
		}
		if len(run) > 0 {
			out = append(out, string(run))
		}
		run = run[:0]
	}
	return out
}
