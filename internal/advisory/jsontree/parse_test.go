package jsontree

import (
	"encoding/json"
	"strings"
	"testing"

	"triward/internal/problem"
)

const small = "{\"a\": [1, -2.5e3, {\"b/c~d\": \"\\u00e4\\ud83d\\ude00\\n\"}], \"n\": null, \"t\": true}"

func TestPlacesOfValues(t *testing.T) {
	root, err := Parse([]byte(small))
	if err != nil {
		t.Fatal(err)
	}
	list := root.Get("a").List()
	deep := list[2].Get("b/c~d")
	if deep.Str() != "\u00e4\U0001F600\n" || root.Pointer(deep) != "/a/2/b~1c~0d" {
		t.Errorf("%q at %q", deep.Str(), root.Pointer(deep))
	}
	if n, ok := list[1].Number(); !ok || n != -2500 || root.Pointer(&list[1]) != "/a/1" {
		t.Errorf("%v at %q", n, root.Pointer(&list[1]))
	}
	if root.Pointer(root) != "" || root.Pointer(root.At("a", "b")) != "" || root.Get("n").Kind != Null || root.Get("t").Text != "true" {
		t.Error("the root, what is not there, null or true is read wrongly")
	}
}

func TestLimits(t *testing.T) {
	for reason, body := range map[string]string{
		"larger than": strings.Repeat(" ", MaxBytes+1),
		"values":      "[" + strings.Repeat("0,", MaxNodes) + "0]",
		"deeper":      strings.Repeat("[", 100_000) + strings.Repeat("]", 100_000),
	} {
		if _, err := Parse([]byte(body)); problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), reason) {
			t.Errorf("error %v, want one with %q", err, reason)
		}
	}
}

func TestParseSurvivesTruncation(t *testing.T) {
	for i := range len(small) {
		if _, err := Parse([]byte(small[:i])); len(problem.FaultsOf(err)) != 1 || !strings.HasPrefix(problem.FaultsOf(err)[0].Path, "line 1, column ") {
			t.Errorf("cut at byte %d: %v", i, err)
		}
	}
}

func FuzzParse(f *testing.F) {
	f.Add([]byte(small))
	f.Add([]byte("{\"a\": 1, \"a\": 2}"))
	f.Fuzz(func(t *testing.T, body []byte) {
		root, err := Parse(body)
		if err == nil != (root != nil) {
			t.Errorf("tree %v, error %v", root, err)
		}
		if err == nil && !json.Valid(body) {
			t.Error("read what is not JSON")
		}
	})
}
