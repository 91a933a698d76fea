package blob

import (
	"context"
	"errors"
	"io"
	"io/fs"
	"iter"
	"os"
	"path/filepath"
	"time"

	"triward/internal/problem"
)

// folder keeps blobs as files ab/cd/abcd… below a folder; files that are being written lie in its "incoming".
type folder struct{ root string }

const incoming = "incoming"

// staleAfter is how old a file in incoming must be to be what a crash left behind: no upload takes so long.
const staleAfter = 7 * 24 * time.Hour

func openFolder(root string) (*folder, error) {
	f := &folder{root}
	dir := filepath.Join(root, incoming)
	if err := os.MkdirAll(dir, 0o700); err != nil {
		return nil, err
	}
	files, err := os.ReadDir(dir)
	if err != nil {
		return nil, err
	}
	for _, e := range files {
		if info, err := e.Info(); err == nil && time.Since(info.ModTime()) > staleAfter {
			if err := os.Remove(filepath.Join(dir, e.Name())); err != nil && !errors.Is(err, fs.ErrNotExist) {
				return nil, err
			}
		}
	}
	return f, nil
}

func (f *folder) path(d Digest) string {
	return filepath.Join(f.root, string(d[:2]), string(d[2:4]), string(d))
}

func (f *folder) temporary() (*os.File, error) {
	return os.CreateTemp(filepath.Join(f.root, incoming), "*") // mode 0600
}

func (f *folder) keep(_ context.Context, d Digest, file string) error {
	path := f.path(d)
	if err := os.MkdirAll(filepath.Dir(path), 0o700); err != nil {
		return err
	}
	if err := os.Rename(file, path); err != nil {
		return err
	}
	// The name is durable when the folders on the way to it are.
	for _, dir := range []string{filepath.Dir(path), filepath.Dir(filepath.Dir(path)), f.root} {
		if err := syncFolder(dir); err != nil {
			return err
		}
	}
	return nil
}

func syncFolder(path string) error {
	d, err := os.Open(path)
	if err != nil {
		return err
	}
	return errors.Join(d.Sync(), d.Close())
}

func (f *folder) open(_ context.Context, d Digest) (io.ReadCloser, int64, error) {
	file, err := os.Open(f.path(d))
	if errors.Is(err, fs.ErrNotExist) {
		return nil, 0, problem.New(problem.NotFound, "there is no such file")
	}
	if err != nil {
		return nil, 0, err
	}
	info, err := file.Stat()
	if err != nil {
		file.Close()
		return nil, 0, err
	}
	return file, info.Size(), nil
}

func (f *folder) remove(_ context.Context, d Digest) error {
	path := f.path(d)
	err := os.Remove(path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	return syncFolder(filepath.Dir(path))
}

func (f *folder) walk(ctx context.Context) iter.Seq2[Digest, error] {
	return func(yield func(Digest, error) bool) {
		err := filepath.WalkDir(f.root, func(path string, e fs.DirEntry, err error) error {
			switch {
			case ctx.Err() != nil:
				return ctx.Err()
			case errors.Is(err, fs.ErrNotExist): // removed meanwhile
				return nil
			case err != nil:
				return err
			case e.IsDir() && path == filepath.Join(f.root, incoming):
				return fs.SkipDir
			}
			d := Digest(e.Name())
			if e.Type().IsRegular() && digestForm.MatchString(e.Name()) && f.path(d) == path && !yield(d, nil) {
				return fs.SkipAll
			}
			return nil
		})
		if err != nil {
			yield("", err)
		}
	}
}
