package engine_test

import (
	"encoding/json"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"

	"triward/internal/sigma"
	"triward/internal/sigma/sigmatest"
)

// dice makes rules and records of a few letters, so that they meet often.
type dice struct{ *rand.Rand }

func (d dice) text(letters []string, n int) string {
	var b strings.Builder
	for range d.IntN(n + 1) {
		b.WriteString(letters[d.IntN(len(letters))])
	}
	return b.String()
}

func (d dice) one(list ...string) string { return list[d.IntN(len(list))] }

var (
	letters = []string{"a", "b", "A", "B", "/", "c-", "é", "É", "s", "ſ", "k", `\`, "0", " "}
	wilds   = append([]string{"*", "?", `\*`, `\\`}, letters...)
)

// search is one field of a rule.
func (d dice) search() string {
	field := d.one("A", "B", "n.C", "")
	modifiers := d.one("", "", "|contains", "|startswith", "|endswith", "|contains|all", "|cased", "|contains|cased", "|neq", "|re|i", "|exists")
	if field == "" {
		modifiers = d.one("", "|all", "|cased")
		field = "'" + modifiers + "'"
		if modifiers == "" {
			field = "'|contains'"
		}
	} else {
		field = "'" + field + modifiers + "'"
	}
	switch {
	case strings.HasSuffix(modifiers, "exists"):
		return field + ": " + d.one("true", "false")
	case strings.HasSuffix(modifiers, "i"):
		return field + ": '" + d.one("ab", "a.b", "k+s", "(ab|ba)a", "^a*b", "sk[ab]") + "'"
	}
	var values []string
	for range 1 + d.IntN(d.IntN(12)+1) {
		values = append(values, "'"+d.text(wilds, 3+d.IntN(12))+"'")
	}
	if d.IntN(8) == 0 && modifiers == "" && !strings.Contains(field, "contains") {
		values = append(values, "null")
	}
	return field + ": [" + strings.Join(values, ", ") + "]"
}

func (d dice) rule(n int) string {
	var b strings.Builder
	fmt.Fprintf(&b, "title: R\nid: r%d\nlogsource: {product: p}\ndetection:\n", n)
	for i := range 3 {
		fmt.Fprintf(&b, "  s%d:\n    %s\n", i, d.search())
	}
	fmt.Fprintf(&b, "  condition: %s\n---\n", d.one("s0", "s0 and s1", "s0 or s1", "s0 and not s1", "1 of s* and not s2", "all of s*", "not (s0 or s1) and s2", "s0 or s1 and s2"))
	return b.String()
}

func (d dice) record(t *testing.T) []byte {
	members := map[string]any{}
	for _, name := range []string{"A", "B", "C", "Z"} {
		var v any = d.text(letters, 24)
		switch d.IntN(6) {
		case 0:
			v = nil
		case 1:
			v = []any{d.text(letters, 12), d.text(letters, 12)}
		case 2:
			continue
		}
		if name == "C" {
			members["n"] = map[string]any{"C": v}
		} else {
			members[name] = v
		}
	}
	line, err := json.Marshal(members)
	if err != nil {
		t.Fatal(err)
	}
	if d.IntN(5) == 0 {
		line = []byte(strings.NewReplacer("/", `\/`, "a", `\u0061`, "É", `\u00c9`).Replace(string(line)))
	}
	return line
}

// Rules and records made by chance show the tables what real ones may not: texts of every length, at every place.
func TestEngineAgreesOnChance(t *testing.T) {
	own := sigma.LogSource{Product: "p"}
	fired := 0
	for round := range 60 {
		d := dice{rand.New(rand.NewPCG(7, uint64(round)))}
		var text strings.Builder
		for n := range 1 + d.IntN(40) {
			text.WriteString(d.rule(n))
		}
		set, err := sigma.Parse("f", []byte(text.String()), sigma.Options{})
		if err != nil {
			t.Fatalf("%v\n%s", err, text.String())
		}
		set, workers := workersOf(t, set)
		for range 60 {
			line := d.record(t)
			event := sigmatest.Parse(line)
			for everywhere, w := range workers {
				w.Reset()
				w.Read(line)
				hits := map[int]bool{}
				for _, h := range w.Match(own) {
					hits[h] = true
				}
				for i, r := range set.Rules {
					want := sigmatest.Fires(r, event, []sigma.LogSource{own})
					if everywhere == 1 {
						want = sigmatest.FiresAnywhere(r, event)
					}
					if want {
						fired++
					}
					if want != hits[i] {
						t.Fatalf("round %d: the engine says %v for rule %d on %s\n%s", round, hits[i], i, line, strings.Split(text.String(), "---\n")[i])
					}
				}
			}
		}
	}
	if fired == 0 {
		t.Error("nothing fires")
	}
	t.Logf("%d hits", fired)
}
