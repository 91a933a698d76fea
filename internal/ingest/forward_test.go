package ingest_test

import (
	"context"
	"crypto/tls"
	"crypto/x509"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"strconv"
	"strings"
	"testing"
	"time"

	"triward/internal/detection"
	"triward/internal/detection/notify"
	"triward/internal/ingest"
	"triward/internal/people/mail"
	"triward/internal/people/mail/mailtest"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

// told is what a receiver got.
type told struct{ signature, key, body string }

// TestAlertsAreTold sends alerts to a real web server and a real syslog receiver.
func TestAlertsAreTold(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		got := make(chan told, 10)
		status := http.StatusServiceUnavailable
		hook := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
			b, _ := io.ReadAll(r.Body)
			got <- told{r.Header.Get("Triward-Signature"), r.Header.Get("Triward-Message"), string(b)}
			w.WriteHeader(status)
		}))
		defer hook.Close()
		siem, err := net.ListenPacket("udp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer siem.Close()
		ctx := testdb.System()
		desk := notify.Desk{DB: db, Carry: ingest.Forward{URL: "https://triward.example", Version: "1", Now: clock.Now}.Carry}
		add := func(v notify.Target) {
			t.Helper()
			if _, err := desk.Add(ctx, v); err != nil {
				t.Fatal(problem.Text(err))
			}
		}
		add(notify.Target{Name: "Duty", Way: notify.Webhook, Address: hook.URL, Secret: "sixteen letters!", Least: detection.High, Inside: true})
		add(notify.Target{Name: "SIEM", Way: notify.Syslog, Address: "udp://" + siem.LocalAddr().String(), Least: detection.Informational, Inside: true})
		add(notify.Target{Name: "Outside only", Way: notify.Webhook, Address: strings.Replace(hook.URL, "http:", "https:", 1), Secret: "sixteen letters!", Least: detection.High})
		add(notify.Target{Name: "Asleep", Way: notify.Webhook, Address: hook.URL, Secret: "sixteen letters!", Least: detection.High, Inside: true, QuietFrom: 8 * 60, QuietTo: 10 * 60})
		clock.Advance(time.Minute)
		alerts := detection.Alerts{DB: db}
		id, err := alerts.Report(ctx, detection.Report{Title: "Mrs Smith in bed 4 called", Level: detection.High, Said: "a patient's words"})
		if err != nil {
			t.Fatal(err)
		}
		if err := db.CatchUp(ctx, notify.Follower()); err != nil {
			t.Fatal(err)
		}
		deliver := func() {
			t.Helper()
			if err := desk.Deliver(ctx); err != nil {
				t.Fatal(err)
			}
		}
		deliver()
		first := <-got
		at := clock.Now()
		if first.signature != notify.Sign("sixteen letters!", at, []byte(first.body)) || !strings.Contains(first.body, id) || !strings.Contains(first.body, "https://triward.example/alerts/"+id) {
			t.Errorf("%+v", first)
		}
		if strings.Contains(first.body, "Smith") || strings.Contains(first.body, "words") {
			t.Errorf("what a person wrote is told: %s", first.body)
		}
		line := make([]byte, 2048)
		n, _, err := siem.ReadFrom(line)
		if err != nil || !strings.HasPrefix(string(line[:n]), "<83>1 2026-11-23T09:01:00.000Z triward") || !strings.Contains(string(line[:n]), "CEF:0|Triward|Triward|1|alert.reported|") {
			t.Errorf("%s %v", line[:n], err)
		}
		states := func() map[string]string {
			out := map[string]string{}
			if err := db.View(ctx, func(r store.Reader) error {
				all, err := notify.Log(ctx, r)
				for _, d := range all {
					out[d.Name] = d.State + " " + d.Fault
				}
				return err
			}); err != nil {
				t.Fatal(err)
			}
			return out
		}
		s := states()
		if !strings.Contains(s["Duty"], "503") || s["SIEM"] != "sent " || !strings.Contains(s["Outside only"], "own network") || s["Asleep"] != "waiting " {
			t.Errorf("%v", s)
		}
		t.Run("it is tried again, and told once", func(t *testing.T) {
			status = http.StatusNoContent
			clock.Advance(31 * time.Second)
			deliver()
			again := <-got
			if again.key != first.key {
				t.Errorf("another key: %s, before %s", again.key, first.key)
			}
			deliver()
			if s := states(); s["Duty"] != "sent " || len(got) != 0 {
				t.Errorf("%v, %d more", s, len(got))
			}
		})
		t.Run("quiet hours end", func(t *testing.T) {
			clock.Advance(time.Hour)
			deliver()
			if s := states(); s["Asleep"] != "sent " {
				t.Errorf("%v", s)
			}
		})
		t.Run("after a day it is given up", func(t *testing.T) {
			clock.Advance(25 * time.Hour)
			deliver()
			if s := states(); !strings.HasPrefix(s["Outside only"], "failed ") {
				t.Errorf("%v", s)
			}
		})
		if _, err := desk.Add(context.Background(), notify.Target{}); problem.KindOf(err) != problem.Invalid {
			t.Errorf("an empty target: %v", err)
		}
	})
}

// Letters go to a real mail server, and lines to real receivers over TCP and TLS, framed by their length.
func TestAlertsAreToldByMailAndOverConnections(t *testing.T) {
	at := time.Date(2026, 11, 28, 10, 0, 0, 0, time.UTC)
	m := notify.Message{Key: "ntf_1", Alert: "alr_1", What: "opened", Title: "Many studies | left = the archive", Level: detection.Critical, At: at}
	srv := mailtest.Start(t, mailtest.Options{})
	server, err := mail.Open(mail.Config{URL: "smtp://" + srv.Address + "?tls=off", From: "Triward <triward@hospital.example>"})
	if err != nil {
		t.Fatal(err)
	}
	f := ingest.Forward{Mail: server, URL: "https://triward.example/", Version: "1", Now: func() time.Time { return at }}
	t.Run("mail", func(t *testing.T) {
		if err := f.Carry(t.Context(), notify.Target{Way: notify.Mail, Address: "duty@hospital.example"}, m); err != nil {
			t.Fatal(err)
		}
		got := srv.Taken()
		if len(got) != 1 || got[0].To != "duty@hospital.example" || !strings.Contains(string(got[0].Body), "Subject: CRITICAL: Many studies") || !strings.Contains(string(got[0].Body), "https://triward.example/alerts/alr_1") {
			t.Errorf("%+v", got)
		}
		none := ingest.Forward{Now: f.Now}
		if err := none.Carry(t.Context(), notify.Target{Way: notify.Mail, Address: "duty@hospital.example"}, m); problem.KindOf(err) != problem.Unavailable {
			t.Errorf("without a mail server: %v", err)
		}
	})
	plain, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	https := httptest.NewUnstartedServer(http.NotFoundHandler())
	https.StartTLS() // for its certificate
	defer https.Close()
	secret, err := tls.Listen("tcp", "127.0.0.1:0", https.TLS)
	if err != nil {
		t.Fatal(err)
	}
	roots := x509.NewCertPool()
	roots.AddCert(https.Certificate())
	f.Roots = &tls.Config{RootCAs: roots, MinVersion: tls.VersionTLS12}
	for scheme, l := range map[string]net.Listener{"tcp": plain, "tls": secret} {
		t.Run(scheme, func(t *testing.T) {
			defer l.Close()
			got := make(chan string, 1)
			go func() {
				c, err := l.Accept()
				if err != nil {
					got <- err.Error()
					return
				}
				defer c.Close()
				b, _ := io.ReadAll(c) // what came before an error is what counts
				got <- string(b)
			}()
			target := notify.Target{Way: notify.Syslog, Address: scheme + "://" + l.Addr().String(), Inside: true}
			if err := f.Carry(t.Context(), target, m); err != nil {
				t.Fatal(err)
			}
			line := f.CEF(m)
			if s := <-got; s != strconv.Itoa(len(line))+" "+line {
				t.Errorf("%q", s)
			}
			if !strings.Contains(line, `|Many studies \| left = the archive|10|`) || !strings.HasPrefix(line, "<82>1 2026-11-28T10:00:00.000Z ") {
				t.Errorf("%q", line)
			}
			target.Inside = false
			if err := f.Carry(t.Context(), target, m); problem.KindOf(err) != problem.Unavailable || !strings.Contains(problem.Text(err), "own network") {
				t.Errorf("a target that is not said to be inside: %v", err)
			}
		})
	}
	t.Run("tls to a stranger", func(t *testing.T) {
		other, err := tls.Listen("tcp", "127.0.0.1:0", https.TLS)
		if err != nil {
			t.Fatal(err)
		}
		defer other.Close()
		go func() {
			if c, err := other.Accept(); err == nil {
				io.Copy(io.Discard, c)
				c.Close()
			}
		}()
		trusting := f
		trusting.Roots = nil
		if err := trusting.Carry(t.Context(), notify.Target{Way: notify.Syslog, Address: "tls://" + other.Addr().String(), Inside: true}, m); problem.KindOf(err) != problem.Unavailable {
			t.Errorf("a certificate that nobody trusts: %v", err)
		}
	})
}
