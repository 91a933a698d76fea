package client_test

import (
	"context"
	"errors"
	"io"
	"net/http"
	"net/http/httptest"
	"strings"
	"testing"
	"time"

	"triward/apiv1"
	"triward/client"
)

func serve(t *testing.T, h http.HandlerFunc) *client.Client {
	t.Helper()
	s := httptest.NewServer(h)
	t.Cleanup(s.Close)
	c, err := client.New(s.URL, "trw_x", s.Client())
	if err != nil {
		t.Fatal(err)
	}
	return c
}

// What a query asks reaches the server, whatever its type.
func TestQueriesSayEverything(t *testing.T) {
	var got string
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		got = r.URL.Query().Encode()
		_, _ = io.WriteString(w, "{}")
	})
	ctx := context.Background()
	at := time.Date(2026, 3, 1, 9, 0, 0, 250_000_000, time.FixedZone("", 3600))
	if _, err := c.Events(ctx, apiv1.EventQuery{Q: "user:a b", From: at, Cursor: apiv1.Cursor{Limit: 7}}); err != nil {
		t.Fatal(err)
	}
	if want := "from=2026-03-01T08%3A00%3A00.25Z&limit=7&q=user%3Aa+b"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

func TestSendEvents(t *testing.T) {
	var asked *http.Request
	var body string
	status, answer := 200, `{"accepted":2}`
	c := serve(t, func(w http.ResponseWriter, r *http.Request) {
		b, err := io.ReadAll(r.Body)
		if err != nil {
			t.Error(err)
		}
		asked, body = r, string(b)
		if status == 503 {
			w.Header().Set("Retry-After", "5")
		}
		w.WriteHeader(status)
		_, _ = io.WriteString(w, answer)
	})
	b := client.EventBatch{Source: "ward 3", Name: "conn.log", Key: "digest", First: 9, Body: strings.NewReader("1\na\n3\nb\nc\n")}
	got, err := client.SendEvents(context.Background(), c, b)
	if err != nil || got.Records != 2 {
		t.Errorf("%+v %v", got, err)
	}
	if asked.URL.Path != "/ingest/any" || asked.URL.Query().Encode() != "first=9&name=conn.log&source=ward+3" || body != "1\na\n3\nb\nc\n" ||
		asked.Header.Get("Idempotency-Key") != "digest" || asked.Header.Get("Authorization") != "Bearer trw_x" {
		t.Errorf("%s %s %v %q", asked.Method, asked.URL, asked.Header, body)
	}
	status, answer = 503, `{"accepted":1,"error":"busy"}`
	var p *apiv1.Problem
	if got, err = client.SendEvents(context.Background(), c, b); !errors.As(err, &p) || p.Status != 503 || got.Records != 1 || got.Retry != 5*time.Second {
		t.Errorf("%+v %v", got, err)
	}
	status, answer = 400, "no JSON"
	if got, err = client.SendEvents(context.Background(), c, b); !errors.As(err, &p) || got.Retry != 0 || !strings.Contains(err.Error(), "not one of the door") {
		t.Errorf("%+v %v", got, err)
	}
}
