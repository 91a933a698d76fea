package online

import (
	"context"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/client"
)

// A download that was cut short goes on where it stopped; what does not have the right hash is not kept.
func TestFetchGoesOn(t *testing.T) {
	socket, inc := evidenceServer(t)
	c, ctx := client.Socket(socket), context.Background()
	made, err := c.RegisterEvidence(ctx, inc, apiv1.EvidenceInput{Kind: "log_extract", Description: "log", Source: "pump", Authority: "head", Method: "copy", Patients: "no", Began: time.Date(2026, 1, 2, 3, 4, 5, 0, time.UTC)})
	if err != nil {
		t.Fatalf("%+v", err)
	}
	const whole = "the first half, the second half"
	if _, err := c.AppendEvidence(ctx, made.ID, apiv1.EvidenceOffset{}, strings.NewReader(whole)); err != nil {
		t.Fatal(err)
	}
	if err := c.SealEvidence(ctx, made.ID, apiv1.SealInput{}); err != nil {
		t.Fatal(err)
	}
	file := filepath.Join(t.TempDir(), "log")
	for name, there := range map[string]string{"nothing": "", "a half": "the first half, ", "all": whole, "too much": whole + " and more"} {
		if err := os.WriteFile(file+".part", []byte(there), 0o600); err != nil {
			t.Fatal(err)
		}
		if _, err := run(t, socket, "fetch", made.ID, "-o", file, "--reason", "copy"); err != nil {
			t.Fatalf("%s is there: %v", name, err)
		}
		if got, err := os.ReadFile(file); err != nil || string(got) != whole {
			t.Errorf("%s is there: %q, %v", name, got, err)
		}
		if _, err := os.Stat(file + ".part"); !os.IsNotExist(err) {
			t.Errorf("%s is there: the beginning is left: %v", name, err)
		}
	}
	chain, err := c.CustodyChain(ctx, made.ID)
	if err != nil {
		t.Fatal(err)
	}
	resumed := 0
	for _, e := range chain.Items {
		if e.Action == "accessed" && e.Reason == "copy (bytes 16 to 31 of 31)" {
			resumed++
		}
	}
	if resumed != 1 {
		t.Errorf("%d entries tell of the second half, want 1: %+v", resumed, chain.Items)
	}
	if err := os.WriteFile(file+".part", []byte("THE FIRST HALF, "), 0o600); err != nil {
		t.Fatal(err)
	}
	if _, err := run(t, socket, "fetch", made.ID, "-o", file, "--reason", "copy"); err == nil || !strings.Contains(err.Error(), "SHA-256") {
		t.Errorf("another beginning: %v", err)
	}
	if _, err := os.Stat(file + ".part"); !os.IsNotExist(err) {
		t.Errorf("a beginning that is of something else is left: %v", err)
	}
	if out, err := run(t, socket, "fetch", made.ID, "--reason", "look"); err != nil || out != whole {
		t.Errorf("to the standard output: %q, %v", out, err)
	}
}
