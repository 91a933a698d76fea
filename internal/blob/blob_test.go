package blob_test

import (
	"context"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/blob/blobtest"
	"triward/internal/problem"
)

func openFolder(t *testing.T, dir string) *blob.Store {
	t.Helper()
	s, err := blob.Open(context.Background(), "dir:"+dir)
	if err != nil {
		t.Fatal(err)
	}
	return s
}

func TestFolder(t *testing.T) {
	blobtest.Run(t, openFolder(t, filepath.Join(t.TempDir(), "new", "blobs")))
}

func TestBucket(t *testing.T) {
	address := os.Getenv("TRIWARD_TEST_S3")
	if address == "" {
		t.Skip("no S3 service: TRIWARD_TEST_S3 does not hold the address of an empty bucket")
	}
	s, err := blob.Open(context.Background(), address)
	if err != nil {
		t.Fatal(err)
	}
	blobtest.Run(t, s)
	for d, err := range s.Walk(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		if err := s.Delete(context.Background(), d); err != nil {
			t.Error(err)
		}
	}
}

func files(t *testing.T, dir string) []string {
	t.Helper()
	var out []string
	err := filepath.WalkDir(dir, func(path string, e os.DirEntry, err error) error {
		if err == nil && !e.IsDir() {
			out = append(out, path)
		}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

// DC-07: damage of a kept file is noticed when it is read.
func TestFolderNoticesAndMendsDamage(t *testing.T) {
	ctx := context.Background()
	dir := t.TempDir()
	s := openFolder(t, dir)
	d, _, err := s.Put(ctx, strings.NewReader("evidence"), 100)
	if err != nil {
		t.Fatal(err)
	}
	list := files(t, dir)
	if len(list) != 1 || !strings.HasSuffix(list[0], filepath.Join(string(d[:2]), string(d[2:4]), string(d))) {
		t.Fatalf("files: %v", list)
	}
	if info, err := os.Stat(list[0]); err != nil || info.Mode() != 0o600 {
		t.Errorf("mode %v, %v", info.Mode(), err)
	}
	read := func() error {
		r, err := s.Get(ctx, d)
		if err != nil {
			return err
		}
		defer r.Close()
		_, err = io.ReadAll(r)
		return err
	}
	for _, content := range []string{"evidenge", "evid", "", "evidence!"} {
		if err := os.WriteFile(list[0], []byte(content), 0o600); err != nil {
			t.Fatal(err)
		}
		if err := read(); err == nil || !strings.Contains(err.Error(), "damaged") {
			t.Errorf("%q: %v", content, err)
		}
	}
	if _, _, err := s.Put(ctx, strings.NewReader("evidence"), 100); err != nil {
		t.Fatal(err)
	}
	if err := read(); err != nil {
		t.Errorf("not mended: %v", err)
	}
}

// What a crash leaves is a file in "incoming": it is no blob, and goes when nobody can be writing it any more.
func TestFolderForgetsHalfBlobs(t *testing.T) {
	dir := t.TempDir()
	s := openFolder(t, dir)
	for name, age := range map[string]time.Duration{"old": 8 * 24 * time.Hour, "new": time.Hour} {
		p := filepath.Join(dir, "incoming", name)
		if err := os.WriteFile(p, []byte("half"), 0o600); err != nil {
			t.Fatal(err)
		}
		then := time.Now().Add(-age)
		if err := os.Chtimes(p, then, then); err != nil {
			t.Fatal(err)
		}
	}
	for d := range s.Walk(context.Background()) {
		t.Errorf("half a blob is given as %s", d)
	}
	openFolder(t, dir)
	if list := files(t, dir); len(list) != 1 || filepath.Base(list[0]) != "new" {
		t.Errorf("left: %v", list)
	}
}

func TestOpenRefuses(t *testing.T) {
	for _, address := range []string{"", "dir:", "file:/a", "s3://", "s3://host", "s3://key:secret@host/bucket", "s3://host/bucket?colour=red", "s3://ho st/bucket"} {
		if _, err := blob.Open(context.Background(), address); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: %v", address, err)
		}
	}
	if _, err := blob.ParseDigest("ABC"); problem.KindOf(err) != problem.Invalid {
		t.Errorf("ParseDigest: %v", err)
	}
}
