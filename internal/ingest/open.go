package ingest

import (
	"bytes"
	"errors"
	"fmt"
	"io"
	"iter"
	"os"
	"strings"

	"triward/internal/advisory"
	"triward/internal/problem"
	"triward/internal/vuln"
)

// errStop ends a walk whose reader wants no more.
var errStop = errors.New("no more wanted")

// Documents reads every document of a kind below a path: a folder, a single document, a .zip, or a tar (plain, gzip or
// Zstandard). A faulty document comes with its error and does not end the rest.
func Documents(kind vuln.FeedKind, path string) iter.Seq2[vuln.Loaded, error] {
	return func(yield func(vuln.Loaded, error) bool) {
		err := walk(kind, path, func(f advisory.Found) error {
			if f.Err != nil {
				if !yield(vuln.Loaded{}, f.Err) {
					return errStop
				}
				return nil
			}
			return give(f, yield)
		})
		if err != nil && !errors.Is(err, errStop) {
			yield(vuln.Loaded{}, err)
		}
	}
}

// give hands one document on. A page of NVD holds many records: each is kept with the bytes that are its own.
func give(f advisory.Found, yield func(vuln.Loaded, error) bool) error {
	if f.Record.Source == advisory.NVD {
		members, err := advisory.NVDMembers(f.Name, f.Body)
		if err != nil {
			return err
		}
		if len(members) > 1 {
			return givePage(f, members, yield)
		}
	}
	if !yield(vuln.Loaded{Record: f.Record, Body: bytes.Clone(f.Body)}, nil) {
		return errStop
	}
	return nil
}

// givePage finds the record's own member. The walk comes here once for each record of the page, in order.
func givePage(f advisory.Found, members [][]byte, yield func(vuln.Loaded, error) bool) error {
	for _, m := range members {
		if !bytes.Contains(m, []byte(`"`+f.Record.ID+`"`)) {
			continue
		}
		recs, err := advisory.ParseNVD(f.Name, m)
		if err != nil || len(recs) != 1 || recs[0].ID != f.Record.ID {
			continue
		}
		if !yield(vuln.Loaded{Record: recs[0], Body: m}, nil) {
			return errStop
		}
		return nil
	}
	return fmt.Errorf("read NVD page %q: record %s has no member of its own", f.Name, f.Record.ID)
}

// walkers are the readers of one kind of document.
type walkers struct {
	dir func(path string, fn func(advisory.Found) error) error
	tar func(io.Reader, func(advisory.Found) error) error
	zip func(io.ReaderAt, int64, func(advisory.Found) error) error
	one func(name string, body []byte) ([]advisory.Record, error)
}

func single(parse func(string, []byte) (advisory.Record, error)) func(string, []byte) ([]advisory.Record, error) {
	return func(name string, body []byte) ([]advisory.Record, error) {
		r, err := parse(name, body)
		return []advisory.Record{r}, err
	}
}

func walkersOf(kind vuln.FeedKind) (walkers, error) {
	switch kind {
	case vuln.FeedCSAF:
		return walkers{dir: func(p string, fn func(advisory.Found) error) error { return advisory.WalkCSAF(os.DirFS(p), fn) },
			tar: advisory.WalkCSAFTar, zip: advisory.WalkCSAFZip, one: single(advisory.ParseCSAF)}, nil
	case vuln.FeedOSV:
		return walkers{dir: func(p string, fn func(advisory.Found) error) error { return advisory.WalkOSV(os.DirFS(p), fn) },
			tar: advisory.WalkOSVTar, zip: advisory.WalkOSVZip, one: single(advisory.ParseOSV)}, nil
	case vuln.FeedCVE:
		return walkers{dir: func(p string, fn func(advisory.Found) error) error { return advisory.WalkCVE(os.DirFS(p), fn) },
			tar: advisory.WalkCVETar, zip: advisory.WalkCVEZip, one: single(advisory.ParseCVE)}, nil
	case vuln.FeedNVD:
		return walkers{dir: func(p string, fn func(advisory.Found) error) error { return advisory.WalkNVD(os.DirFS(p), fn) },
			tar: advisory.WalkNVDTar, zip: advisory.WalkNVDZip, one: advisory.ParseNVD}, nil
	}
	return walkers{}, problem.New(problem.Invalid, "a feed of kind %q has no documents", kind)
}

// maxSingle bounds a single document that is not in an archive: what the most generous reader takes.
const maxSingle = 128 << 20

func walk(kind vuln.FeedKind, path string, fn func(advisory.Found) error) error {
	w, err := walkersOf(kind)
	if err != nil {
		return err
	}
	s, err := os.Stat(path)
	if err != nil {
		return problem.New(problem.NotFound, "cannot read %s: %v", path, errors.Unwrap(err))
	}
	if s.IsDir() {
		return w.dir(path, fn)
	}
	f, err := os.Open(path)
	if err != nil {
		return problem.New(problem.NotFound, "cannot read %s: %v", path, errors.Unwrap(err))
	}
	defer f.Close()
	none, stopped := true, error(nil)
	err = walkFile(w, f, s.Size(), func(d advisory.Found) error {
		none = false
		stopped = fn(d)
		return stopped
	})
	switch {
	case err != nil && stopped == nil:
		return problem.About(err, "read %s", path)
	case err == nil && none: // of a folder that may be right: nothing may have changed
		return problem.New(problem.Invalid, "%s holds no document of the kind %s", path, kind)
	}
	return err
}

// walkFile tells the form of a file by its first bytes, not by its name: feeds are downloaded under any name.
func walkFile(w walkers, f *os.File, size int64, fn func(advisory.Found) error) error {
	head := make([]byte, 4)
	n, err := f.ReadAt(head, 0)
	if err != nil && !errors.Is(err, io.EOF) {
		return err
	}
	head = head[:n]
	switch {
	case bytes.HasPrefix(head, []byte("PK\x03\x04")), bytes.HasPrefix(head, []byte("PK\x05\x06")):
		return w.zip(f, size, fn)
	case bytes.HasPrefix(head, []byte{0x1f, 0x8b}), bytes.HasPrefix(head, []byte{0x28, 0xb5, 0x2f, 0xfd}), strings.HasSuffix(f.Name(), ".tar"):
		return w.tar(f, fn)
	}
	if size > maxSingle {
		return errTooLarge()
	}
	body, err := readBounded(f)
	if err != nil {
		return err
	}
	recs, err := w.one(f.Name(), body)
	if err != nil {
		return fn(advisory.Found{Name: f.Name(), Body: body, Err: err})
	}
	for _, r := range recs {
		if err := fn(advisory.Found{Name: f.Name(), Body: body, Record: r}); err != nil {
			return err
		}
	}
	return nil
}

func errTooLarge() error {
	return problem.New(problem.Invalid, "the file is larger than %d MB", maxSingle>>20)
}

// readBounded reads a document whose size is not known, as that of a compressed one.
func readBounded(r io.Reader) ([]byte, error) {
	body, err := io.ReadAll(io.LimitReader(r, maxSingle+1))
	if err != nil {
		return nil, problem.New(problem.Invalid, "the file is damaged: %v", err)
	}
	if len(body) > maxSingle {
		return nil, errTooLarge()
	}
	return body, nil
}
