package e2e

import (
	"cmp"
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	"github.com/chromedp/chromedp"
	"github.com/pquerna/otp/totp"
)

// player is somebody of a story: a window of their own, in which they stay signed in, and what they know and hold.
type player struct {
	*browser
	s      server
	login  string
	name   string
	page   string // path of their page under People
	word   string // password; "" for storyPassword
	secret string // of the authenticator
	used   int64  // newest step of the authenticator whose code was shown
}

const storyPassword = "four kettles under the yew"

// beside opens a window that knows nothing of the one it stands beside.
func (b *browser) beside() *browser {
	b.t.Helper()
	ctx, cancel := chromedp.NewContext(b.ctx, chromedp.WithNewBrowserContext())
	b.t.Cleanup(cancel)
	next := &browser{t: b.t, ctx: ctx, heard: &heard{}}
	if err := chromedp.Do(ctx); err != nil {
		b.t.Fatalf("open a window: %v", err)
	}
	next.listen()
	next.look(window{1280, 900, "light"})
	return next
}

// withoutScripts turns JavaScript of pages off, or on again.
func (b *browser) withoutScripts(off bool) {
	b.t.Helper()
	b.do(func(ctx context.Context, target *chromedp.Target) (chromedp.Void, error) {
		_, err := cdp.Call(ctx, target, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: off})
		return chromedp.Void{}, err
	})
}

// put fills a field as a person would: of a list the texts between bars are
// chosen, a box is ticked, of several boxes those with the texts, other fields take the
// text in place of what stands there.
func (b *browser) put(field, value string) {
	b.t.Helper()
	b.do(chromedp.WaitVisible(chromedp.CSS(field)))
	switch kind := evaluate[string](b, fmt.Sprintf(`document.querySelector(%q).type`, field)); kind {
	case "select-one", "select-multiple":
		if left := evaluate[string](b, fmt.Sprintf(`(() => { const s = document.querySelector(%q), want = %q.split("|");
			for (const o of s.options) { o.selected = want.some(w => o.textContent.trim().startsWith(w)); }
			s.dispatchEvent(new Event("change", {bubbles: true}));
			return want.filter(w => !Array.from(s.selectedOptions).some(o => o.textContent.trim().startsWith(w))).join("|"); })()`, field, value)); left != "" {
			b.fail(fmt.Errorf("%s has no choice %q", field, left))
		}
	case "checkbox":
		if value == "" {
			b.do(chromedp.Click(chromedp.CSS(field)))
			return
		}
		for {
			wrong := evaluate[string](b, fmt.Sprintf(`(() => { const want = %q.split("|"); const c = Array.from(document.querySelectorAll(%q))
				.find(c => c.checked !== want.includes(c.parentElement.textContent.trim())); return c ? c.value : ""; })()`, value, field))
			if wrong == "" {
				return
			}
			b.do(chromedp.Click(chromedp.CSS(fmt.Sprintf(`%s[value=%q]`, field, wrong)), chromedp.NodeVisible))
		}
	case "date", "datetime-local":
		b.do(chromedp.SetValue(chromedp.CSS(field), value))
	case "file":
		b.do(chromedp.SetUploadFiles(chromedp.CSS(field), []string{value}))
	default:
		paste := ""
		if len(value) > 60 || strings.Contains(value, "\n") { // nobody types that
			paste, value = value, ""
		}
		evaluate[bool](b, fmt.Sprintf(`(() => { const e = document.querySelector(%q); e.focus(); e.value = %q; e.dispatchEvent(new Event("input", {bubbles: true})); return true; })()`, field, paste))
		b.do(chromedp.SendKeys(chromedp.CSS(field), value))
	}
}

// unfold opens what is folded around an element.
func (b *browser) unfold(element string) {
	b.t.Helper()
	if !evaluate[bool](b, fmt.Sprintf(`!!document.querySelector(%q)`, element)) {
		b.fail(fmt.Errorf("the page has no %s", element))
	}
	for evaluate[bool](b, fmt.Sprintf(`(() => { document.querySelectorAll("[data-unfold]").forEach(e => e.removeAttribute("data-unfold"));
		let at = null; for (let d = document.querySelector(%q).closest("details:not([open])"); d; d = d.parentElement.closest("details:not([open])")) { at = d; }
		if (at) { at.querySelector("summary").setAttribute("data-unfold", ""); } return !!at; })()`, element)) {
		b.do(chromedp.Click(chromedp.CSS("[data-unfold]")), chromedp.WaitVisible(chromedp.CSS("details[open] > [data-unfold]")))
	}
}

// send fills a form and sends it; fields are pairs of a name and a value.
func (b *browser) send(form string, fields ...string) {
	b.t.Helper()
	b.unfold(form)
	for i := 0; i < len(fields); i += 2 {
		b.unfold(fmt.Sprintf(`%s [name=%q]`, form, fields[i]))
		b.put(fmt.Sprintf(`%s [name=%q]`, form, fields[i]), fields[i+1])
	}
	button := form + " .form-actions button:not([type=button])"
	// Away from the bars at the edges of a small window.
	evaluate[bool](b, fmt.Sprintf(`(document.querySelector(%q)?.scrollIntoView({block: "center"}), true)`, button))
	b.leave(chromedp.Click(chromedp.CSS(button), chromedp.NodeVisible))
}

// not fails when a text is on the page.
func (b *browser) not(text string) {
	b.t.Helper()
	if strings.Contains(b.text(), text) {
		b.fail(fmt.Errorf("the page should not say %q", text))
	}
}

// code is a code of the authenticator that was not used: the present one, or the next one, which is good already for
// clocks that are slow (RFC 6238 5.2). A third within half a minute would have to wait.
func (p *player) code() string {
	p.t.Helper()
	p.used = max(p.used+1, time.Now().Unix()/30)
	code, err := totp.GenerateCode(p.secret, time.Unix(p.used*30, 0))
	if err != nil {
		p.t.Fatal(err)
	}
	return code
}

// enrol sets up an authenticator as its page says.
func (p *player) enrol() {
	p.t.Helper()
	p.visit(p.s.address + "/account")
	p.press("Set up an authenticator")
	p.secret = evaluate[string](p.browser, `document.querySelector("main code").textContent.replaceAll(" ", "")`)
	p.send("#confirm", "code", p.code())
	p.sees("Your recovery codes")
}

// hire makes an account with a role by the hands of an administrator; the person chooses their password in their own window.
func (p *player) hire(login, name, role string) *player {
	p.t.Helper()
	p.visit(p.s.address + "/people/new")
	p.fill("Name", name)
	p.fill("Login", login)
	p.press("Add the person")
	page := evaluate[string](p.browser, `location.pathname`)
	p.send("#grant", "role", role, "everywhere", "")
	p.press("Make a password link")
	link := evaluate[string](p.browser, `document.querySelector("#link").textContent`)

	q := &player{browser: p.beside(), s: p.s, login: login, name: name, page: page}
	q.visit(link)
	q.send("form[action^='/password']", "password", storyPassword, "again", storyPassword)
	q.signIn(p.s, login, storyPassword)
	q.enrol()

	return q
}

// vouch lets somebody verify who another one is, and that one acknowledge what their signature means.
func (p *player) vouch(q *player) {
	p.t.Helper()
	q.visit(p.s.address + "/account/signing/accountability")
	q.sees("You cannot sign yet.")
	p.visit(p.s.address + q.page)
	p.send("#identity", "how", "In person", "evidence", "Staff pass with photograph")
	p.sees("Staff pass")
	q.acknowledge()
}

func (p *player) acknowledge() {
	p.t.Helper()
	p.visit(p.s.address + "/account/signing/accountability")
	p.sign("#accountability")
	p.sees("You can sign now.")
}

// sign fills a form that is signed: with what of the two components it asks for.
func (p *player) sign(form string, fields ...string) {
	p.t.Helper()
	p.unfold(form)
	if evaluate[bool](p.browser, fmt.Sprintf(`!!document.querySelector(%q)`, form+" [name=password]")) {
		fields = append(fields, "password", cmp.Or(p.word, storyPassword))
	}
	if evaluate[bool](p.browser, fmt.Sprintf(`!!document.querySelector(%q)`, form+" [name=code]")) {
		fields = append(fields, "code", p.code())
	}
	p.send(form, fields...)
}
