package app

import (
	"bytes"
	"io"
	"net/http"
	"net/http/httptest"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

// deadlines notes the deadlines of a connection.
type deadlines struct {
	http.ResponseWriter
	read, write []time.Time
}

func (d *deadlines) SetReadDeadline(t time.Time) error  { d.read = append(d.read, t); return nil }
func (d *deadlines) SetWriteDeadline(t time.Time) error { d.write = append(d.write, t); return nil }

// Each stretch of a body and of an answer has its own time, and the work between them none.
func TestDeadlinesRollAsBytesMove(t *testing.T) {
	now := time.Date(2026, 11, 29, 8, 0, 0, 0, time.UTC)
	start := now
	clock := func() time.Time { now = now.Add(time.Second); return now }
	h := paced{patience: time.Minute, now: clock, next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, io.LimitReader(r.Body, 1<<40)); n != 2*stretch || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
		if n, err := w.Write(make([]byte, 2*stretch+1)); n != 2*stretch+1 || err != nil {
			t.Errorf("%d bytes, %v", n, err)
		}
	})}
	answer := httptest.NewRecorder()
	d := &deadlines{ResponseWriter: answer}
	h.ServeHTTP(d, httptest.NewRequest(http.MethodPut, "/", bytes.NewReader(make([]byte, 2*stretch))))
	after := func(seconds int) time.Time { return start.Add(time.Minute + time.Duration(seconds)*time.Second) }
	if diff := cmp.Diff([]time.Time{after(1), after(2), after(3), {}}, d.read); diff != "" {
		t.Errorf("reading: %s", diff)
	}
	if diff := cmp.Diff([]time.Time{{}, after(4), after(5), after(6)}, d.write); diff != "" {
		t.Errorf("writing: %s", diff)
	}
	if answer.Body.Len() != 2*stretch+1 {
		t.Errorf("%d bytes were written", answer.Body.Len())
	}
	d = &deadlines{ResponseWriter: httptest.NewRecorder()}
	paced{patience: time.Minute, now: clock, next: http.HandlerFunc(func(http.ResponseWriter, *http.Request) {})}.ServeHTTP(d, httptest.NewRequest(http.MethodGet, "/", nil))
	if diff := cmp.Diff([]time.Time{{}}, d.read); diff != "" {
		t.Errorf("without a body: %s", diff)
	}
}

// slow gives its bytes over longer than a server allows for all of them.
type slow struct {
	io.Reader
	pause time.Duration
}

func (s slow) Read(b []byte) (int, error) {
	<-time.After(s.pause)
	return s.Reader.Read(b[:min(len(b), 256<<10)])
}

// What moves slowly takes longer than the server's time for a whole request, in both directions.
func TestSlowEvidenceComesInAndGoesOut(t *testing.T) {
	const size, pause = 6 << 20, 3 * time.Millisecond // some hundred pauses
	srv := httptest.NewUnstartedServer(paced{patience: 20 * time.Second, now: time.Now, next: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if n, err := io.Copy(io.Discard, r.Body); n != size || err != nil {
			t.Errorf("%d bytes came in, %v", n, err)
		}
		if _, err := io.Copy(w, io.LimitReader(zeros{}, size)); err != nil {
			t.Errorf("going out: %v", err)
		}
	})})
	srv.Config.ReadTimeout, srv.Config.WriteTimeout = 100*time.Millisecond, 100*time.Millisecond
	srv.Start()
	defer srv.Close()
	resp, err := srv.Client().Post(srv.URL, "application/octet-stream", slow{io.LimitReader(zeros{}, size), pause})
	if err != nil {
		t.Fatal(err)
	}
	defer resp.Body.Close()
	if n, err := io.Copy(io.Discard, slow{resp.Body, pause}); n != size || err != nil {
		t.Errorf("%d bytes went out, %v", n, err)
	}
}

type zeros struct{}

func (zeros) Read(b []byte) (int, error) { clear(b); return len(b), nil }
