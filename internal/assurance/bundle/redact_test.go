package bundle_test

import (
	"bytes"
	"encoding/json"
	"fmt"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/bundle/bundletest"
	"triward/internal/problem"
)

const signed = "signatures/sig_1.dsse.json"

func redacted(t *testing.T) (bundle.Built, string) {
	t.Helper()
	key := bundletest.Key(t)
	c := bundletest.Contents(t, key)
	salt := func(n byte) []byte { return bytes.Repeat([]byte{n}, bundle.SaltSize) }
	c.Redactions = []bundle.Redaction{
		{Path: "documents/SOP-14/1.0/document.md", At: "lines 4-4", Reason: "names a person", Salt: salt(1)},
		{Path: "documents/SOP-14/1.0/document.md", At: "lines 1-2", Reason: "trade secret", Salt: salt(2)},
		{Path: "records/run/run_1.json", At: "/patient/name", Reason: "patient", Salt: salt(3)},
		{Path: signed, Reason: "holds the digest of the whole text", Salt: salt(4)},
		{Path: "signatures/sig_1.tsr", Reason: "is of what is removed", Salt: salt(5)},
	}
	delete(c.Expected, "signature")
	delete(c.Expected, "timestamp")
	return write(t, c), key.Verifier()
}

func TestRedaction(t *testing.T) {
	b, key := redacted(t)
	t.Run("RC-02 what is removed is not in the bundle", func(t *testing.T) {
		for _, text := range []string{"Ada Example", "Security incidents\n", "Eve Example", bundle.Digest([]byte(bundletest.Document))} {
			if bytes.Contains(b.Archive, []byte(text)) {
				t.Errorf("it holds %q", text)
			}
		}
		for _, text := range []string{"Decide whether", "Tell the ward", `"room": 12`} {
			if !bytes.Contains(b.Archive, []byte(text)) {
				t.Errorf("it lacks %q", text)
			}
		}
		if r := bundle.Verify(t.Context(), b.Archive, key); !r.OK() {
			t.Error(r.Faults)
		}
	})
	t.Run("what was removed can be proved later", func(t *testing.T) {
		want := map[string]string{"lines 4-4": "Call Dr. Ada Example, +00 555 0100.\n", "lines 1-2": "# Security incidents\n\n", "/patient/name": `"Eve Example"`}
		got := map[string]string{}
		for _, r := range b.Reveals {
			text, err := json.Marshal(r)
			if err != nil {
				t.Fatal(err)
			}
			read, err := bundle.ParseReveal(text)
			if err != nil {
				t.Fatal(err)
			}
			if err := bundle.CheckReveal(b.Manifest, read); err != nil {
				t.Error(err)
			}
			if r.At != "" {
				got[r.At] = string(r.Content)
			}
		}
		if d := cmp.Diff(want, got); d != "" {
			t.Error(d)
		}
	})
	t.Run("nothing else can", func(t *testing.T) {
		for _, r := range b.Reveals {
			for name, change := range map[string]func(r *bundle.Reveal){
				"another text":  func(r *bundle.Reveal) { r.Content = append(bytes.Clone(r.Content), '!') },
				"another salt":  func(r *bundle.Reveal) { r.Salt = bytes.Repeat([]byte{9}, bundle.SaltSize) },
				"a short salt":  func(r *bundle.Reveal) { r.Salt = r.Salt[1:] },
				"text for salt": func(r *bundle.Reveal) { r.Salt = append(bytes.Clone(r.Salt), r.Content[0]); r.Content = r.Content[1:] },
			} {
				forged := r
				change(&forged)
				if err := bundle.CheckReveal(b.Manifest, forged); problem.KindOf(err) != problem.Invalid {
					t.Errorf("%s of %s %s: %v", name, r.Path, r.At, err)
				}
			}
			moved := r
			moved.At = "lines 9-9"
			if err := bundle.CheckReveal(b.Manifest, moved); problem.KindOf(err) != problem.NotFound {
				t.Errorf("another place: %v", err)
			}
		}
	})
	t.Run("guessing does not help", func(t *testing.T) {
		// Everybody who knows the form but not the salt.
		for _, c := range b.Manifest.Redactions {
			if strings.Contains(fmt.Sprintf("%x", b.Archive), c.SHA256) && c.SHA256 == bundle.Digest([]byte(`"Eve Example"`)) {
				t.Error("the commitment is a plain digest")
			}
		}
	})
}

func TestRedactionRefuses(t *testing.T) {
	key := bundletest.Key(t)
	salt := bytes.Repeat([]byte{1}, bundle.SaltSize)
	doc, run := "documents/SOP-14/1.0/document.md", "records/run/run_1.json"
	for name, c := range map[string]struct {
		redactions []bundle.Redaction
		kind       problem.Kind
	}{
		"the signature that gives the text away stays": {[]bundle.Redaction{{Path: doc, At: "lines 1-1", Reason: "r", Salt: salt}}, problem.Conflict},
		"the same lines twice":                         {[]bundle.Redaction{{Path: doc, At: "lines 1-3", Reason: "r", Salt: salt}, {Path: doc, At: "lines 3-4", Reason: "r", Salt: salt}}, problem.Conflict},
		"a field below a removed one":                  {[]bundle.Redaction{{Path: run, At: "/patient", Reason: "r", Salt: salt}, {Path: run, At: "/patient/name", Reason: "r", Salt: salt}}, problem.Conflict},
		"no such file":                                 {[]bundle.Redaction{{Path: "x.md", Reason: "r", Salt: salt}}, problem.NotFound},
		"no such line":                                 {[]bundle.Redaction{{Path: doc, At: "lines 1-90", Reason: "r", Salt: salt}}, problem.Invalid},
		"no such field":                                {[]bundle.Redaction{{Path: run, At: "/patient/age", Reason: "r", Salt: salt}}, problem.NotFound},
		"no such place":                                {[]bundle.Redaction{{Path: run, At: "patient", Reason: "r", Salt: salt}}, problem.Invalid},
		"without a reason":                             {[]bundle.Redaction{{Path: run, At: "/patient", Salt: salt}}, problem.Invalid},
		"a short salt":                                 {[]bundle.Redaction{{Path: run, At: "/patient", Reason: "r", Salt: salt[:8]}}, problem.Invalid},
	} {
		t.Run(name, func(t *testing.T) {
			in := bundletest.Contents(t, key)
			in.Redactions = c.redactions
			if _, err := bundle.Write(t.Context(), in); problem.KindOf(err) != c.kind {
				t.Errorf("got %v", err)
			}
		})
	}
}

func FuzzParseReveal(f *testing.F) {
	text := []byte(`{"format":"triward-bundle-reveal/1","path":"a.json","at":"/b","salt":"AAAA","content":"Ig=="}`)
	for n := range len(text) + 1 {
		f.Add(text[:n])
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		r, err := bundle.ParseReveal(text)
		if err != nil {
			return
		}
		if bundle.CheckReveal(bundle.Manifest{}, r) == nil {
			t.Error("a part of nothing is accepted")
		}
	})
}
