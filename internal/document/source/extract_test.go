package source_test

import (
	"archive/zip"
	"bytes"
	"context"
	"strings"
	"testing"

	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/problem"
)

func archive(t testing.TB, parts ...string) []byte {
	t.Helper()
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for i := 0; i < len(parts); i += 2 {
		f, err := z.Create(parts[i])
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write([]byte(parts[i+1])); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func workbook(t testing.TB) []byte {
	return archive(t, "xl/sharedStrings.xml", `<sst><si><t>Device</t></si><si><r><t>Infusion </t></r><r><t>pump</t></r></si></sst>`,
		"xl/worksheets/sheet2.xml", `<worksheet><sheetData><row><c t="inlineStr"><is><t>second sheet</t></is></c></row></sheetData></worksheet>`,
		"xl/worksheets/sheet1.xml", `<worksheet><sheetData><row><c t="s"><v>0</v></c><c t="s"><v>1</v></c><c><v>42</v></c></row><row><c t="s"><v>99</v></c></row></sheetData></worksheet>`)
}

// uploads are files with the words that must be found in them.
func uploads(t testing.TB) map[string][]byte {
	t.Helper()
	s := rendition.Sheet{Code: "SOP-14", Title: "Incident response", HTML: "<p>Isolate the <b>infusion</b> pump. Ångström Ελλάς.</p><table><tr><td>cell one</td><td>cell two</td></tr></table>"}
	docx, err := rendition.DOCX(s)
	if err != nil {
		t.Fatal(err)
	}
	plain, _, err := rendition.Printer{}.PDF(context.Background(), s)
	if err != nil {
		t.Fatal(err)
	}
	out := map[string][]byte{"a.docx": docx, "plain.pdf": plain, "sheet.xlsx": workbook(t)}
	if c := rendition.FindChromium(); c != "" {
		if out["Printed.PDF"], _, err = (rendition.Printer{Chromium: c}).PDF(context.Background(), s); err != nil {
			t.Fatal(err)
		}
	}
	return out
}

func TestExtract(t *testing.T) {
	for name, file := range uploads(t) {
		t.Run("AC-06 "+name, func(t *testing.T) {
			got, err := source.Extract(name, bytes.NewReader(file), int64(len(file)))
			if err != nil {
				t.Fatal(err)
			}
			want := []string{"Isolate the infusion pump. Ångström Ελλάς.", "cell one", "cell two"}
			if name == "sheet.xlsx" {
				want = []string{"Device Infusion pump 42", "second sheet"}
			}
			for _, w := range want {
				if !strings.Contains(strings.Join(strings.Fields(got), " "), w) {
					t.Errorf("%q is not in %q", w, got)
				}
			}
		})
	}
}

// A PDF as older programs write it: objects within a stream, no table of letters, octal escapes.
func TestExtractOfOlderPDF(t *testing.T) {
	file := "%PDF-1.5\n1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[3 0 R]/Count 1/Resources<</Font<</F1 5 0 R>>>>>>\nendobj\n" +
		"3 0 obj\n<</Type/Page/Parent 2 0 R/Contents[4 0 R]>>\nendobj\n4 0 obj\n<</Length 99>>\nstream\nBT /F1 12 Tf 72 700 Td (Caf\\351 \\(one\\)) Tj 0 -14 Td [(wor)20(ds)-300(apart)] TJ ET\nendstream\nendobj\n" +
		"5 0 obj\n<</Type/Font/Subtype/Type1/BaseFont/Helvetica>>\nendobj\n%%EOF"
	got, err := source.Extract("a.pdf", strings.NewReader(file), int64(len(file)))
	if err != nil || got != "Café (one)\nwords apart" {
		t.Errorf("%q, %v", got, err)
	}
}

func TestExtractRefuses(t *testing.T) {
	bomb := archive(t, "word/document.xml", "<a>"+strings.Repeat(" ", 120<<20)+"</a>")
	deep := archive(t, "word/document.xml", strings.Repeat("<a>", 1000))
	for name, c := range map[string]struct {
		file string
		data []byte
	}{
		"another kind":      {"a.exe", []byte("MZ")},
		"no ending":         {"a", nil},
		"no zip":            {"a.docx", []byte("not a zip")},
		"a bomb":            {"a.docx", bomb},
		"deep XML":          {"a.docx", deep},
		"broken XML":        {"a.docx", archive(t, "word/document.xml", "<a><b></a>")},
		"no PDF":            {"a.pdf", []byte("hello")},
		"PDF that was cut":  {"a.pdf", []byte("%PDF-1.7 cut")},
		"PDF without pages": {"a.pdf", []byte("%PDF-1.4\n1 0 obj\n<</Type /Catalog /Pages 2 0 R>>\nendobj\n2 0 obj\n<</Type/Pages/Kids[]/Count 0>>\nendobj\ntrailer\n<</Root 1 0 R>>\n%%EOF\n")},
		"encrypted":         {"a.pdf", []byte("%PDF-1.4\n1 0 obj\n<<>>\nendobj\ntrailer\n<</Encrypt 2 0 R>>")},
		"broken workbook":   {"a.xlsx", archive(t, "xl/worksheets/sheet1.xml", "<a")},
	} {
		if _, err := source.Extract(c.file, bytes.NewReader(c.data), int64(len(c.data))); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
}

func TestExtractOfFilesCutAnywhere(t *testing.T) {
	for name, file := range uploads(t) {
		step := max(1, len(file)/100)
		for n := 0; n < len(file); n += step {
			if _, err := source.Extract(name, bytes.NewReader(file[:n]), int64(n)); err != nil && problem.KindOf(err) != problem.Invalid {
				t.Errorf("%s cut at %d: %v", name, n, err)
			}
		}
	}
}

func FuzzExtract(f *testing.F) {
	for name, file := range uploads(f) {
		f.Add(name, file)
	}
	f.Add("a.pdf", []byte("%PDF-1.5\n1 0 obj\n<</Type /ObjStm /N 9 /First 4>>stream\n1 0 2 4 <<>> [[[[\nendstream"))
	f.Fuzz(func(t *testing.T, name string, file []byte) {
		for _, n := range []string{name, "a.pdf", "a.docx", "a.xlsx"} {
			if _, err := source.Extract(n, bytes.NewReader(file), int64(len(file))); err != nil && problem.KindOf(err) != problem.Invalid {
				t.Errorf("%s: %v", n, err)
			}
		}
	})
}
