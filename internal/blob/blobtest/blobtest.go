// Package blobtest holds the tests that every place for blobs must pass.
package blobtest

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"slices"
	"strings"
	"sync"
	"testing"
	"testing/iotest"

	"github.com/google/go-cmp/cmp"

	"triward/internal/blob"
	"triward/internal/problem"
)

// Run tests an empty store.
func Run(t *testing.T, s *blob.Store) {
	t.Run("keeps and gives back", func(t *testing.T) { keeps(t, s) })
	t.Run("refuses", func(t *testing.T) { refuses(t, s) })
	t.Run("keeps the same content once", func(t *testing.T) { keepsOnce(t, s) })
	t.Run("deletes", func(t *testing.T) { deletes(t, s) })
}

func digest(b []byte) blob.Digest {
	sum := sha256.Sum256(b)
	return blob.Digest(hex.EncodeToString(sum[:]))
}

func put(t *testing.T, s *blob.Store, b []byte) blob.Digest {
	t.Helper()
	d, n, err := s.Put(context.Background(), bytes.NewReader(b), int64(len(b)))
	if err != nil || d != digest(b) || n != int64(len(b)) {
		t.Fatalf("Put = %s, %d, %v", d, n, err)
	}
	return d
}

func walk(t *testing.T, s *blob.Store) []blob.Digest {
	t.Helper()
	var out []blob.Digest
	for d, err := range s.Walk(context.Background()) {
		if err != nil {
			t.Fatal(err)
		}
		out = append(out, d)
	}
	slices.Sort(out)
	return out
}

func keeps(t *testing.T, s *blob.Store) {
	ctx := context.Background()
	var want []blob.Digest
	for _, b := range [][]byte{{}, []byte("a"), bytes.Repeat([]byte{0, 255, 7}, 1<<20)} {
		d := put(t, s, b)
		want = append(want, d)
		if n, err := s.Stat(ctx, d); err != nil || n != int64(len(b)) {
			t.Errorf("Stat = %d, %v", n, err)
		}
		r, err := s.Get(ctx, d)
		if err != nil {
			t.Fatal(err)
		}
		got, err := io.ReadAll(r)
		if err := errors.Join(err, r.Close()); err != nil || !bytes.Equal(b, got) {
			t.Errorf("Get gave %d of %d bytes, %v", len(got), len(b), err)
		}
	}
	slices.Sort(want)
	if d := cmp.Diff(want, walk(t, s)); d != "" {
		t.Error(d)
	}
	for range s.Walk(ctx) {
		break // a walk may end early
	}
}

func refuses(t *testing.T, s *blob.Store) {
	ctx := context.Background()
	before := walk(t, s)
	if _, _, err := s.Put(ctx, strings.NewReader("12345"), 4); problem.KindOf(err) != problem.Invalid {
		t.Errorf("too large: %v", err)
	}
	broken := errors.New("broken")
	if _, _, err := s.Put(ctx, io.MultiReader(strings.NewReader("begin"), iotest.ErrReader(broken)), 100); !errors.Is(err, broken) {
		t.Errorf("broken reader: %v", err)
	}
	ended, cancel := context.WithCancel(ctx)
	cancel()
	if _, _, err := s.Put(ended, strings.NewReader("late"), 100); !errors.Is(err, context.Canceled) {
		t.Errorf("ended context: %v", err)
	}
	none := digest([]byte("never put"))
	if _, err := s.Get(ctx, none); problem.KindOf(err) != problem.NotFound {
		t.Errorf("Get: %v", err)
	}
	if _, err := s.Stat(ctx, none); problem.KindOf(err) != problem.NotFound {
		t.Errorf("Stat: %v", err)
	}
	for _, d := range []blob.Digest{"", "..", "../../../../etc/passwd", none[:63], none + "0", blob.Digest(strings.ToUpper(string(none)))} {
		_, getErr := s.Get(ctx, d)
		_, statErr := s.Stat(ctx, d)
		for _, err := range []error{getErr, statErr, s.Delete(ctx, d)} {
			if problem.KindOf(err) != problem.Invalid {
				t.Errorf("%q: %v", d, err)
			}
		}
	}
	if d := cmp.Diff(before, walk(t, s)); d != "" {
		t.Errorf("something was kept: %s", d)
	}
}

func keepsOnce(t *testing.T, s *blob.Store) {
	before := len(walk(t, s))
	var wg sync.WaitGroup
	for range 8 {
		wg.Go(func() {
			if _, _, err := s.Put(context.Background(), strings.NewReader("the same"), 100); err != nil {
				t.Error(err)
			}
		})
	}
	wg.Wait()
	if n := len(walk(t, s)); n != before+1 {
		t.Errorf("%d blobs more", n-before)
	}
}

func deletes(t *testing.T, s *blob.Store) {
	ctx := context.Background()
	d := put(t, s, []byte("to go"))
	for range 2 { // also when it has gone
		if err := s.Delete(ctx, d); err != nil {
			t.Error(err)
		}
	}
	if _, err := s.Get(ctx, d); problem.KindOf(err) != problem.NotFound {
		t.Errorf("Get: %v", err)
	}
	if slices.Contains(walk(t, s), d) {
		t.Error("it is still there")
	}
}
