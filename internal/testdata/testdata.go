package testdata

import (
	"archive/tar"
	"errors"
	"io"
	"os"
	"path/filepath"
	"testing"

	"github.com/klauspost/compress/zstd"
)

// Path is the absolute path of a file or folder of the data; the test is skipped where it is absent.
func Path(t testing.TB, name string) string {
	t.Helper()
	dir, ok := Dir()
	if !ok {
		t.Skip("real data is not here: no ../shared/data beside the repository and TRIWARD_DATA is not set")
	}
	p := filepath.Join(dir, filepath.FromSlash(name))
	if _, err := os.Stat(p); err != nil {
		t.Skipf("real data %s is not here: %v", name, err)
	}
	return p
}

// Dir is the folder of the data, and whether there is one.
func Dir() (string, bool) {
	if d := os.Getenv("TRIWARD_DATA"); d != "" {
		return d, true
	}
	dir, err := os.Getwd()
	if err != nil {
		return "", false
	}
	for {
		if _, err := os.Stat(filepath.Join(dir, "go.mod")); err == nil {
			d := filepath.Join(filepath.Dir(dir), "shared", "data")
			if s, err := os.Stat(d); err == nil && s.IsDir() {
				return d, true
			}
			return "", false
		}
		up := filepath.Dir(dir)
		if up == dir {
			return "", false
		}
		dir = up
	}
}

// Zst is the decompressed content of a .zst file of the data.
func Zst(t testing.TB, name string) []byte {
	t.Helper()
	f, err := os.Open(Path(t, name))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	defer z.Close()
	b, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// Tar calls fn with the name and content of each regular file of a .tar.zst of the data.
func Tar(t testing.TB, name string, fn func(name string, body []byte)) {
	t.Helper()
	if err := ReadTar(Path(t, name), func(name string, body []byte) error { fn(name, body); return nil }); err != nil {
		t.Fatal(err)
	}
}

// Unpack writes a .tar.zst of the data to a new temporary folder and returns its path.
func Unpack(t testing.TB, name string) string {
	t.Helper()
	dir := t.TempDir()
	Tar(t, name, func(name string, body []byte) {
		if !filepath.IsLocal(name) {
			t.Fatalf("%s leaves the folder", name)
		}
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, body, 0o644); err != nil {
			t.Fatal(err)
		}
	})
	return dir
}

// ReadTar calls fn with the name and content of each regular file of a .tar.zst; the first error ends it.
func ReadTar(path string, fn func(name string, body []byte) error) error {
	f, err := os.Open(path)
	if err != nil {
		return err
	}
	defer f.Close()
	z, err := zstd.NewReader(f)
	if err != nil {
		return err
	}
	defer z.Close()
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return err
		}
		if h.Typeflag != tar.TypeReg {
			continue
		}
		body, err := io.ReadAll(r)
		if err != nil {
			return err
		}
		if err := fn(h.Name, body); err != nil {
			return err
		}
	}
}
