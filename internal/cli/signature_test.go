package cli

import (
	"bytes"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/app"
	"triward/internal/ledger"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestSignatureVerifyOffline(t *testing.T) {
	dir := t.TempDir()
	conf := app.DefaultConfig(dir)
	s := signaturetest.New(t, testdb.SQLite(t))
	var err error
	if s.Key, err = ledger.OpenKey(conf.KeyFile, app.Origin(conf)); err != nil {
		t.Fatal(err)
	}
	if s.Stamp, err = app.OpenAuthority(conf); err != nil {
		t.Fatal(err)
	}
	ann := s.Person(t, "ann", "Ann Author")
	var id string
	ctx := testdb.System()
	if err := s.DB.View(ctx, func(r store.Reader) error {
		all, err := signature.By(ctx, r, ann, 1)
		id = all[0].ID
		return err
	}); err != nil {
		t.Fatal(err)
	}
	text, err := s.Export(ctx, id)
	if err != nil {
		t.Fatal(err)
	}
	write := func(name string, text []byte) string {
		t.Helper()
		file := filepath.Join(t.TempDir(), name)
		if err := os.WriteFile(file, text, 0o600); err != nil {
			t.Fatal(err)
		}
		return file
	}
	run := func(args ...string) (int, string) {
		t.Helper()
		var out bytes.Buffer
		code := Main(args, strings.NewReader(""), &out, &out)
		return code, out.String()
	}
	file := write("signature.json", text)
	if code, out := run("signature", "verify", file, "--data", dir); code != 0 || !strings.Contains(out, "Ann Author signed POL-09 Accountability for electronic signatures: acknowledgement") {
		t.Errorf("exit %d: %s", code, out)
	}
	// Somebody with the keys alone, on a machine that never ran Triward.
	a, _ := s.Stamp.(*signature.Authority)
	pem := write("stamp.pem", []byte(a.Certificate()))
	if code, out := run("signature", "verify", file, "--data", t.TempDir(), "--verifier", s.Key.Verifier(), "--authority", pem, "--json"); code != 0 || !strings.Contains(out, `"valid": true`) {
		t.Errorf("exit %d: %s", code, out)
	}
	if code, out := run("signature", "verify", file, "--data", t.TempDir()); code != 1 || !strings.Contains(out, "another key signed it") {
		t.Errorf("with the keys of another installation: exit %d: %s", code, out)
	}
	bad := write("bad.json", bytes.Replace(text, []byte(`"entry": `), []byte(`"entry": 1`), 1))
	if code, out := run("signature", "verify", bad, "--data", dir); code != 1 {
		t.Errorf("a changed file: exit %d: %s", code, out)
	}
	if code, out := run("signature", "verify", file, "--verifier", s.Key.Verifier()); code != 2 {
		t.Errorf("half of the keys: exit %d: %s", code, out)
	}
	if code, out := run("signature", "keys", "--data", dir); code != 0 || !strings.Contains(out, s.Key.Verifier()) || !strings.Contains(out, "BEGIN CERTIFICATE") || strings.Contains(out, "PRIVATE") {
		t.Errorf("exit %d: %s", code, out)
	}
}
