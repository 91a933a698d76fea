package bundle

import (
	"bytes"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"time"

	"triward/internal/problem"
)

// Format names the form of a bundle that this package writes and reads.
const Format = "triward-bundle/1"

// The names of the files that every bundle has.
const (
	ManifestName   = "manifest.json"
	EnvelopeName   = "manifest.dsse.json"
	CheckpointName = "checkpoint.txt"
	KeysName       = "keys.json"
	IndexName      = "index.csv"
	PageName       = "verify.html"
	ReadmeName     = "README.txt"
)

// Kinds of files that the format itself knows; every other kind is a kind of record.
const (
	KindSignature = "signature" // DSSE envelope of a statement; File.Of is the file that it signs
	KindToken     = "timestamp" // RFC 3161 token
	KindProof     = "proof"     // inclusion proof of a journal entry
	KindPart      = "part"      // what belongs to the bundle rather than to a record
)

// Marks of files: who may be shown them.
const (
	Confidential = "confidential" // not for public disclosure (QMSR 820.35; 21 CFR 20)
	Inspectable  = "inspectable"  // management review and audit reports, which authorities may ask for since QMSR
)

// Manifest is what a bundle holds.
type Manifest struct {
	Format       string       `json:"format"`
	Title        string       `json:"title"`
	Organisation string       `json:"organisation"`
	Inquiry      string       `json:"inquiry"`
	Exercise     bool         `json:"exercise,omitempty"` // nothing in it is real
	AsOf         time.Time    `json:"as_of"`              // records are shown as they were at this instant
	Made         time.Time    `json:"made"`
	Journal      Journal      `json:"journal"`
	Counts       []Count      `json:"counts"` // sorted by kind
	Files        []File       `json:"files"`  // sorted by path
	Redactions   []Commitment `json:"redactions"`
}

// Journal is the journal as the checkpoint has it.
type Journal struct {
	Size     uint64 `json:"size"`
	Root     string `json:"root"`     // hex
	Verifier string `json:"verifier"` // public key of the checkpoint, as text of a C2SP signed note
}

// Count is how many records of a kind the bundle holds.
type Count struct {
	Kind    string `json:"kind"`
	Records int    `json:"records"`
}

// File is a file of the bundle.
type File struct {
	Path     string `json:"path"`
	Size     int    `json:"size"`
	SHA256   string `json:"sha256"` // hex
	Kind     string `json:"kind"`
	Record   string `json:"record,omitempty"`   // id
	Revision string `json:"revision,omitempty"` // id of the revision that it is of
	Title    string `json:"title,omitempty"`
	Of       string `json:"of,omitempty"`      // path of the file that a signature, token or rendition is of
	Mark     string `json:"mark,omitempty"`    // confidential, inspectable
	Line     int    `json:"line,omitempty"`    // of the request list that it answers
	Records  int    `json:"records,omitempty"` // of a list: how many records of the kind stand in it
}

// Key is a public key to check signatures with, or the certificate of a time-stamp authority.
type Key struct {
	Verifier    string `json:"verifier,omitempty"`    // name+hash+base64(1, Ed25519 key), as text of a C2SP signed note
	Certificate string `json:"certificate,omitempty"` // PEM
	Use         string `json:"use"`                   // in words
}

// maxManifest bounds the JSON files that a verifier reads as a whole.
const maxManifest = 64 << 20

// parse reads JSON strictly: no unknown members, nothing after it.
func parse(text []byte, into any) error {
	if len(text) > maxManifest {
		return problem.New(problem.Invalid, "it is larger than %d MiB", maxManifest>>20)
	}
	d := json.NewDecoder(bytes.NewReader(text))
	d.DisallowUnknownFields()
	if err := d.Decode(into); err != nil {
		return problem.New(problem.Invalid, "it cannot be read: %v", err)
	}
	if d.More() {
		return problem.New(problem.Invalid, "something follows its JSON")
	}
	return nil
}

// format writes JSON as the bundle's files have it: indented, with an end of line.
func format(v any) ([]byte, error) {
	var b bytes.Buffer
	e := json.NewEncoder(&b)
	e.SetEscapeHTML(false)
	e.SetIndent("", "  ")
	if err := e.Encode(v); err != nil {
		return nil, err
	}
	return b.Bytes(), nil
}

// find is the file of a path.
func (m Manifest) find(path string) (File, bool) {
	for _, f := range m.Files {
		if f.Path == path {
			return f, true
		}
	}
	return File{}, false
}

// counts are the records of each kind that files name: a record of several files counts once, and a list counts as many as
// stand in it.
func counts(files []File) map[string]int {
	seen, out := map[[2]string]bool{}, map[string]int{}
	for _, f := range files {
		key := [2]string{f.Kind, f.Record}
		switch {
		case f.Kind == KindPart:
		case f.Records > 0:
			out[f.Kind] += f.Records
		case f.Record != "" && !seen[key]:
			seen[key] = true
			out[f.Kind]++
		}
	}
	return out
}

// Digest is the SHA-256 of a content in hexadecimal.
func Digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}
