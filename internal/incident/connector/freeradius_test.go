package connector_test

import (
	"context"
	"fmt"
	"net"
	"os"
	"os/exec"
	"os/user"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"triward/internal/incident/connector"
)

// freeradius starts FreeRADIUS with a listener of RFC 5176 on loopback that refuses what has no valid Message-Authenticator,
// and gives its address and the file in which it writes every request as it understood it.
func freeradius(t *testing.T) (address, detail string) {
	t.Helper()
	const program = "/usr/sbin/freeradius"
	if _, err := os.Stat(program); err != nil {
		if os.Getenv("TRIWARD_TEST_REQUIRE") != "" {
			t.Fatal("freeradius is not installed")
		}
		t.Skip("freeradius is not installed")
	}
	me, err := user.Current()
	if err != nil {
		t.Fatal(err)
	}
	group, err := user.LookupGroupId(me.Gid)
	if err != nil {
		t.Fatal(err)
	}
	free, err := net.ListenPacket("udp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	address = free.LocalAddr().String()
	free.Close()
	_, port, _ := net.SplitHostPort(address)
	dir := t.TempDir()
	detail = filepath.Join(dir, "detail")
	config := fmt.Sprintf(`
libdir = /usr/lib/freeradius
logdir = %[1]s
pidfile = %[1]s/pid
max_request_time = 5
security {
	user = %[4]s
	group = %[5]s
	allow_vulnerable_openssl = yes
}
client here {
	ipaddr = 127.0.0.1
	secret = "%[3]s"
	require_message_authenticator = yes
}
modules {
	detail {
		filename = %[1]s/detail
		permissions = 0600
		header = "%%{Packet-Type}"
	}
	always ok {
		rcode = ok
	}
}
server coa {
	listen {
		type = coa
		ipaddr = 127.0.0.1
		port = %[2]s
	}
	recv-coa {
		detail
		ok
	}
	send-coa {
		ok
	}
}
`, dir, port, key, me.Username, group.Name)
	if err := os.WriteFile(filepath.Join(dir, "radiusd.conf"), []byte(config), 0o600); err != nil {
		t.Fatal(err)
	}
	out, err := os.Create(filepath.Join(dir, "out"))
	if err != nil {
		t.Fatal(err)
	}
	c := exec.CommandContext(t.Context(), program, "-f", "-l", "stdout", "-d", dir, "-D", "/usr/share/freeradius")
	c.Stdout, c.Stderr = out, out
	if err := c.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		c.Process.Kill() // it ends with its test in any case
		c.Wait()
		out.Close()
		if t.Failed() {
			said, _ := os.ReadFile(out.Name())
			t.Logf("freeradius says:\n%s", said)
		}
	})
	return address, detail
}

// FreeRADIUS, which somebody else wrote, takes our requests for what they are, and we take its answers.
func TestFreeRADIUSUnderstands(t *testing.T) {
	c := connector.Connector{Kind: connector.Radius, Seconds: 15, Secret: secretFile(t, key),
		Run:    connector.Step{Request: "coa", Attributes: []connector.Attribute{{Name: "Calling-Station-Id", Value: "{mac}"}, {Name: "NAS-Port", Value: "12"}, {Name: "NAS-IP-Address", Value: "127.0.0.1"}, {Name: "vendor:9:1", Value: "subscriber:command=bounce-host-port"}, {Name: "Tunnel-Type", Value: "13"}, {Name: "Tunnel-Private-Group-ID", Value: "99"}}},
		Return: connector.Step{Request: "disconnect", Attributes: []connector.Attribute{{Name: "Calling-Station-Id", Value: "{mac}"}}}}
	address, detail := freeradius(t)
	c.Address = address
	now := time.Now() // it refuses what is old
	for _, do := range []connector.Do{connector.Run, connector.Return} {
		if said, err := order(c).Send(context.Background(), do, now); err != nil || said != "acknowledged" {
			t.Fatalf("%s: %q, %v", do, said, err)
		}
	}
	b, err := os.ReadFile(detail)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"CoA-Request", "Disconnect-Request", `Calling-Station-Id = "00:00:5e:00:53:11"`, "NAS-Port = 12", "NAS-IP-Address = 127.0.0.1", `Cisco-AVPair = "subscriber:command=bounce-host-port"`,
		"Tunnel-Type:0 = VLAN", `Tunnel-Private-Group-Id:0 = "99"`, "Event-Timestamp = ", "Message-Authenticator = 0x"} {
		if !strings.Contains(string(b), want) {
			t.Errorf("it did not read %s:\n%s", want, b)
		}
	}
	c.Secret, c.Seconds = secretFile(t, "another key of letters"), 2
	if said, err := order(c).Send(context.Background(), connector.Run, now); err == nil {
		t.Errorf("with another secret: %q", said)
	}
}
