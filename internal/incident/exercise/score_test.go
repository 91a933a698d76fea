package exercise_test

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/exercise"
)

func TestScore(t *testing.T) {
	start := time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)
	after := func(minutes int) time.Time { return start.Add(time.Duration(minutes) * time.Minute) }
	x := exercise.Exercise{Started: start, Leader: "usr_l", LeaderName: "Lena", Scenario: content.Exercise{Expects: []content.Expected{
		{ID: "look", Role: "it_security", Within: 10 * time.Minute, Kind: "alert.seen"},
		{ID: "contain", Role: "ward", After: "pull", Within: 5 * time.Minute, Kind: "incident.moved", Field: "state", Value: "containing"},
		{ID: "cause", Role: "it_security", After: "pull", Within: 20 * time.Minute, Kind: "incident.changed", Field: "root_cause"},
		{ID: "seal", Role: "ward", After: "never", Within: time.Minute, Kind: "custody.sealed"},
	}}}
	given := []exercise.Given{
		{Inject: content.Inject{ID: "pull"}, At: after(10)},
		{Inject: content.Inject{ID: "ask", Kind: exercise.Question, To: "ward", From: "Press", Text: "True?", Within: 5 * time.Minute}, At: after(12), Answered: after(17), By: "usr_w", ByName: "Wim"},
		{Inject: content.Inject{ID: "never"}},
	}
	acts := []exercise.Act{
		{Kind: "alert.opened", At: after(1), Actor: "system:detection"},
		{Kind: "alert.seen", At: after(10), Actor: "usr_i", ActorName: "Ida"},
		{Kind: "incident.moved", At: after(12), Actor: "usr_i", ActorName: "Ida", Changes: []incident.Change{{Field: "state", After: "analysing"}}},
		{Kind: "incident.moved", At: after(16), Actor: "usr_w", ActorName: "Wim", Changes: []incident.Change{{Field: "state", After: "containing"}}},
	}
	standings := func(r exercise.Report) map[string]exercise.Standing {
		out := map[string]exercise.Standing{}
		for _, m := range r.Marks {
			out[m.ID] = m.Standing
		}
		return out
	}
	for _, c := range []struct {
		name    string
		now     time.Time
		stopped time.Time
		want    map[string]exercise.Standing
	}{
		{"at its start nothing is late", after(0), time.Time{}, map[string]exercise.Standing{"look": exercise.InTime, "contain": exercise.Late, "cause": exercise.Expected, "seal": exercise.NotYet, "ask": exercise.InTime}},
		{"at the instant it is due there is time", after(30), time.Time{}, map[string]exercise.Standing{"look": exercise.InTime, "contain": exercise.Late, "cause": exercise.Expected, "seal": exercise.NotYet, "ask": exercise.InTime}},
		{"after it, it is overdue", after(31), time.Time{}, map[string]exercise.Standing{"look": exercise.InTime, "contain": exercise.Late, "cause": exercise.Overdue, "seal": exercise.NotYet, "ask": exercise.InTime}},
		{"when it is over, what is open is missed", after(99), after(29), map[string]exercise.Standing{"look": exercise.InTime, "contain": exercise.Late, "cause": exercise.Missed, "seal": exercise.NotReached, "ask": exercise.InTime}},
	} {
		t.Run(c.name, func(t *testing.T) {
			x.Stopped = c.stopped
			if diff := cmp.Diff(c.want, standings(exercise.Score(x, given, acts, c.now))); diff != "" {
				t.Errorf("(-want +got):\n%s", diff)
			}
		})
	}
	r := exercise.Score(x, given, acts, after(99))
	if diff := cmp.Diff([]exercise.Tally{{Role: "it_security", InTime: 1, Missed: 1}, {Role: "ward", InTime: 1, Late: 1, Others: 1}, {InTime: 2, Late: 1, Missed: 1, Others: 1}}, r.Tallies); diff != "" {
		t.Errorf("tallies (-want +got):\n%s", diff)
	}
	if diff := cmp.Diff([]exercise.Participant{{Account: "usr_i", Name: "Ida", Acts: 2, InTime: 1}, {Account: "usr_l", Name: "Lena"}, {Account: "usr_w", Name: "Wim", Acts: 1, InTime: 1, Late: 1}}, r.People); diff != "" {
		t.Errorf("people (-want +got):\n%s", diff)
	}
	if took := r.Marks[1].Took; took != 6*time.Minute {
		t.Errorf("containing took %s of 5 minutes", took)
	}
}
