package ledger

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"triward/internal/problem"
)

// KeyFile reads a file that holds a secret, or makes it when there is none: content gives what is to stand in it. The file
// is readable by its owner only; one that others may read is refused (Forbidden).
func KeyFile(path string, content func() ([]byte, error)) ([]byte, error) {
	text, err := os.ReadFile(path)
	if errors.Is(err, fs.ErrNotExist) {
		if err = makeFile(path, content); err == nil {
			text, err = os.ReadFile(path)
		}
	}
	if err != nil {
		return nil, err
	}
	s, err := os.Stat(path)
	if err != nil {
		return nil, err
	}
	if s.Mode().Perm()&0o077 != 0 {
		return nil, problem.New(problem.Forbidden, "others may read the key %s: set its mode to 0600", path)
	}
	return text, nil
}

// makeFile writes a new file beside its place first, so that a crash leaves a whole file or none, and two first starts at
// once use the same one.
func makeFile(path string, content func() ([]byte, error)) error {
	text, err := content()
	if err != nil {
		return fmt.Errorf("make key: %w", err)
	}
	dir := filepath.Dir(path)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return err
	}
	f, err := os.CreateTemp(dir, ".key-*") // mode 0600
	if err != nil {
		return err
	}
	defer os.Remove(f.Name())
	_, err = f.Write(text)
	if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
		return err
	}
	if err := os.Link(f.Name(), path); err != nil && !errors.Is(err, fs.ErrExist) {
		return err
	}
	return nil
}
