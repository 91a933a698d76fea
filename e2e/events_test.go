package e2e

import (
	"bytes"
	"fmt"
	"net"
	"net/url"
	"os"
	"regexp"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

// theft is the alert that the records of the archive lead to.
const theft = "Theft of an image archive, from its audit trail"

var dayToken = regexp.MustCompile(`@-([0-9]+)T([0-9:]{8})@`)

// auditTrail is what the archive of the demonstration wrote: first its usual weeks, then the night of the theft. The usual days lie
// before today; the night is written from begin on, a hundredth of a second apart, as the fleet is known only since it was imported.
func auditTrail(t *testing.T, begin time.Time) (usual, night [][]byte) {
	t.Helper()
	text, err := os.ReadFile("../internal/content/demo/events/pacs-theft/archive.log")
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range bytes.Split(bytes.TrimRight(text, "\n"), []byte("\n")) {
		m := dayToken.FindSubmatch(line)
		if m == nil {
			t.Fatalf("a record without a time: %.80s", line)
		}
		days, err := strconv.Atoi(string(m[1]))
		if err != nil {
			t.Fatal(err)
		}
		stamp := begin.AddDate(0, 0, -days).Format(time.DateOnly) + "T" + string(m[2]) + "Z"
		late := days == 1 || days == 2 && string(m[2]) > "22"
		if late {
			stamp = begin.Add(time.Duration(len(night)) * 10 * time.Millisecond).Format("2006-01-02T15:04:05.000Z")
		}
		line = dayToken.ReplaceAll(line, []byte(stamp))
		if late {
			night = append(night, line)
		} else {
			usual = append(usual, line)
		}
	}
	return usual, night
}

// deliver sends records over TCP, each with its length before it (RFC 6587 section 3.4.1): the text of a record may break lines.
func deliver(t *testing.T, address string, records [][]byte) {
	t.Helper()
	c, err := net.Dial("tcp", address)
	if err != nil {
		t.Fatal(err)
	}
	for _, r := range records {
		if _, err := fmt.Fprintf(c, "%d %s", len(r), r); err != nil {
			t.Fatal(err)
		}
	}
	if err := c.Close(); err != nil {
		t.Fatal(err)
	}
}

// moveTo presses j until the row of a list with a text is the one that is looked at.
func (b *browser) moveTo(text string) {
	b.t.Helper()
	for range 50 {
		b.do(chromedp.KeyEvent("j"))
		if evaluate[bool](b, fmt.Sprintf(`document.querySelector("tr.at").textContent.includes(%q)`, text)) {
			return
		}
	}
	b.fail(fmt.Errorf("no row with %q is reached by j", text))
}

// From a sender that an administrator names, over the records of a theft, to an alert that an analyst closes: all through doors that
// a hospital uses, and the triage without a pointer.
func TestEventsFromASourceToATriagedAlert(t *testing.T) {
	door := freeAddress(t)
	t.Setenv("TRIWARD_SYSLOG_TCP", door)
	b := open(t)
	s := start(t)
	b.look(window{1280, 900, "light"})
	b.setUp(s)
	b.signIn(s, "nora", ownPassword)
	admin := &player{browser: b, s: s, login: "nora", name: "Nora Quist"}

	admin.visit(s.address + "/imports/new")
	admin.choose(sample(t, "imaging.csv"))
	admin.press("Look at it first")
	admin.press("Import 4 rows")
	admin.sees("of 4 rows applied")
	known := time.Now().UTC()

	admin.visit(s.address + "/sources/new")
	inspect(b, "source-new")
	b.look(window{1280, 900, "light"})
	admin.send("#source", "name", "Image archive", "transport", "Syslog over TCP", "identity", "127.0.0.1", "zone", "Europe/Berlin", "silence", "60", "owner", "PACS team")
	admin.sees("The source is added.")
	source := evaluate[string](b, `location.pathname`)

	usual, night := auditTrail(t, known)
	deliver(t, door, append(usual, night...))

	admin.until(s.address+source, fmt.Sprintf("%d records in the last three days", len(usual)+len(night)))
	analyst := admin.hire("tove", "Tove Lind", "IT security")
	analyst.until(s.address+"/alerts", theft)
	t.Run("triage by keyboard", func(t *testing.T) { analyst.triage(t) })
	t.Run("search", func(t *testing.T) { analyst.searches(t) })
	t.Run("pages", func(t *testing.T) { admin.eventPages(t, source) })
}

// freeAddress is an address of this machine that nobody listens on.
func freeAddress(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	return l.Addr().String()
}

// triage takes the theft from the queue and closes it, without a pointer.
func (p *player) triage(t *testing.T) {
	on := p.within(t)
	on.visit(on.s.address + "/alerts")
	inspect(on.browser, "events-alerts")
	on.look(window{1280, 900, "light"})
	on.moveTo(theft)
	on.do(chromedp.KeyEvent("j"), chromedp.KeyEvent("k"))
	on.do(chromedp.KeyEvent("o"), chromedp.WaitVisible(chromedp.CSS("#panel h2")))
	for _, want := range []string{theft, "caller STORESCU", "R-10", "Data centre", "In use now", "SOP-26"} {
		if got := evaluate[string](on.browser, `document.querySelector("#panel").innerText`); !strings.Contains(got, want) {
			t.Errorf("the panel does not say %q:\n%s", want, got)
		}
	}
	on.shot("events-panel-1280-light")

	on.leave(chromedp.KeyEvent("a"))
	on.sees("in triage, and yours")
	on.moveTo(theft)
	if row := evaluate[string](on.browser, `document.querySelector("tr.at").innerText`); !strings.Contains(row, "Tove Lind") {
		t.Errorf("the alert is not hers: %s", row)
	}
	on.leave(chromedp.KeyEvent(kb.Enter))
	on.sees("R-10")
	for _, want := range []string{"caller STORESCU", "Data centre", "In use now", "Refuse the one caller"} {
		if !strings.Contains(on.text(), want) {
			t.Errorf("the alert does not say %q:\n%s", want, on.text())
		}
	}
	inspect(on.browser, "events-alert-theft")
	on.look(window{1280, 900, "light"})
	address := evaluate[string](on.browser, `location.pathname`)

	on.leave(chromedp.KeyEvent("c"))
	on.sees("Reason")
	inspect(on.browser, "events-close")
	on.look(window{1280, 900, "light"})
	on.tabTo(`document.activeElement.name === "reason"`)
	for range 10 { // of one question the arrows choose
		if evaluate[string](on.browser, `document.querySelector("[name=reason]:checked")?.value ?? ""`) == "exercise" {
			break
		}
		on.do(chromedp.KeyEvent(kb.ArrowDown))
	}
	on.tabTo(`document.activeElement.name === "note"`)
	on.do(chromedp.KeyEvent("A drill with the PACS team: the caller is theirs."))
	on.tabTo(`document.activeElement.matches("#move button")`)
	on.leave(chromedp.KeyEvent(kb.Enter))
	on.sees("1 alert is closed.")
	on.visit(on.s.address + address)
	for _, want := range []string{"exercise", "A drill with the PACS team: the caller is theirs.", "Tove Lind"} {
		if !strings.Contains(on.text(), want) {
			t.Errorf("the closed alert does not say %q:\n%s", want, on.text())
		}
	}
	on.visit(on.s.address + "/alerts")
	on.not(theft)

	// What a single rule saw is explained field by field.
	on.moveTo("Question for all patients")
	on.leave(chromedp.KeyEvent(kb.Enter))
	for _, want := range []string{"query.wide", "true", "110112", "R-10", "Data centre", "In use now"} {
		if !strings.Contains(on.text(), want) {
			t.Errorf("the alert does not say %q:\n%s", want, on.text())
		}
	}
	inspect(on.browser, "events-alert-query")
}

// searches finds the records of the night, and none of a caller that was not there.
func (p *player) searches(t *testing.T) {
	on := p.within(t)
	on.look(window{1280, 900, "light"})
	on.visit(on.s.address + "/events")
	on.put("#f-q", "STORESCU")
	on.leave(chromedp.KeyEvent(kb.Enter))
	on.sees("R-10")
	inspect(on.browser, "events-search")
	on.look(window{1280, 900, "light"})
	on.moveTo("R-10")
	on.leave(chromedp.KeyEvent(kb.Enter))
	on.sees("Original record")
	on.sees("STORESCU")
	inspect(on.browser, "events-event")
	on.visit(on.s.address + "/events?" + url.Values{"q": {"NOTTHERE"}}.Encode())
	on.sees("No event fits")
}

// eventPages looks at what is beside the queue.
func (p *player) eventPages(t *testing.T, source string) {
	for name, address := range map[string]string{"events-sources": "/sources", "events-source": source, "events-rules": "/rules", "events-coverage": "/detection-coverage",
		"events-baselines": "/baselines", "events-notifications": "/notifications", "events-blind": "/blind-intervals"} {
		t.Run(name, func(t *testing.T) {
			on := p.within(t)
			on.look(window{1280, 900, "light"})
			on.visit(on.s.address + address)
			inspect(on.browser, name)
		})
	}
	t.Run("events-rule", func(t *testing.T) {
		on := p.within(t)
		on.look(window{1280, 900, "light"})
		on.visit(on.s.address + "/rules?q=pacs-heist")
		on.moveTo(theft)
		on.leave(chromedp.KeyEvent(kb.Enter))
		on.sees(theft)
		inspect(on.browser, "events-rule")
	})
}

// within is the player for a part of a test.
func (p *player) within(t *testing.T) *player {
	on, b := *p, *p.browser
	b.t, on.browser = t, &b
	return &on
}
