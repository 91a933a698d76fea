package e2e

import (
	"archive/zip"
	"context"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	events "github.com/chromedp/cdproto/browser"
	"github.com/chromedp/chromedp"
)

// download clicks a link and returns the file that it leads to.
func (b *browser) download(link string) string {
	b.t.Helper()
	dir := b.t.TempDir()
	ctx, cancel := context.WithTimeout(b.ctx, step)
	defer cancel()
	if _, err := chromedp.CallBrowser(ctx, events.SetDownloadBehavior, events.SetDownloadBehaviorParams{Behavior: events.SetDownloadBehaviorBehaviorAllowAndName,
		BrowserContextID: chromedp.FromContext(b.ctx).BrowserContextID, DownloadPath: dir, EventsEnabled: new(true)}); err != nil {
		b.fail(fmt.Errorf("allow downloads: %w", err))
	}
	progress := chromedp.BrowserEvents(ctx, events.DownloadProgress)
	if err := chromedp.Do(ctx, chromedp.Click(link, chromedp.NodeVisible)); err != nil {
		b.fail(fmt.Errorf("click what is to be downloaded: %w", err))
	}
	for e, err := range progress {
		if err != nil {
			b.fail(fmt.Errorf("download: %w", err))
		}
		if e.State == events.DownloadProgressStateCompleted {
			return filepath.Join(dir, e.GUID)
		}
	}
	b.fail(fmt.Errorf("the download did not end"))
	return ""
}

// inquiry answers an authority: the request list, what answers each line, the bundle; and the authority checks it alone.
func (h house) inquiry(t *testing.T) {
	q := h.quinn
	q.visit(h.s.address + "/inquiries/new")
	q.send("#inquiry", "title", "Pump incident on ward 3", "authority", "Health inspectorate", "reference", "HI-2026-17",
		"requests", "1. The procedure for pump alarms, with its signatures\n2. Every run of it\n")
	q.sees("2 requests are not answered yet.")
	q.send("#bind", "line", "1.", "kind", "Document", "target", "SOP-90")
	q.send("#bind", "line", "2.", "kind", "List", "target", "runs")
	q.not("not answered yet")
	q.press("Build the bundle")
	q.sees("The bundle is built and verified")
	q.shot("inquiry-1280-light")
	for _, f := range q.audit() {
		t.Error(f)
	}
	file := q.download(`//main//a[starts-with(normalize-space(.), "Download (ZIP)")]`)
	h.s.command(t, "bundle", "verify", file)

	// The authority has the file alone: the page inside of it, and no network.
	archive := filepath.Join(t.TempDir(), "bundle.zip")
	page := filepath.Join(filepath.Dir(archive), "verify.html")
	content, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	z, err := zip.OpenReader(file)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	r, err := z.Open("verify.html")
	if err != nil {
		t.Fatal(err)
	}
	defer r.Close()
	inside, err := io.ReadAll(r)
	if err != nil {
		t.Fatal(err)
	}
	for name, text := range map[string][]byte{archive: content, page: inside} {
		if err := os.WriteFile(name, text, 0o600); err != nil {
			t.Fatal(err)
		}
	}
	b := q.beside()
	b.do(offline)
	b.visit("file://" + page)
	b.do(chromedp.SetUploadFiles(chromedp.CSS("#file"), []string{archive}),
		chromedp.WaitVisible(chromedp.CSS(`body[data-state="good"], body[data-state="bad"], body[data-state="unknown"]`)))
	if text := b.text(); !strings.Contains(text, "Nothing was changed") {
		t.Errorf("the page of the bundle says %s", text)
	}
	b.shot("inquiry-bundle-1280-light")
}
