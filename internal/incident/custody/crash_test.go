package custody_test

import (
	"bufio"
	"bytes"
	"context"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"triward/internal/blob"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/procedure"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
)

// intake names the folder and the item of a process that takes content in until it is killed.
const intake = "TRIWARD_CRASH_INTAKE"

const pieceSize = 40_000

// piece is the content that begins at an offset.
func piece(begins int64) []byte {
	return bytes.Repeat([]byte(fmt.Sprintf("%09d\n", begins)), pieceSize/10)
}

// eachKilled runs a test on each kind of database. fn gets the folder of the vault, in which a file names the database.
func eachKilled(t *testing.T, fn func(t *testing.T, dir string)) {
	for name, address := range map[string]func(t *testing.T, dir string) string{
		"sqlite":   func(_ *testing.T, dir string) string { return "sqlite:" + filepath.Join(dir, "triward.db") },
		"postgres": func(t *testing.T, _ string) string { return testdb.Postgres(t) },
	} {
		t.Run(name, func(t *testing.T) {
			dir := t.TempDir()
			if err := os.WriteFile(filepath.Join(dir, "database"), []byte(address(t, dir)), 0o600); err != nil {
				t.Fatal(err)
			}
			fn(t, dir)
		})
	}
}

func vaultIn(t *testing.T, dir string) (custody.Vault, *testdb.Clock) {
	t.Helper()
	c := testdb.NewClock()
	address, err := os.ReadFile(filepath.Join(dir, "database"))
	if err != nil {
		t.Fatal(err)
	}
	db, err := store.Open(context.Background(), string(address), store.Options{Now: c.Now})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	blobs, err := blob.Open(context.Background(), "dir:"+filepath.Join(dir, "blobs"))
	if err != nil {
		t.Fatal(err)
	}
	keys, err := custody.OpenKeys(filepath.Join(dir, "evidence.keys"))
	if err != nil {
		t.Fatal(err)
	}
	return custody.Vault{DB: db, Blobs: blobs, Keys: keys}, c
}

// TestIntakeUntilKilled is that process; it does nothing by itself.
func TestIntakeUntilKilled(t *testing.T) {
	dir, item := os.Getenv(intake), os.Getenv(intake+"_ITEM")
	if dir == "" {
		t.Skip("a part of TestKilledDuringIntake")
	}
	v, _ := vaultIn(t, dir)
	begins, _ := strconv.ParseInt(os.Getenv(intake+"_BEGINS"), 10, 64)
	for {
		n, err := v.Append(testdb.System(), item, begins, bytes.NewReader(piece(begins)))
		if err != nil {
			t.Fatal(err)
		}
		begins = n
		fmt.Println("has", n)
	}
}

// Killed again and again while content comes in, an item keeps what was acknowledged, and its hash is that of the whole.
func TestKilledDuringIntake(t *testing.T) { eachKilled(t, killedDuringIntake) }

func killedDuringIntake(t *testing.T, dir string) {
	v, clock := vaultIn(t, dir)
	ctx := testdb.System()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	inc, err := incident.Cases{DB: v.DB, Runs: procedure.Runs{DB: v.DB}}.Declare(ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies leave", TLP: incident.Amber, PAP: incident.Green,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: clock.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
	must(err)
	item, err := v.Register(ctx, custody.Item{Incident: inc, Kind: custody.Image, Description: "disk", Source: "workstation", Authority: "head", Method: "copy", Began: clock.Now(), Patients: custody.NoPatients})
	must(err)
	size := func() (n int64) {
		t.Helper()
		must(v.DB.View(ctx, func(r store.Reader) error {
			i, err := custody.Get(ctx, r, item)
			n = i.Size
			return err
		}))
		return n
	}
	for round := range 5 {
		p := exec.Command(os.Args[0], "-test.run=^TestIntakeUntilKilled$")
		p.Env = append(os.Environ(), intake+"="+dir, intake+"_ITEM="+item, intake+"_BEGINS="+strconv.FormatInt(size(), 10))
		out, err := p.StdoutPipe()
		must(err)
		must(p.Start())
		told, lines := int64(0), bufio.NewScanner(out)
		for n := 0; n < 3+2*round && lines.Scan(); n++ {
			fmt.Sscanf(lines.Text(), "has %d", &told)
		}
		must(p.Process.Kill())
		for lines.Scan() { // what it acknowledged before it died
			fmt.Sscanf(lines.Text(), "has %d", &told)
		}
		p.Wait() // it was killed
		if told == 0 || size() < told {
			t.Fatalf("%d bytes were acknowledged, %d are there", told, size())
		}
	}
	sweep := custody.Sweeper{Vault: v}
	for range 2 {
		_, err := sweep.Tick(ctx)
		must(err)
		clock.Advance(custody.Unclaimed)
	}
	must(v.Seal(ctx, item, custody.Sealing{}))
	var want []byte
	for begins := int64(0); begins < size(); begins += pieceSize {
		want = append(want, piece(begins)...)
	}
	i, content, err := v.Open(ctx, item, "compare")
	must(err)
	got, err := io.ReadAll(content)
	must(err)
	if !bytes.Equal(got, want) || i.SHA256 != hashOf(want) {
		t.Errorf("%d bytes came out, %d went in; hash %s", len(got), len(want), i.SHA256)
	}
	must(v.Verify(ctx, item))
	left := 0
	for _, err := range v.Blobs.Walk(ctx) {
		must(err)
		left++
	}
	if left != len(want)/pieceSize {
		t.Errorf("%d blobs for %d pieces", left, len(want)/pieceSize)
	}
}

// TestHandsUntilKilled is the process of TestKilledDuringTransfer; it does nothing by itself.
func TestHandsUntilKilled(t *testing.T) {
	dir, item, both := os.Getenv(intake), os.Getenv(intake+"_ITEM"), strings.Fields(os.Getenv(intake+"_PEOPLE"))
	if dir == "" || len(both) != 2 {
		t.Skip("a part of TestKilledDuringTransfer")
	}
	v, _ := vaultIn(t, dir)
	for {
		i, chain := chainOf(t, v, item)
		ctx := store.WithActor(context.Background(), store.Actor{ID: i.Holder, Name: i.HolderName, Grants: []store.Grant{{Kinds: []string{"custody.*", "incident.*", "people.*"}, All: true}}})
		var err error
		if chain[len(chain)-1].Action == custody.Transferred {
			err = v.Receive(ctx, item, "")
		} else {
			to := both[0]
			if i.Holder == to {
				to = both[1]
			}
			err = v.Transfer(ctx, item, custody.Hand{To: to, Reason: "to be copied", Authority: "head"})
		}
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("has", len(chain)+1)
	}
}

func chainOf(t *testing.T, v custody.Vault, item string) (i custody.Item, all []custody.Entry) {
	t.Helper()
	if err := v.DB.View(testdb.System(), func(r store.Reader) (err error) {
		if i, err = custody.Get(testdb.System(), r, item); err == nil {
			all, err = custody.Chain(testdb.System(), r, item)
		}
		return err
	}); err != nil {
		t.Fatal(err)
	}
	return i, all
}

// Killed again and again while an item goes from hand to hand, its chain has what was acknowledged, holds together, and the
// item is with whom its last entry says.
func TestKilledDuringTransfer(t *testing.T) { eachKilled(t, killedDuringTransfer) }

func killedDuringTransfer(t *testing.T, dir string) {
	v, clock := vaultIn(t, dir)
	sign := signaturetest.New(t, v.DB)
	anna, ben := sign.Newcomer(t, "anna", "Anna"), sign.Newcomer(t, "ben", "Ben")
	ctx := sign.As(anna, "incident.*", "custody.*")
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	inc, err := incident.Cases{DB: v.DB, Runs: procedure.Runs{DB: v.DB}}.Declare(ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "Studies leave", TLP: incident.Amber, PAP: incident.Green,
		Care: incident.Normal, Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: clock.Now(), AwareWho: "Anna", AwareHow: "an alert"}})
	must(err)
	item, err := v.Take(ctx, custody.Item{Incident: inc, Kind: custody.Image, Description: "disk", Source: "workstation", Authority: "head", Method: "copy", Began: clock.Now(), Patients: custody.NoPatients}, bytes.NewReader(piece(0)))
	must(err)
	for round := range 5 {
		p := exec.Command(os.Args[0], "-test.run=^TestHandsUntilKilled$")
		p.Env = append(os.Environ(), intake+"="+dir, intake+"_ITEM="+item, intake+"_PEOPLE="+anna+" "+ben)
		out, err := p.StdoutPipe()
		must(err)
		must(p.Start())
		told, lines := 0, bufio.NewScanner(out)
		for n := 0; n < 2+3*round && lines.Scan(); n++ {
			fmt.Sscanf(lines.Text(), "has %d", &told)
		}
		must(p.Process.Kill())
		for lines.Scan() { // what it acknowledged before it died
			fmt.Sscanf(lines.Text(), "has %d", &told)
		}
		p.Wait() // it was killed
		i, chain := chainOf(t, v, item)
		must(custody.CheckChain(chain))
		last := chain[len(chain)-1]
		if told == 0 || len(chain) < told || i.Entries != len(chain) || i.State != last.State || last.To != i.HolderName || i.State == custody.Broken {
			t.Fatalf("%d entries were acknowledged, %d are there; the item counts %d and is %s with %s; last entry %+v", told, len(chain), i.Entries, i.State, i.HolderName, last)
		}
		must(v.Verify(ctx, item))
	}
}
