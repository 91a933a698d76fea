package cli

import (
	"bytes"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/bundle/bundletest"
	"triward/internal/cli/terminal"
)

func TestBundleVerify(t *testing.T) {
	key := bundletest.Key(t)
	c := bundletest.Contents(t, key)
	c.Redactions = []bundle.Redaction{{Path: "records/run/run_1.json", At: "/patient", Reason: "patient", Salt: bytes.Repeat([]byte{7}, bundle.SaltSize)}}
	b, err := bundle.Write(t.Context(), c)
	if err != nil {
		t.Fatal(err)
	}
	dir := t.TempDir()
	file := func(name string, content []byte) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, content, 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	run := func(args ...string) (int, string) {
		var out bytes.Buffer
		code := Main(append([]string{"--data", dir, "bundle"}, args...), strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	good := file("good.zip", b.Archive)
	changed := bytes.Replace(b.Archive, []byte("Tell the ward"), []byte("Tell the wurd"), 1)
	bad := file("bad.zip", changed)
	reveal, err := json.Marshal(b.Reveals[0])
	if err != nil {
		t.Fatal(err)
	}
	forged := b.Reveals[0]
	forged.Content = []byte(`{"name":"Somebody Else"}`)
	lie, err := json.Marshal(forged)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range []struct {
		args []string
		code int
		says string
	}{
		{[]string{"verify", good}, 0, "compare it with the one"},
		{[]string{"verify", good, "--key", key.Verifier()}, 0, "the bundle verifies: 10 files, 1 signatures, 1 proofs"},
		{[]string{"verify", good, "--key", bundletest.Key(t).Verifier()}, terminal.Negative, bundle.EnvelopeName},
		{[]string{"verify", bad}, terminal.Negative, "documents/SOP-14/1.0/document.md"},
		{[]string{"--json", "verify", bad}, terminal.Negative, `"part": "documents/SOP-14/1.0/document.md"`},
		{[]string{"reveal", good, file("reveal.json", reveal)}, 0, "this is what was removed from records/run/run_1.json /patient"},
		{[]string{"reveal", good, file("lie.json", lie)}, terminal.Negative, "not what was removed"},
		{[]string{"page"}, 0, "<!doctype html>"},
	} {
		if code, out := run(c.args...); code != c.code || !strings.Contains(out, c.says) {
			t.Errorf("bundle %v: exit code %d\n%s", c.args, code, out)
		}
	}
}
