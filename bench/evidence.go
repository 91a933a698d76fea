package main

import (
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"time"

	"triward/internal/blob"
	"triward/internal/incident"
	"triward/internal/incident/custody"
)

// evidenceSize is the file that is taken in, in bytes.
const evidenceSize = 1 << 30

// evidence takes in a file, hashed and encrypted on the way and durable at the end, beside sha256sum of the same file.
func (b *bench) evidence() error {
	file := filepath.Join(b.dir, "evidence.img")
	if err := writeRandom(file, evidenceSize); err != nil {
		return err
	}
	blobs, err := blob.Open(b.ctx, "dir:"+filepath.Join(b.dir, "evidence"))
	if err != nil {
		return err
	}
	keys, err := custody.OpenKeys(filepath.Join(b.dir, "evidence.key"))
	if err != nil {
		return err
	}
	now := b.db.Now()
	of, err := incident.Cases{DB: b.db}.Declare(b.ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Bench", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Amber,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: now.Add(-time.Hour), AwareWho: "Bench", AwareHow: "bench"}})
	if err != nil {
		return err
	}
	vault := custody.Vault{DB: b.db, Blobs: blobs, Keys: keys}
	item, err := vault.Register(b.ctx, custody.Item{Incident: of, Kind: custody.Image, Description: "Image of a disk", Source: "archive", Authority: "bench", Method: "bench", Began: now, Patients: custody.NoPatients, File: "evidence.img"})
	if err != nil {
		return err
	}
	start := time.Now()
	if err := exec.CommandContext(b.ctx, "sha256sum", file).Run(); err != nil {
		return fmt.Errorf("sha256sum: %w", err)
	}
	peer := time.Since(start).Seconds()
	start = time.Now()
	if err := takeIn(b, vault, item, file); err != nil {
		return err
	}
	took := time.Since(start).Seconds()
	b.add("sha256sum of 1 GiB", peer, "s")
	b.add("the same taken in as evidence: hashed, encrypted, on disk", took, "s")
	b.note(row{figure: "  ratio of both", value: took / peer, peer: "target <= 2", than: 2})
	return nil
}

func takeIn(b *bench, vault custody.Vault, item, file string) error {
	f, err := os.Open(file)
	if err != nil {
		return err
	}
	defer f.Close()
	for at := int64(0); at < evidenceSize; {
		if at, err = vault.Append(b.ctx, item, at, io.LimitReader(f, custody.MaxPart)); err != nil {
			return err
		}
	}
	return nil
}

// writeRandom writes a file that nothing can make smaller.
func writeRandom(path string, size int64) error {
	f, err := os.Create(path)
	if err != nil {
		return err
	}
	_, err = io.CopyN(f, rand.NewChaCha8([32]byte{}), size)
	if e := f.Close(); err == nil {
		err = e
	}
	return err
}
