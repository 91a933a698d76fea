package store_test

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/store"
	"triward/internal/testdb"
)

func sample() store.Entry {
	return store.Entry{Seq: 7, At: testdb.Start, Actor: "usr_1", ActorName: "Ann", Kind: "device.moved", Subject: "dev_1",
		Site: "site_1", BodyHash: bytes.Repeat([]byte{1}, 32), Prev: bytes.Repeat([]byte{2}, 32)}
}

func TestDecodeEntry(t *testing.T) {
	e := sample()
	got, err := store.DecodeEntry(e.Encode())
	if err != nil {
		t.Fatal(err)
	}
	e.Hash = got.Hash
	if d := cmp.Diff(e, got); d != "" || len(got.Hash) != 32 {
		t.Error(d)
	}
	b := e.Encode()
	for i := range b {
		if _, err := store.DecodeEntry(b[:i]); err == nil {
			t.Errorf("cut at %d: no error", i)
		}
	}
	if _, err := store.DecodeEntry(append(b, 0)); err == nil {
		t.Error("a byte too many: no error")
	}
}

func FuzzDecodeEntry(f *testing.F) {
	f.Add(sample().Encode())
	f.Add([]byte("triward journal entry v1\n"))
	f.Fuzz(func(t *testing.T, b []byte) {
		e, err := store.DecodeEntry(b)
		if err == nil && !bytes.Equal(e.Encode(), b) {
			t.Errorf("%q decodes to %+v, which encodes to something else", b, e)
		}
	})
}
