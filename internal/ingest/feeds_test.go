package ingest_test

import (
	"context"
	"crypto/tls"
	"fmt"
	"log/slog"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/ingest"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
	"triward/internal/vuln"
)

func feeds(db *store.DB) ingest.Feeds {
	return ingest.Feeds{DB: db, Log: slog.New(slog.DiscardHandler), Actor: store.System("feeds"),
		Fetcher: ingest.Fetcher{HTTP: ingest.NewClient(&tls.Config{MinVersion: tls.VersionTLS12}), Attempts: 1,
			Wait: func(context.Context, time.Duration) error { return nil }}}
}

func addFeed(t *testing.T, db *store.DB, f vuln.Feed) string {
	t.Helper()
	f.Name, f.EveryMinutes, f.Enabled = string(f.Kind)+" "+f.URL, 60, true
	id, err := vuln.Feeds{DB: db}.Add(testdb.System(), f)
	if err != nil {
		t.Fatal(err)
	}
	return id
}

func readFeed(t *testing.T, db *store.DB, id string) (f vuln.Feed) {
	t.Helper()
	err := db.View(testdb.System(), func(r store.Reader) (err error) {
		f, err = vuln.GetFeed(testdb.System(), r, id)
		return err
	})
	if err != nil {
		t.Fatal(err)
	}
	return f
}

func write(t *testing.T, name, text string) string {
	t.Helper()
	path := filepath.Join(t.TempDir(), name)
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

const oneKEV = `{"title":"x","catalogVersion":"1","dateReleased":"2026-11-01T00:00:00.0000Z","count":1,"vulnerabilities":[{"cveID":"CVE-2026-90001","vendorProject":"Northmere",
"product":"Rill","vulnerabilityName":"x","dateAdded":"2026-11-01","shortDescription":"x","requiredAction":"x","dueDate":"2026-11-21","knownRansomwareCampaignUse":"Unknown"}]}`

func TestFeedOverHTTPAsksOnlyForWhatChanged(t *testing.T) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		var answer func(w http.ResponseWriter, r *http.Request)
		srv := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) { answer(w, r) }))
		defer srv.Close()
		id := addFeed(t, db, vuln.Feed{Kind: vuln.FeedKEV, URL: srv.URL + "/kev.json"})
		s, ctx := feeds(db), testdb.System()

		answer = func(w http.ResponseWriter, _ *http.Request) {
			w.Header().Set("ETag", `"one"`)
			fmt.Fprint(w, oneKEV)
		}
		if r, err := s.Run(ctx, id); err != nil || r.Fresh != 1 {
			t.Fatalf("first run: %+v, %v", r, err)
		}
		st := readFeed(t, db, id).State
		if st.ETag != `"one"` || !st.NextRun.Equal(clock.Now().Add(time.Hour)) || st.Running() {
			t.Errorf("state after the first run: %+v", st)
		}

		asked := ""
		answer = func(w http.ResponseWriter, r *http.Request) {
			asked = r.Header.Get("If-None-Match")
			w.WriteHeader(http.StatusNotModified)
		}
		clock.Advance(time.Hour)
		if n, err := s.RunDue(ctx); n != 1 || err != nil || asked != `"one"` {
			t.Errorf("second run: %d, %v, asked with %q", n, err, asked)
		}
		if n, err := s.RunDue(ctx); n != 0 || err != nil {
			t.Errorf("ran %d feeds that were not due, %v", n, err)
		}

		answer = func(w http.ResponseWriter, r *http.Request) {
			asked = r.Header.Get("If-None-Match")
			fmt.Fprint(w, oneKEV)
		}
		if r, err := s.Run(ctx, id); err != nil || r.Same != 1 || asked != "" {
			t.Errorf("a run by hand must load the whole: %+v, %v, asked with %q", r, err, asked)
		}
		answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, oneKEV[:100]) }
		for i, pause := range []time.Duration{5 * time.Minute, 10 * time.Minute, 20 * time.Minute} {
			if _, err := s.Run(ctx, id); problem.KindOf(err) != problem.Invalid {
				t.Errorf("a cut catalogue: %v, want Invalid", err)
			}
			st := readFeed(t, db, id).State
			if st.Failures != i+1 || st.Error == "" || !st.NextRun.Equal(clock.Now().Add(pause)) {
				t.Errorf("after %d failures: %+v", i+1, st)
			}
		}
		answer = func(w http.ResponseWriter, _ *http.Request) { fmt.Fprint(w, oneKEV) }
		if r, err := s.Run(ctx, id); err != nil || r.Same != 1 {
			t.Errorf("after the failures: %+v, %v", r, err)
		}
		if st := readFeed(t, db, id).State; st.Failures != 0 || st.Error != "" {
			t.Errorf("state after recovery: %+v", st)
		}
	})
}

func TestFeedKeepsFaultsAndTheRest(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		dir := t.TempDir()
		for name, text := range map[string]string{
			"good.json":   `{"id":"GO-2026-0001","modified":"2026-11-01T00:00:00Z","summary":"x","affected":[{"package":{"ecosystem":"Go","name":"example.invalid/x"},"ranges":[{"type":"SEMVER","events":[{"introduced":"0"},{"fixed":"1.2.0"}]}]}]}`,
			"cut.json":    `{"id":"GO-2026-0002","modified":`,
			"notjson.txt": "not looked at",
		} {
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
				t.Fatal(err)
			}
		}
		id := addFeed(t, db, vuln.Feed{Kind: vuln.FeedOSV, URL: "file:" + dir})
		r, err := feeds(db).Run(testdb.System(), id)
		if err != nil || r.Read != 2 || r.Fresh != 1 || len(r.Faults) != 1 {
			t.Errorf("result %+v, %v", r, err)
		}
		if st := readFeed(t, db, id).State; st.Faults != 1 || st.Records != 2 {
			t.Errorf("state %+v", st)
		}
	})
}

// A page of NVD API 2.0 holds many records; each is kept with the bytes that are its own.
func TestNVDPageIsKeptRecordByRecord(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		member := func(id string) string {
			return fmt.Sprintf(`{"cve":{"id":%q,"published":"2026-11-01T00:00:00.000","lastModified":"2026-11-02T00:00:00.000","vulnStatus":"Analyzed","descriptions":[{"lang":"en","value":"x"}],
"configurations":[{"nodes":[{"operator":"OR","negate":false,"cpeMatch":[{"vulnerable":true,"criteria":"cpe:2.3:o:northmere:rill_firmware:*:*:*:*:*:*:*:*","versionEndExcluding":"2.0","matchCriteriaId":"A"}]}]}]}}`, id)
		}
		path := write(t, "page.json", `{"resultsPerPage":2,"startIndex":0,"totalResults":2,"format":"NVD_CVE","version":"2.0","vulnerabilities":[`+member("CVE-2026-90001")+","+member("CVE-2026-90002")+`]}`)
		id := addFeed(t, db, vuln.Feed{Kind: vuln.FeedNVD, URL: "file:" + path})
		r, err := feeds(db).Run(testdb.System(), id)
		if err != nil || r.Fresh != 2 {
			t.Fatalf("result %+v, %v", r, err)
		}
		err = db.View(testdb.System(), func(r store.Reader) error {
			keys, err := store.All(testdb.System(), r, store.Value[string], `SELECT key FROM record ORDER BY key`)
			if d := cmp.Diff([]string{"nvd/CVE-2026-90001", "nvd/CVE-2026-90002"}, keys); d != "" {
				t.Error(d)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
		if r, err = feeds(db).Run(testdb.System(), id); err != nil || r.Same != 2 {
			t.Errorf("the same page again: %+v, %v", r, err)
		}
	})
}

func TestOlderScoresAreNotTaken(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		s, ctx := feeds(db), testdb.System()
		run := func(day, score string) vuln.LoadResult {
			t.Helper()
			path := write(t, "epss.csv", "#model_version:v2026,score_date:"+day+"T00:00:00+0000\ncve,epss,percentile\nCVE-2026-90001,"+score+",0.5\n")
			r, err := s.Run(ctx, addFeed(t, db, vuln.Feed{Kind: vuln.FeedEPSS, URL: "file:" + path}))
			if err != nil {
				t.Fatal(err)
			}
			return r
		}
		run("2026-11-02", "0.25")
		if r := run("2026-11-01", "0.75"); r.Fresh != 0 || r.Older != 1 {
			t.Errorf("an older day: %+v", r)
		}
		err := db.View(ctx, func(r store.Reader) error {
			th, err := vuln.Threats(ctx, r, []string{"CVE-2026-90001"})
			if err == nil && (th["CVE-2026-90001"] == nil || th["CVE-2026-90001"].EPSS.Score != 0.25) {
				t.Errorf("threat %+v", th)
			}
			return err
		})
		if err != nil {
			t.Error(err)
		}
	})
}

func TestFeedNeedsPermissionAndAnAddress(t *testing.T) {
	db := testdb.SQLite(t)
	id := addFeed(t, db, vuln.Feed{Kind: vuln.FeedKEV, URL: "file:/nowhere/kev.json"})
	reader := store.WithActor(context.Background(), store.Actor{ID: "usr_1", Grants: []store.Grant{{Kinds: []string{"vuln.read"}, All: true}}})
	if _, err := feeds(db).Run(reader, id); problem.KindOf(err) != problem.Forbidden {
		t.Errorf("error %v, want Forbidden", err)
	}
	if _, err := feeds(db).Run(testdb.System(), id); problem.KindOf(err) != problem.NotFound {
		t.Errorf("error %v, want NotFound", err)
	}
	for _, url := range []string{"", "http://example.org/x", "ftp://x", "file:relative", "https://user:pw@example.org/"} {
		f := vuln.Feed{Name: "x", Kind: vuln.FeedKEV, URL: url}
		if err := f.Validate(); problem.KindOf(err) != problem.Invalid {
			t.Errorf("%q: %v, want Invalid", url, err)
		}
	}
}
