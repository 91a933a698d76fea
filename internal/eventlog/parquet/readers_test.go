package parquet

import (
	"encoding/hex"
	"encoding/json"
	"errors"
	"fmt"
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

// Both programs come as modules of Node. Each runs a statement over the files of a log and prints its rows as JSON.
const (
	duckdb = `
const { DuckDBInstance } = require('@duckdb/node-api');
(async () => {
  const c = await (await DuckDBInstance.create(':memory:')).connect();
  const r = await c.runAndReadAll(process.argv[1]);
  process.stdout.write(JSON.stringify(r.getRowsJson()));
})().catch(e => { console.error(String(e)); process.exit(1); });
`
	clickhouse = `
const { query } = require('chdb');
const rows = query(process.argv[1] + ' SETTINGS output_format_json_quote_64bit_integers = 1', 'JSONCompactEachRow');
process.stdout.write('[' + rows.trim().split('\n').join(',') + ']');
`
)

// ask runs a statement in another reader of the files.
func ask(t *testing.T, reader, statement string) (rows [][]any) {
	t.Helper()
	dir := os.Getenv("TRIWARD_TEST_READERS")
	if dir == "" {
		if os.Getenv("TRIWARD_TEST_REQUIRE") == "1" {
			t.Fatal("TRIWARD_TEST_READERS is not set and TRIWARD_TEST_REQUIRE is")
		}
		t.Skip("needs other readers of Parquet: TRIWARD_TEST_READERS names a folder where npm installed @duckdb/node-api and chdb")
	}
	c := exec.CommandContext(t.Context(), "node", "-e", reader, statement)
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

// fill writes events into a log so that its files have several groups of rows, and gives them in order.
func fill(t *testing.T, dir string) []eventlog.Event {
	t.Helper()
	l := openLog(t, testdb.SQLite(t), dir)
	t.Cleanup(func() { leave(t, l) })
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
	return events
}

// compare holds rows of another reader against the events. Whole numbers come as numbers, as texts, or as true and false.
func compare(t *testing.T, rows [][]any, events []eventlog.Event) {
	t.Helper()
	if len(rows) != len(events) {
		t.Fatalf("%d rows of %d events", len(rows), len(events))
	}
	for i := range events {
		e := &events[i]
		want := []string{upper(e.ID[:]), number(e.At()), fmt.Sprint(e.Time != 0), number(e.Received), e.User, e.Device, e.SrcIP, number(e.DstPort), number(e.Class), number(e.Skew), fmt.Sprint(e.SkewKnown),
			e.Message, e.Field("syslog.procid"), number(len(e.Fields)), number(len(e.Raw)), upper(e.Raw[:min(64, len(e.Raw))])}
		got := make([]string, len(rows[i]))
		for n, v := range rows[i] {
			if got[n] = ""; v != nil {
				got[n] = fmt.Sprint(v)
			}
			if f, ok := v.(float64); ok {
				got[n] = number(int64(f))
			}
		}
		if diff := cmp.Diff(want, got); diff != "" {
			t.Fatalf("event %d: %s", i, diff)
		}
	}
}

func number[T int | int32 | int64](n T) string { return strconv.FormatInt(int64(n), 10) }

// The files open in another program as they are: every event is there, with its fields and its original.
func TestDuckDBReadsTheFiles(t *testing.T) {
	dir := t.TempDir()
	events := fill(t, dir)
	files := filepath.Join(dir, "*"+dataSuffix)
	compare(t, ask(t, duckdb, `SELECT hex(id), epoch_us("at"), dated, epoch_us(received), "user", device, src_ip, dst_port, class, skew, skew_known, message,
		fields['syslog.procid'], cardinality(fields), octet_length(raw), hex(raw[1:64])
		FROM read_parquet('`+files+`') ORDER BY "at", id`), events)
	// What is asked for is found by the bounds and the Bloom filters of the file.
	device, n := ofOneDevice(events)
	if got := ask(t, duckdb, `SELECT count(*)::INTEGER FROM read_parquet('`+files+`') WHERE device = '`+device+`'`); got[0][0] != float64(n) {
		t.Errorf("%v events of a device, want %d", got[0][0], n)
	}
	if got := ask(t, duckdb, `SELECT count(*)::INTEGER FROM parquet_bloom_probe('`+files+`', 'device', 'dev_nobody') WHERE NOT bloom_filter_excludes`); got[0][0] != float64(0) {
		t.Errorf("the filter of devices excludes too little: %v groups may have one that is not there", got[0][0])
	}
}

// A current ClickHouse reads them too, and skips groups of rows by the filters that are in them.
func TestClickHouseReadsTheFiles(t *testing.T) {
	dir := t.TempDir()
	events := fill(t, dir)
	from := ` FROM file('` + filepath.Join(dir, "*"+dataSuffix) + `', Parquet)`
	compare(t, ask(t, clickhouse, `SELECT hex(id), toUnixTimestamp64Micro(at), dated, toUnixTimestamp64Micro(received), user, device, src_ip, dst_port, class, skew, skew_known, message,
		fields['syslog.procid'], length(fields), length(raw), hex(substring(raw, 1, 64))`+from+` ORDER BY at, id`), events)
	device, n := ofOneDevice(events)
	if got := ask(t, clickhouse, `SELECT toInt32(count(*))`+from+` WHERE device = '`+device+`'`); got[0][0] != float64(n) {
		t.Errorf("%v events of a device, want %d", got[0][0], n)
	}
}

// ofOneDevice is a device and how many events it has.
func ofOneDevice(events []eventlog.Event) (device string, n int) {
	device = events[len(events)/2].Device
	for i := range events {
		if events[i].Device == device {
			n++
		}
	}
	return device, n
}

func upper(b []byte) string { return strings.ToUpper(hex.EncodeToString(b)) }
