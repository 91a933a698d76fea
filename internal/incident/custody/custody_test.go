package custody_test

import (
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/problem"
	"triward/internal/procedure"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

type scene struct {
	*testing.T
	db    *store.DB
	clock *testdb.Clock
	sign  *signaturetest.Signer
	vault custody.Vault
	dir   string
	keys  string
	inc   string
	anna  string
	ben   string
}

func each(t *testing.T, fn func(s *scene)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, c *testdb.Clock) {
		sign := signaturetest.New(t, db)
		s := &scene{T: t, db: db, clock: c, sign: sign, dir: t.TempDir(), keys: filepath.Join(t.TempDir(), "evidence.keys")}
		s.anna, s.ben = sign.Person(t, "anna", "Anna Security"), sign.Newcomer(t, "ben", "Ben Biomed")
		s.open()
		var err error
		s.inc, err = incident.Cases{DB: db, Runs: procedure.Runs{DB: db}}.Declare(s.as(s.anna), incident.Declaration{Systems: []string{"Archive"},
			Incident: incident.Incident{Title: "A pump calls outside", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Green, Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed,
				Aware: c.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
		s.must(err)
		fn(s)
	})
}

// open opens the vault anew, as after a restart.
func (s *scene) open() {
	s.Helper()
	blobs, err := blob.Open(context.Background(), "dir:"+s.dir)
	s.must(err)
	keys, err := custody.OpenKeys(s.keys)
	s.must(err)
	s.vault = custody.Vault{DB: s.db, Blobs: blobs, Keys: keys}
}

func (s *scene) as(account string) context.Context {
	return s.sign.As(account, "incident.*", "custody.*")
}

func (s *scene) must(err error) {
	s.Helper()
	if err != nil {
		s.Fatal(err)
	}
}

func (s *scene) refused(err error, kind problem.Kind, says string) {
	s.Helper()
	if text := fmt.Sprint(err, problem.FaultsOf(err)); problem.KindOf(err) != kind || !strings.Contains(text, says) {
		s.Fatalf("got %s (%s), want %s with %q", problem.KindOf(err), text, kind, says)
	}
}

func (s *scene) register(kind custody.Kind) string {
	s.Helper()
	i, err := s.vault.Register(s.as(s.anna), custody.Item{Incident: s.inc, Kind: kind, Description: "log of the pump", Source: "pump P-1", Authority: "head of security", Method: "service tool 4.1, read only",
		Began: s.clock.Now(), Patients: custody.Minimised, Seal: map[custody.Kind]string{custody.Thing: "S-17"}[kind], Place: "safe 2"})
	s.must(err)
	return i
}

// sealed is an item with content under seal.
func (s *scene) sealed(content []byte) string {
	s.Helper()
	i := s.register(custody.LogExtract)
	_, err := s.vault.Append(s.as(s.anna), i, 0, bytes.NewReader(content))
	s.must(err)
	s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}))
	return i
}

func (s *scene) get(i string) (item custody.Item, chain []custody.Entry) {
	s.Helper()
	s.must(s.db.View(context.Background(), func(r store.Reader) (err error) {
		if item, err = custody.Get(s.as(s.anna), r, i); err != nil {
			return err
		}
		chain, err = custody.Chain(s.as(s.anna), r, i)
		return err
	}))
	s.must(custody.CheckChain(chain))
	return item, chain
}

// over ends the incident.
func (s *scene) over() {
	s.Helper()
	s.must(incident.Cases{DB: s.db}.Move(s.as(s.anna), s.inc, incident.Move{To: incident.FalseAlarm, Reason: "a test of the maker"}))
}

// system is the id of the system in the incident.
func (s *scene) system() (id string) {
	s.Helper()
	s.must(s.db.View(s.as(s.anna), func(r store.Reader) error {
		f, err := incident.Get(s.as(s.anna), r, s.inc)
		if err == nil {
			id = f.Devices[0].ID
		}
		return err
	}))
	return id
}

func hashOf(b []byte) string {
	sum := sha256.Sum256(b)
	return hex.EncodeToString(sum[:])
}

// spoil changes one byte in every kept file.
func (s *scene) spoil() {
	s.Helper()
	s.must(filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
		if err != nil || d.IsDir() {
			return err
		}
		b, err := os.ReadFile(path)
		if err != nil || len(b) < 10 {
			return err
		}
		if err := os.Chmod(path, 0o600); err != nil {
			return err
		}
		b[len(b)-5] ^= 1
		return os.WriteFile(path, b, 0o600)
	}))
}

func TestContentComesInPiecesAlsoAfterARestart(t *testing.T) {
	each(t, func(s *scene) {
		content := make([]byte, 300_000)
		for i := range content {
			content[i] = byte(rand.IntN(256))
		}
		i := s.register(custody.Capture)
		s.refused(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}), problem.Conflict, "no content")
		size := int64(0)
		for n := 0; size < int64(len(content)); n++ {
			end := min(size+70_000, int64(len(content)))
			var err error
			size, err = s.vault.Append(s.as(s.anna), i, size, bytes.NewReader(content[size:end]))
			s.must(err)
			if n == 1 {
				s.open()
				at, err := s.vault.Append(s.as(s.anna), i, 7, strings.NewReader("x"))
				s.refused(err, problem.Conflict, "goes on at byte 140000")
				if at != size {
					s.Errorf("the size is told as %d, want %d", at, size)
				}
			}
		}
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}))
		item, _ := s.get(i)
		if item.SHA256 != hashOf(content) || item.Size != int64(len(content)) || item.State != custody.Sealed || item.Exhibit != "INC-2026-0001/1" {
			s.Errorf("%s of %d bytes, %s, exhibit %s", item.SHA256, item.Size, item.State, item.Exhibit)
		}
		_, err := s.vault.Append(s.as(s.anna), i, size, strings.NewReader("more"))
		s.refused(err, problem.Conflict, "does not change any more")
		_, r, err := s.vault.Open(s.as(s.ben), i, "read the traffic")
		s.must(err)
		got, err := io.ReadAll(r)
		s.must(err)
		s.must(r.Close())
		if !bytes.Equal(got, content) {
			s.Error("the content that is read is another one")
		}
		_, chain := s.get(i)
		if last := chain[len(chain)-1]; last.Action != custody.Accessed || last.ActorName != "ben" {
			s.Errorf("the last entry is %+v", last)
		}
		s.must(filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
			if err != nil || d.IsDir() {
				return err
			}
			b, err := os.ReadFile(path)
			if err == nil && bytes.Contains(b, content[1000:1032]) {
				s.Errorf("%s holds the content in the clear", path)
			}
			return err
		}))
	})
}

func TestTwoUploadsAtOnceKeepOneContent(t *testing.T) {
	each(t, func(s *scene) {
		i := s.register(custody.Image)
		var wait sync.WaitGroup
		errs := make([]error, 6)
		for n := range errs {
			wait.Go(func() {
				_, errs[n] = s.vault.Append(s.as(s.anna), i, 0, strings.NewReader(strings.Repeat(string(rune('a'+n)), 1000)))
			})
		}
		wait.Wait()
		took := -1
		for n, err := range errs {
			if err == nil {
				if took >= 0 {
					s.Fatal("two uploads at the same place were taken")
				}
				took = n
			} else if problem.KindOf(err) != problem.Conflict {
				s.Fatal(err)
			}
		}
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}))
		if item, _ := s.get(i); item.SHA256 != hashOf([]byte(strings.Repeat(string(rune('a'+took)), 1000))) {
			s.Error("the hash is not that of the upload that was taken")
		}
	})
}

func TestTransfersHashBeforeAndAfter(t *testing.T) {
	each(t, func(s *scene) {
		i := s.sealed([]byte("what the pump said"))
		s.refused(s.vault.Transfer(s.as(s.anna), i, custody.Hand{To: s.ben}), problem.Invalid, "who authorised it")
		s.must(s.vault.Transfer(s.as(s.anna), i, custody.Hand{To: s.ben, Reason: "analysis", Authority: "head of security", Place: "laboratory", Seal: "S-2"}))
		s.refused(s.vault.Receive(s.as(s.anna), i, ""), problem.Forbidden, "handed to")
		s.must(s.vault.Receive(s.as(s.ben), i, "bench 4"))
		s.must(s.vault.Work(s.as(s.ben), i, custody.Analysed, "read the log with the service tool"))
		s.must(s.vault.TakeBack(s.as(s.anna), i, custody.Hand{Place: "safe 2"}))
		item, chain := s.get(i)
		var actions []string
		for _, e := range chain {
			actions = append(actions, string(e.Action)+e.Match)
		}
		if got := strings.Join(actions, " "); got != "collected sealed transferredyes receivedyes analysed returnedyes" || item.HolderName != "anna" || item.Seal != "S-2" {
			s.Errorf("%s; holder %s, seal %s", got, item.HolderName, item.Seal)
		}
		s.refused(s.vault.Release(s.as(s.anna), i, custody.Hand{Outside: "Northmere Medical", Reason: "analysis", Authority: "head of security"}), problem.Invalid, "as")
		s.refused(s.vault.Release(s.as(s.anna), i, custody.Hand{Outside: "Northmere Medical", As: incident.Community, Reason: "analysis", Authority: "head of security"}), problem.Forbidden, "TLP:AMBER")
		s.must(s.vault.Release(s.as(s.anna), i, custody.Hand{Outside: "Northmere Medical, receipt R-9", As: incident.Clients, Reason: "analysis by the manufacturer", Authority: "head of security"}))
		s.refused(s.vault.Transfer(s.as(s.anna), i, custody.Hand{To: s.ben, Reason: "x", Authority: "y"}), problem.Conflict, "released")
	})
}

// One changed byte at rest breaks the integrity, and nobody can go on without accepting it.
func TestBrokenIntegrityCannotBeSkipped(t *testing.T) {
	each(t, func(s *scene) {
		i := s.sealed([]byte("what the pump said"))
		s.clock.Advance(custody.VerifyEvery + time.Hour)
		n, err := s.vault.Tick(s.sign.As(s.anna, "incident.*", "custody.*"))
		if err != nil || n != 1 {
			s.Fatalf("%d verified, %v", n, err)
		}
		if n, err = s.vault.Tick(s.as(s.anna)); err != nil || n != 0 {
			s.Errorf("%d verified again, %v", n, err)
		}
		s.spoil()
		s.must(s.vault.Verify(s.as(s.anna), i))
		item, chain := s.get(i)
		if item.State != custody.Broken || chain[len(chain)-1].Match != "no" {
			s.Fatalf("%s, match %q", item.State, chain[len(chain)-1].Match)
		}
		s.refused(s.vault.Transfer(s.as(s.anna), i, custody.Hand{To: s.ben, Reason: "a", Authority: "b"}), problem.Conflict, "accept that with a reason first")
		s.refused(s.vault.Accept(s.as(s.anna), i, ""), problem.Invalid, "reason")
		s.must(s.vault.Accept(s.as(s.anna), i, "the disk failed; the copy at the manufacturer is whole"))
		if item, _ := s.get(i); item.State != custody.Sealed {
			s.Errorf("accepted, it is %s", item.State)
		}
		_, r, err := s.vault.Open(s.as(s.anna), i, "look")
		s.must(err)
		if _, err := io.ReadAll(r); err == nil {
			s.Error("damaged content is read without an error")
		}
		s.must(r.Close())
	})
}

func TestDestroyingTakesTwoPeopleAndNoHold(t *testing.T) {
	each(t, func(s *scene) {
		i := s.sealed([]byte("what the pump said"))
		s.refused(s.vault.Destroy(s.as(s.anna), i, "over"), problem.Conflict, "kept while INC-2026-0001 is open")
		s.over()
		s.must(s.vault.Hold(s.as(s.anna), i, "a claim"))
		s.refused(s.vault.Destroy(s.as(s.anna), i, "over"), problem.Conflict, "legal hold")
		s.must(s.vault.EndHold(s.as(s.anna), i, "the claim is settled"))
		s.must(s.vault.Destroy(s.as(s.anna), i, "retention is over"))
		s.refused(s.vault.Destroy(s.as(s.anna), i, "again"), problem.Conflict, "somebody else")
		s.must(s.vault.Destroy(s.as(s.ben), i, "agreed"))
		item, chain := s.get(i)
		if item.State != custody.Destroyed || chain[len(chain)-1].Witness != "anna" {
			s.Errorf("%s, witness %q", item.State, chain[len(chain)-1].Witness)
		}
		s.must(filepath.WalkDir(s.dir, func(path string, d fs.DirEntry, err error) error {
			if err == nil && !d.IsDir() {
				s.Errorf("%s is still there", path)
			}
			return err
		}))
		_, _, err := s.vault.Open(s.as(s.anna), i, "look")
		s.refused(err, problem.Conflict, "no content")
	})
}

func TestKeysRotate(t *testing.T) {
	each(t, func(s *scene) {
		i := s.sealed([]byte("what the pump said"))
		old, err := os.ReadFile(s.keys)
		s.must(err)
		s.must(os.Remove(s.keys))
		s.open() // a new key alone
		_, r, err := s.vault.Open(s.as(s.anna), i, "look")
		s.must(err)
		_, err = io.ReadAll(r)
		s.refused(err, problem.Unavailable, "not in the file of keys")
		s.refused(s.vault.Verify(s.as(s.anna), i), problem.Unavailable, "not in the file of keys") // a missing key breaks no integrity
		fresh, err := os.ReadFile(s.keys)
		s.must(err)
		s.must(os.WriteFile(s.keys, append(old, fresh...), 0o600))
		s.open()
		n, err := s.vault.Rewrap(s.as(s.anna))
		if err != nil || n != 1 {
			s.Fatalf("%d parts, %v", n, err)
		}
		if n, err := s.vault.Rewrap(s.as(s.anna)); err != nil || n != 0 {
			s.Fatalf("again %d parts, %v", n, err)
		}
		s.must(os.WriteFile(s.keys, fresh, 0o600))
		s.open()
		s.must(s.vault.Verify(s.as(s.anna), i))
		if item, _ := s.get(i); item.State != custody.Sealed {
			s.Errorf("after the rotation it is %s", item.State)
		}
	})
}

// What a crash left between keeping a piece and recording it goes, and nothing else.
func TestLeftBehindIsRemoved(t *testing.T) {
	each(t, func(s *scene) {
		kept := s.sealed([]byte("what the pump said"))
		other, _, err := s.vault.Blobs.Put(s.as(s.anna), strings.NewReader("age-encryption.org/v1\nof somebody else"), 1000)
		s.must(err)
		plain, _, err := s.vault.Blobs.Put(s.as(s.anna), strings.NewReader("a document"), 1000)
		s.must(err)
		lost := s.sealed([]byte("a piece whose record was lost"))
		s.must(s.db.Update(testdb.System(), func(tx *store.Tx) error {
			if _, err := tx.Exec(s.as(s.anna), `DELETE FROM evidence_part WHERE item = $1`, lost); err != nil {
				return err
			}
			_, err := tx.Record(testdb.System(), store.Event{Kind: custody.KindContent, Subject: lost, Body: map[string]any{"test": true}})
			return err
		}))
		sweep := custody.Sweeper{Vault: s.vault}
		for n, want := range []int{0, 0, 1, 0} {
			if got, err := sweep.Tick(testdb.System()); err != nil || got != want {
				s.Fatalf("sweep %d removed %d, %v", n, got, err)
			}
			s.clock.Advance(custody.Unclaimed / 2)
		}
		s.must(s.vault.Verify(s.as(s.anna), kept))
		for _, d := range []blob.Digest{other, plain} {
			r, err := s.vault.Blobs.Get(s.as(s.anna), d)
			s.must(err)
			s.must(r.Close())
		}
	})
}

func TestThingsHaveASealAndNoContent(t *testing.T) {
	each(t, func(s *scene) {
		i := s.register(custody.Thing)
		_, err := s.vault.Append(s.as(s.anna), i, 0, strings.NewReader("x"))
		s.refused(err, problem.Conflict, "no content")
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{Number: "S-18"}))
		s.must(s.vault.Transfer(s.as(s.anna), i, custody.Hand{To: s.ben, Reason: "analysis", Authority: "head"}))
		s.must(s.vault.Receive(s.as(s.ben), i, ""))
		s.refused(s.vault.Verify(s.as(s.ben), i), problem.Conflict, "no content")
	})
}

// A device is preserved when something of it is under seal and whole.
func TestPreserves(t *testing.T) {
	each(t, func(s *scene) {
		says := func(want bool, when string) {
			s.Helper()
			s.must(s.db.View(context.Background(), func(r store.Reader) error {
				for device, want := range map[string]bool{s.system(): want, "dev_other": false, "": false} {
					got, err := s.vault.Preserves(context.Background(), r, s.inc, device)
					s.must(err)
					if got != want {
						s.Errorf("%s, %q is preserved: %v", when, device, got)
					}
				}
				return nil
			}))
		}
		of := func(k custody.Kind) string {
			i, err := s.vault.Register(s.as(s.anna), custody.Item{Incident: s.inc, Device: s.system(), Kind: k, Description: "log", Source: "pump P-1", Authority: "head of security", Method: "service tool",
				Began: s.clock.Now(), Patients: custody.Minimised})
			s.must(err)
			_, err = s.vault.Append(s.as(s.anna), i, 0, strings.NewReader("what the pump said"))
			s.must(err)
			return i
		}
		s.must(s.vault.Seal(s.as(s.anna), of(custody.WorkingCopy), custody.Sealing{}))
		says(false, "with a copy")
		i := of(custody.LogExtract)
		says(false, "before the seal")
		s.must(s.vault.Seal(s.as(s.anna), i, custody.Sealing{}))
		says(true, "under seal")
		s.spoil()
		s.must(s.vault.Verify(s.as(s.anna), i))
		says(false, "with its integrity broken")
	})
}

func TestChangedEntriesAreNamed(t *testing.T) {
	each(t, func(s *scene) {
		i := s.sealed([]byte("what the pump said"))
		s.must(s.vault.Verify(s.as(s.anna), i))
		_, chain := s.get(i)
		for n := range chain {
			for name, spoil := range map[string]func(*custody.Entry){"reason": func(e *custody.Entry) { e.Reason += "!" }, "time": func(e *custody.Entry) { e.At = e.At.Add(time.Microsecond) },
				"hash": func(e *custody.Entry) { e.HashAfter = strings.Repeat("0", 64) }, "actor": func(e *custody.Entry) { e.ActorName = "mallory" }} {
				wrong := append([]custody.Entry{}, chain...)
				spoil(&wrong[n])
				if err := custody.CheckChain(wrong); err == nil || !strings.Contains(err.Error(), fmt.Sprintf("entry %d ", n+1)) {
					s.Errorf("%s of entry %d changed: %v", name, n+1, err)
				}
			}
		}
		if custody.CheckChain(append([]custody.Entry{}, chain[1:]...)) == nil {
			s.Error("an entry that is missing is not named")
		}
	})
}
