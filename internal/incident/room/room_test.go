package room_test

import (
	"context"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/ladder"
	"triward/internal/incident/room"
	"triward/internal/problem"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// scene is an incident with a pump in use and an archive.
type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	sign  *signaturetest.Signer
	cases incident.Cases
	desk  room.Desk
	fleet device.Fleet
	anna  string
	ben   string
	pump  string
	inc   string
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, cases: incident.Cases{DB: db}, desk: room.Desk{DB: db}, fleet: device.Fleet{DB: db}}
		s.anna, s.ben = sign.Person(t, "anna", "Anna Security"), sign.Newcomer(t, "ben", "Ben Biomed")
		s.pump = s.device("P-1", product.Yes, product.LifeSustaining)
		s.inc = s.declare("A pump calls outside", []string{s.pump}, []string{"Archive"})
		fn(s)
	})
}

func (s *scene) as(who string) context.Context {
	return s.sign.As(who, "incident.*", "containment.*", "device.*", "vuln.*", "risk.*", "detection.*", "product.*")
}

func (s *scene) ok(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) device(tag string, use product.Answer, class product.SafetyClass) string {
	s.Helper()
	id, err := s.fleet.Register(s.as(s.ben), device.Device{AssetTag: tag, RawVendor: "Nordmed", RawModel: "N", InUse: use, OwnClass: class, Ward: "ICU", Connectivity: []network.Connectivity{network.PrivateNetwork}})
	s.ok(err)
	return string(id)
}

func (s *scene) declare(title string, devices, systems []string) string {
	s.Helper()
	i, err := s.cases.Declare(s.as(s.anna), incident.Declaration{Devices: devices, Systems: systems, Incident: incident.Incident{Title: title, Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Green,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: s.clock.Now().Add(-time.Hour), AwareWho: "Anna Security", AwareHow: "an alert"}})
	s.ok(err)
	return i
}

func (s *scene) look() room.View {
	s.Helper()
	var v room.View
	s.ok(s.db.View(s.as(s.anna), func(r store.Reader) (err error) {
		v, err = room.Look(s.as(s.anna), r, s.inc, s.clock.Now())
		return err
	}))
	return v
}

func (s *scene) tick() int {
	s.Helper()
	n, err := s.desk.Tick(store.WithActor(context.Background(), store.System("room")))
	s.ok(err)
	return n
}

func (s *scene) say(input, value string) {
	s.Helper()
	s.ok(s.desk.Say(s.as(s.anna), s.inc, room.Saying{Input: input, Value: value, Reason: "looked"}))
}

func (s *scene) kinds(kind string) int {
	s.Helper()
	n := 0
	s.ok(s.db.View(s.as(s.anna), func(r store.Reader) error {
		all, err := store.Journal(testdb.System(), r, store.JournalQuery{Kinds: []string{kind}})
		n = len(all)
		return err
	}))
	return n
}

func TestPriorityIsPrefilledAndSaidOtherwise(t *testing.T) {
	each(t, func(s *scene) {
		u := s.look().Urgency
		known := map[string]string{}
		for _, f := range u.Facts {
			known[f.ID] = f.Known
			if f.Because == "" {
				s.Errorf("%s does not say from where", f.ID)
			}
		}
		if u.Result != "act_now" || known["device"] != "life_sustaining" || known["spread"] != "one" || known["exploitation"] != "" || known["data"] != "" {
			s.Errorf("urgency = %s, %v", u.Result, known)
		}
		if s.tick() != 0 || s.look().Priority != 1 || s.kinds(room.KindSet) != 1 {
			s.Errorf("priority is not kept: %d", s.look().Priority)
		}
		s.tick()
		if s.kinds(room.KindSet) != 1 {
			s.Error("the same priority is noted again")
		}
		for input, value := range map[string]string{"exploitation": "none", "data": "none", "alternative": "spare"} {
			s.say(input, value)
		}
		if v := s.look(); v.Urgency.Result != "scheduled" || v.Priority != 3 {
			s.Errorf("said otherwise: %s, kept %d", v.Urgency.Result, v.Priority)
		}
		s.ok(s.cases.SetDevice(s.as(s.anna), s.inc, s.pump, incident.DeviceChange{State: incident.Compromised}))
		s.say("exploitation", "") // taken back: a compromised device is exploitation
		if v := s.look(); v.Urgency.Result != "act_now" {
			s.Errorf("compromised: %s", v.Urgency.Result)
		}
		for _, bad := range []room.Saying{{"data", "some", "x"}, {"data", "none", ""}} {
			if err := s.desk.Say(s.as(s.anna), s.inc, bad); problem.KindOf(err) != problem.Invalid {
				s.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

func TestListSortsByPriority(t *testing.T) {
	each(t, func(s *scene) {
		other := s.declare("A shelf is open", []string{s.device("T-1", product.No, product.OtherClass)}, nil)
		s.tick()
		for input, value := range map[string]string{"exploitation": "none", "data": "none"} {
			s.ok(s.desk.Say(s.as(s.anna), other, room.Saying{Input: input, Value: value, Reason: "looked"}))
		}
		s.ok(s.db.View(s.as(s.anna), func(r store.Reader) error {
			p, err := incident.List(s.as(s.anna), r, incident.Query{Sort: "priority"})
			s.ok(err)
			if len(p.Items) != 2 || p.Items[0].ID != s.inc || p.Items[1].Priority != 4 {
				s.Errorf("list = %+v", p.Items)
			}
			return nil
		}))
	})
}

func TestTasksThatNobodyAcceptsAreToldOnce(t *testing.T) {
	each(t, func(s *scene) {
		task, err := s.cases.AddTask(s.as(s.anna), s.inc, incident.Task{Title: "Watch the bedside", Side: incident.WardSide})
		s.ok(err)
		if s.tick() != 0 {
			s.Error("told before its time")
		}
		s.clock.Advance(incident.AcceptWithin + time.Second)
		if n, again := s.tick(), s.tick(); n != 1 || again != 0 {
			s.Errorf("told %d, then %d", n, again)
		}
		s.ok(s.cases.MoveTask(s.as(s.ben), s.inc, task, incident.TaskMove{HandTo: incident.ClinicalSide}))
		s.clock.Advance(incident.AcceptWithin + time.Second)
		if n := s.tick(); n != 1 {
			s.Errorf("another side did not accept: told %d", n)
		}
		s.ok(s.cases.MoveTask(s.as(s.ben), s.inc, task, incident.TaskMove{Accept: true}))
		s.clock.Advance(time.Hour)
		if n := s.tick(); n != 0 {
			s.Errorf("accepted, but told %d", n)
		}
	})
}

func TestRoomShowsWhoAndWhere(t *testing.T) {
	each(t, func(s *scene) {
		s.ok(s.cases.Note(s.as(s.ben), s.inc, incident.Decision, "the pump stays on"))
		v := s.look()
		if len(v.Wards) != 2 || len(v.People) != 2 {
			s.Fatalf("wards %+v, people %+v", v.Wards, v.People)
		}
		n := slices.IndexFunc(v.Wards, func(w room.Ward) bool { return w.Name == "ICU" })
		if n < 0 || v.Wards[n].Devices[0].InUse != product.Yes {
			s.Errorf("wards = %+v", v.Wards)
		}
	})
}

func TestDuplicatesLeaveTheirWorkAtTheOriginal(t *testing.T) {
	each(t, func(s *scene) {
		twin := s.declare("The same pump", []string{s.pump}, nil)
		task, err := s.cases.AddTask(s.as(s.anna), twin, incident.Task{Title: "Read the log", Side: incident.ITSide})
		s.ok(err)
		entity, err := s.cases.AddEntity(s.as(s.anna), twin, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"controller"},
			Facts: map[string]clock.Truth{"personal_data_breach": clock.Yes, "no_risk_to_persons": clock.No}, Instants: map[string]time.Time{"became_aware": s.clock.Now().Add(-time.Hour)}}})
		s.ok(err)
		s.ok(s.cases.SameAs(s.as(s.anna), twin, s.inc))
		v := s.look()
		if len(v.Same) != 1 || len(v.Tasks) != 1 || v.Tasks[0].Incident != twin || len(v.Clocks) == 0 || v.Clocks[0].EntityID != entity {
			s.Fatalf("room = %+v, %+v, %+v", v.Same, v.Tasks, v.Clocks)
		}
		s.ok(s.cases.MoveTask(s.as(s.ben), twin, task, incident.TaskMove{Accept: true}))
		s.ok(s.cases.MoveTask(s.as(s.ben), twin, task, incident.TaskMove{State: incident.Done, Outcome: "read"}))
		if v := s.look(); len(v.Tasks) != 0 {
			s.Errorf("tasks = %+v", v.Tasks)
		}
		for _, name := range []string{twin, "INC-2026-0002"} {
			s.ok(s.db.View(s.as(s.anna), func(r store.Reader) error {
				i, err := incident.Brief(s.as(s.anna), r, name)
				if i.SameAs != s.inc {
					s.Errorf("%s leads to %q", name, i.SameAs)
				}
				return err
			}))
		}
	})
}

func TestReportsAreNumberedComparedAndNeverChange(t *testing.T) {
	each(t, func(s *scene) {
		first, err := s.desk.Report(s.as(s.anna), s.inc, time.Time{})
		s.ok(err)
		if first.Number != 1 || !slices.Equal(first.Changed, []string{"This is the first report."}) || !first.Next.Equal(s.clock.Now().Add(time.Hour)) {
			s.Errorf("first = %+v", first)
		}
		s.clock.Advance(10 * time.Minute)
		s.ok(s.cases.Note(s.as(s.anna), s.inc, incident.Decision, "leave *it* on"))
		s.ok(s.cases.Move(s.as(s.anna), s.inc, incident.Move{To: incident.Analysing}))
		s.clock.Advance(time.Minute)
		second, err := s.desk.Report(s.as(s.anna), s.inc, s.clock.Now().Add(2*time.Hour))
		s.ok(err)
		if second.Number != 2 || !slices.Contains(second.Changed, "State: analysing, before declared.") || len(second.Decisions) != 1 {
			s.Errorf("second = %+v", second)
		}
		third, err := s.desk.Report(s.as(s.anna), s.inc, time.Time{})
		s.ok(err)
		if !slices.Equal(third.Changed, []string{"Nothing changed."}) || len(third.Decisions) != 0 {
			s.Errorf("third = %v, %v", third.Changed, third.Decisions)
		}
		md := second.Markdown()
		for _, want := range []string{"# Situation report 2: INC-2026-0001", `leave \*it\* on`, "## Unknown", "TLP:AMBER"} {
			if !strings.Contains(md, want) {
				s.Errorf("%q is missing in\n%s", want, md)
			}
		}
		s.ok(s.db.View(s.as(s.anna), func(r store.Reader) error {
			for as, want := range map[incident.Audience]problem.Kind{incident.Community: problem.Forbidden, incident.Clients: "", incident.ByLaw: ""} {
				text, err := room.Text(s.as(s.anna), r, s.inc, 2, as)
				if problem.KindOf(err) != want || err == nil && !strings.Contains(text, "For: "+as.Words()) {
					s.Errorf("for %s: %v %q", as, err, text)
				}
			}
			return nil
		}))
		if _, err := s.desk.Report(s.as(s.anna), s.inc, s.clock.Now()); problem.KindOf(err) != problem.Invalid {
			s.Errorf("next report in the past: %v", err)
		}
		if err := s.db.Update(s.as(s.anna), func(tx *store.Tx) error {
			_, err := tx.Exec(context.Background(), `UPDATE incident_report SET next = 1`)
			return err
		}); err == nil {
			s.Error("a report was changed")
		}
		s.ok(s.db.View(s.as(s.anna), func(r store.Reader) error {
			h, p, err := room.Read(s.as(s.anna), r, "INC-2026-0001", 0)
			if h.Number != 3 || p.Incident != "INC-2026-0001" {
				s.Errorf("newest = %+v", h)
			}
			return err
		}))
	})
}

func TestHolidaysThatWereEnteredMoveClocks(t *testing.T) {
	each(t, func(s *scene) {
		_, err := s.cases.AddEntity(s.as(s.anna), s.inc, incident.Entity{Name: "Maker GmbH", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"manufacturer"}, Facts: map[string]clock.Truth{"public_health_threat": clock.Yes, "device_link_possible": clock.Yes},
			Instants: map[string]time.Time{"became_aware": s.clock.Now().Add(-time.Hour)}}})
		s.ok(err)
		latest := func() map[string]time.Time {
			out := map[string]time.Time{}
			for _, c := range s.look().Clocks {
				out[c.Duty.ID+"/"+c.Stage.ID] = c.Latest
			}
			return out
		}
		before := latest()
		var on string
		for k, t := range before {
			if !t.IsZero() && strings.HasPrefix(k, "eu-mdr") && (on == "" || t.Before(before[on])) {
				on = k
			}
		}
		if on == "" {
			s.Fatalf("no clock of days runs: %v", before)
		}
		day := before[on].Format(time.DateOnly)
		year := incident.HolidayYear{Entity: "maker gmbh", Calendar: "eu", Year: day[:4], Days: []incident.Day{{Day: day, Name: "Local day"}}, Reason: "official gazette"}
		s.ok(s.cases.SetHolidays(s.as(s.anna), year))
		if after := latest()[on]; !after.After(before[on]) {
			s.Errorf("%s: %s, before %s", on, after, before[on])
		}
		year.Entity = "Another"
		s.ok(s.cases.SetHolidays(s.as(s.anna), year))
		year.Entity, year.Days = "maker gmbh", nil
		s.ok(s.cases.SetHolidays(s.as(s.anna), year))
		if after := latest()[on]; !after.Equal(before[on]) {
			s.Errorf("a day of another entity moved it: %s", after)
		}
		for _, bad := range []incident.HolidayYear{{Calendar: "moon", Year: "2026", Reason: "x"}, {Calendar: "eu", Year: "2026"}, {Calendar: "eu", Year: "2026", Reason: "x", Days: []incident.Day{{Day: "2027-01-01"}}},
			{Calendar: "eu", Year: "2026", Reason: "x", Days: []incident.Day{{Day: "soon"}}}} {
			if err := s.cases.SetHolidays(s.as(s.anna), bad); problem.KindOf(err) != problem.Invalid {
				s.Errorf("%+v: %v", bad, err)
			}
		}
	})
}

// A situation report carries the record of what holds a device (reference incidents.md 4.5): what it does to patients, what
// takes over, and who signed it, when, for how long and on which conditions.
func TestSituationReportCarriesSignOffs(t *testing.T) {
	each(t, func(s *scene) {
		a, err := s.cases.PlanAction(s.as(s.anna), s.inc, incident.Action{Device: s.pump, Target: "switch port 12", Plan: ladder.Plan{Level: ladder.AllowList, Undo: "plug the cable into the free socket", Impact: "no update of the drug library",
			Alternative: "the library that it has", Observe: "no packet to others", Return: s.clock.Now().Add(2 * time.Hour)}})
		s.ok(err)
		s.ok(s.cases.Check(s.as(s.ben), a, "infusing"))
		s.ok(s.cases.SignOff(s.as(s.ben), a, ladder.Biomed, 20*time.Minute, "until the shift ends"))
		s.ok(s.cases.Run(s.as(s.ben), a))
		_, err = s.desk.Report(s.as(s.anna), s.inc, s.clock.Now().Add(time.Hour))
		s.ok(err)
		s.ok(s.db.View(s.as(s.anna), func(r store.Reader) error {
			_, p, err := room.Read(s.as(s.anna), r, s.inc, 0)
			text := p.Markdown()
			for _, x := range []string{"What it does to patients: no update of the drug library.", "What takes over: the library that it has.",
				"Signed off: ben, clinical engineering, on ", ", valid until ", "on the condition: until the shift ends"} {
				if !strings.Contains(text, x) {
					t.Errorf("the report does not say %q:\n%s", x, text)
				}
			}
			return err
		}))
	})
}

// What is overdue stands first, also before what is due without delay, and by itself.
func TestRoomShowsOverdueClocksFirst(t *testing.T) {
	each(t, func(s *scene) {
		aware := map[string]time.Time{"became_aware": s.clock.Now()}
		_, err := s.cases.AddEntity(s.as(s.anna), s.inc, incident.Entity{Name: "Maker", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"manufacturer"}, Instants: aware, Facts: map[string]clock.Truth{"device_involved": clock.Yes, "rising_trend": clock.Yes}}})
		s.ok(err)
		_, err = s.cases.AddEntity(s.as(s.anna), s.inc, incident.Entity{Name: "Hospital", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity"}, Instants: aware, Facts: map[string]clock.Truth{"significant_incident": clock.Yes}}})
		s.ok(err)
		if v := s.look(); len(v.Overdue()) != 0 || !v.Clocks[0].Latest.IsZero() {
			t.Errorf("at first %d are overdue, and %s stands first", len(v.Overdue()), v.Clocks[0].Stage.Title)
		}
		s.clock.Advance(25 * time.Hour)
		v := s.look()
		if got := v.Overdue(); len(got) != 1 || got[0].Entity != "Hospital" || v.Clocks[0].Entity != "Hospital" {
			t.Errorf("overdue are %+v; %s of %s stands first", got, v.Clocks[0].Stage.Title, v.Clocks[0].Entity)
		}
	})
}
