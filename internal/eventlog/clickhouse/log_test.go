package clickhouse

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"syscall"
	"testing"
	"text/template"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"

	"triward/internal/eventlog"
	"triward/internal/eventlog/eventlogtest"
)

// binary is the server that the tests start; "" when there is none.
func binary() string {
	for _, path := range []string{os.Getenv("TRIWARD_TEST_CLICKHOUSE"), "/usr/bin/clickhouse-server", "/usr/sbin/clickhouse-server"} {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

const config = `<?xml version="1.0"?>
<yandex>
	<logger><level>warning</level><log>{{.Dir}}/log</log><errorlog>{{.Dir}}/errors</errorlog></logger>
	<tcp_port>{{.Port}}</tcp_port>
	<listen_host>127.0.0.1</listen_host>
	<mark_cache_size>67108864</mark_cache_size>
	<uncompressed_cache_size>0</uncompressed_cache_size>
	<path>{{.Dir}}/data/</path>
	<tmp_path>{{.Dir}}/tmp/</tmp_path>
	<format_schema_path>{{.Dir}}/formats/</format_schema_path>
	<user_files_path>{{.Dir}}/files/</user_files_path>
	<users_config>users.xml</users_config>
	<default_profile>default</default_profile>
	<default_database>default</default_database>
	<timezone>UTC</timezone>
	<remote_servers><two>{{range .Ports}}
		<shard><replica><host>127.0.0.1</host><port>{{.}}</port></replica></shard>{{end}}
	</two></remote_servers>
</yandex>
`

const users = `<?xml version="1.0"?>
<yandex>
	<profiles><default><max_memory_usage>2000000000</max_memory_usage><max_threads>2</max_threads></default></profiles>
	<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
	<quotas><default></default></quotas>
</yandex>
`

// two starts two servers, the shards of one cluster, and gives their addresses.
func two(t *testing.T) []string {
	t.Helper()
	path := binary()
	if path == "" {
		if os.Getenv("TRIWARD_TEST_REQUIRE") == "1" {
			t.Fatal("clickhouse-server is not here and TRIWARD_TEST_REQUIRE is set")
		}
		t.Skip("needs clickhouse-server (or its path in TRIWARD_TEST_CLICKHOUSE)")
	}
	ports := freePorts(t, 2)
	var hosts []string
	for _, port := range ports {
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, "config.xml"))
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]any{"Dir": dir, "Port": port, "Ports": ports}
		if err := template.Must(template.New("").Parse(config)).Execute(f, values); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if err := os.WriteFile(filepath.Join(dir, "users.xml"), []byte(users), 0o600); err != nil {
			t.Fatal(err)
		}
		start(t, path, dir)
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", port))
	}
	for _, host := range hosts {
		await(t, host)
	}
	return hosts
}

func freePorts(t *testing.T, n int) (out []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer l.Close()
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

func start(t *testing.T, path, dir string) {
	t.Helper()
	args := []string{"--config-file=" + filepath.Join(dir, "config.xml")}
	if filepath.Base(path) == "clickhouse" { // the one binary of current versions
		args = append([]string{"server"}, args...)
	}
	c := exec.Command(path, args...)
	c.Dir = dir
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	c.Stdout, c.Stderr = out, out
	c.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill()
		c.Wait()
		out.Close()
		if t.Failed() {
			b, _ := os.ReadFile(filepath.Join(dir, "errors"))
			t.Logf("server: %.4000s", b)
		}
	})
}

// await returns when a server answers.
func await(t *testing.T, host string) {
	t.Helper()
	c, err := ch.Open(&ch.Options{Addr: []string{host}})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	end, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for c.Ping(end) != nil {
		select {
		case <-end.Done():
			t.Fatalf("the server on %s does not answer", host)
		case <-tick.C:
		}
	}
}

var databases atomic.Int64

// fresh is the address of a database of its own.
func fresh(hosts []string) string {
	return fmt.Sprintf("clickhouse://default@%s/events_%d?cluster=two", strings.Join(hosts, ","), databases.Add(1))
}

func openLog(t *testing.T, address string) *Log {
	t.Helper()
	l, err := Open(t.Context(), address)
	if err != nil {
		t.Fatal(err)
	}
	return l
}

func TestSuite(t *testing.T) {
	hosts := two(t)
	eventlogtest.Run(t, func(t *testing.T) eventlogtest.Place {
		address := fresh(hosts)
		return eventlogtest.Place{
			Late: true,
			Open: func(t *testing.T) eventlog.Log { return openLog(t, address) },
			Kill: func(t *testing.T, l eventlog.Log) {
				if err := l.(*Log).disconnect(); err != nil {
					t.Fatal(err)
				}
			},
		}
	})
}

// Both shards have a part, and two processes that write the same at the same moment leave nothing twice in any answer.
func TestTwoProcessesOnTwoShards(t *testing.T) {
	address := fresh(two(t))
	a, b := openLog(t, address), openLog(t, address)
	events := eventlogtest.NewMaker(1, 1000).Events(2000)
	var group sync.WaitGroup
	for _, l := range []*Log{a, b} {
		if _, err := l.Append(t.Context(), slices.Clone(events)); err != nil {
			t.Fatal(err)
		}
	}
	for _, l := range []*Log{a, b} {
		group.Go(func() {
			if err := l.Flush(t.Context()); err != nil {
				t.Error(err)
			}
		})
	}
	group.Wait()
	for _, c := range a.each {
		var n uint64
		if err := c.QueryRow(t.Context(), "SELECT uniqExact(id) FROM "+a.options.table("event_local")).Scan(&n); err != nil || n < 800 || n > 1200 {
			t.Errorf("a shard has %d of %d events, %v", n, len(events), err)
		}
	}
	counts, err := b.Count(t.Context(), eventlog.Query{}, eventlog.Bucket{})
	if err != nil || len(counts) != 1 || counts[0].N != int64(len(events)) {
		t.Errorf("counts %v, %v", counts, err)
	}
	seen := map[eventlog.ID]int{}
	if err := b.Scan(t.Context(), eventlog.Query{}, func(events []eventlog.Event) error {
		for i := range events {
			seen[events[i].ID]++
		}
		return nil
	}); err != nil {
		t.Fatal(err)
	}
	q := eventlog.Query{Limit: 999}
	for {
		page, err := a.Search(t.Context(), q)
		if err != nil {
			t.Fatal(err)
		}
		for i := range page.Events {
			seen[page.Events[i].ID]++
		}
		if q.After = page.Next; q.After == (eventlog.Mark{}) {
			break
		}
	}
	for _, e := range events {
		if seen[e.ID] != 2 {
			t.Fatalf("event %s is %d times in a scan and pages", e.ID, seen[e.ID])
		}
	}
	for _, l := range []*Log{a, b} {
		if err := l.Close(t.Context()); err != nil {
			t.Error(err)
		}
	}
}

// After a Flush whose end nobody knows, what is there already is not written again.
func TestFlushIsTriedAgain(t *testing.T) {
	l := openLog(t, fresh(two(t)))
	if _, err := l.Append(t.Context(), eventlogtest.NewMaker(1, 1000).Events(300)); err != nil {
		t.Fatal(err)
	}
	waiting := slices.Clone(l.waiting)
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	l.waiting, l.unsure = waiting, true // as if the answer had been lost
	if err := l.Flush(t.Context()); err != nil {
		t.Fatal(err)
	}
	var n uint64
	if err := l.all.QueryRow(t.Context(), "SELECT count() FROM "+l.options.table("event")).Scan(&n); err != nil || n != 300 {
		t.Errorf("%d rows, %v", n, err)
	}
	dead, stop := context.WithCancel(t.Context())
	stop()
	if _, err := l.Append(dead, eventlogtest.NewMaker(2, 1000).Events(3)); err == nil {
		t.Error("events are taken without a server that can be asked")
	}
	if err := l.Close(t.Context()); err != nil {
		t.Error(err)
	}
}

func TestAddressIsRefused(t *testing.T) {
	for _, address := range []string{"clickhouse://u:secret@127.0.0.1:1/a-b", "clickhouse://u:secret@127.0.0.1:1/d?cluster=a'b", "clickhouse://u:secret@127.0.0.1:1/d?dial_timeout=secret", "http://[::1"} {
		_, err := Open(t.Context(), address)
		if err == nil || strings.Contains(err.Error(), "secret") {
			t.Errorf("%s gives %v", address, err)
		}
	}
}
