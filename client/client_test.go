package client_test

import (
	"bytes"
	"context"
	"errors"
	"io"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"reflect"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/apiv1"
	"triward/client"
)

// TestEveryOperationHasAMethod calls every method of the client against a recorder and compares what was asked for with the
// description of the API.
func TestEveryOperationHasAMethod(t *testing.T) {
	text, err := os.ReadFile("../apiv1/openapi.yaml")
	if err != nil {
		t.Fatal(err)
	}
	described := map[string]bool{}
	path := ""
	for line := range strings.Lines(string(text)) {
		if m := regexp.MustCompile(`^  "?(/api/v1/[^":]*)"?:`).FindStringSubmatch(line); m != nil {
			path = m[1]
		} else if m := regexp.MustCompile(`^    (get|post|put|delete):`).FindStringSubmatch(line); m != nil && path != "" {
			described[strings.ToUpper(m[1])+" "+path] = true
		}
	}
	if len(described) < 50 {
		t.Fatalf("found %d operations in the description", len(described))
	}
	asked := map[string]bool{}
	mux := http.NewServeMux()
	for o := range described {
		mux.HandleFunc(o, func(w http.ResponseWriter, r *http.Request) {
			asked[r.Pattern] = true
			if _, err := io.WriteString(w, "{}"); err != nil {
				t.Error(err)
			}
		})
	}
	s := httptest.NewServer(mux)
	defer s.Close()
	c, err := client.New(s.URL, "trw_x", nil)
	if err != nil {
		t.Fatal(err)
	}
	v := reflect.ValueOf(c)
	for i := range v.NumMethod() {
		m := v.Method(i)
		args := make([]reflect.Value, m.Type().NumIn())
		for j := range args {
			switch in := m.Type().In(j); {
			case in == reflect.TypeFor[context.Context]():
				args[j] = reflect.ValueOf(t.Context())
			case in == reflect.TypeFor[io.Reader]():
				args[j] = reflect.ValueOf(strings.NewReader("x"))
			case in == reflect.TypeFor[io.Writer]():
				args[j] = reflect.ValueOf(io.Discard)
			case in.Kind() == reflect.String:
				args[j] = reflect.ValueOf("a/b") // an id may hold what a path may not
			default:
				args[j] = reflect.New(in).Elem()
			}
		}
		out := m.Call(args)
		if err, _ := out[len(out)-1].Interface().(error); err != nil {
			t.Errorf("%s: %v", v.Type().Method(i).Name, err)
		}
	}
	if d := cmp.Diff(keys(described), keys(asked)); d != "" {
		t.Errorf("operations and methods differ (-described +asked for):\n%s", d)
	}
}

func keys(m map[string]bool) []string {
	var out []string
	for k := range m {
		out = append(out, k)
	}
	slices.Sort(out)
	return out
}

func TestFailures(t *testing.T) {
	s := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		switch r.URL.Path {
		case "/api/v1/sites":
			w.Header().Set("Content-Type", "application/problem+json")
			w.WriteHeader(http.StatusUnprocessableEntity)
			if _, err := io.WriteString(w, `{"title":"Unprocessable Entity","status":422,"detail":"no","errors":[{"location":"body.name","message":"is required"}]}`); err != nil {
				t.Error(err)
			}
		case "/api/v1/me":
			http.Error(w, "<html>", http.StatusBadGateway)
		case "/api/v1/devices.csv":
			w.Header().Set("Content-Length", "100")
			if _, err := io.WriteString(w, "short"); err != nil {
				t.Error(err)
			}
		case "/api/v1/roles":
			http.Redirect(w, r, "https://elsewhere.invalid/", http.StatusFound)
		}
	}))
	c, err := client.New(s.URL, "trw_x", nil)
	if err != nil {
		t.Fatal(err)
	}
	ctx := t.Context()
	var p *apiv1.Problem
	if _, err := c.Sites(ctx); !errors.As(err, &p) || p.Status != 422 || p.Errors[0].Location != "body.name" {
		t.Errorf("problem = %v", err)
	}
	if _, err := c.Me(ctx); !errors.As(err, &p) || p.Status != 502 {
		t.Errorf("no problem = %v", err)
	}
	if err := c.ExportDevicesCSV(ctx, apiv1.DeviceFilter{}, &bytes.Buffer{}); err == nil || !strings.Contains(err.Error(), "broke off") {
		t.Errorf("broken export = %v", err)
	}
	if _, err := c.Roles(ctx); !errors.As(err, &p) || p.Status != 302 {
		t.Errorf("redirect = %v", err)
	}
	s.Close()
	if _, err := c.Sites(ctx); !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("closed server = %v", err)
	}
	for _, address := range []string{"http://triward.example.org", "triward", "ftp://x"} {
		if _, err := client.New(address, "trw_x", nil); err == nil {
			t.Errorf("%s was taken", address)
		}
	}
}

func TestSocket(t *testing.T) {
	path := filepath.Join(t.TempDir(), "s")
	l, err := net.Listen("unix", path)
	if err != nil {
		t.Fatal(err)
	}
	s := &http.Server{Handler: http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		if _, err := io.WriteString(w, `{"items":[{"id":"site_1","name":"`+r.Header.Get("Authorization")+`"}]}`); err != nil {
			t.Error(err)
		}
	})}
	go s.Serve(l)
	defer s.Close()
	got, err := client.Socket(path).Sites(t.Context())
	if err != nil || len(got.Items) != 1 || got.Items[0].Name != "" {
		t.Errorf("sites = %+v, %v", got, err)
	}
	if _, err := client.Socket(path + "x").Sites(t.Context()); !errors.Is(err, client.ErrUnreachable) {
		t.Errorf("no socket = %v", err)
	}
}

func TestEach(t *testing.T) {
	pages := map[string]apiv1.Page[int]{"": {Items: []int{1, 2}, Next: "b"}, "b": {Items: []int{3}}}
	var got []int
	err := client.Each(func(after string) (apiv1.Page[int], error) { return pages[after], nil }, func(n int) error { got = append(got, n); return nil })
	if d := cmp.Diff([]int{1, 2, 3}, got); d != "" || err != nil {
		t.Errorf("%v %s", err, d)
	}
}
