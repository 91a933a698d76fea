package store

import (
	"archive/zip"
	"bufio"
	"bytes"
	"cmp"
	"context"
	"crypto/sha256"
	"encoding/base64"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"iter"
	"reflect"
	"regexp"
	"slices"
	"strconv"
	"strings"

	"triward/internal/problem"
)

const (
	maxManifest = 16 << 20
	maxRow      = 256 << 20
)

// archive is a backup file whose manifest has been read.
type archive struct {
	zip      *zip.ReadCloser
	manifest Manifest
	tables   []*table // as the manifest's migrations define them
	files    map[string]*zip.File
}

var blobName = regexp.MustCompile(`^[0-9a-f]{64}$`)

func damaged(format string, args ...any) error {
	return problem.New(problem.Invalid, "the backup file is damaged: "+format, args...)
}

func openArchive(scripts fs.FS, path string) (*archive, error) {
	z, err := zip.OpenReader(path)
	if errors.Is(err, zip.ErrFormat) || errors.Is(err, io.ErrUnexpectedEOF) || errors.Is(err, io.EOF) {
		return nil, damaged("it is no complete zip archive (%v)", err)
	}
	if err != nil {
		return nil, err
	}
	a := &archive{zip: z, files: map[string]*zip.File{}}
	if err := a.read(scripts); err != nil {
		z.Close()
		return nil, err
	}
	return a, nil
}

func (a *archive) read(scripts fs.FS) error {
	for _, f := range a.zip.File {
		if a.files[f.Name] != nil {
			return damaged("it holds %q twice", f.Name)
		}
		a.files[f.Name] = f
	}
	text, err := a.content(manifestName, maxManifest)
	if err != nil {
		return err
	}
	if err := json.Unmarshal(text, &a.manifest); err != nil {
		return damaged("manifest: %v", err)
	}
	if a.manifest.Format != BackupFormat {
		return problem.New(problem.Invalid, "the backup has the format %q; this program reads %q", a.manifest.Format, BackupFormat)
	}
	for _, name := range a.manifest.Migrations {
		if _, err := fs.Stat(scripts, name); err != nil {
			return problem.New(problem.Invalid, "the backup was made by a newer Triward: this one does not know %q", name)
		}
	}
	tables, err := schemaOf(scripts, a.manifest.Migrations)
	if err != nil {
		return err
	}
	a.tables = slices.DeleteFunc(tables, func(t *table) bool { return !t.saved() })
	return a.checkNames()
}

// checkNames compares the manifest with the schema: names from the file never reach a statement on their own authority.
func (a *archive) checkNames() error {
	known := map[string]bool{manifestName: true}
	if len(a.tables) != len(a.manifest.Tables) {
		return damaged("it lists %d tables instead of %d", len(a.manifest.Tables), len(a.tables))
	}
	for i, t := range a.tables {
		d := a.manifest.Tables[i]
		if d.Name != t.name || !reflect.DeepEqual(d.Columns, t.columns) {
			return damaged("the table %q is not as the migrations define %q", d.Name, t.name)
		}
		known[d.File] = true
	}
	for name := range a.files {
		if digest, ok := strings.CutPrefix(name, blobFolder); !known[name] && !(ok && blobName.MatchString(digest)) {
			return damaged("it holds the unknown file %q", name)
		}
	}
	return nil
}

func (a *archive) open(name string) (io.ReadCloser, error) {
	f := a.files[name]
	if f == nil {
		return nil, damaged("it does not hold %q", name)
	}
	r, err := f.Open()
	if err != nil {
		return nil, damaged("%q: %v", name, err)
	}
	return r, nil
}

func (a *archive) content(name string, limit int64) ([]byte, error) {
	r, err := a.open(name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, limit+1))
	if err != nil || int64(len(b)) > limit {
		return nil, damaged("%q cannot be read (%v)", name, cmp.Or(err, errors.New("too large")))
	}
	return b, nil
}

// check reads every file once and compares it with its digest.
func (a *archive) check(ctx context.Context) error {
	for _, d := range a.manifest.Tables {
		if err := a.checkTable(ctx, d); err != nil {
			return err
		}
	}
	var total BlobTotal
	for name := range a.files {
		digest, ok := strings.CutPrefix(name, blobFolder)
		if !ok {
			continue
		}
		r, err := a.open(name)
		if err != nil {
			return err
		}
		sum := sha256.New()
		n, err := io.Copy(sum, contextReader{ctx, r})
		r.Close()
		if ctx.Err() != nil {
			return ctx.Err()
		}
		if err != nil || !hasDigest(sum, digest) {
			return damaged("blob %s does not have its digest (%v)", digest, err)
		}
		total.Count++
		total.Bytes += n
	}
	if total != a.manifest.Blobs {
		return damaged("it holds %d blobs of %d bytes instead of %d of %d", total.Count, total.Bytes, a.manifest.Blobs.Count, a.manifest.Blobs.Bytes)
	}
	return nil
}

func (a *archive) checkTable(ctx context.Context, d TableDigest) error {
	r, err := a.open(d.File)
	if err != nil {
		return err
	}
	defer r.Close()
	sum := sha256.New()
	lines := &lineCounter{}
	if _, err := io.Copy(io.MultiWriter(sum, lines), contextReader{ctx, r}); err != nil {
		if ctx.Err() != nil {
			return ctx.Err()
		}
		return damaged("%q: %v", d.File, err)
	}
	if hex.EncodeToString(sum.Sum(nil)) != d.SHA256 {
		return damaged("%q does not have the digest that the manifest names", d.File)
	}
	if lines.n != d.Rows {
		return damaged("%q has %d rows instead of %d", d.File, lines.n, d.Rows)
	}
	return nil
}

type lineCounter struct{ n int64 }

func (l *lineCounter) Write(b []byte) (int, error) {
	l.n += int64(bytes.Count(b, []byte{'\n'}))
	return len(b), nil
}

// contextReader ends with its context.
type contextReader struct {
	ctx context.Context
	r   io.Reader
}

func (c contextReader) Read(b []byte) (int, error) {
	if err := c.ctx.Err(); err != nil {
		return 0, err
	}
	return c.r.Read(b)
}

// rows decodes the rows of a table, one at a time.
func (a *archive) rows(d TableDigest) iter.Seq2[[]any, error] {
	return func(yield func([]any, error) bool) {
		f, err := a.open(d.File)
		if err != nil {
			yield(nil, err)
			return
		}
		defer f.Close()
		s := bufio.NewScanner(f)
		s.Buffer(make([]byte, 1<<16), maxRow)
		for n := 1; s.Scan(); n++ {
			row, err := decodeRow(s.Bytes(), d.Columns)
			if err != nil {
				err = damaged("%q row %d: %v", d.File, n, err)
			}
			if !yield(row, err) || err != nil {
				return
			}
		}
		if err := s.Err(); err != nil {
			yield(nil, damaged("%q: %v", d.File, err))
		}
	}
}

func decodeRow(line []byte, columns []Column) ([]any, error) {
	var cells []json.RawMessage
	if err := json.Unmarshal(line, &cells); err != nil {
		return nil, err
	}
	if len(cells) != len(columns) {
		return nil, fmt.Errorf("%d values for %d columns", len(cells), len(columns))
	}
	row := make([]any, len(cells))
	for i, c := range cells {
		v, err := decodeCell(c, columns[i].Type)
		if err != nil {
			return nil, fmt.Errorf("column %s: %w", columns[i].Name, err)
		}
		row[i] = v
	}
	return row, nil
}

func decodeCell(c json.RawMessage, typ string) (any, error) {
	if string(c) == "null" {
		return nil, nil
	}
	switch typ {
	case "BIGINT":
		return strconv.ParseInt(string(c), 10, 64)
	case "BOOLEAN":
		return strconv.ParseBool(string(c))
	case "BYTEA":
		var b []byte
		err := json.Unmarshal(c, &b)
		return b, err
	}
	if c[0] != '{' {
		var s string
		err := json.Unmarshal(c, &s)
		return s, err
	}
	var raw struct {
		Base64 string `json:"base64"`
	}
	if err := json.Unmarshal(c, &raw); err != nil {
		return nil, err
	}
	b, err := base64.StdEncoding.DecodeString(raw.Base64)
	return string(b), err
}
