package engine_test

import (
	"bytes"
	"encoding/json"
	"errors"
	"io"
	"maps"
	"path"
	"slices"
	"strings"
	"testing"

	"go.yaml.in/yaml/v3"

	"triward/internal/sigma/engine"
	"triward/internal/testdata"
)

// explained are the pairs that do not match as their authors expect, each with the reason.
var explained = map[string]string{}

// pair is a rule's id with events on which it fires so often; -1: at least once.
type pair struct {
	rule   string
	events [][]byte
	want   int
}

func pairs(t testing.TB) map[string]pair {
	t.Helper()
	infos, events := map[string][]byte{}, map[string][]byte{}
	testdata.Tar(t, "sigma/regression-pairs.tar.zst", func(name string, body []byte) {
		switch path.Ext(name) {
		case ".yml":
			infos[path.Dir(name)] = body
		case ".json":
			events[path.Dir(name)] = append(events[path.Dir(name)], body...)
		}
	})
	out := map[string]pair{}
	for dir, body := range infos {
		var info struct {
			Rules []struct{ ID string } `yaml:"rule_metadata"`
			Tests []struct {
				Count *int `yaml:"match_count"`
			} `yaml:"regression_tests_info"`
		}
		if err := yaml.Unmarshal(body, &info); err != nil || len(info.Rules) != 1 || len(info.Tests) != 1 {
			t.Fatalf("%s: %v", dir, err)
		}
		p := pair{rule: info.Rules[0].ID, want: -1}
		if n := info.Tests[0].Count; n != nil {
			p.want = *n
		}
		for d := json.NewDecoder(bytes.NewReader(events[dir])); ; {
			var one json.RawMessage
			if err := d.Decode(&one); errors.Is(err, io.EOF) {
				break
			} else if err != nil {
				t.Fatal(dir, err)
			}
			p.events = append(p.events, one)
		}
		out[path.Base(dir)] = p
	}
	return out
}

func TestRegressionPairs(t *testing.T) {
	list := pairs(t)
	e, _ := engine.Compile(sigmaHQ(t).set, engine.Options{})
	w := e.Worker()
	good := 0
	for _, name := range slices.Sorted(maps.Keys(list)) {
		p := list[name]
		rule := slices.IndexFunc(e.Set().Rules, func(r sigmaRule) bool { return r.ID == p.rule })
		n := 0
		for _, event := range p.events {
			if slices.Contains(w.MatchLine(event), rule) {
				n++
				if len(w.Explain(rule)) == 0 {
					t.Errorf("%s fires without a reason", name)
				}
			}
		}
		switch reason := explained[name]; {
		case rule >= 0 && (n == p.want || p.want < 0 && n > 0):
			good++
		case reason == "":
			t.Errorf("%s: the rule fires on %d of %d events, want %d", name, n, len(p.events), p.want)
		default:
			t.Logf("%s: %s", name, reason)
		}
	}
	t.Logf("%d of %d pairs", good, len(list))
	if float64(good) < 0.98*float64(len(list)) {
		t.Errorf("%d of %d pairs, want at least 98 %%", good, len(list))
	}
}

// The pairs are events that rules fire on, so they show more of the engine than a sample of a quiet network.
func TestEngineAgreesOnRegressionPairs(t *testing.T) {
	set, workers := workersOf(t, sigmaHQ(t).set)
	hits, list := 0, pairs(t)
	for i, name := range slices.Sorted(maps.Keys(list)) {
		if i%every(4) == 0 {
			for _, event := range list[name].events {
				hits += agree(t, set, workers, event)
			}
		}
	}
	t.Logf("%d hits", hits)
	if hits == 0 {
		t.Error("no rule fires")
	}
}

func TestEngineAgreesOnZeek(t *testing.T) {
	set, workers := workersOf(t, sigmaHQ(t).set)
	testdata.Tar(t, "events/zeek-json.tar.zst", func(name string, body []byte) {
		if !strings.HasSuffix(name, ".gz") {
			return
		}
		for _, line := range lines(gunzip(t, body), every(4000)) {
			agree(t, set, workers, line)
		}
	})
}
