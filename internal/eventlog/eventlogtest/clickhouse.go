package eventlogtest

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"sync/atomic"
	"syscall"
	"testing"
	"text/template"
	"time"

	ch "github.com/ClickHouse/clickhouse-go/v2"
)

// clickhouseBinary is the server that the tests start; "" when there is none.
func clickhouseBinary() string {
	for _, path := range []string{os.Getenv("TRIWARD_TEST_CLICKHOUSE"), "/usr/bin/clickhouse-server", "/usr/sbin/clickhouse-server"} {
		if info, err := os.Stat(path); err == nil && !info.IsDir() {
			return path
		}
	}
	return ""
}

const clickhouseConfig = `<?xml version="1.0"?>
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

const clickhouseUsers = `<?xml version="1.0"?>
<yandex>
	<profiles><default><max_memory_usage>2000000000</max_memory_usage><max_threads>2</max_threads></default></profiles>
	<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
	<quotas><default></default></quotas>
</yandex>
`

// ClickHouse starts two servers, the shards of the cluster "two", and gives their addresses. They end with the test.
func ClickHouse(t *testing.T) []string {
	t.Helper()
	path := clickhouseBinary()
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
		if err := template.Must(template.New("").Parse(clickhouseConfig)).Execute(f, values); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if err := os.WriteFile(filepath.Join(dir, "users.xml"), []byte(clickhouseUsers), 0o600); err != nil {
			t.Fatal(err)
		}
		startClickHouse(t, path, dir)
		hosts = append(hosts, fmt.Sprintf("127.0.0.1:%d", port))
	}
	for _, host := range hosts {
		awaitClickHouse(t, host)
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

func startClickHouse(t *testing.T, path, dir string) {
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

// awaitClickHouse returns when a server answers.
func awaitClickHouse(t *testing.T, host string) {
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

// FreshClickHouse is the address of a database of its own.
func FreshClickHouse(hosts []string) string {
	return fmt.Sprintf("clickhouse://default@%s/events_%d?cluster=two", strings.Join(hosts, ","), databases.Add(1))
}
