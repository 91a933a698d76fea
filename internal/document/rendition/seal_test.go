package rendition_test

import (
	"bytes"
	"context"
	"crypto/x509"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/digitorus/pkcs7"
	"github.com/pdfcpu/pdfcpu/pkg/api"
	"github.com/pdfcpu/pdfcpu/pkg/pdfcpu/model"

	"triward/internal/document/rendition"
	"triward/internal/problem"
	"triward/internal/signature"
)

var sealedAt = time.Date(2026, 11, 28, 12, 0, 0, 0, time.UTC)

func sealer(t testing.TB) rendition.Sealer {
	t.Helper()
	text, err := rendition.NewSealer("Example Medical Ltd, Triward", sealedAt.AddDate(-1, 0, 0))
	if err != nil {
		t.Fatal(err)
	}
	k, err := rendition.ReadSealer(text)
	if err != nil {
		t.Fatal(err)
	}
	stamps, err := signature.OpenAuthority(filepath.Join(t.TempDir(), "stamp.pem"), "example.org")
	if err != nil {
		t.Fatal(err)
	}
	k.Stamp = stamps.Stamp
	return k
}

// printed are the files that our printers write.
func printed(t testing.TB) map[string][]byte {
	t.Helper()
	s := sheet()
	s.HTML += `<p><a href="https://example.org/law">a link on the first page</a></p>`
	out := map[string][]byte{}
	for name, p := range map[string]rendition.Printer{"plain PDF": {}, "PDF": {Chromium: rendition.FindChromium()}} {
		if name == "PDF" && p.Chromium == "" {
			continue
		}
		pdf, _, err := p.PDF(context.Background(), s)
		if err != nil {
			t.Fatal(err)
		}
		out[name] = pdf
	}
	return out
}

func TestSealIsAcceptedElsewhere(t *testing.T) {
	k := sealer(t)
	for name, pdf := range printed(t) {
		sealed, err := rendition.Seal(pdf, k, sealedAt)
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		t.Run("P11-12 "+name+": by ourselves", func(t *testing.T) {
			report, err := rendition.CheckSeal(sealed)
			if err != nil {
				t.Fatal(err)
			}
			if report.Signer != "Example Medical Ltd, Triward" || !report.Stamped || !report.At.Equal(sealedAt) || !report.Certificate.Equal(k.Certificate) {
				t.Errorf("report %+v", report)
			}
			if at, err := signature.CheckToken(report.Token, report.Signature, certificatePEM(report.Stamper)); err != nil || !at.Equal(sealedAt) {
				t.Errorf("the time stamp says %s, %v", at, err)
			}
		})
		t.Run("P11-12 "+name+": by pdfsig", func(t *testing.T) {
			got := tool(t, sealed, "pdfsig", "-nocert", "FILE")
			for _, want := range []string{"Signature is Valid.", "Total document signed", "ETSI.CAdES.detached", "Example Medical Ltd"} {
				if !strings.Contains(got, want) {
					t.Errorf("%q is not in\n%s", want, got)
				}
			}
			if strings.Count(got, "Signature #") != 1 {
				t.Errorf("DT-07: not one signature:\n%s", got)
			}
		})
		t.Run("P11-12 "+name+": by pdfcpu", func(t *testing.T) { checkWithPdfcpu(t, sealed) })
		t.Run("P11-02 "+name+": the text stays as it was", func(t *testing.T) {
			if strings.Join(pdfPages(t, pdf), "\f") != strings.Join(pdfPages(t, sealed), "\f") {
				t.Error("sealing changed the text")
			}
		})
		t.Run("DT-07 "+name+": sealed once", func(t *testing.T) {
			if _, err := rendition.Seal(sealed, k, sealedAt); problem.KindOf(err) != problem.Conflict {
				t.Errorf("sealed again: %v", err)
			}
		})
	}
}

func certificatePEM(c *x509.Certificate) string {
	return "-----BEGIN CERTIFICATE-----\n" + base64Lines(c.Raw) + "-----END CERTIFICATE-----\n"
}

// pdfcpu's own judgement of a file with one signature.
func withPdfcpu(t *testing.T, sealed []byte) *model.SignatureValidationResult {
	t.Helper()
	file := filepath.Join(t.TempDir(), "sealed.pdf")
	if err := os.WriteFile(file, sealed, 0o600); err != nil {
		t.Fatal(err)
	}
	config := model.NewDefaultConfiguration()
	config.Offline = true
	results, err := api.ValidateSignatures(file, true, config)
	if err != nil || len(results) != 1 {
		t.Fatalf("pdfcpu sees %d signatures, %v", len(results), err)
	}
	return results[0]
}

// All that pdfcpu misses is that the certificate is not among those it trusts, which is for the reader to decide; it says
// something else of a file that was changed.
func checkWithPdfcpu(t *testing.T, sealed []byte) {
	t.Helper()
	got := withPdfcpu(t, sealed)
	if got.Reason != model.SignatureReasonCertNotTrusted || got.Status != model.SignatureStatusUnknown {
		t.Errorf("pdfcpu judges: %s, %s", model.SignatureStatusStrings[got.Status], model.SignatureReasonStrings[got.Reason])
	}
	if !got.Signed || got.Details.SubFilter != "ETSI.CAdES.detached" || got.Details.FieldName != "Seal" || !got.Details.SigningTime.Equal(sealedAt) || len(got.Details.Signers) != 1 {
		t.Fatalf("pdfcpu reads: %+v", got)
	}
	by := got.Details.Signers[0]
	if !by.Authoritative || !by.HasTimestamp || !by.Timestamp.Equal(sealedAt) || by.Certificate == nil || !strings.Contains(by.Certificate.Subject, "Example Medical Ltd") {
		t.Errorf("pdfcpu reads of the signer: %+v", by)
	}
	changed := bytes.Clone(sealed)
	at := bytes.Index(changed, []byte("/CreationDate"))
	if at < 0 {
		t.Fatal("the file has no date to change")
	}
	digit := at + bytes.IndexAny(changed[at:], "123456789")
	changed[digit] ^= 1
	if got := withPdfcpu(t, changed); got.Status != model.SignatureStatusInvalid || got.Reason == model.SignatureReasonCertNotTrusted {
		t.Errorf("of a changed file pdfcpu judges: %s, %s", model.SignatureStatusStrings[got.Status], model.SignatureReasonStrings[got.Reason])
	}
}

func TestEveryChangedBitOfASealedFileIsSeen(t *testing.T) {
	pdf := printed(t)["plain PDF"]
	sealed, err := rendition.Seal(pdf, sealer(t), sealedAt)
	if err != nil {
		t.Fatal(err)
	}
	gap := bytes.Index(sealed, []byte("/Contents <")) + 10
	end := gap + bytes.IndexByte(sealed[gap:], '>') + 1
	t.Run("AC-10 in the signature", func(t *testing.T) {
		for i := gap; i < end; i++ {
			for bit := range 8 {
				if i-gap < 2*8000 || i > end-10 || bit == i%8 { // the rest is zeros
					flipped(t, sealed, i, bit)
				}
			}
		}
	})
	t.Run("AC-10 in the objects that the seal added, one bit of every byte", func(t *testing.T) {
		for i := len(pdf); i < len(sealed); i++ {
			if i < gap || i >= end {
				flipped(t, sealed, i, i%8)
			}
		}
	})
	// The bytes of the printed file go into one digest, so that none differs from another: some are enough.
	t.Run("AC-10 in the printed file, one bit of every fifth byte", func(t *testing.T) {
		for i := 0; i < len(pdf); i += 5 {
			flipped(t, sealed, i, i%8)
		}
	})
	t.Run("AC-10 bytes added or cut", func(t *testing.T) {
		for name, changed := range map[string][]byte{"added": append(bytes.Clone(sealed), '\n'), "cut": sealed[:len(sealed)-1], "unsealed": pdf,
			"updated": append(bytes.Clone(sealed), "\n1 0 obj\n<</Type /Sig /ByteRange [0 1 2 3]>>\nendobj\n"...)} {
			if _, err := rendition.CheckSeal(changed); problem.KindOf(err) != problem.Invalid {
				t.Errorf("%s: %v", name, err)
			}
		}
	})
}

func flipped(t *testing.T, sealed []byte, i, bit int) {
	t.Helper()
	sealed[i] ^= 1 << bit
	defer func() { sealed[i] ^= 1 << bit }()
	if _, err := rendition.CheckSeal(sealed); problem.KindOf(err) != problem.Invalid {
		t.Errorf("bit %d of byte %d (%q) changed: %v", bit, i, sealed[max(0, i-20):min(len(sealed), i+20)], err)
	}
}

func TestSealReadsElsewhereAsCMS(t *testing.T) {
	sealed, err := rendition.Seal(printed(t)["plain PDF"], sealer(t), sealedAt)
	if err != nil {
		t.Fatal(err)
	}
	from := bytes.Index(sealed, []byte("/Contents <")) + 11
	to := from + bytes.IndexByte(sealed[from:], '>')
	p7, err := pkcs7.Parse(unhexed(t, sealed[from:to]))
	if err != nil {
		t.Fatal(err)
	}
	p7.Content = append(bytes.Clone(sealed[:from-1]), sealed[to+1:]...)
	if err := p7.Verify(); err != nil {
		t.Error(err)
	}
}

func FuzzSeal(f *testing.F) {
	pdf := printed(f)["plain PDF"]
	k := sealer(f)
	sealed, err := rendition.Seal(pdf, k, sealedAt)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(pdf)
	f.Add(sealed)
	f.Add([]byte("%PDF-1.4\n1 0 obj\n<</Type /Catalog/Pages 1 0 R>>\nendobj\nxref\n0 2\n0000000000 65535 f \n0000000009 00000 n \ntrailer\n<</Size 2/Root 1 0 R>>\nstartxref\n55\n%%EOF\n"))
	f.Fuzz(func(t *testing.T, data []byte) {
		if out, err := rendition.Seal(data, k, sealedAt); err == nil {
			if _, err := rendition.CheckSeal(out); err != nil {
				t.Error(err)
			}
		}
		rendition.CheckSeal(data) // it must only end
	})
}
