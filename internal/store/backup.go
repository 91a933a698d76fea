package store

import (
	"archive/zip"
	"bufio"
	"context"
	"crypto/sha256"
	"database/sql"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"strconv"
	"strings"
	"time"
	"unicode/utf8"
)

// BackupFormat is the version of the file that [Backup] writes.
const BackupFormat = "triward-backup/1"

const (
	manifestName = "manifest.json"
	blobFolder   = "blobs/"
)

// Manifest says what a backup holds. It is the last file of the archive.
type Manifest struct {
	Format     string        `json:"format"`
	MadeAt     time.Time     `json:"made_at"`
	Migrations []string      `json:"migrations"` // applied when it was made, in order
	Tables     []TableDigest `json:"tables"`     // in the order in which they can be loaded
	Journal    JournalDigest `json:"journal"`
	Blobs      BlobTotal     `json:"blobs"`
}

// TableDigest describes the file of one table: JSON lines, one array per row with a value per column. BIGINT is a
// number, TEXT a string, BOOLEAN true or false, BYTEA base64 (RFC 4648 4), NULL null. TEXT that is not UTF-8 is an
// object with the member "base64".
type TableDigest struct {
	Name    string   `json:"name"`
	File    string   `json:"file"`
	Columns []Column `json:"columns"`
	Rows    int64    `json:"rows"`
	SHA256  string   `json:"sha256"` // of the file, in hexadecimal
}

// JournalDigest is what the journal proved to be when it was saved.
type JournalDigest struct {
	Entries int64         `json:"entries"`
	Head    string        `json:"head"` // hexadecimal
	Root    string        `json:"root"` // hexadecimal; of the Merkle tree (RFC 6962 2.1)
	Fault   *JournalFault `json:"fault,omitempty"`
}

// BlobTotal counts the blobs in the archive.
type BlobTotal struct {
	Count int64 `json:"count"`
	Bytes int64 `json:"bytes"`
}

// Blob is a file kept beside the database, named by the lower-case hexadecimal SHA-256 of its content.
type Blob struct {
	Name string
	Open func() (io.ReadCloser, error)
}

// BackupOptions are the parts of a backup that a caller may add.
type BackupOptions struct {
	Blobs iter.Seq2[Blob, error] // nil: none
}

// Backup writes the whole database as it is at one instant, while it is in use. The file is the same from both databases
// and can be restored in either. Derived tables are left out. A journal that does not verify is saved too: its fault
// stands in the manifest and is for the caller to report.
func Backup(ctx context.Context, db *DB, w io.Writer, o BackupOptions) (Manifest, error) {
	m := Manifest{Format: BackupFormat, MadeAt: db.Now()}
	z := zip.NewWriter(w)
	err := db.View(ctx, func(r Reader) error {
		var err error
		if m.Migrations, err = All(ctx, r, Value[string], `SELECT name FROM migration ORDER BY name`); err != nil {
			return err
		}
		if m.Journal, err = digestJournal(ctx, r); err != nil {
			return err
		}
		tables, err := schemaOf(db.scripts, m.Migrations)
		if err != nil {
			return err
		}
		for _, t := range tables {
			if !t.saved() {
				continue
			}
			d, err := writeTable(ctx, r, z, t)
			if err != nil {
				return fmt.Errorf("table %s: %w", t.name, err)
			}
			m.Tables = append(m.Tables, d)
		}
		return nil
	})
	if err != nil {
		return Manifest{}, fmt.Errorf("back up database: %w", err)
	}
	// After the snapshot: a blob is written before the row that names it, so every row's blob is there.
	if m.Blobs, err = writeBlobs(z, o.Blobs); err != nil {
		return Manifest{}, fmt.Errorf("back up blobs: %w", err)
	}
	if err := writeManifest(z, m); err != nil {
		return Manifest{}, fmt.Errorf("back up database: %w", err)
	}
	if err := z.Close(); err != nil {
		return Manifest{}, fmt.Errorf("back up database: %w", err)
	}
	return m, nil
}

func digestJournal(ctx context.Context, r Reader) (JournalDigest, error) {
	v, err := Verify(ctx, r, nil)
	d := JournalDigest{Entries: v.Entries, Head: hex.EncodeToString(v.Head), Root: hex.EncodeToString(v.Root)}
	if errors.As(err, &d.Fault) {
		err = nil
	}
	return d, err
}

func writeManifest(z *zip.Writer, m Manifest) error {
	f, err := z.Create(manifestName)
	if err != nil {
		return err
	}
	e := json.NewEncoder(f)
	e.SetIndent("", "  ")
	return e.Encode(m)
}

func writeTable(ctx context.Context, r Reader, z *zip.Writer, t *table) (TableDigest, error) {
	d := TableDigest{Name: t.name, File: "tables/" + t.name + ".jsonl", Columns: t.columns}
	f, err := z.Create(d.File)
	if err != nil {
		return d, err
	}
	sum := sha256.New()
	out := bufio.NewWriterSize(io.MultiWriter(f, sum), 1<<16)
	order := ""
	if len(t.key) > 0 {
		order = " ORDER BY " + strings.Join(t.key, ", ")
	}
	rows, err := r.Query(ctx, `SELECT `+strings.Join(t.names(), ", ")+` FROM `+t.name+order)
	if err != nil {
		return d, err
	}
	defer rows.Close()
	cells := make([]cell, len(t.columns))
	dest := make([]any, len(t.columns))
	for i, c := range t.columns {
		dest[i] = cells[i].dest(c.Type)
	}
	var line []byte
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return d, err
		}
		line = line[:0]
		for i := range cells {
			line = append(line, "[,"[min(i, 1)])
			line = cells[i].append(line, t.columns[i].Type)
		}
		if _, err := out.Write(append(line, "]\n"...)); err != nil {
			return d, err
		}
		d.Rows++
	}
	if err := errors.Join(rows.Err(), out.Flush()); err != nil {
		return d, err
	}
	d.SHA256 = hex.EncodeToString(sum.Sum(nil))
	return d, nil
}

// cell is where one column is scanned to.
type cell struct {
	text sql.NullString
	num  sql.NullInt64
	flag sql.NullBool
	raw  []byte
}

func (c *cell) dest(typ string) any {
	switch typ {
	case "BIGINT":
		return &c.num
	case "BOOLEAN":
		return &c.flag
	case "BYTEA":
		return &c.raw
	}
	return &c.text
}

func (c *cell) append(b []byte, typ string) []byte {
	switch {
	case typ == "BIGINT" && c.num.Valid:
		return strconv.AppendInt(b, c.num.Int64, 10)
	case typ == "BOOLEAN" && c.flag.Valid:
		return strconv.AppendBool(b, c.flag.Bool)
	case typ == "BYTEA" && c.raw != nil:
		b = base64.StdEncoding.AppendEncode(append(b, '"'), c.raw)
		return append(b, '"')
	case typ == "TEXT" && c.text.Valid && utf8.ValidString(c.text.String):
		text, err := json.Marshal(c.text.String)
		if err == nil {
			return append(b, text...)
		}
	case typ == "TEXT" && c.text.Valid:
		b = base64.StdEncoding.AppendEncode(append(b, `{"base64":"`...), []byte(c.text.String))
		return append(b, `"}`...)
	}
	return append(b, "null"...)
}

func writeBlobs(z *zip.Writer, blobs iter.Seq2[Blob, error]) (BlobTotal, error) {
	var total BlobTotal
	if blobs == nil {
		return total, nil
	}
	for b, err := range blobs {
		if err != nil {
			return total, err
		}
		n, err := writeBlob(z, b)
		if err != nil {
			return total, fmt.Errorf("blob %s: %w", b.Name, err)
		}
		total.Count++
		total.Bytes += n
	}
	return total, nil
}

func writeBlob(z *zip.Writer, b Blob) (int64, error) {
	in, err := b.Open()
	if err != nil {
		return 0, err
	}
	defer in.Close()
	// Blobs are mostly compressed or encrypted already.
	out, err := z.CreateHeader(&zip.FileHeader{Name: blobFolder + b.Name, Method: zip.Store})
	if err != nil {
		return 0, err
	}
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(out, sum), in)
	if err == nil && !hasDigest(sum, b.Name) {
		err = errors.New("the content does not have the digest that names it")
	}
	return n, err
}

func hasDigest(sum hash.Hash, want string) bool { return hex.EncodeToString(sum.Sum(nil)) == want }
