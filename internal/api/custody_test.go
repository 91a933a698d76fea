package api_test

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"github.com/gowebpki/jcs"

	"triward/apiv1"
	"triward/internal/blob"
	"triward/internal/incident/custody"
	"triward/internal/store"
	"triward/internal/testdb"
)

// withVault is a fixture that keeps evidence, and an incident.
func withVault(t *testing.T, db *store.DB) (*fixture, string) {
	t.Helper()
	f := newFixture(t, db)
	blobs, err := blob.Open(context.Background(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "keys"))
	if err != nil {
		t.Fatal(err)
	}
	f.server.Vault.Blobs, f.server.Vault.Keys = blobs, keys
	f.http = f.server.Handler()
	return f, must[apiv1.Made](f, "POST", "/incidents", apiv1.IncidentInput{Systems: []string{"Archive"}, IncidentFacts: apiv1.IncidentFacts{Title: "Studies leave", TLP: "amber", PAP: "green", Care: "normal",
		Aware: db.Now().Add(-time.Hour), AwareWho: "Anna", AwareHow: "an alert"}}).ID
}

// chained recomputes a chain of custody from what the API gives, as anybody can, and gives it.
func chained(f *fixture, item string) []apiv1.CustodyEntry {
	f.t.Helper()
	raw := must[apiv1.List[map[string]any]](f, "GET", "/evidence-items/"+item+"/custody", nil)
	prev := ""
	for n, e := range raw.Items {
		hash := e["hash"]
		delete(e, "hash")
		text, err := json.Marshal(e)
		if err != nil {
			f.t.Fatal(err)
		}
		if text, err = jcs.Transform(text); err != nil {
			f.t.Fatal(err)
		}
		sum := sha256.Sum256(text)
		if hash != hex.EncodeToString(sum[:]) || e["prev_hash"] != prev || e["seq"] != float64(n+1) {
			f.t.Errorf("entry %d does not follow: %s, hash %v", n+1, text, hash)
		}
		prev = hex.EncodeToString(sum[:])
	}
	return must[apiv1.List[apiv1.CustodyEntry]](f, "GET", "/evidence-items/"+item+"/custody", nil).Items
}

// Evidence comes in pieces, is sealed, changes hands, goes out and comes back, and is destroyed by two.
func TestLifeOfEvidence(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f, inc := withVault(t, db)
		kinds := []string{"custody.*", "incident.*"}
		anna, ben := f.signer.Newcomer(t, "anna", "Anna"), f.signer.Newcomer(t, "ben", "Ben")
		as := func(account, name string) *fixture {
			return f.as(store.Actor{ID: account, Name: name, Grants: []store.Grant{{Kinds: kinds, All: true}}})
		}
		a, b := as(anna, "Anna"), as(ben, "Ben")
		content := "first piece, second piece"
		sum := sha256.Sum256([]byte(content))
		hash := hex.EncodeToString(sum[:])
		in := apiv1.EvidenceInput{Kind: "log_extract", Description: "audit log", Source: "archive", Authority: "head of security", Method: "export", Began: db.Now(), Ended: db.Now(), Patients: "minimised", Skew: "-1m30s",
			TLP: "amber+strict", PAP: "amber", File: "audit.log", Expected: hash, WithSHA512: true, RetainUntil: db.Now().Add(-time.Hour), Place: "safe 1",
			EvidenceDetails: apiv1.EvidenceDetails{Model: "PACS 9", Serial: "SN-4", UDI: "(01)04012345678901", Location: "room 1", Host: "pacs1", Interface: "eth0", LegalBasis: "incident plan", Tool: "export tool", ToolVersion: "2.1",
				Command: "export --all", WriteBlocker: "none, over the network", Medium: "disk array"}}
		late := in
		late.Skew = "soon"
		refused(a, 422, "POST", "/incidents/"+inc+"/evidence", late)
		item := must[apiv1.Made](a, "POST", "/incidents/"+inc+"/evidence", in).ID
		at := "/evidence-items/" + item
		get := func() apiv1.EvidenceItem { return must[apiv1.EvidenceItem](a, "GET", at, nil) }
		if d := cmp.Diff(in, get().EvidenceInput, cmpopts.EquateApproxTime(time.Second)); d != "" {
			t.Errorf("it is kept otherwise (-want +got):\n%s", d)
		}
		refused(a, 409, "POST", at+"/seal", apiv1.SealInput{})
		refused(a, 409, "POST", at+"/work", apiv1.WorkInput{Action: "analysed", Reason: "counted the studies"})
		refused(a, 409, "POST", at+"/announce", apiv1.EvidenceComing{SHA256: strings.Repeat("0", 64)})
		must[empty](a, "POST", at+"/announce", apiv1.EvidenceComing{SHA256: hash, File: "other.log"})
		if p := must[apiv1.EvidencePlace](a, "PUT", at+"/content?begins=0", []byte("first piece, ")); p.Size != 13 {
			t.Errorf("acknowledged %d bytes", p.Size)
		}
		refused(a, 409, "PUT", at+"/content?begins=5", []byte("wrong place"))
		first := sha256.Sum256([]byte("first piece, "))
		if v := get(); v.Received != hex.EncodeToString(first[:]) || v.File != "audit.log" || len(v.Keys) != 1 {
			t.Errorf("received %+v", v)
		}
		refused(a, 422, "POST", at+"/seal", apiv1.SealInput{}) // half of it
		must[apiv1.EvidencePlace](a, "PUT", at+"/content?begins=13", []byte("second piece"))
		must[empty](a, "POST", at+"/seal", apiv1.SealInput{Place: "safe 2"})
		must[empty](a, "POST", at+"/verify", nil)
		must[empty](a, "POST", at+"/transfer", apiv1.HandInput{To: ben, Reason: "analysis", Authority: "head", Witness: "Carl", Place: "bench"})
		refused(a, 403, "POST", at+"/receive", apiv1.HandInput{})
		must[empty](b, "POST", at+"/receive", apiv1.HandInput{Place: "bench 4"})
		must[empty](b, "POST", at+"/work", apiv1.WorkInput{Action: "analysed", Reason: "counted the studies"})
		must[empty](a, "POST", at+"/take-back", apiv1.HandInput{})
		refused(a, 403, "POST", at+"/release", apiv1.HandInput{Outside: "Northmere Medical", As: "clients", Reason: "analysis", Authority: "head"}) // amber+strict
		must[empty](a, "POST", at+"/release", apiv1.HandInput{Outside: "Northmere Medical", As: "by_law", Reason: "analysis", Authority: "court order 7"})
		refused(a, 409, "POST", at+"/work", apiv1.WorkInput{Action: "analysed", Reason: "counted the studies"})
		must[empty](a, "POST", at+"/receipt", apiv1.HandInput{Outside: "J. Doe", Receipt: "R-9", On: db.Now(), SHA256: hash})
		if v := get(); v.State != "released" || v.Receipt != "R-9" || v.Holder != "Northmere Medical" {
			t.Errorf("released: %+v", v)
		}
		refused(a, 422, "POST", at+"/take-back", apiv1.HandInput{})
		must[empty](a, "POST", at+"/take-back", apiv1.HandInput{SHA256: hash})
		must[empty](a, "POST", at+"/hold", apiv1.Reason{Reason: "a claim"})
		refused(a, 422, "GET", at+"/content", nil)
		refused(a, 409, "POST", at+"/destroy", apiv1.Reason{Reason: "over"})
		v := get()
		if v.State != "sealed" || v.SHA256 != hash || len(v.SHA512) != 128 || v.Size != 25 || !v.Hold || !v.OwnHold || v.KeptOpen != "INC-2026-0001" || v.Differs {
			t.Errorf("item = %+v", v)
		}
		must[empty](a, "POST", at+"/end-hold", apiv1.Reason{Reason: "settled"})
		refused(a, 409, "POST", at+"/destroy", apiv1.Reason{Reason: "over"}) // the incident is open
		must[empty](a, "POST", "/incidents/"+inc+"/move", apiv1.IncidentMove{To: "false_alarm", Reason: "a test of the maker"})
		must[empty](a, "POST", at+"/destroy", apiv1.Reason{Reason: "over"})
		refused(a, 409, "POST", at+"/destroy", apiv1.Reason{Reason: "again"})
		if v := get(); v.AskedEnd != "Anna" || v.KeptOpen != "" || v.Hold {
			t.Errorf("asked for: %+v", v)
		}
		must[empty](b, "POST", at+"/destroy", apiv1.Reason{Reason: "agreed"})
		refused(a, 409, "POST", at+"/verify", nil)
		refused(a, 409, "GET", at+"/content?reason=look", nil)
		chain := chained(a, item)
		var did []string
		for _, e := range chain {
			did = append(did, e.ActorName+" "+e.Action+" "+e.Match)
		}
		want := []string{"Anna collected ", "Anna sealed yes", "Anna verified yes", "Anna transferred yes", "Ben received yes", "Ben analysed ", "Anna returned yes", "Anna released yes", "Anna receipt_confirmed yes",
			"Anna returned yes", "Anna held ", "Anna hold_ended ", "Anna destruction_asked ", "Ben destroyed "}
		if d := cmp.Diff(want, did); d != "" {
			t.Errorf("the chain (-want +got):\n%s", d)
		}
		if v := get(); v.State != "destroyed" || v.Head != chain[len(chain)-1].Hash || v.Entries != len(chain) {
			t.Errorf("destroyed: %+v", v)
		}
		for n, e := range map[int]apiv1.CustodyEntry{3: {Authority: "head", Witness: "Carl", Place: "bench", Actor: anna, HashBefore: hash, HashAfter: hash}, 8: {Receipt: "R-9", To: "J. Doe", Actor: anna, HashBefore: hash, HashAfter: hash}, 13: {Witness: "Anna", Actor: ben, HashBefore: hash}} {
			got := chain[n]
			if got.Authority != e.Authority || got.Witness != e.Witness || got.Actor != e.Actor || got.HashBefore != e.HashBefore || got.HashAfter != e.HashAfter || got.Receipt != e.Receipt {
				t.Errorf("entry %d = %+v", n+1, got)
			}
		}
	})
}

// Content that is not what was hashed at collection is sealed with a reason only; the chain shows it.
func TestEvidenceThatDiffers(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f, inc := withVault(t, db)
		item := must[apiv1.Made](f, "POST", "/incidents/"+inc+"/evidence", apiv1.EvidenceInput{Kind: "image", Description: "disk", Source: "archive", Authority: "head", Method: "copy", Began: db.Now(), Patients: "no"}).ID
		at := "/evidence-items/" + item
		sum := sha256.Sum256([]byte("what was collected"))
		must[apiv1.EvidencePlace](f, "PUT", at+"/content?begins=0", []byte("what came"))
		refused(f, 422, "POST", at+"/seal", apiv1.SealInput{Expected: hex.EncodeToString(sum[:])})
		must[empty](f, "POST", at+"/seal", apiv1.SealInput{Expected: hex.EncodeToString(sum[:]), Difference: "the end was cut off"})
		if v := must[apiv1.EvidenceItem](f, "GET", at, nil); !v.Differs || v.State != "sealed" {
			t.Errorf("item = %+v", v)
		}
		if chain := chained(f, item); chain[1].Match != "no" || chain[1].Reason != "the end was cut off" || chain[1].HashBefore != hex.EncodeToString(sum[:]) {
			t.Errorf("chain = %+v", chain)
		}
	})
}
