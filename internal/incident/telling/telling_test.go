package telling_test

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/draft"
	"triward/internal/incident/telling"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	cases incident.Cases
	desk  telling.Desk
	ctx   context.Context
	inc   string
	ent   string
}

func each(t *testing.T, tlp incident.Marking, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db}}, desk: telling.Desk{DB: db, Draft: func(ctx context.Context, r store.Reader, id string) (telling.Paper, error) {
			d, err := draft.Get(ctx, r, id)
			return telling.Paper{Incident: d.Incident, Title: d.Title, Digest: d.Digest, Ready: d.State != draft.Open}, err
		}}}
		s.ctx = sign.As(sign.Person(t, "anna", "Anna Security"), "incident.*", "telling.*", "stakeholder.*", "draft.*", "device.*")
		pump, err := (device.Fleet{DB: db}).Register(s.ctx, device.Device{AssetTag: "P-1", RawVendor: "Nordmed Inc.", RawModel: "N-1", InUse: product.Yes, Ward: "ICU", Connectivity: []network.Connectivity{network.PrivateNetwork}})
		s.must(err)
		s.inc, err = s.cases.Declare(s.ctx, incident.Declaration{Devices: []string{string(pump)}, Incident: incident.Incident{Title: "Studies leave", Cyber: 3, Clinical: 2, TLP: tlp, PAP: incident.Red, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: c.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}})
		s.must(err)
		facts := map[string]clock.Truth{}
		for _, f := range content.DutyFacts() {
			facts[f.Name] = clock.No
		}
		facts["personal_data_breach"], facts["high_risk_to_persons"] = clock.Yes, clock.Yes
		s.ent, err = s.cases.AddEntity(s.ctx, s.inc, incident.Entity{Name: "St. Brannoc", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"controller"},
			Instants: map[string]time.Time{"became_aware": c.Now().Add(-time.Hour)}, Facts: facts}})
		s.must(err)
		fn(s)
	})
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err, problem.FaultsOf(err))
	}
}

func (s *scene) refused(err error, kind problem.Kind, says string) {
	s.Helper()
	if text := fmt.Sprint(err, problem.FaultsOf(err)); problem.KindOf(err) != kind || !strings.Contains(text, says) {
		s.Fatalf("got %s (%s), want %s with %q", problem.KindOf(err), text, kind, says)
	}
}

func (s *scene) add(x telling.Stakeholder) string {
	s.Helper()
	x.Contact, x.Channel = "555 0100", telling.Phone
	id, err := s.desk.Add(s.ctx, x)
	s.must(err)
	return id
}

func (s *scene) plan() []telling.Item {
	s.Helper()
	var out []telling.Item
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		out, err = telling.Plan(s.ctx, r, s.inc, s.clock.Now())
		return err
	}))
	return out
}

func (s *scene) tell(t telling.Telling) (string, error) {
	t.At = s.clock.Now()
	if t.Channel == "" {
		t.Channel = telling.Phone
	}
	if t.What == "" {
		t.What = "something leaves the archive"
	}
	return s.desk.Tell(s.ctx, s.inc, t)
}

func lines(plan []telling.Item) string {
	var b strings.Builder
	for _, i := range plan {
		fmt.Fprintf(&b, "%d %s %s %s done=%v waits=%v\n", i.Order, i.Role, i.Name, i.Need, i.Done, i.Waits())
	}
	return b.String()
}

func TestTheRightPeopleFirstProvably(t *testing.T) {
	each(t, incident.Clear, func(s *scene) {
		icu, _ := s.add(telling.Stakeholder{Role: "ward", Name: "ICU", Places: []string{"icu"}}), s.add(telling.Stakeholder{Role: "ward", Name: "OR", Places: []string{"OR"}})
		press := s.add(telling.Stakeholder{Role: "media", Name: "Press office"})
		want := `10 ward ICU must done=false waits=true
20 authority data protection authority must done=false waits=true
20 law_enforcement The police consider done=false waits=false
20 manufacturer Nordmed Inc. must done=false waits=true
30 patients the people concerned must done=false waits=true
40 insurer The insurer consider done=false waits=false
50 isac The sharing community consider done=false waits=false
90 media Press office consider done=false waits=false
`
		if got := lines(s.plan()); got != want {
			s.Fatalf("the plan is\n%s", got)
		}
		_, err := s.tell(telling.Telling{Stakeholder: press})
		s.refused(err, problem.Invalid, "ICU; data protection authority")
		_, err = s.tell(telling.Telling{Stakeholder: press, Reason: "a reporter stands in the ward"})
		s.must(err)
		_, err = s.tell(telling.Telling{Stakeholder: icu})
		s.must(err)
		_, err = s.tell(telling.Telling{Role: "authority", Whom: "Data protection authority", Entity: s.ent, Duty: "eu-gdpr-33", Stage: "notification"})
		s.must(err)
		_, err = s.tell(telling.Telling{Role: "patients", Whom: "The people concerned"})
		s.refused(err, problem.Invalid, "Nordmed Inc.")
		_, err = s.tell(telling.Telling{Role: "manufacturer", Whom: "Nordmed Inc."})
		s.must(err)
		id, err := s.tell(telling.Telling{Role: "patients", Whom: "The people concerned", Entity: s.ent, Duty: "eu-gdpr-34", Stage: "notice"})
		s.must(err)

		// The journal proves order and reason.
		var told []telling.Telling
		var entries int
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			if told, err = telling.List(s.ctx, r, s.inc); err != nil {
				return err
			}
			entries, err = store.Value[int](r.QueryRow(context.Background(), `SELECT count(*) FROM journal WHERE kind = 'telling.recorded'`))
			return err
		}))
		if len(told) != 5 || entries != 5 || told[0].Whom != "Press office" || !slices.Contains(told[0].Passed, "ICU") || told[4].ID != id || len(told[4].Passed) != 0 {
			s.Errorf("%d entries, told %+v", entries, told)
		}
	})
}

func TestTellingTheManufacturerIsItsAwareness(t *testing.T) {
	each(t, incident.Amber, func(s *scene) {
		_, err := s.tell(telling.Telling{Role: "manufacturer", Whom: "Nordmed Inc.", Reason: "first"})
		s.refused(err, problem.Forbidden, "TLP:AMBER")
		s.mark(incident.Green)
		first := s.clock.Now()
		id, err := s.tell(telling.Telling{Role: "manufacturer", Whom: "Nordmed Inc.", Reason: "no ward is on the list"})
		s.must(err)
		s.clock.Advance(time.Hour)
		_, err = s.tell(telling.Telling{Role: "manufacturer", Whom: "nordmed inc.", Reason: "again"})
		s.must(err)
		var all []incident.EntityClocks
		var told []telling.Telling
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			if all, err = incident.Clocks(s.ctx, r, s.inc, s.clock.Now()); err == nil {
				told, err = telling.List(s.ctx, r, s.inc)
			}
			return err
		}))
		n := slices.IndexFunc(all, func(e incident.EntityClocks) bool { return e.Name == "Nordmed Inc." })
		if len(all) != 2 || n < 0 || !all[n].Instants["became_aware"].Equal(first) || !slices.Equal(all[n].Roles, []string{"manufacturer"}) || len(all[n].Clocks) == 0 || !all[n].Theirs {
			s.Fatalf("entities are %+v", all)
		}
		if told[0].ID != id || told[0].Aware != all[n].ID || told[1].Aware != all[n].ID {
			s.Errorf("the awareness is of %s and %s", told[0].Aware, told[1].Aware)
		}
	})
}

func (s *scene) mark(m incident.Marking) {
	s.Helper()
	var f incident.File
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		f, err = incident.Get(s.ctx, r, s.inc)
		return err
	}))
	f.TLP = m
	s.must(s.cases.Change(s.ctx, s.inc, f.Incident, "shared"))
}

func TestMarkingsHoldButForDuties(t *testing.T) {
	each(t, incident.Red, func(s *scene) {
		_, err := s.tell(telling.Telling{Role: "media", Whom: "Daily", Reason: "they asked"})
		s.refused(err, problem.Forbidden, "TLP:RED")
		_, err = s.tell(telling.Telling{Role: "ward", Whom: "ICU"})
		s.refused(err, problem.Forbidden, "TLP:RED")
		_, err = s.tell(telling.Telling{Role: "authority", Whom: "Data protection authority", Entity: s.ent, Duty: "eu-gdpr-33", Stage: "notification", Reason: "the ward waits for the marking"})
		s.must(err)
		_, err = s.tell(telling.Telling{Role: "media", Whom: "Daily", Entity: s.ent, Duty: "us-806", Stage: "report"})
		s.refused(err, problem.Invalid, "no such report is due")
		if plan := s.plan(); plan[0].Shut == "" {
			s.Errorf("the plan does not say that the marking shuts the ward out: %+v", plan[0])
		}
	})
}

func TestWhatWasToldAndAnswered(t *testing.T) {
	each(t, incident.Clear, func(s *scene) {
		for says, x := range map[string]telling.Telling{"not one of the choices": {Role: "friends", Whom: "x"}, "whom": {Role: "ward"}, "no such stakeholder": {Stakeholder: "stk_none"}, "no such draft": {Role: "ward", Whom: "ICU", Draft: "drf_none"}} {
			_, err := s.tell(x)
			if err == nil || !strings.Contains(fmt.Sprint(err, problem.FaultsOf(err)), says) {
				s.Errorf("%v does not say %q", err, says)
			}
		}
		paper, err := (draft.Desk{DB: s.db}).Start(s.ctx, draft.Start{Incident: s.inc, Template: "customer-letter", Entity: s.ent})
		s.must(err)
		_, err = s.tell(telling.Telling{Role: "ward", Whom: "ICU", Draft: paper})
		s.refused(err, problem.Invalid, "not approved")
		id, err := s.tell(telling.Telling{Role: "ward", Whom: "ICU"})
		s.must(err)
		s.refused(s.desk.Answer(s.ctx, telling.Answer{Telling: id, At: s.clock.Now().Add(-time.Hour), Text: "yes"}), problem.Invalid, "after the telling")
		s.must(s.desk.Answer(s.ctx, telling.Answer{Telling: id, At: s.clock.Now(), From: "Sister Ada", Text: "We use the spare."}))
		var told []telling.Telling
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			told, err = telling.List(s.ctx, r, s.inc)
			return err
		}))
		if len(told) != 1 || len(told[0].Answers) != 1 || told[0].Answers[0].From != "Sister Ada" || told[0].Answers[0].ByName != "anna" {
			s.Errorf("told %+v", told)
		}
	})
}

func TestTheListOfStakeholders(t *testing.T) {
	each(t, incident.Clear, func(s *scene) {
		_, err := s.desk.Add(s.ctx, telling.Stakeholder{Role: "ward", Order: 100})
		s.refused(err, problem.Invalid, "order")
		_, err = s.desk.Add(s.ctx, telling.Stakeholder{Role: "manufacturer", Name: "Nordmed", Contact: "x", Channel: telling.Mail, Places: []string{"Germany", "atlantis"}})
		s.refused(err, problem.Invalid, "atlantis")
		id := s.add(telling.Stakeholder{Role: "ward", Name: "ICU"})
		s.must(s.desk.Change(s.ctx, telling.Stakeholder{ID: id, Name: "ICU 1", Contact: "555", Channel: telling.Mail, Order: 5}))
		s.refused(s.desk.Retire(s.ctx, id, ""), problem.Invalid, "reason")
		var all []telling.Stakeholder
		read := func() {
			s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
				all, err = telling.Stakeholders(s.ctx, r)
				return err
			}))
		}
		if read(); len(all) != 1 || all[0].Name != "ICU 1" || all[0].Role != "ward" || all[0].Order != 5 {
			s.Errorf("the list is %+v", all)
		}
		s.must(s.desk.Retire(s.ctx, id, "the ward moved"))
		if read(); len(all) != 0 {
			s.Errorf("the list is %+v", all)
		}
		s.refused(s.desk.Change(s.ctx, telling.Stakeholder{ID: id, Name: "x", Contact: "y", Channel: telling.Mail}), problem.Conflict, "not on the list")
	})
}
