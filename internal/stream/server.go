package stream

import (
	"context"
	"errors"
	"fmt"
	"log/slog"
	"os"
	"path/filepath"
	"sync/atomic"
	"syscall"
	"time"

	"github.com/nats-io/nats-server/v2/server"
	"github.com/nats-io/nats.go"

	"triward/internal/problem"
)

// startServer runs a server in this process. It listens on no port; the connection to it stays in memory.
func startServer(ctx context.Context, at place, log *slog.Logger) (*link, error) {
	if err := os.MkdirAll(at.dir, 0o700); err != nil {
		return nil, problem.New(problem.Unavailable, "cannot make the folder of the stream: %v", err)
	}
	lock, err := lockFolder(at.dir)
	if err != nil {
		return nil, err
	}
	words := &serverLog{log: log}
	srv, err := server.NewServer(&server.Options{ServerName: "triward", DontListen: true, NoSigs: true, JetStream: true, StoreDir: at.dir, SyncAlways: true,
		JetStreamMaxMemory: 1 << 20, JetStreamMaxStore: 1 << 50, MaxPayload: maxStored + 64<<10, DisableJetStreamBanner: true})
	if err != nil {
		return nil, errors.Join(fmt.Errorf("start the stream: %w", err), lock.Close())
	}
	srv.SetLoggerV2(words, false, false, false)
	go srv.Start()
	stop := func() {
		srv.Shutdown()
		srv.WaitForShutdown()
		lock.Close()
	}
	// Reading a long backlog takes time; a server that gave up says so in its log.
	for !srv.ReadyForConnections(100 * time.Millisecond) {
		if fatal := words.fatal.Load(); fatal != nil || ctx.Err() != nil {
			stop()
			return nil, problem.New(problem.Unavailable, "cannot start the stream: %v", errors.Join(ctx.Err(), asError(fatal)))
		}
	}
	nc, err := nats.Connect("", nats.InProcessServer(srv), nats.NoReconnect(), nats.Name("triward"))
	if err != nil {
		stop()
		return nil, fmt.Errorf("connect to the stream: %w", err)
	}
	return newLink(nc, stop)
}

func asError(text *string) error {
	if text == nil {
		return nil
	}
	return errors.New(*text)
}

// lockFolder keeps a second process away. The lock goes with the process, however it ends.
func lockFolder(dir string) (*os.File, error) {
	f, err := os.OpenFile(filepath.Join(dir, "lock"), os.O_CREATE|os.O_RDWR, 0o600)
	if err != nil {
		return nil, problem.New(problem.Unavailable, "cannot lock the folder of the stream: %v", err)
	}
	if err := syscall.Flock(int(f.Fd()), syscall.LOCK_EX|syscall.LOCK_NB); err != nil {
		f.Close()
		return nil, problem.New(problem.Conflict, "another process uses the stream in %s", dir)
	}
	return f, nil
}

// room refuses what would eat the reserve of the disk, before the server in this process meets an error of writing.
func (p place) room(n int64) error {
	if p.dir == "" || p.reserve == 0 {
		return nil
	}
	var disk syscall.Statfs_t
	if err := syscall.Statfs(p.dir, &disk); err != nil {
		return problem.New(problem.Unavailable, "cannot look at the disk of the stream: %v", err)
	}
	if free := int64(disk.Bavail) * disk.Bsize; free-n < p.reserve {
		return problem.New(problem.Unavailable, "the disk of the stream is full: %d bytes are free, %d stay in reserve", free, p.reserve)
	}
	return nil
}

// serverLog writes the warnings and errors of the server into the program's log.
type serverLog struct {
	log   *slog.Logger
	fatal atomic.Pointer[string]
}

func (s *serverLog) Noticef(string, ...any) {}
func (s *serverLog) Debugf(string, ...any)  {}
func (s *serverLog) Tracef(string, ...any)  {}

func (s *serverLog) Warnf(format string, args ...any) {
	s.log.Warn("stream: " + fmt.Sprintf(format, args...))
}

func (s *serverLog) Errorf(format string, args ...any) {
	s.log.Error("stream: " + fmt.Sprintf(format, args...))
}

func (s *serverLog) Fatalf(format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	s.fatal.Store(&text)
	s.log.Error("stream: " + text)
}
