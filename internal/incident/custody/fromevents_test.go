package custody_test

import (
	"archive/zip"
	"bytes"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/internal/blob"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/incident"
	"triward/internal/incident/custody"
	"triward/internal/store"
	"triward/internal/testdb"
)

// The sealed item is an archive with the events of the search and their manifest.
func TestTakeEvents(t *testing.T) {
	testdb.Each(t, func(t *testing.T, db *store.DB) {
		ok := func(err error) {
			t.Helper()
			if err != nil {
				t.Fatal(err)
			}
		}
		ctx := testdb.System()
		log, err := parquet.Open(t.Context(), db, t.TempDir())
		ok(err)
		defer log.Close(t.Context())
		blobs, err := blob.Open(t.Context(), "dir:"+t.TempDir())
		ok(err)
		keys, err := custody.OpenKeys(filepath.Join(t.TempDir(), "key"))
		ok(err)
		v := custody.Vault{DB: db, Blobs: blobs, Keys: keys}
		of, err := incident.Cases{DB: db}.Declare(ctx, incident.Declaration{Systems: []string{"Archive"}, Incident: incident.Incident{Title: "x", Cyber: 2, Clinical: 2, TLP: incident.Amber, PAP: incident.Amber, Care: incident.Normal,
			Legal: incident.NoLegal, Disclosure: incident.Undisclosed, Aware: db.Now().Add(-time.Hour), AwareWho: "Ann", AwareHow: "a call"}})
		ok(err)
		var events []eventlog.Event
		for n, user := range []string{"jdoe", "other"} {
			at := db.Now().Add(-time.Hour).UnixMicro()
			e := eventlog.Event{ID: eventlog.Derive("src", "take").At(int64(n)), Source: "src", Received: at, Time: at, Format: "syslog", User: user, Raw: []byte("as it came from " + user)}
			e.Fit()
			events = append(events, e)
		}
		_, err = log.Append(t.Context(), events)
		ok(err)
		q := eventlog.Query{Where: []eventlog.Condition{{Field: "user", Op: eventlog.Is, Values: []string{"jdoe"}}}}
		id, m, err := v.TakeEvents(ctx, reading.Desk{DB: db, Log: log}, q, custody.Item{Incident: of, Authority: "head", Method: "export", File: "x.zip"})
		ok(err)
		if m.Events != 1 {
			t.Errorf("manifest %+v", m)
		}
		var b bytes.Buffer
		_, content, err := v.Open(ctx, id, "look")
		ok(err)
		_, err = io.Copy(&b, content)
		ok(err)
		ok(content.Close())
		z, err := zip.NewReader(bytes.NewReader(b.Bytes()), int64(b.Len()))
		ok(err)
		all := map[string]string{}
		for _, f := range z.File {
			r, err := f.Open()
			ok(err)
			text, err := io.ReadAll(r)
			ok(err)
			all[f.Name] = string(text)
		}
		held := ""
		for name, text := range all {
			if name != "manifest.json" {
				held += text
			}
		}
		if !strings.Contains(all["manifest.json"], "triward-events/1") || !strings.Contains(held, "jdoe") || strings.Contains(held, "other") {
			t.Errorf("archive %v", all)
		}
	})
}
