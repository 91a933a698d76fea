package receive

import (
	"context"
	"crypto/sha256"
	"crypto/tls"
	"encoding/hex"
	"errors"
	"fmt"
	"io"
	"net"
	"os"
	"sync"
	"time"

	"triward/internal/detection"
	"triward/internal/problem"
	"triward/internal/stream"
	"triward/internal/syslog"
)

const (
	maxConnections = 8192
	maxLong        = 64               // connections in the middle of a long record
	longRecord     = 64 << 10         // bytes from which on a record is long
	longTime       = time.Minute      // that a long record may take
	handshakeTime  = 15 * time.Second // of TLS
	closingTime    = 5 * time.Second  // that senders have to notice the end
	idleTime       = time.Second      // without a record, after which one that did not notice is cut off
	lookTime       = 50 * time.Millisecond
	queuedTime     = 50 * time.Millisecond // that the closing door still takes connections which the kernel made for it
	batchBytes     = 128 << 10             // that a connection hands over at once
)

// Syslog takes syslog connections (RFC 6587; RFC 5425 with TLS).
type Syslog struct {
	Intake *Intake
	TLS    *tls.Config // nil for plain TCP; otherwise it must ask for certificates of clients

	mu    sync.Mutex
	conns map[net.Conn]struct{}
	ended time.Time // zero while the door is open
	wg    sync.WaitGroup
	long  chan struct{}
}

// Serve takes connections until ctx ends; then it lets senders notice, reads what they sent, and returns when all of it is
// handed over.
func (s *Syslog) Serve(ctx context.Context, l net.Listener) error {
	s.conns, s.long = map[net.Conn]struct{}{}, make(chan struct{}, maxLong)
	room := make(chan struct{}, maxConnections)
	stop := context.AfterFunc(ctx, func() { endQueue(l); s.closeOrderly() })
	defer stop()
	defer func() { _ = l.Close() }() // nothing more is read from it
	var err error
	for {
		room <- struct{}{} // with too many connections the next ones wait in the kernel
		var c net.Conn
		if c, err = l.Accept(); err != nil {
			if ctx.Err() == nil && isPassing(err) {
				<-room
				time.Sleep(50 * time.Millisecond)
				continue
			}
			break
		}
		s.wg.Go(func() {
			defer func() { <-room }()
			s.handle(ctx, c)
		})
	}
	if ctx.Err() != nil {
		err = nil
	}
	s.closeOrderly()
	s.wg.Wait()
	return err
}

// isPassing tells an error of accepting that has nothing to do with the listener, such as too many open files.
func isPassing(err error) bool {
	return !errors.Is(err, net.ErrClosed)
}

// endQueue lets a listener take what waits in the kernel and then end. A sender there has its connection and may have sent
// its records already: closing at once would lose them without a word to it.
func endQueue(l net.Listener) {
	d, ok := l.(interface{ SetDeadline(time.Time) error })
	if !ok || d.SetDeadline(time.Now().Add(queuedTime)) != nil {
		_ = l.Close() // the way out of Accept that is left
	}
}

// closeOrderly tells every sender that the connection ends here, and reads on for a while.
func (s *Syslog) closeOrderly() {
	s.mu.Lock()
	defer s.mu.Unlock()
	if !s.ended.IsZero() {
		return
	}
	s.ended = time.Now()
	for c := range s.conns {
		closeWrite(c)
	}
}

// closeWrite ends our side of a TCP connection, also below TLS. RFC 5425 section 4.4 wants a close_notify first; but senders
// such as rsyslog look only for the end of the TCP connection before they send, and the alert in front of it would hide
// that end: they would send on into a closed connection, and lose it.
func closeWrite(c net.Conn) {
	under := c
	if t, ok := c.(*tls.Conn); ok {
		under = t.NetConn()
	}
	if w, ok := under.(interface{ CloseWrite() error }); ok {
		_ = w.CloseWrite() // the deadline ends the connection if this cannot
	}
	if t, ok := under.(*net.TCPConn); ok {
		// A sender that does not look gets an error with its next record, instead of losing it: closing resets the
		// connection. One that ended itself has nothing to reset.
		_ = t.SetLinger(0)
	}
	_ = c.SetReadDeadline(time.Now().Add(idleTime))
}

// keep remembers a connection; one that comes while the door closes is told so at once.
func (s *Syslog) keep(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.conns[c] = struct{}{}
	if !s.ended.IsZero() {
		closeWrite(c)
	}
}

func (s *Syslog) forget(c net.Conn) {
	s.mu.Lock()
	defer s.mu.Unlock()
	delete(s.conns, c)
}

// closed is since when the door is closed; zero while it is open.
func (s *Syslog) closed() time.Time {
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.ended
}

func (s *Syslog) handle(ctx context.Context, c net.Conn) {
	defer func() { _ = c.Close() }() // the sender may have ended it
	from := Sender{Transport: stream.TCP, Identity: host(c.RemoteAddr())}
	if s.TLS != nil {
		t := tls.Server(c, s.TLS)
		fingerprint, err := handshake(context.WithoutCancel(ctx), t)
		if err != nil {
			s.Intake.Log.Warn("a syslog sender is refused", "sender", from.Identity, "error", err)
			return
		}
		c, from = t, Sender{Transport: stream.TLS, Identity: fingerprint}
	}
	if _, err := s.Intake.source(ctx, from); err != nil {
		s.Intake.Log.Warn("a syslog sender is refused", "sender", from.Identity, "error", err)
		return
	}
	s.keep(c)
	defer s.forget(c)
	// A connection outlives ctx: closing it in order is what ends it.
	r := &connection{Conn: c, door: s, ctx: context.WithoutCancel(ctx), from: from, peer: c.RemoteAddr().String()}
	if err := r.read(); err != nil {
		s.Intake.Log.Info("a syslog connection ended", "sender", from.Identity, "error", err)
	}
}

// handshake gives the fingerprint of the client's certificate.
func handshake(ctx context.Context, t *tls.Conn) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, handshakeTime) // also of the end: its records may be on their way
	defer cancel()
	if err := t.HandshakeContext(ctx); err != nil {
		return "", err
	}
	certificates := t.ConnectionState().PeerCertificates
	if len(certificates) == 0 {
		return "", problem.New(problem.Forbidden, "it shows no certificate")
	}
	sum := sha256.Sum256(certificates[0].Raw)
	return hex.EncodeToString(sum[:]), nil
}

func host(a net.Addr) string {
	h, _, err := net.SplitHostPort(a.String())
	if err != nil {
		return a.String()
	}
	return h
}

// connection reads the records of one connection. What one read of the socket gave is handed over before the next one.
type connection struct {
	net.Conn
	door *Syslog
	ctx  context.Context
	from Sender
	peer string

	pending []stream.Message
	size    int
	arena   []byte    // where the records of pending are
	since   int       // bytes that were read since the last whole record
	isLong  bool      // holds one of the places for long records
	last    time.Time // of the last bytes
	looked  bool      // once more, after the time to notice the end was over
}

// read takes records until the connection ends.
func (c *connection) read() error {
	frames := syslog.NewFrames(c, stream.MaxPayload)
	var err error
	for err == nil {
		var record []byte
		record, err = frames.Next()
		c.shorten()
		if len(record) > 0 {
			c.add(record)
		}
	}
	c.flush()
	if n, gone := frames.Cut(); n > 0 {
		c.door.Intake.losses.add(loss{from: c.from, reason: detection.BlindRefused, n: 0, at: time.Now(),
			detail: fmt.Sprintf("%d records were longer than %d bytes and were cut: %d bytes are gone", n, stream.MaxPayload, gone)})
	}
	switch {
	case errors.Is(err, io.EOF):
		return nil
	case errors.Is(err, os.ErrDeadlineExceeded) && !c.door.closed().IsZero():
		// A sender that sends on although it was told is cut off: what is on its way is lost.
		if time.Since(c.last) < idleTime/2 {
			c.door.Intake.losses.add(loss{from: c.from, reason: detection.BlindStopped, n: detection.LostUnknown, at: time.Now(), detail: "the sender sent on when its connection was closed"})
		}
		return nil
	}
	return err
}

func (c *connection) add(record []byte) {
	if cap(c.arena)-len(c.arena) < len(record) {
		c.arena = make([]byte, 0, max(len(record), 16<<10))
	}
	at := len(c.arena)
	c.arena = append(c.arena, record...)
	now := time.Now().UnixMicro()
	c.pending = append(c.pending, stream.Message{ID: c.door.Intake.ids.Next(now), Received: now, Transport: c.from.Transport, Peer: c.peer, Payload: c.arena[at:len(c.arena):len(c.arena)]})
	if c.size += len(record) + perMessage; c.size >= batchBytes {
		c.flush()
	}
}

// flush hands the pending records over; it waits while the program is full, which stops the reading.
func (c *connection) flush() {
	if len(c.pending) == 0 {
		return
	}
	if err := c.door.Intake.offer(c.ctx, batch{from: c.from, messages: c.pending, size: c.size}); err != nil {
		c.door.Intake.lose(c.pending, detection.BlindStopped, err.Error())
	}
	c.pending, c.size, c.arena = nil, 0, nil
}

// Read is how frames get bytes. Memory for long records is only for some connections at a time, and not for ever.
func (c *connection) Read(p []byte) (int, error) {
	c.flush()
	if c.since > longRecord && !c.isLong {
		c.door.long <- struct{}{}
		c.isLong = true
		if c.door.closed().IsZero() {
			_ = c.Conn.SetReadDeadline(time.Now().Add(longTime))
		}
	}
	n, err := c.Conn.Read(p)
	for n == 0 && errors.Is(err, os.ErrDeadlineExceeded) && c.waits() {
		n, err = c.Conn.Read(p)
	}
	if n > 0 {
		c.since += n
		c.last, c.looked = time.Now(), false
	}
	return n, err
}

// waits tells whether a connection that has to end may still say something: its sender gets a second after its last record
// to notice the end, and then one more look at what the kernel holds, because a busy machine may have been late itself.
func (c *connection) waits() bool {
	ended := c.door.closed()
	if ended.IsZero() || c.looked || time.Since(ended) > closingTime {
		return false
	}
	left := idleTime - time.Since(later(c.last, ended))
	if c.looked = left <= 0; c.looked {
		left = lookTime
	}
	_ = c.Conn.SetReadDeadline(time.Now().Add(left))
	return true
}

func later(a, b time.Time) time.Time {
	if b.After(a) {
		return b
	}
	return a
}

// shorten notes that a record is whole.
func (c *connection) shorten() {
	c.since = 0
	if !c.isLong {
		return
	}
	<-c.door.long
	c.isLong = false
	if c.door.closed().IsZero() {
		_ = c.Conn.SetReadDeadline(time.Time{})
	}
}
