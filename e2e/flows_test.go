package e2e

import (
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

const ownPassword = "seven grey herons at noon"

// sample copies a file or folder of testdata to a place that the program can read by an absolute path.
func sample(t *testing.T, name string) string {
	t.Helper()
	at, err := filepath.Abs(filepath.Join("testdata", name))
	if err != nil {
		t.Fatal(err)
	}
	if _, err := os.Stat(at); err != nil {
		t.Fatal(err)
	}
	return at
}

// setUp opens the one-time link and makes the first account.
func (b *browser) setUp(s server) {
	b.t.Helper()
	b.visit(s.setup)
	b.fill("Your name", "Nora Quist")
	b.fill("Login", "nora")
	b.fill("E-mail address", "nora@hillside.example")
	b.fill("Password", ownPassword)
	b.fill("Password again", ownPassword)
	b.press("Set up Triward")
	b.sees("Sign in")
}

// choose puts a file into the file field of the page.
func (b *browser) choose(file string) {
	b.t.Helper()
	b.do(chromedp.SetUploadFiles(chromedp.CSS(`input[type=file]`), []string{file}))
}

// importFleet imports the sample fleet and leaves out the one row with a fault.
func (b *browser) importFleet(s server) {
	b.t.Helper()
	b.visit(s.address + "/imports/new")
	b.choose(sample(b.t, "fleet.csv"))
	b.press("Look at it first")
	b.sees("borrowed")
	b.do(chromedp.Click(chromedp.CSS(`input[name=skip]`), chromedp.NodeVisible))
	b.press("Import 4 rows")
	b.sees("of 4 rows applied")
}

// The first hour of a hospital: from the link that the program prints to the first decision.
func TestFirstSteps(t *testing.T) {
	b := open(t)
	s := start(t)
	b.look(window{1280, 900, "light"})
	b.setUp(s)
	b.signIn(s, "nora", ownPassword)
	b.importFleet(s)

	b.visit(s.address + "/feeds/new")
	b.fill("Name", "Makers")
	b.do(chromedp.SetValue(labelled("What it holds"), "csaf"))
	b.fill("Address", "file:"+sample(t, "advisories"))
	b.press("Add the feed")
	b.press("Load now")

	// The ranked list follows by itself within seconds.
	b.until(s.address+"/risk", "P-1")
	b.sees("CVE-2026-900901")
	text := b.text()
	if !strings.Contains(text, "P-3") || strings.Contains(text, "P-2") || strings.Contains(text, "M-1") {
		t.Errorf("the list should hold P-1 (affected) and P-3 (its version is not known) alone:\n%s", text)
	}
	b.leave(chromedp.Click(`//tr[.//a[normalize-space(.)="P-1"]]//a[normalize-space(.)="why"]`))
	b.sees("version 2.3 is < 2.4")
	b.sees("uncontrolled")

	b.press("Decide")
	b.do(chromedp.SetValue(labelled("Treatment"), "fix"), chromedp.SetValue(labelled("Due"), "2031-01-31"))
	b.fill("Reason", "The update is out and takes ten minutes.")
	b.press("Decide for")
	b.sees("Nora Quist")
	b.visit(s.address + "/decisions")
	b.sees("CVE-2026-900901")
}

// Nobody needs a mouse.
func TestKeyboard(t *testing.T) {
	b := open(t)
	s := start(t, "--demo")
	b.look(window{1280, 900, "light"})
	b.visit(s.address + "/sign-in")
	if on := evaluate[string](b, `document.activeElement.name || ""`); on != "login" {
		b.tabTo(`document.activeElement.name === "login"`)
	}
	b.do(chromedp.KeyEvent("admin"), chromedp.KeyEvent(kb.Tab), chromedp.KeyEvent(s.password))
	b.leave(chromedp.KeyEvent(kb.Enter))

	b.leave(chromedp.KeyEvent("g"), chromedp.KeyEvent(key(b, "Risks")))
	b.do(chromedp.WaitVisible(chromedp.CSS("table[data-rows]")))
	b.do(chromedp.KeyEvent("j"), chromedp.KeyEvent("j"))
	if row := evaluate[int](b, `Array.from(document.querySelectorAll("table[data-rows] tbody tr")).findIndex(r => r.contains(document.activeElement))`); row != 1 {
		t.Errorf("after j twice the focus is in row %d, not 1", row)
	}
	b.tabTo(`document.activeElement.textContent.trim() === "why"`)
	if !evaluate[bool](b, `document.activeElement.matches(":focus-visible") && getComputedStyle(document.activeElement).outlineStyle !== "none"`) {
		t.Error("the focus on \"why\" cannot be seen")
	}
	b.leave(chromedp.KeyEvent(kb.Enter))
	b.sees("Exploitability")
	if at := evaluate[string](b, `location.pathname`); !strings.HasPrefix(at, "/risk/dev_") {
		t.Errorf("Enter on \"why\" leads to %s", at)
	}
}

// key is the letter that leads to a page after g.
func key(b *browser, words string) string {
	return evaluate[string](b, fmt.Sprintf(`Array.from(document.querySelectorAll("a[data-go]")).find(a => a.textContent.trim() === %q)?.dataset.go || "?"`, words))
}

// tabTo presses Tab until the focus is where a condition of the page holds.
func (b *browser) tabTo(condition string) {
	b.t.Helper()
	for range 200 {
		b.do(chromedp.KeyEvent(kb.Tab))
		if evaluate[bool](b, condition) {
			return
		}
	}
	b.fail(fmt.Errorf("the Tab key does not lead to where %s", condition))
}

// Everything but the charts works without JavaScript.
func TestWithoutJavaScript(t *testing.T) {
	b := open(t)
	s := start(t)
	b.look(window{1280, 900, "light"})
	b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true})
		return chromedp.Void{}, err
	})
	b.setUp(s)
	b.signIn(s, "nora", ownPassword)
	b.importFleet(s)
	b.visit(s.address + "/devices")
	b.sees("P-1")
	if evaluate[bool](b, `typeof htmx !== "undefined"`) {
		t.Error("scripts of the page ran")
	}
}
