package ledger_test

import (
	"bytes"
	"crypto/rand"
	"encoding/json"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"
	"github.com/transparency-dev/merkle/rfc6962"
	"golang.org/x/mod/sumdb/note"

	"triward/internal/ledger"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func newLedger(t testing.TB, db *store.DB) ledger.Ledger {
	t.Helper()
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "keys", "ledger.key"), "hospital.example/journal")
	if err != nil {
		t.Fatal(err)
	}
	return ledger.Ledger{DB: db, Key: key}
}

// add records n entries in one Update.
func add(t testing.TB, db *store.DB, n int) {
	t.Helper()
	ctx := testdb.System()
	err := db.Update(ctx, func(tx *store.Tx) error {
		for i := range n {
			if _, err := tx.Record(ctx, store.Event{Kind: "test.done", Subject: "s", Body: map[string]int{"n": i}}); err != nil {
				return err
			}
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
}

func head(t testing.TB, db *store.DB) ledger.Head {
	t.Helper()
	var h ledger.Head
	err := db.View(testdb.System(), func(r store.Reader) (err error) {
		h, err = ledger.ReadHead(testdb.System(), r)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

func verified(t testing.TB, db *store.DB) ledger.Head {
	t.Helper()
	var h ledger.Head
	err := db.View(testdb.System(), func(r store.Reader) error {
		v, err := store.Verify(testdb.System(), r, nil)
		h = ledger.Head{Size: uint64(v.Entries), Root: v.Root}
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return h
}

type node struct {
	Level, Pos int64
	Hash       string
}

func allNodes(t testing.TB, db *store.DB) []node {
	t.Helper()
	var out []node
	err := db.View(testdb.System(), func(r store.Reader) (err error) {
		out, err = store.All(testdb.System(), r, func(s store.Scanner) (node, error) {
			var n node
			var h []byte
			err := s.Scan(&n.Level, &n.Pos, &h)
			n.Hash = string(h)
			return n, err
		}, `SELECT level, pos, hash FROM ledger_node ORDER BY level, pos`)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return out
}

func TestTreeIsThatOfTheJournalAndRebuilds(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		if h := head(t, db); h.Size != 0 || !bytes.Equal(h.Root, rfc6962.DefaultHasher.EmptyRoot()) {
			t.Errorf("empty tree: %v", h)
		}
		for _, n := range []int{1, 2, 700, 1, 300} { // below, at and over the size of a batch
			add(t, db, n)
			if err := db.CatchUp(ctx, ledger.Follower()); err != nil {
				t.Fatal(err)
			}
			if d := cmp.Diff(verified(t, db), head(t, db)); d != "" {
				t.Fatal(d)
			}
		}
		before := allNodes(t, db)
		if err := ledger.Rebuild(ctx, db); err != nil {
			t.Fatal(err)
		}
		if d := cmp.Diff(before, allNodes(t, db)); d != "" {
			t.Error(d)
		}
	})
}

func TestConsistency(t *testing.T) {
	db := testdb.SQLite(t)
	l := newLedger(t, db)
	ctx := testdb.System()
	var earlier []string
	for size := range 9 {
		signed, err := l.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		earlier = append(earlier, signed)
		for from, old := range earlier {
			c, err := l.ProveConsistency(ctx, uint64(from))
			if err != nil {
				t.Fatal(err)
			}
			if err := ledger.VerifyConsistency(old, c, l.Key.Verifier()); err != nil {
				t.Errorf("%d to %d: %v", from, size, err)
			}
			if from > 0 && from < size {
				c.Path[0][0] ^= 1
				if err := ledger.VerifyConsistency(old, c, l.Key.Verifier()); problem.KindOf(err) != problem.Invalid {
					t.Errorf("%d to %d: an altered proof is accepted", from, size)
				}
			}
		}
		add(t, db, 1)
	}
	if _, err := l.ProveConsistency(ctx, 100); problem.KindOf(err) != problem.Invalid {
		t.Errorf("from the future: %v", err)
	}
	err := db.View(ctx, func(r store.Reader) error {
		_, err := ledger.Audit(ctx, r, l.Key.Verifier(), earlier...)
		return err
	})
	if err != nil {
		t.Error(err)
	}
}

// A journal whose newest entries were cut off, or that was replaced as a whole, has a whole chain: only a checkpoint
// kept elsewhere tells.
func TestAuditSeesCutAndReplacedJournal(t *testing.T) {
	ctx := testdb.System()
	kept := testdb.SQLite(t)
	l := newLedger(t, kept)
	add(t, kept, 5)
	checkpoint, err := l.Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	for name, n := range map[string]int{"cut off": 3, "not those": 5} {
		other := testdb.SQLite(t)
		add(t, other, n)
		err := other.View(ctx, func(r store.Reader) error {
			_, err := ledger.Audit(ctx, r, l.Key.Verifier(), checkpoint)
			return err
		})
		if problem.KindOf(err) != problem.Invalid || !strings.Contains(err.Error(), name) {
			t.Errorf("%s: %v", name, err)
		}
	}
	other := newLedger(t, testdb.SQLite(t))
	other.Key = l.Key
	add(t, other.DB, 5)
	forked, err := other.Checkpoint(ctx)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.NewAuditor(l.Key.Verifier(), checkpoint, forked); problem.KindOf(err) != problem.Invalid {
		t.Errorf("two journals of one size: %v", err)
	}
}

func TestVerifyProofRefusesWhatWasAltered(t *testing.T) {
	db := testdb.SQLite(t)
	l := newLedger(t, db)
	ctx := testdb.System()
	add(t, db, 6)
	if err := db.Update(ctx, func(tx *store.Tx) error { return tx.EraseBody(ctx, 2, "request") }); err != nil {
		t.Fatal(err)
	}
	key := l.Key.Verifier()
	prove := func(n int64) ledger.Proof {
		t.Helper()
		p, err := l.Prove(ctx, n)
		if err != nil {
			t.Fatal(err)
		}
		return p
	}
	e, err := ledger.VerifyProof(prove(3), key)
	if err != nil || e.Seq != 3 || string(e.Body) != `{"n":2}` || e.ActorName != "test" {
		t.Errorf("entry = %+v, %v", e, err)
	}
	if e, err := ledger.VerifyProof(prove(2), key); err != nil || e.Body != nil {
		t.Errorf("erased entry = %+v, %v", e, err)
	}
	for name, alter := range map[string]func(p *ledger.Proof){
		"number":    func(p *ledger.Proof) { p.Entry = 4 },
		"zero":      func(p *ledger.Proof) { p.Entry = 0 },
		"leaf":      func(p *ledger.Proof) { p.Leaf[len(p.Leaf)-1] ^= 1 },
		"no leaf":   func(p *ledger.Proof) { p.Leaf = nil },
		"body":      func(p *ledger.Proof) { p.Body[1] ^= 1 },
		"salt":      func(p *ledger.Proof) { p.Salt[0] ^= 1 },
		"path":      func(p *ledger.Proof) { p.Path[0][0] ^= 1 },
		"short":     func(p *ledger.Proof) { p.Path = p.Path[1:] },
		"size":      func(p *ledger.Proof) { p.Checkpoint = strings.Replace(p.Checkpoint, "\n7\n", "\n8\n", 1) },
		"signature": func(p *ledger.Proof) { p.Checkpoint = p.Checkpoint[:len(p.Checkpoint)-9] + "AAAAAAA=\n" },
		"unsigned":  func(p *ledger.Proof) { p.Checkpoint, _, _ = strings.Cut(p.Checkpoint, "\n\n") },
		"foreign":   func(p *ledger.Proof) { p.Checkpoint, _ = newLedger(t, testdb.SQLite(t)).Checkpoint(ctx) },
	} {
		p := prove(3)
		alter(&p)
		if _, err := ledger.VerifyProof(p, key); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%s: %v", name, err)
		}
	}
	for _, n := range []int64{-1, 0, 8} {
		if _, err := l.Prove(ctx, n); problem.KindOf(err) != problem.NotFound {
			t.Errorf("entry %d: %v", n, err)
		}
	}
	if _, err := ledger.VerifyProof(prove(1), "nonsense"); problem.KindOf(err) != problem.Invalid {
		t.Errorf("nonsense key: %v", err)
	}
}

func TestKeyIsMadeOnceAndPrivate(t *testing.T) {
	path := filepath.Join(t.TempDir(), "keys", "ledger.key")
	a, err := ledger.OpenKey(path, "a.example/journal")
	if err != nil {
		t.Fatal(err)
	}
	b, err := ledger.OpenKey(path, "b.example/journal")
	if err != nil || a.Verifier() != b.Verifier() || b.Origin() != "a.example/journal" {
		t.Errorf("second start: %v, %v", b, err)
	}
	if s, err := os.Stat(path); err != nil || s.Mode().Perm() != 0o600 {
		t.Errorf("mode %v, %v", s.Mode(), err)
	}
	files, err := os.ReadDir(filepath.Dir(path))
	if err != nil || len(files) != 1 {
		t.Errorf("left behind: %v %v", files, err)
	}
	if err := os.Chmod(path, 0o640); err != nil {
		t.Fatal(err)
	}
	if _, err := ledger.OpenKey(path, "a"); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("readable by the group: %v", err)
	}
	if err := os.WriteFile(path, []byte("nonsense"), 0o600); err != nil || os.Chmod(path, 0o600) != nil {
		t.Fatal(err)
	}
	if _, err := ledger.OpenKey(path, "a"); problem.KindOf(err) != problem.Invalid {
		t.Errorf("nonsense: %v", err)
	}
	if _, err := ledger.OpenKey(filepath.Join(t.TempDir(), "k"), "a b"); problem.KindOf(err) != problem.Invalid {
		t.Errorf("origin with a space: %v", err)
	}
}

func TestRestoredRootEqualsTheSavedOne(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ctx := testdb.System()
		l := newLedger(t, db)
		add(t, db, 21)
		signed, err := l.Checkpoint(ctx)
		if err != nil {
			t.Fatal(err)
		}
		path := filepath.Join(t.TempDir(), "backup.zip")
		f, err := os.Create(path)
		if err != nil {
			t.Fatal(err)
		}
		if _, err := store.Backup(ctx, db, f, store.BackupOptions{}); err != nil {
			t.Fatal(err)
		}
		if err := f.Close(); err != nil {
			t.Fatal(err)
		}
		a, err := ledger.NewAuditor(l.Key.Verifier(), signed)
		if err != nil {
			t.Fatal(err)
		}
		if _, _, err := store.VerifyBackup(ctx, path, a.Visit); err != nil || a.Done() != nil {
			t.Errorf("backup against checkpoint: %v %v", err, a.Done())
		}
		to := ledger.Ledger{DB: testdb.SQLite(t), Key: l.Key}
		if _, err := store.Restore(ctx, to.DB, path, store.RestoreOptions{}); err != nil {
			t.Fatal(err)
		}
		again, err := to.Checkpoint(ctx)
		if err != nil || again != signed {
			t.Errorf("saved %q, restored %q, %v", signed, again, err)
		}
	})
}

func FuzzParseProof(f *testing.F) {
	f.Add([]byte(`{"format":"triward-journal-proof/1","entry":1,"leaf":"dHJpd2FyZA==","path":["AA=="],"checkpoint":"x\n1\nAA==\n\n— x AAAA\n"}`))
	f.Add([]byte(`{}`))
	_, key, err := note.GenerateKey(rand.Reader, "nobody.example")
	if err != nil {
		f.Fatal(err)
	}
	f.Fuzz(func(t *testing.T, text []byte) {
		p, err := ledger.ParseProof(text)
		if err != nil {
			return
		}
		if _, err := ledger.VerifyProof(p, key); err == nil {
			t.Errorf("%q proves something to a key that signed nothing", text)
		}
		if _, err := json.Marshal(p); err != nil {
			t.Error(err)
		}
	})
}

// BenchmarkJournal measures a journal of 20,000 entries: growing the tree, verifying, saving and restoring it.
func BenchmarkJournal(b *testing.B) {
	const n = 20_000
	db := testdb.SQLite(b)
	ctx := testdb.System()
	for range n / 500 {
		add(b, db, 500)
	}
	rate := func(b *testing.B) { b.ReportMetric(n*float64(b.N)/b.Elapsed().Seconds(), "entries/s") }
	b.Run("grow", func(b *testing.B) {
		for b.Loop() {
			if err := ledger.Rebuild(ctx, db); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	b.Run("prove", func(b *testing.B) {
		l := newLedger(b, db)
		for b.Loop() {
			if _, err := l.Prove(ctx, n/3); err != nil {
				b.Fatal(err)
			}
		}
	})
	b.Run("verify", func(b *testing.B) {
		for b.Loop() {
			verified(b, db)
		}
		rate(b)
	})
	path := filepath.Join(b.TempDir(), "backup.zip")
	b.Run("backup", func(b *testing.B) {
		for b.Loop() {
			f, err := os.Create(path)
			if err != nil {
				b.Fatal(err)
			}
			if _, err := store.Backup(ctx, db, f, store.BackupOptions{}); err != nil {
				b.Fatal(err)
			}
			if err := f.Close(); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
	b.Run("restore", func(b *testing.B) {
		for b.Loop() {
			if _, err := store.Restore(ctx, testdb.SQLite(b), path, store.RestoreOptions{}); err != nil {
				b.Fatal(err)
			}
		}
		rate(b)
	})
}
