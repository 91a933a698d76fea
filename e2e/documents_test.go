package e2e

import (
	"errors"
	"fmt"
	"regexp"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
)

// The text of the procedure that the story is about.
const (
	alarmText = `## Purpose

The ward hears at once when an infusion pump can no longer be trusted on the network.

## Scope

Every infusion pump of Hillside that reports to the pump server.
`
	alarmQuiz = `quiz:
  - {id: q1, ask: "Whom do you tell first?", choices: ["The ward", "The maker", "Nobody"], right: [1]}
  - {id: q2, ask: "When is the pump put back on the network?", choices: ["When it is quiet", "When IT security says so"], right: [2]}
`
)

// steps of the procedure: id, what to do, who, record, evidence, after.
var alarmSteps = [][6]string{
	{"tell-ward", "Tell the ward that the pump is taken off the network.", "Clinical engineering", "Note", "None", ""},
	{"take-off", "Unplug the network cable of the pump.", "Clinical engineering", "File", "Required", "tell-ward"},
	{"release", "Decide whether the pump may come back.", "IT security", "Decision", "Required", "take-off"},
}

// house is the people of the story.
type house struct {
	s                        server
	admin, anna, quinn, iris *player // runs Triward; clinical engineering, the author; quality; IT security
}

func newHouse(t *testing.T) house {
	t.Helper()
	b := open(t)
	h := house{s: start(t)}
	b.look(window{1280, 900, "light"})
	b.setUp(h.s)
	b.signIn(h.s, "nora", ownPassword)
	h.admin = &player{browser: b, s: h.s, login: "nora", name: "Nora Quist"}
	h.quinn = h.admin.hire("quinn", "Quinn Osei", "Administrator")
	h.anna = h.admin.hire("anna", "Anna Brandt", "Clinical engineer")
	h.iris = h.admin.hire("iris", "Iris Vale", "IT security")
	// Who gave somebody the means to sign in does not say who they are: Nora made the links, Quinn looks at the passes.
	h.quinn.visit(h.s.address + h.anna.page)
	h.quinn.send("#identity", "how", "In person", "evidence", "Staff pass")
	h.quinn.sees("somebody must verify who you are")
	h.quinn.heard.since() // the console speaks of the refusal
	h.s.command(t, "people", "verify", "quinn", "--evidence", "Passport")
	h.quinn.acknowledge()
	h.quinn.vouch(h.anna)
	h.quinn.vouch(h.iris)
	for _, x := range []struct{ function, name string }{
		{"Clinical engineering", h.anna.name}, {"Quality", h.quinn.name}, {"IT security", h.iris.name}, {"Process owner", h.quinn.name},
	} {
		h.admin.visit(h.s.address + "/functions")
		h.admin.send("#assign", "function", x.function, "account", x.name, "reason", "named by the board")
	}
	return h
}

// at is the address of a page of the procedure.
func (h house) at(path string) string { return h.s.address + "/documents/SOP-90" + path }

// write begins the procedure and writes it in the editor: front matter, steps, text, with the preview beside it.
func (h house) write(t *testing.T) {
	a := h.anna
	a.visit(h.s.address + "/documents/new")
	a.send("#new", "code", "SOP-90", "title", "Pump alarm on the network", "level", "Procedure", "owner_role", "Quality",
		"approve", "Quality|IT security", "reason", "nobody knows who unplugs what")
	a.sees("Edit SOP-90")
	for i, st := range alarmSteps {
		a.unfold("button[name=step][value=add]")
		a.leave(chromedp.Click(chromedp.CSS("button[name=step][value=add]"), chromedp.NodeVisible))
		for name, value := range map[string]string{"id": st[0], "do": st[1], "role": st[2], "record": st[3], "ev": st[4], "after": st[5]} {
			a.put(fmt.Sprintf("#st-%s-%d", name, i+1), value)
		}
	}
	for name, value := range map[string]string{"review": "IT security", "training": "Quiz", "audience": "Clinical engineering|IT security", "pass": "80",
		"attempts": "3", "due_days": "14", "threshold": "100", "more": alarmQuiz} {
		a.unfold("form.editor [name=" + name + "]")
		a.put("form.editor [name="+name+"]", value)
	}
	a.put("#edit-text", alarmText)
	a.do(chromedp.WaitVisible(`//*[@id="preview"]//*[contains(., "can no longer be trusted")]`), chromedp.WaitVisible(`//*[@id="preview"]//*[contains(., "Unplug the network cable")]`))
	a.shot("editor-1280-light")
	a.put("#edit-reason", "first draft")
	a.press("Save")
	a.sees("Draft")
}

// lineOf is the number of the line of the source that holds a text.
func (p *player) lineOf(text string) string {
	p.t.Helper()
	return evaluate[string](p.browser, fmt.Sprintf(`Array.from(document.querySelectorAll("table.lines tr[id]")).find(r => r.textContent.includes(%q))?.id.replace("line-", "") || "none"`, text))
}

// review is two rounds: a comment with a suggestion that is taken over, changes that are asked for, and a review that is signed.
func (h house) review(t *testing.T) {
	a, i := h.anna, h.iris
	a.send("#submit", "reason", "please read the order of the steps")
	a.sees("In review")

	i.visit(h.at("/work"))
	i.visit(h.at("/work?revision=1.0&line=" + i.lineOf("Every infusion pump of Hillside")))
	i.send("#comment", "text", "The syringe pumps report there too.", "suggests", "", "suggestion", "Every infusion and syringe pump of Hillside that reports to the pump server.")
	i.sees("1 comment open")
	i.send("#back", "reason", "Say who tells the maker.")
	i.sees("Changes requested")
	a.visit(h.at("/work"))
	a.press("Take over")
	a.sees("The comment is settled.")
	a.sees("Every infusion and syringe pump of Hillside")
	a.visit(h.at("/edit"))
	a.put("#edit-text", strings.Replace(alarmText, "infusion pump of", "infusion and syringe pump of", 1)+"\nQuality tells the maker.\n")
	a.put("#edit-reason", "who tells the maker")
	a.press("Save")
	a.send("#submit", "reason", "the maker is in")
	a.sees("round 2")

	i.visit(h.at("/rounds?revision=1.0"))
	if text := i.text(); !strings.Contains(text, "Quality tells the maker.") || !strings.Contains(text, "3 lines added") {
		t.Errorf("the rounds differ by %s", text)
	}
	i.shot("rounds-1280-light")
}

// approve signs the review, freezes, signs as author with a planned instant, and approves with two people.
func (h house) approve(t *testing.T, label string, planned time.Time) {
	a, i, q := h.anna, h.iris, h.quinn
	i.visit(h.at("/work?revision=" + label))
	i.withoutScripts(true) // signing needs no scripts
	i.visit(h.at("/work?revision=" + label))
	i.sees("Agree to the review")
	i.sign("#decide")
	i.sees("Your decision is signed.")
	i.withoutScripts(false)

	a.visit(h.at("/work"))
	a.send("#freeze")
	a.sees("The content is frozen.")
	var when []string
	if !planned.IsZero() {
		when = []string{"planned", planned.UTC().Format("2006-01-02T15:04:05")}
	}
	a.sign("#open", when...)
	a.sees("The approvers are asked.")
	a.not("Sign the approval") // the author holds none of the functions

	for _, p := range []*player{q, i} {
		p.visit(h.at("/work?revision=" + label))
		p.sign("#decide")
		p.sees("Your decision is signed.")
	}
}

// learns answers the quiz of a revision and signs that it was understood.
func (p *player) learns(code, label, sees string, answers map[string]string) {
	p.t.Helper()
	p.until(p.s.address+"/tasks", "revision "+label)
	p.leave(chromedp.Click(fmt.Sprintf(`//main//li[contains(., %q)]//a[starts-with(normalize-space(.), %q)]`, "revision "+label, code+" "), chromedp.NodeVisible))
	p.sees(sees)
	asked := strings.Fields(evaluate[string](p.browser, `[...new Set(Array.from(document.querySelectorAll("#quiz fieldset input")).map(i => i.name))].join(" ")`)) // of a change only what it changed
	for _, name := range asked {
		p.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`[name=%q][value=%q]`, name, answers[name])), chromedp.NodeVisible))
	}
	p.leave(chromedp.Click(chromedp.CSS("#quiz button.primary"), chromedp.NodeVisible))
	p.sign("#sign")
	p.sees("Signatures")
}

// learn is what each of the house does with the procedure.
func (h house) learn(p *player, label, sees string) {
	p.t.Helper()
	p.learns("SOP-90", label, sees, map[string]string{"q1": "1", "q2": "2"})
}

// inForce waits until a revision is in force, and fails when it is so before its instant.
func (h house) inForce(t *testing.T, label string, planned time.Time) {
	t.Helper()
	for end := planned.Add(step); ; {
		h.admin.visit(h.at(""))
		text := h.admin.text()
		on := strings.Contains(text, "revision "+label+", in force since")
		switch now := time.Now(); {
		case on && now.Before(planned):
			t.Fatalf("revision %s is in force %v too early", label, planned.Sub(now))
		case on:
			return
		case now.After(end):
			h.admin.fail(fmt.Errorf("revision %s is not in force %v after its instant", label, now.Sub(planned)))
		}
	}
}

// status is what somebody who holds a print and has no account learns of it.
func (h house) status(label string) string {
	h.admin.visit(h.at("/revisions/" + label + "/shown"))
	token := regexp.MustCompile(`/status/[A-Za-z0-9_-]+`).FindString(evaluate[string](h.admin.browser, `document.documentElement.outerHTML`))
	if token == "" {
		h.admin.fail(errors.New("no address of a status page stands on the print"))
	}
	b := h.admin.beside()
	b.look(window{390, 844, "dark"})
	b.visit(h.s.address + token)
	b.shot("status-" + label + "-390-dark")
	return b.text()
}

// supersede takes a second revision into force.
func (h house) supersede(t *testing.T) {
	a := h.anna
	a.visit(h.at("/revise"))
	a.send("#revise", "reason", "the switch is quicker than the cable", "size", "Major")
	a.put("#st-do-2", "Disable the port of the pump at the switch.")
	a.put("#edit-reason", "the port in place of the cable")
	a.press("Save")
	a.send("#submit", "reason", "one step is different")
	a.sees("In review")
	h.approve(t, "2.0", time.Time{})
	h.learn(h.iris, "2.0", "What changed since you signed revision 1.0")
	h.learn(h.anna, "2.0", "What changed since you signed revision 1.0")
	h.inForce(t, "2.0", time.Now())
	a.visit(h.at("/revisions/1.0"))
	a.sees("Superseded.")
	a.shot("superseded-1280-light")
	a.press("Go to the revision in force")
	a.sees("Disable the port of the pump")
}

// crisis runs the procedure on a telephone, with evidence, until a step proves wrong.
func (h house) crisis(t *testing.T) {
	a := h.anna
	a.look(window{390, 844, "light"})
	a.visit(h.s.address + "/runs/new?code=SOP-90")
	a.send("#start", "code", "SOP-90", "subject", "Pump P-1 on ward 3", "reason", "the pump reports a rate that nobody set")
	a.sees("0 of 3 steps settled")
	if over := evaluate[int](a.browser, `document.scrollingElement.scrollWidth - window.innerWidth`); over > 0 {
		t.Errorf("the run is %d pixels wider than the telephone", over)
	}
	run := evaluate[string](a.browser, `location.pathname`)
	a.send("#do-tell-ward", "note", "Told the nurse in charge by voice.")
	a.sees("1 of 3 steps settled")
	a.send("#do-take-off", "note", "Port 14 of switch 3 is off.", "files", sample(t, "fleet.csv"))
	a.sees("fleet.csv")
	a.sees("Disable the port of the pump at the switch.")
	a.not("<nil>")
	a.shot("run-390-light")

	a.visit(h.s.address + run + "/steps/take-off/wrong")
	a.sees("on it")
	a.send("#wrong", "wrong", "The port is shared with the monitor of the next bed.", "danger", "A patient is not watched.", "instead", "Unplug the cable of the pump.")
	a.sees("is wrong")
	if text := a.text(); !strings.Contains(text, "Training") || !strings.Contains(text, "Pump P-1 on ward 3") {
		t.Errorf("who learned the step, and this run, rely on it: %s", text)
	}
	a.sees("Prepare a temporary instruction")
	a.shot("wrong-390-light")
	h.iris.until(h.at(""), "The port is shared with the monitor of the next bed.")
	h.iris.sees("Caution.")
	h.iris.shot("caution-1280-light")
	a.until(h.s.address+run+"/steps/take-off/wrong", "open it")
	a.press("open it")
	a.sees("The port is shared with the monitor of the next bed.")
	a.sees("Unplug the cable of the pump.")
	if text := h.status("2.0"); !strings.Contains(text, "a step in it has proved wrong") {
		t.Errorf("the status page of what is in force with a caution says %q", text)
	}
	h.iris.until(h.s.address+"/tasks", "The port is shared with the monitor")
	a.look(window{1280, 900, "light"})
}

// TestDocumentsStory is the life of one procedure: written, reviewed, approved, learned, in force, replaced, run, and
// found wrong, and shown to an authority.
func TestDocumentsStory(t *testing.T) {
	h := newHouse(t)
	h.write(t)
	h.review(t)
	planned := time.Now().Add(30 * time.Second).Truncate(time.Second)
	h.approve(t, "1.0", planned)
	h.learn(h.iris, "1.0", "Pump alarm on the network")
	h.learn(h.anna, "1.0", "Pump alarm on the network")
	h.inForce(t, "1.0", planned)
	if text := h.status("1.0"); !strings.Contains(text, "This print may be used") {
		t.Errorf("the status page says %q", text)
	}
	h.supersede(t)
	if text := h.status("1.0"); !strings.Contains(text, "Do not use this print. Revision 2.0 is in force now.") {
		t.Errorf("the status page of what was superseded says %q", text)
	}
	h.crisis(t)
	h.inquiry(t)
	for _, p := range []*player{h.admin, h.anna, h.quinn, h.iris} {
		if said := p.heard.since(); len(said) > 0 {
			t.Errorf("the console of %s said %q", p.login, said)
		}
	}
}
