package query_test

import (
	"context"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance/query"
	"triward/internal/problem"
)

type run struct {
	ID      string                   `cel:"id"`
	Code    string                   `cel:"code"`
	Started time.Time                `cel:"started"`
	Took    map[string]time.Duration `cel:"took"`
	Steps   int                      `cel:"steps"`
}

func (r run) Key() (string, time.Time) { return r.ID, r.Started }

type person struct {
	ID string `cel:"id"`
}

func (p person) Key() (string, time.Time) { return p.ID, time.Time{} }

var now = time.Date(2026, 11, 23, 9, 0, 0, 0, time.UTC)

func engine(t testing.TB) *query.Engine {
	t.Helper()
	hour := func(h int) map[string]time.Duration {
		return map[string]time.Duration{"declare": time.Duration(h) * time.Hour}
	}
	rows := map[string][]query.Row{
		"runs": {
			run{"run_3", "SOP-14", now.AddDate(0, 0, -3), hour(3), 4}, run{"run_1", "SOP-14", now.AddDate(0, 0, -1), hour(1), 4},
			run{"run_2", "SOP-14", now.AddDate(0, 0, -2), nil, 4}, run{"run_4", "SOP-16", now.AddDate(0, 0, -3), hour(9), 4},
			run{"run_0", "SOP-14", now.AddDate(-2, 0, 0), hour(9), 4},
		},
		"people": {person{"usr_1"}},
	}
	e, err := query.New([]query.View{{"runs", run{}}, {"people", person{}}}, query.Facts{Now: now,
		Target: func(id string, from time.Time) (time.Time, error) {
			if id != "declare" {
				return time.Time{}, problem.New(problem.NotFound, "there is no target %q", id)
			}
			return from.Add(2 * time.Hour), nil
		},
		Load: func(_ context.Context, view string) ([]query.Row, error) { return rows[view], nil }})
	if err != nil {
		t.Fatal(err)
	}
	return e
}

func TestRun(t *testing.T) {
	for _, c := range []struct {
		name, text string
		want       map[string]query.State
	}{
		{"each row is judged; what is missing is unclear", `runs.filter(r, r.code == 'SOP-14').all(x, x.took['declare'] <= target('declare'))`,
			map[string]query.State{"run_1": query.Holds, "run_2": query.Unclear, "run_3": query.Fails}},
		{"a filter may ask for what must be there", `runs.filter(r, 'declare' in r.took).all(r, r.started + r.took['declare'] <= due(r.started, 'declare'))`,
			map[string]query.State{"run_1": query.Holds, "run_3": query.Fails, "run_4": query.Fails}},
		{"without a filter", `runs.all(r, r.started > now - days(2) && r.steps == 4)`,
			map[string]query.State{"run_1": query.Holds, "run_2": query.Fails, "run_3": query.Fails, "run_4": query.Fails}},
		{"another view", `people.all(p, runs.exists(r, r.code == 'SOP-16'))`, map[string]query.State{"usr_1": query.Holds}},
		{"an unknown target", `people.all(p, target('never') > days(1))`, map[string]query.State{"usr_1": query.Unclear}},
	} {
		t.Run(c.name, func(t *testing.T) {
			e := engine(t)
			q, err := e.Compile(c.text)
			if err != nil {
				t.Fatal(err)
			}
			judged, err := e.Run(t.Context(), q, now.AddDate(-1, 0, 0))
			if err != nil {
				t.Fatal(err)
			}
			got := map[string]query.State{}
			for _, j := range judged {
				got[j.ID] = j.State
			}
			if d := cmp.Diff(c.want, got); d != "" {
				t.Error(d)
			}
		})
	}
}

func TestCompileRefuses(t *testing.T) {
	for text, want := range map[string]string{
		`runs.all(r, r.nothing == 1)`:                              "undefined field",
		`runs.all(r, r.code == 1)`:                                 "no matching overload",
		`runs.all(r, r.code)`:                                      "not one of yes and no",
		`runs.map(r, r.code)`:                                      "a query is",
		`[1, 2].all(x, x > 0)`:                                     "a query is",
		`devices.all(d, true)`:                                     `no view "devices"`,
		`runs.all(now, true)`:                                      "cannot be named",
		`runs.all(r, r.started < now`:                              "cannot be read",
		`runs.all(r, ` + strings.Repeat("true && ", 400) + `true)`: "longer than",
		``: "cannot be read",
	} {
		_, err := engine(t).Compile(text)
		if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), want) {
			t.Errorf("%.60s: %v; want %q", text, err, want)
		}
	}
}

func TestCostIsBounded(t *testing.T) {
	e := engine(t)
	deep := "true"
	for _, v := range []string{"a", "b", "c", "d", "e", "f", "g", "h"} {
		deep = "runs.all(" + v + ", " + deep + ")"
	}
	q, err := e.Compile("people.all(p, " + deep + ")")
	if err != nil {
		t.Fatal(err)
	}
	judged, err := e.Run(t.Context(), q, time.Time{})
	if err != nil {
		t.Fatal(err)
	}
	if len(judged) != 1 || judged[0].State != query.Unclear || !strings.Contains(judged[0].Why, "cost") {
		t.Errorf("got %+v", judged)
	}
}

func FuzzCompile(f *testing.F) {
	f.Add(`runs.filter(r, r.code == 'SOP-14').all(x, x.took['declare'] <= target('declare'))`)
	f.Add(`people.exists(p, p.id.matches('usr_.*'))`)
	e := engine(f)
	f.Fuzz(func(t *testing.T, text string) {
		q, err := e.Compile(text)
		if err != nil {
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("%q: %v", text, err)
			}
			return
		}
		if _, err := e.Run(t.Context(), q, time.Time{}); err != nil {
			t.Errorf("%q: %v", text, err)
		}
	})
}
