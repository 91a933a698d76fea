package stream_test

import (
	"context"
	"net"
	"path/filepath"
	"testing"

	"github.com/nats-io/nats-server/v2/server"

	"triward/internal/problem"
	"triward/internal/stream"
	"triward/internal/stream/streamtest"
)

func TestInThisProcess(t *testing.T) {
	streamtest.Run(t, func(t *testing.T) string { return "dir:" + filepath.Join(t.TempDir(), "stream") })
}

// realServer starts a NATS server that listens on a port of this machine.
func realServer(t *testing.T, dir string, port int) *server.Server {
	t.Helper()
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: port, NoSigs: true, NoLog: true, JetStream: true, StoreDir: dir, SyncAlways: true,
		MaxPayload: 8 << 20, JetStreamMaxStore: 1 << 40})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	if !srv.ReadyForConnections(streamtest.Patience) {
		t.Fatal("the server does not start")
	}
	t.Cleanup(func() { srv.Shutdown(); srv.WaitForShutdown() })
	return srv
}

func TestOnServersElsewhere(t *testing.T) {
	streamtest.Run(t, func(t *testing.T) string {
		return realServer(t, t.TempDir(), server.RANDOM_PORT).ClientURL()
	})
}

// Fault: the servers of the stream go away and come back under load. Nothing is lost, and both sides go on by themselves.
func TestServersElsewhereGoAwayAndComeBack(t *testing.T) {
	dir := t.TempDir()
	srv := realServer(t, dir, server.RANDOM_PORT)
	at := srv.ClientURL()
	s, err := stream.Open(context.Background(), at, streamtest.Quiet())
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	const n = 200
	errs := make(chan error, n)
	go func() {
		for i := range n {
			errs <- s.Publish(context.Background(), streamtest.Messages(i*10, 10))
		}
	}()
	for range n / 4 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	port := srv.Addr().(*net.TCPAddr).Port
	srv.Shutdown()
	srv.WaitForShutdown()
	realServer(t, dir, port)
	for range n - n/4 {
		if err := <-errs; err != nil {
			t.Fatal(err)
		}
	}
	seen := map[int]bool{}
	for _, m := range streamtest.Collect(t, s, n*10) {
		seen[streamtest.Number(m.ID)] = true
	}
	if len(seen) != n*10 {
		t.Errorf("%d different messages came, want %d", len(seen), n*10)
	}
}

func TestServersWithSmallMessagesAreRefused(t *testing.T) {
	srv, err := server.NewServer(&server.Options{Host: "127.0.0.1", Port: server.RANDOM_PORT, NoSigs: true, NoLog: true, JetStream: true, StoreDir: t.TempDir()})
	if err != nil {
		t.Fatal(err)
	}
	go srv.Start()
	defer srv.Shutdown()
	if !srv.ReadyForConnections(streamtest.Patience) {
		t.Fatal("the server does not start")
	}
	if _, err := stream.Open(context.Background(), srv.ClientURL(), streamtest.Quiet()); problem.KindOf(err) != problem.Unavailable {
		t.Errorf("Open = %v, want unavailable", err)
	}
}

func TestOneProcessAtATime(t *testing.T) {
	at := "dir:" + t.TempDir()
	s, err := stream.Open(context.Background(), at, streamtest.Quiet())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := stream.Open(context.Background(), at, streamtest.Quiet()); problem.KindOf(err) != problem.Conflict {
		t.Errorf("second Open = %v, want conflict", err)
	}
	s.Close()
	if s, err = stream.Open(context.Background(), at, streamtest.Quiet()); err != nil {
		t.Fatal(err)
	}
	s.Close()
}

func TestAddresses(t *testing.T) {
	for address, ok := range map[string]bool{
		"dir:/tmp/x": true, "dir:/tmp/x?max=10GB&reserve=0": true, "nats://a:4222,nats://b:4222?replicas=3&credentials=/etc/t": true, "tls://a": true,
		"": false, "dir:": false, "/tmp/x": false, "http://a": false, "nats://u:secret@a": false, "dir:/x?max=ten": false, "dir:/x?max=-1": false,
		"dir:/x?replicas=3": false, "nats://a?replicas=9": false, "nats://a?reserve=1GB": false, "dir:/x?max=1&max=2": false, "dir:/x?max=99999999TB": false,
	} {
		if err := stream.CheckAddress(address); (err == nil) != ok {
			t.Errorf("CheckAddress(%q) = %v", address, err)
		} else if err != nil && problem.KindOf(err) != problem.Invalid {
			t.Errorf("CheckAddress(%q) = %v of kind %q", address, err, problem.KindOf(err))
		}
	}
}
