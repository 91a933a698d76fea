package eventlogtest

import (
	"context"
	"fmt"
	"io"
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
	<remote_servers><two>{{if .Keeper}}
		<shard><internal_replication>true</internal_replication>{{range .Ports}}<replica><host>127.0.0.1</host><port>{{.}}</port></replica>{{end}}</shard>{{else}}{{range .Ports}}
		<shard><replica><host>127.0.0.1</host><port>{{.}}</port></replica></shard>{{end}}{{end}}
	</two></remote_servers>{{if .Keeper}}
	<interserver_http_host>127.0.0.1</interserver_http_host>
	<interserver_http_port>{{.Between}}</interserver_http_port>
	<zookeeper><node><host>127.0.0.1</host><port>{{.Keeper}}</port></node></zookeeper>
	<macros><shard>1</shard><replica>{{.Port}}</replica></macros>{{end}}
</yandex>
`

const clickhouseUsers = `<?xml version="1.0"?>
<yandex>
	<profiles><default><max_memory_usage>2000000000</max_memory_usage><max_threads>2</max_threads></default></profiles>
	<users><default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default></users>
	<quotas><default></default></quotas>
</yandex>
`

// ClickHouse is the cluster "two" of two servers. They end with the test.
type ClickHouse struct {
	Hosts     []string
	databases atomic.Int64
	replicas  bool
}

// Shards starts a cluster whose servers are two shards.
func Shards(t *testing.T) *ClickHouse {
	t.Helper()
	return startCluster(t, 0)
}

// Replicas starts a cluster whose servers are replicas of one shard, with ZooKeeper between them.
func Replicas(t *testing.T) *ClickHouse {
	t.Helper()
	return startCluster(t, startKeeper(t))
}

// startCluster starts both servers. keeper is the port of ZooKeeper; 0: none, they are shards.
func startCluster(t *testing.T, keeper int) *ClickHouse {
	t.Helper()
	path := clickhouseBinary()
	if path == "" {
		missing(t, "clickhouse-server (or its path in TRIWARD_TEST_CLICKHOUSE)")
	}
	c := &ClickHouse{replicas: keeper != 0}
	ports := freePorts(t, 4)
	for i, port := range ports[:2] {
		dir := t.TempDir()
		f, err := os.Create(filepath.Join(dir, "config.xml"))
		if err != nil {
			t.Fatal(err)
		}
		values := map[string]any{"Dir": dir, "Port": port, "Ports": ports[:2], "Between": ports[2+i], "Keeper": keeper}
		if err := template.Must(template.New("").Parse(clickhouseConfig)).Execute(f, values); err != nil {
			t.Fatal(err)
		}
		f.Close()
		if err := os.WriteFile(filepath.Join(dir, "users.xml"), []byte(clickhouseUsers), 0o600); err != nil {
			t.Fatal(err)
		}
		args := []string{"--config-file=" + filepath.Join(dir, "config.xml")}
		if filepath.Base(path) == "clickhouse" { // the one binary of current versions
			args = append([]string{"server"}, args...)
		}
		startServer(t, dir, path, args...)
		c.Hosts = append(c.Hosts, fmt.Sprintf("127.0.0.1:%d", port))
	}
	for _, host := range c.Hosts {
		awaitClickHouse(t, host)
	}
	return c
}

// missing ends a test that needs a program which is not here.
func missing(t *testing.T, what string) {
	t.Helper()
	if os.Getenv("TRIWARD_TEST_REQUIRE") == "1" {
		t.Fatal("not here, and TRIWARD_TEST_REQUIRE is set: " + what)
	}
	t.Skip("needs " + what)
}

// startKeeper starts a ZooKeeper and gives its port. Debian's package has no program, only the classes.
func startKeeper(t *testing.T) int {
	t.Helper()
	const classes = "/usr/share/java/zookeeper.jar"
	java, err := exec.LookPath("java")
	if _, e := os.Stat(classes); err != nil || e != nil {
		missing(t, "zookeeper and a Java runtime")
	}
	port, dir := freePorts(t, 1)[0], t.TempDir()
	config := filepath.Join(dir, "zoo.cfg")
	text := fmt.Sprintf("tickTime=500\ndataDir=%s\nclientPort=%d\nclientPortAddress=127.0.0.1\nadmin.enableServer=false\n4lw.commands.whitelist=srvr\n", dir, port)
	if err := os.WriteFile(config, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	startServer(t, dir, java, "-Xmx128m", "-cp", classes, "org.apache.zookeeper.server.ZooKeeperServerMain", config)
	await(t, "ZooKeeper", func(ctx context.Context) bool {
		c, err := (&net.Dialer{}).DialContext(ctx, "tcp", fmt.Sprintf("127.0.0.1:%d", port))
		if err != nil {
			return false
		}
		defer func() { _ = c.Close() }()                                   // only its words count
		if err := c.SetDeadline(time.Now().Add(time.Second)); err != nil { // while it starts it may take a question and forget it
			return false
		}
		if _, err := io.WriteString(c, "srvr"); err != nil {
			return false
		}
		state, _ := io.ReadAll(c) // what it does not say it is not
		return strings.Contains(string(state), "Mode: standalone")
	})
	return port
}

func freePorts(t *testing.T, n int) (out []int) {
	t.Helper()
	for range n {
		l, err := net.Listen("tcp", "127.0.0.1:0")
		if err != nil {
			t.Fatal(err)
		}
		defer func() { _ = l.Close() }() // its port is what counts
		out = append(out, l.Addr().(*net.TCPAddr).Port)
	}
	return out
}

// startServer starts a program in a folder; it ends with the test.
func startServer(t *testing.T, dir, path string, args ...string) {
	t.Helper()
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
		_ = c.Process.Kill() // it may have ended by itself
		_ = c.Wait()
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
	defer func() { _ = c.Close() }() // it only asked
	await(t, "the server on "+host, func(ctx context.Context) bool { return c.Ping(ctx) == nil })
}

// await returns when a server answers, and gives up after a minute.
func await(t *testing.T, what string, answers func(context.Context) bool) {
	t.Helper()
	end, stop := context.WithTimeout(t.Context(), time.Minute)
	defer stop()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for !answers(end) {
		select {
		case <-end.Done():
			t.Fatalf("%s does not answer", what)
		case <-tick.C:
		}
	}
}

// Fresh is the address of a database of its own.
func (c *ClickHouse) Fresh() string {
	address := fmt.Sprintf("clickhouse://default@%s/events_%d?cluster=two", strings.Join(c.Hosts, ","), c.databases.Add(1))
	if c.replicas {
		address += "&replicated=true"
	}
	return address
}
