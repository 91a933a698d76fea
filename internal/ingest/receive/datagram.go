package receive

import (
	"context"
	"encoding/binary"
	"fmt"
	"net"
	"syscall"
	"time"

	"golang.org/x/sys/unix"

	"triward/internal/detection"
	"triward/internal/stream"
)

// maxDatagram is more than a datagram can have.
const maxDatagram = 64 << 10

// Datagrams takes syslog over UDP (RFC 5426): one record in each datagram.
type Datagrams struct{ Intake *Intake }

// ListenUDP opens a socket that says how many datagrams the kernel dropped, with a large buffer, so that a burst waits
// there.
func ListenUDP(ctx context.Context, address string) (*net.UDPConn, error) {
	config := net.ListenConfig{Control: func(_, _ string, c syscall.RawConn) error {
		var failed error
		err := c.Control(func(fd uintptr) {
			failed = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RXQ_OVFL, 1)
			const room = 16 << 20
			if unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUFFORCE, room) != nil { // only the administrator may
				_ = unix.SetsockoptInt(int(fd), unix.SOL_SOCKET, unix.SO_RCVBUF, room) // as much as the machine allows
			}
		})
		if err == nil {
			err = failed
		}
		return err
	}}
	c, err := config.ListenPacket(ctx, "udp", address)
	if err != nil {
		return nil, err
	}
	u, ok := c.(*net.UDPConn)
	if !ok {
		return nil, fmt.Errorf("listen on %s: it is no UDP socket", address)
	}
	return u, nil
}

// Serve takes datagrams until ctx ends, and then what the kernel still holds.
func (d *Datagrams) Serve(ctx context.Context, c *net.UDPConn) error {
	defer func() { _ = c.Close() }()
	stop := context.AfterFunc(ctx, func() { _ = c.SetReadDeadline(time.Now()) })
	defer stop()
	buffer, control := make([]byte, maxDatagram), make([]byte, 128)
	var dropped uint32 // by the kernel since the socket was opened, as it last said
	for {
		n, extra, flags, from, err := c.ReadMsgUDPAddrPort(buffer, control)
		if err != nil {
			if ctx.Err() != nil {
				return nil
			}
			if isPassing(err) {
				time.Sleep(10 * time.Millisecond)
				continue
			}
			return err
		}
		now := time.Now()
		if total, ok := overflow(control[:extra]); ok && total != dropped {
			d.Intake.losses.add(loss{reason: detection.BlindOverload, n: int64(total - dropped), at: now, detail: "the kernel dropped datagrams of unknown senders: they came faster than they could be read"})
			dropped = total
		}
		sender := Sender{Transport: stream.UDP, Identity: from.Addr().Unmap().String()}
		if flags&syscall.MSG_TRUNC != 0 {
			d.Intake.losses.add(loss{from: sender, reason: detection.BlindRefused, at: now, detail: "a datagram was cut"})
		}
		payload := trim(buffer[:n])
		if len(payload) == 0 {
			continue
		}
		at := now.UnixMicro()
		m := stream.Message{ID: d.Intake.ids.Next(at), Received: at, Transport: stream.UDP, Peer: from.String(), Payload: append([]byte(nil), payload...)}
		if !d.Intake.tryOffer(batch{from: sender, messages: []stream.Message{m}, size: len(payload) + perMessage}) {
			d.Intake.losses.add(loss{from: sender, reason: detection.BlindOverload, n: 1, at: now, detail: "datagrams came faster than they could be kept"})
		}
	}
}

// trim takes line ends away that some senders put behind a record.
func trim(b []byte) []byte {
	for len(b) > 0 && (b[len(b)-1] == '\n' || b[len(b)-1] == '\r' || b[len(b)-1] == 0) {
		b = b[:len(b)-1]
	}
	return b
}

// overflow reads how many datagrams the kernel has dropped (SO_RXQ_OVFL, Linux socket(7)).
func overflow(control []byte) (uint32, bool) {
	all, err := syscall.ParseSocketControlMessage(control)
	if err != nil {
		return 0, false
	}
	for _, m := range all {
		if m.Header.Level == unix.SOL_SOCKET && m.Header.Type == unix.SO_RXQ_OVFL && len(m.Data) >= 4 {
			return binary.NativeEndian.Uint32(m.Data), true
		}
	}
	return 0, false
}
