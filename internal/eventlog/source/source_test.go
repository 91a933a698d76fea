package source

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/klauspost/compress/zstd"

	"triward/internal/problem"
	"triward/internal/testdata"
)

func read(t testing.TB, body string, l Limits) (out []string, stats Stats, err error) {
	t.Helper()
	stats, err = Read(context.Background(), Stream{Name: "f", From: strings.NewReader(body), Limits: l}, func(r Record) error {
		if r.Ordinal != int64(len(out)) {
			t.Errorf("ordinal %d of record %d", r.Ordinal, len(out))
		}
		out = append(out, fmt.Sprintf("%d:%s", r.Line, r.Data))
		return nil
	})
	return out, stats, err
}

func TestRead(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
	}{
		"lines":               {"<13>a\r\n\n<13>b\n<13>c", []string{"1:<13>a", "3:<13>b", "4:<13>c"}},
		"JSON lines":          {"{\"a\":1}\n{\"b\"\n{\"c\":3}\n", []string{`1:{"a":1}`, `2:{"b"`, `3:{"c":3}`}},
		"JSON on many lines":  {"{\n \"a\": \"}\\\"{\"\n}\n{\"b\": [\n{}]}", []string{"1:{\n \"a\": \"}\\\"{\"\n}", "4:{\"b\": [\n{}]}"}},
		"JSON array":          {"\ufeff[\n{\"a\":1},\n {\"b\":[1,2]} ]\n", []string{`2:{"a":1}`, `3:{"b":[1,2]}`}},
		"junk in an array":    {"[{\"a\":1},\noops\n{\"b\":1}]", []string{`1:{"a":1}`, "2:oops", `3:{"b":1}`}},
		"object without end":  {"{\n\"a\": {", []string{"1:{\n\"a\": {"}},
		"a line with bracket": {"[1] x\n[2] y\n", []string{"1:[1] x", "2:[2] y"}},
		"XML":                 {"<?xml version=\"1.0\"?>\n<AuditMessage>\n</AuditMessage>\n<AuditMessage></AuditMessage><x:AuditMessage>\n</x:AuditMessage>", []string{"1:<?xml version=\"1.0\"?>\n<AuditMessage>\n</AuditMessage>", "4:<AuditMessage></AuditMessage>", "4:<x:AuditMessage>\n</x:AuditMessage>"}},
		"Zeek":                {"#separator \\x09\n#path\tconn\n#fields\tts\tuid\n#open\tx\n1\tC1\n2\tC2\n#close\ty\n#path\tdns\n#fields\tts\n3\n", []string{"5:#separator \\x09\n#path\tconn\n#fields\tts\tuid\n1\tC1", "6:#separator \\x09\n#path\tconn\n#fields\tts\tuid\n2\tC2", "10:#path\tdns\n#fields\tts\n3"}},
		"nothing":             {"", nil},
		"white space":         {" \n\n", nil},
	} {
		t.Run(name, func(t *testing.T) {
			got, stats, err := read(t, c.in, Limits{})
			if d := cmp.Diff(c.want, got); err != nil || d != "" {
				t.Errorf("%v %s", err, d)
			}
			if stats.Records != int64(len(c.want)) || stats.Cut != 0 {
				t.Errorf("%+v", stats)
			}
		})
	}
}

func TestTooLong(t *testing.T) {
	for name, c := range map[string]struct {
		in   string
		want []string
		lost int64
	}{
		"line":      {"0123456789abc\nx\n", []string{"1:0123456789", "2:x"}, 3},
		"object":    {"{\n\"a\":\"0123456789\"}\n{\n}", []string{"1:{\n\"a\":\"012", "3:{\n}"}, 9},
		"XML":       {"<a>\n<b/>\n0123\n", []string{"1:<a>\n<b/>\n"[:10]}, 4},
		"junk":      {"[{},\n0123456789abc\n{}]", []string{"1:{}", "2:0123456789", "3:{}"}, 3},
		"Zeek":      {"#fields\ta\n0123456789abc\n", []string{"2:#fields\ta"}, 13},
		"last line": {"x\n0123456789abc", []string{"1:x", "2:0123456789"}, 3},
	} {
		t.Run(name, func(t *testing.T) {
			got, stats, err := read(t, c.in, Limits{Line: 10, Document: 10})
			for i := range got {
				got[i] = strings.TrimRight(got[i], "\n")
			}
			for i := range c.want {
				c.want[i] = strings.TrimRight(c.want[i], "\n")
			}
			if d := cmp.Diff(c.want, got); err != nil || d != "" {
				t.Errorf("%v %s", err, d)
			}
			if stats.Cut != 1 || stats.Lost != c.lost {
				t.Errorf("%+v", stats)
			}
		})
	}
	if _, _, err := read(t, strings.Repeat("x\n", 100), Limits{Bytes: 50}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("got %v", err)
	}
}

func packed(t testing.TB, body []byte, how string) []byte {
	t.Helper()
	var b bytes.Buffer
	var w io.WriteCloser
	switch how {
	case "gzip":
		w = gzip.NewWriter(&b)
	case "zstd":
		z, err := zstd.NewWriter(&b)
		if err != nil {
			t.Fatal(err)
		}
		w = z
	case "tar":
		a := tar.NewWriter(&b)
		for _, name := range []string{"conn.log", ".hidden", "dir/dns.log"} {
			if err := a.WriteHeader(&tar.Header{Name: name, Mode: 0o644, Size: int64(len(body)), Typeflag: tar.TypeReg}); err != nil {
				t.Fatal(err)
			}
			if _, err := a.Write(body); err != nil {
				t.Fatal(err)
			}
		}
		if err := a.Close(); err != nil {
			t.Fatal(err)
		}
		return b.Bytes()
	}
	if _, err := w.Write(body); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func TestWrapped(t *testing.T) {
	body := []byte("<13>a\n<13>b\n")
	for name, in := range map[string][]byte{
		"gzip": packed(t, body, "gzip"), "zstd": packed(t, body, "zstd"), "two members": append(packed(t, []byte("<13>a\n"), "gzip"), packed(t, []byte("<13>b\n"), "gzip")...),
	} {
		if got, _, err := read(t, string(in), Limits{}); err != nil || !cmp.Equal(got, []string{"1:<13>a", "2:<13>b"}) {
			t.Errorf("%s: %v %v", name, got, err)
		}
	}
	in := packed(t, packed(t, packed(t, body, "gzip"), "tar"), "zstd")
	var names []string
	if _, err := Read(context.Background(), Stream{Name: "x.tar.zst", From: bytes.NewReader(in)}, func(r Record) error { names = append(names, r.Name); return nil }); err != nil {
		t.Fatal(err)
	}
	if !cmp.Equal(names, []string{"x.tar.zst!conn.log", "x.tar.zst!conn.log", "x.tar.zst!dir/dns.log", "x.tar.zst!dir/dns.log"}) {
		t.Error(names)
	}
	for range 5 {
		body = packed(t, body, "gzip")
	}
	if _, _, err := read(t, string(body), Limits{}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("got %v", err)
	}
	cut := packed(t, bytes.Repeat([]byte("<13>some line of text\n"), 1000), "gzip")
	for _, n := range []int{3, 12, len(cut) / 2, len(cut) - 1} {
		if _, _, err := read(t, string(cut[:n]), Limits{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%d bytes: %v", n, err)
		}
	}
	for _, k := range notRead {
		if _, _, err := read(t, k.begin+"xxxxxxxxxx", Limits{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: %v", k.begin, err)
		}
	}
}

func TestFiles(t *testing.T) {
	dir := t.TempDir()
	for _, name := range []string{"b.log", "a/c.log", ".hidden", ".git/x"} {
		p := filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(p), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(p, []byte("x"), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if err := os.Symlink(filepath.Join(dir, "b.log"), filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	got, err := Files(dir)
	if err != nil || !cmp.Equal(got, []string{filepath.Join(dir, "a/c.log"), filepath.Join(dir, "b.log")}) {
		t.Errorf("%v %v", got, err)
	}
	if got, err := Files(filepath.Join(dir, ".hidden")); err != nil || len(got) != 1 {
		t.Errorf("%v %v", got, err)
	}
	if _, err := Files(filepath.Join(dir, "nothing")); problem.KindOf(err) != problem.NotFound {
		t.Error(err)
	}
	if d, err := Digest(filepath.Join(dir, "b.log")); err != nil || d != "2d711642b726b04401627ca9fbac32f5c8530fb1903cc4db02258717921a4881" {
		t.Errorf("%s %v", d, err)
	}
}

func TestEndsWithTheContext(t *testing.T) {
	ctx, stop := context.WithCancel(context.Background())
	n := 0
	_, err := Read(ctx, Stream{Name: "f", From: strings.NewReader("a\nb\nc\n")}, func(Record) error {
		if n++; n == 2 {
			stop()
		}
		return nil
	})
	if !errors.Is(err, context.Canceled) || n != 2 {
		t.Errorf("%v after %d", err, n)
	}
}

func TestRealArchive(t *testing.T) {
	stats, err := ReadFile(context.Background(), testdata.Path(t, "events/zeek-json.tar.zst"), Limits{}, func(Record) error { return nil })
	if err != nil || stats.Records != 158_439 || stats.Cut != 0 {
		t.Errorf("%+v %v", stats, err)
	}
}

func FuzzRead(f *testing.F) {
	for _, s := range []string{"<13>a\nb", "{\n}", "[{}]", "<?xml?><AuditMessage>\n</AuditMessage>", "#fields\ta\nb\n", "\x1f\x8b\x08"} {
		f.Add([]byte(s))
	}
	f.Add(packed(f, []byte("a\nb\n"), "zstd"))
	f.Add(packed(f, []byte("a\nb\n"), "tar"))
	f.Fuzz(func(t *testing.T, body []byte) {
		const limit = 64
		_, _ = Read(context.Background(), Stream{Name: "f", From: bytes.NewReader(body), Limits: Limits{Line: limit, Document: limit, Bytes: 1 << 20}}, func(r Record) error {
			if len(r.Data) > limit {
				t.Errorf("%d bytes", len(r.Data))
			}
			if r.Line < 1 {
				t.Error("no line")
			}
			return nil
		})
	})
}
