package cli

import (
	"bytes"
	"context"
	"crypto/sha256"
	"crypto/x509"
	"encoding/hex"
	"encoding/pem"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"triward/internal/app"
	"triward/internal/cli/terminal"
	"triward/internal/content"
	"triward/internal/document/record"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/problem"
	"triward/internal/signature"
)

// maxRecord bounds a file that is checked, in bytes.
const maxRecord = 128 << 20

// documentOffline are the commands about documents that need no server.
func (p *program) documentOffline() []*cobra.Command {
	var with signatureKeys
	var seals []string
	verify := &cobra.Command{Use: "verify FILE", Short: "Check a sealed PDF or an exported record offline", Args: terminal.Exactly(1),
		Long: "Check a sealed PDF or an exported record (ZIP) without a server: that nothing was changed since it was sealed,\nwho sealed it and when, and for a record every signature, its time stamp and its place in the journal.\nWithout --verifier, --authority and --seal, the keys of this installation are used; others get them with\n`triward signature keys` and `triward document seal-certificate`, by another way than the file.",
		RunE: func(_ *cobra.Command, args []string) error { return p.verifyDocument(args[0], with, seals) }}
	verify.Flags().StringArrayVar(&with.verifiers, "verifier", nil, "verifier key of the server that signed (may be given again)")
	verify.Flags().StringArrayVar(&with.certificates, "authority", nil, "PEM file with the certificate of its time-stamp authority (may be given again)")
	verify.Flags().StringArrayVar(&seals, "seal", nil, "PEM file with the certificate that seals its PDF files (may be given again)")
	var r rendering
	render := &cobra.Command{Use: "render FILE.md", Short: "Write a document as HTML, PDF or DOCX", Args: terminal.Exactly(1),
		RunE: func(c *cobra.Command, args []string) error { return p.renderDocument(c.Context(), args[0], r) }}
	render.Flags().StringVar(&r.form, "to", "html", "html, pdf or docx")
	render.Flags().StringVarP(&r.output, "output", "o", "", "file to write; without it, FILE with another ending")
	render.Flags().StringVar(&r.chromium, "chromium", "", "path of the browser that prints; without it, one is looked for")
	return []*cobra.Command{verify, render,
		&cobra.Command{Use: "check DIR", Short: "Check all documents of a folder: form, references, clauses, and that times stand in STD-08 only", Args: terminal.Exactly(1),
			RunE: func(_ *cobra.Command, args []string) error { return p.checkDocuments(args[0]) }},
		&cobra.Command{Use: "seal-certificate", Short: "Print the certificate that seals the PDF files of this installation", Args: terminal.Exactly(0),
			RunE: func(*cobra.Command, []string) error {
				c, err := p.load()
				if err != nil {
					return err
				}
				k, err := app.OpenSealer(c, time.Now())
				if err != nil {
					return err
				}
				return pem.Encode(p.Out, &pem.Block{Type: "CERTIFICATE", Bytes: k.Certificate.Raw})
			}}}
}

// rendering says what to make of a document.
type rendering struct{ form, output, chromium string }

func (p *program) renderDocument(ctx context.Context, file string, r rendering) error {
	text, err := terminal.ReadFile(file, 1<<20)
	if err != nil {
		return err
	}
	d, err := source.Parse(filepath.Base(file), text)
	if err != nil {
		return err
	}
	targets, err := targetsBeside(file, d)
	if err != nil {
		return err
	}
	html, err := source.HTML(d, source.HTMLOptions{Targets: targets})
	if err != nil {
		return err
	}
	s := rendition.Sheet{Code: d.Code, Title: d.Title, State: "draft", Watermark: "draft", EffectiveDate: "not yet", HTML: html}
	var body []byte
	var note rendition.Note
	switch r.form {
	case "html":
		body, err = rendition.HTML(s)
	case "docx":
		body, err = rendition.DOCX(s)
	case "pdf":
		if r.chromium == "" {
			r.chromium = rendition.FindChromium()
		}
		body, note, err = rendition.Printer{Chromium: r.chromium}.PDF(ctx, s)
	default:
		return terminal.Misused("--to is html, pdf or docx, not %q", r.form)
	}
	if err != nil {
		return err
	}
	if r.output == "" {
		r.output = strings.TrimSuffix(file, filepath.Ext(file)) + "." + r.form
	}
	if err := p.Save(r.output, func(w io.Writer) error { _, err := w.Write(body); return err }); err != nil {
		return err
	}
	if note != "" {
		fmt.Fprintln(p.Err, note)
	}
	return nil
}

// targetsBeside are the targets of the STD-08 that lies beside a document, else of the one that is built in.
func targetsBeside(file string, d source.Document) ([]source.Target, error) {
	if d.Code == source.TargetsCode {
		return d.Targets, nil
	}
	name := source.TargetsCode + ".md"
	text, err := os.ReadFile(filepath.Join(filepath.Dir(file), name))
	if err != nil {
		all, err := content.Documents()
		if err != nil {
			return nil, err
		}
		i := slices.IndexFunc(all, func(f content.File) bool { return f.Name == name })
		if i < 0 {
			return nil, nil
		}
		text = all[i].Text
	}
	std, err := source.Parse(name, text)
	return std.Targets, err
}

// checkDocuments checks each document of a folder by itself, then all as a set.
func (p *program) checkDocuments(dir string) error {
	files, err := filepath.Glob(filepath.Join(dir, "*.md"))
	if err != nil {
		return err
	}
	if len(files) == 0 {
		return problem.New(problem.NotFound, "%s holds no documents (*.md)", dir)
	}
	var all []source.Document
	var faults []problem.Fault
	for _, f := range files {
		text, err := terminal.ReadFile(f, 1<<20)
		if err != nil {
			return err
		}
		d, err := source.Parse(filepath.Base(f), text)
		if err != nil {
			faults = append(faults, problem.FaultsOf(err)...)
			continue
		}
		all = append(all, d)
	}
	sets, err := content.ClauseSets()
	if err != nil {
		return err
	}
	clauses := source.Clauses{}
	for _, s := range sets {
		clauses[s.ID] = map[string]bool{}
		for _, c := range s.Clauses {
			clauses[s.ID][c.Ref] = true
		}
	}
	faults = append(faults, problem.FaultsOf(source.Check(all, clauses))...)
	if len(faults) > 0 {
		return &problem.Error{Kind: problem.Invalid, Message: fmt.Sprintf("%d faults in %d documents", len(faults), len(files)), Faults: faults}
	}
	return p.Done("%d documents are right", len(files))
}

// checkedDocument is what `document verify --json` prints.
type checkedDocument struct {
	Valid      bool     `json:"valid"`
	Document   string   `json:"document,omitempty"`
	Revision   string   `json:"revision,omitempty"`
	Title      string   `json:"title,omitempty"`
	Content    string   `json:"content_sha256,omitempty"`
	Signatures []string `json:"signatures,omitempty"`
	SealedBy   string   `json:"sealed_by,omitempty"`
	SealedAt   string   `json:"sealed_at,omitempty"`
	Seal       string   `json:"seal_certificate_sha256,omitempty"`
}

func (p *program) verifyDocument(file string, with signatureKeys, seals []string) error {
	body, err := terminal.ReadFile(file, maxRecord)
	if err != nil {
		return err
	}
	keys, err := p.signatureKeys(with)
	if err != nil {
		return err
	}
	trusted, err := p.sealCertificates(seals)
	if err != nil {
		return err
	}
	out := checkedDocument{Valid: true}
	var seal *rendition.SealReport
	if bytes.HasPrefix(body, []byte("%PDF-")) {
		r, err := rendition.CheckSeal(body)
		if err != nil {
			return problem.About(err, "%s", file)
		}
		seal = &r
	} else {
		v, err := record.Verify(body, keys)
		if err != nil {
			return problem.About(err, "%s", file)
		}
		seal = v.Seal
		s := v.Statement
		out.Document, out.Revision, out.Title, out.Content = s.Document, s.Label, s.Title, s.SHA256
		for _, x := range v.Signatures {
			out.Signatures = append(out.Signatures, fmt.Sprintf("%s, %s, %s", x.Name, x.Act.Meaning, x.At.UTC().Format("2006-01-02 15:04:05 UTC")))
		}
	}
	if seal != nil {
		if err := out.sealed(*seal, trusted, keys); err != nil {
			return problem.About(err, "%s", file)
		}
	}
	return p.Show(out, func() error { return p.showDocument(out) })
}

// sealed notes a seal whose key and time stamp are trusted.
func (c *checkedDocument) sealed(r rendition.SealReport, trusted []*x509.Certificate, keys signature.Keys) error {
	sum := sha256.Sum256(r.Certificate.Raw)
	c.SealedBy, c.Seal = r.Signer, hex.EncodeToString(sum[:])
	if !slices.ContainsFunc(trusted, r.Certificate.Equal) {
		return problem.New(problem.Invalid, "it is unchanged since %s sealed it, but that key (SHA-256 %s) is not one that you trust: give its certificate with --seal", r.Signer, c.Seal)
	}
	if !r.Stamped {
		return nil
	}
	at, err := signature.CheckToken(r.Token, r.Signature, keys.Authorities...)
	if err != nil {
		return problem.About(err, "the time stamp of its seal")
	}
	c.SealedAt = at.UTC().Format("2006-01-02 15:04:05 UTC")
	return nil
}

func (p *program) sealCertificates(files []string) ([]*x509.Certificate, error) {
	var out []*x509.Certificate
	for _, f := range files {
		text, err := terminal.ReadFile(f, 1<<20)
		if err != nil {
			return nil, err
		}
		block, _ := pem.Decode(text)
		if block == nil || block.Type != "CERTIFICATE" {
			return nil, problem.New(problem.Invalid, "%s holds no certificate in PEM", f)
		}
		c, err := x509.ParseCertificate(block.Bytes)
		if err != nil {
			return nil, problem.New(problem.Invalid, "the certificate in %s cannot be read", f)
		}
		out = append(out, c)
	}
	if len(files) > 0 {
		return out, nil
	}
	c, err := p.load()
	if err != nil {
		return nil, err
	}
	k, err := app.OpenSealer(c, time.Now())
	if err != nil {
		return nil, err
	}
	return []*x509.Certificate{k.Certificate}, nil
}

func (p *program) showDocument(c checkedDocument) error {
	if c.Document != "" {
		fmt.Fprintf(p.Out, "%s %s %s\n  content SHA-256 %s\n", c.Document, c.Revision, c.Title, c.Content)
	}
	for _, s := range c.Signatures {
		fmt.Fprintf(p.Out, "  signed by %s\n", s)
	}
	if c.SealedBy != "" {
		fmt.Fprintf(p.Out, "  sealed by %s %s\n", c.SealedBy, c.SealedAt)
	}
	_, err := fmt.Fprintln(p.Out, "unchanged: everything verifies")
	return err
}
