package match

import (
	"regexp"
	"slices"
	"strings"

	"triward/internal/vers"
	"triward/internal/vuln/naming"
)

var (
	windowsIn = regexp.MustCompile(`(?i)windows\s+(xp|vista|nt|2000|7|8(?:\.1)?|10|11|server\s+\d{4}(?:\s+r2)?|\d{4})`)
	saysYes   = strings.Fields("yes true y 1 installed enabled present on")
	saysNo    = strings.Fields("no false n 0 none not absent off disabled")
)

// circumstance decides a condition of a statement from what else is known of the asset: its operating systems, its other
// parts and its named values. name is the subject's name that is left over, phrase what has to stand in it.
func (p *Prepared) circumstance(s *subject, text string, want naming.Phrase) (vers.Truth, string) {
	low := strings.ToLower(naming.Plain(text))
	if m := windowsIn.FindStringSubmatch(low); m != nil {
		return p.onWindows(m[1])
	}
	for i := range p.asset.Facts {
		f := &p.asset.Facts[i]
		name := naming.Atoms(f.Product)
		if len(name) == 0 || f.Product == "" {
			continue
		}
		rest, ok := mentions(low, name)
		if !ok {
			if v := strings.ToLower(strings.TrimSpace(f.Version)); f.Kind == Other && len(v) >= 4 && strings.Contains(low, v) && len(strings.Fields(low)) <= 3 {
				return vers.True, f.Product + " = " + f.Version
			}
			continue
		}
		where := f.Product + " = " + f.Version
		value := strings.ToLower(strings.TrimSpace(f.Version))
		switch {
		case f.Kind == Other && slices.Contains(saysNo, value):
			return vers.False, where
		case f.Kind == Other && slices.Contains(saysYes, value) && !strings.ContainsAny(rest, "0123456789"):
			return vers.True, where
		case len(value) >= 3 && strings.Contains(low, value) && !strings.ContainsAny(value, "0123456789"):
			return vers.True, where
		}
		r := vers.ParseRange(strings.Trim(rest, " ()"))
		if strings.Trim(rest, " ()") == "" {
			return vers.True, where
		}
		if value == "" || !r.Read() {
			return vers.Unknown, ""
		}
		t, why := r.Contains(vers.Facts{Version: f.Version})
		if t != vers.Unknown {
			return t, f.Product + " " + why.Text
		}
		return t, ""
	}
	if s != nil && len(want) > 0 {
		for _, name := range s.Names {
			if al := naming.Align(want, name, s.Codes); len(al.Open) == 0 {
				return vers.True, "the name says " + text
			}
		}
	}
	if s != nil && (strings.Contains(low, "wlan") || strings.Contains(low, "wi-fi") || strings.Contains(low, "wifi") || strings.Contains(low, "wireless")) && len(strings.Fields(low)) <= 3 {
		for _, a := range naming.Atoms(s.Called) {
			switch a.Text {
			case "wlan", "wifi", "wireless":
				return vers.True, "the name says " + a.Text
			}
		}
	}
	return vers.Unknown, ""
}

// mentions finds the words of a named value in a condition and returns what follows the last of them.
func mentions(low string, name []naming.Atom) (rest string, ok bool) {
	end := 0
	for _, a := range name {
		if a.Class == naming.Stop {
			continue
		}
		stem := strings.TrimSuffix(a.Text, "s")
		i := strings.Index(low, stem)
		if i < 0 || len(stem) < 3 {
			return "", false
		}
		for i += len(stem); i < len(low) && low[i] >= 'a' && low[i] <= 'z'; {
			i++
		}
		end = max(end, i)
	}
	return low[end:], end > 0
}

// onWindows compares with the operating systems that are recorded.
func (p *Prepared) onWindows(want string) (vers.Truth, string) {
	want = strings.Join(strings.Fields(want), " ")
	known := false
	for i := range p.asset.Facts {
		f := &p.asset.Facts[i]
		named := strings.Contains(naming.Bare(f.Product), "operatingsystem") || naming.Bare(f.Product) == "os"
		if f.Kind != OS && !(f.Kind == Other && named) {
			continue
		}
		known = true
		text := strings.ToLower(f.Vendor + " " + f.Product + " " + f.Version)
		m := windowsIn.FindStringSubmatch(text)
		if m != nil && strings.Join(strings.Fields(m[1]), " ") == want {
			return vers.True, "operating system " + strings.TrimSpace(f.Product+" "+f.Version)
		}
		if m == nil && strings.Contains(text, "windows") {
			return vers.Unknown, ""
		}
	}
	if known {
		return vers.False, "the recorded operating system is not Windows " + want
	}
	return vers.Unknown, ""
}

// demanded decides all conditions of a product name.
func (p *Prepared) demanded(s *subject, n *naming.Published) (vers.Truth, string, string) {
	out, says, missing := vers.True, "", ""
	for _, w := range n.Demands {
		t, why := p.circumstance(s, w.Text, w.Phrase)
		if t == vers.Unknown {
			missing = "whether this applies: " + w.Text
			if windowsIn.MatchString(w.Text) {
				missing = "operating system"
			}
			why = quoted(w.Text) + " is demanded and not known"
		}
		if t < out || says == "" {
			out, says = min(out, t), why
		}
	}
	return out, says, missing
}

// leftOut says whether a name is among those that a statement excepts.
func leftOut(s *subject, n *naming.Published) (vers.Truth, string) {
	out, says := vers.False, ""
	for i := range n.Without {
		x := &n.Without[i]
		rel, releases := s.Excepted(x)
		if rel < naming.Member {
			continue
		}
		if x.Version == nil {
			return vers.True, quoted(x.Text) + " is excepted"
		}
		facts := s.facts
		if r := naming.Release(s.version); r != "" {
			releases = append(releases, r)
		}
		t, _ := x.Version.Contains(facts)
		for i, r := range releases {
			facts.Revision = r
			u, _ := x.Version.Contains(facts)
			if i == 0 {
				t = u
			}
			t = max(t, u)
		}
		if t > out {
			out, says = t, quoted(x.Text)+" is excepted"
		}
	}
	return out, says
}
