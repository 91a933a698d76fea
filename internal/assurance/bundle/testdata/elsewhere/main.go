// Command elsewhere checks a bundle as a stranger would: with published libraries and the documented formats only. It
// uses nothing of the program that made the bundle.
package main

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto"
	"crypto/ed25519"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"os"
	"strings"

	"github.com/secure-systems-lab/go-securesystemslib/dsse"
	"github.com/transparency-dev/formats/log"
	"github.com/transparency-dev/merkle/proof"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"
)

type manifest struct {
	Journal struct {
		Size uint64 `json:"size"`
		Root string `json:"root"`
	} `json:"journal"`
	Counts []struct {
		Kind    string `json:"kind"`
		Records int    `json:"records"`
	} `json:"counts"`
	Files []struct {
		Path    string `json:"path"`
		SHA256  string `json:"sha256"`
		Kind    string `json:"kind"`
		Record  string `json:"record"`
		Of      string `json:"of"`
		Records int    `json:"records"`
	} `json:"files"`
}

type key struct {
	id string
	ed25519.PublicKey
}

func (k key) KeyID() (string, error)   { return k.id, nil }
func (k key) Public() crypto.PublicKey { return k.PublicKey }
func (k key) Verify(_ context.Context, data, sig []byte) error {
	if !ed25519.Verify(k.PublicKey, data, sig) {
		return errors.New("wrong signature")
	}
	return nil
}

func open(envelope []byte, k key) ([]byte, error) {
	var e dsse.Envelope
	if err := json.Unmarshal(envelope, &e); err != nil {
		return nil, err
	}
	v, err := dsse.NewEnvelopeVerifier(k)
	if err != nil {
		return nil, err
	}
	_, payload, err := v.VerifyAndDecode(context.Background(), &e)
	return payload, err
}

func digest(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

func read(path string) (map[string][]byte, error) {
	z, err := zip.OpenReader(path)
	if err != nil {
		return nil, err
	}
	defer z.Close()
	files := map[string][]byte{}
	for _, f := range z.File {
		r, err := f.Open()
		if err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
		if files[f.Name], err = io.ReadAll(r); err != nil {
			return nil, fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return files, nil
}

func check(path, verifier string) error {
	files, err := read(path)
	if err != nil {
		return err
	}
	v, err := note.NewVerifier(verifier)
	if err != nil {
		return err
	}
	parts := strings.SplitN(verifier, "+", 3)
	raw, err := base64.StdEncoding.DecodeString(parts[2])
	if err != nil {
		return err
	}
	k := key{parts[0] + "+" + parts[1], raw[1:]}
	statement, err := open(files["manifest.dsse.json"], k)
	if err != nil {
		return fmt.Errorf("manifest.dsse.json: %w", err)
	}
	if !bytes.Contains(statement, []byte(digest(files["manifest.json"]))) {
		return errors.New("manifest.json: not what was signed")
	}
	var m manifest
	if err := json.Unmarshal(files["manifest.json"], &m); err != nil {
		return err
	}
	head, _, _, err := log.ParseCheckpoint(files["checkpoint.txt"], v.Name(), v)
	if err != nil {
		return fmt.Errorf("checkpoint.txt: %w", err)
	}
	if head.Size != m.Journal.Size || hex.EncodeToString(head.Hash) != m.Journal.Root {
		return errors.New("checkpoint.txt: another one")
	}
	records, listed := map[string]map[string]bool{}, map[string]int{}
	for _, f := range m.Files {
		if digest(files[f.Path]) != f.SHA256 {
			return fmt.Errorf("%s: changed", f.Path)
		}
		if f.Kind != "part" && f.Record != "" && f.Records == 0 {
			if records[f.Kind] == nil {
				records[f.Kind] = map[string]bool{}
			}
			records[f.Kind][f.Record] = true
		}
		listed[f.Kind] += f.Records
		switch f.Kind {
		case "signature":
			payload, err := open(files[f.Path], k)
			if err != nil || f.Of != "" && !bytes.Contains(payload, []byte(digest(files[f.Of]))) {
				return fmt.Errorf("%s: wrong signature (%v)", f.Path, err)
			}
		case "proof":
			if err := prove(files[f.Path], head); err != nil {
				return fmt.Errorf("%s: %w", f.Path, err)
			}
		}
	}
	if len(files) != len(m.Files)+2 {
		return errors.New("files that the manifest does not name")
	}
	for _, c := range m.Counts {
		if len(records[c.Kind])+listed[c.Kind] != c.Records {
			return fmt.Errorf("manifest.json: counts %d of %s", c.Records, c.Kind)
		}
	}
	fmt.Printf("%d files, %d records of %d kinds\n", len(files), len(records), len(m.Counts))
	return nil
}

func prove(text []byte, head *log.Checkpoint) error {
	var p struct {
		Entry uint64   `json:"entry"`
		Leaf  []byte   `json:"leaf"`
		Path  [][]byte `json:"path"`
	}
	if err := json.Unmarshal(text, &p); err != nil {
		return err
	}
	return proof.VerifyInclusion(rfc6962.DefaultHasher, p.Entry-1, head.Size, rfc6962.DefaultHasher.HashLeaf(p.Leaf), p.Path, head.Hash)
}

func main() {
	if len(os.Args) != 3 {
		fmt.Fprintln(os.Stderr, "usage: elsewhere FILE.zip VERIFIER")
		os.Exit(2)
	}
	if err := check(os.Args[1], os.Args[2]); err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}
