package draft_test

import (
	"context"
	"flag"
	"fmt"
	"maps"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
	"triward/internal/device"
	"triward/internal/device/network"
	"triward/internal/incident"
	"triward/internal/incident/clock"
	"triward/internal/incident/draft"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

var update = flag.Bool("update", false, "write golden files anew")

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	sign  *signaturetest.Signer
	desk  draft.Desk
	cases incident.Cases
	anna  string // writes
	rita  string // approves
	inc   string
	ent   string
}

func each(t *testing.T, tlp incident.Marking, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, desk: draft.Desk{DB: db, Signer: sign.Signer}, cases: incident.Cases{DB: db, Runs: procedure.Runs{DB: db}}}
		s.anna, s.rita = sign.Person(t, "anna", "Anna Security"), sign.Person(t, "rita", "Rita Regulatory")
		pump, err := (device.Fleet{DB: db}).Register(s.as(s.anna), device.Device{AssetTag: "P-1", Serial: "SN-77", RawVendor: "Nordmed", RawModel: "N-1", RawVersion: "4.2", InUse: product.Yes, Ward: "ICU",
			Connectivity: []network.Connectivity{network.PrivateNetwork}})
		s.must(err)
		s.inc, err = s.cases.Declare(s.as(s.anna), incident.Declaration{Devices: []string{string(pump)}, Incident: incident.Incident{Title: "Studies leave the archive", Summary: "A workstation pulled studies.", Cyber: 3, Clinical: 2,
			TLP: tlp, PAP: incident.Red, Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: c.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}})
		s.must(err)
		s.ent, err = s.cases.AddEntity(s.as(s.anna), s.inc, incident.Entity{Name: "St. Brannoc", Entity: clock.Entity{Jurisdictions: []string{"eu"}, Roles: []string{"essential_entity", "controller"},
			Instants: map[string]time.Time{"became_aware": c.Now().Add(-time.Hour)}, Facts: map[string]clock.Truth{"significant_incident": clock.Yes}}})
		s.must(err)
		fn(s)
	})
}

func (s *scene) as(account string) context.Context {
	return s.sign.As(account, "incident.*", "draft.*", "device.*")
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

func (s *scene) get(id string) draft.Draft {
	s.Helper()
	var d draft.Draft
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		d, err = draft.Get(s.as(s.anna), r, id)
		return err
	}))
	return d
}

func (s *scene) warning() string {
	s.Helper()
	id, err := s.desk.Start(s.as(s.anna), draft.Start{Incident: s.inc, Template: "nis2-warning", Entity: s.ent, Duty: "eu-nis2-23", Stage: "warning"})
	s.must(err)
	return id
}

func (s *scene) approve(id, reason string, version int) error {
	return s.desk.Approve(s.as(s.rita), id, draft.Approval{Version: version, Reason: reason, Factors: s.sign.Factors(s.T, s.rita)})
}

func valueOf(d draft.Draft, field string) draft.Value {
	return d.Values[slices.IndexFunc(d.Values, func(v draft.Value) bool { return v.Field == field })]
}

func TestAnEarlyWarningFromFactsToTheDischargedClock(t *testing.T) {
	each(t, incident.Red, func(s *scene) {
		id := s.warning()
		s.refused(s.approve(id, "not known yet", 1), problem.Forbidden, "named people only")
		s.must(s.cases.NameRecipient(s.as(s.anna), s.inc, s.rita, "approves what is sent"))
		d := s.get(id)
		if v := valueOf(d, "who"); v.Text != "St. Brannoc\nessential entity, controller" || v.Source != "the legal entity St. Brannoc" || v.By != "" {
			s.Errorf("who is %+v", v)
		}
		if v := valueOf(d, "malicious"); v.Shown() != draft.Unknown || v.Source != "" {
			s.Errorf("malicious is %+v", v)
		}
		s.must(s.desk.Edit(s.as(s.anna), id, 1, map[string]string{"malicious": "Yes: nobody knows the workstation."}))
		s.refused(s.desk.Edit(s.as(s.anna), id, 1, map[string]string{"malicious": "No"}), problem.Conflict, "version 2")
		s.refused(s.desk.Edit(s.as(s.anna), id, 2, map[string]string{"made_up": "x"}), problem.Invalid, "no such field")
		d = s.get(id)
		if v := valueOf(d, "malicious"); v.ByName != "anna" || v.Source != "typed by anna" || d.Version != 2 {
			s.Errorf("after typing: %+v", v)
		}
		s.refused(s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now(), Whom: "CSIRT", Channel: "portal"}), problem.Conflict, "open")
		s.refused(s.desk.Approve(s.as(s.anna), id, draft.Approval{Version: 2, Factors: s.sign.Factors(t, s.anna)}), problem.Forbidden, "somebody else")
		s.refused(s.approve(id, "", 2), problem.Invalid, "Possible impact across borders")
		s.refused(s.approve(id, "not known yet", 1), problem.Conflict, "version 2")
		s.must(s.approve(id, "the law wants it now, the rest follows", 2))
		s.refused(s.desk.Edit(s.as(s.anna), id, 2, map[string]string{"malicious": "No"}), problem.Conflict, "approved")
		s.clock.Advance(5 * time.Minute)
		s.refused(s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now().Add(time.Hour)}), problem.Invalid, "past")
		s.refused(s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now().Add(-time.Hour), Whom: "CSIRT", Channel: "portal"}), problem.Invalid, "before the approval")
		s.must(s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now(), Whom: "CSIRT", Channel: "portal", Reference: "EW-4711"})) // TLP:RED, but the law asks for it

		d = s.get(id)
		var dues []draft.Due
		var file []draft.Version
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			if dues, err = draft.Dues(s.as(s.anna), r, s.inc, s.clock.Now()); err == nil {
				file, err = draft.Versions(s.as(s.anna), r, id)
			}
			return err
		}))
		n := slices.IndexFunc(dues, func(x draft.Due) bool { return x.Duty.ID == "eu-nis2-23" && x.Stage.ID == "warning" })
		if dues[n].State != clock.Discharged || dues[n].Draft == nil || dues[n].Draft.State != draft.Sent {
			s.Errorf("the clock is %s with %+v", dues[n].State, dues[n].Draft)
		}
		if len(file) != 2 || file[0].Digest != d.Digest || file[1].Name != "anna" {
			s.Errorf("versions are %+v", file)
		}
		var sent string
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			sent, err = store.Value[string](r.QueryRow(context.Background(), `SELECT b.body FROM journal_body b JOIN journal j ON j.seq = b.seq WHERE j.kind = 'incident.clock_answered'`))
			return err
		}))
		if !strings.Contains(sent, d.Digest) || !strings.Contains(sent, "EW-4711") {
			s.Errorf("the evidence of the clock is %s", sent)
		}
	})
}

func TestTypedValuesStayAndCanBeTakenBack(t *testing.T) {
	each(t, incident.Amber, func(s *scene) {
		id := s.warning()
		s.must(s.desk.Edit(s.as(s.rita), id, 0, map[string]string{"what": "Nothing is known."}))
		f := incident.File{}
		s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
			f, err = incident.Get(s.as(s.anna), r, s.inc)
			return err
		}))
		f.Summary = "It was a test system."
		s.must(s.cases.Change(s.as(s.anna), s.inc, f.Incident, "found out"))
		s.must(s.cases.SetFacts(s.as(s.anna), s.inc, s.ent, incident.EntityFacts{Instants: map[string]time.Time{"became_aware": s.clock.Now().Add(-2 * time.Hour)}, Reason: "an earlier call"}))
		s.must(s.desk.Refresh(s.as(s.anna), id))
		d := s.get(id)
		if v := valueOf(d, "what"); v.Text != "Nothing is known." {
			s.Errorf("a typed value became %q", v.Text)
		}
		if d.Version != 3 {
			s.Errorf("version %d after one edit and one change of facts", d.Version)
		}
		s.must(s.desk.Refresh(s.as(s.anna), id))
		s.must(s.desk.Edit(s.as(s.anna), id, 3, map[string]string{"what": ""}))
		if v := valueOf(s.get(id), "what"); v.Text != "Studies leave the archive\nIt was a test system." || v.By != "" {
			s.Errorf("taken back: %+v", v)
		}
		s.refused(s.approve(id, "x", 4), problem.Forbidden, "you wrote in it")
	})
}

func TestMarkingsKeepLettersInside(t *testing.T) {
	each(t, incident.AmberStrict, func(s *scene) {
		id, err := s.desk.Start(s.as(s.anna), draft.Start{Incident: s.inc, Template: "holding-statement", Entity: s.ent})
		s.must(err)
		s.must(s.desk.Edit(s.as(s.anna), id, 1, map[string]string{"care": "Care goes on.", "next": "At noon.", "contact": "Pia Press, 555 0100"}))
		s.refused(s.approve(id, "", 1), problem.Conflict, "version 2")
		s.must(s.approve(id, "", 2))
		s.refused(s.desk.Send(s.as(s.anna), id, draft.Sending{At: s.clock.Now(), Whom: "the press", Channel: "web site"}), problem.Forbidden, "TLP:AMBER+STRICT")
		s.refused(s.desk.Reopen(s.as(s.anna), id, " "), problem.Invalid, "reason")
		s.must(s.desk.Reopen(s.as(s.anna), id, "the words change"))
		if d := s.get(id); d.State != draft.Open || d.Signature != "" {
			s.Errorf("taken back: %+v", d)
		}
	})
}

func TestDraftsBeginOnlyForWhatTheyAnswer(t *testing.T) {
	each(t, incident.Amber, func(s *scene) {
		for _, x := range []struct {
			in   draft.Start
			kind problem.Kind
			says string
		}{
			{draft.Start{Template: "none"}, problem.NotFound, "no template"},
			{draft.Start{Template: "nis2-final", Entity: s.ent, Duty: "eu-nis2-23", Stage: "warning"}, problem.Invalid, "does not answer"},
			{draft.Start{Template: "nis2-warning", Duty: "eu-nis2-23", Stage: "warning"}, problem.Invalid, "legal entity"},
			{draft.Start{Template: "nis2-warning", Entity: "ent_none", Duty: "eu-nis2-23", Stage: "warning"}, problem.NotFound, "legal entity"},
			{draft.Start{Template: "fda-806", Entity: s.ent, Duty: "us-806", Stage: "report"}, problem.Conflict, "does not concern"},
		} {
			x.in.Incident = s.inc
			_, err := s.desk.Start(s.as(s.anna), x.in)
			s.refused(err, x.kind, x.says)
		}
	})
}

// full is everything that a sheet can know.
func full() draft.Known {
	at := time.Date(2026, 11, 3, 9, 30, 0, 0, time.UTC)
	e := &incident.Entity{ID: "ent_1", Name: "St. Brannoc Hospitals", Entity: clock.Entity{Jurisdictions: []string{"eu", "us"}, Roles: []string{"essential_entity", "user_facility"}, Facts: map[string]clock.Truth{},
		Instants: map[string]time.Time{}, Discharged: map[string]time.Time{"eu-nis2-23/warning": at.Add(5 * time.Hour)}}}
	for n, f := range content.DutyFacts() {
		e.Facts[f.Name] = []clock.Truth{clock.Yes, clock.No}[n%2]
	}
	for n, s := range content.DutyStarts() {
		e.Instants[s] = at.Add(time.Duration(n) * time.Hour)
	}
	duties, _ := content.Duties()
	k := draft.Known{Entity: e, Clock: &clock.Clock{Duty: duties[0], Stage: duties[0].Stages[0], Start: at, Latest: at.AddDate(0, 0, 30)},
		File: incident.File{Incident: incident.Incident{Number: "INC-2026-0001", Title: "Studies leave the archive", Summary: "A workstation pulled studies.", State: incident.Closed, Cyber: 3, Clinical: 2, TLP: incident.Amber,
			Care: incident.Degraded, Disclosure: incident.Coordinated, Aware: at, AwareWho: "Anna Security", AwareHow: "an alert", Declared: at.Add(time.Hour), Extent: "One archive.", RootCause: "A forgotten port.",
			LookedAt: "The switch.", Lessons: "List the ports.", Closed: at.AddDate(0, 1, 0)},
			Devices: []incident.Involved{{ID: "d1", Device: "d1", Name: "Pump P-1", State: incident.Contained, Evidence: incident.Preserved, EvidenceNote: "in the safe"}, {ID: "s1", Name: "Archive", State: incident.Cleared}},
			Links:   []incident.Link{{Kind: incident.FromAlert, Target: "alr_1", Note: "many queries"}, {Kind: incident.FedVulnerability, Target: "CVE-2026-0001"}},
			Notes:   []incident.Note{{Kind: incident.Decision, Text: "Leave it on."}},
			Actions: []incident.Action{{DeviceName: "Archive", Target: "answer the list only", Held: at.Add(2 * time.Hour)}, {DeviceName: "Archive", Target: "never ran"}}}}
	k.Devices = []device.Device{{AssetTag: "P-1", Serial: "SN-77", Lot: "L-5", Maker: "Nordmed", ModelName: "Nordmed N-1", UDI: "(01)04012345678901", RawVersion: "4.2", Manufactured: at.AddDate(-3, 0, 0), Ward: "ICU", SiteName: "North", InUse: product.Yes}}
	return k
}

func TestGoldenDrafts(t *testing.T) {
	all, err := content.DraftTemplates()
	if err != nil {
		t.Fatal(err)
	}
	for name, k := range map[string]draft.Known{"full": full(), "empty": {}} {
		var b strings.Builder
		for _, x := range all.Templates {
			d := draft.Draft{Number: k.File.Number, Title: x.Title, Version: 1, State: draft.Open, Exercise: name == "empty", Values: draft.Fill(x, k.Sheet())}
			fmt.Fprintf(&b, "==== %s\n%s\nmissing: %s\n\n", x.ID, d.Text(), strings.Join(d.Missing(), "; "))
		}
		file := filepath.Join("testdata", name+".txt")
		if *update {
			if err := os.WriteFile(file, []byte(b.String()), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		want, err := os.ReadFile(file)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(string(want), b.String()); diff != "" {
			t.Errorf("%s (-want +got):\n%s", name, diff)
		}
	}
}

func TestEveryFactOfTheListIsWrittenDown(t *testing.T) {
	s := full().Sheet()
	for _, name := range slices.Sorted(maps.Keys(content.SheetFacts())) {
		if _, ok := s[name]; !ok {
			t.Errorf("nothing writes %s down", name)
		}
	}
}

// What stands in a draft is a value of the sheet, or standing words of the template: whatever part of the facts is known.
func TestNothingIsInvented(t *testing.T) {
	all, err := content.DraftTemplates()
	if err != nil {
		t.Fatal(err)
	}
	whole := full().Sheet()
	names := slices.Sorted(maps.Keys(whole))
	r := rand.New(rand.NewPCG(5, 144))
	for range 300 {
		s := draft.Sheet{}
		for n, name := range names {
			if r.IntN(3) > 0 {
				s[name] = draft.Fact{Value: fmt.Sprintf("⟨%d⟩", n), Source: "source of " + name}
			}
		}
		for _, x := range all.Templates {
			for n, v := range draft.Fill(x, s) {
				rest, known := v.Text, 0
				if e := x.Fields[n]; e.Text != "" && v.Text != "" {
					rest = e.Text
					for _, name := range e.Facts() {
						if !strings.Contains(v.Text, s[name].Value) {
							t.Fatalf("%s/%s: %q does not hold %s", x.ID, v.Field, v.Text, name)
						}
						rest = strings.Replace(rest, "{"+name+"}", s[name].Value, 1)
					}
					if rest != v.Text {
						t.Fatalf("%s/%s: %q is not the standing words", x.ID, v.Field, v.Text)
					}
					continue
				}
				if e := x.Fields[n]; e.Text != "" {
					continue
				}
				for _, name := range x.Fields[n].Facts() {
					if f, ok := s[name]; ok {
						known++
						rest = strings.Replace(rest, f.Value, "", 1)
						if !strings.Contains(v.Source, f.Source) {
							t.Fatalf("%s/%s: the source %q leaves out %s", x.ID, v.Field, v.Source, name)
						}
					}
				}
				if strings.TrimSpace(rest) != "" {
					t.Fatalf("%s/%s: %q is in no fact", x.ID, v.Field, rest)
				}
				if known+len(v.Missing) != len(x.Fields[n].Facts()) {
					t.Fatalf("%s/%s: %d facts known and %d missing", x.ID, v.Field, known, len(v.Missing))
				}
				if v.Text == "" && (v.Shown() != draft.Unknown || v.Source != "") {
					t.Fatalf("%s/%s: unknown is shown as %q from %q", x.ID, v.Field, v.Shown(), v.Source)
				}
			}
		}
	}
}

func TestEveryDutyHasATemplate(t *testing.T) {
	// Why a report is not drafted from the facts of an incident.
	without := map[string]string{"uk-psur/report": "it is the manufacturer's report on all its experience, made from the file of surveillance",
		"us-state-breach/notice": "nobody entered which State asks for what", "us-ocr/report": "it answers what the office asks for", "us-fbi/report": "nobody entered what is asked for"}
	duties, err := content.Duties()
	if err != nil {
		t.Fatal(err)
	}
	all, err := content.DraftTemplates()
	if err != nil {
		t.Fatal(err)
	}
	for _, d := range duties {
		for _, s := range d.Stages {
			var by []string
			for _, x := range all.Templates {
				if x.Serve(d.ID, s.ID) {
					by = append(by, x.ID)
				}
			}
			_, listed := without[d.ID+"/"+s.ID]
			if listed == (len(by) == 1) || len(by) > 1 {
				t.Errorf("%s/%s is answered by %v", d.ID, s.ID, by)
			}
		}
	}
}

func TestReading(t *testing.T) {
	jargon := map[string]string{"server": "computer"}
	for text, want := range map[string]draft.Reading{
		"":                                 {},
		"We are safe. You are safe.":       {Words: 6, Sentences: 2, LIX: 3},
		"The servers were harmed":          {Words: 4, Sentences: 1, Long: 1, LIX: 29, Jargon: []draft.Jargon{{"server", "computer"}}},
		"1.\n\n...\nCall us.":              {Words: 3, Sentences: 2, LIX: 2},
		"Confidentiality notwithstanding!": {Words: 2, Sentences: 1, Long: 2, LIX: 102},
	} {
		if diff := cmp.Diff(want, draft.Read(text, jargon)); diff != "" {
			t.Errorf("%q (-want +got):\n%s", text, diff)
		}
	}
	all, err := content.DraftTemplates()
	if err != nil {
		t.Fatal(err)
	}
	for _, x := range all.Templates { // our own words are as plain as we ask others to be
		for _, e := range x.Fields {
			if r := draft.Read(e.Fill(func(string) string { return "St. Mary" }), all.Jargon); x.Plain && !r.Easy() {
				t.Errorf("%s/%s reads %d with %v", x.ID, e.ID, r.LIX, r.Jargon)
			}
		}
	}
}
