package rendition_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/xml"
	"errors"
	"flag"
	"fmt"
	"html"
	"image/png"
	"io"
	"net"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/document/rendition"
)

var update = flag.Bool("update", false, "write the golden files")

// sheet is a revision with everything that a sheet can have.
func sheet() rendition.Sheet {
	code, err := rendition.QR("image")
	if err != nil {
		return rendition.Sheet{}
	}
	return rendition.Sheet{Code: "SOP-14", Title: "Incident response & recovery", Revision: "1.2", State: "superseded", Watermark: "Superseded",
		Organisation: "Example Medical Ltd", EffectiveDate: "2026-12-01", StatusURL: "https://triward.example.org/documents/SOP-14/1.2/status",
		Banner: "Superseded by revision 2.0 on 2027-01-10.",
		HTML: `<h1 id="section-purpose">Purpose</h1><p>What <strong>everybody</strong> does, <em>at once</em>, with <code>triward</code> <del>or not</del>. Ångström, Ελλάς, Кирилл.</p>` +
			`<ul><li>first<ul><li>within</li></ul></li><li><input checked="" disabled="" type="checkbox"> done</li></ul><ol start="3"><li>third</li></ol>` +
			`<blockquote><p>said</p></blockquote><pre><code>line 1` + "\n" + `line 2` + "\n" + `</code></pre><hr><h2 id="section-steps">Steps</h2>` +
			`<table class="steps"><thead><tr><th scope="col">Step</th><th scope="col">Who</th></tr></thead><tbody><tr id="step-a"><td>Ask the ward.</td><td>PSIRT lead</td></tr></tbody></table>` +
			`<p><img src="data:image/png;base64,` + base64.StdEncoding.EncodeToString(code) + `" alt="plan"></p>`,
		Signatures: []rendition.Block{
			{Name: "Ada Example", Function: "Quality", Meaning: "review", Reason: "complete", At: time.Date(2026, 11, 27, 9, 30, 5, 0, time.UTC), Zone: "Europe/Berlin", SignatureID: "sig_01"},
			{Name: "Grace Example", Function: "Head of product security", Meaning: "approval", Reason: "fit for use", At: time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC), Zone: "+01:00",
				DelegateOf: "Mary Example", SignatureID: "sig_02"}},
		History: []rendition.HistoryLine{{Revision: "1.2", Date: "2026-12-01", Author: "Ada Example", Summary: "The ward is asked first."}, {Revision: "1.1", Date: "2026-06-01", Author: "Ada Example", Summary: "First issue."}}}
}

func chromium(t testing.TB) string {
	t.Helper()
	path := rendition.FindChromium()
	if path == "" {
		missing(t, "Chromium")
	}
	return path
}

func missing(t testing.TB, what string) {
	t.Helper()
	if os.Getenv("TRIWARD_TEST_REQUIRE") != "" {
		t.Fatalf("%s is required and not installed", what)
	}
	t.Skipf("%s is not installed", what)
}

// tool runs one of poppler's programs on a file.
func tool(t testing.TB, pdf []byte, name string, args ...string) string {
	t.Helper()
	path, err := exec.LookPath(name)
	if err != nil {
		missing(t, name)
	}
	file := filepath.Join(t.TempDir(), "file.pdf")
	if err := os.WriteFile(file, pdf, 0o600); err != nil {
		t.Fatal(err)
	}
	for i, a := range args {
		if a == "FILE" {
			args[i] = file
		}
	}
	out, err := exec.Command(path, args...).CombinedOutput()
	var exit *exec.ExitError
	if err != nil && !errors.As(err, &exit) {
		t.Fatal(err)
	}
	return string(out)
}

// forms are all forms of a sheet with the text of each page that people read in them.
func forms(t *testing.T, s rendition.Sheet) map[string][]string {
	t.Helper()
	page, err := rendition.HTML(s)
	if err != nil {
		t.Fatal(err)
	}
	docx, err := rendition.DOCX(s)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]string{"HTML": {spaces(html.UnescapeString(regexp.MustCompile(`(?s)<style>.*?</style>|<[^>]*>`).ReplaceAllString(string(page), " ")))},
		"DOCX": {wordText(t, docx)}}
	plain, note, err := rendition.Printer{}.PDF(context.Background(), s)
	if err != nil || note != rendition.NotePlain {
		t.Fatalf("plain PDF: %v, note %q", err, note)
	}
	out["plain PDF"] = pdfPages(t, plain)
	if path := rendition.FindChromium(); path != "" {
		pdf, note, err := rendition.Printer{Chromium: path}.PDF(context.Background(), s)
		if err != nil || note != "" {
			t.Fatalf("PDF: %v, note %q", err, note)
		}
		out["PDF"] = pdfPages(t, pdf)
	} else if os.Getenv("TRIWARD_TEST_REQUIRE") != "" {
		t.Fatal("Chromium is required and not installed")
	}
	return out
}

func spaces(s string) string { return strings.Join(strings.Fields(s), " ") }

func pdfPages(t *testing.T, pdf []byte) []string {
	t.Helper()
	text := strings.TrimSuffix(tool(t, pdf, "pdftotext", "-layout", "FILE", "-"), "\f")
	var out []string
	for _, p := range strings.Split(text, "\f") {
		out = append(out, spaces(p))
	}
	return out
}

// wordText is the text of the body, header and footer of a DOCX.
func wordText(t *testing.T, docx []byte) string {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(docx), int64(len(docx)))
	if err != nil {
		t.Fatal(err)
	}
	var b strings.Builder
	for _, name := range []string{"word/header1.xml", "word/document.xml", "word/footer1.xml"} {
		f, err := z.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		d := xml.NewDecoder(f)
		for {
			token, err := d.Token()
			if errors.Is(err, io.EOF) {
				break
			}
			if err != nil {
				t.Fatalf("%s: %v", name, err)
			}
			switch x := token.(type) {
			case xml.CharData:
				b.Write(x)
			case xml.StartElement:
				if x.Name.Local == "textpath" {
					for _, a := range x.Attr {
						if a.Name.Local == "string" {
							b.WriteString(a.Value + " ")
						}
					}
				}
			case xml.EndElement:
				if x.Name.Local == "p" || x.Name.Local == "tc" {
					b.WriteByte(' ')
				}
			}
		}
	}
	return spaces(b.String())
}

func TestSignaturesReadTheSameInEveryForm(t *testing.T) {
	s := sheet()
	s.Watermark = "" // its letters would stand between those of the text
	for form, pages := range forms(t, s) {
		text := strings.Join(pages, " ")
		for i, b := range s.Signatures {
			var words []string
			for _, f := range b.Fields() {
				words = append(words, f.Label+" "+f.Text)
			}
			for _, rule := range []string{"P11-13 name, time and meaning are shown", "P11-14 in every form", "PRD-10 in every form"} {
				t.Run(fmt.Sprintf("%s: %s, signature %d", rule, form, i+1), func(t *testing.T) {
					if want := strings.Join(words, " "); !strings.Contains(text, want) {
						t.Errorf("%q is not in\n%s", want, text)
					}
				})
			}
		}
	}
}

func TestFieldsOfASignature(t *testing.T) {
	got := sheet().Signatures[1].Fields()
	want := []rendition.Field{{Label: "Name", Text: "Grace Example"}, {Label: "Function", Text: "Head of product security"}, {Label: "For", Text: "Mary Example"},
		{Label: "Meaning", Text: "approval"}, {Label: "Signed", Text: "2026-11-28 10:00:00 UTC (+01:00)"}, {Label: "Reason", Text: "fit for use"}, {Label: "Signature", Text: "sig_02"}}
	t.Run("P11-13 name, date and time, meaning", func(t *testing.T) {
		if diff := cmp.Diff(want, got); diff != "" {
			t.Errorf("fields (-want +got):\n%s", diff)
		}
	})
}

func TestEveryPageSaysWhatItIs(t *testing.T) {
	s := sheet()
	s.Watermark = "" // its letters would stand between those of the text
	for form, pages := range forms(t, s) {
		for i, page := range pages {
			t.Run(fmt.Sprintf("DC-05 %s, page %d: code, title, revision, effective date", form, i+1), func(t *testing.T) {
				want := []string{s.Code, s.Title, s.Revision, s.EffectiveDate}
				if strings.HasSuffix(form, "PDF") {
					want = append(want, fmt.Sprintf("Page %d of %d", i+1, len(pages)))
				}
				for _, w := range want {
					if !strings.Contains(page, w) {
						t.Errorf("%q is not in\n%s", w, page)
					}
				}
			})
			t.Run(fmt.Sprintf("PRD-15 %s, page %d: uncontrolled when printed", form, i+1), func(t *testing.T) {
				if !strings.Contains(page, "Uncontrolled when printed") {
					t.Errorf("not in\n%s", page)
				}
			})
		}
		text := strings.Join(pages, " ")
		t.Run("DC-08 "+form+": the banner names the successor", func(t *testing.T) {
			if !strings.Contains(text, s.Banner) {
				t.Errorf("%q is not in\n%s", s.Banner, text)
			}
		})
		t.Run("AC-07 "+form+": the address of the status page stands in it", func(t *testing.T) {
			if !strings.Contains(text, s.StatusURL) {
				t.Errorf("%q is not in\n%s", s.StatusURL, text)
			}
		})
		t.Run("DC-03 "+form+": the revisions and what changed", func(t *testing.T) {
			if !strings.Contains(text, "1.2 2026-12-01 Ada Example The ward is asked first. 1.1 2026-06-01") {
				t.Errorf("not in\n%s", text)
			}
		})
	}
}

// A watermark lies across the text, so the letters are looked for in a file without any other text.
func TestWatermarkIsOnEveryPage(t *testing.T) {
	s := sheet()
	s.HTML = strings.Repeat("<p>.</p>", 150)
	s.Watermark = "Zyx"
	for form, pages := range forms(t, s) {
		for i, page := range pages {
			for _, rule := range []string{"DC-08", "AC-07"} {
				t.Run(fmt.Sprintf("%s %s, page %d", rule, form, i+1), func(t *testing.T) {
					low := strings.ToLower(page)
					if !strings.Contains(low, "z") || !strings.Contains(low, "x") {
						t.Errorf("no watermark on\n%s", page)
					}
				})
			}
		}
	}
	s.Watermark = ""
	for form, pages := range forms(t, s) {
		if strings.Contains(strings.ToLower(strings.Join(pages, " ")), "zyx") {
			t.Errorf("%s has a watermark without one", form)
		}
	}
}

func TestSameSheetSameBytes(t *testing.T) {
	s := sheet()
	for form, write := range map[string]func() ([]byte, error){
		"HTML": func() ([]byte, error) { return rendition.HTML(s) },
		"DOCX": func() ([]byte, error) { return rendition.DOCX(s) },
		"plain PDF": func() ([]byte, error) {
			pdf, _, err := rendition.Printer{}.PDF(context.Background(), s)
			return pdf, err
		},
		"PDF": func() ([]byte, error) {
			pdf, _, err := rendition.Printer{Chromium: chromium(t)}.PDF(context.Background(), s)
			return pdf, err
		},
	} {
		t.Run("PRD-22 "+form, func(t *testing.T) {
			one, err := write()
			if err != nil {
				t.Fatal(err)
			}
			two, err := write()
			if err != nil {
				t.Fatal(err)
			}
			if !bytes.Equal(one, two) {
				t.Errorf("%d and %d bytes differ", len(one), len(two))
			}
			if form == "PDF" && !strings.Contains(tool(t, one, "pdfinfo", "FILE"), "Tagged:          yes") {
				t.Error("the PDF is not tagged")
			}
		})
	}
}

func TestPageIsWhole(t *testing.T) {
	got, err := rendition.HTML(sheet())
	if err != nil {
		t.Fatal(err)
	}
	golden := filepath.Join("testdata", "page.html")
	if *update {
		if err := os.WriteFile(golden, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(golden)
	if err != nil {
		t.Fatal(err)
	}
	for _, rule := range []string{"PRD-09 what is displayed is signed", "DT-06 nothing is filled in later"} {
		t.Run(rule, func(t *testing.T) {
			if diff := cmp.Diff(string(want), string(got)); diff != "" {
				t.Errorf("page (-want +got):\n%s", diff)
			}
			for _, bad := range []string{"<script", "http-equiv=\"refresh\"", "src=\"http", "url(", "@import", "{{"} {
				if strings.Contains(string(got), bad) {
					t.Errorf("the page holds %q", bad)
				}
			}
		})
	}
	_, style, _ := strings.Cut(string(got), "<style>")
	style, _, _ = strings.Cut(style, "</style>")
	sum := sha256.Sum256([]byte(style))
	if want := "'sha256-" + base64.StdEncoding.EncodeToString(sum[:]) + "'"; !strings.Contains(rendition.Policy(), want) {
		t.Errorf("the policy %q does not let the style %s pass", rendition.Policy(), want)
	}
}

func TestPrintingReachesNothing(t *testing.T) {
	var asked atomic.Int32
	listener, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	server := &http.Server{Handler: http.HandlerFunc(func(http.ResponseWriter, *http.Request) { asked.Add(1) }), ReadHeaderTimeout: time.Second}
	go server.Serve(listener) // ends with the test
	t.Cleanup(func() { server.Close() })
	secret := filepath.Join(t.TempDir(), "secret.txt")
	if err := os.WriteFile(secret, []byte("TOPSECRETWORD"), 0o644); err != nil {
		t.Fatal(err)
	}
	s := sheet()
	address := "http://" + listener.Addr().String()
	// What a page could not hold, if the text had been cleaned: the browser must refuse it too.
	s.HTML = `<img src="` + address + `/a"><iframe src="file://` + secret + `"></iframe><iframe src="` + address + `"></iframe><object data="file://` + secret + `"></object>` +
		`<script>fetch("` + address + `")</script><link rel="stylesheet" href="` + address + `/c"><p id="x">still here</p><script>document.getElementById("x").textContent = "changed"</script>`
	pdf, _, err := rendition.Printer{Chromium: chromium(t)}.PDF(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	text := strings.Join(pdfPages(t, pdf), " ")
	if asked.Load() != 0 || strings.Contains(text, "TOPSECRETWORD") || !strings.Contains(text, "still here") {
		t.Errorf("%d requests; text: %s", asked.Load(), text)
	}
}

func TestQRCodeHoldsTheAddress(t *testing.T) {
	for _, address := range []string{"https://triward.example.org/documents/SOP-14/1.2/status", "http://10.0.0.7:8443/s/1"} {
		code, err := rendition.QR(address)
		if err != nil {
			t.Fatal(err)
		}
		img, err := png.Decode(bytes.NewReader(code))
		if err != nil {
			t.Fatal(err)
		}
		t.Run("AC-07 "+address, func(t *testing.T) {
			if got := readQR(t, img); got != address {
				t.Errorf("the code says %q", got)
			}
		})
	}
}

func TestPlainPDFOfHardText(t *testing.T) {
	for _, text := range []string{"", "<p>" + strings.Repeat("x", 5000) + "</p>", "<p>日本語 😀 العربية</p>", "<table></table>", "<table><tr></tr></table>",
		"<table><tr><td>" + strings.Repeat("long word ", 500) + "</td><td></td></tr></table>", "<h1></h1><li>stray</li>", `<p><img src="data:image/png;base64,AAAA" alt="broken"></p>`,
		strings.Repeat("<ul><li>", 30) + "deep"} {
		s := sheet()
		s.HTML, s.Title = text, text
		pdf, _, err := rendition.Printer{}.PDF(context.Background(), s)
		if err != nil || !bytes.HasPrefix(pdf, []byte("%PDF-")) {
			t.Errorf("%.40q: %v", text, err)
		}
		docx, err := rendition.DOCX(s)
		if err != nil {
			t.Errorf("%.40q: %v", text, err)
		}
		wordText(t, docx)
	}
}

func FuzzDOCX(f *testing.F) {
	f.Add(sheet().HTML, "Title")
	f.Add("<table><tr><td>a<td>b<tr><th>c</table>", "&<>\"'")
	f.Fuzz(func(t *testing.T, text, title string) {
		s := sheet()
		s.HTML, s.Title = text, title
		docx, err := rendition.DOCX(s)
		if err != nil {
			t.Fatal(err)
		}
		wordText(t, docx)
	})
}

func base64Lines(der []byte) string {
	text := base64.StdEncoding.EncodeToString(der)
	var b strings.Builder
	for len(text) > 64 {
		b.WriteString(text[:64] + "\n")
		text = text[64:]
	}
	return b.String() + text + "\n"
}

func unhexed(t *testing.T, text []byte) []byte {
	t.Helper()
	der, err := hex.DecodeString(string(text))
	if err != nil {
		t.Fatal(err)
	}
	return bytes.TrimRight(der, "\x00")
}
