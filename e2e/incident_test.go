package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// stBrannoc is the demonstration with the people who answer an attack, each in a window of their own.
type stBrannoc struct {
	s                                      server
	offices                                *officeSwitch
	security, htm, medical, psirt, quality *player
	regulatory, board                      *player
}

func newStBrannoc(t *testing.T) stBrannoc {
	t.Helper()
	b := open(t)
	h := stBrannoc{offices: newSwitch(t)}
	h.s = start(t, "--demo")
	b.look(window{1280, 900, "light"})
	enter := func(in *browser, login, name string) *player {
		in.signIn(h.s, login, h.s.password)
		return &player{browser: in, s: h.s, login: login, name: name, word: h.s.password}
	}
	h.security = enter(b, "security", "Jonas Weller")
	h.htm, h.medical = enter(b.beside(), "htm", "Marta Kolar"), enter(b.beside(), "medical", "Dr. Aoife Brennan")
	h.psirt, h.quality = enter(b.beside(), "psirt", "Ida Sandholm"), enter(b.beside(), "quality", "Tomas Reindl")
	h.regulatory, h.board = enter(b.beside(), "regulatory", "Yuki Tanabe"), enter(b.beside(), "board", "Helen Straw")
	return h
}

// path is where the window stands.
func (p *player) path() string { return evaluate[string](p.browser, `location.pathname`) }

// ready gives somebody of the demonstration an authenticator, so that they can sign.
func (p *player) ready(t *testing.T) {
	on := p.within(t)
	if p.secret == "" {
		on.enrol()
		p.secret, p.used = on.secret, on.used
	}
}

// follow opens the first link whose words begin so.
func (p *player) follow(words string) {
	p.t.Helper()
	p.leave(chromedp.Click(fmt.Sprintf(`(//main//a[starts-with(normalize-space(.), %q)])[1]`, words)))
}

// bedside are the windows of pages that are used beside a patient.
var bedside = []window{{390, 844, "light"}, {1280, 900, "dark"}}

// The story of layer 3b: audit messages and network logs of the demonstration showed a theft from the image archive. First it is an
// exercise that the overview offers, then it is real: from the alert to the closed incident and what is learned from it.
func TestTheftFromAlertToClosedIncident(t *testing.T) {
	h := newStBrannoc(t)
	t.Run("exercise", h.exercise)
	var at string
	if !t.Run("alert becomes incident", func(t *testing.T) { at = h.declares(t) }) {
		return
	}
	for _, part := range []struct {
		name string
		do   func(t *testing.T, at string)
	}{{"procedure runs", h.runs}, {"contained with both sign-offs, seen in events", h.contains}, {"lifted at the bedside", h.lifts}, {"who and how", h.asks}, {"evidence under seal", h.keeps},
		{"clocks run", h.tells}, {"cleaned and watched", h.recovers}, {"step proves wrong", h.learns}, {"procedure revised and learned", h.revises}, {"closed by two", h.closes}} {
		if !t.Run(part.name, func(t *testing.T) { part.do(t, at) }) {
			return
		}
	}
}

// exercise plays the main exercise: started on the overview, seen in the alerts, led, scored, confirmed.
func (h stBrannoc) exercise(t *testing.T) {
	s := h.security.within(t)
	s.visit(h.s.address + "/overview")
	s.sees("Try it: Theft from the image archive")
	s.press("Start the exercise")
	s.sees("Everything of it carries the mark EXERCISE")
	page := s.path()
	s.until(h.s.address+"/alerts?q=Question", "exercise")
	s.leave(chromedp.Click(`//tr[.//span[normalize-space(.)="exercise"]]//a[starts-with(@href, "/alerts/")]`))
	s.sees("exercise")
	s.leave(chromedp.KeyEvent("a"))
	s.visit(h.s.address + page)
	s.leave(chromedp.Click(chromedp.CSS(`form[action$="/injects/power"] button`)))
	s.until(h.s.address+page, "Shall we switch it off now?")
	m := h.htm.within(t)
	m.until(h.s.address+page, "Answer\n")
	m.send("#answer-power", "answer", "No. Its memory is evidence; its port is closed instead.")
	m.sees("Marta Kolar")
	s.visit(h.s.address + page)
	inspect(s.browser, "exercise-runs")
	s.look(window{1280, 900, "light"})
	s.follow("The incident")
	s.sees("EXERCISE")
	s.send("#move", "to", "Analysing")
	s.visit(h.s.address + page)
	s.press("Stop the exercise")
	s.sees("Confirm who took part")
	s.send("#confirm")
	s.sees("Records of training are made")
	if text := s.text(); !strings.Contains(text, "did not happen") || strings.Count(text, "in time") < 3 {
		t.Errorf("the report says neither what did not happen nor what came in time:\n%s", text)
	}
	inspectIn(s.browser, "exercise-report", bedside)
	s.look(window{1280, 900, "light"})
	s.visit(h.s.address + "/overview")
	s.not("EXERCISE runs")
	q := h.quality.within(t)
	q.visit(h.s.address + "/training")
	q.sees("SOP-26")
	s.visit(h.s.address + "/exercises")
	inspectIn(s.browser, "exercises", bedside)
	s.look(window{1280, 900, "light"})
}

// declares escalates the alert of the theft into a new incident with its procedure. It gives its page.
func (h stBrannoc) declares(t *testing.T) (at string) {
	s := h.security.within(t)
	s.visit(h.s.address + "/alerts?q=Theft")
	s.leave(chromedp.Click(fmt.Sprintf(`//tr[not(.//span[normalize-space(.)="exercise"])]//a[starts-with(normalize-space(.), %q)]`, theft)))
	s.sees(theft)
	s.leave(chromedp.KeyEvent("e"))
	s.send("#move", "case", "A new incident", "reason", "Studies left the archive; nobody knows the caller.")
	s.send("#declare", "title", "Images of patients leave the archive", "summary", "An unknown workstation asked for all patients, pulled their studies, and sent data out.", "cyber", "3", "clinical", "C2",
		"plan", "SOP-26", "devices", "SB-10178\nSB-10167", "systems", "Unknown workstation 10.20.40.77")
	s.sees("The incident is declared")
	at = s.path()
	s.sees(theft)
	s.send("#move", "to", "Analysing")
	return at
}

// runs carries out the first steps of the procedure, each by who holds its function; the clinician does it on a phone.
func (h stBrannoc) runs(t *testing.T, at string) {
	c, s, m := h.medical.within(t), h.security.within(t), h.htm.within(t)
	c.look(bedside[0])
	c.visit(h.s.address + at)
	c.follow("SOP-26")
	run := h.s.address + c.path()
	c.send("#do-patient", "value", "No patient is in danger: the archive answers, and no device at a bed is part of it.")
	c.send("#do-call", "note", "Marta Kolar and Jonas Weller are on one line since the alert.")
	inspectIn(c.browser, "story-run", bedside)
	s.visit(run)
	s.send("#do-log", "value", "A caller with the name STORESCU asked for all patients and pulled their studies.")
	m.visit(run)
	m.send("#do-ask-clinic", "value", "Nothing depends on the workstation. Reading goes on from the archive.")
	s.visit(run)
	s.send("#do-declare", "value", "Declared.")
	s.send("#do-severity", "value", "Cyber 3, clinical C2.")
	s.sees("6 of 20 steps settled")
}

// contains takes the workstation off the network: checked, signed off by the clinical owner on a phone and by clinical engineering, carried
// out by the switch, and believed only when the log of the switch shows it.
func (h stBrannoc) contains(t *testing.T, at string) {
	m, c, s := h.htm.within(t), h.medical.within(t), h.security.within(t)
	s.visit(h.s.address + "/sources/new")
	s.send("#source", "name", "Switch of the offices", "transport", "Syslog over TCP", "identity", "127.0.0.1", "zone", "UTC", "silence", "60", "owner", "Network engineering")
	s.visit(h.s.address + "/connectors")
	inspectIn(s.browser, "story-connectors", bedside)
	s.look(window{1280, 900, "light"})
	s.send("#approve-offices", "reason", "Read what it sends; tried with network engineering on a free socket.")

	m.visit(h.s.address + at + "/contain")
	m.send("#contain", "device", "Unknown workstation", "level", "L4", "target", "Shut socket 4-117", "impact", "None: no care runs on it. The archive answers the reading room as before.",
		"alternative", "the reading room", "compensating", "the reading room calls when it misses a study", "observe", "the switch says that the socket is down", "undo", "plug it into socket 4-118 beside it")
	m.sees("It cannot run yet")
	action := m.path()
	m.press("By a connector")
	m.send("#carry", "connector", "Switch of the offices")
	m.send("#carry", "values.socket", "4-117", "values.address", "10.20.40.77", "means", "An event that says it", "source", "Switch of the offices", "address", "10.20.40.77", "text", "socket 4-117 is down", "gone", "socket 4-117 is up")
	m.sees("Exactly what is sent")
	m.send("#check", "what", "It stands alone in an office; nobody uses it.")
	m.send("#sign-biomed")
	m.not("Run it now")

	c.visit(h.s.address + action)
	c.sees("Sign off")
	inspectIn(c.browser, "story-sign-off", bedside)
	c.look(bedside[0])
	c.send("#sign-clinical_owner", "conditions", "while the reading room works")
	c.sees("Dr. Aoife Brennan")

	m.visit(h.s.address + action)
	m.send("#run")
	s.until(h.s.address+action, "holding")
	s.sees("seen by Switch of the offices")
	if !h.offices.isShut("4-117") {
		t.Error("the action holds, and the socket is open")
	}
	inspectIn(s.browser, "story-holding", bedside)
	s.look(window{1280, 900, "light"})
	s.visit(h.s.address + at)
	s.send("#move", "to", "Containing")
	s.visit(h.s.address + at + "/room")
	s.sees("Who is on it")
	inspectIn(s.browser, "story-room", bedside)
	s.look(window{1280, 900, "light"})
	s.press("Situation report")
	s.sees("Shut socket 4-117")
}

// lifts takes containment away at the bedside, in one step and alone: the reading room misses studies.
func (h stBrannoc) lifts(t *testing.T, at string) {
	m, c := h.htm.within(t), h.medical.within(t)
	m.visit(h.s.address + at + "/contain")
	m.send("#contain", "device", "SB-10178", "level", "L2", "target", "Refuse everything but images between the scanner and the archive", "impact", "The maker cannot look at the scanner.",
		"observe", "the firewall shows nothing else", "undo", "network engineering on call, dial 4711, takes the rule out")
	action := m.path()
	m.send("#check", "what", "Between two patients.")
	m.send("#sign-biomed")
	m.send("#run")
	m.send("#answered", "what", "the rule is in place")
	c.look(bedside[0])
	c.visit(h.s.address + action)
	c.sees("At the bedside")
	inspectIn(c.browser, "story-break-glass", bedside)
	c.look(bedside[0])
	c.send("#lift", "reason", "the worklist is empty")
	c.sees("lifted")
	m.visit(h.s.address + action)
	m.send("#gone", "what", "the rule is out of the firewall; the worklist is there again")
	m.sees("returned")
}

// asks searches the address of the caller in all that is kept, claims what is known of who did it, and marks the timeline.
func (h stBrannoc) asks(t *testing.T, at string) {
	s := h.security.within(t)
	s.visit(h.s.address + at + "/who")
	s.send("#indicator", "value", "10.20.40.77", "note", "the caller of the archive")
	s.until(h.s.address+at+"/who", "Beyond the incident")
	s.leave(chromedp.Click(`(//main//a[contains(@href, "/claims/new?about=infrastructure")])[1]`))
	s.send("#claim", "says", "A reading station that was retired in spring, on socket 4-117.", "source", "Marta Kolar", "grade_source", "B", "grade_information", "2", "hypothesis", "")
	s.sees("A reading station that was retired in spring")
	inspectIn(s.browser, "story-who", bedside)
	s.look(window{1280, 900, "light"})
	s.visit(h.s.address + at + "/timeline")
	s.send("#add", "what", "A porter saw a stranger in the office.", "certainty", "Undated", "source", "call of the porter")
	s.visit(h.s.address + at + "/timeline")
	s.do(chromedp.Click(`(//main//details[@class="marks"]/summary)[1]`))
	s.do(chromedp.SendKeys(`(//main//details[@open]//input[@name="text"])[1]`, "Here it began to show."))
	s.leave(chromedp.Click(`(//main//details[@open]//form/button)[1]`))
	s.sees("Here it began to show.")
	inspectIn(s.browser, "story-timeline", bedside)
	s.look(window{1280, 900, "light"})
	for form, holds := range map[string]string{"CSV": "10.20.40.77", "Timesketch": `"timestamp_desc"`} {
		s.visit(h.s.address + at + "/timeline")
		s.unfold("#export")
		for name, value := range map[string]string{"format": form, "to": "head of IT", "as": "the organisation", "reason": "analysis", "authority": "head of IT security"} {
			s.put(`#export [name="`+name+`"]`, value)
		}
		text, err := os.ReadFile(s.download(`//form[@id="export"]//button`))
		if err != nil || !strings.Contains(string(text), holds) {
			t.Errorf("the timeline as %s does not hold %s: %v", form, holds, err)
		}
	}
}

// keeps takes a photo with a phone, brings it in and seals it; and seals the records that show the theft.
func (h stBrannoc) keeps(t *testing.T, at string) {
	m, s := h.htm.within(t), h.security.within(t)
	m.look(bedside[0])
	m.visit(h.s.address + at + "/evidence/new")
	inspectIn(m.browser, "story-photo", bedside)
	m.look(bedside[0])
	m.send("#exhibit", "kind", "Photo", "description", "Screen of the workstation", "device", "Unknown workstation", "source", "office behind socket 4-117", "authority", "head of IT security", "method", "phone of the house, nothing was touched", "patients", "Minimised")
	m.unfold("#content [name=file]")
	photo := filepath.Join(t.TempDir(), "screen.jpg")
	if err := os.WriteFile(photo, []byte("\xff\xd8\xff\xe0 a photo of a screen"), 0o600); err != nil {
		t.Fatal(err)
	}
	m.send("#content", "file", photo)
	m.send("#seal")
	m.sees("sealed")
	m.sees("Chain of custody")
	inspectIn(m.browser, "story-sealed", bedside)
	m.look(window{1280, 900, "light"})

	s.visit(h.s.address + at)
	number := evaluate[string](s.browser, `document.querySelector("main").innerText.match(/INC-[0-9]{4}-[0-9]{4}/)[0]`)
	s.visit(h.s.address + "/events?q=10.20.40.77&last=7d")
	const take = `form[action="/events/evidence"]`
	s.unfold(take)
	s.put(take+` [name="incident"]`, number)
	s.put(take+` [name="authority"]`, "head of IT security")
	s.press("Take these events as evidence")
	s.sees("events are sealed as evidence")
	s.sees("sealed")
}

// tells names the legal entity and what it knows: its clocks start by themselves, and end with what was sent.
func (h stBrannoc) tells(t *testing.T, at string) {
	s := h.security.within(t)
	s.visit(h.s.address + at + "/entities/new")
	s.send("#entity", "name", "St. Brannoc Hospitals", "jurisdictions", "European Union", "roles", "Controller")
	entity := s.path()
	s.send("#facts", "fact.personal_data_breach", "Yes", "fact.no_risk_to_persons", "No")
	s.visit(h.s.address + at)
	s.sees("Reporting clocks")
	s.sees("running")
	inspectIn(s.browser, "story-clocks", bedside)
	s.look(window{1280, 900, "light"})
	// One report is filled in from what is known, approved by somebody else, and sent: its clock ends with it.
	s.visit(h.s.address + at + "/reports")
	s.press("Fill in")
	draft := s.path()
	h.quality.ready(t)
	q := h.quality.within(t)
	q.visit(h.s.address + draft)
	inspectIn(q.browser, "story-draft", bedside)
	q.look(window{1280, 900, "light"})
	q.sign("#approve", "reason", "what is not known follows with the next report")
	q.sees("approved")
	s.visit(h.s.address + draft)
	s.send("#send", "whom", "the data protection authority", "channel", "portal", "reference", "DPC-4711")
	s.sees("DPC-4711")
	// What else the entity owes is answered one by one.
	for left := 12; ; left-- {
		s.visit(h.s.address + entity)
		open := evaluate[string](s.browser, `Array.from(document.querySelectorAll("main table tbody tr")).filter(r => /running|overdue|waiting|may run/.test(r.innerText)).length.toString()`)
		if open == "0" {
			break
		}
		if left == 0 {
			s.fail(fmt.Errorf("%s duties are open", open))
		}
		s.send("#sent", "at", time.Now().UTC().Format("2006-01-02T15:04"), "evidence", "receipt of the authority, number 4711")
	}
}

// recovers keeps evidence, retires the workstation, clears the archive, lets containment return, and watches.
func (h stBrannoc) recovers(t *testing.T, at string) {
	m, s := h.htm.within(t), h.security.within(t)
	m.visit(h.s.address + at)
	device := func(words string, fields ...string) {
		m.visit(h.s.address + at)
		m.leave(chromedp.Click(fmt.Sprintf(`//section[@id="devices"]//tr[contains(., %q)]//a[contains(., "Say how it stands")]`, words)))
		m.send("#device", fields...)
	}
	device("workstation", "state", "Suspected")
	device("workstation", "state", "Confirmed compromised", "evidence", "Preserved", "evidence_note", "photo of the screen and copy of its memory, sealed")
	device("workstation", "state", "Contained")
	device("SB-10178", "state", "Cleared", "reason", "it answered as it was told; its programs are the maker's")
	device("SB-10167", "state", "Cleared", "reason", "it was asked whether it answers, and nothing more")
	s.visit(h.s.address + at + "/edit")
	s.send("#edit", "extent", "One retired reading station; 230 patients.", "root_cause", "The certificate of a retired reading station was never withdrawn, and the archive answers all of its segment.")
	s.send("#move", "to", "Eradicating")
	device("workstation", "state", "Retired", "reason", "wiped after its memory was copied")
	s.visit(h.s.address + at)
	s.send("#move", "to", "Recovering")
	m.visit(h.s.address + at)
	m.follow("L4")
	action := m.path()
	m.send("#return", "reason", "the workstation is gone")
	m.until(h.s.address+action, "returned")
	m.sees("seen by Switch of the offices")
	if h.offices.isShut("4-117") {
		t.Error("the action has returned, and the socket is shut")
	}
	s.visit(h.s.address + at)
	s.send("#move", "to", "Monitoring")
	s.sees("monitoring")
}

// learns says which step of the plan proved wrong, and which control of a decision failed: the procedure carries a caution at once, and
// the decision is open again.
func (h stBrannoc) learns(t *testing.T, at string) {
	s := h.security.within(t)
	s.visit(h.s.address + at + "/learned")
	inspectIn(s.browser, "story-learned", bedside)
	s.look(window{1280, 900, "light"})
	s.send("#step", "step", "log", "wrong", "The log has no place for callers that no list knows; an hour was lost.", "instead", "Write the address of every caller into the log.", "danger", "Somebody could be hurt")
	s.sees("SOP-26")
	s.visit(h.s.address + at + "/learned")
	s.send("#decision", "decision", "CT scanners behind the imaging firewall", "control", "Firewall: DICOM from the archive and the worklist only", "why", "A computer of the office network reached every address of the segment.")
	s.sees("CT scanners behind the imaging firewall")
	s.follow("CT scanners behind the imaging firewall")
	s.sees("It must be decided again.")
	if text := s.text(); !strings.Contains(text, "From INC-") {
		t.Errorf("the decision does not name the incident:\n%s", text)
	}
	inspectIn(s.browser, "story-decision", bedside)
	s.look(window{1280, 900, "light"})
	s.visit(h.s.address + at + "/learned")
	s.send("#rule", "why", "It names the caller, and needs no list.")
	s.sees("It names the caller")
	s.visit(h.s.address + at + "/learned")
	s.send("#check", "of", "Step log of SOP-26", "question", "Does the log of the next incident name every caller?", "owner", "Marta Kolar")
	s.sees("Does the log of the next incident name every caller?")
	s.visit(h.s.address + "/documents/SOP-26")
	s.sees("The log has no place for callers")
	inspectIn(s.browser, "story-caution", bedside)
	s.look(window{1280, 900, "light"})
}

// closes holds the review and closes the incident, which takes two people.
func (h stBrannoc) closes(t *testing.T, at string) {
	s, p := h.security.within(t), h.psirt.within(t)
	p.visit(h.s.address + "/overview")
	loops := evaluate[int](p.browser, `Number(Array.from(document.querySelectorAll(".figure")).find(f => f.textContent.includes("loops open")).querySelector(".value").textContent)`)
	now := time.Now().UTC()
	s.visit(h.s.address + at + "/edit")
	s.send("#edit", "lessons", "Withdraw the certificate of what is retired. Write down every caller.", "reviewed", now.Add(-time.Minute).Format("2006-01-02T15:04"), "retain_until", now.AddDate(10, 0, 0).Format("2006-01-02T15:04"))
	s.send("#move", "to", "Closed")
	s.sees("asked to close it")
	p.visit(h.s.address + at)
	p.send("#move", "to", "Closed")
	p.sees("closed")
	p.not("is still in force")
	inspectIn(p.browser, "story-closed", bedside)
	p.look(window{1280, 900, "light"})
	p.until(h.s.address+"/overview", fmt.Sprintf("%d\nloops open", loops+1)) // the decision is not made anew yet
}

// revises makes the next revision of the procedure: written, reviewed, approved by those who answer for it, learned by its readers, and
// in force.
func (h stBrannoc) revises(t *testing.T, at string) {
	for _, p := range []*player{h.htm, h.medical, h.security, h.regulatory, h.board, h.quality} {
		p.ready(t)
	}
	work := h.s.address + "/documents/SOP-26/work"
	m := h.htm.within(t)
	m.visit(h.s.address + at + "/learned")
	m.follow("Step log of SOP-26 proved wrong")
	change := m.path()
	inspectIn(m.browser, "story-change", bedside)
	m.look(window{1280, 900, "light"})
	m.press("Begin the revision")
	m.send("#revise", "reason", "the log had no place for callers that no list knows", "size", "Major")
	m.put("#st-do-3", "Log what was seen, by whom and when, and the address of every caller")
	m.put("#edit-reason", "the address of every caller")
	m.press("Save")
	m.send("#submit", "reason", "one step is different")
	m.sees("In review")
	decide := func(p *player) {
		on := p.within(t)
		signed := 0
		for range 4 { // one signature for each function that the person holds
			on.visit(work + "?revision=2.0")
			if !evaluate[bool](on.browser, `!!document.querySelector("#decide")`) {
				break
			}
			on.sign("#decide")
			on.sees("Your decision is signed.")
			signed++
		}
		if signed == 0 {
			on.fail(fmt.Errorf("%s has nothing to decide", p.name))
		}
	}
	for _, p := range []*player{h.medical, h.security, h.regulatory} {
		decide(p)
	}
	m.visit(work)
	m.send("#freeze")
	m.sees("The content is frozen.")
	m.sign("#open")
	m.sees("The approvers are asked.")
	for _, p := range []*player{h.htm, h.security, h.board, h.medical, h.quality} {
		decide(p)
	}
	m.visit(h.s.address + "/documents/SOP-26")
	m.not("revision 2.0, in force since") // nobody has learned it yet
	h.practises(t)
	for _, p := range []*player{h.board, h.regulatory} {
		p.within(t).learns("SOP-26", "2.0", "Clinical device incident", map[string]string{"q1": "3", "q2": "2", "q3": "2", "q4": "2", "q5": "2"})
	}
	m.until(h.s.address+"/documents/SOP-26", "revision 2.0, in force since")
	m.sees("the address of every caller")
	inspectIn(m.browser, "story-in-force", bedside)
	m.look(window{1280, 900, "light"})
	m.until(h.s.address+change, "released")
}

// practises runs the new revision as an exercise, before it is in force: whose hands must do it are watched by the quality manager, who
// signs for each of them that they can.
func (h stBrannoc) practises(t *testing.T) {
	m, s, c, r, q, i := h.htm.within(t), h.security.within(t), h.medical.within(t), h.regulatory.within(t), h.quality.within(t), h.psirt.within(t)
	task := `//main//li[contains(., "Practical, revision 2.0")]//a[starts-with(normalize-space(.), "SOP-26 ")]`
	var trainings []string
	for _, p := range []*player{m, s, c, i} {
		p.look(window{1280, 900, "light"})
		p.until(h.s.address+"/tasks", "Practical, revision 2.0")
		p.leave(chromedp.Click(task, chromedp.NodeVisible))
		trainings = append(trainings, p.path())
	}
	m.visit(h.s.address + trainings[0])
	m.press("Start the exercise")
	m.send("#start", "subject", "A caller that no list knows", "reason", "practical for revision 2.0")
	run := h.s.address + m.path()
	note := filepath.Join(t.TempDir(), "note.txt")
	if err := os.WriteFile(note, []byte("as it would be"), 0o600); err != nil {
		t.Fatal(err)
	}
	for _, step := range []struct {
		by     *player
		id     string
		fields []string
	}{
		{c, "patient", []string{"value", "Nobody is in danger."}}, {c, "call", []string{"note", "On one line."}}, {s, "log", []string{"value", "10.20.40.77 asked for all patients."}},
		{m, "ask-clinic", []string{"value", "Nothing depends on it."}}, {s, "declare", []string{"value", "Declared."}}, {s, "severity", []string{"value", "Cyber 3, clinical C2."}},
		{m, "plan-contain", []string{"value", "The socket of the caller; care loses nothing."}}, {c, "consent", nil}, {m, "volatile", []string{"files", note}},
		{s, "contain", []string{"value", "socket shut"}}, {s, "verify-contain", []string{"files", note}}, {i, "manufacturer", []string{"note", "Told.", "reason", "product security knows whom to call"}}, {s, "report", nil},
		{r, "tell", []string{"value", "The reading room knows."}}, {m, "clean", []string{"value", "wiped"}}, {m, "revalidate", []string{"value", "answers as it should"}}, {c, "return", nil}, {s, "close", nil},
	} {
		step.by.visit(run)
		for _, id := range []string{"command", "downtime"} { // what their condition asks for does not hold
			if step.id == "plan-contain" {
				step.by.send("#not-"+id, "reason", "the archive answers")
			}
		}
		if step.fields == nil {
			step.by.sign("#do-" + step.id)
		} else {
			step.by.send("#do-"+step.id, step.fields...)
		}
	}
	m.visit(run)
	m.sign("#finish", "outcome", "The address of the caller was in the log after three minutes.")
	for _, at := range trainings {
		q.visit(h.s.address + at)
		q.sign("#observe", "run", "A caller that no list knows", "note", "calm and complete")
		q.sees("Signatures")
	}
}
