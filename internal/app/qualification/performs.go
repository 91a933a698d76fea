package qualification

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"time"

	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/document/press"
	"triward/internal/document/record"
	"triward/internal/document/search"
	"triward/internal/problem"
	"triward/internal/store"
)

// Times that people are promised.
const (
	searchTime = 300 * time.Millisecond
	pageTime   = 100 * time.Millisecond
	printTime  = 3 * time.Second
)

// performance are the checks that it works with the data of this installation (PQ).
func (i Installation) performance() []check {
	return []check{
		{"PQ-01", "Make a backup of the database, restore it into an empty one, and compare the journals.", "entries and root are the same", []string{"P11-03", "DC-07", "AC-13"}, i.restore},
		{"PQ-02", "Read every file that is kept, and compute its digest.", "each has the digest that names it", []string{"DC-07", "RC-01"}, i.fixity},
		{"PQ-03", "Export the newest records of approved documents, and check each as somebody outside does.", "each holds", []string{"P11-02", "PRD-10"}, i.export},
		{"PQ-04", "Search for words of the titles of documents.", fmt.Sprintf("the document is found, within %s", searchTime), []string{"PRD-23", "AC-14"}, i.search},
		{"PQ-05", "Open the pages of documents in force.", fmt.Sprintf("within %s each", pageTime), []string{"DC-04"}, i.open},
		{"PQ-06", "Print a document of some pages.", fmt.Sprintf("within %s", printTime), []string{"P11-14"}, i.print},
		{"PQ-07", "Let everything that follows the journal catch up with it.", "each is at the newest entry", []string{"PRD-21"}, i.followers},
	}
}

func (i Installation) restore(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "triward-qualification-*")
	if err != nil {
		return "", err
	}
	defer os.RemoveAll(dir)
	file := filepath.Join(dir, "backup.zip")
	f, err := os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600)
	if err != nil {
		return "", err
	}
	made, err := store.Backup(ctx, i.db(), f, store.BackupOptions{})
	if err := errors.Join(err, f.Close()); err != nil {
		return "", err
	}
	if made.Journal.Fault != nil {
		return "", made.Journal.Fault
	}
	other, err := store.Open(ctx, "sqlite:"+filepath.Join(dir, "restored.db"), store.Options{})
	if err != nil {
		return "", err
	}
	defer other.Close()
	if _, err := store.Restore(ctx, other, file, store.RestoreOptions{}); err != nil {
		return "", err
	}
	var v store.Verification
	if err := other.View(ctx, func(r store.Reader) (err error) {
		v, err = store.Verify(ctx, r, nil)
		return err
	}); err != nil {
		return "", err
	}
	if hex.EncodeToString(v.Root) != made.Journal.Root || v.Entries != made.Journal.Entries {
		return "", fmt.Errorf("restored: %d entries, root %x; saved: %d entries, root %s", v.Entries, v.Root, made.Journal.Entries, made.Journal.Root)
	}
	rows := int64(0)
	for _, t := range made.Tables {
		rows += t.Rows
	}
	return fmt.Sprintf("%d tables with %d rows; %d entries, root %s, before and after", len(made.Tables), rows, v.Entries, made.Journal.Root), nil
}

func (i Installation) fixity(ctx context.Context) (string, error) {
	n, size := 0, int64(0)
	for d, err := range i.Press.Blobs.Walk(ctx) {
		if err != nil {
			return "", err
		}
		read, err := i.readBlob(ctx, d)
		if err != nil {
			return "", fmt.Errorf("file %s: %w", d, err)
		}
		n++
		size += read
	}
	if n == 0 {
		return "", skipped("no file is kept yet")
	}
	return fmt.Sprintf("%d files with %d bytes, each as it was kept", n, size), nil
}

// readBlob reads a file to its end, where the store compares its digest.
func (i Installation) readBlob(ctx context.Context, d blob.Digest) (int64, error) {
	r, err := i.Press.Blobs.Get(ctx, d)
	if err != nil {
		return 0, err
	}
	n, err := io.Copy(io.Discard, r)
	return n, errors.Join(err, r.Close())
}

// some is how many documents the checks on single ones look at, the newest first.
const some = 20

func (i Installation) inForce(ctx context.Context) (all []document.Revision, err error) {
	err = i.db().View(ctx, func(r store.Reader) error {
		ids, err := store.All(ctx, r, store.Value[document.RevisionID], `SELECT revision FROM effective_range WHERE until = 0 ORDER BY since DESC, revision LIMIT $1`, some)
		for _, rid := range ids {
			v, err := document.RevisionOf(ctx, r, rid)
			if err != nil {
				return err
			}
			all = append(all, v)
		}
		return err
	})
	if err == nil && len(all) == 0 {
		err = skipped("no document is in force yet")
	}
	return all, err
}

func (i Installation) export(ctx context.Context) (string, error) {
	all, err := i.inForce(ctx)
	if err != nil {
		return "", err
	}
	n, signed := 0, 0
	for _, v := range all {
		err := i.db().View(ctx, func(r store.Reader) error {
			_, err := press.Record(ctx, r, v.ID)
			return err
		})
		if problem.KindOf(err) == problem.NotFound { // its record copy is being made
			continue
		}
		if err != nil {
			return "", err
		}
		f, err := record.Export(ctx, i.Press, v.ID)
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", v.Code, v.Label, err)
		}
		checked, err := record.Verify(f.Content, i.Press.Signer.Keys())
		if err != nil {
			return "", fmt.Errorf("%s %s: %w", v.Code, v.Label, err)
		}
		n++
		signed += len(checked.Signatures)
	}
	if n == 0 {
		return "", skipped("no record copy is made yet")
	}
	return fmt.Sprintf("%d of %d records, with %d signatures, hold", n, len(all), signed), nil
}

// slowest is the longest of some times, and what took it.
type slowest struct {
	took time.Duration
	what string
}

func (s *slowest) add(what string, since time.Time) {
	if took := time.Since(since); took > s.took {
		s.took, s.what = took, what
	}
}

func (s slowest) within(n int, limit time.Duration) (string, error) {
	seen := fmt.Sprintf("%d tried; the slowest took %s (%s)", n, s.took.Round(100*time.Microsecond), s.what)
	if s.took > limit {
		return "", errors.New(seen)
	}
	return seen, nil
}

func (i Installation) search(ctx context.Context) (string, error) {
	all, err := i.inForce(ctx)
	if err != nil {
		return "", err
	}
	var s slowest
	for _, v := range all {
		began := time.Now()
		err := i.db().View(ctx, func(r store.Reader) error {
			found, err := search.Find(ctx, r, search.Query{Text: v.Title, Limit: 100})
			if err != nil {
				return err
			}
			for _, h := range found.Hits {
				if h.Revision == v.ID {
					return nil
				}
			}
			return fmt.Errorf("%s is not found by its title", v.Code)
		})
		if err != nil {
			return "", err
		}
		s.add(v.Code, began)
	}
	return s.within(len(all), searchTime)
}

func (i Installation) open(ctx context.Context) (string, error) {
	all, err := i.inForce(ctx)
	if err != nil {
		return "", err
	}
	var s slowest
	for _, v := range all {
		began := time.Now()
		shown, err := i.Press.Display(ctx, v.ID)
		if err != nil {
			return "", fmt.Errorf("%s: %w", v.Code, err)
		}
		if !strings.Contains(string(shown.HTML), v.Code) {
			return "", fmt.Errorf("the page of %s does not name it", v.Code)
		}
		s.add(v.Code, began)
	}
	return s.within(len(all), pageTime)
}

func (i Installation) print(ctx context.Context) (string, error) {
	var s slowest
	began := time.Now()
	pdf, _, err := i.Press.Printer.PDF(ctx, sheet())
	if err != nil {
		return "", err
	}
	s.add(fmt.Sprintf("%d bytes", len(pdf)), began)
	return s.within(1, printTime)
}

func (i Installation) followers(ctx context.Context) (string, error) {
	head := int64(0)
	if err := i.db().View(ctx, func(r store.Reader) (err error) {
		head, _, err = store.JournalHead(ctx, r)
		return err
	}); err != nil {
		return "", err
	}
	for _, f := range i.Followers {
		if err := i.db().CatchUp(ctx, f); err != nil {
			return "", fmt.Errorf("%s: %w", f.Name, err)
		}
	}
	return fmt.Sprintf("%d followers, each at entry %d or later", len(i.Followers), head), nil
}
