package device

import (
	"context"
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"time"

	"triward/internal/device/fleetfile"
	"triward/internal/problem"
	"triward/internal/store"
)

// Waiting keeps fleet files between their preview and their import. They lie in the database, in parts, so that another
// process than the one that took a file may import it, and go after an hour.
type Waiting struct {
	DB   *store.DB
	Most int64 // bytes of one file; 0: as many as a fleet file may have
}

// WaitingFile is a file that waits.
type WaitingFile struct {
	Name   string
	Digest string // "sha256:" and hexadecimal
}

const (
	waitingLife = time.Hour
	maxWaiting  = 50
	waitingPart = 1 << 20
)

// Keep takes a file of the actor and returns the text that names it, which nobody can guess. Invalid: it is larger than a
// fleet file may be. Unavailable: too many wait.
func (w Waiting) Keep(ctx context.Context, name string, body io.Reader) (string, error) {
	file := rand.Text()
	if err := w.begin(ctx, file, name); err != nil {
		return "", err
	}
	most := w.Most
	if most == 0 {
		most = fleetfile.MaxFileBytes
	}
	sum, total := sha256.New(), int64(0)
	part := make([]byte, waitingPart)
	for position := 0; ; position++ {
		n, err := io.ReadFull(body, part)
		if err != nil && !errors.Is(err, io.EOF) && !errors.Is(err, io.ErrUnexpectedEOF) {
			return "", errors.Join(fmt.Errorf("take %q: %w", name, err), w.Drop(ctx, file))
		}
		if total += int64(n); total > most {
			return "", errors.Join(problem.New(problem.Invalid, "%q is larger than %d MB", name, most>>20), w.Drop(ctx, file))
		}
		sum.Write(part[:n])
		last := n < len(part)
		if perr := w.DB.Bulk(ctx, func(b *store.Bulk) error {
			if n > 0 {
				if _, err := b.Exec(ctx, `INSERT INTO waiting_part (file, position, body) VALUES ($1, $2, $3)`, file, position, part[:n]); err != nil {
					return err
				}
			}
			if !last {
				return nil
			}
			_, err := b.Exec(ctx, `UPDATE waiting_file SET digest = $1 WHERE id = $2`, "sha256:"+hex.EncodeToString(sum.Sum(nil)), file)
			return err
		}); perr != nil {
			return "", errors.Join(fmt.Errorf("keep %q: %w", name, perr), w.Drop(ctx, file))
		}
		if last {
			return file, nil
		}
	}
}

// begin makes room and announces a file.
func (w Waiting) begin(ctx context.Context, file, name string) error {
	a, ok := store.ActorOf(ctx)
	if !ok {
		return problem.New(problem.Forbidden, "sign in first")
	}
	return w.DB.Bulk(ctx, func(b *store.Bulk) error {
		now := w.DB.Now()
		for _, text := range []string{`DELETE FROM waiting_part WHERE file IN (SELECT id FROM waiting_file WHERE until <= $1)`, `DELETE FROM waiting_file WHERE until <= $1`} {
			if _, err := b.Exec(ctx, text, store.Micros(now)); err != nil {
				return err
			}
		}
		var n int
		if err := b.QueryRow(ctx, `SELECT count(*) FROM waiting_file`).Scan(&n); err != nil {
			return err
		}
		if n >= maxWaiting {
			return problem.New(problem.Unavailable, "too many files wait for their import; try again in some minutes")
		}
		_, err := b.Exec(ctx, `INSERT INTO waiting_file (id, account, name, digest, until) VALUES ($1, $2, $3, '', $4)`, file, a.ID, name, store.Micros(now.Add(waitingLife)))
		return err
	})
}

// Open reads a file that waits; only the actor who sent it may. NotFound: it does not wait any more.
func (w Waiting) Open(ctx context.Context, file string) (WaitingFile, io.Reader, error) {
	a, _ := store.ActorOf(ctx)
	var f WaitingFile
	err := w.DB.View(ctx, func(r store.Reader) error {
		return r.QueryRow(ctx, `SELECT name, digest FROM waiting_file WHERE id = $1 AND account = $2 AND digest <> '' AND until > $3`, file, a.ID, store.Micros(w.DB.Now())).Scan(&f.Name, &f.Digest)
	})
	if problem.KindOf(err) == problem.NotFound {
		err = problem.New(problem.NotFound, "the file does not wait any more; send it again")
	}
	return f, &waitingReader{ctx: ctx, db: w.DB, file: file}, err
}

// Drop forgets a file.
func (w Waiting) Drop(ctx context.Context, file string) error {
	return w.DB.Bulk(context.WithoutCancel(ctx), func(b *store.Bulk) error {
		for _, text := range []string{`DELETE FROM waiting_part WHERE file = $1`, `DELETE FROM waiting_file WHERE id = $1`} {
			if _, err := b.Exec(ctx, text, file); err != nil {
				return err
			}
		}
		return nil
	})
}

// waitingReader reads the parts of a file one after another. It lives as long as the call that opened it.
type waitingReader struct {
	ctx  context.Context //nolint:containedctx // io.Reader has no other way to it
	db   *store.DB
	file string
	next int
	rest []byte
}

func (r *waitingReader) Read(p []byte) (int, error) {
	if len(r.rest) == 0 {
		err := r.db.View(r.ctx, func(q store.Reader) error {
			return q.QueryRow(r.ctx, `SELECT body FROM waiting_part WHERE file = $1 AND position = $2`, r.file, r.next).Scan(&r.rest)
		})
		if problem.KindOf(err) == problem.NotFound {
			return 0, io.EOF
		}
		if err != nil {
			return 0, fmt.Errorf("read a waiting file: %w", err)
		}
		r.next++
	}
	n := copy(p, r.rest)
	r.rest = r.rest[n:]
	return n, nil
}
