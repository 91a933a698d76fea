package incident_test

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/device/network"
	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

// facts is what the walk made a device: what the rules look at, without the program's own reading of it. The zero value is
// what is known of a system that is no device of the fleet.
type facts struct {
	use   product.Answer
	class product.SafetyClass
	ways  string // how it is connected; "" is not known
	ward  string
}

// served says whether a service connection may be at work on a device that may be in use (rule b: unknown counts as in use).
func (f facts) served() bool { return f.use != product.No && f.ways != string(network.PrivateNetwork) }

// consent is a sign-off as the walk gave it.
type consent struct {
	role   ladder.Role
	person string
	at     time.Time // as the clock stood
	until  time.Duration
	on     facts
}

// course is an action as the walk knows it. Durations count time that truly passed since the walk began, whatever the clock
// was set to.
type course struct {
	level    ladder.Level
	of       string
	returns  time.Time
	checked  time.Duration // negative: never
	on       facts
	consents []consent
	erased   string // what its level needs and is not there any more
	ran      bool
	end      time.Duration
}

// walk makes random calls by random people, and keeps by itself what must follow from them.
type walk struct {
	*scene
	*rand.Rand
	incident string
	passed   time.Duration
	actions  []string
	known    map[string]*course
	devices  map[string]facts
	may      map[string][]ladder.Role
	ran      map[ladder.Level]int
	kept     map[ladder.Level]int // refused
	unknown  int                  // refused for nothing but that nobody knows whether the device is in use
	erased   map[string]int       // refused for nothing but what was erased
	returned int                  // by themselves
}

func pick[T any](r *rand.Rand, of ...T) T { return of[r.IntN(len(of))] }

// acts is a context of a person who signs only in their own capacities.
func (w *walk) acts(who string) context.Context {
	kinds := []string{"incident.*", incident.KindPlanned, incident.KindChecked, incident.KindRan, incident.KindSeen, incident.KindReturned, incident.KindLifted, incident.KindCancelled, "device.*"}
	for _, role := range w.may[who] {
		kinds = append(kinds, incident.SignKinds(role)...)
	}
	return w.sign.As(who, kinds...)
}

func (w *walk) somebody() string { return pick(w.Rand, w.anna, w.ben, w.cleo) }

// tick is what the program does by itself all the time; afterwards nothing is in force that must not be.
func (w *walk) tick() {
	w.Helper()
	told, err := w.cases.ReturnDue(testdb.System())
	w.must(err)
	w.returned += told
	for _, a := range w.all() {
		if c := w.known[a.ID]; a.State.InForce() && a.State != ladder.Returning && (w.passed >= c.end || a.State == ladder.Failed) {
			w.Fatalf("rule c: %s of level %d is %s %v after its time", a.ID, a.Level, a.State, w.passed-c.end)
		}
	}
}

func (w *walk) all() (out []incident.Action) {
	w.Helper()
	w.must(w.db.View(context.Background(), func(r store.Reader) (err error) {
		out, err = incident.Actions(context.Background(), r, incident.ActionQuery{Incident: w.incident})
		return err
	}))
	return out
}

// pass lets time go by.
func (w *walk) pass(d time.Duration) {
	w.clock.Advance(d)
	w.passed += d
}

// step sets the clock while the program runs: forward counts as time that passed, back as none.
func (w *walk) step(d time.Duration) {
	w.tick()
	if d > 0 {
		w.pass(d)
	} else {
		w.clock.Advance(d)
	}
	w.tick()
}

// restart ends the program for a while and starts another one on the same database.
func (w *walk) restart(away time.Duration) {
	w.pass(away)
	w.cases = incident.Cases{DB: w.db, Runs: w.cases.Runs, Signer: w.sign.Signer, Preserves: w.cases.Preserves}
	w.tick()
}

// levels are planned in turn; those of which the rules ask more come more often.
var levels = []ladder.Level{0, 1, 2, 3, 1, 4, 5, 6, 1, 4, 5, 6, 7}

// plan puts an action on the ladder, as one that runs by itself and is signed already for whom that would help, and with
// parts missing.
func (w *walk) plan() {
	w.Helper()
	l, of := levels[len(w.actions)%len(levels)], pick(w.Rand, w.targets()...)
	p := ladder.Plan{Level: l, Automatic: true, CheckedAt: w.clock.Now(), Human: "nobody", Impact: "no alarm", Alternative: "a spare one", Compensating: "a nurse", Observe: "no flow", Undo: "the plug",
		Return:   w.clock.Now().Add(pick(w.Rand, time.Hour, 2*time.Hour, 2*time.Hour, 9*time.Hour)),
		SignOffs: []ladder.SignOff{{Role: ladder.Commander, Person: w.anna, At: w.clock.Now(), Until: w.clock.Now().Add(time.Hour)}}}
	switch part := pick(w.Rand, &p.Impact, &p.Alternative, &p.Compensating, &p.Compensating, &p.Observe, &p.Undo); w.IntN(4) {
	case 0:
		*part = " "
	case 1:
		p.Return = w.clock.Now().Add(pick(w.Rand, -time.Hour, 0, 8*24*time.Hour))
	}
	whole := p.Impact != " " && p.Observe != " " && (l < 2 || p.Undo != " ") && (l < 4 || p.Alternative != " ") && (l != 4 || p.Compensating != " ")
	held := p.Return.Sub(w.clock.Now())
	id, err := w.cases.PlanAction(w.acts(w.somebody()), w.incident, incident.Action{Device: of, Target: "port 12", State: ladder.Holding, Plan: p})
	if (err == nil) != (whole && held > 0 && held <= 7*24*time.Hour) {
		w.Fatalf("rule c, d and e: planned %+v: %v", p, err)
	}
	if err == nil {
		w.actions, w.known[id] = append(w.actions, id), &course{level: l, of: of, returns: p.Return, checked: -1}
	}
}

func (w *walk) targets() []string {
	out := make([]string, 0, len(w.devices))
	for of := range w.devices {
		out = append(out, of)
	}
	slices.Sort(out)
	if w.devices[out[len(out)-1]] != (facts{}) {
		w.Fatal("the system is not the last one")
	}
	return out
}

func (w *walk) check(a string) {
	if err := w.cases.Check(w.acts(w.somebody()), a, "seen"); w.went(err) {
		w.known[a].checked, w.known[a].on = w.passed, w.devices[w.known[a].of]
	}
}

func (w *walk) consent(a, who string, role ladder.Role, lasts time.Duration) {
	w.Helper()
	err := w.cases.SignOff(w.acts(who), a, role, lasts, "")
	if may := slices.Contains(w.may[who], role); problem.KindOf(err) == problem.Forbidden || err == nil && !may {
		if may || err == nil {
			w.Fatalf("rule d: %s signs as %s: %v", who, role, err)
		}
		return
	}
	if w.went(err) {
		c := w.known[a]
		c.consents = append(c.consents, consent{role, who, w.clock.Now(), w.passed + min(lasts, 30*time.Minute), w.devices[c.of]})
	}
}

// erase takes from a planned action what its level needs, as a fault of the program or of its storage would.
func (w *walk) erase(a string) {
	w.Helper()
	c := w.known[a]
	columns := []string{"human_name", "impact", "observe"}
	switch c.level {
	case 2, 3:
		columns = append(columns, "undo", "undo", "undo")
	case 4:
		columns = []string{"undo", "alternative", "compensating", "compensating"}
	case 5, 6, 7:
		columns = []string{"undo", "alternative"}
	}
	if w.one(a).State != ladder.Planned || c.erased != "" {
		return
	}
	column := pick(w.Rand, columns...)
	w.must(w.db.Bulk(w.acts(w.anna), func(b *store.Bulk) error {
		_, err := b.Exec(context.Background(), `UPDATE containment SET `+column+` = '' WHERE id = $1`, a)
		return err
	}))
	c.erased = column
}

// change makes a device another one; a system that is no device of the fleet stays as it is.
func (w *walk) change(of string) {
	w.Helper()
	if of != w.pump && of != w.scan {
		return
	}
	d, err := w.deviceOf(of)
	w.must(err)
	f := w.devices[of]
	switch w.IntN(4) {
	case 0, 1:
		f.use = pick(w.Rand, product.Yes, product.No, product.NotKnown)
	case 2:
		f.ways = pick(w.Rand, "", string(network.PrivateNetwork), string(network.RemoteService))
	default:
		f.class, f.ward = pick(w.Rand, product.LifeSustaining, product.Diagnostic, product.ClassNotKnown), pick(w.Rand, "ICU", "Theatre 2")
	}
	d.InUse, d.OwnClass, d.Ward, d.Connectivity = f.use, f.class, f.ward, nil
	if f.ways != "" {
		d.Connectivity = []network.Connectivity{network.Connectivity(f.ways)}
	}
	w.must(w.fleet.Change(w.as(w.ben), d))
	w.devices[of] = f
}

// run runs an action, and demands that it runs exactly when the reference (incidents.md 4.5) lets it.
func (w *walk) run(a string) {
	w.Helper()
	c, was := w.known[a], w.one(a).State
	may, why := w.lets(c)
	err := w.cases.Run(w.acts(w.somebody()), a)
	switch {
	case was != ladder.Planned:
		w.refused(err, problem.Conflict)
	case (err == nil) != may:
		w.Fatalf("level %d on %+v: %v %v; %s; %+v, %v passed", c.level, w.devices[c.of], err, problem.FaultsOf(err), why, c, w.passed)
	case may:
		c.ran, c.end = true, w.passed+c.returns.Sub(w.clock.Now())
		w.ran[c.level]++
	default:
		w.refused(err, problem.Invalid)
		if len(problem.FaultsOf(err)) == 1 && c.erased != "" {
			w.erased[c.erased]++
		}
		if text := fmt.Sprint(problem.FaultsOf(err)); len(problem.FaultsOf(err)) == 1 && c.level == ladder.FarSide && w.devices[c.of].use != product.Yes && strings.Contains(text, "sign-off") {
			w.unknown++
		}
		w.kept[c.level]++
	}
}

// lets says whether an action may run now.
func (w *walk) lets(c *course) (bool, string) {
	f := w.devices[c.of]
	who := map[ladder.Role][]string{}
	for _, s := range c.consents {
		if s.on == f && w.passed < s.until && !s.at.After(w.clock.Now()) {
			who[s.role] = append(who[s.role], s.person)
		}
	}
	two := func(a, b ladder.Role) bool {
		return slices.ContainsFunc(who[a], func(x string) bool { return slices.ContainsFunc(who[b], func(y string) bool { return x != y }) })
	}
	signed := true
	switch c.level {
	case ladder.FarSide:
		signed = !f.served() || len(who[ladder.Biomed]) > 0
	case ladder.NotClinical:
		signed = len(who) > 0
	case ladder.AllowList:
		signed = len(who[ladder.Biomed]) > 0
	case ladder.NetworkOff, ladder.Swap:
		signed = two(ladder.ClinicalOwner, ladder.Biomed)
	case ladder.PowerOff:
		signed = two(ladder.Attending, ladder.Biomed)
	case ladder.ServiceLine:
		signed = len(who[ladder.Commander]) > 0
	}
	checked := c.checked >= 0 && c.on == f && w.passed-c.checked <= 15*time.Minute
	left := c.returns.Sub(w.clock.Now())
	return signed && checked && c.erased == "" && left > 0 && left <= 7*24*time.Hour, fmt.Sprintf("signed %t by %v, checked %t, erased %q, %v left", signed, who, checked, c.erased, left)
}

// went says whether a call did something, and fails for what is no refusal.
func (w *walk) went(err error) bool {
	w.Helper()
	if err != nil && problem.KindOf(err) != problem.Conflict && problem.KindOf(err) != problem.Invalid {
		w.Fatal(err)
	}
	return err == nil
}

// stored looks at every action as it is stored.
func (w *walk) stored() {
	w.Helper()
	for _, a := range w.all() {
		c := w.known[a.ID]
		switch {
		case a.Automatic:
			w.Fatalf("rule a: %s of level %d is stored as one that runs by itself", a.ID, a.Level)
		case !c.ran && (a.State != ladder.Planned && a.State != ladder.Cancelled || !a.Ran.IsZero()):
			w.Fatalf("rule a: %s of level %d is %s, and nobody ran it", a.ID, a.Level, a.State)
		case c.erased != "":
		case a.Human == "" || a.HumanID == "" || a.Impact == "" || a.Observe == "" || a.Level >= 2 && a.Undo == "" || a.Level >= 4 && a.Alternative == "" || a.Level == 4 && a.Compensating == "":
			w.Fatalf("rule c and e: %+v lacks something", a)
		case a.State.InForce() && a.Return.Sub(w.clock.Now()) > 7*24*time.Hour:
			w.Fatalf("rule c: %s holds for %v", a.ID, a.Return.Sub(w.clock.Now()))
		}
	}
}

// hurry is what a ward does in its worst hour: it has nearly everything that an action needs, and one thing comes between.
func (w *walk) hurry(a string) {
	w.Helper()
	left := w.known[a].returns.Sub(w.clock.Now())
	late := left > time.Minute && left < 3*time.Hour && w.IntN(6) == 0
	if late {
		w.pass(left - time.Minute)
	}
	w.check(a)
	if w.IntN(3) > 0 {
		w.consent(a, w.somebody(), ladder.Biomed, time.Hour)
	}
	second := map[ladder.Level]ladder.Role{4: ladder.ClinicalOwner, 5: ladder.ClinicalOwner, 6: ladder.Attending, 7: ladder.Commander}
	if role, ok := second[w.known[a].level]; ok && w.IntN(5) > 0 {
		w.consent(a, w.somebody(), role, time.Hour)
	}
	switch w.IntN(12) {
	case 0, 5:
		w.erase(a)
	case 1:
		w.change(w.known[a].of)
	case 2: // what was signed before does not count, even when somebody looks at the device again
		w.change(w.known[a].of)
		w.check(a)
	case 3: // nor does it the other way round
		w.change(w.known[a].of)
		w.consent(a, w.ben, ladder.Biomed, time.Hour)
		w.consent(a, w.cleo, ladder.ClinicalOwner, time.Hour)
	case 4:
		w.pass(16 * time.Minute)
	case 6: // setting the clock back makes no sign-off longer
		w.step(-40 * time.Minute)
		w.pass(41 * time.Minute)
		w.check(a)
	case 7: // nor a check
		w.step(-14 * time.Minute)
		w.pass(16 * time.Minute)
	}
	if late {
		w.pass(2 * time.Minute)
	}
	w.run(a)
}

// any does one thing.
func (w *walk) any() {
	w.Helper()
	w.pass(time.Second)
	a := w.actions[len(w.actions)-1-w.IntN(min(3, len(w.actions)))]
	switch n := w.IntN(24); {
	case n < 4:
		w.plan()
	case n < 5:
		w.check(a)
	case n < 9:
		w.consent(a, w.somebody(), pick(w.Rand, ladder.ClinicalOwner, ladder.Biomed, ladder.Attending, ladder.Commander), pick(w.Rand, 5*time.Minute, 30*time.Minute, 2*time.Hour))
	case n < 13:
		w.run(a)
	case n == 13:
		w.went(w.cases.See(w.acts(w.somebody()), a, pick(w.Rand, ladder.Answered, ladder.Observed, ladder.NotSeen, ladder.Gone), "seen"))
	case n == 14:
		w.pass(time.Duration(w.IntN(12)) * time.Minute)
	case n == 15:
		w.step(pick(w.Rand, -40*time.Minute, -11*time.Minute, 5*time.Minute, 20*time.Minute) - time.Duration(w.IntN(1000))*time.Millisecond)
	case n == 16 && w.IntN(3) == 0:
		w.restart(time.Duration(w.IntN(90)) * time.Minute)
	case n == 17:
		w.change(pick(w.Rand, w.pump, w.scan))
	case n == 18 && w.IntN(6) == 0:
		w.erase(a)
	case n >= 19:
		w.hurry(a)
	}
	w.stored()
}

// The hard rules of the reference (incidents.md 4.5 a to e) over what is stored: whatever people call, whatever the clock does,
// and however often the program starts again, exactly what the rules let runs, by a person, and it returns by itself.
func TestHardRulesHoldOverStoredActions(t *testing.T) {
	each(t, func(s *scene) {
		i := s.declare()
		w := &walk{scene: s, Rand: rand.New(rand.NewPCG(7, 10)), incident: i, known: map[string]*course{}, ran: map[ladder.Level]int{}, kept: map[ladder.Level]int{}, erased: map[string]int{},
			may: map[string][]ladder.Role{s.anna: {ladder.Commander, ladder.Biomed}, s.ben: {ladder.Biomed, ladder.ClinicalOwner, ladder.Attending}, s.cleo: {ladder.ClinicalOwner, ladder.Attending, ladder.Commander, ladder.Biomed}},
			devices: map[string]facts{s.pump: {product.Yes, product.LifeSustaining, string(network.PrivateNetwork), "ICU"},
				s.scan: {product.No, product.Diagnostic, string(network.PrivateNetwork), "ICU"}}}
		devices := s.get(i).Devices
		w.devices[devices[slices.IndexFunc(devices, func(d incident.Involved) bool { return d.Device == "" })].ID] = facts{}
		for len(w.actions) == 0 {
			w.plan()
		}
		w.tick()
		for range 1500 {
			w.any()
		}
		w.restart(7 * 24 * time.Hour)
		for _, a := range w.all() {
			if a.State.InForce() && a.State != ladder.Returning {
				s.Errorf("rule c: %s of level %d is %s after its time", a.ID, a.Level, a.State)
			}
		}
		for l := ladder.Watch; l <= ladder.ServiceLine; l++ {
			if w.ran[l] == 0 || w.kept[l] == 0 {
				s.Errorf("level %d ran %d times and was refused %d times: the walk shows nothing about it", l, w.ran[l], w.kept[l])
			}
		}
		for _, column := range []string{"human_name", "impact", "observe", "undo", "alternative", "compensating"} {
			if w.erased[column] == 0 {
				s.Errorf("nothing was refused only for its %s: the walk shows nothing about it", column)
			}
		}
		if w.returned == 0 || w.unknown == 0 {
			s.Errorf("%d returned by themselves, %d were refused because the use is not known: the walk shows nothing about it", w.returned, w.unknown)
		}
	})
}
