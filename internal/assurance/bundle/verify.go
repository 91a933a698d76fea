package bundle

import (
	"bytes"
	"context"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"slices"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"

	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/signature"
)

// Archive is the part that faults of the archive as a whole name.
const Archive = "archive"

// Fault is one thing wrong with a bundle.
type Fault struct {
	Part string `json:"part"` // a file, or a part of the archive's structure
	What string `json:"what"`
}

func (f Fault) String() string { return f.Part + ": " + f.What }

// Report is the result of checking a bundle.
type Report struct {
	Manifest   Manifest `json:"manifest"`
	SHA256     string   `json:"sha256"` // of the archive
	Key        string   `json:"key"`    // verifier key that everything was checked with
	Own        bool     `json:"own"`    // the key is the one in the bundle: it is to be compared
	Files      int      `json:"files"`
	Signatures int      `json:"signatures"`
	Proofs     int      `json:"proofs"`
	Stamps     int      `json:"time_stamps"` // of authorities whose certificate is in the bundle
	Faults     []Fault  `json:"faults"`
}

// OK reports whether nothing is wrong.
func (r Report) OK() bool { return len(r.Faults) == 0 }

// check is one verification in the making.
type check struct {
	Report
	bodies map[string][]byte
	keys   []string // verifier keys of statements
	stamps []string // certificates of time-stamp authorities
}

func (c *check) fault(part, what string, args ...any) {
	c.Faults = append(c.Faults, Fault{part, fmt.Sprintf(what, args...)})
}

// Verify checks a bundle offline and names everything that is wrong with it. key is the verifier key that the reader got
// from the organisation by another way; "" takes the one in the bundle.
func Verify(ctx context.Context, archive []byte, key string) Report {
	c := &check{Report: Report{SHA256: Digest(archive), Faults: []Fault{}}, bodies: map[string][]byte{}}
	entries, faults := unpack(archive)
	c.Faults = append(c.Faults, faults...)
	for _, e := range entries {
		c.bodies[e.name] = e.body
	}
	text, ok := c.bodies[ManifestName]
	if !ok {
		c.fault(ManifestName, "it is missing")
		return c.Report
	}
	if err := parse(text, &c.Manifest); err != nil {
		c.fault(ManifestName, "%s", problem.Text(err))
		return c.Report
	}
	if c.Manifest.Format != Format {
		c.fault(ManifestName, "its format is %q; this program reads %q", c.Manifest.Format, Format)
		return c.Report
	}
	if c.Key, c.Own = key, key == ""; c.Own {
		c.Key = c.Manifest.Journal.Verifier
	}
	c.envelope(ctx, text)
	c.files()
	c.readKeys()
	c.checkpoint()
	for _, f := range c.Manifest.Files {
		switch f.Kind {
		case KindProof:
			c.proof(f)
		case KindSignature:
			c.signature(ctx, f)
		case KindToken:
			c.token(ctx, f)
		}
	}
	c.redactions()
	return c.Report
}

func (c *check) envelope(ctx context.Context, manifest []byte) {
	sealed, err := ledger.OpenEnvelope(ctx, c.bodies[EnvelopeName], StatementType, c.Key)
	if err != nil {
		c.fault(EnvelopeName, "%s", problem.Text(err))
		return
	}
	want, err := json.Marshal(statementOf(manifest))
	if err != nil || !bytes.Equal(sealed.Payload, want) {
		c.fault(ManifestName, "it is not the one that was signed")
		return
	}
	if text, err := plainEnvelope(c.Key, sealed); err != nil || !bytes.Equal(text, c.bodies[EnvelopeName]) {
		c.fault(EnvelopeName, "it is not written as the form asks for")
	}
}

// plainEnvelope is the one way to write an envelope. The manifest names every file but its own envelope, and JSON and
// base64 leave room for changes that mean the same.
func plainEnvelope(key string, s ledger.Sealed) ([]byte, error) {
	name, rest, _ := strings.Cut(key, "+")
	hash, _, _ := strings.Cut(rest, "+")
	return json.Marshal(dsse.Envelope{PayloadType: StatementType, Payload: base64.StdEncoding.EncodeToString(s.Payload),
		Signatures: []dsse.Signature{{KeyID: name + "+" + hash, Sig: base64.StdEncoding.EncodeToString(s.Signature)}}})
}

// files compares every file with the manifest, and the counts with the files.
func (c *check) files() {
	named := map[string]bool{ManifestName: true, EnvelopeName: true}
	for _, f := range c.Manifest.Files {
		named[f.Path] = true
		body, ok := c.bodies[f.Path]
		if !ok {
			c.fault(f.Path, "it is missing")
			continue
		}
		c.Files++
		switch {
		case len(body) != f.Size:
			c.fault(f.Path, "it has %d bytes, the manifest says %d", len(body), f.Size)
		case Digest(body) != f.SHA256:
			c.fault(f.Path, "its content is not the one in the manifest")
		}
	}
	for name := range c.bodies {
		if !named[name] {
			c.fault(name, "the manifest does not name it")
		}
	}
	want := map[string]int{}
	for _, n := range c.Manifest.Counts {
		if want[n.Kind] = n.Records; n.Records <= 0 {
			c.fault(ManifestName, "it counts no record of the kind %q", n.Kind)
		}
	}
	if _, err := agreed(counts(c.Manifest.Files), want); err != nil {
		c.fault(ManifestName, "%s", problem.Text(err))
	}
}

func (c *check) readKeys() {
	var keys []Key
	if err := parse(c.bodies[KeysName], &keys); err != nil {
		c.fault(KeysName, "%s", problem.Text(err))
	}
	for _, k := range keys {
		if k.Verifier != "" {
			c.keys = append(c.keys, k.Verifier)
		}
		if k.Certificate != "" {
			c.stamps = append(c.stamps, k.Certificate)
		}
	}
	if !slices.Contains(c.keys, c.Key) {
		c.fault(KeysName, "the key that the bundle is checked with is not in it")
		c.keys = append(c.keys, c.Key)
	}
}

func (c *check) checkpoint() {
	head, err := ledger.OpenCheckpoint(string(c.bodies[CheckpointName]), c.Key)
	switch {
	case err != nil:
		c.fault(CheckpointName, "%s", problem.Text(err))
	case head.Size != c.Manifest.Journal.Size || hex.EncodeToString(head.Root) != c.Manifest.Journal.Root:
		c.fault(CheckpointName, "the manifest is about another checkpoint")
	}
}

func (c *check) proof(f File) {
	body, ok := c.bodies[f.Path]
	if !ok {
		return // named by files
	}
	p, err := ledger.ParseProof(body)
	if err == nil {
		_, err = ledger.VerifyProof(p, c.Key)
	}
	if err == nil && p.Checkpoint != string(c.bodies[CheckpointName]) {
		err = problem.New(problem.Invalid, "it is of another checkpoint")
	}
	if err != nil {
		c.fault(f.Path, "%s", problem.Text(err))
		return
	}
	c.Proofs++
}

// signature checks an envelope, and that its statement names the digest of the file that it signs.
func (c *check) signature(ctx context.Context, f File) {
	body, ok := c.bodies[f.Path]
	if !ok {
		return
	}
	var head struct {
		Type string `json:"payloadType"`
	}
	if err := json.Unmarshal(body, &head); err != nil {
		c.fault(f.Path, "it is not a signed envelope")
		return
	}
	sealed, err := ledger.OpenEnvelope(ctx, body, head.Type, c.keys...)
	if err != nil {
		c.fault(f.Path, "%s", problem.Text(err))
		return
	}
	if f.Of != "" {
		var payload any
		if json.Unmarshal(sealed.Payload, &payload) != nil || !holds(payload, Digest(c.bodies[f.Of])) {
			c.fault(f.Path, "it does not sign %s", f.Of)
			return
		}
	}
	c.Signatures++
}

// token checks a time stamp over the signature of its envelope.
func (c *check) token(ctx context.Context, f File) {
	envelope, ok := c.bodies[f.Of]
	if !ok || len(c.stamps) == 0 {
		return // removed, or nobody to check it with: its digest is in the manifest
	}
	var head struct {
		Type string `json:"payloadType"`
	}
	if json.Unmarshal(envelope, &head) != nil {
		return // named by signature
	}
	sealed, err := ledger.OpenEnvelope(ctx, envelope, head.Type, c.keys...)
	if err == nil {
		_, err = signature.CheckToken(c.bodies[f.Path], sealed.Signature, c.stamps...)
	}
	if err != nil {
		c.fault(f.Path, "%s", problem.Text(err))
		return
	}
	c.Stamps++
}

// holds reports whether a JSON value has a text somewhere within.
func holds(v any, text string) bool {
	switch v := v.(type) {
	case string:
		return v == text
	case []any:
		return slices.ContainsFunc(v, func(e any) bool { return holds(e, text) })
	case map[string]any:
		for _, e := range v {
			if holds(e, text) {
				return true
			}
		}
	}
	return false
}

// redactions checks that each commitment stands where the text was, and that removed files are gone.
func (c *check) redactions() {
	for _, r := range c.Manifest.Redactions {
		body, there := c.bodies[r.Path]
		switch {
		case r.At == "" && there:
			c.fault(r.Path, "it should have been removed")
		case r.At != "" && !bytes.Contains(body, []byte("sha256:"+r.SHA256)):
			c.fault(r.Path, "the commitment of %s does not stand in it", r.At)
		}
	}
}

// ReadManifest reads the manifest of an archive without checking the rest.
func ReadManifest(archive []byte) (Manifest, error) {
	entries, faults := unpack(archive)
	for _, e := range entries {
		if e.name == ManifestName {
			var m Manifest
			return m, parse(e.body, &m)
		}
	}
	return Manifest{}, problem.New(problem.Invalid, "the archive has no manifest (%v)", faults)
}

// Extract gives one file of an archive; NotFound when there is none, Invalid when it is not the one in the manifest.
func Extract(archive []byte, path string) (File, []byte, error) {
	m, err := ReadManifest(archive)
	if err != nil {
		return File{}, nil, err
	}
	f, ok := m.find(path)
	if !ok {
		return File{}, nil, problem.New(problem.NotFound, "the bundle has no file %s", path)
	}
	entries, _ := unpack(archive)
	for _, e := range entries {
		if e.name == path && Digest(e.body) == f.SHA256 {
			return f, e.body, nil
		}
	}
	return File{}, nil, problem.New(problem.Invalid, "%s is not the file that the manifest names", path)
}
