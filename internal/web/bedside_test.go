package web

import (
	"context"
	"net/http"
	"net/url"
	"strings"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/incident"
	"triward/internal/incident/ladder"
	"triward/internal/people"
	"triward/internal/product"
	"triward/internal/store"
	"triward/internal/testdb"
)

// bedside is an incident of no site with an action on a pump that stands at one.
type bedside struct {
	*testing.T
	s           *Server
	clock       *testdb.Clock
	h           http.Handler
	north       device.SiteID
	pump        device.ID
	inc, action string
}

func eachBedside(t *testing.T, fn func(b *bedside)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		b := &bedside{T: t, s: newServer(t, db), clock: clock}
		b.s.Cases = incident.Cases{DB: db}
		b.h = b.s.Handler()
		addPerson(t, b.s, "ann", people.RoleITSecurity, "")
		addPerson(t, b.s, "ben", people.RoleHTM, "")
		ctx := testdb.System()
		var err error
		if b.north, err = b.s.Fleet.AddSite(ctx, "North"); err != nil {
			t.Fatal(err)
		}
		if b.pump, err = b.s.Fleet.Register(ctx, device.Device{AssetTag: "P-1", RawVendor: "Nordmed", RawModel: "N1", InUse: product.Yes, OwnClass: product.LifeSustaining, Site: b.north}); err != nil {
			t.Fatal(err)
		}
		form := url.Values{"title": {"A pump calls outside"}, "cyber": {"2"}, "clinical": {"2"}, "aware": {"2026-11-23T08:00"}, "aware_who": {"Ann"}, "aware_how": {"an alert"}, "care": {"normal"}, "tlp": {"amber"}, "pap": {"green"},
			"systems": {"Firewall"}}
		w := ask(b.h, "POST", "/incidents/new", session(t, b.s, "ann"), form.Encode())
		b.inc, _, _ = strings.Cut(strings.TrimPrefix(w.Header().Get("Location"), "/incidents/"), "?")
		if err := b.s.Cases.Involve(b.as("ann"), b.inc, []string{string(b.pump)}, nil); err != nil {
			t.Fatal(err)
		}
		if b.action, err = b.s.Cases.PlanAction(b.as("ann"), b.inc, incident.Action{Device: string(b.pump), Target: "Shut port 12", Plan: ladder.Plan{Level: ladder.NetworkOff, Undo: "plug the cable into the free socket", Impact: "No central alarm",
			Alternative: "Alarm of the pump", Compensating: "One nurse for two beds", Observe: "no packet for a minute", Return: db.Now().Add(2 * time.Hour)}}); err != nil {
			t.Fatal(err)
		}
		fn(b)
	})
}

// clinician adds a clinician owner of one site.
func (b *bedside) clinician(login string, site device.SiteID) {
	b.Helper()
	ctx := testdb.System()
	id, err := b.s.People.CreateAccount(ctx, people.NewAccount{Login: login, Name: "Person " + login, Password: password})
	if err == nil {
		_, err = b.s.People.Grant(ctx, people.Grant{Account: id, Role: people.RoleClinicianOwner, Sites: []string{string(site)}})
	}
	if err != nil {
		b.Fatal(err)
	}
}

// as is the actor of a person who signed in.
func (b *bedside) as(login string) context.Context {
	b.Helper()
	var actor store.Actor
	err := b.s.DB.View(testdb.System(), func(r store.Reader) error {
		page, err := people.Accounts(testdb.System(), r, people.AccountQuery{Limit: 50})
		if err != nil {
			return err
		}
		for _, a := range page.Items {
			if a.Login == login {
				actor, err = people.Standing(testdb.System(), r, a.ID, b.s.DB.Now())
			}
		}
		return err
	})
	if err != nil {
		b.Fatal(err)
	}
	return store.WithActor(context.Background(), actor)
}

// The nurse of one site finds the containment on the page of the device, signs it there, and breaks the glass in one step; the
// incident itself stays closed to them (reference incidents.md 4.5).
func TestContainmentOnThePageOfItsDevice(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		south, err := b.s.Fleet.AddSite(testdb.System(), "South")
		if err != nil {
			t.Fatal(err)
		}
		b.clinician("nora", b.north)
		b.clinician("otto", south)
		nora, page := session(t, b.s, "nora"), "/devices/"+string(b.pump)
		shows := func(says ...string) {
			t.Helper()
			w := ask(b.h, "GET", page, nora, "")
			for _, x := range says {
				if !strings.Contains(w.Body.String(), x) {
					t.Errorf("%d: the page of the device does not say %q", w.Code, x)
				}
			}
		}
		shows("No central alarm", "Alarm of the pump", "One nurse for two beds", "Nobody signed it off", "wanted", "clinical owner; clinical engineering", ">Sign off</a>")
		at := "/containments/" + b.action
		if w := ask(b.h, "GET", at, nora, ""); w.Code != http.StatusOK || strings.Contains(w.Body.String(), "/incidents/"+b.inc) {
			t.Errorf("%d: the action is closed to the bedside, or leads to a refusal", w.Code)
		}
		if w := ask(b.h, "GET", "/incidents/"+b.inc, nora, ""); w.Code != http.StatusForbidden {
			t.Errorf("the incident answers %d", w.Code)
		}
		if w := ask(b.h, "POST", at+"/sign", nora, url.Values{"role": {"clinical_owner"}, "minutes": {"30"}, "conditions": {"while the nurse stays"}}.Encode()); w.Code != http.StatusSeeOther {
			t.Fatalf("signing answers %d: %s", w.Code, w.Body)
		}
		otto := session(t, b.s, "otto")
		for _, c := range []struct{ to, form string }{{"/sign", "role=clinical_owner&minutes=30"}, {"/lift", ""}} {
			if w := ask(b.h, "POST", at+c.to, otto, c.form); w.Code != http.StatusForbidden {
				t.Errorf("%s of another site answers %d", c.to, w.Code)
			}
		}
		for _, err := range []error{b.s.Cases.Check(b.as("ben"), b.action, "infusing"), b.s.Cases.SignOff(b.as("ben"), b.action, ladder.Biomed, 0, ""), b.s.Cases.Run(b.as("ben"), b.action)} {
			if err != nil {
				t.Fatal(err)
			}
		}
		shows("Person nora, clinical owner, on ", "on the condition: while the nurse stays", "Person ben, clinical engineering", `action="`+at+`/lift"`, "Lift it now")
		if w := ask(b.h, "POST", at+"/lift", nora, ""); w.Code != http.StatusSeeOther {
			t.Fatalf("break-glass answers %d: %s", w.Code, w.Body)
		}
		shows("returning")
	})
}

// The form of declaring offers the sites, and takes that of the devices by itself.
func TestDeclaringOnItsPageTakesTheSite(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		ann := session(t, b.s, "ann")
		if w := ask(b.h, "GET", "/incidents/new", ann, ""); !strings.Contains(w.Body.String(), `<option value="`+string(b.north)+`">North`) {
			t.Error("the form does not offer the site")
		}
		declare := func(more url.Values) incident.Incident {
			t.Helper()
			form := url.Values{"title": {"Again"}, "cyber": {"2"}, "clinical": {"2"}, "aware": {"2026-11-23T08:00"}, "aware_who": {"Ann"}, "aware_how": {"an alert"}, "care": {"normal"}, "tlp": {"amber"}, "pap": {"green"}}
			for k, x := range more {
				form[k] = x
			}
			w := ask(b.h, "POST", "/incidents/new", ann, form.Encode())
			id, _, _ := strings.Cut(strings.TrimPrefix(w.Header().Get("Location"), "/incidents/"), "?")
			var i incident.Incident
			if err := b.s.DB.View(testdb.System(), func(r store.Reader) (err error) {
				i, err = incident.Brief(testdb.System(), r, id)
				return err
			}); err != nil {
				t.Fatalf("%d: %v", w.Code, err)
			}
			return i
		}
		for name, more := range map[string]url.Values{"of its device": {"devices": {"P-1"}}, "that was chosen": {"systems": {"Archive"}, "site": {string(b.north)}}} {
			if i := declare(more); i.Site != string(b.north) {
				t.Errorf("the site %s is %q", name, i.Site)
			}
		}
	})
}
