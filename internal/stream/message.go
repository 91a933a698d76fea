package stream

import (
	"crypto/sha256"
	"encoding/binary"
	"encoding/hex"
	"fmt"

	"github.com/klauspost/compress/s2"

	"triward/internal/problem"
)

// Message is one record as a door received it.
type Message struct {
	ID        [16]byte  // the event's id: given when it was accepted, never changed
	Source    string    // src_…; "" while nobody knows the sender
	Received  int64     // µs UTC, when Triward took it
	Transport Transport // how it came
	Peer      string    // address of the sender, host:port; name of the file for files
	Hint      string    // format that the sender or its source declares (eventlog formats); "" to find out
	Payload   []byte    // the record, byte for byte, without framing
}

// Transport is how a message came in.
type Transport string

// The transports.
const (
	UDP  Transport = "udp"
	TCP  Transport = "tcp"
	TLS  Transport = "tls"
	HTTP Transport = "http"
	File Transport = "file"
	// Damaged is a pack that could not be read back; its bytes are the payload of one message, so that they are not lost.
	Damaged Transport = "damaged"
)

// MaxPayload bounds the record of one message in bytes, and maxText each of its other texts.
const (
	MaxPayload = 1 << 20
	maxText    = 1 << 10
)

const (
	packBytes    = 256 << 10            // a pack is closed when it has so many bytes
	packMessages = 4096                 // or so many messages
	maxPack      = packBytes + 2<<20    // bytes of a pack before compression: the last message may go beyond packBytes
	maxStored    = maxPack + maxPack/64 // bytes of a pack as it is stored, at most
)

func (m Message) size() int {
	return len(m.Payload) + len(m.Source) + len(m.Peer) + len(m.Hint) + 64
}

func (m Message) check() error {
	if len(m.Payload) > MaxPayload {
		return problem.New(problem.Invalid, "the record has %d bytes, at most %d are kept", len(m.Payload), MaxPayload)
	}
	if len(m.Source) > maxText || len(m.Transport) > maxText || len(m.Peer) > maxText || len(m.Hint) > maxText {
		return problem.New(problem.Invalid, "source, transport, peer and hint have at most %d bytes", maxText)
	}
	return nil
}

// portion is how many of the messages go into the next pack: the same for the same messages, so that a repetition makes
// the same packs.
func portion(messages []Message) int {
	n, size := 0, 0
	for n < len(messages) && n < packMessages && size < packBytes {
		size += messages[n].size()
		n++
	}
	return n
}

// packVersion is the first byte of a pack; the rest is the S2 block of
//
//	count, then for each message: id (16 bytes), received, source, transport, peer, hint, payload
//
// where count and received are variable-length integers and texts have their length in front.
const packVersion = 1

// pack makes the stored form of messages and the id under which it is published.
func pack(messages []Message) (data []byte, id string, err error) {
	ids := sha256.New()
	size := 10
	for i, m := range messages {
		if err := m.check(); err != nil {
			return nil, "", problem.About(err, "message %d", i+1)
		}
		ids.Write(m.ID[:])
		size += len(m.Payload) + len(m.Source) + len(m.Transport) + len(m.Peer) + len(m.Hint) + 56
	}
	body := binary.AppendUvarint(make([]byte, 0, size), uint64(len(messages)))
	for _, m := range messages {
		body = append(body, m.ID[:]...)
		body = binary.AppendVarint(body, m.Received)
		body = appendText(body, m.Source)
		body = appendText(body, m.Transport)
		body = appendText(body, m.Peer)
		body = appendText(body, m.Hint)
		body = appendText(body, m.Payload)
	}
	data = make([]byte, 1+s2.MaxEncodedLen(len(body)))
	data[0] = packVersion
	n := len(s2.Encode(data[1:], body))
	return data[:1+n], hex.EncodeToString(ids.Sum(nil)[:16]), nil
}

func appendText[T string | []byte | Transport](b []byte, text T) []byte {
	return append(binary.AppendUvarint(b, uint64(len(text))), text...)
}

// unpack reads a pack.
func unpack(data []byte) ([]Message, error) {
	if len(data) == 0 || data[0] != packVersion {
		return nil, fmt.Errorf("read pack: it has no known version")
	}
	n, err := s2.DecodedLen(data[1:])
	if err != nil || n > maxPack {
		return nil, fmt.Errorf("read pack: its length is damaged or beyond %d", maxPack)
	}
	body, err := s2.Decode(nil, data[1:])
	if err != nil {
		return nil, fmt.Errorf("read pack: %w", err)
	}
	r := reader{rest: body}
	count := r.number()
	if count > packMessages {
		return nil, fmt.Errorf("read pack: it says to have %d messages, at most %d", count, packMessages)
	}
	out := make([]Message, 0, count)
	names := map[string]string{} // the few texts that messages of a pack share
	for range count {
		var m Message
		copy(m.ID[:], r.take(16))
		m.Received = r.signed()
		m.Source = shared(names, r.text(maxText))
		m.Transport = Transport(shared(names, r.text(maxText)))
		m.Peer = shared(names, r.text(maxText))
		m.Hint = shared(names, r.text(maxText))
		m.Payload = r.text(MaxPayload)
		if r.bad {
			return nil, fmt.Errorf("read pack: it ends early or a length is out of range")
		}
		out = append(out, m)
	}
	if r.bad || len(r.rest) > 0 {
		return nil, fmt.Errorf("read pack: %d bytes are behind its end", len(r.rest))
	}
	return out, nil
}

func shared(names map[string]string, text []byte) string {
	if s, ok := names[string(text)]; ok {
		return s
	}
	s := string(text)
	names[s] = s
	return s
}

// reader takes values from the front of rest. After the first that is not there bad is set, and all later values are zero.
type reader struct {
	rest []byte
	bad  bool
}

func (r *reader) take(n uint64) []byte {
	if r.bad || n > uint64(len(r.rest)) {
		r.bad = true
		return nil
	}
	out := r.rest[:n:n]
	r.rest = r.rest[n:]
	return out
}

func (r *reader) number() uint64 {
	v, n := binary.Uvarint(r.rest)
	if r.bad || n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) signed() int64 {
	v, n := binary.Varint(r.rest)
	if r.bad || n <= 0 {
		r.bad = true
		return 0
	}
	r.rest = r.rest[n:]
	return v
}

func (r *reader) text(limit uint64) []byte {
	n := r.number()
	if n > limit {
		r.bad = true
	}
	return r.take(n)
}
