package clock

import (
	"fmt"
	"maps"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/content"
)

func duties(t *testing.T) []content.Duty {
	t.Helper()
	d, err := content.Duties()
	if err != nil {
		t.Fatal(err)
	}
	return d
}

func instant(t *testing.T, zone, text string) time.Time {
	t.Helper()
	z, err := time.LoadLocation(zone)
	if err != nil {
		t.Fatal(err)
	}
	out, err := time.ParseInLocation("2006-01-02 15:04:05", text, z)
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// everywhere is an entity that every duty concerns, with every fact answered so that the duty applies.
func everywhere(d content.Duty, aware time.Time) Entity {
	e := Entity{Jurisdictions: []string{d.Jurisdiction}, Roles: d.Roles, Observes: []string{d.ID}, Facts: map[string]Truth{}, Instants: map[string]time.Time{}, Discharged: map[string]time.Time{}}
	answer(d.When, Yes, e.Facts)
	for _, s := range content.DutyStarts() {
		e.Instants[s] = aware
	}
	for _, s := range d.Stages {
		e.Discharged[Key(d.ID, s.ID)] = aware
	}
	return e
}

func answer(c content.Condition, want Truth, facts map[string]Truth) {
	if c.Fact != "" {
		facts[c.Fact] = want
	}
	for _, part := range append(slices.Clone(c.All), c.Any...) {
		answer(part, want, facts)
	}
	if c.Not != nil {
		answer(*c.Not, map[Truth]Truth{Yes: No, No: Yes}[want], facts)
	}
}

func one(t *testing.T, d content.Duty, e Entity, now time.Time) Clock {
	t.Helper()
	all, err := Evaluate([]content.Duty{d}, e, now)
	if err != nil || len(all) == 0 {
		t.Fatalf("%s: %d clocks, %v", d.ID, len(all), err)
	}
	return all[0]
}

func find(t *testing.T, id string) content.Duty {
	t.Helper()
	all := duties(t)
	i := slices.IndexFunc(all, func(d content.Duty) bool { return d.ID == id })
	if i < 0 {
		t.Fatalf("no duty %s", id)
	}
	return all[i]
}

// The rows of the reference (incidents.md 4.6), each with a start and the last lawful instant worked out by hand.
func TestLatestInstants(t *testing.T) {
	for _, c := range []struct{ name, duty, zone, start, want string }{
		{"30 days end with the thirtieth day", "us-mdr-803-30", "America/New_York", "2026-03-02 16:30:00", "2026-04-01 23:59:59"},
		{"work days leave out the week-end and Independence Day kept on Friday", "us-mdr-803-5", "America/New_York", "2026-07-01 09:00:00", "2026-07-09 23:59:59"},
		{"work days leave out Thanksgiving", "us-mdr-803-facility-death", "America/New_York", "2026-11-20 09:00:00", "2026-12-07 23:59:59"},
		{"a correction runs from its beginning", "us-806", "America/New_York", "2026-05-18 08:00:00", "2026-06-02 23:59:59"},
		{"60 days over the leap day", "us-hipaa-404", "America/New_York", "2028-01-15 12:00:00", "2028-03-15 23:59:59"},
		{"small breaches count from the end of the year, which a leap day shortens", "us-hipaa-408-small", "America/New_York", "2027-05-05 12:00:00", "2028-02-29 23:59:59"},
		{"small breaches in an ordinary year", "us-hipaa-408-small", "America/New_York", "2026-05-05 12:00:00", "2027-03-01 23:59:59"},
		{"hours run through the change to summer time", "eu-nis2-23", "Europe/Brussels", "2026-03-28 20:00:00", "2026-03-29 21:00:00"},
		{"15 days that end on a Sunday end on Monday", "eu-mdr-87-15", "Europe/Brussels", "2026-11-14 10:00:00", "2026-11-30 23:59:59"},
		{"2 days over a week-end have two days of work in them", "eu-mdr-87-2", "Europe/Brussels", "2026-11-27 10:00:00", "2026-12-01 23:59:59"},
		{"a country outside does not move its days", "uk-mdr-4a-2", "Europe/London", "2026-11-27 10:00:00", "2026-11-29 23:59:59"},
		{"work days in England leave out Christmas and Boxing Day", "uk-psur", "Europe/London", "2026-12-23 10:00:00", "2026-12-30 23:59:59"},
	} {
		t.Run(c.name, func(t *testing.T) {
			d := find(t, c.duty)
			start := instant(t, c.zone, c.start)
			e := everywhere(d, start)
			e.Discharged = nil
			got := one(t, d, e, start)
			if want := instant(t, c.zone, c.want); !got.Latest.Equal(want) {
				t.Errorf("%s: latest %v, want %v", c.duty, got.Latest, want)
			}
			if got.State != Running {
				t.Errorf("%s is %s", c.duty, got.State)
			}
		})
	}
}

func TestFinalReportRunsFromTheNotification(t *testing.T) {
	d := find(t, "eu-nis2-23")
	aware := instant(t, "Europe/Brussels", "2026-01-29 08:00:00")
	e := everywhere(d, aware)
	e.Discharged = map[string]time.Time{}
	clocks, err := Evaluate([]content.Duty{d}, e, aware)
	if err != nil {
		t.Fatal(err)
	}
	if clocks[2].State != Waiting {
		t.Errorf("the final report is %s before the notification", clocks[2].State)
	}
	e.Discharged[Key(d.ID, "notification")] = instant(t, "Europe/Brussels", "2026-01-31 09:00:00")
	clocks, err = Evaluate([]content.Duty{d}, e, aware)
	if err != nil {
		t.Fatal(err)
	}
	// A month after 31 January is the last day of February, a Saturday: Monday.
	if want := instant(t, "Europe/Brussels", "2026-03-02 23:59:59"); !clocks[2].Latest.Equal(want) {
		t.Errorf("latest %v, want %v", clocks[2].Latest, want)
	}
}

func TestUnknownFactsCountAsTheWorst(t *testing.T) {
	d := find(t, "us-mdr-803-facility-death")
	now := instant(t, "America/New_York", "2026-11-20 09:00:00")
	e := Entity{Jurisdictions: []string{"us"}, Roles: []string{"user_facility"}, Facts: map[string]Truth{"device_involved": Yes}, Instants: map[string]time.Time{"became_aware": now}}
	got := one(t, d, e, now)
	if got.State != MayRun || got.Latest.IsZero() || cmp.Diff([]string{"death"}, got.Missing) != "" {
		t.Errorf("%s until %v, decided by %v", got.State, got.Latest, got.Missing)
	}
	e.Facts["death"] = No
	if got = one(t, d, e, now); got.State != NotApplicable {
		t.Errorf("%s although nobody died", got.State)
	}
	e.Facts["death"] = Yes
	if got = one(t, d, e, now.AddDate(0, 0, 30)); got.State != Overdue || !got.Late || got.Slack >= 0 {
		t.Errorf("a fact learned late: %s, slack %v", got.State, got.Slack)
	}
	e.Ruled = map[string]string{d.ID: "the report of the manufacturer covers it"}
	if got = one(t, d, e, now); got.State != NotApplicable || got.Reason != e.Ruled[d.ID] {
		t.Errorf("ruled out: %s, %q", got.State, got.Reason)
	}
}

func TestLawThatIsNotInForceRunsOnlyWhenObserved(t *testing.T) {
	for id, day := range map[string]string{"us-circia-incident": "2026-11-20 09:00:00", "eu-mdr-87a": "2026-11-20 09:00:00", "eu-cra-14-vulnerability": "2026-09-10 09:00:00"} {
		d := find(t, id)
		now := instant(t, d.Zone, day)
		e := everywhere(d, now)
		e.Observes, e.Discharged = nil, nil
		if got := one(t, d, e, now); got.State != NotInForce || got.Reason == "" {
			t.Errorf("%s is %s (%s)", id, got.State, got.Reason)
		}
		e.Observes = []string{id}
		if got := one(t, d, e, now); got.State != Running {
			t.Errorf("%s, observed, is %s", id, got.State)
		}
	}
}

func TestLawEnforcementDelayStopsOnlyWhatAllowsIt(t *testing.T) {
	start := instant(t, "America/New_York", "2026-03-02 12:00:00")
	spans := []Delay{{From: start.AddDate(0, 0, -5), To: start.AddDate(0, 0, 3)}, {From: start.AddDate(0, 0, 2), To: start.AddDate(0, 0, 10)}, {From: start.AddDate(0, 0, 90), To: start.AddDate(0, 0, 99)}}
	for id, want := range map[string]time.Duration{"us-hipaa-404": 10 * 24 * time.Hour, "us-hipaa-408-small": 0} {
		d := find(t, id)
		e := everywhere(d, start)
		before := one(t, d, e, start).Latest
		e.Delays = spans
		if got := one(t, d, e, start).Latest.Sub(before).Round(2 * time.Hour); got != want {
			t.Errorf("%s moved by %v, want %v", id, got, want)
		}
	}
}

// Over random starts, duties and holidays: never before the plain length, the target between start and latest, days end with
// their last second, more holidays never make it earlier, and two evaluations agree.
func TestPropertiesOfLatest(t *testing.T) {
	all := duties(t)
	rnd := rand.New(rand.NewPCG(7, 11))
	for range 20_000 {
		d := all[rnd.IntN(len(all))]
		start := time.Unix(1_700_000_000+rnd.Int64N(20*365*86400), 0)
		e := everywhere(d, start)
		plain, err := Evaluate([]content.Duty{d}, e, start)
		if err != nil {
			t.Fatal(err)
		}
		e.Holidays = map[string][]string{d.Calendar: {start.AddDate(0, 0, rnd.IntN(70)).Format(time.DateOnly)}}
		more, err := Evaluate([]content.Duty{d}, e, start)
		if err != nil {
			t.Fatal(err)
		}
		for i, c := range plain {
			if c.Stage.Unit == "promptly" || c.Stage.Unit == "unknown" {
				if !c.Latest.IsZero() {
					t.Fatalf("%s has a last instant", d.ID)
				}
				continue
			}
			least := map[string]time.Duration{"hour": time.Hour, "calendar_day": 23 * time.Hour, "work_day": 23 * time.Hour, "month": 27 * 24 * time.Hour}[c.Stage.Unit]
			if c.Latest.Sub(c.Start) < time.Duration(c.Stage.Length)*least {
				t.Fatalf("%s from %v until %v is too short", d.ID, c.Start, c.Latest)
			}
			if c.Target.Before(c.Start) || c.Target.After(c.Latest) {
				t.Fatalf("%s: target %v outside %v to %v", d.ID, c.Target, c.Start, c.Latest)
			}
			if h, m, s := c.Latest.Clock(); c.Stage.Unit != "hour" && d.Delay == "" && (h != 23 || m != 59 || s != 59) {
				t.Fatalf("%s ends at %v", d.ID, c.Latest)
			}
			if more[i].Latest.Before(c.Latest) {
				t.Fatalf("%s: a holiday makes it earlier: %v, %v", d.ID, more[i].Latest, c.Latest)
			}
			if d.Calendar == "eu" && c.Stage.Unit != "hour" && (c.Latest.Weekday() == time.Saturday || c.Latest.Weekday() == time.Sunday) {
				t.Fatalf("%s ends on a %v", d.ID, c.Latest.Weekday())
			}
		}
	}
}

func TestCalendars(t *testing.T) {
	days := func(name string, year int) []string {
		var out []string
		for d := time.Date(year, 1, 1, 12, 0, 0, 0, time.UTC); d.Year() == year; d = d.AddDate(0, 0, 1) {
			if wd := d.Weekday(); wd != time.Saturday && wd != time.Sunday && !(Calendar{Name: name}).Works(d) {
				out = append(out, d.Format(time.DateOnly))
			}
		}
		return out
	}
	// OPM's list for 2021, in which New Year's Day 2022 is kept on 31 December.
	us := []string{"2021-01-01", "2021-01-18", "2021-02-15", "2021-05-31", "2021-06-18", "2021-07-05", "2021-09-06", "2021-10-11", "2021-11-11", "2021-11-25", "2021-12-24", "2021-12-31"}
	if diff := cmp.Diff(us, days("us-federal", 2021)); diff != "" {
		t.Errorf("federal holidays of 2021:\n%s", diff)
	}
	uk := []string{"2026-01-01", "2026-04-03", "2026-04-06", "2026-05-04", "2026-05-25", "2026-08-31", "2026-12-25", "2026-12-28"}
	if diff := cmp.Diff(uk, days("uk", 2026)); diff != "" {
		t.Errorf("bank holidays of 2026:\n%s", diff)
	}
	uk = []string{"2027-01-01", "2027-03-26", "2027-03-29", "2027-05-03", "2027-05-31", "2027-08-30", "2027-12-27", "2027-12-28"}
	if diff := cmp.Diff(uk, days("uk", 2027)); diff != "" {
		t.Errorf("bank holidays of 2027:\n%s", diff)
	}
	if (Calendar{Name: "eu", Holidays: map[string]bool{"2026-05-01": true}}).Works(time.Date(2026, 5, 1, 9, 0, 0, 0, time.UTC)) {
		t.Error("a day that was entered as a holiday is worked on")
	}
}

// reference is the table of the reference (incidents.md 4.6) with its notes, written down by hand and not from the file of the
// duties: "duty roles status checked: stage start length unit; …".
const reference = `
us-mdr-803-30 manufacturer in_force V: report became_aware 30 calendar_day
us-mdr-803-5 manufacturer in_force V: report became_aware 5 work_day
us-mdr-803-supplement manufacturer in_force K: supplement new_information 1 month
us-mdr-803-facility-death user_facility in_force V: report became_aware 10 work_day
us-mdr-803-facility-injury user_facility in_force V: report became_aware 10 work_day
us-mdr-803-33 user_facility in_force V: annual report_year_end 1 calendar_day
us-mdr-803-importer importer in_force V: report became_aware 30 calendar_day
us-806 manufacturer,importer in_force V: report correction_begun 10 work_day
us-fda-postmarket manufacturer in_force V: told became_aware 30 calendar_day; fixed became_aware 60 calendar_day
us-hipaa-404 covered_entity in_force V: notice discovery 60 calendar_day
us-hipaa-408-large covered_entity in_force V: notice discovery 60 calendar_day
us-hipaa-408-small covered_entity in_force V: notice discovery_year_end 60 calendar_day
us-hipaa-406 covered_entity in_force K: notice discovery 60 calendar_day
us-hipaa-410 business_associate in_force V: notice discovery 60 calendar_day
us-circia-incident covered_entity,user_facility,manufacturer unconfirmed V: report reasonably_believes 72 hour
us-circia-ransom covered_entity,user_facility,manufacturer unconfirmed V: report payment 24 hour
us-circia-supplement covered_entity,user_facility,manufacturer unconfirmed V: supplement new_information 0 promptly
us-sec-8k listed_company in_force K: form materiality_determined 4 work_day
us-state-breach covered_entity,business_associate,user_facility,manufacturer unconfirmed K: notice discovery 0 unknown
us-ocr covered_entity,business_associate unconfirmed K: report discovery 0 unknown
us-fbi covered_entity,business_associate,user_facility,manufacturer unconfirmed K: report became_aware 0 unknown
eu-mdr-87-15 manufacturer in_force V: report became_aware 15 calendar_day
eu-mdr-87-2 manufacturer in_force V: report became_aware 2 calendar_day
eu-mdr-87-10 manufacturer in_force V: report became_aware 10 calendar_day
eu-mdr-87-fsca manufacturer in_force K: report correction_decided 0 promptly
eu-mdr-88 manufacturer in_force V: report became_aware 0 promptly
eu-ivdr-82-15 ivd_manufacturer in_force K: report became_aware 15 calendar_day
eu-ivdr-82-10 ivd_manufacturer in_force K: report became_aware 10 calendar_day
eu-ivdr-82-2 ivd_manufacturer in_force K: report became_aware 2 calendar_day
eu-ivdr-82-fsca ivd_manufacturer in_force K: report correction_decided 0 promptly
eu-ivdr-83 ivd_manufacturer in_force K: report became_aware 0 promptly
eu-mdr-87a manufacturer,ivd_manufacturer proposed V: report became_aware 30 calendar_day
eu-mdr-87-30 manufacturer,ivd_manufacturer proposed V: report became_aware 30 calendar_day
eu-nis2-23 essential_entity,important_entity in_force V: warning became_aware 24 hour; notification became_aware 72 hour; final previous_submitted 1 month
eu-nis2-23-recipients essential_entity,important_entity in_force V: notice became_aware 0 promptly
eu-nis2-23-intermediate essential_entity,important_entity in_force V: intermediate request_received 0 promptly
eu-nis2-23-ongoing essential_entity,important_entity in_force V: final incident_handled 1 month
eu-cra-14-vulnerability digital_manufacturer in_force V: warning became_aware 24 hour; notification became_aware 72 hour; final measure_available 14 calendar_day
eu-cra-14-incident digital_manufacturer in_force V: warning became_aware 24 hour; notification became_aware 72 hour; final previous_submitted 1 month
eu-gdpr-33 controller in_force V: notification became_aware 72 hour
eu-gdpr-34 controller in_force V: notice became_aware 0 promptly
eu-gdpr-33-processor processor in_force V: notice became_aware 0 promptly
uk-mdr-4a-15 manufacturer in_force K: report became_aware 15 calendar_day
uk-mdr-4a-10 manufacturer in_force K: report became_aware 10 calendar_day
uk-mdr-4a-2 manufacturer in_force K: report became_aware 2 calendar_day
uk-psur manufacturer in_force V: report request_received 3 work_day
uk-gdpr-33 controller,essential_entity in_force K: notification became_aware 72 hour
ca-mpr-10 manufacturer,importer in_force K: report became_aware 10 calendar_day
ca-mpr-30 manufacturer,importer in_force K: report became_aware 30 calendar_day
au-tga-48h manufacturer,importer in_force K: report became_aware 48 hour
au-tga-10 manufacturer,importer in_force K: report became_aware 10 calendar_day
au-tga-30 manufacturer,importer in_force K: report became_aware 30 calendar_day
jp-pmda-15 manufacturer,importer in_force K: report became_aware 15 calendar_day
jp-pmda-30 manufacturer,importer in_force K: report became_aware 30 calendar_day
ch-swissmedic-15 manufacturer in_force K: report became_aware 15 calendar_day
ch-swissmedic-10 manufacturer in_force K: report became_aware 10 calendar_day
ch-swissmedic-2 manufacturer in_force K: report became_aware 2 calendar_day
ch-swissmedic-fsca manufacturer in_force K: report correction_decided 0 promptly
ch-swissmedic-trend manufacturer in_force K: report became_aware 0 promptly
`

func TestEveryInstrumentOfTheReferenceHasItsDuty(t *testing.T) {
	var got []string
	for _, d := range duties(t) {
		var stages []string
		for _, s := range d.Stages {
			stages = append(stages, fmt.Sprintf("%s %s %d %s", s.ID, s.Start, s.Length, s.Unit))
		}
		got = append(got, fmt.Sprintf("%s %s %s %s: %s", d.ID, strings.Join(d.Roles, ","), d.Status, d.Checked, strings.Join(stages, "; ")))
	}
	want := strings.Split(strings.TrimSpace(reference), "\n")
	slices.Sort(got)
	slices.Sort(want)
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("the duties are not those of the reference:\n%s", diff)
	}
	for id, from := range map[string]string{"eu-cra-14-vulnerability": "2026-09-11", "eu-cra-14-incident": "2026-09-11", "uk-mdr-4a-15": "2025-06-16", "uk-psur": "2025-06-16"} {
		if d := find(t, id); d.From != from {
			t.Errorf("%s applies from %q, want %s", id, d.From, from)
		}
	}
}

// A law that changes has two versions. The instant from which its first report runs decides, also for the reports after it.
func TestALawHasVersionsByDate(t *testing.T) {
	old := find(t, "eu-cra-14-incident")
	old.From, old.To = "2026-01-01", "2026-12-31"
	changed := old
	changed.From, changed.To, changed.Stages = "2027-01-01", "", slices.Clone(old.Stages)
	changed.Stages[0].Length = 36
	for start, want := range map[string]time.Duration{"2026-12-31 23:30:00": 24 * time.Hour, "2027-01-01 00:30:00": 36 * time.Hour, "2025-05-01 00:00:00": 0} {
		aware := instant(t, old.Zone, start)
		e := everywhere(old, aware)
		e.Observes = nil
		e.Discharged = map[string]time.Time{Key(old.ID, "notification"): aware.AddDate(0, 0, 2)}
		clocks, err := Evaluate([]content.Duty{old, changed}, e, aware)
		if err != nil || len(clocks) != 3 {
			t.Fatalf("%d clocks, %v", len(clocks), err)
		}
		if want == 0 {
			if clocks[0].State != NotInForce || clocks[0].Reason != "applies from 2026-01-01" {
				t.Errorf("before the law it is %s (%s)", clocks[0].State, clocks[0].Reason)
			}
			continue
		}
		if got := clocks[0].Latest.Sub(aware); got != want || clocks[2].State != Running {
			t.Errorf("from %s it runs for %v, the final report is %s", start, got, clocks[2].State)
		}
	}
	old.Status = "repealed"
	for start, want := range map[string]State{"2026-12-31 12:00:00": Running, "2027-01-01 12:00:00": NotInForce} {
		aware := instant(t, old.Zone, start)
		e := everywhere(old, aware)
		e.Observes, e.Discharged = nil, nil
		if got := one(t, old, e, aware); got.State != want {
			t.Errorf("a law repealed with the end of the year is %s on %s", got.State, start)
		}
	}
}

func TestTheAnnualReportIsDueOnTheFirstOfJanuary(t *testing.T) {
	d := find(t, "us-mdr-803-33")
	e := everywhere(d, instant(t, d.Zone, "2026-05-05 12:00:00"))
	e.Discharged = nil
	if got, want := one(t, d, e, e.Instants["report_sent"]).Latest, instant(t, d.Zone, "2027-01-01 23:59:59"); !got.Equal(want) {
		t.Errorf("latest %v, want %v", got, want)
	}
}

// The conditions of the guidance, all kept, leave no report of the correction due; one that is not kept, or not known, does.
func TestAnUncontrolledRiskThatIsHandledNeedsNoReport(t *testing.T) {
	d := find(t, "us-806")
	now := instant(t, d.Zone, "2026-05-05 12:00:00")
	e := everywhere(d, now)
	e.Discharged = nil
	kept := map[string]Truth{"uncontrolled_risk": Yes, "death": No, "serious_injury": No, "isao_member": Yes, "told_within_30_days": Yes, "fixed_within_60_days": Yes}
	maps.Copy(e.Facts, kept)
	if got := one(t, d, e, now); got.State != NotApplicable {
		t.Errorf("with all conditions kept it is %s", got.State)
	}
	for name, v := range kept {
		e.Facts[name] = map[Truth]Truth{Yes: No, No: Yes}[v]
		if got := one(t, d, e, now); got.State != Running {
			t.Errorf("without %s it is %s", name, got.State)
		}
		e.Facts[name] = Unknown
		if got := one(t, d, e, now); got.State != MayRun {
			t.Errorf("with %s unknown it is %s", name, got.State)
		}
		e.Facts[name] = v
	}
}
