package e2e

import (
	"context"
	_ "embed"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"
)

//go:embed testdata/axe.min.js
var axe string

// action is one thing that a person does.
type action = chromedp.Action[chromedp.Void]

// step bounds one step of a person: a page that takes longer is broken.
const step = 20 * time.Second

// browser is one window of Chromium with a profile of its own.
type browser struct {
	t     *testing.T
	ctx   context.Context
	heard *heard
}

// open starts Chromium, or skips the test where there is none.
func open(t *testing.T) *browser {
	t.Helper()
	var file string
	for _, name := range []string{"chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			file = found
			break
		}
	}
	if file == "" {
		if os.Getenv("TRIWARD_TEST_REQUIRE") != "" {
			t.Fatal("Chromium is required and not installed")
		}
		t.Skip("Chromium is not installed")
	}
	o := []chromedp.ExecAllocatorOption{chromedp.ExecPath(file), chromedp.UserDataDir(t.TempDir()), chromedp.NoFirstRun, chromedp.NoSandbox, chromedp.Headless,
		chromedp.DisableGPU, chromedp.Flag("disable-quic", true), chromedp.Flag("disable-background-networking", true),
		chromedp.Flag("disable-component-update", true), chromedp.Flag("disable-sync", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("lang", "en"), chromedp.Flag("force-color-profile", "srgb"), chromedp.Flag("hide-scrollbars", true)}
	allocator, cancelAllocator := chromedp.NewExecAllocator(context.Background(), o...)
	ctx, cancel := chromedp.NewContext(allocator)
	t.Cleanup(func() { cancel(); cancelAllocator() })
	b := &browser{t: t, ctx: ctx, heard: &heard{}}
	if err := chromedp.Do(ctx); err != nil {
		t.Fatalf("start %s: %v", file, err)
	}
	b.listen()
	return b
}

// listen keeps what the console says.
func (b *browser) listen() {
	messages := chromedp.Console(b.ctx)
	go func() {
		for m, err := range messages {
			if err != nil {
				return
			}
			b.heard.note(m)
		}
	}()
}

// heard is what the console said.
type heard struct {
	mu     sync.Mutex
	faults []string
}

// note keeps errors, warnings, and what the content security policy refused.
func (h *heard) note(m chromedp.ConsoleMessage) {
	switch {
	case m.Type == chromedp.ConsoleError, m.Type == chromedp.ConsoleWarning, m.IsException(), m.Source == "security", strings.Contains(m.Text, "Content Security Policy"):
		h.mu.Lock()
		defer h.mu.Unlock()
		h.faults = append(h.faults, m.String()+" "+m.URL)
	}
}

// since is what the console said since it was asked last.
func (h *heard) since() []string {
	h.mu.Lock()
	defer h.mu.Unlock()
	out := h.faults
	h.faults = nil
	return out
}

// do runs steps of a person, each within its time.
func (b *browser) do(actions ...action) {
	b.t.Helper()
	for i, a := range actions {
		ctx, cancel := context.WithTimeout(b.ctx, step)
		err := chromedp.Do(ctx, a)
		cancel()
		if err != nil {
			b.fail(fmt.Errorf("step %d: %w", i+1, err))
		}
	}
}

// fail ends the test with a picture of where it stood.
func (b *browser) fail(err error) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	where, _ := chromedp.Run(ctx, chromedp.Location())
	text, _ := chromedp.Run(ctx, chromedp.Evaluate[string](`document.body ? (document.querySelector("main") ?? document.body).innerText.slice(0, 1500) : ""`))
	b.shot("failed-" + strings.ReplaceAll(b.t.Name(), "/", "-"))
	b.t.Fatalf("%v\nat %s\n%s", err, where, text)
}

// visit opens an address and waits until the page and its scripts are there.
func (b *browser) visit(address string) {
	b.t.Helper()
	b.do(chromedp.Navigate(address), chromedp.WaitReady(chromedp.CSS("body")))
}

// leave does what leads to another page, and waits for it.
func (b *browser) leave(actions ...action) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	if _, err := chromedp.RunResponse(ctx, actions...); err != nil {
		b.fail(fmt.Errorf("go to the next page: %w", err))
	}
	b.do(chromedp.WaitReady(chromedp.CSS("body")))
}

// fill types into a field that is found by the words of its label.
func (b *browser) fill(label, text string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(labelled(label)), chromedp.SendKeys(labelled(label), text))
}

// labelled is the path to the field of a label.
func labelled(label string) string {
	return fmt.Sprintf(`//*[@id=//label[starts-with(normalize-space(.), %q)]/@for] | //label[starts-with(normalize-space(.), %q)]//*[self::input or self::select or self::textarea]`, label, label)
}

// button is the path to a button or a link that looks like one, by its words.
func button(words string) string {
	return fmt.Sprintf(`//main//*[self::button or self::a][starts-with(normalize-space(.), %q)]`, words)
}

// press clicks a button or link by its words and waits for the page behind it.
func (b *browser) press(words string) {
	b.t.Helper()
	b.leave(chromedp.Click(button(words), chromedp.NodeVisible))
}

// sees waits until a text is on the page.
func (b *browser) sees(text string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(fmt.Sprintf(`(//main//*[text()[contains(normalize-space(.), %q)]])[1]`, text)))
}

// evaluate asks the page something.
func evaluate[T any](b *browser, script string) T {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	v, err := chromedp.Run(ctx, chromedp.Evaluate[T](script, chromedp.EvalAwaitPromise))
	if err != nil {
		b.fail(fmt.Errorf("ask the page: %w", err))
	}
	return v
}

// window is how a page is looked at.
type window struct {
	width, height int64
	scheme        string // light or dark
}

func (w window) name() string { return fmt.Sprintf("%d-%s", w.width, w.scheme) }

func (b *browser) look(w window) {
	b.t.Helper()
	b.do(chromedp.EmulateViewport(w.width, w.height), func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, t, emulation.SetEmulatedMedia, emulation.SetEmulatedMediaParams{Features: []*emulation.MediaFeature{
			{Name: "prefers-color-scheme", Value: w.scheme}, {Name: "prefers-reduced-motion", Value: "reduce"}}})
		return chromedp.Void{}, err
	})
}

// shot keeps a picture of the whole page in shots/.
func (b *browser) shot(name string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	if err := chromedp.Do(ctx, chromedp.Evaluate[chromedp.Void](`scrollTo(0, 0)`)); err != nil {
		b.t.Errorf("take a picture: %v", err)
		return
	}
	picture, err := chromedp.Run(ctx, capture)
	if err == nil {
		if err = os.MkdirAll("shots", 0o755); err == nil {
			err = os.WriteFile(filepath.Join("shots", name+".png"), picture, 0o644)
		}
	}
	if err != nil {
		b.t.Errorf("take a picture: %v", err)
	}
}

func capture(ctx context.Context, t *chromedp.Target) ([]byte, error) {
	m, err := cdp.Call(ctx, t, page.GetLayoutMetrics, cdp.Empty{})
	if err != nil {
		return nil, err
	}
	// Beyond 4,000 pixels a list only repeats itself.
	size := m.CSSContentSize
	p, err := cdp.Call(ctx, t, page.CaptureScreenshot, page.CaptureScreenshotParams{Format: page.CaptureScreenshotFormatPng, OptimizeForSpeed: new(true),
		CaptureBeyondViewport: new(true), Clip: &page.Viewport{Width: size.Width, Height: min(size.Height, 4000), Scale: 1}})
	return p.Data, err
}

// finding is what axe-core found on a page.
type finding struct {
	ID     string `json:"id"`
	Impact string `json:"impact"`
	Help   string `json:"help"`
	Nodes  []struct {
		HTML    string   `json:"html"`
		Target  []string `json:"target"`
		Summary string   `json:"failureSummary"`
	} `json:"nodes"`
}

// audit runs axe-core and returns its serious and critical findings.
func (b *browser) audit() []finding {
	b.t.Helper()
	if !evaluate[bool](b, `typeof axe === "object"`) {
		b.do(chromedp.Evaluate[chromedp.Void](axe))
	}
	text := evaluate[string](b, `axe.run(document, {resultTypes: ["violations"], runOnly: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]})
		.then(r => JSON.stringify(r.violations.filter(v => v.impact === "serious" || v.impact === "critical")))`)
	var found []finding
	if err := json.Unmarshal([]byte(text), &found); err != nil {
		b.t.Fatal(err)
	}
	return found
}

func (f finding) String() string {
	var s strings.Builder
	fmt.Fprintf(&s, "axe %s (%s): %s", f.ID, f.Impact, f.Help)
	for i, n := range f.Nodes {
		if i == 3 {
			fmt.Fprintf(&s, "\n    … and %d more", len(f.Nodes)-i)
			break
		}
		fmt.Fprintf(&s, "\n    %v %.200s\n      %s", n.Target, n.HTML, strings.ReplaceAll(n.Summary, "\n", " "))
	}
	return s.String()
}

// signIn signs in as a person types it.
func (b *browser) signIn(s server, login, password string) {
	b.t.Helper()
	b.visit(s.address + "/sign-in")
	b.fill("Login", login)
	b.fill("Password", password)
	b.leave(chromedp.SendKeys(labelled("Password"), kb.Enter))
}

// text is what can be read on the page.
func (b *browser) text() string {
	b.t.Helper()
	return evaluate[string](b, `document.querySelector("main").innerText`)
}

// until opens an address again and again until a text is there: for what the program works out in the background.
func (b *browser) until(address, text string) {
	b.t.Helper()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	for ctx.Err() == nil {
		b.visit(address)
		if strings.Contains(b.text(), text) {
			return
		}
	}
	b.fail(fmt.Errorf("%q did not appear", text))
}
