package bundle_test

import (
	"archive/zip"
	"bytes"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/bundle/bundletest"
	"triward/internal/problem"
)

func write(t testing.TB, c bundle.Contents) bundle.Built {
	t.Helper()
	b, err := bundle.Write(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func TestWriteAndVerify(t *testing.T) {
	key := bundletest.Key(t)
	c := bundletest.Contents(t, key)
	b := write(t, c)

	t.Run("what was written is whole", func(t *testing.T) {
		for _, with := range []string{"", key.Verifier()} {
			r := bundle.Verify(t.Context(), b.Archive, with)
			if !r.OK() || r.Signatures != 1 || r.Proofs != 1 || r.Stamps != 1 || r.Files != 10 || r.Own != (with == "") || r.SHA256 != b.SHA256 {
				t.Errorf("with key %q: %+v", with, r)
			}
		}
	})
	t.Run("another key", func(t *testing.T) {
		r := bundle.Verify(t.Context(), b.Archive, bundletest.Key(t).Verifier())
		if r.OK() {
			t.Error("a bundle of another organisation is accepted")
		}
	})
	t.Run("PRD-22 the same contents are the same bytes", func(t *testing.T) {
		again := write(t, c)
		if !bytes.Equal(b.Archive, again.Archive) {
			t.Error("they differ")
		}
	})
	t.Run("DT-08 PRD-22 files name the revision", func(t *testing.T) {
		var got []string
		for _, f := range b.Manifest.Files {
			if f.Kind == "document" {
				got = append(got, f.Path+" "+f.Revision)
			}
		}
		if d := cmp.Diff([]string{"documents/SOP-14/1.0/document.md rev_1"}, got); d != "" {
			t.Error(d)
		}
	})
	t.Run("UR-18 any program unpacks it", func(t *testing.T) {
		z, err := zip.NewReader(bytes.NewReader(b.Archive), int64(len(b.Archive)))
		if err != nil {
			t.Fatal(err)
		}
		for _, f := range z.File {
			r, err := f.Open()
			if err != nil {
				t.Fatal(err)
			}
			if _, err := io.Copy(io.Discard, r); err != nil {
				t.Errorf("%s: %v", f.Name, err)
			}
		}
		if len(z.File) != 12 {
			t.Errorf("it has %d files", len(z.File))
		}
	})
}

func TestWriteRefuses(t *testing.T) {
	key := bundletest.Key(t)
	for _, c := range []struct {
		name   string
		change func(c *bundle.Contents)
		kind   problem.Kind
		says   string
	}{
		{"DT-09 more records in the database than in the bundle", func(c *bundle.Contents) { c.Expected["run"] = 101 }, problem.Conflict, "101"},
		{"DT-09 a kind that nobody counted", func(c *bundle.Contents) { delete(c.Expected, "document") }, problem.Conflict, "document"},
		{"DT-09 a kind without records", func(c *bundle.Contents) { c.Expected["decision"] = 1 }, problem.Conflict, "decision"},
		{"a path that leads out", func(c *bundle.Contents) { c.Items[0].Path = "../x" }, problem.Invalid, "../x"},
		{"a path of the format", func(c *bundle.Contents) { c.Items[0].Path = bundle.ManifestName }, problem.Invalid, bundle.ManifestName},
		{"a path twice", func(c *bundle.Contents) { c.Items[0].Path = c.Items[1].Path }, problem.Conflict, "two files"},
		{"a mark that is none", func(c *bundle.Contents) { c.Items[0].Mark = "secret" }, problem.Invalid, "secret"},
	} {
		t.Run(c.name, func(t *testing.T) {
			in := bundletest.Contents(t, key)
			c.change(&in)
			_, err := bundle.Write(t.Context(), in)
			if problem.KindOf(err) != c.kind || !strings.Contains(err.Error(), c.says) {
				t.Errorf("got %v", err)
			}
		})
	}
}

// place says for an offset of an archive which file or part a fault must name there. Names are found as archive/zip
// reports them.
func places(t *testing.T, archive []byte) func(at int) string {
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	return func(at int) string {
		name := ""
		for _, f := range z.File {
			from, err := f.DataOffset()
			if err != nil {
				t.Fatal(err)
			}
			if at < int(from)-30-len(f.Name) {
				break
			}
			name = f.Name
			if at >= int(from)+int(f.UncompressedSize64) {
				name = ""
			}
		}
		return name
	}
}

// One bit changed anywhere: in the content of each file, in its header, in the directory, at the end.
func TestOneBitIsNamed(t *testing.T) {
	t.Run("AC-10", func(t *testing.T) {
		key := bundletest.Key(t)
		whole := write(t, bundletest.Contents(t, key)).Archive
		place := places(t, whole)
		page := bytes.Index(whole, []byte("<!doctype html>"))
		n := 0
		for at := range whole {
			// The page and what follows no header is the same kind of byte many times: every 97th of it.
			if at > page && at < page+20_000 && at%97 != 0 {
				continue
			}
			changed := bytes.Clone(whole)
			changed[at] ^= 1 << (at % 8)
			r := bundle.Verify(t.Context(), changed, key.Verifier())
			n++
			if r.OK() {
				t.Fatalf("bit %d of byte %d (%s) is not noticed", at%8, at, place(at))
			}
			name := place(at)
			named := false
			for _, f := range r.Faults {
				named = named || strings.Contains(f.Part, name) || strings.Contains(f.Part, "of the archive")
			}
			if !named {
				t.Fatalf("byte %d lies in %s; named are %v", at, name, r.Faults)
			}
		}
		t.Logf("%d bytes changed", n)
	})
	t.Run("cut anywhere", func(t *testing.T) {
		whole := write(t, bundletest.Contents(t, bundletest.Key(t))).Archive
		for n := 0; n < len(whole); n += 1 + n/200 {
			if r := bundle.Verify(t.Context(), whole[:n], ""); r.OK() {
				t.Fatalf("the first %d bytes are accepted", n)
			}
		}
		if r := bundle.Verify(t.Context(), append(bytes.Clone(whole), 0), ""); r.OK() {
			t.Error("a byte at the end is accepted")
		}
	})
}

// Somebody who changes a file and repairs every digest still lacks the key.
func TestRepairedBundleIsNamed(t *testing.T) {
	ours, theirs := bundletest.Key(t), bundletest.Key(t)
	c := bundletest.Contents(t, ours)
	c.Seal = theirs.Seal
	r := bundle.Verify(t.Context(), write(t, c).Archive, ours.Verifier())
	if d := cmp.Diff([]string{bundle.EnvelopeName}, parts(r)); d != "" {
		t.Error(d)
	}
	c = bundletest.Contents(t, ours)
	c.Items[0].Body = []byte(strings.Replace(bundletest.Document, "Tell the ward", "Tell nobody", 1))
	r = bundle.Verify(t.Context(), write(t, c).Archive, ours.Verifier())
	if d := cmp.Diff([]string{"signatures/sig_1.dsse.json"}, parts(r)); d != "" {
		t.Errorf("P11-15 a signature moved to another text: %s", d)
	}
}

func parts(r bundle.Report) []string {
	var out []string
	for _, f := range r.Faults {
		out = append(out, f.Part)
	}
	return out
}

func TestVerifiedElsewhere(t *testing.T) {
	t.Run("AC-09 UR-18 by a program that has only published libraries", func(t *testing.T) {
		key := bundletest.Key(t)
		b := write(t, bundletest.Contents(t, key))
		dir := t.TempDir()
		program := filepath.Join(dir, "elsewhere")
		if out, err := exec.Command("go", "build", "-o", program, "./testdata/elsewhere").CombinedOutput(); err != nil {
			t.Fatalf("build: %v\n%s", err, out)
		}
		source, err := os.ReadFile("testdata/elsewhere/main.go")
		if err != nil || bytes.Contains(source, []byte(`"triward/`)) {
			t.Fatalf("it must not use this program (%v)", err)
		}
		check := func(archive []byte) (string, error) {
			path := filepath.Join(dir, "bundle.zip")
			if err := os.WriteFile(path, archive, 0o600); err != nil {
				t.Fatal(err)
			}
			out, err := exec.Command(program, path, key.Verifier()).CombinedOutput()
			return string(out), err
		}
		if out, err := check(b.Archive); err != nil {
			t.Fatalf("%v: %s", err, out)
		}
		for _, text := range []string{"Tell the ward", `"n":3`, "Pump alarm"} {
			changed := bytes.Replace(b.Archive, []byte(text), []byte(strings.ToUpper(text)), 1)
			if out, err := check(changed); err == nil && !bytes.Equal(changed, b.Archive) {
				t.Errorf("%q changed is accepted: %s", text, out)
			}
		}
	})
}

func FuzzVerify(f *testing.F) {
	whole := write(f, bundletest.Contents(f, bundletest.Key(f))).Archive
	f.Add(whole[:2000])
	f.Add([]byte("PK\x03\x04"))
	f.Add([]byte{})
	f.Fuzz(func(t *testing.T, archive []byte) {
		if r := bundle.Verify(t.Context(), archive, ""); r.OK() && !bytes.Equal(archive, whole) {
			t.Error("accepted")
		}
	})
}
