package web

import (
	"net/http"
	"net/url"
	"regexp"
	"slices"
	"testing"
	"time"

	"triward/internal/advisory"
	"triward/internal/content"
	"triward/internal/incident"
	"triward/internal/incident/disclosure"
	"triward/internal/incident/exercise"
	"triward/internal/incident/loop"
	"triward/internal/people"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
	"triward/internal/vuln"
)

// That no evidence of a device is kept takes the signature of somebody else, who reads what they sign.
func TestAWaiverOfEvidenceOnItsPage(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		sign := signaturetest.New(t, b.s.DB)
		b.s.Signer, b.s.People = sign.Signer, sign.People
		b.s.Cases.Signer = sign.Signer
		b.h = b.s.Handler()
		carl := sign.Person(t, "carl", "Carl Second")
		if _, err := b.s.People.Grant(testdb.System(), people.Grant{Account: carl, Role: people.RoleITSecurity, All: true}); err != nil {
			t.Fatal(err)
		}
		f, err := incidentFile(t, b.s.DB, b.inc)
		if err != nil {
			t.Fatal(err)
		}
		n := slices.IndexFunc(f.Devices, func(d incident.Involved) bool { return d.Device == string(b.pump) })
		ann, at, of := session(t, b.s, "ann"), "/incidents/"+b.inc, f.Devices[n].ID
		ask := url.Values{"evidence": {"waived"}}
		b.form(ann, at+"/devices/"+of, http.StatusUnprocessableEntity, ask, `href="#device-evidence_note"`)
		ask.Set("evidence_note", "the ward cannot give it away")
		b.form(ann, at+"/devices/"+of, http.StatusSeeOther, ask)

		b.clock.Advance(16 * time.Minute) // the continuous period of signings is over: both components are asked for
		factors := sign.Factors(t, carl)
		second := &http.Cookie{Name: sessionCookie, Value: factors.SessionToken}
		page := b.shows(second, at, "You sign: ", "the ward cannot give it away")
		consent := url.Values{"displayed": {value(page, "displayed")}, "password": {factors.Password}, "code": {factors.Code}}
		b.form(second, at+"/devices/"+of+"/waiver", http.StatusUnprocessableEntity, consent, "You sign: ", `href="#waive-`+of+`-reason"`)
		b.clock.Advance(16 * time.Minute)
		factors = sign.Factors(t, carl)
		consent.Set("password", factors.Password)
		consent.Set("code", factors.Code)
		consent.Set("reason", "I saw the ward")
		b.form(second, at+"/devices/"+of+"/waiver", http.StatusSeeOther, consent)
		if f, err = incidentFile(t, b.s.DB, b.inc); err != nil || f.Devices[n].Waiver == "" || f.Devices[n].WaiverName == "" {
			t.Errorf("the waiver is not signed: %+v, %v", f.Devices[n], err)
		}
	})
}

// A weakness counts as exploited because of an incident, and does not when that was withdrawn; both take words.
func TestExploitedAndItsWithdrawalOnLearned(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		b.s.Loop = loop.Desk{DB: b.s.DB}
		addPerson(t, b.s, "paul", people.RolePSIRT, "")
		if _, err := vuln.LoadExploited(testdb.System(), b.s.DB, "kev", []advisory.Exploited{{CVE: "CVE-2026-1234", By: "CISA", Added: b.s.DB.Now()}}); err != nil {
			t.Fatal(err)
		}
		ann, at := session(t, b.s, "ann"), "/incidents/"+b.inc+"/learned"
		say := url.Values{"vulnerability": {"CVE-2026-1234"}, "seen": {"its default password was used"}}
		b.form(ann, at+"/exploited", http.StatusSeeOther, say)
		b.shows(ann, at, "CVE-2026-1234", "It was not exploited after all")
		b.shows(ann, urlVuln("CVE-2026-1234"), at)
		b.form(ann, at+"/exploited", http.StatusConflict, say, "its default password was used")
		back := url.Values{"vulnerability": {"CVE-2026-1234"}}
		b.form(ann, at+"/not-exploited", http.StatusUnprocessableEntity, back, `href="#not-exploited-reason"`)
		back.Set("reason", "it was the cleaner")
		b.form(ann, at+"/not-exploited", http.StatusSeeOther, back)
		if err := b.s.DB.View(testdb.System(), func(r store.Reader) error {
			all, err := vuln.ObservedIn(testdb.System(), r, b.inc)
			if len(all) != 1 || all[0].Withdrawn.IsZero() {
				t.Errorf("observed %+v", all)
			}
			return err
		}); err != nil {
			t.Fatal(err)
		}
	})
}

// An exercise is started, its question asked and answered, stopped, and who took part is confirmed.
func TestAnExerciseOnItsPages(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		b.s.Drills = exercise.Drills{DB: b.s.DB, Cases: b.s.Cases, Desk: training.Desk{DB: b.s.DB}}
		all, err := content.Exercises()
		if err != nil {
			t.Fatal(err)
		}
		ann := session(t, b.s, "ann")
		b.form(ann, urlExerciseNew(all[0].ID), http.StatusUnprocessableEntity, url.Values{"pace": {"fast"}}, `href="#start-pace"`)
		at := b.form(ann, urlExerciseNew(all[0].ID), http.StatusSeeOther, url.Values{"pace": {"0"}})
		n := slices.IndexFunc(all[0].Injects, func(i content.Inject) bool { return i.Kind == string(exercise.Question) })
		question := all[0].Injects[n].ID
		b.form(ann, at+"/answers/"+question, http.StatusConflict, url.Values{"answer": {"early"}})
		b.form(ann, at+"/injects/"+question, http.StatusSeeOther, url.Values{})
		if err := b.s.Drills.Tick(testdb.System()); err != nil {
			t.Fatal(err)
		}
		b.form(ann, at+"/answers/"+question, http.StatusUnprocessableEntity, url.Values{"answer": {" "}}, `href="#answer-`)
		b.form(ann, at+"/answers/"+question, http.StatusSeeOther, url.Values{"answer": {"We call the ward first."}})
		b.shows(ann, at, "We call the ward first.")
		b.form(ann, at+"/stop", http.StatusSeeOther, url.Values{})
		b.form(ann, at+"/confirm", http.StatusUnprocessableEntity, url.Values{}, `href="#confirm-people"`)
		who := regexp.MustCompile(`name="people" value="(usr_[a-z0-9]+)"`).FindStringSubmatch(b.shows(ann, at, "Confirm who took part"))
		if who == nil {
			t.Fatal("nobody can be confirmed")
		}
		b.form(ann, at+"/confirm", http.StatusSeeOther, url.Values{"people": {who[1]}})
		b.shows(ann, at, "confirmed")
	})
}

// An incident begins with a weakness on a device, an advisory, or a call: what it came from stays with it.
func TestAnIncidentIsDeclaredFromWhatWasFound(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		if _, err := vuln.LoadExploited(testdb.System(), b.s.DB, "kev", []advisory.Exploited{{CVE: "CVE-2026-1234", By: "CISA", Added: b.s.DB.Now()}}); err != nil {
			t.Fatal(err)
		}
		ann, finding := session(t, b.s, "ann"), incident.Finding(string(b.pump), "CVE-2026-1234")
		b.shows(ann, urlIncidentNew("finding", finding, "device", string(b.pump)), "From CVE-2026-1234.", "found while looking at CVE-2026-1234", "P-1", `value="`+finding+`"`)
		form := url.Values{"title": {"A pump is spoken to"}, "cyber": {"2"}, "clinical": {"2"}, "aware": {"2026-11-23T08:00"}, "aware_who": {"Ann"}, "aware_how": {"looked"}, "care": {"normal"}, "tlp": {"amber"}, "pap": {"green"},
			"devices": {"P-1"}, "finding": {finding}, "call": {"Charge nurse of ICU 2"}}
		at := b.form(ann, "/incidents/new", http.StatusSeeOther, form)
		b.shows(ann, at, "came from finding", "CVE-2026-1234", "came from a call:", "Charge nurse of ICU 2")
		form.Set("finding", incident.Finding(string(b.pump), "CVE-2026-9999"))
		b.form(ann, "/incidents/new", http.StatusNotFound, form)
	})
}

// A weakness that the incident revealed is told in order: begun, moved, and what is not allowed is said where it was typed.
func TestADisclosureOnItsPage(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		b.s.Disclosures = disclosure.Desk{DB: b.s.DB}
		addPerson(t, b.s, "paul", people.RolePSIRT, "")
		paul, at := session(t, b.s, "paul"), urlDisclosures(b.inc)
		b.form(paul, at, http.StatusUnprocessableEntity, url.Values{"title": {"Default password"}}, `value="Default password"`)
		b.form(paul, at, http.StatusSeeOther, url.Values{"title": {"Default password"}, "weakness": {"CVE-2026-1234"}})
		var all []disclosure.Disclosure
		if err := b.s.DB.View(b.as("paul"), func(r store.Reader) (err error) {
			all, err = disclosure.List(b.as("paul"), r, b.inc)
			return err
		}); err != nil || len(all) != 1 {
			t.Fatal(all, err)
		}
		move := at + "/" + all[0].ID
		b.form(paul, move+"/move", http.StatusConflict, url.Values{"bit": {"fix_ready"}, "reason": {"they say so"}}, "they say so") // the vendor does not know yet
		b.form(paul, move+"/join", http.StatusSeeOther, url.Values{"role": {"vendor"}, "name": {"Nordmed"}})
		b.form(paul, move+"/move", http.StatusSeeOther, url.Values{"report": {"received"}, "reason": {"their letter"}})
		b.shows(paul, at, "CVE-2026-1234", "Nordmed", "received")
	})
}
