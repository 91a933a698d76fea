package engine_test

import (
	"os"
	"slices"
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

func full() bool { return os.Getenv("TRIWARD_TEST_FULL") != "" }

// The whole corpus takes long: TRIWARD_TEST_FULL=1 compares every event; otherwise a sample.
func TestEngineAgreesWithInterpreter(t *testing.T) {
	step := 997
	if full() {
		step = 1
	}
	set, workers := workersOf(t, sigmaHQ(t).set)
	hits, events := 0, 0
	for _, line := range lines(testdata.Zst(t, "events/windows-otrf.jsonl.zst"), step) {
		hits += agree(t, set, workers, line)
		events++
	}
	t.Logf("%d events, %d hits", events, hits)
}
