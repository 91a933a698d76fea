package api

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"hash"
	"io"
	"net/http"
	"os"
	"time"

	"github.com/danielgtaylor/huma/v2"
	"github.com/danielgtaylor/huma/v2/adapters/humago"

	"triward/apiv1"
	"triward/internal/problem"
)

// inMemory is the largest body that is held in memory while it arrives; a larger one goes to a temporary file, so that many
// slow uploads cost disk and not memory.
const inMemory = 1 << 20

// largeReads bounds how many large files are read at once: what is read of one is held in memory.
const largeReads = 2

// sentFile is the body of a request that sends a large file. Unlike a RawBody it is not read before the operation asks.
type sentFile struct {
	r    io.Reader
	size int64 // as announced; -1 when it was not
}

// Resolve takes the body from the request.
func (f *sentFile) Resolve(hc huma.Context) []error {
	r, _ := humago.Unwrap(hc)
	f.r, f.size = r.Body, r.ContentLength
	if err := hc.SetReadDeadline(time.Now().Add(uploadTime)); err != nil && !errors.Is(err, http.ErrNotSupported) {
		return []error{err}
	}
	return nil
}

// tooLarge is the answer to a file over the limit.
func tooLarge(limit int64) error {
	return &failure{Problem: apiv1.Problem{Type: string(problem.Invalid), Title: http.StatusText(http.StatusRequestEntityTooLarge),
		Status: http.StatusRequestEntityTooLarge, Detail: fmt.Sprintf("the file is larger than %d MiB", limit>>20)}}
}

// keep reads the whole body, at most limit bytes of it.
func (f sentFile) keep(limit int64) (*kept, error) {
	if f.size > limit {
		return nil, tooLarge(limit)
	}
	k := &kept{sum: sha256.New()}
	from := io.TeeReader(io.LimitReader(f.r, limit+1), k.sum)
	n, err := io.CopyN(&k.memory, from, inMemory)
	if err == nil {
		if k.file, err = os.CreateTemp("", "triward-upload-*"); err == nil { // readable for this program only
			var more int64
			more, err = io.Copy(k.file, from)
			n += more
		}
	} else if errors.Is(err, io.EOF) {
		err = nil
	}
	switch {
	case err != nil:
		return nil, errors.Join(cutOff(err), k.close())
	case n > limit:
		return nil, errors.Join(tooLarge(limit), k.close())
	case n == 0:
		return nil, errors.Join(problem.New(problem.Invalid, "no file was sent"), k.close())
	}
	return k, nil
}

// cutOff says that the rest of a body did not come, unless this machine failed.
func cutOff(err error) error {
	var p *os.PathError
	if errors.As(err, &p) {
		return err
	}
	return problem.New(problem.Invalid, "the file broke off while it was sent")
}

// kept is a body that has arrived.
type kept struct {
	memory bytes.Buffer // the beginning
	file   *os.File     // the rest, nil when there is none
	sum    hash.Hash
}

// reader reads the body from its beginning, once.
func (k *kept) reader() (io.Reader, error) {
	if k.file == nil {
		return &k.memory, nil
	}
	if _, err := k.file.Seek(0, io.SeekStart); err != nil {
		return nil, err
	}
	return io.MultiReader(&k.memory, k.file), nil
}

// turn waits until the body may be read, when it is a large one; the caller says when it is done.
func (s *Server) turn(ctx context.Context, k *kept) (done func(), err error) {
	if k.file == nil {
		return func() {}, nil
	}
	select {
	case s.reading <- struct{}{}:
		return func() { <-s.reading }, nil
	case <-ctx.Done():
		return nil, ctx.Err()
	}
}

func (k *kept) digest() string { return "sha256:" + hex.EncodeToString(k.sum.Sum(nil)) }

// close removes the temporary file.
func (k *kept) close() error {
	if k.file == nil {
		return nil
	}
	return errors.Join(k.file.Close(), os.Remove(k.file.Name()))
}
