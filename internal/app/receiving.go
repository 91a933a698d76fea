package app

import (
	"context"
	"crypto/rand"
	"crypto/tls"
	"crypto/x509"
	"errors"
	"fmt"
	"net"
	"net/http"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"sync"
	"time"

	"triward/apiv1"
	"triward/internal/detection"
	"triward/internal/detection/pipeline"
	"triward/internal/ingest/receive"
	"triward/internal/problem"
	"triward/internal/store"
	"triward/internal/stream"
)

func (c Config) is(role string) bool { return slices.Contains(c.Roles, role) }

// checkReceiving lists the faults of the keys about events.
func (c Config) checkReceiving(l *problem.List) {
	if err := stream.CheckAddress(c.Stream); err != nil {
		l.Add("stream", "%s", problem.Text(err))
	}
	for key, address := range map[string]string{"syslog_udp": c.SyslogUDP, "syslog_tcp": c.SyslogTCP, "syslog_tls": c.SyslogTLS} {
		if _, _, err := net.SplitHostPort(address); address != "" && err != nil {
			l.Add(key, "must be an address and a port, such as 0.0.0.0:6514; \"\" for none")
		}
	}
	if c.SyslogTLS != "" && (c.SyslogClients == "" || c.TLSCertificate == "") {
		l.Add("syslog_tls_clients", "syslog over TLS needs tls_certificate and tls_key, and the authorities of the senders' certificates")
	}
	if c.UnknownSenders != "take" && c.UnknownSenders != "refuse" {
		l.Add("unknown_senders", "must be take or refuse")
	}
	if c.Events == "" && c.SyslogUDP+c.SyslogTCP+c.SyslogTLS != "" {
		l.Add("events", "syslog is taken but has no place to stay")
	}
	if stream.Embedded(c.Stream) && c.is("ingest") && !c.is("work") {
		l.Add("roles", "ingest and work need one process with the stream in dir:")
	}
}

// receiving is the doors for events, the stream behind them, and the worker at its end.
type receiving struct {
	app    *App
	stream *stream.Stream
	intake *receive.Intake // nil without the role
	worker *pipeline.Worker

	doors, taking, working sync.WaitGroup
	endTaking, endWorking  context.CancelFunc
	failed                 chan error // a door that ended by itself
}

// startReceiving opens the stream and what of doors and worker the roles name. The doors close when ctx ends; stop waits
// for that, and ends the rest in the order in which events flow.
func (a *App) startReceiving(ctx context.Context) (*receiving, error) {
	r := &receiving{app: a, endTaking: func() {}, endWorking: func() {}, failed: make(chan error, 3)}
	// Where another process has the events it also has the stream, and the doors.
	works := a.Config.is("work") && a.events != nil
	if !works && (!a.Config.is("ingest") || a.Config.Events == "" || stream.Embedded(a.Config.Stream)) {
		return r, nil
	}
	var err error
	if r.stream, err = stream.Open(ctx, a.Config.Stream, a.Log); err != nil {
		return nil, err
	}
	if works {
		if err := r.startWorker(ctx); err != nil {
			return nil, errors.Join(err, r.stream.Close())
		}
	}
	if a.Config.is("ingest") {
		if err := r.startDoors(ctx); err != nil {
			r.stop()
			return nil, err
		}
	}
	return r, nil
}

func (r *receiving) startWorker(ctx context.Context) error {
	salt, err := openSalt(r.app.Config.saltFile())
	if err != nil {
		return err
	}
	r.worker = pipeline.Open(&pipeline.Worker{Stream: r.stream, Events: r.app.events, DB: r.app.db, Rules: pipeline.NewRules(r.app.db, r.app.events, r.app.Log), Salt: salt, Log: r.app.Log, Now: r.app.db.Now})
	working, end := context.WithCancel(context.WithoutCancel(ctx))
	r.endWorking = end
	r.working.Go(func() { r.worker.Run(working) })
	return nil
}

func (r *receiving) startDoors(ctx context.Context) error {
	c, acting := r.app.Config, store.System("receive")
	sources := detection.Sources{DB: r.app.db}
	var err error
	r.intake, err = receive.Open(&receive.Intake{Publish: r.stream.Publish, Log: r.app.Log,
		Resolve: func(ctx context.Context, s receive.Sender) (receive.Source, error) {
			return c.resolve(store.WithActor(ctx, acting), sources, s)
		},
		Blind: func(ctx context.Context, b detection.Blind) error {
			_, err := sources.NoteBlind(store.WithActor(ctx, acting), b)
			return err
		},
		Count: func(ctx context.Context, seen []detection.Seen) error {
			return sources.Count(store.WithActor(ctx, acting), seen, nil)
		}})
	if err != nil {
		return err
	}
	taking, end := context.WithCancel(context.WithoutCancel(ctx))
	r.endTaking = end
	r.taking.Go(func() { r.intake.Run(taking) })
	if err := r.openSyslog(ctx); err != nil {
		return err
	}
	if c.SyslogUDP+c.SyslogTCP+c.SyslogTLS == "" {
		return nil
	}
	if err := noteGap(c.aliveFile(), r.intake.Stopped); err != nil {
		return err
	}
	r.taking.Go(func() { keepAlive(taking, c.aliveFile()) })
	return nil
}

func (r *receiving) openSyslog(ctx context.Context) error {
	c := r.app.Config
	serve := func(door string, fn func() error) {
		r.doors.Go(func() {
			if err := fn(); err != nil {
				r.failed <- fmt.Errorf("receive %s: %w", door, err)
			}
		})
	}
	if c.SyslogUDP != "" {
		u, err := receive.ListenUDP(ctx, c.SyslogUDP)
		if err != nil {
			return problem.New(problem.Unavailable, "cannot listen on %s: %v", c.SyslogUDP, err)
		}
		r.app.Log.Info("syslog over UDP is taken", "address", u.LocalAddr())
		serve("syslog over UDP", func() error { return (&receive.Datagrams{Intake: r.intake}).Serve(ctx, u) })
	}
	config, err := c.syslogTLS()
	if err != nil {
		return err
	}
	for _, d := range []struct {
		name, address string
		config        *tls.Config
	}{{"syslog over TCP", c.SyslogTCP, nil}, {"syslog over TLS", c.SyslogTLS, config}} {
		if d.address == "" {
			continue
		}
		l, err := (&net.ListenConfig{}).Listen(ctx, "tcp", d.address)
		if err != nil {
			return problem.New(problem.Unavailable, "cannot listen on %s: %v", d.address, err)
		}
		r.app.Log.Info(d.name+" is taken", "address", l.Addr())
		serve(d.name, func() error { return (&receive.Syslog{Intake: r.intake, TLS: d.config}).Serve(ctx, l) })
	}
	return nil
}

// syslogTLS asks every sender for a certificate of the configured authorities (RFC 5425 section 4.2); nil when the door is
// closed.
func (c Config) syslogTLS() (*tls.Config, error) {
	if c.SyslogTLS == "" {
		return nil, nil
	}
	own, err := tls.LoadX509KeyPair(c.TLSCertificate, c.TLSKey)
	if err != nil {
		return nil, problem.New(problem.Invalid, "cannot read tls_certificate and tls_key: %v", err)
	}
	text, err := os.ReadFile(c.SyslogClients)
	if err != nil {
		return nil, problem.New(problem.Invalid, "cannot read syslog_tls_clients: %v", err)
	}
	clients := x509.NewCertPool()
	if !clients.AppendCertsFromPEM(text) {
		return nil, problem.New(problem.Invalid, "syslog_tls_clients holds no certificate: %s", c.SyslogClients)
	}
	// Senders of syslog never read: tickets would lie in their sockets unread, and closing such a socket throws away what is
	// still on its way.
	return &tls.Config{MinVersion: tls.VersionTLS12, Certificates: []tls.Certificate{own}, ClientAuth: tls.RequireAndVerifyClientCert, ClientCAs: clients, SessionTicketsDisabled: true}, nil
}

// resolve is the source that a sender is. A sender that nobody has confirmed is noted, and taken or refused as configured.
func (c Config) resolve(ctx context.Context, sources detection.Sources, s receive.Sender) (receive.Source, error) {
	transport := map[stream.Transport]detection.Transport{stream.UDP: detection.SyslogUDP, stream.TCP: detection.SyslogTCP, stream.TLS: detection.SyslogTLS,
		stream.HTTP: detection.HTTP, stream.File: detection.File}[s.Transport]
	v, err := sources.Met(ctx, transport, s.Identity)
	if err != nil {
		return receive.Source{}, err
	}
	// Who has a token, or imports files, was let in by a person.
	if c.UnknownSenders == "refuse" && v.State == detection.SourceNew && transport != detection.HTTP && transport != detection.File {
		return receive.Source{}, problem.New(problem.Forbidden, "nobody has confirmed %s as a source", s.Identity)
	}
	return receive.Source{ID: v.ID, Format: v.Format}, nil
}

// post is the door for batches over HTTP.
func (r *receiving) post() http.Handler {
	return (&receive.Post{Intake: r.intake, Actor: func(q *http.Request) (store.Actor, error) {
		if actor, ok := store.ActorOf(q.Context()); ok { // the socket of this machine
			return actor, nil
		}
		scheme, token, _ := strings.Cut(q.Header.Get("Authorization"), " ")
		if !strings.EqualFold(scheme, "Bearer") {
			return store.Actor{}, problem.New(problem.Forbidden, "no API token")
		}
		return r.app.people.AuthenticateToken(q.Context(), strings.TrimSpace(token))
	}}).Handler()
}

// stop ends in the order in which events flow: what a door took reaches the stream, and what the worker holds the event
// log. The rest stays in the stream.
func (r *receiving) stop() {
	r.doors.Wait()
	r.endTaking()
	r.taking.Wait()
	r.endWorking()
	r.working.Wait()
	if r.stream != nil {
		if err := r.stream.Close(); err != nil {
			r.app.Log.Error("close the stream", "error", err)
		}
	}
}

// eventFlow says how events flow; nil where no role takes or works on them.
func (a *App) eventFlow(ctx context.Context) (*apiv1.EventFlow, error) {
	r := a.flow
	if r == nil || r.stream == nil {
		return nil, nil
	}
	waits, err := r.stream.Stats(ctx)
	if err != nil {
		return nil, err
	}
	out := &apiv1.EventFlow{Packs: waits.Packs, StreamBytes: waits.Bytes, Oldest: waits.Oldest}
	if r.intake != nil {
		s := r.intake.Status()
		out.Senders, out.WaitingBytes, out.StalledSince, out.Lost = s.Senders, s.Waiting, s.Stalled, s.Lost
	}
	if r.worker != nil {
		s := r.worker.Status()
		out.Records, out.Events, out.Held, out.LagSeconds, out.Failed = s.Records, s.Events, s.Held, s.Lag.Seconds(), s.Failed
	}
	return out, nil
}

// saltFile holds the secret that is mixed into the digests that stand for patients. All processes of an installation need
// the same one.
func (c Config) saltFile() string { return filepath.Join(filepath.Dir(c.KeyFile), "patients.salt") }

func openSalt(file string) ([]byte, error) {
	salt, err := os.ReadFile(file)
	if errors.Is(err, os.ErrNotExist) {
		salt = make([]byte, 32)
		if _, err := rand.Read(salt); err != nil {
			return nil, fmt.Errorf("make the salt of patients: %w", err)
		}
		var f *os.File
		if f, err = os.OpenFile(file, os.O_CREATE|os.O_EXCL|os.O_WRONLY, 0o600); err == nil {
			_, err = f.Write(salt)
			err = errors.Join(err, f.Sync(), f.Close())
		}
	}
	if err != nil {
		return nil, fmt.Errorf("open the salt of patients: %w", err)
	}
	if len(salt) < 16 {
		return nil, problem.New(problem.Invalid, "the salt of patients in %s has %d bytes, at least 16 are needed", file, len(salt))
	}
	return salt, nil
}

// aliveFile is touched while syslog is taken, so that the next start knows since when it was not.
func (c Config) aliveFile() string { return filepath.Join(filepath.Dir(c.KeyFile), "receiving") }

// noteGap tells the time since syslog was taken last.
func noteGap(file string, tell func(since time.Time)) error {
	s, err := os.Stat(file)
	switch {
	case err == nil:
		tell(s.ModTime())
	case !errors.Is(err, os.ErrNotExist):
		return fmt.Errorf("look when syslog was taken last: %w", err)
	}
	return touch(file)
}

func touch(file string) error {
	if err := os.WriteFile(file, nil, 0o600); err != nil {
		return fmt.Errorf("note that syslog is taken: %w", err)
	}
	return nil
}

func keepAlive(ctx context.Context, file string) {
	t := time.NewTicker(2 * time.Second)
	defer t.Stop()
	for {
		select {
		case <-t.C:
			now := time.Now()
			_ = os.Chtimes(file, now, now) // an older time makes the next gap longer, never shorter
		case <-ctx.Done():
			now := time.Now()
			_ = os.Chtimes(file, now, now)
			return
		}
	}
}
