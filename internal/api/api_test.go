package api_test

import (
	"bytes"
	"context"
	"encoding/json"
	"flag"
	"io"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/apiv1"
	"triward/internal/api"
	"triward/internal/blob"
	"triward/internal/detection"
	"triward/internal/detection/baseline"
	"triward/internal/detection/reading"
	"triward/internal/device"
	"triward/internal/document"
	"triward/internal/document/distribution"
	"triward/internal/document/upkeep"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/incident/disclosure"
	"triward/internal/incident/draft"
	"triward/internal/incident/exercise"
	"triward/internal/incident/loop"
	"triward/internal/incident/telling"
	"triward/internal/ledger"
	"triward/internal/procedure"
	"triward/internal/product"
	"triward/internal/risk"
	"triward/internal/signature/signaturetest"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/training"
	"triward/internal/vuln"
)

var update = flag.Bool("update", false, "write the golden files")

// golden compares a text with a file of the repository.
func golden(t *testing.T, file string, got []byte) {
	t.Helper()
	if *update {
		if err := os.MkdirAll(filepath.Dir(file), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(file, got, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	if d := cmp.Diff(string(want), string(got)); d != "" {
		t.Errorf("%s is not up to date; run the test with -update and review (-want +got):\n%s", file, d)
	}
}

// fixture is an API over a database, and who calls it.
type fixture struct {
	t      *testing.T
	db     *store.DB
	server *api.Server
	http   http.Handler
	actor  store.Actor
	ran    chan string // feeds that were asked to run
	signer *signaturetest.Signer
}

func newFixture(t *testing.T, db *store.DB) *fixture {
	t.Helper()
	key, err := ledger.OpenKey(filepath.Join(t.TempDir(), "key"), "test.invalid/triward")
	if err != nil {
		t.Fatal(err)
	}
	blobs, err := blob.Open(context.Background(), "dir:"+t.TempDir())
	if err != nil {
		t.Fatal(err)
	}
	papers := document.Library{DB: db, Blobs: blobs, URL: "https://test.invalid"}
	f := &fixture{t: t, db: db, actor: store.System("test"), ran: make(chan string, 10)}
	f.signer = signaturetest.New(t, db)
	f.server = &api.Server{DB: db, People: f.signer.People, Signer: f.signer.Signer, Fleet: device.Fleet{DB: db},
		Catalog: product.Catalog{DB: db}, Verdicts: vuln.Verdicts{DB: db}, Feeds: vuln.Feeds{DB: db}, Decisions: risk.Decisions{DB: db}, Tables: risk.Tables{DB: db},
		Desk: training.Desk{DB: db, Performances: func(context.Context, store.Reader, string) ([]training.Performance, error) { return nil, nil }}, Runs: procedure.Runs{DB: db}, Cases: incident.Cases{DB: db}, Drills: exercise.Drills{DB: db, Cases: incident.Cases{DB: db}}, Loop: loop.Desk{DB: db, Runs: procedure.Runs{DB: db}, Library: papers}, Vault: custody.Vault{DB: db}, Drafts: draft.Desk{DB: db}, Telling: telling.Desk{DB: db, Draft: paper}, Disclosures: disclosure.Desk{DB: db},
		Library: papers, Upkeep: upkeep.Desk{Library: papers}, Distribution: distribution.Desk{DB: db}, Ledger: ledger.Ledger{DB: db, Key: key}, RunFeed: func(_ context.Context, feed string) error { f.ran <- feed; return nil }, Version: "test",
		Log: slog.New(slog.NewTextHandler(io.Discard, nil))}
	events, err := parquet.Open(context.Background(), db, filepath.Join(t.TempDir(), "events"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { events.Close(context.Background()) })
	f.server.Sources, f.server.Rules, f.server.Alerts, f.server.Baselines = detection.Sources{DB: db}, detection.Rules{DB: db}, detection.Alerts{DB: db}, baseline.Desk{DB: db}
	f.server.Events = reading.Desk{DB: db, Log: events}
	if err := f.server.People.Seed(context.Background()); err != nil {
		t.Fatal(err)
	}
	f.http = f.server.Handler()
	t.Cleanup(f.server.Wait)
	return f
}

// as is the fixture with another actor.
func (f *fixture) as(a store.Actor) *fixture {
	g := *f
	g.actor = a
	return &g
}

// send makes a request as the fixture's actor. A body that is not text or bytes is sent as JSON.
func (f *fixture) send(method, path string, body any) *httptest.ResponseRecorder {
	f.t.Helper()
	r := f.request(method, path, body)
	if f.actor.ID != "" {
		r = r.WithContext(store.WithActor(r.Context(), f.actor))
	}
	w := httptest.NewRecorder()
	f.http.ServeHTTP(w, r)
	return w
}

func (f *fixture) request(method, path string, body any) *http.Request {
	f.t.Helper()
	var text []byte
	kind := "application/json"
	switch b := body.(type) {
	case nil:
	case string:
		text, kind = []byte(b), "application/octet-stream"
	case []byte:
		text, kind = b, "application/octet-stream"
	default:
		var err error
		if text, err = json.Marshal(b); err != nil {
			f.t.Fatal(err)
		}
	}
	r := httptest.NewRequest(method, "/api/v1"+path, bytes.NewReader(text))
	if body != nil {
		r.Header.Set("Content-Type", kind)
	}
	return r
}

// must sends and reads an answer that has to succeed.
func must[T any](f *fixture, method, path string, body any) T {
	f.t.Helper()
	w := f.send(method, path, body)
	var v T
	if w.Code >= 300 {
		f.t.Fatalf("%s %s: %d %s", method, path, w.Code, w.Body)
	}
	if w.Body.Len() > 0 {
		if err := json.Unmarshal(w.Body.Bytes(), &v); err != nil {
			f.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
		}
	}
	return v
}

// refused sends and reads the Problem of an answer that has to have a status.
func refused(f *fixture, status int, method, path string, body any) apiv1.Problem {
	f.t.Helper()
	w := f.send(method, path, body)
	var p apiv1.Problem
	if w.Code != status || w.Header().Get("Content-Type") != "application/problem+json" {
		f.t.Fatalf("%s %s: %d %s %s, want %d", method, path, w.Code, w.Header().Get("Content-Type"), w.Body, status)
	}
	if err := json.Unmarshal(w.Body.Bytes(), &p); err != nil || p.Status != status {
		f.t.Fatalf("%s %s: %v in %s", method, path, err, w.Body)
	}
	return p
}

type empty struct{}

func TestOpenAPI(t *testing.T) {
	f := newFixture(t, testdb.SQLite(t))
	y, err := f.server.OpenAPI()
	if err != nil {
		t.Fatal(err)
	}
	golden(t, "../../apiv1/openapi.yaml", y)
	for path, kind := range map[string]string{"/api/openapi.yaml": "application/yaml", "/api/openapi.json": "application/json", "/api": "text/html; charset=utf-8", "/api/": "text/html; charset=utf-8"} {
		w := httptest.NewRecorder()
		f.http.ServeHTTP(w, httptest.NewRequest(http.MethodGet, path, nil))
		if w.Code != 200 || w.Header().Get("Content-Type") != kind || w.Body.Len() < 1000 {
			t.Errorf("%s: %d %s, %d bytes", path, w.Code, w.Header().Get("Content-Type"), w.Body.Len())
		}
		if strings.Contains(w.Body.String(), "<script") {
			t.Errorf("%s has a script", path)
		}
	}
}

func TestSitesAndDevices(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		f := newFixture(t, db)
		site := must[apiv1.Made](f, "POST", "/sites", apiv1.SiteInput{Name: "North hospital"})
		must[empty](f, "PUT", "/sites/"+site.ID, apiv1.SiteInput{Name: "North Hospital"})
		if got := must[apiv1.List[apiv1.Site]](f, "GET", "/sites", nil); len(got.Items) != 1 || got.Items[0].Name != "North Hospital" {
			t.Fatalf("sites = %+v", got)
		}
		var ids []string
		for _, tag := range []string{"A-1", "A-2", "B-1"} {
			made := must[apiv1.Made](f, "POST", "/devices", apiv1.DeviceInput{AssetTag: tag, Site: site.ID, Ward: "ICU", RawVendor: "Vela", RawModel: "Pump", Serial: "S" + tag,
				Connectivity: []string{"wireless"}, InUse: "yes", Manufactured: "2020-05-17", Values: []apiv1.Value{{Name: "room", Value: "12"}},
				Network: []apiv1.Identity{{Kind: "ip", Value: "10.0.0." + tag[2:]}}})
			ids = append(ids, made.ID)
		}
		d := must[apiv1.Device](f, "GET", "/devices/"+ids[0], nil)
		if d.AssetTag != "A-1" || d.Manufactured != "2020-05-17" || d.SiteName != "North Hospital" || d.State != "active" || len(d.Network) != 1 || d.Values[0].Value != "12" {
			t.Errorf("device = %+v", d)
		}
		first := must[apiv1.Page[apiv1.DeviceItem]](f, "GET", "/devices?limit=2&site="+site.ID, nil)
		second := must[apiv1.Page[apiv1.DeviceItem]](f, "GET", "/devices?limit=2&site="+site.ID+"&after="+first.Next, nil)
		if len(first.Items) != 2 || len(second.Items) != 1 || second.Next != "" || second.Items[0].AssetTag != "B-1" {
			t.Errorf("pages = %+v, %+v", first, second)
		}
		if got := must[apiv1.Page[apiv1.DeviceItem]](f, "GET", "/devices?q=b-", nil); len(got.Items) != 1 || got.Items[0].Matched == "" {
			t.Errorf("search = %+v", got)
		}
		change := apiv1.DeviceChange{DeviceInput: d.DeviceInput, IfChanged: d.Changed}
		change.Ward = "OR 2"
		must[empty](f, "PUT", "/devices/"+ids[0], change)
		must[empty](f, "POST", "/devices/"+ids[0]+"/identities", apiv1.IdentityInput{Kind: "mac", Value: "02-00-00-00-00-01"})
		change.IfChanged = change.IfChanged.Add(-time.Second)
		refused(f, http.StatusConflict, "PUT", "/devices/"+ids[0], change)
		nets := must[apiv1.List[apiv1.Identity]](f, "GET", "/devices/"+ids[0]+"/identities", nil)
		if len(nets.Items) != 2 || nets.Items[1].Value != "02:00:00:00:00:01" {
			t.Errorf("identities = %+v", nets)
		}
		fact := must[apiv1.Made](f, "POST", "/devices/"+ids[0]+"/facts", apiv1.Part{Kind: "os", Vendor: "Vela", Product: "OS", Version: "7", Source: "label", Confidence: "declared"})
		if got := must[apiv1.List[apiv1.Fact]](f, "GET", "/devices/"+ids[0]+"/facts", nil); len(got.Items) != 1 || got.Items[0].Of != "device" {
			t.Errorf("facts = %+v", got)
		}
		must[empty](f, "DELETE", "/device-facts/"+fact.ID, nil)
		must[empty](f, "POST", "/devices/"+ids[1]+"/retire", apiv1.Reason{Reason: "sold"})
		must[empty](f, "POST", "/devices/"+ids[1]+"/reinstate", apiv1.Reason{Reason: "came back"})
		must[empty](f, "POST", "/devices/"+ids[0]+"/merge", apiv1.DeviceMerge{Drop: ids[2], Reason: "one label"})
		history := must[apiv1.Page[apiv1.Entry]](f, "GET", "/devices/"+ids[0]+"/history?limit=2", nil)
		if len(history.Items) != 2 || history.Items[0].Kind != device.KindMerged || history.Next == "" {
			t.Errorf("history = %+v", history)
		}
		csv := f.send("GET", "/devices.csv?site="+site.ID, nil)
		if lines := strings.Count(csv.Body.String(), "\n"); csv.Code != 200 || lines != 3 || !strings.HasPrefix(csv.Header().Get("Content-Type"), "text/csv") {
			t.Errorf("export = %d %s", csv.Code, csv.Body)
		}
		if all := must[[]map[string]any](f, "GET", "/devices.json", nil); len(all) != 2 {
			t.Errorf("export = %v", all)
		}
	})
}

func TestFaultsNameTheirPlace(t *testing.T) {
	f := newFixture(t, testdb.SQLite(t))
	p := refused(f, 422, "POST", "/devices", map[string]any{"asset_tag": "A", "in_use": "perhaps", "colour": "red", "manufactured": "yesterday"})
	want := []string{"body.in_use", "body.manufactured", "body.colour"}
	if d := cmp.Diff(want, places(p)); d != "" {
		t.Errorf("places of the schema (-want +got):\n%s", d)
	}
	p = refused(f, 422, "POST", "/devices", apiv1.DeviceInput{Connectivity: []string{"none", "internet"}, Network: []apiv1.Identity{{Kind: "mac", Value: "x"}}})
	if d := cmp.Diff([]string{"body.connectivity", "body.identities[0].mac"}, places(p)); d != "" {
		t.Errorf("places of the domain (-want +got):\n%s", d)
	}
	p = refused(f, 422, "GET", "/devices?limit=5000&colour=red", nil)
	if got := places(p); len(got) == 0 || got[0] != "query.colour" {
		t.Errorf("places of the query = %v", got)
	}
	if p := refused(f, 422, "POST", "/accounts", map[string]any{"login": 5, "name": "secret-value"}); strings.Contains(p.Detail+p.Errors[0].Message, "secret-value") {
		t.Errorf("a value is repeated: %+v", p)
	}
	refused(f, 404, "GET", "/devices/dev_nothing", nil)
	refused(f, 404, "GET", "/nothing", nil)
	if w := f.send("DELETE", "/devices", nil); w.Code != 405 || w.Header().Get("Allow") != "GET, POST" {
		t.Errorf("wrong method: %d, Allow %q", w.Code, w.Header().Get("Allow"))
	}
	refused(f, 413, "POST", "/devices", strings.Repeat(" ", 5<<20))
	refused(f, 422, "GET", "/lines?after=broken", nil)
}

func places(p apiv1.Problem) []string {
	var out []string
	for _, e := range p.Errors {
		out = append(out, e.Location)
	}
	return out
}
