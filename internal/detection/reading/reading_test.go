package reading_test

import (
	"archive/zip"
	"bytes"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"io"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"triward/internal/detection"
	"triward/internal/detection/reading"
	"triward/internal/eventlog"
	"triward/internal/eventlog/parquet"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/testdb"
)

func TestQuestionsAreRead(t *testing.T) {
	is := func(field string, op eventlog.Op, values ...string) eventlog.Condition {
		return eventlog.Condition{Field: field, Op: op, Values: values}
	}
	not := func(c eventlog.Condition) eventlog.Condition { c.Not = true; return c }
	for text, want := range map[string]eventlog.Query{
		"":                       {},
		"C-FIND refused":         {Text: "C-FIND refused"},
		`"access denied" now`:    {Text: `"access denied" now`},
		"user:jdoe":              {Where: []eventlog.Condition{is("user", eventlog.Is, "jdoe")}},
		"user:jdoe|svc":          {Where: []eventlog.Condition{is("user", eventlog.Is, "jdoe", "svc")}},
		`user:"Mary Ann" failed`: {Where: []eventlog.Condition{is("user", eventlog.Is, "Mary Ann")}, Text: "failed"},
		"-user:jdoe":             {Where: []eventlog.Condition{not(is("user", eventlog.Is, "jdoe"))}},
		"http.uri:/wado*":        {Where: []eventlog.Condition{is("http.uri", eventlog.Begins, "/wado")}},
		"host:*.example":         {Where: []eventlog.Condition{is("host", eventlog.Ends, ".example")}},
		"message:*denied*":       {Where: []eventlog.Condition{is("message", eventlog.Contains, "denied")}},
		"hash:*":                 {Where: []eventlog.Condition{is("hash", eventlog.Present)}},
		"-hash:*":                {Where: []eventlog.Condition{not(is("hash", eventlog.Present))}},
		"ip:10.1.0.0/16":         {Where: []eventlog.Condition{is("any.ip", eventlog.Within, "10.1.0.0/16")}},
		"src:10.1.2.3":           {Where: []eventlog.Condition{is("src.ip", eventlog.Is, "10.1.2.3")}},
		"bytes.out>=100000":      {Where: []eventlog.Condition{is("bytes.out", eventlog.AtLeast, "100000")}},
		"bytes.out<=5":           {Where: []eventlog.Condition{is("bytes.out", eventlog.AtMost, "5")}},
		"device:dev_1 ward:ICU":  {Where: []eventlog.Condition{is("any.device", eventlog.Is, "dev_1"), is("dev.ward", eventlog.Is, "ICU")}},
		"error: it failed":       {Text: "error: it failed"},
		"12:30":                  {Text: "12:30"},
		"a..b:c":                 {Text: "a..b:c"},
	} {
		var q eventlog.Query
		if reading.Ask(text, &q); cmp.Diff(want, q) != "" {
			t.Errorf("%q: %s", text, cmp.Diff(want, q))
		}
	}
}

// What Term writes, Ask reads; and no question makes a query that is not valid without saying so.
func FuzzAsk(f *testing.F) {
	f.Add("user", "jdoe")
	f.Add("dev.site", "Main building")
	f.Add("any.ip", "10.0.0.0/8")
	f.Fuzz(func(t *testing.T, field, value string) {
		term := reading.Term(field, value)
		if term == "" {
			reading.Ask(field+":"+value, &eventlog.Query{})
			return
		}
		var q eventlog.Query
		reading.Ask(term, &q)
		if len(q.Where) != 1 || q.Text != "" || len(q.Where[0].Values) != 1 || q.Where[0].Values[0] != value {
			t.Errorf("%q is read as %+v", term, q)
		}
	})
}

// desk has one event of each kind at two sites: a login, a network flow, an audit message and a study.
type desk struct {
	reading.Desk
	*testing.T
	clock *testdb.Clock
	all   []eventlog.Event
}

func each(t *testing.T, fn func(d *desk)) {
	testdb.EachClock(t, func(t *testing.T, db *store.DB, clock *testdb.Clock) {
		log, err := parquet.Open(t.Context(), db, filepath.Join(t.TempDir(), "events"))
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { log.Close(context.Background()) })
		d := &desk{Desk: reading.Desk{DB: db, Log: log}, T: t, clock: clock}
		for i, site := range []string{"sit_a", "sit_b"} {
			for k, e := range []eventlog.Event{
				{Category: "authentication", Format: "syslog", User: "jdoe", Message: "login of jdoe"},
				{Category: "network", Format: "zeek", Fields: []eventlog.Field{{Name: "study.uid", Value: "1.2.3"}}},
				{Category: "audit", Format: "atna"},
				{Category: "network", Format: "zeek"},
			} {
				at := db.Now().Add(-time.Duration(10*i+k) * time.Minute).UnixMicro()
				e.ID, e.Source, e.Site, e.Received, e.Time, e.Raw = eventlog.Derive("src", site).At(int64(k)), "src_1", site, at, at, []byte("as it came")
				e.Fit()
				d.all = append(d.all, e)
			}
		}
		if _, err := log.Append(t.Context(), d.all); err != nil {
			t.Fatal(err)
		}
		fn(d)
	})
}

// as is a reader of some sites, all when none is named; kinds are beside detection.event_read.
func (d *desk) as(sites []string, kinds ...string) context.Context {
	return store.WithActor(context.Background(), store.Actor{ID: "usr_" + strings.Join(sites, ""), Name: "Reader", Grants: []store.Grant{{Kinds: append(kinds, detection.KindEventRead), All: len(sites) == 0, Sites: sites}}})
}

func (d *desk) journal(kind string) (out []store.Entry) {
	d.Helper()
	ctx := testdb.System()
	if err := d.DB.View(ctx, func(r store.Reader) (err error) {
		out, err = store.Journal(ctx, r, store.JournalQuery{Kinds: []string{kind}, Limit: 100})
		return err
	}); err != nil {
		d.Fatal(err)
	}
	return out
}

func (d *desk) search(ctx context.Context) reading.Found {
	d.Helper()
	f, err := d.Search(ctx, eventlog.Query{Limit: 100})
	if err != nil {
		d.Fatal(err)
	}
	return f
}

func TestReadersSeeTheirSitesAndPatientsOnlyWithTheRight(t *testing.T) {
	each(t, func(d *desk) {
		for name, c := range map[string]struct {
			ctx      context.Context
			events   int
			withheld bool
		}{
			"all, with patients":             {d.as(nil, detection.KindPatientsRead), 8, false},
			"all, without":                   {d.as(nil), 4, true},
			"one site, with patients":        {d.as([]string{"sit_a"}, detection.KindPatientsRead), 4, false},
			"one site, without":              {d.as([]string{"sit_a"}), 2, true},
			"a site that does not exist":     {d.as([]string{"sit_x"}), 0, true},
			"the right at another site only": {store.WithActor(context.Background(), store.Actor{ID: "usr_m", Name: "Mixed", Grants: []store.Grant{{Kinds: []string{detection.KindEventRead}, Sites: []string{"sit_a", "sit_b"}}, {Kinds: []string{detection.KindPatientsRead}, Sites: []string{"sit_b"}}}}), 4, true},
		} {
			f := d.search(c.ctx)
			counts, err := d.Count(c.ctx, eventlog.Query{}, eventlog.Bucket{})
			if err != nil {
				d.Fatal(err)
			}
			n := 0
			for _, x := range counts {
				n += int(x.N)
			}
			if len(f.Events) != c.events || n != c.events || f.Withheld != c.withheld {
				d.Errorf("%s: %d events, counted %d, withheld %v", name, len(f.Events), n, f.Withheld)
			}
			for _, e := range d.all {
				if _, err := d.Get(c.ctx, e.ID); (err == nil) != contains(f, e.ID) || err != nil && problem.KindOf(err) != problem.NotFound {
					d.Errorf("%s: event of %s at %s: %v", name, e.Category, e.Site, err)
				}
			}
		}
		if _, err := d.Search(store.WithActor(context.Background(), store.Actor{ID: "usr_n", Name: "Nobody"}), eventlog.Query{}); problem.KindOf(err) != problem.Forbidden {
			d.Errorf("without a role: %v", err)
		}
	})
}

func contains(f reading.Found, id eventlog.ID) bool {
	for i := range f.Events {
		if f.Events[i].ID == id {
			return true
		}
	}
	return false
}

// The same question of the same person is one reading for ten minutes; what was typed is not in the journal.
func TestReadingOfPatientsIsRecorded(t *testing.T) {
	each(t, func(d *desk) {
		ctx := d.as(nil, detection.KindPatientsRead)
		ask := func(text string) {
			var q eventlog.Query
			reading.Ask(text, &q)
			if _, err := d.Search(ctx, q); err != nil {
				d.Fatal(err)
			}
		}
		ask("user:jdoe")
		if n := len(d.journal(detection.KindPatientsRead)); n != 0 {
			d.Fatalf("%d records of a search that found no patient", n)
		}
		ask("category:audit Smith")
		ask("category:audit")
		ask("category:audit")
		read := d.journal(detection.KindPatientsRead)
		if len(read) != 1 || strings.Contains(string(read[0].Body), "Smith") {
			d.Fatalf("%d records: %v", len(read), read)
		}
		d.clock.Advance(11 * time.Minute)
		ask("category:audit")
		if n := len(d.journal(detection.KindPatientsRead)); n != 2 {
			d.Errorf("%d records after eleven minutes", n)
		}
		d.search(d.as(nil))
		if n := len(d.journal(detection.KindPatientsRead)); n != 2 {
			d.Errorf("who may not read of patients has read of some: %d records", n)
		}
	})
}

func TestAnExportCarriesItsManifest(t *testing.T) {
	each(t, func(d *desk) {
		var out bytes.Buffer
		if _, err := d.Export(d.as(nil, detection.KindPatientsRead), eventlog.Query{}, &out); problem.KindOf(err) != problem.Forbidden || out.Len() > 0 {
			d.Fatalf("without the right to export: %v, %d bytes", err, out.Len())
		}
		ctx := d.as(nil, detection.KindPatientsRead, detection.KindEventsExported)
		m, err := d.Export(ctx, eventlog.Query{}, &out)
		if err != nil {
			d.Fatal(err)
		}
		if m.Events != 8 || m.Patients != 4 || m.Cut || m.Withheld {
			d.Errorf("manifest %+v", m)
		}
		z, err := zip.NewReader(bytes.NewReader(out.Bytes()), int64(out.Len()))
		if err != nil {
			d.Fatal(err)
		}
		text := func(name string) []byte {
			f, err := z.Open(name)
			if err != nil {
				d.Fatal(err)
			}
			b, err := io.ReadAll(f)
			if err != nil {
				d.Fatal(err)
			}
			return b
		}
		lines := text("events.jsonl")
		sum := sha256.Sum256(lines)
		var kept reading.Manifest
		if err := json.Unmarshal(text("manifest.json"), &kept); err != nil || kept.SHA256 != hex.EncodeToString(sum[:]) {
			d.Errorf("the manifest's digest is not that of the events: %v", err)
		}
		var first reading.Wire
		if err := json.NewDecoder(bytes.NewReader(lines)).Decode(&first); err != nil || string(first.Raw) != "as it came" || first.Fields["dev.site"] == "" {
			d.Errorf("%+v %v", first, err)
		}
		if bytes.Count(lines, []byte("\n")) != 8 {
			d.Errorf("%d lines", bytes.Count(lines, []byte("\n")))
		}
		if n, p := len(d.journal(detection.KindEventsExported)), len(d.journal(detection.KindPatientsRead)); n != 1 || p != 1 {
			d.Errorf("%d records of the export, %d of reading of patients", n, p)
		}
		out.Reset()
		if m, err := d.Export(d.as([]string{"sit_b"}, detection.KindEventsExported), eventlog.Query{}, &out); err != nil || m.Events != 2 || m.Patients != 0 || !m.Withheld {
			d.Errorf("of one site without patients: %+v, %v", m, err)
		}
	})
}
