package e2e

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const wardRule = `---
id: WI-91
title: Plug of the ward
level: instruction
for: [hospital]
owner_role: clinical_engineering
review_months: 12
approvals: {approve: [quality]}
retention: P10Y
---

Ask the ward before you unplug anything.
`

// TestDocumentsUnderControl goes the ways beside the common one: a file that is no document, a delegate who signs with
// the keyboard alone, a waiver, and a withdrawal that takes two.
func TestDocumentsUnderControl(t *testing.T) {
	h := newHouse(t)
	dir := t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	at := func(path string) string { return h.s.address + "/documents/WI-91" + path }

	for name, text := range map[string]string{"letter.txt": "This is no document.", "letter.docx": "This is no document either.", "letter.pdf": "%PDF-1.7 cut"} {
		h.anna.visit(h.s.address + "/documents/new?content=uploaded")
		h.anna.send("#new", "code", "FRM-91", "title", "Letter", "level", "Template", "owner_role", "Quality", "approve", "Quality", "file", file(name, text), "reason", "to see what happens")
		if text := h.anna.text(); !strings.Contains(text, "DOCX, XLSX or PDF") && !strings.Contains(text, "cannot be read") && !strings.Contains(text, "is not a") {
			t.Errorf("AC-06 %s: the page says %q", name, text)
		}
	}
	h.anna.shot("upload-refused-1280-light")
	h.anna.visit(h.s.address + "/documents?state=draft")
	h.anna.not("FRM-91")
	h.anna.heard.since() // the console speaks of the refusals

	h.s.command(t, "document", "add", file("rule.md", wardRule), "--reason", "nobody asks")
	h.quinn.visit(h.s.address + "/functions")
	h.quinn.send("#delegate", "function", "Quality", "account", h.iris.name, "until", time.Now().AddDate(0, 0, 7).Format("2006-01-02"), "reason", "on leave")
	h.iris.visit(h.s.address + "/functions")
	h.iris.sees("for " + h.quinn.name)

	h.anna.visit(at("/work"))
	h.anna.send("#submit", "reason", "short as it is")
	h.anna.send("#freeze")
	h.anna.sign("#open")
	h.anna.sees("The approvers are asked.")
	h.keyboard(t, at("/work"))
	h.iris.visit(at("/work?revision=1.0"))
	h.iris.sees("as a delegate")
	h.iris.until(at(""), "in force since")

	h.quinn.visit(at("/control"))
	h.quinn.sign("#deviation", "kind", "Waiver", "text", "At night the ward is told afterwards.", "risk", "Nobody is connected at night.", "until", time.Now().AddDate(0, 0, 3).Format("2006-01-02"), "reason", "the ward is closed at night")
	h.quinn.sees("At night the ward is told afterwards.")
	h.iris.visit(at(""))
	h.iris.sees("At night the ward is told afterwards.")

	h.quinn.visit(at("/work?revision=1.0"))
	h.quinn.sign("#withdraw", "reason", "the plug is not what matters")
	h.iris.visit(at(""))
	h.iris.sees("in force since")
	h.anna.visit(at("/work?revision=1.0"))
	h.anna.sign("#withdraw", "reason", "so it is")
	h.iris.visit(at(""))
	h.iris.not("in force since")
	h.iris.visit(at("/revisions/1.0"))
	h.iris.sees("Withdrawn")
	h.iris.shot("withdrawn-1280-light")
	for _, p := range []*player{h.admin, h.anna, h.quinn, h.iris} {
		if said := p.heard.since(); len(said) > 0 {
			t.Errorf("the console of %s said %q", p.login, said)
		}
	}
}

// keyboard lets Iris open what waits for her and sign it, without a mouse.
func (h house) keyboard(t *testing.T, work string) {
	t.Helper()
	p := h.iris
	p.visit(h.s.address + "/")
	p.leave(chromedp.KeyEvent("g"), chromedp.KeyEvent(key(p.browser, "My tasks")))
	p.tabTo(`!!document.activeElement.closest("main") && document.activeElement.textContent.includes("WI-91")`)
	p.leave(chromedp.KeyEvent(kb.Enter))
	if at := evaluate[string](p.browser, `location.pathname`); !strings.HasPrefix(at, "/documents/WI-91") {
		t.Fatalf("Enter on the task leads to %s", at)
	}
	in := func(name string) string {
		return fmt.Sprintf(`document.activeElement.name === %q && !!document.activeElement.closest("#decide")`, name)
	}
	if evaluate[bool](p.browser, `!document.querySelector("#decide")`) {
		p.visit(work)
	}
	if evaluate[bool](p.browser, `!!document.querySelector("#decide [name=password]")`) {
		p.tabTo(in("password"))
		p.do(chromedp.KeyEvent(storyPassword))
	}
	if evaluate[bool](p.browser, `!!document.querySelector("#decide [name=code]")`) {
		p.tabTo(in("code"))
		p.do(chromedp.KeyEvent(p.code()))
	}
	p.tabTo(`document.activeElement.matches("#decide .form-actions button:not([type=button])")`)
	if !evaluate[bool](p.browser, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
		t.Error("the focus on the button that signs cannot be seen")
	}
	p.leave(chromedp.KeyEvent(kb.Enter))
	p.sees("Your decision is signed.")
}
