package record

import (
	"archive/zip"
	"bytes"
	"context"
	"encoding/base64"
	"encoding/json"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/press"
	"triward/internal/document/rendition"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/store"
)

// Format names the archive of a signed record.
const Format = "triward-record/1"

// Limits of an archive.
const (
	maxArchive = 128 << 20
	maxEntries = 500
)

// StatementType is the media type of record.json, which the server signs.
const StatementType = "application/vnd.triward.record+json"

// Statement is what an archive says of itself: record.json. The server's key signs it in record.dsse.
type Statement struct {
	Format     string           `json:"format"`
	Document   string           `json:"document"` // code
	Revision   string           `json:"revision"` // id
	Label      string           `json:"label"`
	Title      string           `json:"title"`
	Content    document.Content `json:"content"`
	SHA256     string           `json:"content_sha256"`
	Displayed  string           `json:"displayed_sha256"`
	File       string           `json:"file_sha256,omitempty"` // uploaded: of the file
	Edition    string           `json:"edition,omitempty"`     // linked
	Publisher  string           `json:"publisher,omitempty"`
	Address    string           `json:"address,omitempty"`
	State      document.State   `json:"state"`
	Exported   time.Time        `json:"exported"`
	Signatures int              `json:"signatures"`
	Parts      []Part           `json:"parts"`
}

// Part is a file of an archive.
type Part struct {
	Name   string `json:"name"`
	SHA256 string `json:"sha256"`
}

// Export is the archive of a revision that was approved: its text, the page as it was displayed, the record copy, every
// signature with what checks it, and a statement that names them all. Conflict while the record copy is not made.
func Export(ctx context.Context, p press.Press, rid document.RevisionID) (press.File, error) {
	pdf, err := p.RecordFile(ctx, rid)
	if problem.KindOf(err) == problem.NotFound {
		return press.File{}, problem.New(problem.Conflict, "the record can be exported once the revision is approved and its record copy is made")
	}
	if err != nil {
		return press.File{}, err
	}
	shown, err := p.Display(ctx, rid)
	if err != nil {
		return press.File{}, err
	}
	var v document.Revision
	var signed []signature.Signature
	if err := p.DB.View(ctx, func(r store.Reader) (err error) {
		if v, err = document.RevisionOf(ctx, r, rid); err != nil {
			return err
		}
		signed, err = signature.Of(ctx, r, string(rid))
		return err
	}); err != nil {
		return press.File{}, err
	}
	out := press.File{Name: v.Code + " " + v.Label + " record.zip", Type: "application/zip", Note: pdf.Note}
	parts := map[string][]byte{"document.md": []byte(v.Source), "displayed.html": shown.HTML, "document.pdf": pdf.Content}
	for i, x := range signed {
		if parts[fmt.Sprintf("signatures/%03d-%s.json", i+1, x.ID)], err = p.Signer.Export(ctx, x.ID); err != nil {
			return press.File{}, err
		}
	}
	statement := Statement{Format: Format, Document: v.Code, Revision: string(v.ID), Label: v.Label, Title: v.Title, Content: v.Content, SHA256: v.ContentHash,
		Displayed: shown.Digest, File: string(v.File.Digest), Edition: v.External.Edition, Publisher: v.External.Publisher, Address: v.External.Address,
		State: v.State, Exported: p.DB.Now().UTC(), Signatures: len(signed)}
	for _, n := range sortedNames(parts) {
		statement.Parts = append(statement.Parts, Part{n, document.HexSum(parts[n])})
	}
	if parts["record.json"], err = encode(statement); err != nil {
		return press.File{}, err
	}
	if parts["record.dsse"], err = p.Signer.Key.Seal(ctx, StatementType, parts["record.json"]); err != nil {
		return press.File{}, err
	}
	out.Content, err = pack(parts)
	return out, err
}

func sortedNames(parts map[string][]byte) []string {
	names := make([]string, 0, len(parts))
	for n := range parts {
		names = append(names, n)
	}
	slices.Sort(names)
	return names
}

func encode(s Statement) ([]byte, error) {
	text, err := json.MarshalIndent(s, "", "  ")
	return append(text, '\n'), err
}

// pack writes an archive in its one form: sorted names, a fixed time, nothing compressed.
func pack(parts map[string][]byte) ([]byte, error) {
	var b bytes.Buffer
	z := zip.NewWriter(&b)
	for _, n := range sortedNames(parts) {
		f, err := z.CreateHeader(&zip.FileHeader{Name: n, Method: zip.Store, Modified: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			return nil, fmt.Errorf("write archive: %w", err)
		}
		if _, err := f.Write(parts[n]); err != nil {
			return nil, fmt.Errorf("write archive: %w", err)
		}
	}
	if err := z.Close(); err != nil {
		return nil, fmt.Errorf("write archive: %w", err)
	}
	return b.Bytes(), nil
}

// unpack reads an archive that pack wrote, and refuses any other.
func unpack(archive []byte) (map[string][]byte, error) {
	changed := problem.New(problem.Invalid, "the archive was changed since it was exported, if only in how it is written")
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil || len(archive) > maxArchive || len(z.File) > maxEntries {
		return nil, problem.New(problem.Invalid, "this is not the archive of a record")
	}
	parts := map[string][]byte{}
	left := int64(maxArchive)
	for _, f := range z.File {
		if f.Method != zip.Store {
			return nil, changed
		}
		r, err := f.Open()
		if err != nil {
			return nil, changed
		}
		text, err := io.ReadAll(io.LimitReader(r, left))
		r.Close()
		if left -= int64(len(text)); err != nil || left <= 0 {
			return nil, problem.New(problem.Invalid, "%s in the archive was changed", f.Name)
		}
		parts[f.Name] = text
	}
	if again, err := pack(parts); err != nil || !bytes.Equal(again, archive) {
		return nil, changed
	}
	return parts, nil
}

// Verified is what a checked archive holds.
type Verified struct {
	Statement  Statement
	Signatures []signature.Signature
	Seal       *rendition.SealReport // of the PDF; nil when it is not sealed
}

// Verify checks an archive offline: its form, that every signature is right and of this document, that the page and the text
// are those that were signed, and the seal of its PDF. Everything wrong is Invalid and says what. Whether the key of the seal
// is to be trusted is for the caller to say.
func Verify(archive []byte, keys signature.Keys) (Verified, error) {
	parts, err := unpack(archive)
	if err != nil {
		return Verified{}, err
	}
	var out Verified
	if out.Statement, err = readStatement(parts, keys); err != nil {
		return Verified{}, err
	}
	s := out.Statement
	if err := s.parts(parts); err != nil {
		return Verified{}, err
	}
	external := document.External{Edition: s.Edition, Publisher: s.Publisher, Address: s.Address}
	if document.ContentHash(s.Content, string(parts["document.md"]), document.File{Digest: blob.Digest(s.File)}, external) != s.SHA256 ||
		document.HexSum(parts["displayed.html"]) != s.Displayed {
		return Verified{}, problem.New(problem.Invalid, "the archive does not hold the text and the page that it names")
	}
	if out.Signatures, err = s.signatures(parts, keys); err != nil {
		return Verified{}, err
	}
	if bytes.Contains(parts["document.pdf"], []byte("/ByteRange")) {
		seal, err := rendition.CheckSeal(parts["document.pdf"])
		if err != nil {
			return Verified{}, problem.About(err, "document.pdf")
		}
		out.Seal = &seal
	}
	return out, nil
}

// readStatement opens the envelope. JSON and base64 leave room for changes that mean the same: only one form is taken.
func readStatement(parts map[string][]byte, keys signature.Keys) (Statement, error) {
	sealed, err := ledger.OpenEnvelope(context.Background(), parts["record.dsse"], StatementType, keys.Servers...)
	if err != nil {
		return Statement{}, problem.About(err, "record.dsse")
	}
	var e dsse.Envelope
	if err := json.Unmarshal(parts["record.dsse"], &e); err != nil || len(e.Signatures) != 1 {
		return Statement{}, problem.New(problem.Invalid, "record.dsse was changed")
	}
	e.Payload, e.Signatures[0].Sig = base64.StdEncoding.EncodeToString(sealed.Payload), base64.StdEncoding.EncodeToString(sealed.Signature)
	known := slices.ContainsFunc(keys.Servers, func(k string) bool { return strings.HasPrefix(k, e.Signatures[0].KeyID+"+") })
	if again, err := json.Marshal(e); err != nil || !known || !bytes.Equal(again, parts["record.dsse"]) {
		return Statement{}, problem.New(problem.Invalid, "record.dsse was changed")
	}
	if !bytes.Equal(sealed.Payload, parts["record.json"]) {
		return Statement{}, problem.New(problem.Invalid, "record.json was changed: it is not what the server signed")
	}
	var s Statement
	d := json.NewDecoder(bytes.NewReader(sealed.Payload))
	d.DisallowUnknownFields()
	if err := d.Decode(&s); err != nil || s.Format != Format {
		return Statement{}, problem.New(problem.Invalid, "record.json is not what an exported record says of itself")
	}
	return s, nil
}

// parts names the file that was changed, added or taken away.
func (s Statement) parts(parts map[string][]byte) error {
	named := map[string]bool{"record.json": true, "record.dsse": true}
	for _, p := range s.Parts {
		named[p.Name] = true
		switch body, ok := parts[p.Name]; {
		case !ok:
			return problem.New(problem.Invalid, "%s is missing", p.Name)
		case document.HexSum(body) != p.SHA256:
			return problem.New(problem.Invalid, "%s was changed since it was exported", p.Name)
		}
	}
	for _, n := range sortedNames(parts) {
		if !named[n] {
			return problem.New(problem.Invalid, "%s was added", n)
		}
	}
	return nil
}

// signatures checks each signature, and that all of them are there, the last over what the archive shows.
func (s Statement) signatures(parts map[string][]byte, keys signature.Keys) ([]signature.Signature, error) {
	var out []signature.Signature
	previous := ""
	for _, n := range sortedNames(parts) {
		if !strings.HasPrefix(n, "signatures/") {
			continue
		}
		e, err := signature.ReadExport(parts[n])
		if err != nil {
			return nil, problem.About(err, "%s", n)
		}
		sig, err := e.Check(keys)
		if err != nil {
			return nil, problem.About(err, "%s", n)
		}
		if r := sig.Record; r.ID != s.Revision || r.Document != s.Document || r.Revision != s.Label {
			return nil, problem.New(problem.Invalid, "%s is of another record: %s %s (%s)", n, r.Document, r.Revision, r.ID)
		}
		if sig.Previous != previous {
			return nil, problem.New(problem.Invalid, "a signature before %s is missing", n)
		}
		previous = sig.Digest
		out = append(out, sig)
	}
	if len(out) != s.Signatures {
		return nil, problem.New(problem.Invalid, "the archive holds %d signatures of %d", len(out), s.Signatures)
	}
	if len(out) > 0 {
		last := out[len(out)-1].Record
		if last.Content != s.SHA256 || last.Displayed != "" && last.Displayed != s.Displayed || last.Rendition != "" && last.Rendition != s.Displayed {
			return nil, problem.New(problem.Invalid, "the last signature is of another text than the archive shows")
		}
	}
	return out, nil
}
