package store_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// fillDB records n events; every third reaches a follower that reacts, and all reach one that derives.
func fillDB(t testing.TB, db *store.DB, n int) {
	t.Helper()
	ctx := testdb.System()
	for i := range n {
		if err := record(ctx, db, "test.done", fmt.Sprintf("s%d \u2028 é \"", i)); err != nil {
			t.Fatal(err)
		}
	}
	for _, f := range []store.Follower{
		{Name: "derive", Derive: func(context.Context, *store.Bulk, []store.Entry) error { return nil }},
		{Name: "react", Kinds: []string{"test.done"}, React: func(context.Context, *store.Tx, store.Entry) error { return nil }},
	} {
		if err := db.CatchUp(ctx, f); err != nil {
			t.Fatal(err)
		}
	}
}

func backup(t testing.TB, db *store.DB, o store.BackupOptions) (string, store.Manifest) {
	t.Helper()
	path := filepath.Join(t.TempDir(), "backup.zip")
	f, err := os.Create(path)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	m, err := store.Backup(context.Background(), db, f, o)
	if err != nil {
		t.Fatal(err)
	}
	return path, m
}

func journal(t testing.TB, db *store.DB) []store.Entry {
	t.Helper()
	var out []store.Entry
	err := db.View(context.Background(), func(r store.Reader) (err error) {
		out, err = store.Journal(context.Background(), r, store.JournalQuery{Limit: 1000})
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func position(t testing.TB, db *store.DB, name string) int64 {
	t.Helper()
	var at int64
	err := db.View(context.Background(), func(r store.Reader) (err error) {
		at, err = store.Position(context.Background(), r, name)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return at
}

// AC-13 and DC-07: what is restored has the root of what was saved, and loses nothing.
func TestBackupRestoresOnBothDatabases(t *testing.T) {
	testdb.Each(t, func(t *testing.T, from *store.DB) {
		ctx := testdb.System()
		fillDB(t, from, 40)
		if err := from.Update(ctx, func(tx *store.Tx) error { return tx.EraseBody(ctx, 7, "request") }); err != nil {
			t.Fatal(err)
		}
		path, m := backup(t, from, store.BackupOptions{})
		if m.Journal.Entries != 41 || m.Journal.Fault != nil {
			t.Fatalf("manifest: %+v", m.Journal)
		}
		read, v, err := store.VerifyBackup(ctx, path, nil)
		if err != nil || v.Entries != 41 || v.Erased != 1 || hex.EncodeToString(v.Root) != m.Journal.Root {
			t.Fatalf("verify backup: %+v %v", v, err)
		}
		if d := cmp.Diff(m, read); d != "" {
			t.Error(d)
		}
		testdb.Each(t, func(t *testing.T, to *store.DB) {
			if _, err := store.Restore(ctx, to, path, store.RestoreOptions{}); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(journal(t, from), journal(t, to)); d != "" {
				t.Error(d)
			}
			if at := position(t, to, "react"); at != 40 {
				t.Errorf("the follower that reacts stands at %d", at)
			}
			if at := position(t, to, "derive"); at != 0 {
				t.Errorf("the follower that derives stands at %d", at)
			}
			// What is restored goes on, and saves to the same again.
			again, m2 := backup(t, to, store.BackupOptions{})
			if d := cmp.Diff(m.Tables, m2.Tables); d != "" {
				t.Error(d)
			}
			if m2.Journal.Root != m.Journal.Root {
				t.Errorf("AC-13: the root is %s, want %s", m2.Journal.Root, m.Journal.Root)
			}
			if err := record(ctx, to, "test.done", "after"); err != nil {
				t.Error(err)
			}
			_, err := store.Restore(ctx, to, again, store.RestoreOptions{})
			if problem.KindOf(err) != problem.Conflict {
				t.Errorf("restored over records: %v", err)
			}
		})
	})
}

func TestBackupIsOneInstant(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		fillDB(t, db, 3)
		done := make(chan struct{})
		stop := make(chan struct{})
		go func() {
			defer close(done)
			for i := 0; ; i++ {
				select {
				case <-stop:
					return
				default:
				}
				if err := record(testdb.System(), db, "test.done", fmt.Sprint(i)); err != nil {
					t.Error(err)
					return
				}
			}
		}()
		for range 5 {
			path, m := backup(t, db, store.BackupOptions{})
			if _, _, err := store.VerifyBackup(context.Background(), path, nil); err != nil || m.Journal.Fault != nil {
				t.Errorf("%v %v", err, m.Journal.Fault)
			}
		}
		close(stop)
		<-done
	})
}

// Whatever byte of the file is changed, it either restores to the same journal or is refused and nothing is kept.
func TestRestoreRefusesAlteredFile(t *testing.T) {
	ctx := context.Background()
	from := testdb.SQLite(t)
	fillDB(t, from, 3)
	path, _ := backup(t, from, store.BackupOptions{})
	whole, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	to := testdb.SQLite(t)
	spoiled := filepath.Join(t.TempDir(), "spoiled.zip")
	for i := 0; i < len(whole); i += 29 {
		b := bytes.Clone(whole)
		b[i] ^= 0x10
		if err := os.WriteFile(spoiled, b, 0o600); err != nil {
			t.Fatal(err)
		}
		if _, v, err := store.VerifyBackup(ctx, spoiled, nil); err == nil {
			if v.Entries != 3 { // a date or a version number of the archive, which nothing reads
				t.Errorf("byte %d: verified as %d entries", i, v.Entries)
			}
			continue
		}
		if _, err := store.Restore(ctx, to, spoiled, store.RestoreOptions{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("byte %d: %v", i, err)
		}
	}
	for n := 0; n < len(whole); n += 197 {
		if err := os.WriteFile(spoiled, whole[:n], 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := store.Restore(ctx, to, spoiled, store.RestoreOptions{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("cut at %d: %v", n, err)
		}
	}
	if len(journal(t, to)) != 0 {
		t.Error("something was kept")
	}
	if _, err := store.Restore(ctx, to, path, store.RestoreOptions{}); err != nil {
		t.Error(err)
	}
}

// rewrite copies a backup and lets change replace the content of its files.
func rewrite(t *testing.T, path string, change func(name string, content []byte) []byte) string {
	t.Helper()
	in, err := zip.OpenReader(path)
	if err != nil {
		t.Fatal(err)
	}
	defer in.Close()
	var out bytes.Buffer
	z := zip.NewWriter(&out)
	for _, f := range in.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		b, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		w, err := z.Create(f.Name)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := w.Write(change(f.Name, b)); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	copied := filepath.Join(t.TempDir(), "rewritten.zip")
	if err := os.WriteFile(copied, out.Bytes(), 0o600); err != nil {
		t.Fatal(err)
	}
	return copied
}

// Somebody who also makes the digests right again is caught by the chain.
func TestVerifyBackupNamesAlteredEntry(t *testing.T) {
	from := testdb.SQLite(t)
	fillDB(t, from, 4)
	path, _ := backup(t, from, store.BackupOptions{})
	var before, after string
	forged := rewrite(t, path, func(name string, b []byte) []byte {
		if name == "tables/journal.jsonl" {
			before = sum(b)
			lines := strings.SplitAfter(string(b), "\n")
			lines[1] = strings.Replace(lines[1], "test.done", "test.dome", 1)
			b = []byte(strings.Join(lines, ""))
			after = sum(b)
		}
		return b
	})
	forged = rewrite(t, forged, func(name string, b []byte) []byte {
		return bytes.ReplaceAll(b, []byte(before), []byte(after))
	})
	_, _, err := store.VerifyBackup(context.Background(), forged, nil)
	var f *store.JournalFault
	if !errors.As(err, &f) || f.Seq != 2 || f.Kind != store.FaultField {
		t.Errorf("error = %v, want entry 2 altered", err)
	}
	to := testdb.SQLite(t)
	if _, err := store.Restore(context.Background(), to, forged, store.RestoreOptions{KnownFault: 2}); err == nil {
		t.Error("a fault that the manifest does not admit was restored")
	}
}

func sum(b []byte) string {
	s := sha256.Sum256(b)
	return hex.EncodeToString(s[:])
}

func TestBackupOfBadJournal(t *testing.T) {
	r := rawSQLite(t)
	mustExec(t, r.db, `UPDATE journal SET kind = 'x.y' WHERE seq = 3`)
	ctx := context.Background()
	db, err := store.Open(ctx, r.address, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	path, m := backup(t, db, store.BackupOptions{})
	if m.Journal.Fault == nil || m.Journal.Fault.Seq != 3 {
		t.Fatalf("manifest: %+v", m.Journal)
	}
	to := testdb.SQLite(t)
	for _, known := range []int64{0, 2} {
		var f *store.JournalFault
		if _, err := store.Restore(ctx, to, path, store.RestoreOptions{KnownFault: known}); !errors.As(err, &f) {
			t.Errorf("known fault %d: %v", known, err)
		}
	}
	if _, err := store.Restore(ctx, to, path, store.RestoreOptions{KnownFault: 3}); err != nil {
		t.Error(err)
	}
	if n := len(journal(t, to)); n != 5 {
		t.Errorf("%d entries", n)
	}
}

func blobs(content ...string) iter.Seq2[store.Blob, error] {
	return func(yield func(store.Blob, error) bool) {
		for _, c := range content {
			open := func() (io.ReadCloser, error) { return io.NopCloser(strings.NewReader(c)), nil }
			if !yield(store.Blob{Name: sum([]byte(c)), Open: open}, nil) {
				return
			}
		}
	}
}

func TestBackupHoldsBlobs(t *testing.T) {
	ctx := context.Background()
	from := testdb.SQLite(t)
	fillDB(t, from, 2)
	path, m := backup(t, from, store.BackupOptions{Blobs: blobs("picture", "capture")})
	if d := cmp.Diff(store.BlobTotal{Count: 2, Bytes: 14}, m.Blobs); d != "" {
		t.Error(d)
	}
	to := testdb.SQLite(t)
	if _, err := store.Restore(ctx, to, path, store.RestoreOptions{}); problem.KindOf(err) != problem.Invalid {
		t.Errorf("without a place for blobs: %v", err)
	}
	got := map[string]string{}
	put := func(_ context.Context, name string, r io.Reader) error {
		b, err := io.ReadAll(r)
		got[name] = string(b)
		return err
	}
	if _, err := store.Restore(ctx, to, path, store.RestoreOptions{PutBlob: put}); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(map[string]string{sum([]byte("picture")): "picture", sum([]byte("capture")): "capture"}, got); d != "" {
		t.Error(d)
	}
	forged := rewrite(t, path, func(name string, b []byte) []byte {
		return bytes.ReplaceAll(b, []byte("picture"), []byte("pictore"))
	})
	if _, _, err := store.VerifyBackup(ctx, forged, nil); problem.KindOf(err) != problem.Invalid {
		t.Errorf("altered blob: %v", err)
	}
	wrong := func(yield func(store.Blob, error) bool) {
		for b, err := range blobs("a") {
			b.Name = sum([]byte("b"))
			yield(b, err)
		}
	}
	if _, err := store.Backup(ctx, from, io.Discard, store.BackupOptions{Blobs: wrong}); err == nil {
		t.Error("a blob with a wrong name was saved")
	}
}
