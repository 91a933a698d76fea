package ledger_test

import (
	"context"
	"path/filepath"
	"testing"

	"triward/internal/ledger"
	"triward/internal/problem"
)

func sealingKey(t testing.TB, origin string) *ledger.Key {
	t.Helper()
	k, err := ledger.OpenKey(filepath.Join(t.TempDir(), "key"), origin)
	if err != nil {
		t.Fatal(err)
	}
	return k
}

func TestEnvelope(t *testing.T) {
	ctx, k, other := context.Background(), sealingKey(t, "hospital.example/journal"), sealingKey(t, "hospital.example/journal")
	envelope, err := k.Seal(ctx, "application/test", []byte("payload"))
	if err != nil {
		t.Fatal(err)
	}
	got, err := ledger.OpenEnvelope(ctx, envelope, "application/test", other.Verifier(), k.Verifier())
	if err != nil || string(got.Payload) != "payload" || len(got.Signature) != 64 {
		t.Errorf("opened %+v, %v", got, err)
	}
	for name, open := range map[string]func() error{
		"another key": func() error {
			_, err := ledger.OpenEnvelope(ctx, envelope, "application/test", other.Verifier())
			return err
		},
		"another media type": func() error { _, err := ledger.OpenEnvelope(ctx, envelope, "application/x", k.Verifier()); return err },
		"no key":             func() error { _, err := ledger.OpenEnvelope(ctx, envelope, "application/test"); return err },
		"a damaged key":      func() error { _, err := ledger.OpenEnvelope(ctx, envelope, "application/test", "a+b+c"); return err },
	} {
		if err := open(); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for i := range envelope {
		if _, err := ledger.OpenEnvelope(ctx, envelope[:i], "application/test", k.Verifier()); problem.KindOf(err) != problem.Invalid {
			t.Fatalf("cut at %d: %v", i, err)
		}
	}
	if _, err := ledger.OpenCheckpoint(string(got.Payload), k.Verifier()); err == nil {
		t.Error("an envelope passes for a checkpoint")
	}
}

func FuzzOpenEnvelope(f *testing.F) {
	k := sealingKey(f, "hospital.example/journal")
	envelope, err := k.Seal(context.Background(), "application/test", []byte("payload"))
	if err != nil {
		f.Fatal(err)
	}
	f.Add(envelope)
	f.Add([]byte(`{"payloadType":"application/test","payload":"","signatures":[{"keyid":"","sig":""}]}`))
	f.Fuzz(func(t *testing.T, text []byte) {
		got, err := ledger.OpenEnvelope(context.Background(), text, "application/test", k.Verifier())
		if err == nil && string(got.Payload) != "payload" {
			t.Errorf("%q opens as %q", text, got.Payload)
		}
	})
}
