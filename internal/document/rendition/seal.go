package rendition

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"sort"
	"strconv"
	"strings"
	"time"

	"triward/internal/problem"
)

// sealRoom is the room for the signature within the file, in bytes. It holds two certificates and a time stamp.
const sealRoom = 12 << 10

// Seal adds one signature over the whole file: an incremental update (ISO 32000-1 7.5.6) with an ETSI.CAdES.detached
// signature (ETSI EN 319 142-1 6.3) that forbids every later change (ISO 32000-1 12.8.2.2, DocMDP level 1), and a time stamp
// (RFC 3161). A file is sealed once, after the last signature: one that holds a signature is refused as a Conflict.
func Seal(pdf []byte, k Sealer, at time.Time) ([]byte, error) {
	if bytes.Contains(pdf, []byte("/ByteRange")) {
		return nil, problem.New(problem.Conflict, "the PDF is sealed already")
	}
	p, err := readPDF(pdf)
	if err != nil {
		return nil, err
	}
	out, gap, err := p.withSignature(k, at)
	if err != nil {
		return nil, err
	}
	sum := sha256.New()
	sum.Write(out[:gap])
	sum.Write(out[gap+2*sealRoom+2:])
	cms, err := k.sign(sum.Sum(nil), at)
	if err != nil {
		return nil, fmt.Errorf("seal PDF: %w", err)
	}
	if len(cms) > sealRoom {
		return nil, problem.New(problem.Invalid, "the signature of the seal has %d bytes, at most %d: the chain of certificates is too long", len(cms), sealRoom)
	}
	hex.Encode(out[gap+1:], cms)
	return out, nil
}

// withSignature is the file with an empty signature, and where its gap begins: the place of the signature itself, which is
// all that the signature does not cover.
func (p *pdfFile) withSignature(k Sealer, at time.Time) (out []byte, gap int, err error) {
	rootNumber, ok := reference(p.trailer.get("Root"))
	size, sizeErr := strconv.Atoi(string(bytes.TrimSpace(p.trailer.get("Size"))))
	if !ok || sizeErr != nil || p.trailer.get("Encrypt") != nil || p.trailer.get("Prev") != nil {
		return nil, 0, unreadable("it is encrypted, or was changed after it was printed")
	}
	root, err := p.object(rootNumber)
	if err != nil {
		return nil, 0, err
	}
	pageNumber, first, err := p.firstPage(root)
	if err != nil {
		return nil, 0, err
	}
	if root.get("AcroForm") != nil {
		return nil, 0, unreadable("it holds a form")
	}
	sigNumber, fieldNumber := size, size+1
	annots := bytes.TrimSpace(first.get("Annots"))
	if annots != nil && annots[0] != '[' {
		return nil, 0, unreadable("its first page keeps its links elsewhere")
	}
	links := strings.TrimSuffix(strings.TrimPrefix(string(annots), "["), "]")

	u := update{out: append(bytes.Clone(p.data), '\n'), offsets: map[int]int{}}
	u.begin(sigNumber)
	fmt.Fprintf(&u, "<</Type /Sig\n/Filter /Adobe.PPKLite\n/SubFilter /ETSI.CAdES.detached\n/M (%s)\n/Name %s\n/Reason %s\n"+
		"/Reference [<</Type /SigRef /TransformMethod /DocMDP /TransformParams <</Type /TransformParams /P 1 /V /1.2>>>>]\n/ByteRange ",
		at.UTC().Format("D:20060102150405Z"), textString(k.name()), textString("The record as it was released"))
	rangeAt := len(u.out)
	fmt.Fprintf(&u, "[0 %010d %010d %010d]\n/Contents ", 0, 0, 0)
	gap = len(u.out)
	u.out = append(u.out, "<"+strings.Repeat("0", 2*sealRoom)+">"...)
	u.out = append(u.out, ">>"...)
	u.end()
	u.begin(fieldNumber)
	fmt.Fprintf(&u, "<</Type /Annot\n/Subtype /Widget\n/FT /Sig\n/T (Seal)\n/V %d 0 R\n/F 132\n/Rect [0 0 0 0]\n/P %d 0 R>>", sigNumber, pageNumber)
	u.end()
	u.begin(pageNumber)
	u.out = append(u.out, first.set("Annots", fmt.Sprintf("[%s %d 0 R]", links, fieldNumber)).bytes()...)
	u.end()
	u.begin(rootNumber)
	root = root.set("AcroForm", fmt.Sprintf("<</Fields [%d 0 R] /SigFlags 3>>", fieldNumber)).set("Perms", fmt.Sprintf("<</DocMDP %d 0 R>>", sigNumber))
	u.out = append(u.out, root.bytes()...)
	u.end()
	u.table(p, size+2)
	copy(u.out[rangeAt:], fmt.Sprintf("[0 %010d %010d %010d]", gap, gap+2*sealRoom+2, len(u.out)-gap-2*sealRoom-2))
	return u.out, gap, nil
}

// update collects new and changed objects behind the file.
type update struct {
	out     []byte
	offsets map[int]int
}

func (u *update) Write(b []byte) (int, error) {
	u.out = append(u.out, b...)
	return len(b), nil
}

func (u *update) begin(number int) {
	u.offsets[number] = len(u.out)
	fmt.Fprintf(u, "%d 0 obj\n", number)
}

func (u *update) end() { u.out = append(u.out, "\nendobj\n"...) }

// table writes the cross-references of the update and its trailer (ISO 32000-1 7.5.4, 7.5.5).
func (u *update) table(p *pdfFile, size int) {
	at := len(u.out)
	numbers := make([]int, 0, len(u.offsets))
	for n := range u.offsets {
		numbers = append(numbers, n)
	}
	sort.Ints(numbers)
	fmt.Fprint(u, "xref\n")
	for _, n := range numbers {
		fmt.Fprintf(u, "%d 1\n%010d 00000 n \n", n, u.offsets[n])
	}
	trailer := p.trailer.set("Size", strconv.Itoa(size)).set("Prev", strconv.Itoa(p.xref))
	fmt.Fprintf(u, "trailer\n%s\nstartxref\n%d\n%%%%EOF\n", trailer.bytes(), at)
}

// textString writes a text string in UTF-16 (ISO 32000-1 7.9.2.2), so that no character needs escaping.
func textString(s string) string {
	var b strings.Builder
	b.WriteString("<FEFF")
	for _, r := range s {
		if r > 0xffff {
			r = '?'
		}
		fmt.Fprintf(&b, "%04X", r)
	}
	return b.String() + ">"
}
