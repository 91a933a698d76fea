package e2e

import (
	"context"
	"fmt"
	"net"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/webauthn"
	"github.com/chromedp/chromedp"
)

// named starts the program under the name localhost: browsers allow no passkeys for an IP address.
func named(t *testing.T, flags ...string) server {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address := l.Addr().String()
	l.Close()
	s := start(t, append(flags, "--listen", address)...)
	s.address = strings.Replace(s.address, "127.0.0.1", "localhost", 1)
	s.setup = strings.Replace(s.setup, "127.0.0.1", "localhost", 1)
	return s
}

// plugIn gives the browser a security key that verifies its user.
func (b *browser) plugIn() {
	b.t.Helper()
	b.do(func(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
		if _, err := cdp.Call(ctx, t, webauthn.Enable, webauthn.EnableParams{}); err != nil {
			return chromedp.Void{}, err
		}
		_, err := cdp.Call(ctx, t, webauthn.AddVirtualAuthenticator, webauthn.AddVirtualAuthenticatorParams{Options: &webauthn.VirtualAuthenticatorOptions{
			Protocol: webauthn.AuthenticatorProtocolCtap2, Ctap2version: webauthn.Ctap2versionCtap21, Transport: webauthn.AuthenticatorTransportUsb,
			HasResidentKey: true, HasUserVerification: true, IsUserVerified: true, AutomaticPresenceSimulation: true}})
		return chromedp.Void{}, err
	})
}

// A key in a real browser: added, tested, used to sign in and to sign.
func TestPasskeyInABrowser(t *testing.T) {
	b := open(t)
	s := named(t, "--demo")
	b.look(window{1280, 900, "light"})
	b.plugIn()
	b.signIn(s, "northmere", s.password)
	b.visit(s.address + "/account")
	b.do(chromedp.Click(`//summary[normalize-space(.)="Add a passkey"]`))
	b.do(chromedp.SendKeys(chromedp.CSS(`#passkey-name`), "Blue key"), chromedp.SendKeys(chromedp.CSS(`#passkey-current_password`), s.password))
	b.press("Add a passkey")
	b.sees("not tested yet")
	b.shot("passkey-added")
	b.press("Test the passkey")
	b.sees("The passkey works")

	b.leave(chromedp.Evaluate[chromedp.Void](`document.querySelector("form[action='/sign-out']").requestSubmit()`))
	b.signIn(s, "northmere", s.password)
	b.sees("Or use your passkey")
	b.leave(chromedp.Click(`//button[normalize-space(.)="Use a passkey"]`, chromedp.NodeVisible))

	// The story of the demonstration verified who its people are.
	for _, w := range []window{{1280, 900, "light"}, {1280, 900, "dark"}, {390, 844, "light"}, {390, 844, "dark"}} {
		b.look(w)
		for name, path := range map[string]string{"account": "/account", "signing": "/account/signing", "accountability": "/account/signing/accountability"} {
			b.visit(s.address + path)
			b.shot(fmt.Sprintf("%s-%s", name, w.name()))
			for _, f := range b.audit() {
				t.Errorf("%s %s: %s", path, w.name(), f)
			}
		}
	}
	b.look(window{1280, 900, "light"})
	b.visit(s.address + "/account/signing/accountability")
	b.fill("Your password", s.password)
	b.press("Sign with your passkey")
	b.sees("you can sign")
	b.leave(chromedp.Click(chromedp.CSS(`a[href^="/signatures/"]`)))
	b.sees("passkey and password")
	for _, w := range []window{{1280, 900, "light"}, {390, 844, "dark"}} {
		b.look(w)
		b.shot("signature-" + w.name())
		for _, f := range b.audit() {
			t.Errorf("signature %s: %s", w.name(), f)
		}
	}
	b.leave(chromedp.Evaluate[chromedp.Void](`document.querySelector("form[action='/sign-out']").requestSubmit()`))
	b.signIn(s, "admin", s.password)
	for _, w := range []window{{1280, 900, "light"}, {1280, 900, "dark"}, {390, 844, "light"}, {390, 844, "dark"}} {
		b.look(w)
		b.visit(s.address + "/people/credentials")
		b.sees("Blue key")
		b.shot("credentials-" + w.name())
		for _, f := range b.audit() {
			t.Errorf("credentials %s: %s", w.name(), f)
		}
	}
	if faults := b.heard.since(); len(faults) > 0 {
		t.Errorf("the console said %q", faults)
	}
}
