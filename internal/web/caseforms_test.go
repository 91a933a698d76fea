package web

import (
	"html"
	"net/http"
	"net/url"
	"os"
	"path/filepath"
	"regexp"
	"strings"
	"testing"
	"time"

	"triward/internal/incident"
	"triward/internal/incident/claim"
	"triward/internal/incident/connector"
	"triward/internal/incident/draft"
	"triward/internal/incident/loop"
	"triward/internal/incident/telling"
	"triward/internal/product"
	"triward/internal/testdb"
)

// form posts a form: it leads on, or comes back with its status and everything that is named.
func (b *bedside) form(c *http.Cookie, target string, wants int, f url.Values, says ...string) string {
	b.Helper()
	w := ask(b.h, "POST", target, c, f.Encode())
	body := html.UnescapeString(w.Body.String())
	if w.Code != wants {
		b.Fatalf("%s: %d, want %d: %s", target, w.Code, wants, body)
	}
	for _, x := range says {
		if !strings.Contains(body, x) {
			b.Errorf("%s comes back without %q", target, x)
		}
	}
	to, _, _ := strings.Cut(w.Header().Get("Location"), "?")
	return to
}

// shows reads a page that must say everything that is named.
func (b *bedside) shows(c *http.Cookie, page string, says ...string) string {
	b.Helper()
	w := ask(b.h, "GET", page, c, "")
	body := html.UnescapeString(w.Body.String())
	if w.Code != http.StatusOK {
		b.Fatalf("%s answers %d: %s", page, w.Code, body)
	}
	for _, x := range says {
		if !strings.Contains(body, x) {
			b.Errorf("%s does not say %q", page, x)
		}
	}
	return body
}

// value is what a hidden or text field of a page holds.
func value(page, name string) string {
	m := regexp.MustCompile(`name="` + name + `" value="([^"]*)"`).FindStringSubmatch(page)
	if m == nil {
		return ""
	}
	return m[1]
}

// What somebody typed into a form of an incident that another person changed meanwhile is kept; a closed incident opens again
// with a reason only.
func TestAStaleFormAndAnIncidentThatOpensAgain(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		ann, at := session(t, b.s, "ann"), "/incidents/"+b.inc
		stale := value(b.shows(ann, at+"/edit"), "changed")
		if stale == "" {
			t.Fatal("the form does not name what it is a change of")
		}
		i, err := b.s.fileOf(t, b.inc)
		if err != nil {
			t.Fatal(err)
		}
		form := url.Values{"title": {"A pump calls outside"}, "cyber": {"2"}, "clinical": {"2"}, "aware": {"2026-11-23T08:00"}, "aware_who": {"Ann"}, "aware_how": {"an alert"}, "care": {"normal"}, "tlp": {"amber"}, "pap": {"green"},
			"owner": {i.Owner}, "legal": {"none"}, "disclosure": {string(i.Disclosure)}, "changed": {stale}, "extent": {"one <pump>"}}
		form.Set("legal", string(i.Legal))
		b.form(ann, at+"/edit", http.StatusSeeOther, form)
		form.Set("extent", "two pumps")
		form.Set("changed", mark(i.Changed.Add(-time.Second))) // as the form of somebody who opened it before
		b.form(ann, at+"/edit", http.StatusConflict, form, "two pumps", "changed")
		b.shows(ann, at, "one <pump>")

		end := url.Values{"to": {"false_alarm"}}
		b.form(ann, at+"/move", http.StatusUnprocessableEntity, end, `href="#move-reason"`)
		inc, err := b.s.Cases.Declare(b.as("ann"), incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Nothing much", TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: b.s.DB.Now().Add(-time.Hour), AwareWho: "Ann", AwareHow: "a call"}})
		if err != nil {
			t.Fatal(err)
		}
		at = "/incidents/" + inc
		end.Set("reason", "it was a test of the alarm")
		b.form(ann, at+"/move", http.StatusSeeOther, end)
		page := b.shows(ann, at, "Open it again", "it was a test of the alarm")
		again := url.Values{"to": {value(page, "to")}}
		b.form(ann, at+"/move", http.StatusUnprocessableEntity, again, `href="#move-reason"`)
		again.Set("reason", "the alarm was real")
		b.form(ann, at+"/move", http.StatusSeeOther, again)
		if page := b.shows(ann, at, "the alarm was real"); strings.Contains(page, "Open it again") {
			t.Error("it did not open again")
		}
	})
}

// A thread gets its steps in their order, and what is wrong with one stands beside its field.
func TestThreadsOnTheirPage(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		b.s.Claims = claim.Desk{DB: b.s.DB, Log: b.s.Events.Log}
		ann, at := session(t, b.s, "ann"), "/incidents/"+b.inc
		first := url.Values{"name": {"From the stick outside"}, "phase": {"delivery"}, "says": {"A USB stick"}, "happened": {"2099-01-01T00:00"}}
		b.form(ann, at+"/threads/step", http.StatusUnprocessableEntity, first, "From the stick outside", "A USB stick", `href="#step-happened"`)
		first.Set("happened", "2026-11-20T08:00")
		b.form(ann, at+"/threads/step", http.StatusSeeOther, first)
		page := b.shows(ann, at+"/who", "From the stick outside", "A USB stick")
		m := regexp.MustCompile(`thread=(thr_[a-z0-9]+)`).FindStringSubmatch(page)
		if m == nil {
			t.Fatal("the thread has no form for a step")
		}
		next := url.Values{"place": {"0"}, "phase": {"reconnaissance"}, "says": {"Somebody asked for the model"}}
		b.form(ann, at+"/threads/step?thread="+m[1], http.StatusUnprocessableEntity, next, "Somebody asked for the model", `href="#step-reason"`)
		next.Set("reason", "found later")
		b.form(ann, at+"/threads/step?thread="+m[1], http.StatusSeeOther, next)
		if page := b.shows(ann, at+"/who"); strings.Index(page, "Somebody asked for the model") > strings.Index(page, "A USB stick") {
			t.Error("the step does not stand first")
		}
		b.form(ann, at+"/threads/"+m[1]+"/remove", http.StatusConflict, url.Values{"step": {"0"}, "version": {"1"}, "reason": {"x"}})
		b.form(ann, at+"/threads/"+m[1]+"/remove", http.StatusSeeOther, url.Values{"step": {"0"}, "version": {"2"}, "reason": {"hearsay"}})
		if page := b.shows(ann, at+"/who"); strings.Contains(page, "Somebody asked for the model") {
			t.Error("the step is still there")
		}
	})
}

func TestTheGuideOfAModelOnItsPage(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		maker, err := b.s.Catalog.AddManufacturer(testdb.System(), product.Manufacturer{Name: "Nordmed"})
		if err != nil {
			t.Fatal(err)
		}
		model, err := b.s.Catalog.AddModel(testdb.System(), product.Model{Manufacturer: maker, Name: "N1"})
		if err != nil {
			t.Fatal(err)
		}
		ann, at := session(t, b.s, "ann"), urlGuide(model)
		guide := url.Values{"version": {"0"}, "first": {" "}}
		b.form(ann, at, http.StatusUnprocessableEntity, guide, `href="#guide-first"`)
		guide.Set("first", "Copy the drug log")
		b.form(ann, at, http.StatusSeeOther, guide)
		b.shows(ann, at, "Copy the drug log", "Version 1 by Person ann")
		guide.Set("first", "Photo of the alarm list")
		b.form(ann, at, http.StatusConflict, guide, "Photo of the alarm list", "changed the guide since")
		guide.Set("version", "1")
		b.form(ann, at, http.StatusUnprocessableEntity, guide, "Photo of the alarm list", `href="#guide-reason"`)
		guide.Set("reason", "the log is encrypted")
		b.form(ann, at, http.StatusSeeOther, guide)
		b.shows(ann, at, "Photo of the alarm list", "Version 2 by Person ann")
	})
}

func TestConnectorsOnTheirPage(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		book := filepath.Join(t.TempDir(), "connectors.toml")
		if err := os.WriteFile(book, []byte("[[connector]]\nname = \"port\"\ntitle = \"Switch of the ICU\"\nkind = \"command\"\nlevels = [4]\nask = {port = \"[0-9]{1,2}\"}\nrun = {argv = [\"/usr/bin/true\", \"off\", \"{port}\"]}\nreturn = {argv = [\"/usr/bin/true\", \"on\", \"{port}\"]}\n"), 0o600); err != nil {
			t.Fatal(err)
		}
		b.s.Connectors = connector.Desk{DB: b.s.DB, Cases: b.s.Cases, Book: connector.Book{File: book}, Log: b.s.Events.Log}
		ann, at := session(t, b.s, "ann"), "/connectors/port"
		hash := value(b.shows(ann, "/connectors", "Switch of the ICU"), "hash")
		b.form(ann, at+"/approve", http.StatusUnprocessableEntity, url.Values{"hash": {hash}}, `href="#approve-port-reason"`)
		b.form(ann, at+"/approve", http.StatusConflict, url.Values{"hash": {"0"}, "reason": {"read"}}, "look at it again")
		b.form(ann, at+"/approve", http.StatusSeeOther, url.Values{"hash": {hash}, "reason": {"read and tried"}})
		b.shows(ann, "/connectors", "read and tried", "Person ann")

		on := "/containments/" + b.action
		if to := b.form(ann, on+"/connector", http.StatusSeeOther, url.Values{"connector": {"port"}}); to != on+"/connector" {
			t.Errorf("the choice leads to %q", to)
		}
		choice := url.Values{"connector": {"port"}, "values.port": {"twelve"}, "means": {""}, "within": {"soon"}}
		b.form(ann, on+"/connector", http.StatusUnprocessableEntity, choice, `value="twelve"`, `value="soon"`, `href="#carry-within"`)
		choice.Set("within", "15")
		b.form(ann, on+"/connector", http.StatusUnprocessableEntity, choice, `value="twelve"`, `href="#carry-values.port"`)
		choice.Set("values.port", "12")
		b.form(ann, on+"/connector", http.StatusSeeOther, choice)
		b.shows(ann, on, "Switch of the ICU", "/usr/bin/true")

		b.form(ann, at+"/revoke", http.StatusUnprocessableEntity, url.Values{}, `href="#revoke-port-reason"`)
		b.form(ann, at+"/revoke", http.StatusSeeOther, url.Values{"reason": {"the switch is gone"}})
		if page := b.shows(ann, "/connectors"); strings.Contains(page, "read and tried") {
			t.Error("the approval still stands")
		}
	})
}

// Who tells somebody before others says why; what was typed stays while it is not said.
func TestTellingBeforeOthers(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		b.s.Telling = telling.Desk{DB: b.s.DB}
		ann, at := session(t, b.s, "ann"), "/incidents/"+b.inc+"/telling"
		tell := url.Values{"role": {"insurer"}, "whom": {"House & Sons"}, "channel": {"telephone"}, "at": {inputTime(b.s.DB.Now())}, "what": {"a pump is cut off"}}
		b.form(ann, at, http.StatusUnprocessableEntity, tell, "House & Sons", "a pump is cut off", `href="#tell-reason"`)
		tell.Set("reason", "the ward is being told by the shift lead")
		b.form(ann, at, http.StatusSeeOther, tell)
		b.shows(ann, at, "House & Sons", "the ward is being told by the shift lead")
	})
}

// A line of the timeline is marked with words, loses its mark with words, and the timeline goes out with who receives it.
func TestTheTimelineOnItsPage(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		ann, at := session(t, b.s, "ann"), "/incidents/"+b.inc+"/timeline"
		add := url.Values{"what": {"The guard saw a stranger"}, "certainty": {"stated"}, "source": {"the guard"}}
		b.form(ann, at+"/add", http.StatusUnprocessableEntity, add, "The guard saw a stranger", `href="#add-told"`)
		add.Set("told", "2026-11-20T08:00")
		b.form(ann, at+"/add", http.StatusSeeOther, add)
		m := regexp.MustCompile(`name="entry" value="(manual:[^"]+)"`).FindStringSubmatch(b.shows(ann, at, "The guard saw a stranger"))
		if m == nil {
			t.Fatal("the entry cannot be marked")
		}
		mark := func(text string) url.Values {
			return url.Values{"entry": {m[1]}, "text": {text}, "at.order": {"oldest"}}
		}
		b.form(ann, at+"/pin", http.StatusUnprocessableEntity, mark(" "), `role="alert"`)
		b.form(ann, at+"/pin", http.StatusSeeOther, mark("it begins here"))
		b.form(ann, at+"/comment", http.StatusSeeOther, mark("the camera shows it too"))
		b.shows(ann, at+"?only=pinned", "it begins here", "the camera shows it too")
		b.form(ann, at+"/unpin", http.StatusSeeOther, mark("he was a visitor"))
		b.form(ann, at+"/unpin", http.StatusNotFound, mark("again"), "not highlighted")
		if page := b.shows(ann, at); strings.Contains(page, "it begins here") {
			t.Error("the highlight is still there")
		}
		give := url.Values{"format": {"csv"}, "to": {"J. Doe"}, "as": {"organisation"}, "reason": {"for the review"}}
		b.form(ann, at+"/export", http.StatusUnprocessableEntity, give, "J. Doe", "for the review", `href="#export-authority"`)
		give.Set("authority", "head of IT security")
		w := ask(b.h, "POST", at+"/export", ann, give.Encode())
		if w.Code != http.StatusOK || !strings.HasPrefix(w.Header().Get("Content-Type"), "text/csv") || !strings.Contains(w.Body.String(), "The guard saw a stranger") || !strings.HasPrefix(w.Header().Get("Content-Disposition"), "attachment") {
			t.Errorf("the export answers %d %v", w.Code, w.Header())
		}
	})
}

// A report that was begun is typed into, and a version that somebody else wrote since is not lost.
func TestADraftOnItsPage(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		b.s.Drafts = draft.Desk{DB: b.s.DB, Signer: b.s.Signer}
		ann, at := session(t, b.s, "ann"), "/incidents/"+b.inc+"/reports"
		one := b.form(ann, at, http.StatusSeeOther, url.Values{"template": {"holding-statement"}})
		page := b.shows(ann, one)
		field := regexp.MustCompile(`<textarea id="f-([a-z_0-9]+)"`).FindStringSubmatch(page)
		if field == nil {
			t.Fatal("the draft has no field")
		}
		b.form(ann, one+"/edit", http.StatusSeeOther, url.Values{"version": {"1"}, field[1]: {"We look into it."}})
		b.shows(ann, one, "We look into it.")
		b.form(ann, one+"/edit", http.StatusConflict, url.Values{"version": {"1"}, field[1]: {"We know nothing."}}, "We know nothing.")
		b.form(ann, one+"/send", http.StatusConflict, url.Values{"at": {inputTime(b.s.DB.Now())}, "whom": {"press"}, "channel": {"portal"}})
	})
}

// A weakness that nobody knows is not said to be exploited, and what was typed stays.
func TestExploitedOnLearned(t *testing.T) {
	eachBedside(t, func(b *bedside) {
		b.s.Loop = loop.Desk{DB: b.s.DB}
		ann, at := session(t, b.s, "ann"), "/incidents/"+b.inc+"/learned"
		b.form(ann, at+"/exploited", http.StatusUnprocessableEntity, url.Values{"vulnerability": {"CVE-2026-1234"}}, `value="CVE-2026-1234"`, `href="#exploited-seen"`)
	})
}

// fileOf reads an incident.
func (s *Server) fileOf(t *testing.T, id string) (incident.Incident, error) {
	t.Helper()
	f, err := incidentFile(t, s.DB, id)
	return f.Incident, err
}
