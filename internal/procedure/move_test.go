package procedure

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"testing"
	"time"

	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/testdb"
)

// checklist is a run with a free order in its middle: receive, then ask and isolate in any order, then declare, and a
// step with a condition.
func checklist() Run {
	step := func(id string, after ...string) Step {
		return Step{ID: id, Do: "Do " + id + ".", Role: "responder", Record: source.RecordNote, Evidence: source.Optional, After: after, State: Open}
	}
	r := Run{ID: "run_1", Code: "SOP-14", Revision: "rev_1", State: Running, Since: testdb.Start, Started: testdb.Start, Lead: "usr_a",
		Steps: []Step{step("receive"), step("ask", "receive"), step("isolate", "receive"), step("declare", "ask", "isolate"), step("tell")}}
	r.Steps[4].When = "a patient was harmed"
	return r
}

func ann(at time.Duration) who { return who{account: "usr_a", name: "Ann", at: testdb.Start.Add(at)} }

func TestOrderIsEnforced(t *testing.T) {
	r := checklist()
	ready := func() []string {
		var out []string
		for _, s := range r.Ready() {
			out = append(out, s.ID)
		}
		return out
	}
	if got := ready(); !slices.Equal(got, []string{"receive"}) {
		t.Fatalf("ready = %v", got)
	}
	if _, err := r.do(Act{Step: "declare"}, ann(0)); problem.KindOf(err) != problem.Invalid {
		t.Errorf("out of order without a reason: %v", err)
	}
	if _, err := r.do(Act{Step: "receive"}, ann(time.Minute)); err != nil {
		t.Fatal(err)
	}
	if got := ready(); !slices.Equal(got, []string{"ask", "isolate"}) {
		t.Errorf("ready after receive = %v", got)
	}
	s, err := r.do(Act{Step: "declare", Reason: "the ward was burning"}, ann(2*time.Minute))
	if err != nil || s.State != Changed {
		t.Errorf("out of order with a reason = %+v, %v", s, err)
	}
	if got := ready(); !slices.Equal(got, []string{"ask", "isolate", "tell"}) {
		t.Errorf("ready after declare = %v", got)
	}
	if err := r.end(Finished, "over", testdb.Start); problem.KindOf(err) != problem.Invalid || len(problem.FaultsOf(err)) != 3 {
		t.Errorf("finish with three open steps: %v", err)
	}
}

func TestFunctionThatOthersHoldNeedsAReason(t *testing.T) {
	r, w := checklist(), ann(0)
	w.foreign = map[source.Function]bool{"responder": true}
	if _, err := r.do(Act{Step: "receive"}, w); problem.KindOf(err) != problem.Invalid {
		t.Errorf("somebody else's step: %v", err)
	}
	if s, err := r.do(Act{Step: "receive", Reason: "nobody else was there"}, w); err != nil || s.State != Changed {
		t.Errorf("somebody else's step with a reason = %+v, %v", s, err)
	}
}

func TestEvidenceIsAskedFor(t *testing.T) {
	for record, ok := range map[source.RecordKind]Act{
		source.RecordDecision: {Value: "yes"}, source.RecordText: {Value: "words"}, source.RecordNumber: {Value: "3.5"}, source.RecordChecklist: {Value: "all"},
		source.RecordNote: {Note: "words"}, source.RecordFile: {Files: []File{{Digest: fmt.Sprintf("%064d", 1), Name: "log.txt", Size: 1}}}, source.RecordNone: {},
	} {
		r := checklist()
		r.Steps[0].Record, r.Steps[0].Evidence = record, source.Required
		if record != source.RecordNone {
			if _, err := r.do(Act{Step: "receive"}, ann(0)); problem.KindOf(err) != problem.Invalid {
				t.Errorf("%s without evidence: %v", record, err)
			}
		}
		ok.Step = "receive"
		if _, err := r.do(ok, ann(0)); err != nil {
			t.Errorf("%s with evidence: %v", record, err)
		}
	}
	r := checklist()
	r.Steps[0].Record = source.RecordNumber
	if _, err := r.do(Act{Step: "receive", Value: "three"}, ann(0)); problem.KindOf(err) != problem.Invalid {
		t.Errorf("a number in words: %v", err)
	}
}

func TestTargetsCountFromTheBeginningOrFromAStep(t *testing.T) {
	r := checklist()
	r.Steps[0].Target, r.Steps[0].Due = "STD-08#declare", testdb.Start.Add(time.Hour)
	r.Steps[1].Target, r.Steps[1].Within, r.Steps[1].From = "STD-08#ask", source.Target{Within: "PT30M"}, "receive"
	if late := r.Late(r.Steps[0], testdb.Start.Add(90*time.Minute)); late != 30*time.Minute {
		t.Errorf("an open step is late by %s", late)
	}
	if _, err := r.do(Act{Step: "receive"}, ann(40*time.Minute)); err != nil {
		t.Fatal(err)
	}
	if late := r.Late(r.Steps[0], testdb.Start.Add(90*time.Minute)); late != 0 {
		t.Errorf("a step in time is late by %s", late)
	}
	if want := testdb.Start.Add(70 * time.Minute); !r.Steps[1].Due.Equal(want) {
		t.Errorf("due %s, want %s", r.Steps[1].Due, want)
	}
}

func TestCompileKeepsWhereATargetCountsFrom(t *testing.T) {
	d := source.Document{Code: "SOP-90", Steps: []source.Step{{ID: "receive", Target: "STD-08#log"}, {ID: "ask", Target: "STD-08#ask", From: "receive"}}}
	std := source.Document{Code: source.TargetsCode, Targets: []source.Target{{ID: "log", Within: "PT15M"}, {ID: "ask", Within: "PT30M"}}}
	got := Compile(d, std, testdb.Start)
	if want := testdb.Start.Add(15 * time.Minute); !got[0].Due.Equal(want) || got[0].From != "" {
		t.Errorf("due %s from %q, want %s from the beginning", got[0].Due, got[0].From, want)
	}
	if !got[1].Due.IsZero() || got[1].From != "receive" || got[1].Within.Within != "PT30M" {
		t.Errorf("due %s, %s from %q: it counts from a step that is still open", got[1].Due, got[1].Within.Within, got[1].From)
	}
}

// move is one thing that somebody tries with a run, whether or not it is allowed.
type move struct {
	name string
	try  func(r *Run, step string, w who) error
}

func moves() []move {
	first := func(_ Step, err error) error { return err }
	return []move{
		{"do", func(r *Run, s string, w who) error { return first(r.do(Act{Step: s}, w)) }},
		{"do with a reason", func(r *Run, s string, w who) error { return first(r.do(Act{Step: s, Reason: "because"}, w)) }},
		{"skip", func(r *Run, s string, w who) error { return first(r.skip(s, "because", w)) }},
		{"not needed", func(r *Run, s string, w who) error {
			return first(r.leave(s, leaving{NotNeeded, "nobody was harmed"}, w))
		}},
		{"add", func(r *Run, s string, w who) error {
			return first(r.add(Extra{After: s, Do: "Look again.", Reason: "because"}, w))
		}},
		{"defeat", func(r *Run, s string, w who) error { return first(r.defeat(Defeat{Step: s, Wrong: "it is wrong"}, w)) }},
		{"pause", func(r *Run, _ string, w who) error { return r.pause(w.at) }},
		{"resume", func(r *Run, _ string, _ who) error { return r.resume() }},
		{"finish", func(r *Run, _ string, w who) error { return r.end(Finished, "over", w.at) }},
		{"abort", func(r *Run, _ string, w who) error { return r.end(Aborted, "over", w.at) }},
		{"migrate", func(r *Run, _ string, _ who) error {
			if err := r.mustGoOn(); err != nil {
				return err
			}
			other := checklist().Steps[1:]
			r.move(append(slices.Clone(other), Step{ID: "learn", Do: "Learn from it.", State: Open}))
			return nil
		}},
	}
}

// Whatever people try in whatever order, these hold: a refused move changes nothing, what is settled stays as it was
// settled, an ended run stays ended, and no run is finished with an open step.
func TestP11_06RandomMovesKeepTheRules(t *testing.T) {
	rnd := rand.New(rand.NewPCG(1, 2))
	all := moves()
	ends := map[State]int{}
	for range 800 {
		r := checklist()
		for n := range 40 {
			w := ann(time.Duration(n) * time.Minute)
			m, step := all[rnd.IntN(len(all))], r.Steps[rnd.IntN(len(r.Steps))].ID
			if m.name == "abort" && rnd.IntN(10) > 0 {
				continue
			}
			was := r
			was.Steps = slices.Clone(r.Steps)
			err := m.try(&r, step, w)
			if err != nil {
				if k := problem.KindOf(err); k != problem.Conflict && k != problem.Invalid {
					t.Fatalf("%s %s: %v", m.name, step, err)
				}
				if string(was.Canonical()) != string(r.Canonical()) {
					t.Fatalf("%s %s was refused (%v) and changed the run", m.name, step, err)
				}
				continue
			}
			check(t, was, r, m.name)
		}
		ends[r.State]++
	}
	for _, s := range States() {
		if ends[s] == 0 {
			t.Errorf("no run of the test was ever %s at its end", s)
		}
	}
}

func check(t *testing.T, was, is Run, did string) {
	t.Helper()
	for _, s := range was.Steps {
		now, err := is.Step(s.ID)
		if err != nil {
			t.Fatalf("%s lost the step %s", did, s.ID)
		}
		if s.State != Open && (now.State != s.State || now.Actor != s.Actor || !now.At.Equal(s.At)) {
			t.Fatalf("%s changed the settled step %s from %+v to %+v", did, s.ID, s, now)
		}
	}
	switch {
	case !was.State.Open() && did != "defeat":
		t.Fatalf("%s changed a run that had ended", did)
	case !was.State.Open() && is.State != was.State:
		t.Fatalf("%s made a run %s that was %s", did, is.State, was.State)
	case is.State == Finished && len(is.Missing()) > 0:
		t.Fatalf("%s finished a run with open steps", did)
	case was.State == Paused && is.State == Paused && did != "defeat" && did != "migrate":
		t.Fatalf("%s changed a paused run", did)
	}
	for _, s := range is.Steps {
		if s.State.Deviates() && s.Reason == "" {
			t.Fatalf("%s left the step %s deviating without a reason", did, s.ID)
		}
		if s.State != Open && (s.Actor == "" || s.At.IsZero()) {
			t.Fatalf("%s settled the step %s by nobody", did, s.ID)
		}
	}
}

func TestMovingToAnotherRevisionKeepsWhatIsDone(t *testing.T) {
	r := checklist()
	if _, err := r.do(Act{Step: "receive", Note: "at nine"}, ann(0)); err != nil {
		t.Fatal(err)
	}
	next := checklist().Steps
	next[0].Do = "Write down what was reported."
	next[1].Do = "Ask the ward."
	next = append(slices.Delete(next, 2, 3), Step{ID: "learn", Do: "Learn.", State: Open})
	added, gone, changed := r.move(next)
	if !slices.Equal(added, []string{"learn"}) || !slices.Equal(gone, []string{"isolate"}) || !slices.Equal(changed, []string{"ask"}) {
		t.Errorf("added %v, gone %v, changed %v", added, gone, changed)
	}
	var ids []string
	for _, s := range r.Steps {
		ids = append(ids, s.ID)
	}
	if !slices.Equal(ids, []string{"receive", "ask", "isolate", "declare", "tell", "learn"}) {
		t.Errorf("steps = %v", ids)
	}
	if s, _ := r.Step("receive"); s.State != Done || s.Note != "at nine" || s.Do != "Do receive." {
		t.Errorf("receive = %+v", s)
	}
	if s, _ := r.Step("isolate"); !s.Gone {
		t.Errorf("isolate = %+v", s)
	}
}
