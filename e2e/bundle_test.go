package e2e

import (
	"bytes"
	"context"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/network"
	"github.com/chromedp/chromedp"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/bundle/bundletest"
)

// offline takes the network from a page.
func offline(ctx context.Context, t *chromedp.Target) (chromedp.Void, error) {
	if _, err := cdp.Call(ctx, t, network.Enable, network.EnableParams{}); err != nil {
		return chromedp.Void{}, err
	}
	_, err := cdp.Call(ctx, t, network.OverrideNetworkState, network.OverrideNetworkStateParams{Offline: true, DownloadThroughput: -1, UploadThroughput: -1})
	return chromedp.Void{}, err
}

// TestBundleInBrowser lets a person check a bundle with the page inside of it: from a file, without a network.
func TestBundleInBrowser(t *testing.T) {
	b := open(t)
	key := bundletest.Key(t)
	c := bundletest.Contents(t, key)
	c.Redactions = []bundle.Redaction{{Path: "records/run/run_1.json", At: "/patient", Reason: "health information", Salt: bytes.Repeat([]byte{7}, bundle.SaltSize)}}
	built, err := bundle.Write(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	if r := bundle.Verify(t.Context(), built.Archive, ""); !r.OK() {
		t.Fatal(r.Faults)
	}
	page, err := bundle.Page()
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	address := "file://" + file("verify.html", page)
	b.do(offline)
	check := func(archive []byte, with string) string {
		t.Helper()
		b.visit(address)
		b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file("bundle.zip", archive)}))
		if with != "" {
			b.do(chromedp.SetValue(chromedp.CSS("#key"), with), chromedp.Evaluate[chromedp.Void](`document.getElementById("key").dispatchEvent(new Event("change"))`))
		}
		b.do(chromedp.WaitVisible(chromedp.CSS(`body[data-state="good"], body[data-state="bad"], body[data-state="unknown"]`)))
		return b.text()
	}

	t.Run("AC-09 with the network off", func(t *testing.T) {
		for _, w := range []window{{1280, 900, "light"}, {390, 844, "dark"}} {
			b.look(w)
			if text := check(built.Archive, ""); !strings.Contains(text, "Nothing was changed") || !strings.Contains(text, "10 files, 1 signatures, 1 time stamps and 1 proofs") || !strings.Contains(text, "health information") {
				t.Fatal(text)
			}
			b.shot("bundle-good-" + w.name())
		}
		for _, f := range b.audit() {
			t.Error(f)
		}
		if text := check(built.Archive, key.Verifier()); !strings.Contains(text, "with the key that you gave") {
			t.Error(text)
		}
		if text := check(built.Archive, bundletest.Key(t).Verifier()); !strings.Contains(text, "another key signed it") {
			t.Error(text)
		}
	})
	t.Run("AC-09 time stamps", func(t *testing.T) {
		c := bundletest.Contents(t, key)
		stamped := slices.IndexFunc(c.Items, func(i bundle.Item) bool { return i.File.Kind == bundle.KindToken })
		token := c.Items[stamped].Body
		// Who changes a stamp and repairs every digest of the bundle still lacks the key of the authority.
		for what, x := range map[string]struct {
			body func() []byte
			want string
		}{
			"time in it": {func() []byte { return bytes.Replace(token, []byte("20261123090000Z"), []byte("20261123080000Z"), 1) }, "the time stamp was changed"},
			"of another statement": {func() []byte {
				return bundletest.Contents(t, bundletest.Key(t)).Items[stamped].Body
			}, "the time stamp is of something else"},
			"by another authority": {func() []byte { return bundletest.Contents(t, key).Items[stamped].Body }, "another authority made the time stamp"},
			"cut":                  {func() []byte { return token[:len(token)-3] }, "the time stamp is cut"},
			"signature of it": {func() []byte {
				changed := bytes.Clone(token)
				changed[len(changed)-1] ^= 1
				return changed
			}, "the time stamp was changed"},
		} {
			c.Items[stamped].Body = x.body()
			if bytes.Equal(c.Items[stamped].Body, token) {
				t.Fatalf("%s: nothing was changed", what)
			}
			built, err := bundle.Write(t.Context(), c)
			if err != nil {
				t.Fatal(err)
			}
			if r := bundle.Verify(t.Context(), built.Archive, key.Verifier()); r.OK() {
				t.Errorf("%s: the program does not notice", what)
			}
			if text := check(built.Archive, key.Verifier()); !strings.Contains(text, x.want) || !strings.Contains(text, "signatures/sig_1.tsr") {
				t.Errorf("%s: the page says %s", what, text)
			}
		}
		// Without the certificate of the authority, the page says what it does not check.
		c.Items[stamped].Body = token
		c.Keys = c.Keys[:1]
		built, err := bundle.Write(t.Context(), c)
		if err != nil {
			t.Fatal(err)
		}
		if text := check(built.Archive, key.Verifier()); !strings.Contains(text, "1 time stamps are of an authority whose certificate is not in the bundle") {
			t.Error(text)
		}
	})
	t.Run("AC-10 one bit", func(t *testing.T) {
		for _, c := range []struct{ where, named string }{
			{"Tell the ward", "documents/SOP-14/1.0/document.md"},
			{`"title": "Pump alarm"`, "records/run/run_1.json"},
			{`"path":`, "proofs/entry-3.json"},
			{"triward-bundle/1", bundle.ManifestName},
			{`"payloadType":"application/vnd.in-toto`, bundle.EnvelopeName},
			{"hospital.example/triward\n5\n", bundle.CheckpointName},
			{"PK\x01\x02", "README.txt"},
			{"PK\x05\x06", "end of the archive"},
			{"PK\x03\x04", "file number 1 of the archive"},
		} {
			at := bytes.Index(built.Archive, []byte(c.where))
			if at < 0 {
				t.Fatalf("%q is not in the bundle", c.where)
			}
			changed := bytes.Clone(built.Archive)
			changed[at+1] ^= 1
			text := check(changed, key.Verifier())
			if !strings.Contains(text, "Do not rely on this bundle") || !strings.Contains(text, c.named) {
				t.Errorf("%q changed: %s", c.where, text)
			}
		}
		b.shot("bundle-bad-390-dark")
	})
	if said := b.heard.since(); len(said) > 0 {
		t.Errorf("the console said %v", said)
	}
}

// TestAnswerInquiry answers an inquiry as people do: paste the list, bind, build, take the bundle, and check it with the
// page inside of it while the network is off.
func TestAnswerInquiry(t *testing.T) {
	b := open(t)
	s := start(t, "--demo")
	b.signIn(s, "quality", s.password)
	b.visit(s.address + "/inquiries/new")
	b.fill("Title", "Letter of 12 November")
	b.fill("Who asks", "Federal Authority of Examples")
	b.fill("Request list", "1. The procedure for documents\n2. Proof that documents are reviewed in time\n3. Every decision about risks\n4. Inputs of the management review")
	b.press("Open the inquiry")
	here := evaluate[string](b, "location.href")
	for _, x := range []struct{ line, kind, target string }{{"1", "document", "SOP-01"}, {"2", "evidence", "ev-documents-reviewed"}, {"3", "list", "decisions"}, {"4", "review", ""}} {
		b.visit(here)
		b.do(chromedp.SetValue(chromedp.CSS("#bind-line"), x.line), chromedp.SetValue(chromedp.CSS("#bind-kind"), x.kind))
		if x.target != "" {
			b.fill("Which", x.target)
		}
		b.press("Bind")
	}
	b.press("Build the bundle")
	b.sees("The newest bundle shows")
	b.shot("inquiry-answered")
	for _, f := range b.audit() {
		t.Error(f)
	}
	file := filepath.Join(t.TempDir(), "bundle.zip")
	s.command(t, "bundle", "fetch", here[strings.LastIndex(here, "/")+1:], "-o", file)
	if out := s.command(t, "bundle", "verify", file); !strings.Contains(out, "the bundle verifies") {
		t.Error(out)
	}
	archive, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	_, page, err := bundle.Extract(archive, bundle.PageName)
	if err != nil {
		t.Fatal(err)
	}
	at := filepath.Join(filepath.Dir(file), "verify.html")
	if err := os.WriteFile(at, page, 0o600); err != nil {
		t.Fatal(err)
	}
	b.do(offline)
	b.visit("file://" + at)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{file}), chromedp.WaitVisible(chromedp.CSS(`body[data-state="good"], body[data-state="bad"], body[data-state="unknown"]`)))
	if text := b.text(); !strings.Contains(text, "Nothing was changed") || !strings.Contains(text, "SOP-01") {
		t.Error(text)
	}
	b.shot("inquiry-verified")
}
