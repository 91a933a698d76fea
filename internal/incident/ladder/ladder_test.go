package ladder

import (
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"
)

var now = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

func someDevice(r *rand.Rand) Device {
	return Device{InUse: pick(r, Yes, No, Unknown), Critical: pick(r, Yes, No, Unknown), Service: pick(r, Yes, No, Unknown), Profile: pick(r, true, false), Revision: pick(r, "1", "2")}
}

func somePlan(r *rand.Rand) Plan {
	p := Plan{Level: Level(r.IntN(8)), Automatic: pick(r, true, false), Human: pick(r, "", "anna", "anna", "anna"), Impact: pick(r, "", "none", "none", "none"),
		Alternative: pick(r, "", "spare", "spare", "spare"), Compensating: pick(r, "", "watch", "watch"), Observe: pick(r, "", "no flow", "no flow", "no flow"), Undo: pick(r, "", "plug 14", "plug 14", "plug 14"),
		Return: now.Add(time.Duration(r.IntN(9*24)-12) * time.Hour), CheckedAt: now.Add(time.Duration(r.IntN(22)-18) * time.Minute), CheckedOn: pick(r, "1", "2")}
	for range r.IntN(8) {
		at := now.Add(time.Duration(r.IntN(50)-45) * time.Minute)
		p.SignOffs = append(p.SignOffs, SignOff{Role: pick(r, ClinicalOwner, Biomed, Attending, Commander, Approver), Person: pick(r, "", "anna", "ben", "cleo", "dora"),
			At: at, Until: at.Add(time.Duration(r.IntN(50)) * time.Minute), Revision: pick(r, "1", "2")})
	}
	return p
}

// The hard rules of the reference (incidents.md 4.5 a to e), written again without the code's own functions.
func TestHardRulesHoldOverRandomStates(t *testing.T) {
	r := rand.New(rand.NewPCG(1, 2))
	ran := map[Level]int{}
	for range 1_000_000 {
		p, d := somePlan(r), someDevice(r)
		if len(Refusals(p, d, now)) > 0 {
			continue
		}
		ran[p.Level]++
		if p.Automatic && p.Level > 1 && d.InUse != No && d.Critical != No {
			t.Fatalf("rule a and b: level %d ran by itself on a device that may be in use and may sustain life: %+v", p.Level, d)
		}
		if p.Automatic && p.Level > 2 || p.Automatic && p.Level == 1 && d.Service != No && d.InUse != No {
			t.Fatalf("level %d ran by itself: %+v", p.Level, d)
		}
		if p.CheckedAt.IsZero() || p.CheckedOn != d.Revision || p.Observe == "" || !p.Return.After(now) || p.Human == "" || p.Impact == "" {
			t.Fatalf("rule c: it ran without check, verification, return or a named human: %+v", p)
		}
		if p.Level >= 2 && p.Undo == "" {
			t.Fatalf("rule e: nobody at the bedside would know how to undo level %d without the program", p.Level)
		}
		people := map[Role]map[string]bool{}
		for _, s := range p.SignOffs {
			if s.Person != "" && s.Revision == d.Revision && !s.At.After(now) && s.Until.After(now) && s.Until.Sub(s.At) <= 30*time.Minute {
				if people[s.Role] == nil {
					people[s.Role] = map[string]bool{}
				}
				people[s.Role][s.Person] = true
			}
		}
		two := func(a, b Role) bool {
			for x := range people[a] {
				for y := range people[b] {
					if x != y {
						return true
					}
				}
			}
			return false
		}
		ok := true
		switch p.Level {
		case 2:
			ok = p.Automatic || len(people) > 0
		case 3:
			ok = len(people[Biomed]) > 0
		case 4, 5:
			ok = two(ClinicalOwner, Biomed) && p.Alternative != "" && (p.Level == 5 || p.Compensating != "")
		case 6:
			ok = two(Attending, Biomed)
		case 7:
			ok = len(people[Commander]) > 0
		}
		if !ok {
			t.Fatalf("rule d: level %d ran without its sign-offs: %+v on %+v", p.Level, p, d)
		}
	}
	for l := Watch; l <= ServiceLine; l++ {
		if ran[l] == 0 {
			t.Errorf("no plan of level %d ran: the test shows nothing about it", l)
		}
	}
}

// A plan that may run is refused for exactly what is taken from it.
func TestEachPartIsNeeded(t *testing.T) {
	d := Device{InUse: Yes, Critical: Yes, Service: No, Revision: "7"}
	sign := func(role Role, who string) SignOff {
		return SignOff{Role: role, Person: who, At: now.Add(-time.Minute), Until: now.Add(29 * time.Minute), Revision: "7"}
	}
	good := Plan{Level: NetworkOff, Human: "anna", Impact: "no central alarm", Alternative: "alarm at the bedside", Compensating: "one nurse for two beds", Observe: "no flow for a minute", Undo: "plug the cable of port 14 in",
		Return: now.Add(2 * time.Hour), CheckedAt: now.Add(-time.Minute), CheckedOn: "7", SignOffs: []SignOff{sign(ClinicalOwner, "cleo"), sign(Biomed, "ben")}}
	if got := Refusals(good, d, now); len(got) > 0 {
		t.Fatalf("the plan is refused: %q", got)
	}
	for name, c := range map[string]struct {
		spoil func(*Plan, *Device)
		says  string
	}{
		"automatic":               {func(p *Plan, _ *Device) { p.Automatic = true }, "by itself"},
		"nobody":                  {func(p *Plan, _ *Device) { p.Human = "" }, "answers"},
		"no impact":               {func(p *Plan, _ *Device) { p.Impact = "" }, "patients"},
		"no alternative":          {func(p *Plan, _ *Device) { p.Alternative = "" }, "takes over"},
		"no bedside measure":      {func(p *Plan, _ *Device) { p.Compensating = "" }, "bedside"},
		"no verification":         {func(p *Plan, _ *Device) { p.Observe = "" }, "observed"},
		"no way to undo it":       {func(p *Plan, _ *Device) { p.Undo = "" }, "undoes it"},
		"no return":               {func(p *Plan, _ *Device) { p.Return = time.Time{} }, "returns"},
		"too long":                {func(p *Plan, _ *Device) { p.Return = now.Add(8 * 24 * time.Hour) }, "seven days"},
		"old check":               {func(p *Plan, _ *Device) { p.CheckedAt = now.Add(-16 * time.Minute) }, "checked"},
		"one person twice":        {func(p *Plan, _ *Device) { p.SignOffs[1].Person = "cleo" }, "clinical engineering"},
		"expired":                 {func(p *Plan, _ *Device) { p.SignOffs[0].Until = now }, "clinical owner"},
		"longer than it may be":   {func(p *Plan, _ *Device) { p.SignOffs[0].Until = now.Add(time.Hour) }, "clinical owner"},
		"the device changed":      {func(_ *Plan, d *Device) { d.Revision = "8" }, "clinical engineering"},
		"no such level":           {func(p *Plan, _ *Device) { p.Level = 8 }, "no such level"},
		"signed in another state": {func(p *Plan, _ *Device) { p.SignOffs[1].Revision = "6" }, "clinical engineering"},
	} {
		t.Run(name, func(t *testing.T) {
			p, d := good, d
			p.SignOffs = slices.Clone(good.SignOffs)
			c.spoil(&p, &d)
			if got := strings.Join(Refusals(p, d, now), "; "); !strings.Contains(got, c.says) {
				t.Errorf("refused for %q, want something with %q", got, c.says)
			}
		})
	}
}

// Whoever signed in two capacities keeps nobody else from filling one of them, in whatever order they signed.
func TestTwoPeopleFillTwoCapacities(t *testing.T) {
	d := Device{InUse: Yes, Critical: Yes, Revision: "7"}
	sign := func(role Role, who string) SignOff {
		return SignOff{Role: role, Person: who, At: now.Add(-time.Minute), Until: now.Add(time.Minute), Revision: "7"}
	}
	p := Plan{Level: NetworkOff, SignOffs: []SignOff{sign(ClinicalOwner, "ben"), sign(Biomed, "ben")}}
	if got := Missing(p, d, now); !slices.Equal(got, []Role{Biomed}) {
		t.Errorf("one person alone leaves %v missing", got)
	}
	p.SignOffs = append(p.SignOffs, sign(ClinicalOwner, "cleo"))
	if got := Missing(p, d, now); len(got) > 0 {
		t.Errorf("two people leave %v missing", got)
	}
}

// From every state that is in force a bedside lift and the return lead towards returned, and nothing runs again afterwards.
func TestMovesEndInReturned(t *testing.T) {
	for _, s := range States() {
		to, ok := s.Move(Lift)
		if !ok || to.InForce() && to != Returning {
			t.Errorf("rule e: %s cannot be lifted in one step (%s)", s, to)
		}
		if s.Over() && slices.ContainsFunc(s.May(), func(e Event) bool { to, _ := s.Move(e); return to != s }) {
			t.Errorf("%s is not the end", s)
		}
		if s != Planned && slices.Contains(s.May(), Run) {
			t.Errorf("an action runs from %s", s)
		}
		if to, ok := s.Move(Answered); ok && to == Holding {
			t.Errorf("an answer is taken for an observation in %s", s)
		}
	}
	r := rand.New(rand.NewPCG(3, 4))
	for range 20_000 {
		s, p, d, at := Planned, somePlan(r), someDevice(r), now
		p.Return = now.Add(time.Hour)
		for range 30 {
			at = at.Add(time.Duration(r.IntN(20)) * time.Minute)
			if Due(p, s, d, at) {
				s, _ = s.Move(Return)
			} else if e := pick(r, s.May()...); e != Lift {
				s, _ = s.Move(e)
			}
			if at.After(p.Return) && s.InForce() && s != Returning {
				if !Due(p, s, d, at) {
					t.Fatalf("rule c: %s after its time does not return", s)
				}
			}
		}
	}
}
