package source

import (
	"archive/tar"
	"bufio"
	"bytes"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"strings"

	"github.com/klauspost/compress/zstd"

	"triward/internal/problem"
)

// Record is one message.
type Record struct {
	Name    string // of the file; a member of an archive as "logs.tar.zst!conn.log.gz"
	Line    int64  // where it begins, from 1
	Ordinal int64  // of the record among those of the file with all its members, from 0
	Data    []byte
}

// Stats is what a read went through.
type Stats struct {
	Records int64
	Bytes   int64 // after decompression
	Cut     int64 // records longer than the limit
	Lost    int64 // bytes of them that are gone
}

// Limits of a read. The zero value of a field stands for its default.
type Limits struct {
	Line     int   // bytes of a line; default 1 MiB
	Document int   // bytes of an object or message over several lines; default 16 MiB
	Bytes    int64 // after decompression, of all; default: none
}

func (l Limits) filled() Limits {
	if l.Line <= 0 {
		l.Line = 1 << 20
	}
	if l.Document <= 0 {
		l.Document = 16 << 20
	}
	return l
}

// maxNesting is how many wrappings are taken off: a tar file that is compressed, with compressed members.
const maxNesting = 4

// Files are the regular files at or below a path, in the order of their names. Hidden ones and links are left out, but
// not when the path itself names one.
func Files(path string) ([]string, error) {
	var out []string
	err := filepath.WalkDir(path, func(p string, e fs.DirEntry, err error) error {
		switch {
		case err != nil:
			return err
		case p == path:
		case strings.HasPrefix(e.Name(), "."):
			if e.IsDir() {
				return fs.SkipDir
			}
			return nil
		}
		if e.Type().IsRegular() || p == path && !e.IsDir() {
			out = append(out, p)
		}
		return nil
	})
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problem.New(problem.NotFound, "there is no file %s", path)
	}
	if err != nil {
		return nil, fmt.Errorf("list files: %w", err)
	}
	return out, nil
}

// Digest is the SHA-256 of a file as it stands, in hexadecimal digits: with it, eventlog.Derive gives the events of a
// file the same ids at each import.
func Digest(file string) (string, error) {
	f, err := open(file)
	if err != nil {
		return "", err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return "", fmt.Errorf("read %s: %w", file, err)
	}
	return hex.EncodeToString(h.Sum(nil)), nil
}

func open(file string) (*os.File, error) {
	f, err := os.Open(file)
	if errors.Is(err, fs.ErrNotExist) {
		return nil, problem.New(problem.NotFound, "there is no file %s", file)
	}
	return f, err
}

// ReadFile reads the records of a file. It ends with the first error of fn or ctx. An error of kind problem.Invalid says
// what is wrong with the file; the records before it have been given.
func ReadFile(ctx context.Context, file string, l Limits, fn func(Record) error) (Stats, error) {
	f, err := open(file)
	if err != nil {
		return Stats{}, err
	}
	defer f.Close()
	return Read(ctx, Stream{Name: file, From: f, Limits: l}, fn)
}

// Stream is what Read reads.
type Stream struct {
	Name   string // as it stands in the records
	From   io.Reader
	Limits Limits
}

// Read reads the records of a stream, as ReadFile does.
func Read(ctx context.Context, s Stream, fn func(Record) error) (Stats, error) {
	r := reader{ctx: ctx, limits: s.Limits.filled(), fn: fn}
	err := r.stream(s.Name, s.From, 0)
	return r.stats, err
}

type reader struct {
	ctx    context.Context
	limits Limits
	fn     func(Record) error
	stats  Stats
	slab   []byte // where the bytes of records stand
}

// stream takes one wrapping off, or reads records when there is none.
func (r *reader) stream(name string, from io.Reader, nesting int) error {
	b := bufio.NewReaderSize(from, 64<<10)
	head, _ := b.Peek(512)
	wrong := func(format string, args ...any) error {
		return problem.New(problem.Invalid, "read %s: %s", name, fmt.Sprintf(format, args...))
	}
	if kind := wrapping(head); kind != "" {
		if nesting == maxNesting {
			return wrong("it is wrapped more than %d times", maxNesting)
		}
		return r.unwrap(name, wrapped{kind, b, nesting + 1})
	}
	for _, k := range notRead {
		if bytes.HasPrefix(head, []byte(k.begin)) {
			return wrong("%s", k.why)
		}
	}
	c := cutter{r: r, name: name, from: b}
	return c.records()
}

// notRead are files that look like messages to people and are none.
var notRead = []struct{ begin, why string }{
	{"ElfFile\x00", "it is a Windows event log file (EVTX); export it as JSON"},
	{"\xd4\xc3\xb2\xa1", "it is a capture of packets"}, {"\xa1\xb2\xc3\xd4", "it is a capture of packets"}, {"\x0a\x0d\x0d\x0a", "it is a capture of packets"},
	{"PAR1", "it is a Parquet file"}, {"SQLite format 3\x00", "it is a database"},
	{"PK\x03\x04", "it is a zip archive; unpack it"}, {"7z\xbc\xaf", "it is a 7z archive; unpack it"}, {"BZh", "it is compressed with bzip2; gzip and zstd are read"},
	{"\xfd7zXZ\x00", "it is compressed with xz; gzip and zstd are read"},
	{"\xff\xfe", "it is UTF-16; give UTF-8"}, {"\xfe\xff", "it is UTF-16; give UTF-8"},
}

func wrapping(head []byte) string {
	switch {
	case bytes.HasPrefix(head, []byte("\x1f\x8b")):
		return "gzip"
	case bytes.HasPrefix(head, []byte("\x28\xb5\x2f\xfd")):
		return "zstd"
	case len(head) > 262 && string(head[257:262]) == "ustar":
		return "tar"
	}
	return ""
}

type wrapped struct {
	kind    string
	from    io.Reader
	nesting int
}

func (r *reader) unwrap(name string, w wrapped) error {
	switch w.kind {
	case "gzip":
		z, err := gzip.NewReader(w.from)
		if err != nil {
			return problem.New(problem.Invalid, "read %s: gzip: %v", name, err)
		}
		return r.stream(name, broken{z, name}, w.nesting)
	case "zstd":
		z, err := zstd.NewReader(w.from, zstd.WithDecoderMaxWindow(128<<20), zstd.WithDecoderConcurrency(1))
		if err != nil {
			return fmt.Errorf("read %s: %w", name, err)
		}
		defer z.Close()
		return r.stream(name, broken{z, name}, w.nesting)
	}
	for t := tar.NewReader(w.from); ; {
		h, err := t.Next()
		if errors.Is(err, io.EOF) {
			return nil
		}
		if err != nil {
			return problem.New(problem.Invalid, "read %s: tar: %v", name, err)
		}
		if h.Typeflag != tar.TypeReg || strings.HasPrefix(filepath.Base(h.Name), ".") {
			continue
		}
		if err := r.stream(name+"!"+h.Name, t, w.nesting); err != nil {
			return err
		}
	}
}

// broken gives the errors of a decompressor as those of the file.
type broken struct {
	from io.Reader
	name string
}

func (b broken) Read(p []byte) (int, error) {
	n, err := b.from.Read(p)
	if err != nil && !errors.Is(err, io.EOF) && problem.KindOf(err) == "" {
		err = problem.New(problem.Invalid, "read %s: %v", b.name, err)
	}
	return n, err
}

// give hands a record on, with bytes of its own.
func (r *reader) give(name string, line int64, data []byte) error {
	if err := r.ctx.Err(); err != nil {
		return err
	}
	if cap(r.slab)-len(r.slab) < len(data) {
		r.slab = make([]byte, 0, max(256<<10, len(data)))
	}
	at := len(r.slab)
	r.slab = append(r.slab, data...)
	rec := Record{Name: name, Line: line, Ordinal: r.stats.Records, Data: r.slab[at:len(r.slab):len(r.slab)]}
	r.stats.Records++
	return r.fn(rec)
}
