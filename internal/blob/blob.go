package blob

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"iter"
	"os"
	"regexp"
	"strings"

	"triward/internal/problem"
)

// Digest names a blob: the SHA-256 of its content in lower-case hexadecimal.
type Digest string

var digestForm = regexp.MustCompile(`^[0-9a-f]{64}$`)

// ParseDigest reads a digest.
func ParseDigest(s string) (Digest, error) {
	if !digestForm.MatchString(s) {
		return "", problem.New(problem.Invalid, "%q is not a SHA-256 digest of 64 lower-case hexadecimal digits", s)
	}
	return Digest(s), nil
}

// keeper is where blobs lie. A digest that it is given has the right form.
//
// keep makes the content of a closed temporary file, which it may take away, the blob of that name, durably and in one
// step. open also says how many bytes there are; it is NotFound for no blob. remove is nil for no blob. walk gives every
// whole blob once, in no promised order.
type keeper interface {
	temporary() (*os.File, error)
	keep(ctx context.Context, d Digest, file string) error
	open(ctx context.Context, d Digest) (io.ReadCloser, int64, error)
	remove(ctx context.Context, d Digest) error
	walk(ctx context.Context) iter.Seq2[Digest, error]
}

// Store keeps blobs. It is safe for use by many goroutines and processes.
type Store struct{ in keeper }

// Open opens the place at a URL: "dir:/path" (made when it is missing) or "s3://host[:port]/bucket[/prefix]".
//
// Of S3 the query may give region=NAME, tls=off, and credentials=FILE (an AWS shared credentials file); without a file
// the credentials are taken from the environment (AWS_ACCESS_KEY_ID, AWS_SECRET_ACCESS_KEY) or the machine's role.
func Open(ctx context.Context, address string) (*Store, error) {
	var in keeper
	var err error
	switch {
	case strings.HasPrefix(address, "dir:") && len(address) > len("dir:"):
		in, err = openFolder(strings.TrimPrefix(address, "dir:"))
	case strings.HasPrefix(address, "s3://"):
		in, err = openBucket(ctx, address)
	default:
		return nil, problem.New(problem.Invalid, "the address of blobs must be dir:/path or s3://host/bucket")
	}
	if err != nil {
		return nil, fmt.Errorf("open blobs: %w", err)
	}
	return &Store{in}, nil
}

// Put keeps everything that r holds, at most limit bytes, and returns its digest and size. Invalid: r holds more. After an
// error nothing is kept.
func (s *Store) Put(ctx context.Context, r io.Reader, limit int64) (Digest, int64, error) {
	d, n, err := s.put(ctx, r, limit)
	if err != nil {
		return "", 0, fmt.Errorf("keep blob: %w", err)
	}
	return d, n, nil
}

func (s *Store) put(ctx context.Context, r io.Reader, limit int64) (Digest, int64, error) {
	f, err := s.in.temporary()
	if err != nil {
		return "", 0, err
	}
	defer os.Remove(f.Name()) // keep has taken it away, or it is of no use
	sum := sha256.New()
	n, err := io.Copy(io.MultiWriter(f, sum), io.LimitReader(contextReader{ctx, r}, limit+1))
	if err == nil && n > limit {
		err = problem.New(problem.Invalid, "the file is larger than %d bytes", limit)
	}
	if err == nil {
		err = f.Sync()
	}
	if err := errors.Join(err, f.Close()); err != nil {
		return "", 0, err
	}
	d := Digest(hex.EncodeToString(sum.Sum(nil)))
	return d, n, s.in.keep(ctx, d, f.Name())
}

// Get opens a blob. Reading it to the end fails when its content does not have its digest any more. NotFound: there is
// none of that name.
func (s *Store) Get(ctx context.Context, d Digest) (io.ReadCloser, error) {
	if _, err := ParseDigest(string(d)); err != nil {
		return nil, err
	}
	r, _, err := s.in.open(ctx, d)
	if err != nil {
		return nil, fmt.Errorf("open blob %s: %w", d, err)
	}
	return &checked{r: r, sum: sha256.New(), want: d}, nil
}

// Stat is the size of a blob in bytes. NotFound: there is none of that name.
func (s *Store) Stat(ctx context.Context, d Digest) (int64, error) {
	if _, err := ParseDigest(string(d)); err != nil {
		return 0, err
	}
	r, n, err := s.in.open(ctx, d)
	if err != nil {
		return 0, fmt.Errorf("look at blob %s: %w", d, err)
	}
	return n, r.Close()
}

// Delete removes a blob; one that is not there is no error.
func (s *Store) Delete(ctx context.Context, d Digest) error {
	if _, err := ParseDigest(string(d)); err != nil {
		return err
	}
	if err := s.in.remove(ctx, d); err != nil {
		return fmt.Errorf("delete blob %s: %w", d, err)
	}
	return nil
}

// Walk gives every blob once, in no promised order. An error is the last thing it gives.
func (s *Store) Walk(ctx context.Context) iter.Seq2[Digest, error] { return s.in.walk(ctx) }

// checked compares what was read with the digest at the end.
type checked struct {
	r    io.ReadCloser
	sum  hash.Hash
	want Digest
}

func (c *checked) Read(b []byte) (int, error) {
	n, err := c.r.Read(b)
	c.sum.Write(b[:n])
	if errors.Is(err, io.EOF) {
		if got := hex.EncodeToString(c.sum.Sum(nil)); got != string(c.want) {
			return n, fmt.Errorf("blob %s is damaged: its content has the digest %s", c.want, got)
		}
	}
	return n, err
}

func (c *checked) Close() error { return c.r.Close() }

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
