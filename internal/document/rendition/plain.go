package rendition

import (
	"bytes"
	"fmt"
	"image"
	_ "image/gif" // what images a document may hold
	_ "image/jpeg"
	_ "image/png"
	"strings"

	"codeberg.org/go-pdf/fpdf"
	"golang.org/x/image/font/gofont/gobold"
	"golang.org/x/image/font/gofont/gobolditalic"
	"golang.org/x/image/font/gofont/goitalic"
	"golang.org/x/image/font/gofont/gomono"
	"golang.org/x/image/font/gofont/goregular"
)

// plainPDF writes a sheet without a browser: the same text, signatures, margins and watermark, without tags. Its font has
// Latin, Greek and Cyrillic letters; others appear as boxes.
func plainPDF(s Sheet) ([]byte, error) {
	text, err := blocks(s.HTML)
	if err != nil {
		return nil, err
	}
	p := newPlain(s)
	p.head()
	for _, b := range text {
		p.block(b)
	}
	p.signatures()
	if err := p.foot(); err != nil {
		return nil, err
	}
	var b bytes.Buffer
	if err := p.pdf.Output(&b); err != nil {
		return nil, fmt.Errorf("write PDF of %s: %w", s.Code, err)
	}
	return b.Bytes(), nil
}

// Lengths are in millimetres, sizes of letters in points.
const (
	plainFont   = "Go"
	plainMono   = "GoMono"
	plainSize   = 9.5
	plainLine   = 4.8
	sideMargin  = 18.0
	plainWidth  = 210 - 2*sideMargin
	indentWidth = 6.0
	plainMark   = 220.0      // of a watermark, which stands askew
	maxPixels   = 40_000_000 // of an image
)

type plain struct {
	pdf    *fpdf.Fpdf
	sheet  Sheet
	images int
}

func newPlain(s Sheet) *plain {
	pdf := fpdf.New("P", "mm", "A4", "")
	p := &plain{pdf: pdf, sheet: s}
	pdf.SetCatalogSort(true)
	pdf.SetCreationDate(s.latest())
	pdf.SetModificationDate(s.latest())
	pdf.SetTitle(bmp(s.Code+" "+s.Title+" "+s.Revision), true)
	pdf.SetLang(s.language())
	pdf.SetMargins(sideMargin, 24, sideMargin)
	pdf.SetAutoPageBreak(true, 22)
	pdf.AliasNbPages("")
	for _, f := range []struct {
		family, style string
		ttf           []byte
	}{{plainFont, "", goregular.TTF}, {plainFont, "B", gobold.TTF}, {plainFont, "I", goitalic.TTF}, {plainFont, "BI", gobolditalic.TTF}, {plainMono, "", gomono.TTF}} {
		pdf.AddUTF8FontFromBytes(f.family, f.style, bytes.Clone(f.ttf)) // it writes into what it is given
	}
	pdf.SetHeaderFunc(p.top)
	pdf.SetFooterFunc(p.bottom)
	pdf.AddPage()
	return p
}

// bmp replaces what the font format cannot name.
func bmp(s string) string {
	return strings.Map(func(r rune) rune {
		switch {
		case r > 0xffff:
			return '?'
		case r < ' ' && r != '\n':
			return ' '
		}
		return r
	}, s)
}

// top writes the header and the watermark of a page.
func (p *plain) top() {
	pdf, s := p.pdf, p.sheet
	if s.Watermark != "" {
		pdf.SetFont(plainFont, "B", 60)
		pdf.SetTextColor(246, 222, 219)
		words := bmp(strings.ToUpper(s.Watermark))
		if wide := pdf.GetStringWidth(words); wide > plainMark {
			pdf.SetFontSize(60 * plainMark / wide)
		}
		pdf.TransformBegin()
		pdf.TransformRotate(30, 105, 148)
		pdf.Text(105-pdf.GetStringWidth(words)/2, 155, words)
		pdf.TransformEnd()
	}
	pdf.SetFont(plainFont, "", 7.5)
	pdf.SetTextColor(87, 96, 106)
	pdf.SetXY(sideMargin, 10)
	right := ""
	for _, f := range s.header()[1:] {
		right += strings.ToLower(f.Label) + " " + f.Text + "   "
	}
	right = bmp(strings.TrimSpace(right))
	left := bmp(s.Code + " " + s.Title)
	for room := plainWidth - pdf.GetStringWidth(right) - 4; pdf.GetStringWidth(left) > room && left != ""; {
		cut := []rune(left)
		left = string(cut[:len(cut)-1])
	}
	pdf.CellFormat(plainWidth/2, 5, left, "", 0, "L", false, 0, "")
	pdf.CellFormat(plainWidth/2, 5, right, "", 1, "R", false, 0, "")
	pdf.Line(sideMargin, 16, 210-sideMargin, 16)
	pdf.SetXY(sideMargin, 24)
	pdf.SetTextColor(27, 31, 36)
}

func (p *plain) bottom() {
	pdf := p.pdf
	pdf.SetFont(plainFont, "", 7.5)
	pdf.SetTextColor(87, 96, 106)
	pdf.SetXY(sideMargin, -15)
	pdf.CellFormat(40, 5, bmp(p.sheet.Organisation), "", 0, "L", false, 0, "")
	pdf.CellFormat(plainWidth-80, 5, uncontrolled, "", 0, "C", false, 0, "")
	pdf.CellFormat(40, 5, fmt.Sprintf("Page %d of {nb}", pdf.PageNo()), "", 0, "R", false, 0, "")
	pdf.SetTextColor(27, 31, 36)
}

// head writes what stands above the text of the first page.
func (p *plain) head() {
	s := p.sheet
	if s.Organisation != "" {
		p.line(run{text: s.Organisation}, plainSize)
	}
	p.line(run{text: s.Code + " " + s.Title, bold: true}, 15)
	for _, f := range s.header()[1:] {
		p.line(run{text: f.Label + ": " + f.Text}, plainSize)
	}
	if s.Banner != "" {
		p.pdf.Ln(2)
		p.pdf.SetFont(plainFont, "B", plainSize)
		p.pdf.MultiCell(plainWidth, plainLine+1, bmp(s.Banner), "1", "L", false)
	}
	p.pdf.Ln(3)
}

func (p *plain) line(r run, size float64) {
	p.look(r, size)
	p.pdf.MultiCell(plainWidth, size*0.5, bmp(r.text), "", "L", false)
}

func (p *plain) look(r run, size float64) {
	if r.mono {
		p.pdf.SetFont(plainMono, "", size-1)
		return
	}
	style := ""
	if r.bold || r.fault {
		style += "B"
	}
	if r.italic {
		style += "I"
	}
	p.pdf.SetFont(plainFont, style, size)
}

func (p *plain) block(b block) {
	pdf := p.pdf
	switch b.kind {
	case heading:
		pdf.Ln(2)
		if pdf.GetY() > 250 {
			pdf.AddPage()
		}
		words := bmp(plainRuns(b.runs))
		pdf.Bookmark(words, 0, -1)
		p.line(run{text: words, bold: true}, max(10, 15-1.5*float64(b.level)))
		pdf.Ln(1)
	case rule:
		pdf.Line(sideMargin, pdf.GetY(), 210-sideMargin, pdf.GetY())
		pdf.Ln(3)
	case table:
		p.table(b.rows)
		pdf.Ln(3)
	case item:
		left := sideMargin + float64(min(b.level, 8)+1)*indentWidth
		p.look(run{}, plainSize)
		pdf.SetX(left - indentWidth + 1)
		pdf.CellFormat(indentWidth-1, plainLine, b.mark, "", 0, "L", false, 0, "")
		p.runs(b.runs, left)
		pdf.Ln(1)
	case quotation, code:
		p.runs(b.runs, sideMargin+indentWidth)
		pdf.Ln(2)
	default:
		p.runs(b.runs, sideMargin)
		pdf.Ln(2)
	}
}

// runs writes text that flows between a left edge and the right margin.
func (p *plain) runs(runs []run, left float64) {
	p.pdf.SetLeftMargin(left)
	p.pdf.SetX(left)
	for _, r := range runs {
		switch {
		case r.image != nil:
			p.image(*r.image)
		case r.newline:
			p.pdf.Ln(plainLine)
		default:
			p.look(r, plainSize)
			p.pdf.Write(plainLine, bmp(r.text))
		}
	}
	p.pdf.SetLeftMargin(sideMargin)
	p.pdf.Ln(plainLine)
}

// image draws an image at most as wide as the text. One that cannot be read is shown by its words.
func (p *plain) image(i picture) {
	config, format, err := image.DecodeConfig(bytes.NewReader(i.data))
	if err != nil || config.Width*config.Height > maxPixels || config.Width == 0 || config.Height == 0 {
		p.pdf.Write(plainLine, bmp("[image: "+i.alt+"]"))
		return
	}
	p.images++
	name := fmt.Sprintf("image-%d", p.images)
	options := fpdf.ImageOptions{ImageType: format}
	p.pdf.RegisterImageOptionsReader(name, options, bytes.NewReader(i.data))
	if p.pdf.Err() {
		p.pdf.ClearError()
		p.pdf.Write(plainLine, bmp("[image: "+i.alt+"]"))
		return
	}
	width := min(float64(config.Width)*25.4/96, plainWidth)
	height := width * float64(config.Height) / float64(config.Width)
	if height > 220 {
		width, height = width*220/height, 220
	}
	p.pdf.Ln(plainLine)
	p.pdf.ImageOptions(name, -1, -1, width, height, true, options, 0, "")
}

// table writes rows with columns as wide as their text asks for.
func (p *plain) table(rows []tableRow) {
	widths := columnWidths(rows, plainWidth)
	const pad = 1.2
	for _, row := range rows {
		lines := make([][]string, len(widths))
		height := 0.0
		for i := range widths {
			text := ""
			if i < len(row.cells) {
				text = bmp(plainRuns(row.cells[i]))
			}
			p.look(run{bold: row.head}, plainSize-1)
			lines[i] = p.pdf.SplitText(text, widths[i]-2*pad)
			height = max(height, float64(len(lines[i]))*(plainLine-0.6)+2*pad)
		}
		if p.pdf.GetY()+height > 297-22 && height < 200 {
			p.pdf.AddPage()
		}
		p.tableRow(row, lines, widths, height)
	}
}

func (p *plain) tableRow(row tableRow, lines [][]string, widths []float64, height float64) {
	const pad = 1.2
	x, y := sideMargin, p.pdf.GetY()
	p.look(run{bold: row.head}, plainSize-1)
	for i, w := range widths {
		p.pdf.Rect(x, y, w, height, "D")
		for k, l := range lines[i] {
			p.pdf.Text(x+pad, y+pad+float64(k+1)*(plainLine-0.6)-1, l)
		}
		x += w
	}
	p.pdf.SetXY(sideMargin, y+height)
}

// columnWidths shares out a width by the longest text of each column, within bounds.
func columnWidths(rows []tableRow, width float64) []float64 {
	var weight []float64
	for _, row := range rows {
		for i, c := range row.cells {
			if i == len(weight) {
				weight = append(weight, 6)
			}
			weight[i] = max(weight[i], min(60, float64(len([]rune(plainRuns(c))))))
		}
	}
	sum := 0.0
	for _, w := range weight {
		sum += w
	}
	for i := range weight {
		weight[i] *= width / sum
	}
	return weight
}

func plainRuns(runs []run) string {
	var b strings.Builder
	for _, r := range runs {
		switch {
		case r.image != nil:
			b.WriteString("[image: " + r.image.alt + "]")
		case r.newline:
			b.WriteByte('\n')
		default:
			b.WriteString(r.text)
		}
	}
	return b.String()
}

// signatures writes the signatures and the list of revisions on a page of their own.
func (p *plain) signatures() {
	pdf := p.pdf
	pdf.AddPage()
	p.block(block{kind: heading, level: 2, runs: []run{{text: "Signatures"}}})
	for _, b := range p.sheet.Signatures {
		var rows []tableRow
		for _, f := range b.Fields() {
			rows = append(rows, tableRow{cells: [][]run{{{text: f.Label}}, {{text: f.Text}}}})
		}
		if pdf.GetY()+float64(len(rows))*8 > 297-22 {
			pdf.AddPage()
		}
		p.table(rows)
		pdf.Ln(4)
	}
	if len(p.sheet.Signatures) == 0 {
		p.block(block{runs: []run{{text: "Nobody has signed this revision."}}})
	}
	if len(p.sheet.History) == 0 {
		return
	}
	p.block(block{kind: heading, level: 2, runs: []run{{text: "Revisions"}}})
	p.table(historyRows(p.sheet.History))
	pdf.Ln(4)
}

func historyRows(all []HistoryLine) []tableRow {
	cell := func(s string) []run { return []run{{text: s}} }
	rows := []tableRow{{head: true, cells: [][]run{cell("Revision"), cell("Date"), cell("Author"), cell("What changed")}}}
	for _, h := range all {
		rows = append(rows, tableRow{cells: [][]run{cell(h.Revision), cell(h.Date), cell(h.Author), cell(h.Summary)}})
	}
	return rows
}

// foot writes the address of the status page and its QR code.
func (p *plain) foot() error {
	if p.sheet.StatusURL == "" {
		return nil
	}
	code, err := QR(p.sheet.StatusURL)
	if err != nil {
		return err
	}
	if p.pdf.GetY() > 240 {
		p.pdf.AddPage()
	}
	options := fpdf.ImageOptions{ImageType: "png"}
	p.pdf.RegisterImageOptionsReader("status", options, bytes.NewReader(code))
	p.pdf.ImageOptions("status", sideMargin, p.pdf.GetY(), 26, 26, true, options, 0, "")
	p.line(run{text: uncontrolled}, plainSize)
	p.line(run{text: p.sheet.StatusURL}, plainSize)
	return nil
}
