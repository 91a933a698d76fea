package rendition

import (
	"archive/zip"
	"bytes"
	"encoding/xml"
	"fmt"
	"image"
	"strings"
	"time"
)

// DOCX writes a sheet as an Office Open XML document (ECMA-376 Part 1, WordprocessingML): the same words, signatures and
// margins as every other form, with the state as a watermark. It is a copy to work with, not the record.
func DOCX(s Sheet) ([]byte, error) {
	text, err := blocks(s.HTML)
	if err != nil {
		return nil, err
	}
	w := &wordWriter{sheet: s}
	w.front()
	for _, b := range text {
		w.block(b)
	}
	w.signatures()
	if err := w.status(); err != nil {
		return nil, err
	}
	return w.pack()
}

// wordWriter collects the body of the document and its images.
type wordWriter struct {
	sheet Sheet
	body  strings.Builder
	media []media
}

type media struct {
	name string // "image1.png"
	data []byte
}

// esc is text within XML. What XML cannot hold becomes U+FFFD.
func esc(s string) string {
	var b bytes.Buffer
	if xml.EscapeText(&b, []byte(s)) != nil {
		return ""
	}
	return b.String()
}

func (w *wordWriter) front() {
	s := w.sheet
	if s.Organisation != "" {
		w.styled("Muted", []run{{text: s.Organisation}})
	}
	w.styled("Title", []run{{text: s.Code + " " + s.Title}})
	for _, f := range s.header()[1:] {
		w.styled("Line", []run{{text: f.Label + ": " + f.Text}})
	}
	if s.Banner != "" {
		w.styled("Banner", []run{{text: s.Banner, bold: true}})
	}
}

func (w *wordWriter) styled(style string, runs []run) {
	w.paragraph(`<w:pStyle w:val="`+style+`"/>`, runs)
}

func (w *wordWriter) paragraph(properties string, runs []run) {
	w.body.WriteString("<w:p><w:pPr>" + properties + "</w:pPr>")
	for _, r := range runs {
		w.run(r)
	}
	w.body.WriteString("</w:p>")
}

func (w *wordWriter) run(r run) {
	if r.image != nil {
		w.image(*r.image)
		return
	}
	w.body.WriteString("<w:r><w:rPr>")
	if r.mono {
		w.body.WriteString(`<w:rFonts w:ascii="Courier New" w:hAnsi="Courier New" w:cs="Courier New"/>`)
	}
	for _, p := range []struct {
		on   bool
		text string
	}{{r.bold || r.fault, "<w:b/>"}, {r.italic, "<w:i/>"}, {r.struck, "<w:strike/>"}, {r.fault, `<w:highlight w:val="yellow"/>`}} {
		if p.on {
			w.body.WriteString(p.text)
		}
	}
	w.body.WriteString("</w:rPr>")
	if r.newline {
		w.body.WriteString("<w:br/>")
	}
	for i, line := range strings.Split(r.text, "\n") {
		if i > 0 {
			w.body.WriteString("<w:br/>")
		}
		w.body.WriteString(`<w:t xml:space="preserve">` + esc(line) + "</w:t>")
	}
	w.body.WriteString("</w:r>")
}

func (w *wordWriter) block(b block) {
	switch b.kind {
	case heading:
		w.styled(fmt.Sprintf("Heading%d", b.level), b.runs)
	case item:
		const step = 360 // twentieths of a point
		left := step * (min(b.level, 8) + 1)
		mark := run{text: b.mark}
		fmt.Fprintf(&w.body, `<w:p><w:pPr><w:tabs><w:tab w:val="left" w:pos="%[1]d"/></w:tabs><w:ind w:left="%[1]d" w:hanging="%[2]d"/></w:pPr>`, left, step)
		w.run(mark)
		w.body.WriteString("<w:r><w:tab/></w:r>")
		for _, r := range b.runs {
			w.run(r)
		}
		w.body.WriteString("</w:p>")
	case quotation, code:
		w.styled(map[blockKind]string{quotation: "Quotation", code: "Code"}[b.kind], b.runs)
	case table:
		w.table(b.rows)
	case rule:
		w.paragraph(`<w:pBdr><w:bottom w:val="single" w:sz="4" w:space="1" w:color="57606A"/></w:pBdr>`, nil)
	default:
		w.paragraph("", b.runs)
	}
}

const bodyWidth = 9866 // A4 less its margins, in twentieths of a point

func (w *wordWriter) table(rows []tableRow) {
	widths := columnWidths(rows, bodyWidth)
	w.body.WriteString(`<w:tbl><w:tblPr><w:tblStyle w:val="Grid"/><w:tblW w:w="5000" w:type="pct"/><w:tblLayout w:type="fixed"/></w:tblPr><w:tblGrid>`)
	for _, x := range widths {
		fmt.Fprintf(&w.body, `<w:gridCol w:w="%d"/>`, int(x))
	}
	w.body.WriteString("</w:tblGrid>")
	for _, row := range rows {
		w.body.WriteString("<w:tr><w:trPr><w:cantSplit/>")
		if row.head {
			w.body.WriteString("<w:tblHeader/>")
		}
		w.body.WriteString("</w:trPr>")
		for i, x := range widths {
			fmt.Fprintf(&w.body, `<w:tc><w:tcPr><w:tcW w:w="%d" w:type="dxa"/></w:tcPr>`, int(x))
			var runs []run
			if i < len(row.cells) {
				runs = row.cells[i]
			}
			w.styled("Cell", runs)
			w.body.WriteString("</w:tc>")
		}
		w.body.WriteString("</w:tr>")
	}
	w.body.WriteString("</w:tbl>")
	w.paragraph("", nil) // two tables in a row would become one
}

// image puts an image into the text. Lengths are in English Metric Units, 914400 to the inch.
func (w *wordWriter) image(p picture) {
	config, format, err := image.DecodeConfig(bytes.NewReader(p.data))
	if err != nil || config.Width == 0 || config.Height == 0 || config.Width*config.Height > maxPixels {
		w.run(run{text: "[image: " + p.alt + "]"})
		return
	}
	n := len(w.media) + 1
	w.media = append(w.media, media{fmt.Sprintf("image%d.%s", n, format), p.data})
	const perPixel, widest = 914400 / 96, bodyWidth * 635
	x, y := config.Width*perPixel, config.Height*perPixel
	if x > widest {
		x, y = widest, int(int64(y)*widest/int64(x))
	}
	fmt.Fprintf(&w.body, `<w:r><w:drawing><wp:inline distT="0" distB="0" distL="0" distR="0"><wp:extent cx="%[1]d" cy="%[2]d"/><wp:docPr id="%[3]d" name="image %[3]d" descr="%[4]s"/>`+
		`<a:graphic><a:graphicData uri="http://schemas.openxmlformats.org/drawingml/2006/picture"><pic:pic><pic:nvPicPr><pic:cNvPr id="%[3]d" name="image %[3]d"/><pic:cNvPicPr/></pic:nvPicPr>`+
		`<pic:blipFill><a:blip r:embed="rIdImage%[3]d"/><a:stretch><a:fillRect/></a:stretch></pic:blipFill><pic:spPr><a:xfrm><a:off x="0" y="0"/><a:ext cx="%[1]d" cy="%[2]d"/></a:xfrm>`+
		`<a:prstGeom prst="rect"><a:avLst/></a:prstGeom></pic:spPr></pic:pic></a:graphicData></a:graphic></wp:inline></w:drawing></w:r>`, x, y, n, esc(p.alt))
}

func (w *wordWriter) signatures() {
	w.paragraph(`<w:pStyle w:val="Heading2"/><w:pageBreakBefore/>`, []run{{text: "Signatures"}})
	for _, b := range w.sheet.Signatures {
		var rows []tableRow
		for _, f := range b.Fields() {
			rows = append(rows, tableRow{cells: [][]run{{{text: f.Label}}, {{text: f.Text}}}})
		}
		w.table(rows)
	}
	if len(w.sheet.Signatures) == 0 {
		w.paragraph("", []run{{text: "Nobody has signed this revision."}})
	}
	if len(w.sheet.History) > 0 {
		w.styled("Heading2", []run{{text: "Revisions"}})
		w.table(historyRows(w.sheet.History))
	}
}

func (w *wordWriter) status() error {
	if w.sheet.StatusURL == "" {
		return nil
	}
	code, err := QR(w.sheet.StatusURL)
	if err != nil {
		return err
	}
	w.paragraph("", []run{{image: &picture{mime: "image/png", data: code, alt: "QR code of the status page"}}})
	w.styled("Muted", []run{{text: uncontrolled + " "}, {text: w.sheet.StatusURL}})
	return nil
}

// pack writes the parts in a fixed order, with the time that the sheet knows.
func (w *wordWriter) pack() ([]byte, error) {
	s := w.sheet
	var rels, types strings.Builder
	seen := map[string]bool{}
	for i, m := range w.media {
		fmt.Fprintf(&rels, `<Relationship Id="rIdImage%d" Type="http://schemas.openxmlformats.org/officeDocument/2006/relationships/image" Target="media/%s"/>`, i+1, m.name)
		if ext := m.name[strings.LastIndexByte(m.name, '.')+1:]; !seen[ext] {
			seen[ext] = true
			fmt.Fprintf(&types, `<Default Extension="%s" ContentType="image/%s"/>`, ext, ext)
		}
	}
	state := []string{}
	for _, f := range s.header()[1:] {
		state = append(state, strings.ToLower(f.Label)+" "+f.Text)
	}
	parts := []media{
		{"[Content_Types].xml", []byte(fmt.Sprintf(wordTypes, types.String()))},
		{"_rels/.rels", []byte(wordRels)},
		{"docProps/core.xml", []byte(fmt.Sprintf(wordCore, esc(s.Code+" "+s.Title+" "+s.Revision), esc(s.Organisation), s.latest().Format(time.RFC3339), esc(s.language())))},
		{"word/document.xml", []byte(fmt.Sprintf(wordDocument, w.body.String()))},
		{"word/_rels/document.xml.rels", []byte(fmt.Sprintf(wordDocumentRels, rels.String()))},
		{"word/styles.xml", []byte(fmt.Sprintf(wordStyles, esc(s.language()), wordHeadings()))},
		{"word/header1.xml", []byte(fmt.Sprintf(wordHeader, wordWatermark(s.Watermark), esc(s.Code+" "+s.Title), esc(strings.Join(state, " · "))))},
		{"word/footer1.xml", []byte(fmt.Sprintf(wordFooter, esc(s.Organisation), uncontrolled))},
	}
	for _, m := range w.media {
		parts = append(parts, media{"word/media/" + m.name, m.data})
	}
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, p := range parts {
		f, err := z.CreateHeader(&zip.FileHeader{Name: p.name, Method: zip.Deflate, Modified: s.latest()})
		if err != nil {
			return nil, fmt.Errorf("write %s: %w", p.name, err)
		}
		if _, err := f.Write(p.data); err != nil {
			return nil, fmt.Errorf("write %s: %w", p.name, err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write document: %w", err)
	}
	return b.Bytes(), nil
}
