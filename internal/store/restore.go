package store

import (
	"context"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"iter"
	"slices"
	"strings"

	"triward/internal/problem"
)

// VerifyBackup checks a backup file without a database: the digest of every table and blob, then the journal as [Verify]
// does. A file that is not as it was written is Invalid; a bad entry of the journal is a [*JournalFault].
func VerifyBackup(ctx context.Context, path string, visit func(Entry) error) (Manifest, Verification, error) {
	a, err := openArchive(migrations, path)
	if err != nil {
		return Manifest{}, Verification{}, fmt.Errorf("verify backup %q: %w", path, err)
	}
	defer a.zip.Close()
	v, err := a.verify(ctx, visit)
	if err != nil {
		return a.manifest, v, fmt.Errorf("verify backup %q: %w", path, err)
	}
	return a.manifest, v, nil
}

func (a *archive) verify(ctx context.Context, visit func(Entry) error) (Verification, error) {
	if err := a.check(ctx); err != nil {
		return Verification{}, err
	}
	head, erased, err := a.journalHead()
	if err != nil {
		return Verification{}, err
	}
	c := newChain(erased, visit)
	if err := c.run(a.links(), head); err != nil {
		return c.done, err
	}
	return c.done, a.sameJournal(c.done)
}

// sameJournal compares a verified journal with what the manifest says of it.
func (a *archive) sameJournal(v Verification) error {
	j := a.manifest.Journal
	if j.Entries != v.Entries || j.Head != hex.EncodeToString(v.Head) || j.Root != hex.EncodeToString(v.Root) {
		return damaged("the journal has the root %x after %d entries, the manifest says %s after %d", v.Root, v.Entries, j.Root, j.Entries)
	}
	return nil
}

func (a *archive) table(name string) (TableDigest, error) {
	for _, d := range a.manifest.Tables {
		if d.Name == name {
			return d, nil
		}
	}
	return TableDigest{}, damaged("it holds no table %q", name)
}

// journalHead reads the head, and which entries were erased by which.
func (a *archive) journalHead() (link, map[string]int64, error) {
	heads, err := a.table("journal_head")
	if err != nil {
		return link{}, nil, err
	}
	var head link
	for row, err := range a.rows(heads) {
		if err != nil {
			return link{}, nil, err
		}
		head.Seq, _ = row[1].(int64)
		head.Hash, _ = row[2].([]byte)
	}
	erased := map[string]int64{}
	for l, err := range a.entries() {
		if err != nil {
			return link{}, nil, err
		}
		if l.Kind == KindErased {
			erased[l.Subject] = max(erased[l.Subject], l.Seq)
		}
	}
	return head, erased, nil
}

// entries reads the journal without its bodies.
func (a *archive) entries() iter.Seq2[link, error] {
	return func(yield func(link, error) bool) {
		d, err := a.table("journal")
		if err != nil {
			yield(link{}, err)
			return
		}
		for row, err := range a.rows(d) {
			var l link
			if err == nil {
				l.Entry = entryOf(row)
			}
			if !yield(l, err) {
				return
			}
		}
	}
}

// entryOf takes a row of the table journal, whose columns the manifest was compared with.
func entryOf(row []any) Entry {
	text := func(i int) string { s, _ := row[i].(string); return s }
	data := func(i int) []byte { b, _ := row[i].([]byte); return b }
	num := func(i int) int64 { n, _ := row[i].(int64); return n }
	return Entry{Seq: num(0), At: Time(num(1)), Actor: text(2), ActorName: text(3), Kind: text(4), Subject: text(5),
		Site: text(6), Product: text(7), BodyHash: data(8), Prev: data(9), Hash: data(10)}
}

// links joins the entries with their bodies; both are in the order of their numbers.
func (a *archive) links() iter.Seq2[link, error] {
	return func(yield func(link, error) bool) {
		d, err := a.table("journal_body")
		if err != nil {
			yield(link{}, err)
			return
		}
		next, stop := iter.Pull2(a.rows(d))
		defer stop()
		body, err, more := next()
		for l, entryErr := range a.entries() {
			if err = errors.Join(err, entryErr); err != nil {
				yield(link{}, err)
				return
			}
			if more && body[0] == any(l.Seq) {
				l.salt, _ = body[1].([]byte)
				text, _ := body[2].(string)
				l.body, l.hasBody = []byte(text), true
				l.Body = l.body
				body, err, more = next()
			}
			if !yield(l, nil) {
				return
			}
		}
		if err == nil && more {
			seq, _ := body[0].(int64)
			err = &JournalFault{seq, FaultStrayBody, "there is a body but no entry"}
		}
		if err != nil {
			yield(link{}, err)
		}
	}
}

// RestoreOptions are the parts of a restore that a caller may set.
type RestoreOptions struct {
	// PutBlob stores a blob under the digest that names it. It is needed for a backup that holds blobs.
	PutBlob func(ctx context.Context, name string, content io.Reader) error
	// KnownFault is the number of the bad entry that the manifest admits: the backup was made of a journal that did not
	// verify, and is to be restored all the same.
	KnownFault int64
}

// Restore loads a backup file into an empty database. It first verifies the whole file, then loads it in one transaction
// and verifies the loaded journal: the database holds everything or stays empty. A backup of an older version is loaded
// into the schema it was made with and migrated. Derived tables stay empty, for followers to fill.
//
// Conflict: the database is not empty. Invalid: the file is not a backup or not as it was written.
func Restore(ctx context.Context, db *DB, path string, o RestoreOptions) (Manifest, error) {
	a, err := openArchive(db.scripts, path)
	if err != nil {
		return Manifest{}, fmt.Errorf("restore %q: %w", path, err)
	}
	defer a.zip.Close()
	if err := a.restore(ctx, db, o); err != nil {
		return Manifest{}, fmt.Errorf("restore %q: %w", path, err)
	}
	db.wake()
	return a.manifest, nil
}

func (a *archive) restore(ctx context.Context, db *DB, o RestoreOptions) error {
	if a.manifest.Blobs.Count > 0 && o.PutBlob == nil {
		return problem.New(problem.Invalid, "the backup holds %d blobs: name the place to keep them", a.manifest.Blobs.Count)
	}
	_, err := a.verify(ctx, nil)
	if err := a.unexpected(err, o); err != nil {
		return err
	}
	conn, err := db.write.Conn(ctx)
	if err != nil {
		return unavailable(err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return unavailable(err)
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	b := &Bulk{reader: db.reader(tx), db: db, conn: conn, tx: tx}
	later, err := b.prepareSchema(ctx, a.manifest.Migrations)
	if err != nil {
		return err
	}
	if err := a.putBlobs(ctx, o); err != nil {
		return err
	}
	for _, d := range a.manifest.Tables {
		if err := a.load(ctx, b, d); err != nil {
			return err
		}
	}
	for _, name := range later {
		if err := db.applyIn(ctx, tx, name); err != nil {
			return fmt.Errorf("apply %s: %w", name, err)
		}
	}
	v, err := Verify(ctx, b, nil)
	if err := errors.Join(a.unexpected(err, o), a.sameJournal(v)); err != nil {
		return err
	}
	if err := tx.Commit(); err != nil {
		return unconfirmed(err)
	}
	return nil
}

// unexpected is err unless it is the fault that the manifest admits and the caller knows.
func (a *archive) unexpected(err error, o RestoreOptions) error {
	var f *JournalFault
	known := a.manifest.Journal.Fault
	if errors.As(err, &f) && known != nil && *known == *f && f.Seq == o.KnownFault {
		return nil
	}
	return err
}

// prepareSchema refuses a database that is not empty, and leaves the tables of the named migrations without rows. It
// returns the migrations to apply after the load.
func (b *Bulk) prepareSchema(ctx context.Context, wanted []string) ([]string, error) {
	files, err := b.db.migrationFiles()
	if err != nil {
		return nil, err
	}
	tables, err := schemaOf(b.db.scripts, files)
	if err != nil {
		return nil, err
	}
	if err := b.requireEmpty(ctx, tables); err != nil {
		return nil, err
	}
	if b.db.dialect == SQLite { // a row may refer to a later one of its own table
		if _, err := b.tx.ExecContext(ctx, `PRAGMA defer_foreign_keys = ON`); err != nil {
			return nil, err
		}
	}
	verb := "DELETE FROM "
	later := slices.DeleteFunc(slices.Clone(files), func(f string) bool { return slices.Contains(wanted, f) })
	if len(later) > 0 {
		verb = "DROP TABLE "
	}
	for _, t := range slices.Backward(tables) {
		if _, err := b.tx.ExecContext(ctx, verb+t.name); err != nil {
			return nil, err
		}
	}
	if len(later) == 0 {
		return nil, nil
	}
	if _, err := b.tx.ExecContext(ctx, `DELETE FROM migration`); err != nil {
		return nil, err
	}
	for _, name := range wanted {
		if err := b.db.applyIn(ctx, b.tx, name); err != nil {
			return nil, fmt.Errorf("apply %s: %w", name, err)
		}
	}
	return later, b.deleteSeeds(ctx, wanted)
}

// deleteSeeds removes what migrations inserted: the backup holds those rows as they became.
func (b *Bulk) deleteSeeds(ctx context.Context, files []string) error {
	tables, err := schemaOf(b.db.scripts, files)
	if err != nil {
		return err
	}
	for _, t := range slices.Backward(tables) {
		if !t.seeded {
			continue
		}
		if _, err := b.tx.ExecContext(ctx, `DELETE FROM `+t.name); err != nil {
			return err
		}
	}
	return nil
}

// requireEmpty finds a table with records. What migrations insert, the journal's head (whose journal is looked at) and
// positions are there from the start.
func (b *Bulk) requireEmpty(ctx context.Context, tables []*table) error {
	for _, t := range tables {
		if !t.saved() || t.seeded || t.name == "journal_head" || t.name == "follower" {
			continue
		}
		rows, err := All(ctx, b.reader, Value[int64], `SELECT 1 FROM `+t.name+` LIMIT 1`)
		if err != nil {
			return err
		}
		if len(rows) > 0 {
			return problem.New(problem.Conflict, "the database is not empty (table %s): restore into a new one", t.name)
		}
	}
	return nil
}

func (a *archive) load(ctx context.Context, b *Bulk, d TableDigest) error {
	t := table{columns: d.Columns}
	var bad error
	n, err := b.load(ctx, d.Name, t.names(), func(yield func([]any) bool) {
		for row, err := range a.rows(d) {
			if err != nil {
				bad = err
				return
			}
			if !yield(row) {
				return
			}
		}
	})
	if err = errors.Join(bad, err); err != nil {
		return err
	}
	if n != d.Rows {
		return damaged("%q has %d rows instead of %d", d.File, n, d.Rows)
	}
	return nil
}

func (a *archive) putBlobs(ctx context.Context, o RestoreOptions) error {
	for _, f := range a.zip.File {
		name, ok := strings.CutPrefix(f.Name, blobFolder)
		if !ok {
			continue
		}
		if err := a.putBlob(ctx, o, name); err != nil {
			return fmt.Errorf("blob %s: %w", name, err)
		}
	}
	return nil
}

func (a *archive) putBlob(ctx context.Context, o RestoreOptions, name string) error {
	r, err := a.open(blobFolder + name)
	if err != nil {
		return err
	}
	defer r.Close()
	return o.PutBlob(ctx, name, r)
}
