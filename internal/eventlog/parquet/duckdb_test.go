package parquet

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
	"triward/internal/testdb"
)

// duckdb runs a statement over the files of a log in DuckDB and gives its rows. DuckDB comes as a module of Node.
const duckdb = `
const { DuckDBInstance } = require('@duckdb/node-api');
(async () => {
  const c = await (await DuckDBInstance.create(':memory:')).connect();
  const r = await c.runAndReadAll(process.argv[1]);
  process.stdout.write(JSON.stringify(r.getRowsJson()));
})().catch(e => { console.error(String(e)); process.exit(1); });
`

func askDuckDB(t *testing.T, statement string) (rows [][]any) {
	t.Helper()
	dir := os.Getenv("TRIWARD_TEST_DUCKDB")
	if dir == "" {
		if os.Getenv("TRIWARD_TEST_REQUIRE") == "1" {
			t.Fatal("TRIWARD_TEST_DUCKDB is not set and TRIWARD_TEST_REQUIRE is")
		}
		t.Skip("needs DuckDB: TRIWARD_TEST_DUCKDB names a folder where npm installed @duckdb/node-api")
	}
	c := exec.CommandContext(t.Context(), "node", "-e", duckdb, statement)
	c.Dir = dir
	out, err := c.Output()
	if err != nil {
		var e *exec.ExitError
		if errors.As(err, &e) {
			t.Logf("%s", e.Stderr)
		}
		t.Fatal(err)
	}
	if err := json.Unmarshal(out, &rows); err != nil {
		t.Fatal(err)
	}
	return rows
}

// The files open in another program as they are: every event is there, with its fields and its original.
func TestDuckDBReadsTheFiles(t *testing.T) {
	dir := t.TempDir()
	l := openLog(t, testdb.SQLite(t), dir)
	defer leave(t, l)
	m := eventlogtest.NewMaker(1, 1000)
	var events []eventlog.Event
	for i := range tierFactor + 1 {
		part := m.Events(groupRows/8 + 30) // merged into several groups
		part[0].Time, part[1].Fields, part[2].Raw = 0, nil, []byte("\x00\xff")
		part[3].Raw = make([]byte, 300_000+i)
		add(t, l, part)
		events = append(events, part...)
	}
	if err := l.Compact(t.Context()); err != nil {
		t.Fatal(err)
	}
	slices.SortFunc(events, func(a, b eventlog.Event) int { return order(&a, &b) })
	files := filepath.Join(dir, "*"+dataSuffix)
	rows := askDuckDB(t, `SELECT hex(id), epoch_us("at"), dated, epoch_us(received), "user", device, src_ip, dst_port, class, skew, skew_known, message,
		fields['syslog.procid'], cardinality(fields), octet_length(raw), hex(raw[1:64])
		FROM read_parquet('`+files+`') ORDER BY "at", id`)
	if len(rows) != len(events) {
		t.Fatalf("%d rows of %d events", len(rows), len(events))
	}
	for i := range events {
		e := &events[i]
		var procid any
		if v := e.Field("syslog.procid"); v != "" {
			procid = v
		}
		want := []any{upper(e.ID[:]), strconv.FormatInt(e.At(), 10), e.Time != 0, strconv.FormatInt(e.Received, 10), e.User, e.Device, e.SrcIP, float64(e.DstPort),
			float64(e.Class), strconv.FormatInt(e.Skew, 10), e.SkewKnown, e.Message, procid, float64(len(e.Fields)), float64(len(e.Raw)), upper(e.Raw[:min(64, len(e.Raw))])}
		got := rows[i]
		for _, n := range []int{13, 14} { // counts come as numbers or, when they are 64 bits wide, as texts
			if s, ok := got[n].(string); ok {
				f, err := strconv.ParseFloat(s, 64)
				if err != nil {
					t.Fatal(err)
				}
				got[n] = f
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("event %d: %s", i, diff)
		}
	}
	// What is asked for is found by the bounds and the Bloom filters of the file.
	device := events[len(events)/2].Device
	n := 0
	for i := range events {
		if events[i].Device == device {
			n++
		}
	}
	if got := askDuckDB(t, `SELECT count(*)::INTEGER FROM read_parquet('`+files+`') WHERE device = '`+device+`'`); got[0][0] != float64(n) {
		t.Errorf("%v events of a device, want %d", got[0][0], n)
	}
	if got := askDuckDB(t, `SELECT count(*)::INTEGER FROM parquet_bloom_probe('`+files+`', 'device', 'dev_nobody') WHERE NOT bloom_filter_excludes`); got[0][0] != float64(0) {
		t.Errorf("the filter of devices excludes too little: %v groups may have one that is not there", got[0][0])
	}
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
