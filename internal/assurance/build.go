package assurance

import (
	"bytes"
	"context"
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"maps"
	"slices"
	"strconv"
	"time"

	"triward/internal/assurance/bundle"
	"triward/internal/assurance/view"
	"triward/internal/blob"
	"triward/internal/document"
	"triward/internal/id"
	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/store"
)

// Builder is what building a bundle needs beside the database.
type Builder struct {
	Ledger ledger.Ledger
	Blobs  *blob.Store
	// Stamps are certificates (PEM) of the time-stamp authorities that signatures were stamped by.
	Stamps []string
	// PDF reads the sealed record copy of a revision, NotFound while it has none; nil without a press.
	PDF func(ctx context.Context, revision document.RevisionID) ([]byte, error)
}

// Bundle is a built bundle.
type Bundle struct {
	ID         string // bdl_…
	Inquiry    string
	At         time.Time
	Head       int64  // entries of the journal that it proves against
	Digest     string // SHA-256 of the archive, hexadecimal, and its name in the blob store
	Size       int64
	Files      int
	Records    int
	Author     string // account
	AuthorName string
	Seq        int64  // entry that records it
	reveals    string // blob with what was removed
}

// maxBundle bounds an archive, in bytes.
const maxBundle = 1 << 30

// Build makes the bundle of an inquiry as its records are now (or were at the inquiry's instant), checks it as a stranger
// would, and keeps it. Conflict when it would not be complete.
func (s Inquiries) Build(ctx context.Context, inquiry string) (Bundle, error) {
	if _, err := store.ScopeOf(ctx, KindBuilt); err != nil {
		return Bundle{}, err
	}
	as, err := Evidence{DB: s.DB}.now(ctx)
	if err != nil {
		return Bundle{}, err
	}
	built, err := s.assemble(ctx, inquiry, as.Now, as.Head)
	if err != nil {
		return Bundle{}, fmt.Errorf("build bundle: %w", err)
	}
	if r := bundle.Verify(ctx, built.Archive, s.Builder.Ledger.Key.Verifier()); !r.OK() {
		return Bundle{}, problem.New(problem.Conflict, "the bundle does not verify: %s", r.Faults[0])
	}
	b := Bundle{Inquiry: inquiry, At: as.Now, Head: as.Head, Digest: built.SHA256, Size: int64(len(built.Archive)), Files: len(built.Manifest.Files)}
	for _, n := range built.Manifest.Counts {
		b.Records += n.Records
	}
	if _, _, err := s.Builder.Blobs.Put(ctx, bytes.NewReader(built.Archive), maxBundle); err != nil {
		return Bundle{}, fmt.Errorf("keep bundle: %w", err)
	}
	reveals, err := json.Marshal(built.Reveals)
	if err != nil {
		return Bundle{}, err
	}
	kept, _, err := s.Builder.Blobs.Put(ctx, bytes.NewReader(reveals), maxBundle)
	if err != nil {
		return Bundle{}, fmt.Errorf("keep bundle: %w", err)
	}
	b.reveals = string(kept)
	if b.ID, err = id.New("bdl"); err != nil {
		return Bundle{}, err
	}
	err = s.change(ctx, inquiry, func(tx *store.Tx, i Inquiry) error {
		b.Author, b.AuthorName = tx.Actor().ID, tx.Actor().Name
		if b.Seq, err = tx.Record(ctx, store.Event{Kind: KindBuilt, Subject: i.ID, Site: i.Site, Product: i.Product, Body: builtBody{Bundle: b.ID, Digest: b.Digest, Size: b.Size,
			Head: b.Head, Counts: built.Manifest.Counts, Removed: len(built.Reveals)}}); err != nil {
			return err
		}
		return insertBundle(ctx, tx, b)
	})
	return b, err
}

// builtBody is the body of [KindBuilt].
type builtBody struct {
	Bundle  string         `json:"bundle"`
	Digest  string         `json:"sha256"`
	Size    int64          `json:"size"`
	Head    int64          `json:"journal_size"`
	Counts  []bundle.Count `json:"counts"`
	Removed int            `json:"removed_parts"`
}

// assemble collects and writes a bundle against the journal's first head entries. The same inquiry, instant and head give
// the same bytes.
func (s Inquiries) assemble(ctx context.Context, inquiry string, now time.Time, head int64) (bundle.Built, error) {
	c := newCollection(view.AsOf{})
	c.head, c.made = head, now
	var expected map[string]int
	var organisation string
	err := s.DB.View(ctx, func(r store.Reader) error {
		var err error
		if c.inquiry, err = GetInquiry(ctx, r, inquiry); err != nil {
			return err
		}
		if err := insider(ctx, r, inquiry); err != nil {
			return err
		}
		if c.as, err = asOf(ctx, r, c.inquiry, now); err != nil {
			return err
		}
		c.as.Head = min(c.as.Head, head)
		if c.lines, err = boundLines(ctx, r, inquiry); err != nil {
			return err
		}
		all := system(ctx) // what is bound is shown, whatever else its builder may see
		settings, err := document.SettingsOf(all, r)
		if err != nil {
			return err
		}
		organisation = settings.Variables["organisation"]
		if err := s.files(all, r, c); err != nil {
			return err
		}
		if err := collect(all, r, c); err != nil {
			return err
		}
		removed, err := readRemoved(ctx, r, inquiry)
		if err != nil {
			return err
		}
		for _, x := range removed {
			c.removed = append(c.removed, x.redaction())
		}
		expected, err = expect(ctx, r, c)
		return err
	})
	if err != nil {
		return bundle.Built{}, err
	}
	return s.write(ctx, c, organisation, expected)
}

// files adds the files of bound revisions, of which some lie in the blob store.
func (s Inquiries) files(ctx context.Context, r store.Reader, c *collection) error {
	for _, l := range c.lines {
		for _, b := range l.Bindings {
			if b.Kind != BoundDocument {
				continue
			}
			v, err := boundRevision(ctx, r, b, c.as)
			if err != nil {
				return problem.About(err, "line %d, document %s", l.Number, b.Target)
			}
			if _, ok := c.lineOf[v.ID]; ok {
				continue
			}
			if err := c.document(ctx, r, b); err != nil {
				return err
			}
			files, err := s.renditions(ctx, v)
			if err != nil {
				return problem.About(err, "line %d, document %s", l.Number, b.Target)
			}
			if err := c.revision(ctx, r, v, files); err != nil {
				return err
			}
		}
	}
	return nil
}

// renditions are the displayed bytes of a revision, its PDF, and the file that was uploaded.
func (s Inquiries) renditions(ctx context.Context, v document.Revision) (map[string][]byte, error) {
	out := map[string][]byte{}
	library := s.Library
	library.DB, library.Blobs = s.DB, s.Builder.Blobs
	shown, err := library.Display(ctx, v.ID)
	if err != nil {
		return nil, err
	}
	out["rendition.html"] = shown.HTML
	if s.Builder.PDF != nil {
		pdf, err := s.Builder.PDF(ctx, v.ID)
		switch {
		case err == nil:
			out["document.pdf"] = pdf
		case problem.KindOf(err) != problem.NotFound: // a draft has no record copy yet
			return nil, err
		}
	}
	if v.File.Digest != "" {
		if out["file-"+plainName(v.File.Name)], err = s.blob(ctx, string(v.File.Digest)); err != nil {
			return nil, err
		}
	}
	return out, nil
}

func (s Inquiries) blob(ctx context.Context, digest string) ([]byte, error) {
	r, err := s.Builder.Blobs.Get(ctx, blob.Digest(digest))
	if err != nil {
		return nil, err
	}
	body, err := io.ReadAll(io.LimitReader(r, maxBundle+1))
	return body, errors.Join(err, r.Close())
}

// write proves the entries and writes the archive.
func (s Inquiries) write(ctx context.Context, c *collection, organisation string, expected map[string]int) (bundle.Built, error) {
	key := s.Builder.Ledger.Key
	checkpoint, proofs, err := s.Builder.Ledger.ProveEach(ctx, uint64(c.head), slices.Sorted(maps.Keys(c.entries)))
	if err != nil {
		return bundle.Built{}, err
	}
	for _, p := range proofs {
		if c.quiet[p.Entry] {
			p.Salt, p.Body = nil, nil // what is removed from a record is not given away by its proof
		}
		n := strconv.FormatInt(p.Entry, 10)
		if err := c.addJSON(bundle.File{Path: "proofs/entry-" + n + ".json", Kind: bundle.KindProof, Record: n}, p); err != nil {
			return bundle.Built{}, err
		}
	}
	head, err := ledger.OpenCheckpoint(checkpoint, key.Verifier())
	if err != nil {
		return bundle.Built{}, err
	}
	c.follow(expected)
	keys := []bundle.Key{{Verifier: key.Verifier(), Use: "checkpoints of the journal, signatures, and this manifest"}}
	for _, text := range s.Builder.Stamps {
		keys = append(keys, bundle.Key{Certificate: text, Use: "time stamps of signatures"})
	}
	return bundle.Write(ctx, bundle.Contents{Title: c.inquiry.Title, Organisation: organisation, Inquiry: c.inquiry.ID, AsOf: c.as.Now, Made: c.made,
		Journal: bundle.Journal{Size: head.Size, Root: hex.EncodeToString(head.Root), Verifier: key.Verifier()}, Checkpoint: checkpoint,
		Keys: keys, Items: c.items, Redactions: c.removed, Expected: expected, Seal: key.Seal})
}

// follow removes with a part what would give it away: renditions, signed statements and time stamps of its file, and the
// journal's words about a record. What is gone as a whole is not expected any more.
func (c *collection) follow(expected map[string]int) {
	gone, touched := map[string]bool{}, map[string]string{}
	for _, r := range c.removed {
		touched[r.Path] = r.Reason
		gone[r.Path] = gone[r.Path] || r.At == ""
	}
	for again := true; again; {
		again = false
		for _, it := range c.items {
			if it.Of != "" && touched[it.Of] != "" && !gone[it.Path] {
				c.removed = slices.DeleteFunc(c.removed, func(r bundle.Redaction) bool { return r.Path == it.Path })
				c.remove(it.Path, "", "gives away what was removed from "+it.Of)
				gone[it.Path], touched[it.Path], again = true, "gives away", true
			}
		}
	}
	left := map[[2]string]bool{}
	for _, it := range c.items {
		key := [2]string{it.Kind, it.Record}
		left[key] = left[key] || !gone[it.Path]
	}
	for key, there := range left {
		if !there && key[1] != "" {
			expected[key[0]]--
		}
	}
	for _, it := range c.items {
		if gone[it.Path] {
			expected[it.Kind] -= it.Records
		}
	}
}

// Bundles are the bundles of an inquiry, newest first.
func Bundles(ctx context.Context, r store.Reader, inquiry string) ([]Bundle, error) {
	if _, err := GetInquiry(ctx, r, inquiry); err != nil {
		return nil, err
	}
	return readBundles(ctx, r, inquiry)
}

// Take gives the archive of a bundle and records who took it.
func (s Inquiries) Take(ctx context.Context, inquiry, which string) (Bundle, []byte, error) {
	if err := s.Visit(ctx, inquiry, "bundle "+which); err != nil {
		return Bundle{}, nil, err
	}
	b, archive, err := s.open(ctx, inquiry, which)
	if err != nil {
		return Bundle{}, nil, err
	}
	err = s.DB.Update(ctx, func(tx *store.Tx) error {
		i, err := readInquiry(ctx, tx, inquiry)
		if err != nil {
			return err
		}
		return record(ctx, tx, KindTaken, i, map[string]string{"bundle": b.ID, "sha256": b.Digest})
	})
	return b, archive, err
}

func (s Inquiries) open(ctx context.Context, inquiry, which string) (Bundle, []byte, error) {
	var b Bundle
	err := s.DB.View(ctx, func(r store.Reader) error {
		if _, err := GetInquiry(ctx, r, inquiry); err != nil {
			return err
		}
		var err error
		b, err = readBundle(ctx, r, inquiry, which)
		return err
	})
	if err != nil {
		return Bundle{}, nil, err
	}
	archive, err := s.blob(ctx, b.Digest)
	return b, archive, err
}

// File gives one file of a bundle, with what was removed left out, and records the look of a person from outside.
func (s Inquiries) File(ctx context.Context, inquiry, which, path string) (bundle.File, []byte, error) {
	if err := s.Visit(ctx, inquiry, "file "+path); err != nil {
		return bundle.File{}, nil, err
	}
	_, archive, err := s.open(ctx, inquiry, which)
	if err != nil {
		return bundle.File{}, nil, err
	}
	return bundle.Extract(archive, path)
}

// Contents lists the files of a bundle.
func (s Inquiries) Contents(ctx context.Context, inquiry, which string) (bundle.Manifest, error) {
	_, archive, err := s.open(ctx, inquiry, which)
	if err != nil {
		return bundle.Manifest{}, err
	}
	return bundle.ReadManifest(archive)
}
