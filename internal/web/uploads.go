package web

import (
	"crypto/rand"
	"crypto/sha256"
	"encoding/hex"
	"errors"
	"io"
	"os"
	"sync"
	"time"

	"triward/internal/problem"
)

// upload is a file that waits between its preview and its import.
type upload struct {
	account string
	name    string
	digest  string
	file    string
	until   time.Time
}

const (
	uploadLife = time.Hour
	maxUploads = 50
)

// uploads are the files that wait, in the scratch folder.
type uploads struct {
	mu  sync.Mutex
	all map[string]upload
}

// keep writes a file aside for an account and returns the text that names it.
func (u *uploads) keep(dir string, x upload, body io.Reader) (string, error) {
	f, err := os.CreateTemp(dir, "triward-upload-*") // readable for this program only
	if err != nil {
		return "", err
	}
	sum := sha256.New()
	_, err = io.Copy(io.MultiWriter(f, sum), body)
	if err = errors.Join(err, f.Close()); err != nil {
		return "", errors.Join(err, os.Remove(f.Name()))
	}
	x.file, x.digest = f.Name(), "sha256:"+hex.EncodeToString(sum.Sum(nil))
	u.mu.Lock()
	defer u.mu.Unlock()
	if u.all == nil {
		u.all = map[string]upload{}
	}
	if len(u.all) >= maxUploads {
		return "", errors.Join(problem.New(problem.Unavailable, "too many files wait for their import; try again in some minutes"), os.Remove(x.file))
	}
	id := rand.Text()
	u.all[id] = x
	return id, nil
}

// sweep forgets what waited too long.
func (u *uploads) sweep(now time.Time) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	var err error
	for id, x := range u.all {
		if !x.until.After(now) {
			delete(u.all, id)
			err = errors.Join(err, os.Remove(x.file))
		}
	}
	return err
}

// open reads a file that waits; only the account that sent it may.
func (u *uploads) open(id, account string) (upload, *os.File, error) {
	u.mu.Lock()
	x, ok := u.all[id]
	u.mu.Unlock()
	if !ok || x.account != account {
		return x, nil, problem.New(problem.NotFound, "the file does not wait any more; send it again")
	}
	f, err := os.Open(x.file)
	return x, f, err
}

// drop forgets a file that was imported.
func (u *uploads) drop(id string) error {
	u.mu.Lock()
	defer u.mu.Unlock()
	x, ok := u.all[id]
	if !ok {
		return nil
	}
	delete(u.all, id)
	return os.Remove(x.file)
}
