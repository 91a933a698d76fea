package record_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/press"
	"triward/internal/document/record"
	"triward/internal/document/rendition"
	"triward/internal/document/source"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/signature"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

const text = `---
id: SOP-14
title: Event response
level: procedure
for: [hospital]
owner_role: psirt_lead
review_months: 12
approvals: {approve: [psirt_lead, quality]}
retention: P10Y
---

# Purpose

Ask the ward before isolating a device.
`

// desk has a document that two people approve.
type desk struct {
	press.Press
	t      *testing.T
	clock  *testdb.Clock
	signer *signaturetest.Signer
	who    map[string]string
	rid    document.RevisionID
}

func newDesk(t *testing.T, db *store.DB, c *testdb.Clock) *desk {
	t.Helper()
	blobs, err := blob.Open(context.Background(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	s := signaturetest.New(t, db)
	d := &desk{t: t, clock: c, signer: s, who: map[string]string{}}
	d.Library = document.Library{DB: db, Signer: s.Signer, Blobs: blobs, URL: "https://triward.example"}
	pem, err := rendition.NewSealer("Example Hospital", c.Now().AddDate(-1, 0, 0))
	if err == nil {
		d.Sealer, err = rendition.ReadSealer(pem)
	}
	d.must(err)
	d.Sealer.Stamp = s.Stamp.Stamp
	for login, f := range map[string]source.Function{"ann": "", "cyn": "quality", "dan": "psirt_lead"} {
		d.who[login] = s.Person(t, login, "P. "+login)
		if f != "" {
			_, err := d.Library.Assign(testdb.System(), f, d.who[login], "by the organisation chart")
			d.must(err)
		}
	}
	d.rid, err = d.Library.Create(d.as("ann"), document.New{Content: document.Authored, Text: document.Text{Source: text, Reason: "first version"}})
	d.must(err)
	return d
}

func (d *desk) must(err error) {
	d.t.Helper()
	if err != nil {
		d.t.Fatal(err)
	}
}

func (d *desk) as(login string) context.Context { return d.signer.As(d.who[login], "document.*") }

func (d *desk) signing(login string) document.Signing {
	d.t.Helper()
	d.clock.Advance(30 * time.Second)
	shown, err := d.Library.Display(d.as(login), d.rid)
	d.must(err)
	return document.Signing{Factors: d.signer.Factors(d.t, d.who[login]), Displayed: shown.Digest, Reason: "read and found right"}
}

func (d *desk) approve() {
	d.t.Helper()
	d.must(d.Library.Submit(d.as("ann"), d.rid, "please review"))
	d.must(d.Library.Freeze(d.as("ann"), d.rid))
	d.must(d.Library.OpenApproval(d.as("ann"), d.rid, time.Time{}, d.signing("ann")))
	d.must(d.Library.Decide(d.as("dan"), d.rid, "psirt_lead", d.signing("dan")))
	d.must(d.Library.Decide(d.as("cyn"), d.rid, "quality", d.signing("cyn")))
	d.must(d.Library.Tick(testdb.System()))
	d.must(d.Library.DB.CatchUp(testdb.System(), ledger.Follower()))
	d.must(d.Keep(testdb.System()))
}

func (d *desk) keys() signature.Keys {
	a, ok := d.signer.Stamp.(*signature.Authority)
	if !ok {
		d.t.Fatal("another authority")
	}
	return signature.Keys{Servers: []string{d.signer.Key.Verifier()}, Authorities: []string{a.Certificate()}}
}

func each(t *testing.T, fn func(t *testing.T, d *desk)) {
	t.Helper()
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) { fn(t, newDesk(t, db, c)) })
}

func TestExportedRecordIsCheckedOffline(t *testing.T) {
	each(t, func(t *testing.T, d *desk) {
		t.Run("no record before it is approved", func(t *testing.T) {
			if _, err := record.Export(d.as("ann"), d.Press, d.rid); problem.KindOf(err) != problem.Conflict {
				t.Errorf("%v", err)
			}
		})
		d.approve()
		c, err := record.Export(d.as("ann"), d.Press, d.rid)
		d.must(err)
		if _, err := record.Export(d.signer.As(d.who["ann"], "training.read"), d.Press, d.rid); problem.KindOf(err) != problem.Forbidden {
			t.Errorf("somebody who may not read gets %v", err)
		}
		for _, rule := range []string{"P11-02 complete, for people and for programs", "P11-15 each signature is of this record"} {
			t.Run(rule, func(t *testing.T) {
				v, err := record.Verify(c.Content, d.keys())
				if err != nil {
					t.Fatal(err)
				}
				if len(v.Signatures) != 3 || v.Statement.Document != "SOP-14" || v.Seal == nil || v.Statement.State != document.InForce && v.Statement.State != document.InTraining || len(v.Statement.Parts) != 6 {
					t.Errorf("verified %+v", v)
				}
			})
		}
		t.Run("AC-10 a changed part is named", func(t *testing.T) {
			for _, name := range []string{"document.md", "displayed.html", "document.pdf", "record.json", "record.dsse"} {
				_, err := record.Verify(rewritten(t, c.Content, name, func(b []byte) []byte { b[len(b)/2] ^= 1; return b }), d.keys())
				if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), name) {
					t.Errorf("%s changed: %v", name, err)
				}
				if _, err := record.Verify(rewritten(t, c.Content, name, func([]byte) []byte { return nil }), d.keys()); problem.KindOf(err) != problem.Invalid {
					t.Errorf("%s emptied: %v", name, err)
				}
			}
		})
		t.Run("AC-10 any changed bit is seen", func(t *testing.T) {
			for i := 0; i < len(c.Content); i += 97 {
				changed := bytes.Clone(c.Content)
				changed[i] ^= 1 << (i % 8)
				if _, err := record.Verify(changed, d.keys()); problem.KindOf(err) != problem.Invalid {
					t.Fatalf("byte %d changed: %v", i, err)
				}
			}
		})
		t.Run("another server's key does not fit", func(t *testing.T) {
			key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "k"), "hospital.example/triward")
			d.must(err)
			keys := d.keys()
			keys.Servers = []string{key.Verifier()}
			if _, err := record.Verify(c.Content, keys); problem.KindOf(err) != problem.Invalid {
				t.Errorf("%v", err)
			}
		})
	})
}

// rewritten is an archive with one part changed, in the form that it must have.
func rewritten(t *testing.T, archive []byte, name string, change func([]byte) []byte) []byte {
	t.Helper()
	z, err := zip.NewReader(bytes.NewReader(archive), int64(len(archive)))
	if err != nil {
		t.Fatal(err)
	}
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			t.Fatal(err)
		}
		body, err := io.ReadAll(r)
		if err != nil {
			t.Fatal(err)
		}
		if f.Name == name {
			body = change(body)
		}
		out, err := w.CreateHeader(&zip.FileHeader{Name: f.Name, Method: zip.Store, Modified: time.Date(2000, 1, 1, 0, 0, 0, 0, time.UTC)})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := out.Write(body); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

func FuzzVerify(f *testing.F) {
	f.Add([]byte("PK"))
	f.Fuzz(func(t *testing.T, archive []byte) {
		if _, err := record.Verify(archive, signature.Keys{}); problem.KindOf(err) != problem.Invalid {
			t.Error(fmt.Sprint(err))
		}
	})
}
