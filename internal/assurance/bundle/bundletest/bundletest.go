// Package bundletest makes a small bundle with everything in it that a bundle can have, for tests.
package bundletest

import (
	"context"
	"encoding/hex"
	"encoding/json"
	"path/filepath"
	"testing"

	"triward/internal/assurance/bundle"
	"triward/internal/ledger"
	"triward/internal/signature"
	"triward/internal/store"
	"triward/internal/testdb"
)

// Document is the text that the signed file of the bundle has.
const Document = "# Security incidents\n\nDecide whether this is an incident.\nCall Dr. Ada Example, +00 555 0100.\nTell the ward.\n"

// Record is a record of the bundle that has a field about a patient.
const Record = `{"id":"run_1","title":"Pump alarm","patient":{"name":"Eve Example","room":12}}` + "\n"

// Key opens a signing key that is made for the test.
func Key(t testing.TB) *ledger.Key {
	t.Helper()
	k, err := ledger.OpenKey(filepath.Join(t.TempDir(), "ledger.key"), "hospital.example/triward")
	if err != nil {
		t.Fatal(err)
	}
	return k
}

// Contents are a signed document, a record of the journal with its proof, and another record.
func Contents(t testing.TB, key *ledger.Key) bundle.Contents {
	t.Helper()
	ctx := testdb.System()
	db := testdb.SQLite(t)
	l := ledger.Ledger{DB: db, Key: key}
	for _, n := range []int{1, 2, 3, 4, 5} {
		err := db.Update(ctx, func(tx *store.Tx) error {
			_, err := tx.Record(ctx, store.Event{Kind: "document.approved", Subject: "rev_1", Body: map[string]int{"n": n}})
			return err
		})
		if err != nil {
			t.Fatal(err)
		}
	}
	p, err := l.Prove(ctx, 3)
	if err != nil {
		t.Fatal(err)
	}
	proof, err := json.Marshal(p)
	if err != nil {
		t.Fatal(err)
	}
	authority, err := signature.OpenAuthority(filepath.Join(t.TempDir(), "stamp.pem"), "hospital.example")
	if err != nil {
		t.Fatal(err)
	}
	head, err := ledger.OpenCheckpoint(p.Checkpoint, key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	c := bundle.Contents{Title: "Answer to letter 12/26", Organisation: "Example Hospital", Inquiry: "inq_1", AsOf: testdb.Start, Made: testdb.Start,
		Journal:    bundle.Journal{Size: head.Size, Root: hex.EncodeToString(head.Root), Verifier: key.Verifier()},
		Checkpoint: p.Checkpoint, Keys: []bundle.Key{{Verifier: key.Verifier(), Use: "checkpoints, signatures and manifests"}, {Certificate: authority.Certificate(), Use: "time stamps of signatures"}},
		Seal:     key.Seal,
		Expected: map[string]int{"document": 1, "signature": 1, "timestamp": 1, "proof": 1, "run": 1}}
	signed := Signature(t, key, "documents/SOP-14/1.0/document.md", Document)
	c.Items = []bundle.Item{
		{File: bundle.File{Path: "documents/SOP-14/1.0/document.md", Kind: "document", Record: "rev_1", Revision: "rev_1", Title: "Security incidents", Line: 1}, Body: []byte(Document)},
		{File: bundle.File{Path: "proofs/entry-3.json", Kind: bundle.KindProof, Record: "3"}, Body: proof},
		{File: bundle.File{Path: "records/run/run_1.json", Kind: "run", Record: "run_1", Mark: bundle.Confidential, Line: 2}, Body: []byte(Record)},
		signed, stamp(t, key, authority, signed),
	}
	return c
}

// statementType is the media type of the signed statement.
const statementType = "application/vnd.triward.signature+json"

// stamp is the time stamp of a signed statement.
func stamp(t testing.TB, key *ledger.Key, a *signature.Authority, signed bundle.Item) bundle.Item {
	t.Helper()
	sealed, err := ledger.OpenEnvelope(context.Background(), signed.Body, statementType, key.Verifier())
	if err != nil {
		t.Fatal(err)
	}
	token, err := a.Stamp(sealed.Signature, testdb.Start)
	if err != nil {
		t.Fatal(err)
	}
	return bundle.Item{File: bundle.File{Path: "signatures/sig_1.tsr", Kind: bundle.KindToken, Record: "sig_1", Of: signed.File.Path, Line: 1}, Body: token}
}

// Signature is a signed statement about a file.
func Signature(t testing.TB, key *ledger.Key, path, text string) bundle.Item {
	t.Helper()
	statement, err := json.Marshal(map[string]any{"record": map[string]string{"content_sha256": bundle.Digest([]byte(text))}, "meaning": "approval"})
	if err != nil {
		t.Fatal(err)
	}
	envelope, err := key.Seal(context.Background(), statementType, statement)
	if err != nil {
		t.Fatal(err)
	}
	return bundle.Item{File: bundle.File{Path: "signatures/sig_1.dsse.json", Kind: bundle.KindSignature, Record: "sig_1", Of: path, Line: 1}, Body: envelope}
}
