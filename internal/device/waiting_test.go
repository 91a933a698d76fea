package device_test

import (
	"bytes"
	"crypto/sha256"
	"fmt"
	"io"
	"strings"
	"testing"
	"time"

	"triward/internal/device"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestFilesWaitForTheirSenderAlone(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		ada := store.WithActor(t.Context(), store.Actor{ID: "usr_ada", Name: "Ada"})
		bob := store.WithActor(t.Context(), store.Actor{ID: "usr_bob", Name: "Bob"})
		w := device.Waiting{DB: db}
		for _, body := range [][]byte{nil, []byte("asset_tag\nP-1\n"), bytes.Repeat([]byte("0123456789abcdef"), 1<<16), bytes.Repeat([]byte("x"), 1<<21+7)} {
			file, err := w.Keep(ada, "fleet.csv", bytes.NewReader(body))
			if err != nil {
				t.Fatal(err)
			}
			got, r, err := device.Waiting{DB: db}.Open(ada, file) // as another process would
			if err != nil {
				t.Fatal(err)
			}
			back, err := io.ReadAll(r)
			if err != nil || !bytes.Equal(back, body) || got.Name != "fleet.csv" || got.Digest != fmt.Sprintf("sha256:%x", sha256.Sum256(body)) {
				t.Errorf("%d bytes come back as %d: %+v, %v", len(body), len(back), got, err)
			}
			if _, _, err := w.Open(bob, file); problem.KindOf(err) != problem.NotFound {
				t.Errorf("another account opens it: %v", err)
			}
			if err := w.Drop(ada, file); err != nil {
				t.Fatal(err)
			}
			if _, _, err := w.Open(ada, file); problem.KindOf(err) != problem.NotFound {
				t.Errorf("a dropped file opens: %v", err)
			}
		}
		if _, err := (device.Waiting{DB: db, Most: 3 << 20}).Keep(ada, "huge.csv", io.LimitReader(endless{}, 3<<20+1)); problem.KindOf(err) != problem.Invalid {
			t.Errorf("a file over the limit: %v", err)
		}
		var last string
		for i := range 51 {
			file, err := w.Keep(ada, "fleet.csv", strings.NewReader("x"))
			if i < 50 {
				last = file
				if err != nil {
					t.Fatalf("file %d: %v", i, err)
				}
			} else if problem.KindOf(err) != problem.Unavailable {
				t.Errorf("the 51st file: %v", err)
			}
		}
		clock.Advance(time.Hour)
		if _, _, err := w.Open(ada, last); problem.KindOf(err) != problem.NotFound {
			t.Errorf("an hour later: %v", err)
		}
		if _, err := w.Keep(ada, "fleet.csv", strings.NewReader("x")); err != nil {
			t.Errorf("there is no room after an hour: %v", err)
		}
		var n int
		if err := db.View(ada, func(r store.Reader) error { return r.QueryRow(ada, `SELECT count(*) FROM waiting_part`).Scan(&n) }); err != nil || n != 1 {
			t.Errorf("%d parts stay: %v", n, err)
		}
	})
}

type endless struct{}

func (endless) Read(p []byte) (int, error) { return len(p), nil }
