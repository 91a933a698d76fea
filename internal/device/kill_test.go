package device_test

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"triward/internal/device"
	"triward/internal/store"
	"triward/internal/testdb"
)

const killEnv = "TRIWARD_TEST_IMPORT_INTO"

// TestImportProcess is the process that TestImportSurvivesKill kills; by itself it does nothing.
func TestImportProcess(t *testing.T) {
	path := os.Getenv(killEnv)
	if path == "" {
		return
	}
	db, err := store.Open(context.Background(), "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f, ctx := device.Fleet{DB: db}, testdb.System()
	if err := f.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	go func() {
		for {
			<-db.Changed()
			fmt.Println("committed")
		}
	}()
	for i := range 1000 {
		imp, err := f.StartImport(ctx, upload(t, killFile(i%2)))
		if err != nil {
			t.Fatal(err)
		}
		fmt.Println("acknowledged", imp)
		if _, err := f.RunImport(ctx, imp); err != nil {
			t.Fatal(err)
		}
	}
}

// killFile describes the same 900 devices, each time with other wards.
func killFile(turn int) string {
	var b strings.Builder
	b.WriteString("asset_tag,serial,vendor,model,site,location\n")
	for i := range 900 {
		fmt.Fprintf(&b, "T%d,S%d,Vela,V%d,North,W%d\n", i, i, i%7, turn)
	}
	return b.String()
}

func TestImportSurvivesKill(t *testing.T) {
	if testing.Short() {
		t.Skip("short")
	}
	path := filepath.Join(t.TempDir(), "triward.db")
	for kill := 1; kill <= 6; kill++ {
		c := exec.Command(os.Args[0], "-test.run=^TestImportProcess$", "-test.v")
		c.Env = append(os.Environ(), killEnv+"="+path)
		out, err := c.StdoutPipe()
		if err != nil {
			t.Fatal(err)
		}
		if err := c.Start(); err != nil {
			t.Fatal(err)
		}
		var id device.ImportID
		commits := 0
		for lines := bufio.NewScanner(out); commits < kill && lines.Scan(); { // die after so many commits, at whatever comes next
			if _, name, ok := strings.Cut(lines.Text(), "acknowledged "); ok {
				id = device.ImportID(name)
			}
			if id != "" && strings.Contains(lines.Text(), "committed") {
				commits++
			}
		}
		if err := c.Process.Kill(); err != nil {
			t.Fatal(err)
		}
		c.Wait() // it was killed
		if commits < kill {
			t.Fatal("the process ended by itself")
		}
		checkAfterKill(t, path, id)
	}
}

func checkAfterKill(t *testing.T, path string, id device.ImportID) {
	t.Helper()
	db, err := store.Open(context.Background(), "sqlite:"+path, store.Options{})
	if err != nil {
		t.Fatal(err)
	}
	defer db.Close()
	f, ctx := device.Fleet{DB: db}, testdb.System()
	if err := f.Resume(ctx); err != nil {
		t.Fatal(err)
	}
	view(t, db, func(r store.Reader) error {
		imp, err := device.GetImport(ctx, r, id)
		if imp.State != device.Done || imp.Applied != 900 || imp.Added+imp.Changed+imp.Same != 900 {
			t.Errorf("an acknowledged import is %+v", imp)
		}
		var devices, wards, counted int
		if err := r.QueryRow(ctx, `SELECT count(*), count(DISTINCT ward) FROM device`).Scan(&devices, &wards); err != nil {
			return err
		}
		if err := r.QueryRow(ctx, `SELECT sum(devices) FROM device_count`).Scan(&counted); err != nil {
			return err
		}
		if devices != 900 || wards != 1 || counted != 900 {
			t.Errorf("%d devices in %d wards, counted %d", devices, wards, counted)
		}
		return err
	})
}
