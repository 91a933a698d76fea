package engine_test

import (
	"fmt"
	"slices"
	"strings"
	"testing"

	"triward/internal/sigma"
	"triward/internal/sigma/engine"
	"triward/internal/sigma/sigmatest"
)

// ruleOf wraps a search in a rule.
func ruleOf(t testing.TB, detection string) sigma.Set {
	t.Helper()
	text := "title: T\nlogsource: {product: p}\ndetection:\n  " + strings.ReplaceAll(strings.TrimSpace(detection), "\n", "\n  ")
	if !strings.Contains(detection, "condition:") {
		text += "\n  condition: s"
	}
	set, err := sigma.Parse("f", []byte(text), sigma.Options{Placeholders: map[string][]string{"who": {"ann", "bob"}}})
	if err != nil {
		t.Fatalf("%s: %v", detection, err)
	}
	return set
}

// Each row is a detection, records on which it holds in its own log source, and records on which it does not. The
// interpreter has to say the same.
var meanings = []struct {
	name, detection string
	yes, no         []string
}{
	{"case of letters", `s: {A: 'Straße'}`, []string{`{"A":"STRAßE"}`, `{"A":"stra\u00DFe"}`}, []string{`{"A":"strasse"}`}},
	{"long s and Kelvin", `s: {A: 'sk'}`, []string{`{"A":"ſK"}`, `{"A":"\u017f\u212a"}`}, nil},
	{"cased", `s: {A|cased: 'aB'}`, []string{`{"A":"aB"}`}, []string{`{"A":"ab"}`}},
	{"cased contains", `s: {A|contains|cased: 'aBcD'}`, []string{`{"A":"xaBcDx"}`}, []string{`{"A":"xabcdx"}`}},
	{"number as text", `s: {A: 5}`, []string{`{"A":5}`, `{"A":"5"}`}, []string{`{"A":5.0}`, `{"A":55}`}},
	{"boolean as text", `s: {A: true}`, []string{`{"A":true}`, `{"A":"True"}`}, []string{`{"A":1}`}},
	{"lists give several values", `s: {A: x}`, []string{`{"A":["y","x"]}`, `{"A":[["x"]]}`}, []string{`{"A":[]}`}},
	{"all over several values", `s: {A|contains|all: [ab, cd]}`, []string{`{"A":["ab","cd"]}`, `{"A":"abcd"}`}, []string{`{"A":["ab","ab"]}`}},
	{"name twice", `s: {A: x}`, []string{`{"A":"x","A":"y"}`, `{"A":"y","A":"x"}`}, nil},
	{"dots and nesting", `s: {a.b: x}`, []string{`{"a.b":"x"}`, `{"a":{"b":"x"}}`, `{"a":[{"b":"y"},{"b":"x"}]}`}, []string{`{"a":{"c":{"b":"x"}}}`}},
	{"containers of Windows", `s: {Image: x}`, []string{`{"winlog":{"event_data":{"Image":"x"}}}`, `{"Event":{"EventData":{"Image":"x"}}}`, `{"Event":{"UserData":{"T":{"Image":"x"}}}}`},
		[]string{`{"Image":"y","winlog":{"event_data":{"Image":"x"}}}`, `{"other":{"Image":"x"}}`}},
	{"names are cased", `s: {Image: x}`, nil, []string{`{"image":"x"}`}},
	{"escaped name", `s: {Image: x}`, []string{`{"\u0049mage":"x"}`}, nil},
	{"empty is absent", `s: {A: ''}`, []string{`{}`, `{"A":""}`, `{"A":null}`}, []string{`{"A":"x"}`}},
	{"null", `s: {A: null}`, []string{`{}`, `{"A":""}`, `{"A":null}`, `{"A":[]}`}, []string{`{"A":"x"}`}},
	{"null or", `s: {A: [null, x]}`, []string{`{}`, `{"A":"x"}`}, []string{`{"A":"y"}`}},
	{"expression on absent", `s: {A|re: '^$'}`, []string{`{}`, `{"A":""}`}, []string{`{"A":"x"}`}},
	{"lone star", `s: {A: '*'}`, []string{`{"A":""}`, `{"A":"x"}`}, []string{`{}`, `{"A":null}`}},
	{"exists", `s: {A|exists: true}`, []string{`{"A":"x"}`, `{"A":null}`, `{"A":""}`, `{"A":[]}`, `{"A":{}}`}, []string{`{}`}},
	{"exists not", `s: {A|exists: no}`, []string{`{}`}, []string{`{"A":null}`}},
	{"not on absent", "s: {A: x}\ncondition: not s", []string{`{}`, `{"A":"y"}`}, []string{`{"A":"x"}`}},
	{"neq", `s: {A|neq: [x, y]}`, []string{`{}`, `{"A":"z"}`}, []string{`{"A":"x"}`, `{"A":["z","y"]}`}},
	{"neq contains", `s: {A|contains|neq: xyzw}`, []string{`{"A":"a"}`}, []string{`{"A":"axyzwb"}`}},
	{"wildcards", `s: {A: 'a?c*e'}`, []string{`{"A":"abcde"}`, `{"A":"aüce"}`}, []string{`{"A":"ace"}`, `{"A":"abcd"}`}},
	{"wildcards in the middle", `s: {A|contains: 'ab*cd?ef'}`, []string{`{"A":"--abcdcd-ef-"}`}, []string{`{"A":"abcdef"}`}},
	{"escapes", `s: {A: 'a\*b\?c\\*d\e'}`, []string{`{"A":"a*b?c\\xyd\\e"}`}, []string{`{"A":"axb?c\\d\\e"}`}},
	{"backslashes", `s: {A|startswith: '\\\\srv\x'}`, []string{`{"A":"\\\\srv\\xy"}`}, []string{`{"A":"\\srv\\x"}`}},
	{"startswith", `s: {A|startswith: abcdef}`, []string{`{"A":"ABCDEFG"}`}, []string{`{"A":"xabcdef"}`}},
	{"endswith", `s: {A|endswith: 'bc'}`, []string{`{"A":"aBC"}`}, []string{`{"A":"bca"}`}},
	{"short contains", `s: {A|contains: 'é'}`, []string{`{"A":"xÉx"}`}, []string{`{"A":"e"}`}},
	{"expression is cased", `s: {A|re: 'a.c'}`, []string{`{"A":"xabcx"}`}, []string{`{"A":"ABC"}`, `{"A":"a\nc"}`}},
	{"expression flags", `s: {A|re|i|s: 'A.c$'}`, []string{`{"A":"xa\nC"}`}, nil},
	{"expression over lines", `s: {A|re|m: '^b$'}`, []string{`{"A":"a\nb\nc"}`}, []string{`{"A":"ab"}`}},
	{"expression that folds", `s: {A|re|i: 'task'}`, []string{`{"A":"taſK"}`}, nil},
	{"all expressions", `s: {A|re|all: ['a+', 'b+']}`, []string{`{"A":"ab"}`}, []string{`{"A":"aa"}`}},
	{"windash", `s: {A|windash|contains: ' -ab '}`, []string{`{"A":"x -ab y"}`, `{"A":"x /ab y"}`, `{"A":"x –ab y"}`, `{"A":"x —ab y"}`, `{"A":"x ―ab y"}`}, []string{`{"A":"x +ab y"}`}},
	{"windash of a slash", `s: {A|contains|windash: '/c'}`, []string{`{"A":"cmd -c"}`}, nil},
	{"base64", `s: {A|base64: 'foobar'}`, []string{`{"A":"Zm9vYmFy"}`}, nil},
	{"base64offset", `s: {A|base64offset|contains: 'foobar'}`, []string{`{"A":"Zm9vYmFy"}`, `{"A":"eGZvb2Jhcg=="}`, `{"A":"eHhmb29iYXI="}`, `{"A":"eHh4Zm9vYmFyeQ=="}`}, []string{`{"A":"foobar"}`}},
	{"wide", `s: {A|wide|base64offset|contains: 'Add-Type'}`, []string{`{"A":"QQBkAGQALQBUAHkAcABlAA=="}`}, nil},
	{"utf16be", `s: {A|utf16be|base64: 'ab'}`, []string{`{"A":"AGEAYg=="}`}, nil},
	{"utf16", `s: {A|utf16|base64: 'ab'}`, []string{`{"A":"//5hAGIA"}`}, nil},
	{"numbers", `s: {A|gte: 5}`, []string{`{"A":5}`, `{"A":"5.5"}`, `{"A":1e3}`}, []string{`{"A":4.9}`, `{"A":"x"}`, `{}`, `{"A":""}`}},
	{"less", `s: {A|lt: 0}`, []string{`{"A":-1}`}, []string{`{"A":0}`, `{}`}},
	{"cidr", `s: {A|cidr: ['10.0.0.0/8', '2001:db8::/32']}`, []string{`{"A":"10.1.2.3"}`, `{"A":"2001:DB8::1"}`, `{"A":"::ffff:10.0.0.1"}`, `{"A":"2001:db8:1:2:3:4:5:6"}`},
		[]string{`{"A":"11.0.0.1"}`, `{"A":"10.1"}`, `{"A":"x"}`, `{}`, `{"A":"10.01.2.3"}`, `{"A":"2001:db9::"}`}},
	{"cidr with a zone", `s: {A|cidr: 'fe80::/10'}`, []string{`{"A":"fe80::1%eth0"}`}, []string{`{"A":"fe80::1::"}`, `{"A":":fe80"}`}},
	{"cidr of an address", `s: {A|cidr: '192.0.2.1'}`, []string{`{"A":"192.0.2.1"}`}, []string{`{"A":"192.0.2.2"}`}},
	{"hour", `s: {A|hour|gte: 22}`, []string{`{"A":"2026-01-02T23:00:00Z"}`, `{"A":"2026-01-02 22:59:59"}`, `{"A":"2026-01-02T20:30:00-03:00"}`, `{"A":1767394800}`},
		[]string{`{"A":"2026-01-02T21:00:00Z"}`, `{"A":"x"}`, `{}`}},
	{"week", `s: {A|week: 1}`, []string{`{"A":"2024-12-30T00:00:00Z"}`}, []string{`{"A":"2024-12-29T00:00:00Z"}`}},
	{"day month year minute", `s: {A|day: 3, B|month: 4, C|year: 2026, D|minute|lt: 6}`,
		[]string{`{"A":"2026-04-03T01:05:00Z","B":"2026-04-03T01:05:00Z","C":"2026-04-03T01:05:00Z","D":"2026-04-03T01:05:00Z"}`}, []string{`{}`}},
	{"fieldref", `s: {A|fieldref: B}`, []string{`{"A":"x","B":"X"}`, `{"A":["y","x"],"B":["x","z"]}`, `{"A":"","B":""}`}, []string{`{"A":"x","B":"y"}`, `{}`, `{"A":"x"}`}},
	{"fieldref endswith", `s: {A|fieldref|endswith: B}`, []string{`{"A":"abc","B":"BC"}`}, []string{`{"A":"abc","B":"ab"}`}},
	{"fieldref neq", `s: {A|fieldref|neq: B}`, []string{`{"A":"x","B":"y"}`, `{}`}, []string{`{"A":"x","B":"x"}`}},
	{"expand", `s: {A|expand: 'u_%who%'}`, []string{`{"A":"u_ann"}`, `{"A":"U_BOB"}`}, []string{`{"A":"u_"}`}},
	{"keywords", `s: [needle, 'c:\x']`, []string{`{"q":{"r":["a NEEDLE b"]}}`, `{"A":"C:\\X"}`, `{"A":"nee\u0064le"}`, `some needle as text`, `{"A":"needle"`}, []string{`{"needle":"x"}`, `{"A":"need","B":"le"}`}},
	{"short keywords", `s: ['rm', '$']`, []string{`{"A":"x RM y"}`, `{"A":"cost: $5"}`}, []string{`{"A":"r m"}`}},
	{"keywords with slashes", `s: ['a/b/c']`, []string{`{"A":"xa/b/cx"}`, `{"A":"xa\/b\/cx"}`}, nil},
	{"keywords that fold", `s: ['kiss']`, []string{`{"A":"Kiſs"}`, `{"A":"\u212aiss"}`}, nil},
	{"all keywords", `s: {'|all': [one, two]}`, []string{`{"A":"two","B":"one"}`, `{"A":"onetwo"}`}, []string{`{"A":"one"}`}},
	{"keyword expression", `s: {'|re': 'a.?b'}`, []string{`{"A":"xaxb"}`}, []string{`{"A":"AB"}`}},
	{"list of maps", "s:\n  - {A: x, B: y}\n  - {C: z}", []string{`{"A":"x","B":"y"}`, `{"C":"z"}`}, []string{`{"A":"x"}`}},
	{"maps and words", "s:\n  - {A: x}\n  - word", []string{`{"A":"x"}`, `{"Z":"a word"}`}, []string{`{"A":"y"}`}},
	{"precedence", "s: {A: x}\nt: {B: x}\nu: {C: x}\ncondition: s or t and not u", []string{`{"A":"x","C":"x"}`, `{"B":"x"}`}, []string{`{"B":"x","C":"x"}`}},
	{"1 of and all of", "s_1: {A: x}\ns_2: {B: x}\n_h: {C: x}\ncondition: 1 of s_* and not all of them", []string{`{"A":"x"}`}, []string{`{"A":"x","B":"x"}`, `{"C":"x"}`}},
	{"hidden names", "_s: {A: x}\nt: {B: x}\ncondition: 1 of them or 1 of _s*", []string{`{"A":"x"}`, `{"B":"x"}`}, []string{`{}`}},
	{"several conditions", "s: {A: x}\nt: {B: x}\ncondition: [s, t]", []string{`{"A":"x"}`, `{"B":"x"}`}, []string{`{}`}},
	{"white space", `s: {A: x}`, []string{" { \"A\" : [ \"x\" , 1 ] } \n"}, nil},
	{"half a surrogate", `s: {A|contains: "\uFFFD"}`, []string{`{"A":"x\ud800y"}`, "{\"A\":\"\xff\"}"}, []string{`{"A":"\ud83d\ude00"}`}},
	{"many whole values", `s: {A: [a1, a2, a3, a4, a5, a6, a7, a8, a9, 'É']}`, []string{`{"A":"A9"}`, `{"A":"é"}`}, []string{`{"A":"a"}`, `{}`}},
}

func TestMeaning(t *testing.T) {
	own := sigma.LogSource{Product: "p"}
	for _, tc := range meanings {
		t.Run(tc.name, func(t *testing.T) {
			set := ruleOf(t, tc.detection)
			e, faults := engine.Compile(set, engine.Options{})
			if len(faults) > 0 {
				t.Fatal(faults)
			}
			anywhere, _ := engine.Compile(set, engine.Options{Everywhere: true})
			w, v := e.Worker(), anywhere.Worker()
			for i, line := range append(slices.Clone(tc.yes), tc.no...) {
				want := i < len(tc.yes)
				w.Reset()
				w.Read([]byte(line))
				if got := len(w.Match(own)) == 1; got != want {
					t.Errorf("the engine says %v on %s", got, line)
				}
				event := sigmatest.Parse([]byte(line))
				if got := sigmatest.Fires(e.Set().Rules[0], event, []sigma.LogSource{own}); got != want {
					t.Errorf("the interpreter says %v on %s", got, line)
				}
				if a, b := len(v.MatchLine([]byte(line))) == 1, sigmatest.FiresAnywhere(e.Set().Rules[0], event); a != b {
					t.Errorf("everywhere, the engine says %v and the interpreter %v on %s", a, b, line)
				}
			}
		})
	}
}

// Where an event is not of the rule's log source, what is absent is not the empty text.
func TestAbsentOutsideOfTheLogSource(t *testing.T) {
	for detection, want := range map[string][]bool{ // of {}, {"A":""}, {"A":null}
		`s: {A: ''}`:      {false, true, false},
		`s: {A: null}`:    {true, false, true},
		`s: {A|re: '^$'}`: {false, true, false},
	} {
		e, _ := engine.Compile(ruleOf(t, detection), engine.Options{Everywhere: true})
		w := e.Worker()
		for i, line := range []string{`{}`, `{"A":""}`, `{"A":null}`} {
			if got := len(w.MatchLine([]byte(line))) == 1; got != want[i] {
				t.Errorf("%s on %s: %v", detection, line, got)
			}
		}
	}
}

func TestEventsOfNoLogSource(t *testing.T) {
	set := ruleOf(t, `s: {A: x, B: ''}`)
	set.Add(ruleOf(t, `s: {A: x}`))
	e, _ := engine.Compile(set, engine.Options{Unsourced: true})
	w := e.Worker()
	if got := w.MatchLine([]byte(`{"A":"x"}`)); !slices.Equal(got, []int{1}) {
		t.Errorf("got %v", got)
	}
	if got := w.MatchLine([]byte(`{"A":"x","Channel":"Security"}`)); len(got) != 0 {
		t.Errorf("got %v", got)
	}
	w.Reset()
	w.Read([]byte(`{"A":"x"}`))
	if got := w.Match(sigma.LogSource{Product: "p"}); !slices.Equal(got, []int{0, 1}) {
		t.Errorf("got %v", got)
	}
}

func TestLogSources(t *testing.T) {
	sysmon := `{"Channel":"Microsoft-Windows-Sysmon/Operational","EventID":%d,"A":"x"}`
	for _, tc := range []struct {
		name, source, line string
		given              []sigma.LogSource
		want               bool
	}{
		{"process creation", "{product: windows, category: process_creation}", fmt.Sprintf(sysmon, 1), nil, true},
		{"another event", "{product: windows, category: process_creation}", fmt.Sprintf(sysmon, 3), nil, false},
		{"audited process creation", "{product: windows, category: process_creation}", `{"Channel":"Security","EventID":4688,"A":"x"}`, nil, true},
		{"two categories", "{product: windows, category: registry_event}", fmt.Sprintf(sysmon, 13), nil, true},
		{"two categories, the other", "{product: windows, category: registry_set}", fmt.Sprintf(sysmon, 13), nil, true},
		{"service", "{product: windows, service: Sysmon}", fmt.Sprintf(sysmon, 13), nil, true},
		{"winlogbeat", "{product: windows, service: security}", `{"winlog":{"channel":"Security","event_id":1},"A":"x"}`, nil, true},
		{"unknown channel", "{product: windows}", `{"Channel":"Mine","EventID":1,"A":"x"}`, nil, true},
		{"Zeek", "{product: zeek, service: http}", `{"_path":"http","A":"x"}`, nil, true},
		{"Zeek's other log", "{product: zeek, service: http}", `{"_path":"dns","A":"x"}`, nil, false},
		{"EVE", "{product: suricata, service: alert}", `{"event_type":"alert","flow_id":1,"A":"x"}`, nil, true},
		{"any", "{}", `{"A":"x"}`, nil, true},
		{"no source", "{product: windows}", `{"A":"x"}`, nil, false},
		{"medical", "{product: medical, category: dns}", `{"_path":"dns","A":"x"}`, engine.Sources("zeek", "dns", "dns"), true},
		{"medical and its own", "{product: zeek, service: dns}", `{"A":"x"}`, engine.Sources("zeek", "dns", "dns"), true},
	} {
		t.Run(tc.name, func(t *testing.T) {
			set, err := sigma.Parse("f", []byte("title: T\nlogsource: "+tc.source+"\ndetection: {s: {A: x}, condition: s}"), sigma.Options{})
			if err != nil {
				t.Fatal(err)
			}
			e, _ := engine.Compile(set, engine.Options{})
			w := e.Worker()
			for range 2 { // the second time from what the worker remembers
				w.Reset()
				w.Read([]byte(tc.line))
				if got := len(w.Match(tc.given...)) == 1; got != tc.want {
					t.Errorf("got %v", got)
				}
			}
		})
	}
}

func TestNormalisedFieldsComeFirst(t *testing.T) {
	e, _ := engine.Compile(ruleOf(t, `s: {dev.zone: ot, A: x}`), engine.Options{Fields: []string{"extra"}})
	w := e.Worker()
	w.Reset()
	w.Set("dev.zone", "ot")
	w.Set("A", "x")
	w.Set("unknown", "y")
	w.Read([]byte(`{"A":"y","dev":{"zone":"it"},"extra":7}`))
	if got := w.Match(sigma.LogSource{Product: "p"}); len(got) != 1 {
		t.Errorf("got %v", got)
	}
	if v, ok := w.Value("extra"); v != "7" || !ok {
		t.Errorf("extra is %q", v)
	}
	reasons := w.Explain(0)
	if len(reasons) != 2 || reasons[0] != (engine.Reason{Search: "s", Field: "dev.zone", Value: "ot", Wanted: "ot"}) {
		t.Errorf("%+v", reasons)
	}
}

// Keywords of every length are found at every place of a record, as they are and in writings that escape too much.
func TestKeywordsAtEveryPlace(t *testing.T) {
	for _, word := range []string{"q", "qz", "qzj", "qzjx", "qzjxv", "q/zjxvwq", "qzjxvwqk-qzjxvwqk"} {
		e, _ := engine.Compile(ruleOf(t, "s: ['"+word+"']"), engine.Options{})
		w := e.Worker()
		fires := func(line string) bool {
			w.Reset()
			w.Read([]byte(line))
			return len(w.Match(sigma.LogSource{Product: "p"})) > 0
		}
		for place := range 40 {
			before, after := strings.Repeat("a", place), strings.Repeat("b", 40-place)
			escaped := `\u00` + fmt.Sprintf("%02x", word[0]) + word[1:]
			for _, text := range []string{word, strings.ToUpper(word), strings.ReplaceAll(word, "/", `\/`), escaped, `\\` + word} {
				if !fires(`{"A":"` + before + text + after + `"}`) {
					t.Errorf("%s is not found at %d as %s", word, place, text)
				}
			}
			if fires(`{"A":"` + before + `\\u0071` + after + `"}`) {
				t.Errorf("%s is found at %d where it is not", word, place)
			}
		}
	}
}

func TestFilters(t *testing.T) {
	set, err := sigma.Parse("f", []byte(`
title: T
id: 1
logsource: {product: p}
detection: {s: {A: x}, condition: s}
---
title: F
logsource: {product: p}
filter:
  rules: [1]
  s: {User|startswith: adm_}
  condition: not s
`), sigma.Options{})
	if err != nil {
		t.Fatal(err)
	}
	e, faults := engine.Compile(set, engine.Options{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	w := e.Worker()
	for line, want := range map[string]int{`{"A":"x","User":"eve"}`: 1, `{"A":"x","User":"adm_eve"}`: 0, `{"A":"x"}`: 1} {
		w.Reset()
		w.Read([]byte(line))
		if got := w.Match(sigma.LogSource{Product: "p"}); len(got) != want {
			t.Errorf("%s: %v", line, got)
		}
	}
}
