package engine_test

import (
	"os"
	"slices"
	"strconv"
	"testing"

	"triward/internal/sigma"
	"triward/internal/sigma/engine"
	"triward/internal/sigma/sigmatest"
	"triward/internal/testdata"
)

// agree compares the engine with the interpreter on one event for every rule.
func agree(t *testing.T, set sigma.Set, workers [2]*engine.Worker, line []byte) (hits int) {
	t.Helper()
	event := sigmatest.Parse(line)
	sources := event.Sources()
	routed := slices.Clone(workers[0].MatchLine(line))
	everywhere := workers[1].MatchLine(line)
	for i, r := range set.Rules {
		if want, got := sigmatest.Fires(r, event, sources), slices.Contains(routed, i); got != want {
			t.Errorf("%s: the engine says %v, the interpreter %v, on %.3000s", r.File, got, want, line)
		}
		if want, got := sigmatest.FiresAnywhere(r, event), slices.Contains(everywhere, i); got != want {
			t.Errorf("%s everywhere: the engine says %v, the interpreter %v, on %.3000s", r.File, got, want, line)
		}
	}
	return len(routed)
}

// workersOf gives one worker with routing and one without.
func workersOf(t testing.TB, set sigma.Set) (sigma.Set, [2]*engine.Worker) {
	t.Helper()
	routed, faults := engine.Compile(set, engine.Options{})
	if len(faults) > 0 {
		t.Fatal(faults)
	}
	everywhere, _ := engine.Compile(set, engine.Options{Everywhere: true})
	return routed.Set(), [2]*engine.Worker{routed.Worker(), everywhere.Worker()}
}

// every is which part of a corpus is compared: each n-th event, or as TRIWARD_TEST_EVERY says.
func every(n int) int {
	if x, err := strconv.Atoi(os.Getenv("TRIWARD_TEST_EVERY")); err == nil && x > 0 {
		return x
	}
	return n
}

// The whole corpus takes hours: TRIWARD_TEST_EVERY=1 compares it. Of the events that rules fire on, more are compared.
func TestEngineAgreesWithInterpreter(t *testing.T) {
	set, workers := workersOf(t, sigmaHQ(t).set)
	all := lines(testdata.Zst(t, "events/windows-otrf.jsonl.zst"), 1)
	hits, fired, compared := 0, 0, 0
	for i, line := range all {
		chosen := i%every(1499) == 0
		if len(workers[0].MatchLine(line)) > 0 {
			chosen = chosen || fired%every(16) == 0
			fired++
		}
		if chosen {
			hits += agree(t, set, workers, line)
			compared++
		}
	}
	t.Logf("%d of %d events compared, %d hits", compared, len(all), hits)
	if hits == 0 {
		t.Error("no rule fires")
	}
}
