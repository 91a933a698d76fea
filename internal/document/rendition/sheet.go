package rendition

import (
	"bytes"
	"fmt"
	"image"
	"image/color"
	"image/png"
	"time"

	"github.com/boombuler/barcode/qr"
)

// Sheet is what a rendition shows. Empty texts are left out.
type Sheet struct {
	Code, Title, Revision string // "SOP-14", "Incident response", "1.2"
	State                 string // "effective", "draft", "superseded": as people read it
	Watermark             string // written across each page; "" for what is effective
	Organisation          string
	EffectiveDate         string // as it is to be read: "2026-12-01", or "not yet effective"
	StatusURL             string // page that says whether this copy is still good; also as a QR code
	HTML                  string // sanitised fragment, as source.HTML makes it; images as data: URIs
	Signatures            []Block
	History               []HistoryLine
	Banner                string // warning above the text: superseded, withdrawn, overdue for review, a caution
	Language              string // BCP 47; "" is English
}

// Block is a signature as it is shown everywhere (21 CFR 11.50).
type Block struct {
	Name        string // printed name
	Function    string // function that was signed for
	Meaning     string // "approval"
	Reason      string
	At          time.Time
	Zone        string // time zone of the signer: "Europe/Berlin", "+01:00"
	DelegateOf  string // printed name of whom the signer stands in for
	SignatureID string
}

// HistoryLine is one revision in the list of revisions.
type HistoryLine struct {
	Revision string
	Date     string
	Author   string
	Summary  string
}

// Field is a labelled text.
type Field struct{ Label, Text string }

// Fields are the parts of a signature in the order in which every form shows them; empty parts are left out.
func (b Block) Fields() []Field {
	signed := b.At.UTC().Format("2006-01-02 15:04:05 UTC")
	if b.Zone != "" {
		signed += " (" + b.Zone + ")"
	}
	all := []Field{{"Name", b.Name}, {"Function", b.Function}, {"For", b.DelegateOf}, {"Meaning", b.Meaning}, {"Signed", signed}, {"Reason", b.Reason},
		{"Signature", b.SignatureID}}
	out := all[:0]
	for _, f := range all {
		if f.Text != "" {
			out = append(out, f)
		}
	}
	return out
}

// header is the line on top of each page.
func (s Sheet) header() []Field {
	all := []Field{{"Document", s.Code + " " + s.Title}, {"Revision", s.Revision}, {"State", s.State}, {"Effective", s.EffectiveDate}}
	out := all[:0]
	for _, f := range all {
		if f.Text != "" {
			out = append(out, f)
		}
	}
	return out
}

// uncontrolled is at the foot of each page.
const uncontrolled = "Uncontrolled when printed: check the state before use."

func (s Sheet) language() string {
	if s.Language == "" {
		return "en"
	}
	return s.Language
}

// latest is the last instant that the sheet knows: what its files say about when they were made.
func (s Sheet) latest() time.Time {
	at := time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)
	for _, b := range s.Signatures {
		if b.At.After(at) {
			at = b.At.UTC().Truncate(time.Second)
		}
	}
	return at
}

// QR is a QR code (ISO/IEC 18004, level M) of an address as a PNG, with the quiet zone of four modules around it.
func QR(address string) ([]byte, error) {
	code, err := qr.Encode(address, qr.M, qr.Auto)
	if err != nil {
		return nil, fmt.Errorf("make QR code: %w", err)
	}
	const scale, quiet = 4, 4
	n := code.Bounds().Dx()
	size := scale * (n + 2*quiet)
	img := image.NewPaletted(image.Rect(0, 0, size, size), color.Palette{color.White, color.Black})
	for y := range size {
		for x := range size {
			cx, cy := x/scale-quiet, y/scale-quiet
			if cx < 0 || cy < 0 || cx >= n || cy >= n {
				continue
			}
			if r, _, _, _ := code.At(cx, cy).RGBA(); r == 0 {
				img.SetColorIndex(x, y, 1)
			}
		}
	}
	var b bytes.Buffer
	if err := png.Encode(&b, img); err != nil {
		return nil, fmt.Errorf("write QR code: %w", err)
	}
	return b.Bytes(), nil
}
