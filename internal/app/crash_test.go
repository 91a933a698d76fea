package app

import (
	"bufio"
	"context"
	"fmt"
	"math/rand/v2"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/device"
	"triward/internal/device/fleetfile"
	"triward/internal/risk"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

const crashDB = "TRIWARD_CRASH_DATABASE"

func TestMain(m *testing.M) {
	if address := os.Getenv(crashDB); address != "" {
		if err := writeForever(address); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	if what := os.Getenv(crashServe); what != "" {
		if err := serveUntilKilled(what); err != nil {
			fmt.Fprintln(os.Stderr, err)
			os.Exit(1)
		}
		return
	}
	os.Exit(m.Run())
}

// writeForever is the program that is killed: it imports, changes, loads feeds and ranks, and prints what has been
// acknowledged to it, until it dies.
func writeForever(address string) error {
	ctx := testdb.System()
	db, err := store.Open(ctx, address, store.Options{})
	if err != nil {
		return err
	}
	say := func(format string, args ...any) { fmt.Printf(format+"\n", args...) }
	fleet := device.Fleet{DB: db}
	run := time.Now().UnixNano() // tags of different runs differ
	for i := 0; ; i++ {
		tag := fmt.Sprintf("R%d-%d", run, i)
		id, err := fleet.Register(ctx, device.Device{AssetTag: tag, RawVendor: "Northmere Medical", RawModel: "Rill 300", RawVersion: "1.0"})
		if err != nil {
			return err
		}
		say("registered %s", id)
		var csv strings.Builder
		csv.WriteString("asset_tag,vendor,model,version,site\n")
		for j := range 300 {
			fmt.Fprintf(&csv, "I%d-%d-%d,Northmere Medical,Rill 300,%d.0,Main\n", run, i, j, j%5)
		}
		rows, _ := fleetfile.Parse("crash.csv", strings.NewReader(csv.String()))
		imp, err := fleet.StartImport(ctx, device.Upload{Name: "crash.csv", Rows: rows})
		if err != nil {
			return err
		}
		say("import %s", imp)
		if _, err := fleet.RunImport(ctx, imp); err != nil {
			return err
		}
		name := fmt.Sprintf("NM-%d-%d", run, i)
		var doc vuln.Loaded
		doc.Body = crashCSAF(name, i)
		if doc.Record, err = vuln.ParseRecord("csaf", name, doc.Body); err != nil {
			return err
		}
		r, err := vuln.LoadRecords(ctx, db, "crash", func(yield func(vuln.Loaded, error) bool) { yield(doc, nil) })
		if err == nil {
			err = vuln.Feeds{DB: db}.Loaded(ctx, "crash", r)
		}
		if err != nil {
			return err
		}
		say("loaded %s", name)
		if err := CatchUp(ctx, db); err != nil {
			return err
		}
		d := risk.Decision{Vulnerabilities: []string{fmt.Sprintf("CVE-2026-9%04d", i%10000)}, Treatment: risk.Fix, Owner: "HTM", Reason: "crash test", Due: time.Now().Add(time.Hour)}
		decision, err := risk.Decisions{DB: db}.Decide(ctx, d, []string{string(id)})
		if err != nil {
			return err
		}
		say("decided %s", decision)
	}
}

func crashCSAF(id string, i int) []byte {
	return fmt.Appendf(nil, `{"document":{"category":"csaf_security_advisory","csaf_version":"2.0","title":"x","publisher":{"category":"vendor","name":"Northmere Medical","namespace":"https://northmere.invalid"},
"tracking":{"id":%q,"status":"final","version":"1","initial_release_date":"2026-11-01T00:00:00Z","current_release_date":"2026-11-01T00:00:00Z","revision_history":[{"number":"1","date":"2026-11-01T00:00:00Z","summary":"x"}]}},
"product_tree":{"branches":[{"category":"vendor","name":"Northmere Medical","branches":[{"category":"product_name","name":"Rill 300","branches":[{"category":"product_version_range","name":"< %d.5","product":{"name":"x","product_id":"P"}}]}]}]},
"vulnerabilities":[{"cve":"CVE-2026-9%04d","product_status":{"known_affected":["P"]}}]}`, id, i%5, i%10000)
}

// The program is killed without warning at random points; afterwards it starts again, the journal verifies, nothing that
// was acknowledged is lost, and no import is half done.
func TestKilledAtAnyMoment(t *testing.T) {
	t.Run("sqlite", func(t *testing.T) {
		killAndLook(t, "sqlite:"+filepath.Join(t.TempDir(), "triward.db"), 50)
	})
	t.Run("postgres", func(t *testing.T) { killAndLook(t, testdb.Postgres(t), 10) })
}

func killAndLook(t *testing.T, address string, kills int) {
	r := rand.New(rand.NewPCG(1, 2)) // the same points in time on every run, as far as a process can be timed
	var acknowledged []string
	for range kills {
		said := killOnce(t, address, time.Duration(10+r.IntN(240))*time.Millisecond)
		acknowledged = append(acknowledged, said...)
		lookAfterKill(t, address, said)
	}
	if len(acknowledged) < kills {
		t.Fatalf("only %d acknowledgements in %d runs: the test kills too early to tell anything", len(acknowledged), kills)
	}
	lookAfterKill(t, address, acknowledged)
	compareWithRebuild(t, address)
}

// killOnce runs the program and kills it some time after its first acknowledgement; it returns what was acknowledged.
func killOnce(t *testing.T, address string, after time.Duration) []string {
	t.Helper()
	cmd := exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), crashDB+"="+address)
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	var said []string
	lines := bufio.NewScanner(out)
	var timer *time.Timer
	for lines.Scan() {
		if timer == nil {
			timer = time.AfterFunc(after, func() { cmd.Process.Kill() })
		}
		said = append(said, lines.Text())
	}
	if timer == nil {
		t.Fatal("the program ended before it acknowledged anything")
	}
	timer.Stop()
	cmd.Process.Kill()
	cmd.Wait() // it was killed
	return said
}

func lookAfterKill(t *testing.T, address string, said []string) {
	t.Helper()
	ctx := testdb.System()
	db, err := store.Open(ctx, address, store.Options{})
	if err != nil {
		t.Fatalf("start after the kill: %v", err)
	}
	defer db.Close()
	if err := db.View(ctx, func(r store.Reader) error { _, err := store.Verify(ctx, r, nil); return err }); err != nil {
		t.Fatal(err)
	}
	if err := (device.Fleet{DB: db}).Resume(ctx); err != nil {
		t.Fatal(err)
	}
	if err := db.View(ctx, func(r store.Reader) error { return checkAcknowledged(ctx, t, r, said) }); err != nil {
		t.Fatal(err)
	}
}

func checkAcknowledged(ctx context.Context, t *testing.T, r store.Reader, said []string) error {
	imports, err := device.Imports(ctx, r, device.ImportQuery{Limit: 1000})
	if err != nil {
		return err
	}
	byID := map[string]device.Import{}
	for _, i := range imports.Items {
		byID[string(i.ID)] = i
		// One that was being put aside was never acknowledged, and none of its rows is in the fleet.
		if i.State == device.Staging && i.Applied == 0 {
			continue
		}
		if i.State != device.Done || i.Applied != i.Total {
			t.Errorf("import %s is half done: %s, %d of %d rows", i.ID, i.State, i.Applied, i.Total)
		}
	}
	for _, s := range said {
		what, id, _ := strings.Cut(s, " ")
		switch what {
		case "registered":
			if _, err := device.Get(ctx, r, device.ID(id)); err != nil {
				t.Errorf("acknowledged device %s is lost: %v", id, err)
			}
		case "import":
			if i, ok := byID[id]; (!ok || i.State == device.Staging) && len(imports.Items) < 1000 {
				t.Errorf("acknowledged import %s is lost", id)
			}
		case "loaded":
			var n int
			if err := r.QueryRow(ctx, `SELECT count(*) FROM record WHERE key = $1`, "csaf/"+id).Scan(&n); err != nil || n != 1 {
				t.Errorf("acknowledged advisory %s is lost: %v", id, err)
			}
		case "decided":
			if _, err := risk.GetDecision(ctx, r, id); err != nil {
				t.Errorf("acknowledged decision %s is lost: %v", id, err)
			}
		}
	}
	return nil
}

// compareWithRebuild checks that what was derived across all kills is what is derived from nothing.
func compareWithRebuild(t *testing.T, address string) {
	t.Helper()
	ctx := testdb.System()
	db, err := store.Open(ctx, address, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	w := world{t, ctx, db}
	w.catchUp()
	before := w.snapshot()
	if len(before) == 0 {
		t.Fatal("nothing was derived")
	}
	if err := Rebuild(ctx, db); err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(before, w.snapshot()); d != "" {
		t.Errorf("rebuild gives another result (-before +after), first lines:\n%.2000s", d)
	}
}
