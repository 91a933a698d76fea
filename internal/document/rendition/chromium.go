package rendition

import (
	"bytes"
	"context"
	"fmt"
	"html/template"
	"os"
	"os/exec"
	"regexp"
	"strings"
	"time"

	"github.com/chromedp/cdproto/cdp"
	"github.com/chromedp/cdproto/emulation"
	cdppage "github.com/chromedp/cdproto/page"
	"github.com/chromedp/chromedp"

	"triward/internal/problem"
)

// Printer makes PDF files.
type Printer struct {
	Chromium string // path of the browser; "" makes plain files without one
}

// FindChromium is the path of a browser on this machine, "" when there is none.
func FindChromium() string {
	for _, name := range []string{"chromium-headless-shell", "chromium", "chromium-browser", "google-chrome", "headless-shell"} {
		if found, err := exec.LookPath(name); err == nil {
			return found
		}
	}
	return ""
}

// Note says how a PDF was made, for people; "" when nothing is to be said.
type Note string

// NotePlain stands with a PDF that was made without a browser.
const NotePlain Note = "This is a plain PDF: no browser (Chromium) is installed on the server. It holds the whole text and every signature, without tags for screen readers."

// A rendition that takes longer is broken, and one that is larger is refused.
const (
	printTime = 30 * time.Second
	maxPDF    = 64 << 20
)

// PDF prints a sheet on A4: tagged, with an outline, the state across each page unless it is effective, and code, title,
// revision, effective date and page number on each page. The page runs no script and reaches neither network nor files.
func (p Printer) PDF(ctx context.Context, s Sheet) ([]byte, Note, error) {
	if p.Chromium == "" {
		pdf, err := plainPDF(s)
		return pdf, NotePlain, err
	}
	html, err := HTML(s)
	if err != nil {
		return nil, "", err
	}
	pdf, err := p.print(ctx, s, html)
	if err != nil {
		return nil, "", fmt.Errorf("print %s: %w", s.Code, err)
	}
	return pdf, "", nil
}

func (p Printer) print(ctx context.Context, s Sheet, html []byte) ([]byte, error) {
	ctx, cancel := context.WithTimeout(ctx, printTime)
	defer cancel()
	profile, err := os.MkdirTemp("", "triward-print-")
	if err != nil {
		return nil, err
	}
	defer os.RemoveAll(profile)
	// A browser of its own for each file: the numbers of its parts begin anew, so that the same input gives the same bytes.
	options := []chromedp.ExecAllocatorOption{chromedp.ExecPath(p.Chromium), chromedp.UserDataDir(profile), chromedp.NoFirstRun, chromedp.Headless, chromedp.DisableGPU,
		chromedp.NoDefaultBrowserCheck, chromedp.Flag("disable-background-networking", true), chromedp.Flag("disable-component-update", true),
		chromedp.Flag("disable-sync", true), chromedp.Flag("disable-extensions", true), chromedp.Flag("disable-dev-shm-usage", true),
		chromedp.Flag("disable-quic", true), chromedp.Flag("lang", "en"), chromedp.Flag("force-color-profile", "srgb"),
		chromedp.Flag("font-render-hinting", "none"),
		// Nothing answers on this port: what asks for the network gets none, on this machine too.
		chromedp.ProxyServer("http://127.0.0.1:1"), chromedp.Flag("proxy-bypass-list", "<-loopback>"), chromedp.Flag("host-resolver-rules", "MAP * ~NOTFOUND")}
	if os.Geteuid() == 0 {
		options = append(options, chromedp.NoSandbox) // Chromium has no sandbox for root
	}
	ctx, stop := chromedp.NewExecAllocator(ctx, options...)
	defer stop()
	ctx, closePage := chromedp.NewContext(ctx, chromedp.WithErrorf(func(string, ...any) {})) // what matters is returned
	defer closePage()
	pdf, err := chromedp.Run(ctx, printed(s, html))
	if err != nil {
		if ctx.Err() != nil {
			return nil, problem.New(problem.Unavailable, "the browser did not print %s within %s", s.Code, printTime)
		}
		return nil, err
	}
	if len(pdf) > maxPDF {
		return nil, problem.New(problem.Invalid, "the PDF of %s has %d bytes, at most %d", s.Code, len(pdf), maxPDF)
	}
	return normalise(pdf, s.latest()), nil
}

// printed shows the page and prints it.
func printed(s Sheet, html []byte) chromedp.Action[[]byte] {
	return func(ctx context.Context, t *chromedp.Target) ([]byte, error) {
		if _, err := cdp.Call(ctx, t, emulation.SetScriptExecutionDisabled, emulation.SetScriptExecutionDisabledParams{Value: true}); err != nil {
			return nil, err
		}
		tree, err := cdp.Call(ctx, t, cdppage.GetFrameTree, cdp.Empty{})
		if err != nil {
			return nil, err
		}
		content := cdppage.SetDocumentContentParams{FrameID: tree.FrameTree.Frame.ID, HTML: string(html)}
		if _, err := cdp.Call(ctx, t, cdppage.SetDocumentContent, content); err != nil {
			return nil, err
		}
		yes := true
		top, side, bottom := 1.0, 0.71, 0.87
		return chromedp.PrintToPDF(chromedp.PDFPaper(chromedp.PaperA4), func(p *cdppage.PrintToPDFParams) {
			p.DisplayHeaderFooter, p.PrintBackground, p.GenerateTaggedPDF, p.GenerateDocumentOutline = &yes, &yes, &yes, &yes
			p.MarginTop, p.MarginBottom, p.MarginLeft, p.MarginRight = &top, &bottom, &side, &side
			p.HeaderTemplate, p.FooterTemplate = margins(s)
			p.TransferMode = cdppage.PrintToPDFTransferModeReturnAsStream
		})(ctx, t)
	}
}

var marginTemplate = template.Must(template.New("margins").Parse(`{{define "head"}}<div style="` + marginStyle + `border-bottom:0.5pt solid #57606a;padding-bottom:3pt">
<span><b>{{.Code}}</b> {{.Title}}</span><span>{{with .Revision}}Revision {{.}}{{end}}{{with .State}} · {{.}}{{end}}{{with .EffectiveDate}} · effective {{.}}{{end}}</span></div>{{end}}
{{define "foot"}}<div style="` + marginStyle + `"><span>{{.Organisation}}</span><span>` + uncontrolled + `</span><span>Page <span class="pageNumber"></span> of <span class="totalPages"></span></span></div>{{end}}`))

const marginStyle = `width:100%;margin:0 0.71in;display:flex;justify-content:space-between;gap:12pt;font:7.5pt 'Liberation Sans',Arial,sans-serif;color:#57606a;`

// margins are what stands above and below the text of each page.
func margins(s Sheet) (head, foot string) {
	var h, f strings.Builder
	// A builder takes everything, and the templates ask for what a sheet has.
	_ = marginTemplate.ExecuteTemplate(&h, "head", s)
	_ = marginTemplate.ExecuteTemplate(&f, "foot", s)
	return h.String(), f.String()
}

var pdfDate = regexp.MustCompile(`/(?:CreationDate|ModDate) ?\(D:[0-9]{14}[^)]*\)`)

// normalise puts the instant that a sheet knows in the place of the one at which it was printed, without moving a byte.
func normalise(pdf []byte, at time.Time) []byte {
	return pdfDate.ReplaceAllFunc(pdf, func(m []byte) []byte {
		i := bytes.Index(m, []byte("D:")) + 2
		copy(m[i:i+14], at.UTC().Format("20060102150405"))
		return m
	})
}
