package priority_test

import (
	"math/rand/v2"
	"slices"
	"testing"

	"triward/internal/content"
	"triward/internal/incident/priority"
)

func table(t *testing.T) content.PriorityTable {
	t.Helper()
	out, err := content.Priority()
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func decide(t *testing.T, known map[string]string) priority.Answer {
	t.Helper()
	a, err := priority.Decide(table(t), known)
	if err != nil {
		t.Fatal(err)
	}
	return a
}

func TestEveryCombinationHasOneResult(t *testing.T) {
	tab := table(t)
	all := tab.Combinations()
	if len(all) != 3*3*4*3*3 {
		t.Fatalf("%d combinations", len(all))
	}
	seen := map[string]int{}
	for _, c := range all {
		a, err := priority.Decide(tab, c)
		if err != nil || a.Why == "" || len(a.Assumed) != 0 {
			t.Fatalf("%v: %+v, %v", c, a, err)
		}
		seen[a.Result]++
	}
	if len(seen) != 4 {
		t.Errorf("results = %v", seen)
	}
}

// A worse value of any input, and one that is not known, never gives a milder answer; several at once neither.
func TestWorseIsNeverMilder(t *testing.T) {
	tab := table(t)
	random := rand.New(rand.NewPCG(4, 4))
	pick := func(i content.PriorityInput, from int) (string, int) {
		n := from + random.IntN(len(i.Values)+1-from)
		if n == len(i.Values) {
			return priority.Unknown, n
		}
		return i.Values[n].ID, n
	}
	for range 20_000 {
		mild, worse := map[string]string{}, map[string]string{}
		for _, i := range tab.Inputs {
			v, n := pick(i, 0)
			mild[i.ID] = v
			worse[i.ID], _ = pick(i, n)
		}
		a, err := priority.Decide(tab, mild)
		if err != nil {
			t.Fatal(err)
		}
		b, err := priority.Decide(tab, worse)
		if err != nil {
			t.Fatal(err)
		}
		if b.Rank > a.Rank {
			t.Fatalf("%v gives %s, the worse %v gives %s", mild, a.Result, worse, b.Result)
		}
	}
}

func TestUnknownCountsAsTheWorst(t *testing.T) {
	a := decide(t, nil)
	if a.Result != "act_now" || len(a.Assumed) != 5 || a.Rank != 1 {
		t.Errorf("nothing known: %+v", a)
	}
	a = decide(t, map[string]string{"exploitation": "none", "device": "not_in_use", "spread": "one", "alternative": "spare", "data": "none"})
	if a.Result != "track" || a.Why == "" {
		t.Errorf("all is mild: %+v", a)
	}
	if _, err := priority.Decide(table(t), map[string]string{"data": "some"}); err == nil {
		t.Error("a value that the table does not know was taken")
	}
}

func TestTablesThatAreWrongAreRefused(t *testing.T) {
	for name, spoil := range map[string]func(*content.PriorityTable){
		"a combination without a row": func(p *content.PriorityTable) { p.Rows = p.Rows[1:] },
		"two rows for one":            func(p *content.PriorityTable) { p.Rows = append(p.Rows, p.Rows[0]) },
		"milder when worse":           func(p *content.PriorityTable) { p.Rows[0].Result = "track" },
		"unknown result":              func(p *content.PriorityTable) { p.Rows[0].Result = "soon" },
		"unknown input":               func(p *content.PriorityTable) { p.Rows[0].Named = map[string][]string{"moon": {"full"}} },
		"unknown value":               func(p *content.PriorityTable) { p.Rows[0].Named = map[string][]string{"data": {"some"}} },
	} {
		p := table(t)
		p.Rows = slices.Clone(p.Rows)
		spoil(&p)
		if p.Check() == nil {
			t.Errorf("%s: the table was taken", name)
		}
	}
}
