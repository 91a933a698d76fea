package stream

import (
	"bytes"
	"testing"

	"github.com/google/go-cmp/cmp"
)

func sample() []Message {
	return []Message{
		{ID: [16]byte{1}, Source: "src_1", Received: 1_795_000_000_000_000, Transport: TLS, Peer: "192.0.2.1:6514", Hint: "syslog", Payload: []byte("<34>1 - - - - - - x")},
		{ID: [16]byte{2}, Received: -1, Transport: UDP},
	}
}

func TestPackReadsBack(t *testing.T) {
	data, id, err := pack(sample())
	if err != nil {
		t.Fatal(err)
	}
	got, err := unpack(data)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(sample(), got, cmp.Transformer("payload", func(b []byte) string { return string(b) })); d != "" {
		t.Error(d)
	}
	again, same, _ := pack(sample())
	if id != same || !bytes.Equal(data, again) {
		t.Error("the same messages make another pack")
	}
	other := sample()
	other[1].ID[15] = 9
	if _, differs, _ := pack(other); id == differs {
		t.Error("other messages make a pack of the same id")
	}
}

func TestPackCutAtEveryByte(t *testing.T) {
	data, _, err := pack(sample())
	if err != nil {
		t.Fatal(err)
	}
	for n := range data {
		if _, err := unpack(data[:n]); err == nil {
			t.Errorf("cut at byte %d it is still read", n)
		}
	}
}

func TestPortionsAreBounded(t *testing.T) {
	small, large := make([]Message, 3*packMessages), make([]Message, 10)
	for i := range large {
		large[i].Payload = make([]byte, MaxPayload)
	}
	if n := portion(small); n != packMessages && n != packBytes/64 {
		t.Errorf("%d small messages in a pack", n)
	}
	if n := portion(large); n != 1 {
		t.Errorf("%d of the largest messages in a pack", n)
	}
	if n := portion(nil); n != 0 {
		t.Errorf("%d of no messages", n)
	}
}

func FuzzUnpack(f *testing.F) {
	data, _, err := pack(sample())
	if err != nil {
		f.Fatal(err)
	}
	f.Add(data)
	f.Add([]byte{packVersion})
	f.Add([]byte{packVersion, 0xff, 0xff, 0xff, 0xff, 0x0f})
	f.Fuzz(func(t *testing.T, data []byte) {
		m, err := unpack(data)
		if err != nil {
			return
		}
		again, _, err := pack(m)
		if err != nil {
			t.Fatal(err)
		}
		if back, err := unpack(again); err != nil || len(back) != len(m) {
			t.Fatalf("%d messages, then %d: %v", len(m), len(back), err)
		}
	})
}
