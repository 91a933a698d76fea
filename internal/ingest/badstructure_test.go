//go:build unix

package ingest

import (
	"encoding/json"
	"fmt"
	"slices"
	"strings"
	"testing"
)

func TestDeepNesting(t *testing.T) {
	const levels = 100_000
	for _, r := range readers() {
		refused(t, r, "an array of arrays", []byte(strings.Repeat("[", levels)+strings.Repeat("]", levels)), deepWants(r))
		refused(t, r, "open arrays", []byte(strings.Repeat("[", levels)), deepWants(r))
		refused(t, r, "objects in objects", []byte(strings.Repeat(`{"a":`, levels)+"1"+strings.Repeat("}", levels)), deepWants(r))
		deep := `"deep": ` + strings.Repeat("[", levels) + strings.Repeat("]", levels)
		switch {
		case r.json():
			refused(t, r, "a deep member at the end", []byte(strings.TrimSuffix(r.good, "}")+", "+deep+"}"), where)
			refused(t, r, "a deep member at the beginning", []byte("{"+deep+", "+r.good[1:]), where)
		case strings.HasPrefix(r.good, "{"): // lines
			refused(t, r, "a deep line", []byte(r.good+"{"+deep+"}\n"), where)
		case strings.HasPrefix(r.good, "<"):
			end := strings.LastIndex(r.good, "</")
			refused(t, r, "deep elements", []byte(r.good[:end]+strings.Repeat("<a>", levels)+strings.Repeat("</a>", levels)+r.good[end:]), where)
			refused(t, r, "open elements", []byte(r.good[:end]+strings.Repeat("<a>", levels)), where)
			refused(t, r, "entities of entities", []byte(`<?xml version="1.0"?><!DOCTYPE b [<!ENTITY a "aaaaaaaaaa"><!ENTITY b "&a;&a;&a;&a;&a;&a;">]>`+r.good[strings.Index(r.good, "<bom"):]), where)
		}
	}
}

func deepWants(r reader) wants {
	if r.text {
		return none // one cell of one column
	}
	return file
}

// members are the top-level members of an object, in their order.
func members(t *testing.T, object string) (names []string, values map[string]json.RawMessage) {
	t.Helper()
	if err := json.Unmarshal([]byte(object), &values); err != nil {
		t.Fatal(err)
	}
	for n := range values {
		names = append(names, n)
	}
	slices.Sort(names)
	return names, values
}

func TestWrongTypes(t *testing.T) {
	for _, r := range readers() {
		if !r.json() {
			continue
		}
		for _, root := range []string{"7", `"text"`, "true", "null", "[]", "{}", "[{}]"} {
			refused(t, r, root+" alone", []byte(root), file)
		}
		names, values := members(t, r.good)
		for _, name := range names {
			old := values[name]
			for _, other := range []string{"7", `"text"`, "true", `[7]`, `{"x": 7}`, `[["x"]]`} {
				if other[0] == old[0] || other == "7" && old[0] >= '0' && old[0] <= '9' {
					continue
				}
				values[name] = json.RawMessage(other)
				body, err := json.Marshal(values)
				if err != nil {
					t.Fatal(err)
				}
				want := where
				if slices.Contains(r.free, name) {
					want = none
				}
				refused(t, r, name+" is "+other, body, want)
			}
			values[name] = old
		}
	}
}

func TestNamesGivenTwice(t *testing.T) {
	for _, r := range readers() {
		if !r.json() {
			continue
		}
		names, values := members(t, r.good)
		for _, name := range names {
			again := fmt.Sprintf("{%q: %s, ", name, values[name])
			refused(t, r, name+" twice", []byte(again+r.good[1:]), where)
		}
		refused(t, r, "a nested name twice", []byte(strings.TrimSuffix(r.good, "}")+`, "x": [{"a": {"b": 1, "\u0062": 2}}]}`), where)
	}
}

func TestNumbersOutOfRange(t *testing.T) {
	for _, r := range readers() {
		for _, x := range r.ranges {
			if !strings.Contains(r.good, x[0]) {
				t.Fatalf("%s has no %q", r.name, x[0])
			}
			refused(t, r, x[1], []byte(strings.Replace(r.good, x[0], x[1], 1)), where)
		}
	}
}
