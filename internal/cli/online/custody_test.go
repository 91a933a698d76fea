package online

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"io"
	"log/slog"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"triward/apiv1"
	"triward/client"
	"triward/internal/api"
	"triward/internal/blob"
	"triward/internal/cli/terminal"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/store"
	"triward/internal/testdb"
)

// evidenceServer is the API with a vault and an incident, on a socket.
func evidenceServer(t *testing.T) (socket, inc string) {
	t.Helper()
	db := testdb.SQLite(t)
	blobs, err := blob.Open(context.Background(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	cases := incident.Cases{DB: db}
	s := &api.Server{DB: db, Vault: custody.Vault{DB: db, Blobs: blobs, Keys: keys}, Cases: cases, Version: "test", Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	h := s.Handler()
	web := httptest.NewUnstartedServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		h.ServeHTTP(w, r.WithContext(store.WithActor(r.Context(), store.System("test"))))
	}))
	socket = filepath.Join(t.TempDir(), "s")
	if web.Listener, err = net.Listen("unix", socket); err != nil {
		t.Fatal(err)
	}
	web.Start()
	t.Cleanup(web.Close)
	inc, err = cases.Declare(testdb.System(), incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies leave", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Green,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: db.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
	if err != nil {
		t.Fatal(err)
	}
	return socket, inc
}

// run runs a command line against a server.
func run(t *testing.T, socket string, args ...string) (string, error) {
	t.Helper()
	var out, hints bytes.Buffer
	r := &Remote{Terminal: &terminal.Terminal{Out: &out, Err: &hints}, Socket: func() (string, error) { return socket, nil }}
	for _, cmd := range r.items() {
		if cmd.Name() == args[0] {
			cmd.SetArgs(args[1:])
			cmd.SetOut(io.Discard)
			cmd.SilenceErrors, cmd.SilenceUsage = true, true
			err := cmd.ExecuteContext(context.Background())
			return out.String(), err
		}
	}
	t.Fatalf("no command %s", args[0])
	return "", nil
}

func TestUploadOfEvidence(t *testing.T) {
	socket, inc := evidenceServer(t)
	c := client.Socket(socket)
	ctx, dir := context.Background(), t.TempDir()
	file := func(name, text string) string {
		path := filepath.Join(dir, name)
		if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
		return path
	}
	register := func() string {
		out, err := run(t, socket, "register", inc, "disk of the pump", "--kind", "image", "--source", "pump", "--authority", "head", "--method", "copy", "--began", "2026-01-02T03:04:05Z", "--patients", "no",
			"--skew", "-90s", "--tlp", "red", "--pap", "amber", "--serial", "SN-1", "--write-blocker", "bridge T8", "--legal-basis", "plan 4.2", "--with-sha512")
		if err != nil {
			t.Fatal(err)
		}
		all, err := c.EvidenceItems(ctx, inc)
		if err != nil || len(all.Items) == 0 {
			t.Fatal(out, err)
		}
		i := all.Items[len(all.Items)-1]
		if i.Skew != "-1m30s" || i.TLP != "red" || i.PAP != "amber" || i.Serial != "SN-1" || i.WriteBlocker != "bridge T8" || i.LegalBasis != "plan 4.2" || !i.WithSHA512 {
			t.Errorf("registered %+v", i)
		}
		return i.ID
	}
	half := func(item string) {
		if _, err := c.AppendEvidence(ctx, item, apiv1.EvidenceOffset{}, strings.NewReader("the first half, ")); err != nil {
			t.Fatal(err)
		}
	}
	whole := "the first half, the second half"
	item := register()
	half(item)
	for name, path := range map[string]string{"shorter": file("short", "the first"), "longer, with another beginning": file("other", "another first part, and more of it"),
		"of the same size": file("same", "THE first half, ")} {
		if _, err := run(t, socket, "upload", item, path); err == nil || !strings.Contains(err.Error(), "another file") {
			t.Errorf("a file that is %s: %v", name, err)
		}
	}
	if _, err := run(t, socket, "upload", item, file("disk.img", whole)); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, socket, "upload", item, file("longer", whole+", and what was written since")); err == nil || !strings.Contains(err.Error(), "another file") {
		t.Errorf("a file that went on growing: %v", err)
	}
	if _, err := run(t, socket, "seal", item); err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256([]byte(whole))
	v, err := c.EvidenceItem(ctx, item)
	if err != nil || v.SHA256 != hex.EncodeToString(sum[:]) || v.Expected != v.SHA256 || v.File != "disk.img" || len(v.SHA512) != 128 {
		t.Errorf("sealed %+v, %v", v, err)
	}
	out, err := run(t, socket, "custody", item)
	if err != nil || !strings.Contains(out, v.SHA256) || !strings.Contains(out, "hash_told") {
		t.Errorf("custody %s, %v", out, err)
	}

	item = register() // its first half is of another file that begins with the same bytes
	half(item)
	if err := c.AnnounceEvidence(ctx, item, apiv1.EvidenceComing{SHA256: v.SHA256}); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, socket, "upload", item, file("twin", "the first half, of something else")); err == nil {
		t.Error("a file with the same beginning and another hash was taken")
	}
}
