package sigma

import (
	"strings"
	"testing"

	"triward/internal/problem"
)

// rule wraps a detection in what every rule needs.
func rule(detection string) string {
	return "title: T\nlogsource:\n  product: windows\ndetection:\n  " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n  ") + "\n"
}

func TestFaultsNameTheLine(t *testing.T) {
	for name, tc := range map[string]struct{ text, want string }{
		"unknown modifier":        {rule("s:\n  A|sounds: x\ncondition: s"), `f.yml:6: "A|sounds": the modifier "sounds" is not supported there`},
		"look-around":             {rule("s:\n  A|re: '(?!x)y'\ncondition: s"), "f.yml:6: \"A|re\": the expression is not supported"},
		"aggregation":             {rule("s:\n  A: x\ncondition: s | count() > 5"), "f.yml:7: the condition uses an aggregation"},
		"timeframe":               {rule("s:\n  A: x\ntimeframe: 5m\ncondition: s"), "f.yml:7: timeframe of Sigma 1"},
		"unknown search":          {rule("s:\n  A: x\ncondition: s and t"), `f.yml:7: the condition names "t"`},
		"no such pattern":         {rule("s:\n  A: x\ncondition: 1 of t*"), `f.yml:7: the condition asks for "t*"`},
		"2 of":                    {rule("s:\n  A: x\ncondition: 2 of s*"), `f.yml:7: the condition asks for "2" of`},
		"unfinished":              {rule("s:\n  A: x\ncondition: s and"), "f.yml:7: the condition ends too early"},
		"parenthesis":             {rule("s:\n  A: x\ncondition: (s"), "f.yml:7: the condition ends too early"},
		"key twice":               {rule("s:\n  A: x\n  A: y\ncondition: s"), `f.yml:7: a search has the key "A" twice`},
		"placeholder":             {rule("s:\n  A|expand: '%who%'\ncondition: s"), "f.yml:6: \"A|expand\": the placeholder %who% has no values"},
		"wildcard in base64":      {rule("s:\n  A|base64: 'a*'\ncondition: s"), "f.yml:6: \"A|base64\": base64: a value with wildcards"},
		"two kinds":               {rule("s:\n  A|re|cidr: x\ncondition: s"), "f.yml:6: \"A|re|cidr\": the modifiers ask for two kinds"},
		"null with modifier":      {rule("s:\n  A|contains: null\ncondition: s"), "f.yml:6: \"A|contains\": null stands alone"},
		"not a network":           {rule("s:\n  A|cidr: x\ncondition: s"), `f.yml:6: "A|cidr": "x" is not a network`},
		"not a number":            {rule("s:\n  A|gt: x\ncondition: s"), `f.yml:6: "A|gt": "x" is not a number`},
		"nested":                  {rule("s:\n  A:\n    B: x\ncondition: s"), "f.yml:7: the value of A is neither"},
		"action":                  {"action: global\ntitle: T\n", "f.yml:1: action documents"},
		"not YAML":                {"title: T\n  x: [\n", "f.yml:"},
		"logsource":               {"title: T\nlogsource:\n  produkt: windows\ndetection:\n  s: x\n  condition: s\n", `f.yml:3: logsource has no "produkt"`},
		"level":                   {"title: T\nlevel: huge\nlogsource: {}\ndetection:\n  s: x\n  condition: s\n", "f.yml:2: level is \"huge\""},
		"extension":               {"title: T\ntriward:\n  id: M1\nlogsource: {}\ndetection:\n  s: x\n  condition: s\n", `f.yml:3: triward has no "id"`},
		"baseline":                {"title: T\ntriward:\n  baseline: {kind: rate, by: [a], learn: 7d}\nlogsource: {}\ndetection:\n  s: x\n  condition: s\n", "f.yml:3: a baseline of kind rate has a factor"},
		"correlation type":        {"title: T\ncorrelation:\n  type: spiral\n", `f.yml:3: type is "spiral"`},
		"correlation timespan":    {"title: T\ncorrelation:\n  type: event_count\n  rules: [a]\n  timespan: 5 minutes\n  condition: {gte: 1}\n", `f.yml:5: timespan is "5 minutes"`},
		"percentile":              {"title: T\ncorrelation:\n  type: value_percentile\n  rules: [a]\n  timespan: 5m\n  condition: {gte: 1, field: x}\n", "f.yml:2: the condition of value_percentile needs a percentile"},
		"second document":         {rule("s:\n  A: x\ncondition: s") + "---\ntitle: U\n", "f.yml:9: the document needs exactly one of"},
		"flags before expression": {rule("s:\n  A|i|re: x\ncondition: s"), `f.yml:6: "A|i|re": the modifier "i" is not supported there`},
	} {
		t.Run(name, func(t *testing.T) {
			_, err := Parse("f.yml", []byte(tc.text), Options{})
			if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), tc.want) {
				t.Errorf("got %v, want %s", err, tc.want)
			}
		})
	}
}

func TestDocumentsStandAlone(t *testing.T) {
	good, bad := rule("s:\n  A: x\ncondition: s"), rule("s:\n  A|sounds: x\ncondition: s")
	set, err := Parse("f.yml", []byte(good+"---\n"+bad+"---\n"+good), Options{})
	if len(set.Rules) != 2 || set.Faulty != 1 || len(problem.FaultsOf(err)) != 1 || problem.FaultsOf(err)[0].Path != "f.yml:14" {
		t.Errorf("%d rules, %d faulty, %v", len(set.Rules), set.Faulty, err)
	}
}

func FuzzParse(f *testing.F) {
	for _, s := range []string{
		rule("s:\n  A|contains|all: [x, 'y*z']\n  B|re|i: 'a.b'\nk: [one, two]\ncondition: s and not 1 of k*"),
		rule("s:\n  A|windash|contains: ' -f'\n  B|wide|base64offset|contains: abc\n  C|cidr: [10.0.0.0/8, '::1/128']\ncondition: s"),
		"title: T\nname: n\ncorrelation:\n  type: value_count\n  rules: [a]\n  group-by: [u]\n  timespan: 5m\n  condition: {gte: 3, field: x}\n",
		"title: T\nlogsource: {product: p}\nfilter:\n  rules: any\n  s: {A: x}\n  condition: not s\n",
		"a: &a [1]\nb: [*a, *a]\n",
	} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		set, err := Parse("f", text, Options{Placeholders: map[string][]string{"x": {"1", "2"}}})
		if (err != nil) != (set.Faulty > 0) {
			t.Errorf("%d faulty documents, and %v", set.Faulty, err)
		}
		set.Resolve()
	})
}

func TestCutAtEveryByte(t *testing.T) {
	text := rule("s:\n  A|contains|all: [x, 'y*z']\n  B|re|i: 'a.b'\nk: [one, two]\ncondition: s and not 1 of k*")
	for i := range text {
		if set, err := Parse("f", []byte(text[:i]), Options{}); err == nil && len(set.Rules) > 0 && i < len(text)-2 && !strings.Contains(text[:i], "condition: s") {
			t.Errorf("cut at %d: a rule came out", i)
		}
	}
}
