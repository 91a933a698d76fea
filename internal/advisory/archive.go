package advisory

import (
	"archive/tar"
	"archive/zip"
	"bufio"
	"bytes"
	"compress/gzip"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"strings"

	"github.com/klauspost/compress/flate"
	"github.com/klauspost/compress/zstd"

	"triward/internal/problem"
)

// Found is one document that a walk came upon. A faulty document has Err and an otherwise empty Record and does not end
// the walk. Body is the document as read, for its digest; it is valid only during the call.
type Found struct {
	Name   string
	Body   []byte
	Record Record
	Err    error
}

// Limits of archives. They bound what a small hostile archive can make of itself; the largest published sets (all of
// OSV, all CVE records) stay below a third of each.
const (
	maxEntries  = 2_000_000
	maxEntry    = 16 << 20
	maxUnpacked = 16 << 30
	maxRatio    = 200     // unpacked to packed size of one entry; JSON reaches 10 to 40
	ratioFloor  = 1 << 20 // below this many bytes the ratio of an entry is not looked at
)

// reader turns one document into records; each walk gives it its own parser.
type reader func(name string, body []byte) ([]Record, error)

func (read reader) visit(name string, body []byte, fn func(Found) error) error {
	recs, err := read(name, body)
	if err != nil {
		return fn(Found{Name: name, Body: body, Err: err})
	}
	for _, rec := range recs {
		if err := fn(Found{Name: name, Body: body, Record: rec}); err != nil {
			return err
		}
	}
	return nil
}

// walkFS reads each regular file of fsys whose path pick accepts, in lexical order.
func walkFS(fsys fs.FS, pick func(string) bool, read reader, fn func(Found) error) error {
	var buf bytes.Buffer
	return fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		if !d.Type().IsRegular() || !pick(name) {
			return nil
		}
		f, err := fsys.Open(name)
		if err != nil {
			return err
		}
		defer f.Close()
		switch over, err := fill(&buf, f); {
		case err != nil:
			return fmt.Errorf("read %q: %w", name, err)
		case over:
			return fn(tooLong(name))
		}
		return read.visit(name, buf.Bytes(), fn)
	})
}

// walkTar reads the entries of a tar stream: plain, gzip or Zstandard, told apart by their first bytes.
func walkTar(r io.Reader, pick func(string) bool, read reader, fn func(Found) error) error {
	plain, done, err := unpack(r)
	if err != nil {
		return err
	}
	defer done()
	var buf bytes.Buffer
	all := &io.LimitedReader{R: plain, N: maxUnpacked}
	tr := tar.NewReader(all)
	for n := 0; ; n++ {
		h, err := tr.Next()
		if errors.Is(err, io.EOF) && all.N > 0 {
			return nil
		}
		if all.N <= 0 || n > maxEntries {
			return problem.New(problem.Invalid, "the archive unpacks to more than %d bytes or %d entries", int64(maxUnpacked), maxEntries)
		}
		if err != nil {
			return problem.New(problem.Invalid, "the archive is damaged after %d entries: %v", n, err)
		}
		if h.Typeflag != tar.TypeReg || !pick(h.Name) {
			continue
		}
		over, err := fill(&buf, tr)
		if err != nil {
			return problem.New(problem.Invalid, "the archive is damaged at %q: %v", h.Name, err)
		}
		if over {
			err = fn(tooLong(h.Name))
		} else {
			err = read.visit(h.Name, buf.Bytes(), fn)
		}
		if err != nil {
			return err
		}
	}
}

// walkZip reads the entries of a zip archive. What the directory claims about sizes is not believed.
func walkZip(r io.ReaderAt, size int64, read reader, fn func(Found) error) error {
	z, err := zip.NewReader(r, size)
	if err != nil {
		return problem.New(problem.Invalid, "is not a zip archive: %v", err)
	}
	if len(z.File) > maxEntries {
		return problem.New(problem.Invalid, "the archive has more than %d entries", maxEntries)
	}
	inflate := inflater{}
	z.RegisterDecompressor(zip.Deflate, inflate.open)
	var buf bytes.Buffer
	var total int64
	for _, f := range z.File {
		if f.FileInfo().IsDir() || !isJSON(f.Name) {
			continue
		}
		over, err := fillEntry(&buf, f)
		total += int64(buf.Len())
		if total > maxUnpacked {
			return problem.New(problem.Invalid, "the archive unpacks to more than %d bytes", int64(maxUnpacked))
		}
		// An entry that only claims to be so large is refused too: no honest archive does.
		full, packed := max(uint64(buf.Len()), f.UncompressedSize64), max(1, f.CompressedSize64)
		switch {
		case full > ratioFloor && full/packed > maxRatio:
			return problem.New(problem.Invalid, "the archive is refused: entry %q unpacks to more than %d times its size", f.Name, maxRatio)
		case err != nil:
			err = fn(Found{Name: f.Name, Err: named("zip entry", f.Name, fault("", "%v", err))})
		case over:
			err = fn(tooLong(f.Name))
		default:
			err = read.visit(f.Name, buf.Bytes(), fn)
		}
		if err != nil {
			return err
		}
	}
	return nil
}

func fillEntry(buf *bytes.Buffer, f *zip.File) (over bool, err error) {
	buf.Reset()
	r, err := f.Open()
	if err != nil {
		return false, err
	}
	defer r.Close()
	return fill(buf, r)
}

// fill reads r into buf up to the limit of an entry, and says whether there was more.
func fill(buf *bytes.Buffer, r io.Reader) (over bool, err error) {
	buf.Reset()
	n, err := buf.ReadFrom(io.LimitReader(r, maxEntry+1))
	return n > maxEntry, err
}

func tooLong(name string) Found {
	return Found{Name: name, Err: named("document", name, fault("", "is longer than %d bytes", maxEntry))}
}

// inflater keeps one decompressor for all entries of an archive, which are read one after the other.
type inflater struct{ free io.ReadCloser }

type inflating struct {
	io.ReadCloser
	home *inflater
}

func (d *inflater) open(r io.Reader) io.ReadCloser {
	f := d.free
	d.free = nil
	if f == nil {
		return inflating{flate.NewReader(r), d}
	}
	if err := f.(flate.Resetter).Reset(r, nil); err != nil {
		return inflating{flate.NewReader(r), d}
	}
	return inflating{f, d}
}

func (i inflating) Close() error {
	err := i.ReadCloser.Close()
	i.home.free = i.ReadCloser
	return err
}

// counted counts the bytes that it reads.
type counted struct {
	r io.Reader
	n int64
}

func (c *counted) Read(p []byte) (int, error) {
	n, err := c.r.Read(p)
	c.n += int64(n)
	return n, err
}

// bounded refuses a compressed stream that unpacks to far more than it is. Without it, skipping an entry that is too long
// would cost the time to unpack all of it.
type bounded struct {
	plain  io.Reader
	packed *counted
	n      int64
}

// streamFloor is how much a stream may unpack to before its ratio counts: both sides of it are buffered.
const streamFloor = 64 << 20

func (b *bounded) Read(p []byte) (int, error) {
	n, err := b.plain.Read(p)
	b.n += int64(n)
	if b.n > streamFloor && b.n/max(1, b.packed.n) > maxRatio {
		return n, problem.New(problem.Invalid, "unpacks to more than %d times its size", maxRatio)
	}
	return n, err
}

// unpack opens a gzip or Zstandard stream by its first bytes and passes anything else through.
func unpack(r io.Reader) (plain io.Reader, done func(), err error) {
	in := &counted{r: r}
	b := bufio.NewReaderSize(in, 1<<16)
	head, err := b.Peek(4)
	if err != nil && !errors.Is(err, io.EOF) {
		return nil, nil, err
	}
	switch {
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}):
		z, err := gzip.NewReader(b)
		if err != nil {
			return nil, nil, problem.New(problem.Invalid, "is not a gzip stream: %v", err)
		}
		return &bounded{plain: z, packed: in}, func() {}, nil
	case bytes.Equal(head, []byte{0x28, 0xb5, 0x2f, 0xfd}):
		z, err := zstd.NewReader(b, zstd.WithDecoderMaxMemory(256<<20), zstd.WithDecoderMaxWindow(128<<20))
		if err != nil {
			return nil, nil, problem.New(problem.Invalid, "is not a Zstandard stream: %v", err)
		}
		return &bounded{plain: z, packed: in}, z.Close, nil
	}
	return b, func() {}, nil
}

func isJSON(name string) bool { return strings.HasSuffix(strings.ToLower(name), ".json") }
